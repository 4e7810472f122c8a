"""Static files: named by their content, kept by browsers, and of one version on one page."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage

from tests.pages import browser

HASHED = re.compile(r"\.[0-9a-f]{12}\.\w+$")
SOURCES = settings.BASE_DIR / "static"


def entry_modules() -> list[str]:
    return sorted(f"js/{path.name}" for path in (SOURCES / "js").glob("*.js"))


@pytest.mark.parametrize("name", entry_modules())
def test_a_script_imports_the_very_version_that_it_was_made_with(name: str) -> None:
    script = Path(settings.STATIC_ROOT) / Path(staticfiles_storage.url(name)).relative_to("/static")
    imported = re.findall(r'^import .* from "(.+?)";$', script.read_text(), re.MULTILINE)
    assert len(imported) == len(re.findall("^import ", (SOURCES / name).read_text(), re.MULTILINE))
    for one in imported:
        assert HASHED.search(one)
        assert (script.parent / one).is_file()


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["css/site.css", "img/favicon.svg", *entry_modules()])
def test_a_file_with_a_hashed_name_may_be_kept_for_ever(name: str) -> None:
    address = staticfiles_storage.url(name)
    assert HASHED.search(address)
    response = browser().get(address)
    assert response.status_code == 200
    assert "immutable" in response["Cache-Control"]
    assert response["X-Content-Type-Options"] == "nosniff"
    assert b"".join(response.streaming_content)  # type: ignore[attr-defined]


@pytest.mark.parametrize("path", ["/static/nothing.js", "/static/", "/static/../manage.py"])
@pytest.mark.django_db
def test_nothing_else_is_served_from_there(path: str) -> None:
    assert browser().get(path).status_code == 404
    assert browser().get(path.replace("..", "%2e%2e")).status_code == 404


def test_a_name_that_is_no_file_is_found_before_a_page_is_sent() -> None:
    with pytest.raises(ValueError, match="Missing staticfiles manifest entry"):
        staticfiles_storage.url("js/nothing.js")
