"""Security keys: a right answer lets in, and every other one is refused alike (D-16, D-50)."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from django.core.mail import EmailMessage
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts import throttling
from accounts.models import EventKind, KnownBrowser, SecurityEvent, Throttle
from devices.protocol import unb64
from tests.linked import Linked, examples_share_rows
from tests.pages import browser, is_signed_in, log_in, sign_in, two_factor_browser
from tests.people import VISITOR, make_user
from tests.software_key import PRESENT, SoftwareKey, add_key
from twofactor import ceremonies, methods, security_keys
from twofactor.exceptions import KeyRefused
from twofactor.method_models import KeyCeremony, SecurityKey

pytestmark = pytest.mark.django_db

ADD = "/2fa/add/key/"
USE = "/login/verify/key/"
Spoil = Callable[[SoftwareKey], None]


@pytest.fixture
def desk(alice: Linked) -> Client:
    return two_factor_browser(alice.user)


@pytest.fixture
def key(alice: Linked) -> SoftwareKey:
    return add_key(alice.user)


@pytest.fixture
def waits(key: SoftwareKey) -> Client:
    """A browser of alice behind the password."""
    visitor = browser()
    log_in(visitor)
    return visitor


def options_of(visitor: Client, page: str = USE) -> str:
    return str(visitor.get(page).context["options"])


def use(visitor: Client, key: SoftwareKey) -> Any:
    return visitor.post(USE, {"answer": key.sign(options_of(visitor))})


def text_of(response: Any) -> str:
    return str(response.content.decode())


def events(kind: EventKind) -> int:
    return SecurityEvent.objects.filter(kind=kind).count()


# --- Adding -------------------------------------------------------------------------------


def test_what_the_browser_is_asked_to_make(alice: Linked, key: SoftwareKey, desk: Client) -> None:
    asked = json.loads(options_of(desk, ADD))
    assert asked["rp"] == {"id": "localhost", "name": "kAuth"}
    assert asked["attestation"] == "none"
    wishes = asked["authenticatorSelection"]
    assert (wishes["residentKey"], wishes["userVerification"]) == ("preferred", "preferred")
    assert [unb64(known["id"]) for known in asked["excludeCredentials"]] == [key.credential_id]
    assert unb64(asked["user"]["id"]) == alice.user.pk.bytes
    assert len(unb64(asked["challenge"])) == 32


def test_a_key_is_added_under_a_name(alice: Linked, desk: Client) -> None:
    answer = SoftwareKey().make(options_of(desk, ADD))
    response = desk.post(ADD, {"answer": answer, "name": " Blue\u202e key "})
    assert response["Location"] == "/2fa/backup-codes/"
    (added,) = methods.security_keys(alice.user)
    assert (added.name, added.transports) == ("Blue key", ["usb"])
    assert events(EventKind.METHOD_ADDED) == 1
    assert "On, with 1 device, 1 security key and 10 backup codes" in text_of(desk.get("/2fa/"))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda key: setattr(key, "origin", "http://localhost:8001"),
        lambda key: setattr(key, "origin", "https://localhost:8000"),
        lambda key: setattr(key, "rp_id", "evil.example"),
        lambda key: setattr(key, "flags", 0),
    ],
)
def test_an_answer_from_elsewhere_adds_nothing(desk: Client, spoil: Spoil) -> None:
    key = SoftwareKey()
    spoil(key)
    page = desk.post(ADD, {"answer": key.make(options_of(desk, ADD))})
    assert "This key could not be added" in text_of(page)
    assert not SecurityKey.objects.exists()
    assert events(EventKind.KEY_REFUSED) == 1


def test_a_challenge_adds_one_key(alice: Linked, desk: Client) -> None:
    options = options_of(desk, ADD)
    desk.post(ADD, {"answer": SoftwareKey().make(options)})
    desk.post(ADD, {"answer": SoftwareKey().make(options)})
    assert SecurityKey.objects.count() == 1


def test_another_session_cannot_add_it(alice: Linked, desk: Client) -> None:
    answer = SoftwareKey().make(options_of(desk, ADD))
    two_factor_browser(alice.user).post(ADD, {"answer": answer})
    assert not SecurityKey.objects.exists()


def test_a_key_of_another_account_is_not_taken(alice: Linked, bob: Linked, desk: Client) -> None:
    key = add_key(bob.user)
    page = desk.post(ADD, {"answer": key.make(options_of(desk, ADD))})
    assert "This key could not be added" in text_of(page)
    assert SecurityKey.objects.get().user == bob.user


def test_a_key_off_the_curve_is_not_taken(desk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    key = SoftwareKey()
    good = key._public()
    monkeypatch.setattr(key, "_public", lambda: good[:-1] + bytes([good[-1] ^ 1]))
    desk.post(ADD, {"answer": key.make(options_of(desk, ADD))})
    assert not SecurityKey.objects.exists()


def test_there_are_five_at_most(alice: Linked, desk: Client) -> None:
    for _ in range(5):
        add_key(alice.user)
    assert "You have 5 security keys" in text_of(desk.get(ADD))
    assert methods.overview(alice.user).security_keys[1].name == "Security key 2"


def test_d33_adding_needs_a_recent_login(desk: Client) -> None:
    session = desk.session
    session["reauthenticated_at"] -= 301
    session.save()
    for response in (desk.get(ADD), desk.post(ADD, {"answer": "{}"})):
        assert response["Location"] == "/login/again/?next=%2F2fa%2Fadd%2Fkey%2F"


def test_d34_a_pending_login_adds_and_sees_no_key(waits: Client) -> None:
    row = SecurityKey.objects.get()
    for page in (ADD, row.get_absolute_url(), f"{row.get_absolute_url()}remove/"):
        assert waits.get(page)["Location"].startswith("/login/")
        assert waits.post(page, {"answer": "{}"})["Location"].startswith("/login/")
    assert SecurityKey.objects.get() == row


# --- Signing in ---------------------------------------------------------------------------


def test_whose_only_method_is_a_key_lands_there_and_gets_in() -> None:
    user = make_user()
    key = add_key(user)
    visitor = browser()
    log_in(visitor)
    assert visitor.get("/login/verify/")["Location"] == USE
    assert not is_signed_in(visitor)
    assert visitor.get("/login/verify/code/")["Location"] == "/login/verify/"
    assert use(visitor, key)["Location"] == "/manager/"
    assert is_signed_in(visitor)
    assert SecurityEvent.objects.get(kind=EventKind.SIGNED_IN).method == "key"


def test_the_first_key_ends_the_sessions_that_had_the_password_alone() -> None:
    user = make_user()
    visitor = browser()
    sign_in(visitor)
    add_key(user)
    assert not is_signed_in(visitor)


def test_the_browser_is_asked_for_keys_of_this_account_alone(
    bob: Linked, key: SoftwareKey, waits: Client
) -> None:
    add_key(bob.user)
    asked = json.loads(options_of(waits))
    assert (asked["rpId"], asked["userVerification"]) == ("localhost", "preferred")
    assert [unb64(known["id"]) for known in asked["allowCredentials"]] == [key.credential_id]


def other_private_key(key: SoftwareKey) -> None:
    key.private = ec.generate_private_key(ec.SECP256R1())


@pytest.mark.parametrize(
    "spoil",
    [
        other_private_key,
        lambda key: setattr(key, "credential_id", b"unknown"),
        lambda key: setattr(key, "origin", "http://localhost:8001"),
        lambda key: setattr(key, "origin", "http://evil.example"),
        lambda key: setattr(key, "rp_id", "evil.example"),
        lambda key: setattr(key, "flags", 0),
        lambda key: setattr(key, "user_handle", b"somebody else"),
    ],
)
def test_a_spoiled_answer_is_refused_and_the_next_good_one_taken(
    key: SoftwareKey, waits: Client, spoil: Spoil
) -> None:
    wrong = replace(key)
    spoil(wrong)
    page = use(waits, wrong)
    assert "That did not work" in text_of(page)
    assert not is_signed_in(waits)
    assert events(EventKind.KEY_REFUSED) == 1
    use(waits, key)
    assert is_signed_in(waits)


@pytest.mark.parametrize("origin", ["https://localhost.evil.example", "http://localhost"])
def test_d16_a_key_signs_for_this_site_alone(key: SoftwareKey, waits: Client, origin: str) -> None:
    """What a false page gets from the key carries that page's address, and opens nothing here."""
    options = options_of(waits)
    relayed = replace(key, origin=origin, rp_id=origin.partition("//")[2])
    waits.post(USE, {"answer": relayed.sign(options)})
    assert not is_signed_in(waits)


def test_a_key_without_a_pin_serves_too(key: SoftwareKey, waits: Client) -> None:
    """The password was right before: whoever holds the key has shown two factors."""
    key.flags = PRESENT
    use(waits, key)
    assert is_signed_in(waits)


def test_an_answer_is_good_once(key: SoftwareKey, waits: Client) -> None:
    answer = key.sign(options_of(waits))
    waits.post(USE, {"answer": answer})
    waits.post("/logout/")
    log_in(waits)
    waits.get(USE)
    assert "That did not work" in text_of(waits.post(USE, {"answer": answer}))
    assert not is_signed_in(waits)


def test_a_refused_answer_has_used_its_challenge_up(key: SoftwareKey, waits: Client) -> None:
    options = options_of(waits)
    wrong = replace(key)
    other_private_key(wrong)
    waits.post(USE, {"answer": wrong.sign(options)})
    waits.post(USE, {"answer": key.sign(options)})
    assert not is_signed_in(waits)


def test_a_challenge_is_taken_once(alice: Linked) -> None:
    page: dict[str, Any] = {"user": alice.user, "binding": "b", "purpose": "login"}
    challenge = ceremonies.begin(**page)
    assert ceremonies.take(**page) == challenge
    with pytest.raises(KeyRefused):
        ceremonies.take(**page)


def test_challenges_that_are_over_are_deleted(alice: Linked) -> None:
    ceremonies.begin(user=alice.user, binding="b", purpose="login")
    assert ceremonies.forget_old() == 0
    row = KeyCeremony.objects.get()
    KeyCeremony.objects.update(expires_at=row.expires_at - timedelta(minutes=5))
    assert ceremonies.forget_old() == 1


def test_d06_another_session_cannot_use_it(key: SoftwareKey, waits: Client) -> None:
    answer = key.sign(options_of(waits))
    other = browser()
    log_in(other)
    other.get(USE)
    other.post(USE, {"answer": answer})
    assert not is_signed_in(other)
    waits.post(USE, {"answer": answer})
    assert is_signed_in(waits)


def test_an_answer_after_five_minutes_is_refused(key: SoftwareKey, waits: Client) -> None:
    answer = key.sign(options_of(waits))
    row = KeyCeremony.objects.get(purpose="login")
    KeyCeremony.objects.update(expires_at=row.expires_at - timedelta(minutes=5))
    waits.post(USE, {"answer": answer})
    assert not is_signed_in(waits)


def test_d13_what_was_signed_for_a_sign_in_confirms_nothing(
    alice: Linked, key: SoftwareKey, waits: Client
) -> None:
    answer = key.sign(options_of(waits))
    binding = KeyCeremony.objects.get(purpose="login").binding
    with pytest.raises(KeyRefused):
        security_keys.redeem(
            user=alice.user,
            code=answer,
            visitor=VISITOR,
            counter="key:test",
            binding=binding,
            purpose="reauth",
        )


def test_another_accounts_key_opens_nothing(bob: Linked, key: SoftwareKey, waits: Client) -> None:
    foreign = add_key(bob.user)
    foreign.user_handle = None  # as keys that are no passkeys leave it out
    use(waits, foreign)
    assert not is_signed_in(waits)
    assert (events(EventKind.KEY_REFUSED), events(EventKind.KEY_ACCEPTED)) == (1, 0)


def test_a_key_whose_count_falls_back_is_refused_and_told(
    key: SoftwareKey,
    waits: Client,
    mailoutbox: list[EmailMessage],
    django_capture_on_commit_callbacks: Any,
) -> None:
    SecurityKey.objects.update(sign_count=7)
    key.count = 6
    with django_capture_on_commit_callbacks(execute=True):
        use(waits, key)
    assert not is_signed_in(waits)
    assert events(EventKind.KEY_COPIED) == 1
    assert "somebody may have copied it" in str(mailoutbox[-1].body)
    use(waits, key)
    assert is_signed_in(waits)
    assert SecurityKey.objects.get().sign_count == 8


def test_a_key_that_never_counts_is_taken_again_and_again(
    alice: Linked, key: SoftwareKey, waits: Client
) -> None:
    for _ in range(2):
        key.count = -1
        use(waits, key)
        assert is_signed_in(waits)
        waits.post("/logout/")
        log_in(waits)


@pytest.mark.parametrize("column", ["public_key", "credential_id", "public_id"])
def test_d49_a_key_that_was_written_into_the_table_is_refused(
    key: SoftwareKey, waits: Client, column: str
) -> None:
    planted = SoftwareKey()
    columns: dict[str, Any] = {
        "public_key": planted._public(),
        "credential_id": planted.credential_id,
        "public_id": "00000000-0000-4000-8000-000000000000",
    }
    SecurityKey.objects.update(**{column: columns[column]})
    used = replace(key)
    if column == "public_key":
        used.private = planted.private
    if column == "credential_id":
        used.credential_id = planted.credential_id
    use(waits, used)
    assert not is_signed_in(waits)
    assert events(EventKind.TAMPERED) == 1


def test_d50_the_eleventh_wrong_answer_is_not_judged_and_the_right_one_neither(
    key: SoftwareKey, waits: Client
) -> None:
    for _ in range(throttling.SECURITY_KEY.free):
        waits.post(USE, {"answer": "{}"})
    assert "Too many tries" in text_of(use(waits, key))
    assert not is_signed_in(waits)
    assert events(EventKind.KEY_REFUSED) == throttling.SECURITY_KEY.free


def test_an_empty_post_passes_nothing(waits: Client) -> None:
    for data in ({}, {"answer": ""}, {"answer": "null"}, {"answer": "[" * 19_000}):
        assert waits.post(USE, data).status_code == 200
        assert not is_signed_in(waits)


@settings(examples_share_rows, max_examples=25)
@given(noise=st.recursive(st.none() | st.text() | st.integers(), st.lists, max_leaves=5))
def test_what_no_browser_would_send_is_refused_like_a_wrong_answer(
    alice: Linked, key: SoftwareKey, noise: Any
) -> None:
    page: dict[str, Any] = {"binding": "b", "purpose": "login"}
    good = json.loads(key.sign(security_keys.sign_in_options(alice.user, **page)))
    inside = [{**good, "response": {**good["response"], name: noise}} for name in good["response"]]
    for spoiled in (noise, {**good, "id": noise}, {**good, "response": noise}, *inside[:3]):
        security_keys.sign_in_options(alice.user, **page)
        Throttle.objects.all().delete()
        answer = json.dumps(spoiled)
        with pytest.raises(KeyRefused):
            security_keys.redeem(
                user=alice.user, code=answer, visitor=VISITOR, counter="key:test", **page
            )


def test_a_browser_that_used_a_key_last_begins_there_as_long_as_there_is_one(
    alice: Linked, key: SoftwareKey, waits: Client
) -> None:
    assert "Use your security key" in text_of(waits.get("/login/verify/"))
    use(waits, key)
    assert KnownBrowser.objects.get().last_method == "key"
    waits.post("/logout/")
    log_in(waits)
    assert waits.get("/login/verify/")["Location"] == USE
    assert not is_signed_in(waits)
    assert waits.get("/login/verify/?way=kauth").status_code == 200
    assert waits.get("/login/verify/").status_code == 200
    SecurityKey.objects.all().delete()
    waits.post("/login/verify/cancel/")
    log_in(waits)
    assert waits.get("/login/verify/").status_code == 200
