"""What lists in the admin share: evidence is not edited, hidden columns stay hidden, each list is
downloaded, and each action asks why it is done and leaves an event that says so.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import wraps
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy, ngettext

from accounts import audit, oversight, tables, visitors
from accounts.forms import reason_field
from accounts.models import EventKind, User

MOST_ROWS = 10_000
MOST_SHOWN = 20

OTHER_WINDOWS = tuple(f"can_{what}_related" for what in ("add", "change", "delete", "view"))

Action = Callable[[Any, HttpRequest, QuerySet[Any], str], HttpResponseBase | None]


class ValuesFilter(admin.AllValuesFieldListFilter):
    """Each value in use. The empty one has a name too, or its link would have none."""

    def choices(self, changelist: Any) -> Iterator[Any]:
        for choice in super().choices(changelist):
            yield {**choice, "display": choice["display"] or self.empty_value_display}


class ShownColumnsAdmin(admin.ModelAdmin):
    """Filters by what is shown only: a hidden column would tell itself by the number of hits."""

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        if lookup in self._questions(request):
            return True
        shown = {*self.list_display, *self.search_fields, *self.get_fields(request)}
        columns = {field.name: field for field in self.opts.get_fields() if field.name in shown}
        column = columns.get(lookup.partition("__")[0])  # some of what is shown is worked out
        if column is None:
            return False
        known = not column.is_relation or lookup in shown or lookup.endswith("__exact")
        return known and super().lookup_allowed(lookup, value, request)

    def _questions(self, request: HttpRequest) -> set[str | None]:
        """Filters that follow no column: they have a few answers of their own."""
        offered = [entry for entry in self.get_list_filter(request) if isinstance(entry, type)]
        return {one.parameter_name for one in offered if issubclass(one, admin.SimpleListFilter)}

    @property
    def media(self) -> forms.Media:
        """Without jQuery: it writes markup, which the content policy lets no script do."""
        return forms.Media(js=["admin/js/core.js", "admin/js/actions.js"])

    def formfield_for_dbfield(self, *args: Any, **kwargs: Any) -> Any:
        """Without the links that open a second window, for the same reason."""
        field = super().formfield_for_dbfield(*args, **kwargs)
        if isinstance(field, forms.ModelChoiceField):
            for link in OTHER_WINDOWS:
                setattr(field.widget, link, False)
        return field

    def row_in_words(self, row: Any) -> str:
        """The row, and whose it is."""
        person = getattr(row, "user", None)
        return f"{person}: {row}" if person else str(row)


class ReasonForm(forms.Form):
    reason = reason_field()


def asks_why(action: Action) -> Callable[..., HttpResponseBase | None]:
    """An action that first shows what was chosen and asks for the reason. It gets who does it,
    and why, as one line for the record.
    """

    @wraps(action)
    def asked(
        model_admin: Any, request: HttpRequest, chosen: QuerySet[Any]
    ) -> HttpResponseBase | None:
        form = ReasonForm(request.POST if "reason" in request.POST else None)
        if not form.is_valid():
            return _ask(model_admin, request, chosen, form)
        by = oversight.by(request.user, form.cleaned_data["reason"])
        return action(model_admin, request, chosen, by)

    return asked


def touchable(request: HttpRequest, chosen: QuerySet[Any]) -> QuerySet[Any]:
    """Of what was chosen, the rows of accounts that this administrator may act on; says the rest.

    It is what oversight.may_touch says, for many.
    """
    user: Any = request.user
    if user.is_superuser:
        return chosen
    person = "" if chosen.model is User else "user__"
    allowed = chosen.filter(**{f"{person}is_staff": False, f"{person}is_superuser": False})
    left_out = chosen.count() - allowed.count()
    if left_out:
        words = ngettext(
            "%(n)d of them belongs to staff: only a superuser acts on it.",
            "%(n)d of them belong to staff: only a superuser acts on those.",
            left_out,
        )
        messages.warning(request, words % {"n": left_out})
    return allowed


def _ask(
    model_admin: Any, request: HttpRequest, chosen: QuerySet[Any], form: ReasonForm
) -> TemplateResponse:
    name = request.POST["action"]
    _action, _name, title = model_admin.get_actions(request)[name]
    context = {
        **model_admin.admin_site.each_context(request),
        "title": title,
        "opts": model_admin.opts,
        "form": form,
        "action": name,
        "across": request.POST.get("select_across", "0"),
        "checkbox": ACTION_CHECKBOX_NAME,
        "selected": request.POST.getlist(ACTION_CHECKBOX_NAME),
        "rows": [model_admin.row_in_words(row) for row in chosen[:MOST_SHOWN]],
        "more": max(0, chosen.count() - MOST_SHOWN),
    }
    return TemplateResponse(request, "admin/reason.html", context)


class DownloadAdmin(ShownColumnsAdmin):
    """Rows that whoever may view them may take along, for a reason and on record."""

    downloaded: Sequence[str] = ()  # those of the page of a row, where nothing is named here

    @admin.action(description=gettext_lazy("Download selected rows as CSV"), permissions=["view"])
    @asks_why
    def download(
        self, request: HttpRequest, chosen: QuerySet[Any], by: str
    ) -> HttpResponseBase | None:
        """The columns that the admin shows, and no others."""
        columns = [str(column) for column in self.downloaded or self.fields or ()]
        rows = [[_cell(row, column) for column in columns] for row in chosen[:MOST_ROWS]]
        audit.record(
            EventKind.EXPORTED,
            user=request.user if isinstance(request.user, User) else None,
            visitor=visitors.of(request),
            detail=f"{by}: {self.opts.model_name}, {len(rows)} rows",
        )
        text = "".join(tables.as_csv([columns, *rows]))
        headers = {"Content-Disposition": f'attachment; filename="{self.opts.model_name}.csv"'}
        return HttpResponse(text, content_type="text/csv; charset=utf-8", headers=headers)


class EvidenceAdmin(DownloadAdmin):
    """Rows that are read, searched and downloaded, by nobody added, changed or deleted.

    What else happens to them are actions, by those who have the permission to change them.
    """

    actions: Sequence[str] = ("download",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_act_permission(self, request: HttpRequest) -> bool:
        user: Any = request.user
        return bool(user.has_perm(f"{self.opts.app_label}.change_{self.opts.model_name}"))


def _cell(row: Any, column: str) -> str:
    value = getattr(row, column)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds")
    return "" if value is None else str(value)
