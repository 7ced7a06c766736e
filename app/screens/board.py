"""What the wall display shows, read from the statistics and the reports: figures, and places no finer than a grid.

Nothing here names a person or repeats what somebody wrote; photos are the public copies of published reports alone.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from msgspec import Struct

from app.db import Conn
from app.places.geo import LAT_M, LON_M
from app.reports import publication
from app.reports import service as reports
from app.reports.model import Picture
from app.routing.calendar import VIETNAM
from app.stats import service as stats
from app.stats.life import DESK
from app.stats.measures import FIGURES
from app.stats.model import Question, value
from app.stats.periods import Step
from app.stats.ranking import ranked

GRID_M = 250.0
"""Places are shown by the middle of a square of this side."""
PINS_SINCE = timedelta(hours=24)
PINS_MOST = 150
LATE_OVER = timedelta(days=30)
LATE_LEAST = 10
"""Of fewer results nothing is said about an agency."""
LATE_MOST = 5
SHOWN_SINCE = timedelta(days=60)
SHOWN_MOST = 6
_LOOKED_THROUGH = 24
DAYS = 14
_COS = 0.9613
"""Of 16° north, so that the grid is the same everywhere."""


class Today(Struct, frozen=True):
    """Since midnight; ``received_then`` and ``handled_then``: by this time yesterday; ``on_time_then``: of all
    yesterday."""

    received: int
    handled: int
    open: int
    overdue: int
    on_time: float | None
    received_then: int
    handled_then: int
    on_time_then: float | None


class Pin(Struct, frozen=True):
    """A report of the last day, by the middle of its square; None where only its commune is known."""

    lat: float | None
    lon: float | None
    category: str
    commune: str
    at: datetime


class Late(Struct, frozen=True):
    """``of``: results that the on-time rate is counted from."""

    agency: str
    on_time: float
    of: int
    overdue: int


class Shown(Struct, frozen=True):
    """A result that everybody may see. ``before`` and ``after``: hashes of the photos' public copies."""

    category: str
    commune: str
    agency: str
    sent_at: datetime
    resolved_at: datetime
    before: str
    after: str


class Day(Struct, frozen=True):
    day: date
    received: int
    handled: int


class Board(Struct, frozen=True):
    """``made_at``: when it was read; ``read_at``: up to when the statistics know what has happened."""

    made_at: datetime
    read_at: datetime
    today: Today
    pins: tuple[Pin, ...]
    late: tuple[Late, ...]
    shown: tuple[Shown, ...]
    days: tuple[Day, ...]


async def today(conn: Conn, now: datetime) -> tuple[Today, datetime]:
    """And up to when the statistics know. Some nine statements."""
    start, day = _midnight(now), timedelta(days=1)
    now = max(now, start + timedelta(seconds=1))  # at midnight sharp the day is empty, which is no period
    count = {name: FIGURES[name] for name in ("received", "handled", "open", "overdue", "on_time_rate")}
    flows = (count["received"], count["handled"])
    said = await stats.ask(conn, Question(start=start, end=now, as_of=now), count.values())
    then = await stats.ask(conn, Question(start=start - day, end=now - day, as_of=now - day), flows)
    whole = await stats.ask(conn, Question(start=start - day, end=start, as_of=now), [count["on_time_rate"]])
    counts, before = said.groups.get("", {}), then.groups.get("", {})
    figures = {name: value(figure, counts) for name, figure in count.items()}
    return Today(
        **{name: int(figures[name] or 0) for name in ("received", "handled", "open", "overdue")},
        on_time=figures["on_time_rate"],
        received_then=int(value(count["received"], before) or 0),
        handled_then=int(value(count["handled"], before) or 0),
        on_time_then=value(count["on_time_rate"], whole.groups.get("", {})),
    ), said.read_at


def _midnight(now: datetime) -> datetime:
    return now.astimezone(VIETNAM).replace(hour=0, minute=0, second=0, microsecond=0)


async def pins(conn: Conn, now: datetime) -> tuple[Pin, ...]:
    """The newest first. Private reports have none: what they are about is nobody's business at any place."""
    rows = await conn.fetch(
        """
        SELECT lat, lon, category, coalesce(commune_code, ''), submitted_at FROM reports
        WHERE submitted_at > $1 AND visibility = 'public' AND part_of IS NULL
          AND status NOT IN ('rejected', 'withdrawn')
        ORDER BY submitted_at DESC, report_id DESC LIMIT $2
        """,
        now - PINS_SINCE,
        PINS_MOST,
    )
    return tuple(Pin(*_rounded(lat, lon), *rest) for lat, lon, *rest in (row.values() for row in rows))


def _rounded(lat: float | None, lon: float | None) -> tuple[float | None, float | None]:
    """The middle of the square in which a point lies."""
    if lat is None or lon is None:
        return None, None
    down, across = GRID_M / LAT_M, GRID_M / (LON_M * _COS)
    return round((lat // down + 0.5) * down, 5), round((lon // across + 0.5) * across, 5)


async def late(conn: Conn, now: datetime) -> tuple[Late, ...]:
    """Agencies with the lowest on-time rate, the lowest first; none that is always on time."""
    rate, overdue = FIGURES["on_time_rate"], FIGURES["overdue"]
    answer = await stats.ask(conn, Question(start=now - LATE_OVER, end=now, as_of=now, by="agency"), [rate, overdue])
    return tuple(
        Late(one.key, one.value, one.of, int(value(overdue, answer.groups[one.key]) or 0))
        for one in ranked(answer, rate, minimum=LATE_LEAST, highest_first=False)
        if one.place and one.key != DESK and one.value is not None and one.value < 100
    )[:LATE_MOST]


async def shown(conn: Conn, now: datetime) -> tuple[Shown, ...]:
    """The latest results with a photo from before and one from after that everybody may see."""
    rows = await conn.fetch(
        """
        SELECT report_id FROM reports r
        WHERE published_at IS NOT NULL AND resolved_at IS NOT NULL AND visibility = 'public' AND resolved_at > $1
          AND status IN ('resolved', 'closed') AND part_of IS NULL
          AND EXISTS (SELECT FROM report_photos p WHERE p.report_id = r.report_id AND p.stage = 'after')
        ORDER BY resolved_at DESC LIMIT $2
        """,
        now - SHOWN_SINCE,
        _LOOKED_THROUGH,
    )
    found = []
    for report, pictures in await reports.several(conn, [row["report_id"] for row in rows]):
        public = publication.pictures_of(report, pictures, await publication.of(conn, report.report_id))
        before, after = _first(public, after=False), _first(public, after=True)
        if publication.is_public(report) and before and after and report.resolved_at:
            commune = report.commune_code or ""
            times = report.submitted_at, report.resolved_at
            found.append(Shown(report.category, commune, report.agency_id, *times, before, after))
        if len(found) == SHOWN_MOST:
            break
    return tuple(found)


def _first(pictures: Sequence[Picture], *, after: bool) -> str:
    return next((one.sha256 for one in pictures if (one.stage == "after") == after), "")


async def days(conn: Conn, now: datetime) -> tuple[Day, ...]:
    """The last days, today the last of them, as known now."""
    figures, day, last = (FIGURES["received"], FIGURES["handled"]), timedelta(days=1), _midnight(now)
    steps = [Step("day", last - ago * day, last - (ago - 1) * day) for ago in reversed(range(DAYS))]
    whole = Question(start=steps[0].start, end=steps[-1].end, as_of=max(now, last + timedelta(seconds=1)))
    answers = await stats.series(conn, whole, steps, figures)
    return tuple(
        Day(step.start.date(), *(int(value(figure, answer.groups.get("", {})) or 0) for figure in figures))
        for step, answer in zip(steps, answers, strict=True)
    )
