"""The pending login: what stands between a right password and a session. Owns its session keys.

While it lasts the visitor is anonymous everywhere. The session holds ids, a hash and a time, and
no password. The same steps serve a signed-in person who has to confirm again who they are.
"""

import hashlib
import time
from dataclasses import dataclass
from typing import Any, Literal

import django_otp
from django.conf import settings
from django.contrib import auth
from django.db.models import QuerySet, UUIDField
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare
from django.utils.http import url_has_allowed_host_and_scheme

from accounts import audit, prepared, sign_ins, visitors
from accounts.models import EventKind, User

PENDING = "pending_login"
RECENT = "reauthenticated_at"
BACKEND = "django.contrib.auth.backends.ModelBackend"

Purpose = Literal["login", "reauth"]


@dataclass(frozen=True)
class PendingLogin:
    """`binding` ties a challenge to this very session; `challenge` is the one it waits for.

    `asked` is whether the devices were to be rung for it before.
    """

    user: User
    purpose: Purpose
    next: str
    challenge: str
    binding: str
    asked: bool = False

    @property
    def login_id(self) -> str:
        return self.user.login_id


def begin(request: HttpRequest, user: User, *, next_page: str) -> None:
    """The password was right: a new, anonymous session that waits for the second step."""
    request.session.clear()
    _renew(request)
    _wait_for_second_step(request, user, purpose="login", next_page=next_page)


def begin_again(request: HttpRequest, user: User, *, next_page: str) -> None:
    """A signed-in person is asked for the second factor once more, and stays signed in."""
    _wait_for_second_step(request, user, purpose="reauth", next_page=next_page)


def get(request: HttpRequest) -> PendingLogin | None:
    """The pending login of this session, or None when it is over, void or never was."""
    record = request.session.get(PENDING)
    if record is None:
        return None
    user = _active.first(user=record["user"])
    if user is None or not _still_holds(record, user):
        abandon(request)
        return None
    return PendingLogin(
        user=user,
        purpose=record["purpose"],
        next=record["next"],
        challenge=record["challenge"],
        binding=binding_of(request),
        asked=record["asked"],
    )


@prepared.rows(user=UUIDField())
def _active(user: Any) -> QuerySet[User]:
    return User.objects.filter(pk=user, is_active=True)


def wait_for(request: HttpRequest, challenge: str) -> None:
    """From now on this pending login waits for `challenge`; "" is: for none."""
    request.session[PENDING] = {
        **request.session[PENDING],
        "challenge": challenge,
        "asked": True,
    }


def abandon(request: HttpRequest) -> None:
    """Forgets the pending login; a signed-in person stays signed in."""
    request.session.pop(PENDING, None)


def complete(request: HttpRequest, pending: PendingLogin, *, device: Any, method: str) -> None:
    """Both factors are passed: signs in with `device` (a django-otp device, or None).

    The session gets a new key and the time, from which the recent login counts. None as device
    means that the account has no second factor, and leaves the session at one factor.
    """
    again = pending.purpose == "reauth"
    if again:
        abandon(request)
    else:
        request.session.clear()
    # Django keeps the key where the same person signs in once more.
    _renew(request)
    auth.login(request, pending.user, backend=BACKEND)
    if device is not None:
        django_otp.login(request, device)
    request.session[RECENT] = int(time.time())
    if not again:
        sign_ins.begin(request, pending.user, **_approving(device))
    audit.record(
        EventKind.REAUTHENTICATED if again else EventKind.SIGNED_IN,
        user=pending.user,
        visitor=visitors.of(request),
        device_name=device.name if device is not None else "",
        method=method,
    )


def raise_level(request: HttpRequest, device: Any) -> None:
    """The person has just shown `device` in this session: from now on it is a two-factor one."""
    django_otp.login(request, device)
    request.session.cycle_key()
    request.session[RECENT] = int(time.time())
    sign_ins.approve(request, **_approving(device))


def refresh(request: HttpRequest, user: User) -> None:
    """Keeps this session through a change that ends all other sessions of the account."""
    auth.update_session_auth_hash(request, user)
    sign_ins.keep(request, user)


def is_recent(request: HttpRequest) -> bool:
    """Whether every factor of the account was passed within the last five minutes."""
    age = time.time() - int(request.session.get(RECENT, 0))
    return 0 <= age <= settings.KAUTH_RECENT_LOGIN.total_seconds()


def binding_of(request: HttpRequest) -> str:
    """A digest that only this session can name; its key changes at each step up."""
    key = request.session.session_key or ""
    return hashlib.sha256(f"kauth/pending-login:{key}".encode()).hexdigest()


def local_page(address: str, default: str) -> str:
    """`address` if it stays on this site, else `default`: nobody is sent away by a link."""
    inside = url_has_allowed_host_and_scheme(
        address, allowed_hosts=None, require_https=settings.SECURE
    )
    return address if inside and address.startswith("/") else default


def _renew(request: HttpRequest) -> None:
    session: Any = request.session  # our own store
    session.renew()


def _approving(device: Any) -> dict[str, str]:
    if device is None:
        return {"device_id": "", "device_name": ""}
    return {"device_id": device.persistent_id, "device_name": device.name}


def _wait_for_second_step(
    request: HttpRequest, user: User, *, purpose: Purpose, next_page: str
) -> None:
    request.session[PENDING] = {
        "user": str(user.pk),
        "purpose": purpose,
        "auth_hash": user.get_session_auth_hash(),
        "until": int(time.time() + settings.KAUTH_PENDING_LOGIN_LIFETIME.total_seconds()),
        "next": next_page,
        "challenge": "",
        "asked": False,
    }


def _still_holds(record: dict[str, Any], user: User) -> bool:
    unchanged = constant_time_compare(record["auth_hash"], user.get_session_auth_hash())
    return unchanged and time.time() < record["until"]
