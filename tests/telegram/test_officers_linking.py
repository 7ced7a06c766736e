"""Linking: one's own account by a code, an agency's group by its lead; guessing, strangers, groups that move or end."""

import pytest_asyncio

from app.accounts import chats
from app.accounts.model import SYSTEM
from app.wiring import Parts
from bot.simulator.client import SimClient, SimUser
from bot.telegram.client import Bot
from tests.telegram.conftest import until
from tests.telegram.office import Office, hire
from tests.world import COMPANY, Person


@pytest_asyncio.fixture(scope="module")
async def people(parts: Parts) -> dict[str, Person]:
    return await hire(parts)


@pytest_asyncio.fixture
async def office(parts: Parts, sim: SimClient, bot: Bot, people: dict[str, Person], working: None) -> Office:
    for table in ("staff_identities", "staff_code_attempts", "staff_chat_codes", "agency_chats"):
        await parts.pool.execute(f"DELETE FROM {table}")  # names of ours
    return Office(parts, sim, bot, people)


async def code_for(office: Office, key: str) -> str:
    return (await chats.make_code(office.parts.pool, office.people[key].staff_id, SYSTEM))[0]


async def linked(office: Office, user: SimUser) -> str | None:
    async with office.parts.pool.acquire() as conn:
        found = await chats.officer(conn, "telegram", str(user.id))
    return found.staff.username if found else None


async def events(office: Office) -> list[str]:
    rows = await office.parts.pool.fetch("SELECT kind FROM account_events ORDER BY event_id DESC LIMIT 4")
    return [row["kind"] for row in rows]


# ---------------------------------------------------------------- one's own account


async def test_a_code_links_once_and_says_who_one_is(office: Office, sim: SimClient) -> None:
    code = await code_for(office, "officer")
    bich, other = await sim.user("Bích"), await sim.user("Ai đó")
    await bich.text(f"/canbo {code.lower().replace('-', ' ')}")
    assert "Trần Thị Bích" in (await bich.wait("Đã liên kết")).text
    assert await linked(office, bich) == "tran.thi.bich"
    assert "chat_linked" in await events(office)
    await other.text(f"/canbo {code}")
    await other.wait("đã dùng hoặc đã hết hạn")
    assert await linked(office, other) is None


async def test_the_same_message_twice_is_no_second_try(office: Office, sim: SimClient) -> None:
    code, bich = await code_for(office, "officer"), await sim.user("Bích")
    for _ in range(2):
        await bich.text(f"/officer {code}")
        await bich.wait("Đã liên kết")


async def test_an_old_code_and_a_replaced_one_open_nothing(office: Office, sim: SimClient) -> None:
    bich = await sim.user("Bích")
    replaced = await code_for(office, "officer")
    old = await code_for(office, "officer")
    await office.parts.pool.execute("UPDATE staff_chat_codes SET expires_at = now()")
    for code in (replaced, old):
        await bich.text(f"/canbo {code}")
        await bich.wait("đã hết hạn")
    assert await linked(office, bich) is None


async def test_guessing_ends_after_five_and_then_even_the_right_code_waits(office: Office, sim: SimClient) -> None:
    mallory, code = await sim.user("Mallory"), await code_for(office, "lead")
    for number in range(5):
        await mallory.text(f"/canbo AAAA-000{number}")
        await mallory.wait("không đúng")
    await mallory.text(f"/canbo {code}")
    await mallory.wait("quá nhiều lần")
    assert await linked(office, mallory) is None
    assert "chat_code_refused" in await events(office)


async def test_a_code_shown_in_a_group_is_burnt(office: Office, sim: SimClient) -> None:
    bich, code = await sim.user("Bích"), await code_for(office, "officer")
    group = bich.in_group(await sim.group("Tổ dân phố", [bich]))
    await group.text(f"/canbo {code}")
    await group.wait("đã hủy")
    await bich.text(f"/canbo {code}")
    await bich.wait("không đúng")


async def test_one_unlinks_from_the_chat(office: Office) -> None:
    bich = await office.chat("officer")
    await bich.text("/huycanbo")
    await bich.wait("hủy liên kết")
    assert await linked(office, bich) is None
    await bich.text("/viec")
    await bich.wait("Dành cho cán bộ")


async def test_a_citizen_is_told_how_staff_link_and_nothing_else_changes(office: Office, sim: SimClient) -> None:
    lan = await sim.user("Lan")
    await lan.text("/canbo")
    await lan.wait("Dành cho cán bộ")
    await lan.text("Rác đầy đường")
    await lan.wait("đâu")


# ---------------------------------------------------------------- groups


async def test_other_groups_are_declined_once_and_then_left_alone(sim: SimClient, office: Office) -> None:
    lan = await sim.user("Lan")
    group = lan.in_group(await sim.group("Tổ dân phố", [lan]))
    await group.wait("trò chuyện riêng")
    for words in ("/start", "/baocao", "/viec"):
        await group.text(words)
    await group.text("/canbo")
    await group.wait("Dành cho cán bộ")
    assert len([m for m in await group.messages() if m.from_bot]) == 2


async def test_a_lead_links_the_group_to_their_agency(office: Office) -> None:
    lead = await office.chat("lead")
    group = await office.group(lead)
    stored = await office.parts.pool.fetchrow("SELECT * FROM agency_chats WHERE chat_id = $1", str(group["id"]))
    assert stored is not None
    assert (stored["agency_id"], stored["linked_by"]) == (COMPANY, office.people["lead"].staff_id)
    assert "group_linked" in await events(office)
    inside = lead.in_group(group)
    await inside.text("/linkgroup")
    await inside.wait("đã liên kết với")


async def test_nobody_else_links_a_group(office: Office, sim: SimClient) -> None:
    officer, stranger = await office.chat("officer"), await sim.user("Người lạ")
    group = await sim.group("Nhóm", [officer, stranger])
    inside = officer.in_group(group)
    await inside.text("/lienketnhom")
    await inside.wait("Chỉ phụ trách đơn vị")
    inside = stranger.in_group(group)
    await inside.text("/lienketnhom")
    await inside.wait("Dành cho cán bộ")
    assert await office.parts.pool.fetchval("SELECT count(*) FROM agency_chats WHERE agency_id IS NOT NULL") == 0


async def test_another_agencys_lead_neither_takes_nor_unlinks_it(office: Office) -> None:
    lead, other = await office.chat("lead"), await office.chat("other_lead")
    group = await office.group(lead, other)
    inside = other.in_group(group)
    await inside.text("/lienketnhom")
    await inside.wait("cơ quan khác")
    await inside.text("/huylienketnhom")
    await inside.wait("Chỉ phụ trách đơn vị")
    inside = lead.in_group(group)
    await inside.text("/huylienketnhom")
    await inside.wait("ngừng nhận việc")


async def test_the_coordinators_group_hears_of_what_nobody_has(office: Office) -> None:
    coordinator = await office.chat("coordinator")
    inside = coordinator.in_group(await office.group(coordinator, title="Điều phối"))
    report = await office.report(category=None, text="Chuyện lạ không biết hỏi ai, nhờ xem giúp.")
    assert [m for m in await inside.messages() if report.code in m.text]


async def test_removed_from_the_group_the_link_ends(office: Office) -> None:
    lead = await office.chat("lead")
    group = await office.group(lead)
    inside = lead.in_group(group)
    await inside.block()
    await until(office.parts, "SELECT count(*) FROM agency_chats WHERE chat_id = $1", str(group["id"]), holds=0)
    await inside.unblock()
    await inside.wait("trò chuyện riêng")
    assert "group_unlinked" in await events(office)


async def test_a_group_that_becomes_a_supergroup_stays_linked(office: Office, sim: SimClient) -> None:
    lead = await office.chat("lead")
    group = await office.group(lead)
    new = await sim.upgrade(group)
    await until(office.parts, "SELECT agency_id FROM agency_chats WHERE chat_id = $1", str(new["id"]), holds=COMPANY)
    report = await office.report()
    inside = lead.in_group(new)
    assert [m for m in await inside.messages() if report.code in m.text]


async def test_a_second_group_of_an_agency_takes_the_firsts_place(office: Office) -> None:
    lead = await office.chat("lead")
    first, second = await office.group(lead), await office.group(lead, title="Nhóm mới")
    report = await office.report()
    texts = [[m.text for m in await lead.in_group(group).messages()] for group in (first, second)]
    assert [any(report.code in text for text in each) for each in texts] == [False, True]
