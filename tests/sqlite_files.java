import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * SQLite files as applications leave them: one per family of types and per trap on the way to PostgreSQL.
 * Each method writes one new file into the folder and returns it; the same call always gives the same content.
 */
class sqlite_files {
    /** What makes a file: usually one of this class' methods. */
    interface Maker {
        Path in(Path folder) throws Exception;
    }

    // --- numbers ---

    static Path integers(Path folder) throws SQLException {
        return file(folder, "integers", """
                create table family (a INTEGER, b INT, c MEDIUMINT, d BIGINT, e INT8, f INT64, g LONG, h UNSIGNED BIG INT, i SERIAL, j TINYINT, k SMALLINT, l INT2,
                  m INT4, n integer not null);
                insert into family values (0,0,0,0,0,0,0,0,0,0,0,0,0,0), (1,1,1,1,1,1,1,1,1,127,32767,32767,2147483647,1),
                  (-1,-1,-1,-1,-1,-1,-1,-1,-1,-128,-32768,-32768,-2147483648,-1),
                  (9223372036854775807,9223372036854775807,3,9007199254740992,9007199254740993,-9223372036854775808,9223372036854775807,4,5,null,null,null,null,2),
                  (-9223372036854775808,null,null,-9007199254740993,null,null,null,null,null,null,null,null,null,3);
                """);
    }

    static Path integers_too_big_for_their_declaration(Path folder) throws SQLException {
        return file(folder, "too_big", """
                create table t (id INTEGER PRIMARY KEY, tiny TINYINT, small SMALLINT, two INT2, four INT4);
                insert into t values (1, 40000, 3000000000, -32769, 1099511627776), (2, 1, 2, 3, 4);
                """);
    }

    static Path text_in_integer_columns(Path folder) throws SQLException {
        return file(folder, "text_in_integer", """
                create table t (id INTEGER PRIMARY KEY, words INTEGER, prefixed INT, empty_nullable INTEGER, empty_required INTEGER NOT NULL, blobs INTEGER);
                insert into t values (1, 'abc', '12abc', '', '', x'00ff'), (2, 7, 8, 9, 10, 11), (3, -9223372036854775808, ' 1', null, 0, 'text');
                """);
    }

    static Path reals_in_integer_columns(Path folder) throws SQLException {
        return file(folder, "reals_in_integer", """
                create table t (id INTEGER PRIMARY KEY, fraction INTEGER, fraction_and_huge INTEGER, beyond INTEGER, whole);
                insert into t values (1, 1.5, 9007199254740993, 9223372036854775808, 1.0), (2, 9007199254740992, 0.1, 1e19, -0.0), (3, -3, 1, 5, 9007199254740991.0),
                  (4, null, null, null, null);
                """);
    }

    static Path booleans(Path folder) throws SQLException {
        return file(folder, "booleans", """
                create table t (id INTEGER PRIMARY KEY, b BOOL, c BOOLEAN NOT NULL DEFAULT 0, words BOOLEAN, is_active INTEGER DEFAULT 1, hasThing INT,
                  should_run TINYINT, enabled BOOLEAN DEFAULT TRUE,
                  has_persistent_events INTEGER, isADHSConnected INTEGER, is_never INTEGER, two BOOLEAN, issue INTEGER, hash INTEGER,
                    checked BOOLEAN CHECK (checked IN (0, 1)));
                insert into t values (1, 1, 0, 't', 1, 0, 1, 1, -1, 256, null, 2, 1, 1, 1), (2, 0, 1, 'FALSE', 0, 1, 0, 0, 0, 0, null, 1, 0, 0, 0),
                  (3, null, 1, 'yes', null, null, null, null, 1, 1, null, 0, 1, 0, null),
                  (4, 1, 1, 'No', 1, 1, 1, 1, 1, 1, null, 0, 1, 0, 1);
                create table flags_as_key (is_key INTEGER PRIMARY KEY, note TEXT);
                insert into flags_as_key values (0, 'no'), (1, 'yes');
                create table points_at_flag (id INTEGER PRIMARY KEY, is_flag INTEGER REFERENCES flags_as_key);
                insert into points_at_flag values (1, 0), (2, 1);
                create index active on t (id) where is_active = 1;
                """);
    }

    static Path reals(Path folder) throws SQLException {
        return file(folder, "reals", """
                create table t (id INTEGER PRIMARY KEY, r REAL, f FLOAT, f8 FLOAT8, d DOUBLE, dp DOUBLE PRECISION);
                insert into t values (1, 0.1, 1e23, 5e-324, 2.2250738585072011e-308, 1.7976931348623157e308),
                  (2, 9e999, -9e999, -0.0, 0.30000000000000004, 9007199254740992),
                  (3, 1, 2, 3, 4, 5), (4, 4.35, 123456789.123456789, 1e22, 3.141592653589793, 9007199254740993), (5, null, null, null, null, null),
                    (6, 2.2250738585072014e-308, -1.5, 1e-7, 1e16, 1.0e15);
                create table contradicted (id INTEGER PRIMARY KEY, r REAL);
                insert into contradicted values (1, 1.5), (2, 'n/a'), (3, 1e23), (4, 3);
                create table point_of_view (p FLOATING POINT, s STRING);
                insert into point_of_view values (1, '007'), (2, 'abc'), (1.5, 1.0);
                """);
    }

    static Path decimals(Path folder) throws SQLException {
        return file(folder, "decimals", """
                create table t (id INTEGER PRIMARY KEY, price DECIMAL(10,2), rounded DECIMAL(10,2), wide DECIMAL(4,2), n NUMERIC, m MONEY, d DEC(5),
                  c CURRENCY, words NUMERIC, huge NUMERIC, big DECIMAL(30,10));
                insert into t values (1, 12.34, 12.345, 123.45, 1.5, 19.99, 12345, 0.01, 'n/a', 9007199254740993, 12345678901234567890.1234567891),
                  (2, 99999999.99, 1.1, 1, 2, 0.1, -1, 5, 1, 1e23, 0.1),
                  (3, -0.01, 0.005, 99.99, 1e300, null, null, 1e-10, 2.5, -9223372036854775808, null), (4, 5, 7, null, null, 3, 0, null, null, 0.1, 1);
                create table infinite (id INTEGER PRIMARY KEY, n NUMERIC, p DECIMAL(10,2));
                insert into infinite values (1, 9e999, -9e999), (2, 1.5, 1.25);
                create table as_text (id INTEGER PRIMARY KEY, amount TEXT);
                insert into as_text values (1, '12.30'), (2, '1e5'), (3, '007');
                """);
    }

    // --- text and bytes ---

    static Path texts(Path folder) throws SQLException {
        return file(folder, "texts", """
                create table t (id INTEGER PRIMARY KEY, a TEXT, b CLOB, c VARCHAR(5), d NVARCHAR(10), e CHARACTER(20),
                  f LONGVARCHAR, g NTEXT, h VARYING CHARACTER(255), i NATIVE CHARACTER(70));
                insert into t values (1, '', 'emoji \ud83d\ude00 \ud83d\udc68\u200d\ud83d\udc69\u200d\ud83d\udc67', 'longer than five', 'blanks  ', 'tab\there',
                  'crlf\r\nhere', 'back\\slash \\N \\. \\x41', '"quoted" ''single''', '\ufeffbom'),
                  (2, ' ', '\u00e9', 'e\u0301', '\ufffd', cast(x'efbfbe' as text), cast(x'f48fbfbf' as text), '\u202eright to left', '%s {} $1 ?', '\\'),
                    (3, null, '\n', '\\.', '\\N', 'NULL', 'null', '\u0001\u001f\u007f', 'İıßẞ', '𝔘'),
                  (4, 'x', '\u00c9', 'E\u0301', '\u1e9e', '123', '1.0', 'true', '2020-01-01', '{"a":1}');
                """);
    }

    static Path text_with_nul(Path folder) throws SQLException {
        return file(folder, "nul", """
                create table t (id INTEGER PRIMARY KEY, body TEXT, other VARCHAR(9));
                insert into t values (1, 'a' || char(0) || 'b', 'fine'), (2, char(0), 'fine'), (3, 'end' || char(0), char(0) || 'start'), (4, 'clean', null);
                create table keyed (k TEXT PRIMARY KEY, v TEXT) without rowid;
                insert into keyed values ('k', 'v' || char(0,0) || 'w'), ('plain', 'plain');
                create table keyless (v TEXT);
                insert into keyless values ('x' || char(0) || 'y'), ('x'), ('x');
                """);
    }

    static Path broken_utf8(Path folder) throws SQLException {
        return file(folder, "broken", """
                create table t (id INTEGER PRIMARY KEY, body TEXT, note TEXT);
                insert into t values (1, cast(x'66ff67' as text), 'stray byte'), (2, cast(x'61c3' as text), 'cut off'), (3, cast(x'c080' as text), 'overlong'),
                  (4, cast(x'eda080' as text), 'lone surrogate'),
                  (5, cast(x'f4908080' as text), 'beyond the last plane'), (6, '\ufffd', 'the replacement character itself'), (7, cast(x'6b6cfc66746967' as text),
                    'latin1'), (8, 'fine', null);
                """);
    }

    static Path blobs(Path folder) throws SQLException {
        return file(folder, "blobs", """
                create table t (id INTEGER PRIMARY KEY, a BLOB, b BINARY(16), c VARBINARY(10), d BYTEA, e IMAGE, f "BYTE[]");
                insert into t values (1, x'', x'00', x'5c5c', x'deadbeef', randomblob(0), x'0a0d09'), (2, null, x'ff', x'27', x'5c78', null, null),
                  (3, x'e9', x'c3a9', x'00ff00', zeroblob(3), x'01', x'41');
                create table only_text (id INTEGER PRIMARY KEY, payload BLOB);
                insert into only_text values (1, 'abc'), (2, 'aGVsbG8='), (3, ''), (4, null);
                create table only_integers (id INTEGER PRIMARY KEY, payload BLOB);
                insert into only_integers values (1, 1), (2, -9223372036854775808), (3, null);
                create table mixed (id INTEGER PRIMARY KEY, payload BLOB);
                insert into mixed values (1, x'00ff'), (2, 'aGVsbG8='), (3, 'é'), (4, 42), (5, null);
                create table text_with_blobs (id INTEGER PRIMARY KEY, entities TEXT);
                insert into text_with_blobs values (1, 'plain'), (2, x'00ff'), (3, 'é'), (4, null);
                """);
    }

    static Path untyped(Path folder) throws SQLException {
        return file(folder, "untyped", """
                create table t (id INTEGER PRIMARY KEY, ints, reals, ints_and_reals, texts, everything, empty_one, any_text ANY, word_salad FROBNICATED);
                insert into t values (1, 1, 1.5, 1, 'a', x'00ff', null, 'x', 'y'), (2, 2, 0.1, 2.5, '', 'text', null, '1', null),
                  (3, null, 1e300, null, null, 1.5, null, '', 'z'), (4, -5, null, 9, '1', 7, null, null, '');
                create table everything_but_blobs (id INTEGER PRIMARY KEY, v);
                insert into everything_but_blobs values (1, 1), (2, 1.5), (3, 'one'), (4, 9223372036854775807), (5, null), (6, 1e23);
                """);
    }

    // --- dates ---

    static Path dates(Path folder) throws SQLException {
        return file(folder, "dates", """
                create table t (id INTEGER PRIMARY KEY, d DATE, local DATETIME, zoned DATETIME, mixed DATETIME, created TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
                  tz TIMESTAMP WITH TIME ZONE, t TIME);
                insert into t values (1, '2020-02-29', '2020-02-29 23:59:59', '2020-02-29T23:59:59Z', '2020-02-29', '2020-02-29 12:00:00',
                  '2020-02-29 12:00:00+02:00', '12:34'),
                  (2, '1969-12-31', '1969-12-31T23:59:59.999999', '1969-12-31T23:59:59.5+05:30', '2021-06-01 12:00', '2021-01-01 00:00:00',
                    '2021-01-01T00:00:00.123456-08:00', '23:59:59.999999'),
                  (3, '9999-12-31', '2021-03-28 02:30:00', '2021-10-31 02:30:00+00:00', '2021-06-01T12:00:00Z', null, null, '00:00:00'),
                    (4, null, '0001-01-01 00:00', null, null, null, '1970-01-01 00:00:00Z', '24:00:00');
                """);
    }

    static Path dates_postgres_refuses(Path folder) throws SQLException {
        return file(folder, "odd_dates", """
                create table t (id INTEGER PRIMARY KEY, year_zero DATETIME, fraction DATETIME, words DATE, impossible DATE, zero_zero DATETIME,
                  number_and_text DATETIME, blank DATE);
                insert into t values (1, '0000-01-01T00:00:00.000Z', '2020-01-01 00:00:00.1234567', 'yesterday', '2021-02-30', '0000-00-00 00:00:00', 0, ''),
                  (2, '2020-01-01T00:00:00.000Z', '2020-01-01 00:00:00.9999999', '2021-01-01', '2021-02-28', '2021-01-01 00:00:00', '2014-07-30 16:18:51',
                    '2021-01-01');
                create table clock (id INTEGER PRIMARY KEY, t TIME);
                insert into clock values (1, '25:00:00'), (2, '12:00');
                """);
    }

    /** One column per epoch, all of which say 2023-11-14 22:13:20 and a day later (Julian days: noon, and 6 in the morning). Julian days could also be Cocoa, ticks nanoseconds of Unix. */
    static Path epochs(Path folder) throws SQLException {
        return file(folder, "epochs", """
                create table t (id INTEGER PRIMARY KEY, unix_s DATETIME, unix_ms DATETIME, unix_us TIMESTAMP, unix_ns TIMESTAMP, julian DATETIME, webkit TIMESTAMP,
                  filetime TIMESTAMP, ticks DATETIME, plain INTEGER);
                insert into t values (1, 1700000000, 1700000000000, 1700000000000000, 1700000000000000000, 2460263.5, 13344473600000000, 133444736000000000, 638355968000000000, 1700000000),
                  (2, 1700086400, 1700086400123, 1700086400123456, 1700086400000000000, 2460264.75, 13344560000000001, 133445600000000000, 638356832000000000, 1700086400);
                """);
    }

    /** 0 says "no date" in many files, and never that the epoch is Cocoa's, whose 0 is in 2001. */
    static Path dates_that_are_zero(Path folder) throws SQLException {
        return file(folder, "zeros", """
                create table t (id INTEGER PRIMARY KEY, zeros DATETIME, small DATETIME, text_and_zero DATETIME);
                insert into t values (1, 0, 1, 0), (2, 0, 42, '2014-07-30 16:18:51'), (3, null, 7, null);
                """);
    }

    static Path epochs_that_two_readings_fit(Path folder) throws SQLException {
        return file(folder, "ambiguous", """
                create table t (id INTEGER PRIMARY KEY, ZSTARTDATE TIMESTAMP, fraction TIMESTAMP, none DATETIME, far DATETIME);
                insert into t values (1, 632955600, 700000000.25, 0, 1700000000), (2, 640000000, 700000001.5, 1700000000, 99999999999999);
                """);
    }

    // --- uuid, enum, json, others ---

    static Path uuids(Path folder) throws SQLException {
        return file(folder, "uuids", """
                create table t (id INTEGER PRIMARY KEY, text_uuid UUID, upper_guid GUID, blob_guid GUID, broken UUID, mixed UNIQUEIDENTIFIER);
                insert into t values (1, '123e4567-e89b-42d3-a456-426614174000', '123E4567-E89B-42D3-A456-426614174000', x'123e4567e89b42d3a456426614174000',
                  'not-a-uuid', '123e4567-e89b-42d3-a456-426614174000'),
                  (2, '00000000-0000-0000-0000-000000000000', 'FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF', zeroblob(16),
                    '123e4567-e89b-42d3-a456-426614174000', x'123e4567e89b42d3a456426614174000'), (3, null, null, null, null, null);
                """);
    }

    static Path enums(Path folder) throws SQLException {
        return file(folder, "enums", """
                create table t (id INTEGER PRIMARY KEY, state TEXT NOT NULL DEFAULT 'NEW' CHECK (state IN ('NEW', 'OPEN', 'DONE')),
                  again TEXT CHECK (again IN ('NEW', 'OPEN', 'DONE')), size VARCHAR(2) CHECK (size IN ('S', 'M', 'it''s')));
                insert into t values (1, 'NEW', 'DONE', 'S'), (2, 'DONE', null, 'it''s'), (3, 'OPEN', 'OPEN', null);
                create table strays (id INTEGER PRIMARY KEY, state TEXT CHECK (state IN ('NEW', 'OPEN')));
                pragma ignore_check_constraints = on;
                insert into strays values (1, 'NEW'), (2, 'LOST'), (3, 'OPEN');
                """);
    }

    static Path json(Path folder) throws SQLException {
        var objects = IntStream.rangeClosed(1, 25).mapToObj(i -> "(" + i + ", '{\"n\": " + i
                + ", \"tags\": [\"a\", null, true]}')").collect(Collectors.joining(", "));
        return file(folder, "json", """
                create table t (id INTEGER PRIMARY KEY, doc JSON, checked TEXT CHECK (json_valid(checked)),
                  nul JSON, twice JSON, nan JSON, surrogate JSON, broken JSON, scalar JSON);
                insert into t values (1, '{"b":1,"a":[1.50,1e2,-0]}', '[1,2]', '{"a":"x\\u0000y"}', '{"a":1,"a":2}', '[NaN]', '"\\ud800"', '{oops', '1'),
                  (2, ' { "z" : null } ', '{}', '{}', '{}', '[]', '"\\ud83d\\ude00"', '{}', '"text"'), (3, null, null, null, null, null, null, null, 'null'),
                    (4, '[123456789012345678901234567890.5]', '"é"', '[]', '[]', '[1]', '""', '[]', 'true');
                create table found_by_data (id INTEGER PRIMARY KEY, settings TEXT);
                insert into found_by_data values """ + objects + ";");
    }

    static Path other_types(Path folder) throws SQLException {
        return file(folder, "others", """
                create table t (id INTEGER PRIMARY KEY, ip INET, net CIDR, mac MACADDR, doc XML, shape GEOMETRY, place POINT, area POLYGON, tags "TEXT[]",
                  span INTERVAL);
                insert into t values (1, '10.0.0.1', '10.0.0.0/8', '08:00:2b:01:02:03', '<a/>', x'0001ff', x'fe01', x'4750', '{a,b}', '1 day'),
                  (2, 'not an ip', null, null, null, null, null, null, '{}', null);
                """);
    }

    // --- keys ---

    static Path keys(Path folder) throws SQLException {
        return file(folder, "keys", """
                create table alias (id INTEGER PRIMARY KEY, v TEXT);
                insert into alias values (1, 'a'), (7, 'b');
                create table deleted (id INTEGER PRIMARY KEY AUTOINCREMENT, v TEXT);
                insert into deleted values (1, 'a'), (100, 'gone');
                delete from deleted where id = 100;
                create table negative (id INTEGER PRIMARY KEY, v TEXT);
                insert into negative values (-5, 'a'), (-1, 'b');
                create table empty_auto (id INTEGER PRIMARY KEY AUTOINCREMENT, v TEXT);
                create table empty_alias (id INTEGER PRIMARY KEY, v TEXT);
                create table int_key (id INT PRIMARY KEY, v TEXT);
                insert into int_key values (3, 'a'), (4, 'b');
                create table big_key (id BIGINT PRIMARY KEY, v TEXT);
                insert into big_key values (3, 'a');
                create table two (a INTEGER, b TEXT, v, PRIMARY KEY (b, a));
                insert into two values (1, 'x', 1), (2, 'x', 2), (1, 'y', 3);
                create table without (k TEXT, n INTEGER, v TEXT, PRIMARY KEY (k, n)) without rowid;
                insert into without values ('b', 1, 'x'), ('a', 2, 'y'), ('a', 1, ''), ('Ä', 1, 'z'), ('B', 1, 'w');
                create table strict_one (id INTEGER PRIMARY KEY, i INT, r REAL, t TEXT, b BLOB, a ANY) strict;
                insert into strict_one values (1, 1, 1, 't', x'00', 1), (2, null, 2.5, '', x'', 2);
                create table keyless (a INTEGER, b TEXT);
                insert into keyless values (1, 'x'), (1, 'x'), (1, 'x'), (null, null), (null, null), (2, '');
                create table constraint_key (a TEXT CONSTRAINT my_key PRIMARY KEY NOT NULL, b TEXT CONSTRAINT my_unique UNIQUE);
                insert into constraint_key values ('p', 'q'), ('r', null), ('s', null);
                """);
    }

    static Path keys_that_are_none(Path folder) throws SQLException {
        return file(folder, "odd_keys", """
                create table null_in_key (k TEXT PRIMARY KEY, v TEXT);
                insert into null_in_key values ('a', '1'), (null, '2'), (null, '3');
                create table descending (id INTEGER PRIMARY KEY DESC, v TEXT);
                insert into descending values (1, 'a'), (2, 'b');
                insert into descending (v) values ('no id');
                create table last_id (id INTEGER PRIMARY KEY, v TEXT);
                insert into last_id values (9223372036854775807, 'the last'), (1, 'the first');
                create table one_and_text_one (k UNIQUE, v TEXT);
                insert into one_and_text_one values (1, 'number'), ('1', 'text'), ('x', 'word');
                """);
    }

    // --- constraints and collations ---

    static Path foreign_keys(Path folder) throws SQLException {
        return file(folder, "foreign_keys", """
                create table parent (a INTEGER, b TEXT, name TEXT UNIQUE, PRIMARY KEY (a, b));
                insert into parent values (1, 'x', 'one'), (2, 'y', 'two');
                create table child (id INTEGER PRIMARY KEY, pa INTEGER, pb TEXT, pname TEXT REFERENCES parent (name) ON UPDATE CASCADE ON DELETE SET NULL,
                  CONSTRAINT both FOREIGN KEY (pa, pb) REFERENCES parent ON DELETE CASCADE);
                insert into child values (1, 1, 'x', 'one'), (2, 2, 'y', null), (3, null, 'z', 'two');
                create table node (id INTEGER PRIMARY KEY, up INTEGER REFERENCES node);
                insert into node values (1, null), (2, 1), (3, 3);
                create table chicken (id INTEGER PRIMARY KEY, egg INTEGER REFERENCES egg (id) DEFERRABLE INITIALLY DEFERRED);
                create table egg (id INTEGER PRIMARY KEY, chicken INTEGER REFERENCES chicken (id) DEFERRABLE INITIALLY DEFERRED);
                insert into chicken values (1, 1);
                insert into egg values (1, 1);
                create table other_type (id INTEGER PRIMARY KEY, node TEXT REFERENCES node (id));
                insert into other_type values (1, '1'), (2, '3');
                """);
    }

    static Path foreign_keys_that_fail(Path folder) throws SQLException {
        return file(folder, "orphans", """
                create table parent (id INTEGER PRIMARY KEY, not_unique INTEGER);
                insert into parent values (1, 1), (2, 1);
                create table child (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES parent (id));
                insert into child values (1, 1), (2, 99), (3, 98), (4, null);
                create table lost (id INTEGER PRIMARY KEY, x INTEGER REFERENCES nowhere (id), y INTEGER REFERENCES parent (not_unique),
                  z INTEGER REFERENCES parent (no_such_column));
                insert into lost values (1, 1, 1, 1);
                """);
    }

    static Path collations(Path folder) throws SQLException {
        return file(folder, "collations", """
                create table nocase (id INTEGER PRIMARY KEY, name TEXT COLLATE NOCASE UNIQUE, plain TEXT UNIQUE);
                insert into nocase values (1, 'É', 'A'), (2, 'é', 'a'), (3, 'Zoe', 'Z'), (4, 'anna', 'É'), (5, null, null);
                create index by_name on nocase (plain COLLATE NOCASE);
                create table trimmed (id INTEGER PRIMARY KEY, name TEXT COLLATE RTRIM UNIQUE);
                insert into trimmed values (1, 'a  '), (2, ' a'), (3, 'b');
                create table nocase_key (name TEXT COLLATE NOCASE PRIMARY KEY, v TEXT);
                insert into nocase_key values ('Key', 'v'), ('other', 'w');
                """);
    }

    static Path checks(Path folder) throws SQLException {
        return file(folder, "checks", """
                create table t (id INTEGER PRIMARY KEY, age INTEGER CHECK (age >= 0 AND age < 200),
                  code TEXT CONSTRAINT code_length CHECK (length(code) BETWEEN 2 AND 5), low INTEGER, high INTEGER,
                  kind TEXT CHECK (typeof(kind) = 'text'), CHECK (low <= high), CONSTRAINT unknown CHECK (code NOT LIKE 'x%' OR code GLOB 'x[0-9]*'));
                insert into t values (1, 30, 'ab', 1, 2, 'k'), (2, null, null, null, 5, 'l');
                create table violated (id INTEGER PRIMARY KEY, age INTEGER CHECK (age >= 0));
                pragma ignore_check_constraints = on;
                insert into violated values (1, -1), (2, 5);
                """);
    }

    static Path conflict_clauses(Path folder) throws SQLException {
        return file(folder, "conflicts", """
                create table t (id INTEGER PRIMARY KEY ON CONFLICT REPLACE, k TEXT UNIQUE ON CONFLICT IGNORE, n TEXT NOT NULL ON CONFLICT FAIL, UNIQUE (k,
                  n) ON CONFLICT ROLLBACK);
                insert into t values (1, 'a', 'b'), (2, null, 'c');
                """);
    }

    static Path defaults(Path folder) throws SQLException {
        return file(folder, "defaults", """
                create table t (id INTEGER PRIMARY KEY, n INTEGER DEFAULT 42, negative INTEGER DEFAULT -1, hex INTEGER DEFAULT 0x10, r REAL DEFAULT 1e3,
                  s TEXT DEFAULT 'it''s', dq TEXT DEFAULT "double", empty TEXT DEFAULT "",
                  quoted_number INTEGER DEFAULT '7', none TEXT DEFAULT NULL, b BLOB DEFAULT x'00ff', flag BOOLEAN DEFAULT FALSE,
                    created DATETIME DEFAULT CURRENT_TIMESTAMP, day TEXT DEFAULT CURRENT_DATE,
                  stamp TEXT DEFAULT (datetime('now')), iso TEXT DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now')), epoch INTEGER DEFAULT (strftime('%s', 'now')),
                    unixtime INTEGER DEFAULT (unixepoch()),
                  random_hex TEXT DEFAULT (lower(hex(randomblob(8)))), expression INTEGER DEFAULT (abs(-5)), week TEXT DEFAULT (strftime('%W', 'now')),
                    jd REAL DEFAULT (julianday('now')), number_text TEXT DEFAULT 5,
                  unknown TEXT DEFAULT (my_function(1)));
                insert into t (id, created, day, stamp, iso, epoch, unixtime, random_hex, week, jd, unknown)
                  values (1, '2020-01-01 00:00:00', '2020-01-01', '2020-01-01 00:00:00', '2020-01-01T00:00:00Z', 1577836800, 1577836800, '0011223344556677', '00',
                    2458849.5, 'x');
                """);
    }

    static Path generated(Path folder) throws SQLException {
        return file(folder, "generated", """
                create table t (id INTEGER PRIMARY KEY, price INTEGER, amount INTEGER, total INTEGER GENERATED ALWAYS AS (price * amount) STORED,
                  half INTEGER AS (total / 2) VIRTUAL,
                  name TEXT, shout TEXT AS (name || '!'), month TEXT AS (strftime('%Y-%m', name)), last TEXT AS (substr(name, -2)),
                    per INTEGER AS (price / amount) STORED);
                insert into t (id, price, amount, name) values (1, 7, 3, 'abc'), (2, -7, 2, '2020-05-17'), (3, null, 1, ''), (4, 5, 0, null);
                """);
    }

    static Path indexes(Path folder) throws SQLException {
        return file(folder, "indexes", """
                create table t (id INTEGER PRIMARY KEY, a INTEGER, b TEXT, deleted INTEGER NOT NULL DEFAULT 0, data TEXT);
                insert into t values (1, 1, 'x', 0, 'q'), (2, 1, 'y', 1, 'q'), (3, 2, 'X', 0, null), (4, 1, 'y', 1, 'r');
                create unique index live on t (a) where deleted = 0;
                create index mixed_order on t (a DESC, b ASC);
                create index lowered on t (lower(b));
                create index summed on t (a + deleted) where b is not null;
                create index plain on t (data);
                create index untranslatable on t (unicode(data) % 7, printf('%05d', a));
                """);
    }

    static Path views(Path folder) throws SQLException {
        return file(folder, "views", """
                create table t (id INTEGER PRIMARY KEY, a INTEGER, b TEXT);
                insert into t values (1, 10, 'x'), (2, null, 'Y'), (3, -3, null);
                create view good as select id, ifnull(a, 0) as a, upper(b) as b from t where a is not null or id > 1;
                create view joined as select x.id, y.b from t x left join t y on y.id = x.id - 1;
                create view counted (n, total) as select count(*), sum(a) from t;
                create view on_view as select a + 1 as next from good;
                create view bare_column as select b, max(a), id from t group by a > 0;
                create view broken as select gone.x from gone;
                create view by_rowid as select rowid as r, a from t;
                create view user_function as select my_function(a) as f from t;
                """);
    }

    static Path triggers(Path folder) throws SQLException {
        return file(folder, "triggers", """
                create table t (id INTEGER PRIMARY KEY, a TEXT, last_update TIMESTAMP);
                insert into t values (1, 'x', '2020-01-01 00:00:00');
                create trigger touch after update on t begin update t set last_update = datetime('now') where rowid = new.rowid; end;
                create trigger guard before insert on t when new.a = 'bad' begin select raise(abort, 'bad is not allowed'); end;
                create table log (id INTEGER PRIMARY KEY, what TEXT);
                create trigger logged after delete on t begin insert into log (what) values ('deleted ' || old.id); end;
                create view v as select id, a from t;
                create trigger through_view instead of insert on v begin insert into t (a) values (new.a); end;
                create virtual table search using fts5 (a, content='t', content_rowid='id');
                create trigger sync after insert on t begin insert into search (rowid, a) values (new.id, new.a); end;
                """);
    }

    /** Triggers of every kind that PostgreSQL can do alike; none of them depends on the order in which several fire. */
    static Path busy_triggers(Path folder) throws SQLException {
        return file(folder, "busy_triggers", """
                create table t (id INTEGER PRIMARY KEY, a TEXT, n INTEGER DEFAULT 0);
                create table log (id INTEGER PRIMARY KEY, t TEXT);
                insert into t values (1, 'x', 0);
                create trigger inserted after insert on t begin insert into log (t) values ('inserted ' || new.a); end;
                create trigger kept before delete on t when old.n > 5 begin select raise(abort, 'kept'); end;
                create trigger updated after update of a on t for each row when old.a <> new.a begin
                  update t set n = n + 1 where id = new.id; insert into log (t) select 'updated ' || old.a || new.a; end;
                create trigger ignored before insert on t begin select case when new.a is null then raise(ignore) end; end;
                create trigger deleted after delete on t begin delete from log where t like '%' || old.a || '%'; end;
                create trigger negative before update on t begin select raise(abort, 'never') where new.n < 0; end;
                """);
    }

    static Path virtual_tables(Path folder) throws SQLException {
        return file(folder, "virtuals", """
                create table notes (id INTEGER PRIMARY KEY, title TEXT, body TEXT);
                insert into notes values (1, 'first', 'some words'), (2, 'second', 'more words');
                create virtual table own5 using fts5 (title, body);
                insert into own5 (rowid, title, body) values (1, 'a', 'b c'), (5, 'd é', 'e');
                create virtual table own4 using fts4 (title, body);
                insert into own4 (docid, title, body) values (3, 'x', 'y'), (4, 'z', null);
                create virtual table own3 using fts3 (content);
                insert into own3 (content) values ('three');
                create virtual table external5 using fts5 (title, body, content='notes', content_rowid='id');
                insert into external5 (external5) values ('rebuild');
                create virtual table contentless5 using fts5 (title, content='');
                insert into contentless5 (rowid, title) values (1, 'nothing is kept');
                create virtual table boxes using rtree (id, x0, x1, y0, y1);
                insert into boxes values (1, 0, 1, 0, 1);
                pragma writable_schema = on;
                insert into sqlite_schema values ('table', 'unknown_module', 'unknown_module', 0, 'CREATE VIRTUAL TABLE unknown_module USING spellfix1');
                pragma writable_schema = off;
                """);
    }

    // --- names, encodings, sizes ---

    static Path names(Path folder) throws SQLException {
        var longName = "a_name_that_is_so_long_that_postgresql_would_cut_it_at_sixty_three_bytes";
        return file(folder, "names", """
                create table "User" ("userId" INTEGER PRIMARY KEY, "select" TEXT, "a b" TEXT, "a""b" TEXT, "a.b" TEXT, "😀" TEXT, "ÄÖ" TEXT, "UPPER" TEXT,
                  "%1$s" TEXT, "it's" TEXT, "back\\slash" TEXT, "$$" TEXT);
                insert into "User" values (1, 's', 'blank', 'quote', 'dot', 'smile', 'umlaut', 'up', 'p', 'q', 'b', 'd');
                create table "order" ("user" INTEGER REFERENCES "User" ("userId"), "table" TEXT);
                insert into "order" values (1, 't');
                create table "two words" ([in brackets] TEXT, `in backticks` TEXT);
                insert into "two words" values ('x', 'y');
                create table lower_only (a_b TEXT);
                insert into lower_only values ('z');
                create table "LONG_one" (LONG_a INTEGER, LONG_b INTEGER, "ééééééééééééééééééééééééééééééééé1" INTEGER, "ééééééééééééééééééééééééééééééééé2" INTEGER);
                insert into "LONG_one" values (1, 2, 3, 4);
                create table "LONG_two" (x INTEGER);
                insert into "LONG_two" values (5);
                create index "LONG_index_one" on "LONG_two" (x);
                create index "LONG_index_two" on "LONG_one" (LONG_a);
                create index "same" on lower_only (a_b);
                create view "My View" as select "userId" from "User";
                """.replace("LONG", longName));
    }

    /** Names of PostgreSQL's system columns, of an identity's sequence and index, and the empty name. */
    static Path taken_names(Path folder) throws SQLException {
        return file(folder, "taken", """
                create table t (id INTEGER PRIMARY KEY, ctid INTEGER, xmin TEXT, xmax TEXT, tableoid INTEGER, cmin INTEGER, cmax INTEGER, oid INTEGER, "rowid" TEXT, "" TEXT);
                insert into t values (1, 2, 'a', 'b', 3, 4, 5, 6, 'r', 'e');
                create table t_pkey (x INTEGER);
                insert into t_pkey values (2);
                create table t_id_seq (y INTEGER);
                insert into t_id_seq values (3);
                """);
    }

    static Path utf16le(Path folder) throws SQLException {
        return file(folder, "utf16le", "pragma encoding = 'UTF-16le';" + UTF16);
    }

    static Path utf16be(Path folder) throws SQLException {
        return file(folder, "utf16be", "pragma encoding = 'UTF-16be';" + UTF16);
    }

    static final String UTF16 = """
            create table t (id INTEGER PRIMARY KEY, v TEXT COLLATE NOCASE, b BLOB);
            insert into t values (1, 'é 😀', x'00ff'), (2, '', x''), (3, null, null), (4, 'a' || char(0) || 'b', x'6100');
            """;

    /** A database whose last rows, and a table, are only in its -wal file, as a killed application leaves it. */
    static Path wal(Path folder) throws Exception {
        var file = folder.resolve("wal.sqlite");
        var live = folder.resolve("live.sqlite");
        try (var connection = open(live); var statement = connection.createStatement()) {
            statement.execute("pragma journal_mode = wal");
            statement.execute("pragma wal_autocheckpoint = 0");
            statement.executeUpdate("create table t (id INTEGER PRIMARY KEY, v TEXT); insert into t values (1, 'in the file');");
            statement.execute("pragma wal_checkpoint(truncate)");
            statement.executeUpdate(
                    "insert into t values (2, 'in the wal'); create table late (id INTEGER PRIMARY KEY); insert into late values (7);");
            Files.copy(live, file);
            Files.copy(Path.of(live + "-wal"), Path.of(file + "-wal"));
        }
        return file;
    }

    static Path empty_tables(Path folder) throws SQLException {
        return file(folder, "empties", """
                create table t (id INTEGER PRIMARY KEY, n INT4, s TEXT, d DATETIME, b BOOLEAN, j JSON, u UUID, p DECIMAL(10,2),
                  x, is_flag INTEGER, bytes BLOB, r REAL);
                create table no_key (a TEXT);
                analyze;
                """);
    }

    static Path empty_database(Path folder) throws SQLException {
        return file(folder, "nothing", "create table t (a); drop table t; pragma user_version = 7;");
    }

    /** A file of no bytes is an empty database to SQLite. */
    static Path zero_bytes(Path folder) throws IOException {
        return Files.createFile(folder.resolve("zero.sqlite"));
    }

    /** Wider than the 1,600 columns of PostgreSQL; SQLite takes 2,000. */
    static Path too_wide(Path folder) throws SQLException {
        return file(folder, "wide", "create table wide (" + columns(1700)
                + "); insert into wide (c1) values (1); create table narrow (a INTEGER); insert into narrow values (1);");
    }

    static Path a_thousand_columns(Path folder) throws SQLException {
        return file(folder, "thousand",
                "create table wide (" + columns(1000) + "); insert into wide (c1, c500, c1000) values (1, 2, 3), (4, null, 6);");
    }

    private static String columns(int count) {
        return IntStream.rangeClosed(1, count).mapToObj(i -> "c" + i + " INTEGER").collect(Collectors.joining(", "));
    }

    /** Two tables with the same 200,000 rows. journal is wal or delete. */
    static Path twins(Path folder, String journal) throws SQLException {
        var file = folder.resolve("twins_" + journal + ".sqlite");
        try (var connection = open(file); var statement = connection.createStatement()) {
            statement.execute("pragma journal_mode = " + journal);
            statement.executeUpdate("""
                    create table a (id INTEGER PRIMARY KEY, v TEXT);
                    create table b (id INTEGER PRIMARY KEY, v TEXT);
                    with recursive n (i) as (select 1 union all select i + 1 from n where i < 200000) insert into a select i, 'text ' || i from n;
                    insert into b select * from a;
                    """);
        }
        return file;
    }

    /** 30,000 rows of each kind of value, NULLs between them, ids with gaps; from a fixed seed. */
    static Path many_rows(Path folder) throws SQLException {
        var file = folder.resolve("many.sqlite");
        var random = new Random(42);
        try (var connection = open(file); var statement = connection.createStatement()) {
            statement.executeUpdate(
                    "create table t (id INTEGER PRIMARY KEY, n INTEGER, r REAL, s TEXT, b BLOB, d DATETIME, f BOOLEAN); create index by_s on t (s, n)");
            connection.setAutoCommit(false);
            try (var insert = connection.prepareStatement("insert into t values (?, ?, ?, ?, ?, ?, ?)")) {
                for (var i = 1; i <= 30_000; i++) {
                    var bytes = new byte[random.nextInt(40)];
                    random.nextBytes(bytes);
                    insert.setLong(1, i * 3L + random.nextInt(3));
                    insert.setObject(2, i % 7 == 0 ? null : random.nextLong());
                    insert.setObject(3, i % 11 == 0 ? null : (Object) Double.longBitsToDouble(random.nextLong() & ~(1L << 62)));
                    insert.setString(4, i % 5 == 0 ? null : "text \u00e9\ud83d\ude00 " + random.nextInt(1000));
                    insert.setBytes(5, i % 13 == 0 ? null : bytes);
                    insert.setString(6, String.format("20%02d-%02d-%02d %02d:%02d:%02d.%03d", i % 30, i % 12 + 1, i % 28 + 1, i % 24,
                            i % 60, i % 59, i % 1000));
                    insert.setInt(7, i & 1);
                    insert.addBatch();
                }
                insert.executeBatch();
            }
            connection.commit();
        }
        return file;
    }

    static Path huge_cells(Path folder) throws SQLException {
        return file(folder, "huge", """
                create table t (id INTEGER PRIMARY KEY, b BLOB, s TEXT);
                insert into t values (1, zeroblob(20000000), 'blob'), (2, x'01', replace(hex(zeroblob(5000000)), '00', 'é€')), (3, null, null);
                """);
    }

    // --- anything at all ---

    private static final List<String> DECLARED = List.of("", "INTEGER", "INT", "BIGINT", "TINYINT", "SMALLINT", "INT4", "BOOL", "BOOLEAN",
            "REAL", "FLOAT", "DOUBLE PRECISION", "NUMERIC",
            "DECIMAL(10,2)", "MONEY", "TEXT", "CLOB", "VARCHAR(5)", "CHAR", "BLOB", "BYTEA", "ANY", "STRING", "DATE", "DATETIME",
            "TIMESTAMP", "TIMESTAMPTZ", "TIME", "JSON", "UUID", "GUID",
            "INET", "POINT", "FROBNICATED");

    /** SQL literals by kind; a column mostly holds one kind, and now and then another. None of the numbers is a plausible date. */
    private static final List<List<String>> VALUES = List.of(
            List.of("0", "1"),
            List.of("0", "1", "-1", "42", "127", "256", "32768", "2147483648", "9007199254740992", "9007199254740993",
                    "9223372036854775807", "-9223372036854775808"),
            List.of("0.5", "-1.25", "0.1", "12.345", "1e23", "5e-324", "1.7976931348623157e308", "9e999", "-9e999", "1e19", "-0.0", "3.0"),
            List.of("''", "'abc'", "'é'", "'e\u0301'", "'\ud83d\ude00'", "'blank '", "' '", "'0'", "'007'", "'1.50'", "'true'", "'NULL'",
                    "'\\N'", "'a' || char(9) || 'b' || char(10)"),
            List.of("x''", "x'00'", "x'ff00'", "x'c3a9'", "x'123e4567e89b42d3a456426614174000'"),
            List.of("'a' || char(0)", "cast(x'66ff' as text)", "cast(x'00ff' as text)", "char(0)"),
            List.of("'2020-02-29'", "'1999-12-31'", "'0001-01-01'"),
            List.of("'2020-02-29 12:34:56'", "'2020-02-29T12:34:56.789Z'", "'2020-02-29 12:34'", "'2020-02-29 12:34:56.1234567'",
                    "'2021-02-30 00:00:00'", "'0000-00-00 00:00:00'"),
            List.of("'12:34'", "'23:59:59.999'", "'24:00:00'", "'99:99'"),
            List.of("'{}'", "'{\"a\": [1, 2.50, null]}'", "'[]'", "'\"x\"'", "'{\"a\": 1, \"a\": 2}'", "'\"\\u0000\"'", "'nothing'"),
            List.of("'123e4567-e89b-42d3-a456-426614174000'", "'00000000-0000-0000-0000-00000000000A'"));

    /** Tables with columns of any declared type that hold any values, mostly of one kind per column; the seed says which. */
    static Path random(Path folder, long seed) throws SQLException {
        var random = new Random(seed);
        var sql = new StringBuilder();
        for (var table = 1; table <= 4; table++) {
            var key = random.nextInt(4);
            var columns = new ArrayList<>(List.of(List.of("id INTEGER PRIMARY KEY", "id TEXT PRIMARY KEY", "id TEXT", "id TEXT").get(key)));
            var kinds = new ArrayList<Integer>();
            for (var i = 1 + random.nextInt(8); i > 0; i--) {
                columns.add("c" + i + " " + DECLARED.get(random.nextInt(DECLARED.size())));
                kinds.add(random.nextInt(VALUES.size()));
            }
            var withoutRowid = key == 3 ? ", PRIMARY KEY (id, c1)) without rowid" : ")";
            sql.append("create table t").append(table).append(" (").append(String.join(", ", columns)).append(withoutRowid).append(";\n");
            for (var row = random.nextInt(30); row > 0; row--) {
                var values = new ArrayList<>(List.of(key == 0 ? String.valueOf(row * 3) : "'key " + row + "'"));
                for (var i = kinds.size(); i > 0; i--) {
                    var kind = VALUES.get(random.nextInt(40) == 0 ? random.nextInt(VALUES.size()) : kinds.get(kinds.size() - i));
                    values.add(random.nextInt(8) == 0 && !(key == 3 && i == 1) ? "null" : kind.get(random.nextInt(kind.size())));
                }
                sql.append("insert into t").append(table).append(" values (").append(String.join(", ", values)).append(");\n");
            }
        }
        return file(folder, "random_" + seed, sql.toString());
    }

    // --- what is no database ---

    static Path not_a_database(Path folder) throws IOException {
        return Files.writeString(folder.resolve("text.sqlite"), "This is a text file, and a rather long one at that.\n".repeat(100));
    }

    static Path random_bytes(Path folder) throws IOException {
        var bytes = new byte[16_384];
        new Random(1).nextBytes(bytes);
        return Files.write(folder.resolve("encrypted.sqlite"), bytes);
    }

    static Path truncated(Path folder) throws Exception {
        var whole = many_rows(folder);
        return Files.write(folder.resolve("truncated.sqlite"), Arrays.copyOf(Files.readAllBytes(whole), 100_000));
    }

    // --- a schema of an application, and the file it kept before ---

    /** The file of an application whose frameworks make their own PostgreSQL schema: names in several styles, values as SQLite keeps them. */
    static Path application(Path folder) throws SQLException {
        return file(folder, "application", """
                create table auth_user (id integer NOT NULL PRIMARY KEY AUTOINCREMENT, username varchar(150) NOT NULL UNIQUE, is_staff bool NOT NULL,
                  date_joined datetime NOT NULL, profile text);
                insert into auth_user values (1, 'ann', 1, '2020-01-02 03:04:05.678901', '{"a": 1}'), (2, 'bob', 0, '2021-06-07 08:09:10', null);
                create table django_migrations (id integer NOT NULL PRIMARY KEY AUTOINCREMENT, app varchar(255) NOT NULL, name varchar(255) NOT NULL,
                  applied datetime NOT NULL);
                insert into django_migrations values (1, 'auth', '0001_initial', '2020-01-01 00:00:00');
                create table Post (id TEXT NOT NULL PRIMARY KEY, authorId INTEGER NOT NULL REFERENCES auth_user (id),
                  createdAt DATETIME NOT NULL, status TEXT NOT NULL, published INTEGER, score INTEGER);
                insert into Post values ('123e4567-e89b-42d3-a456-426614174000', 1, 1700000000123, 'DRAFT', 0, ''),
                  ('123e4567-e89b-42d3-a456-426614174001', 2, 1700086400000, 'LIVE', 1, 17);
                create table ciphers (uuid TEXT PRIMARY KEY, atype INTEGER NOT NULL, data BLOB, deleted_at DATETIME);
                insert into ciphers values ('123e4567-e89b-42d3-a456-426614174002', 2147483647, x'00ff', null),
                  ('123e4567-e89b-42d3-a456-426614174003', -1, x'', '2020-01-01 00:00:00');
                """);
    }

    /** The target schema of application(), as Django, Prisma, and Diesel make theirs. */
    static final List<String> APPLICATION_SCHEMA = List.of(
            "create table auth_user (id integer generated by default as identity primary key, username varchar(150) not null unique, is_staff boolean not null, date_joined timestamptz not null, profile jsonb)",
            "create table django_migrations (id bigint generated by default as identity primary key, app varchar(255) not null, name varchar(255) not null, applied timestamptz not null)",
            "insert into django_migrations (app, name, applied) values ('auth', '0001_initial', now())",
            "create type \"Status\" as enum ('DRAFT', 'LIVE')",
            "create table \"Post\" (id uuid primary key, author_id integer not null references auth_user, \"createdAt\" timestamp(3) not null, status \"Status\" not null, published boolean, score integer)",
            "create table ciphers (uuid uuid primary key, atype int4 not null, data bytea, deleted_at timestamp)");

    // --- helpers ---

    static Connection open(Path file) throws SQLException {
        return DriverManager.getConnection("jdbc:sqlite:" + file);
    }

    /** A new file NAME.sqlite made by a script of SQL, in which pragmas hold for the statements after them. */
    static Path file(Path folder, String name, String sql) throws SQLException {
        var file = folder.resolve(name + ".sqlite");
        try (var connection = open(file); var statement = connection.createStatement()) {
            statement.executeUpdate(sql);
        }
        return file;
    }
}
