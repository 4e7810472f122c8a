"""kAuth as the driver sees it: browsers that are known and past the password, phones on sockets."""

import asyncio
import contextlib
import json
import re
from collections import deque
from http.cookies import SimpleCookie
from typing import Any

import aiohttp

from bench.site import Site
from devices import p256
from devices.protocol import SOCKET_PATH, SUBPROTOCOL, server_id, unb64
from tests.software_device import SoftwareDevice

TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')
NUMBER = re.compile(r'data-number="(\d+)"')
# Unauthenticated sockets of one network are few at a time.
CONNECTING = 15
# A page asks by itself too, for a ring may be lost.
ASKS_EVERY = 5


class Refused(Exception):
    """The site did not do what a person would expect of it."""


class Person:
    """One account: its phone, and browser sessions that wait for the second step."""

    def __init__(self, known: dict[str, Any]) -> None:
        self.login, self.password = known["login"], known["password"]
        self.phone = SoftwareDevice()
        self.phone.key = p256.private_from_bytes(unb64(known["key"]))
        self.phone.device, self.phone.account = known["device"], known["account"]
        self.socket: aiohttp.ClientWebSocketResponse | None = None
        self.cookies: dict[str, str] = {}
        self.waiting: deque[dict[str, str]] = deque()
        self.page_cookies: dict[str, str] = {}
        self.page = ""
        self.answered: set[str] = set()
        self.waits: asyncio.Task[None] | None = None


class KAuth:
    """The driver's product; use `opened`."""

    def __init__(self, site: Site, known: list[dict[str, Any]]) -> None:
        self.site = site
        self.people = [Person(one) for one in known]
        for person, one in zip(self.people, known, strict=True):
            person.phone.origin = site.origin
            person.phone.server_id = server_id(unb64(one["server"]))
        self.http = aiohttp.ClientSession(
            cookie_jar=aiohttp.DummyCookieJar(),
            connector=aiohttp.TCPConnector(limit=0),
            headers={"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0"},
        )
        self.gate = asyncio.Semaphore(CONNECTING)
        # A task that nobody holds may be forgotten before it is done.
        self.goodbyes: set[asyncio.Task[bool]] = set()

    # --- the phone -----------------------------------------------------------------------------

    async def connect(self, person: Person) -> None:
        async with self.gate:
            socket = await self._socket(SOCKET_PATH, protocols=[SUBPROTOCOL])
            await socket.send_json(person.phone.sign_ws(await socket.receive_json()))
            ready = await socket.receive_json(timeout=30)
        if ready.get("t") != "ready":
            raise Refused(str(ready))
        person.socket = socket

    async def phone_hears(self, person: Person, *, patience: float | None = 30) -> dict[str, Any]:
        """The next question. Only who listens answers the server's pings meanwhile."""
        assert person.socket is not None
        while True:
            message: dict[str, Any] = await person.socket.receive_json(timeout=patience)
            # A question may be told twice, as a ring may be; who answered it lets it be.
            if message["t"] == "request" and message["challenge"] not in person.answered:
                person.answered.add(message["challenge"])
                return message

    def phone_signs(self, person: Person, question: dict[str, Any]) -> str:
        found = NUMBER.search(person.page)
        number = found[1] if question["match"] == "number" and found else ""
        return json.dumps(person.phone.answer_body(question, "approve", number))

    async def phone_answers(self, person: Person, signed: str) -> None:
        assert person.socket is not None
        await person.socket.send_str(signed)

    # --- the browser ---------------------------------------------------------------------------

    async def prepare(self, person: Person, journeys: int) -> None:
        if person.socket is None:
            await self.connect(person)
        if not person.cookies:  # the first sign-in makes the browser known
            await self._pass_password(person)
            await self.begin(person)
            await self.phone_answers(
                person, self.phone_signs(person, await self.phone_hears(person))
            )
            await self.page_hears(person)
            await self.finish(person)
        while len(person.waiting) < journeys:
            await self._pass_password(person)

    async def _pass_password(self, person: Person) -> None:
        cookies = dict(person.cookies)
        page = await self._get("/login/", cookies)
        form = {
            "username": person.login,
            "password": person.password,
            "csrfmiddlewaretoken": _token(page),
        }
        await self._post("/login/", form, cookies)
        person.waiting.append(cookies)

    async def begin(self, person: Person) -> None:
        person.page_cookies = person.waiting.popleft()
        person.page = await self._get("/login/verify/", person.page_cookies)
        person.waits = asyncio.create_task(self._wait(person.page_cookies))

    async def _wait(self, cookies: dict[str, str]) -> None:
        """As the page does from when it is there: its socket opens, and it looks whenever it is
        rung. What comes after the approval does not wait for the socket's goodbye.
        """
        socket = await self._socket("/ws/login/", headers={"Cookie": _header(cookies)})
        try:
            state = "pending"
            while state == "pending":
                with contextlib.suppress(TimeoutError):
                    await socket.receive(timeout=ASKS_EVERY)
                state = json.loads(await self._get("/login/verify/state/", cookies))["state"]
        finally:
            self._closing(socket)
        if state != "approved":
            raise Refused(state)

    def _closing(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        goodbye = asyncio.create_task(socket.close())
        self.goodbyes.add(goodbye)
        goodbye.add_done_callback(self.goodbyes.discard)

    async def page_hears(self, person: Person) -> None:
        assert person.waits is not None
        await person.waits

    async def finish(self, person: Person) -> None:
        form = {"csrfmiddlewaretoken": _token(person.page)}
        where = await self._post("/login/verify/", form, person.page_cookies)
        if where != "/manager/":
            raise Refused(where)
        person.cookies = {
            name: value for name, value in person.page_cookies.items() if "browser-" in name
        }

    async def close(self) -> None:
        for person in self.people:
            if person.socket is not None:
                await person.socket.close()
        await self.http.close()

    # --- the wire ------------------------------------------------------------------------------

    async def _socket(
        self,
        path: str,
        protocols: tuple[str, ...] | list[str] = (),
        headers: dict[str, str] | None = None,
    ) -> aiohttp.ClientWebSocketResponse:
        return await self.http.ws_connect(
            self.site.origin + path,
            protocols=protocols,
            origin=self.site.origin,
            headers=headers,
            compress=0,
        )

    async def _get(self, path: str, cookies: dict[str, str]) -> str:
        headers = {"Cookie": _header(cookies)}
        async with self.http.get(
            self.site.origin + path, headers=headers, allow_redirects=False
        ) as answer:
            if answer.status != 200:
                raise Refused(f"GET {path}: {answer.status} {answer.headers.get('Location', '')}")
            _take(answer, cookies)
            return await answer.text()

    async def _post(self, path: str, form: dict[str, str], cookies: dict[str, str]) -> str:
        """Where the site leads on to."""
        headers = {"Cookie": _header(cookies), "Origin": self.site.origin}
        async with self.http.post(
            self.site.origin + path, data=form, headers=headers, allow_redirects=False
        ) as answer:
            if answer.status != 302:
                raise Refused(f"POST {path}: {answer.status}")
            _take(answer, cookies)
            return answer.headers["Location"]


def _token(page: str) -> str:
    found = TOKEN.search(page)
    if found is None:
        raise Refused("The page has no form.")
    return found[1]


def _header(cookies: dict[str, str]) -> str:
    return "; ".join(f"{name}={value}" for name, value in cookies.items())


def _take(answer: aiohttp.ClientResponse, cookies: dict[str, str]) -> None:
    for line in answer.headers.getall("Set-Cookie", []):
        for name, morsel in SimpleCookie(line).items():
            cookies[name] = morsel.value
