//SOURCES ../scripts/migrate_to_postgres.java
//SOURCES servers.java
//SOURCES sqlite_files.java
//SOURCES sqlite_comparer.java

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.Gson;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Whole files on their way, looked at from outside: by sqlite3, by the catalog of PostgreSQL and by a comparer that shares nothing with the script. */
@Order(5)
@Timeout(value = 5 * 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class migrate_to_postgres_test {
    static final Path CHINOOK = Path.of("tests/data/chinook.sqlite");
    static final Set<Integer> IDENTICAL = Set.of(0);
    static final Set<Integer> CHANGED = Set.of(1);
    /** Where it is a matter of taste whether a wider type counts as a change. */
    static final Set<Integer> MIGRATED = Set.of(0, 1);

    @TempDir
    Path folder;
    String url;

    @BeforeEach
    void anEmptyDatabase() throws Exception {
        url = servers.database();
    }

    // --- every file arrives ---

    /** A file, the exit code it must give, the types (regular expressions of format_type) that the mapping fixes, and the epochs of its columns. */
    record Expected(String name, sqlite_files.Maker file, Set<Integer> exit, Map<String, String> types, Map<String, String> epochs) {
        Expected(String name, sqlite_files.Maker file, Set<Integer> exit, String... types) {
            this(name, file, exit, pairs(types), Map.of());
        }

        @Override
        public String toString() {
            return name;
        }
    }

    static Map<String, String> pairs(String... lines) {
        var map = new TreeMap<String, String>();
        for (var line : lines) {
            for (var column : line.substring(line.indexOf(':') + 1).strip().split(" ")) {
                map.put(column, line.substring(0, line.indexOf(':')));
            }
        }
        return map;
    }

    static Stream<Expected> files() {
        return Stream.of(
                new Expected("integers", sqlite_files::integers, IDENTICAL,
                        "bigint: family.a family.b family.c family.d family.e family.f family.g family.h family.i family.n",
                        "smallint: family.j family.k family.l", "integer: family.m"),
                new Expected("integers too big for their declaration", sqlite_files::integers_too_big_for_their_declaration, MIGRATED,
                        "integer: t.tiny t.two",
                        "bigint: t.id t.small t.four"),
                new Expected("text in integer columns", sqlite_files::text_in_integer_columns, CHANGED,
                        "text: t.words t.prefixed t.empty_required",
                        "bigint: t.empty_nullable", "bytea: t.blobs"),
                new Expected("reals in integer columns", sqlite_files::reals_in_integer_columns, MIGRATED,
                        "double precision: t.fraction t.beyond",
                        "numeric: t.fraction_and_huge", "bigint|double precision: t.whole"),
                new Expected("booleans", sqlite_files::booleans, MIGRATED,
                        "boolean: t.b t.c t.words t.is_active t.hasThing t.should_run t.enabled t.checked",
                        "smallint|bigint: t.has_persistent_events t.isADHSConnected t.two",
                                "bigint: t.is_never t.issue t.hash flags_as_key.is_key points_at_flag.is_flag"),
                new Expected("reals", sqlite_files::reals, MIGRATED, "double precision: t.r t.f t.f8 t.d t.dp",
                        "double precision: point_of_view.p", "text: contradicted.r point_of_view.s"),
                new Expected("decimals", sqlite_files::decimals, MIGRATED, "numeric\\(10,2\\): t.price",
                        "numeric: t.rounded t.wide t.n t.m t.c t.huge", "numeric|double precision: infinite.n infinite.p",
                        "numeric(\\(5,0\\))?: t.d",
                        "numeric(\\(30,10\\))?: t.big", "text: t.words as_text.amount"),
                new Expected("texts", sqlite_files::texts, IDENTICAL, "text: t.a t.b t.c t.d t.e t.f t.g t.h t.i"),
                new Expected("text with NUL", sqlite_files::text_with_nul, CHANGED, "text: t.body t.other keyed.k keyed.v keyless.v"),
                new Expected("broken UTF-8", sqlite_files::broken_utf8, CHANGED, "text: t.body t.note"),
                new Expected("blobs", sqlite_files::blobs, MIGRATED,
                        "bytea: t.a t.b t.c t.d t.e t.f mixed.payload text_with_blobs.entities",
                        "text: only_text.payload", "bigint: only_integers.payload"),
                new Expected("untyped", sqlite_files::untyped, MIGRATED, "bigint: t.ints", "double precision: t.reals",
                        "double precision|numeric: t.ints_and_reals",
                        "text: t.texts t.any_text t.word_salad everything_but_blobs.v", "bytea: t.everything"),
                new Expected("dates", sqlite_files::dates, MIGRATED, "date: t.d", "timestamp without time zone: t.local",
                        "timestamp with time zone: t.zoned t.mixed t.created t.tz", "time without time zone: t.t"),
                new Expected("dates that PostgreSQL refuses", sqlite_files::dates_postgres_refuses, CHANGED, "text: t.words"),
                new Expected("epochs", sqlite_files::epochs, CHANGED,
                        pairs("timestamp.*: t.unix_s t.unix_ms t.unix_us t.unix_ns t.webkit t.filetime", "bigint: t.plain t.ticks",
                                "double precision: t.julian"),
                        Map.of("t.unix_s", "unix", "t.unix_ms", "unixms", "t.unix_us", "unixus", "t.unix_ns", "unixns", "t.webkit",
                                "webkit", "t.filetime",
                                "filetime")),
                new Expected("dates that are zero", sqlite_files::dates_that_are_zero, MIGRATED, "bigint: t.zeros t.small",
                        "text: t.text_and_zero"),
                new Expected("epochs that two readings fit", sqlite_files::epochs_that_two_readings_fit, MIGRATED,
                        "bigint: t.ZSTARTDATE t.none t.far",
                        "double precision: t.fraction"),
                new Expected("uuids", sqlite_files::uuids, MIGRATED, "uuid: t.text_uuid", "uuid|text: t.upper_guid",
                        "bytea: t.blob_guid t.mixed", "text: t.broken"),
                new Expected("enums", sqlite_files::enums, MIGRATED, "text: t.state t.again t.size strays.state"),
                new Expected("json", sqlite_files::json, MIGRATED, "jsonb: t.doc t.checked t.scalar found_by_data.settings",
                        "json|text: t.nul t.twice t.surrogate",
                        "text: t.nan t.broken"),
                new Expected("other types", sqlite_files::other_types, MIGRATED, "text: t.ip t.net t.mac t.doc t.tags t.span",
                        "bytea: t.shape t.place t.area"),
                new Expected("keys", sqlite_files::keys, IDENTICAL, "bigint: alias.id deleted.id int_key.id big_key.id two.a keyless.a",
                        "text: two.b without.k strict_one.t"),
                new Expected("keys that are none", sqlite_files::keys_that_are_none, CHANGED, "text: null_in_key.k one_and_text_one.k",
                        "bigint: descending.id last_id.id"),
                new Expected("foreign keys", sqlite_files::foreign_keys, MIGRATED, "bigint: child.pa node.id node.up chicken.egg"),
                new Expected("foreign keys that fail", sqlite_files::foreign_keys_that_fail, CHANGED, "bigint: child.parent"),
                new Expected("collations", sqlite_files::collations, MIGRATED,
                        "text: nocase.name nocase.plain trimmed.name nocase_key.name"),
                new Expected("checks", sqlite_files::checks, CHANGED, "bigint: t.age violated.age"),
                new Expected("conflict clauses", sqlite_files::conflict_clauses, CHANGED),
                new Expected("defaults", sqlite_files::defaults, CHANGED, "bigint: t.n t.epoch t.unixtime", "boolean: t.flag",
                        "text: t.s t.day t.stamp t.iso"),
                new Expected("generated columns", sqlite_files::generated, MIGRATED, "bigint: t.total t.half", "text: t.shout t.last"),
                new Expected("indexes", sqlite_files::indexes, MIGRATED),
                new Expected("views", sqlite_files::views, CHANGED),
                new Expected("triggers", sqlite_files::triggers, CHANGED, "timestamp.*: t.last_update"),
                new Expected("virtual tables", sqlite_files::virtual_tables, CHANGED, "text: own5.title own4.body own3.content"),
                new Expected("names", sqlite_files::names, MIGRATED),
                new Expected("UTF-16 little endian", sqlite_files::utf16le, CHANGED, "text: t.v"),
                new Expected("UTF-16 big endian", sqlite_files::utf16be, CHANGED, "text: t.v"),
                new Expected("rows in the write-ahead log", sqlite_files::wal, IDENTICAL, "bigint: late.id"),
                new Expected("empty tables", sqlite_files::empty_tables, IDENTICAL, "bigint: t.id t.is_flag", "integer: t.n",
                        "text: t.s no_key.a",
                        "timestamp.*: t.d", "boolean: t.b", "jsonb: t.j", "uuid: t.u", "bytea: t.bytes",
                        "double precision: t.r"),
                new Expected("empty database", sqlite_files::empty_database, IDENTICAL),
                new Expected("a thousand columns", sqlite_files::a_thousand_columns, IDENTICAL, "bigint: wide.c1 wide.c1000"),
                new Expected("many rows", sqlite_files::many_rows, IDENTICAL, "bigint: t.n", "double precision: t.r", "text: t.s",
                        "bytea: t.b",
                        "timestamp without time zone: t.d", "boolean: t.f"),
                new Expected("huge cells", sqlite_files::huge_cells, IDENTICAL, "bytea: t.b", "text: t.s"),
                new Expected("Chinook", chinook -> CHINOOK, IDENTICAL, "numeric\\(10,2\\): Track.UnitPrice InvoiceLine.UnitPrice",
                        "timestamp without time zone: Invoice.InvoiceDate", "bigint: Track.TrackId"));
    }

    @ParameterizedTest
    @MethodSource("files")
    void every_cell_is_in_postgresql_or_with_its_original_bytes_in_the_reject_file(Expected expected) throws Exception {
        assumeTrue(shell.has("sqlite3"), "sqlite3 is not installed");
        var file = expected.file().in(folder);
        var before = Files.readAllBytes(file);
        var ran = migrate(file, "--json");
        assertThat(ran.exit()).as(ran.err() + ran.out()).isIn(expected.exit());
        var report = ran.json();
        try (var connection = servers.connect(url)) {
            var comparer = new sqlite_comparer(file, connection, report, folder.resolve("rejects.ndjson"));
            expected.epochs().forEach(comparer::epoch);
            assertThat(comparer.differences()).isEmpty();
        }
        assertThat(Files.readAllBytes(file)).as("the file is as it was").isEqualTo(before);
        var types = types(report);
        expected.types().forEach((column, type) -> assertThat(types.get(column)).as(column).matches(type));
        assertThat(reported(report)).as("each object of the file is in the report").containsAll(objects(file));
        var later = migrateNothing(file);
        assertThat(later.exit()).as("a later verification agrees: " + later.out() + later.err()).isLessThan(2);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void a_file_of_random_types_and_values_arrives(long seed) throws Exception {
        assumeTrue(shell.has("sqlite3"), "sqlite3 is not installed");
        arrivesOrIsListed(sqlite_files.random(folder, seed));
    }

    @Test
    @Tag("slow")
    @Timeout(value = 30 * 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void hundreds_of_files_of_random_types_and_values_arrive() throws Exception {
        assumeTrue(shell.has("sqlite3"), "sqlite3 is not installed");
        for (var seed = 100; seed < 500; seed++) {
            url = servers.database();
            Files.deleteIfExists(folder.resolve("rejects.ndjson"));
            arrivesOrIsListed(sqlite_files.random(folder, seed));
        }
    }

    void arrivesOrIsListed(Path file) throws Exception {
        var ran = migrate(file, "--json");
        assertThat(ran.exit()).as(file + ran.err() + ran.out()).isIn(MIGRATED);
        try (var connection = servers.connect(url)) {
            assertThat(new sqlite_comparer(file, connection, ran.json(), folder.resolve("rejects.ndjson")).differences())
                    .as(file.toString()).isEmpty();
        }
        var later = migrateNothing(file);
        assertThat(later.exit()).as(file + later.out() + later.err()).isLessThan(2);
    }

    static List<Integer> majors() {
        return servers.majors();
    }

    @ParameterizedTest
    @MethodSource("majors")
    void chinook_arrives_on_every_major(int major) throws Exception {
        assumeTrue(shell.has("sqlite3"), "sqlite3 is not installed");
        url = servers.database(major);
        var ran = migrate(CHINOOK, "--json");
        assertThat(ran.exit()).as(ran.err() + ran.out()).isZero();
        try (var connection = servers.connect(url)) {
            assertThat(new sqlite_comparer(CHINOOK, connection, ran.json(), null).differences()).isEmpty();
        }
        assertThat(column("select count(*) from pg_constraint where contype = 'f' and convalidated")).containsExactly("11");
        assertThat(column("select count(*) from pg_index where indisprimary and indrelid in (select oid from pg_class where relnamespace = "
                + "'public'::regnamespace)")).containsExactly("11");
        assertThat(column("insert into \"Artist\" (\"Name\") values ('new') returning \"ArtistId\"")).containsExactly("276");
    }

    // --- changed cells are listed with their bytes ---

    @Test
    void nul_is_stripped_and_the_original_bytes_are_kept() throws Exception {
        migrate(sqlite_files.text_with_nul(folder));
        assertThat(column("select body from t order by id")).containsExactly("ab", "", "end", "clean");
        assertThat(rejects()).hasSize(6).anySatisfy(line -> {
            assertThat(line.get("table").getAsString()).isEqualTo("t");
            assertThat(line.get("column").getAsString()).isEqualTo("body");
            assertThat(line.get("hex").getAsString()).isEqualToIgnoringCase("610062");
        });
    }

    @Test
    void text_with_nul_can_abort_become_bytea_or_stay_behind() throws Exception {
        var file = sqlite_files.text_with_nul(folder);
        assertThat(migrate(file, "--nul", "abort").exit()).isEqualTo(2);
        assertThat(tables()).isEmpty();
        url = servers.database();
        migrate(file, "--nul", "bytea");
        assertThat(column("select encode(body, 'hex') from t order by id")).containsExactly("610062", "00", "656e6400", "636c65616e");
        url = servers.database();
        assertThat(migrate(file, "--nul", "reject").exit()).isEqualTo(1);
        assertThat(column("select id from t order by id")).containsExactly("4");
        assertThat(column("select v from keyless")).containsExactly("x", "x");
    }

    @Test
    void broken_utf8_is_replaced_read_as_latin1_kept_as_bytes_nulled_or_aborts() throws Exception {
        var file = sqlite_files.broken_utf8(folder);
        migrate(file);
        assertThat(column("select body from t where id in (1, 6, 7, 8) order by id")).containsExactly("f\ufffdg", "\ufffd", "kl\ufffdftig",
                "fine");
        assertThat(rejects().stream().map(line -> line.get("hex").getAsString().toLowerCase())).containsExactlyInAnyOrder("66ff67", "61c3",
                "c080", "eda080",
                "f4908080", "6b6cfc66746967");
        url = servers.database();
        migrate(file, "--bad-utf8", "latin1");
        assertThat(column("select body from t where id in (1, 7) order by id")).containsExactly("fÿg", "klüftig");
        url = servers.database();
        migrate(file, "--bad-utf8", "bytea");
        assertThat(column("select encode(body, 'hex') from t where id in (1, 8) order by id")).containsExactly("66ff67", "66696e65");
        url = servers.database();
        migrate(file, "--bad-utf8", "null");
        assertThat(column("select count(body) from t")).containsExactly("2");
        url = servers.database();
        assertThat(migrate(file, "--bad-utf8", "abort").exit()).isEqualTo(2);
    }

    @Test
    void data_against_the_declaration_can_reject_the_row_null_the_value_or_abort() throws Exception {
        var file = sqlite_files.file(folder, "mismatch",
                "create table t (id INTEGER PRIMARY KEY, n INTEGER); insert into t values (1, 1), (2, 'two'), (3, 3);");
        assertThat(migrate(file, "--on-mismatch", "reject").exit()).isEqualTo(1);
        assertThat(column("select id from t order by id")).containsExactly("1", "3");
        assertThat(rejects()).hasSize(1).first()
                .satisfies(line -> assertThat(line.get("hex").getAsString()).isEqualToIgnoringCase("74776f"));
        url = servers.database();
        assertThat(migrate(file, "--on-mismatch", "null").exit()).isEqualTo(1);
        assertThat(column("select n from t order by id")).containsExactly("1", null, "3");
        url = servers.database();
        assertThat(migrate(file, "--on-mismatch", "abort").exit()).isEqualTo(2);
        assertThat(tables()).isEmpty();
    }

    // --- options for types ---

    @Test
    void an_epoch_that_was_named_is_converted_and_one_that_was_denied_is_not() throws Exception {
        migrate(sqlite_files.epochs_that_two_readings_fit(folder), "--epoch", "t.ZSTARTDATE=cocoa,t.fraction=unix");
        assertThat(column("select to_char(\"ZSTARTDATE\", 'YYYY-MM-DD HH24:MI:SS') from t order by id")).first()
                .isEqualTo(sqlite("select datetime(632955600 + "
                + "978307200, 'unixepoch')"));
        assertThat(column("select to_char(fraction, 'YYYY-MM-DD HH24:MI:SS.MS') from t order by id")).first()
                .isEqualTo(sqlite("select strftime('%Y-%m-%d "
                + "%H:%M:%f', 700000000.25, 'unixepoch')"));
        url = servers.database();
        var other = Files.createDirectory(folder.resolve("other"));
        var ran = migrate(sqlite_files.epochs(other), "--epoch", "t.unix_s=none,t.julian=julian,t.ticks=ticks", "--json");
        assertThat(types(ran.json()).get("t.unix_s")).isEqualTo("bigint");
        assertThat(column("select (julian at time zone 'utc')::text || (ticks at time zone 'utc')::text from t order by id"))
                .containsExactly("2023-11-15 00:00:002023-11-14 22:13:20", "2023-11-16 06:00:002023-11-15 22:13:20");
    }

    @Test
    void integers_may_be_narrow_where_the_data_leave_room() throws Exception {
        var types = types(migrate(sqlite_files.file(folder, "narrow",
                "create table t (id INTEGER PRIMARY KEY, small INTEGER, big INTEGER); insert into t values (1, 5, 3000000000);"), "--int",
                "integer",
                "--json").json());
        assertThat(types).containsEntry("t.small", "integer").containsEntry("t.big", "bigint");
    }

    @Test
    void a_native_enum_is_shared_by_equal_sets_and_keeps_the_order_of_the_check() throws Exception {
        var ran = migrate(sqlite_files.enums(folder), "--enum", "native", "--enum-case", "lower", "--json");
        assertThat(ran.exit()).as(ran.err()).isIn(MIGRATED);
        assertThat(column("select state::text || coalesce(again::text, '-') from t order by id")).containsExactly("newdone", "done-",
                "openopen");
        assertThat(column(
                "select distinct string_agg(e.enumlabel, ',' order by e.enumsortorder) from pg_enum e join pg_attribute a on a.atttypid = "
                + "e.enumtypid and a.attrelid = 't'::regclass"
                + " and a.attname in ('state') group by a.attname")).containsExactly("new,open,done");
        assertThat(column(
                "select count(distinct atttypid) from pg_attribute where attrelid = 't'::regclass and attname in ('state', 'again')"))
                .containsExactly("1");
        assertThat(column("insert into t (id) values (9) returning state::text")).containsExactly("new");
        assertThat(types(ran.json()).get("strays.state")).isEqualTo("text");
    }

    @Test
    void uuid_bytes_become_uuids_in_the_order_that_was_asked_for() throws Exception {
        var file = sqlite_files.uuids(folder);
        migrate(file, "--uuid-bytes", "rfc");
        assertThat(column("select blob_guid::text from t where id = 1")).containsExactly("123e4567-e89b-42d3-a456-426614174000");
        url = servers.database();
        migrate(file, "--uuid-bytes", "ms");
        assertThat(column("select blob_guid::text from t where id = 1")).containsExactly("67453e12-9be8-d342-a456-426614174000");
    }

    @Test
    void declared_lengths_become_checks_on_request() throws Exception {
        migrate(sqlite_files.file(folder, "lengths", "create table t (a VARCHAR(3), b VARCHAR(3)); insert into t values ('abc', 'abcd');"),
                "--length", "check");
        assertThatThrownBy(() -> sql("insert into t (a) values ('abcd')")).hasMessageContaining("check constraint");
        sql("insert into t (b) values ('abcdef')");
    }

    @Test
    void zero_dates_become_null_only_on_request() throws Exception {
        var file = sqlite_files.file(folder, "zero",
                "create table t (id INTEGER PRIMARY KEY, at DATETIME); insert into t values (1, 0), (2, 1700000000), (3, 1700000001);");
        assertThat(types(migrate(file, "--json").json()).get("t.at")).isEqualTo("bigint");
        url = servers.database();
        migrate(file, "--zero-date", "null");
        assertThat(column("select at is null from t order by id")).containsExactly("t", "f", "f");
    }

    // --- keys and sequences ---

    @Test
    void identities_go_on_where_sqlite_would() throws Exception {
        migrate(sqlite_files.keys(folder));
        for (var next : Map.of("alias", "8", "deleted", "101", "negative", "1", "empty_auto", "1", "empty_alias", "1", "strict_one", "3")
                .entrySet()) {
            var v = next.getKey().equals("strict_one") ? "t" : "v";
            assertThat(column("insert into \"" + next.getKey() + "\" (" + v + ") values ('new') returning id")).as(next.getKey())
                    .containsExactly(next.getValue());
        }
        assertThat(column(
                "select attidentity from pg_attribute where attrelid in ('int_key'::regclass, 'big_key'::regclass, 'alias'::regclass) and attname = "
                + "'id' order by attrelid::regclass::text"))
                .containsExactly("d", "", "");
    }

    @Test
    void primary_keys_keep_their_columns_in_order_and_constraints_their_names() throws Exception {
        migrate(sqlite_files.keys(folder));
        assertThat(column(
                "select pg_get_constraintdef(oid) from pg_constraint where conrelid in ('two'::regclass, 'without'::regclass) and contype = 'p' "
                + "order by 1")).containsExactly("PRIMARY KEY (b, a)", "PRIMARY KEY (k, n)");
        assertThat(column(
                "select conname from pg_constraint where conrelid = 'constraint_key'::regclass and contype in ('p', 'u') order by 1"))
                .containsExactly("my_key", "my_unique");
        assertThat(column("select k || n from without order by k, n")).as("as SQLite sorts").containsExactly("B1", "a1", "a2", "b1", "Ä1");
    }

    @Test
    void a_key_with_nulls_becomes_a_unique_constraint_and_the_last_id_is_reported() throws Exception {
        var ran = migrate(sqlite_files.keys_that_are_none(folder));
        assertThat(column("select contype from pg_constraint where conrelid = 'null_in_key'::regclass and contype in ('p', 'u')"))
                .containsExactly("u");
        assertThat(ran.out() + ran.err()).contains("null_in_key", "last_id");
    }

    @Test
    void the_rowid_is_kept_on_request() throws Exception {
        migrate(sqlite_files.keys(folder), "--keep-rowid");
        assertThat(column("select count(distinct rowid) from keyless")).containsExactly("6");
    }

    // --- constraints ---

    @Test
    void foreign_keys_keep_columns_actions_names_and_deferral() throws Exception {
        migrate(sqlite_files.foreign_keys(folder));
        assertThat(column(
                "select pg_get_constraintdef(oid) from pg_constraint where conrelid = 'child'::regclass and contype = 'f' order by 1"))
                .containsExactly(
                "FOREIGN KEY (pa, pb) REFERENCES parent(a, b) ON DELETE CASCADE",
                        "FOREIGN KEY (pname) REFERENCES parent(name) ON UPDATE CASCADE ON DELETE SET NULL");
        assertThat(column(
                "select pg_get_constraintdef(oid) from pg_constraint where contype = 'f' and conrelid in ('chicken'::regclass, 'egg'::regclass, "
                + "'node'::regclass) order by conrelid::regclass::text"))
                .containsExactly("FOREIGN KEY (egg) REFERENCES egg(id) DEFERRABLE INITIALLY DEFERRED",
                        "FOREIGN KEY (chicken) REFERENCES chicken(id) DEFERRABLE INITIALLY DEFERRED",
                        "FOREIGN KEY (up) REFERENCES node(id)");
        assertThat(column("select conname from pg_constraint where conname = 'both'")).hasSize(1);
    }

    @Test
    void orphans_stay_and_are_listed_and_new_rows_are_checked() throws Exception {
        var ran = migrate(sqlite_files.foreign_keys_that_fail(folder));
        assertThat(column("select id from child order by id")).containsExactly("1", "2", "3", "4");
        assertThat(column("select convalidated from pg_constraint where conrelid = 'child'::regclass and contype = 'f'"))
                .containsExactly("f");
        assertThatThrownBy(() -> sql("insert into child values (9, 77)")).hasMessageContaining("foreign key");
        assertThat(ran.out() + ran.err()).contains("child").containsPattern("\\b[23]\\b");
        assertThat(column("select count(*) from pg_constraint where conrelid = 'lost'::regclass and contype = 'f'")).containsExactly("0");
        assertThat(Files.readString(folder.resolve("not_migrated.sql"))).contains("lost", "nowhere", "not_unique", "no_such_column");
    }

    @Test
    void nocase_is_unique_as_sqlite_has_it() throws Exception {
        var file = sqlite_files.collations(folder);
        migrate(file);
        assertThatThrownBy(() -> sql("insert into nocase (id, name) values (9, 'ANNA')")).hasMessageContaining("unique");
        sql("insert into nocase (id, name) values (10, 'Ä'), (11, 'ä')");
        assertThatThrownBy(() -> sql("insert into nocase_key values ('KEY', 'x')")).hasMessageContaining("unique");
        assertThatThrownBy(() -> sql("insert into trimmed values (9, 'a')")).hasMessageContaining("unique");
        assertThat(column("select plain from nocase where plain is not null order by plain")).isEqualTo(sqliteColumn(file,
                "select plain from nocase where plain is not null order by plain"));
    }

    @Test
    void checks_hold_for_new_rows_and_old_ones_that_break_them_are_listed() throws Exception {
        var ran = migrate(sqlite_files.checks(folder));
        for (var wrong : List.of("insert into t (id, age) values (9, -1)", "insert into t (id, code) values (9, 'a')",
                "insert into t (id, low, high) values (9, 2, 1)", "insert into violated values (9, -1)")) {
            assertThatThrownBy(() -> sql(wrong)).as(wrong).hasMessageContaining("check constraint");
        }
        assertThat(column("select age from violated order by id")).containsExactly("-1", "5");
        assertThat(column("select convalidated from pg_constraint where conrelid = 'violated'::regclass and contype = 'c'"))
                .containsExactly("f");
        assertThat(column("select conname from pg_constraint where conname = 'code_length'")).hasSize(1);
        assertThat(ran.out() + ran.err()).contains("violated");
    }

    @Test
    void conflict_clauses_are_reported() throws Exception {
        var ran = migrate(sqlite_files.conflict_clauses(folder));
        assertThat(ran.out() + ran.err()).contains("ON CONFLICT");
        assertThatThrownBy(() -> sql("insert into t values (1, 'x', 'y')")).hasMessageContaining("unique");
        assertThatThrownBy(() -> sql("insert into t values (9, 'a', 'y')")).hasMessageContaining("unique");
    }

    @Test
    void defaults_give_what_sqlite_gives() throws Exception {
        var file = sqlite_files.defaults(folder);
        var ran = migrate(file);
        var same = "select n || '|' || negative || '|' || hex || '|' || cast(r as integer) || '|' || s || '|' || dq || '|' || empty || '|' || quoted_number || "
                + "'|' || coalesce(none, '-') || '|' || expression || '|' || number_text from t where id = 2";
        sql("insert into t (id) values (2)");
        try (var connection = sqlite_files.open(file); var statement = connection.createStatement()) {
            statement.executeUpdate("insert into t (id, unknown) values (2, null)");
        }
        assertThat(column(same)).isEqualTo(sqliteColumn(file, same));
        assertThat(column("select encode(b, 'hex') || flag from t where id = 2")).containsExactly("00fffalse");
        assertThat(column(
                "select concat_ws('|', day = to_char(now() at time zone 'utc', 'YYYY-MM-DD'), stamp ~ '^\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d$', "
                + "iso ~ '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ$',"
                        + " abs(epoch - extract(epoch from now())) < 60, abs(unixtime - extract(epoch from now())) < 60, random_hex ~ '^[0-9a-f]{16}$', abs(jd - "
                        + "(extract(epoch from now()) / 86400.0 + 2440587.5)) < 0.01,"
                + " unknown is null) from t where id = 2")).containsExactly("t|t|t|t|t|t|t|t");
        assertThat(column("select week from t where id = 2").get(0)).isIn(null, sqlite("select strftime('%W', 'now')"));
        assertThat(ran.out() + ran.err()).contains("my_function");
    }

    @Test
    void generated_columns_are_computed_by_postgresql_where_both_engines_agree() throws Exception {
        var file = sqlite_files.generated(folder);
        migrate(file);
        assertThat(column(
                "select attname from pg_attribute where attrelid = 't'::regclass and attgenerated <> '' and attname in ('total', 'shout') order by 1"))
                .containsExactly("shout", "total");
        assertThat(column("insert into t (id, price, amount, name) values (9, 6, 7, 'x') returning total || shout"))
                .containsExactly("42x!");
    }

    @Test
    void indexes_keep_predicate_direction_and_expression() throws Exception {
        migrate(sqlite_files.indexes(folder));
        var definitions = column("select indexdef from pg_indexes where tablename = 't' and indexname <> 't_pkey' order by indexname");
        assertThat(definitions).anyMatch(d -> d.matches(".*UNIQUE INDEX live .*\\(a\\).* WHERE .*"))
                .anyMatch(d -> d.matches(".* INDEX mixed_order .*a DESC.*b.*"))
                .anyMatch(d -> d.matches(".* INDEX lowered .*lower\\(.*")).anyMatch(d -> d.matches(".* INDEX summed .*\\+.* WHERE .*"))
                        .anyMatch(d -> d.matches(".* INDEX plain .*"));
        sql("insert into t (id, a, deleted) values (7, 1, 1)");
        assertThatThrownBy(() -> sql("insert into t (id, a, deleted) values (8, 1, 0)")).hasMessageContaining("unique");
        assertThat(column("select count(*) from pg_class where relname = 'untranslatable'").get(0)
                + (Files.exists(folder.resolve("not_migrated.sql")) && Files.readString(folder.resolve("not_migrated.sql"))
                        .contains("untranslatable"))).isIn("0true", "1false");
    }

    // --- views, triggers, virtual tables ---

    @Test
    void views_give_the_same_rows_or_are_written_down_as_not_migrated() throws Exception {
        var file = sqlite_files.views(folder);
        migrate(file);
        var kept = Files.readString(folder.resolve("not_migrated.sql"));
        assertThat(kept).contains("broken", "user_function");
        var views = column("select viewname from pg_views where schemaname = 'public' order by 1");
        assertThat(views).contains("good", "joined", "counted", "on_view").doesNotContain("broken", "user_function");
        for (var view : sqliteColumn(file, "select name from sqlite_schema where type = 'view'")) {
            if (views.contains(view)) {
                var columns = String.join(" || '|' || ",
                        sqliteColumn(file, "select 'coalesce(cast(\"' || name || '\" as text), ''-'')' from pragma_table_info('"
                        + view + "')"));
                var rows = "select " + columns + " from " + view + " order by 1";
                assertThat(column(rows).stream().sorted()).as(view)
                        .containsExactlyElementsOf(sqliteColumn(file, rows).stream().sorted().toList());
            } else {
                assertThat(kept).contains(view);
            }
        }
    }

    @Test
    void triggers_that_fit_a_template_work_and_the_others_are_written_down() throws Exception {
        migrate(sqlite_files.triggers(folder));
        sql("update t set a = 'y' where id = 1");
        assertThat(column("select last_update > '2021-01-01' from t where id = 1")).containsExactly("t");
        assertThatThrownBy(() -> sql("insert into t (id, a) values (9, 'bad')")).hasMessageContaining("bad is not allowed");
        sql("delete from t where id = 1");
        assertThat(column("select what from log")).containsExactly("deleted 1");
        assertThat(Files.readString(folder.resolve("not_migrated.sql"))).contains("sync");
    }

    @Test
    void the_same_statements_fire_triggers_with_the_same_effect_on_both_engines() throws Exception {
        var file = sqlite_files.busy_triggers(folder);
        var ran = migrate(file);
        assertThat(ran.exit()).as(ran.out() + ran.err()).isIn(MIGRATED);
        for (var statement : List.of("insert into t (id, a) values (2, 'y'), (3, 'z')", "update t set a = 'yy' where id = 2",
                "insert into t (id, a) values (4, null)", "update t set n = 9 where id = 3",
                "delete from t where id = 3", "update t set n = -1 where id = 2", "delete from t where id = 1")) {
            assertThat(refused(statement)).as(statement).isEqualTo(refusedBySqlite(file, statement));
            for (var rows : List.of("select coalesce(a, '-') || ' ' || n from t order by id", "select t from log order by t")) {
                assertThat(column(rows)).as(statement).isEqualTo(sqliteColumn(file, rows));
            }
        }
    }

    boolean refused(String statement) {
        try {
            sql(statement);
            return false;
        } catch (SQLException e) {
            return true;
        }
    }

    static boolean refusedBySqlite(Path file, String statement) {
        try (var connection = sqlite_files.open(file); var sql = connection.createStatement()) {
            sql.executeUpdate(statement);
            return false;
        } catch (SQLException e) {
            return true;
        }
    }

    @Test
    void full_text_tables_keep_their_text_and_shadow_tables_stay_behind() throws Exception {
        migrate(sqlite_files.virtual_tables(folder));
        assertThat(column("select concat_ws('|', title, body) from own5 order by 1")).containsExactly("a|b c", "d é|e");
        assertThat(column("select concat_ws('|', title, body) from own4 order by 1")).containsExactly("x|y", "z");
        assertThat(tables()).contains("notes", "own3", "own4",
                "own5").noneMatch(name -> name.matches(".*_(data|idx|content|docsize|config|segments|segdir|stat|node|parent|rowid)"))
                .doesNotContain("contentless5",
                "boxes", "unknown_module");
        assertThat(Files.readString(folder.resolve("not_migrated.sql"))).contains("contentless5", "boxes", "unknown_module");
    }

    // --- names ---

    @Test
    void names_stay_as_they_are_and_long_ones_are_cut_without_a_collision() throws Exception {
        migrate(sqlite_files.names(folder));
        assertThat(tables()).contains("User", "order", "two words",
                "lower_only").hasSize(6).allMatch(name -> name.getBytes(java.nio.charset.StandardCharsets.UTF_8).length <= 63);
        assertThat(column("select \"a\"\"b\" || \"a.b\" || \"select\" || \"😀\" || \"$$\" || \"back\\slash\" from \"User\""))
                .containsExactly("quotedotssmiledb");
        assertThat(column("select indexname from pg_indexes where indexname like 'a\\_name%'")).hasSize(2).doesNotHaveDuplicates();
    }

    @Test
    void names_that_postgresql_keeps_for_itself_are_changed_and_reported() throws Exception {
        var file = sqlite_files.taken_names(folder);
        var ran = migrate(file, "--json");
        assertThat(ran.exit()).as(ran.err()).isEqualTo(1);
        try (var connection = servers.connect(url)) {
            assertThat(new sqlite_comparer(file, connection, ran.json(), null).differences()).isEmpty();
        }
    }

    @Test
    void names_become_lower_or_snake_case_on_request() throws Exception {
        var file = sqlite_files.names(folder);
        migrate(file, "--case", "lower");
        assertThat(column("select userid from \"user\"")).containsExactly("1");
        url = servers.database();
        migrate(file, "--case", "snake");
        assertThat(column("select user_id from \"user\"")).containsExactly("1");
    }

    // --- bad input ---

    @Test
    void what_is_no_sqlite_database_is_exit_2_in_a_few_lines() throws Exception {
        for (var maker : List.<sqlite_files.Maker>of(sqlite_files::not_a_database, sqlite_files::random_bytes, sqlite_files::truncated)) {
            var file = maker.in(Files.createTempDirectory(folder, "bad"));
            var ran = migrate(file);
            assertThat(ran.exit()).as(file + ran.out() + ran.err()).isEqualTo(2);
            assertThat(ran.err()).contains(file.getFileName().toString()).doesNotContain("\tat ", "Exception");
            assertThat(ran.err().lines().count()).isLessThanOrEqualTo(6);
            assertThat(tables()).isEmpty();
        }
    }

    @Test
    void a_file_of_no_bytes_is_said_to_be_empty() throws Exception {
        var ran = migrate(sqlite_files.zero_bytes(folder));
        assertThat(ran.exit()).isEqualTo(2);
        assertThat(ran.err()).contains("zero.sqlite", "empty");
    }

    @Test
    void a_missing_file_is_named_and_not_made() throws Exception {
        var file = folder.resolve("nowhere.sqlite");
        var ran = migrate(file);
        assertThat(ran.exit()).isIn(2, 64);
        assertThat(ran.err()).contains("nowhere.sqlite");
        assertThat(file).doesNotExist();
    }

    @Test
    @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void a_file_that_a_writer_holds_exclusively_is_exit_2_in_bounded_time() throws Exception {
        var file = sqlite_files.integers(folder);
        try (var writer = sqlite_files.open(file); var statement = writer.createStatement()) {
            statement.execute("begin exclusive");
            var ran = migrate(file);
            assertThat(ran.exit()).isEqualTo(2);
            assertThat(ran.err()).contains("locked");
            assertThat(tables()).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"with space.db", "q?mode=memory.db", "hash#1.db", "percent%20.db", "ünï.db", "a'b\"c.db", "-dash.db"})
    void a_file_may_have_any_name_and_its_log_is_read_with_it(String name) throws Exception {
        var wal = sqlite_files.wal(folder);
        Files.copy(wal, folder.resolve(name));
        Files.copy(Path.of(wal + "-wal"), folder.resolve(name + "-wal"));
        var ran = run("--sqlite=" + folder.resolve(name), "--url", url, "--rejects", folder.resolve("r").toString(), "--not-migrated",
                folder.resolve("n").toString());
        assertThat(ran.exit()).as(ran.err()).isZero();
        assertThat(column("select v from t union all select id::text from late")).containsExactly("in the file", "in the wal", "7");
    }

    @Test
    void a_table_wider_than_postgresql_allows_is_a_clear_error() throws Exception {
        var ran = migrate(sqlite_files.too_wide(folder));
        assertThat(ran.exit()).isEqualTo(2);
        assertThat(ran.err()).contains("wide", "1700", "1600").doesNotContain("\tat ");
    }

    @Test
    void wrong_usage_is_exit_64() throws Exception {
        var file = sqlite_files.integers(folder).toString();
        for (var args : List.of(List.of("--url", url, "--verify", "maybe"), List.of("--sqlite", file, "--url", url, "--verify", "maybe"),
                List.of("--sqlite", file,
                "--url", url, "--no-such-option"),
                List.of("--sqlite", file, "--url", url, "--schema-only", "--data-only"),
                List.of("--sqlite", file, "--url", url, "--epoch", "family.a=fortnights"),
                        List.of("--sqlite", file, "--url", url, "--epoch", "nonsense"),
                List.of("--sqlite", file, "--url", url, "--tables", "no_such_table"),
                List.of("--sqlite", file, "--url", url, "--jobs", "0"), List.of("--sqlite",
                        file, "--url", url, "--nul", "dance"),
                List.of("--sqlite", file, "--url", url, "--plan-file", folder.resolve("no.json").toString()))) {
            var ran = run(args.toArray(String[]::new));
            assertThat(ran.exit()).as(args + ran.err()).isEqualTo(64);
            assertThat(ran.err()).doesNotContain("\tat ");
        }
        assertThat(tables()).isEmpty();
    }

    // --- the target ---

    @Test
    void a_missing_database_is_made_in_utf8_with_the_order_of_sqlite() throws Exception {
        var made = url.replaceFirst("/[^/]+$", "/" + fresh());
        var ran = run("--sqlite", CHINOOK.toString(), "--url", made, "--rejects", folder.resolve("r").toString(), "--not-migrated",
                folder.resolve("n").toString());
        assertThat(ran.exit()).as(ran.err()).isZero();
        url = made;
        assertThat(column("select pg_encoding_to_char(encoding) || datcollate from pg_database where datname = current_database()"))
                .containsExactly("UTF8C");
        assertThat(column("select count(*) from \"Track\"")).containsExactly("3503");
    }

    @Test
    void a_role_that_may_not_make_databases_gets_the_statement_for_its_admin() throws Exception {
        sql("drop role if exists no_creator", "create role no_creator login");
        var name = fresh();
        var ran = run("--sqlite", sqlite_files.integers(folder).toString(), "--url",
                url.replaceFirst("/[^/]+$", "/" + name).replace("postgres@", "no_creator@"));
        assertThat(ran.exit()).isEqualTo(2);
        assertThat(ran.err()).containsIgnoringCase("create database").contains(name, "UTF8");
    }

    @ParameterizedTest
    @ValueSource(strings = {"LATIN1", "SQL_ASCII"})
    void a_database_that_is_not_utf8_is_refused(String encoding) throws Exception {
        var name = fresh();
        sql("create database " + name + " template template0 encoding '" + encoding + "' lc_collate 'C' lc_ctype 'C'");
        url = url.replaceFirst("/[^/]+$", "/" + name);
        var ran = migrate(sqlite_files.texts(folder));
        assertThat(ran.exit()).isEqualTo(2);
        assertThat(ran.err()).contains(encoding, "UTF8");
        assertThat(tables()).isEmpty();
    }

    @Test
    void a_target_that_holds_such_a_table_is_left_alone() throws Exception {
        sql("create table \"Album\" (id int)", "insert into \"Album\" values (42)");
        var ran = migrate(CHINOOK);
        assertThat(ran.exit()).isEqualTo(2);
        assertThat(ran.err()).contains("Album");
        assertThat(tables()).containsExactly("Album");
        assertThat(column("select id from \"Album\"")).containsExactly("42");
    }

    @Test
    void a_database_is_recreated_only_by_its_name() throws Exception {
        sql("create table \"Album\" (id int)", "insert into \"Album\" values (42)");
        var name = url.replaceFirst(".*/", "");
        assertThat(migrate(CHINOOK, "--recreate=" + name + "x").exit()).isIn(2, 64);
        assertThat(column("select id from \"Album\"")).containsExactly("42");
        assertThat(migrate(CHINOOK, "--recreate=" + name).exit()).isZero();
        assertThat(column("select count(*) from \"Album\"")).containsExactly("347");
    }

    @Test
    void a_second_run_changes_nothing_and_says_so() throws Exception {
        assertThat(migrate(CHINOOK).exit()).isZero();
        var again = migrate(CHINOOK);
        assertThat(again.exit()).as(again.out() + again.err()).isNotEqualTo(1);
        assertThat(column("select count(*) from \"Track\"")).containsExactly("3503");
    }

    @Test
    void of_several_runs_at_once_one_migrates_and_the_others_say_so() throws Exception {
        var file = sqlite_files.many_rows(folder);
        var runs = Stream.generate(() -> CompletableFuture.supplyAsync(() -> migrate(file, "--quiet"))).limit(3).toList();
        var exits = runs.stream().map(run -> run.join().exit()).sorted().toList();
        assertThat(exits.get(0)).isZero();
        assertThat(exits).doesNotContain(1);
        assertThat(column("select count(*) from t")).containsExactly("30000");
    }

    // --- while things happen ---

    @ParameterizedTest
    @ValueSource(strings = {"wal", "delete"})
    void a_file_that_is_written_meanwhile_arrives_as_it_was_at_one_moment(String journal) throws Exception {
        var file = sqlite_files.twins(folder, journal);
        var stop = new AtomicBoolean();
        var written = CompletableFuture.supplyAsync(() -> writeTwins(file, stop));
        var ran = migrate(file);
        stop.set(true);
        assertThat(written.join()).as("rows written meanwhile").isPositive();
        assertThat(ran.exit()).as(ran.out() + ran.err()).isZero();
        assertThat(column("select count(*) - (select count(*) from b) from a")).containsExactly("0");
    }

    /**
     * Adds a row to both tables in one transaction, again and again; where it finds the file locked it waits as applications do. The pause is
     * the time that a disk takes, which a file in memory lacks: without it no reader ever finds the file unlocked.
     */
    static int writeTwins(Path file, AtomicBoolean stop) {
        var rows = 0;
        try (var connection = sqlite_files.open(file); var statement = connection.createStatement()) {
            statement.execute("pragma busy_timeout = 60000");
            for (; !stop.get(); rows++) {
                statement.executeUpdate("begin immediate; insert into a values (null, 'late'); insert into b values (null, 'late'); commit");
                Thread.sleep(2);
            }
        } catch (SQLException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
        return rows;
    }

    @Test
    @Tag("slow")
    void killed_at_random_moments_the_next_run_does_the_rest_even_if_the_file_has_changed() throws Exception {
        assumeTrue(shell.has("sqlite3"), "sqlite3 is not installed");
        var file = sqlite_files.twins(folder, "delete");
        var seed = System.nanoTime();
        var random = new Random(seed);
        for (var round = 0; round < 6; round++) {
            url = servers.database();
            Files.deleteIfExists(folder.resolve("rejects.ndjson"));
            for (var kill = 0; kill < 5; kill++) {
                var process = start(file);
                if (process.waitFor(400 + random.nextInt(1600), TimeUnit.MILLISECONDS)) {
                    break;
                }
                process.destroyForcibly().waitFor();
                if (random.nextBoolean()) {
                    change(file, "update a set v = v || '!' where id % 77 = 3", "delete from b where id = (select min(id) from b)",
                            "insert into a select max(id) + 1, 'new' from a");
                }
            }
            untilNoOtherRun();
            var ran = migrate(file, "--json");
            assertThat(ran.exit()).as("seed " + seed + ": " + ran.err()).isIn(MIGRATED);
            try (var connection = servers.connect(url)) {
                assertThat(new sqlite_comparer(file, connection, ran.json(), null).differences()).as("seed " + seed).isEmpty();
            }
        }
    }

    static void change(Path file, String... statements) throws SQLException {
        try (var connection = sqlite_files.open(file); var statement = connection.createStatement()) {
            for (var sql : statements) {
                statement.executeUpdate(sql);
            }
        }
    }

    Process start(Path file) throws IOException {
        return new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                "migrate_to_postgres", "--sqlite", file.toString(), "--url", url, "--rejects", folder.resolve("rejects.ndjson").toString(),
                "--not-migrated",
                        folder.resolve("n").toString())
                .redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
    }

    /** The server notices after a while that a killed client is gone. */
    void untilNoOtherRun() throws Exception {
        while (!column("select pid from pg_stat_activity where datname = current_database() and application_name like 'pgbang/%'")
                .isEmpty()) {
            Thread.sleep(50);
        }
    }

    // --- choosing ---

    @Test
    void only_the_tables_asked_for_are_moved() throws Exception {
        migrate(CHINOOK, "--tables", "Artist,Album");
        assertThat(tables()).containsExactly("Album", "Artist");
        assertThat(column("select count(*) from pg_constraint where contype = 'f'")).containsExactly("1");
        url = servers.database();
        migrate(CHINOOK, "--exclude", "Track,PlaylistTrack,InvoiceLine");
        assertThat(tables()).hasSize(8).doesNotContain("Track", "PlaylistTrack", "InvoiceLine");
    }

    @Test
    void another_schema_is_made_and_filled() throws Exception {
        var ran = migrate(CHINOOK, "--schema", "Old App", "--json");
        assertThat(ran.exit()).as(ran.err()).isZero();
        assertThat(tables()).isEmpty();
        try (var connection = servers.connect(url)) {
            assertThat(new sqlite_comparer(CHINOOK, connection, ran.json(), null).schema("Old App").differences()).isEmpty();
        }
    }

    @Test
    void a_protected_table_is_neither_dropped_altered_nor_filled() throws Exception {
        sql("create table \"Album\" (id int)", "insert into \"Album\" values (42)", "create table mine (id int)",
                "insert into mine values (7)");
        var refused = migrate(CHINOOK, "--protect", "Album,mine");
        assertThat(refused.exit()).isEqualTo(2);
        assertThat(refused.err()).contains("Album", "protected");
        var ran = migrate(CHINOOK, "--protect", "Album,mine", "--exclude", "Album");
        assertThat(ran.exit()).as(ran.out() + ran.err()).isLessThan(2);
        assertThat(column("select (select id from \"Album\") || ' ' || (select id from mine)")).containsExactly("42 7");
        assertThat(column("select count(*) from \"Track\"")).containsExactly("3503");
    }

    @Test
    void schema_only_makes_everything_and_moves_no_row() throws Exception {
        assertThat(migrate(CHINOOK, "--schema-only").exit()).as("nothing was moved, so nothing was verified").isIn(0, 3);
        assertThat(tables()).hasSize(11);
        assertThat(column("select count(*) from \"Track\"")).containsExactly("0");
    }

    // --- the plan ---

    @Test
    void the_plan_is_the_same_bytes_each_time_and_needs_no_server() throws Exception {
        var first = folder.resolve("first.json");
        var second = folder.resolve("second.json");
        for (var plan : List.of(first, second)) {
            var ran = run("--sqlite", CHINOOK.toString(), "--url", "postgresql://postgres@localhost:1/nowhere", "--plan", plan.toString());
            assertThat(ran.exit()).as(ran.err()).isZero();
        }
        assertThat(Files.readAllBytes(first)).isEqualTo(Files.readAllBytes(second));
        assertThat(JsonParser.parseString(Files.readString(first)).getAsJsonObject().getAsJsonArray("tables")).hasSize(11);
        assertThat(run("--sqlite", CHINOOK.toString(), "--plan").out()).isEqualTo(Files.readString(first));
    }

    @Test
    void a_type_edited_in_the_plan_is_what_is_made() throws Exception {
        var plan = folder.resolve("plan.json");
        run("--sqlite", CHINOOK.toString(), "--plan", plan.toString());
        var json = JsonParser.parseString(Files.readString(plan)).getAsJsonObject();
        for (var table : objects(json, "tables")) {
            for (var column : objects(table, "columns")) {
                if (column.get("name").getAsString().equals("Milliseconds")) {
                    assertThat(column.get("type").getAsString()).isEqualTo("bigint");
                    column.addProperty("type", "numeric(12,1)");
                }
            }
        }
        Files.writeString(plan, new Gson().toJson(json));
        var ran = migrate(CHINOOK, "--plan-file", plan.toString(), "--json");
        assertThat(ran.exit()).as(ran.err()).isLessThan(2);
        assertThat(types(ran.json())).containsEntry("Track.Milliseconds", "numeric(12,1)");
        try (var connection = servers.connect(url)) {
            assertThat(new sqlite_comparer(CHINOOK, connection, ran.json(), null).differences()).isEmpty();
        }
    }

    @Test
    void a_plan_that_is_no_plan_is_wrong_usage() throws Exception {
        var plan = Files.writeString(folder.resolve("plan.json"), "[1, 2");
        var ran = migrate(CHINOOK, "--plan-file", plan.toString());
        assertThat(ran.exit()).isEqualTo(64);
        assertThat(ran.err()).contains("plan.json").doesNotContain("\tat ");
    }

    // --- filling a schema that the application has made ---

    @Test
    void the_types_of_an_existing_schema_win() throws Exception {
        sql(sqlite_files.APPLICATION_SCHEMA.toArray(String[]::new));
        var before = column(COLUMNS);
        var file = sqlite_files.application(folder);
        var ran = migrate(file, "--data-only", "--json");
        assertThat(ran.exit()).as(ran.out() + ran.err()).isLessThan(2);
        assertThat(column(COLUMNS)).as("nothing is altered").isEqualTo(before);
        assertThat(column(
                "select username || is_staff || (date_joined at time zone 'utc')::text || coalesce(profile ->> 'a', '-') from auth_user order by id"))
                .containsExactly("anntrue2020-01-02 03:04:05.6789011", "bobfalse2021-06-07 08:09:10-");
        assertThat(column("select concat_ws('|', id, author_id, \"createdAt\", status, published, score) from \"Post\" order by id"))
                .containsExactly(
                        "123e4567-e89b-42d3-a456-426614174000|1|2023-11-14 22:13:20.123|DRAFT|f",
                        "123e4567-e89b-42d3-a456-426614174001|2|2023-11-15 22:13:20|LIVE|t|17");
        assertThat(column("select concat_ws('|', uuid, atype, encode(data, 'hex'), deleted_at) from ciphers order by 1")).containsExactly(
                "123e4567-e89b-42d3-a456-426614174002|2147483647|00ff", "123e4567-e89b-42d3-a456-426614174003|-1||2020-01-01 00:00:00");
        assertThat(column("select count(*) from django_migrations")).as("the application's own history").containsExactly("1");
        if (shell.has("sqlite3")) {
            try (var connection = servers.connect(url)) {
                assertThat(new sqlite_comparer(file, connection, ran.json(), folder.resolve("rejects.ndjson")).epoch("Post.createdAt",
                        "unixms").without("django_migrations").differences()).isEmpty();
            }
        }
        assertThat(column("insert into auth_user (username, is_staff, date_joined) values ('new', true, now()) returning id"))
                .containsExactly("3");
    }

    static final String COLUMNS = "select attrelid::regclass || '.' || attname || ' ' || format_type(atttypid, atttypmod) || attnotnull || attidentity::text "
            + "from pg_attribute"
            + " where attnum > 0 and attrelid in (select oid from pg_class where relnamespace = 'public'::regnamespace) order by 1";

    @Test
    void a_value_that_an_existing_column_cannot_hold_is_an_error_with_its_key_and_nothing_is_filled() throws Exception {
        sql("create table t (id int4 primary key, n int4)");
        var ran = migrate(
                sqlite_files.file(folder, "big",
                        "create table t (id INTEGER PRIMARY KEY, n INTEGER); insert into t values (1, 1), (2, 3000000000);"),
                "--data-only", "--on-mismatch", "abort");
        assertThat(ran.exit()).isEqualTo(2);
        assertThat(ran.err()).contains("n", "3000000000");
        assertThat(column("select count(*) from t")).containsExactly("0");
    }

    @Test
    void digits_that_a_narrower_target_drops_are_listed_or_refused_but_never_lost_in_silence() throws Exception {
        sql("create table t (id int primary key, at timestamp(3), r real)");
        var ran = migrate(sqlite_files.file(folder, "digits",
                "create table t (id INTEGER PRIMARY KEY, at TEXT, r REAL); insert into t values (1, '2020-01-01 00:00:00.123456', 0.1), (2, '2020-01-01', 1.5);"),
                "--data-only");
        assertThat(ran.exit()).as(ran.out() + ran.err()).isEqualTo(1);
        assertThat(rejects().stream().map(line -> text(line, "key") + text(line, "column"))).containsExactlyInAnyOrder("1at", "1r");
        url = servers.database();
        sql("create table p (id int primary key, n numeric(5, 2))");
        var other = Files.createDirectory(folder.resolve("other"));
        var refused = migrate(
                sqlite_files.file(other, "digits", "create table p (id INTEGER PRIMARY KEY, n REAL); insert into p values (1, 1.234);"),
                "--data-only");
        assertThat(refused.exit()).isEqualTo(2);
        assertThat(refused.err()).contains("1.234", "numeric(5,2)");
    }

    @Test
    void an_enum_that_spells_its_values_in_another_case_is_filled_with_a_line_in_the_report() throws Exception {
        sql("create type state as enum ('live', 'dead')", "create table t (id int primary key, s state)");
        var ran = migrate(
                sqlite_files.file(folder, "spelling",
                        "create table t (id INTEGER PRIMARY KEY, s TEXT); insert into t values (1, 'LIVE'), (2, 'live');"),
                "--data-only");
        assertThat(ran.exit()).as("a changed value is not identical").isNotZero();
    }

    @Test
    void what_the_target_has_no_place_for_is_reported() throws Exception {
        sql("create table t (id int primary key)");
        var ran = migrate(sqlite_files.file(folder, "more",
                "create table t (id INTEGER PRIMARY KEY, gone TEXT); insert into t values (1, 'x'); create table nowhere (a TEXT); insert into nowhere values "
                + "('y');"), "--data-only");
        assertThat(ran.exit()).isEqualTo(1);
        assertThat(ran.out()).contains("t.gone", "nowhere");
    }

    @Test
    void rows_already_in_the_target_stop_are_truncated_or_merged() throws Exception {
        var file = sqlite_files.file(folder, "rows",
                "create table t (id INTEGER PRIMARY KEY, v TEXT); insert into t values (1, 'sqlite'), (2, 'sqlite');");
        sql("create table t (id bigint primary key, v text)", "insert into t values (1, 'seeded'), (5, 'seeded')");
        assertThat(migrate(file, "--data-only").exit()).isEqualTo(2);
        assertThat(column("select id || v from t order by id")).containsExactly("1seeded", "5seeded");
        assertThat(migrate(file, "--data-only", "--target-rows", "merge").exit()).isLessThan(2);
        assertThat(column("select id || v from t order by id")).containsExactly("1sqlite", "2sqlite", "5seeded");
        assertThat(migrate(file, "--data-only", "--target-rows", "truncate").exit()).isZero();
        assertThat(column("select id || v from t order by id")).containsExactly("1sqlite", "2sqlite");
    }

    @Test
    void a_protected_table_of_an_existing_schema_keeps_its_rows_even_when_others_are_truncated() throws Exception {
        var file = sqlite_files.file(folder, "rows",
                "create table t (id INTEGER PRIMARY KEY, v TEXT); insert into t values (1, 'sqlite'); create table u (id INTEGER PRIMARY KEY); insert into u "
                        + "values (7);");
        sql("create table t (id bigint primary key, v text)", "insert into t values (5, 'seeded')",
                "create table u (id bigint primary key)",
                "insert into u values (9)");
        assertThat(migrate(file, "--data-only", "--target-rows", "truncate", "--protect", "u").exit()).isLessThan(2);
        assertThat(column("select id from t")).containsExactly("1");
        assertThat(column("select id from u")).containsExactly("9");
    }

    // --- verification ---

    @ParameterizedTest
    @ValueSource(strings = {"counts", "hash", "rows"})
    void a_row_lost_later_is_found_by_every_kind_of_verification(String how) throws Exception {
        migrate(CHINOOK);
        assertThat(migrate(CHINOOK, "--verify-only", "--verify", how).exit()).isZero();
        sql("delete from \"PlaylistTrack\" where \"PlaylistId\" = 1 and \"TrackId\" = 3402");
        var ran = migrate(CHINOOK, "--verify-only", "--verify", how);
        assertThat(ran.exit()).isEqualTo(2);
        assertThat(ran.out() + ran.err()).contains("PlaylistTrack");
    }

    @ParameterizedTest
    @ValueSource(strings = {"hash", "rows"})
    void a_value_changed_later_is_found_with_table_key_and_column(String how) throws Exception {
        migrate(CHINOOK);
        for (var change : List.of("\"Track\" set \"UnitPrice\" = \"UnitPrice\" + 0.01 where \"TrackId\" = 1234",
                "\"Track\" set \"Composer\" = '' where \"TrackId\" = 1234",
                "\"Invoice\" set \"InvoiceDate\" = \"InvoiceDate\" + interval '1 microsecond' where \"InvoiceId\" = 77")) {
            sql("update " + change);
            var ran = migrate(CHINOOK, "--verify-only", "--verify", how);
            assertThat(ran.exit()).as(change).isEqualTo(2);
            assertThat(ran.out() + ran.err()).as(change)
                    .contains(change.replaceFirst("^\"(\\w+)\".*", "$1"), change.replaceFirst(".* set \"(\\w+)\".*", "$1"))
                    .containsPattern("1234|77");
        }
    }

    /** What the notes say: verified, whether of the state that is given, and whether verified_at is young. */
    List<String> noted(String fingerprint) throws SQLException {
        return column("select concat_ws(' ', verified, fingerprint = '" + fingerprint
                + "', verified_at > finished) from pgbang.sqlite_migration");
    }

    String fingerprint() throws SQLException {
        return column("select fingerprint from pgbang.sqlite_migration").get(0);
    }

    @Test
    void what_a_later_comparison_finds_is_noted_with_the_state_of_the_file() throws Exception {
        var file = Files.copy(CHINOOK, folder.resolve("chinook.sqlite"));
        migrate(file);
        var moved = fingerprint();
        assertThat(column("select verified from pgbang.sqlite_migration where verified_at = finished")).containsExactly("yes");
        change(file, "update Track set Composer = 'x' where TrackId = 1");
        assertThat(migrate(file, "--verify-only").exit()).isEqualTo(2);
        assertThat(noted(moved)).containsExactly("no t t");
        assertThat(migrate(file, "--verify-only", "--verify", "counts").exit()).as("as many rows, lengths unlike").isEqualTo(2);
        sql("update \"Track\" set \"Composer\" = 'y' where \"TrackId\" = 1");
        assertThat(migrate(file, "--verify-only", "--verify", "counts").exit()).isZero();
        assertThat(migrate(file, "--verify-only", "--verify", "none").exit()).isEqualTo(3);
        assertThat(noted(moved)).as("numbers alone prove nothing").containsExactly("no t t");
        sql("update \"Track\" set \"Composer\" = 'x' where \"TrackId\" = 1");
        assertThat(migrate(file).exit()).as("a repeated run").isZero();
        assertThat(noted(moved)).containsExactly("yes f t");
        sql("delete from \"PlaylistTrack\" where \"TrackId\" = 3402", "alter table pgbang.sqlite_migration drop verified_at");
        assertThat(migrate(file).exit()).isEqualTo(2);
        assertThat(noted(moved)).as("the column is made").containsExactly("no f t");
    }

    @Test
    void only_a_verification_of_every_cell_is_noted_as_one() throws Exception {
        migrate(CHINOOK, "--verify", "counts");
        assertThat(column("select verified from pgbang.sqlite_migration")).containsExactly("no");
        migrate(CHINOOK, "--verify-only");
        assertThat(column("select verified from pgbang.sqlite_migration")).containsExactly("yes");
    }

    @Test
    void a_role_that_may_only_read_compares_all_the_same_and_is_told_that_nothing_is_recorded() throws Exception {
        migrate(CHINOOK);
        var role = fresh();
        sql("create role " + role + " login", "grant usage on schema pgbang to " + role,
                "grant select on all tables in schema public, pgbang to " + role);
        var before = column("select n::text from pgbang.sqlite_migration n");
        var admin = url;
        url = url.replace("postgres@", role + "@");
        var ran = migrate(CHINOOK, "--verify-only");
        assertThat(ran.exit()).as(ran.err()).isZero();
        assertThat(ran.err()).contains("the result of this comparison is not recorded", "permission denied");
        url = admin;
        assertThat(column("select n::text from pgbang.sqlite_migration n")).isEqualTo(before);
        sql("grant update on pgbang.sqlite_migration to " + role, "alter table pgbang.sqlite_migration drop verified_at",
                "delete from \"PlaylistTrack\" where \"TrackId\" = 3402");
        url = url.replace("postgres@", role + "@");
        assertThat(migrate(CHINOOK, "--verify-only").exit()).isEqualTo(2);
        url = admin;
        assertThat(column("select verified from pgbang.sqlite_migration")).as("without the column, which this role may not make")
                .containsExactly("no");
    }

    @Test
    void a_read_only_database_is_compared_and_not_written_to() throws Exception {
        migrate(CHINOOK);
        sql("alter database " + url.replaceAll(".*/", "") + " set default_transaction_read_only = on");
        var ran = migrate(CHINOOK, "--verify-only");
        assertThat(ran.exit()).as(ran.err()).isZero();
        assertThat(ran.err()).contains("the result of this comparison is not recorded", "read-only transaction");
        assertThat(migrate(CHINOOK, "--verify-only", "--json").out()).startsWith("{").endsWith("}\n");
    }

    @Test
    @Tag("slow")
    void a_standby_is_compared_like_its_primary() throws Exception {
        var settings = new local_postgres.Settings(servers.newest(), folder.resolve("data"), 0, Map.of(), "app");
        try (var primary = local_postgres.Server.start(settings)) {
            url = primary.url("app");
            migrate(CHINOOK);
        }
        Files.createFile(folder.resolve("data/standby.signal")); // it waits for a primary for ever
        try (var standby = local_postgres.Server.start(settings)) {
            url = standby.url("app");
            var ran = migrate(CHINOOK, "--verify-only");
            assertThat(ran.exit()).as(ran.err()).isZero();
            assertThat(ran.err()).contains("the result of this comparison is not recorded", "read-only transaction");
            assertThat(migrate(CHINOOK).err()).contains("nothing can be written here: this is a hot standby");
        }
    }

    // --- what it says ---

    @Test
    void json_is_one_document_and_problems_go_to_stderr() throws Exception {
        var ran = migrate(sqlite_files.views(folder), "--json");
        assertThat(tables(ran.json())).hasSize(1);
        assertThat(objects(ran.json(), "objects"))
                .allSatisfy(object -> assertThat(object.get("state").getAsString()).isIn("created", "changed", "not created"));
    }

    @Test
    void the_report_names_what_was_not_created_and_the_page_stands_alone() throws Exception {
        var page = folder.resolve("report.html");
        var ran = migrate(sqlite_files.views(folder), "--html", page.toString());
        assertThat(ran.out()).contains("user_function");
        assertThat(Files.readString(page)).contains("user_function", "<html").doesNotContain("http://", "src=\"http", "<link");
    }

    @Test
    void quiet_says_nothing_when_everything_is_fine_and_no_files_are_left() throws Exception {
        var ran = migrate(CHINOOK, "--quiet");
        assertThat(ran.exit()).isZero();
        assertThat(ran.out() + ran.err()).isEmpty();
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void a_password_in_the_url_is_never_shown() throws Exception {
        var ran = run("--sqlite", CHINOOK.toString(), "--url", "postgresql://postgres:geheim@localhost:1/x", "--verbose");
        assertThat(ran.exit()).isEqualTo(2);
        assertThat(ran.out() + ran.err()).doesNotContain("geheim");
    }

    @Test
    @Tag("slow")
    void chinook_arrives_as_a_user_types_it() throws Exception {
        var ran = shell.run(folder, Map.of("DATABASE_URL", url), shell.ROOT.resolve("jbang").toString(),
                shell.ROOT.resolve("scripts/migrate_to_postgres.java").toString(), "--sqlite", shell.ROOT.resolve(CHINOOK).toString());
        assertThat(ran.exit()).as(ran.err()).isZero();
        assertThat(column("select count(*) from \"Track\"")).containsExactly("3503");
    }

    // --- helpers ---

    record Ran(int exit, String out, String err) {
        /** Standard output as the one JSON document that it must be. */
        JsonObject json() {
            return JsonParser.parseString(out).getAsJsonObject();
        }
    }

    /** Migrates a file to the test's database; the files of the report go to the test's folder. */
    Ran migrate(Path file, String... more) {
        var args = new ArrayList<>(List.of("--sqlite", file.toString(), "--url", url, "--rejects",
                folder.resolve("rejects.ndjson").toString(), "--not-migrated",
                folder.resolve("not_migrated.sql").toString()));
        args.addAll(Arrays.asList(more));
        return run(args.toArray(String[]::new));
    }

    Ran migrateNothing(Path file) {
        return run("--sqlite", file.toString(), "--url", url, "--verify-only", "--rejects", folder.resolve("later.ndjson").toString(),
                "--not-migrated",
                folder.resolve("later.sql").toString());
    }

    Ran run(String... args) {
        var out = new StringWriter();
        var err = new StringWriter();
        var script = new migrate_to_postgres();
        script.database.environment = Map::of;
        var exit = script.database.command(script).setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true)).execute(args);
        return new Ran(exit, out.toString(), err.toString());
    }

    /** The types that the catalog has, by the names of SQLite: table.column. */
    Map<String, String> types(JsonObject report) throws SQLException {
        var catalog = new TreeMap<String, String>();
        try (var connection = servers.connect(url); var rows = connection.createStatement().executeQuery("""
                select c.relname, a.attname, format_type(a.atttypid, a.atttypmod) from pg_attribute a join pg_class c on c.oid = a.attrelid
                where c.relnamespace = 'public'::regnamespace and a.attnum > 0 and not a.attisdropped""")) {
            while (rows.next()) {
                catalog.put(rows.getString(1) + "\n" + rows.getString(2), rows.getString(3));
            }
        }
        var types = new TreeMap<String, String>();
        for (var table : tables(report)) {
            for (var column : objects(table, "columns")) {
                types.put(text(table, "name") + "." + text(column, "name"),
                        catalog.get(text(table, "target") + "\n" + text(column, "target")));
            }
        }
        return types;
    }

    /** The names of all that the report speaks of. */
    static Set<String> reported(JsonObject report) {
        var names = new TreeSet<String>();
        objects(report, "objects").forEach(object -> names.add(text(object, "name")));
        return names;
    }

    /** What a person made in the file: not the tables and indexes that SQLite adds. */
    static Set<String> objects(Path file) throws SQLException {
        return new TreeSet<>(sqliteColumn(file, """
                select name from sqlite_schema where name not like 'sqlite\\_%' escape '\\' and name not in (select name from pragma_table_list where type = 'shadow')
                and tbl_name not in (select name from pragma_table_list where type = 'shadow')"""));
    }

    static List<JsonObject> tables(JsonObject report) {
        return objects(report.getAsJsonObject("plan"), "tables");
    }

    static List<JsonObject> objects(JsonObject object, String member) {
        return object.getAsJsonArray(member).asList().stream().map(JsonElement::getAsJsonObject).toList();
    }

    static String text(JsonObject object, String member) {
        return object.get(member).getAsString();
    }

    List<JsonObject> rejects() throws IOException {
        return Files.readAllLines(folder.resolve("rejects.ndjson")).stream().map(line -> JsonParser.parseString(line).getAsJsonObject())
                .toList();
    }

    static String fresh() {
        return "made_" + Long.toString(System.nanoTime(), 36);
    }

    void sql(String... statements) throws SQLException {
        try (var connection = servers.connect(url); var statement = connection.createStatement()) {
            for (var sql : statements) {
                statement.execute(sql);
            }
        }
    }

    List<String> column(String query) throws SQLException {
        try (var connection = servers.connect(url); var rows = connection.createStatement().executeQuery(query)) {
            var values = new ArrayList<String>();
            while (rows.next()) {
                values.add(rows.getString(1));
            }
            return values;
        }
    }

    List<String> tables() throws SQLException {
        return column(
                "select relname from pg_class where relkind in ('r', 'p') and relnamespace = 'public'::regnamespace order by relname collate \"C\"");
    }

    static String sqlite(String query) throws SQLException {
        return sqliteColumn(null, query).get(0);
    }

    /** The first column of a query; a null file is an empty database in memory. */
    static List<String> sqliteColumn(Path file, String query) throws SQLException {
        try (var connection = sqlite_files.open(file == null ? Path.of(":memory:") : file);
                var rows = connection.createStatement().executeQuery(query)) {
            var values = new ArrayList<String>();
            while (rows.next()) {
                values.add(rows.getString(1));
            }
            return values;
        }
    }
}
