"""``SimClient``: citizens for tests, over the simulator's HTTP.

    async with SimClient(base_url) as sim:
        lan = await sim.user("Lan", language="vi")
        await lan.text("/start")
        await lan.photo(jpeg_bytes, caption="đèn đường hỏng")
        await lan.location(9.1768, 105.1500)
        await lan.press("Gửi")
        answer = await lan.wait("PA-")              # or: lambda message: "PA-" in message.text
        code = answer.find(r"PA-\\w{4}-\\w{4}")

Nothing here sleeps: every wait ends as soon as the condition holds, and fails with the chat's last messages.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from .client_user import WAIT_SECONDS, Message, SimError, SimUser, Wire
from .model import Call, Json

__all__ = ["Message", "SimClient", "SimError", "SimHold", "SimUser"]


class SimHold:
    """Answers kept back: the calls were done, the bot does not know it yet."""

    def __init__(self, sim: Wire, hold_id: int) -> None:
        self._sim = sim
        self._id = hold_id

    async def caught(self, count: int = 1, timeout: float = WAIT_SECONDS) -> list[Call]:  # noqa: ASYNC109
        """Waits until ``count`` calls are held."""
        calls = msgspec.convert(await self._sim.get(f"holds/{self._id}", count=count, wait=timeout), list[Call])
        if len(calls) < count:
            raise SimError(f"{len(calls)} of {count} calls held after {timeout} s")
        return calls

    async def release(self) -> None:
        await self._sim.post(f"holds/{self._id}/release", {})


class SimClient(Wire):
    """The simulator's control side. ``base_url`` as given by ``server.running``: ``http://127.0.0.1:PORT``."""

    async def __aenter__(self) -> "SimClient":
        return self

    async def user(self, first_name: str, *, language: str | None = "vi", **details: Any) -> SimUser:
        """Somebody new. ``details``: id, last_name, username."""
        return SimUser(self, await self.post("users", {"first_name": first_name, "language_code": language, **details}))

    async def group(self, title: str, members: Sequence[SimUser]) -> Json:
        """A group of these people and the bot; speak in it with ``member.in_group(group)``."""
        return await self.post("groups", {"title": title, "members": [member.id for member in members]})

    async def upgrade(self, group: Json) -> Json:
        """The group becomes a supergroup: the same people under another number."""
        return await self.post(f"chats/{group['id']}/upgrade", {})

    async def calls(
        self, method: str | None = None, *, user: SimUser | None = None, after: int = 0, wait: float = 0
    ) -> list[Call]:
        """The bot's calls, oldest first; waits up to ``wait`` seconds for the first after call ``after``."""
        found = await self.get("calls", method=method, chat_id=user.chat_id if user else None, after=after, wait=wait)
        return msgspec.convert(found, list[Call])

    async def fault(
        self,
        method: str,
        status: int,
        *,
        times: int | None = None,
        retry_after: int | None = None,
        user: SimUser | None = None,
        description: str | None = None,
    ) -> int:
        """From now on ``method`` fails with ``status`` (403, 429, 5xx …), ``times`` times or until cleared.

        ``user`` limits it to that chat, ``*`` stands for every method, ``download`` for fetching a file.
        """
        fault = {"method": method, "status": status, "times": times, "retry_after": retry_after}
        where = {"chat_id": user.chat_id if user else None, "description": description}
        return int((await self.post("faults", fault | where))["id"])

    async def clear_fault(self, fault_id: int) -> None:
        await self.request("DELETE", f"faults/{fault_id}")

    async def clear_faults(self) -> None:
        await self.request("DELETE", "faults")

    @asynccontextmanager
    async def hold(self, method: str, *, user: SimUser | None = None, times: int = 1) -> AsyncIterator[SimHold]:
        """Inside the block the next ``times`` calls of ``method`` take effect but stay unanswered; then released."""
        body = {"method": method, "times": times, "chat_id": user.chat_id if user else None}
        hold_id = (await self.post("holds", body))["id"]
        hold = SimHold(self, hold_id)
        try:
            yield hold
        finally:
            await hold.release()

    async def disturb_webhook(self, *, duplicate: bool = False, reorder: bool = False, forge: bool = False) -> None:
        """Each update twice, the newest waiting update first, or each first with a false proof."""
        body = {"duplicate": duplicate, "reorder": reorder, "forge": forge}
        await self.request("PUT", "delivery", json=body)

    async def upload(self, kind: str, data: bytes, name: str = "file") -> Any:
        """Keeps a file and returns what a message made by hand for ``inject`` carries under ``kind``."""
        answer = await self.request("POST", f"uploads/{kind}", files=[("file", (name, data))])
        return answer["content"]

    async def inject(self, kind: str, payload: Json) -> int | None:
        """Any update at all; returns its update_id, or None when the bot does not want this kind."""
        update_id: int | None = (await self.post("updates", {"kind": kind, "payload": payload}))["update_id"]
        return update_id
