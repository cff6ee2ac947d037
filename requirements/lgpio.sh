#!/bin/sh
# Makes lgpio, which reads and drives a Raspberry Pi's pins, visible in the virtual environment $1.
#
# The lock file brings it for Python 3.11 and 3.12. For newer ones nobody publishes a wheel, so Raspberry Pi OS's package
# python3-lgpio is used: its two modules, and nothing else of the system's Python, are linked into the environment.
# Exit status: 0 there, or not needed on this machine; 2 missing on a Raspberry Pi.
set -eu
venv=$1
system=${SYSTEM_PYTHON:-/usr/bin/python3}
model=${MODEL:-/proc/device-tree/model}

# The files of lgpio's two modules as a Python finds them. Nothing is imported: lgpio opens a pipe when it is.
files_of() {
    "$1" -I -c '
import importlib.util, sys
specs = [importlib.util.find_spec(name) for name in ("lgpio", "_lgpio")]
if None in specs:
    sys.exit(1)
print(*(spec.origin for spec in specs), sep="\n")' 2>/dev/null
}

files_of "$venv/bin/python" >/dev/null && exit 0
folder=$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("platlib"))')
if files=$(files_of "$system"); then
    for file in $files; do ln -sf "$file" "$folder/"; done
    files_of "$venv/bin/python" >/dev/null && exit 0
    for file in $files; do rm -f "$folder/${file##*/}"; done # built for another Python
fi
grep -qs "Raspberry Pi" "$model" || exit 0
echo "lgpio, which reads the pins, is missing for $("$venv/bin/python" --version):" \
    "sudo apt-get install python3-lgpio, then make install-edge again" >&2
exit 2
