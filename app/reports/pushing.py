"""An app that is woken when there is news of a report: its push address is one more way to reach whoever reported.

Whoever has the report's secret says so for that report alone. A report that a chat hears of stays with the chat:
nobody is told twice.
"""

from uuid import UUID

from app.accounts import citizens, data_requests
from app.db import Conn, Pool, transaction
from app.errors import Conflict
from app.i18n import Lang
from app.reports.model import Report

CHANNEL = "push"


async def register(pool: Pool, report: Report, address: str, lang: Lang) -> None:
    """The app behind this push address hears of the report from now on, instead of any app before. Repeating it changes
    nothing; an address that was given up is used again. Raises Conflict when a chat hears of it."""
    async with transaction(pool) as conn:
        before = await _owner(conn, report)
        if before is not None and await _has_chat(conn, before):
            raise Conflict("push.told_in_chat")
        person = await citizens.citizen(conn, CHANNEL, address, "", lang)
        await conn.execute(
            "UPDATE channel_identities SET last_heard_at = now() WHERE channel = $1 AND channel_user_id = $2",
            CHANNEL,
            address,
        )
        await _give(conn, report, person.citizen_id)
        if before not in (None, person.citizen_id):
            await _forget_if_idle(conn, before)


async def remove(pool: Pool, report: Report) -> None:
    """No app hears of the report any more; an app that hears of nothing else is forgotten. Chats stay as they are."""
    async with transaction(pool) as conn:
        before = await _owner(conn, report)
        if before is not None and not await _has_chat(conn, before):
            await _give(conn, report, None)
            await _forget_if_idle(conn, before)


async def _owner(conn: Conn, report: Report) -> UUID | None:
    """Who hears of the report as its reporter; two who register at once do so one after the other."""
    found: UUID | None = await conn.fetchval(
        "SELECT citizen_id FROM report_contacts WHERE report_id = $1 FOR UPDATE", report.report_id
    )
    return found


async def _has_chat(conn: Conn, citizen_id: UUID) -> bool:
    return bool(
        await conn.fetchval(
            "SELECT EXISTS (SELECT FROM channel_identities WHERE citizen_id = $1 AND channel <> $2)",
            citizen_id,
            CHANNEL,
        )
    )


async def _give(conn: Conn, report: Report, citizen_id: UUID | None) -> None:
    await conn.execute("UPDATE report_contacts SET citizen_id = $2 WHERE report_id = $1", report.report_id, citizen_id)


async def _forget_if_idle(conn: Conn, citizen_id: UUID | None) -> None:
    """Erase how somebody was reached who has no report here any more."""
    if citizen_id and not await conn.fetchval(
        "SELECT EXISTS (SELECT FROM report_contacts WHERE citizen_id = $1)", citizen_id
    ):
        await data_requests.forget(conn, citizen_id)
