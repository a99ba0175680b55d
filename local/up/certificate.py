"""Makes the certificate with which a local server speaks TLS to the clients of this machine.

    python certificate.py <folder>

Writes `certificate.pem` and `key.pem` unless the folder holds a pair that is good for another day.
The certificate names `localhost` and the loopback addresses, and is its own root: a client that is
given it as the one root that it trusts trusts this server and nobody else.
"""

from __future__ import annotations

import datetime
import ipaddress
import os
import sys
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

LIFETIME = datetime.timedelta(days=90)
MARGIN = datetime.timedelta(days=1)


def is_good(folder: Path, now: datetime.datetime) -> bool:
    """Tell whether the folder holds a pair that does not expire soon."""
    file = folder / "certificate.pem"
    if not file.exists() or not (folder / "key.pem").exists():
        return False
    return x509.load_pem_x509_certificate(file.read_bytes()).not_valid_after_utc > now + MARGIN


def make_certificate(key: ec.EllipticCurvePrivateKey, now: datetime.datetime) -> x509.Certificate:
    """Make a self-signed certificate for this machine's loopback."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "local Dataproc")])
    addresses = [ipaddress.ip_address("127.0.0.1"), ipaddress.ip_address("::1")]
    names = [x509.DNSName("localhost"), *(x509.IPAddress(address) for address in addresses)]
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - MARGIN)
        .not_valid_after(now + LIFETIME)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )


def write_private(file: Path, content: bytes) -> None:
    """Write a file that nobody else can read, whole or not at all."""
    draft = file.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
        stream.write(content)
    draft.rename(file)


def main(folder: Path) -> None:
    """Put a good pair into the folder."""
    now = datetime.datetime.now(datetime.timezone.utc)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if is_good(folder, now):
        return
    key = ec.generate_private_key(ec.SECP256R1())
    pem = serialization.Encoding.PEM
    private = serialization.PrivateFormat.PKCS8
    key_bytes = key.private_bytes(pem, private, serialization.NoEncryption())
    write_private(folder / "key.pem", key_bytes)
    write_private(folder / "certificate.pem", make_certificate(key, now).public_bytes(pem))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
