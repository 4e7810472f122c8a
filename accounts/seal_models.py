"""The chain of seals over the log of events. Holds rows; decides nothing."""

from django.db import models


class EventSeal(models.Model):
    """One link: an event, sealed together with all that was sealed before it."""

    sequence = models.BigIntegerField(primary_key=True)
    # No relation: a seal outlives an event that somebody takes away, and tells of it.
    event = models.BigIntegerField(unique=True)
    seal = models.BinaryField(max_length=32)

    def __str__(self) -> str:
        return f"{self.sequence}: event {self.event}"


class LogHead(models.Model):
    """Where the chain ends; one row. Its own seal tells when the newest links were cut off."""

    sequence = models.BigIntegerField(default=0)
    head_seal = models.BinaryField(max_length=32, default=b"")

    def __str__(self) -> str:
        return str(self.sequence)
