"""A part of a file, so that a download that broke off can go on (RFC 9110, section 14). Pure."""

import re
from collections.abc import AsyncIterator

from msgspec import Struct

_RANGE = re.compile(r"bytes=(\d{1,18})-(\d{0,18})")


class Part(Struct, frozen=True):
    """Bytes from ``start`` up to before ``end``."""

    start: int
    end: int

    @property
    def length(self) -> int:
        return self.end - self.start


def part_of(header: str, size: int) -> Part | None:
    """None for the whole: nothing was asked for, several parts at once, or one that there is not."""
    said = _RANGE.fullmatch(header.strip())
    if said is None:
        return None
    start, end = int(said[1]), min(int(said[2]) + 1 if said[2] else size, size)
    return Part(start, end) if start < end else None


async def cut(source: AsyncIterator[bytes], length: int) -> AsyncIterator[bytes]:
    """The first ``length`` bytes."""
    left = length
    async for piece in source:
        yield piece[:left]
        left -= len(piece)
        if left <= 0:
            return
