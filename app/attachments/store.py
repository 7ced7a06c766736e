"""SQL of the attachments. A claim is written by ``app.reports.store``, in the statement that writes the history."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from app.attachments.model import Attachment, FileClaim
from app.db import Conn

UNCLAIMED = "NOT EXISTS (SELECT FROM report_attachments a WHERE a.document = b.sha256)"


def claim_cte(first: int, source: str) -> str:
    """Common table expressions that claim files and remove one: parameters are ids, kinds, hashes, names, which of
    them are proof, who, when and what is removed."""
    p = [f"${first + i}" for i in range(8)]
    return f"""
        attached AS (
            INSERT INTO report_attachments
                (report_id, attachment_id, document, photo, name, proof, at, added_by)
            SELECT {source}.report_id, f.id, CASE WHEN f.kind = 'document' THEN f.sha256 END,
                   CASE WHEN f.kind = 'photo' THEN f.sha256 END, f.name, f.proof, {p[6]}::timestamptz, {p[5]}::uuid
            FROM {source}, unnest({p[0]}::uuid[], {p[1]}::text[], {p[2]}::bytea[], {p[3]}::text[], {p[4]}::boolean[])
                 AS f(id, kind, sha256, name, proof)
            -- What lies in the case already may become proof of the result.
            ON CONFLICT (report_id, attachment_id) DO UPDATE SET proof = report_attachments.proof OR excluded.proof
        ),
        detached AS (
            UPDATE report_attachments a SET removed_at = {p[6]}::timestamptz
            FROM {source} WHERE a.report_id = {source}.report_id AND a.attachment_id = {p[7]}::uuid
        )"""  # noqa: S608  # parameter numbers and relation names of our own


def claim_arguments(claims: Sequence[FileClaim], by: UUID | None, at: Any, removed: UUID | None) -> tuple[Any, ...]:
    """What ``claim_cte`` takes."""
    return (
        [c.attachment_id for c in claims],
        [c.file.kind for c in claims],
        [bytes.fromhex(c.file.sha256) for c in claims],
        [c.file.name for c in claims],
        [c.proof for c in claims],
        by,
        at,
        removed,
    )


async def touch(conn: Conn, sha256: bytes, size_bytes: int, pages: int) -> None:
    """Know the document from now on. Waits while a sweep holds its row."""
    await conn.execute(
        """
        INSERT INTO document_blobs (sha256, size_bytes, pages) VALUES ($1, $2, $3)
        ON CONFLICT (sha256) DO UPDATE SET touched_at = now()
        """,
        sha256,
        size_bytes,
        pages,
    )


async def of_report(conn: Conn, report_id: UUID) -> list[Attachment]:
    """What lies in the case, oldest first, without what was removed."""
    rows = await conn.fetch(
        """
        SELECT a.attachment_id, encode(coalesce(a.document, a.photo), 'hex'),
               CASE WHEN a.document IS NULL THEN 'photo' ELSE 'document' END, a.name,
               coalesce(p.content_type, 'application/pdf'), coalesce(d.size_bytes, p.size_bytes),
               coalesce(d.pages, 0), a.proof, a.at, a.added_by
        FROM report_attachments a
             LEFT JOIN document_blobs d ON d.sha256 = a.document LEFT JOIN photo_blobs p ON p.sha256 = a.photo
        WHERE a.report_id = $1 AND a.removed_at IS NULL ORDER BY a.at, a.attachment_id
        """,
        report_id,
    )
    return [Attachment(*row.values()) for row in rows]


async def forget_removed(conn: Conn, older_than: timedelta) -> int:
    """Let go of the bytes and names of what was removed so long ago; gives how many. The sweeps of documents and of
    photos delete what nothing else claims."""
    done = await conn.execute(
        """
        WITH gone AS (
            UPDATE report_attachments SET document = NULL, photo = NULL, name = ''
            FROM (SELECT report_id, attachment_id, document, photo FROM report_attachments
                  WHERE removed_at < now() - $1::interval AND num_nonnulls(document, photo) = 1) AS was
            WHERE report_attachments.report_id = was.report_id
              AND report_attachments.attachment_id = was.attachment_id
            RETURNING was.document, was.photo
        ),
        documents AS (
            UPDATE document_blobs SET touched_at = '-infinity' WHERE sha256 IN (SELECT document FROM gone)
        )
        UPDATE photo_blobs SET touched_at = '-infinity' WHERE sha256 IN (SELECT photo FROM gone)
        """,
        older_than,
    )
    return int(done.split()[-1])
