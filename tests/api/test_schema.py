"""The description is true: a client that was generated from it alone sends a report, follows it and rates the result;
and requests that were made up from it get only answers that it tells of."""

import asyncio
import copy
import importlib
import io
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi import checks, schemas
from schemathesis.transport.requests import REQUESTS_TRANSPORT, binary_serializer

from app.accounts import service as accounts
from app.accounts.model import SYSTEM
from tests.api.conftest import API, Contract, SignedIn, act
from tests.world import LIGHT, World, photo

_CONFIG = """
package_name_override: generated_client
post_hooks: []
content_type_overrides:  # bytes, whatever they are
  application/offset+octet-stream: application/octet-stream
  application/pdf: application/octet-stream
  image/jpeg: application/octet-stream
"""
_PACKAGE = "generated_client"


@pytest.fixture(scope="module")
async def described(address: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    async with httpx.AsyncClient(base_url=address) as plain:
        document = (await plain.get("/schema/openapi.json", headers={"Accept-Language": "en"})).content
    path = tmp_path_factory.mktemp("schema") / "openapi.json"
    path.write_bytes(document)
    return path


@pytest.fixture(scope="module")
def generated(described: Path) -> Iterator[Path]:
    """The folder of a package that was made of the description, without a warning, without anything from elsewhere."""
    folder = described.parent
    (folder / "config.yaml").write_text(_CONFIG)
    command = [str(Path(sys.executable).parent / "openapi-python-client"), "generate", "--meta", "none"]
    command += ["--fail-on-warning", "--path", str(described), "--config", str(folder / "config.yaml")]
    made = subprocess.run(
        [*command, "--output-path", str(folder / _PACKAGE)], capture_output=True, text=True, check=False
    )
    assert made.returncode == 0, made.stdout + made.stderr
    sys.path.insert(0, str(folder))
    yield folder
    sys.path.remove(str(folder))
    for name in [name for name in sys.modules if name.partition(".")[0] == _PACKAGE]:
        del sys.modules[name]


def part(name: str) -> ModuleType:
    return importlib.import_module(f"{_PACKAGE}.{name}")


async def test_a_client_generated_from_the_description_sends_a_report_follows_it_and_rates_it(
    generated: Path, address: str, signed_in: SignedIn
) -> None:
    models, types = part("models"), part("types")
    client = part("client").Client(base_url=address, timeout=60)

    async def call(name: str, *args: Any, **more: Any) -> Any:
        answer = await part(f"api.{name}").asyncio_detailed(*args, client=client, **more)
        assert 200 <= answer.status_code < 300, answer.content
        return answer

    groups = (await call("look_up.categories")).parsed.groups
    assert "street-light" in {each.id for group in groups for each in group.categories}
    picture = photo("từng phần")
    begun = await call("report.begin_upload", tus_resumable="1.0.0", upload_length=str(len(picture)))
    upload_id = begun.headers["location"].rpartition("/")[2]
    bytes_ = types.File(payload=picture)
    await call("report.continue_upload", upload_id, body=bytes_, tus_resumable="1.0.0", upload_offset="0")
    report = models.ReportBody(
        text=LIGHT["text"],
        commune_code=LIGHT["commune_code"],
        category="street-light",
        uploads=[upload_id],
        consent=True,
    )
    filed = (await call("report.send_report", body=report, idempotency_key="generated-1")).parsed
    own = {"x_tracking_secret": filed.tracking_secret}
    form = models.AddPhotosFilesBody(
        photos=[types.File(payload=io.BytesIO(photo("thêm")), file_name="them.jpg", mime_type="image/jpeg")]
    )
    added = (await call("follow.add_photos", filed.code, body=form, **own)).parsed
    assert added.photos_refused == []
    assert len(added.report.photos) == 2
    seen = (await call("follow.see_report", filed.code, **own)).parsed
    assert isinstance(seen, models.ReporterView)
    assert isinstance((await call("follow.see_report", filed.code)).parsed, models.PublicView)
    officer = await signed_in("officer")
    await act(officer, filed.code, "start")
    version = (await officer.get(f"{API}/staff/reports/{filed.code}")).json()["version"]
    done = await officer.post(
        f"{API}/staff/reports/{filed.code}/acts/resolve",
        data={"text": "Đã thay bóng.", "version": str(version)},
        files={"photos": ("sau.jpg", photo("sau"), "image/jpeg")},
    )
    assert done.status_code == 200, done.text
    rating = models.RatingBody(rating=models.Rating("satisfied"), text="Tốt")
    rated = (await call("follow.rate", filed.code, body=rating, **own)).parsed
    assert (str(rated.rating), str(rated.status)) == ("satisfied", "closed")
    again = await part("api.follow.withdraw").asyncio_detailed(
        filed.code, client=client, body=models.ReasonBody(), **own
    )
    assert again.status_code == 409
    assert again.parsed.errors[0].key == "reports.act_not_now"
    await client.get_async_httpx_client().aclose()


_TRUE = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
REQUESTS_TRANSPORT.serializer("application/offset+octet-stream")(binary_serializer)
_TRIES = 5
"""Requests of each kind for each call."""
_LEFT_OUT = {"sign_in", "sign_out", "metrics", "readyz"}
"""Locking names and ending sessions is not for dice; the others look at the machine."""


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=lambda mode: mode.value)
async def test_made_up_requests_get_only_answers_that_are_described(
    mode: GenerationMode, described: Path, address: str, world: World
) -> None:
    token = await accounts.create_token(
        world.parts.pool, world.people["coordinator"].staff_id, "thử", ["read", "write"], None, SYSTEM
    )
    schema = schemathesis.openapi.from_path(described)
    assert isinstance(schema, schemas.OpenApiSchema)
    tried, wrong = await asyncio.to_thread(try_all, schema, mode, address, f"Bearer {token}")
    assert not wrong, "\n\n".join(wrong)
    assert tried > 200


async def test_the_dice_find_an_answer_that_is_not_described(contract: Contract, address: str) -> None:
    """So that the test before can fail."""
    path = f"{API}/places/locate"
    document = copy.deepcopy(contract.document | {"paths": {path: contract.document["paths"][path]}})
    del document["paths"][path]["get"]["responses"]["422"]
    schema = schemathesis.openapi.from_dict(document)
    _, wrong = await asyncio.to_thread(try_all, schema, GenerationMode.NEGATIVE, address, "")
    assert "422" in "".join(wrong)


def try_all(schema: schemas.OpenApiSchema, mode: GenerationMode, address: str, key: str) -> tuple[int, list[str]]:
    """How many requests were sent, and what was wrong with their answers. The dice fall the same every time."""
    tried, wrong = 0, []
    for found in schema.get_all_operations():
        assert isinstance(found, Ok)
        operation = found.ok()
        raw = operation.definition.raw
        if raw["operationId"] in _LEFT_OUT:
            continue
        headers = {"Authorization": key} if "program" in str(raw.get("security")) else {}
        try:
            with requests.Session() as session:
                tried += try_one(operation, mode, session, address, headers)
        except Unsatisfiable:
            continue  # nothing can be wrong with a call that takes nothing
        except (Exception, FailureGroup) as error:  # all of them are told at once
            wrong.append(f"{operation.label}: {str(error)[:1500]}")
    return tried, wrong


def try_one(
    operation: Any, mode: GenerationMode, session: requests.Session, address: str, headers: dict[str, str]
) -> int:
    tried = 0

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=_TRIES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def hold(case: Any) -> None:
        nonlocal tried
        tried += 1
        case.validate_response(case.call(base_url=address, session=session, headers=headers), checks=_TRUE)

    hold()
    return tried
