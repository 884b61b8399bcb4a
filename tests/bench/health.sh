#!/usr/bin/env bash
# How fast health_check is beside its own queries in one psql session, and beside check_postgres where that is installed (Debian: check-postgres).
# Usage: ./jbang local_postgres -- tests/bench/health.sh [TABLES] [ROUNDS]
set -euo pipefail
tables=${1:-1000} rounds=${2:-5}
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$root/jbang" build "$root/scripts/health_check.java"
classpath=$("$root/jbang" info classpath "$root/scripts/health_check.java")
options=$(sed -n 's|^//RUNTIME_OPTIONS ||p' "$root/scripts/health_check.java")
psql() { command psql -qX "$@"; }
check() { java $options -cp "$classpath" health_check --url "postgresql://$PGUSER@$PGHOST:$PGPORT/bench" --no-state --migrations "$work" "$@" || [ $? -lt 64 ]; }
median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
timed() { # name, command...: the median of some rounds, in milliseconds
  local name=$1 i; shift
  for i in $(seq "$rounds"); do
    local start; start=$(date +%s%N)
    "$@" >/dev/null 2>&1 || true
    echo $((($(date +%s%N) - start) / 1000000))
  done | median | awk -v n="$name" '{ printf "%-66s %6d ms\n", n, $1 }'
}

psql -c 'drop database if exists bench' -c 'create database bench' 2>/dev/null
export PGDATABASE=bench
psql -c "create extension if not exists amcheck" -c "create extension if not exists pgstattuple"
for first in $(seq 1 500 "$tables"); do # in parts: one transaction would lock them all
  psql -c "do \$\$ begin for i in $first..least($tables, $first + 499) loop execute format('create table t%s (id bigserial primary key, parent bigint references t%s, v text)', i, greatest($first, i - 1)); end loop; end \$\$"
done
psql -c analyze
echo "PostgreSQL $(psql -Atc 'show server_version'), $tables tables, median of $rounds rounds"
check --verbose 2>"$work/queries.sql" >/dev/null # what --verbose says is a script for psql
timed 'java -version (the floor of any Java program)' java $options -version
timed 'psql -c "select 1"' command psql -qX -c 'select 1'
timed "the $(grep -c '^begin' "$work/queries.sql") questions of the quick run in one psql session" command psql -qX -f "$work/queries.sql"
timed 'health_check, quick, whole process' check
timed 'health_check --full, whole process' check --full
check --json | awk -F'[:,]' '/"duration_ms"/ && !seen { seen = 1; printf "%-66s %6d ms\n", "health_check, quick, its own work (connection included)", $2 }'
for action in connection backends locks txn_idle txn_time query_time prepared_txns txn_wraparound autovac_freeze last_analyze sequence disabled_triggers settings_checksum bloat; do
  command -v check_postgres >/dev/null && timed "check_postgres --action=$action" check_postgres --action="$action" --db=bench --warning=90% --critical=95%
done
