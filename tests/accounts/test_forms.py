"""Which passwords and login IDs are taken (D-104), and that nothing typed breaks a form."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.forms import (
    LONGEST_PASSWORD,
    LoginForm,
    NewPasswordForm,
    PasswordChangeForm,
    PasswordForm,
    PasswordResetForm,
    SignupForm,
)
from accounts.models import User
from devices.forms import RenameForm
from tests.people import PASSWORD
from twofactor.forms import BackupCodeForm, CodeForm

LOGIN_ID = "alice@example.org"


def signup(password: str, again: str | None = None, login_id: str = LOGIN_ID) -> SignupForm:
    repeated = password if again is None else again
    return SignupForm({"username": login_id, "password1": password, "password2": repeated})


@pytest.mark.parametrize(
    "password",
    [
        PASSWORD,
        "twelve signs",
        "nur kleine buchstaben",  # no rule about kinds of characters
        "ÄÖÜ äöü ß 12",
        "密码要长一些才好记得住呀",
        " leading and trailing ",
        "🔑" * 12,
        "a passphrase of sixty-four characters that nobody has used befor",
        "correct horse " * 73,
    ],
)
def test_d104_a_long_password_of_any_kind_is_taken_as_it_is(password: str) -> None:
    form = signup(password)
    assert form.is_valid(), form.errors
    assert form.cleaned_data["password1"] == password


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("eleven sign", "too short"),
        ("password1234", "too common"),
        ("qwertyuiop123", "too common"),
        ("184467440737095", "entirely numeric"),
        ("alice@example.org", "too similar"),
        ("alice.example.org", "too similar"),
        ("x" * (LONGEST_PASSWORD + 1), "Type 1024 characters at most."),
        ("correct\x00horse battery", "Null characters"),
        ("", "Choose a password."),
    ],
)
def test_d104_what_is_easily_guessed_is_refused(password: str, why: str) -> None:
    form = signup(password)
    assert not form.is_valid()
    assert why in str(form.errors["password1"])


def test_the_two_passwords_must_be_the_same() -> None:
    form = signup(PASSWORD, f"{PASSWORD} ")
    assert "The two passwords differ" in str(form.errors["password2"])


@pytest.mark.parametrize(
    "form", [LoginForm(), PasswordForm(), NewPasswordForm(user=User()), SignupForm()]
)
def test_d104_password_managers_and_pasting_are_welcome(form: Any) -> None:
    page = str(form)
    assert 'autocomplete="new-password"' in page or 'autocomplete="current-password"' in page
    assert "onpaste" not in page
    assert 'autocomplete="off"' not in page


def test_no_form_shows_a_password_again() -> None:
    assert PASSWORD not in str(signup(PASSWORD, "something else"))
    assert PASSWORD not in str(LoginForm({"username": "", "password": PASSWORD}))


@pytest.mark.parametrize(
    "form",
    [
        *(form({}) for form in (LoginForm, PasswordForm, SignupForm, PasswordResetForm)),
        *(form({}, user=User()) for form in (NewPasswordForm, PasswordChangeForm)),
        *(form({}) for form in (RenameForm, CodeForm, BackupCodeForm)),
    ],
)
def test_an_empty_field_says_what_to_type_into_it(form: Any) -> None:
    assert set(form.errors) == set(form.fields)
    said = [words for errors in form.errors.values() for words in errors]
    assert [words for words in said if not words.startswith(("Type ", "Choose "))] == []


@pytest.mark.parametrize(
    "login_id",
    [
        *("alice", "alice@", "@example.org", "a b@example.org", "alice@example"),
        *("a\x00b@example.org", "alice@gro.\u202eelpmaxe", "alice@exam\u200bple.org"),
    ],
)
def test_a_login_id_that_is_no_address_is_refused(login_id: str) -> None:
    said = signup(PASSWORD, login_id=login_id).errors["username"]
    assert "Type an e-mail address, such as" in said[0] or "Null characters" in said[0]


def test_a_login_id_that_grows_too_long_in_its_one_form_is_refused() -> None:
    """One sign of 18 letters: 254 typed characters could become over 4000."""
    assert "username" in signup(PASSWORD, login_id=f"{'ﷺ' * 200}@example.org").errors
    assert "username" in signup(PASSWORD, login_id=f"{'ﬁ' * 30}@{'ﬃ' * 80}.example.org").errors


def test_a_login_id_is_taken_in_its_one_form() -> None:
    form = signup(PASSWORD, login_id="ＡLICE@Example.org")
    assert form.is_valid()
    assert form.cleaned_data["username"] == LOGIN_ID


def change(old: str, new: str) -> PasswordChangeForm:
    fields = {"old_password": old, "new_password1": new, "new_password2": new}
    user = User(login_id=LOGIN_ID)
    user.set_password(PASSWORD)
    return PasswordChangeForm(fields, user=user)


def test_a_new_password_is_taken() -> None:
    assert change(PASSWORD, f"{PASSWORD} staple").is_valid()


def test_the_old_password_is_no_new_one() -> None:
    """Else "it was not me" would end with the password that somebody else knows."""
    assert "This is your old password" in str(change(PASSWORD, PASSWORD).errors["new_password1"])


FORMS = [LoginForm, SignupForm, PasswordResetForm, PasswordForm]


@given(text=st.text(st.characters(exclude_categories=[])), form=st.sampled_from(FORMS))
@settings(max_examples=200)
def test_whatever_is_typed_a_form_says_yes_or_no(text: str, form: Any) -> None:
    """Lone surrogates and control characters, too."""
    names = ("username", "password", "password1", "password2", "email")
    assert form(dict.fromkeys(names, text)).is_valid() in (True, False)
