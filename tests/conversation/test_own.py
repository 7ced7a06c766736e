"""Reports that were sent: asked about, answered, rated, disputed, withdrawn."""

from datetime import timedelta

import pytest

from app.errors import Conflict, Forbidden, NotFound
from app.reports.model import Rating, Status
from app.reports.workflow import Act
from bot.conversation import wishes
from bot.conversation.draft import Asked, Draft
from tests.conversation.talk import AN_XUYEN, CODE, Talk, complete, report

ASKED = report("PA-1111-1111", Status.AWAITING_INFO)
ALSO_ASKED = report("PA-2222-2222", Status.AWAITING_INFO, body="Ổ gà trước cổng chợ")


# --- answering an officer


def test_the_next_words_answer_the_only_open_question() -> None:
    talk = Talk()
    talk.waiting = [ASKED]
    assert ASKED.code in talk.says("Trước số nhà 12, đối diện chợ")
    (act,) = talk.wished(wishes.Do)
    assert (act.code, act.act, act.form.text) == (ASKED.code, Act.ADD_INFO, "Trước số nhà 12, đối diện chợ")
    assert act.form.client_key


def test_an_answer_may_be_a_bare_number() -> None:
    talk = Talk()
    talk.waiting = [ASKED]
    talk.says("3")
    assert talk.wished(wishes.Do)[0].form.text == "3"


@pytest.mark.parametrize("word", ["có", "không", "đúng rồi ạ", "ok"])
def test_a_short_word_is_an_answer_when_an_officer_asked(word: str) -> None:
    talk = Talk()
    talk.waiting = [ASKED]
    talk.says(word)
    assert talk.wished(wishes.Do)[0].form.text == word


def test_a_short_word_in_reply_to_a_question_answers_it_and_not_the_summary() -> None:
    talk = complete()
    talk.says("đúng", reply_to=f"Có phải ở số 12 không? {ASKED.code}")
    assert talk.wished(wishes.Do)[0].form.text == "đúng"
    assert not talk.wished(wishes.FileReport)


def test_thanks_in_reply_to_our_message_are_no_information() -> None:
    talk = Talk()
    assert "cảm ơn" in talk.says("cảm ơn nhé", reply_to=f"Đã xử lý {ASKED.code}")
    assert not talk.wishes


def test_a_photo_alone_is_an_answer_too() -> None:
    talk = Talk()
    talk.waiting = [ASKED]
    talk.sends_photo(1)
    (act,) = talk.wished(wishes.Do)
    assert (act.act, len(act.form.photos), act.form.text) == (Act.ADD_PHOTOS, 1, "")


def test_an_album_answers_once() -> None:
    talk = Talk()
    talk.waiting = [ASKED]
    talk.sends_photo(1, "Ảnh gần hơn đây", album=True)
    talk.sends_photo(2, album=True)
    assert not talk.wished(wishes.Do)
    talk.stops_sending()
    (act,) = talk.wished(wishes.Do)
    assert (len(act.form.photos), act.form.text) == (2, "Ảnh gần hơn đây")


def test_a_position_is_an_answer_when_an_officer_asked() -> None:
    talk = Talk()
    talk.waiting = [ASKED]
    talk.sends_place(*AN_XUYEN)
    assert "9.2246" in talk.wished(wishes.Do)[0].form.text


def test_an_answer_that_was_meant_as_a_new_report_becomes_one_without_typing_it_again() -> None:
    talk = Talk()
    talk.waiting = [ASKED]
    talk.sends_photo(1, "Rác đầy đường ở phường An Xuyên")
    assert "Phường An Xuyên" in talk.presses("phản ánh mới")
    assert talk.draft.content.text == "Rác đầy đường ở phường An Xuyên"
    assert len(talk.draft.content.photos) == 1


def test_a_position_meant_as_a_new_report_becomes_its_place() -> None:
    talk = Talk()
    talk.waiting = [ASKED]
    talk.sends_place(*AN_XUYEN)
    talk.presses("phản ánh mới")
    assert talk.draft.spot is not None
    assert (talk.draft.spot.lat, talk.draft.spot.lon) == AN_XUYEN
    assert talk.draft.content.text == ""


def test_with_two_open_questions_the_citizen_is_asked_which() -> None:
    talk = Talk()
    talk.waiting = [ASKED, ALSO_ASKED]
    talk.says("Đối diện chợ")
    assert not talk.wished(wishes.Do)
    talk.presses("Ổ gà trước cổng chợ")
    (act,) = talk.wished(wishes.Do)
    assert (act.code, act.form.text) == (ALSO_ASKED.code, "Đối diện chợ")


def test_what_comes_right_after_an_answer_may_belong_to_it() -> None:
    talk = Talk()
    talk.waiting = [ASKED]
    talk.says("Đối diện chợ")
    talk.waiting = []
    assert "bổ sung" in talk.says("À, có cả dây điện rơi")
    talk.presses(ASKED.code)
    assert [act.form.text for act in talk.wished(wishes.Do)] == ["Đối diện chợ", "À, có cả dây điện rơi"]


def test_long_after_an_answer_words_are_a_new_report() -> None:
    talk = Talk()
    talk.waiting = [ASKED]
    talk.says("Đối diện chợ")
    talk.waiting = []
    talk.idle = timedelta(hours=2)
    talk.says("Rác đầy đường")
    assert talk.draft.content.text == "Rác đầy đường"


def test_words_in_the_middle_of_a_report_belong_to_it() -> None:
    talk = Talk()
    talk.says("Rác đầy đường")
    talk.waiting = [ASKED]
    talk.says("phường An Xuyên")
    assert not talk.wished(wishes.Do)


def test_after_a_long_pause_in_a_report_the_citizen_is_asked_and_nothing_is_lost() -> None:
    talk = Talk()
    talk.says("Rác đầy đường")
    talk.waiting = [ASKED]
    talk.idle = timedelta(hours=3)
    talk.says("Ngay cổng trường")
    talk.presses("đang soạn")
    assert talk.draft.content.text == "Rác đầy đường\nNgay cổng trường"


def test_replying_to_our_message_answers_the_report_it_names() -> None:
    talk = Talk()
    talk.says("Rác đầy đường")
    talk.says("Đối diện chợ", reply_to=f"Cơ quan cần anh/chị bổ sung cho phản ánh {ASKED.code}")
    (act,) = talk.wished(wishes.Do)
    assert (act.code, act.form.text) == (ASKED.code, "Đối diện chợ")
    assert talk.draft.content.text == "Rác đầy đường"


def test_the_answer_button_makes_the_next_words_the_answer() -> None:
    talk = Talk()
    assert ASKED.code in talk.presses_data(f"a1|{ASKED.code}")
    talk.says("ok")
    assert talk.wished(wishes.Do)[0].form.text == "ok"


def test_an_answer_that_is_refused_is_kept_for_a_new_report() -> None:
    talk = Talk()
    talk.done = Conflict("reports.act_not_now", act=Act.ADD_INFO, status=Status.CLOSED)
    talk.presses_data(f"a1|{CODE}")
    assert "Hoàn thành" in talk.says("Rác vẫn còn ở phường An Xuyên")
    talk.presses("Phản ánh mới")
    assert talk.draft.content.text == "Rác vẫn còn ở phường An Xuyên"


# --- following


def test_a_bare_code_shows_the_report() -> None:
    talk = Talk()
    talk.seen = wishes.Seen(report(), "Sở Xây dựng", True, (Act.ADD_INFO,), "Đã cử người đi kiểm tra")
    answer = talk.says(CODE.lower())
    assert "Đã chuyển xử lý" in answer
    assert "Đèn đường hỏng trước số 12" in answer
    assert "Đã cử người đi kiểm tra" in answer
    assert talk.wished(wishes.Look)[0].code == CODE


@pytest.mark.parametrize("words", [f"{CODE} đến đâu rồi", f"bao giờ xong {CODE}?", CODE.replace("-", " ")])
def test_a_few_words_about_a_code_ask_for_it(words: str) -> None:
    talk = Talk()
    talk.seen = wishes.Seen(report(), "Sở Xây dựng", True)
    talk.says(words)
    assert talk.wished(wishes.Look)


def test_a_stranger_sees_nothing_of_a_private_report_but_its_status() -> None:
    talk = Talk()
    talk.seen = wishes.Seen(report(visibility="private"), "Sở Xây dựng", False)
    answer = talk.commands("track", CODE)
    assert "Đã chuyển xử lý" in answer
    assert "Lý Bôn" not in answer
    assert "Sở Xây dựng" not in answer
    assert not talk.labels()


def test_a_stranger_sees_a_public_report_without_its_words() -> None:
    talk = Talk()
    talk.seen = wishes.Seen(report(), "Sở Xây dựng", False)
    answer = talk.commands("track", CODE)
    assert "Sở Xây dựng" in answer
    assert "Lý Bôn" not in answer


def test_an_unknown_code_is_told_with_what_to_do() -> None:
    talk = Talk()
    talk.seen = NotFound("reports.code_unknown", code=CODE)
    answer = talk.commands("track", CODE)
    assert f"Không tìm thấy phản ánh {CODE}" in answer
    assert "/danhsach" in answer


def test_following_does_not_disturb_the_report_in_the_making() -> None:
    talk = Talk()
    talk.says("Rác đầy đường")
    before = talk.draft.content
    talk.seen = wishes.Seen(report(), "Sở Xây dựng", True)
    talk.says(CODE)
    assert talk.draft.content == before
    talk.says("phường An Xuyên")
    assert talk.draft.spot is not None


def test_the_list_has_a_button_for_each_report() -> None:
    talk = Talk()
    talk.mine = [report(), report("PA-1111-1111", Status.RESOLVED)]
    answer = talk.commands("list")
    assert f"{CODE} – Đã chuyển xử lý" in answer
    talk.seen = wishes.Seen(talk.mine[1], "Sở Xây dựng", True, (Act.RATE,))
    talk.presses("PA-1111-1111")
    assert talk.wished(wishes.Look)[0].code == "PA-1111-1111"
    assert len(talk.labels()) == 3


def test_an_empty_list_says_how_to_begin() -> None:
    assert "chưa gửi phản ánh nào" in Talk().commands("list")


def test_asking_when_it_will_be_done_shows_the_list() -> None:
    talk = Talk()
    talk.mine = [report()]
    assert CODE in talk.says("Bao giờ xong vậy?")


# --- rating


@pytest.mark.parametrize(("short", "rating"), [("s", Rating.SATISFIED), ("a", Rating.ACCEPTABLE)])
def test_a_good_rating_is_thanked_for(short: str, rating: Rating) -> None:
    talk = Talk()
    assert "Cảm ơn" in talk.presses_data(f"r1|{CODE}|{short}")
    (act,) = talk.wished(wishes.Do)
    assert (act.code, act.act, act.form.rating) == (CODE, Act.RATE, rating)


def dissatisfied() -> Talk:
    talk = Talk()
    talk.done = report(CODE, Status.RESOLVED)
    assert "vì sao" in talk.presses_data(f"r1|{CODE}|d")
    return talk


def test_a_bad_rating_counts_at_once_and_asks_why() -> None:
    (act,) = dissatisfied().wished(wishes.Do)
    assert act.form.rating is Rating.DISSATISFIED


def test_the_reason_may_reopen_the_case() -> None:
    talk = dissatisfied()
    talk.sends_photo(1, "Ổ gà vẫn còn nguyên")
    assert "giám sát" in talk.presses("xử lý lại")
    act = talk.wished(wishes.Do)[-1]
    assert (act.act, act.form.text, len(act.form.photos)) == (Act.DISPUTE, "Ổ gà vẫn còn nguyên", 1)
    assert talk.draft == Draft()


def test_a_photo_without_words_is_no_reason_yet() -> None:
    talk = dissatisfied()
    assert "vài lời" in talk.sends_photo(1)
    talk.says("Ổ gà vẫn còn nguyên")
    talk.presses("xử lý lại")
    assert len(talk.wished(wishes.Do)[-1].form.photos) == 1


def test_the_reason_may_stay_a_comment() -> None:
    talk = dissatisfied()
    talk.says("Làm lâu quá")
    talk.presses("ghi nhận")
    act = talk.wished(wishes.Do)[-1]
    assert (act.act, act.form.rating, act.form.text) == (Act.RATE, Rating.DISSATISFIED, "Làm lâu quá")


def test_reasons_in_several_messages_are_kept_together() -> None:
    talk = dissatisfied()
    talk.says("Làm lâu quá")
    talk.says("Mà lại không kỹ")
    talk.presses("xử lý lại")
    assert talk.wished(wishes.Do)[-1].form.text == "Làm lâu quá\nMà lại không kỹ"


def test_a_dispute_without_a_reason_asks_for_one() -> None:
    talk = dissatisfied()
    assert "vì sao" in talk.presses_data(f"x1|{CODE}")
    assert len(talk.wished(wishes.Do)) == 1


def test_a_reason_given_for_one_report_cannot_dispute_another() -> None:
    talk = dissatisfied()
    talk.says("Ổ gà vẫn còn")
    talk.presses_data("x1|PA-1111-1111")
    assert len(talk.wished(wishes.Do)) == 1
    assert talk.draft.about == "PA-1111-1111"


def test_a_dispute_that_is_refused_keeps_the_reason_for_a_comment() -> None:
    talk = dissatisfied()
    talk.says("Ổ gà vẫn còn")
    talk.done = Conflict("reports.act_not_now", act=Act.DISPUTE, status=Status.CLOSED)
    talk.presses("xử lý lại")
    talk.done = report()
    talk.presses("ghi nhận")
    assert talk.wished(wishes.Do)[-1].form.text == "Ổ gà vẫn còn"


def test_somebody_elses_report_cannot_be_rated() -> None:
    talk = Talk()
    talk.done = Forbidden("reports.not_reporter")
    assert "Chỉ người gửi" in talk.presses_data(f"r1|{CODE}|s")
    assert talk.draft.asked is Asked.NOTHING


@pytest.mark.parametrize(
    "data", [f"r1|{CODE}|x", "r1", "zz|1", "", "d1", "r9|a|b", "l1|fr", "d1|p|x", "e1|no", "|||||"]
)
def test_made_up_buttons_do_nothing_and_are_answered(data: str) -> None:
    talk = Talk()
    assert "đã cũ" in talk.presses_data(data or "?")
    assert not talk.wishes


# --- withdrawing


def test_withdrawing_asks_first() -> None:
    talk = Talk()
    talk.seen = wishes.Seen(report(), "Sở Xây dựng", True, (Act.ADD_INFO, Act.WITHDRAW))
    talk.says(CODE)
    talk.presses("Rút phản ánh")
    assert not talk.wished(wishes.Do)
    talk.presses("Rút")
    (act,) = talk.wished(wishes.Do)
    assert act.act is Act.WITHDRAW


def test_buttons_of_the_report_in_the_making_are_old_once_it_is_gone() -> None:
    talk = complete()
    button = talk.choices()[1].data
    talk.commands("cancel")
    talk.presses("Bỏ")
    assert "đã cũ" in talk.presses_data(button)
