"""One linked account as this device knows it, and how a person names one of several."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Final

from devices import protocol
from devices.client.errors import UsageProblem
from devices.protocol import unb64

CLAIMING: Final = "claiming"
PENDING: Final = "pending"
ACTIVE: Final = "active"


@dataclass(frozen=True, slots=True)
class Account:
    """An entry of the store. `key` and `totp` are sealed; everything else is no secret."""

    entry: str  # names the entry in the store, from before the server has named the device
    origin: str
    server_id: str
    name: str
    created: int
    state: str = CLAIMING
    device: str = ""
    account: str = ""
    login: str = ""
    server_key: str = ""
    clock_offset: int = 0  # the server's clock minus this computer's, in seconds
    key: str = ""
    totp: str = ""
    provisioned: bool = False  # the server knows that the secrets have arrived here

    @property
    def host(self) -> str:
        return self.origin.partition("://")[2]

    @property
    def title(self) -> str:
        return f"{self.login} on {self.host}"

    def binding(self, purpose: str) -> bytes:
        """What a sealed secret of this entry is bound to."""
        place = [part.encode() for part in (self.entry, self.origin, self.device, self.account)]
        return protocol.frame(f"kauth/v1/store-{purpose}", unb64(self.server_id), *place)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def account_from_json(data: Any) -> Account:
    """The entry as it was stored; TypeError or ValueError for anything else."""
    known = {field.name: data[field.name] for field in fields(Account) if field.name in data}
    for field in fields(Account):
        if field.name in known and type(known[field.name]) is not field.type:
            raise TypeError(f"{field.name} is not stored as it should be")
    account = Account(**known)
    unb64(account.server_id)
    return account


def choose(accounts: Sequence[Account], wanted: str | None) -> Account:
    """The account that `wanted` names: login, login@host or the beginning of the device's id."""
    linked = [account for account in accounts if account.state != CLAIMING]
    if not linked:
        raise UsageProblem("No account is linked here. Run: python -m devices.client link URL")
    matches = linked if wanted is None else _matches(linked, wanted)
    if not matches:
        raise UsageProblem(f"No linked account is called {wanted}. Linked: {_choices(linked)}")
    if len(matches) > 1:
        raise UsageProblem(f"Say which account you mean: {_choices(matches)}")
    return matches[0]


def _matches(accounts: Sequence[Account], wanted: str) -> list[Account]:
    name = wanted.casefold()
    exact = [
        account
        for account in accounts
        if name in (account.login.casefold(), f"{account.login}@{account.host}".casefold())
    ]
    return exact or [account for account in accounts if account.device.startswith(name)]


def _choices(accounts: Sequence[Account]) -> str:
    return ", ".join(
        f"{account.login}@{account.host} (device {account.device[:13]})" for account in accounts
    )
