"""Open reports that are probably of the same matter as one about to be sent. How likely is ``alike.py``'s; what of them
may be shown to a stranger is decided here: of a report that is not published neither words nor photos.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from math import cos, radians
from uuid import UUID

import asyncpg
import msgspec
from msgspec import Struct

from app.accounts.model import Actor
from app.db import Conn
from app.i18n import Lang
from app.places.geo import LAT_M, LON_M, distance_m
from app.reports import store, store_near
from app.reports.alike import ENOUGH, FURTHER, Fingerprint, Likeness, likeness
from app.reports.masking import mask
from app.reports.model import Report, Status
from app.reports.store_near import Around
from app.routing.ruleset import RuleSet

MOST = 3
Box = tuple[float, float, float, float]


class Sought(Struct, frozen=True, kw_only=True):
    """A report about to be sent. ``citizen_id``: who sends it, where that is known."""

    category: str
    text: str
    lat: float | None = None
    lon: float | None = None
    commune_code: str | None = None
    photos: Sequence[Fingerprint] = ()
    citizen_id: UUID | None = None


class Near(Struct, frozen=True, kw_only=True):
    """A report that may be of the same matter, as this person may see it.

    ``text`` is that of its public copy, or masked; it and ``photo`` (sha256 of the first that may be shown) are empty
    unless it is published or ``mine``, this person's own, who is shown the originals.
    """

    report_id: UUID
    code: str
    status: Status
    category: str
    commune_name: str
    submitted_at: datetime
    voices: int
    mine: bool
    why: Likeness
    text: str = ""
    photo: str = ""


async def find(
    conn: Conn, rules: RuleSet, sought: Sought, lang: Lang, at: datetime | None = None, most: int = MOST
) -> list[Near]:
    """The likeliest first. One statement. Raises Invalid for a category that the rules do not know.

    Private reports, ended ones, and all in categories that are private or out of scope, are never among them.
    """
    at = at or datetime.now(UTC)
    nearness = rules.nearness(sought.category)
    ours = rules.categories[sought.category]
    if ours.visibility == "private" or ours.out_of_scope:
        return []
    rows = await store_near.around(
        conn,
        Around(
            categories=rules.groups[ours.group_id].categories,
            since=at - nearness.period,
            box=_box(sought, nearness.metres),
            wide=_box(sought, nearness.metres * FURTHER),
            commune_code=sought.commune_code,
            photos=[photo.sha256 for photo in sought.photos],
            citizen_id=sought.citizen_id,
        ),
    )
    found = [near for row in rows if (near := _near(row, sought, nearness.metres, lang)) is not None]
    found.sort(key=lambda near: (-near.why.score, near.why.distance_m or 0.0, near.code))
    return found[:most]


async def around(conn: Conn, rules: RuleSet, report: Report, metres: float) -> list[tuple[Report, float]]:
    """Open public reports of any matter around this one, whole, with the metres to it; the nearest first, at most 40.

    For the staff: whom of them it concerns is the caller's to judge. One statement; none for a report without a point.
    """
    if report.lat is None or report.lon is None:
        return []
    box = _square(report.lat, report.lon, metres)
    found = [
        store.report_of(row) for row in await store_near.open_in(conn, list(rules.categories), box, report.report_id)
    ]
    apart = [
        (one, distance_m(report.lat, report.lon, one.lat, one.lon))
        for one in found
        if one.lat is not None and one.lon is not None
    ]
    return sorted((pair for pair in apart if pair[1] <= metres), key=lambda pair: pair[1])


async def beside(
    conn: Conn,
    rules: RuleSet,
    actor: Actor,
    reports: Sequence[tuple[Report, str]],
    lang: Lang,
    at: datetime | None = None,
) -> dict[UUID, list[tuple[Near, Report]]]:
    """For each of these reports, by its id, others that may be of the same matter, as a member of staff may read them:
    whole, and only those that are any of the actor's business.

    With each goes the category it is taken for; while nobody has said so, others that nobody has named yet are looked
    for as well. One or two statements a report, and one more.
    """
    found: dict[UUID, list[Near]] = {}
    for report, taken_for in reports:
        near: dict[UUID, Near] = {}
        for category in {report.category, taken_for} & rules.categories.keys():
            sought = Sought(
                category=category,
                text=report.body,
                lat=report.lat,
                lon=report.lon,
                commune_code=report.commune_code,
            )
            for one in await find(conn, rules, sought, lang, at, MOST + 1):
                if one.report_id != report.report_id and not _better(near.get(one.report_id), one):
                    near[one.report_id] = one
        found[report.report_id] = sorted(near.values(), key=lambda one: (-one.why.score, one.code))[:MOST]
    return await _whole(conn, actor, found)


def _better(known: Near | None, other: Near) -> bool:
    return known is not None and known.why.score >= other.why.score


async def alike(
    conn: Conn, rules: RuleSet, actor: Actor, sought: Sought, lang: Lang, at: datetime | None = None
) -> list[tuple[Near, Report]]:
    """The same for a report about to be written down. Raises Invalid like ``find``."""
    nobody = UUID(int=0)
    return (await _whole(conn, actor, {nobody: await find(conn, rules, sought, lang, at)}))[nobody]


async def _whole(conn: Conn, actor: Actor, found: dict[UUID, list[Near]]) -> dict[UUID, list[tuple[Near, Report]]]:
    ids = {near.report_id for some in found.values() for near in some}
    known = {report.report_id: report for report in await store.by_ids(conn, list(ids))} if ids else {}
    return {
        report_id: [(near, known[near.report_id]) for near in some if actor.may_see(known[near.report_id])]
        for report_id, some in found.items()
    }


def _box(sought: Sought, metres: float) -> Box | None:
    return None if sought.lat is None or sought.lon is None else _square(sought.lat, sought.lon, metres)


def _square(lat: float, lon: float, metres: float) -> Box:
    north, east = metres / LAT_M, metres / (LON_M * cos(radians(lat)))
    return lat - north, lat + north, lon - east, lon + east


def _near(row: asyncpg.Record, sought: Sought, radius_m: float, lang: Lang) -> Near | None:
    report = store.report_of(row)
    mine = row["mine"]
    # Words are compared as the public would read them: whoever tries names or numbers here learns nothing.
    text = report.body if mine else row["public_body"] or mask(report.body, lang)
    theirs = [Fingerprint(sha256, phash) for sha256, phash in zip(row["files"], row["looks"], strict=True)]
    why = likeness(
        (sought.text, text),
        (sought.photos, theirs),
        same_category=report.category == sought.category,
        distance_m=_apart(sought, report),
        radius_m=radius_m,
    )
    if why is None or why.score < ENOUGH:
        return None
    near = Near(
        report_id=report.report_id,
        code=report.code,
        status=report.status,
        category=report.category,
        commune_name=report.commune_name,
        submitted_at=report.submitted_at,
        voices=row["voices"],
        mine=mine,
        why=why,
    )
    if report.published_at is None and not mine:
        return near
    return msgspec.structs.replace(near, text=text, photo=next(iter(row["shown"]), ""))


def _apart(sought: Sought, report: Report) -> float | None:
    if sought.lat is None or sought.lon is None or report.lat is None or report.lon is None:
        return None
    return round(distance_m(sought.lat, sought.lon, report.lat, report.lon), 1)
