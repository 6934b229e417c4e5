#!/usr/bin/env bash
# Lints Go modules by .golangci.yml: lint.sh [MODULE…], all of ours without one. What the parts of
# the supply compile is other people's code.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
tests/tools/build.sh golangci-lint || exit 1
readonly linter=$PWD/.kindling/bin/golangci-lint
mapfile -t modules < <(printf '%s\n' "$@" | grep .)
[ "${#modules[@]}" -gt 0 ] || mapfile -t modules < <(git ls-files --cached --others --exclude-standard infra/go.mod 'services/*/go.mod' tests/go.mod | xargs -n 1 dirname)
status=0
for module in "${modules[@]}"; do
  (cd "$module" && GOWORK=off "$linter" run ./...) || status=1
done
exit "$status"
