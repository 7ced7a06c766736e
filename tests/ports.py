"""Ports for programs that must be told theirs."""

import random
import socket

_BELOW_THOSE_OF_CLIENTS = range(20_000, 32_000)
_CHANCE = random.SystemRandom()


def free_ports(count: int) -> list[int]:
    """So many different ports of loopback that nobody listens at.

    From below those that the kernel gives to outgoing connections: of these, one that is free now may be somebody's end
    of a connection by the time the program starts.
    """
    found: list[int] = []
    while len(found) < count:
        port = _CHANCE.choice(_BELOW_THOSE_OF_CLIENTS)
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        if port not in found:
            found.append(port)
    return found


def free_port() -> int:
    return free_ports(1)[0]
