"""D-103: whatever `next` says, nobody is led to another site."""

import pytest

from accounts import login
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
def test_d103_a_page_elsewhere_is_none_of_ours(page: str) -> None:
    assert login.local_page(page, MANAGER) == MANAGER


@pytest.mark.parametrize("page", LOCAL)
def test_d103_a_page_of_ours_is_taken_as_it_is(page: str) -> None:
    assert login.local_page(page, MANAGER) == page


@pytest.mark.parametrize("sent_by", ["form", "address"])
@pytest.mark.parametrize(
    ("page", "where"),
    [("//evil.example", MANAGER), ("/\\evil.example", MANAGER), ("/2fa/?a=b", "/2fa/?a=b")],
)
def test_d103_the_login_leads_to_pages_of_ours_only(sent_by: str, page: str, where: str) -> None:
    make_user()
    assert landing(sent_by, page) == where


@pytest.mark.parametrize(
    ("page", "where"), [("//evil.example", MANAGER), ("https:evil", MANAGER), ("/2fa/", "/2fa/")]
)
def test_d103_who_is_signed_in_is_not_led_away_either(page: str, where: str) -> None:
    make_user()
    visitor = browser()
    sign_in(visitor)
    assert visitor.get("/login/", {"next": page}).headers["Location"] == where


def test_d103_no_line_of_the_answer_can_be_written_by_the_caller() -> None:
    make_user()
    assert "\n" not in landing("form", "/2fa/\r\nSet-Cookie: a=b")
