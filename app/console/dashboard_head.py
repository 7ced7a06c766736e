"""The head of the page of figures: which period, as of when, which filters, each changed by a link or a plain form."""

from datetime import datetime, timedelta

from msgspec import Struct

from app.casefile.words import ago
from app.console.dashboard_asked import BYS, KINDS, NOW, Look, of_kind
from app.console.words import when
from app.i18n import Lang, t
from app.routing.calendar import VIETNAM
from app.stats.asked import FILTERS
from app.stats.compared import OTHERS, other_period
from app.stats.names import Names

_BEHIND = timedelta(minutes=2)
"""How old the figures may be before it is said aloud; usually it is seconds."""


class Choice(Struct, frozen=True):
    words: str
    path: str
    chosen: bool = False


class Head(Struct, frozen=True):
    """``after`` None: the next period has not begun. ``for_period``, ``for_moment``, ``for_filters``: the address as
    hidden fields of the form that asks for another period, as of another moment, or for one more filter. ``age``: how
    long ago the history was read, in words; ``behind``: longer than usual."""

    period: str
    before: Choice
    after: Choice | None
    kinds: list[Choice]
    day: str
    first: str
    last: str
    going_on: bool
    as_of: str
    as_ofs: list[Choice]
    moment: str
    chips: list[tuple[str, str, str]]
    clear: str
    read_at: datetime
    age: str
    behind: bool
    for_period: list[tuple[str, str]]
    for_moment: list[tuple[str, str]]
    for_filters: list[tuple[str, str]]
    others: dict[str, str]


def head(wanted: Look, names: Names, read_at: datetime, now: datetime, lang: Lang, here: str) -> Head:
    period, asked = wanted.asked.period, wanted.asked
    going_on = now < period.end
    after, last = period.after(), min(period.end, now) - timedelta(seconds=1)
    pairs = wanted.pairs()
    before = period.before()
    return Head(
        period.title(lang),
        Choice(before.title(lang), f"{here}?{wanted.at(before)}"),
        Choice(after.title(lang), f"{here}?{wanted.at(after)}") if after.start <= now else None,
        [
            Choice(
                t(f"dashboard.kind_{kind}", lang),
                f"{here}?{wanted.at(of_kind(kind, period, now))}",
                kind == period.kind,
            )
            for kind in KINDS
        ],
        _day(last),
        _day(period.start),
        _day(last),
        going_on,
        t("dashboard.as_of_now", lang) if asked.as_of is None and going_on else when(asked.as_of or period.end),
        _as_ofs(wanted, now, lang, here),
        (asked.as_of or min(period.end, now)).astimezone(VIETNAM).strftime("%Y-%m-%dT%H:%M"),
        [(name, value, f"{here}?{wanted.without(*pair)}") for name, value, pair in chips_of(wanted, names, lang)],
        f"{here}?{wanted.query(**dict.fromkeys(FILTERS))}",
        read_at,
        ago(read_at, now, lang),
        now - read_at > _BEHIND,
        [pair for pair in pairs if pair[0] != "period" and (pair[0] != "as_of" or wanted.live)],
        [pair for pair in pairs if pair[0] != "as_of"],
        pairs,
        {other: other_period(period, other).title(lang) for other in OTHERS},
    )


def _day(at: datetime) -> str:
    return at.astimezone(VIETNAM).strftime("%Y-%m-%d")


def _as_ofs(wanted: Look, now: datetime, lang: Lang, here: str) -> list[Choice]:
    """As at the end of the period, or as known now; of a period that goes on both are the same."""
    if now < wanted.asked.period.end and wanted.asked.as_of is None:
        return []
    end = Choice(t("dashboard.as_of_end", lang), f"{here}?{wanted.query(as_of=None)}", wanted.asked.as_of is None)
    return [end, Choice(t("dashboard.as_of_live", lang), f"{here}?{wanted.query(as_of=NOW)}", wanted.live)]


def chips_of(wanted: Look, names: Names, lang: Lang) -> list[tuple[str, str, tuple[str, str]]]:
    """What is filtered by, its value in words, and both as in an address."""
    return [
        (t(f"dashboard.by_{by}", lang), names.of(by, value, lang), (by, value))
        for by in BYS
        for value in getattr(wanted.asked, FILTERS[by])
    ]
