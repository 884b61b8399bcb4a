#!/usr/bin/env bash
# How fast run_migrations is against psql, in the same run on the same server: 4 and 1,000 small files, status, and a large COPY.
# Usage: ./jbang local_postgres -- tests/bench/migrations.sh [FILES] [COPY_MEGABYTES]
set -euo pipefail
files=${1:-1000} megabytes=${2:-1000}
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$root/jbang" build "$root/scripts/run_migrations.java"
classpath=$("$root/jbang" info classpath "$root/scripts/run_migrations.java")
options=$(sed -n 's|^//RUNTIME_OPTIONS ||p' "$root/scripts/run_migrations.java")

make_files() {
  mkdir -p "$work/$1"
  for i in $(seq -f %04g "$1"); do
    printf 'create table t_%s (id bigint primary key, name text not null);\ncreate index on t_%s (name);\ninsert into t_%s values (1, %s);\n' "$i" "$i" "$i" "'one'" >"$work/$1/${i}_t.sql"
  done
}
fresh() { psql -qX -c "drop database if exists bench" -c "create database bench" 2>/dev/null; export DATABASE_URL=postgresql://$PGUSER@$PGHOST:$PGPORT/bench; }
timed() { # name, command...: seconds and peak memory of the largest process
  local name=$1; shift
  /usr/bin/time -f '%e %M' -o "$work/time" "$@" >/dev/null
  read -r seconds kilobytes <"$work/time"
  printf '%-44s %7.2f s %6d MiB\n' "$name" "$seconds" "$((kilobytes / 1024))"
}

for count in 4 "$files"; do
  make_files "$count"
  fresh; timed "$count files: psql, one process" psql -qX -v ON_ERROR_STOP=1 -d bench $(printf -- '-1f %s ' "$work/$count"/*.sql)
  fresh; timed "$count files: psql, a process for each" bash -c "for f in $work/$count/*.sql; do psql -qX1 -v ON_ERROR_STOP=1 -d bench -f \$f; done"
  fresh; timed "$count files: run_migrations" java $options -cp "$classpath" run_migrations --dir "$work/$count"
  timed "$count files: run_migrations, nothing to do" java $options -cp "$classpath" run_migrations --dir "$work/$count"
  timed "$count files: run_migrations --status" java $options -cp "$classpath" run_migrations --dir "$work/$count" --status
done

mkdir "$work/copy"
{ echo 'create unlogged table big (id bigint, t text);'; echo 'copy big from stdin;'
  awk -v n="$((megabytes * 10000))" 'BEGIN { for (i = 0; i < n; i++) printf "%d\t%s\n", i, "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklm" }'
  echo '\.'; } >"$work/copy/0001_copy.sql"
du -m "$work/copy/0001_copy.sql" | awk '{ print "COPY block: " $1 " MB" }'
fresh; timed "COPY: psql" psql -qX -v ON_ERROR_STOP=1 -d bench -f "$work/copy/0001_copy.sql"
fresh; timed "COPY: run_migrations, -Xmx256m" java $options -Xmx256m -cp "$classpath" run_migrations --dir "$work/copy"
