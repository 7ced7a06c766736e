"""Whole conversations through the real library: from the chat into the database and back."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio
from PIL import Image

from app.accounts import service as accounts
from app.accounts.model import SYSTEM, Actor, Role
from app.photos.service import store_photo
from app.reports import service as reports
from app.reports.model import Form, Rating, Report, Status
from app.reports.workflow import Act
from app.wiring import Parts
from bot.conversation.service import expire_drafts
from bot.simulator.client import SimClient, SimUser
from bot.simulator.core import Simulator
from bot.simulator.samples import sample_photo
from tests.photos.pictures import encoded, scene
from tests.telegram.conftest import file_a_report, replies, until
from tests.world import COMPANY, photo


async def found(parts: Parts, code: str) -> Report:
    return await reports.find(parts.pool, code)


async def case_of(parts: Parts, code: str) -> reports.Case:
    async with parts.pool.acquire() as conn:
        return await reports.case(conn, await reports.find(parts.pool, code))


Desk = Callable[..., Awaitable[Report]]


@pytest_asyncio.fixture(scope="module")
async def staff_does(parts: Parts) -> Desk:
    """Acts of the officer whose agency has the report."""
    staff_id, _ = await accounts.create_staff(
        parts.pool, "tran.thi.bich", "Trần Thị Bích", COMPANY, Role.OFFICER, None, SYSTEM
    )

    async def act(code: str, act: Act, **form: Any) -> Report:
        report = await reports.find(parts.pool, code)
        actor = Actor("staff", staff_id, Role.OFFICER, report.agency_id, frozenset({report.agency_id}))
        return await reports.perform(parts.pool, parts.rules, actor, report, act, Form(**form))

    return act


async def test_an_album_a_place_and_a_sentence_without_accents_become_a_report(parts: Parts, lan: SimUser) -> None:
    await lan.album([photo("một"), photo("hai"), photo("ba")], caption="den duong hong ba hom nay, toi om")
    await lan.wait("Đã nhận 3 ảnh")
    await lan.location(9.22461, 105.178)
    await lan.press("Phường An Xuyên, Cà Mau", message=await lan.wait("xã, phường nào"))
    summary = await lan.wait("xem lại")
    assert "3 ảnh" in summary.text
    await lan.press("Đồng ý và gửi", message=summary)
    code = (await lan.wait("Đã gửi")).find(r"PA-\w{4}-\w{4}")

    report = await found(parts, code)
    assert (report.category, report.commune_code, report.channel) == ("street-light", "32002", "telegram")
    assert (report.lat, report.lon) == (9.22461, 105.178)
    assert report.body == "den duong hong ba hom nay, toi om"
    assert len((await case_of(parts, code)).pictures) == 3
    async with parts.pool.acquire() as conn:
        assert await conn.fetchval("SELECT count(*) FROM draft_photos WHERE chat_id = $1", str(lan.id)) == 0


async def test_an_album_is_answered_once(core: Simulator, lan: SimUser) -> None:
    await lan.album([photo(f"{n}") for n in range(5)], caption="Rác đầy đường")
    await lan.wait("Đã nhận 5 ảnh")
    assert len(replies(core, lan.id)) == 1


async def test_of_eight_photos_six_are_kept_and_the_citizen_is_told_once(parts: Parts, lan: SimUser) -> None:
    await lan.album([photo(f"{n}") for n in range(8)], caption="Rác đầy đường")
    answer = await lan.wait("Đã nhận 6 ảnh")
    assert answer.text.count("tối đa 6 ảnh") == 1
    async with parts.pool.acquire() as conn:
        assert await conn.fetchval("SELECT count(*) FROM draft_photos WHERE chat_id = $1", str(lan.id)) == 6


async def test_a_photo_sent_as_a_file_brings_its_place(parts: Parts, lan: SimUser) -> None:
    await lan.document(sample_photo("lamp"), "IMG_1234.jpg", caption="Đèn đường không sáng")
    asked = await lan.wait("Ảnh chụp")
    await lan.press(asked.labels[0], message=asked)
    await lan.wait("xem lại")
    async with parts.pool.acquire() as conn:
        state = await conn.fetchval("SELECT state FROM drafts WHERE chat_id = $1", str(lan.id))
    assert state["spot"]["lat"] == pytest.approx(state["content"]["photos"][0]["photo"]["lat"])


async def test_files_that_are_no_photos_are_told_apart_and_cost_nothing_else(lan: SimUser) -> None:
    await lan.text("Rác đầy đường")
    await lan.wait("đâu")
    await lan.document(b"%PDF-1.7 don khieu nai", "don.pdf")
    await lan.wait("chỉ nhận ảnh")
    await lan.document(b"not a picture at all", "anh.jpg")
    await lan.wait("không phải là ảnh")
    await lan.document(encoded(scene(), "GIF"), "anh.gif")
    await lan.wait("anh.gif")
    await lan.photo(photo("tốt"))
    await lan.wait("Đã nhận 1 ảnh")


async def test_a_heic_from_an_iphone_is_a_photo(lan: SimUser) -> None:
    await lan.document(
        encoded(Image.new("RGB", (640, 480), "#335577"), "HEIF"), "IMG_0001.HEIC", caption="Rác đầy đường"
    )
    await lan.wait("Đã nhận 1 ảnh")


async def test_the_same_photo_twice_is_kept_once(parts: Parts, lan: SimUser) -> None:
    picture = photo("một")
    await lan.document(picture, "a.jpg", caption="Rác đầy đường")
    await lan.wait("Đã nhận 1 ảnh")
    await lan.document(picture, "b.jpg")
    await lan.wait("đâu")
    async with parts.pool.acquire() as conn:
        assert await conn.fetchval("SELECT count(*) FROM draft_photos WHERE chat_id = $1", str(lan.id)) == 1


async def test_an_edited_message_changes_the_draft(parts: Parts, lan: SimUser) -> None:
    message = await lan.text("Den duong hogn o phuong An Xuyen")
    await lan.wait("đúng không")
    await lan.edit(message, "Đèn đường hỏng ở phường An Xuyên")
    await lan.wait("Đã sửa")
    async with parts.pool.acquire() as conn:
        state = await conn.fetchval("SELECT state FROM drafts WHERE chat_id = $1", str(lan.id))
    assert state["content"]["pieces"][0]["text"] == "Đèn đường hỏng ở phường An Xuyên"


async def test_the_place_button_appears_with_the_question_and_goes_with_the_answer(lan: SimUser) -> None:
    await lan.text("Rác đầy đường")
    await lan.wait("đâu")
    assert await lan.keyboard() == [["📍 Gửi vị trí của tôi"]]
    await lan.text("phường An Xuyên")
    await lan.press("Đúng")
    await lan.press("Đồng ý và gửi")
    await lan.wait("Đã gửi")
    await lan.text("cảm ơn")
    await lan.wait("cảm ơn")
    assert await lan.keyboard() == []


async def test_menus_replace_each_other_in_place(lan: SimUser) -> None:
    await lan.text("nước bẩn hôi thối ở phường An Xuyên")
    await lan.press("Đúng", message=await lan.wait("đúng không"))
    menu = await lan.wait("loại nào")
    await lan.press("Khác", message=menu)
    groups = await lan.wait("nhóm nào")
    assert groups.id == menu.id
    await lan.press("Cấp thoát nước", message=groups)
    assert (await lan.wait("loại nào")).id == menu.id


async def test_a_press_is_always_acknowledged(lan: SimUser) -> None:
    await lan.text("/start")
    hello = await lan.wait("Xin chào")
    await lan.press_data(hello, "x9|made-up")
    assert await lan.notice()
    await lan.wait("đã cũ")


async def test_live_locations_count_once_and_moving_on_is_not_answered(sim: SimClient, lan: SimUser) -> None:
    await lan.text("Rác đầy đường")
    await lan.wait("đâu")
    live = await lan.location(9.22461, 105.178, live_period=600)
    await lan.wait("xã, phường nào")
    before = len(await sim.calls("sendMessage", user=lan))
    await lan.move(live, 9.23, 105.18)
    await lan.text("1")
    await lan.wait("xem lại")
    assert len(await sim.calls("sendMessage", user=lan)) == before + 1


async def test_voice_video_and_other_peoples_numbers_get_a_helpful_line(sim: SimClient, lan: SimUser) -> None:
    await lan.voice(b"OggS....")
    await lan.wait("tin nhắn thoại")
    await lan.video(b"....ftyp")
    await lan.wait("video")
    await lan.contact(of=await sim.user("Tám"))
    await lan.wait("của chính anh/chị")
    await lan.contact()
    await lan.wait("Đã ghi số điện thoại")


async def test_the_command_menu_speaks_both_languages(sim: SimClient, lan: SimUser) -> None:
    calls = [call.params for call in await sim.calls("setMyCommands", wait=10)]
    menus, groups = (
        {
            call.get("language_code"): [command["command"] for command in call["commands"]]
            for call in calls
            if ("scope" in call) is in_groups
        }
        for in_groups in (False, True)
    )
    assert (groups["vi"], groups[None]) == (["viec", "canbo", "lienketnhom"], groups["vi"])
    assert "baocao" in menus["vi"]
    assert "report" in menus["en"]
    assert menus[None] == menus["vi"]


async def test_whoever_speaks_english_is_answered_in_english(sim: SimClient, working: None) -> None:
    tom = await sim.user("Tom", language="en")
    await tom.text("/start")
    await tom.wait("Welcome")
    await tom.text("/lang")
    await tom.press("Tiếng Việt")
    await tom.wait("Từ giờ tôi nói tiếng Việt")
    await tom.text("/trogiup")
    await tom.wait("/danhsach")


async def test_consent_is_kept_with_its_version_and_asked_once(parts: Parts, lan: SimUser) -> None:
    await file_a_report(lan)
    async with parts.pool.acquire() as conn:
        version = await conn.fetchval(
            """
            SELECT consent_version FROM citizens JOIN channel_identities USING (citizen_id) WHERE channel_user_id = $1
            """,
            str(lan.id),
        )
    assert version
    await lan.text("Rác đầy đường ở phường An Xuyên")
    await lan.press("Đúng", message=await lan.wait("đúng không"))
    assert "✅ Gửi" in (await lan.wait("xem lại")).labels


async def test_a_report_can_be_followed_by_its_author_and_by_others_as_the_public_may(
    parts: Parts, sim: SimClient, lan: SimUser
) -> None:
    code = await file_a_report(lan, "Đèn đường hỏng trước nhà tôi ở phường An Xuyên")
    await lan.text(f"/theodoi {code}")
    mine = await lan.wait("Đã chuyển xử lý")
    assert "trước nhà tôi" in mine.text
    assert any("Rút" in label for label in mine.labels)
    stranger = await sim.user("Tám")
    await stranger.text(code.lower())
    theirs = await stranger.wait("Đã chuyển xử lý")
    assert "trước nhà tôi" not in theirs.text
    assert not theirs.labels
    await lan.text("/danhsach")
    assert code in (await lan.wait("Phản ánh của anh/chị")).text


async def test_an_officers_question_is_answered_by_the_next_message(
    parts: Parts, staff_does: Desk, lan: SimUser
) -> None:
    code = await file_a_report(lan)
    await staff_does(code, Act.START)
    await staff_does(code, Act.ASK, text="Trước số nhà mấy ạ?")
    await lan.album([photo("gần"), photo("xa")], caption="Trước số 12, đối diện chợ")
    await lan.wait("Đã chuyển phần bổ sung")
    report = await found(parts, code)
    assert report.status is Status.IN_PROGRESS
    case = await case_of(parts, code)
    assert "Trước số 12, đối diện chợ" in [message.body for message in case.messages]
    assert len([picture for picture in case.pictures if picture.stage == "info"]) == 2


async def resolved(parts: Parts, staff_does: Desk, lan: SimUser) -> str:
    code = await file_a_report(lan)
    await staff_does(code, Act.START)
    proof = await store_photo(parts.pool, parts.objects, parts.lab, photo("đã sửa"))
    await staff_does(code, Act.RESOLVE, text="Đã thay bóng đèn", photos=(proof,))
    return code


async def test_a_good_rating_closes_the_case(parts: Parts, staff_does: Desk, lan: SimUser) -> None:
    code = await resolved(parts, staff_does, lan)
    await lan.text(code)
    shown = await lan.wait("Đã xử lý")
    await lan.press("Hài lòng", message=shown)
    await lan.wait("Cảm ơn")
    report = await found(parts, code)
    assert (report.status, report.rating) == (Status.CLOSED, Rating.SATISFIED)


async def test_a_bad_rating_with_its_reason_reopens_the_case(parts: Parts, staff_does: Desk, lan: SimUser) -> None:
    code = await resolved(parts, staff_does, lan)
    await lan.text(code)
    await lan.press("Không hài lòng", message=await lan.wait("Đã xử lý"))
    await lan.wait("vì sao")
    await lan.text("Đèn vẫn không sáng")
    await lan.press("xử lý lại", message=await lan.wait("xử lý lại"))
    await lan.wait("giám sát")
    report = await found(parts, code)
    assert report.status is Status.IN_PROGRESS
    assert report.supervisor_id


async def test_somebody_elses_report_cannot_be_rated_answered_or_withdrawn(
    parts: Parts, staff_does: Desk, sim: SimClient, lan: SimUser
) -> None:
    code = await resolved(parts, staff_does, lan)
    thief = await sim.user("Tám")
    await thief.text("/start")
    hello = await thief.wait("Xin chào")
    for data in (f"r1|{code}|s", f"w2|{code}"):
        await thief.press_data(hello, data)
        await thief.wait("Chỉ người gửi phản ánh")
    await thief.press_data(hello, f"a1|{code}")
    await thief.wait("câu trả lời")
    await thief.text("ok xong rồi")
    await thief.wait("Chỉ người gửi phản ánh")
    report = await found(parts, code)
    assert (report.status, report.rating) == (Status.RESOLVED, None)


async def test_withdrawing_before_work_begins(parts: Parts, lan: SimUser) -> None:
    code = await file_a_report(lan)
    await lan.text(code)
    await lan.press("Rút phản ánh", message=await lan.wait("Đã chuyển xử lý"))
    await lan.press("Rút", message=await lan.wait("không xử lý nữa"))
    await lan.wait("Đã rút")
    assert (await found(parts, code)).status is Status.WITHDRAWN


async def test_asking_for_erasure_is_kept_once_and_withdraws_consent(parts: Parts, lan: SimUser) -> None:
    await file_a_report(lan)
    for _ in range(2):
        await lan.text("/xoadulieu")
        await lan.press("Xóa dữ liệu", message=await lan.wait("20 ngày"))
        await lan.wait("Đã rút sự đồng ý")
    async with parts.pool.acquire() as conn:
        row = await conn.fetchrow(
            """
            SELECT c.consent_version, count(d.*) AS requests
            FROM channel_identities i JOIN citizens c USING (citizen_id) LEFT JOIN data_requests d USING (citizen_id)
            WHERE i.channel_user_id = $1 GROUP BY 1
            """,
            str(lan.id),
        )
    assert row is not None
    assert (row["consent_version"], row["requests"]) == (None, 1)


async def test_who_blocks_the_bot_is_unreachable_until_they_come_back(parts: Parts, lan: SimUser) -> None:
    await lan.text("/start")
    await lan.wait("Xin chào")

    since = "SELECT unreachable_since IS NOT NULL FROM channel_identities WHERE channel_user_id = $1"
    await lan.block()
    await until(parts, since, str(lan.id), holds=True)
    await lan.unblock()
    await until(parts, since, str(lan.id), holds=False)


async def test_the_citizen_of_a_report_is_the_person_of_the_chat(parts: Parts, lan: SimUser) -> None:
    report = await found(parts, await file_a_report(lan))
    async with parts.pool.acquire() as conn:
        owner: UUID = await conn.fetchval(
            "SELECT citizen_id FROM report_contacts WHERE report_id = $1", report.report_id
        )
        person = await conn.fetchval(
            "SELECT citizen_id FROM channel_identities WHERE channel_user_id = $1", str(lan.id)
        )
    assert owner == person


async def test_an_unfinished_report_is_reminded_of_by_the_worker(parts: Parts, lan: SimUser) -> None:
    await lan.text("Rác đầy đường")
    await lan.wait("đâu")
    async with parts.pool.acquire() as conn:
        await conn.execute("UPDATE drafts SET updated_at = now() - interval '4 hours' WHERE chat_id = $1", str(lan.id))
    await expire_drafts(parts.pool, datetime(2026, 11, 20, 3, tzinfo=UTC))
    reminder = await lan.wait("chưa gửi")
    await lan.press("Tiếp tục", message=reminder)
    await lan.wait("đâu")


async def test_words_are_escaped_and_codes_can_be_copied_by_a_tap(lan: SimUser) -> None:
    await lan.text("Rác <b>đầy</b> đường & hẻm ở phường An Xuyên")
    await lan.press("Đúng", message=await lan.wait("đúng không"))
    await lan.press("Rác", message=await lan.wait("loại nào"))
    summary = await lan.wait("xem lại")
    assert "Rác <b>đầy</b> đường & hẻm" in summary.text
    await lan.press(summary.labels[0], message=summary)
    sent = await lan.wait("Đã gửi")
    assert [entity["type"] for entity in sent.raw["entities"]] == ["code"]
