"""What stands on the paper of a case, as plain texts. Pure, given what was read.

Who reported is on no copy. A copy to hand out has no words of staff among themselves, no names of officers, no files
and nothing of who looked at what; what people wrote is on it as the public may read it, photos as a coordinator
decided about them.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from app.casefile.model import CaseFile
from app.casefile.proving import lines, size_words
from app.casefile.told import HANDED_OUT
from app.casefile.words import agency_name, answers_of, category_name, fact, status_word
from app.history.model import Event, Kind
from app.i18n import t
from app.papers.model import PHOTOS_MOST, Reader
from app.papers.sketch import sketch
from app.reports.model import Message, Picture
from app.reports.publication import text_of, words_of
from app.routing.calendar import VIETNAM


def when(moment: datetime) -> str:
    return f"{moment.astimezone(VIETNAM):%d/%m/%Y %H:%M}"


def pictures_of(case: CaseFile, reader: Reader) -> list[tuple[Picture, str]]:
    """The photos that are printed, each with the hash of what is shown of it; one of before and one of after stand
    side by side."""
    shown = []
    for picture in case.pictures:
        decided = case.public.photos.get(picture.photo_id)
        if reader.notes:
            shown.append((picture, picture.sha256))
        elif picture.added_by != "follower" and (decided is None or decided.sha256 is not None):
            shown.append((picture, picture.sha256 if decided is None else decided.sha256 or picture.sha256))
    before, after = ([each for each in shown if (each[0].stage == "after") is done] for done in (False, True))
    return [*before[:1], *after[:1], *before[1:], *after[1:]]


def content(case: CaseFile, reader: Reader, printed: Iterable[str]) -> dict[str, Any]:
    """The texts of the page. ``printed``: hashes of the photos that were found in the store."""
    report, lang = case.report, reader.lang
    found = set(printed)
    every = pictures_of(case, reader)
    photos = [each for each in every if each[1] in found][:PHOTOS_MOST]
    agency = reader.agencies.get(report.agency_id)
    parent = agency.parent_id if agency else None
    now = reader.at.astimezone(VIETNAM)
    result = _result_words(case)
    return {
        "lang": lang,
        "labels": _labels(reader, len(every) - len(photos)),
        "above": agency_name(reader.agencies, parent, "vi").upper() if parent else "",
        "agency": agency_name(reader.agencies, report.agency_id, "vi").upper(),
        "day": t("papers.day", "vi", day=now.day, month=now.month, year=now.year),
        "code": report.code,
        "facts": _facts(case, reader),
        "body": report.body if reader.notes else text_of(report, case.public, lang),
        "result": _words(case, reader, result) if result else "",
        "answers": [[each.question, each.answer] for each in answers_of(reader.rules, report, lang)],
        "map": sketch(
            reader.gazetteer.boundary(report.commune_code) if report.commune_code else None, report.lat, report.lon
        ),
        "photos": [_photo(case, reader, picture, sha256) for picture, sha256 in photos],
        "commune": report.commune_name,
        "talk": [_said(case, reader, one) for one in case.messages if one.visibility != "staff" and one is not result],
        "notes": [_said(case, reader, one) for one in case.messages if one.visibility == "staff" and reader.notes],
        "files": [[file.name, size_words(file, lang), when(file.at)] for file in case.attachments if reader.notes],
        "history": [_step(case, reader, event) for event in case.events if reader.notes or event.kind in HANDED_OUT],
    }


def _labels(reader: Reader, left_out: int) -> dict[str, str]:
    names = ("title", "body", "result", "photos", "talk", "notes", "files", "history", "page")
    said = {name: t(f"papers.print_{name}", reader.lang) for name in names}
    said["kind"] = t("papers.print_inside" if reader.notes else "papers.print_copy", reader.lang)
    said["left_out"] = t("papers.print_left_out", reader.lang, count=left_out) if left_out else ""
    who = reader.name if reader.notes else agency_name(reader.agencies, reader.actor.agency_id or "", reader.lang)
    said["printed"] = t("papers.print_by", reader.lang, at=when(reader.at), who=who)
    return said


def _facts(case: CaseFile, reader: Reader) -> list[list[str]]:
    report, lang = case.report, reader.lang
    place = ", ".join(part for part in (report.address, report.commune_name) if part)
    rows = [
        ("status", status_word(report.status, lang)),
        ("category", category_name(reader.rules, report.category, lang)),
        ("urgency", t(f"console.urgency_{report.urgency}", lang)),
        ("sent", f"{when(report.submitted_at)}, {t(f'console.channel_{report.channel}', lang)}"),
        ("place", place or t("papers.print_none", lang)),
        ("agency", agency_name(reader.agencies, report.agency_id, lang)),
        ("officer", case.names.get(report.assignee_id, "") if reader.notes and report.assignee_id else ""),
        ("due", when(report.due_at)),
        ("result", _result(case, reader)),
        ("rating", t(f"case.rating_{report.rating}", lang) if report.rating else ""),
        ("voices", str(case.voices) if case.voices > 1 else ""),
        ("original", case.original or ""),
    ]
    return [[t(f"papers.fact_{name}", lang), said] for name, said in rows if said]


def _result(case: CaseFile, reader: Reader) -> str:
    """When it was resolved, and whether in time."""
    report = case.report
    last = next((event for event in reversed(case.events) if event.kind == Kind.RESOLVED), None)
    if report.resolved_at is None or last is None:
        return ""
    timely = t("papers.on_time" if last.data.get("on_time", True) else "papers.late", reader.lang)
    return f"{when(report.resolved_at)}, {timely}"


def _photo(case: CaseFile, reader: Reader, picture: Picture, sha256: str) -> dict[str, Any]:
    facts = case.proven.get(picture.sha256) if reader.notes and picture.stage == "after" else None
    caption = f"{t(f'case.stage_{picture.stage}', reader.lang)}, {when(picture.at)}"
    known = [line.text for line in lines(facts, reader.actor, reader.lang) if line.sign != "unknown"] if facts else []
    return {"file": f"/{sha256}.jpg", "caption": caption, "known": known}


def _said(case: CaseFile, reader: Reader, message: Message) -> list[str]:
    what = t(f"case.said_{message.kind}", reader.lang)
    return [when(message.at), _who(case.who_said(message), reader), what, _words(case, reader, message)]


def _words(case: CaseFile, reader: Reader, message: Message) -> str:
    return message.body if reader.notes else words_of(message, case.public, reader.lang)


def _result_words(case: CaseFile) -> Message | None:
    """The answer that stands."""
    given = [message for message in case.messages if message.kind == "resolution"]
    return given[-1] if given and case.report.resolved_at is not None else None


def _step(case: CaseFile, reader: Reader, event: Event) -> list[str]:
    said, due = fact(event, reader.agencies, reader.lang, case.names), event.data.get("due")
    if due and event.kind != Kind.RESOLVED:  # the deadline of what is done stands among the facts
        said += " " + t("api.fact_due", reader.lang, due=when(datetime.fromisoformat(due)))
    return [when(event.at), _who(case.who_did(event), reader), said]


def _who(by: Any, reader: Reader) -> str:
    """Officers by name inside the house; outside of it, it is the agency that answers."""
    if by.kind == "staff" and not reader.notes:
        return t("papers.by_agency", reader.lang)
    return by.name if by.kind == "staff" and by.name else t(f"case.by_{by.kind}", reader.lang)
