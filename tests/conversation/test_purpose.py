"""Words that only seem to begin a report: angry follow-ups, complaints, procedures; and map links."""

from datetime import timedelta
from pathlib import Path

import pytest

from app.reports.model import Status
from app.reports.workflow import Act
from app.routing.outside import out_of_scope
from bot.conversation import wishes
from bot.conversation.draft import Asked
from bot.conversation.intents import is_upset
from tests.conversation.talk import AN_XUYEN, NOW, Talk, report, rules

OPEN = report("PA-1111-1111", Status.IN_PROGRESS)
LATE = report("PA-2222-2222", Status.ASSIGNED, body="Ổ gà trước cổng chợ", due_at=NOW - timedelta(days=2))


def said(name: str) -> list[str]:
    lines = (Path(__file__).parent / "said" / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


# --- what is no field report


@pytest.mark.parametrize("sentence", said("elsewhere"))
def test_complaints_denunciations_and_procedures_are_known(sentence: str) -> None:
    assert out_of_scope(rules(), sentence) is not None


@pytest.mark.parametrize("sentence", [*said("field"), *said("calm")])
def test_field_reports_are_not_taken_for_something_else(sentence: str) -> None:
    assert out_of_scope(rules(), sentence) is None


def test_a_complaint_gets_the_right_address_and_is_counted() -> None:
    talk = Talk()
    answer = talk.says("Tôi muốn tố cáo chủ tịch xã nhận hối lộ")
    assert "không thuộc phạm vi phản ánh hiện trường" in answer
    assert "Ban Tiếp công dân" in answer
    assert [wish.category for wish in talk.wished(wishes.TurnAway)] == ["denunciation"]
    assert not talk.draft.begun


def test_it_may_be_sent_all_the_same_and_nothing_has_to_be_typed_again() -> None:
    talk = Talk()
    talk.says("Tôi muốn khiếu nại quyết định thu hồi đất của UBND xã")
    talk.presses("Vẫn gửi")
    assert talk.draft.content.text == "Tôi muốn khiếu nại quyết định thu hồi đất của UBND xã"
    assert talk.draft.asked is Asked.PLACE
    talk.says("thêm lời")
    assert len(talk.wished(wishes.TurnAway)) == 1


def test_after_the_address_another_matter_begins_anew() -> None:
    talk = Talk()
    talk.says("Cho hỏi thủ tục làm căn cước công dân")
    talk.says("Đèn đường hỏng đã ba hôm")
    assert talk.draft.content.text == "Đèn đường hỏng đã ba hôm"


def test_whoever_was_asked_what_happens_is_told_the_address_too() -> None:
    talk = Talk()
    talk.commands("report")
    assert "không thuộc" in talk.says("Đăng ký tạm trú cần những giấy tờ gì")


def test_later_words_of_a_report_are_never_taken_for_a_complaint() -> None:
    talk = Talk()
    talk.says("Đèn đường hỏng ở phường An Xuyên")
    talk.says("Tôi sẽ khiếu nại lên trên nếu không sửa")
    assert "khiếu nại" in talk.draft.content.text
    assert not talk.wished(wishes.TurnAway)


def test_a_photo_makes_it_a_field_report() -> None:
    talk = Talk()
    talk.sends_photo(1, "Tôi muốn khiếu nại việc này")
    assert talk.draft.content.photos
    assert not talk.wished(wishes.TurnAway)


def test_an_answer_to_an_officer_may_speak_of_papers() -> None:
    talk = Talk()
    talk.waiting = [report("PA-3333-3333", Status.AWAITING_INFO)]
    talk.says("Hồ sơ đất của tôi nộp ở một cửa")
    assert talk.wished(wishes.Do)[0].act is Act.ADD_INFO


# --- angry follow-ups


@pytest.mark.parametrize("sentence", said("upset"))
def test_anger_is_heard(sentence: str) -> None:
    assert is_upset(sentence)


@pytest.mark.parametrize("sentence", said("calm"))
def test_a_plain_report_is_not_taken_for_anger(sentence: str) -> None:
    assert not is_upset(sentence)


def test_an_angry_person_hears_how_the_late_report_stands() -> None:
    talk = Talk()
    talk.mine = [OPEN, LATE]
    answer = talk.says("sao mãi chưa ai làm")
    assert "xin lỗi" in answer
    assert LATE.code in answer.split("Tin anh/chị")[0]
    assert "quá hạn" in answer
    assert not talk.draft.begun


def test_without_a_late_one_it_is_the_newest_report_and_its_deadline() -> None:
    talk = Talk()
    talk.mine = [OPEN]
    answer = talk.says("Gửi 3 lần rồi")
    assert OPEN.code in answer
    assert "hạn xử lý là 10:00, 23/11/2026" in answer


def test_angry_words_can_be_added_to_a_report() -> None:
    talk = Talk()
    talk.mine = [OPEN, LATE]
    talk.says("làm ăn kiểu gì vậy")
    talk.presses("Ổ gà trước cổng chợ")
    (act,) = talk.wished(wishes.Do)
    assert (act.code, act.act, act.form.text) == (LATE.code, Act.ADD_INFO, "làm ăn kiểu gì vậy")


def test_angry_words_can_be_a_new_report() -> None:
    talk = Talk()
    talk.mine = [OPEN]
    talk.says("Tôi báo đèn hỏng ba lần mà không thấy giải quyết")
    talk.presses("Phản ánh mới")
    assert talk.draft.content.text == "Tôi báo đèn hỏng ba lần mà không thấy giải quyết"


def test_without_an_open_report_a_person_is_asked_what_it_is_about() -> None:
    talk = Talk()
    assert "chưa thấy phản ánh nào" in talk.says("làm ăn kiểu gì vậy")
    talk.presses("Phản ánh mới")
    assert talk.draft.begun


def test_without_an_open_report_an_angry_report_is_a_report() -> None:
    talk = Talk()
    talk.says("Đèn đường hỏng báo ba lần rồi không ai sửa")
    assert talk.draft.content.text == "Đèn đường hỏng báo ba lần rồi không ai sửa"


def test_anger_in_the_middle_of_a_report_belongs_to_it() -> None:
    talk = Talk()
    talk.mine = [OPEN]
    talk.says("Đèn đường hỏng đã ba hôm")
    talk.says("sao mãi chưa ai làm")
    assert talk.draft.content.text.endswith("sao mãi chưa ai làm")


@pytest.mark.parametrize(
    ("status", "words"), [(Status.AWAITING_INFO, "đang chờ anh/chị trả lời"), (Status.RESOLVED, "đề nghị xử lý lại")]
)
def test_anger_is_answered_by_what_the_person_can_do_now(status: Status, words: str) -> None:
    talk = Talk()
    talk.mine = [report(status=status)]
    assert words in talk.says("thất vọng quá")


# --- map links


def test_a_map_link_is_the_place_and_the_words_beside_it_stay() -> None:
    talk = Talk()
    link = f"https://maps.google.com/?q={AN_XUYEN[0]},{AN_XUYEN[1]}"
    talk.says(f"Đèn đường hỏng đã ba hôm {link}")
    assert talk.draft.content.text == "Đèn đường hỏng đã ba hôm"
    assert talk.draft.spot is not None
    assert (talk.draft.spot.lat, talk.draft.spot.lon) == AN_XUYEN


def test_a_name_beside_a_pin_that_was_asked_for_is_the_address() -> None:
    talk = Talk()
    talk.says("Đèn đường hỏng đã ba hôm")
    talk.says(f"Chợ Cà Mau\nhttps://maps.google.com/?q={AN_XUYEN[0]},{AN_XUYEN[1]}")
    assert talk.draft.spot is not None
    assert (talk.draft.spot.address, talk.draft.spot.lat) == ("Chợ Cà Mau", AN_XUYEN[0])
    assert talk.draft.content.text == "Đèn đường hỏng đã ba hôm"


def test_a_short_link_is_told_to_be_unreadable_and_the_place_asked_for() -> None:
    talk = Talk()
    talk.says("Đèn đường hỏng đã ba hôm")
    answer = talk.says("https://maps.app.goo.gl/3kQz7hVtYw2")
    assert "không đọc được vị trí" in answer
    assert talk.draft.asked is Asked.PLACE
    assert talk.draft.content.text == "Đèn đường hỏng đã ba hôm"


def test_a_short_link_among_words_stays_for_a_person_to_open() -> None:
    talk = Talk()
    assert "không đọc được vị trí" in talk.says("Đèn hỏng ở đây https://maps.app.goo.gl/3kQz7hVtYw2")
    assert "maps.app.goo.gl" in talk.draft.content.text
