"""The full mode: what one process does reaches those who wait at another, whoever rings or lies."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import psycopg
import pytest
from kombu.connection import Connection
from kombu.serialization import enable_insecure_serializers

from deploy.local.processes import wait_until
from devices.protocol import CloseCode
from kauth_site.redis_layer import RedisLayer
from tests.journeys.browser import Browser, Door
from tests.journeys.wire import connected, question, send_answer, sign_up_and_link, waiting_page
from tests.services.full import Full
from tests.software_device import SoftwareDevice

PASSWORD = "correct horse battery"
_numbers = count(1)


class Person:
    """Somebody with a linked device, and a browser at a process of their choice."""

    def __init__(self, full: Full) -> None:
        self.origin = full.origin
        self.ports = [one.port for one in full.site.sockets]
        self.login_id = f"across{next(_numbers)}@example.org"
        self.door = Door(self.ports[0])
        self.browser = Browser(full.origin, door=self.door)
        self.device: SoftwareDevice = sign_up_and_link(self.browser, self.login_id, PASSWORD)

    def logs_in_anew(self) -> None:
        self.browser.press("Log out")
        self.browser.press("Log in", username=self.login_id, password=PASSWORD)

    def goes_to(self, process: int) -> None:
        self.door.port = self.ports[process]


@pytest.fixture
def person(full_site: Full) -> Iterator[Person]:
    with ExitStack() as stack:
        person = Person(full_site)
        stack.callback(person.browser.close)
        yield person


@pytest.mark.parametrize("last", [0, 1])
def test_a_question_of_one_process_reaches_a_device_at_the_other(person: Person, last: int) -> None:
    here, there = person.ports
    with connected(person.origin, person.device, there) as device:
        person.logs_in_anew()
        with waiting_page(person.browser, here) as page:
            device.answer("approve")
            page.waits_for(lambda told: told["state"] == "approved")
    person.goes_to(last)
    person.browser.press("I have answered")
    assert person.browser.path == "/manager/"


def test_d18_two_processes_use_one_yes_once(person: Person) -> None:
    person.logs_in_anew()
    asked = question(person.origin, person.device)
    send_answer(person.origin, person.device.answer_body(asked, "approve")).raise_for_status()
    doors = [Browser(person.origin, door=Door(port)) for port in person.ports * 3]
    for browser in doors:
        browser.http.cookies = person.browser.http.cookies
        browser.page = person.browser.page
    with ThreadPoolExecutor(len(doors)) as fingers:
        pressed = list(fingers.map(lambda one: one.presses_at_once("I have answered", 1), doors))
    for browser in doors:
        browser.close()
    leads = [answer.headers.get("Location") for (answer,) in pressed]
    assert leads.count("/manager/") == 1


def test_d42_a_device_that_is_removed_at_one_process_is_thrown_out_at_the_other(
    person: Person,
) -> None:
    with connected(person.origin, person.device, person.ports[1]) as device:
        person.browser.open(f"/2fa/devices/{person.device.device}/remove/")
        person.browser.press("Remove")
        assert device.closed_with() == CloseCode.REVOKED


def test_the_run_of_beat_tells_the_page_that_waits(person: Person, full_site: Full) -> None:
    person.logs_in_anew()
    with waiting_page(person.browser, person.ports[1]) as page:
        assert page.browser.waiting()["state"] == "pending"
        with psycopg.connect(full_site.database.url) as database:
            database.execute(
                "UPDATE twofactor_challenge SET expires_at = now() WHERE user_id = %s",
                [person.device.account],
            )
        page.waits_for(lambda told: told["state"] == "expired")
        with psycopg.connect(full_site.database.url) as database:
            state = "SELECT state FROM twofactor_challenge WHERE user_id = %s"
            assert database.execute(state, [person.device.account]).fetchall() == [("expired",)]


def test_d89_who_forges_every_ring_lets_nobody_in_and_throws_nobody_out(
    person: Person, full_site: Full
) -> None:
    """They hold Redis and even the key that its messages are sealed with."""
    with connected(person.origin, person.device, person.ports[1]) as device:
        person.logs_in_anew()
        challenge = device.hear()["challenge"]
        closed = {"type": "closed", "challenge": challenge, "state": "approved"}
        forge(
            full_site,
            (f"challenge.{challenge}", {"type": "changed", "state": "approved"}),
            (f"account.{person.device.account}", closed),
            (f"device.{person.device.device}", {"type": "revoked"}),
            (f"device.{person.device.device}", {"type": "activated"}),
        )
        assert device.hear() == {"t": "closed", "challenge": challenge, "state": "approved"}
        person.browser.press("I have answered")
        assert person.browser.path == "/login/verify/"
        assert person.browser.state() == "pending"
        device.say({"t": "ping"})
        assert device.hear()["t"] in ("active", "request")


def forge(full: Full, *rings: tuple[str, dict[str, str]]) -> None:
    key = (full.site.folder / "data" / "keys" / "channel_key").read_text().strip()

    async def send() -> None:
        layer = RedisLayer(full.redis.url, symmetric_encryption_keys=[key])
        for group, message in rings:
            await layer.group_send(group, message)

    asyncio.run(send())


class Bomb:
    """Whoever unpickles it leaves a file behind."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.trace,)


def test_d90_the_worker_unpickles_nothing_and_goes_on(
    person: Person, full_site: Full, tmp_path: Path
) -> None:
    trace = tmp_path / "unpickled"
    enable_insecure_serializers(["pickle"])
    with Connection(full_site.redis.url, ssl={"ssl_cert_reqs": "required"}) as broker:
        broker.Producer().publish(
            [[Bomb(trace)], {}, {}],
            serializer="pickle",
            routing_key="celery",
            headers={"task": "accounts.tasks.send_notice", "id": "bomb"},
        )
    worker, news = full_site.site.worker, f"To: {person.login_id}"
    mails = worker.output().count(news)
    person.logs_in_anew()
    asked = question(person.origin, person.device)
    send_answer(person.origin, person.device.answer_body(asked, "report")).raise_for_status()
    wait_until(lambda: worker.output().count(news) > mails, worker.running, worker.log)
    assert not trace.exists()
