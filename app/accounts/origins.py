"""Where a sign-in came from: the family of the browser, its system, and the network; enough for somebody to say "that
was me" or "that was not", and no more. The exact address is not kept.
"""

import ipaddress

from app.accounts.model import Origin

# The first that is named wins: most browsers also claim to be all those after them.
_BROWSERS = (
    ("coc_coc_browser", "Cốc Cốc"),
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "Mac"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def _first(table: tuple[tuple[str, str], ...], agent: str) -> str:
    return next((name for sign, name in table if sign in agent), "")


def network(host: str) -> str:
    """The network that an address is in: /24, or /48 of IPv6; "" inside the house or when it is no address."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return ""
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    if not address.is_global:
        return ""
    return str(ipaddress.ip_network((address, 24 if address.version == 4 else 48), strict=False))


def origin(user_agent: str, host: str) -> Origin:
    agent = user_agent[:1000]
    parts = (_first(_BROWSERS, agent), _first(_SYSTEMS, agent))
    return Origin("/".join(part for part in parts if part), network(host))
