#!/bin/sh
# Installs the servers and the browser that the tests need, from Debian, and what looks at the pages, from npm; says what
# is missing where it may not. The tests start their own, on free ports: what Debian starts by itself is not needed.
set -eu
PATH="$PATH:/usr/sbin:/sbin"
pages="$(dirname "$0")/pages"
tools="$(dirname "$0")/../.tools"

missing() {
    for pair in mosquitto:mosquitto influxd:influxdb nginx:nginx-light caddy:caddy chromium:chromium \
        mkfs.ext4:e2fsprogs systemd-analyze:systemd openssl:openssl node:nodejs npm:npm; do
        command -v "${pair%%:*}" >/dev/null || printf '%s ' "${pair##*:}"
    done
    # Playwright's driver is a Node.js that is linked to this library.
    ldconfig -p | grep -q 'libatomic\.so\.1 ' || printf 'libatomic1 '
}

# axe-core and Lighthouse, in the versions of the lock file; they look at the pages in the tests' browser, and are never
# served.
look_at_pages() {
    cmp -s "$pages/package-lock.json" "$tools/node_modules/installed" && return
    echo "installing what $pages/package-lock.json names ..."
    mkdir -p "$tools"
    cp "$pages/package.json" "$pages/package-lock.json" "$tools"
    npm ci --prefix "$tools" --ignore-scripts --no-audit --no-fund --loglevel=error >&2 || {
        echo "npm did not bring what $pages/package-lock.json names" >&2
        exit 2
    }
    cp "$pages/package-lock.json" "$tools/node_modules/installed"
}

packages=$(missing)
[ -n "$packages" ] || { look_at_pages; exit 0; }
by_hand="the tests need what is not installed: sudo apt-get install $packages"
command -v apt-get >/dev/null || { echo "$by_hand (or this system's own packages of them)" >&2; exit 2; }
if [ "$(id -u)" = 0 ]; then
    root=""
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    root="sudo -n"
else
    echo "$by_hand" >&2
    exit 2
fi
echo "installing $packages ..."
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# A service that cannot start, its port being taken, is no fault: what counts is that the programs are there.
{
    $root env DEBIAN_FRONTEND=noninteractive apt-get update &&
        $root env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends $packages
} >"$log" 2>&1 || true
packages=$(missing)
[ -z "$packages" ] || { cat "$log" >&2; echo "apt-get did not bring $packages" >&2; exit 2; }
look_at_pages
