"""Before and after as one picture, so that a person on a phone sees at a glance what was done. Pure, for the lab's
worker processes.
"""

import io
from functools import cache
from pathlib import Path

from PIL import Image, ImageOps

from app.errors import Invalid
from app.i18n import Lang

_HEIGHT = 800
"""Pixels of either picture; the wider one gets more room, neither is cut unless it is a strip."""
_NARROWEST, _WIDEST = 0.5, 1.8
"""Width by height. What is beyond is cut at its edges, or the other picture could not be seen beside it."""
_GAP = 12
_LETTERS = 0.06
"""Height of the words above the pictures, of the whole width: on a phone 360 pixels wide as large as its own text."""
_COLOURS = {"before": (85, 85, 85), "after": (21, 115, 55)}
_LABELS = Path(__file__).parent / "labels"


def side_by_side(before: bytes, after: bytes, lang: Lang) -> bytes:
    """A JPEG: left before, right after, each under its word. Takes our own public copies. Raises Invalid."""
    try:
        panes = [_pane(data) for data in (before, after)]
    except (OSError, ValueError, MemoryError):
        raise Invalid("photos.damaged") from None
    width = sum(pane.width for pane in panes) + _GAP
    letters = round(width * _LETTERS)
    strip = letters * 3 // 2
    whole = Image.new("RGB", (width, strip + _HEIGHT), "white")
    left = 0
    for pane, what in zip(panes, ("before", "after"), strict=True):
        whole.paste(_COLOURS[what], (left, 0, left + pane.width, strip))
        word = _word(f"{what}_{lang}", letters, pane.width)
        whole.paste((255, 255, 255), (left + (pane.width - word.width) // 2, (strip - word.height) // 2), word)
        whole.paste(pane, (left, strip))
        left += pane.width + _GAP
    out = io.BytesIO()
    whole.save(out, "JPEG", quality=82, progressive=True)
    return out.getvalue()


def _pane(data: bytes) -> Image.Image:
    with Image.open(io.BytesIO(data), formats=["JPEG"]) as image:
        ratio = min(max(image.width / image.height, _NARROWEST), _WIDEST)
        return ImageOps.fit(image.convert("RGB"), (round(_HEIGHT * ratio), _HEIGHT), Image.Resampling.LANCZOS)


def _word(name: str, height: int, room: int) -> Image.Image:
    """A word as a mask. Drawn beforehand: a server need not have a font that knows Vietnamese."""
    mask = _mask(name)
    height = min(height, round(0.8 * room * mask.height / mask.width))
    return mask.resize((round(mask.width * height / mask.height), height), Image.Resampling.LANCZOS)


@cache
def _mask(name: str) -> Image.Image:
    with Image.open(_LABELS / f"{name}.png") as mask:
        return mask.convert("L")
