"""A photo goes in as a stranger sent it and comes out as we may show it."""

import hashlib
import io
import itertools
import struct
import zlib
from typing import Any

import pillow_heif
import pytest
from PIL import Image, ImageChops
from PIL.PngImagePlugin import PngInfo

from app.errors import Invalid
from app.photos.model import PreparedPhoto, distance
from app.photos.pipeline import perceptual_hash, prepare
from tests.photos.pictures import (
    decoded,
    encoded,
    exif,
    gps,
    jpeg_header,
    marked,
    png_chunk,
    png_header,
    scene,
    swapping_profile,
)

HERE = gps((9.0, 10.0, 37.2), "N", (105.0, 9.0, 0.5), "E")
INVERSE = {  # how a camera stores a picture whose orientation tag is the key
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def near(image: Image.Image, at: tuple[int, int], wanted: tuple[int, int, int], within: int = 40) -> bool:
    pixel = image.convert("RGB").getpixel(at)
    assert isinstance(pixel, tuple)
    return all(abs(a - b) <= within for a, b in zip(pixel, wanted, strict=True))


def upright(prepared: PreparedPhoto) -> bool:
    copies = decoded(prepared.large), decoded(prepared.small)
    return (prepared.photo.width, prepared.photo.height) == (240, 160) and all(
        copy.size == (240, 160) and near(copy, (20, 15), (255, 0, 0)) and near(copy, (220, 140), (255, 255, 255))
        for copy in copies
    )


@pytest.mark.parametrize(
    ("kind", "content_type"),
    [("JPEG", "image/jpeg"), ("PNG", "image/png"), ("WEBP", "image/webp"), ("HEIF", "image/heic")],
)
def test_each_accepted_format_becomes_two_jpegs(kind: str, content_type: str) -> None:
    drawn = scene(1700, 1275)
    data = encoded(drawn, kind)
    prepared = prepare(data)
    photo = prepared.photo
    assert (photo.width, photo.height, photo.content_type) == (1700, 1275, content_type)
    assert (photo.sha256, photo.size_bytes) == (hashlib.sha256(data).hexdigest(), len(data))
    large, small = decoded(prepared.large), decoded(prepared.small)
    assert (large.format, large.mode, large.size) == ("JPEG", "RGB", (1600, 1200))
    assert (small.format, small.mode, small.size) == ("JPEG", "RGB", (320, 240))
    assert large.info.get("progressive") == 1
    difference = ImageChops.difference(large, drawn.resize((1600, 1200))).convert("L")
    assert sum(difference.histogram()[40:]) < 1600 * 1200 * 0.02


@pytest.mark.parametrize(
    ("size", "large", "small"),
    [
        ((1, 1), (1, 1), (1, 1)),
        ((200, 100), (200, 100), (200, 100)),
        ((800, 1600), (800, 1600), (160, 320)),
        ((1601, 900), (1600, 899), (320, 180)),
        ((3, 5000), (1, 1600), (1, 320)),
        ((20_000, 1), (1600, 1), (320, 1)),
    ],
)
def test_copies_keep_the_shape_and_are_never_larger_than_the_original(
    size: tuple[int, int], large: tuple[int, int], small: tuple[int, int]
) -> None:
    prepared = prepare(encoded(Image.new("RGB", size, "teal")))
    assert (decoded(prepared.large).size, decoded(prepared.small).size) == (large, small)


@pytest.mark.parametrize("orientation", INVERSE)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_every_orientation_is_turned_upright(kind: str, orientation: int) -> None:
    turn = INVERSE[orientation]
    stored = marked().transpose(turn) if turn is not None else marked()
    assert upright(prepare(encoded(stored, kind, exif=exif(orientation))))


@pytest.mark.parametrize("orientation", INVERSE)
def test_a_heic_is_turned_upright_once_and_not_twice(orientation: int) -> None:
    turn = INVERSE[orientation]
    stored = marked().transpose(turn) if turn is not None else marked()
    assert upright(prepare(encoded(stored, "HEIF", exif=exif(orientation).tobytes(), quality=95)))


@pytest.mark.parametrize("nonsense", [0, 9, 65535])
def test_a_meaningless_orientation_is_ignored(nonsense: int) -> None:
    assert upright(prepare(encoded(marked(), exif=exif(nonsense))))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF"])
def test_time_and_place_are_read_before_they_are_stripped(kind: str) -> None:
    claims = exif(taken="2026:11:20 08:15:30", offset="+07:00", gps=HERE)
    photo = prepare(encoded(scene(), kind, exif=claims.tobytes())).photo
    assert photo.taken_at is not None
    assert photo.taken_at.isoformat() == "2026-11-20T01:15:30+00:00"
    assert (photo.lat, photo.lon) == (9.177, 105.1501389)


def test_a_photo_without_metadata_claims_nothing() -> None:
    photo = prepare(encoded(scene())).photo
    assert (photo.taken_at, photo.lat, photo.lon) == (None, None, None)


def test_broken_metadata_costs_neither_the_photo_nor_what_is_sound_in_it() -> None:
    torn = exif(orientation=6, taken="2026:11:20 08:15:30").tobytes()[:-15]
    assert prepare(encoded(scene(), exif=torn)).photo.taken_at is None
    assert prepare(encoded(scene(), exif=b"Exif\x00\x00garbage")).photo.width == 640
    wrong_place = exif(taken="2026:11:20 08:15:30", gps=gps((1.0,), "N", (2.0,), "E"))
    photo = prepare(encoded(scene(), exif=wrong_place)).photo
    assert photo.taken_at is not None
    assert photo.lat is None


def test_copies_carry_nothing_but_pixels() -> None:
    claims = exif(1, "2026:11:20 08:15:30", "+07:00", HERE)
    claims[0x010F] = "SecretPhoneMaker"
    data = encoded(
        scene(), exif=claims, comment=b"SecretComment", icc_profile=swapping_profile(), xmp=b"<x:xmpmeta>SecretXmp",
        dpi=(123, 123),
    )  # fmt: skip
    at = data.index(b"\xff\xdb")
    data = data[:at] + b"\xff\xed" + struct.pack(">H", 2 + 12) + b"SecretIptc.." + data[at:]
    for secret in (b"SecretPhoneMaker", b"SecretComment", b"SecretXmp", b"SecretIptc", b"Exif", b"ICC_PROFILE"):
        assert secret in data
    prepared = prepare(data)
    for copy in (prepared.large, prepared.small):
        assert b"Secret" not in copy
        segments = {copy[i : i + 2] for i in range(len(copy) - 1) if copy[i] == 0xFF}
        # Quantisation, Huffman, frame, scans and the plain JFIF header; no other application segment, no comment.
        assert not segments & {b"\xff\xfe", *(bytes([0xFF, 0xE0 + n]) for n in range(1, 16))}
        assert set(decoded(copy).info) <= {
            "jfif",
            "jfif_version",
            "jfif_unit",
            "jfif_density",
            "progressive",
            "progression",
        }


def test_png_text_and_webp_metadata_are_dropped_too() -> None:
    text = PngInfo()
    text.add_text("Author", "SecretAuthor")
    text.add_itxt("Comment", "SecretComment", zip=True)
    for data in (encoded(scene(), "PNG", pnginfo=text), encoded(scene(), "WEBP", xmp=b"SecretXmp")):
        prepared = prepare(data)
        assert b"Secret" not in prepared.large + prepared.small


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
def test_pictures_converted_in_bands_show_no_seams(mode: str) -> None:
    slope = Image.linear_gradient("L").resize((6001, 4003), Image.Resampling.BICUBIC)
    image = slope.convert(mode)
    copy = decoded(prepare(encoded(image, "PNG", compress_level=1)).large).convert("L")
    assert copy.size == (1600, 1067)
    column = list(copy.crop((800, 0, 801, 1067)).tobytes())
    assert all(abs(below - above) <= 3 for above, below in itertools.pairwise(column))
    assert (column[0] <= 3, column[-1] >= 252) == (True, True)


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
    data = encoded(scene(), kind)
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
    clean = encoded(scene(), kind)
    prepared = prepare(clean + payload)
    assert b"secret" not in prepared.large + prepared.small
    assert prepared.large == prepare(clean).large


def test_code_in_a_jpeg_comment_is_not_in_the_copies() -> None:
    prepared = prepare(encoded(scene(), comment=b"<?php system($_GET['x']); ?>"))
    assert b"php" not in prepared.large + prepared.small


@pytest.mark.parametrize("seed", range(1, 4))
def test_the_same_picture_keeps_its_fingerprint_however_it_was_sent(seed: int) -> None:
    original = scene(1200, 900, seed)
    wanted = prepare(encoded(original, quality=92)).photo.phash
    sent = [
        encoded(original, quality=25),
        encoded(original, "PNG"),
        encoded(original, "WEBP", quality=40),
        encoded(original, "HEIF", quality=40),
        encoded(original.resize((960, 720)), quality=75),
        encoded(original.resize((400, 300)), quality=60),
        encoded(original.transpose(Image.Transpose.ROTATE_90), quality=80, exif=exif(6)),
    ]
    assert max(distance(wanted, prepare(data).photo.phash) for data in sent) <= 8


def test_different_pictures_have_far_fingerprints() -> None:
    hashes = [prepare(encoded(scene(seed=seed))).photo.phash for seed in range(20)]
    assert min(distance(a, b) for i, a in enumerate(hashes) for b in hashes[:i]) > 10
    assert all(-(2**63) <= h < 2**63 for h in hashes)
    assert any(h < 0 for h in hashes)


def test_a_fingerprints_first_bit_is_the_sign() -> None:
    falling = Image.linear_gradient("L").rotate(90)
    rising = falling.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    assert {perceptual_hash(falling), perceptual_hash(rising)} == {0, -1}
    assert distance(0, -1) == 64
    assert distance(-(2**63), 0) == 1
