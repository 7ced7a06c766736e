"""Signing in, and what belongs to an account: keys for programs, the list of agencies."""

from datetime import UTC, datetime
from typing import Literal
from uuid import UUID

from litestar import Response, delete, get, post
from litestar.params import FromPath
from msgspec import Struct

from app.accounts import service as accounts
from app.accounts.model import Actor, ApiToken, Role, Session
from app.accounts.origins import origin
from app.accounts.totp import Policy
from app.api import examples_staff as examples
from app.api.body import read_body, read_query
from app.api.context import Req, answer, context, staff
from app.api.declare import ACCOUNT_MANAGER, ALL_STAFF, ANYONE, Who, call
from app.api.problems import lang_of
from app.api.views import Named, agency_view
from app.casefile.words import agency_name
from app.errors import Conflict, Forbidden, Invalid, NotFound, TooMany, Unauthenticated

IN_A_BROWSER = Who("staff", frozenset(Role), by_hand=True)


class SignIn(Struct, frozen=True, forbid_unknown_fields=True):
    """``one_time_code``: six digits of the authenticator app, or a recovery code; for accounts with a second factor."""

    username: str
    password: str
    one_time_code: str = ""


class Me(Struct):
    """Who is signed in. ``agencies``: those whose reports they handle, the own one and those below it."""

    id: UUID
    name: str
    role: Role
    agency: Named
    agencies: list[str]


class SessionView(Struct):
    """Signed in. The session itself is an HttpOnly cookie; send ``csrf_token`` as ``X-CSRF-Token`` with every request
    that changes something."""

    csrf_token: str
    expires_at: datetime
    me: Me


class TokenBody(Struct, frozen=True, forbid_unknown_fields=True):
    """``username``: whose rights the key carries; left out, the caller's own."""

    name: str
    scopes: tuple[Literal["read", "write", "feed", "open311"], ...]
    expires_at: datetime | None = None
    username: str | None = None


class TokenQuery(Struct, frozen=True, forbid_unknown_fields=True):
    username: str | None = None


class NewToken(Struct):
    """``token`` is shown this once; only its digest is kept."""

    token: str


class TokenView(Struct):
    id: UUID
    name: str
    scopes: list[str]
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None
    revoked_at: datetime | None


class TokensView(Struct):
    items: list[TokenView]


class AgencyView(Struct):
    id: str
    name: str
    kind: str
    parent: str | None
    commune_code: str | None
    active: bool


class AgenciesView(Struct):
    items: list[AgencyView]


async def _me(request: Req, actor: Actor, name: str) -> Me:
    assert actor.id is not None
    assert actor.role is not None
    assert actor.agency_id is not None
    agencies = await context(request).agencies.all([actor.agency_id])
    agency = agency_view(agencies, actor.agency_id, lang_of(request))
    return Me(actor.id, name, actor.role, agency, sorted(actor.agencies))


def _cookie(request: Req, value: str, seconds: int) -> str:
    ctx = context(request)
    secure = "; Secure" if ctx.secure else ""
    return f"{ctx.cookie}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}"


async def _view(request: Req, actor: Actor, session: Session) -> SessionView:
    return SessionView(session.csrf, session.expires_at, await _me(request, actor, session.staff.full_name))


@post(
    "/session",
    **call(
        ANYONE,
        "session",
        status=201,
        body=SignIn,
        answer=SessionView,
        example=(examples.SIGN_IN, examples.SESSION),
        errors=(
            Unauthenticated("accounts.sign_in_wrong"),
            Unauthenticated("accounts.code_needed", field="one_time_code"),
            Unauthenticated("accounts.code_wrong", field="one_time_code"),
            Forbidden("accounts.set_up_first"),
            TooMany("accounts.locked", retry_after=60, minutes=1),
            TooMany("accounts.busy", retry_after=1),
        ),
    ),
)
async def sign_in(request: Req) -> Response[bytes]:
    context(request).sign_ins.take(request)
    body, _ = await read_body(request, SignIn)
    now, pool = datetime.now(UTC), context(request).parts.pool
    session = await accounts.sign_in(
        pool,
        body.username,
        body.password,
        now,
        code=body.one_time_code,
        policy=Policy.of(context(request).parts.settings),
        origin=origin(request.headers.get("user-agent", ""), request.client.host if request.client else ""),
    )
    found = await accounts.session(pool, session.token, now)
    if found is None:
        raise Unauthenticated("api.sign_in_first")
    seconds = int((session.expires_at - now).total_seconds())
    cookie = _cookie(request, session.token, seconds)
    return answer(request, await _view(request, *found), 201, {"Set-Cookie": cookie})


@get(
    "/session",
    **call(
        IN_A_BROWSER,
        "session",
        answer=SessionView,
        example=(None, examples.SESSION),
    ),
)
async def see_session(request: Req) -> Response[bytes]:
    return answer(request, await _view(request, staff(request), request.state.session))


@delete(
    "/session",
    **call(IN_A_BROWSER, "session", status=204),
)
async def sign_out(request: Req) -> Response[None]:
    await accounts.sign_out(context(request).parts.pool, request.state.session.token)
    return Response(None, status_code=204, headers={"Set-Cookie": _cookie(request, "", 0)})


@get(
    "/me",
    **call(
        ALL_STAFF,
        "session",
        answer=Me,
        example=(None, examples.ME),
    ),
)
async def me(request: Req) -> Response[bytes]:
    actor = staff(request)
    assert actor.id is not None
    async with context(request).parts.pool.acquire() as conn:
        names = await accounts.staff_names(conn, [actor.id])
    return answer(request, await _me(request, actor, names.get(actor.id, "")))


async def _account(request: Req, username: str | None) -> UUID:
    """The named account, or the caller's own."""
    actor = staff(request)
    assert actor.id is not None
    if username is None:
        return actor.id
    async with context(request).parts.pool.acquire() as conn:
        return (await accounts.find_staff(conn, username)).staff_id


def _token(token: ApiToken) -> TokenView:
    return TokenView(
        token.token_id,
        token.name,
        list(token.scopes),
        token.created_at,
        token.last_used_at,
        token.expires_at,
        token.revoked_at,
    )


@get(
    "/tokens",
    **call(
        ALL_STAFF,
        "programs",
        query=TokenQuery,
        answer=TokensView,
        example=(None, examples.TOKENS),
        errors=(NotFound("accounts.no_such_staff"),),
    ),
)
async def tokens(request: Req) -> Response[bytes]:
    actor, asked = staff(request), read_query(request, TokenQuery)
    if asked.username is not None and actor.role is not Role.ADMINISTRATOR:
        # Who has which user name is not for everybody to find out.
        raise NotFound("accounts.no_such_staff")
    account = await _account(request, asked.username)
    found = await accounts.list_tokens(context(request).parts.pool, account, actor)
    return answer(request, TokensView([_token(each) for each in found]))


@post(
    "/tokens",
    **call(
        ACCOUNT_MANAGER,
        "programs",
        status=201,
        body=TokenBody,
        answer=NewToken,
        example=(examples.NEW_TOKEN_BODY, examples.NEW_TOKEN),
        errors=(
            Invalid("accounts.token_name_bad", field="name", maximum=100),
            Invalid("accounts.token_expiry_past", field="expires_at"),
            NotFound("accounts.no_such_staff"),
            Conflict("accounts.staff_disabled"),
        ),
    ),
)
async def make_token(request: Req) -> Response[bytes]:
    body, _ = await read_body(request, TokenBody)
    if body.expires_at is not None and body.expires_at.tzinfo is None:
        raise Invalid("api.want_time_zone", field="expires_at")
    account = await _account(request, body.username)
    pool = context(request).parts.pool
    token = await accounts.create_token(pool, account, body.name, body.scopes, body.expires_at, staff(request))
    return answer(request, NewToken(token), 201)


@delete(
    "/tokens/{token_id:str}",
    **call(
        ALL_STAFF,
        "programs",
        status=204,
        errors=(NotFound("accounts.no_such_token"),),
    ),
)
async def revoke_token(request: Req, token_id: FromPath[str]) -> Response[None]:
    try:
        wanted = UUID(token_id)
    except ValueError:
        raise NotFound("accounts.no_such_token") from None
    await accounts.revoke_token(context(request).parts.pool, wanted, staff(request))
    return Response(None, status_code=204)


@get(
    "/agencies",
    **call(
        ALL_STAFF,
        "session",
        answer=AgenciesView,
        example=(None, examples.AGENCIES),
    ),
)
async def agencies(request: Req) -> Response[bytes]:
    known, lang = await context(request).agencies.all(), lang_of(request)
    items = [
        AgencyView(a.agency_id, agency_name(known, a.agency_id, lang), a.kind, a.parent_id, a.commune_code, a.active)
        for a in known.values()
    ]
    return answer(request, AgenciesView(items))


ROUTES = [sign_in, see_session, sign_out, me, tokens, make_token, revoke_token, agencies]
