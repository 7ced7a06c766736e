"""Agencies' rules of warning: who may set whose, what is inherited, what is wrong beside its field, all on record."""

import httpx
import pytest
import pytest_asyncio

from app.escalation.service import policy_of
from tests.console.conftest import PAGES, Visitor, token
from tests.world import COMPANY, POWER, World

WATCHES = "so-xay-dung"
"""The department above COMPANY."""


@pytest_asyncio.fixture(autouse=True)
async def usual(world: World) -> None:
    await world.parts.pool.execute("DELETE FROM escalation_policies")


async def save(browser: httpx.AsyncClient, agency: str, *ticked: tuple[str, str]) -> httpx.Response:
    """The form with these boxes ticked and fields filled in."""
    form: dict[str, list[str]] = {"csrf": [browser.headers["x-token"]]}
    for name, value in ticked:
        form.setdefault(name, []).append(value)
    return await browser.post(f"{PAGES}/escalation/{agency}", data=form, follow_redirects=True)


async def test_a_lead_sets_the_rules_of_their_agency_and_gives_them_up(visitor: Visitor, world: World) -> None:
    lead, pool = await visitor("lead"), world.parts.pool
    assert "Quy tắc chung của hệ thống" in (await lead.get(f"{PAGES}/escalation/{COMPANY}")).text
    saved = await save(
        lead, COMPANY, ("to-handling-50", "officer"), ("to-handling-50", "lead"), ("by-handling-50", "mail"),
        ("required", "mail"), ("quiet", "own"), ("quiet_from", "21:30"), ("quiet_until", "5:00"),
        ("people", "nguyen.hoang.oanh, Le.Van.Phuoc"), ("people_from", "80"),
    )  # fmt: skip
    assert "Đã lưu quy tắc cảnh báo." in saved.text
    assert 'value="nguyen.hoang.oanh, le.van.phuoc"' in saved.text
    async with pool.acquire() as conn:
        policy, whose = await policy_of(conn, COMPANY)
    (step,) = policy.steps
    assert (step.clock, step.level, step.to, step.ways) == ("handling", 50, ("officer", "lead"), ("mail",))
    assert (policy.required, policy.quiet, policy.people_from) == (("mail",), (21 * 60 + 30, 300), 80)
    assert policy.people == (world.people["coordinator"].staff_id, world.people["lead"].staff_id)
    assert whose == COMPANY
    path = f"{PAGES}/escalation/{COMPANY}/give-up"
    gone = await lead.post(path, data={"csrf": lead.headers["x-token"]}, follow_redirects=True)
    assert "Đã bỏ quy tắc riêng." in gone.text
    rows = await pool.fetch(
        "SELECT kind FROM account_events WHERE kind LIKE 'escalation%' ORDER BY event_id DESC LIMIT 2"
    )
    assert [row["kind"] for row in rows] == ["escalation_given_up", "escalation_changed"]


async def test_an_agency_without_rules_of_its_own_follows_the_one_above(visitor: Visitor, world: World) -> None:
    coordinator, lead = await visitor("coordinator"), await visitor("lead")
    await save(coordinator, WATCHES, ("to-handling-100", "coordinators"))
    async with world.parts.pool.acquire() as conn:
        _, whose = await policy_of(conn, COMPANY)
    assert whose == WATCHES
    overview = (await lead.get(f"{PAGES}/escalation")).text
    assert "Quy tắc của Sở Xây dựng" in overview
    assert f'href="{PAGES}/escalation/{COMPANY}"' in overview
    assert f'href="{PAGES}/escalation/{POWER}"' not in overview


async def test_a_lead_sets_no_other_agencys_rules(visitor: Visitor) -> None:
    lead = await visitor("lead")
    assert (await lead.get(f"{PAGES}/escalation/{POWER}")).status_code == 403
    assert (await save(lead, POWER)).status_code == 403
    assert (await save(lead, WATCHES)).status_code == 403
    assert (await (await visitor("coordinator")).get(f"{PAGES}/escalation/khong-co")).status_code == 404


@pytest.mark.parametrize(
    ("ticked", "words"),
    [
        ([("people", "nguyen.hoang.oanh, khong.co.ai")], "Không có tài khoản đang hoạt động: khong.co.ai."),
        ([("quiet", "own"), ("quiet_from", "24:00"), ("quiet_until", "05:00")], "giờ bắt đầu và giờ kết thúc"),
        ([("quiet", "own"), ("quiet_from", "05:00"), ("quiet_until", "05:00")], "giờ bắt đầu và giờ kết thúc"),
    ],
)
async def test_what_is_wrong_is_said_and_what_was_ticked_stays(
    visitor: Visitor, world: World, ticked: list[tuple[str, str]], words: str
) -> None:
    page = await save(await visitor("lead"), COMPANY, ("to-handling-50", "coordinators"), *ticked)
    assert page.status_code == 422
    assert words in page.text
    assert 'name="to-handling-50" value="coordinators" checked' in page.text
    assert await world.parts.pool.fetchval("SELECT count(*) FROM escalation_policies") == 0
    assert token(page)
