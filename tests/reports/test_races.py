"""Two at once, twice the same, and half done: the first wins, a repeat is no second time, and nothing is ever half."""

import asyncio
from typing import Any

import asyncpg
import pytest

from app.accounts.model import Actor
from app.db import Pool
from app.errors import Conflict, Invalid
from app.history import service as history
from app.history.model import digest
from app.reports import service
from app.reports.model import Rating, Report, Status
from app.reports.workflow import Act
from tests import small_world as world


async def whole(pool: Pool, *codes: str) -> None:
    for code in codes:
        assert [damage async for damage in history.verify(pool, code)] == []


async def at_once(*acts: Any) -> tuple[list[Report], list[BaseException]]:
    """Those that were done and those that were refused."""
    outcomes = await asyncio.gather(*acts, return_exceptions=True)
    return (
        [each for each in outcomes if isinstance(each, Report)],
        [each for each in outcomes if isinstance(each, BaseException)],
    )


# ---------------------------------------------------------------- somebody was faster


async def test_whoever_has_seen_an_older_version_is_refused_and_nothing_is_written(settled: Pool) -> None:
    seen = await world.reach(settled, Status.ASSIGNED)
    now = await world.do(settled, world.OFFICER, seen, Act.NOTE, text="Đã xem.")
    async with settled.acquire() as conn:
        before = await world.written(conn)
        # Both ways to be late: seen long ago, and overtaken between reading and writing.
        for report in (now, seen):
            with pytest.raises(Conflict) as error:
                await world.do(settled, world.COLLEAGUE, report, Act.START, version=seen.version)
            assert error.value.key == "reports.changed_meanwhile"
            assert error.value.problems[0].params["version"] == now.version
        assert await world.written(conn) == before


async def test_of_officers_starting_at_once_exactly_one_does(settled: Pool) -> None:
    for _ in range(5):
        report = await world.reach(settled, Status.ASSIGNED)
        people = [world.OFFICER, world.COLLEAGUE, world.LEAD]
        done, refused = await at_once(
            *(world.do(settled, who, report, Act.START, version=report.version) for who in people)
        )
        assert len(done) == 1
        assert all(isinstance(each, Conflict) for each in refused)
        now = await service.find(settled, report.code)
        assert (now.version, now.assignee_id) == (report.version + 1, done[0].assignee_id)
        assert (await world.kinds(settled, now)).count("started") == 1
        await whole(settled, report.code)


async def test_different_acts_at_once_are_done_one_after_another_or_refused(settled: Pool) -> None:
    report = await world.reach(settled, Status.ASSIGNED)
    done, refused = await at_once(
        world.do(settled, world.OFFICER, report, Act.RETURN, version=report.version, text="Không phải."),
        world.do(settled, world.COORDINATOR, report, Act.REJECT, version=report.version, text="Rác."),
        world.do(settled, world.LEADER, report, Act.DIRECT, version=report.version, text="Gấp.", days=1),
    )
    assert (len(done), len(refused)) == (1, 2)
    await whole(settled, report.code)


async def test_what_states_no_version_is_tried_again_on_the_present_state(settled: Pool) -> None:
    report = await world.reach(settled, Status.IN_PROGRESS)
    acts = [world.do(settled, world.CITIZEN, report, Act.ADD_INFO, text=f"Chi tiết {number}.") for number in range(3)]
    done, refused = await at_once(*acts)
    assert (len(done), refused) == (3, [])
    assert sorted(each.version for each in done) == [report.version + 1, report.version + 2, report.version + 3]
    async with settled.acquire() as conn:
        said = [message.body for message in (await service.case(conn, report)).messages if message.kind == "info"]
    assert sorted(said) == ["Chi tiết 0.", "Chi tiết 1.", "Chi tiết 2."]
    await whole(settled, report.code)


async def test_an_act_that_the_present_state_forbids_is_refused_after_the_race(settled: Pool) -> None:
    report = await world.reach(settled, Status.ASSIGNED)
    await world.do(settled, world.OFFICER, report, Act.START)
    # The citizen still sees "assigned"; work has begun.
    error = await world.refusal(settled, world.CITIZEN, report, Act.WITHDRAW)
    assert (error.key, error.problems[0].params["status"]) == ("reports.act_not_now", Status.IN_PROGRESS)


async def test_a_report_that_went_to_another_agency_meanwhile_is_no_longer_seen(settled: Pool) -> None:
    report = await world.reach(settled, Status.ASSIGNED)
    await world.do(settled, world.COORDINATOR, report, Act.ASSIGN, agency_id="police")
    assert (await world.refusal(settled, world.OFFICER, report, Act.NOTE, text="?")).key == "reports.code_unknown"


# ---------------------------------------------------------------- twice the same


@pytest.mark.parametrize(
    ("status", "actor", "act", "form"),
    [
        (Status.ASSIGNED, world.CITIZEN, Act.WITHDRAW, {"text": "Đã có người sửa."}),
        (Status.RESOLVED, world.CITIZEN, Act.RATE, {"rating": Rating.SATISFIED}),
        (Status.RESOLVED, world.CITIZEN, Act.RATE, {"rating": Rating.DISSATISFIED}),
        (Status.RESOLVED, world.CITIZEN, Act.RATE, {"rating": Rating.DISSATISFIED, "text": "Ẩu.", "client_key": "k"}),
        (Status.RESOLVED, world.CITIZEN, Act.DISPUTE, {"text": "Chưa xong.", "client_key": "k"}),
        (Status.ASSIGNED, world.CITIZEN, Act.ADD_INFO, {"text": "Thêm.", "client_key": "k"}),
        (Status.AWAITING_INFO, world.CITIZEN, Act.ADD_INFO, {"text": "Trước nhà.", "client_key": "k"}),
        (Status.AWAITING_INFO, world.OFFICER, Act.RESUME, {}),
        (Status.ASSIGNED, world.COORDINATOR, Act.PUBLISH, {}),
        (Status.ASSIGNED, world.OFFICER, Act.NOTE, {"text": "Xong.", "client_key": "k"}),
        (Status.ASSIGNED, world.OFFICER, Act.START, {"client_key": "k"}),
        (Status.ASSIGNED, world.OFFICER, Act.CLAIM, {"client_key": "k"}),
        (Status.ASSIGNED, world.OFFICER, Act.RETURN, {"text": "Không phải.", "client_key": "k"}),
        (Status.SUBMITTED, world.COORDINATOR, Act.ACCEPT, {"client_key": "k"}),
    ],
)
async def test_an_act_repeated_is_done_once(
    settled: Pool, status: Status, actor: Actor, act: Act, form: dict[str, Any]
) -> None:
    report = await world.reach(settled, status)
    done = await world.do(settled, actor, report, act, **form)
    async with settled.acquire() as conn:
        before = await world.written(conn)
        again = await world.do(settled, actor, done, act, **form)
        # Nor when the repeat still goes by what was seen at first.
        stale = await world.do(settled, actor, report, act, **form)
        assert await world.written(conn) == before
    assert again == stale == done


async def test_a_key_repeated_with_the_version_that_was_seen_is_answered_not_refused(settled: Pool) -> None:
    report = await world.reach(settled, Status.ASSIGNED)
    form: dict[str, Any] = {"text": "Xong.", "client_key": "k", "version": report.version}
    done = await world.do(settled, world.OFFICER, report, Act.NOTE, **form)
    assert await world.do(settled, world.OFFICER, done, Act.NOTE, **form) == done


async def test_a_key_answers_its_own_author_alone(settled: Pool) -> None:
    report = await world.reach(settled, Status.ASSIGNED)
    done = await world.do(settled, world.OFFICER, report, Act.RETURN, text="Không phải.", client_key="k")
    assert not world.OFFICER.may_see(done)
    assert await service.done_already(settled, world.OFFICER, report, "k") == done
    assert await service.done_already(settled, world.COLLEAGUE, report, "k") is None
    error = await world.refusal(settled, world.COLLEAGUE, done, Act.RETURN, text="Không phải.", client_key="k")
    assert error.key == "reports.code_unknown"


async def test_words_that_were_never_said_leave_only_the_digest_of_the_key(settled: Pool) -> None:
    report = await world.reach(settled, Status.ASSIGNED)
    await world.do(settled, world.OFFICER, report, Act.START, client_key="telegram:7001:12")
    async with settled.acquire() as conn:
        started = (await history.of_report(conn, report.report_id))[-1]
    assert started.data == {"key": digest("telegram:7001:12")}


async def test_one_message_sent_many_times_at_once_is_said_once(settled: Pool) -> None:
    report = await world.reach(settled, Status.IN_PROGRESS)
    form: dict[str, Any] = {"text": "Trước nhà số 12.", "client_key": "update-1"}
    done, refused = await at_once(*(world.do(settled, world.CITIZEN, report, Act.ADD_INFO, **form) for _ in range(8)))
    assert (len(done), refused) == (8, [])
    assert (await world.kinds(settled, report)).count("info_added") == 1


async def test_words_with_another_key_are_other_words(settled: Pool) -> None:
    report = await world.reach(settled, Status.IN_PROGRESS)
    for key in ("a", "b", None, None):
        report = await world.do(settled, world.CITIZEN, report, Act.ADD_INFO, text="Vẫn vậy.", client_key=key)
    assert (await world.kinds(settled, report)).count("info_added") == 4


# ---------------------------------------------------------------- merges


async def test_two_merges_crossing_each_other_leave_one_merged_and_neither_waits_for_ever(settled: Pool) -> None:
    for round_ in range(8):
        one, other = (await world.file(settled)).report, (await world.file(settled)).report
        form = [(one, other.code), (other, one.code)]
        done, refused = await asyncio.wait_for(
            at_once(*(world.do(settled, world.COORDINATOR, each, Act.MERGE, target=code) for each, code in form)),
            10,
        )
        assert (len(done), [type(each) for each in refused]) in ((1, [Conflict]), (1, [Invalid])), round_
        now = [await service.find(settled, one.code), await service.find(settled, other.code)]
        assert sorted(each.status for each in now) == [Status.ASSIGNED, Status.DUPLICATE]
        await whole(settled, one.code, other.code)


async def test_many_merged_into_one_at_once_are_all_in_its_history(settled: Pool) -> None:
    original = (await world.file(settled)).report
    others = [(await world.file(settled)).report for _ in range(3)]
    done, refused = await at_once(
        *(
            world.do(settled, world.COORDINATOR, each, Act.MERGE, target=original.code, version=each.version)
            for each in others
        )
    )
    assert (len(done), refused) == (3, [])
    assert (await world.kinds(settled, original)).count("merged_in") == 3
    await whole(settled, original.code, *(each.code for each in others))


async def test_a_merge_whose_target_is_withdrawn_meanwhile_is_refused_whole(settled: Pool) -> None:
    for _ in range(5):
        original, late = (await world.file(settled)).report, (await world.file(settled)).report
        done, refused = await at_once(
            world.do(settled, world.COORDINATOR, late, Act.MERGE, target=original.code),
            world.do(settled, world.CITIZEN, original, Act.WITHDRAW),
        )
        assert (len(done), len(refused)) == (1, 1)
        assert isinstance(refused[0], Conflict | Invalid)
        await whole(settled, original.code, late.code)


# ---------------------------------------------------------------- half done


_BREAK = """
    CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'disk full'; END $$;
    CREATE TRIGGER fail BEFORE INSERT ON {} FOR EACH ROW EXECUTE FUNCTION fail();
"""
_MEND = "DROP TRIGGER fail ON {}; DROP FUNCTION fail"


@pytest.mark.parametrize("table", ["report_events", "report_messages", "report_photos", "pgqueuer", "pgqueuer_log"])
async def test_a_change_that_fails_anywhere_leaves_nothing(settled: Pool, table: str) -> None:
    report = await world.reach(settled, Status.IN_PROGRESS)
    shot = await world.photo(settled, 9)
    async with settled.acquire() as conn:
        await conn.execute(_BREAK.format(table))
        before = await world.written(conn)
        with pytest.raises(asyncpg.RaiseError):
            await world.do(settled, world.OFFICER, report, Act.RESOLVE, text="Đã vá.", photos=(shot,))
        assert await world.written(conn) == before
        await conn.execute(_MEND.format(table))
    assert (await world.resolve(settled, report)).status is Status.RESOLVED


@pytest.mark.parametrize(
    "table", ["reports", "report_codes", "report_contacts", "report_events", "report_photos", "pgqueuer"]
)
async def test_an_intake_that_fails_anywhere_leaves_nothing_and_its_key_is_free(settled: Pool, table: str) -> None:
    wanted: dict[str, Any] = {"key": ("api", f"broken-{table}"), "photos": (await world.photo(settled, 9),)}
    async with settled.acquire() as conn:
        await conn.execute(_BREAK.format(table))
        before = await world.written(conn)
        with pytest.raises(asyncpg.RaiseError):
            await world.file(settled, **wanted)
        assert await world.written(conn) == before
        await conn.execute(_MEND.format(table))
    assert not (await world.file(settled, **wanted)).replayed


async def test_a_merge_whose_second_half_fails_leaves_no_first_half(settled: Pool) -> None:
    one, other = (await world.file(settled)).report, (await world.file(settled)).report
    async with settled.acquire() as conn:
        for kind in ("merged", "merged_in"):
            await conn.execute(
                f"""
                CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                    IF NEW.kind = '{kind}' THEN RAISE EXCEPTION 'disk full'; END IF; RETURN NEW;
                END $$;
                CREATE TRIGGER fail BEFORE INSERT ON report_events FOR EACH ROW EXECUTE FUNCTION fail();
                """
            )
            before = await world.written(conn)
            with pytest.raises(asyncpg.RaiseError):
                await world.do(settled, world.COORDINATOR, one, Act.MERGE, target=other.code)
            assert await world.written(conn) == before
            await conn.execute(_MEND.format("report_events"))


async def test_a_connection_that_dies_in_the_middle_leaves_nothing(settled: Pool, database_url: str) -> None:
    """The server is held up by a lock in the middle of the statement, and the connection is cut then."""
    report = await world.reach(settled, Status.ASSIGNED)
    async with world.counting(database_url) as (pool, _), settled.acquire() as conn:
        pid = await pool.fetchval("SELECT pg_backend_pid()")
        async with conn.transaction():
            await conn.execute("LOCK TABLE report_events IN SHARE MODE")
            before = await world.written(conn)
            act = asyncio.create_task(world.do(pool, world.OFFICER, report, Act.START))
            waiting = "SELECT count(*) FROM pg_locks WHERE pid = $1 AND NOT granted"
            while not await conn.fetchval(waiting, pid):
                pass  # asking again is wait enough
            await conn.execute("SELECT pg_terminate_backend($1)", pid)
            with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
                await act
        assert await world.written(conn) == before
