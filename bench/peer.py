"""privacyIDEA and eduMFA, set up by their own tools and driven by their documented calls.

Both push in "poll only" mode: a software phone asks `/ttype/push`, as their apps do. A few RSA
keys are shared by the phones: the server stores one per token anyway.
"""

import base64
import json
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from bench.environments import made
from bench.site import Stores
from deploy.local import processes
from deploy.local.processes import Program

REALM, ADMIN = "bench", "adminpw"
# A phone signs each poll. One signature serves this long, which spares the cores that both share.
POLL_SIGNATURE_SECONDS = 20


@dataclass(frozen=True)
class Kind:
    """What the two products name differently."""

    name: str
    version: str
    tool: str
    prefix: str
    token: str
    setup: tuple[str, ...]
    admin: str
    resolver: str
    realm: str
    tuned: str


PRIVACYIDEA = Kind(
    name="privacyidea",
    version="3.14",
    tool="pi-manage",
    prefix="PI_",
    token="push",
    setup=("setup create_enckey", "setup create_audit_keys", "setup create_tables"),
    admin="admin add -p adminpw admin",
    resolver="config resolver create file passwdresolver",
    realm="config realm create bench file",
    tuned="PI_AUDIT_NO_PRIVATE_KEY_CHECK=True\nPI_RESPONSE_NO_PRIVATE_KEY_CHECK=True\n"
    "PI_AUDIT_POOL_SIZE=20\n",
)
EDUMFA = Kind(
    name="edumfa",
    version="2.9.5",
    tool="edumfa-manage",
    prefix="EDUMFA_",
    token="edupush",
    setup=("create_enckey", "create_audit_keys", "create_tables"),
    admin="admin add -p adminpw admin",
    resolver="resolver create file passwdresolver",
    realm="realm create bench file",
    tuned="EDUMFA_AUDIT_NO_PRIVATE_KEY_CHECK=True\nEDUMFA_RESPONSE_NO_PRIVATE_KEY_CHECK=True\n"
    "EDUMFA_AUDIT_POOL_SIZE=20\n",
)
POOL = "SQLALCHEMY_ENGINE_OPTIONS={'pool_size': 30, 'max_overflow': 30}\n"
STOCK, TUNED = ["-w", "2"], ["-w", "2", "-k", "gthread", "--threads", "4"]


@contextmanager
def running(
    around: Stores, kind: Kind, people: int, *, tuned: bool
) -> Iterator[tuple[str, dict[str, int], list[dict[str, Any]]]]:
    """Its address, its process, the enrolled phones; with stock settings, or at its best."""
    packages = (f"{kind.name}=={kind.version}", "gunicorn", "psycopg2-binary")
    environment = made(kind.name, *packages)
    address = around.database(f"{kind.name}_{'tuned' if tuned else 'stock'}")
    port = processes.free_port()
    with processes.private_folder() as folder:
        extra = kind.tuned + POOL if tuned else ""
        config = _configured(kind, folder, address, extra)
        variables = {
            "PATH": "/usr/bin:/bin",
            "HOME": str(folder),
            f"{kind.name.upper()}_CONFIGFILE": str(config),
        }
        _set_up(kind, environment, folder, variables, people)
        command = [str(environment / "bin" / "gunicorn"), *(TUNED if tuned else STOCK)]
        command += ["-b", f"127.0.0.1:{port}", "--backlog", "2048", "--timeout", "120"]
        program = Program(
            kind.name,
            [*command, "--no-control-socket", "peer_site:application"],
            folder=folder,
            ready=lambda: processes.answers(port),
            environment=variables,
        )
        program.start()
        try:
            phones = _enrolled(kind, port, people)
            yield f"http://127.0.0.1:{port}", {kind.name: program.running.pid}, phones
        finally:
            program.stop()


def _configured(kind: Kind, folder: Path, address: str, extra: str) -> Path:
    x, config = kind.prefix, folder / "peer.cfg"
    database = address.replace("postgres://", "postgresql+psycopg2://")
    config.write_text(
        f"SUPERUSER_REALM=['super']\nSQLALCHEMY_DATABASE_URI={database!r}\n"
        f"SECRET_KEY={'s' * 32!r}\n{x}PEPPER='benchbenchbench1'\n{x}ENCFILE='{folder}/enckey'\n"
        f"{x}AUDIT_KEY_PRIVATE='{folder}/private.pem'\n{x}AUDIT_KEY_PUBLIC='{folder}/public.pem'\n"
        f"{x}LOGFILE='{folder}/peer.log'\n{x}LOGLEVEL=30\n{extra}"
    )
    (folder / "peer_site.py").write_text(
        f"from {kind.name}.app import create_app\n"
        "application = create_app(\n"
        f"    config_name='production', config_file={str(config)!r}, silent=True)\n"
    )
    return config


def _set_up(
    kind: Kind, environment: Path, folder: Path, variables: dict[str, str], people: int
) -> None:
    (folder / "users").write_text(
        "".join(f"user{n}:x:{2000 + n}:2000:User,,,:/nowhere:/bin/sh\n" for n in range(people))
    )
    (folder / "resolver").write_text(repr({"fileName": str(folder / "users")}))
    steps = [*kind.setup, kind.admin, f"{kind.resolver} {folder}/resolver", kind.realm]
    for step in [*steps, kind.realm.replace("create bench file", "set_default bench")]:
        command = [str(environment / "bin" / kind.tool), *step.split()]
        done = subprocess.run(
            command, env=variables, cwd=folder, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"{step}: {done.stdout[-500:]}{done.stderr[-500:]}")


def _enrolled(kind: Kind, port: int, people: int) -> list[dict[str, Any]]:
    site = f"http://127.0.0.1:{port}"
    for _ in range(6):  # until each worker has loaded
        token = _post(f"{site}/auth", username="admin", password=ADMIN)["value"]["token"]
    pol = f"{kind.token}_"
    action = f"{pol}firebase_configuration=poll only, {pol}ttl=10, "
    action += f"{pol}registration_url={site}/ttype/{kind.token}"
    _post(f"{site}/policy/enrol", token, scope="enrollment", action=action, active="True", realm="")
    keys = [rsa.generate_private_key(65537, 4096) for _ in range(2)]
    return [_enrol(kind, site, token, number, keys[number % 2]) for number in range(people)]


def _enrol(
    kind: Kind, site: str, token: str, number: int, key: rsa.RSAPrivateKey
) -> dict[str, Any]:
    user = f"user{number}"
    made_token = _post(
        f"{site}/token/init", token, type=kind.token, genkey="1", user=user, realm=REALM
    )["detail"]
    public = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    _post(
        f"{site}/ttype/{kind.token}",
        serial=made_token["serial"],
        enrollment_credential=made_token["enrollment_credential"],
        fbtoken="none",
        pubkey=base64.urlsafe_b64encode(public).decode(),
    )
    return {"user": user, "serial": made_token["serial"], "key": key}


def _post(address: str, token: str = "", **content: str) -> dict[str, Any]:
    request = urllib.request.Request(
        address, urllib.parse.urlencode(content).encode(), {"Authorization": token} if token else {}
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        found = json.load(answer)
    return {**found["result"], "detail": found.get("detail")}


class Phone:
    def __init__(self, known: dict[str, Any]) -> None:
        self.user, self.serial, self.key = known["user"], known["serial"], known["key"]
        self.transaction = ""
        self.signed_at = 0.0
        self.query = ""

    def sign(self, message: str) -> str:
        signature = self.key.sign(message.encode(), padding.PKCS1v15(), hashes.SHA256())
        return base64.b32encode(signature).decode()


class Peer:
    """Either peer for the driver: it asks where kAuth is rung."""

    def __init__(self, kind: Kind, address: str, known: list[dict[str, Any]]) -> None:
        self.kind, self.address = kind, address
        self.people = [Phone(one) for one in known]
        self.http = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))

    async def prepare(self, phone: Phone, journeys: int) -> None:
        self._poll_query(phone)

    async def begin(self, phone: Phone) -> None:
        detail = (await self._check(phone))["detail"]
        phone.transaction = detail["transaction_id"]

    async def phone_hears(self, phone: Phone) -> dict[str, Any]:
        while True:
            address = f"{self.address}/ttype/{self.kind.token}?{self._poll_query(phone)}"
            async with self.http.get(address) as answer:
                open_now: list[dict[str, Any]] = (await answer.json())["result"]["value"]
            if open_now:
                return open_now[-1]

    def phone_signs(self, phone: Phone, question: dict[str, Any]) -> dict[str, str]:
        nonce = question["nonce"]
        signed = phone.sign(f"{nonce}|{phone.serial}")
        return {"serial": phone.serial, "nonce": nonce, "signature": signed}

    async def phone_answers(self, phone: Phone, signed: dict[str, str]) -> None:
        assert (await self._post(f"/ttype/{self.kind.token}", signed))["result"]["value"] is True

    async def page_hears(self, phone: Phone) -> None:
        address = f"{self.address}/validate/polltransaction?transaction_id={phone.transaction}"
        while True:
            async with self.http.get(address) as answer:
                if (await answer.json())["result"]["value"] is True:
                    return

    async def finish(self, phone: Phone) -> None:
        found = await self._check(phone, transaction_id=phone.transaction)
        assert found["result"]["value"] is True

    async def close(self) -> None:
        await self.http.close()

    def _poll_query(self, phone: Phone) -> str:
        if time.time() - phone.signed_at > POLL_SIGNATURE_SECONDS:
            moment = datetime.now(UTC).isoformat()
            query = {
                "serial": phone.serial,
                "timestamp": moment,
                "signature": phone.sign(f"{phone.serial}|{moment}"),
            }
            phone.query, phone.signed_at = urllib.parse.urlencode(query), time.time()
        return phone.query

    async def _check(self, phone: Phone, **more: str) -> dict[str, Any]:
        return await self._post(
            "/validate/check", {"user": phone.user, "realm": REALM, "pass": "", **more}
        )

    async def _post(self, path: str, content: dict[str, str]) -> dict[str, Any]:
        async with self.http.post(self.address + path, data=content) as answer:
            found: dict[str, Any] = await answer.json()
            return found
