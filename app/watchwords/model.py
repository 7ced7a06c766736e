"""Finding words in a text as whole words. Pure.

A word written with accents is looked for with its accents, for without them half of the language sounds like something
else; a text that has no accents at all is looked through without them, for then the writer left them out."""

import re
from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct

from app.i18n.text import fold, nfc

WORD = re.compile(r"[^\W_]+")
MOST = 500


def tidy(typed: str) -> str:
    """One form for what is the same word: composed, small, without punctuation."""
    return " ".join(WORD.findall(nfc(typed).lower()))


class Watchword(Struct, frozen=True):
    word: str
    reason: str
    added_by: str
    added_at: datetime


class WordList:
    """Looking costs by the length of the text, hardly by the number of words."""

    def __init__(self, words: Iterable[str] = ()) -> None:
        self.words = tuple(sorted(words))
        self._typed = _by_first(self.words)
        self._bare = _by_first(fold(word) for word in self.words)

    def found(self, text: str) -> list[str]:
        """What stands in the text, each once, in the order of the text: as it is in the list, or without accents."""
        typed = tidy(text)
        bare = fold(typed)
        return list(dict.fromkeys(_look(typed.split(), self._bare if typed == bare else self._typed)))


def _by_first(words: Iterable[str]) -> dict[str, list[list[str]]]:
    table: dict[str, list[list[str]]] = {}
    for word in words:
        parts = word.split()
        table.setdefault(parts[0], []).append(parts)
    return table


def _look(text: list[str], table: dict[str, list[list[str]]]) -> Iterable[str]:
    for at, first in enumerate(text):
        for parts in table.get(first, ()):
            if text[at : at + len(parts)] == parts:
                yield " ".join(parts)


NONE = WordList()
