"""Where it is: said in many ways, always confirmed by name."""

import pytest

from tests.conversation.talk import AN_XUYEN, Talk


def asked_where() -> Talk:
    talk = Talk()
    talk.says("Rác đầy đường")
    assert talk.replies[-1].place_button
    return talk


def test_a_position_is_approximate_without_boundaries_so_three_communes_are_offered() -> None:
    talk = asked_where()
    talk.sends_place(*AN_XUYEN)
    assert len([label for label in talk.labels() if label.startswith("📍")]) == 3
    assert "An Xuyên" in talk.labels()[0]


def test_none_of_the_three_keeps_the_position_and_asks_for_the_name() -> None:
    talk = asked_where()
    talk.sends_place(*AN_XUYEN)
    assert "tên xã hoặc phường" in talk.presses("Không phải")
    talk.says("Lý Văn Lâm")
    talk.presses(talk.labels()[0])
    spot = talk.draft.spot
    assert spot is not None
    assert (spot.lat, spot.lon) == AN_XUYEN
    assert spot.name.startswith("Phường Lý Văn Lâm")
    assert spot.address == ""


def test_whoever_does_not_know_the_commune_can_go_on() -> None:
    talk = asked_where()
    talk.says("gần cây xăng số 3")
    assert "xem lại" in talk.presses("không rõ")
    assert talk.draft.spot is not None
    place = talk.draft.spot.place()
    assert (place.address, place.commune_code) == ("gần cây xăng số 3", None)


@pytest.mark.parametrize(
    ("typed", "commune"),
    [
        ("phuong an xuyen", "Phường An Xuyên"),
        ("Phường 5, Cà Mau", "Phường Tân Thành"),
        ("ấp 3 xã Khánh Lâm, huyện U Minh", "Xã U Minh"),
        ("khóm 3, phường Láng Tròn", "Phường Láng Tròn"),
    ],
)
def test_addresses_old_and_new_with_and_without_accents_are_understood(typed: str, commune: str) -> None:
    talk = asked_where()
    talk.says(typed)
    assert any(commune in text for text in [talk.replies[-1].text, *talk.labels()])


def test_an_address_becomes_part_of_the_report() -> None:
    talk = asked_where()
    talk.says("số 12 Lý Bôn, phường An Xuyên")
    talk.presses("Đúng")
    assert talk.draft.spot is not None
    assert talk.draft.spot.place().address == "số 12 Lý Bôn, phường An Xuyên"


def test_an_address_in_two_messages_is_put_together() -> None:
    talk = asked_where()
    talk.says("gần cây xăng số 3")
    talk.says("hẻm 12, phường Tân Thành")
    talk.presses("Đúng")
    assert talk.draft.spot is not None
    assert talk.draft.spot.address == "gần cây xăng số 3, hẻm 12, phường Tân Thành"


def test_a_place_that_several_communes_are_called_is_chosen() -> None:
    talk = asked_where()
    talk.says("tắc vân")
    assert len(talk.labels()) == 3
    talk.says("2")
    assert talk.draft.spot is not None
    assert talk.draft.spot.confirmed


@pytest.mark.parametrize("pin", ["9.17680, 105.15000", "https://maps.google.com/?q=9.1768,105.1500", "9,1768 105,1500"])
def test_coordinates_and_map_links_are_a_place_at_any_time(pin: str) -> None:
    talk = Talk()
    talk.says(pin)
    assert talk.draft.spot is not None
    assert (talk.draft.spot.lat, talk.draft.spot.lon) == (9.1768, 105.15)
    assert talk.draft.content.text == ""


@pytest.mark.parametrize(
    ("point", "said"),
    [
        ((105.15, 9.1768), "đảo ngược"),
        ((0.0, 0.0), "0"),
        ((48.85, 2.35), "Việt Nam"),
        ((21.03, 105.85), "ngoài địa bàn"),
    ],
)
def test_a_place_that_cannot_be_is_told_and_everything_else_kept(point: tuple[float, float], said: str) -> None:
    talk = asked_where()
    assert said in talk.sends_place(*point)
    assert talk.draft.spot is None
    assert talk.draft.content.text == "Rác đầy đường"
    assert talk.replies[-1].place_button


def test_a_typed_place_in_another_province_is_told() -> None:
    talk = asked_where()
    assert "ngoài địa bàn" in talk.says("phường Hoàn Kiếm, Hà Nội")


def test_a_venue_brings_its_address() -> None:
    talk = asked_where()
    talk.sends_place(*AN_XUYEN, venue="Chợ Cà Mau, Lý Bôn")
    talk.presses("An Xuyên")
    assert talk.draft.spot is not None
    assert talk.draft.spot.address == "Chợ Cà Mau, Lý Bôn"


def test_a_photo_that_knows_its_place_is_asked_about() -> None:
    talk = Talk()
    assert "Ảnh chụp gần" in talk.sends_photo(1, "Rác đầy đường", at=AN_XUYEN)
    talk.presses("An Xuyên")
    assert talk.draft.spot is not None
    assert talk.draft.spot.confirmed


def test_a_photos_place_does_not_replace_one_that_was_given() -> None:
    talk = Talk()
    talk.says("Rác ở phường Tân Thành")
    talk.presses("Đúng")
    talk.sends_photo(1, at=AN_XUYEN)
    assert talk.draft.spot is not None
    assert talk.draft.spot.name == "Phường Tân Thành, Cà Mau"


def test_a_photo_taken_abroad_is_not_the_citizens_trouble() -> None:
    talk = Talk()
    answer = talk.sends_photo(1, "Rác đầy đường", at=(48.85, 2.35))
    assert "đâu" in answer
    assert "Việt Nam" not in answer


def test_saying_no_to_a_photos_place_asks_for_the_place() -> None:
    talk = Talk()
    talk.sends_photo(1, "Rác đầy đường", at=AN_XUYEN)
    talk.presses("Không phải")
    assert talk.draft.spot is None
    assert talk.replies[-1].place_button


def test_a_correction_in_words_replaces_the_place_asked_about() -> None:
    talk = Talk()
    talk.says("Rác ở phường An Xuyên")
    assert "Phường Tân Thành" in talk.says("nhầm, phường Tân Thành mới đúng")


def test_a_position_sent_later_is_better_than_words() -> None:
    talk = Talk()
    talk.says("Rác ở phường An Xuyên")
    talk.presses("Đúng")
    talk.sends_place(9.1768, 105.15)
    assert talk.draft.spot is not None
    assert talk.draft.spot.lat == 9.1768


def test_a_long_story_instead_of_an_address_is_more_of_the_story() -> None:
    talk = asked_where()
    story = (
        "Hôm qua tôi đã gọi mấy lần mà không ai tới dọn, mùi hôi bay khắp xóm, trẻ con ho suốt đêm, mong được xử lý sớm"
    )
    talk.says(story + " cho bà con nhờ")
    assert story in talk.draft.content.text
    assert talk.replies[-1].place_button
