"""With sockets blocked the pages ask every two seconds, and go on by themselves all the same."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from devices.client.errors import ExitCode
from tests.browser.person import Person

# As a policy of the browser refuses them: the constructor throws.
NO_SOCKETS = "window.WebSocket = function () { throw new DOMException('no', 'SecurityError') }"


def closed(page: Page) -> None:
    """As a proxy that does not know sockets refuses them: they open never, and close at once."""
    page.route_web_socket(re.compile("/ws/"), lambda socket: socket.close())


def refused(page: Page) -> None:
    page.add_init_script(NO_SOCKETS)


@pytest.mark.parametrize("blocked", [closed, refused])
def test_linking_and_signing_in_go_on_by_asking(
    person: Person, blocked: Callable[[Page], None]
) -> None:
    blocked(person.page)
    person.signs_up()
    person.links()
    person.signs_out()
    phone = person.phone.listen("--once", "--yes")
    person.passes_the_password(on_the_way_to="/2fa/")
    person.is_at("/2fa/")
    assert phone.ended() == ExitCode.DONE
