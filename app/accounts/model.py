"""Who acts: a citizen, a member of an agency's staff, or the system itself; and what each role may do at all."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Literal, Protocol
from uuid import UUID

from msgspec import Struct


class Role(StrEnum):
    """Staff roles. What a role may do to a report is the status table's matter (``app.reports.workflow``)."""

    OFFICER = "officer"
    LEAD = "lead"
    COORDINATOR = "coordinator"
    LEADER = "leader"
    ADMINISTRATOR = "administrator"


SEES_EVERY_REPORT = frozenset({Role.COORDINATOR, Role.LEADER})
SEES_OWN_AGENCY = frozenset({Role.OFFICER, Role.LEAD})


class Concern(Protocol):
    """What decides whose business a report is."""

    @property
    def agency_id(self) -> str: ...
    @property
    def supervisor_id(self) -> str | None: ...
    @property
    def category(self) -> str: ...
    @property
    def commune_code(self) -> str | None: ...


class Actor(Struct, frozen=True):
    """Whoever calls a verb.

    ``agencies`` are the agencies whose reports a member of staff may handle: the own one and those below it;
    ``categories`` and ``communes`` narrow that down, empty: no further. A citizen has proved to be the report's
    reporter before becoming an Actor (tracking secret, or chat identity).
    """

    kind: Literal["citizen", "staff", "system"]
    id: UUID | None = None
    role: Role | None = None
    agency_id: str | None = None
    agencies: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()
    communes: frozenset[str] = frozenset()

    @property
    def sees_all(self) -> bool:
        """Every agency's reports, within the actor's categories and communes."""
        return self.kind == "system" or self.role in SEES_EVERY_REPORT

    def within_limits(self, report: Concern) -> bool:
        """Limits hold for every role; a report whose commune nobody knows is outside of all communes."""
        category = not self.categories or report.category in self.categories
        return category and (not self.communes or report.commune_code in self.communes)

    def may_see(self, report: Concern) -> bool:
        """Whether a report is any of the actor's business."""
        ours = report.agency_id in self.agencies or report.supervisor_id in self.agencies
        return self.within_limits(report) and (self.sees_all or (self.role in SEES_OWN_AGENCY and ours))


SYSTEM = Actor("system")


class Staff(Struct, frozen=True):
    """One member of staff; nothing in it is secret."""

    staff_id: UUID
    username: str
    full_name: str
    role: Role
    agency_id: str
    active: bool
    email: str = ""
    categories: tuple[str, ...] = ()
    communes: tuple[str, ...] = ()
    password_temporary: bool = False


class Origin(Struct, frozen=True):
    """Where a sign-in came from, no closer than its owner needs to recognize it; see ``app.accounts.origins``."""

    browser: str = ""
    address: str = ""


class OpenSession(Struct, frozen=True):
    """A live session as its owner sees it in a list."""

    session_id: UUID
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    origin: Origin
    current: bool = False


class Waits(Struct, frozen=True):
    """What waits for whoever looks after the system: reports that a partner did not take (up to a hundred), webhooks
    that were switched off."""

    partners: int = 0
    webhooks: int = 0


class Session(Struct, frozen=True):
    """A signed-in browser. ``token`` goes into its cookie, ``csrf`` into its forms; it ends at ``expires_at`` or
    ``IDLE`` after the last request, whichever is first."""

    token: str
    csrf: str
    staff: Staff
    expires_at: datetime
    unread: int = 0
    """Notices that wait to be read (``app.escalation``), counted up to a hundred."""
    waits: Waits = Waits()

    def __repr__(self) -> str:
        # What is printed ends up in logs; whoever has the token is signed in.
        return f"Session(staff={self.staff.username!r}, expires_at={self.expires_at.isoformat()})"


class ApiToken(Struct, frozen=True):
    """What is known of a program's key; the key itself was shown once and is not kept."""

    token_id: UUID
    name: str
    scopes: tuple[str, ...]
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None
    revoked_at: datetime | None


class Agency(Struct, frozen=True):
    """An agency and its place in the tree. ``commune_code`` is set for commune offices alone."""

    agency_id: str
    parent_id: str | None
    kind: Literal["operations_centre", "department", "enterprise", "commune_office", "security"]
    name: str
    name_en: str
    commune_code: str | None
    active: bool


class EventKind(StrEnum):
    """Every kind of account event. The value is stored for ever; never reuse or rename one."""

    STAFF_CREATED = "staff_created"
    STAFF_CHANGED = "staff_changed"
    STAFF_DISABLED = "staff_disabled"
    STAFF_ENABLED = "staff_enabled"
    PASSWORD_RESET = "password_reset"  # noqa: S105  # the name of an event
    PASSWORD_CHANGED = "password_changed"  # noqa: S105  # the name of an event
    FACTOR_SET = "factor_set"
    FACTOR_REMOVED = "factor_removed"
    FACTOR_RESET = "factor_reset"
    RECOVERY_CODES_MADE = "recovery_codes_made"
    IDENTITY_LINKED = "identity_linked"
    IDENTITY_UNLINKED = "identity_unlinked"
    SIGNED_IN = "signed_in"
    SIGN_IN_REFUSED = "sign_in_refused"
    SIGNED_OUT = "signed_out"
    SESSION_ENDED = "session_ended"
    SIGNED_OUT_EVERYWHERE = "signed_out_everywhere"
    TOKEN_CREATED = "token_created"  # noqa: S105  # the name of an event
    TOKEN_REVOKED = "token_revoked"  # noqa: S105  # the name of an event
    CHAT_CODE_MADE = "chat_code_made"
    CHAT_CODE_REFUSED = "chat_code_refused"
    CHAT_LINKED = "chat_linked"
    CHAT_UNLINKED = "chat_unlinked"
    GROUP_LINKED = "group_linked"
    GROUP_UNLINKED = "group_unlinked"
    ABSENCE_ENTERED = "absence_entered"
    ABSENCE_TAKEN_BACK = "absence_taken_back"
    ESCALATION_CHANGED = "escalation_changed"
    ESCALATION_GIVEN_UP = "escalation_given_up"
    WORD_ADDED = "word_added"
    WORD_REMOVED = "word_removed"
    WALL_LINK_MADE = "wall_link_made"
    WALL_LINK_REVOKED = "wall_link_revoked"
    WEBHOOK_ADDED = "webhook_added"
    WEBHOOK_CHANGED = "webhook_changed"
    WEBHOOK_REMOVED = "webhook_removed"
    WEBHOOK_DISABLED = "webhook_disabled"
    PARTNER_ADDED = "partner_added"
    PARTNER_CHANGED = "partner_changed"
    PARTNER_REMOVED = "partner_removed"
    JOBS_RETRIED = "jobs_retried"
    JOBS_DISCARDED = "jobs_discarded"
    EXPORT_ORDERED = "export_ordered"
    EXPORT_TAKEN = "export_taken"
    CITIZEN_BLOCKED = "citizen_blocked"
    CITIZEN_UNBLOCKED = "citizen_unblocked"
    CITIZEN_ERASED = "citizen_erased"


class Entry(Struct, frozen=True):
    """What is about to become an account event. ``data`` is JSON, never anything secret, never a name somebody typed
    that is nobody's: people type their password into the wrong field. ``by`` None: somebody who was not let in."""

    kind: EventKind
    by: Actor | None
    staff_id: UUID | None
    data: dict[str, Any] = {}

    @property
    def actor(self) -> str:
        if self.by is None:
            return "anonymous"
        return f"{self.by.kind}:{self.by.id}" if self.by.id else self.by.kind
