"""Files in a case: put in with the history, taken out with a reason, and documents that prove a result."""

import hashlib
from typing import Any

import pytest

from app.accounts.model import Actor
from app.attachments import service as attachments
from app.attachments import store as attachments_store
from app.attachments.model import MOST, PDF, Attachment, StoredFile
from app.db import Pool
from app.errors import Conflict, Forbidden, Invalid, NotFound
from app.history import service as history
from app.history.model import Event
from app.reports import service
from app.reports.model import Report, Status
from app.reports.workflow import Act
from tests import small_world as world


async def document(pool: Pool, number: int = 1) -> StoredFile:
    """A stored document; of its bytes only the hash matters here."""
    sha256 = hashlib.sha256(f"document {number}".encode()).hexdigest()
    async with pool.acquire() as conn:
        await attachments_store.touch(conn, bytes.fromhex(sha256), 1000, 2)
    return StoredFile(sha256, "document", f"Biên bản {number}.pdf", PDF, 1000, 2)


async def picture(pool: Pool, number: int = 50) -> StoredFile:
    photo = await world.photo(pool, number)
    return StoredFile(photo.sha256, "photo", "hồ sơ.jpg", photo.content_type, photo.size_bytes)


async def in_case(pool: Pool, report: Report) -> list[Attachment]:
    async with pool.acquire() as conn:
        return await attachments.of_report(conn, report.report_id)


async def last(pool: Pool, report: Report) -> Event:
    async with pool.acquire() as conn:
        return (await history.of_report(conn, report.report_id))[-1]


async def attached(pool: Pool, number: int = 1, by: Actor = world.OFFICER) -> tuple[Report, Attachment]:
    report = await world.reach(pool, Status.IN_PROGRESS)
    report = await world.do(pool, by, report, Act.ATTACH, files=(await document(pool, number),))
    (file,) = await in_case(pool, report)
    return report, file


async def test_what_is_attached_lies_in_the_case_and_stands_in_its_history(settled: Pool) -> None:
    report = await world.reach(settled, Status.IN_PROGRESS)
    files = (await document(settled), await picture(settled))
    after = await world.do(settled, world.OFFICER, report, Act.ATTACH, files=files, text="Kèm dự toán.")
    found = await in_case(settled, after)
    assert [(f.name, f.kind, f.pages, f.proof, f.added_by) for f in found] == [
        ("Biên bản 1.pdf", "document", 2, False, world.OFFICER.id),
        ("hồ sơ.jpg", "photo", 0, False, world.OFFICER.id),
    ]
    event = await last(settled, after)
    assert event.kind == "attached"
    assert event.data["files"] == [{"id": str(f.attachment_id), "sha256": f.sha256} for f in found]
    # What a file is called tells much; the history cannot be erased, so it does not say.
    assert "Biên bản" not in str(event.data)
    async with settled.acquire() as conn:
        assert (await service.case(conn, after)).messages[-1].visibility == "staff"
    assert [damage async for damage in history.verify(settled, after.code)] == []


@pytest.mark.parametrize("status", [Status.SUBMITTED, Status.CLOSED, Status.REJECTED])
async def test_a_coordinator_attaches_in_every_status(status: Status, settled: Pool) -> None:
    report = await world.reach(settled, status)
    report = await world.do(settled, world.COORDINATOR, report, Act.ATTACH, files=(await document(settled),))
    assert (report.status, len(await in_case(settled, report))) == (status, 1)


async def test_the_same_file_again_is_the_same_attachment(settled: Pool) -> None:
    report, first = await attached(settled)
    report = await world.do(settled, world.LEAD, report, Act.ATTACH, files=(await document(settled),))
    assert [f.attachment_id for f in await in_case(settled, report)] == [first.attachment_id]


async def test_a_repeated_request_attaches_once(settled: Pool) -> None:
    report = await world.reach(settled, Status.IN_PROGRESS)
    form: dict[str, Any] = {"files": (await document(settled),), "client_key": "k1"}
    once = await world.do(settled, world.OFFICER, report, Act.ATTACH, **form)
    again = await world.do(settled, world.OFFICER, report, Act.ATTACH, **form)
    assert (again.version, len(await in_case(settled, again))) == (once.version, 1)


async def test_a_case_has_room_for_so_many(settled: Pool) -> None:
    report = await world.reach(settled, Status.IN_PROGRESS)
    for first in range(0, MOST, 5):
        files = tuple([await document(settled, 100 + n) for n in range(first, first + 5)])
        report = await world.do(settled, world.OFFICER, report, Act.ATTACH, files=files)
    one_more = await world.refusal(settled, world.OFFICER, report, Act.ATTACH, files=(await document(settled, 999),))
    assert (one_more.key, one_more.problems[0].params["left"]) == ("attachments.case_full", 0)
    too_many = tuple([await document(settled, n) for n in range(7)])
    assert (await world.refusal(settled, world.OFFICER, report, Act.ATTACH, files=too_many)).key == "attachments.many"


async def test_nothing_to_attach_is_said_so(settled: Pool) -> None:
    report = await world.reach(settled, Status.IN_PROGRESS)
    refused = await world.refusal(settled, world.OFFICER, report, Act.ATTACH)
    assert isinstance(refused, Invalid)
    assert [(p.field, p.key) for p in refused.problems] == [("files", "reports.needs_files")]


async def test_what_is_removed_is_seen_no_more_and_the_reason_stays(settled: Pool) -> None:
    report, file = await attached(settled)
    after = await world.do(
        settled, world.OFFICER, report, Act.DETACH, attachment=file.attachment_id, text="Nhầm hồ sơ."
    )
    assert await in_case(settled, after) == []
    event = await last(settled, after)
    assert (event.kind, event.data["file"]["sha256"]) == ("detached", file.sha256)
    async with settled.acquire() as conn:
        said = (await service.case(conn, after)).messages[-1]
    assert (said.body, said.visibility) == ("Nhầm hồ sơ.", "staff")
    again = await world.refusal(settled, world.OFFICER, after, Act.DETACH, attachment=file.attachment_id, text="Nữa.")
    assert isinstance(again, NotFound)
    # The same file may come back; it is another attachment then.
    back = await world.do(settled, world.OFFICER, after, Act.ATTACH, files=(await document(settled),))
    assert [f.attachment_id != file.attachment_id for f in await in_case(settled, back)] == [True]


async def test_removing_needs_a_reason(settled: Pool) -> None:
    report, file = await attached(settled)
    refused = await world.refusal(settled, world.OFFICER, report, Act.DETACH, attachment=file.attachment_id)
    assert refused.key == "reports.needs_text"


async def test_officers_remove_what_is_theirs_leads_and_coordinators_anything(settled: Pool) -> None:
    for by, who, allowed in (
        (world.LEAD, world.OFFICER, False),
        (world.COORDINATOR, world.OFFICER, False),
        (world.OFFICER, world.LEAD, True),
        (world.OFFICER, world.COORDINATOR, True),
    ):
        report, file = await attached(settled, by=by)
        form: dict[str, Any] = {"attachment": file.attachment_id, "text": "Gỡ."}
        if allowed:
            assert await in_case(settled, await world.do(settled, who, report, Act.DETACH, **form)) == []
        else:
            refused = await world.refusal(settled, who, report, Act.DETACH, **form)
            assert (type(refused), refused.key) == (Forbidden, "attachments.not_yours")


async def test_another_agency_neither_adds_nor_removes(settled: Pool) -> None:
    report, file = await attached(settled)
    for act, form in (
        (Act.ATTACH, {"files": (await document(settled, 7),)}),
        (Act.DETACH, {"attachment": file.attachment_id, "text": "Gỡ."}),
    ):
        assert isinstance(await world.refusal(settled, world.POLICE, report, act, **form), NotFound)


async def test_a_file_of_another_case_is_not_found(settled: Pool) -> None:
    _, file = await attached(settled)
    other = await world.reach(settled, Status.IN_PROGRESS)
    form: dict[str, Any] = {"attachment": file.attachment_id, "text": "Gỡ."}
    assert isinstance(await world.refusal(settled, world.OFFICER, other, Act.DETACH, **form), NotFound)


async def test_leaders_and_citizens_attach_nothing(settled: Pool) -> None:
    report = await world.reach(settled, Status.IN_PROGRESS)
    for actor in (world.LEADER, world.CITIZEN):
        refused = await world.refusal(settled, actor, report, Act.ATTACH, files=(await document(settled),))
        assert isinstance(refused, Forbidden)


# ---------------------------------------------------------------- documents as proof


async def test_a_document_alone_proves_a_result(settled: Pool) -> None:
    report = await world.reach(settled, Status.IN_PROGRESS)
    refused = await world.refusal(settled, world.OFFICER, report, Act.RESOLVE, text="Đã xong.")
    assert refused.key == "reports.needs_proof"
    after = await world.do(
        settled, world.OFFICER, report, Act.RESOLVE, text="Đã xong.", files=(await document(settled),)
    )
    assert after.status is Status.RESOLVED
    assert [(f.proof, f.kind) for f in await in_case(settled, after)] == [(True, "document")]
    event = await last(settled, after)
    assert event.data["proof"] == {"photos": [], "documents": 1, "doubts": []}


async def test_a_picture_among_the_files_proves_nothing_for_its_place_and_time_are_not_looked_at(settled: Pool) -> None:
    report = await world.reach(settled, Status.IN_PROGRESS)
    form: dict[str, Any] = {"text": "Đã xong.", "files": (await picture(settled),)}
    assert (await world.refusal(settled, world.OFFICER, report, Act.RESOLVE, **form)).key == "reports.needs_proof"


async def test_a_document_that_lay_in_the_case_before_becomes_the_proof(settled: Pool) -> None:
    report, file = await attached(settled)
    after = await world.do(settled, world.OFFICER, report, Act.RESOLVE, text="Xong.", files=(await document(settled),))
    assert [(f.attachment_id, f.proof) for f in await in_case(settled, after)] == [(file.attachment_id, True)]


async def test_the_proof_of_a_result_that_stands_is_removed_by_coordinators_alone(settled: Pool) -> None:
    report = await world.reach(settled, Status.IN_PROGRESS)
    report = await world.do(settled, world.OFFICER, report, Act.RESOLVE, text="Xong.", files=(await document(settled),))
    (file,) = await in_case(settled, report)
    form: dict[str, Any] = {"attachment": file.attachment_id, "text": "Có số điện thoại của dân."}
    for actor in (world.OFFICER, world.LEAD):
        refused = await world.refusal(settled, actor, report, Act.DETACH, **form)
        assert (type(refused), refused.key) == (Conflict, "attachments.proof_stands")
    opened = await world.do(settled, world.COORDINATOR, report, Act.REOPEN, text="Chưa đạt.")
    assert await in_case(settled, await world.do(settled, world.OFFICER, opened, Act.DETACH, **form)) == []


async def test_two_officers_who_attach_at_once_lose_nothing(settled: Pool) -> None:
    report = await world.reach(settled, Status.IN_PROGRESS)
    one, other = await document(settled, 1), await document(settled, 2)
    await world.do(settled, world.OFFICER, report, Act.ATTACH, files=(one,))
    late = await world.do(settled, world.LEAD, report, Act.ATTACH, files=(other,))
    assert [f.name for f in await in_case(settled, late)] == ["Biên bản 1.pdf", "Biên bản 2.pdf"]
    refused = await world.refusal(
        settled, world.LEAD, report, Act.ATTACH, version=report.version, files=(await document(settled, 3),)
    )
    assert refused.key == "reports.changed_meanwhile"
