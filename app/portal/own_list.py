"""The reports that were sent from this browser: those whose secret it knows and has right."""

from datetime import UTC, datetime

from msgspec import Struct

from app.accounts.model import Actor
from app.casefile.words import ago, category_name, status_word
from app.errors import Forbidden
from app.i18n import Lang
from app.portal.context import Req, portal
from app.portal.mine import mine
from app.reports import many
from app.reports import service as reports
from app.reports.model import Report, Status


class Mine(Struct, frozen=True):
    """A line of one's own list."""

    code: str
    status: str
    category: str
    place: str
    when: str
    waits: bool


async def own(request: Req) -> list[Report]:
    """The newest first."""
    kept = mine(request)
    if not kept:
        return []
    async with portal(request).parts.pool.acquire() as conn:
        known = {report.code: report for report in await many.of_codes(conn, list(kept))}
    found = [(known[code], secret) for code, secret in kept.items() if code in known]
    return [report for report, secret in found if await is_reporter(request, report, secret)]


async def listed(request: Req, lang: Lang) -> list[Mine]:
    rules, now = portal(request).parts.rules, datetime.now(UTC)
    return [
        Mine(
            report.code,
            status_word(report.status, lang),
            category_name(rules, report.category, lang),
            ", ".join(part for part in (report.address, report.commune_name) if part),
            ago(report.submitted_at, now, lang),
            report.status in (Status.AWAITING_INFO, Status.RESOLVED),
        )
        for report in await own(request)
    ]


async def is_reporter(request: Req, report: Report, secret: str) -> Actor | None:
    try:
        return await reports.reporter(portal(request).parts.pool, report, secret=secret)
    except Forbidden:
        return None
