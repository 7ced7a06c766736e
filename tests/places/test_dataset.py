"""The embedded list: whole, and repaired where its source is wrong."""

from collections import Counter

from app.places.dataset import known, ward_sites
from app.places.geo import distance_m


def test_it_holds_the_two_tiers_of_today() -> None:
    communes = known().communes
    assert len(communes) == len({commune.code for commune in communes}) == 3321
    assert len(known().provinces) == 34
    assert {commune.province_code for commune in communes} == set(known().provinces)
    assert Counter(commune.kind for commune in communes)["đặc khu"] == 13
    assert all(len(commune.code) == 5 and commune.code.isdigit() for commune in communes)
    assert all(commune.full_name == f"{commune.kind.capitalize()} {commune.name}" for commune in communes)


def test_cà_mau_has_64_communes() -> None:
    ours = [commune for commune in known().communes if commune.province_code == "96"]
    assert len(ours) == 64
    assert {commune.province_name for commune in ours} == {"Tỉnh Cà Mau"}
    assert Counter(commune.kind for commune in ours) == {"xã": 55, "phường": 9}


def test_every_former_ward_became_part_of_a_commune_that_exists() -> None:
    codes = {commune.code for commune in known().communes}
    assert len(known().wards) == 10_040
    assert all(ward.became and set(ward.became) <= codes for ward in known().wards)
    assert {code for ward in known().wards for code in ward.became} == codes


def test_former_provinces_know_where_they_are_now() -> None:
    now = {province.name: known().provinces[province.code] for province in known().former_provinces}
    assert len(now) == 63
    assert now["Tỉnh Bạc Liêu"] == "Tỉnh Cà Mau"
    assert now["Tỉnh Hậu Giang"] == "Thành phố Cần Thơ"
    assert now["Tỉnh Bình Định"] == "Tỉnh Gia Lai"
    assert now["Tỉnh Quảng Nam"] == "Thành phố Đà Nẵng"


def test_a_centre_far_from_all_its_wards_is_moved_to_them() -> None:
    centres = {commune.code: commune for commune in known().communes}
    moved = next(c for c in centres.values() if c.full_name == "Xã Lương Hòa Lạc")
    assert distance_m(moved.lat, moved.lon, 10.41, 106.37) < 5_000
    islands = next(c for c in centres.values() if c.full_name == "Đặc khu Trường Sa")
    assert islands.lon > 111


def test_wards_of_island_districts_placed_on_the_mainland_point_to_no_island() -> None:
    trường_sa = next(c for c in known().communes if c.full_name == "Đặc khu Trường Sa")
    assert trường_sa.code not in {code for code, _, _ in ward_sites(known())}


def test_wards_merged_before_2025_are_known_by_their_older_names() -> None:
    ward = next(w for w in known().wards if w.name == "2" and "32002" in w.became)
    assert ("4", "phường") in ward.aliases
    assert next(w for w in known().wards if w.name == "Trúc Bạch").aliases == (("nguientrungtruc", "phường"),)
