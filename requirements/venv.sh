#!/bin/sh
# Creates the virtual environment $2 with the Python $1, unless a working one exists.
set -eu
if [ -x "$2/bin/python" ] && "$2/bin/python" -m pip --version >/dev/null 2>&1; then
    exit 0 # an environment whose Python is gone fails here and is created again
fi
command -v "$1" >/dev/null || { echo "$1 is not installed: sudo apt-get install python3 python3-venv" >&2; exit 2; }
if ! "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    echo "$("$1" --version) is too old: Ledig needs Python 3.11 or newer; name one with make PYTHON=..." >&2
    exit 2
fi
# Check the Python, not the kernel: Raspberry Pi OS (32-bit) has a 64-bit kernel.
if ! "$1" -c 'import sys; sys.exit(sys.maxsize < 2**32)'; then
    echo "this is a 32-bit system, which Ledig does not support: install a 64-bit Debian or Raspberry Pi OS" >&2
    exit 2
fi
"$1" -c 'import ensurepip, venv' 2>/dev/null || { echo "no venv: sudo apt-get install python3-venv" >&2; exit 2; }
"$1" -m venv --clear "$2"
