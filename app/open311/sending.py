"""Taking in reports, and updates by those who work on them; both with a program's key."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from litestar import Response
from structlog.contextvars import bind_contextvars

from app.casefile.words import agency_name, category_name, when
from app.errors import Invalid, Problem, Unauthenticated
from app.forms import Form as Sent
from app.forms import read_form
from app.i18n import t
from app.i18n.text import nfc
from app.open311 import query
from app.open311.context import Call
from app.open311.services import service_named
from app.outward import URL_MOST
from app.photos import uploads as photos
from app.photos.model import StoredPhoto
from app.reports import service as reports
from app.reports.intake import check
from app.reports.model import Contact, Form, NewReport, Place
from app.reports.receiving import receive
from app.reports.workflow import Act
from app.routing.model import Category

_MEDIA = ("media", "media[]")
_ATTRIBUTE = re.compile(r"attribute\[([^\[\]]{1,60})\](?:\[\])?")
_KEY = re.compile(r"[\x21-\x7e]{1,200}")
_TRIED = "PA-0000-0000"
"""What the test endpoint answers; no report has this code."""


async def send_request(call: Call) -> Response[bytes]:
    call.here.limiter.take(call.request)
    form = await read_form(call.request, uploads=True, takes=_MEDIA)
    try:
        fields = _fields(call, form)
        actor = await call.holder(_key(fields))
        call.check_jurisdiction(fields.get("jurisdiction_id", ""))
        category = _service(call, fields)
        new = _report(call, form, fields, category, f"open311:{actor.id}")
        return await (_tried(call, new) if call.trial else _filed(call, new, form, fields))
    finally:
        form.close()


async def _filed(call: Call, new: NewReport, form: Sent, fields: Mapping[str, str]) -> Response[bytes]:
    parts, lang = call.here.parts, call.lang
    with _named():
        filed, refused = await receive(parts, new, lambda: _store(call, form), photos=bool(form.uploads))
    report = filed.report
    bind_contextvars(report_id=str(report.report_id))
    agencies = await call.here.agencies.all([report.agency_id])
    notice = [t("open311.taken", lang, agency=agency_name(agencies, report.agency_id, lang), due=when(report.due_at))]
    notice += [t(each.key, lang, **each.params) for each in refused]
    if new.media_url:
        notice.append(t("open311.media_later", lang))
    elif "media_url" in fields:
        notice.append(t("open311.media_beside", lang))
    said = {"service_request_id": report.code, "service_notice": " ".join(notice), "account_id": None}
    return call.answer("service_requests", "request", [said])


async def _tried(call: Call, new: NewReport) -> Response[bytes]:
    with _named():
        check(call.here.parts.rules, call.here.parts.gazetteer, new)
    said = {"service_request_id": _TRIED, "service_notice": t("open311.tried", call.lang), "account_id": None}
    return call.answer("service_requests", "request", [said])


def _fields(call: Call, form: Sent) -> dict[str, str]:
    """What was sent, and what stands in the address; what is empty counts as absent."""
    return dict(call.query) | {name: nfc(text) for name, text in form.fields.items() if text.strip()}


def _key(fields: Mapping[str, str]) -> str:
    if "api_key" not in fields:
        raise Unauthenticated("open311.key_missing", field="api_key")
    return fields["api_key"]


def _service(call: Call, fields: Mapping[str, str]) -> Category:
    if "service_code" not in fields:
        raise Invalid("open311.missing", field="service_code")
    return service_named(call.here.parts.rules, fields["service_code"])


def _report(call: Call, form: Sent, fields: Mapping[str, str], category: Category, scope: str) -> NewReport:
    """What the form says, without its photos. Raises Invalid."""
    key = call.request.headers.get("idempotency-key")
    if key is not None and not _KEY.fullmatch(key):
        raise Invalid("open311.idempotency_key_bad", field="Idempotency-Key", most=200)
    answers = _answers(form)
    place = Place(
        query.number(fields, "lat"),
        query.number(fields, "long"),
        fields.get("address_string", ""),
        fields.get("address_id"),
    )
    names = ("last_name", "first_name") if call.lang == "vi" else ("first_name", "last_name")
    return NewReport(
        text=fields.get("description") or _without_words(call, category, answers),
        place=place,
        channel="open311",
        lang=call.lang,
        # Whoever has a key has undertaken to ask people first; the protocol has no word for it.
        consent=True,
        category=category.category_id,
        answers=answers,
        contact=Contact(
            " ".join(fields[name] for name in names if name in fields), fields.get("phone", ""), fields.get("email", "")
        ),
        key=(scope, key) if key else None,
        # Who sends photos along has sent them.
        media_url="" if form.uploads else fields.get("media_url", "")[:URL_MOST],
    )


def _answers(form: Sent) -> dict[str, str]:
    """``attribute[question]`` and ``attribute[question][]``; every question of ours takes one answer. Raises
    Invalid."""
    answers: dict[str, str] = {}
    for name, values in form.ticked.items():
        found = _ATTRIBUTE.fullmatch(name)
        given = [value.strip() for value in values if value.strip()]
        if not found or not given:
            continue
        if len(given) > 1 or answers.get(found[1], given[0]) != given[0]:
            raise Invalid("open311.one_answer", field=f"attribute[{found[1]}]")
        answers[found[1]] = given[0]
    return answers


def _without_words(call: Call, category: Category, answers: Mapping[str, str]) -> str:
    """A description is optional: what it is about stands for it."""
    said = category_name(call.here.parts.rules, category.category_id, call.lang)
    named = [
        question.answers[answer][call.lang == "en"]
        for question in category.questions.values()
        if (answer := answers.get(question.question_id, "")) in question.answers
    ]
    return ": ".join([said, ", ".join(named)]) if named else said


_NAMES = {
    "text": "description",
    "place": "lat, long, address_string",
    "place.address": "address_string",
    "place.commune_code": "address_id",
    "contact.name": "first_name, last_name",
    "contact.phone": "phone",
    "contact.email": "email",
    "category": "service_code",
    "photos": "media",
    "proof": "media",
}
"""How this protocol names what the slices name."""


@contextmanager
def _named() -> Iterator[None]:
    """Problems are told by the protocol's own names."""
    try:
        yield
    except Invalid as error:
        raise Invalid.many([Problem(p.key, p.params, _named_as(p.field)) for p in error.problems]) from None


def _named_as(field: str | None) -> str | None:
    if field and field.startswith("answers."):
        return f"attribute[{field.removeprefix('answers.')}]"
    return _NAMES.get(field or "", field)


async def _store(call: Call, form: Sent) -> tuple[tuple[StoredPhoto, ...], list[Problem]]:
    parts = call.here.parts
    return await photos.store(parts.pool, parts.objects, parts.lab, call.here.uploads, form.uploads)


# ---------------------------------------------------------------- updates


async def send_update(call: Call) -> Response[bytes]:
    """Somebody who works on a report, in a system of their own, says how far it is: progress, or the result."""
    call.here.limiter.take(call.request)
    form = await read_form(call.request, uploads=True, takes=_MEDIA)
    try:
        fields = _fields(call, form)
        actor = await call.holder(_key(fields))
        call.check_jurisdiction(fields.get("jurisdiction_id", ""))
        if missing := [name for name in _UPDATE_NEEDS if name not in fields]:
            raise Invalid.many([Problem("open311.missing", field=name) for name in missing])
        act = _UPDATES.get(fields["status"].lower())
        if act is None:
            raise Invalid("open311.status_unknown", field="status", status=fields["status"][:20])
        query.moment(fields, "updated_datetime")
        key = f"open311:{fields['update_id'][:200]}"
        report = await reports.find(call.here.parts.pool, fields["service_request_id"])
        if await reports.done_already(call.here.parts.pool, actor, report, key):
            raise Invalid("open311.update_known", field="update_id")
        reports.visible(actor, report)
        if not call.trial:
            stored, refused = await _store(call, form)
            if refused and not stored:
                raise Invalid.many(refused)
            given = Form(text=fields["description"], photos=stored, client_key=key)
            with _named():
                await reports.perform(call.here.parts.pool, call.here.parts.rules, actor, report, act, given)
    finally:
        form.close()
    return call.answer("service_request_updates", "request_update", [{"update_id": fields["update_id"]}])


_UPDATE_NEEDS = ("update_id", "service_request_id", "status", "updated_datetime", "description")
_UPDATES = {"open": Act.PROGRESS, "closed": Act.RESOLVE}
