#!/bin/sh
# Creates the broker's passwords, one for each device of the site file and for the collector, the dashboard and the
# installer, and writes the broker's two files: all passwords, and what each user may read and write in this site.
#
#   sudo sh passwords.sh /etc/ledig/site.toml
#
# Run it again when a device or its `lamp_space` is added, changed or removed: existing passwords stay, and a device that
# is no longer in the site file is refused and disconnected. Copy /etc/ledig/passwords/<device> to that device, to the
# same path; then run `sudo systemctl reload mosquitto`.
set -eu
umask 077
FOLDER="${FOLDER:-/etc/ledig/passwords}"
BROKER="${BROKER:-/etc/mosquitto}"
ACL="$(dirname "$0")/ledig.acl"

if [ "${1:-}" = --help ] || [ "${1:-}" = -h ]; then
    sed -n '2,/^set/s/^# \{0,1\}//p' "$0"
    exit 0
fi
[ $# = 1 ] || { echo "usage: sudo sh passwords.sh /etc/ledig/site.toml" >&2; exit 2; }
[ -r "$1" ] || { echo "$1: no such file; give the path of the site file" >&2; exit 2; }
for program in python3 mosquitto_passwd; do
    command -v "$program" >/dev/null || { echo "no $program: sudo apt-get install python3 mosquitto" >&2; exit 2; }
done
entries=$(python3 -c '
import re, sys, tomllib
with open(sys.argv[1], "rb") as file:
    table = tomllib.load(file)
devices = table.get("device", [])
lamps = [(device["id"], device["lamp_space"]) for device in devices if "lamp_space" in device]
lines = [(table["site"]["id"],), *((device["id"],) for device in devices), *lamps]
assert all(re.fullmatch("[a-z0-9]+(-[a-z0-9]+)*", one) for line in lines for one in line)
for line in lines:
    print(*line)' "$1" 2>/dev/null) || { echo "$1 is not a valid site file; ledig check $1 lists the errors" >&2; exit 2; }
site=$(printf '%s\n' "$entries" | head -n 1)
names="collector dashboard installer $(printf '%s\n' "$entries" | tail -n +2 | grep -v ' ' || true)"

(umask 022 && mkdir -p "$(dirname "$FOLDER")") # the site file is beside it and must be readable for all
mkdir -p "$FOLDER"
passwords=$(mktemp "$BROKER/ledig.passwords.XXXXXX")
rights=$(mktemp "$BROKER/ledig.acl.XXXXXX")
trap 'rm -f "$passwords" "$rights"' EXIT
for name in $names; do
    [ -s "$FOLDER/$name" ] || head -c 24 /dev/urandom | base64 >"$FOLDER/$name"
    printf '%s:%s\n' "$name" "$(cat "$FOLDER/$name")" >>"$passwords"
done
mosquitto_passwd -U "$passwords"
sed "s|/SITE/|/$site/|" "$ACL" >"$rights"
printf '%s\n' "$entries" | while read -r device space; do
    [ -z "$space" ] || printf '\nuser %s\ntopic read ledig/v1/%s/space/%s\n' "$device" "$site" "$space" >>"$rights"
done
# Mosquitto requires that its files belong to the user and group it runs as, and that others cannot read them.
chmod 600 "$passwords" "$rights"
if [ "$(id -u)" = 0 ]; then
    if id mosquitto >/dev/null 2>&1; then chown mosquitto:mosquitto "$passwords" "$rights"; fi
    if id ledig >/dev/null 2>&1; then chown -R ledig "$FOLDER"; fi
fi
mv "$passwords" "$BROKER/ledig.passwords"
mv "$rights" "$BROKER/ledig.acl"
