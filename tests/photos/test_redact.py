"""Boxes burnt into a photo: what lay under them is gone from every copy, and the rest is the picture it was."""

import hashlib
import itertools

import pytest
from PIL import Image, ImageChops

from app.db import Pool
from app.errors import Invalid, NotFound
from app.photos import service
from app.photos.lab import PhotoLab
from app.photos.model import BOXES_MOST, Box, object_key
from app.photos.pipeline import prepare, redact
from storage.folder import FolderStore
from tests.photos.pictures import decoded, encoded, exif, gps, marked, scene, upright

FACE = Box(0.25, 0.5, 0.2, 0.25)


def patch(image: Image.Image, box: Box) -> Image.Image:
    """What lies in the box."""
    width, height = image.size
    left, top = round(box.x * width), round(box.y * height)
    return image.crop((left, top, left + round(box.width * width), top + round(box.height * height)))


def spread(image: Image.Image) -> int:
    """How far the lightest and the darkest pixel lie apart."""
    low, high = image.convert("L").getextrema()
    return int(high) - int(low)  # type: ignore[arg-type]  # of one band


@pytest.mark.parametrize("size", [(640, 480), (4000, 3000), (300, 900)])
def test_under_a_box_there_is_one_colour_in_every_copy(size: tuple[int, int]) -> None:
    data = encoded(scene(*size))
    plain, blind = prepare(data), redact(data, [FACE])
    for before, after in ((plain.large, blind.large), (plain.small, blind.small)):
        assert spread(patch(decoded(before), FACE)) > 60
        # JPEG lets what lies beside an edge ripple into its block of eight pixels.
        under = patch(decoded(after), FACE)
        assert spread(under.crop((8, 8, under.width - 8, under.height - 8))) <= 4


def test_elsewhere_it_is_the_same_picture() -> None:
    data = encoded(scene())
    plain, blind = decoded(prepare(data).large), decoded(redact(data, [FACE]).large)
    assert plain.size == blind.size
    difference = ImageChops.difference(plain, blind).convert("L")
    rest = difference.copy()
    width, height = rest.size
    around = (int(0.23 * width), int(0.47 * height), int(0.47 * width), int(0.78 * height))
    rest.paste(0, around)
    assert rest.getextrema()[1] <= 24  # type: ignore[operator]  # of one band
    assert difference.getextrema()[1] > 60  # type: ignore[operator]  # of one band


def test_what_lay_under_it_makes_no_difference_to_the_bytes() -> None:
    """Two pictures that differ under the box alone become the very same file: nothing of it can be won back."""
    picture, other = scene(), scene()
    other.paste((255, 0, 0), (180, 260, 260, 330))
    one, two = (redact(encoded(each, "PNG"), [FACE]) for each in (picture, other))
    assert (one.large, one.small, one.photo) == (two.large, two.small, two.photo)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_boxes_lie_in_the_upright_picture(orientation: int) -> None:
    turned = {1: None, 2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}[orientation]
    image = marked() if turned is None else marked().transpose(Image.Transpose(turned))
    data = encoded(image, exif=exif(orientation))
    assert upright(prepare(data))
    large = decoded(redact(data, [Box(0, 0, 0.3, 0.3)]).large)
    assert spread(large.crop((5, 5, 60, 40))) <= 4
    red, green, blue = large.getpixel((20, 15))  # type: ignore[misc]  # of three bands
    assert max(red, green, blue) < 60


def test_neither_time_nor_place_nor_the_camera_goes_along() -> None:
    where = gps((9, 13, 28.6), "N", (105, 10, 40.8), "E")
    data = encoded(scene(), exif=exif(taken="2026:03:02 09:00:00", gps=where))
    assert prepare(data).photo.lat is not None
    blind = redact(data, [FACE])
    photo = blind.photo
    assert (photo.taken_at, photo.lat, photo.lon) == (None, None, None)
    assert b"Exif" not in blind.large
    assert (photo.sha256, photo.size_bytes) == (hashlib.sha256(blind.large).hexdigest(), len(blind.large))


async def test_a_redacted_photo_is_one_of_its_own_and_no_copy_of_it_is_the_original(
    pool: Pool, objects: FolderStore, lab: PhotoLab
) -> None:
    data = encoded(scene(seed=31))
    photo = await service.store_photo(pool, objects, lab, data)
    blind = await service.redact_photo(pool, objects, lab, photo.sha256, [FACE])
    assert blind.sha256 != photo.sha256
    assert (await service.redact_photo(pool, objects, lab, photo.sha256, [FACE])).sha256 == blind.sha256
    assert await service.read_original(objects, photo.sha256) == data
    for what in ("original", "large", "small"):
        kept = decoded(await objects.get(object_key(blind.sha256, what)))
        assert spread(patch(kept, Box(0.28, 0.53, 0.14, 0.19))) <= 4
    assert await pool.fetchval("SELECT count(*) FROM photo_blobs WHERE sha256 = $1", bytes.fromhex(blind.sha256)) == 1


NONSENSE = [-0.1, 1.01, float("nan"), float("inf")]


@pytest.mark.parametrize(
    "boxes",
    [[], [FACE] * (BOXES_MOST + 1), [Box(0, 0, 0, 0.5)], [Box(0.9, 0, 0.2, 0.5)]]
    + [[Box(**{"x": 0.1, "y": 0.1, "width": 0.1, "height": 0.1} | {side: value})]
       for side, value in itertools.product(("x", "y", "width", "height"), NONSENSE)],
)  # fmt: skip
async def test_boxes_that_are_none_are_refused(
    pool: Pool, objects: FolderStore, lab: PhotoLab, boxes: list[Box]
) -> None:
    photo = await service.store_photo(pool, objects, lab, encoded(scene(seed=32)))
    with pytest.raises(Invalid, match=r"photos\.box"):
        await service.redact_photo(pool, objects, lab, photo.sha256, boxes)


async def test_a_photo_that_is_not_there_cannot_be_redacted(pool: Pool, objects: FolderStore, lab: PhotoLab) -> None:
    with pytest.raises(NotFound):
        await service.redact_photo(pool, objects, lab, "0" * 64, [FACE])
