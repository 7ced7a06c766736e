"""How times are spread: counted in buckets that can be added to each other, so that medians and percentiles of any
period and group come from sums. Pure.

A bucket's edges are four percent apart, so what comes out of one is within two percent of the very time; times below 27
seconds are kept as they are. Percentiles are by nearest rank, as ``percentile_disc`` has them.
"""

import math
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

RATIO, ERROR = 1.04, 0.02
_LONGEST = 20 * 366 * 86_400
"""Twenty years, in seconds."""
EDGES: tuple[int, ...] = tuple(
    sorted({round(RATIO**power) for power in range(math.ceil(math.log(_LONGEST, RATIO)) + 1)} | set(range(1, 28)))
)
"""In seconds: bucket b holds the times from ``EDGES[b - 1]`` to before ``EDGES[b]``; bucket 0 those below a second."""
_ENTRY = np.dtype([("bucket", ">i2"), ("n", ">i4")])

Spread = Mapping[float, int]
"""How many took so many seconds."""


def _middle(bucket: int) -> float:
    if bucket == 0:
        return 0
    first = EDGES[bucket - 1]
    last = EDGES[bucket] - 1 if bucket < len(EDGES) else first
    return math.sqrt(first * last)


_MIDDLES = [_middle(bucket) for bucket in range(len(EDGES) + 1)]


def bucket_of(seconds: int) -> int:
    return bisect_right(EDGES, seconds)


def spread_of(seconds: Iterable[int]) -> dict[float, int]:
    """As it is known from buckets: each time moved to the middle of its bucket."""
    found: dict[float, int] = {}
    for each in seconds:
        middle = _MIDDLES[bucket_of(each)]
        found[middle] = found.get(middle, 0) + 1
    return found


def packed(buckets: Mapping[int, int]) -> bytes:
    """As the sums keep it: pairs of bucket and number, in any order, one bucket maybe several times."""
    entries = [(bucket, n) for bucket, n in buckets.items() if n]
    return np.array(entries, _ENTRY).tobytes() if entries else b""


def unpacked(kept: bytes) -> dict[float, int]:
    entries = np.frombuffer(kept, _ENTRY)
    numbers = np.bincount(entries["bucket"], entries["n"], 0)
    return {_MIDDLES[bucket]: round(numbers[bucket]) for bucket in np.flatnonzero(numbers).tolist()}


def unlike(one: Sequence[bytes], other: Sequence[bytes]) -> set[int]:
    """The places of those among so many spreads, as the sums keep them, that do not say the same as the other ones."""
    entries = np.frombuffer(b"".join((*one, *other)), _ENTRY)
    lengths = [len(kept) // _ENTRY.itemsize for kept in (*one, *other)]
    place = np.repeat(np.tile(np.arange(len(one)), 2), lengths)
    signs = np.repeat([1, -1], [sum(lengths[: len(one)]), sum(lengths[len(one) :])])
    keys, inverse = np.unique(place * (len(EDGES) + 1) + entries["bucket"], return_inverse=True)
    left = np.bincount(inverse, signs * entries["n"], len(keys))
    return set((keys[left != 0] // (len(EDGES) + 1)).tolist())


def added(one: Spread, other: Spread, sign: int = 1) -> Spread:
    """Both together, or the one without the other."""
    if not other:
        return one
    if not one and sign > 0:
        return other
    total = dict(one)
    for seconds, n in other.items():
        total[seconds] = total.get(seconds, 0) + sign * n
    return {seconds: n for seconds, n in total.items() if n}


def percentile(spread: Spread, share: float) -> float | None:
    """Seconds that so great a share took at the most; None of nothing."""
    rank = math.ceil(share * sum(spread.values()))
    for seconds in sorted(spread):
        rank -= spread[seconds]
        if rank <= 0:
            return seconds
    return None
