"""The app's service worker in a test: woken by the browser's debugging protocol, as by a push."""

from typing import Any

from playwright.sync_api import CDPSession, Page, Worker

from tests.browser.waiting import until

REGISTERED = "async () => { await navigator.serviceWorker.ready; }"
SHOWN = """async () => {
    const registration = await navigator.serviceWorker.ready;
    return (await registration.getNotifications()).map(({ title, body, tag, actions }) => {
        return { title, body, tag, actions: actions.map(({ action }) => action) };
    });
}"""
CLICKED = """async ([tag, action]) => {
    const [notification] = await self.registration.getNotifications({ tag });
    self.dispatchEvent(new NotificationEvent("notificationclick", { notification, action }));
}"""


class PhoneWorker:
    """The worker of the app that is open on `page`; it may show notifications."""

    def __init__(self, page: Page, origin: str) -> None:
        self.page = page
        self._origin = origin
        self._registrations: list[dict[str, Any]] = []
        page.evaluate(REGISTERED)
        self._debugger: CDPSession = page.context.new_cdp_session(page)
        self._debugger.on(
            "ServiceWorker.workerRegistrationUpdated",
            lambda event: self._registrations.extend(event["registrations"]),
        )
        self._debugger.send("ServiceWorker.enable")
        until(page, lambda: self._registrations, "The app's service worker")

    def is_pushed(self, text: str = '{"v":1}') -> None:
        """A message of the push service arrives."""
        registration = self._registrations[-1]["registrationId"]
        message = {"origin": self._origin, "registrationId": registration, "data": text}
        self._debugger.send("ServiceWorker.deliverPushMessage", message)

    def notifications(self) -> list[dict[str, Any]]:
        shown: list[dict[str, Any]] = self.page.evaluate(SHOWN)
        return shown

    def shows(self, words: str) -> dict[str, Any]:
        """The notification with these words, once it is there."""

        def those() -> list[dict[str, Any]]:
            return [one for one in self.notifications() if words in one["title"] + one["body"]]

        return until(self.page, those, f"A notification “{words}”")[0]

    def press(self, action: str, notification: dict[str, Any]) -> None:
        """What the browser tells the worker when somebody presses a button of a notification."""
        worker: Worker = self.page.context.service_workers[0]
        worker.evaluate(CLICKED, [notification["tag"], action])
