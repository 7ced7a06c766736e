"""Whether two reports are of the same matter, in points that anybody can add up. Pure: no I/O, no learned model.

    place    40 at the same point, falling evenly to 10 at the category's radius; 0 where a point is not known
    photo    60 for the very same file, 40 for the same picture saved anew
    words    up to 40, by how much of the shorter text the other one says too
    matter   20 for the same category, 0 for another one of its group

From ``ENOUGH`` points on a report is offered. So the same category next door is enough by itself; at the edge of the
radius the words or a photo must agree as well; without a point the words must nearly be the same.
"""

from collections.abc import Collection
from itertools import pairwise

from msgspec import Struct

from app.i18n.text import fold
from app.photos.model import distance as bits_apart

ENOUGH = 50
HERE, EDGE = 40, 10
SAME_FILE, SAME_PICTURE = 60, 40
WORDS = 40
SAME_CATEGORY = 20
PICTURE_BITS = 10
"""Of 64: up to here two fingerprints are most likely of the same picture (see ``app.photos.model.distance``)."""
_LEAST_WORDS = 3
"""Fewer words say nothing: whatever is short is contained in much."""
FURTHER = 10
"""A report with the very same photo is looked for so many times as far away: positions err, photos do not."""


class Fingerprint(Struct, frozen=True):
    """A photo by its bytes (sha256, hex) and by its looks (``phash``; None where only the bytes are known)."""

    sha256: str
    phash: int | None = None


class Likeness(Struct, frozen=True):
    """Why two reports may be of the same matter. ``distance_m``: None where one has no point; ``words`` 0 to 1."""

    distance_m: float | None
    same_photo: bool
    words: float
    score: int


def _grams(text: str) -> set[tuple[str, ...]]:
    words = ["".join(c for c in word if c.isalnum()) for word in fold(text).split()]
    words = [word for word in words if word]
    return {(word,) for word in words} | set(pairwise(words))


def words_alike(one: str, other: str) -> float:
    """How much of the shorter text's words and pairs of neighbours stand in the other, accents aside: 0 to 1."""
    ones, others = _grams(one), _grams(other)
    least = min(ones, others, key=len)
    if sum(len(gram) == 1 for gram in least) < _LEAST_WORDS:
        return 0.0
    return len(ones & others) / len(least)


def _photo_points(ours: Collection[Fingerprint], theirs: Collection[Fingerprint]) -> int:
    if {photo.sha256 for photo in ours} & {photo.sha256 for photo in theirs}:
        return SAME_FILE
    pairs = ((a.phash, b.phash) for a in ours for b in theirs)
    looks = any(a is not None and b is not None and bits_apart(a, b) <= PICTURE_BITS for a, b in pairs)
    return SAME_PICTURE if looks else 0


def likeness(
    texts: tuple[str, str],
    photos: tuple[Collection[Fingerprint], Collection[Fingerprint]],
    *,
    same_category: bool,
    distance_m: float | None,
    radius_m: float,
) -> Likeness | None:
    """What speaks for it, ours first in each pair. None: too far apart."""
    photo = _photo_points(*photos)
    if distance_m is not None and distance_m > radius_m * (FURTHER if photo == SAME_FILE else 1):
        return None
    place = 0.0
    if distance_m is not None and distance_m <= radius_m:
        place = HERE - (HERE - EDGE) * distance_m / radius_m
    words = words_alike(*texts)
    points = place + photo + WORDS * words + (SAME_CATEGORY if same_category else 0)
    return Likeness(distance_m, photo > 0, round(words, 2), round(points))
