"""Coordinates as people and devices send them: read from text, and refused when they cannot be in Vietnam."""

import re
from functools import cache
from math import isfinite

import shapely

from app.errors import Invalid
from app.i18n.text import fold
from app.places.dataset import known, ward_sites
from app.places.geo import Sites
from app.places.maplinks import find_map_link

# Vietnam is what lies within this distance of the centre of a commune or of a ward it was made of. The farthest
# land of any commune outside the two archipelagos is 33.1 km from such a centre (measured on real boundaries, 60,000
# points), so no point on land is refused; at the coast this leaves some 25 km of sea, and abroad it lets pass a strip
# of up to 30 km.
TOLERANCE_M = 35_000.0

# The two archipelagos are spread far wider than their one centre tells; these outlines (lat, lon) hold all their
# islands, reefs and banks, the DK1 stations included, with the waters between.
_ARCHIPELAGOS = (
    ((15.4, 110.9), (15.4, 113.0), (17.4, 113.0), (17.4, 110.9)),  # Hoàng Sa
    ((7.0, 109.2), (6.9, 114.9), (9.3, 117.3), (10.8, 118.0), (11.5, 117.9), (12.0, 114.3), (9.6, 111.0), (8.2, 109.2)),
)  # the second: Trường Sa


def check_point(lat: float, lon: float) -> tuple[float, float]:
    """The point, when it can be in Vietnam: its land, islands and the waters near them.

    Raises Invalid (field ``place``): not numbers, (0, 0), latitude and longitude exchanged (told, not repaired), out of
    range, or abroad.
    """
    if not (isfinite(lat) and isfinite(lon)):
        raise Invalid("places.point_not_numbers", field="place")
    if abs(lat) < 0.5 and abs(lon) < 0.5:
        raise Invalid("places.point_zero", field="place")
    if _in_vietnam(lat, lon):
        return float(lat), float(lon)
    if _in_vietnam(lon, lat):
        raise Invalid("places.point_swapped", field="place", lat=f"{lon:.5g}", lon=f"{lat:.6g}")
    if abs(lat) > 90 or abs(lon) > 180:
        raise Invalid("places.point_out_of_range", field="place")
    raise Invalid("places.point_abroad", field="place", lat=f"{lat:.4f}", lon=f"{lon:.4f}")


def _in_vietnam(lat: float, lon: float) -> bool:
    if not (6 < lat < 24.5 and 101 < lon < 119):
        return False
    if _centres().nearest(lat, lon, 1, TOLERANCE_M):
        return True
    return any(shapely.contains_xy(outline, lat, lon) for outline in _outlines())


@cache
def _centres() -> Sites:
    own = ((0, commune.lat, commune.lon) for commune in known().communes)
    return Sites((*own, *((0, lat, lon) for _, lat, lon in ward_sites(known()))))


@cache
def _outlines() -> tuple[shapely.Polygon, ...]:
    return tuple(shapely.Polygon(outline) for outline in _ARCHIPELAGOS)


_NUMBER = r"\d{1,3}[.,]\d{2,}"
_DEGREES = r"\d{1,3}\s*[°º]\s*(?:\d{1,2}(?:[.,]\d+)?\s*['’′]\s*(?:\d{1,2}(?:[.,]\d+)?\s*(?:[\"”″]|''|’’)\s*)?)?"
_LABEL = r"(?:(?:vi do|kinh do|latitude|longitude|lat|long|lng|lon)\s*[:=]?\s*)?"
_ANGLE = rf"({_LABEL})([nsewbd]?)\s*([+-]?(?:{_DEGREES}|{_NUMBER}))\s*°?\s*([nsewbd]?)"
_PAIR = re.compile(rf"(?:(?:toa do|gps|vi tri)\s*[:=]?\s*)?[(\[]?\s*{_ANGLE}\s*[,;/|]?\s*{_ANGLE}\s*[)\]]?\.?")
_LONGEST = 500
_PARTS = re.compile(r"\d+(?:[.,]\d+)?")


def parse_coordinates(text: str) -> tuple[float, float] | None:
    """Latitude and longitude when the text is nothing but coordinates, or has a map link that holds them, else None.

    Takes decimal points and commas, degrees with minutes and seconds, N/S/E/W and B (Bắc) / Đ (Đông), labels in either
    order. A decimal needs two digits behind the point, so house numbers are left alone. Nothing is checked or exchanged
    here: see ``check_point``.
    """
    if (link := find_map_link(text)) and link.point:
        return link.point
    pair = _PAIR.fullmatch(fold(text[:_LONGEST]))
    if pair is None:
        return None
    label, before, first, after, other_label, other_before, second, other_after = pair.groups()
    axis, sign = _axis(label, before + after)
    other_axis, other_sign = _axis(other_label, other_before + other_after)
    if axis and axis == other_axis:
        return None
    values = sign * _degrees(first), other_sign * _degrees(second)
    return (values[1], values[0]) if axis == "lon" or other_axis == "lat" else values


def _axis(label: str, letters: str) -> tuple[str | None, int]:
    """Which axis a label or letter names, and the sign it gives."""
    sign = -1 if letters in ("s", "w") else 1
    if label:
        return ("lat" if label.startswith(("vi", "lat")) else "lon"), sign
    return {"n": "lat", "b": "lat", "s": "lat", "e": "lon", "d": "lon", "w": "lon"}.get(letters), sign


def _degrees(angle: str) -> float:
    parts = [float(part.replace(",", ".")) for part in _PARTS.findall(angle)]
    value = sum(part / 60.0**at for at, part in enumerate(parts))
    return -value if angle.startswith("-") else value
