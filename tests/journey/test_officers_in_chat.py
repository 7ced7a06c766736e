"""The officers' side of a report's way without leaving the chat, over all real processes; two are killed on the way."""

from app.accounts.model import Role
from bot.simulator.client import Message, SimUser
from bot.simulator.samples import scene
from tests.journey.system import System
from tests.journey.test_journey import ENTERPRISE, People, eventually, files_a_report
from tests.journey.test_journey import hire as hire


async def messages(group: SimUser, words: str) -> list[Message]:
    return [message for message in await group.messages() if message.from_bot and words in message.text]


async def test_a_lead_links_the_group_and_mends_the_lamp_in_it(system: System, hire: People) -> None:
    officer = await hire("phuoc", ENTERPRISE, Role.LEAD)
    code = (await officer.http.post("/me/chat-code")).json()["code"]
    phuoc, lan = await system.sim.user("Phước"), await system.sim.user("Lan")
    await phuoc.text(f"/canbo {code}")
    await phuoc.wait("Đã liên kết")
    group = phuoc.in_group(await system.sim.group("Tổ chiếu sáng", [phuoc]))
    await group.text("/lienketnhom")
    await group.wait("từ nay nhận việc")

    # The worker dies while the report comes in, and the card comes all the same, once.
    system.kill("worker")
    report = await files_a_report(lan)
    system.start("worker")
    await eventually(lambda: messages(group, report), bool, system)
    [card] = await messages(group, report)
    assert "photo" in card.raw

    # Taken; the card and the citizen learn of it.
    await group.press("Nhận", message=card)
    assert "đã nhận việc" in (await group.notice())["text"]
    await lan.wait("đang xử lý")
    await eventually(lambda: messages(group, "Đang xử lý – Trần Văn Minh"), bool, system)

    # The bot dies with the officer's photo on its way.
    system.kill("bot")
    await group.photo(scene("lamp", 1, mended=True), caption="Đã thay bóng đèn mới.", reply_to=card.id)
    system.start("bot")
    await group.wait("đã báo kết quả")
    await lan.wait("Đã thay bóng đèn mới.")
    case = await officer.case(report)
    assert case["status"] == "resolved"
    assert [photo["stage"] for photo in case["photos"]] == ["before", "before", "after"]
