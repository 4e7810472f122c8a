#!/bin/sh
# Installs what the tests need beside Python, where it is missing and can be had.
set -eu

if command -v chromium >/dev/null; then
    exec deploy/local/install.sh
fi
exec deploy/local/install.sh chromium fonts-dejavu-core
