"""When a message may go out: not in the night, and not as one of a flood. Pure.

A question or a result is never put into a digest and never waits for anything but the morning.
"""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")

AT_ONCE = ("asked", "resolved", "rejected", "reminded_question", "reminded_rating")
"""Templates that a person must see by themselves."""
QUESTIONS = ("asked", "reminded_question")
"""They reach a person who has muted everything: without an answer their own report stands still."""

FEW = 3
"""So many messages within ``WINDOW`` are no flood yet; the rest is gathered."""
WINDOW = timedelta(minutes=10)
_DAY = 24 * 60


class Quiet(Struct, frozen=True):
    """The hours, in minutes of Vietnam's day, in which nobody is woken; the end is excluded. May go over midnight."""

    start: int
    end: int

    def ends(self, at: datetime) -> datetime | None:
        """When the quiet that ``at`` lies in is over; None when it lies in none."""
        local = at.astimezone(ZONE)
        minute = local.hour * 60 + local.minute
        if (minute - self.start) % _DAY >= (self.end - self.start) % _DAY:
            return None
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
        return midnight + timedelta(minutes=self.end, days=self.end <= minute)


class Moment(Struct, frozen=True):
    """What decides about one message. ``lately``: when this address was sent what is not ``AT_ONCE``, newest first;
    ``waiting``: how many such messages wait for it, this one included."""

    template: str
    entered_at: datetime
    urgent: bool
    lately: tuple[datetime, ...] = ()
    waiting: int = 1
    bound: bool = False
    """It is in a digest already that could not be delivered the last time."""


class Go(Struct, frozen=True):
    """Send it now; ``digest``: together with all that waits."""

    digest: bool = False


class Wait(Struct, frozen=True):
    seconds: float


def decide(moment: Moment, quiet: Quiet | None, at: datetime) -> Go | Wait:
    """Now, later, or now with others. What waited for the morning goes together as soon as there are two of it."""
    morning = quiet.ends(at) if quiet else None
    if morning and not moment.urgent:
        return Wait((morning - at).total_seconds())
    if moment.template in AT_ONCE:
        return Go()
    if moment.bound:
        return Go(digest=True)
    if len(moment.lately) >= FEW:
        return Wait(max(1.0, (moment.lately[FEW - 1] + WINDOW - at).total_seconds()))
    slept = quiet is not None and quiet.ends(moment.entered_at) is not None
    flood = len(moment.lately) + moment.waiting > FEW
    return Go(digest=moment.waiting > 1 and (slept or flood))
