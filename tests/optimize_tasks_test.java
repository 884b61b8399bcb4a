//SOURCES ../scripts/optimize_postgres.java
//SOURCES ../scripts/run_migrations.java
//SOURCES servers.java

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The kinds matviews, partitions and purge of optimize_postgres. */
class optimize_tasks_test {
    @TempDir
    Path folder;
    String url;

    @BeforeEach
    void anEmptyDatabase() {
        url = servers.database();
    }

    static Stream<Integer> majors() {
        return servers.majors().stream();
    }

    // --- materialized views ---

    @Test
    void views_are_refreshed_after_those_that_they_read_also_through_views_and_functions() throws Exception {
        sql("""
                create table base (id int primary key); create materialized view z as select id from base; create unique index on z (id);
                create view between_them as select id from z;
                create function through() returns int language sql return (select max(id) from between_them);
                create materialized view a as select through() as id; create unique index on a (id);
                create materialized view "0 ""first"" é" as select coalesce(id, 0) + 1 as id from a;
                create unique index on "0 ""first"" é" (id);
                insert into base values (1)""");
        var run = run("--apply", "matviews");
        assertThat(run.exit).as(run.err).isZero();
        assertThat(run.changes("done")).containsExactly("matviews/public.z", "matviews/public.a", "matviews/public.0 \"first\" é");
        assertThat(column("select id from \"0 \"\"first\"\" é\"")).containsExactly("2");
    }

    @Test
    void why_a_view_cannot_be_refreshed_concurrently_is_said_and_its_readers_are_not_made_to_wait() throws Exception {
        sql("""
                create table base (id int); create materialized view keyless as select generate_series(1, 9) as id; create materialized
                    view part as select 1 as id; create unique index on part (id) where id > 0;
                create materialized view expr as select 1 as id; create unique index on expr ((id + 1)); create materialized view empty as
                    select 1 as id with no data;
                create materialized view plain as select id from base; create unique index on plain (id) include (id); analyze keyless;
                    insert into base values (7)""");
        var run = run("--apply", "matviews");
        assertThat(run.exit).as(run.err).isEqualTo(1);
        assertThat(run.changes("done")).containsExactly("matviews/public.empty", "matviews/public.plain");
        assertThat(run.change("matviews/public.part").get("manual").getAsString()).contains("part_id_idx covers only some rows");
        assertThat(run.change("matviews/public.expr").get("manual").getAsString()).contains("expr_expr_idx is on an expression");
        assertThat(run.change("matviews/public.keyless").get("manual").getAsString())
                .contains("it has none", "CREATE UNIQUE INDEX CONCURRENTLY ON public.keyless (id)");
        assertThat(column("select id from plain")).containsExactly("7");
        assertThat(run("--apply", "matviews", "--allow-blocking").changes("done")).hasSize(5);
    }

    @Test
    void a_view_can_be_read_while_it_is_refreshed_and_is_skipped_while_somebody_else_refreshes_it() throws Exception {
        sql("create materialized view slow as select 1 as id, pg_sleep(1)::text as slept; create unique index on slow (id)");
        var refresh = CompletableFuture.supplyAsync(() -> run("--apply", "matviews"));
        awaits("select count(*) > 0 from pg_locks where relation = 'slow'::regclass and mode = 'ExclusiveLock' and granted");
        assertThat(column("set lock_timeout = 100; select id from slow")).containsExactly("1");
        var second = run("--apply", "matviews");
        assertThat(second.change("matviews/public.slow").get("outcome").getAsString()).isEqualTo("skipped");
        assertThat(second.change("matviews/public.slow").get("message").getAsString())
                .contains("it is being refreshed, by pid ", "pgbang/optimize_postgres");
        assertThat(refresh.join().changes("done")).hasSize(1);
    }

    @Test
    void rounds_that_a_slow_one_overlaps_are_left_out() throws Exception {
        sql("create materialized view slow as select 1 as id, pg_sleep(0.5)::text as slept; create unique index on slow (id); create "
                + "table heard (at timestamptz default clock_timestamp())");
        var began = System.nanoTime();
        var run = text("--every", "300ms", "--rounds", "3");
        assertThat(run.exit).as(run.err).isZero();
        assertThat(run.err).contains("left out");
        assertThat(Integer.parseInt(column("select count(*) from pgbang.optimizations where status = 'done'").get(0))).isEqualTo(3);
        assertThat((System.nanoTime() - began) / 1e9).isBetween(2 * 0.55, 60.0);
        assertThat(text("--every", "0s").exit).isEqualTo(64);
        assertThat(text("--every", "soon").err).contains("a time is wanted");
    }

    @Test
    void the_grant_is_named_where_the_role_may_not_refresh_or_partition_or_delete() throws Exception {
        sql("create materialized view m as select 1 as id; create table e (n int) partition by range (n); create table e_0 "
                + "partition of e "
                + "for values from (0) to (10); create table logs (at date); drop role if exists tasks_guest; create role tasks_guest "
                + "login; grant create on database " + url.replaceAll(".*/", "") + " to tasks_guest");
        var run = run(url.replace("postgres@", "tasks_guest@"), "--apply", "matviews");
        assertThat(run.json.toString()).contains("can be refreshed by its owner only", "GRANT MAINTAIN ON public.m TO tasks_guest");
        assertThat(run.exit).isEqualTo(3);
        assertThat(run(url.replace("postgres@", "tasks_guest@"), "--apply", "partitions").json.toString())
                .contains("can be partitioned by its owner only", "GRANT postgres TO tasks_guest");
        assertThat(run(url.replace("postgres@", "tasks_guest@"), "--purge", "logs", "--days", "3").json.toString())
                .contains("permission denied for table logs");
    }

    // --- partitions: made ahead ---

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            timestamptz | e_2026_11 | 2026-11-01 00:00Z | 2026-12-01 00:00Z | e_2027_01 | 2027-01-01 00:00:00+00 | 2027-02-01 00:00:00+00
            timestamptz | e_y2026m11 | 2026-10-31 23:00Z | 2026-11-30 23:00Z | e_y2027m03 | 2027-02-28 23:00:00+00 | 2027-03-31 22:00:00+00
            timestamptz | e_2026q4 | 2026-10-01 00:00Z | 2027-01-01 00:00Z | e_2027q2 | 2027-04-01 00:00:00+00 | 2027-07-01 00:00:00+00
            timestamptz | e_p20261116 |2026-11-16 00:00Z | 2026-11-23 00:00Z | e_p20261130 | 2026-11-30 00:00:00+00 | 2026-12-07 00:00:00+00
            timestamptz | e_2026w47 | 2026-11-16 00:00Z | 2026-11-23 00:00Z | e_2026w48 | 2026-11-23 00:00:00+00 | 2026-11-30 00:00:00+00
            timestamp | e_2026 | 2026-01-01 | 2027-01-01 | e_2028 | 2028-01-01 00:00:00 | 2029-01-01 00:00:00
            date | e_2026_11_20 | 2026-11-20 | 2026-11-21 | e_2026_11_22 | 2026-11-22 | 2026-11-23
            timestamptz | hour | 2026-11-20 05:00Z | 2026-11-20 06:00Z | e_20261120_090000 | 2026-11-20 09:00:00+00 | 2026-11-20 10:00:00+00
            bigint | e_0 | 0 | 1000 | e_1000 | 1000 | 2000
            integer | 'Odd "n"_-500' | -500 | 0 | 'Odd "n"_500' | 500 | 1000
            """)
    void the_step_of_a_series_and_how_it_names_its_partitions_are_found(String type, String first, String low, String high, String name,
            String from, String to) throws Exception {
        var plan = new optimize_postgres.Plan("partitions");
        sql("alter database " + url.replaceAll(".*/", "") + " set timezone = 'Europe/Berlin'");
        sql("create table e (k " + type + " not null) partition by range (k); create table \"" + first.replace("\"", "\"\"")
                + "\" partition of e for values from ('" + low + "') to ('" + high + "')");
        var script = new optimize_postgres();
        script.database.url = url;
        script.database.environment = Map::of;
        new picocli.CommandLine(script);
        try (var context = new optimize_postgres.Context(script)) {
            var series = optimize_postgres.Tasks.Series.all(context, plan).get(0);
            assertThat(series.whyNot).isNull();
            var next = series.newest().low();
            for (var i = 0; i < 20 && !series.nameOf(next).equals(name); i++) {
                next = series.step.plus(next, 1);
            }
            assertThat(series.nameOf(next)).isEqualTo(name);
            sql("create table made partition of e " + series.forValues(next, series.step.plus(next, 1)));
        }
        assertThat(column("set timezone = 'UTC'; select pg_get_expr(relpartbound, oid) from pg_class where relname = 'made'"))
                .containsExactly("FOR VALUES FROM (" + literal(type, from) + ") TO (" + literal(type, to) + ")");
    }

    static String literal(String type, String bound) {
        return type.matches("bigint|integer") && !bound.startsWith("-") ? type.equals("bigint") ? "'" + bound + "'" : bound : "'" + bound
                + "'";
    }

    @ParameterizedTest
    @MethodSource("majors")
    void partitions_ahead_are_what_create_table_partition_of_would_have_made_and_undo_leaves_no_trace(int major) throws Exception {
        url = servers.database(major);
        var twin = servers.database(major);
        for (var each : List.of(url, twin)) {
            sql(each, """
                    create table "Cust omer" (id int primary key); create role "rolé %s"; create function note() returns trigger language
                        plpgsql as 'begin return null; end';
                    create table "Ev ents" (id bigint generated by default as identity, "A t" timestamptz not null default now(), c int
                        references "Cust omer" on delete cascade, q int check (q > 0) default 5,
                        g int generated always as (q * 2) stored, t text collate "C" not null, primary key (id, "A t"), unique ("A t", t))
                            partition by range ("A t");
                    create index on "Ev ents" (lower(t)) where q > 1; create index on "Ev ents" using brin ("A t"); create trigger noted
                        after insert on "Ev ents" for each row execute function note();
                    create table "Ev ents_2026_11" partition of "Ev ents" for values from ('2026-11-01 00:00+00') to
                        ('2026-12-01 00:00+00'); create table "rest of it" partition of "Ev ents" default;
                    create table r (id bigint, at timestamptz, foreign key (id, at) references "Ev ents")
                    """.formatted(each.replaceAll(".*_", "")));
        }
        sql("grant select on \"Ev ents_2026_11\" to \"rolé " + url.replaceAll(".*_", "")
                + "\"; alter table \"Ev ents_2026_11\" set (fillfactor = 70)");
        var before = fingerprint(url);
        var run = run("--apply", "partitions", "--ahead", "1");
        assertThat(run.exit).as(run.err + run.json).isZero();
        var made = run.changes("done");
        assertThat(made).isNotEmpty().allMatch(id -> id.startsWith("partitions/public.Ev ents/Ev ents_20"));
        var newest = column("select max(relname) from pg_class where relname like 'Ev ents_20____' or relname like 'Ev ents_20__\\___'")
                .get(0);
        sql(twin, "create table " + quote(newest) + " partition of \"Ev ents\" "
                + column("select pg_get_expr(relpartbound, oid) from pg_class where relname = '" + newest + "'").get(0));
        assertThat(about(url, newest)).isEqualTo(about(twin, newest));
        assertThat(column("select reloptions::text || (relacl::text like '%rol%=r/%') from pg_class where relname = '" + newest + "'"))
                .containsExactly("{fillfactor=70}true");
        assertThat(run("--apply", "partitions", "--ahead", "1").changes("done")).isEmpty();
        assertThat(run("--undo", "all").exit).isZero();
        assertThat(fingerprint(url)).isEqualTo(before);
    }

    @Test
    void undo_gives_rows_back_to_the_default_partition_and_without_one_refuses_to_lose_them() throws Exception {
        sql("create table e (id int, n int not null) partition by range (n); create table e_0 partition of e for values from "
                + "(0) to (10); "
                + "insert into e values (1, 5)");
        assertThat(run("--apply", "partitions", "--ahead", "1").changes("done")).containsExactly("partitions/public.e/e_10");
        sql("insert into e values (2, 15)");
        var refused = run("--undo");
        assertThat(refused.exit).isEqualTo(2);
        assertThat(refused.json.toString()).contains("no partition of relation");
        assertThat(column("select tableoid::regclass || ' ' || n from e order by n")).containsExactly("e_0 5", "e_10 15");
        sql("create table e_rest partition of e default");
        assertThat(run("--undo").exit).isZero();
        assertThat(column("select tableoid::regclass || ' ' || n from e order by n")).containsExactly("e_0 5", "e_rest 15");
    }

    @Test
    void tables_that_cannot_be_continued_are_named_with_the_reason_and_finished_ones_are_let_be() throws Exception {
        sql("""
                create table two (a int, b int) partition by range (a, b); create table named (a text) partition by range (a);
                create table uneven (a int) partition by range (a); create table uneven_1 partition of uneven for values from (0) to (10);
                    create table uneven_2 partition of uneven for values from (10) to (35);
                create table deep (a int) partition by range (a); create table deep_0 partition of deep for values from (0) to (10)
                    partition by list (a);
                create table open_end (a int) partition by range (a); create table open_0 partition of open_end for values from (0) to
                    (10); create table open_x partition of open_end for values from (10) to (maxvalue);
                create table done (a date) partition by range (a); create table done_2011_01 partition of done for values from
                    ('2011-01-01') to ('2011-02-01');
                create table lists (a int) partition by list (a)""");
        var data = run("--apply", "partitions").kind("partitions").getAsJsonObject("data").getAsJsonArray("partitions");
        var reasons = new TreeMap<String, String>();
        data.forEach(row -> reasons.put(row.getAsJsonObject().get("table").getAsString(), row.getAsJsonObject().get("missing") + " "
                + row.getAsJsonObject().get("reason").getAsString()));
        assertThat(reasons).hasSize(6).containsEntry("public.two", "0 its partition key is not one column")
                .containsEntry("public.named", "0 its partition key is of type text")
                .containsEntry("public.uneven", "0 its newest ranges are not alike")
                .containsEntry("public.deep", "0 its partitions are partitioned again").containsEntry("public.open_end", "0 ")
                .containsEntry("public.done", "0 its newest range ended long ago: taken for finished");
    }

    // --- partitions: the default partition ---

    static final String WITH_DEFAULT = """
            create table c (id int primary key); insert into c values (1); create table heard (what text); create function hear() returns
                trigger language plpgsql as 'begin insert into heard values (tg_op); return null; end';
            create table e (id bigint, n bigint not null, c int references c, t text, g bigint generated always as (n * 2) stored, primary
                key (id, n)) partition by range (n);
            create table e_0 partition of e for values from (0) to (100000); create table e_rest partition of e default;
            """;

    @ParameterizedTest
    @MethodSource("majors")
    void rows_of_the_default_partition_come_to_where_they_belong_and_nobody_takes_it_for_a_deletion(int major) throws Exception {
        url = servers.database(major);
        sql(WITH_DEFAULT + """
                insert into e select i, 100000 + i * 1000, 1, 'row ' || i from generate_series(1, 250) i; insert into e values (-1, -5, 1,
                    'below');
                create table r (id bigint, n bigint, foreign key (id, n) references e on delete restrict); insert into r select id, n from
                    e;
                create trigger heard after insert or delete on e_rest for each row execute function hear()""");
        var before = column("select e::text from e order by id");
        var run = run("--apply", "partitions", "--ahead", "0");
        assertThat(run.exit).as(run.err + run.json).isZero();
        assertThat(column("select tableoid::regclass || ' ' || count(*) from e group by tableoid order by 1"))
                .containsExactly("\"e_-100000\" 1", "e_100000 99", "e_200000 100", "e_300000 51");
        assertThat(column("select e::text from e order by id")).isEqualTo(before);
        assertThat(column("select what from heard")).isEmpty();
        assertThat(column("select count(*) from pg_constraint where conname like 'pgbang%' or not convalidated")).containsExactly("0");
        sql("insert into e values (900, 100500, 1, 'new')");
        assertThat(error("delete from e where id = 1")).contains("foreign key constraint");
    }

    @ParameterizedTest
    @MethodSource("majors")
    void many_rows_are_moved_while_others_write_and_no_change_of_theirs_is_lost(int major) throws Exception {
        url = servers.database(major);
        sql(WITH_DEFAULT + "insert into e select i, 100000 + i, 1, 'row ' || i from generate_series(1, 30000) i; create table "
                + "expected as "
                + "select * from e");
        var stop = new java.util.concurrent.atomic.AtomicBoolean();
        var longest = new java.util.concurrent.atomic.AtomicLong();
        var writes = CompletableFuture.supplyAsync(() -> {
            var number = 0;
            try (var connection = servers.connect(url); var statement = connection.createStatement()) {
                for (; !stop.get(); number++) {
                    var began = System.nanoTime();
                    var id = 1 + number * 7919 % 30000;
                    for (var table : List.of("e", "expected")) {
                        var columns = table.equals("e") ? "" : ", g";
                        statement.addBatch(switch (number % 3) {
                            case 0 -> "update " + table + " set t = 'changed " + number + "' where id = " + id;
                            case 1 -> "delete from " + table + " where id = " + id;
                            default -> "insert into " + table + " (id, n, c, t" + columns + ") values (" + (50000 + number) + ", "
                                    + (100000 + number % 90000) + ", 1, 'new'"
                                    + (columns.isEmpty() ? "" : ", " + 2 * (100000 + number % 90000)) + ")";
                        });
                    }
                    connection.setAutoCommit(false);
                    statement.executeBatch();
                    connection.commit();
                    longest.accumulateAndGet(System.nanoTime() - began, Math::max);
                }
                return number;
            } catch (SQLException e) {
                throw new IllegalStateException(e);
            }
        });
        var run = run("--apply", "partitions", "--ahead", "0");
        stop.set(true);
        assertThat(writes.get(60, TimeUnit.SECONDS)).isPositive();
        assertThat(run.exit).as(run.err + run.json).isZero();
        assertThat(run.change("partitions/public.e/e_100000").get("sql").toString()).contains("CREATE TRIGGER pgbang_mirror_");
        assertThat(column("(table e except table expected) union all (table expected except table e)")).isEmpty();
        assertThat(column("select count(*) from only e_rest")).containsExactly("0");
        assertThat(column("select count(*) from pg_proc where proname like 'pgbang%'")).containsExactly("0");
        assertThat(longest.get() / 1e9).as("seconds that a writer waited").isLessThan(5);
    }

    @Test
    void a_large_default_partition_is_not_read_under_lock() throws Exception {
        sql("create table e (at timestamptz not null) partition by range (at); create table e_2026_11 partition of e for values from "
                + "('2026-11-01 00:00+00') to ('2026-12-01 00:00+00');"
                + "create table e_rest partition of e default; insert into e values ('1999-01-01'), ('1999-01-02')");
        sql("update pg_class set relpages = 100000 where relname = 'e_rest'");
        var run = run("--apply", "partitions", "--ahead", "2", "--dry-run");
        var ahead = StreamSupport.stream(run.kind("partitions").getAsJsonArray("changes").spliterator(), false).map(Object::toString)
                .filter(text -> text.contains("NOT VALID")).toList();
        assertThat(ahead).isNotEmpty().allMatch(text -> text.contains("VALIDATE CONSTRAINT")
                && text.indexOf("VALIDATE") < text.indexOf("ATTACH") && text.indexOf("ATTACH") < text.indexOf("DROP CONSTRAINT"));
        var applied = run("--apply", "partitions", "--ahead", "2");
        assertThat(applied.exit).as(applied.err + applied.json).isZero();
        assertThat(column("select count(*) from pg_constraint where conname like 'pgbang%'")).containsExactly("0");
        assertThat(applied.changes("done")).contains("partitions/public.e/e_1999_01").hasSizeGreaterThan(2);
    }

    @Test
    void somebody_who_holds_the_default_partition_keeps_nobody_waiting_behind_us() throws Exception {
        sql(WITH_DEFAULT + "insert into e values (1, 150000, 1, 'waits')");
        try (var reader = servers.connect(url); var writer = servers.connect(url)) {
            reader.setAutoCommit(false);
            reader.createStatement().execute("select * from e_rest");
            var run = CompletableFuture.supplyAsync(() -> run("--apply", "partitions", "--ahead", "0", "--lock-timeout", "0.3"));
            for (var until = System.nanoTime() + 3_000_000_000L; System.nanoTime() < until;) {
                writer.createStatement().execute("set statement_timeout = 900; insert into e values (" + System.nanoTime()
                        + ", 999999, 1, 'goes on')");
                Thread.sleep(20);
            }
            reader.rollback();
            assertThat(run.join().exit).as(run.join().err).isZero();
        }
        assertThat(column("select tableoid::regclass::text from e where n = 150000")).containsExactly("e_100000");
    }

    // --- partitions: retired ---

    static final String OLD = """
            create table l (at timestamptz not null, id int, primary key (at, id)) partition by range (at); create index on l (id);
            create table l_2020_01 partition of l for values from ('2020-01-01 00:00+00') to ('2020-02-01 00:00+00'); create table
                l_2020_02 partition of l for values from ('2020-02-01 00:00+00') to ('2020-03-01 00:00+00');
            insert into l select '2020-01-10 00:00+00'::timestamptz + i * interval '1 day', i from generate_series(1, 30) i;
            """;

    static String current() {
        return "do $$ begin execute format('create table l_now partition of l for values from (%L) to (%L)', "
                + "date_trunc('month', now() at "
                + "time zone 'UTC') at time zone 'UTC',"
                + " (date_trunc('month', now() at time zone 'UTC') + interval '1 month') at time zone 'UTC'); end $$;";
    }

    @ParameterizedTest
    @MethodSource("majors")
    void old_partitions_are_detached_and_kept_and_undo_attaches_them_as_they_were(int major) throws Exception {
        for (var withDefault : List.of(false, true)) {
            url = servers.database(major);
            sql(OLD + current() + (withDefault ? "create table l_rest partition of l default;" : ""));
            var before = fingerprint(url);
            var run = run("--apply", "partitions", "--ahead", "0", "--retain", "24 months", "--keep");
            assertThat(run.exit).as(run.err + run.json).isZero();
            assertThat(run.changes("done")).containsExactly("partitions/public.l/l_2020_01/retire", "partitions/public.l/l_2020_02/retire");
            assertThat(run.change("partitions/public.l/l_2020_01/retire").get("sql").toString().contains("CONCURRENTLY"))
                    .isEqualTo(major >= 14 && !withDefault);
            assertThat(column("select count(*) from l")).containsExactly("0");
            assertThat(column("select count(*) from l_2020_01")).containsExactly("21");
            assertThat(run("--undo").exit).isZero();
            assertThat(fingerprint(url)).isEqualTo(before);
            assertThat(column("select count(*) from l")).containsExactly("30");
        }
    }

    @Test
    void old_partitions_are_dropped_if_they_are_not_to_be_kept_and_young_ones_never() throws Exception {
        sql(OLD + current() + "insert into l values (now(), 99)");
        var config = Files.writeString(folder.resolve("config"), "# kept for two years\nretain.public.l = 24 months\n");
        var run = run("--apply", "partitions", "--ahead", "0", "--config", config.toString());
        assertThat(run.exit).as(run.err + run.json).isZero();
        assertThat(run.change("partitions/public.l/l_2020_01/retire").get("undo_note").getAsString())
                .contains("nothing: the rows of a dropped partition are gone");
        assertThat(column("select relname from pg_class where relname like 'l\\_%' and relkind = 'r' order by "
                + "1")).containsExactly("l_now");
        assertThat(column("select id from l")).containsExactly("99");
    }

    @Test
    void a_detach_that_was_cut_off_is_ended_if_it_was_ours_and_left_alone_if_it_was_not() throws Exception {
        sql(OLD + current());
        try (var reader = servers.connect(url)) {
            reader.setAutoCommit(false);
            reader.createStatement().execute("select * from l");
            assertThat(error("set lock_timeout = 200", "alter table l detach partition l_2020_01 concurrently")).contains("lock timeout");
        }
        var foreign = run("--apply", "partitions", "--ahead", "0", "--retain", "24 months");
        assertThat(foreign.change("partitions/public.l/l_2020_01/retire").get("manual").getAsString())
                .contains("somebody else has begun to detach it", "FINALIZE");
        assertThat(column("select inhdetachpending from pg_inherits where inhrelid = 'l_2020_01'::regclass")).containsExactly("t");
        sql("alter table l detach partition l_2020_01 finalize");
        url = servers.database();
        sql(OLD + current());
        try (var reader = servers.connect(url)) {
            reader.setAutoCommit(false);
            reader.createStatement().execute("select * from l");
            var cut = run("--apply", "partitions", "--ahead", "0", "--retain", "24 months", "--lock-deadline", "0.5");
            assertThat(cut.exit).isEqualTo(2);
            assertThat(column("select count(*) from pg_inherits where inhdetachpending")).containsExactly("1");
        }
        var ended = run("--apply", "partitions", "--ahead", "0", "--retain", "24 months");
        assertThat(ended.exit).as(ended.err + ended.json).isZero();
        assertThat(column("select relname from pg_class where relname like 'l\\_%' and relkind = 'r' order by "
                + "1")).containsExactly("l_now");
    }

    @Test
    void which_table_to_retain_is_asked_for_where_there_are_several() throws Exception {
        sql(OLD + current() + "create table m (at date) partition by range (at); create table m_2020_01 partition of m for values from "
                + "('2020-01-01') to ('2020-02-01')");
        assertThat(run("--apply", "partitions", "--retain", "24 months").exit).isEqualTo(64);
        assertThat(run("--apply", "partitions", "--retain", "nothing=24 months").exit).isEqualTo(64);
        assertThat(run("--apply", "partitions", "--retain", "m=some time").exit).isEqualTo(64);
        assertThat(run("--apply", "partitions", "--retain", "m=2 years").changes("done")).contains("partitions/public.m/m_2020_01/retire")
                .doesNotContain("partitions/public.l/l_2020_01/retire");
    }

    // --- purge ---

    @Test
    void cleanup_logs_cleans_the_sample_s_log_tables() throws Exception {
        assertThat(new picocli.CommandLine(new run_migrations()).setOut(new PrintWriter(new StringWriter()))
                .execute("--url", url, "--dir", "migrations")).isZero();
        sql("insert into dashboard_logs (logged_at, component, message) select now() - i * interval '1 day', 'c', 'm' from "
                + "generate_series(0, 99) i;"
                + "insert into query_performance (recorded_at, query_hash, query_text, duration_ms) select now() - i * interval '1 day', "
                + "'h', 'q', 1 from generate_series(0, 99) i");
        var config = Files.writeString(folder.resolve("config"),
                "purge.dashboard_logs = 30 days\npurge.query_performance = 90 days recorded_at # long\n");
        var run = run("cleanup_logs", "--config", config.toString());
        assertThat(run.exit).as(run.err + run.json).isZero();
        assertThat(column("select (select count(*) filter (where logged_at >= now() - interval '31 days' and logged_at < "
                + "now() + interval "
                + "'1 hour') || '/' || count(*) from dashboard_logs where component = 'c')"
                + " || ' ' || (select count(*) from query_performance where query_hash = 'h')")).containsExactly("30/30 90");
        assertThat(run("cleanup_logs", "--config", config.toString()).changes("done")).isEmpty();
    }

    static final String LOGS = """
            create table "Lo gs" (id bigint generated always as identity primary key, "when" timestamptz not null, "a,b""c" text, n
                numeric, b bytea, j jsonb, k text[], g int generated always as (length("a,b""c")) stored);
            insert into "Lo gs" ("when", "a,b""c", n, b, j, k) select now() - interval '10 days' * (i % 10) - interval '1 hour',
                case i % 7 when 0 then null when 1 then '' when 2 then E'line\\nend' when 3 then 'quo"te,' when 4 then '\\.' when 5 then
                    'é😀' || chr(13) else 'NULL' end, i / 7.0, decode(md5(i::text), 'hex'),
                jsonb_build_object('i', i), array['x', null, i::text] from generate_series(1, 5000) i;
            """;

    @ParameterizedTest
    @MethodSource("majors")
    void the_archive_has_exactly_what_was_deleted_and_gives_it_back_as_it_was(int major) throws Exception {
        url = servers.database(major);
        for (var index : List.of("", "create index on \"Lo gs\" (\"when\");")) {
            sql("drop table if exists \"Lo gs\"; " + LOGS + index);
            var all = column("select l::text from \"Lo gs\" l order by id");
            var old = column("select l::text from \"Lo gs\" l where \"when\" < now() - interval '30 days' order by id");
            var file = folder.resolve("logs" + index.length() + ".csv.gz");
            var run = run("--purge", "Lo gs", "--column", "when", "--days", "30", "--archive", file.toString(), "--batch", "700");
            assertThat(run.exit).as(run.err + run.json).isZero();
            assertThat(old).hasSizeBetween(1000, 4500);
            assertThat(column("select l::text from \"Lo gs\" l order by id")).hasSize(5000 - old.size()).doesNotContainAnyElementsOf(old);
            sql("create table archived (like \"Lo gs\"); alter table archived drop column g");
            try (var connection = servers.connect(url); var csv = new GZIPInputStream(Files.newInputStream(file))) {
                connection.unwrap(org.postgresql.PGConnection.class).getCopyAPI()
                        .copyIn("copy archived from stdin (format csv, header)", csv);
            }
            assertThat(column("select (id, \"when\", \"a,b\"\"c\", n, b, j, k)::text from archived order by id")).hasSameSizeAs(old)
                    .isEqualTo(old.stream().map(row -> row.replaceFirst(",[^,]*\\)$", ")")).toList());
            assertThat(run("--purge", "Lo gs", "--restore", file.toString()).exit).isZero();
            assertThat(column("select l::text from \"Lo gs\" l order by id")).isEqualTo(all);
            assertThat(run("--purge", "Lo gs", "--restore", file.toString()).exit).as("twice").isEqualTo(2);
            assertThat(column("select count(*) from \"Lo gs\"")).containsExactly("5000");
            sql("drop table archived");
        }
    }

    @Test
    void a_run_that_its_budget_ends_says_so_and_the_next_ones_go_on_to_the_end() throws Exception {
        for (var index : List.of("", "create index on t (at);")) {
            sql("drop table if exists t; create table t (id int, at timestamp); insert into t select i, now() - interval '90 days' from "
                    + "generate_series(1, 20000) i; insert into t values (0, now()); analyze t;" + index);
            var first = run("--purge", "t", "--days", "30", "--budget", "50ms", "--batch", "100");
            assertThat(first.exit).as(first.err + first.json).isEqualTo(1);
            assertThat(first.change("purge/public.t").get("message").getAsString()).contains("stopped by --budget after", "left");
            var left = Integer.parseInt(column("select count(*) from t").get(0));
            assertThat(left).isBetween(2, 19_999);
            assertThat(run("--purge", "t", "--days", "30").exit).isZero();
            assertThat(column("select id from t")).containsExactly("0");
        }
    }

    @Test
    void killed_at_any_moment_each_row_is_either_in_the_table_or_once_in_the_archive() throws Exception {
        sql("create table t (id int primary key, at timestamptz, t text); insert into t select i, now() - interval '90 days', "
                + "repeat(md5(i::text), 5) from generate_series(1, 20000) i");
        var file = folder.resolve("t.csv.gz");
        var kills = 0;
        for (var round = 0; round < 2; round++) {
            var process = shell.start(folder, Map.of(), "java", "-cp", System.getProperty("java.class.path"), "optimize_postgres", "--url",
                    url, "--purge", "t", "--days", "30", "--batch", "50",
                    "--archive", file.toString());
            awaits("select " + (round == 0 ? "count(*) < 19990" : "count(*) < "
                    + (Integer.parseInt(column("select count(*) from t").get(0)) - 10)) + " from t");
            Thread.sleep(30 + 40 * round);
            process.destroyForcibly();
            process.waitFor();
            kills += process.exitValue() == 0 ? 0 : 1;
        }
        assertThat(kills).isPositive();
        assertThat(Integer.parseInt(column("select count(*) from t").get(0))).isPositive();
        var run = run("--purge", "t", "--days", "30", "--archive", file.toString());
        assertThat(run.exit).as(run.err + run.json).isZero();
        sql("create table archived (like t)");
        try (var connection = servers.connect(url); var csv = new GZIPInputStream(Files.newInputStream(file))) {
            connection.unwrap(org.postgresql.PGConnection.class).getCopyAPI().copyIn("copy archived from stdin (format csv, "
                    + "header)", csv);
        }
        assertThat(column("select count(*), count(distinct id), min(id), max(id) from archived")).containsExactly("20000|20000|1|20000");
    }

    @Test
    void an_archive_that_cannot_be_written_or_is_somebody_else_s_keeps_every_row() throws Exception {
        sql("create table t (id int, at date); insert into t select i, now() - interval '90 days' from generate_series(1, 100) i");
        var foreign = Files.writeString(folder.resolve("foreign.csv"), "important");
        var run = run("--purge", "t", "--days", "30", "--archive", foreign.toString());
        assertThat(run.exit).isEqualTo(2);
        assertThat(run.json.toString()).contains("is there already");
        assertThat(foreign).hasContent("important");
        if (Files.exists(Path.of("/dev/full"))) {
            assertThat(run("--purge", "t", "--days", "30", "--archive", "/dev/full").exit).isEqualTo(2);
        }
        assertThat(run("--purge", "t", "--days", "30", "--archive", foreign + "/below/it.csv").exit).isEqualTo(2);
        assertThat(column("select count(*) from t")).containsExactly("100");
    }

    @ParameterizedTest
    @MethodSource("majors")
    void partitions_with_nothing_but_old_rows_are_taken_off_whole_and_come_back_from_the_archive(int major) throws Exception {
        for (var withDefault : List.of(false, true)) {
            url = servers.database(major);
            sql(OLD + current() + (withDefault ? "create table l_rest partition of l default; insert into l values ('2021-05-05', 77);"
                    : "") + "insert into l values (now(), 99)");
            var before = fingerprint(url);
            var all = column("select l::text from l order by id");
            var file = folder.resolve("l" + withDefault + ".csv");
            var run = run("--purge", "l", "--days", "30", "--archive", file.toString());
            assertThat(run.exit).as(run.err + run.json).isZero();
            assertThat(column("select id from l")).containsExactly("99");
            assertThat(column("select relname from pg_class where relname like 'l\\_20%' and relkind = 'r'")).isEmpty();
            assertThat(run("--purge", "l", "--restore", file.toString()).exit).isZero();
            assertThat(column("select l::text from l order by id")).isEqualTo(all);
            assertThat(fingerprint(url)).isEqualTo(before);
        }
    }

    @Test
    void rows_that_others_refer_to_are_kept_and_cascades_are_counted_before_they_are_allowed() throws Exception {
        sql("""
                create table t (id int primary key, at timestamptz); insert into t select i, now() - interval '90 days' from
                    generate_series(1, 100) i;
                create table holds (t int references t); insert into holds values (1), (2), (2); create table follows (t int references t
                    on delete cascade); insert into follows select i from generate_series(1, 60) i;
                create table forgets (t int references t on delete set null); insert into forgets values (50)""");
        var refused = run("--purge", "t", "--days", "30");
        assertThat(refused.exit).isEqualTo(1);
        assertThat(refused.change("purge/public.t").get("manual").getAsString())
                .contains("58 rows of public.follows are deleted too", "1 row of public.forgets lose their reference", "--cascade");
        assertThat(column("select count(*) from t")).containsExactly("100");
        var run = run("--purge", "t", "--days", "30", "--cascade");
        assertThat(run.exit).as(run.err + run.json).isZero();
        assertThat(column("select id from t order by 1")).containsExactly("1", "2");
        assertThat(column("select (select count(*) from follows) || ' ' || (select count(*) from forgets where t is null)"))
                .containsExactly("2 1");
    }

    @Test
    void what_a_killed_run_wrote_after_its_last_commit_is_not_restored_and_nothing_is_restored_twice() throws Exception {
        for (var name : List.of("t.csv", "t.csv.gz")) {
            sql("drop table if exists t; create table t (id int, at timestamptz); insert into t select i, now() - interval "
                    + "'90 days' from "
                    + "generate_series(1, 500) i");
            var file = folder.resolve(name);
            assertThat(run("--purge", "t", "--days", "30", "--archive", folder + "/./" + name).exit).isZero();
            if (Files.getFileStore(file).supportsFileAttributeView("posix")) {
                assertThat(Files.getPosixFilePermissions(file)).as("only the owner's").hasSize(2);
            }
            var more = new java.io.ByteArrayOutputStream();
            try (var out = name.endsWith("gz") ? new java.util.zip.GZIPOutputStream(more) : more) {
                out.write("501,2020-01-01 00:00:00+00\n\"cut off".getBytes(StandardCharsets.UTF_8));
            }
            Files.write(file, java.util.Arrays.copyOf(more.toByteArray(), more.size() - 3), java.nio.file.StandardOpenOption.APPEND);
            assertThat(run("--purge", "t", "--restore", file.toString()).exit).isZero();
            assertThat(column("select count(*), count(distinct id), max(id) from t")).containsExactly("500|500|500");
            var twice = run("--purge", "t", "--restore", file.toString());
            assertThat(twice.exit).isEqualTo(2);
            assertThat(twice.json.toString()).contains("were put back before");
            var again = run("--purge", "t", "--days", "30", "--archive", file.toString());
            assertThat(again.exit).isEqualTo(2);
            assertThat(again.json.toString()).contains("would get them twice");
            assertThat(column("select count(*) from t")).containsExactly("500");
        }
    }

    @Test
    void a_restore_that_a_trigger_thins_out_leaves_nothing_behind() throws Exception {
        sql("create table t (id int, at timestamptz); insert into t select i, now() - interval '90 days' from generate_series(1, 50) i");
        var file = folder.resolve("t.csv").toString();
        assertThat(run("--purge", "t", "--days", "30", "--archive", file).exit).isZero();
        sql("create function odd() returns trigger language plpgsql as 'begin if new.id % 2 = 1 then return new; end if; "
                + "return null; end';"
                + "create trigger odd before insert on t for each row execute function odd()");
        var run = run("--purge", "t", "--restore", file);
        assertThat(run.exit).isEqualTo(2);
        assertThat(run.json.toString()).contains("has 50 rows, but 25 came back");
        assertThat(column("select count(*) from t")).containsExactly("0");
        sql("drop trigger odd on t");
        assertThat(run("--purge", "t", "--restore", file).exit).isZero();
        assertThat(column("select count(*) from t")).containsExactly("50");
    }

    @Test
    void an_archive_means_the_same_whatever_style_of_intervals_the_database_prefers() throws Exception {
        var database = "alter database " + url.replaceAll(".*/", "") + " set intervalstyle = ";
        sql("create table t (at timestamptz, took interval); insert into t values (now() - interval '90 days', '-1 day "
                + "-02:03:04'), (now() - "
                + "interval '91 days', '-1 year -2 mons'); " + database + "sql_standard");
        var file = folder.resolve("t.csv").toString();
        var all = column("set intervalstyle = iso_8601; select took::text from t order by at");
        assertThat(run("--purge", "t", "--days", "30", "--archive", file).exit).isZero();
        sql(database + "postgres");
        assertThat(run("--purge", "t", "--restore", file).exit).isZero();
        assertThat(column("set intervalstyle = iso_8601; select took::text from t order by at")).isEqualTo(all);
    }

    @Test
    void an_archive_is_not_continued_with_other_columns() throws Exception {
        sql("create table t (id int, at timestamptz); insert into t values (1, now() - interval '90 days')");
        var file = folder.resolve("t.csv");
        assertThat(run("--purge", "t", "--days", "30", "--archive", file.toString()).exit).isZero();
        var before = Files.readString(file);
        sql("alter table t add note text; insert into t values (2, now() - interval '90 days', 'x')");
        var run = run("--purge", "t", "--days", "30", "--archive", file.toString());
        assertThat(run.exit).isEqualTo(2);
        assertThat(run.json.toString()).contains("has other columns than the table has now");
        assertThat(file).hasContent(before);
        assertThat(column("select id from t")).containsExactly("2");
    }

    @Test
    void a_batch_that_fails_when_it_commits_is_not_counted_as_archived() throws Exception {
        sql("create table t (id int primary key, at timestamptz); insert into t select i, now() - interval '90 days' from "
                + "generate_series(1, "
                + "3000) i; create index on t (at); create function later() returns trigger language plpgsql as "
                + "'begin if old.id = 2500 then raise ''not this one''; end if; return null; end';"
                + "create constraint trigger later after delete on t deferrable initially deferred for each row execute "
                        + "function later()");
        var file = folder.resolve("t.csv").toString();
        var failed = run("--purge", "t", "--days", "30", "--batch", "500", "--archive", file);
        assertThat(failed.exit).as(failed.err).isEqualTo(2);
        assertThat(failed.json.toString()).contains("not this one");
        var left = Integer.parseInt(column("select count(*) from t").get(0));
        assertThat(left).isBetween(1, 2999);
        assertThat(column("select details->>'archive_rows' from pgbang.optimizations")).containsExactly(String.valueOf(3000 - left));
        sql("drop trigger later on t");
        assertThat(run("--purge", "t", "--days", "30", "--archive", file).exit).isZero();
        assertThat(run("--purge", "t", "--restore", file).exit).isZero();
        assertThat(column("select count(*), count(distinct id) from t")).containsExactly("3000|3000");
    }

    @Test
    void rows_that_a_trigger_keeps_do_not_hide_those_behind_them() throws Exception {
        sql("create table t (id int, at timestamptz); insert into t select i, now() - interval '90 days' + i * interval '1 minute' from "
                + "generate_series(1, 4000) i; create index on t (at); create function hold() returns trigger language plpgsql as "
                + "'begin if old.id <= 1500 then return null; end if; return old; end';"
                + "create trigger hold before delete on t for each row execute function hold()");
        var run = run("--purge", "t", "--days", "30", "--batch", "500", "--archive", folder.resolve("t.csv").toString());
        assertThat(run.exit).as(run.err).isEqualTo(1);
        assertThat(run.json.toString()).contains("a trigger or a rule keeps them");
        assertThat(column("select count(*), max(id) from t")).containsExactly("1500|1500");
    }

    @Test
    void times_without_a_zone_are_old_only_if_they_are_so_in_every_zone() throws Exception {
        for (var zone : List.of("Etc/GMT+12", "UTC", "Pacific/Kiritimati")) {
            sql("drop table if exists t; create table t (id int, at timestamp); drop table if exists d; create table d (id int, at date);"
                    + "set timezone = '" + zone + "'; insert into t values (1, localtimestamp - interval '30 days' + interval "
                            + "'1 minute'), "
                    + "(2, localtimestamp - interval '32 days'); insert into d values (1, (localtimestamp - interval '30 "
                            + "days' + interval "
                    + "'1 minute')::date), (2, current_date - 33)");
            assertThat(run("--purge", "t", "--days", "30").exit).isZero();
            assertThat(run("--purge", "d", "--days", "30").exit).isZero();
            assertThat(column("select id from t union all select id from d")).as(zone).containsExactly("1", "1");
        }
    }

    @Test
    void children_that_inherit_are_purged_too_and_one_table_that_cannot_be_seen_does_not_hide_the_next() throws Exception {
        sql("create table t (id int, at timestamptz); create table t_child () inherits (t); insert into t_child select i, "
                + "now() - interval "
                + "'90 days' from generate_series(1, 10) i; create table hidden (at timestamptz); drop role if exists tasks_cleaner; "
                + "create role tasks_cleaner login; grant select, delete on t, t_child to tasks_cleaner; grant create on database "
                + url.replaceAll(".*/", "") + " to tasks_cleaner");
        var config = Files.writeString(folder.resolve("config"), "purge.hidden = 30 days\npurge.t = 30 days\n");
        var run = run(url.replace("postgres@", "tasks_cleaner@"), "cleanup_logs", "--config", config.toString());
        assertThat(run.exit).as(run.err + run.json).isEqualTo(3);
        assertThat(run.json.toString()).contains("permission denied for table hidden");
        assertThat(run.changes("done")).containsExactly("purge/public.t");
        assertThat(column("select count(*) from t")).containsExactly("0");
    }

    @Test
    void a_partition_that_others_refer_to_or_that_a_view_reads_is_emptied_row_by_row() throws Exception {
        sql(OLD + current() + "alter table l_2020_01 add unique (id); create table holds (l int references l_2020_01 (id)); "
                + "insert into holds "
                + "select min(id) from l_2020_01; create view reads as select * from l_2020_02; insert into l values (now(), 99)");
        var held = column("select l from holds").get(0);
        var run = run("--purge", "l", "--days", "30");
        assertThat(run.exit).as(run.err + run.json).isZero();
        assertThat(column("select id from l order by 1")).containsExactlyInAnyOrder(held, "99");
        assertThat(column("select relname from pg_class where relname like 'l\\_20%' and relkind = 'r' order by 1"))
                .containsExactly("l_2020_01", "l_2020_02");
        sql("drop table holds; create table holds (l int references l_2020_01 (id) on delete cascade); insert into holds "
                + "select min(id) from "
                + "l_2020_01; create table deeper (h int); alter table holds add unique (l); alter table deeper add foreign key (h) "
                + "references holds (l)");
        var cascades = run("--purge", "l", "--days", "30");
        assertThat(cascades.exit).isEqualTo(1);
        assertThat(cascades.change("purge/public.l").get("manual").getAsString()).contains("1 row of public.holds are deleted too",
                "rows of public.deeper that refer to those");
        assertThat(column("select count(*) from holds")).containsExactly("1");
    }

    @Test
    void rows_that_row_security_hides_are_neither_dropped_nor_left_out_of_the_archive() throws Exception {
        sql(OLD + current() + "drop role if exists tasks_owner; create role tasks_owner login; grant create on database "
                + url.replaceAll(".*/", "") + " to tasks_owner; grant create, usage on schema public to tasks_owner; alter "
                        + "table l owner to "
                + "tasks_owner; alter table l_2020_01 owner to tasks_owner; alter table l_2020_02 owner to tasks_owner; alter "
                        + "table l_2020_01 "
                + "enable row level security, force row level security; create policy half on l_2020_01 using (id % 2 = 0)");
        var hidden = column("select l::text from l_2020_01 l order by 1");
        var run = run(url.replace("postgres@", "tasks_owner@"), "--purge", "l", "--days", "30", "--archive", folder.resolve("l.csv")
                .toString());
        assertThat(run.exit).as(run.err + run.json).isEqualTo(1);
        assertThat(run.change("purge/public.l").get("message").getAsString()).contains("row-level security");
        assertThat(column("select l::text from l order by 1")).isEqualTo(hidden);
    }

    @Test
    void a_partition_that_a_dead_run_took_off_is_found_after_a_run_that_failed_early() throws Exception {
        sql(OLD + current() + "insert into l values (now(), 99)");
        var all = column("select l::text from l order by id");
        var file = folder.resolve("l.csv").toString();
        try (var reader = servers.connect(url)) {
            sql("create function stop() returns event_trigger language plpgsql as 'begin raise ''not now''; end'; create "
                    + "event trigger stop "
                    + "on ddl_command_start when tag in ('DROP TABLE') execute function stop()");
            assertThat(run("--purge", "l", "--days", "30", "--archive", file).exit).isEqualTo(2);
            sql("drop event trigger stop");
        }
        assertThat(column("select count(*) from pg_class c where relname like 'l\\_20%' and relkind = 'r' and not relispartition"))
                .containsExactly("1");
        var foreign = Files.writeString(folder.resolve("foreign.csv"), "important").toString();
        assertThat(run("--purge", "l", "--days", "30", "--archive", foreign).exit).isEqualTo(2);
        var run = run("--purge", "l", "--days", "30", "--archive", file);
        assertThat(run.exit).as(run.err + run.json).isZero();
        assertThat(column("select relname from pg_class where relname like 'l\\_20%' and relkind = 'r'")).isEmpty();
        assertThat(run("--purge", "l", "--restore", file).exit).isZero();
        assertThat(column("select l::text from l order by id")).isEqualTo(all);
    }

    @Test
    void a_partition_that_somebody_else_has_detached_meanwhile_is_not_dropped() throws Exception {
        sql(OLD + current());
        try (var reader = servers.connect(url)) {
            reader.setAutoCommit(false);
            reader.createStatement().execute("lock table l in share update exclusive mode");
            assertThat(run("--apply", "partitions", "--ahead", "0", "--retain", "24 months", "--lock-deadline", "0.5").exit).isEqualTo(2);
        }
        sql("alter table l detach partition l_2020_01; alter table l_2020_02 rename to other");
        var run = run("--apply", "partitions", "--ahead", "0", "--retain", "24 months");
        assertThat(run.change("partitions/public.l/l_2020_01/retire").get("manual").getAsString()).contains("somebody else "
                + "has detached it");
        assertThat(column("select count(*) > 0 from l_2020_01")).containsExactly("t");
    }

    @Test
    void undo_gives_rows_back_without_anybody_taking_them_for_new_ones() throws Exception {
        sql("create table e (n int not null, t text) partition by range (n); create table e_0 partition of e for values from "
                + "(0) to (10); "
                + "create table e_rest partition of e default; create function touch() returns trigger language plpgsql as "
                        + "'begin new.t := "
                + "''touched''; return new; end'; insert into e values (15, 'as it was'); create trigger touch before insert "
                        + "on e_rest for "
                + "each row execute function touch(); create table heard (n int); create function hear() returns trigger "
                        + "language plpgsql "
                + "as 'begin insert into public.heard values (new.n); return null; end'; create trigger hear after insert on "
                        + "e for each row "
                + "execute function hear()");
        assertThat(run("--apply", "partitions", "--ahead", "0").changes("done")).hasSize(1);
        assertThat(column("select tableoid::regclass || ' ' || t from e")).containsExactly("e_10 as it was");
        var undo = run("--undo");
        assertThat(undo.exit).as(undo.err + undo.json).isZero();
        assertThat(column("select tableoid::regclass || ' ' || t from e")).containsExactly("e_rest as it was");
        assertThat(column("select n from heard")).isEmpty();
    }

    @Test
    void a_trigger_that_cannot_be_silenced_keeps_rows_in_the_default_partition() throws Exception {
        sql("create table e (n int not null) partition by range (n); create table e_0 partition of e for values from (0) to (10); "
                + "create table e_rest partition of e default; insert into e values (15); create function deny() returns "
                        + "trigger language "
                + "plpgsql as 'begin return null; end'; create trigger deny before delete on e_rest for each row execute "
                        + "function deny(); "
                + "alter table e_rest enable always trigger deny");
        var run = run("--apply", "partitions", "--ahead", "0");
        assertThat(run.exit).isEqualTo(1);
        assertThat(run.change("partitions/public.e/e_10").get("manual").getAsString()).contains("ENABLE ALWAYS or REPLICA");
        assertThat(column("select tableoid::regclass from e")).containsExactly("e_rest");
    }

    @Test
    void rows_of_the_future_are_not_refused_while_a_large_default_partition_is_read() throws Exception {
        sql("create table e (at timestamptz not null) partition by range (at); create table e_2026_11 partition of e for values from "
                + "('2026-11-01 00:00+00') to ('2026-12-01 00:00+00'); create table e_rest partition of e default; insert into e values "
                + "(now() + interval '700 days'); update pg_class set relpages = 100000 where relname = 'e_rest'");
        var run = run("--apply", "partitions", "--ahead", "2", "--dry-run");
        assertThat(run.all().filter(change -> change.toString().contains("NOT VALID")).map(change -> change.get("manual").toString()))
                .isNotEmpty().allMatch(manual -> manual.contains("rows of the future come in"));
        assertThat(run("--apply", "partitions", "--ahead", "2", "--allow-blocking").exit).isZero();
    }

    @Test
    void undo_does_not_move_many_rows_under_lock() throws Exception {
        sql("create table e (n int not null) partition by range (n); create table e_0 partition of e for values from (0) to (100000); "
                + "create table e_rest partition of e default");
        assertThat(run("--apply", "partitions", "--ahead", "1").changes("done")).hasSize(1);
        sql("insert into e select i from generate_series(100000, 120000) i");
        var run = run("--undo");
        assertThat(run.exit).isEqualTo(2);
        assertThat(run.json.toString()).contains("more than 20000 rows have come in");
        sql("delete from e where n = 120000");
        assertThat(run("--undo").exit).isZero();
        assertThat(column("select count(*) from only e_rest")).containsExactly("20000");
    }

    @Test
    void a_writer_beside_a_purge_does_not_wait_and_a_second_purge_of_the_table_is_refused() throws Exception {
        sql("create table t (id bigint, at timestamptz, t text); insert into t select i, now() - interval '90 days', repeat('x', 200) "
                + "from generate_series(1, 20000) i; create index on t (id); analyze t; alter database " + url.replaceAll(".*/", "")
                + " set default_transaction_isolation = 'serializable'");
        var purge = CompletableFuture.supplyAsync(() -> run("--purge", "t", "--days", "30", "--batch", "200"));
        awaits("select count(*) < 20000 from t");
        var second = CompletableFuture.supplyAsync(() -> run("--purge", "t", "--days", "30"));
        var longest = 0L;
        var inserted = 0;
        try (var writer = servers.connect(url)) {
            writer.createStatement().execute("set default_transaction_isolation = 'read committed'");
            for (; !purge.isDone() && inserted < 100_000; inserted++) {
                var began = System.nanoTime();
                writer.createStatement().execute("insert into t values (0, now(), 'new')");
                writer.createStatement().execute("update t set t = 'touched' where id = " + (1 + inserted * 7919 % 20000));
                longest = Math.max(longest, System.nanoTime() - began);
            }
        }
        assertThat(purge.join().exit).as(purge.join().err).isZero();
        assertThat(second.join().exit).isEqualTo(2);
        assertThat(second.join().json.toString()).contains("another run is purging");
        assertThat(longest / 1e9).isLessThan(1);
        assertThat(column("select count(*) from t")).containsExactly(String.valueOf(inserted));
    }

    @Test
    void what_is_not_clear_is_asked_for() throws Exception {
        sql("create table t (id int, seen timestamptz, heard timestamptz, at_night text); create table people (id int, birthday date); "
                + "create table twice (created_at date, logged_at date); create table none (id int); create view v as select "
                        + "now() as at; "
                + "create schema other; create table other.none (id int)");
        assertThat(run("--purge", "t", "--days", "30").error()).contains("which column of public.t", "seen or heard");
        assertThat(run("--purge", "people", "--days", "30").error()).contains("--column birthday");
        assertThat(run("--purge", "twice", "--days", "30").error()).contains("--column created_at or logged_at");
        assertThat(run("--purge", "t", "--days", "30", "--column", "at_night").error()).contains("no column at_night of a "
                + "date or a time");
        assertThat(run("--purge", "t").error()).contains("--days");
        assertThat(run("--purge", "t", "--days", "0").error()).contains("--days");
        assertThat(run("--purge", "v", "--days", "30").error()).contains("there is no table v");
        assertThat(run("--purge", "none", "--days", "30").error()).contains("there are several tables none");
        assertThat(run("--purge", "other.none", "--days", "30").error()).contains("It has none");
        assertThat(run("--purge", "t", "--days", "30", "--column", "seen", "--budget", "long").exit).isNotZero();
        assertThat(run("--apply", "purge", "--days", "3").error()).contains("--purge TABLE");
    }

    // --- helpers ---

    record Ran(int exit, String out, String err, JsonObject json) {
        JsonObject kind(String name) {
            return StreamSupport.stream(json.getAsJsonArray("kinds").spliterator(), false).map(each -> each.getAsJsonObject())
                    .filter(kind -> kind.get("kind").getAsString().equals(name)).findFirst().orElseThrow();
        }

        Stream<JsonObject> all() {
            return StreamSupport.stream(json.getAsJsonArray("kinds").spliterator(), false)
                    .flatMap(kind -> StreamSupport.stream(kind.getAsJsonObject().getAsJsonArray("changes").spliterator(), false))
                    .map(each -> each.getAsJsonObject());
        }

        List<String> changes(String outcome) {
            return all().filter(change -> change.get("outcome").getAsString().equals(outcome)).map(change -> change.get("id").getAsString())
                    .toList();
        }

        JsonObject change(String id) {
            return all().filter(change -> change.get("id").getAsString().equals(id)).findFirst()
                    .orElseThrow(() -> new AssertionError("no " + id + " in " + json));
        }

        String error() {
            assertThat(exit).as(err).isEqualTo(64);
            return json.get("error").getAsString();
        }
    }

    Ran run(String... args) {
        return args[0].startsWith("postgresql://") ? run(args[0], List.of(args).subList(1, args.length)) : run(url, List.of(args));
    }

    Ran run(String url, List<String> args) {
        var with = new ArrayList<>(args);
        with.add("--json");
        var ran = text(url, with);
        return new Ran(ran.exit, ran.out, ran.err, JsonParser.parseString(ran.out).getAsJsonObject());
    }

    Ran text(String... args) {
        return text(url, List.of(args));
    }

    Ran text(String url, List<String> args) {
        var out = new StringWriter();
        var err = new StringWriter();
        var script = new optimize_postgres();
        script.database.environment = Map::of;
        var with = new ArrayList<>(args);
        with.addAll(List.of("--url", url));
        var exit = script.command().setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true))
                .execute(with.toArray(String[]::new));
        return new Ran(exit, out.toString(), err.toString(), null);
    }

    void sql(String text) throws SQLException {
        sql(url, text);
    }

    static void sql(String url, String text) throws SQLException {
        try (var connection = servers.connect(url); var statement = connection.createStatement()) {
            statement.setEscapeProcessing(false);
            statement.execute(text);
        }
    }

    /** What the last of these statements fails with, each in a transaction of its own. */
    String error(String... statements) {
        try (var connection = servers.connect(url); var statement = connection.createStatement()) {
            for (var sql : statements) {
                statement.execute(sql);
            }
            return "";
        } catch (SQLException e) {
            return e.getMessage();
        }
    }

    List<String> column(String query) throws SQLException {
        return column(url, query);
    }

    /** The rows of the last statement, the columns joined by bars; booleans as psql shows them. */
    static List<String> column(String url, String query) throws SQLException {
        try (var connection = servers.connect(url); var statement = connection.createStatement()) {
            var rows = new ArrayList<String>();
            for (var isRows = statement.execute(query); isRows || statement.getUpdateCount() != -1; isRows = statement.getMoreResults()) {
                rows.clear();
                for (var found = isRows ? statement.getResultSet() : null; found != null && found.next();) {
                    var row = new ArrayList<String>();
                    for (var i = 1; i <= found.getMetaData().getColumnCount(); i++) {
                        row.add(found.getString(i));
                    }
                    rows.add(String.join("|", row));
                }
            }
            return rows;
        }
    }

    void awaits(String condition) throws SQLException, InterruptedException {
        for (var end = System.nanoTime() + 30_000_000_000L; !column(condition).contains("t");) {
            assertThat(System.nanoTime()).as(condition).isLessThan(end);
            Thread.sleep(10);
        }
    }

    static String quote(String name) {
        return '"' + name.replace("\"", "\"\"") + '"';
    }

    /** What the catalog says about a table, without the numbers of its objects. */
    static List<String> about(String url, String table) throws SQLException {
        var relation = "'" + quote(table) + "'::regclass";
        return Stream.of("select attnum, attname, format_type(atttypid, atttypmod), attnotnull, attidentity, attgenerated, (select "
                + "collname from pg_collation where oid = attcollation), attislocal, attinhcount from pg_attribute where attrelid = %s "
                + "and attnum > 0 and not attisdropped order by 1",
                "select conname, contype, pg_get_constraintdef(oid), convalidated, conislocal, coninhcount from pg_constraint where "
                + "conrelid = %s order by 1, 3",
                "select conname, pg_get_constraintdef(oid) from pg_constraint where confrelid = %s and conparentid = 0 order by 1",
                "select pg_get_indexdef(indexrelid), indisvalid, indisprimary, indisreplident, (select count(*) from pg_inherits where "
                + "inhrelid = indexrelid) from pg_index where indrelid = %s order by 1",
                "select regexp_replace(pg_get_triggerdef(oid), '_[0-9]+\"', '_N\"'), tgenabled from pg_trigger where tgrelid "
                        + "= %s and not "
                + "tgisinternal order by 1",
                "select count(*) from pg_trigger where tgrelid = %s and tgisinternal",
                "select pg_get_expr(adbin, adrelid) from pg_attrdef where adrelid = %s order by 1",
                "select relkind, relowner::regrole, relpersistence, relreplident, relispartition, pg_get_expr(relpartbound, oid) from "
                + "pg_class where oid = %s").flatMap(query -> {
                    try {
                        return column(url, query.formatted(relation)).stream();
                    } catch (SQLException e) {
                        throw new IllegalStateException(query, e);
                    }
                }).toList();
    }

    /** All tables of the database, each as about() tells, with options and rights. */
    static List<String> fingerprint(String url) throws SQLException {
        var all = new ArrayList<String>();
        for (var table : column(url,
                "select relname from pg_class c join pg_namespace n on n.oid = relnamespace where nspname = 'public' and "
                        + "relkind in ('r', "
                + "'p', 'm', 'v') order by 1")) {
            all.add("--- " + table);
            all.addAll(about(url, table));
        }
        all.addAll(column(url,
                "select relname, reloptions::text, relacl::text from pg_class c join pg_namespace n on n.oid = relnamespace "
                        + "where nspname "
                + "= 'public' and relkind not in ('t') order by 1"));
        all.addAll(column(url,
                "select proname from pg_proc p join pg_namespace n on n.oid = pronamespace where nspname = 'public' order by 1"));
        return all;
    }
}
