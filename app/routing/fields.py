"""Reading values out of the tree; whatever does not fit becomes a problem and reading goes on."""

import re
from collections.abc import Collection, Iterator
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from app.routing.calendar import VIETNAM
from app.routing.limits import Limit, parse_limit
from app.routing.problems import Problems, shorten
from app.routing.yamltree import Listing, Mapping, Node, Scalar

_ID = re.compile(r"[a-z0-9][a-z0-9-]{1,62}")
_COMMUNE = re.compile(r"\d{5}")
_PROVINCE = re.compile(r"\d{2}")
_DISTANCE = re.compile(r"(\d{1,6}(?:\.\d{1,3})?) *(m|km)")
_MONTH_DAY = re.compile(r"(\d{2})-(\d{2})")
_MOMENT = re.compile(r"(\d{4}-\d{2}-\d{2})[T ](\d{1,2}:\d{2})")
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)|24:00")

Name = TypeVar("Name", bound=str)


class Fields:
    """The values of one mapping by key. Unknown and missing keys have been reported when it is made."""

    def __init__(self, node: Mapping | None, problems: Problems) -> None:
        self.problems = problems
        self.node = node

    def get(self, key: str) -> Node | None:
        """The value, or None where the key is missing or holds nothing."""
        entry = self.node.entries.get(key) if self.node else None
        return None if entry is None or _is_empty(entry[1]) else entry[1]

    def key(self, key: str) -> Scalar | None:
        entry = self.node.entries.get(key) if self.node else None
        return entry[0] if entry else None

    def complain(self, key: str, problem: str, **params: Any) -> None:
        """A problem with the value of ``key``, or with the whole where it is missing."""
        at = self.get(key) or self.node
        if at is not None:
            self.problems.add(at, problem, **params)

    # ------------------------------------------------------------ single values

    def text(self, key: str) -> str:
        """ "" where the key is missing or its value is not text."""
        node = self.get(key)
        return "" if node is None else plain_text(node, self.problems)

    def flag(self, key: str, default: bool = False) -> bool:
        written = self.text(key)
        if written not in ("", "true", "false"):
            self.complain(key, "not_a_flag", name=shorten(written))
        return written == "true" if written else default

    def choice(self, key: str, options: Collection[Name]) -> Name | None:
        node = self.get(key)
        return None if node is None else one_of(node, options, self.problems)

    def limit(self, key: str) -> Limit | None:
        written = self.text(key)
        if not written:
            return None
        try:
            return parse_limit(written)
        except ValueError:
            self.complain(key, "not_a_limit", name=shorten(written))
            return None

    def day(self, key: str) -> date | None:
        node = self.get(key)
        return None if node is None else read_date(node, self.problems)

    def distance(self, key: str) -> float | None:
        """Metres, from ``500 m`` or ``2 km``."""
        written = self.text(key)
        found = _DISTANCE.fullmatch(written)
        metres = float(found[1]) * (1000 if found[2] == "km" else 1) if found else 0.0
        if metres:
            return metres
        if written:
            self.complain(key, "not_a_distance", name=shorten(written))
        return None

    def number(self, key: str, least: float, most: float) -> float | None:
        written = self.text(key)
        if not written:
            return None
        try:
            number = float(written)
        except ValueError:
            number = least - 1
        if least <= number <= most:
            return number
        self.complain(key, "not_a_number", name=shorten(written), least=least, most=most)
        return None

    def month_day(self, key: str) -> tuple[int, int] | None:
        """(month, day), from ``05-01``."""
        written = self.text(key)
        found = _MONTH_DAY.fullmatch(written)
        try:
            day = date(2024, int(found[1]), int(found[2])) if found else None
        except ValueError:
            day = None
        if day is not None:
            return day.month, day.day
        if written:
            self.complain(key, "not_a_month_day", name=shorten(written))
        return None

    def moment(self, key: str) -> datetime | None:
        """On Vietnam's wall clock, from ``2026-11-05 09:00``."""
        written = self.text(key)
        found = _MOMENT.fullmatch(written)
        minutes = clock_minutes(found[2]) if found else None
        try:
            day = date.fromisoformat(found[1]) if found else None
        except ValueError:
            day = None
        if day is not None and minutes is not None:
            return datetime(day.year, day.month, day.day, tzinfo=VIETNAM) + timedelta(minutes=minutes)
        if written:
            self.complain(key, "not_a_moment", name=shorten(written))
        return None

    # ------------------------------------------------------------ lists and mappings

    def items(self, key: str) -> tuple[Node, ...]:
        """The members of a list. One value stands for a list of one."""
        return list_of(self.get(key))

    def texts(self, key: str) -> tuple[str, ...]:
        read = (plain_text(node, self.problems) for node in self.items(key))
        return tuple(text for text in read if text)

    def fields(self, key: str, required: Collection[str] = (), optional: Collection[str] = ()) -> "Fields":
        return fields_of(self.get(key), self.problems, required, optional)

    def named(self, key: str) -> Iterator[tuple[str, Scalar, Node]]:
        """The members of a mapping whose keys are ids the province chose."""
        node = self.get(key)
        if node is not None and not isinstance(node, Mapping):
            self.complain(key, "not_a_mapping")
            return
        for name, (written, value) in node.entries.items() if isinstance(node, Mapping) else ():
            if valid_id(written, self.problems):
                yield name, written, value


def fields_of(
    node: Node | None, problems: Problems, required: Collection[str] = (), optional: Collection[str] = ()
) -> Fields:
    """The mapping at ``node``, its keys checked. Anything that is not a mapping counts as an empty one."""
    if node is None:
        return Fields(None, problems)
    if not isinstance(node, Mapping):
        problems.add(node, "not_a_mapping")
        return Fields(None, problems)
    allowed = (*required, *optional)
    for name, (key, _) in node.entries.items():
        if name not in allowed:
            problems.unknown(key, "unknown_key", name, allowed, allowed=", ".join(allowed))
    for name in required:
        entry = node.entries.get(name)
        value = entry[1] if entry else None
        if value is None or _is_empty(value):
            at = entry[0] if entry else node
            problems.add(at, "missing_key", name=name)
        elif isinstance(value, Listing) and not value.items:
            problems.add(value, "empty_list")
    return Fields(node, problems)


def _is_empty(node: Node) -> bool:
    return isinstance(node, Scalar) and node.empty


def list_of(node: Node | None) -> tuple[Node, ...]:
    if node is None or _is_empty(node):
        return ()
    return node.items if isinstance(node, Listing) else (node,)


def plain_text(node: Node, problems: Problems) -> str:
    if not isinstance(node, Scalar):
        problems.add(node, "not_text")
        return ""
    if not node.text:
        problems.add(node, "empty_text")
    return node.text


def one_of(node: Node, options: Collection[Name], problems: Problems, problem: str = "not_a_choice") -> Name | None:
    """The option that is written here; otherwise a problem that offers the nearest one."""
    written = plain_text(node, problems)
    for option in options:
        if option == written:
            return option
    if written:
        few = ", ".join(options) if problem == "not_a_choice" else ""
        problems.unknown(node, problem, written, options, allowed=few)
    return None


def valid_id(node: Scalar, problems: Problems) -> bool:
    if _ID.fullmatch(node.text):
        return True
    problems.add(node, "not_an_id", name=shorten(node.text))
    return False


def commune_code(node: Node, problems: Problems, known: Collection[str] | None) -> str | None:
    """A five-digit code; one of ``known`` where the province's communes are given."""
    written = plain_text(node, problems)
    if not written:
        return None
    if not _COMMUNE.fullmatch(written):
        problems.add(node, "not_a_commune_code", name=shorten(written))
    elif known is not None and written not in known:
        problems.add(node, "unknown_commune", name=written)
    else:
        return written
    return None


def province_code(node: Node, problems: Problems) -> str | None:
    written = plain_text(node, problems)
    if written and not _PROVINCE.fullmatch(written):
        problems.add(node, "not_a_province_code", name=shorten(written))
    return written if _PROVINCE.fullmatch(written) else None


def read_date(node: Node, problems: Problems) -> date | None:
    written = plain_text(node, problems)
    try:
        return date.fromisoformat(written)
    except ValueError:
        if written:
            problems.add(node, "not_a_date", name=shorten(written))
        return None


def clock_minutes(written: str) -> int | None:
    """``07:30`` → 450; ``24:00`` is the end of the day; None when it is no time of day."""
    found = _CLOCK.fullmatch(written.strip())
    if not found:
        return None
    return int(found[1]) * 60 + int(found[2]) if found[1] else 24 * 60
