"""Everything that a report of figures says about one question, read at once and frozen: the workbook, the document and
whatever is sent by mail are made of it, so that none of them says another thing than the others."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from app.db import Conn
from app.i18n import Lang, t
from app.routing import service as routing
from app.stats import service as stats
from app.stats.asked import FILTERS, Asked
from app.stats.compared import OTHERS, stretch
from app.stats.measures import FIGURES
from app.stats.model import Answer, By, Counts, Question, value
from app.stats.names import Names

BY: tuple[By, ...] = ("agency", "category", "commune", "channel")
_NAMED = 8
"""Of a filter; how many more there are is said in a number."""
Values = dict[str, float | None]
"""By the figure's name; None where it has no meaning."""


class Total(Struct, frozen=True):
    """A figure of ``FIGURES`` for the whole question, with the period before and the same period a year ago: of one
    that still goes on, with as much of those as has gone by of it."""

    figure: str
    value: float | None
    before: float | None
    year_ago: float | None


class Line(Struct, frozen=True):
    """A group: ``key`` as in addresses' filters ("" the desk, or no commune known), and what it is called."""

    key: str
    name: str
    values: Values


class Table(Struct, frozen=True):
    """The most received first."""

    by: By
    lines: tuple[Line, ...]


class Point(Struct, frozen=True):
    """A step of the trend."""

    title: str
    start: datetime
    end: datetime
    values: Values


class Provenance(Struct, frozen=True, kw_only=True):
    """What a file was made from, and all of it that stands in the file: the same question has the same. ``issuer``: the
    centre. ``period`` in words; ``query``: the question as an address writes it, "as of" included. ``as_of``: as known
    then; ``rule_set``: the version of the rules in force at ``as_of``. ``filters``: what each filter is called and what
    was chosen, in words. ``count``: reports received."""

    lang: Lang
    issuer: str
    title: str
    query: str
    period: str
    start: datetime
    end: datetime
    as_of: datetime
    rule_set: str
    filters: tuple[tuple[str, str], ...]
    count: int


class Summary(Provenance, frozen=True, kw_only=True):
    """``read_at``: up to when the history had been read."""

    period_before: str
    period_year_ago: str
    read_at: datetime
    totals: tuple[Total, ...]
    tables: tuple[Table, ...]
    trend: tuple[Point, ...]

    def table(self, by: By) -> Table:
        return next(table for table in self.tables if table.by == by)


async def provenance(conn: Conn, names: Names, asked: Asked, lang: Lang, now: datetime) -> Provenance:
    """Raises Invalid for a period that has not begun."""
    answer = await stats.ask(conn, asked.question(now), [FIGURES["received"]])
    count = value(FIGURES["received"], answer.groups.get("", {}))
    return Provenance(**await _told(conn, names, asked, lang, now), count=int(count or 0))


async def _told(conn: Conn, names: Names, asked: Asked, lang: Lang, now: datetime) -> dict[str, Any]:
    question = asked.question(now)
    return {
        "lang": lang,
        "issuer": names.of("agency", names.rules.coordinator_id, lang),
        "title": t("exports.report_title", lang),
        "query": asked.settled(now).query(),
        "period": asked.period.title(lang),
        "start": question.start,
        "end": question.end,
        "as_of": question.as_of,
        "rule_set": await routing.in_force_at(conn, question.as_of),
        "filters": tuple(in_words(asked, names, lang)),
    }


async def summary(conn: Conn, names: Names, asked: Asked, lang: Lang, now: datetime) -> Summary:
    """``asked`` within the reader's rights already. ``now``: what the same question is asked with again to be answered
    the same. Comparisons are those of the dashboard. Raises Invalid for a period that has not begun."""
    question = asked.question(now)
    whole = await stats.ask(conn, question)
    period = asked.period
    others = [await _of(conn, stretch(asked, now, other)) for other in OTHERS]
    tables = [_table(by, await stats.ask(conn, asked.question(now, by)), names, lang) for by in BY]
    steps = [step for step in period.steps() if step.start < question.as_of]
    trend = await stats.series(conn, question, steps)
    values = _values(whole.groups.get("", {}))
    return Summary(
        **await _told(conn, names, asked, lang, now),
        period_before=period.before().title(lang),
        period_year_ago=period.year_ago().title(lang),
        read_at=whole.read_at,
        totals=tuple(Total(name, n, *(other.get(name) for other in others)) for name, n in values.items()),
        tables=tuple(tables),
        trend=tuple(
            Point(step.title, step.start, step.end, _values(answer.groups.get("", {})))
            for step, answer in zip(steps, trend, strict=True)
        ),
        count=int(values["received"] or 0),
    )


def in_words(asked: Asked, names: Names, lang: Lang) -> list[tuple[str, str]]:
    """What was filtered by; a filter that lets everything through is left out."""
    found = []
    for by in BY:
        chosen: Sequence[str] = getattr(asked, FILTERS[by])
        if chosen:
            said = ", ".join(names.of(by, key, lang) for key in chosen[:_NAMED])
            more = len(chosen) - _NAMED
            words = t("exports.and_more", lang, said=said, count=more) if more > 0 else said
            found.append((t(f"exports.by_{by}", lang), words))
    return found


async def _of(conn: Conn, question: Question) -> Values:
    return _values((await stats.ask(conn, question)).groups.get("", {}))


def _values(counts: Counts) -> Values:
    return {figure.name: value(figure, counts) for figure in FIGURES.values()}


def _table(by: By, answer: Answer, names: Names, lang: Lang) -> Table:
    lines = [Line(key, names.of(by, key, lang), _values(counts)) for key, counts in answer.groups.items()]
    return Table(by, tuple(sorted(lines, key=lambda line: (-(line.values["received"] or 0), line.name, line.key))))
