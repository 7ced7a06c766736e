"""What a reader asks for, as it stands in an address: a period, filters, "as of". Pure.

The address is all there is to a question, so that it can be kept, sent on, put into a file and come back to.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from urllib.parse import urlencode

from msgspec import Struct, structs

from app.errors import Invalid
from app.i18n.text import nfc
from app.routing.calendar import VIETNAM
from app.routing.model import CHANNELS
from app.stats.model import By, Question
from app.stats.periods import Period, current, parse

FILTERS = {"agency": "agencies", "category": "categories", "commune": "communes", "channel": "channels"}
"""A filter's name in addresses, and in questions."""
NOBODY = "-"
"""In an address: the coordinators' desk among agencies, the unknown commune among communes."""
_MOST, _LONGEST = 300, 100
_MINUTE = timedelta(minutes=1)


class Asked(Struct, frozen=True, kw_only=True):
    """Empty filters mean all; the agency "" is the coordinators' desk, the commune "" where nobody knows it.

    ``as_of`` None: as it was known at the end of the period, so that the figures of a past period stay what they were;
    while the period still goes on: as known now.
    """

    period: Period
    agencies: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    communes: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    as_of: datetime | None = None

    def question(self, now: datetime, by: By | None = None, period: Period | None = None) -> Question:
        """For the figures. ``period``: another one in place of the own, for comparison."""
        period = period or self.period
        return Question(
            start=period.start,
            end=period.end,
            as_of=self.as_of or min(period.end, now),
            agencies=self.agencies,
            categories=self.categories,
            communes=self.communes,
            channels=self.channels,
            by=by,
        )

    def settled(self, now: datetime) -> "Asked":
        """The same with "as of" written out, so that it means the same at any later time."""
        return structs.replace(self, as_of=self.as_of or min(self.period.end, now))

    def pairs(self) -> list[tuple[str, str]]:
        """For an address or hidden fields of a form."""
        pairs = [("period", self.period.key)]
        pairs += [(name, value or NOBODY) for name, field in FILTERS.items() for value in getattr(self, field)]
        if self.as_of is not None:
            pairs.append(("as_of", f"{self.as_of.astimezone(VIETNAM).replace(tzinfo=None).isoformat()}"))
        return pairs

    def query(self, **changed: str | None) -> str:
        """The address's query with some of it changed: a value in place of all of that name, or None for without."""
        kept = [(name, value) for name, value in self.pairs() if name not in changed]
        return urlencode([*kept, *((name, value) for name, value in changed.items() if value is not None)])


def asked(pairs: Iterable[tuple[str, str]], now: datetime) -> Asked:
    """From the pairs of an address's query; names of others are passed over. Without a period: this month, or the one
    before it in its first minute, when nothing of it is known yet: figures are as of the last full minute.

    Raises Invalid, naming the field.
    """
    said: dict[str, list[str]] = {}
    for name, value in pairs:
        said.setdefault(name, []).append(nfc(value))
    filters = {field: _filter(name, said.get(name, [])) for name, field in FILTERS.items()}
    for channel in filters["channels"]:
        if channel not in CHANNELS:
            raise Invalid("stats.channel_unknown", field="channel", channel=channel[:_LONGEST])
    key, as_of = (next((value for value in said.get(name, []) if value), "") for name in ("period", "as_of"))
    return Asked(
        period=parse(key) if key else current("month", now - _MINUTE),
        agencies=filters["agencies"],
        categories=filters["categories"],
        communes=filters["communes"],
        channels=filters["channels"],
        as_of=_moment(as_of, now) if as_of else None,
    )


def _filter(name: str, values: list[str]) -> tuple[str, ...]:
    """In one order, so that the same question is written in one way. "-" stands for the empty one, as a form's ""
    stands for all."""
    chosen = sorted({"" if value == NOBODY else value for value in values if value})
    if len(chosen) > _MOST or any(len(value) > _LONGEST for value in chosen):
        raise Invalid("stats.filter_wrong", field=name)
    return tuple(chosen)


def _moment(said: str, now: datetime) -> datetime:
    """By Vietnam's clocks where it names no other; what lies ahead is now."""
    if said == "now":
        return now
    try:
        moment = datetime.fromisoformat(said)
    except ValueError:
        raise Invalid("stats.as_of_wrong", field="as_of") from None
    return min(moment if moment.tzinfo else moment.replace(tzinfo=VIETNAM), now)
