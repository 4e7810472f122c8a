"""What monitoring counts, for this app and those above it. Numbers and fixed words, never a name.

Counting costs microseconds and happens whether or not somebody asks for the numbers.
"""

from prometheus_client import Counter, Gauge, Histogram

from accounts.models import EventKind

EVENTS = Counter("kauth_events", "Security events that were recorded, by kind.", ["kind"])
REFUSALS = Counter("kauth_refusals", "What was refused, by reason.", ["reason"])
ANSWERS = Counter("kauth_answers", "Answers to sign-in requests, by decision.", ["decision"])
ANSWER_SECONDS = Histogram(
    "kauth_answer_seconds",
    "From the sign-in request to its answer, a person's thinking included.",
    buckets=(0.5, 1, 2, 3, 5, 8, 13, 20, 30, 60, 120),
)
# "sent", "gone", "later", "refused"
PUSHES = Counter("kauth_pushes", "Messages to push services, by result.", ["result"])
# "sent", "late": Redis was away
RINGS = Counter("kauth_rings", "Rings of devices and waiting pages, by result.", ["result"])
DEVICES_CONNECTED = Gauge(
    "kauth_devices_connected",
    "Devices whose socket is open, whichever process has it.",
    multiprocess_mode="livesum",
)

REFUSING = {
    EventKind.PASSWORD_WRONG,
    EventKind.THROTTLED,
    EventKind.SIGN_IN_REFUSED,
    EventKind.DEVICE_REFUSED,
    EventKind.DEVICE_CALL_REFUSED,
    EventKind.REQUEST_PAUSED,
    EventKind.REQUEST_FAILED,
    EventKind.ANSWER_REFUSED,
    EventKind.CODE_WRONG,
    EventKind.METHOD_NOT_ALLOWED,
    EventKind.BACKUP_CODE_WRONG,
    EventKind.LINK_REFUSED,
    EventKind.TAMPERED,
}


def count_event(kind: EventKind, detail: str = "", times: int = 1) -> None:
    EVENTS.labels(kind).inc(times)
    if kind in REFUSING:
        REFUSALS.labels(_reason(kind, detail)).inc(times)


def _reason(kind: EventKind, detail: str) -> str:
    """A refused answer or call has the protocol's code at the end of its detail."""
    if kind in (EventKind.ANSWER_REFUSED, EventKind.DEVICE_CALL_REFUSED):
        return f"{kind}/{detail.rpartition(' ')[2]}"
    return str(kind)
