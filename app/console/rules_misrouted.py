"""Rules that send wrongly: whose reports come back or are handed on, and who has them in the end."""

from datetime import datetime, timedelta

from litestar import Response, get
from msgspec import Struct

from app.accounts import service as accounts
from app.console.context import Req, actor, console, lang_of
from app.console.declare import RULE_FIGURES, RULES, page
from app.console.render import show
from app.routing import service as routing
from app.routing.calendar import VIETNAM
from app.routing.ruleset import RuleSet
from app.stats.misrouted import misrouted as find
from app.stats.model import Misrouting

PERIODS = (30, 90, 365)
_USUALLY = 90


class Row(Struct, frozen=True):
    """A rule and its figures. ``why``: its own words, "" where the rules in force have it no more; ``percent`` of 100;
    ``ends``: (agency's name, reports), "" where nobody has been found yet."""

    figures: Misrouting
    why: str
    percent: str
    ends: tuple[tuple[str, int], ...]


def percent(part: int, whole: int, lang: str) -> str:
    """One decimal below ten, so that a small share is not nothing: "0,8 %", "1.2 %", "86 %"."""
    share = 100 * part / whole if whole else 0.0
    written = f"{share:.1f}" if 0 < share < 9.95 else f"{share:.0f}"
    return f"{written.replace('.', ',') if lang == 'vi' else written}\u00a0%"


def rule_words(rules: RuleSet, lang: str) -> dict[str, str]:
    """What each rule in force says of itself."""
    every = (*rules.rules, rules.fallback.rule)
    return {rule.rule_id: (rule.why_en or rule.why) if lang == "en" else rule.why for rule in every}


@get("/rules/misrouted", **page(RULE_FIGURES))
async def misrouted(request: Req) -> Response[bytes]:
    parts, lang, reader = console(request).parts, lang_of(request), actor(request)
    wanted = request.query_params.get("days", "")
    days = next((each for each in PERIODS if str(each) == wanted), _USUALLY)
    today = datetime.now(VIETNAM).replace(hour=0, minute=0, second=0, microsecond=0)
    since = today - timedelta(days=days)
    rules = await routing.current(parts.pool, parts.rules)
    found = await find(parts.pool, reader, rules.coordinator_id, since)
    async with parts.pool.acquire() as conn:
        named = {end.agency_id for one in found for end in one.ended_up}
        names = await accounts.agency_names(conn, sorted(named), lang)
    names[rules.coordinator_id] = ""
    why = rule_words(rules, lang)
    rows = [
        Row(
            one,
            why.get(one.rule_id, ""),
            percent(one.wrong, one.decided, lang),
            tuple((names.get(end.agency_id, end.agency_id), end.reports) for end in one.ended_up),
        )
        for one in found
    ]
    decided, wrong = sum(one.decided for one in found), sum(one.wrong for one in found)
    return show(
        request,
        "rules_misrouted.html.j2",
        rows=[row for row in rows if row.figures.wrong],
        right=[row for row in rows if not row.figures.wrong],
        decided=decided,
        wrong=wrong,
        share=percent(wrong, decided, lang),
        since=f"{since:%d/%m/%Y}",
        days=days,
        periods=PERIODS,
        manages=RULES.includes(reader),
    )


ROUTES = [misrouted]
