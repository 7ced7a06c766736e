"""SQL of the reports. Every write is one statement: the row, its history, words, photos and jobs, or nothing."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
from msgspec import Struct

from app import jobs
from app.attachments import store as attachments
from app.attachments.model import FileClaim
from app.db import Conn
from app.history import store as history
from app.history.model import Event, digest
from app.jobs import Job
from app.reports.model import Contact, Message, Picture, Report, Stage
from app.reports.searching import searched

_COLUMNS = tuple(field.name for field in msgspec.structs.fields(Report))
_FIXED = frozenset(
    {"report_id", "code", "body", "channel", "lang", "lat", "lon", "address", "submitted_at"}
    | {"answers", "reporter_kind", "version", "last_seq", "last_hash"}
)
_MUTABLE = tuple(name for name in _COLUMNS if name not in _FIXED)
_SELECT = ", ".join(f"r.{name}" for name in _COLUMNS)


class PhotoClaim(Struct, frozen=True):
    photo_id: UUID
    sha256: bytes
    stage: Stage


def report_of(row: asyncpg.Record) -> Report:
    """From a row with all columns of ``reports``, whatever else it has."""
    return msgspec.convert({name: row[name] for name in _COLUMNS}, Report, strict=False)


def _photo_branch(first: int, source: str) -> str:
    """Claims photos: parameters are ids, hashes, stages, who, when and the report."""
    p = [f"${first + i}" for i in range(6)]
    return f"""
        claimed AS (
            INSERT INTO report_photos (report_id, photo_id, sha256, stage, at, added_by)
            SELECT {p[0]}::uuid, p.photo_id, p.sha256, p.stage, {p[1]}::timestamptz, {p[2]}::text
            FROM {source}, unnest({p[3]}::uuid[], {p[4]}::bytea[], {p[5]}::text[]) AS p(photo_id, sha256, stage)
            ON CONFLICT (report_id, sha256, stage) DO NOTHING
        )"""  # noqa: S608  # parameter numbers and relation names of our own


def _photo_arguments(report_id: UUID, at: datetime, by: str, photos: Sequence[PhotoClaim]) -> tuple[Any, ...]:
    return report_id, at, by, [p.photo_id for p in photos], [p.sha256 for p in photos], [p.stage for p in photos]


_INSERT_COLUMNS = (*_COLUMNS, "secret_hash", "search_text")
_N = len(_INSERT_COLUMNS)
_INSERT = f"""
    WITH key AS (
        INSERT INTO idempotency_keys (scope, key, body_hash, report_id)
        SELECT ${_N + 1}::text, ${_N + 2}::text, ${_N + 3}::bytea, $1::uuid WHERE ${_N + 2} IS NOT NULL
        ON CONFLICT DO NOTHING RETURNING report_id
    ),
    fresh AS (SELECT report_id FROM key UNION ALL SELECT $1::uuid WHERE ${_N + 2} IS NULL),
    named AS (INSERT INTO report_codes (code, report_id) SELECT $2::text, report_id FROM fresh),
    filed AS (
        INSERT INTO reports ({", ".join(_INSERT_COLUMNS)})
        SELECT {", ".join(f"${i}" for i in range(1, _N + 1))} FROM fresh
        RETURNING report_id
    ),
    contact AS (
        INSERT INTO report_contacts (report_id, citizen_id, name, phone, email, consent_version, consent_at)
        SELECT report_id, ${_N + 4}::uuid, ${_N + 5}::text, ${_N + 6}::text, ${_N + 7}::text, ${_N + 8}::text,
               ${_N + 9}::timestamptz
        FROM filed WHERE ${_N + 8}::text IS NOT NULL
    ),
    {_photo_branch(_N + 10, "filed")},
    {history.append_cte(_N + 16, "filed")},
    {jobs.enqueue_cte(_N + 24, "filed")},
    heard AS (
        INSERT INTO report_sounds (report_id, sha256, at)
        SELECT report_id, s.sha256, ${_N + 9}::timestamptz FROM filed, unnest(${_N + 28}::bytea[]) AS s(sha256)
    )
    SELECT count(*) FROM filed
"""  # noqa: S608  # column names of our own


class Filing(Struct, frozen=True, kw_only=True):
    """Everything one intake writes."""

    report: Report
    secret_hash: bytes
    search_text: str
    key: tuple[str, str] | None
    body_hash: bytes
    citizen_id: UUID | None
    contact: Contact
    consent_version: str | None
    """None: nobody stands behind it, so there is no contact either."""
    photos: Sequence[PhotoClaim]
    sounds: Sequence[bytes]
    events: Sequence[Event]
    jobs: Sequence[Job]


async def insert(conn: Conn, filing: Filing) -> bool:
    """Write a new report. False: the idempotency key was used before and nothing was written.

    Raises asyncpg.UniqueViolationError when the public code is taken.
    """
    report, contact = filing.report, filing.contact
    scope, key = filing.key or (None, None)
    written = await conn.fetchval(
        _INSERT,
        *(getattr(report, name) for name in _COLUMNS),
        filing.secret_hash,
        filing.search_text,
        scope,
        key,
        filing.body_hash,
        filing.citizen_id,
        contact.name,
        contact.phone,
        contact.email,
        filing.consent_version,
        report.submitted_at,
        *_photo_arguments(report.report_id, report.submitted_at, "citizen", filing.photos),
        *history.arguments(filing.events),
        *jobs.arguments(filing.jobs),
        filing.sounds,
    )
    return bool(written)


async def by_key(conn: Conn, scope: str, key: str) -> tuple[bytes, Report] | None:
    """What an idempotency key was used for: the hash of that request's body, and its report."""
    row = await conn.fetchrow(
        f"""
        SELECT k.body_hash, {_SELECT} FROM idempotency_keys k JOIN reports r USING (report_id)
        WHERE k.scope = $1 AND k.key = $2
        """,  # noqa: S608  # column names of our own
        scope,
        key,
    )
    return (row["body_hash"], report_of(row)) if row else None


_M = len(_MUTABLE)
_UPDATE = f"""
    WITH changed AS (
        UPDATE reports SET ({", ".join(_MUTABLE)}) = ROW ({", ".join(f"${i + 3}" for i in range(_M))}),
               version = version + ${_M + 33}, last_seq = ${_M + 3}, last_hash = ${_M + 4},
               search_text = {searched(f"${_M + 31}::text")}
        WHERE report_id = $1 AND version = $2 AND last_seq = ${_M + 32}
        RETURNING report_id
    ),
    said AS (
        INSERT INTO report_messages
            (report_id, message_id, at, kind, author_kind, author_id, visibility, body, client_key)
        SELECT changed.report_id, m.id, m.at, m.kind, m.author_kind, m.author_id, m.visibility, m.body, m.client_key
        FROM changed, unnest(${_M + 5}::uuid[], ${_M + 6}::timestamptz[], ${_M + 7}::text[], ${_M + 8}::text[],
                             ${_M + 9}::uuid[], ${_M + 10}::text[], ${_M + 11}::text[], ${_M + 12}::text[])
             AS m(id, at, kind, author_kind, author_id, visibility, body, client_key)
    ),
    {_photo_branch(_M + 13, "changed")},
    {history.append_cte(_M + 19, "changed")},
    {jobs.enqueue_cte(_M + 27, "changed")},
    {attachments.claim_cte(_M + 34, "changed")}
    SELECT count(*) FROM changed
"""  # noqa: S608  # column names of our own


class Rewrite(Struct, frozen=True, kw_only=True):
    """Everything one change to a report writes. ``seen``: the report it was worked out on. ``search_text``: only where
    it changes. ``quiet``: the history grows and the version does not, so that whoever looks at the report meanwhile may
    act on what they see."""

    seen: Report
    report: Report
    events: Sequence[Event]
    messages: Sequence[Message] = ()
    photos: Sequence[PhotoClaim] = ()
    by: str = "staff"
    jobs: Sequence[Job] = ()
    search_text: str | None = None
    quiet: bool = False
    files: Sequence[FileClaim] = ()
    removed: UUID | None = None
    actor_id: UUID | None = None


async def update(conn: Conn, change: Rewrite) -> bool:
    """Write one change to a report. False: somebody changed it since ``seen`` was read, and nothing was written."""
    seen, events, messages = change.seen, change.events, change.messages
    written = await conn.fetchval(
        _UPDATE,
        seen.report_id,
        seen.version,
        *(getattr(change.report, name) for name in _MUTABLE),
        events[-1].seq,
        events[-1].hash,
        [m.message_id for m in messages],
        [m.at for m in messages],
        [m.kind for m in messages],
        [m.author_kind for m in messages],
        [m.author_id for m in messages],
        [m.visibility for m in messages],
        [m.body for m in messages],
        [m.client_key for m in messages],
        *_photo_arguments(seen.report_id, events[0].at, change.by, change.photos),
        *history.arguments(events),
        *jobs.arguments(change.jobs),
        change.search_text,
        seen.last_seq,
        0 if change.quiet else 1,
        *attachments.claim_arguments(change.files, change.actor_id, events[0].at, change.removed),
    )
    return bool(written)


async def by_code(conn: Conn, code: str) -> Report | None:
    row = await conn.fetchrow(
        f"SELECT {_SELECT} FROM report_codes c JOIN reports r USING (report_id) WHERE c.code = $1",  # noqa: S608  # column names of our own
        code,
    )
    return report_of(row) if row else None


async def by_id(conn: Conn, report_id: UUID) -> Report | None:
    row = await conn.fetchrow(f"SELECT {_SELECT} FROM reports r WHERE report_id = $1", report_id)  # noqa: S608  # column names of our own
    return report_of(row) if row else None


async def is_secret_of(conn: Conn, report_id: UUID, hashed: bytes) -> bool:
    """Whether the hash is that of the report's tracking secret."""
    found = await conn.fetchval("SELECT 1 FROM reports WHERE report_id = $1 AND secret_hash = $2", report_id, hashed)
    return found is not None


async def citizen_of(conn: Conn, report_id: UUID) -> UUID | None:
    """The citizen who reported it, when it came through a chat."""
    found: UUID | None = await conn.fetchval("SELECT citizen_id FROM report_contacts WHERE report_id = $1", report_id)
    return found


async def contact_of(conn: Conn, report_id: UUID) -> Contact | None:
    row = await conn.fetchrow("SELECT name, phone, email FROM report_contacts WHERE report_id = $1", report_id)
    return Contact(row["name"], row["phone"], row["email"]) if row else None


async def messages_of(conn: Conn, report_id: UUID) -> list[Message]:
    rows = await conn.fetch(
        """
        SELECT message_id, at, kind, author_kind, author_id, visibility, body, client_key
        FROM report_messages WHERE report_id = $1 ORDER BY at, message_id
        """,
        report_id,
    )
    return [Message(*row.values()) for row in rows]


async def pictures_of(conn: Conn, report_id: UUID) -> list[Picture]:
    rows = await conn.fetch(
        """
        SELECT p.photo_id, encode(p.sha256, 'hex'), p.stage, p.at, p.added_by, b.width, b.height
        FROM report_photos p JOIN photo_blobs b USING (sha256) WHERE p.report_id = $1 ORDER BY p.at, p.photo_id
        """,
        report_id,
    )
    return [Picture(*row.values()) for row in rows]


async def pictures_of_each(conn: Conn, report_ids: Sequence[UUID]) -> dict[UUID, list[Picture]]:
    """The pictures of several reports, those that came first before the others."""
    rows = await conn.fetch(
        """
        SELECT p.report_id, p.photo_id, encode(p.sha256, 'hex'), p.stage, p.at, p.added_by, b.width, b.height
        FROM report_photos p JOIN photo_blobs b USING (sha256) WHERE p.report_id = ANY($1) ORDER BY p.at, p.photo_id
        """,
        list(report_ids),
    )
    found: dict[UUID, list[Picture]] = {report_id: [] for report_id in report_ids}
    for report_id, *row in rows:
        found[report_id].append(Picture(*row))
    return found


async def of_citizen(conn: Conn, citizen_id: UUID, limit: int, skip: int = 0) -> list[tuple[Report, bool, str | None]]:
    """The citizen's reports, newest first, each with whether it is their own rather than one they follow, and its words
    in the public copy."""
    rows = await conn.fetch(
        f"""
        SELECT {_SELECT}, EXISTS (SELECT FROM report_contacts c
                                  WHERE c.report_id = r.report_id AND c.citizen_id = $1) AS mine,
               (SELECT w.body FROM public_words w
                WHERE w.report_id = r.report_id AND w.message_id = r.report_id) AS public_body
        FROM reports r
        WHERE report_id IN (SELECT report_id FROM report_contacts WHERE citizen_id = $1
                            UNION SELECT report_id FROM report_followers WHERE citizen_id = $1)
        ORDER BY submitted_at DESC, report_id DESC LIMIT $2 OFFSET $3
        """,  # noqa: S608  # column names of our own
        citizen_id,
        limit,
        skip,
    )
    return [(report_of(row), row["mine"], row["public_body"]) for row in rows]


async def who_did(conn: Conn, report_id: UUID, client_key: str) -> tuple[str, UUID | None] | None:
    """Who did what came with this key before, as kind and id: its words bear the key, its event the digest of it where
    there were no words."""
    row = await conn.fetchrow(
        """
        SELECT author_kind, author_id FROM report_messages WHERE report_id = $1 AND client_key = $2
        UNION ALL
        SELECT actor_kind, actor_id FROM report_events WHERE report_id = $1 AND data ->> 'key' = $3
        LIMIT 1
        """,
        report_id,
        client_key,
        digest(client_key),
    )
    return (row[0], row[1]) if row else None


async def has_message_key(conn: Conn, report_id: UUID, client_key: str) -> bool:
    """Whether words with this key were written before (a repeated request)."""
    found = await conn.fetchval(
        "SELECT 1 FROM report_messages WHERE report_id = $1 AND client_key = $2", report_id, client_key
    )
    return found is not None


async def has_others(conn: Conn, report_id: UUID) -> bool:
    """Whether other people's reports were merged into this one, or others joined it with words of their own instead."""
    found: bool = await conn.fetchval(
        """
        SELECT EXISTS (SELECT FROM reports WHERE duplicate_of = $1)
            OR EXISTS (SELECT FROM report_messages WHERE report_id = $1 AND kind = 'voice')
        """,
        report_id,
    )
    return found


async def mute(conn: Conn, report_id: UUID, citizen_id: UUID, *, muted: bool) -> None:
    await conn.execute(
        """
        WITH off AS (DELETE FROM report_mutes WHERE report_id = $1 AND citizen_id = $2 AND NOT $3)
        INSERT INTO report_mutes (report_id, citizen_id) SELECT $1, $2 WHERE $3 ON CONFLICT DO NOTHING
        """,
        report_id,
        citizen_id,
        muted,
    )


async def open_ids(conn: Conn) -> list[UUID]:
    """Every report whose clock has not stopped for good, in order."""
    rows = await conn.fetch(
        """
        SELECT report_id FROM reports
        WHERE status NOT IN ('resolved', 'closed', 'rejected', 'duplicate', 'withdrawn') ORDER BY report_id
        """
    )
    return [row["report_id"] for row in rows]


async def by_ids(conn: Conn, report_ids: Sequence[UUID]) -> list[Report]:
    rows = await conn.fetch(
        f"SELECT {_SELECT} FROM reports r WHERE report_id = ANY($1) ORDER BY report_id",  # noqa: S608  # column names of our own
        list(report_ids),
    )
    return [report_of(row) for row in rows]


async def by_codes(conn: Conn, codes: Sequence[str]) -> list[Report]:
    rows = await conn.fetch(
        f"SELECT {_SELECT} FROM report_codes c JOIN reports r USING (report_id) WHERE c.code = ANY($1)",  # noqa: S608  # column names of our own
        list(codes),
    )
    return [report_of(row) for row in rows]


async def with_photo(conn: Conn, report_ids: Sequence[UUID]) -> set[UUID]:
    """Those that came with a photo."""
    rows = await conn.fetch(
        "SELECT DISTINCT report_id FROM report_photos WHERE report_id = ANY($1) AND stage = 'before'", list(report_ids)
    )
    return {row["report_id"] for row in rows}


async def forget_keys(conn: Conn, before: datetime) -> int:
    """Drop idempotency keys older than ``before``; gives their number."""
    done = await conn.execute("DELETE FROM idempotency_keys WHERE created_at < $1", before)
    return int(done.split()[-1])
