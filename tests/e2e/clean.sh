#!/usr/bin/env bash
# Removes all that the engine has of clusters that tests made: clean.sh NAME...
# Safe at any time: it touches nothing but these names, and where no engine answers nothing is left.
set -uo pipefail
docker info >/dev/null 2>&1 || exit 0
status=0
for name in "$@"; do
  for label in io.x-k8s.kind.cluster kindling.internal/cluster; do
    docker ps --all --quiet --filter "label=$label=$name" | xargs --no-run-if-empty docker rm --force --volumes >/dev/null || status=1
  done
  docker volume ls --quiet --filter "label=kindling.internal/cluster=$name" | xargs --no-run-if-empty docker volume rm >/dev/null || status=1
  docker network ls --quiet --filter "label=kindling.internal/cluster=$name" | xargs --no-run-if-empty docker network rm >/dev/null || status=1
done
exit "$status"
