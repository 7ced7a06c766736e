"""Guessing a report's category from its words: keywords and phrases first, what was learned second.

Keywords, folded, at word boundaries, in one pass: a phrase of n words weighs n to the power 1.5 (1, 2.8, 5.2, 8 …),
because a longer phrase is far less likely to be there by chance; a phrase several categories share is divided among
them; a phrase inside a longer one that was found ("đèn đường" in "trụ đèn đường") does not count again, nor the same
phrase twice. A phrase with up to three other words between its own ("cầu … bị gãy" for "cầu gãy") counts 0.7 where it
is not there as it stands. A phrase is weak where

- the person typed accents, and other ones ("nước công" is not "nước cống"). Bare letters fit any accents, tone marks
  may sit on either vowel (hoà, hòa), and hỏi and ngã are one, as many people in the south write them;
- it only says where ("gần bệnh viện", "trước nhà lồng chợ").

The keywords' weight and the linear model's score (app.routing.learn) add up to one score a category, and those to
probabilities.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache

import numpy as np
from msgspec import Struct

from app.i18n.text import fold, nfc
from app.routing.learn import Lesson, Model, lessons_of, train
from app.routing.model import Category, Guess
from app.routing.phrases import Hit, PhraseIndex, phrase_key, words_of

MOST = 3
WEAK = 0.25
LOOSE = 0.7
MOST_SKIPPED = 3
# How much a keyword's weight and the model's score count; chosen, as the lead, on tests/routing/sentences.tsv.
KEYWORDS, LEARNED = 0.25, 1.5
# The first guess is taken without asking only when it is this much likelier than the second; else a person chooses.
CLEAR_LEAD = 0.4
# Below these the words point nowhere, and a further guess is hardly likelier than any other category.
LEAST_FIRST, LEAST = 0.1, 0.02
TELLING = 3

_TONES = str.maketrans(dict.fromkeys("\u0300\u0301\u0303\u0309\u0323"))
_WHERE = (("gần",), ("trước",), ("sau",), ("cổng",), ("đối", "diện"))


class _Keyword(Struct, frozen=True):
    written: str
    spelling: tuple[str, ...]
    categories: tuple[str, ...]


class Guesser:
    """``model`` None: one that learned nothing but the categories' own names, keywords and examples."""

    def __init__(self, categories: Iterable[Category], model: Model | None = None) -> None:
        categories = tuple(categories)
        self.learned = model.version if model else None
        self._model = model or _taught(tuple(lessons_of(categories)))
        self._order = {category_id: place for place, category_id in enumerate(self._model.categories)}
        written: dict[str, str] = {}
        meant: dict[str, list[str]] = {}
        for category in categories:
            for keyword in category.keywords:
                key = phrase_key(keyword)
                written.setdefault(key, keyword)
                meant.setdefault(key, []).append(category.category_id)
        self._keywords = {
            key: _Keyword(written[key], _spelling(written[key]), tuple(categories)) for key, categories in meant.items()
        }
        self._phrases = PhraseIndex(self._keywords)

    def guess(self, text: str) -> tuple[Guess, ...]:
        """At most three categories, the likeliest first; none when no word of the text says anything."""
        typed = words_of(nfc(text).casefold())
        folded = [fold(word) for word in typed]
        scores, known = self._model.scores(folded)
        found = self._found(typed, folded)
        if not known and not found:
            return ()
        scores *= LEARNED
        for category_id, (weight, _) in found.items():
            scores[self._order[category_id]] += KEYWORDS * weight
        likely = np.exp(scores - scores.max())
        likely /= likely.sum()
        if likely.max() < LEAST_FIRST:
            return ()
        guesses = []
        for place in np.argsort(-likely, kind="stable")[:MOST].tolist():
            category_id = self._model.categories[place]
            if likely[place] >= LEAST:
                words = tuple(found[category_id][1]) if category_id in found else ()
                learned = self._model.telling(known, category_id, TELLING)
                guesses.append(Guess(category_id, round(float(likely[place]), 3), words, learned))
        return tuple(guesses)

    def by_keywords(self, text: str) -> dict[str, float]:
        """The weight of the keywords found, by category, the heaviest first and then in the file's order."""
        typed = words_of(nfc(text).casefold())
        found = self._found(typed, [fold(word) for word in typed])
        best = sorted(found, key=lambda category_id: (-found[category_id][0], self._order[category_id]))
        return {category_id: found[category_id][0] for category_id in best}

    def _found(self, typed: list[str], folded: list[str]) -> dict[str, tuple[float, list[str]]]:
        """What the keywords weigh for each category that has one in the text, and those keywords as written."""
        weights: dict[str, float] = {}
        inside: set[int] = set()
        for hit in _outermost(self._phrases.find(folded)):
            weights[hit.phrase] = max(weights.get(hit.phrase, 0.0), self._weight(hit, typed))
            inside.update(range(hit.start + 1, hit.end))
        for loose in self._phrases.find_loosely(folded, MOST_SKIPPED):
            spelled = [typed[place] for place in loose.places]
            # "đường … hư" does not begin in the middle of "đèn đường".
            if loose.places[0] not in inside and _same_spelling(spelled, self._keywords[loose.phrase].spelling):
                weights.setdefault(loose.phrase, LOOSE * _full_weight(len(loose.places)))
        found: dict[str, tuple[float, list[str]]] = {}
        for phrase, weight in weights.items():
            keyword = self._keywords[phrase]
            for category_id in keyword.categories:
                before, words = found.get(category_id, (0.0, []))
                found[category_id] = before + weight / len(keyword.categories), [*words, keyword.written]
        return found

    def _weight(self, hit: Hit, typed: Sequence[str]) -> float:
        weight = _full_weight(hit.end - hit.start)
        if not _same_spelling(typed[hit.start : hit.end], self._keywords[hit.phrase].spelling):
            weight *= WEAK
        if any(_same_spelling(typed[max(0, hit.start - len(where)) : hit.start], where) for where in _PLACES):
            weight *= WEAK
        return weight


def clear_guess(guesses: tuple[Guess, ...]) -> str | None:
    """The category that may be taken without asking a person, if there is one."""
    if not guesses:
        return None
    second = guesses[1].score if len(guesses) > 1 else 0.0
    return guesses[0].category_id if guesses[0].score - second >= CLEAR_LEAD else None


@lru_cache(maxsize=4)
def _taught(lessons: tuple[Lesson, ...]) -> Model:
    """Versions of a rules file mostly differ in their rules, not in their categories' words: train those once."""
    return train(lessons)


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


@lru_cache(maxsize=4096)
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
