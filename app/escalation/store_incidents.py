"""SQL of what waits for an administrator, and of the mails about it."""

from collections.abc import Collection, Sequence
from datetime import timedelta
from uuid import UUID

from msgspec import Struct
from uuid_utils.compat import uuid7

from app.db import Conn
from app.escalation.model import Trouble
from app.i18n import Lang


class Standing(Struct, frozen=True):
    incident_id: UUID
    ref: UUID
    kind: str
    path: str


class Keeper(Struct, frozen=True):
    """Somebody who may mend it. ``off``: the ways they do not want."""

    staff_id: UUID
    email: str
    off: frozenset[str]


class Letter(Struct, frozen=True):
    """All that waits for one mailbox. ``about``: (kind, path, what it is about) of each."""

    staff_id: UUID
    email: str
    lang: Lang
    attempt: int
    incidents: list[UUID]
    about: list[tuple[str, str, str]]


async def standing(conn: Conn) -> list[Standing]:
    rows = await conn.fetch("SELECT incident_id, ref, kind, path FROM outward_incidents WHERE ended_at IS NULL")
    return [Standing(*row.values()) for row in rows]


async def begin(conn: Conn, trouble: Trouble) -> UUID | None:
    """None: it stands already."""
    made: UUID | None = await conn.fetchval(
        """
        INSERT INTO outward_incidents (incident_id, ref, kind, path, about) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (ref, kind) WHERE ended_at IS NULL DO NOTHING RETURNING incident_id
        """,
        uuid7(),
        trouble.ref,
        trouble.kind,
        trouble.path,
        trouble.about,
    )
    return made


async def end(conn: Conn, over: Sequence[Standing]) -> None:
    """Whoever has not read of it need not any more, and gets no mail."""
    ids = [one.incident_id for one in over]
    await conn.execute("UPDATE outward_incidents SET ended_at = now() WHERE incident_id = ANY($1)", ids)
    await conn.execute(
        """
        UPDATE incident_mails SET status = 'superseded', updated_at = now()
        WHERE incident_id = ANY($1) AND status = 'queued'
        """,
        ids,
    )
    await conn.execute(
        """
        UPDATE notices n SET read_at = now() FROM unnest($1::text[], $2::text[]) AS o(path, kind)
        WHERE (n.path, n.kind) = (o.path, o.kind) AND n.read_at IS NULL
        """,
        [one.path for one in over],
        [one.kind for one in over],
    )


async def keepers(conn: Conn, roles: Collection[str]) -> list[Keeper]:
    rows = await conn.fetch(
        """
        SELECT s.staff_id, s.email, coalesce(c.off, '{}') AS off
        FROM staff s LEFT JOIN staff_channels c USING (staff_id)
        WHERE s.active AND s.role = ANY($1) ORDER BY s.staff_id
        """,
        list(roles),
    )
    return [Keeper(row["staff_id"], row["email"], frozenset(row["off"])) for row in rows]


async def add_mails(conn: Conn, incident_id: UUID, people: Sequence[UUID]) -> None:
    await conn.execute(
        "INSERT INTO incident_mails (incident_id, staff_id) SELECT $1, unnest($2::uuid[])", incident_id, list(people)
    )


async def waiting(conn: Conn) -> list[UUID]:
    """Whose mails are due: at once, after a failure later each time. What was being sent by a worker that died is not
    sent again."""
    await conn.execute(
        """
        UPDATE incident_mails SET status = 'uncertain', reason = 'interrupted while sending', updated_at = now()
        WHERE status = 'sending' AND updated_at < now() - interval '2 minutes'
        """
    )
    rows = await conn.fetch(
        """
        SELECT DISTINCT staff_id FROM incident_mails WHERE status = 'queued'
          AND (attempts = 0 OR updated_at < now() - make_interval(mins => least(2 ^ attempts, 60)::int))
        """
    )
    return [row["staff_id"] for row in rows]


async def claim(conn: Conn, staff_id: UUID) -> Letter | None:
    """Everything that waits for this person, right before the call. None: somebody else was faster."""
    rows = await conn.fetch(
        """
        WITH mine AS (
            UPDATE incident_mails SET status = 'sending', attempts = attempts + 1, updated_at = now()
            WHERE staff_id = $1 AND status = 'queued' RETURNING incident_id, attempts
        )
        SELECT m.incident_id, m.attempts, i.kind, i.path, i.about, s.email, s.active,
               coalesce((SELECT l.lang FROM staff_identities l WHERE l.staff_id = s.staff_id
                         ORDER BY l.linked_at DESC LIMIT 1), 'vi') AS lang
        FROM mine m JOIN outward_incidents i USING (incident_id) JOIN staff s ON s.staff_id = $1
        ORDER BY i.began_at, m.incident_id
        """,
        staff_id,
    )
    if not rows:
        return None
    first = rows[0]
    return Letter(
        staff_id,
        first["email"] if first["active"] else "",
        first["lang"],
        max(row["attempts"] for row in rows),
        [row["incident_id"] for row in rows],
        [(row["kind"], row["path"], row["about"]) for row in rows],
    )


async def settle(conn: Conn, letter: Letter, status: str, reason: str | None) -> None:
    await conn.execute(
        """
        UPDATE incident_mails SET status = $3, reason = $4, updated_at = now()
        WHERE staff_id = $1 AND incident_id = ANY($2) AND status IN ('sending', 'uncertain')
        """,
        letter.staff_id,
        letter.incidents,
        status,
        reason,
    )


async def forget(conn: Conn, kept: timedelta) -> None:
    await conn.execute("DELETE FROM outward_incidents WHERE ended_at < now() - $1::interval", kept)
