"""Who has opened a page in Telegram is believed only when Telegram signed it for this bot."""

from urllib.parse import quote, urlencode

import pytest

from app.errors import Forbidden
from app.portal.telegram import FRESH_SECONDS, opened_by, sign
from bot.simulator.model import Person
from bot.simulator.web_app import init_data

# A pair that was published with its hash by the authors of another library; not made by our own code.
TOKEN = "5768337691:AAH5YkoiEuPk8-FZa32hStHTqXiLPtAEhx8"
USER = (
    '{"id":279058397,"first_name":"Vladislav","last_name":"Kibenko","username":"vdkfrost","language_code":"ru",'
    '"is_premium":true}'
)
OPENED_AT = 1662771648
HASH = "c501b71e775f74ce10e377dea85a7ea24ecd640b223ea86dfe453e0eaed2e2b2"
FIELDS = {"query_id": "AAHdF6IQAAAAAN0XohDhrOrc", "user": USER, "auth_date": str(OPENED_AT), "hash": HASH}
NOW = OPENED_AT + 60.0


def refused(data: str, token: str = TOKEN, now: float = NOW) -> str:
    with pytest.raises(Forbidden) as error:
        opened_by(token, data, now)
    return error.value.key


def test_data_that_telegram_signed_names_the_person() -> None:
    assert opened_by(TOKEN, urlencode(FIELDS, quote_via=quote), NOW) == "279058397"
    assert opened_by(TOKEN, urlencode(dict(reversed(FIELDS.items()))), NOW) == "279058397"


@pytest.mark.parametrize(
    "change",
    [
        {"user": USER.replace("279058397", "279058398")},
        {"auth_date": str(OPENED_AT + 1)},
        {"query_id": "AAHdF6IQAAAAAN0XohDhrOrd"},
        {"hash": HASH[:-1] + "3"},
        {"hash": HASH.upper()},
        {"hash": ""},
        {"hash": "é"},
        {"start_param": "x"},
    ],
)
def test_a_changed_or_added_field_is_refused(change: dict[str, str]) -> None:
    assert refused(urlencode(FIELDS | change)) == "portal.not_from_telegram"


@pytest.mark.parametrize("left_out", ["hash", "query_id", "user", "auth_date"])
def test_a_missing_field_is_refused(left_out: str) -> None:
    assert refused(urlencode({k: v for k, v in FIELDS.items() if k != left_out})) == "portal.not_from_telegram"


def test_another_bots_data_is_refused() -> None:
    assert refused(urlencode(FIELDS), TOKEN.replace("8", "9")) == "portal.not_from_telegram"


@pytest.mark.parametrize("data", ["", "nonsense", "hash", "a=b&hash=", "%ff=1&hash=1", "&" * 9000])
def test_what_is_no_data_at_all_is_refused(data: str) -> None:
    assert refused(data) == "portal.not_from_telegram"


def signed(**fields: str) -> str:
    said = "\n".join(f"{name}={value}" for name, value in sorted(fields.items()))
    return urlencode(fields | {"hash": sign(TOKEN, said)})


@pytest.mark.parametrize(
    "fields", [{}, {"auth_date": "x", "user": USER}, {"auth_date": "1", "user": "[]"}, {"auth_date": "1", "user": "{}"}]
)
def test_genuine_data_that_names_nobody_is_refused(fields: dict[str, str]) -> None:
    """As from a page that a key under the text field opened."""
    assert refused(signed(**fields), now=1.0) == "portal.not_from_telegram"


def test_genuine_data_goes_stale() -> None:
    assert opened_by(TOKEN, urlencode(FIELDS), OPENED_AT + FRESH_SECONDS) == "279058397"
    assert refused(urlencode(FIELDS), now=OPENED_AT + FRESH_SECONDS + 1) == "portal.opened_long_ago"


def test_the_signature_for_third_parties_is_one_of_the_signed_fields() -> None:
    fields = {"auth_date": str(OPENED_AT), "user": USER, "signature": "abc"}
    assert opened_by(TOKEN, signed(**fields), NOW) == "279058397"
    assert refused(signed(**fields).replace("signature=abc", "signature=abd")) == "portal.not_from_telegram"


def test_the_simulator_signs_as_telegram_does() -> None:
    person = Person(279058397, "Vladislav & Co", last_name="Đặng", username="vdkfrost")
    assert opened_by(TOKEN, init_data(TOKEN, person, OPENED_AT), NOW) == "279058397"
