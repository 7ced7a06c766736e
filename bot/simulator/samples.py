"""A few photos drawn here, so that a newcomer needs none of their own: each carries time and place in its EXIF."""

import functools
import io
import math
import random
import time
from collections.abc import Callable

from PIL import Image, ImageChops, ImageDraw, ImageFilter
from PIL.ExifTags import GPS, IFD, Base

from .model import ApiError
from .places import PLACES, Place

SIZE = (1600, 1200)
Color = tuple[int, int, int]


@functools.cache
def sample_photo(name: str) -> bytes:
    """JPEG bytes of the sample ``name`` (a key of ``SAMPLES``), drawn on first use. CPU work, about 0.2 s."""
    if name not in SAMPLES:
        raise ApiError(404, f"no sample {name}; there are: {', '.join(SAMPLES)}")
    draw, place = SAMPLES[name]
    output = io.BytesIO()
    draw(random.Random(name), False).save(output, "JPEG", quality=88, exif=_exif(place))  # noqa: S311 - a picture
    return output.getvalue()


def _exif(place: Place) -> Image.Exif:
    exif = Image.Exif()
    exif[Base.Make], exif[Base.Model] = "phananh", "sample"
    exif.get_ifd(IFD.Exif)[Base.DateTimeOriginal] = time.strftime("%Y:%m:%d %H:%M:%S")
    gps = exif.get_ifd(IFD.GPSInfo)
    gps[GPS.GPSLatitudeRef], gps[GPS.GPSLatitude] = "N", _degrees(place.latitude)
    gps[GPS.GPSLongitudeRef], gps[GPS.GPSLongitude] = "E", _degrees(place.longitude)
    return exif


def _degrees(value: float) -> tuple[float, float, float]:
    minutes, seconds = divmod(value * 3600, 60)
    return float(minutes // 60), float(minutes % 60), round(seconds, 3)


def scene(name: str, seed: int, *, mended: bool) -> bytes:
    """The sample's scene once more, each ``seed`` a little different; ``mended``: after somebody has put it right."""
    draw, _ = SAMPLES[name]
    output = io.BytesIO()
    draw(random.Random(f"{name} {seed} {mended}"), mended).save(output, "JPEG", quality=85)  # noqa: S311 - a picture
    return output.getvalue()


# --- the pictures


def _sky(top: Color, bottom: Color) -> Image.Image:
    ramp = Image.linear_gradient("L").resize(SIZE)
    return Image.composite(Image.new("RGB", SIZE, bottom), Image.new("RGB", SIZE, top), ramp)


def _grain(image: Image.Image, chance: random.Random, strength: int = 22) -> Image.Image:
    """Camera noise: without it a drawing looks like one."""
    small = Image.frombytes("L", (400, 300), chance.randbytes(120_000)).resize(SIZE, Image.Resampling.BICUBIC)
    noise = small.point([128 + (value - 128) * strength // 128 for value in range(256)])
    return ImageChops.overlay(image, Image.merge("RGB", (noise, noise, noise)))


def _blob(chance: random.Random, x: float, y: float, rx: float, ry: float, rough: float) -> list[tuple[float, float]]:
    points = []
    for step in range(40):
        angle, stretch = step / 40 * math.tau, 1 + chance.uniform(-rough, rough)
        points.append((x + math.cos(angle) * rx * stretch, y + math.sin(angle) * ry * stretch))
    return points


def _road(draw: ImageDraw.ImageDraw, color: Color, line: Color) -> None:
    draw.polygon([(-300, 1200), (680, 560), (920, 560), (1900, 1200)], fill=color)
    for near in range(6):
        top, bottom = 575 + near**2 * 22, 590 + near**2 * 26
        spread = 3 + near * 5
        draw.polygon(
            [(800 - spread, top), (800 + spread, top), (800 + spread * 1.3, bottom), (800 - spread * 1.3, bottom)],
            fill=line,
        )


def _houses(draw: ImageDraw.ImageDraw, chance: random.Random, walls: list[Color], lit: bool) -> None:
    for side in (-1, 1):
        for step in range(5):
            near = 1 + step * 0.75
            x = 800 + side * (150 + step * 130 + step**2 * 22)
            width, height = 120 * near**0.7, 150 * near * chance.uniform(0.75, 1.1)
            left, base = (x if side > 0 else x - width), 565 + step * 26
            draw.rectangle([left, base - height, left + width, base], fill=chance.choice(walls))
            draw.polygon(
                [
                    (left - 8, base - height),
                    (left + width / 2, base - height - 36 * near**0.5),
                    (left + width + 8, base - height),
                ],
                fill=(120, 60, 48) if not lit else (38, 30, 40),
            )
            for row in range(2):
                for column in range(2):
                    glass = (
                        (255, 214, 130) if lit and chance.random() < 0.6 else (70, 86, 104) if not lit else (24, 28, 44)
                    )
                    wx, wy = left + width * (0.18 + column * 0.4), base - height * (0.82 - row * 0.4)
                    draw.rectangle([wx, wy, wx + width * 0.22, wy + height * 0.2], fill=glass)


def _lamp(chance: random.Random, mended: bool) -> Image.Image:
    """A street at night, its nearest lamp dark until mended."""
    image = _sky((9, 12, 34), (58, 48, 74))
    draw = ImageDraw.Draw(image)
    draw.rectangle([0, 560, 1600, 1200], fill=(30, 34, 36))
    _houses(draw, chance, [(52, 50, 66), (60, 56, 62), (44, 48, 60)], lit=True)
    _road(draw, (38, 40, 48), (96, 92, 82))
    glow = Image.new("RGB", SIZE)
    light = ImageDraw.Draw(glow)
    for x, y, reach in ((610, 470, 46), (700, 505, 30), (990, 470, 46), (900, 505, 30)):
        light.ellipse([x - reach * 2, y - reach, x + reach * 2, y + reach * 3], fill=(190, 140, 60))
    image = ImageChops.screen(image, glow.filter(ImageFilter.GaussianBlur(38)))
    draw = ImageDraw.Draw(image)
    for x, y, size in ((610, 470, 7), (700, 505, 5), (990, 470, 7), (900, 505, 5)):
        draw.line([(x, y), (x, y + 110)], fill=(70, 70, 80), width=5)
        draw.ellipse([x - size, y - size, x + size, y + size], fill=(255, 236, 180))
    draw.line([(1240, 1130), (1240, 250)], fill=(92, 94, 104), width=22)
    draw.line([(1240, 256), (1090, 214)], fill=(92, 94, 104), width=14)
    draw.polygon([(1100, 196), (1010, 206), (1000, 232), (1100, 230)], fill=(74, 76, 88))
    draw.ellipse([1008, 216, 1092, 246], fill=(255, 240, 196) if mended else (38, 40, 54))
    if mended:
        cone = Image.new("RGB", SIZE)
        light = ImageDraw.Draw(cone)
        light.polygon([(1020, 240), (1086, 240), (1420, 1130), (700, 1130)], fill=(150, 118, 60))
        light.ellipse([960, 180, 1140, 290], fill=(220, 190, 120))
        image = ImageChops.screen(image, cone.filter(ImageFilter.GaussianBlur(46)))
    return _grain(image.filter(ImageFilter.GaussianBlur(1.2)), chance, 34)


def _pothole(chance: random.Random, mended: bool) -> Image.Image:
    """A daylight road with a hole full of water, or a fresh patch."""
    image = _sky((128, 178, 220), (216, 228, 230))
    draw = ImageDraw.Draw(image)
    draw.rectangle([0, 560, 1600, 1200], fill=(122, 132, 84))
    _houses(draw, chance, [(226, 208, 168), (196, 214, 206), (232, 190, 160)], lit=False)
    _road(draw, (112, 112, 114), (236, 232, 214))
    if mended:
        draw.polygon([(470, 1010), (1130, 1010), (1040, 800), (560, 800)], fill=(62, 62, 66))
        draw.line([(470, 1010), (1130, 1010), (1040, 800), (560, 800), (470, 1010)], fill=(44, 44, 48), width=6)
        return _grain(image.filter(ImageFilter.GaussianBlur(1.0)), chance)
    draw.polygon(_blob(chance, 800, 900, 330, 120, 0.09), fill=(78, 74, 70))
    draw.polygon(_blob(chance, 806, 912, 285, 94, 0.08), fill=(58, 50, 44))
    draw.polygon(_blob(chance, 812, 926, 232, 66, 0.06), fill=(124, 138, 146))
    draw.polygon(_blob(chance, 780, 914, 120, 22, 0.1), fill=(168, 186, 194))
    for _ in range(90):
        angle, far = chance.uniform(0, math.tau), chance.uniform(1.02, 1.5)
        x, y, size = 800 + math.cos(angle) * 340 * far, 900 + math.sin(angle) * 124 * far, chance.uniform(3, 12)
        draw.ellipse(
            [x, y, x + size * 1.6, y + size], fill=chance.choice([(92, 88, 84), (140, 136, 130), (66, 62, 58)])
        )
    for _ in range(7):
        x, y = 800 + chance.uniform(-330, 330), 900 + chance.choice([-118.0, 118.0])
        crack = [(x, y)]
        for _ in range(5):
            x, y = x + chance.uniform(-40, 40), y + (1 if y > 900 else -1) * chance.uniform(8, 30)
            crack.append((x, y))
        draw.line(crack, fill=(70, 68, 66), width=4)
    return _grain(image.filter(ImageFilter.GaussianBlur(1.0)), chance)


def _rubbish(chance: random.Random, mended: bool) -> Image.Image:
    """Bags of rubbish heaped against a wall, or the wall alone."""
    image = _sky((214, 206, 186), (188, 178, 156))
    draw = ImageDraw.Draw(image)
    for row in range(9):
        for column in range(-1, 11):
            x0, y0 = column * 170 + (row % 2) * 85, row * 84
            tone = chance.randint(-10, 10)
            draw.rectangle([x0 + 4, y0 + 4, x0 + 164, y0 + 78], fill=(196 + tone, 172 + tone, 138 + tone))
    draw.rectangle([0, 756, 1600, 1200], fill=(142, 138, 132))
    draw.rectangle([0, 750, 1600, 778], fill=(106, 102, 98))
    if mended:
        draw.rectangle([520, 560, 820, 1010], fill=(40, 116, 74))
        draw.polygon([(500, 560), (840, 560), (810, 500), (530, 500)], fill=(30, 92, 60))
        return _grain(image.filter(ImageFilter.GaussianBlur(1.3)), chance)
    bags: list[Color] = [(36, 38, 42), (44, 74, 128), (44, 108, 78), (206, 206, 200), (170, 48, 52)]
    for layer, (y, spread, amount) in enumerate([(700, 320, 6), (810, 440, 8), (930, 540, 10)]):
        for number in range(amount):
            x = 800 + (number / (amount - 1) - 0.5) * 2 * spread + chance.uniform(-30, 30)
            size, color = chance.uniform(92, 128) + layer * 8, chance.choice(bags)
            shade, shine = tuple(int(c * 0.72) for c in color), tuple(min(255, c + 42) for c in color)
            draw.polygon(_blob(chance, x, y + 12, size, size * 0.82, 0.05), fill=shade)
            draw.polygon(_blob(chance, x - 5, y, size * 0.93, size * 0.74, 0.05), fill=color)
            draw.polygon(_blob(chance, x - size * 0.32, y - size * 0.26, size * 0.26, size * 0.13, 0.2), fill=shine)
            draw.polygon(
                [(x - 16, y - size * 0.72), (x + 16, y - size * 0.72), (x + 34, y - size), (x - 30, y - size * 0.98)],
                fill=color,
            )
    for _ in range(60):
        left, top, size = chance.uniform(60, 1540), chance.uniform(1000, 1170), chance.uniform(10, 34)
        draw.polygon(_blob(chance, left, top, size, size * 0.4, 0.35), fill=chance.choice([*bags, (226, 196, 96)]))
    return _grain(image.filter(ImageFilter.GaussianBlur(1.3)), chance)


def _flood(chance: random.Random, mended: bool) -> Image.Image:
    """A street under water after rain, or dry again."""
    image = _sky((108, 120, 136), (176, 184, 190))
    draw = ImageDraw.Draw(image)
    _houses(draw, chance, [(186, 178, 158), (160, 176, 178), (190, 164, 146)], lit=False)
    if mended:
        draw.rectangle([0, 640, 1600, 1200], fill=(120, 118, 96))
        _road(draw, (104, 104, 108), (232, 228, 212))
        return _grain(image.filter(ImageFilter.GaussianBlur(1.2)), chance)
    street = image.crop((0, 160, 1600, 660)).transpose(Image.Transpose.FLIP_TOP_BOTTOM).resize((1600, 560))
    water = Image.blend(street, Image.new("RGB", street.size, (112, 104, 84)), 0.62)
    image.paste(water.filter(ImageFilter.GaussianBlur(7)), (0, 640))
    draw = ImageDraw.Draw(image)
    for _ in range(170):
        y = chance.uniform(650, 1195)
        x, width = chance.uniform(-50, 1600), (y - 600) * chance.uniform(0.1, 0.5)
        draw.line(
            [(x, y), (x + width, y)], fill=chance.choice([(150, 144, 126), (96, 90, 74), (172, 170, 158)]), width=3
        )
    draw.line([(1210, 900), (1210, 480)], fill=(90, 90, 92), width=14)
    draw.polygon([(1210, 400), (1304, 562), (1116, 562)], fill=(226, 52, 44))
    draw.polygon([(1210, 438), (1272, 544), (1148, 544)], fill=(250, 222, 76))
    draw.rectangle([1204, 470, 1216, 514], fill=(30, 30, 30))
    draw.ellipse([1203, 520, 1217, 534], fill=(30, 30, 30))
    return _grain(image.filter(ImageFilter.GaussianBlur(1.2)), chance)


SAMPLES: dict[str, tuple[Callable[[random.Random, bool], Image.Image], Place]] = {
    "lamp": (_lamp, PLACES[1]),
    "pothole": (_pothole, PLACES[0]),
    "rubbish": (_rubbish, PLACES[3]),
    "flood": (_flood, PLACES[4]),
}
