"""When followers are told: in the morning of Vietnam, every day or on Mondays. Pure."""

from datetime import datetime, timedelta

from app.routing.calendar import VIETNAM
from app.subscriptions.model import Rhythm

_FROM, _TO = 7, 20
"""Hours of the day in which messages go out; what was missed in the night waits for the morning."""


def may_go(at: datetime) -> bool:
    return _FROM <= at.astimezone(VIETNAM).hour < _TO


def last_due(rhythm: Rhythm, at: datetime) -> datetime:
    """The last morning, or Monday morning, not after ``at``."""
    local = at.astimezone(VIETNAM)
    morning = local.replace(hour=_FROM, minute=0, second=0, microsecond=0)
    if morning > local:
        morning -= timedelta(days=1)
    return morning - timedelta(days=morning.weekday() if rhythm == "weekly" else 0)
