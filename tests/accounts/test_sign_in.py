import asyncio
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from argon2 import PasswordHasher

from app.accounts import passwords, service
from app.accounts.model import SYSTEM
from app.accounts.passwords import HASHER
from app.db import Pool
from app.errors import AppError, TooMany, Unauthenticated
from app.i18n import t
from tests.accounts.conftest import NewStaff, events, everything_stored

AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
WRONG = "năm con vịt bơi sông"
OF_NAME = "WHERE username_hash = sha256(convert_to($1, 'UTF8'))"


def minutes(n: float) -> timedelta:
    return timedelta(minutes=n)


async def refusal(pool: Pool, username: str, password: str, at: datetime) -> AppError:
    with pytest.raises(AppError) as refused:
        await service.sign_in(pool, username, password, at)
    return refused.value


async def fail(pool: Pool, username: str, times: int, at: datetime = AT) -> AppError:
    for _ in range(times - 1):
        assert isinstance(await refusal(pool, username, WRONG, at), Unauthenticated)
    return await refusal(pool, username, WRONG, at)


async def test_the_right_password_opens_a_session_and_is_on_record(pool: Pool, new_staff: NewStaff) -> None:
    staff_id, username, password = await new_staff()
    session = await service.sign_in(pool, username, password, AT)
    assert session.staff.staff_id == staff_id
    assert session.expires_at == AT + timedelta(hours=24)
    assert session.csrf != session.token
    assert (await events(pool, staff_id))[-1] == ("signed_in", f"staff:{staff_id}", {})


async def test_every_session_has_a_token_of_its_own(pool: Pool, new_staff: NewStaff) -> None:
    _, username, password = await new_staff()
    sessions = [await service.sign_in(pool, username, password, AT) for _ in range(3)]
    assert len({s.token for s in sessions} | {s.csrf for s in sessions}) == 6


async def test_a_wrong_password_is_refused_and_on_record(pool: Pool, new_staff: NewStaff) -> None:
    staff_id, username, _ = await new_staff()
    with pytest.raises(Unauthenticated, match="sign_in_wrong"):
        await service.sign_in(pool, username, WRONG, AT)
    assert (await events(pool, staff_id))[-1] == ("sign_in_refused", "anonymous", {"reason": "wrong_password"})


async def test_an_attempt_on_an_unknown_name_is_on_record_without_the_name(pool: Pool) -> None:
    # People type their password into the name's field.
    name = f"secret-{uuid4().hex}"
    await refusal(pool, name, WRONG, AT)
    row = await pool.fetchrow("SELECT * FROM account_events ORDER BY event_id DESC LIMIT 1")
    assert row is not None
    assert (row["kind"], row["at"], row["staff_id"]) == ("sign_in_refused", AT, None)
    assert row["data"] == {"reason": "unknown_username"}
    assert name not in await everything_stored(pool)


@pytest.mark.parametrize("username", ["", "\x00", "\ud800", "Có Dấu", "a" * 100_000, "' OR 1=1 --"])
async def test_odd_user_names_are_refused_like_unknown_ones(pool: Pool, username: str) -> None:
    assert (await refusal(pool, username, WRONG, AT)).key == "accounts.sign_in_wrong"


async def test_unknown_disabled_and_wrong_get_the_same_answer_for_the_same_work(
    pool: Pool, new_staff: NewStaff
) -> None:
    (_, known, _), (first, disabled, _), (second, disabled_too, right) = [await new_staff() for _ in range(3)]
    await service.disable(pool, first, SYSTEM)
    await service.disable(pool, second, SYSTEM)
    unknown, answers = f"nobody-{uuid4().hex}", []
    for username, password in ((known, WRONG), (unknown, WRONG), (disabled, WRONG), (disabled_too, right)):
        told = []
        for _ in range(6):
            before = HASHER.done
            error = await refusal(pool, username, password, AT)
            told.append((type(error), error.problems, HASHER.done - before))
        answers.append(told)
    assert answers[0] == answers[1] == answers[2] == answers[3]
    assert [hashes for _, _, hashes in answers[0]] == [1, 1, 1, 1, 1, 0]


async def test_the_fifth_failure_locks_the_name_and_says_for_how_long(pool: Pool, new_staff: NewStaff) -> None:
    _, username, _ = await new_staff()
    error = await fail(pool, username, 5)
    assert isinstance(error, TooMany)
    assert error.key == "accounts.locked"
    assert error.problems[0].params == {"retry_after": 60, "minutes": 1}
    assert "1 phút" in t(error.key, "vi", **error.problems[0].params)


async def test_four_failures_lock_nothing(pool: Pool, new_staff: NewStaff) -> None:
    staff_id, username, password = await new_staff()
    await fail(pool, username, 4)
    assert (await service.sign_in(pool, username, password, AT)).staff.staff_id == staff_id


async def test_a_success_starts_the_count_anew(pool: Pool, new_staff: NewStaff) -> None:
    _, username, password = await new_staff()
    for _ in range(3):
        await fail(pool, username, 4)
        await service.sign_in(pool, username, password, AT)


async def test_while_locked_even_the_right_password_waits(pool: Pool, new_staff: NewStaff) -> None:
    staff_id, username, password = await new_staff()
    await fail(pool, username, 5)
    error = await refusal(pool, username, password, AT + timedelta(seconds=45))
    assert isinstance(error, TooMany)
    assert error.problems[0].params == {"retry_after": 15, "minutes": 1}
    assert (await events(pool, staff_id))[-1] == ("sign_in_refused", "anonymous", {"reason": "locked"})
    assert (await service.sign_in(pool, username, password, AT + minutes(1))).staff.staff_id == staff_id


async def test_trying_while_locked_does_not_make_it_longer(pool: Pool, new_staff: NewStaff) -> None:
    _, username, password = await new_staff()
    await fail(pool, username, 5)
    for second in range(1, 59, 7):
        assert isinstance(await refusal(pool, username, WRONG, AT + timedelta(seconds=second)), TooMany)
    error = await refusal(pool, username, WRONG, AT + minutes(1))
    assert error.problems[0].params["minutes"] == 2
    await service.sign_in(pool, username, password, AT + minutes(3))


async def test_each_further_failure_doubles_the_wait_up_to_sixteen_minutes(pool: Pool, new_staff: NewStaff) -> None:
    _, username, password = await new_staff()
    await fail(pool, username, 5)
    now, waits = AT + minutes(1), []
    for _ in range(6):
        error = await refusal(pool, username, WRONG, now)
        waits.append(error.problems[0].params["minutes"])
        now += minutes(waits[-1])
    assert waits == [2, 4, 8, 16, 16, 16]
    await service.sign_in(pool, username, password, now)


async def test_a_very_long_series_of_failures_still_works(pool: Pool, new_staff: NewStaff) -> None:
    _, username, _ = await new_staff()
    await fail(pool, username, 1)
    await pool.execute(f"UPDATE sign_in_attempts SET failures = 2000000000 {OF_NAME}", username)
    error = await refusal(pool, username, WRONG, AT)
    assert error.problems[0].params["minutes"] == 16


async def test_one_name_locked_does_not_lock_another(pool: Pool, new_staff: NewStaff) -> None:
    _, locked, _ = await new_staff()
    staff_id, other, password = await new_staff()
    await fail(pool, locked, 5)
    assert (await service.sign_in(pool, other, password, AT)).staff.staff_id == staff_id


async def test_a_name_is_the_same_name_in_any_case(pool: Pool, new_staff: NewStaff) -> None:
    _, username, _ = await new_staff()
    await fail(pool, username.upper(), 3)
    await fail(pool, f" {username} ", 1)
    assert isinstance(await refusal(pool, username, WRONG, AT), TooMany)


async def test_a_reset_lifts_the_lock(pool: Pool, new_staff: NewStaff) -> None:
    staff_id, username, _ = await new_staff()
    await fail(pool, username, 5)
    password = await service.reset_password(pool, staff_id, None, SYSTEM)
    assert (await service.sign_in(pool, username, password, AT)).staff.staff_id == staff_id


async def test_enabling_an_account_lifts_the_lock_too(pool: Pool, new_staff: NewStaff) -> None:
    staff_id, username, password = await new_staff()
    await service.disable(pool, staff_id, SYSTEM)
    await fail(pool, username, 5)
    await service.enable(pool, staff_id, SYSTEM)
    assert (await service.sign_in(pool, username, password, AT)).staff.staff_id == staff_id


async def test_guesses_made_side_by_side_get_no_more_answers_than_one_by_one(pool: Pool, new_staff: NewStaff) -> None:
    _, username, _ = await new_staff()
    guesses = (service.sign_in(pool, username, WRONG, AT) for _ in range(20))
    results = await asyncio.gather(*guesses, return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["TooMany"] * 16 + ["Unauthenticated"] * 4


async def _until_somebody_waits(pool: Pool) -> None:
    while not await pool.fetchval("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)"):
        pass


async def test_a_right_guess_is_refused_when_the_name_is_locked_while_it_is_checked(
    pool: Pool, new_staff: NewStaff
) -> None:
    staff_id, username, password = await new_staff()
    await fail(pool, username, 1)
    async with pool.acquire() as conn, asyncio.timeout(60):
        async with conn.transaction():
            await conn.execute(
                f"UPDATE sign_in_attempts SET failures = 5, locked_until = $2 {OF_NAME}", username, AT + minutes(1)
            )
            signing_in = asyncio.create_task(service.sign_in(pool, username, password, AT))
            await _until_somebody_waits(pool)
        with pytest.raises(TooMany):
            await signing_in
    assert await pool.fetchval("SELECT count(*) FROM staff_sessions WHERE staff_id = $1", staff_id) == 0


async def test_many_of_the_same_account_sign_in_at_once(pool: Pool, new_staff: NewStaff) -> None:
    staff_id, username, password = await new_staff()
    sessions = await asyncio.gather(*(service.sign_in(pool, username, password, AT) for _ in range(12)))
    assert len({session.token for session in sessions}) == 12
    assert await pool.fetchval("SELECT count(*) FROM staff_sessions WHERE staff_id = $1", staff_id) == 12


@pytest.mark.parametrize("change", ["active = false", "password_hash = 'another'"])
async def test_a_sign_in_that_overlaps_a_disabling_or_a_reset_opens_nothing(
    pool: Pool, new_staff: NewStaff, change: str
) -> None:
    staff_id, username, password = await new_staff()
    async with pool.acquire() as conn, asyncio.timeout(60):
        async with conn.transaction():
            await conn.execute(f"UPDATE staff SET {change} WHERE staff_id = $1", staff_id)
            signing_in = asyncio.create_task(service.sign_in(pool, username, password, AT))
            await _until_somebody_waits(pool)
        with pytest.raises(Unauthenticated):
            await signing_in
    assert await pool.fetchval("SELECT count(*) FROM staff_sessions WHERE staff_id = $1", staff_id) == 0
    assert (await events(pool, staff_id))[-1] == ("sign_in_refused", "anonymous", {"reason": "overtaken"})


async def test_a_hash_of_old_parameters_is_renewed_on_sign_in(pool: Pool, new_staff: NewStaff) -> None:
    staff_id, username, password = await new_staff()
    old = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(password)
    await pool.execute("UPDATE staff SET password_hash = $2 WHERE staff_id = $1", staff_id, old)
    await service.sign_in(pool, username, password, AT)
    renewed = await pool.fetchval("SELECT password_hash FROM staff WHERE staff_id = $1", staff_id)
    assert renewed != old
    assert not passwords.outdated(renewed)
    await service.sign_in(pool, username, password, AT)
    assert await pool.fetchval("SELECT password_hash FROM staff WHERE staff_id = $1", staff_id) == renewed


async def test_an_account_without_a_usable_password_never_signs_in(pool: Pool, new_staff: NewStaff) -> None:
    staff_id, username, _ = await new_staff()
    await pool.execute("UPDATE staff SET password_hash = '!' WHERE staff_id = $1", staff_id)
    assert isinstance(await refusal(pool, username, "!", AT), Unauthenticated)


async def test_nothing_secret_is_stored_told_or_printed(pool: Pool, new_staff: NewStaff) -> None:
    staff_id, username, password = await new_staff()
    session = await service.sign_in(pool, username, password, AT)
    token = await service.create_token(pool, staff_id, "đồng bộ", ["read"], None, SYSTEM)
    error = await refusal(pool, username, WRONG, AT)
    stored = await everything_stored(pool)
    told = f"{error!r} {error.problems!r}"
    for secret in (password, WRONG, session.token, token):
        assert secret not in stored
        assert secret not in told
        assert secret not in repr(session)
    assert session.csrf not in repr(session)
    assert username in repr(session)
