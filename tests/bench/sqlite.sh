#!/usr/bin/env bash
# How fast migrate_to_postgres moves a shop's SQLite file: against pgloader, against psql's \copy of ready-made files (nothing is read from SQLite, nothing
# is verified; once as text, once in PostgreSQL's own binary form), and against reading the file in Java alone.
# In turn, each into a fresh database of the same server, RUNS times; the medians are printed.
# Usage: ./jbang local_postgres -- tests/bench/sqlite.sh FOLDER [ROWS] [RUNS]
# FOLDER keeps the file and its forms for \copy for the next time: 4.5 GB at 6,000,000 rows. Needs sqlite3, psql, GNU time and pgloader.
set -euo pipefail
folder=${1:?a folder for the files} rows=${2:-6000000} runs=${3:-3}
root=$(cd "$(dirname "$0")/../.." && pwd)
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
file=$folder/shop_$rows.sqlite copy=$folder/shop_$rows.copy
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
heap=-Xmx256m
tables=(users products orders order_items)

java_command() { # variable, script: as JBang runs it, without JBang's own start-up
  local -n command=$1
  "$root/jbang" build "$2"
  read -ra command <<<"java $(sed -n 's|^//RUNTIME_OPTIONS ||p' "$2") $heap"
  command+=(-cp "$("$root/jbang" info classpath "$2")" "$(basename "$2" .java)")
}

# The reals with all their digits; 0 and 1 are booleans for PostgreSQL as they are.
make_copy_files() {
  local part=$copy.part
  rm -rf "$part"
  mkdir "$part"
  as_copy() { sqlite3 -readonly -separator $'\t' -nullvalue '\N' "$file" "$2" >"$part/$1.text"; }
  escaped() { printf '%s' "replace(replace($1, '\\', '\\\\'), char(10), '\\n')"; }
  bytea() { printf '%s' "iif($1 IS NULL, NULL, '\\\\x' || hex($1))"; }
  real() { printf '%s' "iif($1 IS NULL, NULL, printf('%!.17g', $1))"; }
  as_copy users "SELECT id, email, name, is_active, birth_date, balance, $(escaped settings), $(bytea avatar), created_at FROM users"
  as_copy products "SELECT id, sku, name, description, price, $(real weight), in_stock, $(escaped attributes), $(bytea picture) FROM products"
  as_copy orders "SELECT id, user_id, status, total, paid, ordered_at, shipped_on, $(escaped address), note FROM orders"
  as_copy order_items "SELECT id, order_id, product_id, quantity, unit_price, $(real discount), is_gift, remark FROM order_items"
  mv "$part" "$copy"
}

cat >"$work/tables.sql" <<'END'
CREATE TABLE users (id bigint NOT NULL, email text NOT NULL, name text NOT NULL, is_active boolean NOT NULL DEFAULT true, birth_date date,
  balance numeric(12,2) NOT NULL DEFAULT 0, settings jsonb NOT NULL, avatar bytea, created_at timestamp NOT NULL);
CREATE TABLE products (id bigint NOT NULL, sku text NOT NULL, name text NOT NULL, description text NOT NULL, price numeric(10,2) NOT NULL,
  weight double precision, in_stock boolean NOT NULL, attributes jsonb NOT NULL, picture bytea);
CREATE TABLE orders (id bigint NOT NULL, user_id bigint NOT NULL, status text NOT NULL, total numeric(12,2) NOT NULL, paid boolean NOT NULL,
  ordered_at timestamp NOT NULL, shipped_on date, address text NOT NULL, note text);
CREATE TABLE order_items (id bigint NOT NULL, order_id bigint NOT NULL, product_id bigint NOT NULL, quantity bigint NOT NULL, unit_price numeric(10,2) NOT NULL,
  discount double precision, is_gift boolean NOT NULL, remark text);
END
copies() { # TO or FROM, text or binary
  for table in "${tables[@]}"; do
    echo "\copy $table $1 '$copy/$table.$2' (FORMAT $2)"
  done
}
cat >"$work/keys.sql" <<'END'
SET maintenance_work_mem = '256MB';
ALTER TABLE users ADD PRIMARY KEY (id), ADD UNIQUE (email);
ALTER TABLE products ADD PRIMARY KEY (id), ADD UNIQUE (sku);
ALTER TABLE orders ADD PRIMARY KEY (id);
ALTER TABLE order_items ADD PRIMARY KEY (id);
CREATE INDEX users_created_at ON users (created_at);
CREATE INDEX products_name ON products (name);
CREATE INDEX orders_user_id ON orders (user_id);
CREATE INDEX orders_ordered_at ON orders (ordered_at);
CREATE INDEX order_items_order_id ON order_items (order_id);
CREATE INDEX order_items_product_id ON order_items (product_id);
ALTER TABLE orders ADD FOREIGN KEY (user_id) REFERENCES users;
ALTER TABLE order_items ADD FOREIGN KEY (order_id) REFERENCES orders;
ALTER TABLE order_items ADD FOREIGN KEY (product_id) REFERENCES products;
END
# With its default settings the heap of pgloader is exhausted at this size.
cat >"$work/shop.load" <<END
LOAD DATABASE FROM '$file' INTO {{DATABASE_URL}}
WITH create tables, create indexes, foreign keys, reset sequences, workers = 4, concurrency = 1, prefetch rows = 10000, batch rows = 25000;
END

fresh() {
  psql -qX -d postgres -c "DROP DATABASE IF EXISTS bench" -c "CREATE DATABASE bench TEMPLATE template0 LC_COLLATE 'C'" -c CHECKPOINT 2>/dev/null
  export DATABASE_URL=postgresql://$PGUSER@$PGHOST:$PGPORT/bench
}
timed() { # name, highest exit code that counts, command...: seconds and peak memory of the largest process into the file of the name
  local name=$1 highest=$2 code=0
  shift 2
  /usr/bin/time -q -f '%e %M' -o "$work/time" "$@" </dev/null >"$work/output" 2>&1 || code=$?
  if ((code > highest)); then
    cat "$work/output"
    echo "$name: exit code $code, its time does not count"
    exit 1
  fi
  cat "$work/time" >>"$work/runs of $name"
  echo "$name: $(cut -d' ' -f1 "$work/time") s"
}
load() { # as timed, into a fresh database
  fresh
  timed "$@"
  all_rows_are_there "$1"
}
all_rows_are_there() { # name; pgloader's exit code is 0 even if it could not open the file
  local loaded
  loaded=$(psql -qXAt -d bench -c "SELECT (SELECT count(*) FROM users) + (SELECT count(*) FROM products)
    + (SELECT count(*) FROM orders) + (SELECT count(*) FROM order_items)" 2>&1) || true
  if [ "$loaded" != "$rows" ]; then
    cat "$work/output"
    echo "$1: $loaded rows instead of $rows, its time does not count"
    exit 1
  fi
}
median() { sort -n -k1,1 "$work/runs of $1" | awk '{ line[NR] = $0 } END { print line[int((NR + 1) / 2)] }'; }
seconds() { median "$1" | cut -d' ' -f1; }
row() { # name, 1 if it moves the file: a line of the table
  median "$1" | awk -v name="$1" -v moves="$2" -v rows="$rows" -v bytes="$bytes" '{
    printf "%-52s %8.2f s", name, $1
    if (moves) printf " %10d rows/s %7.1f MB/s", rows / $1, bytes / 1e6 / $1; else printf "%32s", ""
    printf " %6d MiB\n", $2 / 1024 }'
}
ratio() { awk -v name="$1" -v a="$2" -v b="$3" 'BEGIN { printf "%-52s %8.2f\n", name, a / b }'; }

generator=() migrate=()
java_command generator "$root/tests/bench/sqlite_file.java"
java_command migrate "$root/scripts/migrate_to_postgres.java"
[ -e "$file" ] || "${generator[@]}" make "$file" "$rows"
[ -e "$copy" ] || make_copy_files
for format in text binary; do
  { cat "$work/tables.sql"; copies FROM $format; } >"$work/$format.sql"
done
if [ ! -e "$copy/order_items.binary" ]; then
  fresh
  { cat "$work/text.sql"; copies TO binary; } | psql -qX -v ON_ERROR_STOP=1 -d bench
fi
bytes=$(stat -Lc %s "$file")
echo "$rows rows, $((bytes / 1000000)) MB; $(nproc) processors; $(pgloader --version | head -1); $(java -version 2>&1 | head -1)"
psql -qXAt -d postgres -c "SELECT version()" -c "SELECT name || ' = ' || current_setting(name) FROM pg_settings
  WHERE name IN ('fsync', 'synchronous_commit', 'full_page_writes', 'shared_buffers', 'wal_level', 'max_wal_size', 'maintenance_work_mem') ORDER BY name"

for run in $(seq "$runs"); do
  echo "run $run"
  timed "start-up of the JVM" 0 "${migrate[@]}" --version
  timed "start-up with JBang" 0 "$root/jbang" "$root/scripts/migrate_to_postgres.java" --version
  timed "read alone" 0 "${generator[@]}" read "$file"
  for format in text binary; do
    load "psql \\copy, $format, rows alone" 0 psql -qX -v ON_ERROR_STOP=1 -d bench -f "$work/$format.sql"
    load "psql \\copy, $format, then keys and indexes" 0 psql -qX -v ON_ERROR_STOP=1 -d bench -f "$work/$format.sql" -f "$work/keys.sql"
  done
  load "pgloader" 0 pgloader "$work/shop.load"
  timed "migrate_to_postgres --plan" 1 "${migrate[@]}" --plan "$work/plan.json" --sqlite "$file"
  fresh
  psql -qX -d bench -f "$work/tables.sql"
  timed "migrate_to_postgres --data-only --verify=none" 3 "${migrate[@]}" --data-only --verify=none --sqlite "$file"
  all_rows_are_there "migrate_to_postgres --data-only --verify=none"
  load "migrate_to_postgres" 1 "${migrate[@]}" --sqlite "$file"
  load "migrate_to_postgres --verify=none" 3 "${migrate[@]}" --verify=none --sqlite "$file"
done

echo
echo "Medians of $runs runs:"
row "start-up of the JVM" 0
row "start-up with JBang" 0
row "read alone" 1
for format in text binary; do
  row "psql \\copy, $format, rows alone" 1
  row "psql \\copy, $format, then keys and indexes" 1
done
row "pgloader" 1
row "migrate_to_postgres --plan" 1
row "migrate_to_postgres --data-only --verify=none" 1
row "migrate_to_postgres --verify=none" 1
row "migrate_to_postgres" 1
whole=$(seconds migrate_to_postgres) unverified=$(seconds "migrate_to_postgres --verify=none")
rows_alone=$(seconds "migrate_to_postgres --data-only --verify=none")
ratio "pgloader / migrate_to_postgres" "$(seconds pgloader)" "$whole"
ratio "pgloader / migrate_to_postgres --verify=none" "$(seconds pgloader)" "$unverified"
for format in text binary; do
  ratio "--data-only --verify=none / \\copy, $format" "$rows_alone" "$(seconds "psql \\copy, $format, rows alone")"
  ratio "--verify=none / \\copy, $format, keys and indexes" "$unverified" "$(seconds "psql \\copy, $format, then keys and indexes")"
done
ratio "migrate_to_postgres / --verify=none" "$whole" "$unverified"
