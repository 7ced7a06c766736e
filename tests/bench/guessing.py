"""Guessing: how often it is right on sentences nothing was written from or chosen on, and what it costs."""

import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from app.i18n.text import fold
from app.routing.guess import Guesser
from app.routing.learn import Model, folded_words, lessons_of, train
from app.routing.model import Guess
from app.routing.ruleset import load
from tests.bench import Figure
from tests.routing.sentences import Outcome, Sentence, blind, measure

_SHIPPED = Path(__file__).parents[2] / "routing_rules.yaml"
_ROUNDS = 5
_GUESS_US, _TRAIN_S = 150.0, 1.0
_FORMS = {"a": "accented", "b": "bare", "s": "southern words", "t": "typos", "k": "teencode", "x": "two to four words"}
_BARS = Outcome(first=0.82, among=0.91, taken=0.75, right=0.90)


async def run() -> list[Figure]:
    categories = tuple(load(_SHIPPED).categories.values())
    lessons = lessons_of(categories)
    began = time.perf_counter()
    model = train(lessons)
    seconds = time.perf_counter() - began
    guesser, sentences = Guesser(categories, model), blind()
    keywords = measure(sentences, lambda text: _keywords(guesser, text))
    both = measure(sentences, guesser.guess)
    figures = [
        _share("first guess, keywords and model", both.first, "keywords alone", keywords.first, _BARS.first),
        _share("first guess, model alone", _first(model, sentences), "keywords alone", keywords.first, 0),
        _share("right one among three", both.among, "keywords alone", keywords.among, _BARS.among),
        _share("taken without asking", both.taken, "all", 1.0, _BARS.taken),
        _share("right of those taken", both.right, "all taken", 1.0, _BARS.right),
    ]
    for letter, name in _FORMS.items():
        some = [sentence for sentence in sentences if letter in sentence.forms]
        figures.append(_share(f"first guess, {name}", measure(some, guesser.guess).first, "all", both.first, 0))
    accented = [sentence for sentence in sentences if sentence.forms[0] == "a"]
    bare = [Sentence(sentence.category_id, "b", fold(sentence.text)) for sentence in accented]
    as_typed = measure(accented, guesser.guess).first
    figures.append(
        _share("first guess, accents taken off", measure(bare, guesser.guess).first, "as typed", as_typed, 0)
    )
    return [*figures, _cost(guesser, sentences), _limit("training on the rules file", seconds, "s", _TRAIN_S)]


def _keywords(guesser: Guesser, text: str) -> tuple[Guess, ...]:
    return tuple(Guess(category_id, weight, ()) for category_id, weight in list(guesser.by_keywords(text).items())[:3])


def _first(model: Model, sentences: list[Sentence]) -> float:
    def right(sentence: Sentence) -> bool:
        scores, known = model.scores(folded_words(sentence.text))
        return bool(known) and model.categories[int(np.argmax(scores))] == sentence.category_id

    return statistics.mean(right(sentence) for sentence in sentences)


def _cost(guesser: Guesser, sentences: list[Sentence]) -> Figure:
    return _limit("one guess, p50", statistics.median(_best(guesser.guess, s.text) for s in sentences), "µs", _GUESS_US)


def _best(work: Callable[[str], object], text: str) -> float:
    """Of a few rounds, in µs: other work on the machine does not count."""
    taken = []
    for _ in range(_ROUNDS):
        began = time.perf_counter_ns()
        work(text)
        taken.append((time.perf_counter_ns() - began) / 1000)
    return min(taken)


def _share(name: str, value: float, limit_name: str, limit: float, bar: float) -> Figure:
    """Shares in per cent. ``bar`` is the least share that is good enough."""
    wanted = f"≥ {bar:.0%}" if bar else "–"
    return Figure(
        name,
        round(100 * value, 1),
        "%",
        limit_name,
        round(100 * limit, 1),
        round(value / limit, 2),
        wanted,
        value >= bar,
    )


def _limit(name: str, value: float, unit: str, limit: float) -> Figure:
    ratio = value / limit
    return Figure(name, round(value, 2), unit, "bar", limit, round(ratio, 2), "≤ 1 ×", ratio <= 1)
