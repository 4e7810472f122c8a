"""Pages that other developers guard with django-otp's `otp_required`."""

import pytest
from django.test import Client

from tests.linked import Linked
from tests.pages import browser, log_in, pass_second_factor, sign_in, two_factor_browser
from tests.people import make_user

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.urls("tests.kauth_site.urls_with_a_strict_page"),
]

STRICT = "/strict/"


def way(visitor: Client, path: str) -> list[str]:
    """The pages that a browser is led through."""
    return [page for page, _ in visitor.get(path, follow=True).redirect_chain]


def test_a_stranger_passes_both_factors_and_arrives(alice: Linked) -> None:
    visitor = browser()
    login = way(visitor, STRICT)[-1]
    assert login == f"/login/?next={STRICT}"
    log_in(visitor, query_params={"next": STRICT})
    assert pass_second_factor(visitor, alice.user).headers["Location"] == STRICT
    assert visitor.get(STRICT).content == b"for two factors"


@pytest.mark.parametrize("entry", [STRICT, f"/login/?next={STRICT}"])
def test_who_is_signed_in_without_a_method_is_led_to_enable_one(entry: str) -> None:
    """And not from there to the login page and back, for ever."""
    make_user()
    visitor = browser()
    sign_in(visitor)
    assert way(visitor, entry)[-1] == "/2fa/"
    assert (
        "That page wants two-factor authentication."
        in visitor.get(STRICT, follow=True).content.decode()
    )


def test_who_signs_in_on_the_way_there_without_a_method_is_led_there_too() -> None:
    make_user()
    visitor = browser()
    log_in(visitor, query_params={"next": STRICT})
    assert way(visitor, "/login/verify/")[-1] == "/2fa/"


def test_who_has_passed_both_is_not_held_up(alice: Linked) -> None:
    visitor = two_factor_browser(alice.user)
    assert visitor.get(STRICT).status_code == 200
    assert way(visitor, f"/login/second-factor/?next={STRICT}") == [STRICT]


@pytest.mark.parametrize("evil", ["//evil.example", "https://evil.example/"])
def test_d103_nobody_is_led_to_another_site_from_there(alice: Linked, evil: str) -> None:
    visitor = two_factor_browser(alice.user)
    response = visitor.get("/login/second-factor/", {"next": evil})
    assert response.headers["Location"] == "/manager/"
