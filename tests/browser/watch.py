"""What a browser complains about: it fails the test, unless the test has said that it will come."""

from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, Response

# Whoever goes on while a socket is still opening closes it before it is open.
LEFT_EARLY = "WebSocket is closed before the connection is established"


class Watch:
    """Script errors, console errors (a breach of the CSP is one) and static files not had."""

    def __init__(self) -> None:
        self._faults: list[str] = []
        self._expected = [LEFT_EARLY]

    def over(self, context: BrowserContext) -> None:
        context.on("page", self._over_page)
        context.on("console", self._on_console)
        context.on("requestfailed", self._on_failure)
        context.on("response", self._on_response)

    def expect(self, words: str) -> None:
        """Complaints with these words belong to what the test does."""
        self._expected.append(words)

    def unexpected(self) -> list[str]:
        return [
            fault for fault in self._faults if not any(words in fault for words in self._expected)
        ]

    def _over_page(self, page: Page) -> None:
        page.on("pageerror", lambda error: self._faults.append(f"{page.url}: {error}"))

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self._faults.append(f"{message.location['url']}: {message.text}")

    def _on_failure(self, request: Request) -> None:
        # Whoever goes on before a page is whole breaks off what it still wanted.
        if _is_static(request.url) and request.failure != "net::ERR_ABORTED":
            self._faults.append(f"{request.url}: {request.failure}")

    def _on_response(self, response: Response) -> None:
        if _is_static(response.url) and not response.ok:
            self._faults.append(f"{response.url}: {response.status}")


def _is_static(address: str) -> bool:
    return urlsplit(address).path.startswith("/static/")
