//SOURCES ../scripts/run_migrations.java
//SOURCES servers.java

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonParser;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What remains when the runner, the connection or the server dies, when several run at once, and when others hold the locks. */
@Order(2)
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class run_migrations_faults_test {
    /** One statement of each kind; what each of them does can be counted. */
    static final String MIXED = """
            create table log (step int);
            create table c (id int primary key, n int not null default 0);
            insert into c select g from generate_series(1, 3) g;
            insert into log values (1);
            update c set n = n + 1;
            create table big (id int, v text);
            copy big (id, v) from stdin;
            1\tone
            2\ttwo; 'not a quote
            \\.
            create index concurrently big_id on big (id);
            insert into log values (2);
            update c set n = n + 1;
            vacuum big;
            insert into log values (3);
            create unique index concurrently on big (v);
            create type mood as enum ('sad');
            alter type mood add value 'happy';
            create table moods (mood mood default 'happy');
            insert into moods values ('happy');
            begin;
            insert into log values (4);
            update c set n = n + 1;
            commit;
            drop index concurrently big_id;
            insert into log values (5);
            reindex table concurrently big;
            create table p (id int, k int) partition by list (k);
            create table p1 partition of p for values in (1);
            create table p2 partition of p for values in (2);
            insert into p values (1, 1), (2, 2);
            alter table p detach partition p2 concurrently;
            update c set n = n + 1;
            copy log from stdin;
            6
            \\.
            """;

    static final String CALLS = """
            create table log (step int);
            create procedure work() language plpgsql as $$
            begin
              for i in 1..3 loop
                insert into log values (i);
                commit;
              end loop;
            end $$;
            call work();
            insert into log values (4);
            """;

    /** Everything in the database that a migration could have made, and the rows: what must be the same however a run came about. */
    static final String STATE = """
            with r as (select c.* from pg_class c join pg_namespace n on n.oid = relnamespace
                where nspname !~ '^(pg_.*|information_schema|pgbang)$' and relname !~ '^(schema_migrations|pgbang_)' or relname ~ '_cc(new|old)')
            select concat_ws(' ', 'relation', oid::regclass, relkind, reloptions) from r where relname !~ '^pg_toast'
            union all select concat_ws(' ', 'left over', relname) from r where relname ~ '_cc(new|old)'
            union all select concat_ws(' ', 'column', attrelid::regclass, attnum, attname, format_type(atttypid, atttypmod), attnotnull, pg_get_expr(adbin, adrelid))
                from r join pg_attribute a on attrelid = r.oid and attnum > 0 left join pg_attrdef on adrelid = attrelid and adnum = attnum where relname !~ '^pg_toast'
            union all select concat_ws(' ', 'constraint', conrelid::regclass, conname, pg_get_constraintdef(oid), convalidated) from pg_constraint where conrelid in (select oid from r)
            union all select concat_ws(' ', pg_get_indexdef(indexrelid), indisvalid, indisready, indislive) from pg_index where indrelid in (select oid from r where relname !~ '^pg_toast')
            union all select concat_ws(' ', 'partition', inhrelid::regclass, inhparent::regclass, to_jsonb(i) ->> 'inhdetachpending') from pg_inherits i where inhparent in (select oid from r)
            union all select concat_ws(' ', 'label', enumtypid::regtype, enumsortorder, enumlabel) from pg_enum
            union all select concat_ws(' ', 'function', oid::regprocedure) from pg_proc where pronamespace = 'public'::regnamespace
            union all select concat_ws(' ', 'rows of', oid::regclass, regexp_replace(query_to_xml('select * from ' || oid::regclass || ' x order by x::text', false, true, '')::text, '\\s+', ' ', 'g'))
                from r where relkind = 'r' and relname !~ '^pg_toast'
            order by 1""";

    static Own own;

    @TempDir
    Path folder;
    String url;
    final ExecutorService threads = Executors.newCachedThreadPool();
    final List<AutoCloseable> opened = new ArrayList<>();

    @BeforeEach
    void anEmptyDatabase() throws Exception {
        url = servers.database();
    }

    @AfterEach
    void nothingGoesOn() throws Exception {
        for (var i = opened.size() - 1; i >= 0; i--) {
            opened.get(i).close();
        }
        threads.shutdownNow();
    }

    @AfterAll
    static void endOfOwnServer() throws Exception {
        if (own != null) {
            own.close();
            own = null;
        }
    }

    // --- the runner dies ---

    @Test
    void killed_at_some_statement_boundary_the_next_run_does_the_rest_and_nothing_twice() throws Exception {
        killedAtEvery(3);
    }

    @Test
    @Tag("slow")
    @Timeout(value = 20, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void killed_at_any_statement_boundary_the_next_run_does_the_rest_and_nothing_twice() throws Exception {
        killedAtEvery(1);
    }

    void killedAtEvery(int step) throws Exception {
        file("001_mixed.sql", MIXED);
        var whole = run("--verbose");
        assertThat(whole.exit()).as(whole.err()).isZero();
        var wanted = state(url);
        var boundaries = (int) whole.err().lines().filter(run_migrations_faults_test::isStatement).count();
        assertThat(boundaries).isGreaterThan(25);
        inPairs(IntStream.rangeClosed(1, boundaries).filter(boundary -> boundary % step == 0).boxed().toList(), boundary -> {
            var database = servers.database();
            var killed = start(database, "--verbose");
            killed.until("statement " + boundary,
                    () -> killed.lines().stream().filter(run_migrations_faults_test::isStatement).count() >= boundary
                            || !killed.process.isAlive());
            killed.kill();
            assertEndsAs(wanted, database, "killed after statement " + boundary);
        });
    }

    static boolean isStatement(String line) {
        return line.matches(".*\\.sql:\\d+  .* \\d+ ms");
    }

    /** A plain run now ends well, with what an uninterrupted one would have left. */
    void assertEndsAs(List<String> wanted, String database, String how) throws Exception {
        var again = runAt(database);
        assertThat(again.exit()).as(how + "\n" + again.err()).isZero();
        assertThat(state(database)).as(how + "\n" + again.err()).isEqualTo(wanted);
        assertThat(column(database, "select version from schema_migrations")).as(how).containsExactly("001");
        assertThat(runAt(database).out()).as(how).startsWith("nothing to apply: 1 ");
    }

    @Test
    void cut_off_at_some_message_to_the_server_the_next_run_does_the_rest_and_nothing_twice() throws Exception {
        cutOffAtEvery(29);
    }

    @Test
    @Tag("slow")
    @Timeout(value = 20, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void cut_off_at_any_message_to_the_server_the_next_run_does_the_rest_and_nothing_twice() throws Exception {
        cutOffAtEvery(1);
    }

    /** The n-th message batch does not arrive, or arrives and is answered to nobody: what a death of the runner at that point is for the server. */
    void cutOffAtEvery(int step) throws Exception {
        file("001_mixed.sql", MIXED);
        assertThat(run().exit()).isZero();
        var wanted = state(url);
        for (var cut : Proxy.Cut.values()) {
            for (int n = 1 + cut.ordinal(), end = Integer.MAX_VALUE; n < end; n += step) {
                var database = servers.database();
                int at = n;
                try (var proxy = new Proxy(database, (number, sql) -> number == at, cut)) {
                    var ran = runAt(proxy.url);
                    if (!proxy.down) {
                        assertThat(ran.exit()).as(ran.err()).isZero();
                        end = n;
                        assertThat(proxy.messages.size()).as("messages").isGreaterThan(60);
                    } else if (ran.exit() != 0) { // else it was about the last words
                        assertThat(ran.exit()).as(ran.err()).isEqualTo(2);
                        assertThat(ran.err()).as("cut " + cut + " message " + n).doesNotContain("\tat ", "NullPointer").isNotBlank();
                    }
                }
                assertEndsAs(wanted, database, "cut " + cut + " message " + n);
            }
        }
    }

    @Test
    @Tag("slow")
    @Timeout(value = 20, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void killed_at_random_moments_the_next_run_does_the_rest_and_nothing_twice() throws Exception {
        var seed = System.nanoTime();
        System.out.println("killed_at_random_moments: seed " + seed);
        var random = new Random(seed);
        file("001_mixed.sql", MIXED.replace("update c set n = n + 1;", "update c set n = n + 1 where pg_sleep(0.02) is not null;")
                .replace("vacuum big;", "insert into log select 7 from pg_sleep(0.1);\nvacuum big;"));
        var began = System.nanoTime();
        var whole = start(url).ended(60);
        var duration = (System.nanoTime() - began) / 1_000_000;
        assertThat(whole.exit()).as(whole.err()).isZero();
        var wanted = state(url);
        var runs = Stream.generate(() -> List.of((long) (duration * random.nextDouble()), (long) (duration * random.nextDouble())))
                .limit(50).toList();
        inPairs(runs, delays -> {
            var database = servers.database();
            for (var delay : delays) { // the second run is killed as well
                var killed = start(database);
                killed.process.waitFor(delay, TimeUnit.MILLISECONDS);
                killed.kill();
            }
            assertEndsAs(wanted, database, "seed " + seed + ", killed after " + delays + " ms");
        });
    }

    @Test
    void the_backend_of_a_killed_run_that_still_builds_an_index_is_waited_for() throws Exception {
        sql("create table t (id int)", "create table log (step int)");
        var writer = transaction("insert into t values (1)");
        file("001_index.sql", "insert into log values (1);\ncreate index concurrently t_id on t (id);\ninsert into log values (2);");
        var killed = start(url);
        until(20, "the index build waits for the writer",
                "select 1 from pg_stat_activity where query like 'create index%' and wait_event_type = 'Lock' and datname = current_database()");
        killed.kill();
        var index = column("select indexrelid::text from pg_index where indrelid = 't'::regclass");
        var next = start(url);
        next.untilSaid("left a backend at work", 20);
        assertThat(column("select step::text from log")).containsExactly("1");
        writer.rollback();
        var ran = next.ended(20);
        assertThat(ran.exit()).as(ran.err()).isZero();
        assertThat(column("select indexrelid::text from pg_index where indrelid = 't'::regclass and indisvalid"))
                .as("the index that was under way, and no other").isEqualTo(index);
        assertThat(column("select step::text from log order by 1")).containsExactly("1", "2");
    }

    @Test
    void a_statement_of_a_transaction_that_a_killed_run_has_left_running_is_waited_for_and_counts_for_nothing() throws Exception {
        file("001_a.sql",
                "create table log (step int);\ninsert into log values (1);\nvacuum log;\ninsert into log select 2 from pg_sleep(2);");
        var killed = start(url);
        until(20, "it sleeps", sleeping("select 2 from pg_sleep"));
        killed.kill();
        file("001_a.sql", "create table log (step int);\ninsert into log values (1);\nvacuum log;\ninsert into log select 2;");
        var ran = run();
        assertThat(ran.exit()).as(ran.err()).isZero();
        assertThat(column("select step::text from log order by 1")).containsExactly("1", "2");
    }

    @Test
    void a_commit_that_is_under_way_when_the_run_is_killed_counts_when_it_comes_to_its_end() throws Exception {
        atOnce(run_migrations_faults_test::killedInCommit, "", "vacuum log;\n");
    }

    void killedInCommit(String cut) throws Exception {
        slowCommit();
        file("001_slow_commit.sql", "insert into log values (1);\ninsert into log values (2);\n" + cut + "insert into log values (3);");
        var killed = start(url);
        until(20, "the commit sleeps",
                "select 1 from pg_stat_activity where upper(query) = 'COMMIT' and wait_event = 'PgSleep' and datname = current_database()");
        killed.kill();
        var ran = run();
        assertThat(ran.exit()).as(ran.err()).isZero();
        assertThat(column("select step::text from log order by 1")).as(ran.err()).containsExactly("1", "2", "3");
        assertThat(column("select version from schema_migrations")).containsExactly("001");
    }

    @Test
    void a_procedure_that_commits_is_asked_about_when_the_run_died_in_it() throws Exception {
        file("001_calls.sql", CALLS);
        List<String> messages;
        try (var proxy = new Proxy(url, (number, sql) -> false, Proxy.Cut.BEFORE)) {
            assertThat(runAt(proxy.url).exit()).isZero();
            messages = proxy.messages;
        }
        var call = messages.lastIndexOf("call work()"); // the first one is in a transaction, where the server refuses it
        assertThat(call).isGreaterThan(messages.indexOf("call work()"));
        var asked = 0;
        for (var cut : Proxy.Cut.values()) {
            for (var n : List.of(call - 1, call, call + 1, call + 2)) {
                var database = servers.database();
                try (var proxy = new Proxy(database, (number, sql) -> number == n + 1, cut)) {
                    assertThat(runAt(proxy.url).exit()).isIn(0, 2);
                }
                var how = "cut " + cut + " " + messages.get(n);
                var again = runAt(database);
                if (again.exit() == 2) {
                    asked++;
                    assertThat(again.err()).as(how).contains("--in-doubt done", "--in-doubt again", "001_calls.sql:9:1", "call work()");
                    var steps = column(database, "select step::text from log order by 1");
                    assertThat(runAt(database).exit()).as(how + ": it asks again").isEqualTo(2);
                    assertThat(column(database, "select step::text from log order by 1")).as(how).isEqualTo(steps);
                    assertThat(steps).as(how).isIn(List.of(), List.of("1", "2", "3"));
                    again = runAt(database, "--in-doubt", steps.isEmpty() ? "again" : "done");
                }
                assertThat(again.exit()).as(how + "\n" + again.err()).isZero();
                assertThat(column(database, "select step::text from log order by 1")).as(how).containsExactly("1", "2", "3", "4");
            }
        }
        assertThat(asked).isGreaterThan(3);
    }

    @Test
    void a_procedure_that_was_stopped_after_a_commit_of_its_own_is_asked_about() throws Exception {
        file("001_calls.sql", CALLS.replace("commit;",
                "commit; perform pg_sleep(case when i = 2 and (select count(*) from log) = 2 then 60 else 0 end);"));
        var stopped = start(url);
        until(30, "it sleeps", sleeping("call work()"));
        stopped.process.toHandle().destroy();
        assertThat(stopped.ended(10).exit()).isEqualTo(143);
        assertThat(column("select step::text from log order by 1")).containsExactly("1", "2");
        var again = run();
        assertThat(again.exit()).as("not run once more unasked\n" + again.err()).isEqualTo(2);
        assertThat(again.err()).contains("--in-doubt");
        assertThat(column("select step::text from log order by 1")).containsExactly("1", "2");
        assertThat(run("--in-doubt", "done").exit()).isZero();
        assertThat(column("select step::text from log order by 1")).containsExactly("1", "2", "4");
    }

    // --- the server dies ---

    @Test
    @Tag("slow")
    @Timeout(value = 20, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    @ResourceLock("own server")
    void killed_with_the_server_the_next_run_does_the_rest_and_nothing_twice() throws Exception {
        var seed = System.nanoTime();
        System.out.println("killed_with_the_server: seed " + seed);
        var random = new Random(seed);
        var server = own();
        var names = 0;
        file("001_mixed.sql", MIXED.replace("update c set n = n + 1;", "update c set n = n + 1 where pg_sleep(0.03) is not null;"));
        var reference = server.database("whole");
        assertThat(runAt(reference).exit()).isZero();
        var wanted = state(reference);
        for (var i = 0; i < 10; i++) {
            var database = server.database("crash" + names++);
            var running = start(database, "--verbose");
            var statement = 1 + random.nextInt(30);
            running.until("statement " + statement,
                    () -> running.lines().stream().filter(run_migrations_faults_test::isStatement).count() >= statement
                            || !running.process.isAlive());
            Thread.sleep(random.nextInt(40)); // the moment is to be any
            server.kill();
            var ran = running.ended(20);
            assertThat(ran.exit()).isIn(0, 2);
            assertThat(ran.err()).doesNotContain("\tat ");
            server.start();
            assertEndsAs(wanted, database, "seed " + seed + ", crash " + i + " near statement " + statement + "\n" + ran.err());
        }
    }

    @Test
    @Tag("slow")
    @Timeout(value = 20, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    @ResourceLock("own server")
    void a_commit_that_nobody_can_tell_the_end_of_is_not_said_to_be_rolled_back() throws Exception {
        var server = own();
        var database = server.database("unanswered");
        sqlAt(database, "create table log (step int)");
        file("001_a.sql", "insert into log values (1);\nselect pg_sleep(1);");
        var running = start(database);
        until(20, "it sleeps", database, sleeping("select pg_sleep"));
        sqlAt(server.url("postgres"), "alter system set synchronous_standby_names = 'nobody'", "select pg_reload_conf()");
        try {
            until(20, "the commit waits for a standby that does not exist", server.url("postgres"),
                    "select 1 from pg_stat_activity where wait_event = 'SyncRep'");
            sqlAt(server.url("postgres"), "select pg_terminate_backend(pid) from pg_stat_activity where wait_event = 'SyncRep'");
            var ran = running.ended(20);
            assertThat(column(database, "select step::text from log")).as("the server did commit").containsExactly("1");
            assertThat(ran.exit()).isEqualTo(2);
            assertThat(ran.err()).doesNotContain("rolled back", "nothing of this file remains");
        } finally {
            sqlAt(server.url("postgres"), "set synchronous_commit = local", "alter system reset synchronous_standby_names",
                    "select pg_reload_conf()");
        }
        var next = runAt(database);
        assertThat(next.exit()).as(next.err()).isZero();
        assertThat(column(database, "select step::text from log")).containsExactly("1");
    }

    @ParameterizedTest
    @ValueSource(strings = {"insert into log values (1);", "begin;\ninsert into log values (1);\ncommit;",
            "vacuum log;\ninsert into log values (1);"})
    void a_commit_whose_answer_was_lost_is_not_said_to_be_rolled_back(String text) throws Exception {
        sql("create table log (step int)");
        file("001_a.sql", text);
        try (var proxy = new Proxy(url, (n, sql) -> sql.equalsIgnoreCase("commit")
                && column("select 1 from pg_stat_activity where datname = current_database() and backend_xid is not null"
                        + " and exists (select from pg_locks where pid = pg_stat_activity.pid and relation = 'log'::regclass and mode = 'RowExclusiveLock')")
                        .size() == 1,
                Proxy.Cut.AFTER)) {
            var ran = runAt(proxy.url);
            assertThat(proxy.down).isTrue();
            assertThat(column("select step::text from log")).as("the server did commit").containsExactly("1");
            assertThat(ran.exit()).isEqualTo(2);
            assertThat(ran.err()).doesNotContain("rolled back", "nothing of this file remains");
        }
        assertThat(run().exit()).isZero();
        assertThat(column("select step::text from log")).containsExactly("1");
    }

    // --- many runners ---

    @Test
    void eight_runners_at_once_apply_each_file_once_and_do_not_hang() throws Exception {
        crowd(url);
    }

    @Test
    void eight_runners_through_pgbouncer_in_transaction_mode_apply_each_file_once_and_do_not_hang() throws Exception {
        var pooler = bouncer(url);
        crowd(pooler);
        assertPoolIsClean(pooler);
    }

    void crowd(String address) throws Exception {
        sql("create table log (step int)");
        for (var i = 1; i <= 20; i++) {
            file("%03d_f.sql".formatted(i),
                    "create table t%1$d (id int);\ninsert into log values (%1$d);\ncreate index concurrently t%1$d_id on t%1$d (id);\ninsert into log values (100 + %1$d);"
                            .formatted(i));
        }
        var runs = Stream.generate(() -> CompletableFuture.supplyAsync(() -> runAt(address), threads)).limit(8).toList();
        for (var run : runs) {
            var ran = run.get(60, TimeUnit.SECONDS);
            assertThat(ran.exit()).as(ran.err()).isZero();
        }
        assertThat(column("select step from log order by step")).isEqualTo(
                Stream.concat(IntStream.rangeClosed(1, 20).boxed(), IntStream.rangeClosed(101, 120).boxed()).map(String::valueOf).toList());
        assertThat(column("select count(*) from pg_index where indisvalid and indexrelid::regclass::text ~ '^t\\d+_id$'"))
                .containsExactly("20");
        assertThat(column("select count(*) from schema_migrations")).containsExactly("20");
    }

    @Test
    void a_file_that_sets_its_session_leaves_nothing_to_the_next_client_of_the_pooler() throws Exception {
        sql("create schema app", "create table log (path text, patience text, role text)", "create role " + role(),
                "grant all on log to " + role(), "grant all on schema app to " + role());
        file("001_sets.sql", """
                set search_path = app, public;
                set lock_timeout = '7s';
                create table here (id int);
                begin;
                insert into here values (1);
                commit;
                set role %s;
                insert into log select current_setting('search_path'), current_setting('lock_timeout'), current_user;
                create temp table passing (id int);
                """.formatted(role()));
        var pooler = bouncer(url);
        var ran = runAt(pooler);
        assertThat(ran.exit()).as(ran.err()).isZero();
        assertThat(column("select path from log")).containsExactly("app, public");
        assertThat(column("select patience || role from log")).containsExactly("7s" + role());
        assertThat(column("select to_regclass('app.here')::text")).containsExactly("app.here");
        assertPoolIsClean(pooler);
    }

    @Test
    void a_lone_statement_that_a_setting_of_the_file_does_not_reach_through_the_pooler_is_refused() throws Exception {
        sql("create schema app", "create table t (id int)", "create index t_id on t (id)", "create table app.t (id int)",
                "create index t_id on app.t (id)");
        var pooler = bouncer(url);
        for (var set : List.of("set search_path = app", "select set_config('search_path', 'app', false)",
                "begin; set search_path = app; commit", "select 1; set search_path to app")) {
            file("001_a.sql", set + ";\ndrop index concurrently t_id;");
            var ran = runAt(pooler);
            assertThat(column("select to_regclass('public.t_id')::text")).as(set).containsExactly("t_id");
            assertThat(ran.exit()).as(set + "\n" + ran.err()).isEqualTo(2);
            assertThat(ran.err()).as(set).contains("001_a.sql:2:1", "pooler", "directly");
            sql("delete from pgbang.migration_journal");
        }
        file("001_a.sql", "begin; set local search_path = app; commit;\ndrop index concurrently app.t_id;");
        var ran = runAt(pooler);
        assertThat(ran.exit()).as(ran.err()).isZero();
        assertThat(column("select to_regclass('public.t_id')::text || coalesce(to_regclass('app.t_id')::text, '')"))
                .containsExactly("t_id");
    }

    @Test
    void through_a_pooler_the_backend_of_a_killed_run_is_waited_for_as_well() throws Exception {
        slowIndex();
        file("001_index.sql",
                "create table log (step int);\ninsert into log values (1);\ncreate index concurrently t_id on t (slow(id));\ninsert into log values (2);");
        var pooler = bouncer(url);
        var killed = start(pooler);
        until(20, "the index is being built", sleeping("create index"));
        killed.kill();
        var next = start(pooler, "--verbose");
        until(20, "the next run waits for the end of it",
                () -> next.lines().stream()
                        .anyMatch(line -> line.contains("left a backend at work") || line.contains("which builds an index"))
                        || !next.process.isAlive());
        assertThat(next.process.isAlive()).as(() -> String.join("\n", next.lines())).isTrue();
        assertThat(column("select count(*) from pg_index where indrelid = 't'::regclass")).containsExactly("1");
        var ran = next.ended(20);
        assertThat(ran.exit()).as(ran.err()).isZero();
        assertThat(column("select count(*) || ' ' || bool_and(indisvalid) from pg_index where indrelid = 't'::regclass"))
                .containsExactly("1 true");
        assertThat(column("select step::text from log order by 1")).containsExactly("1", "2");
    }

    /** To commit step 2 takes two seconds. */
    void slowCommit() throws SQLException {
        sql("create table log (step int)",
                "create function slow() returns trigger language plpgsql as 'begin perform pg_sleep(2); return null; end'",
                "create constraint trigger at_commit after insert on log deferrable initially deferred for each row when (new.step = 2) execute function slow()");
    }

    /** An index on slow(id) takes four seconds. */
    void slowIndex() throws SQLException {
        sql("create table t (id int)", "insert into t values (1)",
                "create function slow(i int) returns int immutable language plpgsql as 'begin perform pg_sleep(4); return i; end'");
    }

    @Test
    void through_a_pooler_a_procedure_of_a_killed_run_is_asked_about_when_it_has_ended() throws Exception {
        atOnce(run_migrations_faults_test::killedInCallThroughPooler, "", "begin; select 1; commit;\n",
                "begin; select 1; commit;\nbegin; select 1; commit;\n"); // each comes to another backend
    }

    @Test
    void through_a_pooler_a_commit_that_is_under_way_when_the_run_is_killed_counts_when_it_comes_to_its_end() throws Exception {
        atOnce(run_migrations_faults_test::killedInCommitThroughPooler, "", "begin; select 1; commit;\n",
                "begin; select 1; commit;\nbegin; select 1; commit;\n");
    }

    void killedInCommitThroughPooler(String before) throws Exception {
        slowCommit();
        file("001_slow_commit.sql", before + "insert into log values (1);\ninsert into log values (2);");
        var pooler = bouncer(url);
        var killed = start(pooler);
        until(20, "the commit sleeps",
                "select 1 from pg_stat_activity where upper(query) = 'COMMIT' and wait_event = 'PgSleep' and datname = current_database()");
        killed.kill();
        var ran = runAt(pooler);
        assertThat(ran.exit()).as(ran.err()).isZero();
        until(10, "nothing goes on",
                "select 1 where not exists (select from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database())");
        assertThat(column("select step::text from log order by 1")).as(ran.err()).containsExactly("1", "2");
        assertThat(column("select version from schema_migrations")).containsExactly("001");
    }

    void killedInCallThroughPooler(String before) throws Exception {
        sql("create table log (step int)",
                "create procedure work() language plpgsql as 'begin insert into log values (1); commit; perform pg_sleep(3); insert into log values (2); commit; end'");
        file("001_a.sql", before + "call work();\ninsert into log values (3);");
        var pooler = bouncer(url);
        var killed = start(pooler);
        until(20, "it sleeps", sleeping("call work"));
        killed.kill();
        var asked = runAt(pooler);
        assertThat(column(sleeping("call work"))).as("what is to be looked at stands still\n" + asked.err()).isEmpty();
        assertThat(asked.exit()).isEqualTo(2);
        assertThat(asked.err()).contains("--in-doubt done", "--in-doubt again");
        assertThat(runAt(pooler, "--in-doubt", "done").exit()).isZero();
        assertThat(column("select step::text from log order by 1")).containsExactly("1", "2", "3");
    }

    void assertPoolIsClean(String pooler) throws Exception {
        var clients = new ArrayList<Connection>();
        var backends = new ArrayList<String>();
        try {
            for (var i = 0; i < 12; i++) { // in transactions all at once: each on a server connection of its own
                var client = pgbouncer.connect(pooler);
                clients.add(client);
                client.setAutoCommit(false);
                var settings = client.createStatement().executeQuery("""
                        select concat_ws('|', current_setting('lock_timeout'), current_setting('search_path'), current_setting('statement_timeout'), current_user,
                            current_setting('idle_in_transaction_session_timeout'), to_regclass('passing'), (select count(*) from pg_prepared_statements where statement !~ 'concat_ws')), pg_backend_pid()""");
                settings.next();
                backends.add(settings.getString(2));
                assertThat(settings.getString(1)).isEqualTo("0|\"$user\", public|0|postgres|0|0");
            }
            assertThat(Set.copyOf(backends)).hasSize(12);
            assertThat(column(
                    "select locktype || ' ' || mode || ' ' || coalesce(relation::regclass::text, '') from pg_locks where database = (select oid from pg_database"
                            + " where datname = current_database()) and pid <> pg_backend_pid() and pid::text <> all ('{"
                            + String.join(",", backends) + "}')"))
                    .isEmpty();
            assertThat(column("select mode from pg_locks where relation = to_regclass('pgbang.migration_lock')")).isEmpty();
        } finally {
            for (var client : clients) {
                client.close();
            }
        }
    }

    // --- the locks of others ---

    @Test
    void a_reader_in_the_way_holds_up_nobody_else_for_longer_than_the_lock_timeout() throws Exception {
        readerInTheWay(5, 1, "--lock-timeout", "1");
    }

    @Test
    @Tag("slow")
    @Timeout(value = 20, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void a_reader_in_the_way_for_long_holds_up_nobody_else_for_longer_than_the_lock_timeout() throws Exception {
        readerInTheWay(30, 3);
    }

    void readerInTheWay(int seconds, double patience, String... options) throws Exception {
        sql("create table t (id int)", "insert into t values (1)");
        file("001_alter.sql", "create table before (id int);\nalter table t add column more int default 7;");
        var reader = transaction("set application_name = 'a slow report'", "select * from t");
        var pid = pid(reader);
        var over = new AtomicBoolean();
        var longest = CompletableFuture.supplyAsync(() -> longestRead(over), threads);
        var running = start(url, options);
        var until = System.nanoTime() + seconds * 1_000_000_000L;
        running.untilSaid("pid " + pid + ", a slow report", 10);
        assertThat(running.process.waitFor(until - System.nanoTime(), TimeUnit.NANOSECONDS)).as("it goes on trying").isFalse();
        reader.rollback();
        var ran = running.ended(15);
        over.set(true);
        assertThat(ran.exit()).as(ran.err()).isZero();
        assertThat(longest.get(10, TimeUnit.SECONDS)).as("seconds that another reader waited at most").isLessThan(patience + 0.5);
        assertThat(column("select more::text from t")).containsExactly("7");
        assertThat(column("select count(*) from schema_migrations")).containsExactly("1");
    }

    /** Reads table t every 50 ms; the longest took so many seconds. */
    double longestRead(AtomicBoolean over) {
        try (var connection = connect(url)) {
            var longest = 0.0;
            while (!over.get()) {
                var start = System.nanoTime();
                connection.createStatement().executeQuery("select id from t");
                longest = Math.max(longest, (System.nanoTime() - start) / 1e9);
                Thread.sleep(50);
            }
            return longest;
        } catch (SQLException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void a_reader_who_stays_beyond_the_deadline_is_named_and_nothing_remains() throws Exception {
        atOnce(run_migrations_faults_test::readerBeyondDeadline, true, false);
    }

    void readerBeyondDeadline(Boolean before) throws Exception {
        sql("create table t (id int)");
        file("001_alter.sql", "create table made (id int);\nalter table t add column more int;");
        var reader = transaction("set application_name = 'a slow report'", "select * from t");
        if (before) {
            until(5, "the reader has been there for long", "select 1 from pg_stat_activity where pid = " + pid(reader)
                    + " and xact_start < clock_timestamp() - interval '1.1 seconds'");
        }
        var started = System.nanoTime();
        var ran = run("--lock-timeout", "0.5", "--lock-deadline", "2");
        assertThat((System.nanoTime() - started) / 1e9).isBetween(1.9, 5.0);
        assertThat(ran.exit()).isEqualTo(2);
        assertThat(ran.err()).contains("pid " + pid(reader), "a slow report");
        assertThat(ran.err().substring(ran.err().lastIndexOf("run_migrations: "))).as("the message names who is in the way")
                .contains("pid " + pid(reader), "a slow report", "--lock-deadline");
        assertThat(column("select to_regclass('made')::text")).containsExactly((String) null);
        assertThat(column("select attname from pg_attribute where attrelid = 't'::regclass and attnum > 0")).containsExactly("id");
        assertThat(column("select to_regclass('schema_migrations')::text")).containsExactly((String) null);
        reader.rollback();
        assertThat(run().exit()).isZero();
    }

    @Test
    void a_lone_statement_that_does_not_get_its_lock_holds_up_nobody_for_longer_than_the_lock_timeout() throws Exception {
        sql("create table t (id int)", "insert into t values (1)");
        file("001_alone.sql", "vacuum full t;");
        var reader = transaction("set application_name = 'a slow report'", "select * from t");
        var over = new AtomicBoolean();
        var longest = CompletableFuture.supplyAsync(() -> longestRead(over), threads);
        var running = start(url, "--lock-timeout", "0.5");
        running.untilSaid("pid " + pid(reader) + ", a slow report", 10);
        running.untilSaid("again in", 10);
        reader.rollback();
        var ran = running.ended(20);
        over.set(true);
        assertThat(ran.exit()).as(ran.err()).isZero();
        assertThat(longest.get(10, TimeUnit.SECONDS)).isLessThan(1.0);
        assertThat(column("select state from pgbang.migration_journal where state in ('begun', 'failed')")).isEmpty();
    }

    @Test
    @ResourceLock("own server")
    void a_prepared_transaction_in_the_way_is_named() throws Exception {
        var database = own().database("prepared");
        sqlAt(database, "create table t (id int)");
        file("001_alter.sql", "alter table t add column more int;");
        try (var connection = connect(database)) {
            connection.setAutoCommit(false);
            connection.createStatement().execute("insert into t values (1)");
            connection.createStatement().execute("prepare transaction 'left lying about'");
            connection.commit();
        }
        var ran = runAt(database, "--lock-timeout", "0.5", "--lock-deadline", "1");
        assertThat(ran.exit()).isEqualTo(2);
        assertThat(ran.err()).contains("a prepared transaction", "left lying about");
        assertThat(column(database, "select attname from pg_attribute where attrelid = 't'::regclass and attnum > 0"))
                .containsExactly("id");
        sqlAt(database, "commit prepared 'left lying about'");
        assertThat(runAt(database).exit()).isZero();
        assertThat(column(database, "select count(*) from t where more is null")).containsExactly("1");
    }

    @Test
    void a_second_statement_that_does_not_get_its_lock_makes_the_whole_transaction_run_again() throws Exception {
        atOnce(run_migrations_faults_test::secondStatementBlocked, "", "begin;\n");
    }

    void secondStatementBlocked(String begin) throws Exception {
        sql("create table t (id int)", "create table log (step int)", "create table c (n int)", "insert into c values (0)");
        file("001_unit.sql", begin
                + "insert into log values (1);\nupdate c set n = n + 1;\ncopy log from stdin;\n2\n\\.\nselect pg_sleep(0.5);\nalter table t add column more int;\ninsert into log values (3);\n"
                + (begin.isEmpty() ? "" : "commit;\n"));
        var running = start(url, "--lock-timeout", "0.3");
        until(20, "the transaction is under way", sleeping("select pg_sleep"));
        var reader = transaction("select * from t");
        running.untilSaid("rolled back, again in", 10);
        reader.rollback();
        var ran = running.ended(20);
        assertThat(ran.exit()).as(ran.err()).isZero();
        assertThat(column("select step::text from log order by step")).containsExactly("1", "2", "3");
        assertThat(column("select n::text from c")).containsExactly("1");
    }

    @Test
    void whom_a_deadlock_hits_tries_again() throws Exception {
        sql("create table a (id int)", "create table b (id int)", "create table log (step int)",
                "alter database " + name(url) + " set deadlock_timeout = '1500ms'");
        file("001_both.sql",
                "insert into log values (1);\nselect pg_sleep(0.5);\nalter table b add column more int;\nalter table a add column more int;");
        var running = start(url, "--lock-timeout", "30");
        until(20, "the transaction is under way", sleeping("select pg_sleep"));
        var other = transaction("set deadlock_timeout = '60s'", "lock table a in access exclusive mode");
        until(20, "the run waits for a", "select 1 from pg_locks where relation = 'a'::regclass and not granted");
        other.createStatement().execute("lock table b in access exclusive mode"); // granted when the run has been chosen to give way
        other.commit();
        var ran = running.ended(20);
        assertThat(ran.exit()).as(ran.err()).isZero();
        assertThat(ran.err()).contains("deadlock; rolled back, again in");
        assertThat(column("select step::text from log")).containsExactly("1");
        assertThat(column("select count(*) from pg_attribute where attname = 'more'")).containsExactly("2");
    }

    @Test
    void a_commit_that_does_not_get_its_lock_is_tried_again_as_a_whole() throws Exception {
        sql("create table log (step int)", "create table c (n int)", "insert into c values (0)",
                "create function late() returns trigger language plpgsql as 'begin update c set n = n + 1; return null; end'",
                "create constraint trigger late after insert on log deferrable initially deferred for each row execute function late()");
        file("001_a.sql", "insert into log values (1);");
        var writer = transaction("update c set n = 10");
        var running = start(url, "--lock-timeout", "0.3");
        running.untilSaid("again in", 10);
        writer.rollback();
        var ran = running.ended(20);
        assertThat(ran.exit()).as(ran.err()).isZero();
        assertThat(column("select step::text from log")).containsExactly("1");
        assertThat(column("select n::text from c")).containsExactly("1");
    }

    @Test
    void a_procedure_that_committed_before_it_met_a_lock_is_not_tried_again_but_asked_about() throws Exception {
        sql("create table log (step int)", "create table t (id int)",
                "create procedure work() language plpgsql as 'begin insert into log values (1); commit; alter table t add column more int; end'");
        file("001_a.sql", "call work();\ninsert into log values (2);");
        var reader = transaction("select * from t");
        var failed = run("--lock-timeout", "0.3", "--lock-deadline", "3");
        assertThat(failed.exit()).isEqualTo(2);
        assertThat(failed.err()).contains("55P03", "--in-doubt").doesNotContain("nothing of this file remains");
        reader.rollback();
        assertThat(column("select step::text from log")).containsExactly("1");
        assertThat(run("--status").out()).contains("failed", "001_a.sql:1:1");
        assertThat(run().err()).contains("--in-doubt done", "--in-doubt again");
        assertThat(column("select step::text from log")).containsExactly("1");
        assertThat(run("--in-doubt", "again").exit()).isZero();
        assertThat(column("select step::text from log order by 1")).containsExactly("1", "1", "2");
    }

    // --- invalid indexes ---

    @ParameterizedTest
    @ValueSource(strings = {"once", ""})
    void a_unique_index_that_cannot_be_built_leaves_no_invalid_index(String name) throws Exception {
        sql("create table t (id int)", "insert into t values (1), (1)", "create index other on t (id)");
        file("001_unique.sql", "create unique index concurrently " + name + " on t (id);");
        for (var i = 0; i < 2; i++) {
            var failed = run();
            assertThat(failed.exit()).isEqualTo(2);
            assertThat(failed.err()).contains("001_unique.sql:1:1", "23505", "Key (id)=(1) is duplicated");
            assertThat(indexes("t")).containsExactly("other true");
        }
        sql("delete from t");
        assertThat(run().exit()).isZero();
        assertThat(indexes("t")).containsExactlyInAnyOrder("other true", (name.isEmpty() ? "t_id_idx" : name) + " true");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "if not exists"})
    void an_invalid_index_of_the_name_is_dropped_and_built(String option) throws Exception {
        sql("create table t (id int)", "insert into t values (1), (1)");
        invalidIndex("once", "t (id)");
        sql("delete from t", "insert into t values (1)");
        file("001_unique.sql", "create unique index concurrently " + option + " once on t (id);");
        var ran = run();
        assertThat(ran.exit()).as(ran.err()).isZero();
        assertThat(ran.err()).contains("dropping the invalid index once");
        assertThat(indexes("t")).containsExactly("once true");
        assertThat(column("select indisunique::text from pg_index where indrelid = 't'::regclass")).containsExactly("true");
    }

    @Test
    void an_index_that_another_session_is_still_building_is_not_dropped() throws Exception {
        atOnce(run_migrations_faults_test::indexOfAnother, true, false);
    }

    void indexOfAnother(Boolean superuser) throws Exception {
        var role = superuser ? "postgres" : role(); // who may not see what others are at
        sql("create role " + role() + " login", "grant all on database " + name(url) + " to " + role(),
                "grant all on schema public to " + role(), "create table t (id int)",
                "alter table t owner to " + role);
        var writer = transaction("insert into t values (1)");
        var building = CompletableFuture.runAsync(() -> sqlUnchecked("create index concurrently t_id on t (id)"), threads);
        until(10, "the index is being built", "select 1 from pg_index where indrelid = 't'::regclass and not indisvalid");
        var index = column("select indexrelid::text from pg_index where indrelid = 't'::regclass");
        file("001_index.sql", "create index concurrently if not exists t_id on t (id);");
        var running = start(url.replace("postgres@", role + "@"));
        running.process.waitFor(1500, TimeUnit.MILLISECONDS); // it may look, wait, or stop: nothing of it shows in the catalog
        assertThat(column("select indexrelid::text from pg_index where indrelid = 't'::regclass")).isEqualTo(index);
        writer.rollback();
        building.get(20, TimeUnit.SECONDS);
        var ran = running.ended(20);
        assertThat(ran.exit()).as(ran.err()).isZero();
        assertThat(column("select indexrelid::text from pg_index where indrelid = 't'::regclass and indisvalid"))
                .as("the index is the one of the other session\n" + ran.err()).isEqualTo(index);
    }

    @Test
    void a_valid_index_of_the_name_is_left_alone_by_if_not_exists_and_an_error_without() throws Exception {
        sql("create table t (id int)", "create index t_id on t (id)");
        var index = column("select indexrelid::text from pg_index where indrelid = 't'::regclass");
        file("001_index.sql", "create index concurrently if not exists t_id on t (id);");
        assertThat(run().exit()).isZero();
        file("002_index.sql", "create index concurrently t_id on t (id);");
        var failed = run();
        assertThat(failed.exit()).isEqualTo(2);
        assertThat(failed.err()).contains("already exists", "42P07");
        assertThat(column("select indexrelid::text from pg_index where indrelid = 't'::regclass and indisvalid")).isEqualTo(index);
    }

    @Test
    void an_invalid_index_of_another_name_or_table_is_nobody_s_to_drop() throws Exception {
        sql("create schema app", "create table t (id int)", "insert into t values (1), (1)", "create table app.t (id int)",
                "insert into app.t values (1), (1)");
        invalidIndex("mine", "t (id)");
        invalidIndex("t_id", "app.t (id)");
        file("001_index.sql", "create index concurrently t_id on t (id);\nreindex index concurrently t_id;");
        assertThat(run().exit()).isZero();
        assertThat(indexes("t")).containsExactlyInAnyOrder("mine false", "t_id true");
        assertThat(indexes("app.t")).containsExactly("app.t_id false");
    }

    @Test
    void a_concurrent_statement_that_gave_up_waiting_leaves_nothing_half_done_to_the_next_run() throws Exception {
        atOnce(run_migrations_faults_test::gaveUpWaiting, "create index concurrently t_id on t (id)", "create index concurrently on t (id)",
                "reindex index concurrently known", "reindex table concurrently t", "drop index concurrently known");
    }

    void gaveUpWaiting(String statement) throws Exception {
        sql("create table t (id int)", "create index known on t (id)");
        file("001_a.sql", statement);
        var wanted = servers.database();
        sqlAt(wanted, "create table t (id int)", "create index known on t (id)", statement);
        for (var blocker : List.of("insert into t values (1)", "select * from t")) { // it stops at different phases of the work
            var other = transaction(blocker);
            var ran = run("--lock-deadline", "1", "--lock-timeout", "0.5");
            other.rollback();
            if (ran.exit() == 0) {
                break; // a reader does not stop CREATE INDEX
            }
            assertThat(ran.exit()).as(ran.err()).isEqualTo(2);
            assertThat(ran.err()).contains("55P03", "pid " + pid(other));
        }
        var ran = run();
        assertThat(ran.exit()).as(ran.err()).isZero();
        assertThat(state(url)).isEqualTo(state(wanted));
    }

    // --- in doubt ---

    /** A file with one such statement between two that count; what must be there before it, and what shows at the end that it has run once. */
    record InDoubt(String statement, List<String> before, String shows, String wanted) {
        @Override
        public String toString() {
            return statement;
        }
    }

    static Stream<InDoubt> inDoubt() {
        var table = "create table t (id int)";
        var partitioned = List.of("create table p (k int) partition by list (k)", "create table p1 partition of p for values in (1)");
        return Stream.of(
                new InDoubt("create index concurrently t_id on t (id)", List.of(table),
                        "select count(*) || ' ' || bool_and(indisvalid) from pg_index where indrelid = 't'::regclass", "1 true"),
                new InDoubt("create index concurrently on t (id)", List.of(table, "create index t_id_idx on t (id)"),
                        "select count(*) || ' ' || bool_and(indisvalid) from pg_index where indrelid = 't'::regclass", "2 true"),
                new InDoubt("drop index concurrently t_id", List.of(table, "create index t_id on t (id)"),
                        "select count(*) from pg_index where indrelid = 't'::regclass", "0"),
                new InDoubt("reindex index concurrently t_id", List.of(table, "create index t_id on t (id)"),
                        "select count(*) || ' ' || bool_and(indisvalid) from pg_index where indrelid = 't'::regclass", "1 true"),
                new InDoubt("alter table p detach partition p1 concurrently", partitioned,
                        "select count(*) from pg_inherits where inhparent = 'p'::regclass", "0"),
                new InDoubt("create database :other", List.of(), "select count(*) from pg_database where datname = ':other'", "1"),
                new InDoubt("drop database :other", List.of("create database :other"),
                        "select count(*) from pg_database where datname = ':other'", "0"),
                new InDoubt("vacuum t", List.of(table), "select count(*) from t", "0"));
    }

    @Test
    void what_was_under_way_when_a_run_died_is_settled_as_the_catalog_shows() throws Exception {
        atOnce((test, kind) -> {
            for (var cut : Proxy.Cut.values()) {
                var ran = test.settled(kind, cut, "", "", List.of());
                assertThat(ran.err()).as(cut.toString()).contains("001_a.sql:2:1 was under way when a run died");
            }
        }, inDoubt().toArray(InDoubt[]::new));
    }

    @Test
    void what_was_under_way_is_looked_for_in_the_search_path_of_the_file() throws Exception {
        atOnce((test, kind) -> {
            for (var cut : List.of(Proxy.Cut.BEFORE, Proxy.Cut.AFTER)) {
                test.settled(kind, cut, "create schema app", "set search_path = app, public; ", List.of());
            }
        }, inDoubt().filter(kind -> !kind.statement.contains("database")).toArray(InDoubt[]::new));
    }

    /** Runs until the statement, dies there, has meanwhile done, runs again: the statement counts once, and what stands around it as well. */
    Ran settled(InDoubt kind, Proxy.Cut cut, String schema, String setting, List<String> meanwhile) throws Exception {
        var database = servers.database();
        var other = name(database) + "_other";
        var statement = kind.statement.replace(":other", other);
        sqlAt(database, "create table log (step int)", schema);
        try (var session = connect(database)) {
            session.createStatement().execute(setting);
            for (var sql : kind.before) {
                session.createStatement().execute(sql.replace(":other", other));
            }
        }
        file("001_a.sql", setting + "insert into log values (1);\n" + statement + ";\ninsert into log values (2);");
        try (var proxy = new Proxy(database, (n, sql) -> sql.startsWith(statement), cut)) {
            var died = runAt(proxy.url);
            assertThat(proxy.down).as(died.err()).isTrue();
            assertThat(died.exit()).isEqualTo(2);
        }
        assertThat(
                column(database, "select state || ' ' || statement from pgbang.migration_journal where state <> 'done' and version <> ''"))
                .containsExactly("begun " + statement);
        for (var sql : meanwhile) {
            sqlAt(database, sql);
        }
        var ran = runAt(database);
        assertThat(ran.exit()).as(cut + "\n" + ran.err()).isZero();
        try (var session = connect(database)) {
            session.createStatement().execute(setting);
            var shows = session.createStatement().executeQuery(kind.shows.replace(":other", other));
            shows.next();
            assertThat(shows.getString(1)).as(cut + "\n" + ran.err()).isEqualTo(kind.wanted);
        }
        assertThat(column(database, "select step::text from log order by 1")).as(cut.toString()).containsExactly("1", "2");
        assertThat(column(database, "select version from schema_migrations")).containsExactly("001");
        sqlAt(servers.database(), "drop database if exists " + other);
        return ran;
    }

    @Test
    void an_index_that_a_dead_server_left_half_built_is_dropped_and_built_again() throws Exception {
        var named = inDoubt().toList().get(0);
        var ran = settled(named, Proxy.Cut.BEFORE, "", "",
                List.of("insert into t values (1), (1)", "!create unique index concurrently t_id on t (id)"));
        assertThat(ran.err()).contains("dropping the invalid index t_id");
        var unnamed = inDoubt().toList().get(1);
        settled(unnamed, Proxy.Cut.BEFORE, "", "", List.of("insert into t values (1), (1)", "!create unique index concurrently on t (id)"));
    }

    @Test
    void a_partition_that_was_half_detached_is_detached() throws Exception {
        var database = servers.database();
        sqlAt(database, "create table log (step int)", "create table p (k int) partition by list (k)",
                "create table p1 partition of p for values in (1)");
        file("001_a.sql", "insert into log values (1);\nalter table p detach partition p1 concurrently;\ninsert into log values (2);");
        var reader = transactionAt(database, "select * from p");
        var killed = start(database);
        until(20, "it waits for the reader", database, "select 1 from pg_inherits where inhdetachpending");
        killed.kill();
        sqlAt(database,
                "select pg_terminate_backend(pid) from pg_stat_activity where query like 'alter table p detach%' and datname = current_database()");
        until(10, "the backend has gone", database,
                "select 1 where not exists (select from pg_stat_activity where query like 'alter table p detach%' and datname = current_database() and pid <> pg_backend_pid())");
        reader.rollback();
        assertThat(column(database, "select count(*) from pg_inherits where inhdetachpending")).containsExactly("1");
        var ran = runAt(database);
        assertThat(ran.exit()).as(ran.err()).isZero();
        assertThat(column(database, "select count(*) from pg_inherits")).containsExactly("0");
        assertThat(column(database, "select step::text from log order by 1")).containsExactly("1", "2");
    }

    @Test
    void a_half_detached_partition_is_finished_also_after_an_error_that_was_seen() throws Exception {
        sql("create table p (k int) partition by list (k)", "create table p1 partition of p for values in (1)");
        file("001_a.sql", "alter table p detach partition p1 concurrently;");
        var reader = transaction("select * from p");
        var failed = run("--lock-deadline", "0.5");
        assertThat(failed.exit()).as(failed.err()).isEqualTo(2);
        reader.rollback();
        assertThat(column("select count(*) from pg_inherits where inhdetachpending")).containsExactly("1");
        var ran = run();
        assertThat(ran.exit()).as(ran.err()).isZero();
        assertThat(column("select count(*) from pg_inherits")).containsExactly("0");
    }

    @Test
    void done_and_again_are_obeyed() throws Exception {
        for (var answer : List.of("done", "again")) {
            var database = servers.database();
            file("001_calls.sql", CALLS);
            try (var proxy = new Proxy(database,
                    (n, sql) -> sql.startsWith("call work()")
                            && column(database, "select 1 from pgbang.migration_journal where state = 'begun'").size() == 1,
                    Proxy.Cut.AFTER)) {
                runAt(proxy.url);
                assertThat(proxy.down).isTrue();
            }
            assertThat(runAt(database).err()).contains("--in-doubt done", "--in-doubt again");
            assertThat(runAt(database, "--status", "--json").out()).contains("\"failed\"", "001_calls.sql:9", "died during call work()");
            var ran = runAt(database, "--in-doubt", answer);
            assertThat(ran.exit()).as(ran.err()).isZero();
            assertThat(column(database, "select step::text from log order by 1"))
                    .isEqualTo(answer.equals("done") ? List.of("1", "2", "3", "4") : List.of("1", "1", "2", "2", "3", "3", "4"));
        }
    }

    @Test
    void an_answer_is_for_what_is_in_doubt_only() throws Exception {
        file("001_a.sql", "create table log (step int);\nvacuum log;\ninsert into log values (1);");
        assertThat(run("--in-doubt", "done").exit()).isZero();
        assertThat(column("select step::text from log")).containsExactly("1");
    }

    // --- a failure in the middle ---

    @Test
    void after_a_failure_in_the_middle_the_next_run_goes_on_behind_what_is_done() throws Exception {
        sql("create schema app");
        var done = "create table public.log (step int);\nset search_path = app;\ncreate table here (id int);\ninsert into log values (1);\nvacuum here;\n"
                .replace("into log", "into public.log");
        file("001_a.sql", done + "insert into public.log values (2);\ninsert into here (nowhere) values (1);\n");
        var failed = run();
        assertThat(failed.exit()).isEqualTo(2);
        assertThat(failed.err()).contains("001_a.sql:7:19", "42703", "rolled back to " + folder.resolve("001_a.sql") + ":6:1");
        assertThat(column("select step::text from log")).containsExactly("1");
        var status = JsonParser.parseString(run("--status", "--json").out()).getAsJsonObject().getAsJsonArray("migrations").get(0)
                .getAsJsonObject();
        assertThat(status.get("state").getAsString()).isEqualTo("failed");
        assertThat(status.get("error").getAsString()).contains("001_a.sql:7:19: column \"nowhere\"");
        assertThat(run("--status").out()).contains("failed", "001_a.sql:7:19");

        file("001_a.sql", done.replace("id int", "id bigint") + "insert into public.log values (2);");
        var refused = run();
        assertThat(refused.exit()).isEqualTo(2);
        assertThat(refused.err()).contains("001_a.sql", "changed");
        assertThat(column("select step::text from public.log")).containsExactly("1");

        file("001_a.sql", "-- a comment and other layout are no change\n" + done.replace("(id int)", "( id  int )")
                + "insert into public.log values (2);\ncreate table there (id int);\ninsert into here values (1);");
        var mended = run();
        assertThat(mended.exit()).as(mended.err()).isZero();
        assertThat(column("select step::text from public.log order by 1")).containsExactly("1", "2");
        assertThat(column("select to_regclass('app.there')::text || (select count(*) from app.here)")).containsExactly("app.there1");
        assertThat(run("--status", "--check").exit()).isZero();
    }

    @Test
    void a_setting_that_the_done_part_took_back_is_not_made_again() throws Exception {
        sql("create schema app");
        file("001_a.sql",
                "begin;\nset search_path = app;\nrollback;\nbegin;\nset local search_path = app;\nset statement_timeout = '9s';\ncommit;\ncreate table here (id int);\nvacuum here;\nselect 1/0;");
        assertThat(run().exit()).isEqualTo(2);
        file("001_a.sql", Files.readString(folder.resolve("001_a.sql")).replace("select 1/0",
                "create table there as select current_setting('statement_timeout') s"));
        var mended = run();
        assertThat(mended.exit()).as(mended.err()).isZero();
        assertThat(column("select s from public.there")).containsExactly("9s");
    }

    @Test
    void every_change_of_the_done_part_is_refused() throws Exception {
        file("001_a.sql", "create table a (id int);\nvacuum a;\nselect 1/0;");
        assertThat(run().exit()).isEqualTo(2);
        for (var text : List.of("create table a (id int);\nselect 2;", "create table b (id int);\nvacuum a;\nselect 2;",
                "vacuum;\ncreate table a (id int);\nvacuum a;\nselect 2;", "select 2;",
                "create table a (id int);\nselect 1;\nvacuum a;\nselect 2;", "create table a (id int); vacuum", "-- nothing")) {
            file("001_a.sql", text);
            var refused = run();
            assertThat(refused.exit()).as(text + "\n" + refused.err()).isEqualTo(2);
            assertThat(refused.err()).as(text).contains("changed").doesNotContain("Exception");
            assertThat(column("select to_regclass('schema_migrations')::text")).containsExactly((String) null);
        }
        file("001_a.sql", "create table a (id int);\nvacuum a;");
        assertThat(run().exit()).as("the failing part may be taken out").isZero();
    }

    @Test
    void a_migration_taken_out_of_the_history_by_hand_runs_again_as_a_whole() throws Exception {
        file("001_a.sql",
                "create table if not exists log (step int);\ninsert into log values (1);\ncreate index concurrently if not exists log_step on log (step);\nvacuum log;\ninsert into log values (2);");
        assertThat(run().exit()).isZero();
        sql("delete from schema_migrations", "truncate log");
        assertThat(run("--status").out()).contains("pending").doesNotContain("failed", "died");
        assertThat(run().exit()).isZero();
        assertThat(column("select step::text from log order by 1")).containsExactly("1", "2");
        assertThat(run("--status", "--check").exit()).isZero();
    }

    @Test
    void settings_of_the_file_outlive_a_lone_statement() throws Exception {
        file("001_a.sql", "set lock_timeout = '11s';\nset statement_timeout = '12s';\ncreate table t (id int);\nvacuum t;\n"
                + "create table seen as select current_setting('statement_timeout') s;\ncreate index concurrently on t (id);\ninsert into seen select current_setting('statement_timeout');");
        assertThat(run().exit()).isZero();
        assertThat(column("select s from seen")).containsExactly("12s", "12s");
    }

    // --- the lock ---

    @Test
    void a_second_run_says_who_holds_the_lock_waits_and_reads_the_history_again() throws Exception {
        file("001_a.sql", "create table log (step int);\nselect pg_sleep(2);\ninsert into log values (1);");
        var first = start(url);
        until(20, "it sleeps", sleeping("select pg_sleep"));
        var pid = column(
                "select pid::text from pg_locks where relation = to_regclass('pgbang.migration_lock') and mode = 'ShareRowExclusiveLock'")
                .get(0);
        var second = CompletableFuture.supplyAsync(() -> run(), threads);
        var hasty = run("--lock-wait", "0.3");
        assertThat(hasty.exit()).isEqualTo(2);
        assertThat(hasty.err()).contains("another run holds the lock: pid " + pid, "pgbang/run_migrations", "--lock-wait");
        assertThat(first.ended(20).exit()).isZero();
        var ran = second.get(20, TimeUnit.SECONDS);
        assertThat(ran.exit()).as(ran.err()).isZero();
        assertThat(ran.err()).contains("another run holds the lock: pid " + pid, "pgbang/run_migrations", "waiting");
        assertThat(ran.out()).contains("nothing to apply");
        assertThat(column("select step::text from log")).containsExactly("1");
    }

    @Test
    void no_setting_of_the_database_takes_the_lock_away_or_makes_it_stand_in_the_way() throws Exception {
        atOnce(run_migrations_faults_test::settingOfTheDatabase, "idle_in_transaction_session_timeout = '700ms'",
                "transaction_timeout = '1s'", "idle_session_timeout = '700ms'", "default_transaction_isolation = 'serializable'",
                "lock_timeout = '1s'", "statement_timeout = '1s'");
    }

    void settingOfTheDatabase(String setting) throws Exception {
        if (column("select name from pg_settings where name = '" + setting.split(" ")[0] + "'").isEmpty()) {
            return; // this server does not know it yet
        }
        sql("create table log (step int)", "alter database " + name(url) + " set " + setting);
        file("001_a.sql",
                "insert into log values (1);\nselect pg_sleep(0.8);\ncreate index concurrently on log (step);\nselect pg_sleep(0.8);\nvacuum log;\nselect pg_sleep(0.8);\ninsert into log values (2);");
        var first = start(url, "--verbose", "--lock-deadline", "10");
        until(20, "it sleeps the last time",
                () -> first.lines().stream().anyMatch(line -> line.contains("vacuum log")) || !first.process.isAlive());
        var second = run("--lock-wait", "0");
        var ran = first.ended(20);
        assertThat(ran.exit()).as(ran.err()).isZero();
        assertThat(second.exit()).as(second.err()).isEqualTo(2);
        assertThat(column("select step::text from log order by 1")).containsExactly("1", "2");
        assertThat(indexes("log")).containsExactly("log_step_idx true");
    }

    // --- signals ---

    @Test
    void a_signal_stops_the_statement_and_leaves_nothing() throws Exception {
        atOnce(run_migrations_faults_test::signalled, "TERM", "INT");
    }

    void signalled(String signal) throws Exception {
        sql("create table log (step int)");
        file("001_a.sql", "insert into log values (1);\nselect pg_sleep(60);");
        assertStoppedBy(signal, sleeping("select pg_sleep"));
        file("001_a.sql", "insert into log values (1);");
        assertNextRunWorks();
    }

    @Test
    void a_signal_stops_a_statement_outside_a_transaction() throws Exception {
        sql("create table log (step int)", "insert into log values (1)",
                "create function slow(i int) returns int immutable language plpgsql as 'begin perform pg_sleep(60); return i; end'");
        file("001_a.sql", "create index concurrently slow_index on log (slow(step));");
        assertStoppedBy("TERM", sleeping("create index"));
        assertThat(indexes("log")).isEmpty();
        sql("truncate log");
        file("001_a.sql", "insert into log values (1);");
        assertNextRunWorks();
    }

    @Test
    void a_signal_stops_a_copy() throws Exception {
        sql("create table log (step int)",
                "create function slow() returns trigger language plpgsql as 'begin perform pg_sleep(60); return new; end'",
                "create trigger slow before insert on log for each row execute function slow()");
        file("001_a.sql", "copy log from stdin;\n1\n\\.\n");
        assertStoppedBy("TERM", sleeping("copy log"));
        sql("drop trigger slow on log");
        assertNextRunWorks();
    }

    @Test
    void a_signal_stops_a_commit() throws Exception {
        sql("create table log (step int)",
                "create function slow() returns trigger language plpgsql as 'begin perform pg_sleep(60); return null; end'",
                "create constraint trigger slow after insert on log deferrable initially deferred for each row execute function slow()");
        file("001_a.sql", "insert into log values (1);");
        assertStoppedBy("TERM",
                "select 1 from pg_stat_activity where upper(query) = 'COMMIT' and wait_event = 'PgSleep' and datname = current_database()");
        sql("drop trigger slow on log");
        assertNextRunWorks();
    }

    @Test
    void a_signal_ends_the_pause_before_the_next_try_and_the_wait_for_another_run() throws Exception {
        sql("create table log (step int)", "create table c (n int)", "insert into c values (1)");
        file("001_a.sql", "insert into log values (1);\nupdate c set n = n + 1;");
        var writer = transaction("update c set n = 7");
        var running = start(url, "--lock-timeout", "0.1");
        running.until("a pause of more than 2.5 s",
                () -> running.lines().stream().anyMatch(line -> line.matches(".*again in (2[5-9]|[3-9]\\d)\\d\\d ms.*")));
        var second = start(url);
        second.untilSaid("another run holds the lock", 20);
        assertStops(second, "TERM", 2);
        assertStops(running, "INT", 1.5);
        writer.rollback();
        assertNextRunWorks();
    }

    void assertStoppedBy(String signal, String begun) throws Exception {
        var running = start(url);
        until(20, "the statement is under way", begun);
        assertStops(running, signal, 3);
        assertThat(column(begun)).as("it runs on the server no more").isEmpty();
        assertThat(column(
                "select step::text from log where step <> 1 or to_regclass('slow_index') is null and exists (select from pg_trigger where tgrelid = 'log'::regclass)"))
                .isEmpty();
        assertThat(column("select 1 from pg_locks where relation = to_regclass('pgbang.migration_lock')")).as("the lock is free").isEmpty();
        assertThat(column("select to_regclass('schema_migrations')::text")).containsExactly((String) null);
    }

    static void signal(Process process, String name) throws Exception {
        assertThat(new ProcessBuilder("kill", "-" + name, String.valueOf(process.pid())).start().waitFor()).isZero();
    }

    void assertStops(Runner running, String signal, double seconds) throws Exception {
        var start = System.nanoTime();
        signal(running.process, signal);
        var ran = running.ended(20);
        assertThat((System.nanoTime() - start) / 1e9).as("seconds\n" + ran.err()).isLessThan(seconds);
        assertThat(ran.exit()).as(ran.err()).isEqualTo(signal.equals("INT") ? 130 : 143);
        assertThat(ran.err()).doesNotContain("\tat ", "Exception");
    }

    void assertNextRunWorks() throws Exception {
        var next = run("--lock-wait", "0");
        assertThat(next.exit()).as(next.err()).isZero();
        assertThat(column("select step::text from log")).containsExactly("1");
        assertThat(column("select version from schema_migrations")).containsExactly("001");
    }

    // --- lost connections ---

    @Test
    void the_worker_s_connection_lost_the_next_run_ends_right() throws Exception {
        atOnce(run_migrations_faults_test::workerLost, "select pg_sleep(30)", "call sleep()", "copy sleeps from stdin;\n1\n\\.\n");
    }

    void workerLost(String statement) throws Exception {
        sql("create table log (step int)", "create table sleeps (n int)",
                "create procedure sleep() language plpgsql as 'begin insert into log values (3); commit; perform pg_sleep(30); end'",
                "create function slow() returns trigger language plpgsql as 'begin perform pg_sleep(30); return null; end'",
                "create trigger slow before insert on sleeps for each row execute function slow()");
        file("001_a.sql", "insert into log values (1);\nvacuum log;\ninsert into log values (2);\n" + statement
                + (statement.contains("stdin") ? "" : ";\n"));
        var running = start(url);
        until(20, "the statement is under way",
                "select 1 from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database() and query like '"
                        + statement.split("\n")[0].replace(";", "") + "%'");
        sql("select pg_terminate_backend(pid) from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()");
        var ran = running.ended(10);
        assertThat(ran.exit()).isEqualTo(2);
        assertThat(ran.err())
                .contains("001_a.sql:4:1",
                        statement.contains("stdin") ? "connection failed" : "terminating connection due to administrator command")
                .doesNotContain("\tat ");
        assertThat(column("select step::text from log where step < 3 order by 1")).isIn(List.of("1"), List.of("1", "2")); // the second is of the CALL's own accord
        sql("create or replace procedure sleep() language sql as ''",
                "create or replace function slow() returns trigger language plpgsql as 'begin return null; end'");
        if (statement.startsWith("select")) {
            file("001_a.sql", "insert into log values (1);\nvacuum log;\ninsert into log values (2);\nselect 1;");
        } else if (statement.startsWith("call")) {
            var asked = run();
            assertThat(asked.exit()).as(asked.err()).isEqualTo(2);
            assertThat(asked.err()).contains("--in-doubt");
        }
        var next = run("--in-doubt", "done");
        assertThat(next.exit()).as(next.err()).isZero();
        assertThat(column("select step::text from log where step < 3 order by 1")).containsExactly("1", "2");
    }

    @Test
    void the_lock_s_connection_lost_the_run_stops_at_the_next_unit() throws Exception {
        sql("create table log (step int)");
        file("001_a.sql",
                "insert into log values (1);\nvacuum log;\ninsert into log select 2 from pg_sleep(1.5);\nvacuum log;\ninsert into log values (3);");
        file("002_b.sql", "insert into log values (4);");
        var running = start(url);
        until(20, "it sleeps", sleeping("insert into log select 2"));
        sql("select pg_terminate_backend(pid) from pg_locks where relation = to_regclass('pgbang.migration_lock')");
        var next = CompletableFuture.supplyAsync(() -> run(), threads); // a second one that finds the lock free, while the first is still at work
        var ran = running.ended(20);
        assertThat(ran.exit()).isEqualTo(2);
        assertThat(ran.err()).contains("the lock was lost").doesNotContain("\tat ");
        var second = next.get(30, TimeUnit.SECONDS);
        assertThat(second.exit()).as(second.err()).isZero();
        assertThat(column("select step::text from log order by 1")).as(ran.err() + second.err()).containsExactly("1", "2", "3", "4");
        assertThat(column("select version from schema_migrations order by 1")).containsExactly("001", "002");
    }

    @Test
    void a_run_that_lost_its_lock_in_the_last_unit_and_the_one_that_got_it_do_nothing_twice() throws Exception {
        atOnce(run_migrations_faults_test::lockLostInLastUnit, "", "vacuum log;\n");
    }

    void lockLostInLastUnit(String cut) throws Exception {
        sql("create table log (step int)");
        file("001_a.sql", "insert into log values (1);\n" + cut + "insert into log select 2 from pg_sleep(2);");
        var running = start(url);
        until(20, "it sleeps", sleeping("insert into log select 2"));
        sql("select pg_terminate_backend(pid) from pg_locks where relation = to_regclass('pgbang.migration_lock')");
        var second = CompletableFuture.supplyAsync(() -> run(), threads);
        running.ended(20);
        var ran = second.get(30, TimeUnit.SECONDS);
        assertThat(ran.exit()).as(ran.err()).isZero();
        assertThat(column("select step::text from log order by 1")).containsExactly("1", "2");
        assertThat(column("select version from schema_migrations")).containsExactly("001");
    }

    @Test
    void a_run_that_lost_its_lock_while_it_waited_outside_the_queue_does_nothing_more() throws Exception {
        sql("create table t (id int)", "create table log (step int)");
        file("001_a.sql", "insert into log values (1);\nalter table t alter id type bigint;\ninsert into log values (2);");
        var reader = transaction("select * from t");
        until(10, "the reader has been there for long", "select 1 from pg_stat_activity where pid = " + pid(reader)
                + " and xact_start < clock_timestamp() - interval '1.2 seconds'");
        var first = start(url);
        first.untilSaid("waiting, outside the lock queue", 20);
        signal(first.process, "STOP"); // a machine that is suspended, a container that is starved
        sql("select pg_terminate_backend(pid) from pg_locks where relation = to_regclass('pgbang.migration_lock')");
        reader.rollback();
        var second = start(url).ended(20);
        signal(first.process, "CONT");
        var ran = first.ended(20);
        assertThat(second.exit()).as(second.err()).isZero();
        assertThat(column("select step::text from log order by 1")).as(ran.err()).containsExactly("1", "2");
        assertThat(ran.exit()).isEqualTo(2);
        assertThat(ran.err()).contains("the lock was lost");
    }

    @Test
    @Tag("slow")
    void a_run_that_ends_does_not_take_out_the_mark_of_the_one_after_it() throws Exception {
        slowIndex();
        sql("create table log (step int)", "create table r (id int)");
        file("001_a.sql",
                "insert into log values (1);\nalter table r add column more int;\ncreate index concurrently t_id on t (slow(id));");
        var reader = transaction("select * from r");
        until(10, "the reader has been there for long", "select 1 from pg_stat_activity where pid = " + pid(reader)
                + " and xact_start < clock_timestamp() - interval '1.2 seconds'");
        var first = start(url);
        first.untilSaid("waiting, outside the lock queue", 20);
        signal(first.process, "STOP");
        sql("select pg_terminate_backend(pid) from pg_locks where relation = to_regclass('pgbang.migration_lock')");
        reader.rollback();
        var second = start(url);
        until(20, "the second builds the index", sleeping("create index"));
        signal(first.process, "CONT");
        assertThat(first.ended(20).err()).contains("the lock was lost");
        second.kill();
        var third = start(url);
        until(20, "the third sees what the second has left",
                () -> third.lines().stream().anyMatch(line -> line.contains("left a backend at work")) || !third.process.isAlive());
        var ran = third.ended(20);
        assertThat(ran.exit()).as(ran.err()).isZero();
        assertThat(ran.err()).contains("left a backend at work");
        assertThat(indexes("t")).containsExactly("t_id true");
        assertThat(column("select step::text from log")).containsExactly("1");
    }

    // --- limits ---

    @Test
    void single_transaction_is_all_or_nothing() throws Exception {
        file("001_a.sql", "create table log (step int);\ninsert into log values (1);");
        file("002_b.sql", "insert into log values (2);\ncreate table b (id int);");
        file("003_c.sql", "insert into log values (3);\nselect 1/0;");
        var failed = run("--single-transaction");
        assertThat(failed.exit()).isEqualTo(2);
        assertThat(failed.err()).contains("003_c.sql:2:1", "22012");
        assertThat(column("select relname from pg_class where relnamespace = 'public'::regnamespace")).isEmpty();
        assertThat(run("--status", "--json").out()).doesNotContain("\"applied\"");
        file("003_c.sql", "insert into log values (3);");
        var ran = run("--single-transaction");
        assertThat(ran.exit()).as(ran.err()).isZero();
        assertThat(column("select step::text from log order by 1")).containsExactly("1", "2", "3");
        assertThat(column("select version from schema_migrations order by 1")).containsExactly("001", "002", "003");
        assertThat(column("select count(distinct xmin::text) from schema_migrations")).as("one transaction").containsExactly("1");
    }

    @Test
    void single_transaction_refuses_what_cannot_be_in_one_before_anything_runs() throws Exception {
        file("001_a.sql", "create table t (id int);");
        for (var statement : List.of("create index concurrently t_id on t (id)", "vacuum t", "begin; select 1; commit",
                "alter type m add value 'x'; select 'x'::m")) {
            file("002_b.sql", "select 1;\n" + statement + ";");
            var refused = run("--single-transaction");
            assertThat(refused.exit()).as(statement).isEqualTo(2);
            assertThat(refused.err()).contains("--single-transaction", "002_b.sql:2:",
                    statement.split(";")[statement.contains("'x'::m") ? 1 : 0].strip());
            assertThat(column("select to_regclass('t')::text")).containsExactly((String) null);
        }
    }

    @Test
    void single_transaction_keeps_its_limits_from_file_to_file_and_the_session_does_not() throws Exception {
        file("001_a.sql",
                "set search_path = pg_catalog; set lock_timeout = '50s'; create table public.seen as select 'first' f, current_setting('lock_timeout') l, current_setting('statement_timeout') s");
        file("002_b.sql", "insert into seen select 'second', current_setting('lock_timeout'), current_setting('statement_timeout')");
        var ran = run("--single-transaction", "--lock-timeout", "2", "--statement-timeout", "9");
        assertThat(ran.exit()).as(ran.err()).isZero();
        assertThat(column("select concat_ws(' ', f, l, s) from seen order by 1")).containsExactly("first 50s 9s", "second 2s 9s");
    }

    @Test
    void single_transaction_tries_again_as_a_whole() throws Exception {
        sql("create table t (id int)", "create table log (step int)");
        file("001_a.sql", "insert into log values (1);\ncopy log from stdin;\n2\n\\.\nselect pg_sleep(0.5);\n");
        file("002_b.sql", "alter table t add column more int;\ninsert into log values (3);");
        var running = start(url, "--single-transaction", "--lock-timeout", "0.3");
        until(20, "the transaction is under way", sleeping("select pg_sleep"));
        var reader = transaction("select * from t");
        running.untilSaid("again in", 10);
        reader.rollback();
        var ran = running.ended(20);
        assertThat(ran.exit()).as(ran.err()).isZero();
        assertThat(column("select step::text from log order by 1")).containsExactly("1", "2", "3");
        assertThat(column("select count(*) from schema_migrations")).containsExactly("2");
    }

    @Test
    void statement_timeout_ends_a_statement_in_its_time() throws Exception {
        atOnce(run_migrations_faults_test::timedOut, "select pg_sleep(5)", "begin; select pg_sleep(5); commit",
                "create index concurrently slow on log (slow(step))", "call slow_call()");
    }

    void timedOut(String statement) throws Exception {
        sql("create table log (step int)", "insert into log values (0)",
                "create function slow(i int) returns int immutable language plpgsql as 'begin perform pg_sleep(5); return i; end'",
                "create procedure slow_call() language plpgsql as 'begin commit; perform pg_sleep(5); end'");
        file("001_a.sql", "insert into log values (1);\n" + statement + ";");
        var start = System.nanoTime();
        var failed = run("--statement-timeout", "1");
        assertThat((System.nanoTime() - start) / 1e9).isBetween(0.9, 3.0);
        assertThat(failed.exit()).isEqualTo(2);
        assertThat(failed.err()).contains("001_a.sql:2:", "statement timeout", "57014");
        assertThat(indexes("log")).isEmpty();
        assertThat(column("select to_regclass('schema_migrations')::text")).containsExactly((String) null);
    }

    // --- rights ---

    @Test
    void a_role_that_may_make_no_schema_keeps_its_tables_beside_the_history() throws Exception {
        sql("create role " + role() + " login", "revoke create on database " + name(url) + " from public",
                "alter schema public owner to " + role());
        file("001_a.sql",
                "create table log (step int);\ninsert into log values (1);\ncreate index concurrently on log (step);\ninsert into log values (2);");
        var address = url.replace("postgres@", role() + "@");
        var ran = runAt(address);
        assertThat(ran.exit()).as(ran.err()).isZero();
        assertThat(column("select relname from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'v') order by 1"))
                .containsExactly("log", "pgbang_migration_journal",
                "pgbang_migration_lock", "schema_migrations");
        assertThat(column("select 1 from pg_namespace where nspname = 'pgbang'")).isEmpty();
        file("002_b.sql", "insert into log values (3);\nvacuum log;\nselect 1/0;");
        assertThat(runAt(address).err()).contains("002_b.sql:3:1");
        file("002_b.sql", "insert into log values (3);\nvacuum log;\ninsert into log values (4);");
        var mended = runAt(address);
        assertThat(mended.exit()).as(mended.err()).isZero();
        assertThat(column("select step::text from log order by 1")).containsExactly("1", "2", "3", "4");
    }

    @ParameterizedTest
    @ValueSource(strings = {"select 1", "grant usage on schema pgbang to ROLE",
            "grant usage on schema pgbang to ROLE; grant select on all tables in schema pgbang to ROLE"})
    void a_role_without_rights_on_what_another_made_is_told_the_grant(String rights) throws Exception {
        sql("create role " + role() + " login", "grant all on schema public to " + role());
        file("001_a.sql", "create table a (id int);");
        assertThat(run().exit()).isZero();
        sql("grant all on schema_migrations to " + role(), rights.replace("ROLE", role()));
        file("002_b.sql", "create table b (id int);");
        var refused = runAt(url.replace("postgres@", role() + "@"));
        assertThat(refused.exit()).as(refused.err()).isEqualTo(2);
        assertThat(refused.err()).containsIgnoringCase("grant").contains("pgbang").doesNotContain("\tat ");
        assertThat(column("select to_regclass('b')::text")).containsExactly((String) null);
        sql("grant usage on schema pgbang to " + role(), "grant all on all tables in schema pgbang to " + role());
        var ran = runAt(url.replace("postgres@", role() + "@"));
        assertThat(ran.exit()).as(ran.err()).isZero();
    }

    // --- helpers ---

    record Ran(int exit, String out, String err) {
    }

    Ran run(String... args) {
        return runAt(url, args);
    }

    /** In this process. */
    Ran runAt(String address, String... args) {
        var out = new StringWriter();
        var err = new StringWriter();
        var script = new run_migrations();
        script.database.environment = () -> Map.of("DATABASE_URL", address, "MIGRATIONS_DIR", folder.toString());
        var exit = script.database.command(script).setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true)).execute(args);
        return new Ran(exit, out.toString(), err.toString());
    }

    /** In a process of its own, which can be killed. */
    Runner start(String address, String... args) throws IOException {
        var command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC", "-cp",
                System.getProperty("java.class.path"), "run_migrations", "--url", address, "--dir", folder.toString()));
        command.addAll(List.of(args));
        var runner = new Runner(new ProcessBuilder(command).start());
        synchronized (opened) {
            opened.add(runner::kill);
        }
        return runner;
    }

    class Runner {
        final Process process;
        final List<String> err = new ArrayList<>();
        final CompletableFuture<String> out;
        final CompletableFuture<Void> said;

        Runner(Process process) {
            this.process = process;
            out = CompletableFuture.supplyAsync(() -> shell.text(process.getInputStream()), threads);
            said = CompletableFuture.runAsync(() -> process.errorReader().lines().forEach(line -> {
                synchronized (err) {
                    err.add(line);
                }
            }), threads);
        }

        List<String> lines() {
            synchronized (err) {
                return List.copyOf(err);
            }
        }

        void until(String what, Condition condition) throws Exception {
            try {
                run_migrations_faults_test.until(40, what, condition);
            } catch (AssertionError e) {
                throw new AssertionError(e.getMessage() + "\n" + String.join("\n", lines()));
            }
        }

        void untilSaid(String words, int seconds) throws Exception {
            until(words, () -> lines().stream().anyMatch(line -> line.contains(words)) || !process.isAlive());
            assertThat(String.join("\n", lines())).contains(words);
        }

        void kill() throws InterruptedException {
            process.toHandle().destroyForcibly(); // Process.destroyForcibly would also close the streams
            assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
        }

        Ran ended(int seconds) throws Exception {
            if (!process.waitFor(seconds, TimeUnit.SECONDS)) {
                kill();
                throw new AssertionError("still running after " + seconds + " s\n" + String.join("\n", lines()));
            }
            said.get(10, TimeUnit.SECONDS);
            return new Ran(process.exitValue(), out.get(10, TimeUnit.SECONDS), String.join("\n", lines()));
        }
    }

    interface Condition {
        boolean holds() throws Exception;
    }

    interface Each<T> {
        void accept(T value) throws Exception;
    }

    static void until(int seconds, String what, Condition condition) throws Exception {
        for (var deadline = System.nanoTime() + seconds * 1_000_000_000L; !condition.holds(); Thread.sleep(10)) {
            assertThat(System.nanoTime()).as(what + " not within " + seconds + " s").isLessThan(deadline);
        }
    }

    void until(int seconds, String what, String query) throws Exception {
        until(seconds, what, url, query);
    }

    void until(int seconds, String what, String address, String query) throws Exception {
        try (var connection = connect(address)) {
            until(seconds, what, () -> connection.createStatement().executeQuery(query).next());
        }
    }

    static String sleeping(String statement) {
        return "select 1 from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database() and query like '%" + statement
                + "%'";
    }

    /** The variants of a test at the same time, each with a database and a folder of its own: what they do is mostly waiting. */
    @SafeVarargs
    final <T> void atOnce(Variant<T> test, T... variants) throws Exception {
        var running = new TreeMap<Integer, CompletableFuture<Void>>();
        for (var i = 0; i < variants.length; i++) {
            var each = new run_migrations_faults_test();
            each.url = servers.database();
            each.folder = Files.createDirectory(folder.resolve("variant" + i));
            var variant = variants[i];
            running.put(i, CompletableFuture.runAsync(() -> {
                try {
                    test.run(each, variant);
                } catch (Exception e) {
                    throw new AssertionError(e);
                }
            }, threads).whenComplete((done, failed) -> {
                try {
                    each.nothingGoesOn();
                } catch (Exception e) {
                    throw new AssertionError(e);
                }
            }));
        }
        for (var i = 0; i < variants.length; i++) {
            try {
                running.get(i).get(5, TimeUnit.MINUTES);
            } catch (java.util.concurrent.ExecutionException e) {
                throw new AssertionError("with " + variants[i] + ": " + e.getCause().getMessage(), e.getCause());
            }
        }
    }

    interface Variant<T> {
        void run(run_migrations_faults_test test, T variant) throws Exception;
    }

    /** Two at a time; the first failure is the test's. */
    <T> void inPairs(List<T> values, Each<T> work) throws Exception {
        var next = new AtomicInteger();
        var workers = Stream.generate(() -> CompletableFuture.runAsync(() -> {
            for (int i = next.getAndIncrement(); i < values.size(); i = next.getAndIncrement()) {
                try {
                    work.accept(values.get(i));
                } catch (Exception e) {
                    throw new AssertionError(e);
                }
            }
        }, threads)).limit(2).toList();
        for (var worker : workers) {
            try {
                worker.get(10, TimeUnit.MINUTES);
            } catch (java.util.concurrent.ExecutionException e) {
                throw new AssertionError(e.getCause());
            }
        }
    }

    void file(String name, String text) throws IOException {
        Files.writeString(folder.resolve(name), text);
    }

    static Connection connect(String address) throws SQLException {
        return servers.connect(address);
    }

    /** A role of this test's own: roles are the server's, not the database's. */
    String role() {
        return name(url) + "_role";
    }

    static String name(String address) {
        return address.substring(address.lastIndexOf('/') + 1);
    }

    void sql(String... statements) throws SQLException {
        sqlAt(url, statements);
    }

    /** With a ! in front, one that must fail. */
    static void sqlAt(String address, String... statements) throws SQLException {
        try (var connection = connect(address); var statement = connection.createStatement()) {
            for (var sql : statements) {
                try {
                    statement.execute(sql.replaceFirst("^!", ""));
                    assertThat(sql).doesNotStartWith("!");
                } catch (SQLException e) {
                    if (!sql.startsWith("!")) {
                        throw e;
                    }
                }
            }
        }
    }

    void sqlUnchecked(String statement) {
        try {
            sql(statement);
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
    }

    /** Another session, in the middle of a transaction. */
    Connection transaction(String... statements) throws SQLException {
        return transactionAt(url, statements);
    }

    Connection transactionAt(String address, String... statements) throws SQLException {
        var connection = connect(address);
        opened.add(connection);
        connection.createStatement().execute(statements.length > 1 ? statements[0] : "select 1");
        connection.setAutoCommit(false);
        for (var sql : statements) {
            connection.createStatement().execute(sql);
        }
        return connection;
    }

    static int pid(Connection connection) throws SQLException {
        return connection.unwrap(org.postgresql.PGConnection.class).getBackendPID();
    }

    List<String> column(String query) throws SQLException {
        return column(url, query);
    }

    static List<String> column(String address, String query) throws SQLException {
        try (var connection = connect(address); var rows = connection.createStatement().executeQuery(query)) {
            var values = new ArrayList<String>();
            while (rows.next()) {
                values.add(rows.getString(1));
            }
            return values;
        }
    }

    static List<String> state(String address) throws SQLException {
        return column(address, STATE);
    }

    List<String> indexes(String table) throws SQLException {
        return column("select indexrelid::regclass || ' ' || indisvalid from pg_index where indrelid = '" + table + "'::regclass");
    }

    void invalidIndex(String name, String on) throws SQLException {
        sql("!create unique index concurrently " + name + " on " + on);
        assertThat(column("select indisvalid::text from pg_index i join pg_class c on c.oid = indexrelid where relname = '" + name + "'"))
                .containsExactly("false");
    }

    static int freePort() throws IOException {
        try (var socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    /** The same database through a pooler, until the test ends. */
    String bouncer(String address) throws Exception {
        var pooler = pgbouncer.before(address, 12);
        opened.add(pooler);
        return pooler.url;
    }

    static synchronized Own own() throws Exception {
        if (own == null) {
            own = new Own();
        }
        return own;
    }

    /** A server of our own that keeps its data over a crash. */
    static class Own implements AutoCloseable {
        final Path home = Files.createTempDirectory("own_server");
        final local_postgres.Server server = local_postgres.Server.start(new local_postgres.Settings(servers.newest(), home.resolve("data"),
                freePort(), Map.of("max_prepared_transactions", "5"), "postgres"));

        Own() throws Exception {
        }

        void start() throws Exception {
            until(60, "the server starts", () -> {
                try {
                    server.startServer();
                    return true;
                } catch (local_postgres.Failure e) { // a dead postmaster's children may hold its memory for a moment
                    return false;
                }
            });
        }

        void kill() throws Exception {
            var postmaster = local_postgres.Cluster.process(server.data).orElseThrow();
            Stream.concat(Stream.of(postmaster), postmaster.descendants()).toList().forEach(ProcessHandle::destroyForcibly);
            until(10, "the server is dead", () -> !postmaster.isAlive());
        }

        String url(String database) {
            return server.url(database);
        }

        String database(String name) throws SQLException {
            sqlAt(url("postgres"), "create database " + name);
            return url(name);
        }

        @Override
        public void close() throws Exception {
            server.close();
            try (var files = Files.walk(home)) {
                for (var file : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        }
    }

    interface At {
        boolean test(int number, String sql) throws Exception;
    }

    /**
     * Stands between runner and server, reads the messages of the protocol, and is gone at the chosen one, with all connections: the server sees
     * what it would see if the runner's machine had lost its power then.
     */
    static class Proxy implements AutoCloseable {
        enum Cut {
            BEFORE, UNDERWAY, AFTER // it reached the server; its answer reached nobody, and with AFTER the server had come to the end of it
        }

        final ServerSocket listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
        final int target;
        final String url;
        final At at;
        final Cut cut;
        volatile boolean down;
        final List<String> messages = new java.util.concurrent.CopyOnWriteArrayList<>();

        Proxy(String address, At at, Cut cut) throws IOException {
            var server = java.net.URI.create(address);
            this.target = server.getPort();
            this.at = at;
            this.cut = cut;
            url = "postgresql://postgres@localhost:" + listener.getLocalPort() + server.getPath();
            thread(() -> {
                while (true) {
                    var client = listener.accept();
                    sockets.add(client);
                    thread(() -> serve(client));
                }
            });
        }

        interface Io {
            void run() throws Exception;
        }

        void thread(Io work) {
            var thread = new Thread(() -> {
                try {
                    work.run();
                } catch (Exception closed) {
                    // by either side or by us
                }
            });
            thread.setDaemon(true);
            thread.start();
        }

        void serve(Socket client) throws Exception {
            try (var server = new Socket()) {
                server.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), target));
                client.setTcpNoDelay(true);
                server.setTcpNoDelay(true);
                sockets.add(server);
                var cutAtReady = new AtomicBoolean();
                var in = new DataInputStream(client.getInputStream());
                var out = server.getOutputStream();
                for (var started = false; !started;) {
                    var length = in.readInt();
                    var body = in.readNBytes(length - 4);
                    var code = ByteBuffer.wrap(body).getInt();
                    if (code == 80877103 || code == 80877104) { // SSLRequest, GSSENCRequest
                        client.getOutputStream().write('N');
                    } else {
                        out.write(ByteBuffer.allocate(length).putInt(length).put(body).array());
                        started = true;
                    }
                }
                thread(() -> answer(server, client, cutAtReady));
                var texts = new TreeMap<String, String>();
                var batch = new ByteArrayOutputStream();
                var sql = new ArrayList<String>();
                while (true) {
                    int type = in.readByte();
                    var length = in.readInt();
                    var body = in.readNBytes(length - 4);
                    batch.write(type);
                    batch.write(ByteBuffer.allocate(4).putInt(length).array());
                    batch.write(body);
                    var strings = new String(body, StandardCharsets.UTF_8).split("\0", 3);
                    if (type == 'Q') {
                        sql.add(strings[0]);
                    } else if (type == 'P') {
                        texts.put(strings[0], strings[1]);
                    } else if (type == 'B') {
                        sql.add(texts.getOrDefault(strings[1], ""));
                    }
                    if ("SQcf".indexOf(type) >= 0) {
                        forward(batch, String.join("; ", sql), out, cutAtReady);
                        sql.clear();
                    } else if ("dX".indexOf(type) >= 0) {
                        batch.writeTo(out);
                        batch.reset();
                    }
                }
            } finally {
                client.close();
            }
        }

        synchronized void forward(ByteArrayOutputStream batch, String sql, OutputStream out, AtomicBoolean cutAtReady) throws Exception {
            messages.add(sql);
            var here = at.test(messages.size(), sql);
            if (here && cut == Cut.BEFORE) {
                goDown();
            }
            cutAtReady.set(here);
            batch.writeTo(out);
            batch.reset();
            if (here && cut == Cut.UNDERWAY) {
                goDown();
            }
        }

        void answer(Socket server, Socket client, AtomicBoolean cutAtReady) throws Exception {
            try (client) {
                var in = new DataInputStream(server.getInputStream());
                var out = client.getOutputStream();
                while (true) {
                    int type = in.readByte();
                    var length = in.readInt();
                    var body = in.readNBytes(length - 4);
                    if (type == 'Z' && cutAtReady.get()) {
                        goDown();
                    }
                    out.write(ByteBuffer.allocate(length + 1).put((byte) type).putInt(length).put(body).array());
                }
            }
        }

        void goDown() throws IOException {
            down = true;
            listener.close();
            for (var socket : sockets) {
                socket.close();
            }
            throw new IOException("down");
        }

        @Override
        public void close() throws IOException {
            listener.close();
            for (var socket : sockets) {
                socket.close();
            }
        }
    }
}
