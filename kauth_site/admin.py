"""The admin site: for staff who have passed both factors. It has no login form of its own."""

from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest
from django.shortcuts import redirect, resolve_url
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

from accounts import clock
from accounts import views as accounts_views
from accounts.reauthentication import new_may_look, recent_login_to_change
from kauth_site import front_page


class KauthAdminSite(admin.AdminSite):
    site_header = _("kAuth administration")
    site_title = _("kAuth administration")
    index_title = _("Overview")

    def has_permission(self, request: HttpRequest) -> bool:
        user: Any = request.user
        return bool(user.is_active and user.is_staff and user.is_verified())

    def index(self, request: HttpRequest, extra_context: Any = None) -> TemplateResponse:
        """The dashboard first; below it Django's own list of what there is to manage."""
        parts = front_page.parts(request.user, clock.now())
        return super().index(request, {"dashboard": parts, **(extra_context or {})})

    def login(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """Whoever may not be here goes to the one login page, whatever they posted."""
        user: Any = request.user
        if user.is_authenticated and not user.is_staff:
            return redirect(settings.LOGIN_REDIRECT_URL)
        return redirect_to_login(
            request.GET.get("next", request.path), resolve_url(settings.LOGIN_URL)
        )

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:  # noqa: FBT001, FBT002 - Django's signature
        """What changes something wants both factors of the last five minutes, as elsewhere, and
        by a device that is not new.
        """
        inner = view if view == self.logout else recent_login_to_change(new_may_look(view))

        def said(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            if "confirmed" not in request.GET:
                return inner(request, *args, **kwargs)
            messages.info(request, _("You have confirmed that it is you. Do it once more."))
            return redirect(request.path)

        return super().admin_view(said, cacheable)

    def logout(self, request: HttpRequest, extra_context: Any = None) -> Any:
        return accounts_views.logout(request)

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> Any:
        return redirect("accounts:password_change")
