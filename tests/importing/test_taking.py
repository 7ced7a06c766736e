"""Another system's reports become ours: with their own past, told to nobody, once each."""

from pathlib import Path

import pytest

from app.db import Pool
from app.errors import Conflict
from app.history import service as history
from app.importing import service, store
from app.importing.refused import said, write
from app.notify import service as notify
from app.reports import service as reports
from app.reports.deadlines import recomputed
from app.reports.model import Contact, Rating, Status
from app.reports.workflow import Act
from app.webhooks.model import Webhook
from app.worklist import service as worklist
from app.worklist.model import Filter
from tests import small_world as world
from tests.importing.lists import MAPPING, NOW, OPEN, a_list, checked, listed, many, report_of, taken

OPEN_ROW = OPEN | {"Trạng thái": "Đang làm"}


async def test_a_finished_report_has_its_whole_past_at_its_own_times(settled: Pool, tmp_path: Path) -> None:
    run, tally = await taken(settled, a_list(tmp_path / "a.csv", {"Mã": "A1"}))
    assert (run.fresh, run.refused, run.rows_done, run.started_by) == (1, 0, 1, "lan")
    assert run.finished_at is not None
    assert dict(tally.categories) == {"pothole": 1}
    report = await report_of(settled, "A1")
    assert (report.status, report.category, report.agency_id, report.channel) == (
        "closed",
        "pothole",
        "roads",
        "hotline",
    )
    assert (report.commune_code, report.rating, report.published_at) == (world.AN_XUYEN, Rating.SATISFIED, None)
    assert report.body == "Ổ gà đường Lý Bôn\nỔ gà sâu trước số 12, xe máy dễ ngã."
    async with settled.acquire() as conn:
        events = await history.of_report(conn, report.report_id)
        case = await reports.case(conn, report)
    happened = [(event.kind, event.at.strftime("%m-%d %H:%M")) for event in events[:-1]]
    assert happened == [
        ("submitted", "03-02 02:00"), ("assigned", "03-02 03:30"), ("resolved", "03-04 08:00"),
        ("closed", "03-04 08:00"), ("rated", "03-04 08:00"),
    ]  # fmt: skip
    last = events[-1]
    assert (last.kind, last.data["source"], last.data["number"]) == ("imported", "1022 cũ", "A1")
    assert [message.body for message in case.messages] == ["Đã vá xong."]
    assert [damage async for damage in history.verify(settled, report.code)] == []


async def test_nobody_hears_of_what_is_taken_over(settled: Pool, tmp_path: Path) -> None:
    before = await settled.fetchval("SELECT count(*) FROM pgqueuer")
    await taken(settled, a_list(tmp_path / "a.csv", *many(12, **{"Tiêu đề": "Im lặng"})), with_contacts=True)
    assert await settled.fetchval("SELECT count(*) FROM pgqueuer") == before
    report = await report_of(settled, "M-0")
    async with settled.acquire() as conn:
        assert await notify.ledger(conn, report.report_id) == []
        events = await history.of_report(conn, report.report_id)
    everything = Webhook(
        webhook_id=report.report_id, name="", url="", kinds=(), agencies=(), words=False, state="active",
        created_at=NOW, created_by="", failing_since=None, disabled_at=None, disabled_why=None,
    )  # fmt: skip
    assert [event.kind for event in events if everything.wants(event, report.agency_id)] == []


async def test_an_open_one_has_its_deadline_from_now_on_and_stays_calm_when_the_rules_change(
    settled: Pool, tmp_path: Path
) -> None:
    await taken(settled, a_list(tmp_path / "a.csv", OPEN_ROW | {"Mã": "B1", "Hạn": "09/03/2026"}))
    report = await report_of(settled, "B1")
    assert report.status is Status.IN_PROGRESS
    assert report.submitted_at == world.MONDAY
    assert report.due_at > NOW
    async with settled.acquire() as conn:
        events = await history.of_report(conn, report.report_id)
    assert recomputed(world.RULES, report, events) is None


async def test_one_that_nobody_has_waits_on_the_desk(settled: Pool, tmp_path: Path) -> None:
    row = OPEN | {"Mã": "B2", "Trạng thái": "Mới", "Đơn vị": "", "Ngày chuyển": ""}
    await taken(settled, a_list(tmp_path / "a.csv", row))
    report = await report_of(settled, "B2")
    assert (report.status, report.agency_id) == ("submitted", "ioc")
    assert report.intake_due_at > NOW
    done = await world.do(settled, world.COORDINATOR, report, Act.ASSIGN, agency_id="roads")
    assert done.status is Status.ASSIGNED


async def test_where_no_agency_is_named_the_rules_say_whose_it_is(settled: Pool, tmp_path: Path) -> None:
    await taken(settled, a_list(tmp_path / "a.csv", {"Mã": "B3", "Lĩnh vực": "Điện", "Đơn vị": ""}))
    assert (await report_of(settled, "B3")).agency_id == "power"


@pytest.mark.parametrize(
    ("number", "row", "commune", "approximate"),
    [
        ("P1", {"Vĩ độ": "", "Kinh độ": ""}, world.AN_XUYEN, False),
        ("P2", {"Vĩ độ": "", "Kinh độ": "", "Xã": "", "Địa chỉ": "hẻm số 3"}, None, True),
        ("P3", {"Vĩ độ": "0", "Kinh độ": "0", "Xã": "32025"}, world.TAN_THANH, False),
        ("P4", {"Vĩ độ": "21.03", "Kinh độ": "105.85", "Xã": ""}, None, True),
    ],
)
async def test_what_cannot_be_placed_is_kept_and_says_so(
    settled: Pool, tmp_path: Path, number: str, row: dict[str, str], commune: str | None, approximate: bool
) -> None:
    _, tally = await taken(settled, a_list(tmp_path / "a.csv", row | {"Mã": number}))
    report = await report_of(settled, number)
    assert (report.commune_code, report.place_approximate) == (commune, approximate)
    assert tally.unplaced == (commune is None)


async def test_who_reported_comes_along_only_where_that_is_wanted(settled: Pool, tmp_path: Path) -> None:
    await taken(settled, a_list(tmp_path / "a.csv", {"Mã": "C1"}))
    await taken(
        settled, a_list(tmp_path / "b.csv", {"Mã": "C2"}, {"Mã": "C3", "Điện thoại": "hỏi chị Lan"}), with_contacts=True
    )
    contacts = []
    for number in ("C1", "C2", "C3"):
        report = await report_of(settled, number)
        row = await settled.fetchrow("SELECT name, phone FROM report_contacts WHERE report_id = $1", report.report_id)
        contacts.append(tuple(row) if row else None)
    assert contacts == [None, ("Nguyễn Thị Lan", "0912 345 678"), ("Nguyễn Thị Lan", "")]
    shown = await reports.view_identity(
        settled, world.RULES, world.COORDINATOR, await report_of(settled, "C2"), "Hỏi lại vị trí."
    )
    assert shown == Contact("Nguyễn Thị Lan", "0912 345 678")


async def test_the_same_list_again_changes_nothing(settled: Pool, tmp_path: Path) -> None:
    path = a_list(tmp_path / "a.csv", *[row | {"Mã": f"D{n}"} for n, row in enumerate(many(30))])
    first, _ = await taken(settled, path)
    async with settled.acquire() as conn:
        before = await world.written(conn)
    again, _ = await taken(settled, path)
    assert (first.fresh, again.fresh, again.same) == (30, 0, 30)
    async with settled.acquire() as conn:
        assert await world.written(conn) == before


async def test_a_number_that_comes_twice_is_one_report(settled: Pool, tmp_path: Path) -> None:
    path = a_list(tmp_path / "a.csv", OPEN_ROW | {"Mã": "E1"}, OPEN_ROW | {"Mã": "E1"}, {"Mã": "E1"})
    would = await checked(settled, path)
    _, tally = await taken(settled, path)
    assert would.outcomes == tally.outcomes
    assert (tally.outcomes["fresh"], tally.outcomes["same"], tally.outcomes["advanced"]) == (1, 1, 1)
    assert (await report_of(settled, "E1")).status is Status.CLOSED


async def test_what_has_happened_there_since_becomes_new_events(settled: Pool, tmp_path: Path) -> None:
    await taken(settled, a_list(tmp_path / "a.csv", OPEN_ROW | {"Mã": "F1"}))
    before = await report_of(settled, "F1")
    run, _ = await taken(settled, a_list(tmp_path / "b.csv", {"Mã": "F1", "Ngày xong": "20/04/2026 08:00"}))
    assert (run.advanced, run.fresh) == (1, 0)
    after = await report_of(settled, "F1")
    kinds = await world.kinds(settled, after)
    assert kinds == ["submitted", "assigned", "started", "imported", "resolved", "closed", "rated"]
    assert after.resolved_at is not None
    assert after.resolved_at >= before.updated_at  # the history goes one way
    assert [damage async for damage in history.verify(settled, after.code)] == []


async def test_what_somebody_here_works_on_is_left_alone(settled: Pool, tmp_path: Path) -> None:
    await taken(settled, a_list(tmp_path / "a.csv", OPEN_ROW | {"Mã": "G1"}))
    await world.do(settled, world.OFFICER, await report_of(settled, "G1"), Act.PROGRESS, text="Đang chờ vật tư.")
    run, tally = await taken(settled, a_list(tmp_path / "b.csv", {"Mã": "G1"}))
    assert (run.left_alone, run.refused) == (1, 0)
    assert [fault.problem.key for fault in tally.faults] == ["importing.worked_on"]
    assert (await report_of(settled, "G1")).status is Status.IN_PROGRESS


@pytest.mark.parametrize(
    ("number", "change", "key"),
    [
        ("H1", OPEN_ROW, "importing.went_back"),
        ("H2", {"Nội dung": "Nội dung đã được sửa lại."}, "importing.words_only"),
    ],
)
async def test_what_a_history_cannot_take_back_is_said_and_left(
    settled: Pool, tmp_path: Path, number: str, change: dict[str, str], key: str
) -> None:
    await taken(settled, a_list(tmp_path / "a.csv", {"Mã": number}))
    before = await report_of(settled, number)
    run, tally = await taken(settled, a_list(tmp_path / "b.csv", change | {"Mã": number}))
    assert run.left_alone == 1
    assert [fault.problem.key for fault in tally.faults] == [key]
    assert await report_of(settled, number) == before


async def test_a_report_is_found_by_its_old_number_also_after_its_place_was_corrected(
    settled: Pool, tmp_path: Path
) -> None:
    await taken(settled, a_list(tmp_path / "a.csv", OPEN_ROW | {"Mã": "HS-2026/77"}))
    report = await report_of(settled, "HS-2026/77")
    commune = world.GAZETTEER.commune(world.TAN_THANH)
    await world.do(settled, world.COORDINATOR, report, Act.RECLASSIFY, commune=commune)
    found = await settled.fetchval("SELECT report_id FROM reports WHERE search_text LIKE '%tan thanh hs-2026/77%'")
    assert found == report.report_id
    page = await worklist.queue(settled, world.COORDINATOR, Filter(text="hs-2026/77"))
    assert [(row.code, row.origin) for row in page.rows] == [(report.code, ("1022 cũ", "HS-2026/77"))]


async def test_a_trial_writes_nothing_and_names_what_is_wrong(settled: Pool, tmp_path: Path) -> None:
    rows = [
        {"Mã": "T1"},
        {"Mã": "T2", "Lĩnh vực": "Cây xanh"},
        {"Mã": "T3", "Lĩnh vực": "Cây xanh"},
        {"Mã": "T4", "Ngày gửi": "31/02/2026"},
        {"Mã": "T5", "Ngày xong": ""},
        {"Mã": "T6", "Ngày xong": "01/01/2026"},
        {"Mã": "", "Tiêu đề": "Không có mã"},
        {"Mã": "T8", "Vĩ độ": "chín độ"},
        {"Mã": "T9", "Tiêu đề": "", "Nội dung": "rác"},
        {"Mã": "T10", "Ngày gửi": "02/03/2027"},
    ]
    async with settled.acquire() as conn:
        before = await world.written(conn)
        tally = await checked(settled, a_list(tmp_path / "a.csv", *rows))
        assert await world.written(conn) == before
    assert (tally.outcomes["fresh"], tally.outcomes["refused"]) == (1, 9)
    assert {name: dict(values) for name, values in tally.unmapped.items()} == {"category": {"Cây xanh": 2}}
    told = [said(fault, "en") for fault in tally.faults]
    assert told[0].startswith("line 3, column “Lĩnh vực”: What “Cây xanh” means here is not known.")
    assert told[2].startswith("line 5, column “Ngày gửi”: “31/02/2026” is not a date")
    assert [fault.problem.key.removeprefix("importing.") for fault in tally.faults[3:]] == [
        "end_missing", "ends_before", "number_missing", "degrees_wrong", "reports.text_short", "in_future",
    ]  # fmt: skip


async def test_refused_rows_go_into_a_file_that_can_be_mended_and_taken_over(settled: Pool, tmp_path: Path) -> None:
    path = a_list(tmp_path / "a.csv", {"Mã": "R1"}, {"Mã": "R2", "Ngày gửi": "hôm qua"}, encoding="utf-16")
    run, _ = await taken(settled, path)
    assert (run.fresh, run.refused) == (1, 1)
    target = tmp_path / "refused.csv"
    faults = await service.faults_of(settled, run.run_id)
    assert [(fault.row, fault.line, fault.number, fault.column) for fault in faults] == [(2, 3, "R2", "Ngày gửi")]
    assert write(target, await listed(settled, path), faults, "vi") == 1
    assert target.stat().st_mode & 0o077 == 0
    text = target.read_text(encoding="utf-8-sig")
    assert "R1" not in text
    assert "dòng 3, cột “Ngày gửi”: “hôm qua” không phải ngày" in text
    target.write_text(text.replace("R2", "R2", 1).replace("hôm qua", "02/03/2026", 1), encoding="utf-8")
    mended, _ = await taken(settled, target)
    assert (mended.fresh, mended.refused) == (1, 0)


async def test_two_do_not_take_over_from_the_same_source_at_once(settled: Pool, tmp_path: Path) -> None:
    async with store.alone(settled, "1022 cũ") as alone:
        assert alone
        with pytest.raises(Conflict):
            await taken(settled, a_list(tmp_path / "a.csv", {"Mã": "Z1"}))


async def test_another_source_may_have_the_same_numbers(settled: Pool, tmp_path: Path) -> None:
    path = a_list(tmp_path / "a.csv", {"Mã": "S1"})
    await taken(settled, path)
    run, _ = await taken(settled, path, MAPPING.replace('"1022 cũ"', '"Cổng cũ"', 1))
    assert run.fresh == 1
    assert (await report_of(settled, "S1")).report_id != (await report_of(settled, "S1", "Cổng cũ")).report_id
