"""A report and what may be asked of it. No I/O."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

from msgspec import Struct

from app.attachments.model import StoredFile
from app.i18n import Lang
from app.photos.model import Box, StoredPhoto
from app.places.model import Commune
from app.sounds.service import StoredSound

Channel = Literal["web", "api", "telegram", "zalo_bot", "zalo_oa", "hotline", "open311", "import"]
Urgency = Literal["urgent", "normal", "complex"]
Visibility = Literal["public", "private"]
ReporterKind = Literal["citizen", "visitor", "business"]
Stage = Literal["before", "info", "after"]
MessageKind = Literal["question", "info", "progress", "resolution", "reason", "note", "dispute", "rating", "voice"]
Adder = Literal["citizen", "staff", "follower"]
Audience = Literal["public", "reporter", "staff"]

TEXT_MIN, TEXT_MAX = 5, 4000
PHOTOS_MAX, SOUNDS_MAX = 6, 3
PARTS_LEAST, PARTS_MOST = 2, 6
LOOK_FIRST = "từ ngữ cần xem"
"""The tag of a report in which words stand that a coordinator looks at before it can be published."""
CONSENT_VERSION = "2026-01"
"""Version of the consent text in the catalogues; grows when that text changes."""


class Status(StrEnum):
    """See the table in ``docs/architecture.md``; the moves between them are ``app.reports.workflow``."""

    SUBMITTED = "submitted"
    RECEIVED = "received"
    ASSIGNED = "assigned"
    IN_PROGRESS = "in_progress"
    AWAITING_INFO = "awaiting_info"
    RETURNED = "returned"
    RESOLVED = "resolved"
    CLOSED = "closed"
    REJECTED = "rejected"
    DUPLICATE = "duplicate"
    WITHDRAWN = "withdrawn"


class Rating(StrEnum):
    SATISFIED = "satisfied"
    ACCEPTABLE = "acceptable"
    DISSATISFIED = "dissatisfied"


class Place(Struct, frozen=True):
    """Where, as the citizen said it. Coordinates in degrees WGS 84; ``commune_code`` when the person confirmed one."""

    lat: float | None = None
    lon: float | None = None
    address: str = ""
    commune_code: str | None = None


class Contact(Struct, frozen=True):
    """How to reach the reporter outside a chat; all optional, the coordinators' eyes only."""

    name: str = ""
    phone: str = ""
    email: str = ""


class NewReport(Struct, frozen=True, kw_only=True):
    """What a channel hands to ``file_report``. ``key``: (scope, idempotency key); the same again is the same report.
    ``answers``: question id → answer id, to the extra questions of the category chosen."""

    text: str
    place: Place
    channel: Channel
    lang: Lang
    consent: bool
    category: str | None = None
    photos: tuple[StoredPhoto, ...] = ()
    sounds: tuple[StoredSound, ...] = ()
    contact: Contact = Contact()
    citizen_id: UUID | None = None
    key: tuple[str, str] | None = None
    answers: Mapping[str, str] = {}
    reporter_kind: ReporterKind = "citizen"
    forwarded: bool = False
    """Some of it was passed on from somebody else's message rather than written or taken by the sender."""
    to_desk: bool = False
    """A coordinator looks first, whatever the rules say; no agency hears of it yet."""
    media_url: str = ""
    """Where a photo lies that is fetched later (``app.reports.media``)."""


class Report(Struct, frozen=True, kw_only=True):
    """One row of ``reports`` without what only the database needs.

    ``handling`` is the limit that ``due_at`` was counted with, as the rules file writes it (``3 working days``).
    ``first_answer_due_at``: None where the rules set no limit. ``answers`` stay as the reporter gave them, whatever the
    category becomes.
    """

    report_id: UUID
    code: str
    version: int
    last_seq: int
    last_hash: bytes
    status: Status
    category: str
    body: str
    channel: Channel
    lang: Lang
    lat: float | None
    lon: float | None
    address: str
    commune_code: str | None
    commune_name: str
    province_code: str | None
    place_approximate: bool
    agency_id: str
    assignee_id: UUID | None
    urgency: Urgency
    visibility: Visibility
    published_at: datetime | None
    rule_set: str
    rule_id: str
    submitted_at: datetime
    assigned_at: datetime | None
    resolved_at: datetime | None
    ended_at: datetime | None
    intake_due_at: datetime
    due_at: datetime
    handling: str
    paused_at: datetime | None
    handovers: int
    supervisor_id: str | None
    duplicate_of: UUID | None
    rating: Rating | None
    updated_at: datetime
    first_answer_due_at: datetime | None = None
    first_answered_at: datetime | None = None
    answers: Mapping[str, str] = {}
    reporter_kind: ReporterKind = "citizen"
    extension_wanted: datetime | None = None
    """A later deadline that the agency asks for, until a coordinator has decided."""
    extended_to: datetime | None = None
    """Granted: the deadline is not before this for as long as the same clock runs."""
    tags: tuple[str, ...] = ()
    directed_due_at: datetime | None = None
    """By when a leader's open direction is to be carried out."""
    part_of: UUID | None = None
    """The report it was split off from."""
    open_parts: int = 0
    """How many parts of this report are still being worked on."""
    proof_doubts: tuple[str, ...] = ()
    """What is odd about the proof of the result (``app.reports.proof``), until a coordinator has looked at it."""


class Filed(Struct, frozen=True):
    """The answer to a filed report. ``secret`` is shown once; with it the reporter sees and does more."""

    report: Report
    secret: str
    replayed: bool


class Message(Struct, frozen=True):
    """Words said about a report."""

    message_id: UUID
    at: datetime
    kind: MessageKind
    author_kind: Literal["citizen", "staff", "system"]
    author_id: UUID | None
    visibility: Audience
    body: str
    client_key: str | None = None


class Picture(Struct, frozen=True):
    """A photo of a report: ``sha256`` in hex names the bytes; ``stage`` says what it shows."""

    photo_id: UUID
    sha256: str
    stage: Stage
    at: datetime
    added_by: Adder
    width: int
    height: int


class Direction(Struct, frozen=True):
    """A leader's direction that is open. ``by``: who gave it; ``message_id``: their words."""

    direction_id: UUID
    at: datetime
    due: datetime
    by: UUID | None
    message_id: UUID | None


class PublicPhoto(Struct, frozen=True):
    """What the public is shown of a photo: the photo itself, one of its own with ``boxes`` burnt in (``sha256`` in hex
    either way), or nothing (None)."""

    sha256: str | None
    boxes: tuple[Box, ...] = ()


class PublicCopy(Struct, frozen=True):
    """What stands for the originals in public: words by message id (the report's own text by the report's id) and
    photos by photo id. What is not in it is shown masked, see ``app.reports.publication``."""

    words: Mapping[UUID, str] = {}
    photos: Mapping[UUID, PublicPhoto] = {}


NOTHING_EDITED = PublicCopy()


class NewPart(Struct, frozen=True):
    """One agency's share of a report that is split. ``text``: the words it is given, "" for the report's own;
    ``agency_id``: where it is another one than by the rules."""

    category: str
    text: str = ""
    agency_id: str | None = None


class Form(Struct, frozen=True, kw_only=True):
    """What an act brings along; which of these it needs, the workflow says."""

    text: str = ""
    agency_id: str | None = None
    category: str | None = None
    photos: tuple[StoredPhoto, ...] = ()
    target: str | None = None
    rating: Rating | None = None
    urgency: Urgency | None = None
    due: datetime | None = None
    days: int | None = None
    """Working days; with ``due``, the two ways to name a later deadline."""
    commune: Commune | None = None
    direction: UUID | None = None
    """Which of several open directions an act is about."""
    parts: tuple[NewPart, ...] = ()
    public: PublicCopy | None = None
    """What is published instead of the originals."""
    files: tuple[StoredFile, ...] = ()
    attachment: UUID | None = None
    tags: tuple[str, ...] | None = None
    """All that the report is to have; none of them: ()."""
    colleague: UUID | None = None
    """Who is given the case."""
    client_key: str | None = None

    @property
    def documents(self) -> tuple[StoredFile, ...]:
        """Files that may prove a result. A picture does so as a photo, whose time and place are looked at."""
        return tuple(file for file in self.files if file.kind == "document")
