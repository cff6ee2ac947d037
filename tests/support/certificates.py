"""A CA with a server certificate, and the shipped Mosquitto configuration with TLS."""

import re
import subprocess
from pathlib import Path

from tests.support.servers import SHIPPED_MOSQUITTO

AUTHORITY = "ledig-ca.crt"


def create_certificates(folder: Path) -> None:
    """Create a CA, and its certificate for a server at 127.0.0.1 and localhost, in a new folder."""
    folder.mkdir()
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    ca_options = ["-keyout", "ca.key", "-out", AUTHORITY, "-subj", f"/CN={folder.name}"]
    server_options = ["-keyout", "ledig-server.key", "-out", "ledig-server.crt", "-subj", "/CN=server"]
    signing_options = ["-CA", AUTHORITY, "-CAkey", "ca.key", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"]
    signing_options += ["-addext", "basicConstraints=critical,CA:FALSE"]
    for arguments in (ca_options, server_options + signing_options):
        subprocess.run(["openssl", "req", "-x509", *key, *arguments], cwd=folder, check=True, capture_output=True)


def read_tls_configuration(folder: Path) -> str:
    """Return `ledig.conf` changed as its comment describes for TLS: without the plain listener."""
    plain, commented = (SHIPPED_MOSQUITTO / "ledig.conf").read_text().split("# With TLS")
    text = plain.split("# Without TLS")[0] + re.sub(r"(?m)^#(?=\w+ )", "", "# With TLS" + commented)
    for name in (AUTHORITY, "ledig-server.crt", "ledig-server.key"):
        text = text.replace(f"/etc/mosquitto/certs/{name}", f"{folder}/{name}")
    return text
