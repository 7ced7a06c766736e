"""How people want to be reached: muting, linking their chats; and the list of what they sent."""

import pytest

from app.accounts.linking import read_code
from app.errors import Conflict, Invalid, NotFound
from app.i18n import LANGS, t
from app.reports.model import Status
from bot.conversation import wishes
from bot.conversation.model import COMMANDS
from tests.conversation.talk import CODE, Talk, report

# --- the list


def several(count: int) -> Talk:
    talk = Talk()
    talk.mine = [report(f"PA-0000-{n:04}") for n in range(1, count + 1)]
    return talk


def test_a_long_list_comes_in_pages_that_are_turned_in_place() -> None:
    talk = several(14)
    first = talk.commands("list")
    assert ("PA-0000-0006" in first, "PA-0000-0007" in first) == (True, False)
    second = talk.presses("Cũ hơn")
    assert ("PA-0000-0006" in second, "PA-0000-0007" in second) == (False, True)
    assert talk.replies[0].instead_of == 1
    last = talk.presses("Cũ hơn")
    assert "PA-0000-0014" in last
    assert not [label for label in talk.labels() if "Cũ hơn" in label]
    assert talk.presses("Mới hơn") == second


def test_a_short_list_has_no_pages_and_each_report_a_button_to_open_it() -> None:
    talk = several(6)
    talk.commands("list")
    assert [choice.data for choice in talk.choices()] == [*(f"t1|PA-0000-{n:04}" for n in range(1, 7)), "o1"]


def test_the_list_shows_by_a_sign_what_waits_for_the_person() -> None:
    talk = Talk()
    talk.mine = [report(f"PA-0000-{n:04}", status) for n, status in enumerate(Status)]
    for _ in Status:
        talk.commands("list")
    talk.mine = [report(CODE, Status.AWAITING_INFO)]
    assert f"❓ {CODE} – Chờ bổ sung" in talk.commands("list")


def test_of_a_followed_report_the_list_shows_the_matter_and_not_the_words() -> None:
    talk = Talk()
    talk.followed = [report(body="")]
    assert "Đường hư hỏng, ổ gà (anh/chị theo dõi)" in talk.commands("list")


def test_a_page_that_is_no_longer_there_is_told() -> None:
    assert "Hết danh sách" in several(2).presses_data("n1|60")


# --- muting


@pytest.mark.parametrize("lang", LANGS)
def test_all_messages_are_turned_off_and_on_and_it_says_that_questions_still_come(lang: str) -> None:
    talk = Talk(lang="en" if lang == "en" else "vi")
    assert ("câu hỏi" if lang == "vi" else "question") in talk.commands("mute")
    talk.commands("unmute")
    assert talk.wished(wishes.Mute) == [wishes.Mute("", True), wishes.Mute("", False)]


def test_one_report_is_muted_from_its_own_view_and_the_view_shows_it_and_undoes_it() -> None:
    talk = Talk()
    talk.seen = wishes.Seen(report(), "Sở Xây dựng", True, (), "", muted=False)
    talk.commands("track", CODE)
    assert "câu hỏi" in talk.presses("Tắt thông báo")
    talk.seen = wishes.Seen(report(), "Sở Xây dựng", True, (), "", muted=True)
    assert "đã tắt thông báo" in talk.commands("track", CODE)
    talk.presses("Bật lại")
    assert talk.wished(wishes.Mute) == [wishes.Mute(CODE, True), wishes.Mute(CODE, False)]


def test_the_view_says_that_everything_is_off_and_how_to_turn_it_on() -> None:
    talk = Talk()
    talk.seen = wishes.Seen(report(), "Sở Xây dựng", True, (), "", muted=False, muted_all=True)
    assert "/batthongbao" in talk.commands("track", CODE)
    assert not [label for label in talk.labels() if "thông báo" in label]


def test_whoever_does_not_hear_of_a_report_is_not_asked_to_mute_it() -> None:
    talk = Talk()
    talk.seen = wishes.Seen(report(), "Sở Xây dựng", False)
    talk.commands("track", CODE)
    assert not [label for label in talk.labels() if "thông báo" in label]


def test_a_report_that_is_unknown_cannot_be_muted() -> None:
    talk = Talk()
    talk.refused = NotFound("reports.code_unknown", code=CODE)
    assert "Không tìm thấy" in talk.presses_data(f"m1|{CODE}")


# --- linking


def test_a_code_is_shown_with_what_to_do_with_it_and_that_it_is_secret() -> None:
    said = Talk().commands("link")
    assert "LK-7K3M-9QX2" in said
    assert "10 phút" in said
    assert "Không đưa mã cho người khác" in said


@pytest.mark.parametrize("typed", ["LK-7K3M-9QX2", "lk 7k3m 9qx2", "LK7K3M9QX2"])
def test_a_code_typed_by_itself_asks_first_and_says_what_it_means(typed: str) -> None:
    talk = Talk()
    said = talk.says(typed)
    assert "Zalo “Chị Lan”" in said
    assert "xem được các phản ánh gửi từ đây" in said
    assert not talk.wished(wishes.LinkJoin)
    assert "/huylienket" in talk.presses("Đồng ý")
    assert talk.wished(wishes.LinkJoin) == [wishes.LinkJoin(typed)]


def test_behind_the_command_the_eight_letters_are_enough() -> None:
    talk = Talk()
    talk.commands("link", "7K3M9QX2")
    assert talk.wished(wishes.LinkLook) == [wishes.LinkLook("7K3M9QX2")]


def test_whoever_does_not_agree_links_nothing() -> None:
    talk = Talk()
    talk.says("LK-7K3M-9QX2")
    assert "Không liên kết" in talk.presses("Không")
    assert not talk.wished(wishes.LinkJoin)


def test_a_report_in_the_making_survives_a_link() -> None:
    talk = Talk()
    talk.says("Rác đầy đường")
    talk.says("LK-7K3M-9QX2")
    talk.presses("Đồng ý")
    assert talk.draft.content.text == "Rác đầy đường"


@pytest.mark.parametrize("key", ["link_wrong", "link_too_many", "link_own_code", "link_has_others"])
def test_what_cannot_be_linked_is_told_and_how_to_get_a_new_code(key: str) -> None:
    talk = Talk()
    talk.linked = Invalid("accounts.link_wrong") if key == "link_wrong" else Conflict(f"accounts.{key}")
    said = talk.says("LK-7K3M-9QX2")
    assert t(f"accounts.{key}", "vi") in said
    assert "/lienket" in said


def test_chats_are_parted_again() -> None:
    assert "Đã tách khỏi Zalo “Chị Lan”" in Talk().commands("unlink")
    alone = Talk()
    alone.linked = Conflict("accounts.link_none")
    assert "chưa liên kết" in alone.commands("unlink")


def test_the_commands_have_their_english_twins() -> None:
    for vi, en in (("tatthongbao", "mute"), ("batthongbao", "unmute"), ("lienket", "link"), ("huylienket", "unlink")):
        assert COMMANDS[vi] == COMMANDS[en] == en


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("LK-7K3M-9QX2", "7K3M9QX2"),
        ("7k3m 9qx2", "7K3M9QX2"),
        ("lk-OIL0-1234", "01101234"),
        ("LK-7K3M", None),
        ("", None),
    ],
)
def test_a_code_is_read_as_people_type_it(typed: str, read: str | None) -> None:
    assert read_code(typed) == read
