"""A page's socket does not outlive its session (D-69), and one page does not fill the server."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.test import Client

from accounts import passwords, sign_ins
from accounts.models import EventKind, SignIn
from devices.consumers import MOST_MESSAGES, SOCKETS_PER_WAIT, PageConsumer
from devices.protocol import CloseCode
from tests.linked import Linked
from tests.pages import two_factor_browser
from tests.people import VISITOR
from tests.sockets import opened, page_wire
from twofactor import methods

pytestmark = pytest.mark.django_db(transaction=True)

SESSIONS = "/manager/sessions/"


def end_elsewhere(person: Linked, page: Client) -> None:
    place = page.session[sign_ins.SESSION_KEY]
    two_factor_browser(person.user).post(SESSIONS, {"end": place})


def end_all_others(person: Linked, page: Client) -> None:
    two_factor_browser(person.user).post(SESSIONS, {"all": "1"})


def log_out(person: Linked, page: Client) -> None:
    page.post("/logout/")


def new_password(person: Linked, page: Client) -> None:
    passwords.change(
        person.user, "a new sentence", visitor=VISITOR, kind=EventKind.PASSWORD_CHANGED
    )


def reset(person: Linked, page: Client) -> None:
    methods.reset(person.user, by="a test")


def switch_off(person: Linked, page: Client) -> None:
    person.user.is_active = False
    person.user.save(update_fields=["is_active"])


def linking_page(person: Linked) -> Client:
    page = two_factor_browser(person.user)
    page.post("/2fa/add/kauth/", {"action": "next"})
    return page


@pytest.mark.parametrize(
    "ending", [end_elsewhere, end_all_others, log_out, new_password, reset, switch_off]
)
async def test_d69_the_socket_is_closed_when_its_session_ends(
    alice: Linked, ending: Callable[[Linked, Client], Any]
) -> None:
    page = await sync_to_async(linking_page)(alice)
    async with opened(page_wire("/ws/link/", page)) as socket:
        await socket.hear()
        await sync_to_async(ending)(alice, page)
        assert await socket.closed_with() == CloseCode.NOT_AUTHENTICATED


async def test_the_socket_of_another_session_stays_open(alice: Linked) -> None:
    pages = [await sync_to_async(linking_page)(alice) for _ in range(2)]
    async with opened(page_wire("/ws/link/", pages[0])) as socket:
        await socket.hear()
        await sync_to_async(end_elsewhere)(alice, pages[1])
        assert await socket.wire.receive_nothing()


async def test_a_session_that_ended_before_its_socket_opens_none(alice: Linked) -> None:
    page = await sync_to_async(linking_page)(alice)
    await SignIn.objects.all().adelete()
    accepted, _ = await page_wire("/ws/link/", page).connect(10)
    assert not accepted


async def test_d78_a_page_has_thirty_sockets_at_most(alice: Linked) -> None:
    page = await sync_to_async(linking_page)(alice)
    async with AsyncExitStack() as open_sockets:
        for _ in range(SOCKETS_PER_WAIT):
            last = await open_sockets.enter_async_context(opened(page_wire("/ws/link/", page)))
        assert await page_wire("/ws/link/", page).connect(10) == (False, 1000)
        await last.wire.disconnect()
        async with opened(page_wire("/ws/link/", page)) as socket:
            assert await socket.hear() == {"t": "changed"}
    assert not PageConsumer.waiting


async def test_d78_who_talks_and_talks_to_a_pages_socket_is_cut_off(alice: Linked) -> None:
    page = await sync_to_async(linking_page)(alice)
    async with opened(page_wire("/ws/link/", page)) as socket:
        await socket.hear()
        for _ in range(MOST_MESSAGES + 1):
            await socket.say({"t": "ping"})
        assert await socket.closed_with() == CloseCode.TOO_MANY
