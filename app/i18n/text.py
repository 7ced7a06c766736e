"""Text as people type it: one stored form (NFC) and one form to search by (folded)."""

import re
import unicodedata

_SPACES = re.compile(r"\s+")


def nfc(text: str) -> str:
    """The stored form: NFC, trimmed, without control characters other than line breaks and tabs."""
    if not text.isprintable():
        text = "".join(c for c in text if c in "\n\t" or unicodedata.category(c)[0] != "C" or c == "\u200d")
    return unicodedata.normalize("NFC", text).strip()


def fold(text: str) -> str:
    """The search form: no accents, đ→d, lower case, single spaces ("Đường Trần  Hưng Đạo" → "duong tran hung dao").

    Half of all citizens type without accents, so search, keywords and place names all work on this form.
    """
    return _SPACES.sub(" ", text.translate(_BARE)).strip()


class _Bare(dict[int, str]):
    """Each letter without accents and small, worked out once: folding is most of what reading a report costs."""

    def __missing__(self, code: int) -> str:
        parts = unicodedata.normalize("NFD", chr(code).casefold())
        bare = "".join(c for c in parts if unicodedata.category(c) != "Mn").replace("đ", "d")
        if code < _REMEMBERED:
            self[code] = bare
        return bare


_REMEMBERED = 0x3000
"""Every alphabet lies below; what lies above is too much to remember for whoever sends it all."""
_BARE = _Bare()
