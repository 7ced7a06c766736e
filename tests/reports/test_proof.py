"""What is known of a photo that proves a result: a table of facts, and how they are said."""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec
import pytest

from app.accounts.model import Actor, Role
from app.casefile.proving import distance_words, lines
from app.history.model import Event, Kind
from app.photos.model import StoredPhoto
from app.reports.model import Stage
from app.reports.proof import CLOCKS_DIFFER, LONG_AGO, PhotoFacts, Proof, Seen, Used, as_data, examine, proof_of
from tests import small_world as world

SENT = world.MONDAY
DONE = SENT + timedelta(days=10)
LAT, LON = world.HERE
METRE = 1 / 110_640


def photo(
    taken: datetime | None = None, place: tuple[float, float] | None = None, sha256: str = "ab" * 32
) -> StoredPhoto:
    lat, lon = place or (None, None)
    return StoredPhoto(sha256, 1, 640, 480, 1000, "image/jpeg", taken, lat, lon)


def facts(one: StoredPhoto, *seen: Seen, lat: float | None = LAT) -> PhotoFacts:
    report = world.bare(submitted_at=SENT, lat=lat, lon=LON if lat is not None else None)
    return examine(report, [one], 0, seen, DONE).photos[0]


@pytest.mark.parametrize(
    ("taken", "word", "doubts"),
    [
        (None, "unknown", ()),
        (SENT - timedelta(days=40), "before_report", ("before_report",)),
        (SENT - CLOCKS_DIFFER - timedelta(seconds=1), "before_report", ("before_report",)),
        (SENT - CLOCKS_DIFFER, "long_ago", ("long_ago",)),
        (DONE - LONG_AGO - timedelta(seconds=1), "long_ago", ("long_ago",)),
        (DONE - LONG_AGO, "fits", ()),
        (DONE - timedelta(minutes=5), "fits", ()),
        (DONE + timedelta(hours=3), "fits", ()),
    ],
)
def test_when_it_was_taken(taken: datetime | None, word: str, doubts: tuple[str, ...]) -> None:
    found = facts(photo(taken))
    assert (found.taken, found.taken_at, found.doubts) == (word, taken, doubts)


@pytest.mark.parametrize(
    ("metres", "word"), [(0, "near"), (40, "near"), (300, "near"), (302, "far"), (1400, "far"), (90_000, "far")]
)
def test_where_it_was_taken(metres: int, word: str) -> None:
    found = facts(photo(place=(LAT + metres * METRE, LON)))
    assert (found.where, found.metres) == (word, metres)
    assert found.doubts == (("far",) if word == "far" else ())


def test_without_a_place_on_either_side_nothing_is_known() -> None:
    assert (facts(photo()).where, facts(photo()).metres) == ("unknown", None)
    nowhere = facts(photo(place=(LAT, LON)), lat=None)
    assert (nowhere.where, nowhere.doubts) == ("unknown", ())


def seen(code: str = "PA-1111-1111", stage: Stage = "before", *, same: bool = True, own: bool = False) -> Seen:
    return Seen("ab" * 32, code, stage, SENT, same, own)


@pytest.mark.parametrize(
    ("uses", "wanted"),
    [
        ([], []),
        ([seen(own=True)], [("same_as_before", True)]),
        ([seen(own=True, same=False)], [("same_as_before", False)]),
        ([seen(own=True, stage="info")], [("same_as_before", True)]),
        ([seen(own=True, stage="after")], [("used_earlier", True)]),
        ([seen()], [("used_elsewhere", True)]),
        ([seen(stage="after")], [("used_elsewhere", True)]),
        ([seen(same=False)], [("alike_elsewhere", False)]),
        ([seen(same=False), seen(), seen(stage="after")], [("used_elsewhere", True)]),
        ([seen(), seen("PA-2222-2222", same=False)], [("used_elsewhere", True), ("alike_elsewhere", False)]),
        (
            [seen("PA-0000-0000", own=True), seen("PA-0000-0000", "after", own=True)],
            [("same_as_before", True), ("used_earlier", True)],
        ),
        ([Seen("cd" * 32, "PA-1111-1111", "before", SENT, True, False)], []),
    ],
)
def test_where_else_it_was_seen(uses: list[Seen], wanted: list[tuple[str, bool]]) -> None:
    found = facts(photo(), *uses)
    assert [(used.how, used.same) for used in found.used] == wanted
    assert found.doubts == tuple(how for how, _ in wanted)


def test_a_photo_used_everywhere_names_a_few() -> None:
    assert len(facts(photo(), *(seen(f"PA-0000-{n:04d}") for n in range(30))).used) == 5


def test_the_doubts_of_all_photos_are_those_of_the_result_each_once() -> None:
    report = world.bare(submitted_at=SENT, lat=LAT, lon=LON)
    early, far = photo(SENT - timedelta(days=9)), photo(place=(LAT + 1, LON), sha256="cd" * 32)
    assert examine(report, [early, far, early], 1, (), DONE).doubts == ("before_report", "far")
    assert examine(report, [], 2, (), DONE) == Proof((), 2)


def test_the_history_gives_back_what_it_was_told() -> None:
    report = world.bare(submitted_at=SENT, lat=LAT, lon=LON)
    proof = examine(report, [photo(DONE, (LAT, LON))], 1, [seen()], DONE)
    said = msgspec.json.decode(msgspec.json.encode({"proof": as_data(proof)}))
    event = Event(report.report_id, 5, Kind.RESOLVED, DONE, "staff", UUID(int=1), said, b"")
    assert proof_of(event) == proof
    assert said["proof"]["doubts"] == ["used_elsewhere"]
    assert proof_of(msgspec.structs.replace(event, data={"on_time": True})) is None
    assert proof_of(msgspec.structs.replace(event, kind=Kind.PROGRESS)) is None


COORDINATOR = Actor("staff", UUID(int=1), Role.COORDINATOR, "ioc")
LIMITED = Actor("staff", UUID(int=2), Role.COORDINATOR, "ioc", categories=frozenset({"pothole"}))
OFFICER = Actor("staff", UUID(int=3), Role.OFFICER, "roads", frozenset({"roads"}))


def test_facts_are_said_in_plain_words_with_a_sign() -> None:
    found = PhotoFacts("ab" * 32, "fits", datetime.fromisoformat("2026-11-25T03:05:00Z"), "far", 1432)
    said = [(line.sign, line.text) for line in lines(found, COORDINATOR, "vi")]
    assert said == [
        ("good", "Chụp lúc 25/11/2026 10:05, sau khi có phản ánh."),
        ("odd", "Nơi chụp cách nơi phản ánh 1,4 km, xa hơn 300 m."),
        ("good", "Chưa thấy trong phản ánh nào khác."),
    ]


def test_another_report_is_named_to_those_alone_who_see_every_report() -> None:
    found = PhotoFacts("ab" * 32, "unknown", None, "unknown", None, (Used("used_elsewhere", "PA-1111-1111", True),))
    assert lines(found, COORDINATOR, "vi")[-1].text == "Ảnh này đã có trong phản ánh PA-1111-1111."
    for other in (OFFICER, LIMITED):
        assert lines(found, other, "vi")[-1].text == "Ảnh này đã có trong một phản ánh khác."
        assert lines(found, other, "en")[-1].text == "This photo is in another report."


@pytest.mark.parametrize(
    ("metres", "lang", "said"),
    [(0, "vi", "0 m"), (999, "vi", "999 m"), (1450, "vi", "1,4 km"), (12_600, "en", "12.6 km")],
)
def test_distances_are_said_as_people_say_them(metres: int, lang: str, said: str) -> None:
    assert distance_words(metres, "en" if lang == "en" else "vi") == said
