#!/bin/sh
# An OCI runtime for hosts whose root has no CAP_SYS_RESOURCE: takes that capability out of what a
# container, or a process executed in one, asks for, and hands over to runc. Docker's --privileged
# asks for every capability, also those that the host cannot give.
set -eu
drop() { [ -f "$1" ] && sed -i -e 's/"CAP_SYS_RESOURCE",//g' -e 's/,"CAP_SYS_RESOURCE"//g' -e 's/"CAP_SYS_RESOURCE"//g' "$1"; }
previous=
for argument in "$@"; do
  case "$previous" in
    --bundle | -b) drop "$argument/config.json" ;;
    --process | -p) drop "$argument" ;;
  esac
  case "$argument" in
    --bundle=*) drop "${argument#--bundle=}/config.json" ;;
    --process=*) drop "${argument#--process=}" ;;
  esac
  previous=$argument
done
exec runc "$@"
