#!/usr/bin/env bash
# Time and size of a backup against bare pg_dump of the same data in one run, with each proof; and of its --verify.
# Usage: ./jbang local_postgres --major 15 -- tests/bench/backups.sh [ROWS] [ROUNDS]    (a major that the pg_dump of this machine can dump; zstd on PATH)
set -euo pipefail
rows=${1:-5000000} rounds=${2:-3}
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$root/jbang" build "$root/scripts/backup_database.java"
classpath=$("$root/jbang" info classpath "$root/scripts/backup_database.java")
psql -qX -d postgres -c 'drop database if exists bench' -c 'create database bench' 2>/dev/null
export PGDATABASE=bench DATABASE_URL=postgresql://$PGUSER@$PGHOST:$PGPORT/bench
psql -qX -v ON_ERROR_STOP=1 -v rows="$rows" <<'SQL'
create table measured (id bigint primary key, at timestamptz not null, place int not null, value float8, note text);
insert into measured select i, timestamptz '2026-01-01' + i * interval '1 second', (random() * 1000)::int, random() * 100, 'note ' || md5((i % 100000)::text) from generate_series(1, :rows) i;
vacuum analyze measured;
SQL
psql -qXAt -c "select 'table of ' || pg_size_pretty(pg_table_size('measured'))"

best() { # name, command: the fastest of all rounds, and the size of what it left in $work/out
  local name=$1 fastest=; shift
  for _ in $(seq "$rounds"); do
    rm -rf "$work/out"
    /usr/bin/time -f %e -o "$work/time" "$@" >/dev/null
    fastest=$(printf '%s\n' $fastest "$(cat "$work/time")" | sort -n | head -n 1)
  done
  printf '%-44s %7.2f s %6d MB\n' "$name" "$fastest" "$(du -sm --apparent-size "$work/out" | cut -f 1)"
}
ours() { java --enable-native-access=ALL-UNNAMED -cp "$classpath" backup_database --to "$work/out" "$@"; }
export -f ours
export classpath work

best 'pg_dump -Fc (gzip 6)' pg_dump -Fc -f "$work/out"
best 'pg_dump -Fc -Z1' pg_dump -Fc -Z1 -f "$work/out"
best 'pg_dump | zstd -3' bash -c 'pg_dump | zstd -3 -q -o "$work/out"'
best 'pg_dump -Fd -j2 -Z1' pg_dump -Fd -j2 -Z1 -f "$work/out"
for proof in none counts full; do
  best "backup_database --proof $proof" bash -c "ours --proof $proof --quiet"
done
best 'backup_database -Fd -j2 --proof none' bash -c 'ours --format directory --jobs 2 --proof none --quiet'
best 'backup_database --jobs 2 --proof full' bash -c 'ours --jobs 2 --quiet'
bash -c 'ours --quiet'
/usr/bin/time -f %e -o "$work/time" bash -c 'ours --verify --quiet'
printf '%-44s %7.2f s\n' 'backup_database --verify' "$(cat "$work/time")"
