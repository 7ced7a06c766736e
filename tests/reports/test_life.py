"""The life of a report, act by act, against a real PostgreSQL: what each needs, who may, and what is left behind."""

from typing import Any

import pytest

from app.accounts.model import Actor
from app.db import Pool
from app.errors import Conflict, Forbidden, Invalid, NotFound
from app.history import service as history
from app.reports import service
from app.reports.model import Rating, Status
from app.reports.workflow import Act
from tests import small_world as world


async def test_a_report_is_received_handled_asked_about_answered_resolved_and_confirmed(settled: Pool) -> None:
    report = (await world.file(settled, category="other")).report
    after = await world.photo(settled, 9)
    for actor, act, form in (
        (world.COORDINATOR, Act.ACCEPT, {}),
        (world.COORDINATOR, Act.ASSIGN, {"agency_id": "roads", "category": "pothole"}),
        (world.COORDINATOR, Act.PUBLISH, {}),
        (world.OFFICER, Act.CLAIM, {}),
        (world.OFFICER, Act.START, {}),
        (world.OFFICER, Act.ASK, {"text": "Trước hay sau nhà số 12?"}),
        (world.CITIZEN, Act.ADD_INFO, {"text": "Trước nhà."}),
        (world.LEADER, Act.DIRECT, {"text": "Làm trước mùa mưa.", "days": 5}),
        (world.OFFICER, Act.NOTE, {"text": "Cần 2 m³ bê tông."}),
        (world.OFFICER, Act.PROGRESS, {"text": "Đội vá đường đang đến."}),
        (world.OFFICER, Act.RESOLVE, {"text": "Đã vá xong.", "photos": (after,)}),
        (world.CITIZEN, Act.RATE, {"rating": Rating.SATISFIED, "text": "Cảm ơn."}),
    ):
        report = await world.do(settled, actor, report, act, **form)
    assert (report.status, report.agency_id, report.assignee_id) == (Status.CLOSED, "roads", world.OFFICER.id)
    assert (report.rating, report.version) == (Rating.SATISFIED, 13)
    async with settled.acquire() as conn:
        assert await service.get(conn, report.report_id) == report
        case = await service.case(conn, report)
    assert [(m.kind, m.visibility, m.author_kind) for m in case.messages] == [
        ("question", "reporter", "staff"),
        ("info", "reporter", "citizen"),
        ("note", "staff", "staff"),
        ("note", "staff", "staff"),
        ("progress", "public", "staff"),
        ("resolution", "public", "staff"),
        ("rating", "reporter", "citizen"),
    ]
    assert [(p.stage, p.added_by, p.sha256) for p in case.pictures] == [("after", "staff", after.sha256)]
    assert await world.kinds(settled, report) == [
        "submitted", "received", "assigned", "published", "accepted", "started", "asked", "info_added", "resumed",
        "directed", "noted", "progress", "resolved", "rated", "closed",
    ]  # fmt: skip
    assert [damage async for damage in history.verify(settled, report.code)] == []


async def test_a_disputed_result_is_handled_again_and_can_be_confirmed_then(settled: Pool) -> None:
    report = await world.reach(settled, Status.RESOLVED)
    report = await world.do(settled, world.CITIZEN, report, Act.RATE, rating=Rating.DISSATISFIED)
    report = await world.do(settled, world.CITIZEN, report, Act.DISPUTE, text="Vẫn còn ổ gà.")
    assert (report.status, report.supervisor_id, report.assignee_id) == (Status.IN_PROGRESS, "ioc", None)
    report = await world.resolve(settled, report)
    report = await world.do(settled, world.CITIZEN, report, Act.RATE, rating=Rating.SATISFIED)
    assert report.status is Status.CLOSED


async def test_a_result_reopened_after_a_good_rating_can_be_rated_the_same_again(settled: Pool) -> None:
    report = await world.reach(settled, Status.RESOLVED)
    for _ in range(2):
        report = await world.do(settled, world.CITIZEN, report, Act.RATE, rating=Rating.SATISFIED)
        assert report.status is Status.CLOSED
        report = await world.do(settled, world.COORDINATOR, report, Act.REOPEN, text="Lại hư.")
        report = await world.resolve(settled, report)
    assert (await world.kinds(settled, report)).count("rated") == 2


async def test_two_returns_make_a_dispute_that_only_a_coordinator_ends(settled: Pool) -> None:
    report = await world.reach(settled, Status.ASSIGNED)
    report = await world.do(settled, world.OFFICER, report, Act.RETURN, text="Không thuộc thẩm quyền.")
    report = await world.do(settled, world.COORDINATOR, report, Act.ASSIGN, agency_id="police")
    report = await world.do(settled, world.POLICE, report, Act.RETURN, text="Cũng không phải chúng tôi.")
    report = await world.do(settled, world.COORDINATOR, report, Act.ASSIGN, agency_id="roads", text="Quyết định.")
    for actor, act in ((world.OFFICER, Act.RETURN), (world.LEAD, Act.TRANSFER)):
        error = await world.refusal(settled, actor, report, act, text="Không.", agency_id="police")
        assert error.key == "reports.competence_dispute"
    async with settled.acquire() as conn:
        last = (await history.of_report(conn, report.report_id))[-1]
    assert (last.kind, last.data["binding"]) == ("assigned", True)


# ---------------------------------------------------------------- what an act must bring


@pytest.mark.parametrize(
    ("status", "actor", "act", "form", "missing"),
    [
        (Status.RECEIVED, world.COORDINATOR, Act.ASSIGN, {}, {"agency": "needs_agency"}),
        (Status.IN_PROGRESS, world.OFFICER, Act.ASK, {}, {"text": "needs_text"}),
        (Status.IN_PROGRESS, world.OFFICER, Act.ASK, {"text": " \n\x00 "}, {"text": "needs_text"}),
        (Status.IN_PROGRESS, world.OFFICER, Act.RETURN, {}, {"text": "needs_text"}),
        (Status.IN_PROGRESS, world.LEAD, Act.TRANSFER, {}, {"agency": "needs_agency", "text": "needs_text"}),
        (Status.IN_PROGRESS, world.OFFICER, Act.RESOLVE, {}, {"text": "needs_text", "proof": "needs_proof"}),
        (Status.IN_PROGRESS, world.OFFICER, Act.RESOLVE, {"text": "Đã vá."}, {"proof": "needs_proof"}),
        (Status.IN_PROGRESS, world.OFFICER, Act.PROGRESS, {}, {"text": "needs_text"}),
        (Status.CLOSED, world.COORDINATOR, Act.REOPEN, {}, {"text": "needs_text"}),
        (Status.ASSIGNED, world.COORDINATOR, Act.REJECT, {}, {"text": "needs_text"}),
        (Status.ASSIGNED, world.COORDINATOR, Act.MERGE, {}, {"target": "needs_target"}),
        (Status.DUPLICATE, world.COORDINATOR, Act.UNMERGE, {}, {"text": "needs_text"}),
        (Status.ASSIGNED, world.LEADER, Act.DIRECT, {}, {"text": "needs_text", "by": "needs_by"}),
        (Status.ASSIGNED, world.OFFICER, Act.NOTE, {}, {"text": "needs_text"}),
        (Status.ASSIGNED, world.CITIZEN, Act.ADD_INFO, {}, {"text": "needs_text"}),
        (Status.ASSIGNED, world.CITIZEN, Act.ADD_PHOTOS, {"text": "Đây."}, {"photos": "needs_photos"}),
        (Status.RESOLVED, world.CITIZEN, Act.RATE, {"text": "Tốt."}, {"rating": "needs_rating"}),
        (Status.RESOLVED, world.CITIZEN, Act.DISPUTE, {}, {"text": "needs_text"}),
    ],
)
async def test_what_an_act_needs_and_does_not_get_is_named(
    settled: Pool, status: Status, actor: Actor, act: Act, form: dict[str, Any], missing: dict[str, str]
) -> None:
    report = await world.reach(settled, status)
    error = await world.refusal(settled, actor, report, act, **form)
    assert isinstance(error, Invalid)
    assert {problem.field: problem.key for problem in error.problems} == {
        field: f"reports.{key}" for field, key in missing.items()
    }


async def test_what_an_act_brings_is_checked(settled: Pool) -> None:
    report = await world.reach(settled, Status.ASSIGNED)
    seven = tuple([await world.photo(settled, number) for number in range(7)])
    form: dict[str, Any] = {"agency_id": "police", "category": "bridges", "text": "x" * 4001, "photos": seven}
    error = await world.refusal(settled, world.COORDINATOR, report, Act.ASSIGN, **form)
    assert {(problem.field, problem.key) for problem in error.problems} == {
        ("text", "reports.text_long"),
        ("photos", "reports.photos_many"),
        ("category", "reports.category_unknown"),
    }


@pytest.mark.parametrize("agency", ["nobody", "NOT AN ID", "x" * 500, "closed"])
async def test_an_unknown_or_closed_agency_is_refused(settled: Pool, agency: str) -> None:
    async with settled.acquire() as conn:
        await conn.execute(
            """
            INSERT INTO agencies (agency_id, parent_id, kind, name, active)
            VALUES ('closed', 'ioc', 'department', 'Đã giải thể', false) ON CONFLICT DO NOTHING
            """
        )
    report = await world.reach(settled, Status.ASSIGNED)
    error = await world.refusal(settled, world.COORDINATOR, report, Act.ASSIGN, agency_id=agency)
    assert (error.key, error.problems[0].field) == ("reports.agency_unknown", "agency")


async def test_a_transfer_to_the_agency_that_has_it_is_refused(settled: Pool) -> None:
    report = await world.reach(settled, Status.ASSIGNED)
    error = await world.refusal(settled, world.LEAD, report, Act.TRANSFER, agency_id="roads", text="Chuyển.")
    assert error.key == "reports.same_agency"


async def test_a_result_can_be_disputed_only_once_it_is_there(settled: Pool) -> None:
    for status in set(Status) - {Status.RESOLVED}:
        report = await world.reach(settled, status)
        error = await world.refusal(settled, world.CITIZEN, report, Act.DISPUTE, text="Chưa xong.")
        assert (type(error), error.key) == (Conflict, "reports.act_not_now")


# ---------------------------------------------------------------- who sees and who may


async def test_another_agencys_report_does_not_exist_for_an_officer(settled: Pool) -> None:
    report = await world.reach(settled, Status.ASSIGNED)
    for actor in (world.POLICE, world.ELECTRICIAN, world.ADMINISTRATOR, Actor("staff")):
        error = await world.refusal(settled, actor, report, Act.NOTE, text="Xem thử.")
        assert (type(error), error.key) == (NotFound, "reports.code_unknown")
        with pytest.raises(NotFound):
            service.visible(actor, report)


async def test_the_agency_above_sees_what_is_below_it(settled: Pool) -> None:
    report = (await world.file(settled, category="street-light")).report
    assert report.agency_id == "power"
    assert service.visible(world.OFFICER, report) == report
    with pytest.raises(NotFound):
        service.visible(world.POLICE, report)


async def test_a_supervising_agency_sees_the_case_wherever_it_goes(settled: Pool) -> None:
    report = await world.reach(settled, Status.RESOLVED, category="street-light")
    report = await world.do(settled, world.CITIZEN, report, Act.DISPUTE, text="Vẫn tối.")
    report = await world.do(settled, world.COORDINATOR, report, Act.ASSIGN, agency_id="police")
    assert (report.agency_id, report.supervisor_id) == ("police", "roads")
    assert service.visible(world.OFFICER, report) == report


@pytest.mark.parametrize("actor", [world.COORDINATOR, world.LEADER])
async def test_coordinators_and_leaders_see_everything_and_handle_nothing(settled: Pool, actor: Actor) -> None:
    report = await world.reach(settled, Status.ASSIGNED)
    assert service.visible(actor, report) == report
    for act in (Act.CLAIM, Act.START, Act.ASK, Act.RETURN, Act.RESOLVE, Act.TRANSFER, Act.ADD_INFO, Act.RATE):
        error = await world.refusal(
            settled, actor, report, act, text="Thử.", agency_id="police", rating=Rating.SATISFIED
        )
        assert isinstance(error, Forbidden), act


async def test_a_role_without_the_right_is_told_so_even_when_there_is_nothing_to_do(settled: Pool) -> None:
    published = await world.do(settled, world.COORDINATOR, await world.reach(settled, Status.IN_PROGRESS), Act.PUBLISH)
    for actor, act in ((world.OFFICER, Act.PUBLISH), (world.LEADER, Act.RESUME), (world.OFFICER, Act.CLOSE)):
        assert isinstance(await world.refusal(settled, actor, published, act), Forbidden)


async def test_a_leader_gives_directions_and_changes_nothing_else(settled: Pool) -> None:
    report = await world.reach(settled, Status.CLOSED)
    directed = await world.do(settled, world.LEADER, report, Act.DIRECT, text="Rà soát cả tuyến.", days=3)
    same = {name: getattr(report, name) for name in ("status", "agency_id", "due_at", "assignee_id", "ended_at")}
    assert {name: getattr(directed, name) for name in same} == same
