"""Guessing a report's category from its words: keywords and phrases, folded, at word boundaries, in one pass.

A phrase of n words weighs n to the power 1.5 (1, 2.8, 5.2, 8 …), because a longer phrase is far less likely to be there
by chance; a phrase several categories share is divided among them; a phrase inside a longer one that was found
("đèn đường" in "trụ đèn đường") does not count again, nor the same phrase twice. A phrase with up to three other words
between its own ("cầu … bị gãy" for "cầu gãy") counts 0.7 where it is not there as it stands. A phrase is weak where

- the person typed accents, and other ones ("nước công" is not "nước cống"). Bare letters fit any accents, tone marks
  may sit on either vowel (hoà, hòa), and hỏi and ngã are one, as many people in the south write them;
- it only says where ("gần bệnh viện", "trước nhà lồng chợ").
"""

import unicodedata
from collections.abc import Iterable, Sequence

from msgspec import Struct

from app.i18n.text import fold, nfc
from app.routing.model import Category, Guess
from app.routing.phrases import Hit, PhraseIndex, phrase_key, words_of

MOST = 3
WEAK = 0.25
LOOSE = 0.7
MOST_SKIPPED = 3
# The first guess is taken without asking only when it has at least a two-word phrase or several single words behind it
# and clearly leads the second; otherwise a person chooses (tests/routing/test_guess.py measures both).
CLEAR_SCORE = 2.8
CLEAR_LEAD = 1.5

_TONES = str.maketrans(dict.fromkeys("\u0300\u0301\u0303\u0309\u0323"))
_WHERE = (("gần",), ("trước",), ("sau",), ("cổng",), ("đối", "diện"))


class _Keyword(Struct, frozen=True):
    written: str
    spelling: tuple[str, ...]
    categories: tuple[str, ...]


class Guesser:
    def __init__(self, categories: Iterable[Category]) -> None:
        self._order: dict[str, int] = {}
        written: dict[str, str] = {}
        meant: dict[str, list[str]] = {}
        for category in categories:
            self._order[category.category_id] = len(self._order)
            for keyword in category.keywords:
                key = phrase_key(keyword)
                written.setdefault(key, keyword)
                meant.setdefault(key, []).append(category.category_id)
        self._keywords = {
            key: _Keyword(written[key], _spelling(written[key]), tuple(categories)) for key, categories in meant.items()
        }
        self._phrases = PhraseIndex(self._keywords)

    def guess(self, text: str) -> tuple[Guess, ...]:
        """At most three categories, the likeliest first; none when no keyword is in the text."""
        typed = words_of(nfc(text).casefold())
        weights: dict[str, float] = {}
        folded = [fold(word) for word in typed]
        inside: set[int] = set()
        for hit in _outermost(self._phrases.find(folded)):
            weights[hit.phrase] = max(weights.get(hit.phrase, 0.0), self._weight(hit, typed))
            inside.update(range(hit.start + 1, hit.end))
        for loose in self._phrases.find_loosely(folded, MOST_SKIPPED):
            spelled = [typed[place] for place in loose.places]
            # "đường … hư" does not begin in the middle of "đèn đường".
            if loose.places[0] not in inside and _same_spelling(spelled, self._keywords[loose.phrase].spelling):
                weights.setdefault(loose.phrase, LOOSE * _full_weight(len(loose.places)))
        scores: dict[str, float] = {}
        words: dict[str, list[str]] = {}
        for phrase, weight in weights.items():
            keyword = self._keywords[phrase]
            for category_id in keyword.categories:
                scores[category_id] = scores.get(category_id, 0.0) + weight / len(keyword.categories)
                words.setdefault(category_id, []).append(keyword.written)
        best = sorted(scores, key=lambda category_id: (-scores[category_id], self._order[category_id]))[:MOST]
        return tuple(
            Guess(category_id, round(scores[category_id], 2), tuple(words[category_id])) for category_id in best
        )

    def _weight(self, hit: Hit, typed: Sequence[str]) -> float:
        weight = _full_weight(hit.end - hit.start)
        if not _same_spelling(typed[hit.start : hit.end], self._keywords[hit.phrase].spelling):
            weight *= WEAK
        if any(_same_spelling(typed[max(0, hit.start - len(where)) : hit.start], where) for where in _PLACES):
            weight *= WEAK
        return weight


def clear_guess(guesses: tuple[Guess, ...]) -> str | None:
    """The category that may be taken without asking a person, if there is one."""
    if not guesses or guesses[0].score < CLEAR_SCORE:
        return None
    if len(guesses) > 1 and guesses[0].score < CLEAR_LEAD * guesses[1].score:
        return None
    return guesses[0].category_id


def _full_weight(words: int) -> float:
    return float(words**1.5)


def _outermost(hits: list[Hit]) -> list[Hit]:
    """Without those that lie inside a longer one."""
    kept: list[Hit] = []
    reach = -1
    for hit in sorted(hits, key=lambda hit: (hit.start, -hit.end)):
        if hit.end > reach:
            kept.append(hit)
            reach = hit.end
    return kept


def _spelling(text: str) -> tuple[str, ...]:
    return tuple(_spelled(word) for word in words_of(nfc(text).casefold()) if word.isalnum())


def _spelled(word: str) -> str:
    """A word with its tone at the end, so that it does not matter which vowel carries it."""
    apart = unicodedata.normalize("NFD", word)
    tones = "".join(mark for mark in apart if ord(mark) in _TONES).replace("\u0303", "\u0309")
    return apart.translate(_TONES) + tones


def _same_spelling(typed: Sequence[str], spelling: tuple[str, ...]) -> bool:
    """Whether what was typed can be meant: each word bare, or with the very accents."""
    return len(typed) == len(spelling) and all(
        word == fold(meant) if word.isascii() else _spelled(word) == meant
        for word, meant in zip(typed, spelling, strict=True)
    )


_PLACES = tuple(_spelling(" ".join(where)) for where in _WHERE)
