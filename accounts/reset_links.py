"""The mailed link to a new password: made and read here, and kept nowhere.

It holds for an hour and for one password: the change that it is for makes it void.
"""

from django.contrib.auth.tokens import default_token_generator
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode

from accounts.models import User


def page_for(user: User) -> str:
    """The path, whose last part is a secret: nothing but the mail may carry it."""
    uid = urlsafe_base64_encode(force_bytes(user.pk))
    token = default_token_generator.make_token(user)
    return reverse("accounts:password_reset_confirm", args=[uid, token])


def user_of(uid: str, token: str) -> User | None:
    """The active user whom a link was made for, if it still holds."""
    try:
        user = User.objects.get(pk=urlsafe_base64_decode(uid).decode(), is_active=True)
    except (User.DoesNotExist, ValueError, ValidationError):
        return None
    return user if default_token_generator.check_token(user, token) else None
