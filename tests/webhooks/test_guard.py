"""Our server knocks at the public internet's doors alone."""

import pytest

from app.errors import Invalid
from app.webhooks.guard import Refused, check, is_public
from app.webhooks.sending import Sender
from tests import small_world as world
from tests.webhooks.receiver import Receiver


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
        ("http://example.com/", "webhooks.url_https"),
        ("ftp://example.com/", "webhooks.url_wrong"),
        ("https:///x", "webhooks.url_wrong"),
        ("example.com", "webhooks.url_wrong"),
        ("https://user:pass@example.com/", "webhooks.url_wrong"),
        ("https://example.com/#x", "webhooks.url_wrong"),
        ("https://example.com:99999/", "webhooks.url_wrong"),
        ("https://exa mple.com/", "webhooks.url_wrong"),
        ("https://example.com/\r\nX: y", "webhooks.url_wrong"),
        ("https://" + "a" * 500 + ".vn", "webhooks.url_wrong"),
        ("https://localhost/", "webhooks.url_private"),
        ("https://127.0.0.1/", "webhooks.url_private"),
        ("https://127.1/", "webhooks.url_private"),
        ("https://2130706433/", "webhooks.url_private"),
        ("https://0x7f000001/", "webhooks.url_private"),
        ("https://[::1]/", "webhooks.url_private"),
        ("https://[::ffff:169.254.169.254]/", "webhooks.url_private"),
        ("https://169.254.169.254/latest/meta-data", "webhooks.url_private"),
        ("https://khong-co.invalid/", "webhooks.url_unknown"),
    ],
)
async def test_what_is_no_public_receiver_cannot_be_saved(url: str, key: str) -> None:
    with pytest.raises(Invalid) as error:
        await check(url, private=False)
    assert [(problem.key, problem.field) for problem in error.value.problems] == [(key, "url")]


async def test_for_tests_this_machine_will_do(there: Receiver) -> None:
    await check(there.url, private=True)


async def test_a_name_that_means_another_machine_by_now_leads_nowhere(there: Receiver) -> None:
    """However the address got there, it is looked at again when the connection is made."""
    sender = Sender(world.KEY, "https://phananh.example")
    with pytest.raises(Refused):
        await sender.post(there.url, {}, b"{}")
    with pytest.raises(Refused):
        await sender.post(there.url.replace("127.0.0.1", "localhost"), {}, b"{}")
    await sender.close()
    assert there.connections == 0


async def test_redirects_are_not_followed(there: Receiver, sender: Sender) -> None:
    there.answers = lambda _, __: (302, {"location": f"{there.url}/elsewhere"})
    status, _ = await sender.post(there.url, {}, b"{}")
    assert (status, len(there.got)) == (302, 1)
