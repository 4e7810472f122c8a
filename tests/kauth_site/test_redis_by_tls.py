"""Redis by TLS: whoever stands there without the right certificate is told nothing."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from celery import Celery
from channels.layers import BaseChannelLayer
from django.utils.module_loading import import_string
from kombu.exceptions import OperationalError
from redis.exceptions import ConnectionError as RedisConnectionError

from deploy.local import redis
from tests.kauth_site.configured import Configure, configure
from tests.services import certificate
from tests.services.available import available_or_said

__all__ = ["configure"]


@pytest.fixture
def settings_by_tls(configure: Configure, tmp_path: Path) -> Iterator[tuple[dict[str, Any], Path]]:
    """The settings for a Redis that runs, and the authority of its certificate."""
    tls = certificate.made(tmp_path)
    with available_or_said(), redis.serving(tls) as server:
        yield configure(REDIS_URL=server.url), tls.chain


def queue_a_task(settings: dict[str, Any]) -> None:
    app = Celery("kauth", set_as_current=False)
    app.conf.update(
        broker_url=settings["CELERY_BROKER_URL"],
        broker_use_ssl=settings["CELERY_BROKER_USE_SSL"],
        task_ignore_result=True,
    )
    with app.connection_for_write() as connection:
        connection.ensure_connection(max_retries=1, timeout=5)
        app.send_task("nothing", connection=connection, retry=False)


def layer_of(settings: dict[str, Any]) -> BaseChannelLayer:
    chosen = settings["CHANNEL_LAYERS"]["default"]
    return import_string(chosen["BACKEND"])(**chosen["CONFIG"])


async def test_rings_and_tasks_go_to_a_redis_that_proves_its_name(
    settings_by_tls: tuple[dict[str, Any], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, authority = settings_by_tls
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    queue_a_task(settings)
    layer: Any = layer_of(settings)
    await layer.group_send("nobody", {"type": "nothing"})
    await layer.flush()


async def test_d91_a_redis_with_a_certificate_of_its_own_making_hears_nothing(
    settings_by_tls: tuple[dict[str, Any], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, _ = settings_by_tls
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    with pytest.raises(OperationalError, match="CERTIFICATE_VERIFY_FAILED"):
        queue_a_task(settings)
    layer: Any = layer_of(settings)
    with pytest.raises(RedisConnectionError, match="CERTIFICATE_VERIFY_FAILED"):
        await layer.group_send("nobody", {"type": "nothing"})
    await layer.flush()
