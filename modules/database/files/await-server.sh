# Waits for the server. Reads PGHOST, PGPORT, PGUSER and PGPASSWORD (a superuser,
# or a role that may create roles and databases, as managed servers have),
# PGSSLMODE and PGSSLROOTCERT where there is TLS, and WAIT_SECONDS. What follows
# it is a Job's: one of the other scripts.
set -eu

deadline=$(($(date +%s) + WAIT_SECONDS))
until pg_isready --quiet --timeout=1; do
  if [ "$(date +%s)" -ge "$deadline" ]; then
    echo "database ${PGHOST}:${PGPORT} did not accept connections within ${WAIT_SECONDS} s" >&2
    exit 1
  fi
  # What is wrong with a certificate stays wrong: waiting would only hide it.
  case ${PGSSLMODE:-} in verify-*)
    reason=$(PGCONNECT_TIMEOUT=2 psql --no-psqlrc --no-password --dbname=postgres --command=SELECT 2>&1) || case $reason in *certificate*)
      echo "$reason" >&2
      exit 1
      ;;
    esac
    ;;
  esac
  sleep 0.5
done
