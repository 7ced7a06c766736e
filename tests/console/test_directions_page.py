"""The page of leaders' directions: the leader's own, the agency's to answer, the coordinators' overview."""

from datetime import UTC, datetime, timedelta
from typing import Any

from app.accounts.model import SEES_OWN_AGENCY, Actor
from app.places.service import embedded_default
from app.reports import service
from app.reports.intake import file_report
from app.reports.model import Form, NewReport, Place, Report
from app.reports.workflow import Act
from tests.console.conftest import PAGES, Visitor
from tests.world import AN_XUYEN, LIGHT, World

PATH = f"{PAGES}/directions"
WORDS = "Thay hết bóng hỏng trên tuyến <Lý Bôn>."


async def light(world: World) -> Report:
    new = NewReport(
        text=str(LIGHT["text"]), place=Place(commune_code=AN_XUYEN), channel="web", lang="vi", consent=True,
        category="street-light",
    )  # fmt: skip
    parts = world.parts
    return (await file_report(parts.pool, parts.rules, embedded_default(), b"k" * 40, new)).report


async def act(world: World, key: str, report: Report, what: Act, **form: Any) -> Report:
    person = world.people[key]
    agencies = frozenset({person.agency_id}) if person.role in SEES_OWN_AGENCY else frozenset[str]()
    actor = Actor("staff", person.staff_id, person.role, person.agency_id, agencies)
    return await service.perform(world.parts.pool, world.parts.rules, actor, report, what, Form(**form))


async def test_from_the_direction_to_the_answer_on_everybodys_page(visitor: Visitor, world: World) -> None:
    leader, officer = await visitor("leader"), await visitor("officer")
    assert "Không có ý kiến chỉ đạo nào chờ báo cáo" in (await leader.get(PATH)).text
    report = await act(world, "leader", await light(world), Act.DIRECT, text=WORDS, days=3)

    for key in ("leader", "officer", "lead", "supervisor", "coordinator"):
        shown = (await (await visitor(key)).get(PATH)).text
        assert f'href="{PAGES}/reports/{report.code}"' in shown, key
    page = (await officer.get(PATH)).text
    assert "tuyến &lt;Lý Bôn&gt;" in page
    assert "Huỳnh Quốc Việt" in page
    assert report.code not in (await (await visitor("other_officer")).get(PATH)).text
    assert "Không có ý kiến chỉ đạo nào quá hạn" in (await leader.get(f"{PATH}?state=late")).text

    await act(world, "officer", report, Act.REPORT_BACK, text="Đã thay 7 bóng.")
    assert report.code not in (await leader.get(PATH)).text
    done = (await leader.get(f"{PATH}?state=done")).text
    for words in (report.code, "Đã thay 7 bóng.", "Báo cáo đúng hạn", "Trần Thị Bích"):
        assert words in done


async def test_what_is_late_is_said_in_words(visitor: Visitor, world: World) -> None:
    report = await act(world, "leader", await light(world), Act.DIRECT, text=WORDS, days=1)
    long_ago = datetime.now(UTC) - timedelta(days=5)
    await world.parts.pool.execute("ALTER TABLE report_events DISABLE TRIGGER report_events_append_only")
    await world.parts.pool.execute(
        """
        UPDATE report_events SET data = data || jsonb_build_object('due', $2::text)
        WHERE report_id = $1 AND kind = 'directed'
        """,
        report.report_id,
        long_ago.isoformat(),
    )
    await world.parts.pool.execute("ALTER TABLE report_events ENABLE TRIGGER report_events_append_only")
    await world.parts.pool.execute(
        "UPDATE reports SET directed_due_at = $2 WHERE report_id = $1", report.report_id, long_ago
    )
    page = (await (await visitor("leader")).get(f"{PATH}?state=late")).text
    assert report.code in page
    assert "quá hạn 5 ngày" in page


async def test_only_leaders_have_it_in_their_menu(visitor: Visitor) -> None:
    for key, has in (("leader", True), ("coordinator", False), ("officer", False)):
        assert ('href="/console/directions"' in (await (await visitor(key)).get(f"{PAGES}/account")).text) is has
