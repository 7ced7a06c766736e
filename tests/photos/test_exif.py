"""What the camera claims is believed when it can be true, and otherwise costs nothing."""

from datetime import UTC, datetime
from typing import Any

import pytest
from PIL import ExifTags, Image, TiffImagePlugin

from app.photos.exif import position, taken_at
from tests.photos.pictures import exif, gps

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def as_read(tags: Image.Exif) -> Image.Exif:
    """The tags after writing and reading, as they come out of a file."""
    read = Image.Exif()
    read.load(tags.tobytes())
    return read


@pytest.mark.parametrize(
    ("taken", "offset", "wanted"),
    [
        ("2026:11:20 08:15:30", "+07:00", datetime(2026, 11, 20, 1, 15, 30, tzinfo=UTC)),
        ("2026:11:20 08:15:30", None, datetime(2026, 11, 20, 1, 15, 30, tzinfo=UTC)),
        ("2026:11:20 08:15:30", "-03:30", datetime(2026, 11, 20, 11, 45, 30, tzinfo=UTC)),
        ("2026:11:20 08:15:30", "Z", datetime(2026, 11, 20, 1, 15, 30, tzinfo=UTC)),
        ("2026-11-20 08:15:30\x00", "+07:00\x00", datetime(2026, 11, 20, 1, 15, 30, tzinfo=UTC)),
        ("2024:02:29 00:00:00", "+00:00", datetime(2024, 2, 29, tzinfo=UTC)),
    ],
)
def test_the_time_is_read_with_its_offset_or_as_vietnams(taken: str, offset: str | None, wanted: datetime) -> None:
    assert taken_at(as_read(exif(taken=taken, offset=offset)), NOW) == wanted


@pytest.mark.parametrize(
    "taken",
    [
        None, "", "    :  :     :  :  ", "0000:00:00 00:00:00", "2026:13:01 00:00:00", "2025:02:29 10:00:00",
        "2026:11:20 25:00:00", "2026:11:20", "1970:01:01 00:00:00", "1980:01:01 00:00:00", "2000:01:01 00:00:12",
        "2026:11:24 00:00:00", "9999:12:31 23:59:59", "hôm qua",
    ],
)  # fmt: skip
def test_an_impossible_time_is_no_time(taken: str | None) -> None:
    assert taken_at(as_read(exif(taken=taken)), NOW) is None


@pytest.mark.parametrize("offset", ["+99:00", "-24:00"])
def test_an_impossible_offset_is_no_time(offset: str) -> None:
    assert taken_at(as_read(exif(taken="2026:11:20 08:15:30", offset=offset)), NOW) is None


def test_a_clock_a_few_hours_ahead_is_believed() -> None:
    assert taken_at(as_read(exif(taken="2026:11:23 08:00:00")), NOW) == datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("tags", "wanted"),
    [
        (gps((9.0, 10.0, 37.2), "N", (105.0, 9.0, 0.5), "E"), (9.177, 105.1501389)),
        (gps((9.0, 10.62, 0.0), "n", (105.0, 9.0, 0.0), "e"), (9.177, 105.15)),
        (gps((33.0, 52.0, 4.0), "S", (151.0, 12.0, 36.0), "E"), (-33.8677778, 151.21)),
        (gps((40.0, 42.0, 46.0), "N\x00", (74.0, 0.0, 22.0), "W\x00"), (40.7127778, -74.0061111)),
        (gps((0.0, 0.0, 0.0), "N", (105.0, 0.0, 0.0), "E"), (0.0, 105.0)),
        (gps((9.0, 59.0, 60.0), "N", (105.0, 0.0, 0.0), "E"), (10.0, 105.0)),
    ],
)
def test_the_place_is_read_in_degrees(tags: dict[int, Any], wanted: tuple[float, float]) -> None:
    assert position(as_read(exif(gps=tags))) == wanted


ZERO = TiffImagePlugin.IFDRational(0, 0)


@pytest.mark.parametrize(
    "tags",
    [
        {},
        gps((0.0, 0.0, 0.0), "N", (0.0, 0.0, 0.0), "E"),
        gps((91.0, 0.0, 0.0), "N", (105.0, 0.0, 0.0), "E"),
        gps((90.0, 0.0, 1.0), "N", (105.0, 0.0, 0.0), "E"),
        gps((9.0, 61.0, 0.0), "N", (105.0, 0.0, 0.0), "E"),
        gps((9.0, 0.0, 99.0), "N", (105.0, 0.0, 0.0), "E"),
        gps((9.0, 0.0, 0.0), "N", (180.0, 0.0, 1.0), "E"),
        gps((9.0, 0.0, 0.0), "X", (105.0, 0.0, 0.0), "E"),
        gps((9.0, 0.0, 0.0), "", (105.0, 0.0, 0.0), "E"),
        gps((9.0, 0.0), "N", (105.0, 0.0, 0.0), "E"),
        gps((ZERO, 0.0, 0.0), "N", (105.0, 0.0, 0.0), "E"),
        {ExifTags.GPS.GPSLatitudeRef: "N", ExifTags.GPS.GPSLatitude: (9.0, 0.0, 0.0)},
        {ExifTags.GPS.GPSLatitude: (9.0, 0.0, 0.0), ExifTags.GPS.GPSLongitude: (105.0, 0.0, 0.0)},
    ],
)
def test_an_impossible_or_incomplete_place_is_no_place(tags: dict[int, Any]) -> None:
    assert position(as_read(exif(gps=tags))) is None
