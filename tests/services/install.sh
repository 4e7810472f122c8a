#!/bin/sh
# Installs what the tests need beside Python, where it is missing and can be had.
set -eu

missing=""
command -v chromium >/dev/null || missing="chromium fonts-dejavu-core"
for name in caddy faketime; do
    command -v "$name" >/dev/null || missing="$missing $name"
done
# For systemd-analyze; nothing is started by it.
command -v systemd-analyze >/dev/null || missing="$missing systemd"
# shellcheck disable=SC2086  # a list of names
deploy/local/install.sh $missing
command -v chromium-headless-shell >/dev/null || deploy/local/install.sh chromium-headless-shell ||
    echo "Without chromium-headless-shell the tests in Chromium take twice as long."
