"""The state of a Zalo twin: ``Simulator``'s with other updates; an Official Account has tokens and a window besides."""

import hashlib
import secrets
import time
from collections import deque
from collections.abc import Callable

import msgspec

from ..core import Simulator
from ..model import ApiError, Json
from ..updates import PENDING_KEPT, Updates, Webhook
from .events import bot_event, milliseconds, oa_event

WINDOW_SECONDS = 48 * 3600
FREE_MOST = 8


class ZaloUpdates(Updates):
    """Events instead of numbered updates. A poll gives them away for good."""

    def __init__(self, twin: "ZaloTwin", translate: Callable[["ZaloTwin", str, Json], Json | None]) -> None:
        super().__init__(1, twin.pulse)
        self._twin = twin
        self._translate = translate

    def put(self, kind: str, payload: Json) -> int | None:
        event = self._translate(self._twin, kind, payload)
        if event is None:
            return None
        self._twin.heard(event)
        return super().put("message", event)

    async def take(self, wait: float, now: float) -> list[Json]:
        """What waits, given once; nothing after ``wait`` seconds."""
        found = await self.poll(0, PENDING_KEPT, int(wait), now)
        self.pending.clear()
        return [update["message"] for update in found]

    def wire(self, hook: Webhook, update: Json, *, forged: bool = False) -> tuple[bytes, dict[str, str]]:
        return self._twin.wire(hook, update["message"], forged=forged)


class ZaloTwin(Simulator):
    """``kind`` is the channel's name for the page; ``base`` is set once it is known where the twin is served."""

    kind = "zalo_bot"
    prefix = "/zalo-bot"
    app_id = ""
    has_places = False

    def __init__(self, token: str) -> None:
        super().__init__(token, username="phananh_zalo")
        self.base = ""
        self.updates = ZaloUpdates(self, bot_event)
        self._addresses: dict[str, int] = {}

    def address(self, person_id: int) -> str:
        """What Zalo calls a person: nothing like a number for a bot, a very long one for an Official Account."""
        found = f"{person_id:015}{person_id % 7}" if self.has_places else f"z{person_id:x}".ljust(12, "0") + "x"
        self._addresses[found] = person_id
        return found

    def person_of(self, address: str) -> int:
        return self._addresses.get(address, 0)

    def file_url(self, reference: Json) -> str:
        return f"{self.base}/file/{self.files.get(reference['file_id']).path}"

    def heard(self, event: Json) -> None:
        """A person wrote."""

    def wire(self, hook: Webhook, event: Json, *, forged: bool) -> tuple[bytes, dict[str, str]]:
        secret = "forged-by-somebody" if forged else hook.secret_token
        return msgspec.json.encode({"ok": True, "result": event}), {"X-Bot-Api-Secret-Token": secret}


class OaTwin(ZaloTwin):
    """``ahead``: seconds by which its clock runs before ours, for closing windows."""

    kind = "zalo_oa"
    prefix = "/zalo-oa"
    has_places = True

    def __init__(self, app_id: str, app_secret: str, oa_secret: str, hook: str = "") -> None:
        super().__init__(f"{app_id}:official-account")
        self.app_id, self.app_secret, self.oa_secret = app_id, app_secret, oa_secret
        self.updates = ZaloUpdates(self, oa_event)
        if hook:
            self.updates.set_webhook(hook, "", 1)
        self.ahead = 0.0
        self.told: dict[int, deque[float]] = {}
        self.last_heard: dict[int, float] = {}
        self.access: set[str] = set()
        self.refresh = ""  # the one refresh token that is good; a new twin takes the first it is shown
        self.renewals = 0

    def now(self) -> float:
        return time.time() + self.ahead

    def heard(self, event: Json) -> None:
        person = self.person_of((event.get("sender") or event.get("follower") or {}).get("id", ""))
        self.last_heard[person] = self.now()
        self.told.pop(person, None)

    def check_window(self, person: int) -> None:
        """Refuses what comes after the window, or beyond the free replies; counts what is let through."""
        if self.now() - self.last_heard.get(person, self.now()) > WINDOW_SECONDS:
            raise ApiError(-230, "User has not interacted with the OA in the past 48 hours")
        sent = self.told.setdefault(person, deque())
        if len(sent) >= FREE_MOST:
            raise ApiError(-211, "Out of quota: 8 free replies")
        sent.append(self.now())

    def renew(self, refresh: str) -> Json:
        """A new pair for the refresh token, which is spent by it."""
        if refresh != (self.refresh or refresh) or not refresh.startswith("sim-refresh-"):
            raise ApiError(-14014, "Invalid refresh token.")
        self.renewals += 1
        self.refresh = f"sim-refresh-{secrets.token_hex(8)}"
        access = f"sim-access-{secrets.token_hex(8)}"
        self.access.add(access)
        return {"access_token": access, "refresh_token": self.refresh, "expires_in": "90000"}

    def wire(self, hook: Webhook, event: Json, *, forged: bool) -> tuple[bytes, dict[str, str]]:
        body, stamp = msgspec.json.encode(event), str(event.get("timestamp", ""))
        del hook
        secret = "forged" if forged else self.oa_secret
        signature = hashlib.sha256(self.app_id.encode() + body + stamp.encode() + secret.encode()).hexdigest()
        return body, {"X-ZEvent-Signature": f"mac={signature}", "X-ZEvent-Timestamp": str(milliseconds())}
