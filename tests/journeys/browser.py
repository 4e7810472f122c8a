"""A browser without script: HTTP, cookies and forms, as a person who presses buttons."""

import html
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

import httpx

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@dataclass
class Form:
    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: dict[str, tuple[str, str]] = field(default_factory=dict)


class _Reader(HTMLParser):
    """Collects the links of a page, and its forms: typed and hidden fields, buttons by label."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.links: dict[str, str] = {}
        self._link = ""
        self._button: tuple[str, str] | None = None
        self._label = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = {name: value or "" for name, value in attrs}
        if tag == "form":
            form = Form(known.get("action", ""), known.get("method", "get").lower())
            self.forms.append(form)
        elif tag == "input" and self.forms and known.get("name"):
            self.forms[-1].fields[known["name"]] = known.get("value", "")
        elif tag == "button":
            self._button = (known.get("name", ""), known.get("value", ""))
            self._label = ""
        elif tag == "a":
            self._link, self._label = known.get("href", ""), ""

    def handle_data(self, data: str) -> None:
        self._label += data

    def handle_endtag(self, tag: str) -> None:
        label = " ".join(self._label.split())
        if tag == "button" and self._button and self.forms:
            self.forms[-1].buttons[label] = self._button
            self._button = None
        elif tag == "a":
            self.links[label] = self._link


class Door(httpx.HTTPTransport):
    """The way to one process of a site, as its proxy would go it; the address stays the site's."""

    def __init__(self, port: int) -> None:
        super().__init__()
        self.port = port

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        told = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.1"}
        relayed = httpx.Request(
            request.method,
            request.url.copy_with(scheme="http", host="127.0.0.1", port=self.port),
            headers={**request.headers, **told},
            stream=request.stream,
            extensions=request.extensions,
        )
        return super().handle_request(relayed)


class Browser:
    """Keeps the page it is on. `press` sends the form that has the button with this label.

    `network` is the address that a trusted proxy would have seen; `door` leads around the proxy.
    """

    def __init__(
        self,
        origin: str,
        user_agent: str = FIREFOX,
        network: str = "",
        door: Door | None = None,
    ) -> None:
        self.origin = origin
        self.network = network
        headers = {"User-Agent": user_agent} | ({"X-Forwarded-For": network} if network else {})
        self.http = httpx.Client(
            base_url=origin, headers=headers, follow_redirects=True, timeout=30, transport=door
        )
        self.page = httpx.Response(200)

    def open(self, path: str) -> httpx.Response:
        self.page = self.http.get(path)
        return self.page

    def press(self, label: str, **typed: str) -> httpx.Response:
        self.page = self._send(label, typed, follow_redirects=True)
        return self.page

    def presses_at_once(self, label: str, times: int, **typed: str) -> list[httpx.Response]:
        """The same press as often as told, all under way together; leads follow nowhere."""
        with ThreadPoolExecutor(times) as fingers:
            pressing = [
                fingers.submit(self._send, label, typed, follow_redirects=False)
                for _ in range(times)
            ]
            return [press.result() for press in pressing]

    def _send(self, label: str, typed: dict[str, str], follow_redirects: bool) -> httpx.Response:
        form = self._form_with(label)
        name, value = form.buttons[label]
        return self.http.post(
            httpx.URL(str(self.page.url)).join(form.action),
            data={**form.fields, **typed, **({name: value} if name else {})},
            headers={"Origin": self.origin},
            follow_redirects=follow_redirects,
        )

    @property
    def path(self) -> str:
        return urlsplit(str(self.page.url)).path

    @property
    def text(self) -> str:
        """What the page says, without its markup."""
        bare = re.sub(r"<(script|style)\b.*?</\1>|<[^>]+>", " ", self.page.text, flags=re.DOTALL)
        return " ".join(html.unescape(bare).split())

    def buttons(self) -> set[str]:
        return {label for form in self._read().forms for label in form.buttons}

    def follow(self, label: str) -> httpx.Response:
        links = self._read().links
        assert label in links, f"{self.path} has no link {label!r}, only {sorted(links)}"
        return self.open(links[label])

    def hidden(self, name: str) -> str:
        """What the page's forms send along unseen under this name."""
        return next(form.fields[name] for form in self._read().forms if name in form.fields)

    def link_address(self) -> str:
        """The address that the QR shows."""
        found = re.search(r"https?://[^\s\"'<]+/app/link#[^\s\"'<]+", html.unescape(self.page.text))
        assert found, "the page shows no link"
        return found[0]

    def waiting(self) -> dict[str, Any]:
        """What the waiting page's script is told when it asks."""
        return dict(self.http.get("/login/verify/state/").json())

    def state(self) -> str:
        return str(self.waiting()["state"])

    def number(self) -> str:
        found = re.search(r'data-number="(\d+)"', self.page.text)
        return found[1] if found else ""

    def close(self) -> None:
        self.http.close()

    def _read(self) -> _Reader:
        reader = _Reader()
        reader.feed(self.page.text)
        return reader

    def _form_with(self, label: str) -> Form:
        forms = self._read().forms
        for form in forms:
            if label in form.buttons:
                return form
        offered = sorted(label for form in forms for label in form.buttons)
        raise AssertionError(f"{self.path} has no button {label!r}, only {offered}")
