"""The shape of what people type about their devices."""

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms import words
from devices import names


class RenameForm(forms.Form):
    name = forms.CharField(
        label=_("Name"),
        max_length=names.LONGEST,
        error_messages=words(_("Type a name for this device.")),
    )
