"""Figures as PDF in the form of an administrative report, to be numbered, signed and sent."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from msgspec import structs

from app.db import Conn
from app.exports.pdf_content import content
from app.exports.pdf_model import MOST_OVERDUE, MOST_SPOTS, TOLD_SPOTS, Group, Issuer, Paper, Spot, count_of
from app.i18n import Lang
from app.places.gazetteer import Gazetteer
from app.press import press
from app.routing.ruleset import RuleSet
from app.stats import service as stats
from app.stats.asked import Asked
from app.stats.measures import FIGURES
from app.stats.model import Answer, By, Counts
from app.stats.names import Names, names
from app.stats.periods import Period

_BYS: tuple[By, ...] = ("agency", "category", "commune", "channel")
_TREND = (FIGURES["received"], FIGURES["handled"])
_RECEIVED = (FIGURES["received"],)
_KINDS_OF_PROVINCE = ("Tỉnh ", "Thành phố ")


async def report_pdf(
    conn: Conn, rules: RuleSet, gazetteer: Gazetteer, asked: Asked, lang: Lang, agency_id: str, now: datetime
) -> bytes:
    """The report of an agency ("": of the province) about what was asked, which is within its reader's rights.

    Raises Invalid for a period that has not begun, Unavailable when it cannot be set.
    """
    return await pressed(await read(conn, rules, gazetteer, asked, lang, agency_id, now))


async def pressed(paper: Paper) -> bytes:
    return await press("app.exports.pdf_worker", msgspec.json.encode(content(paper)))


async def read(
    conn: Conn, rules: RuleSet, gazetteer: Gazetteer, asked: Asked, lang: Lang, agency_id: str, now: datetime
) -> Paper:
    """All figures that stand on the paper."""
    asked = asked.settled(now)
    known = await names(conn, rules, gazetteer)
    whole = await stats.ask(conn, asked.question(now))
    earlier = [await _counts(conn, asked, now, each) for each in (asked.period.before(), asked.period.year_ago())]
    groups = {by: _groups(known, by, lang, await stats.ask(conn, asked.question(now, by=by))) for by in _BYS}
    steps = asked.period.steps()
    trend = await stats.series(conn, asked.question(now), steps, _TREND)
    ages = (await stats.ageing(conn, asked.question(now))).get("", ())
    return Paper(
        lang=lang,
        asked=asked,
        as_of=whole.question.as_of,
        read_at=whole.read_at,
        rules_version=rules.version,
        issuer=_issuer(rules, gazetteer, agency_id),
        names=known,
        now=whole.groups.get("", {}),
        before=earlier[0],
        year_ago=earlier[1],
        groups=groups,
        steps=[(step.title, answer.groups.get("", {})) for step, answer in zip(steps, trend, strict=False)],
        ages=ages,
        overdue=await stats.longest_overdue(conn, asked.question(now), MOST_OVERDUE),
        spots=await _spots(conn, asked, now, groups["commune"], known, lang),
    )


async def _counts(conn: Conn, asked: Asked, now: datetime, period: Period) -> Counts:
    """Of another period, known when these are."""
    return (await stats.ask(conn, asked.question(now, period=period))).groups.get("", {})


def _groups(known: Names, by: By, lang: Lang, answer: Answer) -> list[Group]:
    """Whoever received most first."""
    groups = [Group(key, known.of(by, key, lang), counts) for key, counts in answer.groups.items()]

    def most(group: Group) -> tuple[int, int, int, str]:
        return (*(-count_of(group.counts, name) for name in ("received", "handled", "open")), group.name)

    return sorted(groups, key=most)


async def _spots(
    conn: Conn, asked: Asked, now: datetime, communes: Sequence[Group], known: Names, lang: Lang
) -> list[Spot]:
    """The communes that most was received from; of the first few also what about."""
    most = [group for group in communes if group.key and count_of(group.counts, "received")][:MOST_SPOTS]
    before = await stats.ask(conn, asked.question(now, by="commune", period=asked.period.before()), _RECEIVED)
    spots = []
    for at, group in enumerate(most):
        received = count_of(group.counts, "received")
        spot = Spot(group.name, received, count_of(before.groups.get(group.key, {}), "received"))
        if at < TOLD_SPOTS:
            there = structs.replace(asked, communes=(group.key,)).question(now, by="category")
            kinds = (await stats.ask(conn, there, _RECEIVED)).groups
            key = min(kinds, key=lambda key: (-count_of(kinds[key], "received"), key))
            spot = structs.replace(
                spot, category=known.of("category", key, lang), most=count_of(kinds[key], "received")
            )
        spots.append(spot)
    return spots


def _issuer(rules: RuleSet, gazetteer: Gazetteer, agency_id: str) -> Issuer:
    province = next((c.province_name for c in gazetteer.communes if c.province_code == rules.province_code), "")
    place = province
    for kind in _KINDS_OF_PROVINCE:
        place = place.removeprefix(kind)
    return Issuer(agency_id, place, province)
