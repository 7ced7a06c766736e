"""Learning to guess from the province's own handled reports, and keeping what was learned in the database.

A model is used only with rules that have the very categories it learned; with others, guesses go by what the rules file
itself teaches until somebody learns again.
"""

import asyncio
import zlib
from collections.abc import Callable, Sequence

import msgspec
import numpy as np
from msgspec import Struct

from app.db import Conn, Pool, transaction
from app.errors import Invalid
from app.routing.guess import Guesser, clear_guess
from app.routing.learn import (
    FOLDS,
    RECIPE,
    Lesson,
    Model,
    Trial,
    Tried,
    cross_validate,
    folded_words,
    lessons_of,
    rarest_of,
    train,
)
from app.routing.ruleset import RuleSet
from app.routing.versions import CHANNEL

LEAST_REPORTS = 200
"""Fewer teach chance."""
STEPS = FOLDS + 1
_CONFUSIONS = 15
_MAY_FALL = 0.01  # cross-validation on other reports is not exact to the point


class Metrics(Struct, frozen=True):
    """Cross-validated on ``reports`` reports; shares of 1. ``file_alone``: what the rules file alone gets right.

    ``confusions``: (what it was, what was guessed, how often), the most frequent first.
    """

    reports: int
    accuracy: float
    taken: float
    right: float
    file_alone: float
    confusions: tuple[tuple[str, str, int], ...]


class Learned(Struct, frozen=True):
    """``floor``: the accuracy it had to reach; below it (``model`` None) what is in use stays."""

    metrics: Metrics
    floor: float
    model: Model | None


class _Packed(Struct, array_like=True):
    version: str
    categories: tuple[str, ...]
    vocabulary: list[str]
    rarity: bytes
    weights: bytes


def learn(
    rules: RuleSet, reports: Sequence[tuple[str, str]], before: Metrics | None, step: Callable[[], object]
) -> Learned:
    """Learn from (category, text) of handled reports, in their order; ``step`` is called ``STEPS`` times.

    The same text of the same category teaches once. Refuses (``model`` None) to be worse than the rules file alone on
    these reports, or than ``before``, the model in use, was on its own. Raises Invalid with fewer than 200 reports.
    """
    categories = tuple(rules.categories.values())
    seen = {
        (category, " ".join(folded_words(text))): text for category, text in reports if category in rules.categories
    }
    lessons = [Lesson(category, text, citizens=True) for (category, _), text in seen.items()]
    if len(lessons) < LEAST_REPORTS:
        raise Invalid("routing.too_few_reports", field="reports", count=len(lessons), least=LEAST_REPORTS)
    taught = lessons_of(categories)
    trial = cross_validate(taught, lessons, lambda model, some: _judge(Guesser(categories, model), some), step)
    alone = Trial(tuple(_judge(Guesser(categories), lessons)))
    metrics = Metrics(
        len(lessons), trial.accuracy, trial.taken, trial.right, alone.accuracy, tuple(trial.confusions(_CONFUSIONS))
    )
    floor = max(alone.accuracy, before.accuracy - _MAY_FALL if before else 0.0)
    model = train([*taught, *lessons]) if trial.accuracy >= floor else None
    step()
    return Learned(metrics, floor, model)


async def keep(pool: Pool, rules: RuleSet, model: Model, metrics: Metrics) -> None:
    """Guess by this model from now on, in every process."""
    async with transaction(pool) as conn:
        await conn.execute("LOCK TABLE category_models IN SHARE ROW EXCLUSIVE MODE")
        await conn.execute("UPDATE category_models SET active = false WHERE active AND version <> $1", model.version)
        await conn.execute(
            """
            INSERT INTO category_models (version, rule_set, categories, recipe, metrics, packed, active)
            VALUES ($1, $2, $3, $4, $5::text::jsonb, $6, true)
            ON CONFLICT (version) DO UPDATE SET active = true
            """,
            model.version,
            rules.version,
            sorted(rules.categories),
            RECIPE,
            msgspec.json.encode(metrics).decode(),
            pack(model),
        )
        await conn.execute("SELECT pg_notify($1, '')", CHANNEL)


async def metrics_in_use(conn: Conn, rules: RuleSet) -> Metrics | None:
    """How the model in use did when it was learned; None where these rules have none."""
    found = await conn.fetchval(
        "SELECT metrics::text FROM category_models WHERE active AND categories = $1 AND recipe = $2",
        sorted(rules.categories),
        RECIPE,
    )
    return msgspec.json.decode(found, type=Metrics) if found else None


async def version_in_use(conn: Conn, rules: RuleSet) -> str | None:
    """The version of the model learned last, where it is for these rules. One cheap query."""
    version: str | None = await conn.fetchval(
        "SELECT version FROM category_models WHERE active AND categories = $1 AND recipe = $2",
        sorted(rules.categories),
        RECIPE,
    )
    return version


async def taught(conn: Conn, rules: RuleSet) -> RuleSet:
    """The same rules, guessing by the model learned last where it is for them."""
    version = await version_in_use(conn, rules)
    if version is None:
        return rules
    packed = await conn.fetchval("SELECT packed FROM category_models WHERE version = $1", version)
    return rules.taught_by(await asyncio.to_thread(unpack, packed))


def pack(model: Model) -> bytes:
    weights = model.weights.astype("<f2").tobytes()
    packed = _Packed(
        model.version, model.categories, list(model.vocabulary), model.rarity.astype("<f4").tobytes(), weights
    )
    return zlib.compress(msgspec.msgpack.encode(packed))


def unpack(packed: bytes) -> Model:
    raw = msgspec.msgpack.decode(zlib.decompress(packed), type=_Packed)
    weights = np.frombuffer(raw.weights, "<f2").astype(np.float32).reshape(len(raw.vocabulary), len(raw.categories))
    vocabulary = {gram: place for place, gram in enumerate(raw.vocabulary)}
    rarity = np.frombuffer(raw.rarity, "<f4").astype(np.float32)
    return Model(raw.version, raw.categories, vocabulary, rarity, rarest_of(rarity), weights)


def _judge(guesser: Guesser, lessons: Sequence[Lesson]) -> list[Tried]:
    results = []
    for lesson in lessons:
        guesses = guesser.guess(lesson.text)
        clear = clear_guess(guesses) is not None
        results.append(Tried(lesson.category_id, guesses[0].category_id if guesses else "", clear))
    return results
