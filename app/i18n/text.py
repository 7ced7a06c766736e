"""Text as people type it: one stored form (NFC) and one form to search by (folded)."""

import re
import unicodedata

_SPACES = re.compile(r"\s+")


def nfc(text: str) -> str:
    """The stored form: NFC, trimmed, without control characters other than line breaks and tabs."""
    kept = "".join(c for c in text if c in "\n\t" or unicodedata.category(c)[0] != "C" or c == "\u200d")
    return unicodedata.normalize("NFC", kept).strip()


def fold(text: str) -> str:
    """The search form: no accents, đ→d, lower case, single spaces ("Đường Trần  Hưng Đạo" → "duong tran hung dao").

    Half of all citizens type without accents, so search, keywords and place names all work on this form.
    """
    bare = "".join(c for c in unicodedata.normalize("NFD", text.casefold()) if unicodedata.category(c) != "Mn")
    return _SPACES.sub(" ", bare.replace("đ", "d")).strip()
