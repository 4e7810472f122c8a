"""Fills a site's database: `python -m bench.seed KIND COUNT FILE`, under the site's settings.

KIND is `people` (the product's own verbs: slow, and complete), `bare` (rows alone: accounts that
nobody can sign in to, with a device that can connect) or `grow` (rows up to COUNT, by SQL).
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kauth_site.settings")
django.setup()

from django.db import connection

from accounts.models import User
from devices import keys, one_time_codes, p256, protocol
from devices.models import Device, DeviceState
from tests.people import PASSWORD, link_device

BATCH = 1000


def people(count: int) -> list[dict[str, Any]]:
    found = []
    for number in range(count):
        user = User.objects.create_user(f"person{number}@example.org", PASSWORD)
        phone, _ = link_device(user)
        found.append(described(user, phone.key, phone.device))
    return found


def bare(count: int) -> list[dict[str, Any]]:
    found = []
    for start in range(0, count, BATCH):
        size = min(BATCH, count - start)
        users = User.objects.bulk_create(
            User(login_id=f"bare{start + number}@example.org", password="!")
            for number in range(size)
        )
        pairs = [p256.generate() for _ in users]
        rows = [_device(user, pair) for user, pair in zip(users, pairs, strict=True)]
        Device.objects.bulk_create(rows)
        found += [
            described(user, pair, str(row.public_id))
            for user, pair, row in zip(users, pairs, rows, strict=True)
        ]
    return found


def _device(user: User, pair: p256.PrivateKey) -> Device:
    row = Device(
        user=user,
        name="Phone",
        platform="cli",
        state=DeviceState.ACTIVE,
        confirmed=True,
        public_key=p256.public_bytes(pair),
    )
    row.key_seal = keys.seal_of(row)
    row.otp_secret = one_time_codes.new_secret(user.pk, row.public_id)
    return row


def described(user: User, pair: p256.PrivateKey, device: str) -> dict[str, Any]:
    return {
        "login": user.login_id,
        "password": PASSWORD,
        "account": str(user.pk),
        "device": device,
        "key": protocol.b64(p256.private_to_bytes(pair)),
        "server": protocol.b64(keys.public()),
    }


def grow(count: int) -> list[dict[str, Any]]:
    """Copies one account, its device and a finished question until there are `count` of each."""
    user = User.objects.order_by("date_joined").first()
    assert user is not None
    have = User.objects.count()
    for table, key, changed in (
        (
            "accounts_user",
            "id",
            {"id": "gen_random_uuid()", "login_id": "'old' || n || '@example.org'"},
        ),
    ):
        _copy(table, f"{key} = '{user.pk}'", changed, have, count)
    _copy_for_each(
        "devices_device",
        {"id": "nextval('devices_device_id_seq')", "public_id": "gen_random_uuid()"},
    )
    _copy_for_each(
        "twofactor_challenge",
        {
            "id": "md5(u.id::text || 'a') || 'aaaaaaaaaaa'",
            "state": "'expired'",
            "created_at": "now() - random() * interval '29 days'",
            "ended_at": "now()",
        },
    )
    with connection.cursor() as cursor:
        # As a database that took years to grow: what a million rows at once leave behind is its
        # work of minutes, which the journeys would pay.
        cursor.execute("VACUUM (ANALYZE)")
        cursor.execute("CHECKPOINT")
    return []


def _columns(table: str) -> list[str]:
    with connection.cursor() as cursor:
        return [
            column.name for column in connection.introspection.get_table_description(cursor, table)
        ]


def _copy(table: str, which: str, changed: dict[str, str], have: int, want: int) -> None:
    names = _columns(table)
    values = [changed.get(name, f"t.{name}") for name in names]
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({', '.join(names)}) SELECT {', '.join(values)} "
            f"FROM {table} t, generate_series({have}, {want - 1}) n WHERE t.{which}"
        )


def _copy_for_each(table: str, changed: dict[str, str]) -> None:
    """A row like the first one for each account that has none."""
    names = _columns(table)
    values = [{"user_id": "u.id", **changed}.get(name, f"t.{name}") for name in names]
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({', '.join(names)}) SELECT {', '.join(values)} "
            f"FROM accounts_user u, (SELECT * FROM {table} ORDER BY created_at LIMIT 1) t "
            f"WHERE NOT EXISTS (SELECT 1 FROM {table} o WHERE o.user_id = u.id)"
        )


if __name__ == "__main__":
    kind, count, path = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
    made = {"people": people, "bare": bare, "grow": grow}[kind](count)
    path.write_text(json.dumps(made))
