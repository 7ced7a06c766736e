"""Who does best. Pure."""

from msgspec import Struct

from app.stats.measures import Figure
from app.stats.model import Answer, Count, value

MINIMUM = 10
"""Cases below which a share or a mean says little about an agency: it stands apart, without a place."""


class Ranked(Struct, frozen=True):
    """``of``: the cases that the value is made of; ``place`` from 1, the same for equals, None with too few cases."""

    key: str
    value: float | None
    of: int
    place: int | None


def ranked(answer: Answer, figure: Figure, *, minimum: int = MINIMUM, highest_first: bool = True) -> list[Ranked]:
    """The groups by this figure, those with too few cases behind all others."""
    rows = []
    for key, counts in answer.groups.items():
        measures = figure.among if figure.kind == "share" else figure.of
        rows.append((key, value(figure, counts), sum((counts.get(m, Count()) for m in measures), Count()).n))
    placed = [row for row in rows if row[1] is not None and row[2] >= minimum]
    placed.sort(key=lambda row: (-(row[1] or 0) if highest_first else row[1], row[0]))
    found: list[Ranked] = []
    for key, its_value, of in placed:
        same = bool(found) and found[-1].value == its_value
        found.append(Ranked(key, its_value, of, found[-1].place if same else len(found) + 1))
    apart = sorted((row for row in rows if row not in placed), key=lambda row: (-row[2], row[0]))
    return [*found, *(Ranked(*row, None) for row in apart)]
