"""Takes the reports of browsers that refused something for the content policy: a line in the log.

Anybody can send one. So it is small and counted, and what is logged is in our words: which rule,
which page by its name, which host. Addresses of pages may hold secrets and are left out.
"""

import json
import logging
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from accounts import throttling, visitors

logger = logging.getLogger(__name__)

LARGEST = 16 * 1024
MOST = 10
RULE = re.compile(r"[a-z-]{1,40}")
HOST = re.compile(r"[a-z0-9.-]{1,253}(:[0-9]{1,5})?")
WORDS = ("inline", "eval", "self", "data", "blob", "trusted-types-policy", "trusted-types-sink")


@csrf_exempt
@require_POST
def csp_report(request: HttpRequest) -> HttpResponse:
    if len(request.body) > LARGEST:
        return HttpResponse(status=413)
    network = visitors.of(request).network
    try:
        throttling.reserve(f"csp-report:network:{network}", throttling.REPORTS)
    except throttling.Throttled as throttled:
        return HttpResponse(status=429, headers={"Retry-After": str(throttled.retry_after)})
    for report in _reports_in(request.body):
        logger.warning(
            "The content policy refused %s: %s, on the page %s.",
            _rule(report.get("effectiveDirective") or report.get("effective-directive")),
            _blocked(report.get("blockedURL") or report.get("blocked-uri")),
            _page(report.get("documentURL") or report.get("document-uri")),
        )
    return HttpResponse(status=204)


def _reports_in(body: bytes) -> Iterator[dict[str, Any]]:
    """Of the Reporting API, which sends a list, and of `report-uri`, which sends one."""
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return
    for entry in content[:MOST] if isinstance(content, list) else [content]:
        report = entry.get("body", entry.get("csp-report")) if isinstance(entry, dict) else None
        if isinstance(report, dict):
            yield report


def _rule(text: Any) -> str:
    return text if isinstance(text, str) and RULE.fullmatch(text) else "something"


def _blocked(text: Any) -> str:
    if text in WORDS:
        return str(text)
    try:
        host = urlsplit(text).netloc if isinstance(text, str) else ""
    except ValueError:
        host = ""
    return host if HOST.fullmatch(host) else "something else"


def _page(address: Any) -> str:
    """The name of one of our pages, which has none of the secrets that its address may have."""
    if not isinstance(address, str) or not address.startswith(f"{settings.KAUTH_ORIGIN}/"):
        return "of somebody else"
    try:
        return resolve(urlsplit(address).path).view_name
    except (Resolver404, ValueError):
        return "that is not there"
