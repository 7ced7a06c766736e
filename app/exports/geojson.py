"""The list as GeoJSON (RFC 7946), a feature a line; what the file was made from is its member ``provenance``."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from app.exports.columns import COLUMNS, Row
from app.exports.model import Making
from app.exports.summary import Provenance

_ZONE = "+07:00"


def write(making: Making, rows: Iterable[list[Row]], path: Path) -> None:
    with path.open("wb") as out:
        out.write(b'{"type":"FeatureCollection","provenance":' + msgspec.json.encode(told(making.provenance)))
        out.write(b',"features":[')
        comma = b"\n"
        for some in rows:
            for row in some:
                out.write(comma + msgspec.json.encode(_feature(making.columns, row)))
                comma = b",\n"
        out.write(b"\n]}\n")


def told(provenance: Provenance) -> dict[str, Any]:
    """What stands in every file for programs, by the same names."""
    return {
        "title": provenance.title,
        "issuer": provenance.issuer,
        "question": provenance.query,
        "period": provenance.period,
        "start": provenance.start,
        "end": provenance.end,
        "as_of": provenance.as_of,
        "filters": dict(provenance.filters),
        "rule_set": provenance.rule_set,
        "rows": provenance.count,
    }


def _feature(columns: Iterable[str], row: Row) -> dict[str, Any]:
    said: dict[str, Any] = {}
    geometry = None
    for name, value in zip(columns, row, strict=True):
        if name == "place":
            if isinstance(value, str):
                geometry = {"type": "Point", "coordinates": coordinates(value)[::-1]}
        elif COLUMNS[name].kind == "moment" and isinstance(value, str):
            said[name] = value.replace(" ", "T") + _ZONE
        else:
            said[name] = value
    return {"type": "Feature", "geometry": geometry, "properties": said}


def coordinates(place: str) -> tuple[float, float]:
    """Latitude and longitude, as ``place`` has them."""
    lat, lon = place.split(", ")
    return float(lat), float(lon)
