"""D-103: whatever `next` says, nobody is led to another site."""

import pytest

from tests.pages import MANAGER, browser, sign_in
from tests.people import PASSWORD, make_user

pytestmark = pytest.mark.django_db

EVIL = [
    "//evil.example",
    "///evil.example",
    "////evil.example",
    "https:evil.example",
    "https://evil.example",
    "http:///evil.example",
    "\\\\evil.example",
    "/\\evil.example",
    "\\/evil.example",
    "/\t/evil.example",
    "\t//evil.example",
    "/\n/evil.example",
    "\x00//evil.example",
    "\u00a0//evil.example",
    " //evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "https://localhost:8000@evil.example/",
    "//localhost:8000@evil.example/",
    "//localhost:8000/",
    "//[",
    "evil.example",
    "manager",
    "../2fa/",
    "",
    "/" + "a" * 20_000,
]
LOCAL = ["/2fa/", "/2fa/?a=b&c=//d", "/2fa/@evil.example", "/2fa/%09/evil.example"]


def landing(sent_by: str, page: str) -> str:
    visitor = browser()
    fields = {"username": "alice@example.org", "password": PASSWORD}
    if sent_by == "form":
        visitor.post("/login/", {**fields, "next": page})
    else:
        visitor.post("/login/", fields, query_params={"next": page})
    return str(visitor.get("/login/verify/").headers["Location"])


@pytest.mark.parametrize("page", EVIL)
def test_d103_a_page_elsewhere_becomes_the_account_manager(page: str) -> None:
    make_user()
    assert landing("form", page) == landing("address", page) == MANAGER


@pytest.mark.parametrize("page", LOCAL)
def test_d103_a_page_of_ours_is_gone_to(page: str) -> None:
    make_user()
    assert landing("form", page) == landing("address", page) == page


@pytest.mark.parametrize("page", EVIL)
def test_d103_who_is_signed_in_is_not_led_away_either(page: str) -> None:
    make_user()
    visitor = browser()
    sign_in(visitor)
    response = visitor.get("/login/", {"next": page})
    assert response.headers["Location"] == MANAGER


def test_d103_no_line_of_the_answer_can_be_written_by_the_caller() -> None:
    make_user()
    assert "\n" not in landing("form", "/2fa/\r\nSet-Cookie: a=b")
