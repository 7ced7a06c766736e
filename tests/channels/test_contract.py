"""The same conversations through every adapter: whatever a citizen can do on one channel works on the others."""

import pytest

from app.reports.model import Rating, Status
from app.reports.workflow import Act
from tests.channels.conftest import Stage
from tests.channels.drivers import Citizen
from tests.world import HERE, photo

SENT = "SELECT count(*) FROM outbox WHERE channel = $1 AND chat_id = $2 AND status = 'sent'"
LEDGER = "SELECT array_agg(template || ' ' || status ORDER BY seq) FROM notifications WHERE report_id = $1"
PLACE = "đèn đường ở phường An Xuyên"


async def _finish(person: Citizen) -> str:
    """From the summary to the code."""
    summary = await person.reads("xem lại")
    await person.chooses(person.choices(summary)[0])
    return (await person.reads("Đã gửi")).find(r"PA-\w{4}-\w{4}")


# --- reporting, in any order


async def test_words_first(stage: Stage) -> None:
    lan = await stage.citizen("Lan")
    report = await stage.report(await stage.files(lan))
    assert (report.channel, report.commune_name, report.status) == (stage.channel, "Phường An Xuyên", Status.ASSIGNED)
    assert lan.messages == 3
    consent = (
        "SELECT consent_version FROM citizens JOIN channel_identities USING (citizen_id) WHERE channel_user_id = $1"
    )
    assert await stage.value(consent, lan.address)


async def test_photo_first(stage: Stage) -> None:
    lan = await stage.citizen("Lan")
    await lan.sends_photo(photo("đèn"))
    await lan.reads("Đã nhận 1 ảnh")
    await lan.says(f"Hỏng ba đêm nay, {PLACE}")
    await lan.chooses("Đúng")
    report = await stage.report(await _finish(lan))
    assert await stage.value("SELECT count(*) FROM report_photos WHERE report_id = $1", report.report_id) == 1


async def test_photos_with_words_are_answered_once(stage: Stage) -> None:
    lan = await stage.citizen("Lan")
    if stage.channel == "telegram":
        await lan.user.album([photo("một"), photo("hai")], caption="Đèn hỏng")
    else:
        await lan.sends_photo(photo("một"), "Đèn hỏng")
        await lan.sends_photo(photo("hai"))
    assert "Đã nhận 2 ảnh" in (await lan.reads("ở đâu")).text
    assert len(await lan.heard()) == 1


async def test_place_first(stage: Stage) -> None:
    lan = await stage.citizen("Lan")
    # Nothing has been asked yet, so a Zalo Bot has not named our map page: there it is words.
    sent = await lan.sends_place(HERE["lat"], HERE["lon"], PLACE)
    assert sent == (stage.channel != "zalo_bot")
    if sent:
        await lan.reads("chuyện gì")
        await lan.says("Đèn đường hỏng ba đêm nay")
    await lan.chooses("Phường An Xuyên" if sent else "Đúng")
    report = await stage.report(await _finish(lan))
    assert report.commune_name == "Phường An Xuyên"
    assert (report.lat is not None) == sent


async def test_the_place_is_chosen_when_it_is_asked_for(stage: Stage) -> None:
    lan = await stage.citizen("Lan")
    await lan.says("Đèn đường hỏng ba đêm nay")
    await lan.reads("ở đâu")
    assert await lan.sends_place(HERE["lat"], HERE["lon"], PLACE)
    await lan.chooses("Phường An Xuyên")
    report = await stage.report(await _finish(lan))
    assert [report.lat, report.lon] == [HERE["lat"], HERE["lon"]]


async def test_how_to_give_the_place_is_said_in_the_channels_own_way(stage: Stage) -> None:
    lan = await stage.citizen("Lan")
    await lan.says("Đèn đường hỏng mấy hôm nay")
    asked = await lan.reads("ở đâu")
    ways = {
        "telegram": "bấm nút gửi vị trí",
        "zalo_oa": "gửi vị trí",
        "zalo_bot": f"{stage.parts.settings.public_url}/m/",
    }
    assert ways[stage.channel] in asked.text
    assert "địa chỉ" in asked.text
    if stage.channel == "zalo_oa":
        assert "/m/" in (await lan.user.press("bản đồ"))["url"]


async def test_a_choice_is_made_by_its_number_or_its_words(stage: Stage) -> None:
    lan = await stage.citizen("Lan")
    await lan.says("Nước bẩn hôi thối ở phường An Xuyên")
    asked = await lan.reads("đúng không")
    assert [choice[-4:] for choice in lan.choices(asked)] == ["Đúng", "khác"]
    await lan.says("1")
    await lan.reads("loại nào")
    await lan.says("khác")
    groups = await lan.reads("nhóm nào")
    assert len(lan.choices(groups)) > 5
    await lan.says("2")
    await lan.reads("loại nào")


async def test_a_menu_goes_back_and_forth(stage: Stage) -> None:
    lan = await stage.citizen("Lan")
    await lan.says("Nước bẩn hôi thối ở phường An Xuyên")
    await lan.chooses("Đúng")
    await lan.chooses("Khác…")
    groups = await lan.reads("nhóm nào")
    await lan.chooses(lan.choices(groups)[0])
    await lan.reads("loại nào")
    await lan.chooses("Quay lại")
    await lan.reads("nhóm nào")


# --- what becomes of it


async def test_a_question_of_the_officer_is_answered(stage: Stage) -> None:
    lan = await stage.citizen("Lan")
    code = await stage.files(lan)
    await stage.staff(code, Act.ASK, text="Trụ đèn số mấy?")
    asked = await lan.reads("Trụ đèn số mấy?")
    assert "Trả lời" in lan.choices(asked)[0]
    await lan.chooses("Trả lời")
    await lan.reads(f"cho phản ánh {code}")
    await lan.says("Trụ số 12")
    await lan.reads("Đã chuyển phần bổ sung")
    report = await stage.report(code)
    assert report.status is Status.IN_PROGRESS
    said = "SELECT count(*) FROM report_messages WHERE report_id = $1 AND body = 'Trụ số 12'"
    assert await stage.value(said, report.report_id) == 1


async def _resolved(stage: Stage, person: Citizen) -> str:
    code = await stage.files(person)
    await stage.staff(code, Act.START)
    await stage.staff(code, Act.RESOLVE, pictures=True, text="Đã thay bóng mới.")
    return code


async def test_a_result_comes_with_its_picture_and_is_rated(stage: Stage) -> None:
    lan = await stage.citizen("Lan")
    code = await _resolved(stage, lan)
    told = await lan.reads("Đã thay bóng mới")
    assert len(lan.choices(told)) == 3
    if "photo" not in told.raw:
        await lan.reads(lambda message: "photo" in message.raw)
    await lan.chooses("Hài lòng")
    await lan.reads("Cảm ơn anh/chị đã đánh giá")
    report = await stage.report(code)
    assert (report.rating, report.status) == (Rating.SATISFIED, Status.CLOSED)
    assert await stage.value(LEDGER, report.report_id) == ["started sent", "resolved sent"]


async def test_who_is_not_satisfied_says_why_and_has_it_done_again(stage: Stage) -> None:
    lan = await stage.citizen("Lan")
    code = await _resolved(stage, lan)
    await lan.chooses("Không hài lòng")
    await lan.reads("vì sao")
    await lan.says("Đèn vẫn tối")
    await lan.chooses("Đề nghị xử lý lại")
    await lan.reads("Đã chuyển đề nghị xử lý lại")
    assert (await stage.report(code)).status is Status.IN_PROGRESS


async def test_a_number_means_what_was_offered_last(stage: Stage) -> None:
    """A report is being made when the result of another one comes."""
    lan = await stage.citizen("Lan")
    code = await stage.files(lan)
    await stage.staff(code, Act.START)
    await lan.says("Ổ gà lớn ở phường An Xuyên")
    await lan.chooses("Đúng")
    await lan.reads("xem lại")
    await stage.staff(code, Act.RESOLVE, pictures=True, text="Đã thay bóng mới.")
    await lan.reads("Đã thay bóng mới")
    await lan.chooses("Chấp nhận được")
    await lan.reads("Cảm ơn anh/chị đã đánh giá")
    assert (await stage.report(code)).rating is Rating.ACCEPTABLE


async def test_reports_are_followed_by_list_and_by_code(stage: Stage) -> None:
    lan = await stage.citizen("Lan")
    code = await stage.files(lan)
    await lan.says("/danhsach")
    await lan.reads(code)
    await lan.says(code)
    await lan.reads("Đã chuyển xử lý")


# --- the rest of the dialogue


async def test_an_unfinished_report_is_dropped(stage: Stage) -> None:
    lan = await stage.citizen("Lan")
    await lan.says("Đèn đường hỏng")
    await lan.reads("ở đâu")
    await lan.says("/huy")
    await lan.chooses("Bỏ")
    await lan.reads("Đã bỏ")
    assert not await stage.value("SELECT count(*) FROM drafts WHERE chat_id = $1", lan.address)


async def test_language(stage: Stage) -> None:
    lan = await stage.citizen("Emma")
    await lan.says("/lang")
    await lan.chooses("English")
    await lan.says("The street light is broken")
    asked = await lan.reads("Where is it?")
    assert "address" in asked.text
    await lan.says("phường An Xuyên")
    confirm = await lan.reads("right")
    assert ("Reply with a number" in confirm.text) == (stage.channel == "zalo_bot")


async def test_erasing(stage: Stage) -> None:
    lan = await stage.citizen("Lan")
    await stage.files(lan)
    await lan.says("/xoadulieu")
    await lan.chooses("Xóa dữ liệu")
    await lan.reads("ghi lại yêu cầu")
    asked = (
        """SELECT count(*) FROM data_requests JOIN channel_identities USING (citizen_id) WHERE channel_user_id = $1"""
    )
    assert await stage.value(asked, lan.address) == 1


async def test_an_edit_changes_the_report_where_the_channel_tells_of_it(stage: Stage) -> None:
    lan = await stage.citizen("Lan")
    first = await lan.says("Đèn đường hỏng ở phường An Xuyên")
    await lan.reads("đúng không")
    await lan.user.edit(first, "Đèn đường hỏng đã ba hôm ở phường An Xuyên")
    if lan.has_edits:
        await lan.reads("Đã sửa")
    await lan.chooses("Đúng")
    report = await stage.report(await _finish(lan))
    assert ("đã ba hôm" in report.body) == lan.has_edits


async def test_what_cannot_be_used_is_told(stage: Stage) -> None:
    lan = await stage.citizen("Lan")
    await lan.user.voice(b"OggS")
    # Telegram's is kept for the coordinators; Zalo's are declined. Either way words are asked for.
    await lan.reads("gõ")
    await lan.user.contact()
    await lan.reads("Đã ghi số điện thoại" if stage.channel == "telegram" else "chưa dùng được")


async def test_a_flood_of_the_same_words_is_answered_once(stage: Stage) -> None:
    lan = await stage.citizen("Lan")
    for _ in range(5):
        await lan.says("Đèn đường hỏng đã ba hôm, không ai sửa")
    waiting = "SELECT count(*) FROM inbox WHERE chat_id = $1 AND processed_at IS NULL"
    await stage.until(waiting, lan.address, holds=0)
    await stage.until(SENT, stage.channel, lan.address, holds=1)
    assert len(await lan.heard()) == 1


async def test_a_long_text_arrives_whole(stage: Stage) -> None:
    lan = await stage.citizen("Lan")
    words = " ".join(f"Câu thứ {number} kể rất dài về cây đèn đường." for number in range(60))
    await lan.says(words)
    await lan.reads("ở đâu")
    await lan.says("phường An Xuyên")
    await lan.chooses("Đúng")
    await lan.chooses("Sửa")
    await lan.chooses("Nội dung")
    await lan.reads("Câu thứ 0")
    await lan.reads("nhắn nội dung mới") if stage.channel != "telegram" else None
    assert words in " ".join((await lan.heard())[-2:]).replace("\n", " ")


# --- when things go wrong


async def test_who_blocks_us_is_not_written_to_until_they_come_back(stage: Stage) -> None:
    lan = await stage.citizen("Lan")
    code = await stage.files(lan)
    await lan.blocks()
    await stage.staff(code, Act.START)
    report = await stage.report(code)
    assert await stage.value(LEDGER, report.report_id) == ["started unreachable"]
    await lan.unblocks()
    await lan.says("/trogiup")
    await lan.reads("113")
    gone = "SELECT unreachable_since FROM channel_identities WHERE channel_user_id = $1"
    assert await stage.value(gone, lan.address) is None


@pytest.mark.parametrize("status", [429, 500, 502])
async def test_a_reply_that_does_not_go_through_is_sent_again(stage: Stage, status: int) -> None:
    lan = await stage.citizen("Lan")
    await stage.sim.fault(stage.send_method, status, times=2, user=lan.user)
    await lan.says("/trogiup")
    await lan.reads("113")
    await stage.until(SENT, stage.channel, lan.address, holds=1)
    assert len(await lan.heard()) == 1


async def test_a_refusal_for_good_ends_it(stage: Stage) -> None:
    lan = await stage.citizen("Lan")
    await stage.sim.fault(stage.send_method, 403, times=1, user=lan.user)
    await lan.says("/trogiup")
    failed = "SELECT count(*) FROM outbox WHERE channel = $1 AND chat_id = $2 AND status = 'failed'"
    await stage.until(failed, stage.channel, lan.address, holds=1)
    await stage.until(
        "SELECT unreachable_since IS NOT NULL FROM channel_identities WHERE channel_user_id = $1", lan.address
    )


async def test_a_picture_that_cannot_be_fetched_now_is_fetched_later(stage: Stage) -> None:
    lan = await stage.citizen("Lan")
    await stage.sim.fault("download", 502, times=1)
    await lan.sends_photo(photo("đèn"), "Đèn đường hỏng")
    assert "Đã nhận 1 ảnh" in (await lan.reads("ở đâu")).text


async def test_a_picture_that_is_gone_is_asked_for_again(stage: Stage) -> None:
    lan = await stage.citizen("Lan")
    await stage.sim.fault("getFile" if stage.channel == "telegram" else "download", 400, times=1)
    await lan.sends_photo(photo("đèn"), "Đèn đường hỏng")
    assert "Chưa tải được ảnh" in (await lan.reads("ở đâu")).text


async def test_many_messages_in_one_instant_are_answered_in_order(stage: Stage) -> None:
    lan = await stage.citizen("Lan")
    for words in ("/trogiup", "/danhsach", "/theodoi PA-0000-0000", "/huy"):
        await lan.says(words)
    await stage.until(SENT, stage.channel, lan.address, holds=4)
    heard = await lan.heard()
    signs = ("113", "chưa gửi phản ánh nào", "", "không có phản ánh nào")
    assert [sign in words for sign, words in zip(signs, heard, strict=True)] == [True] * 4


# --- somebody else's report


async def test_the_same_matter_is_offered_followed_told_of_and_rated(stage: Stage) -> None:
    lan, minh = await stage.citizen("Lan"), await stage.citizen("Minh")
    words = "Đèn đường trước đình thần hỏng ba đêm nay, phường An Xuyên"
    code = await stage.files(lan, words)
    await minh.says(words)
    await minh.reads("đúng không")
    await minh.chooses("Đúng")
    await minh.reads("hình như đã có người phản ánh")
    await minh.chooses("theo dõi")
    await minh.reads("đồng ý")
    await minh.chooses("Đồng ý và theo dõi")
    await minh.reads(code)
    await stage.staff(code, Act.PUBLISH)
    await stage.staff(code, Act.START)
    await minh.reads(code)
    await stage.staff(code, Act.RESOLVE, pictures=True, text="Đã thay bóng mới.")
    told = await minh.reads("Đã thay bóng mới")
    assert len(minh.choices(told)) == 3
    await minh.chooses("Chấp nhận được")
    await minh.reads("Cảm ơn anh/chị đã đánh giá")
    report = await stage.report(code)
    assert report.rating is None, "the reporter's own rating is the reporter's"
    theirs = "SELECT rating FROM follower_ratings WHERE report_id = $1"
    assert await stage.value(theirs, report.report_id) == "acceptable"
