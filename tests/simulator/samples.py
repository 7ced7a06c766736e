"""Bytes for tests to send."""

import io

from PIL import Image

from bot.simulator.samples import sample_photo


def photo(color: str = "green", size: tuple[int, int] = (400, 300)) -> bytes:
    output = io.BytesIO()
    Image.new("RGB", size, color).save(output, "JPEG")
    return output.getvalue()


def photo_with_exif() -> bytes:
    """1600 × 1200, with a place and a time in its EXIF."""
    return sample_photo("lamp")
