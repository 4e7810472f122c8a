#!/bin/sh
# Installs the servers that the full mode needs, and the packages that are named as arguments, where
# they are missing and can be had.
set -eu

missing="$*"
command -v redis-server >/dev/null || missing="$missing redis-server"
command -v nginx >/dev/null || [ -x /usr/sbin/nginx ] || missing="$missing nginx-light"
ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || command -v postgres >/dev/null ||
    missing="$missing postgresql"
# shellcheck disable=SC2086  # a list of names
"$(dirname "$0")/apt.sh" $missing
