"""Stretches of days that rules name: seasons, and from one date to another."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime

from app.routing.calendar import VIETNAM
from app.routing.read_calendar import Season

_MOST_DAYS = 4096


def season_token(season_id: str) -> str:
    return f"~{season_id}"


def dates_token(first: date | None, last: date | None) -> str:
    return f"~{first or ''}..{last or ''}"


class Periods:
    def __init__(self, tokens: Iterable[str], seasons: Mapping[str, Season]) -> None:
        self._tokens = sorted(tokens)
        self._seasons = seasons
        self._days: dict[date, frozenset[str]] = {}

    def on(self, at: datetime) -> frozenset[str]:
        """The tokens of the periods that a moment's day in Vietnam is in."""
        day = at.astimezone(VIETNAM).date()
        known = self._days.get(day)
        if known is None:
            if len(self._days) >= _MOST_DAYS:
                self._days.clear()
            known = self._days[day] = frozenset(token for token in self._tokens if self._holds(token[1:], day))
        return known

    def _holds(self, name: str, day: date) -> bool:
        season = self._seasons.get(name)
        if season is not None:
            now = (day.month, day.day)
            if season.first <= season.last:
                return season.first <= now <= season.last
            return now >= season.first or now <= season.last
        first, _, last = name.partition("..")
        return (not first or date.fromisoformat(first) <= day) and (not last or day <= date.fromisoformat(last))
