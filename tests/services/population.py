"""Many people with linked phones, written straight into the database of a running site.

Signing up and linking costs a password hash and ten more for the backup codes; here all share one.
"""

import base64
import json
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import Any

from deploy.local.site import ROOT, Site
from devices import p256
from devices.client import totp
from devices.protocol import b64, unb64
from tests.software_device import SoftwareDevice

PASSWORD = "correct horse battery"
BATCH = 1_000


@dataclass(frozen=True)
class Person:
    """`backup_codes` are there for the first of them only: each costs a hash."""

    login_id: str
    phone: SoftwareDevice
    code_secret: bytes
    backup_codes: list[str]

    def code(self) -> str:
        """The 30-second code that the phone shows now."""
        return totp.code(self.code_secret, int(time.time()))


def made(site: Site, count: int, name: str) -> list[Person]:
    """`count` people called `name`-0, `name`-1, ..., each with one active phone."""
    inside = f"from tests.services import population; population.write({name!r}, {count})"
    done = subprocess.run(
        [sys.executable, "manage.py", "shell", "-v", "0", "-c", inside],
        cwd=ROOT,
        env=site.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    return [_person(told, row) for row in told["people"]]


def _person(told: dict[str, str], row: dict[str, Any]) -> Person:
    phone = SoftwareDevice()
    phone.key = p256.private_from_bytes(unb64(row["key"]))
    phone.origin, phone.server_id = told["origin"], unb64(told["server_id"])
    phone.device, phone.account = row["device"], row["account"]
    secret = base64.b64decode(row["code_secret"])
    return Person(row["login_id"], phone, secret, row["backup_codes"])


def write(name: str, count: int) -> None:
    """The part that runs inside the site; what it prints, `made` reads."""
    from django.conf import settings

    from devices import keys

    batches = (range(first, min(first + BATCH, count)) for first in range(0, count, BATCH))
    people = [row for batch in batches for row in _write(name, batch)]
    people[0]["backup_codes"] = _backup_codes(people[0]["login_id"])
    told = {"origin": settings.KAUTH_ORIGIN, "server_id": b64(keys.server_id()), "people": people}
    print(json.dumps(told))


def _write(name: str, numbers: range) -> list[dict[str, Any]]:
    from django.contrib.auth.hashers import make_password

    from accounts.models import User
    from devices import one_time_codes
    from devices.models import Device

    password = make_password(PASSWORD)
    users = [User(login_id=f"{name}-{n}@example.org", password=password) for n in numbers]
    private = [p256.generate() for _ in numbers]
    phones = [
        _phone(user, p256.public_bytes(key)) for user, key in zip(users, private, strict=True)
    ]
    User.objects.bulk_create(users)
    Device.objects.bulk_create(phones)
    return [
        {
            "login_id": phone.user.login_id,
            "account": str(phone.user_id),
            "device": str(phone.public_id),
            "key": b64(p256.private_to_bytes(key)),
            "code_secret": base64.b64encode(one_time_codes.secret_of(phone)).decode(),
            "backup_codes": [],
        }
        for phone, key in zip(phones, private, strict=True)
    ]


def _backup_codes(login_id: str) -> list[str]:
    from accounts import audit
    from accounts.models import User
    from twofactor import backup_codes

    user = User.objects.get(login_id=login_id)
    backup_codes.generate(user, visitor=audit.NOBODY)
    return backup_codes.readable(user) or []


def _phone(user: Any, public: bytes) -> Any:
    from devices import keys, one_time_codes
    from devices.models import Device, DeviceState

    phone = Device(
        user=user,
        name="Pixel 8",
        platform="cli",
        state=DeviceState.ACTIVE,
        confirmed=True,
        public_key=public,
    )
    phone.key_seal = keys.seal_of(phone)
    phone.otp_secret = one_time_codes.new_secret(user.pk, phone.public_id)
    return phone
