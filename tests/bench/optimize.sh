#!/usr/bin/env bash
# What optimize_postgres does to a load that goes on while it works: pgbench's own tables without their indexes, a foreign key without one, bloat, a materialized view,
# partitions. Printed are throughput and the 95th percentile before, while and after, and the longest wait of the load for a lock on a table or index, by the server's own log
# (all from 50 ms on). Then the purge of five of ten million rows beside a writer, and the same as one plain DELETE.
# Usage: ./jbang local_postgres --config shared_preload_libraries=pg_stat_statements --config logging_collector=on --config log_lock_waits=on --config deadlock_timeout=50ms \
#          -- tests/bench/optimize.sh [SCALE] [SECONDS] [PURGE_ROWS]
set -euo pipefail
scale=${1:-5} seconds=${2:-15} rows=${3:-10000000}
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
load=
trap '[ -z "$load" ] || kill "$load" 2>/dev/null || true; rm -rf "$work"' EXIT
"$root/jbang" build "$root/scripts/optimize_postgres.java"
classpath=$("$root/jbang" info classpath "$root/scripts/optimize_postgres.java")
read -ra options <<<"$(sed -n 's|^//RUNTIME_OPTIONS ||p' "$root/scripts/optimize_postgres.java")"
optimize() { # prints all if it fails; something left to people is no failure
  java "${options[@]}" -cp "$classpath" optimize_postgres --url "postgresql://$PGUSER@$PGHOST:$PGPORT/bench" "$@" >"$work/said" 2>&1 || [ $? -lt 2 ] || { cat "$work/said"; exit 1; }
}
psql() { command psql -qXAt -d bench -v ON_ERROR_STOP=1 "$@"; }
pgbench() { (cd "$work" && command pgbench -n -c 2 -T "$1" --log --log-prefix="$2" -f load.sql bench >"$2.out" 2>&1); }
waited() { # FROM: the longest wait for a lock on a table or index, by what the log says from this byte on; 0 is less than 50 ms
  psql -c "select coalesce(max(m[1]::float), 0) from regexp_matches(pg_read_file(pg_current_logfile(), $1, 100000000),
    'process \d+ (?:acquired|still waiting for) \w+Lock on relation [^\n]* after ([0-9.]+) ms', 'g') m"
}
report() { # PREFIX NAME FROM TO: throughput and p95 of a run, of what ended in these seconds
  cat "$work/$1".[0-9]* | awk -v from="$3" -v to="$4" '$5 >= from && $5 < to { print $3 }' | sort -n | awk -v n="$2" -v s="$(($4 - $3))" \
    '{ v[NR] = $1 } END { printf "%-24s %8.1f tps   p95 %8.1f ms   longest %8.1f ms   %d transactions in %d s\n", n, NR / s, v[int(NR * 0.95) + 1] / 1000, v[NR] / 1000, NR, s }'
  if grep -q 'failed: [1-9]\|aborted\|ERROR' "$work/$1.out"; then grep 'ERROR\|aborted' "$work/$1.out" | head -3; exit 1; fi
}

command psql -qX -d postgres -c 'drop database if exists bench' -c 'create database bench'
command pgbench -i -q -s "$scale" bench >/dev/null 2>&1
psql >/dev/null <<SQL
create extension pg_stat_statements;
alter table pgbench_accounts drop constraint pgbench_accounts_pkey;
create table orders (id bigint generated always as identity primary key, teller int references pgbench_tellers, note text, at timestamptz default now());
insert into orders (teller, note) select 1 + g % (10 * $scale), 'note ' || g from generate_series(1, 300000 * $scale) g;
create index orders_note on orders (note);
delete from orders where id % 10 > 0;
vacuum orders;
create materialized view daily as select teller, count(*) from orders group by teller;
create unique index on daily (teller);
create table events (id bigint, at timestamptz not null) partition by range (at);
select format('create table events_%s partition of events for values from (%L) to (%L)', to_char(m, 'YYYYMM'), m, m + interval '1 month')
  from generate_series(date_trunc('month', now()) - interval '2 months', date_trunc('month', now()), interval '1 month') m \gexec
analyze;
select pg_stat_statements_reset();
SQL
cat > "$work/load.sql" <<SQL
\set aid random(1, 100000 * $scale)
\set tid random(1, 10 * $scale)
begin;
update pgbench_accounts set abalance = abalance + 1 where aid = :aid;
select abalance from pgbench_accounts where aid = :aid;
insert into orders (teller, note) values (:tid, 'new');
select count(*) from orders where teller = :tid;
insert into events values (:aid, now());
insert into pgbench_history (tid, bid, aid, delta, mtime) values (:tid, 1, :aid, 1, current_timestamp);
commit;
SQL

started=$(date +%s)
pgbench "$seconds" before && report before "before" "$started" "$(date +%s)"
pgbench $((seconds * 6)) while & load=$!
sleep 2
psql -c 'begin' -c 'lock table events in access exclusive mode' -c 'select pg_sleep(0.3)' -c 'commit' >/dev/null
sleep 1
echo "a lock held on purpose for 300 ms let the load wait for: $(waited 0) ms"
from=$(psql -c 'select size from pg_stat_file(pg_current_logfile())')
started=$(date +%s)
optimize --apply analyze,vacuum,indexes,reindex,autovacuum,settings,slow-log,matviews,partitions --memory 4GB --cpus 2 --disk ssd --load oltp
ended=$(date +%s)
echo "applied in $((ended - started)) s: $(tail -1 "$work/said")"
grep '^done' "$work/said" | awk '{ print $2 }' | sort | uniq -c | awk '{ printf "  %s %s", $2, $1 } END { print "" }'
wait "$load" && load=
report while "while it was applied" "$started" "$ended"
started=$(date +%s)
pgbench "$seconds" after && report after "after" "$started" "$(date +%s)"
echo "longest wait of the load for a lock on a relation: $(waited "$from") ms (lock_timeout: 1000 ms)"
optimize --undo all && tail -1 "$work/said"

if [ "$rows" -gt 0 ] && [ -x "$root/tests/bench/purge.sh" ]; then
  "$root/tests/bench/purge.sh" "$rows"
fi
