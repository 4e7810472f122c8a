"""`manage.py policies list|show|set|clear|account`: what groups ask of their accounts, and what
comes of it for one account.
"""

import json
from argparse import ArgumentParser, ArgumentTypeError, BooleanOptionalAction
from collections.abc import Callable
from datetime import date
from typing import Any

from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from accounts import people, policies
from accounts.policy_models import METHODS, Policy

BY = "command line"
NOTHING = "none"


class Command(BaseCommand):
    help = "Shows and sets the policies of groups. Of several on one account the strictest wins."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        actions.add_parser("list", help="all policies")
        for name, words in (("show", "one policy"), ("clear", "takes a policy away")):
            actions.add_parser(name, help=words).add_argument("group")
        account = actions.add_parser("account", help="what holds for one account")
        account.add_argument("login_id")
        _add_rules(actions.add_parser("set", help="makes or changes a policy"))
        for action in actions.choices.values():
            action.add_argument("--json", action="store_true", help="for programs")
            if action.prog.endswith(("set", "clear")):
                action.add_argument("--why", default="", help="for the record")

    def handle(self, *args: Any, **options: Any) -> None:
        facts = ACTIONS[options["action"]](options)
        if options["json"]:
            self.stdout.write(json.dumps(facts, indent=2))
            return
        for one in facts if isinstance(facts, list) else [facts]:
            self.stdout.write("  ".join(f"{name}: {_word(fact)}" for name, fact in one.items()))
        if facts == []:
            self.stdout.write("No group has a policy.")


def _add_rules(parser: ArgumentParser) -> None:
    parser.add_argument("group")
    parser.add_argument("--require-from", type=_day, metavar="DATE", help="YYYY-MM-DD, or none")
    parser.add_argument("--methods", type=_kinds, help="of key,kauth,otp; or all")
    parser.add_argument("--always-number", action=BooleanOptionalAction, help="at each YES")
    parser.add_argument("--most-devices", type=_count, metavar="N", help="1 to 5, or none")
    parser.add_argument("--session-hours", type=_count, metavar="N", help="1 to 24, or none")


def _day(text: str) -> str | date:
    try:
        return text if text == NOTHING else date.fromisoformat(text)
    except ValueError as error:
        raise ArgumentTypeError(f"not a day such as 2027-01-15: {text}") from error


def _count(text: str) -> str | int:
    if text != NOTHING and not (text.isascii() and text.isdigit()):
        raise ArgumentTypeError(f"not a number: {text}")
    return text if text == NOTHING else int(text)


def _kinds(text: str) -> frozenset[str]:
    words = list(policies.SHORT) if text == "all" else text.split(",")
    unknown = [word for word in words if word not in policies.SHORT]
    if unknown:
        raise ArgumentTypeError(f"not a method: {', '.join(unknown)}")
    return frozenset(policies.SHORT[word] for word in words)


def _list(options: dict[str, Any]) -> list[dict[str, Any]]:
    return [policies.describe(policy) for policy in Policy.objects.select_related("group")]


def _show(options: dict[str, Any]) -> dict[str, Any]:
    return policies.describe(_policy(options["group"]))


def _clear(options: dict[str, Any]) -> dict[str, Any]:
    policy = _policy(options["group"])
    facts = policies.describe(policy)
    policies.clear(policy, by=BY, why=options["why"])
    return {"cleared": facts["group"]}


def _set(options: dict[str, Any]) -> dict[str, Any]:
    group = _group(options["group"])
    policy = Policy.objects.filter(group=group).first() or Policy(group=group)
    for name in ("require_from", "always_number", "most_devices", "session_hours"):
        if options[name] is not None:
            setattr(policy, name, None if options[name] == NOTHING else options[name])
    if options["methods"] is not None:
        for kind, column in METHODS.items():
            setattr(policy, column, kind in options["methods"])
    try:
        policy.full_clean()
    except ValidationError as error:
        raise CommandError("\n".join(error.messages)) from error
    policies.save(policy, by=BY, why=options["why"])
    return policies.describe(policy)


def _account(options: dict[str, Any]) -> dict[str, Any]:
    try:
        user = people.by_login_id(options["login_id"])
    except people.NoSuchAccount as error:
        raise CommandError(str(error)) from error
    rules = policies.of(user)
    length = rules.session
    return {
        "login": user.login_id,
        "require_from": rules.require_from.isoformat() if rules.require_from else None,
        "required": rules.required,
        "methods": [word for word, kind in policies.SHORT.items() if rules.allows(kind)],
        "always_number": rules.always_number,
        "most_devices": rules.most_devices,
        "session_hours": int(length.total_seconds() // 3600) if length else None,
    }


def _group(name: str) -> Group:
    group = Group.objects.filter(name=name).first()
    if group is None:
        raise CommandError(f"There is no group {name}. Make it in the admin first.")
    return group


def _policy(name: str) -> Policy:
    policy = Policy.objects.select_related("group").filter(group=_group(name)).first()
    if policy is None:
        raise CommandError(f"The group {name} has no policy.")
    return policy


def _word(fact: Any) -> str:
    if isinstance(fact, list):
        return ",".join(fact)
    if isinstance(fact, bool):
        return "yes" if fact else "no"
    return NOTHING if fact is None else str(fact)


ACTIONS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "list": _list,
    "show": _show,
    "set": _set,
    "clear": _clear,
    "account": _account,
}
