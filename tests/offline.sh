#!/usr/bin/env bash
# Runs a command, as root, where nothing but this machine can be reached and no container engine
# runs: offline.sh COMMAND… It has network, mounts and processes of its own; an engine that it starts
# keeps its data in a folder that is removed, and ends with it however that ends.
set -euo pipefail
# Namespaces are root's to make. A pipeline's runner may become root; nobody else is asked to.
if [ "$(id -u)" -ne 0 ] && [ -n "${CI:-}" ]; then
  exec sudo --preserve-env env "PATH=$PATH" "HOME=$HOME" "$0" "$@"
fi
if [ -z "${KINDLING_OFFLINE_DATA:-}" ]; then
  mkdir -p /var/lib/docker
  KINDLING_OFFLINE_DATA=$(mktemp --directory --tmpdir kindling-offline.XXXXXX)
  export KINDLING_OFFLINE_DATA
  trap 'rm -rf "$KINDLING_OFFLINE_DATA"' EXIT
  unshare --net --mount --pid --fork --kill-child --mount-proc "$0" "$@"
  exit
fi
ip link set lo up
mount -t tmpfs tmpfs /run
mount --bind "$KINDLING_OFFLINE_DATA" /var/lib/docker
status=0
"$@" || status=$?
if [ -e /run/docker.pid ]; then # let it end its containers
  engine=$(cat /run/docker.pid)
  kill "$engine" && while kill -0 "$engine" 2>/dev/null; do sleep 0.2; done
fi
exit "$status"
