//SOURCES servers.java
//SOURCES sqlite_files.java
//SOURCES sqlite_comparer.java
//DEPS org.xerial:sqlite-jdbc:3.54.1.0
//DEPS org.slf4j:slf4j-nop:1.7.36

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The comparer itself: it is silent about a faithful copy made by hand, and finds each kind of deliberate difference with its key. */
class sqlite_comparer_test {
    static final String SQLITE = """
            create table t (id INTEGER PRIMARY KEY, flag BOOLEAN, n INTEGER, r REAL, p DECIMAL(10,2),
              s TEXT, b BLOB, d DATE, ts DATETIME, tz DATETIME, unix DATETIME, j JSON, u UUID, tm TIME);
            insert into t values (1, 1, 9223372036854775807, 1e23, 12.34, 'é 😀 ', x'00ff', '2020-02-29', '2020-02-29 12:00:00.123456', '2020-02-29T12:00:00+02:00',
              1700000000, '{"b": 1.50, "a": [1]}', '123e4567-e89b-42d3-a456-426614174000', '12:34'),
              (2, 0, -1, -0.0, 0.1, '', x'', '1969-12-31', '1969-12-31', '1969-12-31 00:00', 0, '"x"', null, '24:00:00'),
                (3, null, null, null, null, null, null, null, null, null, null, null, null, null);
            create table keyless (a TEXT, x);
            insert into keyless values ('one', 1.5), ('one', 1.5), ('two', 'word'), (null, 9e999);
            """;
    static final List<String> POSTGRES = List.of(
            "create table t (id bigint primary key, flag boolean, n bigint, r double precision, p numeric(10,2), s text, b bytea, d date, ts timestamp, tz timestamptz, unix timestamptz, j jsonb, u uuid, tm time)",
            """
            insert into t values (1, true, 9223372036854775807, 1e23, 12.34, 'é 😀 ', '\\x00ff', '2020-02-29', '2020-02-29 12:00:00.123456', '2020-02-29 10:00+00',
              '2023-11-14 22:13:20+00', '{"a": [1], "b": 1.5}',
              '123e4567-e89b-42d3-a456-426614174000', '12:34'),
              (2, false, -1, 0, 0.1, '', '', '1969-12-31', '1969-12-31', '1969-12-31 00:00+00', '1970-01-01+00', '"x"', null, '24:00'), (3, null, null, null, null, null, null, null, null, null, null, null, null, null)""",
            "create table keyless (a text, x text)",
            "insert into keyless values ('one', '1.5'), ('one', '1.5'), ('two', 'word'), (null, 'Infinity')");
    static final String REPORT = """
            {"tables": [
              {"name": "t", "target": "t", "columns": [{"name": "id", "target": "id"}, {"name": "flag", "target": "flag"}, {"name": "n", "target": "n"},
                {"name": "r", "target": "r"}, {"name": "p", "target": "p"},
                {"name": "s", "target": "s"}, {"name": "b", "target": "b"}, {"name": "d", "target": "d"}, {"name": "ts", "target": "ts"}, {"name": "tz",
                  "target": "tz"}, {"name": "unix", "target": "unix"},
                {"name": "j", "target": "j"}, {"name": "u", "target": "u"}, {"name": "tm", "target": "tm"}]},
              {"name": "keyless", "target": "keyless", "columns": [{"name": "a", "target": "a"}, {"name": "x", "target": "x"}]}], "objects": []}""";

    @TempDir
    Path folder;
    String url;
    Path file;

    @BeforeEach
    void aFaithfulCopy() throws Exception {
        assumeTrue(shell.has("sqlite3"), "sqlite3 is not installed");
        url = servers.database();
        file = sqlite_files.file(folder, "source", SQLITE);
        sql(POSTGRES.toArray(String[]::new));
    }

    @Test
    void a_faithful_copy_has_no_differences() throws Exception {
        assertThat(differences("")).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            update t set flag = false where id = 1                       | t [1] flag: 1 in SQLite, false
            update t set flag = null where id = 2                        | t [2] flag: 0 in SQLite, NULL
            update t set flag = true where id = 3                        | t [3] flag: NULL in SQLite, true
            update t set n = n - 1 where id = 1                          | t [1] n: 9223372036854775807
            update t set r = 100000000000000008388608 where id = 1       | t [1] r:
            update t set p = 12.35 where id = 1                          | t [1] p: 12.34
            update t set s = 'é 😀' where id = 1                          | t [1] s:
            update t set s = normalize(s, nfd) where id = 1              | t [1] s:
            update t set s = null where id = 2                           | t [2] s: '' in SQLite, NULL
            update t set s = '' where id = 3                             | t [3] s: NULL in SQLite
            update t set b = set_bit(b, 3, 1) where id = 1               | t [1] b: x'00ff' in SQLite, \\x08ff
            update t set b = null where id = 2                           | t [2] b: x'' in SQLite, NULL
            update t set d = d + 1 where id = 2                          | t [2] d:
            update t set ts = ts + interval '1 microsecond' where id = 1 | t [1] ts:
            update t set tz = tz + interval '1 hour' where id = 1        | t [1] tz:
            update t set unix = unix + interval '1 second' where id = 2  | t [2] unix: 0
            update t set j = '{"a": [2], "b": 1.5}' where id = 1         | t [1] j:
            update t set u = null where id = 1                           | t [1] u:
            update t set tm = '12:34:01' where id = 1                    | t [1] tm:
            delete from t where id = 2                                   | t [2]: the row is not in PostgreSQL
            insert into t (id) values (4)                                | t: a row that SQLite does not have: 4
            update t set id = 30 where id = 3                            | t [3]: the row is not in PostgreSQL
            update keyless set x = 'Word' where a = 'two'                | keyless [3] x: 'word' in SQLite, Word
            insert into keyless values ('one', '1.5')                    | keyless: a row that SQLite does not have: one, 1.5
            delete from keyless where a is null                          | keyless [4]: the row is not in PostgreSQL
            delete from keyless where ctid = '(0,1)'                     | keyless [1]: the row is not in PostgreSQL
            update keyless set x = '-Infinity' where a is null           | keyless [4] x: Infinity
            alter table t drop column n                                  | t.n: the column is not in PostgreSQL
            drop table keyless                                           | keyless: there is no table keyless in PostgreSQL
            """)
    void each_deliberate_difference_is_found_with_its_key(String mutation, String expected) throws Exception {
        sql(mutation);
        assertThat(differences("")).anyMatch(line -> line.startsWith(expected.strip())).hasSizeLessThanOrEqualTo(2);
    }

    @Test
    void values_of_two_rows_that_were_swapped_are_two_differences() throws Exception {
        sql("update t set s = case id when 1 then '' when 2 then 'é 😀 ' end where id < 3");
        assertThat(differences("")).hasSize(2);
    }

    @Test
    void json_numbers_are_equal_by_value_and_members_in_any_order() throws Exception {
        sql("update t set j = '{\"b\": 1.500, \"a\": [1.0]}' where id = 1");
        assertThat(differences("")).isEmpty();
    }

    @Test
    void a_member_of_an_object_that_jsonb_dropped_is_a_difference() throws Exception {
        file = sqlite_files.file(Files.createDirectory(folder.resolve("twice")), "source", SQLITE.replace("{\"b\": 1.50, \"a\": [1]}",
                "{\"b\": 1.50, \"b\": 1.5, \"a\": [1]}"));
        assertThat(differences("")).hasSize(1).first().asString().startsWith("t [1] j:");
    }

    @Test
    void a_listed_cell_may_differ_only_if_its_original_bytes_are_kept_and_the_change_is_one_of_the_allowed() throws Exception {
        file = sqlite_files.file(Files.createDirectory(folder.resolve("nul")), "source",
                SQLITE + "update t set s = 'a' || char(0) || 'b' where id = 2;");
        sql("update t set s = 'ab' where id = 2");
        var kept = "{\"table\": \"t\", \"key\": {\"id\": 2}, \"column\": \"s\", \"class\": \"text\", \"hex\": \"610062\", \"reason\": \"NUL\", \"action\": \"stripped\"}\n";
        assertThat(differences("")).hasSize(1);
        assertThat(differences(kept)).isEmpty();
        assertThat(differences(kept.replace("610062", "6100"))).hasSize(1);
        assertThat(differences(kept.replace("\"id\": 2", "\"id\": 1"))).hasSize(1);
        sql("update t set s = 'AB' where id = 2");
        assertThat(differences(kept)).hasSize(1);
    }

    @Test
    void a_listed_row_may_be_missing() throws Exception {
        sql("delete from t where id = 2");
        assertThat(differences(
                "{\"table\": \"t\", \"key\": {\"id\": 2}, \"column\": \"n\", \"class\": \"integer\", \"hex\": null, \"reason\": \"x\", \"action\": \"row rejected\"}\n"))
                .isEmpty();
        assertThat(differences(
                "{\"table\": \"t\", \"key\": {\"id\": 3}, \"column\": \"n\", \"class\": \"integer\", \"hex\": null, \"reason\": \"x\", \"action\": \"row rejected\"}\n"))
                .hasSize(1);
    }

    @Test
    void a_number_is_no_time_unless_its_epoch_was_said() throws Exception {
        try (var connection = servers.connect(url)) {
            assertThat(new sqlite_comparer(file, connection, report(), null).differences()).hasSize(2)
                    .allMatch(line -> line.contains(" unix: "));
        }
    }

    @Test
    void a_table_that_is_nowhere_and_a_column_that_the_report_passes_over_are_differences() throws Exception {
        file = sqlite_files.file(Files.createDirectory(folder.resolve("more")), "source", SQLITE
                + "create table forgotten (a); alter table keyless add column late TEXT;");
        assertThat(differences("")).anyMatch(line -> line.startsWith("forgotten: ")).anyMatch(line -> line.startsWith("keyless.late: "))
                .hasSize(2);
    }

    @Test
    void every_epoch_gives_the_moment_that_the_file_was_made_for() throws Exception {
        file = sqlite_files.epochs(folder);
        sql("drop table t",
                "create table t (id bigint, unix_s timestamp, unix_ms timestamp, unix_us timestamp, unix_ns timestamp, julian timestamp, webkit timestamp, filetime timestamp, ticks timestamp, plain bigint)",
                "insert into t select 1, m, m, m, m, '2023-11-15 00:00', m, m, m, 1700000000 from (select '2023-11-14 22:13:20'::timestamp m) s",
                "insert into t select 2, m, m + interval '0.123 s', m + interval '0.123456 s', m, '2023-11-16 06:00', m + interval '0.000001 s', m, m, 1700086400 from (select '2023-11-15 22:13:20'::timestamp m) s");
        var columns = List.of("id", "unix_s", "unix_ms", "unix_us", "unix_ns", "julian", "webkit", "filetime", "ticks", "plain");
        var report = JsonParser.parseString(
                "{\"tables\": [{\"name\": \"t\", \"columns\": [" + String.join(",", columns.stream().map(c -> "{\"name\": \"" + c
                + "\"}").toList()) + "]}]}").getAsJsonObject();
        try (var connection = servers.connect(url)) {
            var comparer = new sqlite_comparer(file, connection, report, null);
            comparer.epoch("t.unix_s", "unix").epoch("t.unix_ms", "unixms").epoch("t.unix_us", "unixus").epoch("t.unix_ns", "unixns")
                    .epoch("t.julian", "julian");
            assertThat(comparer.epoch("t.webkit", "webkit").epoch("t.filetime", "filetime").epoch("t.ticks", "ticks").differences())
                    .isEmpty();
        }
    }

    @Test
    void utf16_and_a_write_ahead_log_are_read() throws Exception {
        for (var source : List.of(sqlite_files.utf16le(folder), sqlite_files.utf16be(folder))) {
            file = source;
            var report = JsonParser
                    .parseString(
                            "{\"tables\": [{\"name\": \"t\", \"columns\": [{\"name\": \"id\"}, {\"name\": \"v\"}, {\"name\": \"b\"}]}]}")
                    .getAsJsonObject();
            sql("drop table if exists t", "create table t (id bigint, v text, b bytea)",
                    "insert into t values (1, 'é 😀', '\\x00ff'), (2, '', ''), (3, null, null), (4, 'ab', '\\x6100')");
            try (var connection = servers.connect(url)) {
                assertThat(new sqlite_comparer(file, connection, report, null).differences()).hasSize(1).first().asString()
                        .startsWith("t [4] v: text x'610062'");
            }
        }
        file = sqlite_files.wal(folder);
        try (var connection = servers.connect(url)) {
            assertThat(new sqlite_comparer(file, connection, new JsonObject(), null).differences()).hasSize(2)
                    .anyMatch(line -> line.startsWith("late: "));
        }
    }

    // --- helpers ---

    List<String> differences(String rejects) throws Exception {
        var listed = Files.writeString(folder.resolve("rejects.ndjson"), rejects);
        try (var connection = servers.connect(url)) {
            return new sqlite_comparer(file, connection, report(), listed).epoch("t.unix", "unix").differences();
        }
    }

    static JsonObject report() {
        return JsonParser.parseString(REPORT).getAsJsonObject();
    }

    void sql(String... statements) throws Exception {
        try (var connection = servers.connect(url); var statement = connection.createStatement()) {
            for (var sql : statements) {
                statement.execute(sql);
            }
        }
    }
}
