"""Each kind of file gets its decision from its bytes alone."""

import pytest

from app.errors import Invalid
from app.i18n import LANGS, t
from app.photos.model import MAX_BYTES, MAX_PIXELS
from app.photos.sniff import check_pixels, sniff
from tests.photos.pictures import base_media, encoded, png_chunk, png_header, scene, webp_header


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (encoded(scene(40, 30)), "JPEG"),
        (encoded(scene(40, 30), "PNG"), "PNG"),
        (encoded(scene(40, 30), "WEBP"), "WEBP"),
        (encoded(scene(40, 30), "WEBP", lossless=True), "WEBP"),
        (encoded(scene(40, 30), "WEBP", exif=b"Exif\0\0MM\0*\0\0\0\x08\0\0"), "WEBP"),
        (base_media(b"heic", b"mif1", b"heic"), "HEIF"),
        (base_media(b"heix", b"mif1"), "HEIF"),
        (base_media(b"mif1", b"heic"), "HEIF"),
        (base_media(b"mif1", b"heic", b"avif"), "HEIF"),
    ],
)
def test_accepted_formats_are_known_by_their_bytes(data: bytes, kind: str) -> None:
    assert sniff(data) == kind


@pytest.mark.parametrize(
    ("data", "key", "params"),
    [
        (b"", "photos.empty", {}),
        (b"\xff\xd8\xff" + bytes(MAX_BYTES), "photos.too_large", {"size": "20.0", "limit": 20}),
        (b"Xin chao, day khong phai la anh", "photos.not_image", {}),
        (b"x", "photos.not_image", {}),
        (bytes(4096), "photos.not_image", {}),
        (b"<!DOCTYPE html><html><body>\xff\xd8\xff", "photos.not_image", {}),
        (b"PK\x03\x04" + bytes(60), "photos.not_image", {}),
        (b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(20), "photos.not_image", {}),
        (base_media(b"M4A ", b"isom"), "photos.not_image", {}),
        (b"BMW chay qua den do", "photos.not_image", {}),
        (encoded(scene(40, 30), "GIF"), "photos.unsupported", {"format": "GIF"}),
        (encoded(scene(40, 30), "BMP"), "photos.unsupported", {"format": "BMP"}),
        (encoded(scene(40, 30), "TIFF"), "photos.unsupported", {"format": "TIFF"}),
        (b"MM\x00*\x00\x00\x00\x08", "photos.unsupported", {"format": "TIFF"}),
        (encoded(scene(40, 30), "PDF"), "photos.unsupported", {"format": "PDF"}),
        (encoded(scene(40, 30), "ICO"), "photos.unsupported", {"format": "ICO"}),
        (encoded(scene(40, 30), "JPEG2000"), "photos.unsupported", {"format": "JPEG 2000"}),
        (encoded(scene(40, 30), "AVIF"), "photos.unsupported", {"format": "AVIF"}),
        (base_media(b"mif1", b"avif", b"miaf"), "photos.unsupported", {"format": "AVIF"}),
        (base_media(b"crx ", b"isom"), "photos.unsupported", {"format": "RAW (CR3)"}),
        (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "photos.unsupported", {"format": "SVG"}),
        (b'\xef\xbb\xbf<?xml version="1.0"?>\n<!-- a --><SVG>', "photos.unsupported", {"format": "SVG"}),
        (base_media(b"isom", b"mp42", b"heic"), "photos.video", {}),
        (base_media(b"qt  "), "photos.video", {}),
        (b"\x00\x00\x00\x08wide" + bytes(60), "photos.video", {}),
        (b"\x1a\x45\xdf\xa3" + bytes(60), "photos.video", {}),
        (b"RIFF\x24\x00\x00\x00AVI LIST" + bytes(20), "photos.video", {}),
        (base_media(b"hevc", b"heic"), "photos.animated", {}),
        (base_media(b"msf1", b"hevc"), "photos.animated", {}),
        (b"\x89PNG\r\n\x1a\n", "photos.damaged", {}),
        (b"\x89PNG\r\n\x1a\n" + png_chunk(b"IDAT", bytes(30)), "photos.damaged", {}),
        (png_header(0, 100), "photos.damaged", {}),
        (b"RIFF\x04\x00\x00\x00WEBP", "photos.damaged", {}),
        (b"RIFF\x24\x00\x00\x00WEBPJUNK" + bytes(20), "photos.damaged", {}),
    ],
)
def test_everything_else_is_refused_for_what_it_is(data: bytes, key: str, params: dict[str, object]) -> None:
    with pytest.raises(Invalid) as refused:
        sniff(data)
    assert (refused.value.key, refused.value.problems[0].params) == (key, params)
    for lang in LANGS:
        assert "a.bin" in t(key, lang, name="a.bin", **params)


@pytest.mark.parametrize(
    "header",
    [
        png_header(100_000, 100_000),
        png_header(2**31 - 1, 2**31 - 1),
        png_header(8193, 6400),
        webp_header(b"VP8X", 16_383, 16_383),
        webp_header(b"VP8L", 16_384, 16_384),
        webp_header(b"VP8 ", 16_383, 16_383),
    ],
)
def test_a_header_that_claims_too_many_pixels_is_refused_without_decoding(header: bytes) -> None:
    with pytest.raises(Invalid, match=r"photos\.too_many_pixels") as refused:
        sniff(header)
    said = refused.value.problems[0].params
    assert said["width"] * said["height"] > MAX_PIXELS
    for lang in LANGS:
        assert str(said["width"]) in t("photos.too_many_pixels", lang, name="a", **said)


@pytest.mark.parametrize("kind", [b"VP8X", b"VP8L", b"VP8 "])
def test_a_webp_header_gives_its_exact_measures(kind: bytes) -> None:
    with pytest.raises(Invalid) as refused:
        sniff(webp_header(kind, 16_000, 9_001))
    assert refused.value.problems[0].params == {"width": 16_000, "height": 9_001, "limit": 50}


def test_what_phones_sell_as_fifty_megapixels_is_accepted() -> None:
    assert sniff(png_header(8192, 6144)) == "PNG"
    check_pixels(8192, 6400)
    with pytest.raises(Invalid, match=r"photos\.too_many_pixels"):
        check_pixels(8193, 6400)
