"""Countdowns to moments of the clock."""

from datetime import datetime, timedelta
from typing import Literal

from msgspec import Struct

from app.casefile.spans import span
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
