"""Errors that a visitor may see: what came, what is allowed, what to do."""

from __future__ import annotations

from core.contracts import N_, Message, Refusal


class AppError(Exception):
    """Base of all expected errors.

    Args:
        code: Short stable identifier such as `image.too_large`, for logs and documentation.
        message: What came and what is allowed.
        hint: What to do next.
    """

    def __init__(self, code: str, message: Message | str, hint: Message | str = "") -> None:
        self.code = code
        self.message = Message(message) if isinstance(message, str) else message
        self.hint = Message(hint) if isinstance(hint, str) else hint
        super().__init__(f"{code}: {self.message} {self.hint}".strip())

    def refusal(self, name: str) -> Refusal:
        """The same as a row in a list of refused entries."""
        return Refusal(name, self.code, self.message, self.hint)

    def __reduce__(self) -> tuple[type[AppError], tuple[str, Message, Message]]:
        return type(self), (self.code, self.message, self.hint)


class InputRefused(AppError):
    """Something a user sent cannot be used."""


class ModelRefused(AppError):
    """A checkpoint cannot be trusted or does not fit."""


class StoreError(AppError):
    """The registry or the job store cannot do what was asked."""


class JobError(AppError):
    """A job could not be started, or ended badly."""


class NetworkUnavailable(AppError):
    """Something has to be fetched and the network is not there."""


class RunCancelled(AppError):
    """A run ended because somebody asked it to; nothing was kept."""

    def __init__(self) -> None:
        super().__init__("run.cancelled", Message(N_("The run was cancelled; nothing was kept.")))

    def __reduce__(self) -> tuple[type[RunCancelled], tuple[()]]:  # type: ignore[override]
        return type(self), ()
