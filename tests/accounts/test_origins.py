import pytest

from app.accounts.origins import network, origin

WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("agent", "browser"),
    [
        (f"{WINDOWS} Chrome/126.0.0.0 Safari/537.36", "Chrome/Windows"),
        (f"{WINDOWS} Chrome/126.0.0.0 Safari/537.36 Edg/126.0.0.0", "Edge/Windows"),
        (f"{WINDOWS} coc_coc_browser/126.0 Chrome/120.0 Safari/537.36", "Cốc Cốc/Windows"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0", "Firefox/Linux"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Version/17.5 Mobile Safari/604.1", "Safari/iPhone"),
        ("Mozilla/5.0 (Linux; Android 14; SM-A155F) SamsungBrowser/25.0 Chrome/121 Safari", "Samsung Internet/Android"),
        ("curl/8.5.0", ""),
        ("", ""),
        ("Chrome" * 100_000, "Chrome"),
    ],
)
def test_a_browser_is_told_by_its_family_and_system(agent: str, browser: str) -> None:
    assert origin(agent, "").browser == browser


@pytest.mark.parametrize(
    ("host", "known"),
    [
        ("113.161.72.45", "113.161.72.0/24"),
        ("::ffff:113.161.72.45", "113.161.72.0/24"),
        ("2402:800:6310:c2e1::17", "2402:800:6310::/48"),
        ("192.168.1.7", ""),
        ("127.0.0.1", ""),
        ("fd00::1", ""),
        ("testclient", ""),
        ("", ""),
    ],
)
def test_of_an_address_only_the_network_is_kept(host: str, known: str) -> None:
    assert network(host) == known
