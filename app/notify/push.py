"""Web Push (RFC 8030) to the address that a push service gave a browser or an app.

A browser that gave its keys gets a short message that only it can read (``sealing``), signed as ours (``vapid``): which
report, how it stands, the link; nothing that a locked screen should not show, for that is where it is read. An address
without keys, as by UnifiedPush, gets an empty knock, and the app asks for the report itself. Who needs more, such as
FCM or APNs with their own keys, writes another ``Sender`` and binds it in the worker.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from msgspec import Struct, json

from app.db import Pool
from app.i18n import Lang
from app.notify.model import Glance, Refused, Telling, TryLater, Uncertain, Unreachable
from app.notify.sealing import seal
from app.notify.vapid import Vapid
from app.outward import Answer, Client, Networks, Unreached
from app.outward import Refused as Forbidden
from app.reports import pushing
from app.settings import Settings

CHANNEL = pushing.CHANNEL
_LIVES = 24 * 3600
"""Seconds that a push service keeps it for a telephone that is off."""
_LATER = 60.0
_GONE = (404, 410)


class WebPush(Struct, frozen=True):
    """``http`` keeps away from addresses that are not public. ``site``: our own address, without a path."""

    http: Client
    pool: Pool
    vapid: Vapid
    site: str

    async def send(self, user_id: str, telling: Telling) -> str:
        """``user_id``: the push address. Gives where the push service put the message, as far as it says."""
        async with self.pool.acquire() as conn:
            keys = await pushing.keys_of(conn, user_id)
        if keys and telling.glance:
            return await self.show(user_id, keys, telling.glance, telling.lang)
        return await _knock(self.http, self.vapid if keys else None, user_id, b"")

    async def show(self, address: str, keys: pushing.Keys, glance: Glance, lang: Lang) -> str:
        """What a locked screen may show, sealed for a browser. Raises as ``send`` does."""
        return await _knock(self.http, self.vapid, address, seal(payload(glance, self.site, lang), *keys))


def payload(glance: Glance, site: str, lang: Lang) -> bytes:
    """As Declarative Web Push has it, which Safari shows by itself and our worker reads; ``code`` and ``status`` are
    for apps."""
    notification = {
        "title": glance.title,
        "body": glance.says,
        "lang": lang,
        "navigate": f"{site}{glance.path}",
        "tag": glance.code or "phananh",
    }
    said = {"web_push": 8030, "notification": notification, "code": glance.code, "status": glance.status}
    return json.encode(said)


async def _knock(http: Client, vapid: Vapid | None, address: str, message: bytes) -> str:
    """One request to a push service. Without ``vapid``: one that asks for none. Raises as a ``Sender`` does."""
    headers = {"ttl": str(_LIVES), "urgency": "normal"}
    if message:
        headers |= {"content-encoding": "aes128gcm", "content-type": "application/octet-stream"}
    else:
        headers["content-length"] = "0"
    if vapid:
        headers["authorization"] = vapid.authorization(address)
    try:
        answer = await http.request("POST", address, headers=headers, body=message)
    except Forbidden:
        raise Unreachable("push: the address is not a public one") from None
    except Unreached as failed:
        # The reason may hold the address, and the address is the person's.
        if failed.asked:
            raise Uncertain("push: no whole answer") from None
        raise TryLater("push: not reached", _LATER) from None
    _judge(answer)
    return answer.headers.get("location", "")[:200]


def _judge(answer: Answer) -> None:
    if answer.status in _GONE:
        raise Unreachable(f"push: {answer.status}")
    if answer.status == 429 or answer.status >= 500:
        raise TryLater(f"push: {answer.status}", answer.asked_to_wait() or _LATER)
    if not 200 <= answer.status < 300:
        raise Refused(f"push: {answer.status}")


@asynccontextmanager
async def push_sender(pool: Pool, settings: Settings, networks: Networks = ()) -> AsyncIterator[WebPush]:
    """``networks``: where push services may stand besides the internet; none but in tests, as anybody may register."""
    http = Client(networks)
    vapid = Vapid(settings.secret_key, settings.push_contact)
    try:
        yield WebPush(http, pool, vapid, settings.public_url)
    finally:
        await http.close()
