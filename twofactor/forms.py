"""The shape of the codes that people type."""

from datetime import timedelta

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms import reason_field, words
from devices import names

TYPE_IT = words(_("Type the code, then press Continue."))


def code_field(**attrs: str) -> forms.CharField:
    usual = {"autocomplete": "one-time-code", "inputmode": "numeric"}
    return forms.CharField(
        error_messages=TYPE_IT,
        label=_("Six-digit code"),
        max_length=20,
        widget=forms.TextInput(attrs={**usual, **attrs}),
    )


class CodeForm(forms.Form):
    code = code_field(autofocus="")

    def clean_code(self) -> str:
        """As the app shows it, "069 804", but never with other alphabets' digits."""
        return str(self.cleaned_data["code"]).replace(" ", "")


class FirstCodeForm(CodeForm):
    """Under a QR, which on a phone would be scrolled out of sight by the focus."""

    code = code_field()


class KeyForm(forms.Form):
    """What a script of the page puts in: the browser's answer as JSON."""

    answer = forms.CharField(
        error_messages=words(_("Your browser sent no answer of a key. Try again.")),
        label=_("Security key"),
        max_length=20_000,
    )


class NewKeyForm(KeyForm):
    name = forms.CharField(
        label=_("Name"),
        required=False,
        max_length=names.LONGEST,
        help_text=_("So that you know it again, such as “Blue key”."),
    )


class BackupCodeForm(forms.Form):
    code = forms.CharField(
        error_messages=TYPE_IT,
        label=_("Backup code"),
        max_length=40,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "characters", "autofocus": ""}
        ),
    )


class ReasonForm(forms.Form):
    reason = reason_field(
        when_empty=_("Say why you make this code."),
        help_text=_(
            "Such as how you know that it is this person. It stays in the record, and they read it."
        ),
    )


class AwayForm(forms.Form):
    duration = forms.TypedChoiceField(
        label=_("For how long?"),
        choices=[
            ("1", _("1 hour")),
            ("8", _("8 hours")),
            ("24", _("1 day")),
            ("168", _("1 week")),
            ("720", _("30 days")),
        ],
        initial="8",
        coerce=lambda hours: timedelta(hours=int(hours)),
    )
