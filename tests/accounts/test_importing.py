import asyncio
from uuid import uuid4

import pytest

from app.accounts import importing, service
from app.accounts.importing import Known, Unusable
from app.accounts.model import SYSTEM, Actor, Role, Staff
from app.db import Pool
from app.errors import Conflict, Forbidden
from tests.accounts.conftest import NewStaff, events

KNOWN = Known({"ioc", "so-xay-dung", "xa-a", "dien-luc"}, {"pothole", "street-light"}, {"31825", "32002"})
HEAD = "username,full_name,agency,role,email,categories,communes,active"


def table(*lines: str, head: str = HEAD) -> bytes:
    return "\n".join([head, *lines, ""]).encode()


def name() -> str:
    return f"u-{uuid4().hex[:12]}"


async def account(pool: Pool, username: str) -> Staff:
    async with pool.acquire() as conn:
        return await service.find_staff(conn, username)


async def count(pool: Pool) -> tuple[int, int]:
    row = await pool.fetchrow("SELECT (SELECT count(*) FROM staff), (SELECT count(*) FROM account_events)")
    assert row is not None
    return row[0], row[1]


def mistakes(data: bytes) -> list[tuple[int, str]]:
    with pytest.raises(Unusable) as refused:
        importing.read(data, KNOWN)
    return [(each.line, each.problem.key.removeprefix("accounts.")) for each in refused.value.lines]


async def test_new_accounts_get_a_first_password_that_has_to_be_changed(pool: Pool) -> None:
    one, two = name(), name()
    data = table(
        f"{one},Lý Văn Bưởi,so-xay-dung,lead,buoi@camau.gov.vn,pothole street-light,32002,",
        f"{two},Thạch Thị Na,xa-a,officer,,,,",
    )
    outcomes = await importing.take(pool, data, KNOWN, SYSTEM)
    assert [(each.line, each.username, each.what) for each in outcomes] == [(2, one, "new"), (3, two, "new")]
    staff = await account(pool, one)
    assert (staff.role, staff.agency_id, staff.email) == (Role.LEAD, "so-xay-dung", "buoi@camau.gov.vn")
    assert (staff.categories, staff.communes) == (("pothole", "street-light"), ("32002",))
    assert staff.password_temporary
    assert outcomes[0].password
    assert outcomes[0].password not in repr(outcomes)
    created = await events(pool, staff.staff_id)
    assert [kind for kind, _, _ in created] == ["staff_created"]


async def test_the_same_table_again_changes_nothing(pool: Pool) -> None:
    data = table(f"{name()},Lý Văn Bưởi,so-xay-dung,lead,,pothole,32002,yes")
    await importing.take(pool, data, KNOWN, SYSTEM)
    before = await count(pool)
    outcomes = await importing.take(pool, data, KNOWN, SYSTEM)
    assert [(each.what, each.password) for each in outcomes] == [("same", None)]
    assert await count(pool) == before


async def test_an_account_that_is_there_becomes_what_the_table_says_and_keeps_its_password(
    pool: Pool, new_staff: NewStaff
) -> None:
    staff_id, username, _ = await new_staff()
    stored = await pool.fetchval("SELECT password_hash FROM staff WHERE staff_id = $1", staff_id)
    data = table(f"{username.upper()},Tên Mới,dien-luc,lead,,,,no")
    assert [each.what for each in await importing.take(pool, data, KNOWN, SYSTEM)] == ["changed"]
    staff = await account(pool, username)
    assert (staff.full_name, staff.agency_id, staff.role, staff.active) == ("Tên Mới", "dien-luc", Role.LEAD, False)
    assert await pool.fetchval("SELECT password_hash FROM staff WHERE staff_id = $1", staff_id) == stored
    assert [kind for kind, _, _ in await events(pool, staff_id)][-2:] == ["staff_changed", "staff_disabled"]


async def test_what_the_table_has_no_column_for_stays_as_it_is(pool: Pool) -> None:
    username = name()
    whole = table(f"{username},Lý Văn Bưởi,xa-a,officer,{username}@camau.gov.vn,pothole,32002,no")
    await importing.take(pool, whole, KNOWN, SYSTEM)
    short = table(f"{username},Lý Văn Bưởi,xa-a,lead", head="username,full_name,agency,role")
    assert [each.what for each in await importing.take(pool, short, KNOWN, SYSTEM)] == ["changed"]
    staff = await account(pool, username)
    assert (staff.role, staff.active, staff.email) == (Role.LEAD, False, f"{username}@camau.gov.vn")
    assert (staff.categories, staff.communes) == (("pothole",), ("32002",))


async def test_a_dry_run_says_the_same_and_writes_nothing(pool: Pool, new_staff: NewStaff) -> None:
    _, username, _ = await new_staff()
    data = table(f"{username},Tên Khác,so-xay-dung,officer,,,,", f"{name()},Lý Văn Bưởi,xa-a,officer,,,,")
    before = await count(pool)
    looked = await importing.preview(pool, data, KNOWN, SYSTEM)
    assert await count(pool) == before
    taken = await importing.take(pool, data, KNOWN, SYSTEM)
    assert [(e.line, e.username, e.what) for e in looked] == [(e.line, e.username, e.what) for e in taken]


async def test_every_mistake_is_named_by_its_line_at_once_and_nothing_is_taken(pool: Pool) -> None:
    good = name()
    data = table(
        f"{good},Lý Văn Bưởi,xa-a,officer,,,,",
        "Có Dấu,,none,boss,x@,potholes,99999,maybe",
        f"{good},Lý Văn Bưởi,xa-a,officer,,,,",
        "a.b,Tên,xa-a,officer,,,,,,one too many",
    )
    assert mistakes(data) == [
        (3, "username_bad"),
        (3, "full_name_bad"),
        (3, "email_bad"),
        (3, "agency_unknown"),
        (3, "category_unknown"),
        (3, "commune_unknown"),
        (3, "role_unknown"),
        (3, "import_yes_no"),
        (4, "import_twice"),
        (5, "import_cells"),
    ]
    before = await count(pool)
    with pytest.raises(Unusable):
        await importing.take(pool, data, KNOWN, SYSTEM)
    assert await count(pool) == before


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", [(1, "import_empty")]),
        (table(), [(1, "import_empty")]),
        (b"\xff\xfe\x00", [(1, "import_not_utf8")]),
        (table("a", head="username"), [(1, "import_column_missing")] * 3),
        (table("a,b,c,d,e", head="username,full_name,agency,role,phone"), [(1, "import_column_strange")]),
        (table("a,b,c,d,e", head="username,full_name,agency,role,role"), [(1, "import_column_twice")]),
        (table('"a,b,c,d'), [(2, "import_broken")]),
        (table(*["a,b,c,d"] * 2001), [(2002, "import_long")]),
    ],
)
def test_a_table_that_cannot_be_read_says_why(data: bytes, expected: list[tuple[int, str]]) -> None:
    assert mistakes(data) == expected


def test_a_vietnamese_spreadsheets_table_is_read() -> None:
    head = "\ufeffTên đăng nhập;Họ và tên;Cơ quan;Vai trò;Xã phường;Hoạt động"
    rows = importing.read(f'{head}\r\nan.le;"Lê Thị An";xa-a;Phụ trách đơn vị;31825, 32002;Có\r\n'.encode(), KNOWN)
    (row,) = rows
    assert (row.wanted.username, row.wanted.role, row.active) == ("an.le", Role.LEAD, True)
    assert row.wanted.limits.communes == ("31825", "32002")


async def test_an_address_of_somebody_outside_the_table_is_refused(pool: Pool, new_staff: NewStaff) -> None:
    _, username, _ = await new_staff()
    await pool.execute("UPDATE staff SET email = 'mine@camau.gov.vn' WHERE username = $1", username)
    data = table(f"{name()},Lý Văn Bưởi,xa-a,officer,Mine@camau.gov.vn,,,")
    with pytest.raises(Unusable) as refused:
        await importing.preview(pool, data, KNOWN, SYSTEM)
    assert refused.value.told("vi") == ["Dòng 2: Địa chỉ email “mine@camau.gov.vn” đã thuộc về một tài khoản khác."]


async def test_nobody_shuts_themselves_out_by_a_table(pool: Pool, new_staff: NewStaff) -> None:
    staff_id, username, _ = await new_staff(Role.ADMINISTRATOR, "ioc")
    by = Actor("staff", staff_id, Role.ADMINISTRATOR, "ioc")
    data = table(f"{username},Trần Thị Bình,ioc,officer,,,,no")
    with pytest.raises(Unusable) as refused:
        await importing.take(pool, data, KNOWN, by)
    assert {each.problem.key for each in refused.value.lines} == {"accounts.not_yourself", "accounts.not_your_role"}


async def test_only_account_managers_take_tables(pool: Pool) -> None:
    lead = Actor("staff", uuid4(), Role.LEAD, "so-xay-dung")
    for act in (importing.preview, importing.take):
        with pytest.raises(Forbidden):
            await act(pool, table(f"{name()},A,xa-a,officer,,,,"), KNOWN, lead)


async def test_the_same_table_twice_at_once_makes_each_account_once(pool: Pool) -> None:
    one, two = name(), name()
    data = table(f"{one},Lý Văn Bưởi,xa-a,officer,,,,", f"{two},Thạch Thị Na,xa-a,officer,,,,")
    results = await asyncio.gather(
        *(importing.take(pool, data, KNOWN, SYSTEM) for _ in range(3)), return_exceptions=True
    )
    assert all(isinstance(result, list | Conflict) for result in results), results
    assert await pool.fetchval("SELECT count(*) FROM staff WHERE username = ANY($1)", [one, two]) == 2
    made = "SELECT count(*) FROM account_events JOIN staff USING (staff_id) WHERE username = $1"
    assert await pool.fetchval(made, one) == 1
