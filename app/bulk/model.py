"""One act on many reports: what may be done to many at once, what it asks for, and what becomes of each row."""

from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from msgspec import Struct

from app.accounts.model import Actor
from app.errors import Problem
from app.reports.model import Form, Report, Urgency
from app.reports.tags import tidy
from app.reports.workflow import MOVES, Act

ROWS_MOST = 500
KEPT = timedelta(days=30)
PREVIEWS_KEPT = timedelta(days=1)

ACTS = (
    Act.CLAIM,
    Act.START,
    Act.GIVE,
    Act.RELEASE,
    Act.ACCEPT,
    Act.ASSIGN,
    Act.TRANSFER,
    Act.RETURN,
    Act.PROGRESS,
    Act.ASK_EXTENSION,
    Act.GRANT_EXTENSION,
    Act.REFUSE_EXTENSION,
    Act.SET_URGENCY,
    Act.RECLASSIFY,
    Act.TAG,
    Act.MERGE,
    Act.PUBLISH,
    Act.UNPUBLISH,
    Act.REJECT,
    Act.NOTE,
    Act.DIRECT,
)
"""In the order in which they are offered. A result needs proof of its own, a question words of its own."""

State = Literal["preview", "running", "done", "cancelled"]
RowState = Literal["waiting", "done", "refused", "left_out", "cancelled"]


class Wanted(Struct, frozen=True, kw_only=True):
    """What the act brings along, asked once for all rows. ``target``: the code of the report they are merged into."""

    text: str = ""
    agency: str | None = None
    category: str | None = None
    urgency: Urgency | None = None
    target: str | None = None
    days: int | None = None
    due: datetime | None = None
    tags: tuple[str, ...] | None = None
    """Added to those that each report has."""
    colleague: UUID | None = None

    def form(self, report: Report | None = None, client_key: str | None = None) -> Form:
        has = report.tags if report else ()
        return Form(
            tags=None if self.tags is None else tidy((*has, *self.tags)),
            text=self.text,
            agency_id=self.agency,
            category=self.category,
            urgency=self.urgency,
            target=self.target,
            days=self.days,
            due=self.due,
            colleague=self.colleague,
            client_key=client_key,
        )


class Run(Struct, frozen=True, kw_only=True):
    """``back``: the page of ours that the person came from."""

    run_id: UUID
    staff_id: UUID
    act: Act
    wanted: Wanted
    back: str
    state: State
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None

    def key(self, place: int) -> str:
        """What makes a row's act one act, however often it is tried."""
        return f"bulk:{self.run_id}:{place}"


class Row(Struct, frozen=True, kw_only=True):
    """``report_id`` and ``version`` None: no report that this person may know of."""

    place: int
    code: str
    report_id: UUID | None
    version: int | None
    state: RowState
    problems: tuple[Problem, ...] = ()


class Seen(Struct, frozen=True):
    """A row with its report as it is now (None: not theirs to see), and what stands in the way of the act."""

    row: Row
    report: Report | None
    problems: tuple[Problem, ...]


class Tally(Struct, frozen=True):
    """A run in a list, with how many rows are in which state."""

    run: Run
    counts: dict[str, int]


def acts_of(actor: Actor) -> list[Act]:
    """What this person may do to many reports at once; whether to each of them, its row says."""
    return [act for act in ACTS if actor.role in MOVES[act].by]


Settled = tuple[int, RowState, tuple[Problem, ...]]
"""Place, state and problems of a row that was worked on."""
