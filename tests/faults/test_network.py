"""The network of a phone is gone in the middle of its answer: before it arrives, or after."""

from contextlib import ExitStack, closing

from websockets.sync.client import connect
from websockets.typing import Subprotocol

from devices.protocol import SOCKET_PATH, SUBPROTOCOL
from tests.faults import relay
from tests.faults.conftest import Supply
from tests.faults.relay import Relay
from tests.journeys.browser import Browser
from tests.journeys.wire import DeviceSocket, connected
from tests.services.full import Full
from tests.services.population import Person
from tests.services.signing_in import begin, state_of, wait_for_yes


def by_way_of(network: Relay, full: Full, person: Person, stack: ExitStack) -> DeviceSocket:
    address = full.origin.replace("http", "ws", 1) + SOCKET_PATH
    line = connect(
        address, sock=network.phone, subprotocols=[Subprotocol(SUBPROTOCOL)], close_timeout=1
    )
    return DeviceSocket(stack.enter_context(line), person.phone)


def test_an_answer_that_never_arrived_is_asked_for_again(full_site: Full, supply: Supply) -> None:
    person = supply.one()
    with ExitStack() as stack, closing(Browser(full_site.origin)) as browser:
        begin(browser, person)
        network = stack.enter_context(relay.to(full_site))
        phone = by_way_of(network, full_site, person, stack)
        asked = phone.hear()
        network.to_site = network.from_site = False
        phone.answer("approve", request=asked)
        assert state_of(browser) == "pending"
        with connected(full_site.origin, person.phone) as again:
            again.answer("approve")
            assert again.hear()["ok"]
        browser.press("I have answered")
        assert browser.path == "/manager/"


def test_an_answer_whose_thanks_never_arrived_counts_once(full_site: Full, supply: Supply) -> None:
    person = supply.one()
    with ExitStack() as stack, closing(Browser(full_site.origin)) as browser:
        begin(browser, person)
        network = stack.enter_context(relay.to(full_site))
        phone = by_way_of(network, full_site, person, stack)
        asked = phone.hear()
        network.from_site = False
        phone.answer("approve", request=asked)
        wait_for_yes(browser)
        with connected(full_site.origin, person.phone) as again:
            again.answer("approve", request=asked)
            assert again.hear()["error"] == "not_pending"
        browser.press("I have answered")
        assert browser.path == "/manager/"
