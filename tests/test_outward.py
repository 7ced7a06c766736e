"""Our server knocks at the public internet's doors alone, and at those of networks that the settings name."""

import socket
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from ipaddress import ip_network

import pytest
import pytest_asyncio

from app.errors import Invalid
from app.outward import Client, Late, Refused, Unreached, check, is_public
from tests import small_world as world
from tests.receiver import Receiver, receiver

OTHERS = (ip_network("10.15.0.0/16"), ip_network("fd00:15::/32"))


@pytest_asyncio.fixture
async def there() -> AsyncIterator[Receiver]:
    async with receiver() as one:
        yield one


@pytest_asyncio.fixture
async def client() -> AsyncIterator[Client]:
    one = Client(world.LOOPBACK)
    yield one
    await one.close()


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "127.8.8.8", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
     "224.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1", "240.0.0.1", "::1", "::", "fe80::1", "fe80::1%eth0",
     "fc00::1", "fd00:ec2::254", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1",
     "64:ff9b::a9fe:a9fe", "2002:7f00:1::1", "2001:0:1::1", "2001:db8::1", "::7f00:1", "localhost", ""],
)  # fmt: skip
def test_addresses_of_nobody_else_are_refused(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "103.216.120.1", "2606:4700:4700::1111", "::ffff:8.8.8.8"])
def test_addresses_of_the_internet_are_taken(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("http://example.com/", "outward.url_https"),
        ("ftp://example.com/", "outward.url_wrong"),
        ("https:///x", "outward.url_wrong"),
        ("example.com", "outward.url_wrong"),
        ("https://user:pass@example.com/", "outward.url_wrong"),
        ("https://example.com/#x", "outward.url_wrong"),
        ("https://example.com:99999/", "outward.url_wrong"),
        ("https://exa mple.com/", "outward.url_wrong"),
        ("https://example.com/\r\nX: y", "outward.url_wrong"),
        ("https://" + "a" * 500 + ".vn", "outward.url_wrong"),
        ("https://localhost/", "outward.url_private"),
        ("https://127.0.0.1/", "outward.url_private"),
        ("https://127.1/", "outward.url_private"),
        ("https://2130706433/", "outward.url_private"),
        ("https://0x7f000001/", "outward.url_private"),
        ("https://[::1]/", "outward.url_private"),
        ("https://[::ffff:169.254.169.254]/", "outward.url_private"),
        ("https://169.254.169.254/latest/meta-data", "outward.url_private"),
        ("https://khong-co.invalid/", "outward.url_unknown"),
    ],
)
async def test_what_is_no_public_receiver_cannot_be_saved(url: str, key: str) -> None:
    with pytest.raises(Invalid) as error:
        await check(url)
    assert [(problem.key, problem.field) for problem in error.value.problems] == [(key, "url")]


async def test_the_field_is_the_forms_own() -> None:
    with pytest.raises(Invalid) as error:
        await check("ftp://example.com/", field="endpoint")
    assert error.value.problems[0].field == "endpoint"


async def test_a_network_that_is_named_will_do_and_plain_http_inside_it_alone(there: Receiver) -> None:
    await check(there.url, world.LOOPBACK)
    await check("https://10.15.3.4/", OTHERS)
    await check("http://[fd00:15::1]/", OTHERS)
    for url, key in (
        ("https://10.16.0.1/", "outward.url_private"),
        (there.url, "outward.url_private"),
        ("http://8.8.8.8/", "outward.url_https"),
    ):
        with pytest.raises(Invalid) as error:
            await check(url, OTHERS)
        assert error.value.problems[0].key == key


async def test_a_name_that_means_another_machine_by_now_leads_nowhere(there: Receiver) -> None:
    """However the address got there, it is looked at again when the connection is made."""
    for networks in ((), OTHERS):
        client = Client(networks)
        for url in (there.url, there.url.replace("127.0.0.1", "localhost")):
            with pytest.raises(Refused):
                await client.request("POST", url, body=b"{}")
        await client.close()
    assert there.connections == 0


async def test_redirects_are_not_followed(there: Receiver, client: Client) -> None:
    there.answers = lambda _, __: (302, {"location": f"{there.url}/elsewhere"})
    answer = await client.request("POST", there.url, body=b"{}")
    assert (answer.status, len(there.got)) == (302, 1)


async def test_of_a_long_answer_the_beginning_is_read_and_that_is_said(there: Receiver, client: Client) -> None:
    there.answers = lambda _, __: (200, {"Content-Type": "text/plain"}, b"0123456789")
    whole = await client.request("GET", there.url, most=10)
    assert (whole.body, whole.whole, whole.headers["content-type"]) == (b"0123456789", True, "text/plain")
    cut = await client.request("GET", there.url, most=9)
    assert (cut.body, cut.whole) == (b"012345678", False)


async def test_without_an_answer_it_is_said_why(client: Client) -> None:
    with pytest.raises(Unreached, match="Connect"):
        await client.request("GET", "http://127.0.0.1:9/")
    for none in ("gopher://127.0.0.1/", "/path", "http:///path", "https://đâu.vn/"):
        with pytest.raises(Unreached, match="no address"):
            await client.request("GET", none)
    with socket.create_server(("127.0.0.1", 0)) as deaf, pytest.raises(Late):
        await client.request("GET", f"http://127.0.0.1:{deaf.getsockname()[1]}/", patience=0.2)


@pytest.mark.parametrize(
    ("status", "said", "seconds"),
    [
        (503, "3600", 3600),
        (429, "0", 0),
        (200, "60", None),
        (503, "Fri, 27 Nov 1998 07:00:00 GMT", 0),
        (503, "soon", None),
        (503, "9" * 9, None),
    ],
)
async def test_a_busy_server_is_heeded(
    status: int, said: str, seconds: int | None, there: Receiver, client: Client
) -> None:
    there.answers = lambda _, __: (status, {"retry-after": said})
    assert (await client.request("GET", there.url)).asked_to_wait() == seconds


async def test_a_busy_server_may_name_the_moment_instead_of_seconds(client: Client, there: Receiver) -> None:
    at = format_datetime(datetime.now(UTC) + timedelta(minutes=2), usegmt=True)
    there.answers = lambda _, __: (503, {"retry-after": at})
    said = (await client.request("GET", there.url)).asked_to_wait()
    assert said is not None
    assert 110 <= said <= 120
