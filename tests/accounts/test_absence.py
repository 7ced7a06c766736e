"""Who is away and who stands in: chains and circles of deputies, who may enter it, what is written down."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
import pytest_asyncio

from app.accounts import absence
from app.accounts.model import SYSTEM, Actor
from app.db import Conn, Pool
from app.errors import Conflict, Forbidden, Invalid, NotFound
from tests.small_world import COLLEAGUE, COORDINATOR, ELECTRICIAN, LEAD, LEADER, OFFICER, POLICE, POLICE_LEAD
from tests.small_world import settled as settled

TODAY = date(2026, 3, 2)
NOON = datetime(2026, 3, 2, 5, 0, tzinfo=UTC)


def who(actor: Actor) -> UUID:
    assert actor.id
    return actor.id


async def away(
    pool: Pool, person: Actor, deputy: Actor, first: int = 0, last: int = 3, by: Actor | None = None
) -> UUID:
    """``first`` and ``last``: days from today."""
    days = (TODAY + timedelta(days=first), TODAY + timedelta(days=last))
    return await absence.enter(pool, who(person), who(deputy), *days, by or person, TODAY)


@pytest_asyncio.fixture
async def pool_(settled: Pool) -> AsyncIterator[Pool]:
    await settled.execute("DELETE FROM staff_absences")
    yield settled


@pytest_asyncio.fixture
async def conn_(pool_: Pool) -> AsyncIterator[Conn]:
    async with pool_.acquire() as conn:
        yield conn


async def acts_for(conn: Conn, person: Actor, at: datetime = NOON) -> UUID | None:
    return (await absence.acting(conn, [who(person)], at)).get(who(person), who(person))


async def test_from_the_first_day_to_the_end_of_the_last_the_deputy_stands_in(pool_: Pool, conn_: Conn) -> None:
    await away(pool_, OFFICER, COLLEAGUE)
    midnight = datetime(2026, 3, 1, 17, 0, tzinfo=UTC)  # in Vietnam the day begins
    for at, deputy in (
        (midnight - timedelta(seconds=1), OFFICER),
        (midnight, COLLEAGUE),
        (midnight + timedelta(days=4, seconds=-1), COLLEAGUE),
        (midnight + timedelta(days=4), OFFICER),
    ):
        assert await acts_for(conn_, OFFICER, at) == who(deputy)
        theirs = [who(OFFICER)] if deputy is COLLEAGUE else []
        assert await absence.deputised_for(conn_, who(COLLEAGUE), at) == theirs


async def test_a_deputy_who_is_away_hands_on_to_their_own(pool_: Pool, conn_: Conn) -> None:
    await away(pool_, OFFICER, COLLEAGUE)
    await away(pool_, COLLEAGUE, LEAD)
    assert await acts_for(conn_, OFFICER) == who(LEAD)
    assert await absence.deputised_for(conn_, who(LEAD), NOON) == [who(OFFICER), who(COLLEAGUE)]


async def test_where_deputies_go_in_a_circle_nobody_stands_in_and_nothing_hangs(pool_: Pool, conn_: Conn) -> None:
    await away(pool_, OFFICER, COLLEAGUE)
    await away(pool_, COLLEAGUE, LEAD)
    await away(pool_, LEAD, OFFICER)
    assert await acts_for(conn_, OFFICER) is None
    assert await absence.deputised_for(conn_, who(OFFICER), NOON) == [who(COLLEAGUE), who(LEAD)]
    found = await absence.of_agencies(conn_, ["roads"], TODAY)
    assert [(one.deputy_id, one.acts_id) for one in found if one.staff_id == OFFICER.id] == [(COLLEAGUE.id, None)]


async def test_a_disabled_deputy_stands_in_for_nobody(pool_: Pool, conn_: Conn) -> None:
    await away(pool_, OFFICER, COLLEAGUE)
    await conn_.execute("UPDATE staff SET active = false WHERE staff_id = $1", COLLEAGUE.id)
    try:
        assert await acts_for(conn_, OFFICER) is None
    finally:
        await conn_.execute("UPDATE staff SET active = true WHERE staff_id = $1", COLLEAGUE.id)


async def test_a_lead_enters_it_for_somebody_and_takes_it_back_and_both_are_on_record(pool_: Pool, conn_: Conn) -> None:
    absence_id = await away(pool_, ELECTRICIAN, await _second_electrician(conn_), by=LEAD)
    await absence.take_back(pool_, absence_id, LEAD)
    assert await acts_for(conn_, ELECTRICIAN) == who(ELECTRICIAN)
    rows = await conn_.fetch("SELECT kind, actor FROM account_events WHERE staff_id = $1", ELECTRICIAN.id)
    assert [(row["kind"], row["actor"]) for row in rows] == [
        ("absence_entered", f"staff:{LEAD.id}"), ("absence_taken_back", f"staff:{LEAD.id}"),
    ]  # fmt: skip
    with pytest.raises(NotFound):
        await absence.take_back(pool_, absence_id, LEAD)


async def _second_electrician(conn: Conn) -> Actor:
    await conn.execute(
        """
        INSERT INTO staff (staff_id, agency_id, username, full_name, role, password_hash)
        VALUES ($1, 'power', 'staff.40', 'Thợ điện', 'officer', '') ON CONFLICT DO NOTHING
        """,
        UUID(int=40),
    )
    return Actor("staff", UUID(int=40))


@pytest.mark.parametrize("by", [COLLEAGUE, POLICE_LEAD, COORDINATOR])
async def test_nobody_else_says_who_is_away(pool_: Pool, by: Actor) -> None:
    with pytest.raises(Forbidden):
        await away(pool_, OFFICER, LEAD, by=by)
    absence_id = await away(pool_, OFFICER, LEAD)
    with pytest.raises(Forbidden):
        await absence.take_back(pool_, absence_id, by)


async def test_whoever_has_no_cases_is_not_away_from_any(pool_: Pool) -> None:
    with pytest.raises(Forbidden):
        await away(pool_, LEADER, COORDINATOR, by=SYSTEM)


@pytest.mark.parametrize("deputy", [OFFICER, POLICE, Actor("staff", uuid4())])
async def test_a_deputy_is_a_colleague_and_somebody_else(pool_: Pool, deputy: Actor) -> None:
    with pytest.raises(Invalid) as wrong:
        await away(pool_, OFFICER, deputy)
    assert [problem.key for problem in wrong.value.problems] == ["absence.deputy_wrong"]


@pytest.mark.parametrize(
    ("first", "last", "key"), [(3, 2, "days_backward"), (-5, -1, "days_past"), (0, 367, "days_many")]
)
async def test_days_that_cannot_be_are_refused_together_with_a_wrong_deputy(
    pool_: Pool, first: int, last: int, key: str
) -> None:
    with pytest.raises(Invalid) as wrong:
        await away(pool_, OFFICER, POLICE, first, last)
    assert [problem.key for problem in wrong.value.problems] == [f"absence.{key}", "absence.deputy_wrong"]


async def test_nobody_is_away_twice_at_a_time(pool_: Pool) -> None:
    await away(pool_, OFFICER, COLLEAGUE, 2, 5)
    with pytest.raises(Conflict):
        await away(pool_, OFFICER, LEAD, 5, 9)
    await away(pool_, OFFICER, LEAD, 6, 9)
