"""Tags: short words that the staff sort reports by. Pure."""

from collections.abc import Iterable

from app.accounts.model import Role
from app.errors import Invalid, Problem
from app.history.model import Kind
from app.i18n.text import nfc
from app.reports.change import Change
from app.reports.model import LOOK_FIRST, Form, Report

TAGS_MOST = 10
LETTERS_MOST = 40


def tidy(typed: Iterable[str]) -> tuple[str, ...]:
    """One form for what is the same tag: composed, small, single spaces, each once, in the order given."""
    found = (" ".join(nfc(tag).lower().split()) for tag in typed)
    return tuple(dict.fromkeys(tag for tag in found if tag))


def problems(tags: tuple[str, ...] | None) -> list[Problem]:
    """What is wrong with tidied tags."""
    if tags is None:
        return []
    found = []
    if len(tags) > TAGS_MOST:
        found.append(Problem("reports.tags_many", {"most": TAGS_MOST}, "tags"))
    if long := next((tag for tag in tags if len(tag) > LETTERS_MOST), None):
        found.append(Problem("reports.tag_long", {"most": LETTERS_MOST, "tag": long[:60]}, "tags"))
    if comma := next((tag for tag in tags if "," in tag), None):
        found.append(Problem("reports.tag_comma", {"tag": comma[:60]}, "tags"))
    return found


def set_tags(c: Change) -> None:
    """The report's tags are these and no others, whatever rules or people gave it before. Raises Invalid."""
    tags = tidy(c.form.tags or ())
    if LOOK_FIRST in c.seen.tags and LOOK_FIRST not in tags and c.actor.role is not Role.COORDINATOR:
        raise Invalid("reports.words_kept", field="tags", tag=LOOK_FIRST)
    c.set(tags=tags)
    c.note(Kind.TAGGED, {"tags": list(tags), "was": list(c.seen.tags)} | c.say("note", "staff"))


def already(report: Report, form: Form) -> bool:
    return form.tags is not None and set(tidy(form.tags)) == set(report.tags) and not form.text
