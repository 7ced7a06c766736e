"""How much time is left until a deadline, as offices count it and as people say it. Pure."""

from datetime import datetime, timedelta
from typing import Literal

from msgspec import Struct

from app.casefile.spans import span
from app.i18n import Lang, t
from app.routing.calendar import Calendar
from app.routing.limits import Limit

Level = Literal["calm", "soon", "over"]
_SOON = 0.8
"""Of the time given; from here on a deadline burns."""


class Countdown(Struct, frozen=True):
    """``left``: office time for limits counted in it, else time of the clock; negative when overdue. ``office``: which
    of the two. ``share``: of the time given, how much is used, from 0."""

    left: timedelta
    office: bool
    share: float

    @property
    def level(self) -> Level:
        """Whether it burns."""
        if self.left < timedelta(0):
            return "over"
        return "soon" if self.share >= _SOON else "calm"


def countdown(calendar: Calendar, limit: Limit, start: datetime, due: datetime, now: datetime) -> Countdown:
    """``start``: when the clock that runs to ``due`` was started."""
    between = calendar.office_hours_between if limit.office else _of_the_clock
    left, given = between(now, due), between(start, due)
    if due <= now:
        # Outside office hours nothing passes, but what is over is over.
        left = min(left, -timedelta(minutes=1))
    return Countdown(left, limit.office, 1 - left / given if given > timedelta(0) else 1.0)


def _of_the_clock(start: datetime, end: datetime) -> timedelta:
    return end - start


def words(calendar: Calendar, count: Countdown, lang: Lang) -> str:
    """ "còn 3 ngày 2 giờ làm việc", "còn 20 phút", "quá hạn 2 giờ"."""
    length = span(abs(count.left), lang, office_day=calendar.usual_day() if count.office else None)
    return t("case.overdue_by" if count.left < timedelta(0) else "case.left", lang, span=length)
