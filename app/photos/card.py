"""The picture that goes with the link of a published report: what, where, how it stands, and the photos. Pure, for the
lab's worker processes.
"""

import io
from functools import cache
from pathlib import Path

import fontpkg_be_vietnam_pro
from PIL import Image, ImageDraw, ImageFont, ImageOps

from app.errors import Invalid
from app.photos.model import Card

SIZE = (1200, 630)
"""As Facebook, Zalo and Telegram show it whole."""
_FONTS = Path(fontpkg_be_vietnam_pro.__file__).with_name("files")
_BRAND, _INK, _SOFT, _TINT = "#0b6b5d", "#16261f", "#52635b", "#e3f2ec"
_MARGIN, _BAR = 56, 84
_PHOTOS = 560
"""Width of the side where the photos are, when there are any."""


def drawn(card: Card) -> bytes:
    """A PNG of 256 colours. Takes our own public copies. Raises Invalid."""
    whole = Image.new("RGB", SIZE, "white")
    draw = ImageDraw.Draw(whole)
    draw.rectangle((0, 0, SIZE[0], _BAR), fill=_BRAND)
    _pin(draw, (_MARGIN, 20), 44)
    draw.text((_MARGIN + 60, _BAR / 2), card.site, "white", _font("Bold", 32), anchor="lm")
    draw.text((SIZE[0] - _MARGIN, _BAR / 2), card.code, "white", _font("SemiBold", 28), anchor="rm")
    photos = [(card.before, card.before_word), (card.after, card.after_word)]
    photos = [(data, word) for data, word in photos if data]
    try:
        for number, (data, word) in enumerate(photos):
            _photo(whole, data, word, number, len(photos))
    except (OSError, ValueError, MemoryError):
        raise Invalid("photos.damaged") from None
    _words(draw, card, SIZE[0] - 2 * _MARGIN - (_PHOTOS - _MARGIN + 40 if photos else 0))
    out = io.BytesIO()
    whole.quantize(256, dither=Image.Dither.FLOYDSTEINBERG).save(out, "PNG", optimize=True)
    return out.getvalue()


def _photo(whole: Image.Image, data: bytes, word: str, number: int, of: int) -> None:
    """One fills its side; of two the first is above."""
    height = (SIZE[1] - _BAR) // of
    with Image.open(io.BytesIO(data), formats=["JPEG"]) as image:
        image.draft("RGB", (_PHOTOS * 2, height * 2))
        pane = ImageOps.fit(image.convert("RGB"), (_PHOTOS, height - (6 if number else 0)), Image.Resampling.LANCZOS)
    left, top = SIZE[0] - _PHOTOS, _BAR + number * height + (6 if number else 0)
    whole.paste(pane, (left, top))
    draw, font = ImageDraw.Draw(whole), _font("SemiBold", 24)
    box = draw.textbbox((left + 32, top + 22), word, font, anchor="lt")
    draw.rounded_rectangle((box[0] - 14, box[1] - 10, box[2] + 14, box[3] + 10), 10, fill="white")
    draw.text((left + 32, top + 22), word, _INK, font, anchor="lt")


def _words(draw: ImageDraw.ImageDraw, card: Card, room: int) -> None:
    """What is too long gets smaller letters, then dots."""
    lines, font = _fitting(draw, card.title, room)
    top = 170
    for line in lines:
        draw.text((_MARGIN, top), line, _INK, font)
        top += round(font.size * 1.35)
    places, small = _wrapped(draw, card.place, room, _font("Medium", 34))[:2], _font("Medium", 34)
    top += 14
    for line in places:
        draw.text((_MARGIN, top), line, _SOFT, small)
        top += 48
    bold = _font("Bold", 32)
    word = _wrapped(draw, card.status, room - 56, bold)[0]
    end = _MARGIN + draw.textlength(word, bold) + 56
    draw.rounded_rectangle((_MARGIN, 490, end, 566), 38, fill=_BRAND if card.done else _TINT, outline=_BRAND, width=3)
    draw.text((_MARGIN + 28, 528), word, "white" if card.done else _INK, bold, anchor="lm")


def _fitting(draw: ImageDraw.ImageDraw, text: str, room: int) -> tuple[list[str], ImageFont.FreeTypeFont]:
    for size in (60, 50, 42):
        font = _font("Bold", size)
        lines = _wrapped(draw, text, room, font)
        if len(lines) <= 3:
            return lines, font
    return [*lines[:2], lines[2] + " …"], font


def _wrapped(draw: ImageDraw.ImageDraw, text: str, room: int, font: ImageFont.FreeTypeFont) -> list[str]:
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and draw.textlength(longer, font) > room:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def _pin(draw: ImageDraw.ImageDraw, at: tuple[int, int], size: int) -> None:
    """The sign of the pages."""
    x, y, r = at[0] + size / 2, at[1] + size * 0.4, size * 0.36
    draw.ellipse((x - r, y - r, x + r, y + r), fill="white")
    draw.polygon([(x - r * 0.9, y + r * 0.45), (x + r * 0.9, y + r * 0.45), (x, at[1] + size)], fill="white")
    draw.ellipse((x - r * 0.38, y - r * 0.38, x + r * 0.38, y + r * 0.38), fill=_BRAND)


@cache
def _font(weight: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(_FONTS / f"BeVietnamPro-{weight}.ttf"), size)
