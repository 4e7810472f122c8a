"""`manage.py audit verify|list|export|seal`: the log of events, from the shell."""

import argparse
import json
import re
from argparse import ArgumentParser
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts import audit_check, audit_export
from accounts.audit_check import Verdict
from accounts.models import AppendOnlyQuerySet, EventKind, SecurityEvent, canonical_login_id
from accounts.tasks import seal_log

LISTED = 50
KEPT = re.compile(r"[1-9][0-9]{0,17}:[0-9a-f]{64}")


class Command(BaseCommand):
    help = "Verifies, lists or exports the log of what happened, or seals what is new in it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        checking = actions.add_parser("verify", help="look whether the log is whole")
        checking.add_argument("--from", dest="since", type=_number, default=1, metavar="LINK")
        checking.add_argument("--head", type=_head, help="a link that you kept")
        listing = actions.add_parser("list", help="show events, the newest first")
        listing.add_argument("--limit", type=_number, default=LISTED)
        exporting = actions.add_parser("export", help="write events as a table, the oldest first")
        for action in (listing, exporting):
            action.add_argument("--account", metavar="LOGIN_ID")
            action.add_argument("--kind", choices=EventKind.values, action="append", metavar="KIND")
            action.add_argument("--since", type=_moment, metavar="TIME", help="UTC, from then on")
            action.add_argument("--until", type=_moment, metavar="TIME", help="UTC, before then")
        sealing = actions.add_parser("seal", help="seal what is new; beat and the server do this")
        for action in (checking, listing, exporting, sealing):
            action.add_argument("--json", action="store_true", help="for programs")

    def handle(self, *args: Any, **options: Any) -> None:
        act: dict[str, Callable[..., None]] = {
            "verify": self._verify,
            "list": self._list,
            "export": self._export,
            "seal": self._seal,
        }
        act[options["action"]](**options)

    def _verify(self, *, since: int, head: str | None, **options: Any) -> None:
        verdict = audit_check.verify(since=since, head=head or "")
        whole = verdict.broken is None and not verdict.behind
        if options["json"]:
            self.stdout.write(json.dumps({"whole": whole, **asdict(verdict)}, indent=2))
        elif whole:
            self.stdout.write(_words(verdict))
        if not whole:
            raise CommandError(_words(verdict))

    def _list(self, *, limit: int, **options: Any) -> None:
        rows = [audit_export.row(event) for event in _chosen(options)[:limit]]
        if options["json"]:
            self.stdout.write(json.dumps(rows, indent=2))
            return
        for row in rows:
            where = [row[name] for name in ("device", "method", "address", "browser", "detail")]
            words = (row["time"], row["kind"], row["account"] or "-", *filter(None, where))
            self.stdout.write("  ".join(words))

    def _export(self, **options: Any) -> None:
        form = audit_export.as_json_lines if options["json"] else audit_export.as_csv
        for line in form(_chosen(options).order_by("pk").iterator()):
            self.stdout.write(line, ending="")

    def _seal(self, **options: Any) -> None:
        sealed = seal_log()
        words = f"{sealed} events are sealed now."
        self.stdout.write(json.dumps({"sealed": sealed}) if options["json"] else words)


def _chosen(options: dict[str, Any]) -> AppendOnlyQuerySet:
    wanted: dict[str, Any] = {
        "created_at__gte": options["since"],
        "created_at__lt": options["until"],
        "kind__in": options["kind"],
    }
    if options["account"]:
        wanted["login_id"] = canonical_login_id(options["account"])
    return SecurityEvent.objects.filter(
        **{name: value for name, value in wanted.items() if value is not None}
    )


def _words(verdict: Verdict) -> str:
    broken = verdict.broken
    if broken is not None and broken.link:
        named = f" (event {broken.event})" if broken.event else ""
        return f"The log is broken at link {broken.link}{named}: {broken.why}."
    if broken is not None:
        return f"The log is broken at event {broken.event}: {broken.why}."
    tail = f"{verdict.waiting} newer events have no seal yet"
    if verdict.behind:
        return f"{tail}, and wait for longer than they should. Does beat run?"
    return f"The log is whole: {verdict.links} events. {tail}.\nKeep this: {verdict.head}"


def _number(text: str) -> int:
    if not re.fullmatch(r"[1-9][0-9]{0,17}", text):
        raise argparse.ArgumentTypeError("a whole number from 1 on")
    return int(text)


def _head(text: str) -> str:
    if not KEPT.fullmatch(text):
        raise argparse.ArgumentTypeError("the link as `audit verify` named it")
    return text


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError("a time such as 2026-11-24T09:30, or a day") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
