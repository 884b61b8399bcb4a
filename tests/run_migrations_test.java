//SOURCES ../scripts/run_migrations.java
//SOURCES servers.java

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class run_migrations_test {
    static final Path SAMPLE = Path.of("migrations");
    static final List<String> ALL = List.of("001", "002", "003", "004", "005", "optimizations/001", "optimizations/002",
            "optimizations/003", "optimizations/004");

    @TempDir
    Path folder;
    String url;

    @BeforeEach
    void anEmptyDatabase() throws Exception {
        url = servers.database();
    }

    // --- applying ---

    @Test
    void pending_files_are_applied_in_order_and_the_second_run_applies_nothing() throws Exception {
        var first = run("--dir", SAMPLE.toString());
        assertThat(first.exit()).as(first.err()).isZero();
        assertThat(first.out().lines().filter(line -> line.endsWith(" ms")).map(line -> line.strip().split(" ")[0])).isEqualTo(ALL);
        assertThat(first.out()).contains("9 migrations applied");
        var second = run("--dir", SAMPLE.toString());
        assertThat(second.exit()).isZero();
        assertThat(second.out()).isEqualTo("nothing to apply: 9 migrations applied\n");
        assertThat(column("select version from schema_migrations order by applied_at")).isEqualTo(ALL);
    }

    static Stream<Integer> majors() {
        return servers.majors().stream();
    }

    @ParameterizedTest
    @MethodSource("majors")
    void the_sample_gives_the_same_schema_through_the_runner_and_through_psql(int major) throws Exception {
        assumeTrue(shell.has("psql"), "psql is not installed");
        var ours = servers.database(major);
        var theirs = servers.database(major);
        assertThat(run("--dir", SAMPLE.toString(), "--url", ours).exit()).isZero();
        for (var round = 0; round < 2; round++) {
            for (var file : sampleFiles()) {
                var psql = shell.run(shell.ROOT, Map.of(), "psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-d", theirs, "-f", file.toString());
                assertThat(psql.exit()).as(file + "\n" + psql.err()).isZero();
            }
        }
        assertThat(schema(ours)).isNotEmpty().isEqualTo(schema(theirs));
        assertThat(run("--dir", SAMPLE.toString(), "--url", theirs, "--status", "--check").exit()).as("what psql applied counts as applied")
                .isZero();
        assertThat(run("--dir", SAMPLE.toString(), "--url", theirs).out()).startsWith("nothing to apply");
    }

    @Test
    void a_file_that_registers_itself_is_registered_once_and_one_that_does_not_by_the_runner() throws Exception {
        file("001_self.sql", "create table if not exists schema_migrations (version text primary key, description text);\n"
                + "insert into schema_migrations values ('001', 'my own words') on conflict do nothing;");
        file("002_plain.sql", "create table plain ();");
        file("003_named.sql", "insert into schema_migrations (version) values ('003_named')");
        assertThat(migrate().exit()).isZero();
        assertThat(
                column("select version || ' ' || description || ' ' || (checksum is not null) from schema_migrations order by applied_at"))
                .containsExactly("001 my own words true", "002 plain true", "003_named named true");
        assertThat(migrate().out()).startsWith("nothing to apply: 3");
    }

    @Test
    void the_history_tells_when_how_long_by_whom_and_with_what() throws Exception {
        file("001_wait.sql", "select pg_sleep(0.05)");
        migrate();
        assertThat(column(
                "select concat_ws('|', description, phase, file, tool, applied_by, checksum ~ '^tokens1:[0-9a-f]{64}$', duration_ms between 50 and 5000,"
                + " applied_at > now() - interval '1 minute') from schema_migrations").get(0))
                .matches("wait\\|schema\\|001_wait.sql\\|run_migrations [0-9.]+\\|" + System.getProperty("user.name") + "@.+\\|t\\|t\\|t");
    }

    @Test
    void a_failing_file_leaves_nothing_behind_and_is_shown_with_its_place() throws Exception {
        file("001_good.sql", "create table good ();");
        file("002_bad.sql", "-- fine\ncreate table half ();\ninsert into\n\tgood (nö) values (1);\ncreate table never ();");
        file("003_later.sql", "create table later ();");
        var failed = migrate();
        assertThat(failed.exit()).isEqualTo(2);
        assertThat(failed.err()).contains("002_bad.sql:4:8: column \"nö\" of relation \"good\" does not exist (SQLSTATE 42703)",
                "good (nö) values (1)", "rolled back",
                "1 applied before it, 1 after it still pending").doesNotContain("Exception", "\tat ");
        assertThat(tables()).containsExactly("good", "schema_migrations");
        var status = status();
        assertThat(states(status)).containsExactly("001 applied", "002 failed", "003 pending");
        assertThat(status.getAsJsonArray("migrations").get(1).getAsJsonObject().get("error").getAsString()).contains("002_bad.sql:4:8",
                "42703");
        file("002_bad.sql", "create table half ();");
        assertThat(migrate().exit()).isZero();
        assertThat(states(status())).containsExactly("001 applied", "002 applied", "003 applied");
    }

    @Test
    void detail_hint_and_context_of_the_server_are_passed_on() throws Exception {
        file("001_bad.sql",
                "create table t (id int primary key);\ninsert into t values (1);\ndo $$ begin\n  insert into t values (1);\nend $$;");
        assertThat(migrate().err()).contains("001_bad.sql:3:1: duplicate key value", "detail: Key (id)=(1) already exists.",
                "context: SQL statement \"insert into t values (1)\"", "23505");
    }

    @Test
    void the_first_failing_file_leaves_the_database_without_a_history() throws Exception {
        file("001_bad.sql", "create table t ();\nselect 1/0;");
        assertThat(migrate().exit()).isEqualTo(2);
        assertThat(tables()).isEmpty();
    }

    @Test
    void an_error_at_commit_is_reported_and_nothing_remains() throws Exception {
        file("001_deferred.sql",
                "create table p (id int primary key);\ncreate table c (p int references p deferrable initially deferred);\ninsert into c values (1);");
        var failed = migrate();
        assertThat(failed.exit()).isEqualTo(2);
        assertThat(failed.err()).contains("001_deferred.sql: ", "violates foreign key constraint", "23503");
        assertThat(tables()).isEmpty();
    }

    @Test
    void phases_are_kept_apart_and_schema_comes_first() throws Exception {
        file("optimizations/001_second.sql", "create index on first (id)");
        file("001_first.sql", "create table first (id int)");
        assertThat(run("--dir", folder.toString(), "--phase", "schema").exit()).isZero();
        assertThat(states(status())).containsExactly("001 applied", "optimizations/001 pending");
        assertThat(run("--dir", folder.toString(), "--phase", "optimizations").exit()).isZero();
        assertThat(column("select version from schema_migrations order by applied_at")).containsExactly("001", "optimizations/001");
    }

    @Test
    void to_and_only_choose() throws Exception {
        for (var name : List.of("001_a", "002_b", "003_c", "optimizations/001_d", "optimizations/002_e")) {
            file(name + ".sql", "select 1");
        }
        assertThat(run("--dir", folder.toString(), "--to", "2").out()).contains("2 migrations applied", "3 still pending");
        assertThat(run("--dir", folder.toString(), "--only", "optimizations/002").exit()).isZero();
        assertThat(states(status())).containsExactly("001 applied", "002 applied", "003 pending", "optimizations/001 out of order",
                "optimizations/002 applied");
        assertThat(run("--dir", folder.toString(), "--only", "1", "--phase", "optimizations").exit()).isZero();
        assertThat(run("--dir", folder.toString(), "--to", "optimizations/001").exit()).isZero();
        assertThat(states(status())).allMatch(state -> state.endsWith(" applied"));
        assertThat(run("--dir", folder.toString(), "--to", "9").exit()).isEqualTo(64);
        assertThat(run("--dir", folder.toString(), "--to", "1", "--only", "1").exit()).isEqualTo(64);
    }

    @Test
    void versions_compare_as_numbers() throws Exception {
        for (var name : List.of("10_ten", "2_two", "001_one", "2.10_two_ten", "2.9_two_nine", "20260131120000_stamp")) {
            file(name + ".sql", "select 1");
        }
        assertThat(migrate().exit()).isZero();
        assertThat(column("select version from schema_migrations order by applied_at")).containsExactly("001", "2", "2.9", "2.10", "10",
                "20260131120000");
    }

    @Test
    void a_version_in_the_history_is_the_same_with_other_zeros() throws Exception {
        sql("create table schema_migrations (version text primary key)", "insert into schema_migrations values ('1'), ('0002.0')");
        file("001_a.sql", "select 1/0");
        file("2_b.sql", "select 1/0");
        assertThat(migrate().out()).startsWith("nothing to apply: 2");
    }

    @Test
    void an_out_of_order_file_is_refused_by_name_unless_allowed() throws Exception {
        file("001_a.sql", "select 1");
        file("003_c.sql", "select 1");
        migrate();
        file("002_b.sql", "select 1");
        file("004_d.sql", "select 1");
        var refused = migrate();
        assertThat(refused.exit()).isEqualTo(2);
        assertThat(refused.err()).contains("002_b.sql", "--out-of-order").doesNotContain("004_d");
        assertThat(states(status())).containsExactly("001 applied", "002 out of order", "003 applied", "004 pending");
        assertThat(run("--dir", folder.toString(), "--out-of-order").exit()).isZero();
    }

    @Test
    void a_changed_file_is_refused_by_name_until_it_is_repaired() throws Exception {
        file("001_a.sql", "select 1");
        migrate();
        file("001_a.sql", "select 2");
        file("002_b.sql", "create table b ()");
        assertThat(migrate().err()).contains("001_a.sql", "--repair");
        assertThat(migrate().exit()).isEqualTo(2);
        assertThat(states(status())).containsExactly("001 changed", "002 pending");
        assertThat(run("--dir", folder.toString(), "--repair", "--dry-run").out()).contains("001", "nothing was changed");
        assertThat(states(status())).contains("001 changed");
        assertThat(run("--dir", folder.toString(), "--repair").out()).contains("001", "accepted", "repaired");
        assertThat(migrate().exit()).isZero();
    }

    @Test
    void line_ends_and_a_byte_order_mark_are_no_change() throws Exception {
        file("001_a.sql", "create table a (\n  id int\n);\n");
        migrate();
        file("001_a.sql", "\uFEFFcreate table a (\r\n  id int\r\n);\r\n");
        assertThat(states(status())).containsExactly("001 applied");
    }

    @Test
    void what_a_file_sets_does_not_reach_the_next_nor_the_history() throws Exception {
        sql("drop role if exists app_owner", "create role app_owner", "create schema other");
        file("001_set.sql", "set search_path = other; set role app_owner; set statement_timeout = '7s'; create temp table t ();");
        file("002_next.sql",
                "create table here as select current_setting('statement_timeout') s, current_user::text u, to_regclass('t')::text t");
        assertThat(migrate().err().lines()).hasSize(4).allMatch(line -> line.contains("001_set.sql:1: leaves the "))
                .anyMatch(line -> line.contains("search_path"))
                .anyMatch(line -> line.contains("role app_owner")).anyMatch(line -> line.contains("statement_timeout"))
                .anyMatch(line -> line.contains("temporary relation t"));
        assertThat(column("select concat_ws('|', s, u, t) from public.here")).containsExactly("0|postgres");
    }

    @Test
    void the_time_zone_is_the_server_s_and_not_that_of_this_machine() throws Exception {
        var database = column("select current_database()").get(0);
        sql("alter database " + database + " set timezone = 'Asia/Tokyo'");
        file("001_zone.sql", "create table z as select '2026-01-01 00:00'::timestamptz at time zone 'UTC' t");
        var ran = inItsOwnProcess("--dir", folder.toString());
        assertThat(ran.exit()).as(ran.err()).isZero();
        assertThat(column("select t::text from z")).containsExactly("2025-12-31 15:00:00");
    }

    @Test
    void begin_and_commit_of_the_file_are_honoured() throws Exception {
        file("001_own.sql",
                "create table a ();\nbegin;\ncreate table b ();\ncommit;\nbegin;\ncreate table c ();\nrollback;\ncreate table d ();");
        assertThat(migrate().err()).isEmpty();
        assertThat(tables()).containsExactly("a", "b", "d", "schema_migrations");
        file("002_open.sql", "create table e ();\nbegin;\ncreate table f ();");
        var refused = migrate();
        assertThat(refused.exit()).isEqualTo(2);
        assertThat(refused.err()).contains("002_open.sql:2:1: begin without COMMIT");
        assertThat(tables()).doesNotContain("e", "f");
    }

    @Test
    void copy_takes_its_rows_from_the_file() throws Exception {
        file("001_copy.sql",
                "create table c (id int, t text);\ncopy c from stdin;\n1\tone; 'two\n2\t\\N\n\\.\ninsert into c values (3, 'x');\ncopy c (id) from stdin;\n4");
        assertThat(migrate().err()).isEmpty();
        assertThat(column("select id || coalesce(t, '-') from c order by id")).containsExactly("1one; 'two", "2-", "3x", "4-");
    }

    @Test
    void two_runs_at_once_apply_each_file_once() throws Exception {
        for (var i = 1; i <= 8; i++) {
            file(i + "_f.sql", "create table if not exists log (n int); insert into log values (" + i + "); select pg_sleep(0.02)");
        }
        var runs = Stream.generate(() -> CompletableFuture.supplyAsync(this::migrate)).limit(2).toList();
        assertThat(runs).allSatisfy(ran -> assertThat(ran.join().exit()).as(ran.join().err()).isZero());
        assertThat(column("select n from log order by n")).containsExactly("1", "2", "3", "4", "5", "6", "7", "8");
    }

    // --- looking ---

    @Test
    void status_of_an_untouched_database_writes_nothing_and_check_makes_pending_exit_1() throws Exception {
        file("001_a.sql", "select 1");
        assertThat(run("--dir", folder.toString(), "--status").exit()).isZero();
        assertThat(run("--dir", folder.toString(), "--status", "--check").exit()).isEqualTo(1);
        assertThat(run("--dir", folder.toString(), "--dry-run").out()).contains("would apply 1 migration", "001");
        assertThat(tables()).isEmpty();
        migrate();
        assertThat(run("--dir", folder.toString(), "--status", "--check").exit()).isZero();
        assertThat(run("--dir", folder.toString(), "--check").exit()).as("--check alone").isEqualTo(64);
    }

    @Test
    void status_needs_no_right_to_write() throws Exception {
        file("001_a.sql", "select 1");
        migrate();
        sql("drop role if exists status_reader", "create role status_reader login", "grant select on schema_migrations to status_reader");
        assertThat(run("--dir", folder.toString(), "--status", "--check", "--url", url.replace("postgres@", "status_reader@")).exit())
                .isZero();
        sql("revoke select on schema_migrations from status_reader");
        assertThat(run("--dir", folder.toString(), "--status", "--url", url.replace("postgres@", "status_reader@")).err())
                .contains("GRANT SELECT ON \"public\".\"schema_migrations\" TO \"status_reader\"");
    }

    @Test
    void the_table_of_status_shows_every_state() throws Exception {
        file("001_a.sql", "select 1");
        file("002_b.sql", "select 1");
        file("004_d.sql", "select 1");
        migrate();
        file("001_a.sql", "select 2");
        Files.delete(folder.resolve("002_b.sql"));
        file("003_c.sql", "select 1");
        file("005_e.sql", "select 1");
        var table = run("--dir", folder.toString(), "--status").out();
        assertThat(table.lines().map(line -> line.replaceAll(" {2,}", "|")))
                .anyMatch(line -> line.matches("VERSION\\|DESCRIPTION\\|PHASE\\|STATE\\|APPLIED AT\\|TIME\\|BY"))
                .anyMatch(line -> line.matches("001\\|a\\|schema\\|changed\\|\\d{4}-\\d\\d-\\d\\d [0-9:]{8}\\|\\d+ ms\\|.*"))
                .anyMatch(line -> line.startsWith("002|b|schema|missing file|"))
                .anyMatch(line -> line.startsWith("003|c|schema|out of order")).anyMatch(line -> line.startsWith("005|e|schema|pending"));
    }

    @Test
    void history_lists_what_was_applied() throws Exception {
        file("001_a.sql", "select 1");
        migrate();
        assertThat(run("--dir", folder.toString(), "--history").out()).contains("APPLIED AT", "001", "run_migrations");
        var json = JsonParser.parseString(run("--dir", folder.toString(), "--history", "--json").out()).getAsJsonObject();
        assertThat(json.getAsJsonArray("rows").get(0).getAsJsonObject().get("version").getAsString()).isEqualTo("001");
    }

    @Test
    void json_is_one_document_on_stdout_whatever_happens() throws Exception {
        file("001_a.sql", "select 1");
        file("002_b.sql", "select 1/0");
        for (var args : List.<List<String>>of(List.of("--dry-run"), List.of("--status"), List.of(), List.of("--validate"),
                List.of("--history"), List.of("--repair"), List.of("--rollback"),
                List.of("--baseline", "2"), List.of("--new", "x"), List.of("--url", "postgresql://postgres@localhost:1/x"))) {
            var all = new ArrayList<>(List.of("--dir", folder.toString(), "--json"));
            all.addAll(args);
            var out = run(all.toArray(String[]::new)).out();
            assertThat(JsonParser.parseString(out).isJsonObject()).as(args + ": " + out).isTrue();
        }
    }

    @Test
    void dry_run_shows_the_sql_on_request() throws Exception {
        file("001_a.sql", "select 'the sql'");
        assertThat(run("--dir", folder.toString(), "--dry-run").out()).doesNotContain("the sql");
        assertThat(run("--dir", folder.toString(), "--dry-run", "--verbose").out()).contains("select 'the sql'");
    }

    @Test
    void validate_names_what_is_wrong() throws Exception {
        file("001_a.sql", "select 1");
        migrate();
        assertThat(run("--dir", folder.toString(), "--validate").exit()).isZero();
        file("001_a.sql", "select 2");
        file("readme.txt", "");
        file("old/001_x.sql", "");
        file("seed.sql", "");
        var found = run("--dir", folder.toString(), "--validate");
        assertThat(found.exit()).isEqualTo(1);
        assertThat(found.out()).contains("001 a: changed", "readme.txt is no migration", "old is a folder", "seed.sql is no migration");
    }

    // --- the other actions ---

    @Test
    void rollback_runs_the_down_files_newest_first() throws Exception {
        file("001_a.sql", "create table a ()");
        file("001_a.down.sql", "drop table a");
        file("002_b.sql", "create table b ()");
        file("002_b.down.sql", "drop table b");
        migrate();
        assertThat(run("--dir", folder.toString(), "--rollback", "--dry-run").out()).contains("002_b.down.sql", "nothing was changed");
        assertThat(run("--dir", folder.toString(), "--rollback").out()).contains("002").doesNotContain("001_a");
        assertThat(tables()).containsExactly("a", "schema_migrations");
        assertThat(migrate().exit()).isZero();
        assertThat(run("--dir", folder.toString(), "--rollback", "2").exit()).isZero();
        assertThat(tables()).containsExactly("schema_migrations");
        assertThat(states(status())).containsExactly("001 pending", "002 pending");
    }

    @Test
    void rollback_without_a_down_file_changes_nothing_and_names_the_version() throws Exception {
        file("001_a.sql", "create table a ()");
        file("002_b.sql", "create table b ()");
        file("002_b.down.sql", "drop table b");
        migrate();
        var refused = run("--dir", folder.toString(), "--rollback", "2");
        assertThat(refused.exit()).isEqualTo(2);
        assertThat(refused.err()).contains("001").doesNotContain("002");
        assertThat(tables()).containsExactly("a", "b", "schema_migrations");
        assertThat(run("--dir", folder.toString(), "--rollback", "0").exit()).isEqualTo(64);
    }

    @Test
    void a_failing_rollback_keeps_the_version() throws Exception {
        file("001_a.sql", "create table a ()");
        file("001_a.down.sql", "drop table a; drop table nowhere;");
        migrate();
        assertThat(run("--dir", folder.toString(), "--rollback").err()).contains("001_a.down.sql:1:15", "nowhere");
        assertThat(states(status())).containsExactly("001 applied");
        assertThat(tables()).contains("a");
    }

    @Test
    void baseline_marks_without_running_and_says_when_there_was_nothing_to_mark() throws Exception {
        file("001_a.sql", "select 1/0");
        file("002_b.sql", "select 1/0");
        file("003_c.sql", "create table c ()");
        assertThat(run("--dir", folder.toString(), "--baseline", "9").exit()).isEqualTo(64);
        assertThat(run("--dir", folder.toString(), "--baseline", "2").out()).contains("2 migrations marked as applied");
        assertThat(migrate().exit()).isZero();
        assertThat(tables()).contains("c");
        assertThat(run("--dir", folder.toString(), "--baseline", "2").exit()).isEqualTo(1);
    }

    @Test
    void a_new_file_gets_the_next_number_and_a_clean_name() throws Exception {
        assertThat(run("--dir", folder.resolve("fresh").toString(), "--new", "First").out().strip()).endsWith("001_first.sql");
        file("009_i.sql", "");
        assertThat(run("--dir", folder.toString(), "--new", "Add  Üser-table (v2)!").out().strip()).endsWith("010_add_user_table_v2.sql");
        assertThat(run("--dir", folder.toString(), "--new", "faster", "--phase", "optimizations").out().strip())
                .endsWith("optimizations/001_faster.sql");
        assertThat(Files.readString(folder.resolve("010_add_user_table_v2.sql"))).startsWith("-- Add  Üser-table (v2)!\n");
        assertThat(migrate().exit()).as("an unedited template is a migration that does nothing").isZero();
        assertThat(run("--dir", folder.toString(), "--new", "!!").exit()).isEqualTo(64);
    }

    @Test
    void a_new_file_follows_time_stamps_and_dots() throws Exception {
        file("1.2.9_x.sql", "");
        assertThat(run("--dir", folder.toString(), "--new", "y").out().strip()).endsWith("1.2.10_y.sql");
        file("20200101000000_x.sql", "");
        assertThat(run("--dir", folder.toString(), "--new", "y").out().strip()).matches(".*/20[2-9]\\d{11}_y.sql");
    }

    @Test
    void no_new_number_is_given_out_while_two_files_have_the_same() throws Exception {
        file("001_a.sql", "");
        file("1_b.sql", "");
        var refused = run("--dir", folder.toString(), "--new", "c");
        assertThat(refused.exit()).isEqualTo(64);
        assertThat(refused.err()).contains("001_a.sql", "1_b.sql");
    }

    @Test
    void other_psql_commands_are_refused_by_place_before_anything_runs() throws Exception {
        for (var command : List.of("\\connect other", "\\c", "\\! ls", "\\gset", "\\gexec", "\\g", "\\q", "\\timing", "\\pset format csv",
                "\\encoding UTF8", "\\o out.txt", "\\copy a to 'a.csv'",
                "\\copy a from program 'ls'", "\\i nowhere.sql", "\\endif", "\\if maybe", "\\watch 1", "\\d")) {
            file("001_a.sql", "create table a ();\nselect 1 " + command + "\n;");
            var refused = migrate();
            assertThat(refused.exit()).as(command).isEqualTo(2);
            assertThat(refused.err()).as(command).contains("001_a.sql:2:");
            assertThat(tables()).isEmpty();
        }
        file("001_a.sql", "create table a ();\nset datestyle = 'German';");
        assertThat(migrate().err()).contains("001_a.sql:2:1", "ISO");
        assertThat(tables()).isEmpty();
    }

    // --- a dump ---

    @Test
    void a_plain_pg_dump_of_the_migrated_sample_is_a_migration() throws Exception {
        assumeTrue(shell.has("pg_dump"), "pg_dump is not installed");
        var major = Math.min(servers.newest(),
                Integer.parseInt(shell.run(shell.ROOT, Map.of(), "pg_dump", "--version").out().replaceAll("\\D*(\\d+).*\\s*", "$1")));
        var source = servers.database(major);
        assertThat(run("--dir", SAMPLE.toString(), "--url", source).exit()).isZero();
        var original = url;
        url = source;
        sql("insert into categories (name, slug) select 'c' || g, 'c-' || g from generate_series(1, 20) g",
                "insert into customers (email, full_name) select g || '@example.com', E'Ann \\\\ \\' \\t ' || g from generate_series(1, 50) g",
                "insert into orders (customer_id, status, total_amount, ordered_at) select id, 'paid', id, now() - id * interval '5 days' from customers",
                "select refresh_materialized_views()");
        url = original;
        var dump = shell.run(shell.ROOT, Map.of(), "pg_dump", "-d", source, "-f", folder.resolve("001_dump.sql").toString());
        assertThat(dump.exit()).as(dump.err()).isZero();
        var target = servers.database(major);
        var ran = run("--dir", folder.toString(), "--url", target);
        assertThat(ran.exit()).as(ran.err()).isZero();
        assertThat(schema(target)).isEqualTo(schema(source));
        assertThat(rows(target)).isEqualTo(rows(source)).anyMatch(line -> line.startsWith("orders "));
    }

    /** Every row of every table but the history, as text. */
    static List<String> rows(String url) throws SQLException {
        var rows = new ArrayList<String>();
        for (var table : column(url,
                "select relname from pg_class where relkind in ('r', 'p', 'm') and not relispartition and relnamespace = 'public'::regnamespace and relname <> 'schema_migrations' order by 1")) {
            column(url, "select t::text from " + table + " t order by 1").forEach(row -> rows.add(table + " " + row));
        }
        return rows;
    }

    // --- adopting a history ---

    @Test
    void a_bare_history_is_adopted_with_its_rows() throws Exception {
        for (var columns : List.of("version varchar(255) primary key", "version text, description text",
                "version bigint primary key, inserted_at timestamp")) {
            sql("drop table if exists schema_migrations", "create table schema_migrations (" + columns + ")",
                    "insert into schema_migrations (version) values (1)");
            file("001_a.sql", "select 1/0");
            file("002_b.sql", "select 1");
            var ran = migrate();
            assertThat(ran.exit()).as(columns + ran.err()).isZero();
            assertThat(column("select version::text || coalesce(file, '-') from schema_migrations order by 1")).hasSize(2).contains("1-");
            assertThat(states(status())).allMatch(state -> state.endsWith("applied"));
        }
    }

    @Test
    void the_history_is_found_where_it_is_in_the_search_path() throws Exception {
        sql("create schema app", "create table app.schema_migrations (version text primary key)",
                "insert into app.schema_migrations values ('001')",
                "alter database " + column("select current_database()").get(0) + " set search_path = public, app");
        file("001_a.sql", "select 1/0");
        file("002_b.sql", "select 1");
        assertThat(migrate().exit()).isZero();
        assertThat(column("select version from app.schema_migrations order by 1")).containsExactly("001", "002");
        assertThat(column("select to_regclass('public.schema_migrations')::text")).containsExactly((String) null);
    }

    @Test
    void a_history_outside_the_search_path_is_not_passed_over_in_silence() throws Exception {
        sql("create schema app", "create table app.schema_migrations (version text primary key)");
        file("001_a.sql", "select 1");
        assertThat(migrate().err()).contains("\"app\".\"schema_migrations\"", "outside the search path");
    }

    @Test
    void the_history_of_another_tool_is_never_run_beside_but_adopted() throws Exception {
        for (var table : List.of(
                "create table flyway_schema_history (installed_rank int, version text, success boolean); insert into flyway_schema_history values (1, '1', true), (2, '2', true), (3, '3', false)",
                "create table goose_db_version (id serial, version_id bigint, is_applied boolean); insert into goose_db_version (version_id, is_applied) values (0, true), (1, true), (2, true), (3, true), (3, false)",
                "create table schema_migrations (version bigint primary key, dirty boolean); insert into schema_migrations values (2, false)")) {
            url = servers.database();
            sql(table);
            file("V1__a.sql", "select 1/0");
            file("2_b.sql", "select 1/0");
            file("3_c.sql", "create table c ()");
            var refused = migrate();
            assertThat(refused.exit()).isEqualTo(2);
            assertThat(refused.err()).contains("history of another tool", "--adopt");
            assertThat(tables()).doesNotContain("c");
            assertThat(run("--dir", folder.toString(), "--adopt").out()).as(table).contains("2 migrations marked as applied");
            assertThat(migrate().out()).contains("1 migration applied");
            assertThat(states(status())).containsExactly("1 applied", "2 applied", "3 applied");
        }
    }

    @Test
    void a_dirty_history_of_golang_migrate_is_not_adopted() throws Exception {
        sql("create table schema_migrations (version bigint primary key, dirty boolean)", "insert into schema_migrations values (2, true)");
        file("1_a.sql", "select 1");
        assertThat(run("--dir", folder.toString(), "--adopt").err()).contains("dirty");
        assertThat(tables()).containsExactly("schema_migrations");
    }

    @Test
    void a_file_with_the_undo_part_of_another_tool_in_it_is_refused_before_it_runs() throws Exception {
        file("001_a.sql", "-- migrate:up\ncreate table a ();\n-- migrate:down\ndrop table a;");
        assertThat(migrate().err()).contains("001_a.sql:3:", ".down.sql");
        assertThat(tables()).isEmpty();
    }

    // --- what counts as a change ---

    @Test
    void a_change_of_layout_and_comments_is_cosmetic_and_stops_nothing() throws Exception {
        file("001_a.sql", "create table a (id int, t text default 'x -- y');");
        migrate();
        file("001_a.sql", "/* why */ CREATE TABLE a (\r\n\tid int, -- the id\r\n\tt text DEFAULT 'x -- y'\r\n)\r\n;\r\n");
        file("002_b.sql", "select 1");
        assertThat(states(status())).containsExactly("001 cosmetic", "002 pending");
        assertThat(migrate().exit()).isZero();
        assertThat(run("--dir", folder.toString(), "--status", "--check").exit()).isZero();
    }

    @Test
    void a_change_of_meaning_is_found_and_shown() throws Exception {
        file("001_a.sql", "create table a (id int);\n-- drop table b;\ninsert into a values (1);");
        migrate();
        for (var changed : List.of("create table a (id int);\ndrop table b;\ninsert into a values (1);",
                "create table a (id int);\ninsert into a values (2);",
                "create table a (id bigint);\ninsert into a values (1);", "create table a (id int);\ninsert into a values ('1');")) {
            file("001_a.sql", changed);
            assertThat(states(status())).as(changed).containsExactly("001 changed");
        }
        assertThat(run("--dir", folder.toString(), "--status", "--verbose").out()).contains(
                "changed: " + folder.resolve("001_a.sql") + ":2:1", "applied: insert into a values (1)",
                "now:     insert into a values ('1')");
    }

    // --- offline ---

    @Test
    void the_psql_script_applies_what_is_pending_twice_over_and_the_runner_takes_it_for_its_own() throws Exception {
        assumeTrue(shell.has("psql"), "psql is not installed");
        var script = folder.resolve("all.sql").toString();
        assertThat(run("--dir", SAMPLE.toString(), "--sql", script).exit()).isZero();
        for (var round = 0; round < 2; round++) {
            var psql = shell.run(shell.ROOT, Map.of(), "psql", "-X", "-q", "-d", url, "-f", script);
            assertThat(psql.exit()).as(psql.err()).isZero();
        }
        assertThat(run("--dir", SAMPLE.toString(), "--status", "--check").exit()).isZero();
        var ours = servers.database();
        assertThat(run("--dir", SAMPLE.toString(), "--url", ours).exit()).isZero();
        assertThat(schema(url)).isEqualTo(schema(ours));
        assertThat(column("select count(*) from schema_migrations where checksum like 'tokens1:%'")).containsExactly("9");
    }

    @Test
    void the_psql_script_of_a_mixed_file_goes_on_where_it_was_cut_off_by_script_or_by_runner() throws Exception {
        assumeTrue(shell.has("psql"), "psql is not installed");
        sql("create table gate ()");
        file("m/001_mixed.sql",
                "create table log (n int);\ninsert into log values (1);\ncreate index concurrently on log (n);\ncopy log from stdin;\n2\n\\.\ndrop table gate;\n"
                + "begin;\ninsert into log values (3);\ncommit;\nvacuum log;\ninsert into log values (4);");
        var dir = folder.resolve("m").toString();
        var script = folder.resolve("all.sql").toString();
        run("--dir", dir, "--sql", script);
        sql("drop table gate");
        assertThat(shell.run(shell.ROOT, Map.of(), "psql", "-X", "-q", "-d", url, "-f", script).exit())
                .as("stops where the gate is missing").isEqualTo(3);
        assertThat(column("select n from log order by n")).containsExactly("1");
        sql("create table gate ()");
        var other = servers.database();
        assertThat(shell.run(shell.ROOT, Map.of(), "psql", "-X", "-q", "-d", url, "-f", script).exit()).isZero();
        assertThat(column("select n from log order by n")).containsExactly("1", "2", "3", "4");
        assertThat(run("--dir", dir, "--status", "--check").exit()).isZero();
        assertThat(shell.run(shell.ROOT, Map.of(), "psql", "-X", "-q", "-d", other, "-f", script).exit()).isEqualTo(3);
        url = other;
        sql("create table gate ()");
        assertThat(run("--dir", dir).exit()).isZero();
        assertThat(column("select n from log order by n")).containsExactly("1", "2", "3", "4");
    }

    // --- bad input ---

    @Test
    void a_database_that_cannot_be_reached_is_exit_2_in_a_few_lines() throws Exception {
        file("001_a.sql", "select 1");
        for (var wrong : List.of(url.replaceFirst("/[^/]+$", "/nosuch"), "postgresql://postgres@localhost:1/x",
                "postgresql://postgres@nosuch.invalid/x")) {
            var ran = run("--dir", folder.toString(), "--url", wrong);
            assertThat(ran.exit()).as(wrong).isEqualTo(2);
            assertThat(ran.err()).contains("cannot use", "SQLSTATE").doesNotContain("\tat ");
            assertThat(ran.err().lines().count()).isLessThanOrEqualTo(4);
        }
    }

    @Test
    void a_missing_and_an_empty_folder_are_wrong_usage() throws Exception {
        assertThat(run("--dir", folder.resolve("nowhere").toString()).err()).contains("there is no folder", "nowhere", "--dir");
        assertThat(run("--dir", folder.resolve("nowhere").toString()).exit()).isEqualTo(64);
        assertThat(migrate().exit()).isEqualTo(64);
        assertThat(migrate().err()).contains("no migration");
    }

    @Test
    void two_files_with_one_version_are_refused_by_name() throws Exception {
        file("001_a.sql", "create table a ()");
        file("1_b.sql", "create table b ()");
        var refused = migrate();
        assertThat(refused.exit()).isEqualTo(64);
        assertThat(refused.err()).contains("001_a.sql", "1_b.sql");
        assertThat(tables()).isEmpty();
    }

    @Test
    void a_file_that_is_not_utf8_stops_the_run_before_anything_is_applied() throws Exception {
        file("001_a.sql", "create table a ()");
        Files.write(folder.resolve("002_b.sql"), "select 1;\n-- gr\u00fcn".getBytes(StandardCharsets.ISO_8859_1));
        var refused = migrate();
        assertThat(refused.exit()).isEqualTo(2);
        assertThat(refused.err()).contains("002_b.sql is not UTF-8: byte 0xFC in line 2");
        assertThat(tables()).isEmpty();
    }

    @Test
    void a_role_without_rights_gets_the_server_s_words_and_changes_nothing() throws Exception {
        sql("drop role if exists nobody", "create role nobody login", "revoke create on schema public from public");
        file("001_a.sql", "create table a ()");
        var refused = run("--dir", folder.toString(), "--url", url.replace("postgres@", "nobody@"));
        assertThat(refused.exit()).isEqualTo(2);
        assertThat(refused.err()).contains("permission denied", "42501");
        assertThat(tables()).isEmpty();
    }

    // --- helpers ---

    record Ran(int exit, String out, String err) {
    }

    Ran migrate() {
        return run("--dir", folder.toString());
    }

    Ran run(String... args) {
        var out = new StringWriter();
        var err = new StringWriter();
        var script = new run_migrations();
        script.database.environment = () -> Map.of("DATABASE_URL", url);
        var exit = script.database.command(script).setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true)).execute(args);
        return new Ran(exit, out.toString(), err.toString());
    }

    /** To connect with the server's time zone a run changes that of its JVM, which here tests share that run at the same time. */
    shell.Ran inItsOwnProcess(String... args) throws IOException, InterruptedException {
        var java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        var command = new ArrayList<>(List.of(java, "-cp", System.getProperty("java.class.path"), "run_migrations", "--url", url));
        command.addAll(List.of(args));
        return shell.run(folder, Map.of(), command.toArray(String[]::new));
    }

    JsonObject status() {
        return JsonParser.parseString(run("--dir", folder.toString(), "--status", "--json").out()).getAsJsonObject();
    }

    static List<String> states(JsonObject status) {
        return status.getAsJsonArray("migrations").asList().stream()
                .map(e -> e.getAsJsonObject().get("version").getAsString() + " " + e.getAsJsonObject().get("state").getAsString()).toList();
    }

    void file(String name, String text) throws IOException {
        var file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }

    void sql(String... statements) throws SQLException {
        try (var connection = servers.connect(url); var statement = connection.createStatement()) {
            for (var sql : statements) {
                statement.execute(sql);
            }
        }
    }

    List<String> column(String query) throws SQLException {
        return column(url, query);
    }

    static List<String> column(String url, String query) throws SQLException {
        try (var connection = servers.connect(url); var rows = connection.createStatement().executeQuery(query)) {
            var values = new ArrayList<String>();
            while (rows.next()) {
                values.add(rows.getString(1));
            }
            return values;
        }
    }

    List<String> tables() throws SQLException {
        return column("select relname from pg_class where relkind in ('r', 'p') and relnamespace = 'public'::regnamespace order by 1");
    }

    static List<Path> sampleFiles() throws IOException {
        try (var first = Files.list(SAMPLE); var second = Files.list(SAMPLE.resolve("optimizations"))) {
            return Stream.concat(first.filter(Files::isRegularFile).sorted(), second.sorted()).toList();
        }
    }

    /** Columns, constraints, indexes, views, functions, triggers and comments of the schema public, our own history left out. */
    static List<String> schema(String url) throws SQLException {
        return column(url, """
                with r as (select oid, relname, relkind, reltuples from pg_class where relnamespace = 'public'::regnamespace and relname !~ '^schema_migrations')
                select concat_ws(' ', 'column', relname, relkind, attnum, attname, format_type(atttypid, atttypmod), attnotnull, attidentity, pg_get_expr(adbin, adrelid))
                from r join pg_attribute a on attrelid = r.oid and attnum > 0 and not attisdropped left join pg_attrdef on adrelid = attrelid and adnum = attnum
                union all select concat_ws(' ', 'constraint', conrelid::regclass, conname, pg_get_constraintdef(oid)) from pg_constraint where conrelid in (select oid from r)
                union all select pg_get_indexdef(indexrelid) from pg_index where indrelid in (select oid from r)
                union all select concat_ws(' ', 'view', relname, pg_get_viewdef(oid)) from r where relkind in ('v', 'm')
                union all select pg_get_functiondef(oid) from pg_proc where pronamespace = 'public'::regnamespace
                union all select pg_get_triggerdef(oid) from pg_trigger where tgrelid in (select oid from r) and not tgisinternal
                union all select concat_ws(' ', 'comment', objoid::regclass, objsubid, description) from pg_description where objoid in (select oid from r) and classoid = 'pg_class'::regclass
                order by 1""");
    }
}
