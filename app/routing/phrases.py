"""Finding many phrases in one pass over a text, at word boundaries."""

import re
from collections.abc import Iterable
from functools import cache

from msgspec import Struct

from app.i18n.text import fold

_WORD = re.compile(r"[^\W_]+")
_WORD_OR_STOP = re.compile(r"[^\W_]+|[.,;:!?()]")
STOPS = frozenset(".,;:!?()")


def words_of(text: str) -> list[str]:
    """The words of a text, with the punctuation that ends a phrase: no phrase is found across it."""
    return _WORD_OR_STOP.findall(text)


@cache
def phrase_key(written: str) -> str:
    """How a phrase is looked up, whatever accents, case, spaces and punctuation it was written with."""
    return " ".join(_WORD.findall(fold(written)))


class Hit(Struct, frozen=True):
    """A phrase found at words ``start`` to ``end`` (excluded)."""

    phrase: str
    start: int
    end: int


class LooseHit(Struct, frozen=True):
    """A phrase found with other words between its own, which stand at ``places``."""

    phrase: str
    places: tuple[int, ...]


class _Node:
    __slots__ = ("next", "phrase")

    def __init__(self) -> None:
        self.next: dict[str, _Node] = {}
        self.phrase: str | None = None


class PhraseIndex:
    """A tree of words. Looking costs by the length of the text, hardly by the number of phrases."""

    def __init__(self, phrases: Iterable[str]) -> None:
        """``phrases`` are keys as ``phrase_key`` makes them."""
        self._root = _Node()
        for phrase in phrases:
            node = self._root
            for word in phrase.split():
                node = node.next.setdefault(word, _Node())
            node.phrase = phrase

    def find(self, words: list[str]) -> list[Hit]:
        """Every phrase at every place, overlapping ones too, by where they start. ``words`` are folded."""
        hits: list[Hit] = []
        begin = self._root.next
        for start, word in enumerate(words):
            node, end = begin.get(word), start + 1
            while node is not None:
                if node.phrase is not None:
                    hits.append(Hit(node.phrase, start, end))
                node = node.next.get(words[end]) if end < len(words) else None
                end += 1
        return hits

    def find_loosely(self, words: list[str], most_skipped: int) -> list[LooseHit]:
        """Every phrase whose words stand in order with at least one and at most ``most_skipped`` other words between.

        No phrase is found across punctuation.
        """
        hits: list[LooseHit] = []
        for start, word in enumerate(words):
            node = self._root.next.get(word)
            waiting: list[tuple[_Node, tuple[int, ...]]] = [(node, (start,))] if node is not None else []
            while waiting:
                node, places = waiting.pop()
                skipped = places[-1] - start + 1 - len(places)
                if node.phrase is not None and skipped:
                    hits.append(LooseHit(node.phrase, places))
                for place in range(places[-1] + 1, min(places[-1] + 2 + most_skipped - skipped, len(words))):
                    if words[place] in STOPS:
                        break
                    following = node.next.get(words[place])
                    if following is not None:
                        waiting.append((following, (*places, place)))
        return hits
