"""Officers at work in their agency's group and in private, through the real library; and everybody who may not."""

import pytest
import pytest_asyncio

from app.accounts import service as accounts
from app.accounts.model import SYSTEM, Actor
from app.reports import service as reports
from app.reports.model import Form, Status
from app.reports.workflow import Act
from app.wiring import Parts
from bot.simulator.client import Message, SimClient
from bot.telegram.client import Bot
from tests.telegram.conftest import until
from tests.telegram.office import MAIL, NAME, PHONE, Office, hire
from tests.world import COMPANY, POWER, Person, photo


@pytest_asyncio.fixture(scope="module")
async def people(parts: Parts) -> dict[str, Person]:
    return await hire(parts)


@pytest_asyncio.fixture
async def office(parts: Parts, sim: SimClient, bot: Bot, people: dict[str, Person], working: None) -> Office:
    await parts.pool.execute("DELETE FROM staff_identities")
    await parts.pool.execute("DELETE FROM agency_chats")
    return Office(parts, sim, bot, people)


class Team:
    """The company's group with its lead, an officer, a colleague of another agency and a stranger in it."""

    def __init__(self, office: Office) -> None:
        self.office = office

    async def meet(self) -> "Team":
        office = self.office
        self.lead, self.officer = await office.chat("lead"), await office.chat("officer")
        self.outsider, self.stranger = await office.chat("other_officer"), await office.sim.user("Người lạ")
        self.group = await office.group(self.lead, self.officer, self.outsider, self.stranger)
        self.lead, self.outsider = self.lead.in_group(self.group), self.outsider.in_group(self.group)
        self.private, self.officer = self.officer, self.officer.in_group(self.group)
        self.stranger = self.stranger.in_group(self.group)
        return self

    async def card(self) -> Message:
        """The newest message that shows a case."""
        return [m for m in await self.officer.messages() if m.from_bot and "📍" in m.text][-1]


@pytest_asyncio.fixture
async def team(office: Office) -> Team:
    return await Team(office).meet()


# ---------------------------------------------------------------- the card


async def test_a_new_case_comes_to_the_group_with_photo_deadline_and_place_and_without_who_reported(
    office: Office, team: Team
) -> None:
    report = await office.report()
    card = await team.card()
    assert report.code in card.text
    assert "12 Lý Bôn, Phường An Xuyên" in card.text
    assert "Hạn xử lý" in card.text
    assert "photo" in card.raw
    for personal in (NAME, PHONE, MAIL, "Lan"):
        assert personal not in card.text
    assert card.labels == ["✋ Nhận", "✅ Đã xử lý", "❓ Hỏi lại", "↪️ Chuyển", "📍 Xem vị trí"]


async def test_the_place_is_shown_on_telegrams_own_map_when_asked_for(office: Office, team: Team) -> None:
    report = await office.report()
    await team.officer.press("Xem vị trí", message=await team.card())
    venue = (await team.officer.wait(lambda message: "venue" in message.raw)).raw["venue"]
    assert (venue["location"]["latitude"], venue["title"]) == (9.22461, report.code)


async def test_without_a_group_it_comes_to_the_agencys_linked_officers_in_private(office: Office) -> None:
    officer, other = await office.chat("officer"), await office.chat("other_officer")
    report = await office.report()
    assert report.code in (await officer.wait("Việc mới")).text
    assert report.code not in " ".join(message.text for message in await other.messages())


async def test_with_a_group_only_the_assignee_hears_in_private(office: Office, team: Team) -> None:
    report = await office.report()
    await office.does("officer", report, Act.START)
    await office.does("coordinator", report, Act.SET_URGENCY, urgency="urgent", text="dây điện hở")
    assert report.code in (await team.private.wait("khẩn")).text
    assert "🔴" in (await team.card()).text


# ---------------------------------------------------------------- taking


async def test_whoever_presses_take_has_the_case_and_the_card_says_so(office: Office, team: Team) -> None:
    report = await office.report()
    await team.officer.press("Nhận", message=await team.card())
    assert "đã nhận việc" in (await team.officer.notice())["text"]
    await office.work()
    now, card = await office.now(report), await team.card()
    assert (now.status, now.assignee_id) == (Status.IN_PROGRESS, office.people["officer"].staff_id)
    assert "Đang xử lý – Trần Thị Bích" in card.text
    assert "✋ Nhận" not in card.labels


async def test_of_two_who_press_one_has_it_and_the_other_is_told_who(office: Office, team: Team) -> None:
    await office.report()
    card = await team.card()
    await team.officer.press("Nhận", message=card)
    await team.officer.notice()
    await team.lead.press_data(card, card.data("✋ Nhận"))
    notice = await team.lead.notice()
    assert (notice["text"], notice["show_alert"]) == ("Trần Thị Bích đã nhận việc này.", True)


async def test_pressing_twice_takes_it_once(office: Office, team: Team) -> None:
    report = await office.report()
    card = await team.card()
    for _ in range(2):
        await team.officer.press_data(card, card.data("✋ Nhận"))
        await team.officer.notice()
    assert (await office.now(report)).version == report.version + 1


async def test_what_happens_in_the_browser_shows_on_the_card(office: Office, team: Team) -> None:
    report = await office.report()
    await office.does("officer", report, Act.START)
    assert "Đang xử lý – Trần Thị Bích" in (await team.card()).text


# ---------------------------------------------------------------- who may not


@pytest.mark.parametrize("button", ["✋ Nhận", "✅ Đã xử lý", "❓ Hỏi lại", "↪️ Chuyển", "📍 Xem vị trí"])
async def test_a_stranger_in_the_group_is_told_and_nothing_happens(office: Office, team: Team, button: str) -> None:
    report = await office.report()
    card, before = await team.card(), len(await team.officer.messages())
    await team.stranger.press(button, message=card)
    notice = await team.stranger.notice()
    assert notice["show_alert"]
    assert "chưa liên kết tài khoản cán bộ" in notice["text"]
    assert (await office.now(report)).version == report.version
    assert len(await team.officer.messages()) == before


@pytest.mark.parametrize("button", ["✋ Nhận", "✅ Đã xử lý", "❓ Hỏi lại", "↪️ Chuyển"])
async def test_an_officer_of_another_agency_is_refused(office: Office, team: Team, button: str) -> None:
    report = await office.report()
    await team.outsider.press(button, message=await team.card())
    assert "không do cơ quan của anh/chị xử lý" in (await team.outsider.notice())["text"]
    assert (await office.now(report)).version == report.version


async def test_a_disabled_officer_has_lost_it_at_once(office: Office, team: Team) -> None:
    report = await office.report()
    staff_id = office.people["officer"].staff_id
    await accounts.disable(office.parts.pool, staff_id, SYSTEM)
    try:
        await team.officer.press("Nhận", message=await team.card())
        assert "chưa liên kết" in (await team.officer.notice())["text"]
        await team.private.text("/viec")
        await team.private.wait("Dành cho cán bộ")
    finally:
        await accounts.enable(office.parts.pool, staff_id, SYSTEM)
    assert (await office.now(report)).status is Status.ASSIGNED


async def test_a_citizen_with_a_forged_button_is_refused(office: Office, sim: SimClient) -> None:
    report, lan = await office.report(), await sim.user("Lan")
    await lan.text("/start")
    hello = await lan.wait("Xin chào")
    for verb in ("take", "done", "ask", "pass", "card", "map", "to", "for", "list"):
        await lan.press_data(hello, f"o1|{verb}|{report.code}|0")
        assert "chưa liên kết" in (await lan.notice())["text"]
    assert (await office.now(report)).version == report.version


async def test_leaders_and_administrators_take_nothing(office: Office, sim: SimClient) -> None:
    report = await office.report()
    for key in ("leader", "administrator"):
        user = await office.chat(key)
        hello = (await user.messages())[-1]
        await user.press_data(hello, f"o1|take|{report.code}")
        assert (await user.notice())["show_alert"]
    assert (await office.now(report)).version == report.version


async def test_broken_buttons_are_answered(office: Office, team: Team) -> None:
    report = await office.report()
    card = await team.card()
    for data in (
        "o1|",
        "o1|take",
        "o1|take|PA-0000-0000",
        f"o1|to|{report.code}|9",
        f"o1|xx|{report.code}",
        "o1|list|x",
    ):
        await team.officer.press_data(card, data)
        assert (await team.officer.notice())["show_alert"]


async def test_a_stranger_who_replies_with_photo_and_words_resolves_nothing(office: Office, team: Team) -> None:
    report = await office.report()
    await team.stranger.photo(photo("xong"), caption="Đã sửa xong đèn", reply_to=(await team.card()).id)
    await team.stranger.wait("chưa liên kết tài khoản cán bộ")
    assert (await office.now(report)).status is Status.ASSIGNED


# ---------------------------------------------------------------- resolving


async def test_replying_to_the_card_with_photo_and_words_resolves_with_proof(office: Office, team: Team) -> None:
    report = await office.report()
    await team.officer.photo(photo("xong"), caption="Đã thay bóng đèn mới.", reply_to=(await team.card()).id)
    await team.officer.wait("đã báo kết quả")
    case = await office.case(report)
    assert case.report.status is Status.RESOLVED
    assert [m.body for m in case.messages if m.kind == "resolution"] == ["Đã thay bóng đèn mới."]
    assert len([p for p in case.pictures if p.stage == "after"]) == 1
    assert case.messages[-1].author_id == office.people["officer"].staff_id
    await office.work()
    assert "✅ Đã xử lý" not in (await team.card()).labels


async def test_an_album_resolves_with_all_its_photos(office: Office, team: Team) -> None:
    report = await office.report()
    shots = [photo(f"xong {n}") for n in range(3)]
    await team.officer.album(shots, caption="Đã thay ba bóng đèn.", reply_to=(await team.card()).id)
    await team.officer.wait("đã báo kết quả")
    assert len([p for p in (await office.case(report)).pictures if p.stage == "after"]) == 3


async def test_words_without_a_photo_are_kept_until_the_photo_comes(office: Office, team: Team) -> None:
    report = await office.report()
    await team.officer.press("Đã xử lý", message=await team.card())
    asked = await team.officer.wait("bằng ảnh sau xử lý")
    await team.officer.text("Đã thay bóng, đèn sáng lại.", reply_to=asked.id)
    again = await team.officer.wait("Còn thiếu ảnh")
    await team.officer.photo(photo("sáng"), reply_to=again.id)
    await team.officer.wait("đã báo kết quả")
    case = await office.case(report)
    assert [m.body for m in case.messages if m.kind == "resolution"] == ["Đã thay bóng, đèn sáng lại."]


async def test_a_photo_without_words_is_kept_until_the_words_come(office: Office, team: Team) -> None:
    report = await office.report()
    await team.officer.photo(photo("sáng"), reply_to=(await team.card()).id)
    asked = await team.officer.wait("Đã nhận ảnh")
    await team.officer.text("Đã thay bóng, đèn sáng lại.", reply_to=asked.id)
    await team.officer.wait("đã báo kết quả")
    assert (await office.now(report)).status is Status.RESOLVED


async def test_drafts_are_each_officers_own(office: Office, team: Team) -> None:
    report = await office.report()
    card = await team.card()
    await team.officer.text("Đã thay bóng, đèn sáng lại.", reply_to=card.id)
    await team.officer.wait("để làm gì")
    await team.lead.photo(photo("khác"), reply_to=card.id)
    await team.lead.wait("Đã nhận ảnh")
    assert (await office.now(report)).status is Status.ASSIGNED


async def test_one_resolves_in_private_too(office: Office) -> None:
    officer = await office.chat("officer")
    report = await office.report()
    card = await officer.wait("Việc mới")
    await officer.photo(photo("xong"), caption="Đã thay bóng đèn mới.", reply_to=card.id)
    await officer.wait("đã báo kết quả")
    assert (await office.now(report)).status is Status.RESOLVED


async def test_a_bare_reply_is_asked_what_it_is_for(office: Office, team: Team) -> None:
    report = await office.report()
    await team.officer.text("Tổ 3 đã xem, chờ vật tư.", reply_to=(await team.card()).id)
    await team.officer.press("Ghi chú nội bộ", message=await team.officer.wait("để làm gì"))
    await team.officer.wait("đã ghi chú")
    notes = [m for m in (await office.case(report)).messages if m.kind == "note"]
    assert [(m.body, m.visibility) for m in notes] == [("Tổ 3 đã xem, chờ vật tư.", "staff")]


async def test_talk_among_colleagues_is_left_alone(office: Office, team: Team) -> None:
    await office.report()
    before = len(await team.officer.messages())
    mine = await team.officer.text("Chiều nay ai đi Lý Bôn?")
    await team.lead.text("Anh đi nhé", reply_to=mine.id)
    await team.officer.text("/canbo")
    await team.officer.wait("Trần Thị Bích")
    assert len(await team.officer.messages()) == before + 4


# ---------------------------------------------------------------- asking, handing on


async def test_a_question_goes_out_and_its_answer_comes_back_to_the_group(office: Office, team: Team) -> None:
    report = await office.report()
    await team.officer.press("Hỏi lại", message=await team.card())
    await team.officer.text("Trụ đèn số mấy ạ?", reply_to=(await team.officer.wait("bằng câu hỏi")).id)
    await team.officer.wait("đã gửi câu hỏi")
    await office.work()
    assert (await office.now(report)).status is Status.AWAITING_INFO
    assert (await team.card()).labels == ["📍 Xem vị trí"]
    parts, asked = office.parts, await office.now(report)
    said = Form(text=f"Trụ số 5, gọi tôi {PHONE}")
    await reports.perform(parts.pool, parts.rules, Actor("citizen"), asked, Act.ADD_INFO, said)
    await office.work()
    news = (await team.card()).text
    assert "Người phản ánh đã bổ sung" in news
    assert "Trụ số 5" in news
    assert PHONE not in news


async def test_an_officer_returns_a_case_with_a_reason(office: Office, team: Team) -> None:
    report = await office.report()
    await team.officer.press("Chuyển", message=await team.card())
    asked = await team.officer.wait("lý do trả lại")
    await team.officer.text("Trụ đèn này của Điện lực.", reply_to=asked.id)
    await team.officer.wait("đã trả lại")
    now = await office.now(report)
    assert (now.status, now.handovers) == (Status.RETURNED, 1)
    await office.work()
    gone = [m for m in await team.officer.messages() if report.code in m.text and "Không còn do cơ quan mình" in m.text]
    assert gone[0].labels == []


async def test_a_lead_hands_a_case_on_and_it_leaves_the_group(office: Office, team: Team) -> None:
    report = await office.report()
    await team.lead.press("Chuyển", message=await team.card())
    choice = await team.lead.wait("cơ quan nào")
    await team.lead.press(choice.labels[0], message=choice)
    asked = await team.lead.wait("lý do chuyển")
    await team.lead.text("Thuộc thẩm quyền của cơ quan này.", reply_to=asked.id)
    await team.lead.wait("đã chuyển sang")
    now = await office.now(report)
    assert (now.status, now.agency_id != COMPANY) == (Status.ASSIGNED, True)


async def test_after_two_handovers_competence_is_in_dispute(office: Office, team: Team) -> None:
    report = await office.report()
    for _ in range(2):
        await office.does("officer", report, Act.RETURN, text="Không thuộc thẩm quyền.")
        await office.does("coordinator", report, Act.ASSIGN, agency_id=COMPANY)
    await team.officer.press("Chuyển", message=await team.card())
    assert "tranh chấp thẩm quyền" in (await team.officer.notice())["text"]


async def test_a_case_assigned_to_another_agency_goes_to_that_agencys_group(office: Office, team: Team) -> None:
    power_lead = await office.chat("other_lead")
    power = power_lead.in_group(await office.group(power_lead, title="Điện lực"))
    report = await office.report()
    await office.does("officer", report, Act.RETURN, text="Trụ của Điện lực.")
    await office.does("coordinator", report, Act.ASSIGN, agency_id=POWER)
    assert report.code in [m for m in await power.messages() if "📍" in m.text][-1].text


# ---------------------------------------------------------------- the queue


async def test_the_queue_is_paged_and_opens_cases(office: Office, team: Team) -> None:
    for number in range(9):
        await office.report(photos=0, text=f"Đèn đường số {number} hỏng, tối om.")
    await team.officer.text("/viec")
    first = await team.officer.wait("Việc đang chờ")
    assert len(first.labels) == 9
    await team.officer.press("▶", message=first)
    second = await team.officer.wait("Việc đang chờ")
    assert (second.id, second.labels[-1]) == (first.id, "▶" if len(second.labels) > 9 else "◀")
    code = second.labels[0]
    await team.officer.press(code, message=second)
    opened = await team.officer.wait("Trạng thái")
    await team.officer.press("Nhận", message=opened)
    await team.officer.notice()
    await office.work()
    await until(office.parts, "SELECT status FROM reports WHERE code = $1", code, holds="in_progress")
    card = next(m for m in await team.officer.messages() if m.id == opened.id)
    assert "Đang xử lý" in card.text


async def test_strangers_get_no_queue(office: Office, team: Team, sim: SimClient) -> None:
    report = await office.report()
    await team.stranger.text("/viec")
    assert report.code not in (await team.stranger.wait("Dành cho cán bộ")).text
    await team.outsider.text("/viec")
    assert report.code not in (await team.outsider.wait("")).text


# ---------------------------------------------------------------- private reports, blocked bots


async def test_a_private_report_is_read_in_private_alone(office: Office, team: Team) -> None:
    report = await office.report(category="street-light")
    await office.parts.pool.execute("UPDATE reports SET visibility = 'private' WHERE report_id = $1", report.report_id)
    await team.officer.press("Xem vị trí", message=await team.card())
    assert "không công khai" in (await team.officer.notice())["text"]
    await team.private.press_data((await team.private.messages())[-1], f"o1|card|{report.code}")
    assert "hẻm tối om" in (await team.private.wait("Trạng thái")).text
    await team.officer.press_data(await team.card(), f"o1|card|{report.code}")
    assert "hẻm tối om" not in (await team.officer.wait("không công khai")).text


async def test_whoever_blocked_the_bot_and_comes_back_hears_again(office: Office) -> None:
    officer = await office.chat("officer")
    await officer.block()
    await office.report()
    await until(office.parts, "SELECT count(*) FROM staff_identities WHERE unreachable_since IS NOT NULL", holds=1)
    await officer.unblock()
    await until(office.parts, "SELECT count(*) FROM staff_identities WHERE unreachable_since IS NOT NULL", holds=0)
    report = await office.report()
    assert report.code in (await officer.wait("Việc mới")).text


# ---------------------------------------------------------------- what is no photo and no word


async def test_a_photo_from_another_agencys_officer_is_not_even_fetched(office: Office, team: Team) -> None:
    await office.report()
    before = await office.parts.pool.fetchval("SELECT count(*) FROM photo_blobs")
    await team.outsider.photo(photo("của ai"), caption="Đã xong", reply_to=(await team.card()).id)
    await team.outsider.wait("không do cơ quan của anh/chị xử lý")
    assert await office.parts.pool.fetchval("SELECT count(*) FROM photo_blobs") == before


async def test_what_is_neither_photo_nor_words_is_asked_for_again(office: Office, team: Team) -> None:
    report = await office.report()
    await team.officer.document(b"%PDF-1.7 bien ban", "bien-ban.pdf", reply_to=(await team.card()).id)
    await team.officer.wait("chỉ nhận ảnh và chữ")
    assert (await office.now(report)).status is Status.ASSIGNED


async def test_a_picture_that_is_none_is_named_and_the_words_stay(office: Office, team: Team) -> None:
    report = await office.report()
    card = await team.card()
    await team.officer.document(b"no picture at all", "anh.jpg", caption="Đã thay bóng đèn.", reply_to=card.id)
    await team.officer.wait("không phải là ảnh")
    await team.officer.photo(photo("xong"), reply_to=card.id)
    await team.officer.wait("đã báo kết quả")
    words = [m.body for m in (await office.case(report)).messages if m.kind == "resolution"]
    assert words == ["Đã thay bóng đèn."]
