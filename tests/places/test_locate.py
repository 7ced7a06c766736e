"""Points: with boundaries, without, and with some."""

from uuid import UUID

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from app.places.boundaries import Bounded
from app.places.dataset import Commune, known
from app.places.gazetteer import Gazetteer
from app.places.service import embedded_default, with_boundaries
from tests.places import same_examples


def commune(code: str, name: str = "Thử", lat: float = 9.0, lon: float = 105.0) -> Commune:
    return Commune(code, name, f"Xã {name}", "xã", "96", "Tỉnh Cà Mau", lat, lon)


def gazetteer(*boxes: tuple[float, float, float, float]) -> Gazetteer:
    """Communes 99001, 99002, … with the given boundaries (west, south, east, north) and nothing else."""
    shapes = [shapely.box(*box) for box in boxes]
    communes = [
        commune(f"99{at + 1:03}", f"Thử {at + 1}", shape.centroid.y, shape.centroid.x)
        for at, shape in enumerate(shapes)
    ]
    return Gazetteer(communes, shapes)


def code(found: Commune | None) -> str | None:
    return found.code if found else None


SQUARES = gazetteer((105.0, 9.0, 105.1, 9.1), (105.1, 9.0, 105.2, 9.1), (105.3, 9.0, 105.4, 9.1))


def test_inside_one_boundary_the_answer_is_certain() -> None:
    found = SQUARES.locate(9.05, 105.15)
    assert (code(found.commune), found.approximate) == ("99002", False)
    assert [candidate.commune.code for candidate in found.candidates] == ["99002"]
    assert (found.candidates[0].distance_m, found.candidates[0].score) == (0.0, 1.0)
    assert (found.lat, found.lon) == (9.05, 105.15)


def test_on_a_shared_border_both_are_named_and_it_is_approximate() -> None:
    found = SQUARES.locate(9.05, 105.1)
    assert (code(found.commune), found.approximate) == ("99001", True)
    assert [candidate.commune.code for candidate in found.candidates] == ["99001", "99002"]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_where_boundaries_overlap_the_smaller_commune_is_taken_whatever_the_order(order: tuple[int, int]) -> None:
    boxes = [(105.0, 9.0, 105.2, 9.2), (105.1, 9.1, 105.2, 9.2)]
    found = gazetteer(*(boxes[at] for at in order)).locate(9.15, 105.15)
    assert found.approximate
    assert found.commune is not None
    assert (found.commune.lat, found.commune.lon) == pytest.approx((9.15, 105.15))
    assert len(found.candidates) == 2


def test_just_outside_every_boundary_the_nearest_is_taken_and_it_is_approximate() -> None:
    found = SQUARES.locate(9.05, 105.21)
    assert (code(found.commune), found.approximate) == ("99002", True)
    assert found.candidates[0].distance_m == pytest.approx(1_099, abs=3)
    assert [candidate.commune.code for candidate in found.candidates] == ["99002", "99003", "99001"]


def test_far_from_every_boundary_none_is_named_but_the_nearest_are_offered() -> None:
    found = SQUARES.locate(9.05, 105.25)
    assert (found.commune, found.approximate) == (None, True)
    assert {candidate.commune.code for candidate in found.candidates[:2]} == {"99002", "99003"}


def test_out_at_sea_communes_are_offered_by_their_centres() -> None:
    found = SQUARES.locate(8.0, 106.0)
    assert found.commune is None
    assert [candidate.commune.code for candidate in found.candidates] == ["99003", "99002", "99001"]


def test_a_hole_in_a_commune_belongs_to_the_commune_in_it() -> None:
    hole = shapely.box(105.04, 9.04, 105.06, 9.06)
    ring = shapely.difference(shapely.box(105.0, 9.0, 105.1, 9.1), hole)
    found = Gazetteer([commune("99001"), commune("99002")], [ring, hole]).locate(9.05, 105.05)
    assert (code(found.commune), found.approximate) == ("99002", False)


@same_examples
@given(st.floats(105.0001, 105.1999), st.floats(9.0001, 9.0999))
def test_every_point_of_the_squares_is_in_the_right_one(lon: float, lat: float) -> None:
    expected = "99001" if lon <= 105.1 else "99002"
    assert code(SQUARES.locate(lat, lon).commune) == expected


@same_examples
@given(st.sampled_from(known().communes), st.floats(-0.3, 0.3), st.floats(-0.3, 0.3))
def test_the_embedded_default_is_always_approximate_and_offers_three(near: Commune, up: float, right: float) -> None:
    found = embedded_default().locate(near.lat + up, near.lon + right)
    assert found.approximate
    assert len({candidate.commune.code for candidate in found.candidates}) == 3
    assert all(candidate.approximate for candidate in found.candidates)
    metres = [candidate.distance_m or 0 for candidate in found.candidates]
    assert metres == sorted(metres)
    assert (found.commune is None) == (metres[0] > 20_000)
    assert sum(candidate.score for candidate in found.candidates) == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize(
    ("lat", "lon", "name"),
    [
        (9.1802, 105.1523, "Phường Tân Thành"),
        (8.6200, 104.7300, "Xã Đất Mũi"),
        (9.2860, 105.7240, "Phường Bạc Liêu"),
        (21.0288, 105.8525, "Phường Hoàn Kiếm"),
        (8.6450, 111.9200, "Đặc khu Trường Sa"),
        (16.5340, 111.6080, "Đặc khu Hoàng Sa"),
    ],
)
def test_the_embedded_default_offers_the_place_people_know(lat: float, lon: float, name: str) -> None:
    found = embedded_default().locate(lat, lon)
    assert name in [candidate.commune.full_name for candidate in found.candidates]


SET = UUID("01890000-0000-7000-8000-000000000096")
NĂM_CĂN = next(c for c in known().communes if c.full_name == "Xã Năm Căn")


def with_a_box(listed: Commune, half: float) -> Gazetteer:
    """One commune with a boundary around its centre, every other by its centre."""
    shape = shapely.box(listed.lon - half, listed.lat - half, listed.lon + half, listed.lat + half)
    return with_boundaries([Bounded(listed, shape)], SET)


def test_with_boundaries_for_some_the_others_stay_on_their_centres() -> None:
    some = with_a_box(NĂM_CĂN, 0.02)
    assert (len(some.communes), some.boundary_count, some.set_id) == (3321, 1, SET)
    inside = some.locate(NĂM_CĂN.lat, NĂM_CĂN.lon)
    assert (inside.commune, inside.approximate) == (NĂM_CĂN, False)
    elsewhere = some.locate(21.0288, 105.8525)
    assert elsewhere == embedded_default().locate(21.0288, 105.8525)


def test_outside_a_boundary_but_near_no_other_centre_the_nearest_boundary_is_taken() -> None:
    found = with_a_box(NĂM_CĂN, 0.02).locate(NĂM_CĂN.lat + 0.021, NĂM_CĂN.lon)
    assert (found.commune, found.approximate) == (NĂM_CĂN, True)
    assert found.candidates[0].distance_m == pytest.approx(111, abs=2)


def test_outside_a_boundary_and_near_a_centre_without_one_that_commune_comes_first() -> None:
    hàm_rồng = next(ward for ward in known().wards if ward.name == "Đất Mới" and "32201" in ward.became)
    found = with_a_box(NĂM_CĂN, 0.0001).locate(hàm_rồng.lat, hàm_rồng.lon)
    assert found.commune is not None
    assert found.commune.full_name == "Xã Đất Mới"
    assert found.approximate


def test_where_a_boundary_is_known_the_centres_of_its_former_wards_no_longer_count() -> None:
    heir = next(c for c in known().communes if c.full_name == "Xã Trần Văn Thời")
    ward = next(ward for ward in known().wards if ward.name == "Phong Lạc" and heir.code in ward.became)
    assert embedded_default().locate(ward.lat, ward.lon).commune == heir
    beside = with_a_box(heir, 0.0001).locate(ward.lat, ward.lon)
    assert beside.candidates[0].commune.full_name == "Xã Phú Mỹ"


def test_a_commune_merged_into_another_is_answered_by_that_one() -> None:
    some = with_a_box(NĂM_CĂN, 0.3)
    swallowed = next(c for c in known().communes if c.full_name == "Xã Đất Mới")
    assert some.commune(swallowed.code) == NĂM_CĂN
    assert swallowed not in some.communes
    assert [c.commune for c in some.search("xã Đất Mới, huyện Năm Căn, Cà Mau")] == [NĂM_CĂN]


def test_a_code_nobody_knows_is_no_commune() -> None:
    assert embedded_default().commune("00000") is None
    assert embedded_default().commune(NĂM_CĂN.code) == NĂM_CĂN
