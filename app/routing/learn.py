"""A linear model over folded words and word pairs: what a category's sentences have in common beyond its keywords.

Multinomial logistic regression on unit vectors of the words and pairs of neighbours that are in a text, each weighed by
how rare it is. Trained by AdaGrad in plain numpy, in a fixed order from a fixed seed: the same lessons and the same
``RECIPE`` give the same weights on a machine. Letter n-grams and pairs with a gap were tried and did not pay.
"""

import hashlib
import math
import random
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from app.i18n.text import fold, nfc
from app.routing.model import Category
from app.routing.phrases import STOPS, words_of

RECIPE = "1"  # raise it with any change that changes weights; part of every model's version
RARE = 3
FOLDS = 5
_EPOCHS, _BATCH, _RATE, _DECAY, _SEED = 8, 64, 0.5, 0.01, 2026
_SENTENCE = 3.0  # a whole sentence teaches more than a keyword, which finds its texts by itself as well
_DIGIT = re.compile(r"\d")

Floats = NDArray[np.float32]


class Lesson(Struct, frozen=True):
    """A text and what it is about. ``citizens``: people wrote it, so nothing rare of it may be kept."""

    category_id: str
    text: str
    weight: float = _SENTENCE
    citizens: bool = False


class Model(Struct, frozen=True):
    """``weights[place of a word or pair in vocabulary, place of a category in categories]``; rarity is in them."""

    version: str
    categories: tuple[str, ...]
    vocabulary: dict[str, int]
    rarity: Floats
    rarest: float
    weights: Floats

    def scores(self, words: Sequence[str]) -> tuple[Floats, list[str]]:
        """A score for each category (0 for all where no word is known), and the words and pairs it knew.

        A word it does not know counts as much as the rarest one it knows: one known word among strange ones is no
        ground to be sure.
        """
        every = grams(words)
        known = [gram for gram in every if gram in self.vocabulary]
        if not known:
            return np.zeros(len(self.categories), np.float32), known
        places = [self.vocabulary[gram] for gram in known]
        rarity = self.rarity[places]
        strange = sum(gram not in self.vocabulary for gram in every if " " not in gram)
        length = math.sqrt(float(rarity @ rarity) + strange * self.rarest**2)
        scores: Floats = (rarity @ self.weights[places] / length).astype(np.float32)
        return scores, known

    def telling(self, known: Sequence[str], category_id: str, most: int) -> tuple[str, ...]:
        """Which of these words and pairs speak most for a category."""
        at = self.categories.index(category_id)
        places = [self.vocabulary[gram] for gram in known]
        speaks = self.rarity[places] * self.weights[places, at]
        order = np.argsort(-speaks, kind="stable")[:most]
        return tuple(known[place] for place in order if speaks[place] > 0)


class Tried(Struct, frozen=True):
    """A text guessed by a model that had not seen it; ``clear``: the guess would have been taken without asking."""

    meant: str
    guessed: str
    clear: bool


class Trial(Struct, frozen=True):
    """How a model did on texts it was not trained on. Shares of 1."""

    tried: tuple[Tried, ...]

    @property
    def accuracy(self) -> float:
        return _share(one.meant == one.guessed for one in self.tried)

    @property
    def taken(self) -> float:
        return _share(one.clear for one in self.tried)

    @property
    def right(self) -> float:
        """Of those taken."""
        return _share(one.meant == one.guessed for one in self.tried if one.clear)

    def confusions(self, most: int) -> list[tuple[str, str, int]]:
        """(meant, guessed instead, how often), the most frequent first."""
        wrong = Counter((one.meant, one.guessed) for one in self.tried if one.meant != one.guessed)
        return [(*pair, count) for pair, count in sorted(wrong.items(), key=lambda item: (-item[1], item[0]))[:most]]


def _share(what: Iterable[bool]) -> float:
    all_of_it = list(what)
    return sum(all_of_it) / len(all_of_it) if all_of_it else 0.0


def folded_words(text: str) -> list[str]:
    return words_of(fold(nfc(text)))


def grams(words: Sequence[str]) -> list[str]:
    """Words and pairs of neighbours, each once, in the order of the text; none across punctuation, none with digits."""
    kept: dict[str, None] = {}
    before = ""
    for word in words:
        if word in STOPS or _DIGIT.search(word):
            before = ""
            continue
        kept[word] = None
        if before:
            kept[f"{before} {word}"] = None
        before = word
    return list(kept)


def lessons_of(categories: Iterable[Category]) -> list[Lesson]:
    """What the rules file teaches: each category's name, keywords and example sentences."""
    lessons = []
    for category in categories:
        lessons += [Lesson(category.category_id, text, 1.0) for text in (category.name, *category.keywords)]
        lessons += [Lesson(category.category_id, text) for text in category.examples]
    return lessons


def rarest_of(rarity: Floats) -> float:
    return float(rarity.max(initial=1.0))


def version_of(lessons: Sequence[Lesson]) -> str:
    """The beginning of the sha256 of the recipe and of the lessons in their order."""
    digest = hashlib.sha256(RECIPE.encode())
    for lesson in lessons:
        digest.update(repr((lesson.category_id, lesson.text, lesson.weight, lesson.citizens)).encode())
    return digest.hexdigest()[:12]


def train(lessons: Sequence[Lesson]) -> Model:
    """Learn from lessons, in their order. Words of citizens are kept only where ``RARE`` lessons have them."""
    categories = tuple(dict.fromkeys(lesson.category_id for lesson in lessons))
    texts = [grams(folded_words(lesson.text)) for lesson in lessons]
    vocabulary, rarity = _vocabulary(lessons, texts)
    rows = [np.array([vocabulary[gram] for gram in text if gram in vocabulary], np.intp) for text in texts]
    at = {category: place for place, category in enumerate(categories)}
    meant = np.array([at[lesson.category_id] for lesson in lessons], np.intp)
    weights = _descend(rows, rarity, meant, _fair(lessons, meant), len(categories))
    # As exact as they are stored (models.py), so that what is tried is what will be used.
    stored = weights.astype(np.float16).astype(np.float32)
    return Model(version_of(lessons), categories, vocabulary, rarity, rarest_of(rarity), stored)


def cross_validate(
    taught: Sequence[Lesson],
    tried: Sequence[Lesson],
    judge: Callable[[Model, Sequence[Lesson]], Sequence[Tried]],
    step: Callable[[], object],
) -> Trial:
    """Each of ``tried`` judged with a model that learned ``taught`` and the other folds. ``step`` after each fold.

    A text sent twice is in one fold, so that no model is asked what it was told.
    """
    folds = [_fold_of(lesson) for lesson in tried]
    results: list[Tried] = []
    for number in range(FOLDS):
        inside = [lesson for lesson, fold_ in zip(tried, folds, strict=True) if fold_ == number]
        outside = [lesson for lesson, fold_ in zip(tried, folds, strict=True) if fold_ != number]
        results += judge(train([*taught, *outside]), inside)
        step()
    return Trial(tuple(results))


def _fold_of(lesson: Lesson) -> int:
    words = " ".join(folded_words(lesson.text))
    return int(hashlib.sha256(words.encode()).hexdigest(), 16) % FOLDS


def _vocabulary(lessons: Sequence[Lesson], texts: Sequence[Sequence[str]]) -> tuple[dict[str, int], Floats]:
    """Each word and pair that may be kept, and its rarity: 1 + ln(texts / texts that have it)."""
    by_citizens: Counter[str] = Counter()
    everywhere: Counter[str] = Counter()
    written: set[str] = set()
    for lesson, text in zip(lessons, texts, strict=True):
        everywhere.update(text)
        if lesson.citizens:
            by_citizens.update(text)
        else:
            written.update(text)
    vocabulary: dict[str, int] = {}
    for gram in everywhere:
        if gram in written or by_citizens[gram] >= RARE:
            vocabulary[gram] = len(vocabulary)
    counts = np.array([everywhere[gram] for gram in vocabulary], np.float32)
    rarity: Floats = (1 + np.log((1 + len(texts)) / (1 + counts))).astype(np.float32)
    return vocabulary, rarity


def _fair(lessons: Sequence[Lesson], meant: NDArray[np.intp]) -> Floats:
    """The lessons' weights, so that each category has as much to say as the others, however much is sent about it."""
    weights = np.array([lesson.weight for lesson in lessons], np.float32)
    shares = np.bincount(meant, weights)
    fair: Floats = (weights * (shares.mean() / shares)[meant]).astype(np.float32)
    return fair


def _unit(values: Floats) -> Floats:
    unit: Floats = values / np.sqrt((values * values).sum())
    return unit


def _descend(
    rows: Sequence[NDArray[np.intp]], rarity: Floats, meant: NDArray[np.intp], fair: Floats, categories: int
) -> Floats:
    weights = np.zeros((len(rarity), categories), np.float32)
    squares = np.full_like(weights, 1e-3)
    values = [_unit(rarity[row]) for row in rows]
    order = [place for place, row in enumerate(rows) if len(row)]
    dice = random.Random(_SEED)  # noqa: S311 - an order that is the same each time, no secret
    for _ in range(_EPOCHS):
        dice.shuffle(order)
        for start in range(0, len(order), _BATCH):
            batch = order[start : start + _BATCH]
            grams_ = np.concatenate([rows[place] for place in batch])
            value = np.concatenate([values[place] for place in batch])[:, None]
            lengths = [len(rows[place]) for place in batch]
            starts = np.cumsum([0, *lengths[:-1]])
            slope = np.add.reduceat(weights[grams_] * value, starts, axis=0)
            slope = np.exp(slope - slope.max(axis=1, keepdims=True))
            slope /= slope.sum(axis=1, keepdims=True)
            slope[np.arange(len(batch)), meant[batch]] -= 1
            slope *= fair[batch][:, None]
            by_gram = np.argsort(grams_, kind="stable")
            sorted_ = grams_[by_gram]
            firsts = np.flatnonzero(np.diff(sorted_, prepend=-1))
            touched = sorted_[firsts]
            change = np.add.reduceat((np.repeat(slope, lengths, axis=0) * value)[by_gram], firsts, axis=0)
            change += _DECAY * weights[touched]
            squares[touched] += change * change
            weights[touched] -= _RATE * change / np.sqrt(squares[touched])
    return weights
