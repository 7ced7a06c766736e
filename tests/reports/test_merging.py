"""Reports of the same matter: merged, handled together, rated each, and taken apart again."""

import msgspec
import pytest

from app.db import Pool
from app.errors import Conflict
from app.history import service as history
from app.reports import service
from app.reports.model import Rating, Report, Status
from app.reports.workflow import Act
from tests import small_world as world


async def merged(pool: Pool) -> tuple[Report, Report]:
    """A duplicate and the report that it was merged into, both as they are now."""
    original = (await world.file(pool)).report
    duplicate = (await world.file(pool)).report
    duplicate = await world.do(pool, world.COORDINATOR, duplicate, Act.MERGE, target=original.code)
    return duplicate, await service.find(pool, original.code)


async def test_a_merge_is_in_both_histories_and_both_verify(settled: Pool) -> None:
    duplicate, original = await merged(settled)
    assert (duplicate.status, duplicate.duplicate_of) == (Status.DUPLICATE, original.report_id)
    assert ((await world.kinds(settled, duplicate))[-1], (await world.kinds(settled, original))[-1]) == (
        "merged",
        "merged_in",
    )
    assert original.version == 2
    duplicate = await world.do(settled, world.COORDINATOR, duplicate, Act.UNMERGE, text="Hai chỗ khác nhau.")
    assert (duplicate.status, duplicate.duplicate_of, duplicate.agency_id) == (Status.RECEIVED, None, "ioc")
    assert (await world.kinds(settled, original))[-1] == "unmerged_from"
    for code in (duplicate.code, original.code):
        assert [damage async for damage in history.verify(settled, code)] == []


async def test_merging_into_nothing_itself_or_an_ended_report_is_refused(settled: Pool) -> None:
    report = await world.reach(settled, Status.ASSIGNED)
    targets = {"PA-0000-0000": "target_unknown", "không có": "target_unknown", report.code: "target_self"}
    for status in (Status.DUPLICATE, Status.REJECTED, Status.WITHDRAWN):
        targets[(await world.reach(settled, status)).code] = "target_ended"
    for target, key in targets.items():
        error = await world.refusal(settled, world.COORDINATOR, report, Act.MERGE, target=target)
        assert (error.key, error.problems[0].field) == (f"reports.{key}", "target")


@pytest.mark.parametrize("status", [Status.RESOLVED, Status.CLOSED, Status.AWAITING_INFO])
async def test_what_comes_late_is_merged_into_a_report_that_is_being_or_has_been_handled(
    settled: Pool, status: Status
) -> None:
    original = await world.reach(settled, status)
    late = (await world.file(settled)).report
    late = await world.do(settled, world.COORDINATOR, late, Act.MERGE, target=original.code)
    assert late.status is Status.DUPLICATE


async def test_the_duplicates_reporter_rates_once_the_original_is_resolved(settled: Pool) -> None:
    duplicate, original = await merged(settled)
    error = await world.refusal(settled, world.CITIZEN, duplicate, Act.RATE, rating=Rating.SATISFIED)
    assert (error.key, error.problems[0].params["status"]) == ("reports.act_not_now", Status.ASSIGNED)
    await world.resolve(settled, original)
    rated = await world.do(settled, world.CITIZEN, duplicate, Act.RATE, rating=Rating.ACCEPTABLE)
    assert (rated.status, rated.rating) == (Status.DUPLICATE, Rating.ACCEPTABLE)


async def test_a_duplicate_of_a_duplicate_follows_the_report_that_is_handled(settled: Pool) -> None:
    duplicate, middle = await merged(settled)
    original = (await world.file(settled)).report
    await world.do(settled, world.COORDINATOR, middle, Act.MERGE, target=original.code)
    assert isinstance(
        await world.refusal(settled, world.CITIZEN, duplicate, Act.RATE, rating=Rating.SATISFIED), Conflict
    )
    original = await service.find(settled, original.code)
    await world.resolve(settled, original)
    rated = await world.do(settled, world.CITIZEN, duplicate, Act.RATE, rating=Rating.SATISFIED)
    assert rated.rating is Rating.SATISFIED


async def test_a_report_that_others_were_merged_into_cannot_be_withdrawn(settled: Pool) -> None:
    duplicate, original = await merged(settled)
    error = await world.refusal(settled, world.CITIZEN, original, Act.WITHDRAW)
    assert (type(error), error.key) == (Conflict, "reports.others_merged_in")
    await world.do(settled, world.COORDINATOR, duplicate, Act.UNMERGE, text="Hai chỗ.")
    original = await service.find(settled, original.code)
    assert (await world.do(settled, world.CITIZEN, original, Act.WITHDRAW)).status is Status.WITHDRAWN


async def test_nobody_merges_into_a_report_that_is_none_of_their_business(settled: Pool) -> None:
    original = (await world.file(settled, category="street-light")).report
    duplicate = (await world.file(settled)).report
    roads_only = msgspec.structs.replace(world.COORDINATOR, categories=frozenset({"pothole"}))
    error = await world.refusal(settled, roads_only, duplicate, Act.MERGE, target=original.code)
    assert (error.key, error.problems[0].field) == ("reports.target_unknown", "target")
