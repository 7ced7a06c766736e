"""Reading reports: the published ones as a list, each by its code, and what agencies said about them."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from litestar import Response

from app.accounts.model import Agency
from app.casefile.words import agency_name, category_name, status_word
from app.errors import Invalid, NotFound
from app.i18n import t
from app.open311 import query
from app.open311.context import Call
from app.open311.render import moment
from app.photos import service as photos
from app.reports import published
from app.reports.codes import read_code
from app.reports.model import Report, Status
from app.reports.published import Public

_USUAL = timedelta(days=90)
"""How far a list reaches back where nobody says, and the longest span that may be asked for."""
_STATUSES = {"open": published.OPEN, "closed": published.CLOSED}


async def requests(call: Call) -> Response[bytes]:
    call.check_jurisdiction(call.query.get("jurisdiction_id", ""))
    codes = query.several(call.query, "service_request_id")
    lang = call.lang
    if codes is not None:
        # These override everything else.
        known = [code for code in map(read_code, codes) if code]
        async with call.here.parts.pool.acquire() as conn:
            found = await published.by_codes(conn, known, lang)
        return await _answer(call, found)
    sought, (limit, skip) = _sought(call), query.page(call.query)
    async with call.here.parts.pool.acquire() as conn:
        found = await published.listed(conn, sought, limit, skip, lang)
    return await _answer(call, found)


async def request(call: Call, code: str) -> Response[bytes]:
    call.check_jurisdiction(call.query.get("jurisdiction_id", ""))
    return await _answer(call, [await _one(call, code)])


async def token(call: Call, code: str) -> Response[bytes]:
    """Whoever sends a report gets its code at once, so that a code is its own token."""
    call.check_jurisdiction(call.query.get("jurisdiction_id", ""))
    found = (await _one(call, code)).report.code
    return call.answer("service_requests", "request", [{"service_request_id": found, "token": code}])


async def updates(call: Call) -> Response[bytes]:
    """What agencies said in public, oldest first."""
    call.check_jurisdiction(call.query.get("jurisdiction_id", ""))
    limit, skip = query.page(call.query)
    since, until = _span(call, "start_date", "end_date", usual=True)
    now = datetime.now(UTC)
    async with call.here.parts.pool.acquire() as conn:
        found = await published.told(conn, since or now - _USUAL, until or now, limit, skip, call.lang)
    said = [
        {
            "update_id": str(each.message_id),
            "service_request_id": each.report.code,
            "status": "closed" if each.closes else "open",
            "updated_datetime": moment(each.at),
            "description": each.text,
            "media_url": None,
        }
        for each in found
    ]
    return call.answer("service_request_updates", "request_update", said)


async def _one(call: Call, code: str) -> Public:
    """Raises NotFound."""
    clean = read_code(code)
    async with call.here.parts.pool.acquire() as conn:
        found = await published.by_codes(conn, [clean], call.lang) if clean else []
    if not found:
        raise NotFound("open311.request_unknown", field="service_request_id", code=code[:40])
    return found[0]


def _span(call: Call, first: str, last: str, *, usual: bool) -> tuple[datetime | None, datetime | None]:
    """Both ends of a time, at most 90 days apart; with ``usual`` an end that is left out is filled in. Raises
    Invalid."""
    since, until = query.moment(call.query, first), query.moment(call.query, last)
    if usual and since is None:
        since = (until or datetime.now(UTC)) - _USUAL
    elif usual and until is None and since is not None:
        until = since + _USUAL
    if since and until and not timedelta(0) <= until - since <= _USUAL:
        raise Invalid("open311.span_wrong", field=last, days=_USUAL.days)
    return since, until


def _sought(call: Call) -> published.Sought:
    """Raises Invalid."""
    changed = _span(call, "updated_after", "updated_before", usual=False)
    return published.Sought(
        categories=query.several(call.query, "service_code"),
        statuses=_statuses(query.several(call.query, "status")),
        # Asked for what has changed, a report from long ago is as good as another.
        sent=_span(call, "start_date", "end_date", usual=changed == (None, None)),
        changed=changed,
        box=query.box(call.query),
    )


def _statuses(wanted: Iterable[str] | None) -> list[Status] | None:
    if wanted is None:
        return None
    if unknown := [each for each in wanted if each.lower() not in _STATUSES]:
        raise Invalid("open311.status_unknown", field="status", status=unknown[0][:20])
    return [status for each in wanted for status in _STATUSES[each.lower()]]


async def _answer(call: Call, found: list[Public]) -> Response[bytes]:
    agencies = await call.here.agencies.all({each.report.agency_id for each in found})
    extended = call.query.get("extensions", "").lower() == "true"
    said = [await _request(call, each, agencies, extended=extended) for each in found]
    return call.answer("service_requests", "request", said)


async def _request(call: Call, one: Public, agencies: Mapping[str, Agency], *, extended: bool) -> dict[str, Any]:
    report, lang, rules = one.report, call.lang, call.here.parts.rules
    shown = report.visibility == "public"
    links = [await _photo(call, picture.sha256) for picture in one.pictures]
    said: dict[str, Any] = {
        "service_request_id": report.code,
        "status": "closed" if report.status in published.CLOSED else "open",
        "status_notes": one.told or status_word(report.status, lang),
        "service_name": category_name(rules, report.category, lang) if shown else None,
        "service_code": report.category if shown else None,
        "description": one.text or None,
        "agency_responsible": agency_name(agencies, report.agency_id, lang) if shown else None,
        "service_notice": None if one.text else t("open311.not_published", lang),
        "requested_datetime": moment(report.submitted_at) if shown else None,
        "updated_datetime": moment(report.updated_at) if shown else None,
        "expected_datetime": moment(report.due_at) if shown else None,
        "address": (report.commune_name or None) if shown else None,
        "address_id": report.commune_code if shown else None,
        "zipcode": None,
        "lat": one.lat,
        "long": one.lon,
        "media_url": links[0] if links else None,
    }
    if extended:
        said["extended_attributes"] = _extended(report, links) if shown else {"detailed_status": report.status}
    return said


def _extended(report: Report, links: list[str]) -> dict[str, Any]:
    return {
        "detailed_status": report.status,
        "resolved_datetime": moment(report.resolved_at),
        "place_approximate": report.place_approximate,
        "photos": links,
    }


async def _photo(call: Call, sha256: str) -> str:
    parts = call.here.parts
    base = f"{call.here.root}/api/v1/photos"
    return await photos.photo_url(parts.objects, parts.settings.secret_key, base, sha256, "large")
