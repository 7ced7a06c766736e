"""Response templates and leaders' directions on the page of a case."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from app.casefile.model import CaseFile
from app.console.case_view import Reader
from app.reports import directions
from app.reports.workflow import Act
from app.templates.model import Filled

MOST = 12
"""Templates that one act's form offers: those used most."""


class Directed(Struct, frozen=True):
    """A direction that is open, in words."""

    words: str
    by: str
    at: datetime
    due: datetime
    late: bool


def by_act(found: Sequence[Filled]) -> dict[Act, list[Filled]]:
    sorted_out: dict[Act, list[Filled]] = {}
    for one in found:
        sorted_out.setdefault(one.act, []).append(one)
    return {act: offered[:MOST] for act, offered in sorted_out.items()}


def directed(case: CaseFile, reader: Reader) -> list[Directed]:
    """What leaders wait for, soonest deadline first."""
    words = {message.message_id: message.body for message in case.messages}
    return [
        Directed(
            words.get(one.message_id, "") if one.message_id else "",
            case.names.get(one.by, "") if one.by else "",
            one.at,
            one.due,
            one.due < reader.now,
        )
        for one in directions.open_of(case.events)
    ]


def put_in(typed: Mapping[str, str], found: Sequence[Filled], wanted: str) -> dict[str, str]:
    """A form's fields with a template's words behind what was typed; as they were where there is no such template."""
    chosen = next((one for one in found if str(one.template_id) == wanted), None)
    if chosen is None:
        return dict(typed)
    before = typed.get("text", "").strip()
    return {**typed, "text": f"{before}\n{chosen.text}" if before else chosen.text, "template": wanted}


def template_of(typed: str) -> UUID | None:
    """The template that the words were made with, as the form names it."""
    try:
        return UUID(typed) if typed else None
    except ValueError:
        return None
