"""Figures as PDF in the form of an administrative report, to be numbered, signed and sent."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import structs

from app.db import Conn
from app.exports.pdf_model import MOST_OVERDUE, MOST_SPOTS, TOLD_SPOTS, Issuer, Paper, Spot, count_of
from app.exports.summary import Line, Summary
from app.i18n import Lang
from app.places.gazetteer import Gazetteer
from app.routing.ruleset import RuleSet
from app.stats import service as stats
from app.stats.asked import Asked
from app.stats.measures import FIGURES
from app.stats.model import value
from app.stats.names import Names

_KINDS_OF_PROVINCE = ("Tỉnh ", "Thành phố ")


async def read(conn: Conn, names: Names, summary: Summary, asked: Asked, now: datetime, agency_id: str = "") -> Paper:
    """What stands on the paper besides the summary of the same question. ``agency_id``: whose report it is, "": the
    province's."""
    question = asked.question(now)
    return Paper(
        summary=summary,
        issuer=_issuer(names.rules, names.gazetteer, agency_id),
        names=names,
        ratings=(await stats.ask(conn, question, [FIGURES["answers"]])).groups.get("", {}),
        ages=(await stats.ageing(conn, question)).get("", ()),
        overdue=await stats.longest_overdue(conn, question, MOST_OVERDUE),
        spots=await _spots(conn, names, summary.table("commune").lines, asked, now, summary.lang),
    )


async def _spots(
    conn: Conn, names: Names, communes: Sequence[Line], asked: Asked, now: datetime, lang: Lang
) -> list[Spot]:
    """The communes that most was received from; of the first few also what about."""
    received = [FIGURES["received"]]
    before = await stats.ask(conn, asked.question(now, by="commune", period=asked.period.before()), received)
    spots: list[Spot] = []
    for line in [line for line in communes if line.key and count_of(line.values, "received")][:MOST_SPOTS]:
        earlier = round(value(received[0], before.groups.get(line.key, {})) or 0)
        spot = Spot(line.name, count_of(line.values, "received"), earlier)
        if len(spots) < TOLD_SPOTS:
            there = structs.replace(asked, communes=(line.key,)).question(now, by="category")
            kinds = (await stats.ask(conn, there, received)).groups
            counts = {key: round(value(received[0], found) or 0) for key, found in kinds.items()}
            key = min(counts, key=lambda key: (-counts[key], key))
            spot = structs.replace(spot, category=names.of("category", key, lang), most=counts[key])
        spots.append(spot)
    return spots


def _issuer(rules: RuleSet, gazetteer: Gazetteer, agency_id: str) -> Issuer:
    province = next((c.province_name for c in gazetteer.communes if c.province_code == rules.province_code), "")
    place = province
    for kind in _KINDS_OF_PROVINCE:
        place = place.removeprefix(kind)
    return Issuer(agency_id, place, province)
