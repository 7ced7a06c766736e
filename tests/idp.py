"""A small OpenID Connect provider on loopback: real HTTP, real keys, real signatures; it can be told to lie."""

import asyncio
import base64
import hashlib
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import msgspec
import uvicorn
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey

CLIENT, SECRET = "phananh", "bi-mat-cua-ung-dung"


class Provider:
    """Whoever comes to its sign-in page is ``person``. ``claims`` and ``header`` go over what an honest token says;
    ``signs`` is the key that signs, which need not be one of those it publishes."""

    def __init__(self) -> None:
        self.rsa = RSAKey.generate_key(2048, {"kid": "rsa-1", "use": "sig"})
        self.ec = ECKey.generate_key("P-256", {"kid": "ec-1", "use": "sig"})
        self.issuer = ""
        self.comes_back_to = ""
        self.be_honest()

    def be_honest(self) -> None:
        self.published: list[RSAKey | ECKey] = [self.rsa, self.ec]
        self.signs: RSAKey | ECKey = self.rsa
        self.algorithm = "RS256"
        self.person: dict[str, Any] = {"sub": "person-1"}
        self.claims: dict[str, Any] = {}
        self.header: dict[str, Any] = {}
        self.raw_token: str | None = None
        self.discovery: dict[str, Any] = {}
        self.codes: dict[str, dict[str, str]] = {}
        self.key_requests = 0

    def token(self, nonce: str) -> str:
        now = int(time.time())
        honest = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": nonce, **self.person}
        said = {name: value for name, value in {**honest, **self.claims}.items() if value is not None}
        header = {"alg": self.algorithm, "kid": self.signs.kid, **self.header}
        return jwt.encode(header, said, self.signs, algorithms=[self.algorithm])

    # ------------------------------------------------------------ its pages

    def answer(self, path: str, query: dict[str, str], body: dict[str, str], authorization: str) -> tuple[int, Any]:
        match path:
            case "/.well-known/openid-configuration":
                places = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys"}
                own = {name: f"{self.issuer}/{place}" for name, place in places.items()}
                return 200, {"issuer": self.issuer, **own, **self.discovery}
            case "/keys":
                self.key_requests += 1
                return 200, KeySet(list(self.published)).as_dict(private=False)
            case "/authorize":
                return 302, self._authorize(query)
            case "/token":
                return self._token(body, authorization)
        return 404, {}

    def _authorize(self, query: dict[str, str]) -> str:
        assert query["response_type"] == "code"
        assert query["client_id"] == CLIENT
        assert query["code_challenge_method"] == "S256"
        assert "openid" in query["scope"].split()
        code = secrets.token_urlsafe(16)
        self.codes[code] = query
        # A test's server knows the address it has only after it was made: the path is as asked, the host as it is.
        back = urlsplit(query["redirect_uri"])._replace(query=urlencode({"code": code, "state": query["state"]}))
        host = urlsplit(self.comes_back_to) if self.comes_back_to else back
        return urlunsplit(back._replace(netloc=host.netloc))

    def _token(self, body: dict[str, str], authorization: str) -> tuple[int, Any]:
        given = base64.b64decode(authorization.removeprefix("Basic ")).decode()
        asked = self.codes.pop(body.get("code", ""), None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(body.get("code_verifier", "").encode()).digest())
        if (
            given != f"{CLIENT}:{SECRET}"
            or asked is None
            or asked["redirect_uri"] != body.get("redirect_uri")
            or asked["code_challenge"] != challenge.decode().rstrip("=")
        ):
            return 400, {"error": "invalid_grant"}
        token = self.raw_token or self.token(asked["nonce"])
        return 200, {"access_token": "at", "token_type": "Bearer", "id_token": token}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body = b""
        while (message := await receive()).get("more_body", False) or message.get("body"):
            body += message["body"]
            if not message.get("more_body"):
                break
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        query = dict(parse_qsl(scope["query_string"].decode()))
        status, said = self.answer(
            scope["path"], query, dict(parse_qsl(body.decode())), headers.get("authorization", "")
        )
        sent = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]
        if status == 302:
            sent.append((b"location", said.encode()))
        await send({"type": "http.response.start", "status": status, "headers": sent})
        await send({"type": "http.response.body", "body": msgspec.json.encode(said)})


@asynccontextmanager
async def serving(provider: Provider) -> AsyncIterator[Provider]:
    server = uvicorn.Server(uvicorn.Config(provider, "127.0.0.1", 0, log_config=None, lifespan="off", access_log=False))
    task = asyncio.create_task(server.serve())
    async with asyncio.timeout(60):
        while not server.started:  # noqa: ASYNC110  # uvicorn has no event for it
            await asyncio.sleep(0)
    provider.issuer = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    try:
        yield provider
    finally:
        server.should_exit = True
        await task
