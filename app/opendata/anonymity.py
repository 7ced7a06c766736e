"""Making rows anonymous: whoever knows where, when and about what somebody reported finds at least ``k`` rows that it
could be. Pure.

First everything is generalised step by step (cell → commune, day → week → month, then the channel, the agency and the
category, the commune); rows with enough others like them stay as they are at that step. What is too rare even
at the last step is withheld.

Reports that a coordinator has published are known to everybody with their very time and place. They hide nobody, so
they are counted apart from all others.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence

from msgspec import Struct, structs

from app.opendata.model import TIMES, Finest, Options, PlaceKind, Row, Source, Told
from app.routing.calendar import VIETNAM

CELL_METRES = 250
_DEGREE = 111_320.0
"""Metres of a degree of latitude."""
_ROW = CELL_METRES / _DEGREE
GroupOf = Callable[[str], str]


class Step(Struct, frozen=True):
    """How exactly a row is given. ``name`` is what is told of rows that stand here."""

    name: str
    place: PlaceKind
    time: Finest
    channel: bool = True
    agency: bool = True
    category: bool = True


def steps(options: Options) -> list[Step]:
    """From the most exact one that is allowed to the coarsest; each is worth something to somebody."""
    times = TIMES[TIMES.index(options.finest) :]
    found = [Step("exact", options.place, times[0])]
    if options.place == "grid":
        found.append(Step("commune", "commune", times[0]))
    found += [Step(time, "commune", time) for time in times[1:]]
    return [
        *found,
        Step("channel", "commune", "month", channel=False),
        Step("category", "commune", "month", channel=False, agency=False, category=False),
        Step("province", "province", "month", channel=False, agency=False),
        Step("least", "province", "month", channel=False, agency=False, category=False),
    ]


def cell_of(lat: float, lon: float) -> str:
    """The cell of a fixed grid in which a point lies; cells of a row of latitude are equally wide."""
    row = math.floor(lat / _ROW)
    return f"{row}:{math.floor(lon / _width(row))}"


def centre_of(cell: str) -> tuple[float, float]:
    """Latitude and longitude, to five digits."""
    row, column = (int(part) for part in cell.split(":"))
    return round((row + 0.5) * _ROW, 5), round((column + 0.5) * _width(row), 5)


def _width(row: int) -> float:
    return _ROW / math.cos(math.radians((row + 0.5) * _ROW))


def anonymous(sources: Iterable[Source], options: Options, group_of: GroupOf) -> tuple[list[Row], Told]:
    """The rows that may be published, in an order that tells nothing, and what had to be done for it."""
    rows: list[Row] = []
    stands: Counter[str] = Counter()
    withheld = 0
    known: dict[bool, list[Source]] = defaultdict(list)
    for source in sources:
        known[source.known].append(source)
    for left in known.values():
        for step in steps(options):
            given = [(source, _given(source, step, options, group_of)) for source in left]
            alike = Counter(row.alike for _, row in given if row is not None)
            kept = [row for _, row in given if row is not None and alike[row.alike] >= options.k]
            left = [source for source, row in given if row is None or alike[row.alike] < options.k]
            rows += _discreet(kept)
            stands[step.name] += len(kept)
        withheld += len(left)
    rows.sort()
    if crowd(rows) < options.k and rows:
        raise AssertionError("rows that stand alone would have been published")
    return rows, Told(len(rows), {name: n for name, n in stands.items() if n}, withheld)


def crowd(rows: Iterable[Row]) -> int:
    """How many rows look like the one that has the fewest like it; 0 without rows."""
    return min(Counter(row.alike for row in rows).values(), default=0)


def _given(source: Source, step: Step, options: Options, group_of: GroupOf) -> Row | None:
    """The report as it is given at a step; None where its place is not known as exactly as that."""
    cell = ""
    if step.place == "grid":
        if source.lat is None or source.lon is None:
            return None
        cell = cell_of(source.lat, source.lon)
    if step.place != "province" and source.commune is None:
        return None
    text = source.text if options.texts and source.known else ""
    return Row(
        sent=_time(source, step.time),
        sent_precision=step.time,
        place_precision=step.place,
        commune=(source.commune or "") if step.place != "province" else "",
        cell=cell,
        category=source.category if step.category else "",
        category_group=group_of(source.category),
        agency=source.agency if step.agency else "",
        channel=source.channel if step.channel else "",
        status=source.status,
        on_time=source.on_time,
        # Words tell which report it is; what its reporter thinks of the result is not public.
        rating=source.rating if options.ratings and not text else "",
        text=text,
    )


def _time(source: Source, precision: Finest) -> str:
    """By Vietnam's clocks, as ISO 8601 writes it; a half day by the hour it begins at."""
    at = source.at.astimezone(VIETNAM)
    match precision:
        case "half":
            return f"{at:%Y-%m-%d}T{'00' if at.hour < 12 else '12'}"  # noon
        case "day":
            return f"{at:%Y-%m-%d}"
        case "week":
            year, week, _ = at.isocalendar()
            return f"{year}-W{week:02d}"
        case "month":
            return f"{at:%Y-%m}"


def _discreet(rows: Sequence[Row]) -> list[Row]:
    """Without ratings where all rows that look alike have the same one: there it would be everybody's."""
    said: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for row in rows:
        said[row.alike].add(row.rating)
    return [structs.replace(row, rating="") if len(said[row.alike]) == 1 else row for row in rows]
