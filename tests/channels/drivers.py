"""One citizen on one channel, driven the same way on each: the same conversation runs on Telegram, on a Zalo Bot and on
an Official Account.

    lan = await stage.citizen("Lan")                 # a Citizen of the stage's channel
    await lan.says("Đèn đường hỏng")                 # words, typed
    await lan.sends_photo(jpeg, "trước nhà")         # a picture, with words or without
    await lan.sends_album([jpeg, jpeg], "trước nhà")
    await lan.sends_place(9.2246, 105.178, "Phường An Xuyên")   # a position, by our map page, or in words
    asked = await lan.reads("đúng không")            # the bot's next message that has this in it; waits
    await lan.chooses("Đúng")                        # the button, or the number, of the choice with this in its words
    lan.messages                                     # how many messages this citizen has needed so far

``reads`` never gives a message twice, and only what came after the citizen's last act. ``choices(message)`` are the
labels a message offers, however the channel shows them. Nothing here sleeps.
"""

import re
import time
from collections.abc import Sequence
from typing import Any

import httpx

from app.i18n import t
from bot.simulator.client import Message, SimClient, SimError, SimUser
from bot.simulator.client_user import WAIT_SECONDS

_MAP = re.compile(r"https?://\S+/m/\S+")
_NUMBERED = re.compile(r"^(\d+)\. (.+)$", re.MULTILINE)


class Citizen:
    """``channel`` is the adapter's name; ``address`` what the channel calls this person (``channel_user_id``)."""

    channel = ""
    has_edits = False

    def __init__(self, user: SimUser, address: str) -> None:
        self.user = user
        self.address = address
        self.messages = 0

    async def says(self, text: str) -> Message:
        self.messages += 1
        return await self.user.text(text)

    async def sends_photo(self, data: bytes, caption: str = "") -> Message:
        self.messages += 1
        return await self.user.photo(data, caption=caption)

    async def sends_album(self, pictures: Sequence[bytes], caption: str = "") -> None:
        """Several pictures in one go, the words with the first; one sending counts once."""
        self.messages += 1
        for number, data in enumerate(pictures):
            await self.user.photo(data, caption=caption if number == 0 else "")

    async def sends_place(self, lat: float, lon: float, words: str) -> bool:  # noqa: ARG002  # for channels without
        """Where it is, as a position. False: there was no way to send one, and ``words`` say it instead."""
        self.messages += 1
        await self.user.location(lat, lon)
        return True

    async def reads(self, wanted: Any = "") -> Message:
        return await self.user.wait(wanted)

    async def chooses(self, label: str) -> None:
        """The newest message's choice with this in its words. Waits for it."""
        self.messages += 1
        await self.user.press(label)

    def choices(self, message: Message) -> list[str]:
        return message.labels or [label for _, label in _NUMBERED.findall(message.text)]

    async def blocks(self) -> None:
        await self.user.block()

    async def unblocks(self) -> None:
        await self.user.unblock()

    async def heard(self) -> list[str]:
        """Everything the bot has said in this chat, oldest first, but for the map offered below the question where."""
        said = [message.text for message in await self.user.messages() if message.from_bot]
        return [words for words in said if words != t("bot.ask_map")]


class OnTelegram(Citizen):
    channel = "telegram"
    has_edits = True

    async def sends_album(self, pictures: Sequence[bytes], caption: str = "") -> None:
        self.messages += 1
        await self.user.album(pictures, caption=caption)


class OnZaloOa(Citizen):
    """Buttons for up to five choices, else numbers."""

    channel = "zalo_oa"

    async def chooses(self, label: str) -> None:
        self.messages += 1
        await _choose(self.user, label)


class OnZaloBot(Citizen):
    """No buttons and no positions: numbers, and our map page once the bot has named its address."""

    channel = "zalo_bot"

    async def sends_place(self, lat: float, lon: float, words: str) -> bool:
        self.messages += 1
        said = " ".join((await self.heard())[-1:])
        link = _MAP.search(said)
        if link is None:
            await self.user.text(words)
            return False
        async with httpx.AsyncClient() as browser:
            form = {"lat": str(lat), "lon": str(lon)}
            (await browser.post(link.group(), data=form)).raise_for_status()
        return True

    async def chooses(self, label: str) -> None:
        self.messages += 1
        await _choose(self.user, label)


async def _choose(user: SimUser, label: str) -> None:
    """Press it where it is a button, else type its number."""
    deadline, version = time.monotonic() + WAIT_SECONDS, 0
    while True:
        said = [message for message in await user.messages() if message.from_bot]
        for message in reversed(said):
            if any(label in each for each in message.labels):
                await user.press(label, message=message)
                return
            for number, words in _NUMBERED.findall(message.text):
                if label in words:
                    await user.text(number)
                    return
        if (left := deadline - time.monotonic()) <= 0:
            raise SimError(f"no choice {label!r} in {[message.text for message in said[-3:]]}")
        version = (await user._changes(version, left))["version"]


CITIZENS: dict[str, type[Citizen]] = {kind.channel: kind for kind in (OnTelegram, OnZaloBot, OnZaloOa)}
CHANNELS = tuple(CITIZENS)


async def citizen(channel: str, sim: SimClient, core: Any, name: str, language: str = "vi") -> Citizen:
    """Somebody new on this channel. ``core``: the channel's simulator, which knows how its people are called."""
    user = await sim.user(name, language=language)
    address = core.address(user.id) if channel != "telegram" else str(user.id)
    return CITIZENS[channel](user, address)
