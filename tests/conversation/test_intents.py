"""The table of short words, and the words of danger."""

import pytest

from app.routing.danger import is_danger
from bot.conversation.intents import Intent, asked_code, code_in, intent_of


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("Đúng rồi ạ", Intent.YES),
        ("dung", Intent.YES),
        ("ok gửi đi", Intent.YES),
        ("vâng ạ", Intent.YES),
        ("dạ", Intent.YES),
        ("không phải", Intent.NO),
        ("Ko", Intent.NO),
        ("đồng ý", Intent.AGREE),
        ("I agree", Intent.AGREE),
        ("huỷ", Intent.CANCEL),
        ("hủy bỏ", Intent.CANCEL),
        ("thôi không gửi nữa", Intent.CANCEL),
        ("cám ơn", Intent.THANKS),
        ("cảm ơn nhiều nhé ad", Intent.THANKS),
        ("chừng nào xong vậy?", Intent.PROGRESS),
        ("giúp tôi với", Intent.HELP),
        ("Tôi muốn phản ánh", Intent.REPORT),
        ("chị ơi", Intent.GREETING),
    ],
)
def test_short_words_mean_what_people_mean_by_them(said: str, meant: Intent) -> None:
    assert intent_of(said) is meant


@pytest.mark.parametrize(
    "said",
    [
        "đèn hỏng",
        "không có nước",
        "xin chào, đường ngập nước rồi",
        "cảm ơn nhưng rác vẫn còn",
        "đúng là có ổ gà",
        "",
        "12",
    ],
)
def test_anything_with_more_to_say_is_not_taken_for_a_short_word(said: str) -> None:
    assert intent_of(said) is None


@pytest.mark.parametrize(
    "said",
    ["cháy nhà", "Nhà tôi đang cháy", "chay nha roi", "tai nạn giao thông", "tai nan", "điện giật",
     "dien giat chet nguoi", "có người đuối nước", "dây điện bị đứt", "sập cầu rồi", "Hoả hoạn", "house fire"],
)  # fmt: skip
def test_danger_is_recognised_with_and_without_accents(said: str) -> None:
    assert is_danger(said)


@pytest.mark.parametrize(
    "said",
    ["đèn đường cháy bóng", "bóng đèn cháy", "nước chảy tràn", "xe chạy ẩu", "nuoc dang chay", "xe chay nhanh",
     "cây cháy nắng", "ổ gà"],
)  # fmt: skip
def test_harmless_words_are_no_danger(said: str) -> None:
    assert not is_danger(said)


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("pa-0000-0000", "PA-0000-0000"),
        ("PA 0000 0000", "PA-0000-0000"),
        ("00000000", "PA-0000-0000"),
        ("OOOO-OOO0", "PA-0000-0000"),
        ("PA-0000-0000 đến đâu rồi?", "PA-0000-0000"),
        ("PA-1234-5678", "PA-1234-5678"),
        ("mật khẩu", None),
        ("xin chao", None),
        ("0912345678", None),
        ("Phản ánh PA-0000-0000 của tôi hôm trước báo đã xử lý xong mà rác vẫn còn nguyên", None),
    ],
)
def test_a_code_is_found_where_it_is_what_the_message_is_about(typed: str, code: str | None) -> None:
    assert asked_code(typed) == code


def test_a_code_is_found_in_our_own_longer_messages() -> None:
    assert code_in("Sở Xây dựng cần bổ sung thông tin cho phản ánh PA-0000-0000:\n\n“Ở đâu?”") == "PA-0000-0000"
