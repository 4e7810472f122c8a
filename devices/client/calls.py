"""The HTTP calls of docs/protocol.md, section 6: signed, repeated once for a wrong clock."""

import asyncio
import json
import re
from typing import Any, Final

import httpx

from devices import messages
from devices.client.errors import NetworkProblem, Refused, Revoked
from devices.client.identity import Identity
from devices.protocol import ErrorCode, ProtocolError

_MAX_BODY: Final = 64 * 1024
_TOTAL_SECONDS: Final = 30
_LAST_SECOND: Final = 2**40
_MOST_PATIENCE: Final = 60
_SLOW_DOWN_TRIES: Final = 3
_SECONDS: Final = re.compile(r"[0-9]{1,6}")


class Calls:
    """Calls to one server. The clock offset that it learns is kept in the identity's account."""

    def __init__(self, http: httpx.AsyncClient, origin: str) -> None:
        self._http = http
        self._origin = origin

    async def claim(self, body: dict[str, Any]) -> dict[str, Any]:
        return await self._patient("POST", "/device/v1/links", _encoded(body), None)

    async def signed(
        self, identity: Identity, method: str, path: str, body: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """The answer's JSON. Raises Revoked, Refused or NetworkProblem."""
        data = b"" if body is None else _encoded(body)
        try:
            return await self._patient(method, path, data, identity)
        except WrongClock as wrong:
            identity.learn_time(wrong.server_time)
            return await self._patient(method, path, data, identity)

    async def answer(self, body: dict[str, Any]) -> dict[str, Any]:
        """An answer needs no proof beside its own signature."""
        return await self._patient("POST", "/device/v1/answers", _encoded(body), None)

    async def _patient(
        self, method: str, path: str, body: bytes, identity: Identity | None
    ) -> dict[str, Any]:
        """Waits as long as the server asks for, when that is not too long."""
        for _ in range(_SLOW_DOWN_TRIES - 1):
            try:
                return await self._once(method, path, body, identity)
            except SlowDown as slow:
                if slow.seconds > _MOST_PATIENCE:
                    raise
                await asyncio.sleep(slow.seconds)
        return await self._once(method, path, body, identity)

    async def _once(
        self, method: str, path: str, body: bytes, identity: Identity | None
    ) -> dict[str, Any]:
        headers = {"Content-Type": "application/json"} if body else {}
        if identity is not None:
            headers["Authorization"] = identity.authorization(method, path, body)
        try:
            async with (
                asyncio.timeout(_TOTAL_SECONDS),
                self._http.stream(
                    method, self._origin + path, content=body, headers=headers
                ) as response,
            ):
                return _judged(response, await _limited(response))
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            raise NetworkProblem(f"{self._origin} cannot be reached: {_words(error)}") from error


class WrongClock(Refused):
    def __init__(self, server_time: int) -> None:
        super().__init__(ErrorCode.CLOCK, "The server's clock shows another time.")
        self.server_time = server_time


class SlowDown(Refused):
    def __init__(self, seconds: int) -> None:
        super().__init__(ErrorCode.SLOW_DOWN, f"The server asks to wait {seconds} s.")
        self.seconds = seconds


def _encoded(body: dict[str, Any]) -> bytes:
    return messages.encode(body).encode()


def _words(error: Exception) -> str:
    return str(error) or type(error).__name__


async def _limited(response: httpx.Response) -> bytes:
    body = b""
    async for chunk in response.aiter_raw():  # raw: nothing unpacks to more than was sent
        body += chunk
        if len(body) > _MAX_BODY:
            raise NetworkProblem("The server's answer is too long to be one of kAuth.")
    return body


def _judged(response: httpx.Response, body: bytes) -> dict[str, Any]:
    if response.status_code == httpx.codes.NO_CONTENT:
        return {}
    answer = _object(body)
    if response.is_success and answer is not None:
        return answer
    code = (answer or {}).get("error")
    if answer is None or not isinstance(code, str):
        raise NetworkProblem(f"No kAuth server answers there (status {response.status_code}).")
    raise _refusal(response, code, answer)


def _object(body: bytes) -> dict[str, Any] | None:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return answer if isinstance(answer, dict) else None


def _refusal(response: httpx.Response, code: str, answer: dict[str, Any]) -> Exception:
    detail = str(answer.get("detail", ""))
    if code == ErrorCode.REVOKED and response.status_code == httpx.codes.FORBIDDEN:
        return Revoked(detail)
    if code == ErrorCode.CLOCK:
        return _wrong_clock(answer)
    if code == ErrorCode.SLOW_DOWN:
        seconds = response.headers.get("Retry-After", "")
        return SlowDown(int(seconds) if _SECONDS.fullmatch(seconds) else _MOST_PATIENCE)
    return Refused(code, detail)


def _wrong_clock(answer: dict[str, Any]) -> Exception:
    try:
        moment = messages.int_member(answer, "time")
    except ProtocolError:
        moment = -1
    if not 0 <= moment < _LAST_SECOND:
        return Refused(ErrorCode.CLOCK, "The server's clock shows a time that cannot be.")
    return WrongClock(moment)
