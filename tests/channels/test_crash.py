"""The bots' process killed (-9) at the worst moments, on every channel: nothing taken is lost, nothing said twice."""

import signal
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from tests.channels.conftest import Stage, Town, standing
from tests.channels.drivers import CHANNELS
from tests.channels.test_contract import SENT
from tests.telegram.process import BotProcess


@pytest.fixture(scope="module")
def bots(town: Town, database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BotProcess]:
    home, port = tmp_path_factory.mktemp("bot"), str(town.parts.settings.bot_port)
    process = BotProcess(home, database_url, town.url, PHANANH_BOT_PORT=port)
    process.start()
    yield process
    process.end(signal.SIGKILL)
    assert "Traceback" not in process.log


@pytest_asyncio.fixture(params=CHANNELS)
async def stage(request: pytest.FixtureRequest, town: Town, bots: BotProcess) -> AsyncIterator[Stage]:
    async with standing(town, request.param) as stage:
        yield stage


async def test_what_is_sent_while_nobody_is_there_is_answered_afterwards(stage: Stage, bots: BotProcess) -> None:
    lan = await stage.citizen("Lan")
    await lan.says("Đèn đường hỏng")
    await lan.user.wait("đâu")
    bots.end(signal.SIGKILL)
    await lan.says("phường An Xuyên")
    bots.start()
    await lan.user.wait("đúng không")
    assert len(await lan.heard()) == 2


async def test_a_reply_on_its_way_when_the_process_dies_is_not_said_twice(stage: Stage, bots: BotProcess) -> None:
    lan = await stage.citizen("Lan")
    await lan.says("/trogiup")
    await lan.user.wait("113")
    async with stage.sim.hold(stage.send_method, user=lan.user) as hold:
        await lan.says("/danhsach")
        await hold.caught()
        bots.end(signal.SIGKILL)
    bots.start()
    await lan.says("/huy")
    await lan.user.wait("không có phản ánh nào")
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
        await lan.user.wait(answer)
        bots.end(signal.SIGKILL)
        bots.start()
    await lan.says("đồng ý")
    code = (await lan.user.wait("Đã gửi")).find(r"PA-\w{4}-\w{4}")
    mine = "SELECT count(*) FROM report_contacts JOIN channel_identities USING (citizen_id) WHERE channel_user_id = $1"
    assert await stage.value(mine, lan.address) == 1
    assert (await stage.report(code)).channel == stage.channel
