"""SQL of what people may ask for by law: to be shown what is held about them, and to be erased."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from app.db import Conn
from app.history import store as history
from app.history.model import Event
from app.reports.model import Report, Status
from app.reports.searching import searched


async def is_citizen(conn: Conn, citizen_id: UUID) -> bool:
    return bool(await conn.fetchval("SELECT EXISTS (SELECT FROM citizens WHERE citizen_id = $1)", citizen_id))


async def report_counts(conn: Conn, citizen_ids: Sequence[UUID]) -> Mapping[UUID, int]:
    """How many reports each has sent."""
    rows = await conn.fetch(
        "SELECT citizen_id, count(*) FROM report_contacts WHERE citizen_id = ANY($1) GROUP BY 1", list(citizen_ids)
    )
    return defaultdict(int, [(row[0], row[1]) for row in rows])


async def lock_reports(conn: Conn, citizen_id: UUID | None, only: UUID | None) -> list[UUID]:
    """The citizen's reports, or the one, and the parts of them, locked until the transaction ends."""
    rows = await conn.fetch(
        """
        WITH own AS (SELECT report_id FROM report_contacts WHERE citizen_id = $1 UNION SELECT $2::uuid)
        SELECT report_id FROM reports
        WHERE report_id IN (SELECT report_id FROM own) OR part_of IN (SELECT report_id FROM own)
        ORDER BY report_id FOR UPDATE
        """,
        citizen_id,
        only,
    )
    return [row["report_id"] for row in rows]


_ERASE = f"""
    WITH changed AS (
        UPDATE reports SET body = $2, search_text = {searched("$3::text")}, version = version + 1, last_seq = $4,
               last_hash = $5, updated_at = $6
        WHERE report_id = $1 RETURNING report_id
    ),
    contact AS (
        UPDATE report_contacts SET citizen_id = NULL, name = '', phone = '', email = '' WHERE report_id = $1
    ),
    silenced AS (
        DELETE FROM report_messages
        WHERE report_id = $1 AND author_kind = 'citizen' AND message_id <> ALL ($7::uuid[])
    ),
    masked AS (
        UPDATE report_messages m SET body = k.body
        FROM unnest($7::uuid[], $8::text[]) AS k(message_id, body)
        WHERE m.report_id = $1 AND m.message_id = k.message_id
    ),
    unheard AS (DELETE FROM report_sounds WHERE report_id = $1 RETURNING sha256),
    -- The next sweep deletes the bytes, unless another report has the very same ones.
    aged AS (
        UPDATE sound_blobs SET touched_at = '-infinity' WHERE sha256 IN (SELECT sha256 FROM unheard)
    ),
    {history.append_cte(9, "changed")}
    SELECT count(*) FROM changed
"""  # noqa: S608  # relation names of our own


async def erase(conn: Conn, after: Report, search_text: str, events: Sequence[Event], kept: Mapping[UUID, str]) -> None:
    """Write one report's erasure; ``kept``: the citizen's words that stay, as they are to be."""
    await conn.fetchval(
        _ERASE,
        after.report_id,
        after.body,
        search_text,
        events[-1].seq,
        events[-1].hash,
        after.updated_at,
        list(kept),
        list(kept.values()),
        *history.arguments(events),
    )


class OwnReport(Struct, frozen=True):
    """One report as its reporter's data. ``details``: which of name, phone and email were left with it."""

    code: str
    submitted_at: datetime
    status: Status
    details: tuple[str, ...]
    consent_version: str
    consent_at: datetime


class Holdings(Struct, frozen=True, kw_only=True):
    """Everything held about a person. ``chats``: channel and since when; ``erasure_asked``: when, if still waiting."""

    since: datetime
    consent_version: str | None
    consent_at: datetime | None
    chats: tuple[tuple[str, datetime], ...]
    reports: tuple[OwnReport, ...]
    following: int
    areas: int = 0
    messages: int
    photos: int
    sounds: int
    drafts: int
    erasure_asked: datetime | None


async def holdings(conn: Conn, citizen_id: UUID) -> Holdings:
    """What is held about a citizen, reports newest first."""
    row = await conn.fetchrow(
        """
        WITH own AS (SELECT report_id FROM report_contacts WHERE citizen_id = $1)
        SELECT created_at AS since, consent_version, consent_at,
               (SELECT count(*) FROM report_followers WHERE citizen_id = $1) AS following,
               (SELECT count(*) FROM area_followers JOIN followed_areas USING (follower_id)
                WHERE citizen_id = $1) AS areas,
               (SELECT count(*) FROM report_messages JOIN own USING (report_id)
                WHERE author_kind = 'citizen') AS messages,
               (SELECT count(*) FROM report_photos JOIN own USING (report_id) WHERE added_by = 'citizen') AS photos,
               (SELECT count(*) FROM report_sounds JOIN own USING (report_id)) AS sounds,
               (SELECT count(*) FROM drafts WHERE citizen_id = $1) AS drafts,
               (SELECT min(requested_at) FROM data_requests
                WHERE citizen_id = $1 AND kind = 'erase' AND done_at IS NULL) AS erasure_asked
        FROM citizens WHERE citizen_id = $1
        """,
        citizen_id,
    )
    assert row is not None
    chats = await conn.fetch(
        "SELECT channel, created_at FROM channel_identities WHERE citizen_id = $1 ORDER BY created_at", citizen_id
    )
    reports = await conn.fetch(
        """
        SELECT code, submitted_at, status, name <> '' AS name, phone <> '' AS phone, email <> '' AS email,
               consent_version, consent_at
        FROM report_contacts JOIN reports USING (report_id) WHERE citizen_id = $1 ORDER BY submitted_at DESC
        """,
        citizen_id,
    )
    return Holdings(
        **row,
        chats=tuple((chat["channel"], chat["created_at"]) for chat in chats),
        reports=tuple(
            OwnReport(
                r["code"],
                r["submitted_at"],
                Status(r["status"]),
                tuple(name for name in ("name", "phone", "email") if r[name]),
                r["consent_version"],
                r["consent_at"],
            )
            for r in reports
        ),
    )
