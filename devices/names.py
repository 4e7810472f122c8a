"""Device names: text of other people, made harmless before it is stored."""

import re
import unicodedata

from accounts.hidden_characters import HIDDEN

LONGEST = 40
NAMELESS = "Device"


def clean(text: str) -> str:
    """A name of `text`: at most 40 characters, and always one."""
    return one_line(text, LONGEST) or NAMELESS


def one_line(text: str, longest: int) -> str:
    """`text` in NFC, one line, at most so long, without a character that is not shown."""
    shown = "".join(" " if unicodedata.category(c) in HIDDEN else c for c in text[:1000])
    tidy = " ".join(unicodedata.normalize("NFC", shown).split())
    return tidy[:longest].strip()


def clean_platform(text: str) -> str:
    return text if re.fullmatch(r"[a-z0-9-]{1,20}", text) else "other"
