"""The status table against one written a second time, from the field's rules rather than from the code."""

import itertools
from collections.abc import Iterator
from uuid import UUID

import pytest

from app.accounts.model import SYSTEM, Actor
from app.attachments.model import Attachment
from app.errors import Conflict, Forbidden
from app.reports.change import Change
from app.reports.clock import Clock
from app.reports.effects import EFFECTS, carry_out
from app.reports.model import Direction, Form, NewPart, Rating, Report, Status
from app.reports.workflow import ENDED, MOVES, OPEN, Act, acts_for, check
from tests import small_world as world

# act | who | from | to. "=" leaves the status, "*" is every status. The reporter's rating here is "satisfied".
EXPECTED = """
accept     | coordinator              | submitted                                                      | received
assign     | coordinator              | submitted received returned assigned in_progress               | assigned
claim      | officer lead             | assigned in_progress                                           | =
give       | officer lead             | assigned in_progress awaiting_info                             | =
release    | officer lead             | assigned in_progress awaiting_info                             | =
start      | officer lead system      | assigned                                                       | in_progress
ask        | officer lead             | assigned in_progress                                           | awaiting_info
resume     | officer lead system      | awaiting_info                                                  | in_progress
return     | officer lead             | assigned in_progress                                           | returned
transfer   | lead                     | assigned in_progress                                           | assigned
progress   | officer lead coordinator system | assigned in_progress                                    | =
resolve    | officer lead system      | assigned in_progress                                           | resolved
confirm_proof    | coordinator    | resolved closed                                                | =
close      | system                   | resolved                                                       | closed
reopen     | coordinator              | resolved closed                                                | in_progress
reopen     | coordinator              | rejected                                                       | received
reclassify | coordinator lead         | submitted received returned assigned in_progress               | =
set_urgency| coordinator              | submitted received returned assigned in_progress               | =
ask_extension    | officer lead   | assigned in_progress                                           | =
grant_extension  | coordinator    | assigned in_progress                                           | =
refuse_extension | coordinator    | assigned in_progress                                           | =
remind     | system                   | awaiting_info resolved                                         | =
reject     | coordinator              | submitted received assigned in_progress awaiting_info returned | rejected
merge      | coordinator              | submitted received assigned in_progress awaiting_info returned | duplicate
unmerge    | coordinator              | duplicate                                                      | received
split      | coordinator              | submitted received returned assigned in_progress               | in_progress
publish    | coordinator              | submitted received assigned in_progress awaiting_info returned | =
publish    | coordinator              | resolved closed duplicate                                      | =
unpublish  | coordinator              | *                                                              | =
direct     | leader                   | *                                                              | =
report_back      | officer lead coordinator | *                                                        | =
lift_direction   | leader         | *                                                              | =
note       | officer lead coordinator system | *                                                       | =
tag        | officer lead coordinator | *                                                              | =
attach     | officer lead coordinator | *                                                              | =
detach     | officer lead coordinator | *                                                              | =
add_info   | citizen                  | submitted received assigned in_progress returned               | =
add_info   | citizen                  | awaiting_info                                                  | in_progress
add_photos | citizen                  | submitted received assigned in_progress returned               | =
add_photos | citizen                  | awaiting_info                                                  | in_progress
withdraw   | citizen                  | submitted received assigned returned                           | withdrawn
rate       | citizen                  | resolved                                                       | closed
rate       | citizen                  | closed duplicate                                               | =
dispute    | citizen                  | resolved                                                       | in_progress
"""

DIRECTION = Direction(UUID(int=5), world.MONDAY, world.MONDAY.replace(day=20), world.LEADER.id, None)
ON_A_DIRECTION = {Act.REPORT_BACK, Act.LIFT_DIRECTION}
ACTORS: dict[str, Actor] = {
    "officer": world.OFFICER,
    "lead": world.LEAD,
    "coordinator": world.COORDINATOR,
    "leader": world.LEADER,
    "administrator": world.ADMINISTRATOR,
    "citizen": world.CITIZEN,
    "system": SYSTEM,
}


ATTACHED = Attachment(
    UUID(int=5), "ab" * 32, "document", "a.pdf", "application/pdf", 9, 1, False, world.MONDAY, UUID(int=6)
)


def expected() -> dict[tuple[Act, str, Status], Status]:
    table = {}
    for line in EXPECTED.strip().splitlines():
        act, who, frm, to = (part.strip() for part in line.split("|"))
        for name, status in itertools.product(who.split(), list(Status) if frm == "*" else frm.split()):
            table[Act(act), name, Status(status)] = Status(status if to == "=" else to)
    return table


def full_form() -> Form:
    return Form(
        text="Lý do đầy đủ.",
        agency_id="police",
        category=None,
        target="PA-0000-0001",
        rating=Rating.SATISFIED,
        urgency="urgent",
        days=2,
        attachment=UUID(int=5),
        tags=("mùa mưa",),
        colleague=world.COLLEAGUE.id,
        parts=(NewPart("pothole"), NewPart("street-light")),
    )


def carried_out(act: Act, actor: Actor, report: Report, form: Form | None = None) -> Change:
    """The act worked out on a report, with another report to be merged into and an agency above."""
    change = Change(
        seen=report,
        report=report,
        actor=actor,
        form=form or full_form(),
        at=world.MONDAY.replace(hour=3),
        rules=world.RULES,
        target=world.bare(report_id=UUID(int=101), code="PA-0000-0001"),
        supervisor="ioc",
        clock=Clock(world.MONDAY, world.MONDAY),
        directions=[DIRECTION],
        attached=[ATTACHED],
    )
    carry_out(act, change)
    return change


def any_report(status: Status, act: Act | None = None) -> Report:
    """In this status, with everything that the act may wait for: the agency has asked for more time; a leader has given
    a direction, which stands in the way of a merge; the proof of the result is odd; the officer has the case."""
    due = world.MONDAY.replace(day=20)
    directed = due if act in (Act.REPORT_BACK, Act.LIFT_DIRECTION) else None
    who = world.OFFICER.id
    return world.bare(status, extension_wanted=due, directed_due_at=directed, proof_doubts=("far",), assignee_id=who)


def everything() -> Iterator[tuple[Act, str, Status]]:
    return itertools.product(Act, ACTORS, Status)


def test_every_status_act_and_role_agrees_with_the_fields_rules() -> None:
    table = expected()
    able = {(act, who) for act, who, _ in table}
    wrong = []
    for act, who, status in everything():
        report, to = any_report(status, act), table.get((act, who, status))
        try:
            check(act, ACTORS[who], report)
            found: object = carried_out(act, ACTORS[who], report).report.status
        except Forbidden:
            found = Forbidden
        except Conflict:
            found = Conflict
        wanted: object = to or (Conflict if (act, who) in able else Forbidden)
        if found != wanted:
            wrong.append((act, who, status, wanted, found))
    assert wrong == []


def test_the_acts_offered_are_exactly_those_that_would_be_let_pass() -> None:
    table = expected()
    for who, actor in ACTORS.items():
        for status in Status:
            offered = acts_for(actor, any_report(status))
            assert set(offered) == {act for act in Act if (act, who, status) in table} - ON_A_DIRECTION
            assert len(offered) == len(set(offered))
            directed = set(acts_for(actor, any_report(status, Act.REPORT_BACK)))
            assert directed & ON_A_DIRECTION == {act for act in ON_A_DIRECTION if (act, who, status) in table}
            assert Act.MERGE not in directed


def test_each_act_has_its_row_and_its_effect() -> None:
    assert set(EFFECTS) == set(MOVES) == set(Act)


def test_every_act_leaves_a_fact() -> None:
    for act, who, status in expected():
        assert carried_out(act, ACTORS[who], any_report(status, act)).facts, act


def test_every_status_can_be_reached_from_a_new_report() -> None:
    table = expected()
    reached = {Status.SUBMITTED}
    while more := {to for (_, _, frm), to in table.items() if frm in reached} - reached:
        reached |= more
    assert reached == set(Status)


def test_nothing_but_reopening_and_unmerging_leads_out_of_an_ended_report() -> None:
    ways_out = {(act, frm) for (act, _, frm), to in expected().items() if frm in ENDED and to is not frm}
    assert ways_out == {(Act.REOPEN, Status.CLOSED), (Act.REOPEN, Status.REJECTED), (Act.UNMERGE, Status.DUPLICATE)}
    assert {status for status in Status if status not in OPEN and status is not Status.RESOLVED} == set(ENDED)


def test_a_citizen_has_no_way_to_do_what_is_the_staffs() -> None:
    assert {act for act in Act if "citizen" in MOVES[act].by} == {
        Act.ADD_INFO,
        Act.ADD_PHOTOS,
        Act.WITHDRAW,
        Act.RATE,
        Act.DISPUTE,
    }


@pytest.mark.parametrize("act", [Act.RETURN, Act.TRANSFER])
@pytest.mark.parametrize(("handovers", "allowed"), [(0, True), (1, True), (2, False), (3, False)])
def test_after_two_handovers_no_agency_can_hand_the_case_on(act: Act, handovers: int, allowed: bool) -> None:
    report = world.bare(Status.IN_PROGRESS, handovers=handovers)
    assert (act in acts_for(world.LEAD, report)) is allowed
    if not allowed:
        with pytest.raises(Conflict) as refused:
            check(act, world.LEAD, report)
        assert refused.value.key == "reports.competence_dispute"


def test_a_coordinators_assignment_ends_a_dispute_over_competence_and_binds() -> None:
    disputed = world.bare(Status.RETURNED, handovers=2)
    assigned = carried_out(Act.ASSIGN, world.COORDINATOR, disputed)
    assert assigned.facts[0].data["binding"] is True
    assert assigned.report.agency_id == "police"
    # What binds cannot be handed on; another coordinator's decision can.
    assert Act.RETURN not in acts_for(world.POLICE, assigned.report)
    assert Act.TRANSFER not in acts_for(world.POLICE_LEAD, assigned.report)
    assert Act.ASSIGN in acts_for(world.COORDINATOR, assigned.report)


def test_two_returns_make_a_dispute_although_a_coordinator_assigned_in_between() -> None:
    report = world.bare(Status.IN_PROGRESS)
    for _ in range(2):
        check(Act.RETURN, world.OFFICER, report)
        returned = carried_out(Act.RETURN, world.OFFICER, report).report
        report = carried_out(Act.ASSIGN, world.COORDINATOR, returned).report
    assert report.handovers == 2
    assert Act.RETURN not in acts_for(world.POLICE, report)


def test_an_ordinary_assignment_does_not_bind() -> None:
    assigned = carried_out(Act.ASSIGN, world.COORDINATOR, world.bare(Status.RECEIVED))
    assert assigned.facts[0].data["binding"] is False
    assert Act.RETURN in acts_for(world.POLICE, assigned.report)


def test_a_private_report_cannot_be_published() -> None:
    private = world.bare(visibility="private")
    with pytest.raises(Conflict) as refused:
        check(Act.PUBLISH, world.COORDINATOR, private)
    assert refused.value.key == "reports.private"
    assert Act.UNPUBLISH in acts_for(world.COORDINATOR, private)


def test_a_staff_actor_without_a_role_may_do_nothing() -> None:
    assert acts_for(Actor("staff"), world.bare()) == []


def test_a_refusal_names_the_act_and_the_status() -> None:
    with pytest.raises(Conflict) as refused:
        check(Act.START, world.OFFICER, world.bare(Status.CLOSED))
    assert refused.value.problems[0].params == {"act": Act.START, "status": Status.CLOSED}
