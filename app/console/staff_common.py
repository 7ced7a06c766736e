"""What the pages about accounts share: what a form may choose from, what was typed into it, names in words."""

from collections.abc import Iterable

from msgspec import Struct

from app.accounts import service as accounts
from app.accounts.importing import Known
from app.accounts.model import Agency, Role, Staff
from app.accounts.people import Limits, Wanted
from app.console.context import BASE, Req, console, lang_of
from app.forms import Form
from app.i18n import Lang, t

HERE = f"{BASE}/staff"


class Choices(Struct, frozen=True):
    """Ids and names: open agencies by name, categories by group, communes by name, roles."""

    agencies: list[tuple[str, str]]
    categories: list[tuple[str, list[tuple[str, str]]]]
    communes: list[tuple[str, str]]
    roles: list[tuple[str, str]]

    @property
    def names(self) -> dict[str, str]:
        """Categories and communes by id."""
        return dict([*(each for _, group in self.categories for each in group), *self.communes])


class Typed(Struct, frozen=True):
    """A form's fields as they were typed, or as the account has them."""

    username: str = ""
    full_name: str = ""
    email: str = ""
    agency_id: str = ""
    role: str = Role.OFFICER.value
    categories: tuple[str, ...] = ()
    communes: tuple[str, ...] = ()

    @classmethod
    def of(cls, staff: Staff) -> "Typed":
        return cls(
            staff.username,
            staff.full_name,
            staff.email,
            staff.agency_id,
            staff.role.value,
            staff.categories,
            staff.communes,
        )

    @classmethod
    def from_form(cls, form: Form) -> "Typed":
        return cls(
            form.text("username"),
            form.text("full_name"),
            form.text("email"),
            form.text("agency_id"),
            form.text("role"),
            tuple(form.ticked.get("categories", ())),
            tuple(form.ticked.get("communes", ())),
        )

    def wanted(self) -> Wanted:
        role = next((role for role in Role if role.value == self.role), Role.OFFICER)
        limits = Limits(self.categories, self.communes)
        return Wanted(self.username, self.full_name, self.agency_id, role, self.email, limits)


def agency_word(agency: Agency, lang: Lang) -> str:
    return (agency.name_en if lang == "en" else "") or agency.name


def role_word(role: str, lang: Lang) -> str:
    said = t(f"api.role_{role}", lang)
    return said[:1].upper() + said[1:]


async def agencies_of(request: Req) -> list[Agency]:
    async with console(request).parts.pool.acquire() as conn:
        return await accounts.agencies(conn)


def choices_of(request: Req, agencies: Iterable[Agency]) -> Choices:
    parts, lang = console(request).parts, lang_of(request)
    rules = parts.rules
    groups: dict[str, list[tuple[str, str]]] = {}
    for category in rules.categories.values():
        name = category.name_en if lang == "en" else category.name
        group = rules.groups[category.group_id]
        groups.setdefault(group.name_en if lang == "en" else group.name, []).append((category.category_id, name))
    communes = [(c.code, c.full_name) for c in parts.gazetteer.communes if c.province_code == rules.province_code]
    return Choices(
        sorted(((a.agency_id, agency_word(a, lang)) for a in agencies if a.active), key=lambda each: each[1]),
        list(groups.items()),
        sorted(communes, key=lambda each: each[1]),
        [(role.value, role_word(role.value, lang)) for role in Role],
    )


def known_of(choices: Choices) -> Known:
    """What a form or a table may name."""
    categories = {each for _, group in choices.categories for each, _ in group}
    return Known({each for each, _ in choices.agencies}, categories, {code for code, _ in choices.communes})
