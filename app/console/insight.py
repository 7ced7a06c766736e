"""What stands out among the figures, in sentences: rules that send wrongly, categories that run late, agencies that
return, what citizens object to, communes where work lies, reports that go round. Each with the cases behind it."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import get_args

from litestar import Response, get
from msgspec import Struct

from app.accounts.model import Actor
from app.console.context import BASE, Req, actor, console, lang_of
from app.console.declare import RULE_FIGURES, RULES, STATS, page
from app.console.render import show
from app.console.rules_misrouted import rule_words
from app.errors import Invalid
from app.i18n import Lang, t
from app.reports import service as reports
from app.routing import service as routing
from app.routing.ruleset import RuleSet
from app.stats import insight
from app.stats.asked import FILTERS, Asked, asked
from app.stats.insight import Compared, Insight, Outlier
from app.stats.measures import FIGURES
from app.stats.misrouted import misrouted, of_rule
from app.stats.model import Misrouting, value
from app.stats.names import Names, names
from app.stats.periods import Kind, current
from app.stats.ranking import MINIMUM
from app.stats.rights import narrowed
from app.stats.store_insight import Round
from app.stats.ways import AGAIN
from app.stats.written import number, written

HERE = f"{BASE}/insight"
LIST = f"{BASE}/dashboard/list"
KINDS: tuple[Kind, ...] = tuple(kind for kind in get_args(Kind) if kind not in ("day", "span"))
_SHOWN = 8
"""Findings of a kind that are written out."""
_BEHIND = timedelta(minutes=2)


class Link(Struct, frozen=True):
    words: str
    path: str


class Finding(Struct, frozen=True):
    """One sentence that says what stands out and by how much, what it is counted from, what else helps to understand
    it, and the ways to the cases and to what can be done."""

    words: str
    numbers: str
    more: tuple[str, ...]
    links: tuple[Link, ...]


class Section(Struct, frozen=True):
    """``none``: what is said where nothing stands out; ``few``: groups that are too small to say anything."""

    name: str
    findings: list[Finding]
    hidden: int
    looked: int
    few: int


class Going(Struct, frozen=True):
    """A report that goes round. ``path`` "": not the reader's to open."""

    code: str
    path: str
    category: str
    commune: str
    way: str
    moves: int
    at: datetime


class Writer:
    """Puts findings into words for one reader."""

    def __init__(self, wanted: Asked, named: Names, lang: Lang) -> None:
        self._wanted, self._names, self._lang = wanted, named, lang

    def section(self, name: str, compared: Compared, found: Insight) -> Section:
        findings = [self._finding(name, one, found) for one in compared.found[:_SHOWN]]
        return Section(name, findings, len(compared.found) - len(findings), compared.looked, compared.few)

    def _finding(self, name: str, one: Outlier, found: Insight) -> Finding:
        said = self._names.of(insight.BY[name], one.key, self._lang)
        more = self._late(one.key, found) if name in ("late", "extended") else ()
        return Finding(*self.sentences(name, said, one), more, self._links(name, one.key))

    def sentences(self, name: str, said: str, one: Outlier) -> tuple[str, str]:
        words = t(
            f"insight.{name}_found", self._lang, name=said, share=self.share(one.share), rest=self.share(one.rest)
        )
        numbers = t(
            f"insight.{name}_numbers",
            self._lang,
            of=number(one.of, self._lang),
            among=number(one.among, self._lang),
            low=self.share(one.low),
            high=self.share(one.high),
        )
        return words, numbers

    def share(self, share: float) -> str:
        return written(FIGURES["late_rate"], 100 * share, self._lang)

    def hours(self, hours: float) -> str:
        return t("stats.hours", self._lang, n=number(hours, self._lang, 1))

    def _late(self, key: str, found: Insight) -> tuple[str, ...]:
        lang, rules, figure = self._lang, self._names.rules, FIGURES[insight.TYPICAL]
        usual = written(figure, value(figure, found.by_category[key]), lang)
        said = [f"{figure.title(lang)}: {usual}"]
        if (category := rules.categories.get(key)) is not None:
            limit = category.handling.get(category.urgency) or rules.deadlines.handling[category.urgency]
            said = [t("insight.usual_time", lang, usual=said[0], limit=limit.words(lang))]
        if (step := found.slow.get(key)) is not None:
            words = t(f"insight.step_{step.name}", lang)
            said.append(
                t("insight.slowest", lang, step=words, hours=self.hours(step.hours), rest=self.hours(step.rest))
            )
        return tuple(said)

    def _links(self, name: str, key: str) -> tuple[Link, ...]:
        figures = {
            "late": (("late_rate", ""),),
            "extended": (("extended_rate", ""),),
            "disputed": (("disputed", ""),),
            "badly_rated": (("answers", "rated_dissatisfied"),),
            "handed_on": (("returned", ""), ("transferred", "")),
            "overdue": (("overdue", ""),),
        }[name]
        found = []
        for figure, piece in figures:
            narrowing = {insight.BY[name]: key, "figure": figure, **({"piece": piece} if piece else {})}
            words = t("insight.cases_of", self._lang, figure=FIGURES[figure].title(self._lang))
            found.append(Link(words if len(figures) > 1 else t("insight.cases", self._lang), self._list(**narrowing)))
        return tuple(found)

    def _list(self, **narrowing: str) -> str:
        return f"{LIST}?{self._wanted.query(**narrowing)}"

    # ------------------------------------------------------------ rules and rounds

    def rules(self, found: Sequence[Misrouting], why: dict[str, str], *, manages: bool) -> Section:
        by_rule = {one.rule_id: one for one in found}
        compared = insight.compare({one.rule_id: (one.wrong, one.decided) for one in found})
        findings = [
            self._rule(by_rule[one.key], one, why.get(one.key, ""), manages=manages) for one in compared.found[:_SHOWN]
        ]
        return Section("rules", findings, len(compared.found) - len(findings), compared.looked, compared.few)

    def _rule(self, figures: Misrouting, one: Outlier, why: str, *, manages: bool) -> Finding:
        lang = self._lang
        named = f"{why.rstrip('.')} ({one.key})" if why else t("insight.rule_gone", lang, rule=one.key)
        ends = ", ".join(
            f"{self._names.of('agency', end.agency_id, lang)} ({number(end.reports, lang)})"
            for end in figures.ended_up[:3]
        )
        more = [t("insight.rules_ended", lang, ends=ends)]
        if figures.reclassified:
            more.append(t("insight.rules_reclassified", lang, count=number(figures.reclassified, lang)))
        links = [Link(t("insight.cases", lang), f"{HERE}/rule?{self._wanted.query(rule=one.key)}")]
        if manages and why:
            links.append(Link(t("insight.see_rule", lang), f"{BASE}/rules#rule-{one.key}"))
            links.append(Link(t("insight.try_rule", lang), f"{BASE}/rules/try"))
        return Finding(*self.sentences("rules", named, one), tuple(more), tuple(links))

    def going(self, row: Round, may_open: Callable[[Round], bool]) -> Going:
        return Going(
            row.code,
            f"{BASE}/reports/{row.code}" if may_open(row) else "",
            self._names.of("category", row.category, self._lang),
            self._names.of("commune", row.commune, self._lang),
            " → ".join(self._names.of("agency", each, self._lang) for each in row.agencies),
            row.moves,
            row.at,
        )


SECTIONS = ("late", "extended", "handed_on", "disputed", "badly_rated", "overdue")


@get("/insight", **page(STATS))
async def insight_page(request: Req) -> Response[bytes]:
    now, lang = datetime.now(UTC), lang_of(request)
    try:
        return await _page(request, asked(request.query_params.multi_items(), now), now)
    except Invalid as error:
        problem = error.problems[0]
        return await _page(request, asked([], now), now, t(problem.key, lang, **problem.params))


async def _page(request: Req, wanted: Asked, now: datetime, problem: str = "") -> Response[bytes]:
    """``problem``: what was wrong with what was asked; the present month is shown instead."""
    parts, lang, reader = console(request).parts, lang_of(request), actor(request)
    allowed = narrowed(reader, wanted)
    async with (
        parts.pool.acquire() as conn,
        conn.transaction(isolation="repeatable_read", readonly=True),
    ):
        found = await insight.read(conn, allowed, now)
        named = await names(conn, parts.rules, parts.gazetteer)
        cases = {one.report_id: one for one in await reports.by_ids(conn, [row.report_id for row in found.rounds])}
    writer = Writer(wanted, named, lang)
    sections = [writer.section(name, getattr(found, name), found) for name in SECTIONS]
    if RULE_FIGURES.includes(reader):
        rules = await routing.current(parts.pool, parts.rules)
        sections.insert(0, await _rules(request, writer, rules, wanted, now))
    return show(
        request,
        "insight.html.j2",
        status=422 if problem else 200,
        problem=problem,
        here=HERE,
        wanted=wanted,
        period=wanted.period.title(lang),
        before=Link(wanted.period.before().title(lang), _at(wanted, wanted.period.before().key)),
        after=_after(wanted, now, lang),
        kinds=[(kind, _at(wanted, current(kind, now).key), kind == wanted.period.kind) for kind in KINDS],
        chips=_chips(wanted, named, lang),
        sections=sections,
        rounds=[writer.going(row, lambda row: reader.may_see(cases[row.report_id])) for row in found.rounds],
        rounds_all=found.rounds_all,
        least=AGAIN,
        minimum=MINIMUM,
        read_at=found.read_at,
        behind=now - found.read_at > _BEHIND,
    )


async def _rules(request: Req, writer: Writer, rules: RuleSet, wanted: Asked, now: datetime) -> Section:
    """Of the whole province, whatever else is filtered by: a rule knows nothing of filters."""
    reader: Actor = actor(request)
    pool, desk = console(request).parts.pool, rules.coordinator_id
    found = await misrouted(pool, reader, desk, wanted.period.start, min(wanted.period.end, now))
    return writer.rules(found, rule_words(rules, lang_of(request)), manages=RULES.includes(reader))


def _at(wanted: Asked, period: str) -> str:
    return f"{HERE}?{wanted.query(period=period, as_of=None)}"


def _after(wanted: Asked, now: datetime, lang: Lang) -> Link | None:
    after = wanted.period.after()
    return Link(after.title(lang), _at(wanted, after.key)) if after.start <= now else None


def _chips(wanted: Asked, named: Names, lang: Lang) -> list[str]:
    """What is filtered by, in words."""
    return [
        named.of(by, key, lang) for by, field in FILTERS.items() for key in getattr(wanted, field)  # type: ignore[arg-type]  # names of filters are those of groups
    ]  # fmt: skip


@get("/insight/rule", **page(RULE_FIGURES))
async def rule_cases(request: Req) -> Response[bytes]:
    """The reports that one rule sent wrongly in the period."""
    parts, lang, reader, now = console(request).parts, lang_of(request), actor(request), datetime.now(UTC)
    wanted = asked([pair for pair in request.query_params.multi_items() if pair[0] == "period"], now)
    rule = request.query_params.get("rule", "")[:100]
    rules = await routing.current(parts.pool, parts.rules)
    async with parts.pool.acquire() as conn:
        rows, of = await of_rule(conn, reader, rule, wanted.period.start, wanted.period.end)
        named = await names(conn, rules, parts.gazetteer)
    return show(
        request,
        "insight_rule.html.j2",
        rule=rule,
        why=rule_words(rules, lang).get(rule, ""),
        period=wanted.period.title(lang),
        back=f"{HERE}?{wanted.query()}",
        rows=[(row, reader.may_see(row)) for row in rows],
        of=of,
        category_of=lambda key: named.of("category", key, lang),
        agency_of=lambda key: named.of("agency", key, lang),
    )


ROUTES = [insight_page, rule_cases]
