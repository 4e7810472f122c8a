"""The app's own addresses: one page for everybody, what makes it installable, and its worker."""

import json
import re
from typing import Any

import pytest
from django.conf import settings as site
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import staticfiles_storage
from pytest_django import Settings

from accounts.models import User
from tests.linked import Linked
from tests.pages import browser, two_factor_browser

pytestmark = pytest.mark.django_db

WORKER = "/app/service-worker.js"


def told() -> dict[str, Any]:
    """What the worker's script hands to the worker."""
    script = browser().get(WORKER).content.decode()
    found = re.search(r"serve\((.*)\);", script)
    assert found
    return json.loads(found[1])


def test_the_app_is_one_page_whoever_is_signed_in(alice: Linked) -> None:
    at_home = browser().get("/app/")
    assert at_home.status_code == 200
    assert at_home.content == browser().get("/app/link").content
    assert at_home.content == two_factor_browser(alice.user).get("/app/").content
    assert not at_home.cookies


def test_people_who_must_do_something_first_can_open_the_app(alice: Linked) -> None:
    visitor = two_factor_browser(alice.user)
    User.objects.filter(pk=alice.user.pk).update(must_enrol=True, must_change_password=True)
    assert visitor.get("/app/").status_code == 200
    assert visitor.get(WORKER).status_code == 200


def test_the_page_hands_over_what_the_app_has_to_know() -> None:
    page = browser().get("/app/").content.decode()
    assert f'data-origin="{site.KAUTH_ORIGIN}"' in page
    for name, length in (("server-id", 43), ("vapid-key", 87)):
        assert re.search(rf'data-{name}="[\w-]{{{length}}}"', page)


def test_the_app_can_be_installed_and_keeps_to_its_own_addresses() -> None:
    response = browser().get("/app/manifest.webmanifest")
    assert response["Content-Type"] == "application/manifest+json"
    manifest = response.json()
    assert (manifest["start_url"], manifest["scope"]) == ("/app/", "/app/")
    assert manifest["display"] == "standalone"
    assert {(icon["sizes"], icon["purpose"]) for icon in manifest["icons"]} == {
        ("192x192", "any"),
        ("512x512", "any"),
        ("512x512", "maskable"),
    }
    for icon in manifest["icons"]:
        assert icon["src"] in {staticfiles_storage.url(f"img/{name}") for name in PICTURES}


PICTURES = ("app-192.png", "app-512.png", "app-maskable-512.png")


def test_the_worker_is_a_script_that_browsers_ask_for_anew() -> None:
    response = browser().get(WORKER)
    assert response["Content-Type"].startswith("text/javascript")
    assert response["Cache-Control"] == "no-cache"


def test_the_worker_keeps_all_that_the_page_loads_and_no_page_of_the_site() -> None:
    page = browser().get("/app/").content.decode()
    kept = told()
    assert kept["pages"] == ["/app/", "/app/link"]
    for address in re.findall(r'(?:href|src)="(/static/[^"#]+)"', page):
        assert address in kept["files"]
    assert all(address.startswith("/static/") for address in kept["files"])


def test_every_file_that_the_worker_keeps_is_there() -> None:
    hashed: Any = staticfiles_storage
    names = {hashed.url(name): name for name in hashed.hashed_files}
    assert all(finders.find(names[address]) for address in told()["files"])


def test_a_change_of_the_page_is_a_new_version(settings: Settings) -> None:
    before = told()["version"]
    assert told()["version"] == before
    settings.KAUTH_SERVICE_NAME = "Another name"
    assert told()["version"] != before


def test_d10_a_site_can_keep_answers_out_of_notifications(settings: Settings) -> None:
    assert told()["answerInNotification"] is True
    settings.KAUTH_ANSWER_IN_NOTIFICATION = False
    assert told()["answerInNotification"] is False


def test_without_a_key_for_web_push_the_page_says_none(settings: Settings) -> None:
    settings.KAUTH_VAPID_KEY = ""
    assert 'data-vapid-key=""' in browser().get("/app/").content.decode()


@pytest.mark.parametrize("page", ["/login/", "/manager/", "/2fa/"])
def test_only_the_app_looks_through_a_camera(page: str) -> None:
    assert "camera=()" in browser().get(page)["Permissions-Policy"]
    assert "camera=(self)" in browser().get("/app/")["Permissions-Policy"]
