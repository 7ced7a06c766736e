"""The chat page: one server-rendered page with its own small scripts and style; nothing comes from elsewhere."""

import asyncio
import tomllib
from pathlib import Path
from typing import Any

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from .core import Simulator
from .model import Chat, Json, Person
from .places import PLACES
from .samples import SAMPLES, sample_photo
from .sim_http import person_json

FOLDER = Path(__file__).parent / "page"

# Fixed ids, so that the bot still knows them after the simulator was started again.
PERSONAS = (
    Person(700_000_101, "Lan", last_name="Nguyễn", username="lan_camau"),
    Person(700_000_102, "Minh", last_name="Trần", username="minh_baclieu"),
    Person(700_000_103, "Cô Sáu", username="co_sau"),
    Person(700_000_104, "Emma", last_name="Brown", username="emma_visits", language_code="en"),
)

# What people can do on each channel; the page hides the rest.
CAN: dict[str, set[str]] = {
    "telegram": {"edit", "place", "live", "venue", "commands", "contact", "notices"},
    "zalo_bot": set(),
    "zalo_oa": {"place"},
}
OFFICERS = (
    Person(700_000_201, "Bích", last_name="Trần Thị", username="bich_chieu_sang"),
    Person(700_000_202, "Phước", last_name="Lê Văn", username="phuoc_chieu_sang"),
)
"""Staff whom the demo links to accounts: an officer and a lead of the company that runs the street lights."""
GROUP_ID, GROUP_TITLE = -1_000_700_000_301, "Tổ chiếu sáng"
"""Their group, which the demo links to their agency."""

_TEXTS: dict[str, dict[str, str]] = tomllib.loads((FOLDER / "texts.toml").read_text("utf-8"))
_TEMPLATES = Environment(loader=FileSystemLoader(FOLDER), autoescape=True, undefined=StrictUndefined)


def add_personas(sim: Simulator) -> None:
    for one in (*PERSONAS, *OFFICERS):
        sim.add_person(
            one.first_name,
            person_id=one.id,
            last_name=one.last_name,
            username=one.username,
            language_code=one.language_code,
        )
    for one in OFFICERS:
        # They have written to the bot before: else it could not write to them.
        sim.chat(one.id).started = True
    sim.add_group(GROUP_TITLE, [one.id for one in OFFICERS], chat_id=GROUP_ID)


def _group_json(sim: Simulator, chat: Chat) -> Json:
    members = [person_json(sim.person(one)) for one in sorted(chat.members)]
    return {"id": chat.id, "first_name": chat.title, "members": members}


@get("/")
async def chat_page(
    channels: NamedDependency[tuple[Simulator, ...]],
    lang: FromQuery[str] = "vi",
    start: FromQuery[str] = "",
    channel: FromQuery[str] = "",
) -> Response[str]:
    """``?channel=`` is telegram, zalo_bot or zalo_oa; ``?start=`` is a deep link's payload, as in
    ``https://t.me/<bot>?start=<payload>``; ``?lang=en`` is English."""
    sim = next((one for one in channels if one.kind == channel), channels[0])
    language = lang if lang in _TEXTS else "vi"
    texts = _TEXTS[language] | (_TEXTS[f"{language}_zalo"] if sim.kind != "telegram" else {})
    can = CAN[sim.kind]
    setup: dict[str, Any] = {
        "channel": sim.kind,
        "base": f"{sim.prefix}/sim",
        "can": sorted(can),
        "texts": texts,
        "bot": sim.bot,
        "people": [person_json(person) for person in sim.people.values()],
        "groups": [_group_json(sim, chat) for chat in sim.chats.values() if chat.is_group],
        "start": start,
    }
    html = _TEMPLATES.get_template("chat.html").render(
        t=texts,
        language=language,
        bot=sim.bot,
        channel=sim.kind,
        channels=[one.kind for one in channels],
        can=can,
        places=PLACES,
        samples=list(SAMPLES),
        # "<" would let a text end the script element that carries this.
        setup=msgspec.json.encode(setup).decode().replace("<", "\\u003c"),
    )
    return Response(html, media_type="text/html")


@get("/samples/{name:str}")
async def sample(name: FromPath[str]) -> Response[bytes]:
    photo = await asyncio.to_thread(sample_photo, name.removesuffix(".jpg"))
    return Response(photo, media_type="image/jpeg", headers={"Cache-Control": "max-age=3600"})
