//SOURCES ../scripts/backup_database.java
//SOURCES ../scripts/run_migrations.java
//SOURCES servers.java

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.sun.net.httpserver.HttpServer;
import eu.maveniverse.maven.mima.context.ContextOverrides;
import eu.maveniverse.maven.mima.context.Runtimes;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetSocketAddress;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.eclipse.aether.artifact.DefaultArtifact;
import org.eclipse.aether.resolution.ArtifactRequest;
import org.eclipse.aether.resolution.ArtifactResolutionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.opentest4j.TestAbortedException;

/**
 * Against real servers of the newest major that a pg_dump of this machine can dump. Client programs of other majors are looked for in
 * $PGBANG_TEST_CLIENTS/pgMAJOR/bin; what needs one that is not there is skipped.
 */
@Order(3)
class backup_database_test {
    static final int CLIENT = newestClient();
    /** A type of every kind whose text depends on settings, hostile names, everything that a dump treats in a way of its own. */
    static final String SAMPLE = """
            create schema "Wéird ""schema""; drop";
            create type mood as enum ('sad', 'ok', 'happy');
            create table customers (id bigint generated always as identity primary key, name text not null, born date, mood mood, doc jsonb, raw bytea, price numeric(12,3),
                ratio float8, small float4, at timestamptz, span interval, amount money, tags text[], doubled int generated always as (length(name) * 2) stored);
            insert into customers (name, born, mood, doc, raw, price, ratio, small, at, span, amount, tags)
                select 'name ' || i, date '2000-01-01' + i, 'ok', jsonb_build_object('i', i, 'ü', null), decode(md5(i::text), 'hex'), i / 7.0, i / 3.0::float8, i / 3.0::float4,
                    timestamptz '2026-01-01 00:00:00+02' + i * interval '1 hour', i * interval '1 day 3 seconds', (i * 1.5)::numeric::money, array['a', null, i::text]
                from generate_series(1, 500) i;
            create table orders (id serial primary key, customer bigint not null references customers, total numeric check (total >= 0));
            insert into orders (customer, total) select i % 500 + 1, i from generate_series(1, 1000) i;
            create table measured (at date not null, value int) partition by range (at);
            create table measured_1 partition of measured for values from ('2026-01-01') to ('2026-02-01');
            create table measured_2 partition of measured for values from ('2026-02-01') to ('2026-03-01');
            insert into measured select date '2026-01-01' + i % 59, i from generate_series(1, 300) i;
            create table parent (a int, b text);
            create table child (c int) inherits (parent);
            alter table parent add column d int default 4;
            insert into child (a, b, c) values (1, 'x', 2), (3, null, 4);
            create table "Wéird ""schema""; drop"."täble '$(x)` \\" ("sel""ect" int, "a b" text);
            insert into "Wéird ""schema""; drop"."täble '$(x)` \\" values (1, 'tab' || chr(9) || 'nl' || chr(10)), (2, null);
            create table nothing ();
            insert into nothing default values;
            create unlogged table fast (id int);
            insert into fast values (1);
            create materialized view totals as select customer, sum(total) from orders group by 1;
            create view open_orders as select * from orders where total between 1 and 5;
            create index on orders (customer, total);
            create function twice(i int) returns int language sql immutable as 'select i * 2';
            create extension hstore;
            create table with_extension (h hstore);
            insert into with_extension values ('a=>1, b=>NULL');
            select lo_from_bytea(0, 'large object');
            """;

    @TempDir
    Path folder;
    Path backups;
    String url;
    boolean onlyPath; // hides the client programs that are installed
    final Map<String, String> environment = new TreeMap<>();
    final List<AutoCloseable> open = new ArrayList<>();

    @BeforeEach
    void aDatabaseWithSomethingInIt() throws Exception {
        assumeTrue(CLIENT > 0, "pg_dump is not installed");
        backups = folder.resolve("backups");
        url = servers.database(CLIENT);
        environment.putAll(Map.of("PATH", System.getenv("PATH"), "DATABASE_URL", url, "BACKUP_DIR", backups.toString()));
    }

    @AfterEach
    void closeAll() throws Exception {
        for (var each : open) {
            each.close();
        }
    }

    // --- making, verifying, restoring ---

    @ParameterizedTest
    @EnumSource(value = backup_database.Format.class, names = {"custom", "directory", "plain"})
    void what_is_restored_has_every_count_and_hash_of_the_snapshot(backup_database.Format format) throws Exception {
        sql(SAMPLE);
        var made = done("--format", format.name(), "--jobs", "2");
        assertThat(made.out()).contains("10 tables, 1,807 rows", "not yet verified").doesNotContain("verified:");
        assertThat(states()).containsExactly("created");
        assertThat(done("--verify", "--jobs", "2").out()).contains("verified: restored, and every count and hash is as in the snapshot");
        assertThat(states()).containsExactly("verified");
        assertThat(scratchDatabases()).isEmpty();
        done("--restore", "latest", "--into", "again_" + format + url.hashCode());
        var again = other("again_" + format + url.hashCode());
        assertThat(column(again, "select count(*) || ' ' || sum(id) from orders"))
                .isEqualTo(column(url, "select count(*) || ' ' || sum(id) from orders"));
        assertThat(column(again, "select convert_from(lo_get(oid), 'UTF8') from pg_largeobject_metadata")).containsExactly("large object");
    }

    @Test
    void the_manifest_tells_server_client_tables_sequences_and_files() throws Exception {
        sql(SAMPLE);
        done();
        var manifest = manifest();
        assertThat(manifest.getAsJsonObject("origin").get("version").getAsString()).startsWith(CLIENT + ".");
        assertThat(manifest.get("client").getAsString()).startsWith(CLIENT + ".");
        var tables = manifest.getAsJsonObject("contents").getAsJsonArray("tables");
        var orders = Stream.iterate(0, i -> i + 1).limit(tables.size()).map(i -> tables.get(i).getAsJsonObject())
                .filter(t -> t.get("name").getAsString().equals("orders")).findFirst().orElseThrow();
        assertThat(orders.get("rows").getAsLong()).isEqualTo(1000);
        assertThat(orders.get("hash").getAsString()).matches("[0-9a-f]{32}");
        assertThat(manifest.getAsJsonObject("contents").getAsJsonArray("sequences").toString()).contains("orders_id_seq", "1000");
        assertThat(manifest.getAsJsonArray("files").toString()).contains("dump.pgc.zst", "globals.sql");
        assertThat(Files.readString(entry().resolve("globals.sql"))).contains("CREATE ROLE");
        try (var all = Files.walk(backups)) {
            for (var path : all.toList()) {
                assertThat(java.nio.file.attribute.PosixFilePermissions.toString(Files.getPosixFilePermissions(path))).as(path.toString())
                        .matches(Files.isDirectory(path) ? "rwx------" : "rw-------");
            }
        }
    }

    @Test
    void rows_that_change_without_their_number_are_noticed_by_the_hash() throws Exception {
        sql("create table t (id int primary key, v text); insert into t select i, 'v' || i from generate_series(1, 100) i");
        done("--format", "plain");
        rewrite("dump.sql.zst", "zstd -dc dump.sql.zst | sed 's/\\tv42$/\\tv24/' | zstd -q -f -o x && mv x dump.sql.zst");
        var verify = run("--verify");
        assertThat(verify.exit()).isEqualTo(2);
        assertThat(verify.err()).contains("\"public\".\"t\" has other contents");
        assertThat(states()).containsExactly("failed");
        assertThat(scratchDatabases()).isEmpty();
        var restore = run("--restore", "latest", "--into", "bad_" + url.hashCode());
        assertThat(restore.exit()).isEqualTo(2);
        assertThat(restore.err()).contains("not what was backed up", "_not_verified");
        assertThat(column(url, "select datname from pg_database where datname like 'bad\\_%' order by 1"))
                .allMatch(name -> name.endsWith("_not_verified"));
    }

    @Test
    void backups_under_a_writer_that_also_truncates_and_alters_all_verify() throws Exception {
        underAWriter(3);
    }

    @Test
    @Tag("slow")
    void twenty_backups_under_a_writer_all_verify() throws Exception {
        underAWriter(20);
    }

    @Test
    void an_alter_that_keeps_a_worker_of_pg_dump_out_ends_in_a_backup_by_one_session() throws Exception {
        sql("create table big1 as select i, md5(i::text) from generate_series(1, 400000) i; create table big2 as table big1; create table small as select 1 as one; analyze");
        var alter = CompletableFuture.runAsync(() -> {
            waitUntil(() -> !column(url, "select 1 from pg_stat_activity where query like 'COPY public.big_ %'").isEmpty());
            execute(url, "alter table small add column two int");
        });
        var ran = done("--format", "directory", "--jobs", "2");
        alter.join();
        assertThat(ran.err()).contains("kept a worker of pg_dump out");
        done("--verify");
    }

    @Test
    void a_truncate_between_the_snapshot_and_the_dump_has_to_wait() throws Exception {
        sql("create table t as select generate_series(1, 1000) as i");
        var slow = Files.createDirectory(folder.resolve("slow"));
        for (var program : List.of("pg_dump", "pg_dumpall", "pg_restore")) {
            var real = backup_database.Client.all(new backup_database(), program).stream().filter(client -> client.major() == CLIENT)
                    .findFirst().orElseThrow().folder().resolve(program);
            Files.writeString(slow.resolve(program),
                    "#!/bin/sh\ncase $* in *--snapshot*) touch " + slow + "/begun; sleep 1;; esac\nexec " + real + " \"$@\"\n");
            slow.resolve(program).toFile().setExecutable(true);
        }
        onlyPath = true;
        environment.put("PATH", slow + ":/usr/bin:/bin");
        var backup = CompletableFuture.supplyAsync(() -> run("--create", "--proof", "none")); // hashes would lock the table as well
        waitUntil(() -> Files.exists(slow.resolve("begun")));
        assertThatThrownBy(() -> sql("set lock_timeout = '200ms'; truncate t")).hasMessageContaining("lock timeout");
        assertThat(backup.join().exit()).as(backup.join().err()).isZero();
        done("--restore", "latest", "--into", "slow_" + url.hashCode());
        assertThat(column(other("slow_" + url.hashCode()), "select count(*)::text from t")).containsExactly("1000");
    }

    void underAWriter(int times) throws Exception {
        sql("create table a (id serial primary key, v int, n int default 0); create table b (id serial primary key, t text); insert into a (v) select i from generate_series(1, 20000) i;"
                + "create table sums (n bigint); insert into sums values (20000)");
        var stop = new AtomicBoolean();
        var changes = new AtomicInteger();
        var writer = CompletableFuture.runAsync(() -> write(stop, changes));
        try {
            for (int i = 0; i < times; i++) {
                var before = changes.get();
                done("--create", "--verify", "--jobs", i % 2 == 0 ? "1" : "2", "--format",
                        i % 3 == 0 ? "custom" : i % 3 == 1 ? "plain" : "directory");
                assertThat(changes.get()).as("the writer was not kept out").isGreaterThan(before);
            }
        } finally {
            stop.set(true);
            writer.join();
        }
        assertThat(states()).hasSize(times).containsOnly("verified");
    }

    /** Each transaction keeps count(a) = sums.n, so that a dump of two moments would show. */
    void write(AtomicBoolean stop, AtomicInteger changes) {
        var random = new Random(1);
        try (var connection = servers.connect(url); var statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            for (int i = 0; !stop.get(); i++) {
                statement.execute("insert into a (v) values (" + i + "); update sums set n = n + 1; update a set n = n + 1 where id = "
                        + random.nextInt(20000) + "; insert into b (t) values ('x')");
                if (i % 50 == 10) {
                    statement.execute("truncate b");
                } else if (i % 50 == 30) {
                    statement.execute("alter table b add column c" + i + " int default 1");
                } else if (i % 50 == 40) {
                    statement.execute("create table new_" + i + " as select 1 as one");
                }
                connection.commit();
                Thread.sleep(3);
                changes.incrementAndGet();
            }
        } catch (SQLException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @ParameterizedTest
    @MethodSource("majors")
    void every_major_is_backed_up_verified_and_restored_with_a_fitting_client(int major) throws Exception {
        var tools = major <= CLIENT ? null : clients(major);
        assumeTrue(major <= CLIENT || tools != null, "no pg_dump of " + major + " or newer; PGBANG_TEST_CLIENTS names none");
        var server = servers.database(major);
        environment.put("DATABASE_URL", server);
        if (tools != null) {
            environment.put("PATH", tools + ":" + environment.get("PATH"));
        }
        execute(server, SAMPLE);
        assertThat(done("--create", "--verify", "--json").out()).contains("\"verified\": true");
    }

    static Stream<Integer> majors() {
        return Stream.concat(servers.majors().stream(), Stream.of(CLIENT)).distinct().filter(major -> major > 0);
    }

    @Test
    void a_dump_by_a_client_of_17_goes_back_into_an_older_server() throws Exception {
        var tools = clients(17);
        assumeTrue(tools != null, "no pg_dump 17 in PGBANG_TEST_CLIENTS");
        sql(SAMPLE);
        environment.put("PATH", tools.toString());
        onlyPath = true;
        for (var format : List.of("custom", "plain", "directory")) {
            var ran = done("--create", "--verify", "--format", format);
            assertThat(ran.err()).as(format).contains("will stumble over its SET transaction_timeout");
        }
    }

    // --- bad input ---

    @Test
    void a_table_that_may_not_be_read_is_named_with_its_grant_before_anything_is_written() throws Exception {
        sql("create table open_one (id int); create table closed_one (id int); drop role if exists backup_reader; create role backup_reader login; grant select on open_one to backup_reader");
        var ran = run("--url", url.replace("//postgres@", "//backup_reader@"));
        assertThat(ran.exit()).isEqualTo(2);
        assertThat(ran.err())
                .contains("no right to read \"public\".\"closed_one\"", "GRANT SELECT ON \"public\".\"closed_one\" TO backup_reader")
                .doesNotContain("open_one\" TO");
        assertNothingIsListed();
        sql("drop owned by backup_reader; drop role backup_reader");
    }

    @Test
    void row_level_security_is_an_error_and_never_a_silent_subset() throws Exception {
        sql("create table secret (id int); alter table secret enable row level security; drop role if exists limited; create role limited login; grant select on secret to limited;"
                + "create policy p on secret to limited using (id < 5); insert into secret select generate_series(1, 10)");
        var ran = run("--url", url.replace("//postgres@", "//limited@"));
        assertThat(ran.exit()).isEqualTo(2);
        assertThat(ran.err()).contains("row-level security hides rows of \"public\".\"secret\"", "BYPASSRLS");
        assertNothingIsListed();
        done("--create", "--verify");
        sql("drop owned by limited; drop role limited");
    }

    @Test
    void a_role_without_superuser_makes_a_backup_and_says_what_is_not_in_it() throws Exception {
        sql("create table t (id int); drop role if exists plain_one; create role plain_one login; grant select on t to plain_one");
        var ran = done("--url", url.replace("//postgres@", "//plain_one@"));
        assertThat(ran.err()).contains("roles are in it without their passwords");
        assertThat(Files.readString(entry().resolve("globals.sql"))).contains("CREATE ROLE").doesNotContain("PASSWORD");
        done("--verify");
        sql("drop owned by plain_one; drop role plain_one");
    }

    @Test
    void a_full_disk_leaves_no_backup_and_a_clear_error() throws Exception {
        var small = Files.createDirectory(folder.resolve("small"));
        assumeTrue(
                shell.has("mount")
                        && shell.run(folder, Map.of(), "mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", small.toString()).exit() == 0,
                "a small file system cannot be mounted here");
        open.add(() -> shell.run(folder, Map.of(), "umount", small.toString()));
        sql("create table t as select md5(i::text) || md5((-i)::text) as v from generate_series(1, 100000) i");
        for (var format : List.of("custom", "directory", "plain")) {
            var ran = run("--to", small.resolve("b").toString(), "--format", format);
            assertThat(ran.exit()).as(format + ran.err()).isEqualTo(2);
            assertThat(ran.err()).as(format).contains("No space left on device").doesNotContain("\tat ");
            assertThat(run("--to", small.resolve("b").toString(), "--list").out()).startsWith("no backups");
        }
        try (var left = Files.list(small.resolve("b"))) {
            assertThat(left.filter(path -> !path.getFileName().toString().matches("\\.(lock|attempt)-.*"))).isEmpty();
        }
    }

    @Test
    void wrong_usage_is_refused_with_64_before_anything_is_done() throws Exception {
        for (var wrong : List.of("--list --create", "--format sqlite", "--restore x --replace", "--prune",
                "--prune --keep-last 1 --min-verified 0", "--encrypt age1nonsense", "--remote --list",
                "--max-age 3", "--jobs 0", "--format directory --encrypt age1x", "--verify nonsense", "--check nonsense",
                "--restore nonsense", "--sqlite nowhere.db", "--status --max-age soon")) {
            var ran = run(wrong.split(" "));
            assertThat(ran.exit()).as(wrong + ": " + ran.err()).isEqualTo(64);
            assertThat(ran.err().lines().count()).as(wrong).isLessThan(4);
        }
        environment.remove("DATABASE_URL");
        assertThat(run().exit()).isEqualTo(64);
        assertThat(run().err()).contains("which database?");
    }

    @Test
    void a_server_that_does_not_answer_is_a_failed_backup() throws Exception {
        var ran = run("--url", "postgresql://postgres@localhost:1/shop");
        assertThat(ran.exit()).isEqualTo(2);
        assertThat(ran.err()).contains("cannot use localhost:1/shop");
        assertThat(run("--status", "--url", "postgresql://postgres@localhost:1/shop").out())
                .contains("CRITICAL shop: no verified backup; the last run failed");
    }

    @Test
    void a_damaged_manifest_makes_no_backup_and_is_named() throws Exception {
        sql("create table t (id int)");
        done();
        var file = entry().resolve("MANIFEST.json");
        var text = Files.readString(file);
        for (var damaged : List.of(text.replace("\"rows\": 0", "\"rows\": 1"), text.substring(0, text.length() / 2), "", text + " ",
                text.replaceFirst("\\{", "["))) {
            Files.writeString(file, damaged);
            var list = run("--list");
            assertThat(list.out()).startsWith("no backups");
            assertThat(list.err()).contains("does not count: its manifest is damaged");
            assertThat(run("--check", "all").exit()).isEqualTo(2);
            assertThat(run("--restore", file.getParent().getFileName().toString()).exit()).isEqualTo(2);
        }
        Files.writeString(file, text);
        Files.move(entry(), entry().resolveSibling("renamed-20260101T000000Z"));
        assertThat(run("--list").err()).contains("renamed-20260101T000000Z does not count: the manifest is that of");
    }

    @Test
    void a_random_byte_flipped_or_cut_off_anywhere_is_detected() throws Exception {
        flips(30);
    }

    @Test
    @Tag("slow")
    void a_thousand_random_flips_and_cuts_over_all_formats_are_detected_and_pg_restore_l_misses_most() throws Exception {
        assertThat(flips(1000)).as("of 100 damaged archives those that pg_restore -l calls good").isGreaterThan(60);
    }

    /** Returns for how many of a hundred archives with the same damage pg_restore -l ended with 0. */
    int flips(int times) throws Exception {
        sql("create table t as select i as id, md5(i::text) as v from generate_series(1, 5000) i");
        var key = keys();
        var ids = new ArrayList<String>();
        for (var options : List.of("custom", "directory", "plain", "custom --encrypt " + key[1])) {
            ids.add(id(done(("--format " + options).split(" "))));
        }
        Files.writeString(folder.resolve("t.db"), "");
        execute("jdbc:sqlite:" + folder.resolve("t.db"),
                "create table t as with recursive n(i) as (select 1 union all select i + 1 from n where i < 5000) select i, hex(randomblob(8)) as v from n");
        ids.add(id(done("--sqlite", folder.resolve("t.db").toString())));
        var random = new Random(42);
        for (int i = 0; i < times; i++) {
            var entry = backups.resolve(ids.get(i % ids.size()));
            List<Path> files;
            try (var all = Files.walk(entry)) {
                files = all.filter(Files::isRegularFile).sorted().toList();
            }
            var file = files.get(random.nextInt(files.size()));
            var good = Files.readAllBytes(file);
            var at = random.nextInt(good.length);
            var cut = random.nextInt(4) == 0;
            var bad = cut ? Arrays.copyOf(good, at) : good.clone();
            if (!cut) {
                bad[at] ^= 1 << random.nextInt(8);
            }
            Files.write(file, bad);
            var check = run("--check", entry.getFileName().toString());
            assertThat(check.exit()).as("%s %s at %d of %d: %s", file, cut ? "cut" : "flipped", at, good.length, check.out() + check.err())
                    .isEqualTo(2);
            Files.write(file, good);
        }
        assertThat(run("--check", "all").exit()).isZero();
        return times < 100 ? 0 : missedByList(random);
    }

    int missedByList(Random random) throws Exception {
        var archive = folder.resolve("plain.pgc");
        assertThat(shell.run(folder, Map.of(), "pg_dump", "-Fc", "-f", archive.toString(), url).exit()).isZero();
        var good = Files.readAllBytes(archive);
        var missed = 0;
        for (int i = 0; i < 100; i++) {
            var bad = random.nextInt(4) == 0 ? Arrays.copyOf(good, 1 + random.nextInt(good.length - 1)) : good.clone();
            bad[random.nextInt(bad.length)] ^= 1 << random.nextInt(8);
            Files.write(archive, bad);
            missed += shell.run(folder, Map.of(), "pg_restore", "-l", archive.toString()).exit() == 0 ? 1 : 0;
        }
        System.out.println("pg_restore -l ended with 0 for " + missed + " of 100 damaged archives");
        return missed;
    }

    // --- killed, stopped, two at once ---

    @Test
    void killed_at_a_random_moment_it_leaves_nothing_that_is_listed_and_does_not_verify() throws Exception {
        kill(3);
    }

    @Test
    @Tag("slow")
    void killed_at_fifty_random_moments_it_leaves_nothing_that_is_listed_and_does_not_verify() throws Exception {
        kill(50);
    }

    void kill(int times) throws Exception {
        sql("create table t as select i as id, md5(i::text) as v from generate_series(1, 200000) i");
        var random = new Random();
        for (int i = 0; i < times; i++) {
            var process = start("--create", "--verify", "--format", i % 3 == 0 ? "custom" : i % 3 == 1 ? "directory" : "plain");
            if (!process.waitFor(400 + random.nextInt(3000), TimeUnit.MILLISECONDS)) {
                process.destroyForcibly();
                process.waitFor();
            }
        }
        Thread.sleep(1000); // pg_dump and pg_restore notice that nobody reads
        for (var state : states()) {
            assertThat(state).isNotEqualTo("failed").isNotEqualTo("damaged");
        }
        if (!states().isEmpty()) {
            done("--verify", "all");
        }
        done("--create", "--verify");
        try (var left = Files.list(backups)) {
            assertThat(left.map(path -> path.getFileName().toString())
                    .filter(name -> name.startsWith(".partial") || name.startsWith(".trash") || name.startsWith(".attempt"))).isEmpty();
        }
        try (var left = Files.newDirectoryStream(Path.of(System.getProperty("java.io.tmpdir")), "pgbang-backup-*")) {
            for (var path : left) {
                var pid = Long.parseLong(path.getFileName().toString().split("-")[2]);
                assertThat(ProcessHandle.of(pid)).as("whoever made " + path).isPresent();
            }
        }
    }

    @Test
    void a_scratch_database_that_a_killed_run_left_is_dropped_by_the_next_and_others_are_not() throws Exception {
        sql("create table t (id int)");
        execute(url, "create database pgbang_scratch_20260101t000000_0badcafe");
        execute(url, "comment on database pgbang_scratch_20260101t000000_0badcafe is 'pgbang backup_database: scratch, may be dropped'");
        execute(url, "create database pgbang_scratch_20260101t000000_00000001");
        execute(url, "comment on database pgbang_scratch_20260101t000000_00000001 is 'mine'");
        done("--create", "--verify");
        assertThat(scratchDatabases()).containsExactly("pgbang_scratch_20260101t000000_00000001");
        execute(url, "drop database pgbang_scratch_20260101t000000_00000001");
    }

    @Test
    void sigterm_removes_what_was_begun_and_ends_with_143() throws Exception {
        sql("create table t as select i as id, md5(i::text) as v from generate_series(1, 500000) i");
        var process = start("--create");
        waitUntil(() -> Files.isDirectory(backups) && names(backups).stream().anyMatch(name -> name.startsWith(".partial")));
        process.destroy();
        assertThat(process.waitFor()).isEqualTo(143);
        assertThat(names(backups)).noneMatch(name -> name.startsWith(".partial")).anyMatch(name -> name.startsWith(".attempt"));
        assertNothingIsListed();
    }

    @Test
    void max_runtime_ends_a_run_that_takes_too_long_and_leaves_nothing() throws Exception {
        sql("create table t (id int)");
        try (var blocker = servers.connect(url)) {
            blocker.setAutoCommit(false);
            blocker.createStatement().execute("lock table t in access exclusive mode");
            var ran = run("--max-runtime", "2s");
            assertThat(ran.exit()).isEqualTo(2);
            assertThat(ran.err()).contains("gave up after --max-runtime 2 s", "waiting for a lock");
        }
        assertNothingIsListed();
        assertThat(names(backups)).noneMatch(name -> name.startsWith(".partial"));
    }

    @Test
    void a_lock_of_somebody_is_waited_for_with_his_name_and_given_up_in_time() throws Exception {
        sql("create table t (id int)");
        try (var blocker = servers.connect(url)) {
            blocker.setAutoCommit(false);
            blocker.createStatement().execute("lock table t in access exclusive mode");
            var ran = run("--lock-wait", "1s");
            assertThat(ran.exit()).isEqualTo(2);
            assertThat(ran.err()).contains("waiting for a lock: pid", "lock table t", "gave up after --lock-wait 1 s");
        }
        done();
    }

    @Test
    void a_running_migration_is_waited_for_and_none_begins_during_a_backup() throws Exception {
        Files.createDirectories(folder.resolve("m"));
        Files.writeString(folder.resolve("m/001_a.sql"), "create table a (id int);");
        migrate();
        Files.writeString(folder.resolve("m/002_b.sql"),
                "create table b1 (id int);\n\\echo\nselect pg_sleep(2);\ncreate table b2 (id int);");
        var migration = CompletableFuture.supplyAsync(() -> migrate());
        waitUntil(this::theMigrationLockIsHeld);
        var ran = done();
        assertThat(ran.err()).contains("a migration is running: pid", "pgbang/run_migrations");
        migration.join();
        assertThat(manifest().toString()).contains("\"b1\"", "\"b2\"");
        done("--verify");
        sql("create table large as select i as id, md5(i::text) as v from generate_series(1, 1000000) i");
        Files.writeString(folder.resolve("m/003_c.sql"), "alter table large add column c int");
        var backup = CompletableFuture.supplyAsync(() -> run());
        waitUntil(this::theMigrationLockIsHeld);
        assertThat(migrate()).contains("another run holds the lock: pid", "pgbang/backup_database");
        assertThat(backup.join().exit()).isZero();
    }

    boolean theMigrationLockIsHeld() {
        return !column(url, "select 1 from pg_locks join pg_database d on d.oid = database where mode = 'ShareRowExclusiveLock'"
                + " and datname = current_database()").isEmpty();
    }

    String migrate() {
        var script = new run_migrations();
        var said = new StringWriter();
        script.database.environment = () -> Map.of("DATABASE_URL", url);
        assertThat(script.database.command(script).setOut(new PrintWriter(said)).setErr(new PrintWriter(said)).execute("--dir",
                folder.resolve("m").toString())).isZero();
        return said.toString();
    }

    @Test
    void a_second_run_on_the_same_database_waits_for_the_first() throws Exception {
        sql("create table t (id int)");
        done();
        var name = url.replaceFirst(".*/", "");
        try (var channel = FileChannel.open(backups.resolve(".lock-" + backup_database.Repository.key(name)), StandardOpenOption.WRITE);
                var lock = channel.lock()) {
            var ran = run("--lock-wait", "1s");
            assertThat(ran.exit()).isEqualTo(2);
            assertThat(ran.err()).contains("another run is at work");
        }
        done();
    }

    @Test
    void a_connection_that_is_cut_in_the_middle_makes_no_backup() throws Exception {
        sql("create table t as select i as id, md5(i::text) as v from generate_series(1, 1000000) i");
        var cut = CompletableFuture.runAsync(() -> waitUntil(() -> !column(url,
                "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and query like '%hashtextextended%'"
                + " and pid <> pg_backend_pid()").isEmpty()));
        var ran = run();
        cut.join();
        assertThat(ran.exit()).as(ran.err()).isEqualTo(2);
        assertThat(ran.err()).contains("no backup of").doesNotContain("\tat ");
        assertNothingIsListed();
    }

    // --- secrets ---

    @Test
    void the_password_occurs_in_no_argument_environment_file_or_output() throws Exception {
        var password = "p:w\\d'ü\"x" + Integer.toHexString(new Random().nextInt());
        sql("create table t as select i as id, md5(i::text) as v from generate_series(1, 200000) i");
        var parts = java.net.URI.create(url);
        environment.put("DATABASE_URL",
                "postgresql://postgres:" + java.net.URLEncoder.encode(password, StandardCharsets.UTF_8).replace("+", "%20") + "@localhost:"
                        + parts.getPort() + parts.getPath());
        var seen = new TreeSet<String>();
        var stop = new AtomicBoolean();
        var programs = new TreeSet<String>();
        var sampler = CompletableFuture.runAsync(() -> sample(stop, password, seen, programs));
        var said = new StringBuilder();
        for (var command : List.of("--create --verbose", "--create --verbose --format directory --jobs 2", "--create --json --format plain",
                "--verify all --verbose", "--restore latest --verbose --into pw" + Math.abs(url.hashCode()), "--list --json",
                "--status", "--prune --keep-last 1 --dry-run", "--check all")) {
            var ran = done(command.split(" "));
            said.append(ran.out()).append(ran.err());
        }
        stop.set(true);
        sampler.join();
        assertThat(programs).as("what was sampled").contains("pg_dump", "pg_restore");
        assertThat(seen).isEmpty();
        assertThat(said.toString()).doesNotContain(password, "p%3Aw");
        assertThat(containing(backups, password)).isEmpty();
        assertThat(names(Path.of(System.getProperty("java.io.tmpdir"))).stream()
                .filter(name -> name.startsWith("pgbang-backup-" + ProcessHandle.current().pid() + "-"))).isEmpty();
    }

    /** Arguments of all processes; environments of the client programs; and that password files are for their owner alone. */
    static void sample(AtomicBoolean stop, String password, Set<String> seen, Set<String> programs) {
        while (!stop.get()) {
            try (var processes = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
                for (var process : processes) {
                    try {
                        var arguments = Files.readString(process.resolve("cmdline"));
                        var program = arguments.replaceFirst("\0.*", "").replaceFirst(".*/", "");
                        if (arguments.contains(password)) {
                            seen.add("arguments of " + program);
                        }
                        if (program.startsWith("pg_")) {
                            programs.add(program);
                            var environment = Files.readString(process.resolve("environ"));
                            if (environment.contains(password)) {
                                seen.add("environment of " + program);
                            }
                        }
                    } catch (IOException gone) {
                        continue;
                    }
                }
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        }
    }

    // --- encryption ---

    @Test
    void an_encrypted_backup_has_nothing_in_clear_and_needs_its_identity() throws Exception {
        sql("create table visible_name (v text); insert into visible_name select 'visible value ' || i from generate_series(1, 1000) i");
        var key = keys();
        done("--encrypt", key[1]);
        assertThat(containing(backups, "visible")).isEmpty();
        var without = run("--verify");
        assertThat(without.exit()).isEqualTo(3);
        assertThat(without.err()).contains("is encrypted", "--identity FILE");
        assertThat(states()).containsExactly("checked");
        Files.writeString(folder.resolve("other.txt"), keys()[0] + "\n");
        assertThat(run("--verify", "--identity", folder.resolve("other.txt").toString()).exit()).isEqualTo(3);
        done("--verify", "--identity", identity(key).toString());
        assertThat(run("--list").out()).contains("verified", "age");
        done("--restore", "latest", "--identity", identity(key).toString(), "--into", "open_" + url.hashCode());
        assertThat(column(other("open_" + url.hashCode()), "select count(*)::text from visible_name")).containsExactly("1000");
    }

    @Test
    void the_age_program_opens_an_encrypted_backup() throws Exception {
        assumeTrue(shell.has("age"), "age is not installed");
        assumeTrue(shell.has("zstd"), "zstd is not installed");
        sql("create table t as select 1 as one");
        var key = keys();
        done("--encrypt", key[1], "--format", "plain");
        var dump = shell.run(entry(), Map.of(), "sh", "-c", "age -d -i " + identity(key) + " dump.sql.zst.age | zstd -dc");
        assertThat(dump.out()).as(dump.err()).contains("CREATE TABLE public.t", "PostgreSQL database dump complete");
    }

    // --- restoring ---

    @Test
    void replace_swaps_by_rename_keeps_the_old_and_its_settings_and_refuses_a_backup_of_another_database() throws Exception {
        var name = url.replaceFirst(".*/", "");
        sql("create table t as select 1 as v; alter database " + name + " set work_mem to '5MB'; alter database " + name
                + " set search_path to '$user', public, \"Odd one\"");
        done();
        sql("update t set v = 2");
        var refused = run("--restore", "latest", "--into", name);
        assertThat(refused.exit()).isEqualTo(2);
        assertThat(refused.err()).contains("there is a database " + name + " already");
        assertThat(column(url, "select v::text from t")).containsExactly("2");
        try (var busy = servers.connect(url)) {
            assertThat(done("--restore", "latest", "--into", name, "--replace").out())
                    .contains("what was there is now " + name + "_before_");
        }
        assertThat(column(url, "select v || current_setting('work_mem') || current_setting('search_path') from t"))
                .containsExactly("15MB\"$user\", public, \"Odd one\"");
        assertThat(column(other(column(url, "select datname from pg_database where datname like '" + name + "\\_before\\_%'").get(0)),
                "select v::text from t")).containsExactly("2");
        var elsewhere = servers.database(CLIENT);
        var other = run("--restore", "latest", "--into", elsewhere.replaceFirst(".*/", ""), "--replace");
        assertThat(other.exit()).isEqualTo(2);
        assertThat(other.err()).contains("is a backup of the database " + name);
    }

    @Test
    void a_database_that_is_gone_comes_back_under_its_name() throws Exception {
        var name = url.replaceFirst(".*/", "");
        sql("create table t as select 7 as v");
        done();
        execute(other("postgres"), "drop database " + name);
        done("--restore", "latest", "--into", name);
        assertThat(column(url, "select v::text from t")).containsExactly("7");
    }

    @Test
    void a_hostile_database_name_does_no_harm_anywhere() throws Exception {
        var name = "we\"ird; $(touch x) `y` =名\\ '%s'";
        execute(url, "create database \"" + name.replace("\"", "\"\"") + "\"");
        environment.put("DATABASE_URL", other(java.net.URLEncoder.encode(name, StandardCharsets.UTF_8).replace("+", "%20")));
        var hostile = java.net.URLEncoder.encode(name, StandardCharsets.UTF_8).replace("+", "%20");
        execute(other(hostile), SAMPLE);
        done("--create", "--verify");
        done("--restore", "latest", "--into", name, "--replace");
        assertThat(column(other(hostile), "select count(*)::text from orders")).containsExactly("1000");
        done("--prune", "--keep-last", "1", "--yes");
        assertThat(names(backups).stream().filter(each -> !each.startsWith("."))).allMatch(each -> each.matches("[\\w.-]+"));
    }

    @Test
    void a_role_that_may_create_databases_but_is_no_superuser_verifies() throws Exception {
        sql("drop role if exists verifier; create role verifier login createdb; create table t as select 1 as one; grant select on t to verifier");
        environment.put("DATABASE_URL", url.replace("//postgres@", "//verifier@"));
        assertThat(done("--create", "--verify").err()).contains("owners and grants are not restored on the scratch server");
        sql("drop owned by verifier; drop role verifier");
    }

    @Test
    void single_tables_come_back_with_their_rows_into_a_database_of_their_own() throws Exception {
        sql(SAMPLE);
        for (var format : List.of("custom", "directory")) {
            done("--format", format);
            done("--restore", "latest", "--table", "orders", "--table", "public.parent", "--into", "one_" + format + url.hashCode());
            assertThat(column(other("one_" + format + url.hashCode()),
                    "select (select count(*) from orders) || ' ' || (select count(*) from customers)")).containsExactly("1000 0");
        }
        assertThat(run("--restore", "latest", "--table", "nowhere").exit()).isEqualTo(64);
        assertThat(scratchDatabases()).isEmpty();
    }

    @Test
    void what_the_target_lacks_is_said_before_anything_is_touched() throws Exception {
        sql("drop role if exists owner_one; create role owner_one; create table t (id int); alter table t owner to owner_one; insert into t values (1)");
        done();
        sql("alter table t owner to postgres; drop owned by owner_one; drop role owner_one");
        var ran = run("--restore", "latest", "--into", "roles_" + url.hashCode());
        assertThat(ran.exit()).isEqualTo(2);
        assertThat(ran.err()).contains("nothing was restored", "roles are missing", "owner_one", "--no-owner");
        assertThat(column(url, "select 1 from pg_database where datname like 'roles\\_%'")).isEmpty();
        assertThat(done("--verify").err()).contains("owners and grants are not restored on the scratch server");
        done("--restore", "latest", "--into", "roles_" + url.hashCode(), "--no-owner");
    }

    @Test
    void an_error_of_pg_restore_is_never_passed_over() throws Exception {
        sql("create function f(int) returns boolean language plpgsql immutable as 'begin return (select count(*) >= 0 from t2); end'; create table t2 (id int);"
                + "create table t1 (id int check (f(id))); insert into t1 values (1)");
        done();
        var verify = run("--verify");
        assertThat(verify.exit()).isEqualTo(2);
        assertThat(verify.err()).contains("pg_restore could not restore", "relation \"t2\" does not exist");
        assertThat(states()).containsExactly("failed");
        assertThat(scratchDatabases()).isEmpty();
    }

    @Test
    void verify_may_use_another_server() throws Exception {
        sql(SAMPLE);
        done();
        var other = servers.database(CLIENT == 12 ? 13 : CLIENT - 1);
        var older = run("--verify", "--scratch-url", other);
        assertThat(older.exit()).isEqualTo(3);
        assertThat(older.err()).contains("older than the backup's");
        environment.put("SCRATCH_URL", url);
        environment.put("DATABASE_URL", "postgresql://postgres@localhost:1/" + url.replaceFirst(".*/", ""));
        done("--verify");
    }

    @Test
    void a_backup_without_proof_is_never_called_verified() throws Exception {
        sql("create table t (id int)");
        done("--proof", "none");
        assertThat(run("--verify").exit()).isEqualTo(3);
        assertThat(states()).containsExactly("checked");
        done("--proof", "counts", "--create", "--verify");
        assertThat(states()).containsExactly("verified", "checked");
    }

    // --- off-site ---

    @Test
    void a_copy_in_another_folder_is_read_back_listed_and_restored_from() throws Exception {
        offSite(folder.resolve("elsewhere").toString());
        assertThat(names(folder.resolve("elsewhere"))).hasSize(1);
    }

    @Test
    void an_rclone_remote_serves_as_well() throws Exception {
        assumeTrue(shell.has("rclone"), "rclone is not installed");
        offSite(":local:" + folder.resolve("elsewhere"));
    }

    void offSite(String target) throws Exception {
        sql("create table t as select i as id, md5(i::text) || md5((-i)::text) as v from generate_series(1, 20000) i");
        environment.put("BACKUP_COPY_TO", target);
        assertThat(done().out()).contains("copied to " + target + " and read back");
        assertThat(run("--list").out()).contains(target);
        assertThat(done("--list", "--remote").out()).contains(entry().getFileName().toString());
        backup_database.Repository.delete(backups);
        assertThat(run("--list").out()).startsWith("no backups");
        done("--verify", "latest", "--remote");
        done("--restore", "latest", "--remote", "--into", "off_" + Math.abs(target.hashCode()) + url.hashCode());
        done("--copy", "all");
    }

    @Test
    void a_copy_that_is_not_what_was_written_does_not_count() throws Exception {
        sql("create table t (id int)");
        done();
        var elsewhere = folder.resolve("elsewhere");
        Files.createDirectories(elsewhere.resolve(entry().getFileName()));
        Files.writeString(elsewhere.resolve(entry().getFileName()).resolve("globals.sql"), "other");
        var ran = run("--copy", "latest", "--copy-to", elsewhere.toString());
        assertThat(ran.exit()).isEqualTo(2);
        assertThat(ran.err()).contains("globals.sql is not what was written");
        assertThat(Files.readString(elsewhere.resolve(entry().getFileName()).resolve("globals.sql"))).as("never overwritten")
                .isEqualTo("other");
        assertThat(run("--list").out()).doesNotContain(elsewhere.toString());
    }

    @Test
    @Tag("slow")
    void an_s3_store_takes_copies_with_the_right_key_and_nothing_with_a_wrong_one() throws Exception {
        var port = s3();
        environment.putAll(Map.of("AWS_ACCESS_KEY_ID", "local-identity", "AWS_SECRET_ACCESS_KEY", "wrong", "AWS_ENDPOINT_URL",
                "http://127.0.0.1:" + port));
        sql("create table big as select i as id, md5(i::text) || md5((-i)::text) as v from generate_series(1, 600000) i");
        var wrong = run("--copy-to", "s3://bucket/deep/er");
        assertThat(wrong.exit()).isEqualTo(2);
        assertThat(wrong.err()).contains("was made, but not copied", "SignatureDoesNotMatch").doesNotContain("local-credential");
        backup_database.Repository.delete(backups);
        environment.put("AWS_SECRET_ACCESS_KEY", "local-credential");
        offSite("s3://bucket/deep/er");
        done("--create", "--proof", "none");
        assertThat(Files.size(entry().resolve("dump.pgc.zst"))).as("large enough for several parts").isGreaterThan(backup_database.S3.PART);
    }

    /** A local S3 server with a bucket; skipped where it cannot be had. */
    int s3() throws Exception {
        var jar = s3proxy();
        int port;
        try (var socket = new java.net.ServerSocket(0)) {
            port = socket.getLocalPort();
        }
        Files.createDirectories(folder.resolve("s3/bucket"));
        Files.writeString(folder.resolve("s3.conf"),
                "s3proxy.endpoint=http://127.0.0.1:" + port
                        + "\ns3proxy.authorization=aws-v2-or-v4\ns3proxy.identity=local-identity\ns3proxy.credential=local-credential\n"
                + "jclouds.provider=filesystem\njclouds.filesystem.basedir=" + folder.resolve("s3") + "\n");
        var server = new ProcessBuilder(ProcessHandle.current().info().command().orElse("java"), "-jar", jar.toString(), "--properties",
                folder.resolve("s3.conf").toString()).redirectErrorStream(true).redirectOutput(folder.resolve("s3.log").toFile()).start();
        open.add(() -> server.destroyForcibly().waitFor());
        waitUntil(() -> {
            try (var socket = new java.net.Socket("127.0.0.1", port)) {
                return true;
            } catch (IOException notYet) {
                return false;
            }
        });
        return port;
    }

    /** 55 MB, which is why it is no dependency of the tests. */
    static Path s3proxy() {
        try (var maven = Runtimes.INSTANCE.getRuntime().create(ContextOverrides.create().withUserSettings(true).build())) {
            var artifact = new DefaultArtifact("org.gaul", "s3proxy", "jar-with-dependencies", "jar", "4.1.0");
            return maven.repositorySystem()
                    .resolveArtifact(maven.repositorySystemSession(), new ArtifactRequest(artifact, maven.remoteRepositories(), null))
                    .getArtifact().getFile().toPath();
        } catch (ArtifactResolutionException e) {
            throw new TestAbortedException("s3proxy cannot be downloaded: " + e.getMessage());
        }
    }

    // --- what is kept ---

    /**
     * The rule, for any history: the newest verified backup stays, and of the verified ones at least the newest --min-verified; nothing goes while the last
     * run failed, while the newest backup is bad, or while one lies in the future; what is kept once is kept when asked again.
     */
    @Test
    void ten_thousand_random_histories_never_fall_below_the_promise() {
        var random = new Random(7);
        var now = Instant.parse("2026-11-20T12:00:00Z");
        for (int round = 0; round < 10_000; round++) {
            var history = history(random, now);
            var policy = new backup_database.Policy(random.nextInt(4), random.nextInt(8), random.nextInt(5), random.nextInt(4),
                    random.nextInt(3), 1 + random.nextInt(3));
            var lastFailed = random.nextInt(10) == 0;
            var zone = List.of(ZoneId.of("UTC"), ZoneId.of("Asia/Tokyo"), ZoneId.of("America/Sao_Paulo")).get(random.nextInt(3));
            var decisions = backup_database.Policy.decide(history, policy, lastFailed, now, zone);
            var kept = decisions.stream().filter(backup_database.Decision::keep).map(backup_database.Decision::backup).toList();
            var newestFirst = history.stream()
                    .sorted(java.util.Comparator.comparing(backup_database.Backup::at).thenComparing(backup_database.Backup::id).reversed())
                    .toList();
            var verified = newestFirst.stream().filter(backup_database.Backup::isVerified).toList();
            assertThat(decisions).hasSameSizeAs(history).allMatch(decision -> !decision.reason().isBlank());
            assertThat(kept).containsAll(verified.subList(0, Math.min(policy.minVerified(), verified.size())));
            assertThat(kept).containsAll(newestFirst.stream().filter(backup -> !backup.isBad()).limit(policy.last()).toList());
            if (lastFailed
                    || !newestFirst.isEmpty() && (newestFirst.get(0).isBad() || newestFirst.get(0).at().isAfter(now.plusSeconds(300)))) {
                assertThat(kept).hasSameSizeAs(history);
            }
            var days = newestFirst.stream().filter(backup -> !backup.isBad()).map(backup -> LocalDate.ofInstant(backup.at(), zone))
                    .distinct().limit(policy.daily()).toList();
            assertThat(kept.stream().map(backup -> LocalDate.ofInstant(backup.at(), zone))).containsAll(days);
            assertThat(backup_database.Policy.decide(kept, policy, lastFailed, now, zone)).as("a second run deletes nothing more")
                    .allMatch(backup_database.Decision::keep);
        }
    }

    static List<backup_database.Backup> history(Random random, Instant now) {
        var spread = List.of(3, 100, 3000, 40_000).get(random.nextInt(4));
        return IntStream.range(0, random.nextInt(30)).mapToObj(i -> {
            var at = now.minus(random.nextInt(spread), ChronoUnit.HOURS).plus(random.nextInt(200) == 0 ? 400 : 0, ChronoUnit.DAYS);
            var bad = random.nextInt(6) == 0;
            return new backup_database.Backup("b" + i, at, !bad && random.nextBoolean(), bad);
        }).toList();
    }

    @Test
    void prune_deletes_what_no_rule_keeps_with_a_reason_and_a_dry_run_says_the_same() throws Exception {
        sql("create table t (id int)");
        done("--create", "--verify");
        done();
        done();
        var dry = done("--prune", "--keep-last", "1", "--dry-run");
        assertThat(dry.out()).containsPattern("keep .*last\nwould delete .*no rule keeps it\nkeep .*verified");
        assertThat(states()).hasSize(3);
        var real = done("--prune", "--keep-last", "1", "--yes");
        assertThat(real.out().replace("delete ", "would delete ").replaceAll(" +", " ")).isEqualTo(dry.out().replaceAll(" +", " "));
        assertThat(states()).containsExactly("created", "verified");
        assertThat(names(backups)).noneMatch(name -> name.startsWith(".trash"));
    }

    @Test
    void nothing_is_deleted_while_the_newest_backup_failed() throws Exception {
        sql("create table t (id int)");
        done("--create", "--verify");
        done();
        done();
        try (var blocker = servers.connect(url)) {
            blocker.setAutoCommit(false);
            blocker.createStatement().execute("lock table t in access exclusive mode");
            assertThat(run("--lock-wait", "1s").exit()).isEqualTo(2);
        }
        var held = run("--prune", "--keep-last", "1", "--yes");
        assertThat(held.exit()).isEqualTo(1);
        assertThat(held.err()).contains("nothing is deleted until one succeeds");
        assertThat(states()).hasSize(3);
        done("--create", "--prune", "--keep-last", "1", "--yes");
        assertThat(states()).containsExactly("created", "verified");
    }

    // --- cron ---

    @Test
    void quiet_says_nothing_on_success_and_the_heartbeat_is_sent_only_then() throws Exception {
        sql("create table t (id int)");
        var beats = new AtomicInteger();
        var monitor = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
        monitor.createContext("/", exchange -> {
            beats.incrementAndGet();
            exchange.sendResponseHeaders(200, -1);
        });
        monitor.start();
        open.add(() -> monitor.stop(0));
        environment.put("BACKUP_HEARTBEAT_URL", "http://127.0.0.1:" + monitor.getAddress().getPort() + "/beat");
        var ran = done("--create", "--verify", "--prune", "--keep-daily", "7", "--quiet");
        assertThat(ran.out() + ran.err()).isEmpty();
        assertThat(beats).hasValue(1);
        assertThat(run("--url", "postgresql://postgres@localhost:1/x", "--quiet").exit()).isEqualTo(2);
        assertThat(beats).hasValue(1);
        environment.put("BACKUP_HEARTBEAT_URL", "http://127.0.0.1:1/");
        assertThat(done("--quiet").err()).contains("heartbeat URL did not answer");
    }

    @Test
    void status_is_critical_without_a_young_verified_backup() throws Exception {
        sql("create table t (id int)");
        assertThat(run("--status").exit()).isEqualTo(2);
        done();
        assertThat(run("--status").exit()).isEqualTo(2);
        done("--verify");
        assertThat(done("--status").out()).startsWith("OK ");
        Thread.sleep(1100);
        assertThat(run("--status", "--max-age", "1s").exit()).isEqualTo(2);
        assertThat(run("--status", "--json").out()).contains("\"ok\": true");
    }

    @Test
    void json_is_one_document_for_every_action_and_every_error() throws Exception {
        sql("create table t (id int)");
        for (var command : List.of("--create", "--verify", "--check", "--list", "--status", "--prune --keep-last 1",
                "--restore latest --into json_" + Math.abs(url.hashCode()), "--restore latest --into json_" + Math.abs(url.hashCode()),
                "--verify nowhere", "--create --url postgresql://postgres:geheim@localhost:1/x")) {
            var ran = run((command + " --json").split(" "));
            assertThat(JsonParser.parseString(ran.out()).getAsJsonObject().keySet()).as(command).isNotEmpty();
            assertThat(ran.out() + ran.err()).doesNotContain("geheim");
        }
    }

    // --- client programs ---

    @Test
    void the_client_is_of_the_server_s_major_else_the_smallest_newer_one_and_never_older() {
        var clients = Stream.of("12.22", "14.9", "14.10", "16.1", "18.0").map(
                version -> new backup_database.Client(Path.of("/" + version), null, Integer.parseInt(version.split("\\.")[0]), version))
                .toList();
        assertThat(Stream.of(12, 13, 14, 15, 16, 17, 18).map(server -> backup_database.Client.choose(clients, server, server).version()))
                .containsExactly("12.22", "14.10", "14.10", "16.1", "16.1", "18.0", "18.0");
        assertThat(backup_database.Client.choose(clients, 19, 19)).isNull();
        assertThat(backup_database.Client.choose(clients, 19, 17).version())
                .as("an older target of a restore needs a client that reads the archive").isEqualTo("18.0");
    }

    @Test
    void without_a_fitting_client_the_error_names_what_is_there_and_how_to_install_one() throws Exception {
        assumeTrue(CLIENT < servers.newest(), "the client here is as new as the newest server");
        var ran = run("--url", servers.database(servers.newest()));
        assertThat(ran.exit()).isEqualTo(2);
        assertThat(ran.err()).contains("no pg_dump of PostgreSQL " + servers.newest() + " or newer",
                "apt-get install postgresql-client-" + servers.newest(), "--docker", "there is " + CLIENT + ".");
    }

    @Test
    void in_a_container_the_password_goes_through_standard_input_and_the_same_backups_result() throws Exception {
        var bin = Files.createDirectory(folder.resolve("bin"));
        Files.writeString(bin.resolve("docker"), """
                #!/bin/sh
                # stands for "docker exec [-i] [-e NAME]... CONTAINER COMMAND": runs the command here
                echo "$@" >>"$(dirname "$0")/log"
                shift
                while :; do case $1 in -i) shift ;; -e) shift 2 ;; *) break ;; esac; done
                shift
                PGHOST=localhost PGPORT=%s exec "$@"
                """.formatted(java.net.URI.create(url).getPort()));
        bin.resolve("docker").toFile().setExecutable(true);
        assumeTrue(System.getenv("PATH") != null);
        environment.put("DATABASE_URL", url.replace("//postgres@", "//postgres:top%20secret@"));
        sql(SAMPLE);
        var process = start(Map.of("PATH", bin + ":" + System.getenv("PATH")), "--create", "--verify", "--docker", "db");
        var ran = shell.finish(process, "");
        assertThat(ran.exit()).as(ran.err()).isZero();
        assertThat(ran.out()).contains("verified: restored");
        assertThat(Files.readString(bin.resolve("log"))).contains("exec -i", "pg_dump", "pg_restore").doesNotContain("top secret");
    }

    // --- SQLite ---

    @Test
    void a_sqlite_file_is_copied_exactly_under_a_live_writer() throws Exception {
        var file = folder.resolve("app '1\".db");
        var address = "jdbc:sqlite:" + file;
        execute(address, "pragma journal_mode = wal");
        execute(address, "create table t (id integer primary key, v text, r real, b blob)");
        execute(address, "create table total (n integer)");
        execute(address, "insert into total values (0)");
        var stop = new AtomicBoolean();
        var writer = CompletableFuture.runAsync(() -> {
            try (var connection = DriverManager.getConnection(address + "?busy_timeout=20000");
                    var statement = connection.createStatement()) {
                for (int i = 0; !stop.get(); i++) {
                    statement.execute("begin immediate");
                    statement.execute("insert into t (v, r, b) values ('v" + i + "', " + i + ".5, x'00ff')");
                    statement.execute("update total set n = n + 1");
                    statement.execute("commit");
                    Thread.sleep(i % 20 == 0 ? 3 : 0);
                }
            } catch (SQLException | InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
        try {
            for (int i = 0; i < 3; i++) {
                done("--sqlite", file.toString(), "--create", "--verify");
            }
        } finally {
            stop.set(true);
            writer.join();
        }
        done("--restore", "latest", "--sqlite", file.toString(), "--into", folder.resolve("again.db").toString());
        assertThat(column("jdbc:sqlite:" + folder.resolve("again.db"), "select (select count(*) from t) = n from total"))
                .containsExactly("1");
        var replaced = done("--restore", "latest", "--sqlite", file.toString(), "--into", folder.resolve("again.db").toString(),
                "--replace");
        assertThat(replaced.out()).contains("what was there is now");
        done("--prune", "--sqlite", file.toString(), "--keep-last", "2", "--yes");
        assertThat(done("--list").out().lines().count()).isEqualTo(3);
    }

    @Test
    void an_encrypted_backup_of_a_sqlite_file_is_verified_too() throws Exception {
        var file = folder.resolve("app.db");
        execute("jdbc:sqlite:" + file, "create table t as select 'visible value' as v");
        var key = keys();
        done("--sqlite", file.toString(), "--encrypt", key[1]);
        assertThat(containing(backups, "visible")).isEmpty();
        assertThat(run("--verify", "--sqlite", file.toString()).exit()).isEqualTo(3);
        done("--verify", "--sqlite", file.toString(), "--identity", identity(key).toString());
        done("--restore", "latest", "--sqlite", file.toString(), "--identity", identity(key).toString(), "--into",
                folder.resolve("again.db").toString());
        assertThat(column("jdbc:sqlite:" + folder.resolve("again.db"), "select v from t")).containsExactly("visible value");
    }

    @Test
    void a_sqlite_copy_with_other_rows_fails_though_its_pages_are_sound() throws Exception {
        var file = folder.resolve("app.db");
        execute("jdbc:sqlite:" + file, "create table t as select 1 as v union all select 2");
        done("--sqlite", file.toString());
        rewrite("dump.sqlite.zst",
                "zstd -q -d dump.sqlite.zst -o x && sqlite3 x 'update t set v = 3 where v = 2' && zstd -q -f x -o dump.sqlite.zst && rm x");
        var ran = run("--verify", "--sqlite", file.toString());
        assertThat(ran.exit()).isEqualTo(2);
        assertThat(ran.err()).contains("has other contents");
    }

    // --- help ---

    record Ran(int exit, String out, String err) {
    }

    Ran run(String... arguments) {
        var out = new StringWriter();
        var err = new StringWriter();
        var script = new backup_database();
        script.database.environment = () -> environment;
        script.clientPlaces = onlyPath ? List.of() : script.clientPlaces;
        var exit = script.database.command(script).setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true)).execute(arguments);
        return new Ran(exit, out.toString(), err.toString());
    }

    Ran done(String... arguments) {
        var ran = run(arguments);
        assertThat(ran.exit()).as(String.join(" ", arguments) + "\n" + ran.out() + ran.err()).isZero();
        return ran;
    }

    /** As a process of its own, which can be killed. */
    Process start(String... arguments) throws IOException {
        return start(Map.of(), arguments);
    }

    Process start(Map<String, String> more, String... arguments) throws IOException {
        var command = new ArrayList<>(List.of(ProcessHandle.current().info().command().orElse("java"), "-cp",
                System.getProperty("java.class.path"), "backup_database"));
        command.addAll(List.of(arguments));
        var variables = new HashMap<>(environment);
        variables.putAll(more);
        return shell.start(folder, variables, command.toArray(String[]::new));
    }

    static String id(Ran ran) {
        return ran.out().split(" ")[0];
    }

    List<String> states() {
        var listed = JsonParser.parseString(run("--list", "--json").out()).getAsJsonObject().getAsJsonArray("backups");
        return IntStream.range(0, listed.size()).mapToObj(i -> listed.get(i).getAsJsonObject().get("state").getAsString()).toList();
    }

    void assertNothingIsListed() {
        assertThat(states()).isEmpty();
    }

    Path entry() {
        return backups.resolve(names(backups).stream().filter(name -> !name.startsWith(".")).reduce((a, b) -> b).orElseThrow());
    }

    JsonObject manifest() throws IOException {
        return JsonParser.parseString(Files.readString(entry().resolve("MANIFEST.json"))).getAsJsonObject();
    }

    static List<String> names(Path folder) {
        try (var files = Files.list(folder)) {
            return files.map(path -> path.getFileName().toString()).sorted().toList();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    /** Changes a file of the entry and makes the manifest fit, as if it had been written so. */
    void rewrite(String file, String command) throws Exception {
        assumeTrue(shell.has("zstd") && shell.has("sqlite3"), "zstd or sqlite3 is not installed");
        var changed = shell.run(entry(), Map.of(), "sh", "-c", command);
        assertThat(changed.exit()).as(changed.err()).isZero();
        var manifest = backup_database.Manifest.read(entry());
        var files = manifest.files().stream().map(stored -> {
            try {
                var path = entry().resolve(stored.path());
                return new backup_database.Stored(stored.path(), Files.size(path),
                        backup_database.Stored.sha256(Files.newInputStream(path)));
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        }).toList();
        backup_database.Repository.writeManifest(entry(),
                new backup_database.Manifest(1, manifest.tool(), manifest.id(), manifest.origin(), manifest.client(), manifest.format(),
                        manifest.proof(), manifest.recipients(),
                        manifest.startedAt(), manifest.finishedAt(), manifest.durationMs(), manifest.bytes(), manifest.globals(), files,
                        manifest.state(), manifest.copies(), manifest.contents()));
    }

    /** An age identity and its recipient. */
    static String[] keys() throws Exception {
        var pair = new com.exceptionfactory.jagged.x25519.X25519KeyPairGenerator().generateKeyPair();
        return new String[] {new String(pair.getPrivate().getEncoded(), StandardCharsets.US_ASCII),
                new String(pair.getPublic().getEncoded(), StandardCharsets.US_ASCII)};
    }

    Path identity(String[] key) throws IOException {
        return Files.writeString(folder.resolve("key.txt"), "# created: today\n" + key[0] + "\n");
    }

    /** Files below a folder that contain a text, in their name or anywhere in their bytes. */
    static List<Path> containing(Path folder, String text) throws IOException {
        var found = new ArrayList<Path>();
        try (var all = Files.walk(folder)) {
            for (var path : all.filter(Files::isRegularFile).toList()) {
                if (new String(Files.readAllBytes(path), StandardCharsets.UTF_8).contains(text)) {
                    found.add(path);
                }
            }
        }
        return found;
    }

    List<String> scratchDatabases() {
        return column(url, "select datname from pg_database where datname ~ '^pgbang_scratch_[0-9]{8}t[0-9]{6}_'");
    }

    void sql(String statements) {
        execute(url, statements);
    }

    String other(String database) {
        return url.replaceFirst("/[^/]*$", "/" + database);
    }

    static Connection connect(String address) throws SQLException {
        return address.startsWith("jdbc:") ? DriverManager.getConnection(address) : servers.connect(address);
    }

    static void execute(String address, String statements) {
        try (var connection = connect(address); var statement = connection.createStatement()) {
            statement.execute(statements);
        } catch (SQLException e) {
            throw new IllegalStateException(e.getMessage(), e);
        }
    }

    static List<String> column(String address, String query) {
        try (var connection = connect(address); var found = connection.createStatement().executeQuery(query)) {
            var values = new ArrayList<String>();
            while (found.next()) {
                values.add(found.getString(1));
            }
            return values;
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    interface Condition {
        boolean holds() throws Exception;
    }

    static void waitUntil(Condition condition) {
        try {
            for (int i = 0; !condition.holds(); i++) {
                if (i > 600) {
                    throw new AssertionError("waited half a minute in vain");
                }
                Thread.sleep(50);
            }
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    static int newestClient() {
        var script = new backup_database();
        script.database.environment = System::getenv;
        try {
            return backup_database.Client.all(script, "pg_dump").stream().mapToInt(backup_database.Client::major)
                    .filter(major -> major <= servers.newest()).max().orElse(0);
        } catch (Exception e) {
            return 0;
        }
    }

    static Path clients(int major) {
        var folder = System.getenv("PGBANG_TEST_CLIENTS");
        return folder == null ? null : IntStream.rangeClosed(major, servers.newest()).mapToObj(each -> Path.of(folder, "pg" + each, "bin"))
                .filter(bin -> Files.isExecutable(bin.resolve("pg_dump"))).findFirst().orElse(null);
    }
}
