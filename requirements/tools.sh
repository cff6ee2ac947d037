#!/bin/sh
# Installs the servers and the browser that the tests need, from Debian, and the page checkers, from npm; reports what is
# missing if it may not install. The tests start their own servers on free ports; the services of Debian are not needed.
set -eu
PATH="$PATH:/usr/sbin:/sbin"
pages="$(dirname "$0")/pages"
tools="$(dirname "$0")/../.tools"

list_missing() {
    for pair in mosquitto:mosquitto influxd:influxdb nginx:nginx-light caddy:caddy chromium:chromium \
        mkfs.ext4:e2fsprogs systemd-analyze:systemd openssl:openssl node:nodejs npm:npm; do
        command -v "${pair%%:*}" >/dev/null || printf '%s ' "${pair##*:}"
    done
    # Playwright's driver is a Node.js that needs this library.
    ldconfig -p | grep -q 'libatomic\.so\.1 ' || printf 'libatomic1 '
}

# Installs axe-core and Lighthouse in the versions of the lock file. They check the pages in the tests' browser, and are
# never served.
install_page_checkers() {
    cmp -s "$pages/package-lock.json" "$tools/node_modules/installed" && return
    echo "installing the packages of $pages/package-lock.json ..."
    mkdir -p "$tools"
    cp "$pages/package.json" "$pages/package-lock.json" "$tools"
    npm ci --prefix "$tools" --ignore-scripts --no-audit --no-fund --loglevel=error >&2 || {
        echo "npm could not install the packages of $pages/package-lock.json" >&2
        exit 2
    }
    cp "$pages/package-lock.json" "$tools/node_modules/installed"
}

packages=$(list_missing)
[ -n "$packages" ] || { install_page_checkers; exit 0; }
by_hand="the tests need more packages: sudo apt-get install $packages"
command -v apt-get >/dev/null || { echo "$by_hand (or the equivalent packages of this system)" >&2; exit 2; }
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
# A service that cannot start because its port is in use is no error: only the programs are needed.
{
    $root env DEBIAN_FRONTEND=noninteractive apt-get update &&
        $root env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends $packages
} >"$log" 2>&1 || true
packages=$(list_missing)
[ -z "$packages" ] || { cat "$log" >&2; echo "apt-get could not install $packages" >&2; exit 2; }
install_page_checkers
