"""The bot's update queue: filled by people, emptied by long polls or by a webhook.

Source of the rules: https://core.telegram.org/bots/api#getting-updates
"""

import re
from collections import deque
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from .model import ApiError, Delivery, Json, bad
from .pulse import Pulse

PENDING_KEPT = 10_000
# What a bot gets that never said what it wants.
_NOT_BY_DEFAULT = {"chat_member", "message_reaction", "message_reaction_count"}
_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
_ONLINE_SECONDS = 15  # a poller is busy with what it got for a moment; that is not being away


class Webhook(Struct, eq=False):
    url: str
    secret_token: str
    max_connections: int
    last_error_date: int | None = None
    last_error_message: str | None = None


class Updates:
    """Waiting updates, oldest first. ``update_id`` grows by one; ``first_id`` must be above any earlier run's."""

    def __init__(self, first_id: int, pulse: Pulse) -> None:
        self.pending: deque[Json] = deque(maxlen=PENDING_KEPT)
        self.webhook: Webhook | None = None
        self.delivery = Delivery()
        self.forged: list[int] = []  # what the webhook answered to false proofs
        self.allowed: list[str] = []
        self._pulse = pulse
        self._next_id = first_id
        self._generation = 0
        self._ended_by = ""
        self._polling = False
        self._last_poll = float("-inf")

    def put(self, kind: str, payload: Json) -> int | None:
        """Queues one update; returns its id, or None when the bot asked not to get this kind."""
        wanted = kind in self.allowed if self.allowed else kind not in _NOT_BY_DEFAULT
        if not wanted:
            return None
        update_id = self._next_id
        self._next_id += 1
        self.pending.append({"update_id": update_id, kind: payload})
        self._pulse.fire()
        return update_id

    def is_listening(self, now: float) -> bool:
        """Whether a bot seems to be there; ``now`` in seconds of the same clock as polls are given."""
        if self.webhook:
            return self.webhook.last_error_message is None
        return self._polling or now - self._last_poll < _ONLINE_SECONDS

    async def poll(self, offset: int, limit: int, wait: int, now: float) -> list[Json]:
        """getUpdates: acknowledges everything below ``offset``, waits up to ``wait`` seconds for the rest.

        409 while a webhook is set, and for a poll that a newer one has ended.
        """
        if self.webhook:
            raise _conflict("can't use getUpdates method while webhook is active; use deleteWebhook first")
        mine = self._take_over("other getUpdates request; make sure that only one bot instance is running")
        if offset < 0:
            self.pending = deque(list(self.pending)[offset:], PENDING_KEPT)
        while self.pending and offset > 0 and self.pending[0]["update_id"] < offset:
            self.pending.popleft()
        self._polling, self._last_poll = True, now
        self._pulse.fire()
        await self._pulse.until(lambda: self.pending or self._generation != mine, wait)
        if self._generation != mine:
            raise _conflict(f"terminated by {self._ended_by}")
        self._polling = False
        return list(self.pending)[:limit]

    def wire(self, hook: "Webhook", update: Json, *, forged: bool = False) -> tuple[bytes, dict[str, str]]:
        """Body and headers by which an update goes to a webhook; ``forged`` with a false proof."""
        secret = "forged" if forged else hook.secret_token
        headers = {"X-Telegram-Bot-Api-Secret-Token": secret} if secret else {}
        return msgspec.json.encode(update), headers

    def done(self, update: Json) -> None:
        """Forgets an update that a webhook has taken."""
        if update in self.pending:
            self.pending.remove(update)
            self._pulse.fire()

    def set_webhook(self, url: str, secret_token: str, max_connections: int) -> None:
        """Deliver to ``url`` from now on; an empty one goes back to long polls. https, or http on loopback."""
        if url:
            _check_webhook(url, secret_token)
        self._take_over("setWebhook request")
        self._polling = False
        self.webhook = Webhook(url, secret_token, max_connections) if url else None
        self._pulse.fire()

    def clear(self) -> None:
        self.pending.clear()
        self._pulse.fire()

    def info(self) -> Json:
        """getWebhookInfo."""
        info: Json = {"url": "", "has_custom_certificate": False, "pending_update_count": len(self.pending)}
        if self.webhook:
            info |= {"url": self.webhook.url, "max_connections": self.webhook.max_connections}
            if self.webhook.last_error_date:
                info["last_error_date"] = self.webhook.last_error_date
                info["last_error_message"] = self.webhook.last_error_message or ""
        return info | ({"allowed_updates": self.allowed} if self.allowed else {})

    def _take_over(self, by: str) -> int:
        self._generation += 1
        self._ended_by = by
        self._pulse.fire()
        return self._generation


def _check_webhook(url: str, secret_token: str) -> None:
    address = urlsplit(url)
    is_loopback = address.hostname in ("localhost", "127.0.0.1", "::1")
    if not address.hostname or address.scheme not in ("https", "http" if is_loopback else "https"):
        raise bad("bad webhook: An HTTPS URL must be provided for webhook")
    if secret_token and not _SECRET.fullmatch(secret_token):
        raise bad("secret token contains unallowed characters")


def _conflict(why: str) -> ApiError:
    return ApiError(409, f"Conflict: {why}")
