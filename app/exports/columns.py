"""What a list of reports says of each, in which order, and who may have which of it. Pure.

Nothing of who reported is among it. What they wrote and where exactly it is are for those who may read the case.
"""

from typing import Literal

from msgspec import Struct

from app.accounts.model import Actor
from app.accounts.permissions import Permission, may
from app.i18n import Lang, t

Kind = Literal["text", "free", "moment", "count"]
Row = list[str | int | None]
"""A value for each column, None for nothing; a moment is ``2026-11-27 14:05:00`` by Vietnam's clocks."""


class Column(Struct, frozen=True):
    """``free``: people typed it, so it may begin with anything. ``case``: for those who may read the case. ``ids``: for
    programs, which join by them."""

    name: str
    kind: Kind = "text"
    case: bool = False
    ids: bool = False

    def title(self, lang: Lang) -> str:
        return t(f"exports.column_{self.name}", lang)


COLUMNS: dict[str, Column] = {
    column.name: column
    for column in (
        Column("code"),
        Column("submitted_at", "moment"),
        Column("channel"),
        Column("category"),
        Column("category_id", ids=True),
        Column("commune"),
        Column("commune_code", ids=True),
        Column("agency"),
        Column("agency_id", ids=True),
        Column("status"),
        Column("accepted_at", "moment"),
        Column("assigned_at", "moment"),
        Column("due_at", "moment"),
        Column("resolved_at", "moment"),
        Column("timeliness"),
        Column("minutes", "count"),
        Column("rating"),
        Column("returned", "count"),
        Column("transferred", "count"),
        Column("extensions", "count"),
        Column("reopened", "count"),
        Column("words", "free", case=True),
        Column("address", "free", case=True),
        Column("place", "free", case=True),
    )
}


def columns_for(actor: Actor, *, ids: bool, cases: bool = True) -> tuple[str, ...]:
    """The names of the columns that this reader gets; ``cases`` False: of those that say nothing of the case."""
    cases = cases and may(actor, Permission.READ_REPORT)
    return tuple(c.name for c in COLUMNS.values() if (cases or not c.case) and (ids or not c.ids))
