"""A province as a browser draws it."""

import gzip
import json
import math
from pathlib import Path
from typing import Any
from uuid import uuid4

from app.places.boundaries import read
from app.places.outline import PACKED_MOST, outline
from app.places.service import embedded_default, with_boundaries
from tests.places.files import commune, feature, square, write


def ring(lat: float, lon: float, corners: int, wobble: float) -> dict[str, Any]:
    """A coast: a circle of 5 km that trembles."""
    points = []
    for number in range(corners):
        angle = 2 * math.pi * number / corners
        reach = 0.05 + wobble * math.sin(number * 7.3)
        points.append([lon + reach * math.cos(angle), lat + reach * math.sin(angle)])
    return {"type": "Polygon", "coordinates": [[*points, points[0]]]}


def test_boundaries_are_polygons_and_communes_without_one_are_points(tmp_path: Path) -> None:
    one = commune("Phường An Xuyên")
    known = read(write(tmp_path / "a.geojson", [feature(one, square(one.lat, one.lon))])).communes
    made = json.loads(outline(with_boundaries(known, uuid4()), "96"))
    kinds = {each["properties"]["name"]: each["geometry"]["type"] for each in made["features"]}
    assert kinds.pop("Phường An Xuyên") == "Polygon"
    assert set(kinds.values()) == {"Point"}
    assert len(kinds) == 63
    [drawn] = [each for each in made["features"] if each["geometry"]["type"] == "Polygon"]
    assert drawn["properties"]["at"] == [round(one.lon, 4), round(one.lat, 4)]
    assert len(drawn["geometry"]["coordinates"][0]) == 5


def test_lines_are_drawn_more_simply_until_a_province_is_small_enough(tmp_path: Path) -> None:
    communes = [one for one in embedded_default().communes if one.province_code == "96"]
    features = [feature(one, ring(one.lat, one.lon, 600, 0.004)) for one in communes]
    made = outline(with_boundaries(read(write(tmp_path / "a.geojson", features)).communes, uuid4()), "96")
    assert 10_000 < len(gzip.compress(made, 9)) <= PACKED_MOST
    assert {each["geometry"]["type"] for each in json.loads(made)["features"]} <= {"Polygon", "MultiPolygon"}


def test_no_province_has_no_communes() -> None:
    assert json.loads(outline(embedded_default(), "00"))["features"] == []
