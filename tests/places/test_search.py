"""Typed addresses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.i18n.text import fold
from app.places.dataset import known
from app.places.model import Candidate
from app.places.service import embedded_default
from tests.places import same_examples
from tests.places.addresses import GROUPS, HOME, typed


def search(text: str) -> tuple[Candidate, ...]:
    return embedded_default().search(text, default_province_code=HOME)


def names(found: tuple[Candidate, ...]) -> list[str]:
    return [f"{candidate.commune.province_code} {candidate.commune.full_name}" for candidate in found]


@pytest.mark.parametrize("group", GROUPS)
def test_addresses_as_people_type_them_are_understood(group: str) -> None:
    asked = list(typed(group))
    found = [(address, wanted, names(search(address))) for address, wanted in asked]
    wrong = [row for row in found if row[2][:1] != [row[1]]]
    missing = [row for row in found if row[1] not in row[2]]
    assert len(wrong) <= len(asked) * (100 - GROUPS[group]) / 100, wrong
    assert not missing


def test_half_of_the_addresses_have_no_accents() -> None:
    asked = [address for group in GROUPS for address, _ in typed(group)]
    assert len(asked) >= 300
    assert sum(address.isascii() for address in asked) >= len(asked) / 2


@pytest.mark.parametrize("group", GROUPS)
def test_what_is_called_certain_is_right(group: str) -> None:
    answers = [(address, wanted, search(address)) for address, wanted in typed(group)]
    certain = [row for row in answers if row[2] and not row[2][0].approximate]
    assert len(certain) > len(answers) / 2
    assert [(address, wanted) for address, wanted, found in certain if names(found) != [wanted]] == []


def test_every_former_ward_with_its_district_leads_to_the_commune_it_became() -> None:
    wrong = []
    for at, ward in enumerate(known().wards):
        district = known().districts[ward.district]
        province = known().former_provinces[district.province].name
        text = f"{ward.kind} {ward.name}, {district.kind} {district.name}, {province}"
        typing = text if at % 2 else fold(text.replace(",", ""))
        found = embedded_default().search(typing)
        codes = [candidate.commune.code for candidate in found]
        certain_and_wrong = not found[0].approximate and codes != [ward.became[0]]
        if ward.became[0] not in codes or certain_and_wrong:
            wrong.append((typing, ward.became, codes))
    assert wrong == []


def test_every_commune_of_today_is_found_by_its_full_name() -> None:
    for commune in known().communes:
        found = embedded_default().search(f"{commune.full_name}, {commune.province_name}")
        assert found[0].commune == commune


def test_a_ward_that_was_divided_is_never_certain() -> None:
    found = search("phường 6, TP Cà Mau")
    assert names(found)[:2] == ["96 Phường Tân Thành", "96 Phường Hòa Thành"]
    assert all(candidate.approximate for candidate in found)


def test_a_ward_that_was_divided_is_not_certain_even_next_to_its_main_heir() -> None:
    main = next(commune for commune in known().communes if commune.full_name == "Xã Lương Thế Trân")
    found = embedded_default().search("xã Lợi An, huyện Trần Văn Thời", near=(main.lat, main.lon))
    assert found[0].commune == main
    assert all(candidate.approximate for candidate in found)


@pytest.mark.parametrize(
    "text", ["xã Đất Mũi, huyện Cái Nước", "xa dat mui, tp ca mau", "phường Láng Tròn, huyện Năm Căn"]
)
def test_a_district_that_contradicts_the_commune_leaves_doubt(text: str) -> None:
    assert all(candidate.approximate for candidate in search(text))


def test_a_commune_that_is_named_comes_before_those_of_a_district_that_contradicts_it() -> None:
    found = names(search("xã Tân Tiến, huyện Năm Căn, Cà Mau"))
    assert found[:2] == ["96 Xã Tân Tiến", "96 Xã Năm Căn"]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("chuong duong hoan kiem ha noi", "01 Phường Hồng Hà"),
        ("ly thai to hoan kiem ha noi", "01 Phường Hoàn Kiếm"),
        ("tho quan dong da ha noi", "01 Phường Văn Miếu - Quốc Tử Giám"),
        ("xa bach xa tuyen quang", "08 Xã Bạch Xa"),
    ],
)
def test_a_name_may_end_in_a_word_that_elsewhere_means_street_or_ward(text: str, wanted: str) -> None:
    assert names(search(text))[0] == wanted


def test_a_district_offers_the_communes_it_became_and_the_seat_first() -> None:
    found = search("huyện Năm Căn")
    assert names(found)[0] == "96 Xã Năm Căn"
    assert {candidate.former for candidate in found} == {"Huyện Năm Căn"}
    assert len(found) == 3
    assert all(candidate.approximate for candidate in found)


def test_a_former_name_is_told_with_the_answer() -> None:
    (found,) = search("phường 5, tp Cà Mau")
    assert (found.commune.full_name, found.former) == ("Phường Tân Thành", "Phường 5, Thành phố Cà Mau")
    (today,) = search("xã Đất Mũi, tỉnh Cà Mau")
    assert today.former is None


@pytest.mark.parametrize(
    "text",
    ["", "   ", "Hậu Giang", "tỉnh Cà Mau", "Việt Nam", "cây đổ giữa đường", "12/5", "0913 555 123", "🙂", "p", ","],
)
def test_what_names_no_commune_or_district_finds_nothing(text: str) -> None:
    assert search(text) == ()


def test_a_street_or_a_hamlet_named_like_a_commune_does_not_mislead() -> None:
    assert names(search("đường Phan Ngọc Hiển, phường 5, Cà Mau")) == ["96 Phường Tân Thành"]
    assert names(search("12 phan ngoc hien p5 ca mau")) == ["96 Phường Tân Thành"]
    assert names(search("ấp Tân Hưng, xã Đất Mũi, Cà Mau")) == ["96 Xã Đất Mũi"]
    assert search("đường Phan Ngọc Hiển") == ()


def test_the_home_province_wins_when_a_name_is_common() -> None:
    assert names(search("xã Hòa Bình"))[0] == "96 Xã Hòa Bình"
    elsewhere = embedded_default().search("xã Hòa Bình", default_province_code="86")
    assert names(elsewhere)[0] == "86 Xã Hòa Bình"
    assert embedded_default().search("xã Hòa Bình")[0].approximate


def test_a_province_that_is_named_wins_over_the_home_province() -> None:
    assert names(search("xã Hòa Bình, tỉnh Vĩnh Long")) == ["86 Xã Hòa Bình"]
    assert names(search("xa hoa binh vinh long"))[0] == "86 Xã Hòa Bình"


def test_a_province_filter_leaves_out_every_other() -> None:
    found = embedded_default().search("phường 1", province_code="96")
    assert {candidate.commune.province_code for candidate in found} == {"96"}
    assert embedded_default().search("phường Bến Nghé, quận 1", province_code="96") == ()


def test_a_point_near_by_decides_between_equal_names_and_gives_the_distance() -> None:
    bạc_liêu, giá_rai = (9.29, 105.72), (9.24, 105.46)
    near_first = embedded_default().search("phường 1", near=bạc_liêu, province_code="96")
    near_second = embedded_default().search("phường 1", near=giá_rai, province_code="96")
    assert names(near_first)[0] == "96 Phường Bạc Liêu"
    assert names(near_second)[0] == "96 Phường Giá Rai"
    assert near_first[0].distance_m is not None
    assert near_first[0].distance_m < 5_000


def test_accents_tell_apart_what_folding_makes_equal() -> None:
    cẩm_giang, cẩm_giàng = search("xã Cẩm Giang, Hải Phòng"), search("xã Cẩm Giàng, Hải Phòng")
    assert names(cẩm_giang)[0] == "31 Xã Cẩm Giang"
    assert names(cẩm_giàng)[0] == "31 Xã Cẩm Giàng"
    assert embedded_default().search("xa cam giang hai phong")[0].approximate


@same_examples
@given(st.text(max_size=300), st.sampled_from([None, "96", "79"]))
def test_any_text_gives_at_most_three_in_order(text: str, home: str | None) -> None:
    found = embedded_default().search(text, default_province_code=home)
    assert len(found) <= 3
    scores = [candidate.score for candidate in found]
    assert scores == sorted(scores, reverse=True)
    assert all(0 < score <= 1 for score in scores)
    assert len({candidate.commune.code for candidate in found}) == len(found)


@same_examples
@given(
    st.lists(st.sampled_from(["phường", "1", "xã", "Cà Mau", ",", "tp", "hòa bình", "Q.", "đường", "an"]), max_size=40)
)
def test_words_of_addresses_in_any_order_are_survived(parts: list[str]) -> None:
    assert len(search(" ".join(parts))) <= 3


def test_a_whole_story_is_read_only_so_far() -> None:
    assert search("cây " * 5_000 + "phường 5, tp Cà Mau") == ()
