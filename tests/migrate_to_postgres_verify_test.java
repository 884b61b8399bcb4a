//SOURCES ../scripts/migrate_to_postgres.java
//SOURCES servers.java
//SOURCES shell.java

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.StringJoiner;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The verification alone: SQLite files and PostgreSQL tables are both written by hand, and so say themselves what is equal. */
@Order(4)
class migrate_to_postgres_verify_test {
    @TempDir
    Path folder;

    Connection sqlite;
    Connection postgres;

    @BeforeEach
    void open() throws SQLException {
        sqlite = DriverManager.getConnection("jdbc:sqlite:" + folder.resolve("source.sqlite"));
        postgres = servers.connect(servers.database());
        postgres.setAutoCommit(false);
        postgres.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
    }

    @AfterEach
    void close() throws SQLException {
        sqlite.close();
        postgres.close();
    }

    /** A column's type, conversion and format, and pairs of a SQLite literal and the PostgreSQL literal that is the same value; neighbours differ. */
    record Pairs(String type, String conversion, String format, String... literals) {
        @Override
        public String toString() {
            return type + " " + conversion + (format == null ? "" : " " + format);
        }
    }

    static Pairs same(String type, String... literals) {
        return new Pairs(type, "same", null, literals);
    }

    static Pairs iso(String type, String format, String... literals) {
        return new Pairs(type, "iso", format, literals);
    }

    static Pairs converted(String type, String conversion, String... literals) {
        return new Pairs(type, conversion, null, literals);
    }

    static Stream<Pairs> pairs() {
        return Stream.of(
            same("smallint", "1", "1", "-32768", "-32768", "32767.0", "32767"),
            same("integer", "0", "0", "-2147483648", "-2147483648", "2147483647", "2147483647"),
                same("bigint", "9223372036854775807", "9223372036854775807", "-9223372036854775808", "-9223372036854775808", "1000.0",
                        "1000", "9007199254740993", "9007199254740993"),
                converted("bigint", "number", "'42'", "42", "' 7 '", "7", "'+5'", "5", "'1e2'", "100", "'9223372036854775807'",
                        "9223372036854775807",
                "'1000000000000000000'", "1000000000000000000"),
                same("double precision", "0.1", "0.1", "-0.0", "'-0'", "5e-324", "'5e-324'", "1.7976931348623157e308",
                        "'1.7976931348623157e308'", "9e999", "'Infinity'", "-9e999", "'-Infinity'",
                        "1e23", "'1e23'", "3", "3", "9007199254740992", "9007199254740992", "2.2250738585072014e-308",
                        "'2.2250738585072014e-308'", "0.1 + 0.2", "'0.30000000000000004'", "0.0", "'-0'"),
            converted("double precision", "number", "'0.25'", "0.25", "'1e300'", "'1e300'", "7", "7"),
            same("real", "0.5", "0.5", "16777216", "16777216", "-1.25", "-1.25"),
                same("numeric", "1", "1.000", "1.5", "1.50", "0.1", "0.1", "1e-30", "1e-30", "1e23", "1e23", "123456789012345678",
                        "123456789012345678", "9223372036854775807", "9223372036854775807",
                        "-9223372036854775808", "-9223372036854775808", "0.1 + 0.2", "0.30000000000000004", "-0.05", "-0.0500", "1234.5678",
                        "1234.5678", "100000", "100000.0", "5e-324", "'5e-324'",
                        "1.234567890123456e25", "1.234567890123456e25", "-0.0", "0.00", "0.000123", "0.000123", "20000.0002", "20000.0002",
                        "-70000", "-70000", "1e12", "1000000000000", "123400000000000000", "123400000000000000", "1e18", "1e18", "7", "7",
                        "1000000000000000000", "1000000000000000000", "9007199254740994.0", "9007199254740994", "9007199254740993",
                        "9007199254740993", "99999999.99", "99999999.99",
                "1.0 / (1 << 44)", "5.684341886080802e-14", "123456789012.345", "123456789012.345", "1e-7", "0.0000001"),
                converted("numeric", "number", "'0.12345678901234567890123'", "0.12345678901234567890123",
                        "'12345678901234567890123456789'", "12345678901234567890123456789",
                        "'1e-30'", "1e-30", "'1.50'", "1.5", "'-000.10'", "-0.1", "'0.12345678901234568'", "0.12345678901234568",
                        "'0.12345678901234567'", "0.12345678901234567", "'1e400'", "'1e400'",
                "'1e-400'", "'1e-400'", "'9223372036854775808'", "9223372036854775808"),
            same("numeric(10,2)", "12.34", "12.34", "5", "5", "-0.1", "-0.10"),
                converted("boolean", "boolean", "1", "true", "0", "false", "'T'", "true", "'false'", "false", "'yes'", "true", "'N'",
                        "false", "'on'", "true", "'OFF'", "false", "'1'", "true", "'0'", "false",
                "1.0", "true", "0.0", "false"),
                same("text", "''", "''", "'a'", "'a'", "'a '", "'a '", "char(233)", "U&'\\00E9'", "'e' || char(769)", "U&'e\\0301'",
                        "char(128512)", "U&'\\+01F600'", "5", "'5'", "0.1", "'0.1'",
                        "1.0", "'1.0'", "1e23", "'1.0e+23'", "1e-5", "'1.0e-05'", "123456789012345.0", "'123456789012345.0'", "1e15",
                        "'1.0e+15'", "9e999", "'Inf'", "-0.0", "'0.0'", "-1.5", "'-1.5'",
                        "x'616263'", "'abc'", "-9223372036854775808", "'-9223372036854775808'", "0.1 + 0.2", "'0.30000000000000004'",
                        "'a' || char(10)", "E'a\\n'"),
            same("varchar(20)", "'x'", "'x'", "'x '", "'x '"),
            same("char(8)", "'ab  '", "'ab'", "'cd'", "'cd  '", "''", "''"),
            same("bytea", "x''", "''", "x'00ff27'", "'\\x00ff27'", "'text'", "'text'", "12", "'12'", "0.5", "'0.5'"),
            same("json", "'{\"a\": 1,  \"b\":2}'", "'{\"a\": 1,  \"b\":2}'", "'1.0'", "'1.0'", "'1'", "'1'"),
                converted("jsonb", "json", "'{\"b\":1,\"a\":[1.0,2e0]}'", "'{\"a\":[1,2],\"b\":1.00}'", "'1e2'", "'100'",
                        "'\"\\u00e9\\ud83d\\ude00\\/\\\"\\\\\\n\"'", "'\"é😀/\\\"\\\\\\n\"'",
                        "'null'", "'null'", "' true '", "'true'", "'-0.0'", "'0'", "'1e-30'", "'1e-30'", "'12345678901234567890.50'",
                        "'12345678901234567890.5'", "'[]'", "'[]'", "'{}'", "'{}'",
                        "'{\"aa\":{\"z\":null,\"y\":[{},[\"x\"]]},\"b\":false}'", "'{\"b\":false,\"aa\":{\"y\":[{},[\"x\"]],\"z\":null}}'",
                        "5", "'5'", "1.5", "'1.50'", "'1e25'", "'10000000000000000000000000'",
                "'\"1\"'", "'\"1\"'", "'[1,2]'", "'[1,2]'", "'[2,1]'", "'[2,1]'", "'\"\"'", "'\"\"'"),
                converted("uuid", "uuid", "'550e8400-e29b-41d4-a716-446655440000'", "'550e8400-e29b-41d4-a716-446655440000'",
                        "'{550E8400-E29B-41D4-A716-446655440001}'",
                "'550e8400-e29b-41d4-a716-446655440001'", "'550e8400e29b41d4a716446655440002'", "'550e8400-e29b-41d4-a716-446655440002'"),
                converted("uuid", "uuid-rfc", "x'550e8400e29b41d4a716446655440000'", "'550e8400-e29b-41d4-a716-446655440000'",
                        "x'00112233445566778899aabbccddeeff'", "'00112233-4455-6677-8899-aabbccddeeff'"),
                converted("uuid", "uuid-ms", "x'00840e559be2d441a716446655440000'", "'550e8400-e29b-41d4-a716-446655440000'",
                        "x'33221100554477668899aabbccddeeff'", "'00112233-4455-6677-8899-aabbccddeeff'"),
            converted("mood", "enum", "'Sad'", "'Sad'", "'happy'", "'happy'"),
            converted("mood", "enum-lower", "'HAPPY'", "'happy'", "'SAd'", "'Sad'"),
            converted("mood", "enum-upper", "'Happy'", "'happy'", "'sad'", "'Sad'"),
            same("inet", "'192.168.1.1'", "'192.168.1.1'", "'10.0.0.0/8'", "'10.0.0.0/8'"),
            same("integer[]", "'{1,2}'", "'{1,2}'", "'{}'", "'{}'"),
            same("interval", "'1 day'", "'1 day'", "'01:00:00'", "'1 hour'"),
                iso("date", "0000-00-00", "'2020-02-29'", "'2020-02-29'", "'0001-01-01'", "'0001-01-01'", "'9999-12-31'", "'9999-12-31'",
                        "'1969-12-31'", "'1969-12-31'"),
                iso("timestamp", "0000-00-00 00:00:00", "'2020-02-29 23:59:59'", "'2020-02-29 23:59:59'", "'2020-01-01 24:00:00'",
                        "'2020-01-02 00:00:00'", "'1969-12-31 23:59:58'", "'1969-12-31 23:59:58'",
                "'0001-01-01 00:00:01'", "'0001-01-01 00:00:01'"),
                iso("timestamptz", "0000-00-00T00:00:00.000Z", "'2020-02-29T23:59:59.123Z'", "'2020-02-29 23:59:59.123+00'",
                        "'1901-01-01T00:00:00.001Z'", "'1901-01-01 02:00:00.001+02'"),
                iso("timestamp with time zone", "0000-00-00 00:00", "'2020-02-29 23:59'", "'2020-02-29 23:59:00+00'", "'2020-02-29 24:00'",
                        "'2020-03-01 00:00:00+00'"),
                iso("timestamp(6) without time zone", "0000-00-00 00:00:00.000000", "'2020-02-29 23:59:59.123456'",
                        "'2020-02-29 23:59:59.123456'", "'1960-01-01 00:00:00.000001'", "'1960-01-01 00:00:00.000001'"),
            iso("timestamp", "0000-00-00", "'2020-02-29'", "'2020-02-29'", "'1960-01-01'", "'1960-01-01'"),
            iso("time", "00:00:00", "'24:00:00'", "'24:00:00'", "'00:00:00'", "'00:00:00'", "'23:59:59'", "'23:59:59'"),
            iso("time without time zone", "00:00:00.0", "'12:30:00.5'", "'12:30:00.5'", "'00:00:00.1'", "'00:00:00.1'"),
            iso("time", "00:00", "'24:00'", "'24:00'", "'12:30'", "'12:30'"),
                iso("timestamp", null, "'2020-01-01'", "'2020-01-01'", "'2020-01-01T12:00'", "'2020-01-01 12:00'",
                        "'2020-01-01 12:00:00.1234565'", "'2020-01-01 12:00:00.123457'",
                "'12020-01-01 00:00:00'", "'12020-01-01'",
                        "'2020-02-28 24:00:00'", "'2020-02-29'", "'290000-12-31 23:59:59'", "'290000-12-31 23:59:59'",
                        "'2021-01-01 00:00:00Z'", "'2021-01-01'"),
                iso("timestamptz", null, "'2020-01-01 12:00:00+02:00'", "'2020-01-01 10:00:00+00'", "'2020-01-01T12:00:00Z'",
                        "'2020-01-01 12:00:00+00'", "'2020-01-01 12:00:00-0330'", "'2020-01-01 15:30:00+00'",
                "'2020-01-01 12:00:00.5+05'", "'2020-01-01 07:00:00.5+00'", "'2020-01-01 12:00'", "'2020-01-01 12:00:00+00'"),
            iso("date", null, "'2020-01-01'", "'2020-01-01'", "'12020-01-01'", "'12020-01-01'"),
            iso("time", null, "'12:30'", "'12:30'", "'12:30:15.5'", "'12:30:15.5'", "'24:00:00'", "'24:00:00'"),
                iso("timestamp", "0000-00-00 00:00:00.0000000", "'2020-01-01 00:00:00.1234564'", "'2020-01-01 00:00:00.123456'",
                        "'2020-01-01 00:00:00.9999995'", "'2020-01-01 00:00:01'"),
            converted("timestamp", "unix", "0", "'1970-01-01'", "1700000000", "'2023-11-14 22:13:20'", "-1", "'1969-12-31 23:59:59'"),
            converted("date", "unix", "1700006400", "'2023-11-15'", "-86400", "'1969-12-31'"),
                converted("timestamptz", "unix", "1700000000.25", "'2023-11-14 22:13:20.25+00'", "0.0078125",
                        "'1970-01-01 00:00:00.007812+00'", "1700000000.123456", "'2023-11-14 22:13:20.123456+00'", "5",
                        "'1970-01-01 00:00:05+00'",
                "'2014-07-30 16:18:51'", "'2014-07-30 16:18:51+00'"),
            converted("timestamptz", "unixms", "1627303906122", "'2021-07-26 12:51:46.122+00'", "-1", "'1969-12-31 23:59:59.999+00'"),
            converted("timestamp", "unixus", "1627303906122456", "'2021-07-26 12:51:46.122456'", "1", "'1970-01-01 00:00:00.000001'"),
            converted("timestamp", "unixns", "1627303906122456789", "'2021-07-26 12:51:46.122457'", "1500", "'1970-01-01 00:00:00.000002'"),
                converted("timestamp", "julian", "2458850.0", "'2020-01-01 12:00:00'", "julianday('2020-01-01 12:34:56.789')",
                        "'2020-01-01 12:34:56.789'", "2458851", "'2020-01-02 12:00:00'"),
            converted("timestamp", "cocoa", "632955600", "timestamp '2001-01-01' + 632955600 * interval '1 second'", "0", "'2001-01-01'"),
            converted("timestamp", "cocoa", "0.5", "'2001-01-01 00:00:00.5'", "-1.0", "'2000-12-31 23:59:59'"),
                converted("timestamp", "webkit", "13253932800000001",
                        "timestamp '1601-01-01' + 13253932800 * interval '1 second' + interval '1 microsecond'", "0", "'1601-01-01'"),
                converted("timestamp", "filetime", "132539328000000004", "timestamp '1601-01-01' + 13253932800 * interval '1 second'",
                        "132539328000000005", "timestamp '1601-01-01' + 13253932800 * interval '1 second' + interval '1 microsecond'"),
            converted("timestamp", "ticks", "637450560000000000", "'2021-01-01'", "10", "'0001-01-01 00:00:00.000001'"));
    }

    @ParameterizedTest
    @MethodSource("pairs")
    void equal_values_are_equal_in_every_tier_and_each_changed_one_is_found(Pairs pairs) throws Exception {
        var table = table("pairs", "id bigint", column("c", pairs));
        target("create type mood as enum ('Sad', 'happy')");
        create(table);
        for (var i = 0; i < pairs.literals.length; i += 2) {
            source("insert into pairs values (" + i + ", " + pairs.literals[i] + ")");
            target("insert into pairs values (" + i + ", " + pairs.literals[i + 1] + ")");
        }
        source("insert into pairs values (-1, null)");
        target("insert into pairs values (-1, null)");
        profile(table);
        assertSame(table, pairs.literals.length / 2 + 1);

        for (var i = 0; i < pairs.literals.length; i += 2) {
            var other = pairs.literals[(i + 3) % pairs.literals.length];
            target("update pairs set c = " + other + " where id = " + i);
            assertThat(hash(table).shown()).as(pairs.literals[i] + " is not " + other).hasSize(1).first()
                    .matches(difference -> difference.key().equals("id=" + difference.key().substring(3)) && difference.column().equals("c")
                            && !difference.source().equals(difference.target()))
                .extracting(migrate_to_postgres.Difference::key).isEqualTo("id=" + i);
            target("update pairs set c = null where id = " + i);
            assertThat(hash(table).shown()).extracting(migrate_to_postgres.Difference::target).containsExactly("NULL");
            target("update pairs set c = " + pairs.literals[i + 1] + " where id = " + i);
        }
        assertSame(table, pairs.literals.length / 2 + 1);
    }

    @Test
    void each_mutation_is_found_with_table_key_column_and_both_values() throws Exception {
        var table = things();
        assertSame(table, 200);
        mutation(table, "set photo = set_bit(photo, 0, 1 - get_bit(photo, 0)) where id = 7", "photo", "x'07aabb'", "x'06aabb'");
        mutation(table, "set price = '0.30000000000000004' where id = 7", "price", "0.3", "0.30000000000000004");
        mutation(table, "set made = made + interval '1 microsecond' where id = 7", "made", "'2020-01-01 00:00:07'",
                "2020-01-01 00:00:07.000001");
        mutation(table, "set seen = seen + interval '1 microsecond' where id = 7", "seen", "1700000007", "2023-11-14 22:13:27.000001");
        mutation(table, "set name = null where id = 100", "name", "''", "NULL");
        mutation(table, "set name = '' where id = 101", "name", "NULL", "''");
        mutation(table, "set name = 'name 7 ' where id = 7", "name", "'name 7'", "'name 7 '");
        mutation(table, "set name = U&'e\\0301' where id = 102", "name", "'é'", "'e\\u0301'");
        mutation(table, "set sold = not sold where id = 7", "sold", "1", "0");
        mutation(table, "set doc = '{\"n\": 8, \"k\": [1]}' where id = 7", "doc", "{\"k\":[1],\"n\":7}", "{\"k\":[1],\"n\":8}");
    }

    void mutation(migrate_to_postgres.Table table, String update, String column, String source, String target) throws Exception {
        target("update things " + update);
        for (var found : List.of(hash(table), rows(table))) {
            assertThat(found.same()).isFalse();
            assertThat(found.differences()).isEqualTo(1);
            var key = "id=" + update.replaceFirst(".*where id = ", "");
            assertThat(found.shown()).containsExactly(new migrate_to_postgres.Difference("things", key, column, source, target));
        }
        postgres.rollback();
    }

    @Test
    void moments_that_only_postgresql_has_are_shown_as_what_they_are() throws Exception {
        var table = things();
        var moments = Map.of("infinity", "infinity", "-infinity", "-infinity", "0044-03-15 12:00 BC", "-0043-03-15 12:00", "0001-12-31 BC",
                "0000-12-31 00:00", "12020-01-01", "+12020-01-01 00:00");
        for (var moment : moments.entrySet()) {
            target("update things set made = '" + moment.getKey() + "', seen = '" + moment.getKey()
                    + "'::timestamp at time zone 'UTC' + interval '1 microsecond' where id = 7");
            assertThat(hash(table).shown()).extracting(migrate_to_postgres.Difference::target)
                    .containsExactly(moment.getValue(),
                            moment.getValue().endsWith("infinity") ? moment.getValue() : moment.getValue() + ":00.000001");
        }
        target("alter table things alter made type time using made::time");
        table.columns.get(4).type = "time";
        table.columns.get(4).format = null;
        assertThat(hash(table).shown()).filteredOn(difference -> difference.key().equals("id=1"))
                .extracting(migrate_to_postgres.Difference::target).containsExactly("00:00:01.000000");
    }

    @Test
    void one_and_one_point_zero_in_json_are_no_difference() throws Exception {
        var table = things();
        target("update things set doc = '{\"k\": [1.0], \"n\": 7.00}' where id = 7");
        assertSame(table, 200);
    }

    @Test
    void two_swapped_values_are_found_in_both_rows() throws Exception {
        var table = things();
        target("update things set name = case id when 3 then 'name 4' else 'name 3' end where id in (3, 4)");
        for (var found : List.of(hash(table), rows(table))) {
            assertThat(found.shown()).extracting(Object::toString).containsExactlyInAnyOrder(
                    "things [id=3] name: 'name 3' in SQLite, 'name 4' in PostgreSQL",
                    "things [id=4] name: 'name 4' in SQLite, 'name 3' in PostgreSQL");
        }
        assertThat(verification().counts(table).same()).as("which counts cannot see").isTrue();
    }

    @Test
    void a_lost_a_foreign_and_a_doubled_row_are_named_by_their_keys() throws Exception {
        var table = things();
        target("delete from things where id = 5");
        target("insert into things (id) values (1000)");
        target("insert into things select * from things where id = 9");
        for (var found : List.of(hash(table), rows(table))) {
            assertThat(found.source()).isEqualTo(200);
            assertThat(found.target()).isEqualTo(201);
            assertThat(found.shown()).extracting(Object::toString).containsExactlyInAnyOrder(
                    "things [id=5]: missing in PostgreSQL: (id=5, name='name 5', price=0.3, photo=x'05aabb', made='2020-01-01 00:00:05', seen=1700000005, sold=1, doc={\"k\":[1],\"n\":5})",
                    "things [id=1000]: only in PostgreSQL: (id=1000, name=NULL, price=NULL, photo=NULL, made=NULL, seen=NULL, sold=NULL, doc=NULL)",
                    "things [id=9]: only in PostgreSQL: (id=9, name='name 9', price=0.3, photo=x'09aabb', made='2020-01-01 00:00:09', seen=1700000009, sold=1, doc={\"k\":[1],\"n\":9})");
        }
    }

    @Test
    void without_a_key_rows_are_told_apart_by_their_content_and_how_often_they_come() throws Exception {
        var table = table("bag", "n integer", "t text");
        table.key = List.of();
        create(table);
        for (var n : List.of("(1, 'a')", "(1, 'a')", "(1, 'a')", "(2, 'b')", "(null, null)", "(null, null)")) {
            source("insert into bag values " + n);
            target("insert into bag values " + n);
        }
        profile(table);
        assertSame(table, 6);
        target("insert into bag values (1, 'a')");
        target("delete from bag where n is null");
        target("update bag set t = 'c' where n = 2");
        for (var found : List.of(hash(table), rows(table))) {
            assertThat(found.differences()).isEqualTo(5);
            assertThat(found.shown()).extracting(Object::toString).containsExactlyInAnyOrder("bag: only in PostgreSQL: (n=1, t='a')",
                    "bag: missing in PostgreSQL: 2 times (n=NULL, t=NULL)",
                "bag: missing in PostgreSQL: (n=2, t='b')", "bag: only in PostgreSQL: (n=2, t='c')");
        }
    }

    @Test
    void all_differences_are_counted_and_twenty_shown() throws Exception {
        var table = things();
        target("update things set name = 'x', sold = false where id <= 60");
        for (var found : List.of(hash(table), rows(table))) {
            assertThat(found.shown()).hasSize(20);
            assertThat(found.differences()).isEqualTo(90);
            assertThat(found.note()).isNull();
        }
    }

    @Test
    void composite_keys_and_keys_of_text_are_found_in_an_order_of_their_own() throws Exception {
        for (var key : List.of(List.of("a", "b"), List.of("b"), List.of("b", "a"))) {
            var table = table("keyed", "a text", "b bigint", "c bytea");
            table.key = key;
            sqlite.createStatement().execute("drop table if exists keyed");
            source("create table keyed (a, b, c, primary key (a, b)) without rowid");
            target("drop table if exists keyed");
            target(createTarget(table));
            for (var i = 0; i < 50; i++) {
                var row = "insert into keyed values ('" + List.of("é", "Z", "a", "z", "€").get(i % 5) + "', " + (97 * i % 50 - 25) + ", '"
                        + i + "')";
                source(row);
                target(row);
            }
            profile(table);
            assertSame(table, 50);
            target("update keyed set c = 'x' where b = -3");
            target("delete from keyed where b = 4");
            for (var found : List.of(hash(table), rows(table))) {
                assertThat(found.shown()).as(key.toString()).hasSize(2).extracting(migrate_to_postgres.Difference::key)
                        .allMatch(k -> k.endsWith("b=-3") || k.endsWith("b=4"));
            }
        }
    }

    @Test
    void cells_of_thirty_megabytes_are_compared_to_the_bit_without_being_read() throws Exception {
        var table = table("huge", "id bigint", "b bytea", "t text", "p char(4)");
        create(table);
        var bytes = new byte[30_000_000];
        new Random(1).nextBytes(bytes);
        var text = "é".repeat(700_000);
        for (var connection : List.of(sqlite, postgres)) {
            try (var insert = connection.prepareStatement("insert into huge values (1, ?, ?, 'p')")) {
                insert.setBytes(1, bytes);
                insert.setString(2, text);
                insert.execute();
            }
            connection.createStatement().execute("insert into huge values (2, 'small', 'small', 'q'), (3, null, null, null)");
        }
        profile(table);
        assertSame(table, 3);
        target("update huge set b = set_bit(b, 123456789, 1 - get_bit(b, 123456789)) where id = 1");
        target("update huge set t = overlay(t placing 'e' from 699999 for 1) where id = 1");
        var sha256 = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        for (var found : List.of(hash(table), rows(table))) {
            assertThat(found.shown()).extracting(migrate_to_postgres.Difference::column).containsExactly("b", "t");
            assertThat(found.shown()).allMatch(difference -> difference.key().equals("id=1"));
            assertThat(found.shown().get(0).source()).isEqualTo("blob of 30000000 bytes, SHA-256 " + sha256);
            assertThat(found.shown().get(0).target()).startsWith("blob of 30000000 bytes, SHA-256 ").doesNotContain(sha256);
            assertThat(found.shown().get(1).target()).startsWith("text of 1399999 bytes");
        }
    }

    @Test
    void a_cell_given_whole_and_one_given_by_its_hash_are_the_same() throws Exception {
        var table = table("large", "t text", "b bytea");
        var bytes = "x".repeat(2_000_000).getBytes(UTF_8);
        var sha256 = MessageDigest.getInstance("SHA-256").digest(bytes);
        var whole = new migrate_to_postgres.SourceRow(table, row -> { });
        whole.start();
        whole.text(0, bytes, bytes.length);
        whole.text(1, bytes, bytes.length);
        whole.end();
        var hashed = new migrate_to_postgres.SourceRow(table, row -> { });
        hashed.start();
        hashed.large(0, true, bytes.length, sha256);
        hashed.large(1, true, bytes.length, sha256);
        hashed.end();
        assertThat(hashed.row()).isEqualTo(whole.row()).hasSize(82);
    }

    @Test
    void long_values_are_shown_where_they_differ() throws Exception {
        var table = table("long", "id bigint", "t text", "b bytea");
        create(table);
        var row = "insert into long values (1, '" + "é".repeat(500) + "A" + "z".repeat(500) + "', '" + "b".repeat(1000) + "')";
        source(row);
        target(row);
        profile(table);
        target("update long set t = replace(t, 'A', 'B'), b = set_byte(b, 600, 0)");
        assertThat(hash(table).shown()).extracting(migrate_to_postgres.Difference::source).containsExactly(
            "'…" + "é".repeat(10) + "A" + "z".repeat(59) + "…' at byte 980 of 1501", "x'…" + "62".repeat(40) + "…' at byte 590 of 1000");
        assertThat(hash(table).shown()).extracting(migrate_to_postgres.Difference::target).containsExactly(
                "'…" + "é".repeat(10) + "B" + "z".repeat(59) + "…' at byte 980 of 1501",
                "x'…" + "62".repeat(10) + "00" + "62".repeat(29) + "…' at byte 590 of 1000");
    }

    @Test
    void counts_see_rows_values_lengths_and_integers() throws Exception {
        var table = things();
        for (var change : List.of("delete from things where id = 200", "update things set price = null where id = 7",
                "update things set name = 'much longer' where id = 7", "update things set id = 300 where id = 7",
            "update things set sold = not sold where id = 7", "update things set photo = 'x' where id = 7")) {
            target(change);
            assertThat(verification().counts(table).same()).as(change).isFalse();
            postgres.rollback();
        }
        target("delete from things where id = 200");
        assertThat(verification().counts(table).shown()).extracting(Object::toString).contains(
                "things id (maximum): 200 in SQLite, 199 in PostgreSQL", "things id (sum): 20100 in SQLite, 19900 in PostgreSQL",
            "things photo (values): 200 in SQLite, 199 in PostgreSQL");
    }

    @Test
    void tables_of_1600_columns_and_tables_without_rows_are_verified() throws Exception {
        var wide = table("wide", IntStream.range(0, 1600).mapToObj(i -> "c" + i + " smallint").toArray(String[]::new));
        wide.key = List.of();
        target(createTarget(wide));
        source(createTarget(wide).replace("smallint", ""));
        assertSame(wide, 0);
        var row = "insert into wide values (" + "1, ".repeat(1599) + "2)";
        source(row);
        target(row);
        assertSame(wide, 1);
        target("update wide set c1599 = 3");
        assertThat(hash(wide).differences()).isEqualTo(2);
        assertThat(verification().counts(wide).shown()).hasSize(3);
    }

    @Test
    void what_only_one_side_has_is_found_though_the_other_is_empty() throws Exception {
        var table = things();
        target("delete from things");
        for (var found : List.of(hash(table), rows(table))) {
            assertThat(found.differences()).isEqualTo(200);
            assertThat(found.target()).isZero();
        }
        source("delete from things");
        assertSame(table, 0);
        target("insert into things (id) values (1)");
        for (var found : List.of(hash(table), rows(table))) {
            assertThat(found.shown()).extracting(Object::toString).containsExactly(
                "things [id=1]: only in PostgreSQL: (id=1, name=NULL, price=NULL, photo=NULL, made=NULL, seen=NULL, sold=NULL, doc=NULL)");
        }
    }

    @Test
    void a_source_that_gives_other_rows_when_read_again_is_never_called_the_same() throws Exception {
        var table = things();
        var loaded = migrate_to_postgres.Buckets.sizedFor(table);
        read(table, new migrate_to_postgres.SourceRow(table, loaded), row -> { });
        source("update things set name = 'later' where id = 7");
        target("update things set name = 'later' where id = 7");
        var found = verification().hash(table, loaded);
        assertThat(found.same()).isFalse();
        assertThat(found.differences()).isZero();
        assertThat(found.note()).contains("read again");
    }

    @Test
    void what_changes_on_the_server_meanwhile_is_not_seen() throws Exception {
        var table = things();
        assertSame(table, 200);
        try (var other = DriverManager.getConnection(postgres.getMetaData().getURL()); var statement = other.createStatement()) {
            statement.execute("delete from things");
        }
        assertSame(table, 200);
    }

    @Test
    void generated_columns_that_postgresql_computes_are_left_out() throws Exception {
        var table = table("computed", "id bigint", "twice bigint");
        table.columns.get(1).generatedSql = "id * 2";
        source("create table computed (id integer primary key, twice)");
        source("insert into computed values (4, 'anything')");
        target("create table computed (id bigint, twice bigint generated always as (id * 2) stored)");
        target("insert into computed values (4)");
        assertSame(table, 1);
    }

    @Test
    void a_value_that_its_column_cannot_hold_is_a_difference_and_never_hidden() throws Exception {
        for (var pair : List.of("bigint 'x' 0", "bigint 1.5 1", "bigint 1.5 2", "boolean 2 true", "boolean 'maybe' true",
                "double_precision 9007199254740993 9007199254740992", "double_precision 'x' 0",
                "double_precision 9223372036854775807 9223372036854775807", "numeric 'x' 0", "jsonb '{' '{}'",
                "jsonb '{\"a\":1,\"a\":2}' '{\"a\":2}'", "timestamp 'x' '1970-01-01'", "timestamp 0 '1970-01-01'",
                "timestamp '' '1970-01-01'", "date '2020-01-01T12:00' '2020-01-01'", "text null ''", "real 0.1 0.1",
                "numeric 9007199254740993 9007199254740992", "bytea null ''")) {
            var part = pair.split(" ", 3);
            var table = table("wrong", "id bigint", "c " + part[0].replace('_', ' '));
            sqlite.createStatement().execute("drop table if exists wrong");
            target("drop table if exists wrong");
            create(table);
            source("insert into wrong values (1, " + part[1] + ")");
            target("insert into wrong values (1, " + part[2] + ")");
            profile(table);
            assertThat(hash(table).shown()).as(pair).hasSize(1).allMatch(difference -> difference.column().equals("c"));
        }
    }

    @Test
    void vectors_of_parts_in_any_order_add_up_and_survive_being_stored() throws Exception {
        var table = things();
        var whole = migrate_to_postgres.Buckets.sizedFor(table);
        read(table, new migrate_to_postgres.SourceRow(table, whole), row -> { });
        var rows = new ArrayList<long[]>();
        read(table, new migrate_to_postgres.SourceRow(table, row -> rows.add(new long[] {row.keyHash, row.h1, row.h2})), row -> { });
        Collections.shuffle(rows, new Random(2));
        var sum = new migrate_to_postgres.Buckets(whole.size());
        for (var part : List.of(rows.subList(0, 90), rows.subList(90, 200))) {
            var buckets = new migrate_to_postgres.Buckets(whole.size());
            part.forEach(row -> buckets.add(row[0], row[1], row[2]));
            sum.plus(migrate_to_postgres.Buckets.of(buckets.toBytes()));
        }
        assertThat(sum).isEqualTo(whole);
        assertThat(sum.count()).isEqualTo(200);
        sum.add(rows.get(0)[0], rows.get(0)[1], rows.get(0)[2]);
        assertThat(sum.different(whole)).hasSize(1);
    }

    @Test
    void sums_carry_into_the_upper_half_so_that_a_row_twice_is_not_a_row_never() {
        var buckets = new migrate_to_postgres.Buckets(16);
        buckets.add(0, 1, -1);
        buckets.add(0, 1, -1);
        var expected = new byte[24 * 16];
        expected[7] = 2;
        expected[16 * 8 + 7] = 3;
        Arrays.fill(expected, 32 * 8, 32 * 8 + 7, (byte) 0xff);
        expected[32 * 8 + 7] = (byte) 0xfe;
        assertThat(buckets.toBytes()).isEqualTo(expected);
    }

    @Test
    void a_table_gets_about_64_rows_per_bucket_within_bounds() {
        var table = table("t", "id bigint");
        for (var sizes : List.of(List.of(0, 16), List.of(1023, 16), List.of(2048, 32), List.of(100_000, 1024),
                List.of(100_000_000, 4096))) {
            table.rows = sizes.get(0);
            assertThat(migrate_to_postgres.Buckets.sizedFor(table).size()).isEqualTo(sizes.get(1));
        }
    }

    /** The program of version 3.40, which writes 15 digits; later ones write 17, of which the last are often more than are needed. */
    @Test
    void doubles_of_few_digits_are_written_as_sqlite_writes_them() throws Exception {
        var random = new Random(3);
        var values = new ArrayList<Double>(List.of(0.0, -0.0, 1e14, 1e15, 99999999999999.0, 1e-4, 1e-5, 0.1, 1e23, Double.POSITIVE_INFINITY,
                Double.NEGATIVE_INFINITY));
        random.doubles(2000).mapToObj(d -> Double.parseDouble((int) (d * 2_000_000) - 1_000_000 + "e" + (random.nextInt(60) - 30)))
                .forEach(values::add);
        var script = new StringBuilder();
        values.forEach(value -> script.append("select cast(").append(value.toString().replace("Infinity", "9e999")).append(" as text);\n"));
        var ran = shell.finish(shell.start(folder, Map.of(), "sqlite3", ":memory:"), script.toString());
        assumeTrue(ran.exit() == 0 && sqliteProgram().startsWith("3.40"), "sqlite3 3.40 is not installed");
        assertThat(values.stream().map(migrate_to_postgres.SourceRow::text)).containsExactlyElementsOf(ran.out().lines().toList());
    }

    String sqliteProgram() throws Exception {
        return shell.finish(shell.start(folder, Map.of(), "sqlite3", "--version"), "").out();
    }

    @Test
    void doubles_of_all_sizes_are_written_so_that_they_can_be_read_back_and_as_postgresql_writes_them_or_shorter() throws Exception {
        var random = new Random(3);
        try (var statement = postgres.prepareStatement("select (?::float8)::text")) {
            for (var i = 0; i < 2000; i++) {
                var value = i < 600 ? Math.scalb(1.0, i - 300)
                        : i % 2 == 0 ? (double) random.nextLong() / (1 << random.nextInt(20)) : Double.longBitsToDouble(random.nextLong());
                if (!Double.isFinite(value)) {
                    continue;
                }
                statement.setDouble(1, value);
                var row = statement.executeQuery();
                row.next();
                var text = migrate_to_postgres.SourceRow.text(value);
                assertThat(Double.parseDouble(text)).isEqualTo(value);
                var mine = new BigDecimal(text).stripTrailingZeros();
                var theirs = new BigDecimal(row.getString(1)).stripTrailingZeros();
                assertThat(mine.compareTo(theirs) == 0 || mine.precision() < theirs.precision()).as(mine + " and " + theirs).isTrue();
            }
        }
    }

    @Test
    void numbers_of_all_sizes_agree_with_what_postgresql_makes_of_them() throws Exception {
        var table = table("numbers", "id bigint", "d double precision", "n numeric", "t numeric");
        create(table);
        var random = new Random(4);
        var insert = postgres
                .prepareStatement("insert into numbers values (?, ?, cast(cast(? as float8) as text)::numeric, cast(? as numeric))");
        var original = sqlite.prepareStatement("insert into numbers values (?, ?, ?, ?)");
        for (var i = 0; i < 20_000; i++) {
            var value = i % 3 == 0 ? Double.longBitsToDouble(random.nextLong())
                    : i % 3 == 1 ? random.nextInt(1_000_000_000) / 100.0
                            : (random.nextDouble() - 0.5) * Math.pow(10, random.nextInt(30) - 10);
            var number = Double.isFinite(value) && (Math.abs(value) < 0x1p53 || Math.abs(value) > 0x1p63) ? value : 0.5;
            var text = new BigDecimal(new BigInteger(random.nextInt(120), random), random.nextInt(60) - 20).toString();
            original.setLong(1, i);
            original.setDouble(2, number);
            original.setDouble(3, number);
            original.setString(4, text);
            original.addBatch();
            insert.setLong(1, i);
            insert.setDouble(2, number);
            insert.setDouble(3, number);
            insert.setString(4, text);
            insert.addBatch();
        }
        sqlite.setAutoCommit(false);
        original.executeBatch();
        insert.executeBatch();
        sqlite.commit();
        table.rows = 20_000;
        table.columns.get(3).conversion = "number";
        assertSame(table, 20_000);
    }

    // ---- equipment ----

    /** 200 rows with a bit of everything; committed on both sides. */
    migrate_to_postgres.Table things() throws Exception {
        var table = table("things", "id bigint", "name text", "price double precision", "photo bytea", "made timestamp", "seen timestamptz",
                "sold boolean", "doc jsonb");
        table.rows = 200;
        convert(table, "made", "iso").format = "0000-00-00 00:00:00";
        convert(table, "seen", "unix");
        convert(table, "sold", "boolean");
        convert(table, "doc", "json");
        source("create table things (id integer primary key, name, price, photo, made, seen, sold, doc)");
        source("""
            with recursive n(id) as (select 1 union all select id + 1 from n where id < 200)
            insert into things select id, case id when 100 then '' when 101 then null when 102 then 'é' else 'name ' || id end, 0.3, unhex(printf('%02xaabb', id)),
                datetime('2020-01-01', '+' || id || ' seconds'), 1700000000 + id, id % 2, '{"n":' || id || ',"k":[1]}' from n""");
        target(createTarget(table));
        target("""
            insert into things select id, case id when 100 then '' when 101 then null when 102 then 'é' else 'name ' || id end, 0.3, decode(lpad(to_hex(id), 2, '0') || 'aabb', 'hex'),
                timestamp '2020-01-01' + id * interval '1 second', to_timestamp(1700000000 + id), id % 2 = 1, jsonb_build_object('k', array[1], 'n', id) from generate_series(200, 1, -1) id""");
        postgres.commit();
        profile(table);
        return table;
    }

    static migrate_to_postgres.Table table(String name, String... columns) {
        var table = new migrate_to_postgres.Table();
        table.name = name;
        table.target = name;
        for (var column : columns) {
            table.columns.add(column(column.split(" ", 2)[0], new Pairs(column.split(" ", 2)[1], "same", null)));
        }
        table.key = List.of(table.columns.get(0).name);
        return table;
    }

    static migrate_to_postgres.Table table(String name, String key, migrate_to_postgres.Column column) {
        var table = table(name, key);
        table.columns.add(column);
        return table;
    }

    static migrate_to_postgres.Column column(String name, Pairs pairs) {
        var column = new migrate_to_postgres.Column();
        column.name = name;
        column.target = name;
        column.type = pairs.type;
        column.conversion = pairs.conversion;
        column.format = pairs.format;
        return column;
    }

    static migrate_to_postgres.Column convert(migrate_to_postgres.Table table, String column, String conversion) {
        var found = table.columns.stream().filter(c -> c.name.equals(column)).findFirst().orElseThrow();
        found.conversion = conversion;
        return found;
    }

    /** Columns without a type in SQLite keep every storage class. */
    void create(migrate_to_postgres.Table table) throws SQLException {
        source("create table " + table.name + " (" + String.join(", ", table.columns.stream().map(column -> column.name).toList()) + ")");
        target(createTarget(table));
    }

    static String createTarget(migrate_to_postgres.Table table) {
        var columns = new StringJoiner(", ", "create table " + table.target + " (", ")");
        table.columns.forEach(column -> columns.add(column.target + " " + column.type));
        return columns.toString();
    }

    /** What the scan of the file says that the verification uses, by SQL. */
    void profile(migrate_to_postgres.Table table) throws SQLException {
        for (var column : table.columns) {
            var sql = "select count(*), total(typeof(c) = 'null'), total(typeof(c) = 'integer'), total(typeof(c) = 'real'), total(typeof(c) = 'text'), coalesce(max(length(cast(c as blob))), 0) from (select "
                    + column.name + " c from " + table.name + ")";
            try (var statement = sqlite.createStatement(); var row = statement.executeQuery(sql)) {
                table.rows = row.getLong(1);
                column.data.nulls = row.getLong(2);
                column.data.integers = row.getLong(3);
                column.data.reals = row.getLong(4);
                column.data.texts = row.getLong(5);
                column.data.maxLength = row.getLong(6);
            }
        }
    }

    void source(String sql) throws SQLException {
        try (var statement = sqlite.createStatement()) {
            statement.execute(sql);
        }
    }

    void target(String sql) throws SQLException {
        try (var statement = postgres.createStatement()) {
            statement.execute(sql);
        }
    }

    migrate_to_postgres.Verification verification() {
        return new migrate_to_postgres.Verification(postgres, "public", this::read, false);
    }

    migrate_to_postgres.Verified hash(migrate_to_postgres.Table table) throws Exception {
        return verification().hash(table);
    }

    migrate_to_postgres.Verified rows(migrate_to_postgres.Table table) throws Exception {
        return verification().rows(table);
    }

    void assertSame(migrate_to_postgres.Table table, long rows) throws Exception {
        for (var found : List.of(hash(table), rows(table), verification().counts(table))) {
            assertThat(found.shown()).as(found.how()).isEmpty();
            assertThat(found.same()).isTrue();
            assertThat(found.differences()).isZero();
            assertThat(found.note()).isNull();
            assertThat(List.of(found.source(), found.target())).containsOnly(rows);
        }
    }

    /** Plain reading by storage class, the way a loader would hand the values on. */
    void read(migrate_to_postgres.Table table, migrate_to_postgres.SourceRow into, Consumer<migrate_to_postgres.SourceRow> eachRow)
            throws SQLException {
        var columns = table.columns.stream().filter(column -> column.generatedSql == null).map(column -> column.name).toList();
        try (var statement = sqlite.createStatement();
                var row = statement.executeQuery("select " + String.join(", ", columns) + " from " + table.name)) {
            while (row.next()) {
                into.start();
                for (var c = 0; c < columns.size(); c++) {
                    cell(row, c, into);
                }
                into.end();
                eachRow.accept(into);
            }
        }
    }

    private static void cell(ResultSet row, int c, migrate_to_postgres.SourceRow into) throws SQLException {
        var value = row.getObject(c + 1);
        if (value == null) {
            into.nil(c);
        } else if (value instanceof Integer || value instanceof Long) {
            into.integer(c, ((Number) value).longValue());
        } else if (value instanceof Double real) {
            into.real(c, real);
        } else if (value instanceof byte[] blob) {
            into.blob(c, blob, blob.length);
        } else {
            var text = value.toString().getBytes(UTF_8);
            into.text(c, text, text.length);
        }
    }
}
