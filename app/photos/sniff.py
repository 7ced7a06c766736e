"""What a file is by its first bytes, and how large a picture it claims, before any decoder sees it.

Names and MIME types are never believed. What follows the picture is not looked at: phones append videos and depth maps
to ordinary photos, and the public copies are encoded anew, so nothing of it reaches anybody.
"""

from typing import Literal

from app.errors import Invalid
from app.photos.model import MAX_BYTES, MAX_PIXELS

Format = Literal["JPEG", "PNG", "WEBP", "HEIF"]
CONTENT_TYPES: dict[Format, str] = {
    "JPEG": "image/jpeg",
    "PNG": "image/png",
    "WEBP": "image/webp",
    "HEIF": "image/heic",
}

_VIDEO = "video"
# Prefix -> the name people know the format by.
_OTHERS: tuple[tuple[bytes, str], ...] = (
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"II*\x00", "TIFF"),
    (b"MM\x00*", "TIFF"),
    (b"II+\x00", "TIFF"),
    (b"MM\x00+", "TIFF"),
    (b"%PDF-", "PDF"),
    (b"8BPS", "PSD"),
    (b"\x00\x00\x01\x00", "ICO"),
    (b"\x00\x00\x00\x0cjP  \r\n\x87\n", "JPEG 2000"),
    (b"\xff\x4f\xff\x51", "JPEG 2000"),
    (b"\x00\x00\x00\x0cJXL \r\n\x87\n", "JPEG XL"),
    (b"\xff\x0a", "JPEG XL"),
    (b"\x1a\x45\xdf\xa3", _VIDEO),  # Matroska, WebM
    (b"FLV\x01", _VIDEO),
    (b"\x00\x00\x01\xba", _VIDEO),  # MPEG
)
_HEVC_STILL = {b"heic", b"heix", b"heim", b"heis"}
_HEVC_MOVING = {b"hevc", b"hevx", b"hevm", b"hevs", b"msf1"}
_AVIF = {b"avif", b"avis"}
_AUDIO = {b"M4A ", b"M4B "}
_QUICKTIME = {b"moov", b"mdat", b"wide", b"free", b"skip"}


def sniff(data: bytes) -> Format:
    """The picture's format.

    Raises Invalid: ``photos.empty``, ``.too_large``, ``.not_image``, ``.unsupported``, ``.video``, ``.animated``,
    ``.too_many_pixels`` (of PNG and WebP, whose headers say it at once) or ``.damaged``.
    """
    if not data:
        raise Invalid("photos.empty")
    if len(data) > MAX_BYTES:
        size = f"{len(data) / 2**20:.1f}"
        raise Invalid("photos.too_large", size=size, limit=MAX_BYTES // 2**20)
    if data.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return _png(data)
    if data.startswith(b"RIFF"):
        return _riff(data)
    if data[4:8] == b"ftyp":
        return _base_media(data)
    raise _refusal(data)


def check_pixels(width: int, height: int) -> None:
    """Raises Invalid ``photos.too_many_pixels``, or ``photos.damaged`` for a picture without any."""
    if width < 1 or height < 1:
        raise Invalid("photos.damaged")
    if width * height > MAX_PIXELS:
        raise Invalid("photos.too_many_pixels", width=width, height=height, limit=MAX_PIXELS // 2**20)


def _png(data: bytes) -> Format:
    if data[12:16] != b"IHDR" or len(data) < 33:
        raise Invalid("photos.damaged")
    check_pixels(int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big"))
    return "PNG"


def _riff(data: bytes) -> Format:
    if data[8:12] == b"AVI ":
        raise Invalid("photos.video")
    if data[8:12] != b"WEBP":
        raise Invalid("photos.not_image")
    if len(data) < 30:
        raise Invalid("photos.damaged")
    # WebP container specification: canvas of an extended file, or the frame of a lossy or lossless one.
    match data[12:16]:
        case b"VP8X":
            width, height = (int.from_bytes(data[at : at + 3], "little") + 1 for at in (24, 27))
        case b"VP8L":
            bits = int.from_bytes(data[21:25], "little")
            width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case b"VP8 ":
            width, height = (int.from_bytes(data[at : at + 2], "little") & 0x3FFF for at in (26, 28))
        case _:
            raise Invalid("photos.damaged")
    check_pixels(width, height)
    return "WEBP"


def _base_media(data: bytes) -> Format:
    """ISO base media files say in their first box what they are: HEIC stills, AVIF, videos, sound."""
    length = min(int.from_bytes(data[:4], "big"), 256)
    major, others = data[8:12], {data[at : at + 4] for at in range(16, length, 4)}
    if major in _AVIF or (major in (b"mif1", b"msf1") and _AVIF & others and not _HEVC_STILL & others):
        raise Invalid("photos.unsupported", format="AVIF")
    if major in _HEVC_STILL or major == b"mif1":
        return "HEIF"
    if major in _HEVC_MOVING:
        raise Invalid("photos.animated")
    if major == b"crx ":
        raise Invalid("photos.unsupported", format="RAW (CR3)")
    raise Invalid("photos.not_image" if major in _AUDIO else "photos.video")


def _refusal(data: bytes) -> Invalid:
    for prefix, name in _OTHERS:
        if data.startswith(prefix):
            return Invalid("photos.video") if name == _VIDEO else Invalid("photos.unsupported", format=name)
    if data.startswith(b"BM") and data[6:10] == bytes(4):  # two letters alone would claim many a text
        return Invalid("photos.unsupported", format="BMP")
    if data[4:8] in _QUICKTIME:
        return Invalid("photos.video")
    if data[:64].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<") and b"<svg" in data[:1024].lower():
        return Invalid("photos.unsupported", format="SVG")
    return Invalid("photos.not_image")
