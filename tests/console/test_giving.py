"""Giving a case to a colleague from its page, and many at once."""

import re
from datetime import UTC, datetime, timedelta

import httpx

from app.accounts import absence
from app.accounts import service as accounts
from app.accounts.model import SYSTEM
from app.casefile.words import when
from app.reports import service as reports
from app.reports.workflow import Act
from tests.console.conftest import PAGES, Visitor
from tests.console.test_bulk_pages import chosen, started, work
from tests.console.test_case_acts import field, file, fill, post
from tests.console.test_case_acts import signed_in as signed_in
from tests.console.test_directions_page import act, light
from tests.world import World


def choices(page: httpx.Response) -> dict[str, str]:
    """Whom the form offers: words by id."""
    form = page.text[page.text.index('id="form-give"') :]
    return dict(re.findall(r'<option value="([0-9a-f-]{36})"[^>]*>([^<]*)<', form[: form.index("</select>")]))


async def test_a_lead_gives_it_to_a_colleague_who_finds_it_among_their_own(
    address: str, visitor: Visitor, world: World
) -> None:
    code, lead, officer = await file(address), await visitor("lead"), await visitor("officer")
    bich = str(world.people["officer"].staff_id)
    page = await lead.get(f"{PAGES}/reports/{code}")
    assert re.fullmatch(r"Trần Thị Bích – \d+ việc đang mở", choices(page)[bich])
    answer = await fill(lead, code, "give", colleague=bich, text="Chị xem giúp trong hôm nay.")
    assert answer.headers["location"] == f"{PAGES}/reports/{code}?done=give"
    page = await officer.get(f"{PAGES}/reports/{code}")
    assert "Giao cho Trần Thị Bích xử lý." in page.text
    assert "Chị xem giúp trong hôm nay." in page.text
    assert bich not in choices(page)
    assert code in (await officer.get(f"{PAGES}/queue?tab=mine")).text
    answer = await fill(officer, code, "release")
    assert answer.status_code == 303
    assert code not in (await officer.get(f"{PAGES}/queue?tab=mine")).text


async def test_who_is_away_comes_last_with_who_stands_in(address: str, visitor: Visitor, world: World) -> None:
    code, lead, parts = await file(address), await visitor("lead"), world.parts
    bich, phuoc = world.people["officer"].staff_id, world.people["lead"].staff_id
    today = datetime.now(UTC).astimezone().date()
    until = today + timedelta(days=2)
    away = await absence.enter(parts.pool, bich, phuoc, today - timedelta(days=1), until, SYSTEM, today)
    words = list(choices(await lead.get(f"{PAGES}/reports/{code}")).values())
    assert words[-1].endswith(f"(nghỉ đến hết {until:%d/%m/%Y}, Lê Văn Phước làm thay)")
    await absence.take_back(parts.pool, away, SYSTEM)


async def test_an_account_closed_meanwhile_is_said_beside_the_field_and_the_note_is_kept(
    address: str, visitor: Visitor, world: World
) -> None:
    code, lead, parts = await file(address), await visitor("lead"), world.parts
    new, _ = await accounts.create_staff(
        parts.pool, "ly.tan.dat", "Lý Tấn Đạt", world.people["lead"].agency_id, world.people["officer"].role,
        "ghe xuồng chợ nổi", SYSTEM,
    )  # fmt: skip
    page = await lead.get(f"{PAGES}/reports/{code}")
    hidden = {name: field(page, "give", name) for name in ("version", "client_key", "was")}
    await accounts.disable(parts.pool, new, SYSTEM)
    answer = await post(lead, code, "give", colleague=str(new), text="Anh nhận nhé.", **hidden)
    assert answer.status_code == 422
    assert "Tài khoản của Lý Tấn Đạt đã bị khóa." in answer.text
    assert "Anh nhận nhé.</textarea>" in answer.text


async def test_somebody_faster_is_shown_with_who_has_it_now(address: str, visitor: Visitor, world: World) -> None:
    code, lead, officer = await file(address), await visitor("lead"), await visitor("officer")
    page = await lead.get(f"{PAGES}/reports/{code}")
    hidden = {name: field(page, "give", name) for name in ("version", "client_key", "was")}
    before = datetime.now(UTC)
    await fill(officer, code, "claim")
    answer = await post(lead, code, "give", colleague=str(world.people["lead"].staff_id), **hidden)
    assert answer.status_code == 409
    assert re.search(r"Người xử lý</th><td><del>[^<]+</del></td><td><ins>Trần Thị Bích</ins>", answer.text)
    days = {when(at)[-10:] for at in (before, datetime.now(UTC))}
    assert any(day in answer.text for day in days)


async def test_many_are_given_at_once(visitor: Visitor, world: World) -> None:
    lead = await visitor("lead")
    cases = [await light(world) for _ in range(2)]
    await act(world, "officer", cases[0], Act.START)
    preview = await chosen(lead, [case.code for case in cases], "give")
    assert "Trần Thị Bích" in preview.text
    missing = await started(lead, preview)
    assert (missing.status_code, "Vui lòng chọn người nhận." in missing.text) == (422, True)
    page = await started(lead, preview, colleague=str(world.people["lead"].staff_id), text="Tôi làm cả hai.")
    await work(world, page)
    for case in cases:
        assert (await reports.find(world.parts.pool, case.code)).assignee_id == world.people["lead"].staff_id
