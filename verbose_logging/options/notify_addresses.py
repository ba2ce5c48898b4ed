"""The addresses of `notify=`: what they may look like, and what may be told of them. They often hold a password."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec

from verbose_logging.errors import MissingExtraError, SettingsError, did_you_mean

_USUAL = ("mailto", "mailtos", "slack", "discord", "tgram", "ntfy", "ntfys", "msteams", "json", "jsons", "pover")


def scheme_of(address: str) -> str:
    """Returns the part of an address that is no secret.

    Example:
        >>> scheme_of("mailto://me:secret@example.org")
        'mailto'
    """
    return address.partition("://")[0] if "://" in address else "?"


def check_addresses(addresses: Sequence[str]) -> None:
    """Checks that messages can be sent to every address.

    Raises:
        MissingExtraError: apprise is not installed.
        SettingsError: One is no address that apprise knows; the text has its place and scheme, and no more.
    """
    if not addresses:
        return
    if find_spec("apprise") is None:
        raise MissingExtraError("notify", "notify")
    from apprise import Apprise  # noqa: PLC0415 - takes half a second, for those who want it

    for place, address in enumerate(addresses, start=1):
        if not Apprise.instantiate(address, suppress_exceptions=True):
            raise SettingsError(f"notify: address {place}, {_complaint(scheme_of(address))}")


def _complaint(scheme: str) -> str:
    if scheme in _USUAL:
        return f"of scheme {scheme!r}, lacks something that apprise needs to send to it"
    return f"of scheme {scheme!r}, is none that apprise knows; {did_you_mean(scheme, _USUAL)}"


def addresses_in(text: str) -> list[str]:
    """Returns the addresses of an environment variable: apart by blanks or commas.

    Example:
        >>> addresses_in("ntfy://one, json://localhost/two")
        ['ntfy://one', 'json://localhost/two']
    """
    return text.replace(",", " ").split()
