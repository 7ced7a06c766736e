"""Pins: a place that a citizen chooses on our map page for the report in the making in their chat.

A link to the page names bot, chat and draft; it is signed, ends after a day and is good for one pin. The pin goes into
the bot's inbox as if the chat had brought it, so it is answered in the chat's order and exactly once.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
from datetime import timedelta
from urllib.parse import urlsplit
from uuid import UUID

import msgspec
from msgspec import Struct

from app.db import Conn
from app.errors import AppError, NotFound
from app.i18n import Lang
from app.settings import Settings

WAKE = "phananh_bot"
"""Notification channel: another process has put something into an inbox or outbox of the bots."""
LIFETIME = timedelta(hours=24)
"""Shorter than the inbox keeps its rows, which say that a link was used."""
PAGE = "/m"
PAYLOAD = "map_pin"
"""The one key of the inbox rows that come from here; no channel's updates have it."""

_MAC_BYTES = 16
_HERE = ("localhost", "127.0.0.1", "::1")


class Gone(AppError):
    """The link was good once."""

    status = 410


class Link(Struct, frozen=True, array_like=True):
    """What a link says. ``expires``: Unix seconds; ``nonce`` keeps two links of one second apart."""

    bot: str
    channel: str
    chat_id: str
    draft_id: UUID
    lang: Lang
    expires: int
    nonce: bytes

    @property
    def update_id(self) -> int:
        """The pin's number in the inbox: the same for the same link, and below all that channels give."""
        digest = hashlib.sha256(b"pin\n" + msgspec.msgpack.encode(self)).digest()
        return -(int.from_bytes(digest[:8], "big") >> 1) - 1


class Pin(Struct, frozen=True, kw_only=True):
    """What the page sends: a point, or an address in words where there are no scripts. ``lang``: the page's."""

    draft_id: UUID
    lang: Lang
    lat: float | None = None
    lon: float | None = None
    address: str = ""


def map_link(
    settings: Settings, *, bot: str, channel: str, chat_id: str, draft_id: UUID, lang: Lang, now: float
) -> str | None:
    """An address of the map page for this chat's draft. None where citizens could not open it: a real bot's page must
    be public, and Telegram opens nothing but HTTPS. Costs no look-up; ``now`` is in Unix seconds.
    """
    public = urlsplit(settings.public_url)
    if not settings.simulated and (public.hostname in _HERE or (channel == "telegram" and public.scheme != "https")):
        return None
    expires = int(now + LIFETIME.total_seconds())
    link = Link(bot, channel, chat_id, draft_id, lang, expires, secrets.token_bytes(6))
    return f"{settings.public_url}{PAGE}/{sign(settings.secret_key, link)}"


def sign(secret: bytes, link: Link) -> str:
    said = msgspec.msgpack.encode(link)
    return base64.urlsafe_b64encode(_mac(secret, said) + said).rstrip(b"=").decode()


def read_link(secret: bytes, token: str, now: float) -> Link:
    """What a genuine link says. Raises NotFound ``portal.link_unknown``, Gone ``portal.link_expired``."""
    try:
        signed = base64.b64decode(token + "=" * (-len(token) % 4), b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise NotFound("portal.link_unknown") from None
    mac, said = signed[:_MAC_BYTES], signed[_MAC_BYTES:]
    if not hmac.compare_digest(mac, _mac(secret, said)):
        raise NotFound("portal.link_unknown")
    link = msgspec.msgpack.decode(said, type=Link)
    if link.expires <= now:
        raise Gone("portal.link_expired")
    return link


def _mac(secret: bytes, said: bytes) -> bytes:
    # The first word keeps these apart from everything else that is signed with the same secret.
    return hmac.digest(secret, b"pin\n" + said, hashlib.sha256)[:_MAC_BYTES]


async def check_open(conn: Conn, link: Link) -> None:
    """Raises Gone ``portal.link_used`` or ``portal.link_over``: its report was sent or dropped meanwhile."""
    row = await conn.fetchrow(
        """
        SELECT EXISTS (SELECT FROM inbox WHERE bot = $1 AND update_id = $2) AS used,
               EXISTS (SELECT FROM drafts WHERE channel = $3 AND chat_id = $4 AND draft_id = $5) AS open
        """,
        link.bot,
        link.update_id,
        link.channel,
        link.chat_id,
        link.draft_id,
    )
    assert row is not None
    if row["used"]:
        raise Gone("portal.link_used")
    if not row["open"]:
        raise Gone("portal.link_over")


async def send(conn: Conn, link: Link, pin: Pin) -> None:
    """Use the link: the pin lies in the bot's inbox and the bot is told, or nothing has happened. One statement.

    Raises what ``check_open`` raises.
    """
    sent = await conn.fetchval(
        """
        WITH kept AS (
            INSERT INTO inbox (bot, update_id, chat_id, payload)
            SELECT $1, $2, $3, $4 FROM drafts WHERE channel = $5 AND chat_id = $3 AND draft_id = $6
            ON CONFLICT DO NOTHING RETURNING 1
        )
        SELECT (SELECT count(pg_notify($7, '')::text) FROM kept) > 0
        """,
        link.bot,
        link.update_id,
        link.chat_id,
        {PAYLOAD: pin},
        link.channel,
        link.draft_id,
        WAKE,
    )
    if not sent:
        await check_open(conn, link)
        raise Gone("portal.link_over")
