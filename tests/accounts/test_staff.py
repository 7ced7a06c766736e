import asyncio
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from app.accounts import service
from app.accounts.model import SYSTEM, Actor, Role
from app.db import Conn, Pool
from app.errors import Conflict, Forbidden, Invalid, NotFound, Unauthenticated
from tests.accounts.conftest import NewStaff, events, everything_stored

AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
GOOD = "bốn con mèo ngủ trưa"


def administrator(staff_id: UUID | None = None) -> Actor:
    return Actor("staff", staff_id or uuid4(), Role.ADMINISTRATOR, "ioc", frozenset({"ioc"}))


async def test_a_new_member_of_staff_can_sign_in_with_the_password_that_was_made(pool: Pool) -> None:
    staff_id, password = await service.create_staff(
        pool, " Le.Van.Cu ", "  Lê Văn Cừ", "so-xay-dung", Role.LEAD, None, SYSTEM
    )
    session = await service.sign_in(pool, "LE.VAN.CU", password, AT)
    assert session.staff.staff_id == staff_id
    assert (session.staff.username, session.staff.full_name) == ("le.van.cu", "Lê Văn Cừ")
    assert (session.staff.role, session.staff.agency_id, session.staff.active) == (Role.LEAD, "so-xay-dung", True)


async def test_a_sealed_account_opens_for_nobody_before_its_password_is_reset(pool: Pool) -> None:
    staff_id, nothing = await service.create_staff(
        pool, "sealed", "A B", "ioc", Role.OFFICER, None, SYSTEM, sealed=True
    )
    for guess in (nothing, "!", GOOD):
        with pytest.raises(Unauthenticated):
            await service.sign_in(pool, "sealed", guess, AT)
    password = await service.reset_password(pool, staff_id, None, SYSTEM)
    assert (await service.sign_in(pool, "sealed", password, AT)).staff.staff_id == staff_id


async def test_a_given_password_is_kept(pool: Pool) -> None:
    _, password = await service.create_staff(pool, "given", "A B", "ioc", Role.OFFICER, GOOD, SYSTEM)
    assert password == GOOD
    assert (await service.sign_in(pool, "given", GOOD, AT)).staff.username == "given"


async def test_making_an_account_is_on_record_without_the_password(pool: Pool) -> None:
    by = administrator()
    staff_id, password = await service.create_staff(pool, "recorded", "A B", "ioc", Role.OFFICER, None, by)
    data = {"username": "recorded", "role": "officer", "agency": "ioc"}
    assert await events(pool, staff_id) == [("staff_created", f"staff:{by.id}", data)]
    assert password not in await everything_stored(pool)


async def test_every_bad_field_is_named_at_once(pool: Pool) -> None:
    with pytest.raises(Invalid) as refused:
        await service.create_staff(pool, "Có Dấu", "  ", "ioc", Role.OFFICER, "matkhau123456", SYSTEM)
    assert [problem.field for problem in refused.value.problems] == ["username", "full_name", "password"]


@pytest.mark.parametrize("username", ["", "x", "-an", "a b", "a" * 64, "nguyễn", "a@b", "a/b"])
async def test_a_user_name_nobody_could_type_is_refused(pool: Pool, username: str) -> None:
    with pytest.raises(Invalid, match="username_bad"):
        await service.create_staff(pool, username, "A B", "ioc", Role.OFFICER, None, SYSTEM)


@pytest.mark.parametrize("agency", ["nowhere", "da-giai-the", "", "a\x00b", "IOC"])
async def test_an_unknown_or_closed_agency_is_refused_by_name(pool: Pool, agency: str) -> None:
    with pytest.raises(Invalid, match="agency_unknown") as refused:
        await service.create_staff(pool, "nowhere", "A B", agency, Role.OFFICER, None, SYSTEM)
    problem = refused.value.problems[0]
    assert (problem.field, problem.params["agency"]) == ("agency_id", agency)
    assert await pool.fetchval("SELECT count(*) FROM staff WHERE username = 'nowhere'") == 0


async def test_a_user_name_is_given_once_whatever_its_case(pool: Pool) -> None:
    await service.create_staff(pool, "taken", "A B", "ioc", Role.OFFICER, None, SYSTEM)
    with pytest.raises(Conflict, match="username_taken") as refused:
        await service.create_staff(pool, "TAKEN", "C D", "ioc", Role.OFFICER, None, SYSTEM)
    assert refused.value.problems[0].params["username"] == "taken"


async def test_of_several_making_the_same_account_at_once_one_succeeds(pool: Pool) -> None:
    makers = (service.create_staff(pool, "race", "A B", "ioc", Role.OFFICER, None, SYSTEM) for _ in range(5))
    results = await asyncio.gather(*makers, return_exceptions=True)
    assert [type(result) for result in results if isinstance(result, Exception)] == [Conflict] * 4


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMINISTRATOR])
async def test_only_administrators_touch_accounts(pool: Pool, new_staff: NewStaff, role: Role) -> None:
    staff_id, username, password = await new_staff()
    by = Actor("staff", uuid4(), role, "ioc", frozenset({"ioc"}))
    for act in (
        service.create_staff(pool, "sneaked-in", "A B", "ioc", Role.ADMINISTRATOR, None, by),
        service.reset_password(pool, staff_id, None, by),
        service.disable(pool, staff_id, by),
        service.enable(pool, staff_id, by),
        service.sign_out_everywhere(pool, staff_id, by),
        service.create_token(pool, staff_id, "x", ["read"], None, by),
        service.list_tokens(pool, staff_id, by),
    ):
        with pytest.raises(Forbidden, match="not_allowed"):
            await act
    assert [kind for kind, _, _ in await events(pool, staff_id)] == ["staff_created"]
    assert (await service.sign_in(pool, username, password, AT)).staff.staff_id == staff_id


async def test_a_reset_changes_the_password_and_ends_every_session(pool: Pool, new_staff: NewStaff) -> None:
    staff_id, username, old = await new_staff()
    session = await service.sign_in(pool, username, old, AT)
    new = await service.reset_password(pool, staff_id, None, SYSTEM)
    assert new != old
    assert await service.session(pool, session.token, AT) is None
    with pytest.raises(Unauthenticated):
        await service.sign_in(pool, username, old, AT)
    assert (await service.sign_in(pool, username, new, AT)).staff.staff_id == staff_id
    assert ("password_reset", "system", {}) in await events(pool, staff_id)


async def test_a_reset_lets_programs_go_on(pool: Pool, new_staff: NewStaff) -> None:
    staff_id, _, _ = await new_staff()
    token = await service.create_token(pool, staff_id, "đồng bộ", ["read"], None, SYSTEM)
    await service.reset_password(pool, staff_id, None, SYSTEM)
    assert (await service.actor_of_token(pool, token, "read", AT)).id == staff_id


async def test_a_weak_or_personal_new_password_is_refused(pool: Pool, new_staff: NewStaff) -> None:
    staff_id, username, old = await new_staff()
    for weak in ("matkhau123456", "TranThiBinh@1990"):
        with pytest.raises(Invalid, match="password_weak"):
            await service.reset_password(pool, staff_id, weak, SYSTEM)
    assert (await service.sign_in(pool, username, old, AT)).staff.staff_id == staff_id


async def test_nobody_unknown_is_reset_or_disabled(pool: Pool) -> None:
    for act in (
        service.reset_password(pool, uuid4(), None, SYSTEM),
        service.disable(pool, uuid4(), SYSTEM),
        service.enable(pool, uuid4(), SYSTEM),
        service.create_token(pool, uuid4(), "x", ["read"], None, SYSTEM),
    ):
        with pytest.raises(NotFound, match="no_such_staff"):
            await act


async def test_disabling_ends_sessions_and_keys_at_once(pool: Pool, new_staff: NewStaff) -> None:
    staff_id, username, password = await new_staff()
    session = await service.sign_in(pool, username, password, AT)
    token = await service.create_token(pool, staff_id, "đồng bộ", ["read"], None, SYSTEM)
    by = administrator()
    await service.disable(pool, staff_id, by)
    assert await service.session(pool, session.token, AT) is None
    with pytest.raises(Unauthenticated):
        await service.actor_of_token(pool, token, "read", AT)
    with pytest.raises(Unauthenticated, match="sign_in_wrong"):
        await service.sign_in(pool, username, password, AT)
    disabled = ("staff_disabled", f"staff:{by.id}", {"sessions_ended": 1, "tokens_revoked": 1})
    assert disabled in await events(pool, staff_id)


async def test_enabling_brings_back_the_person_but_no_session_and_no_key(pool: Pool, new_staff: NewStaff) -> None:
    staff_id, username, password = await new_staff()
    session = await service.sign_in(pool, username, password, AT)
    token = await service.create_token(pool, staff_id, "đồng bộ", ["read"], None, SYSTEM)
    await service.disable(pool, staff_id, SYSTEM)
    await service.enable(pool, staff_id, SYSTEM)
    assert await service.session(pool, session.token, AT) is None
    with pytest.raises(Unauthenticated):
        await service.actor_of_token(pool, token, "read", AT)
    assert (await service.sign_in(pool, username, password, AT)).staff.staff_id == staff_id


async def test_disabling_and_enabling_twice_is_on_record_once(pool: Pool, new_staff: NewStaff) -> None:
    staff_id, _, _ = await new_staff()
    for _ in range(2):
        await service.disable(pool, staff_id, SYSTEM)
    for _ in range(2):
        await service.enable(pool, staff_id, SYSTEM)
    kinds = [kind for kind, _, _ in await events(pool, staff_id)]
    assert kinds == ["staff_created", "staff_disabled", "staff_enabled"]


async def test_administrators_cannot_lock_themselves_out(pool: Pool, new_staff: NewStaff) -> None:
    staff_id, username, password = await new_staff(Role.ADMINISTRATOR, "ioc")
    with pytest.raises(Conflict, match="not_yourself"):
        await service.disable(pool, staff_id, administrator(staff_id))
    assert (await service.sign_in(pool, username, password, AT)).staff.staff_id == staff_id


async def test_staff_are_found_by_user_name(conn: Conn, new_staff: NewStaff) -> None:
    staff_id, username, _ = await new_staff()
    assert (await service.find_staff(conn, f" {username.upper()} ")).staff_id == staff_id
    for nobody in ("nobody", "", "no\x00body", "Có Dấu"):
        with pytest.raises(NotFound):
            await service.find_staff(conn, nobody)


async def test_names_of_those_who_exist_are_given(conn: Conn, new_staff: NewStaff) -> None:
    staff_id, _, _ = await new_staff()
    assert await service.staff_names(conn, [staff_id, uuid4()]) == {staff_id: "Trần Thị Bình"}
    assert await service.staff_names(conn, []) == {}


async def test_the_record_cannot_be_changed(conn: Conn, new_staff: NewStaff) -> None:
    await new_staff()
    with pytest.raises(Exception, match="append-only"):
        await conn.execute("DELETE FROM account_events")
