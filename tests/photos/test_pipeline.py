"""A photo goes in as a stranger sent it and comes out as we may show it."""

import hashlib
import struct

import pytest
from PIL import Image, ImageChops
from PIL.PngImagePlugin import PngInfo

from app.photos.model import distance
from app.photos.pipeline import perceptual_hash, prepare
from tests.photos.pictures import decoded, encoded, exif, gps, marked, scene, swapping_profile, upright

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


@pytest.mark.parametrize(
    ("kind", "content_type"),
    [("JPEG", "image/jpeg"), ("PNG", "image/png"), ("WEBP", "image/webp"), ("HEIF", "image/heic")],
)
def test_each_accepted_format_becomes_two_jpegs(kind: str, content_type: str) -> None:
    drawn = scene(1700, 1275)
    data = encoded(drawn, kind, quality=60)
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


@pytest.mark.parametrize("seed", range(1, 4))
def test_the_same_picture_keeps_its_fingerprint_however_it_was_sent(seed: int) -> None:
    original = scene(1200, 900, seed)
    wanted = prepare(encoded(original, quality=92)).photo.phash
    sent = [
        encoded(original, quality=25),
        encoded(original, "PNG"),
        encoded(original, "WEBP", quality=40),
        encoded(original.resize((400, 300)), "HEIF", quality=40),
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
