"""Boundary files made for a test: small squares around the centres of communes that exist."""

import gzip
import json
from pathlib import Path
from typing import Any

from app.places.dataset import Commune, known

Feature = dict[str, Any]


def commune(full_name: str, province: str = "96") -> Commune:
    return next(c for c in known().communes if (c.full_name, c.province_code) == (full_name, province))


def square(lat: float, lon: float, half: float = 0.01) -> Feature:
    west, south, east, north = lon - half, lat - half, lon + half, lat + half
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def feature(of: Commune, geometry: Feature | None = None, **said: Any) -> Feature:
    """A feature as the field's files have it; ``said`` replaces properties, None leaves one out."""
    properties = {"code": of.code, "fullName": of.full_name, "provinceCode": of.province_code} | said
    return {
        "type": "Feature",
        "properties": {name: value for name, value in properties.items() if value is not None},
        "geometry": geometry or square(of.lat, of.lon),
    }


def write(path: Path, features: list[Any], **more: Any) -> Path:
    data = json.dumps({"type": "FeatureCollection", "features": features, **more}, ensure_ascii=False).encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path
