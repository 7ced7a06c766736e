"""Delivery to a webhook: secret, order, repetition, refusals."""

from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
import pytest_asyncio
from telegram import Bot, Update
from telegram.error import BadRequest

from bot.simulator.client import SimClient, SimUser
from bot.simulator.core import Simulator
from bot.simulator.pulse import Pulse
from bot.simulator.server import serving


class Receiver:
    """A webhook that answers the statuses it was told to, then 200, and remembers what came."""

    def __init__(self) -> None:
        self.pulse = Pulse()
        self.secrets: list[str | None] = []
        self.updates: list[dict[str, Any]] = []
        self.statuses: list[int] = []
        self.is_open = True

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            for step in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{step}.complete"})
            return
        body, more = b"", True
        while more:
            part = await receive()
            body, more = body + part.get("body", b""), part.get("more_body", False)
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        self.secrets.append(headers.get("x-telegram-bot-api-secret-token"))
        self.updates.append(msgspec.json.decode(body))
        self.pulse.fire()
        await self.pulse.until(lambda: self.is_open, 10)
        status = self.statuses.pop(0) if self.statuses else 200
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    def texts(self) -> list[str]:
        return [update["message"]["text"] for update in self.updates]

    async def received(self, count: int) -> list[str]:
        await self.pulse.until(lambda: len(self.updates) >= count, 10)
        return self.texts()

    def open(self, is_open: bool) -> None:
        self.is_open = is_open
        self.pulse.fire()


@pytest_asyncio.fixture
async def hook(bot: Bot, sim: SimClient, lan: SimUser) -> AsyncIterator[Receiver]:
    receiver = Receiver()
    async with serving(receiver, receiver.pulse.close) as url:
        await bot.set_webhook(f"{url}/telegram", secret_token="s3cret_-")
        yield receiver
        await bot.delete_webhook()
        await sim.disturb_webhook()


async def test_update_arrives_with_the_secret(hook: Receiver, lan: SimUser, bot: Bot) -> None:
    await lan.text("đèn hỏng")
    assert await hook.received(1) == ["đèn hỏng"]
    assert hook.secrets == ["s3cret_-"]
    update = Update.de_json(hook.updates[0], bot)
    assert update.effective_user
    assert update.effective_user.id == lan.id


async def test_updates_come_one_after_the_other(hook: Receiver, lan: SimUser, core: Simulator) -> None:
    hook.open(False)
    for word in ("một", "hai", "ba"):
        await lan.text(word)
    assert await hook.received(1) == ["một"]
    assert len(core.updates.pending) == 3
    hook.open(True)
    assert await hook.received(3) == ["một", "hai", "ba"]


async def test_refused_update_comes_again_and_the_error_is_told(
    hook: Receiver, lan: SimUser, bot: Bot, core: Simulator
) -> None:
    hook.statuses = [500, 302]
    await lan.text("đèn hỏng")
    await core.wait_for(lambda: core.updates.webhook and core.updates.webhook.last_error_message)
    info = await bot.get_webhook_info()
    assert info.last_error_message
    assert info.last_error_message.startswith("Wrong response from the webhook: ")
    assert info.pending_update_count == 1
    assert await hook.received(3) == ["đèn hỏng"] * 3
    await core.wait_for(lambda: not core.updates.pending)
    assert (await bot.get_webhook_info()).last_error_message is None


async def test_unreachable_webhook_keeps_updates_until_it_is_deleted(bot: Bot, lan: SimUser, core: Simulator) -> None:
    await bot.set_webhook("http://127.0.0.1:9/telegram")
    await lan.text("đèn hỏng")
    await core.wait_for(lambda: core.updates.webhook and core.updates.webhook.last_error_message)
    assert "ConnectError" in ((await bot.get_webhook_info()).last_error_message or "")
    await bot.delete_webhook()
    [update] = await bot.get_updates()
    assert update.message
    assert update.message.text == "đèn hỏng"


async def test_updates_can_be_duplicated(hook: Receiver, sim: SimClient, lan: SimUser) -> None:
    await sim.disturb_webhook(duplicate=True)
    await lan.text("một")
    assert await hook.received(2) == ["một", "một"]
    assert hook.updates[0] == hook.updates[1]


async def test_updates_can_be_reordered(hook: Receiver, sim: SimClient, lan: SimUser) -> None:
    await sim.disturb_webhook(reorder=True)
    hook.open(False)
    await lan.text("một")
    await hook.received(1)
    for word in ("hai", "ba"):
        await lan.text(word)
    hook.open(True)
    assert await hook.received(3) == ["một", "ba", "hai"]


async def test_setting_may_drop_what_waits(bot: Bot, lan: SimUser) -> None:
    await lan.text("một")
    await bot.delete_webhook(drop_pending_updates=True)
    assert await bot.get_updates() == ()


@pytest.mark.parametrize(
    ("url", "secret", "why"),
    [
        ("http://example.invalid/telegram", None, "must be provided"),
        ("ftp://127.0.0.1/telegram", None, "must be provided"),
        ("https://example.invalid/telegram", "có dấu", "unallowed characters"),
    ],
)
async def test_wrong_webhook_is_refused(bot: Bot, url: str, secret: str | None, why: str) -> None:
    with pytest.raises(BadRequest, match=why):
        await bot.set_webhook(url, secret_token=secret)
    assert (await bot.get_webhook_info()).url == ""
