#!/usr/bin/env bash
# Builds a tool that this folder's go.mod pins to .kindling/bin: build.sh actionlint|gitleaks, and
# that of lint/: build.sh golangci-lint. A tool that is newer than its pins is left alone.
set -euo pipefail
cd "$(dirname "$0")"
readonly bin=$PWD/../../.kindling/bin
case ${1:-} in
  actionlint) module=. package=github.com/rhysd/actionlint/cmd/actionlint ;;
  gitleaks) module=. package=github.com/zricethezav/gitleaks/v8 ;;
  golangci-lint) module=lint package=github.com/golangci/golangci-lint/v2/cmd/golangci-lint ;;
  *) echo "build.sh: name a tool: actionlint, gitleaks or golangci-lint" >&2; exit 2 ;;
esac
if [ "$bin/$1" -nt "$module/go.mod" ] && [ "$bin/$1" -nt "$module/go.sum" ]; then exit 0; fi
mkdir -p "$bin"
echo "building $1" >&2
cd "$module" && GOWORK=off GOFLAGS=-mod=readonly go build -trimpath -o "$bin/$1" "$package"
