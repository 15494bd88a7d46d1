"""Three kinds of failure, told apart by what has to happen next.

::

    IntegrationError
    ├── RetryableError       the same bytes may succeed later; the machine tries again
    │   └── RateLimited      the other side is well, and asks us to wait: no failure of anybody's
    ├── PermanentError       the same bytes will never succeed; the item is parked for a person
    └── ConfigurationError   a setting is wrong; parked until staff have changed it

Every message is a sentence for staff: what happened, where, and what to do next. Errors of libraries are
translated into these once, at the seam where the library is called.
"""

from __future__ import annotations

from datetime import timedelta


class IntegrationError(Exception):
    """Root of everything that the integration raises on purpose; ``str()`` is the sentence for staff."""


class RetryableError(IntegrationError):
    """Worth another try. ``retry_after`` is the least wait that the other side asked for, if it did.

    ``ambiguous`` is set when the other side may already have acted on the request: look before repeating.
    """

    def __init__(
        self, sentence: str, *, retry_after: timedelta | None = None, ambiguous: bool = False
    ) -> None:
        super().__init__(sentence)
        self.retry_after = retry_after
        self.ambiguous = ambiguous

    def wait_at_least(self, wait: timedelta) -> None:
        """Have nobody try again before ``wait`` is over."""
        self.retry_after = max(wait, self.retry_after or wait)


class RateLimited(RetryableError):
    """The other side's limit is used up for the moment; ``retry_after`` is when it ends, where that was said."""


class PermanentError(IntegrationError):
    """No retry helps: the other side understood and refused, or the content is wrong."""


class ConfigurationError(IntegrationError):
    """Staff have to change a setting first: a refused token, a changed host key, a missing path."""
