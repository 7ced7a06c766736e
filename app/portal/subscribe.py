"""Following an area by mail, without an account: asking for it, confirming, looking after one's choices, ending.

Whoever asks is told the same whether an address is known or not. Links in mails are opened by programs too, so nothing
happens by opening one: each shows a page with a button. The one-click end (RFC 8058) is a POST as well.
"""

import time
from typing import Any

from litestar import Response, get, post
from msgspec import Struct

from app.db import Conn
from app.errors import AppError, Conflict, Invalid, NotFound, Problem, TooMany
from app.forms import Form, Malformed, read_form
from app.i18n import t
from app.portal import trap
from app.portal.context import Req, go, lang_of, open_to, portal, site_policy
from app.portal.feeds import path_of
from app.portal.render import show
from app.subscriptions import service, tokens
from app.subscriptions.model import RHYTHMS, Area, Follower, Rhythm, Wish, area_of, name_of

HERE = "/follow"


class Choice(Struct, frozen=True):
    """Something that is followed, as a form names it."""

    area: Area
    name: str


@get(HERE, **open_to("anyone"))
async def form_page(request: Req) -> Response[bytes]:
    """``commune`` and ``topic`` in the address are chosen already."""
    asked = {name: request.query_params.get(name, "") for name in ("commune", "topic")}
    return _form(request, Form(fields=asked))


@post(HERE, **open_to("anyone"))
async def ask(request: Req) -> Response[bytes]:
    try:
        form = await read_form(request)
    except Malformed as error:
        return _form(request, Form(), error)
    try:
        await _ask(request, form)
    except (Invalid, TooMany) as error:
        return _form(request, form, error)
    return go(f"{HERE}/sent")


async def _ask(request: Req, form: Form) -> None:
    parts, lang, ticket = portal(request).parts, lang_of(request), form.text("ticket")
    if not _has_mail(request):
        raise NotFound("portal.not_found")
    if problems := _problems(request, form):
        raise Invalid.many(problems)
    if not trap.holds(parts.settings.secret_key, ticket, time.time()):
        raise Invalid("follow.too_fast", field="ticket")
    portal(request).asks.take(request)
    wish = Wish(_area(request, form), _rhythm(form), lang, service.consent(lang))
    await service.ask(parts.pool, parts.settings.secret_key, form.text("email"), wish, ticket.rpartition(".")[0])


def _problems(request: Req, form: Form) -> list[Problem]:
    """Everything that is wrong with it."""
    found: list[Problem] = []
    for check in (lambda: service.address_of(form.text("email")), lambda: _area(request, form), lambda: _rhythm(form)):
        try:
            check()
        except Invalid as error:
            found += error.problems
    return found if form.text("consent") else [*found, Problem("follow.consent_needed", field="consent")]


def _area(request: Req, form: Form) -> Area:
    parts = portal(request).parts
    return area_of(parts.rules, parts.gazetteer, form.text("commune"), form.text("topic"))


def _rhythm(form: Form) -> Rhythm:
    chosen = next((each for each in RHYTHMS if each == form.text("rhythm")), None)
    if chosen is None:
        raise Invalid("follow.rhythm_wrong", field="rhythm")
    return chosen


def _has_mail(request: Req) -> bool:
    settings = portal(request).parts.settings
    return settings.smtp is not None or settings.simulated


def _form(request: Req, form: Form, error: AppError | None = None) -> Response[bytes]:
    key, lang = portal(request).parts.settings.secret_key, lang_of(request)
    said = form.text("ticket")
    problems = {problem.field or "": problem for problem in reversed(error.problems if error else ())}
    if isinstance(error, TooMany):
        problems = {"": error.problems[0]}
    return show(
        lang,
        "follow.html.j2",
        status=error.status if error else 200,
        headers=site_policy(request),
        here=HERE,
        ticket=said if said and trap.issued(key, said, time.time()) else trap.ticket(key, time.time()),
        given={name: form.text(name) for name in ("email", "commune", "topic", "rhythm", "consent")},
        problems=problems,
        has_mail=_has_mail(request),
        rhythms=RHYTHMS,
        consent=service.consent(lang),
        feed=path_of(Area(), lang),
        **_choices(request),
    )


def _choices(request: Req) -> dict[str, Any]:
    """What a form may offer: communes, and groups with their categories; nothing that is no field report."""
    parts, lang = portal(request).parts, lang_of(request)
    home, rules = parts.rules.province_code, parts.rules

    def named(one: Any) -> str:
        return str(one.name_en if lang == "en" else one.name)

    return {
        "communes": [(each.code, each.full_name) for each in parts.gazetteer.communes if each.province_code == home],
        "groups": [
            (
                f"group:{group.group_id}",
                named(group),
                [
                    (f"category:{each}", named(rules.categories[each]))
                    for each in group.categories
                    if not rules.categories[each].out_of_scope
                ],
            )
            for group in rules.groups.values()
            if not group.out_of_scope
        ],
    }


@get(f"{HERE}/sent", **open_to("anyone"))
async def sent(request: Req) -> Response[bytes]:
    return _said(request, "sent")


def _said(request: Req, what: str) -> Response[bytes]:
    return show(lang_of(request), "follow_said.html.j2", headers=site_policy(request), here=HERE, what=what)


@get(f"{HERE}/confirm", **open_to("link"))
async def confirm_page(request: Req) -> Response[bytes]:
    parts, token = portal(request).parts, request.query_params.get("k", "")
    async with parts.pool.acquire() as conn:
        asked = await service.asked(conn, parts.settings.secret_key, token)
    lang, wish = lang_of(request), asked.wish
    return show(
        lang,
        "follow_confirm.html.j2",
        headers=site_policy(request),
        here=HERE,
        token=token,
        area=name_of(parts.rules, parts.gazetteer, wish.area, lang),
        rhythm=t(f"follow.{wish.rhythm}", lang),
    )


@post(f"{HERE}/confirm", **open_to("link"))
async def confirm(request: Req) -> Response[bytes]:
    parts, form = portal(request).parts, await read_form(request)
    secret = parts.settings.secret_key
    follower_id = await service.confirm(parts.pool, secret, form.text("k"))
    return go(f"{HERE}/mine?k={tokens.sign(secret, 'manage', follower_id)}&done=confirmed")


# ---------------------------------------------------------------- one's choices


@get(f"{HERE}/mine", **open_to("link"))
async def mine(request: Req) -> Response[bytes]:
    async with portal(request).parts.pool.acquire() as conn:
        follower = await _managed(request, conn, request.query_params.get("k", ""))
    return _mine(request, follower)


async def _managed(request: Req, conn: Conn, token: str) -> Follower:
    return await service.managed(conn, portal(request).parts.settings.secret_key, token)


def _mine(request: Req, follower: Follower, error: AppError | None = None) -> Response[bytes]:
    parts, lang = portal(request).parts, lang_of(request)
    done = request.query_params.get("done", "")
    return show(
        lang,
        "follow_mine.html.j2",
        status=error.status if error else 200,
        headers=site_policy(request),
        here=HERE,
        token=tokens.sign(parts.settings.secret_key, "manage", follower.follower_id),
        follower=follower,
        areas=[Choice(each, name_of(parts.rules, parts.gazetteer, each, lang)) for each in follower.areas],
        rhythms=RHYTHMS,
        done=done if done in ("confirmed", "saved") else "",
        problem=error.problems[0] if error else None,
        **_choices(request),
    )


@post(f"{HERE}/mine", **open_to("link"))
async def change(request: Req) -> Response[bytes]:
    """One change: ``what`` is rhythm, add, drop or end."""
    form, pool = await read_form(request), portal(request).parts.pool
    async with pool.acquire() as conn:
        follower = await _managed(request, conn, form.text("k"))
    who, what = follower.follower_id, form.text("what")
    try:
        if what == "rhythm":
            await service.set_rhythm(pool, who, _rhythm(form))
        elif what == "add":
            await service.add(pool, who, _area(request, form))
        elif what == "drop":
            if not await service.drop(pool, who, _dropped(form)):
                return _said(request, "ended")
        elif what == "end":
            await service.end(pool, who)
            return _said(request, "ended")
    except (Conflict, Invalid) as error:
        return _mine(request, follower, error)
    return go(f"{HERE}/mine?k={form.text('k')}&done=saved")


def _dropped(form: Form) -> Area:
    """Also of what the rules know no more."""
    kind, _, name = form.text("topic").partition(":")
    return Area(
        form.text("commune"), group=name if kind == "group" else "", category=name if kind == "category" else ""
    )


@get(f"{HERE}/end", **open_to("link"))
async def end_page(request: Req) -> Response[bytes]:
    token = request.query_params.get("k", "")
    async with portal(request).parts.pool.acquire() as conn:
        await _managed(request, conn, token)
    return show(lang_of(request), "follow_end.html.j2", headers=site_policy(request), here=HERE, token=token)


@post(f"{HERE}/end", **open_to("link"))
async def end(request: Req) -> Response[bytes]:
    """Also pressed by mailbox programs, which bring nothing but the address and do not read the answer. Ended twice is
    ended."""
    parts = portal(request).parts
    follower_id = tokens.read(parts.settings.secret_key, "manage", request.query_params.get("k", ""))
    if follower_id is None:
        raise NotFound("follow.manage_gone")
    await service.end(parts.pool, follower_id)
    return _said(request, "ended")


ROUTES = [form_page, ask, sent, confirm_page, confirm, mine, change, end_page, end]
