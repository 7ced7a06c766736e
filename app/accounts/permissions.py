"""What each role may do, apart from moving a report along: that is the status table's matter.

Seeing and doing are apart on purpose: whoever manages accounts sees no reports, and only the coordinators learn who
reported. Source: the roles in the provincial rules of Huế and Cà Mau.
"""

from enum import StrEnum
from uuid import UUID

from app.accounts.model import Actor, Role
from app.errors import Forbidden


class Permission(StrEnum):
    READ_QUEUE = "read_queue"
    READ_REPORT = "read_report"  # which reports: Actor.may_see
    SEE_IDENTITY = "see_identity"
    KEEP_DESK = "keep_desk"  # the coordinators' desk: intake, calls, disputes over competence, extensions
    READ_STATS = "read_stats"
    GIVE_DIRECTIONS = "give_directions"
    ENTER_ABSENCE = "enter_absence"  # for oneself; a lead for everybody in the agency
    MANAGE_TEMPLATES = "manage_templates"  # whose: app.templates.model.manages
    MANAGE_ESCALATION = "manage_escalation"  # whom to warn; a lead for their agencies
    MANAGE_ACCOUNTS = "manage_accounts"  # staff, their passwords and their programs' keys
    MANAGE_RULES = "manage_rules"
    MANAGE_PLACES = "manage_places"
    MANAGE_SYSTEM = "manage_system"  # failed jobs, backups, disk
    MANAGE_WORDS = "manage_words"  # after which a coordinator looks first
    MANAGE_WALL = "manage_wall"  # links that open the wall display without signing in


P = Permission

ALLOWED: dict[Role, frozenset[Permission]] = {
    Role.OFFICER: frozenset({P.READ_QUEUE, P.READ_REPORT, P.ENTER_ABSENCE}),
    Role.LEAD: frozenset(
        {P.READ_QUEUE, P.READ_REPORT, P.READ_STATS, P.MANAGE_TEMPLATES, P.MANAGE_ESCALATION, P.ENTER_ABSENCE}
    ),
    Role.COORDINATOR: frozenset(
        {P.READ_QUEUE, P.READ_REPORT, P.SEE_IDENTITY, P.KEEP_DESK, P.READ_STATS}
        | {P.MANAGE_TEMPLATES, P.MANAGE_ESCALATION, P.ENTER_ABSENCE, P.MANAGE_WORDS, P.MANAGE_WALL}
    ),
    Role.LEADER: frozenset({P.READ_QUEUE, P.READ_REPORT, P.READ_STATS, P.GIVE_DIRECTIONS}),
    Role.ADMINISTRATOR: frozenset(
        {P.MANAGE_ACCOUNTS, P.MANAGE_RULES, P.MANAGE_PLACES, P.MANAGE_TEMPLATES}
        | {P.MANAGE_ESCALATION, P.MANAGE_SYSTEM, P.MANAGE_WORDS, P.MANAGE_WALL}
    ),
}


def may(actor: Actor, permission: Permission) -> bool:
    """The system itself (command line, jobs) may everything; a citizen nothing of this."""
    return actor.kind == "system" or (actor.role is not None and permission in ALLOWED[actor.role])


def require(actor: Actor, permission: Permission) -> None:
    """Raises Forbidden."""
    if not may(actor, permission):
        raise Forbidden("accounts.not_allowed")


def require_own(actor: Actor, staff_id: UUID) -> None:
    """The own account is everybody's; another's is for account managers. Raises Forbidden."""
    if actor.kind != "staff" or actor.id != staff_id:
        require(actor, Permission.MANAGE_ACCOUNTS)
