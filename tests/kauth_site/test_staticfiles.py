"""Static files: named by their content, kept by browsers, and of one version on one page."""

import re
import runpy
import shutil
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage

from kauth_site import settings as settings_module
from tests.pages import browser

HASHED = re.compile(r"\.[0-9a-f]{12}\.\w+$")
SOURCES = settings.BASE_DIR / "static"


def entry_modules() -> list[str]:
    return sorted(f"js/{path.name}" for path in (SOURCES / "js").glob("*.js"))


def collected(name: str) -> Path:
    return Path(settings.STATIC_ROOT) / Path(staticfiles_storage.url(name)).relative_to("/static")


@pytest.mark.parametrize("name", entry_modules())
def test_a_script_imports_the_very_version_that_it_was_made_with(name: str) -> None:
    script = collected(name)
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


def settings_of_a_checkout(folder: Path) -> dict[str, Any]:
    (folder / "kauth_site").mkdir()
    copy = shutil.copy(settings_module.__file__, folder / "kauth_site")
    return runpy.run_path(str(copy))


def test_the_decoder_is_served_from_where_npm_put_it(tmp_path: Path) -> None:
    package = tmp_path / "node_modules" / "qr"
    package.mkdir(parents=True)
    (package / "decode.js").touch()
    found = settings_of_a_checkout(tmp_path)
    assert found["KAUTH_QR_DECODER"] == "qr/decode.js"
    assert ("qr", package) in found["STATICFILES_DIRS"]


def test_without_npm_the_site_has_its_own_files_and_no_decoder(tmp_path: Path) -> None:
    found = settings_of_a_checkout(tmp_path)
    assert found["KAUTH_QR_DECODER"] == ""
    assert found["STATICFILES_DIRS"] == [tmp_path / "static"]


@pytest.mark.skipif(not settings.KAUTH_QR_DECODER, reason="npm has not installed the package qr")
def test_the_decoder_imports_the_version_that_it_came_with() -> None:
    decoder = collected("qr/decode.js")
    imported = re.findall(r"""from ["'](\./.+?)["'];""", decoder.read_text())
    assert imported
    assert all(HASHED.search(one) and (decoder.parent / one).is_file() for one in imported)
