"""How the devices app tells those above it. Receivers run inside the transaction of the change."""

from django.dispatch import Signal

# sender=Device, device=Device, visitor=Visitor, enrolment=Enrolment
device_linked = Signal()
# sender=Device, device=Device, visitor=Visitor, by=str (who did it; see enrolment.BY_PERSON)
device_revoked = Signal()
# sender=Device, user=User, subject=str, visitor=Visitor, by=str: somebody turns away the method of
# this name. Whoever owns it says True when it is gone, and False when it is new no more.
method_vetoed = Signal()
# sender=Device, user=User, session=UUID, visitor=Visitor, by=str: what is new, and was added in the
# session of this public id, goes. Each receiver returns a list of what it has removed.
recovery_undone = Signal()
