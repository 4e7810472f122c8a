"""Ten codes on paper: each works once, and the table gives none of them away."""

import math
import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.mail import EmailMessage

from accounts import throttling
from accounts.throttling import Throttled
from tests.linked import Linked
from tests.pages import two_factor_browser
from tests.people import VISITOR
from twofactor import backup_codes, written_codes
from twofactor.exceptions import WrongBackupCode
from twofactor.models import BackupCode, BackupCodeSet

pytestmark = pytest.mark.django_db

PAGE = "/2fa/backup-codes/"


def codes_of(person: Linked) -> list[str]:
    codes = backup_codes.readable(person.user)
    assert codes is not None
    return codes


def redeem(person: Linked, code: str) -> BackupCodeSet:
    return backup_codes.redeem(user=person.user, code=code, visitor=VISITOR)


def test_d51_there_are_ten_codes_of_70_secret_bits(alice: Linked) -> None:
    codes = codes_of(alice)
    assert len(set(codes)) == len({code[:2] for code in codes}) == 10
    assert all(re.fullmatch(r"([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}", c) for c in codes)
    assert written_codes.SECRET_SIZE * math.log2(len(set(written_codes.ALPHABET))) == 70


def test_d52_the_table_holds_argon2id_and_no_code(alice: Linked) -> None:
    code = codes_of(alice)[0]
    digests = list(BackupCode.objects.values_list("digest", flat=True))
    assert all(digest.startswith("$argon2id$") for digest in digests)
    assert not [digest for digest in digests if code in digest]


@pytest.mark.parametrize("wrong", ["", "nothing", "unknown selector", "wrong secret"])
def test_d52_every_try_costs_one_hash(
    alice: Linked, wrong: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = codes_of(alice)[0]
    free = next(a + b for a in "UZ" for b in "UZ" if a + b not in {c[:2] for c in codes_of(alice)})
    tried = {"unknown selector": free + code[2:], "wrong secret": code[:-1] + "U"}.get(wrong, wrong)
    verified: list[str] = []
    real = written_codes.HASHER.verify

    class Counting:
        @staticmethod
        def verify(digest: str, secret: bytes) -> bool:
            verified.append(digest)
            return real(digest, secret)

    monkeypatch.setattr(written_codes, "HASHER", Counting)
    with pytest.raises(WrongBackupCode):
        redeem(alice, tried)
    assert len(verified) == 1


def test_d53_a_code_works_once(alice: Linked) -> None:
    code = codes_of(alice)[3]
    redeem(alice, code)
    assert backup_codes.left(alice.user) == 9
    with pytest.raises(WrongBackupCode):
        redeem(alice, code)


def test_a_code_is_read_as_people_write_it(alice: Linked) -> None:
    code = next(c for c in codes_of(alice))
    redeem(alice, f" {code.lower().replace('-', ' ').replace('0', 'o').replace('1', 'l')} ")


def test_d54_after_i_have_saved_them_they_are_shown_no_more(alice: Linked) -> None:
    code, visitor = codes_of(alice)[0], two_factor_browser(alice.user)
    shown = visitor.get(PAGE)
    assert code in shown.content.decode()
    assert shown["Cache-Control"].count("no-store") == 1
    visitor.post(PAGE, {"action": "saved"})
    assert code not in visitor.get(PAGE).content.decode()
    assert BackupCodeSet.objects.get(user=alice.user).readable is None


def test_d54_after_ten_minutes_too(alice: Linked) -> None:
    code_set = BackupCodeSet.objects.get(user=alice.user)
    code_set.made_at -= timedelta(minutes=10)
    code_set.save()
    assert backup_codes.readable(alice.user) is None
    assert BackupCodeSet.objects.get(user=alice.user).readable is None


def test_d54_new_codes_end_the_old_and_keep_the_session(alice: Linked) -> None:
    old, visitor = codes_of(alice)[0], two_factor_browser(alice.user)
    visitor.post(PAGE, {"action": "new"})
    assert old not in codes_of(alice)
    with pytest.raises(WrongBackupCode):
        redeem(alice, old)
    assert visitor.get(PAGE).status_code == 200


def test_d55_the_person_hears_how_many_are_left(
    alice: Linked, mailoutbox: list[EmailMessage], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        redeem(alice, codes_of(alice)[0])
    assert "9" in str(mailoutbox[-1].body)


def test_failures_elsewhere_never_shut_backup_codes(alice: Linked) -> None:
    for _ in range(throttling.CODE.free):
        throttling.reserve(f"code:account:{alice.user.pk}", throttling.CODE)
    with pytest.raises(Throttled):
        throttling.reserve(f"code:account:{alice.user.pk}", throttling.CODE)
    redeem(alice, codes_of(alice)[0])
