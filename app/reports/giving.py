"""Giving a case to a colleague by name, and putting it back for whoever takes it. Pure.

A lead gives any case of their agencies, an officer the one they have themselves (``workflow.check``). Whom it may be
given to is ``colleagues``'s to say. It moves no status and no clock.
"""

from app.history.model import Kind
from app.reports.change import Change
from app.reports.model import Form, Report


def give(c: Change) -> None:
    was = c.report.assignee_id
    c.set(assignee_id=c.form.colleague)
    given = {"assignee": str(c.form.colleague)} | ({"was": str(was)} if was else {})
    c.note(Kind.GIVEN, given | c.say("note", "staff"))


def release(c: Change) -> None:
    """Nobody's for now: it is among those of the agency that somebody has to take."""
    was = c.report.assignee_id
    c.set(assignee_id=None)
    c.note(Kind.RELEASED, {"was": str(was)} | c.say("note", "staff"))


def already(report: Report, form: Form) -> bool:
    return report.assignee_id is not None and report.assignee_id == form.colleague and not form.text
