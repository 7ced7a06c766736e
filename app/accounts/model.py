"""Who acts: a citizen, a member of an agency's staff, or the system itself; and what each role may do at all."""

from enum import StrEnum
from typing import Literal
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


class Actor(Struct, frozen=True):
    """Whoever calls a verb.

    ``agencies`` are the agencies whose reports a member of staff may handle: the own one and those below it. A citizen
    has proved to be the report's reporter before becoming an Actor (tracking secret, or chat identity).
    """

    kind: Literal["citizen", "staff", "system"]
    id: UUID | None = None
    role: Role | None = None
    agency_id: str | None = None
    agencies: frozenset[str] = frozenset()

    def may_see(self, agency_id: str, supervisor_id: str | None = None) -> bool:
        """Whether a report of this agency is any of the actor's business."""
        if self.kind == "system" or self.role in SEES_EVERY_REPORT:
            return True
        return self.role in SEES_OWN_AGENCY and (agency_id in self.agencies or supervisor_id in self.agencies)


SYSTEM = Actor("system")
