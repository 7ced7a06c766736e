"""Response templates: what is often said on an act, for a category, a group of them or any, with places to fill in.
Pure."""

import re
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from app.accounts.model import Actor, Role
from app.errors import Problem
from app.i18n import Lang
from app.reports.workflow import Act

FIELDS = ("code", "category", "place", "agency", "officer", "due", "received", "today")
"""What may be filled in. Nothing of who reported: what is written by template goes out without a second look."""
_PERSONAL = frozenset({"name", "reporter", "citizen", "phone", "email", "contact", "ten", "sdt"})
TITLE_MOST, BODY_MOST = 100, 3500
AGENCY_MOST = 300
"""Templates of one agency."""

_FIELD = re.compile(r"\{([^{}]*)\}")
ACTS = (
    Act.ASK,
    Act.PROGRESS,
    Act.RESOLVE,
    Act.REJECT,
    Act.RETURN,
    Act.TRANSFER,
    Act.ASK_EXTENSION,
    Act.GRANT_EXTENSION,
    Act.REFUSE_EXTENSION,
    Act.REOPEN,
    Act.REPORT_BACK,
    Act.NOTE,
)
"""Acts on which the same is said again and again, in the order in which they are offered."""


class Draft(Struct, frozen=True, kw_only=True):
    """What a person writes. ``group_id`` and ``category``: at most one; neither: for any matter. ``body_en``: for
    citizens who read English; "" where Vietnamese has to do."""

    act: Act
    title: str
    body: str
    body_en: str = ""
    group_id: str | None = None
    category: str | None = None

    def problems(self) -> list[Problem]:
        found = []
        if not 0 < len(self.title) <= TITLE_MOST:
            found.append(Problem("templates.title_length", {"most": TITLE_MOST}, "title"))
        if not 0 < len(self.body) <= BODY_MOST:
            found.append(Problem("templates.body_length", {"most": BODY_MOST}, "body"))
        if len(self.body_en) > BODY_MOST:
            found.append(Problem("templates.body_length", {"most": BODY_MOST}, "body_en"))
        if self.act not in ACTS:
            found.append(Problem("templates.act_wordless", {}, "act"))
        for field, words in (("body", self.body), ("body_en", self.body_en)):
            if problem := wrong_fields(words, field):
                found.append(problem)
        return found


class Template(Struct, frozen=True, kw_only=True):
    """A template as it stands. ``used``: how often something was said with it."""

    template_id: UUID
    agency_id: str
    act: Act
    group_id: str | None
    category: str | None
    title: str
    body: str
    body_en: str
    active: bool
    version: int
    used: int


class Change(Struct, frozen=True, kw_only=True):
    """The template as somebody left it. ``staff_id`` None: it came with the system."""

    version: int
    at: datetime
    staff_id: UUID | None
    active: bool
    title: str
    body: str
    body_en: str


class Filled(Struct, frozen=True, kw_only=True):
    """A template filled in for one report, in the reporter's language where there are words in it."""

    template_id: UUID
    agency_id: str
    act: Act
    title: str
    text: str
    lang: Lang
    used: int


def wrong_fields(words: str, field: str) -> Problem | None:
    """The first place that cannot be filled in. A brace that belongs to no place is one, too."""
    for name in _FIELD.findall(words):
        if name.strip().lower() in _PERSONAL:
            return Problem("templates.field_personal", {"name": name}, field)
        if name not in FIELDS:
            return Problem("templates.field_unknown", {"name": name[:40], "known": _known()}, field)
    if re.search(r"[{}]", _FIELD.sub("", words)):
        return Problem("templates.brace_alone", {"known": _known()}, field)
    return None


def _known() -> str:
    return ", ".join(f"{{{name}}}" for name in FIELDS)


def fill(words: str, values: Mapping[str, str]) -> str:
    """The words with everything filled in; values are not looked into again."""
    return _FIELD.sub(lambda found: values.get(found[1], found[0]), words)


def manages(actor: Actor, agency_id: str, centre: str) -> bool:
    """A lead looks after their agency's, coordinators after the centre's, administrators after all."""
    match actor.role:
        case Role.LEAD:
            return agency_id == actor.agency_id
        case Role.COORDINATOR:
            return agency_id == centre
        case Role.ADMINISTRATOR:
            return True
    return actor.kind == "system"


def home_of(actor: Actor, centre: str) -> str:
    """Whose a new template of this person is."""
    return actor.agency_id if actor.role is Role.LEAD and actor.agency_id else centre
