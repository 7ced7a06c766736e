"""Before and after as one picture: left and right, under words, whatever shapes they have."""

import itertools

import pytest

from app.errors import Invalid
from app.i18n import LANGS
from app.photos.lab import PhotoLab
from app.photos.pair import side_by_side
from tests.photos.pictures import decoded, encoded, scene

SHAPES = [(1600, 1200), (1200, 1600), (800, 800), (1600, 200), (200, 1600), (40, 30)]


def plain(size: tuple[int, int], colour: str) -> bytes:
    picture = scene(*size)
    picture.paste(colour, (0, 0, *size))
    return encoded(picture)


@pytest.mark.parametrize(("before", "after"), list(itertools.product(SHAPES, SHAPES)))
def test_before_is_left_and_after_right_and_either_has_its_room(
    before: tuple[int, int], after: tuple[int, int]
) -> None:
    pair = decoded(side_by_side(plain(before, "red"), plain(after, "blue"), "vi"))
    row = pair.crop((0, pair.height - 100, pair.width, pair.height - 99)).tobytes()
    reds = [x for x in range(pair.width) if row[3 * x] > 200 and row[3 * x + 2] < 60]
    blues = [x for x in range(pair.width) if row[3 * x + 2] > 200 and row[3 * x] < 60]
    assert max(reds) < min(blues)
    assert min(len(reds), len(blues)) >= 380
    # Telegram takes no picture that is longer than twenty times its width, or whose sides add up to more than 10,000.
    assert sum(pair.size) < 4000


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("size", [(1600, 1200), (1200, 1600)])
def test_the_words_are_as_large_as_a_phones_own_text(lang: str, size: tuple[int, int]) -> None:
    """Shown 360 pixels wide, the letters (white on a strip) are at least twelve pixels high."""
    pair = decoded(side_by_side(plain(size, "black"), plain(size, "black"), "vi" if lang == "vi" else "en"))
    scale = 360 / pair.width
    strip = pair.height - 800
    for left, right in ((0, pair.width // 2 - 20), (pair.width // 2 + 20, pair.width)):
        # The gap between the pictures is white, too; it is no letter.
        words = pair.crop((left, 0, right, strip)).convert("L").point(lambda v: 255 * (v > 200))
        rows = [sum(1 for v in words.crop((0, y, words.width, y + 1)).tobytes() if v) for y in range(strip)]
        tall = [y for y, count in enumerate(rows) if count > min(rows)]
        assert (max(tall) - min(tall)) * scale >= 12


def test_each_language_has_its_own_words() -> None:
    before, after = plain((800, 600), "red"), plain((800, 600), "blue")
    assert side_by_side(before, after, "vi") != side_by_side(before, after, "en")


async def test_the_lab_does_it_beside_its_other_work_and_refuses_what_is_no_picture(lab: PhotoLab) -> None:
    good = plain((640, 480), "green")
    assert decoded(await lab.side_by_side(good, good, "vi")).width > 2000
    with pytest.raises(Invalid, match=r"photos\.damaged"):
        await lab.side_by_side(good, good[:300], "vi")
    with pytest.raises(Invalid, match=r"photos\.damaged"):
        await lab.side_by_side(b"", good, "vi")
    assert (await lab.prepare(good)).photo.width == 640
