"""Sign-ups, from the form to the confirmed address."""

from app.models import User


def ask_to_confirm(user: User) -> None:
    """Post the mail with the link that confirms the address of `user`."""


def why_shut(user: User) -> str:
    """Return what somebody is told whose account does not open."""
    return "Ce compte est fermé."
