"""The bots' process killed (-9) at the worst moments, on every channel: nothing taken is lost, nothing said twice."""

import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from app.embedded import die_with_parent
from tests.channels.conftest import Stage, Town, standing
from tests.channels.drivers import CHANNELS
from tests.channels.test_contract import SENT
from tests.world import RULES

PROGRAM = "import uvloop; from app import settings; from bot.process import run; uvloop.run(run(settings.load()))"


class BotProcess:
    """What ``phananh bot`` does once the database is prepared, as a process of its own."""

    def __init__(self, home: Path, database_url: str, town: Town) -> None:
        self._home = home
        settings = town.parts.settings
        self._env = {
            "PATH": os.environ.get("PATH", ""),
            "PHANANH_HOME": str(home),
            "PHANANH_RULES": str(RULES),
            "PHANANH_DATABASE_URL": database_url,
            "PHANANH_SIMULATOR_PORT": str(settings.simulator_port),
            "PHANANH_BOT_PORT": str(settings.bot_port),
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with (self._home / "bot.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-c", PROGRAM],
                cwd=RULES.parent,
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=die_with_parent(signal.SIGKILL),
            )

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    @property
    def log(self) -> str:
        return (self._home / "bot.log").read_text(encoding="utf-8", errors="replace")


@pytest.fixture(scope="module")
def bots(town: Town, database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BotProcess]:
    process = BotProcess(tmp_path_factory.mktemp("bot"), database_url, town)
    process.start()
    yield process
    process.kill()
    assert "Traceback" not in process.log


@pytest_asyncio.fixture(params=CHANNELS)
async def stage(request: pytest.FixtureRequest, town: Town, bots: BotProcess) -> AsyncIterator[Stage]:
    async with standing(town, request.param) as stage:
        yield stage


async def test_what_is_sent_while_nobody_is_there_is_answered_afterwards(stage: Stage, bots: BotProcess) -> None:
    lan = await stage.citizen("Lan")
    await lan.says("Đèn đường hỏng")
    await lan.user.wait("đâu", timeout=30)
    bots.kill()
    await lan.says("phường An Xuyên")
    bots.start()
    await lan.user.wait("đúng không", timeout=30)
    assert len(await lan.heard()) == 2


async def test_a_reply_on_its_way_when_the_process_dies_is_not_said_twice(stage: Stage, bots: BotProcess) -> None:
    lan = await stage.citizen("Lan")
    await lan.says("/trogiup")
    await lan.user.wait("113", timeout=30)
    async with stage.sim.hold(stage.send_method, user=lan.user) as hold:
        await lan.says("/danhsach")
        await hold.caught(timeout=30)
        bots.kill()
    bots.start()
    await lan.says("/huy")
    await lan.user.wait("không có phản ánh nào", timeout=30)
    assert sum("chưa gửi phản ánh nào" in words for words in await lan.heard()) == 1
    uncertain = "SELECT count(*) FROM outbox WHERE channel = $1 AND chat_id = $2 AND status = 'uncertain'"
    assert await stage.value(uncertain, stage.channel, lan.address) == 1
    await stage.until(SENT, stage.channel, lan.address, holds=2)


async def test_a_report_is_filed_once_however_often_the_process_dies(stage: Stage, bots: BotProcess) -> None:
    lan = await stage.citizen("Lan")
    for words, answer in (
        ("Đèn đường hỏng ở phường An Xuyên", "đúng không"),
        ("đúng rồi", "xem lại"),
    ):
        await lan.says(words)
        await lan.user.wait(answer, timeout=30)
        bots.kill()
        bots.start()
    await lan.says("đồng ý")
    code = (await lan.user.wait("Đã gửi", timeout=30)).find(r"PA-\w{4}-\w{4}")
    mine = "SELECT count(*) FROM report_contacts JOIN channel_identities USING (citizen_id) WHERE channel_user_id = $1"
    assert await stage.value(mine, lan.address) == 1
    assert (await stage.report(code)).channel == stage.channel
