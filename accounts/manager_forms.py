"""The shape of what people choose and type in the account manager."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts import activity
from accounts.forms import NO_ADDRESS
from accounts.models import User, canonical_login_id

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


class AddressForm(forms.Form):
    """A new address, in the one form of a login ID."""

    address = forms.CharField(
        label=_("New e-mail address"),
        max_length=254,
        error_messages={"required": NO_ADDRESS, "max_length": NO_ADDRESS},
        widget=forms.EmailInput(attrs={"autocomplete": "email", "autocapitalize": "none"}),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_address(self) -> str:
        address = canonical_login_id(self.cleaned_data["address"])
        try:
            User._meta.get_field("login_id").run_validators(address)
        except ValidationError:
            raise ValidationError(NO_ADDRESS) from None
        if address == self.user.login_id:
            raise ValidationError(_("This is your address already."))
        return address
