"""Browsers that have passed both factors of an account before.

Such a browser is spared the number and has a throttle bucket of its own; it never stands in for
a factor. What it carries is a signed cookie that names a row; without the row it means nothing.
"""

import hashlib
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core import signing
from django.db.models import QuerySet, UUIDField
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from accounts import audit, prepared, sign_ins, standing, visitors
from accounts.models import EventKind, KnownBrowser, User
from accounts.visitors import Visitor

COOKIE_AGE = 180 * 24 * 3600
SALT = "accounts.known_browser"
# How exactly people see when a browser was last used; it saves a write at most sign-ins.
USED_EVERY = timedelta(hours=1)


def find(request: HttpRequest, user: User) -> KnownBrowser | None:
    """The row of this browser for this account, if its cookie is ours and the row still stands.

    Many parts of one request ask; the table is asked once.
    """
    found: dict[Any, KnownBrowser | None] = request.__dict__.setdefault("known_browsers", {})
    if user.pk not in found:
        found[user.pk] = _find(request, user)
    return found[user.pk]


def _find(request: HttpRequest, user: User) -> KnownBrowser | None:
    signed = request.COOKIES.get(_cookie_name(user), "")
    try:
        browser_id = signing.loads(signed, salt=SALT, max_age=COOKIE_AGE)
    except signing.BadSignature:
        return None
    found: KnownBrowser | None = _of.first(browser=browser_id, user=user.pk)
    return found


@prepared.rows(browser=UUIDField(), user=UUIDField())
def _of(browser: Any, user: Any) -> QuerySet[KnownBrowser]:
    return KnownBrowser.objects.filter(pk=browser, user=user)


def remember(request: HttpRequest, response: HttpResponse, user: User, *, method: str = "") -> None:
    """Call it when both factors of `user` were passed in this browser.

    `method` is the one to offer first next time; without one it stays as it was.
    """
    browser = find(request, user) or _newly_known(request, user)
    visitor = visitors.of(request)
    seen = (visitor.browser, visitor.address or None, method or browser.last_method)
    if seen != (browser.name, browser.address, browser.last_method) or not _just_used(browser):
        browser.name, browser.address, browser.last_method = seen
        browser.save()
    response.set_cookie(
        _cookie_name(user),
        signing.dumps(str(browser.pk), salt=SALT),
        max_age=COOKIE_AGE,
        secure=settings.SECURE,
        httponly=True,
        samesite="Lax",
    )


def of(user: User) -> QuerySet[KnownBrowser]:
    """Those whose cookie can still be good, the one that was used last first."""
    since = timezone.now() - timedelta(seconds=COOKIE_AGE)
    return user.known_browsers.filter(last_used_at__gt=since).order_by("-last_used_at")


def forget(user: User, browsers: QuerySet[KnownBrowser], *, visitor: Visitor) -> int:
    """From now on these are asked as new ones are; returns how many."""
    forgotten = browsers.filter(user=user).delete()[0]
    if forgotten:
        audit.record(EventKind.BROWSER_FORGOTTEN, user=user, visitor=visitor)
    return forgotten


def forget_old() -> int:
    """Drops those whose cookie is over; returns how many."""
    since = timezone.now() - timedelta(seconds=COOKIE_AGE)
    return KnownBrowser.objects.filter(last_used_at__lte=since).delete()[0]


def _newly_known(request: HttpRequest, user: User) -> KnownBrowser:
    means = standing.means_of(getattr(request, "user", None))
    if means is None:
        return KnownBrowser(user=user)
    here = sign_ins.current(request)
    return KnownBrowser(user=user, known_in=here, known_by=means.persistent_id)


def _just_used(browser: KnownBrowser) -> bool:
    return browser.last_used_at > timezone.now() - USED_EVERY


def _cookie_name(user: User) -> str:
    """One cookie per account, under a name that does not tell which account."""
    digest = hashlib.sha256(f"{SALT}:{user.pk}".encode()).hexdigest()
    return f"{settings.COOKIE_PREFIX}browser-{digest[:16]}"
