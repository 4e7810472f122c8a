"""What the account manager says to do next, and when it says nothing."""

from datetime import timedelta

import pytest

from accounts import clock
from accounts.models import EventKind, SecurityEvent
from tests.linked import Linked
from tests.pages import MANAGER, browser, sign_in, two_factor_browser
from tests.people import VISITOR, link_device, make_user
from twofactor import advice, backup_codes, methods
from twofactor.models import BackupCode, BackupCodeSet

pytestmark = pytest.mark.django_db

SECOND_DEVICE = "You have one device. With a second one you get in when the first is lost."


@pytest.fixture
def careful(alice: Linked) -> Linked:
    """Two devices, and the backup codes are put away: there is nothing to do."""
    link_device(alice.user, "Tablet")
    backup_codes.saved(alice.user, visitor=VISITOR)
    return alice


def said_to(person: Linked) -> list[str]:
    return [one.text for one in advice.for_person(person.user, methods.overview(person.user))]


def use_up(person: Linked, count: int) -> None:
    unused = BackupCode.objects.filter(code_set__user=person.user)
    used = list(unused.values_list("pk", flat=True)[:count])
    BackupCode.objects.filter(pk__in=used).update(used_at=clock.now())


def test_a_careful_person_is_told_nothing(careful: Linked) -> None:
    assert said_to(careful) == []


def test_somebody_with_one_device_is_told_to_link_a_second(alice: Linked) -> None:
    backup_codes.saved(alice.user, visitor=VISITOR)
    assert said_to(alice) == [SECOND_DEVICE]


def test_codes_that_can_still_be_read_are_to_be_saved(careful: Linked) -> None:
    backup_codes.generate(careful.user, visitor=VISITOR)
    assert said_to(careful) == ["Your backup codes are not saved yet."]


def test_codes_that_nobody_said_to_have_saved_are_asked_about(careful: Linked) -> None:
    BackupCodeSet.objects.update(saved_at=None)
    assert said_to(careful)[0].startswith("You have not said that your backup codes are saved")


@pytest.mark.parametrize(
    ("left", "said"),
    [
        (4, []),
        (3, ["Only 3 backup codes are left."]),
        (1, ["Only 1 backup code is left."]),
        (0, ["You have no backup codes. Without your phone you could not log in."]),
    ],
)
def test_the_warning_begins_at_three_codes(careful: Linked, left: int, said: list[str]) -> None:
    use_up(careful, 10 - left)
    assert said_to(careful) == said


def test_codes_of_last_year_are_asked_about(careful: Linked) -> None:
    BackupCodeSet.objects.update(made_at=clock.now() - timedelta(days=366))
    assert said_to(careful)[0].startswith("Your backup codes are over a year old")


def test_without_2fa_there_is_one_thing_to_do_and_the_page_says_it() -> None:
    make_user()
    visitor = browser()
    sign_in(visitor)
    page = visitor.get(MANAGER)
    assert page.context["advice"] == []
    assert "Switch on 2FA" in page.content.decode()


def test_i_have_saved_them_is_written_down_once(alice: Linked) -> None:
    visitor = two_factor_browser(alice.user)
    for _ in range(2):
        visitor.post("/2fa/backup-codes/", {"action": "saved"})
    assert SecurityEvent.objects.filter(kind=EventKind.BACKUP_CODES_SAVED).count() == 1
    assert SECOND_DEVICE in visitor.get(MANAGER).content.decode()
