import asyncio
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from app.accounts import service
from app.accounts.model import SYSTEM, Actor, Role, Session
from app.db import Pool
from app.errors import Forbidden
from tests.accounts.conftest import NewStaff, events
from tests.small_world import Business

AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


def hours(n: float) -> timedelta:
    return timedelta(hours=n)


async def signed_in(pool: Pool, new_staff: NewStaff, role: Role = Role.OFFICER, agency: str = "so-xay-dung") -> Session:
    _, username, password = await new_staff(role, agency)
    return await service.sign_in(pool, username, password, AT)


async def test_a_request_is_made_by_whoever_signed_in(pool: Pool, new_staff: NewStaff) -> None:
    session = await signed_in(pool, new_staff, Role.LEAD)
    found = await service.session(pool, session.token, AT)
    assert found is not None
    actor, again = found
    assert (actor.kind, actor.id, actor.role, actor.agency_id) == (
        "staff",
        session.staff.staff_id,
        Role.LEAD,
        "so-xay-dung",
    )
    assert again == session


@pytest.mark.parametrize(
    ("agency", "below"),
    [
        ("to-1", {"to-1"}),
        ("so-xay-dung", {"so-xay-dung", "xa-a", "to-1"}),
        ("ioc", {"ioc", "so-xay-dung", "xa-a", "to-1", "dien-luc", "da-giai-the"}),
    ],
)
async def test_an_actor_may_handle_the_own_agency_and_all_below_it(
    pool: Pool, new_staff: NewStaff, agency: str, below: set[str]
) -> None:
    session = await signed_in(pool, new_staff, agency=agency)
    found = await service.session(pool, session.token, AT)
    assert found is not None
    assert found[0].agencies == below


async def test_an_officer_sees_the_offices_below_but_not_those_beside_or_above(pool: Pool, new_staff: NewStaff) -> None:
    session = await signed_in(pool, new_staff)
    found = await service.session(pool, session.token, AT)
    assert found is not None
    seen = {agency: found[0].may_see(Business(agency)) for agency in ("so-xay-dung", "xa-a", "to-1", "dien-luc", "ioc")}
    assert seen == {"so-xay-dung": True, "xa-a": True, "to-1": True, "dien-luc": False, "ioc": False}


async def test_a_circle_in_the_tree_does_not_hang(pool: Pool, new_staff: NewStaff) -> None:
    await pool.execute("INSERT INTO agencies (agency_id, kind, name) VALUES ('c1', 'department', 'C1')")
    await pool.execute(
        "INSERT INTO agencies (agency_id, parent_id, kind, name) VALUES ('c2', 'c1', 'department', 'C2')"
    )
    await pool.execute("UPDATE agencies SET parent_id = 'c2' WHERE agency_id = 'c1'")
    session = await signed_in(pool, new_staff, agency="c1")
    found = await service.session(pool, session.token, AT)
    assert found is not None
    assert found[0].agencies == {"c1", "c2"}
    await pool.execute("UPDATE agencies SET parent_id = NULL WHERE agency_id = 'c1'")


@pytest.mark.parametrize("token", ["", "nonsense", "\x00", "\ud800", "a" * 100_000])
async def test_no_session_goes_by_another_token(pool: Pool, new_staff: NewStaff, token: str) -> None:
    await signed_in(pool, new_staff)
    assert await service.session(pool, token, AT) is None


async def test_eight_idle_hours_end_a_session(pool: Pool, new_staff: NewStaff) -> None:
    session = await signed_in(pool, new_staff)
    assert await service.session(pool, session.token, AT + hours(7.99)) is not None
    assert await service.session(pool, session.token, AT + hours(7.99 + 7.99)) is not None
    assert await service.session(pool, session.token, AT + hours(7.99 + 7.99 + 8)) is None


async def test_a_session_that_has_ended_does_not_come_back(pool: Pool, new_staff: NewStaff) -> None:
    session = await signed_in(pool, new_staff)
    assert await service.session(pool, session.token, AT + hours(8)) is None
    assert await service.session(pool, session.token, AT + hours(8)) is None


async def test_twenty_four_hours_end_a_session_however_busy(pool: Pool, new_staff: NewStaff) -> None:
    session = await signed_in(pool, new_staff)
    for hour in range(24):
        assert await service.session(pool, session.token, AT + hours(hour)) is not None
    assert await service.session(pool, session.token, AT + hours(24)) is None


async def test_the_last_request_is_noted_at_most_once_a_minute(pool: Pool, new_staff: NewStaff) -> None:
    session = await signed_in(pool, new_staff)
    noted = []
    for second in (1, 59, 60, 61, 119, 120):
        await service.session(pool, session.token, AT + timedelta(seconds=second))
        seen = await pool.fetchval(
            "SELECT last_seen_at FROM staff_sessions WHERE staff_id = $1", session.staff.staff_id
        )
        noted.append((seen - AT).total_seconds())
    assert noted == [0, 0, 60, 60, 60, 120]


async def test_many_requests_of_one_session_at_once_all_count(pool: Pool, new_staff: NewStaff) -> None:
    session = await signed_in(pool, new_staff)
    later = AT + hours(1)
    found = await asyncio.gather(*(service.session(pool, session.token, later) for _ in range(20)))
    assert None not in found


async def test_signing_out_ends_this_session_alone(pool: Pool, new_staff: NewStaff) -> None:
    _, username, password = await new_staff()
    here, there = [await service.sign_in(pool, username, password, AT) for _ in range(2)]
    await service.sign_out(pool, here.token)
    assert await service.session(pool, here.token, AT) is None
    assert await service.session(pool, there.token, AT) is not None


async def test_signing_out_twice_is_on_record_once(pool: Pool, new_staff: NewStaff) -> None:
    session = await signed_in(pool, new_staff)
    staff_id = session.staff.staff_id
    for _ in range(2):
        await service.sign_out(pool, session.token)
    recorded = [event for event in await events(pool, staff_id) if event[0] == "signed_out"]
    assert recorded == [("signed_out", f"staff:{staff_id}", {})]


async def test_staff_sign_themselves_out_everywhere(pool: Pool, new_staff: NewStaff) -> None:
    staff_id, username, password = await new_staff()
    sessions = [await service.sign_in(pool, username, password, AT) for _ in range(3)]
    me = Actor("staff", staff_id, Role.OFFICER, "so-xay-dung")
    assert await service.sign_out_everywhere(pool, staff_id, me) == 3
    assert [await service.session(pool, session.token, AT) for session in sessions] == [None] * 3
    assert await service.sign_out_everywhere(pool, staff_id, me) == 0
    recorded = [event for event in await events(pool, staff_id) if event[0] == "signed_out_everywhere"]
    assert recorded == [("signed_out_everywhere", f"staff:{staff_id}", {"sessions_ended": 3})]


async def test_an_administrator_signs_anybody_out_and_a_citizen_nobody(pool: Pool, new_staff: NewStaff) -> None:
    session = await signed_in(pool, new_staff)
    staff_id = session.staff.staff_id
    with pytest.raises(Forbidden):
        # Not even a citizen who had the same id.
        await service.sign_out_everywhere(pool, staff_id, Actor("citizen", staff_id))
    assert await service.sign_out_everywhere(pool, staff_id, Actor("staff", uuid4(), Role.ADMINISTRATOR, "ioc")) == 1
    assert await service.session(pool, session.token, AT) is None


async def test_a_disabled_persons_session_is_dead_even_if_its_row_were_left(pool: Pool, new_staff: NewStaff) -> None:
    session = await signed_in(pool, new_staff)
    await pool.execute("UPDATE staff SET active = false WHERE staff_id = $1", session.staff.staff_id)
    assert await service.session(pool, session.token, AT) is None


async def test_a_change_of_role_or_agency_counts_from_the_next_request(pool: Pool, new_staff: NewStaff) -> None:
    session = await signed_in(pool, new_staff)
    await pool.execute(
        "UPDATE staff SET role = 'lead', agency_id = 'dien-luc' WHERE staff_id = $1", session.staff.staff_id
    )
    found = await service.session(pool, session.token, AT)
    assert found is not None
    assert (found[0].role, found[0].agency_id) == (Role.LEAD, "dien-luc")
    assert found[0].agencies == {"dien-luc"}


async def test_signing_in_clears_away_the_own_sessions_that_are_over(pool: Pool, new_staff: NewStaff) -> None:
    staff_id, username, password = await new_staff()
    await service.sign_in(pool, username, password, AT)
    await service.sign_in(pool, username, password, AT + hours(1))
    await service.sign_in(pool, username, password, AT + hours(8))
    assert await pool.fetchval("SELECT count(*) FROM staff_sessions WHERE staff_id = $1", staff_id) == 2


async def test_the_sweep_takes_what_is_over_and_leaves_the_rest(pool: Pool, new_staff: NewStaff) -> None:
    idle, busy = [await signed_in(pool, new_staff) for _ in range(2)]
    with pytest.raises(Exception, match="sign_in_wrong"):
        await service.sign_in(pool, "swept", "năm con vịt bơi sông", AT)
    await service.session(pool, busy.token, AT + hours(4))
    await service.sweep(pool, AT + hours(9))
    left = await pool.fetch("SELECT staff_id FROM staff_sessions")
    assert idle.staff.staff_id not in [row["staff_id"] for row in left]
    assert busy.staff.staff_id in [row["staff_id"] for row in left]
    assert await pool.fetchval("SELECT count(*) FROM sign_in_attempts") > 0
    await service.sweep(pool, AT + hours(40))
    assert await pool.fetchval("SELECT count(*) FROM staff_sessions") == 0
    assert await pool.fetchval("SELECT count(*) FROM sign_in_attempts") == 0


async def test_a_session_of_nobody_signs_nobody_out(pool: Pool) -> None:
    before = await pool.fetchval("SELECT count(*) FROM account_events")
    await service.sign_out(pool, "nonsense")
    assert await pool.fetchval("SELECT count(*) FROM account_events") == before


async def test_the_system_signs_anybody_out(pool: Pool, new_staff: NewStaff) -> None:
    session = await signed_in(pool, new_staff)
    assert await service.sign_out_everywhere(pool, session.staff.staff_id, SYSTEM) == 1
