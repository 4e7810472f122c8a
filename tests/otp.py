"""An OTP app in a test: shows the codes of a secret, at the moment that the test says."""

import time
from collections.abc import Callable

import pytest

from accounts.models import User
from devices import one_time_codes
from tests.people import VISITOR
from twofactor import otp_apps
from twofactor.method_models import OtpApp

STEP = 60_000_000  # the code of this step begins at T
T = STEP * one_time_codes.PERIOD
At = Callable[[float], None]


def at_in(monkeypatch: pytest.MonkeyPatch) -> At:
    """Sets the server's clock, in seconds after T."""
    return lambda seconds: monkeypatch.setattr(time, "time", lambda: T + seconds)


def code_of(source: one_time_codes.Source) -> str:
    """What it shows at this moment."""
    step = one_time_codes.steps(time.time())[0]
    return one_time_codes.at(one_time_codes.secret_of(source), step)


def add_otp_app(user: User) -> OtpApp:
    """Set up by the product's own verbs. The code of this step is used up by it."""
    app = otp_apps.begin(user)
    otp_apps.confirm(app, code=code_of(app), visitor=VISITOR)
    app.refresh_from_db()
    return app
