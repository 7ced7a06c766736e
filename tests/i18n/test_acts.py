"""Whatever staff may do to a report has its words on the case's page."""

import pytest

from app.accounts.model import Role
from app.console.case_forms import KEYS
from app.i18n import t
from app.reports.workflow import MOVES, Act

OF_STAFF = [move for move in MOVES.values() if any(isinstance(who, Role) for who in move.by)]

ELSEWHERE = {Act.DETACH}
"""Done beside a file."""


@pytest.mark.parametrize("act", [move.act for move in OF_STAFF])
def test_every_act_of_staff_has_its_words(act: Act) -> None:
    assert t(f"case.act_{act}")


@pytest.mark.parametrize("act", [move.act for move in OF_STAFF if move.act not in ELSEWHERE])
def test_every_act_has_a_letter(act: Act) -> None:
    assert KEYS[act] not in ("n", "p", "a")


@pytest.mark.parametrize("role", list(Role))
def test_no_letter_does_two_things_at_once(role: Role) -> None:
    for one in OF_STAFF:
        for other in OF_STAFF:
            if one is not other and one.act in KEYS and role in one.by & other.by and one.frm & other.frm:
                assert KEYS.get(one.act) != KEYS.get(other.act), (one.act, other.act)
