"""What each act does to a report: clocks, agencies, people, words. Pure, so every rule is tested bare."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.accounts.model import SYSTEM, Actor
from app.attachments.model import Attachment
from app.history.model import NO_HASH, Fact, Kind, chain, digest
from app.photos.model import StoredPhoto
from app.reports.change import Change
from app.reports.clock import Clock, clock_of
from app.reports.deadlines import recomputed
from app.reports.directions import open_of
from app.reports.effects import ALREADY, carry_out
from app.reports.model import Direction, Form, NewPart, Rating, Report, Status
from app.reports.workflow import Act, acts_for
from app.routing.limits import parse_limit
from tests import small_world as world

CALENDAR = world.RULES.calendar
AN_XUYEN, TAN_THANH = (
    commune for code in (world.AN_XUYEN, world.TAN_THANH) if (commune := world.GAZETTEER.commune(code))
)
LATER = world.MONDAY + timedelta(days=1)
TARGET = world.bare(report_id=UUID(int=101), code="PA-0000-0001")
PHOTO = StoredPhoto("ab" * 32, 1, 640, 480, 1000, "image/jpeg", None, None, None)
FILE = Attachment(
    UUID(int=103), "cd" * 32, "document", "bien-ban.pdf", "application/pdf", 1000, 1, False, LATER, UUID(int=1)
)
"""A file in the case of every report here."""
DIRECTION = Direction(UUID(int=102), world.MONDAY, LATER, world.LEADER.id, None)

moments = st.timedeltas(timedelta(0), timedelta(days=350)).map(lambda after: datetime(2026, 1, 5, tzinfo=UTC) + after)
limits = st.sampled_from(["3 working days", "16 office hours", "30 hours", "2 days", "90 minutes"])


def act(
    name: Act,
    actor: Actor,
    report: Report,
    *,
    at: datetime = LATER,
    supervisor: str | None = "roads",
    clock: Clock = Clock(world.MONDAY, world.MONDAY),  # noqa: B008  # frozen
    proposal: dict[str, Any] | None = None,
    directions: Sequence[Direction] = (DIRECTION,),
    **form: Any,
) -> Change:
    change = Change(
        seen=report,
        report=report,
        actor=actor,
        form=Form(**form),
        at=at,
        rules=world.RULES,
        target=TARGET,
        supervisor=supervisor,
        clock=clock,
        proposal=proposal,
        directions=list(directions),
        attached=(FILE,),
    )
    carry_out(name, change)
    return change


def the(change: Change, kind: Kind) -> Fact:
    (fact,) = [fact for fact in change.facts if fact.kind is kind]
    return fact


# ---------------------------------------------------------------- the clock


@given(moments, st.timedeltas(timedelta(0), timedelta(days=40)), limits)
def test_a_pause_moves_the_deadline_by_exactly_the_office_time_it_took(
    paused_at: datetime, length: timedelta, handling: str
) -> None:
    due = CALENDAR.add_working_days(paused_at - timedelta(days=3), 3)
    asked = world.bare(Status.AWAITING_INFO, paused_at=paused_at, due_at=due, handling=handling)
    resumed = act(Act.RESUME, SYSTEM, asked, at=paused_at + length)
    assert resumed.report.paused_at is None
    if "working" in handling or "office" in handling:
        moved = CALENDAR.office_hours_between(due, resumed.report.due_at)
        assert moved == CALENDAR.office_hours_between(paused_at, paused_at + length)
    else:
        assert resumed.report.due_at - due == length
    assert datetime.fromisoformat(the(resumed, Kind.RESUMED).data["due"]) == resumed.report.due_at


@given(moments, st.lists(st.timedeltas(timedelta(0), timedelta(days=4)), min_size=3, max_size=3))
def test_pauses_one_after_another_cost_the_agency_nothing(start: datetime, lengths: list[timedelta]) -> None:
    """What the agency has left when it is resumed is what it had when it asked, however often it asks."""
    at, report = start, world.bare(Status.IN_PROGRESS, due_at=CALENDAR.add_working_days(start, 5))
    left = CALENDAR.office_hours_between(at, report.due_at)
    for length in lengths:
        report = act(Act.ASK, world.OFFICER, report, at=at, text="Ở đâu?").report
        at += length
        report = act(Act.ADD_INFO, world.CITIZEN, report, at=at, text="Ở đây.").report
        assert CALENDAR.office_hours_between(at, report.due_at) == left


@pytest.mark.parametrize("answer", [Act.ADD_INFO, Act.ADD_PHOTOS])
def test_whatever_the_citizen_adds_is_the_answer_and_the_system_resumes(answer: Act) -> None:
    asked = world.bare(Status.AWAITING_INFO)
    answered = act(
        answer, world.CITIZEN, asked, text="Trước nhà số 12." if answer is Act.ADD_INFO else "", photos=(PHOTO,)
    )
    assert answered.report.status is Status.IN_PROGRESS
    assert [fact.kind for fact in answered.facts][1:] == [Kind.RESUMED]
    assert the(answered, Kind.RESUMED).by_system
    assert the(answered, Kind.RESUMED).data["why"] == "answered"


@pytest.mark.parametrize(("who", "why"), [(SYSTEM, "no_answer"), (world.OFFICER, "officer")])
def test_who_resumed_without_an_answer_is_on_record(who: Actor, why: str) -> None:
    resumed = act(Act.RESUME, who, world.bare(Status.AWAITING_INFO))
    assert the(resumed, Kind.RESUMED).data["why"] == why


def test_information_added_while_nobody_waits_for_it_moves_nothing() -> None:
    report = world.bare(Status.IN_PROGRESS)
    added = act(Act.ADD_INFO, world.CITIZEN, report, text="Thêm chi tiết.")
    assert added.report == report
    assert [fact.kind for fact in added.facts] == [Kind.INFO_ADDED]


def test_the_first_agency_gets_the_whole_limit_from_the_moment_it_is_assigned() -> None:
    assigned = act(Act.ASSIGN, world.COORDINATOR, world.bare(Status.RECEIVED), agency_id="roads")
    assert assigned.report.due_at == CALENDAR.add_working_days(LATER, 3)
    assert assigned.report.assigned_at == LATER


@pytest.mark.parametrize("how", [Act.ASSIGN, Act.TRANSFER])
def test_the_clock_runs_on_from_one_agency_to_the_next(how: Act) -> None:
    report = world.bare(Status.IN_PROGRESS, assignee_id=world.OFFICER.id)
    who = world.COORDINATOR if how is Act.ASSIGN else world.LEAD
    moved = act(how, who, report, agency_id="police", text="Không thuộc thẩm quyền.")
    assert moved.report.due_at == report.due_at
    assert (moved.report.agency_id, moved.report.assignee_id) == ("police", None)
    assert "due" not in moved.facts[0].data


def test_another_category_is_reckoned_afresh_with_its_own_limit_and_urgency() -> None:
    report = world.bare(Status.IN_PROGRESS)
    moved = act(Act.ASSIGN, world.COORDINATOR, report, agency_id="power", category="street-light")
    assert (moved.report.category, moved.report.handling, moved.report.urgency) == (
        "street-light",
        "16 office hours",
        "urgent",
    )
    assert moved.report.due_at == CALENDAR.add_office_hours(LATER, 16)
    assert moved.facts[0].data["category"] == "street-light"


def test_a_category_that_is_private_makes_the_report_private_and_none_makes_it_public() -> None:
    private = act(Act.ASSIGN, world.COORDINATOR, world.bare(), agency_id="police", category="noise").report
    assert private.visibility == "private"
    again = act(Act.ASSIGN, world.COORDINATOR, private, agency_id="roads", category="pothole").report
    assert again.visibility == "private"


def test_a_dispute_begins_the_limit_anew_under_the_eye_of_the_agency_above_and_at_nobodys_desk() -> None:
    resolved = world.bare(Status.RESOLVED, assignee_id=world.OFFICER.id, rating=Rating.DISSATISFIED)
    disputed = act(Act.DISPUTE, world.CITIZEN, resolved, text="Vẫn còn ổ gà.", photos=(PHOTO,)).report
    assert (disputed.status, disputed.supervisor_id, disputed.assignee_id) == (Status.IN_PROGRESS, "roads", None)
    assert disputed.due_at == CALENDAR.add_working_days(LATER, 3)
    assert (disputed.resolved_at, disputed.rating) == (None, None)


def test_a_dispute_at_the_top_of_the_tree_has_nobody_above_it() -> None:
    disputed = act(Act.DISPUTE, world.CITIZEN, world.bare(Status.RESOLVED), supervisor=None, text="Chưa xong.")
    assert disputed.report.supervisor_id is None


@pytest.mark.parametrize("status", [Status.RESOLVED, Status.CLOSED])
def test_a_reopened_result_goes_back_to_work_with_the_whole_limit(status: Status) -> None:
    report = world.bare(status, assignee_id=world.OFFICER.id)
    reopened = act(Act.REOPEN, world.COORDINATOR, report, text="Người dân gọi điện.").report
    assert (reopened.status, reopened.assignee_id) == (Status.IN_PROGRESS, world.OFFICER.id)
    assert reopened.due_at == CALENDAR.add_working_days(LATER, 3)
    assert (reopened.resolved_at, reopened.ended_at, reopened.rating) == (None, None, None)


@pytest.mark.parametrize(
    ("how", "report"),
    [
        (Act.REOPEN, world.bare(Status.REJECTED, assignee_id=UUID(int=1))),
        (Act.UNMERGE, world.bare(Status.DUPLICATE, rating=Rating.SATISFIED)),
    ],
)
def test_what_was_refused_or_merged_starts_over_at_the_coordinators_desk(how: Act, report: Report) -> None:
    back = act(how, world.COORDINATOR, report, text="Xem lại.").report
    assert (back.status, back.agency_id, back.assignee_id) == (Status.RECEIVED, "ioc", None)
    assert (back.assigned_at, back.ended_at, back.duplicate_of, back.rating) == (None, None, None, None)
    assert back.intake_due_at == CALENDAR.add_office_hours(LATER, 2)
    assert back.due_at == CALENDAR.add_working_days(LATER, 3)
    # So the agency that gets it next has the whole limit again.
    week = LATER + timedelta(days=7)
    assigned = act(Act.ASSIGN, world.COORDINATOR, back, at=week, agency_id="roads").report
    assert assigned.due_at == CALENDAR.add_working_days(week, 3)


def test_a_report_of_a_category_that_has_left_the_rules_can_still_be_reopened() -> None:
    old = world.bare(Status.REJECTED, category="ferry")
    assert act(Act.REOPEN, world.COORDINATOR, old, text="Xem lại.").report.category == "ferry"


@pytest.mark.parametrize(("minutes", "on_time"), [(0, True), (1, False)])
def test_a_result_in_the_very_minute_of_the_deadline_is_on_time(minutes: int, on_time: bool) -> None:
    report = world.bare(Status.IN_PROGRESS)
    at = report.due_at + timedelta(minutes=minutes)
    resolved = act(Act.RESOLVE, world.OFFICER, report, at=at, text="Đã vá.", photos=(PHOTO,))
    fact = the(resolved, Kind.RESOLVED)
    assert (fact.data["on_time"], fact.data["due"]) == (on_time, report.due_at.isoformat())
    assert (resolved.report.resolved_at, resolved.stage) == (at, "after")


# ---------------------------------------------------------------- hands


def test_a_return_puts_the_case_on_the_coordinators_desk_and_says_who_had_it() -> None:
    returned = act(Act.RETURN, world.OFFICER, world.bare(assignee_id=world.OFFICER.id), text="Không phải việc này.")
    assert (returned.report.agency_id, returned.report.assignee_id) == ("ioc", None)
    assert returned.report.handovers == 1
    assert the(returned, Kind.RETURNED).data["agency"] == "roads"


def test_transfers_and_returns_count_together_and_nothing_takes_the_count_away() -> None:
    report = act(Act.TRANSFER, world.LEAD, world.bare(), agency_id="police", text="Chuyển.").report
    report = act(Act.RETURN, world.POLICE, report, text="Trả.").report
    assert report.handovers == 2
    report = act(Act.ASSIGN, world.COORDINATOR, report, agency_id="roads").report
    assert report.handovers == 2


def test_claiming_and_starting_make_the_officer_answer_for_it() -> None:
    assert act(Act.CLAIM, world.COLLEAGUE, world.bare()).report.assignee_id == world.COLLEAGUE.id
    assert act(Act.START, world.OFFICER, world.bare()).report.assignee_id == world.OFFICER.id


@pytest.mark.parametrize("how", [Act.ASK, Act.RESOLVE])
def test_whoever_asks_or_resolves_takes_what_nobody_had_and_leaves_what_somebody_has(how: Act) -> None:
    form: dict[str, Any] = {"text": "Đã xong chưa?", "photos": (PHOTO,)}
    assert act(how, world.OFFICER, world.bare(), **form).report.assignee_id == world.OFFICER.id
    taken = world.bare(assignee_id=world.COLLEAGUE.id)
    assert act(how, world.OFFICER, taken, **form).report.assignee_id == world.COLLEAGUE.id


def test_merging_ends_a_report_into_another_and_both_histories_say_so() -> None:
    merged = act(Act.MERGE, world.COORDINATOR, world.bare(Status.AWAITING_INFO), target=TARGET.code)
    report = merged.report
    assert (report.duplicate_of, report.ended_at, report.paused_at) == (TARGET.report_id, LATER, None)
    assert the(merged, Kind.MERGED).data == {"into": str(TARGET.report_id), "code": TARGET.code}
    assert merged.target_facts == [Fact(Kind.MERGED_IN, {"report": str(report.report_id), "code": report.code})]


def test_unmerging_says_so_in_both_histories() -> None:
    unmerged = act(Act.UNMERGE, world.COORDINATOR, world.bare(Status.DUPLICATE), text="Hai việc khác nhau.")
    assert the(unmerged, Kind.UNMERGED).data["code"] == TARGET.code
    assert [fact.kind for fact in unmerged.target_facts] == [Kind.UNMERGED_FROM]


# ---------------------------------------------------------------- the citizen's word


@pytest.mark.parametrize(
    ("rating", "status", "after"),
    [
        (Rating.SATISFIED, Status.RESOLVED, Status.CLOSED),
        (Rating.ACCEPTABLE, Status.RESOLVED, Status.CLOSED),
        (Rating.DISSATISFIED, Status.RESOLVED, Status.RESOLVED),
        (Rating.DISSATISFIED, Status.CLOSED, Status.CLOSED),
        (Rating.SATISFIED, Status.DUPLICATE, Status.DUPLICATE),
    ],
)
def test_a_good_rating_closes_what_was_resolved_and_nothing_else(rating: Rating, status: Status, after: Status) -> None:
    rated = act(Act.RATE, world.CITIZEN, world.bare(status), rating=rating)
    assert (rated.report.status, rated.report.rating) == (after, rating)
    closed = [fact for fact in rated.facts if fact.kind is Kind.CLOSED]
    assert [fact.data["why"] for fact in closed] == (["confirmed"] if after is not status else [])
    assert all(fact.by_system for fact in closed)


def test_publishing_and_unpublishing() -> None:
    published = act(Act.PUBLISH, world.COORDINATOR, world.bare()).report
    assert published.published_at == LATER
    assert act(Act.UNPUBLISH, world.COORDINATOR, published).report.published_at is None


# ---------------------------------------------------------------- words and photos


AUDIENCES = {
    Act.ASK: ("question", "reporter"),
    Act.PROGRESS: ("progress", "public"),
    Act.RESOLVE: ("resolution", "public"),
    Act.REJECT: ("reason", "reporter"),
    Act.REOPEN: ("reason", "reporter"),
    Act.WITHDRAW: ("reason", "reporter"),
    Act.ADD_INFO: ("info", "reporter"),
    Act.ADD_PHOTOS: ("info", "reporter"),
    Act.RATE: ("rating", "reporter"),
    Act.DISPUTE: ("dispute", "reporter"),
    Act.RETURN: ("reason", "staff"),
    Act.TRANSFER: ("reason", "staff"),
    Act.ASSIGN: ("reason", "staff"),
    Act.DETACH: ("reason", "staff"),
    Act.MERGE: ("reason", "staff"),
    Act.UNMERGE: ("reason", "staff"),
    Act.RECLASSIFY: ("reason", "staff"),
    Act.SET_URGENCY: ("reason", "staff"),
    Act.ASK_EXTENSION: ("reason", "staff"),
    Act.GRANT_EXTENSION: ("reason", "reporter"),
    Act.REFUSE_EXTENSION: ("reason", "staff"),
}
"""Who may read what an act brings along; all others are notes for the staff."""


@pytest.mark.parametrize("name", [name for name in Act if name not in (Act.CLOSE, Act.REMIND)])
def test_no_act_loses_words_or_photos_and_the_history_refers_to_them_without_repeating_them(name: Act) -> None:
    status = Status.DUPLICATE if name is Act.UNMERGE else Status.RESOLVED if name is Act.REOPEN else Status.ASSIGNED
    form: dict[str, Any] = {
        "text": "Chị Lan, 0912 345 678.",
        "photos": (PHOTO,),
        "agency_id": "police",
        "rating": Rating.DISSATISFIED,
        "urgency": "urgent",
        "days": 2,
        "attachment": FILE.attachment_id,
        "parts": (NewPart("pothole"), NewPart("street-light")),
    }
    change = act(name, world.OFFICER, world.bare(status), **form, client_key="k1")
    (words,) = change.messages
    assert (words.kind, words.visibility) == AUDIENCES.get(name, ("note", "staff"))
    assert (words.author_kind, words.author_id, words.client_key) == ("staff", world.OFFICER.id, "k1")
    fact = change.facts[0]
    assert fact.data["message_id"] == str(words.message_id)
    assert fact.data["digest"] == digest("Chị Lan, 0912 345 678.")
    assert fact.data["photos"] == [PHOTO.sha256]
    assert "Lan" not in msgspec.json.encode([f.data for f in change.facts]).decode()


def test_an_act_without_words_keeps_none() -> None:
    change = act(Act.ASSIGN, world.COORDINATOR, world.bare(), agency_id="police")
    assert change.messages == []
    assert "message_id" not in change.facts[0].data


# ---------------------------------------------------------------- repeating


@pytest.mark.parametrize(
    ("name", "report", "form", "already"),
    [
        (Act.WITHDRAW, world.bare(Status.WITHDRAWN), Form(), True),
        (Act.WITHDRAW, world.bare(Status.ASSIGNED), Form(), False),
        (Act.RATE, world.bare(Status.CLOSED), Form(rating=Rating.SATISFIED), True),
        (Act.RATE, world.bare(Status.CLOSED), Form(rating=Rating.SATISFIED, text="Cảm ơn."), False),
        (Act.RATE, world.bare(Status.CLOSED), Form(rating=Rating.ACCEPTABLE), False),
        (Act.CLOSE, world.bare(Status.CLOSED), Form(), True),
        (Act.RESUME, world.bare(Status.IN_PROGRESS), Form(), True),
        (Act.RESUME, world.bare(Status.AWAITING_INFO), Form(), False),
        (Act.PUBLISH, world.bare(published_at=LATER), Form(), True),
        (Act.PUBLISH, world.bare(), Form(), False),
        (Act.UNPUBLISH, world.bare(), Form(), True),
        (Act.UNPUBLISH, world.bare(published_at=LATER), Form(), False),
        (Act.SET_URGENCY, world.bare(), Form(urgency="normal"), True),
        (Act.SET_URGENCY, world.bare(), Form(urgency="urgent"), False),
        (Act.RECLASSIFY, world.bare(), Form(category="pothole", commune=AN_XUYEN), True),
        (Act.RECLASSIFY, world.bare(), Form(category="noise"), False),
        (Act.RECLASSIFY, world.bare(), Form(commune=TAN_THANH), False),
        (Act.RECLASSIFY, world.bare(place_approximate=True), Form(commune=AN_XUYEN), False),
        (Act.RECLASSIFY, world.bare(), Form(), False),
    ],
)
def test_what_is_so_already_need_not_be_done_again(name: Act, report: Report, form: Form, already: bool) -> None:
    assert ALREADY[name](report, form) is already


# ---------------------------------------------------------------- any life at all

PEOPLE = (world.OFFICER, world.LEAD, world.COORDINATOR, world.LEADER, world.CITIZEN, SYSTEM)


@settings(deadline=None)
@given(st.data())
def test_no_life_however_strange_leads_to_an_impossible_report(data: st.DataObject) -> None:
    """Up to twelve acts that the table lets pass, by anybody; after each, what the database demands of a row holds, and
    the deadline is what the limit gives when it is counted from the history. (A report that is split has its parts'
    deadlines, see ``test_parts``.)"""
    report = world.bare(Status.SUBMITTED)
    at = world.MONDAY
    events = chain(report.report_id, (0, NO_HASH), [Fact(Kind.SUBMITTED)], at=at, actor=("citizen", None))
    for _ in range(data.draw(st.integers(1, 12))):
        choices = [(name, who) for who in PEOPLE for name in acts_for(who, report) if name is not Act.SPLIT]
        name, who = data.draw(st.sampled_from(choices))
        at += data.draw(st.timedeltas(timedelta(0), timedelta(days=9)))
        form: dict[str, Any] = {
            "text": "Lời nhắn.",
            "agency_id": data.draw(st.sampled_from(["roads", "police"])),
            "category": data.draw(st.sampled_from([None, "pothole", "noise"])),
            "rating": data.draw(st.sampled_from(list(Rating))),
            "urgency": data.draw(st.sampled_from(["urgent", "normal", "complex"])),
            "commune": data.draw(st.sampled_from([None, TAN_THANH])),
            "days": data.draw(st.integers(1, 9)),
            "attachment": FILE.attachment_id,
        }
        directed = open_of(events)
        form["direction"] = data.draw(st.sampled_from(directed)).direction_id if directed else None
        change = act(name, who, report, at=at, clock=clock_of(events), directions=directed, **form)
        last = (events[-1].seq, events[-1].hash)
        events += chain(report.report_id, last, change.facts, at=at, actor=(who.kind, who.id))
        before, report = report, change.report
        status = report.status
        assert (report.paused_at is not None) == (status is Status.AWAITING_INFO)
        ended = status in (Status.CLOSED, Status.REJECTED, Status.DUPLICATE, Status.WITHDRAWN)
        assert (report.ended_at is not None) == ended
        assert (report.resolved_at is not None) == (status in (Status.RESOLVED, Status.CLOSED))
        assert (report.duplicate_of is not None) == (status is Status.DUPLICATE)
        if status in (Status.SUBMITTED, Status.RECEIVED, Status.RETURNED):
            assert (report.agency_id, report.assignee_id) == ("ioc", None)
        if status in (Status.ASSIGNED, Status.IN_PROGRESS, Status.AWAITING_INFO, Status.RESOLVED):
            assert report.assigned_at is not None
        assert report.directed_due_at == min((one.due for one in open_of(events)), default=None)
        assert report.extended_to is None or report.due_at >= report.extended_to
        judged_anew = name in (Act.SET_URGENCY, Act.RECLASSIFY) or report.category != before.category
        assert report.due_at >= before.due_at or judged_anew
        assert report.due_at == clock_of(events).due(CALENDAR, parse_limit(report.handling))
        assert recomputed(world.RULES, report, events) is None or status in (Status.SUBMITTED, Status.RECEIVED)


# ---------------------------------------------------------------- judged anew


def test_how_urgent_it_is_counts_from_when_it_became_known() -> None:
    report = world.bare(Status.IN_PROGRESS)
    urgent = act(Act.SET_URGENCY, world.COORDINATOR, report, urgency="urgent", text="Trẻ em vừa té.")
    assert (urgent.report.urgency, urgent.report.handling) == ("urgent", "1 working day")
    assert urgent.report.due_at == CALENDAR.add_working_days(LATER, 1)
    assert the(urgent, Kind.URGENCY_SET).data["was"] == "normal"


def test_another_category_by_a_coordinator_starts_the_clock_anew_and_by_the_agencys_lead_does_not() -> None:
    report = world.bare(Status.IN_PROGRESS)
    started, asked = world.MONDAY, (world.MONDAY, world.MONDAY + timedelta(hours=3))
    clock = Clock(started, started, (asked,))
    for actor, due in (
        (world.COORDINATOR, CALENDAR.add_working_days(LATER, 1)),
        (world.LEAD, CALENDAR.postpone(CALENDAR.add_working_days(started, 1), parse_limit("1 working day"), *asked)),
    ):
        change = act(Act.RECLASSIFY, actor, report, category="litter", clock=clock)
        assert change.report.category == "litter"
        assert change.report.agency_id == "roads"
        assert change.report.due_at >= due or actor is world.LEAD
        fact = the(change, Kind.RECLASSIFIED)
        assert fact.data["restarted"] is (actor is world.COORDINATOR)
        limit = parse_limit(change.report.handling)
        begun = Clock(LATER, LATER) if actor is world.COORDINATOR else clock
        assert change.report.due_at == begun.due(CALENDAR, limit)


def test_the_proposal_says_who_by_which_rule_and_why() -> None:
    change = act(
        Act.RECLASSIFY, world.LEAD, world.bare(), category="litter", commune=TAN_THANH, text="Bãi rác ở kế bên."
    )
    proposal = the(change, Kind.RECLASSIFIED).data["proposal"]
    assert (proposal["agency"], proposal["rule"], proposal["rule_set"]) == ("ubnd-32025", "litter", world.RULES.version)
    assert proposal["reasons"][0] == "Rác do xã xử lý."
    after = change.report
    assert (after.commune_code, after.commune_name, after.place_approximate) == ("32025", "Phường Tân Thành", False)
    assert (after.rule_id, after.agency_id, after.status) == ("litter", "roads", Status.ASSIGNED)


def test_another_place_alone_leaves_the_urgency_that_a_person_set() -> None:
    change = act(Act.RECLASSIFY, world.LEAD, world.bare(urgency="urgent"), commune=TAN_THANH)
    assert (change.report.urgency, change.report.category) == ("urgent", "pothole")


def test_what_becomes_private_by_its_category_stays_private() -> None:
    private = act(Act.RECLASSIFY, world.COORDINATOR, world.bare(), category="noise").report
    assert private.visibility == "private"
    assert act(Act.RECLASSIFY, world.COORDINATOR, private, category="pothole").report.visibility == "private"


@pytest.mark.parametrize(("agency", "accepted"), [("police", True), ("power", False)])
@pytest.mark.parametrize("name", [Act.ASSIGN, Act.TRANSFER])
def test_handing_it_to_the_agency_proposed_is_recorded_as_accepting(name: Act, agency: str, accepted: bool) -> None:
    proposal = {"agency": "police", "co_agencies": [], "rule": "noise", "rule_set": "1", "reasons": ["Vì vậy."]}
    fact = act(name, world.COORDINATOR, world.bare(), agency_id=agency, proposal=proposal, text="Đúng vậy.").facts[0]
    grounds = {"rule": "noise", "rule_set": "1", "reasons": ["Vì vậy."]}
    assert fact.data.get("accepts") == (grounds if accepted else None)
