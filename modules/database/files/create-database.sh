# Creates the role and the database of one service, or corrects them. Safe to
# run again. Reads PGHOST, PGPORT, PGUSER and PGPASSWORD (superuser), ROLE and
# ROLE_PASSWORD. Passwords travel in the environment: arguments can be read in
# /proc, and the session logs no statement that fails.
set -eu

deadline=$(($(date +%s) + WAIT_SECONDS))
until pg_isready --quiet --timeout=1; do
  if [ "$(date +%s)" -ge "$deadline" ]; then
    echo "database ${PGHOST}:${PGPORT} did not accept connections within ${WAIT_SECONDS} s" >&2
    exit 1
  fi
  sleep 0.5
done

export PGOPTIONS="-c log_min_error_statement=panic -c log_statement=none"
exec psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --dbname=postgres <<'SQL'
\getenv role ROLE
\getenv password ROLE_PASSWORD
SELECT format('CREATE ROLE %I', :'role')
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'role')
\gexec
ALTER ROLE :"role" WITH LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION PASSWORD :'password';
SELECT format('CREATE DATABASE %I OWNER %I', :'role', :'role')
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'role')
\gexec
REVOKE ALL ON DATABASE :"role" FROM PUBLIC;
SQL
