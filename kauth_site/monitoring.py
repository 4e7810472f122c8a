"""/metrics for Prometheus: who may read it, and what is in it. Closed until a setting opens it."""

import hmac
import os
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError
from django.utils import timezone
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

from twofactor.models import Challenge, ExpiryRun


def may_read(*, address: str, authorization: str) -> bool:
    """Whether this caller is near enough, or has the token."""
    return _is_near(address) or _is_token(authorization)


def exposition() -> bytes:
    """What all processes of this machine have counted, and what the database says now."""
    registry = CollectorRegistry()
    _forget_the_dead()
    MultiProcessCollector(registry, str(settings.KAUTH_METRICS_FOLDER))  # type: ignore[no-untyped-call]
    registry.register(Rows())
    return generate_latest(registry)


class Rows(Collector):
    """Numbers that the database has. Without it the others are told all the same."""

    def collect(self) -> Iterator[Metric]:
        answers = GaugeMetricFamily("kauth_database_up", "Whether the database answers.")
        try:
            open_now = Challenge.objects.open().count()
            run = ExpiryRun.objects.first()
        except DatabaseError:
            answers.add_metric([], 0)
            yield answers
            return
        answers.add_metric([], 1)
        yield answers
        yield GaugeMetricFamily(
            "kauth_requests_open", "Sign-in requests that wait for an answer.", value=open_now
        )
        if run is not None:
            age = (timezone.now() - run.ran_at).total_seconds()
            yield GaugeMetricFamily(
                "kauth_expiry_age_seconds", "Since the last expiry run.", value=age
            )


def _is_token(authorization: str) -> bool:
    wanted = f"Bearer {settings.KAUTH_METRICS_TOKEN}".encode()
    same = hmac.compare_digest(authorization.encode(errors="replace"), wanted)
    return bool(settings.KAUTH_METRICS_TOKEN) and same


def _is_near(address: str) -> bool:
    networks = settings.KAUTH_METRICS_NETWORKS
    return bool(address) and any(ip_address(address) in network for network in networks)


def _forget_the_dead() -> None:
    """A process that was killed has no sockets any more, whatever it wrote down last."""
    for file in Path(settings.KAUTH_METRICS_FOLDER).glob("gauge_live*.db"):
        process = int(file.stem.rpartition("_")[2])
        if not _is_alive(process):
            mark_process_dead(process, str(settings.KAUTH_METRICS_FOLDER))  # type: ignore[no-untyped-call]


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
