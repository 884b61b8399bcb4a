//SOURCES ../scripts/health_check.java
//SOURCES ../scripts/run_migrations.java
//SOURCES servers.java
//SOURCES shell.java

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Each check against a state that it must find and a near-miss that it must not, on an old, a middle and the newest major. */
@Isolated // what others do on the server, and how busy they keep it, would be findings
class health_check_test {
    static final List<Integer> MAJORS = Boolean.getBoolean("pgbang.matrix") ? List.of(12, 15, 18) : List.of(servers.newest());

    /** A cluster where nothing is wrong, unlike the throw-away ones of servers.java, and which can be made to show what those cannot. */
    static final Map<String, String> SOUND = Map.of("fsync", "on", "full_page_writes", "on", "max_prepared_transactions", "10", "wal_level",
            "logical", "archive_mode", "on",
            "shared_preload_libraries", "pg_stat_statements", "pg_stat_statements.max", "100");
    static final Map<Integer, local_postgres.Server> SERVERS = new TreeMap<>();
    static final AtomicInteger DATABASES = new AtomicInteger();

    @TempDir
    Path folder;
    final List<Connection> sessions = new ArrayList<>();

    static Stream<Integer> majors() {
        return MAJORS.stream();
    }

    @AfterAll
    static void stop() throws Exception {
        for (var server : SERVERS.values()) {
            server.close();
        }
        SERVERS.clear();
    }

    @AfterEach
    void leave() throws SQLException {
        for (var session : sessions) {
            session.close();
        }
    }

    // --- sessions ---

    @ParameterizedTest
    @MethodSource("majors")
    void a_role_at_its_connection_limit_is_critical_and_one_below_is_fine(int major) throws Exception {
        var url = database(major);
        sql(url, "drop role if exists few", "create role few login connection limit 2");
        var as = url.replace("//postgres@", "//few@");
        session(as);
        assertSilent(check(url, "connections"));
        session(as);
        assertFound(check(url, "connections"), "crit", "role few", "2 of 2 connections");
    }

    @ParameterizedTest
    @MethodSource("majors")
    void a_session_idle_in_a_transaction_is_found_but_not_one_that_is_only_idle_or_migrates(int major) throws Exception {
        var url = database(major);
        session(url);
        sql(url, "create schema pgbang", "create view pgbang.migration_lock as select 1 as x");
        var migrates = session(url);
        execute(migrates, "begin", "lock table pgbang.migration_lock in share row exclusive mode nowait");
        Thread.sleep(300);
        assertSilent(check(url, "idle_in_transaction", "idle_in_transaction.warn = 0.1"));
        var idle = session(url);
        execute(idle, "begin", "select 1");
        Thread.sleep(300);
        assertFound(check(url, "idle_in_transaction", "idle_in_transaction.warn = 0.1"), "warn", "pid ", "idle in a transaction");
        assertSilent(check(url, "idle_in_transaction"));
    }

    @ParameterizedTest
    @MethodSource("majors")
    void a_statement_that_runs_for_long_is_found_but_not_an_idle_session(int major) throws Exception {
        var url = database(major);
        session(url);
        assertSilent(check(url, "long_running", "long_running.warn = 0.1"));
        var busy = session(url);
        var sleeps = CompletableFuture.runAsync(() -> quietly(busy, "select pg_sleep(20)"));
        Thread.sleep(300);
        assertFound(check(url, "long_running", "long_running.warn = 0.1"), "warn", "pid ", "pg_sleep");
        assertSilent(check(url, "long_running"));
        mend(url, check(url, "long_running", "long_running.warn = 0.1"));
        sleeps.get(5, TimeUnit.SECONDS);
    }

    @ParameterizedTest
    @MethodSource("majors")
    void a_transaction_of_many_short_statements_is_found_when_it_lasts_and_what_is_not_recorded_is_skipped(int major) throws Exception {
        var url = database(major);
        var batch = session(url);
        execute(batch, "begin", "select 1", "select pg_sleep(0.3)", "select 2");
        assertFound(check(url, "long_running", "long_running.warn = 0.2"), "warn", "pid ", "its transaction for 00:00");
        assertSilent(check(url, "long_running"));
        execute(batch, "commit", "set track_activities = off");
        var veiled = check(url, "idle_in_transaction");
        assertThat(status(veiled, "idle_in_transaction")).isEqualTo("skipped");
        assertThat(skipped(veiled, "idle_in_transaction")).contains("setup", "track_activities");
    }

    @ParameterizedTest
    @MethodSource("majors")
    void a_session_blocked_by_a_prepared_transaction_is_told_so(int major) throws Exception {
        var url = database(major);
        sql(url, "create table t ()", "begin", "lock table t", "prepare transaction 'blocks'");
        var waiter = session(url);
        var waits = CompletableFuture.runAsync(() -> quietly(waiter, "select * from t"));
        Thread.sleep(300);
        var found = check(url, "blocked", "blocked.warn = 0.1");
        sql(url, "rollback prepared 'blocks'");
        waits.get(5, TimeUnit.SECONDS);
        assertFound(found, "warn", "pid ", "blocked by a prepared transaction");
        assertThat(first(found).get("fix").getAsString()).doesNotContain("pg_cancel_backend");
    }

    @ParameterizedTest
    @MethodSource("majors")
    void who_waits_for_a_lock_is_found_with_who_blocks_but_a_lock_alone_is_not(int major) throws Exception {
        var url = database(major);
        sql(url, "create table t ()");
        var holder = session(url);
        execute(holder, "begin", "lock table t");
        assertSilent(check(url, "blocked", "blocked.warn = 0.1"));
        var waiter = session(url);
        var waits = CompletableFuture.runAsync(() -> quietly(waiter, "select * from t"));
        Thread.sleep(400);
        var pid = text(holder, "select pg_backend_pid()");
        assertFound(check(url, "blocked", "blocked.warn = 0.1"), "warn", "pid ", "blocked by pid " + pid);
        execute(holder, "rollback");
        waits.get(5, TimeUnit.SECONDS);
        assertSilent(check(url, "blocked", "blocked.warn = 0.1"));
    }

    @ParameterizedTest
    @MethodSource("majors")
    void a_forgotten_prepared_transaction_is_found_and_its_fix_ends_it(int major) throws Exception {
        var url = database(major);
        sql(url, "create table t (id int)");
        assertSilent(check(url, "prepared_transactions", "prepared_transactions.warn = 0"));
        sql(url, "begin", "insert into t values (1)", "prepare transaction 'it''s forgotten'");
        var found = check(url, "prepared_transactions", "prepared_transactions.warn = 0");
        var young = check(url, "prepared_transactions");
        mend(url, found);
        assertFound(found, "warn", "it's forgotten in", "prepared");
        assertSilent(young);
        assertSilent(check(url, "prepared_transactions", "prepared_transactions.warn = 0"));
    }

    // --- migrations ---

    @ParameterizedTest
    @MethodSource("majors")
    void an_index_that_failed_to_build_is_found_and_mended_but_a_partitioned_one_without_parts_is_not(int major) throws Exception {
        var url = database(major);
        sql(url, "create table p (a int) partition by range (a)", "create table p1 partition of p for values from (0) to (9)",
                "create index only_parent on only p (a)", "create table t (a int)", "insert into t values (1), (1)");
        assertSilent(check(url, "invalid_indexes"));
        try (var connection = servers.connect(url)) {
            quietly(connection, "create unique index concurrently \"Odd \"\" name\" on t (a)");
        }
        var found = check(url, "invalid_indexes");
        assertFound(found, "warn", "public.\"Odd \"\" name\"", "invalid");
        sql(url, "delete from t where ctid = '(0,1)'");
        mend(url, found);
        assertSilent(check(url, "invalid_indexes"));
        sql(url, "create table long (t text)", "update pg_index set indisvalid = false where indrelid = (select reltoastrelid from "
                + "pg_class where relname = 'long')");
        assertFound(check(url, "invalid_indexes"), "warn", "pg_toast.pg_toast_", "invalid");
    }

    @ParameterizedTest
    @MethodSource("majors")
    void a_constraint_left_not_valid_is_found_and_its_fix_validates_it_but_not_one_that_is_not_enforced(int major) throws Exception {
        var url = database(major);
        sql(url, "create table t (a int)", "alter table t add constraint good check (a > 0)", "create table schema_migrations (v int)",
                "alter table schema_migrations add constraint ours check (v > 0) not valid");
        if (major >= 18) {
            sql(url, "alter table t add constraint chosen check (a < 0) not enforced");
        }
        assertSilent(check(url, "not_valid_constraints"));
        sql(url, "alter table t add constraint half check (a > 1) not valid", "create domain d as int",
                "alter domain d add constraint small check (value < 9) not valid");
        var found = check(url, "not_valid_constraints");
        assertFound(found, "warn", "half on public.t", "NOT VALID");
        assertFound(found, "warn", "small on public.d", "NOT VALID");
        mend(url, found);
        assertSilent(check(url, "not_valid_constraints"));
    }

    @Test
    void a_partition_that_was_detached_by_half_is_found_and_its_fix_finishes_it() throws Exception {
        for (var major : MAJORS.stream().filter(each -> each > 13).toList()) {
            var url = database(major);
            sql(url, "create table p (a int) partition by range (a)", "create table p1 partition of p for values from (0) to (9)");
            assertSilent(check(url, "detached_partitions"));
            var reader = session(url);
            execute(reader, "begin isolation level repeatable read", "select * from p");
            try (var connection = servers.connect(url)) {
                execute(connection, "set statement_timeout = 400");
                quietly(connection, "alter table p detach partition p1 concurrently");
            }
            execute(reader, "commit");
            var found = check(url, "detached_partitions");
            assertFound(found, "warn", "public.p1", "by half");
            mend(url, found);
            assertSilent(check(url, "detached_partitions"));
        }
    }

    @ParameterizedTest
    @MethodSource("majors")
    void triggers_that_are_off_are_found_and_fix_and_undo_do_what_they_say(int major) throws Exception {
        var url = database(major);
        sql(url, "create table p (id int primary key)", "create table c (p int references p)",
                "create function f() returns trigger language plpgsql as 'begin return new; end'",
                "create trigger always before insert on c for each row execute function f()",
                "create trigger replica before insert on c for each row execute function f()",
                "alter table c enable always trigger always", "alter table c enable replica trigger replica");
        assertSilent(check(url, "disabled_triggers"));
        sql(url, "do $$ declare t name; begin for t in select tgname from pg_trigger where tgrelid = 'c'::regclass and tgisinternal loop "
                + "execute format('alter table c disable trigger %I', t); end loop; end $$");
        var found = check(url, "disabled_triggers");
        assertFound(found, "warn", "public.c", "2 of its triggers are off, 2 of them of foreign keys");
        mend(url, found);
        assertSilent(check(url, "disabled_triggers"));
        assertThat(sql(url, "select string_agg(tgenabled, '' order by tgname) from pg_trigger where not tgisinternal"))
                .as("those that are meant so").isEqualTo("AR");
        sql(url, first(found).get("undo").getAsString());
        assertFound(check(url, "disabled_triggers"), "warn", "public.c", "2 of its triggers are off, 2 of them of foreign keys");
    }

    @ParameterizedTest
    @MethodSource("majors")
    void an_extension_older_than_its_files_is_found_and_its_fix_updates_it(int major) throws Exception {
        var url = database(major);
        sql(url, "create extension pg_stat_statements version '1.4'");
        var found = check(url, "extensions");
        assertFound(found, "warn", "pg_stat_statements", "is 1.4");
        mend(url, found);
        assertSilent(check(url, "extensions"));
    }

    @ParameterizedTest
    @MethodSource("majors")
    void migrations_of_run_migrations_are_found_pending_changed_failed_and_ahead_and_fine_when_all_are_applied(int major) throws Exception {
        var url = database(major);
        var files = Files.createDirectories(folder.resolve("files"));
        Files.writeString(files.resolve("001_first.sql"), "create table one ();");
        Files.writeString(files.resolve("002_second.sql"), "create table two ();\r\n");
        assertFound(migrations(url, files), "warn", "migration 1", "pending");
        migrate(url, files);
        assertSilent(migrations(url, files));
        Files.writeString(files.resolve("002_second.sql"), "create table two (id int);");
        assertFound(migrations(url, files), "warn", "migration 002", "changed after it was applied");
        Files.writeString(files.resolve("002_second.sql"), "create table two ();\n");
        Files.writeString(files.resolve("003_bad.sql"), "create table three ();\nselect 1/0;");
        migrate(url, files);
        assertFound(migrations(url, files), "crit", "migration 003", "division by zero");
        Files.delete(files.resolve("003_bad.sql"));
        sql(url, "delete from pgbang.migration_journal where version = '003'", "insert into schema_migrations (version) values ('009')");
        assertFound(migrations(url, files), "warn", "migration 9", "newer than all files");
    }

    @ParameterizedTest
    @MethodSource("majors")
    void migrations_of_other_tools_are_read(int major) throws Exception {
        var dirty = database(major);
        var files = Files.createDirectories(folder.resolve("golang"));
        Files.writeString(files.resolve("1_a.up.sql"), "");
        Files.writeString(files.resolve("1_a.down.sql"), "");
        Files.writeString(files.resolve("2_b.up.sql"), "");
        sql(dirty, "create table schema_migrations (version bigint primary key, dirty boolean not null)",
                "insert into schema_migrations values (1, false)");
        assertFound(migrations(dirty, files), "warn", "migration 2", "pending (golang-migrate)");
        sql(dirty, "update schema_migrations set version = 2");
        assertSilent(migrations(dirty, files));
        sql(dirty, "update schema_migrations set dirty = true");
        assertFound(migrations(dirty, files), "crit", "migration 2", "dirty");

        var dbmate = database(major);
        sql(dbmate, "create table schema_migrations (version varchar(128) primary key)", "insert into schema_migrations values ('1')");
        assertFound(migrations(dbmate, files), "warn", "migration 2", "pending (dbmate)");
        sql(dbmate, "insert into schema_migrations values ('2')");
        assertSilent(migrations(dbmate, files));

        var goose = database(major);
        sql(goose, "create table goose_db_version (id serial, version_id bigint, is_applied boolean, tstamp timestamp)",
                "insert into goose_db_version (version_id, is_applied) values (0, true), (1, true), (2, true), (2, false)");
        assertFound(migrations(goose, files), "warn", "migration 2", "pending (goose)");
        sql(goose, "insert into goose_db_version (version_id, is_applied) values (2, true)");
        assertSilent(migrations(goose, files));
    }

    @ParameterizedTest
    @MethodSource("majors")
    void flyways_liquibases_and_alembics_histories_are_read(int major) throws Exception {
        var flyway = database(major);
        var files = Files.createDirectories(folder.resolve("flyway"));
        Files.writeString(files.resolve("V1__first.sql"), "create table one ();\r\n-- two\n");
        Files.writeString(files.resolve("V1.1__second.sql"), "");
        sql(flyway, "create table flyway_schema_history (installed_rank int, version varchar(50), description varchar(200), type "
                + "varchar(20), script varchar(1000), checksum int, success boolean)",
                "insert into flyway_schema_history values (1, '1', 'first', 'SQL', 'V1__first.sql', " + crc("create table one ();-- two")
                + ", true)");
        assertFound(migrations(flyway, files), "warn", "migration 1.1", "pending (Flyway)");
        sql(flyway, "insert into flyway_schema_history values (2, '1.1', 'second', 'SQL', 'V1.1__second.sql', 0, true)");
        assertSilent(migrations(flyway, files));
        sql(flyway, "update flyway_schema_history set checksum = 7 where version = '1'");
        assertFound(migrations(flyway, files), "warn", "migration 1", "changed after it was applied");
        sql(flyway, "update flyway_schema_history set success = false where version = '1'");
        assertFound(migrations(flyway, files), "crit", "migration 1", "failed (Flyway)");

        sql(flyway, "truncate flyway_schema_history", "insert into flyway_schema_history values (1, '1.1', 'start', 'BASELINE', 'start', "
                + "null, true)");
        Files.writeString(files.resolve("V1.10__third.sql"), "");
        assertThat(findings(migrations(flyway, files))).containsExactly("migrations/migration 1.10");
        sql(flyway, "insert into flyway_schema_history values (2, '1.10', 'third', 'SQL', 'V1.10__third.sql', 0, true), (3, '1.10', "
                + "'third', 'UNDO_SQL', 'U1.10__third.sql', 0, true)");
        assertThat(findings(migrations(flyway, files))).containsExactly("migrations/migration 1.10");

        var liquibase = database(major);
        var sets = Files.createDirectories(folder.resolve("liquibase"));
        Files.writeString(sets.resolve("all.sql"), "--liquibase formatted sql\n--changeset ann:1\nselect 1;\n-- changeset bob:2\nselect "
                + "2;\n");
        sql(liquibase, "create table databasechangelog (id varchar(255), author varchar(255), exectype varchar(10))",
                "create table databasechangeloglock (id int, locked boolean, lockgranted timestamp, lockedby varchar(255))",
                "insert into databasechangelog values ('1', 'ann', 'EXECUTED')",
                "insert into databasechangeloglock values (1, true, localtimestamp, 'ci')");
        assertFound(migrations(liquibase, sets), "warn", "migration bob:2", "pending");
        sql(liquibase, "insert into databasechangelog values ('2', 'bob', 'EXECUTED')");
        assertSilent(migrations(liquibase, sets));
        sql(liquibase, "update databasechangeloglock set lockgranted = localtimestamp - interval '1 hour'");
        assertFound(migrations(liquibase, sets), "crit", "lock of Liquibase", "held by ci");

        var alembic = database(major);
        var versions = Files.createDirectories(folder.resolve("alembic/versions"));
        Files.writeString(versions.resolve("a.py"), "revision = 'aaa'\ndown_revision = None\n");
        Files.writeString(versions.resolve("b.py"), "revision: str = \"bbb\"\ndown_revision: Union[str, None] = \"aaa\"\n");
        sql(alembic, "create table alembic_version (version_num varchar(32) primary key)", "insert into alembic_version values ('aaa')");
        assertFound(migrations(alembic, versions.getParent()), "warn", "migration bbb", "pending (Alembic)");
        sql(alembic, "update alembic_version set version_num = 'bbb'");
        assertSilent(migrations(alembic, versions.getParent()));
        sql(alembic, "update alembic_version set version_num = 'zzz'");
        assertFound(migrations(alembic, versions.getParent()), "warn", "migration zzz", "among no files");
    }

    // --- queries ---

    @ParameterizedTest
    @MethodSource("majors")
    void statistics_that_forget_and_slow_queries_are_found_and_without_the_extension_both_are_skipped(int major) throws Exception {
        var url = database(major);
        var without = check(url, "slow_queries");
        assertThat(status(without, "slow_queries")).isEqualTo("skipped");
        assertThat(skipped(without, "slow_queries")).contains("setup", "CREATE EXTENSION");
        sql(url, "create extension pg_stat_statements", "select pg_stat_statements_reset()");
        try (var connection = servers.connect(url)) {
            for (var i = 0; i < 5; i++) {
                execute(connection, "select pg_sleep(0.02)", "select 1 + 1");
            }
        }
        assertFound(check(url, "slow_queries", "slow_queries.warn = 15", "slow_queries.calls = 5"), "warn", "query ", "pg_sleep");
        assertSilent(check(url, "slow_queries"));
        assertSilent(check(url, "query_statistics"));
        try (var connection = servers.connect(url)) {
            for (var i = 1; i < 300; i++) {
                execute(connection, "select 1" + ", 1".repeat(i));
            }
        }
        assertFound(check(url, "query_statistics"), "warn", "pg_stat_statements", "forgets");
    }

    @ParameterizedTest
    @MethodSource("majors")
    void foreign_keys_that_no_index_serves_are_found_and_those_that_one_serves_are_not(int major) throws Exception {
        var url = database(major);
        sql(url, "create extension btree_gin", "create table p (id int primary key, t int, unique (t, id))",
                "create table p2 (a int, b int, primary key (a, b))", "create table pt (c text primary key)",
                "create table yes_none (r int references p)", "create table yes_partial (r int references p, x int)",
                "create index on yes_partial (r) where x is not null", "create table yes_expression (r int references p)",
                "create index on yes_expression ((r + 0))",
                "create table yes_include (r int references p, x int)", "create index on yes_include (x) include (r)",
                "create table yes_second (r int references p, x int)", "create index on yes_second (x, r)",
                "create table yes_collation (r text references pt)", "create index on yes_collation (r collate \"C\")",
                "create table yes_one_part (r int references p, d int) partition by range (d)",
                "create table yes_one_part_1 partition of yes_one_part for values from (0) to (9)", "create index on yes_one_part_1 (r)",
                "create table no_plain (r int references p)", "create index on no_plain (r)", "create table no_null (r int references p)",
                "create index on no_null (r) where r is not null",
                "create table no_turned (a int, b int, foreign key (a, b) references p2)", "create index on no_turned (b, a)",
                "create table no_gap (a int, b int, x int, foreign key (a, b) references p2)", "create index on no_gap (a, x, b)",
                "create table no_hash (r int references p)", "create index on no_hash using hash (r)",
                "create table no_gin (r int references p)", "create index on no_gin using gin (r)",
                "create table no_pattern (r text references pt)", "create index on no_pattern (r text_pattern_ops)",
                "create table no_wider (r bigint references p)", "create index on no_wider (r)",
                "create table no_parts (r int references p, d int) partition by range (d)", "create index on no_parts (r)", "analyze");
        var found = check(url, "unindexed_foreign_keys", "unindexed_foreign_keys.rows = 0");
        assertThat(objects(found, "unindexed_foreign_keys")).hasSize(7).allMatch(key -> key.contains(" on public.yes_"));
        mend(url, found);
        assertSilent(check(url, "unindexed_foreign_keys", "unindexed_foreign_keys.rows = 0"));
    }

    @ParameterizedTest
    @MethodSource("majors")
    void indexes_that_repeat_another_are_found_and_similar_ones_are_not(int major) throws Exception {
        var url = database(major);
        sql(url, "create table d (id int primary key, a int, b int, c text, e int)", "create index yes_prefix on d (a)",
                "create index yes_same on d (a)", "create index d_ab on d (a, b)", "create index yes_turned on d (a desc)",
                "create index no_nulls on d (a nulls first)", "create index yes_primary on d (id)",
                "create unique index no_unique on d (b)", "create index yes_unique on d (b)",
                "create index no_pattern on d (c text_pattern_ops)", "create index no_plain on d (c)",
                "create index no_collation on d (c collate \"C\")", "create index no_partial on d (e) where e > 0",
                "create index yes_included on d (e)", "create index no_include on d (e) include (c)",
                "create index no_hash on d using hash (e)", "create index no_lower on d (lower(c))",
                "create index yes_lower on d (lower(c))", "create index no_where on d (a, b) where b is not null");
        var found = check(url, "redundant_indexes", "redundant_indexes.min_mb = 0");
        assertThat(objects(found, "redundant_indexes")).containsExactlyInAnyOrder("public.yes_prefix", "public.yes_same",
                "public.yes_turned", "public.yes_primary", "public.yes_unique", "public.yes_included", "public.yes_lower");
        assertSilent(check(url, "redundant_indexes"));
        mend(url, found);
        assertSilent(check(url, "redundant_indexes", "redundant_indexes.min_mb = 0"));
        sql(url, first(found).get("undo").getAsString());
        assertThat(objects(check(url, "redundant_indexes", "redundant_indexes.min_mb = 0"), "redundant_indexes")).hasSize(1);
    }

    // --- disk ---

    @ParameterizedTest
    @MethodSource("majors")
    void wal_and_disks_are_measured_against_their_limits(int major) throws Exception {
        var url = database(major);
        assertSilent(check(url, "wal_size"));
        assertFound(check(url, "wal_size", "wal_size.min_mb = 1", "wal_size.warn = 0.001"), "warn", "pg_wal", "times what max_wal_size");
        assertSilent(check(url, "disk_free", "disk_free.warn = 100.1", "disk_free.crit = 100.2"));
        assertFound(check(url, "disk_free", "disk_free.warn = 0"), "warn", SERVERS.get(major).data.toString(), "% used");
    }

    @ParameterizedTest
    @MethodSource("majors")
    void an_archiver_that_fails_is_found_until_it_has_recovered(int major) throws Exception {
        var url = database(major);
        sql(url, "create table t ()", "select pg_switch_wal()");
        Thread.sleep(300);
        assertSilent(check(url, "archiver"));
        sql(url, "alter system set archive_command = 'false'", "select pg_reload_conf()");
        Thread.sleep(300);
        sql(url, "create table u ()", "select pg_switch_wal()");
        await(url, "select last_failed_time > coalesce(last_archived_time, '-infinity') from pg_stat_archiver");
        var found = check(url, "archiver");
        sql(url, "alter system set archive_command = 'true'", "select pg_reload_conf()");
        assertFound(found, "warn", "archive_command", "fails at ");
        await(url, "select last_failed_time < last_archived_time from pg_stat_archiver");
        assertSilent(check(url, "archiver"));
    }

    @ParameterizedTest
    @MethodSource("majors")
    void days_until_full_are_told_from_the_second_run_on_with_what_grows(int major) throws Exception {
        var url = database(major);
        var state = folder.resolve("state.json");
        sql(url, "create table grows as select g, repeat('x', 100) from generate_series(1, 1000) g", "analyze grows");
        var first = look(url, "--only", "disk_days", "--state", state.toString(), "--disk-limit", "100G");
        assertThat(skipped(first, "disk_days")).contains("baseline");
        age(state, 1);
        sql(url, "insert into grows select g, repeat('x', 100) from generate_series(1, 200000) g", "analyze grows");
        assertThat(status(look(url, "--only", "disk_days", "--state", copy(state), "--disk-limit", "100G"), "disk_days")).isEqualTo("ok");
        var second = look(url, "--only", "disk_days", "--state", state.toString(), "--disk-limit", "200M");
        assertFound(second, "crit", "disk", "most of all public.grows");
        assertThat(second.json.getAsJsonArray("growth").size()).isEqualTo(2);
    }

    // --- vacuum ---

    @ParameterizedTest
    @MethodSource("majors")
    void ids_that_run_out_are_found_with_what_holds_them_back(int major) throws Exception {
        var url = database(major);
        assertSilent(check(url, "wraparound"));
        var holder = session(url);
        execute(holder, "begin isolation level repeatable read", "select 1");
        burn(url, 2000);
        var age = Long.parseLong(sql(url, "select age(datfrozenxid) from pg_database where datname = current_database()"));
        assertFound(check(url, "wraparound", "wraparound.warn = 100", "wraparound.crit = " + age), "crit",
                text(holder, "select current_database()"), "oldest here: ");
        assertFound(check(url, "wraparound", "wraparound.warn = 100", "wraparound.crit = " + age), "crit",
                text(holder, "select current_database()"), "used since the oldest freeze");
    }

    @ParameterizedTest
    @MethodSource("majors")
    void each_source_that_holds_the_horizon_is_named_and_its_fix_ends_it(int major) throws Exception {
        var url = database(major);
        sql(url, "create table t (id int)");
        assertSilent(check(url, "xmin_horizon", "xmin_horizon.warn = 500"));
        sql(url, "select pg_create_logical_replication_slot('keeps', 'pgoutput')");
        var holder = session(url);
        execute(holder, "begin isolation level repeatable read", "select 1");
        sql(url, "begin", "insert into t values (1)", "prepare transaction 'old'");
        burn(url, 600);
        var found = check(url, "xmin_horizon", "xmin_horizon.warn = 500");
        mend(url, found);
        assertFound(found, "warn", "pid " , "holds the horizon");
        assertFound(found, "warn", "prepared transaction old", "holds the horizon");
        assertFound(found, "warn", "slot keeps", "holds the horizon");
        await(url, "select not exists (select 1 from pg_stat_activity where pid <> pg_backend_pid() and age(backend_xmin) > 400)");
        assertSilent(check(url, "xmin_horizon", "xmin_horizon.warn = 500"));
    }

    @ParameterizedTest
    @MethodSource("majors")
    void autovacuum_that_is_off_is_found_and_fix_and_undo_do_what_they_say(int major) throws Exception {
        var url = database(major);
        sql(url, "create table t (a text) with (fillfactor = 70, autovacuum_enabled = true)");
        assertSilent(check(url, "autovacuum_off"));
        sql(url, "alter table t set (autovacuum_enabled = off, toast.autovacuum_enabled = false)");
        var found = check(url, "autovacuum_off");
        assertFound(found, "warn", "public.t", "TOAST");
        mend(url, found);
        assertSilent(check(url, "autovacuum_off"));
        sql(url, first(found).get("undo").getAsString());
        assertFound(check(url, "autovacuum_off"), "warn", "public.t", "is off");
        sql(url, "alter table t reset (autovacuum_enabled, toast.autovacuum_enabled)", "alter system set autovacuum = off",
                "select pg_reload_conf()");
        await(url, "select not current_setting('autovacuum')::boolean");
        var off = check(url, "autovacuum_off");
        sql(url, "alter system reset autovacuum", "select pg_reload_conf()");
        assertFound(off, "crit", "setting autovacuum", "is off");
    }

    @ParameterizedTest
    @MethodSource("majors")
    void statistics_that_are_old_are_found_but_not_those_of_a_table_without_writes(int major) throws Exception {
        var url = database(major);
        sql(url, "create table t (a int) with (autovacuum_enabled = off)", "insert into t select generate_series(1, 20000)", "analyze t");
        assertSilent(check(url, "stale_statistics"));
        sql(url, "update t set a = a + 1");
        await(url, "select n_mod_since_analyze >= 20000 from pg_stat_user_tables where relname = 't'");
        assertSilent(check(url, "stale_statistics"));
        var found = check(url, "stale_statistics", "stale_statistics.minutes = 0");
        assertFound(found, "warn", "public.t", "rows changed since the last ANALYZE");
        mend(url, found);
        await(url, "select n_mod_since_analyze = 0 from pg_stat_user_tables where relname = 't'");
        assertSilent(check(url, "stale_statistics", "stale_statistics.minutes = 0"));
    }

    @Test
    void a_partitioned_table_that_nobody_analyzed_is_found_and_a_small_one_is_not() throws Exception {
        for (var major : MAJORS.stream().filter(each -> each >= 14).toList()) {
            var url = database(major);
            sql(url, "create table big (a int) partition by range (a)",
                    "create table big_1 partition of big for values from (0) to (100000)",
                    "insert into big select generate_series(1, 20000)",
                    "create table small (a int) partition by range (a)",
                    "create table small_1 partition of small for values from (0) to (9)", "insert into small values (1)",
                    "analyze big_1, small_1");
            await(url, "select n_live_tup >= 20000 from pg_stat_user_tables where relname = 'big_1'");
            var found = check(url, "stale_statistics");
            assertThat(objects(found, "stale_statistics")).containsExactly("public.big");
            mend(url, found);
            assertSilent(check(url, "stale_statistics"));
        }
    }

    // --- replication ---

    @ParameterizedTest
    @MethodSource("majors")
    void a_slot_that_nobody_reads_is_found_once_it_keeps_much_and_commits_that_wait_for_a_standby(int major) throws Exception {
        var url = database(major);
        sql(url, "select pg_create_physical_replication_slot('left_over', true)", "create table t ()", "select pg_switch_wal()");
        assertSilent(check(url, "replication_slots"));
        var found = check(url, "replication_slots", "replication_slots.warn = 1000");
        mend(url, found);
        assertFound(found, "warn", "left_over", "nobody reads it");
        assertSilent(check(url, "sync_standbys"));
        sql(url, "alter system set synchronous_standby_names = 'nobody'", "select pg_reload_conf()");
        await(url, "select current_setting('synchronous_standby_names') <> ''");
        found = check(url, "sync_standbys");
        mend(url, found);
        assertFound(found, "crit", "synchronous_standby_names", "0 of 1 such standbys are connected: commits wait");
        await(url, "select current_setting('synchronous_standby_names') = ''");
        sql(url, "alter system set synchronous_standby_names = 'ANY 2 (a, b, c)'", "select pg_reload_conf()");
        await(url, "select current_setting('synchronous_standby_names') <> ''");
        found = check(url, "sync_standbys");
        sql(url, "alter system reset synchronous_standby_names", "select pg_reload_conf()");
        assertFound(found, "crit", "synchronous_standby_names", "0 of 2 such standbys");
    }

    // --- integrity ---

    @ParameterizedTest
    @MethodSource("majors")
    void sequences_near_their_true_end_are_found_and_no_others(int major) throws Exception {
        var url = database(major);
        sql(url, "create table a (id int generated always as identity primary key)", "select setval('a_id_seq', 2000000000)",
                "create sequence big", "create table b (id int primary key default nextval('big'))",
                "create table b2 (id int primary key default nextval('big'))", "select setval('big', 2000000000)",
                "create table c (id bigint primary key)", "create sequence narrow as int owned by c.id",
                "select setval('narrow', 2100000000)",
                "create sequence down increment -1 minvalue -100 maxvalue -1", "select setval('down', -95)",
                "create sequence steps increment 1000 maxvalue 1000000", "select setval('steps', 950000)",
                "create domain tiny as smallint", "create sequence small", "create table d (id tiny primary key default nextval('small'))",
                "select setval('small', 32000)",
                "create sequence old_style", "create table e (id int primary key default nextval(('old_style'::text)::regclass))",
                "select setval('old_style', 2140000000)",
                "create sequence round maxvalue 100 cycle", "select setval('round', 99)", "create table fine (id bigserial primary key)",
                "create sequence half maxvalue 100", "select setval('half', 50)");
        var found = check(url, "sequences");
        assertThat(objects(found, "sequences")).containsExactlyInAnyOrder("public.a_id_seq", "public.big", "public.narrow", "public.down",
                "public.steps", "public.small", "public.old_style");
        assertFound(found, "crit", "public.big", "by public.b.id, public.b2.id");
        assertThat(result(found, "sequences").get("examined").getAsInt()).isEqualTo(10);
        mend(url, found);
        assertSilent(check(url, "sequences"));
        for (var finding : allFindings(found).toList()) {
            // its column has been made wider for good by then: the default names it only in a text
            if (!finding.get("object").getAsString().equals("public.old_style")) {
                for (var statement : finding.get("undo").getAsString().split(";(?=\\s|$)")) {
                    sql(url, statement);
                }
            }
        }
        assertThat(objects(check(url, "sequences"), "sequences")).contains("public.a_id_seq", "public.big", "public.narrow", "public.down",
                "public.steps", "public.small");
    }

    @ParameterizedTest
    @MethodSource("majors")
    void sequences_of_extreme_bounds_are_read_and_many_hidden_ones_do_not_push_out_a_finding(int major) throws Exception {
        var url = database(major);
        sql(url, "create sequence whole minvalue -9223372036854775808 start -9223372036854775808",
                "select setval('whole', 9223372036854775807)",
                "create sequence fresh minvalue -9223372036854775808 start 0", "select nextval('fresh')",
                "create sequence down_round as bigint increment -1 minvalue -9000000000 maxvalue -1 cycle",
                "create table narrow (id int default nextval('down_round'))", "select setval('down_round', -2147000000)",
                "create sequence round increment -1 minvalue -100 maxvalue -1 cycle", "select setval('round', -99)");
        assertThat(objects(check(url, "sequences"), "sequences")).containsExactlyInAnyOrder("public.whole", "public.down_round");
        sql(url, "do $$ begin for i in 1..1050 loop execute format('create sequence hidden_%s', i); end loop; end $$",
                "drop role if exists sees", "create role sees login", "grant select on whole to sees");
        var some = check(url.replace("//postgres@", "//sees@"), "sequences", "sequences.crit = 99");
        assertThat(objects(some, "sequences")).containsExactly("public.whole");
        assertThat(skipped(some, "sequences")).contains("privilege");
    }

    @ParameterizedTest
    @MethodSource("majors")
    void a_sequence_that_will_end_soon_is_found_by_its_rate(int major) throws Exception {
        var url = database(major);
        var state = folder.resolve("state.json");
        sql(url, "create sequence fast maxvalue 1000000", "select setval('fast', 300000)");
        assertSilent(look(url, "--only", "sequences", "--state", state.toString()));
        age(state, 1);
        sql(url, "select setval('fast', 400000)");
        assertFound(look(url, "--only", "sequences", "--state", state.toString()), "crit", "public.fast", "about 6 days left");
    }

    @ParameterizedTest
    @MethodSource("majors")
    void damaged_indexes_orphans_duplicates_and_keys_are_found_by_full_and_what_is_sound_is_not(int major) throws Exception {
        var url = database(major);
        sql(url, "create extension amcheck", "create extension pgstattuple",
                "create table pa (id int primary key, a int, b int, unique (a, b))",
                "create table ch (id int primary key, pid int references pa, a int, b int, constraint ab foreign key (a, b) references "
                + "pa (a, b))",
                "create table mf (id int primary key, a int, b int, constraint mf_ab foreign key (a, b) references pa (a, b) match full)",
                "create table nv (id int, pid int)", "alter table nv add constraint nv_fk foreign key (pid) references pa not valid",
                "create table parts (pid bigint references pa) partition by range (pid)",
                "create table parts_1 partition of parts for values from (0) to (1000)",
                "insert into pa select g, g, g from generate_series(1, 100) g",
                "insert into ch select g, g, g, g from generate_series(1, 100) g",
                "insert into mf select g, g, g from generate_series(1, 100) g", "insert into parts select generate_series(1, 100)",
                "create table u (i int4)", "insert into u select generate_series(1, 5)",
                "create function good_cmp(int4, int4) returns int language sql immutable as 'select case when $1 < $2 then -1 when $1 > "
                + "$2 then 1 else 0 end'",
                "create function bad_cmp(int4, int4) returns int language sql immutable as 'select case when $1 < $2 then -1 else 1 end'",
                "create operator class odd for type int4 using btree as operator 1 < (int4, int4), operator 2 <= (int4, int4), operator "
                + "3 = (int4, int4), operator 4 >= (int4, int4), operator 5 > (int4, int4), function 1 good_cmp(int4, int4)",
                "create unique index u_i on u using btree (i odd)", "create table late (id serial primary key, v int)",
                "select setval('late_id_seq', 100)", "insert into late values (100)");
        var sound = look(url, "--full", "--only", "integrity,bloat", "--skip", "checksums,collations,unsafe_settings");
        assertThat(sound.json.getAsJsonObject("counts").get("ok").getAsInt()).isEqualTo(8);
        assertThat(sound.exit).isZero();
        sql(url, "set session_replication_role = replica", "delete from pa where id in (7, 8, 9)", "insert into mf values (1000, 1, null)",
                "insert into late values (500)", "insert into late values (2000000000)",
                "update pg_amproc set amproc = 'bad_cmp'::regproc where amproc = 'good_cmp'::regproc");
        sql(url, "insert into u values (5)", "update pg_amproc set amproc = 'good_cmp'::regproc where amproc = 'bad_cmp'::regproc",
                "create table keys (k smallint primary key)", "insert into keys values (32000)");
        var broken = look(url, "--full", "--only", "integrity", "--skip", "checksums,collations,unsafe_settings");
        assertFound(broken, "crit", "public.u_i", "invariant");
        assertFound(broken, "crit", "public.u_i", "1 keys are there more than once, e.g. (5)");
        assertFound(broken, "crit", "ch_pid_fkey on public.ch", "3 rows have no parent in public.pa");
        assertFound(broken, "crit", "ab on public.ch", "3 rows");
        assertFound(broken, "crit", "mf_ab on public.mf", "4 rows");
        assertFound(broken, "crit", "parts_pid_fkey on public.parts", "3 rows");
        assertFound(broken, "crit", "public.late_id_seq", "has 2000000000");
        assertFound(broken, "crit", "public.keys.k", "32000 of 32767");
        assertThat(objects(broken, "orphans")).doesNotContain("nv_fk on public.nv").hasSize(4);
        assertThat(objects(broken, "duplicates")).hasSize(1);
        assertThat(broken.exit).isEqualTo(2);
    }

    @ParameterizedTest
    @MethodSource("majors")
    void of_two_columns_that_share_a_sequence_each_is_looked_at(int major) throws Exception {
        var url = database(major);
        sql(url, "create sequence s", "create table a (id int primary key default nextval('s'))",
                "create table b (id int primary key default nextval('s'))", "insert into b values (500)");
        assertFound(look(url, "--only", "sequence_behind"), "crit", "public.s of public.b.id", "has 500, the sequence stands at 1");
        sql(url, "truncate b", "insert into a values (500)");
        assertFound(look(url, "--only", "sequence_behind"), "crit", "public.s of public.a.id", "has 500");
    }

    @ParameterizedTest
    @MethodSource("majors")
    void keys_are_compared_as_their_index_compares_them_and_code_of_others_is_not_run(int major) throws Exception {
        var url = database(major);
        sql(url, "create collation ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false)",
                "create table t (a text collate ci)", "create unique index on t (a collate \"C\")", "insert into t values ('a'), ('A')");
        assertSilent(look(url, "--only", "duplicates"));
        sql(url, "drop role if exists mallory", "create role mallory login", "create table leak (who text)", "grant all on leak to mallory",
                "create schema hers authorization mallory", "set role mallory",
                "create function hers.f(int) returns int immutable language plpgsql as 'begin if current_user = ''postgres'' then raise "
                + "exception ''ran as %'', current_user; end if; return $1; end'",
                "create table hers.t (a int)", "insert into hers.t values (1)", "create unique index hers_f on hers.t (hers.f(a))",
                "reset role");
        var found = look(url, "--only", "duplicates");
        assertThat(status(found, "duplicates")).isEqualTo("skipped");
        assertThat(skipped(found, "duplicates")).contains("setup", "hers_f").doesNotContain("ran as");
        if (major >= 18) {
            var temporal = database(major);
            sql(temporal, "create table r (id int4range, span int4range, primary key (id, span without overlaps))");
            assertThat(skipped(look(temporal, "--only", "duplicates"), "duplicates")).contains("of a kind that is not compared");
        }
    }

    @ParameterizedTest
    @MethodSource("majors")
    @Tag("slow")
    void what_is_dropped_while_it_is_looked_at_is_neither_damaged_nor_a_reason_to_skip(int major) throws Exception {
        var url = database(major);
        sql(url, "create extension amcheck", "create extension pgstattuple",
                "do $$ begin for i in 1..60 loop execute format('create table t%s (id serial primary key, p int references t%s)', i, "
                + "i); end loop; end $$");
        var dropper = session(url);
        var drops = CompletableFuture.runAsync(() -> {
            for (var i = 60; i > 0; i--) {
                quietly(dropper, "drop table t" + i);
            }
        });
        for (var runs = 0; runs < 2 || !drops.isDone(); runs++) {
            var found = look(url, "--full", "--only", "integrity,schema,sequence_behind,bloat", "--skip",
                    "checksums,collations,unsafe_settings,migrations", "--config",
                    Files.writeString(folder.resolve("c"), "bloat.min_mb = 0").toString());
            assertThat(findings(found)).isEmpty();
            assertThat(found.out).doesNotContain("could not open relation", "cache lookup failed", "does not exist");
        }
    }

    @Test
    @Tag("slow")
    void a_long_check_leaves_the_others_their_part_of_the_budget() throws Exception {
        var url = database(18);
        sql(url, "create extension amcheck", "create or replace function bt_index_check(index regclass, heapallindexed boolean default "
                + "false, checkunique boolean default false) returns void language sql as 'select pg_sleep(0.2)'",
                "do $$ begin for i in 1..20 loop execute format('create table t%s (id int primary key, p int references t%s)', i, i); "
                + "end loop; end $$");
        var found = look(url, "--full", "--only", "indexes,orphans", "--budget", "2");
        assertThat(skipped(found, "indexes")).contains("time");
        assertThat(result(found, "indexes").get("examined").getAsInt()).isBetween(1, 12);
        assertThat(status(found, "orphans")).isEqualTo("ok");
    }

    @Test
    void a_round_begins_anew_when_only_rights_are_missing() throws Exception {
        var url = database(18);
        var state = folder.resolve("state.json").toString();
        sql(url, "create table a (id int primary key)", "create table b (id int primary key)", "drop role if exists half",
                "create role half login", "grant select on a to half");
        var as = url.replace("//postgres@", "//half@");
        look(as, "--only", "duplicates", "--state", state);
        assertThat(result(look(as, "--only", "duplicates", "--state", state), "duplicates").get("note").isJsonNull()).as("looked at again")
                .isTrue();
    }

    @Test
    void extensions_in_a_schema_of_any_name_are_found() throws Exception {
        var url = database(18);
        sql(url, "create schema \"a,b='c%\\\"", "create extension amcheck schema \"a,b='c%\\\"",
                "create extension pgstattuple schema \"a,b='c%\\\"", "create extension pg_stat_statements schema \"a,b='c%\\\"",
                "create table t as select g as id from generate_series(1, 5000) g", "create unique index on t (id)", "vacuum t");
        for (var id : List.of("indexes", "bloat", "query_statistics", "slow_queries")) {
            assertThat(status(check(url, id, "bloat.min_mb = 0"), id)).as(id).isEqualTo("ok");
        }
    }

    @ParameterizedTest
    @MethodSource("majors")
    void relations_that_are_mostly_air_are_found_and_full_ones_are_not(int major) throws Exception {
        var url = database(major);
        sql(url, "create extension pgstattuple", "create table t (id int primary key, v text) with (autovacuum_enabled = off)",
                "insert into t select g, repeat('x', 100) from generate_series(1, 20000) g", "vacuum analyze t");
        assertSilent(check(url, "bloat", "bloat.min_mb = 0.1"));
        sql(url, "delete from t where id % 10 > 0 and id < 19990", "vacuum t");
        var found = check(url, "bloat", "bloat.min_mb = 0.1");
        assertFound(found, "warn", "public.t", "air");
        assertFound(found, "warn", "public.t_pkey", "air");
        assertSilent(check(url, "bloat"));
        sql(url, "create table roomy (id int) with (fillfactor = 20)", "insert into roomy select generate_series(1, 20000)",
                "create index on roomy (id) with (fillfactor = 30)", "vacuum roomy");
        assertThat(objects(check(url, "bloat", "bloat.min_mb = 0.1"), "bloat")).allMatch(object -> object.startsWith("public.t"));
    }

    @Test
    void an_order_of_texts_that_has_changed_is_found_and_its_fix_mends_it() throws Exception {
        for (var major : MAJORS) {
            var url = database(major);
            sql(url, "create collation german (provider = icu, locale = 'de')", "create table t (a text collate german)",
                    "create index on t (a)");
            var quiet = check(url, "collations");
            assertThat(status(quiet, "collations")).isIn("ok", "skipped");
            sql(url, "update pg_collation set collversion = '0.0' where collname = 'german'");
            assertFound(check(url, "collations"), "warn", "collation ", "1 indexes may be out of order");
            sql(url, "alter collation german refresh version");
            if (major >= 15) {
                sql(url, "update pg_database set datcollversion = '0.0' where datname = current_database()");
                var fixed = sql(url, "select datcollate in ('C', 'POSIX', 'C.UTF-8', 'C.utf8') from pg_database where datname = "
                        + "current_database()").equals("t");
                assertThat(status(check(url, "collations"), "collations")).isEqualTo(fixed ? "ok" : "warn");
            }
        }
    }

    @ParameterizedTest
    @MethodSource("majors")
    void settings_that_risk_data_are_found_wherever_they_are_set(int major) throws Exception {
        var url = database(major);
        assertSilent(check(url, "unsafe_settings"));
        sql(url, "alter system set ignore_checksum_failure = on", "select pg_reload_conf()",
                "do $$ begin execute format('alter database %I set zero_damaged_pages = on', current_database()); end $$");
        await(url, "select current_setting('ignore_checksum_failure')::boolean");
        var found = check(url, "unsafe_settings");
        mend(url, found);
        assertFound(found, "crit", "setting ignore_checksum_failure", "is on");
        assertFound(found, "crit", "setting zero_damaged_pages of database ", "is on");
        await(url, "select not current_setting('ignore_checksum_failure')::boolean");
        assertSilent(check(url, "unsafe_settings"));
        assertFound(look(servers.database(major), "--only", "unsafe_settings"), "crit", "setting fsync", "is off");
    }

    @Test
    @Tag("slow")
    void a_page_that_fails_its_checksum_is_found() throws Exception {
        var server = local_postgres.Server.start(new local_postgres.Settings(18, null, 0, Map.of("shared_buffers", "128kB"), "postgres"));
        try {
            var url = server.url("postgres");
            sql(url, "create table t as select g, repeat('x', 500) from generate_series(1, 1000) g",
                    "create table other as select g, repeat('x', 500) from generate_series(1, 1000) g", "checkpoint");
            assertSilent(check(url, "checksums"));
            var file = server.data.resolve(sql(url, "select pg_relation_filepath('t')"));
            sql(url, "select count(*) from other");
            var bytes = Files.readAllBytes(file);
            bytes[8192 * 3 + 4000] ^= 1;
            Files.write(file, bytes);
            try (var connection = servers.connect(url)) {
                quietly(connection, "select count(*) from t");
            }
            await(url, "select sum(checksum_failures) > 0 from pg_stat_database");
            assertFound(check(url, "checksums"), "crit", "database postgres", "pages failed");
        } finally {
            server.close();
        }
    }

    // --- configuration, backups ---

    @ParameterizedTest
    @MethodSource("majors")
    void what_waits_for_a_restart_and_what_would_prevent_it_is_found(int major) throws Exception {
        var url = database(major);
        assertSilent(check(url, "pending_restart"));
        assertSilent(check(url, "will_start"));
        sql(url, "alter system set shared_buffers = '7TB'", "select pg_reload_conf()");
        await(url, "select pending_restart from pg_settings where name = 'shared_buffers'");
        var pending = check(url, "pending_restart");
        var start = check(url, "will_start");
        var files = check(url, "config_files");
        mend(url, start);
        sql(url, "select pg_reload_conf()");
        assertFound(pending, "warn", "setting shared_buffers", "waits for a restart");
        assertFound(start, "crit", "setting shared_buffers", "7TB");
        assertSilent(files);
        sql(url, "alter system set shared_preload_libraries = 'pg_stat_statements', 'no_such_library'");
        start = check(url, "will_start");
        sql(url, "alter system reset shared_preload_libraries", "select pg_reload_conf()");
        assertFound(start, "crit", "setting shared_preload_libraries", "no_such_library");
    }

    @ParameterizedTest
    @MethodSource("majors")
    void a_line_that_cannot_be_read_is_found_in_a_configuration_file(int major) throws Exception {
        var url = database(major);
        assertSilent(check(url, "config_files"));
        var hba = Path.of(sql(url, "select setting from pg_settings where name = 'hba_file'"));
        var before = Files.readString(hba);
        Files.writeString(hba, "host all all nonsense\n", StandardOpenOption.APPEND);
        var found = check(url, "config_files");
        Files.writeString(hba, before);
        assertFound(found, "crit", hba + ":", "authentication method");
    }

    @ParameterizedTest
    @MethodSource("majors")
    void a_password_about_to_expire_is_found_and_its_fix_extends_it(int major) throws Exception {
        var url = database(major);
        sql(url, "drop role if exists soon, later, long_ago", "create role later login valid until '" + LocalDate.now().plusDays(90) + "'",
                "create role long_ago login valid until '2020-01-01'");
        assertSilent(check(url, "password_expiry"));
        sql(url, "create role soon login valid until '" + LocalDate.now().plusDays(7) + "'");
        var found = check(url, "password_expiry");
        assertFound(found, "warn", "role soon", "valid until");
        mend(url, found);
        assertSilent(check(url, "password_expiry"));
        sql(url, "alter role soon valid until 'infinity'");
        assertSilent(check(url, "password_expiry"));
    }

    @Test
    void an_old_minor_and_a_major_without_support_are_found() throws Exception {
        var found = check(database(12), "version");
        assertFound(found, "warn", "major 12", "no support since 2024-11-21");
        var minor = Integer.parseInt(sql(database(15), "show server_version").split("\\.")[1]);
        assertThat(objects(check(database(15), "version"), "version").size()).isEqualTo(minor < health_check.NEWEST_MINOR.get(15) ? 1 : 0);
    }

    @Test
    void only_the_age_of_a_verified_backup_counts() throws Exception {
        var url = database(18);
        var name = url.replaceFirst(".*/", "");
        var backups = Files.createDirectories(folder.resolve("backups"));
        assertThat(skipped(look(url, "--only", "backups"), "backups")).contains("setup", "BACKUP_DIR");
        assertFound(backups(url, backups), "crit", backups.toString(), "no finished backup");
        manifest(backups, "other", "another database", 1, true);
        manifest(backups, "b1", name, 5, false);
        assertFound(backups(url, backups), "crit", backups.toString(), "no backup was ever verified");
        manifest(backups, "b2", name, 40, true);
        assertFound(backups(url, backups), "warn", backups.toString(), "40 hours old; a newer one of");
        manifest(backups, "b3", name, 3, true);
        manifest(backups, ".partial-x", name, 1, false);
        assertSilent(backups(url, backups));
        var manifest = backups.resolve("b3/MANIFEST.json");
        Files.writeString(manifest, Files.readString(manifest).replace("\"damage\": null", "\"damage\": [\"dump.pgc.zst differs\"]"));
        assertFound(backups(url, backups), "warn", backups.resolve("b3").toString(), "dump.pgc.zst differs");
        assertFound(backups(url, backups), "warn", backups.toString(), "40 hours old");
        Files.writeString(Files.createDirectories(backups.resolve("b4")).resolve("MANIFEST.json"), "{\"finished_at\":");
        assertFound(backups(url, backups), "warn", backups.resolve("b4/MANIFEST.json").toString(), "no manifest that can be read");
    }

    // --- what it may see, and what it does ---

    @ParameterizedTest
    @MethodSource("majors")
    void a_role_without_rights_and_pg_monitor_turn_nothing_ok_that_was_not_looked_at(int major) throws Exception {
        var url = database(major);
        sql(url, "create extension pg_stat_statements", "create extension amcheck", "create extension pgstattuple",
                "create table t (id serial primary key, p int references t)", "create table schema_migrations (version text)",
                "insert into t default values", "drop role if exists nobody, monitor", "create role nobody login",
                "create role monitor login in role pg_monitor");
        session(url);
        var all = look(url, "--full", "--skip", "migrations,backups,disk_days,checksums");
        var monitor = look(url.replace("//postgres@", "//monitor@"), "--full", "--skip", "backups,disk_days,checksums");
        var nobody = look(url.replace("//postgres@", "//nobody@"), "--full", "--skip", "backups,disk_days,checksums");
        for (var id : List.of("sequences", "sequence_behind", "duplicates", "orphans", "indexes", "migrations", "config_files",
                "will_start")) {
            assertThat(status(monitor, id)).as(id).isEqualTo("skipped");
        }
        for (var id : List.of("idle_in_transaction", "long_running", "blocked", "sequences", "sequence_behind", "duplicates", "orphans",
                "indexes", "migrations", "config_files", "will_start", "query_statistics", "slow_queries", "wal_size", "archiver",
                "replica_lag",
                "pending_restart", "xmin_horizon", "disk_free", "sync_standbys")) {
            assertThat(status(nobody, id)).as(id).isEqualTo("skipped");
        }
        assertThat(skipped(monitor, "config_files")).contains("GRANT SELECT ON pg_file_settings, pg_hba_file_rules TO \\\"monitor\\\";")
                .doesNotContain("%1$s");
        assertThat(skipped(monitor, "sequences")).contains("privilege", "GRANT SELECT ON SEQUENCE public.t_id_seq TO monitor;");
        assertThat(skipped(nobody, "wal_size")).contains("privilege", "GRANT pg_monitor TO \\\"nobody\\\";");
        assertThat(monitor.exit).isEqualTo(Math.max(all.exit, 0) == 0 ? 3 : all.exit);
        for (var id : List.of("idle_in_transaction", "sequences", "duplicates", "orphans", "indexes")) {
            assertThat(status(all, id)).as(id).isEqualTo("ok");
        }
    }

    @ParameterizedTest
    @MethodSource("majors")
    void row_security_hides_no_orphans_it_makes_the_check_skipped(int major) throws Exception {
        var url = database(major);
        sql(url, "create table p (id int primary key)", "create table c (p int references p)", "alter table c enable row level security",
                "drop role if exists rls", "create role rls login", "grant select on p, c to rls");
        assertThat(status(look(url.replace("//postgres@", "//rls@"), "--only", "orphans"), "orphans")).isEqualTo("skipped");
    }

    @ParameterizedTest
    @MethodSource("majors")
    void locked_relations_are_skipped_and_nobody_waits(int major) throws Exception {
        var url = database(major);
        sql(url, "create extension amcheck", "create extension pgstattuple");
        for (var i = 0; i < 10; i++) {
            sql(url, "create table t" + i + " (id serial primary key, p int references t" + i + ", x text default 'y')", "insert into t" + i
                    + " default values",
                    "create index on t" + i + " (x) where x > 'a'", "create index on t" + i + " (x) where x > 'a'",
                    "create unique index on t" + i + " (upper(x), id) where x > 'a'",
                    "alter table t" + i + " add constraint half check (id > 0) not valid", "vacuum t" + i);
        }
        sql(url, "create table parts (id int primary key, p int references t0) partition by range (id)",
                "create table parts_1 partition of parts for values from (0) to (9)",
                "create sequence altered");
        var holder = session(url);
        execute(holder, "begin");
        for (var i = 0; i < 10; i++) {
            execute(holder, "lock table t" + i);
        }
        execute(holder, "lock table parts_1", "alter sequence altered maxvalue 1000");
        var watching = session(url);
        var run = CompletableFuture.supplyAsync(() -> {
            try {
                return look(url, "--full", "--skip", "migrations,backups");
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        });
        while (!run.isDone()) {
            assertThat(text(watching, "select query from pg_stat_activity where application_name = 'pgbang/health_check' and "
                    + "wait_event_type = 'Lock'")).as("waits for a lock").isNull();
        }
        var locked = run.get();
        assertThat(objects(locked, "not_valid_constraints")).hasSize(10);
        for (var id : List.of("indexes", "duplicates", "orphans", "sequence_behind", "sequences", "redundant_indexes")) {
            assertThat(status(locked, id)).as(id).isEqualTo("skipped");
            assertThat(skipped(locked, id)).contains("lock");
        }
        assertThat(locked.json.getAsJsonArray("checks").asList().stream().map(JsonObject.class::cast)
                .filter(each -> each.get("status").getAsString().equals("ok")).count()).isGreaterThan(20);
        execute(holder, "rollback");
        assertThat(status(look(url, "--only", "orphans"), "orphans")).isEqualTo("ok");
    }

    @Test
    void a_fresh_database_and_the_sample_have_no_finding_that_is_not_true() throws Exception {
        for (var major : MAJORS) {
            var url = database(major);
            var empty = look(url, "--full", "--skip", "version,disk_free");
            assertThat(findings(empty)).as("PostgreSQL " + major).isEmpty();
            assertThat(empty.exit).isIn(0, 3);
            migrate(url, Path.of("migrations"));
            var sample = look(url, "--full", "--skip", "version,disk_free", "--migrations", "migrations");
            assertThat(findings(sample)).as("PostgreSQL " + major).isEmpty();
        }
        assertThat(findings(look(servers.database(18), "--skip", "version,disk_free")))
                .containsOnly("unsafe_settings/setting fsync", "unsafe_settings/setting full_page_writes");
    }

    @Test
    void hostile_names_go_through_all_outputs() throws Exception {
        var url = database(18);
        sql(url, "create schema \"S'\"\"; drop --\"", "create table \"S'\"\"; drop --\".\"t<b>|`x`\n\\\" (\"i\"\"d'\" int generated "
                + "always as identity primary key, \"p%s{}\" int references \"S'\"\"; drop --\".\"t<b>|`x`\n\\\")",
                "alter table \"S'\"\"; drop --\".\"t<b>|`x`\n\\\" disable trigger all",
                "insert into \"S'\"\"; drop --\".\"t<b>|`x`\n\\\" (\"p%s{}\") values (42)", "create extension amcheck",
                "create extension pgstattuple");
        var found = look(url, "--full", "--skip", "version,disk_free,backups,migrations");
        assertThat(findings(found)).hasSize(2).anyMatch(key -> key.startsWith("orphans/"))
                .anyMatch(key -> key.startsWith("disabled_triggers/"));
        assertThat(run(url, "--nagios", "--only", "disabled_triggers", "--no-state").out.lines()).hasSize(1);
        assertThat(run(url, "--prometheus", "--only", "disabled_triggers", "--no-state").out.lines().filter(line -> !line.startsWith("#")))
                .allMatch(line -> line.matches("pgbang_health_\\w+\\{.*} -?[0-9.E+-]+"));
        var page = folder.resolve("page.html");
        run(url, "--html", page.toString(), "--only", "disabled_triggers", "--no-state");
        assertThat(Files.readString(page)).contains("t&lt;b&gt;").doesNotContain("t<b>");
        sql(url, first(look(url, "--only", "disabled_triggers")).get("fix").getAsString());
        assertSilent(look(url, "--only", "disabled_triggers"));
    }

    // --- connections that fail ---

    @Test
    void a_server_that_hangs_is_critical_within_the_timeout() throws Exception {
        try (var silent = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
            var start = System.nanoTime();
            var hung = look("postgresql://u:secret@127.0.0.1:" + silent.getLocalPort() + "/d", "--timeout", "1");
            assertThat((System.nanoTime() - start) / 1e9).isBetween(0.9, 3.0);
            assertThat(hung.exit).isEqualTo(2);
            assertThat(status(hung, "connection")).isEqualTo("crit");
            assertThat(hung.json.getAsJsonObject("counts").get("ok").getAsInt()).isZero();
            assertThat(hung.out + hung.err).doesNotContain("secret");
        }
    }

    @Test
    void a_server_that_is_stopped_in_the_middle_is_critical_within_the_timeout() throws Exception {
        var server = local_postgres.Server.start(local_postgres.Settings.throwAway(18));
        var pids = new ArrayList<ProcessHandle>();
        try {
            var url = server.url("postgres");
            var postmaster = ProcessHandle.of(Long.parseLong(Files.readAllLines(server.data.resolve("postmaster.pid")).get(0)))
                    .orElseThrow();
            assertThat(look(url, "--only", "connections").exit).isZero();
            pids.add(postmaster);
            postmaster.descendants().forEach(pids::add);
            signal(pids, "STOP");
            var start = System.nanoTime();
            var stopped = look(url, "--timeout", "2");
            assertThat((System.nanoTime() - start) / 1e9).isLessThan(4);
            assertThat(stopped.exit).isEqualTo(2);
            assertThat(status(stopped, "connection")).isEqualTo("crit");
        } finally {
            signal(pids, "CONT");
            server.close();
        }
    }

    @Test
    void what_cannot_be_reached_is_critical_in_every_output() throws Exception {
        var url = "postgresql://u:secret@127.0.0.1:1/d";
        assertThat(look(url).exit).isEqualTo(2);
        var nagios = run(url, "--nagios", "--no-state");
        assertThat(nagios.exit).isEqualTo(2);
        assertThat(nagios.out).startsWith("HEALTH CRITICAL - ").contains("connection/127.0.0.1:1/d").doesNotContain("secret");
        assertThat(run(url, "--prometheus", "--no-state").out)
                .contains("pgbang_health_check_status{target=\"127.0.0.1:1/d\",check=\"connection\"} 2");
        assertThat(run(url, "--markdown", "--no-state").out).startsWith("# CRITICAL: 127.0.0.1:1/d");
    }

    @Test
    void of_several_hosts_each_is_looked_at() throws Exception {
        var url = database(18);
        var two = url.replaceFirst("localhost:(\\d+)", "localhost:$1,127.0.0.1:1");
        var found = look(two, "--only", "hosts");
        assertFound(found, "warn", "127.0.0.1:1", "cannot be reached");
        assertThat(found.exit).isEqualTo(1);
        assertFound(look(url.replaceFirst("localhost:(\\d+)", "localhost:$1,127.0.0.1:$1"), "--only", "hosts"), "crit", "primary",
                "more than one");
    }

    @Test
    void patronis_cluster_is_read_by_its_rest_interface() throws Exception {
        var url = database(18);
        var answer = new String[] {"{\"members\": [{\"name\": \"a\", \"role\": \"leader\", \"state\": \"running\"}, {\"name\": \"b\", "
                + "\"role\": \"replica\", \"state\": \"streaming\", \"lag\": 0}], \"scope\": \"main\"}"};
        var rest = serve(exchange -> answer[0]);
        try {
            var address = "http://127.0.0.1:" + rest.getAddress().getPort();
            assertSilent(look(url, "--only", "patroni", "--patroni", address));
            answer[0] = answer[0].replace("\"streaming\", \"lag\": 0", "\"streaming\", \"lag\": \"unknown\"")
                    .replace("\"leader\"", "\"replica\"");
            var found = look(url, "--only", "patroni", "--patroni", address + "/");
            assertFound(found, "crit", "leader", "no leader");
            assertFound(found, "warn", "b", "lags by unknown");
            answer[0] = "not json";
            assertThat(status(look(url, "--only", "patroni", "--patroni", address), "patroni")).isEqualTo("skipped");
        } finally {
            rest.stop(0);
        }
    }

    @Test
    void a_server_that_falls_silent_in_the_middle_is_critical_within_the_timeout() throws Exception {
        var url = database(18);
        try (var proxy = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
            var server = java.net.URI.create(url);
            CompletableFuture.runAsync(() -> forward(proxy, server.getPort(), 6_000));
            var start = System.nanoTime();
            var silent = look(url.replace(":" + server.getPort(), ":" + proxy.getLocalPort()), "--timeout", "2");
            assertThat((System.nanoTime() - start) / 1e9).isBetween(1.5, 5.0);
            assertThat(silent.exit).isEqualTo(2);
            assertFound(silent, "crit", "localhost:" + proxy.getLocalPort(), "the connection was lost during ");
            assertThat(silent.json.getAsJsonObject("counts").get("ok").getAsInt()).as("before it fell silent").isPositive();
            assertThat(silent.out).contains("there is no connection");
        }
    }

    @Test
    void a_pooler_in_transaction_mode_is_noted_and_changes_nothing() throws Exception {
        var url = database(18);
        sql(url, "create extension amcheck", "create table t (id serial primary key, p int references t)",
                "alter table t add constraint half check (id > 1) not valid");
        try (var pooler = pgbouncer.before(url, 3)) {
            var pooled = pooler.url;
            String[] arguments = {"--full", "--skip", "version,disk_free,backups,migrations,config_files,will_start"};
            var found = look(pooled, arguments);
            assertThat(found.json.getAsJsonObject("server").get("pooler").getAsBoolean()).isTrue();
            assertThat(found.json.get("notes").toString()).contains("a pooler stands between");
            assertThat(findings(found)).containsExactlyElementsOf(findings(look(url, arguments)))
                    .contains("not_valid_constraints/half on public.t");
            assertThat(allStatuses(found)).isEqualTo(allStatuses(look(url, arguments)));
            assertThat(sql(url, "select count(*) from pg_stat_activity where datname = current_database() and state like 'idle in%'"))
                    .isEqualTo("0");
        }
    }

    @Test
    @Tag("slow")
    void a_standby_is_looked_at_as_one_and_its_lag_is_seen_from_both_sides() throws Exception {
        assumeTrue(shell.has("pg_basebackup"), "pg_basebackup is not installed");
        var major = Integer.parseInt(shell.run(folder, Map.of(), "pg_basebackup", "--version").out().replaceFirst("(?s).*?(\\d+).*", "$1"));
        assumeTrue(local_postgres.VERSIONS.containsKey(major), "pg_basebackup is of major " + major);
        var primary = local_postgres.Server.start(new local_postgres.Settings(major, null, 0,
                Map.of("fsync", "on", "full_page_writes", "on"), "postgres"));
        var data = Files.createTempDirectory("standby");
        Process standby = null;
        try {
            var url = primary.url("postgres");
            sql(url, "create extension amcheck", "create table t as select generate_series(1, 1000) as id", "create unique index on t (id)",
                    "create unlogged table u (id serial)");
            var copied = shell.run(folder, Map.of(), "pg_basebackup", "-h", "localhost", "-p", String.valueOf(primary.port()), "-U",
                    "postgres", "-D", data.toString(), "-R", "-X", "stream", "-c", "fast");
            assertThat(copied.exit()).as(copied.err()).isZero();
            int port;
            try (var free = new ServerSocket(0)) {
                port = free.getLocalPort();
            }
            var asRoot = System.getProperty("user.name").equals("root") ? List.of("unshare", "-U") : List.<String>of();
            standby = new ProcessBuilder(Stream.concat(asRoot.stream(), Stream.of(primary.programs.resolve("bin/postgres").toString(), "-D",
                    data.toString(), "-p", String.valueOf(port),
                    "-c", "unix_socket_directories=", "-c", "hot_standby_feedback=on")).toList()).redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
            var there = url.replaceFirst(":\\d+/", ":" + port + "/");
            for (var i = 0; i < 200 && run(there, "--no-state", "--only", "connections").exit == 2; i++) {
                Thread.sleep(50);
            }
            await(url, "select count(*) = 1 from pg_stat_replication where state = 'streaming' and replay_lsn = pg_current_wal_lsn()");
            String[] full = {"--full", "--skip", "version,disk_free,disk_days"};
            var fine = look(there, full);
            assertThat(fine.json.getAsJsonObject("server").get("standby").getAsBoolean()).isTrue();
            assertThat(findings(fine)).isEmpty();
            assertThat(fine.out).doesNotContain("ERROR");
            assertThat(status(fine, "replica_lag") + status(fine, "indexes") + status(fine, "sequences")).isEqualTo("okokok");
            assertSilent(check(url, "replica_lag"));
            var both = look(url.replaceFirst("localhost:\\d+/", "localhost:" + primary.port() + ",localhost:" + port + "/"), "--only",
                    "hosts,replica_lag");
            assertSilent(both);
            sql(there, "select pg_wal_replay_pause()");
            sql(url, "insert into t select generate_series(1001, 20000)");
            assertFound(check(there, "replica_lag"), "warn", "this standby", "its replay is paused");
            assertFound(check(url, "replica_lag", "replica_lag.bytes = 1000"), "warn", "walreceiver", "streaming, ");
            mend(there, check(there, "replica_lag"));
            await(url, "select replay_lsn = pg_current_wal_lsn() from pg_stat_replication");
            assertSilent(check(url, "replica_lag", "replica_lag.bytes = 1000"));
            sql(url, "select pg_terminate_backend(pid) from pg_stat_replication", "alter system set max_wal_senders = 0");
            primary.close();
            await(there, "select not exists (select 1 from pg_stat_wal_receiver)");
            assertFound(check(there, "replica_lag"), "warn", "this standby", "it receives nothing from its primary");
        } finally {
            if (standby != null) {
                standby.descendants().forEach(ProcessHandle::destroy);
                standby.destroy();
                standby.waitFor(10, TimeUnit.SECONDS);
            }
            primary.close();
            try (var files = Files.walk(data)) {
                files.sorted(java.util.Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
            }
        }
    }

    @Test
    @Tag("slow")
    void what_backup_database_writes_is_understood() throws Exception {
        assumeTrue(Files.exists(Path.of("scripts/backup_database.java")), "scripts/backup_database.java is not here");
        assumeTrue(shell.has("pg_dump"), "pg_dump is not installed");
        var major = Integer.parseInt(shell.run(folder, Map.of(), "pg_dump", "--version").out().replaceFirst("(?s).*?(\\d+).*", "$1"));
        assumeTrue(local_postgres.VERSIONS.containsKey(major), "pg_dump is of major " + major);
        var url = database(major);
        sql(url, "create table t as select generate_series(1, 100) as id");
        var backups = folder.resolve("backups");
        backup(url, backups, "--create");
        assertFound(backups(url, backups), "crit", backups.toString(), "no backup was ever verified");
        backup(url, backups, "--verify");
        assertSilent(backups(url, backups));
        var elsewhere = Files.createDirectories(folder.resolve("elsewhere/b"));
        var manifest = Files.readString(Files.walk(backups).filter(each -> each.endsWith("MANIFEST.json")).findFirst().orElseThrow());
        Files.writeString(elsewhere.resolve("MANIFEST.json"), manifest.replaceFirst("(\"system\": \")\\d+", "$1123"));
        assertFound(backups(url, elsewhere.getParent()), "crit", elsewhere.getParent().toString(), "no finished backup of this database");
        var id = Files.list(backups).filter(each -> Files.exists(each.resolve("MANIFEST.json"))).findFirst().orElseThrow();
        var dump = Files.walk(id).filter(each -> Files.isRegularFile(each) && !each.endsWith("MANIFEST.json"))
                .max(java.util.Comparator.comparing(each -> each.toFile().length())).orElseThrow();
        Files.write(dump, new byte[] {0}, StandardOpenOption.APPEND);
        assertThat(shell.run(shell.ROOT, Map.of("DATABASE_URL", url), "./jbang", "scripts/backup_database.java", "--to", backups.toString(),
                "--check").exit()).isNotZero();
        assertFound(backups(url, backups), "warn", id.toString(), "is damaged");
    }

    // --- what is remembered ---

    @Test
    void cron_hears_of_a_warning_once_when_it_has_lasted_and_once_when_it_is_gone() throws Exception {
        var url = database(18);
        var state = folder.resolve("state.json").toString();
        String[] cron = {"--only", "not_valid_constraints", "--state", state, "--only-changes"};
        sql(url, "create table t (a int)");
        assertThat(run(url, cron).out).isEmpty();
        sql(url, "alter table t add constraint half check (a > 1) not valid");
        assertThat(run(url, cron).out).as("seen once").isEmpty();
        assertThat(run(url, cron).out).startsWith("new       WARNING  half on public.t");
        for (var i = 0; i < 10; i++) {
            assertThat(run(url, cron).out).isEmpty();
        }
        age(Path.of(state), 31);
        assertThat(run(url, cron).out).startsWith("still ");
        sql(url, "alter table t validate constraint half");
        assertThat(run(url, cron).out).as("gone once").isEmpty();
        assertThat(run(url, cron).out).isEqualTo("resolved  not_valid_constraints/half on public.t\n");
        assertThat(run(url, cron).out).isEmpty();
    }

    @Test
    void the_exit_code_follows_fail_on() throws Exception {
        var url = database(18);
        var state = folder.resolve("state.json").toString();
        sql(url, "create table t (a int)", "alter table t add constraint half check (a > 1) not valid");
        assertThat(run(url, "--only", "not_valid_constraints", "--no-state").exit).isEqualTo(1);
        assertThat(run(url, "--only", "not_valid_constraints", "--no-state", "--fail-on", "crit").exit).isZero();
        assertThat(run(url, "--only", "not_valid_constraints", "--state", state, "--fail-on", "new").exit).as("seen once").isZero();
        assertThat(run(url, "--only", "not_valid_constraints", "--state", state, "--fail-on", "new").exit).isEqualTo(1);
        assertThat(run(url, "--only", "not_valid_constraints", "--state", state, "--fail-on", "new").exit).isZero();
        assertThat(run(url, "--only", "backups", "--no-state", "--fail-on", "new").exit).isEqualTo(64);
    }

    @Test
    void a_finding_is_ignored_with_reason_and_expiry_and_comes_back_when_it_has_expired() throws Exception {
        var url = database(18);
        var ignore = folder.resolve("ignore");
        sql(url, "create table t (a int)", "alter table t add constraint half check (a > 1) not valid");
        Files.writeString(ignore, "# ours\n\n2099-01-01 not_valid_constraints/half on public.t # mended in the spring\n2099-01-01 "
                + "sequences/* # none\n");
        var ignored = look(url, "--only", "not_valid_constraints", "--ignore", ignore.toString());
        assertThat(ignored.exit).isZero();
        assertThat(first(ignored).get("ignored").getAsString()).isEqualTo("mended in the spring");
        assertThat(ignored.json.get("notes").toString()).contains("sequences/* matches nothing");
        Files.writeString(ignore, "2020-01-01 not_valid_constraints/* # long ago\n");
        var expired = look(url, "--only", "not_valid_constraints", "--ignore", ignore.toString());
        assertThat(expired.exit).isEqualTo(1);
        assertThat(expired.json.get("notes").toString()).contains("has expired on 2020-01-01");
        for (var wrong : List.of("not_valid_constraints/* # no expiry", "2099-01-01 not_valid_constraints/*", "2099-13-01 x # y")) {
            Files.writeString(ignore, wrong);
            var run = run(url, "--ignore", ignore.toString(), "--no-state", "--json");
            assertThat(run.exit).as(wrong).isEqualTo(64);
            assertThat(run.json.get("error").getAsString()).contains("ignore:1: ");
        }
    }

    @Test
    void a_state_that_cannot_be_read_is_set_aside_and_one_that_cannot_be_written_is_said() throws Exception {
        var url = database(18);
        var state = folder.resolve("state.json");
        Files.writeString(state, "{\"version\": 1, \"samples\": [null]}");
        var run = run(url, "--only", "connections", "--state", state.toString());
        assertThat(run.exit).isZero();
        assertThat(run.err).contains("cannot be understood", "state.json.unreadable");
        assertThat(folder.resolve("state.json.unreadable")).exists();
        assertThat(run(url, "--only", "connections", "--state", state.toString()).err).isEmpty();
        assertThat(run(url, "--only", "connections", "--state", "/proc/no/state.json").err).contains("cannot write the state");
    }

    @Test
    void what_is_no_state_is_left_where_it_is_and_one_of_another_version_is_set_aside() throws Exception {
        var url = database(18);
        var precious = Files.createDirectories(folder.resolve("precious"));
        var run = run(url, "--only", "connections", "--state", precious.toString());
        assertThat(run.exit).isZero();
        assertThat(run.err).contains("cannot be read", "remembers nothing");
        assertThat(precious).isDirectory();
        var newer = Files.writeString(folder.resolve("newer.json"), "{\"version\": 2, \"samples\": [], \"told\": {}, \"rounds\": {}}");
        assertThat(run(url, "--only", "connections", "--state", newer.toString()).err).contains("cannot be understood");
        assertThat(folder.resolve("newer.json.unreadable")).content().contains("\"version\": 2");
        Files.write(newer, new byte[] {(byte) 0xff, (byte) 0xfe, 0});
        assertThat(run(url, "--only", "connections", "--state", newer.toString()).exit).isZero();
    }

    @Test
    void what_could_not_be_looked_at_or_is_ignored_is_not_called_resolved() throws Exception {
        var url = database(18);
        var state = folder.resolve("state.json").toString();
        var low = Files.writeString(folder.resolve("low"), "bloat.min_mb = 0.1\nfindings.confirm = 1").toString();
        sql(url, "create extension pgstattuple", "create table t (id int, v text) with (autovacuum_enabled = off)",
                "insert into t select g, repeat('x', 100) from generate_series(1, 20000) g", "delete from t where id % 10 > 0", "vacuum t");
        assertThat(findings(look(url, "--only", "bloat", "--state", state, "--config", low))).containsExactly("bloat/public.t");
        sql(url, "drop extension pgstattuple");
        for (var i = 0; i < 3; i++) {
            assertThat(look(url, "--only", "bloat", "--state", state, "--config", low).json.getAsJsonArray("resolved")).isEmpty();
        }
        sql(url, "create extension pgstattuple");
        var ignore = Files.writeString(folder.resolve("ignore"), "2099-01-01 bloat/public.t # known").toString();
        assertThat(look(url, "--only", "bloat", "--state", state, "--config", low, "--ignore", ignore).json.getAsJsonArray("resolved"))
                .isEmpty();
        sql(url, "drop table t");
        assertThat(look(url, "--only", "bloat", "--state", state, "--config", low).json.getAsJsonArray("resolved")).isEmpty();
    }

    @Test
    void long_checks_go_on_where_the_last_run_has_ended() throws Exception {
        var url = database(18);
        var state = folder.resolve("state.json");
        sql(url, "create extension amcheck", "create table a (id int primary key)", "create table b (id int primary key)",
                "create table c (id int primary key)");
        var holder = session(url);
        execute(holder, "begin", "lock table b");
        var first = look(url, "--full", "--only", "indexes", "--state", state.toString());
        assertThat(result(first, "indexes").get("examined").getAsInt()).isEqualTo(2);
        assertThat(skipped(first, "indexes")).contains("lock");
        execute(holder, "rollback");
        var second = look(url, "--full", "--only", "indexes", "--state", state.toString());
        assertThat(status(second, "indexes")).isEqualTo("ok");
        assertThat(result(second, "indexes").get("note").getAsString()).contains("2 indexes of them in earlier runs");
        assertThat(result(look(url, "--full", "--only", "indexes", "--state", state.toString()), "indexes").get("note").isJsonNull())
                .isTrue();
        var none = look(url, "--full", "--only", "indexes,orphans", "--budget", "0.001");
        assertThat(skipped(none, "indexes")).contains("time");
        assertThat(none.exit).isEqualTo(3);
    }

    // --- outputs and options ---

    @Test
    void json_is_one_document_also_for_errors() throws Exception {
        var url = database(18);
        var found = look(url);
        assertThat(found.json.get("tool").getAsString()).isEqualTo(health_check.TOOL);
        assertThat(found.json.get("schema_version").getAsInt()).isEqualTo(1);
        for (var check : found.json.getAsJsonArray("checks")) {
            assertThat(check.getAsJsonObject().keySet()).contains("id", "area", "title", "status", "examined", "total", "findings",
                    "skipped", "why", "see", "fix", "undo");
            assertThat(check.getAsJsonObject().get("why").getAsString()).isNotBlank();
        }
        for (var wrong : List.of(List.of("--only", "nonsense"), List.of("--timeout", "0"), List.of("--config", "/no/file"),
                List.of("--nonsense"), List.of("--webhook", "ftp://x"), List.of("--watch", "1s"), List.of("--disk-limit", "much"),
                List.of("--explain", "nonsense"))) {
            var arguments = new ArrayList<>(wrong);
            arguments.addAll(List.of("--json", "--no-state"));
            var run = run(url, arguments.toArray(String[]::new));
            assertThat(run.exit).as(wrong.toString()).isEqualTo(64);
            assertThat(run.json.keySet()).as(wrong.toString()).containsExactly("error");
            assertThat(run.err).as(wrong.toString()).isNotBlank().doesNotContain("\tat ");
        }
        var nowhere = run(null, "--json");
        assertThat(nowhere.exit).isEqualTo(64);
        assertThat(nowhere.json.get("error").getAsString()).contains("which database?");
    }

    @Test
    void thresholds_come_from_the_config_file_and_mistakes_in_it_are_shown_with_their_line() throws Exception {
        var url = database(18);
        var config = folder.resolve("config");
        Files.writeString(config, "# ours\nconnections.warn = 0.1  # any\n");
        assertFound(look(url, "--only", "connections", "--config", config.toString()), "warn", "server", "connections are in use");
        for (var wrong : List.of("connection.wrn = 1", "connections.warn", "connections.warn = much")) {
            Files.writeString(config, "\n" + wrong);
            var run = run(url, "--config", config.toString(), "--json");
            assertThat(run.exit).as(wrong).isEqualTo(64);
            assertThat(run.json.get("error").getAsString()).contains(config + ":2: ");
        }
    }

    @Test
    void prometheus_and_nagios_get_what_they_read() throws Exception {
        var url = database(18);
        sql(url, "create table t (a int)", "alter table t add constraint half check (a > 1) not valid");
        var metrics = run(url, "--prometheus", "--no-state", "--only", "not_valid_constraints,wal_size,disk_days");
        assertThat(metrics.exit).isEqualTo(1);
        assertThat(metrics.out).contains("pgbang_health_finding{target=",
                "object=\"half on public.t\",severity=\"warn\",ignored=\"false\"} 1", "pgbang_health_wal_bytes{",
                "pgbang_health_last_run_timestamp_seconds{");
        var nagios = run(url, "--nagios", "--no-state", "--only", "not_valid_constraints,wal_size");
        assertThat(nagios.out).matches("HEALTH WARNING - 0 critical, 1 warning, .*; not_valid_constraints/half on public\\.t: .* \\| "
                + "(\\w+=-?[0-9.]+(B|s|%)? ?)+\\n");
        sql(url, "create schema \"" + "🐘".repeat(15) + "\"", "do $$ begin for i in 1..20 loop execute format('create table \"" + "🐘"
                .repeat(15) + "\".t%s (a int); alter table \"" + "🐘".repeat(15)
                + "\".t%1$s add constraint \"" + "🐘".repeat(15) + "\" check (a > 1) not valid', i); end loop; end $$");
        assertThat(run(url, "--nagios", "--no-state", "--only", "not_valid_constraints").out.getBytes(StandardCharsets.UTF_8).length)
                .isBetween(1000, 4096);
        assumeTrue(shell.has("promtool"), "promtool is not installed");
        var file = Files.writeString(folder.resolve("metrics.prom"), metrics.out);
        var promtool = shell.run(folder, Map.of(), "sh", "-c", "promtool check metrics < " + file);
        assertThat(promtool.exit()).as(promtool.out() + promtool.err()).isZero();
    }

    @Test
    void the_webhook_gets_the_document_and_a_secret_in_its_address_is_not_shown() throws Exception {
        var url = database(18);
        var bodies = new ArrayList<String>();
        var server = serve(exchange -> {
            bodies.add(exchange);
            return "";
        });
        var address = "http://127.0.0.1:" + server.getAddress().getPort() + "/hook?token=secret";
        try {
            assertThat(run(url, "--no-state", "--only", "connections", "--webhook", address).exit).isZero();
            assertThat(JsonParser.parseString(bodies.get(0)).getAsJsonObject().get("verdict").getAsString()).isEqualTo("ok");
        } finally {
            server.stop(0);
        }
        var refused = run(url, "--no-state", "--only", "connections", "--webhook", address);
        assertThat(refused.exit).isEqualTo(2);
        assertThat(refused.err).contains("cannot post to http://127.0.0.1").doesNotContain("secret");
    }

    @Test
    void every_check_is_explained_and_docs_have_the_same_pages() throws Exception {
        var list = run(null, "--list");
        assertThat(list.exit).isZero();
        var ids = list.out.lines().map(line -> line.split(" ")[0]).toList();
        assertThat(ids).doesNotHaveDuplicates().hasSizeGreaterThan(45);
        for (var id : ids) {
            assertThat(run(null, "--explain", id).out).startsWith("## " + id + "\n")
                    .contains("- See it: ", "- Mend it: ", "- Undo: ", "- By: ");
        }
        assertThat(run(null, "--explain", "nonsense").exit).isEqualTo(64);
        assertThat(Files.readString(Path.of("docs/health_check.md"))).as("docs/health_check.md ends with what --explain all prints")
                .endsWith(run(null, "--explain", "all").out);
    }

    /** Names in them stand for those of the reader: t, i, s, child, parent. */
    @Test
    void what_one_is_told_to_type_is_sql_that_runs() throws Exception {
        var url = database(18);
        sql(url, "create extension amcheck", "create extension pgstattuple", "create extension pg_stat_statements",
                "create table t (id int constraint i primary key)", "create sequence s", "create table parent (id int primary key)",
                "create table child (parent_id int)");
        var seen = 0;
        for (var check : health_check.checks()) {
            if (check.see.matches("(?s)(select|set|show) .*")) {
                try (var connection = servers.connect(url)) {
                    execute(connection, check.see.replaceAll("   --.*", ""));
                }
                seen++;
            }
        }
        assertThat(seen).isGreaterThan(30);
    }

    @Test
    void quiet_prints_nothing_when_all_is_fine() throws Exception {
        var url = database(18);
        assertThat(run(url, "--no-state", "--quiet", "--only", "connections").out).isEmpty();
        assertThat(run(url, "--no-state", "--quiet", "--only", "connections", "--full").out).isEmpty();
        sql(url, "create table t (a int)", "alter table t add constraint half check (a > 1) not valid");
        assertThat(run(url, "--no-state", "--quiet", "--only", "not_valid_constraints").out).contains("half on public.t");
    }

    @Test
    void at_most_two_connections_are_open_and_no_transaction_outlives_a_question() throws Exception {
        var url = database(18);
        sql(url, "create extension amcheck");
        for (var i = 0; i < 50; i++) {
            sql(url, "create table t" + i + " (id int primary key)");
        }
        var most = new AtomicInteger();
        var watching = session(url);
        var run = CompletableFuture.supplyAsync(() -> {
            try {
                return look(url, "--full");
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        });
        while (!run.isDone()) {
            most.accumulateAndGet(Integer.parseInt(text(watching,
                    "select count(*) from pg_stat_activity where application_name = 'pgbang/health_check'")), Math::max);
        }
        assertThat(most.get()).isBetween(1, 2);
        assertThat(text(watching, "select count(*) from pg_class where relname like 'pgbang%'")
                + text(watching, "select count(*) from pg_namespace where nspname = 'pgbang'")).as("left behind").isEqualTo("00");
    }

    @Test
    void the_page_is_drawn_by_a_browser_without_errors() throws Exception {
        assumeTrue(shell.has("chromium"), "chromium is not installed");
        var url = database(18);
        var page = folder.resolve("page.html");
        sql(url, "create table t as select g, repeat('x', 100) as x from generate_series(1, 1000) g", "analyze t",
                "alter table t add constraint half check (g > 1) not valid");
        run(url, "--no-state", "--html", page.toString());
        assertThat(Files.readString(page)).doesNotContain("http://", "https://", "<script", "<link");
        var drawn = shell.run(folder, Map.of(), "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--user-data-dir="
                + folder.resolve("profile"), "--dump-dom", page.toUri().toString());
        assertThat(drawn.out()).contains("<h1>Something to act on</h1>", "half on public.t", "<svg", "What was not looked at");
    }

    @Test
    @Tag("slow")
    void watch_draws_again_until_it_is_interrupted() throws Exception {
        var url = database(18);
        var process = shell.start(shell.ROOT, Map.of("DATABASE_URL", url), "./jbang", "health_check", "--watch", "200ms", "--only",
                "connections", "--no-state");
        var lines = new ArrayList<String>();
        try (var out = process.inputReader()) {
            while (lines.stream().filter(line -> line.startsWith("OK: ")).count() < 3) {
                lines.add(out.readLine());
                assertThat(lines).last().isNotNull();
            }
            process.destroy();
            assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
        }
        assertThat(process.exitValue()).isEqualTo(143);
    }

    // --- SQLite ---

    @Test
    void a_sqlite_file_is_looked_at_and_nothing_is_left_beside_it() throws Exception {
        var file = folder.resolve("app.db");
        lite(file, "pragma journal_mode = wal", "create table p (id integer primary key, v text)",
                "create table c (id integer primary key autoincrement, p integer references p)", "create index c_p on c (p)",
                "insert into p (v) values ('a'), ('b')", "insert into c (p) values (1), (2)", "analyze");
        var fine = lookAt(file, "--full");
        assertThat(findings(fine)).isEmpty();
        assertThat(fine.exit).isZero();
        assertThat(result(fine, "sqlite_journal").get("note").getAsString()).isEqualTo("journal mode wal");
        try (var files = Files.list(folder)) {
            assertThat(files.map(each -> each.getFileName().toString()).filter(name -> name.startsWith("app"))).containsExactly("app.db");
        }
        lite(file, "insert into c (p) values (7), (8)", "insert into p (id) values (9000000000000000000)",
                "with recursive n (i) as (select 1 union all select i + 1 from n where i < 20000) insert into c (p) select 1 from n",
                "create table big (b)", "with recursive n (i) as (select 1 union all select i + 1 from n where i < 3000) insert into big "
                + "select randomblob(4000) from n", "drop table big");
        var found = lookAt(file, "sqlite_free_pages.min_mb = 1");
        assertFound(found, "crit", "c to p", "2 rows have no parent");
        assertFound(found, "crit", "p", "9000000000000000000 (98 % of all)");
        assertFound(found, "warn", "c", "had 2 rows when it was analyzed");
        assertFound(found, "warn", "app.db", "are free pages");
        assertThat(objects(found, "sqlite_keys")).containsExactly("p");
    }

    @Test
    void a_sqlite_file_that_is_damaged_missing_or_none_is_critical_and_a_long_wal_is_found() throws Exception {
        var file = folder.resolve("app.db");
        lite(file, "create table t (v text)", "with recursive n (i) as (select 1 union all select i + 1 from n where i < 2000) insert "
                + "into t select hex(randomblob(50)) from n");
        var bytes = Files.readAllBytes(file);
        Arrays.fill(bytes, 4096 * 3, 4096 * 3 + 2000, (byte) 0x7f);
        Files.write(file, bytes);
        assertThat(status(lookAt(file), "sqlite_integrity")).isEqualTo("crit");
        assertThat(lookAt(folder.resolve("none.db")).exit).isEqualTo(2);
        assertThat(folder.resolve("none.db")).doesNotExist();
        assertThat(lookAt(Files.writeString(folder.resolve("text.db"), "this is not a database, but a text of some length")).exit)
                .isEqualTo(2);
        var open = folder.resolve("open.db");
        try (var writer = DriverManager.getConnection("jdbc:sqlite:" + open)) {
            execute(writer, "pragma journal_mode = wal", "pragma wal_autocheckpoint = 0", "create table t (b)",
                    "with recursive n (i) as (select 1 union all select i + 1 from n where i < 1000) insert into t select "
                    + "randomblob(3000) from n");
            assertSilent(lookAt(open, "--only", "sqlite_wal"));
            assertFound(lookAt(open, "sqlite_wal.warn = 1"), "warn", "open.db-wal", "holds");
        }
    }

    // --- slow ones ---

    @Test
    @Tag("slow")
    void ten_thousand_tables_are_looked_at_in_seconds_and_a_thousand_sequences_at_a_time() throws Exception {
        var url = database(18);
        sql(url, "do $$ begin for i in 1..1500 loop execute format('create table t%s (id serial primary key)', i); end loop; end $$",
                "select setval('t1400_id_seq', 2100000000)");
        var found = look(url, "--skip", "disk_free,version");
        assertThat(objects(found, "sequences")).containsExactly("public.t1400_id_seq");
        assertThat(result(found, "sequences").get("examined").getAsInt()).isEqualTo(1500);
    }

    // --- helpers ---

    record Ran(int exit, String out, String err, JsonObject json) {
    }

    static synchronized String database(int major) throws Exception {
        if (!SERVERS.containsKey(major)) {
            SERVERS.put(major, local_postgres.Server.start(new local_postgres.Settings(major, null, 0, SOUND, "postgres")));
            sql(SERVERS.get(major).url("postgres"), "alter system set archive_command = 'true'", "select pg_reload_conf()");
        }
        var name = "health_" + DATABASES.incrementAndGet();
        sql(SERVERS.get(major).url("postgres"), "create database " + name);
        return SERVERS.get(major).url(name);
    }

    /** In process, with the environment empty but for the home. */
    Ran run(String url, String... arguments) {
        var script = new health_check();
        script.database.environment = () -> Map.of("XDG_STATE_HOME", folder.resolve("states").toString());
        script.database.envFile = null;
        var out = new StringWriter();
        var err = new StringWriter();
        var all = new ArrayList<>(List.of(arguments));
        if (url != null) {
            all.addAll(List.of("--url", url));
        }
        var exit = script.command().setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true))
                .execute(all.toArray(String[]::new));
        return new Ran(exit, out.toString(), err.toString(), all.contains("--json") ? JsonParser.parseString(out.toString())
                .getAsJsonObject() : null);
    }

    /** With --json, and without state or migrations unless they are named. */
    Ran look(String url, String... arguments) throws IOException {
        var all = new ArrayList<>(List.of(arguments));
        all.add("--json");
        if (!all.contains("--state")) {
            all.add("--no-state");
        }
        if (!all.contains("--migrations")) {
            all.addAll(List.of("--migrations", Files.createDirectories(folder.resolve("none")).toString()));
        }
        return run(url, all.toArray(String[]::new));
    }

    /** One check with thresholds of its own. */
    Ran check(String url, String id, String... thresholds) throws IOException {
        return look(url, "--only", id, "--config", Files.write(folder.resolve("thresholds"), List.of(thresholds)).toString());
    }

    Ran migrations(String url, Path files) throws IOException {
        return look(url, "--only", "migrations", "--migrations", files.toString());
    }

    Ran backups(String url, Path backups) throws IOException {
        return look(url, "--only", "backups", "--backup-dir", backups.toString());
    }

    Ran lookAt(Path file, String... argumentsOrThresholds) throws IOException {
        var arguments = new ArrayList<>(List.of("--sqlite", file.toString(), "--skip", "backups"));
        var thresholds = Stream.of(argumentsOrThresholds).filter(each -> each.contains("=")).toList();
        Stream.of(argumentsOrThresholds).filter(each -> !each.contains("=")).forEach(arguments::add);
        if (!thresholds.isEmpty()) {
            var config = Files.createTempFile("thresholds", "");
            Files.write(config, thresholds);
            arguments.addAll(List.of("--config", config.toString()));
        }
        return look(null, arguments.toArray(String[]::new));
    }

    static void migrate(String url, Path files) {
        var script = new run_migrations();
        script.database.environment = Map::of;
        script.database.command(script).setOut(new PrintWriter(new StringWriter())).setErr(new PrintWriter(new StringWriter()))
                .execute("--url", url, "--dir", files.toString());
    }

    static void backup(String url, Path backups, String action) throws Exception {
        var made = shell.run(shell.ROOT, Map.of("DATABASE_URL", url), "./jbang", "scripts/backup_database.java", "--to", backups.toString(),
                action);
        assertThat(made.exit()).as(made.out() + made.err()).isZero();
    }

    /** Connections to the port, each of which falls silent after so many bytes of answers. */
    static void forward(ServerSocket proxy, int port, int bytes) {
        try (var client = proxy.accept(); var server = new java.net.Socket("localhost", port)) {
            var asks = CompletableFuture.runAsync(() -> {
                try {
                    client.getInputStream().transferTo(server.getOutputStream());
                } catch (IOException ended) {
                    // as it should
                }
            });
            var buffer = new byte[1000];
            for (var sent = 0; sent < bytes;) {
                var count = server.getInputStream().read(buffer);
                client.getOutputStream().write(buffer, 0, count);
                sent += count;
            }
            asks.join();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    static Map<String, String> allStatuses(Ran ran) {
        var statuses = new TreeMap<String, String>();
        ran.json.getAsJsonArray("checks").asList().stream().map(JsonObject.class::cast)
                .forEach(check -> statuses.put(check.get("id").getAsString(), check.get("status").getAsString()));
        return statuses;
    }

    static void manifest(Path folder, String id, String database, int hours, boolean verified) throws IOException {
        var finished = Instant.now().minus(hours, ChronoUnit.HOURS);
        Files.writeString(Files.createDirectories(folder.resolve(id)).resolve("MANIFEST.json"), "{\"origin\": {\"name\": \"" + database
                + "\"}, \"finished_at\": \"" + finished + "\", \"state\": {\"checked_at\": null, \"verified_at\": "
                + (verified ? "\"" + finished + "\"" : "null") + ", \"damage\": null, \"failure\": null}}");
    }

    static JsonObject result(Ran ran, String id) {
        return ran.json.getAsJsonArray("checks").asList().stream().map(JsonObject.class::cast)
                .filter(check -> check.get("id").getAsString().equals(id)).findFirst()
                .orElseThrow(() -> new AssertionError("no check " + id + " in " + ran.out));
    }

    static String status(Ran ran, String id) {
        return result(ran, id).get("status").getAsString();
    }

    static String skipped(Ran ran, String id) {
        return result(ran, id).get("skipped").toString();
    }

    static Stream<JsonObject> allFindings(Ran ran) {
        return ran.json.getAsJsonArray("checks").asList().stream().flatMap(check -> check.getAsJsonObject().getAsJsonArray("findings")
                .asList().stream()).map(JsonObject.class::cast);
    }

    static List<String> findings(Ran ran) {
        return allFindings(ran).map(finding -> finding.get("key").getAsString()).toList();
    }

    static List<String> objects(Ran ran, String id) {
        return result(ran, id).getAsJsonArray("findings").asList().stream()
                .map(finding -> finding.getAsJsonObject().get("object").getAsString()).toList();
    }

    static JsonObject first(Ran ran) {
        return allFindings(ran).findFirst().orElseThrow();
    }

    static void assertFound(Ran ran, String severity, String object, String what) {
        assertThat(allFindings(ran).map(finding -> finding.get("severity").getAsString() + " " + finding.get("object").getAsString() + ": "
                + finding.get("what").getAsString())).as(ran.err)
                .anyMatch(finding -> finding.startsWith(severity + " " + object) && finding.contains(what));
    }

    /** Looked, and found nothing. */
    static void assertSilent(Ran ran) {
        assertThat(findings(ran)).as(ran.err).isEmpty();
        assertThat(ran.json.getAsJsonArray("checks").asList().stream()
                .map(check -> check.getAsJsonObject().get("id").getAsString() + " " + check.getAsJsonObject().get("status").getAsString()
                + " " + check.getAsJsonObject().get("skipped")))
                .filteredOn(check -> !check.contains("setup")).allMatch(check -> check.contains(" ok "));
    }

    /** Runs the statements that the findings propose. */
    static void mend(String url, Ran found) throws SQLException {
        try (var connection = servers.connect(url)) {
            for (var finding : allFindings(found).toList()) {
                if (!finding.get("fix").isJsonNull()) {
                    for (var statement : finding.get("fix").getAsString().replaceAll("--.*", "").split(";(?=\\s|$)")) {
                        if (!statement.isBlank()) {
                            execute(connection, statement);
                        }
                    }
                }
            }
        }
    }

    Connection session(String url) throws SQLException {
        var connection = DriverManager.getConnection("jdbc:" + url.replaceFirst("//\\w+@", "//"), url.replaceFirst(".*//(\\w+)@.*", "$1"),
                "");
        sessions.add(connection);
        return connection;
    }

    static void execute(Connection connection, String... statements) throws SQLException {
        for (var sql : statements) {
            try (var statement = connection.createStatement()) {
                statement.setEscapeProcessing(false);
                statement.execute(sql);
            }
        }
    }

    static void quietly(Connection connection, String sql) {
        try {
            execute(connection, sql);
        } catch (SQLException expected) {
            // it was to fail, or to be cancelled
        }
    }

    static String text(Connection connection, String sql) throws SQLException {
        try (var statement = connection.createStatement(); var rows = statement.executeQuery(sql)) {
            return rows.next() ? rows.getString(1) : null;
        }
    }

    /** The first value of the last statement, if it gives one. */
    static String sql(String url, String... statements) throws SQLException {
        try (var connection = servers.connect(url); var statement = connection.createStatement()) {
            var isRows = false;
            for (var sql : statements) {
                statement.setEscapeProcessing(false);
                isRows = statement.execute(sql);
            }
            if (isRows) {
                statement.getResultSet().next();
                return statement.getResultSet().getString(1);
            }
            return null;
        }
    }

    static void lite(Path file, String... statements) throws SQLException {
        try (var connection = DriverManager.getConnection("jdbc:sqlite:" + file)) {
            execute(connection, statements);
        }
    }

    static void await(String url, String condition) throws SQLException, InterruptedException {
        for (var i = 0; i < 200; i++) {
            if ("t".equals(sql(url, condition))) {
                return;
            }
            Thread.sleep(50);
        }
        throw new AssertionError("never came true: " + condition);
    }

    /** Uses up transaction ids. */
    static void burn(String url, int ids) throws SQLException {
        sql(url, "create or replace procedure burn(n int) language plpgsql as 'begin for i in 1..n loop perform txid_current(); commit; "
                + "end loop; end'", "call burn(" + ids + ")");
    }

    /** Makes what is remembered so many days older. */
    static void age(Path state, int days) throws IOException {
        var matcher = java.util.regex.Pattern.compile("\"(at|told|first|begun)\": \"([^\"]+)\"").matcher(Files.readString(state));
        Files.writeString(state, matcher.replaceAll(match -> "\"" + match.group(1) + "\": \"" + Instant.parse(match.group(2))
                .minus(days, ChronoUnit.DAYS) + "\""));
    }

    static String copy(Path file) throws IOException {
        return Files.copy(file, file.resolveSibling("copy.json")).toString();
    }

    static int crc(String text) {
        var crc = new java.util.zip.CRC32();
        crc.update(text.getBytes(StandardCharsets.UTF_8));
        return (int) crc.getValue();
    }

    static void signal(List<ProcessHandle> processes, String name) throws Exception {
        for (var process : processes) {
            shell.run(shell.ROOT, Map.of(), "kill", "-" + name, String.valueOf(process.pid()));
        }
    }

    static HttpServer serve(java.util.function.UnaryOperator<String> answers) throws IOException {
        var server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            var answer = answers.apply(new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8))
                    .getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, answer.length == 0 ? -1 : answer.length);
            exchange.getResponseBody().write(answer);
            exchange.close();
        });
        server.start();
        return server;
    }
}
