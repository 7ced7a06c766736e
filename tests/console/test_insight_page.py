"""The page of what stands out: sentences with their numbers, the cases behind each, and for whom."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from app.reports.intake import file_report
from app.reports.model import NewReport, Place
from app.reports.workflow import Act
from app.stats import projection
from tests.console.conftest import PAGES, Visitor
from tests.console.test_directions_page import act, light
from tests.console.test_rules_pages import words
from tests.world import AN_XUYEN, COMPANY, POWER, World

HERE = f"{PAGES}/insight"
RULE = "chieu-sang-ca-mau"


async def outage(world: World) -> None:
    new = NewReport(
        text="Mất điện cả xóm từ chiều qua, chưa thấy ai đến sửa.", place=Place(commune_code=AN_XUYEN), channel="web",
        lang="vi", consent=True, category="power-cut",
    )  # fmt: skip
    parts = world.parts
    await file_report(parts.pool, parts.rules, parts.gazetteer, b"k" * 40, new)


@pytest.fixture(scope="module")
async def lived(world: World) -> World:
    """This month a dozen lights that one rule sent wrongly came back, one of them twice; another rule's did not."""
    for number in range(12):
        case = await light(world)
        await act(world, "officer", case, Act.RETURN, text="Không thuộc đơn vị.")
        if number == 0:
            await act(world, "coordinator", case, Act.ASSIGN, agency_id=COMPANY)
            await act(world, "officer", case, Act.RETURN, text="Vẫn không thuộc đơn vị.")
        await act(world, "coordinator", case, Act.ASSIGN, agency_id=POWER)
    for _ in range(12):
        await outage(world)
    await projection.catch_up(world.parts.pool)
    return world


async def test_a_rule_that_sends_wrongly_is_told_in_a_sentence_with_its_cases(lived: World, visitor: Visitor) -> None:
    leader, admin = await visitor("leader"), await visitor("administrator")
    page = await leader.get(HERE)
    said = words(page)
    assert re.search(rf"\({RULE}\): 100,0 % phản ánh phải sửa nơi nhận bằng tay; các quy tắc khác 0,0 %\.", said)
    assert "12 trên 12 phản ánh quy tắc đã chuyển trong kỳ" in said
    assert "/rules#rule-" not in page.text, "leaders do not look after the rules"
    assert (await admin.get(HERE)).status_code == 403
    link = re.search(rf'href="({HERE}/rule\?[^"]+)"', page.text)
    assert link
    cases = await leader.get(link[1].replace("&amp;", "&"))
    assert "12 phản ánh phải sửa nơi nhận bằng tay" in words(cases)
    assert cases.text.count(f'href="{PAGES}/reports/PA-') == 12


async def test_an_agency_that_returns_and_a_report_that_goes_round(lived: World, visitor: Visitor) -> None:
    page = await (await visitor("coordinator")).get(HERE)
    said = words(page)
    assert re.search(r"Môi trường Đô thị Cà Mau: trả lại hoặc chuyển đi 100,0 % phản ánh; các cơ quan khác 0,0 %", said)
    assert "1 phản ánh đã bị trả lại hoặc chuyển đi từ 2 lần trở lên" in said
    assert re.search(
        rf'href="{PAGES}/dashboard/list\?period=[\d-]+&amp;agency={COMPANY}&amp;figure=returned"', page.text
    )


async def test_a_lead_reads_the_own_agencys_and_nothing_about_rules(lived: World, visitor: Visitor) -> None:
    lead = await visitor("lead")
    page = await lead.get(HERE)
    assert "Quy tắc chuyển sai" not in page.text
    assert "Điện lực" not in words(page)
    assert (await lead.get(HERE, params={"agency": POWER})).status_code == 403
    assert (await lead.get(f"{HERE}/rule", params={"rule": RULE})).status_code == 403


async def test_another_period_and_one_that_is_none(lived: World, visitor: Visitor) -> None:
    leader = await visitor("leader")
    before = datetime.now(UTC) - timedelta(days=70)
    page = await leader.get(HERE, params={"period": f"{before:%Y-%m}"})
    assert (page.status_code, "Chưa đủ số liệu để so sánh." in page.text) == (200, True)
    assert f"period={(before + timedelta(days=31)):%Y-%m}" in page.text
    wrong = await leader.get(HERE, params={"period": "tháng này"})
    assert (wrong.status_code, "Không có kỳ như vậy." in wrong.text) == (422, True)
    empty = await leader.get(f"{HERE}/rule", params={"rule": "<script>", "period": f"{before:%Y-%m}"})
    assert "<script>" not in empty.text.replace("<script src", "")
    assert "quy tắc không chuyển sai phản ánh nào" in empty.text


async def test_it_is_light(lived: World, visitor: Visitor) -> None:
    page = await (await visitor("leader")).get(HERE)
    assert page.num_bytes_downloaded <= 12_000
