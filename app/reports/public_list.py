"""The reports that everybody may read: a list with the newest first, and where they are.

Published reports alone, as edited; where they are is told to about ten metres.
"""

from datetime import datetime
from typing import Literal
from uuid import UUID

import asyncpg
from msgspec import Struct

from app import cursors
from app.db import Conn
from app.errors import Invalid
from app.i18n import Lang
from app.reports import store, store_public
from app.reports.masking import mask
from app.reports.model import Status
from app.reports.workflow import OPEN

State = Literal["open", "done"]
_STATUSES: dict[State | None, tuple[str, ...]] = {
    "open": tuple(sorted(OPEN)),
    "done": (Status.RESOLVED, Status.CLOSED),
    None: (*sorted(OPEN), Status.RESOLVED, Status.CLOSED),
}
"""Declined and withdrawn ones and duplicates are nobody's news."""
PLACES = 4
"""Decimals of a published place: 11 metres."""
CLUSTERS_MOST = 1000
Box = tuple[float, float, float, float]


class Wanted(Struct, frozen=True):
    """None: any. ``state``: still being worked on, or with a result."""

    category: str | None = None
    commune: str | None = None
    state: State | None = None

    @property
    def asked(self) -> tuple[str | None, str | None, tuple[str, ...]]:
        return self.category, self.commune, _STATUSES[self.state]


class PublicReport(Struct, frozen=True):
    """What a list shows of one. ``photo`` and ``photo_after``: hashes of public copies, "" where there is none."""

    code: str
    status: Status
    category: str
    commune_code: str | None
    commune_name: str
    agency_id: str
    submitted_at: datetime
    resolved_at: datetime | None
    words: str
    photo: str
    photo_after: str
    voices: int
    lat: float | None
    lon: float | None


class Page(Struct, frozen=True):
    """``after`` asks for the next page; None behind the last."""

    reports: list[PublicReport]
    after: str | None


class Cluster(Struct, frozen=True, array_like=True):
    """``n`` reports around a point; ``code`` and ``category`` of the one where it is one alone."""

    lat: float
    lon: float
    n: int
    code: str
    category: str


def shown_statuses() -> tuple[str, ...]:
    """Those that are anybody's business."""
    return _STATUSES[None]


async def page(conn: Conn, wanted: Wanted, lang: Lang, limit: int = 20, after: str | None = None) -> Page:
    """One statement. Raises Invalid for an ``after`` that no page has given."""
    rows = await store_public.page(conn, wanted.asked, limit + 1, _read(after))
    found = [_shown(row, lang) for row in rows[:limit]]
    last = rows[limit - 1] if len(rows) > limit else None
    return Page(found, cursors.written((last["submitted_at"], last["report_id"])) if last else None)


def _shown(row: asyncpg.Record, lang: Lang) -> PublicReport:
    report = store.report_of(row)
    return PublicReport(
        report.code,
        report.status,
        report.category,
        report.commune_code,
        report.commune_name,
        report.agency_id,
        report.submitted_at,
        report.resolved_at,
        row["public_body"] or mask(report.body, lang),
        row["before"] or "",
        row["after"] or "",
        row["voices"],
        None if report.lat is None else round(report.lat, PLACES),
        None if report.lon is None else round(report.lon, PLACES),
    )


async def clusters(conn: Conn, wanted: Wanted, box: Box, zoom: int) -> list[Cluster]:
    """What a map of this zoom (0 the world in 256 pixels, one more doubles it) shows of the box (south, north, west,
    east): one dot for all that lie within about 50 pixels. One statement."""
    east = 360 / 2**zoom * 50 / 256
    rows = await store_public.clusters(conn, wanted.asked, box, (east, east), CLUSTERS_MOST)
    return [
        Cluster(
            round(row["lat"], PLACES), round(row["lon"], PLACES), row["n"],
            *((row["code"], row["category"]) if row["n"] == 1 else ("", "")),
        )
        for row in rows
    ]  # fmt: skip


def _read(after: str | None) -> tuple[datetime, UUID] | None:
    try:
        return cursors.read(after, tuple[cursors.Moment, UUID]) if after else None
    except ValueError:
        raise Invalid("web.page_unknown", field="after") from None
