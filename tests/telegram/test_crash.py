"""The bot's process killed (-9) at the worst moments: nothing taken is lost, nothing said twice, and order is kept."""

import signal
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from app import pins
from app.settings import SIMULATOR_TOKEN
from app.wiring import Parts
from bot.simulator.actor import Actor
from bot.simulator.client import SimClient, SimError, SimUser
from bot.simulator.core import Simulator
from tests.telegram.conftest import file_a_report, replies, summed_up, until
from tests.telegram.process import BotProcess
from tests.world import photo


@pytest.fixture(scope="module")
def process(
    parts: Parts, database_url: str, server: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[BotProcess]:
    process = BotProcess(tmp_path_factory.mktemp("bot"), database_url, server)
    process.start()
    yield process
    process.end(signal.SIGKILL)
    assert "Traceback" not in process.log


@pytest_asyncio.fixture
async def lan(sim: SimClient, process: BotProcess) -> AsyncIterator[SimUser]:
    """A citizen whom the process has greeted: it is up."""
    person = await sim.user("Lan")
    await person.text("/start")
    try:
        await person.wait("Xin chào")
    except SimError as error:
        error.add_note(f"the process says:\n{process.log[-4000:]}")
        raise
    yield person


async def said(person: SimUser) -> list[str]:
    return [message.text for message in await person.messages() if message.from_bot]


async def test_a_reply_that_was_being_sent_is_not_sent_again(
    parts: Parts, sim: SimClient, process: BotProcess, lan: SimUser
) -> None:
    async with sim.hold("sendMessage", user=lan) as held:
        await lan.text("Rác đầy đường")
        await held.caught()
        process.end(signal.SIGKILL)
    process.start()
    await lan.text("phường An Xuyên")
    await lan.wait("đúng không")
    assert len([text for text in await said(lan) if "xảy ra ở đâu" in text]) == 1
    statuses = "SELECT array_agg(status ORDER BY message_id) FROM outbox WHERE chat_id = $1"
    await until(parts, statuses, str(lan.id), holds=["sent", "uncertain", "sent"])


async def test_an_update_that_was_being_worked_on_is_taken_up_again(
    parts: Parts, sim: SimClient, process: BotProcess, lan: SimUser
) -> None:
    async with sim.hold("getFile") as held:
        await lan.photo(photo("một"), caption="Rác đầy đường")
        await held.caught()
        process.end(signal.SIGKILL)
    process.start()
    await lan.wait("Đã nhận 1 ảnh")
    async with parts.pool.acquire() as conn:
        state = await conn.fetchval("SELECT state FROM drafts WHERE chat_id = $1", str(lan.id))
    assert len(state["content"]["photos"]) == 1
    assert [piece["text"] for piece in state["content"]["pieces"]] == ["Rác đầy đường"]


async def test_an_album_whose_answer_was_still_waiting_is_answered_once(
    parts: Parts, process: BotProcess, lan: SimUser
) -> None:
    await lan.album([photo("một"), photo("hai")], caption="Rác đầy đường")
    await until(parts, "SELECT count(*) FROM draft_photos WHERE chat_id = $1", str(lan.id), holds=2)
    process.end(signal.SIGKILL)
    process.start()
    await lan.wait("Đã nhận 2 ảnh")
    assert len([text for text in await said(lan) if "Đã nhận" in text]) == 1


async def test_a_report_that_was_filed_right_before_the_end_is_filed_once(
    parts: Parts, process: BotProcess, lan: SimUser
) -> None:
    await lan.text("Rác đầy đường ở phường An Xuyên")
    await lan.press("Đúng", message=await lan.wait("đúng không"))
    summary = await summed_up(lan)
    await until(parts, "SELECT count(*) FROM outbox WHERE chat_id = $1 AND status <> 'sent'", str(lan.id), holds=0)
    async with parts.pool.acquire() as conn, conn.transaction():
        # The report can be written, but what the chat is told of it cannot: there the process dies.
        await conn.execute("LOCK TABLE outbox IN ACCESS EXCLUSIVE MODE")
        await lan.press(summary.labels[0], message=summary)
        mine = (
            "SELECT count(*) FROM report_contacts JOIN channel_identities USING (citizen_id) WHERE channel_user_id = $1"
        )
        await until(parts, mine, str(lan.id), holds=1)
        process.end(signal.SIGKILL)
    process.start()
    code = (await lan.wait("Đã gửi")).find(r"PA-\w{4}-\w{4}")
    async with parts.pool.acquire() as conn:
        filed = await conn.fetch(mine.replace("count(*)", "report_id"), str(lan.id))
        assert await conn.fetchval("SELECT code FROM reports WHERE report_id = $1", filed[0]["report_id"]) == code
    assert len(filed) == 1


async def test_a_place_chosen_on_the_map_while_no_bot_runs_is_answered_once_one_does(
    parts: Parts, process: BotProcess, lan: SimUser
) -> None:
    await lan.text("Rác đầy đường")
    await lan.wait("trên bản đồ")
    process.end(signal.SIGKILL)
    chat_id = str(lan.id)
    async with parts.pool.acquire() as conn:
        draft_id = await conn.fetchval("SELECT draft_id FROM drafts WHERE chat_id = $1", chat_id)
        bot = f"telegram:{SIMULATOR_TOKEN.partition(':')[0]}"
        link = pins.Link(bot, "telegram", chat_id, draft_id, "vi", 2**31, b"")
        pin = pins.Pin(draft_id=draft_id, lang="vi", lat=9.22461, lon=105.178)
        await pins.send(conn, link, pin)
        with pytest.raises(pins.Gone):
            await pins.send(conn, link, pin)
    process.start()
    await lan.wait("thuộc xã, phường nào")
    await until(parts, "SELECT count(*) FROM outbox WHERE chat_id = $1", chat_id, holds=3)


async def test_a_report_that_was_joined_right_before_the_end_is_joined_once(
    parts: Parts, sim: SimClient, process: BotProcess, lan: SimUser
) -> None:
    words = "Đèn đường trước nhà văn hóa ấp Tân Hiệp không sáng, phường An Xuyên"
    hoa = await sim.user("Hoa")
    code = await file_a_report(hoa, words)
    await lan.text(words)
    await lan.press("Đúng", message=await lan.wait("đúng không"))
    await lan.press("theo dõi", message=await lan.wait("hình như"))
    consent = await lan.wait("đồng ý")
    await until(parts, "SELECT count(*) FROM outbox WHERE chat_id = $1 AND status <> 'sent'", str(lan.id), holds=0)
    mine = "SELECT count(*) FROM report_followers JOIN channel_identities USING (citizen_id) WHERE channel_user_id = $1"
    async with parts.pool.acquire() as conn, conn.transaction():
        await conn.execute("LOCK TABLE outbox IN ACCESS EXCLUSIVE MODE")
        await lan.press("Đồng ý và theo dõi", message=consent)
        await until(parts, mine, str(lan.id), holds=1)
        process.end(signal.SIGKILL)
    process.start()
    await lan.wait(code)
    assert len([text for text in await said(lan) if "Đã thêm nội dung" in text]) == 1
    async with parts.pool.acquire() as conn:
        kinds = await conn.fetch(
            "SELECT kind FROM report_events JOIN report_codes USING (report_id) WHERE code = $1 ORDER BY seq", code
        )
        voices = await conn.fetchval(
            "SELECT count(*) FROM report_messages JOIN report_codes USING (report_id) WHERE code = $1", code
        )
    assert [row["kind"] for row in kinds][-2:] == ["followed", "voice_added"]
    assert voices == 1


async def test_being_told_to_stop_finishes_the_reply_in_hand(
    parts: Parts, sim: SimClient, process: BotProcess, lan: SimUser
) -> None:
    async with sim.hold("sendMessage", user=lan) as held:
        await lan.text("/trogiup")
        await held.caught()
        assert process._process is not None
        process._process.send_signal(signal.SIGTERM)
    assert process.end(signal.SIGTERM) == 0
    process.start()
    await until(
        parts, "SELECT status FROM outbox WHERE chat_id = $1 ORDER BY message_id DESC", str(lan.id), holds="sent"
    )


async def test_killed_again_and_again_in_a_crowd_nothing_is_lost_doubled_or_out_of_order(
    parts: Parts, core: Simulator, process: BotProcess, lan: SimUser
) -> None:
    people = [core.add_person(f"Dân {n}") for n in range(20)]
    ids = [str(person.id) for person in people]
    rounds = 4
    # Long words that name no place are more of the story, whatever was asked.
    story = ", rác đầy đường mà chưa thấy ai tới dọn, mùi hôi bay khắp xóm, trẻ con ho suốt đêm, mong sớm được xử lý"
    for number in range(rounds):
        for person in people:
            Actor(core, person.id).text(f"{number}{story}{story}")
        if number % 2:
            # In the middle of this round's work, wherever that happens to be.
            done = "SELECT count(*) >= $2 FROM inbox WHERE chat_id = ANY ($1) AND processed_at IS NOT NULL"
            await until(parts, done, ids, number * len(people) + 7)
            process.end(signal.SIGKILL)
            process.start()
    done = "SELECT count(*) FROM inbox WHERE chat_id = ANY ($1) AND processed_at IS NOT NULL"
    await until(parts, done, ids, holds=rounds * len(people))
    waiting = "SELECT count(*) FROM outbox WHERE chat_id = ANY ($1) AND status IN ('queued', 'sending')"
    await until(parts, waiting, ids, holds=0)
    async with parts.pool.acquire() as conn:
        drafts = await conn.fetch("SELECT state FROM drafts WHERE chat_id = ANY ($1)", ids)
        sent = await conn.fetch(
            "SELECT chat_id, status, count(*) FROM outbox WHERE chat_id = ANY ($1) GROUP BY 1, 2", ids
        )
    assert len(drafts) == len(people)
    for row in drafts:
        assert [piece["text"][0] for piece in row["state"]["content"]["pieces"]] == [str(n) for n in range(rounds)]
    for person in people:
        mine = [row for row in sent if row["chat_id"] == str(person.id)]
        assert sum(row["count"] for row in mine) == rounds
        arrived = replies(core, person.id)
        surely = sum(row["count"] for row in mine if row["status"] == "sent")
        assert surely <= len(arrived) <= rounds
