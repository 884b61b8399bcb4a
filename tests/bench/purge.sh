#!/usr/bin/env bash
# Half of a table of old rows is deleted beside writers, by one DELETE, by --purge, and by --purge with an archive: how long it took, how long a
# statement of the writers waited at the most, how many of theirs were done, and the WAL that it wrote (less what the writers alone write in that time).
# Usage: ./jbang local_postgres --data ./bench-data -- tests/bench/purge.sh [ROWS]        (fsync is on with --data; pgbench on PATH)
set -euo pipefail
rows=${1:-10000000}
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
writers=
trap '[ -z "$writers" ] || kill "$writers" 2>/dev/null || true; rm -rf "$work"' EXIT
"$root/jbang" build "$root/scripts/optimize_postgres.java"
classpath=$("$root/jbang" info classpath "$root/scripts/optimize_postgres.java")
options=$(sed -n 's|^//RUNTIME_OPTIONS ||p' "$root/scripts/optimize_postgres.java")
ask() { psql -qXAt -v ON_ERROR_STOP=1 "$@"; }

ask -d postgres -c 'drop database if exists purge_bench' -c 'drop database if exists purge_seed' -c 'create database purge_seed'
ask -d purge_seed <<SQL
create table logs (id bigint primary key, logged_at timestamptz not null, hits int not null default 0, message text not null);
insert into logs select i, now() - interval '60 days' + i * interval '60 days' / $rows, 0, 'message number ' || md5(i::text) from generate_series(1, $rows) i;
create index on logs (logged_at);
create sequence numbers start $((rows + 1));
vacuum analyze logs;
select format('%s rows, %s to be deleted; table %s, indexes %s', count(*), count(*) filter (where logged_at < now() - interval '30 days'),
    pg_size_pretty(pg_table_size('logs')), pg_size_pretty(pg_indexes_size('logs'))) from logs;
SQL
cat >"$work/writer.sql" <<SQL
\set id random(1, $rows)
insert into logs (id, logged_at, message) values (nextval('numbers'), now(), 'a new one');
update logs set hits = hits + 1 where id = :id;
SQL

measure() { # NAME COMMAND...: the command beside the writers
  local name=$1; shift
  ask -d postgres -c 'drop database if exists purge_bench' -c 'create database purge_bench template purge_seed' -c checkpoint
  rm -f "$work"/writes.*
  pgbench -n -c 4 -R 200 -T 3600 -l --log-prefix="$work/writes" -f "$work/writer.sql" purge_bench >/dev/null 2>&1 & writers=$!
  sleep 3
  local quiet busy from to began ended
  quiet=$(ask -d purge_bench -c 'select pg_current_wal_lsn()'); sleep 5
  from=$(ask -d purge_bench -c 'select pg_current_wal_lsn()')
  began=$(date +%s.%N); "$@" >"$work/said" 2>&1 || { cat "$work/said"; exit 1; }; ended=$(date +%s.%N)
  to=$(ask -d purge_bench -c 'select pg_current_wal_lsn()')
  sleep 1; kill "$writers"; wait "$writers" || true; writers=
  read -r quiet busy < <(ask -F ' ' -d purge_bench -c "select '$from'::pg_lsn - '$quiet', '$to'::pg_lsn - '$from'")
  # a line of pgbench: client, number, time in us, script, seconds, microseconds, schedule lag; its own time is without the lag
  cat "$work"/writes.* | awk -v name="$name" -v began="$began" -v ended="$ended" -v quiet="$quiet" -v busy="$busy" -v left="$(ask -d purge_bench -c "select count(*) from logs where logged_at < now() - interval '31 days'")" '
    { own = ($3 - $7) / 1000; at = $5 + $6 / 1e6; if (at >= began && at - own / 1000 <= ended) { n++; if (own > longest) longest = own } }
    END { time = ended - began; printf "%-28s %7.1f s   writers: %6.0f ms at the most, %5.0f per second   WAL %6.0f MB   left %d\n", name, time, longest, n / time, (busy - quiet / 5 * time) / 1048576, left }'
}
purge() { java $options -cp "$classpath" optimize_postgres --url "postgresql://${PGUSER:-postgres}@${PGHOST:-localhost}:${PGPORT:-5432}/purge_bench" --purge logs --days 30 "$@"; }

measure 'DELETE' ask -d purge_bench -c "delete from logs where logged_at < now() - interval '30 days'"
measure '--purge' purge
measure '--purge --archive' purge --archive "$work/logs.csv.gz"
ask -d postgres -c 'drop database purge_bench' -c 'drop database purge_seed'
