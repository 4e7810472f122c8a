"""The full mode as `make run-full` starts it, with its PostgreSQL and Redis at hand.

Browsers, devices and Redis are spoken to by TLS."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import httpx
from prometheus_client.parser import text_string_to_metric_families

from deploy.local import nginx, postgresql, processes, redis
from deploy.local.postgresql import Database
from deploy.local.redis import Redis
from deploy.local.site import Site
from tests.services import certificate

# Where OpenSSL, and with it every client, looks for authorities.
CERTIFICATES = "SSL_CERT_FILE"
METRICS_TOKEN = "a token for monitoring"
SETTINGS = {
    "KAUTH_PASSWORD_HASH_MEMORY": "19456",
    # The number is tested elsewhere; here many people sign in often.
    "KAUTH_NUMBER_MATCHING": "never",
    "KAUTH_METRICS_TOKEN": METRICS_TOKEN,
    # All that is ever logged is looked through for secrets.
    "KAUTH_LOG_LEVEL": "DEBUG",
    "KAUTH_LOG_FORMAT": "json",
}


@dataclass(frozen=True)
class Full:
    site: Site
    database: Database
    redis: Redis
    # Where a push service may listen, or nobody.
    push_port: int

    @property
    def origin(self) -> str:
        return self.site.origin

    def metric(self, name: str, **labels: str) -> float:
        """What all processes together say; 0 for what was not counted yet."""
        address = f"http://127.0.0.1:{self.site.pages_port}/metrics"
        token = {"Authorization": f"Bearer {METRICS_TOKEN}"}
        text = httpx.get(address, headers=token).raise_for_status().text
        return sum(
            sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        )


@contextmanager
def running() -> Iterator[Full]:
    """A site that answers; raises MissingProgramError when a server is not installed."""
    nginx.program()
    with ExitStack() as stack:
        folder = stack.enter_context(processes.private_folder())
        tls = certificate.made(folder)
        database = stack.enter_context(postgresql.serving())
        broker = stack.enter_context(redis.serving(tls))
        push_port = processes.free_port()
        push = {"KAUTH_PUSH_TEST_SERVICE": f"http://127.0.0.1:{push_port}"}
        site = Site(
            folder,
            database_url=database.url,
            redis_url=broker.url,
            port=processes.free_port(),
            tls=tls,
            settings={**SETTINGS, **push, CERTIFICATES: str(tls.chain)},
        )
        try:
            site.start()
            with _trusted(tls):
                yield Full(site, database, broker, push_port)
        finally:
            site.stop()


@contextmanager
def _trusted(tls: nginx.Certificate) -> Iterator[None]:
    """Every client of this process knows the certificate, by OpenSSL's own variable."""
    before = os.environ.get(CERTIFICATES)
    os.environ[CERTIFICATES] = str(tls.chain)
    try:
        yield
    finally:
        del os.environ[CERTIFICATES]
        if before is not None:
            os.environ[CERTIFICATES] = before
