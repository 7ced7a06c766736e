"""A real server, a chat that was asked where, and a browser without scripts."""

import time
from collections.abc import AsyncIterator

import httpx
import pytest_asyncio
from msgspec import Struct
from uuid_utils.compat import uuid7

from app import pins
from app.accounts import citizens
from app.db import transaction
from app.i18n import Lang
from app.pins import Link
from app.settings import SIMULATOR_TOKEN
from app.wiring import Parts
from bot.conversation import store, store_inbox
from bot.conversation.draft import Asked, Content, Draft, Piece
from bot.conversation.store import Result
from bot.simulator.model import Person
from bot.simulator.web_app import init_data

HERE = {"lat": "9.224610", "lon": "105.178000"}  # the centre of Phường An Xuyên
SCRIPT = {"Accept": "application/json"}


class Chat(Struct):
    """A chat whose bot has asked where it is; ``path`` is the link it sent."""

    parts: Parts
    link: Link

    @property
    def path(self) -> str:
        return f"{pins.PAGE}/{pins.sign(self.parts.settings.secret_key, self.link)}"

    async def pins(self) -> list[dict[str, object]]:
        """What has come into the bot's inbox from the map."""
        async with self.parts.pool.acquire() as conn:
            found = await store_inbox.unprocessed(conn, self.link.bot)
        return [one.content[pins.PAYLOAD] for one in found if one.chat_id == self.link.chat_id]

    async def drop(self) -> None:
        """The report is sent, or given up."""
        async with self.parts.pool.acquire() as conn:
            await conn.execute("DELETE FROM drafts WHERE draft_id = $1", self.link.draft_id)


async def asked_where(
    parts: Parts, channel: str = "zalo_bot", *, bot: str = "", chat_id: str = "", lang: Lang = "vi", lasts: float = 600
) -> Chat:
    """``lasts``: seconds until the link ends."""
    chat_id = chat_id or str(uuid7().int % 10**9)
    draft = Draft(content=Content((Piece(1, "Rác đầy đường"),)), asked=Asked.PLACE)
    async with transaction(parts.pool) as conn:
        person = await citizens.citizen(conn, channel, chat_id, "Lan", lang)
        said = Result(
            bot=bot or f"{channel}:1",
            update_id=None,
            channel=channel,
            chat_id=chat_id,
            citizen_id=person.citizen_id,
            draft_id=uuid7(),
            draft=draft,
        )
        await store.save(conn, said)
    assert said.draft_id is not None
    link = Link(said.bot, channel, chat_id, said.draft_id, lang, int(time.time() + lasts), b"123456")
    return Chat(parts, link)


def opened(chat_id: str, *, ago: float = 0, token: str = SIMULATOR_TOKEN) -> str:
    """What Telegram says of the person in this chat, who opened the page so many seconds ago."""
    return init_data(token, Person(int(chat_id), "Lan & Minh", username="lan"), int(time.time() - ago))


@pytest_asyncio.fixture
async def browser(address: str) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=address, timeout=60) as browser:
        yield browser
