"""What an app needs to know before it can send a report: categories and places; and the photos' public copies."""

import time

from litestar import Response, get
from litestar.params import FromPath
from msgspec import Struct

from app.api import examples
from app.api.body import read_query
from app.api.caching import tagged
from app.api.context import Req, answer, context
from app.api.declare import ANYONE, ETAG, call
from app.api.problems import lang_of
from app.api.views import CommuneView, Named, PlaceCandidate, candidate_view
from app.errors import Forbidden, Invalid, NotFound
from app.i18n import Lang
from app.photos import service as photos
from app.photos.links import verify_photo
from app.photos.model import COPY_TYPE, SIZES
from app.places.model import check_point
from app.routing.model import Category
from app.routing.service import RuleSet


class QuestionView(Struct):
    """An extra question of a category; answering it is optional. What is said goes along as ``answers``."""

    id: str
    text: str
    answers: list[Named]


class CategoryView(Struct):
    """``out_of_scope``: no field report; ``advice`` says where to turn. ``handling``: the time an agency has, in
    words."""

    id: str
    name: str
    icon: str
    visibility: str
    urgency: str
    handling: str
    examples: list[str]
    out_of_scope: bool
    advice: str
    questions: list[QuestionView]


class GroupView(Struct):
    id: str
    name: str
    icon: str
    categories: list[CategoryView]


class CategoriesView(Struct):
    """Groups in the order to show them. ``rule_set`` is the version of the rules these belong to."""

    rule_set: str
    groups: list[GroupView]


class PointQuery(Struct, frozen=True, forbid_unknown_fields=True):
    lat: float
    lon: float


class SearchQuery(Struct, frozen=True, forbid_unknown_fields=True):
    q: str


class PhotoQuery(Struct, frozen=True, forbid_unknown_fields=True):
    token: str = ""


class LocatedView(Struct):
    """``approximate``: the commune is likely, not certain; let the person choose among ``candidates``."""

    commune: CommuneView | None
    approximate: bool
    candidates: list[PlaceCandidate]


class FoundView(Struct):
    """At most three communes, the likeliest first; one alone when nothing else can be meant."""

    candidates: list[PlaceCandidate]


def category_details(rules: RuleSet, category: Category, lang: Lang) -> CategoryView:
    limit = category.handling.get(category.urgency) or rules.deadlines.handling[category.urgency]
    english = lang == "en"
    return CategoryView(
        category.category_id,
        category.name_en if english else category.name,
        category.icon,
        category.visibility,
        category.urgency,
        limit.words(lang),
        list(category.examples),
        category.out_of_scope,
        (category.advice_en if english else "") or category.advice,
        [
            QuestionView(
                question.question_id,
                question.name_en if english else question.name,
                [Named(each, names[english]) for each, names in question.answers.items()],
            )
            for question in category.questions.values()
        ],
    )


@get(
    "/categories",
    **call(
        ANYONE,
        "look_up",
        headers=(ETAG,),
        answer=CategoriesView,
        example=(None, examples.CATEGORIES),
    ),
)
async def categories(request: Req) -> Response[bytes]:
    rules, lang = context(request).parts.rules, lang_of(request)
    groups = [
        GroupView(
            group.group_id,
            group.name_en if lang == "en" else group.name,
            group.icon,
            [category_details(rules, rules.categories[each], lang) for each in group.categories],
        )
        for group in rules.groups.values()
    ]
    view = CategoriesView(rules.version, groups)
    return tagged(request, view, {"Cache-Control": "public, max-age=300"})


@get(
    "/places/locate",
    **call(
        ANYONE,
        "look_up",
        query=PointQuery,
        answer=LocatedView,
        example=(None, examples.LOCATED),
        errors=(
            Invalid("api.want_number", field="lat"),
            Invalid("places.point_zero", field="place"),
            Invalid("places.point_abroad", field="place", lat="48.8566", lon="2.3522"),
        ),
    ),
)
async def locate(request: Req) -> Response[bytes]:
    asked = read_query(request, PointQuery)
    found = context(request).parts.gazetteer.locate(*check_point(asked.lat, asked.lon))
    commune = CommuneView(found.commune.code, found.commune.full_name) if found.commune else None
    view = LocatedView(commune, found.approximate, [candidate_view(each) for each in found.candidates])
    return answer(request, view)


@get(
    "/places/search",
    **call(
        ANYONE,
        "look_up",
        query=SearchQuery,
        answer=FoundView,
        example=(None, examples.FOUND),
        errors=(Invalid("api.missing_field", field="q"), Invalid("reports.address_long", field="q", most=300)),
    ),
)
async def search(request: Req) -> Response[bytes]:
    asked = read_query(request, SearchQuery)
    if len(asked.q) > 300:
        raise Invalid("reports.address_long", field="q", most=300)
    parts = context(request).parts
    found = parts.gazetteer.search(asked.q, default_province_code=parts.rules.province_code)
    return answer(request, FoundView([candidate_view(each) for each in found]))


@get(
    "/photos/{sha256:str}/{size:str}",
    **call(
        ANYONE,
        "look_up",
        query=PhotoQuery,
        raw=COPY_TYPE,
        errors=(Forbidden("photos.link_invalid"), NotFound("photos.not_found")),
    ),
)
async def photo(request: Req, sha256: FromPath[str], size: FromPath[str]) -> Response[bytes]:
    parts = context(request).parts
    token = read_query(request, PhotoQuery).token
    wanted = next((known for known in SIZES if known == size), None)
    if wanted is None:
        raise NotFound("photos.not_found")
    left = verify_photo(parts.settings.secret_key, sha256, wanted, token, int(time.time()))
    data = await photos.read_photo(parts.objects, sha256, wanted)
    headers = {"Cache-Control": f"private, max-age={left}, immutable", "ETag": f'"{sha256[:20]}-{wanted}"'}
    return Response(data, media_type=COPY_TYPE, headers=headers)


ROUTES = [categories, locate, search, photo]
