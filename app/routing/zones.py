"""Areas that are shapes on the map: a circle, the polygons of a file, everything near the lines of a file.

All become polygons when the rules are loaded (lon, lat in degrees), so that a point is looked up once in one tree.
Distances are reckoned on the ground at each latitude; the error within a province is below 0.5 %.
"""

from collections.abc import Iterator, Mapping
from math import cos, radians
from typing import Any

import msgspec
import shapely
from msgspec import Struct

_DEGREE_M = 111_320.0
_BAND = 0.25  # degrees of latitude over which one scale is good enough


class Zone(Struct, frozen=True):
    """``name`` is what people call it; ``shape`` a valid polygon or multipolygon."""

    zone_id: str
    name: str
    shape: shapely.Geometry


class Zones:
    def __init__(self, zones: Mapping[str, Zone]) -> None:
        self.by_id = zones
        self._tokens = [zone_token(zone_id) for zone_id in zones]
        self._shapes = [zone.shape for zone in zones.values()]
        shapely.prepare(self._shapes)
        self._tree = shapely.STRtree(self._shapes) if zones else None

    def at(self, lat: float | None, lon: float | None) -> frozenset[str]:
        """The tokens of the zones a point is in; none where the point is not known."""
        if self._tree is None or lat is None or lon is None:
            return frozenset()
        near = self._tree.query(shapely.Point(lon, lat))
        return frozenset(self._tokens[hit] for hit in near if shapely.intersects_xy(self._shapes[hit], lon, lat))


def zone_token(zone_id: str) -> str:
    return f"@{zone_id}"


def circle(lat: float, lon: float, radius_m: float) -> shapely.Geometry:
    return _widened(shapely.Point(lon, lat), radius_m)


def near_lines(lines: shapely.Geometry, within_m: float) -> shapely.Geometry:
    """All points at most ``within_m`` from the lines."""
    bands: list[shapely.Geometry] = []
    west, south, east, north = shapely.bounds(lines)
    bottom = south
    while bottom <= north:
        box = shapely.box(west - 1, bottom, east + 1, bottom + _BAND)
        part = shapely.intersection(lines, box)
        if not part.is_empty:
            bands.append(_widened(part, within_m))
        bottom += _BAND
    return shapely.union_all(bands)


def _widened(shape: shapely.Geometry, metres: float) -> shapely.Geometry:
    """Widened on a plane where a degree of longitude is as long as one of latitude, and put back."""
    scale = cos(radians(shapely.centroid(shape).y))
    flat = shapely.transform(shape, lambda points: points * (scale, 1.0))
    return shapely.transform(shapely.buffer(flat, metres / _DEGREE_M), lambda points: points / (scale, 1.0))


class NotGeometry(ValueError):
    """A GeoJSON text without what is needed; the argument is a message key."""


def read_geometry(text: str, kind: str) -> shapely.Geometry:
    """All polygons, or all lines, in a GeoJSON text, as one. Raises NotGeometry."""
    try:
        parts = [part for part in _parts(msgspec.json.decode(text)) if part.geom_type == kind]
    except (msgspec.DecodeError, RecursionError, shapely.errors.ShapelyError) as error:
        raise NotGeometry("not_geojson") from error
    if not parts:
        raise NotGeometry("no_lines" if kind == "LineString" else "no_polygons")
    whole = shapely.make_valid(shapely.union_all(parts))
    west, south, east, north = shapely.bounds(whole)
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise NotGeometry("not_degrees")
    return whole


def _parts(found: Any) -> Iterator[Any]:
    """The single geometries of a GeoJSON object. A feature may have none."""
    if not isinstance(found, dict):
        return
    for feature in found.get("features") or ():
        yield from _parts(feature)
    if found.get("type") == "Feature":
        yield from _parts(found.get("geometry"))
    elif found.get("type") != "FeatureCollection":
        yield from shapely.get_parts(shapely.from_geojson(msgspec.json.encode(found)))
