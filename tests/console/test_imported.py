"""A report from another system says in the list and on its page where it comes from, and is found by its old number."""

from pathlib import Path
from uuid import UUID

from app.importing import mapping, service
from app.importing.reading import Listed
from app.importing.table import Table
from app.reports.past import Ground
from tests.console.conftest import PAGES, Visitor
from tests.importing.lists import MAPPING, NOW, OPEN, a_list
from tests.world import COMPANY, World

_HERE = MAPPING.replace('"pothole"', '"road-damage"').replace('"roads"', f'"{COMPANY}"')
_HERE = _HERE.replace('"power"', '"dien-luc-ca-mau"')


async def test_where_a_report_comes_from_is_said(world: World, visitor: Visitor, tmp_path: Path) -> None:
    parts, path = world.parts, a_list(tmp_path / "a.csv", OPEN | {"Mã": "HS/2025-77", "Trạng thái": "Đang làm"})
    known, names = await service.known(parts.pool, parts.rules)
    source = Listed(Table(path), mapping.understood(mapping.read(_HERE), known), known, names, with_contacts=True)
    ground = Ground(
        rules=parts.rules, gazetteer=parts.gazetteer, secret_key=parts.settings.secret_key, source=source.name,
        run_id=UUID(int=0), now=NOW, known_before=await service.known_before(parts.pool, NOW),
    )  # fmt: skip
    run, tally = await service.run(parts.pool, ground, source, "lan", lambda *_: None)
    assert run.fresh == 1, tally.faults
    code = await parts.pool.fetchval("SELECT code FROM reports JOIN imported_reports USING (report_id)")
    officer = await visitor("officer")
    listed = (await officer.get(f"{PAGES}/queue", params={"text": "hs/2025-77"})).text
    assert code in listed
    assert "nhập từ 1022 cũ, số HS/2025-77" in listed
    page = (await officer.get(f"{PAGES}/reports/{code}")).text
    assert "nhập từ 1022 cũ, số HS/2025-77" in page
    assert "Được nhập từ 1022 cũ, số HS/2025-77." in page
    assert "Nguyễn Thị Lan" not in page
