"""Reverse proxies with the shipped snippets; only the name, the ports and the certificate are local."""

import os
import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.certificates import AUTHORITY, create_certificates
from tests.support.servers import HOST, ROOT, Server, find_free_port, wait_until

CADDYFILE = ROOT / "firmware-config" / "caddy" / "Caddyfile"
NGINX_PAGES = ROOT / "firmware-config" / "nginx" / "ledig-pages.conf"
NAME = "ledig.example.org"
PAGES = "127.0.0.1:8000"


@dataclass(frozen=True)
class RunningProxy:
    """A running proxy."""

    https_port: int
    http_port: int
    trust: ssl.SSLContext


@contextmanager
def run_caddy(folder: Path, pages_port: int, *, own_authority: bool) -> Iterator[RunningProxy]:
    """Run Caddy with the shipped Caddyfile and one of its two `tls` lines."""
    https, http = find_free_port(), find_free_port()
    create_certificates(folder / "tls")
    text = (
        CADDYFILE.read_text().replace(f"\n{NAME} {{", f"\nlocalhost:{https} {{").replace(PAGES, f"{HOST}:{pages_port}")
    )
    line = r"#(tls internal)" if own_authority else r"#(tls /etc/caddy/ledig\.crt /etc/caddy/ledig\.key)"
    text, taken = re.subn(line, r"\1", text)
    assert taken == 1
    for name, file in (("ledig.crt", "ledig-server.crt"), ("ledig.key", "ledig-server.key")):
        text = text.replace(f"/etc/caddy/{name}", f"{folder}/tls/{file}")
    machine = f"admin off\n\thttp_port {http}\n\thttps_port {https}\n\tskip_install_trust"
    config = folder / "Caddyfile"
    config.write_text(f"{{\n\t{machine}\n\tstorage file_system {folder}/storage\n}}\n\n{text}")
    server = Server(["caddy", "run", "--adapter", "caddyfile", "--config", str(config)], "caddy", folder, https)
    server.start()
    try:
        authority = folder / "storage/pki/authorities/local/root.crt" if own_authority else folder / "tls" / AUTHORITY
        wait_until(authority.exists, what="Caddy's own authority")
        trust = ssl.create_default_context(cafile=authority)
        wait_until(lambda: has_certificate(https, trust), what="Caddy's certificate, which it creates at start")
        yield RunningProxy(https, http, trust)
    finally:
        server.stop()


def has_certificate(port: int, trust: ssl.SSLContext) -> bool:
    try:
        with (
            socket.create_connection((HOST, port), timeout=5) as plain,
            trust.wrap_socket(plain, server_hostname="localhost"),
        ):
            return True
    except OSError:
        return False


@contextmanager
def run_nginx(folder: Path, pages_port: int) -> Iterator[RunningProxy]:
    """Run nginx with the shipped snippet, in a configuration like Debian's."""
    https, http = find_free_port(), find_free_port()
    create_certificates(folder / "tls")
    text = NGINX_PAGES.read_text().replace(f"server_name {NAME};", "server_name localhost;")
    for shipped, own in (
        ("listen 80;", f"listen {HOST}:{http};"),
        ("listen 443 ssl;", f"listen {HOST}:{https} ssl;"),
        ("/etc/ssl/certs/ledig.crt", f"{folder}/tls/ledig-server.crt"),
        ("/etc/ssl/private/ledig.key", f"{folder}/tls/ledig-server.key"),
        (f"http://{PAGES}", f"http://{HOST}:{pages_port}"),
    ):
        assert shipped in text
        text = text.replace(shipped, own)
    places = "".join(
        f"{part}_temp_path {folder}/{part};\n" for part in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    own_user = "user root;\n" if os.geteuid() == 0 else ""
    config = folder / "nginx.conf"
    config.write_text(
        f"{own_user}daemon off;\npid {folder}/pid;\nerror_log stderr;\nevents {{}}\nhttp {{\n{places}{text}}}\n"
    )
    server = Server(["nginx", "-p", str(folder), "-c", str(config)], "nginx-light", folder, https)
    server.start()
    try:
        yield RunningProxy(https, http, ssl.create_default_context(cafile=folder / "tls" / AUTHORITY))
    finally:
        server.stop()
