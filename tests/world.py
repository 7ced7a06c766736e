"""A small world for tests: the province of Cà Mau with its real rules, members of staff of every role in two agencies,
citizens with names, and photos of things that are broken."""

import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

from msgspec import Struct, structs
from PIL import Image, ImageDraw

from app import settings as configuration
from app.accounts import service as accounts
from app.accounts.model import SYSTEM, Role
from app.db import Pool
from app.photos.lab import PhotoLab
from app.places.service import embedded_default
from app.routing import service as routing
from app.routing.ruleset import RuleSet
from app.wiring import Parts
from storage.folder import FolderStore

RULES = Path(__file__).parents[1] / "routing_rules.yaml"
PASSWORD = "ghe xuồng chợ nổi sớm mai"

COMPANY = "moi-truong-do-thi-ca-mau"  # runs the street lights of An Xuyên; so-xay-dung watches over it
POWER = "dien-luc-ca-mau"
CENTRE = "ioc"
AN_XUYEN = "32002"
HERE = {"lat": 9.22461, "lon": 105.178}  # the centre of Phường An Xuyên


class Person(Struct, frozen=True):
    """A member of staff. ``key``: how tests call them."""

    key: str
    username: str
    full_name: str
    role: Role
    agency_id: str
    staff_id: UUID = UUID(int=0)


PEOPLE = (
    Person("officer", "tran.thi.bich", "Trần Thị Bích", Role.OFFICER, COMPANY),
    Person("lead", "le.van.phuoc", "Lê Văn Phước", Role.LEAD, COMPANY),
    Person("other_officer", "pham.minh.khang", "Phạm Minh Khang", Role.OFFICER, POWER),
    Person("other_lead", "vo.thi.diem", "Võ Thị Diễm", Role.LEAD, POWER),
    Person("supervisor", "quach.ngoc.tuan", "Quách Ngọc Tuấn", Role.OFFICER, "so-xay-dung"),
    Person("coordinator", "nguyen.hoang.oanh", "Nguyễn Hoàng Oanh", Role.COORDINATOR, CENTRE),
    Person("leader", "huynh.quoc.viet", "Huỳnh Quốc Việt", Role.LEADER, "van-phong-ubnd-tinh"),
    Person("administrator", "dang.ngoc.han", "Đặng Thị Ngọc Hân", Role.ADMINISTRATOR, CENTRE),
)

LAN = {"contact_name": "Nguyễn Thị Lan", "contact_phone": "0912 345 678", "contact_email": "lan@example.vn"}
RUONG = {"contact_name": "Thạch Sà Rương", "contact_phone": "0939 888 777"}

LIGHT = {
    "text": "Đèn đường trước số 12 Lý Bôn hỏng ba đêm nay, hẻm tối om, đi lại rất nguy hiểm.",
    "category": "street-light",
    "commune_code": AN_XUYEN,
    "consent": True,
}
"""A report that the rules give to COMPANY."""


class World(Struct, frozen=True):
    parts: Parts
    people: dict[str, Person]


async def settle(parts: Parts) -> World:
    """Fill a database: agencies from the rules, and everybody in ``PEOPLE`` who is not there yet."""
    communes = [(c.code, c.full_name) for c in parts.gazetteer.communes if c.province_code == parts.rules.province_code]
    await routing.install(parts.pool, parts.rules, communes, note="", by="test")
    rows = await parts.pool.fetch("SELECT username, staff_id FROM staff")
    there: dict[str, UUID] = {row["username"]: row["staff_id"] for row in rows}
    for person in PEOPLE:
        if person.username not in there:
            there[person.username], _ = await accounts.create_staff(
                parts.pool, person.username, person.full_name, person.agency_id, person.role, PASSWORD, SYSTEM
            )
    people = {person.key: structs.replace(person, staff_id=there[person.username]) for person in PEOPLE}
    return World(parts, people)


@asynccontextmanager
async def parts_over(pool: Pool, lab: PhotoLab, rules: RuleSet, home: Path) -> AsyncIterator[Parts]:
    """Real parts over a test's own database and a folder for photos."""
    env = {"PHANANH_HOME": str(home), "PHANANH_RULES": str(RULES), "PHANANH_SECRET_KEY": "k" * 40}
    objects = FolderStore(home / "photos")
    await objects.check()
    yield Parts(configuration.load(env), pool, objects, lab, embedded_default(), rules)
    await objects.close()


def photo(words: str = "", *, size: tuple[int, int] = (640, 480), colour: str = "#27374d", **save: object) -> bytes:
    """A JPEG with something written on it; other words or another colour make another photo."""
    image = Image.new("RGB", size, colour)
    draw = ImageDraw.Draw(image)
    draw.ellipse((size[0] // 3, size[1] // 4, size[0] // 2, size[1] // 2), fill="#f2d16b")
    draw.text((20, 20), words, fill="white")
    out = io.BytesIO()
    image.save(out, "JPEG", quality=80, **save)
    return out.getvalue()


async def let_time_pass(pool: Pool) -> None:
    """Whatever was reported so far was reported long ago: nobody is asked whether theirs is the same matter."""
    await pool.execute("UPDATE reports SET submitted_at = submitted_at - interval '90 days'")
