#!/bin/sh
# Installs what the tests need beside Python, where it is missing and can be had.
set -eu

missing=
command -v chromium >/dev/null || missing="$missing chromium fonts-dejavu-core"
command -v redis-server >/dev/null || missing="$missing redis-server"
ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || command -v postgres >/dev/null ||
    missing="$missing postgresql"
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    echo "Missing:$missing. Tests that need them will say so. As root on Debian:"
    echo "  apt-get install --no-install-recommends$missing"
    exit 0
fi

echo "Installing$missing"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# shellcheck disable=SC2086  # a list of names
apt-get install -y -qq --no-install-recommends $missing >/dev/null
