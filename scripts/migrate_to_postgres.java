///usr/bin/env jbang "$0" "$@" ; exit $?
//JAVA 17+
//DESCRIPTION Moves a whole SQLite file to PostgreSQL, schema and rows, and proves that what arrived is what was there.
//RUNTIME_OPTIONS --enable-native-access=ALL-UNNAMED -XX:+UseSerialGC -Xmn16m -XX:Tier4InvocationThreshold=50000 -XX:Tier4MinInvocationThreshold=6000 -XX:Tier4CompileThreshold=150000 -XX:Tier4BackEdgeThreshold=400000
//DEPS info.picocli:picocli:4.7.7
//DEPS org.postgresql:postgresql:42.7.14
//DEPS org.xerial:sqlite-jdbc:3.54.1.0
//DEPS com.google.code.gson:gson:2.15.0
//DEPS com.github.freva:ascii-table:1.12.1
//DEPS commons-codec:commons-codec:1.21.0

// The runtime options keep memory near 100 MiB, and the optimising compiler (Tier4) out of short runs, whose time it would take: 20 % of 100,000 rows.

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.github.freva.asciitable.AsciiTable;
import com.github.freva.asciitable.ColumnData;
import com.github.freva.asciitable.HorizontalAlign;
import com.google.gson.FieldNamingPolicy;
import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonParseException;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.math.RoundingMode;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.CharBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.Year;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.Deque;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.Set;
import java.util.StringJoiner;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.apache.commons.codec.digest.DigestUtils;
import org.apache.commons.codec.digest.MurmurHash3;
import org.postgresql.Driver;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyIn;
import org.postgresql.copy.CopyOut;
import org.postgresql.util.PSQLException;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteConnection;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.SQLiteOpenMode;
import org.sqlite.core.CoreStatement;
import org.sqlite.core.DB;
import picocli.CommandLine;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(name = "migrate_to_postgres", mixinStandardHelpOptions = true, version = migrate_to_postgres.TOOL, sortOptions = false, usageHelpAutoWidth = true,
        description = {
                "Moves a whole SQLite file to PostgreSQL: schema, rows, keys, indexes, constraints, views, triggers; and proves that what arrived is what was there.",
            "The file is only read. A run that was interrupted is continued by the same command."},
        footer = {"", "Examples:",
            "  jbang migrate_to_postgres.java --sqlite app.db --plan",
            "  jbang migrate_to_postgres.java --sqlite app.db --url postgresql://app@localhost/app --html report.html",
            "  jbang migrate_to_postgres.java --sqlite app.db --data-only", "",
            "Exit code: 0 identical, 1 migrated with changes that are reported, 2 failed or different, 3 not verified, 64 wrong usage."})
class migrate_to_postgres implements Callable<Integer> {
    static final String TOOL = "migrate_to_postgres 1.0";

    @Option(names = "--sqlite", paramLabel = "FILE", description = "The SQLite file, or a sqlite:// URL (else SQLITE_DB_PATH, or DATABASE_URL if it is a sqlite:// URL).")
    String sqlite;

    @ArgGroup(heading = "%nInstead of migrating all:%n")
    Only only = new Only();

    static class Only {
        @Option(names = "--plan", arity = "0..1", fallbackValue = "-", paramLabel = "FILE",
                description = "Scan the file and write the plan as JSON (to stdout without FILE), for --plan-file; needs no server.")
        String plan;

        @Option(names = "--dry-run", description = "Show the SQL that would be executed; needs no server.")
        boolean dryRun;

        @Option(names = "--schema-only", description = "Create everything, move no rows.")
        boolean schema;

        @Option(names = "--data-only", description = "Fill the tables that an application has made: their types win, nothing of them is altered.")
        boolean data;

        @Option(names = "--verify-only", description = "Compare the file with what an earlier run has migrated.")
        boolean verify;
    }

    @ArgGroup(exclusive = false, heading = "%nWhat is migrated, and where to:%n")
    Choice choice = new Choice();

    static class Choice {
        @Option(names = "--plan-file", paramLabel = "FILE", description = "Do what this plan says; its types and SQL may have been edited.")
        Path planFile;

        @Option(names = "--tables", split = ",", paramLabel = "TABLE", description = "Only these tables.")
        List<String> tables = List.of();

        @Option(names = "--exclude", split = ",", paramLabel = "TABLE", description = "All but these tables.")
        List<String> exclude = List.of();

        @Option(names = "--protect", split = ",", paramLabel = "TABLE", description = "Tables of the target that must never be dropped, altered or filled.")
        List<String> protect = List.of();

        @Option(names = "--schema", paramLabel = "NAME", description = "The target's schema (default: public); made if it is missing.")
        String schema = "public";

        @Option(names = "--recreate", arity = "0..1", fallbackValue = "", paramLabel = "DATABASE",
                description = "Drop the target database and make it anew; asks for its name, or takes it as the value.")
        String recreate;

        @Option(names = "--target-rows", paramLabel = "WHAT", description = "--data-only, tables that hold rows: abort, truncate or merge (default: abort).")
        String targetRows = "abort";

        boolean takes(String table) {
            return (tables.isEmpty() || tables.stream().anyMatch(table::equalsIgnoreCase))
                    && exclude.stream().noneMatch(table::equalsIgnoreCase);
        }

        @Option(names = "--keep-rowid", description = "Tables without a primary key keep SQLite's rowid as a column.")
        boolean keepRowid;
    }

    @ArgGroup(exclusive = false, heading = "%nWhat things become:%n")
    Rules rules = new Rules();

    /** The rules of the mapping; each default is the choice that loses nothing. */
    static class Rules {
        @Option(names = "--on-mismatch", paramLabel = "WHAT",
                description = "Data against the declared type: widen the type, reject the row, null the value, abort (default: widen).")
        String onMismatch = "widen";

        @Option(names = "--int", paramLabel = "TYPE", description = "INTEGER becomes bigint, or integer or smallint where the data fit with room to double (default: bigint).")
        String integer = "bigint";

        @Option(names = "--length", paramLabel = "WHAT", description = "VARCHAR(n) becomes text, or text with a CHECK on its length if the data fit: text, check (default: text).")
        String length = "text";

        @Option(names = "--enum", paramLabel = "WHAT", description = "CHECK (c IN ('A', 'B')) stays a check on text, or becomes an enumerated type: text, native (default: text).")
        String enums = "text";

        @Option(names = "--enum-case", paramLabel = "WHAT", description = "Such values, their default and check together: keep, lower, upper (default: keep).")
        String enumCase = "keep";

        @Option(names = "--epoch", split = ",", paramLabel = "TABLE.COLUMN=UNIT",
                description = "Numbers that are dates: unix, unixms, unixus, unixns, julian, cocoa, webkit, filetime, ticks, or none to leave them.")
        Map<String, String> epoch = Map.of();

        @Option(names = "--zero-date", paramLabel = "WHAT", description = "0 in a column of dates: keep, null (default: keep).")
        String zeroDate = "keep";

        @Option(names = "--assume-utc", description = "Times without a zone are UTC: timestamptz instead of timestamp.")
        boolean assumeUtc;

        @Option(names = "--uuid-bytes", paramLabel = "WHAT", description = "16-byte blobs declared UUID or GUID: bytea, rfc, ms (default: bytea).")
        String uuidBytes = "bytea";

        @Option(names = "--nul", paramLabel = "WHAT", description = "Text with a NUL: strip it, abort, make the column bytea, reject the row (default: strip).")
        String nul = "strip";

        @Option(names = "--bad-utf8", paramLabel = "WHAT",
                description = "Text that is not UTF-8: replace by U+FFFD, read it as latin1, bytea, null, abort (default: replace).")
        String badUtf8 = "replace";

        @Option(names = "--nocase", paramLabel = "WHAT",
                description = "COLLATE NOCASE: indexes on lower(column), which folds ASCII exactly as SQLite does; or citext, icu (default: lower).")
        String nocase = "lower";

        @Option(names = "--collation", paramLabel = "WHAT", description = "Text sorts as in SQLite (c) or as the database does (db) (default: c).")
        String collation = "c";

        @Option(names = "--case", paramLabel = "WHAT", description = "Names: auto keeps them as they are, lower, snake (default: auto).")
        String nameCase = "auto";

        @Option(names = "--now", paramLabel = "WHAT", description = "Defaults take the time of the transaction or of the statement (default: transaction).")
        String now = "transaction";

        @Option(names = "--trust-types", description = "Do not scan: what is declared holds; what does not fit is found while loading.")
        boolean trustTypes;
    }

    @ArgGroup(exclusive = false, heading = "%nProof and report:%n")
    Proof proof = new Proof();

    static class Proof {
        @Option(names = "--verify", paramLabel = "HOW",
                description = "counts: rows and sums; hash: every cell, order-free, differences by key; rows: cell by cell; none (default: hash).")
        String verify = "hash";

        @Option(names = "--rejects", paramLabel = "FILE", description = "Each cell that was changed, with its original bytes (default: rejects.ndjson; only written if there are any).")
        Path rejects = Path.of("rejects.ndjson");

        @Option(names = "--not-migrated", paramLabel = "FILE", description = "What was not created, ready to edit (default: not_migrated.sql; only written if there is any).")
        Path notMigrated = Path.of("not_migrated.sql");

        @Option(names = "--html", paramLabel = "FILE", description = "The report as a page.")
        Path html;

        @Option(names = "--json", description = "The report as one JSON document on stdout.")
        boolean json;

        @Option(names = "--quiet", description = "Only problems.")
        boolean quiet;

        @Option(names = "--jobs", paramLabel = "N", description = "Connections that work at the same time (default: 2).")
        int jobs = 2;
    }

    @Mixin
    Database database = new Database();

    @Spec
    CommandSpec spec;


    public static void main(String... arguments) {
        new Thread(migrate_to_postgres::warmUp).start();
        var script = new migrate_to_postgres();
        System.exit(script.database.command(script).execute(arguments));
    }

    /** Loads the classes of the driver while the file is looked at: a tenth of the time for a small file. */
    private static void warmUp() {
        for (var name : List.of("org.postgresql.Driver", "org.postgresql.core.v3.ConnectionFactoryImpl",
                "org.postgresql.core.v3.QueryExecutorImpl", "org.postgresql.jdbc.PgConnection", "org.postgresql.jdbc.PgResultSet",
                "org.postgresql.jdbc.PgPreparedStatement", "org.postgresql.copy.CopyManager", "org.postgresql.core.v3.CopyInImpl",
                "com.github.freva.asciitable.AsciiTable")) {
            try {
                Class.forName(name);
            } catch (ClassNotFoundException e) {
                return; // whoever needs it will say so
            }
        }
    }

    /** The file is opened and understood; then it is planned, shown, migrated or compared. */
    @Override
    public Integer call() throws Exception {
        checkOptions();
        try {
            return run();
        } catch (Exception e) {
            if (proof.json) {
                out().println(Plan.JSON.toJson(Map.of("error", Objects.toString(e.getMessage()).replaceAll("://.*@", "://***@"))));
            }
            throw e instanceof Misuse ? wrong(e.getMessage()) : e;
        }
    }

    private int run() throws Exception {
        var progress = new Progress(spec.commandLine().getErr(), System.console() != null && !proof.json, proof.quiet, database.verbose);
        try (var source = Source.open(file(), Math.max(1, proof.jobs), database.wait)) {
            if (only.verify) {
                return verifyAgain(source, progress);
            }
            if (only.data) {
                return fill(source, progress);
            }
            var plan = choice.planFile == null ? new Planner(source, rules, choice, null, progress).plan() : Plan.read(choice.planFile);
            rules = plan.rules;
            progress.end();
            if (only.plan != null) {
                return write(plan);
            }
            if (only.dryRun) {
                new Script(plan).statements().forEach(statement -> out().println(statement + (statement.startsWith("--") ? "" : ";")));
                return 0;
            }
            try (var target = Target.open(database, choice, spec.commandLine(), true)) {
                target.checkEmpty(plan, choice.protect);
                return migrate(source, plan, target, null, progress);
            }
        }
    }

    /** --data-only: what is in the target decides, so it is looked at first. */
    private int fill(Source source, Progress progress) throws Exception {
        try (var target = Target.open(database, choice, spec.commandLine(), true)) {
            var led = new TargetLed(target, choice, rules);
            return migrate(source, new Planner(source, rules, choice, led, progress).plan(), target, led, progress);
        }
    }

    private void checkOptions() {
        var allowed = Map.of("--on-mismatch", Set.of("widen", "reject", "null", "abort"), "--int", Set.of("bigint", "integer", "smallint"),
                "--length", Set.of("text", "check"), "--enum", Set.of("text", "native"),
                "--enum-case", Set.of("keep", "lower", "upper"), "--zero-date", Set.of("keep", "null"), "--uuid-bytes",
                Set.of("bytea", "rfc", "ms"), "--nul", Set.of("strip", "abort", "bytea", "reject"),
                "--bad-utf8", Set.of("replace", "latin1", "bytea", "null", "abort"), "--nocase", Set.of("lower", "citext", "icu"));
        var more = Map.of("--collation", Set.of("c", "db"), "--case", Set.of("auto", "lower", "snake"), "--now",
                Set.of("transaction", "statement"), "--verify", Set.of("counts", "hash", "rows", "none"),
                "--target-rows", Set.of("abort", "truncate", "merge"));
        var units = Stream.concat(Stream.of("none"), Stream.of(Epoch.values()).map(Enum::name)).collect(Collectors.toSet());
        spec.options().stream().filter(option -> option.getValue() instanceof String).forEach(option -> {
            var values = allowed.getOrDefault(option.longestName(), more.get(option.longestName()));
            if (values != null && !values.contains((String) option.getValue())) {
                throw wrong(option.longestName() + " is one of " + String.join(", ", new TreeSet<>(values)) + ", not " + option.getValue());
            }
        });
        rules.epoch.forEach((column, unit) -> {
            if (!units.contains(unit) || column.indexOf('.') < 1) {
                throw wrong("--epoch TABLE.COLUMN=UNIT, where UNIT is one of " + String.join(", ", new TreeSet<>(units)) + ", not " + column
                        + "=" + unit);
            }
        });
        if (proof.jobs < 1 || proof.jobs > 64) {
            throw wrong("--jobs is from 1 to 64");
        }
        Stream.of(proof.rejects, proof.notMigrated, proof.html).filter(file -> file != null && only.plan == null && !only.dryRun)
                .forEach(report -> {
            var folder = report.toAbsolutePath().getParent();
            if (!Files.isWritable(folder) || Files.isDirectory(report)) {
                        throw wrong("cannot write " + report + ": " + (Files.isDirectory(report) ? "it is a folder"
                                : Files.exists(folder) ? "no permission in " + folder : "there is no folder " + folder));
            }
        });
        if (only.data && choice.recreate != null) {
            throw wrong("--recreate makes an empty database, --data-only fills the tables of one: choose");
        }
    }

    private ParameterException wrong(String message) {
        return new ParameterException(spec.commandLine(), message);
    }

    /** --sqlite, else SQLITE_DB_PATH, else a DATABASE_URL that is a sqlite:// URL (three slashes before a relative path, four before an absolute one). */
    private Path file() {
        var variables = database.variables();
        var given = sqlite != null ? sqlite
                : variables.getOrDefault("SQLITE_DB_PATH",
                        variables.getOrDefault("DATABASE_URL", "").matches("(jdbc:)?sqlite.*") ? variables.get("DATABASE_URL") : null);
        if (given == null) {
            throw wrong("which SQLite file? Give --sqlite FILE, or set SQLITE_DB_PATH, or a sqlite:// URL in DATABASE_URL");
        }
        var path = given.replaceFirst("^(jdbc:sqlite:(file:)?|sqlite(\\+\\w+)?:///?|file:)", "").replaceFirst("\\?.*$",
                given.matches("(jdbc:sqlite|sqlite|file):.*") ? "" : "$0");
        if (!Files.exists(Path.of(path))) {
            throw wrong(path + ": there is no such file");
        }
        return Path.of(path);
    }

    private PrintWriter out() {
        return spec.commandLine().getOut();
    }

    private int write(Plan plan) throws IOException {
        var json = plan.toJson();
        if (only.plan.equals("-")) {
            out().println(json);
        } else {
            Files.writeString(Path.of(only.plan), json + "\n");
        }
        if (proof.html != null) {
            Files.writeString(proof.html, new Page(new Report(plan, rules)).html());
        }
        if (!proof.quiet) {
            new Report(plan, rules).summary(only.plan.equals("-") ? spec.commandLine().getErr() : out(), database.verbose);
        }
        return 0;
    }

    private int migrate(Source source, Plan plan, Target target, TargetLed led, Progress progress) throws Exception {
        var begun = System.nanoTime();
        target.prepare();
        if (!target.begin(plan, source, led, progress)) {
            return compare(source, target, progress, begun);
        }
        var report = new Report(plan, rules);
        report.withoutRows = only.schema;
        var migration = new Migration(source, target, plan, rules, proof, progress, report);
        var interrupted = new Thread(() -> {
            target.cancel();
            progress.say("interrupted: what is committed stays, and the same command goes on from there");
        });
        Runtime.getRuntime().addShutdownHook(interrupted);
        try {
            if (led != null) {
                migration.fill(led, proof.jobs);
            } else {
                migration.run(only.schema, proof.jobs);
            }
        } finally {
            progress.end();
            withdraw(interrupted);
        }
        if (only.schema) {
            target.finishWithoutRows();
        } else {
            target.finish(plan, report.isProven());
        }
        return publish(report, target, begun);
    }

    private static void withdraw(Thread hook) {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            return; // it is running
        }
    }

    private int verifyAgain(Source source, Progress progress) throws Exception {
        try (var target = Target.open(database, choice, spec.commandLine(), false)) {
            target.earlierPlan();
            target.prepareToCompare();
            return compare(source, target, progress, System.nanoTime());
        }
    }

    /** The file as it is now against what an earlier run has made of it. */
    private int compare(Source source, Target target, Progress progress, long begun) throws Exception {
        var plan = target.earlierPlan();
        rules = plan.rules;
        var report = new Report(plan, rules);
        new Migration(source, target, plan, rules, proof, progress, report).verifyAll(proof.jobs);
        progress.end();
        target.note(report, source.fingerprint, progress);
        return publish(report, target, begun);
    }

    /** The report in all the forms that were asked for; the exit code. */
    private int publish(Report report, Target target, long begun) throws Exception {
        report.changes = target.changes();
        report.seconds = (System.nanoTime() - begun) / 1e9;
        target.writeChanges(proof.rejects, report.changes);
        report.writeNotMigrated(proof.notMigrated);
        if (proof.html != null) {
            Files.writeString(proof.html, new Page(report).html());
        }
        if (proof.json) {
            out().println(report.toJson());
        } else if (!proof.quiet || report.exit() != 0) {
            report.summary(out(), database.verbose);
            report.files(out(), proof);
        }
        return report.exit();
    }

    // ---- the plan ----

    /** What is to become of a SQLite file: written by --plan, edited by people, fed back by --plan-file. The same file and options give the same plan. */
    static class Plan {
        String tool = TOOL;
        String sqlite;
        String encoding;
        long userVersion;
        long applicationId;
        String schema;
        /** --target-rows merge: the target may hold rows of its own. */
        boolean merged;
        /** The rules by which it was made; those about values hold while loading, too. */
        Rules rules;
        List<EnumType> enums = new ArrayList<>();
        List<Table> tables = new ArrayList<>();
        List<Item> views = new ArrayList<>();
        List<Item> triggers = new ArrayList<>();
        /** Objects of sqlite_schema that become nothing: shadow tables, unreadable virtual tables, what was excluded. */
        List<Item> left = new ArrayList<>();

        private static final Gson JSON = new GsonBuilder().setFieldNamingPolicy(FieldNamingPolicy.LOWER_CASE_WITH_UNDERSCORES)
                .setPrettyPrinting().disableHtmlEscaping().create();

        static Plan read(Path file) throws IOException {
            try {
                return parse(Files.readString(file));
            } catch (NoSuchFileException e) {
                throw new Misuse(file + ": there is no such file");
            } catch (JsonParseException e) {
                throw new Misuse(file + " is no plan of migrate_to_postgres: "
                        + e.getMessage().lines().findFirst().orElse("").replaceFirst("^\\S+Exception: ", ""));
            }
        }

        static Plan parse(String json) {
            var plan = JSON.fromJson(json, Plan.class);
            if (plan == null || plan.schema == null || plan.rules == null || plan.tables.stream().flatMap(t -> t.columns.stream())
                    .anyMatch(c -> c.name == null || c.target == null || c.type == null)) {
                throw new JsonParseException("schema, rules, or a name, target or type of a column is missing");
            }
            return plan;
        }

        String toJson() {
            return JSON.toJson(this);
        }

        /** What two runs must have in common to go on with each other's rows: the tables, and how values are converted. */
        String shape() {
            var text = new StringBuilder(rules.nul + rules.badUtf8 + rules.zeroDate);
            tables.stream().sorted(Comparator.comparing(t -> t.name)).forEach(table -> {
                text.append(table.name).append(table.target);
                table.columns.forEach(c -> text.append('|').append(c.name).append(c.target).append(c.type).append(c.conversion)
                        .append(c.format).append(c.onMismatch).append(c.notNull));
            });
            return DigestUtils.sha256Hex(text.toString());
        }

        /** Statements before the tables: what citext and ICU collations need. */
        List<String> before() {
            var columns = tables.stream().flatMap(t -> t.columns.stream()).toList();
            var statements = new ArrayList<String>();
            if (columns.stream().anyMatch(c -> c.type.equals("citext"))) {
                statements.add("CREATE EXTENSION IF NOT EXISTS citext");
            }
            if (columns.stream().anyMatch(c -> c.textCollation != null && c.textCollation.endsWith(".nocase"))) {
                statements.add("CREATE COLLATION IF NOT EXISTS " + id(schema)
                        + ".nocase (provider = icu, locale = 'und-u-ks-level2', deterministic = false)");
            }
            if (tables.stream().flatMap(t -> t.columns.stream())
                    .anyMatch(c -> c.defaultSql != null && c.defaultSql.contains("gen_random_bytes"))) {
                statements.add("CREATE EXTENSION IF NOT EXISTS pgcrypto");
            }
            return statements;
        }
    }

    /** An enumerated type to create; columns with the same set of values share it. */
    static class EnumType {
        String target;
        List<String> values = new ArrayList<>();
    }

    /** One SQLite table and the PostgreSQL table it becomes. */
    static class Table {
        String name;
        String target;
        /** table, without rowid, or the module of a virtual table. */
        String kind = "table";
        boolean strict;
        long rows;
        List<Column> columns = new ArrayList<>();
        /** The key by which rows are named in messages and found again: SQLite names of columns; empty if there is none. */
        List<String> key = new ArrayList<>();
        /** Primary key, unique constraints, checks, indexes, foreign keys: in the order in which they are made. */
        Item primaryKey;
        List<Item> uniques = new ArrayList<>();
        List<Item> checks = new ArrayList<>();
        List<Item> indexes = new ArrayList<>();
        List<ForeignKey> foreignKeys = new ArrayList<>();
        List<String> notes = new ArrayList<>();
        /** What could be better, but is as it was. */
        List<String> suggestions = new ArrayList<>();
    }

    /** One column: what was declared, what the data hold, what it becomes. */
    static class Column {
        String name;
        String target;
        String declared;
        /** The PostgreSQL type as it stands in CREATE TABLE. */
        String type;
        String reason;
        /**
         * How values change on the way: same (also integral reals to integers, numbers to their text, text to its UTF-8 bytes, as the type demands), boolean, iso (ISO 8601 text to
         * date, time, timestamp, timestamptz), unix, unixms, unixus, unixns, julian, cocoa, webkit, filetime, ticks (numbers to dates and times), number (numeric text to a number),
         * json, jsonb-blob (SQLite's JSONB), uuid, uuid-rfc, uuid-ms (16 bytes), enum, enum-lower, enum-upper.
         */
        String conversion = "same";
        /** iso only: the one shape of all values, digits as 0, e.g. "0000-00-00 00:00:00"; null if they differ or carry an offset other than Z. */
        String format;
        /** What is done with a value that the type cannot hold: abort, null or reject (widen has been done by the choice of the type). */
        String onMismatch = "abort";
        boolean notNull;
        /** The name of the sequence that numbers new rows; null if there is none. */
        String identity;
        /** SQLite's rowid, kept as a column because there is no primary key. */
        boolean keptRowid;
        /** SQLite's collation, and the one that the target's text gets; null is the database's. */
        String collation;
        String textCollation;
        /** SQLite's text of the default, and its translation; the latter is null if there is none. */
        String defaultText;
        String defaultSql;
        /** SQLite's text of the generating expression, and its translation; without the latter the column is filled with SQLite's values. */
        String generatedText;
        String generatedSql;
        Data data = new Data();
        /** The values were looked at by the scan of this very run, in the snapshot that is loaded: they need not be checked again. */
        transient boolean seen;
        List<String> notes = new ArrayList<>();

        /** The same column as one that is filled, not computed. */
        Column plain() {
            var plain = new Column();
            plain.name = name;
            plain.target = target;
            plain.declared = declared;
            plain.type = type;
            plain.conversion = conversion;
            plain.format = format;
            plain.data = data;
            return plain;
        }
    }

    /** What a column holds, counted by SQLite's storage classes. Lengths are bytes of UTF-8 or of the blob. */
    static class Data {
        long nulls;
        long integers;
        long reals;
        long texts;
        long blobs;
        Long minInteger;
        Long maxInteger;
        Double minReal;
        Double maxReal;
        long infinities;
        long maxLength;
        transient long shortMaxLength;
        long empty;
        long nulBytes;
        long badUtf8;
        /** Up to ten keys of the rows that forced the type away from the declared one. */
        List<String> forcedBy = new ArrayList<>();

        long values() {
            return integers + reals + texts + blobs;
        }
    }

    /** Something to make from a piece of sqlite_schema: a constraint, an index, a view, a trigger. */
    static class Item {
        String name;
        String target;
        /** SQLite's text. */
        String sqlite;
        /** What is executed; null if there is no translation. May be edited. */
        String sql;
        /** A key's columns, by SQLite's names; a view's conversions by column of the target. */
        List<String> columns = new ArrayList<>();
        Map<String, String> conversions = new LinkedHashMap<>();
        /** The condition of a check or of a partial index, here and in SQLite. */
        String predicate;
        String sqlitePredicate;
        /** After the run: created, changed or not created. */
        String state;
        /** Why it is changed or not created; null if it is the same. */
        String reason;
        List<String> notes = new ArrayList<>();
    }

    /** A foreign key by names of SQLite; parentColumns are those of the parent's primary key where SQLite leaves them out. */
    static class ForeignKey {
        String name;
        String target;
        List<String> columns = new ArrayList<>();
        String parent;
        List<String> parentColumns = new ArrayList<>();
        String onUpdate;
        String onDelete;
        String deferrable;
        String sql;
        String reason;
        String state;
    }

    // ---- the SQLite file ----

    /** The SQLite file, only read: several readers that see the same snapshot, whatever an application writes meanwhile. */
    static final class Source implements AutoCloseable {
        private static final int BUSY_MILLIS = 10_000;

        /** SQLite's codes of storage classes and of steps (sqlite.org/c3ref/c_blob.html, c_abort.html). */
        static final int INTEGER = 1, REAL = 2, TEXT = 3, BLOB = 4, NULL = 5, ROW = 100, DONE = 101;

        /** Receives a row: the reader stands on it, its columns are asked by index. */
        interface RowHandler {
            void row(Row row) throws Exception;
        }

        final Path file;
        private final List<Connection> readers = new ArrayList<>();
        private Path copy;
        private boolean hadLog;
        boolean utf16;
        long userVersion;
        long applicationId;
        String encoding;
        /** Of the snapshot that the readers see. */
        String fingerprint;

        private Source(Path file) {
            this.file = file;
        }

        /** Opens the file with so many readers; what is no readable SQLite file is said in one sentence, by Failure. */
        static Source open(Path file, int readers, int waitSeconds) throws SQLException, IOException {
            checkHeader(file);
            var source = new Source(file);
            source.hadLog = Files.exists(Path.of(file + "-wal"));
            try {
                source.pin(readers, waitSeconds);
                try (var statement = source.reader(0).createStatement()) {
                    source.encoding = text(statement, "pragma encoding");
                    source.utf16 = source.encoding.startsWith("UTF-16");
                    source.userVersion = Long.parseLong(text(statement, "pragma user_version"));
                    source.applicationId = Long.parseLong(text(statement, "pragma application_id"));
                }
                return source;
            } catch (SQLException e) {
                source.close();
                var why = why(file, e.getErrorCode() & 0xff);
                if (why == null) {
                    throw e;
                }
                throw new Failure(why);
            }
        }

        /** What one can do about an error of SQLite (sqlite.org/rescode.html); null if it says nothing special. */
        static String why(Path file, int code) {
            return switch (code) {
                case 26 -> file + " is not a SQLite file, or it is encrypted (SQLCipher, SEE): decrypt it first";
                case 5, 6 -> file + " is locked by a program that writes to it: stop it, or give it time with --wait SECONDS";
                case 11 -> file + " is damaged\n  sqlite3 \"" + file + "\" .recover may save what is left";
                default -> null;
            };
        }

        /** The header tells most of what can be wrong (sqlite.org/fileformat2.html, 1.3). */
        private static void checkHeader(Path file) throws IOException {
            if (!Files.isRegularFile(file)) {
                throw new Failure(file + (Files.exists(file) ? " is not a file" : ": there is no such file"));
            }
            try (var in = Files.newInputStream(file)) {
                var header = ByteBuffer.wrap(Arrays.copyOf(in.readNBytes(100), 100));
                if (Files.size(file) == 0) {
                    throw new Failure(file + " is empty: there is nothing to migrate");
                }
                if (!new String(header.array(), 0, 15, US_ASCII).equals("SQLite format 3")) {
                    throw new Failure(file + " is not a SQLite file, or it is encrypted (SQLCipher, SEE): decrypt it first");
                }
                long pageSize = header.getShort(16) == 1 ? 65536 : header.getShort(16) & 0xffff;
                var pages = header.getInt(24) == header.getInt(92) ? Integer.toUnsignedLong(header.getInt(28)) : 0;
                if (Files.size(file) < pages * pageSize && !Files.exists(Path.of(file + "-wal"))
                        && !Files.exists(Path.of(file + "-journal"))) {
                    throw new Failure(
                            file + " is truncated: its header says " + pages * pageSize + " bytes, " + Files.size(file) + " are there");
                }
            }
        }

        /**
         * Opens the readers so that all see one state: a control session notices a commit in between (its data_version moves), and then they begin anew.
         * In rollback-journal mode the first reader's lock keeps every writer from committing; but a writer that waits for it keeps the next reader out, so all let go and try again.
         */
        private void pin(int count, int waitSeconds) throws SQLException, IOException {
            try (var control = connect(waitSeconds)) {
                for (var i = 0; i < count; i++) {
                    readers.add(connect(waitSeconds));
                }
                var deadline = System.nanoTime() + Math.max(10, waitSeconds) * 1_000_000_000L;
                while (!pinned(control)) {
                    if (System.nanoTime() > deadline) {
                        throw new Failure(file + " is written to so often that no common state of " + count
                                + " readers was found: stop the writer, or use --jobs 1");
                    }
                    for (var reader : readers) {
                        reader.rollback();
                        reader.setAutoCommit(true);
                    }
                    pause();
                }
            }
        }

        private boolean pinned(Connection control) throws SQLException, IOException {
            try (var statement = control.createStatement()) {
                var before = text(statement, "pragma data_version");
                fingerprint = look();
                for (var reader : readers) {
                    try (var first = reader.createStatement()) {
                        first.execute("pragma busy_timeout = " + (reader == readers.get(0) ? BUSY_MILLIS : 50));
                        reader.setAutoCommit(false);
                        text(first, "select count(*) from sqlite_schema");
                    } catch (SQLException e) {
                        if (e.getErrorCode() != 5 || reader == readers.get(0)) {
                            throw e;
                        }
                        return false;
                    }
                }
                return before.equals(text(statement, "pragma data_version"));
            }
        }

        private static void pause() {
            try {
                Thread.sleep(20);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        /** A read-only session; a file that cannot be opened so (a journal to roll back, a WAL file in a folder without write permission) is read from a copy. */
        private Connection connect(int waitSeconds) throws SQLException, IOException {
            try {
                return connect(copy == null ? file : copy, copy == null, waitSeconds);
            } catch (SQLException e) {
                if (copy != null || e.getErrorCode() != 14 && (e.getErrorCode() & 0xff) != 8) {
                    throw e;
                }
                var folder = Files.createTempDirectory("migrate_to_postgres");
                copy = folder.resolve("copy.db");
                for (var suffix : List.of("", "-wal", "-journal")) {
                    if (Files.exists(Path.of(file + suffix))) {
                        Files.copy(Path.of(file + suffix), Path.of(copy + suffix));
                    }
                }
                return connect(copy, false, waitSeconds);
            }
        }

        private static Connection connect(Path file, boolean readOnly, int waitSeconds) throws SQLException {
            var config = new SQLiteConfig();
            config.setReadOnly(readOnly);
            config.setOpenMode(SQLiteOpenMode.NOMUTEX); // a connection is used by one thread at a time
            config.setBusyTimeout(Math.max(BUSY_MILLIS, waitSeconds * 1000));
            var connection = config.createConnection("jdbc:sqlite:" + file.toAbsolutePath().toUri());
            try (var statement = connection.createStatement()) {
                text(statement, "select count(*) from sqlite_schema");
                return connection;
            } catch (SQLException e) {
                connection.close();
                throw e;
            }
        }

        Connection reader(int i) {
            return readers.get(i);
        }

        static String text(Statement statement, String query) throws SQLException {
            try (var result = statement.executeQuery(query)) {
                return result.next() ? result.getString(1) : null;
            }
        }

        /** All rows of a query as strings, for the small answers of pragmas and sqlite_schema. */
        List<List<String>> strings(String query, String... parameters) throws SQLException {
            return strings(0, query, parameters);
        }

        List<List<String>> strings(int reader, String query, String... parameters) throws SQLException {
            try (var statement = reader(reader).prepareStatement(query)) {
                for (var i = 0; i < parameters.length; i++) {
                    statement.setString(i + 1, parameters[i]);
                }
                var rows = new ArrayList<List<String>>();
                try (var result = statement.executeQuery()) {
                    while (result.next()) {
                        var row = new ArrayList<String>();
                        for (var c = 1; c <= result.getMetaData().getColumnCount(); c++) {
                            row.add(result.getString(c));
                        }
                        rows.add(row);
                    }
                }
                return rows;
            }
        }

        /** Steps through a query on SQLite's own cursor: no object per number, text as the bytes that are stored. */
        void read(Connection reader, String query, RowHandler handler) throws Exception {
            try (var statement = reader.prepareStatement(query)) {
                ((CoreStatement) statement).pointer.safeRunConsume((db, pointer) -> {
                    var row = new Row(db, pointer, utf16);
                    int step;
                    while ((step = db.step(pointer)) == ROW) {
                        handler.row(row);
                    }
                    if (step != DONE) {
                        throw failure(step & 0xff);
                    }
                });
            }
        }

        boolean hasSequences(int reader) throws SQLException {
            return !strings(reader, "select 1 from sqlite_schema where name = 'sqlite_sequence'").isEmpty();
        }

        String count(int reader, String query) throws SQLException {
            return strings(reader, query).get(0).get(0);
        }

        int readers() {
            return readers.size();
        }

        private Exception failure(int code) {
            var why = why(file, code);
            return why != null ? new Failure(why)
                    : new SQLException(SQLiteErrorCode.getErrorCode(code).message + ", while reading " + file, null, code);
        }

        private void closeReaders() throws SQLException {
            for (var reader : readers) {
                reader.close();
            }
            readers.clear();
        }

        @Override
        public void close() throws SQLException, IOException {
            closeReaders();
            removeEmptyLog();
            if (copy != null) {
                for (var suffix : List.of("", "-wal", "-journal", "-shm")) {
                    Files.deleteIfExists(Path.of(copy + suffix));
                }
                Files.deleteIfExists(copy.getParent());
            }
        }

        /** A reader makes the files of a WAL database where there are none, and cannot remove them; the last session that may write does, when it ends. */
        private void removeEmptyLog() throws IOException {
            var log = Path.of(file + "-wal");
            if (hadLog || !Files.exists(log) || Files.size(log) > 0) {
                return;
            }
            try {
                connect(file, false, 0).close();
            } catch (SQLException e) {
                return; // without the right to write they stay, which harms nobody who may
            }
        }

        /**
         * What tells whether the file has changed since: its header with the change counter, its size, and how far its WAL file has come.
         * A checkpoint changes it too, though not the data.
         */
        private String look() throws IOException {
            var digest = DigestUtils.getSha256Digest();
            var wal = Path.of(file + "-wal");
            try (var in = Files.newInputStream(file)) {
                digest.update(in.readNBytes(100));
            }
            // In WAL mode a commit that was checkpointed may leave header and size as they were.
            digest.update((Files.size(file) + " " + Files.getLastModifiedTime(file)).getBytes(UTF_8));
            if (Files.exists(wal) && Files.size(wal) > 32) {
                try (var in = Files.newByteChannel(wal)) {
                    digest.update(lastFrame(in));
                }
            }
            return HexFormat.of().formatHex(digest.digest(), 0, 16);
        }

        /**
         * The header of the last frame of the log's present generation: frames of an earlier one, with other salts, may follow it.
         * It carries a checksum over all before it (sqlite.org/fileformat2.html, 4.1).
         */
        private static byte[] lastFrame(SeekableByteChannel wal) throws IOException {
            var header = part(wal, 0, 32);
            var frame = header.getInt(8) + 24L;
            var last = header.array();
            for (long low = 0, high = (wal.size() - 32) / frame; low < high;) {
                var middle = (low + high) / 2;
                var found = part(wal, 32 + middle * frame, 24);
                if (found.getLong(8) == header.getLong(16)) {
                    low = middle + 1;
                    last = found.array();
                } else {
                    high = middle;
                }
            }
            return last;
        }

        private static ByteBuffer part(SeekableByteChannel file, long from, int length) throws IOException {
            var part = ByteBuffer.allocate(length);
            file.position(from).read(part);
            return part;
        }

        static String quoted(String name) {
            return '"' + name.replace("\"", "\"\"") + '"';
        }
    }

    /** The row on which a reader of Source stands. */
    static final class Row {
        private final DB db;
        private final long pointer;
        private final boolean utf16;

        Row(DB db, long pointer, boolean utf16) {
            this.db = db;
            this.pointer = pointer;
            this.utf16 = utf16;
        }

        /** The storage class: Source.INTEGER, REAL, TEXT, BLOB or NULL. */
        int type(int column) throws SQLException {
            return db.column_type(pointer, column);
        }

        long integer(int column) throws SQLException {
            return db.column_long(pointer, column);
        }

        double real(int column) throws SQLException {
            return db.column_double(pointer, column);
        }

        /** The bytes of a blob, or of a text as they are stored (never a String: the driver would replace what is not UTF-8 without a sign). */
        byte[] bytes(int column) throws SQLException {
            if (utf16 && type(column) == Source.TEXT) {
                return db.column_text(pointer, column).getBytes(UTF_8);
            }
            var bytes = db.column_blob(pointer, column);
            return bytes == null ? new byte[0] : bytes;
        }

        /** A value for messages and keys: numbers and text as they are, blobs as x'…'. */
        String shown(int column) throws SQLException {
            return switch (type(column)) {
                case Source.NULL -> "NULL";
                case Source.INTEGER -> Long.toString(integer(column));
                case Source.REAL -> Double.toString(real(column));
                case Source.BLOB -> "x'" + HexFormat.of().formatHex(bytes(column)) + "'";
                default -> new String(bytes(column), UTF_8);
            };
        }
    }

    // ---- what the data hold ----

    /** The kinds of declared types, by the words that people write; what they propose is in Decision. */
    enum Family {
        INTEGER, SMALL, INT4, BOOLEAN, REAL, NUMERIC, TEXT, BLOB, DATE, TIMESTAMP, TIMESTAMPTZ, TIME, JSON, UUID, GEOMETRY, ANY;

        private static final Map<String, Family> WORDS = new HashMap<>();

        static {
            Map.ofEntries(Map.entry(INTEGER, "INTEGER INT MEDIUMINT BIGINT INT8 INT64 LONG SERIAL BIGSERIAL UNSIGNED"),
                    Map.entry(SMALL, "TINYINT INT2 SMALLINT SMALLSERIAL"),
                    Map.entry(INT4, "INT4"), Map.entry(BOOLEAN, "BOOL BOOLEAN"),
                    Map.entry(REAL, "REAL FLOAT FLOAT4 FLOAT8 DOUBLE DOUBLEPRECISION FLOATINGPOINT"),
                    Map.entry(NUMERIC, "NUMERIC DECIMAL DEC NUMBER MONEY CURRENCY SMALLMONEY"),
                    Map.entry(TEXT,
                            "TEXT CLOB NCLOB CHAR VARCHAR NCHAR NVARCHAR CHARACTER CHARACTERVARYING VARYINGCHARACTER NATIVECHARACTER LONGVARCHAR LONGTEXT MEDIUMTEXT TINYTEXT NTEXT VARCHAR2 CITEXT BPCHAR"),
                    Map.entry(BLOB, "BLOB BINARY VARBINARY LONGVARBINARY BYTEA BYTE[] IMAGE LONGBLOB MEDIUMBLOB TINYBLOB"),
                    Map.entry(DATE, "DATE"),
                    Map.entry(TIMESTAMP, "DATETIME TIMESTAMP DATETIME2 SMALLDATETIME TIMESTAMPWITHOUTTIMEZONE"),
                    Map.entry(TIMESTAMPTZ, "TIMESTAMPTZ TIMESTAMPWITHTIMEZONE DATETIMEOFFSET"),
                    Map.entry(TIME, "TIME TIMEWITHOUTTIMEZONE"), Map.entry(JSON, "JSON JSONB"),
                    Map.entry(UUID, "UUID GUID UNIQUEIDENTIFIER"),
                    Map.entry(GEOMETRY, "GEOMETRY POINT LINESTRING POLYGON MULTIPOINT MULTILINESTRING MULTIPOLYGON GEOMETRYCOLLECTION"))
                    .forEach((family, words) -> List.of(words.split(" ")).forEach(word -> WORDS.put(word, family)));
        }

        /** The family of a declared type: its own words first, else SQLite's rules of affinity (sqlite.org/datatype3.html, 3.1). */
        static Family of(String declared) {
            var words = declared.toUpperCase(Locale.ROOT).replaceAll("\\(.*?\\)", " ")
                    .replaceAll("\\b(UNSIGNED|SIGNED|ZEROFILL|AUTO_?INCREMENT|IDENTITY|NATIVE|NOCASE|NULL)\\b", " ").replaceAll("\\s+", "");
            if (declared.toUpperCase(Locale.ROOT).contains("UNSIGNED") && words.isEmpty()) {
                return INTEGER;
            }
            var known = WORDS.get(words);
            return known != null ? known : switch (affinity(declared)) {
                case "INTEGER" -> INTEGER;
                case "TEXT" -> declared.contains("[]") ? ANY : TEXT;
                case "REAL" -> REAL;
                case "BLOB" -> declared.isBlank() ? ANY : BLOB;
                default -> ANY;
            };
        }

        static String affinity(String declared) {
            var type = declared.toUpperCase(Locale.ROOT);
            return type.contains("INT") ? "INTEGER"
                    : Stream.of("CHAR", "CLOB", "TEXT").anyMatch(type::contains) ? "TEXT"
                            : type.contains("BLOB") || type.isBlank() ? "BLOB"
                    : Stream.of("REAL", "FLOA", "DOUB").anyMatch(type::contains) ? "REAL" : "NUMERIC";
        }

        boolean isDate() {
            return this == DATE || this == TIMESTAMP || this == TIMESTAMPTZ || this == TIME;
        }
    }

    /** The units in which numbers count time: from where, and how many microseconds one is. */
    enum Epoch {
        unix(0, 1_000_000), unixms(0, 1_000), unixus(0, 1), unixns(0, 0.001), julian(-210_866_760_000_000_000L, 86_400_000_000L),
        cocoa(978_307_200_000_000L, 1_000_000),
        webkit(-11_644_473_600_000_000L, 1), filetime(-11_644_473_600_000_000L, 0.1), ticks(-62_135_596_800_000_000L, 0.1);

        /** Microseconds from 1970 to the epoch's zero; microseconds per unit. */
        final long origin;
        final double unit;

        Epoch(long origin, double unit) {
            this.origin = origin;
            this.unit = unit;
        }

        /** Whether a number read so falls between 1990 and ten years from now, where dates of applications lie. */
        boolean plausible(double number) {
            if (this == cocoa && Math.abs(number) < 1_000_000) {
                return false; // 0 and other small numbers would all be the first days of 2001
            }
            var year = 1970 + (origin + number * unit) / (365.2425 * 86_400_000_000L);
            return year >= 1990 && year < Year.now().getValue() + 11;
        }

        /** Microseconds since 1970, rounded to the nearest; Julian days to milliseconds, which is all that a double of that size holds. */
        long micros(long number) {
            return this == unixns || this == filetime || this == ticks
                    ? Math.addExact(origin, Math.floorDiv(Math.addExact(number, this == unixns ? 500 : 5), this == unixns ? 1000 : 10))
                    : this == julian ? micros((double) number) : Math.addExact(origin, Math.multiplyExact(number, (long) unit));
        }

        long micros(double number) {
            return this == julian ? Math.round((number - 2440587.5) * 86_400_000) * 1000
                    : Math.addExact(origin, BigDecimal.valueOf(number).multiply(BigDecimal.valueOf(unit))
                            .setScale(0, RoundingMode.HALF_EVEN).longValueExact());
        }
    }

    /** Text of dates and times (ISO 8601 as SQLite reads it): its class, and its microseconds. Made for the loader; the verification has a reader of its own. */
    static final class Iso {
        static final int NONE = 0, DATE = 1, STAMP = 2, ZONED = 3, TIME = 4;

        int kind;
        /** Since 1970 in UTC; of the day for a time. Digits beyond the microsecond round half up. */
        long micros;
        /** Digits of the second's fraction. */
        int fraction;
        /** Whether digits beyond the microsecond were lost. */
        boolean rounded;
        private byte[] text;
        private int at;

        /** Reads the whole text, or says NONE: also for a day that the calendar does not have, and for the year 0. */
        int read(byte[] bytes) {
            text = bytes;
            at = 0;
            kind = NONE;
            fraction = 0;
            rounded = false;
            micros = 0;
            if (bytes.length >= 10 && bytes[4] == '-') {
                long days = days();
                if (days == Long.MIN_VALUE) {
                    return NONE;
                }
                if (at == bytes.length) {
                    micros = days * 86_400_000_000L;
                    return kind = DATE;
                }
                if (bytes[at] != ' ' && bytes[at] != 'T' || ++at >= bytes.length || !time()) {
                    return NONE;
                }
                micros += days * 86_400_000_000L;
                return at == bytes.length ? kind = STAMP : zone() ? kind = ZONED : NONE;
            }
            return bytes.length >= 5 && bytes.length <= 18 && bytes[2] == ':' && time() && at == bytes.length ? kind = TIME : NONE;
        }

        private long days() {
            int year = number(4), month = dash() ? number(2) : -1, day = month > 0 && dash() ? number(2) : -1;
            return year < 1 || month < 1 || month > 12 || day < 1 || day > YearMonth.of(year, month).lengthOfMonth() ? Long.MIN_VALUE
                    : LocalDate.of(year, month, day).toEpochDay();
        }

        private boolean dash() {
            return at < text.length && text[at++] == '-';
        }

        private boolean time() {
            int hour = number(2), minute = colon() ? number(2) : -1, second = minute >= 0 && colon() ? number(2) : 0;
            if (hour < 0 || minute < 0 || second < 0 || hour > 24 || minute > 59 || second > 59) {
                return false;
            }
            micros = ((hour * 60L + minute) * 60 + second) * 1_000_000;
            if (at < text.length && text[at] == '.') {
                at++;
                var scale = 100_000L;
                var start = at;
                for (; at < text.length && text[at] >= '0' && text[at] <= '9'; at++, scale /= 10) {
                    micros += scale * (text[at] - '0');
                    rounded |= at - start >= 6 && text[at] != '0';
                    micros += at - start == 6 && text[at] >= '5' ? 1 : 0;
                }
                fraction = at - start;
            }
            return (fraction > 0 || at == 0 || text[at - 1] != '.') && micros <= 86_400_000_000L;
        }

        private boolean colon() {
            if (at < text.length && text[at] == ':') {
                at++;
                return true;
            }
            return false;
        }

        private boolean zone() {
            if (text[at] == 'Z' && at == text.length - 1) {
                return true;
            }
            var sign = text[at] == '+' ? 1 : text[at] == '-' ? -1 : 0;
            at++;
            int hours = number(2), minutes = colon() || at < text.length ? number(2) : 0;
            micros -= sign * (hours * 60L + minutes) * 60_000_000;
            return sign != 0 && hours >= 0 && hours < 16 && minutes >= 0 && minutes < 60 && at == text.length;
        }

        private int number(int digits) {
            var value = 0;
            for (var end = at + digits; at < end; at++) {
                if (at >= text.length || text[at] < '0' || text[at] > '9') {
                    return -1;
                }
                value = value * 10 + text[at] - '0';
            }
            return value;
        }
    }

    /** What the scan learns of one column; Data is the part of it that the plan shows. */
    static final class Profile {
        private static final Set<String> WORDS = Set.of("t", "f", "true", "false", "yes", "no", "y", "n", "on", "off", "0", "1");

        final Column column;
        final Data data;
        final Family family;
        /** Values set of a CHECK (c IN (...)), null if there is none; what lies outside is kept in strays. */
        Set<String> allowed;
        final Set<String> strays = new TreeSet<>();
        boolean json;
        /** Part of a foreign key: its texts may be numbers that the other side has as such. */
        boolean tied;
        long characters;
        long zeroOrOne;
        long beyondDouble;
        long integralReals;
        long numericTexts;
        long integerTexts;
        long wordTexts;
        long dates;
        long stamps;
        long zoned;
        long times;
        long midnights;
        long rounded;
        long jsonb;
        long jsonText;
        long jsonContainers;
        long uuids;
        long sixteenBytes;
        long braces;
        long zeros;
        int integerDigits;
        int scale;
        final Set<String> shapes = new TreeSet<>();
        final Map<Epoch, Long> epochs = new EnumMap<>(Epoch.class);
        private final boolean declaredLength;
        private final Iso iso = new Iso();
        private final byte[] shape = new byte[64];
        private int shapeLength = -1;

        Profile(Column column) {
            this(column, Family.of(column.declared));
        }

        Profile(Column column, Family family) {
            this.column = column;
            this.family = family;
            data = column.data;
            declaredLength = Decision.SIZE.matcher(column.declared).find();
        }

        /** Counts a value; true if it is one of the first ten of another kind than the declared one. */
        boolean add(Row row, int c) throws Exception {
            var type = row.type(c);
            switch (type) {
                case Source.NULL -> data.nulls++;
                case Source.INTEGER -> integer(row.integer(c));
                case Source.REAL -> real(row.real(c));
                case Source.TEXT -> text(row.bytes(c));
                default -> blob(row.bytes(c));
            }
            return type != Source.NULL && isUnexpected(type) && data.forcedBy.size() < 10;
        }

        private boolean isUnexpected(int type) {
            return switch (family) {
                case INTEGER, SMALL, INT4, BOOLEAN -> type != Source.INTEGER;
                case REAL, NUMERIC -> type == Source.TEXT || type == Source.BLOB;
                case TEXT, JSON -> type == Source.BLOB;
                case BLOB, GEOMETRY -> type != Source.BLOB;
                case DATE, TIMESTAMP, TIMESTAMPTZ, TIME -> type == Source.BLOB || type == Source.TEXT && iso.kind == Iso.NONE;
                case UUID, ANY -> false;
            };
        }

        /** Counts a cell of more than a mebibyte, which is not looked into: it is text or a blob, nothing else. */
        void large(boolean text, long length) {
            data.texts += text ? 1 : 0;
            data.blobs += text ? 0 : 1;
            data.maxLength = Math.max(data.maxLength, length);
        }

        private void integer(long value) {
            if (data.integers++ == 0) {
                data.minInteger = data.maxInteger = value;
            } else if (value < data.minInteger) {
                data.minInteger = value;
            } else if (value > data.maxInteger) {
                data.maxInteger = value;
            }
            zeroOrOne += value >> 1 == 0 ? 1 : 0;
            beyondDouble += Math.abs(value) > 1L << 53 ? 1 : 0;
            if (family == Family.NUMERIC) {
                integerDigits = Math.max(integerDigits, digits(value));
            } else if (family.isDate()) {
                zeros += value == 0 ? 1 : 0;
                epochs(value);
            }
        }

        private void real(double value) {
            data.reals++;
            if (Double.isInfinite(value)) {
                data.infinities++;
                return;
            }
            data.minReal = data.minReal == null || value < data.minReal ? (Double) value : data.minReal;
            data.maxReal = data.maxReal == null || value > data.maxReal ? (Double) value : data.maxReal;
            integralReals += value == Math.rint(value) && Math.abs(value) < 1L << 53 ? 1 : 0;
            if (family == Family.NUMERIC) {
                decimal(value);
            } else if (family.isDate()) {
                zeros += value == 0 ? 1 : 0;
                epochs(value);
            }
        }

        /** Notes the digits of the shortest decimal that is this double; two decimals, as money has, without making an object. */
        private void decimal(double value) {
            var hundredths = Math.rint(value * 100);
            if (Math.abs(hundredths) < 1e15 && hundredths / 100 == value) {
                integerDigits = Math.max(integerDigits, digits((long) value));
                scale = Math.max(scale, value == Math.rint(value) ? 0 : value * 10 == Math.rint(value * 10) ? 1 : 2);
            } else {
                decimal(BigDecimal.valueOf(value));
            }
        }

        private void decimal(BigDecimal value) {
            var plain = value.stripTrailingZeros();
            scale = Math.max(scale, plain.scale());
            integerDigits = Math.max(integerDigits, plain.precision() - plain.scale());
        }

        private static int digits(long value) {
            var digits = 0;
            for (; value != 0; value /= 10) {
                digits++;
            }
            return digits;
        }

        private void epochs(double value) {
            for (var epoch : Epoch.values()) {
                if (epoch.plausible(value)) {
                    epochs.merge(epoch, 1L, Long::sum);
                }
            }
        }

        private void text(byte[] bytes) throws IOException {
            data.texts++;
            data.shortMaxLength = Math.max(data.shortMaxLength, bytes.length);
            data.maxLength = Math.max(data.maxLength, bytes.length);
            if (bytes.length == 0) {
                data.empty++;
                return;
            }
            if (hasNul(bytes)) {
                data.nulBytes++;
            }
            if (!validUtf8(bytes)) {
                data.badUtf8++;
                return;
            }
            if (declaredLength) {
                characters = Math.max(characters, characters(bytes));
            }
            if (tied && family == Family.TEXT) {
                number(bytes);
            }
            if (allowed != null) {
                var value = new String(bytes, UTF_8);
                if (!allowed.contains(value) && strays.size() < 10) {
                    strays.add(value);
                }
            }
            switch (family) {
                case DATE, TIMESTAMP, TIMESTAMPTZ, TIME -> date(bytes);
                case BOOLEAN -> wordTexts += bytes.length <= 5 && WORDS.contains(new String(bytes, UTF_8).toLowerCase(Locale.ROOT)) ? 1 : 0;
                case UUID -> uuids += bytes.length == 36 && isUuid(bytes) ? 1 : 0;
                case INTEGER, SMALL, INT4, REAL, NUMERIC -> number(bytes);
                case ANY -> braces += bytes[0] == '{' && bytes[bytes.length - 1] == '}' ? 1 : 0;
                default -> {
                }
            }
            if (family == Family.JSON || json
                    || (bytes[0] == '{' || bytes[0] == '[') && jsonContainers == data.texts - 1 && family == Family.TEXT) {
                json(bytes);
            }
        }

        private void date(byte[] bytes) {
            switch (iso.read(bytes)) {
                case Iso.DATE -> dates++;
                case Iso.STAMP -> stamps++;
                case Iso.ZONED -> zoned++;
                case Iso.TIME -> times++;
                default -> {
                    return;
                }
            }
            midnights += iso.kind != Iso.TIME && iso.micros % 86_400_000_000L == 0 ? 1 : 0;
            rounded += iso.rounded ? 1 : 0;
            noteShape(bytes);
        }

        /** Digits count as 0; the last shape is remembered as bytes, because nearly all values of a column have the same. */
        private void noteShape(byte[] bytes) {
            var same = bytes.length == shapeLength;
            for (var i = 0; same && i < bytes.length; i++) {
                same = (bytes[i] >= '0' && bytes[i] <= '9' ? '0' : bytes[i]) == shape[i];
            }
            if (!same && shapes.size() < 4) {
                shapeLength = bytes.length;
                for (var i = 0; i < bytes.length; i++) {
                    shape[i] = bytes[i] >= '0' && bytes[i] <= '9' ? (byte) '0' : bytes[i];
                }
                shapes.add(new String(shape, 0, shapeLength, US_ASCII));
            }
        }

        private void number(byte[] bytes) {
            var value = decimalOf(bytes);
            if (value != null) {
                numericTexts++;
                decimal(value);
                if (value.stripTrailingZeros().scale() <= 0 && value.precision() - value.scale() <= 19
                        && value.toBigInteger().bitLength() < 64) {
                    integerTexts++;
                }
            }
        }

        private void json(byte[] bytes) throws IOException {
            switch (Json.fits(bytes)) {
                case JSONB -> jsonb++;
                case JSON -> jsonText++;
                default -> {
                    return;
                }
            }
            jsonContainers += bytes[0] == '{' || bytes[0] == '[' ? 1 : 0;
        }

        private void blob(byte[] bytes) {
            data.blobs++;
            data.shortMaxLength = Math.max(data.shortMaxLength, bytes.length);
            data.maxLength = Math.max(data.maxLength, bytes.length);
            sixteenBytes += bytes.length == 16 ? 1 : 0;
        }

        /** Characters are all bytes but those that continue one. */
        private static long characters(byte[] utf8) {
            var count = 0L;
            for (var b : utf8) {
                count += (b & 0xc0) == 0x80 ? 0 : 1;
            }
            return count;
        }

        /** A number in text, as numeric reads it; null if it is none. */
        static BigDecimal decimalOf(byte[] bytes) {
            var text = new String(bytes, UTF_8).strip();
            try {
                return text.isEmpty() || text.length() > 1000 ? null : new BigDecimal(text);
            } catch (NumberFormatException e) {
                return null;
            }
        }

        static boolean isUuid(byte[] bytes) {
            for (var i = 0; i < 36; i++) {
                if (i == 8 || i == 13 || i == 18 || i == 23 ? bytes[i] != '-' : Character.digit(bytes[i], 16) < 0) {
                    return false;
                }
            }
            return true;
        }

        static boolean hasNul(byte[] bytes) {
            for (var b : bytes) {
                if (b == 0) {
                    return true;
                }
            }
            return false;
        }

        /** UTF-8 as PostgreSQL accepts it: shortest forms, no surrogates, up to U+10FFFF (Unicode 15, table 3-7). */
        static boolean validUtf8(byte[] bytes) {
            for (var i = 0; i < bytes.length; i++) {
                int first = bytes[i];
                if (first >= 0) {
                    continue;
                }
                var more = first >= (byte) 0xc2 && first <= (byte) 0xdf ? 1
                        : first >= (byte) 0xe0 && first <= (byte) 0xef ? 2 : first >= (byte) 0xf0 && first <= (byte) 0xf4 ? 3 : 0;
                if (more == 0 || i + more >= bytes.length) {
                    return false;
                }
                int second = bytes[i + 1] & 0xff;
                if (first == (byte) 0xe0 && second < 0xa0 || first == (byte) 0xed && second > 0x9f || first == (byte) 0xf0 && second < 0x90
                        || first == (byte) 0xf4 && second > 0x8f) {
                    return false;
                }
                for (; more > 0; more--) {
                    if ((bytes[++i] & 0xc0) != 0x80) {
                        return false;
                    }
                }
            }
            return true;
        }
    }

    /** Whether a text is JSON, and of which of PostgreSQL's two kinds. */
    static final class Json {
        enum Fit { NONE, JSON, JSONB }

        /**
         * JSONB if jsonb keeps everything; JSON if only json does, which keeps the text (a key twice, \u0000, half a surrogate pair);
         * NONE if it is no JSON (RFC 8259, strictly).
         */
        static Fit fits(byte[] bytes) {
            var text = new String(bytes, UTF_8);
            var kept = true;
            var names = new ArrayDeque<Set<String>>();
            try (var reader = new JsonReader(new StringReader(text))) {
                reader.setStrictness(Strictness.STRICT);
                do {
                    switch (reader.peek()) {
                        case BEGIN_OBJECT -> {
                            reader.beginObject();
                            names.push(new HashSet<>());
                        }
                        case END_OBJECT -> {
                            reader.endObject();
                            names.pop();
                        }
                        case BEGIN_ARRAY -> {
                            reader.beginArray();
                            names.push(Set.of());
                        }
                        case END_ARRAY -> {
                            reader.endArray();
                            names.pop();
                        }
                        case NAME -> {
                            var name = reader.nextName();
                            kept &= names.peek().add(name) && storable(name);
                        }
                        case STRING -> kept &= storable(reader.nextString());
                        case NUMBER -> kept &= inRange(reader.nextString());
                        case BOOLEAN -> reader.nextBoolean();
                        case NULL -> reader.nextNull();
                        default -> {
                            return Fit.NONE;
                        }
                    }
                } while (!names.isEmpty());
                return reader.peek() == JsonToken.END_DOCUMENT ? kept ? Fit.JSONB : Fit.JSON : Fit.NONE;
            } catch (IOException | IllegalStateException | NumberFormatException e) {
                return Fit.NONE;
            }
        }

        private static boolean storable(String text) {
            for (var i = 0; i < text.length(); i++) {
                var c = text.charAt(i);
                if (c == 0 || Character.isSurrogate(c)
                        && !(Character.isHighSurrogate(c) && i + 1 < text.length() && Character.isLowSurrogate(text.charAt(++i)))) {
                    return false;
                }
            }
            return true;
        }

        /** numeric holds up to 131072 digits before the point and 16383 after it (manual of PostgreSQL 18, 8.1.2). */
        private static boolean inRange(String number) {
            var value = new BigDecimal(number);
            return value.scale() <= 16383 && value.precision() - (long) value.scale() <= 131072;
        }
    }

    // ---- the declared type proposes, the data decide ----

    /** Chooses the PostgreSQL type of one column from what was declared and what the scan has found. */
    static final class Decision {
        static final Pattern SIZE = Pattern.compile("\\(\\s*(\\d+)\\s*(?:,\\s*(\\d+)\\s*)?\\)");
        private static final Pattern BOOLEAN_NAME = Pattern
                .compile("(?i:is|has|can|was|should)_\\w+|(?i:allow|enable)\\w*|(is|has)[A-Z]\\w*");

        private final Rules rules;
        private final Table table;
        private final Profile profile;
        private final Column column;
        private final Data data;
        /** Values of the other classes than NULL; '' in a nullable column that holds no text counts as NULL. */
        private final long values;
        private final long texts;
        private final boolean inKey;

        private Decision(Rules rules, Table table, Profile profile, boolean inKey) {
            this.rules = rules;
            this.table = table;
            this.profile = profile;
            this.inKey = inKey;
            column = profile.column;
            data = profile.data;
            var emptyIsNull = !column.notNull && !inKey && data.empty < data.texts + data.integers + data.reals + data.blobs
                    && Set.of(Family.INTEGER, Family.SMALL, Family.INT4, Family.BOOLEAN, Family.REAL, Family.NUMERIC, Family.DATE,
                            Family.TIMESTAMP, Family.TIMESTAMPTZ, Family.TIME, Family.JSON, Family.UUID)
                    .contains(profile.family);
            texts = data.texts - (emptyIsNull ? data.empty : 0);
            values = data.integers + data.reals + texts + data.blobs;
        }

        /** Sets type, conversion, format, reason and notes of the column. inKey: it is part of a key or a foreign key, where booleans are not guessed. */
        static void decide(Rules rules, Table table, Profile profile, boolean inKey) {
            var decision = new Decision(rules, table, profile, inKey);
            decision.choose();
            decision.treatText();
        }

        private void choose() {
            var proposed = proposal();
            if (values == 0) {
                take(proposed, "same", data.nulls + data.empty == 0 ? "no rows: as declared" : "only NULL: as declared");
                column.conversion = conversionOf(proposed);
                return;
            }
            var fits = switch (profile.family) {
                case INTEGER, SMALL, INT4 -> integers(proposed);
                case BOOLEAN -> booleans() || integers("smallint");
                case REAL -> reals();
                case NUMERIC -> decimals(proposed);
                case TEXT -> text();
                case BLOB -> only(data.blobs, "bytea", "same", "all are blobs");
                case DATE, TIMESTAMP, TIMESTAMPTZ -> dates();
                case TIME -> texts > 0 && only(profile.times, "time", "iso", "all are times of the day");
                case JSON -> json();
                case UUID -> uuids();
            case GEOMETRY -> only(data.blobs, "bytea", "same", "all are blobs (GeoPackage or SpatiaLite geometry; PostGIS can read them)");
                case ANY -> false;
            };
            if (fits) {
                return;
            }
            if (!rules.onMismatch.equals("widen") && profile.family != Family.ANY && profile.family != Family.TEXT) {
                take(proposed, conversionOf(proposed), "as declared; values of another kind: " + counts());
                column.onMismatch = rules.onMismatch;
                return;
            }
            byData();
            if (profile.family != Family.ANY && column.notes.isEmpty()) {
                column.notes.add("declared " + (column.declared.isBlank() ? "without a type" : column.declared) + ", but it holds "
                        + counts() + ": " + column.type
                        + (data.forcedBy.isEmpty() ? "" : (table.key.isEmpty() ? "; " : "; rows ") + String.join(", ", data.forcedBy)));
            }
        }

        /** What the declaration alone says (section on types of docs/migrate_to_postgres.md). */
        private String proposal() {
            var size = SIZE.matcher(column.declared);
            var sized = size.find();
            return switch (profile.family) {
                case INTEGER -> "bigint";
                case SMALL -> "smallint";
                case INT4 -> "integer";
                case BOOLEAN -> "boolean";
                case REAL -> "double precision";
                case NUMERIC -> {
                    var precision = sized ? Integer.parseInt(size.group(1)) : 0;
                    var scale = sized && size.group(2) != null ? Integer.parseInt(size.group(2)) : 0;
                    yield precision > 0 && precision <= 1000 && scale <= precision ? "numeric(" + precision + "," + scale + ")" : "numeric";
                }
                case TEXT, ANY -> "text";
                case BLOB, GEOMETRY -> "bytea";
                case DATE -> "date";
                case TIMESTAMP -> zoneIsUtc() ? "timestamptz" : "timestamp";
                case TIMESTAMPTZ -> "timestamptz";
                case TIME -> "time";
                case JSON -> "jsonb";
                case UUID -> "uuid";
            };
        }

        static String conversionOf(String type) {
            return switch (type) {
                case "boolean" -> "boolean";
                case "date", "timestamp", "timestamptz", "time" -> "iso";
                case "jsonb", "json" -> "json";
                case "uuid" -> "uuid";
                default -> "same";
            };
        }

        private boolean take(String type, String conversion, String reason) {
            column.type = type;
            column.conversion = conversion;
            column.reason = reason;
            return true;
        }

        private boolean only(long count, String type, String conversion, String reason) {
            return count == values && take(type, conversion, reason);
        }

        private boolean integers(String proposed) {
            if (BOOLEAN_NAME.matcher(column.name).matches() && !inKey && profile.zeroOrOne == values && booleanDefault()
                    && Family.affinity(column.declared).equals("INTEGER")) {
                return take("boolean", "boolean", "its name asks a question, and all are 0 or 1");
            }
            if (data.blobs > 0) {
                return false;
            }
            if (texts == 0 && data.reals == 0) {
                return take(width(proposed), "same", proposed.equals(width(proposed)) ? "all are integers"
                        : "integers from " + data.minInteger + " to " + data.maxInteger);
            }
            if (texts == 0 && profile.integralReals == data.reals) {
                return take("bigint", "same", "integers, some written as reals");
            }
            return !rules.onMismatch.equals("widen") ? false : texts == 0 ? reals() : numericTexts();
        }

        /** The declared width if all values fit, else the next; --int narrows what was declared without one. */
        private String width(String proposed) {
            if (data.integers == 0) {
                return proposed;
            }
            long largest = Math.max(data.maxInteger, ~data.minInteger);
            var asked = profile.family == Family.INTEGER ? rules.integer : proposed;
            var room = profile.family == Family.INTEGER && !asked.equals("bigint") ? 2 : 1;
            return asked.equals("smallint") && largest <= Short.MAX_VALUE / room ? "smallint"
                    : !asked.equals("bigint") && largest <= Integer.MAX_VALUE / room ? "integer" : "bigint";
        }

        private boolean numericTexts() {
            if (profile.numericTexts < texts) {
                return false;
            }
            if (profile.integerTexts == texts && profile.integralReals == data.reals) {
                return take("bigint", "number", "integers, some written as text");
            }
            return data.infinities == 0 && take("numeric", "number", "numbers, some written as text");
        }

        private boolean booleanDefault() {
            return column.defaultText == null || column.defaultText.matches("(?i)\\(*'?(0|1|true|false|null)'?\\)*");
        }

        private boolean booleans() {
            return profile.zeroOrOne + profile.wordTexts == values
                    && take("boolean", "boolean", profile.wordTexts == 0 ? "all are 0 or 1" : "all are 0, 1 or words for true and false");
        }

        private boolean reals() {
            if (texts == 0 && data.blobs == 0) {
                return profile.beyondDouble == 0 ? take("double precision", "same", "reals keep all their bits")
                        : data.infinities == 0 && take("numeric", "same", "integers beyond 2^53 beside reals");
            }
            return data.blobs == 0 && rules.onMismatch.equals("widen") && numericTexts();
        }

        private boolean decimals(String proposed) {
            var text = texts == 0 ? "same" : "number";
            if (data.blobs > 0 || texts > 0 && profile.numericTexts < texts) {
                return false;
            }
            if (data.infinities > 0) {
                return texts == 0 && profile.beyondDouble == 0 && take("double precision", "same", "infinity is among them");
            }
            var size = SIZE.matcher(proposed);
            if (size.find() && (profile.scale > Integer.parseInt(size.group(2))
                    || profile.integerDigits > Integer.parseInt(size.group(1)) - Integer.parseInt(size.group(2)))) {
                column.notes.add(column.declared + " would round: the data have up to " + profile.integerDigits + " digits before and "
                        + profile.scale + " after the point");
                return take("numeric", text, "PostgreSQL would round to " + proposed);
            }
            return take(proposed, text, proposed.equals("numeric") ? "exact decimals" : "all values fit " + proposed + " exactly");
        }

        private boolean text() {
            if (data.blobs == 0 && texts == values && data.nulBytes == 0 && data.badUtf8 == 0
                    && (profile.json ? profile.jsonb == texts : profile.jsonContainers == texts && texts >= 20 && profile.jsonb == texts)) {
                return take("jsonb", "json", profile.json ? "checked by json_valid" : "all are JSON objects or arrays");
            }
            if (texts == values) {
                return take("text", "same", "text");
            }
            return data.blobs == 0 && texts > 0 && take("text", "same", "text and numbers, as text");
        }

        private boolean dates() {
            var numbers = data.integers + data.reals;
            var counted = rules.zeroDate.equals("null") ? numbers - profile.zeros : numbers;
            var iso = profile.dates + profile.stamps + profile.zoned;
            var asked = rules.epoch.getOrDefault(table.name + "." + column.name, "");
            if (data.blobs > 0 || iso != texts || data.infinities > 0) {
                return false;
            }
            if (numbers > 0) {
                var fitting = profile.epochs.entrySet().stream().filter(e -> e.getValue() == counted).map(Map.Entry::getKey).toList();
                if (asked.equals("none") || asked.isEmpty() && fitting.size() != 1) {
                    column.notes.add(ambiguity(fitting));
                    return false;
                }
                var epoch = asked.isEmpty() ? fitting.get(0).name() : asked;
                return take("timestamptz", epoch,
                        asked.isEmpty() ? "numbers, and only as " + epoch + " time all fall between 1990 and ten years from now"
                                : "--epoch says so");
            }
            column.format = profile.shapes.size() == 1
                    && profile.shapes.stream().noneMatch(shape -> shape.matches(".*[+-]00:?00$|.*:00[+-]00$")) && profile.rounded == 0
                            ? profile.shapes.iterator().next()
                            : null;
            if (profile.rounded > 0) {
                column.notes.add(count(profile.rounded, "value") + " with more than six digits of a second: rounded to microseconds");
            }
            if (profile.dates > 0 && profile.dates < values) {
                column.notes.add("days without a time (" + profile.dates + ") become midnight");
            }
            if (profile.dates == values && profile.family == Family.DATE) {
                return take("date", "iso", "all are dates");
            }
            if (profile.zoned > 0) {
                if (profile.zoned < values) {
                    column.notes.add("some have a zone, some have none: those are read as UTC");
                }
                return take("timestamptz", "iso", profile.zoned == values ? "all have a zone" : "some have a zone");
            }
            return take(profile.family == Family.TIMESTAMPTZ || zoneIsUtc() ? "timestamptz" : "timestamp", "iso",
                    zoneIsUtc() ? "times without a zone, in UTC"
                            : profile.family == Family.TIMESTAMPTZ ? "as declared; those without a zone are read as UTC"
                                    : "times without a zone");
        }

        /** SQLite's CURRENT_TIMESTAMP is UTC, so a column with that default holds UTC. */
        private boolean zoneIsUtc() {
            return rules.assumeUtc || column.defaultText != null && column.defaultText
                    .matches("(?i)\\(*\\s*(current_timestamp|datetime\\s*\\(\\s*'now'\\s*\\)|strftime\\s*\\(.*'now'\\s*\\))\\s*\\)*");
        }

        private String ambiguity(List<Epoch> fitting) {
            var sample = data.integers > 0 ? data.maxInteger.doubleValue() : data.maxReal == null ? 0 : data.maxReal;
            var readings = (fitting.isEmpty() ? Stream.of(Epoch.unix, Epoch.unixms, Epoch.cocoa) : fitting.stream())
                    .map(epoch -> reading(epoch, sample)).collect(Collectors.joining(", "));
            return "numbers in a column of dates, left as they are: "
                    + (fitting.isEmpty() ? "no unit of time fits all of them" : "several units of time fit") + " ("
                    + BigDecimal.valueOf(sample).toPlainString() + " would be "
                    + readings + "); say --epoch " + table.name + "." + column.name + "=UNIT";
        }

        private static String reading(Epoch epoch, double number) {
            try {
                return Instant.EPOCH.plus(epoch.micros(number), ChronoUnit.MICROS) + " as " + epoch;
            } catch (ArithmeticException | DateTimeException e) {
                return "nothing as " + epoch;
            }
        }

        private boolean json() {
            var numbers = data.integers + data.reals;
            if (data.blobs > 0 || profile.jsonb + profile.jsonText != texts || data.infinities > 0) {
                return false;
            }
            return profile.jsonText == 0 ? take("jsonb", "json", numbers == 0 ? "all are JSON" : "JSON; SQLite has stored some as numbers")
                    : take("json", "json", "JSON that jsonb would change (a key twice, \\u0000 or half a surrogate pair)");
        }

        private boolean uuids() {
            if (profile.sixteenBytes == values && data.blobs == values && !rules.uuidBytes.equals("bytea")) {
                return take("uuid", "uuid-" + rules.uuidBytes, "16 bytes, --uuid-bytes=" + rules.uuidBytes);
            }
            return only(profile.uuids, "uuid", "uuid", "all are UUIDs")
                    || only(data.blobs, "bytea", "same", "blobs; --uuid-bytes=rfc or ms reads 16 bytes as UUIDs");
        }

        /** The type that holds everything that is there, by storage classes alone. */
        private void byData() {
            var numbers = data.integers + data.reals;
            if (data.blobs == values) {
                take("bytea", "same", "all are blobs");
            } else if (data.blobs > 0) {
                take("bytea", "same", counts() + ": text and numbers as their bytes");
            } else if (numbers == values && (data.reals == 0 || profile.beyondDouble > 0 && data.infinities == 0)) {
                take(data.reals == 0 ? "bigint" : "numeric", "same",
                        data.reals == 0 ? "all are integers" : "integers beyond 2^53 beside reals");
            } else if (numbers == values && profile.beyondDouble == 0) {
                take("double precision", "same", data.integers == 0 ? "all are reals" : "integers and reals");
            } else {
                take("text", "same", numbers == 0 ? "text" : counts() + ": as text");
            }
            if (profile.braces == values && values > 0) {
                column.notes.add("all values look like PostgreSQL arrays: ALTER COLUMN … TYPE text[] USING … would make them such");
            }
        }

        private String counts() {
            return Stream
                    .of(count(data.integers, "integer"), count(data.reals, "real"), count(data.texts - data.empty, "text"),
                            count(data.empty, "empty text"), count(data.blobs, "blob"))
                    .filter(Objects::nonNull).collect(Collectors.joining(", "));
        }

        private static String count(long count, String what) {
            return count == 0 ? null : count + " " + what + (count == 1 || what.endsWith("text") ? "" : "s");
        }

        /** What PostgreSQL's text cannot hold decides last: --nul and --bad-utf8 may ask for bytea. */
        private void treatText() {
            if (data.nulBytes > 0 && column.type.equals("text")) {
                if (rules.nul.equals("bytea")) {
                    take("bytea", "same", "text with NUL bytes, --nul=bytea");
                } else {
                    column.notes.add("NUL bytes, which PostgreSQL's text cannot hold, in " + count(data.nulBytes, "value") + ": "
                            + (rules.nul.equals("strip") ? "removed" : rules.nul));
                }
            }
            if (data.badUtf8 > 0 && column.type.equals("text")) {
                if (rules.badUtf8.equals("bytea")) {
                    take("bytea", "same", "text that is not UTF-8, --bad-utf8=bytea");
                } else {
                    column.notes.add("not UTF-8 in " + count(data.badUtf8, "value") + ": " + rules.badUtf8);
                }
            }
            if (texts < data.texts && !column.type.equals("text")) {
                column.notes.add("empty texts (" + data.empty + ") become NULL");
            }
        }
    }

    // ---- the plan is made ----

    /** Names of the target: kept, or changed by --case; no two alike, none over PostgreSQL's 63 bytes. */
    static final class Names {
        /** Columns that every table of PostgreSQL has already (manual of PostgreSQL 18, 5.6). */
        private static final Set<String> SYSTEM = Set.of("tableoid", "xmin", "cmin", "xmax", "cmax", "ctid");

        private final String nameCase;
        private final Set<String> taken = new HashSet<>();

        Names(String nameCase) {
            this.nameCase = nameCase;
        }

        /** A name among tables, indexes, views, sequences and constraints, which share one space in a schema. */
        String relation(String name) {
            return unique(name, taken);
        }

        String column(String name, Set<String> columns) {
            columns.addAll(SYSTEM);
            return unique(name, columns);
        }

        /** Tells of a name that had to become another than --case makes of it; says nothing of others. */
        void tell(String name, String target, List<String> notes) {
            if (!target.equals(wanted(name))) {
                notes.add("its name became " + target + (name.getBytes(UTF_8).length > 63 ? ": PostgreSQL's names end at 63 bytes"
                        : ": the one it had is taken, or impossible"));
            }
        }

        private String unique(String name, Set<String> among) {
            var wanted = wanted(name);
            var cut = wanted.getBytes(UTF_8).length > 63 ? cut(wanted, name) : wanted.isEmpty() ? "_" : wanted;
            for (var n = 0; !among.add(cut); n++) {
                cut = cut(wanted, name + n);
            }
            return cut;
        }

        private String wanted(String name) {
            return switch (nameCase) {
                case "lower" -> name.toLowerCase(Locale.ROOT);
            case "snake" -> name.replaceAll("(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_").replaceAll("[^\\p{L}\\p{N}_$]+", "_")
                    .toLowerCase(Locale.ROOT);
                default -> name;
            };
        }

        /** As many characters as fit before an underscore and six hexadecimal digits of the whole name's SHA-1. */
        private static String cut(String name, String whole) {
            var end = name.length();
            while (name.substring(0, end).getBytes(UTF_8).length > 56) {
                end = name.offsetByCodePoints(end, -1);
            }
            return name.substring(0, end) + "_" + DigestUtils.sha1Hex(whole).substring(0, 6);
        }
    }

    /** Reads the schema, scans the data, and decides what everything becomes. */
    static final class Planner {
        private static final String SAME_MIGRATIONS = "the application's record of its migrations, which are the same in the target";
        private static final Set<String> FULL_TEXT = Set.of("fts3", "fts4", "fts5");

        private final Source source;
        private final Rules rules;
        private final Choice choice;
        private final TargetLed led;
        private final Progress progress;
        private final Plan plan = new Plan();
        private final Names names;
        private final Map<Table, CreateTable> created = new IdentityHashMap<>();
        private final Map<Column, Profile> profiles = Collections.synchronizedMap(new IdentityHashMap<>());

        /** @param led the target whose tables are to be filled, null if they are to be made */
        Planner(Source source, Rules rules, Choice choice, TargetLed led, Progress progress) {
            this.led = led;
            this.source = source;
            this.rules = rules;
            this.choice = choice;
            this.progress = progress;
            names = new Names(rules.nameCase);
        }

        Plan plan() throws Exception {
            plan.sqlite = source.file.getFileName().toString();
            plan.encoding = source.encoding;
            plan.userVersion = source.userVersion;
            plan.applicationId = source.applicationId;
            plan.schema = choice.schema;
            plan.rules = rules;
            checkNames();
            tables();
            if (!rules.trustTypes) {
                scan();
            }
            if (led != null) {
                plan.merged = led.isMerged();
                plan.tables.forEach(this::fitToTarget);
                return plan;
            }
            plan.tables.forEach(
                    table -> table.columns.forEach(column -> Decision.decide(rules, table, profiles.get(column), isKey(table, column))));
            unifyForeignKeys();
            constraints();
            new Translation(source, plan, rules, names, created, profiles).translate();
            return plan;
        }

        /** A name that is not there is a slip of the pen, which must not look like success. */
        private void checkNames() throws SQLException {
            var there = lower(
                    source.strings("select name from sqlite_schema where type = 'table'").stream().map(row -> row.get(0)).toList());
            var asked = Stream
                    .of(choice.tables.stream(), choice.exclude.stream(),
                            rules.epoch.keySet().stream().map(name -> name.substring(0, name.lastIndexOf('.'))))
                    .flatMap(names -> names).toList();
            for (var name : asked) {
                if (!there.contains(name.toLowerCase(Locale.ROOT))) {
                    throw new Misuse(source.file.getFileName() + " has no table " + name);
                }
            }
        }

        // tables and columns

        private void tables() throws Exception {
            var kinds = new HashMap<String, List<String>>();
            for (var row : source.strings("select name, type, wr, strict from pragma_table_list where schema = 'main'")) {
                kinds.put(row.get(0), row);
            }
            for (var row : source.strings("select name, sql from sqlite_schema where type = 'table' order by rowid")) {
                var name = row.get(0);
                var kind = kinds.get(name).get(1);
                var why = kind.equals("shadow") ? "keeps the data of a virtual table" : whyLeft(name, kind, row.get(1));
                if (why == null) {
                    table(name, row.get(1), kinds.get(name));
                } else {
                    var item = item(name, row.get(1), why);
                    item.state = name.startsWith("sqlite_") || kind.equals("shadow") || !choice.takes(name) || why.equals(SAME_MIGRATIONS)
                            ? "left out"
                            : "not created";
                    plan.left.add(item);
                }
            }
        }

        private void fitToTarget(Table table) {
            table.columns.forEach(column -> led.decide(table, profiles.get(column)));
            led.check(table);
        }

        private String whyLeft(String name, String kind, String sql) throws SQLException {
            if (name.startsWith("sqlite_")) {
                return name.equals("sqlite_sequence") ? "used to set the sequences" : "SQLite's own; ANALYZE makes PostgreSQL's statistics";
            }
            if (!choice.takes(name)) {
                return "excluded by --tables or --exclude";
            }
            if (led != null && led.table(name) == null) {
                return Objects.requireNonNullElse(led.whyNot(name, source), SAME_MIGRATIONS);
            }
            if (kind.equals("virtual")) {
                var create = parsed(sql);
                var module = create == null ? "?" : create.module().toLowerCase(Locale.ROOT);
                var content = create == null ? null
                        : create.moduleArguments().stream().map(a -> a.replaceAll("\\s", "")).filter(a -> a.startsWith("content="))
                                .findFirst().orElse(null);
                if (content != null) {
                    return content.matches("content=(''|\"\")?") ? "a full-text index without its text: it cannot be read back"
                            : "a full-text index over another table, which has the text: make a tsvector there";
                }
                if (!FULL_TEXT.contains(module)) {
                    return module.matches("rtree.*|geopoly") ? "an index of boxes, derived from other tables: PostgreSQL has GiST indexes"
                            : "a virtual table of the module " + module + ", which cannot be read here";
                }
            }
            return null;
        }

        private void table(String name, String sql, List<String> kind) throws Exception {
            var table = new Table();
            var create = parsed(sql);
            table.name = name;
            table.target = led == null ? names.relation(name) : led.table(name);
            table.kind = create != null && create.module() != null ? create.module().toLowerCase(Locale.ROOT)
                    : kind.get(2).equals("1") ? "without rowid" : "table";
            table.strict = kind.get(3).equals("1");
            created.put(table, create);
            if (led == null) {
                names.tell(name, table.target, table.notes);
            }
            if (create == null) {
                table.notes.add("its CREATE statement was not understood: checks, collations and names of constraints are missing");
            }
            var columns = new HashSet<String>();
            var withRowid = FULL_TEXT.contains(table.kind);
            var keyed = false;
            for (var row : source
                    .strings("select name, type, \"notnull\", dflt_value, pk, hidden from pragma_table_xinfo(?) where hidden <> 1", name)) {
                table.columns.add(column(row, create == null ? null : definition(create, row.get(0)), columns));
                keyed |= !row.get(4).equals("0");
            }
            if (withRowid || choice.keepRowid && !keyed && table.kind.equals("table")) {
                table.columns.add(0, rowid(columns));
            }
            if (table.columns.size() > 1600) {
                throw new Failure(
                        "table " + name + " has " + table.columns.size() + " columns; PostgreSQL allows 1600. Leave it out with --exclude");
            }
            key(table);
            if (led != null) {
                table.columns.removeIf(column -> !hasPlace(table, column));
                table.key.removeIf(part -> columnOrNull(table, part) == null);
            }
            plan.tables.add(table);
        }

        /** A column that the target's table lacks is left, and said. */
        private boolean hasPlace(Table table, Column column) {
            var profile = led.profile(table, column);
            if (profile == null) {
                plan.left.add(
                        item(table.name + "." + column.name, column.declared, "the target's table has no such column, or computes it"));
                return false;
            }
            profiles.put(column, profile);
            return true;
        }

        private Column column(List<String> row, ColumnDef definition, Set<String> taken) {
            var column = new Column();
            column.name = row.get(0);
            column.target = names.column(column.name, taken);
            if (led == null) {
                names.tell(column.name, column.target, column.notes);
            }
            column.declared = definition != null && definition.declared() != null ? definition.declared() : row.get(1);
            column.notNull = row.get(2).equals("1");
            column.defaultText = row.get(5).equals("0") ? definition != null ? definition.defaultText() : row.get(3) : null;
            column.collation = definition == null ? null : definition.collation();
            column.generatedText = definition == null ? null : definition.generated();
            profiles.put(column, new Profile(column));
            return column;
        }

        private Column rowid(Set<String> taken) {
            var column = new Column();
            column.name = "rowid";
            column.target = names.column("rowid", taken);
            column.declared = "INTEGER";
            column.notNull = true;
            column.keptRowid = true;
            profiles.put(column, new Profile(column));
            return column;
        }

        /** The columns that name a row in messages: the primary key, else the rowid that is kept, else the first unique key without NULL. */
        private void key(Table table) throws SQLException {
            source.strings("select name from pragma_table_xinfo(?) where pk > 0 order by pk", table.name)
                    .forEach(row -> table.key.add(row.get(0)));
            if (table.key.isEmpty() && table.columns.get(0).keptRowid) {
                table.key.add("rowid");
            }
            for (var index : table.key.isEmpty()
                    ? source.strings("select name from pragma_index_list(?) where \"unique\" and not partial order by seq desc", table.name)
                    : List.<List<String>>of()) {
                var columns = source.strings("select name from pragma_index_info(?) order by seqno", index.get(0)).stream()
                        .map(row -> row.get(0)).toList();
                if (columns.stream().allMatch(c -> c != null && columnOrNull(table, c) != null && column(table, c).notNull)) {
                    table.key.addAll(columns);
                    return;
                }
            }
        }

        /** Whether the column is the rowid: kept under that name, or the single INTEGER of a primary key for which SQLite needs no index. */
        private boolean isRowid(Table table, Column column) throws SQLException {
            return column.keptRowid
                    || table.kind.equals("table") && column.declared.equalsIgnoreCase("INTEGER") && table.key.equals(List.of(column.name))
                    && !source.strings("select 1 from pragma_table_xinfo(?) where pk = 1", table.name).isEmpty()
                    && source.strings("select 1 from pragma_index_list(?) where origin = 'pk'", table.name).isEmpty();
        }

        private static CreateTable parsed(String sql) {
            try {
                return Sql.table(sql);
            } catch (Untranslatable e) {
                return null;
            }
        }

        private static ColumnDef definition(CreateTable create, String column) {
            return create.columns().stream().filter(c -> c.name().equalsIgnoreCase(column)).findFirst().orElse(null);
        }

        private boolean isKey(Table table, Column column) {
            return table.key.contains(column.name) || created.get(table) != null
                    && created.get(table).references().stream().anyMatch(r -> r.columns().stream().anyMatch(column.name::equalsIgnoreCase));
        }

        // the scan

        private void scan() throws Exception {
            plan.tables.forEach(this::prepare);
            var left = new ConcurrentLinkedQueue<>(plan.tables);
            progress.begin("scan", Map.of());
            var failures = new ConcurrentLinkedQueue<Exception>();
            var threads = IntStream.range(0, source.readers()).mapToObj(reader -> new Thread(() -> {
                try {
                    for (var table = left.poll(); table != null && failures.isEmpty(); table = left.poll()) {
                        scan(table, reader);
                    }
                } catch (Exception e) {
                    failures.add(e);
                }
            })).toList();
            threads.forEach(Thread::start);
            for (var thread : threads) {
                thread.join();
            }
            if (!failures.isEmpty()) {
                throw failures.peek();
            }
            progress.end();
        }

        private void prepare(Table table) {
            var create = created.get(table);
            table.columns.forEach(column -> profiles.get(column).tied = isKey(table, column));
            for (var check : create == null ? List.<CheckDef>of() : create.checks()) {
                try {
                    prepare(table, Sql.expression(check.expression()));
                } catch (Untranslatable e) {
                    continue; // checks() reports it
                }
            }
        }

        /** A CHECK that lists the values of a column, or demands JSON, tells what to look for. */
        private void prepare(Table table, Sql.Expression check) {
            if (check instanceof Sql.In in && !in.not() && in.operand() instanceof Sql.Name name && in.values() != null
                    && !in.values().isEmpty()
                    && in.values().stream().allMatch(v -> v instanceof Sql.Constant constant && constant.value() instanceof String)
                    && columnOrNull(table, name.column()) != null) {
                profiles.get(columnOrNull(table, name.column())).allowed = in.values().stream()
                        .map(v -> (String) ((Sql.Constant) v).value()).collect(Collectors.toCollection(LinkedHashSet::new));
            } else if (check instanceof Sql.Call call && call.name().equalsIgnoreCase("json_valid")
                    && call.arguments().get(0) instanceof Sql.Name name && columnOrNull(table, name.column()) != null) {
                profiles.get(columnOrNull(table, name.column())).json = true;
            }
        }

        /** A table with cells of more than a mebibyte is scanned again, with care. */
        private void scan(Table table, int reader) throws Exception {
            try {
                pass(table, reader);
            } catch (LargeCells e) {
                table.rows = 0;
                table.columns.forEach(column -> {
                    column.data = new Data();
                    column.data.maxLength = Cells.LARGE + 1;
                    profiles.put(column, new Profile(column));
                });
                prepare(table);
                pass(table, reader);
                table.columns.stream().filter(c -> c.data.maxLength == Cells.LARGE + 1)
                        .forEach(c -> c.data.maxLength = c.data.shortMaxLength);
            }
        }

        private void pass(Table table, int reader) throws Exception {
            var columns = table.columns.stream().map(profiles::get).toArray(Profile[]::new);
            var keys = table.key.stream().mapToInt(name -> table.columns.indexOf(column(table, name))).toArray();
            Cells.read(source, reader, table, null, (row, large) -> {
                table.rows++;
                for (var c = 0; c < columns.length; c++) {
                    if (large != null && large.is(c)) {
                        columns[c].large(large.isText(c), large.length(c));
                    } else if (columns[c].add(row, c)) {
                        columns[c].data.forcedBy.add(keyOf(row, keys, columns.length * (large == null ? 1 : 2)));
                    }
                }
                if ((table.rows & 0xffff) == 0) {
                    progress.at(table.name, table.rows);
                }
            });
            table.columns.forEach(column -> column.seen = true);
            progress.done(table.name, table.rows);
        }

        /** What names a row: its key, else its rowid, which stands behind the cells. */
        static String keyOf(Row row, int[] keys, int cells) throws SQLException {
            if (keys.length == 0) {
                return "rowid " + row.shown(cells);
            }
            var text = new StringJoiner(", ");
            for (var key : keys) {
                text.add(row.shown(key));
            }
            return text.toString();
        }

        // foreign keys: both sides must have one type

        private void unifyForeignKeys() throws SQLException {
            var widest = List.of("smallint", "integer", "bigint", "numeric", "double precision", "text");
            for (var changed = true; changed;) {
                changed = false;
                for (var table : plan.tables) {
                    for (var reference : references(table)) {
                        var parent = tableOrNull(reference.parent);
                        for (var i = 0; parent != null && i < Math.min(reference.columns.size(), reference.parentColumns.size()); i++) {
                            var child = columnOrNull(table, reference.columns.get(i));
                            var other = columnOrNull(parent, reference.parentColumns.get(i));
                            if (child != null && other != null && !child.type.equals(other.type) && !numbersInText(child, other)
                                    && !numbersInText(other, child)) {
                                var wide = widest.indexOf(child.type.replaceFirst("\\(.*", "")) >= widest
                                        .indexOf(other.type.replaceFirst("\\(.*", "")) ? child : other;
                                var narrow = wide == child ? other : child;
                                if (!isRowid(table, narrow) && !isRowid(parent, narrow)
                                        && widest.contains(wide.type.replaceFirst("\\(.*", ""))
                                        && (widest.contains(narrow.type.replaceFirst("\\(.*", "")) || narrow.type.equals("uuid"))) {
                                    narrow.type = wide.type;
                                    narrow.conversion = narrow.conversion.equals("uuid") ? "same" : narrow.conversion;
                                    narrow.reason += "; " + wide.type + " like " + (wide == child ? table : parent).name + "." + wide.name
                                            + ", which is tied to it by a foreign key";
                                    changed = true;
                                }
                            }
                        }
                    }
                }
            }
        }

        /** Text that holds nothing but whole numbers becomes what the other side is. */
        private boolean numbersInText(Column text, Column other) {
            var profile = profiles.get(text);
            if (text.type.equals("text") && other.type.equals("bigint") && text.data.texts > 0 && profile.integerTexts == text.data.texts
                    && text.data.texts == text.data.values()) {
                text.type = "bigint";
                text.conversion = "number";
                text.reason = "whole numbers as text, tied by a foreign key to integers";
                text.notes.add("text in SQLite, but all are whole numbers, and a foreign key ties it to integers: bigint");
                return true;
            }
            return false;
        }

        private final Map<Table, List<ForeignKey>> references = new IdentityHashMap<>();

        /** The foreign keys as the pragma gives them; names and DEFERRABLE, which it lacks, from the text. */
        private List<ForeignKey> references(Table table) throws SQLException {
            if (references.containsKey(table)) {
                return references.get(table);
            }
            var byId = new TreeMap<Integer, ForeignKey>(Comparator.reverseOrder());
            for (var row : source.strings(
                    "select id, \"table\", \"from\", \"to\", on_update, on_delete from pragma_foreign_key_list(?) order by id, seq",
                    table.name)) {
                var key = byId.computeIfAbsent(Integer.parseInt(row.get(0)), id -> new ForeignKey());
                key.parent = row.get(1);
                key.columns.add(row.get(2));
                key.onUpdate = row.get(4);
                key.onDelete = row.get(5);
                if (row.get(3) != null) {
                    key.parentColumns.add(row.get(3));
                }
            }
            for (var key : byId.values()) {
                var parent = tableOrNull(key.parent);
                if (key.parentColumns.isEmpty() && parent != null) {
                    key.parentColumns.addAll(parent.key);
                }
                var written = created.get(table) == null ? null : created.get(table).references().stream()
                        .filter(r -> r.table().equalsIgnoreCase(key.parent) && sameNames(r.columns(), key.columns)).findFirst()
                        .orElse(null);
                key.name = written == null ? null : written.name();
                key.deferrable = written == null || !written.deferrable() ? null
                        : written.initiallyDeferred() ? "DEFERRABLE INITIALLY DEFERRED" : "DEFERRABLE";
            }
            references.put(table, List.copyOf(byId.values()));
            return references.get(table);
        }

        private static boolean sameNames(List<String> some, List<String> others) {
            return some.size() == others.size()
                    && IntStream.range(0, some.size()).allMatch(i -> some.get(i).equalsIgnoreCase(others.get(i)));
        }

        // keys and foreign keys as statements

        private void constraints() throws SQLException {
            for (var table : plan.tables) {
                var create = created.get(table);
                if (create != null) {
                    for (var key : create.keys()) {
                        key(table, key, create);
                    }
                } else if (!table.key.isEmpty()) {
                    table.primaryKey = primaryKey(table, null, table.key);
                }
                if (table.primaryKey == null && isRowid(table, table.columns.get(0))) {
                    table.primaryKey = primaryKey(table, null, List.of("rowid"));
                }
                for (var column : table.columns) {
                    if (isRowid(table, column) && column.type.equals("bigint")) {
                        column.identity = names.relation(table.target + "_" + column.target + "_seq");
                    }
                    column.notNull |= table.primaryKey != null && table.primaryKey.sql.contains(" PRIMARY KEY ")
                            && table.key.contains(column.name);
                }
            }
            for (var table : plan.tables) {
                for (var key : references(table)) {
                    foreignKey(table, key);
                }
            }
        }

        private void key(Table table, KeyDef key, CreateTable create) {
            var columns = key.columns().stream().map(KeyColumn::name).map(name -> column(table, name)).toList();
            var item = key.primary() ? primaryKey(table, key.name(), columns.stream().map(c -> c.name).toList())
                    : unique(table, key, columns);
            if (key.conflict() != null) {
                item.notes.add("ON CONFLICT " + key.conflict() + " has no equal: statements that relied on it need INSERT ... ON CONFLICT");
            }
            if (key.primary()) {
                table.primaryKey = item;
                if (columns.stream().anyMatch(c -> !folded(c).equals(id(c.target)))) {
                    table.uniques.add(foldedIndex(table, table.target + "_key", item.sqlite, columns));
                }
            } else {
                table.uniques.add(item);
            }
        }

        private Item primaryKey(Table table, String name, List<String> names) {
            var columns = names.stream().map(n -> column(table, n)).toList();
            var nullable = columns.stream().filter(c -> c.data.nulls > 0).findFirst().orElse(null);
            var item = constraint(table, name != null ? name : table.target + (nullable == null ? "_pkey" : "_key"),
                    "PRIMARY KEY (" + String.join(", ", names) + ")", names,
                    (nullable == null ? "PRIMARY KEY " : "UNIQUE ") + list(columns));
            if (nullable != null) {
                item.reason = nullable.data.nulls + " rows have NULL in " + nullable.name + ", which a primary key cannot: unique instead";
            }
            return item;
        }

        private Item unique(Table table, KeyDef key, List<Column> columns) {
            var text = "UNIQUE (" + columns.stream().map(c -> c.name).collect(Collectors.joining(", ")) + ")";
            var name = key.name() != null ? key.name()
                    : table.target + "_" + columns.stream().map(c -> c.target).collect(Collectors.joining("_")) + "_key";
            if (columns.stream().allMatch(c -> folded(c).equals(id(c.target)))) {
                return constraint(table, name, text, columns.stream().map(c -> c.name).toList(), "UNIQUE " + list(columns));
            }
            return foldedIndex(table, name, text, columns);
        }

        /** Unique as SQLite's collation sees it; an index cannot be the target of a foreign key. */
        private Item foldedIndex(Table table, String name, String text, List<Column> columns) {
            var item = item(name, text, "unique as its collation folds, by an index: it cannot be the target of a foreign key");
            item.target = names.relation(name);
            item.sql = "CREATE UNIQUE INDEX " + id(item.target) + " ON " + qualified(table) + " "
                    + columns.stream().map(this::folded).collect(Collectors.joining(", ", "(", ")"));
            return item;
        }

        /** The column as NOCASE and RTRIM compare it. */
        private String folded(Column column) {
            return !column.type.equals("text") || column.collation == null ? id(column.target)
                    : column.collation.equalsIgnoreCase("NOCASE") && rules.nocase.equals("lower")
                            ? "lower(" + id(column.target) + " COLLATE \"C\")"
                    : column.collation.equalsIgnoreCase("RTRIM") ? "rtrim(" + id(column.target) + ", ' ')" : id(column.target);
        }

        private Item constraint(Table table, String name, String sqlite, List<String> columns, String clause) {
            var item = item(name, sqlite, null);
            item.columns.addAll(columns);
            item.target = names.relation(name);
            item.sql = "ALTER TABLE " + qualified(table) + " ADD CONSTRAINT " + id(item.target) + " " + clause;
            return item;
        }

        private void foreignKey(Table table, ForeignKey key) throws SQLException {
            var parent = tableOrNull(key.parent);
            table.foreignKeys.add(key);
            key.target = names.relation(key.name != null ? key.name
                    : table.target + "_" + key.columns.stream().map(c -> column(table, c).target).collect(Collectors.joining("_"))
                            + "_fkey");
            if (parent == null) {
                key.reason = "the table " + key.parent + " is not there"
                        + (plan.left.stream().anyMatch(item -> item.name.equalsIgnoreCase(key.parent)) ? " in the target" : "");
            } else if (key.parentColumns.size() != key.columns.size()
                    || key.parentColumns.stream().anyMatch(c -> columnOrNull(parent, c) == null)) {
                key.reason = "the columns that it names are not those of a key of " + key.parent;
            } else if (IntStream.range(0, key.columns.size())
                    .anyMatch(i -> !comparable(column(table, key.columns.get(i)).type, column(parent, key.parentColumns.get(i)).type))) {
                key.reason = "the types differ: " + key.columns.stream().map(c -> column(table, c).type).toList() + " and "
                        + key.parentColumns.stream().map(c -> column(parent, c).type).toList();
            } else if (!isUnique(parent, key.parentColumns)) {
                key.reason = key.parent + " (" + String.join(", ", key.parentColumns) + ") is not unique";
            } else {
                key.sql = "ALTER TABLE " + qualified(table) + " ADD CONSTRAINT " + id(key.target) + " FOREIGN KEY "
                        + list(key.columns.stream().map(c -> column(table, c)).toList())
                        + " REFERENCES " + qualified(parent) + " " + list(key.parentColumns.stream().map(c -> column(parent, c)).toList())
                        + action(" ON UPDATE ", key.onUpdate) + action(" ON DELETE ", key.onDelete)
                        + (key.deferrable == null ? "" : " " + key.deferrable);
            }
        }

        private static boolean comparable(String one, String other) {
            var numbers = Set.of("smallint", "integer", "bigint", "numeric", "double precision");
            return one.equals(other)
                    || numbers.contains(one.replaceFirst("\\(.*", "")) && numbers.contains(other.replaceFirst("\\(.*", ""));
        }

        private static String action(String when, String action) {
            return action == null || action.equals("NO ACTION") ? "" : when + action;
        }

        /** Whether there will be a unique constraint, or a unique index without condition, over exactly these columns. */
        private boolean isUnique(Table table, List<String> columns) throws SQLException {
            var wanted = Set.copyOf(lower(columns));
            for (var index : source.strings("select name from pragma_index_list(?) where \"unique\" and not partial and origin = 'c'",
                    table.name)) {
                if (indexColumns(index.get(0)).equals(wanted)) {
                    return true;
                }
            }
            return Stream.concat(Stream.ofNullable(table.primaryKey), table.uniques.stream())
                    .anyMatch(item -> item.sql.startsWith("ALTER") && Set.copyOf(lower(item.columns)).equals(wanted));
        }

        private Set<String> indexColumns(String index) throws SQLException {
            return source.strings("select lower(name) from pragma_index_info(?)", index).stream()
                    .map(row -> Objects.toString(row.get(0), "")).collect(Collectors.toSet());
        }

        private static List<String> lower(List<String> names) {
            return names.stream().map(name -> name.toLowerCase(Locale.ROOT)).toList();
        }

        // small things

        private String qualified(Table table) {
            return id(plan.schema) + "." + id(table.target);
        }

        private static String list(List<Column> columns) {
            return columns.stream().map(c -> id(c.target)).collect(Collectors.joining(", ", "(", ")"));
        }

        private Table tableOrNull(String name) {
            return plan.tables.stream().filter(t -> t.name.equalsIgnoreCase(name)).findFirst().orElse(null);
        }

        static Column columnOrNull(Table table, String name) {
            return table.columns.stream().filter(c -> c.name.equalsIgnoreCase(name)).findFirst().orElse(null);
        }

        static Column column(Table table, String name) {
            return Objects.requireNonNull(columnOrNull(table, name), () -> "no column " + name + " in " + table.name);
        }

        static Item item(String name, String sqlite, String reason) {
            var item = new Item();
            item.name = name;
            item.sqlite = sqlite;
            item.reason = reason;
            return item;
        }
    }

    /** Adds to the plan what has to be translated: enumerated types, checks, generated columns, defaults, indexes, views, triggers. */
    static final class Translation {
        private final Source source;
        private final Plan plan;
        private final Rules rules;
        private final Names names;
        private final Map<Table, CreateTable> created;
        private final Map<Column, Profile> profiles;
        private final Map<Table, SeenTable> seen = new LinkedHashMap<>();
        private Translator translator;

        Translation(Source source, Plan plan, Rules rules, Names names, Map<Table, CreateTable> created, Map<Column, Profile> profiles) {
            this.source = source;
            this.plan = plan;
            this.rules = rules;
            this.names = names;
            this.created = created;
            this.profiles = profiles;
        }

        /** Nothing of PostgreSQL later than 12 is used: the plan does not depend on the server, and later ones understand it. */
        void translate() throws SQLException {
            plan.tables.forEach(table -> table.columns.forEach(column -> enumerate(table, column)));
            plan.tables.forEach(table -> table.columns.forEach(this::collate));
            plan.tables.forEach(table -> seen.put(table, see(table)));
            translator = new Translator(List.copyOf(seen.values()), 12, rules.now.equals("statement"));
            for (var table : plan.tables) {
                table.columns.forEach(column -> column(table, column));
                checks(table);
                lengths(table);
            }
            for (var row : source
                    .strings("select name, tbl_name, sql from sqlite_schema where type = 'index' and sql is not null order by rowid")) {
                var table = plan.tables.stream().filter(t -> t.name.equals(row.get(1))).findFirst();
                if (table.isPresent()) {
                    table.get().indexes.add(index(table.get(), row.get(0), row.get(2)));
                } else {
                    plan.left.add(Planner.item(row.get(0), row.get(2), "an index of " + row.get(1) + ", which is not migrated"));
                }
            }
            if (rules.collation.equals("db")) {
                plan.tables.stream().flatMap(Script::items).forEach(Translation::tellOfLike);
            }
            plan.tables.forEach(this::suggest);
            var views = new ArrayList<>(seen.values());
            for (var row : source.strings("select name, sql from sqlite_schema where type = 'view' order by rowid")) {
                plan.views.add(view(row.get(0), row.get(1), views));
            }
            for (var row : source.strings("select name, tbl_name, sql from sqlite_schema where type = 'trigger' order by rowid")) {
                plan.triggers.add(trigger(row.get(0), row.get(1), row.get(2)));
            }
        }

        // columns

        /** CHECK (c IN ('A', 'B')): an enumerated type, or other letters, if the data keep to it. */
        private void enumerate(Table table, Column column) {
            var profile = profiles.get(column);
            if (profile == null || profile.allowed == null || !column.type.equals("text")) {
                return;
            }
            if (!profile.strays.isEmpty()) {
                column.notes.add("values outside of its CHECK: " + String.join(", ", profile.strays));
                return;
            }
            var mapped = profile.allowed.stream().map(this::mapped).toList();
            if (Set.copyOf(mapped).size() < mapped.size()) {
                column.notes.add("--enum-case=" + rules.enumCase + " would make two values of its CHECK one: left as they are");
                return;
            }
            column.conversion = rules.enumCase.equals("keep") ? rules.enums.equals("native") ? "enum" : "same" : "enum-" + rules.enumCase;
            if (rules.enums.equals("native")) {
                var type = plan.enums.stream().filter(t -> t.values.equals(mapped)).findFirst()
                        .orElseGet(() -> newType(table, column, mapped));
                column.type = id(plan.schema) + "." + id(type.target);
                column.reason = "all values are in its CHECK, --enum=native";
            }
        }

        private EnumType newType(Table table, Column column, List<String> values) {
            var type = new EnumType();
            type.target = names.relation(table.target + "_" + column.target);
            type.values.addAll(values);
            plan.enums.add(type);
            return type;
        }

        /** ASCII letters alone, as SQLite folds them. */
        private String mapped(String value) {
            return rules.enumCase.equals("keep") ? value
                    : value.chars().map(
                            c -> rules.enumCase.equals("lower") ? c >= 'A' && c <= 'Z' ? c + 32 : c : c >= 'a' && c <= 'z' ? c - 32 : c)
                            .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append).toString();
        }

        private void collate(Column column) {
            if (!column.type.equals("text")) {
                return;
            }
            column.textCollation = rules.collation.equals("c") ? "\"C\"" : null;
            if (!"NOCASE".equalsIgnoreCase(column.collation)) {
                if (column.collation != null && !column.collation.equalsIgnoreCase("BINARY")) {
                    column.notes.add("COLLATE " + column.collation + " has no equal here"
                            + (column.collation.equalsIgnoreCase("RTRIM") ? ": indexes are on rtrim(column)" : ""));
                }
                return;
            }
            switch (rules.nocase) {
                case "citext" -> {
                    column.type = "citext";
                    column.textCollation = null;
                    column.notes.add("COLLATE NOCASE became citext, which folds all letters, not only ASCII");
                }
                case "icu" -> {
                    column.textCollation = id(plan.schema) + ".nocase";
                    column.notes.add("COLLATE NOCASE became an ICU collation, which folds all letters, not only ASCII");
                }
                default -> column.notes.add(
                        "COLLATE NOCASE: comparisons are case-sensitive now, its indexes are on lower(column): ask for lower(column) = lower(value)");
            }
        }

        private SeenTable see(Table table) {
            var columns = table.columns.stream()
                    .map(c -> new SeenColumn(c.name, c.target, c.type, Family.affinity(c.declared), c.conversion,
                    "NOCASE".equalsIgnoreCase(c.collation) && rules.nocase.equals("lower"))).toList();
            var rowid = table.columns.stream().filter(c -> c.identity != null || c.keptRowid).map(c -> c.target).findFirst().orElse(null);
            return new SeenTable(table.name, id(plan.schema) + "." + id(table.target), !table.kind.equals("without rowid"), rowid, columns);
        }

        private void column(Table table, Column column) {
            if (column.generatedText != null) {
                try {
                    refuseGenerated(table, Sql.expression(column.generatedText));
                    column.generatedSql = translator.generated(column.generatedText, seen.get(table), column.type, column.notes::add);
                } catch (Untranslatable e) {
                    column.notes
                            .add("generated as " + column.generatedText + ", here a plain column with SQLite's values: " + e.getMessage());
                }
            } else if (column.defaultText != null) {
                column.defaultSql = translator.defaultValue(column.defaultText, column.type, Family.affinity(column.declared),
                        column.conversion, column.notes::add);
            }
        }

        /** PostgreSQL's generated columns cannot refer to each other. */
        private static void refuseGenerated(Table table, Sql.Expression expression) throws Untranslatable {
            var column = expression instanceof Sql.Name name ? Planner.columnOrNull(table, name.column()) : null;
            if (column != null && column.generatedText != null) {
                throw new Untranslatable("it refers to another generated column, " + column.name);
            }
            for (var child : expression.children()) {
                refuseGenerated(table, child);
            }
        }

        // checks, indexes

        private void checks(Table table) {
            var create = created.get(table);
            for (var check : create == null ? List.<CheckDef>of() : create.checks()) {
                var item = Planner.item(check.name(), "CHECK (" + check.expression() + ")", null);
                item.target = names.relation(check.name() != null ? check.name()
                        : table.target + (check.column() == null ? "" : "_" + check.column()) + "_check");
                item.name = check.name() != null ? check.name() : item.target;
                try {
                    item.predicate = translator.check(check.expression(), seen.get(table), item.notes::add);
                    if (item.predicate.isEmpty()) {
                        item.reason = "implied by the type";
                    } else {
                        item.sql = addCheck(table, item);
                    }
                } catch (Untranslatable e) {
                    item.reason = e.getMessage();
                }
                table.checks.add(item);
            }
        }

        private String addCheck(Table table, Item item) {
            return "ALTER TABLE " + id(plan.schema) + "." + id(table.target) + " ADD CONSTRAINT " + id(item.target) + " CHECK ("
                    + item.predicate + ") NOT VALID";
        }

        /** --length=check: the declared length as a check, where the data fit. varchar(n) would cut trailing blanks without a word. */
        private void lengths(Table table) {
            for (var column : table.columns) {
                var size = Decision.SIZE.matcher(column.declared);
                if (rules.length.equals("check") && column.type.equals("text") && size.find()
                        && profiles.get(column).characters <= Long.parseLong(size.group(1))) {
                    var item = Planner.item(column.name + " " + column.declared, column.declared, null);
                    item.target = names.relation(table.target + "_" + column.target + "_length");
                    item.predicate = "char_length(" + id(column.target) + ") <= " + size.group(1);
                    item.sql = addCheck(table, item);
                    table.checks.add(item);
                }
            }
        }

        private Item index(Table table, String name, String sql) {
            var item = Planner.item(name, sql, null);
            item.target = names.relation(name);
            names.tell(name, item.target, item.notes);
            try {
                var index = Sql.index(sql);
                var terms = new ArrayList<String>();
                for (var term : index.terms()) {
                    terms.add(term(table, term, item) + (term.desc() ? " DESC" : ""));
                }
                if (index.where() != null) {
                    item.predicate = translator.predicate(index.where(), seen.get(table), item.notes::add);
                    item.sqlitePredicate = index.where();
                }
                item.sql = "CREATE " + (index.unique() ? "UNIQUE " : "") + "INDEX " + id(item.target) + " ON " + id(plan.schema) + "."
                        + id(table.target)
                        + " (" + String.join(", ", terms) + ")" + (item.predicate == null ? "" : " WHERE " + item.predicate);
            } catch (Untranslatable e) {
                item.reason = e.getMessage();
            }
            return item;
        }

        /** In the collation C, ILIKE folds ASCII letters alone, as SQLite's LIKE does; in that of a database all letters. */
        private static void tellOfLike(Item item) {
            if (item.predicate != null && item.predicate.contains("ILIKE")) {
                item.notes.add("LIKE became ILIKE, which folds all letters, not only ASCII");
            }
        }

        /** Indexes that another one makes needless, foreign keys whose columns have none, texts for which there is a type. */
        private void suggest(Table table) {
            var indexes = Script.items(table)
                    .filter(item -> item.sql != null && item.predicate == null && item.sql.matches("(?s).*(INDEX|UNIQUE|PRIMARY KEY).*"))
                    .toList();
            for (var index : table.indexes) {
                var own = terms(index);
                indexes.stream()
                        .filter(other -> other != index && own != null && index.predicate == null && terms(other) != null
                                && (terms(other) + ", ").startsWith(own + ", ")
                        && (!index.sql.startsWith("CREATE UNIQUE") || terms(other).equals(own))).findFirst()
                        .ifPresent(other -> table.suggestions
                                .add("the index " + index.target + " does nothing that " + other.target + " does not"));
            }
            for (var key : table.foreignKeys) {
                var columns = key.columns.stream().map(name -> id(Planner.column(table, name).target)).collect(Collectors.joining(", "));
                if (indexes.stream().noneMatch(index -> terms(index) != null && (terms(index) + ", ").startsWith(columns + ", "))) {
                    table.suggestions.add("the foreign key " + key.target + " has no index on " + columns + ": deletes in " + key.parent
                            + " read the whole table");
                }
            }
            for (var column : table.columns) {
                if (column.type.equals("text") && column.declared.matches("(?i)inet|cidr|macaddr8?|xml")) {
                    table.suggestions.add("PostgreSQL has the type " + column.declared.toLowerCase(Locale.ROOT) + " for " + column.target);
                }
            }
        }

        /** The columns of an index or key as they stand in its statement; null if there are none at its end. */
        private static String terms(Item item) {
            var list = Pattern.compile("\\(([^()]*)\\)$").matcher(Objects.toString(item.sql, ""));
            return list.find() ? list.group(1) : null;
        }

        private String term(Table table, IndexTerm term, Item item) throws Untranslatable {
            var column = term.column() == null ? null : Planner.columnOrNull(table, term.column());
            if (column == null) {
                return "(" + translator.indexTerm(term.expression(), seen.get(table), item.notes::add) + ")";
            }
            var collation = term.collation() != null ? term.collation() : column.collation;
            if (collation == null || collation.equalsIgnoreCase("BINARY") || !column.type.equals("text")) {
                return id(column.target);
            }
            if (collation.equalsIgnoreCase("NOCASE") && rules.nocase.equals("lower")) {
                item.notes.add("on lower(" + column.target + "), as SQLite's NOCASE folds");
                return "lower(" + id(column.target) + " COLLATE \"C\")";
            }
            if (collation.equalsIgnoreCase("RTRIM")) {
                return "rtrim(" + id(column.target) + ", ' ')";
            }
            if (!collation.equalsIgnoreCase("NOCASE")) {
                item.notes.add("without the collation " + collation + ", which is the application's own");
            }
            return id(column.target);
        }

        // views, triggers

        private Item view(String name, String sql, List<SeenTable> views) throws SQLException {
            var item = Planner.item(name, sql, null);
            item.target = names.relation(name);
            names.tell(name, item.target, item.notes);
            try {
                var create = Sql.view(sql);
                var columns = columnsOf(name);
                var view = new Translator(views, 12, rules.now.equals("statement"))
                        .view(new CreateView(create.name(), columns, create.select()), item.notes::add);
                var taken = new HashSet<String>();
                var targets = columns.stream().map(c -> names.column(c, taken)).toList();
                item.sql = "CREATE VIEW " + id(plan.schema) + "." + id(item.target) + " ("
                        + targets.stream().map(migrate_to_postgres::id).collect(Collectors.joining(", ")) + ") AS\n" + view.sql();
                var columnsSeen = new ArrayList<SeenColumn>();
                for (var i = 0; i < columns.size(); i++) {
                    var as = view.seen().get(i);
                    columnsSeen.add(new SeenColumn(columns.get(i), targets.get(i), as.type(), as.affinity(), as.conversion(), as.noCase()));
                    item.conversions.put(targets.get(i), as.conversion());
                }
                views.add(new SeenTable(name, id(plan.schema) + "." + id(item.target), false, null, columnsSeen));
            } catch (Untranslatable | SQLException e) {
                item.reason = e.getMessage();
            }
            return item;
        }

        /** The names that SQLite gives the columns; a view that does not work there has none. */
        private List<String> columnsOf(String view) throws SQLException, Untranslatable {
            var columns = source.strings("select name from pragma_table_xinfo(?)", view).stream().map(row -> row.get(0)).toList();
            if (columns.isEmpty()) {
                throw new Untranslatable("it does not work in SQLite either");
            }
            return columns;
        }

        private Item trigger(String name, String tableName, String sql) {
            var item = Planner.item(name, sql, null);
            item.target = names.relation(name);
            try {
                var trigger = Sql.trigger(sql);
                var table = seen.entrySet().stream().filter(e -> e.getKey().name.equalsIgnoreCase(tableName)).map(Map.Entry::getValue)
                        .findFirst()
                        .orElseThrow(() -> new Untranslatable("a trigger on " + tableName + ", which is no table here"));
                item.sql = translator.trigger(trigger, table, plan.schema, item.notes::add).sql();
            } catch (Untranslatable e) {
                item.reason = e.getMessage();
            }
            return item;
        }
    }

    // ---- tables that an application has made ----

    /** --data-only: the target's tables and types win, nothing of them is altered. */
    static final class TargetLed {
        /** Where frameworks keep which migrations ran: theirs in the target stay as they are. */
        private static final Set<String> MIGRATIONS = Set.of("schema_migrations", "ar_internal_metadata", "django_migrations",
                "_prisma_migrations", "__efmigrationshistory", "flyway_schema_history", "goose_db_version",
                "__diesel_schema_migrations", "alembic_version", "knex_migrations", "knex_migrations_lock", "sequelizemeta", "migrations",
                "typeorm_metadata");

        /** The columns that name a migration in those tables. */
        private static final Set<String> VERSIONS = Set.of("version", "app", "name", "migration_name", "migrationid", "version_num",
                "version_id");

        private record TargetColumn(String name, String type, boolean notNull, boolean hasDefault, boolean computed, List<String> labels) {
        }

        private final Target target;
        private final Choice choice;
        private final Rules rules;
        /** SQLite's tables by name in lower case without underscores. */
        private final Map<String, String> tables = new TreeMap<>();
        private final Map<String, Map<String, TargetColumn>> columns = new TreeMap<>();
        /** Whether foreign keys and triggers of the target can be kept quiet while loading. */
        boolean quiet;

        TargetLed(Target target, Choice choice, Rules rules) throws SQLException {
            this.target = target;
            this.choice = choice;
            this.rules = rules;
            for (var row : target.list(
                    "select c.relname from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace where n.nspname = ? and c.relkind in ('r', 'p') and not c.relispartition"
                    + " and c.relname !~ '^pgbang_'", choice.schema)) {
                tables.merge(plain(row.get(0)), row.get(0), (one, other) -> one);
                columns.put(row.get(0), columns(row.get(0)));
            }
            if (tables.isEmpty()) {
                throw new Failure(
                        "--data-only: the schema " + choice.schema + " of the target has no tables; let the application make them first");
            }
        }

        private static String plain(String name) {
            return name.toLowerCase(Locale.ROOT).replace("_", "");
        }

        private Map<String, TargetColumn> columns(String table) throws SQLException {
            var found = new LinkedHashMap<String, TargetColumn>();
            for (var row : target.list(
                    "select a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), a.attnotnull, a.atthasdef or a.attidentity <> '', a.attgenerated <> '',"
                            + " (select pg_catalog.array_to_string(pg_catalog.array_agg(e.enumlabel order by e.enumsortorder), e'\\x01') from pg_catalog.pg_enum e where e.enumtypid = a.atttypid)"
                            + " from pg_catalog.pg_attribute a where a.attrelid = pg_catalog.to_regclass(?) and a.attnum > 0 and not a.attisdropped order by a.attnum",
                    id(choice.schema) + "." + id(table))) {
                found.put(row.get(0), new TargetColumn(row.get(0), row.get(1), row.get(2).equals("t"), row.get(3).equals("t"),
                        row.get(4).equals("t"), row.get(5) == null ? List.of() : List.of(row.get(5).split("\u0001"))));
            }
            return found;
        }

        /** The name of the target's table for one of SQLite; null if there is none, or it is not to be filled. */
        String table(String name) {
            var found = columns.containsKey(name) ? name : tables.get(plain(name));
            return found == null || MIGRATIONS.contains(name.toLowerCase(Locale.ROOT)) || choice.protect.contains(found) ? null : found;
        }

        /** Null if there is nothing to say: the same migrations have run on both sides. */
        String whyNot(String name, Source source) throws SQLException {
            if (!MIGRATIONS.contains(name.toLowerCase(Locale.ROOT))) {
                return tables.containsKey(plain(name)) ? "protected" : "the target has no such table";
            }
            var there = tables.get(plain(name));
            if (there == null) {
                return "the application's record of its migrations; the target has none";
            }
            var named = source.strings("select name from pragma_table_info(?)", name).stream().map(row -> row.get(0))
                    .filter(c -> VERSIONS.contains(c.toLowerCase(Locale.ROOT)) && column(there, c) != null).toList();
            if (named.isEmpty()) {
                return "the application's record of its migrations: it was not compared";
            }
            var here = Set.copyOf(source
                    .strings("select " + named.stream().map(c -> "cast(" + Source.quoted(c) + " as text)").collect(Collectors.joining(", "))
                            + " from " + Source.quoted(name))
                    .stream().map(Object::toString).toList());
            var target = Set.copyOf(this.target
                    .list("select " + named.stream().map(c -> id(column(there, c).name) + "::text").collect(Collectors.joining(", "))
                            + " from " + id(choice.schema) + "." + id(there))
                    .stream().map(Object::toString).toList());
            return here.equals(target) ? null
                    : "the application's record of its migrations differs: only in SQLite " + without(here, target)
                            + ", only in the target " + without(target, here)
                    + "; the two may not have the same schema";
        }

        private static String without(Set<String> some, Set<String> others) {
            var rest = new TreeSet<>(some);
            rest.removeAll(others);
            return rest.isEmpty() ? "none" : rest.size() > 5 ? rest.size() + " of them" : String.join(" ", rest);
        }

        private TargetColumn column(String table, String name) {
            var there = columns.get(table);
            return there.containsKey(name) ? there.get(name)
                    : there.values().stream().filter(c -> plain(c.name).equals(plain(name))).findFirst().orElse(null);
        }

        /** Before the scan: what to look for in a column follows from the target's type. Null: the column has no place. */
        Profile profile(Table table, Column column) {
            var to = column(table.target, column.name);
            if (to == null || to.computed) {
                return null;
            }
            column.target = to.name;
            column.type = shortName(to);
            column.notNull = to.notNull;
            var profile = new Profile(column, to.labels.isEmpty() ? Family.of(to.type) : Family.ANY);
            profile.allowed = to.labels.isEmpty() ? null : new LinkedHashSet<>(to.labels);
            return profile;
        }

        private static String shortName(TargetColumn column) {
            return column.type.equals("timestamp with time zone") ? "timestamptz"
                    : column.type.equals("timestamp without time zone") ? "timestamp"
                            : column.type.equals("time without time zone") ? "time"
                    : column.labels.isEmpty() ? column.type : column.type.startsWith("\"") ? column.type : id(column.type);
        }

        /** After the scan: how the values become what the column takes. */
        void decide(Table table, Profile profile) {
            var column = profile.column;
            var type = column.type;
            Decision.decide(rules, table, profile, true);
            var chosen = column.conversion;
            column.type = type;
            column.seen = false; // the scan asked what the data are, not whether they fit
            column.reason = "the target's";
            column.onMismatch = rules.onMismatch.equals("widen") ? "abort" : rules.onMismatch;
            column.notes.clear();
            if (profile.family.isDate()) {
                if (column.data.integers + column.data.reals > 0 && Stream.of(Epoch.values()).noneMatch(e -> e.name().equals(chosen))
                        && !rules.onMismatch.equals("null") && !rules.onMismatch.equals("reject")) {
                    throw new Failure(table.name + "." + column.name + " holds numbers, and the target wants " + type + ": say --epoch "
                            + table.name + "." + column.name + "=UNIT");
                }
                column.conversion = Stream.of(Epoch.values()).anyMatch(e -> e.name().equals(chosen)) ? chosen : "iso";
                column.format = column.conversion.equals("iso")
                        && (!type.equals("date") || column.format == null || column.format.length() == 10) ? column.format : null;
            } else if (profile.allowed != null) {
                column.conversion = profile.strays.isEmpty() ? "enum"
                        : profile.allowed.containsAll(mapped(profile.strays, true)) ? "enum-lower"
                                : profile.allowed.containsAll(mapped(profile.strays, false)) ? "enum-upper" : "enum";
                if (column.conversion.length() > 4) {
                    column.notes.add(String.join(", ", profile.strays) + ": written in the letters of the target's " + type
                            + ", which also has some of them otherwise if SQLite had both");
                }
                column.format = null;
            } else {
                column.conversion = type.equals("uuid") && column.data.blobs > 0 ? "uuid-" + (rules.uuidBytes.equals("ms") ? "ms" : "rfc")
                        : Set.of(Family.INTEGER, Family.SMALL, Family.INT4, Family.REAL, Family.NUMERIC).contains(profile.family)
                                && column.data.texts > column.data.empty ? "number" : Decision.conversionOf(type.replaceFirst("\\(.*", ""));
                column.format = null;
            }
        }

        private static Set<String> mapped(Set<String> values, boolean lower) {
            return values.stream().map(v -> lower ? v.toLowerCase(Locale.ROOT) : v.toUpperCase(Locale.ROOT)).collect(Collectors.toSet());
        }

        /** What stands in the way of filling a table is said before anything is changed. */
        void check(Table table) {
            var filled = table.columns.stream().map(c -> c.target).collect(Collectors.toSet());
            columns.get(table.target).values().stream().filter(c -> c.notNull && !c.hasDefault && !c.computed && !filled.contains(c.name))
                    .findFirst().ifPresent(c -> {
                if (table.rows > 0) {
                            throw new Failure("the target's column " + table.target + "." + c.name
                                    + " must not be NULL and has no default, and " + table.name + " of SQLite has nothing for it");
                }
            });
        }

        /** Rows that are there already: abort, truncate or merge; asked only when a run begins. */
        void clear(Plan plan, Worker worker) throws SQLException {
            var filled = new ArrayList<String>();
            for (var table : plan.tables) {
                if (Target.value(worker.connection, "select 1 from " + qualified(table) + " limit 1") != null) {
                    filled.add(qualified(table));
                }
            }
            if (choice.targetRows.equals("abort") && !filled.isEmpty()) {
                throw new Failure("tables of the target hold rows: " + String.join(", ", filled)
                        + ".\n  --target-rows truncate removes them first, --target-rows merge updates those with the same primary key and keeps the others");
            }
            if (choice.targetRows.equals("truncate") && !filled.isEmpty()) {
                worker.execute("TRUNCATE " + plan.tables.stream().map(this::qualified).collect(Collectors.joining(", ")));
            }
        }

        /** In the transaction of some rows: what keeps the target quiet, and where the rows go. */
        void begin(Worker worker, Table table) throws SQLException {
            if (quiet) {
                worker.execute("SET LOCAL session_replication_role = replica");
            }
            if (isMerged()) {
                worker.execute("CREATE TEMPORARY TABLE pgbang_rows ON COMMIT DROP AS SELECT " + names(table) + " FROM " + qualified(table)
                        + " LIMIT 0");
            }
        }

        String into(Table table) {
            return isMerged() ? "pg_temp.pgbang_rows" : qualified(table);
        }

        /** Rows with the same primary key get the values of SQLite, others are added. */
        void end(Worker worker, Table table) throws SQLException {
            if (!isMerged()) {
                return;
            }
            var key = target.primaryKey(worker.connection, table.target);
            var others = table.columns.stream().map(c -> id(c.target)).filter(c -> !key.contains(c)).toList();
            worker.execute("INSERT INTO " + qualified(table) + " (" + names(table) + ") OVERRIDING SYSTEM VALUE SELECT " + names(table)
                    + " FROM pg_temp.pgbang_rows"
                    + (key.isEmpty() ? ""
                            : " ON CONFLICT (" + String.join(", ", key) + ") DO " + (others.isEmpty() ? "NOTHING"
                                    : "UPDATE SET " + others.stream().map(c -> c + " = excluded." + c).collect(Collectors.joining(", ")))));
        }

        boolean mayClear() {
            return !choice.targetRows.equals("abort");
        }

        boolean isMerged() {
            return choice.targetRows.equals("merge");
        }

        private String qualified(Table table) {
            return id(choice.schema) + "." + id(table.target);
        }

        private static String names(Table table) {
            return table.columns.stream().map(c -> id(c.target)).collect(Collectors.joining(", "));
        }

        /** Foreign keys and triggers stay quiet for a role that may say so; otherwise parents are filled before their children. */
        List<Table> order(Plan plan) throws SQLException, InterruptedException {
            quiet = target.permits("SET LOCAL session_replication_role = replica");
            if (quiet) {
                return plan.tables.stream().sorted(Comparator.comparingLong((Table t) -> -t.rows)).toList();
            }
            var parents = new HashMap<String, Set<String>>();
            for (var row : target.list(
                    "select c.relname, p.relname from pg_catalog.pg_constraint k join pg_catalog.pg_class c on c.oid = k.conrelid join pg_catalog.pg_class p on p.oid = k.confrelid"
                            + " join pg_catalog.pg_namespace n on n.oid = c.relnamespace where k.contype = 'f' and n.nspname = ? and c.oid <> p.oid",
                    choice.schema)) {
                parents.computeIfAbsent(row.get(0), name -> new TreeSet<>()).add(row.get(1));
            }
            var ordered = new ArrayList<Table>();
            var left = new ArrayList<>(plan.tables);
            while (!left.isEmpty()) {
                var open = left.stream().map(t -> t.target).collect(Collectors.toSet());
                var next = left.stream().filter(t -> parents.getOrDefault(t.target, Set.of()).stream().noneMatch(open::contains))
                        .findFirst()
                        .orElseThrow(() -> new Failure("the target's tables refer to each other in a circle (" + String.join(", ", open)
                                + "), and this role may not set session_replication_role.\n"
                                + "  GRANT SET ON PARAMETER session_replication_role TO " + target.user() + "; (PostgreSQL 15 and later)"));
                ordered.add(next);
                left.remove(next);
            }
            return ordered;
        }
    }

    // ---- the target database ----

    /** The PostgreSQL side: the database, the sessions of the workers, and what an interrupted run has noted. */
    static final class Target implements AutoCloseable {
        private static final Set<String> LOST = Set.of("08000", "08001", "08003", "08004", "08006", "57P01", "57P02", "57P03", "57P05",
                "25P03", "25P04");

        private final Database database;
        final String schema;
        /** Where the run keeps its notes: "pgbang". or "schema"."pgbang_ */
        private String notes;
        private Connection lock;
        private final boolean toWrite;
        /** No lock keeps other runs out: this role, or this server, may only read. */
        private boolean unlocked;
        private Worker first;
        final Set<Connection> open = ConcurrentHashMap.newKeySet();

        private Target(Database database, String schema, boolean toWrite) {
            this.database = database;
            this.schema = schema;
            this.toWrite = toWrite;
        }

        /** Opens the target; to write there, makes the database if it is absent, or anew with recreate, the database's name. */
        static Target open(Database database, Choice choice, CommandLine command, boolean toWrite)
                throws SQLException, InterruptedException {
            var target = new Target(database, choice.schema, toWrite);
            var name = database.settings().getProperty("PGDBNAME", database.settings().getProperty("user"));
            if (choice.recreate != null) {
                target.recreate(name, choice.recreate, command);
            }
            try {
                target.lock = target.connect();
            } catch (SQLException e) {
                if (!toWrite || !"3D000".equals(state(e))) {
                    throw e;
                }
                target.create(name);
                target.lock = target.connect();
            }
            target.checkEncoding(name);
            return target;
        }

        /** --verbose: every statement with its time. */
        void log(String sql, long begun) {
            if (database.verbose) {
                database.spec.commandLine().getErr()
                        .println("%6d ms  %s".formatted((System.nanoTime() - begun) / 1_000_000, sql.replaceAll("\\s+", " ")));
            }
        }

        static String state(SQLException error) {
            return error.getSQLState() != null || !(error.getCause() instanceof SQLException cause)
                    ? Objects.toString(error.getSQLState(), "")
                    : state(cause);
        }

        /** Whether the connection has gone, so that a new one can go on. */
        static boolean isLost(SQLException error) {
            return LOST.contains(state(error));
        }

        private void recreate(String name, String given, CommandLine command) throws SQLException, InterruptedException {
            var typed = given;
            if (given.isEmpty() && System.console() != null) {
                typed = System.console().readLine("This drops the database %s with all that is in it. Type its name: ", name);
            }
            if (!name.equals(typed)) {
                throw new ParameterException(command, "--recreate drops the database " + name + ": say --recreate " + name);
            }
            try (var connection = maintenance(); var statement = connection.createStatement()) {
                statement.execute("DROP DATABASE IF EXISTS " + id(name));
            } catch (SQLException e) {
                throw new SQLException("cannot drop the database " + name, e.getSQLState(), e);
            }
            create(name);
        }

        /** SQLite compares bytes, so does the new database: collation C. */
        private void create(String name) throws SQLException {
            var create = "CREATE DATABASE " + id(name).replace("%", "%%")
                    + " TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE '%s'";
            try (var connection = maintenance(); var statement = connection.createStatement()) {
                try {
                    statement.execute(create.formatted("C.UTF-8"));
                } catch (SQLException e) {
                    if (!"22023".equals(e.getSQLState()) && !"42809".equals(e.getSQLState())) {
                        throw e;
                    }
                    statement.execute(create.formatted("C"));
                }
            } catch (SQLException e) {
                if ("42501".equals(state(e))) {
                    throw new Failure("the database " + name
                            + " does not exist, and this role may not create it (SQLSTATE 42501). Ask the administrator to run\n  "
                            + create.formatted("C.UTF-8").replace(" TEMPLATE",
                                    " OWNER " + id(database.settings().getProperty("user")) + " TEMPLATE")
                            + ";");
                }
                throw "42P04".equals(state(e)) ? e : new SQLException("cannot create the database " + name, e.getSQLState(), e);
            }
        }

        private Connection maintenance() throws SQLException {
            var settings = database.settings();
            settings.remove("targetServerType");
            SQLException first = null;
            for (var name : List.of("postgres", "template1")) {
                try {
                    settings.put("PGDBNAME", name);
                    return new Driver().connect("jdbc:postgresql://", settings);
                } catch (SQLException e) {
                    first = first == null ? e : first;
                }
            }
            throw first;
        }

        private void checkEncoding(String name) throws SQLException {
            var encoding = value("show server_encoding");
            if (!encoding.equals("UTF8")) {
                throw new Failure("the database " + name + " has the encoding " + encoding
                        + ", in which not every text of SQLite can be kept: it must be UTF8.\n"
                        + "  CREATE DATABASE … TEMPLATE template0 ENCODING 'UTF8', or --recreate " + name);
            }
        }

        /** A session for a worker. What is set is for speed alone, and not at all behind a pooler, which would hand it on to others. */
        Connection connect() throws SQLException, InterruptedException {
            var connection = database.connect(toWrite);
            connection.unwrap(PGConnection.class).setPrepareThreshold(0); // a named statement stays behind in the session of a pooler
            if (!isPooled(connection)) {
                try (var statement = connection.createStatement()) {
                    statement.execute(
                            "set synchronous_commit = off; set lock_timeout = '10s'; set idle_in_transaction_session_timeout = 0; set statement_timeout = 0; set client_min_messages = warning; set timezone = 'UTC'");
                    statement.execute(
                            "select pg_catalog.set_config('maintenance_work_mem', '128MB', false) from pg_catalog.pg_settings where name = 'maintenance_work_mem' and setting::int < 131072");
                    statement.execute(
                            "select pg_catalog.set_config(name, '0', false) from pg_catalog.pg_settings where name in ('transaction_timeout', 'idle_session_timeout')");
                    statement.execute("set search_path = " + id(schema) + ", public");
                }
            }
            return connection;
        }

        /** Whether the session that answers is another than the one that was opened: a pooler gives out its own. */
        static boolean isPooled(Connection connection) throws SQLException {
            return connection.unwrap(PGConnection.class).getBackendPID() != Integer
                    .parseInt(value(connection, "select pg_catalog.pg_backend_pid()"));
        }

        /** The session that does what is not parallel; it is the first worker, too. */
        Worker first() throws SQLException, InterruptedException {
            if (first == null) {
                first = new Worker(0, this);
            }
            return first;
        }

        Worker worker(int number) throws SQLException, InterruptedException {
            return number == 0 ? first() : new Worker(number, this);
        }

        /** Ends what the workers' sessions are doing, for a run that is interrupted. */
        void cancel() {
            for (var connection : open) {
                try {
                    connection.unwrap(PGConnection.class).cancelQuery();
                } catch (SQLException e) {
                    continue; // it has gone already
                }
            }
        }

        /** Sessions of others that hold a lock on a table of the schema. */
        static String blockers(Worker worker, String schema) throws SQLException {
            return rows(worker.connection,
                    "select distinct 'pid ' || a.pid || ' (' || coalesce(nullif(a.application_name, ''), a.usename, '?') || ', ' || coalesce(a.state, '?') || ')' from pg_catalog.pg_locks l"
                            + " join pg_catalog.pg_class c on c.oid = l.relation join pg_catalog.pg_namespace n on n.oid = c.relnamespace join pg_catalog.pg_stat_activity a on a.pid = l.pid"
                            + " where l.granted and l.database = (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database()) and n.nspname = ? and a.application_name <> 'pgbang/migrate_to_postgres'",
                    schema)
                    .stream().map(row -> row.get(0)).collect(Collectors.joining(", "));
        }

        /** Waits out a server that restarts or has cut the connection: five tries in about half a minute. */
        Connection reconnect() throws SQLException, InterruptedException {
            for (var pause = 1;; pause *= 2) {
                Thread.sleep(pause * 1000L);
                try {
                    return connect();
                } catch (SQLException e) {
                    if (pause >= 16 || !isLost(e)) {
                        throw e;
                    }
                }
            }
        }

        // notes of the run

        /** Makes the schema and the notes; takes the lock that keeps a second run out until this one ends. */
        void prepare() throws SQLException, InterruptedException {
            lock.setAutoCommit(true);
            execute("CREATE SCHEMA IF NOT EXISTS " + id(schema),
                    "select 1 from pg_catalog.pg_namespace where nspname = " + literal(schema));
            try {
                notes = "pgbang.";
                execute("CREATE SCHEMA pgbang", "select 1 from pg_catalog.pg_namespace where nspname = 'pgbang'");
                makeNotes();
            } catch (SQLException e) {
                if (!"42501".equals(e.getSQLState())) {
                    throw e;
                }
                notes = id(schema) + ".pgbang_";
                makeNotes();
            }
            takeLock();
            endOthers();
        }

        /** Finds the notes of the run that is to be compared; makes nothing, and takes the lock only where that is allowed. */
        void prepareToCompare() throws SQLException, InterruptedException {
            for (var kept : earlierNotes()) {
                if (notes == null && value(first().connection, "select 1 from " + kept + " where schema_name = ?", schema) != null) {
                    notes = kept.replaceFirst("sqlite_migration$", "");
                }
            }
            try {
                takeLock();
                endOthers();
            } catch (SQLException e) {
                if (!state(e).matches("42501|25006|42P01")) {
                    throw e;
                }
                unlocked = true;
                lock.setAutoCommit(true);
            }
        }

        private void makeNotes() throws SQLException {
            table("sqlite_migration",
                    "schema_name text PRIMARY KEY, sqlite text NOT NULL, fingerprint text NOT NULL, shape text NOT NULL, plan text NOT NULL, started timestamptz NOT NULL DEFAULT now(), "
                    + "finished timestamptz, verified text, verified_at timestamptz");
            table("sqlite_migration_table",
                    "schema_name text, table_name text, state text NOT NULL, loaded bigint NOT NULL DEFAULT 0, watermark text, source bytea, PRIMARY KEY (schema_name, table_name)");
            table("sqlite_migration_change",
                    "schema_name text NOT NULL, table_name text NOT NULL, number bigint NOT NULL, action text NOT NULL, line text NOT NULL");
            execute("CREATE VIEW " + notes + "sqlite_migration_lock AS SELECT",
                    "select pg_catalog.to_regclass(" + literal(notes + "sqlite_migration_lock") + ")");
            for (var name : List.of("", "_table", "_change", "_lock")) {
                if (value(
                        "select 1 where pg_catalog.has_table_privilege(" + literal(notes(name)) + ", 'insert, update, delete')") == null) {
                    throw new SQLException("the notes of an earlier run, " + notes(name)
                            + ", belong to another role: GRANT ALL ON ALL TABLES IN SCHEMA pgbang TO " + id(user()), "42501");
                }
            }
        }

        private void table(String name, String columns) throws SQLException {
            execute("CREATE TABLE " + notes + name + " (" + columns + ")", "select pg_catalog.to_regclass(" + literal(notes + name) + ")");
        }

        /** Sessions of a run that was killed may still build an index: they are ended before their work is looked at. */
        private void endOthers() throws SQLException, InterruptedException {
            var others = " from pg_catalog.pg_stat_activity where state <> 'idle' and query !~ 'sqlite_migration_lock' and datname = pg_catalog.current_database() and usename = current_user and application_name = 'pgbang/migrate_to_postgres' and pid <> pg_catalog.pg_backend_pid()";
            var connection = first().connection;
            if (isPooled(connection) || !notes.equals("pgbang.")) {
                return;
            }
            others += " and pid <> " + lock.unwrap(PGConnection.class).getBackendPID();
            for (var tries = 0; tries < 100 && value(connection, "select pg_catalog.pg_terminate_backend(pid)" + others) != null; tries++) {
                Thread.sleep(100);
            }
        }

        /** Tries for three seconds: the server may not have noticed yet that the run before has gone. */
        private void takeLock() throws SQLException, InterruptedException {
            if (unlocked) {
                return;
            }
            lock.setAutoCommit(false);
            for (var left = 30;; left--) {
                try (var statement = lock.createStatement()) {
                    statement.execute("SET LOCAL idle_in_transaction_session_timeout = 0; LOCK TABLE " + notes
                            + "sqlite_migration_lock IN SHARE ROW EXCLUSIVE MODE NOWAIT");
                    return;
                } catch (SQLException e) {
                    lock.rollback();
                    if (!"55P03".equals(e.getSQLState())) {
                        throw e;
                    }
                    if (left == 0) {
                        throw new Failure("another run of migrate_to_postgres is working in this database: wait until it ends");
                    }
                    Thread.sleep(100);
                }
            }
        }

        /** A look at the lock's session between two tables, so that an idle cut is noticed; what keeps two runs apart in the rows themselves is Loader.note. */
        synchronized void keepLock() throws SQLException, InterruptedException {
            try (var statement = lock.createStatement()) {
                statement.execute("SET LOCAL idle_in_transaction_session_timeout = 0");
            } catch (SQLException e) {
                if (!isLost(e)) {
                    throw e;
                }
                lock = reconnect();
                takeLock();
            }
        }

        String notes(String table) {
            return notes + "sqlite_migration" + table;
        }

        /** Runs a statement unless the question has an answer: not IF NOT EXISTS, which wants the right to create even if there is nothing to do. */
        private void execute(String sql, String exists) throws SQLException {
            if (value(exists) != null) {
                return;
            }
            try (var statement = lock.createStatement()) {
                statement.execute(sql);
            } catch (SQLException e) {
                if (!e.getSQLState().matches("42P0[67]|42710|23505") || value(exists) == null) {
                    throw e; // else a run that began at the same moment has made it
                }
            }
        }

        /** Questions before the run has begun. */
        List<List<String>> list(String query, Object... parameters) throws SQLException {
            return rows(lock, query, parameters);
        }

        /** Whether the server would allow it; nothing of it stays. */
        boolean permits(String sql) throws SQLException, InterruptedException {
            var connection = first().connection;
            connection.setAutoCommit(false);
            try {
                first().execute(sql);
                return true;
            } catch (SQLException e) {
                if ("42501".equals(e.getSQLState())) {
                    return false;
                }
                throw e;
            } finally {
                connection.rollback();
                connection.setAutoCommit(true);
            }
        }

        /** The quoted columns of a table's primary key; empty if it has none. */
        List<String> primaryKey(Connection connection, String table) throws SQLException {
            return rows(connection,
                    "select a.attname from pg_catalog.pg_index i join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = any (i.indkey) where i.indisprimary and i.indrelid = pg_catalog.to_regclass(?)",
                    id(schema) + "." + id(table)).stream().map(row -> id(row.get(0))).toList();
        }

        String user() {
            return database.settings().getProperty("user");
        }

        synchronized String value(String query) throws SQLException {
            return value(lock, query);
        }

        static String value(Connection connection, String query, Object... parameters) throws SQLException {
            var rows = rows(connection, query, parameters);
            return rows.isEmpty() ? null : rows.get(0).get(0);
        }

        static List<List<String>> rows(Connection connection, String query, Object... parameters) throws SQLException {
            try (var statement = connection.prepareStatement(query)) {
                for (var i = 0; i < parameters.length; i++) {
                    statement.setObject(i + 1, parameters[i]);
                }
                var rows = new ArrayList<List<String>>();
                try (var result = statement.executeQuery()) {
                    while (result.next()) {
                        var row = new ArrayList<String>();
                        for (var c = 1; c <= result.getMetaData().getColumnCount(); c++) {
                            row.add(result.getString(c));
                        }
                        rows.add(row);
                    }
                }
                return rows;
            }
        }

        // what an earlier run has left

        /** Nothing is created beside what is not ours: the schema must be empty, but for protected tables and what an earlier run of ours has made. */
        void checkEmpty(Plan plan, List<String> protectedTables) throws SQLException, InterruptedException {
            var ours = new HashSet<String>();
            for (var kept : earlierNotes()) {
                ours.addAll(earlierNames(kept));
            }
            var there = rows(lock,
                    "select c.relname from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace where n.nspname = ? and c.relkind in ('r', 'p', 'v', 'm', 'f')"
                            + " and c.relname !~ '^pgbang_' and c.relname <> 'schema_migrations' and not exists (select from pg_catalog.pg_depend d where d.objid = c.oid and d.deptype = 'e') order by 1",
                    schema);
            var strange = there.stream().map(row -> row.get(0)).filter(name -> !ours.contains(name) && !protectedTables.contains(name))
                    .toList();
            var clash = plan.tables.stream().map(t -> t.target).filter(protectedTables::contains).findFirst();
            if (clash.isPresent()) {
                throw new Failure("the table " + clash.get()
                        + " is protected, and SQLite has one of that name: leave it out with --exclude, or use --schema NAME");
            }
            if (!strange.isEmpty()) {
                throw new Failure("the schema " + schema + " of the target is not empty: it has "
                        + strange.stream().limit(5).collect(Collectors.joining(", "))
                        + (strange.size() > 5 ? " and " + (strange.size() - 5) + " more" : "")
                        + ".\n  --data-only fills tables that an application has made; --schema NAME puts all into another schema;\n  --protect TABLE leaves a table alone; --recreate "
                        + lock.getCatalog() + " begins with an empty database");
            }
        }

        /** The tables of notes that this role may read. */
        private List<String> earlierNotes() throws SQLException, InterruptedException {
            return rows(first().connection,
                    "select pg_catalog.quote_ident(n.nspname) || '.' || c.relname from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace"
                    + " where (n.nspname, c.relname) in (('pgbang', 'sqlite_migration'), (?, 'pgbang_sqlite_migration'))"
                            + " and pg_catalog.has_schema_privilege(n.oid, 'usage') and pg_catalog.has_table_privilege(c.oid, 'select')",
                    schema).stream().map(row -> row.get(0)).toList();
        }

        private Set<String> earlierNames(String notes) throws SQLException, InterruptedException {
            var plan = value(first().connection, "select plan from " + notes + " where schema_name = ?", schema);
            var names = new HashSet<String>();
            if (plan != null) {
                var earlier = Plan.parse(plan);
                earlier.tables.forEach(table -> names.add(table.target));
                earlier.views.forEach(view -> names.add(view.target));
            }
            return names;
        }

        /** The plan of the run that has filled this schema. */
        Plan earlierPlan() throws SQLException, InterruptedException {
            for (var kept : earlierNotes()) {
                var plan = value(first().connection, "select plan from " + kept + " where schema_name = ?", schema);
                if (plan != null) {
                    return Plan.parse(plan);
                }
            }
            throw new Failure(
                    "no run of migrate_to_postgres has filled the schema " + schema + " of this database: there is nothing to verify");
        }

        /**
         * Begins a run, or goes on with an earlier one of the same plan and file. One that was interrupted and has become another since is begun anew;
         * one that is complete is never undone: false if all that is left to do is to compare it.
         */
        boolean begin(Plan plan, Source source, TargetLed led, Progress progress) throws SQLException, IOException, InterruptedException {
            var fingerprint = source.fingerprint;
            var worker = first();
            if (led == null) {
                forgetWhatIsGone(worker, progress);
            }
            var earlier = rows(worker.connection, "select shape, fingerprint, finished, plan from " + notes("") + " where schema_name = ?",
                    schema);
            if (!earlier.isEmpty()) {
                var row = earlier.get(0);
                var samePlan = row.get(0).equals(plan.shape());
                var finished = row.get(2) != null;
                var again = finished && led != null && led.mayClear();
                if (samePlan && finished && !again) {
                    progress.say("this file has been migrated before" + (row.get(1).equals(fingerprint) ? "" : ", and was written to since")
                            + ": it is compared with what is there, and nothing is changed");
                    return false;
                }
                if (samePlan && row.get(1).equals(fingerprint) && !again) {
                    progress.say("going on with the run that was interrupted");
                    return true;
                }
                if (finished && led == null) {
                    throw new Failure("an earlier run has filled the schema " + schema
                            + " by another plan or other options.\n  To begin anew: --recreate " + worker.connection.getCatalog()
                            + ", or another --schema");
                }
                progress.say(finished ? "an earlier run has filled tables of this schema"
                        : "the file or the plan has changed since the run that was interrupted: it begins anew");
            }
            if (led != null) {
                led.clear(plan, worker);
            }
            if (!earlier.isEmpty()) {
                forget(worker, Plan.parse(earlier.get(0).get(3)), led == null);
            }
            note(worker, plan, fingerprint);
            return true;
        }

        /** Removes the notes of the interrupted run, and what it has made itself. */
        private void forget(Worker worker, Plan plan, boolean dropped) throws SQLException {
            if (dropped) {
                for (var view : plan.views) {
                    worker.execute("DROP VIEW IF EXISTS " + id(schema) + "." + id(view.target) + " CASCADE");
                }
                for (var table : plan.tables) { // one lock at a time: a table that thousands refer to would lock them all
                    for (var key : table.foreignKeys) {
                        worker.execute("ALTER TABLE IF EXISTS " + id(schema) + "." + id(table.target) + " DROP CONSTRAINT IF EXISTS "
                                + id(key.target));
                    }
                }
                for (var table : plan.tables) {
                    worker.execute("BEGIN; DROP TABLE IF EXISTS " + id(schema) + "." + id(table.target) + " CASCADE; " + forgetting(table)
                            + "; COMMIT");
                }
                for (var type : plan.enums) {
                    worker.execute("DROP TYPE IF EXISTS " + id(schema) + "." + id(type.target));
                }
            }
            forgetNotes(worker);
        }

        /** Tables of the earlier run that somebody has dropped since are made again; if all were, that run counts for nothing. */
        private void forgetWhatIsGone(Worker worker, Progress progress) throws SQLException {
            var earlier = value(worker.connection, "select plan from " + notes("") + " where schema_name = ?", schema);
            var tables = earlier == null ? List.<Table>of() : Plan.parse(earlier).tables;
            var gone = tables.stream().filter(table -> !exists(worker, table)).toList();
            if (gone.size() == tables.size()) {
                forgetNotes(worker);
                return;
            }
            if (!gone.isEmpty()
                    && value(worker.connection, "select finished from " + notes("") + " where schema_name = ?", schema) != null) {
                throw new Failure("an earlier run was complete, but "
                        + gone.stream().map(table -> table.target).limit(5).collect(Collectors.joining(", "))
                        + " is gone from the target since.\n  To begin anew: --recreate "
                        + worker.connection.getCatalog() + ", or another --schema");
            }
            for (var table : gone) {
                if (value(worker.connection, "select 1 from " + notes("_table") + " where schema_name = ? and table_name = ?", schema,
                        table.name) != null) {
                    progress.say(table.target + " is gone from the target: it is loaded anew");
                }
                worker.execute("BEGIN; " + forgetting(table) + "; COMMIT");
            }
        }

        /** Statements that remove the notes of a table, to stand in one transaction with its end. */
        String forgetting(Table table) {
            var where = " WHERE schema_name = " + literal(schema) + " AND table_name = " + literal(table.name);
            return "DELETE FROM " + notes("_table") + where + "; DELETE FROM " + notes("_change") + where;
        }

        private boolean exists(Worker worker, Table table) {
            try {
                return value(worker.connection, "select pg_catalog.to_regclass(?)", id(schema) + "." + id(table.target)) != null;
            } catch (SQLException e) {
                throw new IllegalStateException("cannot look for " + table.target, e);
            }
        }

        private void forgetNotes(Worker worker) throws SQLException {
            for (var table : List.of("", "_table", "_change")) {
                worker.execute("DELETE FROM " + notes(table) + " WHERE schema_name = " + literal(schema));
            }
        }

        /** A schema without rows is complete in itself: what fills it is --data-only, which asks for no earlier run. */
        void finishWithoutRows() throws SQLException, InterruptedException {
            forgetNotes(first());
        }

        private void note(Worker worker, Plan plan, String fingerprint) throws SQLException {
            try (var insert = worker.connection.prepareStatement(
                    "insert into " + notes("") + " (schema_name, sqlite, fingerprint, shape, plan) values (?, ?, ?, ?, ?)")) {
                var values = List.of(schema, plan.sqlite, fingerprint, plan.shape(), plan.toJson());
                for (var i = 0; i < values.size(); i++) {
                    insert.setString(i + 1, values.get(i));
                }
                insert.execute();
            }
        }

        /** Notes that all is there and what the plan has become. */
        void finish(Plan plan, boolean verified) throws SQLException, InterruptedException {
            note("finished = pg_catalog.now(), verified = ?, plan = ?", verified ? "yes" : "no", plan.toJson());
        }

        /** Notes what a later comparison has found, and if it was equal, of which state of the file; what numbers alone tell proves no equality. */
        void note(Report report, String fingerprint, Progress progress) throws InterruptedException {
            try {
                if (report.isProven()) {
                    note("verified = 'yes', fingerprint = case when finished is null then fingerprint else ? end", fingerprint);
                } else if (report.differs()) {
                    note("verified = 'no'");
                }
            } catch (SQLException e) {
                progress.say(
                        "the result of this comparison is not recorded in the target: " + e.getMessage().lines().findFirst().orElse(""));
            }
        }

        /** Durably: this commit waits for the disk, and so for all before it. */
        private void note(String settings, String... values) throws SQLException, InterruptedException {
            var session = first();
            var at = hasVerifiedAt(session) ? ", verified_at = pg_catalog.now()" : "";
            session.connection.setAutoCommit(false);
            try (var update = session.connection
                    .prepareStatement("update " + notes("") + " set " + settings + at + " where schema_name = ?")) {
                session.execute("SET LOCAL synchronous_commit = on");
                for (var i = 0; i < values.length; i++) {
                    update.setString(i + 1, values[i]);
                }
                update.setString(values.length + 1, schema);
                update.execute();
                session.connection.commit();
            } finally {
                session.connection.rollback();
                session.connection.setAutoCommit(true);
            }
        }

        /** Notes that an earlier version has made get the column, if this role may. */
        private boolean hasVerifiedAt(Worker session) throws SQLException {
            var exists = "select 1 from pg_catalog.pg_attribute where attrelid = pg_catalog.to_regclass(?) and attname = 'verified_at' and not attisdropped";
            if (value(session.connection, exists, notes("")) == null) {
                try {
                    session.execute("ALTER TABLE " + notes("") + " ADD COLUMN IF NOT EXISTS verified_at timestamptz");
                } catch (SQLException e) {
                    if (!state(e).matches("42501|55P03")) {
                        throw e;
                    }
                    return false;
                }
            }
            return true;
        }

        /** How often each action was taken on a cell. */
        Map<String, Long> changes() throws SQLException, InterruptedException {
            var counts = new TreeMap<String, Long>();
            for (var row : rows(first().connection,
                    "select action, count(*) from " + notes("_change") + " where schema_name = ? group by 1", schema)) {
                counts.put(row.get(0), Long.parseLong(row.get(1)));
            }
            return counts;
        }

        /** The reject file, if there is anything in it. */
        void writeChanges(Path file, Map<String, Long> changes) throws Exception {
            if (changes.isEmpty()) {
                return;
            }
            var connection = first().connection;
            connection.setAutoCommit(false);
            try (var out = Files.newBufferedWriter(file)) {
                try (var query = connection
                        .prepareStatement("select line from " + notes("_change") + " where schema_name = ? order by table_name, number")) {
                    query.setFetchSize(10); // a line may have a megabyte
                    query.setString(1, schema);
                    for (var rows = query.executeQuery(); rows.next();) {
                        out.write(rows.getString(1) + "\n");
                    }
                }
            }
            connection.commit();
            connection.setAutoCommit(true);
        }

        @Override
        public void close() throws SQLException {
            if (first != null) {
                first.close();
            }
            if (lock != null) {
                lock.close();
            }
        }
    }

    /** The one function that quotes identifiers. */
    static String id(String name) {
        return '"' + name.replace("\"", "\"\"") + '"';
    }

    static String literal(String text) {
        return "'" + text.replace("'", "''") + "'";
    }

    /** What was asked for does not fit what is there; exit code 64. */
    static class Misuse extends RuntimeException {
        Misuse(String message) {
            super(message);
        }
    }

    /** What stops the run, in words for its user; exit code 2. */
    static class Failure extends RuntimeException {
        Failure(String message) {
            super(message);
        }
    }

    // ---- rows ----

    /** Reads the cells of a table; those of more than a mebibyte never come to the heap, but in slices. */
    static final class Cells {
        static final int LARGE = 1 << 20;
        static final int SLICE = 1 << 25;
        private static final int TOO_BIG = 18;

        interface Handler {
            /** large is null unless the table has large cells at all; those read as NULL from the row. */
            void row(Row row, Large large) throws Exception;
        }

        /** Which cells of the present row are large, and their bytes. */
        static final class Large {
            private final Source source;
            private final Connection reader;
            private final Table table;
            private final List<String> locators;
            private Row row;

            Large(Source source, Connection reader, Table table) {
                this.source = source;
                this.reader = reader;
                this.table = table;
                locators = locators(table);
            }

            boolean is(int column) throws SQLException {
                return row.type(table.columns.size() + column) != Source.NULL;
            }

            boolean isText(int column) throws SQLException {
                return row.shown(table.columns.size() + column).startsWith("text");
            }

            long length(int column) throws SQLException {
                return Long.parseLong(row.shown(table.columns.size() + column).substring(5));
            }

            /** Hands over the bytes in pieces; text of UTF-16 files as a whole. */
            void slices(int column, Slice slice) throws Exception {
                var name = Source.quoted(table.columns.get(column).name);
                var where = new StringJoiner(" and ");
                for (var i = 0; i < locators.size(); i++) {
                    where.add(locators.get(i) + " is " + Cells.literal(row, 2 * table.columns.size() + i));
                }
                var whole = source.utf16 && isText(column);
                var length = length(column);
                for (var from = 1L; from <= length; from += whole ? length : SLICE) {
                    var part = whole ? name : "substr(cast(" + name + " as blob), " + from + ", " + SLICE + ")";
                    source.read(reader, "select " + part + " from " + Source.quoted(table.name) + " where " + where,
                            found -> slice.bytes(found.bytes(0)));
                }
            }
        }

        interface Slice {
            void bytes(byte[] bytes) throws Exception;
        }

        /** Reads all rows, or those after a watermark, in the order of the rowid or of the primary key of a table without one. */
        static void read(Source source, int worker, Table table, String after, Handler handler) throws Exception {
            var reader = source.reader(worker);
            var database = ((SQLiteConnection) reader).getDatabase();
            var guarded = table.columns.stream().anyMatch(c -> c.data.maxLength > LARGE);
            if (!guarded) {
                // SQLite itself refuses a longer cell, which costs nothing while there is none.
                var most = database.limit(0, LARGE);
                try {
                    source.read(reader, select(table, after, false), row -> handler.row(row, null));
                    return;
                } catch (SQLException e) {
                    if (e.getErrorCode() != TOO_BIG) {
                        throw e;
                    }
                } finally {
                    database.limit(0, most);
                }
                throw new LargeCells();
            }
            var large = new Large(source, reader, table);
            source.read(reader, select(table, after, true), row -> {
                large.row = row;
                handler.row(row, large);
            });
        }

        private static String select(Table table, String after, boolean guarded) {
            var cells = new StringJoiner(", ");
            for (var column : table.columns) {
                var name = column.conversion.equals("jsonb-blob") ? "json(" + Source.quoted(column.name) + ")" : Source.quoted(column.name);
                cells.add(guarded ? "case when octet_length(" + name + ") > " + LARGE + " then null else " + name + " end" : name);
            }
            if (guarded) {
                table.columns.forEach(
                        column -> cells.add("case when octet_length(%1$s) > %2$d then typeof(%1$s) || ' ' || octet_length(%1$s) end"
                                .formatted(Source.quoted(column.name), LARGE)));
            }
            var locators = locators(table);
            locators.forEach(cells::add);
            return "select " + cells + " from " + Source.quoted(table.name)
                    + (after == null ? "" : " where (" + String.join(", ", locators) + ") > (" + after + ")")
                    + (table.kind.equals("view") ? "" : " order by " + String.join(", ", locators));
        }

        /** What orders the rows and finds one again: the rowid under a name that no column hides, or the primary key. */
        static List<String> locators(Table table) {
            return table.kind.equals("view") ? List.of()
                    : table.kind.equals("without rowid") ? table.key.stream().map(Source::quoted).toList()
                            : Stream.of("rowid", "_rowid_", "oid")
                                    .filter(name -> table.columns.stream().noneMatch(c -> c.name.equalsIgnoreCase(name))
                                            || name.equals("rowid") && table.columns.get(0).keptRowid)
                            .limit(1).toList();
        }

        /** The place of the present row, to go on after it. */
        static String watermark(Row row, Table table, boolean guarded) throws SQLException {
            var from = table.columns.size() * (guarded ? 2 : 1);
            var values = new StringJoiner(", ");
            for (var i = 0; i < locators(table).size(); i++) {
                values.add(literal(row, from + i));
            }
            return values.toString();
        }

        private static String literal(Row row, int column) throws SQLException {
            return switch (row.type(column)) {
                case Source.TEXT -> "cast(x'" + HexFormat.of().formatHex(row.bytes(column)) + "' as text)";
            case Source.REAL ->
                Double.isInfinite(row.real(column)) ? (row.real(column) > 0 ? "9e999" : "-9e999") : Double.toString(row.real(column));
                default -> row.shown(column);
            };
        }
    }

    /** A table has a cell of more than a mebibyte, which was not known before it was read. */
    static class LargeCells extends Exception {
        LargeCells() {
            super("a cell or a row of more than a mebibyte");
        }
    }

    /** Writes one row after the other for COPY into a buffer, which is sent when it holds half a mebibyte. */
    abstract static class Out {
        private static final int FULL = 1 << 19;

        byte[] buffer = new byte[FULL * 2];
        int length;
        /** Where the present row begins, so that it can be taken back; -1 once a part of it has been sent. */
        private int start;
        long sent;
        /** Where it is sent; null if it goes nowhere. */
        CopyIn copy;

        abstract String format();

        abstract void header();

        abstract void begin(int columns);

        abstract void nil();

        abstract void integer(long value, int bytes);

        abstract void real(double value, int bytes);

        abstract void decimal(BigDecimal value);

        /** unscaled / 10^scale. */
        abstract void decimal(long unscaled, int scale);

        abstract void bool(boolean value);

        abstract void text(byte[] bytes);

        abstract void bytes(byte[] bytes);

        abstract void json(byte[] bytes, boolean binary);

        abstract void date(long days);

        abstract void time(long micros);

        abstract void timestamp(long micros, boolean zone);

        abstract void uuid(long high, long low);

        /** A cell of so many bytes follows by part(). */
        abstract void large(long bytes, boolean text);

        abstract void part(byte[] bytes, boolean text);

        abstract void endRow();

        abstract void trailer();

        final void startRow(int columns) {
            start = length;
            begin(columns);
        }

        /** Takes the present row back. */
        final void drop() {
            if (start < 0) {
                throw new Failure("a row with a cell of more than a mebibyte cannot be rejected: choose another --on-mismatch");
            }
            length = start;
        }

        /** Takes back what was not sent, for a reader that only wants the sums. */
        final void forget() {
            length = 0;
        }

        final void finishRow() throws SQLException {
            endRow();
            if (length >= FULL) {
                send();
            }
        }

        final void send() throws SQLException {
            if (copy != null) {
                copy.writeToCopy(buffer, 0, length);
            }
            sent += length;
            length = 0;
            start = -1;
        }

        final void room(int bytes) {
            if (buffer.length - length < bytes) {
                buffer = Arrays.copyOf(buffer, Math.max(buffer.length * 2, length + bytes));
            }
        }

        final void append(byte[] bytes) {
            room(bytes.length);
            System.arraycopy(bytes, 0, buffer, length, bytes.length);
            length += bytes.length;
        }

        final void append(String ascii) {
            append(ascii.getBytes(US_ASCII));
        }
    }

    /** COPY's binary format (manual of PostgreSQL 18, COPY) and the types' binary forms as their receive functions read them. */
    static final class BinaryOut extends Out {
        /** Days and microseconds from 1970 to 2000, PostgreSQL's zero. */
        private static final long DAYS_2000 = 10_957, MICROS_2000 = DAYS_2000 * 86_400_000_000L;
        private static final long[] POWERS = {1, 10, 100, 1000};

        @Override
        String format() {
            return "binary";
        }

        @Override
        void header() {
            append("PGCOPY\n\377\r\n\0".getBytes(ISO_8859_1));
            int32(0);
            int32(0);
        }

        @Override
        void begin(int columns) {
            room(2);
            int16(columns);
        }

        @Override
        void nil() {
            room(4);
            int32(-1);
        }

        @Override
        void integer(long value, int bytes) {
            room(12);
            int32(bytes);
            switch (bytes) {
                case 8 -> int64(value);
                case 4 -> int32((int) value);
                default -> int16((int) value);
            }
        }

        @Override
        void real(double value, int bytes) {
            integer(bytes == 8 ? Double.doubleToRawLongBits(value) : Float.floatToRawIntBits((float) value), bytes);
        }

        @Override
        void decimal(long unscaled, int scale) {
            var value = Math.abs(unscaled);
            var groups = (scale + 3) / 4;
            var padding = POWERS[groups * 4 - scale];
            if (unscaled == Long.MIN_VALUE || value > Long.MAX_VALUE / padding) {
                decimal(BigDecimal.valueOf(unscaled, scale));
                return;
            }
            room(12 + 12);
            var at = length;
            length += 12;
            var weight = -groups - 1;
            var digits = 0;
            for (value *= padding; value != 0; value /= 10_000) {
                weight++;
                if (digits > 0 || value % 10_000 != 0) {
                    digits++;
                    int16((int) (value % 10_000));
                }
            }
            for (int low = at + 12, high = length - 2; low < high; low += 2, high -= 2) {
                byte first = buffer[low], second = buffer[low + 1];
                buffer[low] = buffer[high];
                buffer[low + 1] = buffer[high + 1];
                buffer[high] = first;
                buffer[high + 1] = second;
            }
            numericHeader(at, digits, weight, unscaled < 0, scale);
        }

        @Override
        void decimal(BigDecimal value) {
            var scale = Math.max(0, value.scale());
            var groups = (scale + 3) / 4;
            var digits = value.setScale(groups * 4).unscaledValue().abs().toString();
            digits = digits.equals("0") ? "" : "0".repeat((4 - digits.length() % 4) % 4) + digits;
            var weight = digits.length() / 4 - groups - 1;
            digits = digits.replaceFirst("(0000)+$", "");
            room(12 + digits.length());
            var at = length;
            length += 12;
            for (var i = 0; i < digits.length(); i += 4) {
                int16(Integer.parseInt(digits, i, i + 4, 10));
            }
            numericHeader(at, digits.length() / 4, weight, value.signum() < 0, scale);
        }

        private void numericHeader(int at, int digits, int weight, boolean negative, int scale) {
            var end = length;
            length = at;
            int32(8 + 2 * digits);
            int16(digits);
            int16(digits == 0 ? 0 : weight);
            int16(negative ? 0x4000 : 0);
            int16(scale);
            length = end;
        }

        @Override
        void bool(boolean value) {
            room(5);
            int32(1);
            buffer[length++] = (byte) (value ? 1 : 0);
        }

        @Override
        void text(byte[] bytes) {
            room(4);
            int32(bytes.length);
            append(bytes);
        }

        @Override
        void bytes(byte[] bytes) {
            text(bytes);
        }

        @Override
        void json(byte[] bytes, boolean binary) {
            room(5);
            int32(bytes.length + (binary ? 1 : 0));
            if (binary) {
                buffer[length++] = 1;
            }
            append(bytes);
        }

        @Override
        void date(long days) {
            integer(days - DAYS_2000, 4);
        }

        @Override
        void time(long micros) {
            integer(micros, 8);
        }

        @Override
        void timestamp(long micros, boolean zone) {
            integer(micros - MICROS_2000, 8);
        }

        @Override
        void uuid(long high, long low) {
            room(20);
            int32(16);
            int64(high);
            int64(low);
        }

        @Override
        void large(long bytes, boolean text) {
            room(4);
            int32((int) bytes);
        }

        @Override
        void part(byte[] bytes, boolean text) {
            append(bytes);
        }

        @Override
        void endRow() {
        }

        @Override
        void trailer() {
            room(2);
            int16(-1);
        }

        private void int16(int value) {
            buffer[length++] = (byte) (value >> 8);
            buffer[length++] = (byte) value;
        }

        private void int32(int value) {
            int16(value >> 16);
            int16(value);
        }

        private void int64(long value) {
            int32((int) (value >> 32));
            int32((int) value);
        }
    }

    /** COPY's text format, for tables of an application with a column whose binary form is not known here: an inet, an interval, an array. */
    static final class TextOut extends Out {
        private boolean first;

        @Override
        String format() {
            return "text";
        }

        @Override
        void header() {
        }

        @Override
        void begin(int columns) {
            first = true;
        }

        private void cell(String ascii) {
            if (!first) {
                append("\t");
            }
            first = false;
            append(ascii);
        }

        @Override
        void nil() {
            cell("\\N");
        }

        @Override
        void integer(long value, int bytes) {
            cell(Long.toString(value));
        }

        @Override
        void real(double value, int bytes) {
            cell(bytes == 8 ? Double.toString(value) : Float.toString((float) value));
        }

        @Override
        void decimal(BigDecimal value) {
            cell(value.toString());
        }

        @Override
        void decimal(long unscaled, int scale) {
            decimal(BigDecimal.valueOf(unscaled, scale));
        }

        @Override
        void bool(boolean value) {
            cell(value ? "t" : "f");
        }

        @Override
        void text(byte[] bytes) {
            cell("");
            part(bytes, true);
        }

        @Override
        void bytes(byte[] bytes) {
            cell("\\\\x");
            part(bytes, false);
        }

        @Override
        void json(byte[] bytes, boolean binary) {
            text(bytes);
        }

        @Override
        void date(long days) {
            cell(LocalDate.ofEpochDay(days).toString());
        }

        @Override
        void time(long micros) {
            cell("%02d:%02d:%02d.%06d".formatted(micros / 3_600_000_000L, micros / 60_000_000 % 60, micros / 1_000_000 % 60,
                    micros % 1_000_000));
        }

        @Override
        void timestamp(long micros, boolean zone) {
            date(Math.floorDiv(micros, 86_400_000_000L));
            append(" ");
            first = true;
            time(Math.floorMod(micros, 86_400_000_000L));
            append(zone ? "+00" : "");
        }

        @Override
        void uuid(long high, long low) {
            cell(new UUID(high, low).toString());
        }

        @Override
        void large(long bytes, boolean text) {
            cell(text ? "" : "\\\\x");
        }

        @Override
        void part(byte[] bytes, boolean text) {
            if (!text) {
                append(HexFormat.of().formatHex(bytes));
                return;
            }
            room(bytes.length * 2);
            for (var b : bytes) {
                var letter = b == '\n' ? 'n' : b == '\t' ? 't' : b == '\r' ? 'r' : b == '\\' ? '\\' : 0;
                if (letter != 0) {
                    buffer[length++] = '\\';
                }
                buffer[length++] = letter != 0 ? (byte) letter : b;
            }
        }

        @Override
        void endRow() {
            append("\n");
        }

        @Override
        void trailer() {
        }
    }

    /** One of the workers: its reader of the SQLite file, and its session. */
    static final class Worker implements AutoCloseable {
        final int reader;
        private final Target target;
        Connection connection;

        Worker(int reader, Target target) throws SQLException, InterruptedException {
            this.reader = reader;
            this.target = target;
            connection = target.connect();
            target.open.add(connection);
        }

        void reconnect() throws SQLException, InterruptedException {
            close();
            connection = target.reconnect();
            target.open.add(connection);
        }

        /** The lock may have gone with the connection, and to another run. */
        void keepLock() throws SQLException, InterruptedException {
            target.keepLock();
        }

        String blockers() throws SQLException {
            var others = Target.blockers(this, target.schema);
            return others.isEmpty() ? "" : " that is held by " + others;
        }

        void execute(String sql) throws SQLException {
            var begun = System.nanoTime();
            try (var statement = connection.createStatement()) {
                statement.execute(sql);
            } finally {
                target.log(sql, begun);
            }
        }

        @Override
        public void close() {
            target.open.remove(connection);
            try {
                connection.close();
            } catch (SQLException e) {
                connection = null; // a session that is lost need not be closed
            }
        }
    }

    /** Turns each value into what its column takes, and says what had to be changed for that. */
    static final class Encoder {
        private static final int INT = 0, DOUBLE = 1, NUMERIC = 2, BOOL = 3, TEXT = 4, BYTEA = 5, DATE = 6, TIME = 7, TIMESTAMP = 8,
                UUID = 9, JSON = 10;
        private static final Set<String> TRUE = Set.of("t", "true", "yes", "y", "on", "1"),
                FALSE = Set.of("f", "false", "no", "n", "off", "0");
        private static final DateTimeFormatter TIMESTAMP_TEXT = DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss.SSSSSS"),
                TIME_OF_DAY = DateTimeFormatter.ofPattern("HH:mm:ss.SSSSSS");
        private static final Pattern LENGTH = Pattern.compile("(?:character varying|character|varchar|char|bpchar)\\((\\d+)\\)");

        private final Table table;
        private final Rules rules;
        private final Column[] columns;
        /** Per column: what it takes; the bytes of a number, or the most characters of a text; its index among the compared; the unit of its epoch. */
        private final int[] kinds;
        private final int[] sizes;
        /** numeric(p,s): the most digits before and after the point; -1 without limits. */
        private final int[] before;
        private final int[] after;
        /** Times with a precision of their own: microseconds between two values. */
        private final long[] steps;
        private final int[] compared;
        private final Epoch[] epochs;
        private final int[] keys;
        private final int stored;
        /** Where the rowid of the present row stands. */
        private int locator;
        private final Iso iso = new Iso();
        private final Changes changes;
        final Out out;

        Encoder(Table table, Rules rules, Changes changes) {
            this.table = table;
            this.rules = rules;
            this.changes = changes;
            columns = table.columns.toArray(Column[]::new);
            kinds = Stream.of(columns).mapToInt(Encoder::kind).toArray();
            sizes = Stream.of(columns).mapToInt(Encoder::size).toArray();
            after = Stream.of(columns).mapToInt(column -> scale(column.type)).toArray();
            before = IntStream.range(0, columns.length).map(c -> after[c] < 0 ? -1 : precision(columns[c].type) - after[c]).toArray();
            steps = Stream.of(columns).mapToLong(Encoder::step).toArray();
            epochs = Stream.of(columns)
                    .map(c -> Stream.of(Epoch.values()).filter(e -> e.name().equals(c.conversion)).findFirst().orElse(null))
                    .toArray(Epoch[]::new);
            compared = new int[columns.length];
            var next = 0;
            for (var c = 0; c < columns.length; c++) {
                compared[c] = columns[c].generatedSql == null ? next++ : -1;
            }
            stored = next;
            keys = table.key.stream().mapToInt(name -> table.columns.indexOf(Planner.column(table, name))).toArray();
            out = Stream.of(columns).allMatch(c -> hasBinaryForm(c.type)) ? new BinaryOut() : new TextOut();
        }

        private static String base(String type) {
            return type.replaceFirst("\\s*\\(.*?\\)", "");
        }

        private static int kind(Column column) {
            return switch (base(column.type)) {
                case "smallint", "integer", "bigint" -> INT;
                case "double precision", "real" -> DOUBLE;
                case "numeric" -> NUMERIC;
                case "boolean" -> BOOL;
                case "bytea" -> BYTEA;
                case "date" -> DATE;
                case "time", "time without time zone" -> TIME;
                case "timestamp", "timestamptz", "timestamp without time zone", "timestamp with time zone" -> TIMESTAMP;
                case "uuid" -> UUID;
                case "json", "jsonb" -> JSON;
                default -> TEXT;
            };
        }

        private static int size(Column column) {
            var length = LENGTH.matcher(column.type);
            return length.matches() ? Integer.parseInt(length.group(1)) : switch (base(column.type)) {
                case "smallint" -> 2;
                case "integer", "real" -> 4;
                case "bigint", "double precision" -> 8;
                default -> Integer.MAX_VALUE;
            };
        }

        private static long step(Column column) {
            var precision = Decision.SIZE.matcher(column.type);
            return base(column.type).startsWith("time") && precision.find() ? (long) Math.pow(10, 6 - Integer.parseInt(precision.group(1)))
                    : 1;
        }

        private static int scale(String type) {
            var size = Decision.SIZE.matcher(type);
            return !type.startsWith("numeric") || !size.find() ? -1 : size.group(2) == null ? 0 : Integer.parseInt(size.group(2));
        }

        private static int precision(String type) {
            var size = Decision.SIZE.matcher(type);
            return size.find() ? Integer.parseInt(size.group(1)) : -1;
        }

        /** Types of which BinaryOut writes what their receive function reads; an enumerated type reads its label. */
        private static boolean hasBinaryForm(String type) {
            return kind(type) != TEXT
                    || Set.of("text", "citext", "character varying", "character", "varchar", "char", "bpchar").contains(base(type))
                    || type.startsWith("\"") || type.endsWith("\"");
        }

        private static int kind(String type) {
            var column = new Column();
            column.type = type;
            return kind(column);
        }

        /** A value that its column does not take. */
        private static final class Mismatch extends Exception {
            Mismatch(String reason) {
                super(reason, null, false, false);
            }
        }

        /** The row is left out, as --on-mismatch=reject asks for. */
        private static final class Rejected extends Exception {
            Rejected() {
                super(null, null, false, false);
            }
        }

        /** Encodes the row and adds it to the sum; false if it was rejected. */
        boolean row(Row row, Cells.Large large, SourceRow sum) throws Exception {
            locator = columns.length * (large == null ? 1 : 2);
            out.startRow(stored);
            sum.start();
            try {
                for (var c = 0; c < columns.length; c++) {
                    if (compared[c] >= 0) {
                        if (large != null && large.is(c)) {
                            large(c, row, large, sum);
                        } else {
                            cell(c, row, sum);
                        }
                    }
                }
            } catch (Rejected e) {
                out.drop();
                return false;
            }
            sum.end();
            return true;
        }

        private void cell(int c, Row row, SourceRow sum) throws Exception {
            var type = row.type(c);
            try {
                switch (type) {
                    case Source.NULL -> nil(c, sum);
                    case Source.INTEGER -> integer(c, row.integer(c), row, sum);
                    case Source.REAL -> real(c, row.real(c), row, sum);
                    case Source.TEXT -> text(c, row.bytes(c), row, sum);
                    default -> blob(c, row.bytes(c), sum);
                }
            } catch (Mismatch e) {
                mismatch(c, row, sum, e.getMessage());
            }
        }

        private void nil(int c, SourceRow sum) {
            out.nil();
            sum.nil(compared[c]);
        }

        private void integer(int c, long value, Row row, SourceRow sum) throws Exception {
            switch (kinds[c]) {
                case INT -> out.integer(inRange(value, sizes[c]), sizes[c]);
                case DOUBLE -> out.real(exact(value, sizes[c] == 8 ? 53 : 24), sizes[c]);
                case NUMERIC -> {
                    if (after[c] >= 0 && Math.abs((double) value) >= Math.pow(10, before[c])) {
                        throw new Mismatch("more digits than it keeps");
                    }
                    out.decimal(value, 0);
                }
                case BOOL -> out.bool(truth(value));
                case TEXT -> rendered(c, Long.toString(value));
                case BYTEA -> out.bytes(Long.toString(value).getBytes(US_ASCII));
                case DATE, TIMESTAMP -> {
                    if (value == 0 && rules.zeroDate.equals("null")) {
                        change(c, row, "became NULL", "0 as no date");
                        nil(c, sum);
                        return;
                    }
                    moment(c, epoch(c).micros(value), row, () -> sum.integer(compared[c], value), sum);
                    return;
                }
                case JSON -> {
                    var text = Long.toString(value).getBytes(US_ASCII);
                    out.json(text, columns[c].type.equals("jsonb"));
                    sum.text(compared[c], text, text.length);
                    return;
                }
                default -> throw new Mismatch("an integer in a column of " + columns[c].type);
            }
            sum.integer(compared[c], value);
        }

        private void real(int c, double value, Row row, SourceRow sum) throws Exception {
            switch (kinds[c]) {
                case INT -> {
                    if (value != Math.rint(value) || Math.abs(value) > 1L << 53) {
                        throw new Mismatch("not a whole number");
                    }
                    out.integer(inRange((long) value, sizes[c]), sizes[c]);
                }
                case DOUBLE -> {
                    if (sizes[c] == 4 && (float) value != value) {
                        change(c, row, "rounded", "real has about six digits");
                        sum.real(compared[c], (float) value);
                        out.real(value, 4);
                        return;
                    }
                    out.real(value, sizes[c]);
                }
                case NUMERIC -> decimal(c, value);
                case BOOL -> out.bool(truth(value));
                case TEXT -> rendered(c, rendering(value));
                case BYTEA -> out.bytes(rendering(value).getBytes(US_ASCII));
                case DATE, TIMESTAMP -> {
                    moment(c, epoch(c).micros(value), row, () -> sum.real(compared[c], value), sum);
                    return;
                }
                case JSON -> {
                    var text = Double.toString(value).getBytes(US_ASCII);
                    if (Double.isInfinite(value)) {
                        throw new Mismatch("infinity is no JSON");
                    }
                    out.json(text, columns[c].type.equals("jsonb"));
                    sum.text(compared[c], text, text.length);
                    return;
                }
                default -> throw new Mismatch("a real in a column of " + columns[c].type);
            }
            sum.real(compared[c], value);
        }

        private void text(int c, byte[] bytes, Row row, SourceRow sum) throws Exception {
            if (bytes.length == 0 && kinds[c] != TEXT && kinds[c] != BYTEA) {
                throw new Mismatch("an empty text");
            }
            switch (kinds[c]) {
                case INT -> {
                    var value = number(bytes);
                    try {
                        out.integer(inRange(value.longValueExact(), sizes[c]), sizes[c]);
                    } catch (ArithmeticException e) {
                        throw new Mismatch("not a whole number");
                    }
                }
                case DOUBLE -> out.real(number(bytes).doubleValue(), sizes[c]);
                case NUMERIC -> out.decimal(fitting(c, number(bytes)));
                case BOOL -> out.bool(truth(new String(bytes, UTF_8).strip().toLowerCase(Locale.ROOT)));
                case TEXT -> {
                    var accepted = accepted(c, bytes, row);
                    if (accepted == null) {
                        nil(c, sum);
                        return;
                    }
                    out.text(mapped(c, accepted));
                    sum.text(compared[c], accepted, accepted.length);
                    return;
                }
                case BYTEA -> out.bytes(bytes);
                case DATE, TIME, TIMESTAMP -> {
                    moment(c, bytes, row, sum);
                    return;
                }
                case UUID -> uuid(bytes);
                default -> {
                    if (!(columns[c].seen && columns[c].onMismatch.equals("abort"))
                            && (!Profile.validUtf8(bytes) || !fits(Json.fits(bytes), columns[c].type))) {
                        throw new Mismatch("no JSON, or " + columns[c].type + " would change it");
                    }
                    out.json(bytes, columns[c].type.equals("jsonb"));
                }
            }
            sum.text(compared[c], bytes, bytes.length);
        }

        private static boolean fits(Json.Fit fit, String type) {
            return fit == Json.Fit.JSONB || fit == Json.Fit.JSON && type.equals("json");
        }

        private void blob(int c, byte[] bytes, SourceRow sum) throws Mismatch {
            if (kinds[c] == UUID && bytes.length == 16 && columns[c].conversion.startsWith("uuid-")) {
                var value = ByteBuffer.wrap(bytes);
                var high = value.getLong();
                // Microsoft's GUIDs have their first three groups in little-endian order.
                out.uuid(columns[c].conversion.equals("uuid-ms")
                        ? (long) Integer.reverseBytes((int) (high >> 32)) << 32 | (Short.reverseBytes((short) (high >> 16)) & 0xffffL) << 16
                                | Short.reverseBytes((short) high) & 0xffffL
                        : high, value.getLong());
            } else if (kinds[c] == BYTEA) {
                out.bytes(bytes);
            } else {
                throw new Mismatch("a blob in a column of " + columns[c].type);
            }
            sum.blob(compared[c], bytes, bytes.length);
        }

        // numbers

        private static long inRange(long value, int bytes) throws Mismatch {
            if (bytes == 4 && value != (int) value || bytes == 2 && value != (short) value) {
                throw new Mismatch("out of the range of " + (bytes == 4 ? "integer" : "smallint"));
            }
            return value;
        }

        private static double exact(long value, int bits) throws Mismatch {
            if (Math.abs(value) > 1L << bits) {
                throw new Mismatch("an integer of more digits than a double keeps");
            }
            return value;
        }

        /** The shortest decimal that is this double. Up to three decimals it is found without an object: below 10^15 such a decimal is the only one. */
        private void decimal(int c, double value) throws Mismatch {
            var thousandths = Math.rint(value * 1000);
            if (Math.abs(thousandths) < 1e15 && thousandths / 1000 == value) {
                var unscaled = (long) thousandths;
                var scale = 3;
                for (; scale > 0 && unscaled % 10 == 0; scale--) {
                    unscaled /= 10;
                }
                if (after[c] >= 0 && (scale > after[c] || Math.abs(value) >= Math.pow(10, before[c]))) {
                    throw new Mismatch("more digits than it keeps");
                }
                out.decimal(unscaled, scale);
            } else if (Double.isInfinite(value)) {
                throw new Mismatch("infinity in a column of " + columns[c].type);
            } else {
                var shortest = shortest(value);
                out.decimal(fitting(c, shortest.scale() < 0 ? shortest.setScale(0) : shortest));
            }
        }

        /** The decimal of fewest digits that is read back as this double; before Java 19 Double.toString gives one digit too many for some (JDK-4511638). */
        private static BigDecimal shortest(double value) {
            var exact = new BigDecimal(value);
            for (var digits = Math.abs(value) < Double.MIN_NORMAL ? 1 : 15; digits < 17; digits++) {
                for (var mode : List.of(RoundingMode.HALF_EVEN, RoundingMode.UP)) {
                    var rounded = exact.round(new MathContext(digits, mode));
                    if (rounded.doubleValue() == value) {
                        return rounded.stripTrailingZeros();
                    }
                }
            }
            return exact.round(new MathContext(17, RoundingMode.HALF_EVEN)).stripTrailingZeros();
        }

        /** PostgreSQL would round to numeric(p,s) without a word. */
        private BigDecimal fitting(int c, BigDecimal value) throws Mismatch {
            if (after[c] >= 0) {
                var plain = value.stripTrailingZeros();
                if (plain.scale() > after[c] || plain.precision() - plain.scale() > before[c] && plain.signum() != 0) {
                    throw new Mismatch("more digits than it keeps");
                }
            }
            return value;
        }

        private static BigDecimal number(byte[] bytes) throws Mismatch {
            var value = Profile.decimalOf(bytes);
            if (value == null) {
                throw new Mismatch("not a number");
            }
            return value;
        }

        private static boolean truth(Object value) throws Mismatch {
            var word = value instanceof Double real && real == Math.rint(real) ? Long.toString(real.longValue()) : value.toString();
            if (!TRUE.contains(word) && !FALSE.contains(word)) {
                throw new Mismatch("neither true nor false");
            }
            return TRUE.contains(word);
        }

        /** As SQLite writes a real, with as many digits as it needs to be read back the same. */
        static String rendering(double value) {
            if (Double.isInfinite(value)) {
                return value > 0 ? "Inf" : "-Inf";
            }
            var decimal = shortest(value);
            var exponent = decimal.precision() - decimal.scale() - 1;
            if (value != 0 && (exponent < -4 || exponent > 14)) {
                var digits = decimal.unscaledValue().abs().toString();
                return "%s%s.%se%s%02d".formatted(value < 0 ? "-" : "", digits.charAt(0), digits.length() > 1 ? digits.substring(1) : "0",
                        exponent < 0 ? "-" : "+", Math.abs(exponent));
            }
            return (decimal.scale() < 1 ? decimal.setScale(1) : decimal).toPlainString();
        }

        // dates, texts

        private Epoch epoch(int c) throws Mismatch {
            if (epochs[c] == null) {
                throw new Mismatch("a number in a column of " + columns[c].type + ", and no --epoch that says how to read it");
            }
            return epochs[c];
        }

        /** A number that counts time. */
        private void moment(int c, long micros, Row row, Runnable exact, SourceRow sum) throws Exception {
            var rounded = rounded(c, micros);
            write(c, rounded);
            if (rounded == micros) {
                exact.run();
            } else {
                change(c, row, "rounded", columns[c].type + " keeps no more digits");
                told(c, rounded, sum);
            }
        }

        private void moment(int c, byte[] bytes, Row row, SourceRow sum) throws Exception {
            var kind = iso.read(bytes);
            if (kind == Iso.NONE || (kind == Iso.TIME) != (kinds[c] == TIME)) {
                throw new Mismatch("not a date or time that PostgreSQL has");
            }
            var rounded = rounded(c, iso.micros);
            write(c, rounded);
            if (iso.rounded || rounded != iso.micros) {
                change(c, row, "rounded", columns[c].type + " keeps no more digits");
            }
            if (rounded == iso.micros) {
                sum.text(compared[c], bytes, bytes.length);
            } else {
                told(c, rounded, sum);
            }
        }

        private long rounded(int c, long micros) {
            return steps[c] == 1 ? micros : Math.floorDiv(micros + steps[c] / 2, steps[c]) * steps[c];
        }

        /** The sum gets the accepted value. */
        private void told(int c, long micros, SourceRow sum) {
            var time = LocalDateTime.ofEpochSecond(Math.floorDiv(micros, 1_000_000L), (int) Math.floorMod(micros, 1_000_000L) * 1000,
                    ZoneOffset.UTC);
            var text = (kinds[c] == TIME ? TIME_OF_DAY.format(time) : TIMESTAMP_TEXT.format(time)).getBytes(US_ASCII);
            sum.text(compared[c], text, text.length);
        }

        private void write(int c, long micros) throws Mismatch {
            // PostgreSQL's range: 4714 BC to 294276 (manual of PostgreSQL 18, 8.5)
            if (micros < -210_866_803_200_000_000L || micros > 9_223_371_331_200_000_000L - 946_684_800_000_000L) {
                throw new Mismatch("out of PostgreSQL's range");
            }
            switch (kinds[c]) {
                case TIME -> out.time(micros);
                case DATE -> {
                    if (Math.floorMod(micros, 86_400_000_000L) != 0) {
                        throw new Mismatch("a date with a time of the day");
                    }
                    out.date(Math.floorDiv(micros, 86_400_000_000L));
                }
                default -> out.timestamp(micros, columns[c].type.endsWith("tz") || columns[c].type.endsWith("with time zone"));
            }
        }

        private void uuid(byte[] bytes) throws Mismatch {
            var digits = new String(bytes, UTF_8).replaceAll("[{}-]", "");
            if (!digits.matches("[0-9a-fA-F]{32}")) {
                throw new Mismatch("not a UUID");
            }
            out.uuid(Long.parseUnsignedLong(digits, 0, 16, 16), Long.parseUnsignedLong(digits, 16, 32, 16));
        }

        private void rendered(int c, String text) throws Mismatch {
            if (text.length() > sizes[c]) {
                throw new Mismatch("longer than " + columns[c].type);
            }
            out.text(text.getBytes(US_ASCII));
        }

        /** Text as PostgreSQL can hold it: without NUL, in UTF-8; null if it becomes NULL. */
        private byte[] accepted(int c, byte[] bytes, Row row) throws Exception {
            var plain = columns[c].seen && columns[c].data.nulBytes + columns[c].data.badUtf8 == 0 || isPlain(bytes);
            if (!plain && Profile.hasNul(bytes)) {
                bytes = withoutNul(c, bytes, row);
            }
            if (!plain && !Profile.validUtf8(bytes)) {
                bytes = repaired(c, bytes, row);
            }
            if (bytes != null && bytes.length > sizes[c] && new String(bytes, UTF_8).codePoints().count() > sizes[c]) {
                throw new Mismatch("longer than " + columns[c].type);
            }
            return bytes;
        }

        private static boolean isPlain(byte[] bytes) {
            for (var b : bytes) {
                if (b <= 0) {
                    return false;
                }
            }
            return true;
        }

        private byte[] withoutNul(int c, byte[] bytes, Row row) throws Exception {
            if (!rules.nul.equals("strip")) {
                throw rules.nul.equals("reject") ? rejected(c, row, "a NUL byte")
                        : new Failure(place(c, row) + ": a NUL byte, which PostgreSQL's text cannot hold (--nul=strip, bytea or reject)");
            }
            change(c, row, "NUL bytes removed", "PostgreSQL's text cannot hold them");
            var kept = new ByteArrayOutputStream();
            for (var b : bytes) {
                if (b != 0) {
                    kept.write(b);
                }
            }
            return kept.toByteArray();
        }

        private byte[] repaired(int c, byte[] bytes, Row row) throws Exception {
            switch (rules.badUtf8) {
                case "abort" -> throw new Failure(place(c, row) + ": not UTF-8 (--bad-utf8=replace, latin1, bytea or null)");
                case "null" -> {
                    if (columns[c].notNull) {
                        throw new Failure(
                                place(c, row) + ": not UTF-8, and the column must not be NULL (--bad-utf8=replace, latin1 or bytea)");
                    }
                    change(c, row, "became NULL", "not UTF-8");
                    return null;
                }
                case "latin1" -> {
                    change(c, row, "read as Latin-1", "not UTF-8");
                    return new String(bytes, ISO_8859_1).getBytes(UTF_8);
                }
                default -> {
                    change(c, row, "broken bytes replaced by U+FFFD", "not UTF-8");
                    return new String(bytes, UTF_8).getBytes(UTF_8);
                }
            }
        }

        private byte[] mapped(int c, byte[] text) {
            return switch (columns[c].conversion) {
                case "enum-lower" -> ascii(text, 'A', 'Z', 32);
                case "enum-upper" -> ascii(text, 'a', 'z', -32);
                default -> text;
            };
        }

        private static byte[] ascii(byte[] text, char from, char to, int shift) {
            var mapped = text.clone();
            for (var i = 0; i < mapped.length; i++) {
                mapped[i] += mapped[i] >= from && mapped[i] <= to ? shift : 0;
            }
            return mapped;
        }

        /** A large cell goes through in slices: blobs as they are, text after a first pass has looked for what text cannot hold. */
        private void large(int c, Row row, Cells.Large large, SourceRow sum) throws Exception {
            var text = large.isText(c);
            if (kinds[c] != BYTEA && (kinds[c] != TEXT || !text)) {
                throw new Failure(place(c, row) + ": " + large.length(c) + " bytes of " + (text ? "text" : "blob") + " in a column of "
                        + columns[c].type + "; make it bytea in the plan");
            }
            var digest = DigestUtils.getSha256Digest();
            var length = new long[2];
            var strip = kinds[c] == TEXT;
            var decoder = UTF_8.newDecoder();
            var open = ByteBuffer.allocate(Cells.SLICE + 4);
            large.slices(c, slice -> {
                length[0] += slice.length;
                var kept = strip ? strip(slice) : slice;
                length[1] += kept.length;
                digest.update(kept);
                if (strip && !validPrefix(open, kept, decoder)) {
                    throw new Failure(
                            place(c, row) + ": " + large.length(c) + " bytes of text that is not UTF-8; make the column bytea in the plan");
                }
            });
            if (length[1] > 1_000_000_000L) {
                throw new Failure(place(c, row) + ": " + length[1] + " bytes; PostgreSQL's values end at 1 GB");
            }
            if (length[0] != length[1]) {
                changes.add(table, key(row), columns[c], "text", "", "NUL bytes removed",
                        "PostgreSQL's text cannot hold them; the text has " + length[0] + " bytes, too many for this file");
            }
            out.large(length[1], kinds[c] == TEXT);
            large.slices(c, slice -> {
                out.send();
                out.part(strip ? strip(slice) : slice, kinds[c] == TEXT);
            });
            out.send();
            sum.large(compared[c], kinds[c] == TEXT, length[1], digest.digest());
        }

        private static byte[] strip(byte[] slice) {
            if (!Profile.hasNul(slice)) {
                return slice;
            }
            var kept = new byte[slice.length];
            var length = 0;
            for (var b : slice) {
                if (b != 0) {
                    kept[length++] = b;
                }
            }
            return Arrays.copyOf(kept, length);
        }

        /** Whether the slice is UTF-8 but for a character cut at its end, which is kept for the next one. */
        private static boolean validPrefix(ByteBuffer open, byte[] slice, CharsetDecoder decoder) {
            open.put(slice).flip();
            var chars = CharBuffer.allocate(1 << 16);
            decoder.reset();
            CoderResult result;
            do {
                chars.clear();
                result = decoder.decode(open, chars, false);
            } while (result.isOverflow());
            open.compact();
            return !result.isError() && open.position() < 4;
        }

        // what does not fit

        private void mismatch(int c, Row row, SourceRow sum, String reason) throws Exception {
            var empty = row.type(c) == Source.TEXT && row.bytes(c).length == 0;
            if (columns[c].onMismatch.equals("reject")) {
                throw rejected(c, row, reason);
            }
            if (!columns[c].notNull && (empty || columns[c].onMismatch.equals("null"))) {
                change(c, row, "became NULL", reason);
                nil(c, sum);
                return;
            }
            throw new Failure(place(c, row) + ": " + row.shown(c) + " (" + className(row.type(c)) + ") into " + columns[c].type + ": "
                    + reason + "; see --on-mismatch=reject and null");
        }

        private Rejected rejected(int c, Row row, String reason) throws Exception {
            var cells = new LinkedHashMap<String, String>();
            for (var i = 0; i < columns.length; i++) {
                cells.put(columns[i].name, row.type(i) == Source.TEXT ? HexFormat.of().formatHex(row.bytes(i)) : row.shown(i));
            }
            changes.add(table, key(row), columns[c], className(row.type(c)), hex(row, c), "row rejected", reason, cells);
            return new Rejected();
        }

        private void change(int c, Row row, String action, String reason) throws SQLException {
            changes.add(table, key(row), columns[c], className(row.type(c)), hex(row, c), action, reason);
        }

        private static String hex(Row row, int c) throws SQLException {
            return row.type(c) == Source.TEXT || row.type(c) == Source.BLOB ? HexFormat.of().formatHex(row.bytes(c)) : row.shown(c);
        }

        private static String className(int type) {
            return List.of("", "integer", "real", "text", "blob", "null").get(type);
        }

        private String key(Row row) throws SQLException {
            return Planner.keyOf(row, keys, locator);
        }

        private String place(int c, Row row) throws SQLException {
            return table.name + "." + columns[c].name + (keys.length == 0 ? ", " : ", row ") + key(row);
        }
    }

    /** The cells that were changed, as lines of the reject file: kept in the target with the rows they belong to, so that neither can be lost without the other. */
    static class Changes {
        private record Change(String action, String line) {
        }

        private final List<Change> changes = new ArrayList<>();
        private long size;

        void add(Table table, String key, Column column, String storageClass, String hex, String action, String reason) {
            add(table, key, column, storageClass, hex, action, reason, null);
        }

        void add(Table table, String key, Column column, String storageClass, String hex, String action, String reason,
                Map<String, String> row) {
            var line = new LinkedHashMap<String, Object>();
            line.put("table", table.name);
            line.put("key", key);
            line.put("column", column.name);
            line.put("class", storageClass);
            line.put(storageClass.equals("text") || storageClass.equals("blob") ? "hex" : "value", hex);
            line.put("action", action);
            line.put("reason", reason);
            if (row != null) {
                line.put("row", row);
            }
            var text = LINE.toJson(line);
            changes.add(new Change(action, text));
            size += 200 + text.length();
        }

        private static final Gson LINE = new GsonBuilder().disableHtmlEscaping().create();

        int count() {
            return changes.size();
        }

        /** Time to save them: they are kept in memory until then. */
        boolean areMany() {
            return size > 8 << 20;
        }

        /** Writes the lines in the transaction of their rows. */
        void save(Worker worker, Target target, Table table, long from) throws SQLException {
            try (var insert = worker.connection.prepareStatement("insert into " + target.notes("_change") + " values (?, ?, ?, ?, ?)")) {
                for (var change : changes) {
                    insert.setString(1, target.schema);
                    insert.setString(2, table.name);
                    insert.setLong(3, from++);
                    insert.setString(4, change.action);
                    insert.setString(5, change.line);
                    insert.addBatch();
                }
                insert.executeBatch();
            }
            changes.clear();
            size = 0;
        }
    }

    /** Copies the rows of a table, in transactions of some size that also note how far they came. */
    static final class Loader {
        private static final long CHUNK = 128L << 20;

        private final Source source;
        private final Target target;
        private final Rules rules;
        private final String verify;
        private final Progress progress;

        /** @param verify how the rows will be verified: what is summed up while they are read */
        Loader(Source source, Target target, Rules rules, String verify, Progress progress) {
            this.source = source;
            this.target = target;
            this.rules = rules;
            this.verify = verify;
            this.progress = progress;
        }

        /** What the source side holds, as far as it was seen while loading; null where the rows have to be read once more. */
        record Sums(Buckets buckets, Counts counts) {
        }

        /** How far an earlier run, or this one before its connection was cut, has come with a table: from there it goes on. */
        private record Note(String state, long loaded, String watermark, Buckets buckets, long changes, long rejected) {
        }

        /** Loads what is not loaded yet into a table that create makes. */
        Sums load(Table table, String create, Worker worker) throws Exception {
            return load(table, create, null, worker);
        }

        /** Loads into a table of an application. */
        Sums fill(Table table, Worker worker, TargetLed led) throws Exception {
            return load(table, null, led, worker);
        }

        private Sums load(Table table, String create, TargetLed led, Worker worker) throws Exception {
            var note = note(table, worker);
            if (note != null && note.state.equals("loaded")) {
                progress.done(table.name, note.loaded);
                return new Sums(note.buckets.count() == note.loaded ? note.buckets : null, null);
            }
            return new Run(table, note, create, led, worker).load();
        }

        private Note note(Table table, Worker worker) throws SQLException {
            try (var query = worker.connection
                    .prepareStatement("select state, loaded, watermark, source, coalesce(c.last, 0), coalesce(c.rejected, 0) from "
                            + target.notes("_table") + " t left join lateral"
                            + " (select max(number) AS last, count(*) filter (where action = 'row rejected') AS rejected from "
                            + target.notes("_change")
                            + " c where c.schema_name = t.schema_name and c.table_name = t.table_name) c on true where schema_name = ? and table_name = ?")) {
                query.setString(1, target.schema);
                query.setString(2, table.name);
                try (var row = query.executeQuery()) {
                    return row.next()
                            ? new Note(row.getString(1), row.getLong(2), row.getString(3), Buckets.of(row.getBytes(4)), row.getLong(5),
                                    row.getLong(6))
                            : null;
                }
            }
        }

        /** One pass over the rows that are left. */
        private final class Run {
            private final Table table;
            private final String create;
            private final TargetLed led;
            private final Worker worker;
            private final Changes changes = new Changes();
            private final Encoder encoder;
            private final Buckets buckets;
            private final Counts counts;
            private final SourceRow sum;
            private Note note;
            private long read;
            private long loaded;
            private long saved;
            private String watermark;

            Run(Table table, Note note, String create, TargetLed led, Worker worker) {
                this.table = table;
                this.led = led;
                this.note = note;
                this.create = create;
                this.worker = worker;
                encoder = new Encoder(table, rules, changes);
                buckets = note == null ? Buckets.sizedFor(table) : note.buckets;
                counts = note == null && verify.equals("counts") ? new Counts(table) : null;
                sum = verify.equals("none") ? SourceRow.ignored(table) : new SourceRow(table, counts != null ? counts : buckets);
                loaded = note == null ? 0 : note.loaded;
                read = note == null ? 0 : note.loaded + note.rejected;
                saved = note == null ? 0 : note.changes;
                watermark = note == null ? null : note.watermark;
            }

            Sums load() throws Exception {
                worker.connection.setAutoCommit(false);
                try {
                    begin();
                    Cells.read(source, worker.reader, table, watermark, (row, large) -> {
                        read++;
                        if (encoder.row(row, large, sum)) {
                            loaded++;
                            encoder.out.finishRow();
                        }
                        if ((read & 0x3fff) == 0) {
                            progress.at(table.name, read);
                        }
                        if (encoder.out.sent >= CHUNK || changes.areMany()) {
                            watermark = Cells.watermark(row, table, large != null);
                            if (!watermark.isEmpty()) {
                                end("loading");
                                begin();
                            }
                        }
                    });
                    if (table.columns.stream().allMatch(c -> c.seen) && read != table.rows) {
                        throw new IllegalStateException(
                                table.name + ": " + read + " rows were read, " + table.rows + " were there at the scan");
                    }
                    end("loaded");
                    progress.done(table.name, read);
                    return new Sums(buckets.count() == loaded ? buckets : null, counts);
                } finally {
                    if (encoder.out.copy != null && encoder.out.copy.isActive()) {
                        abandon();
                    }
                    if (!worker.connection.isClosed()) {
                        worker.connection.rollback();
                        worker.connection.setAutoCommit(true);
                    }
                }
            }

            private void abandon() {
                try {
                    encoder.out.copy.cancelCopy();
                } catch (SQLException e) {
                    progress.debug(e); // what made us give up is reported; this is its echo
                }
            }

            /** A table made in the same transaction takes its rows frozen: no later pass has to mark them as old. */
            private void begin() throws SQLException {
                var fresh = note == null && create != null;
                if (fresh) {
                    worker.execute(create);
                }
                if (led != null) {
                    led.begin(worker, table);
                }
                var columns = table.columns.stream().filter(c -> c.generatedSql == null).map(c -> id(c.target))
                        .collect(Collectors.joining(", ", "(", ")"));
                var out = encoder.out;
                out.copy = worker.connection.unwrap(PGConnection.class).getCopyAPI()
                        .copyIn("COPY " + (led == null ? id(target.schema) + "." + id(table.target) : led.into(table)) + " " + columns
                        + " FROM STDIN WITH (FORMAT " + out.format() + (fresh ? ", FREEZE true" : "") + ")");
                out.length = 0;
                out.sent = 0;
                out.header();
            }

            private void end(String state) throws SQLException {
                encoder.out.trailer();
                encoder.out.send();
                encoder.out.copy.endCopy();
                if (led != null) {
                    led.end(worker, table);
                }
                var written = changes.count();
                changes.save(worker, target, table, saved + 1);
                saved += written;
                save(state);
                worker.connection.commit();
                note = new Note(state, loaded, watermark, buckets, saved, read - loaded);
            }

            /** The note must be as this run left it: if another has been here, nothing of ours is committed. */
            private void save(String state) throws SQLException {
                var sql = note == null
                        ? "insert into " + target.notes("_table")
                                + " (state, loaded, watermark, source, schema_name, table_name) values (?, ?, ?, ?, ?, ?)"
                        : "update " + target.notes("_table")
                                + " set state = ?, loaded = ?, watermark = ?, source = ? where schema_name = ? and table_name = ? and loaded = ? and state = 'loading'";
                try (var statement = worker.connection.prepareStatement(sql)) {
                    statement.setString(1, state);
                    statement.setLong(2, loaded);
                    statement.setString(3, watermark);
                    statement.setBytes(4, buckets.toBytes());
                    statement.setString(5, target.schema);
                    statement.setString(6, table.name);
                    if (note != null) {
                        statement.setLong(7, note.loaded);
                    }
                    if (statement.executeUpdate() != 1) {
                        throw new Failure("another run is loading " + table.name + ": this one stops");
                    }
                }
            }
        }
    }

    // ---- the run ----

    /** Everything that is made in the target, in its order; idempotent, so that a run that was interrupted goes on with what is missing. */
    static final class Migration {
        private final Source source;
        private final Target target;
        private final Plan plan;
        private final Rules rules;
        private final Proof proof;
        private boolean schemaOnly;
        private final Progress progress;
        private final Report report;
        private final Map<Table, Loader.Sums> sums = new ConcurrentHashMap<>();

        Migration(Source source, Target target, Plan plan, Rules rules, Proof proof, Progress progress, Report report) {
            this.source = source;
            this.target = target;
            this.plan = plan;
            this.rules = rules;
            this.proof = proof;
            this.progress = progress;
            this.report = report;
        }

        void run(boolean withoutRows, int jobs) throws Exception {
            schemaOnly = withoutRows;
            makeTypes(target.first());
            progress.begin("load", rows());
            var tasks = new Tasks(progress);
            plan.tables.stream().sorted(Comparator.comparingLong((Table t) -> -t.rows))
                    .forEach(table -> tasks.add(Tasks.LOAD, worker -> table(table, worker, tasks)));
            tasks.run(jobs, target);
            tasks.add(Tasks.FINISH, worker -> foreignKeys(worker, tasks));
            tasks.run(jobs, target);
            tasks.add(Tasks.FINISH, this::viewsAndTriggers);
            tasks.run(1, target);
            progress.end();
        }

        private void viewsAndTriggers(Worker worker) throws Exception {
            for (var view : plan.views) {
                view(view, worker);
            }
            for (var trigger : plan.triggers) {
                make(trigger, worker, "trigger", null);
            }
        }

        /** --data-only: rows into tables that are there, their sequences, nothing else. */
        void fill(TargetLed led, int jobs) throws Exception {
            var tables = led.order(plan);
            var tasks = new Tasks(progress);
            progress.begin("load", rows());
            for (var table : tables) {
                tasks.add(Tasks.LOAD, worker -> {
                    target.keepLock();
                    sums.put(table,
                            new Loader(source, target, rules, plan.merged ? "none" : proof.verify, progress).fill(table, worker, led));
                    for (var column : table.columns) {
                        if (Target.value(worker.connection, "select pg_catalog.pg_get_serial_sequence(?, ?)", qualified(table),
                                column.target) != null) {
                            sequence(column, table, worker);
                        }
                    }
                    worker.execute("ANALYZE " + qualified(table));
                    tasks.add(Tasks.VERIFY, other -> report.verified(table, verify(table, other)));
                });
            }
            tasks.run(led.quiet ? jobs : 1, target);
        }

        /** Compares what is there with the file as it is now. */
        void verifyAll(int jobs) throws Exception {
            var tasks = new Tasks(progress);
            progress.begin("verify", Map.of());
            plan.tables.forEach(table -> tasks.add(Tasks.VERIFY, worker -> report.verified(table, verify(table, worker))));
            tasks.run(jobs, target);
        }

        private Map<String, Long> rows() {
            return plan.tables.stream().collect(Collectors.toMap(table -> table.name, table -> table.rows));
        }

        // tables

        private void makeTypes(Worker worker) throws SQLException {
            for (var type : plan.enums) {
                if (Target.value(worker.connection,
                        "select 1 from pg_catalog.pg_type t join pg_catalog.pg_namespace n on n.oid = t.typnamespace where n.nspname = ? and t.typname = ?",
                        plan.schema, type.target) == null) {
                    worker.execute(createType(plan, type));
                }
            }
            for (var statement : plan.before()) {
                worker.execute(statement);
            }
        }

        static String createType(Plan plan, EnumType type) {
            return "CREATE TYPE " + id(plan.schema) + "." + id(type.target) + " AS ENUM "
                    + type.values.stream().map(migrate_to_postgres::literal).collect(Collectors.joining(", ", "(", ")"));
        }

        private void table(Table table, Worker worker, Tasks tasks) throws Exception {
            target.keepLock();
            if (schemaOnly) {
                create(table, worker);
            } else {
                sums.put(table, load(table, worker));
            }
            tasks.add(Tasks.FINISH, other -> {
                progress.working("indexes of " + table.name, false);
                var complete = finish(table, other);
                progress.working("indexes of " + table.name, true);
                if (!complete) {
                    tasks.add(Tasks.LOAD, third -> {
                        drop(table, third);
                        table(table, third, tasks);
                    });
                } else if (!schemaOnly) {
                    tasks.add(Tasks.VERIFY, third -> report.verified(table, verify(table, third)));
                }
            });
        }

        private void create(Table table, Worker worker) throws SQLException {
            if (Target.value(worker.connection, "select pg_catalog.to_regclass(?)", qualified(table)) == null) {
                worker.execute(createTable(plan, table));
            }
        }

        /** A generated column whose expression PostgreSQL cannot compute for some row becomes a plain one with SQLite's values. */
        private Loader.Sums load(Table table, Worker worker) throws Exception {
            var loader = new Loader(source, target, rules, plan.merged ? "none" : proof.verify, progress);
            for (var column : table.columns) {
                if (column.generatedSql != null && Target.value(worker.connection,
                        "select 1 from pg_catalog.pg_attribute where attrelid = pg_catalog.to_regclass(?) and attname = ? and attgenerated = ''",
                        qualified(table), column.target) != null) {
                    asPlain(column, "as an earlier run has found");
                }
            }
            try {
                return loader.load(table, createTable(plan, table), worker);
            } catch (LargeCells e) {
                table.columns.forEach(column -> column.data.maxLength = Math.max(column.data.maxLength, Cells.LARGE + 1));
                return load(table, worker);
            } catch (SQLException e) {
                if (table.columns.stream().allMatch(c -> c.generatedSql == null) || Target.isLost(e)
                        || !Target.state(e).matches("(22|42|0A).*")) {
                    throw new SQLException("loading " + table.name + " failed", Target.state(e), e);
                }
                table.columns.stream().filter(c -> c.generatedSql != null)
                        .forEach(column -> asPlain(column, "PostgreSQL cannot compute it for every row: " + firstLine(e)));
                return loader.load(table, createTable(plan, table), worker);
            }
        }

        private static void asPlain(Column column, String why) {
            column.notes.add("generated in SQLite as " + column.generatedText + ", here a plain column with its values: " + why);
            column.generatedSql = null;
        }

        static String createTable(Plan plan, Table table) {
            return "CREATE TABLE " + id(plan.schema) + "." + id(table.target)
                    + table.columns.stream().map(column -> definition(plan, column)).collect(Collectors.joining(",\n  ", " (\n  ", "\n)"));
        }

        private static String definition(Plan plan, Column column) {
            var text = Set.of("text", "character varying").contains(column.type) && column.textCollation != null
                    ? " COLLATE " + column.textCollation
                    : "";
            return id(column.target) + " " + column.type + text
                    + (column.generatedSql != null ? " GENERATED ALWAYS AS (" + column.generatedSql + ") STORED" : "")
                    + (column.identity != null
                            ? " GENERATED BY DEFAULT AS IDENTITY (SEQUENCE NAME " + id(plan.schema) + "." + id(column.identity) + ")"
                            : "")
                    + (column.notNull ? " NOT NULL" : "");
        }

        private String qualified(Table table) {
            return id(plan.schema) + "." + id(table.target);
        }

        /** What comes after the rows: keys, indexes, checks, defaults, sequences, comments, statistics. False if a generated column proved wrong, so that the table has to be loaded anew. */
        private boolean finish(Table table, Worker worker) throws Exception {
            if (table.primaryKey != null) {
                make(table.primaryKey, worker, "primary key", table);
            }
            for (var item : table.uniques) {
                make(item, worker, "unique", table);
            }
            for (var item : table.indexes) {
                index(item, table, worker);
            }
            for (var item : table.checks) {
                check(item, table, worker);
            }
            for (var column : table.columns) {
                defaultValue(column, table, worker);
                if (column.identity != null) {
                    sequence(column, table, worker);
                }
                if (column.generatedText != null && !generated(column, table, worker)) {
                    return false;
                }
            }
            worker.execute("ANALYZE " + qualified(table));
            return true;
        }

        /** Executes the statement of an item unless what it makes is there; what PostgreSQL refuses is reported, and goes to not_migrated.sql. */
        private boolean make(Item item, Worker worker, String kind, Table table) throws SQLException {
            if (item.sql == null) {
                item.state = "implied by the type".equals(item.reason) ? "changed" : "not created";
                return false;
            }
            try {
                if (!exists(item, worker, kind)) {
                    worker.execute(item.sql);
                }
                item.state = item.reason == null && item.notes.isEmpty() ? "created" : "changed";
                return true;
            } catch (SQLException e) {
                if (Target.state(e).matches("42P07|42710") && exists(item, worker, kind)) {
                    item.state = "created"; // by the session of a run that was killed, which had not noticed
                    return true;
                }
                item.reason = refusal(e) + duplicates(e, item, worker, table);
                item.state = "not created";
                return false;
            }
        }

        /** Up to ten values that stand in the way of a unique key: they were different in SQLite, '1' and 1 for one. */
        private String duplicates(SQLException e, Item item, Worker worker, Table table) {
            if (!"23505".equals(e.getSQLState()) || table == null || item.columns.isEmpty()) {
                return "";
            }
            var columns = item.columns.stream().map(name -> id(Planner.column(table, name).target)).collect(Collectors.joining(", "));
            return "; more than once: " + rows(worker, "select " + columns + ", count(*) from " + qualified(table) + " group by " + columns
                    + " having count(*) > 1 order by " + columns + " limit 10");
        }

        /** Why PostgreSQL refuses a definition; what has nothing to do with it (a lost connection, a full disk, a lock) stops the run. */
        private static String refusal(SQLException e) throws SQLException {
            if (!Target.state(e).matches("(0A|2[0-9B]|3[0-9BD]|42|P0).*")) {
                throw e;
            }
            return firstLine(e);
        }

        private boolean exists(Item item, Worker worker, String kind) throws SQLException {
            return switch (kind) {
            case "primary key", "unique", "check" ->
                item.sql.startsWith("CREATE") ? relation(item.target, worker) : constraint(item.target, worker);
            case "trigger" -> Target.value(worker.connection,
                    "select 1 from pg_catalog.pg_trigger g join pg_catalog.pg_class c on c.oid = g.tgrelid join pg_catalog.pg_namespace n on n.oid = c.relnamespace"
                        + " where g.tgname = ? and n.nspname = ?", item.target, plan.schema) != null;
                default -> relation(item.target, worker);
            };
        }

        private boolean relation(String name, Worker worker) throws SQLException {
            return Target.value(worker.connection,
                    "select 1 from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace where c.relname = ? and n.nspname = ?",
                    name, plan.schema) != null;
        }

        private boolean constraint(String name, Worker worker) throws SQLException {
            return Target.value(worker.connection,
                    "select 1 from pg_catalog.pg_constraint c join pg_catalog.pg_namespace n on n.oid = c.connamespace where c.conname = ? and n.nspname = ?",
                    name, plan.schema) != null;
        }

        /** The first lines of what the server says, with the row or value that it names. */
        static String firstLine(SQLException e) {
            var why = e.getCause() instanceof SQLException cause ? cause : e;
            var detail = why instanceof PSQLException server && server.getServerErrorMessage() != null
                    ? server.getServerErrorMessage().getDetail()
                    : null;
            return why.getMessage().lines().findFirst().orElse("").replaceFirst("^ERROR: ", "") + (detail == null ? "" : ": " + detail);
        }

        /** A partial index is right only if its condition holds for as many rows as in SQLite. */
        private void index(Item item, Table table, Worker worker) throws SQLException {
            if (item.predicate != null && item.sql != null && !schemaOnly) {
                try {
                    var here = Target.value(worker.connection, "select count(*) from " + qualified(table) + " where " + item.predicate);
                    var there = source.count(worker.reader,
                            "select count(*) from " + Source.quoted(table.name) + " where " + item.sqlitePredicate);
                    if (!here.equals(there)) {
                        item.state = "not created";
                        item.reason = "its condition holds for " + there + " rows in SQLite, for " + here + " here";
                        return;
                    }
                } catch (SQLException e) {
                    item.reason = refusal(e);
                    item.state = "not created";
                    return;
                }
            }
            make(item, worker, "index", table);
        }

        /** Added without a look at the rows, then validated; rows that break it stay, are listed, and the check holds for new ones. */
        private void check(Item item, Table table, Worker worker) throws SQLException {
            if (!make(item, worker, "check", table)) {
                return;
            }
            try {
                worker.execute("ALTER TABLE " + qualified(table) + " VALIDATE CONSTRAINT " + id(item.target));
            } catch (SQLException e) {
                refusal(e);
                item.state = "changed";
                item.reason = "NOT VALID: it holds for new rows; rows that break it: " + rows(worker,
                        "select " + keyList(table) + " from " + qualified(table) + " where not (" + item.predicate + ") limit 10");
            }
        }

        private static String keyList(Table table) {
            return (table.key.isEmpty() ? table.columns.stream().limit(3).map(c -> c.name) : table.key.stream())
                    .map(name -> id(Planner.column(table, name).target)).collect(Collectors.joining(", "));
        }

        private static String rows(Worker worker, String query) {
            try {
                return Target.rows(worker.connection, query).stream()
                        .map(row -> row.stream().map(String::valueOf).collect(Collectors.joining(", ", "(", ")")))
                        .collect(Collectors.joining(" "));
            } catch (SQLException e) {
                return firstLine(e);
            }
        }

        private void defaultValue(Column column, Table table, Worker worker) throws SQLException {
            if (column.defaultSql == null || column.generatedSql != null || column.identity != null) {
                return;
            }
            try {
                worker.execute(
                        "ALTER TABLE " + qualified(table) + " ALTER COLUMN " + id(column.target) + " SET DEFAULT " + column.defaultSql);
            } catch (SQLException e) {
                column.notes
                        .add("no default: " + column.defaultText + " became " + column.defaultSql + ", and that is refused: " + refusal(e));
                column.defaultSql = null;
            }
        }

        /** The next value: after the largest that is there or, with AUTOINCREMENT, that ever was. */
        private void sequence(Column column, Table table, Worker worker) throws SQLException {
            var largest = Target.value(worker.connection, "select max(" + id(column.target) + ") from " + qualified(table));
            var ever = source.hasSequences(worker.reader)
                    ? source.strings(worker.reader, "select seq from sqlite_sequence where name = ? and typeof(seq) = 'integer'",
                            table.name)
                    : List.<List<String>>of();
            var last = Math.max(largest == null ? 0 : Long.parseLong(largest), ever.isEmpty() ? 0 : Long.parseLong(ever.get(0).get(0)));
            if (last == Long.MAX_VALUE) {
                column.notes.add("the largest id is 2^63-1: there is no next one");
            }
            Target.value(worker.connection, "select pg_catalog.setval(pg_catalog.pg_get_serial_sequence(?, ?)::regclass, ?, ?)",
                    qualified(table), column.target, Math.max(1, last), last > 0);
        }

        /** A generated column is proved by comparing all its values; false if one differs: then it is a plain column, to be loaded with SQLite's. */
        private boolean generated(Column column, Table table, Worker worker) throws Exception {
            if (column.generatedSql == null) {
                worker.execute("COMMENT ON COLUMN " + qualified(table) + "." + id(column.target) + " IS "
                        + literal("generated in SQLite as " + column.generatedText));
                return true;
            }
            if (schemaOnly) {
                return true;
            }
            var proved = new Table();
            proved.name = table.name;
            proved.target = table.target;
            proved.kind = table.kind;
            proved.rows = table.rows;
            proved.key.addAll(table.key);
            for (var other : table.columns) {
                if (other == column || table.key.contains(other.name)) {
                    proved.columns.add(other == column ? other.plain() : other);
                }
            }
            var result = verification(worker).hash(proved);
            if (result.same()) {
                return true;
            }
            var first = result.shown().isEmpty() ? "" : ", first " + result.shown().get(0);
            asPlain(column, "the values differ" + first);
            return false;
        }

        /** Removes a table that this run has made, and what is noted of it. */
        private void drop(Table table, Worker worker) throws SQLException {
            worker.execute("BEGIN; DROP TABLE IF EXISTS " + qualified(table) + "; " + target.forgetting(table) + "; COMMIT");
        }

        // foreign keys

        /** Without a look at the rows first, one after the other because each locks two tables; then validated, several at once. Orphans stay, and are listed. */
        private void foreignKeys(Worker worker, Tasks tasks) throws Exception {
            for (var table : plan.tables) {
                for (var key : table.foreignKeys) {
                    if (key.sql == null) {
                        key.state = "not created";
                        continue;
                    }
                    try {
                        if (!constraint(key.target, worker)) {
                            worker.execute(key.sql + " NOT VALID");
                        }
                        key.state = "created";
                        tasks.add(Tasks.FINISH, other -> validate(table, key, other));
                    } catch (SQLException e) {
                        key.state = "not created";
                        key.reason = refusal(e);
                    }
                }
            }
        }

        private void validate(Table table, ForeignKey key, Worker worker) throws SQLException {
            try {
                worker.execute("ALTER TABLE " + qualified(table) + " VALIDATE CONSTRAINT " + id(key.target));
            } catch (SQLException e) {
                if (!"23503".equals(e.getSQLState())) {
                    throw e;
                }
                var parent = plan.tables.stream().filter(t -> t.name.equalsIgnoreCase(key.parent)).findFirst().orElseThrow();
                var own = key.columns.stream().map(c -> "c." + id(Planner.column(table, c).target)).toList();
                var others = key.parentColumns.stream().map(c -> "p." + id(Planner.column(parent, c).target)).toList();
                var orphans = " from " + qualified(table) + " c where "
                        + own.stream().map(c -> c + " is not null").collect(Collectors.joining(" and ")) + " and not exists (select from "
                        + qualified(parent) + " p where "
                        + IntStream.range(0, own.size()).mapToObj(i -> others.get(i) + " = " + own.get(i))
                                .collect(Collectors.joining(" and "))
                        + ")";
                var keys = Stream.concat(table.key.stream().map(k -> "c." + id(Planner.column(table, k).target)), own.stream()).distinct()
                        .collect(Collectors.joining(", "));
                key.state = "changed";
                key.reason = "NOT VALID, so that old rows stay and new ones are checked: "
                        + Report.count(Long.parseLong(Target.value(worker.connection, "select count(*)" + orphans)), "row")
                        + " without a parent, " + rows(worker, "select " + keys + orphans + " order by 1 limit 10");
            }
        }

        // views

        /** Created, and kept only if it gives the same rows as in SQLite. */
        private void view(Item item, Worker worker) throws Exception {
            if (!make(item, worker, "view", null) || schemaOnly) {
                return;
            }
            try {
                var view = asTable(item, worker);
                var result = verification(worker).hash(view);
                if (!result.same()) {
                    worker.execute("DROP VIEW " + id(plan.schema) + "." + id(item.target));
                    item.state = "not created";
                    item.reason = "its rows differ: "
                            + (result.shown().isEmpty() ? result.source() + " rows in SQLite, " + result.target() + " here"
                                    : result.shown().get(0).toString());
                }
            } catch (SQLException | Failure | LargeCells e) {
                if (e instanceof SQLException sql && Target.isLost(sql)) {
                    throw e;
                }
                worker.execute("DROP VIEW IF EXISTS " + id(plan.schema) + "." + id(item.target));
                item.state = "not created";
                item.reason = "its rows could not be compared: " + (e instanceof SQLException sql ? firstLine(sql) : e.getMessage());
            }
        }

        /** A view as the verification reads it: each column with the type that PostgreSQL gives it and the conversion that its translation has seen. */
        private Table asTable(Item item, Worker worker) throws SQLException {
            var view = new Table();
            view.name = item.name;
            view.target = item.target;
            view.kind = "view";
            var types = Target.rows(worker.connection,
                    "select attname, pg_catalog.format_type(atttypid, atttypmod) from pg_catalog.pg_attribute where attrelid = pg_catalog.to_regclass(?) and attnum > 0 order by attnum",
                    id(plan.schema) + "." + id(item.target));
            var names = source.strings(worker.reader, "select name from pragma_table_xinfo(?)", item.name);
            for (var i = 0; i < types.size(); i++) {
                var type = types.get(i).get(1).replace("timestamp with time zone", "timestamptz")
                        .replace("timestamp without time zone", "timestamp").replace("time without time zone", "time");
                var column = new Column();
                column.name = names.get(i).get(0);
                column.target = types.get(i).get(0);
                column.type = type;
                column.declared = "";
                column.conversion = item.conversions.getOrDefault(column.target, Decision.conversionOf(type));
                view.columns.add(column);
            }
            return view;
        }

        // proof

        private Verification verification(Worker worker) {
            return new Verification(worker.connection, plan.schema, (table, into, each) -> {
                var encoder = new Encoder(table, rules, new Changes());
                Cells.read(source, worker.reader, table, null, (row, large) -> {
                    if (encoder.row(row, large, into)) {
                        each.accept(into);
                    }
                    encoder.out.forget();
                });
            }, plan.merged);
        }

        private Verified verify(Table table, Worker worker) throws Exception {
            if (proof.verify.equals("none")) {
                return null;
            }
            progress.working("compare " + table.name, false);
            worker.connection.setAutoCommit(false);
            try {
                worker.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY");
                var verification = verification(worker);
                var sum = sums.getOrDefault(table, new Loader.Sums(null, null));
                var result = switch (plan.merged ? "rows" : proof.verify) {
                    case "counts" -> sum.counts() != null ? verification.counts(table, sum.counts()) : verification.counts(table);
                    case "rows" -> verification.rows(table);
                    default -> sum.buckets() != null ? verification.hash(table, sum.buckets()) : verification.hash(table);
                };
                worker.connection.rollback();
                worker.connection.setAutoCommit(true);
                progress.working("compare " + table.name, true);
                return result;
            } catch (Exception e) {
                worker.close(); // a COPY may be open, for whose end a rollback would wait
                throw e;
            }
        }
    }

    /** Work for a few workers: what is furthest along first, except that one of them always loads while there is something to load. */
    static final class Tasks {
        static final int LOAD = 0, FINISH = 1, VERIFY = 2;

        interface Task {
            void run(Worker worker) throws Exception;
        }

        private static final int TRIES = 10;

        private final Progress progress;
        private final List<Deque<Task>> waiting = List.of(new ArrayDeque<>(), new ArrayDeque<>(), new ArrayDeque<>());
        private int loading;
        private int running;
        private Exception failure;

        Tasks(Progress progress) {
            this.progress = progress;
        }

        synchronized void add(int kind, Task task) {
            waiting.get(kind).add(task);
            notifyAll();
        }

        /** Runs all, and those that they add, by so many workers; the first failure ends the others after their present task, and is thrown. */
        void run(int jobs, Target target) throws Exception {
            var threads = IntStream.range(1, Math.max(1, jobs)).mapToObj(number -> new Thread(() -> work(number, target))).toList();
            threads.forEach(Thread::start);
            work(0, target);
            for (var thread : threads) {
                thread.join();
            }
            if (failure != null) {
                throw failure;
            }
        }

        private void work(int number, Target target) {
            Worker worker = null;
            try {
                worker = open(number, target);
                for (var kind = worker == null ? -1 : take(); kind >= 0; kind = take()) {
                    var task = taken.get();
                    run(task, worker);
                    done(kind);
                }
            } catch (Exception e) {
                fail(e);
            } catch (OutOfMemoryError e) {
                fail(new Failure("out of memory (" + e.getMessage()
                        + "): give Java more, by jbang -R-Xmx1g migrate_to_postgres.java ..., or use --jobs 1"));
            } catch (Error e) {
                fail(new Failure(e.toString()));
            } finally {
                if (worker != null && number > 0) {
                    worker.close();
                }
            }
        }

        /** A server that has no more connections to give is worked for with fewer. */
        private Worker open(int number, Target target) throws Exception {
            try {
                return target.worker(number);
            } catch (SQLException e) {
                if (number == 0 || !"53300".equals(Target.state(e))) {
                    throw e;
                }
                progress.say("the server has no connection left for a worker more: going on with fewer");
                return null;
            }
        }

        /** Every task can be done again: it finds what is there. So a lost connection is opened anew. */
        private void run(Task task, Worker worker) throws Exception {
            for (var left = TRIES;; left--) {
                try {
                    task.run(worker);
                    return;
                } catch (SQLException e) {
                    if (left == 0 || !Target.isLost(e) && !Target.state(e).matches("55P03|40P01")) {
                        throw e;
                    }
                    if (!Target.isLost(e)) {
                        progress.say("waiting for a lock" + worker.blockers());
                        Thread.sleep(1000);
                        continue;
                    }
                    progress.say("the connection was cut (" + Migration.firstLine(e) + "): going on from what is committed");
                    worker.reconnect();
                    worker.keepLock();
                }
            }
        }

        private final ThreadLocal<Task> taken = new ThreadLocal<>();

        /** The kind of the task taken; -1 if all is done, or something has failed. Waits while others may still add some. */
        private synchronized int take() throws InterruptedException {
            for (;; wait()) {
                var kind = failure != null ? -1
                        : waiting.get(LOAD).isEmpty() || loading > 0 && !(waiting.get(FINISH).isEmpty() && waiting.get(VERIFY).isEmpty())
                                ? waiting.get(FINISH).isEmpty() ? VERIFY : FINISH
                                : LOAD;
                if (kind >= 0 && !waiting.get(kind).isEmpty()) {
                    taken.set(waiting.get(kind).poll());
                    loading += kind == LOAD ? 1 : 0;
                    running++;
                    return kind;
                }
                if (kind < 0 || running == 0) {
                    return -1;
                }
            }
        }

        private synchronized void done(int kind) {
            loading -= kind == LOAD ? 1 : 0;
            running--;
            notifyAll();
        }

        private synchronized void fail(Exception e) {
            if (failure == null) {
                failure = e;
            } else {
                failure.addSuppressed(e);
            }
            notifyAll();
        }
    }

    // ---- verification ----

    /**
     * What is compared of a column, decided by the plan alone: the canonical form that the source side reaches from SQLite's value and the target side from PostgreSQL's value,
     * each by code of its own. They share this choice, the cells, the hash and the JSON canonicaliser, nothing else.
     */
    enum Form {
        INTEGER, DOUBLE, NUMERIC, BOOLEAN, TEXT, PADDED, LOWER, UPPER, BYTES, JSONB, UUID, UUID_RFC, UUID_MS,
        /** Dates and times: as the source's text, all of one shape; as the source's integer; as microseconds since 1970. */
        SHAPED, EPOCH, INSTANT;

        /** At most six digits of a second: PostgreSQL keeps no more, so longer texts could not be given back. */
        private static final Pattern SHAPE = Pattern.compile("0000-00-00([ T]00:00(:00(\\.0{1,6})?)?Z?)?|00:00(:00(\\.0{1,6})?)?");
        private static final Set<String> EXACT_EPOCHS = Set.of("unix", "unixms", "unixus", "cocoa", "webkit");

        static Form of(Column column) {
            return switch (base(column)) {
                case "smallint", "int2", "integer", "int", "int4", "bigint", "int8" -> INTEGER;
                case "double precision", "float8", "real", "float4" -> DOUBLE;
                case "numeric", "decimal", "money" -> NUMERIC;
                case "boolean", "bool" -> BOOLEAN;
                case "char", "character", "bpchar" -> PADDED;
                case "bytea" -> BYTES;
                case "jsonb" -> JSONB;
                case "uuid" -> column.conversion.equals("uuid-rfc") ? UUID_RFC : column.conversion.equals("uuid-ms") ? UUID_MS : UUID;
            case "date", "time", "time without time zone", "timestamp", "timestamp without time zone", "timestamptz",
                    "timestamp with time zone" ->
                temporal(column);
                default -> column.conversion.equals("enum-lower") ? LOWER : column.conversion.equals("enum-upper") ? UPPER : TEXT;
            };
        }

        private static Form temporal(Column column) {
            if (column.type.contains("(")) {
                return INSTANT; // with a precision of its own, to which values were rounded
            }
            if (EXACT_EPOCHS.contains(column.conversion)) {
                return column.data.integers > 0 && column.data.reals == 0 && column.data.texts == 0 ? EPOCH : INSTANT;
            }
            return column.conversion.equals("iso") && column.format != null && SHAPE.matcher(column.format).matches() ? SHAPED : INSTANT;
        }

        /** The type's name without its length, precision or scale, which say nothing about the form. */
        private static String base(Column column) {
            return column.type.toLowerCase(Locale.ROOT).replaceAll("\\s*\\([^)]*\\)", "").strip();
        }

        static boolean timeOfDay(Column column) {
            return base(column).matches("time( without time zone)?");
        }

        boolean textual() {
            return this == TEXT || this == PADDED || this == LOWER || this == UPPER;
        }
    }

    /** The columns that are verified, in the order in which both sides give their cells: not those that PostgreSQL computes itself. */
    static List<Column> compared(Table table) {
        return table.columns.stream().filter(column -> column.generatedSql == null).toList();
    }

    /** Takes rows in canonical form; the row is valid only during the call. */
    interface RowHandler {
        void row(Canonical row);
    }

    /** Reads a table of the source once more: gives each row, as it was accepted at load, to {@code into}, and then calls {@code eachRow}. */
    interface AcceptedRows {
        void rows(Table table, SourceRow into, Consumer<SourceRow> eachRow) throws Exception;
    }

    /**
     * One row in canonical form, in a buffer that is used again. A cell is a tag and a payload, numbers big-endian:
     * N null; I 8-byte integer; F 8-byte IEEE double without −0; D decimal; S text; B bytes; J JSON (D, S, B, J: 4-byte length, then bytes); T 8-byte microseconds since 1970-01-01 UTC,
     * of a time since midnight; x text and X bytes of more than {@link #LARGE} bytes: 8-byte length and SHA-256.
     */
    static final class Canonical {
        static final int LARGE = 1 << 20;
        /** Up to here every integer is a double. */
        static final long EXACT = 1L << 53;
        private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);
        private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

        /** What a view computes is compared to thirteen digits: a sum of doubles depends on the order of its rows. */
        private static final MathContext COMPUTED = new MathContext(13);

        private final boolean computed;
        private final int[] key;
        private final int[] starts;
        private int cells;
        byte[] bytes = new byte[1024];
        int length;
        long h1;
        long h2;
        long keyHash;

        Canonical(Table table) {
            computed = table.kind.equals("view");
            var names = compared(table).stream().map(column -> column.name).toList();
            var positions = table.key.stream().mapToInt(names::indexOf).toArray();
            key = IntStream.of(positions).anyMatch(position -> position < 0) ? new int[0] : positions;
            starts = new int[names.size() + 1];
        }

        void start() {
            length = 0;
            cells = 0;
        }

        void nil() {
            tag('N', 0);
        }

        void integer(long value) {
            fixed('I', value);
        }

        /** SQLite gives 0.0 for −0.0, so the two are one. */
        void real(double value) {
            var compared = computed && Double.isFinite(value) ? new BigDecimal(value).round(COMPUTED).doubleValue() : value;
            fixed('F', Double.doubleToLongBits(compared == 0 ? 0.0 : compared));
        }

        /** Microseconds since 1970; Long.MAX_VALUE is infinity, Long.MIN_VALUE -infinity. */
        void instant(long micros) {
            fixed('T', micros);
        }

        void string(byte[] b, int from, int n) {
            counted('S', 'x', b, from, n);
        }

        void string(String text) {
            var b = text.getBytes(UTF_8);
            string(b, 0, b.length);
        }

        void blob(byte[] b, int from, int n) {
            counted('B', 'X', b, from, n);
        }

        /** The content of a cell of more than LARGE bytes. */
        void large(boolean text, long n, byte[] b, int from) {
            fixed(text ? 'x' : 'X', n);
            put(b, from, 32);
        }

        /** The one form of a number that may come as integer, double or decimal: an integer if it is one that a double holds, too; see below for others. */
        void number(long value) {
            if (Math.abs(value) <= EXACT) {
                integer(value);
            } else {
                number(BigDecimal.valueOf(value));
            }
        }

        /**
         * The double that is written so; else an integer if it is one and fits; else the decimal itself.
         * Two decimals count as "written so": the shortest that reads back as the double, and Java's, which before version 19 sometimes has a digit more.
         */
        void number(BigDecimal value) {
            var v = value.stripTrailingZeros();
            var d = v.doubleValue();
            var whole = v.scale() <= 0 && v.precision() - v.scale() <= 19 && v.toBigInteger().bitLength() < 64;
            if (whole && Math.abs(v.longValue()) <= EXACT) {
                integer(v.longValue());
            } else if (computed) {
                real(d);
            } else if (v.precision() <= 17 && Double.isFinite(d)
                    && (shortest(d).compareTo(v) == 0 || BigDecimal.valueOf(d).compareTo(v) == 0)) {
                real(d);
            } else if (whole) {
                integer(v.longValue());
            } else {
                var text = v.toString().getBytes(US_ASCII);
                counted('D', 'x', text, 0, text.length);
            }
        }

        /** What is no JSON goes in as text. */
        void json(byte[] b, int from, int n) {
            tag('J', 4);
            length += 4;
            var payload = length;
            try {
                CanonicalJson.write(new String(b, from, n, UTF_8), this);
                INT.set(bytes, payload - 4, length - payload);
            } catch (IOException | NumberFormatException e) {
                length = starts[--cells];
                string(b, from, n);
            }
        }

        /** Ends the row: computes its hash and that of its key (MurmurHash3, 128 bits); without a key, rows are told apart by their whole content. */
        void end() {
            if (cells != starts.length - 1) {
                throw new IllegalStateException(cells + " cells in a row of " + (starts.length - 1));
            }
            starts[cells] = length;
            var hash = hash(0, length);
            h1 = hash[0];
            h2 = hash[1];
            keyHash = key.length == 0 ? h1 : 0;
            for (var k : key) {
                keyHash = keyHash * 31 + hash(starts[k], starts[k + 1])[0];
            }
        }

        /** Takes a row that Parts has written; false at the end. */
        boolean read(DataInputStream in) throws IOException {
            start();
            var size = new byte[4];
            if (in.readNBytes(size, 0, 4) == 0) {
                return false;
            }
            var n = (int) INT.get(size, 0);
            room(n);
            in.readFully(bytes, 0, n);
            for (; length < n; length = end(bytes, length)) {
                starts[cells++] = length;
            }
            end();
            return true;
        }

        /** Deprecated is only the meaning of a negative seed, and 0 is none. */
        @SuppressWarnings("deprecation")
        private long[] hash(int from, int to) {
            return MurmurHash3.hash128x64(bytes, from, to - from, 0);
        }

        boolean keyed() {
            return key.length > 0;
        }

        byte[] row() {
            return Arrays.copyOf(bytes, length);
        }

        /** The key's cells one after another, or the whole row. */
        byte[] key() {
            if (!keyed()) {
                return row();
            }
            var out = new ByteArrayOutputStream();
            for (var k : key) {
                out.write(bytes, starts[k], starts[k + 1] - starts[k]);
            }
            return out.toByteArray();
        }

        char tag(int c) {
            return (char) bytes[starts[c]];
        }

        /** The payload's first number: an integer, a length. */
        long first(int c) {
            return switch (tag(c)) {
                case 'D', 'S', 'B', 'J' -> (int) INT.get(bytes, starts[c] + 1);
                default -> (long) LONG.get(bytes, starts[c] + 1);
            };
        }

        void put(byte[] b, int from, int n) {
            room(n);
            System.arraycopy(b, from, bytes, length, n);
            length += n;
        }

        private void tag(char tag, int room) {
            starts[cells++] = length;
            room(room + 1);
            bytes[length++] = (byte) tag;
        }

        private void fixed(char tag, long value) {
            tag(tag, 8);
            LONG.set(bytes, length, value);
            length += 8;
        }

        private void counted(char small, char large, byte[] b, int from, int n) {
            if (n > LARGE) {
                large(large == 'x', n, sha256(b, from, n), 0);
                return;
            }
            tag(small, 4 + n);
            INT.set(bytes, length, n);
            length += 4;
            put(b, from, n);
        }

        private void room(int n) {
            if (length + n > bytes.length) {
                bytes = Arrays.copyOf(bytes, Math.max(length + n, bytes.length + (bytes.length >> 1)));
            }
        }

        private static byte[] sha256(byte[] b, int from, int n) {
            try {
                var digest = MessageDigest.getInstance("SHA-256");
                digest.update(b, from, n);
                return digest.digest();
            } catch (NoSuchAlgorithmException e) {
                throw new IllegalStateException(e);
            }
        }

        /**
         * The shortest decimal that reads back as the same double, the nearest if there are several. Any decimal of up to 15 digits survives a normal double (DBL_DIG), so rounding
         * to 15 digits finds the shorter ones too; with 17 digits all doubles survive. Away from zero: above a power of two doubles are half as dense as below.
         */
        static BigDecimal shortest(double value) {
            var exact = new BigDecimal(value);
            for (var digits = Math.abs(value) < Double.MIN_NORMAL ? 1 : 15; digits < 17; digits++) {
                for (var rounding : List.of(RoundingMode.HALF_EVEN, RoundingMode.UP)) {
                    var rounded = exact.round(new MathContext(digits, rounding));
                    if (rounded.doubleValue() == value) {
                        return rounded.stripTrailingZeros();
                    }
                }
            }
            return exact.round(new MathContext(17, RoundingMode.HALF_EVEN)).stripTrailingZeros();
        }

        /** Where the cell at {@code at} ends. */
        static int end(byte[] row, int at) {
            return switch (row[at]) {
                case 'N' -> at + 1;
                case 'I', 'F', 'T' -> at + 9;
                case 'x', 'X' -> at + 41;
                default -> at + 5 + (int) INT.get(row, at + 1);
            };
        }

        static long number(byte[] row, int at) {
            return (long) LONG.get(row, at + 1);
        }
    }

    /** Brings JSON (RFC 8259) into one form: without blanks, members in the order of their keys' bytes, strings unescaped, 1, 1.0 and 1e0 alike. */
    static final class CanonicalJson {
        private static final int DEEPEST = 10_000;

        private final JsonReader in;
        private final Canonical out;

        private CanonicalJson(JsonReader in, Canonical out) {
            this.in = in;
            this.out = out;
        }

        /** @throws IOException if it is no JSON */
        static void write(String text, Canonical out) throws IOException {
            var in = new JsonReader(new StringReader(text));
            in.setStrictness(Strictness.STRICT);
            in.setNestingLimit(DEEPEST);
            new CanonicalJson(in, out).value();
            if (in.peek() != JsonToken.END_DOCUMENT) {
                throw new IOException("more than one JSON value");
            }
        }

        private void value() throws IOException {
            switch (in.peek()) {
                case BEGIN_OBJECT -> object();
                case BEGIN_ARRAY -> array();
                case STRING -> string(in.nextString());
                case NUMBER -> number(in.nextString());
                case BOOLEAN -> put(String.valueOf(in.nextBoolean()));
                default -> {
                    in.nextNull();
                    put("null");
                }
            }
        }

        /** Duplicate keys stay, so that one that jsonb has dropped is a difference. */
        private void object() throws IOException {
            var members = new ArrayList<int[]>();
            in.beginObject();
            put("{");
            var start = out.length;
            while (in.hasNext()) {
                var from = out.length;
                string(in.nextName());
                var key = out.length;
                put(":");
                value();
                put(",");
                members.add(new int[] {from, key, out.length});
            }
            in.endObject();
            sort(start, members);
            close(start, '}');
        }

        private void sort(int start, List<int[]> members) {
            var unsorted = Arrays.copyOfRange(out.bytes, start, out.length);
            members.sort((a, b) -> Arrays.compareUnsigned(unsorted, a[0] - start, a[1] - start, unsorted, b[0] - start, b[1] - start));
            out.length = start;
            members.forEach(member -> out.put(unsorted, member[0] - start, member[2] - member[0]));
        }

        private void array() throws IOException {
            in.beginArray();
            put("[");
            var start = out.length;
            while (in.hasNext()) {
                value();
                put(",");
            }
            in.endArray();
            close(start, ']');
        }

        /** In place of the last comma, if there is one. */
        private void close(int start, char bracket) {
            out.length -= out.length > start ? 1 : 0;
            put(String.valueOf(bracket));
        }

        private void string(String text) {
            put('"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"');
        }

        private void number(String text) {
            var value = new BigDecimal(text).stripTrailingZeros();
            put(Math.abs(value.scale()) <= 20 ? value.toPlainString() : value.toString());
        }

        private void put(String text) {
            var b = text.getBytes(UTF_8);
            out.put(b, 0, b.length);
        }
    }

    /** Count and sum (mod 2^128) of row hashes per bucket of keys. The order of rows has no say; equal vectors mean equal multisets of rows, but for a collision of hashes. */
    static final class Buckets implements RowHandler {
        static final int MOST = 4096;

        private final long[] counts;
        private final long[] highs;
        private final long[] lows;

        /** @param n a power of two */
        Buckets(int n) {
            counts = new long[n];
            highs = new long[n];
            lows = new long[n];
        }

        /** As many as suit the table: about 64 rows in each, from 16 to 4096. */
        static Buckets sizedFor(Table table) {
            return new Buckets(Integer.highestOneBit((int) Math.max(16, Math.min(MOST, table.rows / 64))));
        }

        static Buckets of(byte[] stored) {
            var in = ByteBuffer.wrap(stored);
            var buckets = new Buckets(stored.length / 24);
            for (var part : List.of(buckets.counts, buckets.highs, buckets.lows)) {
                for (var i = 0; i < part.length; i++) {
                    part[i] = in.getLong();
                }
            }
            return buckets;
        }

        byte[] toBytes() {
            var out = ByteBuffer.allocate(24 * size());
            for (var part : List.of(counts, highs, lows)) {
                for (var number : part) {
                    out.putLong(number);
                }
            }
            return out.array();
        }

        @Override
        public void row(Canonical row) {
            add(row.keyHash, row.h1, row.h2);
        }

        void add(long keyHash, long h1, long h2) {
            add(bucket(keyHash), 1, h1, h2);
        }

        /** Adds the sums of another part of the same table. */
        void plus(Buckets other) {
            for (var i = 0; i < size(); i++) {
                add(i, other.counts[i], other.highs[i], other.lows[i]);
            }
        }

        private void add(int i, long count, long high, long low) {
            counts[i] += count;
            lows[i] += low;
            highs[i] += high + (Long.compareUnsigned(lows[i], low) < 0 ? 1 : 0);
        }

        int bucket(long keyHash) {
            return (int) keyHash & counts.length - 1;
        }

        int size() {
            return counts.length;
        }

        long count() {
            return LongStream.of(counts).sum();
        }

        long count(int bucket) {
            return counts[bucket];
        }

        List<Integer> different(Buckets other) {
            return IntStream.range(0, size())
                    .filter(i -> counts[i] != other.counts[i] || highs[i] != other.highs[i] || lows[i] != other.lows[i]).boxed().toList();
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Buckets b && b.size() == size() && different(b).isEmpty();
        }

        @Override
        public int hashCode() {
            return Arrays.hashCode(lows);
        }
    }

    /**
     * The source side: takes the accepted values of a row, all of them, in the order of {@link #compared}, and hands the canonical row on.
     * A value that the column's form cannot hold goes in by its own storage class, so that it is a difference and never hidden.
     */
    static class SourceRow {
        private static final Pattern ISO = Pattern.compile(
                "(?:(\\d{4,6})-(\\d\\d)-(\\d\\d))?[ T]?(?:(\\d\\d):(\\d\\d)(?::(\\d\\d)(?:\\.(\\d+))?)?)? ?(?:Z|([+-]\\d\\d)(?::?(\\d\\d))?)?");
        private static final BigDecimal HALF = new BigDecimal("0.5");

        private final List<Column> columns;
        private final Form[] forms;
        private final DateTimeFormatter[] shapes;
        private final Canonical cells;
        private final RowHandler into;

        SourceRow(Table table, RowHandler into) {
            columns = compared(table);
            forms = columns.stream().map(Form::of).toArray(Form[]::new);
            shapes = columns.stream().map(column -> Form.of(column) == Form.SHAPED ? shape(column.format) : null)
                    .toArray(DateTimeFormatter[]::new);
            cells = new Canonical(table);
            this.into = into;
        }

        /** For a run without verification: takes the values, and makes nothing of them. */
        static SourceRow ignored(Table table) {
            return new SourceRow(table, row -> { }) {
                @Override
                void start() {
                }

                @Override
                void nil(int c) {
                }

                @Override
                void integer(int c, long value) {
                }

                @Override
                void real(int c, double value) {
                }

                @Override
                void text(int c, byte[] b, int n) {
                }

                @Override
                void blob(int c, byte[] b, int n) {
                }

                @Override
                void large(int c, boolean text, long n, byte[] sha256) {
                }

                @Override
                void end() {
                }
            };
        }

        void start() {
            cells.start();
        }

        void nil(int c) {
            cells.nil();
        }

        /** An integer that a double cannot hold stays one in a column of doubles, and so is a difference. */
        void integer(int c, long value) {
            switch (forms[c]) {
                case DOUBLE -> {
                    if ((long) (double) value == value && value != Long.MAX_VALUE) {
                        cells.real(value);
                    } else {
                        cells.integer(value);
                    }
                }
                case TEXT, PADDED, LOWER, UPPER, BYTES, JSONB -> text(c, Long.toString(value));
                case NUMERIC -> cells.number(value);
                case INSTANT -> instant(c, BigDecimal.valueOf(value), value, true);
                default -> cells.integer(value);
            }
        }

        void real(int c, double value) {
            switch (forms[c]) {
                case INTEGER, BOOLEAN, NUMERIC -> {
                    if (value == Math.rint(value) && Math.abs(value) <= Canonical.EXACT) {
                        cells.integer((long) value);
                    } else {
                        cells.real(value);
                    }
                }
                case TEXT, PADDED, LOWER, UPPER, BYTES, JSONB -> text(c, text(value));
                case INSTANT -> {
                    if (Double.isFinite(value)) {
                        instant(c, BigDecimal.valueOf(value), (long) value, false);
                    } else {
                        cells.real(value);
                    }
                }
                default -> cells.real(value);
            }
        }

        void text(int c, byte[] b, int n) {
            try {
                switch (forms[c]) {
                    case PADDED -> cells.string(b, 0, withoutBlanks(b, n));
                    case LOWER, UPPER -> cells.string(folded(b, n, forms[c] == Form.LOWER), 0, n);
                    case BYTES -> cells.blob(b, 0, n);
                    case JSONB -> cells.json(b, 0, n);
                    case UUID -> cells.string(uuid(utf8(b, n)));
                    case BOOLEAN -> cells.integer(truth(utf8(b, n)));
                    case INTEGER -> cells.integer(new BigDecimal(utf8(b, n).strip()).longValueExact());
                    case NUMERIC -> cells.number(new BigDecimal(utf8(b, n).strip()));
                    case DOUBLE -> cells.real(Double.parseDouble(utf8(b, n)));
                    case SHAPED -> shaped(c, b, n);
                    case INSTANT -> cells.instant(micros(utf8(b, n)));
                    default -> cells.string(b, 0, n);
                }
            } catch (IllegalArgumentException | DateTimeException | ArithmeticException e) {
                cells.string(b, 0, n);
            }
        }

        void blob(int c, byte[] b, int n) {
            if (forms[c].textual()) {
                text(c, b, n);
            } else {
                cells.blob(b, 0, n);
            }
        }

        /** A cell of more than Canonical.LARGE bytes that was not read whole. A jsonb cell cannot be given so: it must come through text(). */
        void large(int c, boolean text, long n, byte[] sha256) {
            cells.large(forms[c] != Form.BYTES && (text || forms[c].textual()), n, sha256, 0);
        }

        void end() {
            cells.end();
            into.row(cells);
        }

        Canonical cells() {
            return cells;
        }

        byte[] row() {
            return cells.row();
        }

        private void text(int c, String text) {
            var b = text.getBytes(US_ASCII);
            text(c, b, b.length);
        }

        private static String utf8(byte[] b, int n) {
            return new String(b, 0, n, UTF_8);
        }

        /** A double as SQLite writes it (%!.15g in printf.c: with an exponent from 1e15 on and below 1e-4), but with all digits that it needs to be read back. */
        static String text(double value) {
            if (!Double.isFinite(value)) {
                return value > 0 ? "Inf" : value < 0 ? "-Inf" : "NaN";
            }
            if (value == 0) {
                return "0.0";
            }
            var decimal = Canonical.shortest(value);
            var exponent = decimal.precision() - decimal.scale() - 1;
            if (exponent >= -4 && exponent < 15) {
                return decimal.toPlainString() + (decimal.scale() <= 0 ? ".0" : "");
            }
            var digits = decimal.unscaledValue().abs().toString();
            return (value < 0 ? "-" : "") + digits.charAt(0) + "." + (digits.length() > 1 ? digits.substring(1) : "0")
                    + String.format("e%s%02d", exponent < 0 ? "-" : "+", Math.abs(exponent));
        }

        private static int withoutBlanks(byte[] b, int n) {
            while (n > 0 && b[n - 1] == ' ') {
                n--;
            }
            return n;
        }

        private static byte[] folded(byte[] b, int n, boolean lower) {
            var folded = Arrays.copyOf(b, n);
            for (var i = 0; i < n; i++) {
                if (lower ? b[i] >= 'A' && b[i] <= 'Z' : b[i] >= 'a' && b[i] <= 'z') {
                    folded[i] ^= 0x20;
                }
            }
            return folded;
        }

        /** PostgreSQL takes upper case, braces and left-out hyphens, and gives the standard form (manual of PostgreSQL 18, 8.12). */
        private static String uuid(String text) {
            var digits = text.replaceAll("[{}-]", "").toLowerCase(Locale.ROOT);
            if (!digits.matches("[0-9a-f]{32}")) {
                throw new IllegalArgumentException(text);
            }
            return digits.replaceFirst("(.{8})(.{4})(.{4})(.{4})", "$1-$2-$3-$4-");
        }

        private static long truth(String text) {
            return switch (text.strip().toLowerCase(Locale.ROOT)) {
                case "t", "true", "y", "yes", "on", "1" -> 1;
                case "f", "false", "n", "no", "off", "0" -> 0;
                default -> throw new IllegalArgumentException(text);
            };
        }

        /** The text as it is; only 24:00 of a day is brought to the next day, where PostgreSQL puts it. */
        private void shaped(int c, byte[] b, int n) {
            if (n >= 16 && b[11] == '2' && b[12] == '4') {
                cells.string(moment(micros(utf8(b, n))).format(shapes[c]));
            } else {
                cells.string(b, 0, n);
            }
        }

        private static DateTimeFormatter shape(String format) {
            return DateTimeFormatter.ofPattern(format.replaceAll("[TZ]", "'$0'").replace("0000-00-00", "uuuu-MM-dd")
                    .replace("00:00:00", "HH:mm:ss").replace("00:00", "HH:mm").replace('0', 'S'));
        }

        private void instant(int c, BigDecimal number, long raw, boolean whole) {
            try {
                cells.instant(micros(columns.get(c).conversion, number, whole));
            } catch (ArithmeticException e) {
                cells.integer(raw);
            }
        }

        /** Without a zone it is UTC, without a time midnight; a seventh digit of the fraction rounds half up. */
        private static long micros(String text) {
            var iso = ISO.matcher(text);
            if (!iso.matches() || text.isBlank()) {
                throw new IllegalArgumentException(text);
            }
            var day = iso.group(1) == null ? 0
                    : LocalDate.of(Integer.parseInt(iso.group(1)), Integer.parseInt(iso.group(2)), Integer.parseInt(iso.group(3)))
                            .toEpochDay();
            var offset = number(iso, 8) * 60;
            offset += iso.group(8) != null && iso.group(8).startsWith("-") ? -number(iso, 9) : number(iso, 9);
            var seconds = day * 86400 + number(iso, 4) * 3600 + number(iso, 5) * 60 + number(iso, 6) - offset * 60;
            var fraction = iso.group(7) == null ? "" : iso.group(7);
            var micros = Long.parseLong((fraction + "000000").substring(0, 6))
                    + (fraction.length() > 6 && fraction.charAt(6) >= '5' ? 1 : 0);
            return seconds * 1_000_000 + micros;
        }

        private static long number(MatchResult iso, int group) {
            return iso.group(group) == null ? 0 : Long.parseLong(iso.group(group));
        }

        /**
         * Microseconds since 1970 of a number of a unit; half a microsecond is rounded up, of a real to the even one. Julian days are rounded to milliseconds.
         * @throws ArithmeticException if they are more than 64 bits hold, or it is no unit
         */
        private static long micros(String unit, BigDecimal number, boolean whole) {
            return switch (unit) {
                case "unix" -> micros(number, "1e6", "0", whole);
                case "unixms" -> micros(number, "1e3", "0", whole);
                case "unixus" -> micros(number, "1", "0", whole);
                case "unixns" -> micros(number, "1e-3", "0", whole);
                case "cocoa" -> micros(number, "1e6", "978307200e6", whole);
                case "webkit" -> micros(number, "1", "-11644473600e6", whole);
                case "filetime" -> micros(number, "0.1", "-11644473600e6", whole);
                case "ticks" -> micros(number, "0.1", "-62135596800e6", whole);
                case "julian" -> Math.multiplyExact(1000, Math.round((number.doubleValue() - 2440587.5) * 86_400_000));
                default -> throw new ArithmeticException(unit);
            };
        }

        private static long micros(BigDecimal number, String unit, String epoch, boolean whole) {
            var exact = number.multiply(new BigDecimal(unit)).add(new BigDecimal(epoch));
            return (whole ? exact.add(HALF).setScale(0, RoundingMode.FLOOR) : exact.setScale(0, RoundingMode.HALF_EVEN)).longValueExact();
        }
    }

    /** The date and time of microseconds since 1970. */
    private static LocalDateTime moment(long micros) {
        return LocalDateTime.ofEpochSecond(Math.floorDiv(micros, 1_000_000L), (int) Math.floorMod(micros, 1_000_000L) * 1000,
                ZoneOffset.UTC);
    }

    /**
     * The target side: reads a table by COPY in binary format, in the snapshot of the caller's REPEATABLE READ transaction, and brings each row to canonical form from the bytes of the
     * protocol (formats: the type's _send function in the source of PostgreSQL). Of cells of more than Canonical.LARGE bytes, where the plan has seen such, the server gives length and SHA-256.
     */
    static final class TargetRows implements AutoCloseable {
        private static final VarHandle SHORT = MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.BIG_ENDIAN);
        private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);
        private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);
        private static final int HEADER = 11;
        /** The first three groups of a Microsoft GUID are little-endian in its bytes. */
        private static final int[] GUID = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
        private static final long DAY = 86_400_000_000L;
        private static final long YEAR_2000 = LocalDate.of(2000, 1, 1).toEpochDay();
        /** All exact, so that an integer below 2^53 divided by one is rounded only once and is the nearest double (Clinger, "How to read floating point numbers accurately", 1990). */
        private static final double[] TENS = IntStream.rangeClosed(0, 22).mapToDouble(i -> Double.parseDouble("1e" + i)).toArray();

        private final List<Column> columns;
        private final Form[] forms;
        private final boolean[] times;
        private final boolean[] large;
        private final Canonical cells;
        private final CopyOut copy;
        private byte[] message = new byte[0];
        private int at;

        TargetRows(Connection connection, String schema, Table table) throws SQLException {
            this(connection, schema, table, "");
        }

        /** @param tail what follows the table's name in SELECT, such as an order */
        TargetRows(Connection connection, String schema, Table table, String tail) throws SQLException {
            columns = compared(table);
            forms = columns.stream().map(Form::of).toArray(Form[]::new);
            times = new boolean[forms.length];
            large = new boolean[forms.length];
            var fields = new ArrayList<String>();
            for (var c = 0; c < forms.length; c++) {
                times[c] = Form.timeOfDay(columns.get(c));
                large[c] = columns.get(c).data.maxLength > Canonical.LARGE && (forms[c].textual() || forms[c] == Form.BYTES);
                fields.addAll(fields(c));
            }
            cells = new Canonical(table);
            var sql = "copy (select " + String.join(", ", fields) + " from " + id(schema) + "." + id(table.target) + tail
                    + ") to stdout (format binary)";
            copy = connection.unwrap(PGConnection.class).getCopyAPI().copyOut(sql);
        }

        /** What is selected of a column: one field, or two where cells can be large: the cell if it is small, length and SHA-256 if not. */
        private List<String> fields(int c) {
            var value = value(columns.get(c));
            if (!large[c]) {
                return List.of(value);
            }
            var small = "octet_length(" + value + ") <= " + Canonical.LARGE;
            var bytes = forms[c] == Form.BYTES ? value : "convert_to(" + value + ", 'UTF8')";
            return List.of("case when " + small + " then " + value + " end",
                "case when not " + small + " then int8send(octet_length(" + value + ")) || sha256(" + bytes + ") end");
        }

        /** The column as it is read. A cast to text gives what the type prints, but for inet, where it would add /32. */
        static String value(Column column) {
            var name = id(column.target);
            return switch (Form.of(column)) {
                case TEXT, PADDED, UUID -> column.type.equals("inet") ? "abbrev(" + name + ")" : name + "::text";
                case NUMERIC -> column.type.equals("money") ? name + "::numeric" : name;
                case LOWER -> "lower(" + name + "::text collate \"C\")";
                case UPPER -> "upper(" + name + "::text collate \"C\")";
                default -> name;
            };
        }

        /** Hands on all rows, and closes. */
        void each(RowHandler handler) throws SQLException {
            try (this) {
                while (next()) {
                    handler.row(cells);
                }
            }
        }

        Canonical row() {
            return cells;
        }

        /** Reads the next row; false after the last. PostgreSQL sends whole rows in each message, the header before the first, and −1 for the count of fields after the last. */
        boolean next() throws SQLException {
            if (message != null && at == message.length) {
                var first = message.length == 0;
                message = copy.readFromCopy();
                at = first && message != null ? HEADER + 8 + (int) INT.get(message, HEADER + 4) : 0;
                return next();
            }
            if (message == null || (short) SHORT.get(message, at) < 0) {
                message = null;
                drain();
                return false;
            }
            at += 2;
            decode();
            return true;
        }

        /** Reads what is left without looking at it: to cancel would end the caller's transaction, and with it the snapshot. */
        private void drain() throws SQLException {
            while (copy.isActive()) {
                copy.readFromCopy();
            }
        }

        @Override
        public void close() throws SQLException {
            drain();
        }

        private void decode() {
            cells.start();
            for (var c = 0; c < forms.length; c++) {
                var length = length();
                if (length >= 0) {
                    cell(c, length);
                    at += length;
                    if (large[c]) {
                        length();
                    }
                    continue;
                }
                var digest = large[c] ? length() : -1;
                if (digest < 0) {
                    cells.nil();
                } else {
                    cells.large(forms[c].textual(), (long) LONG.get(message, at), message, at + 8);
                    at += digest;
                }
            }
            cells.end();
        }

        private int length() {
            at += 4;
            return (int) INT.get(message, at - 4);
        }

        private void cell(int c, int length) {
            switch (forms[c]) {
            case INTEGER -> cells.integer(
                    length == 8 ? (long) LONG.get(message, at) : length == 4 ? (int) INT.get(message, at) : (short) SHORT.get(message, at));
            case DOUBLE -> cells.real(
                    length == 4 ? Float.intBitsToFloat((int) INT.get(message, at)) : Double.longBitsToDouble((long) LONG.get(message, at)));
                case NUMERIC -> numeric();
                case BOOLEAN -> cells.integer(message[at]);
                case TEXT, PADDED, LOWER, UPPER, UUID -> cells.string(message, at, length);
                case BYTES, UUID_RFC -> cells.blob(message, at, length);
                case UUID_MS -> microsoft();
                case JSONB -> cells.json(message, at + 1, length - 1);
                case SHAPED -> shaped(columns.get(c).format, micros(c, length));
                case EPOCH -> epoch(columns.get(c).conversion, micros(c, length));
                case INSTANT -> cells.instant(micros(c, length));
            }
        }

        /** Counts of base-10000 digits, weight of the first, sign, scale of display, the digits (numeric_send). */
        private void numeric() {
            var groups = (short) SHORT.get(message, at);
            var weight = (short) SHORT.get(message, at + 2);
            var sign = (short) SHORT.get(message, at + 4) & 0xFFFF;
            if (sign >= 0xC000) {
                cells.real(sign == 0xD000 ? Double.POSITIVE_INFINITY : sign == 0xF000 ? Double.NEGATIVE_INFINITY : Double.NaN);
                return;
            }
            var scale = 4 * (groups - weight - 1);
            if (groups > 4) {
                cells.number(decimal(groups, scale, sign != 0));
                return;
            }
            var unscaled = 0L;
            for (var i = 0; i < groups; i++) {
                unscaled = unscaled * 10_000 + (short) SHORT.get(message, at + 8 + 2 * i);
            }
            for (; scale > 0 && unscaled % 10 == 0; scale--) {
                unscaled /= 10;
            }
            for (; scale < 0 && unscaled < 100_000_000_000_000_000L; scale++) {
                unscaled *= 10;
            }
            unscaled = sign == 0 ? unscaled : -unscaled;
            if (scale == 0 || unscaled == 0) {
                cells.number(unscaled);
            } else if (scale > 0 && scale < TENS.length && Math.abs(unscaled) < 1_000_000_000_000_000L) {
                cells.real(unscaled / TENS[scale]);
            } else {
                cells.number(BigDecimal.valueOf(unscaled, scale));
            }
        }

        private BigDecimal decimal(int groups, int scale, boolean negative) {
            var digits = new StringBuilder(negative ? "-" : "");
            for (var i = 0; i < groups; i++) {
                digits.append(String.valueOf(10_000 + (short) SHORT.get(message, at + 8 + 2 * i)), 1, 5);
            }
            return new BigDecimal(new BigInteger(digits.toString()), scale);
        }

        private void microsoft() {
            var guid = new byte[16];
            for (var i = 0; i < 16; i++) {
                guid[i] = message[at + GUID[i]];
            }
            cells.blob(guid, 0, 16);
        }

        /** Microseconds since 1970, of a time since midnight; a date is 4 bytes of days, the others 8 bytes of microseconds, since 2000; the extremes are the infinities. */
        private long micros(int c, int length) {
            if (length == 4) {
                var days = (int) INT.get(message, at);
                return days == Integer.MAX_VALUE ? Long.MAX_VALUE : days == Integer.MIN_VALUE ? Long.MIN_VALUE : (days + YEAR_2000) * DAY;
            }
            var micros = (long) LONG.get(message, at);
            return times[c] || infinite(micros) ? micros : micros + YEAR_2000 * DAY;
        }

        private static boolean infinite(long micros) {
            return micros == Long.MAX_VALUE || micros == Long.MIN_VALUE;
        }

        /** Gives the source's number back; a moment between two of its units stays one, and so is a difference. */
        private void epoch(String conversion, long micros) {
            var unit = switch (conversion) {
                case "unix", "cocoa" -> 1_000_000;
                case "unixms" -> 1_000;
                default -> 1;
            };
            var since = micros - switch (conversion) {
                case "cocoa" -> LocalDate.of(2001, 1, 1).toEpochDay() * DAY;
                case "webkit" -> LocalDate.of(1601, 1, 1).toEpochDay() * DAY;
                default -> 0;
            };
            if (infinite(micros) || since % unit != 0) {
                cells.instant(micros);
            } else {
                cells.integer(since / unit);
            }
        }

        /** Gives the source's text back; a moment that does not fit the shape stays one, and so is a difference. */
        private void shaped(String shape, long micros) {
            var text = new byte[shape.length()];
            var time = shape.indexOf(':') - 2;
            var day = Math.floorDiv(micros, DAY);
            var rest = time == 0 ? micros : Math.floorMod(micros, DAY);
            var year = 1;
            if (time != 0 && !infinite(micros)) {
                var date = LocalDate.ofEpochDay(day);
                year = date.getYear();
                digits(text, 0, 4, year);
                digits(text, 5, 2, date.getMonthValue());
                digits(text, 8, 2, date.getDayOfMonth());
            }
            if (time >= 0) {
                digits(text, time, 2, rest / 3_600_000_000L);
                digits(text, time + 3, 2, rest / 60_000_000 % 60);
                rest %= 60_000_000;
                if (shape.startsWith(":", time + 5)) {
                    digits(text, time + 6, 2, rest / 1_000_000);
                    rest %= 1_000_000;
                }
                var fraction = shape.indexOf('.') + 1;
                for (var i = fraction; fraction > 0 && i < shape.length() && shape.charAt(i) == '0'; i++) {
                    rest *= 10;
                    text[i] = (byte) ('0' + rest / 1_000_000);
                    rest %= 1_000_000;
                }
            }
            for (var i = 0; i < text.length; i++) {
                text[i] = shape.charAt(i) == '0' ? text[i] : (byte) shape.charAt(i);
            }
            if (rest != 0 || infinite(micros) || year < 1 || year > 9999) {
                cells.instant(micros);
            } else {
                cells.string(text, 0, text.length);
            }
        }

        private static void digits(byte[] text, int from, int n, long value) {
            for (var i = from + n - 1; i >= from; i--) {
                text[i] = (byte) ('0' + value % 10);
                value /= 10;
            }
        }
    }

    /** A value, or with a null column a whole row, that is not the same on both sides; null is a row that one side lacks. The values are texts for people, cut to where they differ. */
    record Difference(String table, String key, String column, String source, String target) {
        @Override
        public String toString() {
            var what = table + (key.isEmpty() ? "" : " [" + key + "]") + (column == null ? "" : " " + column);
            if (column != null) {
                return what + ": " + source + " in SQLite, " + target + " in PostgreSQL";
            }
            return what + (target == null ? ": missing in PostgreSQL: " + source : ": only in PostgreSQL: " + target);
        }
    }

    /**
     * What a verification of one table found. It is the same only if everything that this way looks at was looked at and is equal.
     * @param how counts, hash or rows
     * @param source how many rows SQLite has
     * @param target how many rows PostgreSQL has
     * @param differences values and whole rows; of those at most the first 20 are in shown
     * @param note what was not looked at, or null
     */
    record Verified(String table, String how, long source, long target, boolean same, long differences, List<Difference> shown,
            String note) {
    }

    /** Compares the tables of a source with those of a schema, without regard to the order of rows; reads PostgreSQL in the transaction of its connection, to be REPEATABLE READ. */
    static final class Verification {
        private static final int ROWS_AT_ONCE = 100_000;
        private static final long BYTES_AT_ONCE = 32 << 20;

        private final Connection connection;
        private final String schema;
        private final AcceptedRows source;
        private final boolean merged;

        /** @param merged the target may have rows that the source has not */
        Verification(Connection connection, String schema, AcceptedRows source, boolean merged) {
            this.merged = merged;
            this.connection = connection;
            this.schema = schema;
            this.source = source;
        }

        /** Numbers of rows and of values, sums of lengths; minimum, maximum and sum of integers. Values that swap places go unseen. */
        Verified counts(Table table) throws Exception {
            var expected = new Counts(table);
            read(table, expected);
            return counts(table, expected);
        }

        /** @param loaded what the source side counted while it was loaded */
        Verified counts(Table table, Counts loaded) throws SQLException {
            var found = loaded.of(connection, schema);
            var differences = new Differences(table, merged);
            for (var i = 1; i < found.size(); i++) {
                var measure = loaded.measures.get(i);
                if (!loaded.value(i).equals(found.get(i))) {
                    differences.add("", measure.column().name + " (" + measure.what() + ")", loaded.value(i), found.get(i));
                }
            }
            var rows = Long.parseLong(found.get(0));
            return new Verified(table.name, "counts", loaded.rows, rows, loaded.rows == rows && differences.count == 0, differences.count,
                    differences.shown, null);
        }

        /** Every row by its hash; reads the source only where that differs. */
        Verified hash(Table table) throws Exception {
            var buckets = new Buckets(Buckets.MOST);
            read(table, buckets);
            return hash(table, buckets);
        }

        /** @param loaded the vector that the source side gave while it was loaded */
        Verified hash(Table table, Buckets loaded) throws Exception {
            var target = new Sized(loaded.size());
            target.read(table);
            var different = loaded.different(target.buckets);
            var differences = new Differences(table, merged);
            if (different.isEmpty()) {
                return new Verified(table.name, "hash", loaded.count(), target.buckets.count(), true, 0, List.of(), null);
            }
            var fitting = fitting(different, loaded, target);
            compare(table, loaded.size(), fitting, differences);
            var looked = fitting.cardinality();
            var note = looked < different.size()
                    ? "only " + looked + " of " + different.size() + " differing parts of the table were compared row by row"
                    : null;
            if (differences.count == 0) {
                note = "the hashes differ, but the rows, read again, do not: the source has changed, or does not read the same twice"
                        + (note == null ? "" : "; " + note);
            }
            return new Verified(table.name, "hash", loaded.count(), target.buckets.count(), false, differences.count, differences.shown,
                    note);
        }

        /** Every cell of every row, byte by byte: side by side where the source comes in the order of its key, else by way of temporary files. */
        Verified rows(Table table) throws Exception {
            var differences = new Differences(table, merged);
            if (Merge.possible(table)) {
                var merge = new Merge(connection, schema, table, differences);
                source.rows(table, new SourceRow(table, row -> { }), row -> merge.row(row.cells()));
                if (merge.finish()) {
                    return new Verified(table.name, "rows", merge.sourceRows, merge.targetRows, differences.count == 0, differences.count,
                            differences.shown, null);
                }
                differences = new Differences(table, merged);
            }
            try (var sources = new Parts(table); var targets = new Parts(table)) {
                read(table, sources);
                new TargetRows(connection, schema, table).each(targets);
                for (var part = 0; part < Parts.PARTS; part++) {
                    var unmatched = new Unmatched();
                    sources.each(part, unmatched::source);
                    targets.each(part, unmatched::target);
                    unmatched.report(differences);
                }
                return new Verified(table.name, "rows", sources.rows, targets.rows, differences.count == 0, differences.count,
                        differences.shown, null);
            }
        }

        private void read(Table table, RowHandler handler) throws Exception {
            source.rows(table, new SourceRow(table, handler), row -> { });
        }

        /** As many of the buckets as fit into memory with their rows, one at least. */
        private static BitSet fitting(List<Integer> buckets, Buckets source, Sized target) {
            var limit = Math.min(ROWS_AT_ONCE, BYTES_AT_ONCE / target.averageBytes());
            var fitting = new BitSet();
            var rows = 0L;
            for (var bucket : buckets) {
                rows += source.count(bucket) + target.buckets.count(bucket);
                if (rows > limit && !fitting.isEmpty()) {
                    break;
                }
                fitting.set(bucket);
            }
            return fitting;
        }

        /** Reads both sides and compares the rows of some of n buckets. */
        private void compare(Table table, int n, BitSet buckets, Differences differences) throws Exception {
            var unmatched = new Unmatched();
            var sizes = new Buckets(n);
            source.rows(table, new SourceRow(table, row -> { }), row -> {
                if (buckets.get(sizes.bucket(row.cells().keyHash))) {
                    unmatched.source(row.cells());
                }
            });
            new TargetRows(connection, schema, table).each(row -> {
                if (buckets.get(sizes.bucket(row.keyHash))) {
                    unmatched.target(row);
                }
            });
            unmatched.report(differences);
        }

        /** Buckets of the target, and how long its rows are. */
        private final class Sized implements RowHandler {
            private final Buckets buckets;
            private long bytes;

            Sized(int n) {
                buckets = new Buckets(n);
            }

            void read(Table table) throws SQLException {
                new TargetRows(connection, schema, table).each(this);
            }

            @Override
            public void row(Canonical row) {
                buckets.row(row);
                bytes += row.length;
            }

            long averageBytes() {
                return bytes / Math.max(1, buckets.count()) + 100;
            }
        }
    }

    /** The rows of one side in temporary files, those of one part of the keys in each, so that a table of any size can be compared part by part. */
    static final class Parts implements RowHandler, AutoCloseable {
        static final int PARTS = 256;

        private final Canonical row;
        private final Path folder;
        private final DataOutputStream[] files = new DataOutputStream[PARTS];
        long rows;

        Parts(Table table) throws IOException {
            row = new Canonical(table);
            folder = Files.createTempDirectory(TOOL);
            for (var part = 0; part < PARTS; part++) {
                files[part] = new DataOutputStream(new BufferedOutputStream(Files.newOutputStream(folder.resolve("" + part))));
            }
        }

        @Override
        public void row(Canonical row) {
            try {
                var file = files[(int) row.keyHash & PARTS - 1];
                file.writeInt(row.length);
                file.write(row.bytes, 0, row.length);
                rows++;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        void each(int part, RowHandler handler) throws IOException {
            files[part].close();
            try (var in = new DataInputStream(new BufferedInputStream(Files.newInputStream(folder.resolve("" + part))))) {
                while (row.read(in)) {
                    handler.row(row);
                }
            }
        }

        @Override
        public void close() throws IOException {
            for (var part = 0; part < PARTS; part++) {
                try {
                    files[part].close();
                } catch (IOException e) {
                    files[part] = null; // the disk is full, as the row that did not fit has said; the files must go all the same
                }
                Files.delete(folder.resolve("" + part));
            }
            Files.delete(folder);
        }
    }

    /** Differences of one table: all counted, the first ones kept. */
    static final class Differences {
        private static final int SHOWN = 20;

        private final Table table;
        private final boolean merged;
        private final List<Column> columns;
        final List<Difference> shown = new ArrayList<>();
        long count;

        Differences(Table table, boolean merged) {
            this.merged = merged;
            this.table = table;
            columns = compared(table);
        }

        void add(String key, String column, String source, String target) {
            count++;
            if (shown.size() < SHOWN) {
                shown.add(new Difference(table.name, key, column, source, target));
            }
        }

        /** Two rows of the same key. */
        void rows(byte[] source, byte[] target) {
            for (int c = 0, s = 0, t = 0; c < columns.size(); c++) {
                var sourceEnd = Canonical.end(source, s);
                var targetEnd = Canonical.end(target, t);
                var at = Arrays.mismatch(source, s, sourceEnd, target, t, targetEnd);
                if (at >= 0) {
                    add(key(source), columns.get(c).name, Shown.cell(columns.get(c), source, s, at),
                            Shown.cell(columns.get(c), target, t, at));
                }
                s = sourceEnd;
                t = targetEnd;
            }
        }

        void missing(byte[] row, int times) {
            count += times - 1;
            add(key(row), null, times(times) + row(row), null);
        }

        void superfluous(byte[] row, int times) {
            if (merged) {
                return;
            }
            count += times - 1;
            add(key(row), null, null, times(times) + row(row));
        }

        private static String times(int n) {
            return n == 1 ? "" : n + " times ";
        }

        private String key(byte[] row) {
            return named(row, column -> table.key.contains(column.name));
        }

        private String row(byte[] row) {
            var text = named(row, column -> true);
            return "(" + (text.length() > 400 ? text.substring(0, text.offsetByCodePoints(0, text.codePointCount(0, 400))) + "…" : text)
                    + ")";
        }

        private String named(byte[] row, Predicate<Column> which) {
            var parts = new StringJoiner(", ");
            for (int c = 0, at = 0; c < columns.size(); at = Canonical.end(row, at), c++) {
                if (which.test(columns.get(c))) {
                    parts.add(columns.get(c).name + "=" + Shown.cell(columns.get(c), row, at, 0));
                }
            }
            return parts.toString();
        }
    }

    /** Canonical cells as texts for people. */
    static final class Shown {
        private static final int LONGEST = 80;

        /** @param from the offset in the cell, from its tag on, of the first byte that is of interest */
        static String cell(Column column, byte[] row, int at, int from) {
            var end = Canonical.end(row, at);
            return switch (row[at]) {
                case 'N' -> "NULL";
                case 'I' -> String.valueOf(Canonical.number(row, at));
                case 'F' -> SourceRow.text(Double.longBitsToDouble(Canonical.number(row, at)));
                case 'T' -> moment(column, Canonical.number(row, at));
            case 'x', 'X' -> (row[at] == 'x' ? "text" : "blob") + " of " + Canonical.number(row, at) + " bytes, SHA-256 "
                    + HexFormat.of().formatHex(row, at + 9, end);
                case 'B' -> blob(row, at + 5, end, from - 5);
                case 'S' -> text(row, at + 5, end, from - 5, "'");
                default -> text(row, at + 5, end, from - 5, "");
            };
        }

        private static String moment(Column column, long micros) {
            if (micros == Long.MAX_VALUE || micros == Long.MIN_VALUE) {
                return micros > 0 ? "infinity" : "-infinity";
            }
            if (!Form.timeOfDay(column)) {
                return migrate_to_postgres.moment(micros).toString().replace('T', ' ');
            }
            var second = micros / 1_000_000;
            return String.format("%02d:%02d:%02d.%06d", second / 3600, second / 60 % 60, second % 60, micros % 1_000_000);
        }

        private static String blob(byte[] b, int from, int end, int interest) {
            var first = first(end - from, interest, LONGEST / 2);
            var last = Math.min(end - from, first + LONGEST / 2);
            return "x'" + (first > 0 ? "…" : "") + HexFormat.of().formatHex(b, from + first, from + last) + (from + last < end ? "…'" : "'")
                    + position(first, end - from);
        }

        /** Combining marks, blanks other than the usual and other invisible characters are written as escapes, for they are what one looks for. */
        private static String text(byte[] b, int from, int end, int interest, String quote) {
            var first = first(end - from, interest, LONGEST);
            while (first > 0 && (b[from + first] & 0xC0) == 0x80) {
                first--;
            }
            var last = Math.min(end - from, first + LONGEST);
            while (from + last < end && (b[from + last] & 0xC0) == 0x80) {
                last++;
            }
            var shown = new StringBuilder();
            new String(b, from + first, last - first, UTF_8).codePoints().forEach(point -> {
                switch (Character.getType(point)) {
                    case Character.LETTER_NUMBER, Character.OTHER_LETTER -> shown.appendCodePoint(point);
                case Character.CONTROL, Character.FORMAT, Character.NON_SPACING_MARK, Character.ENCLOSING_MARK, Character.UNASSIGNED,
                        Character.PRIVATE_USE,
                        Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR -> shown.append(String.format("\\u%04x", point));
                    case Character.SPACE_SEPARATOR -> shown.append(point == ' ' ? " " : String.format("\\u%04x", point));
                    default -> shown.appendCodePoint(point);
                }
            });
            return quote + (first > 0 ? "…" : "") + shown + (from + last < end ? "…" : "") + quote + position(first, end - from);
        }

        /** Where an excerpt starts: a little before what is of interest, or at 0 if all there is is short enough. */
        private static int first(int length, int interest, int longest) {
            return length <= longest ? 0 : Math.max(0, Math.min(length, interest) - longest / 4);
        }

        private static String position(int first, int length) {
            return first == 0 ? "" : " at byte " + first + " of " + length;
        }
    }

    /** Rows of both sides that have not found their equal yet, by key. */
    static final class Unmatched {
        private final Map<ByteBuffer, List<byte[]>> sources = new LinkedHashMap<>();
        private final Map<ByteBuffer, List<byte[]>> targets = new LinkedHashMap<>();
        private boolean keyed;

        void source(Canonical row) {
            keyed = row.keyed();
            sources.computeIfAbsent(ByteBuffer.wrap(row.key()), key -> new ArrayList<>(1)).add(row.row());
        }

        /** To be called after all calls of source(). */
        void target(Canonical row) {
            keyed = row.keyed();
            var key = ByteBuffer.wrap(row.key());
            var same = sources.getOrDefault(key, List.of());
            for (var i = same.size() - 1; i >= 0; i--) {
                if (Arrays.equals(same.get(i), 0, same.get(i).length, row.bytes, 0, row.length)) {
                    same.remove(i);
                    return;
                }
            }
            targets.computeIfAbsent(key, k -> new ArrayList<>(1)).add(row.row());
        }

        /** Rows of one key are compared cell by cell; what is left has no counterpart. */
        void report(Differences differences) {
            sources.forEach((key, rows) -> {
                var others = targets.getOrDefault(key, new ArrayList<>());
                var pairs = Math.min(rows.size(), others.size());
                for (var i = 0; i < pairs; i++) {
                    differences.rows(rows.get(i), others.get(i));
                }
                lonely(rows.subList(pairs, rows.size()), differences::missing);
                others.subList(0, pairs).clear();
            });
            targets.values().forEach(rows -> lonely(rows, differences::superfluous));
        }

        /** Without a key all rows of a list are alike. */
        private void lonely(List<byte[]> rows, BiConsumer<byte[], Integer> report) {
            if (keyed) {
                rows.forEach(row -> report.accept(row, 1));
            } else if (!rows.isEmpty()) {
                report.accept(rows.get(0), rows.size());
            }
        }
    }

    /** Compares side by side two streams of rows in the order of their key; the source's order is what it comes in and is checked on the way, the target is asked for it. */
    static final class Merge {
        private final Differences differences;
        private final TargetRows target;
        private byte[] sourceKey;
        private byte[] targetKey;
        private boolean ordered = true;
        private SQLException failure;
        long sourceRows;
        long targetRows;

        Merge(Connection connection, String schema, Table table, Differences differences) throws SQLException {
            this.differences = differences;
            var order = new StringJoiner(", ", " order by ", "");
            for (var column : key(table)) {
                order.add(id(table.target) + "." + id(column.target) + (Form.of(column) == Form.TEXT ? "::text collate \"C\"" : ""));
            }
            target = new TargetRows(connection, schema, table, order.toString());
            next();
        }

        /** Integers, bytes and text (by its bytes) are in the same order here, in SQLite (BINARY) and in PostgreSQL (collation "C"). */
        static boolean possible(Table table) {
            var key = key(table);
            return !key.isEmpty() && key.size() == table.key.size() && key.stream().allMatch(column ->
            Set.of(Form.INTEGER, Form.BYTES, Form.TEXT).contains(Form.of(column)) && column.data.nulls == 0
                    && column.data.maxLength <= Canonical.LARGE);
        }

        private static List<Column> key(Table table) {
            return table.key.stream().flatMap(name -> compared(table).stream().filter(column -> column.name.equals(name))).toList();
        }

        void row(Canonical row) {
            if (!ordered) {
                return;
            }
            var key = row.key();
            ordered = sourceKey == null || compare(sourceKey, key) <= 0;
            sourceKey = key;
            sourceRows++;
            while (targetKey != null && compare(targetKey, key) < 0) {
                differences.superfluous(target.row().row(), 1);
                next();
            }
            if (targetKey == null || compare(targetKey, key) > 0) {
                differences.missing(row.row(), 1);
                return;
            }
            if (!Arrays.equals(row.bytes, 0, row.length, target.row().bytes, 0, target.row().length)) {
                differences.rows(row.row(), target.row().row());
            }
            next();
        }

        /** False if the source did not come in the order of its key; then what was found says nothing. */
        boolean finish() throws SQLException {
            while (ordered && targetKey != null) {
                differences.superfluous(target.row().row(), 1);
                next();
            }
            if (failure != null) {
                throw failure;
            }
            target.close();
            return ordered;
        }

        private void next() {
            try {
                targetKey = target.next() ? target.row().key() : null;
                targetRows += targetKey == null ? 0 : 1;
            } catch (SQLException e) {
                targetKey = null;
                ordered = false;
                failure = e;
            }
        }

        /** Cell by cell: integers by value, text and bytes by their bytes. */
        private static int compare(byte[] a, byte[] b) {
            for (int i = 0, j = 0; i < a.length && j < b.length; i = Canonical.end(a, i), j = Canonical.end(b, j)) {
                var order = a[i] == 'I' && b[j] == 'I' ? Long.compare(Canonical.number(a, i), Canonical.number(b, j))
                    : Arrays.compareUnsigned(a, i + 5, Canonical.end(a, i), b, j + 5, Canonical.end(b, j));
                if (order != 0) {
                    return order;
                }
            }
            return 0;
        }
    }

    /** Numbers that must agree if two tables are the same, and that PostgreSQL can compute by itself. */
    static final class Counts implements RowHandler {
        private static final int MEASURES_PER_QUERY = 1_000;

        /** @param what values, bytes, minimum, maximum or sum; rows if the column is null */
        private record Measure(Column column, String what, String sql) {
        }

        private final Table table;
        private final List<Column> columns;
        final List<Measure> measures = new ArrayList<>();
        private final long[] values;
        private final long[] bytes;
        private final long[] minimums;
        private final long[] maximums;
        private final BigInteger[] sums;
        long rows;

        Counts(Table table) {
            this.table = table;
            columns = compared(table);
            var n = columns.size();
            values = new long[n];
            bytes = new long[n];
            minimums = LongStream.generate(() -> Long.MAX_VALUE).limit(n).toArray();
            maximums = LongStream.generate(() -> Long.MIN_VALUE).limit(n).toArray();
            sums = Stream.generate(() -> BigInteger.ZERO).limit(n).toArray(BigInteger[]::new);
            measures.add(new Measure(null, "rows", "count(*)"));
            columns.forEach(this::measure);
        }

        private void measure(Column column) {
            var name = id(column.target);
            var form = Form.of(column);
            measures.add(new Measure(column, "values", "count(" + name + ")"));
            if (form.textual() || form == Form.BYTES) {
                measures.add(new Measure(column, "bytes", "coalesce(sum(octet_length(" + TargetRows.value(column) + ")), 0)"));
            }
            if (form == Form.INTEGER || form == Form.BOOLEAN) {
                var number = name + (form == Form.BOOLEAN ? "::int" : "");
                measures.add(new Measure(column, "minimum", "min(" + number + ")"));
                measures.add(new Measure(column, "maximum", "max(" + number + ")"));
                measures.add(new Measure(column, "sum", "coalesce(sum(" + number + "), 0)"));
            }
        }

        @Override
        public void row(Canonical row) {
            rows++;
            for (var c = 0; c < values.length; c++) {
                if (row.tag(c) == 'N') {
                    continue;
                }
                values[c]++;
                switch (row.tag(c)) {
                    case 'S', 'B', 'x', 'X' -> bytes[c] += row.first(c);
                    case 'I' -> {
                        var value = row.first(c);
                        minimums[c] = Math.min(minimums[c], value);
                        maximums[c] = Math.max(maximums[c], value);
                        sums[c] = sums[c].add(BigInteger.valueOf(value));
                    }
                    default -> { }
                }
            }
        }

        /** Adds the counts of another part of the same table. */
        void plus(Counts other) {
            rows += other.rows;
            for (var c = 0; c < values.length; c++) {
                values[c] += other.values[c];
                bytes[c] += other.bytes[c];
                minimums[c] = Math.min(minimums[c], other.minimums[c]);
                maximums[c] = Math.max(maximums[c], other.maximums[c]);
                sums[c] = sums[c].add(other.sums[c]);
            }
        }

        private String value(int measure) {
            var c = columns.indexOf(measures.get(measure).column());
            return switch (measures.get(measure).what()) {
                case "rows" -> String.valueOf(rows);
                case "values" -> String.valueOf(values[c]);
                case "bytes" -> String.valueOf(bytes[c]);
                case "minimum" -> minimums[c] > maximums[c] ? "NULL" : String.valueOf(minimums[c]);
                case "maximum" -> minimums[c] > maximums[c] ? "NULL" : String.valueOf(maximums[c]);
                default -> sums[c].toString();
            };
        }

        /** The same measures of the target; in several queries if there are more of them than a SELECT may have columns (1664). */
        private List<String> of(Connection connection, String schema) throws SQLException {
            var found = new ArrayList<String>();
            for (var from = 0; from < measures.size(); from += MEASURES_PER_QUERY) {
                var part = measures.subList(from, Math.min(measures.size(), from + MEASURES_PER_QUERY));
                var list = part.stream().map(Measure::sql).collect(Collectors.joining(", "));
                try (var statement = connection.createStatement();
                        var row = statement.executeQuery("select " + list + " from " + id(schema) + "." + id(table.target))) {
                    row.next();
                    for (var i = 1; i <= part.size(); i++) {
                        found.add(Objects.requireNonNullElse(row.getString(i), "NULL"));
                    }
                }
            }
            return found;
        }
    }

    // ---- SQLite's SQL ----

    /** What was not understood or has no equal in PostgreSQL; the message is the reason for the report, one clause. */
    static class Untranslatable extends RuntimeException {
        Untranslatable(String reason) {
            super(reason, null, false, false);
        }
    }

    /** Ends a translation with {@link Untranslatable} if the condition holds. */
    static void refuseIf(boolean impossible, String reason) {
        if (impossible) {
            throw new Untranslatable(reason);
        }
    }

    /** Column of a table; {@code defaultText} and {@code generated} are the text as written, null if there is none. */
    record ColumnDef(String name, String declared, boolean notNull, String defaultText, String collation, String generated,
            boolean stored) {}

    /** PRIMARY KEY or UNIQUE, of the table or of a column; {@code conflict} is the word after ON CONFLICT or null. */
    record KeyDef(String name, boolean primary, List<KeyColumn> columns, String conflict, boolean autoincrement) { }

    record KeyColumn(String name, boolean desc, String collation) { }

    /** CHECK; {@code column} is the column it is written at, null for a constraint of the table. */
    record CheckDef(String name, String expression, String column) { }

    /** Foreign key; no {@code parentColumns} means the primary key of the parent. */
    record ReferenceDef(String name, List<String> columns, String table, List<String> parentColumns, String onUpdate, String onDelete,
            boolean deferrable,
            boolean initiallyDeferred) { }

    /** CREATE TABLE, or CREATE VIRTUAL TABLE: then {@code module} is set and there are no columns. */
    record CreateTable(String name, List<ColumnDef> columns, List<KeyDef> keys, List<CheckDef> checks, List<ReferenceDef> references,
            boolean withoutRowid,
            boolean strict, String module, List<String> moduleArguments) { }

    /** Term of an index: {@code column} is set if the expression is a plain column. */
    record IndexTerm(String expression, String column, String collation, boolean desc) { }

    record CreateIndex(String name, String table, boolean unique, List<IndexTerm> terms, String where) { }

    record CreateView(String name, List<String> columns, String select) { }

    record CreateTrigger(String name, String timing, String event, List<String> ofColumns, String table, boolean forEachRow, String when,
            String body,
            List<String> statements) { }

    /**
     * SQLite's SQL as far as the statements kept in sqlite_schema need it: tokens, CREATE statements, expressions, selects. Reads one statement; what it does not
     * understand ends in {@link Untranslatable}.
     */
    static final class Sql {
        private enum Type { WORD, NAME, STRING, NUMBER, BLOB, OPERATOR, END }

        /** {@code text} is what is meant: a name or string without quotes and with its doubled quotes undone. */
        private record Token(Type type, String text, int start, int end) { }

        // --- expressions ---

        interface Expression {
            /** The expressions directly inside this one, but for those in a select. */
            default List<Expression> children() {
                return this instanceof Unary unary ? List.of(unary.operand)
                        : this instanceof Binary binary ? List.of(binary.left, binary.right)
                        : this instanceof Like like ? present(like.left, like.pattern, like.escape)
                        : this instanceof Between between ? List.of(between.operand, between.low, between.high)
                        : this instanceof In in ? together(List.of(in.operand), in.values == null ? List.of() : in.values)
                        : this instanceof Case choice ? together(present(choice.base, choice.otherwise), choice.whens.stream()
                                .flatMap(when -> Stream.of(when.condition, when.result)).toList())
                        : this instanceof Cast cast ? List.of(cast.operand)
                        : this instanceof Collate collate ? List.of(collate.operand)
                        : this instanceof Row row ? row.values
                        : this instanceof Call call ? together(call.arguments, present(call.filter), call.window == null ? List.of()
                                : together(call.window.partitionBy, call.window.orderBy.stream().map(Order::expression).toList()))
                        : List.of();
            }
        }

        /** {@code value} is null, Boolean, Long, Double, String or byte[]. */
        record Constant(Object value) implements Expression { }

        /** Column, with its table or null; {@code loose} if SQLite would take it for a string when there is no such column. */
        record Name(String table, String column, boolean loose) implements Expression { }

        record Unary(String operator, Expression operand) implements Expression { }

        record Binary(String operator, Expression left, Expression right) implements Expression { }

        /** LIKE, GLOB, REGEXP, MATCH. */
        record Like(String operator, boolean not, Expression left, Expression pattern, Expression escape) implements Expression { }

        record Between(boolean not, Expression operand, Expression low, Expression high) implements Expression { }

        /** Either {@code values} or {@code select} is set. */
        record In(boolean not, Expression operand, List<Expression> values, Select select) implements Expression { }

        record When(Expression condition, Expression result) { }

        record Case(Expression base, List<When> whens, Expression otherwise) implements Expression { }

        record Cast(Expression operand, String type) implements Expression { }

        record Collate(Expression operand, String collation) implements Expression { }

        record Row(List<Expression> values) implements Expression { }

        record Exists(Select select) implements Expression { }

        record Scalar(Select select) implements Expression { }

        /** RAISE(action, message) in a trigger; the message of IGNORE is null. */
        record Raise(String action, Expression message) implements Expression { }

        /** {@code name} is in lower case; {@code window} is null for a plain call. */
        record Call(String name, boolean distinct, boolean star, List<Expression> arguments, List<Order> orderBy, Expression filter,
                Window window)
                implements Expression {
            Call(String name) {
                this(name, false, false, List.of(), List.of(), null, null);
            }
        }

        /** OVER: the name of a window, or its definition; {@code frame} is as written. */
        record Window(String name, List<Expression> partitionBy, List<Order> orderBy, String frame) {
            boolean isOnlyName() {
                return name != null && partitionBy.isEmpty() && orderBy.isEmpty() && frame.isEmpty();
            }
        }

        private static List<Expression> present(Expression... all) {
            return Stream.of(all).filter(Objects::nonNull).toList();
        }

        @SafeVarargs
        private static List<Expression> together(List<Expression>... lists) {
            return Stream.of(lists).flatMap(List::stream).toList();
        }

        // --- statements ---

        /** {@code nulls} is FIRST, LAST or null. */
        record Order(Expression expression, boolean desc, String nulls) { }

        record Select(boolean recursive, List<Common> with, List<Core> cores, List<String> operators, List<Order> orderBy, Expression limit,
                Expression offset) {}

        record Common(String name, List<String> columns, Select select) { }

        /** One SELECT, or one VALUES: then {@code rows} is set. */
        record Core(boolean distinct, List<Result> results, List<Join> from, Expression where, List<Expression> groupBy, Expression having,
                Map<String, Window> windows, List<Row> rows) { }

        /** Result column; without {@code expression} it is * or table.*; {@code text} is the expression as written. */
        record Result(Expression expression, String alias, String starOf, String text) { }

        /** One item of FROM with how it is joined to those before it; either {@code table}, {@code select} or {@code nested} is set. */
        record Join(String kind, boolean natural, String table, Select select, List<Join> nested, String alias, Expression on,
                List<String> using) {}

        interface Statement { }

        record Query(Select select) implements Statement { }

        record Insert(String conflict, String table, List<String> columns, Select source) implements Statement { }

        record Assignment(String column, Expression value) { }

        record Update(String conflict, String table, String alias, List<Assignment> assignments, List<Join> from, Expression where)
                implements Statement {}

        record Delete(String table, String alias, Expression where) implements Statement { }

        static CreateTable table(String sql) {
            return new Sql(sql).whole(Sql::createTable);
        }

        static CreateIndex index(String sql) {
            return new Sql(sql).whole(Sql::createIndex);
        }

        static CreateView view(String sql) {
            return new Sql(sql).whole(Sql::createView);
        }

        static CreateTrigger trigger(String sql) {
            return new Sql(sql).whole(Sql::createTrigger);
        }

        static Select select(String sql) {
            return new Sql(sql).whole(Sql::select);
        }

        static Statement statement(String sql) {
            return new Sql(sql).whole(Sql::statement);
        }

        static Expression expression(String sql) {
            return new Sql(sql).whole(Sql::expression);
        }

        private final String source;
        private final List<Token> tokens;
        private int at;

        private Sql(String source) {
            this.source = source;
            this.tokens = tokens(source);
        }

        private <T> T whole(Function<Sql, T> rule) {
            var result = rule.apply(this);
            accept(";");
            if (peek().type != Type.END) {
                throw unexpected();
            }
            return result;
        }

        // --- tokens ---

        /**
         * Blanks and comments, or a token in the group of its type: SQLite docs lang_expr.html, Literal Values. A comment without an end goes up to the end of the
         * text. Possessive, as long texts would need a deep stack.
         */
        private static final Pattern TOKEN = Pattern.compile("""
                \\G(?:[\\s\\uFEFF]++|--[^\\n]*+|/\\*.*?(?:\\*/|\\z)|(?<BLOB>[xX]'(?:[0-9A-Fa-f]{2})*+')|(?<STRING>'(?:[^']++|'')*+')\
                |(?<NAME>"(?:[^"]++|"")*+"|`(?:[^`]++|``)*+`|\\[[^]]*+])|(?<WORD>(?![xX]')[A-Za-z_\\x80-\\x{10FFFF}][\\w$\\x80-\\x{10FFFF}]*+)\
                |(?<NUMBER>(?>0[xX][0-9A-Fa-f_]+|(?:[0-9][0-9_]*+(?:\\.[0-9_]*+)?|\\.[0-9][0-9_]*+)(?:[eE][+-]?[0-9][0-9_]*+)?)(?![\\w\\x80-\\x{10FFFF}]))\
                |(?<OPERATOR>->>|\\|\\||==|<>|!=|<=|>=|<<|>>|->|[^\\w'"`\\[\\x80-\\x{10FFFF}]))""", Pattern.DOTALL);

        /** The tokens of a text, comments left out, with one of type END behind the last. */
        private static List<Token> tokens(String sql) {
            var tokens = new ArrayList<Token>();
            var end = 0;
            for (var matcher = TOKEN.matcher(sql); matcher.find(); end = matcher.end()) {
                Stream.of(Type.values()).filter(type -> type != Type.END && matcher.group(type.name()) != null).findFirst()
                        .ifPresent(type -> tokens.add(new Token(type, meant(type, matcher.group()), matcher.start(), matcher.end())));
            }
            refuseIf(end < sql.length(), "malformed or unterminated at character " + (end + 1));
            tokens.add(new Token(Type.END, "", end, end));
            return tokens;
        }

        private static String meant(Type type, String text) {
            var quote = text.substring(0, 1);
            return switch (type) {
            case STRING, NAME -> quote.equals("[") ? text.substring(1, text.length() - 1)
                    : text.substring(1, text.length() - 1).replace(quote + quote, quote);
                case BLOB -> text.substring(2, text.length() - 1);
                case NUMBER -> text.replace("_", "");
                default -> text;
            };
        }

        /** Long, or Double if it has a fraction, an exponent or more than 64 bits, as SQLite reads it. */
        static Object numberValue(String text) {
            if (text.startsWith("0x") || text.startsWith("0X")) {
                return new BigInteger(text.substring(2), 16).longValue();
            }
            try {
                return Long.parseLong(text);
            } catch (NumberFormatException e) {
                return Double.parseDouble(text);
            }
        }

        private Token peek() {
            return tokens.get(at);
        }

        private Token next() {
            return tokens.get(at++);
        }

        private boolean is(int ahead, String word) {
            var token = tokens.get(Math.min(at + ahead, tokens.size() - 1));
            return (token.type == Type.WORD || token.type == Type.OPERATOR) && token.text.equalsIgnoreCase(word);
        }

        private boolean is(String... words) {
            return IntStream.range(0, words.length).allMatch(i -> is(i, words[i]));
        }

        private boolean isAny(int ahead, String... words) {
            return Stream.of(words).anyMatch(word -> is(ahead, word));
        }

        private boolean isSelect() {
            return isAny(0, "SELECT", "WITH", "VALUES");
        }

        /** At the last token, or at a semicolon before it. */
        private boolean isEnd(int ahead) {
            return tokens.get(at + ahead).type == Type.END || is(ahead, ";") && tokens.get(at + ahead + 1).type == Type.END;
        }

        private boolean accept(String... words) {
            var found = is(words);
            at += found ? words.length : 0;
            return found;
        }

        private void expect(String... words) {
            for (var word : words) {
                if (!accept(word)) {
                    throw unexpected();
                }
            }
        }

        private String acceptAny(String... words) {
            return Stream.of(words).filter(word -> accept(word.split(" "))).findFirst().orElse(null);
        }

        private Untranslatable unexpected() {
            var token = peek();
            return new Untranslatable(token.type == Type.END ? "the statement ends too early"
                    : "not understood: " + source.substring(token.start, Math.min(token.end, token.start + 40)) + " at character "
                            + (token.start + 1));
        }

        private boolean isName() {
            return peek().type == Type.WORD || peek().type == Type.NAME || peek().type == Type.STRING;
        }

        private String name() {
            if (!isName()) {
                throw unexpected();
            }
            return next().text;
        }

        /** A name, whose schema prefix is read over: a file has only one schema that counts. */
        private String qualifiedName() {
            var name = name();
            return accept(".") ? name() : name;
        }

        private List<String> namesInParentheses() {
            return is("(") ? listInParentheses(this::name) : List.of();
        }

        private <T> List<T> list(Supplier<T> item) {
            var all = new ArrayList<T>();
            do {
                all.add(item.get());
            } while (accept(","));
            return all;
        }

        private <T> T inParentheses(Supplier<T> inner) {
            expect("(");
            var result = inner.get();
            expect(")");
            return result;
        }

        private <T> List<T> listInParentheses(Supplier<T> item) {
            return inParentheses(() -> list(item));
        }

        /** The text from one token up to the one before the current. */
        private String textFrom(int first) {
            return first == at ? "" : source.substring(tokens.get(first).start, tokens.get(at - 1).end);
        }

        private <T> String textOf(Supplier<T> rule) {
            var first = at;
            rule.get();
            return textFrom(first);
        }

        /** What stands before the word given, or before the parenthesis that closes what was opened earlier. */
        private String textUpTo(String word) {
            var first = at;
            for (var depth = 0; depth > 0 || !is(word) && !is(")"); at++) {
                if (peek().type == Type.END) {
                    throw unexpected();
                }
                depth += is("(") ? 1 : is(")") ? -1 : 0;
            }
            return textFrom(first);
        }

        private String textInParentheses() {
            return inParentheses(() -> textUpTo(")"));
        }

        // --- CREATE ---

        private void create(String... kinds) {
            expect("CREATE");
            acceptAny("TEMP", "TEMPORARY");
            expect(kinds);
            accept("IF", "NOT", "EXISTS");
        }

        private CreateTable createTable() {
            if (!is("CREATE", "VIRTUAL")) {
                create("TABLE");
                return new TableReader(qualifiedName()).read();
            }
            create("VIRTUAL", "TABLE");
            var name = qualifiedName();
            expect("USING");
            var module = name();
            List<String> arguments = is("(") ? listInParentheses(() -> textUpTo(",")) : List.of();
            return new CreateTable(name, List.of(), List.of(), List.of(), List.of(), false, false, module, arguments);
        }

        /** The body of CREATE TABLE; a name given by CONSTRAINT holds for the next constraint only. */
        private final class TableReader {
            private static final Set<String> AFTER_TYPE = Set.of(
                    "CONSTRAINT PRIMARY NOT NULL UNIQUE CHECK DEFAULT COLLATE REFERENCES GENERATED AS DEFERRABLE".split(" "));

            final String table;
            final List<ColumnDef> columns = new ArrayList<>();
            final List<KeyDef> keys = new ArrayList<>();
            final List<CheckDef> checks = new ArrayList<>();
            final List<ReferenceDef> references = new ArrayList<>();
            boolean autoincrement;

            TableReader(String table) {
                this.table = table;
            }

            CreateTable read() {
                refuseIf(is("AS"), "CREATE TABLE AS");
                expect("(");
                do {
                    if (isTableConstraint()) {
                        tableConstraint();
                    } else {
                        column();
                    }
                    // SQLite lets the comma between two constraints of the table be left out
                } while (accept(",") || isTableConstraint());
                expect(")");
                var options = new HashSet<String>();
                for (var option = acceptAny("WITHOUT ROWID", "STRICT"); option != null; option = acceptAny("WITHOUT ROWID", "STRICT")) {
                    options.add(option);
                    accept(",");
                }
                return new CreateTable(table, columns, keys, checks, references, options.contains("WITHOUT ROWID"),
                        options.contains("STRICT"), null, List.of());
            }

            private boolean isTableConstraint() {
                return is("CONSTRAINT") || is("PRIMARY", "KEY") || is("UNIQUE", "(") || is("CHECK", "(") || is("FOREIGN", "KEY");
            }

            private void tableConstraint() {
                var name = accept("CONSTRAINT") ? name() : null;
                if (accept("PRIMARY", "KEY")) {
                    key(name, true);
                } else if (accept("UNIQUE")) {
                    key(name, false);
                } else if (accept("CHECK")) {
                    check(name, null);
                } else if (accept("FOREIGN", "KEY")) {
                    var local = listInParentheses(Sql.this::name);
                    expect("REFERENCES");
                    references.add(reference(name, local));
                } else if (name == null) {
                    throw unexpected();
                }
            }

            private void key(String name, boolean primary) {
                var all = listInParentheses(this::keyColumn);
                keys.add(new KeyDef(name, primary, all, conflict(), primary && autoincrement));
            }

            private KeyColumn keyColumn() {
                var column = name();
                var collation = accept("COLLATE") ? name() : null;
                var desc = descending();
                autoincrement |= accept("AUTOINCREMENT");
                return new KeyColumn(column, desc, collation);
            }

            private void check(String name, String column) {
                checks.add(new CheckDef(name, textInParentheses(), column));
                conflict();
            }

            private void column() {
                var column = name();
                var declared = declaredType();
                var notNull = false;
                var stored = false;
                String defaultText = null, collation = null, generated = null, constraint = null;
                while (!is(",") && !is(")")) {
                    var name = constraint;
                    constraint = accept("CONSTRAINT") ? name() : null;
                    if (constraint != null) {
                        continue;
                    }
                    if (accept("PRIMARY", "KEY")) {
                        var desc = descending();
                        var conflict = conflict();
                        keys.add(new KeyDef(name, true, List.of(new KeyColumn(column, desc, null)), conflict, accept("AUTOINCREMENT")));
                    } else if (accept("UNIQUE")) {
                        keys.add(new KeyDef(name, false, List.of(new KeyColumn(column, false, null)), conflict(), false));
                    } else if (is("NOT", "NULL") || is("NULL")) {
                        notNull |= "NOT NULL".equals(acceptAny("NOT NULL", "NULL"));
                        conflict();
                    } else if (accept("CHECK")) {
                        check(name, column);
                    } else if (accept("DEFAULT")) {
                        defaultText = textOf(this::defaultValue);
                    } else if (accept("COLLATE")) {
                        collation = name();
                    } else if (accept("REFERENCES")) {
                        references.add(reference(name, List.of(column)));
                    } else if (acceptAny("GENERATED ALWAYS AS", "AS") != null) {
                        generated = textInParentheses();
                        stored = "STORED".equals(acceptAny("STORED", "VIRTUAL"));
                    } else {
                        throw unexpected();
                    }
                }
                columns.add(new ColumnDef(column, declared, notNull, defaultText, collation, generated, stored));
            }

            private String declaredType() {
                var first = at;
                while (isName() && !(peek().type == Type.WORD && AFTER_TYPE.contains(peek().text.toUpperCase(Locale.ROOT)))) {
                    at++;
                }
                if (at > first && is("(")) {
                    textInParentheses();
                }
                return textFrom(first);
            }

            private String defaultValue() {
                if (is("(")) {
                    return textInParentheses();
                }
                acceptAny("-", "+");
                if (peek().type == Type.OPERATOR || peek().type == Type.END) {
                    throw unexpected();
                }
                return next().text;
            }

            private ReferenceDef reference(String name, List<String> local) {
                var parent = name();
                var parentColumns = namesInParentheses();
                var actions = new HashMap<String, String>();
                var deferrable = false;
                var deferred = false;
                while (true) {
                    var event = acceptAny("ON DELETE", "ON UPDATE");
                    if (event != null) {
                        actions.put(event, acceptAny("SET NULL", "SET DEFAULT", "CASCADE", "RESTRICT", "NO ACTION"));
                    } else if (accept("MATCH")) {
                        name();
                    } else if (is("DEFERRABLE") || is("NOT", "DEFERRABLE")) {
                        deferrable = !accept("NOT");
                        expect("DEFERRABLE");
                        deferred = "INITIALLY DEFERRED".equals(acceptAny("INITIALLY DEFERRED", "INITIALLY IMMEDIATE")) && deferrable;
                    } else {
                        return new ReferenceDef(name, local, parent, parentColumns, actions.get("ON UPDATE"), actions.get("ON DELETE"),
                                deferrable, deferred);
                    }
                }
            }
        }

        private boolean descending() {
            return "DESC".equals(acceptAny("ASC", "DESC"));
        }

        private String conflict() {
            return accept("ON", "CONFLICT") ? resolution() : null;
        }

        private String resolution() {
            return acceptAny("ROLLBACK", "ABORT", "FAIL", "IGNORE", "REPLACE");
        }

        private CreateIndex createIndex() {
            var unique = is("CREATE", "UNIQUE");
            create((unique ? "UNIQUE INDEX" : "INDEX").split(" "));
            var name = qualifiedName();
            expect("ON");
            return new CreateIndex(name, name(), unique, listInParentheses(this::indexTerm),
                    accept("WHERE") ? textOf(this::expression) : null);
        }

        private IndexTerm indexTerm() {
            var first = at;
            var expression = expression();
            var last = at - 1;
            String collation = null;
            if (expression instanceof Collate collate) {
                // written behind the expression, COLLATE is the last two tokens of it
                collation = collate.collation;
                expression = collate.operand;
                last -= 2;
            }
            var text = source.substring(tokens.get(first).start, tokens.get(last).end);
            var column = expression instanceof Name plain && plain.table == null ? plain.column
                    : expression instanceof Constant constant && constant.value instanceof String string ? string : null;
            return new IndexTerm(text, column, collation, descending());
        }

        /** A view that is not understood is still read: its text goes into the report. */
        private CreateView createView() {
            create("VIEW");
            var name = qualifiedName();
            var columns = namesInParentheses();
            expect("AS");
            var first = at;
            while (!isEnd(0)) {
                at++;
            }
            return new CreateView(name, columns, textFrom(first));
        }

        private CreateTrigger createTrigger() {
            create("TRIGGER");
            var name = qualifiedName();
            var timing = Objects.requireNonNullElse(acceptAny("BEFORE", "AFTER", "INSTEAD OF"), "BEFORE");
            var event = acceptAny("INSERT", "UPDATE", "DELETE");
            List<String> of = accept("OF") ? list(this::name) : List.of();
            expect("ON");
            var table = qualifiedName();
            var forEachRow = accept("FOR", "EACH", "ROW");
            var when = accept("WHEN") ? textOf(this::expression) : null;
            expect("BEGIN");
            var statements = new ArrayList<String>();
            var body = textOf(() -> {
                while (!is("END") || !isEnd(1)) {
                    statements.add(textUpTo(";"));
                    expect(";");
                }
                return statements;
            });
            expect("END");
            return new CreateTrigger(name, timing, event, of, table, forEachRow, when, body, statements);
        }

        // --- reading expressions, loosest operator first: SQLite docs lang_expr.html ---

        private static final Map<String, String> SYNONYMS = Map.of("==", "=", "!=", "<>", "IS NOT DISTINCT FROM", "IS", "IS DISTINCT FROM",
                "IS NOT");

        private Expression expression() {
            return leftAssociative(() -> leftAssociative(this::negation, "AND"), "OR");
        }

        private Expression negation() {
            return accept("NOT") ? new Unary("NOT", negation()) : equality();
        }

        private Expression equality() {
            var left = comparison();
            while (true) {
                var not = is("NOT") && isAny(1, "BETWEEN", "IN", "LIKE", "GLOB", "REGEXP", "MATCH", "NULL");
                at += not ? 1 : 0;
                String operator;
                if (accept("ISNULL")) {
                    left = new Binary("IS", left, new Constant(null));
                } else if (accept("NOTNULL") || not && accept("NULL")) {
                    left = new Binary("IS NOT", left, new Constant(null));
                } else if (accept("BETWEEN")) {
                    var low = comparison();
                    expect("AND");
                    left = new Between(not, left, low, comparison());
                } else if (accept("IN")) {
                    left = in(not, left);
                } else if ((operator = acceptAny("LIKE", "GLOB", "REGEXP", "MATCH")) != null) {
                    left = new Like(operator, not, left, comparison(), accept("ESCAPE") ? comparison() : null);
                } else if ((operator = acceptAny("==", "=", "<>", "!=", "IS NOT DISTINCT FROM", "IS DISTINCT FROM", "IS NOT",
                        "IS")) != null) {
                    left = new Binary(SYNONYMS.getOrDefault(operator, operator), left, comparison());
                } else {
                    return left;
                }
            }
        }

        private Expression in(boolean not, Expression left) {
            if (!is("(")) {
                var table = qualifiedName();
                var from = new Join(",", false, table, null, null, table, null, List.of());
                var core = new Core(false, List.of(new Result(null, null, null, "*")), List.of(from), null, List.of(), null, Map.of(),
                        null);
                return new In(not, left, null, new Select(false, List.of(), List.of(core), List.of(), List.of(), null, null));
            }
            return inParentheses(() -> isSelect() ? new In(not, left, null, select())
                    : new In(not, left, is(")") ? List.of() : list(this::expression), null));
        }

        private Expression comparison() {
            return leftAssociative(() -> leftAssociative(() -> leftAssociative(() -> leftAssociative(() -> leftAssociative(this::collated,
                    "||", "->>", "->"), "*", "/", "%"), "+", "-"), "&", "|", "<<", ">>"), "<=", ">=", "<", ">");
        }

        private Expression leftAssociative(Supplier<Expression> operand, String... operators) {
            var left = operand.get();
            for (var operator = acceptAny(operators); operator != null; operator = acceptAny(operators)) {
                left = new Binary(operator, left, operand.get());
            }
            return left;
        }

        private Expression collated() {
            var operand = unary();
            while (accept("COLLATE")) {
                operand = new Collate(operand, name().toUpperCase(Locale.ROOT));
            }
            return operand;
        }

        private Expression unary() {
            var operator = acceptAny("-", "+", "~");
            if (operator == null) {
                return primary();
            }
            if (operator.equals("-") && peek().type == Type.NUMBER) {
                // -9223372036854775808 fits, although its digits alone do not
                var text = next().text;
                return new Constant(text.matches("0[xX].*") ? (Object) (-(Long) numberValue(text)) : numberValue("-" + text));
            }
            return new Unary(operator, unary());
        }

        private Expression primary() {
            return switch (peek().type) {
                case NUMBER -> new Constant(numberValue(next().text));
                case STRING -> is(1, ".") ? column() : new Constant(next().text);
                case BLOB -> new Constant(HexFormat.of().parseHex(next().text));
                case NAME -> column();
                case WORD -> is(1, ".") ? column() : word();
                default -> parenthesized();
            };
        }

        private Expression parenthesized() {
            refuseIf(isAny(0, "?", ":", "@", "$"), "a parameter has no value here");
            return inParentheses(() -> {
                if (isSelect()) {
                    return new Scalar(select());
                }
                var values = list(this::expression);
                return values.size() == 1 ? values.get(0) : new Row(values);
            });
        }

        private Expression word() {
            var word = peek().text.toUpperCase(Locale.ROOT);
            return switch (word) {
                case "NULL" -> {
                    at++;
                    yield new Constant(null);
                }
                case "CURRENT_TIMESTAMP", "CURRENT_DATE", "CURRENT_TIME" -> {
                    at++;
                    yield new Call(word.equals("CURRENT_DATE") ? "date" : word.equals("CURRENT_TIME") ? "time" : "datetime");
                }
                case "EXISTS" -> {
                    at++;
                    yield new Exists(inParentheses(this::select));
                }
                case "CASE" -> caseExpression();
                case "CAST" -> cast();
                case "NOT" -> negation();
                case "RAISE" -> raise();
            case "SELECT", "FROM", "WHERE", "GROUP", "ORDER", "WHEN", "THEN", "ELSE", "END", "AND", "OR", "IN", "IS", "AS", "ON", "UNION" ->
                throw unexpected();
                default -> is(1, "(") ? call() : column();
            };
        }

        private Expression column() {
            var loose = source.charAt(peek().start) == '"';
            var first = next().text;
            if (!accept(".")) {
                return new Name(null, first, loose);
            }
            var second = name();
            return accept(".") ? new Name(second, name(), false) : new Name(first, second, false);
        }

        private Expression caseExpression() {
            expect("CASE");
            var base = is("WHEN") ? null : expression();
            var whens = new ArrayList<When>();
            while (accept("WHEN")) {
                var condition = expression();
                expect("THEN");
                whens.add(new When(condition, expression()));
            }
            var otherwise = accept("ELSE") ? expression() : null;
            expect("END");
            return new Case(base, whens, otherwise);
        }

        private Expression cast() {
            expect("CAST");
            return inParentheses(() -> {
                var operand = expression();
                expect("AS");
                return new Cast(operand, textUpTo(")"));
            });
        }

        private Expression raise() {
            expect("RAISE");
            return inParentheses(() -> new Raise(acceptAny("IGNORE", "ROLLBACK", "ABORT", "FAIL"), accept(",") ? expression() : null));
        }

        private Expression call() {
            var function = next().text.toLowerCase(Locale.ROOT);
            var call = inParentheses(() -> {
                var distinct = accept("DISTINCT");
                var star = accept("*");
                return new Call(function, distinct, star, star || is(")") ? List.of() : list(this::expression), orderBy(), null, null);
            });
            var filter = accept("FILTER") ? inParentheses(this::where) : null;
            var window = !accept("OVER") ? null : is("(") ? window() : new Window(name(), List.of(), List.of(), "");
            return new Call(function, call.distinct, call.star, call.arguments, call.orderBy, filter, window);
        }

        private Window window() {
            return inParentheses(() -> {
                var base = isName() && !isAny(0, "PARTITION", "ORDER", "ROWS", "RANGE", "GROUPS") ? name() : null;
                List<Expression> partitionBy = accept("PARTITION", "BY") ? list(this::expression) : List.of();
                var orderBy = orderBy();
                var frame = textUpTo(")");
                refuseIf(!frame.matches("(?i)[a-z0-9.\\s]*"), "window frame " + frame);
                return new Window(base, partitionBy, orderBy, frame);
            });
        }

        private List<Order> orderBy() {
            return accept("ORDER", "BY")
                    ? list(() -> new Order(expression(), descending(), accept("NULLS") ? acceptAny("FIRST", "LAST") : null))
                    : List.of();
        }

        private Expression where() {
            return accept("WHERE") ? expression() : null;
        }

        // --- reading selects ---

        private static final Set<String> NO_ALIAS = Set
                .of(("FROM WHERE GROUP ORDER HAVING LIMIT UNION EXCEPT INTERSECT ON USING JOIN LEFT RIGHT FULL INNER CROSS "
                + "NATURAL OUTER WINDOW AS SET VALUES RETURNING INDEXED NOT DEFAULT SELECT").split(" "));

        private Select select() {
            var with = accept("WITH");
            var recursive = with && accept("RECURSIVE");
            List<Common> commons = with ? list(this::common) : List.of();
            var cores = new ArrayList<>(List.of(core()));
            var operators = new ArrayList<String>();
            for (var operator = compound(); operator != null; operator = compound()) {
                operators.add(operator);
                cores.add(core());
            }
            var orderBy = orderBy();
            var limit = accept("LIMIT") ? expression() : null;
            if (limit != null && accept(",")) {
                return new Select(recursive, commons, cores, operators, orderBy, expression(), limit);
            }
            return new Select(recursive, commons, cores, operators, orderBy, limit,
                    limit != null && accept("OFFSET") ? expression() : null);
        }

        private String compound() {
            return acceptAny("UNION ALL", "UNION", "INTERSECT", "EXCEPT");
        }

        private Common common() {
            var name = name();
            var columns = namesInParentheses();
            expect("AS");
            acceptAny("NOT MATERIALIZED", "MATERIALIZED");
            return new Common(name, columns, inParentheses(this::select));
        }

        private Core core() {
            if (accept("VALUES")) {
                var rows = list(() -> new Row(listInParentheses(this::expression)));
                return new Core(false, List.of(), List.of(), null, List.of(), null, Map.of(), rows);
            }
            expect("SELECT");
            var distinct = "DISTINCT".equals(acceptAny("DISTINCT", "ALL"));
            var results = list(this::result);
            List<Join> from = accept("FROM") ? from() : List.of();
            var where = where();
            List<Expression> groupBy = accept("GROUP", "BY") ? list(this::expression) : List.of();
            var having = accept("HAVING") ? expression() : null;
            var windows = new LinkedHashMap<String, Window>();
            if (accept("WINDOW")) {
                list(() -> {
                    var name = name();
                    expect("AS");
                    return windows.put(name, window());
                });
            }
            return new Core(distinct, results, from, where, groupBy, having, windows, null);
        }

        private Result result() {
            if (accept("*")) {
                return new Result(null, null, null, "*");
            }
            if (isName() && is(1, ".") && is(2, "*")) {
                var table = name();
                at += 2;
                return new Result(null, null, table, table + ".*");
            }
            var first = at;
            var expression = expression();
            var text = textFrom(first);
            return new Result(expression, alias(null), null, text);
        }

        /** The name given to a column or a table, else the one it has. */
        private String alias(String own) {
            var isAlias = accept("AS")
                    || isName() && !(peek().type == Type.WORD && NO_ALIAS.contains(peek().text.toUpperCase(Locale.ROOT)));
            return isAlias ? name() : own;
        }

        private List<Join> from() {
            var joins = new ArrayList<>(List.of(joined(",", false)));
            while (true) {
                var natural = accept("NATURAL");
                var kind = acceptAny(",", "LEFT OUTER JOIN", "LEFT JOIN", "RIGHT OUTER JOIN", "RIGHT JOIN", "FULL OUTER JOIN", "FULL JOIN",
                        "INNER JOIN",
                        "CROSS JOIN", "JOIN");
                if (kind == null) {
                    return joins;
                }
                joins.add(joined(kind.split(" ")[0], natural));
            }
        }

        private Join joined(String kind, boolean natural) {
            var inner = is("(");
            var select = inner && isAny(1, "SELECT", "WITH", "VALUES") ? inParentheses(this::select) : null;
            var nested = inner && select == null ? inParentheses(this::from) : null;
            var table = inner ? null : qualifiedName();
            refuseIf(!inner && is("("), "table-valued function " + table);
            var alias = alias(table);
            if (accept("INDEXED", "BY")) {
                name();
            } else {
                accept("NOT", "INDEXED");
            }
            var on = accept("ON") ? expression() : null;
            List<String> using = on == null && accept("USING") ? listInParentheses(this::name) : List.of();
            return new Join(kind, natural, table, select, nested, alias, on, using);
        }

        // --- reading the statements of triggers ---

        private Statement statement() {
            if (isSelect()) {
                return new Query(select());
            }
            if (is("INSERT") || is("REPLACE")) {
                var conflict = accept("REPLACE") ? "REPLACE" : accept("INSERT") ? orConflict() : null;
                expect("INTO");
                return new Insert(conflict, qualifiedName(), namesInParentheses(), accept("DEFAULT", "VALUES") ? null : select());
            }
            if (accept("UPDATE")) {
                var conflict = orConflict();
                var table = qualifiedName();
                var alias = alias(table);
                expect("SET");
                var assignments = list(this::assignments).stream().flatMap(List::stream).toList();
                return new Update(conflict, table, alias, assignments, accept("FROM") ? from() : List.of(), where());
            }
            expect("DELETE", "FROM");
            var table = qualifiedName();
            return new Delete(table, alias(table), where());
        }

        private String orConflict() {
            return accept("OR") ? resolution() : null;
        }

        private List<Assignment> assignments() {
            var several = is("(");
            var columns = several ? namesInParentheses() : List.of(name());
            expect("=");
            var value = expression();
            if (!several) {
                return List.of(new Assignment(columns.get(0), value));
            }
            if (!(value instanceof Row row) || row.values.size() != columns.size()) {
                throw new Untranslatable("several columns set from a select");
            }
            return IntStream.range(0, columns.size()).mapToObj(i -> new Assignment(columns.get(i), row.values.get(i))).toList();
        }
    }

    // ---- from SQLite's SQL to PostgreSQL's ----

    /** Receives what the user must know about a translation. */
    interface Notes {
        void note(String text);
    }

    /**
     * A column as it is in the target: {@code name} in SQLite, {@code target} in PostgreSQL (unquoted), {@code type} of PostgreSQL, {@code affinity} of SQLite,
     * {@code conversion} how the values changed: "same", "boolean", "iso", "unix" and the other epochs, "json", "uuid", "enum", "enum-lower", "enum-upper", "number".
     */
    record SeenColumn(String name, String target, String type, String affinity, String conversion, boolean noCase) { }

    /** A table or view as it is in the target: {@code target} is quoted and qualified, {@code rowidColumn} the target column that is the rowid, or null. */
    record SeenTable(String name, String target, boolean hasRowid, String rowidColumn, List<SeenColumn> columns) {
        SeenColumn column(String wanted) {
            return columns.stream().filter(column -> column.name.equalsIgnoreCase(wanted)).findFirst().orElse(null);
        }
    }

    /** The select of a translated view; {@code seen} describes its columns for views that read it; a type is null where PostgreSQL knows better. */
    record View(String sql, List<String> columns, List<String> types, List<SeenColumn> seen) { }

    /** A translated trigger: CREATE FUNCTION, then CREATE TRIGGER. */
    record Trigger(String function, String trigger) {
        String sql() {
            return function + "\n" + trigger;
        }
    }

    /**
     * What PostgreSQL's type of an expression means to the translation. NUMBER is double precision that in SQLite may be an integer too, REAL_OR_ZERO only the
     * integer 0; JSON_VALUE is jsonb that stands for the plain value in it; MIXED is text that was also numbers.
     */
    enum Kind {
        NULL("text", ""), BOOLEAN("boolean", "boolean"), INTEGER("bigint", "smallint,integer,bigint,int2,int4,int8"),
        REAL("double precision", "real,double precision,float8,float4"), REAL_OR_ZERO("double precision", ""),
        NUMBER("double precision", ""),
        NUMERIC("numeric", "numeric,decimal"), TEXT("text", "text,varchar,character varying,citext"), BLOB("bytea", "bytea"),
        DATE("date", "date"),
        TIME("time", "time,time without time zone"), TIMESTAMP("timestamp", "timestamp,timestamp without time zone"),
        TIMESTAMPTZ("timestamptz", "timestamptz,timestamp with time zone"), JSON("jsonb", "json,jsonb"), JSON_VALUE("jsonb", ""),
        UUID("uuid", "uuid"),
        ENUM(null, ""), MIXED("text", ""), OTHER(null, "");

        /** The PostgreSQL type that a value of this kind is given where nothing else says it; null if there is none. */
        final String type;
        private final Set<String> names;

        Kind(String type, String names) {
            this.type = type;
            this.names = Set.of(names.split(","));
        }

        boolean isNumber() {
            return this == INTEGER || this == NUMERIC || isDouble();
        }

        boolean isDouble() {
            return this == REAL || this == REAL_OR_ZERO || this == NUMBER;
        }

        boolean isTime() {
            return this == DATE || this == TIME || this == TIMESTAMP || this == TIMESTAMPTZ;
        }

        static Kind of(String type, String conversion) {
            var name = type.toLowerCase(Locale.ROOT).replaceFirst("\\(.*\\)", "");
            return Stream.of(values()).filter(kind -> kind.names.contains(name)).findFirst()
                    .orElse(conversion.startsWith("enum") ? ENUM : OTHER);
        }
    }

    /**
     * A time in UTC: {@code sql} is a timestamp without time zone, {@code form} what SQLite made of it: "iso", "time", "unix" or "julian"; {@code day} if only
     * the date.
     */
    record Moment(String sql, String form, boolean day) {
        String exact() {
            return day ? "date_trunc('day', " + sql + ")" : sql;
        }
    }

    /**
     * A translated expression. {@code rank} says how tightly it binds, {@code affinity} is SQLite's ("" for none), {@code ordered} that its collation is "C",
     * {@code constant} its value if it is a literal, {@code moment} the time it was computed from, {@code column} the column that it is.
     */
    record Value(String sql, int rank, Kind kind, String type, String affinity, boolean ordered, boolean noCase, Object constant,
            Moment moment, SeenColumn column) {
        static final int OR = 1, AND = 2, NOT = 3, COMPARISON = 4, OTHER = 5, SUM = 6, PRODUCT = 7, SIGN = 8, CAST = 9, ATOM = 10;
        static final Value UNKNOWN = of(Kind.BOOLEAN, CAST, "NULL::boolean");
        static final Value NULL_TEXT = of(Kind.TEXT, CAST, "NULL::text");

        static Value of(Kind kind, int rank, String sql) {
            return new Value(sql, rank, kind, kind.type, "", false, false, null, null, null);
        }

        static Value atom(Kind kind, String sql) {
            return of(kind, ATOM, sql);
        }

        static Value truth(int rank, String sql) {
            return of(Kind.BOOLEAN, rank, sql);
        }

        static Value test(String sql) {
            return truth(COMPARISON, sql);
        }

        /** An integer of 32 bits. */
        static Value small(String sql) {
            return atom(Kind.INTEGER, sql).type("integer");
        }

        /** The end of the SQL is a cast to the type of its kind. */
        static Value ofCast(Kind kind, String sql) {
            return of(kind, CAST, sql + "::" + kind.type);
        }

        Value sql(String newSql, int newRank) {
            return new Value(newSql, newRank, kind, type, affinity, ordered, noCase, constant, moment, column);
        }

        Value type(String newType) {
            return new Value(sql, rank, kind, newType, affinity, ordered, noCase, constant, moment, column);
        }

        Value affinity(String newAffinity) {
            return new Value(sql, rank, kind, type, newAffinity, ordered, noCase, constant, moment, column);
        }

        Value ordered(boolean newOrdered) {
            return new Value(sql, rank, kind, type, affinity, newOrdered, noCase, constant, moment, column);
        }

        Value noCase(boolean newNoCase) {
            return new Value(sql, rank, kind, type, affinity, ordered, newNoCase, constant, moment, column);
        }

        Value constant(Object newConstant) {
            return new Value(sql, rank, kind, type, affinity, ordered, noCase, newConstant, moment, column);
        }

        Value moment(Moment newMoment) {
            return new Value(sql, rank, kind, type, affinity, ordered, noCase, constant, newMoment, column);
        }

        Value column(SeenColumn newColumn) {
            return new Value(sql, rank, kind, type, affinity, ordered, noCase, constant, moment, newColumn);
        }

        /** The SQL, in parentheses if it binds less tightly than its place needs. */
        String at(int needed) {
            return rank >= needed ? sql : "(" + sql + ")";
        }

        /** The SQL as an operand of a comparison, a test or ||. */
        String operand() {
            return at(OTHER);
        }

        String cast(String to) {
            return at(CAST) + "::" + to;
        }

        Value castTo(Kind newKind) {
            return of(newKind, CAST, cast(newKind.type));
        }

        Value castToInt() {
            return of(Kind.INTEGER, CAST, cast("int")).type("integer");
        }

        boolean hasNumericAffinity() {
            return Set.of("INTEGER", "REAL", "NUMERIC").contains(affinity);
        }

        boolean isMoment(String form) {
            return moment != null && moment.form.equals(form);
        }

        boolean isNumberOverTime() {
            return kind.isTime() && column != null && EPOCHS.containsKey(column.conversion);
        }

        /** How a time is written in SQLite. */
        String form() {
            return isNumberOverTime() ? column.conversion : "iso";
        }
    }

    /** A unit of numbers that stand for a time: the number is (seconds since 1970 + offset) * scale. */
    record Unit(long scale, long offset) { }

    static final Map<String, Unit> EPOCHS = Stream.of(Epoch.values())
            .collect(Collectors.toMap(Enum::name,
                    e -> e.unit > 1e9 ? new Unit(0, 0) : new Unit(Math.round(1e6 / e.unit), -e.origin / 1_000_000)));

    /** Translates expressions, views and triggers for a target that has the tables given, or throws {@link Untranslatable}. Not for several threads. */
    static final class Translator {
        /**
         * Where an expression will stand. What a view says is compared with SQLite's rows afterwards, so there a likely meaning is tried where the others
         * need a sure one.
         */
        private enum Place { VIEW, TRIGGER, DEFAULT, CHECK, IMMUTABLE }

        private record Field(String name, Value value) { }

        /** A source of columns; {@code shared} are those that USING has joined to one further left. */
        private record Relation(String alias, SeenTable table, String prefix, List<Field> fields, Set<String> shared) {
            Value field(String name) {
                return fields.stream().filter(field -> field.name.equalsIgnoreCase(name)).map(Field::value).findFirst().orElse(null);
            }
        }

        /** What names mean at one level of a select. */
        private static final class Scope {
            final Scope parent;
            final List<Relation> relations = new ArrayList<>();
            final Map<String, List<Field>> commons = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
            final Map<String, Sql.Expression> aliases = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);

            Scope(Scope parent) {
                this.parent = parent;
            }

            List<Field> common(String name) {
                var found = commons.get(name);
                return found != null || parent == null ? found : parent.common(name);
            }
        }

        private static final Set<String> AGGREGATES = Set
                .of("count sum total avg group_concat string_agg json_group_array json_group_object".split(" "));
        private static final Set<String> WINDOW_ONLY = Set.of(
                "row_number rank dense_rank percent_rank cume_dist ntile lag lead first_value last_value nth_value".split(" "));
        private static final String PLAIN_NUMBER = "[+-]?(?:[0-9]+[.]?[0-9]*|[.][0-9]+)(?:[eE][+-]?[0-9]+)?";
        private static final String BLANKS = "[ \\t\\n\\v\\f\\r]*";

        private final Map<String, SeenTable> tables = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        private final int serverMajor;
        private final String now;
        private Notes notes = text -> { };
        private Place place = Place.VIEW;
        private int subqueries;

        Translator(List<SeenTable> tables, int serverMajor, boolean nowIsStatement) {
            tables.forEach(table -> this.tables.put(table.name, table));
            this.serverMajor = serverMajor;
            this.now = nowIsStatement ? "statement_timestamp()" : "now()";
        }

        // --- what the target's DDL needs ---

        /** The condition of a CHECK; "" if the new types imply it. */
        String check(String expression, SeenTable table, Notes notes) {
            var value = condition(read(expression, table, Place.CHECK, notes));
            return Boolean.TRUE.equals(value.constant) ? "" : value.sql;
        }

        /** An expression to index; in CREATE INDEX it needs parentheses around it. */
        String indexTerm(String expression, SeenTable table, Notes notes) {
            var value = plain(read(expression, table, Place.IMMUTABLE, notes));
            return value.noCase && value.kind == Kind.TEXT ? folded(value) : value.sql;
        }

        /** The WHERE of a partial index. */
        String predicate(String where, SeenTable table, Notes notes) {
            return condition(read(where, table, Place.IMMUTABLE, notes)).sql;
        }

        /** The expression of a generated column of the type wanted. */
        String generated(String expression, SeenTable table, String wantedType, Notes notes) {
            var conversion = Kind.of(wantedType, "same").isTime() ? "iso" : "same";
            return assigned(read(expression, table, Place.IMMUTABLE, notes),
                    new SeenColumn("", "", wantedType, "BLOB", conversion, false)).sql;
        }

        /** The default of a column; null if there is none in PostgreSQL: for another reason than DEFAULT NULL there is a note. */
        String defaultValue(String text, String targetType, String affinity, String conversion, Notes notes) {
            try {
                var value = read(text, null, Place.DEFAULT, notes);
                if (value.isMoment("iso") && Kind.of(targetType, conversion).isNumber()) {
                    notes.note("DEFAULT " + text + " is text in a column of numbers: it became seconds since 1970");
                    return "floor(" + epochOf(value.moment.exact()) + ")::bigint";
                }
                return value.kind == Kind.NULL ? null
                        : assigned(value, new SeenColumn("", "", targetType, affinity, conversion, false)).sql;
            } catch (Untranslatable e) {
                notes.note("DEFAULT " + text + " was left out: " + e.getMessage());
                return null;
            }
        }

        View view(CreateView view, Notes notes) {
            begin(Place.VIEW, notes);
            var selected = select(Sql.select(view.select), new Scope(null), Output.VIEW);
            var fields = selected.fields;
            var names = view.columns.isEmpty() ? fields.stream().map(Field::name).toList() : view.columns;
            refuseIf(names.size() != fields.size(), "the view has " + names.size() + " column names for " + fields.size() + " columns");
            var seen = IntStream.range(0, names.size()).mapToObj(i -> seen(names.get(i), fields.get(i).value)).toList();
            return new View(selected.sql, names, fields.stream().map(field -> field.value.type).toList(), seen);
        }

        private Value read(String expression, SeenTable table, Place newPlace, Notes newNotes) {
            begin(newPlace, newNotes);
            var scope = new Scope(null);
            if (table != null) {
                scope.relations.add(relation(table, table.name, ""));
            }
            return value(Sql.expression(expression), scope);
        }

        private void begin(Place newPlace, Notes newNotes) {
            var said = new HashSet<String>();
            place = newPlace;
            notes = text -> {
                if (said.add(text)) {
                    newNotes.note(text);
                }
            };
            subqueries = 0;
        }

        private static SeenColumn seen(String name, Value value) {
            var conversion = value.column != null ? value.column.conversion : value.kind.isTime() ? "iso" : "same";
            return new SeenColumn(name, name, Objects.requireNonNullElse(value.type, "text"), value.affinity, conversion, value.noCase);
        }

        // --- names ---

        private static Relation relation(SeenTable table, String alias, String prefix) {
            var fields = table.columns.stream().map(column -> new Field(column.name, columnValue(column, prefix))).toList();
            return new Relation(alias, table, prefix, fields, new TreeSet<>(String.CASE_INSENSITIVE_ORDER));
        }

        private static Value columnValue(SeenColumn column, String prefix) {
            var kind = Kind.of(column.type, column.conversion);
            var value = Value.atom(kind, prefix + id(column.target)).affinity(column.affinity);
            return column.conversion.equals("number") && !value.hasNumericAffinity()
                    ? value.castTo(Kind.TEXT).affinity(column.affinity).column(column)
                    : value.type(column.type).ordered(kind == Kind.TEXT).noCase(column.noCase).column(column);
        }

        private Value name(Sql.Name name, Scope scope) {
            var word = name.column();
            for (var level = scope; level != null; level = level.parent) {
                var found = column(name, level);
                if (found != null) {
                    return found;
                }
                if (name.table() == null && level.aliases.containsKey(word)) {
                    return value(level.aliases.get(word), level);
                }
            }
            refuseIf(name.table() != null, "no column " + name.table() + "." + word);
            if (!name.loose() && word.matches("(?i)true|false")) {
                return constant(word.equalsIgnoreCase("true"));
            }
            refuseIf(!name.loose() && (scope.parent != null || !scope.relations.isEmpty()), "no column " + word);
            return constant(word);
        }

        private static Value column(Sql.Name name, Scope level) {
            Value found = null;
            for (var relation : level.relations) {
                if (name.table() == null ? !relation.shared.contains(name.column()) : name.table().equalsIgnoreCase(relation.alias)) {
                    var field = relation.field(name.column());
                    var value = field == null && isRowid(name.column()) && relation.table != null && relation.table.hasRowid
                            ? rowid(relation)
                            : field;
                    refuseIf(value != null && found != null, "the column " + name.column() + " is in several tables");
                    found = value == null ? found : value;
                }
            }
            return found;
        }

        private static boolean isRowid(String name) {
            return name.matches("(?i)rowid|oid|_rowid_");
        }

        private static Value rowid(Relation relation) {
            refuseIf(relation.table.rowidColumn == null, "the rowid of " + relation.table.name + " is not kept");
            return Value.atom(Kind.INTEGER, relation.prefix + id(relation.table.rowidColumn)).affinity("INTEGER");
        }

        // --- expressions ---

        private Value value(Sql.Expression expression, Scope scope) {
            refuseIf(expression instanceof Sql.Raise, "RAISE inside an expression");
            refuseIf(expression instanceof Sql.Row, "a row of values where one value is expected");
            return expression instanceof Sql.Constant constant ? constant(constant.value())
                    : expression instanceof Sql.Name name ? name(name, scope)
                    : expression instanceof Sql.Binary binary ? binary(binary, scope)
                    : expression instanceof Sql.Unary unary ? unary(unary.operator(), value(unary.operand(), scope))
                    : expression instanceof Sql.Call call ? call(call, scope)
                    : expression instanceof Sql.Case choice ? choice(choice, scope)
                    : expression instanceof Sql.In in ? in(in, scope)
                    : expression instanceof Sql.Between between ? between(between, scope)
                    : expression instanceof Sql.Like like ? like(like, scope)
                    : expression instanceof Sql.Cast cast ? cast(value(cast.operand(), scope), cast.type())
                    : expression instanceof Sql.Collate collate ? collate(value(collate.operand(), scope), collate.collation())
                                                                                                    : expression instanceof Sql.Exists exists
                                                                                                            ? Value.truth(Value.ATOM,
                                                                                                                    "EXISTS (" + subselect(
                                                                                                                            exists.select(),
                                                                                                                            scope).sql
                                                                                                                            + ")")
                    : scalar(((Sql.Scalar) expression).select(), scope);
        }

        private List<Value> values(List<Sql.Expression> expressions, Scope scope) {
            return expressions.stream().map(expression -> value(expression, scope)).toList();
        }

        private static <T> String list(Collection<T> items, Function<T, String> sql) {
            return items.stream().map(sql).collect(Collectors.joining(", "));
        }

        private static Value constant(Object value) {
            if (value instanceof Long number) {
                var type = number == number.intValue() ? "integer" : "bigint";
                // -9223372036854775808 without quotes would be a numeric that is then negated
                return number == Long.MIN_VALUE ? Value.ofCast(Kind.INTEGER, "'" + number + "'").constant(value)
                        : Value.of(Kind.INTEGER, number < 0 ? Value.SIGN : Value.ATOM, number.toString()).type(type).constant(value);
            }
            if (value instanceof Double number) {
                var text = number.isInfinite() ? number > 0 ? "'Infinity'" : "'-Infinity'"
                        : number < 0 ? "(" + number + ")" : number.toString();
                return Value.ofCast(Kind.REAL, text).constant(value);
            }
            return value == null ? Value.atom(Kind.NULL, "NULL")
                    : value instanceof Boolean truth ? Value.atom(Kind.BOOLEAN, truth ? "TRUE" : "FALSE").constant(value)
                            : value instanceof byte[] bytes
                                    ? Value.of(Kind.BLOB, Value.CAST, "'\\x" + HexFormat.of().formatHex(bytes) + "'::bytea").constant(value)
                    : Value.atom(Kind.TEXT, literal((String) value)).constant(value);
        }

        private Value unary(String operator, Value operand) {
            return switch (operator) {
                case "NOT" -> not(condition(operand));
                case "-" -> {
                    var number = number(operand);
                    yield number.constant instanceof Double constant ? constant(-constant)
                            : Value.of(number.kind, Value.SIGN, "- " + number.at(Value.SIGN)).type(number.type);
                }
                case "~" -> Value.of(Kind.INTEGER, Value.OTHER, "~ " + integer(operand).cast("bigint"));
                default -> operand.affinity("");
            };
        }

        private static Value not(Value truth) {
            return truth.constant instanceof Boolean known ? constant(!known) : Value.truth(Value.NOT, "NOT " + truth.at(Value.NOT));
        }

        private static Value notIf(boolean not, Value truth) {
            return not ? not(truth) : truth;
        }

        private Value binary(Sql.Binary binary, Scope scope) {
            var operator = binary.operator();
            if (operator.equals("AND") || operator.equals("OR")) {
                return logical(operator, condition(value(binary.left(), scope)), condition(value(binary.right(), scope)));
            }
            if (binary.left() instanceof Sql.Row left && binary.right() instanceof Sql.Row right && operator.matches("=|<>")) {
                refuseIf(left.values().size() != right.values().size(), "rows of different length compared");
                return notIf(operator.equals("<>"), logical("AND", IntStream.range(0, left.values().size())
                        .mapToObj(i -> compare("=", value(left.values().get(i), scope), value(right.values().get(i), scope)))));
            }
            if (isTypeof(binary.left()) && binary.right() instanceof Sql.Constant type && operator.matches("=|<>")) {
                return typeIs(binary.left(), Set.of(String.valueOf(type.value())), operator.equals("<>"), scope);
            }
            if (binary.right() instanceof Sql.Name word && word.table() == null && word.column().matches("(?i)true|false")
                    && operator.startsWith("IS")) {
                return is(operator, condition(value(binary.left(), scope)), word.column().equalsIgnoreCase("true"));
            }
            var right = value(binary.right(), scope);
            var plain = value(binary.left(), scope);
            var left = binary.right() instanceof Sql.Collate collate && !(binary.left() instanceof Sql.Collate)
                    ? collate(plain, collate.collation())
                    : plain;
            return switch (operator) {
                case "||" -> Objects.requireNonNullElseGet(uuidIdiom(binary), () -> concatenated(left, right));
                case "+", "-", "*", "/", "%" -> arithmetic(operator, left, right);
            case "&", "|" ->
                Value.of(Kind.INTEGER, Value.OTHER, integer(left).cast("bigint") + " " + operator + " " + integer(right).at(Value.SUM));
                case "<<", ">>" -> {
                refuseIf(!(right.constant instanceof Long distance) || distance < 0 || distance > 63,
                        "shift by a distance that is not a constant from 0 to 63");
                    yield Value.of(Kind.INTEGER, Value.OTHER, integer(left).cast("bigint") + " " + operator + " " + right.constant);
                }
                case "->", "->>" -> arrow(left, right, operator.equals("->"));
                default -> compare(operator, left, right);
            };
        }

        private static Value logical(String operator, Value left, Value right) {
            var and = operator.equals("AND");
            if (left.constant instanceof Boolean known) {
                return known == and ? right : left;
            }
            if (right.constant instanceof Boolean known) {
                return known == and ? left : right;
            }
            var rank = and ? Value.AND : Value.OR;
            return Value.truth(rank, left.at(rank) + " " + operator + " " + right.at(rank));
        }

        private static Value logical(String operator, Stream<Value> all) {
            return all.reduce(constant(operator.equals("AND")), (left, right) -> logical(operator, left, right));
        }

        private static Value is(String operator, Value value, boolean truth) {
            return Value.test(value.operand() + " " + operator + (truth ? " TRUE" : " FALSE"));
        }

        /** The result as SQLite's numbers: 1 and 0 for a boolean, the number that a text begins with, seconds for a converted epoch. */
        private Value number(Value value) {
            return switch (value.kind) {
                case INTEGER, REAL, REAL_OR_ZERO, NUMBER, NUMERIC -> value;
                case NULL -> Value.ofCast(Kind.INTEGER, "NULL");
                case BOOLEAN -> value.constant instanceof Boolean truth ? constant(truth ? 1L : 0L) : value.castToInt();
                case TEXT, JSON_VALUE, ENUM -> value.constant instanceof String text ? constant(leadingNumber(text))
                        : value.isMoment("unix") ? value.castTo(Kind.INTEGER)
                        : Value.atom(Kind.NUMERIC, "(CASE WHEN %s IS NOT NULL THEN coalesce(substring(%s from '^%s(%s)')::numeric, 0) END)"
                                .formatted(text(value).operand(), text(value).sql, BLANKS, PLAIN_NUMBER));
                default -> {
                    refuseIf(!value.isNumberOverTime(), "arithmetic on " + described(value));
                    yield epochNumber(value);
                }
            };
        }

        private static String described(Value value) {
            return value.column == null ? "a value of type " + value.type
                    : "column " + value.column.name + ", which is now " + value.column.type;
        }

        /** What SQLite makes of a text in arithmetic: the longest prefix that is a number, else 0 (lang_expr.html, CAST expressions). */
        private static Object leadingNumber(String text) {
            var matcher = Pattern.compile("[ \\t\\n\\x0B\\f\\r]*(" + PLAIN_NUMBER + ")").matcher(text);
            return matcher.lookingAt() ? Sql.numberValue(matcher.group(1).replaceFirst("^\\+", "")) : 0L;
        }

        /** The value as SQLite's integer operators and CAST see it: cut toward zero. */
        private Value integer(Value value) {
            if (value.kind == Kind.TEXT && value.constant == null && value.moment == null) {
                return Value.atom(Kind.INTEGER, ("(CASE WHEN %s IS NOT NULL THEN CASE WHEN %1$s ~ '^%s[+-]?[0-9]' THEN"
                        + " least(greatest(substring(%s from '^%2$s([+-]?[0-9]+)')::numeric, -9223372036854775808), 9223372036854775807)::bigint ELSE 0 END END)")
                        .formatted(value.operand(), BLANKS, value.sql));
            }
            var number = number(value);
            return number.kind == Kind.INTEGER ? number : number.constant instanceof Double constant ? constant(constant.longValue())
                    : Value.ofCast(Kind.INTEGER, "trunc(" + number.sql + ")");
        }

        /** The value as a text, rendered as SQLite does. */
        private Value text(Value value) {
            return switch (value.kind) {
                case TEXT, MIXED -> value;
                case NULL -> Value.NULL_TEXT;
                case BOOLEAN -> text(number(value));
                case INTEGER -> value.constant instanceof Long number ? constant(number.toString()) : value.castTo(Kind.TEXT);
                case REAL -> Value.atom(Kind.TEXT, realText(value));
                case UUID -> value.castTo(Kind.TEXT);
            case JSON_VALUE ->
                Value.atom(Kind.TEXT, "(CASE %s WHEN 'true' THEN '1' WHEN 'false' THEN '0' ELSE %1$s #>> '{}' END)".formatted(value.sql));
                case DATE, TIMESTAMP, TIMESTAMPTZ, TIME -> value.isNumberOverTime() ? text(number(value)) : timeText(value);
                default -> {
                    if (value.kind == Kind.ENUM) {
                        immutable("the text of an enum");
                    }
                refuseIf(value.column == null || value.kind != Kind.NUMERIC && !value.column.conversion.equals("enum"),
                        "the text of " + described(value));
                    yield value.kind == Kind.ENUM ? value.castTo(Kind.TEXT)
                        : Value.atom(Kind.TEXT, "regexp_replace(%s, '(\\.[0-9]*[1-9])0+$|\\.0*$', '\\1')".formatted(value.cast("text")));
                }
            };
        }

        private Value timeText(Value value) {
            refuseIf(value.kind == Kind.TIME, "the text of " + described(value));
            if (value.kind != Kind.DATE) {
                sureOnlyByProof("a time as a text, taken to be written YYYY-MM-DD HH:MM:SS");
            }
            return Value.atom(Kind.TEXT, formatted(value.kind == Kind.DATE ? "%Y-%m-%d" : "%Y-%m-%d %H:%M:%S", timestamp(value)));
        }

        /** SQLite always prints a decimal point, and 15 to 17 significant digits, by its version; PostgreSQL as many as are needed to read the number back. */
        private String realText(Value value) {
            if (value.constant instanceof Double constant && constant == Math.rint(constant) && Math.abs(constant) < 1e15) {
                return literal(constant.longValue() + ".0");
            }
            notes.note("the text of a real number may have other last digits than SQLite's, which depend on its version");
            return "regexp_replace(%s, '^(-?[0-9]+)(e|$)', '\\1.0\\2')".formatted(value.cast("text"));
        }

        private Value arithmetic(String operator, Value leftOperand, Value rightOperand) {
            var left = number(leftOperand);
            var right = number(rightOperand);
            refuseIf(operator.equals("%") && (left.kind != Kind.INTEGER || right.kind != Kind.INTEGER),
                    "remainder of a number that may have a fraction");
            var kind = resultOf(operator, left.kind, right.kind);
            var rank = operator.matches("[*/%]") ? Value.PRODUCT : Value.SUM;
            var mayBeZero = operator.matches("[/%]") && !(right.constant instanceof Number number && number.doubleValue() != 0);
            var divisor = mayBeZero ? "nullif(" + right.sql + ", 0)" : right.at(rank + 1);
            if (operator.equals("/") && (kind == Kind.NUMERIC || kind == Kind.NUMBER)) {
                return quotient(left, right, divisor);
            }
            // SQLite counts in 64 bits, PostgreSQL in those of the operands
            var widen = kind == Kind.INTEGER && !"bigint".equals(left.type) && !"bigint".equals(right.type);
            return Value.of(kind, rank, (widen ? left.cast("bigint") : left.at(rank)) + " " + operator + " " + divisor);
        }

        /** The kind of a sum, product or quotient: real as soon as one side is. */
        private static Kind resultOf(String operator, Kind left, Kind right) {
            var kinds = EnumSet.of(left, right);
            return kinds.contains(Kind.REAL) ? Kind.REAL
                    : kinds.contains(Kind.REAL_OR_ZERO) && (kinds.size() == 1 || operator.matches("[*/]")) ? Kind.REAL_OR_ZERO
                    : kinds.stream().anyMatch(Kind::isDouble) ? Kind.NUMBER : kinds.contains(Kind.NUMERIC) ? Kind.NUMERIC : Kind.INTEGER;
        }

        /** SQLite keeps a whole number in a NUMERIC column as an integer, and divides two integers without a fraction. */
        private Value quotient(Value left, Value right, String divisor) {
            if (Stream.of(left, right)
                    .anyMatch(operand -> operand.kind == Kind.NUMBER || operand.kind == Kind.NUMERIC && operand.column == null)) {
                sureOnlyByProof("division of a computed number: where both are integers SQLite leaves the fraction out");
                return Value.of(Kind.NUMBER, Value.PRODUCT, real(left).at(Value.PRODUCT) + " / " + divisor);
            }
            var whole = Stream.of(left, right).filter(operand -> operand.kind == Kind.NUMERIC)
                    .map(operand -> operand.sql + " = trunc(" + operand.sql + ")")
                    .collect(Collectors.joining(" AND "));
            return Value.atom(Kind.NUMERIC,
                    "(CASE WHEN %s THEN trunc(%s / %s) ELSE %2$s / %3$s END)".formatted(whole, left.at(Value.PRODUCT), divisor));
        }

        private Value concatenated(Value left, Value right) {
            var first = text(left);
            var second = text(right);
            return Value.of(Kind.TEXT, Value.OTHER, first.operand() + " || " + second.at(Value.SUM))
                    .ordered(first.ordered || second.ordered);
        }

        /** The value as a condition: SQLite takes every number but 0 for true. */
        private Value condition(Value value) {
            if (value.kind == Kind.BOOLEAN || value.kind == Kind.NULL) {
                return value.kind == Kind.NULL ? Value.UNKNOWN : value;
            }
            var number = number(value);
            return number.constant instanceof Number known ? constant(known.doubleValue() != 0) : Value.test(number.operand() + " <> 0");
        }

        private static Value isNull(Value value, boolean not) {
            return Value.test(value.operand() + (not ? " IS NOT NULL" : " IS NULL"));
        }

        private static Value collate(Value value, String collation) {
            refuseIf(!collation.matches("BINARY|NOCASE"), "COLLATE " + collation);
            return value.noCase(collation.equals("NOCASE"));
        }

        private static String ordered(Value value) {
            return value.kind != Kind.TEXT || value.ordered ? value.sql : collatedC(value);
        }

        private static String collatedC(Value value) {
            return value.at(Value.CAST) + " COLLATE \"C\"";
        }

        /** Folds A to Z only, as NOCASE does: so does lower() under the collation "C". */
        private static String folded(Value value) {
            return "lower(" + (value.constant == null ? value.at(Value.CAST) : value.sql) + " COLLATE \"C\")";
        }

        // --- comparison: SQLite docs datatype3.html, sections 4 and 5 ---

        private static final Map<String, String> MIRRORED = Map.of("<", ">", "<=", ">=", ">", "<", ">=", "<=");
        private static final Map<String, String> SPELLED = Map.of("IS", "IS NOT DISTINCT FROM", "IS NOT", "IS DISTINCT FROM");

        private Value compare(String operator, Value left, Value right) {
            if (left.kind == Kind.NULL || right.kind == Kind.NULL) {
                return operator.startsWith("IS") ? isNull(left.kind == Kind.NULL ? right : left, operator.equals("IS NOT")) : Value.UNKNOWN;
            }
            if (precedence(right) > precedence(left)) {
                return compare(MIRRORED.getOrDefault(operator, operator), right, left);
            }
            return switch (precedence(left)) {
                case 4 -> compareBoolean(operator, left, right);
                case 3 -> compareTime(operator, left, right);
                case 2 -> compareJson(operator, left, right);
                default -> {
                    var numbers = left.kind.isNumber() && right.kind.isNumber();
                refuseIf(
                        !numbers && !(isText(left) && (isText(right) || right.kind.isNumber()))
                                && !(left.kind == Kind.BLOB && right.kind == Kind.BLOB),
                            "comparison of " + described(left) + " with " + described(right));
                    yield !isText(left) ? compared(operator, left.operand(), right.operand())
                            : isText(right) ? compareText(operator, left, right) : compareTextWithNumber(operator, left, right);
                }
            };
        }

        /** Which of two kinds decides how they are compared: the one with the greater number. */
        private static int precedence(Value value) {
            return value.kind == Kind.BOOLEAN ? 4 : value.kind.isTime() ? 3 : value.kind == Kind.JSON_VALUE ? 2 : isText(value) ? 1 : 0;
        }

        private static boolean isText(Value value) {
            return value.kind == Kind.TEXT || value.kind == Kind.UUID || value.kind == Kind.ENUM;
        }

        private static boolean isEquality(String operator) {
            return operator.matches("=|<>|IS|IS NOT");
        }

        private static Value compared(String operator, String left, String right) {
            return Value.test(left + " " + SPELLED.getOrDefault(operator, operator) + " " + right);
        }

        private Value compareBoolean(String operator, Value left, Value right) {
            var wanted = right.kind == Kind.BOOLEAN ? right.constant : truthOf(right.constant);
            if (wanted instanceof Boolean truth && isEquality(operator)) {
                return operator.startsWith("IS") ? is(operator, left, truth)
                        : truth == operator.equals("=") ? left : Value.truth(Value.NOT, "NOT " + left.at(Value.NOT));
            }
            return right.kind == Kind.BOOLEAN ? compared(operator, left.operand(), right.operand())
                    : compare(operator, number(left).affinity(left.affinity), right);
        }

        private static Boolean truthOf(Object constant) {
            var text = constant instanceof String string ? string : "";
            return Long.valueOf(1).equals(constant) || text.matches("(?i)t|true|y|yes|on") ? Boolean.TRUE
                    : Long.valueOf(0).equals(constant) || text.matches("(?i)f|false|n|no|off") ? Boolean.FALSE : null;
        }

        private Value compareText(String operator, Value left, Value right) {
            if (left.noCase || right.noCase && left.column == null) {
                return compared(operator, folded(text(left)), folded(text(right)));
            }
            if (left.kind == Kind.ENUM && right.constant instanceof String text) {
                if (place == Place.IMMUTABLE && isEquality(operator)) {
                    return compared(operator, left.sql, assigned(right, left.column).sql);
                }
                immutable("the text of an enum");
                return compareText(operator, left.castTo(Kind.TEXT), constant(enumCase(text, left.column.conversion)));
            }
            if (right.kind == Kind.ENUM && left.constant instanceof String) {
                return compareText(MIRRORED.getOrDefault(operator, operator), right, left);
            }
            if (left.kind == Kind.UUID && right.kind == Kind.UUID) {
                return compared(operator, left.operand(), right.operand());
            }
            var first = text(left);
            var second = text(right);
            return compared(operator, isEquality(operator) || first.ordered || second.ordered ? first.operand() : ordered(first),
                    second.operand());
        }

        private static String enumCase(String text, String conversion) {
            return conversion.equals("enum-lower") ? text.toLowerCase(Locale.ROOT)
                    : conversion.equals("enum-upper") ? text.toUpperCase(Locale.ROOT) : text;
        }

        private Value compareTextWithNumber(String operator, Value text, Value number) {
            if (number.hasNumericAffinity()) {
                var constant = text.constant instanceof String string ? string.strip() : null;
                return constant == null ? numberInText(operator, text(text), number)
                        : constant.matches(PLAIN_NUMBER) ? compared(operator, constant(leadingNumber(constant)).operand(), number.operand())
                        : classes(operator, text, number);
            }
            if (text.affinity.equals("TEXT") || text.column != null && text.hasNumericAffinity() && isEquality(operator)) {
                return compareText(operator, text, text(number));
            }
            refuseIf(text.hasNumericAffinity(), "order of a column that has numbers and texts");
            return classes(operator, text, number);
        }

        /** A text that is a number is compared as that, any other is greater than the number. */
        private static Value numberInText(String operator, Value text, Value number) {
            refuseIf(operator.startsWith("IS"), "IS between a text and a column of numbers");
            return Value.truth(Value.ATOM, "(CASE WHEN %s ~ '^%s%s%2$s$' THEN %s %s %s %s"
                    .formatted(text.operand(), BLANKS, PLAIN_NUMBER, text.cast("numeric"), operator, number.operand(),
                            textIsGreater(operator, text, number)));
        }

        /** Where no side is converted, any text is greater than any number. */
        private Value classes(String operator, Value text, Value number) {
            notes.note("compares a text with a number, which in SQLite are never equal: " + text.sql + " " + operator + " " + number.sql);
            return operator.startsWith("IS")
                    ? Value.test("(%s IS NULL AND %s IS NULL) = %s".formatted(text.operand(), number.operand(),
                            operator.equals("IS") ? "TRUE" : "FALSE"))
                    : Value.truth(Value.ATOM, "(CASE " + textIsGreater(operator, text, number));
        }

        private static String textIsGreater(String operator, Value text, Value number) {
            return "WHEN %s IS NOT NULL AND %s IS NOT NULL THEN %s END)".formatted(text.operand(), number.operand(),
                    operator.matches("<>|>|>=") ? "TRUE" : "FALSE");
        }

        /** jsonb knows 5 from "5" as SQLite's json_extract does; there true and false are 1 and 0. */
        private static Value compareJson(String operator, Value json, Value other) {
            refuseIf(!isEquality(operator) || other.constant == null || !other.affinity.isEmpty(),
                    "comparison of a value in JSON with something else than a constant, or for order");
            if (other.constant instanceof Long number && (number == 0 || number == 1)) {
                var same = Value.test("%s IN ('%d', '%s')".formatted(json.operand(), number, number == 1));
                return operator.startsWith("IS") ? is(operator, same, true) : notIf(operator.equals("<>"), same);
            }
            return compared(operator, json.operand(), "to_jsonb(" + (other.kind == Kind.TEXT ? other.cast("text") : other.sql) + ")");
        }

        private Value between(Sql.Between between, Scope scope) {
            var operand = value(between.operand(), scope);
            var low = compare(">=", operand, value(between.low(), scope));
            var high = compare("<=", operand, value(between.high(), scope));
            var start = operand.operand().length() + 4;
            if (low.sql.startsWith(operand.operand() + " >= ") && high.sql.startsWith(operand.operand() + " <= ")) {
                return Value.test(operand.operand() + (between.not() ? " NOT BETWEEN " : " BETWEEN ") + low.sql.substring(start) + " AND "
                        + high.sql.substring(start));
            }
            return notIf(between.not(), logical("AND", low, high));
        }

        private Value in(Sql.In in, Scope scope) {
            if (in.values() == null) {
                return inSelect(in, scope);
            }
            if (isTypeof(in.operand()) && in.values().stream().allMatch(Sql.Constant.class::isInstance)) {
                var types = in.values().stream().map(value -> String.valueOf(((Sql.Constant) value).value())).collect(Collectors.toSet());
                return typeIs(in.operand(), types, in.not(), scope);
            }
            if (in.operand() instanceof Sql.Row) {
                return notIf(in.not(),
                        logical("OR", in.values().stream().map(row -> binary(new Sql.Binary("=", in.operand(), row), scope))));
            }
            var operand = value(in.operand(), scope);
            if (in.values().isEmpty()) {
                return constant(in.not());
            }
            var all = values(in.values(), scope).stream().map(value -> value.affinity("").noCase(false)).toList();
            if (operand.kind == Kind.BOOLEAN && place == Place.CHECK && !in.not()
                    && all.stream().map(value -> truthOf(value.constant)).collect(Collectors.toSet()).containsAll(Set.of(true, false))) {
                return constant(true);
            }
            return membership(operand, all.stream().map(value -> compare("=", operand, value)).toList(), in.not());
        }

        /** x IN (…) if every test is "x = something", else the tests joined by OR. */
        private static Value membership(Value operand, List<Value> tests, boolean not) {
            var shared = Stream.of(operand.operand(), operand.kind == Kind.ENUM ? operand.cast("text") : "", folded(operand))
                    .filter(sql -> tests.stream().allMatch(test -> test.rank == Value.COMPARISON && test.sql.startsWith(sql + " = ")))
                    .findFirst();
            return shared.isEmpty() ? notIf(not, logical("OR", tests.stream())) : Value.test(
                    shared.get() + (not ? " NOT IN (" : " IN (") + list(tests, test -> test.sql.substring(shared.get().length() + 3))
                            + ")");
        }

        private Value inSelect(Sql.In in, Scope scope) {
            var selected = subselect(in.select(), scope);
            var operands = in.operand() instanceof Sql.Row row ? row.values() : List.of(in.operand());
            refuseIf(operands.size() != selected.fields.size(), "IN with a select of another number of columns");
            var left = new ArrayList<String>();
            for (var operand : values(operands, scope)) {
                var plain = compare("=", operand, selected.fields.get(left.size()).value.sql("x", Value.ATOM));
                refuseIf(operand.noCase || !plain.sql.equals(operand.operand() + " = x"),
                        "IN with a select whose values need a conversion");
                left.add(operands.size() == 1 ? operand.operand() : operand.sql);
            }
            var row = left.size() == 1 ? left.get(0) : "(" + String.join(", ", left) + ")";
            return Value.test(row + (in.not() ? " NOT IN (" : " IN (") + selected.sql + ")");
        }

        private static boolean isTypeof(Sql.Expression expression) {
            return expression instanceof Sql.Call call && call.name().equals("typeof") && call.arguments().size() == 1;
        }

        /** typeof(x) is among the types: known from the type of the column but for NULL. */
        private Value typeIs(Sql.Expression call, Set<String> types, boolean not, Scope scope) {
            var value = value(((Sql.Call) call).arguments().get(0), scope);
            var own = storageClass(value);
            refuseIf(own == null, "typeof " + described(value));
            var ifNull = types.contains("null") != not;
            var ifNot = types.contains(own) != not;
            return ifNull == ifNot ? constant(ifNull) : isNull(value, ifNot);
        }

        /** What typeof() says of each value but NULL; null if it is not the same for all. */
        private static String storageClass(Value value) {
            if (value.isNumberOverTime()) {
                return value.affinity.equals("INTEGER") ? "integer" : null;
            }
            return switch (value.kind) {
                case BOOLEAN, INTEGER -> "integer";
                case REAL -> "real";
                case TEXT, DATE, TIME, TIMESTAMP, TIMESTAMPTZ, JSON, UUID, ENUM -> "text";
                case BLOB -> "blob";
                default -> null;
            };
        }

        private Value like(Sql.Like like, Scope scope) {
            var operand = text(value(like.left(), scope));
            var sql = operand.ordered ? operand.operand() : collatedC(operand);
            var pattern = value(like.pattern(), scope);
            if (like.operator().equals("GLOB")) {
                refuseIf(!(pattern.constant instanceof String), "GLOB with a pattern that is not a constant");
                return Value.test(sql + (like.not() ? " !~ " : " ~ ") + literal(regularExpression((String) pattern.constant)));
            }
            refuseIf(!like.operator().equals("LIKE"), like.operator() + " is up to the application in SQLite");
            var escape = pattern.constant instanceof String constant && !constant.contains("\\") ? "" : " ESCAPE ''";
            if (like.escape() != null) {
                var character = value(like.escape(), scope).constant instanceof String text ? text : "";
                refuseIf(character.length() != 1, "LIKE with an ESCAPE that is not one constant character");
                escape = character.equals("\\") ? "" : " ESCAPE " + literal(character);
            }
            // under the collation "C" ILIKE folds A to Z only, as SQLite's LIKE does
            return Value.test(sql + (like.not() ? " NOT ILIKE " : " ILIKE ") + text(pattern).operand() + escape);
        }

        /** GLOB as a regular expression of PostgreSQL (manual, 9.7.3): there a backslash escapes inside brackets too. */
        private static String regularExpression(String glob) {
            var result = new StringBuilder("^");
            for (var i = 0; i < glob.length(); i++) {
                var c = glob.charAt(i);
                if (c == '[') {
                    var inverted = glob.startsWith("^", i + 1);
                    var first = i + (inverted ? 2 : 1);
                    var end = glob.indexOf(']', glob.startsWith("]", first) ? first + 1 : first);
                    refuseIf(end < 0, "GLOB with an open bracket");
                    result.append(inverted ? "[^" : "[").append(glob.substring(first, end).replaceAll("[\\\\\\[\\]^]", "\\\\$0"))
                            .append(']');
                    i = end;
                } else {
                    result.append(c == '*' ? ".*" : c == '?' ? "." : "\\.+^$(){}|]".indexOf(c) >= 0 ? "\\" + c : String.valueOf(c));
                }
            }
            return result.append('$').toString();
        }

        // --- CASE, CAST, and several values of one type ---

        private Value choice(Sql.Case choice, Scope scope) {
            var conditions = new ArrayList<String>();
            var results = new ArrayList<Value>();
            var base = choice.base() == null ? null : value(choice.base(), scope);
            for (var when : choice.whens()) {
                var condition = value(when.condition(), scope);
                conditions.add((base == null ? condition(condition) : compare("=", base, condition)).sql);
                results.add(value(when.result(), scope));
            }
            results.add(choice.otherwise() == null ? constant(null) : value(choice.otherwise(), scope));
            var kind = common(results);
            var sql = new StringBuilder("CASE");
            for (var i = 0; i < conditions.size(); i++) {
                sql.append(" WHEN ").append(conditions.get(i)).append(" THEN ").append(as(kind, results.get(i)).sql);
            }
            var otherwise = choice.otherwise() == null ? "" : " ELSE " + as(kind, results.get(results.size() - 1)).sql;
            return resembling(results, Value.atom(kind, sql + otherwise + " END"));
        }

        /** The kind that all the values can be given. */
        private Kind common(List<Value> values) {
            var kinds = values.stream().map(Value::kind).filter(kind -> kind != Kind.NULL)
                    .collect(Collectors.toCollection(LinkedHashSet::new));
            var conversions = values.stream().filter(Value::isNumberOverTime).map(value -> value.column.conversion)
                    .collect(Collectors.toSet());
            if (kinds.size() <= 1 && conversions.size() <= 1) {
                return kinds.isEmpty() ? Kind.NULL : kinds.iterator().next();
            }
            var overTimes = !conversions.isEmpty() && kinds.removeIf(Kind::isTime);
            var counted = kinds.remove(Kind.BOOLEAN) || overTimes;
            if (counted) {
                kinds.add(Kind.INTEGER);
            }
            if (kinds.stream().allMatch(Kind::isNumber)) {
                var onlyZero = !counted
                        && values.stream().noneMatch(value -> value.kind == Kind.INTEGER && !Long.valueOf(0).equals(value.constant));
                return kinds.stream().noneMatch(Kind::isDouble) ? kinds.contains(Kind.NUMERIC) ? Kind.NUMERIC : Kind.INTEGER
                        : onlyZero && !kinds.contains(Kind.NUMERIC) && !kinds.contains(Kind.NUMBER) ? Kind.REAL_OR_ZERO : Kind.NUMBER;
            }
            refuseIf(kinds.stream().anyMatch(kind -> kind == Kind.BLOB || kind == Kind.JSON || kind.isTime() || kind == Kind.OTHER),
                    "values of different types in one column: " + list(values, Value::sql));
            if (kinds.stream().noneMatch(kind -> kind.isNumber() || kind == Kind.MIXED || kind == Kind.JSON_VALUE)) {
                return Kind.TEXT;
            }
            notes.note("a column has numbers and texts: all are texts in PostgreSQL");
            return Kind.MIXED;
        }

        private Value as(Kind kind, Value value) {
            return value.kind == kind ? value : value.kind == Kind.NULL ? constant(null) : switch (kind) {
                case INTEGER -> number(value);
                case REAL, REAL_OR_ZERO, NUMBER -> number(value).kind.isDouble() ? Value.of(kind, number(value).rank, number(value).sql)
                        : number(value).castTo(kind);
                case NUMERIC -> number(value).castTo(kind);
                default -> text(value);
            };
        }

        /** Gives a result what all the values it comes from have in common. */
        private static Value resembling(List<Value> values, Value result) {
            var real = values.stream().filter(value -> value.kind != Kind.NULL).toList();
            var types = real.stream().map(Value::type).collect(Collectors.toSet());
            var column = real.isEmpty() ? null : real.get(0).column;
            var same = column != null
                    && real.stream().allMatch(value -> value.column != null && value.column.conversion.equals(column.conversion))
                    && (result.kind.isTime() || result.kind == Kind.ENUM);
            var typed = types.size() == 1 && real.get(0).kind == result.kind ? result.type(types.iterator().next()) : result;
            return typed.ordered(real.stream().anyMatch(Value::ordered)).column(same ? column : null);
        }

        private Value cast(Value value, String type) {
            var affinity = Family.affinity(type);
            return switch (affinity) {
                case "INTEGER" -> integer(value).affinity(affinity);
                case "TEXT" -> text(value).affinity(affinity);
                case "REAL" -> real(value).affinity(affinity);
                case "NUMERIC" -> number(value).affinity(affinity);
                default -> value.kind == Kind.BLOB ? value : Value.atom(Kind.BLOB, bytes(value, "CAST AS BLOB"));
            };
        }

        /** The bytes of a blob, or of a text in UTF-8. */
        private String bytes(Value value, String use) {
            if (value.kind == Kind.BLOB) {
                return value.sql;
            }
            immutable(use);
            return "convert_to(" + text(value).sql + ", 'UTF8')";
        }

        private Value real(Value value) {
            var number = number(value);
            return number.kind.isDouble() ? Value.of(Kind.REAL, number.rank, number.sql).constant(number.constant)
                    : number.constant instanceof Long whole ? constant(whole.doubleValue()) : number.castTo(Kind.REAL);
        }

        /** Lets a translation that rests on an assumption pass where it is proved afterwards, with a note. */
        private void sureOnlyByProof(String assumption) {
            refuseIf(place != Place.VIEW, assumption);
            notes.note(assumption);
        }

        private void immutable(String what) {
            refuseIf(place == Place.IMMUTABLE, what + " is not immutable in PostgreSQL");
        }

        private boolean mayQuery() {
            return place == Place.VIEW || place == Place.TRIGGER;
        }

        // --- functions: SQLite docs lang_corefunc.html, lang_aggfunc.html, lang_mathfunc.html ---

        private static final Set<String> TIME_FUNCTIONS = Set.of("date", "time", "datetime", "julianday", "unixepoch", "strftime");
        private static final Set<String> VARIADIC = Set.of("coalesce", "min", "max", "printf", "format", "char", "concat", "concat_ws");

        private Value call(Sql.Call call, Scope scope) {
            var name = call.name();
            var count = call.arguments().size();
            if (call.window() != null || isAggregate(call)) {
                return aggregate(call, scope);
            }
            refuseIf(call.distinct() || call.star() || !call.orderBy().isEmpty() || call.filter() != null,
                    "the function " + name + " as an aggregate");
            if (name.matches("iif|if") && (count == 2 || count == 3)) {
                var when = new Sql.When(call.arguments().get(0), call.arguments().get(1));
                return choice(new Sql.Case(null, List.of(when), count == 2 ? null : call.arguments().get(2)), scope);
            }
            var random = random(call, scope);
            if (random != null) {
                return random;
            }
            var arguments = values(call.arguments(), scope);
            var result = TIME_FUNCTIONS.contains(name) ? time(name, arguments)
                    : name.startsWith("json") ? json(name, arguments) : function(name, arguments);
            refuseIf(result == null, "the function " + name + " with " + count + " arguments");
            return result;
        }

        /** A plain function; null if there is none of this name with as many arguments. */
        private Value function(String name, List<Value> a) {
            var first = a.isEmpty() ? null : a.get(0);
            return switch (VARIADIC.contains(name) && first != null ? name : name + "/" + a.size()) {
                case "abs/1" -> Value.atom(number(first).kind, "abs(" + number(first).sql + ")").type(number(first).type);
                case "lower/1", "upper/1" -> Value.atom(Kind.TEXT, name + "(" + ordered(text(first)) + ")").ordered(true);
                case "trim/1", "ltrim/1", "rtrim/1", "trim/2", "ltrim/2", "rtrim/2" -> textual(name.equals("trim") ? "btrim" : name, a);
                case "replace/3" -> textual(name, a);
                case "length/1" -> Value.small((first.kind == Kind.BLOB ? "octet_length(" + first.sql : "length(" + text(first).sql) + ")");
                case "octet_length/1" -> Value.small("octet_length(" + (first.kind == Kind.BLOB ? first : text(first)).sql + ")");
                case "substr/2", "substring/2", "substr/3", "substring/3" -> substr(a);
                case "instr/2" -> Value.small(first.kind == Kind.BLOB && a.get(1).kind == Kind.BLOB
                    ? "position(" + a.get(1).at(Value.SUM) + " in " + first.at(Value.SUM) + ")"
                    : "strpos(" + text(first).sql + ", " + text(a.get(1)).sql + ")");
                case "ifnull/2", "coalesce" -> coalesce(a);
                case "nullif/2" -> resembling(List.of(first), Value.atom(first.kind,
                        "(CASE WHEN %s THEN NULL ELSE %s END)".formatted(compare("=", first, a.get(1)).sql, first.sql)));
                case "likely/1", "unlikely/1", "likelihood/2" -> first;
                case "round/1", "round/2" -> round(a);
                case "hex/1" -> Value.atom(Kind.TEXT, "coalesce(upper(encode(" + bytes(first, "hex() of a text") + ", 'hex')), '')");
                case "quote/1" -> quoted(first);
                case "typeof/1" -> typeof(first);
                case "unicode/1" -> Value.small("nullif(ascii(" + text(first).sql + "), 0)");
                case "sign/1" -> Value.of(Kind.INTEGER, Value.CAST, "sign(" + number(first).sql + ")::int").type("integer");
            case "ceil/1", "ceiling/1", "floor/1", "trunc/1" ->
                number(first).kind == Kind.INTEGER ? number(first).constant(null).affinity("")
                        : Value.atom(number(first).kind, name + "(" + number(first).sql + ")");
            case "exp/1", "sin/1", "cos/1", "tan/1", "atan/1", "degrees/1", "radians/1" ->
                Value.atom(Kind.REAL, name + "(" + real(first).sql + ")");
                case "pi/0" -> Value.atom(Kind.REAL, "pi()");
                case "sqrt/1" -> onlyIf(real(first), ">= 0", "sqrt");
                case "ln/1" -> onlyIf(real(first), "> 0", "ln");
                case "log/1", "log10/1" -> onlyIf(real(first), "> 0", "log");
                case "pow/2", "power/2" -> Value.atom(Kind.REAL, "power(" + real(first).sql + ", " + real(a.get(1)).sql + ")");
                case "uuid/0", "uuid4/0", "gen_random_uuid/0" -> uuid();
                case "min" -> extreme("least", a);
                case "max" -> extreme("greatest", a);
                case "printf", "format" -> printf(a);
                case "char" -> {
                    refuseIf(a.stream().anyMatch(code -> !(code.constant instanceof Long number) || number < 1 || number > 0x10FFFF),
                            "char() of something else than constants");
                    yield concatenated(a.stream().map(code -> "chr(" + code.constant + ")").toList());
                }
                case "concat", "concat_ws" -> {
                    immutable(name);
                    yield textual(name, a).ordered(false);
                }
                default -> null;
            };
        }

        private Value textual(String name, List<Value> arguments) {
            var texts = arguments.stream().map(this::text).toList();
            return Value.atom(Kind.TEXT, name + "(" + list(texts, Value::sql) + ")").ordered(texts.stream().anyMatch(Value::ordered));
        }

        private static Value concatenated(List<String> parts) {
            return Value.of(Kind.TEXT, parts.size() == 1 ? Value.ATOM : Value.OTHER, parts.isEmpty() ? "''" : String.join(" || ", parts));
        }

        private static Value onlyIf(Value value, String condition, String function) {
            return Value.atom(Kind.REAL, "(CASE WHEN %s %s THEN %s(%1$s) END)".formatted(value.operand(), condition, function));
        }

        private Value coalesce(List<Value> values) {
            var kind = common(values);
            return resembling(values, Value.atom(kind, "coalesce(" + list(values, value -> as(kind, value).sql) + ")"));
        }

        /** The least or greatest, NULL as soon as one is NULL: least() and greatest() pass NULL over. */
        private Value extreme(String function, List<Value> values) {
            var kind = common(values);
            refuseIf(
                    Set.of(Kind.MIXED, Kind.JSON, Kind.JSON_VALUE, Kind.ENUM, Kind.BLOB).contains(kind)
                            || values.stream().anyMatch(Value::noCase),
                    "min() or max() of values that have another order in PostgreSQL");
            var best = function + "(" + list(values, value -> kind == Kind.TEXT ? ordered(as(kind, value)) : as(kind, value).sql) + ")";
            var tests = values.stream().filter(value -> value.constant == null).map(value -> isNull(value, false).sql)
                    .collect(Collectors.joining(" OR "));
            return resembling(values,
                    Value.atom(kind, tests.isEmpty() ? best : "(CASE WHEN " + tests + " THEN NULL ELSE " + best + " END)")).ordered(true);
        }

        /** A negative start counts from the end, a negative length goes backwards; PostgreSQL knows neither. */
        private Value substr(List<Value> a) {
            var source = a.get(0);
            var first = a.get(1).constant instanceof Long number ? number : null;
            var length = a.size() == 3 && a.get(2).constant instanceof Long number ? number : null;
            var ofDate = first != null && length != null && first >= 1 && first + length <= 11;
            if (ofDate && source.kind.isTime() && source.kind != Kind.TIME && !source.isNumberOverTime()) {
                // the date is written alike in every form that was accepted as a time
                source = Value.atom(Kind.TEXT, formatted("%Y-%m-%d", timestamp(source)));
            }
            var blob = source.kind == Kind.BLOB;
            // of an empty blob SQLite makes NULL
            var text = blob ? Value.atom(Kind.BLOB, "nullif(" + source.sql + ", '')") : text(source);
            var size = (blob ? "octet_length(" : "length(") + text.sql + ")";
            var start = int4(a.get(1));
            var from = first == null ? "CASE WHEN %s < 0 THEN %s + %1$s + 1 ELSE %1$s END".formatted(start.operand(), size)
                    : first < 0 ? size + " - " + (-first - 1) : start.sql;
            refuseIf(length != null && length < 0, "substr() with a negative length");
            var count = a.size() == 3 ? int4(a.get(2)) : null;
            var sql = count == null && !blob && first != null && first < 0 ? "right(%s, %s)".formatted(text.sql, -first)
                    : count == null ? "substr(%s, %s)".formatted(text.sql, from)
                    : length != null ? "substr(%s, %s, %s)".formatted(text.sql, from, count.sql)
                                    : "(CASE WHEN %s < 0 THEN substr(%s, (%s) + %1$s, - %1$s) ELSE substr(%2$s, %3$s, %1$s) END)"
                                            .formatted(count.at(Value.SIGN), text.sql, from);
            return Value.atom(blob ? Kind.BLOB : Kind.TEXT, sql).ordered(text.ordered);
        }

        private Value int4(Value value) {
            var number = integer(value);
            return "integer".equals(number.type) || "smallint".equals(number.type) ? number : number.castToInt();
        }

        /** Halves go away from zero as in SQLite if they are rounded as numeric; a cast to numeric keeps 15 digits, as SQLite prints. */
        private Value round(List<Value> a) {
            var number = number(a.get(0));
            if (a.size() == 1 && number.kind == Kind.INTEGER) {
                return real(number);
            }
            var digits = a.size() == 1 ? 0L : a.get(1).constant;
            refuseIf(!(digits instanceof Long places) || places > 30, "round() to a number of digits that is not a constant");
            return Value.ofCast(Kind.REAL, "round(" + number.cast("numeric") + ((Long) digits > 0 ? ", " + digits : "") + ")");
        }

        private Value quoted(Value value) {
            return Value.atom(Kind.TEXT, "coalesce(" + switch (value.kind) {
                case TEXT, UUID, ENUM -> "'''' || replace(" + text(value).sql + ", '''', '''''') || ''''";
                case INTEGER, NUMERIC, BOOLEAN, NULL -> text(value).sql;
                case BLOB -> "'X''' || upper(encode(" + value.sql + ", 'hex')) || ''''";
                default -> throw new Untranslatable("quote() of " + described(value));
            } + ", 'NULL')");
        }

        private static Value typeof(Value value) {
            var own = storageClass(value);
            if (value.kind == Kind.NULL || value.constant != null && own != null) {
                return constant(own == null ? "null" : own);
            }
            var whole = own == null && value.kind == Kind.NUMERIC && value.column != null;
            refuseIf(own == null && !whole, "typeof " + described(value));
            return Value.atom(Kind.TEXT,
                    (whole ? "(CASE WHEN %s IS NULL THEN 'null' WHEN %1$s = trunc(%1$s) THEN 'integer' ELSE 'real' END)"
                    : "(CASE WHEN %s IS NULL THEN 'null' ELSE '" + own + "' END)").formatted(value.operand()));
        }

        private static final Pattern DIRECTIVE = Pattern.compile("%([-0]?)([0-9]*)(?:\\.([0-9]+))?([a-zA-Z%])|[^%]+|%");

        /** printf() with a constant format of %d, %s, %f and %%: SQLite docs printf.html. */
        private Value printf(List<Value> a) {
            refuseIf(!(a.get(0).constant instanceof String), "printf() with a format that is not a constant");
            var next = 1;
            var parts = new ArrayList<String>();
            for (var matcher = DIRECTIVE.matcher((String) a.get(0).constant); matcher.find();) {
                var type = matcher.group(4);
                parts.add(type == null ? literal(matcher.group()) : type.equals("%") ? literal("%")
                        : directive(type, matcher.group(1), matcher.group(2), matcher.group(3),
                                next < a.size() ? a.get(next) : constant(null)));
                next += type == null || type.equals("%") ? 0 : 1;
            }
            return concatenated(parts);
        }

        private String directive(String type, String flag, String width, String precision, Value value) {
            refuseIf(type.equals("s") && precision != null, "printf() with %." + precision + "s, which counts bytes");
            var digits = Integer.parseInt(Objects.requireNonNullElse(precision, "6"));
            var text = "coalesce(" + switch (type) {
                case "d", "i" -> integer(value).cast("text") + ", '0')";
            case "f" -> "round(" + number(value).cast("numeric") + ", " + digits + ")::text, '"
                    + BigDecimal.ZERO.setScale(digits).toPlainString() + "')";
                case "s" -> text(value).sql + ", '')";
                default -> throw new Untranslatable("printf() with %" + type);
            };
            var wide = "length(%s) + greatest(0, %s - octet_length(%1$s))".formatted(text, width);
            return width.isEmpty() ? text
                    : flag.equals("0") && !type.equals("s")
                            ? "(CASE WHEN %s LIKE '-%%' THEN '-' || lpad(substr(%1$s, 2), %s - 1, '0') ELSE lpad(%1$s, %2$s, '0') END)"
                                    .formatted(text, wide)
                    : (flag.equals("-") ? "rpad(" : "lpad(") + text + ", " + wide + ")";
        }

        // --- random values ---

        /** random(), randomblob() and what is usually made of them; null if it is none of these. */
        private Value random(Sql.Call call, Scope scope) {
            var uuid = uuidIdiom(call);
            if (uuid != null || call.name().equals("random")) {
                return uuid != null ? uuid
                        : randomBytes(Value.ofCast(Kind.INTEGER, "('x' || encode(gen_random_bytes(8), 'hex'))::bit(64)"));
            }
            var argument = call.arguments().isEmpty() ? null : call.arguments().get(0);
            if (call.name().equals("abs") && argument instanceof Sql.Binary binary && binary.operator().equals("%")
                    && binary.left() instanceof Sql.Call random && random.name().equals("random")
                    && binary.right() instanceof Sql.Constant limit
                    && limit.value() instanceof Long number && number > 0) {
                immutable("random()");
                return Value.ofCast(Kind.INTEGER, "floor(random() * " + number + ")");
            }
            if (call.name().equals("randomblob") && argument != null && value(argument, scope).constant instanceof Long size) {
                return randomBytes(Value.atom(Kind.BLOB, "gen_random_bytes(" + Math.max(1, size) + ")"));
            }
            if (call.name().equals("lower") && argument instanceof Sql.Call hex && hex.name().equals("hex") && shape(hex) != null) {
                return randomBytes(Value.atom(Kind.TEXT, "encode(gen_random_bytes(" + shape(hex).length() / 2 + "), 'hex')"));
            }
            return null;
        }

        private Value randomBytes(Value value) {
            immutable("random()");
            notes.note("gen_random_bytes() needs the extension pgcrypto");
            return value;
        }

        private Value uuid() {
            immutable("a random UUID");
            if (serverMajor < 13) {
                notes.note("gen_random_uuid() needs the extension pgcrypto before PostgreSQL 13");
            }
            return Value.of(Kind.TEXT, Value.CAST, "gen_random_uuid()::text");
        }

        /** A random UUID put together from pieces of random hex digits; null if the expression is something else. */
        private Value uuidIdiom(Sql.Expression expression) {
            var shape = shape(expression);
            if (shape == null || !shape.matches("(?i)x{8}-x{4}-4x{3}-vx{3}-x{12}|x{12}4x{3}vx{15}")) {
                return null;
            }
            var text = shape.contains("-") ? uuid() : Value.atom(Kind.TEXT, "replace(" + uuid().sql + ", '-', '')");
            return shape.contains("X") ? Value.atom(Kind.TEXT, "upper(" + text.sql + ")") : text;
        }

        /**
         * The shape of a text made of random hex digits: x or X for such a digit, v for one of 8, 9, a, b, other characters as they are; null if it is something else.
         */
        private static String shape(Sql.Expression expression) {
            if (expression instanceof Sql.Constant constant) {
                return constant.value() instanceof String text ? text : null;
            }
            if (expression instanceof Sql.Binary binary && binary.operator().equals("||")) {
                var left = shape(binary.left());
                var right = shape(binary.right());
                return left == null || right == null ? null : left + right;
            }
            if (!(expression instanceof Sql.Call call) || call.arguments().isEmpty()) {
                return null;
            }
            var source = shape(call.arguments().get(0));
            return switch (call.name()) {
            case "hex" -> call.arguments().get(0) instanceof Sql.Call blob && blob.name().equals("randomblob") && argument(blob, 0, 0) > 0
                        ? "X".repeat(2 * argument(blob, 0, 0)) : null;
                case "lower" -> source == null ? null : source.toLowerCase(Locale.ROOT);
                case "upper" -> source == null ? null : source.toUpperCase(Locale.ROOT);
                case "substr", "substring" -> {
                    if (source == null || source.equalsIgnoreCase("89ab") || !source.matches("(?i)x+")) {
                        yield source != null && source.equalsIgnoreCase("89ab") ? "v" : null;
                    }
                    var start = argument(call, 1, 0);
                    var end = start - 1 + argument(call, 2, source.length() - start + 1);
                    yield start >= 1 && start <= end && end <= source.length() ? source.substring(start - 1, end) : null;
                }
                default -> null;
            };
        }

        /** The integer that an argument is, 0 if it is another expression. */
        private static int argument(Sql.Call call, int index, int ifMissing) {
            return index >= call.arguments().size() ? ifMissing
                    : call.arguments().get(index) instanceof Sql.Constant constant && constant.value() instanceof Long number
                            && number < 1000 ? number.intValue() : 0;
        }

        // --- aggregates and window functions ---

        private Value aggregate(Sql.Call call, Scope scope) {
            refuseIf(!mayQuery(), "an aggregate");
            var a = values(call.arguments(), scope);
            var distinct = call.distinct() ? "DISTINCT " : "";
            var tail = (call.filter() == null ? "" : " FILTER (WHERE " + condition(value(call.filter(), scope)).sql + ")")
                    + (call.window() == null ? ""
                            : " OVER " + (call.window().isOnlyName() ? id(call.window().name()) : window(call.window(), scope)));
            if (WINDOW_ONLY.contains(call.name())) {
                return windowFunction(call.name(), a, tail);
            }
            if (call.name().equals("count")) {
                return Value.atom(Kind.INTEGER, "count(" + (a.isEmpty() ? "*" : distinct + distinguished(a.get(0))) + ")" + tail);
            }
            refuseIf(a.isEmpty(), call.name() + "() without an argument");
            var first = a.get(0);
            var order = call.orderBy().isEmpty() ? "" : " ORDER BY " + orderBy(call.orderBy(), scope);
            return switch (call.name()) {
                case "sum" -> sum(number(first), first.kind, distinct, tail);
            case "total" -> Value.atom(Kind.REAL, "coalesce((sum(" + distinct + number(first).sql + ")" + tail + ")::double precision, 0)");
                case "avg" -> average(number(first), distinct, tail);
                case "min", "max" -> extremeOf(call.name(), first, tail);
                case "group_concat", "string_agg" -> {
                    if (!distinct.isEmpty() || order.isEmpty()) {
                    notes.note(call.name()
                            + "() joins the values in an order that SQLite does not promise and PostgreSQL may choose differently");
                    }
                yield Value.atom(Kind.TEXT, "string_agg(" + distinct + text(first).sql + ", " + (a.size() > 1 ? text(a.get(1)).sql : "','")
                        + order + ")" + tail);
                }
            case "json_group_array" ->
                Value.atom(Kind.JSON, "coalesce(jsonb_agg(" + distinct + jsonElement(first) + order + ")" + tail + ", '[]')");
                case "json_group_object" -> Value.atom(Kind.JSON,
                        "coalesce(jsonb_object_agg(" + text(first).sql + ", " + jsonElement(a.get(1)) + ")" + tail + ", '{}')");
                default -> throw new Untranslatable("the window function " + call.name());
            };
        }

        /** What DISTINCT tells apart. */
        private static String distinguished(Value value) {
            refuseIf(value.kind == Kind.JSON || value.kind == Kind.MIXED, "DISTINCT over " + described(value));
            return value.noCase && value.kind == Kind.TEXT ? folded(value) : value.sql;
        }

        private static Value sum(Value number, Kind original, String distinct, String tail) {
            var sum = "sum(" + distinct + number.sql + ")" + tail;
            return switch (number.kind) {
                case INTEGER -> Value.ofCast(Kind.INTEGER, (tail.isEmpty() ? sum : "(" + sum + ")"));
                case NUMERIC -> original == Kind.NUMERIC ? Value.atom(Kind.NUMERIC, sum) : Value.ofCast(Kind.REAL, "(" + sum + ")");
                default -> Value.atom(number.kind, sum);
            };
        }

        private static Value average(Value number, String distinct, String tail) {
            return number.kind == Kind.NUMERIC ? Value.ofCast(Kind.REAL, "(avg(" + distinct + number.sql + ")" + tail + ")")
                    : Value.atom(Kind.REAL,
                            "avg(" + distinct + (number.kind == Kind.INTEGER ? number.cast("double precision") : number.sql) + ")" + tail);
        }

        private Value extremeOf(String name, Value value, String tail) {
            refuseIf(value.noCase || Set.of(Kind.JSON, Kind.JSON_VALUE, Kind.MIXED, Kind.BLOB, Kind.OTHER).contains(value.kind),
                    name + "() of " + described(value));
            var plain = value.kind == Kind.BOOLEAN ? number(value)
                    : value.kind == Kind.UUID || value.kind == Kind.ENUM ? text(value) : value;
            return Value.atom(plain.kind, name + "(" + ordered(plain) + ")" + tail).type(plain.type).ordered(plain.kind == Kind.TEXT)
                    .column(plain.kind.isTime() ? plain.column : null);
        }

        private Value windowFunction(String name, List<Value> a, String tail) {
            var sql = IntStream.range(0, a.size())
                    .mapToObj(
                            i -> name.equals("ntile") || i == 1 ? int4(a.get(i)).sql : i == 2 ? a.get(i).cast(a.get(0).type) : a.get(i).sql)
                    .collect(Collectors.joining(", ", name + "(", ")")) + tail;
            return switch (name) {
                case "row_number", "rank", "dense_rank" -> Value.atom(Kind.INTEGER, sql);
                case "ntile" -> Value.small(sql);
                case "percent_rank", "cume_dist" -> Value.atom(Kind.REAL, sql);
                default -> {
                refuseIf(a.isEmpty() || a.size() == 3 && common(List.of(a.get(0), a.get(2))) != a.get(0).kind,
                        name + "() of values of different types");
                    yield resembling(List.of(a.get(0)), Value.atom(a.get(0).kind, sql));
                }
            };
        }

        private String window(Sql.Window window, Scope scope) {
            var parts = Stream.of(window.name() == null ? "" : id(window.name()),
                    window.partitionBy().isEmpty() ? ""
                            : "PARTITION BY " + list(values(window.partitionBy(), scope), Translator::distinguished),
                    window.orderBy().isEmpty() ? "" : "ORDER BY " + orderBy(window.orderBy(), scope), window.frame())
                    .filter(part -> !part.isEmpty()).toList();
            return "(" + String.join(" ", parts) + ")";
        }

        // --- JSON: SQLite docs json1.html ---

        private Value json(String name, List<Value> a) {
            return switch (name.matches("json_array|json_object") ? name : name + "/" + a.size()) {
                case "json_extract/2" -> extracted(jsonb(a.get(0)), path(a.get(1)));
                case "json_valid/1" -> jsonValid(a.get(0));
                case "json/1", "jsonb/1" -> jsonb(a.get(0));
                case "json_array_length/1", "json_array_length/2" -> Value.small(
                    "(CASE WHEN jsonb_typeof(%s) = 'array' THEN jsonb_array_length(%1$s) WHEN (%1$s) IS NOT NULL THEN 0 END)"
                            .formatted(element(a)));
            case "json_type/1", "json_type/2" ->
                Value.atom(Kind.TEXT, ("(CASE jsonb_typeof(%s) WHEN 'string' THEN 'text' WHEN 'boolean' THEN (%1$s)::text "
                        + "WHEN 'number' THEN CASE WHEN (%1$s)::text ~ '[.]' THEN 'real' ELSE 'integer' END ELSE jsonb_typeof(%1$s) END)")
                        .formatted(element(a)));
                case "json_array", "json_object" -> {
                    immutable(name);
                    var object = name.equals("json_object");
                    refuseIf(object && a.size() % 2 > 0, "the function json_object with " + a.size() + " arguments");
                var all = IntStream.range(0, a.size()).mapToObj(i -> object && i % 2 == 0 ? text(a.get(i)).sql : jsonElement(a.get(i)))
                        .toList();
                    yield Value.atom(Kind.JSON, (object ? "jsonb_build_object(" : "jsonb_build_array(") + String.join(", ", all) + ")");
                }
                default -> null;
            };
        }

        private Value jsonValid(Value value) {
            if (value.kind == Kind.JSON) {
                return place == Place.CHECK ? constant(true)
                        : Value.truth(Value.ATOM, "(CASE WHEN " + value.operand() + " IS NOT NULL THEN TRUE END)");
            }
            refuseIf(serverMajor < 16 || value.kind != Kind.TEXT, "json_valid() of a text, which PostgreSQL can test from version 16 on");
            return Value.test(value.operand() + " IS JSON");
        }

        private String jsonElement(Value value) {
            return switch (value.kind) {
                case NULL -> "NULL::text";
                case BOOLEAN -> number(value).sql;
                case INTEGER, REAL, REAL_OR_ZERO, NUMBER, NUMERIC, JSON, JSON_VALUE -> value.sql;
                default -> text(value).constant == null ? text(value).sql : text(value).cast("text");
            };
        }

        private static Value jsonb(Value value) {
            var json = value.kind == Kind.JSON || value.kind == Kind.JSON_VALUE;
            refuseIf(!json && value.kind != Kind.TEXT && value.kind != Kind.NULL, "JSON in " + described(value));
            return json && !"json".equals(value.type) ? value : value.castTo(Kind.JSON);
        }

        /** What a path, the second argument, points to; without one the whole. */
        private static String element(List<Value> a) {
            return a.size() == 1 ? jsonb(a.get(0)).sql : at(jsonb(a.get(0)), path(a.get(1)));
        }

        private static String at(Value json, String path) {
            return json.at(Value.SUM) + " #> " + literal(path);
        }

        /** j -> 'name', j -> 3 and j -> '$.path'. */
        private static Value arrow(Value json, Value key, boolean asJson) {
            refuseIf(!(key.constant instanceof String || key.constant instanceof Long),
                    (asJson ? "->" : "->>") + " with a path that is not a constant");
            var path = key.constant.toString().startsWith("$") ? path(key) : "{" + arrayElement(key.constant.toString()) + "}";
            return asJson ? Value.of(Kind.JSON, Value.OTHER, at(jsonb(json), path)) : extracted(jsonb(json), path);
        }

        private static Value extracted(Value json, String path) {
            return Value.atom(Kind.JSON_VALUE, "nullif(" + at(json, path) + ", 'null')");
        }

        private static final Pattern PATH_STEP = Pattern.compile("\\.\"([^\"]*)\"|\\.([^.\\[\"]+)|\\[([0-9]+)]|\\[#(-[0-9]+)]");

        /** '$.a.b[0]' as the text of a PostgreSQL array. */
        private static String path(Value path) {
            var text = path.constant instanceof String constant && constant.startsWith("$") ? constant : null;
            refuseIf(text == null, "a JSON path that is not a constant");
            refuseIf(!text.matches("\\$(" + PATH_STEP + ")*"), "the JSON path " + text);
            return PATH_STEP.matcher(text).results()
                    .map(step -> IntStream.rangeClosed(1, 4).mapToObj(step::group).filter(Objects::nonNull).findFirst().orElseThrow())
                    .map(Translator::arrayElement).collect(Collectors.joining(",", "{", "}"));
        }

        private static String arrayElement(String text) {
            return text.matches("[A-Za-z0-9_-]+") && !text.equalsIgnoreCase("null") ? text
                    : '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
        }

        // --- dates and times: SQLite docs lang_datefunc.html; inside, a time is a timestamp without time zone in UTC ---

        private static final Pattern ISO = Pattern
                .compile("(\\d{4}-\\d\\d-\\d\\d)(?:[ T](\\d\\d:\\d\\d(?::\\d\\d(?:\\.\\d+)?)?) *(Z|[+-]\\d\\d:\\d\\d)?)?");
        private static final String CLOCK = "\\d\\d:\\d\\d(:\\d\\d(\\.\\d+)?)?";
        private static final Pattern MODIFIER = Pattern.compile("([+-]?\\d+(?:\\.\\d+)?) *(second|minute|hour|day|month|year)s?",
                Pattern.CASE_INSENSITIVE);
        private static final String UTC = " AT TIME ZONE 'UTC'";

        private Value time(String function, List<Value> arguments) {
            var a = new ArrayList<>(arguments);
            var format = "";
            if (function.equals("strftime")) {
                refuseIf(a.isEmpty() || !(a.get(0).constant instanceof String), "strftime() with a format that is not a constant");
                format = (String) a.remove(0).constant;
            }
            var fraction = a.removeIf(argument -> argument.constant instanceof String text && text.matches("(?i)subsec(ond)?"));
            var moment = moment(a);
            return switch (function) {
                case "date" -> written("%Y-%m-%d", moment, "iso");
                case "time" -> written(fraction ? "%H:%M:%f" : "%H:%M:%S", moment, "time");
                case "datetime" -> written(fraction ? "%Y-%m-%d %H:%M:%f" : "%Y-%m-%d %H:%M:%S", moment, "iso");
                case "julianday" -> julianDay(epochOf(moment)).moment(new Moment(moment, "julian", false));
                case "unixepoch" -> (fraction ? Value.ofCast(Kind.REAL, epochOf(moment))
                        : Value.ofCast(Kind.INTEGER, "floor(" + epochOf(moment) + ")")).moment(new Moment(moment, "unix", false));
            default -> written(format, moment,
                    format.equals("%s") ? "unix" : format.matches("%Y-%m-%d([ T]%H:%M(:%S|:%f)?Z?)?|%F([ T](%T|%R)Z?)?") ? "iso" : "");
            };
        }

        private Value written(String format, String moment, String form) {
            var value = Value.atom(Kind.TEXT, formatted(format, moment));
            return form.isEmpty() ? value : value.moment(new Moment(moment, form, format.matches("%Y-%m-%d|%F")));
        }

        private static Value julianDay(String seconds) {
            return Value.of(Kind.REAL, Value.PRODUCT, "(" + seconds + " * 1000 + 210866760000000)::double precision / 86400000");
        }

        private String epochOf(String moment) {
            return "extract(epoch from " + (moment.equals(nowInUtc()) ? now : moment) + ")";
        }

        private String nowInUtc() {
            return inUtc(now);
        }

        private static String inUtc(String time) {
            return "(" + time + UTC + ")";
        }

        private String moment(List<Value> a) {
            var source = a.isEmpty() ? constant("now") : a.get(0);
            var unit = a.size() > 1 && a.get(1).constant instanceof String text && text.matches("(?i)unixepoch|julianday")
                    ? text.toLowerCase(Locale.ROOT)
                    : "";
            var moment = start(source, unit);
            for (var modifier : a.subList(Math.min(a.size(), unit.isEmpty() ? 1 : 2), a.size())) {
                moment = modified(moment, modifier);
            }
            return moment;
        }

        /** The time that a value stands for, before the modifiers. */
        private String start(Value value, String unit) {
            if (value.constant instanceof String text && !text.matches(PLAIN_NUMBER)) {
                if (text.equalsIgnoreCase("now")) {
                    immutable("'now'");
                    return nowInUtc();
                }
                return "TIMESTAMP " + literal(isoConstant(text));
            }
            if (value.kind == Kind.NULL) {
                return "NULL::timestamp";
            }
            var unix = unit.equals("unixepoch");
            if (value.isMoment(unix ? "unix" : value.kind == Kind.REAL ? "julian" : "iso")) {
                return value.moment.exact();
            }
            if (value.kind.isTime() && (value.isNumberOverTime() ? value.form().equals(unix ? "unix" : "julian") : unit.isEmpty())) {
                return timestamp(value);
            }
            var source = value.kind.isTime() ? number(value) : value;
            if (source.kind.isNumber()) {
                return inUtc(unix ? "to_timestamp(" + source.sql + ")" : timeOfNumber(source, "julian"));
            }
            refuseIf(source.kind != Kind.TEXT || !unit.isEmpty(), "a time in " + described(source));
            return timestampIn(source);
        }

        private static String isoConstant(String text) {
            var matcher = ISO.matcher(text);
            refuseIf(!matcher.matches() || matcher.group(3) != null && !matcher.group(3).equals("Z"), "the time '" + text + "'");
            return matcher.group(1) + (matcher.group(2) == null ? "" : " " + matcher.group(2));
        }

        private static String timestamp(Value time) {
            return switch (time.kind) {
                case TIMESTAMPTZ -> inUtc(time.at(Value.SUM));
                case DATE -> time.cast("timestamp");
                case TIME -> "(DATE '2000-01-01' + " + time.sql + ")";
                default -> time.at(Value.SUM);
            };
        }

        /** The time written in a text, NULL if there is none. Built from its parts where text::timestamp, which is not immutable, may not be. */
        private String timestampIn(Value text) {
            var time = place != Place.IMMUTABLE ? "%1$s::timestamp"
                    : "make_date(substr(%1$s, 1, 4)::int, substr(%1$s, 6, 2)::int, 1) + (substr(%1$s, 9, 2)::int - 1) + make_interval(0, 0, 0, 0,"
                    + " coalesce(nullif(substr(%1$s, 12, 2), '')::int, 0), coalesce(nullif(substr(%1$s, 15, 2), '')::int, 0),"
                    + " coalesce(substring(%1$s from '^.{17}([0-9.]+)'), '0')::double precision)";
            return ("(CASE WHEN %1$s ~ '^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])([ T]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]+)?)? *Z?)?$' THEN "
                    + time + " END)").formatted(text.at(Value.CAST));
        }

        private String modified(String moment, Value modifier) {
            refuseIf(!(modifier.constant instanceof String), "a modifier of a time that is not a constant");
            var text = ((String) modifier.constant).toLowerCase(Locale.ROOT);
            var matcher = MODIFIER.matcher(text.strip());
            if (matcher.matches()) {
                return added(moment, matcher.group(1).replace("+", ""), matcher.group(2));
            }
            if (text.matches("weekday [0-6]")) {
                return "(%s + (7 + %s - extract(dow from %1$s)::int) %% 7 * interval '1 day')".formatted(moment, text.substring(8));
            }
            switch (text) {
                case "start of day", "start of month", "start of year":
                    return "date_trunc('" + text.substring(9) + "', " + moment + ")";
                case "localtime":
                    immutable("'localtime'");
                    notes.note("'localtime' is now the time zone of the PostgreSQL session, not that of the application");
                    return !moment.equals(nowInUtc()) ? "((" + moment + UTC + ")::timestamp)"
                            : now.equals("now()") ? "localtimestamp" : "(" + now + "::timestamp)";
                case "utc":
                    immutable("'utc'");
                    notes.note("'utc' takes a time for one in the time zone of the PostgreSQL session, not that of the application");
                    return inUtc(moment + "::timestamptz");
                default:
                    throw new Untranslatable("the modifier '" + modifier.constant + "' of a time");
            }
        }

        /** In SQLite a month on from January 31st is March 3rd, in PostgreSQL the last of February: so months are added to the first of the month. */
        private static String added(String moment, String amount, String unit) {
            if (!unit.matches("month|year")) {
                return "(" + moment + " + interval '" + amount + " " + unit + "s')";
            }
            refuseIf(amount.contains("."), "a fraction of a month or year");
            return "(date_trunc('month', %s) + interval '%s %ss' + (%1$s - date_trunc('month', %1$s)))".formatted(moment, amount, unit);
        }

        /** Directives of strftime() as templates of to_char() (manual of PostgreSQL, 9.8). */
        private static final Map<String, String> TEMPLATES = Stream.of(
                "Y=YYYY m=MM d=DD H=HH24 M=MI S=SS f=SS.MS j=DDD I=HH12 p=AM P=am G=IYYY V=IW u=ID %=%".split(" "))
                .collect(Collectors.toMap(entry -> entry.substring(0, 1), entry -> entry.substring(2)));
        /** Directives as immutable expressions, and those that to_char() does not know. */
        private static final Map<String, String> FIELDS = Map.of("Y", padded("year", 4), "m", padded("month", 2), "d", padded("day", 2),
                "H", padded("hour", 2),
                "M", padded("minute", 2), "S", padded("second", 2), "j", padded("doy", 3), "w", "extract(dow from %s)::int::text",
                "W", "lpad(((extract(doy from %s)::int + 6 - (extract(dow from %1$s)::int + 6) %% 7) / 7)::text, 2, '0')");
        private static final Pattern FORMAT = Pattern.compile("%(.)|\\p{L}+|.", Pattern.DOTALL);

        private static String padded(String field, int width) {
            return "lpad(floor(extract(" + field + " from %s))::int::text, " + width + ", '0')";
        }

        /** A timestamp in a format of strftime(): to_char() where that can do it, and for an immutable expression the single fields, as to_char() is only stable. */
        private String formatted(String format, String moment) {
            var parts = new ArrayList<String>();
            var template = new StringBuilder();
            var plain = format.replace("%F", "%Y-%m-%d").replace("%T", "%H:%M:%S").replace("%R", "%H:%M");
            for (var matcher = FORMAT.matcher(plain); matcher.find();) {
                var text = matcher.group();
                var directive = matcher.group(1);
                if (place == Place.IMMUTABLE || directive != null && "swW".contains(directive)) {
                    flush(template, parts, moment);
                    parts.add(directive == null || directive.equals("%") ? literal(directive == null ? text : "%")
                            : field(directive, moment));
                } else {
                    refuseIf(directive != null && !TEMPLATES.containsKey(directive), "strftime() with %" + directive);
                    template.append(directive != null ? TEMPLATES.get(directive) : Character.isLetter(text.charAt(0)) ? '"' + text + '"'
                            : text.equals("\\") ? "\"\\\\\"" : text.equals("\"") ? "\\\"" : text);
                }
            }
            flush(template, parts, moment);
            return parts.isEmpty() ? "''" : parts.size() == 1 ? parts.get(0) : parts.stream().collect(Collectors.joining(" || ", "(", ")"));
        }

        private static void flush(StringBuilder template, List<String> parts, String moment) {
            if (!template.isEmpty()) {
                parts.add("to_char(" + moment + ", " + literal(template.toString()) + ")");
                template.setLength(0);
            }
        }

        private String field(String directive, String moment) {
            if (directive.equals("s")) {
                return "floor(" + epochOf(moment) + ")::bigint::text";
            }
            refuseIf(!FIELDS.containsKey(directive), "strftime() with %" + directive + " in an expression that must be immutable");
            return FIELDS.get(directive).formatted(moment);
        }

        /** A converted column of numbers, as the numbers. */
        private static Value epochNumber(Value value) {
            var seconds = "extract(epoch from " + timestamp(value) + ")";
            if (value.form().equals("julian")) {
                return julianDay(seconds);
            }
            var epoch = EPOCHS.get(value.form());
            var shifted = epoch.offset == 0 ? seconds : "(" + seconds + " + " + epoch.offset + ")";
            var scaled = epoch.scale == 1 ? shifted : "(" + shifted + " * " + epoch.scale + ")";
            return Value.ofCast(value.column.affinity.equals("REAL") ? Kind.REAL : Kind.INTEGER, scaled);
        }

        /** The number of an epoch as a timestamp with time zone. */
        private static String timeOfNumber(Value number, String conversion) {
            if (conversion.equals("julian")) {
                return "to_timestamp(round((" + number.at(Value.SUM) + " - 2440587.5) * 86400000) / 1000)";
            }
            var epoch = EPOCHS.get(conversion);
            var seconds = epoch.scale == 1 ? number.at(Value.SUM) : number.at(Value.PRODUCT) + " / " + epoch.scale + ".0";
            return "to_timestamp(" + seconds + (epoch.offset == 0 ? "" : " - " + epoch.offset) + ")";
        }

        private static String timeOfNumber(Value number, String conversion, Kind wanted) {
            var time = timeOfNumber(number, conversion);
            return wanted == Kind.TIMESTAMPTZ ? time : inUtc(time) + suffix(wanted);
        }

        private String inColumn(Moment moment, Kind wanted) {
            return inColumn(wanted == Kind.DATE ? moment.sql : moment.exact(), wanted);
        }

        /** A time as PostgreSQL has it in a column of the kind wanted; {@code timestamp} is in UTC. */
        private String inColumn(String timestamp, Kind wanted) {
            return wanted != Kind.TIMESTAMPTZ ? timestamp + suffix(wanted)
                    : !timestamp.equals(nowInUtc()) ? inUtc(timestamp) : now.equals("now()") ? "CURRENT_TIMESTAMP" : now;
        }

        private static String suffix(Kind wanted) {
            return wanted == Kind.DATE ? "::date" : wanted == Kind.TIME ? "::time" : "";
        }

        private Value compareTime(String operator, Value left, Value right) {
            var form = left.form();
            if (right.kind.isTime()) {
                return !form.equals(right.form()) ? compare(operator, number(left), number(right))
                        : left.kind == right.kind ? compared(operator, left.operand(), right.operand())
                        : compared(ofTexts(operator, left.kind == Kind.DATE, right.kind == Kind.DATE), timestamp(left), timestamp(right));
            }
            if (right.isMoment(form) || right.isMoment("time") && left.kind == Kind.TIME) {
                var texts = form.equals("iso") && left.kind != Kind.TIME;
                return compared(texts ? ofTexts(operator, left.kind == Kind.DATE, right.moment.day) : operator, left.operand(),
                        texts && left.kind == Kind.DATE && !right.moment.day ? right.moment.sql : inColumn(right.moment, left.kind));
            }
            if (left.isNumberOverTime() && right.kind.isNumber()) {
                return compared(operator, left.operand(), timeOfNumber(right, form, left.kind));
            }
            if (left.isNumberOverTime() || !(right.constant instanceof String text)) {
                throw new Untranslatable("comparison of " + described(left) + " with " + right.sql);
            }
            var clock = left.kind == Kind.TIME && text.matches(CLOCK);
            var same = clock ? operator : ofTexts(operator, left.kind == Kind.DATE, text.matches("\\d{4}-\\d\\d-\\d\\d"));
            return compared(same, left.operand(), isoTime(text, left.kind));
        }

        /** In SQLite these are texts: '2024-01-01 00:00:00' is greater than '2024-01-01', with which it begins, and never equal. */
        private static String ofTexts(String operator, boolean leftIsDay, boolean rightIsDay) {
            refuseIf(leftIsDay != rightIsDay && isEquality(operator),
                    "equality of a time with a date, which are different texts in SQLite");
            return leftIsDay == rightIsDay ? operator : operator.startsWith("<") ? leftIsDay ? "<=" : "<" : leftIsDay ? ">" : ">=";
        }

        private static String isoTime(String text, Kind kind) {
            var time = kind == Kind.TIME && text.matches(CLOCK) ? text : isoConstant(text);
            return switch (kind) {
                case TIME -> "TIME " + literal(time);
                case DATE -> (time.length() == 10 ? "DATE " : "TIMESTAMP ") + literal(time);
                case TIMESTAMPTZ -> "TIMESTAMPTZ " + literal(time + (time.length() == 10 ? " 00:00:00+00" : "+00"));
                default -> "TIMESTAMP " + literal(time);
            };
        }

        // --- a value on its way into a column ---

        /** The value converted as the column was; refused where the column could not hold it. */
        private Value assigned(Value value, SeenColumn column) {
            if (value.kind == Kind.NULL) {
                return value;
            }
            var kind = Kind.of(column.type, column.conversion);
            var result = switch (kind) {
                case DATE, TIME, TIMESTAMP, TIMESTAMPTZ -> {
                    var time = assignedTime(value, kind, column);
                    yield time == null ? null : Value.atom(kind, time);
                }
            case BOOLEAN -> value.kind == Kind.BOOLEAN ? value : value.constant == null ? condition(value) : known(truthOf(value.constant));
                case INTEGER -> assignedInteger(value);
                case REAL, NUMERIC -> assignedNumber(value.constant instanceof String text ? known(numberIn(text)) : value, kind);
                case TEXT -> text(value);
            case BLOB -> value.kind == Kind.BLOB ? value
                    : value.constant instanceof String text ? constant(text.getBytes(StandardCharsets.UTF_8)) : null;
                case JSON -> value.kind == Kind.JSON ? value : Value.of(kind, Value.CAST, text(value).cast(column.type));
                case UUID -> value.kind == kind ? value
                        : value.sql.equals("gen_random_uuid()::text") ? Value.atom(kind, "gen_random_uuid()") : text(value).castTo(kind);
            case ENUM -> value.kind == kind && value.column != null && value.column.type.equals(column.type) ? value
                    : value.constant instanceof String text
                        ? Value.of(kind, Value.CAST, literal(enumCase(text, column.conversion)) + "::" + column.type) : null;
                default -> value.column != null && value.column.type.equals(column.type) ? value : null;
            };
            refuseIf(result == null, value.sql + " does not fit the type " + column.type);
            return result;
        }

        private static Value known(Object constant) {
            return constant == null ? null : constant(constant);
        }

        private Value assignedInteger(Value value) {
            var constant = value.constant instanceof String text ? numberIn(text) : value.constant;
            if (constant instanceof Long || constant instanceof Double real && real == Math.rint(real) && Math.abs(real) < 9e18) {
                return constant(((Number) constant).longValue());
            }
            if (value.constant == null && value.isMoment("unix") && value.kind == Kind.REAL) {
                return Value.ofCast(Kind.INTEGER, "floor(" + value.sql + ")");
            }
            var fits = value.kind == Kind.BOOLEAN || value.constant == null && (value.kind != Kind.TEXT || value.isMoment("unix"));
            return fits && number(value).kind == Kind.INTEGER ? number(value) : null;
        }

        private Value assignedNumber(Value value, Kind kind) {
            return value == null || value.kind == Kind.TEXT ? null
                    : kind == Kind.NUMERIC && value.constant instanceof Double real && !real.isInfinite()
                    ? Value.atom(kind, BigDecimal.valueOf(real).toPlainString()) : number(value);
        }

        private static Object numberIn(String text) {
            return text.strip().matches(PLAIN_NUMBER) ? leadingNumber(text.strip()) : null;
        }

        private String assignedTime(Value value, Kind kind, SeenColumn column) {
            var epoch = EPOCHS.containsKey(column.conversion);
            if (value.kind.isTime() && value.form().equals(epoch ? column.conversion : "iso")) {
                return value.kind == kind ? value.sql : inColumn(timestamp(value), kind);
            }
            if (value.moment != null && value.constant == null && value.affinity.isEmpty()) {
                return inColumn(value.moment, kind);
            }
            if (epoch) {
                return value.kind.isNumber() || value.kind.isTime() ? timeOfNumber(number(value), column.conversion, kind) : null;
            }
            return value.constant instanceof String text ? isoTime(text, kind)
                    : value.kind == Kind.TEXT && place == Place.IMMUTABLE ? inColumn(timestampIn(value), kind) : null;
        }

        /** A value that leaves the translation as it is: what was found in JSON becomes a text. */
        private Value plain(Value value) {
            return value.kind == Kind.JSON_VALUE ? text(value) : typed(value);
        }

        private static Value typed(Value value) {
            return value.kind == Kind.NULL ? Value.NULL_TEXT : value;
        }

        // --- selects ---

        /** One SELECT or VALUES of a compound: its rows of values (one for a SELECT), and what stands behind them. */
        private record Part(Sql.Core core, Scope scope, List<List<Value>> rows, List<String> names, String tail) { }

        /** What becomes of the values of a select: columns of the view, of another select or without a name, or values converted for the columns of a table. */
        private record Output(boolean named, boolean inView, List<SeenColumn> targets) {
            static final Output VIEW = new Output(true, true, null);
            static final Output NAMED = new Output(true, false, null);
            static final Output UNNAMED = new Output(false, false, null);
        }

        private record Selected(String sql, List<Field> fields) { }

        private Selected subselect(Sql.Select select, Scope scope) {
            refuseIf(!mayQuery(), "a select inside an expression");
            return select(select, scope, Output.UNNAMED);
        }

        private Value scalar(Sql.Select select, Scope scope) {
            var only = select.cores().get(0);
            var single = select.cores().size() == 1 && only.rows() == null;
            if (single && only.from().isEmpty() && only.where() == null && only.results().size() == 1 && !isAggregated(only)
                    && select.with().isEmpty()
                    && select.limit() == null) {
                return value(only.results().get(0).expression(), scope).affinity("");
            }
            var selected = subselect(select, scope);
            refuseIf(selected.fields.size() != 1, "a select of several columns where one value is expected");
            var oneRow = select.limit() != null || single && only.groupBy().isEmpty() && isAggregated(only);
            // SQLite takes the first row, PostgreSQL refuses a second
            return selected.fields.get(0).value.sql("(" + selected.sql + (oneRow ? "" : " LIMIT 1") + ")", Value.ATOM);
        }

        private Selected select(Sql.Select select, Scope parent, Output output) {
            var scope = new Scope(parent);
            var with = with(select, scope);
            var parts = select.cores().stream().map(core -> part(core, scope)).toList();
            var kinds = kinds(parts);
            if (!select.operators().stream().allMatch("UNION ALL"::equals)) {
                parts.forEach(part -> part.rows.forEach(Translator::distinguishable));
                refuseIf(kinds.contains(Kind.MIXED), "rows told apart by a column that has numbers and texts");
            }
            var fields = fields(parts, kinds, output);
            var sql = compound(parts, kinds, select.operators(), output);
            if (!select.orderBy().isEmpty()) {
                var plain = parts.size() == 1 && !parts.get(0).core.distinct() && parts.get(0).core.rows() == null;
                sql = plain ? sql + " ORDER BY " + orderOfRows(select, parts.get(0)) : orderedByColumns(select, parts, sql, fields);
            }
            return new Selected(with + sql + (select.limit() == null ? "" : limit(select, scope)), fields);
        }

        private static void distinguishable(List<Value> row) {
            refuseIf(
                    row.stream().anyMatch(
                            value -> value.noCase || value.kind == Kind.JSON || value.kind == Kind.JSON_VALUE || value.kind == Kind.MIXED),
                    "rows told apart by a column with COLLATE NOCASE, JSON, or both numbers and texts");
        }

        private static List<List<Value>> rows(List<Part> parts) {
            return parts.stream().flatMap(part -> part.rows.stream()).toList();
        }

        private List<Kind> kinds(List<Part> parts) {
            var rows = rows(parts);
            var width = rows.get(0).size();
            refuseIf(rows.stream().anyMatch(row -> row.size() != width),
                    "the parts of a compound select have different numbers of columns");
            return IntStream.range(0, width).mapToObj(i -> common(rows.stream().map(row -> row.get(i)).toList())).toList();
        }

        /** The columns of a select, as they look from outside. */
        private List<Field> fields(List<Part> parts, List<Kind> kinds, Output output) {
            var names = unique(parts.get(0).names);
            var rows = rows(parts);
            return IntStream.range(0, kinds.size()).mapToObj(i -> {
                var values = rows.stream().map(row -> as(kinds.get(i), row.get(i)))
                        .map(value -> output.inView ? plain(value) : typed(value)).toList();
                var value = resembling(values, Value.atom(values.get(0).kind, id(names.get(i))));
                var only = rows.size() == 1 ? rows.get(0).get(i) : null;
                // of a plain column everything that is known goes on to whoever reads the select
                return new Field(names.get(i), only == null || only.kind == Kind.JSON_VALUE ? value
                        : value.affinity(only.affinity).noCase(only.noCase)
                        .type(only.type == null ? value.type : only.type).column(only.kind == Kind.TEXT ? null : only.column));
            }).toList();
        }

        /** SQLite tells columns of the same name apart by :1, :2 … */
        private static List<String> unique(List<String> names) {
            var used = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
            return names.stream()
                    .map(name -> IntStream.iterate(0, i -> i + 1).mapToObj(i -> i == 0 ? name : name + ":" + i).filter(used::add)
                            .findFirst().orElseThrow())
                    .toList();
        }

        private String compound(List<Part> parts, List<Kind> kinds, List<String> operators, Output output) {
            var sql = "";
            for (var i = 0; i < parts.size(); i++) {
                var next = render(parts.get(i), kinds, output, parts.size() > 1);
                // SQLite reads a compound from left to right, PostgreSQL does INTERSECT first
                var left = i > 1 && !operators.get(i - 1).equals(operators.get(i - 2)) ? "(" + sql + ")" : sql;
                sql = i == 0 ? next : left + " " + operators.get(i - 1) + " " + next;
            }
            return sql;
        }

        private String render(Part part, List<Kind> kinds, Output output, boolean typed) {
            var names = unique(part.names);
            return assembled(part, part.rows.stream().map(row -> IntStream.range(0, row.size()).mapToObj(i -> {
                var sql = output.targets != null ? assigned(row.get(i), output.targets.get(i)).sql
                        : rendered(row.get(i), kinds.get(i), output, typed || part.rows.size() > 1);
                return part.core.rows() != null || !output.named || sql.endsWith("." + id(names.get(i))) ? sql
                        : sql + " AS " + id(names.get(i));
            }).collect(Collectors.joining(", "))).toList());
        }

        private static String assembled(Part part, List<String> rows) {
            return part.core.rows() != null ? "VALUES " + list(rows, row -> "(" + row + ")")
                    : "SELECT " + (part.core.distinct() ? "DISTINCT " : "") + rows.get(0) + part.tail;
        }

        private String rendered(Value value, Kind kind, Output output, boolean typed) {
            return value.kind == Kind.NULL && (!typed || kind.type != null) ? "NULL::" + (typed ? kind.type : "text")
                    : (output.inView ? plain(as(kind, value)) : as(kind, value)).sql;
        }

        // --- WITH ---

        private String with(Sql.Select select, Scope scope) {
            var recursive = false;
            var parts = new ArrayList<String>();
            for (var common : select.with()) {
                var cores = common.select().cores();
                var itself = select.recursive() && cores.size() > 1 && mentions(cores.get(cores.size() - 1).from(), common.name());
                var selected = itself ? recursive(common, scope) : select(common.select(), scope, Output.NAMED);
                recursive |= itself;
                var named = named(selected.fields, common.columns());
                scope.commons.put(common.name(), named);
                parts.add(id(common.name()) + " (" + list(named, field -> id(field.name)) + ") AS (" + selected.sql + ")");
            }
            return parts.isEmpty() ? "" : (recursive ? "WITH RECURSIVE " : "WITH ") + String.join(", ", parts) + " ";
        }

        private static List<Field> named(List<Field> fields, List<String> names) {
            if (names.isEmpty()) {
                return fields;
            }
            refuseIf(names.size() != fields.size(), "a WITH has " + names.size() + " names for " + fields.size() + " columns");
            return IntStream.range(0, names.size())
                    .mapToObj(i -> new Field(names.get(i), fields.get(i).value.sql(id(names.get(i)), Value.ATOM))).toList();
        }

        private static boolean mentions(List<Sql.Join> from, String table) {
            return from.stream()
                    .anyMatch(join -> table.equalsIgnoreCase(join.table()) || join.nested() != null && mentions(join.nested(), table));
        }

        /** PostgreSQL wants the same type and collation from both terms, so each column is cast. */
        private Selected recursive(Sql.Common common, Scope scope) {
            var select = common.select();
            refuseIf(
                    select.cores().size() != 2 || !select.operators().get(0).startsWith("UNION") || !select.orderBy().isEmpty()
                            || select.limit() != null,
                    "a recursive WITH that is not one select, UNION and another, without ORDER BY and LIMIT");
            var first = part(select.cores().get(0), scope);
            var kinds = kinds(List.of(first));
            var fields = fields(List.of(first), kinds, Output.VIEW).stream().map(field -> new Field(field.name,
                    field.value.ordered(field.value.kind == Kind.TEXT || field.value.kind == Kind.MIXED).type(castType(field.value))))
                    .toList();
            scope.commons.put(common.name(), named(fields, common.columns()));
            var second = part(select.cores().get(1), scope);
            refuseIf(!kinds(List.of(first, second)).equals(kinds), "a recursive WITH whose columns change their type");
            var sql = Stream.of(first, second).map(part -> assembled(part, part.rows.stream().map(row -> IntStream.range(0, row.size())
                    .mapToObj(i -> plain(as(kinds.get(i), row.get(i))).cast(castType(fields.get(i).value))
                            + (fields.get(i).value.ordered ? " COLLATE \"C\"" : ""))
                    .collect(Collectors.joining(", "))).toList())).collect(Collectors.joining(" " + select.operators().get(0) + " "));
            return new Selected(sql, fields);
        }

        private static String castType(Value value) {
            return value.kind.type == null || value.kind.isTime() ? value.type : value.kind.type;
        }

        // --- one SELECT ---

        private Part part(Sql.Core core, Scope parent) {
            var scope = new Scope(parent);
            if (core.rows() != null) {
                var rows = core.rows().stream().map(row -> values(row.values(), scope)).toList();
                return new Part(core, scope, rows, IntStream.rangeClosed(1, rows.get(0).size()).mapToObj(i -> "column" + i).toList(), "");
            }
            var tail = new StringBuilder(core.from().isEmpty() ? "" : " FROM " + from(core.from(), scope));
            var results = results(core, scope);
            var values = results.stream().map(Field::value).toList();
            core.results().stream().filter(result -> result.alias() != null)
                    .forEach(result -> scope.aliases.putIfAbsent(result.alias(), result.expression()));
            tail.append(where(core.where(), scope));
            var groups = groups(core, scope, values);
            tail.append(groups.isEmpty() ? "" : " GROUP BY " + String.join(", ", groups));
            tail.append(core.having() == null ? "" : " HAVING " + condition(value(core.having(), scope)).sql);
            if (isAggregated(core)) {
                core.results().forEach(result -> grouped(result.expression(), groups, scope));
                grouped(core.having(), groups, scope);
            }
            tail.append(core.windows().isEmpty() ? ""
                    : " WINDOW "
                            + list(core.windows().entrySet(), window -> id(window.getKey()) + " AS " + window(window.getValue(), scope)));
            if (core.distinct()) {
                distinguishable(values);
            }
            return new Part(core, scope, List.of(values), results.stream().map(Field::name).toList(), tail.toString());
        }

        private String where(Sql.Expression where, Scope scope) {
            return where == null ? "" : " WHERE " + condition(value(where, scope)).sql;
        }

        /** The columns of a result, * written out. */
        private List<Field> results(Sql.Core core, Scope scope) {
            var fields = new ArrayList<Field>();
            for (var result : core.results()) {
                if (result.expression() != null) {
                    var name = result.alias() != null ? result.alias()
                            : result.expression() instanceof Sql.Name column ? column.column() : result.text();
                    fields.add(new Field(name, value(result.expression(), scope)));
                } else if (result.starOf() != null) {
                    scope.relations.stream().filter(relation -> result.starOf().equalsIgnoreCase(relation.alias))
                            .forEach(relation -> fields.addAll(relation.fields));
                } else {
                    scope.relations.forEach(relation -> relation.fields.stream().filter(field -> !relation.shared.contains(field.name))
                            .forEach(fields::add));
                }
            }
            refuseIf(fields.isEmpty(), "* of nothing");
            return fields;
        }

        private List<String> groups(Sql.Core core, Scope scope, List<Value> values) {
            return core.groupBy().stream().map(expression -> {
                var ordinal = expression instanceof Sql.Constant constant && constant.value() instanceof Long number ? number.intValue()
                        : 0;
                refuseIf(ordinal > values.size(), "GROUP BY " + ordinal);
                var value = ordinal > 0 ? values.get(ordinal - 1) : value(expression, scope);
                refuseIf(value.noCase || value.kind == Kind.JSON, "GROUP BY over a column with COLLATE NOCASE or JSON");
                return value.sql;
            }).toList();
        }

        private static boolean isAggregated(Sql.Core core) {
            return !core.groupBy().isEmpty() || core.having() != null
                    || core.results().stream().anyMatch(result -> result.expression() != null && hasAggregate(result.expression()));
        }

        private static boolean hasAggregate(Sql.Expression expression) {
            return isAggregate(expression) || expression.children().stream().anyMatch(Translator::hasAggregate);
        }

        private static boolean isAggregate(Sql.Expression expression) {
            return expression instanceof Sql.Call call && call.window() == null
                    && (AGGREGATES.contains(call.name()) || call.arguments().size() == 1 && call.name().matches("min|max"));
        }

        /** Sees to it that no column is taken from a row that SQLite would pick from the group at will. */
        private void grouped(Sql.Expression expression, List<String> groups, Scope scope) {
            if (expression == null || isAggregate(expression) || expression instanceof Sql.Constant
                    || !(expression instanceof Sql.Row) && !isTypeof(expression) && groups.contains(value(expression, scope).sql)) {
                return;
            }
            if (expression instanceof Sql.Name name) {
                if (column(name, scope) == null) {
                    grouped(name.table() == null ? scope.aliases.get(name.column()) : null, groups, scope);
                    return;
                }
                var sql = value(name, scope).sql;
                refuseIf(scope.relations.stream()
                        .filter(relation -> relation.table != null && relation.table.rowidColumn != null && sql.startsWith(relation.prefix))
                        .noneMatch(relation -> groups.contains(relation.prefix + id(relation.table.rowidColumn))),
                        "the column " + name.column() + " is neither grouped nor in an aggregate");
            }
            expression.children().forEach(child -> grouped(child, groups, scope));
        }

        // --- FROM ---

        private String from(List<Sql.Join> joins, Scope scope) {
            var sql = new StringBuilder();
            for (var join : joins) {
                var first = scope.relations.size();
                var source = source(join, scope);
                if (sql.isEmpty()) {
                    sql.append(source);
                    continue;
                }
                var condition = joinCondition(join, scope, first);
                var inner = join.kind().matches(",|JOIN|INNER|CROSS");
                sql.append(inner && condition == null ? " CROSS JOIN " : inner ? " JOIN " : " " + join.kind() + " JOIN ").append(source)
                        .append(inner && condition == null ? "" : " ON " + (condition == null ? "TRUE" : condition.sql));
            }
            return sql.toString();
        }

        private String source(Sql.Join join, Scope scope) {
            if (join.nested() != null) {
                refuseIf(join.alias() != null, "a name for joined tables in parentheses");
                return "(" + from(join.nested(), scope) + ")";
            }
            var alias = join.alias() == null ? "subquery_" + ++subqueries : join.alias();
            if (join.select() != null) {
                var selected = select(join.select(), scope.parent, Output.NAMED);
                scope.relations.add(derived(alias, selected.fields));
                return "(" + selected.sql + ") AS " + id(alias)
                        + (join.select().cores().get(0).rows() == null ? "" : " (" + list(selected.fields, field -> id(field.name)) + ")");
            }
            var common = scope.common(join.table());
            scope.relations.add(common != null ? derived(alias, common) : relation(seenTable(join.table()), alias, id(alias) + "."));
            return common == null ? aliased(seenTable(join.table()), alias)
                    : id(join.table()) + (alias.equalsIgnoreCase(join.table()) ? "" : " AS " + id(alias));
        }

        private static String aliased(SeenTable table, String alias) {
            return table.target.endsWith("." + id(alias)) ? table.target : table.target + " AS " + id(alias);
        }

        private SeenTable seenTable(String name) {
            refuseIf(!tables.containsKey(name), "the table " + name + " is not in the target");
            return tables.get(name);
        }

        private static Relation derived(String alias, List<Field> fields) {
            var prefix = id(alias) + ".";
            var prefixed = fields.stream().map(field -> new Field(field.name, field.value.sql(prefix + id(field.name), Value.ATOM)))
                    .toList();
            return new Relation(alias, null, prefix, prefixed, new TreeSet<>(String.CASE_INSENSITIVE_ORDER));
        }

        /** USING and NATURAL become ON, as the comparison may need a conversion; null if there is no condition. */
        private Value joinCondition(Sql.Join join, Scope scope, int first) {
            if (join.on() != null) {
                return condition(value(join.on(), scope));
            }
            var left = scope.relations.subList(0, first);
            var right = scope.relations.subList(first, scope.relations.size());
            var names = new ArrayList<>(join.using());
            if (join.natural()) {
                right.stream().flatMap(relation -> relation.fields.stream()).map(Field::name)
                        .filter(name -> left.stream().anyMatch(relation -> relation.field(name) != null)).forEach(names::add);
            }
            refuseIf(!names.isEmpty() && join.kind().matches("RIGHT|FULL"), "USING or NATURAL in a " + join.kind() + " JOIN");
            return names.isEmpty() ? null : logical("AND", names.stream().map(name -> {
                var same = compare("=", sideOf(left, name), sideOf(right, name));
                right.forEach(relation -> relation.shared.add(name));
                return same;
            }));
        }

        private static Value sideOf(List<Relation> relations, String name) {
            return relations.stream().filter(relation -> !relation.shared.contains(name)).map(relation -> relation.field(name))
                    .filter(Objects::nonNull).findFirst()
                    .orElseThrow(() -> new Untranslatable("USING (" + name + ") without such a column on each side"));
        }

        // --- ORDER BY, LIMIT ---

        private String orderBy(List<Sql.Order> orders, Scope scope) {
            return list(orders, order -> orderKey(value(order.expression(), scope)) + direction(order));
        }

        /** NULL is SQLite's smallest value, PostgreSQL's greatest. */
        private static String direction(Sql.Order order) {
            return (order.desc() ? " DESC" : "") + " NULLS " + (order.nulls() != null ? order.nulls() : order.desc() ? "LAST" : "FIRST");
        }

        private static String orderKey(Value value) {
            return switch (value.kind) {
                case TEXT -> value.noCase ? folded(value) : ordered(value);
                case ENUM -> value.cast("text") + " COLLATE \"C\"";
                case JSON, JSON_VALUE, MIXED, OTHER -> throw new Untranslatable("order by " + described(value));
                default -> value.sql;
            };
        }

        private String orderOfRows(Sql.Select select, Part part) {
            var row = part.rows.get(0);
            var all = new ArrayList<String>();
            for (var order : select.orderBy()) {
                var position = position(order.expression(), List.of(part));
                if (position < 0 && isAggregated(part.core)) {
                    grouped(order.expression(), groups(part.core, part.scope, row), part.scope);
                }
                var value = position >= 0 ? row.get(position) : value(order.expression(), part.scope);
                if (value.constant == null && value.kind != Kind.NULL) {
                    all.add(orderKey(collatedAs(order.expression(), value)) + direction(order));
                }
            }
            return all.isEmpty() ? "1" : String.join(", ", all);
        }

        private static Value collatedAs(Sql.Expression expression, Value value) {
            return expression instanceof Sql.Collate collate ? collate(value, collate.collation()) : value;
        }

        /** The result column that a term of ORDER BY names, by number, alias or as the same expression; -1 if none. */
        private static int position(Sql.Expression term, List<Part> parts) {
            var expression = term instanceof Sql.Collate collate ? collate.operand() : term;
            if (expression instanceof Sql.Constant constant && constant.value() instanceof Long number) {
                refuseIf(number < 1 || number > parts.get(0).rows.get(0).size(), "ORDER BY " + number);
                return number.intValue() - 1;
            }
            for (var part : parts) {
                // the results stand for the columns one by one only if there is no * among them
                var results = part.core.results().stream().allMatch(result -> result.expression() != null) ? part.core.results()
                        : List.<Sql.Result>of();
                for (var i = 0; i < part.names.size(); i++) {
                    var result = results.isEmpty() ? null : results.get(i);
                    if (expression instanceof Sql.Name name && name.table() == null && part.names.get(i).equalsIgnoreCase(name.column())
                            && (parts.size() > 1 || result != null && result.alias() != null)
                            || result != null && result.expression().equals(expression)) {
                        return i;
                    }
                }
            }
            return -1;
        }

        /** With DISTINCT or a compound PostgreSQL sorts by result columns only, so the rows are sorted around it. */
        private static String orderedByColumns(Sql.Select select, List<Part> parts, String sql, List<Field> fields) {
            var order = list(select.orderBy(), term -> {
                var position = position(term.expression(), parts);
                var column = position >= 0 ? fields.get(position) : fields.stream()
                        .filter(field -> term.expression() instanceof Sql.Name name && field.name.equalsIgnoreCase(name.column()))
                        .findFirst()
                        .orElseThrow(
                                () -> new Untranslatable("ORDER BY something that is not in the result of DISTINCT or a compound select"));
                return orderKey(collatedAs(term.expression(), column.value)) + direction(term);
            });
            var names = list(fields, field -> id(field.name));
            return "SELECT " + names + " FROM (" + sql + ") AS \"rows\" (" + names + ") ORDER BY " + order;
        }

        private String limit(Sql.Select select, Scope scope) {
            if (select.orderBy().isEmpty()) {
                notes.note("LIMIT without ORDER BY: which rows come is up to the engine");
            }
            var limit = value(select.limit(), scope);
            var all = limit.constant instanceof Long number && number < 0;
            return (all ? "" : " LIMIT " + integer(limit).sql)
                    + (select.offset() == null ? "" : " OFFSET " + integer(value(select.offset(), scope)).sql);
        }

        // --- triggers ---

        Trigger trigger(CreateTrigger trigger, SeenTable table, String schema, Notes notes) {
            begin(Place.TRIGGER, notes);
            return new TriggerWriter(trigger, table, schema).write();
        }

        /** Writes a trigger as a function in PL/pgSQL and a trigger that calls it. */
        private final class TriggerWriter {
            final CreateTrigger source;
            final SeenTable table;
            final String function;
            final Scope scope = new Scope(null);
            final List<Sql.Statement> statements;
            String timing;

            TriggerWriter(CreateTrigger source, SeenTable table, String schema) {
                this.source = source;
                this.table = table;
                this.timing = source.timing;
                this.function = id(schema) + "." + id(source.name);
                this.statements = source.statements.stream().map(Sql::statement).toList();
                for (var version : source.event.equals("INSERT") ? List.of("NEW")
                        : source.event.equals("DELETE") ? List.of("OLD") : List.of("NEW", "OLD")) {
                    // the columns are known by NEW.x and OLD.x only, as if all were shared with another table
                    var relation = relation(table, version, version + ".");
                    relation.fields.forEach(field -> relation.shared.add(field.name));
                    relation.shared.addAll(List.of("rowid", "oid", "_rowid_"));
                    scope.relations.add(relation);
                }
            }

            Trigger write() {
                refuseIf(timing.equals("INSTEAD OF") && !source.ofColumns.isEmpty(), "an INSTEAD OF trigger for single columns");
                var when = source.when == null ? null : Sql.expression(source.when);
                var isTouch = isTouch(when);
                var body = isTouch ? touch() : statements.stream().map(this::statement).collect(Collectors.joining("\n"));
                var conditions = new ArrayList<String>();
                if (isTouch) {
                    timing = "BEFORE";
                    notes.note("trigger " + source.name + " sets the columns before the row is written, without a second UPDATE");
                } else if (firesItself()) {
                    conditions.add("pg_trigger_depth() = 0");
                    notes.note("trigger " + source.name
                            + " changes its own table: it does not fire for changes made by triggers, as SQLite's do not without recursive_triggers");
                }
                if (when != null) {
                    var condition = condition(value(when, scope));
                    if (hasSelect(when) || timing.equals("INSTEAD OF")) {
                        body = guarded(condition.sql, body);
                    } else {
                        conditions.add(conditions.isEmpty() ? condition.sql : condition.at(Value.AND));
                    }
                }
                body += (body.isEmpty() ? "" : "\n") + "RETURN "
                        + (timing.equals("AFTER") ? "NULL" : source.event.equals("DELETE") ? "OLD" : "NEW") + ";";
                return new Trigger(createFunction(body), createTrigger(conditions));
            }

            private String createFunction(String body) {
                var tag = Stream.iterate(0, i -> i + 1).map(i -> "$body" + (i == 0 ? "" : i) + "$").filter(text -> !body.contains(text))
                        .findFirst().orElseThrow();
                return "CREATE FUNCTION " + function + "() RETURNS trigger LANGUAGE plpgsql AS " + tag + "\nBEGIN\n" + indented(body)
                        + "\nEND\n" + tag + ";";
            }

            private String createTrigger(List<String> conditions) {
                var of = list(source.ofColumns, name -> id(columnOf(table, name).target));
                return "CREATE TRIGGER " + id(source.name) + " " + timing + " " + source.event + (of.isEmpty() ? "" : " OF " + of)
                        + " ON " + table.target + " FOR EACH ROW"
                        + (conditions.isEmpty() ? "" : " WHEN (" + String.join(" AND ", conditions) + ")") + " EXECUTE FUNCTION " + function
                        + "();";
            }

            private static String indented(String lines) {
                return lines.lines().map(line -> "    " + line).collect(Collectors.joining("\n"));
            }

            private static String guarded(String condition, String body) {
                return "IF " + condition + " THEN\n" + indented(body) + "\nEND IF;";
            }

            /** Whether all it does is to UPDATE the row that it fires for: that is what a BEFORE trigger does by setting NEW.x. */
            private boolean isTouch(Sql.Expression when) {
                return timing.equals("AFTER") && !source.event.equals("DELETE") && !statements.isEmpty()
                        && (when == null || !hasSelect(when))
                        && statements.stream()
                                .allMatch(statement -> statement instanceof Sql.Update update && isOwn(update.table())
                                        && update.conflict() == null
                                        && update.from().isEmpty() && isThisRow(update.where())
                                        && update.assignments().stream().noneMatch(set -> hasSelect(set.value())));
            }

            private String touch() {
                return statements.stream().map(Sql.Update.class::cast).flatMap(update -> {
                    var row = new Scope(scope);
                    row.relations.add(relation(table, update.alias(), "NEW."));
                    return update.assignments().stream().map(assignment -> "NEW." + set(table, assignment, " := ", row) + ";");
                }).collect(Collectors.joining("\n"));
            }

            private String set(SeenTable target, Sql.Assignment assignment, String operator, Scope row) {
                var column = columnOf(target, assignment.column());
                return id(column.target) + operator + assigned(value(assignment.value(), row), column).sql;
            }

            /** WHERE rowid = NEW.rowid, or the primary key that is the rowid. */
            private boolean isThisRow(Sql.Expression where) {
                return where instanceof Sql.Binary equal && equal.operator().equals("=")
                        && (isKey(equal.left(), false) && isKey(equal.right(), true)
                                || isKey(equal.left(), true) && isKey(equal.right(), false));
            }

            private boolean isKey(Sql.Expression expression, boolean ofTrigger) {
                if (!(expression instanceof Sql.Name name)) {
                    return false;
                }
                var column = table.column(name.column());
                var versioned = name.table() != null && name.table().matches("(?i)new|old");
                return (column == null ? isRowid(name.column()) : column.target.equals(table.rowidColumn)) && versioned == ofTrigger
                        && (!ofTrigger || source.event.equals("UPDATE") || name.table().equalsIgnoreCase("new"));
            }

            /** A change of its own table makes a trigger of PostgreSQL fire again. */
            private boolean firesItself() {
                return statements.stream()
                        .anyMatch(statement -> statement instanceof Sql.Update update && source.event.equals("UPDATE")
                                && isOwn(update.table())
                        && (source.ofColumns.isEmpty() || update.assignments().stream().anyMatch(set -> isWatched(set.column())))
                        || statement instanceof Sql.Insert insert && source.event.equals("INSERT") && isOwn(insert.table())
                        || statement instanceof Sql.Delete delete && source.event.equals("DELETE") && isOwn(delete.table()));
            }

            private boolean isWatched(String column) {
                return source.ofColumns.stream().anyMatch(column::equalsIgnoreCase);
            }

            private boolean isOwn(String name) {
                return name.equalsIgnoreCase(table.name);
            }

            private String statement(Sql.Statement statement) {
                if (statement instanceof Sql.Query query) {
                    return guard(query.select());
                }
                if (statement instanceof Sql.Insert insert) {
                    return insert(insert);
                }
                refuseIf(
                        timing.equals("BEFORE")
                                && isOwn(statement instanceof Sql.Update update ? update.table() : ((Sql.Delete) statement).table()),
                        "a BEFORE trigger that changes its own table");
                return statement instanceof Sql.Update update ? update(update) : delete((Sql.Delete) statement);
            }

            private String insert(Sql.Insert insert) {
                refuseIf("REPLACE".equals(insert.conflict()), "INSERT OR REPLACE");
                var target = seenTable(insert.table());
                var columns = insert.columns().isEmpty() ? target.columns
                        : insert.columns().stream().map(name -> columnOf(target, name)).toList();
                var ignore = "IGNORE".equals(insert.conflict());
                if (ignore) {
                    notes.note("INSERT OR IGNORE passes over rows that exist; a NULL in a NOT NULL column is now an error");
                }
                var rows = insert.source() == null ? "DEFAULT VALUES"
                        : "(" + list(columns, column -> id(column.target)) + ") " + rows(insert.source(), columns, target);
                return "INSERT INTO " + target.target + " " + rows + (ignore ? " ON CONFLICT DO NOTHING;" : ";");
            }

            private String rows(Sql.Select select, List<SeenColumn> columns, SeenTable target) {
                var rows = select.cores().get(0).rows();
                if (rows == null || select.cores().size() > 1 || !select.with().isEmpty()) {
                    return select(select, scope, new Output(false, false, columns)).sql;
                }
                return "VALUES " + list(rows, row -> {
                    refuseIf(row.values().size() != columns.size(),
                            "INSERT of " + row.values().size() + " values for " + columns.size() + " columns");
                    return IntStream.range(0, columns.size()).mapToObj(i -> {
                        var value = value(row.values().get(i), scope);
                        var isNewId = value.kind == Kind.NULL && columns.get(i).target.equals(target.rowidColumn);
                        return isNewId ? "DEFAULT" : assigned(value, columns.get(i)).sql;
                    }).collect(Collectors.joining(", ", "(", ")"));
                });
            }

            private String update(Sql.Update update) {
                refuseIf(update.conflict() != null, "UPDATE OR " + update.conflict());
                var target = seenTable(update.table());
                var inner = new Scope(new Scope(scope));
                inner.relations.add(relation(target, update.alias(), id(update.alias()) + "."));
                var from = update.from().isEmpty() ? "" : " FROM " + from(update.from(), inner);
                return "UPDATE " + aliased(target, update.alias()) + " SET "
                        + list(update.assignments(), assignment -> set(target, assignment, " = ", inner)) + from
                        + where(update.where(), inner) + ";";
            }

            private String delete(Sql.Delete delete) {
                var target = seenTable(delete.table());
                var inner = new Scope(scope);
                inner.relations.add(relation(target, delete.alias(), id(delete.alias()) + "."));
                return "DELETE FROM " + aliased(target, delete.alias()) + where(delete.where(), inner) + ";";
            }

            private static SeenColumn columnOf(SeenTable table, String name) {
                refuseIf(table.column(name) == null, "no column " + name + " in " + table.name);
                return table.column(name);
            }

            /** SELECT RAISE(…) WHERE …, or SELECT CASE WHEN … THEN RAISE(…) END. */
            private String guard(Sql.Select select) {
                var core = select.cores().get(0);
                var single = select.cores().size() == 1 && select.with().isEmpty() && core.rows() == null && core.results().size() == 1
                        && core.groupBy().isEmpty()
                        && select.limit() == null;
                var result = single ? core.results().get(0).expression() : null;
                if (result instanceof Sql.Raise raise) {
                    var inner = new Scope(new Scope(scope));
                    var from = core.from().isEmpty() ? "" : from(core.from(), inner);
                    return from.isEmpty() && core.where() == null ? raise(raise)
                            : guarded(from.isEmpty() ? condition(value(core.where(), scope)).sql
                            : "EXISTS (SELECT 1 FROM " + from + where(core.where(), inner) + ")", raise(raise));
                }
                if (!(result instanceof Sql.Case choice) || !core.from().isEmpty() || choice.otherwise() instanceof Sql.Raise
                        || choice.whens().stream().anyMatch(when -> !(when.result() instanceof Sql.Raise))) {
                    throw new Untranslatable("a SELECT that is not a guard with RAISE()");
                }
                var guard = choice.whens().stream().map(when -> {
                    var test = choice.base() == null ? when.condition() : new Sql.Binary("=", choice.base(), when.condition());
                    return "IF " + condition(value(test, scope)).sql + " THEN\n    " + raise((Sql.Raise) when.result()) + "\n";
                }).collect(Collectors.joining("ELS", "", "END IF;"));
                return core.where() == null ? guard : guarded(condition(value(core.where(), scope)).sql, guard);
            }

            private String raise(Sql.Raise raise) {
                if ("IGNORE".equals(raise.action())) {
                    refuseIf(timing.equals("AFTER"), "RAISE(IGNORE) in an AFTER trigger");
                    return "RETURN NULL;";
                }
                refuseIf(raise.action() == null || raise.message() == null, "RAISE() without a message");
                if (!raise.action().equals("ABORT")) {
                    notes.note("RAISE(" + raise.action() + ") became an error of the statement, as with ABORT");
                }
                return "RAISE EXCEPTION USING MESSAGE = " + text(value(raise.message(), scope)).sql
                        + ", ERRCODE = 'integrity_constraint_violation';";
            }
        }

        private static boolean hasSelect(Sql.Expression expression) {
            return expression instanceof Sql.Scalar || expression instanceof Sql.Exists
                    || expression instanceof Sql.In in && in.select() != null
                    || expression.children().stream().anyMatch(Translator::hasSelect);
        }
    }

    // ---- what is said ----

    /** A line on the terminal that is rewritten: rows, rate and time left, per table and in all. Elsewhere a plain line per table that took long. */
    static final class Progress {
        private static final long TERMINAL_PAUSE = 200_000_000L, PLAIN_AFTER = 2_000_000_000L;
        private static final int WIDTH = 118;

        private record Running(long from, long rows, long begun) {
        }

        private final PrintWriter err;
        private final boolean terminal;
        private final boolean quiet;
        private final boolean verbose;
        private final Map<String, Running> tables = new LinkedHashMap<>();
        private final Set<String> works = new LinkedHashSet<>();
        private Map<String, Long> totals = Map.of();
        private String step = "";
        private long begun = System.nanoTime();
        private long shown;
        private long complete;
        private boolean dirty;

        Progress(PrintWriter err, boolean terminal, boolean quiet, boolean verbose) {
            this.err = err;
            this.terminal = terminal && !quiet;
            this.quiet = quiet;
            this.verbose = verbose;
        }

        /** @param totals rows by table, empty if that is not known */
        synchronized void begin(String step, Map<String, Long> totals) {
            end();
            this.step = step;
            this.totals = totals;
            tables.clear();
            complete = 0;
            begun = System.nanoTime();
        }

        synchronized void at(String table, long rows) {
            var now = System.nanoTime();
            var running = tables.computeIfAbsent(table, name -> new Running(rows, rows, now));
            tables.put(table, new Running(running.from, rows, running.begun));
            if (terminal && now - shown >= TERMINAL_PAUSE) {
                show(now);
            }
        }

        /** Something that has no rows to count goes on, until it is done: an index, a comparison. */
        synchronized void working(String what, boolean done) {
            if (done ? works.remove(what) : works.add(what) && terminal) {
                show(System.nanoTime());
            }
        }

        private void show(long now) {
            shown = now;
            if (!terminal) {
                return;
            }
            var parts = new StringJoiner(", ", step + "  ", "");
            tables.forEach((table, running) -> parts
                    .add(table + " " + amount(running.rows, totals.getOrDefault(table, 0L), running.from, now - running.begun)));
            works.forEach(parts::add);
            var all = complete + tables.values().stream().mapToLong(Running::rows).sum();
            var line = parts + "  |  all " + amount(all, totals.values().stream().mapToLong(Long::longValue).sum(), 0, now - begun);
            err.print("\r\u001b[K" + (line.length() > WIDTH ? line.substring(0, WIDTH - 1) + "…" : line));
            err.flush();
            dirty = true;
        }

        private static String amount(long rows, long total, long from, long nanos) {
            var rate = (rows - from) / Math.max(1e-3, nanos / 1e9);
            return total == 0 ? "%,d rows, %,.0f/s".formatted(rows, rate)
                    : "%d %%, %,.0f/s".formatted(rows * 100 / total, rate)
                            + (rate > 0 && rows < total ? ", " + time((total - rows) / rate) + " left" : "");
        }

        private static String time(double seconds) {
            return seconds < 60 ? "%.0f s".formatted(seconds)
                    : seconds < 3600 ? "%d min %02d s".formatted((int) seconds / 60, (int) seconds % 60)
                            : "%d h %02d min".formatted((int) seconds / 3600, (int) seconds / 60 % 60);
        }

        synchronized void done(String table, long rows) {
            tables.remove(table);
            complete += rows;
            var nanos = System.nanoTime() - begun;
            if (verbose || !terminal && nanos > PLAIN_AFTER) {
                say("%s  %s: %,d rows, %s after the start".formatted(step, table, rows, time(nanos / 1e9)));
            }
        }

        synchronized void say(String line) {
            clear();
            if (!quiet) {
                err.println(line);
                err.flush();
            }
        }

        synchronized void debug(Exception e) {
            if (verbose) {
                say(e.toString());
            }
        }

        synchronized void end() {
            clear();
        }

        private void clear() {
            if (dirty) {
                err.print("\r\u001b[K");
                err.flush();
                dirty = false;
            }
        }
    }

    /** The statements of a plan in the order of a run, without the rows: what --dry-run shows. */
    static final class Script {
        private final Plan plan;

        Script(Plan plan) {
            this.plan = plan;
        }

        List<String> statements() {
            var all = new ArrayList<String>();
            all.add("CREATE SCHEMA IF NOT EXISTS " + id(plan.schema));
            plan.enums.forEach(type -> all.add(Migration.createType(plan, type)));
            all.addAll(plan.before());
            plan.tables.forEach(table -> all.add(Migration.createTable(plan, table)));
            plan.tables.forEach(table -> all.add("-- " + Report.count(table.rows, "row") + " of " + table.name + " go into "
                    + id(plan.schema) + "." + id(table.target)));
            for (var table : plan.tables) {
                items(table).filter(item -> item.sql != null).forEach(item -> all.add(item.sql));
                table.columns.stream().filter(c -> c.defaultSql != null).forEach(c -> all.add("ALTER TABLE " + id(plan.schema) + "."
                        + id(table.target) + " ALTER COLUMN " + id(c.target) + " SET DEFAULT " + c.defaultSql));
            }
            plan.tables.forEach(table -> table.foreignKeys.stream().filter(key -> key.sql != null).forEach(key -> all.add(key.sql)));
            Stream.concat(plan.views.stream(), plan.triggers.stream()).filter(item -> item.sql != null)
                    .forEach(item -> all.add(item.sql.replaceFirst(";\\s*$", "")));
            return all;
        }

        /** Keys, indexes and checks in the order in which they are made. */
        static Stream<Item> items(Table table) {
            return Stream.of(Stream.ofNullable(table.primaryKey), table.uniques.stream(), table.indexes.stream(), table.checks.stream())
                    .flatMap(items -> items);
        }
    }

    /** What has become of everything; each form of output is made from it. */
    static final class Report {
        /** An object of sqlite_schema, or a part of one, and what it became. */
        record Entry(String kind, String name, String table, String target, String state, String reason, List<String> notes, String sqlite,
                String sql) {
        }

        final Plan plan;
        final Rules rules;
        final Map<String, Verified> verified = new ConcurrentSkipListMap<>();
        Map<String, Long> changes = Map.of();
        double seconds;
        /** --schema-only: there is nothing to verify. */
        boolean withoutRows;

        Report(Plan plan, Rules rules) {
            this.plan = plan;
            this.rules = rules;
        }

        void verified(Table table, Verified result) {
            if (result != null) {
                verified.put(table.name, result);
            }
        }

        boolean isVerified() {
            return verified.size() == plan.tables.size() && verified.values().stream().allMatch(Verified::same);
        }

        /** Every cell was compared: --verify=counts compares numbers alone. */
        boolean isProven() {
            return isVerified() && verified.values().stream().noneMatch(v -> v.how().equals("counts"));
        }

        boolean differs() {
            return verified.values().stream().anyMatch(v -> !v.same());
        }

        /** 0 identical, 1 with changes that are reported, 2 a difference was found, 3 not verified. */
        int exit() {
            if (differs()) {
                return 2;
            }
            var changed = !changes.isEmpty()
                    || entries().stream().anyMatch(e -> !Set.of("created", "left out").contains(e.state) || !e.notes.isEmpty());
            return isVerified() || withoutRows ? changed ? 1 : 0 : 3;
        }

        /** Every object of sqlite_schema, and the keys and checks within them. */
        List<Entry> entries() {
            var entries = new ArrayList<Entry>();
            for (var table : plan.tables) {
                entries.add(new Entry("table", table.name, table.name, table.target, table.notes.isEmpty() ? "created" : "changed", null,
                        table.notes, null, null));
                for (var column : table.columns) {
                    if (!column.notes.isEmpty()) {
                        entries.add(new Entry("column", column.name, table.name, column.target, "changed", null, column.notes,
                                column.declared, column.type));
                    }
                }
                Script.items(table)
                        .forEach(item -> entries.add(entry(
                                item == table.primaryKey ? "primary key"
                                        : table.indexes.contains(item) ? "index" : table.checks.contains(item) ? "check" : "unique",
                                table.name, item)));
                for (var key : table.foreignKeys) {
                    entries.add(new Entry("foreign key", key.name == null ? "(" + String.join(", ", key.columns) + ")" : key.name,
                            table.name, key.target, state(key.state, key.sql), key.reason, List.of(),
                            "FOREIGN KEY (" + String.join(", ", key.columns) + ") REFERENCES " + key.parent + " ("
                                    + String.join(", ", key.parentColumns) + ")",
                            key.sql));
                }
            }
            plan.views.forEach(item -> entries.add(entry("view", null, item)));
            plan.triggers.forEach(item -> entries.add(entry("trigger", null, item)));
            plan.left.forEach(item -> entries.add(entry("object", null, item)));
            return entries;
        }

        private static Entry entry(String kind, String table, Item item) {
            return new Entry(kind, item.name != null ? item.name : item.target, table, item.target, state(item.state, item.sql),
                    item.reason, item.notes, item.sqlite, item.sql);
        }

        private static String state(String state, String sql) {
            return state != null ? state : sql == null ? "not created" : "created";
        }

        // on the terminal

        void summary(PrintWriter out, boolean verbose) {
            var problems = differs();
            if (plan.tables.size() <= 40 || verbose || problems) {
                out.println(table(plan.tables.stream()
                        .filter(t -> plan.tables.size() <= 40 || verbose || verified.get(t.name) != null && !verified.get(t.name).same())
                        .toList()));
            }
            for (var result : verified.values()) {
                result.shown().forEach(difference -> out.println("DIFFERENT  " + difference));
                if (result.note() != null) {
                    out.println("           " + result.table() + ": " + result.note());
                }
            }
            var worth = entries().stream().filter(e -> !Set.of("created", "left out").contains(e.state) || !e.notes.isEmpty()).toList();
            var most = verbose ? worth.size() : 30;
            worth.stream().limit(most).forEach(e -> out.println("%-11s  %s".formatted(e.state, line(e))));
            if (worth.size() > most) {
                out.println("... and " + (worth.size() - most) + " more: --verbose, --html or --json show all");
            }
            changes.forEach((action, count) -> out.println("%-11s  %s: %s".formatted("cells", count(count, "cell"), action)));
            if (!verified.isEmpty() || seconds > 0) {
                out.println(verdict());
            }
        }

        private static String line(Entry entry) {
            var name = entry.table == null || entry.kind.equals("table") ? entry.name : entry.table + "." + entry.name;
            return entry.kind + " " + name + Stream.concat(Stream.ofNullable(entry.reason), entry.notes.stream())
                    .collect(Collectors.joining("; ", ": ", "")).replaceFirst(": $", "");
        }

        private String table(List<Table> tables) {
            var columns = new ArrayList<ColumnData<Table>>();
            columns.add(new com.github.freva.asciitable.Column().header("table").dataAlign(HorizontalAlign.LEFT)
                    .with(t -> t.name.equals(t.target) ? t.name : t.name + " > " + t.target));
            columns.add(new com.github.freva.asciitable.Column().header("rows").dataAlign(HorizontalAlign.RIGHT)
                    .with(t -> "%,d".formatted(t.rows)));
            columns.add(new com.github.freva.asciitable.Column().header("types").dataAlign(HorizontalAlign.LEFT).maxWidth(70)
                    .with(Report::types));
            if (!verified.isEmpty()) {
                columns.add(new com.github.freva.asciitable.Column().header("verified").dataAlign(HorizontalAlign.LEFT)
                        .with(t -> verdict(verified.get(t.name))));
            }
            return AsciiTable.getTable(AsciiTable.NO_BORDERS, tables, columns);
        }

        /** How many columns have which type, as a first look. */
        private static String types(Table table) {
            var counts = new LinkedHashMap<String, Integer>();
            table.columns.forEach(c -> counts.merge(c.type, 1, Integer::sum));
            return counts.entrySet().stream().map(e -> (e.getValue() == 1 ? "" : e.getValue() + " ") + e.getKey())
                    .collect(Collectors.joining(", "));
        }

        private static String verdict(Verified result) {
            return result == null ? "no" : result.same() ? "identical (" + result.how() + ")" : "DIFFERENT";
        }

        private String verdict() {
            var rows = verified.values().stream().mapToLong(Verified::target).sum();
            if (withoutRows) {
                return "created without rows: %s, %.1f s".formatted(count(plan.tables.size(), "table"), seconds);
            }
            return switch (exit()) {
                case 0 -> "identical: %s, %s, %.1f s".formatted(count(plan.tables.size(), "table"), count(rows, "row"), seconds);
            case 1 -> "identical but for what is listed: %s, %s, %.1f s".formatted(count(plan.tables.size(), "table"), count(rows, "row"),
                    seconds);
            case 2 ->
                "NOT IDENTICAL: %s in %s".formatted(count(verified.values().stream().mapToLong(Verified::differences).sum(), "difference"),
                        verified.values().stream().filter(v -> !v.same()).map(Verified::table).collect(Collectors.joining(", ")));
                default -> "not verified: %s, %.1f s".formatted(count(plan.tables.size(), "table"), seconds);
            };
        }

        static String count(long count, String what) {
            return "%,d %s%s".formatted(count, what, count == 1 ? "" : "s");
        }

        void files(PrintWriter out, Proof proof) {
            if (!changes.isEmpty()) {
                out.println("changed cells, with their originals: " + proof.rejects);
            }
            if (entries().stream().anyMatch(Report::isMissing)) {
                out.println("what was not created, ready to edit: " + proof.notMigrated);
            }
        }

        // as files

        private static boolean isMissing(Entry entry) {
            return entry.state.equals("not created");
        }

        /** SQLite's text and the attempt at a translation, both as comments: what runs is for a person to decide. */
        void writeNotMigrated(Path file) throws IOException {
            var missing = entries().stream().filter(Report::isMissing).toList();
            if (missing.isEmpty()) {
                return;
            }
            var text = new StringBuilder("-- Not created by " + TOOL + " from " + plan.sqlite + ". Edit and run what is needed.\n");
            for (var entry : missing) {
                text.append("\n-- ").append(line(entry).replace("\n", "\n-- ")).append("\n");
                comment(text, "SQLite:", entry.sqlite);
                comment(text, "PostgreSQL:", entry.sql);
            }
            Files.writeString(file, text);
        }

        private static void comment(StringBuilder text, String title, String sql) {
            if (sql != null) {
                text.append("-- ").append(title).append("\n--   ").append(sql.strip().replace("\n", "\n--   ")).append("\n");
            }
        }

        String toJson() {
            var document = new LinkedHashMap<String, Object>();
            document.put("tool", TOOL);
            document.put("exit", exit());
            document.put("verdict", verdict());
            document.put("duration_ms", Math.round(seconds * 1000));
            document.put("objects", entries());
            document.put("verified", verified.values());
            document.put("changed_cells", changes);
            document.put("plan", plan);
            return Plan.JSON.toJson(document);
        }
    }

    // ---- the report as a page ----

    /** The report for people who sign it: one HTML page that needs no network and no script, for the screen, light or dark, and for paper. */
    static final class Page {
        private static final int BARS = 30, OPEN = 8;
        private static final Map<String, String> STATES = Map.of("created", "good", "changed", "warn", "not created", "bad");
        private static final Pattern CONTROL = Pattern.compile("[\\x00-\\x08\\x0b-\\x1f]");
        private static final String STYLE = """
                :root { color-scheme: light dark; --back: #fff; --soft: #f5f6f8; --line: #dfe3e8; --text: #1c2430; --dim: #5c6775;
                  --plan: #33669c; --good: #1f7a4d; --warn: #96620a; --bad: #b3261e }
                @media screen and (prefers-color-scheme: dark) { :root { --back: #14181d; --soft: #1c2229; --line: #313a45; --text: #e3e8ee; --dim: #98a4b3;
                  --plan: #7fb0e2; --good: #62c793; --warn: #e0ad58; --bad: #f28b82 } }
                * { box-sizing: border-box } body { margin: 0; background: var(--back); color: var(--text); font: 15px/1.5 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; overflow-wrap: break-word }
                main { max-width: 1180px; margin: 0 auto; padding: 40px 28px 80px } p { margin: 0 } h1 { font-size: 1.75em; line-height: 1.25; margin: 2px 0 22px } h2 { font-size: 1.2em; margin: 44px 0 12px; break-after: avoid }
                small, th { font-size: .9em; color: var(--dim); font-weight: 400 } a { color: var(--plan); text-decoration: none } a, code, pre { overflow-wrap: anywhere }
                .plan { color: var(--plan) } .good { color: var(--good) } .warn { color: var(--warn) } .bad { color: var(--bad) } .dim { color: var(--dim) }
                .verdict { border-left: 6px solid; padding: 14px 20px; background: var(--soft); border-radius: 4px } .verdict p { color: var(--text) }
                .verdict b, .numbers b { display: block; font-size: 1.4em } .numbers b, .number { font-variant-numeric: tabular-nums; white-space: nowrap }
                svg { display: block; width: 100%; height: auto } svg text { font-size: 13px; fill: var(--text) } .numbers { display: flex; flex-wrap: wrap; margin: 18px 0 0; border: 1px solid var(--line); border-radius: 4px }
                .numbers div { flex: 1 1 auto; padding: 12px 10px 12px 14px } .numbers div + div { border-left: 1px solid var(--line) }
                table { border-collapse: collapse; width: 100%; font-size: 14px; margin: 0 0 14px }
                th, td { padding: 6px 14px 6px 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top } td p + p { margin-top: 4px }
                th, td:first-child { font-weight: 600 } td:first-child code { white-space: nowrap } :is(th, td):last-child { padding-right: 0 } :is(th, td).number { text-align: right }
                .narrow { width: auto; min-width: 50% } .columns, .objects { table-layout: fixed } .objects th:nth-child(1) { width: 17% } .objects th:nth-child(2) { width: 25% }
                .columns th:nth-child(1), .columns th:nth-child(2), .columns th:nth-child(4) { width: 14% } .columns th:nth-child(3), .columns th:nth-child(6) { width: 17% }
                .columns td:nth-child(3) small { display: inline-block } code, pre { font: .92em/1.45 ui-monospace, "DejaVu Sans Mono", Consolas, monospace }
                pre { white-space: pre-wrap; margin: 4px 0; padding: 7px 10px; background: var(--soft); border-radius: 4px }
                details { border: 1px solid var(--line); border-radius: 4px; margin: 0 0 10px; padding: 0 18px } summary { cursor: pointer; padding: 10px 0; font-weight: 600 }
                .sign { display: none; grid-template-columns: 2fr 1fr 2fr; gap: 30px; margin-top: 60px; break-inside: avoid } .sign div { border-top: 1px solid; padding-top: 4px }
                @media print { @page { margin: 16mm 14mm } * { print-color-adjust: exact } main { max-width: none; padding: 0 } body { font-size: 9.5pt } table { font-size: 8pt } a { color: inherit }
                  tr, .verdict, .numbers, svg { break-inside: avoid } details { border: 0; padding: 0 } details::details-content { content-visibility: visible; block-size: auto } .sign { display: grid } }
                """;

        private final Report report;
        private final Plan plan;
        private final List<Report.Entry> entries;
        /** Nothing was done yet: the states tell what will be. */
        private final boolean planned;

        Page(Report report) {
            this.report = report;
            plan = report.plan;
            entries = report.entries();
            planned = report.seconds == 0;
        }

        String html() {
            var title = escape(plan.sqlite + " → PostgreSQL, schema " + plan.schema);
            return "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n"
                    + element("title", title) + element("style", STYLE)
                    + "</head>\n<body>\n<main>\n" + element("small", escape(TOOL) + " · " + Instant.now().truncatedTo(ChronoUnit.SECONDS))
                    + element("h1", title) + verdict() + numbers()
                    + section("Differences", differences()) + section("Rows", bars()) + section("Tables", tables())
                    + section("Changed cells",
                            table("narrow", List.of("What was done", "#Cells"), report.changes.entrySet(),
                                    e -> List.of(escape(e.getKey()), "%,d".formatted(e.getValue()))))
                    + section("Not created", objects(e -> e.state().equals("not created"))) + section("Changed", changed())
                    + section("Table by table", plan.tables.stream().map(this::details).collect(Collectors.joining()))
                    + section("Enumerated types",
                            table("narrow", List.of("Type", "Values"), plan.enums,
                                    e -> List.of(escape(e.target), escape(String.join(", ", e.values)))))
                    + section("Views", objects(e -> e.kind().equals("view")))
                    + section("Triggers", objects(e -> e.kind().equals("trigger")))
                    + section("Left in SQLite", objects(e -> e.state().equals("left out"))) + section("Source", facts())
                    + section("Rules", rules())
                    + "<div class=\"sign\"><div>Name</div><div>Date</div><div>Signature</div></div>\n</main>\n</body>\n</html>\n";
        }

        private String verdict() {
            var results = report.verified.values();
            var compared = number(results.size(), "table") + " with " + number(results.stream().mapToLong(Verified::source).sum(), "row")
                    + " compared ("
                    + results.stream().map(Verified::how).distinct().collect(Collectors.joining(", ")) + "): ";
            return switch (planned ? -1 : report.exit()) {
                case -1 -> verdict("plan", "Planned", "Nothing has been written: this is what a run would do.");
                case 0 -> verdict("good", "Identical", compared + "nothing differs, and nothing had to be changed.");
            case 1 -> verdict("good", "Identical but for what is listed",
                    compared + "nothing differs but what is listed here as changed or not created.");
            case 2 -> verdict("bad", "NOT IDENTICAL",
                    compared + number(results.stream().mapToLong(Verified::differences).sum(), "difference") + " found, in "
                        + results.stream().filter(v -> !v.same()).map(Verified::table).collect(Collectors.joining(", ")) + ".");
            default -> verdict("warn", "Not verified",
                    results.isEmpty() ? "The rows were not compared." : compared + "the other tables were not compared.");
            };
        }

        private static String verdict(String style, String title, String text) {
            return "<div class=\"verdict " + style + "\">" + element("b", title) + element("p", escape(text)) + "</div>\n";
        }

        private String numbers() {
            var all = tile("tables", plan.tables.size()) + tile("rows", plan.tables.stream().mapToLong(t -> t.rows).sum())
                    + tile(planned ? "objects to create" : "objects created", count("created") + count("changed"))
                    + tile("of them changed", count("changed")) + tile("not created", count("not created"));
            return "<div class=\"numbers\">" + all
                    + (planned ? ""
                            : tile("changed cells", report.changes.values().stream().mapToLong(n -> n).sum())
                                    + (report.seconds < 120 ? tile("seconds", Math.round(report.seconds))
                                            : tile("minutes", Math.round(report.seconds / 60))))
                    + "</div>\n";
        }

        private static String tile(String name, long number) {
            return element("div", element("b", "%,d".formatted(number)) + element("small", name));
        }

        /** Columns are no objects of their own: what has become of them is told with their table. */
        private long count(String state) {
            return entries.stream().filter(e -> e.state().equals(state) && !e.kind().equals("column")).count();
        }

        private String differences() {
            return report.verified.values().stream()
                    .flatMap(v -> Stream.concat(v.shown().stream().map(Object::toString),
                            Stream.ofNullable(v.note()).map(note -> v.table() + ": " + note)))
                    .map(line -> text("pre", line)).collect(Collectors.joining());
        }

        /** Bars in proportion to the largest table. */
        private String bars() {
            var sorted = plan.tables.stream().sorted(Comparator.comparingLong((Table t) -> -t.rows).thenComparing(t -> t.name)).toList();
            var largest = sorted.isEmpty() ? 0 : sorted.get(0).rows;
            if (largest == 0) {
                return "";
            }
            var shown = sorted.stream().limit(BARS).toList();
            var svg = new StringBuilder(
                    "<svg viewBox=\"0 0 1120 " + shown.size() * 24 + "\" role=\"img\" aria-label=\"rows per table\">\n");
            var y = 17;
            for (var table : shown) {
                var result = report.verified.get(table.name);
                var width = table.rows == 0 ? 0 : Math.max(1, 690 * table.rows / largest);
                svg.append("<text x=\"306\" y=\"" + y + "\" text-anchor=\"end\">" + escape(cut(table.name)) + "</text>")
                        .append("<rect x=\"318\" y=\"" + (y - 12) + "\" width=\"" + width + "\" height=\"15\" rx=\"2\" fill=\"var(--"
                                + (result == null || result.same() ? "plan" : "bad") + ")\"/>")
                        .append("<text x=\"" + (326 + width) + "\" y=\"" + y + "\">%,d</text>\n".formatted(table.rows));
                y += 24;
            }
            return svg + "</svg>\n" + (shown.size() == sorted.size() ? ""
                    : element("p class=\"dim\"", "and " + number(sorted.size() - shown.size(), "smaller table")));
        }

        private String tables() {
            return table("", List.of("Table", "#Rows", "#Columns", "Keys, indexes, checks", "Verification"), plan.tables,
                    t -> List.of("<a href=\"#" + anchor(t) + "\">" + escape(t.name) + "</a>" + renamed(t.name, t.target),
                            "%,d".formatted(t.rows), "%,d".formatted(t.columns.size()),
                            entries.stream().filter(e -> isPart(e, t))
                                    .collect(Collectors.groupingBy(e -> state(e.state()), TreeMap::new, Collectors.counting()))
                                    .entrySet().stream().map(e -> e.getValue() + " " + e.getKey()).collect(Collectors.joining(", ")),
                            verification(report.verified.get(t.name))));
        }

        private static String verification(Verified result) {
            return result == null ? "<span class=\"dim\">no</span>"
                    : result.same() ? "<span class=\"good\">✓ identical</span> <small>" + escape(result.how()) + "</small>"
                            : "<span class=\"bad\">✗ " + number(result.differences(), "difference") + "</span><br><small>"
                                    + number(result.source(), "row") + " in SQLite, %,d here</small>".formatted(result.target());
        }

        private String changed() {
            var changed = entries.stream().filter(e -> e.state().equals("changed") || e.state().equals("created") && !e.notes().isEmpty())
                    .toList();
            return table("narrow", List.of("Object", "What is different"), changed, e -> List.of(name(e), lines(e.reason(), e.notes())));
        }

        // table by table

        private String details(Table table) {
            var kind = (table.kind.equals("table") ? "" : table.kind + " · ") + (table.strict ? "strict · " : "")
                    + number(table.rows, "row");
            var open = plan.tables.size() <= OPEN ? " open" : "";
            return "<details id=\"" + anchor(table) + "\"" + open + "><summary>" + escape(table.name) + " " + element("small", escape(kind))
                    + "</summary>\n" + lines(null, table.notes)
                    + table("columns", List.of("Column", "Declared", "Holds", "PostgreSQL", "Why", "Default"), table.columns,
                            c -> List.of(escape(c.name) + renamed(c.name, c.target), text("code", c.declared), holds(c.data),
                                    text("code", type(c)), lines(c.reason, c.notes), defaultOf(c)))
                    + objects(e -> isPart(e, table)) + "</details>\n";
        }

        private static String type(Column column) {
            return column.type + (column.generatedSql != null ? " GENERATED" : "") + (column.identity != null ? " IDENTITY" : "")
                    + (column.notNull ? " NOT NULL" : "");
        }

        private static String defaultOf(Column column) {
            var from = column.generatedText != null ? column.generatedText : column.defaultText;
            var to = column.generatedText != null ? column.generatedSql : column.defaultSql;
            return from == null ? ""
                    : to == null ? text("code", from) + "<br><small>not taken over</small>"
                            : text("code", to) + (from.equals(to) ? "" : "<br><small>was</small> " + text("code", from));
        }

        private String holds(Data data) {
            var length = "up to " + number(data.maxLength, "byte");
            var parts = Stream.of(part(data.integers, "integer", range(data.minInteger, data.maxInteger)),
                    part(data.reals, "real", range(data.minReal, data.maxReal)), part(data.texts, "text", data.blobs > 0 ? "" : length),
                    part(data.empty, "of them empty", ""), part(data.nulBytes, "with NUL bytes", ""), part(data.badUtf8, "not UTF-8", ""),
                    part(data.blobs, "blob", length), part(data.nulls, "NULL", "")).collect(Collectors.joining());
            return parts.isEmpty() ? "<small>" + (plan.rules.trustTypes ? "not scanned" : "nothing") + "</small>" : parts;
        }

        private static String part(long count, String what, String detail) {
            return count == 0 ? "" : element("div", "%,d %s ".formatted(count, what) + element("small", detail));
        }

        private static String range(Object least, Object most) {
            return Objects.equals(least, most) ? String.valueOf(least) : least + " … " + most;
        }

        /** Keys, indexes, views and the like, with both texts. */
        private String objects(Predicate<Report.Entry> which) {
            return table("objects", List.of("Object", "State", "In SQLite", "In PostgreSQL"), entries.stream().filter(which).toList(),
                    e -> List.of(name(e),
                            "<p class=\"" + STATES.getOrDefault(e.state(), "dim") + "\">" + state(e.state()) + "</p>"
                                    + lines(e.reason(), e.notes()),
                            text("pre", e.sqlite()), text("pre", e.sql())));
        }

        private static boolean isPart(Report.Entry entry, Table table) {
            return table.name.equals(entry.table()) && !Set.of("table", "column").contains(entry.kind());
        }

        private static String name(Report.Entry entry) {
            return escape(entry.name()) + "<br><small>"
                    + escape(entry.kind() + (entry.table() == null || entry.kind().equals("table") ? "" : " of " + entry.table()))
                    + "</small>";
        }

        private String state(String state) {
            return planned && state.equals("created") ? "to create" : state;
        }

        private String facts() {
            var application = "%d (0x%08X)".formatted(plan.applicationId, (int) plan.applicationId);
            var facts = Stream.of("File", plan.sqlite, "Encoding", plan.encoding, "user_version", plan.userVersion, "application_id",
                    application, "Planned by", plan.tool).map(String::valueOf).toList();
            return table("narrow", List.of("", ""), List.of(0, 2, 4, 6, 8), i -> List.of(facts.get(i), escape(facts.get(i + 1))));
        }

        /** The options that have decided, from their declarations. */
        private String rules() {
            var usual = new CommandLine(new Rules()).getCommandSpec();
            return table("", List.of("Option", "Value", "", "Meaning"), new CommandLine(report.rules).getCommandSpec().options(),
                    option -> List.of(text("code", option.longestName()),
                            escape(String.valueOf(option.<Object>getValue()).replaceAll("[{}]", "")),
                            Objects.equals(option.getValue(), usual.findOption(option.longestName()).getValue()) ? "" : "chosen",
                    escape(String.join(" ", option.description()))));
        }

        // HTML

        private static String section(String title, String content) {
            return content.isEmpty() ? "" : element("h2", title) + content;
        }

        private static String element(String tag, String content) {
            return "<" + tag + ">" + content + "</" + tag.replaceFirst(" .*", "") + ">\n";
        }

        /** Nothing if there are no rows. A head with # before it stands over numbers. */
        private static <T> String table(String style, List<String> heads, Collection<T> rows, Function<T, List<String>> cells) {
            if (rows.isEmpty()) {
                return "";
            }
            var html = new StringBuilder("<table class=\"" + style + "\"><thead>"
                    + row("th", heads, heads.stream().map(head -> head.replace("#", "")).toList()) + "</thead><tbody>\n");
            rows.forEach(row -> html.append(row("td", heads, cells.apply(row))));
            return html.append("</tbody></table>\n").toString();
        }

        private static String row(String tag, List<String> heads, List<String> cells) {
            return IntStream.range(0, heads.size())
                    .mapToObj(
                            i -> "<" + tag + (heads.get(i).startsWith("#") ? " class=\"number\">" : ">") + cells.get(i) + "</" + tag + ">")
                    .collect(Collectors.joining("", "<tr>", "</tr>\n"));
        }

        private static String lines(String reason, List<String> notes) {
            return Stream.concat(Stream.ofNullable(reason), notes.stream()).filter(line -> !line.isBlank())
                    .map(line -> "<p>" + escape(line) + "</p>").collect(Collectors.joining());
        }

        private static String text(String tag, String text) {
            return text == null || text.isBlank() ? "" : element(tag, escape(text.strip()));
        }

        private static String renamed(String name, String target) {
            return name.equals(target) ? "" : "<br><small>now " + escape(target) + "</small>";
        }

        private static String number(long count, String what) {
            return "%,d %s%s".formatted(count, what, count == 1 ? "" : "s");
        }

        private String anchor(Table table) {
            return "table" + plan.tables.indexOf(table);
        }

        /** Names that are too long for the chart differ rather at their ends than in the middle. */
        private static String cut(String name) {
            return name.length() <= 40 ? name
                    : name.substring(0, name.offsetByCodePoints(0, 20)) + "…" + name.substring(name.offsetByCodePoints(name.length(), -15));
        }

        /** Control characters, which HTML does not allow, become their pictures. */
        private static String escape(String text) {
            var plain = text == null ? "" : text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\"", "&quot;");
            return CONTROL.matcher(plain).replaceAll(found -> Character.toString(0x2400 + found.group().charAt(0)));
        }
    }

    // --- shared: database. The same in every script; tests/shared_block_test.java keeps it so. ---
    /** Where the database is: --url, else DATABASE_URL, else POSTGRES_* and PG* one by one (they also fill in what a URL leaves out). */
    static class Database {
        /** The JDBC driver's property, libpq's name for it in a URL, the variables that set it (manual of PostgreSQL 18, 32.1.2 and 32.15). */
        static final String[][] SETTINGS = Stream.of("PGHOST host POSTGRES_HOST PGHOST", "PGPORT port POSTGRES_PORT PGPORT", "user user POSTGRES_USER PGUSER",
                "PGDBNAME dbname POSTGRES_DB PGDATABASE", "password password POSTGRES_PASSWORD PGPASSWORD", "service service PGSERVICE", "options options PGOPTIONS",
                "sslmode ssl PGSSLMODE", "sslrootcert sslrootcert PGSSLROOTCERT", "connectTimeout connect_timeout PGCONNECT_TIMEOUT", "currentSchema schema",
                "ApplicationName application_name PGAPPNAME", "targetServerType target_session_attrs PGTARGETSESSIONATTRS").map(s -> s.split(" ")).toArray(String[][]::new);
        static final Map<String, String> SERVER_TYPES = Map.of("read-write", "primary", "read-only", "secondary", "standby", "secondary", "prefer-standby", "preferSecondary");
        static final Pattern URL = Pattern.compile("(?:jdbc:)?postgres(?:ql)?(?:\\+\\w+)?://"
                + "(?:(?<user>[^:@/?]*)(?::(?<password>[^/]*))?@)?(?<hosts>[^/?@]*)(?:/(?<PGDBNAME>[^?]*))?(?:\\?(?<query>.*))?");
        static final Pattern ENTRY = Pattern.compile("(?m)^\\s*(?:export\\s+)?(?<name>\\w+)[ \\t]*=[ \\t]*"
                + "(?:'(?<literal>[^']*)'|\"(?<quoted>(?:[^\"\\\\]++|\\\\.)*+)\"|(?<bare>[^\\r\\n]*?))[ \\t]*(?:(?<=[ \\t])#.*)?$");
        static final Logger DRIVER = Logger.getLogger("org.postgresql");
        @Option(names = {"-u", "--url"}, paramLabel = "URL", description = "postgresql://user:password@host:5432/name (else DATABASE_URL, POSTGRES_*, PG*).") String url;
        @Option(names = "--env-file", paramLabel = "FILE", description = "Variables that the environment lacks are read here (default: .env).") Path envFile;
        @Option(names = "--connect-timeout", paramLabel = "SECONDS", description = "Give up on a host that does not answer (default: 10).") Integer connectTimeout;
        @Option(names = "--wait", paramLabel = "SECONDS", description = "Wait up to so long until the server accepts connections.") int wait;
        @Option(names = "--verbose", description = "Say more: each statement with its time, the stack trace of an error.") boolean verbose;
        @Spec(Spec.Target.MIXEE) CommandSpec spec;
        Supplier<Map<String, String>> environment = System::getenv;

        /** The environment, completed by the env file, whose quotes, export, comments and ${NAME} are read as dotenv tools do. */
        Map<String, String> variables() {
            var variables = new TreeMap<String, String>();
            var file = envFile == null ? Path.of(".env") : envFile;
            try {
                var entry = ENTRY.matcher(envFile == null && !Files.exists(file) ? "" : new String(Files.readAllBytes(file), UTF_8).replace("\uFEFF", ""));
                while (entry.find()) {
                    var open = entry.group("bare") != null ? entry.group("bare") : Objects.toString(entry.group("quoted"), "").replaceAll("\\\\([\"\\\\$])", "$1");
                    variables.put(entry.group("name"), entry.group("literal") != null ? entry.group("literal") : Pattern.compile("\\$\\{(\\w+)}").matcher(open).replaceAll(
                            name -> Matcher.quoteReplacement(environment.get().getOrDefault(name.group(1), variables.getOrDefault(name.group(1), "")))));
                }
            } catch (IOException e) {
                throw new ParameterException(spec.commandLine(), "cannot read the env file " + file, e);
            }
            variables.putAll(environment.get());
            variables.values().removeIf(String::isBlank);
            return variables;
        }

        /** The driver's properties; hosts and ports are lists if there are several. Nothing set, or nonsense: ParameterException. */
        Properties settings() {
            DRIVER.setLevel(Level.OFF); // it would log a wrong URL as it stands
            var variables = variables();
            var given = url != null ? url.strip() : variables.get("DATABASE_URL");
            var set = new Properties();
            Stream.of(SETTINGS).forEach(setting -> Stream.of(setting).skip(2).filter(variables::containsKey).findFirst()
                    .ifPresent(name -> set.put(setting[0], variables.get(name))));
            if (given == null && Collections.disjoint(set.keySet(), List.of("PGHOST", "PGPORT", "PGDBNAME", "user", "service"))) {
                throw new ParameterException(spec.commandLine(), "which database? Give --url, or set DATABASE_URL, POSTGRES_HOST, _PORT, _DB, _USER, _PASSWORD,\n"
                        + "  or PGHOST, PGDATABASE, PGSERVICE ... A throw-away server: jbang local_postgres -- COMMAND");
            }
            var settings = Driver.parseURL(given == null ? "jdbc:postgresql://" : jdbc(given), set);
            if (settings == null || settings.getProperty("PGHOST", "").startsWith("/")) {
                throw new ParameterException(spec.commandLine(), (url != null ? "--url" : given != null ? "DATABASE_URL" : "host, port or PGSERVICE") + " leads nowhere:\n"
                        + "  postgresql://user:password@host:5432/name (special characters percent-encoded; no socket folder), or a service of the service file");
            }
            Stream.of(SETTINGS).forEach(setting -> settings.computeIfAbsent(setting[0], name -> settings.getProperty(setting[1])));
            settings.putIfAbsent("ApplicationName", "pgbang/" + spec.name());
            settings.putAll(Map.of("assumeMinServerVersion", "12", "connectTimeout", connectTimeout != null ? connectTimeout.toString() : settings.getProperty("connectTimeout", "10")));
            return settings;
        }

        /** The address as the driver reads it, with user, password and database as parameters; "" if it is no PostgreSQL URL. */
        static String jdbc(String url) {
            var part = URL.matcher(url);
            var start = !part.matches() ? "" : part.group("hosts").isEmpty() ? "jdbc:postgresql://?" : "jdbc:postgresql://" + part.group("hosts") + "/?";
            return start.isEmpty() ? "" : start + Stream.of("user", "password", "PGDBNAME").filter(name -> !Objects.toString(part.group(name), "").isEmpty())
                    .map(name -> name + "=" + part.group(name).replace("&", "%26") + "&").collect(Collectors.joining("", "", Objects.toString(part.group("query"), "")))
                    .replace("+", "%2B");
        }

        /** The same settings for libpq's programs (psql, pg_dump): as environment, so that no password stands in an argument list. */
        Map<String, String> clientEnvironment() {
            var settings = settings();
            settings.computeIfPresent("PGHOST", (name, hosts) -> hosts.toString().replaceAll("[\\[\\]]", ""));
            return Stream.of(SETTINGS).filter(setting -> setting.length > 2 && settings.containsKey(setting[0]))
                    .collect(Collectors.toMap(setting -> setting[setting.length - 1], setting -> settings.getProperty(setting[0])));
        }

        /** Opens a session; one that is to write neither on a hot standby nor on an engine that only speaks PostgreSQL's protocol. */
        Connection connect(boolean toWrite) throws SQLException, InterruptedException {
            var settings = settings();
            settings.computeIfPresent("targetServerType", (name, type) -> SERVER_TYPES.getOrDefault(type, type.toString()));
            for (var deadline = System.nanoTime() + wait * 1_000_000_000L;; Thread.sleep(250)) {
                try {
                    var connection = new Driver().connect("jdbc:postgresql://", settings);
                    var server = connection.createStatement().executeQuery("select version(), pg_catalog.pg_is_in_recovery()");
                    if (toWrite && server.next() && (server.getBoolean(2) || server.getString(1).matches(".*(Cockroach|YB|Redshift|Greenplum|Materialize).*"))) {
                        throw new SQLException("nothing can be written here: this is " + (server.getBoolean(2) ? "a hot standby" : server.getString(1)), "25006");
                    }
                    return connection;
                } catch (SQLException e) {
                    if (System.nanoTime() > deadline || !List.of("08001", "08004", "08006", "57P03").contains(e.getSQLState())) {
                        throw new SQLException("cannot use " + settings.get("PGHOST") + ":" + settings.get("PGPORT") + "/" + settings.get("PGDBNAME"), e.getSQLState(), e);
                    }
                }
            }
        }

        /** The script as a command line that reports by this block: exit code 64 for wrong usage, 2 for what failed. */
        CommandLine command(Object script) {
            return new CommandLine(script).setExecutionExceptionHandler((e, command, parsed) -> report(e)).setParameterExceptionHandler((e, arguments) -> report(e));
        }

        /** A few lines on stderr: what, why, SQLSTATE, detail and hint; no userinfo of URLs, and the stack only with --verbose. */
        int report(Exception error) {
            var text = new StringBuilder(spec.name() + ": " + error.getMessage());
            for (var why = error.getCause(); why != null; why = why.getCause()) {
                text.append("\n  ").append(why instanceof SQLException e ? why.getMessage() + " (SQLSTATE " + e.getSQLState() + ")" : why.toString().replaceFirst("^(\\w+\\.)+(?=[A-Z])", ""));
            }
            spec.commandLine().getErr().println(text.toString().replaceAll("://(?!user:password@host).*@", "://***@"));
            Stream.of(error.getStackTrace()).filter(frame -> verbose).forEach(frame -> spec.commandLine().getErr().println("    at " + frame));
            return error instanceof ParameterException ? 64 : 2;
        }
    }
    // --- end of shared: database ---
}
