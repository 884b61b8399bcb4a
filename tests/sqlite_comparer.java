//DEPS org.postgresql:postgresql:42.7.14
//DEPS com.google.code.gson:gson:2.15.0

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_16BE;
import static java.nio.charset.StandardCharsets.UTF_16LE;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.StringReader;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.CodingErrorAction;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * Compares each cell of a SQLite file, as the sqlite3 program tells it, with its cell in PostgreSQL, as the server writes it in text.
 * It shares nothing with migrate_to_postgres: from that program's JSON report (or its plan) it takes names only, the types from the catalog,
 * and from its reject file the cells that are said to differ (and whether the original is really kept there).
 * What the values must be follows from the documented mapping: the same number, the same text, the same bytes, the same point in time.
 */
class sqlite_comparer {
    private static final Pattern MOMENT = Pattern.compile(
            "(\\d{4,6})-(\\d\\d)-(\\d\\d)(?:[ T](\\d\\d):(\\d\\d)(?::(\\d\\d)(?:\\.(\\d+))?)?)?\\s*(Z|[+-]\\d\\d(?::?\\d\\d)?)?");
    private static final Set<String> TRUE = Set.of("t", "true", "yes", "y", "on", "1");
    private static final Set<String> FALSE = Set.of("f", "false", "no", "n", "off", "0");
    private static final long MOST_PAIRS = 1_000_000;
    private static final BigDecimal BILLION = BigDecimal.valueOf(1_000_000_000);

    /** The instant that is 0, and how many seconds one is. */
    record Epoch(Instant zero, BigDecimal unit) {
    }

    private static final Map<String, Epoch> EPOCHS = Map.of(
            "unix", since("1970-01-01T00:00:00Z", "1"), "unixms", since("1970-01-01T00:00:00Z", "0.001"),
            "unixus", since("1970-01-01T00:00:00Z", "0.000001"), "unixns", since("1970-01-01T00:00:00Z", "0.000000001"),
            "julian", since("-4713-11-24T12:00:00Z", "86400"), "cocoa", since("2001-01-01T00:00:00Z", "1"),
            "webkit", since("1601-01-01T00:00:00Z", "0.000001"), "filetime", since("1601-01-01T00:00:00Z", "0.0000001"),
            "ticks", since("0001-01-01T00:00:00Z", "0.0000001"));

    private final Path file;
    private final Connection postgres;
    private final JsonObject report;
    private final List<Listed> listed;
    private final Map<String, Epoch> epochs = new HashMap<>();
    private final Set<String> leftOut = new TreeSet<>();
    private final List<String> differences = new ArrayList<>();
    private String schema = "public";
    private Charset encoding = UTF_8;

    /** rejects may be missing: then nothing may differ. */
    sqlite_comparer(Path file, Connection postgres, JsonObject report, Path rejects) throws IOException {
        this.file = copy(file);
        this.postgres = postgres;
        this.report = report;
        this.listed = rejects != null && Files.exists(rejects) ? Files.readAllLines(rejects).stream().filter(line -> !line.isBlank())
                .map(Listed::of).toList() : List.of();
    }

    /** The numbers of TABLE.COLUMN are of this epoch, named as migrate_to_postgres --epoch does. Without it a number is no time. */
    sqlite_comparer epoch(String column, String name) {
        epochs.put(column, EPOCHS.get(name));
        return this;
    }

    sqlite_comparer schema(String name) {
        schema = name;
        return this;
    }

    /** Tables that are meant to stay behind. */
    sqlite_comparer without(String... tables) {
        leftOut.addAll(List.of(tables));
        return this;
    }

    /** A line per cell, row, column or table that differs and is not in the reject file; empty if everything arrived. */
    List<String> differences() throws Exception {
        encoding = switch (String.join("", sqlite("pragma encoding;"))) {
            case "UTF-16le" -> UTF_16LE;
            case "UTF-16be" -> UTF_16BE;
            default -> UTF_8;
        };
        try (var statement = postgres.createStatement()) {
            for (var setting : List.of("timezone = 'UTC'", "datestyle = 'ISO, YMD'", "bytea_output = 'hex'", "intervalstyle = 'iso_8601'",
                    "extra_float_digits = 3")) {
                statement.execute("set " + setting);
            }
        }
        var known = new TreeSet<String>();
        for (var table : elements(report.has("plan") ? report.getAsJsonObject("plan") : report, "tables")) {
            known.add(text(table, "name"));
            if (!notCreated(table)) {
                compare(text(table, "name"), target(table), elements(table, "columns"));
            }
        }
        for (var object : elements(report, "objects")) {
            if (notCreated(object)) {
                known.add(text(object, "name"));
            }
        }
        for (var row : sqlite(
                "select type || ':' || hex(name) from pragma_table_list where schema = 'main' and type in ('table', 'virtual') and name not like 'sqlite\\_%' escape '\\';")) {
            var name = string(row.substring(row.indexOf(':') + 1));
            if (!known.contains(name) && !leftOut.contains(name)) {
                differences.add(name + ": the table is neither in PostgreSQL nor in the report");
            }
        }
        return differences;
    }

    // --- one table ---

    /** A column on both sides; type is as format_type says it, kind 'e' for an enum, key whether it is in SQLite's primary key. */
    record Column(String name, String target, String type, String kind, boolean key, Epoch epoch) {
    }

    /** A row of the file: its cells in the order of the columns, and its names in a reject file: the values of the key, the rowid, the place in the table. */
    record Row(List<Cell> cells, Set<List<String>> keys, List<String> expected) {
    }

    private void compare(String table, String target, List<JsonObject> reported) throws Exception {
        var columns = columns(table, target, reported);
        if (columns.isEmpty()) {
            return;
        }
        var unmatched = new LinkedHashMap<List<String>, List<Row>>();
        for (var row : sourceRows(table, columns)) {
            unmatched.computeIfAbsent(row.expected(), k -> new ArrayList<>()).add(row);
        }
        var extra = new ArrayList<List<String>>();
        for (var row : targetRows(target, columns)) {
            var same = unmatched.get(canonical(row, columns));
            if (same == null) {
                extra.add(row);
            } else if (same.size() == 1) {
                unmatched.remove(canonical(row, columns));
            } else {
                same.remove(same.size() - 1);
            }
        }
        pair(table, columns, unmatched.values().stream().flatMap(List::stream).toList(), extra);
    }

    /** Rows still unmatched: those whose differences are all in the reject file find their row of the target first, the others are differences. */
    private void pair(String table, List<Column> columns, List<Row> missing, List<List<String>> extra) {
        if ((long) missing.size() * extra.size() > MOST_PAIRS) {
            differences.add(table + ": " + missing.size() + " rows of SQLite are not in PostgreSQL, " + extra.size()
                    + " in PostgreSQL not in SQLite, among them "
                    + key(missing.get(0)));
            return;
        }
        var unlike = new ArrayList<Row>();
        for (var row : missing) {
            var same = extra.stream().filter(candidate -> equal(table, row, columns, candidate) == columns.size()).findFirst();
            same.ifPresentOrElse(extra::remove, () -> unlike.add(row));
        }
        for (var row : unlike) {
            if (listed.stream().noneMatch(one -> one.isRow(table, row))) {
                explain(table, columns, row, extra);
            }
        }
        for (var row : extra) {
            differences.add(
                    table + ": a row that SQLite does not have: " + brief(String.join(", ", row.stream().map(String::valueOf).toList())));
        }
    }

    /** Says what differs between a row and the one that it has become: the one with its key or, where there is none, the one with the most equal cells, at least half of all. */
    private void explain(String table, List<Column> columns, Row row, List<List<String>> extra) {
        var keys = IntStream.range(0, columns.size()).filter(i -> columns.get(i).key()).boxed().toList();
        var candidates = extra.stream().filter(candidate -> keys.isEmpty() ? 2 * equal(table, row, columns, candidate) >= columns.size()
                : keys.stream().allMatch(i -> fine(table, row, columns, i, candidate.get(i))));
        var best = candidates.max(Comparator.comparingInt(candidate -> equal(table, row, columns, candidate)));
        if (best.isEmpty()) {
            differences.add(table + " " + key(row) + ": the row is not in PostgreSQL: " + brief(row.cells().toString()));
            return;
        }
        extra.remove(best.get());
        for (var i = 0; i < columns.size(); i++) {
            if (!fine(table, row, columns, i, best.get().get(i))) {
                differences.add(
                        table + " " + key(row) + " " + columns.get(i).name() + ": " + brief(row.cells().get(i).toString()) + " in SQLite, "
                        + brief(best.get().get(i)) + " (" + columns.get(i).type() + ") in PostgreSQL");
            }
        }
    }

    private int equal(String table, Row row, List<Column> columns, List<String> candidate) {
        return (int) IntStream.range(0, columns.size()).filter(i -> fine(table, row, columns, i, candidate.get(i))).count();
    }

    private boolean fine(String table, Row row, List<Column> columns, int i, String value) {
        var cell = row.cells().get(i);
        return same(cell, value, columns.get(i)) || listed.stream().anyMatch(one -> one.isCell(table, row,
                columns.get(i).name()) && one.keeps(cell) && plausible(cell, value, columns.get(i)));
    }

    private static String key(Row row) {
        return row.keys().isEmpty() ? "" : row.keys().iterator().next().toString();
    }

    private static String brief(String text) {
        return text == null ? "NULL" : text.length() > 120 ? text.substring(0, 120) + "… (" + text.length() + " characters)" : text;
    }

    // --- the rules ---

    /** The one way in which the target should write this value, in a form in which equal values are equal strings. */
    private static String expected(Cell cell, Column column) {
        if (cell.kind() == 'n') {
            return null;
        }
        var value = cell.text();
        try {
            return switch (base(column)) {
            case "boolean" ->
                TRUE.contains(value.toLowerCase()) ? "true" : FALSE.contains(value.toLowerCase()) ? "false" : "no boolean: " + value;
                case "smallint", "integer", "bigint" -> cell.decimal().toBigIntegerExact().toString();
            case "double precision" ->
                cell.kind() == 'i' && new BigDecimal((double) cell.integer()).compareTo(BigDecimal.valueOf(cell.integer())) != 0
                        ? "an integer that no double holds: " + value : bits(cell.real());
                case "numeric" -> cell.kind() == 'r' && Double.isInfinite(cell.real()) ? infinity(cell.real()) : plain(cell.decimal());
                case "bytea" -> hex(cell.bytes());
            case "date", "timestamp without time zone", "timestamp with time zone" ->
                cell.isNumber() ? moment(cell, column.epoch()) : moment(value);
                case "time without time zone" -> time(value);
                case "json" -> cell.clean() ? value : "no text: " + cell;
                case "jsonb" -> json(value);
                case "uuid" -> uuid(cell);
                default -> cell.clean() ? value : "no text: " + cell;
            };
        } catch (IOException | ArithmeticException | DateTimeException | IllegalArgumentException | IllegalStateException e) {
            return "no " + column.type() + ": " + cell;
        }
    }

    /** What the server wrote, in the form of expected(). */
    private static String canonical(String value, Column column) {
        if (value == null) {
            return null;
        }
        try {
            return switch (base(column)) {
                case "double precision" -> bits(Double.parseDouble(value));
                case "numeric" -> value.endsWith("Infinity") || value.equals("NaN") ? value : plain(new BigDecimal(value));
                case "bytea" -> value.substring(2);
                case "date", "timestamp without time zone", "timestamp with time zone" -> moment(value);
                case "time without time zone" -> time(value);
                case "jsonb" -> json(value);
                default -> value;
            };
        } catch (IOException | DateTimeException | IllegalArgumentException e) {
            return value;
        }
    }

    private static List<String> canonical(List<String> row, List<Column> columns) {
        var values = new ArrayList<String>();
        for (var i = 0; i < columns.size(); i++) {
            values.add(canonical(row.get(i), columns.get(i)));
        }
        return values;
    }

    /** Equal, or two ways to write the same double: 0.1 in a numeric or text column is any decimal that reads as the same 64 bits. */
    private static boolean same(Cell cell, String value, Column column) {
        var expected = expected(cell, column);
        if (expected == null || value == null) {
            return expected == null && value == null;
        }
        if (expected.equals(canonical(value, column))) {
            return true;
        }
        if (cell.kind() != 'r') {
            return false;
        }
        try {
            return switch (base(column)) {
                case "numeric", "text", "citext" -> bits(number(value)).equals(bits(cell.real()));
                case "bytea" -> bits(number(new String(HexFormat.of().parseHex(value.substring(2)), UTF_8))).equals(bits(cell.real()));
                default -> false;
            };
        } catch (NumberFormatException e) {
            return false;
        }
    }

    /** May a cell in the reject file look like this? NULL; text without NUL and with U+FFFD for what is not UTF-8; a moment rounded to the microsecond. */
    private static boolean plausible(Cell cell, String value, Column column) {
        if (value == null) {
            return true;
        }
        if (cell.kind() == 't' && Set.of("text", "citext").contains(base(column))) {
            var replaced = new String(cell.raw(), UTF_8).replace("\0", "").replaceAll("\ufffd+", "\ufffd");
            return replaced.equals(value.replaceAll("\ufffd+", "\ufffd"));
        }
        if (base(column).startsWith("timestamp")) {
            try {
                return Duration.between(Instant.parse(moment(value)), Instant.parse(expected(cell, column))).abs()
                        .compareTo(Duration.ofNanos(1000)) < 0;
            } catch (DateTimeException e) {
                return false;
            }
        }
        return false;
    }

    /** The type without (10,2) and the like; an enum is text that may only be what it may be. */
    private static String base(Column column) {
        return column.kind().equals("e") ? "text" : column.type().replaceFirst("\\(.*?\\)", "");
    }

    /** IEEE 754 bits; -0.0 is 0.0, as SQLite returns it. */
    private static String bits(double value) {
        return Long.toHexString(Double.doubleToLongBits(value == 0 ? 0.0 : value));
    }

    /** Throws NumberFormatException; Inf is how SQLite writes infinity. */
    private static double number(String text) {
        return Double.parseDouble(text.replaceFirst("Inf$", "Infinity"));
    }

    private static String infinity(double value) {
        return value > 0 ? "Infinity" : "-Infinity";
    }

    private static String plain(BigDecimal number) {
        return number.signum() == 0 ? "0" : number.stripTrailingZeros().toString();
    }

    /** An instant with all its digits; without a zone it is UTC, without a time midnight (SQLite, lang_datefunc.html, "Time Values"). */
    private static String moment(String text) {
        var match = MOMENT.matcher(text.strip());
        if (!match.matches()) {
            throw new IllegalArgumentException(text);
        }
        var seconds = match.group(6) == null ? 0 : Integer.parseInt(match.group(6));
        var nanos = match.group(7) == null ? BigDecimal.ZERO : new BigDecimal("0." + match.group(7)).multiply(BILLION);
        var local = LocalDateTime.of(Integer.parseInt(match.group(1)), Integer.parseInt(match.group(2)), Integer.parseInt(match.group(3)),
                match.group(4) == null ? 0 : Integer.parseInt(match.group(4)),
                match.group(5) == null ? 0 : Integer.parseInt(match.group(5)), seconds,
                        nanos.intValueExact());
        return local.toInstant(match.group(8) == null ? ZoneOffset.UTC : ZoneOffset.of(match.group(8))).toString();
    }

    /** Numbers become times to the microsecond; reals carry no more (Julian days only milliseconds, as SQLite itself takes them). */
    private static String moment(Cell cell, Epoch epoch) {
        if (epoch == null) {
            return "a number without a known epoch: " + cell;
        }
        var number = cell.kind() == 'r' ? new BigDecimal(cell.real()) : cell.decimal();
        var places = epoch.unit().intValue() == 86400 ? 3 : 6;
        var nanos = number.multiply(epoch.unit()).setScale(places, RoundingMode.HALF_EVEN).multiply(BILLION).toBigIntegerExact();
        var parts = nanos.divideAndRemainder(BILLION.toBigInteger());
        return epoch.zero().plusSeconds(parts[0].longValueExact()).plusNanos(parts[1].longValueExact()).toString();
    }

    private static String time(String text) {
        return text.matches("24:00(:00(\\.0+)?)?") ? "24:00" : LocalTime.parse(text).toString();
    }

    /** Objects as sorted lists of their members, so that a member named twice counts twice; numbers by value. */
    private static String json(String text) throws IOException {
        var reader = new JsonReader(new StringReader(text));
        reader.setStrictness(Strictness.STRICT);
        var canonical = json(reader);
        if (reader.peek() != com.google.gson.stream.JsonToken.END_DOCUMENT) {
            throw new IllegalArgumentException("more than one value");
        }
        return canonical;
    }

    private static String json(JsonReader reader) throws IOException {
        switch (reader.peek()) {
            case BEGIN_OBJECT -> {
                var members = new ArrayList<String>();
                for (reader.beginObject(); reader.hasNext(); ) {
                    members.add(quoted(reader.nextName()) + ":" + json(reader));
                }
                reader.endObject();
                return members.stream().sorted().toList().toString();
            }
            case BEGIN_ARRAY -> {
                var values = new ArrayList<String>();
                for (reader.beginArray(); reader.hasNext(); ) {
                    values.add(json(reader));
                }
                reader.endArray();
                return values.toString();
            }
            case NUMBER -> {
                return plain(new BigDecimal(reader.nextString()));
            }
            case BOOLEAN -> {
                return String.valueOf(reader.nextBoolean());
            }
            case NULL -> {
                reader.nextNull();
                return "null";
            }
            default -> {
                return quoted(reader.nextString());
            }
        }
    }

    private static String quoted(String text) {
        return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
    }

    private static String uuid(Cell cell) {
        var digits = cell.kind() == 'b' ? hex(cell.bytes()) : cell.text().toLowerCase().replaceAll("[{}-]", "");
        if (!digits.matches("[0-9a-f]{32}")) {
            throw new IllegalArgumentException("no uuid");
        }
        return digits.replaceFirst("(.{8})(.{4})(.{4})(.{4})(.{12})", "$1-$2-$3-$4-$5");
    }

    private static Epoch since(String zero, String unit) {
        return new Epoch(Instant.parse(zero), new BigDecimal(unit));
    }

    // --- a cell of SQLite ---

    /** kind: n null, i integer, r real, t text, b blob; raw: of numbers their decimal digits or 8 bytes IEEE 754, of text UTF-8. */
    record Cell(char kind, byte[] raw) {
        long integer() {
            return Long.parseLong(new String(raw, ISO_8859_1));
        }

        double real() {
            return switch (kind) {
                case 'r' -> ByteBuffer.wrap(raw).getDouble();
                case 'i' -> integer();
                default -> Double.parseDouble(text());
            };
        }

        boolean isNumber() {
            return kind == 'i' || kind == 'r';
        }

        /** The number as decimal digits; throws NumberFormatException for text that is none, ArithmeticException for infinity. */
        BigDecimal decimal() {
            if (kind == 'r' && Double.isInfinite(real())) {
                throw new ArithmeticException("infinite");
            }
            return kind == 'r' ? new BigDecimal(Double.toString(real())) : new BigDecimal(text());
        }

        String text() {
            return kind == 'r' ? Double.toString(real()) : new String(raw, UTF_8);
        }

        /** What it is in a bytea column: text as UTF-8, numbers as they are written. */
        byte[] bytes() {
            return kind == 'r' ? text().getBytes(UTF_8) : raw;
        }

        /** Can a text column hold it? Not a blob, not NUL, not broken UTF-8. */
        boolean clean() {
            if (kind != 't') {
                return kind != 'b';
            }
            try {
                return UTF_8.newDecoder().onMalformedInput(CodingErrorAction.REPORT).decode(ByteBuffer.wrap(raw)).chars()
                        .noneMatch(c -> c == 0);
            } catch (CharacterCodingException e) {
                return false;
            }
        }

        @Override
        public String toString() {
            return switch (kind) {
                case 'n' -> "NULL";
                case 'b' -> "x'" + hex(raw) + "'";
                case 't' -> clean() ? "'" + text() + "'" : "text x'" + hex(raw) + "'";
                default -> text();
            };
        }
    }

    // --- the reject file ---

    /** A line of the reject file: a cell that could not be kept, or with no column or the action "row" a whole row. */
    record Listed(String table, List<String> key, String column, String hex, String action) {
        static Listed of(String line) {
            var entry = JsonParser.parseString(line).getAsJsonObject();
            return new Listed(sqlite_comparer.text(entry, "table"), values(entry.get("key")), sqlite_comparer.text(entry, "column"),
                    sqlite_comparer.text(entry,
                    "hex"),
                    String.valueOf(sqlite_comparer.text(entry, "action")));
        }

        private static List<String> values(JsonElement key) {
            if (key == null || key.isJsonNull()) {
                return List.of();
            }
            if (key.isJsonObject()) {
                return key.getAsJsonObject().entrySet().stream().flatMap(member -> values(member.getValue()).stream()).toList();
            }
            return key.isJsonArray() ? key.getAsJsonArray().asList().stream().flatMap(value -> values(value).stream()).toList()
                    : List.of(key.getAsString());
        }

        boolean isCell(String table, Row row, String column) {
            return table.equals(this.table) && column.equals(this.column) && row.keys().contains(key);
        }

        boolean isRow(String table, Row row) {
            return table.equals(this.table) && row.keys().contains(key) && (column == null || action.contains("row"));
        }

        /** Of text and blobs the original bytes must be in the file. */
        boolean keeps(Cell cell) {
            return cell.isNumber() || hex != null && hex.equalsIgnoreCase(sqlite_comparer.hex(cell.raw()));
        }
    }

    // --- reading ---

    /** The columns that both sides have; one that the report passes over, or that the target lacks, is a difference. */
    private List<Column> columns(String table, String target, List<JsonObject> reported) throws Exception {
        var types = new TreeMap<String, String[]>();
        try (var statement = postgres.prepareStatement("""
                select a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), t.typtype::text from pg_catalog.pg_attribute a
                join pg_catalog.pg_class c on c.oid = a.attrelid join pg_catalog.pg_type t on t.oid = a.atttypid
                where c.relnamespace = (select oid from pg_catalog.pg_namespace where nspname = ?) and c.relname = ? and a.attnum > 0 and not a.attisdropped""")) {
            statement.setString(1, schema);
            statement.setString(2, target);
            try (var rows = statement.executeQuery()) {
                while (rows.next()) {
                    types.put(rows.getString(1), new String[] {rows.getString(2), rows.getString(3)});
                }
            }
        }
        var declared = sqlite("select hex(name) || ':' || pk from pragma_table_xinfo(" + literal(table) + ") where hidden <> 1;");
        if (types.isEmpty() && !declared.isEmpty()) {
            differences.add(table + ": there is no table " + target + " in PostgreSQL");
            return List.of();
        }
        var targets = new LinkedHashMap<String, String>();
        reported.forEach(column -> targets.put(text(column, "name"), target(column)));
        var key = declared.stream().filter(line -> !line.endsWith(":0")).map(line -> string(line.substring(0, line.indexOf(':')))).toList();
        var names = new LinkedHashSet<>(declared.stream().map(line -> string(line.substring(0, line.indexOf(':')))).toList());
        targets.keySet().stream().filter(name -> Set.of("rowid", "docid").contains(name)).forEach(names::add);
        var columns = new ArrayList<Column>();
        for (var name : names) {
            var type = targets.get(name) == null ? null : types.get(targets.get(name));
            if (type == null) {
                differences.add(table + "." + name + ": the column is not in PostgreSQL, by the name in the report: " + targets.get(name));
            } else {
                columns.add(new Column(name, targets.get(name), type[0], type[1], key.contains(name), epochs.get(table + "." + name)));
            }
        }
        return columns;
    }

    private List<Row> sourceRows(String table, List<Column> columns) throws Exception {
        var names = columns.stream().map(column -> column.name().toLowerCase()).toList();
        var rowid = List.of("_rowid_", "oid", "rowid").stream().filter(name -> !names.contains(name)).findFirst()
                .filter(name -> sqlite("select 1 from pragma_table_list where name = " + literal(table)
                        + " and schema = 'main' and type in ('table', 'virtual') and not wr;").size() == 1);
        var cellsAsText = columns.stream().map(column -> """
                substr(typeof(%1$s), 1, 1) || case typeof(%1$s) when 'integer' then %1$s when 'real' then hex(ieee754_to_blob(%1$s)) when 'null' then '' else hex(%1$s) end"""
                .formatted(quote(column.name()))).toList();
        var query = "select " + rowid.orElse("''") + ", " + String.join(", ", cellsAsText);
        var rows = new ArrayList<Row>();
        for (var line : sqlite(query + " from " + quote(table) + ";")) {
            var fields = line.split("\\|", -1);
            var cells = new ArrayList<Cell>();
            for (var i = 1; i < fields.length; i++) {
                cells.add(cell(fields[i]));
            }
            var keys = new LinkedHashSet<List<String>>();
            var key = IntStream.range(0, columns.size()).filter(i -> columns.get(i).key())
                    .mapToObj(i -> cells.get(i).kind() == 'b' ? cells.get(i).toString() : cells.get(i).text()).toList();
            if (!key.isEmpty()) {
                keys.add(key);
                keys.add(List.of(String.join(", ", key)));
            }
            if (rowid.isPresent()) {
                keys.add(List.of(fields[0]));
                keys.add(List.of("rowid " + fields[0]));
            }
            keys.add(List.of("row " + (rows.size() + 1)));
            rows.add(new Row(cells, keys,
                    IntStream.range(0, columns.size()).mapToObj(i -> expected(cells.get(i), columns.get(i))).toList()));
        }
        return rows;
    }

    private Cell cell(String field) {
        return switch (field.charAt(0)) {
            case 'n' -> new Cell('n', new byte[0]);
            case 'i' -> new Cell('i', field.substring(1).getBytes(ISO_8859_1));
        case 't' -> new Cell('t',
                encoding == UTF_8 ? HexFormat.of().parseHex(field, 1, field.length())
                        : new String(HexFormat.of().parseHex(field, 1,
                    field.length()), encoding).getBytes(UTF_8));
            default -> new Cell(field.charAt(0), HexFormat.of().parseHex(field, 1, field.length()));
        };
    }

    private List<List<String>> targetRows(String target, List<Column> columns) throws SQLException {
        var rows = new ArrayList<List<String>>();
        var list = String.join(", ", columns.stream().map(column -> quote(column.target()) + "::text").toList());
        try (var statement = postgres.createStatement();
                var result = statement.executeQuery("select " + list + " from " + quote(schema) + "." + quote(target))) {
            while (result.next()) {
                var row = new ArrayList<String>();
                for (var i = 1; i <= columns.size(); i++) {
                    row.add(result.getString(i));
                }
                rows.add(row);
            }
        }
        return rows;
    }

    /** What the sqlite3 program prints for a query. Throws IllegalStateException with its words if it refuses. */
    private List<String> sqlite(String query) {
        try {
            var process = new ProcessBuilder("sqlite3", "-batch", "-list", "-noheader", file.toString()).redirectErrorStream(true).start();
            try (var stdin = process.getOutputStream()) {
                stdin.write(query.getBytes(UTF_8));
            }
            var lines = new ArrayList<String>();
            try (var reader = new BufferedReader(new InputStreamReader(process.getInputStream(), UTF_8))) {
                reader.lines().forEach(lines::add);
            }
            if (process.waitFor() != 0) {
                throw new IllegalStateException("sqlite3: " + lines + " for " + brief(query));
            }
            return lines;
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException("sqlite3 cannot be run", e);
        }
    }

    /** A copy with its -wal, for sqlite3 would fold that into the file. */
    private static Path copy(Path file) throws IOException {
        var folder = Files.createTempDirectory("sqlite_comparer");
        var copy = folder.resolve("copy.sqlite");
        Files.copy(file, copy);
        if (Files.exists(Path.of(file + "-wal"))) {
            Files.copy(Path.of(file + "-wal"), Path.of(copy + "-wal"));
        }
        for (var made : List.of(folder, copy, Path.of(copy + "-wal"), Path.of(copy + "-shm"))) {
            made.toFile().deleteOnExit();
        }
        return copy;
    }

    private static boolean notCreated(JsonObject object) {
        return "not created".equals(text(object, "state"));
    }

    private static String target(JsonObject object) {
        return text(object, "target") == null ? text(object, "name") : text(object, "target");
    }

    private static List<JsonObject> elements(JsonObject object, String member) {
        return object.has(member) && object.get(member).isJsonArray() ? object.getAsJsonArray(member).asList().stream()
                .map(JsonElement::getAsJsonObject).toList() : List.of();
    }

    private static String text(JsonObject object, String member) {
        return object.has(member) && object.get(member).isJsonPrimitive() ? object.get(member).getAsString() : null;
    }

    /** A name that sqlite3 printed in hex, in the encoding of the file. */
    private String string(String hex) {
        return new String(HexFormat.of().parseHex(hex), encoding);
    }

    private static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }

    private static String quote(String name) {
        return '"' + name.replace("\"", "\"\"") + '"';
    }

    private static String literal(String text) {
        return "'" + text.replace("'", "''") + "'";
    }
}
