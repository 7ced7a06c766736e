"""A boundary file: GeoJSON (RFC 7946), plain or gzipped; refused as a whole when it cannot be what is wanted."""

import gzip
import hashlib
import re
import zlib
from pathlib import Path
from typing import Any, Literal

import msgspec
import numpy as np
import shapely
from msgspec import Struct

from app.errors import Invalid
from app.i18n.text import fold

BYTES_MOST = 400 * 1024 * 1024  # unpacked; the whole country at 30 m is about 50 MB
_GZIP = b"\x1f\x8b"
_LONLAT = re.compile(r"crs:?84|epsg:{1,2}4326|epsg:[\d.]*:4326|wgs ?84$", re.IGNORECASE)

# Property names seen in Vietnamese data, folded and without anything but letters.
_ALIASES = {
    "code": ("code", "maxa", "ma", "madvhc", "wardcode", "communecode", "maphuongxa"),
    "name": ("name", "tenxa", "ten", "tendvhc", "wardname", "communename", "tenphuongxa"),
    "full_name": ("fullname", "tendaydu"),
    "kind": ("kind", "type", "loai", "loaidvhc"),
    "province_code": ("provincecode", "matinh"),
    "province_name": ("provincename", "tentinh", "province"),
}


class Feature(Struct, frozen=True):
    """``said``: the properties we know, by our names, as text. ``shape``: None when null or unreadable."""

    said: dict[str, str]
    shape: shapely.Geometry | None
    null: bool


class _RawFeature(Struct):
    type: Literal["Feature"]
    properties: dict[str, Any] | None = None
    geometry: msgspec.Raw = msgspec.Raw(b"null")


class _RawCollection(Struct):
    type: Literal["FeatureCollection"]
    features: list[_RawFeature]
    crs: Any = None


def read(path: Path) -> tuple[list[Feature], bytes]:
    """The features and the sha256 of the file's bytes.

    Raises Invalid: missing, empty, too large, damaged gzip, not JSON, not a FeatureCollection, no areas, another
    coordinate system, latitude and longitude exchanged.
    """
    data, digest = _bytes(path)
    try:
        collection = msgspec.json.decode(data, type=_RawCollection)
    except msgspec.ValidationError as error:
        raise Invalid("places.file_not_features", file=path.name) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Invalid("places.file_not_json", file=path.name, reason=str(error)) from error
    if not collection.features:
        raise Invalid("places.file_empty", file=path.name)
    _check_crs(collection.crs, path)
    raws = [bytes(feature.geometry) for feature in collection.features]
    shapes = shapely.force_2d(shapely.from_geojson(raws, on_invalid="ignore"))
    _check_where(shapes, path)
    features = [
        Feature(_said(raw.properties or {}), shape, text.strip() == b"null")
        for raw, shape, text in zip(collection.features, shapes, raws, strict=True)
    ]
    return features, digest


def _bytes(path: Path) -> tuple[bytes, bytes]:
    try:
        if path.stat().st_size > BYTES_MOST:
            raise Invalid("places.file_large", file=path.name, most=BYTES_MOST // 1024**2)
        packed = path.read_bytes()
    except OSError as error:
        raise Invalid("places.file_unreadable", file=str(path), reason=error.strerror or str(error)) from error
    if not packed.startswith(_GZIP):
        return packed.removeprefix(b"\xef\xbb\xbf"), hashlib.sha256(packed).digest()
    try:
        with gzip.open(path) as unpacked:
            data = unpacked.read(BYTES_MOST + 1)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise Invalid("places.file_damaged", file=path.name) from error
    if len(data) > BYTES_MOST:
        raise Invalid("places.file_large", file=path.name, most=BYTES_MOST // 1024**2)
    return data.removeprefix(b"\xef\xbb\xbf"), hashlib.sha256(packed).digest()


def _check_crs(crs: Any, path: Path) -> None:
    """RFC 7946 knows WGS 84 only, but older files name another system in ``crs``."""
    properties = crs.get("properties") if isinstance(crs, dict) else None
    name = properties.get("name") if isinstance(properties, dict) else None
    if isinstance(name, str) and not _LONLAT.search(name):
        raise Invalid("places.file_crs", file=path.name, crs=name[:80])


def _check_where(shapes: Any, path: Path) -> None:
    """Most features decide; single ones that are off are left out later."""
    boxes = shapely.bounds(shapes[~shapely.is_missing(shapes) & ~shapely.is_empty(shapes)])
    if not len(boxes):
        raise Invalid("places.file_no_areas", file=path.name)
    x, y = (boxes[:, 0] + boxes[:, 2]) / 2, (boxes[:, 1] + boxes[:, 3]) / 2
    if np.median((y > 102) & (y < 118) & (x > 6) & (x < 24)) == 1:
        raise Invalid("places.file_swapped", file=path.name)
    if np.median((np.abs(x) > 180) | (np.abs(y) > 90)) == 1:
        raise Invalid("places.file_projected", file=path.name, x=f"{x[0]:.0f}", y=f"{y[0]:.0f}")


def _said(properties: dict[str, Any]) -> dict[str, str]:
    folded = {re.sub(r"[^a-z]", "", fold(name)): value for name, value in properties.items()}
    said = {}
    for ours, theirs in _ALIASES.items():
        values = (_text(folded.get(name)) for name in theirs)
        said[ours] = next((value for value in values if value), "")
    return said


def _text(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return " ".join(str(value).split()) if isinstance(value, str | int) and not isinstance(value, bool) else ""
