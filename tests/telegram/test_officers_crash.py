"""Officers' words and acts when the bot stops in between, or an update is worked off once more."""

import pytest_asyncio

from app.reports.model import Status
from app.reports.workflow import Act
from app.wiring import Parts
from bot.simulator.client import Message, SimClient, SimUser
from bot.telegram.client import Bot
from tests.telegram.conftest import at_work
from tests.telegram.office import Office, hire
from tests.world import COMPANY, photo


@pytest_asyncio.fixture(scope="module")
async def shared(parts: Parts, served: SimClient, bot: Bot) -> tuple[Office, SimUser]:
    office = Office(parts, served, bot, await hire(parts))
    async with at_work(parts, bot):
        lead = await office.chat("lead")
        group = await office.group(lead)
    return office, lead.in_group(group)


@pytest_asyncio.fixture
async def office(shared: tuple[Office, SimUser]) -> Office:
    return shared[0]


@pytest_asyncio.fixture
async def lead(shared: tuple[Office, SimUser]) -> SimUser:
    return shared[1]


async def card(lead: SimUser) -> Message:
    return [message for message in await lead.messages() if "📍" in message.text][-1]


async def once_more(parts: Parts) -> None:
    """As if the process had died after acting and before writing down that it had."""
    await parts.pool.execute(
        "UPDATE inbox SET processed_at = NULL WHERE update_id = (SELECT max(update_id) FROM inbox)"
    )


async def test_words_that_were_kept_survive_a_restart(parts: Parts, bot: Bot, office: Office, lead: SimUser) -> None:
    report = await office.report()
    async with at_work(parts, bot):
        await lead.press("Đã xử lý", message=await card(lead))
        await lead.text("Đã thay bóng, đèn sáng lại.", reply_to=(await lead.wait("bằng ảnh sau xử lý")).id)
        asked = await lead.wait("Còn thiếu ảnh")
    await lead.photo(photo("sáng"), reply_to=asked.id)
    async with at_work(parts, bot):
        await lead.wait("đã báo kết quả")
    case = await office.case(report)
    assert [m.body for m in case.messages if m.kind == "resolution"] == ["Đã thay bóng, đèn sáng lại."]


async def test_an_album_is_finished_after_a_restart(parts: Parts, bot: Bot, office: Office, lead: SimUser) -> None:
    report = await office.report()
    await lead.album([photo("một"), photo("hai")], caption="Đã thay hai bóng.", reply_to=(await card(lead)).id)
    async with at_work(parts, bot):
        await lead.wait("đã báo kết quả")
    assert len([p for p in (await office.case(report)).pictures if p.stage == "after"]) == 2


async def test_resolving_once_more_resolves_once(parts: Parts, bot: Bot, office: Office, lead: SimUser) -> None:
    report = await office.report()
    async with at_work(parts, bot):
        await lead.photo(photo("xong"), caption="Đã sửa xong.", reply_to=(await card(lead)).id)
        await lead.wait("đã báo kết quả")
    resolved = await office.now(report)
    await once_more(parts)
    async with at_work(parts, bot):
        await lead.wait("đã báo kết quả")
    assert (await office.now(report)).version == resolved.version


async def test_handing_on_once_more_hands_on_once(parts: Parts, bot: Bot, office: Office, lead: SimUser) -> None:
    report = await office.report()
    async with at_work(parts, bot):
        await lead.press("Chuyển", message=await card(lead))
        await lead.press("Trả lại trung tâm", message=await lead.wait("cơ quan nào"))
        asked = await lead.wait("lý do trả lại")
        await lead.text("Không thuộc thẩm quyền.", reply_to=asked.id)
        await lead.wait("đã trả lại")
    await once_more(parts)
    async with at_work(parts, bot):
        await lead.wait("đã trả lại")
    now = await office.now(report)
    assert (now.status, now.handovers) == (Status.RETURNED, 1)


async def test_taking_once_more_takes_once(parts: Parts, bot: Bot, office: Office, lead: SimUser) -> None:
    report = await office.report()
    async with at_work(parts, bot):
        await lead.press("Nhận", message=await card(lead))
        await lead.notice()
    taken = await office.now(report)
    await once_more(parts)
    async with at_work(parts, bot):
        await lead.text("/viec")
        await lead.wait("Việc đang chờ")
    assert (await office.now(report)).version == taken.version == report.version + 1


async def test_words_for_a_case_that_has_left_are_refused_in_words(
    parts: Parts, bot: Bot, office: Office, lead: SimUser
) -> None:
    report = await office.report()
    async with at_work(parts, bot):
        await lead.press("Hỏi lại", message=await card(lead))
        asked = await lead.wait("bằng câu hỏi")
        await office.does("officer", report, Act.RETURN, text="Không thuộc thẩm quyền.")
        await lead.text("Trụ số mấy ạ?", reply_to=asked.id)
        await lead.wait("không do cơ quan của anh/chị xử lý")
    assert (await office.now(report)).agency_id != COMPANY
