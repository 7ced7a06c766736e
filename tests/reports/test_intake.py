"""Taking a report in, against a real PostgreSQL: what is written, what it costs, what is refused, what repeats."""

import asyncio
import hashlib
from datetime import timedelta
from typing import Any

import asyncpg
import msgspec
import pytest

from app.db import Pool
from app.errors import Conflict
from app.history import service as history
from app.history.model import Kind, digest
from app.photos.model import StoredPhoto
from app.reports import codes, service
from app.reports.intake import file_report
from app.reports.model import CONSENT_VERSION, Channel, Contact, Place, Status
from app.reports.workflow import Act
from tests import small_world as world

CHANNELS: tuple[Channel, ...] = ("web", "api", "telegram", "zalo_bot", "zalo_oa", "hotline", "open311", "import")


# ---------------------------------------------------------------- what is written


@pytest.mark.parametrize("channel", CHANNELS)
async def test_a_report_from_each_channel_is_placed_routed_and_kept(settled: Pool, channel: Channel) -> None:
    filed = await world.file(settled, channel=channel)
    report = filed.report
    assert not filed.replayed
    assert (report.channel, report.status, report.agency_id) == (channel, Status.ASSIGNED, "roads")
    assert (report.commune_code, report.province_code, report.place_approximate) == (world.AN_XUYEN, "96", True)
    assert report.due_at == world.RULES.calendar.add_working_days(world.MONDAY, 3)
    assert codes.read_code(report.code) == report.code
    assert await service.find(settled, report.code.lower().replace("-", " ")) == report


async def test_what_no_rule_gives_to_an_agency_waits_for_a_coordinator(settled: Pool) -> None:
    report = (await world.file(settled, category=None, text="Xin hỏi giờ làm việc của bến tàu.")).report
    assert (report.status, report.agency_id, report.assigned_at) == (Status.SUBMITTED, "ioc", None)
    async with settled.acquire() as conn:
        (event,) = await history.of_report(conn, report.report_id)
    assert event.data["proposed"]["agency"] == "ioc"


@pytest.mark.parametrize(
    ("text", "category", "by"),
    [
        ("Trụ đèn trước nhà hỏng ba đêm nay.", "street-light", "keywords"),
        ("Tru den truoc nha hong ba dem nay.", "street-light", "keywords"),
        ("Chỗ này có chuyện lạ lắm.", "other", "keywords"),
    ],
)
async def test_the_words_decide_when_the_citizen_names_no_category(
    settled: Pool, text: str, category: str, by: str
) -> None:
    report = (await world.file(settled, category=None, text=text)).report
    async with settled.acquire() as conn:
        events = await history.of_report(conn, report.report_id)
    assert (report.category, events[0].data["category_by"]) == (category, by)


async def test_the_history_has_the_intake_the_decision_and_its_reasons(settled: Pool) -> None:
    shot = await world.photo(settled, 7)
    report = (await world.file(settled, photos=(shot,))).report
    async with settled.acquire() as conn:
        submitted, assigned = await history.of_report(conn, report.report_id)
    assert (submitted.seq, submitted.kind, submitted.at) == (1, Kind.SUBMITTED, world.MONDAY)
    assert submitted.data == {
        "channel": "api",
        "category": "pothole",
        "category_by": "citizen",
        "commune": world.AN_XUYEN,
        "approximate": True,
        "photos": [shot.sha256],
        "message_id": str(report.report_id),
        "digest": digest(world.TEXT),
        "consent": CONSENT_VERSION,
        "intake_due": report.intake_due_at.isoformat(),
    }
    assert (assigned.seq, assigned.kind, assigned.actor_kind) == (2, Kind.ASSIGNED, "system")
    assert (assigned.data["agency"], assigned.data["rule"]) == ("roads", "streets")
    assert (assigned.data["rule_set"], assigned.data["due"]) == (world.RULES.version, report.due_at.isoformat())
    assert assigned.data["reasons"]
    assert (report.version, report.last_seq, report.last_hash) == (1, 2, assigned.hash)
    assert [damage async for damage in history.verify(settled, report.code)] == []


async def test_the_history_holds_nothing_personal(settled: Pool) -> None:
    person = await world.chat(settled, "4711")
    text = f"{world.NAME}, {world.PHONE}: mặt đường hư hỏng trước nhà tôi ở 12 Lý Bôn."
    report = (await world.file(settled, citizen_id=person, text=text, key=("telegram", "secret-key"))).report
    async with settled.acquire() as conn:
        said = msgspec.json.encode([event.data for event in await history.of_report(conn, report.report_id)]).decode()
        jobs = await conn.fetch("SELECT convert_from(payload, 'UTF8') FROM pgqueuer")
    for written in (said, *(job[0] for job in jobs)):
        for private in (world.NAME, world.PHONE, world.MAIL, text, "Lý Bôn", "4711", "secret-key", str(person)):
            assert private not in written


async def test_the_contact_is_kept_apart_with_the_consent_that_was_given(settled: Pool) -> None:
    person = await world.chat(settled, "4712")
    contact = Contact(f"  {world.NAME} ", f" {world.PHONE}\n", world.MAIL)
    report = (await world.file(settled, contact=contact, citizen_id=person)).report
    async with settled.acquire() as conn:
        row = await conn.fetchrow("SELECT * FROM report_contacts WHERE report_id = $1", report.report_id)
    assert row is not None
    assert (row["name"], row["phone"], row["email"]) == (world.NAME, world.PHONE, world.MAIL)
    assert (row["citizen_id"], row["consent_version"], row["consent_at"]) == (person, CONSENT_VERSION, world.MONDAY)


async def test_the_words_are_stored_composed_and_found_without_accents(settled: Pool) -> None:
    report = (await world.file(settled, text="  Ô\u0309 ga\u0300 tre\u0302n đươ\u0300ng\r\nrất\u200b to\x07  ")).report
    assert report.body == "Ổ gà trên đường\nrất to"
    async with settled.acquire() as conn:
        row = await conn.fetchrow("SELECT body, search_text FROM reports WHERE report_id = $1", report.report_id)
    assert row is not None
    assert row["body"] == report.body
    for word in ("o ga tren duong", "ly bon", "phuong an xuyen", report.code.lower()):
        assert word in row["search_text"]


async def test_photos_are_claimed_as_what_was_there_before(settled: Pool) -> None:
    shots = [await world.photo(settled, number) for number in (1, 2, 3)]
    report = (await world.file(settled, photos=tuple(shots))).report
    async with settled.acquire() as conn:
        pictures = (await service.case(conn, report)).pictures
    assert {picture.sha256 for picture in pictures} == {shot.sha256 for shot in shots}
    assert {(picture.stage, picture.added_by, picture.at) for picture in pictures} == {
        ("before", "citizen", world.MONDAY)
    }


async def test_a_photo_that_was_never_stored_takes_nothing_in(settled: Pool) -> None:
    lost = StoredPhoto("cd" * 32, 1, 1, 1, 1, "image/jpeg", None, None, None)
    async with settled.acquire() as conn:
        before = await world.written(conn)
        with pytest.raises(asyncpg.ForeignKeyViolationError):
            await world.file(settled, photos=(lost,))
        assert await world.written(conn) == before


async def test_one_job_tells_whoever_should_hear_of_it(settled: Pool) -> None:
    report = (await world.file(settled)).report
    async with settled.acquire() as conn:
        payloads = await conn.fetch("SELECT convert_from(payload, 'UTF8') FROM pgqueuer WHERE entrypoint = 'tell'")
    ours = [job for row in payloads if (job := msgspec.json.decode(row[0]))["report_id"] == str(report.report_id)]
    assert ours == [{"report_id": str(report.report_id), "first": 1, "last": 2}]


async def test_the_tracking_secret_opens_the_report_and_only_its_hash_is_stored(settled: Pool) -> None:
    filed = await world.file(settled)
    assert (await service.reporter(settled, filed.report, secret=filed.secret)).kind == "citizen"
    async with settled.acquire() as conn:
        row = await conn.fetchrow("SELECT r::text, secret_hash FROM reports r WHERE code = $1", filed.report.code)
    assert row is not None
    assert filed.secret not in row[0]
    assert row["secret_hash"] == hashlib.sha256(filed.secret.encode()).digest()


# ---------------------------------------------------------------- what it costs


async def test_a_report_costs_one_statement_and_a_repeated_one_two(settled: Pool, database_url: str) -> None:
    shots = tuple([await world.photo(settled, number) for number in (1, 2)])
    async with world.counting(database_url) as (pool, statements):
        await world.file(pool, key=("api", "warm"))
        await world.file(pool, key=("api", "warm"))
        await world.counted(statements)
        await world.file(pool, key=("api", "k-1"), photos=shots)
        assert len(await world.counted(statements)) == 1
        await world.file(pool)
        assert len(await world.counted(statements)) == 1
        await world.file(pool, key=("api", "k-1"), photos=shots)
        assert len(await world.counted(statements)) == 2


# ---------------------------------------------------------------- repeating


async def test_the_same_key_and_body_is_the_same_report(settled: Pool) -> None:
    first = await world.file(settled, key=("api", "same"))
    again = await world.file(settled, key=("api", "same"), at=world.MONDAY + timedelta(minutes=5))
    assert again.replayed
    assert (again.report, again.secret) == (first.report, first.secret)


async def test_a_repeated_request_gets_the_report_as_it_is_now(settled: Pool) -> None:
    first = await world.file(settled, key=("api", "later"))
    await world.do(settled, world.OFFICER, first.report, Act.START)
    again = await world.file(settled, key=("api", "later"))
    assert (again.report.code, again.report.status) == (first.report.code, Status.IN_PROGRESS)


@pytest.mark.parametrize(
    "other",
    [
        {"text": "Mặt đường có ổ gà khác."},
        {"place": Place(*world.HERE, "13 Lý Bôn")},
        {"place": Place(9.1769, 105.15, "12 Lý Bôn")},
        {"category": None},
        {"contact": Contact("Người khác")},
        {"channel": "web"},
    ],
)
async def test_the_same_key_with_another_body_is_refused(settled: Pool, other: dict[str, Any]) -> None:
    key = ("api", f"other-{sorted(other)}-{other}"[:60])
    await world.file(settled, key=key)
    async with settled.acquire() as conn:
        before = await world.written(conn)
        with pytest.raises(Conflict) as error:
            await world.file(settled, key=key, **other)
        assert await world.written(conn) == before
    assert (error.value.key, error.value.problems[0].field) == ("reports.key_reused", "Idempotency-Key")


async def test_the_order_of_photos_and_the_language_do_not_make_another_body(settled: Pool) -> None:
    one, two = await world.photo(settled, 1), await world.photo(settled, 2)
    first = await world.file(settled, key=("api", "photos"), photos=(one, two))
    again = await world.file(settled, key=("api", "photos"), photos=(two, one), lang="en")
    assert again.report.code == first.report.code


async def test_a_key_belongs_to_its_scope(settled: Pool) -> None:
    one = await world.file(settled, key=("api", "shared"))
    other = await world.file(settled, key=("telegram", "shared"))
    assert one.report.code != other.report.code


async def test_without_a_key_each_request_is_a_report(settled: Pool) -> None:
    assert (await world.file(settled)).report.code != (await world.file(settled)).report.code


async def test_twenty_requests_at_once_with_one_key_are_one_report(settled: Pool) -> None:
    filed = await asyncio.gather(*(world.file(settled, key=("api", "burst")) for _ in range(20)))
    assert len({each.report.code for each in filed}) == 1
    assert len({each.secret for each in filed}) == 1
    assert [each.replayed for each in filed].count(False) == 1
    async with settled.acquire() as conn:
        rows = await conn.fetchval("SELECT count(*) FROM report_codes WHERE code = $1", filed[0].report.code)
        events = await history.of_report(conn, filed[0].report.report_id)
    assert (rows, len(events)) == (1, 2)


async def test_a_forgotten_key_makes_a_new_report(settled: Pool) -> None:
    first = await world.file(settled, key=("api", "old"))
    async with settled.acquire() as conn:
        await conn.execute("UPDATE idempotency_keys SET created_at = created_at - interval '3 days' WHERE key = 'old'")
        cut = await conn.fetchval("SELECT now() - interval '2 days'")
    assert await service.forget_keys(settled, cut) == 1
    again = await world.file(settled, key=("api", "old"))
    assert not again.replayed
    assert again.report.code != first.report.code


_TAKEN = """
    CREATE SEQUENCE tries;
    CREATE FUNCTION pretend_taken() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        -- A sequence is not rolled back, so it counts the tries.
        IF nextval('tries') <= {} THEN
            RAISE EXCEPTION 'taken' USING ERRCODE = 'unique_violation', CONSTRAINT = '{}';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER pretend_taken BEFORE INSERT ON report_codes FOR EACH ROW EXECUTE FUNCTION pretend_taken();
"""
_FREE = "DROP TRIGGER pretend_taken ON report_codes; DROP FUNCTION pretend_taken; DROP SEQUENCE tries"


async def test_a_taken_public_code_is_drawn_again(settled: Pool) -> None:
    async with settled.acquire() as conn:
        await conn.execute(_TAKEN.format(2, "report_codes_pkey"))
        filed = await world.file(settled, key=("api", "taken"))
        assert await conn.fetchval("SELECT last_value FROM tries") == 3
        await conn.execute(_FREE)
        of_key = await conn.fetchval("SELECT report_id FROM idempotency_keys WHERE key = 'taken'")
    assert of_key == filed.report.report_id


async def test_another_clash_is_an_error_and_not_tried_again(settled: Pool) -> None:
    async with settled.acquire() as conn:
        await conn.execute(_TAKEN.format(1, "reports_pkey"))
        with pytest.raises(asyncpg.UniqueViolationError):
            await world.file(settled)
        assert await conn.fetchval("SELECT last_value FROM tries") == 1
        await conn.execute(_FREE)


async def test_two_reports_cannot_have_one_code(settled: Pool) -> None:
    report = (await world.file(settled)).report
    async with settled.acquire() as conn:
        with pytest.raises(asyncpg.UniqueViolationError) as error:
            await conn.execute("INSERT INTO report_codes VALUES ($1, gen_random_uuid())", report.code)
    assert error.value.constraint_name == "report_codes_pkey"


async def test_the_moment_defaults_to_now(settled: Pool) -> None:
    filed = await file_report(settled, world.RULES, world.GAZETTEER, world.KEY, world.new())
    async with settled.acquire() as conn:
        age = await conn.fetchval("SELECT now() - submitted_at FROM reports WHERE code = $1", filed.report.code)
    assert timedelta(0) <= age < timedelta(minutes=1)


async def test_a_report_that_was_passed_on_says_so_in_its_history(settled: Pool) -> None:
    for forwarded in (True, False):
        report = (await world.file(settled, forwarded=forwarded)).report
        async with settled.acquire() as conn:
            assert (await history.of_report(conn, report.report_id))[0].data.get("forwarded", False) is forwarded
