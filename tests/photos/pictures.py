"""Pictures drawn in code: believable ones, and files that only claim to be some."""

import io
import random
import struct
import zlib
from typing import Any

import pillow_heif
from PIL import ExifTags, Image, ImageChops, ImageDraw

from app.photos.model import PreparedPhoto

pillow_heif.register_heif_opener()


def scene(width: int = 640, height: int = 480, seed: int = 1) -> Image.Image:
    """A made-up street scene with a camera's noise: shapes and colours differ with the seed."""
    rnd = random.Random(seed)
    sky = Image.linear_gradient("L").resize((width, height))
    image = Image.merge("RGB", [sky.point(lambda v, low=low: low + v // 3) for low in (80, 120, 160)])
    draw = ImageDraw.Draw(image)
    for _ in range(120):
        x, y, size = rnd.randrange(width), rnd.randrange(height), rnd.randrange(8, max(9, width // 6))
        shape = draw.ellipse if rnd.random() < 0.5 else draw.rectangle
        shape((x, y, x + size, y + size * rnd.random()), fill=tuple(rnd.randrange(256) for _ in range(3)))
    noise = Image.frombytes("L", (256, 256), rnd.randbytes(256 * 256)).point(lambda v: 118 + v * 20 // 255)
    grain = Image.new("L", (width, height))
    for x in range(0, width, 256):
        for y in range(0, height, 256):
            grain.paste(noise, (x, y))
    return ImageChops.add(image, Image.merge("RGB", [grain] * 3), offset=-128)


def marked(width: int = 240, height: int = 160) -> Image.Image:
    """White with a red top left corner: shows which way up a picture is."""
    image = Image.new("RGB", (width, height), "white")
    ImageDraw.Draw(image).rectangle((0, 0, width // 3, height // 3), fill="red")
    return image


def encoded(image: Image.Image, kind: str = "JPEG", **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def decoded(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def exif(
    orientation: int | None = None,
    taken: str | None = None,
    offset: str | None = None,
    gps: dict[int, Any] | None = None,
) -> Image.Exif:
    tags = Image.Exif()
    if orientation is not None:
        tags[ExifTags.Base.Orientation] = orientation
    times = {ExifTags.Base.DateTimeOriginal: taken, ExifTags.Base.OffsetTimeOriginal: offset}
    tags.get_ifd(ExifTags.IFD.Exif).update({tag: value for tag, value in times.items() if value is not None})
    tags.get_ifd(ExifTags.IFD.GPSInfo).update(gps or {})
    return tags


def gps(lat: tuple[Any, ...], lat_ref: str, lon: tuple[Any, ...], lon_ref: str) -> dict[int, Any]:
    return {
        ExifTags.GPS.GPSLatitudeRef: lat_ref,
        ExifTags.GPS.GPSLatitude: lat,
        ExifTags.GPS.GPSLongitudeRef: lon_ref,
        ExifTags.GPS.GPSLongitude: lon,
    }


def png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_header(width: int, height: int, depth: int = 8, colour: int = 2) -> bytes:
    """The start of a PNG that claims these measures, and nothing more."""
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))


def png_bomb(width: int, height: int) -> bytes:
    """A whole, valid PNG of one colour: a few hundred kilobytes that unfold to ``width * height * 3`` bytes."""
    packer = zlib.compressobj(9)
    row = bytes(1 + width * 3)
    body = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    return png_header(width, height) + png_chunk(b"IDAT", body) + png_chunk(b"IEND", b"")


def jpeg_header(width: int, height: int) -> bytes:
    """A real JPEG whose frame header claims other measures."""
    data = encoded(Image.new("RGB", (16, 16)))
    at = data.index(b"\xff\xc0")
    return data[: at + 5] + struct.pack(">HH", height, width) + data[at + 9 :]


def webp_header(kind: bytes, width: int, height: int) -> bytes:
    """The start of a WebP of this kind (``VP8X``, ``VP8L``, ``VP8 ``) that claims these measures."""
    w, h = width - 1, height - 1
    body = {
        b"VP8X": bytes(4) + w.to_bytes(3, "little") + h.to_bytes(3, "little"),
        b"VP8L": b"\x2f" + (w | h << 14).to_bytes(4, "little") + bytes(5),
        b"VP8 ": b"\x00\x00\x00\x9d\x01\x2a" + struct.pack("<HH", width, height),
    }[kind]
    chunk = kind + struct.pack("<I", len(body)) + body
    return b"RIFF" + struct.pack("<I", 4 + len(chunk)) + b"WEBP" + chunk


def base_media(major: bytes, *compatible: bytes) -> bytes:
    """The first box of an ISO base media file (HEIC, AVIF, MP4, …) and some bytes after it."""
    brands = b"".join(compatible)
    return struct.pack(">I", 16 + len(brands)) + b"ftyp" + major + bytes(4) + brands + bytes(64)


def slow_jpeg(width: int, height: int, scans: int) -> bytes:
    """A progressive JPEG of one colour whose last scan is repeated: small to send, long to decode."""
    data = encoded(Image.new("RGB", (width, height), "gray"), progressive=True)
    last = data.rindex(b"\xff\xda")
    end = data.rindex(b"\xff\xd9")
    return data[:last] + data[last:end] * scans + data[end:]


def swapping_profile() -> bytes:
    """An ICC profile for a device whose red and blue lamps are exchanged: what it calls red is sRGB's blue.

    Layout: ICC.1:2010, a matrix profile with the sRGB primaries (D50) and gamma 2.2.
    """

    def xyz(*values: float) -> bytes:
        return b"XYZ " + bytes(4) + b"".join(struct.pack(">i", round(v * 65536)) for v in values)

    curve = b"curv" + bytes(4) + struct.pack(">IH", 1, round(2.2 * 256)) + bytes(2)
    text = b"swapped\x00"
    tags = {
        b"desc": b"desc" + bytes(4) + struct.pack(">I", len(text)) + text + bytes(78),
        b"cprt": b"text" + bytes(4) + text,
        b"wtpt": xyz(0.9642, 1.0, 0.8249),
        b"rXYZ": xyz(0.1431, 0.0606, 0.7139),
        b"gXYZ": xyz(0.3851, 0.7169, 0.0971),
        b"bXYZ": xyz(0.4361, 0.2225, 0.0139),
        b"rTRC": curve,
        b"gTRC": curve,
        b"bTRC": curve,
    }
    at, table, bodies = 128 + 4 + 12 * len(tags), b"", b""
    for name, body in tags.items():
        padded = body + bytes(-len(body) % 4)
        table += name + struct.pack(">II", at, len(body))
        bodies += padded
        at += len(padded)
    head = struct.pack(">I", at) + bytes(4) + b"\x02\x40\x00\x00mntrRGB XYZ " + bytes(12) + b"acsp" + bytes(28)
    head += struct.pack(">iii", *(round(v * 65536) for v in (0.9642, 1.0, 0.8249))) + bytes(48)
    return head + struct.pack(">I", len(tags)) + table + bodies


def near(image: Image.Image, at: tuple[int, int], wanted: tuple[int, int, int], within: int = 40) -> bool:
    """Whether the pixel has about this colour."""
    pixel = image.convert("RGB").getpixel(at)
    assert isinstance(pixel, tuple)
    return all(abs(a - b) <= within for a, b in zip(pixel, wanted, strict=True))


def upright(prepared: PreparedPhoto) -> bool:
    """Whether this is ``marked()`` the right way up, in its full size."""
    copies = decoded(prepared.large), decoded(prepared.small)
    return (prepared.photo.width, prepared.photo.height) == (240, 160) and all(
        copy.size == (240, 160) and near(copy, (20, 15), (255, 0, 0)) and near(copy, (220, 140), (255, 255, 255))
        for copy in copies
    )
