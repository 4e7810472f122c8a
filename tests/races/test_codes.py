"""Codes and passwords, tried by many at the same moment (D-46, D-50, D-53, D-58)."""

import time
from collections.abc import Callable, Iterator
from functools import partial

import pytest
from django.test import Client

from accounts import passwords, throttling
from accounts.models import EventKind, SecurityEvent, User
from accounts.passwords import NotRight
from accounts.throttling import Throttled
from devices import one_time_codes
from devices.models import Device
from devices.one_time_codes import WrongCode
from tests.pages import browser, log_in
from tests.people import VISITOR, link_device, make_user
from tests.races.crowd import Crowd, unless
from tests.software_key import add_key
from twofactor import backup_codes, helpdesk_codes, security_keys
from twofactor.exceptions import KeyRefused, WrongBackupCode, WrongHelpDeskCode
from twofactor.models import HelpDeskCode

pytestmark = [pytest.mark.both_databases, pytest.mark.django_db(transaction=True)]

CODE_PAGE = "/login/verify/code/"
WRONG = "000000"


@pytest.fixture
def crowd() -> Iterator[Crowd]:
    with Crowd() as threads:
        yield threads


def uses(crowd: Crowd, redeem: Callable[..., object], refusal: type[Exception]) -> int:
    """How many of twenty get through with one code. Each has a counter of its own, so that it is
    not the throttle that holds them back.
    """

    def use(number: int) -> bool:
        return unless(refusal, partial(redeem, visitor=VISITOR, counter=f"one of many:{number}"))

    return crowd.at_once([partial(use, number) for number in range(20)]).count(True)


def test_d46_a_one_time_code_that_twenty_send_at_once_works_once(crowd: Crowd) -> None:
    user = make_user()
    code = code_now(link_device(user)[1])
    assert uses(crowd, partial(one_time_codes.redeem, user=user, code=code), WrongCode) == 1


def test_d53_a_backup_code_that_twenty_send_at_once_works_once(crowd: Crowd) -> None:
    user = make_user()
    link_device(user)
    code = (backup_codes.readable(user) or [])[0]
    assert uses(crowd, partial(backup_codes.redeem, user=user, code=code), WrongBackupCode) == 1
    assert backup_codes.left(user) == 9


def test_d53_a_help_desk_code_that_twenty_send_at_once_works_once(crowd: Crowd) -> None:
    user = make_user()
    link_device(user)
    code = helpdesk_codes.make(user, by="a test", reason="a race", visitor=VISITOR)
    redeem = partial(helpdesk_codes.redeem, user=user, code=code)
    assert uses(crowd, redeem, WrongHelpDeskCode) == 1


def test_of_help_desk_codes_made_at_once_the_last_one_is_open(crowd: Crowd) -> None:
    user = make_user()
    link_device(user)

    def make(number: int) -> str:
        return helpdesk_codes.make(user, by=f"{number}", reason="a race", visitor=VISITOR)

    made = crowd.at_once([partial(make, n) for n in range(6)])
    assert len({*made}) == 6
    assert HelpDeskCode.objects.of(user).open().count() == 1


def test_an_answer_of_a_security_key_that_twenty_send_at_once_works_once(crowd: Crowd) -> None:
    """Without a count, so that it is the challenge that holds them back."""
    user, page = make_user(), {"binding": "b", "purpose": "login"}
    key = add_key(user)
    key.count = -1
    answer = key.sign(security_keys.sign_in_options(user, **page))

    def use(number: int) -> bool:
        redeem = partial(
            security_keys.redeem, user=user, code=answer, visitor=VISITOR, counter=f"key:{number}"
        )
        return unless(KeyRefused, partial(redeem, **page))

    assert crowd.at_once([partial(use, n) for n in range(20)]).count(True) == 1


def test_d50_of_500_wrong_codes_at_once_ten_at_most_are_judged(crowd: Crowd) -> None:
    user = make_user()
    link_device(user)
    refused = (WrongCode, Throttled)
    guess = partial(one_time_codes.redeem, user=user, code=WRONG, visitor=VISITOR)
    assert not any(crowd.at_once([partial(unless, refused, guess)] * 500))
    assert 1 <= events(EventKind.CODE_WRONG) <= 10


def test_d50_many_sessions_share_the_counter_of_the_account(crowd: Crowd) -> None:
    user = make_user()
    device = link_device(user)[1]
    sessions = [waiting_session(user) for _ in range(6)]
    assert not any(crowd.at_once([partial(type_code, one, WRONG) for one in sessions * 4]))
    assert events(EventKind.CODE_WRONG) == throttling.CODE.free
    # The right code, during the wait, is not judged either.
    assert not type_code(sessions[0], code_now(device))
    assert events(EventKind.CODE_ACCEPTED) == 0


def test_d58_of_many_wrong_passwords_at_once_ten_at_most_are_judged(crowd: Crowd) -> None:
    """Two dozen, since each costs a full hash; the counter itself is tried by a hundred below."""
    make_user()
    guess = partial(
        passwords.check, login_id="alice@example.org", password="wrong horse", visitor=VISITOR
    )
    assert not any(crowd.at_once([partial(unless, NotRight, guess)] * 24))
    assert 1 <= events(EventKind.PASSWORD_WRONG) <= 10


def test_d58_of_100_that_use_a_new_counter_at_once_no_more_pass_than_may(crowd: Crowd) -> None:
    reserve = partial(throttling.reserve, "password:new", throttling.PASSWORD_OF_ACCOUNT)
    passed = crowd.at_once([partial(unless, Throttled, reserve)] * 100)
    assert passed.count(True) == throttling.PASSWORD_OF_ACCOUNT.free


def waiting_session(user: User) -> Client:
    """A browser that has passed the password and waits for the second step."""
    visitor = browser()
    log_in(visitor, user.login_id)
    return visitor


def type_code(session: Client, code: str) -> bool:
    """Whether `code` opened the account."""
    return bool(session.post(CODE_PAGE, {"code": code}).status_code == 302)


def code_now(device: Device) -> str:
    secret = one_time_codes.secret_of(device)
    return one_time_codes.at(secret, one_time_codes.steps(time.time())[0])


def events(kind: EventKind) -> int:
    return SecurityEvent.objects.filter(kind=kind).count()
