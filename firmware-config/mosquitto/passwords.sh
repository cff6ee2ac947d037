#!/bin/sh
# Makes the broker's passwords: one for each name given, and the broker's own file of all of them.
#
#   sudo sh passwords.sh collector dashboard installer pi-hall pi-workshop
#
# A name that has its password keeps it, so run it again when a device comes. Copy /etc/ledig/passwords/<device> to
# that device, to the same place; then `sudo systemctl reload mosquitto`.
set -eu
umask 077
FOLDER="${FOLDER:-/etc/ledig/passwords}"
BROKER="${BROKER:-/etc/mosquitto/ledig.passwords}"

[ $# -gt 0 ] || { echo "usage: passwords.sh NAME..., say: passwords.sh collector dashboard installer pi-hall" >&2; exit 2; }
for name in "$@"; do
    case "$name" in
    *[!a-z0-9-]* | "") echo "'$name' is no id: small letters, digits and hyphens" >&2; exit 2 ;;
    esac
done

(umask 022 && mkdir -p "$(dirname "$FOLDER")") # the site file stands beside it, for everybody to read
mkdir -p "$FOLDER"
for name in "$@"; do
    [ -s "$FOLDER/$name" ] || head -c 24 /dev/urandom | base64 >"$FOLDER/$name"
done

new=$(mktemp "$BROKER.XXXXXX")
trap 'rm -f "$new"' EXIT
for file in "$FOLDER"/*; do
    printf '%s:%s\n' "${file##*/}" "$(cat "$file")"
done >"$new"
mosquitto_passwd -U "$new"
if [ "$(id -u)" = 0 ]; then
    if id mosquitto >/dev/null 2>&1; then chown mosquitto "$new"; fi # it reads the file again when it is reloaded
    if id ledig >/dev/null 2>&1; then chown -R ledig "$FOLDER"; fi
fi
mv "$new" "$BROKER"
