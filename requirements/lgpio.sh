#!/bin/sh
# Makes lgpio, which reads and drives a Raspberry Pi's pins, visible in the virtual environment $1.
#
# The lock file includes it for Python 3.11 and 3.12. There is no wheel for newer versions, so Raspberry Pi OS's package
# python3-lgpio is used: its two modules, and nothing else of the system's Python, are linked into the environment.
# Exit status: 0 present, or not needed on this machine; 2 missing on a Raspberry Pi.
set -eu
venv=$1
system=${SYSTEM_PYTHON:-/usr/bin/python3}
model=${MODEL:-/proc/device-tree/model}

# Prints the files of lgpio's two modules. It does not import them, because lgpio opens a pipe on import.
find_files() {
    "$1" -I -c '
import importlib.util, sys
specs = [importlib.util.find_spec(name) for name in ("lgpio", "_lgpio")]
if None in specs:
    sys.exit(1)
print(*(spec.origin for spec in specs), sep="\n")' 2>/dev/null
}

find_files "$venv/bin/python" >/dev/null && exit 0
folder=$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("platlib"))')
if files=$(find_files "$system"); then
    for file in $files; do ln -sf "$file" "$folder/"; done
    find_files "$venv/bin/python" >/dev/null && exit 0
    for file in $files; do rm -f "$folder/${file##*/}"; done # built for another Python
fi
grep -qs "Raspberry Pi" "$model" || exit 0
echo "lgpio, which reads the pins, is missing for $("$venv/bin/python" --version):" \
    "sudo apt-get install python3-lgpio, then make install-edge again" >&2
exit 2
