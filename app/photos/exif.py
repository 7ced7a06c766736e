"""When and where a photo was taken, as far as the camera's word can be believed.

Tags and their formats: Exif 2.32 (CIPA DC-008), sections 4.6.5 (times, offsets) and 4.6.6 (GPS).
"""

import math
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from PIL import ExifTags, Image

# Indochina Time since 1975, without summer time.
_VIETNAM = timezone(timedelta(hours=7))
# Before this no phone took photos; a camera whose clock was never set counts from 1970, 1980 or 2000.
_EARLIEST = datetime(2001, 1, 1, tzinfo=UTC)
_CLOCKS_DIFFER = timedelta(days=1)
_TIME = re.compile(r"(\d{4})[:-](\d\d)[:-](\d\d)[ T](\d\d):(\d\d):(\d\d)")
_OFFSET = re.compile(r"([+-])(\d\d):(\d\d)")


def taken_at(exif: Image.Exif, now: datetime) -> datetime | None:
    """DateTimeOriginal in UTC; a time without an offset is Vietnam's. None for no, impossible or future times."""
    tags = exif.get_ifd(ExifTags.IFD.Exif)
    time = _TIME.fullmatch(_text(tags.get(ExifTags.Base.DateTimeOriginal)))
    if time is None:
        return None
    offset = _OFFSET.fullmatch(_text(tags.get(ExifTags.Base.OffsetTimeOriginal)))
    try:
        zone = _VIETNAM
        if offset:
            sign = -1 if offset[1] == "-" else 1
            zone = timezone(sign * timedelta(hours=int(offset[2]), minutes=int(offset[3])))
        year, month, day, hour, minute, second = (int(part) for part in time.groups())
        taken = datetime(year, month, day, hour, minute, second, tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return taken if _EARLIEST <= taken <= now + _CLOCKS_DIFFER else None


def position(exif: Image.Exif) -> tuple[float, float] | None:
    """Latitude and longitude in degrees. None for no, incomplete or impossible values, and for exactly (0, 0)."""
    tags = exif.get_ifd(ExifTags.IFD.GPSInfo)
    lat = _degrees(tags.get(ExifTags.GPS.GPSLatitude), tags.get(ExifTags.GPS.GPSLatitudeRef), "NS", 90)
    lon = _degrees(tags.get(ExifTags.GPS.GPSLongitude), tags.get(ExifTags.GPS.GPSLongitudeRef), "EW", 180)
    if lat is None or lon is None or (lat == 0 and lon == 0):
        return None
    return lat, lon


def _degrees(parts: Any, half: Any, halves: str, most: int) -> float | None:
    """Degrees, minutes, seconds and a half of the globe as one signed number, to about a centimetre."""
    sign = {halves[0]: 1, halves[1]: -1}.get(_text(half).upper())
    if sign is None or not isinstance(parts, Sequence) or len(parts) != 3:
        return None
    degrees, minutes, seconds = (float(part) for part in parts)
    if not all(math.isfinite(part) and part >= 0 for part in (degrees, minutes, seconds)):
        return None
    value = degrees + minutes / 60 + seconds / 3600
    if minutes > 60 or seconds > 60 or value > most:
        return None
    return round(sign * value, 7)


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        value = value.decode("ascii", "replace")
    return value.strip(" \x00") if isinstance(value, str) else ""
