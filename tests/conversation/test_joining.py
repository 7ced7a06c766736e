"""Somebody else has reported it already: offered before the summary, joined or passed over; and following at large."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from app.errors import Conflict
from app.reports.alike import Likeness
from app.reports.following import Following
from app.reports.model import Rating, Status
from app.reports.near import Near
from bot.conversation import wishes
from bot.conversation.draft import Asked, Draft
from tests.conversation.talk import AN_XUYEN, CODE, NOW, Talk, complete, report

SECOND = "PA-2222-2222"


def near(code: str = CODE, **values: Any) -> Near:
    usual: dict[str, Any] = {
        "report_id": UUID(int=1),
        "code": code,
        "status": Status.IN_PROGRESS,
        "category": "street-light",
        "commune_name": "Phường An Xuyên",
        "submitted_at": NOW - timedelta(days=2, hours=3),
        "voices": 3,
        "mine": False,
        "why": Likeness(34.0, False, 0.4, 70),
    }
    return Near(**(usual | values))


def offered(*found: Near, **values: Any) -> Talk:
    """A citizen whose report lacks nothing, and who has just been told of others'."""
    talk = Talk(**values)
    talk.near = list(found)
    talk.sends_photo(1, "Đèn đường hỏng đã ba hôm")
    talk.sends_place(*AN_XUYEN)
    talk.presses("An Xuyên")
    return talk


# ---------------------------------------------------------------- what is offered


def test_where_nobody_reported_it_the_summary_comes_at_once() -> None:
    talk = complete()
    assert talk.draft.asked is Asked.SUMMARY
    (wish,) = talk.wished(wishes.Near)
    assert wish.draft.content.text == "Đèn đường hỏng đã ba hôm"


def test_one_report_is_told_with_distance_age_status_and_voices() -> None:
    talk = offered(near())
    (reply,) = talk.replies
    assert "cách khoảng 30 m · gửi 2 ngày trước · Đang xử lý · 3 người" in reply.text
    assert [label for label in talk.labels() if label] == ["👥 Đúng, theo dõi phản ánh này", "🆕 Không phải, gửi mới"]
    assert (talk.draft.asked, reply.photo) == (Asked.NEAR, "")


def test_a_published_one_is_shown_with_words_and_photo() -> None:
    talk = offered(near(text="Đèn đường hẻm 5 tối om", photo="f" * 64))
    (reply,) = talk.replies
    assert "Đèn đường hẻm 5 tối om" in reply.text
    assert reply.photo == "f" * 64


def test_several_are_numbered_and_the_number_may_be_typed() -> None:
    talk = offered(near(), near(SECOND, why=Likeness(None, True, 0.9, 90), voices=1))
    assert "1. cách khoảng 30 m" in talk.replies[0].text
    assert "2. Phường An Xuyên · cùng ảnh" in talk.replies[0].text
    talk.says("2")
    assert [wish.code for wish in talk.wished(wishes.Join)] == [SECOND]


@pytest.mark.parametrize(("metres", "said"), [(0.0, "10 m"), (34.0, "30 m"), (149.0, "150 m"), (1449.0, "1400 m")])
def test_a_distance_is_as_exact_as_positions_are(metres: float, said: str) -> None:
    assert said in offered(near(why=Likeness(metres, False, 0.4, 70))).replies[0].text


@pytest.mark.parametrize(
    ("age", "said"),
    [
        (timedelta(minutes=5), "vừa gửi"),
        (timedelta(hours=3, minutes=10), "3 giờ trước"),
        (timedelta(days=13), "13 ngày trước"),
    ],
)
def test_how_long_ago_is_said_in_words(age: timedelta, said: str) -> None:
    assert said in offered(near(submitted_at=NOW - age)).replies[0].text


# ---------------------------------------------------------------- following


def test_following_ends_the_draft_and_tells_code_status_and_deadline() -> None:
    talk = offered(near())
    said = talk.presses("theo dõi")
    (wish,) = talk.wished(wishes.Join)
    assert (wish.code, wish.draft.content.text, len(wish.draft.content.photos)) == (CODE, "Đèn đường hỏng đã ba hôm", 1)
    for part in (CODE, "Đang xử lý", "Sở Xây dựng", "Hạn xử lý", "2 người", "báo ngay"):
        assert part in said
    assert talk.draft == Draft(sent=CODE, choices=talk.draft.choices)
    assert not talk.wished(wishes.FileReport)


@pytest.mark.parametrize("word", ["đúng rồi", "phải", "đồng ý", "có"])
def test_yes_in_words_follows_the_only_one(word: str) -> None:
    talk = offered(near())
    talk.says(word)
    assert len(talk.wished(wishes.Join)) == 1


def test_yes_to_several_asks_again_which() -> None:
    talk = offered(near(), near(SECOND))
    talk.says("đúng rồi")
    assert not talk.wished(wishes.Join)
    assert "hình như" in talk.replies[0].text


def test_consent_is_asked_before_following_and_a_mere_yes_does_not_give_it() -> None:
    talk = offered(near(), consented=False)
    assert "Danh tính của tôi được giữ kín" in talk.presses("theo dõi")
    assert not talk.wished(wishes.Join)
    talk.says("đúng rồi")
    assert not talk.wished(wishes.Join)
    talk.presses("theo dõi")
    talk.says("đồng ý")
    (wish,) = talk.wished(wishes.Join)
    assert wish.consents


def test_a_refusal_is_told_and_the_report_goes_on_as_a_new_one() -> None:
    talk = offered(near())
    talk.joined = Conflict("reports.follow_over", code=CODE, status=Status.REJECTED)
    said = talk.presses("theo dõi")
    assert "Không tiếp nhận" in said
    assert "xem lại" in said
    assert talk.draft.asked is Asked.SUMMARY


def test_ones_own_report_is_added_to() -> None:
    talk = offered(near(mine=True, voices=1, text="Đèn hỏng"))
    assert "của anh/chị" in talk.replies[0].text
    talk.joined = wishes.Joined(report(), "Sở Xây dựng", 1, mine=True)
    assert "Đã bổ sung" in talk.presses("bổ sung")


# ---------------------------------------------------------------- passing over


@pytest.mark.parametrize("word", ["không phải", "không"])
def test_no_in_words_goes_on_to_the_summary(word: str) -> None:
    talk = offered(near())
    assert "xem lại" in talk.says(word)


def test_a_new_report_is_not_asked_about_again() -> None:
    talk = offered(near(), consented=True)
    assert "xem lại" in talk.presses("gửi mới")
    assert "xem lại" in talk.says("👍")
    # What was passed over stays so when the report changes; what is new is offered.
    assert "xem lại" in talk.sends_photo(2)
    talk.near = [near(), near(SECOND)]
    assert "hình như" in talk.sends_photo(3)
    assert [data for data in (choice.data for choice in talk.choices()) if "join" in data] == [f"d1|join|{SECOND}"]


def test_what_is_added_meanwhile_goes_along() -> None:
    talk = offered(near())
    assert "hình như" in talk.says("Cả hẻm tối om")
    talk.presses("theo dõi")
    assert "Cả hẻm tối om" in talk.wished(wishes.Join)[0].draft.content.text


def test_thanks_or_help_leave_the_question_standing() -> None:
    talk = offered(near())
    assert "hình như" in talk.says("cảm ơn")
    talk.commands("help")
    talk.presses_data(f"d1|join|{CODE}")
    assert len(talk.wished(wishes.Join)) == 1


def test_an_old_follow_button_without_a_draft_follows_nothing() -> None:
    talk = Talk()
    assert "đã cũ" in talk.presses_data(f"d1|join|{CODE}")
    assert not talk.wishes


# ---------------------------------------------------------------- in a report's view and the list


def seen(status: Status = Status.IN_PROGRESS, following: Following | None = None, **values: Any) -> wishes.Seen:
    standing = following or Following(follows=False, hears=False, may_rate=False, voices=4)
    return wishes.Seen(report(status=status, **values), "Sở Xây dựng", mine=False, following=standing)


def test_a_stranger_may_follow_a_published_report() -> None:
    talk = Talk()
    talk.seen = seen(published_at=NOW)
    assert "4 người" in talk.commands("start", CODE)
    assert "đang theo dõi" in talk.presses("Theo dõi")
    (wish,) = talk.wished(wishes.Join)
    assert (wish.code, wish.draft) == (CODE, None)


def test_following_from_a_view_asks_for_consent_first() -> None:
    talk = Talk(consented=False)
    talk.seen = seen(published_at=NOW)
    talk.commands("start", CODE)
    assert "đồng ý" in talk.presses("Theo dõi")
    assert not talk.wished(wishes.Join)
    talk.presses("Đồng ý và theo dõi")
    assert talk.wished(wishes.Join)[0].consents


@pytest.mark.parametrize(
    "shown",
    [
        seen(),
        seen(published_at=NOW, visibility="private"),
        seen(Status.CLOSED, published_at=NOW),
        seen(published_at=NOW, following=Following(follows=False, hears=True, may_rate=False, voices=2)),
    ],
)
def test_what_is_not_public_or_over_or_heard_of_anyway_has_no_follow_button(shown: wishes.Seen) -> None:
    talk = Talk()
    talk.seen = shown
    talk.commands("track", CODE)
    assert not [label for label in talk.labels() if "heo dõi" in label]


def test_a_private_report_tells_a_stranger_no_number_of_voices() -> None:
    talk = Talk()
    talk.seen = seen(visibility="private")
    assert "người" not in talk.commands("track", CODE)


def test_a_follower_may_stop_and_rate() -> None:
    talk = Talk()
    talk.seen = seen(Status.RESOLVED, Following(follows=True, hears=True, may_rate=True, voices=2))
    talk.commands("track", CODE)
    assert "cảm ơn" in talk.presses("Hài lòng").lower()
    talk.commands("track", CODE)
    assert "phản ánh mới" in talk.presses("Không hài lòng")
    assert [wish.rating for wish in talk.wished(wishes.RateFollowed)] == [Rating.SATISFIED, Rating.DISSATISFIED]
    talk.commands("track", CODE)
    assert "không còn theo dõi" in talk.presses("Bỏ theo dõi")
    assert [wish.code for wish in talk.wished(wishes.Leave)] == [CODE]


def test_the_list_tells_ones_own_and_followed_reports_apart() -> None:
    talk = Talk()
    talk.mine, talk.followed = [report()], [report(SECOND, body="")]
    said = talk.commands("list")
    own, followed = said.split("\n\n")[1:]
    assert "theo dõi" not in own
    assert followed.endswith("(anh/chị theo dõi)")
    talk.presses("Bỏ theo dõi")
    assert [wish.code for wish in talk.wished(wishes.Leave)] == [SECOND]
