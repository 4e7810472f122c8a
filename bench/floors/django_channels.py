"""The same as Django views and Channels consumers under daphne: three commits, two rings."""

import json
import os
import secrets
from typing import Any

import dj_database_url
from django.conf import settings

settings.configure(
    DEBUG=False,
    SECRET_KEY=secrets.token_urlsafe(40),
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    USE_TZ=True,
    MIDDLEWARE=[],
    INSTALLED_APPS=[],
    DATABASES={
        "default": {
            **dj_database_url.parse(os.environ["FLOOR_DATABASE"]),
            "OPTIONS": {"pool": {"min_size": 2, "max_size": 8}},
        }
    },
    CHANNEL_LAYERS={
        "default": {
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            "CONFIG": {"hosts": [os.environ["FLOOR_REDIS"]]},
        }
    },
)

import django

django.setup()

from asgiref.sync import async_to_sync
from channels.generic.websocket import AsyncWebsocketConsumer
from channels.layers import get_channel_layer
from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application
from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.urls import path

from bench.floors import signed


def run(statement: str, *values: Any) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchone() if cursor.description else cursor.rowcount


def ring(group: str, content: str) -> None:
    async_to_sync(get_channel_layer().group_send)(group, {"type": "ring", "content": content})


def enrol(serial: str, key: str) -> dict[str, Any]:
    run("INSERT INTO device VALUES (%s, %s)", serial, bytes.fromhex(key))
    return {"ok": True}


def begin(serial: str) -> dict[str, Any]:
    challenge = secrets.token_urlsafe(32)
    run("INSERT INTO challenge (id, serial) VALUES (%s, %s)", challenge, serial)
    ring(f"phone.{serial}", challenge)
    return {"challenge": challenge}


def answer(serial: str, challenge: str, sig: str) -> dict[str, Any]:
    (key,) = run("SELECT key FROM device WHERE serial = %s", serial)
    if not signed(bytes(key), challenge, sig):
        return {"ok": False}
    done = run(
        "UPDATE challenge SET state = 1, answered = now() WHERE id = %s AND state = 0", challenge
    )
    ring(f"page.{challenge}", "")
    return {"ok": done == 1}


def state(challenge: str) -> dict[str, Any]:
    return {"ok": run("SELECT state FROM challenge WHERE id = %s", challenge) == (1,)}


def finish(challenge: str) -> dict[str, Any]:
    return {
        "ok": run(
            "UPDATE challenge SET state = 2, used = now() WHERE id = %s AND state = 1", challenge
        )
        == 1
    }


class Listener(AsyncWebsocketConsumer):
    """A phone or a page: hears the rings of its group."""

    async def connect(self) -> None:
        names = self.scope["url_route"]["kwargs"]
        self.groups = [f"{names['whom']}.{names['name']}"]
        await self.channel_layer.group_add(self.groups[0], self.channel_name)
        await self.accept()

    async def ring(self, event: dict[str, str]) -> None:
        await self.send(event["content"])


def call(verb: Any) -> Any:
    def view(request: HttpRequest) -> JsonResponse:
        return JsonResponse(verb(**json.loads(request.body)))

    return view


urlpatterns = [path(verb.__name__, call(verb)) for verb in (enrol, begin, answer, state, finish)]
application = ProtocolTypeRouter(
    {
        "http": get_asgi_application(),
        "websocket": URLRouter([path("<str:whom>/<str:name>", Listener.as_asgi())]),
    }
)
