"""The small map of a case, drawn here: what lies around the pin, and where in its commune that is. No map library is
loaded for it and no tile server asked."""

from functools import lru_cache
from math import cos, radians

import shapely
from msgspec import Struct

from app.places.gazetteer import Gazetteer
from app.places.geo import LAT_M, LON_M
from app.reports.model import Report

WIDTH, HEIGHT = 340, 200
AROUND_M = 400.0
"""How far from the pin the map reaches, up and down; and how far away reports are near."""
_RINGS_M = (100, 300)
_SCALE = HEIGHT / 2 / AROUND_M
_INSET = 64
_INSET_POINTS = 90
"""The commune's outline is simplified to about so many points: it is drawn no larger than a stamp."""


class Dot(Struct, frozen=True):
    """A near report: pixels from the left and from the top."""

    x: float
    y: float
    code: str
    metres: int


class Inset(Struct, frozen=True):
    """The commune as a whole in a square of ``size`` pixels, with the pin in it; (-9, -9) where no point is known."""

    path: str
    x: float
    y: float
    size: int = _INSET


class MapView(Struct, frozen=True):
    """``lines``: boundaries within the view, as an SVG path; ``rings``: (pixels, metres) around the pin; ``inset``
    None: no boundaries are known. Without a point there is the inset alone."""

    lines: str
    rings: tuple[tuple[float, int], ...]
    dots: tuple[Dot, ...]
    inset: Inset | None
    width: int = WIDTH
    height: int = HEIGHT


def draw(gazetteer: Gazetteer, report: Report, near: list[tuple[Report, float]]) -> MapView | None:
    """None when there is nothing to draw: neither a point nor the boundary of a commune."""
    shape = gazetteer.boundary(report.commune_code) if report.commune_code else None
    inset = _inset(report, shape) if shape is not None else None
    if report.lat is None or report.lon is None:
        return MapView("", (), (), inset) if inset else None
    place = _Place(report.lat, report.lon)
    dots = [Dot(*place.at(one.lat, one.lon), one.code, round(metres)) for one, metres in near if one.lat and one.lon]
    rings = tuple((metres * _SCALE, metres) for metres in _RINGS_M)
    return MapView(place.lines(shape) if shape is not None else "", rings, tuple(dots), inset)


class _Place:
    """The view around a point: metres become pixels, north is up."""

    def __init__(self, lat: float, lon: float) -> None:
        self._lat, self._lon = lat, lon
        self._across = LON_M * cos(radians(lat))

    def at(self, lat: float, lon: float) -> tuple[float, float]:
        x = WIDTH / 2 + (lon - self._lon) * self._across * _SCALE
        y = HEIGHT / 2 - (lat - self._lat) * LAT_M * _SCALE
        return round(x, 1), round(y, 1)

    def lines(self, shape: shapely.Geometry) -> str:
        half_up, half_across = HEIGHT / 2 / _SCALE / LAT_M, WIDTH / 2 / _SCALE / self._across
        box = (self._lon - half_across, self._lat - half_up, self._lon + half_across, self._lat + half_up)
        seen = shapely.clip_by_rect(shapely.boundary(shape), *box)
        return _path([[self.at(y, x) for x, y in shapely.get_coordinates(part)] for part in shapely.get_parts(seen)])


def _inset(report: Report, shape: shapely.Geometry) -> Inset:
    path, south, west, across, scale = _outline(shape)
    if report.lat is None or report.lon is None:
        return Inset(path, -9, -9)
    x, y = 4 + (report.lon - west) * across * scale, _INSET - 4 - (report.lat - south) * LAT_M * scale
    return Inset(path, round(min(max(x, 0), _INSET), 1), round(min(max(y, 0), _INSET), 1))


@lru_cache(maxsize=256)
def _outline(shape: shapely.Geometry) -> tuple[str, float, float, float, float]:
    """The path, and what turns degrees into its pixels: south, west, metres in a degree of longitude, scale."""
    west, south, east, north = shapely.bounds(shape).tolist()
    across = LON_M * cos(radians((south + north) / 2))
    scale = (_INSET - 8) / max((east - west) * across, (north - south) * LAT_M, 1.0)
    simple = shapely.simplify(shape, shapely.length(shape) / _INSET_POINTS / 4)
    rings = [shapely.get_exterior_ring(part) for part in shapely.get_parts(simple)]
    drawn = [
        [
            (round(4 + (x - west) * across * scale, 1), round(_INSET - 4 - (y - south) * LAT_M * scale, 1))
            for x, y in shapely.get_coordinates(ring)
        ]
        for ring in rings
    ]
    return _path(drawn), south, west, across, scale


def _path(lines: list[list[tuple[float, float]]]) -> str:
    return "".join("M" + "L".join(f"{x:g} {y:g}" for x, y in line) for line in lines if len(line) > 1)
