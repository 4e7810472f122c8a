"""People who lost their phone: the browser that a recovery opens, and the phone linked in it."""

from django.test import Client

from accounts.models import User
from devices.models import Device
from tests.calls import send
from tests.pages import two_factor_browser
from tests.people import VISITOR
from tests.software_device import SoftwareDevice
from twofactor import helpdesk_codes
from twofactor.models import HelpDeskCode

LINK = "/2fa/add/kauth/"


def helped_browser(user: User) -> Client:
    """A browser that has passed the password and the help desk's code."""
    code = helpdesk_codes.make(user, by="a test", reason="Phone lost", visitor=VISITOR)
    row: HelpDeskCode = helpdesk_codes.redeem(user=user, code=code, visitor=VISITOR)
    return two_factor_browser(user, means=row)


def links_in(desk: Client, name: str = "New phone") -> tuple[SoftwareDevice, Device]:
    """A phone, linked in the browser `desk` by the steps of the page; it has its secrets."""
    address = desk.post(LINK, {"action": "next"}).context["link"]
    phone = SoftwareDevice(name)
    phone.accept_claim(send("POST", "/device/v1/links", phone.claim_body(address)).json())
    desk.post(LINK, {"action": "confirm", "device": phone.device})
    return phone, Device.objects.get(public_id=phone.device)
