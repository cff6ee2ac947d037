"""A site's own authority and a server's certificate of it, and Mosquitto's shipped configuration that uses them."""

import re
import subprocess
from pathlib import Path

from tests.servers import SHIPPED_MOSQUITTO

AUTHORITY = "ledig-ca.crt"


def certify(home: Path) -> None:
    """Make an authority, and a certificate of it for a server at 127.0.0.1 and localhost, in a new folder."""
    home.mkdir()
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    mine = ["-keyout", "ca.key", "-out", AUTHORITY, "-subj", f"/CN={home.name}"]
    servers = ["-keyout", "ledig-server.key", "-out", "ledig-server.crt", "-subj", "/CN=server"]
    signed = ["-CA", AUTHORITY, "-CAkey", "ca.key", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"]
    signed += ["-addext", "basicConstraints=critical,CA:FALSE"]
    for arguments in (mine, servers + signed):
        subprocess.run(["openssl", "req", "-x509", *key, *arguments], cwd=home, check=True, capture_output=True)


def shipped_with_tls(home: Path) -> str:
    """`ledig.conf` as its comment says for TLS: the plain listener removed, the other lines taken."""
    plain, commented = (SHIPPED_MOSQUITTO / "ledig.conf").read_text().split("# With TLS")
    text = plain.split("# Without TLS")[0] + re.sub(r"(?m)^#(?=\w+ )", "", "# With TLS" + commented)
    for name in (AUTHORITY, "ledig-server.crt", "ledig-server.key"):
        text = text.replace(f"/etc/mosquitto/certs/{name}", f"{home}/{name}")
    return text
