"""A deadline put off: the agency asks and says why, a coordinator grants or refuses. Pure.

A case that is late in spite of a granted extension is counted apart, so the report keeps what was granted.
"""

from datetime import datetime

from app.errors import Invalid
from app.history.model import Kind
from app.reports.change import Change

DAYS_MOST = 60


def check_wanted(days: int | None, due: datetime | None, now_due: datetime, at: datetime) -> None:
    """Whether an extension asked for or granted is one at all. Raises Invalid."""
    if days is not None and not 1 <= days <= DAYS_MOST:
        raise Invalid("reports.extension_days", field="days", most=DAYS_MOST)
    if due is not None and due <= max(now_due, at):
        raise Invalid("reports.extension_early", field="due")


def ask(c: Change) -> None:
    """Nothing moves until a coordinator has decided. Asking again replaces what was asked."""
    wanted = _wanted(c)
    assert wanted is not None
    c.set(extension_wanted=wanted)
    c.note(Kind.EXTENSION_ASKED, {"wanted": wanted.isoformat()} | c.say("reason", "staff"))


def grant(c: Change) -> None:
    """The deadline asked for, or another one that the coordinator names. The reason given here is the one that the
    reporter reads."""
    granted = max(_wanted(c) or c.report.extension_wanted or c.report.due_at, c.report.due_at)
    c.set(extension_wanted=None, extended_to=granted, due_at=granted)
    due = {"due": granted.isoformat(), "due_was": c.seen.due_at.isoformat()}
    c.note(Kind.EXTENSION_GRANTED, due | c.say("reason", "reporter"))


def refuse(c: Change) -> None:
    c.set(extension_wanted=None)
    c.note(Kind.EXTENSION_REFUSED, c.say("reason", "staff"))


def _wanted(c: Change) -> datetime | None:
    """The deadline that the form names; working days count from the deadline, or from now once that has passed."""
    if c.form.due is not None:
        return c.form.due
    if c.form.days is None:
        return None
    return c.rules.calendar.add_working_days(max(c.report.due_at, c.at), c.form.days)
