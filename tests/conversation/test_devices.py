"""Reports sent on the web come into a chat when its person agrees, and a chat's reports are opened in a browser."""

import pytest

from app.errors import Conflict, Invalid
from app.i18n import LANGS, Lang
from bot.conversation import wishes
from tests.conversation.talk import Talk, report


@pytest.mark.parametrize("typed", ["TB-7K3M-9QX2", "tb 7k3m 9qx2", "TB7K3M9QX2"])
def test_a_code_typed_by_itself_asks_first_and_says_what_it_means(typed: str) -> None:
    talk = Talk()
    said = talk.says(typed)
    assert "Nhận 2 phản ánh" in said
    assert "ai cầm tài khoản này cũng xem" in said
    assert not talk.wished(wishes.WebTake)
    assert "Đã thêm 2 phản ánh" in talk.presses("Đồng ý")
    assert talk.wished(wishes.WebTake) == [wishes.WebTake("TB-7K3M-9QX2")]


@pytest.mark.parametrize("lang", LANGS)
def test_the_pages_link_brings_the_code_and_takes_nothing_by_itself(lang: Lang) -> None:
    talk = Talk(lang=lang)
    talk.commands("start", "TB-7K3M-9QX2")
    assert talk.wished(wishes.WebLook) == [wishes.WebLook("TB-7K3M-9QX2")]
    assert not talk.wished(wishes.WebTake)


def test_whoever_does_not_agree_takes_nothing_and_a_report_in_the_making_stays() -> None:
    talk = Talk()
    talk.says("Đèn đường hỏng trước nhà")
    talk.says("TB-7K3M-9QX2")
    talk.presses("Không liên kết")
    assert not talk.wished(wishes.WebTake)
    assert talk.draft.content.text == "Đèn đường hỏng trước nhà"


@pytest.mark.parametrize(
    "error", [Invalid("devices.code_wrong", minutes=15), Conflict("accounts.link_too_many")], ids=["wrong", "too many"]
)
def test_a_code_that_does_not_work_is_told_with_where_to_get_another(error: Invalid | Conflict) -> None:
    talk = Talk()
    talk.web = error
    assert "Phản ánh của tôi" in talk.says("TB-7K3M-9QX2")


def test_what_another_chat_has_is_not_taken() -> None:
    talk = Talk()
    talk.says("TB-7K3M-9QX2")
    talk.web = 0
    assert "cuộc trò chuyện khác" in talk.presses("Đồng ý")


def test_the_list_leads_to_the_browser() -> None:
    talk = Talk()
    talk.mine = [report()]
    talk.commands("list")
    talk.web = "https://example.vn/mine/take?code=TB-7K3M-9QX2"
    said = talk.presses("Mở trên web")
    assert "https://example.vn/mine/take?code=TB-7K3M-9QX2" in said
    assert "15 phút" in said
