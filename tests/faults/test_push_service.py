"""The push service is dead, slow or lying: nobody waits for it, and nobody gets in by it."""

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager

import pytest

from tests.faults.conftest import Supply
from tests.faults.findings import Findings
from tests.faults.ledger import nothing_is_lost
from tests.journeys.browser import Browser
from tests.journeys.wire import call
from tests.services import push_service
from tests.services.full import Full
from tests.services.phones import Phones
from tests.services.population import Person
from tests.services.processes import wait_until
from tests.services.signing_in import (
    begin,
    sign_in_by_backup_code,
    sign_in_by_code,
    state_of,
    wait_for_yes,
)

Fault = Callable[[int], AbstractContextManager[None]]


@contextmanager
def dead(port: int) -> Iterator[None]:
    with socket.socket() as nobody:
        assert nobody.connect_ex(("127.0.0.1", port))
    yield


@contextmanager
def slow(port: int) -> Iterator[None]:
    """Takes the message, and is never done with its answer."""
    with push_service.running(port) as service:
        service.drips = True
        try:
            yield
            service.next_message()
        finally:
            service.drips = False


@contextmanager
def lying(port: int) -> Iterator[None]:
    """Says that it has taken the message, and wakes nobody."""
    with push_service.running(port) as service:
        yield
        service.next_message()


@contextmanager
def sending_elsewhere(port: int) -> Iterator[None]:
    with push_service.running(port) as service:
        service.answers = [(307, {"Location": f"{service.origin}/elsewhere"})]
        yield
        assert service.next_message().path == "/push/phone"
        assert service.messages.empty()


FAULTS = [
    dead,
    slow,
    pytest.param(lying, marks=pytest.mark.long),
    pytest.param(sending_elsewhere, marks=pytest.mark.long),
]


def subscribe(full: Full, person: Person) -> None:
    service = push_service.PushService()
    service.server.server_close()
    told = {**service.subscription(), "endpoint": f"http://127.0.0.1:{full.push_port}/push/phone"}
    answer = call(full.origin, person.phone, "PUT", "/device/v1/push", json.dumps(told).encode())
    assert answer.status_code == 204, answer.text


@pytest.mark.parametrize("fault", FAULTS)
def test_d17_whatever_the_push_service_does_the_app_that_is_opened_answers(
    full_site: Full, supply: Supply, findings: Findings, fault: Fault
) -> None:
    origin, worker = full_site.origin, full_site.site.worker
    asked, with_code = supply.take(2)
    subscribe(full_site, asked)
    mails = worker.output().count("A backup code was used")
    with fault(full_site.push_port), closing(Browser(origin)) as browser:
        begin(browser, asked)
        assert sign_in_by_code(origin, with_code) == "/manager/"
        assert sign_in_by_backup_code(origin, supply.careful) == "/manager/"
        assert state_of(browser) == "pending"
        with (
            findings.time(f"push service {fault.__name__.replace('_', ' ')}", "the mail left"),
        ):
            wait_until(
                lambda: worker.output().count("A backup code was used") > mails,
                worker.running,
                worker.log,
            )
        with Phones([asked]) as phones:
            wait_for_yes(browser)
            browser.press("I have answered")
            assert browser.path == "/manager/"
            assert nothing_is_lost(full_site, phones)
