"""Response templates: the list, one with its history, a new one; for leads, coordinators and administrators."""

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from msgspec import Struct

from app.accounts import service as accounts
from app.console.context import BASE, Req, actor, console, lang_of, session
from app.console.declare import TEMPLATES, page
from app.console.render import go, show
from app.console.staff_common import choices_of
from app.errors import AppError, Conflict, Invalid, NotFound
from app.forms import Form
from app.i18n import LANGS, t
from app.reports.workflow import Act
from app.templates import service as templates
from app.templates.model import ACTS, BODY_MOST, FIELDS, TITLE_MOST, Draft, Template, home_of, manages

HERE = f"{BASE}/templates"
_GROUP, _CATEGORY = "g:", "c:"


class Row(Struct, frozen=True):
    """A template in the list. ``scope``: which matters it is for; ``ours``: the reader may change it."""

    template: Template
    scope: str
    agency: str
    ours: bool


class Typed(Struct, frozen=True):
    """The form's fields as typed, or as the template has them. ``scope``: "", "g:<group>" or "c:<category>"."""

    act: str = ACTS[0].value
    scope: str = ""
    title: str = ""
    body: str = ""
    body_en: str = ""

    @classmethod
    def of(cls, one: Template) -> "Typed":
        scope = f"{_GROUP}{one.group_id}" if one.group_id else f"{_CATEGORY}{one.category}" if one.category else ""
        return cls(one.act.value, scope, one.title, one.body, one.body_en)

    @classmethod
    def from_form(cls, form: Form) -> "Typed":
        return cls(*(form.text(name) for name in cls.__struct_fields__))

    def draft(self) -> Draft:
        """Raises Invalid for an act that there is not."""
        act = next((act for act in Act if act == self.act), None)
        if act is None:
            raise Invalid("templates.act_wordless", field="act")
        return Draft(
            act=act,
            title=self.title,
            body=self.body,
            body_en=self.body_en,
            group_id=self.scope.removeprefix(_GROUP) if self.scope.startswith(_GROUP) else None,
            category=self.scope.removeprefix(_CATEGORY) if self.scope.startswith(_CATEGORY) else None,
        )


def _scope(request: Req, one: Template) -> str:
    rules, lang = console(request).parts.rules, lang_of(request)
    found: Any = rules.groups.get(one.group_id) if one.group_id else rules.categories.get(one.category or "")
    if found is None:
        return one.group_id or one.category or t("templates.any", lang)
    name: str = found.name_en if lang == "en" else found.name
    return name


def _centre(request: Req) -> str:
    return console(request).parts.rules.coordinator_id


async def _names(request: Req, agencies: set[str]) -> dict[str, str]:
    async with console(request).parts.pool.acquire() as conn:
        return await accounts.agency_names(conn, sorted(agencies), lang_of(request))


# ---------------------------------------------------------------- the list


@get("/templates", **page(TEMPLATES))
async def templates_page(request: Req) -> Response[bytes]:
    reader, centre = actor(request), _centre(request)
    asked = request.query_params.get("act", "")
    act = next((each for each in ACTS if each == asked), None)
    found = await templates.listed(console(request).parts.pool, reader, centre)
    names = await _names(request, {one.agency_id for one in found})
    rows = [
        Row(one, _scope(request, one), names[one.agency_id], manages(reader, one.agency_id, centre))
        for one in found
        if act in (None, one.act)
    ]
    return show(
        request,
        "templates.html.j2",
        rows=[row for row in rows if row.template.active],
        removed=[row for row in rows if not row.template.active and row.ours],
        acts=ACTS,
        act=act,
        first_set=manages(reader, centre, centre) and not any(one.agency_id == centre for one in found),
    )


@post("/templates/first-set", **page(TEMPLATES))
async def first_set(request: Req) -> Response[Any]:
    """The templates that the system brings along, for a centre that has none."""
    await templates.add_first_set(console(request).parts.pool, actor(request), _centre(request))
    return go(HERE)


# ---------------------------------------------------------------- one


async def _form_page(
    request: Req,
    typed: Typed,
    found: Template | None = None,
    *,
    changes: Any = (),
    error: AppError | None = None,
    preview: bool = False,
) -> Response[bytes]:
    reader, centre, lang = actor(request), _centre(request), lang_of(request)
    agency_id = found.agency_id if found else home_of(reader, centre)
    names = await _names(request, {agency_id})
    people = {change.staff_id for change in changes if change.staff_id}
    async with console(request).parts.pool.acquire() as conn:
        by = await accounts.staff_names(conn, people)
    shown = await _samples(request, typed, agency_id) if preview and error is None else []
    return show(
        request,
        "templates_one.html.j2",
        status=error.status if error else 200,
        found=found,
        ours=found is None or manages(reader, found.agency_id, centre),
        agency=names[agency_id],
        typed=typed,
        acts=ACTS,
        groups=_groups(request),
        fields=FIELDS,
        title_most=TITLE_MOST,
        body_most=BODY_MOST,
        changes=[(change, by.get(change.staff_id, "") if change.staff_id else "") for change in changes],
        samples=shown,
        problems={p.field: t(p.key, lang, **p.params) for p in error.problems} if error else {},
        group_sign=_GROUP,
        category_sign=_CATEGORY,
    )


def _groups(request: Req) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """Groups with their categories: id, name, members."""
    rules, lang = console(request).parts.rules, lang_of(request)
    named = dict(choices_of(request, ()).categories)
    groups = [(group_id, group.name_en if lang == "en" else group.name) for group_id, group in rules.groups.items()]
    return [(group_id, name, named.get(name, [])) for group_id, name in groups]


async def _samples(request: Req, typed: Typed, agency_id: str) -> list[tuple[str, str]]:
    """The template filled in, in each language that it has words in."""
    officer, draft = session(request).staff.full_name, typed.draft()
    parts, made = console(request).parts, []
    for lang in LANGS:
        if lang == "en" and not draft.body_en:
            continue
        async with parts.pool.acquire() as conn:
            agency = (await accounts.agency_names(conn, [agency_id], lang)).get(agency_id, agency_id)
        made.append((str(lang), templates.sample(parts.rules, draft, lang, officer, agency)))
    return made


@get("/templates/new", **page(TEMPLATES))
async def new_page(request: Req) -> Response[bytes]:
    return await _form_page(request, Typed(act=request.query_params.get("act", ACTS[0].value)))


@post("/templates/new", **page(TEMPLATES, status=200))
async def new(request: Req) -> Response[Any]:
    form: Form = request.state.form
    parts, typed = console(request).parts, Typed.from_form(form)
    try:
        draft = templates.checked(parts.rules, typed.draft())
        if "preview" in form.fields:
            return await _form_page(request, typed, preview=True)
        await templates.add(parts.pool, parts.rules, actor(request), draft)
    except Invalid as error:
        return await _form_page(request, typed, error=error)
    return go(f"{HERE}?act={typed.act}")


def _id(typed: str) -> UUID:
    try:
        return UUID(typed)
    except ValueError:
        raise NotFound("templates.gone") from None


@get("/templates/{wanted:str}", **page(TEMPLATES))
async def template_page(request: Req, wanted: FromPath[str]) -> Response[bytes]:
    found, changes = await templates.get(console(request).parts.pool, actor(request), _centre(request), _id(wanted))
    return await _form_page(request, Typed.of(found), found, changes=changes)


@post("/templates/{wanted:str}", **page(TEMPLATES, status=200))
async def change(request: Req, wanted: FromPath[str]) -> Response[Any]:
    form: Form = request.state.form
    parts, typed, reader = console(request).parts, Typed.from_form(form), actor(request)
    found, changes = await templates.get(parts.pool, reader, _centre(request), _id(wanted))
    try:
        draft = templates.checked(parts.rules, typed.draft())
        if "preview" in form.fields:
            return await _form_page(request, typed, found, changes=changes, preview=True)
        await templates.change(parts.pool, parts.rules, reader, found.template_id, draft, form.number("version"))
    except (Invalid, Conflict) as error:
        return await _form_page(request, typed, found, changes=changes, error=error)
    return go(f"{HERE}?act={typed.act}")


@post("/templates/{wanted:str}/switch", **page(TEMPLATES))
async def switch(request: Req, wanted: FromPath[str]) -> Response[Any]:
    form: Form = request.state.form
    parts, active = console(request).parts, form.text("active") == "yes"
    await templates.switch(
        parts.pool, parts.rules, actor(request), _id(wanted), active=active, version=form.number("version")
    )
    return go(HERE)


ROUTES = [templates_page, first_set, new_page, new, template_page, change, switch]
