"""The shapes of what members of staff see of a report: the queue's rows and the whole case. Who reported it is in
neither."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from app.api.views import (
    Named,
    PlaceView,
    Voices,
)
from app.casefile.model import By, FirstAnswer, Told
from app.reports.model import (
    Adder,
    Audience,
    MessageKind,
    Rating,
    ReporterKind,
    Stage,
    Status,
    Urgency,
)
from app.reports.proof import Taken, Use, Where
from app.reports.workflow import Act

Doc = Meta


class QueueItem(Struct):
    """A report as a queue shows it."""

    code: str
    version: int
    status: Status
    status_word: str
    category: Named
    text: str
    commune: str
    address: str
    agency: Named
    assignee: Named | None
    urgency: Urgency
    submitted_at: datetime
    due_at: datetime
    first_answer: FirstAnswer
    paused_at: datetime | None
    overdue: bool
    voices: Voices
    tags: list[str]
    photo: Annotated[str | None, Doc(description="Link to the first photo, 320 pixels.")]


class QueuePage(Struct):
    """Soonest deadline first. ``next`` is the cursor of the following page, null on the last."""

    items: list[QueueItem]
    next: str | None


class Deadline(Struct):
    """The clock. ``limit`` in words; ``left_seconds`` of the calendar clock, negative when overdue; null when the
    clock does not run (paused or finished). ``extension_wanted``: what the agency asks for and no coordinator has
    answered; ``extended_to``: what was granted."""

    intake_due_at: datetime
    first_answer: FirstAnswer
    due_at: datetime
    limit: str
    paused_at: datetime | None
    overdue: bool
    left_seconds: int | None
    extension_wanted: datetime | None
    extended_to: datetime | None


class Answered(Struct):
    """What the reporter answered to an extra question of the category. Names as the rules have them now; the ids where
    they have none any more."""

    question: Named
    answer: Named


class UsedBefore(Struct):
    """Where else a photo was seen. ``code`` only for those who see every report; ``same``: the very file, else one
    that looks the same."""

    how: Use
    code: str | None
    same: bool


class PhotoProof(Struct):
    """What is known of a photo that proves a result. ``metres`` from the report's place; ``doubts``: what is odd about
    it; ``words``: all of it in sentences."""

    taken: Taken
    taken_at: datetime | None
    where: Where
    metres: int | None
    used: list[UsedBefore]
    doubts: list[str]
    words: list[str]


class CaseAttachment(Struct):
    """A file that staff put into the case; seen by staff alone. ``proof``: it proves the result. ``link``: the bytes as
    they came, to be saved."""

    attachment_id: UUID
    name: str
    content_type: str
    size_bytes: int
    pages: Annotated[int, Doc(description="Of a PDF; 0 for a picture.")]
    proof: bool
    at: datetime
    by: By
    link: str


class CasePhoto(Struct):
    """``original`` is the file as it came, with the camera's time and place: evidence, for staff on the case alone."""

    photo_id: UUID
    stage: Stage
    at: datetime
    by: Adder
    width: int
    height: int
    small: str
    large: str
    original: str
    proof: Annotated[PhotoProof | None, Doc(description="Of a photo that was brought with a result.")]


class CaseMessage(Struct):
    message_id: UUID
    at: datetime
    kind: MessageKind
    by: By
    audience: Annotated[Audience, Doc(description="Who may read it: everybody, the reporter, or staff alone.")]
    text: str


class CaseEvent(Struct):
    """A fact of the history. ``message_id`` names the words said on the occasion."""

    seq: int
    at: datetime
    what: str
    words: str
    by: By
    message_id: UUID | None


class WhyAgency(Struct):
    """Why this agency: the rule and its reasons, or the person who decided."""

    rule: str | None
    rule_set: str | None
    reasons: list[str]
    by: By


class ProposalView(Struct):
    """Who should have it by the rules, since category or place were corrected, and why. Assigning it there accepts the
    proposal."""

    agency: Named
    co_agencies: list[Named]
    rule: str
    rule_set: str
    reasons: list[str]


class FollowerRatings(Struct):
    """How many followers think what of the result that stands now. The reporter's own word is ``rating``."""

    satisfied: int = 0
    acceptable: int = 0
    dissatisfied: int = 0


class PartView(Struct):
    """A part of a split report, with the agency that has it."""

    code: str
    status: Status
    agency: Named
    due_at: datetime


class CaseView(Struct):
    """The whole case. ``version`` goes along with every act; ``acts`` are those the caller may do now."""

    code: str
    version: int
    status: Status
    status_word: str
    category: Named
    text: str
    answers: list[Answered]
    reporter_kind: ReporterKind
    channel: str
    lang: str
    place: PlaceView
    agency: Named
    why_agency: WhyAgency
    proposal: Annotated[
        ProposalView | None, Doc(description="Open since category or place were corrected, until it is handed on.")
    ]
    calls: Annotated[list[Named], Doc(description="Agencies that the rules call at once.")]
    tags: list[str]
    supervisor: Named | None
    assignee: Named | None
    urgency: Urgency
    visibility: Literal["public", "private"]
    published_at: datetime | None
    submitted_at: datetime
    assigned_at: datetime | None
    resolved_at: datetime | None
    ended_at: datetime | None
    deadline: Deadline
    handovers: int
    original: Annotated[str | None, Doc(description="The report this one was merged into.")]
    part_of: Annotated[str | None, Doc(description="The report that this one is a part of.")]
    parts: Annotated[list[PartView], Doc(description="What this report was split into.")]
    rating: Rating | None
    voices: Voices
    follower_ratings: FollowerRatings
    recordings: Annotated[int, Doc(description="Voice messages the reporter left; coordinators may hear them.")]
    photos: list[CasePhoto]
    attachments: list[CaseAttachment]
    proof_doubts: Annotated[
        list[str], Doc(description="What is odd about the proof of the result, until a coordinator has looked at it.")
    ]
    messages: list[CaseMessage]
    history: list[CaseEvent]
    notifications: list[Told]
    acts: list[Act]
