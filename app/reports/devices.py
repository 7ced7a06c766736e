"""Reports of somebody without an account go along to another device of theirs, or into their chat, by a code that is
shown in the one place and used in the other.

Whoever uses the code sees and does from then on what the reporter sees and does. So it lives a quarter of an hour,
works once, can be taken back, and is kept only as a keyed hash.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from app.db import Conn
from app.errors import Invalid
from app.reports import codes, pushing

LIFETIME = timedelta(minutes=15)
MINUTES = int(LIFETIME.total_seconds() // 60)
MOST = 20
"""Reports that go by one code: as many as a browser remembers."""
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's: nothing that looks like something else
_WRITTEN = re.compile(r"TB[\s-]*([0-9A-Z]{4})[\s-]*([0-9A-Z]{4})", re.IGNORECASE | re.ASCII)
_READ_AS = str.maketrans("OIL", "011")


def read_code(typed: str) -> str | None:
    """The code as it is shown, from what a person typed; None when it cannot be one."""
    found = _WRITTEN.fullmatch(typed.strip())
    if found is None:
        return None
    first, second = (half.upper().translate(_READ_AS) for half in found.groups())
    return f"TB-{first}-{second}"


def _hash(secret_key: bytes, code: str) -> bytes:
    return hmac.digest(secret_key, f"device {code}".encode(), hashlib.sha256)


async def offer(conn: Conn, secret_key: bytes, reports: Sequence[UUID]) -> str:
    """A new code for these, the first ``MOST`` of them. The caller has proved that they are the reader's own."""
    letters = "".join(secrets.choice(_ALPHABET) for _ in range(8))
    code = f"TB-{letters[:4]}-{letters[4:]}"
    await conn.execute(
        """
        WITH swept AS (DELETE FROM device_codes WHERE expires_at < now() - interval '1 day')
        INSERT INTO device_codes (code_hash, reports, expires_at) VALUES ($1, $2, now() + $3)
        """,
        _hash(secret_key, code),
        list(reports[:MOST]),
        LIFETIME,
    )
    return code


async def look(conn: Conn, secret_key: bytes, typed: str, by: str = "") -> list[UUID]:
    """What a code that still works would show; nothing is used up. Raises Invalid."""
    found = await conn.fetchval(
        f"SELECT reports FROM device_codes WHERE code_hash = $1 AND {_WORKS}",  # noqa: S608  # our own words
        _hash(secret_key, read_code(typed) or ""),
        by,
    )
    if found is None:
        raise Invalid("devices.code_wrong", field="code", minutes=MINUTES)
    return list(found)


async def take(conn: Conn, secret_key: bytes, typed: str, by: str = "") -> list[UUID]:
    """Use it: of several at once one succeeds. ``by``: the chat, which may repeat it. Raises Invalid."""
    found = await conn.fetchval(
        f"UPDATE device_codes SET used_by = $2 WHERE code_hash = $1 AND {_WORKS} RETURNING reports",  # noqa: S608  # as above
        _hash(secret_key, read_code(typed) or ""),
        by,
    )
    if found is None:
        raise Invalid("devices.code_wrong", field="code", minutes=MINUTES)
    return list(found)


_WORKS = "(used_by IS NULL AND expires_at > now() OR used_by = $2 AND $2 <> '')"


async def cancel(conn: Conn, secret_key: bytes, typed: str) -> None:
    """It works no longer. A code that is none is fine: then there is nothing to take back."""
    await conn.execute("DELETE FROM device_codes WHERE code_hash = $1", _hash(secret_key, read_code(typed) or ""))


async def give(conn: Conn, reports: Sequence[UUID], citizen_id: UUID) -> int:
    """They are this chat's from now on, which hears of them; how many are. What another chat has stays there; a browser
    or an app that was told is not any more, and is forgotten when it hears of nothing else."""
    rows = await conn.fetch(
        """
        WITH before AS (
            SELECT report_id, citizen_id FROM report_contacts WHERE report_id = ANY($1) ORDER BY report_id FOR UPDATE
        )
        UPDATE report_contacts c SET citizen_id = $2 FROM before b
        WHERE c.report_id = b.report_id AND (b.citizen_id IS NULL OR b.citizen_id = $2 OR NOT EXISTS (
            SELECT FROM channel_identities i WHERE i.citizen_id = b.citizen_id AND i.channel <> 'push'))
        RETURNING b.citizen_id AS was
        """,
        list(reports),
        citizen_id,
    )
    for other in {row["was"] for row in rows} - {None, citizen_id}:
        await pushing.forget_if_idle(conn, other)
    return len(rows)


async def own(conn: Conn, citizen_id: UUID) -> list[UUID]:
    """The newest reports of a chat's person, for a browser."""
    rows = await conn.fetch(
        """
        SELECT report_id FROM report_contacts JOIN reports USING (report_id)
        WHERE citizen_id = $1 AND part_of IS NULL ORDER BY submitted_at DESC LIMIT $2
        """,
        citizen_id,
        MOST,
    )
    return [row["report_id"] for row in rows]


async def secrets_of(conn: Conn, secret_key: bytes, reports: Sequence[UUID]) -> list[tuple[str, str]]:
    """Code and tracking secret of each, the newest first, as a browser keeps them."""
    rows = await conn.fetch(
        "SELECT report_id, code FROM reports WHERE report_id = ANY($1) ORDER BY submitted_at DESC", list(reports)
    )
    return [(row["code"], codes.tracking_secret(secret_key, row["report_id"])) for row in rows]
