"""Photos that look the same among millions: which hashes are worth comparing, and in what order to ask.

A perceptual hash has 64 bits; two photos that differ in at most four of them are taken for the same picture, sent
again by another program or from another phone. The bits are parted into four quarters. Four differing bits leave one
quarter untouched, unless there is exactly one in each; so whoever looks up all four quarters as they are, and the first
one with each of its bits turned as well, misses nothing (pigeonhole). That is twenty look-ups in four indexes.

Each quarter has every second bit of every second row. Neighbouring bits say nearly the same: of a million lifelike
hashes, quarters of whole rows leave 16,700 to compare on average, these 1,100 (``tests/bench/proof.py``).
"""

from app.photos.model import signed_64

NEAR = 4
_FEATURELESS = 4


def _quarter(row: int, column: int) -> int:
    return sum(1 << (8 * r + c) for r in range(row, 8, 2) for c in range(column, 8, 2))


_QUARTERS = tuple(_quarter(row, column) for row in (0, 1) for column in (0, 1))
QUARTERS = tuple(signed_64(quarter) for quarter in _QUARTERS)
"""The masks as the indexes ``photo_blobs_quarter_1`` to ``_4`` have them."""


def says_something(phash: int) -> bool:
    """Whether a hash tells one picture from another: a photo of darkness, or of a white wall, is like any other."""
    bits = (phash & ((1 << 64) - 1)).bit_count()
    return _FEATURELESS <= bits <= 64 - _FEATURELESS


def probes(phash: int) -> tuple[tuple[int, ...], ...]:
    """For each quarter, what it is worth looking up."""
    bits = phash & ((1 << 64) - 1)
    first = _QUARTERS[0]
    turned = [bits & first ^ 1 << at for at in range(64) if first >> at & 1]
    exact = [[bits & quarter] for quarter in _QUARTERS]
    exact[0] += turned
    return tuple(tuple(signed_64(each) for each in quarter) for quarter in exact)
