"""Waking an app: an empty message by Web Push (RFC 8030) to the address its push service gave it, as by UnifiedPush.

What has happened is not in it, so nothing about a report passes through others' servers: the app asks for the report
itself. Who needs more, such as FCM or APNs with their own keys, writes another ``Sender`` and binds it in the worker.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from app.notify.model import Refused, Senders, Telling, TryLater, Uncertain, Unreachable
from app.outward import Client, Networks, Unreached
from app.outward import Refused as Forbidden

CHANNEL = "push"
_LIVES = 24 * 3600
"""Seconds that a push service keeps it for a telephone that is off."""
_LATER = 60.0
_GONE = (404, 410)


class WebPush:
    """``http`` keeps away from addresses that are not public."""

    def __init__(self, http: Client) -> None:
        self._http = http

    async def send(self, user_id: str, telling: Telling) -> str:  # noqa: ARG002  # what it says stays here
        """``user_id``: the push address. Gives where the push service put the message, as far as it says."""
        headers = {"ttl": str(_LIVES), "urgency": "normal", "content-length": "0"}
        try:
            answer = await self._http.request("POST", user_id, headers=headers)
        except Forbidden:
            raise Unreachable("push: the address is not a public one") from None
        except Unreached as failed:
            # The reason may hold the address, and the address is the person's.
            if failed.asked:
                raise Uncertain("push: no whole answer") from None
            raise TryLater("push: not reached", _LATER) from None
        if answer.status in _GONE:
            raise Unreachable(f"push: {answer.status}")
        if answer.status == 429 or answer.status >= 500:
            raise TryLater(f"push: {answer.status}", answer.asked_to_wait() or _LATER)
        if not 200 <= answer.status < 300:
            raise Refused(f"push: {answer.status}")
        return answer.headers.get("location", "")[:200]


@asynccontextmanager
async def push_sender(networks: Networks = ()) -> AsyncIterator[Senders]:
    """``networks``: where push services may stand besides the internet; none but in tests, as anybody may register."""
    http = Client(networks)
    try:
        yield {CHANNEL: WebPush(http)}
    finally:
        await http.close()
