"""Response templates and directions on the page of a case, without scripts."""

import re
from uuid import UUID

import httpx
import pytest_asyncio

from app.reports.workflow import Act
from app.templates import service as templates
from tests.api.conftest import SignedIn
from tests.api.conftest import act as act_over_api
from tests.api.conftest import contract as contract  # the JSON API's fixtures
from tests.api.conftest import signed_in as signed_in
from tests.console.conftest import PAGES, Visitor
from tests.console.test_case_acts import field, file, fill
from tests.console.test_directions_page import act, light
from tests.world import CENTRE, World, photo

TITLE = "Đã khắc phục"


@pytest_asyncio.fixture(autouse=True)
async def first_set(world: World) -> None:
    await templates.take_first_set(world.parts.pool, CENTRE)


def offered(page: httpx.Response, what: str) -> dict[str, str]:
    """Titles of the templates for an act, with their ids."""
    found = re.findall(rf'form="form-{what}"[^>]*name="fill" value="([^"]+)"[^>]*>([^<]+)</button>', page.text)
    return {title: template_id for template_id, title in found}


async def used(world: World, template_id: str) -> int:
    found: int = await world.parts.pool.fetchval(
        "SELECT used FROM response_templates WHERE template_id = $1", UUID(template_id)
    )
    return found


async def test_a_template_is_put_into_the_form_and_counts_when_it_was_said(
    address: str, visitor: Visitor, signed_in: SignedIn, world: World
) -> None:
    code, officer = await file(address), await visitor("officer")
    page = await officer.get(f"{PAGES}/reports/{code}")
    template_id = offered(page, "resolve")[TITLE]
    assert TITLE not in offered(page, "ask")
    hidden = {name: field(page, "resolve", name) for name in ("version", "client_key", "was")}
    form = {"csrf": officer.headers["x-token"], **hidden, "text": "Kính gửi anh/chị.", "fill": template_id}
    files = [("photos", ("sau.jpg", photo("sau khi sửa"), "image/jpeg"))]
    filled = await officer.post(f"{PAGES}/reports/{code}/acts/resolve/fill", data=form, files=files)
    assert filled.status_code == 200
    area = re.search(r'<textarea id="resolve-text"[^>]*>(.*?)</textarea>', filled.text, re.DOTALL)
    assert area
    assert area[1].startswith("Kính gửi anh/chị.\n")
    assert f"nội dung phản ánh {code} tại Phường An Xuyên" in area[1]
    kept = re.findall(r'name="kept" value="([^"]+)"', filled.text)
    assert len(kept) == 1, "the photo that came along is not asked for again"
    assert field(filled, "resolve", "template") == template_id
    assert await used(world, template_id) == 0

    said = {"text": area[1], "template": template_id, "kept": kept[0]}
    hidden = {name: field(filled, "resolve", name) for name in ("version", "client_key", "was")}
    done = await officer.post(
        f"{PAGES}/reports/{code}/acts/resolve", data={"csrf": officer.headers["x-token"], **hidden, **said}
    )
    assert done.status_code == 303, done.text
    assert await used(world, template_id) == 1
    case = (await (await signed_in("officer")).get(f"/api/v1/staff/reports/{code}")).json()
    assert case["status"] == "resolved"


async def test_a_template_of_others_puts_nothing_in_and_an_act_of_others_is_refused(
    address: str, visitor: Visitor
) -> None:
    code, officer = await file(address), await visitor("officer")
    form = {"csrf": officer.headers["x-token"], "text": "Của tôi.", "fill": str(UUID(int=1))}
    filled = await officer.post(f"{PAGES}/reports/{code}/acts/ask/fill", data=form)
    assert re.search(r'<textarea id="ask-text"[^>]*>Của tôi.</textarea>', filled.text)
    assert (await officer.post(f"{PAGES}/reports/{code}/acts/reject/fill", data=form)).status_code == 403
    other = await visitor("other_officer")
    theirs = form | {"csrf": other.headers["x-token"]}
    assert (await other.post(f"{PAGES}/reports/{code}/acts/ask/fill", data=theirs)).status_code == 404


async def test_words_that_were_never_a_template_are_sent_all_the_same(address: str, visitor: Visitor) -> None:
    code, officer = await file(address), await visitor("officer")
    for wrong in ("nonsense", str(UUID(int=1))):
        done = await fill(officer, code, "note", text="Ghi chú.", template=wrong)
        assert done.status_code == 303


async def test_what_a_leader_waits_for_stands_on_top_until_it_is_reported(visitor: Visitor, world: World) -> None:
    report = await act(world, "leader", await light(world), Act.DIRECT, text="Thay <cả> tuyến.", days=3)
    officer = await visitor("officer")
    path = f"{PAGES}/reports/{report.code}"
    page = (await officer.get(path)).text
    box = page[page.index('id="directed"') : page.index("</section>", page.index('id="directed"'))]
    assert "Thay &lt;cả&gt; tuyến." in box
    assert "Huỳnh Quốc Việt" in box
    done = await fill(officer, report.code, "report_back", text="Đã thay.")
    assert done.status_code == 303
    assert 'id="directed"' not in (await officer.get(path)).text


async def test_of_two_directions_the_form_says_which(visitor: Visitor, world: World, signed_in: SignedIn) -> None:
    report = await act(world, "leader", await light(world), Act.DIRECT, text="Việc một.", days=3)
    await act(world, "leader", report, Act.DIRECT, text="Việc hai.", days=5)
    officer = await visitor("officer")
    page = (await officer.get(f"{PAGES}/reports/{report.code}")).text
    second = re.search(r'<option value="([0-9a-f-]{36})"[^>]*>[^<]*Việc hai', page)
    assert second
    assert (await fill(officer, report.code, "report_back", text="Xong hai.", direction=second[1])).status_code == 303
    await act_over_api(await signed_in("officer"), report.code, "report_back", text="Xong một.")
