"""The real bot over the real library, a real database and the local Bot API server."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import pytest_asyncio

from app.db import Pool
from app.i18n import t
from app.photos.lab import PhotoLab
from app.routing import service as routing
from app.routing.ruleset import RuleSet
from app.wiring import Parts
from bot.simulator.client import Message, SimClient, SimUser
from bot.simulator.core import Simulator
from bot.simulator.server import running
from bot.telegram.app import SIMULATOR_TOKEN, serve
from bot.telegram.client import Bot, open_bot
from tests.world import let_time_pass, parts_over


@pytest_asyncio.fixture(scope="module")
async def parts(
    pool: Pool, lab: PhotoLab, rules: RuleSet, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Parts]:
    """Real parts, with the agencies of the rules in the database."""
    async with parts_over(pool, lab, rules, tmp_path_factory.mktemp("home")) as parts:
        communes = [(c.code, c.full_name) for c in parts.gazetteer.communes if c.province_code == rules.province_code]
        await routing.install(pool, rules, communes, note="", by="test")
        yield parts


@pytest.fixture(scope="module")
def core() -> Simulator:
    return Simulator(SIMULATOR_TOKEN)


@pytest_asyncio.fixture(scope="module")
async def server(core: Simulator) -> AsyncIterator[str]:
    """The local Bot API server's address."""
    async with running(core) as url:
        yield url


@pytest_asyncio.fixture(scope="module")
async def bot(server: str) -> AsyncIterator[Bot]:
    async with open_bot(SIMULATOR_TOKEN, server) as bot:
        yield bot


@pytest_asyncio.fixture(scope="module")
async def served(server: str) -> AsyncIterator[SimClient]:
    async with SimClient(server) as sim:
        yield sim


@pytest_asyncio.fixture
async def sim(served: SimClient, parts: Parts) -> AsyncIterator[SimClient]:
    """People and faults; no fault outlives its test, and no report is news to the next one."""
    await let_time_pass(parts.pool)
    yield served
    await served.clear_faults()


@asynccontextmanager
async def at_work(parts: Parts, bot: Bot) -> AsyncIterator[None]:
    """The bot serving for as long as this lasts, then stopped as by SIGTERM."""
    stop = asyncio.Event()
    serving = asyncio.create_task(serve(parts, bot, stop))
    try:
        yield
    finally:
        stop.set()
        await serving


@pytest_asyncio.fixture(scope="module")
async def working(parts: Parts, bot: Bot) -> AsyncIterator[None]:
    """The bot, at work for the whole module."""
    async with at_work(parts, bot):
        yield


@pytest_asyncio.fixture
async def lan(sim: SimClient, working: None) -> SimUser:
    return await sim.user("Lan")


async def until(parts: Parts, question: str, *args: Any, holds: Any = True) -> None:
    """Ask the database until the answer is ``holds``."""
    async with asyncio.timeout(60), parts.pool.acquire() as conn:
        while await conn.fetchval(question, *args) != holds:  # noqa: ASYNC110  # it rings no bell for tests
            await asyncio.sleep(0.01)  # asked without a pause it would take the bot's own time


def replies(core: Simulator, chat_id: int) -> list[str]:
    """What the bot has said in this chat, in order, without the map that is offered below the question where."""
    said = [message["text"] for message in core.chat(chat_id).messages.values() if message["from"]["is_bot"]]
    return [words for words in said if words != t("bot.ask_map")]


async def summed_up(person: SimUser) -> Message:
    """The summary; where others have reported the same, after saying that it is something else."""
    answer = await person.wait(lambda message: "xem lại" in message.text or "hình như" in message.text)
    if "hình như" in answer.text:
        await person.press("Không phải, gửi mới", message=answer)
        answer = await person.wait("xem lại")
    return answer


async def file_a_report(person: SimUser, text: str = "Đèn đường hỏng ở phường An Xuyên") -> str:
    """The whole way in the fewest steps; gives the code."""
    await person.text(text)
    await person.press("Đúng", message=await person.wait("đúng không"))
    summary = await summed_up(person)
    await person.press(summary.labels[0], message=summary)
    return (await person.wait("Đã gửi")).find(r"PA-\w{4}-\w{4}")
