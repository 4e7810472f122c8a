"""D-43: nobody but the person themselves can make an account fall back to its password."""

import pytest

from accounts.models import User
from devices import enrolment
from tests.linked import Linked
from tests.pages import MANAGER, browser, log_in, pass_second_factor
from tests.people import VISITOR
from twofactor import backup_codes, methods

pytestmark = pytest.mark.django_db


def test_the_person_switches_2fa_off_with_their_last_device(alice: Linked) -> None:
    enrolment.revoke(alice.row, visitor=VISITOR, by=enrolment.BY_PERSON)
    user = User.objects.get(pk=alice.user.pk)
    assert not methods.required(user)
    assert backup_codes.left(user) == 0


@pytest.mark.parametrize("by", ["command line", "administrator root@example.org"])
def test_d43_anybody_else_leaves_an_account_that_must_enrol(alice: Linked, by: str) -> None:
    enrolment.revoke(alice.row, visitor=VISITOR, by=by)
    user = User.objects.get(pk=alice.user.pk)
    assert user.must_enrol
    assert methods.required(user)
    assert backup_codes.left(user) == 10


def test_d43_a_backup_code_then_opens_the_2fa_section_and_nothing_else(alice: Linked) -> None:
    enrolment.revoke(alice.row, visitor=VISITOR, by="command line")
    visitor = browser()
    log_in(visitor)
    assert visitor.get("/login/verify/")["Location"] == "/login/verify/backup-code/"
    assert visitor.get(MANAGER).status_code == 302
    pass_second_factor(visitor, alice.user)
    assert visitor.get(MANAGER)["Location"] == "/2fa/"
    assert "Waits for a new device" in visitor.get("/2fa/").content.decode()
