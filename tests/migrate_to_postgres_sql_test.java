//SOURCES ../scripts/migrate_to_postgres.java
//SOURCES servers.java

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.math.BigDecimal;
import java.math.MathContext;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** SQLite's SQL read, and translated: what PostgreSQL makes of the translation must be what SQLite makes of the original, over the same awkward values. */
@TestInstance(Lifecycle.PER_CLASS)
class migrate_to_postgres_sql_test {
    static final List<String> SECTIONS = List.of("[expressions]", "[immutable]", "[queries]", "[untranslatable]");
    static final Path CORPUS = Path.of("tests", "sqlite_expressions.txt");

    static final String SQLITE = """
            create table t (id integer primary key, i integer, r real, n numeric, s text, nc text collate nocase, b blob, f boolean, d date, ts datetime, tz datetime,
                u integer, um integer, j text, g text, e text, st text, k integer not null);
            insert into t values
                (1, 5, 2.5, 5, 'abc', 'Abc', x'00ff', 1, '2024-02-29', '2024-02-29 10:11:12', '2024-02-29 10:11:12', 1700000000, 1700000000123,
                    '{"a":1,"b":"text","c":[7,8],"flag":true,"o":{"x":"deep"}}', '6ba7b810-9dad-11d1-80b4-00c04fd430c8', 'red', '2024-02-29', 2),
                (2, -3, -2.5, 2.75, '', '', x'', 0, '2023-01-15', '2023-01-15 00:00:00', '2023-01-15 00:00:00', 0, 0, '{"a":5,"b":5,"flag":false}',
                    '00000000-0000-4000-8000-000000000000', 'green', '2023-01-15 13:14:15', 1),
                (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 3),
                (4, 0, 0.0, 0, '12abc', 'ABC', x'ff', 1, '1999-12-31', '1999-12-31 23:59:59', '1999-12-31 23:59:59', 946684799, 946684799000,
                    '{"a":null,"b":"","c":[]}', 'ffffffff-ffff-4fff-bfff-ffffffffffff', 'blue', 'not a date', 2),
                (5, 1, 123456.789, -1.5, 'Éa', 'é', x'616263', 0, '2000-01-01', '2000-01-01 12:00:00', '2000-01-01 12:00:00', 951825600, 951825600000,
                    '{"a":1.5,"b":"É"}', NULL, 'red', '1999-12-31T23:59:59Z', 1),
                (6, 9000000000, 1e20, 12.50, ' x ', 'x', x'00', 1, '2024-12-30', '2024-12-30 06:30:00', '2024-12-30 06:30:00', 1735540200, 1735540200000,
                    '{}', NULL, NULL, '', 5),
                (7, 5, 0.1, 100, '5', '5', x'35', NULL, '2021-01-31', '2021-01-31 01:02:03', '2021-01-31 01:02:03', 1612054923, 1612054923000,
                    '{"a":"1","b":true}', NULL, 'green', '2024-02-30', 2),
                (8, 7, 1e-5, 0.05, 'a%b_c\\d''e', 'Straße', x'27', 0, '2024-02-29', '2024-02-29 00:00:00', '2024-02-29 00:00:00', 1709164800, 1709164800000,
                    '{"b":"it''s"}', NULL, 'red', '2024-02-29 10:11:12', 1);
            update t set st = null where id = 7;
            create table c (id integer primary key, t_id integer, name text, v integer, parent integer);
            insert into c values (1, 1, 'Apple', 5, NULL), (2, 1, 'banana', 7, 1), (3, 2, 'apple', 7, 1), (4, NULL, 'Éclair', NULL, 2), (5, 4, 'zebra', 0, 4), (6, 4, 'b', 5, NULL);
            create table t2 (id integer primary key, a text, v integer);
            insert into t2 values (1, 'x', 5), (2, NULL, 7), (9, 'y', 1);
            create table w (a text primary key) without rowid;
            """;

    static final String POSTGRES = """
            create type colour as enum ('red', 'green', 'blue');
            create table t (id bigint primary key, i bigint, r double precision, n numeric, s text collate "C", nc text collate "C", b bytea, f boolean, d date, ts timestamp,
                tz timestamptz, u timestamptz, um timestamptz, j jsonb, g uuid, e colour, st text collate "C", k integer not null);
            create table c (id bigint primary key, t_id bigint, name text collate "C", v bigint, parent bigint);
            create table t2 (id bigint primary key, a text collate "C", v bigint);
            create table w (a text collate "C" primary key);
            """;

    static final List<migrate_to_postgres.SeenTable> TABLES = List.of(
            table("t", "id", "id bigint INTEGER", "i bigint INTEGER", "r double_precision REAL", "n numeric NUMERIC", "s text TEXT",
                    "nc text TEXT same nocase", "b bytea BLOB",
                    "f boolean NUMERIC boolean", "d date NUMERIC iso", "ts timestamp NUMERIC iso", "tz timestamptz NUMERIC iso",
                    "u timestamptz INTEGER unix",
                    "um timestamptz INTEGER unixms", "j jsonb TEXT json", "g uuid TEXT uuid", "e \"colour\" TEXT enum", "st text TEXT",
                    "k integer INTEGER"),
            table("c", "id", "id bigint INTEGER", "t_id bigint INTEGER", "name text TEXT", "v bigint INTEGER", "parent bigint INTEGER"),
            table("t2", "id", "id bigint INTEGER", "a text TEXT", "v bigint INTEGER"),
            new migrate_to_postgres.SeenTable("w", "\"public\".\"w\"", false, null, List.of(column("a text TEXT"))));

    final Map<Integer, Connection> connections = new TreeMap<>();
    Connection sqlite;

    static migrate_to_postgres.SeenTable table(String name, String rowid, String... columns) {
        return new migrate_to_postgres.SeenTable(name, "\"public\".\"" + name + "\"", true, rowid,
                Stream.of(columns).map(migrate_to_postgres_sql_test::column).toList());
    }

    /** "name type affinity [conversion [nocase]]" */
    static migrate_to_postgres.SeenColumn column(String text) {
        var words = text.split(" ");
        return new migrate_to_postgres.SeenColumn(words[0], words[0], words[1].replace('_', ' '), words[2],
                words.length > 3 ? words[3] : "same", words.length > 4);
    }

    @BeforeAll
    void theSameTablesOnBothSides() throws Exception {
        sqlite = DriverManager.getConnection("jdbc:sqlite::memory:");
        for (var statement : SQLITE.split(";\n")) {
            execute(sqlite, statement);
        }
        for (var major : servers.majors()) {
            var postgres = servers.connect(servers.database(major));
            connections.put(major, postgres);
            execute(postgres, POSTGRES);
            // not UTC, so that a time which depends on the session's zone is found out
            execute(postgres, "set timezone = 'Asia/Kathmandu'");
            for (var table : List.of("t", "c", "t2", "w")) {
                copy(table, postgres);
            }
        }
    }

    @AfterAll
    void closeAll() throws SQLException {
        sqlite.close();
        for (var postgres : connections.values()) {
            postgres.close();
        }
    }

    void copy(String table, Connection postgres) throws SQLException {
        try (var rows = sqlite.createStatement().executeQuery("select * from " + table)) {
            while (rows.next()) {
                var values = new ArrayList<String>();
                for (var i = 1; i <= rows.getMetaData().getColumnCount(); i++) {
                    values.add(constant(rows.getMetaData().getColumnName(i), rows.getObject(i)));
                }
                execute(postgres, "insert into " + table + " values (" + String.join(", ", values) + ")");
            }
        }
    }

    static String constant(String column, Object value) {
        if (value == null) {
            return "null";
        }
        return switch (column) {
            case "f" -> value.toString().equals("1") ? "true" : "false";
            case "tz" -> "'" + value + "+00'";
            case "u" -> "to_timestamp(" + value + ")";
            case "um" -> "to_timestamp(" + value + " / 1000.0)";
            default -> value instanceof byte[] bytes ? "'\\x" + HexFormat.of().formatHex(bytes) + "'"
                    : value instanceof String text ? "'" + text.replace("'", "''") + "'" : value.toString();
        };
    }

    // --- the corpus ---

    static List<String> corpus(String section) throws IOException {
        var lines = Files.readAllLines(CORPUS);
        var result = new ArrayList<String>();
        var inside = false;
        for (var line : lines) {
            if (SECTIONS.contains(line)) {
                inside = line.equals("[" + section + "]");
            } else if (inside && !line.isBlank() && !line.startsWith("#")) {
                result.add(line);
            }
        }
        assertThat(result).isNotEmpty();
        return result;
    }

    static List<String> expressions() throws IOException {
        return corpus("expressions");
    }

    static List<String> immutable() throws IOException {
        return corpus("immutable");
    }

    static List<String> queries() throws IOException {
        return corpus("queries");
    }

    static List<String> untranslatable() throws IOException {
        return corpus("untranslatable");
    }

    @ParameterizedTest
    @MethodSource("expressions")
    void an_expression_gives_the_same_values_on_both_sides(String expression) throws Exception {
        same("SELECT id, " + expression + "\n AS v FROM t", true);
    }

    @ParameterizedTest
    @MethodSource("queries")
    void a_view_gives_the_same_rows_on_both_sides(String query) throws Exception {
        same(query, query.contains("ORDER BY") && !query.contains("OVER ("));
    }

    @ParameterizedTest
    @MethodSource("untranslatable")
    void what_has_no_equal_is_refused_with_a_reason(String query) {
        assertThatThrownBy(() -> translator(18).view(new migrate_to_postgres.CreateView("v", List.of(), query), note -> { }))
                .isInstanceOf(migrate_to_postgres.Untranslatable.class).message().isNotBlank();
    }

    @ParameterizedTest
    @MethodSource("immutable")
    void an_indexed_expression_is_immutable_and_gives_the_same_values(String expression) throws Exception {
        for (var server : connections.entrySet()) {
            var sql = translator(server.getKey()).indexTerm(expression, TABLES.get(0), note -> { });
            execute(server.getValue(), "create index on t ((" + sql + "))");
            if (!expression.equals("nc")) {
                assertThat(rows(server.getValue(), "select id, " + sql + " from t order by id")).as(sql)
                        .isEqualTo(rows(sqlite, "select id, " + expression + " from t order by id"));
            }
        }
    }

    // --- what a column carries ---

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', nullValues = "-", textBlock = """
            i > 0                                      | "i" > 0
            f IN (0, 1)                                | ``
            f IN (1, 0, NULL)                          | ``
            f IS NULL OR f IN (0,1)                    | ``
            f IN (0, 1) AND i > 0                      | "i" > 0
            typeof(s) IN ('text', 'null')              | ``
            typeof(s) = 'text'                         | "s" IS NOT NULL
            typeof(i) = 'integer' OR i IS NULL         | "i" IS NOT NULL OR "i" IS NULL
            typeof("i") IN ('integer')                 | "i" IS NOT NULL
            json_valid(j)                              | ``
            json_valid("j") OR j IS NULL               | ``
            length(s) <= 10                            | length("s") <= 10
            s IN ('a', 'b')                            | "s" IN ('a', 'b')
            nc IN ('a', 'B')                           | lower("nc" COLLATE "C") IN (lower('a' COLLATE "C"), lower('B' COLLATE "C"))
            s = "a"                                    | "s" = 'a'
            e IN ('red', 'green')                      | "e"::text IN ('red', 'green')
            i BETWEEN 1 AND 10                         | "i" BETWEEN 1 AND 10
            length(s) BETWEEN 1 AND 10 AND i <> 3      | length("s") BETWEEN 1 AND 10 AND "i" <> 3
            s GLOB '[0-9]*'                            | "s" ~ '^[0-9].*$'
            s <> ''                                    | "s" <> ''
            s LIKE '%@%'                               | "s" ILIKE '%@%'
            i                                          | "i" <> 0
            f                                          | "f"
            NOT f                                      | NOT "f"
            (i > 0)                                    | "i" > 0
            i IS NOT NULL OR s IS NOT NULL             | "i" IS NOT NULL OR "s" IS NOT NULL
            d >= '2000-01-01'                          | "d" >= DATE '2000-01-01'
            i IS NULL OR (i > 0 AND k = 1)             | "i" IS NULL OR "i" > 0 AND "k" = 1
            (i IS NULL OR i > 0) AND k = 1             | ("i" IS NULL OR "i" > 0) AND "k" = 1
            """)
    void a_check_becomes_a_check_unless_the_new_type_implies_it(String expression, String expected) throws Exception {
        for (var major : servers.majors()) {
            var sql = translator(major).check(expression, TABLES.get(0), note -> { });
            assertThat(sql).isEqualTo(expected);
            execute(connections.get(major), "drop table if exists checked");
            execute(connections.get(major), "create table checked (like t, check (" + (sql.isEmpty() ? "true" : sql) + "))");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"i = 5", "f", "f = 1", "f = 0", "NOT f", "s IS NOT NULL", "nc = 'abc'", "s LIKE 'a%'", "ts > '2024-01-01'",
            "tz >= '2024-01-01'", "u > 1600000000", "i",
            "d IS NULL", "e = 'red'", "e IN ('red', 'blue')", "s <> '' AND k IN (1, 2)", "i IS NOT 5", "json_extract(j, '$.a') = 1",
            "date(ts) > '2000-01-01'", "length(s) > 2"})
    void the_predicate_of_a_partial_index_picks_the_same_rows(String where) throws Exception {
        for (var server : connections.entrySet()) {
            var sql = translator(server.getKey()).predicate(where, TABLES.get(0), note -> { });
            execute(server.getValue(), "create index on t (id) where " + sql);
            assertThat(rows(server.getValue(), "select id from t where " + sql + " order by id")).as(sql)
                    .isEqualTo(rows(sqlite, "select id from t where " + where + " order by id"));
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '¦', quoteCharacter = '`', textBlock = """
            i * 2                       ¦ bigint
            r * 2                       ¦ double precision
            i > 3                       ¦ bigint
            i > 3                       ¦ boolean
            s || '/' || coalesce(nc,'') ¦ text
            json_extract(j, '$.b')      ¦ text
            strftime('%Y', ts)          ¦ text
            date(st)                    ¦ date
            substr(s, 1, 2)             ¦ text
            lower(s)                    ¦ text
            CAST(s AS INTEGER)          ¦ bigint
            """)
    void a_generated_column_is_generated_alike(String expression, String type) throws Exception {
        for (var server : connections.entrySet()) {
            var sql = translator(server.getKey()).generated(expression, TABLES.get(0), type, note -> { });
            execute(server.getValue(), "drop table if exists generated");
            execute(server.getValue(), "create table generated as select * from t");
            execute(server.getValue(), "alter table generated add x " + type + " generated always as (" + sql + ") stored");
            assertThat(rows(server.getValue(), "select id, x from generated order by id")).as(sql)
                    .isEqualTo(rows(sqlite, "select id, " + expression + " from t order by id"));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"random()", "datetime('now')", "(SELECT max(v) FROM c)", "count(*)", "ts || ''", "strftime('%P', ts)",
            "date(ts, 'localtime')", "e || ''", "sum(i)"})
    void what_may_change_by_itself_cannot_be_indexed(String expression) {
        assertThatThrownBy(() -> translator(18).indexTerm(expression, TABLES.get(0), note -> {
        })).isInstanceOf(migrate_to_postgres.Untranslatable.class);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '¦', quoteCharacter = '`', nullValues = "-", textBlock = """
            CURRENT_TIMESTAMP                                   ¦ timestamptz      ¦ NUMERIC ¦ iso     ¦ CURRENT_TIMESTAMP
            current_timestamp                                   ¦ timestamp        ¦ NUMERIC ¦ iso     ¦ (now() AT TIME ZONE 'UTC')
            (datetime('now'))                                   ¦ timestamptz      ¦ NUMERIC ¦ iso     ¦ CURRENT_TIMESTAMP
            CURRENT_TIMESTAMP                                   ¦ text             ¦ TEXT    ¦ same    ¦ to_char((now() AT TIME ZONE 'UTC'), 'YYYY-MM-DD HH24:MI:SS')
            CURRENT_DATE                                        ¦ date             ¦ NUMERIC ¦ iso     ¦ (now() AT TIME ZONE 'UTC')::date
            CURRENT_DATE                                        ¦ text             ¦ TEXT    ¦ same    ¦ to_char((now() AT TIME ZONE 'UTC'), 'YYYY-MM-DD')
            CURRENT_TIME                                        ¦ time             ¦ NUMERIC ¦ iso     ¦ (now() AT TIME ZONE 'UTC')::time
            CURRENT_TIME                                        ¦ text             ¦ TEXT    ¦ same    ¦ to_char((now() AT TIME ZONE 'UTC'), 'HH24:MI:SS')
            (datetime('now','localtime'))                       ¦ timestamp        ¦ NUMERIC ¦ iso     ¦ localtimestamp
            (datetime('now', '+7 days'))                        ¦ timestamp        ¦ NUMERIC ¦ iso     ¦ ((now() AT TIME ZONE 'UTC') + interval '7 days')
            (datetime('now', '+7 days'))                        ¦ timestamptz      ¦ NUMERIC ¦ iso     ¦ (((now() AT TIME ZONE 'UTC') + interval '7 days') AT TIME ZONE 'UTC')
            (date('now','start of month'))                      ¦ text             ¦ TEXT    ¦ same    ¦ to_char(date_trunc('month', (now() AT TIME ZONE 'UTC')), 'YYYY-MM-DD')
            (strftime('%Y-%m-%dT%H:%M:%fZ','now'))              ¦ text             ¦ TEXT    ¦ same    ¦ to_char((now() AT TIME ZONE 'UTC'), 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
            (strftime('%Y-%m-%dT%H:%M:%fZ','now'))              ¦ timestamptz      ¦ NUMERIC ¦ iso     ¦ CURRENT_TIMESTAMP
            (strftime('%s','now'))                              ¦ bigint           ¦ INTEGER ¦ same    ¦ floor(extract(epoch from now()))::bigint::text::bigint
            (CAST(strftime('%s','now') AS INTEGER))             ¦ bigint           ¦ INTEGER ¦ same    ¦ floor(extract(epoch from now()))::bigint::text::bigint
            (strftime('%s','now'))                              ¦ timestamptz      ¦ INTEGER ¦ unix    ¦ CURRENT_TIMESTAMP
            (unixepoch())                                       ¦ bigint           ¦ INTEGER ¦ same    ¦ floor(extract(epoch from now()))::bigint
            (unixepoch('subsec'))                               ¦ double precision ¦ REAL    ¦ same    ¦ extract(epoch from now())::double precision
            (unixepoch())                                       ¦ timestamptz      ¦ INTEGER ¦ unix    ¦ CURRENT_TIMESTAMP
            (unixepoch() * 1000)                                ¦ bigint           ¦ INTEGER ¦ same    ¦ floor(extract(epoch from now()))::bigint * 1000
            (julianday('now'))                                  ¦ double precision ¦ REAL    ¦ same    ¦ (extract(epoch from now()) * 1000 + 210866760000000)::double precision / 86400000
            CURRENT_TIMESTAMP                                   ¦ bigint           ¦ INTEGER ¦ same    ¦ floor(extract(epoch from now()))::bigint
            '2024-01-01'                                        ¦ date             ¦ NUMERIC ¦ iso     ¦ DATE '2024-01-01'
            '2024-01-01 00:00:00'                               ¦ timestamp        ¦ NUMERIC ¦ iso     ¦ TIMESTAMP '2024-01-01 00:00:00'
            '2024-01-01T00:00:00Z'                              ¦ timestamptz      ¦ NUMERIC ¦ iso     ¦ TIMESTAMPTZ '2024-01-01 00:00:00+00'
            ''                                                  ¦ timestamp        ¦ NUMERIC ¦ iso     ¦ -
            0                                                   ¦ timestamptz      ¦ INTEGER ¦ unix    ¦ to_timestamp(0)
            0                                                   ¦ timestamptz      ¦ INTEGER ¦ unixms  ¦ to_timestamp(0 / 1000.0)
            (hex(randomblob(16)))                               ¦ text             ¦ TEXT    ¦ same    ¦ coalesce(upper(encode(gen_random_bytes(16), 'hex')), '')
            (lower(hex(randomblob(16))))                        ¦ text             ¦ TEXT    ¦ same    ¦ encode(gen_random_bytes(16), 'hex')
            (uuid4())                                           ¦ uuid             ¦ TEXT    ¦ uuid    ¦ gen_random_uuid()
            (random())                                          ¦ bigint           ¦ INTEGER ¦ same    ¦ ('x' || encode(gen_random_bytes(8), 'hex'))::bit(64)::bigint
            (abs(random() % 100))                               ¦ bigint           ¦ INTEGER ¦ same    ¦ floor(random() * 100)::bigint
            TRUE                                                ¦ boolean          ¦ NUMERIC ¦ boolean ¦ TRUE
            0                                                   ¦ boolean          ¦ NUMERIC ¦ boolean ¦ FALSE
            1                                                   ¦ boolean          ¦ INTEGER ¦ boolean ¦ TRUE
            '1'                                                 ¦ bigint           ¦ INTEGER ¦ same    ¦ 1
            't'                                                 ¦ boolean          ¦ NUMERIC ¦ boolean ¦ TRUE
            FALSE                                               ¦ bigint           ¦ INTEGER ¦ same    ¦ 0
            "text"                                              ¦ text             ¦ TEXT    ¦ same    ¦ 'text'
            text                                                ¦ text             ¦ TEXT    ¦ same    ¦ 'text'
            'it''s'                                             ¦ text             ¦ TEXT    ¦ same    ¦ 'it''s'
            5                                                   ¦ text             ¦ TEXT    ¦ same    ¦ '5'
            '5'                                                 ¦ bigint           ¦ INTEGER ¦ same    ¦ 5
            -5                                                  ¦ bigint           ¦ INTEGER ¦ same    ¦ -5
            +5                                                  ¦ bigint           ¦ INTEGER ¦ same    ¦ 5
            0x10                                                ¦ bigint           ¦ INTEGER ¦ same    ¦ 16
            1.5                                                 ¦ numeric(10,2)    ¦ NUMERIC ¦ same    ¦ 1.5
            '1.50'                                              ¦ numeric(10,2)    ¦ NUMERIC ¦ same    ¦ 1.5
            0.0                                                 ¦ double precision ¦ REAL    ¦ same    ¦ 0.0::double precision
            9e999                                               ¦ double precision ¦ REAL    ¦ same    ¦ 'Infinity'::double precision
            0.0                                                 ¦ bigint           ¦ INTEGER ¦ same    ¦ 0
            'abc'                                               ¦ bigint           ¦ INTEGER ¦ same    ¦ -
            ''                                                  ¦ bigint           ¦ INTEGER ¦ same    ¦ -
            x'00ff'                                             ¦ bytea            ¦ BLOB    ¦ same    ¦ '\\x00ff'::bytea
            'ab'                                                ¦ bytea            ¦ BLOB    ¦ same    ¦ '\\x6162'::bytea
            NULL                                                ¦ text             ¦ TEXT    ¦ same    ¦ -
            (NULL)                                              ¦ bigint           ¦ INTEGER ¦ same    ¦ -
            '{}'                                                ¦ jsonb            ¦ TEXT    ¦ json    ¦ '{}'::jsonb
            'Red'                                               ¦ "colour"         ¦ TEXT    ¦ enum-lower ¦ 'red'::"colour"
            (abs(-1))                                           ¦ bigint           ¦ INTEGER ¦ same    ¦ abs(-1)
            (1 + 1)                                             ¦ bigint           ¦ INTEGER ¦ same    ¦ 1::bigint + 1
            (my_function())                                     ¦ text             ¦ TEXT    ¦ same    ¦ -
            (strftime('%J', 'now'))                             ¦ text             ¦ TEXT    ¦ same    ¦ -
            ((SELECT max(i) FROM t))                            ¦ bigint           ¦ INTEGER ¦ same    ¦ -
            """)
    void a_default_follows_the_target_type(String text, String type, String affinity, String conversion, String expected) throws Exception {
        var notes = new ArrayList<String>();
        for (var server : connections.entrySet()) {
            var sql = translator(server.getKey()).defaultValue(text, type, affinity, conversion, notes::add);
            assertThat(sql).isEqualTo(expected);
            if (sql != null) {
                execute(server.getValue(), "create extension if not exists pgcrypto");
                execute(server.getValue(), "drop table if exists defaults");
                execute(server.getValue(), "create table defaults (id int, x " + type + " default " + sql + ")");
                execute(server.getValue(), "insert into defaults (id) values (1)");
            }
        }
        assertThat(expected == null && !text.contains("NULL")).as(notes.toString())
                .isEqualTo(notes.stream().anyMatch(note -> note.contains("left out")));
    }

    @ParameterizedTest
    @ValueSource(strings = {
            "(lower(hex(randomblob(4))) || '-' || lower(hex(randomblob(2))) || '-4' || substr(lower(hex(randomblob(2))),2) || '-' || substr('89ab',abs(random()) % 4 + 1, 1) || substr(lower(hex(randomblob(2))),2) || '-' || lower(hex(randomblob(6))))",
            "(lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-' || '4' || substr(hex(randomblob(2)), 2) || '-' || substr('89ab', 1 + (abs(random()) % 4), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))))"})
    void the_idiom_for_a_random_uuid_is_known(String text) {
        assertThat(translator(18).defaultValue(text, "text", "TEXT", "same", note -> { })).isEqualTo("gen_random_uuid()::text");
        assertThat(translator(18).defaultValue(text, "uuid", "TEXT", "uuid", note -> { })).isEqualTo("gen_random_uuid()");
    }

    @Test
    void a_random_uuid_in_upper_case_stays_in_upper_case() {
        var text = "(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' || substr('89AB', abs(random()) % 4 + 1, 1)"
                + " || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))";
        assertThat(translator(18).defaultValue(text, "text", "TEXT", "same", note -> { })).isEqualTo("upper(gen_random_uuid()::text)");
    }

    @Test
    void now_can_be_that_of_the_statement() {
        var statement = new migrate_to_postgres.Translator(TABLES, 18, true);
        assertThat(statement.defaultValue("CURRENT_TIMESTAMP", "timestamptz", "NUMERIC", "iso", note -> {
        })).isEqualTo("statement_timestamp()");
        assertThat(statement.defaultValue("CURRENT_TIMESTAMP", "timestamp", "NUMERIC", "iso", note -> {
        })).isEqualTo("(statement_timestamp() AT TIME ZONE 'UTC')");
    }

    // --- triggers ---

    /** Both sides get two tables and the trigger, then run the same statements; the tables must end up alike, and the same statements fail. */
    @ParameterizedTest
    @CsvSource(delimiter = '¦', quoteCharacter = '`', textBlock = """
            CREATE TRIGGER touch AFTER UPDATE ON a BEGIN UPDATE a SET x = 'touched ' || NEW.name WHERE id = NEW.id; END
            CREATE TRIGGER touch AFTER UPDATE OF name ON a FOR EACH ROW WHEN NEW.name <> OLD.name BEGIN UPDATE a SET x = 'renamed', flag = 1 WHERE rowid = old.rowid; END
            CREATE TRIGGER touch AFTER INSERT ON a BEGIN UPDATE a SET x = upper(name) WHERE new.id = a.id; END
            CREATE TRIGGER touch AFTER UPDATE ON a BEGIN UPDATE a SET x = (SELECT count(*) FROM log) WHERE id = NEW.id; END
            CREATE TRIGGER touch AFTER UPDATE ON a BEGIN UPDATE a SET x = 'by name' WHERE name = NEW.name; END
            CREATE TRIGGER IF NOT EXISTS "log it" AFTER DELETE ON a BEGIN INSERT INTO log (a_id, what) VALUES (OLD.id, 'deleted ' || OLD.name); END
            CREATE TRIGGER logs AFTER INSERT ON a BEGIN INSERT INTO log VALUES (NULL, NEW.id, 'new', 1); END
            CREATE TRIGGER logs AFTER UPDATE ON a WHEN OLD.flag IS NOT NEW.flag BEGIN INSERT INTO log (a_id, what, on_) SELECT NEW.id, name, NEW.flag FROM a WHERE id = NEW.id; END
            CREATE TRIGGER logs AFTER UPDATE ON a BEGIN INSERT INTO log (a_id, what) VALUES (NEW.id, 'one'), (OLD.id, 'two'); DELETE FROM log WHERE a_id > 100; UPDATE log SET what = what || '!' WHERE a_id = NEW.id; END
            CREATE TRIGGER cascade BEFORE DELETE ON a FOR EACH ROW BEGIN DELETE FROM log WHERE log.a_id = OLD.id; END
            CREATE TRIGGER cascade AFTER UPDATE OF id ON a BEGIN UPDATE log SET a_id = NEW.id WHERE a_id = OLD.id; END
            CREATE TRIGGER counts AFTER INSERT ON a BEGIN UPDATE log SET what = (SELECT count(*) FROM a) WHERE id = 1; END
            CREATE TRIGGER guard BEFORE INSERT ON a BEGIN SELECT RAISE(ABORT, 'too short') WHERE length(NEW.name) < 3; END
            CREATE TRIGGER guard BEFORE INSERT ON a BEGIN SELECT CASE WHEN NEW.name = 'x' THEN RAISE(ABORT, 'no x') WHEN NEW.id > 50 THEN RAISE(FAIL, 'big') END; END
            CREATE TRIGGER guard BEFORE UPDATE ON a WHEN NEW.name IS NULL OR NEW.name = '' BEGIN SELECT RAISE(ROLLBACK, 'it''s empty'); END
            CREATE TRIGGER guard BEFORE INSERT ON a BEGIN SELECT RAISE(ABORT, 'seen') FROM log WHERE log.a_id = NEW.id; END
            CREATE TRIGGER guard BEFORE INSERT ON a WHEN (SELECT count(*) FROM a) >= 3 BEGIN SELECT RAISE(ABORT, 'full'); END
            CREATE TRIGGER guard BEFORE DELETE ON a BEGIN SELECT CASE WHEN EXISTS (SELECT 1 FROM log WHERE a_id = OLD.id) THEN RAISE(ABORT, 'in use') END; END
            CREATE TRIGGER skip BEFORE INSERT ON a WHEN NEW.name LIKE 'B%' BEGIN SELECT RAISE(IGNORE); END
            CREATE TRIGGER ignore AFTER INSERT ON a BEGIN INSERT OR IGNORE INTO log (id, a_id) VALUES (1, NEW.id), (7, NEW.id); END
            """)
    void a_trigger_does_the_same_on_both_sides(String sql) throws Exception {
        var tables = List.of(table("a", "id", "id bigint INTEGER", "name text TEXT", "flag boolean NUMERIC boolean", "x text TEXT"),
                table("log", "id", "id bigint INTEGER", "a_id bigint INTEGER", "what text TEXT", "on_ boolean NUMERIC boolean"));
        try (var lite = DriverManager.getConnection("jdbc:sqlite::memory:")) {
            execute(lite, "create table a (id integer primary key, name text, flag boolean, x text)");
            execute(lite, "create table log (id integer primary key, a_id integer, what text, on_ boolean)");
            execute(lite, "insert into log (a_id, what) values (1, 'first'), (5, 'fifth')");
            execute(lite, "insert into a values (1, 'ann', 0, null), (2, 'bob', 1, null)");
            execute(lite, sql);
            for (var server : connections.entrySet()) {
                var postgres = server.getValue();
                execute(postgres, "drop table if exists a, log cascade");
                execute(postgres,
                        "create table a (id bigint generated by default as identity primary key, name text collate \"C\", flag boolean, x text)");
                execute(postgres,
                        "create table log (id bigint generated by default as identity primary key, a_id bigint, what text, on_ boolean)");
                execute(postgres, "insert into log (a_id, what) values (1, 'first'), (5, 'fifth')");
                execute(postgres, "insert into a values (1, 'ann', false, null), (2, 'bob', true, null)");
                var trigger = new migrate_to_postgres.Translator(tables, server.getKey(), false)
                        .trigger(migrate_to_postgres.Sql.trigger(sql), tables.get(0), "public", note -> { });
                execute(postgres, trigger.sql());
                for (var statement : List.of("insert into a (id, name, flag) values (3, 'cecil', 1)",
                        "insert into a (id, name, flag) values (5, 'x', 0)",
                        "insert into a (id, name) values (60, 'Bert')", "update a set name = 'anna' where id = 1", "update a set flag = 1",
                        "update a set name = ''",
                        "update a set id = 9 where id = 1", "delete from a where id = 2", "delete from a where id = 9")) {
                    var failsHere = fails(postgres, statement.replace("5, 'x', 0", "5, 'x', false").replace("'cecil', 1", "'cecil', true")
                            .replace("flag = 1", "flag = true"));
                    if (server.getKey().equals(connections.keySet().iterator().next())) {
                        assertThat(failsHere).as(statement + "\n" + trigger.sql()).isEqualTo(fails(lite, statement));
                    }
                }
                for (var query : List.of("select * from a order by id", "select a_id, what, on_ from log")) {
                    assertThat(rows(postgres, query)).as(trigger.sql()).containsExactlyInAnyOrderElementsOf(rows(lite, query));
                }
                execute(postgres, "drop table a, log");
                execute(postgres, "drop function " + trigger.sql().substring(16, trigger.sql().indexOf(" RETURNS")));
            }
        }
    }

    static boolean fails(Connection connection, String sql) {
        try {
            execute(connection, sql);
            return false;
        } catch (SQLException e) {
            return true;
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {
            "CREATE TRIGGER x AFTER INSERT ON t BEGIN SELECT title_sort(NEW.s); END",
            "CREATE TRIGGER x AFTER INSERT ON t BEGIN INSERT OR REPLACE INTO c (id) VALUES (1); END",
            "CREATE TRIGGER x AFTER INSERT ON t BEGIN INSERT INTO c (id) VALUES (1) ON CONFLICT DO NOTHING; END",
            "CREATE TRIGGER x AFTER INSERT ON t BEGIN INSERT INTO t_fts (docid) VALUES (NEW.id); END",
            "CREATE TRIGGER x AFTER INSERT ON t BEGIN SELECT RAISE(IGNORE); END",
            "CREATE TRIGGER x BEFORE UPDATE ON t BEGIN UPDATE t SET s = 'x'; END",
            "CREATE TRIGGER x AFTER UPDATE ON t BEGIN UPDATE t SET ts = s WHERE id = NEW.id; END",
            "CREATE TRIGGER x AFTER DELETE ON t BEGIN UPDATE c SET name = NEW.s; END",
            "CREATE TRIGGER x INSTEAD OF UPDATE OF s ON t BEGIN UPDATE c SET name = NEW.s; END"})
    void a_trigger_that_cannot_do_the_same_is_refused(String sql) throws Exception {
        var trigger = migrate_to_postgres.Sql.trigger(sql);
        assertThatThrownBy(() -> translator(18).trigger(trigger, TABLES.get(0), "public", note -> {
        })).isInstanceOf(migrate_to_postgres.Untranslatable.class);
    }

    @Test
    void a_trigger_that_only_sets_columns_of_its_row_becomes_one_before_the_change() throws Exception {
        var sql = "CREATE TRIGGER t_touch AFTER UPDATE ON t FOR EACH ROW BEGIN UPDATE t SET ts = datetime('now'), u = strftime('%s', 'now') WHERE rowid = NEW.rowid; END";
        assertThat(translator(18).trigger(migrate_to_postgres.Sql.trigger(sql), TABLES.get(0), "public", note -> { }).sql()).isEqualTo("""
                CREATE FUNCTION "public"."t_touch"() RETURNS trigger LANGUAGE plpgsql AS $body$
                BEGIN
                    NEW."ts" := (now() AT TIME ZONE 'UTC');
                    NEW."u" := CURRENT_TIMESTAMP;
                    RETURN NEW;
                END
                $body$;
                CREATE TRIGGER "t_touch" BEFORE UPDATE ON "public"."t" FOR EACH ROW EXECUTE FUNCTION "public"."t_touch"();""");
    }

    // --- reading ---

    @Test
    void a_table_with_every_oddity_is_read() throws Exception {
        var table = migrate_to_postgres.Sql.table("""
                CREATE TEMP TABLE IF NOT EXISTS main."my ""table\""" ( -- a comment, with ( and '
                    [id] INTEGER CONSTRAINT pk PRIMARY KEY DESC ON CONFLICT REPLACE AUTOINCREMENT,
                    `name` VARCHAR ( 20 , 3 ) NOT NULL ON CONFLICT FAIL DEFAULT 'it''s' COLLATE NOCASE /* more */ UNIQUE ON CONFLICT IGNORE,
                    'quoted' UNSIGNED BIG INT DEFAULT -1.5e-3 NULL,
                    plain,
                    d DEFAULT (strftime('%s','now')),
                    e TEXT DEFAULT CURRENT_TIMESTAMP CHECK (e <> ')' AND (1)),
                    f INT CONSTRAINT ref REFERENCES other (a) ON DELETE SET NULL ON UPDATE CASCADE MATCH FULL NOT DEFERRABLE INITIALLY IMMEDIATE,
                    g INT REFERENCES third DEFERRABLE INITIALLY DEFERRED,
                    h INT GENERATED ALWAYS AS (f + 1) STORED,
                    i AS (g * (2)) VIRTUAL NOT NULL,
                    j "double precision" DEFAULT "x",
                    k DEFAULT +5, l DEFAULT TRUE, m DEFAULT x'00', n DEFAULT 0x1F,
                    CONSTRAINT u UNIQUE (plain COLLATE NOCASE DESC, d) ON CONFLICT ROLLBACK
                    CHECK (length(name) > 0), CONSTRAINT c CHECK (f > 0 OR g > 0),
                    CONSTRAINT fk FOREIGN KEY (f, g) REFERENCES "two words" (x, y) ON DELETE RESTRICT DEFERRABLE,
                    FOREIGN KEY (g) REFERENCES third
                ) STRICT, WITHOUT ROWID""");
        assertThat(table.name()).isEqualTo("my \"table\"");
        assertThat(table.withoutRowid() && table.strict() && table.module() == null).isTrue();
        assertThat(table.columns().stream().map(c -> c.name() + "|" + c.declared() + "|" + c.notNull() + "|" + c.defaultText() + "|" + c.collation() + "|" + c.generated() + "|" + c.stored()))
                .containsExactly(
                        "id|INTEGER|false|null|null|null|false",
                        "name|VARCHAR ( 20 , 3 )|true|'it''s'|NOCASE|null|false",
                        "quoted|UNSIGNED BIG INT|false|-1.5e-3|null|null|false",
                        "plain||false|null|null|null|false",
                        "d||false|(strftime('%s','now'))|null|null|false",
                        "e|TEXT|false|CURRENT_TIMESTAMP|null|null|false",
                        "f|INT|false|null|null|null|false",
                        "g|INT|false|null|null|null|false",
                        "h|INT|false|null|null|f + 1|true",
                        "i||true|null|null|g * (2)|false",
                        "j|\"double precision\"|false|\"x\"|null|null|false",
                        "k||false|+5|null|null|false", "l||false|TRUE|null|null|false", "m||false|x'00'|null|null|false", "n||false|0x1F|null|null|false");
        assertThat(table.keys().stream().map(k -> k.name() + "|" + k.primary() + "|" + k.columns().stream().map(c -> c.name() + " " + c.desc() + " " + c.collation()).toList()
                + "|" + k.conflict() + "|" + k.autoincrement())).containsExactly(
                        "pk|true|[id true null]|REPLACE|true",
                        "null|false|[name false null]|IGNORE|false",
                        "u|false|[plain true NOCASE, d false null]|ROLLBACK|false");
        assertThat(table.checks().stream().map(c -> c.name() + "|" + c.expression() + "|" + c.column()))
                .containsExactly("null|e <> ')' AND (1)|e", "null|length(name) > 0|null", "c|f > 0 OR g > 0|null");
        assertThat(table.references().stream().map(Object::toString)).containsExactly(
                "ReferenceDef[name=ref, columns=[f], table=other, parentColumns=[a], onUpdate=CASCADE, onDelete=SET NULL, deferrable=false, initiallyDeferred=false]",
                "ReferenceDef[name=null, columns=[g], table=third, parentColumns=[], onUpdate=null, onDelete=null, deferrable=true, initiallyDeferred=true]",
                "ReferenceDef[name=fk, columns=[f, g], table=two words, parentColumns=[x, y], onUpdate=null, onDelete=RESTRICT, deferrable=true, initiallyDeferred=false]",
                "ReferenceDef[name=null, columns=[g], table=third, parentColumns=[], onUpdate=null, onDelete=null, deferrable=false, initiallyDeferred=false]");
    }

    @Test
    void a_virtual_table_an_index_a_view_and_a_trigger_are_read() throws Exception {
        assertThat(migrate_to_postgres.Sql.table("CREATE VIRTUAL TABLE x USING fts5(a, b UNINDEXED, tokenize = 'porter ascii', content=\"t(1)\", prefix=\"2 3\")").moduleArguments())
                .containsExactly("a", "b UNINDEXED", "tokenize = 'porter ascii'", "content=\"t(1)\"", "prefix=\"2 3\"");
        assertThat(migrate_to_postgres.Sql.table("CREATE VIRTUAL TABLE x USING rtree").module()).isEqualTo("rtree");
        assertThat(migrate_to_postgres.Sql.index("CREATE UNIQUE INDEX IF NOT EXISTS main.[a b] ON \"t\" (lower(x) DESC, \"y\" COLLATE NOCASE, 'z' ASC, (a || ')') COLLATE RTRIM DESC) WHERE a > 1;").toString())
                .isEqualTo("CreateIndex[name=a b, table=t, unique=true, terms=[IndexTerm[expression=lower(x), column=null, collation=null, desc=true],"
                        + " IndexTerm[expression=\"y\", column=y, collation=NOCASE, desc=false], IndexTerm[expression='z', column=z, collation=null, desc=false],"
                        + " IndexTerm[expression=(a || ')'), column=null, collation=RTRIM, desc=true]], where=a > 1]");
        assertThat(migrate_to_postgres.Sql.view("CREATE VIEW v (a, \"b\") AS SELECT 1, 2 ; ").toString()).isEqualTo("CreateView[name=v, columns=[a, b], select=SELECT 1, 2]");
        assertThat(migrate_to_postgres.Sql.trigger("""
                CREATE TRIGGER "a.b" INSTEAD OF UPDATE OF x, [y z] ON v FOR EACH ROW WHEN new.x > 1
                BEGIN -- the body; with a comment
                    UPDATE t SET a = CASE WHEN 1 THEN ';' END; SELECT RAISE(ABORT, 'END;');
                END;""").toString()).isEqualTo("CreateTrigger[name=a.b, timing=INSTEAD OF, event=UPDATE, ofColumns=[x, y z], table=v, forEachRow=true, when=new.x > 1,"
                        + " body=UPDATE t SET a = CASE WHEN 1 THEN ';' END; SELECT RAISE(ABORT, 'END;');,"
                        + " statements=[UPDATE t SET a = CASE WHEN 1 THEN ';' END, SELECT RAISE(ABORT, 'END;')]]");
        assertThat(migrate_to_postgres.Sql.trigger("CREATE TRIGGER x DELETE ON t BEGIN SELECT 1; END").timing()).isEqualTo("BEFORE");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "CREATE TABLE", "CREATE TABLE t", "CREATE TABLE t (", "CREATE TABLE t (a", "CREATE TABLE t (a,)", "CREATE TABLE t (a) x", "CREATE TABLE t (a 'b", "DROP TABLE t",
            "CREATE TABLE t (a DEFAULT )", "CREATE TABLE t AS SELECT 1", "CREATE TABLE t (a CHECK (1)", "CREATE TABLE t (a) (b)", "CREATE TABLE t (a PRIMARY)", "CREATE TABLE t (a x'0')"})
    void a_malformed_statement_is_refused(String sql) {
        assertThatThrownBy(() -> migrate_to_postgres.Sql.table(sql)).isInstanceOf(migrate_to_postgres.Untranslatable.class);
    }

    void same(String query, boolean ordered) throws Exception {
        var expected = rows(sqlite, query);
        for (var server : connections.entrySet()) {
            var view = translator(server.getKey()).view(new migrate_to_postgres.CreateView("v", List.of(), query), note -> { });
            var names = String.join(", ", view.columns().stream().map(migrate_to_postgres::id).toList());
            execute(server.getValue(), "drop view if exists v");
            execute(server.getValue(), "create view v (" + names + ") as " + view.sql());
            var actual = rows(server.getValue(), "select * from v");
            var compared = assertThat(actual).as("PostgreSQL " + server.getKey() + ": " + view.sql());
            if (ordered) {
                compared.isEqualTo(expected);
            } else {
                compared.containsExactlyInAnyOrderElementsOf(expected);
            }
        }
    }

    migrate_to_postgres.Translator translator(int major) {
        return new migrate_to_postgres.Translator(TABLES, major, false);
    }

    static void execute(Connection connection, String sql) throws SQLException {
        try (var statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    static List<List<String>> rows(Connection connection, String sql) throws SQLException {
        var all = new ArrayList<List<String>>();
        try (var statement = connection.createStatement(); var rows = statement.executeQuery(sql)) {
            while (rows.next()) {
                var row = new ArrayList<String>();
                for (var i = 1; i <= rows.getMetaData().getColumnCount(); i++) {
                    row.add(rendered(rows.getMetaData().getColumnTypeName(i), rows.getObject(i), rows.getString(i)));
                }
                all.add(row);
            }
        }
        return all;
    }

    /** A value in the form of SQLite; numbers to 13 digits, as sums are rounded differently. */
    static String rendered(String type, Object value, String text) {
        if (value == null) {
            return "NULL";
        }
        if (value instanceof Boolean truth) {
            return truth ? "1" : "0";
        }
        if (value instanceof byte[] bytes) {
            return "x'" + HexFormat.of().formatHex(bytes) + "'";
        }
        if (value instanceof Number number) {
            var plain = new BigDecimal(number.toString()).round(new MathContext(13)).stripTrailingZeros();
            return plain.signum() == 0 ? "0" : plain.toPlainString();
        }
        if (type.equals("timestamptz")) {
            var utc = ((Timestamp) value).toInstant();
            return utc.toString().replace('T', ' ').replace("Z", "");
        }
        if (type.equals("jsonb")) {
            return text.replace(", ", ",").replace(": ", ":");
        }
        return type.equals("timestamp") ? text.replaceFirst("\\.0$", "") : text;
    }
}
