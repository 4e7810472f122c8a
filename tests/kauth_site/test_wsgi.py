"""The pages under a WSGI server, which hands on what a header says about the root path."""

from typing import Any

import pytest
from django.conf import settings
from django.test import RequestFactory


def answered(**environment: str) -> str:
    """The status of a page as a WSGI server gets it."""
    from kauth_site.wsgi import application

    said: list[str] = []

    def start_response(status: str, headers: Any) -> None:
        said.append(status)

    request = RequestFactory().get("/", headers={"host": settings.KAUTH_HOST})
    application({**request.environ, **environment}, start_response)
    return said[0]


@pytest.mark.django_db
def test_a_page_is_served() -> None:
    assert answered(PATH_INFO="/login/") == "200 OK"


@pytest.mark.django_db
def test_d62_a_root_path_that_the_caller_makes_up_leads_to_no_other_page() -> None:
    assert answered(SCRIPT_NAME="/login", PATH_INFO="/manager/") == "404 Not Found"
