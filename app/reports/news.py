"""What is new for everybody: reports that were published, and those that got their result. Public copies alone."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
from msgspec import Struct

from app.db import Conn
from app.i18n import Lang
from app.reports import store, store_news
from app.reports.masking import mask
from app.reports.model import Status
from app.reports.public_list import PLACES, shown_statuses


class News(Struct, frozen=True):
    """``at``: when it was published last or got its result, whichever came later. ``result``: what the agency said of
    it in public, "" while it has none. ``photo`` and ``photo_after``: hashes of public copies, "" where there is
    none."""

    report_id: UUID
    code: str
    status: Status
    category: str
    commune_code: str | None
    commune_name: str
    agency_id: str
    submitted_at: datetime
    published_at: datetime
    resolved_at: datetime | None
    at: datetime
    words: str
    result: str
    photo: str
    photo_after: str
    lat: float | None
    lon: float | None


Part = tuple[str | None, str | None]
"""Commune and category of what somebody wants to hear of; None: any."""


async def latest(
    conn: Conn, lang: Lang, *, commune: str | None, categories: Sequence[str] | None, limit: int
) -> list[News]:
    """The newest first. One statement."""
    rows = await store_news.latest(conn, shown_statuses(), commune, categories, limit)
    return [_news(row, lang) for row in rows]


class Since(Struct, frozen=True):
    """What became known in a time: reports without a result and with one, the latest few of each, and how many."""

    fresh: list[News]
    done: list[News]
    fresh_count: int
    done_count: int


async def between(conn: Conn, lang: Lang, since: datetime, until: datetime, parts: Sequence[Part], limit: int) -> Since:
    """What was published for the first time, or got its result, after ``since`` and not after ``until``, each report
    once. What was only published anew is no news. One statement."""
    rows = await store_news.between(conn, shown_statuses(), since, until, parts, limit)
    found: dict[bool, list[News]] = {False: [], True: []}
    counts = {False: 0, True: 0}
    for row in rows:
        done = row["resolved_at"] is not None
        counts[done] = row["of_its_kind"]
        found[done].append(_news(row, lang))
    return Since(found[False], found[True], counts[False], counts[True])


def _news(row: asyncpg.Record, lang: Lang) -> News:
    report = store.report_of(row)
    assert report.published_at is not None
    return News(
        report.report_id,
        report.code,
        report.status,
        report.category,
        report.commune_code,
        report.commune_name,
        report.agency_id,
        report.submitted_at,
        report.published_at,
        report.resolved_at,
        row["news_at"],
        row["public_body"] or mask(report.body, lang),
        row["public_result"] or mask(row["result"] or "", lang),
        row["before"] or "",
        row["after"] or "",
        _place(report.lat),
        _place(report.lon),
    )


def _place(degrees: float | None) -> float | None:
    return None if degrees is None else round(degrees, PLACES)


async def photo(conn: Conn, code: str) -> str:
    """The hash of what everybody may see of a report now: the picture of its result, else its first; "" for none."""
    found: Any = await store_news.photo(conn, code)
    return found or ""
