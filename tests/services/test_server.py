"""The server of the journeys is the one that `make run` starts."""

import httpx

from tests.services.server import ServerProcess


def test_the_server_answers_at_its_address(server: ServerProcess) -> None:
    assert httpx.get(f"{server.origin}/healthz").json() == {"status": "ok"}


def test_commands_work_on_the_same_data(server: ServerProcess) -> None:
    assert "No changes" in server.manage("makemigrations", "--check").stdout
