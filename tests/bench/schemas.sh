#!/usr/bin/env bash
# How fast validate_schema reads and compares 1,000 tables of 10 columns with 2 indexes each, beside pg_dump -s in the same run.
# Usage: ./jbang local_postgres --major 15 -- tests/bench/schemas.sh [TABLES]    (a major that the installed pg_dump can read)
set -euo pipefail
tables=${1:-1000}
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$root/jbang" build "$root/scripts/validate_schema.java"
classpath=$("$root/jbang" info classpath "$root/scripts/validate_schema.java")
options=$(sed -n 's|^//RUNTIME_OPTIONS ||p' "$root/scripts/validate_schema.java")

timed() { # name, command...: seconds and peak memory of the largest process
  local name=$1; shift
  /usr/bin/time -f '%e %M' -o "$work/time" "$@" >"$work/out" || [ $? -le 3 ] || { cat "$work/out"; exit 1; }
  read -r seconds kilobytes < <(tail -1 "$work/time")
  printf '%-52s %7.2f s %6d MiB\n' "$name" "$seconds" "$((kilobytes / 1024))"
}

for database in bench_a bench_b; do
  psql -qX -d postgres -c "drop database if exists $database" -c "create database $database" 2>/dev/null
  for i in $(seq "$tables"); do
    echo "create table t$i (id bigint primary key, a text not null, b int default 1, c numeric(12,2) check (c >= 0), d date, e boolean, f jsonb, g timestamptz default now(), h varchar(20), i uuid);"
    echo "create index on t$i (a); create index on t$i (d, b) where e;"
    [ "$i" -le 1 ] || echo "alter table t$i add foreign key (id) references t$((i / 10 + 1));"
  done | psql -qX -d "$database" -v ON_ERROR_STOP=1
done
url() { echo "postgresql://$PGUSER@$PGHOST:$PGPORT/$1"; }
timed "validate_schema --help: what starting takes" java $options -cp "$classpath" validate_schema --help
command -v pg_dump >/dev/null && timed "pg_dump -s, one database" pg_dump -s -d bench_a
timed "validate_schema --snapshot, one database" java $options -cp "$classpath" validate_schema --url "$(url bench_a)" --snapshot "$work/snapshot.json"
timed "validate_schema --against FILE" java $options -cp "$classpath" validate_schema --url "$(url bench_a)" --against "$work/snapshot.json"
timed "validate_schema --against URL, both read" java $options -cp "$classpath" validate_schema --url "$(url bench_a)" --against "$(url bench_b)"
grep '^drift' "$work/out"
psql -qX -d bench_b -c 'alter table t7 alter b set default 2' -c 'drop table t1000' 2>/dev/null || true
timed "the same with two differences" java $options -cp "$classpath" validate_schema --url "$(url bench_b)" --against "$(url bench_a)"
timed "validate_schema --behaviour --budget 60" java $options -cp "$classpath" validate_schema --url "$(url bench_a)" --behaviour --budget 60
grep '^behaviour' "$work/out"
timed "validate_schema --benchmark --runs 5" java $options -cp "$classpath" validate_schema --url "$(url bench_a)" --benchmark --runs 5
tail -1 "$work/out"
