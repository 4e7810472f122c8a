"""The shape of what people choose and type in the account manager."""

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts import activity

LARGEST_ID = 2**63 - 1


class ActivityForm(forms.Form):
    """Which entries of the activity to show, and from which id on."""

    group = forms.ChoiceField(label=_("Show"), choices=activity.GROUPS, required=False)
    until = forms.DateField(
        label=_("Up to"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": _("Type a date, such as 2026-01-31.")},
    )
    before = forms.IntegerField(required=False, min_value=1, max_value=LARGEST_ID)
    after = forms.IntegerField(required=False, min_value=0, max_value=LARGEST_ID)
