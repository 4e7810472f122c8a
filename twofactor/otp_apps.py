"""OTP apps of any maker: set up by a QR, and counted once they have shown a right code.

TOTP as every such app knows it (RFC 6238): SHA-1, six digits, 30 seconds. Codes are judged where
those of linked devices are, in `devices/one_time_codes.py`.
"""

from urllib.parse import quote, urlencode
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now

from accounts import audit, clock, people, policies, throttling
from accounts.models import EventKind, User
from accounts.visitors import Visitor
from devices import one_time_codes
from devices.sealing import SealBroken
from twofactor import methods, recoveries
from twofactor.exceptions import SetupOver
from twofactor.method_models import MethodQuerySet, OtpApp


def begin(user: User, *, visitor: Visitor = audit.NOBODY) -> OtpApp:
    """An app that waits for its first code, in place of any other that waits for this account.

    Raises TooManyMethods, NotAllowed.
    """
    policies.check_allowed(user, OtpApp.KIND, visitor=visitor)
    methods.check_room(user, OtpApp)
    OtpApp.objects.filter(user=user, confirmed=False).delete()
    app = OtpApp(
        user=user, name=methods.free_name(user, OtpApp), confirmed=False, created_at=clock.now()
    )
    app.otp_secret = one_time_codes.new_secret(user.pk, app.public_id, OtpApp.CODE_PURPOSE)
    app.save()
    return app


def waiting(user: User, pk: int) -> OtpApp | None:
    """The app of this key, if it still waits for its first code and its time is not over."""
    app: OtpApp | None = _in_time().filter(pk=pk, user=user).first()
    return app if app is not None and _opens(app) else None


def address(app: OtpApp) -> str:
    """What the QR holds: the address that all OTP apps read, with the secret in it."""
    issuer = settings.KAUTH_SERVICE_NAME.replace(":", " ")
    facts = {
        "secret": one_time_codes.in_base32(app),
        "issuer": issuer,
        "algorithm": "SHA1",
        "digits": one_time_codes.DIGITS,
        "period": one_time_codes.PERIOD,
    }
    label = quote(f"{issuer}:{app.user.login_id}", safe=":@")
    return f"otpauth://totp/{label}?{urlencode(facts, quote_via=quote)}"


def confirm(app: OtpApp, *, code: str, visitor: Visitor, recovered_in: UUID | None = None) -> None:
    """The app shows the right code: from now on it is a method of its account.

    `recovered_in` is the session that adds it, if a recovery opened that: then it is new for a day.
    Raises WrongCode, Throttled, SetupOver, TooManyMethods, NotAllowed. Tries are counted apart from
    those of signing in, which nobody's set-up may hold up.
    """
    policies.check_allowed(app.user, OtpApp.KIND, visitor=visitor)
    key = f"otp-setup:account:{app.user_id}"
    throttling.reserve(key, throttling.CODE)
    steps = one_time_codes.matching_steps(app, code)
    if not steps:
        audit.record(EventKind.CODE_WRONG, user=app.user, visitor=visitor, method="otp_setup")
        raise one_time_codes.WrongCode
    throttling.clear(key)
    with transaction.atomic():
        user = people.locked(app.user_id)
        methods.check_room(user, OtpApp)
        if (
            not _in_time()
            .filter(pk=app.pk)
            .update(confirmed=True, otp_last_step=max(steps), last_used_at=Now())
        ):
            raise SetupOver
        methods.begin_using(user, visitor=visitor)
        recoveries.mark_new(app, recovered_in)
    methods.tell_added(app, visitor=visitor)


def forget_unconfirmed() -> int:
    """Deletes the secrets that nobody confirmed in time; returns how many."""
    waits = OtpApp.objects.filter(confirmed=False)
    return int(waits.filter(created_at__lte=_oldest()).delete()[0])


def _in_time() -> MethodQuerySet:
    return OtpApp.objects.filter(confirmed=False, created_at__gt=_oldest())


def _oldest() -> object:
    return clock.now() - settings.KAUTH_OTP_SETUP_LIFETIME


def _opens(app: OtpApp) -> bool:
    try:
        one_time_codes.secret_of(app)
    except SealBroken:
        return False
    return True
