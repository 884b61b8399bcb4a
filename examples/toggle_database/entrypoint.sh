#!/bin/sh
# Starts the application only on PostgreSQL: SQLite is for development. No connection is made; add --check for one.
set -eu
jbang /opt/pgbang/scripts/toggle_database.java --require-postgres --env-file /app/.env
exec "$@"
