//SOURCES ../scripts/migrate_to_postgres.java
//SOURCES run_migrations_faults_test.java
//SOURCES servers.java
//SOURCES shell.java

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is in the target when the run, the connection, the server, the disk or the file fails in the middle, and after the same command once more. */
@Order(1)
@Timeout(value = 90, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class migrate_to_postgres_faults_test {
    /** The same cells on both sides, as text: SQLite's query, PostgreSQL's. */
    static final List<String[]> ROWS = List.of(
            new String[] {"select id, name, email, active from customers", "select id, name, email, active::int from customers"},
            new String[] {
                    "select id, customer_id, cast(round(total * 100) as integer), cast(net * 4 as integer), cast(gross * 4 as integer), placed, note from orders",
                    "select id, customer_id, (total * 100)::bigint, (net * 4)::bigint, (gross * 4)::bigint, to_char(placed at time zone 'utc', 'YYYY-MM-DD HH24:MI:SS'), note from orders"},
            new String[] {"select order_id, pos, what from items", "select order_id, pos, what from items"},
            new String[] {"select at, line from logs", "select at, line from logs"},
            new String[] {"select customer_id, n from per_customer", "select customer_id, n from per_customer"});

    /** What must have been made, whoever made it in how many runs. */
    static final String SCHEMA = """
            select concat_ws(' ', relkind, relname) from pg_class where relnamespace = 'public'::regnamespace
            union all select concat_ws(' ', attrelid::regclass, attname, format_type(atttypid, atttypmod), attnotnull, attidentity, attgenerated, pg_get_expr(adbin, adrelid))
                from pg_attribute left join pg_attrdef on adrelid = attrelid and adnum = attnum where attnum > 0 and attrelid in (select oid from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'v'))
            union all select concat_ws(' ', conrelid::regclass, conname, pg_get_constraintdef(oid), convalidated) from pg_constraint where connamespace = 'public'::regnamespace
            union all select concat_ws(' ', pg_get_indexdef(indexrelid), indisvalid) from pg_index where indrelid in (select oid from pg_class where relnamespace = 'public'::regnamespace)
            union all select concat_ws(' ', sequencename, last_value) from pg_sequences where schemaname = 'public'
            order by 1""";

    /** A file of some 200,000 rows, only read; what an undisturbed run makes of it. */
    @TempDir
    static Path common;
    static Path app;
    static Ran whole;
    static long duration;
    static List<List<String>> wantedRows;
    static List<String> wantedSchema;
    static List<String> wantedRejects;

    @TempDir
    Path folder;
    String url;
    final ExecutorService threads = Executors.newCachedThreadPool();
    final List<AutoCloseable> opened = Collections.synchronizedList(new ArrayList<>());

    @BeforeAll
    static void anUndisturbedRun() throws Exception {
        app = application(common.resolve("app.db"), 80_000);
        wantedRows = rows(app);
        var test = new migrate_to_postgres_faults_test();
        test.folder = common;
        test.url = servers.database();
        whole = test.run(app);
        assertThat(whole.exit()).as(whole.toString()).isEqualTo(1);
        assertThat(whole.out()).contains("identical but for what is listed").doesNotContain("not created");
        assertSameRows(app, test.url);
        wantedSchema = column(test.url, SCHEMA);
        wantedRejects = Files.readAllLines(common.resolve("rejects.ndjson"));
        assertThat(Set.copyOf(wantedRejects).size()).as("changed cells").isEqualTo(wantedRejects.size()).isEqualTo(25_160);
    }

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

    /** Tables with all kinds of keys, a view, a generated column, an index with a condition, and more changed cells than fit one transaction. */
    static Path application(Path file, int orders) throws SQLException {
        var customers = orders / 4;
        sqlite(file,
                "create table customers (id integer primary key autoincrement, name text not null, email text unique, active boolean not null default 1)",
                "create table orders (id integer primary key, customer_id integer not null references customers (id), total numeric check (total >= 0), net real, gross real generated always as (net * 2.0) stored,"
                        + " placed datetime default current_timestamp, note text)",
                "create table items (order_id integer not null references orders (id), pos integer not null, what text, primary key (order_id, pos)) without rowid",
                "create table logs (at text, line text)",
                "create index orders_customer on orders (customer_id)", "create index orders_note on orders (note) where note is not null",
                "create view per_customer as select customer_id, count(*) as n from orders group by customer_id",
                counting(customers) + "insert into customers select i, 'name ' || i, 'mail' || i || '@example.org', i % 2 from n",
                counting(orders) + "insert into orders (id, customer_id, total, net, placed, note) select i, i % " + customers
                        + " + 1, i / 100.0, i / 4.0, datetime(1700000000 + i, 'unixepoch'),"
                        + " case when i % 500 = 0 then 'a' || char(0) || i when i % 3 = 0 then 'note ' || i end from n",
                counting(orders / 2) + "insert into items select (i + 1) / 2, i % 2, 'thing ' || i from n",
                counting(orders * 5 / 8)
                        + "insert into logs select '2024-01-01', 'line ' || i || case when i % 2 = 0 then char(0) else '' end from n");
        return file;
    }

    static String counting(int to) {
        return "with recursive n (i) as (select 1 union all select i + 1 from n where i < " + to + ") ";
    }

    // --- the run dies ---

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3})
    void killed_at_some_random_moments_the_next_run_completes_and_nothing_is_there_twice(int part) throws Exception {
        killed(part, 4);
    }

    @Test
    @Tag("slow")
    @Timeout(value = 5, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void killed_at_many_random_moments_the_next_run_completes_and_nothing_is_there_twice() throws Exception {
        for (var part = 0; part < 20; part++) {
            killed(part, 20);
        }
    }

    /** The moment is in that part of the run; every third run is killed once more. */
    void killed(int part, int parts) throws Exception {
        var seed = System.nanoTime();
        System.out.println("killed at random moments: part " + part + ", seed " + seed);
        var random = new Random(seed);
        var millis = duration();
        var database = servers.database();
        var rejects = folder.resolve("rejects" + part);
        var delays = random.doubles(1 + (part % 3 == 2 ? 1 : 0)).mapToLong(when -> (long) (millis * (0.25 + 0.75 * when))).toArray();
        delays[0] = (long) (millis * (0.25 + 0.75 * (part + random.nextDouble()) / parts));
        for (var delay : delays) {
            var running = start(app, database, "--rejects", rejects.toString());
            running.process.waitFor(delay, TimeUnit.MILLISECONDS);
            running.kill();
        }
        assertEndsAs(database, rejects, "seed " + seed + ", killed after " + Arrays.toString(delays) + " of " + millis + " ms");
    }

    /** How many milliseconds a run takes in a process of its own, start of Java included. */
    long duration() throws Exception {
        if (duration == 0) {
            var timed = start(app, url, "--rejects", folder.resolve("timed").toString());
            assertThat(timed.ended(40).exit()).isEqualTo(1);
            duration = (System.nanoTime() - timed.begun) / 1_000_000;
        }
        return duration;
    }

    /** The same command once more ends as an undisturbed run: exit code, rows, schema, reject file. */
    void assertEndsAs(String database, Path rejects, String how) throws Exception {
        var again = runAt(app, database, "--rejects", rejects.toString());
        assertThat(again.exit()).as(how + "\n" + again).isEqualTo(1);
        assertThat(again.out()).as(how).contains("identical but for what is listed");
        assertThat(changes(again)).as(how).isEqualTo(changes(whole));
        assertComplete(database, rejects, how + "\n" + again);
    }

    /** What the report lists as changed, or not created. */
    static List<String> changes(Ran ran) {
        return ran.out().lines().filter(line -> line.matches("(changed|not created|cells|DIFFERENT) {2}.*")).sorted().toList();
    }

    void assertComplete(String database, Path rejects, String how) throws Exception {
        assertSameRows(app, database);
        assertThat(column(database, SCHEMA)).as(how).isEqualTo(wantedSchema);
        var lines = Files.readAllLines(rejects);
        assertThat(lines.size()).as("reject lines, " + how).isEqualTo(wantedRejects.size());
        assertThat(lines.equals(wantedRejects)).as("the reject lines are those of an undisturbed run, " + how).isTrue();
    }

    /** All rows of both sides, read by plain JDBC. */
    static void assertSameRows(Path file, String database) throws SQLException {
        var wanted = file.equals(app) ? wantedRows : rows(file);
        for (var table = 0; table < ROWS.size(); table++) {
            var query = ROWS.get(table);
            var there = wanted.get(table);
            var here = lines(connect(database), query[1]);
            assertThat(here.size()).as("rows of " + query[1]).isEqualTo(there.size());
            var i = IntStream.range(0, here.size()).filter(n -> !here.get(n).equals(there.get(n))).findFirst().orElse(-1);
            assertThat(i < 0 ? null : here.get(i)).as("first row that differs of " + query[1]).isEqualTo(i < 0 ? null : there.get(i));
        }
    }

    static List<List<String>> rows(Path file) throws SQLException {
        var all = new ArrayList<List<String>>();
        for (var query : ROWS) {
            all.add(lines(open(file), query[0]));
        }
        return all;
    }

    /** The rows as text, sorted, without NUL, which PostgreSQL's text cannot hold; closes the connection. */
    static List<String> lines(Connection connection, String query) throws SQLException {
        try (connection; var rows = connection.createStatement().executeQuery(query)) {
            var columns = rows.getMetaData().getColumnCount();
            var lines = new ArrayList<String>();
            while (rows.next()) {
                var line = new StringBuilder();
                for (var c = 1; c <= columns; c++) {
                    var cell = rows.getString(c);
                    line.append(cell == null ? null : cell.replace("\0", "")).append('|');
                }
                lines.add(line.toString());
            }
            Collections.sort(lines);
            return lines;
        }
    }

    @ParameterizedTest
    @CsvSource({"INT, 130", "TERM, 143"})
    void a_signal_ends_the_run_with_its_exit_code_and_a_word_and_nothing_goes_on_in_the_server(String signal, int exit) throws Exception {
        slowIndex("orders_customer", 20);
        var running = start(app, url);
        until(30, "the index is built", "select 1 from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()");
        run_migrations_faults_test.signal(running.process, signal);
        var ran = running.ended(10);
        assertThat(ran.exit()).as(ran.err()).isEqualTo(exit);
        assertThat(ran.err()).contains("same command").doesNotContain("\tat ");
        until(5, "no backend of the run is left",
                "select 1 where not exists (select from pg_stat_activity where datname = current_database() and backend_type = 'client backend' and pid <> pg_backend_pid())");
        sql("drop event trigger slow");
        assertEndsAs(url, folder.resolve("rejects.ndjson"), signal);
    }

    @Test
    @Tag("slow")
    @Timeout(value = 5, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void a_signal_at_any_moment_is_obeyed_at_once_and_the_next_run_completes() throws Exception {
        var seed = System.nanoTime();
        System.out.println("signals: seed " + seed);
        var random = new Random(seed);
        for (var i = 0; i < 12; i++) {
            var database = servers.database();
            var rejects = folder.resolve("rejects" + i);
            var running = start(app, database, "--rejects", rejects.toString());
            running.process.waitFor(200 + random.nextInt(3000), TimeUnit.MILLISECONDS);
            var signalled = System.nanoTime();
            shell("kill", i % 2 == 0 ? "-INT" : "-TERM", String.valueOf(running.process.pid())); // to nobody, if the run has ended
            var ran = running.ended(10);
            assertThat((System.nanoTime() - signalled) / 1e9).as("seconds").isLessThan(4);
            assertThat(ran.exit()).as("seed " + seed + "\n" + ran).isIn(1, i % 2 == 0 ? 130 : 143);
            assertThat(ran.err()).doesNotContain("\tat ", "Exception");
            assertEndsAs(database, rejects, "seed " + seed + "\n" + ran);
        }
    }

    @ParameterizedTest
    @Tag("slow")
    @ValueSource(strings = {"abort", "truncate", "merge"})
    void tables_of_an_application_are_filled_once_although_the_run_was_killed(String targetRows) throws Exception {
        var random = new Random(3);
        for (var i = 0; i < 3; i++) {
            var database = servers.database();
            sqlAt(database, "create table customers (id bigint primary key, name text, email text unique, active boolean)",
                    "create table orders (id bigint primary key, customer_id bigint references customers, total numeric, net float8, gross float8, placed timestamptz, note text)",
                    "create table items (order_id bigint references orders, pos int, what text, primary key (order_id, pos))",
                    "create table logs (at text, line text)",
                    "create view per_customer as select customer_id, count(*) as n from orders group by customer_id");
            if (!targetRows.equals("abort")) {
                sqlAt(database, "insert into customers values (1, 'old', 'old', false)");
            }
            var rejects = folder.resolve("rejects" + i);
            var arguments = new String[] {"--data-only", "--target-rows", targetRows, "--assume-utc", "--rejects", rejects.toString()};
            var killed = start(app, database, arguments);
            killed.process.waitFor(900 + random.nextInt(1200), TimeUnit.MILLISECONDS);
            killed.kill();
            var ran = runAt(app, database, arguments);
            assertThat(ran.exit()).as(ran.toString()).isEqualTo(1);
            assertSameRows(app, database);
            assertThat(Set.copyOf(Files.readAllLines(rejects)).size()).as("changed cells").isEqualTo(Files.readAllLines(rejects).size())
                    .isEqualTo(25_160);
        }
    }

    /** Whoever makes an index of this name sleeps for some seconds in the same transaction. */
    void slowIndex(String name, int seconds) throws SQLException {
        sql("create schema if not exists test",
                "create function test.slow() returns event_trigger language plpgsql as $$ begin if exists (select from pg_event_trigger_ddl_commands()"
                + " where object_identity like '%." + name + "') then perform pg_sleep(" + seconds + "); end if; end $$",
                "create event trigger slow on ddl_command_end when tag in ('CREATE INDEX', 'ALTER TABLE') execute function test.slow()");
    }

    @Test
    void what_the_backend_of_a_killed_run_is_still_making_is_waited_for_and_not_called_refused() throws Exception {
        slowIndex("orders_customer", 4);
        var killed = start(app, url);
        until(30, "the index is built", "select 1 from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()");
        killed.kill();
        until(5, "its lock is free",
                "select 1 where not exists (select from pg_locks where relation = to_regclass('pgbang.sqlite_migration_lock'))");
        var next = start(app, url);
        until(20, "the first one comes to its end", "select 1 from pg_indexes where indexname = 'orders_customer'");
        sqlQuietly("drop event trigger slow");
        var ran = next.ended(60);
        if (ran.exit() == 2) {
            assertThat(ran.err()).isNotBlank().doesNotContain("\tat ");
        } else {
            assertThat(ran.out()).doesNotContain("not created");
        }
        assertEndsAs(url, folder.resolve("rejects.ndjson"), ran.toString());
    }

    /** Which it is shows when their values are computed or compared; then the table is loaded once more. */
    @Test
    @Tag("slow")
    void killed_while_a_generated_column_becomes_a_plain_one_the_next_run_completes() throws Exception {
        var file = sqlite(folder.resolve("generated.db"),
                "create table differs (id integer primary key, r real, v text, x text generated always as (v || r) stored)",
                "create table fails (id integer primary key, r real, x generated always as (cast(r as integer)) stored)",
                counting(40_000)
                        + "insert into differs select i, case when i = 39000 then 1e20 else i / 3.0 end, 'v' || char(0) || i from n",
                counting(40_000)
                        + "insert into fails select i, case when i = 39000 then 1e30 else i / 4.0 end from n");
        var undisturbed = run(file);
        assertThat(undisturbed.exit()).as(undisturbed.toString()).isEqualTo(1);
        assertThat(undisturbed.out()).contains("here a plain column");
        var wanted = Files.readAllLines(folder.resolve("rejects.ndjson"));
        var query = "select id, v, x from differs";
        for (var delay = 700; delay < 2200; delay += 500) {
            var database = servers.database();
            var killed = start(file, database);
            killed.process.waitFor(delay, TimeUnit.MILLISECONDS);
            killed.kill();
            var ran = runAt(file, database);
            assertThat(ran.exit()).as("killed after " + delay + " ms\n" + ran).isEqualTo(1);
            assertThat(lines(connect(database), query).equals(lines(open(file), query))).as("the same rows, killed after " + delay + " ms")
                    .isTrue();
            assertThat(lines(connect(database), "select id, x::text from fails").equals(lines(open(file), "select id, x from fails")))
                    .as("the same rows, killed after " + delay + " ms").isTrue();
            assertThat(Files.readAllLines(folder.resolve("rejects.ndjson")).equals(wanted))
                    .as("the same reject lines, killed after " + delay + " ms").isTrue();
        }
    }

    // --- the connection dies ---

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void cut_at_a_random_byte_the_run_goes_on_or_the_next_one_completes(boolean toServer) throws Exception {
        cut(toServer, 2);
    }

    @ParameterizedTest
    @Tag("slow")
    @Timeout(value = 5, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    @ValueSource(booleans = {true, false})
    void cut_at_many_random_bytes_the_run_goes_on_or_the_next_one_completes(boolean toServer) throws Exception {
        cut(toServer, 20);
    }

    void cut(boolean toServer, int times) throws Exception {
        var seed = System.nanoTime();
        System.out.println("cut at random bytes: seed " + seed);
        var random = new Random(seed);
        long total;
        try (var proxy = new Proxy(url, (up, bytes, n) -> Fate.PASS)) {
            assertThat(runAt(app, proxy.url).exit()).isEqualTo(1);
            total = toServer ? proxy.up.get() : proxy.down.get();
        }
        for (var i = 0; i < times; i++) {
            var at = i == 0 ? random.nextInt(40_000) : (long) (total * random.nextDouble());
            var database = servers.database();
            var rejects = folder.resolve("rejects" + i);
            var passed = new AtomicLong();
            Ran ran;
            try (var proxy = new Proxy(database,
                    (up, bytes, n) -> up == toServer && passed.get() < at && passed.addAndGet(n) >= at ? Fate.CUT : Fate.PASS)) {
                ran = runAt(app, proxy.url, "--rejects", rejects.toString());
            }
            var how = "seed " + seed + ", cut after " + at + " of " + total + " bytes " + (toServer ? "to" : "from") + " the server\n"
                    + ran;
            assertRanOn(ran, how);
            if (ran.exit() == 1) {
                assertComplete(database, rejects, how);
            }
            assertEndsAs(database, rejects, how);
        }
    }

    /** It has gone on to the end as if nothing had been, or has said that it stops. */
    static void assertRanOn(Ran ran, String how) {
        assertThat(ran.exit()).as(how).isIn(1, 2);
        assertThat(ran.err()).as(how).doesNotContain("\tat ", "NullPointer", "null");
        if (ran.exit() == 2) {
            assertThat(ran.err()).as(how).isNotBlank();
        } else {
            assertThat(ran.out()).as(how).contains("identical but for what is listed");
            assertThat(changes(ran)).as(how).isEqualTo(changes(whole));
        }
    }

    @ParameterizedTest
    @EnumSource(value = Fate.class, names = {"CUT", "CUT_AFTER"})
    @Tag("slow")
    void cut_at_a_commit_that_the_server_got_or_did_not_get_no_row_is_there_twice(Fate fate) throws Exception {
        cutAtCommit(fate, 2);
    }

    @ParameterizedTest
    @Tag("slow")
    @Timeout(value = 5, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    @EnumSource(value = Fate.class, names = {"CUT", "CUT_AFTER"})
    void cut_at_any_commit_that_the_server_got_or_did_not_get_no_row_is_there_twice(Fate fate) throws Exception {
        for (var nth = 1; cutAtCommit(fate, nth); nth++) {
            assertThat(nth).as("commits").isLessThan(100);
        }
    }

    /** False if there was no such commit. */
    boolean cutAtCommit(Fate fate, int nth) throws Exception {
        var database = servers.database();
        var rejects = folder.resolve("rejects" + nth);
        var commits = new AtomicInteger();
        Ran ran;
        try (var proxy = new Proxy(database,
                (up, bytes, n) -> up && text(bytes, n).contains("COMMIT") && commits.incrementAndGet() == nth ? fate : Fate.PASS)) {
            ran = runAt(app, proxy.url, "--rejects", rejects.toString());
        }
        var how = fate + " commit " + nth + "\n" + ran;
        assertRanOn(ran, how);
        if (ran.exit() == 1) {
            assertComplete(database, rejects, how);
        }
        assertEndsAs(database, rejects, how);
        return commits.get() >= nth;
    }

    static String text(byte[] bytes, int n) {
        return new String(bytes, 0, n, ISO_8859_1);
    }

    @Test
    void cut_while_a_table_is_loaded_once_more_for_a_generated_column_the_run_goes_on_or_the_next_one_completes() throws Exception {
        var file = sqlite(folder.resolve("generated.db"),
                "create table g (id integer primary key, r real, v text unique, x text generated always as (v || r) stored)",
                counting(40_000) + "insert into g select i, case when i = 39000 then 1e20 else i / 3.0 end, 'v' || i from n");
        for (var fate : List.of(Fate.CUT, Fate.CUT_AFTER)) {
            var database = servers.database();
            var copies = new AtomicInteger();
            Ran ran;
            try (var proxy = new Proxy(database,
                    (up, bytes, n) -> up && text(bytes, n).contains("COPY \"public\".\"g\"") && copies.incrementAndGet() == 2
                    ? fate : Fate.PASS)) {
                ran = runAt(file, proxy.url);
            }
            assertThat(copies.get()).as("it is loaded once more").isGreaterThanOrEqualTo(2);
            assertThat(ran.exit()).as(ran.toString()).isIn(1, 2);
            assertThat(ran.err() + ran.out()).as(ran.toString()).doesNotContain("does not exist");
            var again = runAt(file, database);
            assertThat(again.exit()).as(again.toString()).isEqualTo(1);
            assertThat(changes(again)).hasSize(1).first().asString().contains("g.x");
            assertThat(lines(connect(database), "select id, v, x from g").equals(lines(open(file), "select id, v, x from g")))
                    .as("the same rows").isTrue();
        }
    }

    @Test
    @Tag("slow")
    void sessions_terminated_again_and_again_the_run_goes_on_or_the_next_one_completes() throws Exception {
        var random = new Random(7);
        for (var lockOnly : List.of(true, false, false)) {
            var database = servers.database();
            var rejects = folder.resolve("rejects" + database.hashCode());
            var running = CompletableFuture.supplyAsync(() -> runAt(app, database, "--rejects", rejects.toString()), threads);
            var ends = 0;
            while (!running.isDone()) {
                Thread.sleep(100 + random.nextInt(200));
                if (ends < 2) {
                    ends += column(database,
                            "select pg_terminate_backend(pid) from pg_stat_activity a where datname = current_database() and backend_type = 'client backend' and pid <> pg_backend_pid()"
                                    + (lockOnly
                                            ? " and exists (select from pg_locks l where l.pid = a.pid and relation = to_regclass('pgbang.sqlite_migration_lock'))"
                                    : "")).isEmpty() ? 0 : 1;
                }
            }
            var ran = running.get();
            assertThat(ends).isPositive();
            assertRanOn(ran, (lockOnly ? "the lock's session" : "all sessions") + " terminated\n" + ran);
            if (ran.exit() == 1) {
                assertComplete(database, rejects, ran.toString());
            }
            assertEndsAs(database, rejects, ran.toString());
        }
    }

    @Test
    @Tag("slow")
    void statements_cancelled_by_an_administrator_are_not_called_refused() throws Exception {
        var random = new Random(11);
        for (var i = 0; i < 3; i++) {
            var database = servers.database();
            var running = CompletableFuture.supplyAsync(() -> runAt(app, database), threads);
            for (var cancelled = false; !running.isDone();) {
                Thread.sleep(20 + random.nextInt(80));
                cancelled = cancelled || !column(database,
                        "select pg_cancel_backend(pid) from pg_stat_activity where datname = current_database() and backend_type = 'client backend' and pid <> pg_backend_pid()"
                                + " and state = 'active' and query ~ '" + List.of("^COPY", "INDEX|PRIMARY KEY|FOREIGN KEY", "^copy").get(i)
                                + "'")
                        .isEmpty();
            }
            var ran = running.get();
            assertRanOn(ran, ran.toString());
            assertEndsAs(database, folder.resolve("rejects.ndjson"), ran.toString());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void a_role_that_may_have_few_connections_is_told_so_or_gets_by(int connections) throws Exception {
        var role = role("grant create on database " + name(url) + " to public", "grant create, usage on schema public to public",
                "alter role " + name(url)
                + "_role connection limit " + connections);
        var ran = runAt(app, role);
        assertThat(ran.exit()).as(ran.toString()).isIn(1, 2);
        if (ran.exit() == 1) {
            assertComplete(url, folder.resolve("rejects.ndjson"), ran.toString());
        } else {
            assertThat(ran.err()).contains("too many connections");
        }
        assertThat(ran.exit()).as("two are enough: the lock, a worker\n" + ran).isEqualTo(connections >= 2 ? 1 : 2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"--rejects", "--not-migrated", "--html"})
    void a_report_that_cannot_be_written_is_said_before_anything_is_moved(String option) throws Exception {
        var ran = run(app, option, folder.resolve("absent/report").toString());
        assertThat(ran.exit()).as(ran.toString()).isIn(2, 64);
        assertThat(ran.err()).contains("absent");
        assertThat(column("select relname from pg_class where relnamespace = 'public'::regnamespace")).isEmpty();
    }

    @Test
    @Tag("slow")
    void thousands_of_tables_of_an_interrupted_run_are_made_anew_when_the_file_has_changed() throws Exception {
        var tables = IntStream.range(0, 3000).mapToObj(i -> List.of("create table t" + i
                + " (id integer primary key, v text unique, r integer references t0 (id))", "insert into t" + i + " values (1, 'a', 1)"))
                .flatMap(List::stream)
                .toArray(String[]::new);
        var file = sqlite(folder.resolve("many.db"), tables);
        assertThat(run(file).exit()).isZero();
        sql("update pgbang.sqlite_migration set finished = null"); // as if it had died at the end
        sqlite(file, "insert into t2999 values (2, 'b', 1)");
        var ran = run(file);
        assertThat(ran.exit()).as(ran.toString()).isZero();
        assertThat(column("select count(*) from t2999")).containsExactly("2");
    }

    /** A firewall forgets the idle connection: the client sees it closed, the server does not, and keeps the lock until it notices. */
    @Test
    @Tag("slow")
    void the_lock_s_connection_forgotten_on_the_way_the_run_goes_on_or_the_next_one_completes() throws Exception {
        var locks = new AtomicInteger();
        Ran ran;
        try (var proxy = new Proxy(url, (up, bytes, n) -> up && text(bytes, n).contains("SET LOCAL idle_in_transaction_session_timeout = 0")
                && locks.incrementAndGet() == 3 ? Fate.FORGET : Fate.PASS)) {
            ran = runAt(app, proxy.url);
            assertThat(locks.get()).isGreaterThanOrEqualTo(3);
            assertRanOn(ran, ran.toString());
        }
        until(10, "the server has noticed",
                "select 1 where not exists (select from pg_locks where relation = to_regclass('pgbang.sqlite_migration_lock'))");
        assertEndsAs(url, folder.resolve("rejects.ndjson"), ran.toString());
    }

    @Test
    void through_a_pooler_in_transaction_mode_all_arrives_and_no_setting_stays_behind() throws Exception {
        var bouncer = pgbouncer.before(url, 12);
        opened.add(bouncer);
        var pooler = bouncer.url;
        var settings = "select string_agg(name || '=' || setting, ' ' order by name) from pg_settings where source = 'session' and name <> 'application_name'";
        for (var jobs : List.of("1", "3")) {
            var ran = runAt(app, pooler, "--jobs", jobs);
            assertThat(ran.exit()).as(ran.toString()).isEqualTo(1);
            assertComplete(url, folder.resolve("rejects.ndjson"), ran.toString());
            var clients = new ArrayList<Connection>();
            for (var i = 0; i < 12; i++) {
                var client = pgbouncer.connect(pooler);
                opened.add(client);
                client.setAutoCommit(false);
                clients.add(client);
                try (var rows = client.createStatement().executeQuery(settings)) {
                    rows.next();
                    assertThat(String.valueOf(rows.getString(1))).doesNotContain("synchronous_commit", "lock_timeout", "statement_timeout",
                            "search_path",
                            "maintenance_work_mem", "session_replication_role");
                }
            }
            for (var client : clients) {
                client.close();
            }
        }
    }

    // --- the server, its disk ---

    @Test
    @Tag("slow")
    void a_reader_that_holds_a_table_for_long_delays_its_primary_key_and_does_not_prevent_it() throws Exception {
        var holder = new CompletableFuture<Connection>();
        threads.submit(() -> {
            try (var look = connect(url)) {
                run_migrations_faults_test.until(30, "the table", () -> look.createStatement()
                        .executeQuery("select 1 from pg_class where relname = 'orders' and relnamespace = 'public'::regnamespace").next());
                var reader = connect(url);
                opened.add(reader);
                reader.setAutoCommit(false);
                reader.createStatement().execute("lock table orders in access share mode");
                holder.complete(reader);
            } catch (Exception e) {
                holder.completeExceptionally(e);
            }
        });
        var running = start(app, url);
        var reader = holder.get(40, TimeUnit.SECONDS);
        running.process.waitFor(13, TimeUnit.SECONDS);
        reader.rollback();
        var ran = running.ended(60);
        assertRanOn(ran, ran.toString());
        assertEndsAs(url, folder.resolve("rejects.ndjson"), ran.toString());
    }

    @Test
    @Tag("slow")
    void what_was_said_to_be_finished_survives_a_crash_of_the_server() throws Exception {
        try (var server = new run_migrations_faults_test.Own()) {
            sqlAt(server.url("postgres"), "alter system set wal_writer_delay = '10s'", "select pg_reload_conf()");
            var database = server.database("crash");
            var ran = runAt(app, database);
            server.kill();
            assertThat(ran.exit()).as(ran.toString()).isEqualTo(1);
            server.start();
            assertThat(column(database, "select finished is not null from pgbang.sqlite_migration")).containsExactly("t");
            assertComplete(database, folder.resolve("rejects.ndjson"), ran.toString());
        }
    }

    @Test
    @Tag("slow")
    @Timeout(value = 5, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void the_server_killed_at_random_moments_the_next_run_completes() throws Exception {
        var seed = System.nanoTime();
        System.out.println("server killed: seed " + seed);
        var random = new Random(seed);
        try (var server = new run_migrations_faults_test.Own()) {
            for (var i = 0; i < 6; i++) {
                var database = server.database("crash" + i);
                var rejects = folder.resolve("rejects" + i);
                var running = CompletableFuture.supplyAsync(() -> runAt(app, database, "--rejects", rejects.toString()), threads);
                Thread.sleep(300 + random.nextInt(1500));
                server.kill();
                server.start();
                var ran = running.get(80, TimeUnit.SECONDS);
                assertRanOn(ran, "seed " + seed + "\n" + ran);
                assertEndsAs(database, rejects, "seed " + seed + "\n" + ran);
            }
        }
    }

    /** The tables' disk, in several stages of the run; the server's own files are elsewhere, so that it goes on. */
    @ParameterizedTest
    @ValueSource(ints = {4, 30})
    void the_target_s_disk_full_the_run_says_so_and_completes_when_there_is_space(int megabytes) throws Exception {
        var disk = disk("size=1g");
        try (var server = new run_migrations_faults_test.Own()) {
            for (var right : List.of("unix:uid", "unix:gid")) {
                Files.setAttribute(disk, right, Files.getAttribute(server.server.data, right));
            }
            sqlAt(server.url("postgres"), "create tablespace small location '" + disk + "'", "create database small tablespace small");
            var small = server.url("small");
            var used = (Files.getFileStore(disk).getTotalSpace() - Files.getFileStore(disk).getUnallocatedSpace()) >> 20;
            assertThat(shell("mount", "-o", "remount,size=" + (used + megabytes) + "m", disk.toString())).isZero();
            var failed = runAt(app, small);
            assertRanOn(failed, "disk of " + megabytes + " MB\n" + failed);
            if (failed.exit() == 2) {
                assertThat(failed.err()).contains("No space left");
            }
            assertThat(shell("mount", "-o", "remount,size=1g", disk.toString())).isZero();
            assertEndsAs(small, folder.resolve("rejects.ndjson"), failed.toString());
        }
    }

    /** No space for its log makes the server stop itself. */
    @ParameterizedTest
    @Tag("slow")
    @Timeout(value = 3, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    @ValueSource(ints = {60, 90, 110})
    void the_server_down_because_its_disk_is_full_the_next_run_completes_when_it_is_up_again(int megabytes) throws Exception {
        var disk = disk("size=1g");
        try (var server = local_postgres.Server.start(
                new local_postgres.Settings(servers.newest(), disk.resolve("data"), run_migrations_faults_test.freePort(),
                        Map.of("min_wal_size", "32MB",
                        "max_wal_size", "32MB"), "postgres"))) {
            sqlAt(server.url("postgres"), "create database small");
            assertThat(shell("mount", "-o", "remount,size=" + megabytes + "m", disk.toString())).isZero();
            var failed = runAt(app, server.url("small"));
            assertRanOn(failed, "disk of " + megabytes + " MB\n" + failed);
            assertThat(shell("mount", "-o", "remount,size=1g", disk.toString())).isZero();
            until(60, "the server accepts connections", () -> answers(server, "small"));
            assertEndsAs(server.url("small"), folder.resolve("rejects.ndjson"), failed.toString());
        }
    }

    static boolean answers(local_postgres.Server server, String database) throws Exception {
        try {
            connect(server.url(database)).close();
            return true;
        } catch (SQLException down) {
            try {
                server.startServer();
            } catch (local_postgres.Failure stopping) {
                return false;
            }
            return true;
        }
    }

    /** A file system of its own in memory, gone after the test. */
    Path disk(String options) throws Exception {
        assumeTrue(System.getProperty("user.name").equals("root"), "mounts a tmpfs");
        var disk = Files.createDirectory(folder.resolve("disk"));
        assumeTrue(shell("mount", "-t", "tmpfs", "-o", options, "tmpfs", disk.toString()) == 0, "mount is not permitted");
        opened.add(() -> assertThat(shell("umount", "--lazy", disk.toString())).isZero());
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        return disk;
    }

    @Test
    void timeouts_that_the_database_has_do_not_end_the_run() throws Exception {
        for (var timeout : List.of("statement_timeout", "idle_in_transaction_session_timeout", "idle_session_timeout",
                "transaction_timeout", "lock_timeout")) {
            sql("alter database " + name(url) + " set " + timeout + " = '150ms'");
        }
        var ran = run(app);
        assertThat(ran.exit()).as(ran.toString()).isEqualTo(1);
        assertThat(ran.err()).doesNotContain("cut");
        assertThat(ran.out()).doesNotContain("not created");
        sqlAt(servers.database(),
                Stream.of("statement_timeout", "transaction_timeout", "idle_session_timeout").map(timeout -> "alter database " + name(url)
                + " reset " + timeout).toArray(String[]::new));
        assertComplete(url, folder.resolve("rejects.ndjson"), ran.toString());
    }

    /** Somebody who wants to begin anew removes the tables, and does not know of the notes. */
    @ParameterizedTest
    @ValueSource(strings = {"drop schema public cascade; create schema public", "drop table orders cascade"})
    void tables_removed_by_hand_after_a_run_are_made_again_or_it_is_said_how_to_begin_anew(String removed) throws Exception {
        assertThat(run(app).exit()).isEqualTo(1);
        sql(removed);
        var ran = run(app);
        assertThat(ran.exit()).as(ran.toString()).isIn(1, 2);
        if (ran.exit() == 2) {
            assertThat(ran.err()).contains("--recreate").doesNotContain("\tat ");
        } else {
            assertSameRows(app, url);
        }
    }

    static int shell(String... command) throws Exception {
        return new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD).start().waitFor();
    }

    // --- several at once ---

    @Test
    @Tag("slow")
    void of_two_runs_at_once_one_says_so_and_the_other_is_complete() throws Exception {
        for (var pause : List.of(0, 0, 300)) {
            var database = servers.database();
            var runs = new ArrayList<Runner>();
            for (var i = 0; i < 2; i++) {
                runs.add(start(app, database, "--rejects", folder.resolve("rejects" + i).toString()));
                Thread.sleep(pause);
            }
            var exits = new ArrayList<Integer>();
            for (var running : runs) {
                var ran = running.ended(40);
                exits.add(ran.exit());
                if (ran.exit() == 2) {
                    assertThat(ran.err()).contains("another run").doesNotContain("\tat ", "SQLSTATE");
                } else {
                    assertThat(ran.exit()).as(ran.toString()).isEqualTo(1);
                }
            }
            // one that comes when the other has ended finds all done
            assertThat(exits).as("exit codes").contains(1);
            assertEndsAs(database, folder.resolve("rejects.ndjson"), "after " + exits);
        }
    }

    @Test
    @Tag("slow")
    void a_run_that_was_suspended_and_lost_its_lock_changes_nothing_behind_the_one_that_completed() throws Exception {
        var first = start(app, url, "--rejects", folder.resolve("first").toString());
        until(30, "it loads", "select 1 from pg_stat_activity where query like 'COPY%' and datname = current_database()");
        run_migrations_faults_test.signal(first.process, "STOP");
        sql("select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and backend_type = 'client backend' and pid <> pg_backend_pid()");
        var second = runAt(app, url);
        assertThat(second.exit()).as(second.toString()).isEqualTo(1);
        run_migrations_faults_test.signal(first.process, "CONT");
        var ran = first.ended(60);
        assertRanOn(ran, ran.toString());
        assertComplete(url, folder.resolve("rejects.ndjson"), ran.toString());
    }

    // --- the file changes ---

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void a_file_that_is_written_to_during_the_run_arrives_as_it_was_at_one_moment(int jobs) throws Exception {
        var file = folder.resolve("busy.db");
        accounts(file, 50_000);
        try (var writer = open(file)) {
            var transactions = keepMoving(writer);
            var ran = runAt(file, url, "--jobs", String.valueOf(jobs));
            assertThat(transactions.get()).as("transactions meanwhile").isGreaterThan(20);
            assertThat(ran.exit()).as(ran.toString()).isZero();
            assertThat(column("select (select sum(amount) from a) + (select sum(amount) from b)")).as("a sum that no transaction changes")
                    .containsExactly("100000000");
            assertThat(column("select (select max(n) from moves) - (select sum(n) from seen)"))
                    .as("what one transaction writes into two tables")
                    .containsExactly("0");
        }
    }

    /** Money moves between two tables, each move is noted in two others. */
    static void accounts(Path file, int rows) throws SQLException {
        sqlite(file, "pragma journal_mode = wal", "create table a (id integer primary key, amount integer not null)",
                "create table moves (n integer primary key)",
                "create table filler (id integer primary key, t text)", "create table b (id integer primary key, amount integer not null)",
                        "create table seen (n integer)",
                counting(rows) + "insert into a select i, 1000 from n", counting(rows) + "insert into b select i, 1000 from n",
                counting(rows * 4)
                        + "insert into filler select i, 'filler ' || i from n",
                "insert into moves values (0)", "insert into seen values (0)");
    }

    AtomicInteger keepMoving(Connection writer) throws SQLException {
        var done = new AtomicInteger();
        writer.createStatement().execute("pragma synchronous = off");
        writer.setAutoCommit(false);
        threads.submit(() -> {
            try (var statement = writer.createStatement()) {
                for (var i = 1; !Thread.interrupted(); i++) {
                    move(statement, i);
                    writer.commit();
                    done.set(i);
                    Thread.sleep(5);
                }
            }
            return null;
        });
        return done;
    }

    static void move(Statement statement, int i) throws SQLException {
        statement.execute("update a set amount = amount - 7 where id = " + (i * 97 % 50_000 + 1));
        statement.execute("insert into moves values (" + i + ")");
        statement.execute("update b set amount = amount + 7 where id = " + (i * 89 % 50_000 + 1));
        statement.execute("update seen set n = " + i);
    }

    /** Whatever moment the write comes at: what the next run takes over from the first one must be of the same state as what it loads itself. */
    @ParameterizedTest
    @ValueSource(strings = {"before the first commit", "between two tables", "after the run was killed",
            "after the run was killed, in a log that is gone at its end", "into a log that has begun anew"})
    void a_file_written_to_between_an_interrupted_run_and_the_next_does_not_arrive_half_old(String moment) throws Exception {
        var file = folder.resolve("busy.db");
        accounts(file, 50_000);
        try (var writer = open(file); var statement = writer.createStatement()) {
            writer.setAutoCommit(false);
            var next = new AtomicInteger(1);
            if (moment.startsWith("into")) { // the log is longer than what is written from now on, and its end is of an earlier generation
                statement.execute("insert into filler select id + 1000000, t from filler");
                writer.commit();
                writer.setAutoCommit(true);
                statement.execute("pragma wal_checkpoint(restart)");
                writer.setAutoCommit(false);
                move(statement, next.getAndIncrement());
                writer.commit();
            }
            var held = new CountDownLatch(1);
            var loaded = new CompletableFuture<Void>();
            try (var proxy = new Proxy(url, (up, bytes, n) -> {
                if (moment.startsWith("before") && up && held.getCount() > 0) {
                    held.await();
                }
                return Fate.PASS;
            })) {
                var killed = start(file, proxy.url, "--jobs", "1");
                if (moment.startsWith("before")) {
                    until(30, "the run has connected, and so has its view of the file", () -> proxy.accepted.get() > 0);
                    move(statement, next.getAndIncrement());
                    writer.commit();
                }
                held.countDown();
                watch(proxy, loaded, killed);
                loaded.get(40, TimeUnit.SECONDS);
                if (moment.startsWith("between")) {
                    run_migrations_faults_test.signal(killed.process, "STOP");
                    move(statement, next.getAndIncrement());
                    writer.commit();
                }
                killed.kill();
            }
            if (moment.startsWith("after") || moment.startsWith("into")) {
                move(statement, next.getAndIncrement());
                writer.commit();
            }
            if (moment.contains("gone")) {
                writer.close();
                assertThat(Path.of(file + "-wal")).doesNotExist();
            }
            var ran = runAt(file, url, "--jobs", "1");
            assertThat(ran.exit()).as(ran.toString()).isZero();
            assertThat(column("select (select sum(amount) from a) + (select sum(amount) from b)")).as(ran.toString())
                    .containsExactly("100000000");
            assertThat(column("select (select max(n) from moves) - (select sum(n) from seen)")).as(ran.toString()).containsExactly("0");
            assertThat(column("select max(n) from moves")).as("it is the last state").containsExactly(String.valueOf(next.get() - 1));
        }
    }

    /** In WAL mode a commit leaves the file's header as it is, and the last session that is closed takes the log with it. */
    @Test
    void a_file_written_to_since_it_was_migrated_is_not_called_identical() throws Exception {
        var file = folder.resolve("busy.db");
        accounts(file, 1000);
        assertThat(run(file).exit()).isZero();
        for (var rows : List.of("where id = 500", "")) {
            try (var writer = open(file)) {
                writer.createStatement().execute("update a set amount = amount + 1 " + rows);
            }
            var again = run(file);
            assertThat(again.exit()).as(again.toString()).isEqualTo(2);
            assertThat(again.out()).contains("DIFFERENT", "in SQLite, 1000 in PostgreSQL");
        }
        assertThat(run(file, "--verify-only").exit()).isEqualTo(2);
        assertThat(column("select sum(amount) from a")).containsExactly("1000000");
    }

    /** Stops the process when the notes say that some tables are loaded, and others are not. */
    void watch(Proxy proxy, CompletableFuture<Void> loaded, Runner running) {
        threads.submit(() -> {
            try (var look = connect(url)) {
                until(30, "a table is loaded", () -> {
                    try (var rows = look.createStatement()
                            .executeQuery("select count(*) from pgbang.sqlite_migration_table where state = 'loaded'")) {
                        return rows.next() && rows.getInt(1) >= 2;
                    } catch (SQLException notYet) {
                        return false;
                    }
                });
                run_migrations_faults_test.signal(running.process, "STOP");
                loaded.complete(null);
            } catch (Throwable e) {
                loaded.completeExceptionally(e);
            }
        });
    }

    @Test
    void a_merge_that_was_interrupted_keeps_the_application_s_own_rows_although_the_file_has_changed() throws Exception {
        var file = sqlite(folder.resolve("merge.db"), "create table t (id integer primary key, v text)",
                "insert into t values (1, 'file'), (2, 'file')",
                "create table u (id integer primary key)", "insert into u values (1)");
        sql("create table t (id bigint primary key, v text)", "create table u (id bigint primary key)",
                "insert into t values (2, 'own'), (3, 'own')");
        var interrupted = runAt(file, url, "--data-only", "--target-rows", "merge", "--jobs", "1");
        assertThat(interrupted.exit()).as(interrupted.toString()).isIn(0, 1);
        sql("update pgbang.sqlite_migration set finished = null", "delete from pgbang.sqlite_migration_table where table_name = 'u'"); // as a run that died before the second table has left it
        sqlite(file, "insert into t values (4, 'new')");
        var ran = runAt(file, url, "--data-only", "--target-rows", "merge");
        assertThat(ran.exit()).as(ran.toString()).isIn(0, 1, 2);
        assertThat(column("select id || ' ' || v from t where id in (2, 3) order by 1")).as(ran.toString()).containsExactly("2 file",
                "3 own");
        if (ran.exit() != 2) {
            assertThat(column("select id || ' ' || v from t order by 1")).containsExactly("1 file", "2 file", "3 own", "4 new");
        }
    }

    @Test
    @Tag("slow")
    void a_file_under_an_exclusive_lock_is_waited_for_and_then_said_to_be_locked() throws Exception {
        var file = Files.copy(app, folder.resolve("locked.db"));
        try (var writer = open(file)) {
            writer.createStatement().execute("begin exclusive");
            var ran = runAt(file, url);
            assertThat(ran.exit()).as(ran.toString()).isEqualTo(2);
            assertThat(ran.err()).contains("locked", "--wait");
            var waiting = CompletableFuture.supplyAsync(() -> runAt(file, url, "--wait", "30"), threads);
            Thread.sleep(6000);
            writer.createStatement().execute("rollback");
            assertThat(waiting.get(40, TimeUnit.SECONDS).exit()).isEqualTo(1);
            assertComplete(url, folder.resolve("rejects.ndjson"), "after the lock");
        }
    }

    @Test
    void a_log_in_a_folder_that_is_not_writable_is_read_too() throws Exception {
        var closed = Files.createDirectory(folder.resolve("closed"));
        var live = folder.resolve("live.db");
        sqlite(live, "pragma journal_mode = wal", "create table t (id integer primary key, v text)",
                "insert into t values (1, 'in the file')");
        var writer = open(live);
        opened.add(writer);
        writer.createStatement().execute("insert into t values (2, 'in the log')");
        for (var suffix : List.of("", "-wal")) {
            Files.copy(Path.of(live + suffix), closed.resolve("app.db" + suffix));
        }
        var seen = sqlite3(copyOf(closed, "app.db"), "select group_concat(id) from t");
        assertThat(seen).isEqualTo("1,2");
        Files.setPosixFilePermissions(closed, PosixFilePermissions.fromString("r-xr-xr-x"));
        var ran = unprivileged(closed.resolve("app.db"));
        Files.setPosixFilePermissions(closed, PosixFilePermissions.fromString("rwxr-xr-x"));
        assertThat(ran.exit()).as(ran.toString()).isZero();
        assertThat(column("select string_agg(id || ' ' || v, ',' order by id) from t")).containsExactly("1 in the file,2 in the log");
        try (var files = Files.list(closed)) {
            assertThat(files.map(file -> file.getFileName().toString())).containsExactlyInAnyOrder("app.db", "app.db-wal");
        }
    }

    Path copyOf(Path source, String name) throws IOException {
        var into = Files.createTempDirectory(folder, "copy");
        for (var suffix : List.of("", "-wal", "-journal")) {
            if (Files.exists(source.resolve(name + suffix))) {
                Files.copy(source.resolve(name + suffix), into.resolve(name + suffix));
            }
        }
        return into.resolve(name);
    }

    /** A transaction died in its commit: half of it is in the file, the journal has what was before. Truncated: the file had not got its new length yet. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void a_journal_that_a_dead_writer_has_left_is_rolled_back_and_the_file_stays_as_it_is(boolean truncated) throws Exception {
        var live = sqlite(folder.resolve("live.db"), "create table t (id integer primary key, v text)",
                counting(2000) + "insert into t select i, 'old' from n");
        var dead = Files.createDirectory(folder.resolve("dead")).resolve("app.db");
        var before = Files.size(live);
        try (var writer = open(live); var statement = writer.createStatement()) {
            statement.execute("pragma synchronous = off"); // so that the journal's header says that it is complete
            writer.setAutoCommit(false);
            statement.execute("update t set v = 'new'");
            statement.execute(counting(2000) + "insert into t select i + 2000, 'new' from n");
            Files.copy(Path.of(live + "-journal"), Path.of(dead + "-journal"));
            writer.commit();
        }
        Files.copy(live, dead);
        if (truncated) {
            try (var channel = FileChannel.open(dead, StandardOpenOption.WRITE)) {
                channel.truncate(before);
            }
        }
        assertThat(sqlite3(copyOf(dead.getParent(), "app.db"), "select count(*) || ' ' || max(v) from t")).isEqualTo("2000 old");
        var bytes = Files.readAllBytes(dead);
        var ran = runAt(dead, url);
        assertThat(ran.exit()).as(ran.toString()).isZero();
        assertThat(column("select count(*) || ' ' || max(v) from t")).containsExactly("2000 old");
        assertThat(Files.readAllBytes(dead)).isEqualTo(bytes);
        assertThat(Path.of(dead + "-journal")).exists();
    }

    @Test
    void a_file_that_is_deleted_or_replaced_during_the_run_arrives_as_it_was_or_not_at_all() throws Exception {
        for (var replaced : List.of(false, true)) {
            var database = servers.database();
            var file = Files.copy(app, folder.resolve("gone" + replaced + ".db"));
            var held = new CountDownLatch(1);
            try (var proxy = new Proxy(database, (up, bytes, n) -> {
                held.await();
                return Fate.PASS;
            })) {
                var running = CompletableFuture.supplyAsync(() -> runAt(file, proxy.url), threads);
                until(30, "the run has connected", () -> proxy.accepted.get() > 0);
                if (replaced) {
                    var other = sqlite(folder.resolve("other.db"), "create table other (id integer primary key)");
                    Files.move(other, file, StandardCopyOption.REPLACE_EXISTING);
                } else {
                    Files.delete(file);
                }
                held.countDown();
                var ran = running.get(60, TimeUnit.SECONDS);
                if (ran.exit() == 2) {
                    assertThat(ran.err()).contains(file.getFileName().toString()).doesNotContain("\tat ");
                    assertThat(column(database, "select relname from pg_class where relnamespace = 'public'::regnamespace")).isEmpty();
                } else {
                    assertThat(ran.exit()).as(ran.toString()).isEqualTo(1);
                    assertComplete(database, folder.resolve("rejects.ndjson"), ran.toString());
                }
            }
        }
    }

    // --- the place of a row ---

    @Test
    void rows_rejected_before_a_resume_have_the_same_line_as_in_one_go() throws Exception {
        var file = sqlite(folder.resolve("keyless.db"), "create table k (v text)", counting(40_000)
                + "insert into k select case when i % 2 = 0 then 'x' || char(0) || i else 'y' || i end from n");
        var inOneGo = servers.database();
        var one = folder.resolve("one");
        assertThat(runAt(file, inOneGo, "--nul", "reject", "--rejects", one.toString()).exit()).isEqualTo(1);
        var commits = new AtomicInteger();
        try (var proxy = new Proxy(url,
                (up, bytes, n) -> up && text(bytes, n).contains("COMMIT") && commits.incrementAndGet() == 1 ? Fate.CUT_AFTER : Fate.PASS)) {
            assertThat(runAt(file, proxy.url, "--nul", "reject").err()).contains("going on from what is committed");
        }
        var ran = run(file, "--nul", "reject");
        assertThat(ran.exit()).as(ran.toString()).isEqualTo(1);
        assertThat(column("select count(*) from k")).containsExactly("20000");
        var rejects = Files.readAllLines(folder.resolve("rejects.ndjson"));
        assertThat(rejects.size()).isEqualTo(20_000);
        assertThat(rejects.get(19_999)).isEqualTo(Files.readAllLines(one).get(19_999));
        assertThat(rejects.equals(Files.readAllLines(one))).as("the lines of a run in one go").isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"create table k (v text, \"rowid\" integer, oid text)",
            "create table k (a, v text, primary key (a, v)) without rowid",
            "create table k (a real, v text, primary key (a, v)) without rowid", "create table k (a integer primary key, v text)"})
    @Tag("slow")
    void resumed_in_the_middle_of_any_table_no_row_is_lost_or_doubled(String table) throws Exception {
        resumed_in_the_middle_of_a_table_no_row_is_lost_or_doubled(table);
    }

    /** Where a resume goes on is the rowid, the real one; or the primary key, in its order. */
    @ParameterizedTest
    @ValueSource(strings = {"create table k (rowid text, v text)",
            "create table k (a text collate nocase, v text, primary key (a desc, v)) without rowid"})
    void resumed_in_the_middle_of_a_table_no_row_is_lost_or_doubled(String table) throws Exception {
        var columns = table.contains("\"rowid\"") ? "v, \"rowid\"" : table.contains("(a") ? "a, v" : "rowid, v";
        var value = table.contains("a real") ? "i / 7.0" : table.contains("integer primary") ? "i" : table.contains("(a,")
                ? "case i % 3 when 0 then i when 1 then 'T' || i else i / 3.0 end"
                : table.contains("nocase") ? "case when i % 2 then 'K' else 'k' end || i / 2" : "'same'";
        var file = sqlite(folder.resolve("place.db"), table,
                counting(45_000) + "insert into k (" + columns + ") select " + (columns.startsWith("v")
                ? "char(0) || i, 5" : value + ", char(0) || i") + " from n");
        for (var stop : List.of(1, 2)) {
            var database = servers.database();
            var commits = new AtomicInteger();
            try (var proxy = new Proxy(database,
                    (up, bytes, n) -> up && text(bytes, n).contains("COMMIT") && commits.incrementAndGet() == stop ? Fate.CUT_AFTER
                    : Fate.PASS)) {
                runAt(file, proxy.url, "--jobs", "1");
            }
            var ran = runAt(file, database);
            assertThat(ran.exit()).as(ran.toString()).isEqualTo(1);
            assertThat(lines(connect(database), "select v from k").equals(lines(open(file), "select v from k")))
                    .as("the same rows, stopped at commit " + stop)
                    .isTrue();
            var rejects = Files.readAllLines(folder.resolve("rejects.ndjson"));
            assertThat(rejects.size()).isEqualTo(Set.copyOf(rejects).size()).isEqualTo(45_000);
        }
    }

    // --- memory ---

    @Test
    @Tag("slow")
    @Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void cells_of_hundreds_of_megabytes_pass_through_a_small_heap() throws Exception {
        var file = sqlite(folder.resolve("large.db"), "create table large (id integer primary key, data blob, line text)",
                "insert into large values (1, zeroblob(500000000), 'blob')",
                "insert into large values (2, x'00', hex(zeroblob(150000000)))", "insert into large values (3, null, null)");
        var ran = measured(file, "large");
        assertThat(ran.exit()).as(ran.toString()).isZero();
        assertThat(column(
                "select concat_ws(' ', id, length(data), encode(sha256(data), 'hex'), length(line), md5(line)) from large order by id"))
                .containsExactly("1 500000000 " + sha256OfZeros(500_000_000) + " 4 " + md5("blob"),
                        "2 1 " + sha256OfZeros(1) + " 300000000 "
                        + md5OfLetterZero(300_000_000), "3");
        assertThat(runSmall(file, url, "--verify-only").ended(300).exit()).isZero();
    }

    @Test
    @Tag("slow")
    @Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void three_million_rows_pass_through_a_small_heap() throws Exception {
        var file = sqlite(folder.resolve("long.db"), "create table long (id integer primary key, a integer, b text, c real)",
                counting(3_000_000)
                + "insert into long select i, i % 1000, 'text of row ' || i, i / 8.0 from n");
        var ran = measured(file, "long");
        assertThat(ran.exit()).as(ran.toString()).isZero();
        assertThat(column("select concat_ws(' ', count(*), sum(a), sum(id), sum(length(b)), sum(c * 8)::bigint) from long"))
                .containsExactly(sqlite3(file,
                        "select count(*) || ' ' || sum(a) || ' ' || sum(id) || ' ' || sum(length(b)) || ' ' || cast(sum(c * 8) as integer) from long"));
    }

    @Test
    @Tag("slow")
    void long_changed_cells_pass_through_a_small_heap() throws Exception {
        var file = sqlite(folder.resolve("changed.db"), "create table n (id integer primary key, t text)",
                counting(150) + "insert into n select i, hex(zeroblob(225000)) || char(0) || hex(zeroblob(225000)) from n");
        var ran = measured(file, "changed");
        assertThat(ran.exit()).as(ran.toString()).isEqualTo(1);
        assertThat(column("select count(*) || ' ' || sum(length(t)) from n")).containsExactly("150 135000000");
        try (var lines = Files.lines(folder.resolve("rejects.ndjson"))) {
            assertThat(lines.filter(line -> line.length() > 1_800_000).count()).isEqualTo(150);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"hash", "rows", "counts"})
    void large_cells_are_compared_again_by_verify_only_and_a_changed_byte_is_found(String how) throws Exception {
        var file = sqlite(folder.resolve("blobs.db"), "create table b (id integer primary key, data blob, t text)",
                "insert into b values (1, zeroblob(3000000), 'x'), (2, x'00', hex(zeroblob(2000000))), (3, null, null)");
        assertThat(run(file).exit()).isZero();
        var same = run(file, "--verify-only", "--verify", how);
        assertThat(same.exit()).as(same.toString()).isZero();
        sql("update b set data = set_byte(data, 2999999, 1) where id = 1");
        var changed = run(file, "--verify-only", "--verify", how);
        assertThat(changed.exit()).as(changed.toString()).isEqualTo(how.equals("counts") ? 0 : 2);
    }

    /** A run with a heap of 256 MB; prints its peak of resident memory. */
    Ran measured(Path file, String what) throws Exception {
        var running = runSmall(file, url);
        var peak = new AtomicLong();
        var status = Path.of("/proc/" + running.process.pid() + "/status");
        while (running.process.isAlive()) {
            try (var lines = Files.lines(status)) {
                lines.filter(line -> line.startsWith("VmHWM")).forEach(line -> peak.set(Long.parseLong(line.replaceAll("\\D", "")) / 1024));
            } catch (IOException ended) {
                break;
            }
            assertThat(System.nanoTime() - running.begun).as("still running").isLessThan(400_000_000_000L);
            Thread.sleep(20);
        }
        var ran = running.ended(10);
        System.out.printf("%s: peak of resident memory %d MB, %.1f s%n", what, peak.get(), (System.nanoTime() - running.begun) / 1e9);
        return ran;
    }

    Runner runSmall(Path file, String address, String... args) throws IOException {
        return start(List.of(java(), "-Xmx256m", "-cp", System.getProperty("java.class.path")), file, address, args);
    }

    static String sha256OfZeros(int length) throws Exception {
        var digest = MessageDigest.getInstance("SHA-256");
        for (var left = length; left > 0; left -= 1_000_000) {
            digest.update(new byte[Math.min(left, 1_000_000)]);
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    static String md5(String text) throws Exception {
        return HexFormat.of().formatHex(MessageDigest.getInstance("MD5").digest(text.getBytes(StandardCharsets.UTF_8)));
    }

    static String md5OfLetterZero(int length) throws Exception {
        var digest = MessageDigest.getInstance("MD5");
        var part = "0".repeat(1_000_000).getBytes(StandardCharsets.UTF_8);
        for (var left = length; left > 0; left -= part.length) {
            digest.update(part, 0, Math.min(left, part.length));
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    // --- rights ---

    @Test
    void a_role_that_may_not_make_tables_is_told_so_and_nothing_is_left() throws Exception {
        var role = role("revoke create on schema public from public");
        var ran = runAt(app, role);
        assertThat(ran.exit()).as(ran.toString()).isEqualTo(2);
        assertThat(ran.err()).contains("permission denied").doesNotContain("\tat ");
        assertThat(column("select relname from pg_class where relnamespace = 'public'::regnamespace")).isEmpty();
    }

    @Test
    void a_role_that_may_not_make_a_schema_keeps_its_notes_in_the_target_s() throws Exception {
        var role = role("revoke create on database " + name(url) + " from public", "grant create, usage on schema public to public");
        var ran = runAt(app, role);
        assertThat(ran.exit()).as(ran.toString()).isEqualTo(1);
        assertSameRows(app, url);
        assertThat(column("select nspname from pg_namespace where nspname = 'pgbang'")).isEmpty();
        assertThat(column("select relname from pg_class where relname = 'pgbang_sqlite_migration'")).hasSize(1);
        var again = runAt(app, role);
        assertThat(again.exit()).as(again.toString()).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"select 1", "grant usage on schema pgbang to public",
            "grant usage on schema pgbang to public; grant select on all tables in schema pgbang to public"})
    void a_role_beside_the_notes_of_another_role_works_or_is_told_the_grant(String rights) throws Exception {
        var other = sqlite(folder.resolve("other.db"), "create table o (id integer primary key)", "insert into o values (1)");
        assertThat(run(other, "--schema", "first").exit()).isZero();
        var role = role(rights, "grant create, usage on schema public to public");
        var ran = runAt(app, role);
        assertThat(ran.exit()).as(ran.toString()).isIn(1, 2);
        assertThat(ran.err()).doesNotContain("\tat ");
        if (ran.exit() == 1) {
            assertSameRows(app, url);
        } else {
            assertThat(ran.err()).containsIgnoringCase("grant");
            assertThat(column("select relname from pg_class where relnamespace = 'public'::regnamespace")).isEmpty();
        }
    }

    @Test
    void a_role_that_is_no_superuser_fills_an_application_s_tables_parents_first() throws Exception {
        var file = sqlite(folder.resolve("app.db"), "create table child (id integer primary key, parent_id integer)",
                "create table parent (id integer primary key)", counting(1000) + "insert into parent select i from n",
                counting(5000) + "insert into child select i, i % 1000 + 1 from n");
        sql("create table parent (id bigint primary key)",
                "create table child (id bigint generated by default as identity primary key, parent_id bigint references parent)");
        var role = role("grant all on parent, child to public", "grant all on all sequences in schema public to public",
                "grant create on database " + name(url)
                + " to public");
        var ran = runAt(file, role, "--data-only");
        assertThat(ran.exit()).as(ran.toString()).isIn(0, 1);
        assertThat(column("select (select count(*) from parent) || ' ' || (select count(*) from child)")).containsExactly("1000 5000");
        assertThat(column("select nextval(pg_get_serial_sequence('child', 'id'))")).containsExactly("5001");
    }

    /** The address for a new role without rights of its own. */
    String role(String... statements) throws SQLException {
        var role = name(url) + "_role";
        sql("create role " + role + " login");
        sql(statements);
        return url.replace("postgres@", role + "@");
    }

    // --- versions, names ---

    @ParameterizedTest
    @ValueSource(ints = {12, 15})
    void an_older_server_takes_it_all_and_a_killed_run_goes_on_there_too(int major) throws Exception {
        var database = servers.database(major);
        var killed = start(app, database);
        until(40, "a table is loaded", () -> {
            try {
                return !column(database, "select 1 from pgbang.sqlite_migration_table where state = 'loaded'").isEmpty();
            } catch (SQLException notYet) {
                return false;
            }
        });
        killed.kill();
        var ran = runAt(app, database);
        assertThat(ran.exit()).as(ran.toString()).isEqualTo(1);
        assertThat(ran.out()).doesNotContain("not created");
        assertSameRows(app, database);
    }

    @Test
    @Tag("slow")
    void a_newer_java_runs_it_without_a_warning() throws Exception {
        List<Path> newer;
        try (var all = Files.list(Path.of(System.getProperty("java.home")).toRealPath().getParent())) {
            newer = all.filter(
                    home -> home.getFileName().toString().matches(".*\\b2[1-9]\\b.*") && Files.isExecutable(home.resolve("bin/java")))
                    .toList();
        }
        assumeTrue(!newer.isEmpty(), "no newer Java beside this one");
        var ran = start(
                List.of(newer.get(0).resolve("bin/java").toString(), "--enable-native-access=ALL-UNNAMED", "-cp",
                        System.getProperty("java.class.path")),
                app, url).ended(60);
        assertThat(ran.exit()).as(ran.toString()).isEqualTo(1);
        assertThat(ran.err()).doesNotContain("WARNING");
        assertComplete(url, folder.resolve("rejects.ndjson"), ran.toString());
    }

    @Test
    void a_run_of_other_tables_does_not_make_the_target_forget_those_of_an_earlier_one() throws Exception {
        var alone = run(app, "--tables", "customers");
        assertThat(alone.exit()).as(alone.toString()).isIn(0, 1);
        var other = run(app, "--tables", "items");
        assertThat(other.exit()).as(other.toString()).isIn(0, 1, 2);
        var again = run(app, "--tables", "customers");
        assertThat(again.exit()).as(again.toString()).isEqualTo(alone.exit());
        assertThat(column("select count(*) from customers")).containsExactly("20000");
        var verified = run(app, "--verify-only");
        assertThat(verified.exit()).as(verified.toString()).isIn(0, 1);
        assertThat(verified.out()).contains("customers");
    }

    @Test
    void hostile_names_of_tables_columns_indexes_and_views_arrive_as_they_are() throws Exception {
        var names = List.of("quote\"in", "apostrophe'in", "line\nbreak", "100% %s %1$s %n", "'); drop table victim; --", "naïve 😀 名",
                "select", "user", "order",
                "dot.ted", "semi;colon", "back\\slash", "$$", "tab\there", "/* c", "-- c", "?", "{0}", ":name", " ");
        var file = folder.resolve("names.db");
        sqlite(file, "create table victim (id integer primary key)", "insert into victim values (1)");
        for (var name : names) {
            var table = quoted("t " + name);
            sqlite(file,
                    "create table " + table + " (id integer primary key, " + quoted(name) + " text not null default " + literal(name) + ", "
                            + quoted("b"
                    + name) + " text check (" + quoted("b" + name) + " <> " + literal(name) + "), "
                            + quoted("g" + name) + " text generated always as (" + quoted("b" + name)
                            + " || 'g') stored, parent integer references " + table + " (id))",
                    "create index " + quoted("i " + name) + " on " + table + " (" + quoted(name) + ") where " + quoted("b" + name)
                            + " is not null",
                    "create view " + quoted("v " + name) + " as select " + quoted(name) + ", " + quoted("b" + name) + " from " + table,
                    "create trigger " + quoted("g " + name) + " after insert on " + table + " begin select raise(abort, " + literal(name)
                            + ") where new.id > 1000 and hex(randomblob(1)) is null; end",
                    "insert into " + table + " (id, " + quoted(name) + ", " + quoted("b" + name) + ", parent) values (1, "
                            + literal("v" + name)
                            + ", 'b', null), (2, " + literal(name) + ", 'c' || char(0), 1)");
        }
        var ran = run(file, "--json");
        assertThat(ran.exit()).as(ran.toString()).isEqualTo(1);
        assertThat(JsonParser.parseString(ran.out()).isJsonObject()).isTrue();
        assertThat(column("select count(*) from victim")).containsExactly("1");
        for (var name : names) {
            var table = quoted("t " + name);
            assertThat(lines(connect(url),
                    "select id, " + quoted(name) + ", " + quoted("b" + name) + ", " + quoted("g" + name) + ", parent from " + table))
                    .as(name).containsExactly("1|v" + name + "|b|bg|null|", "2|" + name + "|c|cg|1|");
            assertThat(lines(connect(url), "select * from " + quoted("v " + name))).as(name).hasSize(2);
            assertThat(
                    column("select count(*) from pg_index join pg_class i on i.oid = indexrelid where i.relname = " + literal("i " + name)
                    + " and indpred is not null")).as(name).containsExactly("1");
            assertThat(column("select string_agg(contype::text, '' order by contype) from pg_constraint where conrelid = " + literal(table)
                    + "::regclass and contype in ('c', 'f', 'p')")).as(name).containsExactly("cfp");
        }
        assertThat(run(file).exit()).as("once more").isEqualTo(1);
        var notMigrated = folder.resolve("not_migrated.sql");
        if (Files.exists(notMigrated)) { // nothing of a name may become a statement of its own
            for (var line : Files.readAllLines(notMigrated)) {
                assertThat(line.strip()).doesNotStartWith("break");
            }
        }
    }

    @Test
    void an_object_that_is_not_migrated_and_has_a_line_break_in_its_name_cannot_smuggle_a_statement_into_the_file_for_it()
            throws Exception {
        var name = "x\ndrop table victim;\n--";
        var file = sqlite(folder.resolve("names.db"), "create table victim (id integer primary key)", "insert into victim values (1)",
                "create table t (id integer primary key, " + quoted(name) + " text)",
                "create view " + quoted(name) + " as select * from t where " + quoted(name) + " regexp 'x'",
                "create trigger " + quoted("g" + name)
                        + " after insert on t begin select load_extension('x'); end",
                "create index " + quoted("i" + name) + " on t (like('a', " + quoted(name) + ", 'b'))");
        var ran = run(file);
        assertThat(ran.exit()).as(ran.toString()).isEqualTo(1);
        var script = Files.readString(folder.resolve("not_migrated.sql"));
        System.out.println(script);
        try (var connection = connect(url); var statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            for (var part : script.split(";\n")) {
                try {
                    statement.execute("savepoint s");
                    statement.execute(part);
                } catch (SQLException e) {
                    statement.execute("rollback to s");
                }
            }
            try (var rows = statement.executeQuery("select to_regclass('victim') is not null")) {
                rows.next();
                assertThat(rows.getBoolean(1)).as(script).isTrue();
            }
            connection.rollback();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"with blank.db", "what?.db", "50%20.db", "hash#tag.db", "plus+and&.db", "quote'\".db", "line\nbreak.db",
            "naïve 名.db", "-dash.db",
            "file:x.db", "a?mode=memory.db"})
    void any_file_name_is_read(String name) throws Exception {
        var file = Files.move(
                sqlite(folder.resolve("plain.db"), "create table t (id integer primary key)", "insert into t values (41), (42)"),
                folder.resolve(name));
        var ran = run(file);
        assertThat(ran.exit()).as(ran.toString()).isZero();
        assertThat(column("select count(*) || ' ' || max(id) from t")).containsExactly("2 42");
        try (var files = Files.list(folder)) {
            assertThat(files.filter(Files::isRegularFile)).as("nothing else was made").containsExactly(file);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"100%s", "quo\"te", "apo'strophe", "semi;colon", "with blank", "UPPER", "naïve"})
    void a_database_of_any_name_is_made(String name) throws Exception {
        var file = sqlite(folder.resolve("plain.db"), "create table t (id integer primary key)", "insert into t values (41), (42)");
        var address = url.substring(0, url.lastIndexOf('/') + 1) + URLEncoder.encode(name, StandardCharsets.UTF_8).replace("+", "%20");
        try {
            var ran = runAt(file, address);
            assertThat(ran.exit()).as(ran.toString()).isZero();
            assertThat(column("select datname from pg_database where datname = " + literal(name))).containsExactly(name);
        } finally {
            sql("drop database if exists " + quoted(name));
        }
    }

    static String quoted(String name) {
        return '"' + name.replace("\"", "\"\"") + '"';
    }

    static String literal(String text) {
        return "'" + text.replace("'", "''") + "'";
    }

    // --- helpers ---

    record Ran(int exit, String out, String err) {
    }

    Ran run(Path file, String... args) {
        return runAt(file, url, args);
    }

    /** In this process. */
    Ran runAt(Path file, String address, String... args) {
        var out = new StringWriter();
        var err = new StringWriter();
        var script = new migrate_to_postgres();
        script.database.environment = () -> Map.of("DATABASE_URL", address);
        var exit = script.database.command(script).setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true))
                .execute(arguments(file, args));
        return new Ran(exit, out.toString(), err.toString());
    }

    /** The files are written into the test's folder, unless the arguments say otherwise. */
    String[] arguments(Path file, String... args) {
        var all = new ArrayList<>(List.of("--sqlite", file.toString()));
        Map.of("--rejects", "rejects.ndjson", "--not-migrated", "not_migrated.sql").forEach((option, name) -> {
            if (!List.of(args).contains(option)) {
                all.addAll(List.of(option, folder.resolve(name).toString()));
            }
        });
        all.addAll(List.of(args));
        return all.toArray(String[]::new);
    }

    /** In a process of its own, which can be killed. */
    Runner start(Path file, String address, String... args) throws IOException {
        return start(List.of(java(), "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp", System.getProperty("java.class.path")), file,
                address, args);
    }

    Runner start(List<String> java, Path file, String address, String... args) throws IOException {
        var command = new ArrayList<>(java);
        command.addAll(List.of("migrate_to_postgres", "--url", address));
        command.addAll(List.of(arguments(file, args)));
        var runner = new Runner(new ProcessBuilder(command).directory(folder.toFile()).start());
        opened.add(runner::kill);
        return runner;
    }

    static String java() {
        return Path.of(System.getProperty("java.home"), "bin", "java").toString();
    }

    /** Without root's right to write where permissions do not allow it. */
    Ran unprivileged(Path file) throws Exception {
        var command = new ArrayList<>(System.getProperty("user.name").equals("root") ? List.of("setpriv", "--bounding-set=-dac_override",
                "--inh-caps=-dac_override", "--", java()) : List.of(java()));
        command.addAll(List.of("-cp", System.getProperty("java.class.path")));
        return start(command, file, url).ended(40);
    }

    class Runner {
        final long begun = System.nanoTime();
        final Process process;
        final CompletableFuture<String> out;
        final CompletableFuture<String> err;

        Runner(Process process) {
            this.process = process;
            out = CompletableFuture.supplyAsync(() -> shell.text(process.getInputStream()), threads);
            err = CompletableFuture.supplyAsync(() -> shell.text(process.getErrorStream()), threads);
        }

        void kill() throws InterruptedException {
            process.toHandle().destroyForcibly(); // Process.destroyForcibly would also close the streams
            assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
        }

        Ran ended(int seconds) throws Exception {
            if (!process.waitFor(seconds, TimeUnit.SECONDS)) {
                kill();
                throw new AssertionError("still running after " + seconds + " s\n" + err.get(10, TimeUnit.SECONDS));
            }
            return new Ran(process.exitValue(), out.get(10, TimeUnit.SECONDS), err.get(10, TimeUnit.SECONDS));
        }
    }

    static void until(int seconds, String what, run_migrations_faults_test.Condition condition) throws Exception {
        run_migrations_faults_test.until(seconds, what, condition);
    }

    void until(int seconds, String what, String query) throws Exception {
        try (var connection = connect(url)) {
            until(seconds, what, () -> connection.createStatement().executeQuery(query).next());
        }
    }

    /** A SQLite session; the URI keeps every letter of the name. */
    static Connection open(Path file) throws SQLException {
        return DriverManager.getConnection("jdbc:sqlite:" + file.toAbsolutePath().toUri());
    }

    static Path sqlite(Path file, String... statements) throws SQLException {
        try (var connection = open(file); var statement = connection.createStatement()) {
            if (statements[0].startsWith("pragma")) {
                statement.execute(statements[0]);
            }
            connection.setAutoCommit(false);
            for (var sql : statements) {
                if (!sql.startsWith("pragma")) {
                    statement.execute(sql);
                }
            }
            connection.commit();
        }
        return file;
    }

    /** What the sqlite3 program says. */
    static String sqlite3(Path file, String query) throws Exception {
        var process = new ProcessBuilder("sqlite3", file.toString(), query).redirectErrorStream(true).start();
        return shell.text(process.getInputStream()).strip();
    }

    static Connection connect(String address) throws SQLException {
        return servers.connect(address);
    }

    static String name(String address) {
        return address.substring(address.lastIndexOf('/') + 1);
    }

    void sql(String... statements) throws SQLException {
        sqlAt(url, statements);
    }

    void sqlQuietly(String statement) {
        try {
            sql(statement);
        } catch (SQLException held) {
            // by whom it is meant for
        }
    }

    static void sqlAt(String address, String... statements) throws SQLException {
        run_migrations_faults_test.sqlAt(address, statements);
    }

    List<String> column(String query) throws SQLException {
        return column(url, query);
    }

    static List<String> column(String address, String query) throws SQLException {
        return run_migrations_faults_test.column(address, query);
    }

    enum Fate {
        PASS, CUT, // what is read is not handed on, both sides see the connection closed
        CUT_AFTER, // it is handed on, its answer is not
        FORGET // the client sees the connection closed; the server hears nothing until the proxy ends
    }

    interface Judge {
        Fate of(boolean toServer, byte[] bytes, int n) throws Exception;
    }

    /** Stands between run and server; each piece of bytes meets its fate. New connections are always taken. */
    static class Proxy implements AutoCloseable {
        final ServerSocket listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
        final Set<Socket> cutAtAnswer = ConcurrentHashMap.newKeySet();
        final Judge judge;
        final int target;
        final String url;
        final AtomicLong up = new AtomicLong();
        final AtomicLong down = new AtomicLong();
        final AtomicInteger accepted = new AtomicInteger();

        Proxy(String address, Judge judge) throws IOException {
            var server = URI.create(address);
            this.judge = judge;
            target = server.getPort();
            url = "postgresql://postgres@localhost:" + listener.getLocalPort() + server.getPath();
            thread(() -> {
                while (true) {
                    var client = listener.accept();
                    var behind = new Socket(InetAddress.getLoopbackAddress(), target);
                    for (var socket : List.of(client, behind)) {
                        socket.setTcpNoDelay(true);
                        sockets.add(socket);
                    }
                    accepted.incrementAndGet();
                    thread(() -> pump(client, behind, true));
                    thread(() -> pump(behind, client, false));
                }
            });
        }

        void pump(Socket from, Socket to, boolean toServer) throws Exception {
            var fate = Fate.PASS;
            try {
                var in = from.getInputStream();
                var bytes = new byte[1 << 16];
                for (int n = in.read(bytes); n > 0; n = in.read(bytes)) {
                    (toServer ? up : down).addAndGet(n);
                    fate = judge.of(toServer, bytes, n);
                    if (fate == Fate.CUT || fate == Fate.FORGET || !toServer && cutAtAnswer.contains(to)) {
                        break;
                    }
                    if (fate == Fate.CUT_AFTER) {
                        cutAtAnswer.add(toServer ? from : to);
                    }
                    to.getOutputStream().write(bytes, 0, n);
                }
            } finally {
                (toServer ? from : to).close();
                if (fate != Fate.FORGET) {
                    (toServer ? to : from).close();
                }
            }
        }

        void thread(run_migrations_faults_test.Proxy.Io work) {
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

        @Override
        public void close() throws IOException {
            listener.close();
            for (var socket : sockets) {
                socket.close();
            }
        }
    }
}
