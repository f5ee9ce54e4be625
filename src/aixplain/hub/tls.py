"""The certificate that a hub shows, from its two files. Whatever is wrong with them is said at the start."""

from __future__ import annotations

import ssl
import time
from os import PathLike
from pathlib import Path

from aixplain.hub.errors import HubError

Name = str | PathLike[str]
WAY_OUT = "Give a certificate with its chain and its key, both as PEM files, with --tls-cert and --tls-key."


def encryption(certificate: Name | None, key: Name | None) -> ssl.SSLContext | None:
    """What connections are encrypted with; None for plain http. Raises `HubError` for files that can't be used."""
    if certificate is None and key is None:
        return None
    if certificate is None or key is None:
        missing = "certificate" if certificate is None else "key"
        raise HubError(f"A hub that speaks https needs a certificate and its key; the {missing} is missing. {WAY_OUT}")
    for name, file in (("certificate", certificate), ("key", key)):
        _check_readable(name, file)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2  # Debian's Python leaves it to a file of the system
    context.set_alpn_protocols(["http/1.1"])
    load(context, certificate, key)
    return context


def load(context: ssl.SSLContext, certificate: Name, key: Name) -> None:
    """Show this certificate from now on. Raises `HubError`."""
    try:
        context.load_cert_chain(certificate, key, password=_no_password)
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise HubError(f"The key in {key} is not the one of the certificate in {certificate}. {WAY_OUT}") from error
        raise HubError(
            f"{certificate} and {key} can't be used: {error.reason or 'they are no PEM files'}. {WAY_OUT}"
        ) from error
    except OSError as error:
        raise HubError(f"{certificate} or {key} can't be read: {error.strerror}. {WAY_OUT}") from error
    _check_time(certificate)


def _check_readable(name: str, file: Name) -> None:
    try:
        Path(file).open("rb").close()
    except OSError as error:
        raise HubError(f"The {name} {file} can't be read: {error.strerror}. {WAY_OUT}") from error


def _check_time(certificate: Name) -> None:
    dates = ssl._ssl._test_decode_cert(str(certificate))  # type: ignore[attr-defined]  # the library's one reader of any certificate
    ends, begins = dates["notAfter"], dates["notBefore"]
    if ssl.cert_time_to_seconds(ends) < time.time():
        raise HubError(f"The certificate in {certificate} expired on {ends}, so nobody would trust this hub. Renew it.")
    if ssl.cert_time_to_seconds(begins) > time.time():
        raise HubError(f"The certificate in {certificate} is good from {begins} on. Check the clock of this machine.")


def _no_password() -> str:
    raise HubError(f"The key is locked with a password, and a hub has nobody to ask for it. {WAY_OUT}")
