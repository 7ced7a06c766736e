"""Whatever the pixels are stored as, people see the colours that were meant."""

import struct
import zlib
from typing import Any

import pytest
from PIL import Image

from app.photos.pipeline import _plain, _plain_copy, prepare
from tests.photos.pictures import (
    decoded,
    encoded,
    marked,
    near,
    png_chunk,
    png_header,
    scene,
    swapping_profile,
    upright,
)


def test_colours_of_another_profile_become_srgb() -> None:
    red_there = encoded(Image.new("RGB", (64, 64), (255, 0, 0)), icc_profile=swapping_profile(), quality=95)
    copy = decoded(prepare(red_there).large)
    assert near(copy, (32, 32), (0, 0, 255), within=25)
    assert "icc_profile" not in copy.info


@pytest.mark.parametrize("profile", [b"not a profile", swapping_profile()[:200], bytes(500)])
def test_a_broken_profile_is_ignored(profile: bytes) -> None:
    red = encoded(Image.new("RGB", (64, 64), (255, 0, 0)), icc_profile=profile, quality=95)
    assert near(decoded(prepare(red).large), (32, 32), (255, 0, 0), within=10)


def test_a_profile_for_another_kind_of_colour_is_ignored() -> None:
    cmyk = encoded(Image.new("CMYK", (64, 64), (0, 255, 255, 0)), icc_profile=swapping_profile(), quality=95)
    assert near(decoded(prepare(cmyk).large), (32, 32), (255, 0, 0), within=30)


def test_cmyk_becomes_rgb_with_the_colours_it_prints() -> None:
    prepared = prepare(encoded(marked().convert("CMYK"), quality=95))
    assert upright(prepared)
    assert decoded(prepared.large).mode == "RGB"


def test_a_cmyk_is_shrunk_like_any_other() -> None:
    prepared = prepare(encoded(scene(4000, 3000).convert("CMYK")))
    assert decoded(prepared.large).size == (1600, 1200)


def test_grey_stays_grey() -> None:
    copy = decoded(prepare(encoded(Image.new("L", (64, 64), 90))).large)
    assert (copy.mode, near(copy, (32, 32), (90, 90, 90), within=3)) == ("RGB", True)


def sixteen_bit_png(colour: int, pixel: bytes) -> bytes:
    body = zlib.compress((b"\x00" + pixel * 64) * 64)
    return png_header(64, 64, 16, colour) + png_chunk(b"IDAT", body) + png_chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("colour", "pixel", "wanted"),
    [
        (0, struct.pack(">H", 0x8080), (128, 128, 128)),
        (0, struct.pack(">H", 0xFFFF), (255, 255, 255)),
        (2, struct.pack(">HHH", 0xFFFF, 0x8080, 0), (255, 128, 0)),
        (4, struct.pack(">HH", 0x4040, 0xFFFF), (64, 64, 64)),
        (6, struct.pack(">HHHH", 0, 0x8080, 0xFFFF, 0xFFFF), (0, 128, 255)),
    ],
)
def test_sixteen_bits_are_scaled_to_eight(colour: int, pixel: bytes, wanted: tuple[int, int, int]) -> None:
    assert near(decoded(prepare(sixteen_bit_png(colour, pixel)).large), (32, 32), wanted, within=6)


def transparent(mode: str) -> tuple[Image.Image, dict[str, Any]]:
    """Left half red or black and opaque, right half clear (with black underneath); and how to save it."""
    alpha = Image.new("L", (64, 64), 0)
    alpha.paste(255, (0, 0, 32, 64))
    red = Image.new("RGB", (64, 64), "black")
    red.paste("red", (0, 0, 32, 64))
    red.putalpha(alpha)
    if mode == "RGB":
        return red.convert("RGB"), {"transparency": (0, 0, 0)}
    if mode == "L":
        return red.convert("RGB").convert("L"), {"transparency": 0}
    if mode == "P":
        return red.convert("RGB").quantize(2), {"transparency": red.convert("RGB").quantize(2).getpixel((60, 60))}
    return red.convert(mode), {}


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "RGB", "L"])
def test_transparent_parts_become_white(mode: str) -> None:
    image, options = transparent(mode)
    copy = decoded(prepare(encoded(image, "PNG", **options)).large)
    assert near(copy, (56, 32), (255, 255, 255), within=6)
    assert not near(copy, (8, 32), (255, 255, 255), within=90)


def test_a_transparent_webp_becomes_white_too() -> None:
    copy = decoded(prepare(encoded(transparent("RGBA")[0], "WEBP", lossless=True)).large)
    assert near(copy, (56, 32), (255, 255, 255), within=6)
    assert near(copy, (8, 32), (255, 0, 0), within=20)


def test_a_palette_keeps_its_colours() -> None:
    assert upright(prepare(encoded(marked().quantize(4), "PNG")))


def test_line_art_keeps_black_and_white() -> None:
    page = Image.new("1", (64, 64), 1)
    page.paste(0, (0, 0, 32, 64))
    copy = decoded(prepare(encoded(page, "PNG")).large)
    assert near(copy, (56, 32), (255, 255, 255), within=6)
    assert near(copy, (8, 32), (0, 0, 0), within=6)


@pytest.mark.parametrize("mode", ["RGBA", "P", "LA"])
def test_a_picture_converted_in_bands_is_the_same_as_in_one_piece(mode: str) -> None:
    image = scene(2503, 1999).convert(mode)
    plain_mode = "L" if mode == "LA" else "RGB"
    banded = _plain_copy(image, plain_mode, (400, 319))
    assert banded.size == (1252, 1000)
    assert banded.tobytes() == _plain(image, plain_mode).reduce(2).tobytes()
