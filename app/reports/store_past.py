"""SQL of reports from other systems: many at once, each kind of row in one statement."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec

from app.db import Conn
from app.history.model import Event
from app.reports.model import Message, Report

if TYPE_CHECKING:
    from app.reports.past import Life

_REPORT = tuple(field.name for field in msgspec.structs.fields(Report))
_INSERTED = (*_REPORT, "secret_hash", "search_text")
_EVENT = ("report_id", "seq", "kind", "at", "actor_kind", "actor_id", "data", "hash")
_MESSAGE = ("report_id", "message_id", "at", "kind", "author_kind", "author_id", "visibility", "body")
_CONTACT = ("report_id", "name", "phone", "email", "consent_version", "consent_at")
_MOVED = ("status", "agency_id", "assignee_id", "assigned_at", "resolved_at", "ended_at", "rating", "updated_at",
          "first_answer_due_at")  # fmt: skip


async def insert(conn: Conn, lives: Sequence["Life"], consent: str) -> None:
    """Within the caller's transaction."""
    reports = [
        _row(one.report) | {"secret_hash": _hex(one.secret_hash), "search_text": one.search_text} for one in lives
    ]
    await _put(conn, "report_codes", ("code", "report_id"), reports)
    await _put(conn, "reports", _INSERTED, reports)
    contacts = [
        msgspec.structs.asdict(one.contact)
        | {"report_id": one.report.report_id, "consent_version": consent, "consent_at": one.report.submitted_at}
        for one in lives
        if one.contact is not None
    ]
    await _put(conn, "report_contacts", _CONTACT, contacts)
    await _past(conn, lives)


async def advance(conn: Conn, life: "Life") -> bool:
    report, seen = life.report, life.events[0].seq - 1
    row = _row(report)
    moved = ", ".join(f"{name} = p.{name}" for name in _MOVED)
    written = await conn.fetchval(
        f"""
        UPDATE reports r SET {moved}, version = r.version + 1, last_seq = p.last_seq, last_hash = p.last_hash
        FROM jsonb_populate_record(NULL::reports, $1) AS p
        WHERE r.report_id = $2 AND r.last_seq = $3 AND r.version = p.version RETURNING 1
        """,  # noqa: S608  # column names of our own
        row,
        report.report_id,
        seen,
    )
    if written is None:
        return False
    await _past(conn, [life])
    return True


async def _past(conn: Conn, lives: Iterable["Life"]) -> None:
    events, messages = [], []
    for life in lives:
        events += [_event(event) for event in life.events]
        messages += [_message(life.report.report_id, message) for message in life.messages]
    await _put(conn, "report_events", _EVENT, events)
    await _put(conn, "report_messages", _MESSAGE, messages)


async def _put(conn: Conn, table: str, columns: Sequence[str], rows: Sequence[dict[str, Any]]) -> None:
    if not rows:
        return
    names = ", ".join(columns)
    await conn.execute(
        f"INSERT INTO {table} ({names}) SELECT {names} FROM jsonb_populate_recordset(NULL::{table}, $1)",  # noqa: S608  # names of our own
        rows,
    )


def _hex(data: bytes) -> str:
    return f"\\x{data.hex()}"


def _row(report: Report) -> dict[str, Any]:
    return {name: getattr(report, name) for name in _REPORT} | {"last_hash": _hex(report.last_hash)}


def _event(event: Event) -> dict[str, Any]:
    return {name: getattr(event, name) for name in _EVENT} | {"hash": _hex(event.hash)}


def _message(report_id: UUID, message: Message) -> dict[str, Any]:
    return {name: getattr(message, name) for name in _MESSAGE[1:]} | {"report_id": report_id}
