"""All three channels at once: the real adapters in one process, a real database, the local servers."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
import pytest_asyncio
from msgspec import Struct, structs

from app.accounts.model import Actor, Role
from app.db import Pool
from app.main import create_app
from app.notify import service as notify
from app.notify.model import Senders
from app.photos.lab import PhotoLab
from app.photos.service import store_photo
from app.reports import service as reports
from app.reports.model import Form, Report
from app.reports.workflow import Act
from app.routing.ruleset import RuleSet
from app.wiring import Parts
from bot import process
from bot.simulator.client import SimClient
from bot.simulator.core import Simulator
from bot.simulator.server import running, serving
from bot.simulator.zalo.twin import OaTwin, ZaloTwin
from bot.telegram.app import line_of
from bot.telegram.client import SIMULATOR_TOKEN, Bot, open_bot
from bot.telegram.send import TelegramSender
from bot.zalo.app import zalo_lines
from bot.zalo.known import bot_of, hook_of, oa_of
from bot.zalo.send import zalo_senders
from tests.channels import drivers
from tests.channels.drivers import CHANNELS, Citizen
from tests.notify.post import keys, tell_all
from tests.ports import free_port
from tests.world import World, let_time_pass, parts_over, photo, settle


class Town(Struct):
    """The servers and what stands behind them; ``parts`` as the bot's process has them."""

    world: World
    parts: Parts
    telegram: Simulator
    zalo_bot: ZaloTwin
    zalo_oa: OaTwin
    url: str
    bot: Bot
    senders: Senders

    def core(self, channel: str) -> Any:
        return {"telegram": self.telegram, "zalo_bot": self.zalo_bot, "zalo_oa": self.zalo_oa}[channel]


@pytest_asyncio.fixture(scope="module")
async def town(
    pool: Pool, lab: PhotoLab, rules: RuleSet, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Town]:
    async with parts_over(pool, lab, rules, tmp_path_factory.mktemp("home")) as parts, AsyncExitStack() as stack:
        world = await settle(parts)
        bot_port = free_port()
        zalo, oa = bot_of(parts.settings), oa_of(parts.settings)
        assert zalo is not None
        assert oa is not None
        telegram = Simulator(SIMULATOR_TOKEN)
        twins = ZaloTwin(zalo.token), OaTwin(oa.app_id, oa.app_secret, oa.oa_secret, hook_of(bot_port))
        url = await stack.enter_async_context(running(telegram, twins))
        # Zalo fetches the pictures of a notification from us.
        ours = await stack.enter_async_context(serving(create_app(parts), lambda: None))
        told = {"simulator_port": int(url.rpartition(":")[2]), "bot_port": bot_port, "host": "127.0.0.1"}
        parts = structs.replace(parts, settings=structs.replace(parts.settings, public_url=ours, **told))
        bot = await stack.enter_async_context(open_bot(SIMULATOR_TOKEN, url))
        senders = await stack.enter_async_context(zalo_senders(parts))
        senders = {"telegram": TelegramSender(bot), **senders}
        yield Town(world, parts, telegram, *twins, url, bot, senders)


@asynccontextmanager
async def at_work(town: Town) -> AsyncIterator[None]:
    """The bot's process as ``phananh bot`` runs it, stopped as by SIGTERM."""
    stop = asyncio.Event()
    async with zalo_lines(town.parts) as zalo:
        lines = [line_of(town.parts, town.bot), *zalo]
        serving = asyncio.create_task(process.serve(town.parts, lines, stop))
        try:
            yield
        finally:
            stop.set()
            await serving


@pytest_asyncio.fixture(scope="module")
async def working(town: Town) -> AsyncIterator[None]:
    async with at_work(town):
        yield


class Stage:
    """One channel to play on, with the staff behind it."""

    def __init__(self, town: Town, channel: str, sim: SimClient) -> None:
        self.town, self.channel, self.sim = town, channel, sim
        self.parts = town.parts

    @property
    def core(self) -> Any:
        return self.town.core(self.channel)

    @property
    def send_method(self) -> str:
        """What the channel calls a text message, for faults and holds."""
        return "message" if self.channel == "zalo_oa" else "sendMessage"

    async def citizen(self, name: str, language: str = "vi") -> Citizen:
        return await drivers.citizen(self.channel, self.sim, self.core, name, language)

    async def files(self, person: Citizen, text: str = "Đèn đường hỏng ở phường An Xuyên") -> str:
        """The whole way in the fewest steps; gives the code."""
        await person.says(text)
        await person.reads("đúng không")
        await person.chooses("Đúng")
        summary = await person.reads("xem lại")
        await person.chooses(person.choices(summary)[0])
        return (await person.reads("Đã gửi")).find(r"PA-\w{4}-\w{4}")

    async def report(self, code: str) -> Report:
        return await reports.find(self.parts.pool, code)

    async def staff(self, code: str, act: Act, *, pictures: bool = False, **form: Any) -> None:
        """Somebody of the report's agency does something; everybody concerned is told."""
        await self.does(code, act, pictures=pictures, **form)
        await self.tells()

    async def does(self, code: str, act: Act, *, pictures: bool = False, **form: Any) -> None:
        """Somebody of the report's agency does something; nobody is told yet."""
        report = await self.report(code)
        if pictures:
            parts = self.parts
            stored = await store_photo(parts.pool, parts.objects, parts.lab, photo(code, colour="#345"), "1")
            form["photos"] = (stored,)
        coordinator = self.town.world.people["coordinator"].staff_id
        role = Role.COORDINATOR if act is Act.PUBLISH else Role.LEAD
        officer = Actor("staff", coordinator, role, report.agency_id, frozenset({report.agency_id}))
        await reports.perform(self.parts.pool, self.parts.rules, officer, report, act, Form(**form))

    async def tells(self) -> None:
        """What the worker does: everything that waits to be told is told."""
        await tell_all(self.parts.pool)
        for key in await keys(self.parts.pool):
            await notify.deliver(self.parts.pool, self.parts.objects, self.town.senders, key)

    async def value(self, question: str, *args: Any) -> Any:
        async with self.parts.pool.acquire() as conn:
            return await conn.fetchval(question, *args)

    async def until(self, question: str, *args: Any, holds: Any = True) -> None:
        """Ask the database until the answer is ``holds``."""
        async with asyncio.timeout(60), self.parts.pool.acquire() as conn:
            while await conn.fetchval(question, *args) != holds:  # noqa: ASYNC110  # it rings no bell for tests
                await asyncio.sleep(0.01)  # asked without a pause it would take the bot's own time


@pytest_asyncio.fixture(params=CHANNELS)
async def stage(request: pytest.FixtureRequest, town: Town, working: None) -> AsyncIterator[Stage]:
    """Each test that asks for it runs on every channel. No fault outlives its test."""
    async with standing(town, request.param) as stage:
        yield stage


@asynccontextmanager
async def standing(town: Town, channel: str) -> AsyncIterator[Stage]:
    await let_time_pass(town.parts.pool)
    prefix = "" if channel == "telegram" else town.core(channel).prefix
    async with SimClient(town.url + prefix) as sim:
        yield Stage(town, channel, sim)
        await sim.clear_faults()


@pytest_asyncio.fixture
async def oa(town: Town, working: None) -> AsyncIterator[Stage]:
    async with standing(town, "zalo_oa") as stage:
        yield stage
        town.zalo_oa.ahead = 0.0


@pytest_asyncio.fixture
async def zalo_bot(town: Town, working: None) -> AsyncIterator[Stage]:
    async with standing(town, "zalo_bot") as stage:
        yield stage
