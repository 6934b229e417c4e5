# Creates the role and the database of one service, or corrects them. Safe to
# run again. Reads ROLE and ROLE_PASSWORD beside what await-server.sh reads, which
# goes before. Needs to have no terminal.

# No password is in an argument, which could be read in /proc, nor in a
# statement, which the server could log: \password asks for it twice, on standard
# input where there is no terminal, and sends its hash. (The shell puts it into
# this text; nothing else in it is the shell's.)
exec psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --dbname=postgres <<SQL
\getenv role ROLE
SELECT format('CREATE ROLE %I', :'role')
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'role')
\gexec
SELECT rolsuper AS superuser FROM pg_roles WHERE rolname = current_user
\gset
-- Only a superuser may speak of SUPERUSER and REPLICATION.
\if :superuser
ALTER ROLE :"role" WITH LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION;
\else
ALTER ROLE :"role" WITH LOGIN NOCREATEDB NOCREATEROLE;
-- Only a member of a role may give it a database.
SELECT format('GRANT %I TO %I', :'role', current_user)
 WHERE NOT pg_has_role(current_user, :'role', 'USAGE')
\gexec
\endif
\password :role
${ROLE_PASSWORD}
${ROLE_PASSWORD}
SELECT format('CREATE DATABASE %I OWNER %I', :'role', :'role')
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'role')
\gexec
REVOKE ALL ON DATABASE :"role" FROM PUBLIC;
SQL
