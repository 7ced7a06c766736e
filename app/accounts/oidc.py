"""Single sign-on with an OpenID Connect provider: discovery, code flow with PKCE, state, nonce, the token's signature.

The provider says who somebody is; which account that is, we say (``identities``). Authlib checks the token's claims,
joserfc, which it stands on, the signature.
"""

import asyncio
import secrets
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NoReturn
from urllib.parse import urlencode

import httpx
import msgspec
import structlog
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from msgspec import Struct

from app.accounts import entry, identities, store, store_identities
from app.accounts.entry import Begun
from app.accounts.keys import digest
from app.accounts.model import Entry, EventKind, Origin, Session
from app.accounts.store_identities import Away
from app.accounts.totp import Policy
from app.db import Pool
from app.errors import Unauthenticated, Unavailable
from app.settings.signin import Oidc

log = structlog.get_logger(__name__)

# Never "none", never a shared secret: whoever can check such a token can also make one.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
LEEWAY_SECONDS = 60  # what the provider's clock may be off
AWAY = timedelta(minutes=10)
_FRESH_SECONDS = 600.0
_KEYS_AT_MOST_EVERY = 30.0
_MOST_BYTES = 1 << 20


class Metadata(Struct):
    """What of the provider's discovery document is used."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)


class Claims(Struct, frozen=True):
    """What a checked token says. ``username`` and ``email`` are "" unless they are what accounts are found by."""

    subject: str
    username: str
    email: str
    strong: bool

    def __repr__(self) -> str:
        return f"Claims(strong={self.strong})"


class Question(Struct, frozen=True):
    """Where to send the browser, and the state that it has to bring back and has to keep in a cookie meanwhile."""

    address: str
    state: str


class Refused(Unauthenticated):
    """The provider's answer opens nothing. The reason is for our log; the person is told to try again."""


class Provider:
    """One provider; keeps its discovery document and keys for some minutes."""

    def __init__(self, oidc: Oidc, redirect_uri: str) -> None:
        self.oidc = oidc
        self._redirect_uri = redirect_uri
        self._metadata: tuple[float, Metadata] | None = None
        self._keys: tuple[float, KeySet] | None = None
        self._lock = asyncio.Lock()

    # ------------------------------------------------------------ the provider's pages

    async def _ask(self, method: str, url: str, **more: Any) -> bytes:
        """Raises Unavailable."""
        try:
            async with httpx.AsyncClient(timeout=10, follow_redirects=False) as http:
                answer = await http.request(method, url, headers={"Accept": "application/json"}, **more)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            self._away(type(error).__name__)
        if answer.status_code == 400 and method == "POST":
            raise Refused("accounts.sso_refused")  # the code is not good any more
        if answer.status_code != 200 or len(answer.content) > _MOST_BYTES:
            self._away(f"status {answer.status_code}")
        return answer.content

    def _away(self, reason: str) -> NoReturn:
        log.warning("the identity provider cannot be used", issuer=self.oidc.issuer, reason=reason)
        raise Unavailable("accounts.sso_away")

    async def metadata(self) -> Metadata:
        """Raises Unavailable when there is none, or it is another issuer's."""
        async with self._lock:
            if self._metadata is None or time.monotonic() - self._metadata[0] > _FRESH_SECONDS:
                raw = await self._ask("GET", f"{self.oidc.issuer.rstrip('/')}/.well-known/openid-configuration")
                try:
                    found = msgspec.json.decode(raw, type=Metadata)
                except msgspec.DecodeError:
                    self._away("its discovery document cannot be read")
                if found.issuer != self.oidc.issuer:
                    self._away("its discovery document names another issuer")
                self._metadata = (time.monotonic(), found)
            return self._metadata[1]

    async def _key_set(self, *, older_than: float) -> KeySet:
        async with self._lock:
            if self._keys is not None and time.monotonic() - self._keys[0] <= older_than:
                return self._keys[1]
        metadata = await self.metadata()
        raw = await self._ask("GET", metadata.jwks_uri)
        try:
            keys = KeySet.import_key_set(msgspec.json.decode(raw))
        except (msgspec.DecodeError, JoseError, KeyError, TypeError, ValueError):
            self._away("its keys cannot be read")
        self._keys = (time.monotonic(), keys)
        return keys

    # ------------------------------------------------------------ there and back

    async def leave(self, pool: Pool, wanted: str, at: datetime) -> Question:
        """Begin a sign-in that goes on to ``wanted``. Raises Unavailable."""
        metadata = await self.metadata()
        state, nonce, verifier = (secrets.token_urlsafe(48) for _ in range(3))
        async with pool.acquire() as conn:
            await store_identities.leave(conn, digest(state), Away(nonce, verifier, wanted), at + AWAY)
        query = {
            "response_type": "code",
            "client_id": self.oidc.client_id,
            "redirect_uri": self._redirect_uri,
            "scope": "openid profile email",
            "state": state,
            "nonce": nonce,
            "code_challenge": create_s256_code_challenge(verifier),
            "code_challenge_method": "S256",
        }
        joint = "&" if "?" in metadata.authorization_endpoint else "?"
        return Question(f"{metadata.authorization_endpoint}{joint}{urlencode(query)}", state)

    async def come_back(
        self, pool: Pool, policy: Policy, answer: Mapping[str, str], kept_state: str, at: datetime, origin: Origin
    ) -> tuple[Session | Begun, str]:
        """The browser is back with ``answer``: (session, or what is still missing; where to go on).

        Raises Unauthenticated: ``sso_over`` (another browser, too late, or answered before), ``sso_refused``,
        ``sso_unknown`` (no account); TooMany while the user name is locked; Unavailable.
        """
        try:
            return await self._come_back(pool, policy, answer, kept_state, at, origin)
        except Unauthenticated as error:
            reason = error.key.removeprefix("accounts.")
            async with pool.acquire() as conn:
                await store.record(conn, Entry(EventKind.SIGN_IN_REFUSED, None, None, {"reason": reason}))
            raise

    async def _come_back(
        self, pool: Pool, policy: Policy, answer: Mapping[str, str], kept_state: str, at: datetime, origin: Origin
    ) -> tuple[Session | Begun, str]:
        state = answer.get("state", "")
        if not state or not secrets.compare_digest(state.encode(), kept_state.encode()):
            raise Unauthenticated("accounts.sso_over")
        async with pool.acquire() as conn:
            away = await store_identities.come_back(conn, digest(state), at)
        if away is None:
            raise Unauthenticated("accounts.sso_over")
        if "error" in answer or not answer.get("code") or answer.get("iss", self.oidc.issuer) != self.oidc.issuer:
            self._refuse(f"answered {answer.get('error', 'without a code')[:60]!r}")
        claims = await self._claims(answer["code"], away, at)
        staff = await identities.staff_behind(
            pool, self.oidc.issuer, claims.subject, username=claims.username, email=claims.email
        )
        if staff is None:
            raise Unauthenticated("accounts.sso_unknown")
        opened = await entry.arrive(pool, policy, staff, at, strong=claims.strong, origin=origin)
        return opened, away.wanted

    def _refuse(self, reason: str) -> NoReturn:
        log.warning("a single sign-on was refused", issuer=self.oidc.issuer, reason=reason)
        raise Refused("accounts.sso_refused")

    # ------------------------------------------------------------ the token

    async def _claims(self, code: str, away: Away, at: datetime) -> Claims:
        """Trade the code for a token and check it. Raises Refused, Unavailable."""
        metadata = await self.metadata()
        body = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._redirect_uri,
            "code_verifier": away.verifier,
        }
        more: dict[str, Any] = {}
        secret = self.oidc.client_secret
        if secret and "client_secret_basic" in metadata.token_endpoint_auth_methods_supported:
            more["auth"] = httpx.BasicAuth(self.oidc.client_id, secret)
        else:
            body["client_id"] = self.oidc.client_id
            if secret:
                body["client_secret"] = secret
        raw = await self._ask("POST", metadata.token_endpoint, data=body, **more)
        try:
            tokens = msgspec.json.decode(raw, type=dict[str, Any])
        except msgspec.DecodeError:
            self._refuse("no tokens in its answer")
        return await self.check(tokens.get("id_token"), tokens.get("access_token"), away.nonce, at)

    async def check(self, id_token: Any, access_token: Any, nonce: str, at: datetime) -> Claims:
        """What the token says, if it is this provider's, for us, of now, and the answer to this question. Raises
        Refused, Unavailable."""
        if not isinstance(id_token, str):
            self._refuse("no id_token")
        try:
            token = await self._signed(id_token)
            options = {
                "iss": {"essential": True, "value": self.oidc.issuer},
                "aud": {"essential": True, "value": self.oidc.client_id},
                "sub": {"essential": True},
                "nonce": {"essential": True, "value": nonce},
            }
            params = {"nonce": nonce, "client_id": self.oidc.client_id, "access_token": access_token}
            claims = CodeIDToken(token.claims, token.header, options, params)
            claims.validate(now=int(at.timestamp()), leeway=LEEWAY_SECONDS)
        except (JoseError, ValueError, TypeError) as error:
            self._refuse(f"{type(error).__name__}: {error}"[:200])
        return self._of(claims)

    async def _signed(self, id_token: str) -> jwt.Token:
        """Raises JoseError, ValueError. A key that is not known yet may be new: the keys are read again, but not for
        everybody who makes up a key's name."""
        try:
            return jwt.decode(id_token, await self._key_set(older_than=_FRESH_SECONDS), list(ALGORITHMS))
        except InvalidKeyIdError:
            return jwt.decode(id_token, await self._key_set(older_than=_KEYS_AT_MOST_EVERY), list(ALGORITHMS))

    def _of(self, claims: Mapping[str, Any]) -> Claims:
        subject = claims["sub"]
        if not isinstance(subject, str) or not 1 <= len(subject) <= 255:
            self._refuse("its subject is no text")
        email, username = claims.get("email"), claims.get(self.oidc.username_claim or "")
        vouched = claims.get("email_verified") is True and isinstance(email, str)
        amr = claims.get("amr") or []
        said = {claims.get("acr"), *(each for each in amr if isinstance(each, str))}
        return Claims(
            subject,
            username if isinstance(username, str) else "",
            str(email) if vouched else "",
            bool(said & self.oidc.second_factor),
        )
