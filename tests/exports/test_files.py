"""The files: what stands in them is what the figures say, by the reader's rights, and the same each time."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import openpyxl
import pytest

from app.accounts.model import SYSTEM, Actor
from app.db import Pool
from app.exports.columns import COLUMNS, columns_for
from app.exports.csv_file import defused
from app.exports.formats import FORMATS
from app.exports.making import produce, settle_figures
from app.exports.model import Made, Wanted
from app.exports.summary import summary
from app.reports.model import Status
from app.reports.workflow import Act
from app.stats import projection
from app.stats.asked import asked
from app.stats.measures import FIGURES
from app.stats.names import names
from app.stats.rights import narrowed
from tests import small_world as world

NOW = datetime(2026, 6, 1, tzinfo=UTC)
MARCH = "2026-03"


async def made(
    pool: Pool, path: Path, kind: str, actor: Actor = SYSTEM, period: str = MARCH, now: datetime = NOW, **filters: str
) -> Made:
    question = narrowed(actor, asked([("period", period), *filters.items()], now))
    await settle_figures(pool, now)
    async with pool.acquire() as conn:
        called = await names(conn, world.RULES, world.GAZETTEER)
    columns = columns_for(actor, ids=FORMATS[kind].ids)
    wanted = Wanted(reader=actor, asked=question, format=kind, lang="vi", as_of=now, columns=columns)
    return await produce(pool, called, wanted, path)


def read_csv(path: Path) -> list[dict[str, str]]:
    data = path.read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize("kind", list(FORMATS))
async def test_asked_again_it_is_the_same_bytes_whatever_happened_since(lived: Pool, tmp_path: Path, kind: str) -> None:
    report = await world.reach(lived, Status.RESOLVED)
    first = await made(lived, tmp_path / "one", kind)
    later = NOW + timedelta(days=3)
    report = await world.do(lived, world.COORDINATOR, report, Act.REOPEN, at=later, text="Chưa xong.")
    await world.do(lived, world.COORDINATOR, report, Act.RECLASSIFY, at=later + timedelta(hours=1), category="litter")
    again = await made(lived, tmp_path / "two", kind, now=later + timedelta(days=30))
    assert again.sha256 == first.sha256
    assert again.rows == first.rows
    assert first.rows > 40 or not FORMATS[kind].lists
    today = await made(lived, tmp_path / "three", kind, now=later + timedelta(days=30), as_of="now")
    assert today.sha256 != first.sha256


async def test_the_list_has_a_row_for_each_report_that_the_figures_count(lived: Pool, tmp_path: Path) -> None:
    done = await made(lived, tmp_path / "list.csv", "csv", agency="roads", channel="web")
    rows = read_csv(tmp_path / "list.csv")
    assert len(rows) == done.rows == done.provenance.count > 0
    assert {(row["Cơ quan"], row["Kênh gửi"]) for row in rows} == {("Sở Xây dựng", "Trang web")}
    assert [row["Gửi lúc"] for row in rows] == sorted(row["Gửi lúc"] for row in rows)
    assert all(row["Gửi lúc"].startswith("2026-03-") for row in rows)


async def test_a_report_is_told_as_it_was_known_then(lived: Pool, tmp_path: Path) -> None:
    at = datetime(2026, 4, 6, 2, 0, tzinfo=UTC)
    report = (await world.file(lived, at, text='=HYPERLINK("http://x") Gọi 0912 345 678 gặp bà Nguyễn Thị Lan.')).report
    report = await world.do(lived, world.OFFICER, report, Act.START, at=at + timedelta(hours=2))
    report = await world.do(
        lived, world.OFFICER, report, Act.RESOLVE, at=at + timedelta(hours=30), text="Đã vá.",
        photos=(await world.photo(lived),),
    )  # fmt: skip
    await world.do(lived, world.COORDINATOR, report, Act.REOPEN, at=at + timedelta(days=9), text="Chưa xong.")
    await projection.catch_up(lived)

    async def row(now: datetime, as_of: datetime) -> dict[str, str]:
        await made(lived, tmp_path / "one.csv", "csv", period="2026-04-06", now=now, as_of=as_of.isoformat())
        return next(row for row in read_csv(tmp_path / "one.csv") if row["Mã phản ánh"] == report.code)

    before, after = await row(NOW, at + timedelta(days=5)), await row(NOW, at + timedelta(days=10))
    told = {
        name: before[name]
        for name in ("Gửi lúc", "Trạng thái", "So với hạn", "Có kết quả lúc", "Thời gian xử lý (phút)")
    }
    assert told == {
        "Gửi lúc": "2026-04-06 09:00:00", "Trạng thái": "Đã xử lý", "So với hạn": "Đúng hạn",
        "Có kết quả lúc": "2026-04-07 15:00:00", "Thời gian xử lý (phút)": "1800",
    }  # fmt: skip
    assert (after["Trạng thái"], after["Có kết quả lúc"], after["Số lần xử lý lại"]) == ("Đang xử lý", "", "1")
    assert before["Hạn xử lý"] == "2026-04-09 17:00:00"
    assert before["Vĩ độ, kinh độ"] == "9.224610, 105.178000"
    assert before["Nội dung"].startswith("'=HYPERLINK")
    assert not any(secret in str(before) for secret in ("0912", "Nguyễn Thị Lan", "lan@example.vn"))


async def test_words_and_places_are_for_those_who_may_read_the_case_now(lived: Pool, tmp_path: Path) -> None:
    at = datetime(2026, 4, 8, 2, 0, tzinfo=UTC)
    kept = (await world.file(lived, at)).report
    gone = (await world.file(lived, at + timedelta(minutes=1))).report
    await world.do(lived, world.COORDINATOR, gone, Act.ASSIGN, at=at + timedelta(days=3), agency_id="police")
    await projection.catch_up(lived)
    await made(lived, tmp_path / "lead.csv", "csv", world.LEAD, period="2026-04-08")
    rows = {row["Mã phản ánh"]: row for row in read_csv(tmp_path / "lead.csv")}
    assert rows[kept.code]["Nội dung"] == world.TEXT
    assert rows[kept.code]["Địa chỉ"]
    # It was theirs that day and counts; what is in it is no longer their business.
    assert (rows[gone.code]["Nội dung"], rows[gone.code]["Địa chỉ"], rows[gone.code]["Vĩ độ, kinh độ"]) == ("", "", "")
    await made(lived, tmp_path / "lead.csv", "csv", world.POLICE_LEAD, period="2026-04-08")
    assert not {kept.code, gone.code} & {row["Mã phản ánh"] for row in read_csv(tmp_path / "lead.csv")}


def test_who_may_not_read_cases_gets_no_column_of_theirs() -> None:
    columns = set(columns_for(world.ADMINISTRATOR, ids=True))
    assert columns == {column.name for column in COLUMNS.values() if not column.case}
    assert set(columns_for(world.LEADER, ids=False)) == {column.name for column in COLUMNS.values() if not column.ids}


@pytest.mark.parametrize("risky", ["=1+1", "+84", "-2", "@SUM(A1)", "\t=1", "\r=1", "  =1", "'=1", '"=1', "＝1"])
def test_a_cell_that_would_be_a_formula_is_defused(risky: str) -> None:
    assert defused(risky) == f"'{risky}"


@pytest.mark.parametrize("plain", ["Ổ gà", "12 Lý Bôn", "", None, 7, "a=b", "5-7 hẻm"])
def test_what_is_none_stays_as_it_is(plain: object) -> None:
    assert defused(plain) == plain


async def test_the_workbook_says_what_the_dashboard_says(lived: Pool, tmp_path: Path) -> None:
    done = await made(lived, tmp_path / "book.xlsx", "xlsx")
    async with lived.acquire() as conn:
        called = await names(conn, world.RULES, world.GAZETTEER)
        said = await summary(conn, called, asked([("period", MARCH)], NOW), "vi", NOW)
    book = openpyxl.load_workbook(tmp_path / "book.xlsx")
    assert book.sheetnames == [
        "Tổng hợp", "Theo cơ quan", "Theo lĩnh vực", "Theo xã, phường", "Theo kênh gửi", "Diễn biến", "Danh sách",
        "Nguồn số liệu",
    ]  # fmt: skip
    front = book["Tổng hợp"]
    cells = {row[0].value: [cell.value for cell in row[1:]] for row in front.iter_rows()}
    assert front["C1"].value == "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"
    for total in said.totals:
        figure = FIGURES[total.figure]
        factor = 100 if figure.unit == "percent" else 1
        told = [value if value == "–" else value * factor for value in cells[figure.title("vi")][:2]]
        assert told == [pytest.approx(v) if v is not None else "–" for v in (total.value, total.before)], figure.name
    for by in ("agency", "category", "commune", "channel"):
        sheet = book[{"agency": "Theo cơ quan", "category": "Theo lĩnh vực", "commune": "Theo xã, phường",
                      "channel": "Theo kênh gửi"}[by]]  # fmt: skip
        column = 2 + list(FIGURES).index("received")
        assert sheet.cell(2, column).value == said.count
        assert sum(sheet.cell(row, column).value for row in range(3, sheet.max_row + 1)) == said.count
        assert (sheet.freeze_panes, sheet.print_title_rows, sheet.page_setup.paperSize) == ("B2", "$1:$1", 9)
        assert sheet.auto_filter.ref
        assert len(sheet._charts) == 1
    rows = list(book["Danh sách"].iter_rows(values_only=True))
    assert len(rows) - 1 == done.rows == said.count
    assert isinstance(rows[1][1], datetime)
    assert book["Danh sách"].auto_filter.ref.endswith(str(len(rows)))
    sources = {row[0]: row[1] for row in book["Nguồn số liệu"].iter_rows(values_only=True) if row[0]}
    assert sources["Câu hỏi"] == "period=2026-03&as_of=2026-04-01T00%3A00%3A00"
    assert sources["Phiên bản quy tắc"] == world.RULES.version


async def test_the_workbooks_list_is_the_csv_cell_by_cell(lived: Pool, tmp_path: Path) -> None:
    await made(lived, tmp_path / "list.csv", "csv")
    await made(lived, tmp_path / "book.xlsx", "xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "book.xlsx", read_only=True)["Danh sách"]
    read = [["" if value is None else str(value) for value in row] for row in sheet.iter_rows(values_only=True)]
    assert read[1:] == [list(row.values()) for row in read_csv(tmp_path / "list.csv")]


async def test_words_are_words_to_a_spreadsheet_whatever_they_look_like(lived: Pool, tmp_path: Path) -> None:
    at = datetime(2026, 4, 10, 2, 0, tzinfo=UTC)
    texts = ("=1+1 là gì vậy", "https://example.vn/x <b>&amp; </b>", "Hai dòng\nnhư thế này")
    codes = [
        (await world.file(lived, at + timedelta(minutes=n), text=text)).report.code for n, text in enumerate(texts)
    ]
    await projection.catch_up(lived)
    await made(lived, tmp_path / "book.xlsx", "xlsx", period="2026-04-10")
    sheet = openpyxl.load_workbook(tmp_path / "book.xlsx")["Danh sách"]
    heads = [cell.value for cell in sheet[1]]
    cells = {row[0].value: row[heads.index("Nội dung")] for row in sheet.iter_rows(min_row=2)}
    assert [cells[code].value for code in codes] == ["'=1+1 là gì vậy", *texts[1:]]
    assert {cells[code].data_type for code in codes} == {"s"}


async def test_programs_get_ids_beside_names_and_where_it_comes_from(lived: Pool, tmp_path: Path) -> None:
    done = await made(lived, tmp_path / "list.geojson", "geojson")
    found = json.loads((tmp_path / "list.geojson").read_bytes())
    assert found["provenance"]["question"] == done.provenance.query
    assert found["provenance"]["rows"] == len(found["features"]) == done.rows
    first = found["features"][0]
    assert first["geometry"]["coordinates"][0] > 100 > first["geometry"]["coordinates"][1]
    assert first["properties"]["submitted_at"].endswith("+07:00")
    assert first["properties"]["agency_id"] in ("", "roads", "power", "police", "ubnd-32002", "ubnd-32025")

    await made(lived, tmp_path / "list.parquet", "parquet")
    base = duckdb.connect()
    count, lat, sent = base.execute(
        f"SELECT count(*), max(lat), min(submitted_at) FROM '{tmp_path / 'list.parquet'}'"
    ).fetchone() or (0, 0, None)
    assert (count, isinstance(sent, datetime)) == (done.rows, True)
    assert 8 < lat < 10
    told = dict(base.execute(f"SELECT key, value FROM parquet_kv_metadata('{tmp_path / 'list.parquet'}')").fetchall())
    assert told[b"question"].decode() == done.provenance.query
    assert told[b"rows"] == str(done.rows).encode()
