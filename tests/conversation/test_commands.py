"""Commands, greetings, languages, rights, and everything the dialogue does not understand."""

import pytest

from app.i18n import LANGS
from bot.conversation import wishes
from bot.conversation.draft import Draft
from bot.conversation.model import COMMANDS, Command
from tests.conversation.talk import AN_XUYEN, CODE, Talk, complete, report


def test_start_greets_and_shows_how_to_begin() -> None:
    talk = Talk()
    assert "Xin chào anh/chị" in talk.commands("start")
    assert "chuyện gì" in talk.presses("Gửi phản ánh")


def test_start_in_the_middle_of_a_report_goes_on_with_it() -> None:
    talk = Talk()
    talk.says("Rác đầy đường")
    assert talk.commands("start")
    assert talk.replies[-1].place_button


def test_a_qr_code_brings_category_and_place() -> None:
    talk = Talk()
    talk.commands("start", "c-street-light__x-32002")
    assert "xem lại" in talk.says("Đèn không sáng")
    assert talk.draft.category == "street-light"
    assert talk.draft.spot is not None
    assert talk.draft.spot.name == "Phường An Xuyên, Cà Mau"


def test_a_qr_code_on_a_lamp_post_brings_its_position() -> None:
    talk = Talk()
    talk.commands("start", "g-922460-10517800")
    assert talk.draft.spot is not None
    assert (talk.draft.spot.lat, talk.draft.spot.lon) == AN_XUYEN


def test_a_link_with_a_code_shows_the_report() -> None:
    talk = Talk()
    talk.seen = wishes.Seen(report(), "Sở Xây dựng", True)
    assert CODE in talk.commands("start", CODE)


@pytest.mark.parametrize("payload", ["c-khong-co", "x-99999", "g-1-2-3", "zzz", "g-0-0", "__", "c-"])
def test_a_link_that_says_nothing_usable_is_told_and_the_chat_goes_on(payload: str) -> None:
    talk = Talk()
    assert talk.commands("start", payload)
    assert not talk.draft.begun


@pytest.mark.parametrize("command", sorted(set(COMMANDS.values())))
def test_every_command_is_answered_in_both_languages(command: Command) -> None:
    answers = {lang: Talk(lang=lang).commands(command) for lang in LANGS}
    assert all(answers.values())
    # The choice of a language is the one thing said in both.
    assert command == "lang" or len(set(answers.values())) == len(LANGS)


def test_commands_have_twins_in_english() -> None:
    assert {"baocao", "theodoi", "danhsach", "ngonngu", "huy", "xoadulieu", "trogiup", "start"} < set(COMMANDS)
    assert {"report", "track", "list", "lang", "cancel", "delete", "help"} < set(COMMANDS)


@pytest.mark.parametrize("hello", ["xin chào", "Chào ad ơi", "alo", "hello", "anh ơi", "Chào buổi sáng ạ!"])
def test_a_greeting_is_greeted_and_is_no_report(hello: str) -> None:
    talk = Talk()
    assert "Xin chào" in talk.says(hello)
    assert talk.draft.content.text == ""


def test_thanks_are_answered() -> None:
    assert "cảm ơn" in Talk().says("Cảm ơn nhiều nhé")


def test_a_greeting_in_the_middle_repeats_the_question() -> None:
    talk = complete()
    answer = talk.says("chào ad")
    assert "Xin chào" in answer
    assert "xem lại" in answer


@pytest.mark.parametrize("kind", ["voice", "video", "sticker", "file", "other"])
def test_what_cannot_be_used_gets_a_helpful_line(kind: str) -> None:
    talk = Talk()
    assert talk.does(cannot_use=kind)
    assert talk.labels()


def test_words_under_a_video_are_not_lost() -> None:
    talk = Talk()
    answer = talk.does(cannot_use="video", text="Rác đầy đường")
    assert "video" in answer
    assert talk.draft.content.text == "Rác đầy đường"


def test_an_unknown_command_gets_a_helpful_line() -> None:
    assert "chưa có lệnh này" in Talk().says("/khongco")


def test_ones_own_number_is_kept_and_a_strangers_is_not() -> None:
    talk = complete()
    assert "0912345678" in talk.does(phone="0912345678")
    assert "của chính anh/chị" in talk.does(foreign_contact=True)
    assert talk.draft.phone == "0912345678"
    assert "0912345678" in talk.replies[-1].text


def test_the_language_can_be_changed_in_the_middle() -> None:
    talk = Talk()
    talk.says("Rác đầy đường")
    talk.commands("lang")
    assert "Where is it?" in talk.presses("English")
    assert talk.lang == "en"


def test_danger_is_answered_at_once_once_and_the_report_taken_all_the_same() -> None:
    talk = Talk()
    answer = talk.says("Cháy nhà ở phường An Xuyên")
    assert talk.replies[0].text.index("113") < talk.replies[0].text.index("114") < talk.replies[0].text.index("115")
    assert "Phường An Xuyên" in answer
    assert "114" not in talk.says("cháy lớn lắm")


def test_danger_under_a_picture_of_an_album_does_not_wait_for_the_rest() -> None:
    talk = Talk()
    assert "114" in talk.sends_photo(1, "cháy nhà", album=True)
    assert talk.stops_sending()


def test_danger_in_an_answer_is_danger_too() -> None:
    talk = Talk()
    talk.presses_data(f"a1|{CODE}")
    assert "115" in talk.says("có người bị điện giật rồi")


def test_erasing_explains_and_asks_first() -> None:
    talk = complete()
    explained = talk.commands("delete")
    assert "2 ngày làm việc" in explained
    assert "20 ngày" in explained
    assert not talk.wished(wishes.Erase)
    assert "Đã rút sự đồng ý" in talk.presses("Xóa dữ liệu")
    assert talk.wished(wishes.Erase)
    assert talk.draft == Draft()


def test_every_button_fits_into_telegrams_64_bytes() -> None:
    talk = Talk()
    talk.says("zzz zzz ở phường An Xuyên")
    talk.presses("Đúng")
    data = [choice.data for choice in talk.choices()]
    for group in talk.choices():
        talk.presses_data(group.data)
        data += [choice.data for choice in talk.choices()]
    assert max(len(each.encode()) for each in data) <= 64
    assert len(data) > 50
