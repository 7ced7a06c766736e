"""Coordinates: what is taken, what is refused and with which words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import Invalid
from app.i18n import t
from app.places.dataset import known
from app.places.model import check_point, parse_coordinates
from tests.places import same_examples


def refusal(lat: float, lon: float) -> str:
    with pytest.raises(Invalid) as raised:
        check_point(lat, lon)
    assert raised.value.problems[0].field == "place"
    assert t(raised.value.key, "vi", **raised.value.problems[0].params)
    return raised.value.key


@pytest.mark.parametrize(
    ("lat", "lon"),
    [
        (9.1768, 105.1524),  # Cà Mau
        (8.6005, 104.7193),  # Mũi Cà Mau
        (8.43, 104.83),  # Hòn Khoai
        (10.2173, 103.9601),  # Phú Quốc
        (9.3086, 103.4797),  # Thổ Chu
        (8.6835, 106.6062),  # Côn Đảo
        (20.1340, 107.7290),  # Bạch Long Vĩ
        (16.5340, 111.6080),  # Hoàng Sa: the island
        (17.05, 111.45),  # Hoàng Sa: northern reefs
        (8.6450, 111.9200),  # Trường Sa Lớn
        (11.4290, 114.3310),  # Song Tử Tây
        (7.8920, 112.9200),  # An Bang
        (10.7330, 115.8000),  # Vĩnh Viễn
        (7.5300, 109.7000),  # DK1
        (23.3640, 105.3160),  # Lũng Cú, the northernmost
        (22.4010, 102.1400),  # A Pa Chải, the westernmost
        (11.0700, 106.1700),  # Mộc Bài, at the border
        (21.5280, 107.9650),  # Móng Cái, at the border
        (9.0, 104.65),  # at sea, 15 km off U Minh
    ],
)
def test_land_islands_border_posts_and_waters_near_them_are_taken(lat: float, lon: float) -> None:
    assert check_point(lat, lon) == (lat, lon)


@pytest.mark.parametrize(
    ("lat", "lon"),
    [
        (13.7563, 100.5018),  # Bangkok
        (11.5564, 104.9282),  # Phnom Penh
        (17.9757, 102.6331),  # Vientiane
        (22.8170, 108.3665),  # Nanning
        (18.2528, 109.5119),  # Sanya
        (9.2400, 117.9800),  # Palawan
        (48.8566, 2.3522),  # Paris
        (-9.1768, 105.1524),
    ],
)
def test_a_point_abroad_is_refused(lat: float, lon: float) -> None:
    assert refusal(lat, lon) == "places.point_abroad"


def test_exchanged_latitude_and_longitude_are_told_and_not_repaired() -> None:
    with pytest.raises(Invalid) as raised:
        check_point(105.1524, 9.1768)
    problem = raised.value.problems[0]
    assert problem.key == "places.point_swapped"
    assert (problem.params["lat"], problem.params["lon"]) == ("9.1768", "105.152")


def test_a_device_without_a_position_is_told_so() -> None:
    assert refusal(0, 0) == "places.point_zero"
    assert refusal(0.0001, -0.0002) == "places.point_zero"


@pytest.mark.parametrize(("lat", "lon"), [(float("nan"), 105.0), (9.0, float("inf")), (float("-inf"), 105.0)])
def test_what_is_no_number_is_refused(lat: float, lon: float) -> None:
    assert refusal(lat, lon) == "places.point_not_numbers"


@pytest.mark.parametrize(("lat", "lon"), [(91.0, 5.0), (9.0, 181.0), (1018000.0, 580000.0)])
def test_what_is_no_place_on_earth_is_refused(lat: float, lon: float) -> None:
    assert refusal(lat, lon) == "places.point_out_of_range"


def test_every_commune_of_the_country_is_in_the_country() -> None:
    for commune in known().communes:
        assert check_point(commune.lat, commune.lon) == (commune.lat, commune.lon)


@same_examples
@given(st.floats(), st.floats())
def test_any_two_numbers_are_taken_or_refused_in_words(lat: float, lon: float) -> None:
    try:
        taken = check_point(lat, lon)
    except Invalid as error:
        taken = None
        key = error.key
    assert taken == (lat, lon) or key.startswith("places.point_")


CA_MAU = (9.1768, 105.1524)


@pytest.mark.parametrize(
    "text",
    [
        "9.1768, 105.1524",
        "9.1768,105.1524",
        "9.1768 105.1524",
        "  (9.1768, 105.1524)  ",
        "9,1768; 105,1524",
        "9,1768, 105,1524",
        "9.1768N 105.1524E",
        "N9.1768 E105.1524",
        "9.1768B, 105.1524Đ",
        "105.1524E 9.1768N",
        "9.1768° N, 105.1524° E",
        "lat: 9.1768, lon: 105.1524",
        "Vĩ độ 9,1768, kinh độ 105,1524",
        "kinh do 105.1524 vi do 9.1768",
        "Tọa độ: 9.1768, 105.1524.",
        "https://www.google.com/maps/@9.1768,105.1524,17z",
        "Chỗ này nè https://maps.google.com/?q=9.1768,105.1524 anh ơi",
        "https://www.google.com/maps/place/X/@9.1,105.1,15z/data=!4m2!3d9.1768!4d105.1524".replace(
            "@9.1,105.1,15z/", ""
        ),
    ],
)
def test_coordinates_are_read_as_people_write_them(text: str) -> None:
    assert parse_coordinates(text) == CA_MAU


@pytest.mark.parametrize(
    "text",
    ["9°10'36\"N 105°09'08\"E", "9°10′36″B, 105°09′08″Đ", "9° 10' 36'' N, 105° 9' 8'' E", "9º10'36\" 105º9'8\""],
)
def test_degrees_minutes_and_seconds_are_read(text: str) -> None:
    found = parse_coordinates(text)
    assert found is not None
    assert found == pytest.approx((9 + 10 / 60 + 36 / 3600, 105 + 9 / 60 + 8 / 3600))


def test_south_and_west_are_negative_and_exchanged_numbers_stay_exchanged() -> None:
    assert parse_coordinates("9.1768S, 105.1524W") == (-9.1768, -105.1524)
    assert parse_coordinates("105.1524, 9.1768") == (105.1524, 9.1768)


@pytest.mark.parametrize(
    "text",
    ["", "9.1768", "12, 105 Trần Hưng Đạo", "9, 105", "12/5 khóm 3, phường 5", "0913 555 123", "9.1768N 105.1524N",
     "9.1768, 105.1524 gần chợ", "1.500.000 đồng"],
)  # fmt: skip
def test_addresses_prices_and_phone_numbers_are_no_coordinates(text: str) -> None:
    assert parse_coordinates(text) is None


@same_examples
@given(st.floats(8, 24), st.floats(102, 118), st.sampled_from([", ", " ", "; ", ","]))
def test_printed_coordinates_are_read_back(lat: float, lon: float, between: str) -> None:
    assert parse_coordinates(f"{lat:.6f}{between}{lon:.6f}") == pytest.approx((lat, lon), abs=1e-6)


@same_examples
@given(st.text(max_size=400))
def test_any_text_is_coordinates_or_not(text: str) -> None:
    found = parse_coordinates(text)
    assert found is None or len(found) == 2
