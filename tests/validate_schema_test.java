//SOURCES ../scripts/validate_schema.java
//SOURCES ../scripts/run_migrations.java
//SOURCES servers.java

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
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
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class validate_schema_test {
    static final Path KINDS = Path.of("tests/validate_schema_kinds.txt");
    static final Path PAIRS = Path.of("tests/validate_schema_pairs.txt");
    static final Map<String, String> TEMPLATES = new TreeMap<>();
    static final java.util.concurrent.atomic.AtomicInteger COPIES = new java.util.concurrent.atomic.AtomicInteger();

    @TempDir
    Path folder;

    static Stream<Integer> majors() {
        return servers.majors().stream();
    }

    // --- differences ---

    /** Each change in a transaction of its own that is read from within and rolled back: noticed, named right, silent again. */
    @ParameterizedTest
    @MethodSource("majors")
    void every_kind_and_attribute_is_noticed_named_and_silent_again_when_undone(int major) throws Exception {
        var url = kinds(major);
        var wrong = new ArrayList<String>();
        try (var connection = servers.connect(url)) {
            connection.setAutoCommit(false);
            var before = read(connection);
            var undone = 0;
            for (var line : Files.readAllLines(KINDS)) {
                var parts = line.split(" +\\| +");
                if (line.isBlank() || line.startsWith("#") || parts.length > 3 && major < Integer.parseInt(parts[3])) {
                    continue;
                }
                try (var statement = connection.createStatement()) {
                    statement.execute("set local search_path = public");
                    for (var sql : parts[0].split(";; ")) {
                        statement.execute(sql.replace(":db", url.replaceFirst(".*/", "")));
                    }
                    var told = differences(before, read(connection));
                    var attribute = parts[2].replace("unexpected", "is not expected").replace("missing", "is missing").replace("state",
                            "is not populated");
                    if (!told.stream().anyMatch(
                            finding -> finding.equals(parts[1] + ": " + attribute) || finding.equals(parts[1] + ", " + attribute))) {
                        wrong.add(parts[0] + ": told " + told);
                    }
                } catch (SQLException e) {
                    wrong.add(parts[0] + ": " + e.getMessage());
                }
                connection.rollback();
                if (++undone % 20 == 0 || line.contains("refresh") || line.contains("database")) {
                    assertThat(differences(before, read(connection))).as("after " + parts[0] + " was undone").isEmpty();
                }
            }
            assertThat(undone).isGreaterThan(180);
            assertThat(differences(before, read(connection))).isEmpty();
        }
        assertThat(wrong).isEmpty();
    }

    /** Each line in both directions: told, and what is suggested makes the one like the other; all in one database, rolled back. */
    @Test
    void pairs_that_once_misled_it_are_told_and_their_suggestions_make_them_equal() throws Exception {
        var url = servers.database();
        var parts = Files.readString(PAIRS).split("\n---\n");
        var wrong = new ArrayList<String>();
        try (var connection = servers.connect(url); var statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            for (var sql : parts[0].split("(?<=;)\n")) {
                statement.execute(sql);
            }
            var base = read(connection);
            assertThat(base.notCompared).containsKey("indexes and constraints that partitions have from their parent");
            var start = connection.setSavepoint();
            for (var line : parts[1].lines().filter(text -> !text.isBlank() && !text.startsWith("#")).toList()) {
                try {
                    pair(connection, base, line.replace(":db", url.replaceFirst(".*/", "")), wrong);
                } catch (SQLException e) {
                    wrong.add(line + ": " + e.getMessage());
                }
                connection.rollback(start);
            }
            assertThat(differences(base, read(connection))).isEmpty();
            connection.rollback();
        }
        assertThat(wrong).isEmpty();
    }

    static void pair(Connection connection, validate_schema.Model base, String line, List<String> wrong) throws SQLException {
        var parts = line.split(" +\\| +");
        var start = connection.setSavepoint();
        apply(connection, List.of(parts[0].split(";; ")));
        var changed = read(connection);
        var back = compare(base, changed);
        if (parts[1].equals("-")) {
            wrong.addAll(back.findings.stream().map(finding -> line + ": " + finding).toList());
            return;
        }
        var forth = compare(changed, base);
        for (var report : List.of(back, forth)) {
            var attribute = parts[2].equals("unexpected") || parts[2].equals("missing") ? null : parts[2];
            var problem = attribute != null ? "" : parts[2].equals("missing") == (report == back) ? "is missing" : "is not expected";
            if (report.findings.stream().noneMatch(finding -> finding.object().equals(parts[1])
                    && java.util.Objects.equals(finding.attribute(), attribute) && finding.problem().contains(problem))) {
                wrong.add(line + ": told " + report.findings);
            }
        }
        if (parts.length == 3) {
            apply(connection, back.suggestions());
            differences(base, read(connection)).forEach(left -> wrong.add(line + ": back, left " + left + " after " + back.suggestions()));
            connection.rollback(start);
            apply(connection, forth.suggestions());
            differences(changed, read(connection))
                    .forEach(left -> wrong.add(line + ": forth, left " + left + " after " + forth.suggestions()));
        }
    }

    static void apply(Connection connection, List<String> statements) throws SQLException {
        try (var statement = connection.createStatement()) {
            statement.execute("set local search_path = public");
            for (var sql : statements) {
                statement.execute(sql.replace(" CONCURRENTLY", ""));
            }
        }
    }

    static validate_schema.Report compare(validate_schema.Model wanted, validate_schema.Model found) {
        var report = new validate_schema.Report();
        new validate_schema.Comparison(wanted, found, report, null).run();
        report.sort();
        return report;
    }

    static validate_schema.Model read(Connection connection) throws SQLException {
        var script = new validate_schema();
        new validate_schema.Session(connection).settle(3000, 30000);
        return new validate_schema.Catalog(connection, script.scope.schemas).read();
    }

    static List<String> differences(validate_schema.Model wanted, validate_schema.Model found) {
        return compare(wanted, found).findings.stream()
                .map(finding -> finding.object() + (finding.attribute() == null ? ": " + finding.problem() : ", " + finding.attribute()))
                .toList();
    }

    interface Maker {
        void make(String url) throws Exception;
    }

    /** A copy of a database that is made once in a test run. */
    static synchronized String copy(String what, int major, Maker maker) throws Exception {
        if (!TEMPLATES.containsKey(what + major)) {
            var url = servers.database(major);
            maker.make(url);
            TEMPLATES.put(what + major, url);
        }
        var template = TEMPLATES.get(what + major);
        var name = what + "_" + COPIES.incrementAndGet();
        sql(template.replaceFirst("[^/]*$", "postgres"), "create database " + name + " template " + template.replaceFirst(".*/", ""));
        return template.replaceFirst("[^/]*$", name);
    }

    /** The sample and one object at least of every kind. */
    static String kinds(int major) throws Exception {
        return copy("kinds", major, url -> {
            migrate(url);
            var statements = new ArrayList<>(List.of("do $$ begin create role reader; exception when duplicate_object then null; end $$",
                    "do $$ begin create role other; exception when duplicate_object then null; end $$",
                    "grant create on schema public to other"));
            for (var sql : Files.readString(Path.of("tests/validate_schema_kinds.sql")).split(";\n")) {
                if (major >= 14 || !sql.contains("begin atomic")) {
                    statements
                            .add(major >= 15 ? sql : sql.replace(" nulls not distinct", "").replace("with (security_invoker = true) ", ""));
                }
            }
            sql(url, statements.toArray(String[]::new));
        });
    }

    static String sample(int major) throws Exception {
        return copy("sample", major, validate_schema_test::migrate);
    }

    static void migrate(String url) {
        var script = new run_migrations();
        script.database.environment = () -> Map.of();
        assertThat(script.database.command(script).setOut(new PrintWriter(new StringWriter())).execute("--url", url)).isZero();
    }

    // --- no difference ---

    @ParameterizedTest
    @MethodSource("majors")
    void a_schema_does_not_differ_from_its_own_migrations_whatever_the_data(int major) throws Exception {
        var url = sample(major);
        sql(url, "insert into categories (name, slug) select 'c' || i, 'c' || i from generate_series(1, 50) i",
                "delete from categories where id > 25", "analyze", "vacuum full categories",
                "refresh materialized view product_performance", "create schema if not exists pgbang", "create table pgbang.anything ()",
                "create table pgbang_else ()");
        var ran = run("--url", url, "--dir", "migrations");
        assertThat(ran.exit()).as(ran.out() + ran.err()).isZero();
        assertThat(ran.out()).contains("as expected");
        assertThat(scratches(url)).isZero();
    }

    @Test
    @Tag("slow")
    void the_same_migrations_on_14_and_on_18_give_the_same_bytes() throws Exception {
        var old = folder.resolve("14.json");
        var young = folder.resolve("18.json");
        var urls = List.of(hard(14), hard(servers.newest()));
        assertThat(run("--url", urls.get(0), "--snapshot", old.toString()).exit()).isZero();
        assertThat(run("--url", urls.get(1), "--snapshot", young.toString()).exit()).isZero();
        assertThat(young).hasSameTextualContentAs(old);
        assertThat(Files.readString(young)).doesNotContain("postgresql://", "localhost");
        assertThat(run("--url", urls.get(1), "--against", old.toString()).exit()).isZero();
        assertThat(run("--url", urls.get(0), "--against", urls.get(1)).exit()).isZero();
    }

    /** Each printed otherwise after a restore, or known to be hard to compare; PostgreSQL's own pg_dump makes the copy. */
    @Test
    @Tag("slow")
    void a_restored_copy_does_not_differ_though_its_expressions_are_printed_otherwise() throws Exception {
        var major = dumpable();
        var source = kinds(major);
        sql(source, Files.readString(Path.of("tests/validate_schema_restored.sql")).split(";\n"));
        var copy = servers.database(major);
        restore(source, copy);
        assertThat(column(copy, "select pg_get_constraintdef(oid) from pg_constraint where conname = 'twice_a_check'")).isNotEqualTo(
                column(source, "select pg_get_constraintdef(oid) from pg_constraint where conname = 'twice_a_check'"));
        var snapshot = folder.resolve("s.json").toString();
        run("--url", source, "--snapshot", snapshot);
        for (var against : List.of(source, snapshot)) {
            var ran = run("--url", copy, "--against", against, "--json");
            assertThat(json(ran).getAsJsonArray("findings").asList().stream()
                    .filter(f -> !f.getAsJsonObject().get("object").getAsString().contains("materialized"))).as(ran.out()).isEmpty();
            assertThat(ran.exit()).as(ran.out() + ran.err()).isZero();
        }
        assertThat(scratches(copy)).isZero();
        sql(copy, "alter table twice drop constraint twice_a_check, add constraint twice_a_check check (a between 1 and 5 or a <> 3)");
        assertThat(run("--url", copy, "--against", snapshot).out()).contains("constraint public.twice.twice_a_check, definition: differs");
        sql(source, "drop schema restored cascade", "drop table twice cascade");
    }

    @Test
    void suggestions_in_their_order_make_a_database_like_the_other() throws Exception {
        var url = servers.database();
        var other = servers.database();
        sql(url, "create table a (id serial primary key, n int, g int generated always as (n + 1) stored, i int generated always as identity (cycle), s varchar(5) collate \"C\")",
                "comment on column a.n is 'x'",
                "create table b (a int references a, m int)", "create view v as select id, n from a",
                "create sequence q increment 3 cycle owned by b.m", "create function f(x int) returns bigint language sql as 'select 1'",
                "create materialized view w as select id from a", "create index w_i on w (id)",
                "alter table b add constraint u unique (m) with (fillfactor = 50)",
                "create function tf() returns trigger language plpgsql as 'begin return new; end'",
                "create index a_n on a (n)", "alter index a_n depends on extension plpgsql", "grant select on b to public",
                "alter table a enable row level security");
        sql(other,
                "create table a (id int primary key, n int, g int generated always as (n + 2) stored, i int generated always as identity (increment 2), s varchar(5), extra int)",
                "create view v as select n, id, extra from a",
                "create sequence q", "create function f(y int) returns int language sql as 'select 1'",
                "create table gone (id serial, a int references a)", "create view gone_v as select * from gone",
                "create index a_n on a (n)");
        for (var pair : List.of(List.of(other, url), List.of(url, other))) {
            if (pair.get(0).equals(url)) { // by now both are alike: the way back needs another difference
                sql(other, "drop table b cascade", "alter table a drop column g", "drop view v", "create view v as select id from a");
            }
            for (int round = 0; round < 3; round++) {
                for (var statement : json(run("--url", pair.get(0), "--against", pair.get(1), "--json")).getAsJsonArray("suggestions")) {
                    sql(pair.get(0), statement.getAsString());
                }
            }
            var left = json(run("--url", pair.get(0), "--against", pair.get(1), "--json")).getAsJsonArray("findings");
            assertThat(left.asList().stream().map(f -> f.getAsJsonObject())
                    .filter(f -> f.get("attribute").isJsonNull() || !f.get("attribute").getAsString().equals("position"))).isEmpty();
        }
    }

    @Test
    void what_belongs_to_a_type_and_how_the_database_reads_texts_is_no_difference_of_its_own() throws Exception {
        var url = servers.database();
        var other = servers.database();
        for (var database : List.of(url, other)) {
            sql(database, "create table t (a text default E'a\\\\b')",
                    "create server s foreign data wrapper f".replace("create server", "create foreign data wrapper f; create server"),
                    "create user mapping for public server s options (user 'u', password 'p')");
        }
        sql(other, "create type r as range (subtype = timestamptz)", "alter table t disable trigger all");
        sql(other, "do $$ begin execute format('alter database %I set standard_conforming_strings = off', current_database()); end $$");
        var findings = json(run("--url", other, "--against", url, "--json")).getAsJsonArray("findings").asList().stream()
                .map(f -> f.getAsJsonObject()).toList();
        assertThat(findings).extracting(f -> f.get("object").getAsString()).containsExactlyInAnyOrder("database this",
                "range type public.r");
    }

    @Test
    void a_collation_recorded_with_another_version_of_its_library_is_noted() throws Exception {
        var url = servers.database();
        var snapshot = folder.resolve("s.json").toString();
        sql(url, "create collation german (provider = icu, locale = 'de')");
        run("--url", url, "--snapshot", snapshot);
        sql(url, "update pg_collation set collversion = '1.2' where collname = 'german'");
        var ran = run("--url", url, "--against", snapshot);
        assertThat(ran.exit()).isZero();
        assertThat(ran.out()).contains("note        collation public.german: is recorded with version 1.2, its library has ",
                "rebuild the indexes", "ALTER COLLATION ... REFRESH VERSION");
    }

    /** The newest major that the installed pg_dump can read. */
    static int dumpable() throws Exception {
        assumeTrue(shell.has("pg_dump") && shell.has("psql"), "pg_dump and psql are not installed");
        return Math.min(servers.newest(),
                Integer.parseInt(shell.run(shell.ROOT, Map.of(), "pg_dump", "--version").out().replaceAll("(?s)^\\D*(\\d+).*", "$1")));
    }

    void restore(String source, String copy) throws Exception {
        var dump = folder.resolve("dump.sql");
        assertThat(shell.run(shell.ROOT, Map.of(), "pg_dump", "-s", "-d", source, "-f", dump.toString()).exit()).isZero();
        shell.run(shell.ROOT, Map.of(), "psql", "-Xq", "-d", copy, "-f", dump.toString());
    }

    @Test
    @Tag("slow")
    void what_only_pg_dump_sees_is_unexplained_and_critical() throws Exception {
        var major = dumpable();
        var url = servers.database(major);
        var other = servers.database(major);
        for (var database : List.of(url, other)) {
            sql(database, "create table one (id int primary key)", "create view two as select id from one");
        }
        assertThat(run("--url", url, "--against", other, "--cross-check", "--verbose").err()).contains("pg_dump prints",
                "the same of both");
        var seen = new validate_schema.Model();
        var script = new validate_schema();
        script.database.environment = () -> Map.of("PATH", System.getenv("PATH"));
        script.commandLine();
        script.database.url = url;
        sql(other, "alter table one add n int default 5");
        seen.server = major;
        new validate_schema.CrossCheck(script, new validate_schema.RoundTrip(script, seen, null)).run(seen,
                new validate_schema.Elsewhere(script.database, other, null), seen);
        assertThat(script.report.findings).extracting(f -> f.severity() + " " + f.object() + ": " + f.problem().replaceFirst(":.*", ""))
                .containsExactly("critical table public.one: UNEXPLAINED");
        assertThat(script.report.findings.get(0).wanted()).contains("DEFAULT 5");
        assertThat(run(Map.of("PATH", "/nonexistent"), "--url", url, "--against", url, "--exclude", "x", "--cross-check").out())
                .contains("skipped     drift pg_dump");
    }

    @Test
    void equal_conditions_are_equal_texts_and_other_conditions_are_not() {
        assertThat(validate_schema.Text.canonical("CHECK (((a >= 1) AND (a <= 5)) AND (b > 0))"))
                .isEqualTo(validate_schema.Text.canonical("CHECK ((a >= 1) AND (a <= 5) AND (b > 0))"));
        assertThat(validate_schema.Text.canonical("((s)::text = ANY ((ARRAY['a,'::character varying, 'b'::character varying])::text[]))"))
                .isEqualTo(validate_schema.Text
                        .canonical("((s)::text = ANY (ARRAY[('a,'::character varying)::text, ('b'::character varying)::text]))"));
        assertThat(validate_schema.Text.canonical("((a OR b) AND c)")).isNotEqualTo(validate_schema.Text.canonical("(a OR b AND c)"));
        assertThat(validate_schema.Text.canonical("NOT (a AND b) AND c")).isNotEqualTo(validate_schema.Text.canonical("NOT a AND b AND c"));
        assertThat(validate_schema.Text.canonical("x = ' (a AND b) AND c'")).contains("' (a AND b) AND c'");
        assertThat(validate_schema.Text.view(
                " SELECT t.a,\n    ( SELECT max(u.a) AS max\n           FROM u\n          WHERE (u.a = t.a)) AS m\n   FROM public.t\n  WHERE (t.b > 0);"))
                .isEqualTo(validate_schema.Text.view(
                        " SELECT a,\n    ( SELECT max(u.a) AS max\n           FROM u\n          WHERE (u.a = t.a)) AS m\n   FROM public.t\n  WHERE (b > 0);")
                        .replace("u.a = t.a", "u.a = t.a"));
        assertThat(validate_schema.Text.view("SELECT t.a FROM (t JOIN u ON ((t.a = u.a)))")).contains("t.a FROM");
    }

    // --- where the expected schema comes from ---

    @Test
    void a_drift_is_told_with_its_migration_severity_and_statement_security_first() throws Exception {
        var url = sample(servers.newest());
        var before = folder.resolve("before.json").toString();
        run("--url", url, "--snapshot", before);
        sql(url, "drop index idx_products_category", "grant select on customers to public",
                "alter table products alter stock_quantity set default 7", "comment on table orders is 'changed'",
                "alter table products drop constraint products_price_check");
        var ran = run("--url", url, "--json", "--dir", "migrations");
        assertThat(ran.exit()).as(ran.err()).isEqualTo(1);
        var findings = json(ran).getAsJsonArray("findings").asList().stream().map(f -> f.getAsJsonObject()).toList();
        assertThat(findings)
                .extracting(
                        f -> f.get("severity").getAsString() + " " + f.get("object").getAsString() + " " + f.get("migration").getAsString())
                .containsExactly(
                        "security table public.customers 005", "data column public.products.stock_quantity 005",
                        "data constraint public.products.products_price_check 005",
                "performance index public.idx_products_category 005", "cosmetic table public.orders optimizations/002");
        for (var finding : findings) {
            sql(url, finding.get("suggestion").getAsString());
        }
        assertThat(run("--url", url, "--against", before).exit()).as("what is suggested mends it").isZero();
    }

    @Test
    @Tag("slow")
    void other_runners_give_the_same_verdicts() throws Exception {
        assumeTrue(shell.has("psql"), "psql is not installed");
        var dir = file("plain/001_one.sql", "create table one (id int primary key, n int check (n between 1 and 5 and n <> 2));")
                .getParent();
        var url = servers.database();
        sql(url, Files.readString(dir.resolve("001_one.sql")));
        var command = "for f in " + dir + "/*.sql; do psql -Xq -v ON_ERROR_STOP=1 -f $f || exit 1; done";
        assertThat(run("--url", url, "--runner", command).exit()).isZero();
        assertThat(run("--url", url, "--runner", "psql -Xq -v ON_ERROR_STOP=1 \"$DATABASE_URL\" -f " + dir + "/001_one.sql").exit())
                .isZero();
        sql(url, "alter table one add m int");
        assertThat(run("--url", url, "--runner", command).out()).contains("column public.one.m: is not expected",
                "ALTER TABLE public.one DROP COLUMN m;");
        assertThat(run("--url", url, "--dir", dir.toString()).out()).contains("column public.one.m: is not expected");
        assertThat(scratches(url)).isZero();
    }

    @Test
    @Tag("slow")
    void dbmate_and_alembic_give_the_same_verdicts() throws Exception {
        var dbmate = System.getenv("DBMATE");
        var alembic = System.getenv("ALEMBIC");
        assumeTrue(dbmate != null && alembic != null, "DBMATE and ALEMBIC name the programs");
        file("db/migrations/20260101000000_one.sql",
                "-- migrate:up\ncreate table one (id int primary key);\n-- migrate:down\ndrop table one;\n");
        file("alembic.ini", "[alembic]\nscript_location = " + folder.resolve("alembic") + "\n");
        file("alembic/env.py",
                "import os\nfrom alembic import context\nfrom sqlalchemy import create_engine\nwith create_engine(os.environ['DATABASE_URL'].replace('postgresql:', 'postgresql+psycopg2:')).connect() as c:\n    context.configure(connection=c)\n"
                + "    with context.begin_transaction():\n        context.run_migrations()\n");
        file("alembic/versions/one.py",
                "revision = '1'\ndown_revision = None\nfrom alembic import op\ndef upgrade():\n    op.execute('create table one (id int primary key)')\n");
        var url = servers.database();
        sql(url, "create table one (id int primary key)");
        for (var command : List.of("cd " + folder + " && " + dbmate + " --no-dump-schema up",
                alembic + " -c " + folder + "/alembic.ini upgrade head")) {
            var ran = run("--url", url, "--runner", command, "--ignore",
                    file("ignore.yaml", "- {object: '*alembic_version*', reason: the history of the tool}\n").toString());
            assertThat(ran.out()).as(ran.err()).contains("drift: ").doesNotContain("public.one");
        }
    }

    @Test
    void a_migration_that_fails_in_the_scratch_database_is_shown_and_nothing_is_left() throws Exception {
        var url = servers.database();
        var dir = file("bad/001_bad.sql", "create table one ();\nselect 1 / 0;\n").getParent();
        var ran = run("--url", url, "--dir", dir.toString(), "--json");
        assertThat(ran.exit()).isEqualTo(2);
        assertThat(json(ran).get("error").getAsString()).contains("the runner failed in the scratch database", "001_bad.sql:2",
                "division by zero");
        assertThat(scratches(url)).isZero();
        assertThat(run("--url", url, "--runner", "true").err()).contains("made nothing in the scratch database", "DATABASE_URL");
        assertThat(run("--url", url, "--runner", "sleep 30", "--runner-timeout", "1").err()).contains("did not end within 1 s");
        assertThat(scratches(url)).isZero();
    }

    @Test
    void a_role_without_CREATEDB_is_told_the_grant_and_the_other_server() throws Exception {
        var url = sample(servers.newest());
        sql(url, "do $$ begin create role modest login; exception when duplicate_object then null; end $$");
        var modest = url.replace("//postgres@", "//modest@");
        var ran = run("--url", modest, "--dir", "migrations");
        assertThat(ran.exit()).isEqualTo(2);
        assertThat(ran.err()).contains("ALTER ROLE \"modest\" CREATEDB", "--scratch-url", "42501");
        var elsewhere = run(Map.of("PATH", System.getenv("PATH"), "SCRATCH_URL", servers.database()), "--url", modest, "--runner", "true");
        assertThat(elsewhere.err()).as("the scratch database was made").contains("made nothing in the scratch database");
        assertThat(run("--url", modest, "--behaviour").out()).contains("no right: permission denied")
                .contains("not everything could be told");
    }

    @Test
    @Tag("slow")
    void an_interrupted_run_drops_its_scratch_database() throws Exception {
        var url = sample(servers.newest());
        var process = shell.start(shell.ROOT, Map.of("DATABASE_URL", url), "./jbang", "validate_schema", "--runner", "sleep 60");
        for (int i = 0; i < 200 && scratches(url) == 0; i++) {
            Thread.sleep(100);
        }
        assertThat(scratches(url)).isOne();
        process.toHandle().destroy();
        var ran = shell.finish(process, "");
        assertThat(ran.exit()).isEqualTo(143);
        assertThat(ran.err()).contains("interrupted; the scratch database is dropped");
        for (int i = 0; i < 50 && scratches(url) > 0; i++) {
            Thread.sleep(100);
        }
        assertThat(scratches(url)).isZero();
    }

    @Test
    void a_server_that_says_nothing_is_given_up() throws Exception {
        try (var silent = new java.net.ServerSocket(0)) {
            var start = System.nanoTime();
            var ran = run("--url", "postgresql://me@localhost:" + silent.getLocalPort() + "/x", "--connect-timeout", "1", "--snapshot",
                    folder.resolve("s.json").toString(), "--json");
            assertThat(ran.exit()).isEqualTo(2);
            assertThat(json(ran).get("error").getAsString()).contains("cannot use localhost");
            assertThat((System.nanoTime() - start) / 1e9).isLessThan(20);
        }
    }

    @Test
    @Tag("slow")
    void behind_a_transaction_pooler_everything_works_and_no_setting_stays() throws Exception {
        var url = sample(servers.newest());
        try (var pooler = pgbouncer.before(url, 3)) {
            var pooled = pooler.url;
            var snapshot = folder.resolve("s.json").toString();
            var expectations = folder.resolve("e.yaml").toString();
            for (var args : List.of(List.of("--snapshot", snapshot, "--wait", "10"), List.of("--against", snapshot),
                    List.of("--against", url), List.of("--expect", expectations, "--init"), List.of("--expect", expectations),
                    List.of("--behaviour"), List.of("--benchmark", "--runs", "8"), List.of("--dir", "migrations"))) {
                var given = new ArrayList<>(List.of("--url", pooled));
                given.addAll(args);
                var ran = run(given.toArray(String[]::new));
                assertThat(ran.exit()).as(args + ran.out() + ran.err()).isZero();
            }
            for (var i = 0; i < 6; i++) {
                try (var connection = pgbouncer.connect(pooled);
                        var rows = connection.createStatement()
                                .executeQuery("select current_setting('search_path'), current_setting('default_transaction_isolation'),"
                                + " current_setting('statement_timeout'), (select count(*) from pg_prepared_statements)")) {
                    rows.next();
                    assertThat(List.of(rows.getString(1), rows.getString(2), rows.getString(3), rows.getString(4)))
                            .containsExactly("\"$user\", public", "read committed", "0", "0");
                }
            }
            assertThat(scratches(url)).isZero();
        }
    }

    @Test
    @Tag("slow")
    void a_hot_standby_is_read_and_compared_and_behaviour_stops_there_clearly() throws Exception {
        var settings = new local_postgres.Settings(servers.newest(), folder.resolve("data"), 0, Map.of(), "app");
        var snapshot = folder.resolve("s.json").toString();
        var expectations = folder.resolve("e.yaml").toString();
        try (var primary = local_postgres.Server.start(settings)) {
            sql(primary.url("app"), "create table one (id int primary key, n int check (n between 1 and 5 and n <> 3))",
                    "create view v as select id from one where n in (1, 2)");
            assertThat(run("--url", primary.url("app"), "--snapshot", snapshot).exit()).isZero();
        }
        Files.createFile(folder.resolve("data/standby.signal")); // it waits for a primary for ever
        try (var standby = local_postgres.Server.start(settings)) {
            var url = standby.url("app");
            assertThat(run("--url", url, "--snapshot", folder.resolve("t.json").toString()).exit()).isZero();
            assertThat(folder.resolve("t.json")).hasSameTextualContentAs(Path.of(snapshot));
            for (var args : List.of(List.of("--against", snapshot), List.of("--against", url), List.of("--expect", expectations, "--init"),
                    List.of("--expect", expectations, "--benchmark", "--runs", "2"))) {
                var given = new ArrayList<>(List.of("--url", url));
                given.addAll(args);
                var ran = run(given.toArray(String[]::new));
                assertThat(ran.exit()).as(args + ran.out() + ran.err()).isZero();
            }
            var behaviour = run("--url", url, "--behaviour");
            assertThat(behaviour.exit()).isEqualTo(2);
            assertThat(behaviour.err()).contains("nothing can be written here: this is a hot standby");
            var other = servers.database();
            sql(other, "create table one (id int primary key, n int check ((n between 1 and 5) and n <> 3 or n = 5))",
                    "create view v as select id from one where n in (1, 2)");
            var differs = run("--url", url, "--against", other);
            assertThat(differs.exit()).as(differs.out() + differs.err()).isEqualTo(1);
        }
    }

    @Test
    void snapshots_of_another_format_and_broken_files_are_wrong_usage() throws Exception {
        var url = servers.database();
        for (var text : List.of("{\"snapshot\": \"x\", \"format\": 99, \"objects\": {}}", "{\"format\": 99}",
                "{\"snapshot\": \"x\", \"format\": {}}", "{}", "[]", "no json", "")) {
            var ran = run("--url", url, "--against", file("s.json", text).toString(), "--json");
            assertThat(ran.exit()).as(text + ran.err()).isEqualTo(64);
            assertThat(json(ran).get("error").getAsString()).contains("s.json");
        }
        assertThat(
                run("--url", url, "--against", file("s.json", "{\"snapshot\": \"x\", \"format\": 99, \"objects\": {}}").toString()).err())
                .contains("format 99");
        for (var text : List.of("{\"snapshot\": \"x\", \"format\": 1, \"schemas\": [], \"portable\": false, \"objects\": {\"table\": [1]}}",
                "{\"snapshot\": \"x\", \"format\": 1, \"schemas\": [], \"portable\": false, \"objects\": {\"view\": {\"public.v\": {\"definition\": 5}}}}",
                "{\"snapshot\": \"x\", \"format\": 1, \"objects\": {}}")) {
            assertThat(run("--url", url, "--against", file("s.json", text).toString()).exit()).isEqualTo(64);
        }
        assertThat(run("--url", url, "--against", "mysql://x/y").err()).contains("--against takes");
        assertThat(run("--url", url, "--against", folder.toString()).exit()).isEqualTo(64);
        assertThat(run("--url", url, "--snapshot", "/nonexistent/s.json").exit()).isEqualTo(64);
    }

    @Test
    void wrong_usage_is_64_and_with_json_one_document_all_the_same() throws Exception {
        var url = servers.database();
        for (var args : List.of(List.of("--nonsense"), List.of("--init"), List.of("--p95", "fast", "--benchmark"), List.of("--p95", "1ms"),
                List.of("--runs", "0"), List.of("--against", "nowhere.json"),
                List.of("--dir", "nowhere"), List.of("--sqlite", "nowhere.db"), List.of("--expect", "nowhere.yaml"),
                List.of("--against", "a", "--runner", "b"))) {
            var given = new ArrayList<>(List.of("--url", url, "--json"));
            given.addAll(args);
            var ran = run(given.toArray(String[]::new));
            assertThat(ran.exit()).as(args + ran.err()).isEqualTo(64);
            assertThat(json(ran).get("exit").getAsInt()).isEqualTo(64);
        }
        var lost = run("--url", "postgresql://me:secret@localhost:1/x", "--json", "--against", "x.json");
        assertThat(lost.exit()).isEqualTo(2);
        assertThat(lost.out() + lost.err()).doesNotContain("secret").contains("localhost:1/x");
    }

    @Test
    void ignored_differences_need_a_reason_and_must_exist() throws Exception {
        var url = servers.database();
        sql(url, "create table one (id int)", "create table two ()");
        var snapshot = folder.resolve("s.json").toString();
        run("--url", url, "--snapshot", snapshot);
        sql(url, "alter table one add n int", "comment on table two is 'x'");
        var fine = run("--url", url, "--against", snapshot, "--ignore", file("i.yaml",
                "- {object: column public.one.*, reason: on trial}\n- {object: table public.two, attribute: comment, reason: notes}\n")
                .toString());
        assertThat(fine.exit()).as(fine.out() + fine.err()).isZero();
        assertThat(fine.out()).contains("ignored     column public.one.n: is not expected: on trial");
        var idle = run("--url", url, "--against", snapshot, "--ignore",
                file("i.yaml", "- {object: table public.none, reason: x}\n").toString());
        assertThat(idle.exit()).isEqualTo(64);
        assertThat(idle.err()).contains("nothing differs that table public.none matches");
        assertThat(idle.out()).contains("column public.one.n: is not expected");
        assertThat(run("--url", url, "--against", snapshot, "--ignore", file("i.yaml", "- {object: table public.one}\n").toString()).err())
                .contains("has no reason");
        assertThat(run("--url", url, "--against", snapshot, "--ignore",
                file("i.yaml", "- {object: table public.one, attribute: 5, reason: x}\n").toString()).err())
                .contains("attribute is no text");
    }

    @Test
    void schemas_and_excluded_objects_are_left_out_and_said_to_be() throws Exception {
        var url = servers.database();
        sql(url, "create schema a", "create schema b", "create table a.one ()", "create table b.two (id int primary key)");
        var other = servers.database();
        sql(other, "create schema a", "create table a.one ()");
        assertThat(run("--url", url, "--against", other, "--schemas", "a").exit()).isZero();
        var ran = run("--url", url, "--against", other, "--exclude", "b.*,b");
        assertThat(ran.exit()).as(ran.out()).isZero();
        assertThat(ran.out()).contains("not compared: --exclude b");
        assertThat(run("--url", url, "--against", other).out()).contains("table b.two: is not expected");
    }

    @Test
    void what_no_reader_covers_is_counted_and_named() throws Exception {
        var url = servers.database();
        sql(url, "select lo_create(0)", "select lo_create(0)", "create extension hstore");
        var ran = run("--url", url, "--against", servers.database(), "--schemas", "public");
        assertThat(ran.out()).contains("not compared: largeobject: 2 objects", "not compared: members of extensions: ",
                "not compared: what belongs to no schema");
    }

    @Test
    void hostile_names_are_compared_quoted_and_suggested_as_valid_sql() throws Exception {
        var url = servers.database();
        var other = servers.database();
        sql(url, "create schema \"a\"\"b.c\"", "create table \"a\"\"b.c\".\"t'; drop table x; --\" (\"col.umn\" int, \"ünï\" text)");
        var ran = run("--url", other, "--against", url, "--json", "--html", folder.resolve("h.html").toString(), "--junit",
                folder.resolve("j.xml").toString());
        assertThat(ran.exit()).isEqualTo(1);
        for (var finding : json(ran).getAsJsonArray("findings")) {
            if (finding.getAsJsonObject().get("object").getAsString().matches("(schema|table) .*")) {
                sql(other, finding.getAsJsonObject().get("suggestion").getAsString());
            }
        }
        assertThat(run("--url", other, "--against", url).exit()).isZero();
        assertThat(run("--url", other, "--behaviour").exit()).isZero();
        javax.xml.parsers.DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(folder.resolve("j.xml").toFile());
        assertThat(Files.readString(folder.resolve("h.html"))).doesNotContain("http://", "https://", "<script", "%d", "%s")
                .containsPattern("<svg [^>]*width=\"(\\d+)\" height=\"(\\d+)\" viewBox=\"0 0 \\1 \\2\"><");
    }

    // --- behaviour ---

    @ParameterizedTest
    @MethodSource("majors")
    void the_sample_works_and_leaves_no_trace(int major) throws Exception {
        worksWithoutTrace(sample(major), major);
    }

    @ParameterizedTest
    @MethodSource("majors")
    void cycles_domains_ranges_partitions_generated_columns_and_identities_work_and_leave_no_trace(int major) throws Exception {
        worksWithoutTrace(hard(major), major);
    }

    void worksWithoutTrace(String url, int major) throws Exception {
        var schema = folder.resolve("before.json").toString();
        run("--url", url, "--snapshot", schema);
        var data = data(url);
        var ran = run("--url", url, "--behaviour");
        assertThat(ran.exit()).as(ran.out() + ran.err()).isZero();
        assertThat(ran.out()).contains(" verified").doesNotContain("note: sequence", "skipped");
        assertThat(data(url)).isEqualTo(data);
        assertThat(run("--url", url, "--against", schema).exit()).isZero();
    }

    /** Rows of all tables, and the values of all sequences. */
    static String data(String url) throws SQLException {
        return column(url,
                "select table_schema || table_name || query_to_xml(format('select count(*), md5(string_agg(t::text, %L order by t::text)) from %I.%I t', ',', table_schema, table_name), false, false, '')"
                + " from information_schema.tables where table_schema not in ('pg_catalog', 'information_schema') order by 1")
                + "" + column(url, "select sequencename || coalesce(last_value, 0) from pg_sequences order by 1");
    }

    @Test
    void what_does_not_work_is_found() throws Exception {
        var url = servers.database();
        sql(url, "create table p (id int primary key)", "create table c (id serial primary key, p int references p, n int, u int unique)",
                "alter table c disable trigger all",
                "insert into c values (5, 9, -1, 1)", "alter table c add constraint positive check (n > 0) not valid",
                "create table d (id int)", "insert into d values (1), (1)",
                "create function f() returns trigger language plpgsql as 'begin return new; end'",
                "create trigger fires before insert on p for each row execute function f()",
                "create trigger rests before insert on d for each row execute function f()", "alter table d disable trigger rests",
                "create function fails() returns int language plpgsql as 'begin return 1 / 0; end'", "create view v as select fails()",
                "create materialized view m as select 1 with no data",
                "create unique index broken on d (id) where id > 1",
                "update pg_index set indisvalid = false where indexrelid = 'broken'::regclass");
        var ran = run("--url", url, "--behaviour");
        assertThat(ran.exit()).isEqualTo(1);
        assertThat(ran.out()).contains("constraint public.c.c_p_fkey: checks nothing", "constraint public.c.c_p_fkey: does not refuse",
                "constraint public.c.positive: is NOT VALID",
                "trigger public.d.rests: is disabled", "view public.v: fails: division by zero", "materialized view public.m: fails",
                "index public.broken: is invalid",
                "sequence public.c_id_seq: is behind its column");
    }

    @Test
    void each_partition_gets_a_row_and_triggers_of_truncate_and_of_views_fire() throws Exception {
        var url = servers.database();
        sql(url, "create table p (id int, day date not null, primary key (id, day)) partition by range (day)",
                "create table p1 partition of p for values from ('2024-01-01') to ('2024-02-01')",
                "create table p2 partition of p for values from ('2024-02-01') to ('2025-01-01') partition by hash (id)",
                "create table p2a partition of p2 for values with (modulus 3, remainder 0)",
                "create table p2b partition of p2 for values with (modulus 3, remainder 1)",
                "create table p2c partition of p2 for values with (modulus 3, remainder 2)", "create table rest partition of p default",
                "create table \"Pärent\" (id int primary key)",
                "create table c (id int primary key, parent int not null references \"Pärent\", name text check (name ~ '^[A-Z]{3}$'), unique (name))",
                "create table log (what text)", "create view v as select c.id, c.parent, c.name from c",
                "create function logs() returns trigger language plpgsql as $$begin insert into log values (tg_op); return null; end$$",
                "create function into_c() returns trigger language plpgsql as $$begin if tg_op = 'INSERT' then insert into c values (new.*); end if; return coalesce(new, old); end$$",
                "create function refuses() returns trigger language plpgsql as $$begin raise 'never'; end$$",
                "create trigger empties after truncate on log execute function logs()",
                "create trigger never before truncate on p execute function refuses()",
                "create trigger instead instead of insert or update or delete on v for each row execute function into_c()",
                "create extension file_fdw", "create server files foreign data wrapper file_fdw",
                "create foreign table far (line text) server files options (filename '/dev/null')");
        var data = data(url);
        var ran = run("--url", url, "--behaviour");
        assertThat(ran.out().lines().filter(line -> !line.startsWith("not compared") && !line.startsWith("behaviour: ")))
                .containsExactly("skipped     behaviour table public.far: a foreign table: its rows are elsewhere");
        assertThat(ran.exit()).isEqualTo(3);
        assertThat(passed(url)).contains("table public.p1 takes a row through its parent",
                "table public.p2a takes a row through its parent", "table public.p2c takes a row through its parent",
                "table public.rest takes a row through its parent", "trigger public.log.empties fires on truncate",
                "trigger public.p.never fires on truncate", "trigger public.v.instead fires on insert",
                "trigger public.v.instead fires on update", "trigger public.v.instead fires on delete");
        assertThat(data(url)).isEqualTo(data);
        try (var other = servers.connect(url)) { // a table in use is not waited for, and nobody waits for us
            other.setAutoCommit(false);
            other.createStatement().execute("select * from log");
            assertThat(run("--url", url, "--behaviour").out())
                    .contains("skipped     behaviour trigger public.log.empties: the truncate failed: locked by somebody else");
        }
    }

    /** The sentences that --behaviour verified, which the output only counts. */
    static List<String> passed(String url) {
        var script = new validate_schema();
        script.database.environment = Map::of;
        script.commandLine().setOut(new PrintWriter(new StringWriter())).execute("--url", url, "--behaviour");
        return script.report.passed.get("behaviour");
    }

    @Test
    void row_security_is_read_as_each_role_and_a_policy_that_fails_is_found() throws Exception {
        var url = kinds(servers.newest());
        var mine = servers.database();
        sql(mine, "create table good (id int)", "create table bad (id int)", "create table forced (id int)",
                "create policy p on good using (id > 1)", "create policy p on bad using (exists (select from bad b where b.id = bad.id))",
                "grant select on good, bad, forced to reader", "alter table good enable row level security",
                "alter table bad enable row level security", "alter table forced enable row level security, force row level security");
        var ran = run("--url", mine, "--behaviour");
        assertThat(ran.out())
                .contains("security    row security of table public.bad for reader: fails: infinite recursion detected in policy")
                .doesNotContain("public.good for", "public.forced for");
        assertThat(passed(mine)).contains("row security of table public.good for reader works",
                "row security of table public.forced for reader works");
        sql(mine, "do $$ begin create role above superuser; exception when duplicate_object then null; end $$",
                "grant select on good to above");
        assertThat(run("--url", mine, "--behaviour").out()).contains("note: row security of table public.good for above does not hold");
        assertThat(url).isNotNull();
    }

    @Test
    void an_index_that_no_query_for_its_key_can_use_is_found() throws Exception {
        var url = servers.database();
        sql(url, "create extension pg_trgm", "create extension btree_gist", "create type mood as enum ('a', 'b')",
                "create table t (id int primary key, v varchar(9), c char(3), j jsonb, a int[], r int4range, ts tsvector, p point, m mood, n name, \"user\" inet, e text, f text collate \"C\")",
                "create index on t (lower(v)) where id > 5", "create index on t using gin (j)",
                "create index on t using gin (j jsonb_path_ops)", "create index on t using gin (a)", "create index on t using gist (r)",
                "create index on t using gin (ts)", "create index on t using gist (p)", "create index on t using spgist (p)",
                "create index on t using brin (id)", "create index on t using hash (c)", "create index on t (m)",
                "create index on t (n)", "create index \"user\" on t (\"user\")", "create index on t using gin (e gin_trgm_ops)",
                "create index on t (e text_pattern_ops)", "create index on t (e collate \"de-x-icu\")",
                "create index on t (f)", "create index on t (v varchar_pattern_ops desc) include (id)", "create index on t (r)",
                "create index on t (a)", "create index on t (j)", "create index on t ((id + 1), (v || 'x'))",
                "create index on t using gist (id)", "create index on t using gist (\"user\" inet_ops)");
        var ran = run("--url", url, "--behaviour");
        assertThat(ran.exit()).as(ran.out() + ran.err()).isZero();
        assertThat(passed(url).stream().filter(text -> text.endsWith(" is used"))).hasSize(25);
        try (var other = servers.connect(url)) { // which may see rows that an index with indcheckxmin has not
            other.setAutoCommit(false);
            other.createStatement().execute("select pg_current_xact_id()");
            sql(url, "create table u (id int)", "create index dead on u (id)",
                    "update pg_index set indcheckxmin = true where indexrelid = 'dead'::regclass");
            assertThat(run("--url", url, "--behaviour").out())
                    .contains("performance index public.dead: is not used by a query for its key");
        }
    }

    @Test
    void a_sequence_that_a_trigger_moves_is_named() throws Exception {
        var url = servers.database();
        sql(url, "create sequence s", "create table t (id int)",
                "create function f() returns trigger language plpgsql as $$begin new.id := nextval('public.s'); return new; end$$",
                "create trigger moves before insert on t for each row execute function f()");
        assertThat(run("--url", url, "--behaviour").out()).contains("note: sequence public.s went from", "sequences do not roll back");
    }

    @Test
    void a_table_that_somebody_has_locked_is_skipped_in_bounded_time() throws Exception {
        var url = servers.database();
        sql(url, "create table t (id int primary key)", "create table u (id int primary key)");
        try (var other = servers.connect(url)) {
            other.setAutoCommit(false);
            other.createStatement().execute("lock table t in exclusive mode");
            var ran = run("--url", url, "--behaviour", "--lock-timeout", "0.2");
            assertThat(ran.exit()).isEqualTo(3);
            assertThat(ran.out()).contains("table public.t: no row was found that it takes: locked by somebody else")
                    .doesNotContain("table public.u");
        }
    }

    // --- expectations and speed ---

    @Test
    void expectations_are_written_met_and_missed() throws Exception {
        var url = sample(servers.newest());
        var file = folder.resolve("e.yaml").toString();
        assertThat(run("--url", url, "--expect", file, "--init").exit()).isZero();
        var met = run("--url", url, "--expect", file);
        assertThat(met.exit()).as(met.out()).isZero();
        assertThat(run("--url", url, "--expect", file, "--init").exit()).as("it is not overwritten").isEqualTo(64);
        var missed = run("--url", url, "--expect", file("m.yaml", """
                tables:
                  orders: {columns: {id: int8 not null, total_amount: "decimal(12, 2) not null", ordered_at: timestamptz(3), nothing: , status: int}, indexes: [idx_none], constraints: [orders_pkey]}
                  none:
                empty: {seeds: select name from ab_test_scenarios, wrong: select nothing from nowhere}
                queries:
                  slow: {sql: select pg_sleep(0.05), limit: 10ms}
                  fast: {sql: select 1, limit: 5s}
                """).toString());
        assertThat(missed.exit()).isEqualTo(1);
        assertThat(missed.out())
                .contains("column public.orders.nothing: is missing", "column public.orders.status: has another type",
                        "index public.idx_none: is missing", "table none: is missing",
                        "seeds: returns rows", "wrong: fails: relation \"nowhere\" does not exist", "slow: takes too long")
                .doesNotContain("total_amount", "ordered_at", "fast");
        assertThat(run("--url", url, "--expect", file("x.yaml", "table: {}").toString()).exit()).isEqualTo(64);
        assertThat(run("--url", url, "--expect", file("x.yaml", "a: [").toString()).exit()).isEqualTo(64);
    }

    @Test
    void a_query_of_the_expectations_cannot_leave_the_read_only_transaction() throws Exception {
        var url = servers.database();
        for (var text : List.of("empty: {q: commit; create table pwned (a int)}", "empty: {q: commit}",
                "empty: {q: 'select 1) as x; commit; create table pwned (a int); select * from (select 1'}",
                "empty: {q: \"select 1 /* ' */) as x; commit; create table pwned (a int); select * from (select ''\"}",
                "queries: {q: {sql: 'rollback; create table pwned (a int); select 1', limit: 1s}}", "empty: {q: create table pwned ()}")) {
            assertThat(run("--url", url, "--expect", file("e.yaml", text).toString(), "--benchmark").exit()).as(text).isNotZero();
        }
        assertThat(column(url, "select relname from pg_class where relname = 'pwned'")).isEmpty();
        assertThat(run("--url", url, "--expect", file("e.yaml", "empty: {q: 'select 1 where false; '}").toString()).exit()).isZero();
    }

    @Test
    void a_plan_that_lost_its_index_and_a_slow_query_are_findings() throws Exception {
        var url = servers.database();
        sql(url, "create table p (id int primary key)", "create table c (id int primary key, p int references p)",
                "insert into p select generate_series(1, 20000)",
                "insert into c select i, i from generate_series(1, 20000) i", "create index c_p on c (p)", "analyze");
        var baseline = folder.resolve("b.json").toString();
        var first = run("--url", url, "--benchmark", "--runs", "3", "--baseline", baseline);
        assertThat(first.exit()).as(first.out() + first.err()).isZero();
        assertThat(first.out()).contains("lookup public.c by c_p_fkey", "c_p", "P95");
        sql(url, "drop index c_p");
        var second = run("--url", url, "--benchmark", "--runs", "3", "--baseline", baseline);
        assertThat(second.exit()).isEqualTo(1);
        assertThat(second.out()).contains("lookup public.c by c_p_fkey, plan: has a sequential scan where there was an index");
        var slow = run("--url", url, "--benchmark", "--runs", "2", "--p95", "10ms", "--expect",
                file("q.yaml", "queries: {sleep: {sql: select pg_sleep(0.03), limit: 5s}}").toString(), "--json");
        assertThat(json(slow).getAsJsonArray("findings").get(0).getAsJsonObject().get("problem").getAsString())
                .isEqualTo("is over the limit");
    }

    // --- SQLite ---

    @Test
    void a_sqlite_file_is_compared_with_its_migrations_and_checked() throws Exception {
        var dir = file("lite/001_one.sql",
                "create table p (id integer primary key, name text not null check (name <> ''));\ncreate table c (id integer primary key, p integer references p (id));\n"
                + "create index c_p on c (p);\ncreate view v as select name from p;\n").getParent();
        var db = folder.resolve("app.db").toString();
        lite(db, Files.readString(dir.resolve("001_one.sql")));
        var same = run("--sqlite", db, "--dir", dir.toString());
        assertThat(same.exit()).as(same.out() + same.err()).isZero();
        lite(db, "drop index c_p; alter table p add column extra text; insert into c values (1, 99);");
        var differs = run("--sqlite", db, "--dir", dir.toString());
        assertThat(differs.exit()).isEqualTo(1);
        assertThat(differs.out()).contains("index c_p: is missing", "column p.extra: is not expected", "1 row without a parent in p");
        assertThat(run("--sqlite", db, "--expect",
                file("e.yaml", "tables: {p: {columns: {name: text not null}}}\nempty: {none: select * from p}").toString()).out())
                .contains("expectation: 3 verified");
    }

    @Test
    void what_postgresql_has_of_a_sqlite_file_is_compared_by_what_both_have() throws Exception {
        var db = folder.resolve("app.db").toString();
        lite(db, "create table Parent (id integer primary key, name text not null unique); create table child (a integer, b integer, p integer not null references Parent (id) on delete cascade, primary key (a, b));"
                + "create index child_p on child (p); create view v as select name from Parent;");
        var url = servers.database();
        sql(url, "create table parent (id bigint primary key, name text not null unique)",
                "create table child (a bigint, b bigint, p bigint not null references parent on delete cascade, primary key (a, b))",
                "create index child_p on child (p)", "create view v as select name from parent");
        var same = run("--sqlite", db, "--against", url);
        assertThat(same.exit()).as(same.out() + same.err()).isZero();
        sql(url, "drop index child_p", "alter table child drop constraint child_p_fkey", "alter table child alter p drop not null");
        assertThat(run("--sqlite", db, "--against", url).out())
                .contains("constraint child.foreign key (p) references parent on delete cascade: is missing", "index child.(p): is missing",
                "column child.p, not null: differs").doesNotContain("suggested", "another name");
    }

    @Test
    void what_sqlite_keeps_only_in_its_text_is_compared_and_the_way_of_writing_is_not() throws Exception {
        var db = folder.resolve("a.db").toString();
        var other = folder.resolve("b.db").toString();
        var text = "create table p (id integer primary key, n text collate nocase, g int generated always as (id * 2) virtual, u text unique);"
                + " create table c (a int references p (id), b int, foreign key (b) references p (id) deferrable initially deferred, primary key (a, b)) without rowid;";
        lite(db, text);
        for (var change : List.of("collate nocase|-- '\n COLLATE /* ( */ NoCase|-|-", "(id * 2)|( id*2 )|-|-",
                "(id * 2)|(id * 3)|column p.g|generated", "collate nocase||column p.n|clauses",
                "text unique|text unique on conflict replace|column p.u|clauses", "initially deferred||table c|clauses",
                "references p (id),|references p (id) deferrable,|column c.a|clauses",
                "primary key (a, b)|primary key (b, a)|constraint c.PRIMARY KEY (b, a)|is not expected",
                ") without rowid|)|table c|options")) {
            var parts = change.split("\\|");
            Files.deleteIfExists(Path.of(other));
            lite(other, text.replace(parts[0], parts[1]));
            var ran = run("--sqlite", other, "--against", db);
            assertThat(ran.exit()).as(change + ran.out() + ran.err()).isEqualTo(parts[2].equals("-") ? 0 : 1);
            assertThat(ran.out()).as(change)
                    .contains(parts[2].equals("-") ? "as expected" : parts[2] + (parts[3].startsWith("is") ? ": " : ", ") + parts[3]);
        }
    }

    static void lite(String file, String script) throws SQLException {
        try (var connection = DriverManager.getConnection("jdbc:sqlite:" + file); var statement = connection.createStatement()) {
            statement.executeUpdate(script);
        }
    }

    static String hard(int major) throws Exception {
        return copy("hard", major, url -> {
            migrate(url);
            var text = Files.readString(Path.of("tests/validate_schema_hard.sql"));
            sql(url, major >= 14 ? text : text.replace("mr int4multirange not null, ", "").replace("default gen_random_uuid()", ""));
        });
    }

    /** Without those of backup_database, which have a time in their names. */
    static long scratches(String url) throws SQLException {
        return column(url, "select datname from pg_database where datname ~ '^pgbang_scratch_' and datname !~ '_[0-9]{8}t[0-9]{6}_'")
                .size();
    }

    // --- helpers ---

    static shell.Ran run(Map<String, String> environment, String... args) {
        var out = new StringWriter();
        var err = new StringWriter();
        var script = new validate_schema();
        script.database.environment = () -> environment;
        var exit = script.commandLine().setOut(new PrintWriter(out)).setErr(new PrintWriter(err)).execute(args);
        return new shell.Ran(exit, out.toString(), err.toString());
    }

    static shell.Ran run(String... args) {
        return run(Map.of("PATH", System.getenv("PATH")), args);
    }

    static JsonObject json(shell.Ran ran) {
        return JsonParser.parseString(ran.out()).getAsJsonObject();
    }

    static void sql(String url, String... statements) throws SQLException {
        try (var connection = servers.connect(url); var statement = connection.createStatement()) {
            for (var sql : statements) {
                statement.execute(sql);
            }
        }
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

    Path file(String name, String text) throws IOException {
        var file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        return Files.writeString(file, text);
    }
}
