"""Reading parameters: numbers, dates, lists; every mistake told by the parameter's name."""

import math
from collections.abc import Mapping
from datetime import UTC, datetime

from app.errors import Invalid
from app.forms import whole
from app.routing.calendar import VIETNAM

PAGE_MOST = 1_000
_DEEPEST = 100_000


def number(query: Mapping[str, str], name: str) -> float | None:
    """Raises Invalid."""
    text = query.get(name)
    if text is None:
        return None
    try:
        found = float(text)
    except ValueError:
        found = math.nan
    if not math.isfinite(found):
        raise Invalid("open311.want_number", field=name)
    return found


def moment(query: Mapping[str, str], name: str) -> datetime | None:
    """A date, or a date and time; without a zone it is Vietnam's. Raises Invalid."""
    text = query.get(name)
    if text is None:
        return None
    try:
        # A plus sign that was not escaped arrives as a space.
        found = datetime.fromisoformat(text.replace(" ", "+"))
        found = (found if found.tzinfo else found.replace(tzinfo=VIETNAM)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Invalid("open311.want_moment", field=name) from None
    if not 1900 < found.year < 2200:  # so that a span can be counted from it
        raise Invalid("open311.want_moment", field=name)
    return found


def several(query: Mapping[str, str], name: str, most: int = 500) -> list[str] | None:
    """Texts with commas between them. Raises Invalid."""
    text = query.get(name)
    if text is None:
        return None
    found = [each.strip() for each in text.split(",") if each.strip()]
    if len(found) > most:
        raise Invalid("open311.too_many", field=name, most=most)
    return found


def page(query: Mapping[str, str]) -> tuple[int, int]:
    """How many rows, and how many before them. Raises Invalid."""
    size = _whole(query, "page_size", PAGE_MOST, PAGE_MOST)
    skip = (_whole(query, "page", 1, _DEEPEST) - 1) * size
    if skip > _DEEPEST:
        raise Invalid("open311.page_deep", field="page", most=_DEEPEST)
    return size, skip


def _whole(query: Mapping[str, str], name: str, usual: int, most: int) -> int:
    text = query.get(name)
    if text is None:
        return usual
    found = whole(text)
    if found is None or not 1 <= found <= most:
        raise Invalid("open311.want_whole", field=name, most=most)
    return found


def box(query: Mapping[str, str]) -> tuple[float, float, float, float] | None:
    """``bbox``: west, south, east and north in degrees. Raises Invalid."""
    text = query.get("bbox")
    if text is None:
        return None
    try:
        west, south, east, north = map(float, text.split(","))
    except ValueError:
        west = south = east = north = math.nan
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise Invalid("open311.want_box", field="bbox")
    return west, south, east, north
