"""A flood is answered once; ordinary talk never is held up."""

from bot.conversation.model import ChannelFile, Incoming
from bot.conversation.pace import PER_MINUTE, Pace

WORDS = "Đèn đường hỏng đã ba hôm"


def said(number: int, text: str = "", *, at: int = 1000, **more: object) -> Incoming:
    return Incoming(key=f"t:{number}", number=number, text=text, at=at, **more)  # type: ignore[arg-type]  # any field


def test_the_same_long_words_within_a_minute_are_answered_once() -> None:
    pace = Pace()
    assert [pace.judge("7", said(n, WORDS)) for n in range(4)] == ["", "silent", "silent", "silent"]
    assert pace.judge("7", said(5, WORDS + " ở chợ")) == ""


def test_the_same_words_an_hour_later_are_heard_again() -> None:
    pace = Pace()
    assert pace.judge("7", said(1, WORDS)) == pace.judge("7", said(2, WORDS, at=4600)) == ""


def test_short_answers_may_come_again_and_again_but_not_without_end() -> None:
    pace = Pace()
    verdicts = [pace.judge("7", said(n, "1", at=1000 + n)) for n in range(9)]
    assert verdicts == [""] * 6 + ["silent"] * 3


def test_whoever_writes_faster_than_anybody_can_is_told_once() -> None:
    pace = Pace()
    verdicts = [pace.judge("7", said(n, f"tin {n}")) for n in range(PER_MINUTE + 3)]
    assert verdicts == [""] * PER_MINUTE + ["slow_down", "silent", "silent"]
    assert pace.judge("7", said(99, "tin mới", at=1061)) == ""


def test_six_albums_of_ten_are_no_flood() -> None:
    pace = Pace()
    photos = (said(n, files=(ChannelFile("f", f"{n}"),)) for n in range(PER_MINUTE))
    assert {pace.judge("7", photo) for photo in photos} == {""}


def test_messages_that_waited_while_we_were_away_are_no_flood() -> None:
    pace = Pace()
    assert {pace.judge("7", said(n, f"tin {n}", at=1000 + 60 * n)) for n in range(200)} == {""}


def test_a_message_tried_again_is_judged_as_before() -> None:
    pace = Pace()
    assert [pace.judge("7", said(1, WORDS)) for _ in range(3)] == [""] * 3


def test_one_chat_s_flood_does_not_hold_up_another() -> None:
    pace = Pace()
    for number in range(PER_MINUTE + 5):
        pace.judge("7", said(number, f"tin {number}"))
    assert pace.judge("8", said(1, WORDS)) == ""


def test_presses_and_what_has_no_time_are_never_held_up() -> None:
    pace = Pace()
    assert {pace.judge("7", Incoming(key=f"p{n}", press="d1|go")) for n in range(200)} == {""}
