"""Tables for spreadsheets, which must not compute any of what is in them."""

import csv
import io
import unicodedata
from collections.abc import Iterable, Iterator


def as_csv(rows: Iterable[Iterable[str]]) -> Iterator[str]:
    """One line for each row, as it is asked for."""
    line = io.StringIO()
    writer = csv.writer(line)
    for row in rows:
        writer.writerow([inert(cell) for cell in row])
        yield line.getvalue()
        line.seek(0)
        line.truncate()


def inert(cell: str) -> str:
    """No spreadsheet takes it for a formula (OWASP, CSV Injection): in any width, behind blanks."""
    first = unicodedata.normalize("NFKC", cell).lstrip()[:1]
    return f"'{cell}" if first in tuple("=+-@|%") or cell[:1] in tuple("\t\r\n") else cell
