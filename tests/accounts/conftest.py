"""A small province: an operations centre, a department with two offices below it, an enterprise, a closed agency."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio

from app.accounts import service
from app.accounts.model import SYSTEM, Role
from app.db import Pool

TREE = [
    ("ioc", None, "operations_centre", "Trung tâm điều hành", "Operations centre", None, True),
    ("so-xay-dung", "ioc", "department", "Sở Xây dựng", "Department of Construction", None, True),
    ("xa-a", "so-xay-dung", "commune_office", "UBND xã A", "", "31825", True),
    ("to-1", "xa-a", "enterprise", "Tổ duy tu số 1", "", None, True),
    ("dien-luc", "ioc", "enterprise", "Điện lực", "", None, True),
    ("da-giai-the", "ioc", "department", "Sở đã giải thể", "", None, False),
]

NewStaff = Callable[..., Awaitable[tuple[UUID, str, str]]]


@pytest_asyncio.fixture(scope="module", autouse=True)
async def _agencies(pool: Pool) -> None:
    await pool.executemany(
        """
        INSERT INTO agencies (agency_id, parent_id, kind, name, name_en, commune_code, active)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        """,
        TREE,
    )


@pytest.fixture
def new_staff(pool: Pool) -> NewStaff:
    """Makes a member of staff whose user name nobody else has: (id, user name, password)."""

    async def make(role: Role = Role.OFFICER, agency: str = "so-xay-dung") -> tuple[UUID, str, str]:
        username = f"u-{uuid4().hex}"
        staff_id, password = await service.create_staff(pool, username, "Trần Thị Bình", agency, role, None, SYSTEM)
        return staff_id, username, password

    return make


async def events(pool: Pool, staff_id: UUID) -> list[tuple[str, str, Any]]:
    """(kind, actor, data) of an account, oldest first."""
    rows = await pool.fetch("SELECT * FROM account_events WHERE staff_id = $1 ORDER BY event_id", staff_id)
    return [(row["kind"], row["actor"], row["data"]) for row in rows]


async def everything_stored(pool: Pool) -> str:
    """All rows of all tables of accounts as text, to look for what must not be in them."""
    tables = (
        "staff",
        "staff_sessions",
        "api_tokens",
        "account_events",
        "sign_in_attempts",
        "second_factors",
        "recovery_codes",
        "sign_ins_begun",
        "single_sign_ons",
        "provider_identities",
    )
    parts = [await pool.fetchval(f"SELECT string_agg(t::text, E'\\n') FROM {table} t") for table in tables]
    return "\n".join(part or "" for part in parts)
