#!/bin/sh
# Installs the Debian packages that are named, or says who can. Fails only where installing does.
set -eu

[ $# -gt 0 ] || exit 0
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    echo "Missing: $*. What needs them will say so. As root on Debian:"
    echo "  apt-get install --no-install-recommends $*"
    exit 0
fi

echo "Installing $*"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends "$@" >/dev/null
