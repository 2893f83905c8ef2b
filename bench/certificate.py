"""Certificates that only the servers under test trust, made anew for each run.

What may live here: making them. Each is signed by itself, so that it is its own authority.
"""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

LOOPBACK = "127.0.0.1"


def certificate_for_loopback(folder: Path) -> Path:
    """A file in this folder with a key and its certificate, valid for a day."""
    path = folder / "loopback.pem"
    path.write_bytes(_certificate(LOOPBACK, [x509.IPAddress(ipaddress.ip_address(LOOPBACK))]))
    return path


def certificate_for(*hosts: str) -> bytes:
    """A key and its certificate for these names of hosts, in PEM, valid for a day."""
    return _certificate(hosts[0], [x509.DNSName(host) for host in hosts])


def _certificate(common_name: str, alternatives: list[x509.GeneralName]) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(alternatives), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return secret + made.public_bytes(serialization.Encoding.PEM)
