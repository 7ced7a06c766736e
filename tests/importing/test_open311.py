"""Requests of other Open311 servers, however those answer, become reports of ours: all of them, once each."""

import os
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from app.db import Pool
from app.errors import AppError, Conflict
from app.importing import mapping, open311, service
from app.importing.model import Run, Tally
from app.importing.open311 import Requests, Wanted
from app.importing.refused import write
from app.importing.spool import Spool, tidy
from app.importing.table import Table
from app.reports.model import Status
from tests import small_world as world
from tests.importing.elsewhere import Elsewhere, elsewhere, one
from tests.importing.lists import ground, report_of

_COUNT = iter(range(10_000))


@pytest_asyncio.fixture
async def there() -> AsyncIterator[Elsewhere]:
    async with elsewhere() as one:
        yield one


@pytest.fixture
def source() -> str:
    """A name of its own for each test, for the database is the module's."""
    return f"Nơi khác {next(_COUNT)}"


MEANT = {"values": {"category": {"pothole": "pothole", "7": "noise"}, "agency": {"Public Works": "roads", "*": ""}}}


def wanted(there: Elsewhere, source: str, folder: Path, *, said: dict[str, Any] | None = None, **how: Any) -> Wanted:
    usual = {"first": "2025-01-01", "last": "2025-12-31", "pauses": (0.0, 0.0)} | how
    return Wanted(
        address=there.url, said=MEANT | {"source": source} | (said or {}), beside=folder, folder=folder, **usual
    )


async def opened(pool: Pool, asked: Wanted) -> Requests:
    known, names = await service.known(pool, world.RULES)
    return await open311.pulled(pool, world.LOOPBACK, asked, known, names, lambda *_: None)


async def taken(pool: Pool, asked: Wanted) -> tuple[Run, Tally]:
    requests = await opened(pool, asked)
    done = await service.run(pool, await ground(pool, requests.name), requests, "lan", lambda *_: None)
    requests.forget()
    return done


async def numbers(pool: Pool, asked: Wanted) -> list[str]:
    """In the order in which they came."""
    requests = await opened(pool, asked)
    found = [row.cells["service_request_id"] for row in requests.rows()]
    requests.forget()
    return found


def kept_in(folder: Path) -> list[Path]:
    return list(folder.glob("*.jsonl"))


async def refused(pool: Pool, asked: Wanted) -> str:
    with pytest.raises(AppError) as error:
        await opened(pool, asked)
    return error.value.key.removeprefix("importing.")


# ---------------------------------------------------------------- what becomes of them


async def test_a_request_becomes_a_report_with_its_own_past(
    settled: Pool, there: Elsewhere, source: str, tmp_path: Path
) -> None:
    there.requests = [
        one(1),
        one(2, status="open", service_code="7", agency_responsible=None, expected_datetime="2025-02-01T09:00:00Z"),
        one(3, extended_attributes={"detailed_status": "rejected"}, status_notes="Not ours."),
        one(
            4,
            status="OPEN",
            extended_attributes={"detailed_status": "in_progress"},
            media_url="https://x.example/4.jpg",
        ),
    ]
    run, tally = await taken(settled, wanted(there, source, tmp_path))
    assert (run.kind, run.fresh, run.refused) == ("open311", 4, 0)
    assert tally.faults == []
    closed, opened_, rejected, worked = [await report_of(settled, f"R-{n}", source) for n in (1, 2, 3, 4)]
    assert (closed.status, closed.category, closed.agency_id, closed.commune_code) == (
        Status.CLOSED, "pothole", "roads", world.AN_XUYEN,
    )  # fmt: skip
    assert closed.submitted_at == datetime(2025, 1, 6, 5, tzinfo=UTC)
    assert closed.resolved_at == datetime(2025, 1, 8, 5, tzinfo=UTC)
    assert (opened_.status, opened_.category, opened_.agency_id) == (Status.ASSIGNED, "noise", "police")
    assert (rejected.status, worked.status) == (Status.REJECTED, Status.IN_PROGRESS)
    words = await settled.fetch(
        "SELECT body FROM report_messages WHERE report_id = ANY($1)", [closed.report_id, worked.report_id]
    )
    assert [row["body"] for row in words] == ["Fixed."]


@pytest.mark.parametrize("last", ["", "2025-12-31"])
async def test_again_is_no_change_and_later_only_what_is_new_is_asked_for(
    settled: Pool, there: Elsewhere, source: str, tmp_path: Path, last: str
) -> None:
    there.changes = True
    there.requests = [one(n, status="open") for n in range(30)]
    asked = wanted(there, source, tmp_path, last=last)
    first, _ = await taken(settled, asked)
    there.asked.clear()
    again, _ = await taken(settled, asked)
    assert (first.fresh, again.rows_done) == (30, 0)
    assert first.seen_until is not None
    assert all("start_date" not in query for _, query in there.asked)
    now = (datetime.now(UTC) - timedelta(minutes=1)).isoformat()
    there.requests[3] |= {"status": "closed", "updated_datetime": now}
    there.requests.append(one(99, requested_datetime=now, updated_datetime=now))
    later, _ = await taken(settled, asked)
    assert (later.advanced, later.fresh) == (1, 0 if last else 1)
    everything, _ = await taken(settled, msgspec.structs.replace(asked, again=True))
    assert (everything.same, everything.fresh) == (30 + later.fresh, 0)


async def test_who_does_not_know_of_changes_is_asked_for_everything_again(
    settled: Pool, there: Elsewhere, source: str, tmp_path: Path
) -> None:
    there.requests = [one(n, status="open") for n in range(12)]
    await taken(settled, wanted(there, source, tmp_path))
    there.requests[0]["status"] = "closed"
    again, _ = await taken(settled, wanted(there, source, tmp_path))
    assert (again.advanced, again.same) == (1, 11)


async def test_a_trial_and_the_taking_over_read_the_same_rows_and_then_the_file_goes(
    settled: Pool, there: Elsewhere, source: str, tmp_path: Path
) -> None:
    there.requests = [one(n) for n in range(3)] + [one(3, agency_responsible="x", status="?", media_url="https://x/1")]
    asked = wanted(there, source, tmp_path)
    requests = await opened(settled, asked)
    (kept,) = kept_in(tmp_path)
    assert kept.stat().st_mode & 0o077 == 0
    notes = {problem.key.removeprefix("importing."): problem.params for problem in requests.notes(taken=False)}
    assert notes.keys() == {"pulled", "pulled_kept", "pulled_media"}
    with pytest.raises(Conflict):
        await opened(settled, asked)
    tally = await service.check(settled, await ground(settled, source), requests, lambda *_: None)
    assert (tally.outcomes["fresh"], dict(tally.unmapped["status"])) == (3, {"?": 1})
    requests.close()
    there.requests.append(one(50))
    questions = len(there.asked)
    run, _ = await taken(settled, asked)
    assert (run.fresh, run.refused, len(there.asked)) == (3, 1, questions)
    assert kept_in(tmp_path) == []


async def test_refused_rows_that_were_mended_are_taken_over_by_the_same_mapping(
    settled: Pool, there: Elsewhere, source: str, tmp_path: Path
) -> None:
    there.requests = [one(1), one(2, status="?")]
    asked = wanted(there, source, tmp_path)
    requests = await opened(settled, asked)
    run, _ = await service.run(settled, await ground(settled, source), requests, "lan", lambda *_: None)
    assert write(requests.refused_to, requests, await service.faults_of(settled, run.run_id), "en") == 1
    requests.forget()
    text = requests.refused_to.read_text(encoding="utf-8-sig")
    assert "R-1," not in text
    requests.refused_to.write_text(text.replace(",?,", ",closed,"), encoding="utf-8")
    known, names = await service.known(settled, world.RULES)
    mended = open311.mended(Table(requests.refused_to), asked, known, names)
    run, _ = await service.run(settled, await ground(settled, source), mended, "lan", lambda *_: None)
    assert (run.fresh, run.refused, run.seen_until) == (1, 0, None)


async def test_only_what_the_mapping_asks_for_is_kept_and_who_reported_only_where_that_is_wanted(
    settled: Pool, there: Elsewhere, source: str, tmp_path: Path
) -> None:
    there.requests = [one(1, email="lan@example.vn", first_name="Lan", ward="5", phone=84912345678)]
    said = {"columns": {"contact_name": "first_name", "contact_phone": "phone", "commune": "ward"}}
    requests = await opened(settled, wanted(there, source, tmp_path, said=said))
    (kept,) = kept_in(tmp_path)
    assert "Lan" not in kept.read_text()
    assert '"ward":"5"' in kept.read_text()
    requests.close()
    await taken(settled, wanted(there, source, tmp_path, said=said, with_contacts=True))
    report = await report_of(settled, "R-1", source)
    row = await settled.fetchrow(
        "SELECT name, phone, email FROM report_contacts WHERE report_id = $1", report.report_id
    )
    assert row is not None
    assert tuple(row) == ("Lan", "84912345678", "")


# ---------------------------------------------------------------- servers as they are


@pytest.mark.parametrize(
    ("how", "most_questions"),
    [
        ({}, 8),
        ({"form": "xml", "most": 100}, 40),
        ({"most": 37}, 120),
        ({"form": "xml", "most": 50, "pages": True}, 30),
        ({"most": 50, "pages": "refused"}, 40),
        ({"most": 50, "dates": "days"}, 60),
        ({"dates": "none"}, 8),
        ({"most": 100, "dates": "none", "pages": True}, 20),
    ],
)
async def test_all_is_found_however_little_comes_at_once(
    settled: Pool, there: Elsewhere, source: str, tmp_path: Path, how: dict[str, Any], most_questions: int
) -> None:
    there.requests = [one(n) for n in range(350)]
    for name, value in how.items():
        setattr(there, name, value)
    found = await numbers(settled, wanted(there, source, tmp_path))
    assert sorted(found) == sorted(request["service_request_id"] for request in there.requests)
    assert there.windows <= most_questions
    assert there.most_at_once == 1


async def test_where_a_server_cuts_what_cannot_be_divided_that_is_said(
    settled: Pool, there: Elsewhere, source: str, tmp_path: Path
) -> None:
    there.most, there.dates = 20, "days"
    there.requests = [one(0, service_request_id=n) for n in range(50)]
    requests = await opened(settled, wanted(there, source, tmp_path))
    assert requests.count() == 20
    assert "importing.pulled_cut" in [problem.key for problem in requests.notes(taken=True)]
    requests.close()


@pytest.mark.parametrize(
    "wrap",
    [
        lambda found: {"requests": found},
        lambda found: {"count": len(found), "service_requests": found},
        lambda found: found or None,
        lambda found: found[0] if len(found) == 1 else found,
    ],
)
async def test_lists_come_in_many_shapes(
    settled: Pool, there: Elsewhere, source: str, tmp_path: Path, wrap: Any
) -> None:
    there.requests, there.wrap = [one(n) for n in (1, 2, 1000)], wrap
    assert await numbers(settled, wanted(there, source, tmp_path)) == ["R-1", "R-2", "R-1000"]


@pytest.mark.parametrize(
    ("change", "said", "now"),
    [
        ({"service_request_id": 4711}, {}, {"number": "4711"}),
        ({"service_request_id": None, "token": "r-9"}, {}, {"number": "R-9"}),
        ({"description": None}, {}, {"text": "Pothole"}),
        ({"description": "hư"}, {}, {"text": "Pothole: hư"}),
        ({"requested_datetime": "2025-01-06T09:00:00"}, {}, {"submitted_at": datetime(2025, 1, 6, 2, tzinfo=UTC)}),
        (
            {"requested_datetime": "2025-01-06T09:00:00"},
            {"time_zone": "UTC"},
            {"submitted_at": datetime(2025, 1, 6, 9, tzinfo=UTC)},
        ),
        ({"address": "", "address_string": "5 Lý Bôn", "zipcode": 97000}, {}, {"address": "5 Lý Bôn, 97000"}),
        ({"service_code": "unheard-of"}, {}, {"category": "pothole"}),
        ({"updated_datetime": None}, {}, {"finished_at": datetime(2025, 1, 6, 5, tzinfo=UTC)}),
    ],
)
async def test_what_servers_say_in_ways_of_their_own_is_understood(
    settled: Pool, there: Elsewhere, source: str, tmp_path: Path, change: Any, said: Any, now: dict[str, Any]
) -> None:
    there.requests = [one(1, **change)]
    requests = await opened(settled, wanted(there, source, tmp_path, said=said))
    (row,) = requests.rows()
    past = requests.past(row)
    assert {name: getattr(past.place if name == "address" else past, name) for name in now} == now
    requests.close()


async def test_a_busy_server_is_waited_for_and_a_strict_one_asked_for_less(
    settled: Pool, there: Elsewhere, source: str, tmp_path: Path
) -> None:
    there.requests = [one(n) for n in range(20)]
    ways: Iterator[Any] = iter(
        [(429, b"", "retry-after: 0\r\n"), (503, b"later"), (200, b"<html>"), "usual", (502, b"")]
    )

    def before(path: str, query: dict[str, str]) -> Any:
        if path.startswith("/v2/requests") and "page_size" in query:
            return 400, b'[{"code": 400, "description": "page_size?"}]'
        return next(ways, "usual") if path.startswith("/v2/requests") else "usual"

    there.before = before
    asked = wanted(there, source, tmp_path, pauses=(0.0, 0.0, 0.0))
    assert len(await numbers(settled, asked)) == 20


# ---------------------------------------------------------------- what does not go well


async def test_a_pull_that_was_cut_off_goes_on_where_it_was(
    settled: Pool, there: Elsewhere, source: str, tmp_path: Path
) -> None:
    there.requests = [one(n) for n in range(0, 2500, 10)]
    asked = wanted(there, source, tmp_path)
    there.before = lambda _, query: (500, b"") if query.get("end_date", "") > "2025-08" else "usual"
    assert await refused(settled, asked) == "pull_stopped"
    (kept,) = kept_in(tmp_path)
    with kept.open("ab") as file:
        file.write(b'{"service_request_id": "half a l')
    there.before = lambda _, __: "usual"
    there.asked.clear()
    found = await numbers(settled, asked)
    assert len(found) == len(set(found)) == 250
    assert min(query["start_date"] for _, query in there.asked) > "2025-05"


@pytest.mark.parametrize(
    ("answer", "key"),
    [
        ((404, b"nothing"), "pull_refused"),
        ((400, b'[{"code": 400, "description": "no"}]'), "pull_refused"),
        ((403, b'[{"code": 403, "description": "khoa-bi-mat?"}]'), "pull_barred"),
        ((200, b"<!DOCTYPE x [<!ENTITY a 'b'>]><service_requests/>"), "pull_stopped"),
        ((200, b'[{"status": "open"'), "pull_stopped"),
        ((429, b"", "retry-after: 86400\r\n"), "pull_stopped"),
    ],
)
async def test_what_cannot_be_read_is_said_without_the_key(
    settled: Pool, there: Elsewhere, source: str, tmp_path: Path, answer: Any, key: str
) -> None:
    there.before = lambda path, _: answer if path.startswith("/v2/requests") else "usual"
    (tmp_path / "khoa").write_text("khoa-bi-mat\n")
    asked = wanted(there, source, tmp_path, said={"api_key_file": "khoa", "jurisdiction_id": "x.vn"})
    with pytest.raises(AppError) as error:
        await opened(settled, asked)
    assert error.value.key == f"importing.{key}"
    assert "khoa-bi-mat" not in repr((error.value.problems, asked))
    keys = {query.get("api_key") for path, query in there.asked if path.startswith("/v2/requests")}
    assert keys == {"khoa-bi-mat"}
    assert {query["jurisdiction_id"] for _, query in there.asked} == {"x.vn"}


async def test_an_answer_that_is_too_long_is_asked_for_by_halves(
    settled: Pool, there: Elsewhere, source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.importing.pulling.ANSWER_MOST", 8000)
    there.requests = [one(n) for n in range(60)]
    assert len(await numbers(settled, wanted(there, source, tmp_path))) == 60
    there.requests = [one(1, description="x" * 9000)]
    assert await refused(settled, wanted(there, source, tmp_path)) == "pull_long"


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"address": "http://127.0.0.1:9/v2"}, "no_server"),
        ({"address": "https://192.168.3.4/v2"}, "outward.url_private"),
        ({"address": "ioc.camau.gov.vn"}, "outward.url_wrong"),
        ({"first": "yesterday"}, "day_wrong"),
        ({"first": "31/12/2025", "last": "01/01/2025"}, "days_wrong"),
        ({"said": {"source": "x", "api_key_file": "none"}}, "file_missing"),
        ({"said": {"source": "x", "api_key": 7}}, "map_words"),
        ({"said": {"source": "x", "columns": {"commune": "no_such_field"}}}, "no_column"),
    ],
)
async def test_a_mistake_is_a_sentence(
    settled: Pool, there: Elsewhere, source: str, tmp_path: Path, change: dict[str, Any], key: str
) -> None:
    there.requests = [one(1)]
    asked = msgspec.structs.replace(wanted(there, source, tmp_path), **change)
    assert await refused(settled, asked) == key
    assert len(kept_in(tmp_path)) == (key == "no_column")


async def test_a_proposal_names_services_and_agencies(settled: Pool, there: Elsewhere, tmp_path: Path) -> None:
    there.requests = [one(1), one(2, agency_responsible="Sở Xây dựng", status="archived")]
    known, names = await service.known(settled, world.RULES)
    asked = Wanted(address=there.url, said={"jurisdiction_id": "x.vn"}, beside=tmp_path, folder=tmp_path)
    text = await open311.proposed(world.LOOPBACK, asked, known, names, "en")
    said = mapping.read(text)
    assert said["jurisdiction_id"] == "x.vn"
    assert said["values"]["category"] == {"001": "pothole", "7": "noise"}
    assert said["values"]["agency"] == {"Sở Xây dựng": "roads", "*": ""}
    assert '# "Public Works" = "" # 1' in text
    found = await numbers(settled, msgspec.structs.replace(asked, said=said, first="2025-01-01"))
    assert found == ["R-1", "R-2"]


def test_what_was_never_taken_over_goes_after_a_month(tmp_path: Path) -> None:
    old, new = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    for path, days in ((old, 31), (new, 29)):
        Spool(path, "x").close()
        at = (datetime.now(UTC) - timedelta(days=days)).timestamp()
        os.utime(path, (at, at))
    tidy(tmp_path)
    assert (old.exists(), new.exists()) == (False, True)
