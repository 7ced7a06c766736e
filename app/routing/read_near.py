"""How near and how recent a report must be to be offered as the same matter: for the province, and by category."""

from datetime import timedelta

from app.routing.fields import Fields
from app.routing.language import optional
from app.routing.model import Nearness

DEFAULT = Nearness(50.0, timedelta(days=14))
LEAST_M, MOST_M = 5.0, 5_000.0
LEAST, MOST = timedelta(hours=1), timedelta(days=365)
_CLOCK = ("minutes", "hours", "days")


def read_duplicates(top: Fields) -> Nearness:
    """The province's own; what is not written is the default."""
    written = top.fields("duplicates", (), optional("duplicates"))
    return Nearness(read_near(written) or DEFAULT.metres, read_recent(written) or DEFAULT.period)


def read_near(fields: Fields) -> float | None:
    """Metres. Less than a position's own error, or more than a walk, is a slip of the pen."""
    metres = fields.distance("near")
    if metres is not None and not LEAST_M <= metres <= MOST_M:
        fields.complain(
            "near", "near_odd", name=fields.text("near"), least=f"{LEAST_M:g} m", most=f"{MOST_M / 1000:g} km"
        )
        return None
    return metres


def read_recent(fields: Fields) -> timedelta | None:
    """By the clock: what happened last week was as long ago on holidays."""
    limit = fields.limit("recent")
    if limit is None:
        return None
    period = timedelta(**{limit.unit: limit.amount}) if limit.unit in _CLOCK else None
    if period is None or not LEAST <= period <= MOST:
        fields.complain("recent", "recent_odd", name=fields.text("recent"))
        return None
    return period
