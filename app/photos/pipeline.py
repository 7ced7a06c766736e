"""From a stranger's bytes to a checked photo with two clean copies. Pure, and meant for the lab's worker processes.

Decoding takes seconds and hundreds of megabytes at worst, holds the interpreter for up to 0.6 s (WebP), and decoders
written in C crash.
"""

import hashlib
import io
import math
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime
from typing import TypeVar

import pillow_heif
from msgspec import Struct
from PIL import ExifTags, Image, ImageCms

from app.errors import Invalid
from app.photos import exif as camera
from app.photos.model import COPY_TYPE, LARGE_EDGE, SMALL_EDGE, Box, PreparedPhoto, StoredPhoto, signed_64
from app.photos.sniff import CONTENT_TYPES, Format, check_pixels, sniff

_T = TypeVar("_T")

pillow_heif.register_heif_opener(thumbnails=False)
Image.MAX_IMAGE_PIXELS = None  # our own limit is lower, and checked before anything is decoded

_HEAVY_PIXELS = 16_000_000
_LARGE_QUALITY, _SMALL_QUALITY = 80, 76
_BAND_PIXELS = 1_000_000
_BLIND, _BEYOND = (40, 40, 40), 3
_SRGB = ImageCms.createProfile("sRGB")
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class _Claims(Struct, frozen=True):
    """What the file says of itself beside the picture."""

    orientation: int
    taken_at: datetime | None
    position: tuple[float, float] | None


class _Upright(Struct, frozen=True):
    """The picture at the size of the large copy, and the measures (pixels) it came in, both the right way up."""

    large: Image.Image
    width: int
    height: int
    claims: _Claims


def prepare(data: bytes, heavy: AbstractContextManager[object] | None = None) -> PreparedPhoto:
    """Check, decode, shrink, turn upright, strip. ``heavy`` is held while a picture of very many pixels is decoded.

    Not thread-safe. Raises Invalid with the keys of ``sniff`` or with ``photos.too_many_pixels``, ``.animated``,
    ``.damaged``, ``.unreadable``.
    """
    kind = sniff(data)
    upright = _decoded(data, kind, heavy)
    small = _small(upright.large)
    lat, lon = upright.claims.position or (None, None)
    photo = StoredPhoto(
        sha256=hashlib.sha256(data).hexdigest(),
        phash=perceptual_hash(small),
        width=upright.width,
        height=upright.height,
        size_bytes=len(data),
        content_type=CONTENT_TYPES[kind],
        taken_at=upright.claims.taken_at,
        lat=lat,
        lon=lon,
    )
    return PreparedPhoto(photo, _jpeg(upright.large, _LARGE_QUALITY), _jpeg(small, _SMALL_QUALITY))


def redact(data: bytes, boxes: Sequence[Box], heavy: AbstractContextManager[object] | None = None) -> PreparedPhoto:
    """The photo with what lies in the boxes gone for good, as a photo of its own: its bytes are those of its large
    copy, and both copies are made of the filled picture. As ``prepare`` otherwise; it knows no time and no place."""
    large = _decoded(data, sniff(data), heavy).large
    _fill(large, boxes)
    small = _small(large)
    _fill(small, boxes)
    bytes_of_large = _jpeg(large, _LARGE_QUALITY)
    photo = StoredPhoto(
        sha256=hashlib.sha256(bytes_of_large).hexdigest(),
        phash=perceptual_hash(small),
        width=large.width,
        height=large.height,
        size_bytes=len(bytes_of_large),
        content_type=COPY_TYPE,
        taken_at=None,
        lat=None,
        lon=None,
    )
    return PreparedPhoto(photo, bytes_of_large, _jpeg(small, _SMALL_QUALITY))


def _fill(image: Image.Image, boxes: Sequence[Box]) -> None:
    """One colour over each box, a little beyond its edges: shrinking has mixed neighbouring pixels."""
    for box in boxes:
        left, top = math.floor(box.x * image.width) - _BEYOND, math.floor(box.y * image.height) - _BEYOND
        right = math.ceil((box.x + box.width) * image.width) + _BEYOND
        bottom = math.ceil((box.y + box.height) * image.height) + _BEYOND
        image.paste(_BLIND, (max(0, left), max(0, top), min(image.width, right), min(image.height, bottom)))


def perceptual_hash(image: Image.Image) -> int:
    """64 bits, each whether brightness falls from one pixel to its right neighbour in a 9 x 8 picture ("dHash").

    Resizing and recompressing changes up to 8 of them; different scenes differ in about 32, seldom in fewer than 17.
    """
    grey = image.convert("L").resize((9, 8), Image.Resampling.LANCZOS).tobytes()
    bits = 0
    for row in range(0, 72, 9):
        for at in range(row, row + 8):
            bits = bits << 1 | (grey[at] > grey[at + 1])
    return signed_64(bits)


def _open(data: bytes, kind: Format) -> Image.Image:
    with _decoding():
        image = Image.open(io.BytesIO(data), formats=[kind])
    check_pixels(*image.size)
    # Of a JPEG with several pictures (MPO, as many phones make it) the first counts, of a HEIC the main one.
    if kind in ("PNG", "WEBP") and getattr(image, "n_frames", 1) > 1:
        raise Invalid("photos.animated")
    return image


def _decoded(data: bytes, kind: Format, heavy: AbstractContextManager[object] | None) -> "_Upright":
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # decoders warn about strangers' mistakes that they can live with
        try:
            with _open(data, kind) as image:
                return _upright(kind, image, heavy or nullcontext())
        except MemoryError:
            raise Invalid("photos.unreadable") from None


def _upright(kind: Format, image: Image.Image, heavy: AbstractContextManager[object]) -> "_Upright":
    width, height = image.size
    box = _fit(width, height, LARGE_EDGE)
    with heavy if width * height > _HEAVY_PIXELS else nullcontext():
        with _decoding():
            if kind == "JPEG":
                image.draft(None, box)  # decoded at a half, a quarter or an eighth when that is still enough
            image.load()
        claims, profile = _claims(image), image.info.get("icc_profile")
        large = _shrink(image, box)
        image.close()  # the full picture is the largest thing held
    large = _to_srgb(large, profile)
    if claims.orientation in _UPRIGHT:
        large = large.transpose(_UPRIGHT[claims.orientation])
        if claims.orientation >= 5:
            width, height = height, width
    return _Upright(large, width, height, claims)


def _small(large: Image.Image) -> Image.Image:
    return large.resize(_fit(*large.size, SMALL_EDGE), Image.Resampling.LANCZOS, reducing_gap=2.0)


@contextmanager
def _decoding() -> Iterator[None]:
    """Whatever a decoder makes of foreign bytes, it is the bytes' fault: they began as a picture and are none."""
    try:
        yield
    except MemoryError:
        raise
    except Exception:
        raise Invalid("photos.damaged") from None


def _fit(width: int, height: int, edge: int) -> tuple[int, int]:
    """The size with the same shape whose longest side is ``edge``, never larger than it was."""
    scale = min(1.0, edge / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def _shrink(image: Image.Image, box: tuple[int, int]) -> Image.Image:
    """The picture in ``box``, as L, RGB or CMYK on white."""
    mode = _plain_mode(image.mode)
    if image.mode != mode or image.has_transparency_data:
        image = _plain_copy(image, mode, box)
    return image.resize(box, Image.Resampling.LANCZOS, reducing_gap=3.0)


def _plain_mode(mode: str) -> str:
    if mode == "CMYK":
        return mode
    return "L" if mode in ("1", "L", "LA", "La") or mode.startswith("I") else "RGB"


def _plain_copy(image: Image.Image, mode: str, box: tuple[int, int]) -> Image.Image:
    """Converted and, where there is room, already reduced; band by band, so that no second full picture is held."""
    width, height = image.size
    factor = max(1, min(width // box[0], height // box[1]) // 3)
    copy = Image.new(mode, (math.ceil(width / factor), math.ceil(height / factor)))
    rows = factor * max(1, _BAND_PIXELS // (width * factor))
    for top in range(0, height, rows):
        band = _plain(image.crop((0, top, width, min(top + rows, height))), mode)
        copy.paste(band.reduce(factor), (0, top // factor))
    return copy


def _plain(band: Image.Image, mode: str) -> Image.Image:
    if band.mode.startswith("I"):  # 16 bits: converting would clip, not scale
        return band.point(lambda value: value / 257).convert("L")
    if not band.has_transparency_data:
        return band.convert(mode)
    clear = band.convert("RGBA")
    white = Image.new("RGB", band.size, "white")
    white.paste(clear, mask=clear.getchannel("A"))
    return white.convert(mode)


def _to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Colours as a browser shows them without a profile. A broken profile or another mode's is ignored."""
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            if image.mode != "RGB" or "sRGB" not in ImageCms.getProfileDescription(source):
                converted = ImageCms.profileToProfile(image, source, _SRGB, outputMode="RGB")
                assert converted is not None  # only None when done in place
                return converted
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            pass
    return image if image.mode == "RGB" else image.convert("RGB")


def _claims(image: Image.Image) -> _Claims:
    exif = _believed(image.getexif)
    if exif is None:
        return _Claims(1, None, None)
    return _Claims(
        _believed(lambda: int(exif.get(ExifTags.Base.Orientation, 1))) or 1,
        _believed(lambda: camera.taken_at(exif, datetime.now(UTC))),
        _believed(lambda: camera.position(exif)),
    )


def _believed(read: Callable[[], _T]) -> _T | None:
    """Metadata is a gift: however a broken tag fails, it costs neither the photo nor the other tags."""
    try:
        return read()
    except Exception:
        return None


def _jpeg(image: Image.Image, quality: int) -> bytes:
    """The pixels and nothing else."""
    image.info = {}  # a comment would be written along
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality, progressive=True)
    return out.getvalue()
