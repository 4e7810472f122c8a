"""The shape of what people type. Questions to the database are asked elsewhere."""

from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts import passwords
from accounts.models import User, canonical_login_id

LONGEST_PASSWORD = 1024
EMPTY = _("Type your password.")
AGAIN = _("Type the same password again.")
NO_ADDRESS = _("Type an e-mail address, such as name@example.org.")


def words(when_empty: Any) -> dict[str, Any]:
    """What a field says of itself, in place of Django's own sentences."""
    return {"required": when_empty, "max_length": _("Type %(limit_value)d characters at most.")}


def password_field(label: Any, *, new: bool = False, when_empty: Any = EMPTY) -> forms.CharField:
    """Never stripped, long enough for any manager's passwords, short enough to hash safely."""
    autocomplete = "new-password" if new else "current-password"
    return forms.CharField(
        error_messages=words(when_empty),
        label=label,
        strip=False,
        max_length=LONGEST_PASSWORD,
        widget=forms.PasswordInput(attrs={"autocomplete": autocomplete}),
    )


SAY_WHY = _("Say why. It stays in the record.")
WHAT_BECOMES_OF_IT = _("Why you do this. It stays in the record, beside your login ID.")


def reason_field(
    *, when_empty: Any = SAY_WHY, help_text: Any = WHAT_BECOMES_OF_IT
) -> forms.CharField:
    """Why an administrator does something, for the record."""
    return forms.CharField(
        error_messages=words(when_empty),
        label=_("Reason"),
        max_length=200,
        widget=forms.TextInput(attrs={"class": "vTextField", "autocomplete": "off"}),
        help_text=help_text,
    )


def login_id_field(*, autofocus: bool = False) -> forms.CharField:
    attrs = {"autocomplete": "username", "inputmode": "email", "autocapitalize": "none"}
    if autofocus:
        attrs["autofocus"] = ""
    return forms.CharField(
        error_messages=words(_("Type your login ID.")),
        label=_("Login ID"),
        max_length=254,
        widget=forms.TextInput(attrs=attrs),
    )


class LoginForm(forms.Form):
    username = login_id_field(autofocus=True)
    password = password_field(_("Password"))


class NewPasswordForm(forms.Form):
    """A new password, typed twice and held against the validators."""

    new_password1 = password_field(
        _("New password"), new=True, when_empty=_("Type a new password.")
    )
    new_password2 = password_field(_("New password again"), new=True, when_empty=AGAIN)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.fields["new_password1"].help_text = _("At least 12 characters. A sentence works well.")

    def clean(self) -> dict[str, Any]:
        fields = super().clean() or {}
        check_new_password(self, "new_password1", "new_password2", self.user)
        if not self.errors and passwords.is_the_old(self.user, fields["new_password1"]):
            self.add_error("new_password1", _("This is your old password. Choose another one."))
        return fields


class PasswordChangeForm(NewPasswordForm):
    old_password = password_field(_("Old password"), when_empty=_("Type your old password."))
    field_order = ("old_password", "new_password1", "new_password2")


class SignupForm(forms.Form):
    username = login_id_field(autofocus=True)
    password1 = password_field(_("Password"), new=True, when_empty=_("Choose a password."))
    password2 = password_field(_("Password again"), new=True, when_empty=AGAIN)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].help_text = _("Your e-mail address.")
        self.fields["password1"].help_text = _("At least 12 characters. A sentence works well.")

    def clean_username(self) -> str:
        login_id = canonical_login_id(self.cleaned_data["username"])
        try:
            User._meta.get_field("login_id").run_validators(login_id)
        except ValidationError:
            raise ValidationError(NO_ADDRESS) from None
        return login_id

    def clean(self) -> dict[str, Any]:
        fields = super().clean() or {}
        person = User(login_id=fields.get("username", ""))
        check_new_password(self, "password1", "password2", person)
        return fields


class PasswordResetForm(forms.Form):
    email = login_id_field(autofocus=True)


class PasswordForm(forms.Form):
    password = password_field(_("Password"))


def check_new_password(form: forms.Form, first: str, second: str, user: User) -> None:
    password, again = form.cleaned_data.get(first), form.cleaned_data.get(second)
    if password and again and password != again:
        form.add_error(second, _("The two passwords differ. Type the same one twice."))
    elif password:
        try:
            validate_password(password, user)
        except ValidationError as error:
            form.add_error(first, error)
