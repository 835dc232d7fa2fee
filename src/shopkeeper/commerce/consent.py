"""What a shopper allows."""

from __future__ import annotations

from msgspec import Struct


class Consent(Struct, frozen=True, omit_defaults=True):
    """What a shopper allows; None means "not said here", so the next source in line decides.

    Attributes:
        measure: Keep single events for analysis. Without it only counts per store, day, type and product are kept.
        personalise: Read and write a profile. Without it answers come from the context of the request alone.
        email: Use for e-mail.
    """

    measure: bool | None = None
    personalise: bool | None = None
    email: bool | None = None

    def or_else(self, other: Consent) -> Consent:
        """Return this consent with every "not said" filled from `other`."""
        return Consent(
            measure=other.measure if self.measure is None else self.measure,
            personalise=other.personalise if self.personalise is None else self.personalise,
            email=other.email if self.email is None else self.email,
        )


FULL_CONSENT = Consent(measure=True, personalise=True, email=True)
NO_CONSENT = Consent(measure=False, personalise=False, email=False)
