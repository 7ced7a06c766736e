"""Files that are broken, hold more than a photo, or were made to do harm: each gets its decision."""

import io
import struct
import zlib

import pillow_heif
import pytest
from PIL import Image

from app.errors import Invalid
from app.photos.pipeline import prepare
from tests.photos.pictures import encoded, jpeg_header, marked, png_chunk, png_header, scene, upright


def test_the_first_picture_of_a_phones_multi_picture_jpeg_counts() -> None:
    other = Image.new("RGB", (240, 160), "blue")
    data = encoded(marked(), "MPO", save_all=True, append_images=[other, other])
    assert Image.open(io.BytesIO(data)).format == "MPO"
    prepared = prepare(data)
    assert prepared.photo.content_type == "image/jpeg"
    assert upright(prepared)


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_animations_are_refused(kind: str) -> None:
    frames = [scene(64, 48, seed) for seed in range(3)]
    with pytest.raises(Invalid, match=r"photos\.animated"):
        prepare(encoded(frames[0], kind, save_all=True, append_images=frames[1:], duration=100))


def test_a_heic_with_several_pictures_is_its_main_one() -> None:
    heic = pillow_heif.HeifFile()  # type: ignore[no-untyped-call]  # the package ships no types
    for image in (Image.new("RGB", (240, 160), "blue"), marked(), Image.new("RGB", (240, 160), "green")):
        heic.add_from_pillow(image)
    out = io.BytesIO()
    heic.save(out, quality=95, primary_index=1)
    assert upright(prepare(out.getvalue()))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF"])
@pytest.mark.parametrize("part", [0.05, 0.5, 0.9, 0.99])
def test_a_photo_that_was_not_uploaded_whole_is_refused(kind: str, part: float) -> None:
    data = encoded(scene(200, 150), kind)
    with pytest.raises(Invalid, match=r"photos\.damaged"):
        prepare(data[: int(len(data) * part)])


@pytest.mark.parametrize("data", [b"\xff\xd8\xff\xe0", b"\xff\xd8\xff" + bytes(5000), png_header(10, 10) + bytes(5000)])
def test_a_beginning_without_a_picture_is_damaged(data: bytes) -> None:
    with pytest.raises(Invalid, match=r"photos\.damaged"):
        prepare(data)


def test_a_jpeg_that_claims_four_gigapixels_is_refused_from_its_header() -> None:
    with pytest.raises(Invalid, match=r"photos\.too_many_pixels") as refused:
        prepare(jpeg_header(65_500, 65_500))
    assert refused.value.problems[0].params == {"width": 65_500, "height": 65_500, "limit": 50}


def test_a_heic_that_claims_too_many_pixels_is_refused_from_its_header() -> None:
    data = bytearray(encoded(scene(64, 64), "HEIF"))
    at = data.index(b"ispe") + 8
    data[at : at + 8] = struct.pack(">II", 30_000, 30_000)
    with pytest.raises(Invalid, match=r"photos\.too_many_pixels"):
        prepare(bytes(data))


def test_text_that_unfolds_to_a_hundred_megabytes_is_refused() -> None:
    picture = encoded(scene(64, 48), "PNG")
    bomb = png_chunk(b"zTXt", b"Comment\x00\x00" + zlib.compress(bytes(100_000_000), 9))
    with pytest.raises(Invalid, match=r"photos\.damaged"):
        prepare(picture[:33] + bomb + picture[33:])


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF"])
@pytest.mark.parametrize(
    "payload",
    [
        b"PK\x03\x04 secret.zip",
        b"<html><script>alert('secret')</script></html>",
        b"\x00\x00\x00\x18ftypmp42 secret video",
    ],
)
def test_what_follows_a_photo_is_accepted_but_never_shown(kind: str, payload: bytes) -> None:
    clean = encoded(scene(200, 150), kind)
    prepared = prepare(clean + payload)
    assert b"secret" not in prepared.large + prepared.small
    assert prepared.large == prepare(clean).large


def test_code_in_a_jpeg_comment_is_not_in_the_copies() -> None:
    prepared = prepare(encoded(scene(), comment=b"<?php system($_GET['x']); ?>"))
    assert b"php" not in prepared.large + prepared.small
