"""The words themselves: each told event has a text in both languages that a citizen can act upon."""

import itertools
import string
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
import pytest

from app.history.model import Event, Kind
from app.i18n import LANGS, Lang, catalogue
from app.notify import templates
from app.notify.templates import Relation, Told
from app.reports.model import Message
from tests import small_world as world

DUE = datetime(2026, 3, 5, 10, 0, tzinfo=UTC)
TOLD = sorted({*templates._TOLD, "reminded_question", "reminded_rating"} - {"reminded"})
"""Templates: each kind of fact that is told, and each thing that is reminded of."""
CITIZEN, OTHER = UUID(int=50), UUID(int=51)


def event(kind: str, actor_id: UUID | None = None, **data: Any) -> Event:
    return Event(UUID(int=100), 5, kind, world.MONDAY, "citizen" if actor_id else "staff", actor_id, data, b"")


def told(kind: str, relation: Relation = Relation.OWNER, words: str = "Đã vá xong.") -> Told:
    own = None if relation is Relation.FOLLOWER else "PA-1111-1111"
    return Told(world.bare(), event(kind, code="PA-2222-2222"), relation, "Sở Xây dựng", DUE, words, own)


@pytest.mark.parametrize(("kind", "lang", "relation"), list(itertools.product(TOLD, LANGS, Relation)))
def test_each_told_event_has_a_whole_text_for_everybody(kind: str, lang: Lang, relation: Relation) -> None:
    for words in ("Đã vá xong.", ""):
        text = templates.text(kind, lang, told(kind, relation, words))
        assert "PA-0000-0000" in text
        assert "{" not in text
        assert ("Đã vá xong." in text) == (bool(words) and kind in templates._WITH_WORDS)
        assert "“”" not in text
        assert len(text) <= 1024 - 400  # with 400 characters of words it is still a caption


@pytest.mark.parametrize("relation", list(Relation))
def test_that_a_document_came_with_the_result_is_told_to_everybody(relation: Relation) -> None:
    plain = told("resolved", relation)
    proven = msgspec.structs.replace(plain, event=event("resolved", proof={"photos": [], "documents": 1, "doubts": []}))
    assert "có tài liệu" in templates.text("resolved", "vi", proven)
    assert "có tài liệu" not in templates.text("resolved", "vi", plain)


@pytest.mark.parametrize("lang", LANGS)
def test_every_text_of_the_area_is_used(lang: Lang) -> None:
    used = {*TOLD, *(f"{kind}_short" for kind in templates._WITH_WORDS)}
    used |= {
        "merged_short",
        *(f"digest_{part}" for part in ("head", "line", "more", "open")),
        "merged_into_this",
        "followed_into_this",
        "resolved_document",
        "rate_question",
        "rate_question_short",
        "answer_button",
        "rate_satisfied",
        "rate_acceptable",
        "rate_dissatisfied",
    }
    assert {key.removeprefix("notify.") for key in catalogue(lang) if key.startswith("notify.")} == used


@pytest.mark.parametrize("lang", LANGS)
def test_texts_ask_only_for_what_they_are_given(lang: Lang) -> None:
    known = {"code", "about", "agency", "due", "words", "other", "own", "status", "count"}
    for key, text in catalogue(lang).items():
        if key.startswith("notify."):
            assert {name for _, name, _, _ in string.Formatter().parse(text) if name} <= known


def test_a_deadline_is_written_as_people_in_vietnam_read_it() -> None:
    assert templates.when(DUE) == "17:00, 05/03/2026"
    assert templates.when(datetime(2026, 12, 31, 18, 30, tzinfo=UTC)) == "01:30, 01/01/2027"


@pytest.mark.parametrize(
    ("kind", "data", "template"),
    [
        ("assigned", {}, "assigned"),
        ("assigned", {"at_intake": True}, None),
        ("resumed", {"why": "no_answer"}, "resumed"),
        ("resumed", {"why": "answered"}, None),
        ("resumed", {"why": "officer"}, None),
        ("closed", {"why": "silence"}, "closed"),
        ("closed", {"why": "confirmed"}, None),
        ("returned", {}, None),
        ("reminded", {"of": "question"}, "reminded_question"),
        ("reminded", {"of": "rating"}, "reminded_rating"),
        ("extension_granted", {}, "extension_granted"),
        ("extension_asked", {}, None),
        ("extension_refused", {}, None),
        ("identity_viewed", {}, None),
        ("submitted", {}, None),
    ],
)
def test_what_is_told_and_what_is_not(kind: str, data: dict[str, Any], template: str | None) -> None:
    assert templates.template_for(event(kind, **data)) == template


def test_every_kind_of_fact_is_decided_upon() -> None:
    silent = {
        "submitted", "imported", "accepted",
        "info_added", "photos_added", "returned", "rated", "merged_in", "unmerged_from",
        "published", "unpublished", "part_ended",
            "part_reopened", "directed", "direction_answered", "direction_lifted", "noted", "urgency_set",
        "reclassified", "warned",
        "tagged", "given", "released",
        "deadline_recomputed", "extension_asked", "extension_refused", "identity_viewed", "data_erased",
            "attached", "detached", "proof_confirmed",
        "followed", "unfollowed", "voice_added", "follower_rated", "reporter_blocked", "reporter_unblocked",
    }  # fmt: skip
    assert {str(kind) for kind in Kind} == silent | templates._TOLD


def test_nobody_hears_of_their_own_act_and_questions_are_the_reporters() -> None:
    assert not templates.concerns(event("disputed", CITIZEN), CITIZEN, owner=True)
    assert templates.concerns(event("disputed", CITIZEN), OTHER, owner=False)
    assert templates.concerns(event("asked"), CITIZEN, owner=True)
    assert not templates.concerns(event("asked"), CITIZEN, owner=False)
    assert not templates.concerns(event("resumed"), CITIZEN, owner=False)
    # A staff member who happens to have a citizen's id is not the citizen.
    assert templates.concerns(msgspec.structs.replace(event("started"), actor_id=CITIZEN), CITIZEN, owner=True)


def said(visibility: str, body: str = "Gọi anh Nam 0912 345 678.") -> Message:
    return msgspec.convert(
        {
            "message_id": UUID(int=1),
            "at": world.MONDAY,
            "kind": "resolution",
            "author_kind": "staff",
            "author_id": None,
            "visibility": visibility,
            "body": body,
        },
        Message,
    )


@pytest.mark.parametrize(
    ("visibility", "relation", "published", "private", "shown"),
    [
        ("public", Relation.OWNER, False, False, "whole"),
        ("reporter", Relation.OWNER, False, True, "whole"),
        ("staff", Relation.OWNER, True, False, None),
        ("public", Relation.MERGED, False, False, "masked"),
        ("reporter", Relation.MERGED, True, False, None),
        ("staff", Relation.MERGED, True, False, None),
        ("public", Relation.FOLLOWER, True, False, "masked"),
        ("public", Relation.FOLLOWER, False, False, None),
        ("public", Relation.FOLLOWER, True, True, None),
        ("reporter", Relation.FOLLOWER, True, False, None),
    ],
)
def test_who_may_read_what_was_written(
    visibility: str, relation: Relation, published: bool, private: bool, shown: str | None
) -> None:
    report = world.bare(published_at=world.MONDAY if published else None, visibility="private" if private else "public")
    read = templates.readable(said(visibility), relation, report, "vi")
    if shown is None:
        assert read is None
    else:
        assert read is not None
        assert ("0912 345 678" in read) == (shown == "whole")


def test_erased_words_can_be_read_by_nobody() -> None:
    assert templates.readable(None, Relation.OWNER, world.bare(), "vi") is None


def test_a_long_report_is_named_by_its_first_words() -> None:
    report = world.bare(body="Mặt đường\n\nnhiều  ổ gà " + "rất sâu " * 20)
    text = templates.text("started", "vi", msgspec.structs.replace(told("started"), report=report))
    assert "(“Mặt đường nhiều ổ gà rất sâu rất sâu rất sâu rất sâu rất…”)" in text


def test_buttons_fit_into_a_chats_limit() -> None:
    for kind, lang in itertools.product(TOLD, LANGS):
        for row in templates.buttons(kind, lang, "PA-0000-0000"):
            assert all(len(button.data.encode()) <= 64 and button.label for button in row)
