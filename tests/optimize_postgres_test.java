//SOURCES ../scripts/optimize_postgres.java
//SOURCES servers.java

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Advice, apply, ledger and undo against real servers. Settings, materialized views, partitions and purges have test classes of their own.
 */
class optimize_postgres_test {
    /**
     * Foreign keys with an index of every kind; which of them the planner can use was asked of EXPLAIN once, for the very query that a
     * constraint runs.
     */
    static final String FOREIGN_KEYS = """
            create extension btree_gin;
            create table p1 (id int primary key, tid int, unique (tid, id));
            create table p3 (a int, b int, c int, primary key (a, b));
            create table ptxt (code text primary key);
            insert into p1 select g, g % 10 from generate_series(1, 2000) g;
            create table c_none (id int, r int references p1);
            create table c_plain (id int, r int references p1); create index on c_plain (r);
            create table c_part (id int, r int references p1, deleted bool default false); create index on c_part (r) where not deleted;
            create table c_nn (id int, r int references p1); create index on c_nn (r) where r is not null;
            create table c_nn2 (id int, r int references p1, x int); create index on c_nn2 (r) where x is not null;
            create table c_expr (id int, r int references p1); create index on c_expr ((r + 0));
            create table c_incl (id int, r int references p1, x int); create index on c_incl (x) include (r);
            create table c_second (id int, r int references p1, x int); create index on c_second (x, r);
            create table c_perm (id int, a int, b int, foreign key (a, b) references p3); create index on c_perm (b, a);
            create table c_gap (id int, a int, b int, x int, foreign key (a, b) references p3); create index on c_gap (a, x, b);
            create table c_prefix (id int, a int, b int, foreign key (a, b) references p3); create index on c_prefix (a);
            create table c_inv (id int, r int references p1); insert into c_inv select 1, 1 from generate_series(1, 2);
            create table c_hash (id int, r int references p1); create index on c_hash using hash (r);
            create table c_brin (id int, r int references p1); create index on c_brin using brin (r);
            create table c_gin (id int, r int references p1); create index on c_gin using gin (r);
            create table c_colc (id int, r text references ptxt); create index on c_colc (r collate "C");
            create table c_tpo (id int, r text references ptxt); create index on c_tpo (r text_pattern_ops);
            create table c_int8 (id int, r bigint references p1); create index on c_int8 (r);
            create table c_part_t (id int, r int references p1, d int) partition by range (d);
            create table c_part_t1 partition of c_part_t for values from (0) to (10);
            create table c_part_t2 partition of c_part_t for values from (10) to (20);
            create index on c_part_t1 (r);
            create table c_part_u (id int, r int references p1, d int) partition by range (d);
            create table c_part_u1 partition of c_part_u for values from (0) to (10);
            create table c_part_u2 partition of c_part_u for values from (10) to (20);
            create index on c_part_u (r);
            create table c_part_none (id int, r int references p1, d int) partition by range (d);
            create table c_part_none1 partition of c_part_none for values from (0) to (10);
            create table c_part_none2 partition of c_part_none for values from (10) to (20) partition by range (d);
            create table c_part_none21 partition of c_part_none2 for values from (10) to (20);
            create table c_nv (id int, r int);
            alter table c_nv add constraint c_nv_fk foreign key (r) references p1 not valid; create index on c_nv (r);
            create table c_tid (id int, t int, r int, foreign key (t, r) references p1 (tid, id)); create index on c_tid (r)""";

    /** Indexes of which eight can go; the others look alike, but each serves something that no other does. */
    static final String REDUNDANT = """
            create table d (id int primary key, a int, b int, c text, e int, x int4range);
            create index d_a on d (a); create index d_a2 on d (a); create index d_ab on d (a, b); create index d_a_desc on d (a desc);
                create index d_a_dn on d (a nulls first);
            create index d_id on d (id); create unique index d_bu on d (b); create index d_b on d (b); create index d_be on d (b, e);
            create index d_c_tpo on d (c text_pattern_ops); create index d_c on d (c); create index d_cc on d (c collate "C");
            create index d_e_part on d (e) where e > 0; create index d_e on d (e); create index d_e_incl on d (e) include (c); create index
                d_hash on d using hash (e);
            create index d_lower on d (lower(c)); create index d_lower2 on d (lower(c)); create index d_ab_x on d (a, b)
                where b is not null;
            alter index d_lower2 alter column 1 set statistics 200; comment on index d_lower2 is 'it''s \\ "here"';
            alter table d replica identity using index d_pkey;
            create table dp (id int, k int, primary key (id, k)) partition by range (k);
            create table dp1 partition of dp for values from (0) to (10); create index on dp (k); create index dp_k2 on dp1 (k)""";

    /** All of the catalog that a change may touch, by the server's own words. */
    static final String FINGERPRINT = """
            select coalesce(string_agg(line, E'\\n' order by line), '') from (
                select 'index ' || pg_get_indexdef(i.indexrelid) || ' ' || concat_ws(',', i.indisvalid, i.indisready, i.indisclustered,
                    i.indisreplident, x.reloptions, x.reltablespace,
                    obj_description(i.indexrelid, 'pg_class'), (select string_agg(attnum || ':' || coalesce(attstattarget, -1), ','
                        order by attnum) from pg_attribute where attrelid = x.oid)) as line
                from pg_index i join pg_class x on x.oid = i.indexrelid join pg_namespace n on n.oid = x.relnamespace
                    where n.nspname !~ '^(pg_|information_schema|pgbang)'
                union all select concat_ws(' ', 'relation', n.nspname, c.relname, c.relkind, c.reloptions, c.relacl, c.relowner,
                    c.relispartition, pg_get_expr(c.relpartbound, c.oid))
                from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname !~ '^(pg_|information_schema|pgbang)'
                union all select concat_ws(' ', 'column', attrelid::regclass, attname, atttypid, attstattarget, attoptions)
                    from pg_attribute a join pg_class c on c.oid = a.attrelid
                join pg_namespace n on n.oid = c.relnamespace where n.nspname !~ '^(pg_|information_schema|pgbang)' and c.relkind <> 'i'
                union all select concat_ws(' ', 'constraint', conrelid::regclass, conname, pg_get_constraintdef(c.oid), convalidated,
                    conindid::regclass)
                from pg_constraint c join pg_namespace n on n.oid = c.connamespace where n.nspname !~ '^(pg_|information_schema|pgbang)'
                union all select concat_ws(' ', 'trigger', tgrelid::regclass, pg_get_triggerdef(oid), tgenabled) from pg_trigger
                    where not tgisinternal
                union all select concat_ws(' ', 'setting', setdatabase, setrole, setconfig) from pg_db_role_setting
                union all select concat_ws(' ', 'file', name, setting) from pg_file_settings where sourcefile like '%auto.conf') lines""";

    static local_postgres.Server counting; // with pg_stat_statements

    @TempDir
    Path folder;

    record Ran(int exit, String out, String err) {
        JsonObject json() {
            return JsonParser.parseString(out).getAsJsonObject();
        }

        List<JsonObject> changes() {
            var changes = new ArrayList<JsonObject>();
            json().getAsJsonArray("kinds").forEach(kind -> kind.getAsJsonObject().getAsJsonArray("changes")
                    .forEach(change -> changes.add(change.getAsJsonObject())));
            return changes;
        }

        List<String> ids(boolean byHand) {
            return changes().stream().filter(change -> change.get("manual").isJsonNull() != byHand)
                    .map(change -> change.get("id").getAsString()).sorted().toList();
        }

        String outcome(String id) {
            return changes().stream().filter(change -> change.get("id").getAsString().equals(id))
                    .map(change -> change.get("outcome").getAsString()).findFirst().orElse("none");
        }
    }

    static Ran run(String url, String... arguments) {
        var out = new StringWriter();
        var err = new StringWriter();
        var script = new optimize_postgres();
        script.database.environment = Map::of;
        var all = new ArrayList<>(List.of(arguments));
        if (url != null) {
            all.addAll(List.of("--url", url));
        }
        var exit = script.command().setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true))
                .execute(all.toArray(String[]::new));
        return new Ran(exit, out.toString(), err.toString());
    }

    static void execute(String url, String... statements) throws SQLException {
        try (var connection = servers.connect(url); var statement = connection.createStatement()) {
            for (var sql : statements) {
                statement.execute(sql);
            }
        }
    }

    static String value(String url, String sql) throws SQLException {
        try (var connection = servers.connect(url); var found = connection.createStatement().executeQuery(sql)) {
            return found.next() ? found.getString(1) : null;
        }
    }

    static void await(String url, String condition) throws Exception {
        for (var end = System.nanoTime() + 20_000_000_000L; !"t".equals(value(url, "select " + condition)); Thread.sleep(50)) {
            assertThat(System.nanoTime()).as("waiting for " + condition).isLessThan(end);
        }
    }

    static List<Integer> majors() {
        return servers.majors();
    }

    static synchronized String counted() throws Exception {
        if (counting == null) {
            counting = local_postgres.Server.start(new local_postgres.Settings(servers.newest(), null, 0,
                    Map.of("shared_preload_libraries", "pg_stat_statements"), "postgres"));
        }
        var name = "counted_" + System.nanoTime();
        execute(counting.url("postgres"), "create database " + name);
        execute(counting.url(name), "create extension pg_stat_statements");
        return counting.url(name);
    }

    @AfterAll
    static void stop() throws Exception {
        if (counting != null) {
            counting.close();
        }
    }

    // --- indexes by the schema ---

    @ParameterizedTest
    @MethodSource("majors")
    void finds_each_foreign_key_without_an_index_no_other_and_gives_back_the_catalog(int major) throws Exception {
        var url = servers.database(major);
        execute(url, FOREIGN_KEYS);
        try {
            execute(url, "create unique index concurrently c_inv_r on c_inv (r)");
        } catch (SQLException duplicate) {
            assertThat(duplicate.getSQLState()).isEqualTo("23505"); // leaves an INVALID index of somebody else
        }
        var before = value(url, FINGERPRINT);
        var dry = run(url, "--apply", "indexes", "--dry-run", "--json");
        assertThat(dry.ids(false)).containsExactly("indexes/create public.c_colc (r)", "indexes/create public.c_expr (r)",
                "indexes/create public.c_incl (r)", "indexes/create public.c_inv (r)",
                "indexes/create public.c_nn2 (r)", "indexes/create public.c_none (r)", "indexes/create public.c_part (r)",
                        "indexes/create public.c_part_none (r)",
                "indexes/create public.c_part_t2 (r)", "indexes/create public.c_second (r)");
        assertThat(dry.ids(true)).as("depends on the data, or is not ours").containsExactly("indexes/create public.c_brin (r)",
                "indexes/create public.c_gin (r)",
                "indexes/create public.c_prefix (a, b)", "indexes/create public.c_tid (t, r)", "indexes/invalid public.c_inv_r");
        assertThat(value(url, FINGERPRINT)).as("after a dry run").isEqualTo(before);
        assertThat(value(url, "select to_regnamespace('pgbang')")).isNull();

        var applied = run(url, "--apply", "indexes", "--json");
        assertThat(applied.exit).as(applied.err).isEqualTo(1); // the five that are left to people
        assertThat(applied.changes().stream().filter(change -> change.get("manual").isJsonNull())
                .map(change -> change.get("outcome").getAsString())).containsOnly("done");
        assertThat(value(url, "select count(*) from pg_index where not indisvalid")).isEqualTo("1"); // that of somebody else
        assertThat(value(url, "select indisvalid from pg_index where indexrelid = 'c_part_none_r_idx'::regclass")).isEqualTo("t");
        assertThat(run(url, "--apply", "indexes", "--json").ids(false)).isEmpty();

        assertThat(run(url, "--undo", "--json").exit).isZero();
        assertThat(value(url, FINGERPRINT)).isEqualTo(before);
    }

    @ParameterizedTest
    @MethodSource("majors")
    void drops_each_index_that_another_one_stands_for_no_other_and_gives_it_back(int major) throws Exception {
        var url = servers.database(major);
        execute(url, REDUNDANT);
        var before = value(url, FINGERPRINT);
        var applied = run(url, "--apply", "indexes", "--json");
        assertThat(applied.exit).as(applied.out + applied.err).isZero();
        assertThat(applied.ids(false)).containsExactly("indexes/drop public.d_a", "indexes/drop public.d_a2",
                "indexes/drop public.d_a_desc", "indexes/drop public.d_b", "indexes/drop public.d_e",
                "indexes/drop public.d_id", "indexes/drop public.d_lower2", "indexes/drop public.dp_k2");
        assertThat(value(url, "select to_regclass('d_lower2')")).isNull();
        assertThat(run(url, "--undo", "--json").exit).isZero();
        assertThat(value(url, FINGERPRINT)).isEqualTo(before);
    }

    @Test
    void hostile_names_are_created_verified_and_undone() throws Exception {
        var url = servers.database();
        var table = "\"Wéird \"\"table\"\"; drop 😀\n'x'\\\"";
        execute(url, "create schema \"order\"", "create table \"order\"." + table
                + " (\"Id \"\"x\"\"\" int primary key, \"select\" int references \"order\"." + table + ")",
                "create table \"order\".\"" + "l".repeat(63) + "\" (r int references \"order\"." + table + ")",
                        "create index \"Ä b\" on \"order\"." + table + " (\"select\") where \"select\" > 3",
                "create index \"Ä c\" on \"order\"." + table + " (\"select\") where \"select\" > 3");
        var before = value(url, FINGERPRINT);
        var applied = run(url, "--apply", "indexes", "--json");
        assertThat(applied.exit).as(applied.out + applied.err).isZero();
        assertThat(applied.changes()).hasSize(3);
        assertThat(value(url, FINGERPRINT)).isNotEqualTo(before);
        assertThat(run(url, "--undo", "--json").exit).isZero();
        assertThat(value(url, FINGERPRINT)).isEqualTo(before);
    }

    @Test
    void an_index_is_unused_only_if_it_was_counted_long_enough() throws Exception {
        var url = servers.database();
        execute(url, "create table t (id int primary key, a int, b int)", "insert into t select g, g, g from "
                + "generate_series(1, 100000) g",
                "create index t_a on t (a)", "create index t_b on t (b)",
                "analyze t", "select pg_stat_reset()", "set enable_seqscan = off; select count(*) from t where b = 5");
        await(url, "(select idx_scan > 0 from pg_stat_user_indexes where indexrelname = 't_b')");
        assertThat(run(url, "--apply", "indexes", "--dry-run", "--json").changes()).isEmpty();
        assertThat(run(url, "--apply", "indexes", "--dry-run").out).contains("public.t_a").contains("0.0 days only");
        var days = optimize_postgres.Indexes.daysOfEvidence;
        try {
            optimize_postgres.Indexes.daysOfEvidence = 0;
            assertThat(run(url, "--apply", "indexes", "--dry-run", "--json").ids(false)).containsExactly("indexes/unused public.t_a");
        } finally {
            optimize_postgres.Indexes.daysOfEvidence = days;
        }
    }

    @Test
    void the_index_that_stands_for_another_is_not_called_unused() throws Exception {
        var url = servers.database();
        execute(url, "create table t (id int primary key, a int, b int, \"c \"\"d\" int references t)",
                "insert into t select g, g, g, g from generate_series(1, 100000) g", "create index t_a on t (a)", "create "
                        + "index t_ab on t (a, b)",
                "create index t_c on t (\"c \"\"d\")", "analyze t", "select pg_stat_reset()");
        var days = optimize_postgres.Indexes.daysOfEvidence;
        try {
            optimize_postgres.Indexes.daysOfEvidence = 0;
            assertThat(run(url, "--apply", "indexes", "--dry-run", "--json").ids(false)).containsExactly("indexes/drop public.t_a");
        } finally {
            optimize_postgres.Indexes.daysOfEvidence = days;
        }
    }

    @Test
    void an_index_that_took_the_place_of_ours_is_not_dropped_by_undo_but_renamed_columns_do_not_hinder_it() throws Exception {
        for (var replaced : List.of(true, false)) {
            var url = servers.database();
            execute(url, "create table parent (id int primary key)", "create table child (x int, p int references parent)");
            assertThat(run(url, "--apply", "indexes").exit).isZero();
            execute(url, replaced ? "drop index child_p_idx" : "alter table child rename p to q",
                    replaced ? "create index child_p_idx on child (p desc, x)" : "alter table child rename to kid");
            var undone = run(url, "--undo", "--json");
            assertThat(undone.exit).as(undone.out + undone.err).isEqualTo(replaced ? 1 : 0);
            assertThat(value(url, "select (to_regclass('child_p_idx') is not null)::text")).isEqualTo(String.valueOf(replaced));
        }
    }

    // --- indexes by the statements ---

    static final String SHOP = """
            create table customers (id int primary key, email text not null, country text);
            create table orders (id int primary key, customer_id int references customers, status text, amount int, created_at timestamptz);
            create table notes (id int primary key, note text);
            insert into customers select g, 'u' || g || '@example.com', 'de' from generate_series(1, 20000) g;
            insert into orders select g, 1 + (g * 7919::bigint) % 1000, 'open', g % 100, now() - g * interval '1 minute'
                from generate_series(1, 200000) g;
            insert into notes select g, 'n' || g from generate_series(1, 20) g;
            analyze; select pg_stat_statements_reset()""";

    static void load(String url, int rounds) throws SQLException {
        try (var connection = servers.connect(url); var statement = connection.createStatement()) {
            for (var i = 1; i <= rounds; i++) {
                statement.execute("select * from orders where customer_id = " + i * 7 + " order by created_at desc limit 10");
                statement.execute("select o.amount from customers c join orders o on o.customer_id = c.id where c.email = 'u" + i
                        + "@example.com'");
                statement.execute("select * from orders where customer_id = " + i * 3 + " and status = 'open'");
                statement.execute("select * from notes where note = 'n" + i + "'");
                statement.execute("update customers set country = 'fr' where id = " + i);
            }
        }
    }

    @Test
    void a_set_of_indexes_serves_all_statements_and_is_what_the_planner_then_takes() throws Exception {
        var url = counted();
        execute(url, SHOP);
        load(url, 30);
        var before = value(url, FINGERPRINT);
        var applied = run(url, "--apply", "indexes", "--measure", "--json");
        assertThat(applied.exit).as(applied.out + applied.err).isZero();
        assertThat(applied.ids(false)).as("one for three statements and the foreign key; none for a table of twenty rows")
                .containsExactly("indexes/create public.customers (email)", "indexes/create public.orders (customer_id, created_at)");
        for (var change : applied.changes()) {
            var evidence = change.getAsJsonObject("evidence");
            assertThat(evidence.get("measured_ms_after").getAsDouble()).isLessThan(evidence.get("measured_ms_before").getAsDouble());
            assertThat(evidence.get("estimated_bytes").getAsLong()).isBetween(100_000L, 20_000_000L);
        }
        execute(url, "analyze");
        assertThat(plan(url, "select * from orders where customer_id = 7 order by created_at desc limit 10"))
                .contains("orders_customer_id_created_at_idx").doesNotContain("Sort");
        assertThat(plan(url, "select o.amount from customers c join orders o on o.customer_id = c.id where c.email = 'x'"))
                .contains("customers_email_idx", "orders_customer_id_created_at_idx");
        assertThat(run(url, "--apply", "indexes", "--json").changes()).as("nothing more").isEmpty();
        assertThat(run(url, "--undo", "all", "--json").exit).isZero();
        assertThat(value(url, FINGERPRINT)).isEqualTo(before);
    }

    static String plan(String url, String sql) throws SQLException {
        return value(url, "explain (format json) " + sql);
    }

    @Test
    void an_index_that_writes_pay_more_for_than_reads_gain_is_not_advised() throws Exception {
        var url = counted();
        execute(url, "create table log (id int primary key, kind text, at timestamptz)",
                "insert into log select g, 'k' || g % 3000, now() from generate_series(1, 20000) g", "analyze log",
                "select pg_stat_statements_reset()", "select * from log where kind = 'k7'",
                        "insert into log select g, 'k', now() from generate_series(20001, 420000) g");
        assertThat(run(url, "--apply", "indexes", "--dry-run", "--json").changes()).isEmpty();
    }

    @Test
    void conditions_are_read_as_the_server_prints_them() {
        assertThat(optimize_postgres.Workload.Reader.conjuncts("((o.a = $1) AND (o.\"b AND c\" = ' AND (''x'))"))
                .containsExactly("o.a = $1", "o.\"b AND c\" = ' AND (''x'");
        assertThat(optimize_postgres.Workload.Reader.conjuncts("((o.a = $1) OR (o.b = $2))")).isEmpty();
        assertThat(optimize_postgres.Workload.Reader.conjuncts("((o.s)::text = 'x'::text)")).containsExactly("(o.s)::text = 'x'::text");
    }

    // --- vacuum, analyze, autovacuum, reindex ---

    @ParameterizedTest
    @MethodSource("majors")
    void without_kinds_tables_are_vacuumed_and_analyzed_where_it_was_due_and_only_there(int major) throws Exception {
        var url = servers.database(major);
        execute(url, "create table dead (id int) with (autovacuum_enabled = off); insert into dead select generate_series(1, 1000)",
                "analyze dead", "delete from dead where id <= 600",
                "create table fresh (id int) with (autovacuum_enabled = off); insert into fresh select generate_series(1, 500)",
                "create table p (id int) partition by range (id)", "create table p1 partition of p for values from (1) to (5000)",
                        "alter table p1 set (autovacuum_enabled = off)",
                "insert into p select generate_series(1, 500)");
        execute(url, "vacuum analyze p1", "vacuum analyze fresh");
        await(url, "(select n_dead_tup >= 600 from pg_stat_user_tables where relname = 'dead') and (select n_mod_since_analyze = 0 from"
                + " pg_stat_user_tables where relname = 'p1')");
        var before = value(url, FINGERPRINT);
        var applied = run(url, "--apply", "--json");
        assertThat(applied.exit).as(applied.out + applied.err).isZero();
        assertThat(applied.ids(false)).contains("vacuum/public.dead", "analyze/public.p")
                .allMatch(id -> id.matches("(vacuum|analyze)/public\\.(dead|p)"));
        assertThat(value(url, "select n_dead_tup from pg_stat_user_tables where relname = 'dead'")).isEqualTo("0");
        assertThat(value(url, "select count(*) from pg_stats where tablename = 'p'")).isEqualTo("1");
        assertThat(run(url, "--apply", "--json").changes()).isEmpty();
        assertThat(run(url, "--undo", "--json").exit).isZero();
        assertThat(value(url, FINGERPRINT)).isEqualTo(before);
    }

    @Test
    void autovacuum_comes_earlier_to_a_large_table_that_gathers_dead_rows_and_the_options_come_back_in_order() throws Exception {
        var url = servers.database();
        execute(url, "create table big (id int, a int) with (toast_tuple_target = 200, fillfactor = 90, autovacuum_vacuum_scale_factor ="
                + " 0.3, parallel_workers = 2)",
                "create table calm (id int)", "insert into big select g, g from generate_series(1, 1000000) g",
                        "insert into calm select generate_series(1, 1000000)",
                "analyze big, calm", "begin; select 1 from big limit 1; update big set a = 0 where id <= 150000; commit");
        await(url, "(select n_dead_tup >= 150000 from pg_stat_user_tables where relname = 'big')");
        var before = value(url, FINGERPRINT);
        var applied = run(url, "--apply", "autovacuum", "--json");
        assertThat(applied.exit).as(applied.out + applied.err).isZero();
        assertThat(applied.ids(false)).containsExactly("autovacuum/public.big");
        assertThat(value(url, "select reloptions from pg_class where relname = 'big'")).contains("autovacuum_vacuum_scale_factor=0.05")
                .contains("fillfactor=90");
        assertThat(run(url, "--undo", "--json").exit).isZero();
        assertThat(value(url, FINGERPRINT)).isEqualTo(before);
    }

    @Test
    void a_bloated_index_is_rebuilt_and_a_full_one_is_not() throws Exception {
        var url = servers.database();
        execute(url, "create table t (id int primary key, name text) with (autovacuum_enabled = off)",
                "insert into t select g, 'name ' || g from generate_series(1, 700000) g",
                "create index t_name on t (name)", "delete from t where id % 10 > 0", "vacuum analyze t",
                "create table full_one (id int primary key) with (autovacuum_enabled = off)",
                        "insert into full_one select generate_series(1, 700000)", "vacuum analyze full_one",
                "create index t_ccnew on full_one (id)");
        var before = value(url, FINGERPRINT);
        var bytes = Long.parseLong(value(url, "select pg_relation_size('t_name')"));
        var applied = run(url, "--apply", "reindex", "--json");
        assertThat(applied.exit).as(applied.out + applied.err).isZero();
        assertThat(applied.ids(false)).containsExactly("reindex/public.t_name", "reindex/public.t_pkey");
        assertThat(Long.parseLong(value(url, "select pg_relation_size('t_name')"))).isLessThan(bytes / 4);
        assertThat(value(url, FINGERPRINT)).isEqualTo(before);
        assertThat(run(url, "--undo").out).contains("nothing to undo");
    }

    // --- locks, deaths, rights ---

    @Test
    void a_build_that_gives_up_or_is_killed_leaves_no_invalid_index() throws Exception {
        var url = servers.database();
        execute(url, "create table p (id int primary key)", "create table c (id int, r int references p)",
                "insert into c select g from generate_series(1, 100) g");
        execute(url, "create table elsewhere (id int)");
        try (var reader = servers.connect(url)) {
            reader.setAutoCommit(false);
            // an old snapshot, whose end has to be awaited
            reader.createStatement().execute("set transaction isolation level repeatable read; select 1 from elsewhere");
            var gaveUp = run(url, "--apply", "indexes", "--lock-deadline", "0.5", "--json");
            assertThat(gaveUp.exit).as(gaveUp.out).isEqualTo(2);
            assertThat(gaveUp.changes().get(0).get("message").getAsString()).contains("55P03", "in the way: pid");
            assertThat(value(url, "select count(*) from pg_index i where not indisvalid")).isEqualTo("0");
        }
        try (var holder = servers.connect(url)) {
            holder.setAutoCommit(false);
            holder.createStatement().execute("update c set id = 0 where id = 1"); // not even DROP INDEX CONCURRENTLY gets past this one
            var gaveUp = run(url, "--apply", "indexes", "--lock-deadline", "0.5", "--json");
            assertThat(gaveUp.changes().get(0).get("message").getAsString()).contains("debris could not be removed");
        }
        assertThat(value(url, "select count(*) from pg_index i where not indisvalid")).isEqualTo("1");
        assertThat(run(url, "--apply", "indexes", "--json").exit).isZero();
        assertThat(run(url, "--undo", "--json").exit).isZero();
        try (var holder = servers.connect(url)) {
            holder.setAutoCommit(false);
            holder.createStatement().execute("update c set id = 0 where id = 1");
            var killed = CompletableFuture.supplyAsync(() -> run(url, "--apply", "indexes", "--json"));
            await(url, "exists (select 1 from pg_index where not indisvalid)");
            execute(url, "select pg_terminate_backend(pid) from pg_stat_activity where query like 'CREATE INDEX%'");
            assertThat(killed.get().exit).isEqualTo(2);
            assertThat(value(url, "select count(*) from pg_index i where not indisvalid")).isEqualTo("1");
        }
        var again = run(url, "--apply", "indexes", "--json");
        assertThat(again.exit).as(again.out + again.err).isZero();
        assertThat(value(url, "select string_agg(indexrelid::regclass::text || indisvalid, ' ') from pg_index where indrelid ="
                + " 'c'::regclass")).isEqualTo("c_r_idxtrue");
        assertThat(value(url, "select string_agg(status, ' ' order by id) from pgbang.optimizations"))
                .isEqualTo("failed failed undone failed done");
    }

    @Test
    void no_writer_waits_longer_than_lock_timeout_behind_a_change_that_cannot_get_its_lock() throws Exception {
        var url = servers.database();
        execute(url, "create table p (id int primary key)", "create table c (id int, r int references p) partition by range (id)",
                "create table c1 partition of c for values from (0) to (1000)");
        var longest = 0L;
        try (var holder = servers.connect(url); var writer = servers.connect(url)) {
            holder.setAutoCommit(false);
            // CREATE INDEX ON ONLY waits for it, and writers would behind that
            holder.createStatement().execute("insert into c values (1)");
            var applying = CompletableFuture.supplyAsync(() -> run(url, "--apply", "indexes", "--lock-timeout", "0.3", "--json"));
            for (var end = System.nanoTime() + 3_000_000_000L; System.nanoTime() < end;) {
                var began = System.nanoTime();
                writer.createStatement().execute("insert into c values (2)");
                longest = Math.max(longest, System.nanoTime() - began);
            }
            assertThat(applying).isNotDone();
            holder.commit();
            assertThat(applying.get().exit).as(applying.get().out).isZero();
        }
        assertThat(longest / 1_000_000).isBetween(50L, 700L);
    }

    @Test
    void two_runs_at_once_are_one_too_many() throws Exception {
        var url = servers.database();
        execute(url, "create table p (id int primary key)", "create table c (id int, r int references p)");
        run(url, "--apply", "indexes", "--json");
        run(url, "--undo", "--json");
        try (var holder = servers.connect(url)) {
            holder.setAutoCommit(false);
            holder.createStatement().execute("update c set id = 0; lock table c in row exclusive mode");
            var first = CompletableFuture.supplyAsync(() -> run(url, "--apply", "indexes", "--json"));
            await(url, "exists (select 1 from pg_index where not indisvalid)");
            var second = run(url, "--apply", "indexes", "--json");
            assertThat(second.exit).isEqualTo(2);
            assertThat(second.json().get("error").getAsString()).contains("another run");
            holder.rollback();
            assertThat(first.get().exit).isZero();
        }
    }

    @Test
    void without_rights_nothing_is_done_all_is_named_and_what_can_be_done_is() throws Exception {
        var url = servers.database();
        var role = "poor_" + System.nanoTime();
        execute(url, "create role " + role + " login", "create table theirs (id int primary key) with (autovacuum_enabled = off)",
                "insert into theirs select generate_series(1, 1000)", "delete from theirs",
                "create table c (id int, r int references theirs)", "create schema own authorization " + role,
                        "revoke create on schema public from public");
        execute(url, "set role " + role + "; create table own.t (id int) with (autovacuum_enabled = off); insert into own.t select"
                + " generate_series(1, 1000); delete from own.t");
        await(url, "(select sum(n_dead_tup) >= 2000 from pg_stat_user_tables)");
        var before = value(url, FINGERPRINT);
        var ran = run(url.replace("postgres@", role + "@"), "--apply", "vacuum,indexes", "--json");
        assertThat(ran.exit).as(ran.out + ran.err).isEqualTo(1);
        assertThat(ran.outcome("vacuum/own.t")).isEqualTo("done");
        assertThat(ran.outcome("vacuum/public.theirs")).isEqualTo("skipped");
        assertThat(ran.out).contains("GRANT MAINTAIN ON public.theirs");
        assertThat(ran.outcome("indexes/create public.c (r)")).isEqualTo("skipped");
        assertThat(value(url, FINGERPRINT).replaceAll("(?m)^.*pgbang_.*\n?", "")).isEqualTo(before);
    }

    @Test
    void a_ledger_of_somebody_else_that_cannot_be_read_is_named_and_hides_no_advice() throws Exception {
        var url = servers.database();
        var role = "poor_" + System.nanoTime();
        execute(url, "create role " + role + " login", "create table p (id int primary key)",
                "create table c (id int, r int references p)");
        run(url, "--apply", "indexes", "--json");
        run(url, "--undo", "--json");
        var poor = url.replace("postgres@", role + "@");
        assertThat(run(poor, "--apply", "indexes", "--dry-run", "--json").ids(false)).containsExactly("indexes/create public.c (r)");
        var refused = run(poor, "--apply", "indexes", "--json");
        assertThat(refused.exit).isEqualTo(1);
        assertThat(refused.outcome("indexes/create public.c (r)")).isEqualTo("refused");
        var ledger = run(poor, "--ledger", "--json");
        assertThat(ledger.exit).isEqualTo(2);
        assertThat(ledger.json().get("error").getAsString()).contains("GRANT USAGE ON SCHEMA \"pgbang\" TO \"" + role);
    }

    @Test
    void a_ledger_that_somebody_else_has_planted_is_not_believed() throws Exception {
        var url = servers.database();
        var role = "sly_" + System.nanoTime();
        execute(url, "create role " + role + " login", "create table p (id int primary key)",
                "create table c (id int, r int references p)");
        run(url, "--apply", "indexes", "--json");
        execute(url, "update pgbang.optimizations set status = 'started', undo = '[\"create table owned (x int)\"]', debris_if = 'select"
                + " true', debris = '[\"create table owned (x int)\"]'",
                "create schema sly authorization " + role, "create table sly.pgbang_optimizations (like pgbang.optimizations including"
                        + " all)", "insert into sly.pgbang_optimizations overriding system value select * from pgbang.optimizations",
                "alter table sly.pgbang_optimizations owner to " + role, "drop table pgbang.optimizations", "drop index c_r_idx");
        assertThat(run(url, "--undo", "all").out).contains("there is nothing to undo");
        assertThat(run(url, "--apply", "indexes", "--json").exit).isZero();
        assertThat(value(url, "select count(*) from pgbang.optimizations")).isEqualTo("1");
        execute(url, "alter table pgbang.optimizations owner to " + role);
        var refused = run(url, "--undo", "all", "--json");
        assertThat(refused.exit).isEqualTo(2);
        assertThat(refused.out).contains("belongs to " + role);
        assertThat(value(url, "select count(*) from pg_class where relname = 'owned'")).isEqualTo("0");
    }

    @Test
    void a_view_in_the_place_of_the_ledger_is_not_believed_either() throws Exception {
        var url = servers.database();
        execute(url, "create table p (id int primary key)", "create table c (id int, r int references p)");
        run(url, "--apply", "indexes", "--json");
        execute(url, "update pgbang.optimizations set status = 'started', debris_if = 'select true', debris = '[\"create table owned (x"
                + " int)\"]'", "alter table pgbang.optimizations set schema public", "alter table optimizations rename to bait",
                "create view pgbang.optimizations as select * from bait", "drop index c_r_idx");
        var run = run(url, "--apply", "indexes", "--json");
        assertThat(run.exit).isEqualTo(1);
        assertThat(run.out).contains("pgbang.optimizations is there already, and is no table of postgres");
        assertThat(value(url, "select count(*) from pg_class where relname in ('owned', 'c_r_idx')")).isEqualTo("0");
    }

    @Test
    void what_somebody_has_changed_since_is_not_undone_without_force() throws Exception {
        var url = servers.database();
        execute(url, "create table p (id int primary key)", "create table c (id int, r int references p)");
        run(url, "--apply", "indexes", "--json");
        var id = value(url, "select id from pgbang.optimizations");
        execute(url, "alter index c_r_idx rename to c_r_mine", "create table c_r_idx (x int)");
        var refused = run(url, "--undo", id, "--json");
        assertThat(refused.exit).isEqualTo(1);
        assertThat(refused.out).contains("somebody has changed it since");
        assertThat(value(url, "select to_regclass('c_r_mine')")).isNotNull();
        assertThat(run(url, "--ledger").out).contains("create an index on public.c (r)").contains("yes");
        assertThat(run(url, "--ledger", "--json").json().getAsJsonArray("ledger")).hasSize(1);
    }

    @Test
    void an_index_is_not_begun_on_a_disk_that_it_would_fill() throws Exception {
        var url = servers.database();
        var script = new optimize_postgres();
        script.command().parseArgs("--url", url, "--apply", "indexes");
        script.database.environment = Map::of;
        try (var context = new optimize_postgres.Context(script)) {
            var free = context.freeBytes(0);
            assertThat(free).isPositive();
            var engine = new optimize_postgres.Engine(context);
            assertThat(engine.against(new optimize_postgres.Change("indexes", "x", "x").disk(free))).contains("free on the "
                    + "server's disk");
            assertThat(engine.against(new optimize_postgres.Change("indexes", "x", "x").disk(1000))).isNull();
        }
    }

    // --- the command ---

    @Test
    void wrong_usage_is_64_no_server_is_2_and_json_is_one_document_each_time() throws Exception {
        var url = servers.database();
        for (var arguments : List.of(List.of("--apply", "nonsense"), List.of("--undo", "7"), List.of("--config", "/nowhere"),
                List.of("nonsense"), List.of("--lock-timeout", "0"),
                List.of("--undo", "--purge", "t"), List.of("--bogus"), List.of("--sqlite", "/nowhere"))) {
            var all = new ArrayList<>(arguments);
            all.add("--json");
            var ran = run(url, all.toArray(String[]::new));
            assertThat(ran.exit).as(arguments + ran.err).isEqualTo(64);
            assertThat(ran.json().keySet()).as(arguments.toString()).containsExactly("error");
        }
        var gone = run("postgresql://u:secret@127.0.0.1:1/x", "--json");
        assertThat(gone.exit).isEqualTo(2);
        assertThat(gone.json().keySet()).containsExactly("error");
        assertThat(gone.out + gone.err).doesNotContain("secret");
    }

    @Test
    void the_report_shows_tables_indexes_and_advice_as_text_page_and_document() throws Exception {
        var url = servers.database();
        execute(url, "create table \"a<b>&\" (id int primary key)", "create table c (id int, r int references \"a<b>&\")",
                "create table pgbang_own (id int)", "create schema pgbang",
                "create table pgbang.other (id int, r int references \"a<b>&\")");
        var page = folder.resolve("report.html");
        var text = run(url, "--html", page.toString());
        assertThat(text.exit).isEqualTo(1);
        assertThat(text.out).contains("public.\"a<b>&\"").contains("create an index on public.c (r)").contains("--apply")
                .doesNotContain("pgbang_own", "pgbang.other");
        var html = Files.readString(page);
        assertThat(html).contains("a&lt;b&gt;&amp;").doesNotContain("a<b>").doesNotContain("http://", "https://", "<script");
        var document = run(url, "--json").json();
        assertThat(document.keySet()).contains("tool", "schema_version", "action", "at", "target", "exit", "server", "tables", "indexes",
                "queries", "kinds");
        assertThat(StreamSupport.stream(document.getAsJsonArray("tables").spliterator(), false).map(JsonElement::getAsJsonObject)
                .map(table -> table.get("path").getAsString()))
                .containsExactlyInAnyOrder("public.\"a<b>&\"", "public.c");
    }

    @Test
    void through_a_report_nothing_is_written() throws Exception {
        var url = servers.database();
        execute(url, FOREIGN_KEYS);
        var before = value(url, FINGERPRINT + ", (select count(*) from pg_namespace) n");
        run(url);
        assertThat(value(url, FINGERPRINT + ", (select count(*) from pg_namespace) n")).isEqualTo(before);
    }

    // --- SQLite ---

    Connection sqlite(Path file) throws SQLException {
        return DriverManager.getConnection("jdbc:sqlite:" + file);
    }

    @Test
    void a_sqlite_file_gets_indexes_on_foreign_keys_statistics_and_its_free_pages_back() throws Exception {
        var file = folder.resolve("a b.db");
        try (var connection = sqlite(file); var statement = connection.createStatement()) {
            for (var sql : List.of("create table p (id integer primary key, a, b, unique (a, b))", "create table none (r references p)",
                    "create table covered (x, r references p)",
                    "create index covered_r on covered (r, x)", "create table own (id integer primary key references p)",
                            "create table perm (a, b, foreign key (a, b) references p (a, b))",
                    "create index perm_ba on perm (b, a)", "create table part (r references p)",
                            "create index part_r on part (r) where r > 5", "create table \"O'dd \"\"t\" (\"r x\" references p)",
                    "create table filler (x)", "with recursive n(i) as (select 1 union all select i + 1 from n where i < 20000) insert"
                            + " into filler select randomblob(400) from n", "delete from filler")) {
                statement.execute(sql);
            }
        }
        var size = Files.size(file);
        var report = run(null, "--sqlite", file.toString(), "--json");
        assertThat(report.exit).as(report.out + report.err).isEqualTo(1);
        assertThat(Files.size(file)).isEqualTo(size);
        assertThat(report.changes().stream().filter(change -> change.get("kind").getAsString().equals("indexes"))
                .map(change -> change.get("object").getAsString()))
                .containsExactlyInAnyOrder("none", "part", "O'dd \"t");
        assertThat(run(null, "--sqlite", file.toString(), "--apply", "--dry-run", "--json").changes()).as("for VACUUM everybody waits")
                .noneMatch(change -> change.get("kind").getAsString().equals("vacuum"));
        assertThat(run(null, "--sqlite", file.toString(), "--apply", "settings").exit).isEqualTo(64);
        var applied = run(null, "--sqlite", file.toString(), "--apply", "analyze,vacuum,indexes", "--json");
        assertThat(applied.exit).as(applied.out + applied.err).isZero();
        assertThat(Files.size(file)).isLessThan(size / 10);
        try (var connection = sqlite(file); var found = connection.createStatement()
                .executeQuery("select group_concat(name, ',') from (select name from sqlite_master where type = 'index' and name like"
                + " '%_idx' order by 1)")) {
            assertThat(new TreeSet<>(List.of(found.getString(1).split(",")))).containsExactlyInAnyOrder("none_r_idx", "part_r_idx",
                    "O'dd \"t_r x_idx");
        }
        assertThat(run(null, "--sqlite", file.toString(), "--apply", "vacuum,indexes", "--json").changes()).isEmpty();
    }

    @Test
    void a_sqlite_file_that_is_none_fails_and_one_that_is_busy_stays_whole() throws Exception {
        var none = Files.writeString(folder.resolve("none.db"), "this is no database, but long enough to be looked at as if it were one");
        assertThat(run(null, "--sqlite", none.toString(), "--json").exit).isEqualTo(2);
        var file = folder.resolve("busy.db");
        try (var connection = sqlite(file); var statement = connection.createStatement()) {
            statement.execute("create table p (id integer primary key)");
            statement.execute("create table c (r references p)");
            statement.execute("begin immediate");
            var ran = run(null, "--sqlite", file.toString(), "--apply", "indexes", "--json");
            assertThat(ran.exit).isEqualTo(2);
            assertThat(ran.out).contains("SQLITE_BUSY");
            statement.execute("rollback");
        }
    }
}
