#!/usr/bin/env bash
# Runs a command where nothing but this machine can be reached: offline.sh COMMAND…
set -euo pipefail
# shellcheck disable=SC2016 # for the shell in the namespace
exec unshare --net -- bash -c 'ip link set lo up && exec "$@"' offline "$@"
