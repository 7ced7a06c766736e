"""Where a page of a list ends, as an address carries it: opaque, and told from what no page has given."""

import base64
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta

T = TypeVar("T")
Moment = Annotated[datetime, Meta(tz=True)]
"""A time in a point; one without a zone is nobody's."""
Number = Annotated[int, Meta(ge=-(1 << 31), lt=1 << 31)]
"""What PostgreSQL holds as an integer."""


def written(point: Any) -> str:
    """``point``: what the list is ordered by, of the last row."""
    return base64.urlsafe_b64encode(msgspec.json.encode(point)).decode().rstrip("=")


def read(said: str, kind: type[T]) -> T:
    """Raises ValueError for what is no such point."""
    try:
        point = msgspec.json.decode(base64.urlsafe_b64decode(said + "=" * (-len(said) % 4)), type=kind)
        for each in point if isinstance(point, tuple) else ():
            if isinstance(each, datetime):
                each.astimezone(UTC)
    except (msgspec.DecodeError, OverflowError) as error:  # a moment that is beyond the calendar in UTC is nobody's too
        raise ValueError("no point of a list") from error
    return point
