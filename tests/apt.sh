#!/usr/bin/env bash
# Installs Debian packages for tests: apt.sh PACKAGE…, as root. PostgreSQL's package would also
# make a database and start a server: where it is new on this machine, it is told not to.
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive
install=(apt-get install -y --no-install-recommends -o "DPkg::Lock::Timeout=120" "$@")
config=/etc/postgresql-common/createcluster.d/kindling-tests.conf
case " $* " in
  *" postgresql "*) [ -e /etc/postgresql-common ] || { mkdir -p "${config%/*}" && echo "create_main_cluster = false" >"$config"; } ;;
esac
"${install[@]}" || { apt-get update && "${install[@]}"; } # an old or empty package list
