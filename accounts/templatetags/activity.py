"""Entries of the activity log in templates."""

from django import template

from accounts import activity
from accounts.models import SecurityEvent

register = template.Library()


@register.filter
def in_words(event: SecurityEvent) -> str:
    return activity.in_words(event)
