"""What rules see of one report: a value in each dimension, and marks. Worked out only when a rule asks."""

from msgspec import Struct

from app.routing.calendar import VIETNAM, Calendar
from app.routing.conditions import MARK_KINDS, Dimension
from app.routing.index import RuleIndex
from app.routing.language import WEEKDAYS
from app.routing.model import Facts
from app.routing.periods import Periods
from app.routing.read_conditions import answer_token
from app.routing.zones import Zones


class Surroundings(Struct, frozen=True):
    """What a rule set looks at reports with."""

    calendar: Calendar
    zones: Zones
    periods: Periods
    index: RuleIndex


class Seen:
    __slots__ = ("_category", "_facts", "_urgency", "_world")

    def __init__(self, facts: Facts, category: str, urgency: str, world: Surroundings) -> None:
        self._facts = facts
        self._category = category
        self._urgency = urgency
        self._world = world

    def value(self, dimension: Dimension) -> str:
        """The report's value; "" means unknown, yes and no are ``true`` and ``false``."""
        facts = self._facts
        match dimension:
            case "category":
                return self._category
            case "commune":
                return facts.commune_code or ""
            case "commune_kind":
                return facts.commune_kind or ""
            case "province":
                return facts.province_code or ""
            case "channel":
                return facts.channel
            case "urgency":
                return self._urgency
            case "has_photo":
                return "true" if facts.has_photo else "false"
            case "reporter_kind":
                return facts.reporter_kind
            case "office_open":
                return "true" if self._world.calendar.is_open(facts.at) else "false"
            case "night":
                return "true" if self._world.calendar.is_night(facts.at) else "false"
            case "day":
                return self._world.calendar.day_kind(facts.at)
            case "weekday":
                return WEEKDAYS[facts.at.astimezone(VIETNAM).weekday()]

    def marks(self, kind: str) -> frozenset[str]:
        """The marks of one kind, as ``conditions`` describes them."""
        if kind == "@":
            return self._world.zones.at(self._facts.lat, self._facts.lon)
        if kind == "~":
            return self._world.periods.on(self._facts.at)
        return frozenset(answer_token(question, answer) for question, answer in self._facts.answers.items())

    def tokens(self) -> frozenset[str]:
        """All tokens of the report that rules ask for: phrases of its text and marks."""
        held = self._world.index.phrases_in(self._facts.text_folded)
        return held.union(*(self.marks(kind) for kind in MARK_KINDS))
