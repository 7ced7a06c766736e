from uuid import uuid4

import pytest
from msgspec import structs

from app.accounts.model import SYSTEM, Actor, Role
from app.accounts.permissions import ALLOWED, Permission, may, require
from app.errors import Forbidden
from tests.small_world import Business

# Written from the roles in the provincial rules, not from the table under test: one column for each role.
EXPECTED = """
                    officer  lead  coordinator  leader  administrator
    read_queue      yes      yes   yes          yes     no
    read_report     yes      yes   yes          yes     no
    see_identity    no       no    yes          no      no
    keep_desk       no       no    yes          no      no
    read_stats      no       yes   yes          yes     no
    give_directions no       no    no           yes     no
    enter_absence   yes      yes   yes          no      no
    manage_templates no      yes   yes          no      yes
    manage_escalation no     yes   yes          no      yes
    manage_accounts no       no    no           no      yes
    manage_rules    no       no    no           no      yes
    manage_places   no       no    no           no      yes
manage_system   no       no    no           no      yes
manage_words    no       no    yes          no      yes
manage_wall     no       no    yes          no      yes
"""
HEAD, *ROWS = [line.split() for line in EXPECTED.strip().splitlines()]
CASES = [(row[0], role, answer == "yes") for row in ROWS for role, answer in zip(HEAD, row[1:], strict=True)]


def staff(role: Role) -> Actor:
    return Actor("staff", uuid4(), role, "so-xay-dung", frozenset({"so-xay-dung"}))


@pytest.mark.parametrize(("permission", "role", "allowed"), CASES)
def test_each_role_may_do_what_the_rules_say_and_nothing_else(permission: str, role: str, allowed: bool) -> None:
    actor = staff(Role(role))
    assert may(actor, Permission(permission)) is allowed
    if allowed:
        require(actor, Permission(permission))
    else:
        with pytest.raises(Forbidden) as refused:
            require(actor, Permission(permission))
        assert refused.value.key == "accounts.not_allowed"


def test_the_expectation_covers_the_whole_table() -> None:
    assert {(p, r) for p, r, _ in CASES} == {(p.value, r.value) for p in Permission for r in Role}
    assert set(ALLOWED) == set(Role)


@pytest.mark.parametrize("permission", Permission)
def test_the_system_may_everything_and_a_citizen_nothing_of_it(permission: Permission) -> None:
    assert may(SYSTEM, permission)
    assert not may(Actor("citizen", uuid4()), permission)
    assert not may(Actor("staff", uuid4()), permission)


def test_whoever_manages_accounts_sees_no_report() -> None:
    administrator = staff(Role.ADMINISTRATOR)
    assert not administrator.may_see(Business("so-xay-dung"))
    assert not may(administrator, Permission.READ_REPORT)


def test_limits_narrow_every_role_and_an_unknown_commune_is_outside_of_all() -> None:
    for role in (Role.OFFICER, Role.LEAD, Role.COORDINATOR, Role.LEADER):
        actor = structs.replace(staff(role), categories=frozenset({"pothole"}), communes=frozenset({"32002"}))
        assert actor.may_see(Business("so-xay-dung", None, "pothole", "32002"))
        assert not actor.may_see(Business("so-xay-dung", None, "litter", "32002"))
        assert not actor.may_see(Business("so-xay-dung", None, "pothole", "31999"))
        assert not actor.may_see(Business("so-xay-dung", None, "pothole", None))


def test_limits_never_widen() -> None:
    actor = structs.replace(staff(Role.OFFICER), categories=frozenset({"pothole"}))
    assert not actor.may_see(Business("dien-luc", None, "pothole"))
    assert actor.may_see(Business("dien-luc", "so-xay-dung", "pothole"))
