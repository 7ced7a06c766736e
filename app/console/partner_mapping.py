"""Which of our categories goes to a partner as which of its services, and what its questions are answered with."""

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from msgspec import Struct

from app.console.context import Req, actor, console, lang_of
from app.console.declare import SYSTEM, page
from app.console.partners import HERE, asking, groups, id_of, trouble
from app.console.render import go, show
from app.errors import AppError, Invalid
from app.forms import Form
from app.i18n import t
from app.partners import service, store
from app.partners.answers import Attribute
from app.partners.client import Failed
from app.partners.model import CODE, Fill
from app.routing.model import Question


class Field(Struct, frozen=True):
    """One question of theirs, and what it is filled with so far."""

    at: int
    attribute: Attribute
    fill: Fill
    problem: str


@get("/partners/{wanted:str}/map", **page(SYSTEM))
async def show_mapping(request: Req, wanted: FromPath[str]) -> Response[Any]:
    """``category`` and ``service`` in the address: what was chosen on the partner's page."""
    category, code = (request.query_params.get(name, "")[:200] for name in ("category", "service"))
    return await _page(request, id_of(wanted), category, code, None)


async def _page(
    request: Req,
    partner_id: UUID,
    category: str,
    code: str,
    typed: dict[str, Fill] | None,
    error: AppError | None = None,
) -> Response[Any]:
    rules, lang = console(request).parts.rules, lang_of(request)
    async with asking(request) as means:
        async with means.pool.acquire() as conn:
            found = await service.get(conn, actor(request), partner_id)
            before = (await store.mapped(conn, [partner_id])).get(partner_id, {}).get(category)
        chosen = code or (before.service_code if before else "")
        names = dict(each for _, group in groups(request) for each in group)
        if category not in names or chosen not in {one.code for one in found.services}:
            return go(f"{HERE}/{partner_id}?done=choose#services")
        attributes: list[Attribute] = []
        failure = ""
        try:
            attributes = await service.asked(means, actor(request), partner_id, chosen)
        except Failed as failed:
            failure = trouble(str(failed), lang)
    fills = typed if typed is not None else (before.fills if before and before.service_code == chosen else {})
    problems = {p.field: t(p.key, lang, **p.params) for p in error.problems} if error else {}
    return show(
        request,
        "partner_mapping.html.j2",
        status=error.status if error else 200,
        own=f"{HERE}/{partner_id}",
        partner=found,
        category=category,
        category_name=names[category],
        service=next(one for one in found.services if one.code == chosen),
        fields=[
            Field(at, one, fills.get(one.code, Fill()), problems.get(f"fill.{one.code}", ""))
            for at, one in enumerate(attributes)
        ],
        questions=[_question(one, lang == "en") for one in rules.categories[category].questions.values()],
        mark=CODE,
        mapped=before is not None,
        failure=failure,
        problems=problems,
    )


def _question(one: Question, english: bool) -> tuple[str, str, list[tuple[str, str]]]:  # which name
    answers = [(key, names[english]) for key, names in one.answers.items()]
    return one.question_id, one.name_en if english else one.name, answers


@post("/partners/{wanted:str}/map", **page(SYSTEM))
async def keep_mapping(request: Req, wanted: FromPath[str]) -> Response[Any]:
    """``end``: reports of this category go there no more."""
    form: Form = request.state.form
    partner_id, category = id_of(wanted), form.text("category")
    code = "" if form.text("end") == "1" else form.text("service")
    fills = _fills(form)
    async with asking(request) as means:
        try:
            await service.map_category(means, actor(request), partner_id, category, code, fills)
        except Invalid as error:
            return await _page(request, partner_id, category, code, fills, error)
        except Failed:
            return await _page(request, partner_id, category, code, fills)
    return go(f"{HERE}/{partner_id}?done={'mapped' if code else 'unmapped'}#services")


def _fills(form: Form) -> dict[str, Fill]:
    """``code.N``: which question of theirs; ``source.N``, ``fixed.N``, and ``answer.N.question.answer``."""
    fills = {}
    for name, code in form.fields.items():
        word, _, at = name.partition(".")
        if word != "code" or not at.isdigit():
            continue
        source = form.text(f"source.{at}")
        head = f"answer.{at}.{source}."
        answers = {each.removeprefix(head): form.text(each) for each in form.fields if source and each.startswith(head)}
        given = {answer: value for answer, value in answers.items() if value}
        fills[code] = Fill(source, form.text(f"fixed.{at}")[:500], given)
    return fills


ROUTES = [show_mapping, keep_mapping]
