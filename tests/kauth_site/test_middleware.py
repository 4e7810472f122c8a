"""One origin, private pages, readable forms, and what some people must do before all else."""

from typing import Any

import pytest
from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from django.conf import settings
from django.test import Client, RequestFactory

from accounts.models import User
from kauth_site import middleware
from tests.pages import (
    LOGIN,
    MANAGER,
    browser,
    is_signed_in,
    log_in,
    pass_second_factor,
    session_key,
    sign_in,
)
from tests.people import link_device, make_user
from twofactor import methods

pytestmark = pytest.mark.django_db

HOST = settings.KAUTH_HOST


# --- One origin ---------------------------------------------------------------------------


def at(host: str) -> Client:
    return Client(headers={"host": host})


@pytest.mark.parametrize(
    "host",
    [
        "other.example",
        "localhost",
        "localhost:8001",
        "127.0.0.1:8000",
        f"{HOST}.evil.example",
        f"{HOST},evil.example",
        f"evil.example,{HOST}",
        f"user@{HOST}",
        "",
    ],
)
def test_who_comes_by_another_host_name_is_sent_to_ours(host: str) -> None:
    response = at(host).get("/login/?next=/2fa/")
    assert response.status_code == 301
    assert response.headers["Location"] == f"{settings.KAUTH_ORIGIN}/login/?next=/2fa/"


def test_our_host_name_may_be_written_in_capitals() -> None:
    assert at(HOST.upper()).get(LOGIN).status_code == 200


def test_a_change_under_another_host_name_is_refused() -> None:
    response = at("other.example").post(LOGIN, {"username": "a", "password": "b"})
    assert response.status_code == 421
    assert settings.KAUTH_ORIGIN in response.content.decode()


@pytest.mark.parametrize(
    "header", ["X-Forwarded-Host", "Forwarded", "X-Host", "X-Original-Host", "X-Forwarded-Server"]
)
def test_no_other_header_names_the_host(header: str) -> None:
    page = at(HOST).get(LOGIN, headers={header: "evil.example"})
    assert "evil.example" not in page.content.decode()
    assert at("evil.example").get(LOGIN, headers={header: HOST}).status_code == 301


@pytest.mark.parametrize("path", ["@evil.example/", "//evil.example/", "/\\evil.example", ""])
def test_the_way_to_our_host_never_leads_to_another(path: str) -> None:
    request = RequestFactory(headers={"host": "other.example"}).get("/")
    request.path = path
    response = middleware.one_origin(lambda _: pytest.fail("was let in"))(request)
    assert response.headers["Location"].startswith(f"{settings.KAUTH_ORIGIN}/")


def test_health_is_told_under_any_host_name() -> None:
    assert at("10.0.0.7:9999").get("/healthz").json() == {"status": "ok"}


# --- Private pages ------------------------------------------------------------------------


@pytest.mark.parametrize("path", [LOGIN, "/manager/", "/nothing-here", "/readyz", "/logout/"])
def test_no_answer_is_kept_by_a_cache(path: str) -> None:
    assert browser().get(path).headers["Cache-Control"] == "no-store"


def test_a_page_that_says_how_it_is_kept_is_believed() -> None:
    assert "no-cache" in browser().get("/login/verify/").headers["Cache-Control"]


# --- Readable forms -----------------------------------------------------------------------


def multipart(charset: str, value: bytes) -> dict[str, Any]:
    fields = (b"username", b"password", b"email", b"next")
    part = b'--cut\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
    body = b"".join(part % (field, value) for field in fields) + b"--cut--\r\n"
    kind = f"multipart/form-data; boundary=cut; charset={charset}"
    return {"data": body, "content_type": kind}


@pytest.mark.parametrize("path", [LOGIN, "/password/reset/"])
@pytest.mark.parametrize("charset", ["utf-8", "UTF8", "no-such-charset"])
def test_a_form_in_utf8_is_read(path: str, charset: str) -> None:
    assert browser().generic("POST", path, **multipart(charset, b"nobody")).status_code == 200


@pytest.mark.parametrize("path", [LOGIN, "/password/reset/"])
@pytest.mark.parametrize(
    ("charset", "value"),
    [
        ("unicode_escape", b"\\ud800"),  # a lone surrogate
        ("utf-7", b"+2AA-"),
        ("zip", b"x"),  # codecs that are none for text
        ("rot13", b"x"),
        ("idna", b"x"),
        ("undefined", b"x"),
    ],
)
def test_a_form_in_another_charset_is_a_bad_request(path: str, charset: str, value: bytes) -> None:
    response = browser().generic("POST", path, **multipart(charset, value))
    assert response.status_code == 400
    assert "This request cannot be read" in response.content.decode()


# --- First things first -------------------------------------------------------------------


def test_staff_without_a_method_can_open_the_2fa_section_only() -> None:
    make_user(is_staff=True)
    visitor = browser()
    sign_in(visitor)
    for path in (MANAGER, "/admin/", "/password/change/", "/"):
        assert visitor.get(path).headers["Location"] == "/2fa/"
    assert visitor.get("/2fa/").status_code == 200


def test_other_people_need_no_method() -> None:
    make_user()
    visitor = browser()
    sign_in(visitor)
    assert is_signed_in(visitor)


def test_staff_with_both_factors_go_on() -> None:
    user = make_user(is_staff=True)
    link_device(user)
    visitor = browser()
    log_in(visitor)
    pass_second_factor(visitor, user)
    assert is_signed_in(visitor)


def test_a_session_of_one_factor_passes_the_second_that_the_account_now_has() -> None:
    user = make_user()
    visitor = browser()
    sign_in(visitor)
    link_device(user)
    # Linking ends this session; only a hole could have kept it. Here it is kept by force.
    session = visitor.session
    user.refresh_from_db()
    session["_auth_user_hash"] = user.get_session_auth_hash()
    session.save()
    assert visitor.get(MANAGER).headers["Location"] == "/login/again/"
    assert visitor.get("/2fa/").headers["Location"] == "/login/again/"


def test_after_it_was_not_me_a_new_password_comes_first() -> None:
    make_user()
    visitor = browser()
    sign_in(visitor)
    User.objects.update(must_change_password=True)
    for path in (MANAGER, "/2fa/", "/2fa/add/"):
        assert visitor.get(path).headers["Location"] == "/password/change/"
    page = visitor.get("/password/change/")
    assert "Somebody may know your password" in page.content.decode()


def test_after_a_reset_of_the_second_factor_a_device_is_linked_first() -> None:
    user = make_user()
    code = methods.reset(user, by="an administrator")
    visitor = browser()
    log_in(visitor)
    visitor.post("/login/verify/backup-code/", {"code": code})
    assert visitor.get(MANAGER).headers["Location"] == "/2fa/"
    assert visitor.get("/2fa/").status_code == 200


def test_whoever_must_do_something_first_can_still_log_out() -> None:
    make_user(is_staff=True)
    visitor = browser()
    sign_in(visitor)
    assert visitor.post("/logout/").headers["Location"] == LOGIN


async def asked(path: str, cookie: str, **scope: Any) -> int:
    """The status of a page, asked for as daphne asks."""
    from kauth_site.asgi import application  # reads the static files, which are collected by now

    headers = [(b"host", HOST.encode()), (b"cookie", f"session={cookie}".encode())]
    base = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": headers}
    site: Any = ApplicationCommunicator(application, {**base, **scope})  # type: ignore[no-untyped-call]
    await site.send_input({"type": "http.request", "body": b""})
    start = await site.receive_output(5)
    while (await site.receive_output(5)).get("more_body"):
        pass
    await site.wait()
    return int(start["status"])


@pytest.mark.django_db(transaction=True)
async def test_no_root_path_of_the_callers_leads_around_what_comes_first() -> None:
    """daphne takes the root path from a header, `Daphne-Root-Path: /login`."""

    def begin() -> str:
        make_user(is_staff=True)
        visitor = browser()
        sign_in(visitor)
        return session_key(visitor)

    cookie = await sync_to_async(begin)()
    assert await asked("/manager/", cookie) == 302
    assert await asked("/login/manager/", cookie, root_path="/login") == 404


def test_what_comes_first_is_judged_by_the_path_that_is_routed() -> None:
    make_user(is_staff=True)
    visitor = browser()
    sign_in(visitor)
    response = visitor.get(MANAGER, SCRIPT_NAME="/login")
    assert response.status_code == 302
