"""From the first message to the code, in whatever order a citizen tells it."""

import itertools
from collections.abc import Callable

import pytest

from app.errors import Invalid
from app.reports.model import PHOTOS_MAX, TEXT_MAX
from bot.conversation import wishes
from bot.conversation.draft import Asked, Draft
from tests.conversation.talk import AN_XUYEN, CODE, Talk, complete, report

STEPS: dict[str, Callable[[Talk], str]] = {
    "words": lambda talk: talk.says("Đèn đường hỏng đã ba hôm"),
    "photo": lambda talk: talk.sends_photo(1),
    "place": lambda talk: talk.sends_place(*AN_XUYEN),
}


@pytest.mark.parametrize("order", list(itertools.permutations(STEPS)), ids="-".join)
def test_words_photo_and_place_may_come_in_any_order(order: tuple[str, ...]) -> None:
    talk = Talk()
    for step in order:
        assert STEPS[step](talk)
    talk.presses("An Xuyên")
    assert "Đã gửi" in talk.presses("Gửi")

    (filed,) = talk.wished(wishes.FileReport)
    assert filed.draft.content.text == "Đèn đường hỏng đã ba hôm"
    assert len(filed.draft.content.photos) == 1
    assert filed.draft.spot.place().commune_code == "32002"
    assert (filed.draft.spot.lat, filed.draft.spot.lon) == AN_XUYEN
    assert filed.draft.category == "street-light"


def test_a_photo_with_a_caption_that_names_the_commune_needs_two_taps_more() -> None:
    talk = Talk()
    assert "Phường An Xuyên, Cà Mau – đúng không?" in talk.sends_photo(1, "den duong hong o phuong an xuyen")
    assert "xem lại" in talk.presses("Đúng")
    assert CODE in talk.presses("Gửi")


def test_one_question_is_asked_at_a_time() -> None:
    talk = Talk()
    for said in (talk.says("Rác đầy đường"), talk.sends_place(*AN_XUYEN), talk.presses("An Xuyên")):
        assert said.count("?") == 1


def test_what_is_there_is_not_asked_for_again() -> None:
    talk = Talk()
    talk.sends_place(*AN_XUYEN)
    assert "chuyện gì" in talk.sends_photo(1)
    assert "đâu" not in talk.says("Rác đầy đường")


def test_words_may_be_added_until_the_report_is_sent() -> None:
    talk = complete()
    assert "Ngay trước cổng trường" in talk.says("Ngay trước cổng trường")
    talk.presses("Gửi")
    (filed,) = talk.wished(wishes.FileReport)
    assert filed.draft.content.text == "Đèn đường hỏng đã ba hôm\nNgay trước cổng trường"


def test_a_word_too_short_is_kept_and_more_is_asked_for() -> None:
    talk = Talk()
    assert "quá ngắn" in talk.says("Rác")
    talk.says("trước nhà số 5")
    assert talk.draft.content.text == "Rác\ntrước nhà số 5"


def test_too_many_words_are_refused_and_the_earlier_ones_kept() -> None:
    talk = Talk()
    talk.says("Đường ngập nước")
    answer = talk.says("x" * TEXT_MAX)
    assert str(TEXT_MAX) in answer
    assert talk.draft.content.text == "Đường ngập nước"


def test_unreadable_words_are_refused_and_a_photo_with_them_kept() -> None:
    talk = Talk()
    assert "không đọc được" in talk.sends_photo(1, "\ufffd\ufffd rác")
    assert talk.draft.content.text == ""
    assert len(talk.draft.content.photos) == 1


def test_a_thumb_up_is_no_part_of_a_report() -> None:
    talk = complete()
    assert "xem lại" in talk.says("👍👍")
    assert talk.draft.content.text == "Đèn đường hỏng đã ba hôm"


# --- photos


def test_six_photos_are_taken_and_the_rest_is_told_once() -> None:
    talk = Talk()
    talk.says("Rác đầy đường ở phường An Xuyên")
    for number in range(PHOTOS_MAX):
        talk.sends_photo(number)
    assert "tối đa 6 ảnh" in talk.sends_one_more("full")
    assert "tối đa" not in talk.sends_one_more("full")
    assert len(talk.draft.content.photos) == PHOTOS_MAX


def test_an_album_is_answered_once_when_it_is_complete() -> None:
    talk = Talk()
    for number in range(3):
        assert talk.sends_photo(number, "Đèn hỏng ở phường An Xuyên" if not number else "", album=True) == ""
    assert "Đã nhận 3 ảnh" in talk.stops_sending()
    assert talk.stops_sending() == ""


def test_photos_keep_the_order_in_which_they_were_sent() -> None:
    talk = Talk()
    for number in (3, 1, 2):
        talk.sends_photo(number, album=True)
    assert [photo.same for photo in talk.draft.content.photos] == ["3", "1", "2"]


def test_a_bad_photo_in_an_album_costs_no_other() -> None:
    talk = Talk()
    talk.sends_photo(1, "Đèn hỏng ở phường An Xuyên", album=True)
    talk.sends_bad_photo(album=True)
    talk.sends_photo(2, album=True)
    answer = talk.stops_sending()
    assert "bị hỏng" in answer
    assert "Đã nhận 2 ảnh" in answer


def test_a_bad_photo_alone_is_told_and_the_words_with_it_kept() -> None:
    talk = Talk()
    assert "bị hỏng" in talk.sends_bad_photo(caption="Rác đầy đường")
    assert talk.draft.content.text == "Rác đầy đường"


def test_the_same_photo_again_is_told_so() -> None:
    talk = Talk()
    talk.sends_photo(1, "Rác đầy đường")
    assert "đã nhận rồi" in talk.sends_one_more("known")


def test_words_in_the_middle_of_an_album_are_answered_at_once_and_nothing_is_lost() -> None:
    talk = Talk()
    talk.sends_photo(1, album=True)
    assert "Đã nhận 1 ảnh" in talk.says("Đèn hỏng ở phường An Xuyên")
    talk.sends_photo(2, album=True)
    assert "Đã nhận 2 ảnh" in talk.stops_sending()


# --- category


def test_a_clear_category_is_taken_and_the_summary_says_that_it_is_a_guess() -> None:
    talk = Talk()
    talk.says("đèn đường hỏng ở phường An Xuyên")
    summary = talk.presses("Đúng")
    assert "Đèn đường hỏng (đoán theo lời anh/chị" in summary


def test_words_added_later_correct_a_guess_but_not_a_choice() -> None:
    talk = Talk()
    talk.says("đèn hỏng ở phường An Xuyên")
    talk.presses("Đúng")
    talk.says("À không, ý tôi là dây điện đứt rớt xuống đường, chập điện, nguy hiểm điện giật")
    assert talk.draft.category == "power-danger"
    talk.presses("Sửa")
    talk.presses("Loại việc")
    talk.presses("Vệ sinh")
    talk.presses("Rác")
    talk.says("Đèn đường hỏng")
    assert talk.draft.category == "garbage"
    assert "đoán" not in talk.replies[-1].text


def test_who_wants_to_choose_the_category_is_not_given_the_guess_again() -> None:
    talk = complete()
    talk.presses("Sửa")
    talk.presses("Loại việc")
    assert "loại nào" in talk.says("đèn đường hỏng nặng")


def test_the_likely_categories_come_as_buttons_and_all_others_behind_one() -> None:
    talk = Talk()
    talk.says("nước bẩn hôi thối ở phường An Xuyên")
    talk.presses("Đúng")
    assert 2 <= len(talk.labels()) <= 4
    talk.presses("Khác")
    groups = talk.labels()
    talk.presses("Cấp thoát nước")
    assert talk.replies[0].instead_of
    talk.presses("Quay lại")
    assert talk.labels() == groups


def test_words_that_point_nowhere_get_all_groups() -> None:
    talk = Talk()
    talk.says("xyz abc ở phường An Xuyên")
    assert "nhóm nào" in talk.presses("Đúng")
    talk.presses("Vệ sinh")
    assert "xem lại" in talk.presses("Rác")


def test_more_words_make_a_better_guess() -> None:
    talk = Talk()
    talk.says("Hư rồi ở phường An Xuyên")
    talk.presses("Đúng")
    assert talk.draft.category is None
    talk.says("Ý tôi là đèn đường không sáng")
    assert talk.draft.category == "street-light"


def test_what_is_no_field_report_gets_the_right_address() -> None:
    talk = Talk()
    talk.says("Tôi muốn tố cáo cán bộ nhận hối lộ ở phường An Xuyên")
    assert "ℹ️" in talk.presses("Đúng")
    assert talk.draft.category == "denunciation"


# --- summary, consent, sending


def test_consent_is_asked_with_the_first_report_only_and_in_its_own_words() -> None:
    talk = complete(consented=False)
    assert "Tôi đồng ý để cơ quan nhà nước xử lý" in talk.replies[-1].text
    assert not talk.wished(wishes.FileReport)
    talk.presses("Đồng ý và gửi")
    (filed,) = talk.wished(wishes.FileReport)
    assert filed.consents

    talk.says("Rác đầy đường ở phường An Xuyên")
    talk.presses("Đúng")
    assert "đồng ý" not in talk.replies[-1].text
    assert talk.labels()[0] == "✅ Gửi"


def test_an_ok_is_no_consent_but_an_i_agree_is() -> None:
    talk = complete(consented=False)
    assert "Đồng ý và gửi" in talk.says("ok gửi đi")
    assert not talk.wished(wishes.FileReport)
    assert "Đã gửi" in talk.says("tôi đồng ý")


def test_a_made_up_button_cannot_send_without_consent() -> None:
    talk = complete(consented=False)
    talk.presses_data(f"d1|send|{talk.draft.revision()}")
    assert not talk.wished(wishes.FileReport)


def test_who_has_agreed_before_sends_with_a_plain_yes() -> None:
    assert "Đã gửi" in complete().says("gửi đi ạ")


def test_an_old_summary_cannot_send_what_it_does_not_show() -> None:
    talk = complete()
    old = talk.choices()[0].data
    talk.says("Thêm nữa: có dây điện rơi")
    assert "đã thay đổi" in talk.presses_data(old)
    assert not talk.wished(wishes.FileReport)


def test_the_answer_names_code_agency_and_deadline() -> None:
    talk = complete()
    answer = talk.presses("Gửi")
    assert CODE in answer
    assert "Sở Xây dựng" in answer
    assert "10:00, 23/11/2026" in answer
    assert talk.draft == Draft(sent=CODE, choices=talk.draft.choices)


def test_pressing_send_twice_sends_once() -> None:
    talk = complete()
    button = talk.choices()[0].data
    talk.presses_data(button)
    assert f"đã gửi rồi, mã {CODE}" in talk.presses_data(button)
    assert len(talk.wished(wishes.FileReport)) == 1


def test_what_the_intake_refuses_is_told_and_asked_for_again_and_the_rest_stays() -> None:
    talk = complete()
    talk.sent = Invalid("reports.other_province", field="place", place="Phường X", province="Tỉnh Y")
    answer = talk.presses("Gửi")
    assert "ngoài địa bàn" in answer
    assert talk.replies[-1].place_button
    assert len(talk.draft.content.photos) == 1
    assert talk.draft.category == "street-light"


def test_a_report_at_the_coordinators_desk_gets_the_intake_deadline() -> None:
    talk = complete()
    talk.sent = wishes.Sent(report(status=report().status.SUBMITTED), "Trung tâm điều hành")
    answer = talk.presses("Gửi")
    assert "Hạn tiếp nhận: 12:00, 20/11/2026" in answer


# --- changing


def test_the_text_can_be_replaced() -> None:
    talk = complete()
    talk.presses("Sửa")
    assert "Đèn đường hỏng đã ba hôm" in talk.presses("Nội dung")
    assert "Đường đầy rác" in talk.says("Đường đầy rác")
    assert talk.draft.content.text == "Đường đầy rác"
    assert len(talk.draft.content.photos) == 1


def test_the_place_and_the_category_can_be_changed() -> None:
    talk = complete()
    talk.presses("Sửa")
    talk.presses("Địa điểm")
    talk.says("phường Tân Thành")
    assert "Phường Tân Thành" in talk.presses("Đúng")
    talk.presses("Sửa")
    talk.presses("Loại việc")
    talk.presses("Giao thông")
    talk.presses(talk.labels()[0])
    assert talk.draft.asked is Asked.SUMMARY
    assert talk.draft.category != "street-light"


def test_photos_can_be_dropped() -> None:
    talk = complete()
    talk.presses("Sửa")
    assert "Đã bỏ các ảnh" in talk.presses("Bỏ ảnh")
    assert not talk.draft.content.photos


def test_changing_ones_mind_about_a_change_leads_back() -> None:
    talk = complete()
    talk.presses("Sửa")
    assert "xem lại" in talk.presses("Quay lại")


def test_an_edited_message_changes_the_draft() -> None:
    talk = Talk()
    talk.says("Den duong hogn o phuong An Xuyen")
    assert "Đã sửa" in talk.edits(1, "Đèn đường hỏng ở phường An Xuyên")
    assert talk.draft.content.text == "Đèn đường hỏng ở phường An Xuyên"


def test_an_edited_caption_changes_the_draft_too() -> None:
    talk = Talk()
    talk.sends_photo(1, "Rác đầy đường")
    talk.edits(1, "Rác đầy lề đường")
    assert talk.draft.content.text == "Rác đầy lề đường"


def test_a_caption_added_later_is_taken() -> None:
    talk = Talk()
    talk.sends_photo(1)
    talk.edits(1, "Rác đầy lề đường")
    assert talk.draft.content.text == "Rác đầy lề đường"


def test_an_edit_after_sending_is_told_to_come_too_late() -> None:
    talk = complete()
    talk.presses("Gửi")
    assert f"Phản ánh {CODE} đã gửi" in talk.edits(1, "khác")


def test_an_edit_of_something_else_changes_nothing_and_is_told() -> None:
    talk = complete()
    before = talk.draft.content
    assert "không có gì thay đổi" in talk.edits(999, "khác")
    assert talk.draft.content == before


# --- beginning and stopping


def test_a_new_report_does_not_silently_drop_the_one_in_the_making() -> None:
    talk = Talk()
    talk.says("Rác đầy đường")
    assert "Rác đầy đường" in talk.commands("report")
    assert "đâu" in talk.presses("Tiếp tục")
    talk.commands("report")
    talk.presses("Làm lại")
    assert not talk.draft.content


def test_cancelling_asks_first_and_then_forgets_everything() -> None:
    talk = complete()
    assert "Bỏ phản ánh đang soạn?" in talk.commands("cancel")
    assert "xem lại" in talk.presses("Giữ lại")
    talk.says("huỷ")
    talk.presses("Bỏ")
    assert talk.draft == Draft()


def test_cancelling_nothing_says_so() -> None:
    assert "không có phản ánh nào" in Talk().commands("cancel")


def test_the_next_report_starts_afresh() -> None:
    talk = complete()
    talk.presses("Gửi")
    talk.says("Ổ gà trước cổng chợ")
    assert talk.draft.content.text == "Ổ gà trước cổng chợ"
    assert talk.draft.category is None
    assert talk.draft.spot is None


# --- without buttons


def test_every_choice_can_be_made_by_its_number() -> None:
    talk = Talk()
    talk.says("nước bẩn hôi thối ở phường An Xuyên")
    talk.says("1")
    talk.says("1")
    assert "Đã gửi" in talk.says("1")


def test_every_choice_can_be_made_by_its_words() -> None:
    talk = Talk()
    talk.says("nước bẩn hôi thối ở phường An Xuyên")
    talk.says("dung")
    talk.says(talk.labels()[0])
    assert "Đã gửi" in talk.says("Gửi")


@pytest.mark.parametrize("number", ["0", "9", "99999999999", "②"])
def test_a_number_that_is_no_choice_is_not_taken_for_one(number: str) -> None:
    talk = complete()
    talk.says(number)
    assert not talk.wished(wishes.FileReport)
