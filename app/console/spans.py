"""Lengths of time in words, and countdowns."""

from datetime import datetime, timedelta
from typing import Literal

from msgspec import Struct

from app.i18n import Lang, t

_SOON = timedelta(minutes=30)


class Countdown(Struct, frozen=True):
    """How long until a moment, in words with its sign: "còn 40 phút", "quá 2 giờ 5 phút"."""

    at: datetime
    words: str
    state: Literal["calm", "soon", "late"]


def countdown(at: datetime, now: datetime, lang: Lang, soon: timedelta = _SOON) -> Countdown:
    left = at - now
    if left <= timedelta():
        return Countdown(at, t("desk.late_by", lang, span=span(-left, lang)), "late")
    return Countdown(at, t("desk.left", lang, span=span(left, lang)), "soon" if left < soon else "calm")


def span(length: timedelta, lang: Lang) -> str:
    """The two largest units: "3 ngày 4 giờ", "1 giờ 20 phút", "5 phút"; under a minute it is one."""
    minutes = max(1, int(length.total_seconds() // 60))
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    parts = [("days", days), ("hours", hours), ("minutes", minutes)]
    first = next(place for place, (_, count) in enumerate(parts) if count)
    said = [
        t(f"desk.{unit}_{'one' if count == 1 else 'many'}", lang, count=count)
        for unit, count in parts[first : first + 2]
        if count
    ]
    return " ".join(said)
