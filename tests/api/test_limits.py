"""Whoever is limited to some categories or communes meets no other report on any route, and a superior agency's lead
meets those of the agencies below."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx
import pytest

from app.accounts import service as accounts
from app.accounts.model import SYSTEM, Role
from app.accounts.people import Limits
from tests.api.conftest import API, Contract, client, send
from tests.api.test_access import EXPECTED, Case, file_in_case
from tests.world import AN_XUYEN, CENTRE, COMPANY, LAN, LIGHT, PASSWORD, World, photo

ABOUT_A_REPORT = [route for route in EXPECTED if "{code}" in route[1] and not route[1].startswith("/partners/")]
"""What partners were sent is the administrators' alone: tests/api/test_access.py."""
OTHER = "32041"

OUTSIDE = [Limits(("pothole-bogus",)), Limits((), (OTHER,)), Limits(("street-light",), (OTHER,))]
INSIDE = [Limits(), Limits(("street-light",)), Limits((), (AN_XUYEN,)), Limits(("street-light", "other"), (AN_XUYEN,))]


async def person(
    address: str, contract: Contract, world: World, role: Role, agency: str, limits: Limits
) -> httpx.AsyncClient:
    """A new member of staff's browser."""
    pool, username = world.parts.pool, f"u-{uuid4().hex[:12]}"
    await accounts.create_staff(pool, username, "Huỳnh Lệ", agency, role, PASSWORD, SYSTEM, limits=limits)
    session = await accounts.sign_in(pool, username, PASSWORD, datetime.now(UTC))
    browser = client(address, contract)
    browser.cookies.set("phananh", session.token)
    browser.headers["X-CSRF-Token"] = session.csrf
    return browser


async def report(http: httpx.AsyncClient, world: World) -> tuple[str, Case]:
    sent = await send(http, LIGHT | LAN, [photo(uuid4().hex)])
    attachment_id = await file_in_case(world, sent.code)
    row = await world.parts.pool.fetchrow(
        "SELECT r.version, p.photo_id FROM reports r JOIN report_photos p USING (report_id) WHERE code = $1", sent.code
    )
    assert row is not None
    return sent.code, Case(sent.code, str(row["photo_id"]), attachment_id, row["version"])


async def ask(browser: httpx.AsyncClient, request: tuple[str, str, dict[str, Any] | None]) -> int:
    method, url, body = request
    return (await browser.request(method, url, json=body)).status_code


async def in_queue(browser: httpx.AsyncClient, code: str) -> bool:
    page = (await browser.get(f"{API}/staff/queue?limit=200")).json()
    assert page["next"] is None
    return code in {item["code"] for item in page["items"]}


ABOUT_THE_REPORTER = ("/identity", "/block", "/unblock", "/voice/{number}")
"""What only coordinators may ask, of whatever report."""
WHO = [(Role.OFFICER, COMPANY), (Role.LEAD, "so-xay-dung"), (Role.COORDINATOR, CENTRE), (Role.LEADER, CENTRE)]


@pytest.mark.parametrize(("role", "agency"), WHO)
async def test_outside_of_the_limits_a_report_is_nowhere(
    role: Role, agency: str, address: str, contract: Contract, http: httpx.AsyncClient, world: World
) -> None:
    code, case = await report(http, world)
    for limits in OUTSIDE:
        async with await person(address, contract, world, role, agency, limits) as browser:
            assert not await in_queue(browser, code)
            for route in ABOUT_A_REPORT:
                status = await ask(browser, case.request(*route))
                asks_too_much = route[1].endswith(ABOUT_THE_REPORTER) and role is not Role.COORDINATOR
                assert status == (403 if asks_too_much else 404), (route, limits)


@pytest.mark.parametrize(("role", "agency"), WHO)
async def test_inside_of_the_limits_it_is_there(
    role: Role, agency: str, address: str, contract: Contract, http: httpx.AsyncClient, world: World
) -> None:
    code, case = await report(http, world)
    for limits in INSIDE:
        async with await person(address, contract, world, role, agency, limits) as browser:
            assert await in_queue(browser, code)
            assert await ask(browser, case.request("GET", "/reports/{code}")) == 200


async def test_a_programs_key_has_its_accounts_limits(
    http: httpx.AsyncClient, world: World, contract: Contract, address: str
) -> None:
    code, case = await report(http, world)
    pool, username = world.parts.pool, f"u-{uuid4().hex[:12]}"
    staff_id, _ = await accounts.create_staff(
        pool, username, "Huỳnh Lệ", COMPANY, Role.OFFICER, PASSWORD, SYSTEM, limits=OUTSIDE[1]
    )
    key = await accounts.create_token(pool, staff_id, "đọc", ["read"], None, SYSTEM)
    async with client(address, contract) as program:
        program.headers["Authorization"] = f"Bearer {key}"
        assert not await in_queue(program, code)
        assert await ask(program, case.request("GET", "/reports/{code}")) == 404


async def test_a_report_that_is_corrected_out_of_the_limits_is_gone_at_once(
    address: str, contract: Contract, http: httpx.AsyncClient, world: World
) -> None:
    code, case = await report(http, world)
    async with await person(address, contract, world, Role.LEAD, COMPANY, Limits(("street-light",))) as browser:
        category = next(each for each in world.parts.rules.categories if each != "street-light")
        answer = await browser.post(
            f"{API}/staff/reports/{code}/acts/reclassify",
            json={"version": case.version, "category": category, "text": "Nhầm"},
        )
        assert (answer.status_code, answer.json()["case"]) == (200, None), answer.text
        assert not await in_queue(browser, code)
        assert (await browser.get(f"{API}/staff/reports/{code}")).status_code == 404
