"""The reports behind a figure: the very ones it counts, a page of them."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from litestar import Response, get
from msgspec import Struct, structs

from app.accounts.model import Actor
from app.casefile.spans import span
from app.console.context import BASE, Req, actor, console, lang_of
from app.console.dashboard_asked import HERE, Look, Pairs, look
from app.console.dashboard_groups import age_names
from app.console.dashboard_head import chips_of
from app.console.dashboard_view import cases
from app.console.declare import STATS, page
from app.console.render import show
from app.console.words import when
from app.db import Conn
from app.errors import Invalid
from app.forms import whole
from app.i18n import Lang, t
from app.reports import service as reports
from app.reports.model import Report
from app.stats import service
from app.stats.asked import Asked
from app.stats.compared import OTHERS, Other, other_period, stretch
from app.stats.measures import FIGURES, Figure, Measure
from app.stats.model import AGES, Counted, Counts, Question, value
from app.stats.names import Names, names
from app.stats.periods import Step
from app.stats.rights import narrowed
from app.stats.written import number, written

PAGE = 50
_WORDS = 160
"""Letters of a report's words in a row; the case has them all."""


class Wanted(Struct, frozen=True):
    """Which figure, and what of it. ``piece``: of what a figure adds up only this; ``age``: of open reports only those
    of this class; ``other`` and ``step``: of another period, and of one step alone; ``whole``: of a share all that it
    is a share of; ``slowest``: those that took longest first."""

    look: Look
    figure: Figure
    piece: Measure | None
    age: int | None
    other: Other | None
    step: int | None
    whole: bool
    slowest: bool

    def path(self, **changed: str | None) -> str:
        said: dict[str, str | None] = {
            "figure": self.figure.name,
            "piece": self.piece and str(self.piece),
            "age": None if self.age is None else str(self.age),
            "vs": self.other,
            "step": None if self.step is None else str(self.step),
            "whole": "1" if self.whole else None,
            "slowest": "1" if self.slowest else None,
        }
        return f"{HERE}/list?{self.look.query(**(said | changed))}"

    @property
    def counted(self) -> Figure:
        """The figure, made of the one piece where only that is asked for."""
        return structs.replace(self.figure, of=frozenset({self.piece})) if self.piece else self.figure

    def question(self, allowed: Asked, now: datetime) -> Question:
        """Raises Invalid for a step that the period does not have."""
        step = self.of_step(allowed)
        if step is None:
            return stretch(allowed, now, self.other) if self.other else allowed.question(now)
        period = other_period(allowed.period, self.other) if self.other else allowed.period
        return structs.replace(allowed.question(now, period=period), start=step.start, end=step.end)

    def of_step(self, allowed: Asked) -> Step | None:
        if self.step is None:
            return None
        period = other_period(allowed.period, self.other) if self.other else allowed.period
        steps = period.steps()
        if self.step >= len(steps):
            raise Invalid("stats.page_unknown", field="step")
        return steps[self.step]


class Row(Struct, frozen=True):
    """``path`` "": the reader may not open the case (any more); then there are no words of it either."""

    code: str
    path: str
    words: str
    category: str
    commune: str
    agency: str
    channel: str
    status: str
    at: datetime
    took: str


class Top(Struct, frozen=True):
    """``value``: as it stands on the page of figures; ``count``: of the rows that are listed; of a share ``part`` and
    ``of``. All in words."""

    value: str
    count: str
    part: str = ""
    of: str = ""


def wanted_of(pairs: Pairs, now: datetime) -> Wanted:
    """From an address's query. Raises Invalid for what no page of ours links to."""
    said = dict(reversed(pairs))
    figure = FIGURES.get(said.get("figure", ""))
    if figure is None:
        raise Invalid("dashboard.figure_unknown", field="figure")
    piece = next((measure for measure in figure.of if measure == said.get("piece")), None)
    age = _digits(said, "age")
    return Wanted(
        look(pairs, now),
        figure,
        piece,
        age if figure.kind == "stock" and age is not None and age <= len(AGES) else None,
        next((other for other in OTHERS if other == said.get("vs")), None),
        _digits(said, "step"),
        "whole" in said and figure.kind == "share",
        "slowest" in said and figure.kind != "stock",
    )


def _digits(said: Mapping[str, str], name: str) -> int | None:
    return whole(said.get(name, ""), 3)


@get("/dashboard/list", **page(STATS))
async def behind(request: Req) -> Response[bytes]:
    parts, lang, reader, now = console(request).parts, lang_of(request), actor(request), datetime.now(UTC)
    pairs = list(request.query_params.multi_items())
    wanted, after = wanted_of(pairs, now), request.query_params.get("after") or None
    allowed = narrowed(reader, wanted.look.asked)
    question, figure = wanted.question(allowed, now), wanted.counted
    # One moment for both: the number is that of the list.
    async with (
        parts.pool.acquire() as conn,
        conn.transaction(isolation="repeatable_read", readonly=True),
    ):
        answer = await service.ask(conn, question, [figure])
        top = await _top(conn, wanted, question, answer.groups.get("", {}), lang)
        found = await service.listed(
            conn, question, figure, PAGE, after, whole=wanted.whole, slowest=wanted.slowest, age=wanted.age
        )
        seen = {
            report.report_id: report for report in await reports.by_ids(conn, [row.report_id for row in found.rows])
        }
        called = await names(conn, parts.rules, parts.gazetteer)
    return show(
        request,
        "dashboard_list.html.j2",
        wanted=wanted,
        figure=wanted.figure,
        title=_title(wanted, lang),
        period=_period(wanted, allowed, question, lang),
        as_of=when(answer.question.as_of),
        top=top,
        chips=chips_of(wanted.look, called, lang),
        rows=[row_of(reader, row, seen[row.report_id], called, lang) for row in found.rows],
        closed=sum(not reader.may_see(seen[row.report_id]) for row in found.rows),
        timed=any(row.seconds is not None for row in found.rows),
        back=f"{HERE}?{wanted.look.query()}",
        again=wanted.path(),
        next_page=wanted.path(after=found.after) if found.after else "",
        first_page=wanted.path() if after else "",
    )


async def _top(conn: Conn, wanted: Wanted, question: Question, counts: Counts, lang: Lang) -> Top:
    figure = wanted.counted
    if wanted.age is not None:
        ages = (await service.ageing(conn, question)).get("", ())
        said = number(ages[wanted.age] if ages else 0, lang)
        return Top(said, said)
    its = value(figure, counts)
    if figure.kind == "stock":
        return Top(written(figure, its, lang), number(its or 0, lang))
    part = number(sum(counts[measure].n for measure in figure.of if measure in counts), lang)
    if figure.kind != "share":
        return Top(written(figure, its, lang), part)
    of = number(cases(figure, counts), lang)
    return Top(written(figure, its, lang), of if wanted.whole else part, part, of)


def _title(wanted: Wanted, lang: Lang) -> str:
    title = wanted.figure.title(lang)
    if wanted.piece is not None:
        return f"{title}: {t(f'dashboard.measure_{wanted.piece}', lang)}"
    if wanted.age is not None:
        return f"{title}: {age_names(lang)[wanted.age].lower()}"
    return title


def _period(wanted: Wanted, allowed: Asked, question: Question, lang: Lang) -> str:
    step = wanted.of_step(allowed)
    period = other_period(allowed.period, wanted.other) if wanted.other else allowed.period
    if step is not None or question.end < period.end:
        start, end = (step.start, step.end) if step else (question.start, question.end)
        return t("dashboard.stretch", lang, period=period.title(lang), start=when(start), end=when(end))
    return period.title(lang)


def row_of(reader: Actor, counted: Counted, report: Report, called: Names, lang: Lang) -> Row:
    mine = reader.may_see(report)
    words = report.body if len(report.body) <= _WORDS else f"{report.body[:_WORDS].rsplit(' ', 1)[0]}…"
    return Row(
        counted.code,
        f"{BASE}/reports/{counted.code}" if mine else "",
        words if mine else "",
        called.of("category", counted.category, lang),
        called.of("commune", counted.commune, lang),
        called.of("agency", counted.agency, lang),
        called.of("channel", counted.channel, lang),
        t(f"reports.status_{report.status}", lang) if mine else "",
        counted.at,
        span(timedelta(seconds=counted.seconds), lang) if counted.seconds is not None else "",
    )


ROUTES = [behind]
