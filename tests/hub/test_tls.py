"""A hub that speaks https: to the SDK by an authority of one's own, and what is said of files that can't be used."""

from __future__ import annotations

import datetime
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import trustme

from aixplain import Aixplain
from aixplain.hub import Hub, HubError
from aixplain.hub.embedded import PATIENCE
from aixplain.hub.server import Server, address_of, listen
from aixplain.hub.tls import encryption


class Files:
    """A certificate and its key, on the disk."""

    def __init__(self, folder: Path, authority: trustme.CA, *names: str, expires: datetime.datetime | None = None) -> None:
        folder.mkdir()
        issued = authority.issue_cert(*names, not_after=expires)
        self.certificate, self.key = folder / "cert.pem", folder / "key.pem"
        self.key.write_bytes(issued.private_key_pem.bytes())
        self.certificate.write_bytes(b"".join(part.bytes() for part in issued.cert_chain_pems))


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def files(tmp_path: Path, authority: trustme.CA) -> Files:
    return Files(tmp_path / "good", authority, "localhost", "127.0.0.1")


@pytest.fixture
def address(tmp_path: Path, files: Files) -> Iterator[str]:
    """Where a hub speaks https."""
    ready, hub = threading.Event(), Hub(keys=["secret"])
    listening = listen("127.0.0.1", 0)
    server = Server(hub.app(tmp_path), PATIENCE, ready.set, encryption(files.certificate, files.key))
    serving = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    serving.start()
    assert ready.wait(20)
    yield address_of(listening, "https")
    server.should_exit = True
    serving.join()


def test_the_sdk_finds_models_runs_them_and_polls_over_https(
    address: str, authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "authority.pem").write_bytes(authority.cert_pem.bytes())
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    assert address.startswith("https://127.0.0.1:")
    with Aixplain(api_key="secret", backend_url=address) as aix:
        model = aix.Model.get("aixplain/sentiment")
        assert model.run(text="I love this").data == "POSITIVE"
        accepted = model.run_async(text="I hate this")
        assert accepted.url is not None
        assert accepted.url.startswith(f"{address}/api/v1/data/")
        assert model.sync_poll(accepted.url).data == "NEGATIVE"


def test_both_files_are_wanted(files: Files) -> None:
    assert encryption(None, None) is None
    with pytest.raises(HubError, match="the key is missing"):
        encryption(files.certificate, None)
    with pytest.raises(HubError, match="the certificate is missing"):
        encryption(None, files.key)


def another_key(files: Files, authority: trustme.CA) -> None:
    files.key = Files(files.key.parent / "other", authority, "localhost").key


def swapped(files: Files, authority: trustme.CA) -> None:
    files.certificate, files.key = files.key, files.certificate


def no_pem(files: Files, authority: trustme.CA) -> None:
    files.certificate.write_text("this is no certificate")


def missing(files: Files, authority: trustme.CA) -> None:
    files.key.unlink()


def a_folder(files: Files, authority: trustme.CA) -> None:
    files.certificate = files.certificate.parent


def expired(files: Files, authority: trustme.CA) -> None:
    then = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    old = Files(files.key.parent / "old", authority, "localhost", expires=then)
    files.certificate, files.key = old.certificate, old.key


def locked(files: Files, authority: trustme.CA) -> None:
    command = ["openssl", "pkey", "-aes128", "-passout", "pass:x", "-in", str(files.key), "-out", f"{files.key}.locked"]
    subprocess.run(command, check=True, capture_output=True)
    files.key = files.key.with_name("key.pem.locked")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (another_key, "is not the one of the certificate in"),
        (swapped, "can't be used: "),
        (no_pem, "can't be used: "),
        (missing, "The key .*key.pem can't be read: No such file or directory"),
        (a_folder, "The certificate .* can't be read: Is a directory"),
        (expired, "expired on Jan  1 00:00:00 2020 GMT, so nobody would trust this hub. Renew it."),
        (locked, "The key is locked with a password"),
    ],
)
def test_files_that_can_not_be_used_are_told(
    files: Files, authority: trustme.CA, spoil: Callable[[Files, trustme.CA], None], words: str
) -> None:
    spoil(files, authority)
    with pytest.raises(HubError, match=words):
        encryption(files.certificate, files.key)


def test_old_versions_of_the_protocol_are_not_spoken(files: Files) -> None:
    context = encryption(files.certificate, files.key)
    assert context is not None
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
