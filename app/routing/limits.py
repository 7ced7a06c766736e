"""Lengths of time as a rules file writes them: ``2 office hours``, ``3 working days``, ``12 hours``."""

import re
from typing import Literal, get_args

from msgspec import Struct

from app.i18n import DEFAULT, Lang, t

Unit = Literal["minutes", "hours", "days", "office hours", "working days"]
UNITS: tuple[Unit, ...] = get_args(Unit)
LONGEST = 1000

_WRITTEN = re.compile(r"([1-9]\d{0,4}) +(minute|hour|day|office hour|working day)s?")


class Limit(Struct, frozen=True, order=True):
    """So many minutes, hours or days of the clock, or office hours or working days of the calendar."""

    amount: int
    unit: Unit

    @property
    def office(self) -> bool:
        """Whether the calendar's office time is what counts, rather than the clock."""
        return self.unit in ("office hours", "working days")

    def __str__(self) -> str:
        """As the rules file writes it; ``parse_limit`` reads it back."""
        return f"{self.amount} {self.unit if self.amount != 1 else self.unit[:-1]}"

    def words(self, lang: Lang = DEFAULT) -> str:
        """For people: "3 ngày làm việc", "3 working days"."""
        key = f"routing.limit_{self.unit.replace(' ', '_')}"
        return t(f"{key}_one" if self.amount == 1 else key, lang, amount=self.amount)


def parse_limit(written: str) -> Limit:
    """Raises ValueError for anything that is not a whole number from 1 to 1,000 and a unit."""
    found = _WRITTEN.fullmatch(" ".join(written.lower().split()))
    if not found or int(found[1]) > LONGEST:
        raise ValueError(written)
    unit = next(unit for unit in UNITS if unit == f"{found[2]}s")
    return Limit(int(found[1]), unit)
