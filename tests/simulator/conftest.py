"""The simulator served on the loopback interface, the real python-telegram-bot on one side, people on the other."""

import os
from collections.abc import AsyncIterator

import pytest_asyncio
from telegram import Bot

from bot.simulator.client import SimClient, SimUser
from bot.simulator.core import Simulator
from bot.simulator.server import running

# python-telegram-bot 22 warns at every 429 unless told that durations are timedeltas.
os.environ["PTB_TIMEDELTA"] = "1"

TOKEN = "123456:test-token_A"


def bot_for(base_url: str, token: str = TOKEN) -> Bot:
    return Bot(token, base_url=f"{base_url}/bot", base_file_url=f"{base_url}/file/bot")


@pytest_asyncio.fixture(scope="module")
async def core() -> Simulator:
    """The simulator's own object, for looking behind the scenes."""
    return Simulator(TOKEN)


@pytest_asyncio.fixture(scope="module")
async def base_url(core: Simulator) -> AsyncIterator[str]:
    async with running(core) as url:
        yield url


@pytest_asyncio.fixture(scope="module")
async def bot(base_url: str) -> AsyncIterator[Bot]:
    async with bot_for(base_url) as bot:
        yield bot


@pytest_asyncio.fixture(scope="module")
async def served(base_url: str) -> AsyncIterator[SimClient]:
    async with SimClient(base_url) as sim:
        yield sim


@pytest_asyncio.fixture
async def sim(served: SimClient, core: Simulator) -> AsyncIterator[SimClient]:
    """The control side; no updates wait and no fault is set when a test begins."""
    core.updates.clear()
    core.updates.allowed = []
    yield served
    await served.clear_faults()


@pytest_asyncio.fixture
async def lan(sim: SimClient, core: Simulator) -> SimUser:
    """A citizen who has started the bot; the bot has read that."""
    person = await sim.user("Lan", username=None)
    await person.text("/start")
    core.updates.clear()
    return person
