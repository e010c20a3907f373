"""How a sending may end other than well; the same for mail and SMS. The texts are French: the animator reads them."""


class TemporaryFailure(Exception):
    """Nothing left, and a later attempt may succeed. `retry_after`: the seconds that the server asks for, or None."""

    def __init__(self, message: str, retry_after: int | None = None):
        super().__init__(message)
        self.retry_after = retry_after


class Unreachable(TemporaryFailure):
    """The server itself does not answer: trying the next message now is of no use."""


class PermanentFailure(Exception):
    """Nothing left, and trying again is useless.

    `blames_recipient` is False when the server refused the message or our settings rather than the address: such a
    failure must not count towards switching the address off.
    """

    def __init__(self, message: str, *, blames_recipient: bool = True):
        super().__init__(message)
        self.blames_recipient = blames_recipient


class UnknownOutcome(Exception):
    """The request was handed over and no usable answer came back: the message may have left, or not."""
