"""What everybody may read of many reports at once: the published ones as a list, others by their code."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from app.db import Conn
from app.i18n import Lang
from app.reports import publication, store, store_published
from app.reports.model import Picture, Report, Status
from app.reports.public_list import PLACES
from app.reports.store_published import Sought
from app.reports.workflow import OPEN

CLOSED = frozenset(Status) - OPEN

__all__ = ["CLOSED", "OPEN", "Public", "Sought", "Told", "by_codes", "listed", "told"]


class Public(Struct, frozen=True, kw_only=True):
    """A report as everybody may see it. ``text``, ``told`` (the agencies' last words), ``pictures`` and the point are
    empty until it is published; whoever does not see ``report.visibility == "public"`` shows its status alone."""

    report: Report
    text: str = ""
    told: str = ""
    pictures: Sequence[Picture] = ()
    lat: float | None = None
    lon: float | None = None


class Told(Struct, frozen=True, kw_only=True):
    """What an agency said in public about a published report."""

    message_id: UUID
    report: Report
    at: datetime
    text: str
    closes: bool


async def listed(conn: Conn, sought: Sought, limit: int, skip: int, lang: Lang) -> list[Public]:
    """Published reports, those sent last first. ``lang``: for what is put in the place of masked words."""
    return await _shown(conn, await store_published.published(conn, sought, limit, skip), lang)


async def by_codes(conn: Conn, codes: Sequence[str], lang: Lang) -> list[Public]:
    """The reports with these codes, in this order, published or not; unknown ones and parts of others are left out."""
    found = {report.code: report for report in await store.by_codes(conn, codes) if report.part_of is None}
    return await _shown(conn, [found[code] for code in dict.fromkeys(codes) if code in found], lang)


async def told(conn: Conn, since: datetime, until: datetime, limit: int, skip: int, lang: Lang) -> list[Told]:
    """What agencies said of published reports in that time, both ends included, oldest first."""
    rows = await store_published.told(conn, since, until, limit, skip)
    copies = await store_published.copies(conn, list({report.report_id for report, _ in rows}))
    return [
        Told(
            message_id=message.message_id,
            report=report,
            at=message.at,
            text=publication.words_of(message, copies[report.report_id], lang),
            closes=message.kind != "progress",
        )
        for report, message in rows
    ]


async def _shown(conn: Conn, reports: Sequence[Report], lang: Lang) -> list[Public]:
    public = [report.report_id for report in reports if publication.is_public(report)]
    if not public:
        return [Public(report=report) for report in reports]
    copies = await store_published.copies(conn, public)
    pictures = await store.pictures_of_each(conn, public)
    said = await store_published.last_told(conn, public)
    shown = []
    for report in reports:
        copy = copies.get(report.report_id)
        if copy is None:
            shown.append(Public(report=report))
            continue
        last = said.get(report.report_id)
        shown.append(
            Public(
                report=report,
                text=publication.text_of(report, copy, lang),
                told=publication.words_of(last, copy, lang) if last else "",
                pictures=publication.pictures_of(report, pictures[report.report_id], copy),
                lat=None if report.lat is None else round(report.lat, PLACES),
                lon=None if report.lon is None else round(report.lon, PLACES),
            )
        )
    return shown
