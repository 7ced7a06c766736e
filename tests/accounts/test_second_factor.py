import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pyotp
import pytest
import pytest_asyncio

from app.accounts import entry, factors, service, totp
from app.accounts.entry import Begun
from app.accounts.model import SYSTEM, Actor, Role, Session, Staff
from app.accounts.totp import Policy
from app.db import Pool
from app.errors import AppError, Forbidden, TooMany, Unauthenticated
from tests.accounts.conftest import NewStaff, events, everything_stored

AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
POLICY = Policy(b"k" * 40)
STRICT = Policy(b"k" * 40, frozenset({Role.COORDINATOR}))


def later(seconds: int) -> datetime:
    return AT + timedelta(seconds=seconds)


class Person:
    """Somebody with an authenticator app."""

    def __init__(self, staff: Staff, username: str, password: str, secret: str, codes: list[str]) -> None:
        self.staff, self.username, self.password, self.secret, self.codes = staff, username, password, secret, codes

    def code(self, at: datetime) -> str:
        return pyotp.TOTP(self.secret).at(at)


async def account(pool: Pool, staff_id: UUID) -> Staff:
    found = await service.staff_of(pool, staff_id)
    assert found is not None
    return found


async def guarded(pool: Pool, new_staff: NewStaff) -> Person:
    staff_id, username, password = await new_staff()
    staff = await account(pool, staff_id)
    proposal = await factors.start(pool, POLICY, staff, password, AT)
    codes = await factors.confirm(pool, POLICY, staff, pyotp.TOTP(proposal.secret).at(AT), AT)
    return Person(staff, username, password, proposal.secret, codes)


@pytest_asyncio.fixture
async def who(pool: Pool, new_staff: NewStaff) -> Person:
    return await guarded(pool, new_staff)


async def asked(pool: Pool, who: Person, at: datetime) -> Begun:
    begun = await entry.begin(pool, POLICY, who.username, who.password, at)
    assert isinstance(begun, Begun)
    assert begun.needs == "code"
    return begun


async def refused(pool: Pool, begun: Begun, code: str, at: datetime) -> AppError:
    with pytest.raises(AppError) as error:
        await entry.finish(pool, POLICY, begun.token, code, at)
    return error.value


async def count(pool: Pool, who: Person) -> int:
    return int(await pool.fetchval("SELECT count(*) FROM staff_sessions WHERE staff_id = $1", who.staff.staff_id))


async def test_password_and_code_open_a_session(pool: Pool, who: Person) -> None:
    begun = await asked(pool, who, later(60))
    assert await count(pool, who) == 0
    session = await entry.finish(pool, POLICY, begun.token, who.code(later(60)), later(60))
    assert await service.session(pool, session.token, later(61))
    kind, _, data = (await events(pool, who.staff.staff_id))[-1]
    assert (kind, data) == ("signed_in", {"second_factor": "app"})


async def test_the_token_of_a_sign_in_that_waits_is_no_session(pool: Pool, who: Person) -> None:
    begun = await asked(pool, who, later(60))
    assert await service.session(pool, begun.token, later(60)) is None


async def test_a_code_opens_one_session_and_no_second(pool: Pool, who: Person) -> None:
    code = who.code(later(60))
    first, second = await asked(pool, who, later(60)), await asked(pool, who, later(60))
    await entry.finish(pool, POLICY, first.token, code, later(60))
    assert (await refused(pool, second, code, later(61))).key == "accounts.code_wrong"


async def test_the_code_that_set_it_up_is_used_too(pool: Pool, who: Person) -> None:
    assert (await refused(pool, await asked(pool, who, AT), who.code(AT), AT)).key == "accounts.code_wrong"


async def test_the_same_code_side_by_side_opens_one_session(pool: Pool, who: Person) -> None:
    code = who.code(later(60))
    begun = [await asked(pool, who, later(60)) for _ in range(4)]
    tries = (entry.finish(pool, POLICY, each.token, code, later(60)) for each in begun)
    results = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(result, Session) for result in results) == 1
    assert all(isinstance(result, Session | Unauthenticated) for result in results)
    assert await count(pool, who) == 1


@pytest.mark.parametrize(("seconds", "taken"), [(-30, True), (0, True), (30, True), (-90, False), (90, False)])
async def test_a_clock_may_be_off_by_half_a_minute(seconds: int, taken: bool, pool: Pool, who: Person) -> None:
    at = later(300)
    begun = await asked(pool, who, at)
    code = who.code(at + timedelta(seconds=seconds))
    if taken:
        await entry.finish(pool, POLICY, begun.token, code, at)
    else:
        assert (await refused(pool, begun, code, at)).key == "accounts.code_wrong"


async def test_spaces_in_a_code_do_not_matter(pool: Pool, who: Person) -> None:
    code = who.code(later(60))
    begun = await asked(pool, who, later(60))
    await entry.finish(pool, POLICY, begun.token, f" {code[:3]} {code[3:]} ", later(60))


async def test_wrong_codes_count_like_wrong_passwords_and_knowing_the_password_gives_no_more_guesses(
    pool: Pool, who: Person
) -> None:
    for n in range(4):
        begun = await asked(pool, who, later(60))
        assert isinstance(await refused(pool, begun, "000000", later(60 + n)), Unauthenticated)
    begun = await asked(pool, who, later(60))
    assert isinstance(await refused(pool, begun, "000000", later(60)), TooMany)
    assert isinstance(await refused(pool, begun, who.code(later(70)), later(70)), TooMany)
    with pytest.raises(TooMany):
        await entry.begin(pool, POLICY, who.username, who.password, later(70))
    reasons = [data.get("reason") for kind, _, data in await events(pool, who.staff.staff_id) if "refused" in kind]
    assert reasons == ["wrong_code"] * 5 + ["overtaken", "locked"]


async def test_a_recovery_code_opens_one_session(pool: Pool, who: Person) -> None:
    assert len(set(who.codes)) == 10
    begun = await asked(pool, who, later(60))
    await entry.finish(pool, POLICY, begun.token, who.codes[3].upper().replace("-", " "), later(60))
    assert (await factors.state(pool, POLICY, who.staff)).codes_left == 9
    again = await asked(pool, who, later(90))
    assert (await refused(pool, again, who.codes[3], later(90))).key == "accounts.code_wrong"
    assert (await events(pool, who.staff.staff_id))[-2][2] == {"second_factor": "recovery_code"}


async def test_another_persons_recovery_code_opens_nothing(pool: Pool, new_staff: NewStaff) -> None:
    people = [await guarded(pool, new_staff) for _ in range(2)]
    begun = await asked(pool, people[0], later(60))
    assert (await refused(pool, begun, people[1].codes[0], later(60))).key == "accounts.code_wrong"


async def test_new_recovery_codes_end_the_old_ones(pool: Pool, who: Person) -> None:
    fresh = await factors.renew_codes(pool, who.staff, who.password, AT)
    begun = await asked(pool, who, later(60))
    assert (await refused(pool, begun, who.codes[0], later(60))).key == "accounts.code_wrong"
    await entry.finish(pool, POLICY, begun.token, fresh[0], later(60))


async def test_a_sign_in_that_waits_ends_after_ten_minutes_or_with_a_new_password(pool: Pool, who: Person) -> None:
    begun = await asked(pool, who, AT)
    assert (await refused(pool, begun, who.code(later(600)), later(600))).key == "accounts.sign_in_over"
    begun = await asked(pool, who, AT)
    await service.reset_password(pool, who.staff.staff_id, None, SYSTEM)
    assert (await refused(pool, begun, who.code(later(60)), later(60))).key == "accounts.sign_in_over"


async def test_a_finished_sign_in_cannot_be_finished_again(pool: Pool, who: Person) -> None:
    begun = await asked(pool, who, later(60))
    await entry.finish(pool, POLICY, begun.token, who.code(later(60)), later(60))
    assert (await refused(pool, begun, who.code(later(120)), later(120))).key == "accounts.sign_in_over"


async def test_programs_send_password_and_code_at_once(pool: Pool, who: Person) -> None:
    at = later(60)
    with pytest.raises(Unauthenticated, match="code_needed"):
        await service.sign_in(pool, who.username, who.password, at, policy=POLICY)
    with pytest.raises(Unauthenticated, match="sign_in_wrong"):
        await service.sign_in(pool, who.username, "sai", at, code=who.code(at), policy=POLICY)
    session = await service.sign_in(pool, who.username, who.password, at, code=who.code(at), policy=POLICY)
    assert await service.session(pool, session.token, at)


async def test_nobody_gets_past_a_factor_by_leaving_the_policy_out(pool: Pool, who: Person) -> None:
    for code in ("", who.code(later(60))):
        with pytest.raises(Unauthenticated):
            await service.sign_in(pool, who.username, who.password, later(60), code=code)


async def test_a_role_that_must_have_one_sets_it_up_on_the_way_in(pool: Pool, new_staff: NewStaff) -> None:
    staff_id, username, password = await new_staff(Role.COORDINATOR, "ioc")
    with pytest.raises(Forbidden, match="set_up_first"):
        await service.sign_in(pool, username, password, AT, policy=STRICT)
    begun = await entry.begin(pool, STRICT, username, password, AT)
    assert isinstance(begun, Begun)
    assert begun.needs == "set_up"
    proposal = await factors.proposed(pool, STRICT, begun.staff)
    assert (await factors.proposed(pool, STRICT, begun.staff)).secret == proposal.secret
    with pytest.raises(Unauthenticated, match="code_wrong"):
        await entry.finish_set_up(pool, STRICT, begun.token, "000000", AT)
    code = pyotp.TOTP(proposal.secret).at(AT)
    session, codes = await entry.finish_set_up(pool, STRICT, begun.token, code, AT)
    assert len(codes) == 10
    assert await service.session(pool, session.token, AT)
    with pytest.raises(Unauthenticated):
        await service.sign_in(pool, username, password, AT, code=code, policy=STRICT)
    kinds = [kind for kind, _, _ in await events(pool, staff_id)]
    assert kinds[-3:] == ["factor_set", "signed_in", "sign_in_refused"]
    with pytest.raises(Forbidden, match="factor_required"):
        await factors.remove(pool, STRICT, begun.staff, password, AT)


async def test_moving_to_another_telephone_leaves_the_old_one_in_use_until_the_first_code(
    pool: Pool, who: Person
) -> None:
    moved = await factors.start(pool, POLICY, who.staff, who.password, AT)
    begun = await asked(pool, who, later(60))
    await entry.finish(pool, POLICY, begun.token, who.code(later(60)), later(60))
    await factors.confirm(pool, POLICY, who.staff, pyotp.TOTP(moved.secret).at(later(60)), later(60))
    begun = await asked(pool, who, later(120))
    assert (await refused(pool, begun, who.code(later(120)), later(120))).key == "accounts.code_wrong"
    await entry.finish(pool, POLICY, begun.token, pyotp.TOTP(moved.secret).at(later(120)), later(120))


async def test_a_proposed_secret_is_forgotten_after_ten_minutes(pool: Pool, new_staff: NewStaff) -> None:
    staff_id, _, password = await new_staff()
    staff = await account(pool, staff_id)
    proposal = await factors.start(pool, POLICY, staff, password, AT)
    assert (await factors.proposed(pool, POLICY, staff)).secret == proposal.secret
    await pool.execute("UPDATE second_factors SET pending_until = now() WHERE staff_id = $1", staff_id)
    assert await factors.proposal(pool, POLICY, staff) is None
    with pytest.raises(Unauthenticated, match="code_wrong"):
        await factors.confirm(pool, POLICY, staff, pyotp.TOTP(proposal.secret).at(AT), AT)


async def test_setting_up_and_removing_ask_for_the_password(pool: Pool, who: Person) -> None:
    for act in (
        factors.start(pool, POLICY, who.staff, "sai", AT),
        factors.remove(pool, POLICY, who.staff, "sai", AT),
    ):
        with pytest.raises(Unauthenticated, match="password_wrong"):
            await act
    with pytest.raises(Unauthenticated, match="password_wrong"):
        await factors.renew_codes(pool, who.staff, "sai", AT)
    await factors.remove(pool, POLICY, who.staff, who.password, AT)
    assert isinstance(await entry.begin(pool, POLICY, who.username, who.password, AT), Session)
    assert "factor_removed" in [kind for kind, _, _ in await events(pool, who.staff.staff_id)]


async def test_an_administrator_takes_a_lost_factor_away_and_nobody_else_can(
    pool: Pool, who: Person, new_staff: NewStaff
) -> None:
    officer = Actor("staff", who.staff.staff_id, Role.OFFICER, "so-xay-dung")
    with pytest.raises(Forbidden):
        await factors.reset(pool, who.staff.staff_id, officer)
    admin_id, _, _ = await new_staff(Role.ADMINISTRATOR, "ioc")
    assert await factors.reset(pool, who.staff.staff_id, Actor("staff", admin_id, Role.ADMINISTRATOR, "ioc"))
    assert not await factors.reset(pool, who.staff.staff_id, SYSTEM)
    assert (await events(pool, who.staff.staff_id))[-1] == ("factor_reset", f"staff:{admin_id}", {})
    assert isinstance(await entry.begin(pool, POLICY, who.username, who.password, AT), Session)


async def test_a_reset_of_the_password_takes_the_factor_along_when_asked(pool: Pool, who: Person) -> None:
    await service.reset_password(pool, who.staff.staff_id, None, SYSTEM)
    assert (await factors.state(pool, POLICY, who.staff)).since is not None
    fresh = await service.reset_password(pool, who.staff.staff_id, None, SYSTEM, factor=True)
    assert isinstance(await entry.begin(pool, POLICY, who.username, fresh, AT), Session)


async def test_no_secret_is_readable_in_the_database(pool: Pool, who: Person) -> None:
    stored = await everything_stored(pool)
    raw = await pool.fetchval("SELECT secret FROM second_factors WHERE staff_id = $1", who.staff.staff_id)
    assert who.secret.encode() not in raw
    for secret in (who.secret, *who.codes):
        assert secret not in stored
        assert secret.encode().hex() not in stored


async def test_a_secret_opens_with_its_own_key_for_its_own_account_alone(pool: Pool, who: Person) -> None:
    stranger = UUID(int=7)
    sealed = POLICY.seal(who.staff.staff_id, who.secret)
    assert POLICY.unseal(who.staff.staff_id, sealed) == who.secret
    assert POLICY.unseal(stranger, sealed) is None
    assert Policy(b"x" * 40).unseal(who.staff.staff_id, sealed) is None
    assert "kkk" not in repr(POLICY)


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "１２３４５６", "abcdef", "9" * 10_000, "\ud800"])
def test_what_is_no_code_matches_nothing(typed: str) -> None:
    assert totp.step_of(totp.new_secret(), typed, AT, 0) is None
    assert totp.is_recovery_code(typed, {}) is None
