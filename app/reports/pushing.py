"""Browsers and apps that hear of a report by Web Push: a push address is one more way to reach whoever reported.

Whoever has the report's secret says so for that report alone. A report that a chat hears of stays with the chat:
nobody is told twice.
"""

import base64
import binascii
from collections.abc import Iterable, Sequence
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric import ec
from msgspec import Struct

from app.accounts import citizens, data_requests
from app.db import Conn, Pool, transaction
from app.errors import Conflict, Invalid
from app.i18n import Lang
from app.reports.model import Report

CHANNEL = "push"
Keys = tuple[bytes, bytes]
"""A receiver's public key ("p256dh", 65 bytes) and the secret it shares with senders ("auth", 16 bytes)."""


class Device(Struct, frozen=True):
    """``keys`` None: it is woken without a word."""

    address: str
    keys: Keys | None = None


def read_keys(p256dh: str, auth: str) -> Keys:
    """As a browser's subscription writes them, base64url. Raises Invalid."""
    try:
        keys = _decoded(p256dh), _decoded(auth)
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), keys[0])
    except (ValueError, binascii.Error):
        raise Invalid("push.keys_wrong", field="keys") from None
    if (len(keys[0]), len(keys[1])) != (65, 16):
        raise Invalid("push.keys_wrong", field="keys")
    return keys


def _decoded(text: str) -> bytes:
    return base64.b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), altchars=b"-_", validate=True)


async def register(pool: Pool, reports: Sequence[Report], device: Device, lang: Lang) -> list[Report]:
    """The device hears of these reports from now on, instead of any before; those a chat hears of stay there. Gives the
    ones it hears of. Repeating it changes nothing; an address that was given up is used again. Raises Conflict when a
    chat hears of every one."""
    async with transaction(pool) as conn:
        before = await _owners(conn, [report.report_id for report in reports])
        chats = await _with_chats(conn, before.values())
        given = [report for report in reports if before.get(report.report_id) not in chats]
        if not given:
            raise Conflict("push.told_in_chat")
        person = await citizens.citizen(conn, CHANNEL, device.address, "", lang)
        if person.lang != lang:
            await citizens.set_language(conn, person.citizen_id, lang)
        await _keep(conn, device)
        await _give(conn, [report.report_id for report in given], person.citizen_id)
        for other in {before[report.report_id] for report in given} - {None, person.citizen_id}:
            await forget_if_idle(conn, other)
    return given


async def remove(pool: Pool, report: Report) -> None:
    """No app hears of the report any more; an app that hears of nothing else is forgotten. Chats stay as they are."""
    async with transaction(pool) as conn:
        before = (await _owners(conn, [report.report_id])).get(report.report_id)
        if before is not None and not await _with_chats(conn, [before]):
            await _give(conn, [report.report_id], None)
            await forget_if_idle(conn, before)


async def end(pool: Pool, address: str) -> None:
    """The device behind this address hears of nothing any more and is forgotten. Whoever knows the address is the
    device: a push service makes it so that nobody guesses it."""
    async with transaction(pool) as conn:
        person = await citizens.of_chat(conn, CHANNEL, address)
        if person is None:
            return
        rows = await conn.fetch("SELECT report_id FROM report_contacts WHERE citizen_id = $1", person)
        mine = await _owners(conn, [row["report_id"] for row in rows])
        await _give(conn, [each for each, owner in mine.items() if owner == person], None)
        await data_requests.forget(conn, person)


async def in_chat(conn: Conn, reports: Sequence[Report]) -> set[UUID]:
    """Of which of these a chat hears."""
    rows = await conn.fetch(
        """
        SELECT report_id FROM report_contacts c WHERE report_id = ANY($1) AND EXISTS (
            SELECT FROM channel_identities i WHERE i.citizen_id = c.citizen_id AND i.channel <> $2)
        """,
        [report.report_id for report in reports],
        CHANNEL,
    )
    return {row["report_id"] for row in rows}


async def keys_of(conn: Conn, address: str) -> Keys | None:
    row = await conn.fetchrow(
        "SELECT p256dh, auth FROM push_keys WHERE channel = $1 AND channel_user_id = $2", CHANNEL, address
    )
    return (row["p256dh"], row["auth"]) if row else None


async def _keep(conn: Conn, device: Device) -> None:
    """Its keys, or that it has none; and that it has been heard of now."""
    p256dh, auth = device.keys or (None, None)
    await conn.execute(
        """
        WITH heard AS (
            UPDATE channel_identities SET last_heard_at = now() WHERE channel = $1 AND channel_user_id = $2
        ),
        keyless AS (
            DELETE FROM push_keys WHERE channel = $1 AND channel_user_id = $2 AND $3::bytea IS NULL
        )
        INSERT INTO push_keys (channel, channel_user_id, p256dh, auth)
        SELECT $1, $2, $3, $4 WHERE $3::bytea IS NOT NULL
        ON CONFLICT (channel, channel_user_id) DO UPDATE SET p256dh = excluded.p256dh, auth = excluded.auth
        """,
        CHANNEL,
        device.address,
        p256dh,
        auth,
    )


async def _owners(conn: Conn, reports: Sequence[UUID]) -> dict[UUID, UUID | None]:
    """Who hears of each as its reporter; those who register at once do so one after the other."""
    rows = await conn.fetch(
        "SELECT report_id, citizen_id FROM report_contacts WHERE report_id = ANY($1) ORDER BY report_id FOR UPDATE",
        list(reports),
    )
    return {row["report_id"]: row["citizen_id"] for row in rows}


async def _with_chats(conn: Conn, people: Iterable[UUID | None]) -> set[UUID | None]:
    rows = await conn.fetch(
        "SELECT DISTINCT citizen_id FROM channel_identities WHERE citizen_id = ANY($1) AND channel <> $2",
        [each for each in people if each],
        CHANNEL,
    )
    return {row["citizen_id"] for row in rows}


async def _give(conn: Conn, reports: Sequence[UUID], citizen_id: UUID | None) -> None:
    await conn.execute(
        "UPDATE report_contacts SET citizen_id = $2 WHERE report_id = ANY($1)", list(reports), citizen_id
    )


async def forget_if_idle(conn: Conn, citizen_id: UUID | None) -> None:
    """Erase how somebody was reached who has no report here any more."""
    if citizen_id and not await conn.fetchval(
        "SELECT EXISTS (SELECT FROM report_contacts WHERE citizen_id = $1)", citizen_id
    ):
        await data_requests.forget(conn, citizen_id)
