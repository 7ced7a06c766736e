import re
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from app.accounts import service
from app.accounts.model import SYSTEM, Actor, Role
from app.db import Pool
from app.errors import Conflict, Forbidden, Invalid, NotFound, Unauthenticated
from tests.accounts.conftest import NewStaff, events

ADMINISTRATOR = Actor("staff", uuid4(), Role.ADMINISTRATOR, "ioc", frozenset({"ioc"}))


def now() -> datetime:
    return datetime.now(UTC)


def officer(staff_id: UUID) -> Actor:
    return Actor("staff", staff_id, Role.OFFICER, "so-xay-dung", frozenset({"so-xay-dung"}))


async def test_a_program_acts_for_the_account_its_key_belongs_to(pool: Pool, new_staff: NewStaff) -> None:
    staff_id, _, _ = await new_staff(Role.LEAD)
    token = await service.create_token(pool, staff_id, "đồng bộ", ["read", "write"], None, ADMINISTRATOR)
    for scope in ("read", "write"):
        actor = await service.actor_of_token(pool, token, scope, now())
        assert (actor.kind, actor.id, actor.role, actor.agency_id) == ("staff", staff_id, Role.LEAD, "so-xay-dung")
        assert actor.agencies == {"so-xay-dung", "xa-a", "to-1"}


async def test_a_key_says_what_it_is_and_no_two_are_alike(pool: Pool, new_staff: NewStaff) -> None:
    staff_id, _, _ = await new_staff()
    made = {await service.create_token(pool, staff_id, "đồng bộ", ["read"], None, SYSTEM) for _ in range(20)}
    assert len(made) == 20
    assert all(re.fullmatch(r"pa_[A-Za-z0-9_-]{43}", token) for token in made)


async def test_a_key_does_no_more_than_its_scopes(pool: Pool, new_staff: NewStaff) -> None:
    staff_id, _, _ = await new_staff()
    token = await service.create_token(pool, staff_id, "chỉ đọc", ["read"], None, SYSTEM)
    with pytest.raises(Forbidden, match="token_scope_missing") as refused:
        await service.actor_of_token(pool, token, "write", now())
    assert refused.value.problems[0].params == {"scope": "write"}


@pytest.mark.parametrize("token", ["", "pa_", "pa_" + "A" * 43, "\x00", "\ud800", "a" * 100_000])
async def test_an_unknown_key_is_nobody(pool: Pool, token: str) -> None:
    with pytest.raises(Unauthenticated, match="token_bad"):
        await service.actor_of_token(pool, token, "read", now())


async def test_a_key_ends_at_its_time(pool: Pool, new_staff: NewStaff) -> None:
    staff_id, _, _ = await new_staff()
    end = now() + timedelta(hours=1)
    token = await service.create_token(pool, staff_id, "một giờ", ["read"], end, SYSTEM)
    assert (await service.actor_of_token(pool, token, "read", end - timedelta(seconds=1))).id == staff_id
    with pytest.raises(Unauthenticated):
        await service.actor_of_token(pool, token, "read", end)


async def test_a_revoked_key_ends_at_once_and_the_others_do_not(pool: Pool, new_staff: NewStaff) -> None:
    staff_id, _, _ = await new_staff()
    kept = await service.create_token(pool, staff_id, "giữ", ["read"], None, SYSTEM)
    ended = await service.create_token(pool, staff_id, "bỏ", ["read"], None, SYSTEM)
    newest, _ = await service.list_tokens(pool, staff_id, SYSTEM)
    await service.revoke_token(pool, newest.token_id, ADMINISTRATOR)
    with pytest.raises(Unauthenticated):
        await service.actor_of_token(pool, ended, "read", now())
    assert (await service.actor_of_token(pool, kept, "read", now())).id == staff_id


async def test_revoking_twice_is_on_record_once(pool: Pool, new_staff: NewStaff) -> None:
    staff_id, _, _ = await new_staff()
    await service.create_token(pool, staff_id, "bỏ", ["read"], None, ADMINISTRATOR)
    [token] = await service.list_tokens(pool, staff_id, SYSTEM)
    for _ in range(2):
        await service.revoke_token(pool, token.token_id, ADMINISTRATOR)
    by, token_id = f"staff:{ADMINISTRATOR.id}", str(token.token_id)
    assert (await events(pool, staff_id))[1:] == [
        ("token_created", by, {"token_id": token_id, "name": "bỏ", "scopes": ["read"]}),
        ("token_revoked", by, {"token_id": token_id}),
    ]


async def test_keys_are_listed_newest_first_with_what_became_of_them(pool: Pool, new_staff: NewStaff) -> None:
    staff_id, _, _ = await new_staff()
    end = now() + timedelta(days=30)
    first = await service.create_token(pool, staff_id, "một", ["write", "read", "read"], end, SYSTEM)
    await service.create_token(pool, staff_id, "hai", ["read"], None, SYSTEM)
    used = now()
    await service.actor_of_token(pool, first, "read", used)
    two, one = await service.list_tokens(pool, staff_id, SYSTEM)
    assert (two.name, two.scopes, two.expires_at, two.last_used_at) == ("hai", ("read",), None, None)
    assert (one.name, one.scopes, one.expires_at, one.last_used_at) == ("một", ("read", "write"), end, used)
    await service.revoke_token(pool, two.token_id, SYSTEM)
    two, one = await service.list_tokens(pool, staff_id, SYSTEM)
    assert two.revoked_at is not None
    assert one.revoked_at is None


async def test_the_last_use_is_noted_at_most_once_a_minute(pool: Pool, new_staff: NewStaff) -> None:
    staff_id, _, _ = await new_staff()
    token = await service.create_token(pool, staff_id, "đồng bộ", ["read"], None, SYSTEM)
    start, noted = now(), []
    for second in (0, 59, 60, 61):
        await service.actor_of_token(pool, token, "read", start + timedelta(seconds=second))
        [listed] = await service.list_tokens(pool, staff_id, SYSTEM)
        assert listed.last_used_at is not None
        noted.append((listed.last_used_at - start).total_seconds())
    assert noted == [0, 0, 60, 60]


async def test_staff_see_and_revoke_their_own_keys_and_nobody_elses(pool: Pool, new_staff: NewStaff) -> None:
    mine, _, _ = await new_staff()
    others, _, _ = await new_staff()
    for staff_id in (mine, others):
        await service.create_token(pool, staff_id, "đồng bộ", ["read"], None, SYSTEM)
    [own] = await service.list_tokens(pool, mine, officer(mine))
    [foreign] = await service.list_tokens(pool, others, SYSTEM)
    with pytest.raises(Forbidden):
        await service.list_tokens(pool, others, officer(mine))
    with pytest.raises(NotFound, match="no_such_token"):
        await service.revoke_token(pool, foreign.token_id, officer(mine))
    with pytest.raises(NotFound):
        await service.revoke_token(pool, own.token_id, Actor("citizen", mine))
    with pytest.raises(NotFound):
        await service.revoke_token(pool, uuid4(), ADMINISTRATOR)
    await service.revoke_token(pool, own.token_id, officer(mine))
    revoked = {token.token_id: token.revoked_at is not None for token in await service.list_tokens(pool, mine, SYSTEM)}
    assert revoked == {own.token_id: True}


async def test_staff_cannot_make_keys_for_themselves(pool: Pool, new_staff: NewStaff) -> None:
    staff_id, _, _ = await new_staff()
    with pytest.raises(Forbidden, match="not_allowed"):
        await service.create_token(pool, staff_id, "của tôi", ["read"], None, officer(staff_id))


async def test_every_bad_field_of_a_new_key_is_named_at_once(pool: Pool, new_staff: NewStaff) -> None:
    staff_id, _, _ = await new_staff()
    with pytest.raises(Invalid) as refused:
        await service.create_token(pool, staff_id, " ", ["read", "everything"], now(), SYSTEM)
    assert [problem.field for problem in refused.value.problems] == ["name", "scopes", "expires_at"]
    with pytest.raises(Invalid, match="token_scopes_bad"):
        await service.create_token(pool, staff_id, "không quyền", [], None, SYSTEM)
    assert await service.list_tokens(pool, staff_id, SYSTEM) == []


async def test_a_disabled_account_gets_no_new_key(pool: Pool, new_staff: NewStaff) -> None:
    staff_id, _, _ = await new_staff()
    await service.disable(pool, staff_id, SYSTEM)
    with pytest.raises(Conflict, match="staff_disabled"):
        await service.create_token(pool, staff_id, "đồng bộ", ["read"], None, SYSTEM)


async def test_a_disabled_persons_key_is_dead_even_if_it_were_not_revoked(pool: Pool, new_staff: NewStaff) -> None:
    staff_id, _, _ = await new_staff()
    token = await service.create_token(pool, staff_id, "đồng bộ", ["read"], None, SYSTEM)
    await pool.execute("UPDATE staff SET active = false WHERE staff_id = $1", staff_id)
    with pytest.raises(Unauthenticated):
        await service.actor_of_token(pool, token, "read", now())


async def test_a_session_is_no_key_and_a_key_no_session(pool: Pool, new_staff: NewStaff) -> None:
    staff_id, username, password = await new_staff()
    session = await service.sign_in(pool, username, password, now())
    token = await service.create_token(pool, staff_id, "đồng bộ", ["read"], None, SYSTEM)
    with pytest.raises(Unauthenticated):
        await service.actor_of_token(pool, session.token, "read", now())
    assert await service.session(pool, token, now()) is None
