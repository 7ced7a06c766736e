"""Where a shared map link points, read from its address alone: nothing is ever fetched.

Google Maps, Apple Maps, OpenStreetMap, Waze and ``geo:`` addresses are understood. Short links (maps.app.goo.gl) carry
no coordinates; they are known for what they are, so that a person can be told.
"""

import re
from urllib.parse import parse_qsl, unquote_plus, urlsplit

from msgspec import Struct

_ADDRESS = re.compile(r"(?:https?://|geo:)[^\s<>\"“”]+", re.IGNORECASE)
_TRAILING = ".,;:!?)]}'’"
_HOSTS = re.compile(
    r"(?:^|\.)(?:google\.[a-z.]{2,6}|goo\.gl|apple\.com|openstreetmap\.org|osm\.org|waze\.com|here\.com|bing\.com)$"
)
_SHORT = re.compile(r"(?:^|\.)(?:maps\.app\.goo\.gl|osm\.org)$")

_NUMBER = r"([+-]?\d{1,3}(?:\.\d+)?)"
_EXACT = r"([+-]?\d{1,3}\.\d+)"
_PAIR = re.compile(rf"(?:loc:)?\s*{_EXACT}\s*[,~]\s*{_EXACT}(?:\s*\(.*\))?")
_PIN = re.compile(rf"!3d{_NUMBER}!4d{_NUMBER}")
_PATH = re.compile(rf"/(?:place|search|dir)(?:/[^/@]*)*?/{_EXACT},\s*{_EXACT}(?=/|$)")
_VIEW = re.compile(rf"/@{_NUMBER},{_NUMBER}(?=,|/|$)")
_MAP_FRAGMENT = re.compile(rf"(?:^|&)map=[\d.]+/{_NUMBER}/{_NUMBER}")
_GEO = re.compile(rf"{_NUMBER},{_NUMBER}")
_PIN_KEYS = ("q", "query", "ll", "coordinate", "destination", "daddr", "to", "marker", "viewpoint")
_VIEW_KEYS = ("center", "cp", "sll")

Point = tuple[float, float]


class MapLink(Struct, frozen=True):
    """``written``: as it stands in the text. ``point``: latitude and longitude, unchecked; None: it carries none."""

    written: str
    point: Point | None


def find_map_link(text: str) -> MapLink | None:
    """The first link of a text that leads to a map; one that carries coordinates before one that does not."""
    unread: MapLink | None = None
    for found in _ADDRESS.finditer(text):
        written = found.group().rstrip(_TRAILING)
        if found.group().startswith(written + ")") and "(" in written:
            written += ")"
        try:
            point = _point_of(written)
            if point is not None:
                return MapLink(written, point)
            if unread is None and _leads_to_map(written):
                unread = MapLink(written, None)
        except ValueError:
            # Not an address after all, such as https://[.
            continue
    return unread


def _leads_to_map(written: str) -> bool:
    parts = urlsplit(written)
    host = (parts.hostname or "").lower()
    if parts.scheme.lower() == "geo" or _SHORT.search(host):
        return True
    return bool(_HOSTS.search(host)) and ("map" in host or parts.path.lower().startswith(("/maps", "/live-map", "/ul")))


def _point_of(written: str) -> Point | None:
    """A pin before the middle of the view: people share what they point at, wherever the map happens to stand."""
    parts = urlsplit(written)
    query = dict(reversed(parse_qsl(parts.query, keep_blank_values=True)))
    if parts.scheme.lower() == "geo":
        at = _GEO.match(parts.path)
        return _pair(query.get("q", "")) or (_numbers(at) if at and _numbers(at) != (0, 0) else None)
    whole = unquote_plus(written)
    path = unquote_plus(parts.path)
    if pin := _PIN.search(whole):
        return _numbers(pin)
    for key in _PIN_KEYS:
        if point := _pair(query.get(key, "")):
            return point
    if point := _both(query, "mlat", "mlon"):
        return point
    if pin := _PATH.search(path):
        return _numbers(pin)
    if view := _VIEW.search(path) or _MAP_FRAGMENT.search(unquote_plus(parts.fragment)):
        return _numbers(view)
    return next((point for key in _VIEW_KEYS if (point := _pair(query.get(key, "")))), None)


def _pair(value: str) -> Point | None:
    found = _PAIR.fullmatch(value.strip())
    return _numbers(found) if found else None


def _both(query: dict[str, str], lat: str, lon: str) -> Point | None:
    return _pair(f"{query.get(lat, '')},{query.get(lon, '')}")


def _numbers(found: re.Match[str]) -> Point:
    return float(found[1]), float(found[2])
