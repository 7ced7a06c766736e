"""Lists as other systems write them: encodings, separators, dates, words of their own; and FixMyStreet's export."""

import unicodedata
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.db import Pool
from app.errors import Invalid
from app.i18n.text import nfc
from app.importing import fixmystreet, mapping, proposing, service
from app.importing.reading import Listed
from app.importing.table import Table
from tests import small_world as world
from tests.importing.lists import MAPPING, a_list, checked, ground, listed, many, report_of, taken


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1258"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_encoding_and_separator_are_found_out(tmp_path: Path, encoding: str, separator: str) -> None:
    if encoding == "cp1258":  # has the letters apart from their tones
        text = "Mã;Nội dung\n1;Đường hẻm tối om\n".replace(";", separator)
        path = tmp_path / "a.csv"
        path.write_bytes(b"".join(_old(letter) for letter in text))
        (row,) = Table(path).rows()
        assert nfc(row.cells["Nội dung"]) == "Đường hẻm tối om"
        return
    path = a_list(tmp_path / "a.csv", *many(3), encoding=encoding, separator=separator)
    rows = list(Table(path).rows())
    assert [row.cells["Mã"] for row in rows] == ["M-0", "M-1", "M-2"]
    assert [row.line for row in rows] == [2, 3, 4]


def _old(letter: str) -> bytes:
    """A letter as Vietnamese Windows of old wrote it."""
    try:
        return letter.encode("cp1258")
    except UnicodeEncodeError:
        apart = unicodedata.normalize("NFD", letter)
        tone = next(mark for mark in apart if mark in "\u0300\u0309\u0303\u0301\u0323")
        return unicodedata.normalize("NFC", apart.replace(tone, "")).encode("cp1258") + tone.encode("cp1258")


def test_a_cell_with_lines_of_its_own_does_not_move_the_count_of_lines(tmp_path: Path) -> None:
    path = a_list(tmp_path / "a.csv", {"Mã": "1", "Nội dung": "Dòng một\nDòng hai"}, {"Mã": "2"})
    assert [(row.n, row.line) for row in Table(path).rows()] == [(1, 2), (2, 4)]


@pytest.mark.parametrize(
    ("content", "key"),
    [
        (b"", "importing.file_empty"),
        (b"a,b,a\n1,2,3\n", "importing.column_twice"),
        ('Mã,Nội dung\n1,"hở\n'.encode(), "importing.csv_broken"),
    ],
)
def test_a_file_that_is_no_list_is_said_to_be_none(tmp_path: Path, content: bytes, key: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    with pytest.raises(Invalid) as error:
        Table(path).count()
    assert error.value.key == key


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("02/03/2026 09:00", datetime(2026, 3, 2, 2, 0, tzinfo=UTC)),
        ("02/03/2026", datetime(2026, 3, 1, 17, 0, tzinfo=UTC)),
        ("2026-03-02T09:00:00", datetime(2026, 3, 2, 2, 0, tzinfo=UTC)),
        ("2026-03-02T02:00:00Z", datetime(2026, 3, 2, 2, 0, tzinfo=UTC)),
    ],
)
async def test_dates_are_by_the_clocks_of_the_place(
    settled: Pool, tmp_path: Path, written: str, meant: datetime
) -> None:
    source = await listed(settled, a_list(tmp_path / "a.csv", {"Ngày gửi": written}))
    (row,) = source.rows()
    assert source.past(row).submitted_at == meant


async def test_words_are_known_whatever_their_letters(settled: Pool, tmp_path: Path) -> None:
    rows = ({"Trạng thái": "DANG LAM"}, {"Trạng thái": "đang  làm "})
    source = await listed(settled, a_list(tmp_path / "a.csv", *rows))
    assert [source.past(row).stage for row in source.rows()] == ["in_progress", "in_progress"]


async def test_our_own_names_need_no_translation(settled: Pool, tmp_path: Path) -> None:
    source = await listed(settled, a_list(tmp_path / "a.csv", {"Lĩnh vực": "Tiếng ồn", "Đơn vị": "Công an tỉnh"}))
    (row,) = source.rows()
    assert (source.past(row).category, source.past(row).agency_id) == ("noise", "police")


async def test_everything_wrong_with_a_mapping_is_said_at_once(settled: Pool) -> None:
    known, _ = await service.known(settled, world.RULES)
    text = 'sorce = "x"\ntime_zone = "Ca Mau"\n[columns]\nnumber = "Mã"\nwhat = "?"\n[values.agency]\nA = "nobody"\n'
    with pytest.raises(Invalid) as error:
        mapping.understood(mapping.read(text), known)
    keys = [problem.key.removeprefix("importing.") for problem in error.value.problems]
    assert sorted(keys) == [
        "map_field", "map_key", "map_needs", "map_needs", "map_needs", "map_source", "map_value", "map_zone",
    ]  # fmt: skip
    with pytest.raises(Invalid, match="map_broken"):
        mapping.read("columns = [")


async def test_a_column_that_is_not_there_is_named_with_those_that_are(settled: Pool, tmp_path: Path) -> None:
    path = a_list(tmp_path / "a.csv", {})
    with pytest.raises(Invalid) as error:
        await listed(settled, path, MAPPING.replace('status = "Trạng thái"', 'status = "Tình trạng"'))
    (problem,) = error.value.problems
    assert (problem.key, problem.params["column"]) == ("importing.no_column", "Tình trạng")
    assert "Trạng thái" in problem.params["there"]


async def test_a_proposal_is_a_mapping_to_begin_with(settled: Pool, tmp_path: Path) -> None:
    head = "Mã hồ sơ;Tiêu đề;Nội dung;Lĩnh vực;Đơn vị xử lý;Trạng thái;Ngày gửi;Ngày hoàn thành;Ghi chú\n"
    row = "7;Ổ gà;Ổ gà sâu trước chợ;Ổ gà;Sở Xây dựng;Đã xử lý;02/03/2026 09:00;03/03/2026 10:00;\n"
    strange = "8;Rác;Rác ba ngày chưa dọn;Vệ sinh;Đội 5;Chờ;02/03/2026 09:00;;\n"
    path = tmp_path / "cu.csv"
    path.write_text(head + row + strange, encoding="utf-8")
    known, names = await service.known(settled, world.RULES)
    text = proposing.proposed(Table(path), known, names, "en")
    assert '"Ổ gà" = "pothole" # 1' in text
    assert '"Sở Xây dựng" = "roads" # 1' in text
    assert '"Đã xử lý" = "closed" # 1' in text
    assert '# "Đội 5" = "" # 1 ← what it means here' in text
    assert "# Columns that nothing is made of: Ghi chú" in text
    tally = await checked(settled, path, text)
    assert (tally.outcomes["fresh"], tally.outcomes["refused"]) == (1, 1)
    assert set(tally.unmapped) <= {"agency", "status", "category"}


FIXMYSTREET = """\
Report ID,Title,Detail,User Name,Category,Created,Confirmed,Acknowledged,Fixed,Closed,Status,Latitude,Longitude,Query,\
Ward,Easting,Northing,Report URL,Device Type,Site Used,Reported As
101,Ổ gà trước chợ,"Sâu, xe máy dễ ngã",Nguyễn Thị Lan,Potholes,2026-03-02T09:00:00,2026-03-02T09:05:00,\
2026-03-02T11:00:00,2026-03-04T15:00:00,,fixed - council,9.22461,105.178,Lý Bôn,,,,https://example.vn/report/101,website,fms,
102,Đèn đường tắt,Ba đêm nay tối om,(anonymous),Lights,2026-03-03T09:00:00,2026-03-03T09:05:00,,,,fixed - user,9.22461,\
105.178,,,,,https://example.vn/report/102,Android,fms,
103,Rác,Rác chất đống đầu hẻm,Lan,Rubbish,2026-03-03T09:00:00,2026-03-03T09:05:00,,,,confirmed,9.22461,105.178,,,,,\
https://example.vn/report/103,website,fms,
"""
FOR_FIXMYSTREET = '[values.category]\nPotholes = "pothole"\nLights = "street-light"\nRubbish = "litter"\n'


async def test_the_export_of_fixmystreet_needs_only_its_categories_said(settled: Pool, tmp_path: Path) -> None:
    path = tmp_path / "fms.csv"
    path.write_text(FIXMYSTREET, encoding="utf-8")
    known, names = await service.known(settled, world.RULES)
    table = Table(path)
    said = mapping.joined(fixmystreet.base(table.heading), mapping.read(FOR_FIXMYSTREET))
    source = Listed(table, mapping.understood(said, known), known, names, "fixmystreet", with_contacts=True)
    run, _ = await service.run(settled, await ground(settled, source.name), source, "lan", lambda *_: None)
    assert (run.kind, run.source, run.fresh, run.refused) == ("fixmystreet", "FixMyStreet", 3, 0)
    fixed, undated, waiting = [await report_of(settled, number, "FixMyStreet") for number in ("101", "102", "103")]
    assert (fixed.status, fixed.agency_id, fixed.channel, fixed.body) == (
        "closed", "roads", "web", "Ổ gà trước chợ\nSâu, xe máy dễ ngã",
    )  # fmt: skip
    assert await world.kinds(settled, fixed) == ["submitted", "received", "assigned", "resolved", "closed", "imported"]
    assert (undated.status, undated.channel, undated.resolved_at) == ("closed", "import", undated.submitted_at)
    assert (waiting.status, waiting.agency_id) == ("assigned", "ubnd-32002")
    rows = await settled.fetch(
        "SELECT name FROM report_contacts JOIN imported_reports USING (report_id) ORDER BY 1 DESC"
    )
    assert [row["name"] for row in rows] == ["Nguyễn Thị Lan", "Lan"]


async def test_taking_over_reads_no_more_than_the_mapping_says(settled: Pool, tmp_path: Path) -> None:
    run, _ = await taken(
        settled, a_list(tmp_path / "a.csv", {"Mã": "only"}), MAPPING.replace('answer = "Kết quả"\n', "")
    )
    assert run.fresh == 1
    report = await report_of(settled, "only")
    assert await settled.fetchval("SELECT count(*) FROM report_messages WHERE report_id = $1", report.report_id) == 0
