"""How the devices app tells those above it. Receivers run inside the transaction of the change."""

from django.dispatch import Signal

# sender=Device, device=Device, visitor=Visitor, enrolment=Enrolment
device_linked = Signal()
# sender=Device, device=Device, visitor=Visitor, by=str (who did it; see enrolment.BY_PERSON)
device_revoked = Signal()
