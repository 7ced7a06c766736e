"""Open data: nothing before the administrator says so, each month once, frozen, without anybody in it."""

import asyncio
import csv
import hashlib
import io
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pytest
import pytest_asyncio
from msgspec import structs

from app.db import Pool
from app.errors import Conflict, Forbidden, Invalid, NotFound
from app.opendata import service, store
from app.opendata.catalogue import catalogue
from app.opendata.model import Options, Settings, Version
from app.opendata.service import Means
from app.reports.workflow import Act
from storage.folder import FolderStore
from tests import small_world as world

OCTOBER, NOVEMBER = date(2026, 10, 1), date(2026, 11, 1)
NOW = datetime(2026, 11, 20, tzinfo=UTC)
ON = Settings(
    enabled=True, options=Options(k=3, texts=True), licence="CC-BY-4.0", publisher="Trung tâm điều hành",
    first_month=OCTOBER,
)  # fmt: skip
ALIKE = (
    "sent", "sent_precision", "place_precision", "commune_code", "cell", "category", "category_group", "agency",
    "channel",
)  # fmt: skip


@pytest_asyncio.fixture(scope="module")
async def means(settled: Pool, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Means]:
    """October with forty reports of real kinds, by people with names, some of them rare, private or withdrawn."""
    objects = FolderStore(Path(tmp_path_factory.mktemp("opendata")))
    await objects.check()
    for number in range(40):
        at = datetime(2026, 10, 2, 3, tzinfo=UTC) + timedelta(days=number % 3, minutes=number)
        category = ("pothole", "litter", "street-light")[number % 3]
        await world.file(
            settled, at=at, category=category, text=f"Ông Nguyễn Văn {'ABCDEFG'[number % 7]} gọi 0912345678"
        )
    await world.file(settled, at=NOW - timedelta(days=30), category="noise")
    gone = (await world.file(settled, at=NOW - timedelta(days=30))).report
    await world.do(settled, world.CITIZEN, gone, Act.WITHDRAW)
    for number in range(4):
        known = (await world.file(settled, at=datetime(2026, 10, 9, 3, number, tzinfo=UTC), category="litter")).report
        await world.do(settled, world.COORDINATOR, known, Act.PUBLISH)
    yield Means(settled, objects, world.RULES, world.GAZETTEER)
    await objects.close()


async def switch(means: Means, wanted: Settings = ON) -> None:
    await service.save(means.pool, world.ADMINISTRATOR, wanted, "Đặng Thị Ngọc Hân", NOW)


async def clear(means: Means) -> None:
    """As if open data had never been heard of."""
    await means.pool.execute("DELETE FROM opendata_versions")
    await means.pool.execute("DELETE FROM opendata_settings")


@pytest_asyncio.fixture(scope="module")
async def made_once(means: Means) -> Version:
    await clear(means)
    await switch(means)
    (version,) = await service.make_due(means, NOW)
    return version


@pytest_asyncio.fixture
async def october(means: Means, made_once: Version) -> Version:
    """Open data is on, and October is there as its first version."""
    await clear(means)
    await switch(means)
    async with means.pool.acquire() as conn:
        await store.keep_version(conn, made_once)
    return made_once


async def rows_of(means: Means, version: Version) -> list[dict[str, str]]:
    data = await service.read(means.objects, version, "csv")
    assert data.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))


def parquet_rows(data: bytes, folder: Path) -> list[tuple[Any, ...]]:
    path = folder / "month.parquet"
    path.write_bytes(data)
    with duckdb.connect() as base:
        assert base.execute(
            "SELECT value::text FROM parquet_kv_metadata(?) WHERE key = 'month'", [str(path)]
        ).fetchall()
        return base.execute("SELECT * FROM read_parquet(?)", [str(path)]).fetchall()


async def test_nothing_is_published_until_an_administrator_says_so(means: Means) -> None:
    await clear(means)
    assert await service.settings(means.pool) is None
    assert await service.make_due(means, NOW) == []
    with pytest.raises(NotFound):
        await service.published(means.pool)
    for actor in (world.COORDINATOR, world.LEADER, world.LEAD):
        with pytest.raises(Forbidden):
            await service.save(means.pool, actor, ON, "", NOW)
        with pytest.raises(Forbidden):
            await service.preview(means, actor, Options(), OCTOBER)


async def test_a_look_before_tells_what_would_be_and_keeps_nothing(means: Means) -> None:
    await clear(means)
    found = await service.preview(means, world.ADMINISTRATOR, ON.options, OCTOBER)
    assert found.told.rows + found.told.withheld == 44
    assert (found.told.private, found.told.withdrawn) == (1, 1)
    assert 0 < len(found.sample) <= 9
    assert await service.all_versions(means.pool) == []
    exact = await service.preview(means, world.ADMINISTRATOR, structs.replace(ON.options, k=30), OCTOBER)
    assert exact.told.withheld > found.told.withheld


async def test_every_file_says_the_same_and_nobody_is_in_any_of_them(
    means: Means, october: Version, tmp_path: Path
) -> None:
    version = october
    rows = await rows_of(means, version)
    assert len(rows) == version.told.rows > 20
    sizes = Counter(tuple(row[name] for name in ALIKE) for row in rows)
    assert min(sizes.values()) >= 3
    for kind, file in version.files.items():
        data = await service.read(means.objects, version, kind)  # type: ignore[arg-type]  # one of the formats
        assert (hashlib.sha256(data).hexdigest(), len(data)) == (file.sha256, file.size)
        for personal in ("Nguyễn Thị Lan", "0912", "lan@example.vn", "Nguyễn Văn", "PA-"):
            assert personal.encode() not in data, (kind, personal)
    table = parquet_rows(await service.read(means.objects, version, "parquet"), tmp_path)
    assert [row[:3] for row in table] == [(row["sent"], row["sent_precision"], row["place_precision"]) for row in rows]
    features = msgspec.json.decode(await service.read(means.objects, version, "geojson"))
    assert len(features["features"]) == len(rows)
    assert features["about"]["month"] == "2026-10"
    # The words of what everybody can read, and of nothing else.
    assert {row["text"] for row in rows} == {"", world.TEXT}
    assert sum(bool(row["text"]) for row in rows) == 4


async def test_a_month_is_made_once_and_what_was_missed_is_made_once_later(means: Means) -> None:
    await clear(means)
    await switch(means)
    assert await service.make_due(means, datetime(2026, 11, 5, 16, tzinfo=UTC)) == []
    (made,) = await service.make_due(means, datetime(2026, 11, 5, 17, tzinfo=UTC))  # the sixth in Vietnam
    assert (made.month, made.version) == (OCTOBER, 1)
    assert await service.make_due(means, NOW) == []
    # Nobody worked for some weeks, and then two at once.
    late = datetime(2026, 12, 20, tzinfo=UTC)
    both = await asyncio.gather(service.make_due(means, late), service.make_due(means, late))
    assert [version.month for each in both for version in each] == [NOVEMBER]


async def test_what_was_made_stays_and_a_correction_is_another_version_nowhere_more_exact(
    means: Means, october: Version
) -> None:
    first = october
    before = await service.read(means.objects, first, "csv")
    await switch(means, structs.replace(ON, options=Options("grid", "half", 3, ratings=True, texts=True)))
    assert await service.make_due(means, NOW) == []
    await service.order_correction(means.pool, world.ADMINISTRATOR, OCTOBER, "Sai lĩnh vực", "Hân")
    second = await service.correct(means, OCTOBER, 1, "Sai lĩnh vực", "Hân")
    assert second is not None
    assert (second.version, second.reason, second.options) == (2, "Sai lĩnh vực", ON.options)
    assert await service.correct(means, OCTOBER, 1, "Sai lĩnh vực", "Hân") is None  # the job ran twice
    assert await service.read(means.objects, first, "csv") == before
    found = await service.published(means.pool)
    assert [(version.key, version.version) for version in found.versions] == [("2026-10", 2)]
    assert service.file_of(found, "2026-10.csv") == (second, "csv")


async def test_a_correction_needs_a_month_a_reason_and_open_data(means: Means, october: Version) -> None:
    async def order(month: date = OCTOBER, reason: str = "Sai lĩnh vực") -> None:
        await service.order_correction(means.pool, world.ADMINISTRATOR, month, reason, "")

    with pytest.raises(NotFound):
        await order(NOVEMBER)
    with pytest.raises(Invalid, match="reason_wrong"):
        await order(reason="sai")
    await switch(means, structs.replace(ON, enabled=False))
    with pytest.raises(Conflict, match="off_now"):
        await order()


async def test_switched_off_nothing_is_given_out_any_more(means: Means, october: Version) -> None:
    found = await service.published(means.pool)
    for name in ("2026-10", "2026-10.xlsx", "2026-09.csv", "../secret", ""):
        with pytest.raises(NotFound):
            service.file_of(found, name)
    await switch(means, structs.replace(ON, enabled=False))
    with pytest.raises(NotFound):
        await service.published(means.pool)
    assert await service.make_due(means, datetime(2027, 1, 20, tzinfo=UTC)) == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"options": Options(k=2)}, "k"),
        ({"options": Options(k=101)}, "k"),
        ({"licence": "mine"}, "licence"),
        ({"publisher": "  "}, "publisher"),
        ({"publisher": "x" * 201}, "publisher"),
        ({"first_month": date(2027, 1, 1)}, "first_month"),
        ({"first_month": date.min}, "first_month"),
    ],
)
async def test_settings_that_cannot_be_are_refused(means: Means, changes: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        await switch(means, structs.replace(ON, **changes))
    assert [problem.field for problem in refused.value.problems] == [field]


async def test_the_catalogue_names_each_month_with_its_files_as_dcat_has_it(means: Means, october: Version) -> None:
    version = october
    root = "https://phananh.example.vn/opendata"
    said = catalogue(await service.published(means.pool), world.GAZETTEER, "96", root)
    assert said["@type"] == "dcat:Catalog"
    prefixes = set(said["@context"])
    series, month = said["dcat:dataset"]
    assert month["dcat:inSeries"] == {"@id": series["@id"]}
    assert month["dct:temporal"]["dcat:startDate"]["@value"] == "2026-10-01"
    assert [one["dcat:downloadURL"]["@id"] for one in month["dcat:distribution"]] == [
        f"{root}/2026-10.{kind}" for kind in version.files
    ]
    csv_file = month["dcat:distribution"][0]
    assert csv_file["dcat:byteSize"]["@value"] == str(version.files["csv"].size)
    assert csv_file["spdx:checksum"]["spdx:checksumValue"]["@value"] == version.files["csv"].sha256
    assert str(version.told.withheld) in month["dct:provenance"]["rdfs:label"][0]["@value"]
    assert {name.partition(":")[0] for name in _names(said) if not name.startswith("@")} <= prefixes


def _names(said: Any) -> set[str]:
    """Every property that is used."""
    if isinstance(said, list):
        return set().union(*map(_names, said)) if said else set()
    if not isinstance(said, dict):
        return set()
    return set(said) - set(said.get("@context", {})) | set().union(
        set(), *(_names(value) for key, value in said.items() if key != "@context")
    )
