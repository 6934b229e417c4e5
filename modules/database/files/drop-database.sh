# Drops the database and the role of a service that is gone, with all data. Safe
# to run again. Reads ROLE beside what await-server.sh reads, which goes before.

# Who is still connected is thrown out, and cannot come back in between. What the
# role has in this database (a grant, a large object) would keep it, too.
exec psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --dbname=postgres <<'SQL'
SET client_min_messages = warning;
\getenv role ROLE
SELECT format('ALTER ROLE %I NOLOGIN', :'role')
 WHERE EXISTS (SELECT FROM pg_roles WHERE rolname = :'role')
\gexec
DROP DATABASE IF EXISTS :"role" WITH (FORCE);
SELECT format('DROP OWNED BY %I', :'role')
 WHERE EXISTS (SELECT FROM pg_roles WHERE rolname = :'role')
\gexec
DROP ROLE IF EXISTS :"role";
SQL
