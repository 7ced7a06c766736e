"""Everything the page of figures shows, asked once, all of one moment."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from msgspec import Struct, structs

from app.console.dashboard_asked import Look
from app.db import Conn
from app.stats import service
from app.stats.asked import Asked
from app.stats.compared import OTHERS, Other, other_period, stretch
from app.stats.measures import FIGURES, Measure
from app.stats.model import Answer, Count, Counted, Counts
from app.stats.names import Names, names
from app.stats.periods import Step
from app.stats.store import State
from app.wiring import Parts

MAIN = (
    "received",
    "handled",
    "on_time_rate",
    "overdue",
    "open",
    "hours_to_resolve",
    "accepted_on_time_rate",
    "satisfied_rate",
)
"""The figures that are read first."""
_STOCKS = frozenset(m for figure in FIGURES.values() if figure.kind == "stock" for m in figure.measures)
NEVER = datetime(1970, 1, 1, tzinfo=UTC)
"""When the history was read that has never been read to its end."""
MOST_LATE = 400
"""Groups whose longest overdue report is asked for; there are no more agencies."""


class Reading(Struct, frozen=True):
    """``answer``: by what the page is about. ``others``: the totals of the same stretch of other periods. ``trend``:
    the main figures at each step so far; ``other_trends``: the others' at their own steps. ``ages``: of open reports,
    by group. ``late``: the longest overdue of each group, the longest of all first."""

    answer: Answer
    total: Counts
    others: dict[Other, Counts]
    steps: Sequence[Step]
    trend: list[Counts]
    other_trends: dict[Other, list[Counts]]
    ages: dict[str, tuple[int, ...]]
    late: list[Counted]
    names: Names

    @property
    def groups(self) -> Mapping[str, Counts]:
        return self.answer.groups


async def read(conn: Conn, parts: Parts, wanted: Look, allowed: Asked, now: datetime) -> Reading:
    """``allowed``: what is asked for, narrowed to the reader's rights. Raises Invalid for a period that is still to
    come or an "as of" before it. The connection is in a transaction that sees one moment."""
    question = allowed.question(now, by=wanted.by)
    known = await service.state(conn)
    groups = await service.ask(conn, question, known=known)
    steps = allowed.period.steps()
    shown = [FIGURES[name] for name in dict.fromkeys((*MAIN, wanted.trend))]
    others = {other: await _other(conn, known, allowed, other, now) for other in OTHERS}
    return Reading(
        groups,
        total_of(groups.groups.values()),
        {other: total for other, (total, _) in others.items()},
        steps,
        _totals(await service.series(conn, structs.replace(question, by=None), steps, shown, known=known)),
        {other: its[: len(steps)] for other, (_, its) in others.items()},
        await service.ageing(conn, question, known=known),
        await service.longest_overdue(conn, question, MOST_LATE, known=known),
        await names(conn, parts.rules, parts.gazetteer),
    )


async def _other(conn: Conn, known: State, allowed: Asked, other: Other, now: datetime) -> tuple[Counts, list[Counts]]:
    """Of another period: the totals of the stretch to compare with, and the whole of it step by step. Asked for once,
    with the step cut in two in which the stretch ends."""
    period, end = other_period(allowed.period, other), stretch(allowed, now, other).end
    steps, cut = period.steps(), []
    for step in steps:
        if step.start < end < step.end:
            cut += [structs.replace(step, end=end), structs.replace(step, start=end)]
        else:
            cut.append(step)
    question = allowed.question(now, period=period)
    found = list(zip(cut, _totals(await service.series(conn, question, cut, known=known)), strict=False))
    return (
        along([counts for piece, counts in found if piece.end <= end]),
        [along([counts for piece, counts in found if step.start <= piece.start < step.end]) for step in steps],
    )


def along(pieces: Sequence[Counts]) -> Counts:
    """Of times that follow each other, all together: what happened is added up, what there is in the end is what there
    is at the end of the last."""
    flows = total_of({m: n for m, n in counts.items() if m not in _STOCKS} for counts in pieces)
    stocks = {m: n for m, n in pieces[-1].items() if m in _STOCKS} if pieces else {}
    return {**flows, **stocks}


def _totals(answers: Iterable[Answer]) -> list[Counts]:
    return [answer.groups.get("", {}) for answer in answers]


def total_of(groups: Iterable[Counts]) -> Counts:
    """Every count belongs to one group, so all of them together are the whole."""
    total: dict[Measure, Count] = {}
    for counts in groups:
        for measure, count in counts.items():
            total[measure] = total.get(measure, Count()) + count
    return total
