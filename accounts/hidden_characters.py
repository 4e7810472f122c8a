"""Signs that nobody sees: they turn text around, or make two names look like one."""

import unicodedata

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

# Control and format characters (bidirectional overrides among them), surrogates, private use,
# what is not assigned, and line and paragraph separators.
HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def refuse(text: str) -> None:
    """Raises ValidationError. Django's own check of an address lets them stand in the domain."""
    if any(unicodedata.category(character) in HIDDEN for character in text):
        raise ValidationError(_("Type an e-mail address without hidden characters."))
