"""The life of a report: every act, from which status to which, by whom, and what it must bring. One table; everything
else asks it. The statuses and their meaning come from the provincial rules gathered in ``docs/architecture.md``.
"""

from enum import StrEnum
from typing import Literal

from msgspec import Struct

from app.accounts.model import Actor, Role
from app.errors import Conflict, Forbidden
from app.reports.model import LOOK_FIRST, Report, Status

S = Status
Who = Role | Literal["citizen", "system"]
Need = Literal[
    "text", "agency", "proof", "target", "rating", "photos", "urgency", "matter", "later", "by", "direction", "files",
    "attachment", "tags", "parts", "colleague",
]  # fmt: skip
"""``later``: another deadline than now; ``by``: a deadline for a direction; ``direction``: which of the open ones is
meant, which has to be said only where there are several."""


class Act(StrEnum):
    ACCEPT = "accept"
    ASSIGN = "assign"
    CLAIM = "claim"
    GIVE = "give"
    RELEASE = "release"
    START = "start"
    ASK = "ask"
    RESUME = "resume"
    RETURN = "return"
    TRANSFER = "transfer"
    PROGRESS = "progress"
    RESOLVE = "resolve"
    CONFIRM_PROOF = "confirm_proof"
    CLOSE = "close"
    REOPEN = "reopen"
    RECLASSIFY = "reclassify"
    SET_URGENCY = "set_urgency"
    ASK_EXTENSION = "ask_extension"
    GRANT_EXTENSION = "grant_extension"
    REFUSE_EXTENSION = "refuse_extension"
    REMIND = "remind"
    REJECT = "reject"
    MERGE = "merge"
    UNMERGE = "unmerge"
    SPLIT = "split"
    PUBLISH = "publish"
    UNPUBLISH = "unpublish"
    DIRECT = "direct"
    REPORT_BACK = "report_back"
    LIFT_DIRECTION = "lift_direction"
    NOTE = "note"
    TAG = "tag"
    ATTACH = "attach"
    DETACH = "detach"
    ADD_INFO = "add_info"
    ADD_PHOTOS = "add_photos"
    WITHDRAW = "withdraw"
    RATE = "rate"
    DISPUTE = "dispute"


class Move(Struct, frozen=True):
    """One row of the table. ``to`` None: the status stays (or depends on what was brought, see ``effects``)."""

    act: Act
    frm: frozenset[Status]
    to: Status | None
    by: frozenset[Who]
    needs: tuple[Need, ...] = ()


DESK = frozenset({S.SUBMITTED, S.RECEIVED, S.RETURNED})
WORK = frozenset({S.ASSIGNED, S.IN_PROGRESS})
OPEN = DESK | WORK | {S.AWAITING_INFO}
ENDED = frozenset({S.CLOSED, S.REJECTED, S.DUPLICATE, S.WITHDRAWN})
ANY = frozenset(Status)

_AGENCY: frozenset[Who] = frozenset({Role.OFFICER, Role.LEAD})
_COORDINATOR: frozenset[Who] = frozenset({Role.COORDINATOR})
_LEADER: frozenset[Who] = frozenset({Role.LEADER})
_CITIZEN: frozenset[Who] = frozenset({"citizen"})
_SYSTEM: frozenset[Who] = frozenset({"system"})
"""Time that has passed, and what partners say of the work (``app.partners``)."""

MOVES: dict[Act, Move] = {
    move.act: move
    for move in (
        Move(Act.ACCEPT, frozenset({S.SUBMITTED}), S.RECEIVED, _COORDINATOR),
        Move(Act.ASSIGN, DESK | WORK, S.ASSIGNED, _COORDINATOR, ("agency",)),
        Move(Act.CLAIM, WORK, None, _AGENCY),
        Move(Act.GIVE, WORK | {S.AWAITING_INFO}, None, _AGENCY, ("colleague",)),
        Move(Act.RELEASE, WORK | {S.AWAITING_INFO}, None, _AGENCY),
        Move(Act.START, frozenset({S.ASSIGNED}), S.IN_PROGRESS, _AGENCY | _SYSTEM),
        Move(Act.ASK, WORK, S.AWAITING_INFO, _AGENCY, ("text",)),
        Move(Act.RESUME, frozenset({S.AWAITING_INFO}), S.IN_PROGRESS, _AGENCY | _SYSTEM),
        Move(Act.RETURN, WORK, S.RETURNED, _AGENCY, ("text",)),
        Move(Act.TRANSFER, WORK, S.ASSIGNED, frozenset({Role.LEAD}), ("agency", "text")),
        Move(Act.PROGRESS, WORK, None, _AGENCY | _COORDINATOR | _SYSTEM, ("text",)),
        Move(Act.RESOLVE, WORK, S.RESOLVED, _AGENCY | _SYSTEM, ("text", "proof")),
        Move(Act.CONFIRM_PROOF, frozenset({S.RESOLVED, S.CLOSED}), None, _COORDINATOR),
        Move(Act.CLOSE, frozenset({S.RESOLVED}), S.CLOSED, _SYSTEM),
        Move(Act.REOPEN, frozenset({S.RESOLVED, S.CLOSED, S.REJECTED}), None, _COORDINATOR, ("text",)),
        Move(Act.RECLASSIFY, DESK | WORK, None, _COORDINATOR | {Role.LEAD}, ("matter",)),
        Move(Act.SET_URGENCY, DESK | WORK, None, _COORDINATOR, ("urgency", "text")),
        Move(Act.ASK_EXTENSION, WORK, None, _AGENCY, ("text", "later")),
        Move(Act.GRANT_EXTENSION, WORK, None, _COORDINATOR, ("text",)),
        Move(Act.REFUSE_EXTENSION, WORK, None, _COORDINATOR, ("text",)),
        Move(Act.REMIND, frozenset({S.AWAITING_INFO, S.RESOLVED}), None, _SYSTEM),
        Move(Act.REJECT, OPEN, S.REJECTED, _COORDINATOR, ("text",)),
        Move(Act.MERGE, OPEN, S.DUPLICATE, _COORDINATOR, ("target",)),
        Move(Act.UNMERGE, frozenset({S.DUPLICATE}), S.RECEIVED, _COORDINATOR, ("text",)),
        Move(Act.SPLIT, DESK | WORK, S.IN_PROGRESS, _COORDINATOR, ("parts",)),
        Move(Act.PUBLISH, ANY - {S.REJECTED, S.WITHDRAWN}, None, _COORDINATOR),
        Move(Act.UNPUBLISH, ANY, None, _COORDINATOR),
        Move(Act.DIRECT, ANY, None, _LEADER, ("text", "by")),
        Move(Act.REPORT_BACK, ANY, None, _AGENCY | _COORDINATOR, ("text", "direction")),
        Move(Act.LIFT_DIRECTION, ANY, None, _LEADER, ("text", "direction")),
        Move(Act.NOTE, ANY, None, _AGENCY | _COORDINATOR | _SYSTEM, ("text",)),
        Move(Act.TAG, ANY, None, _AGENCY | _COORDINATOR, ("tags",)),
        Move(Act.ATTACH, ANY, None, _AGENCY | _COORDINATOR, ("files",)),
        Move(Act.DETACH, ANY, None, _AGENCY | _COORDINATOR, ("attachment", "text")),
        Move(Act.ADD_INFO, OPEN, None, _CITIZEN, ("text",)),
        Move(Act.ADD_PHOTOS, OPEN, None, _CITIZEN, ("photos",)),
        Move(Act.WITHDRAW, DESK | {S.ASSIGNED}, S.WITHDRAWN, _CITIZEN),
        Move(Act.RATE, frozenset({S.RESOLVED, S.CLOSED, S.DUPLICATE}), None, _CITIZEN, ("rating",)),
        Move(Act.DISPUTE, frozenset({S.RESOLVED}), S.IN_PROGRESS, _CITIZEN, ("text",)),
    )
}

NOT_BESIDE_PARTS = frozenset(
    {
        Act.ASSIGN,
        Act.CLAIM,
        Act.GIVE,
        Act.RELEASE,
        Act.START,
        Act.ASK,
        Act.RETURN,
        Act.TRANSFER,
        Act.RESOLVE,
        Act.RECLASSIFY,
        Act.SET_URGENCY,
    }
    | {Act.ASK_EXTENSION, Act.GRANT_EXTENSION, Act.REFUSE_EXTENSION, Act.REJECT, Act.MERGE, Act.SPLIT}
)
"""While parts of a report are being worked on, the work is theirs."""
NOT_OF_PARTS = frozenset({Act.ASK, Act.MERGE, Act.SPLIT, Act.PUBLISH})
"""Whoever asks, merges or publishes means the citizen's report, not a part of it."""
HANDOVERS_BEFORE_DISPUTE = 2
"""Two returns or transfers make it a dispute over competence: only a coordinator's assignment, which is binding, moves
it on. Whoever gets it then cannot hand it on again."""


def permitted(act: Act, actor: Actor) -> Move:
    """The row for this act, if the actor's role may do it at all. Raises Forbidden.

    Seeing the report at all is the caller's check; a citizen actor is always its reporter.
    """
    move = MOVES[act]
    if (actor.role if actor.kind == "staff" else actor.kind) not in move.by:
        raise Forbidden("reports.act_not_yours", act=act)
    return move


def in_dispute(report: Report) -> bool:
    return report.handovers >= HANDOVERS_BEFORE_DISPUTE


def check(act: Act, actor: Actor, report: Report) -> Move:
    """The row for this act, if this actor may do it to this report now. Raises Forbidden or Conflict, saying why."""
    move = permitted(act, actor)
    if report.status not in move.frm:
        raise Conflict("reports.act_not_now", act=act, status=report.status)
    if act in (Act.RETURN, Act.TRANSFER) and in_dispute(report):
        raise Conflict("reports.competence_dispute")
    if report.open_parts and act in NOT_BESIDE_PARTS:
        raise Conflict("reports.parts_open", count=report.open_parts)
    if report.part_of is not None and act in NOT_OF_PARTS:
        raise Conflict("reports.is_part")
    if act in (Act.GRANT_EXTENSION, Act.REFUSE_EXTENSION) and report.extension_wanted is None:
        raise Conflict("reports.no_extension_asked")
    if act in (Act.REPORT_BACK, Act.LIFT_DIRECTION) and report.directed_due_at is None:
        raise Conflict("reports.no_direction_open")
    if act is Act.MERGE and report.directed_due_at is not None:
        # A leader waits for an answer about this very case: it is the one that the others are merged into.
        raise Conflict("reports.direction_open")
    if act in (Act.GIVE, Act.RELEASE) and actor.role is not Role.LEAD and report.assignee_id != actor.id:
        raise Forbidden("reports.not_in_your_hands")
    if act is Act.RELEASE and report.assignee_id is None:
        raise Conflict("reports.nobody_has_it")
    if act is Act.CONFIRM_PROOF and not report.proof_doubts:
        raise Conflict("reports.no_doubts")
    if act is Act.PUBLISH and LOOK_FIRST in report.tags:
        raise Conflict("reports.words_first", tag=LOOK_FIRST)
    if act is Act.PUBLISH and report.visibility == "private":
        raise Conflict("reports.private")
    return move


def acts_for(actor: Actor, report: Report) -> list[Act]:
    """Exactly the acts this actor may do to this report now, for buttons and the API."""
    allowed = []
    for act in Act:
        try:
            check(act, actor, report)
        except (Forbidden, Conflict):
            continue
        allowed.append(act)
    return allowed
