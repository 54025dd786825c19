"""A certificate authority of the test session, and what it signs, made with the openssl command."""

import shutil
import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import need


@dataclass(frozen=True)
class Certificate:
    """A certificate and its key, both PEM files."""

    certificate: Path
    key: Path

    def server_context(self) -> ssl.SSLContext:
        """What a server with this certificate uses."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        return context


@dataclass(frozen=True)
class Certificates:
    """An authority's file, and certificates for 127.0.0.1: a good one, an expired one, one of another host, one that
    signed itself.
    """

    authority: Path
    good: Certificate
    expired: Certificate
    other_host: Certificate
    self_signed: Certificate


def openssl(*arguments: str | Path) -> None:
    """Run the openssl command quietly."""
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


def _make_authority(folder: Path) -> Certificate:
    key, certificate = folder / "ca.key", folder / "ca.pem"
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
            "-subj", "/CN=Test authority", "-addext", "keyUsage=critical,keyCertSign",
            "-keyout", key, "-out", certificate)  # fmt: skip
    (folder / "index.txt").touch()
    (folder / "serial").write_text("01\n")
    (folder / "ca.cnf").write_text(
        f"[ca]\ndefault_ca=d\n[d]\ndatabase={folder}/index.txt\nserial={folder}/serial\nnew_certs_dir={folder}\n"
        f"certificate={certificate}\nprivate_key={key}\ndefault_md=sha256\npolicy=p\ncopy_extensions=copy\n"
        "unique_subject=no\n[p]\ncommonName=supplied\n"
    )
    return Certificate(certificate, key)


def _sign(folder: Path, name: str, alternative: str, since: str, until: str) -> Certificate:
    key, request, certificate = folder / f"{name}.key", folder / f"{name}.csr", folder / f"{name}.pem"
    openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
            "-addext", f"subjectAltName={alternative}", "-keyout", key, "-out", request)  # fmt: skip
    openssl("ca", "-batch", "-notext", "-config", folder / "ca.cnf", "-startdate", since, "-enddate", until,
            "-in", request, "-out", certificate)  # fmt: skip
    return Certificate(certificate, key)


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """The session's certificates; skips where there is no openssl command."""
    need(shutil.which("openssl") is not None, "the openssl command", "install the package openssl")
    folder = tmp_path_factory.mktemp("certificates")
    authority = _make_authority(folder)
    here = "IP:127.0.0.1,DNS:localhost"
    key, certificate = folder / "self.key", folder / "self.pem"
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
            "-subj", "/CN=localhost", "-addext", f"subjectAltName={here}",
            "-keyout", key, "-out", certificate)  # fmt: skip
    return Certificates(
        authority=authority.certificate,
        good=_sign(folder, "good", here, "20200101000000Z", "20491231000000Z"),
        expired=_sign(folder, "expired", here, "20200101000000Z", "20210101000000Z"),
        other_host=_sign(folder, "other", "DNS:elsewhere.test", "20200101000000Z", "20491231000000Z"),
        self_signed=Certificate(certificate, key),
    )
