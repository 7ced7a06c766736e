"""Links that open the wall display."""

from uuid import UUID, uuid4

import pytest

from app.accounts.model import Actor
from app.db import Conn, Pool
from app.errors import Conflict, Forbidden, Invalid, NotFound
from app.screens import links
from app.screens.links import Gone
from tests.small_world import ADMINISTRATOR, COORDINATOR, KEY, LEAD, LEADER, OFFICER


async def make(pool: Pool, name: str = "Phòng trực", days: int = 30, by: Actor = COORDINATOR) -> str:
    return await links.make(pool, KEY, by, name, days, "Nguyễn Hoàng Oanh (nguyen.hoang.oanh)")


async def id_of(conn: Conn, token: str) -> UUID:
    found = await conn.fetchval("SELECT link_id FROM wall_links WHERE token_hash = $1", links.digest(token))
    assert isinstance(found, UUID)
    return found


@pytest.mark.parametrize("by", [COORDINATOR, ADMINISTRATOR])
async def test_coordinators_and_administrators_make_links(settled: Pool, by: Actor) -> None:
    token = await make(settled, by=by)
    async with settled.acquire() as conn:
        assert await links.check(conn, KEY, token) == links.digest(token)


@pytest.mark.parametrize("by", [OFFICER, LEAD, LEADER])
async def test_nobody_else_does(settled: Pool, by: Actor) -> None:
    with pytest.raises(Forbidden):
        await make(settled, by=by)
    with pytest.raises(Forbidden):
        await links.revoke(settled, by, uuid4())
    async with settled.acquire() as conn:
        with pytest.raises(Forbidden):
            await links.listed(conn, by)


async def test_the_token_itself_is_kept_nowhere(settled: Pool) -> None:
    token = await make(settled, "Sảnh")
    async with settled.acquire() as conn:
        for table in ("wall_links", "account_events"):
            assert token not in str(await conn.fetch(f"SELECT t::text FROM {table} t"))


async def test_a_revoked_link_opens_nothing_and_says_so(settled: Pool) -> None:
    token = await make(settled, "Cũ")
    async with settled.acquire() as conn:
        link_id = await id_of(conn, token)
        assert await links.still_open(conn, [links.digest(token)]) == {links.digest(token)}
        await links.revoke(settled, COORDINATOR, link_id)
        assert await links.still_open(conn, [links.digest(token)]) == set()
        with pytest.raises(Gone):
            await links.check(conn, KEY, token)
    with pytest.raises(NotFound):
        await links.revoke(settled, COORDINATOR, link_id)


async def test_a_link_ends_by_itself(settled: Pool) -> None:
    token = await make(settled, "Ngắn", days=1)
    async with settled.acquire() as conn:
        await conn.execute(
            """
            UPDATE wall_links SET made_at = made_at - interval '2 days', expires_at = expires_at - interval '2 days'
            WHERE token_hash = $1
            """,
            links.digest(token),
        )
        with pytest.raises(Gone):
            await links.check(conn, KEY, token)
        assert await links.still_open(conn, [links.digest(token)]) == set()


@pytest.mark.parametrize("change", ["", "x", "chữ", "A" * 48, "A" * 47 + "!"])
async def test_what_was_made_up_is_unknown(settled: Pool, change: str) -> None:
    async with settled.acquire() as conn:
        with pytest.raises(NotFound):
            await links.check(conn, KEY, change)


async def test_a_link_of_another_installation_is_unknown(settled: Pool) -> None:
    token = await make(settled, "Khác")
    async with settled.acquire() as conn:
        with pytest.raises(NotFound):
            await links.check(conn, b"another secret key, 32 bytes long", token)


async def test_when_a_screen_was_last_seen_is_known(settled: Pool) -> None:
    token = await make(settled, "Đã mở")
    async with settled.acquire() as conn:
        [before] = [one for one in await links.listed(conn, COORDINATOR) if one.name == "Đã mở"]
        await links.still_open(conn, [links.digest(token)])
        [after] = [one for one in await links.listed(conn, COORDINATOR) if one.name == "Đã mở"]
    assert before.last_seen_at is None
    assert after.last_seen_at is not None


async def test_making_and_revoking_stand_in_the_record(settled: Pool) -> None:
    token = await make(settled, "Ghi sổ")
    async with settled.acquire() as conn:
        await links.revoke(settled, ADMINISTRATOR, await id_of(conn, token))
        rows = await conn.fetch(
            "SELECT kind, actor FROM account_events WHERE data->>'name' = 'Ghi sổ' ORDER BY event_id"
        )
    assert [tuple(row.values()) for row in rows] == [
        ("wall_link_made", f"staff:{COORDINATOR.id}"),
        ("wall_link_revoked", f"staff:{ADMINISTRATOR.id}"),
    ]


@pytest.mark.parametrize(("name", "days", "field"), [("", 30, "name"), ("x" * 81, 30, "name"), ("Sảnh", 0, "days")])
async def test_a_name_and_an_end_are_needed(settled: Pool, name: str, days: int, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        await make(settled, name, days)
    assert refused.value.problems[0].field == field


async def test_there_are_not_too_many(settled: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "LIVE_MOST", 0)
    with pytest.raises(Conflict):
        await make(settled)
