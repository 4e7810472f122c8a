"""A browser for tests: Django's client under our host name, and the steps that a person takes."""

import re
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpResponse
from django.test import Client, RequestFactory

from accounts import login as logins
from accounts.login import PendingLogin
from accounts.models import User
from accounts.sessions import SessionStore
from devices.models import Device
from tests.people import PASSWORD
from twofactor import backup_codes

LOGIN = "/login/"
MANAGER = "/manager/"
# Where the second step sends whoever has not passed the first, or too long ago.
START_AGAIN = "/login/?over=1"


def browser(*, address: str = "198.51.100.1", **options: Any) -> Client:
    """A fresh browser without cookies, at `address`."""
    return Client(headers={"host": settings.KAUTH_HOST}, REMOTE_ADDR=address, **options)


def log_in(
    visitor: Client, login_id: str = "alice@example.org", password: str = PASSWORD, **extra: Any
) -> Any:
    """The password step alone."""
    return visitor.post(LOGIN, {"username": login_id, "password": password}, **extra)


def sign_in(visitor: Client, login_id: str = "alice@example.org") -> Any:
    """Through the password, and on to the end for an account without a second factor."""
    log_in(visitor, login_id)
    return visitor.get("/login/verify/")


def pass_second_factor(visitor: Client, user: User, nth: int = 0) -> Any:
    """The second step, by the nth of the backup codes that the first device brought."""
    codes = backup_codes.readable(user) or []
    return visitor.post("/login/verify/backup-code/", {"code": codes[nth]})


def signed_in_as(visitor: Client) -> str | None:
    """The id of the account, as the session has it; None for a stranger."""
    return visitor.session.get("_auth_user_id")


def is_signed_in(visitor: Client) -> bool:
    return bool(visitor.get(MANAGER).status_code == 200)


def session_key(visitor: Client) -> str:
    return visitor.cookies[settings.SESSION_COOKIE_NAME].value


def with_session(key: str) -> Client:
    """A browser that holds this session cookie and no other."""
    thief = browser()
    thief.cookies[settings.SESSION_COOKIE_NAME] = key
    return thief


def words(response: HttpResponse) -> str:
    """The page without what differs at each view of it: the masked token against forgery."""
    page = response.content.decode()
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", page)


def two_factor_browser(user: User, *, means: Any = None, **options: Any) -> Client:
    """A browser in which `user` has just passed both factors, without the slow first one.

    The second by `means`, a django-otp device; else by the first linked device.
    """
    request: Any = RequestFactory().get("/")
    request.session, request.user = SessionStore(), AnonymousUser()
    pending = PendingLogin(user=user, purpose="login", next="/", challenge="", binding="")
    device = means or Device.objects.of(user).active().first()
    logins.complete(request, pending, device=device, method="kauth")
    request.session.save()
    visitor = browser(**options)
    visitor.cookies[settings.SESSION_COOKIE_NAME] = request.session.session_key
    return visitor
