#!/usr/bin/env bash
# Copies the checkout to an empty folder: copy.sh FOLDER. What git has and what it would add goes
# along; generated files, state and caches stay. The copy is a repository with one commit.
set -euo pipefail
to=$(cd "$1" && pwd)
cd "$(dirname "$0")/.."
git ls-files --cached --others --exclude-standard -z |
  while IFS= read -r -d '' file; do
    if [ -e "$file" ]; then printf '%s\0' "$file"; fi # a file deleted but not committed
  done |
  tar --create --null --files-from=- | tar --extract --directory "$to"
cd "$to"
git init --quiet
git add --all
git -c user.name=tests -c user.email=tests@localhost commit --quiet --message "A copy for the tests"
