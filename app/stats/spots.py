"""Hot spots: places where many reports of one category lie within some 300 m, and whether the matter comes back there
after it was settled.

Reports are counted like the figure "received". Where a report is, is what is known of it today.
"""

import heapq
import re
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from msgspec import Struct, structs

from app.db import Conn
from app.errors import Invalid
from app.stats import store, store_spots
from app.stats.model import Question
from app.stats.store_spots import Cells, Facts, Window

LEAST, LEAST_OF_MANY, MANY = 3, 5, 20_000
"""Fewer reports are no hot spot; of so many in the period it takes more."""
LOOKED_AT = 100_000
"""So many reports at most are looked at, the latest of the period: what is hot is what lately came."""
MOST = 20
LISTED = 300
_LOOKED_THROUGH = 1500
_KEY = re.compile(r"(-?\d{1,7})\.(-?\d{1,7})\.(\d{1,2})\.([a-z0-9-]{1,100})", re.ASCII)


class Spot(Struct, frozen=True):
    """``key``: how an address names it."""

    key: str
    category: str
    facts: Facts


class There(Struct, frozen=True):
    """A report at a spot; ``again``: it came after another one there had got a result."""

    report_id: UUID
    at: datetime
    agency: str
    again: bool


def least_of(received: int) -> int:
    """How many make a spot when so many came in all."""
    return LEAST if received < MANY else LEAST_OF_MANY


async def latest(conn: Conn, question: Question) -> Question:
    """The same of a shorter time where more reports came than are looked at. What is asked about spots is asked about
    this one. Raises Invalid for an empty period."""
    question = _possible(question)
    start = await store_spots.start_of_latest(conn, await store.state(conn), question, LOOKED_AT)
    return question if start is None else structs.replace(question, start=start)


async def found(conn: Conn, question: Question, least: int = LEAST, most: int = MOST) -> list[Spot]:
    """The spots of the question's period as known at its "as of", those with the most reports first. The connection is
    in a transaction."""
    question = _possible(question)
    state = await store.state(conn)
    places = picked(await store_spots.windows(conn, state, question, least, _LOOKED_THROUGH), least, most)
    if not places:
        return []
    known = await store_spots.facts(conn, state, question, places)
    spots = [Spot(written(one), one.category, facts) for one, facts in zip(places, known, strict=True) if facts]
    return sorted(spots, key=lambda spot: (-spot.facts.count, spot.key))


async def reports_at(conn: Conn, question: Question, place: Cells) -> list[There]:
    """The latest first, ``LISTED`` at most."""
    question = _possible(question)
    state = await store.state(conn)
    return [There(*row) for row in await store_spots.reports_at(conn, state, question, place, LISTED)]


async def facts_of(conn: Conn, question: Question, place: Cells) -> Facts | None:
    question = _possible(question)
    [facts] = await store_spots.facts(conn, await store.state(conn), question, [place])
    return facts


async def points(conn: Conn, question: Question, most: int) -> list[tuple[float, float, str]]:
    """Latitude, longitude and category of the latest reports. The connection is in a transaction."""
    question = _possible(question)
    return await store_spots.points(conn, await store.state(conn), question, most)


def _possible(question: Question) -> Question:
    """Nothing is known of what lies behind "as of"."""
    if question.start >= question.end or question.as_of <= question.start:
        raise Invalid("stats.period_wrong", field="period")
    return structs.replace(question, end=min(question.end, question.as_of))


def picked(windows: Iterable[Window], least: int, most: int) -> list[Cells]:
    """The fullest windows, no cell in two of them: each takes its reports away from those that overlap it. Pure."""
    left: dict[tuple[str, int, int], int] = {}
    waiting: list[tuple[int, str, int, int]] = []
    for window in windows:
        for bit, count in enumerate(window.counts):
            left[window.category, window.x + bit % 2, window.y + bit // 2] = count
        waiting.append((-sum(window.counts), window.category, window.x, window.y))
    heapq.heapify(waiting)
    places: list[Cells] = []
    while waiting and len(places) < most:
        count, category, x, y = heapq.heappop(waiting)
        cells = [(category, x + bit % 2, y + bit // 2) for bit in range(4)]
        now = sum(left.get(cell, 0) for cell in cells)
        if now < least:
            continue
        if now < -count:
            heapq.heappush(waiting, (-now, category, x, y))
            continue
        places.append(Cells(category, x, y, sum(bool(left.get(cell)) << bit for bit, cell in enumerate(cells))))
        for cell in cells:
            left[cell] = 0
    return places


def written(place: Cells) -> str:
    return f"{place.x}.{place.y}.{place.mask}.{place.category}"


def read(key: str) -> Cells:
    """Raises Invalid for what names no spot."""
    said = _KEY.fullmatch(key)
    if said is None or not 1 <= int(said[3]) <= 15:
        raise Invalid("hotspots.spot_unknown", field="spot")
    return Cells(said[4], int(said[1]), int(said[2]), int(said[3]))
