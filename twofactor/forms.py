"""The shape of the codes that people type."""

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms import words

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


class BackupCodeForm(forms.Form):
    code = forms.CharField(
        error_messages=TYPE_IT,
        label=_("Backup code"),
        max_length=40,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "characters", "autofocus": ""}
        ),
    )
