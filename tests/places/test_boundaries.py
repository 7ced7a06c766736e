"""Boundary files: what is taken, repaired, left out, and refused as a whole."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import shapely

from app.errors import Invalid
from app.i18n import LANGS, t
from app.places import boundaries
from app.places.boundaries import Read
from app.places.dataset import known
from tests.places.files import Feature, commune, feature, square, write

TÂN_THÀNH = commune("Phường Tân Thành")
AN_XUYÊN = commune("Phường An Xuyên")
HÒA_THÀNH = commune("Phường Hòa Thành")
ĐẤT_MŨI = commune("Xã Đất Mũi")
NĂM_CĂN = commune("Xã Năm Căn")


def read(folder: Path, *features: Any, **more: Any) -> Read:
    return boundaries.read(write(folder / "communes.geojson", list(features), **more))


def square_of(lat: float, lon: float, half: float) -> shapely.Polygon:
    return shapely.box(lon - half, lat - half, lon + half, lat + half)


def refusal(path: Path) -> str:
    with pytest.raises(Invalid) as raised:
        boundaries.read(path)
    (problem,) = raised.value.problems
    for lang in LANGS:
        assert path.name in t(problem.key, lang, **problem.params)
    return problem.key


def only(found: Read) -> Any:
    (bounded,) = found.communes
    return bounded


# ------------------------------------------------------------ taken


@pytest.mark.parametrize("name", ["communes.geojson", "communes.geojson.gz"])
def test_a_file_is_read_plain_or_gzipped(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / name, [feature(TÂN_THÀNH), feature(ĐẤT_MŨI)])
    found = boundaries.read(path)
    assert [bounded.commune.full_name for bounded in found.communes] == ["Phường Tân Thành", "Xã Đất Mũi"]
    report = found.report
    assert (report.source, report.features, report.taken, report.by_centre) == (name, 2, 2, 3319)
    assert report.provinces == ("Tỉnh Cà Mau",)
    assert (report.left_out, report.fixed) == ({}, {})


def test_a_byte_order_mark_is_no_hindrance(tmp_path: Path) -> None:
    path = write(tmp_path / "communes.geojson", [feature(TÂN_THÀNH)])
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert only(boundaries.read(path)).commune.code == TÂN_THÀNH.code


@pytest.mark.parametrize(
    "properties",
    [
        {"ma_xa": "32025", "ten_xa": "Phường Tân Thành", "ma_tinh": "96"},
        {"maXa": 32025, "tenXa": "Tân Thành", "loai": "Phường", "maTinh": 96},
        {"Mã xã": "32025", "Tên xã": "PHƯỜNG TÂN THÀNH", "Tên tỉnh": "Tỉnh Bạc Liêu"},
        {"MA_XA": 32025.0, "TEN_XA": "Phường Tân Thành", "MA_TINH": "95"},
        {"code": "32025"},
    ],
)
def test_properties_are_known_by_their_usual_names(tmp_path: Path, properties: dict[str, Any]) -> None:
    shape = square(TÂN_THÀNH.lat, TÂN_THÀNH.lon)
    found = only(read(tmp_path, {"type": "Feature", "properties": properties, "geometry": shape})).commune
    assert (found.code, found.name.casefold(), found.kind) == ("32025", "tân thành", "phường")
    assert (found.province_code, found.province_name) == ("96", "Tỉnh Cà Mau")


def test_codes_that_lost_their_leading_zeros_get_them_back(tmp_path: Path) -> None:
    ba_đình = commune("Phường Ba Đình", "01")
    assert only(read(tmp_path, feature(ba_đình, code=4, provinceCode=1))).commune.code == "00004"


def test_the_centre_is_inside_the_boundary_even_of_a_crescent(tmp_path: Path) -> None:
    lat, lon = ĐẤT_MŨI.lat, ĐẤT_MŨI.lon
    crescent = square_of(lat, lon, 0.05) - square_of(lat, lon + 0.01, 0.045)
    assert not crescent.contains(crescent.centroid)
    shape = json.loads(shapely.to_geojson(crescent))
    found = only(read(tmp_path, feature(ĐẤT_MŨI, shape)))
    assert shapely.contains_xy(found.boundary, found.commune.lon, found.commune.lat)


def test_heights_are_dropped(tmp_path: Path) -> None:
    shape = square(ĐẤT_MŨI.lat, ĐẤT_MŨI.lon)
    shape["coordinates"][0] = [[*point, 3.5] for point in shape["coordinates"][0]]
    assert not only(read(tmp_path, feature(ĐẤT_MŨI, shape))).boundary.has_z


def test_progress_goes_up_to_the_end(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    boundaries.read(
        write(tmp_path / "communes.geojson", [feature(TÂN_THÀNH), feature(ĐẤT_MŨI)]),
        lambda done, of: seen.append((done, of)),
    )
    assert seen == sorted(seen)
    assert seen[-1] == (4, 4)


# ------------------------------------------------------------ repaired


def test_an_invalid_boundary_is_repaired(tmp_path: Path) -> None:
    lat, lon = ĐẤT_MŨI.lat, ĐẤT_MŨI.lon
    bow_tie = [[lon, lat], [lon + 0.02, lat + 0.02], [lon + 0.02, lat], [lon, lat + 0.02], [lon, lat]]
    found = read(tmp_path, feature(ĐẤT_MŨI, {"type": "Polygon", "coordinates": [bow_tie]}))
    assert only(found).boundary.is_valid
    assert only(found).boundary.area == pytest.approx(0.0002)
    assert found.report.fixed == {"shape": (f"{ĐẤT_MŨI.code} Xã Đất Mũi",)}


def test_areas_are_taken_out_of_a_collection(tmp_path: Path) -> None:
    point = {"type": "Point", "coordinates": [ĐẤT_MŨI.lon, ĐẤT_MŨI.lat]}
    mixed = {"type": "GeometryCollection", "geometries": [square(ĐẤT_MŨI.lat, ĐẤT_MŨI.lon), point]}
    found = read(tmp_path, feature(ĐẤT_MŨI, mixed))
    assert only(found).boundary.geom_type == "Polygon"
    assert "shape" in found.report.fixed


def test_parts_with_the_same_code_and_name_are_merged(tmp_path: Path) -> None:
    island = square(ĐẤT_MŨI.lat - 0.05, ĐẤT_MŨI.lon)
    found = read(tmp_path, feature(ĐẤT_MŨI), feature(ĐẤT_MŨI, island))
    assert only(found).boundary.geom_type == "MultiPolygon"
    assert found.report.fixed == {"parts": (f"{ĐẤT_MŨI.code} Xã Đất Mũi",)}


def test_a_missing_code_is_filled_in_when_the_name_tells_which(tmp_path: Path) -> None:
    found = read(tmp_path, feature(ĐẤT_MŨI, code=None), feature(NĂM_CĂN))
    assert ĐẤT_MŨI.code in [bounded.commune.code for bounded in found.communes]
    assert found.report.fixed == {"code": (f"Xã Đất Mũi → {ĐẤT_MŨI.code}",)}


def test_a_province_code_of_before_2025_is_corrected_from_the_list(tmp_path: Path) -> None:
    found = read(tmp_path, feature(commune("Phường Bạc Liêu"), provinceCode="95"))
    assert only(found).commune.province_code == "96"
    assert found.report.fixed == {"province": ("31825 Phường Bạc Liêu: 95 → 96",)}


def test_the_tone_mark_goes_where_the_list_has_it(tmp_path: Path) -> None:
    found = read(tmp_path, feature(HÒA_THÀNH, fullName="Phường Hoà Thành"))
    assert only(found).commune.full_name == "Phường Hòa Thành"
    assert found.report.fixed == {"spelling": ("Hoà Thành → Hòa Thành",)}


def test_too_many_vertices_are_simplified(tmp_path: Path) -> None:
    dense = shapely.segmentize(square_of(ĐẤT_MŨI.lat, ĐẤT_MŨI.lon, 0.05), 0.4 / 1_600_000)
    path = tmp_path / "dense.geojson"
    one = f'{{"type": "Feature", "properties": {{"code": "{ĐẤT_MŨI.code}"}}, "geometry": {shapely.to_geojson(dense)}}}'
    path.write_text(f'{{"type": "FeatureCollection", "features": [{one}]}}')
    found = boundaries.read(path)
    assert found.report.vertices < 100
    assert only(found).boundary.area == pytest.approx(0.01)
    assert found.report.fixed["vertices"][0].startswith("1,6")


# ------------------------------------------------------------ noticed


def test_overlaps_are_counted_with_the_largest_first(tmp_path: Path) -> None:
    shapes = [square(9.2, 105.1, 0.02), square(9.2, 105.11, 0.01), square(9.2, 105.13, 0.012)]
    found = read(tmp_path, *map(feature, (TÂN_THÀNH, AN_XUYÊN, HÒA_THÀNH), shapes))
    overlaps = found.report.noticed["overlaps"]
    assert overlaps[0] == "Phường An Xuyên / Phường Tân Thành (4.86 km²)"
    assert len(overlaps) == 3


def test_communes_that_only_touch_do_not_overlap(tmp_path: Path) -> None:
    found = read(tmp_path, feature(TÂN_THÀNH, square(9.2, 105.1)), feature(AN_XUYÊN, square(9.2, 105.12)))
    assert "overlaps" not in found.report.noticed


def test_a_new_name_is_kept_and_told(tmp_path: Path) -> None:
    found = read(tmp_path, feature(ĐẤT_MŨI, fullName="Phường Đất Mũi"), feature(NĂM_CĂN))
    assert "Phường Đất Mũi" in [bounded.commune.full_name for bounded in found.communes]
    assert found.report.noticed["name"] == (f"{ĐẤT_MŨI.code} Phường Đất Mũi (Xã Đất Mũi)",)


def test_an_unknown_code_is_kept_and_the_old_one_leads_to_it(tmp_path: Path) -> None:
    found = read(tmp_path, feature(ĐẤT_MŨI, code="32999"), feature(NĂM_CĂN), feature(AN_XUYÊN))
    assert "32999" in [bounded.commune.code for bounded in found.communes]
    assert found.report.noticed["code"] == (f"32999 Xã Đất Mũi ({ĐẤT_MŨI.code})",)
    assert found.report.noticed["replaced"] == (f"{ĐẤT_MŨI.code} Xã Đất Mũi → 32999 Xã Đất Mũi",)


def test_communes_of_the_province_that_the_file_lacks_are_told(tmp_path: Path) -> None:
    report = read(tmp_path, feature(TÂN_THÀNH)).report
    assert len(report.noticed["absent"]) == 63
    assert report.by_centre == 3320


# ------------------------------------------------------------ left out


def line(lat: float, lon: float) -> Feature:
    return {"type": "LineString", "coordinates": [[lon, lat], [lon + 0.1, lat]]}


@pytest.mark.parametrize(
    ("reason", "bad"),
    [
        ("no_shape", {**feature(ĐẤT_MŨI), "geometry": None}),
        ("no_shape", feature(ĐẤT_MŨI, {"type": "Polygon", "coordinates": []})),
        ("bad_shape", feature(ĐẤT_MŨI, {"type": "Polygon", "coordinates": "nhà tôi"})),
        ("bad_shape", feature(ĐẤT_MŨI, {"type": "Circle", "radius": 3})),
        ("not_area", feature(ĐẤT_MŨI, line(ĐẤT_MŨI.lat, ĐẤT_MŨI.lon))),
        ("abroad", feature(ĐẤT_MŨI, square(13.75, 100.5))),
        ("no_code", feature(ĐẤT_MŨI, code=None, fullName="Xã Không Có Tên Này")),
        ("no_code", feature(ĐẤT_MŨI, code="VN-CM-1", fullName=None)),
        ("no_province", feature(ĐẤT_MŨI, code="99999", provinceCode="00")),
        ("no_kind", feature(ĐẤT_MŨI, fullName="Thị trấn Đất Mũi")),
        ("no_kind", feature(ĐẤT_MŨI, code="99999", fullName=None)),
    ],
)
def test_a_feature_that_cannot_be_used_is_left_out_with_its_reason(tmp_path: Path, reason: str, bad: Feature) -> None:
    good = [feature(commune) for commune in (TÂN_THÀNH, AN_XUYÊN, HÒA_THÀNH, NĂM_CĂN)]
    found = read(tmp_path, bad, *good)
    assert len(found.communes) == 4
    assert list(found.report.left_out) == [reason]
    assert len(found.report.left_out[reason]) == 1


def test_two_names_with_one_code_keep_the_first(tmp_path: Path) -> None:
    found = read(tmp_path, feature(ĐẤT_MŨI), feature(NĂM_CĂN, code=ĐẤT_MŨI.code))
    assert only(found).commune.full_name == "Xã Đất Mũi"
    assert found.report.left_out == {"code_twice": (f"{ĐẤT_MŨI.code} Xã Năm Căn (Xã Đất Mũi)",)}


def test_the_report_says_all_of_it_in_both_languages_with_five_examples(tmp_path: Path) -> None:
    ours = [c for c in known().communes if c.province_code == "96"]
    bad = [feature(c, {"type": "Polygon", "coordinates": "?"}) for c in ours[:8]]
    overlapping = feature(ours[20], square(ours[21].lat, ours[21].lon))
    report = read(tmp_path, *bad, *map(feature, ours[8:20]), overlapping, *map(feature, ours[21:])).report
    for lang in LANGS:
        lines = report.lines(lang)
        assert len(lines) == 3 + len(report.left_out) + len(report.fixed) + len(report.noticed)
        assert not [line for line in lines if "{" in line or "places." in line]
    vi = "\n".join(report.lines("vi"))
    assert "Bỏ qua 8 đối tượng có ranh giới không đọc được" in vi
    assert "và 3 trường hợp khác" in vi


# ------------------------------------------------------------ refused


@pytest.mark.parametrize(
    ("key", "data"),
    [
        ("places.file_not_json", b""),
        ("places.file_not_json", b"code,name\n32025,T\xc3\xa2n Th\xc3\xa0nh\n"),
        ("places.file_not_json", b'{"type": "FeatureCollection", "features": ['),
        ("places.file_not_json", b"PK\x03\x04 a zipped shapefile"),
        ("places.file_not_features", b"[]"),
        ("places.file_not_features", b'{"type": "Topology", "objects": {}}'),
        ("places.file_not_features", b'{"type": "FeatureCollection", "features": [1]}'),
        ("places.file_not_features", b'{"type": "FeatureCollection"}'),
        ("places.file_empty", b'{"type": "FeatureCollection", "features": []}'),
        ("places.file_no_areas", b'{"type": "FeatureCollection", "features": [{"type": "Feature", "geometry": null}]}'),
        ("places.file_damaged", b"\x1f\x8b\x08 cut off"),
        ("places.file_damaged", gzip.compress(b'{"type": "FeatureCollection", "features": []}' * 99, mtime=0)[:-9]),
        ("places.file_not_json", gzip.compress(b"no json", mtime=0)),
        ("places.file_not_json", b'{"type": "\xff\xfe"}'),
    ],
)
def test_what_is_no_geojson_is_refused(tmp_path: Path, key: str, data: bytes) -> None:
    path = tmp_path / "communes.geojson"
    path.write_bytes(data)
    assert refusal(path) == key


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path / "missing.geojson") == "places.file_unreadable"
    assert refusal(tmp_path) == "places.file_unreadable"


def test_a_huge_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.geojson"
    with path.open("wb") as file:
        file.truncate(401 * 1024 * 1024)
    assert refusal(path) == "places.file_large"


def test_exchanged_coordinates_are_refused(tmp_path: Path) -> None:
    features = [feature(c, square(c.lon, c.lat)) for c in (TÂN_THÀNH, ĐẤT_MŨI)]
    assert refusal(write(tmp_path / "communes.geojson", features)) == "places.file_swapped"


def test_metres_are_refused(tmp_path: Path) -> None:
    features = [feature(c, square(1_018_000, 580_000, 500)) for c in (TÂN_THÀNH, ĐẤT_MŨI)]
    assert refusal(write(tmp_path / "communes.geojson", features)) == "places.file_projected"


def crs(name: Any) -> dict[str, Any]:
    return {"type": "name", "properties": {"name": name}}


@pytest.mark.parametrize("name", ["urn:ogc:def:crs:EPSG::3405", "EPSG:32648", "VN-2000"])
def test_another_coordinate_system_is_refused_by_its_name(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / "communes.geojson", [feature(ĐẤT_MŨI)], crs=crs(name))
    assert refusal(path) == "places.file_crs"


@pytest.mark.parametrize(
    "said",
    [crs("urn:ogc:def:crs:OGC:1.3:CRS84"), crs("EPSG:4326"), crs("urn:ogc:def:crs:EPSG::4326"), crs(None), None, "?"],
)
def test_wgs_84_by_any_name_is_taken(tmp_path: Path, said: Any) -> None:
    assert only(read(tmp_path, feature(ĐẤT_MŨI), crs=said))


def test_a_file_without_one_usable_feature_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "communes.geojson", [feature(ĐẤT_MŨI, square(13.75, 100.5))])
    assert refusal(path) == "places.file_nothing"


def test_the_units_of_before_july_2025_are_refused(tmp_path: Path) -> None:
    """Their codes live on with another meaning: 32002 was phường 2 of Cà Mau and is phường An Xuyên now."""
    old = [feature(c, fullName=f"Phường {at}") for at, c in enumerate((AN_XUYÊN, TÂN_THÀNH, HÒA_THÀNH), 2)]
    assert refusal(write(tmp_path / "communes.geojson", [*old, feature(ĐẤT_MŨI)])) == "places.file_old"
    towns = [feature(c, fullName=f"Thị trấn {c.name}") for c in (NĂM_CĂN, commune("Xã Thới Bình"))]
    path = write(tmp_path / "towns.geojson", [feature(ĐẤT_MŨI), feature(TÂN_THÀNH), *towns])
    assert refusal(path) == "places.file_old"
