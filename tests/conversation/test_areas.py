"""Following an area in a chat: by name, by position, with what about, and looking after it."""

import pytest

from app.errors import Conflict
from app.subscriptions.model import Area
from bot.conversation import wishes
from tests.conversation.talk import AN_XUYEN, Talk, rules

HERE = "32002"


def group() -> str:
    return next(g.group_id for g in rules().groups.values() if "street-light" in g.categories)


def test_a_commune_typed_without_accents_is_followed_with_what_about_it() -> None:
    talk = Talk()
    assert "muốn theo dõi nơi nào" in talk.commands("area")
    assert talk.replies[-1].place_button
    assert "Phường An Xuyên: anh/chị muốn theo dõi việc gì" in talk.says("an xuyen")
    said = talk.presses_data(f"v1|f|{HERE}|group:{group()}")
    assert "Đã theo dõi" in said
    assert "Nhận tin: Mỗi sáng" in said
    (wish,) = [each for each in talk.wished(wishes.Areas) if each.what == "follow"]
    assert wish.area == Area(HERE, group=group())
    assert wish.consent.startswith("Tôi đồng ý")


def test_a_position_names_its_commune() -> None:
    talk = Talk()
    talk.commands("area")
    # Where only centres are known a position may be of several.
    assert "An Xuyên" in talk.sends_place(*AN_XUYEN) + " ".join(talk.labels())
    assert not talk.draft.spot


def test_the_command_takes_the_name_and_what_is_no_commune_is_asked_again() -> None:
    talk = Talk()
    assert "Phường An Xuyên" in talk.commands("area", "phuong An Xuyen")
    assert "chưa tìm thấy" in talk.commands("area", "Hoàn Kiếm Hà Nội")
    assert "chưa tìm thấy" in talk.says("xyz")
    assert "chưa tìm thấy" in talk.sends_place(21.03, 105.85)
    talk.presses("Cả tỉnh")
    assert "Đã theo dõi: Mọi lĩnh vực – cả tỉnh" in talk.presses("Mọi lĩnh vực")


def test_a_long_message_is_a_report_whatever_was_asked() -> None:
    talk = Talk()
    talk.commands("area")
    talk.says("Đèn đường trước số 12 Lý Bôn hỏng ba đêm nay, hẻm tối om, đi lại rất nguy hiểm cho người già và trẻ em.")
    assert talk.draft.begun


def test_choices_are_looked_after_by_buttons() -> None:
    talk = Talk()
    talk.presses_data(f"v1|f|{HERE}|")
    talk.presses_data("v1|f||category:garbage")
    assert "hằng tuần" in talk.presses("Đổi sang hằng tuần").lower()
    assert "Đổi sang mỗi sáng" in talk.labels()
    old = next(each.data for each in talk.choices() if "An Xuyên" in each.label)
    assert "An Xuyên" not in talk.presses("An Xuyên")
    assert talk.follower is not None
    assert talk.follower.areas == (Area(category="garbage"),)
    assert "Anh/chị đang theo dõi" in talk.presses_data(old)
    assert "không theo dõi khu vực nào" in talk.presses("Dừng theo dõi tất cả")
    assert talk.follower is None
    assert "muốn theo dõi nơi nào" in talk.commands("area")


def test_one_area_too_many_is_said() -> None:
    talk = Talk()
    talk.refused = Conflict("follow.areas_many", most=20)
    assert "tối đa 20" in talk.presses_data(f"v1|f|{HERE}|")


@pytest.mark.parametrize(
    "data", ["v1", "v1|", "v1|c|99999", "v1|f|99999|", f"v1|f|{HERE}|group:x", "v1|drop|x", "v1|rhythm|no"]
)
def test_made_up_buttons_do_nothing(data: str) -> None:
    talk = Talk()
    assert talk.presses_data(data)
    assert talk.follower is None


def test_a_report_in_the_making_is_not_lost_by_it() -> None:
    talk = Talk()
    talk.says("Rác đầy đường trước chợ")
    talk.commands("area", "an xuyen")
    talk.presses("Mọi lĩnh vực")
    assert talk.draft.content.text == "Rác đầy đường trước chợ"


def test_every_button_fits_what_telegram_carries() -> None:
    talk = Talk()
    talk.presses_data(f"v1|c|{HERE}")
    assert all(len(choice.data.encode()) <= 64 for choice in talk.choices())
