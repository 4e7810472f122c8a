"""Failed tries without their cost: a password hash each would make the suite slow."""

from accounts import passwords, throttling
from accounts.visitors import Visitor


def use_up(login_id: str, *, address: str = "198.51.100.66") -> None:
    """The free tries at this account's password are used up, from an address of a stranger's."""
    (account, limit), _network = passwords._counters(login_id, Visitor(address=address), None)
    for _ in range(limit.free):
        throttling.reserve(account, limit)


def use_up_network(address: str) -> None:
    """The free tries of this network are used up, at accounts that nobody has."""
    _account, (network, limit) = passwords._counters("nobody", Visitor(address=address), None)
    for _ in range(limit.free):
        throttling.reserve(network, limit)
