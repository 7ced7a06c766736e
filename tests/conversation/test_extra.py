"""The extra question of a category: asked where an answer changes something, and never in the way."""

import pytest
from msgspec import structs

from app.i18n import LANGS
from bot.conversation import wishes
from bot.conversation.draft import Asked
from tests.conversation.talk import AN_XUYEN, Talk, rules

FLOODED = "Mưa lớn, nước ngập hết hẻm"
ASKED = "Nước đã vào nhà dân chưa?"


def flooded(**values: object) -> Talk:
    """A citizen at the extra question."""
    talk = Talk(**values)  # type: ignore[arg-type]  # whatever a test wants of the person
    talk.says(FLOODED)
    talk.sends_place(*AN_XUYEN)
    talk.presses("An Xuyên")
    return talk


def test_few_kinds_of_reports_have_a_question_and_none_has_two() -> None:
    asking = [category for category in rules().categories.values() if category.questions]
    assert 3 <= len(asking) <= len(rules().categories) / 10
    assert all(len(category.questions) == 1 for category in asking)


def test_the_question_comes_before_the_summary_with_a_button_for_each_answer() -> None:
    talk = flooded()
    assert talk.replies[-1].text == ASKED
    assert talk.labels() == ["Đã vào nhà", "Chưa, chỉ ngập ngoài đường", "Không rõ"]
    assert all(len(choice.data.encode()) <= 64 for choice in talk.choices())


@pytest.mark.parametrize(
    ("press", "kept", "shown"),
    [
        ("Đã vào nhà", {"water": "houses"}, f"❓ {ASKED} Đã vào nhà"),
        ("Chưa", {"water": "street"}, f"❓ {ASKED} Chưa, chỉ ngập ngoài đường"),
        ("Không rõ", {"water": ""}, f"❓ {ASKED} Không rõ"),
    ],
)
def test_the_answer_stands_in_the_summary_and_goes_along(press: str, kept: dict[str, str], shown: str) -> None:
    talk = flooded()
    said = talk.presses(press)
    assert talk.draft.asked is Asked.SUMMARY
    assert shown in said.splitlines()
    talk.presses("Gửi")
    (sent,) = talk.wished(wishes.FileReport)
    assert sent.draft.answers == kept


def test_a_category_without_a_question_goes_straight_to_the_summary() -> None:
    talk = Talk()
    talk.says("Đèn đường hỏng đã ba hôm")
    talk.sends_place(*AN_XUYEN)
    talk.presses("An Xuyên")
    assert talk.draft.asked is Asked.SUMMARY


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("1", "houses"),
        ("2", "street"),
        ("da vao nha", "houses"),
        ("Có ạ", "houses"),
        ("chưa", "street"),
        ("Chưa!", "street"),
        ("không biết", ""),
        ("khong ro", ""),
    ],
)
def test_a_short_typed_answer_is_understood(typed: str, kept: str) -> None:
    talk = flooded()
    talk.says(typed)
    assert talk.draft.answers == {"water": kept}
    assert talk.draft.content.text == FLOODED


def test_an_answer_in_own_words_stands_in_the_report_and_the_question_is_not_asked_again() -> None:
    talk = flooded()
    said = talk.says("Nước tới đầu gối, nhà bà Tư ngập rồi")
    assert talk.draft.asked is Asked.SUMMARY
    assert "nhà bà Tư ngập rồi" in said
    assert talk.draft.answers == {"water": ""}


def test_a_photo_at_the_question_is_taken_and_the_question_asked_again() -> None:
    talk = flooded()
    said = talk.sends_photo(1)
    assert said.endswith(ASKED)
    assert len(talk.draft.content.photos) == 1


def test_another_category_drops_the_answer_and_asks_its_own_question() -> None:
    talk = flooded()
    talk.presses("Đã vào nhà")
    talk.presses("Sửa")
    talk.presses("Loại việc")
    talk.presses_data("d1|c|fallen-tree")
    assert talk.draft.answers == {}
    assert "Cây có chắn đường" in talk.replies[-1].text
    talk.presses_data("d1|c|street-light")
    assert talk.draft.asked is Asked.SUMMARY
    assert "❓" not in talk.replies[-1].text


def test_an_answer_can_be_changed_and_the_old_summarys_button_sends_nothing() -> None:
    talk = flooded()
    talk.presses("Chưa")
    old = next(choice.data for choice in talk.choices() if choice.data.startswith("d1|send"))
    talk.presses("Sửa")
    talk.presses("Câu trả lời thêm")
    assert talk.replies[-1].text == ASKED
    talk.presses("Đã vào nhà")
    said = talk.presses_data(old)
    assert talk.wished(wishes.FileReport) == []
    assert f"❓ {ASKED} Đã vào nhà" in said.splitlines()


@pytest.mark.parametrize("data", ["d1|q|water|roof", "d1|q|depth|houses", "d1|q|water", "d1|q|blocking|wires"])
def test_an_old_or_made_up_button_answers_nothing(data: str) -> None:
    talk = flooded()
    talk.presses_data(data)
    assert talk.draft.answers == {}
    assert talk.draft.asked is Asked.QUESTION


def test_answers_that_the_rules_do_not_know_any_more_are_asked_again() -> None:
    talk = flooded()
    talk.presses("Chưa")
    talk.draft = structs.replace(talk.draft, answers={"water": "roof", "old": "x"})
    talk.presses_data("d1|go")
    assert talk.draft.answers == {}
    assert talk.replies[-1].text == ASKED


@pytest.mark.parametrize("lang", LANGS)
def test_every_question_is_asked_in_both_languages(lang: str) -> None:
    for category in rules().categories.values():
        for question in category.questions.values():
            names = [question.name, question.name_en] + [each for pair in question.answers.values() for each in pair]
            assert all(names)
    talk = flooded(lang=lang)
    assert talk.replies[-1].text == (ASKED if lang == "vi" else "Has the water come into houses?")
