///usr/bin/env jbang "$0" "$@" ; exit $?
//JAVA 17+
//DESCRIPTION Says how a PostgreSQL database or a SQLite file gets faster, with evidence; applies it without blocking anybody and undoes it.
//RUNTIME_OPTIONS --enable-native-access=ALL-UNNAMED -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xmn16m
//DEPS info.picocli:picocli:4.7.7
//DEPS org.postgresql:postgresql:42.7.14
//DEPS org.xerial:sqlite-jdbc:3.54.1.0
//DEPS com.google.code.gson:gson:2.15.0
//DEPS com.github.freva:ascii-table:1.12.1

import static java.nio.charset.StandardCharsets.UTF_8;

import com.github.freva.asciitable.AsciiTable;
import com.github.freva.asciitable.Column;
import com.github.freva.asciitable.HorizontalAlign;
import com.google.gson.FieldNamingPolicy;
import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import com.google.gson.reflect.TypeToken;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.math.MathContext;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.Period;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.Deflater;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import org.postgresql.Driver;
import org.postgresql.PGConnection;
import org.postgresql.core.BaseConnection;
import org.postgresql.core.Parser;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import picocli.CommandLine;

@Command(name = "optimize_postgres", mixinStandardHelpOptions = true, version = optimize_postgres.TOOL, sortOptions = false,
        usageHelpAutoWidth = true,
        description = {"Says what would make a database faster, with the evidence for each piece of advice.",
            "Applies it if asked to, without blocking anybody, verifies it, keeps a ledger, and can undo it."},
        footer = {"", "Examples:",
            "  jbang optimize_postgres.java --html report.html",
            "  jbang optimize_postgres.java --apply indexes,settings --dry-run",
            "  jbang optimize_postgres.java --purge logs --days 30 --archive logs.csv.gz",
            "  jbang optimize_postgres.java --undo", "",
            "Exit code: 0 nothing (more) to do, 1 advice or something left to do by hand, 2 failed, 3 not all could be seen, 64 wrong"
                    + " usage."})
class optimize_postgres implements Callable<Integer> {
    static final String TOOL = "optimize_postgres 1.0";

    @Parameters(arity = "0..1", paramLabel = "cleanup_logs",
            description = "The same as --apply purge: cleans the log tables that --config names.")
    String task;

    @ArgGroup(heading = "%nInstead of a report:%n")
    Action action = new Action();

    static class Action {
        @Option(names = "--apply", split = ",", arity = "0..1", fallbackValue = "", paramLabel = "KINDS",
                description = "Do it: analyze, vacuum, indexes, settings, autovacuum, slow-log, matviews, partitions, purge, reindex;"
                        + " without KINDS what is harmless (analyze, vacuum).")
        List<String> apply;

        @Option(names = "--undo", arity = "0..1", fallbackValue = "", paramLabel = "ID",
                description = "Give back the former state: of the last run, of an entry of the ledger, or of all.")
        String undo;

        @Option(names = "--ledger", description = "List what was done, and what can be undone.")
        boolean ledger;
    }

    @ArgGroup(validate = false, heading = "%nHow:%n")
    Manner manner = new Manner();

    static class Manner {
        @Option(names = {"-n", "--dry-run"}, description = "Only say what would be done, with its SQL.")
        boolean dryRun;

        @Option(names = "--measure", description = "Time the statements too, reading ones only: with --apply indexes an index stays only"
                + " if it made its statements faster.")
        boolean measure;

        @Option(names = "--lock-timeout", paramLabel = "SECONDS", defaultValue = "1",
                description = "How long a statement may stand in a lock queue, and others behind it (default: ${DEFAULT-VALUE}).")
        double lockTimeout = 1;

        @Option(names = "--lock-deadline", paramLabel = "SECONDS", defaultValue = "300",
                description = "How long to try again before giving up (default: ${DEFAULT-VALUE}).")
        double lockDeadline = 300;

        @Option(names = "--other-node", paramLabel = "URL",
                description = "A standby whose statistics count too: an index is unused only if it is unused everywhere.")
        List<String> nodes = List.of();

        @Option(names = "--force", description = "Undo also what somebody else has changed since; write also settings with which the"
                + " server might not start.")
        boolean force;

        @Option(names = "--config", paramLabel = "FILE", description = "Lines such as purge.logs = 30 days, retain.events = 24 months.")
        Path config;

        @Option(names = "--sqlite", paramLabel = "FILE", description = "Optimize a SQLite file instead of a server.")
        Path sqlite;
    }

    @ArgGroup(validate = false, heading = "%nSettings:%n")
    Settings.Options settings = new Settings.Options();

    @ArgGroup(validate = false, heading = "%nMaterialized views, partitions, old rows:%n")
    Tasks.Options tasks = new Tasks.Options();

    @ArgGroup(validate = false, heading = "%nOutput:%n")
    Output output = new Output();

    static class Output {
        @Option(names = "--json", description = "One JSON document on stdout.")
        boolean json;

        @Option(names = "--html", paramLabel = "FILE", description = "The report as a page.")
        Path html;

        @Option(names = {"-q", "--quiet"}, description = "Say only what is wrong or left to do.")
        boolean quiet;
    }

    @Mixin
    Database database = new Target();

    /** The database, as all scripts find it; each statement is one message, so that no prepared statement is left for a pooler to lose. */
    static class Target extends Database {
        @Override
        Properties settings() {
            var settings = super.settings();
            settings.setProperty("preferQueryMode", "simple");
            return settings;
        }
    }

    @Spec
    CommandSpec spec;

    boolean printed;

    public static void main(String... args) {
        var script = new optimize_postgres();
        System.exit(script.command().execute(args));
    }

    /** The command line; with --json, wrong usage is a document too. */
    CommandLine command() {
        var command = database.command(this);
        var report = command.getParameterExceptionHandler();
        return command.setParameterExceptionHandler((e, args) -> {
            if (List.of(args).contains("--json")) {
                printError(e);
            }
            return report.handleParseException(e, args);
        });
    }

    @Override
    public Integer call() throws Exception {
        try {
            demandSense();
            if (manner.sqlite != null) {
                return Sqlite.run(this);
            } else if (tasks.every != null) {
                return Tasks.loop(this, this::once);
            }
            return once();
        } catch (Exception e) {
            if (output.json && !printed) {
                printError(e);
            }
            throw e;
        }
    }

    void demandSense() {
        if (task != null && !task.equals("cleanup_logs")) {
            throw wrong("there is no " + task + "; cleanup_logs is the one word that stands for itself");
        } else if (!(manner.lockTimeout > 0) || !(manner.lockDeadline >= 0)) {
            throw wrong("--lock-timeout and --lock-deadline are seconds");
        } else if ((action.undo != null || action.ledger) && (task != null || tasks.purge != null || tasks.every != null)) {
            throw wrong("--undo and --ledger go alone");
        }
        chosen();
        config();
    }

    int once() throws Exception {
        try (var context = new Context(this)) {
            if (action.ledger) {
                return Lines.ledger(this, context.ledger);
            } else if (action.undo != null) {
                return new Engine(context).undo(action.undo);
            } else if (applies()) {
                return new Engine(context).apply(chosen(), manner.dryRun);
            }
            return Report.of(context, kinds()).print();
        }
    }

    /** Host, port and database, or the file: never user or password. */
    String target() {
        if (manner.sqlite != null) {
            return manner.sqlite.toString();
        }
        var settings = database.settings();
        return settings.getProperty("PGHOST") + ":" + settings.getProperty("PGPORT") + "/" + settings.getProperty("PGDBNAME");
    }

    boolean applies() {
        return action.apply != null || task != null || tasks.purge != null || tasks.every != null;
    }

    /** All kinds, in the order in which they are best applied: what frees space first, what the planner then sees anew last. */
    List<Kind> kinds() {
        return Stream.of(Tasks.kinds(tasks), List.of(new Indexes(), new Reindex(), new Autovacuum()), Settings.kinds(settings),
                List.of(new Vacuum(), new Analyze()))
                .flatMap(List::stream).toList();
    }

    /** The kinds that --apply names, or the harmless ones; --purge, cleanup_logs and --every name theirs. */
    List<Kind> chosen() {
        var names = new TreeSet<>(action.apply == null ? List.of() : action.apply);
        names.remove("");
        if (task != null || tasks.purge != null) {
            names.add("purge");
        } else if (tasks.every != null && names.isEmpty()) {
            names.add("matviews");
        }
        var known = kinds().stream().map(Kind::name).toList();
        names.stream().filter(name -> !known.contains(name)).findFirst().ifPresent(name -> {
            throw wrong("there is no kind " + name + "; there are " + String.join(", ", known));
        });
        return kinds().stream().filter(kind -> names.isEmpty() ? kind.harmless() : names.contains(kind.name())).toList();
    }

    /** The lines of --config, in order. */
    Map<String, String> config() {
        var config = new LinkedHashMap<String, String>();
        try {
            var lines = manner.config == null ? List.<String>of() : Files.readAllLines(manner.config);
            for (var i = 0; i < lines.size(); i++) {
                var entry = lines.get(i).replaceFirst("(^|\\s)#.*", "").split("=", 2);
                if (!entry[0].isBlank()) {
                    if (entry.length < 2 || !entry[0].strip().matches("(purge|retain|settings)\\..+")) {
                        throw wrong(manner.config + ":" + (i + 1)
                                + ": purge.TABLE = 30 days, retain.TABLE = 24 months or settings.NAME = VALUE is wanted");
                    }
                    config.put(entry[0].strip(), entry[1].strip());
                }
            }
        } catch (IOException e) {
            throw wrong("--config: cannot read " + manner.config + " (" + e.getClass().getSimpleName() + ")");
        }
        return config;
    }

    // --- what it says ---

    ParameterException wrong(String message) {
        return new ParameterException(spec.commandLine(), message);
    }

    PrintWriter out() {
        return spec.commandLine().getOut();
    }

    PrintWriter err() {
        return spec.commandLine().getErr();
    }

    void warn(String text) {
        err().println("optimize_postgres: warning: " + text);
    }

    void say(String text) {
        if (!output.quiet && !output.json) {
            err().println(text);
        }
    }

    void detail(String text) {
        if (database.verbose) {
            err().println(text);
        }
    }

    void print(Object document) {
        printed = true;
        out().println(json().toJson(document));
        out().flush();
    }

    void printError(Exception e) {
        if (!printed) {
            print(Collections.singletonMap("error", hide(Objects.toString(e.getMessage()))));
        }
    }

    /** Without the userinfo of URLs. */
    static String hide(String text) {
        return text.replaceAll("://(?!user:password@host)[^/\\s]*@", "://***@");
    }

    static Gson json() {
        return new GsonBuilder().serializeNulls().disableHtmlEscaping().setPrettyPrinting()
                .setFieldNamingPolicy(FieldNamingPolicy.LOWER_CASE_WITH_UNDERSCORES)
                .registerTypeAdapter(Instant.class, (com.google.gson.JsonSerializer<Instant>) (at, type,
                        with) -> new JsonPrimitive(at.toString()))
                .registerTypeAdapter(Path.class, (com.google.gson.JsonSerializer<Path>) (path, type,
                        with) -> new JsonPrimitive(path.toString()))
                .registerTypeAdapter(Row.class, (com.google.gson.JsonSerializer<Row>) (row, type, with) -> with.serialize(row.values()))
                .registerTypeAdapter(Duration.class, (com.google.gson.JsonSerializer<Duration>) (time, type,
                        with) -> new JsonPrimitive(time.toMillis() / 1000.0)).create();
    }

    // --- words for people, and for the server ---

    static String quote(String name) {
        return '"' + name.replace("\"", "\"\"") + '"';
    }

    static String path(String schema, String name) {
        return quote(schema) + "." + quote(name);
    }

    static String literal(String text) {
        return (text.contains("\\") ? " E'" : "'") + text.replace("\\", "\\\\").replace("'", "''") + "'";
    }

    static String size(double bytes) {
        var unit = 0;
        for (; Math.abs(bytes) >= 10240 && unit < 4; unit++) {
            bytes /= 1024;
        }
        return String.format(Locale.ROOT, "%,.0f %s", bytes, List.of("bytes", "kB", "MB", "GB", "TB").get(unit));
    }

    static String count(long number, String noun) {
        return String.format(Locale.ROOT, "%,d %s", number, number == 1 ? noun : noun.replaceAll("([^aeiou])y$", "$1ies")
                .replaceAll("(x|ss|ch|sh)$", "$1e").replaceAll("(?<!ies)$", "s"));
    }

    /** 500ms, 60s, 5m, 2h, 3d; a bare number is seconds. */
    static Duration duration(String text) {
        var parts = Pattern.compile("(\\d+(?:\\.\\d+)?)\\s*(ms|s|m|min|h|d|days?)?").matcher(text.strip());
        if (!parts.matches()) {
            throw new IllegalArgumentException("a time is wanted, e.g. 60s, 5m or 2h, not " + text);
        }
        var unit = Objects.toString(parts.group(2), "s");
        var millis = unit.equals("ms") ? 1 : unit.equals("s") ? 1000 : unit.startsWith("m") ? 60_000 : unit.equals("h") ? 3_600_000
                : 86_400_000;
        return Duration.ofMillis(Math.round(Double.parseDouble(parts.group(1)) * millis));
    }

    // --- what is planned ---

    /** A kind of work: looks for what could be done, and plans it. Planning only reads. */
    interface Kind {
        String name();

        /** Part of a bare --apply: takes no lock that anybody could wait for, and changes nothing but what the server itself would. */
        default boolean harmless() {
            return false;
        }

        /** One run at a time; a kind that guards each object by itself says false. */
        default boolean exclusive() {
            return true;
        }

        void plan(Context context, Plan plan) throws SQLException, IOException, InterruptedException;
    }

    /** Why something was not looked at: the first four are blindness, and exit code 3; the last is somebody's choice. */
    enum Blind {
        privilege, lock, time, error, setup;

        boolean counts() {
            return this != setup;
        }
    }

    record Skipped(String kind, Blind cause, String reason, String enable) {
    }

    record Examined(String kind, long seen, long total, String noun) {
    }

    /** What a kind has found: changes, what it could not see, notes, and data for the report. */
    static final class Plan {
        final String kind;
        final List<Change> changes = new ArrayList<>();
        final List<Skipped> skipped = new ArrayList<>();
        final List<Examined> examined = new ArrayList<>();
        final List<String> notes = new ArrayList<>();
        final Map<String, Object> data = new LinkedHashMap<>();

        Plan(String kind) {
            this.kind = kind;
        }

        /** The plan of a kind; what keeps it from looking is part of it. */
        static Plan of(Kind kind, Context context) throws InterruptedException {
            var plan = new Plan(kind.name());
            try {
                kind.plan(context, plan);
            } catch (SQLException e) {
                if (context.isLost(e)) {
                    throw new Failed("the connection was lost while planning " + kind.name() + ": " + e.getMessage(), e);
                }
                plan.skip(Context.blind(e), explain(e), null);
            } catch (IOException e) {
                plan.skip(Blind.error, e.toString(), null);
            }
            return plan;
        }

        void add(Change change) {
            changes.add(change);
        }

        void note(String text) {
            notes.add(text);
        }

        void skip(Blind cause, String reason, String enable) {
            skipped.add(new Skipped(kind, cause, reason, enable));
        }

        void examine(long seen, long total, String noun) {
            examined.add(new Examined(kind, seen, total, noun));
        }

        void data(String name, Object value) {
            data.put(name, value);
        }
    }

    interface Work {
        void run(Context context, Entry entry) throws SQLException, IOException, InterruptedException;
    }

    interface Precheck {
        String reasonAgainst(Context context) throws SQLException, IOException, InterruptedException;
    }

    /**
     * One planned action: what, why, by which SQL, how it is verified and how it is undone. The queries are kept in the ledger, for whoever
     * undoes it later.
     */
    static final class Change {
        final String kind;
        String id;
        final String object;
        final String what;
        String reason = "";
        final Map<String, Object> evidence = new LinkedHashMap<>();
        List<String> sql = List.of();
        boolean alone;
        List<String> undo = List.of();
        boolean undoAlone;
        String undoNote;
        String verify;
        String former;
        String debrisIf;
        List<String> debris = List.of();
        String lock = "none";
        transient List<String> locks = List.of();
        long diskBytes;
        boolean restart;
        String manual;
        transient String index; // one that undo drops only if it is still the same
        transient Precheck precheck;
        transient Work work;
        transient Work cleanup;
        String outcome; // planned, done, by hand, skipped, refused, failed; null in a report
        String message;
        Long entry; // its number in the ledger

        Change(String kind, String object, String what) {
            this.kind = kind;
            this.object = object;
            this.what = what;
            this.id = kind + "/" + object;
        }

        /** What can be said of the evidence in a line: numbers and words by name. */
        String evidenceText() {
            return evidence.entrySet().stream().filter(each -> each.getValue() instanceof Number || each.getValue() instanceof String)
                    .map(each -> each.getKey().replaceAll("_?bytes_?", " ").replace('_', ' ').strip()
                            + (each.getKey().equals("bytes") ? "size " : " ")
                            + (each.getValue() instanceof Number number ? each.getKey().contains("bytes") ? size(number.doubleValue())
                                    : String.format(Locale.ROOT, number.doubleValue() % 1 == 0 ? "%,.0f" : "%,.3f", number.doubleValue())
                                            : each.getValue()))
                    .collect(Collectors.joining(", "));
        }

        /** Tells changes of the same kind and object apart. */
        Change key(String key) {
            id = kind + "/" + key;
            return this;
        }

        Change reason(String text) {
            reason = text;
            return this;
        }

        Change evidence(String name, Object value) {
            evidence.put(name, value);
            return this;
        }

        /** Statements of one transaction. */
        Change sql(String... statements) {
            sql = List.of(statements);
            return this;
        }

        /** Statements that cannot run in a transaction, or need none. */
        Change alone(String... statements) {
            alone = true;
            return sql(statements);
        }

        /** What is done in code; the SQL is only shown. */
        Change work(Work work) {
            this.work = work;
            return this;
        }

        Change show(String... statements) {
            return sql(statements);
        }

        Change undo(String... statements) {
            undo = List.of(statements);
            return this;
        }

        Change undoAlone(String... statements) {
            undoAlone = true;
            return undo(statements);
        }

        Change undoNote(String text) {
            undoNote = text;
            return this;
        }

        Change verify(String query) {
            verify = query;
            return this;
        }

        Change former(String query) {
            former = query;
            return this;
        }

        Change precheck(Precheck check) {
            precheck = check;
            return this;
        }

        /** The index that is made: undo drops it only if it is still the same. */
        Change makes(String index) {
            this.index = index;
            return this;
        }

        /** What a failed or killed run may leave, by a query that says whether it is there, and what removes it. */
        Change debris(String query, String... statements) {
            debrisIf = query;
            debris = List.of(statements);
            return this;
        }

        Change cleanup(Work work) {
            cleanup = work;
            return this;
        }

        Change lock(String text) {
            lock = text;
            return this;
        }

        Change locks(String... names) {
            locks = List.of(names);
            return this;
        }

        Change disk(long bytes) {
            diskBytes = bytes;
            return this;
        }

        Change restart() {
            restart = true;
            return this;
        }

        /** Only shown: what to do by hand, and why it is not done here. */
        Change manual(String why) {
            manual = why;
            return this;
        }
    }

    /** A row of the ledger. */
    static final class Entry {
        long id;
        String run;
        String kind;
        String change;
        String object;
        String what;
        String status;
        List<String> sql = List.of();
        List<String> undo = List.of();
        boolean undoAlone;
        String undoNote;
        String verify;
        String former;
        String debrisIf;
        List<String> debris = List.of();
        Map<String, Object> details = new LinkedHashMap<>();
        String error;
        String by;
        Instant at;
        Instant finished;

        boolean canBeUndone() {
            return !undo.isEmpty() && Set.of("started", "done", "failed", "undo failed").contains(status);
        }
    }

    /** This change, or this run, did not work out; the message says all. */
    static class Failed extends RuntimeException {
        private static final long serialVersionUID = 1;

        Failed(String message) {
            super(message);
        }

        Failed(String message, Throwable cause) {
            super(message, cause);
        }
    }

    /** What the server, or whoever runs it, will not have done by us: said, and not a failure of the run. */
    static final class Refused extends Failed {
        private static final long serialVersionUID = 1;

        Refused(String message) {
            super(message);
        }
    }

    /** Stopped on purpose before the end, with what is done well done: by a budget, or by Ctrl-C. */
    static final class Remains extends Failed {
        private static final long serialVersionUID = 1;

        Remains(String message) {
            super(message);
        }
    }

    static String explain(SQLException e) {
        return Objects.toString(e.getMessage()).replaceAll("\\s+", " ") + " (SQLSTATE " + e.getSQLState() + ")";
    }

    // --- the server ---

    record Extension(String schema, String version) {
        /** Whether the extension's own version is at least this one; the server may be newer than what pg_upgrade left of it. */
        boolean atLeast(int major, int minor) {
            var parts = version.split("\\.");
            var own = Integer.parseInt(parts[0]) * 1000 + (parts.length > 1 ? Integer.parseInt(parts[1].replaceAll("\\D.*", "")) : 0);
            return own >= major * 1000 + minor;
        }
    }

    /** A row by column names; numbers come as they are, arrays as lists of text, all else as text. */
    record Row(Map<String, Object> values) {
        boolean has(String name) {
            return values.get(name) != null;
        }

        String text(String name) {
            return has(name) ? values.get(name).toString() : null;
        }

        long number(String name) {
            return has(name) ? (long) real(name) : 0;
        }

        double real(String name) {
            return !has(name) ? 0 : values.get(name) instanceof Number number ? number.doubleValue() : Double.parseDouble(text(name));
        }

        boolean flag(String name) {
            return Boolean.TRUE.equals(values.get(name));
        }

        @SuppressWarnings("unchecked")
        List<String> list(String name) {
            return has(name) ? (List<String>) values.get(name) : List.of();
        }

        static Row of(ResultSet found) throws SQLException {
            var row = new LinkedHashMap<String, Object>();
            for (var i = 1; i <= found.getMetaData().getColumnCount(); i++) {
                var value = found.getObject(i);
                row.put(found.getMetaData().getColumnLabel(i), value instanceof java.sql.Array array ? texts(array)
                        : value instanceof Number || value instanceof Boolean ? value
                        : value == null ? null : found.getString(i));
            }
            return new Row(row);
        }

        static List<String> texts(java.sql.Array array) throws SQLException {
            return Stream.of((Object[]) array.getArray()).map(each -> Objects.toString(each, null)).toList();
        }
    }

    /**
     * Work in a transaction; it may be called again after somebody else's lock was in the way, so it must not keep anything from before.
     */
    interface Body<T> {
        T run(Connection connection) throws SQLException, IOException, InterruptedException;
    }

    /** One session with the server: what it is, questions to it, and work under lock_timeout, all of it safe behind a pooler. */
    static final class Context implements AutoCloseable {
        /** Relations of users: not the system's, not extensions' own, and not those that the scripts keep for themselves. */
        static final String USERS = "n.nspname not in ('pg_catalog', 'information_schema', 'pgbang') and n.nspname !~ '^pg_(toast|temp)'"
                + " and c.relname <> 'schema_migrations' and c.relname !~ '^pgbang_'"
                + " and not exists (select 1 from pg_catalog.pg_depend e where e.classid = 'pg_catalog.pg_class'::pg_catalog.regclass"
                        + " and e.objid = c.oid and e.deptype = 'e')";

        /** Relations that somebody holds in ACCESS EXCLUSIVE or waits for: functions that open them would wait too. */
        static final String LOCKED = "(select l.relation from pg_catalog.pg_locks l where l.mode = 'AccessExclusiveLock' and l.relation"
                + " is not null"
                + " and l.database = (select oid from pg_catalog.pg_database where datname = current_database()) and l.pid <>"
                        + " pg_backend_pid())";

        final optimize_postgres script;
        final Duration lockTimeout;
        final Duration lockDeadline;
        final Connection connection;
        final boolean writes;
        int version;
        int versionNum;
        String versionText;
        boolean standby;
        boolean superuser;
        boolean pooled;
        boolean local;
        String role;
        String database;
        Path dataDirectory;
        Set<String> roles = new TreeSet<>();
        final Set<String> keywords = new TreeSet<>();
        final Map<String, Extension> extensions = new TreeMap<>();
        final Ledger ledger;
        private Connection second;
        private volatile boolean interrupted;
        private final CountDownLatch closed = new CountDownLatch(1);
        private final Thread hook = new Thread(this::interrupt);

        Context(optimize_postgres script) throws SQLException, InterruptedException {
            this.script = script;
            lockTimeout = Duration.ofMillis(Math.round(script.manner.lockTimeout * 1000));
            lockDeadline = Duration.ofMillis(Math.round(script.manner.lockDeadline * 1000));
            writes = (script.applies() || script.action.undo != null) && !script.manner.dryRun;
            connection = connect();
            Runtime.getRuntime().addShutdownHook(hook);
            try {
                learn();
                if (!pooled) {
                    execute(connection, "set search_path = pg_catalog, pg_temp; set client_min_messages = warning; set statement_timeout"
                            + " = 0; set lock_timeout = "
                            + lockTimeout.toMillis() + "; set idle_in_transaction_session_timeout = 0");
                }
                ledger = new Ledger(this);
            } catch (SQLException | RuntimeException e) {
                close();
                throw e;
            }
        }

        private Connection connect() throws SQLException, InterruptedException {
            try {
                var connection = script.database.connect(writes);
                connection.unwrap(PGConnection.class).setPrepareThreshold(0);
                return connection;
            } catch (SQLException e) {
                throw "25006".equals(e.getSQLState()) ? new SQLException(e.getMessage() + primary(), "25006", e) : e;
            }
        }

        /** Where a standby's primary is, if the server may tell. */
        private String primary() throws InterruptedException {
            try (var standby = script.database.connect(false); var found = standby.createStatement().executeQuery(
                    "select sender_host, sender_port from pg_catalog.pg_stat_wal_receiver where sender_host is not null")) {
                return found.next() ? "; its primary is " + found.getString(1) + ":" + found.getString(2) : "";
            } catch (SQLException e) {
                return "";
            }
        }

        private void learn() throws SQLException {
            var facts = one("""
                    select current_setting('server_version_num')::int as num, current_setting('server_version') as version,
                        pg_is_in_recovery() as standby, current_user as role, current_database() as database,
                        (select rolsuper from pg_roles where rolname = current_user) as superuser, pg_backend_pid() as pid,
                            current_setting('port') as port,
                        (select setting from pg_settings where name = 'data_directory') as data_directory,
                        array(select rolname::text from pg_roles where rolname ~ '^pg_' and pg_has_role(oid, 'usage')) as roles,
                        array(select word from pg_get_keywords() where catcode <> 'U') as keywords""");
            keywords.addAll(facts.list("keywords"));
            versionNum = (int) facts.number("num");
            version = versionNum / 10000;
            versionText = facts.text("version");
            standby = facts.flag("standby");
            superuser = facts.flag("superuser");
            role = facts.text("role");
            database = facts.text("database");
            roles.addAll(facts.list("roles"));
            pooled = connection.unwrap(PGConnection.class).getBackendPID() != facts.number("pid");
            for (var row : query("select e.extname, quote_ident(n.nspname) as schema, e.extversion from pg_extension e join pg_namespace"
                    + " n on n.oid = e.extnamespace")) {
                extensions.put(row.text("extname"), new Extension(row.text("schema"), row.text("extversion")));
            }
            if (facts.has("data_directory")) {
                dataDirectory = Path.of(facts.text("data_directory"));
                local = isHere(dataDirectory, facts.text("port"));
            }
            dataDirectory = local ? dataDirectory : null;
        }

        /** The server runs on this machine if its data directory is here and names its port (manual, 73.1: postmaster.pid). */
        private static boolean isHere(Path data, String port) {
            try {
                var lines = Files.readAllLines(data.resolve("postmaster.pid"));
                return lines.size() > 3 && lines.get(3).strip().equals(port);
            } catch (IOException e) {
                return false;
            }
        }

        /** Quoted only where it has to be, as quote_ident does it. */
        String ident(String name) {
            return name.matches("[a-z_][a-z0-9_]*") && !keywords.contains(name) ? name : quote(name);
        }

        Extension extension(String name) {
            return extensions.get(name);
        }

        // --- questions ---

        /** The rows of a query, in a read-only transaction of its own, or in the one that is open. */
        List<Row> query(String sql, Object... binds) throws SQLException {
            return query(Duration.ofSeconds(30), sql, binds);
        }

        List<Row> query(Duration limit, String sql, Object... binds) throws SQLException {
            return ask(connection, limit, sql, binds);
        }

        static List<Row> ask(Connection connection, Duration limit, String sql, Object... binds) throws SQLException {
            var apart = connection.getAutoCommit();
            var text = !apart ? sql : "begin isolation level read committed read only; set local lock_timeout = 100; set local"
                    + " statement_timeout = " + limit.toMillis()
                    + "; set local search_path = pg_catalog, pg_temp; set local row_security = off; set local jit = off; set local"
                            + " datestyle = iso; " + sql + "; commit";
            try (var statement = binds.length == 0 ? connection.createStatement() : connection.prepareStatement(text)) {
                statement.setEscapeProcessing(false);
                for (var i = 0; i < binds.length; i++) {
                    ((PreparedStatement) statement).setObject(i + 1, binds[i]);
                }
                var rows = new ArrayList<Row>();
                for (var isRows = binds.length == 0 ? statement.execute(text) : ((PreparedStatement) statement).execute(); isRows
                        || statement.getUpdateCount() != -1; isRows = statement.getMoreResults()) {
                    for (var found = isRows ? statement.getResultSet() : null; found != null && found.next();) {
                        rows.add(Row.of(found));
                    }
                }
                return rows;
            } catch (SQLException e) {
                if (apart) {
                    rollback(connection);
                }
                throw e;
            }
        }

        Row one(String sql, Object... binds) throws SQLException {
            var rows = query(sql, binds);
            return rows.isEmpty() ? new Row(Map.of()) : rows.get(0);
        }

        String text(String sql, Object... binds) throws SQLException {
            var values = one(sql, binds).values().values().iterator();
            return values.hasNext() ? Objects.toString(values.next(), null) : null;
        }

        boolean flag(String sql, Object... binds) throws SQLException {
            return Boolean.parseBoolean(text(sql, binds));
        }

        long number(String sql, Object... binds) throws SQLException {
            var text = text(sql, binds);
            return text == null ? 0 : (long) Double.parseDouble(text);
        }

        boolean has(String relation) throws SQLException {
            return flag("select to_regclass(?) is not null", relation);
        }

        boolean has(String view, String column) throws SQLException {
            return flag("select exists (select 1 from pg_attribute where attrelid = to_regclass(?) and attname = ? and not attisdropped)",
                    view, column);
        }

        Instant clock() throws SQLException {
            return Instant.ofEpochMilli(number("select extract(epoch from pg_catalog.clock_timestamp()) * 1000"));
        }

        /** Free bytes where a tablespace lies (0: that of the database); -1 if that cannot be seen from here. */
        long freeBytes(long tablespace) throws SQLException {
            if (!local) {
                return -1;
            }
            var location = text("select pg_tablespace_location(case when ?::oid = 0 then dattablespace else ?::oid end) from pg_database"
                    + " where datname = current_database()",
                    tablespace, tablespace);
            try {
                return Files.getFileStore(location == null || location.isEmpty() ? dataDirectory : Path.of(location)).getUsableSpace();
            } catch (IOException e) {
                return -1;
            }
        }

        static Blind blind(SQLException e) {
            return switch (Objects.toString(e.getSQLState(), "")) {
                case "42501" -> Blind.privilege;
                case "55P03", "40P01" -> Blind.lock;
                case "57014" -> Blind.time;
                case "55000" -> Blind.setup;
                default -> Blind.error;
            };
        }

        boolean isLost(SQLException e) {
            var state = Objects.toString(e.getSQLState(), "");
            return state.startsWith("08") || state.startsWith("57P");
        }

        // --- work ---

        void transaction(List<String> statements, String... locked) throws SQLException, InterruptedException {
            try {
                transaction(connection -> {
                    for (var statement : statements) {
                        execute(connection, statement);
                    }
                    return null;
                }, locked);
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        }

        /**
         * A transaction under lock_timeout, again while a lock is not to be had, each time waiting outside the lock queue first; gives up
         * after --lock-deadline.
         */
        <T> T transaction(Body<T> body, String... locked) throws SQLException, IOException, InterruptedException {
            var retry = new Retry(this, locked);
            for (;;) {
                retry.awaitFree();
                try {
                    connection.setAutoCommit(false);
                    execute(connection, "set transaction isolation level read committed, read write;"
                            + " set local lock_timeout = " + lockTimeout.toMillis() + "; set local statement_timeout = 0;"
                            + " set local search_path = pg_catalog, pg_temp; set local client_min_messages = warning;"
                            + " set local idle_in_transaction_session_timeout = 0; set local datestyle = iso;"
                            + " set local intervalstyle = postgres; set local extra_float_digits = 1"
                            + (version >= 17 ? "; set local transaction_timeout = 0" : ""));
                    var result = body.run(connection);
                    connection.commit();
                    return result;
                } catch (SQLException e) {
                    rollback(connection);
                    retry.after(e);
                } finally {
                    leave();
                }
            }
        }

        /**
         * A transaction that an entry of the ledger tells of: if it is rolled back, so is what the entry says. Policies of row security
         * that would hide rows from it are an error.
         */
        <T> T transaction(Entry entry, Body<T> body, String... locked) throws SQLException, IOException, InterruptedException {
            var before = new LinkedHashMap<>(entry.details);
            try {
                return transaction(connection -> {
                    execute(connection, "set local row_security = off");
                    return body.run(connection);
                }, locked);
            } catch (SQLException | IOException | InterruptedException | RuntimeException e) {
                entry.details = before;
                throw e;
            }
        }

        private void leave() throws SQLException {
            if (!connection.isClosed() && !connection.getAutoCommit()) {
                rollback(connection);
                connection.setAutoCommit(true);
            }
        }

        /**
         * A statement outside of a transaction. What is CONCURRENTLY waits in nobody's way, as its locks let others read and write, so it
         * may wait until --lock-deadline. Behind a pooler a setting would land in somebody else's session: there the driver's clock
         * cancels.
         */
        void alone(String sql, Duration limit) throws SQLException {
            var patient = sql.toLowerCase(Locale.ROOT).contains(" concurrently ");
            if (!pooled && patient) {
                execute(connection, "set lock_timeout = " + Math.max(1, lockDeadline.toMillis()));
            }
            try (var statement = connection.createStatement()) {
                statement.setEscapeProcessing(false);
                if (limit != null || pooled && patient) {
                    statement.setQueryTimeout((int) Math.max(1, (limit == null ? lockDeadline.multipliedBy(20) : limit).toSeconds()));
                }
                timed(statement, sql);
            } finally {
                if (!pooled && patient && !connection.isClosed()) {
                    execute(connection, "set lock_timeout = " + lockTimeout.toMillis());
                }
            }
        }

        void execute(Connection connection, String sql) throws SQLException {
            try (var statement = connection.createStatement()) {
                statement.setEscapeProcessing(false);
                timed(statement, sql);
            }
        }

        private void timed(java.sql.Statement statement, String sql) throws SQLException {
            var began = System.nanoTime();
            statement.execute(sql);
            script.detail("-- " + (System.nanoTime() - began) / 1_000_000 + " ms\n" + sql + ";");
        }

        static void rollback(Connection connection) {
            try {
                if (!connection.isClosed()) {
                    if (connection.getAutoCommit()) {
                        try (var statement = connection.createStatement()) {
                            statement.execute("rollback");
                        }
                    } else {
                        connection.rollback();
                    }
                }
            } catch (SQLException gone) {
                // the connection is lost, and with it the transaction
            }
        }

        /** A second session of our own, for what cannot share one; it is closed with this one. */
        Connection second() throws SQLException, InterruptedException {
            if (second == null || second.isClosed()) {
                second = connect();
            }
            return second;
        }

        // --- what concerns the whole run ---

        ParameterException wrong(String message) {
            return script.wrong(message);
        }

        void warn(String text) {
            script.warn(text);
        }

        void say(String text) {
            script.say(text);
        }

        void detail(String text) {
            script.detail(text);
        }

        Map<String, String> config() {
            return script.config();
        }

        Progress progress(String what, long total, String noun) {
            return new Progress(script, what, total, noun);
        }

        boolean interrupted() {
            return interrupted;
        }

        /** A pause that Ctrl-C ends. */
        void sleep(long millis) throws InterruptedException {
            for (var end = System.nanoTime() + millis * 1_000_000; System.nanoTime() < end && !interrupted;) {
                Thread.sleep(Math.min(50, millis));
            }
            if (interrupted) {
                throw new Failed("interrupted");
            }
        }

        /** On Ctrl-C and SIGTERM: the server stops the statement, what is under way is cleared away, and only then the JVM ends. */
        private void interrupt() {
            if (closed.getCount() > 0) {
                interrupted = true;
                script.warn("interrupted; what is under way is stopped and cleared away");
                try {
                    ((BaseConnection) connection).cancelQuery();
                    closed.await(20, TimeUnit.SECONDS);
                    Thread.sleep(100); // for the last words of the main thread
                } catch (SQLException | InterruptedException e) {
                    script.detail(e.getMessage());
                }
            }
        }

        @Override
        public void close() throws SQLException {
            closed.countDown();
            try {
                Runtime.getRuntime().removeShutdownHook(hook);
            } catch (IllegalStateException ending) {
                // the JVM is about to end, by the hook itself
            }
            try (var ours = connection; var also = second) {
                detail("-- closing");
            } catch (SQLException gone) {
                detail(gone.getMessage());
            }
        }
    }

    /** Tries again while somebody else's lock is in the way; the pauses grow, and are spent outside of any lock queue. */
    static final class Retry {
        static final Set<String> STATES = Set.of("55P03", "40P01");

        final Context context;
        final String[] locked;
        final long deadline;
        int attempt;

        Retry(Context context, String... locked) {
            this.context = context;
            this.locked = locked;
            deadline = System.nanoTime() + context.lockDeadline.toNanos();
        }

        /** After a failure: a pause, or the end of patience. */
        void after(SQLException e) throws SQLException, InterruptedException {
            if (!STATES.contains(Objects.toString(e.getSQLState())) || context.interrupted()) {
                throw e;
            } else if (System.nanoTime() > deadline) {
                var holder = locked.length > 0 ? holder(0) : oldest();
                throw new SQLException(e.getMessage() + "; gave up after " + count(attempt + 1, "attempt")
                        + (holder == null ? "" : ", in the way: " + holder), e.getSQLState(), e);
            }
            var pause = Math.round(Math.min(5000, 100L << Math.min(++attempt, 6)) * (0.5 + Math.random()));
            context.say("  a lock was not to be had within " + context.lockTimeout.toMillis() + " ms; rolled back, again in " + pause
                    + " ms");
            context.sleep(pause);
        }

        /**
         * Waits while a transaction that is older than lock_timeout holds what we will lock: it would only be waited for in vain, and
         * others behind us.
         */
        void awaitFree() throws SQLException, InterruptedException {
            var said = false;
            for (String holder; locked.length > 0 && System.nanoTime() < deadline
                    && (holder = holder(context.lockTimeout.toMillis())) != null; context.sleep(500)) {
                if (!said) {
                    context.say("  waiting, outside of the lock queue, for " + holder);
                    said = true;
                }
            }
        }

        /** The oldest transaction that holds one of the relations for longer than so many milliseconds. */
        String holder(long millis) throws SQLException {
            var names = Stream.of(locked).map(optimize_postgres::literal).collect(Collectors.joining(", "));
            return locked.length == 0 ? null : context.text("""
                    select format('pid %%s (%%s, %%s), which holds %%s on %%s for %%s', a.pid, coalesce(a.usename, '?'),
                        coalesce(nullif(a.application_name, ''), 'no name'), l.mode,
                        l.relation::regclass, date_trunc('second', clock_timestamp() - a.xact_start))
                    from pg_locks l join pg_stat_activity a on a.pid = l.pid
                    where l.locktype = 'relation' and l.granted and l.pid <> pg_backend_pid() and l.database = (select oid from pg_database
                        where datname = current_database())
                        and l.relation in (select to_regclass(name) from unnest(array[%s]) name)
                            and a.xact_start < clock_timestamp() - interval '%d ms'
                    order by a.xact_start limit 1""".formatted(names, millis));
        }

        /** Whom CREATE INDEX CONCURRENTLY and the like wait for: the oldest transaction of the database with a snapshot or changes. */
        private String oldest() throws SQLException {
            return context.text("""
                    select format('pid %s (%s, %s), in a transaction for %s', a.pid, coalesce(a.usename, '?'),
                        coalesce(nullif(a.application_name, ''), 'no name'), date_trunc('second', clock_timestamp() - a.xact_start))
                    from pg_stat_activity a where a.datname = current_database() and a.pid <> pg_backend_pid()
                        and (a.backend_xid is not null or a.backend_xmin is not null) order by a.xact_start limit 1""");
        }
    }

    /** How far a long piece of work is: a line that is written over on a terminal, one every ten seconds elsewhere. */
    static final class Progress implements AutoCloseable {
        final optimize_postgres script;
        final String what;
        final String noun;
        final boolean terminal;
        final long began = System.nanoTime();
        long total;
        long said = began;

        Progress(optimize_postgres script, String what, long total, String noun) {
            this.script = script;
            this.what = what;
            this.total = total;
            this.noun = noun;
            terminal = System.console() != null && System.getenv("NO_COLOR") == null && !script.output.quiet && !script.output.json;
        }

        void to(long done) {
            var now = System.nanoTime();
            if (now - said >= (terminal ? 200_000_000L : 10_000_000_000L) && now - began > 2_000_000_000L) {
                said = now;
                var seconds = (now - began) / 1e9;
                var left = done > 0 && total > done ? String.format(Locale.ROOT, ", %.0f s left", seconds * (total - done) / done) : "";
                var line = String.format(Locale.ROOT, "  %s: %s%s, %,.0f/s%s", what, count(done, noun), total > 0
                        ? String.format(Locale.ROOT, " of %,d", total) : "", done / seconds, left);
                if (terminal) {
                    script.err().print("\r\033[K" + line);
                    script.err().flush();
                } else {
                    script.say(line);
                }
            }
        }

        @Override
        public void close() {
            if (terminal) {
                script.err().print("\r\033[K");
                script.err().flush();
            }
        }
    }

    // --- plan, apply, verify, undo ---

    /**
     * What was done, in a table: each entry is written before the change with the SQL that undoes it, so that a run that dies leaves the
     * way back. It lies in the schema pgbang, or where the role may not make that, as pgbang_optimizations in a schema that it may write
     * to.
     */
    static final class Ledger {
        static final String COLUMNS = "id, run, kind, change, object, what, status, sql::text, undo::text, undo_alone, undo_note,"
                + " verify, former, debris_if, debris::text, details::text,"
                + " error, done_by, extract(epoch from at) as at, extract(epoch from finished) as finished";

        final Context context;
        String table; // null if there is none yet
        final boolean readable;
        String whyNot; // what keeps the role from using it, and what would help
        private Connection lock;

        /**
         * Whoever owns the table can write into it what an undo will run: it is believed only if that is this role, a superuser or the
         * owner of the database. One of somebody else in another schema is as good as none.
         */
        Ledger(Context context) throws SQLException {
            this.context = context;
            var found = context.one("""
                    select * from (select quote_ident(n.nspname) || '.' || quote_ident(c.relname) as path, n.nspname as schema,
                        o.rolname as owner,
                        o.rolname = current_user or o.rolsuper or o.oid = d.datdba as trusted,
                        has_schema_privilege(n.oid, 'usage') and has_table_privilege(c.oid, 'select') as readable,
                        has_schema_privilege(n.oid, 'usage') and (select bool_and(has_table_privilege(c.oid, p))
                            from unnest(array['select', 'insert', 'update', 'delete']) p) as writable
                    from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_roles o on o.oid = c.relowner
                        join pg_database d on d.datname = current_database()
                    where c.relkind = 'r' and (n.nspname = 'pgbang' and c.relname = 'optimizations'
                        or c.relname = 'pgbang_optimizations')) t
                    where trusted or schema = 'pgbang' order by not trusted, schema <> 'pgbang', path limit 1""");
            table = found.text("path");
            readable = table == null || found.flag("readable");
            if (table != null && !found.flag("trusted")) {
                whyNot = table + " belongs to " + found.text("owner") + ", whose words would run with the rights of " + context.role
                        + ": run this as "
                        + found.text("owner") + ", or look at what it says and take it over: ALTER TABLE " + table + " OWNER TO "
                                + quote(context.role) + ";";
            } else if (table != null && !found.flag("writable")) {
                whyNot = "GRANT USAGE ON SCHEMA " + quote(found.text("schema")) + " TO " + quote(context.role)
                        + "; GRANT SELECT, INSERT, UPDATE, DELETE ON "
                        + table + " TO " + quote(context.role) + ";";
            }
        }

        /** Makes the table if it is not there; false, and why, if this role cannot write one. */
        boolean isWritable() throws SQLException, InterruptedException {
            if (table == null && whyNot == null) {
                create();
            }
            return table != null && whyNot == null;
        }

        /** For those who came to read it. */
        void demandReadable() {
            if (!readable) {
                throw new Failed("the ledger " + table + " cannot be read: " + whyNot);
            }
        }

        private void create() throws SQLException, InterruptedException {
            var places = context.query("""
                    select case when to_regnamespace('pgbang') is null then 'create schema pgbang; '
                        else '' end as before, 'pgbang.optimizations' as name, 0 as rank
                    where case when to_regnamespace('pgbang') is null then has_database_privilege(current_database(), 'create')
                        else has_schema_privilege('pgbang', 'create') end
                    union all select '', quote_ident(nspname) || '.pgbang_optimizations',
                        case when pg_has_role(nspowner, 'usage') then 1 else 2 end from pg_namespace
                    where nspname !~ '^pg_' and nspname <> 'information_schema' and nspname <> 'pgbang'
                        and has_schema_privilege(oid, 'create') order by rank, name limit 1""");
            if (places.isEmpty()) {
                whyNot = "GRANT CREATE ON DATABASE " + quote(context.database) + " TO " + quote(context.role) + ";";
                return;
            }
            var name = places.get(0).text("name");
            context.transaction(List.of(places.get(0).text("before") + "create table if not exists " + name + """
                     (id bigint generated always as identity primary key, run text not null, kind text not null, change text not null,
                         object text not null, what text not null,
                        status text not null, sql jsonb not null, undo jsonb not null, undo_alone boolean not null, undo_note text,
                            verify text, former text, debris_if text,
                        debris jsonb not null, details jsonb not null, error text, done_by text not null default session_user,
                            at timestamptz not null default clock_timestamp(),
                        finished timestamptz)"""));
            if (!context.flag("select relkind = 'r' and pg_get_userbyid(relowner) = current_user from pg_class where oid = to_regclass(?)",
                    name)) {
                whyNot = name + " is there already, and is no table of " + context.role + ": look who made it, and drop it";
                return;
            }
            table = name;
        }

        /**
         * One run at a time. The lock conflicts with itself only, keeps no snapshot (so that CREATE INDEX CONCURRENTLY never waits for it),
         * and dies with its owner.
         */
        void lock() throws SQLException, InterruptedException {
            lock = context.second();
            lock.setAutoCommit(false);
            for (var deadline = System.nanoTime() + 5_000_000_000L;; context.sleep(200)) {
                try {
                    context.execute(lock, "set local idle_in_transaction_session_timeout = 0"
                            + (context.version >= 17 ? "; set local transaction_timeout = 0" : "")
                            + "; lock table " + table + " in share update exclusive mode nowait");
                    return;
                } catch (SQLException e) {
                    lock.rollback();
                    if (!"55P03".equals(e.getSQLState())) {
                        throw e;
                    } else if (System.nanoTime() > deadline) { // an autovacuum of the table would have ended by now
                        throw new Failed("another run of optimize_postgres is at work in this database", e);
                    }
                }
            }
        }

        Entry start(Change change, String run) throws SQLException {
            var entry = new Entry();
            entry.run = run;
            entry.kind = change.kind;
            entry.change = change.id;
            entry.object = change.object;
            entry.what = change.what;
            entry.status = "started";
            entry.sql = change.sql;
            entry.undo = change.undo;
            entry.undoAlone = change.undoAlone;
            entry.undoNote = change.undoNote;
            entry.verify = change.verify;
            entry.former = change.former;
            entry.debrisIf = change.debrisIf;
            entry.debris = change.debris;
            entry.details.putAll(change.evidence);
            if (table != null && whyNot == null) {
                var sql = "insert into " + table + " (run, kind, change, object, what, status, sql, undo, undo_alone, undo_note, verify,"
                        + " former, debris_if, debris, details)"
                        + " values (?, ?, ?, ?, ?, ?, ?::jsonb, ?::jsonb, ?, ?, ?, ?, ?, ?::jsonb, ?::jsonb) returning id";
                try (var insert = context.connection.prepareStatement(sql)) {
                    bind(insert, run, change.kind, change.id, change.object, change.what, "started", plain(change.sql), plain(change.undo),
                            change.undoAlone, change.undoNote,
                            change.verify, change.former, change.debrisIf, plain(change.debris), plain(entry.details));
                    var made = insert.executeQuery();
                    made.next();
                    entry.id = made.getLong(1);
                }
            }
            return entry;
        }

        /** Writes what has changed in an entry; in an open transaction as a part of it. */
        void save(Entry entry) throws SQLException {
            if (entry.id > 0) {
                var sql = "update " + table + " set status = ?, undo = ?::jsonb, undo_alone = ?, verify = ?, former = ?, details ="
                        + " ?::jsonb, error = ?,"
                        + " finished = case when ? = 'started' then null else clock_timestamp() end where id = ?";
                try (var update = context.connection.prepareStatement(sql)) {
                    bind(update, entry.status, plain(entry.undo), entry.undoAlone, entry.verify, entry.former, plain(entry.details),
                            entry.error, entry.status, entry.id);
                    update.executeUpdate();
                }
            }
        }

        /** Ends an entry; of what has nothing to undo (ANALYZE, a refresh) only the newest twenty are kept. */
        void finish(Entry entry, String status, String error) throws SQLException {
            entry.status = status;
            entry.error = error;
            save(entry);
            if (entry.id > 0 && entry.undo.isEmpty()) {
                try (var delete = context.connection.prepareStatement("delete from " + table
                        + " where change = ? and undo = '[]' and undo_note is null and status <> 'started'"
                        + " and id <= ? and id not in (select id from " + table + " where change = ? order by id desc limit 20)")) {
                    bind(delete, entry.change, entry.id, entry.change);
                    delete.executeUpdate();
                }
            }
        }

        private static void bind(java.sql.PreparedStatement statement, Object... values) throws SQLException {
            for (var i = 0; i < values.length; i++) {
                if (values[i] == null) {
                    statement.setNull(i + 1, java.sql.Types.VARCHAR);
                } else {
                    statement.setObject(i + 1, values[i]);
                }
            }
        }

        static String plain(Object value) {
            return new Gson().toJson(value);
        }

        List<Entry> entries() throws SQLException {
            return table == null || !readable ? List.of() : read("order by id");
        }

        /** The newest entry of a change, or null. */
        Entry last(String change) throws SQLException {
            return table == null || !readable ? null : read("where change = " + literal(change) + " order by id desc limit 1").stream()
                    .findFirst()
                    .orElse(null);
        }

        private List<Entry> read(String which) throws SQLException {
            var entries = new ArrayList<Entry>();
            for (var row : context.query("select " + COLUMNS + " from " + table + " " + which)) {
                var entry = new Entry();
                entry.id = row.number("id");
                entry.run = row.text("run");
                entry.kind = row.text("kind");
                entry.change = row.text("change");
                entry.object = row.text("object");
                entry.what = row.text("what");
                entry.status = row.text("status");
                entry.sql = texts(row.text("sql"));
                entry.undo = texts(row.text("undo"));
                entry.undoAlone = row.flag("undo_alone");
                entry.undoNote = row.text("undo_note");
                entry.verify = row.text("verify");
                entry.former = row.text("former");
                entry.debrisIf = row.text("debris_if");
                entry.debris = texts(row.text("debris"));
                entry.details = new Gson().fromJson(row.text("details"), new TypeToken<LinkedHashMap<String, Object>>() { }.getType());
                entry.error = row.text("error");
                entry.by = row.text("done_by");
                entry.at = Instant.ofEpochMilli(Math.round(row.real("at") * 1000));
                entry.finished = row.has("finished") ? Instant.ofEpochMilli(Math.round(row.real("finished") * 1000)) : null;
                entries.add(entry);
            }
            return entries;
        }

        private static List<String> texts(String json) {
            return List.of(new Gson().fromJson(json, String[].class));
        }
    }

    /** Carries plans out, one change after the other, and undoes what the ledger holds. */
    static final class Engine {
        /** A missing right; and what managed services answer to ALTER SYSTEM and the like, which no right would help. */
        static final Set<String> REFUSALS = Set.of("42501", "0A000", "55P02", "42704");

        final Context context;
        final Ledger ledger;
        final String run;
        final Report report;

        Engine(Context context) throws SQLException {
            this.context = context;
            ledger = context.ledger;
            run = context.clock().toString();
            report = new Report(context);
        }

        int apply(List<Kind> kinds, boolean dryRun) throws Exception {
            report.action = dryRun ? "dry-run" : "apply";
            var writable = !dryRun && ledger.isWritable();
            if (!dryRun) {
                refuseBesideMigration();
                if (writable && kinds.stream().anyMatch(Kind::exclusive)) {
                    ledger.lock();
                    clearAfterDead();
                }
            }
            for (var kind : kinds) {
                var plan = Plan.of(kind, context);
                report.add(plan);
                for (var change : plan.changes) {
                    if (dryRun || change.manual != null) {
                        end(change, dryRun && change.manual == null ? "planned" : "by hand", change.manual);
                    } else if (context.interrupted()) {
                        end(change, "skipped", "interrupted");
                    } else if (!writable && (!change.undo.isEmpty() || change.work != null)) {
                        end(change, "refused", "the ledger cannot be written, without which it could not be undone: " + ledger.whyNot);
                    } else {
                        perform(change);
                    }
                }
            }
            return report.print();
        }

        private void end(Change change, String outcome, String message) {
            change.outcome = outcome;
            change.message = message;
        }

        /** Pre-check, entry, work, verification; a failure is cleared away and does not keep the others from being done. */
        private void perform(Change change) throws InterruptedException, SQLException {
            context.say(change.what + " (" + change.id + ")");
            Entry entry = null;
            try {
                var against = against(change);
                if (against != null) {
                    end(change, "skipped", against);
                    return;
                }
                entry = ledger.start(change, run);
                change.entry = entry.id == 0 ? null : entry.id;
                work(change, entry);
                if (entry.verify != null && !becomesTrue(entry.verify)) {
                    throw new Failed("it was done, but its verification says no: " + entry.verify);
                }
                if (change.index != null) {
                    entry.verify = Indexes.is(change.index, context.text(Indexes.SHAPE.formatted(literal(change.index))));
                }
                ledger.finish(entry, "done", null);
                end(change, "done", null);
            } catch (Remains e) {
                ledger.finish(entry, "done", e.getMessage());
                end(change, "partly done", e.getMessage());
            } catch (SQLException e) {
                fail(change, entry, REFUSALS.contains(Objects.toString(e.getSQLState())) ? "refused" : "failed", explain(e), e);
            } catch (Failed | IOException e) {
                fail(change, entry, e instanceof Refused ? "refused" : "failed", e.getMessage(), null);
            }
        }

        /** What was done in another process, by a reload say, may take a moment to be seen. */
        private boolean becomesTrue(String query) throws SQLException, InterruptedException {
            for (var end = System.nanoTime() + 5_000_000_000L;; Thread.sleep(100)) {
                if (context.flag(query) || System.nanoTime() > end) {
                    return context.flag(query);
                }
            }
        }

        /** Why a change is not made now, or null. */
        String against(Change change) throws SQLException, IOException, InterruptedException {
            if (change.former != null && !context.flag(change.former)) {
                return "it is not any more as it was when this was planned";
            } else if (change.diskBytes > 0) {
                var free = context.freeBytes(0);
                if (free >= 0 && free < change.diskBytes * 1.2 + (256 << 20)) {
                    return "it needs about " + size(change.diskBytes) + ", and a reserve; free on the server's disk are " + size(free);
                }
            }
            return change.precheck == null ? null : change.precheck.reasonAgainst(context);
        }

        private void work(Change change, Entry entry) throws SQLException, IOException, InterruptedException {
            if (change.work != null) {
                change.work.run(context, entry);
            } else {
                run(change.sql, change.alone, change.locks, entry);
            }
        }

        /** What is CONCURRENTLY and was cut off leaves an INVALID index, which is removed before the next attempt. */
        private void run(List<String> statements, boolean alone, List<String> locks, Entry entry) throws SQLException,
                InterruptedException {
            if (!alone) {
                context.transaction(statements, locks.toArray(String[]::new));
                return;
            }
            for (var statement : statements) {
                var retry = new Retry(context, locks.toArray(String[]::new));
                for (var done = false; !done;) {
                    try {
                        retry.awaitFree();
                        context.alone(statement, null);
                        done = true;
                    } catch (SQLException e) {
                        if (entry != null && Retry.STATES.contains(Objects.toString(e.getSQLState()))) {
                            clear(null, entry);
                        }
                        retry.after(e);
                    }
                }
            }
        }

        private void fail(Change change, Entry entry, String outcome, String message, SQLException cause) throws SQLException,
                InterruptedException {
            end(change, context.interrupted() ? "interrupted" : outcome, message);
            if (cause != null && context.isLost(cause)) {
                throw new Failed("the connection was lost during " + change.id + "; the ledger has an entry that the next run clears up",
                        cause);
            }
            if (entry != null) {
                var left = clear(change, entry);
                // a DROP that was cut off half-way and is done now
                if (entry.verify != null && entry.debrisIf != null && context.flag(entry.verify)) {
                    ledger.finish(entry, "done", null);
                    end(change, "done", null);
                    return;
                }
                change.message = message + (left == null ? "" : "; " + left);
                ledger.finish(entry, outcome.equals("refused") ? "failed" : outcome, change.message);
            }
        }

        /** Removes our own debris; what is left if that fails, else null. */
        private String clear(Change change, Entry entry) throws InterruptedException {
            try {
                if (change != null && change.cleanup != null) {
                    change.cleanup.run(context, entry);
                }
                if (entry.debrisIf != null && context.flag(entry.debrisIf)) {
                    run(entry.debris, true, List.of(), null);
                    return context.flag(entry.debrisIf) ? "its debris is still there: " + String.join("; ", entry.debris) : null;
                }
                return null;
            } catch (SQLException | IOException | Failed e) {
                return "its debris could not be removed (" + e.getMessage() + "): " + String.join("; ", entry.debris);
            }
        }

        /** What dead runs have left open, and debris that could not be removed then: nobody is at work on it, as we hold the lock. */
        private void clearAfterDead() throws SQLException, InterruptedException {
            var guarded = context.script.kinds().stream().filter(kind -> !kind.exclusive()).map(Kind::name).toList();
            for (var entry : ledger.entries()) {
                var died = entry.status.equals("started") && !guarded.contains(entry.kind);
                if (died || entry.status.equals("failed") && entry.debrisIf != null && context.flag(entry.debrisIf)) {
                    var done = died && entry.verify != null && context.flag(entry.verify);
                    var left = done ? null : clear(null, entry);
                    context.say("an earlier run " + (died ? "died during " : "could not clear up ") + entry.change + "; "
                            + (done ? "it was done" : left == null ? "cleared up" : left));
                    ledger.finish(entry, done ? "done" : "failed", done ? null : (died ? "the run died" : entry.error)
                            + (left == null ? ", cleared up later" : "; " + left));
                }
            }
        }

        private void refuseBesideMigration() throws SQLException {
            var migrating = context.text("""
                    select format('pid %s (%s)', a.pid, a.application_name) from pg_locks l join pg_class c on c.oid = l.relation
                        join pg_stat_activity a on a.pid = l.pid
                    where c.relname in ('migration_lock', 'pgbang_migration_lock') and l.mode = 'ShareRowExclusiveLock'
                        and l.granted limit 1""");
            if (migrating != null) {
                throw new Failed("a migration is running, " + migrating + "; what it locks and changes must not change under it");
            }
        }

        // --- undo ---

        /** Undoes the newest run that left something to undo, one entry, or all, the newest first. */
        int undo(String which) throws Exception {
            report.action = context.script.manner.dryRun ? "dry-run" : "undo";
            ledger.demandReadable();
            var wanted = wanted(which);
            if (!context.script.manner.dryRun && !wanted.isEmpty()) {
                if (!ledger.isWritable()) {
                    throw new Failed("the ledger cannot be written: " + ledger.whyNot);
                }
                refuseBesideMigration();
                ledger.lock();
                wanted = wanted(which); // a run that was at work may have ended
            }
            var plan = new Plan("undo");
            report.add(plan);
            for (var entry : wanted) {
                var change = new Change(entry.kind, entry.object, "undo " + entry.id + ": " + entry.what);
                change.id = entry.change;
                change.sql = entry.undo;
                change.entry = entry.id;
                change.undoNote = entry.undoNote;
                plan.add(change);
                if (context.script.manner.dryRun) {
                    end(change, "planned", null);
                } else {
                    undo(change, entry);
                }
            }
            if (wanted.isEmpty()) {
                plan.note("there is nothing to undo");
            }
            return report.print();
        }

        private List<Entry> wanted(String which) throws SQLException {
            var entries = new ArrayList<>(ledger.entries());
            Collections.reverse(entries);
            var open = entries.stream().filter(Entry::canBeUndone).toList();
            if (which.isEmpty()) {
                return open.isEmpty() ? open : open.stream().filter(entry -> entry.run.equals(open.get(0).run)).toList();
            } else if (which.equals("all")) {
                return open;
            }
            var named = entries.stream().filter(entry -> String.valueOf(entry.id).equals(which)).findFirst()
                    .orElseThrow(() -> context.wrong("the ledger has no entry " + which + "; --ledger lists them"));
            if (!named.canBeUndone()) {
                throw context.wrong("entry " + which + " cannot be undone: "
                        + (named.undo.isEmpty() ? Objects.requireNonNullElse(named.undoNote, "there is nothing to undo") : "it is "
                        + named.status));
            }
            return List.of(named);
        }

        private void undo(Change change, Entry entry) throws InterruptedException, SQLException {
            try {
                if (entry.former != null && context.flag(entry.former)) {
                    ledger.finish(entry, "undone", "the former state was there already");
                    end(change, "done", "the former state was there already");
                    return;
                } else if (entry.verify != null && !context.flag(entry.verify) && !context.script.manner.force) {
                    end(change, "refused", "somebody has changed it since; --force undoes it all the same");
                    return;
                }
                context.say(change.what);
                run(entry.undo, entry.undoAlone, List.of(), null);
                if (entry.former != null && !becomesTrue(entry.former)) {
                    throw new Failed("it was undone, but the former state is not there: " + entry.former);
                }
                ledger.finish(entry, "undone", null);
                end(change, "done", null);
            } catch (SQLException | Failed e) {
                if (e instanceof SQLException lost && context.isLost(lost)) {
                    throw lost;
                }
                var message = e instanceof SQLException sql ? explain(sql) : e.getMessage();
                clear(null, entry);
                ledger.finish(entry, "undo failed", message);
                end(change, "failed", message);
            }
        }
    }

    // --- the report ---

    /** Everything that a run has found and done: the one model that all outputs show. */
    static final class Report {
        final transient optimize_postgres script;
        final String tool = TOOL;
        final int schemaVersion = 1;
        String action = "report";
        Instant at = Instant.now();
        String target;
        int exit;
        final Map<String, Object> server = new LinkedHashMap<>();
        List<Row> tables = List.of();
        List<Row> indexes = List.of();
        List<Row> queries = List.of();
        final List<Plan> kinds = new ArrayList<>();

        Report(optimize_postgres script, String target) {
            this.script = script;
            this.target = target;
        }

        Report(Context context) {
            this(context.script, context.script.target());
            server.put("version", context.versionText);
            server.put("database", context.database);
            server.put("role", context.role);
            server.put("superuser", context.superuser);
            server.put("standby", context.standby);
            server.put("pooler", context.pooled);
            server.put("on_this_machine", context.local);
            server.put("extensions", context.extensions.keySet());
        }

        static Report of(Context context, List<Kind> kinds) throws InterruptedException {
            var report = new Report(context);
            for (var kind : kinds) {
                report.add(Plan.of(kind, context));
            }
            report.look(context);
            return report;
        }

        /** The figures that stand beside the advice. */
        private void look(Context context) {
            var plan = new Plan("figures");
            try {
                tables = Tables.read(context);
                indexes = Indexes.read(context);
                if (context.extension("pg_stat_statements") != null) {
                    queries = Workload.top(context);
                }
            } catch (SQLException e) {
                plan.skip(Context.blind(e), explain(e), null);
                add(plan);
            }
        }

        void add(Plan plan) {
            kinds.add(plan);
        }

        Stream<Change> changes() {
            return kinds.stream().flatMap(plan -> plan.changes.stream());
        }

        Stream<Skipped> skipped() {
            return kinds.stream().flatMap(plan -> plan.skipped.stream());
        }

        long with(String... outcomes) {
            return changes().filter(change -> List.of(outcomes).contains(Objects.toString(change.outcome, ""))).count();
        }

        /** Failures first; then what is left to do; then what could not be seen. Looking at what would be done is no finding. */
        private int code() {
            var blind = skipped().anyMatch(skipped -> skipped.cause().counts());
            if (action.equals("report")) {
                return changes().findAny().isPresent() ? 1 : blind ? 3 : 0;
            } else if (with("failed", "interrupted") > 0) {
                return 2;
            }
            var restart = !action.equals("dry-run") && changes().anyMatch(change -> change.restart && "done".equals(change.outcome));
            return !action.equals("dry-run") && with("by hand", "skipped", "refused", "partly done") > 0 || restart ? 1 : blind ? 3 : 0;
        }

        int print() throws IOException {
            exit = code();
            if (script.output.html != null) {
                Page.write(script.output.html.toAbsolutePath(), new Page(this).html());
            }
            if (script.output.json) {
                script.print(this);
            } else {
                script.out().print(new Lines(this).text());
                script.out().flush();
            }
            return exit;
        }
    }

    // --- kinds settings and slow-log ---

    /**
     * The server's settings: what suits its machine, its load and what its statistics complain of, and what it logs of slow statements. A
     * value that somebody has chosen is left alone unless something measured speaks against it; what takes effect at the next start is
     * written only if the server will start with it.
     */
    static final class Settings {
        static class Options {
            @Option(names = "--memory", paramLabel = "SIZE",
                    description = "Memory for the server, e.g. 16GB (else that of its machine or container, if it runs here).")
            String memory;

            @Option(names = "--cpus", paramLabel = "N", description = "Processors for the server (else those of its machine or "
                    + "container, if it runs here).")
            Integer cpus;

            @Option(names = "--disk", paramLabel = "KIND", description = "${COMPLETION-CANDIDATES} (else what the kernel says of the "
                    + "data directory's, if that is here).")
            Disk disk;

            @Option(names = "--load", paramLabel = "KIND", description = "${COMPLETION-CANDIDATES} (else as the statistics show).")
            Load load;

            @Option(names = "--set", paramLabel = "NAME=VALUE",
                    description = "A value of your own for a setting, with the same checks and undo (repeatable).")
            Map<String, String> set = new LinkedHashMap<>();

            @Option(names = "--retune", description = "Also change what somebody has chosen and nothing measured speaks against.")
            boolean retune;

            @Option(names = "--log-lines", paramLabel = "N", defaultValue = "10",
                    description = "Slow statements logged per minute, at most (default: ${DEFAULT-VALUE}).")
            double logLines = 10;

            @Option(names = "--log-volume", paramLabel = "SIZE", defaultValue = "50MB",
                    description = "Log of slow statements per day, at most (default: ${DEFAULT-VALUE}).")
            String logVolume = "50MB";
        }

        enum Disk {
            ssd, nvme, san, hdd
        }

        static List<Kind> kinds(Options options) {
            return List.of(new Tuning(options), new SlowLog(options));
        }

        /** A line of the table of settings: ours beside what two widely used calculators say, and why. */
        record Advice(String name, String current, String advised, String pgtune, String timescaledbTune, String needs, String source,
                String reason, boolean change) {
        }

        /**
         * A value, and whether something measured, a danger or the user's own word stands behind it: only then it replaces what somebody
         * has chosen.
         */
        record Proposal(String name, String value, boolean compelling, String reason) {
        }

        // --- the settings as they are ---

        /**
         * A setting as the server has it (view pg_settings), and as its files have it for the next start (view pg_file_settings; the last
         * line counts).
         */
        static final class Guc {
            static final Pattern VALUE = Pattern.compile("\\s*([-+]?(?:\\d+\\.?\\d*|\\.\\d+)(?:[eE][-+]?\\d+)?)\\s*([a-zA-Z]*)\\s*");
            /** Manual, 19.1.1: memory in bytes, time in milliseconds. */
            static final Map<String, Double> UNITS = Map.ofEntries(Map.entry("B", 1.0), Map.entry("kB", 1024.0),
                    Map.entry("MB", 1048576.0), Map.entry("GB", 1073741824.0),
                    Map.entry("TB", 1099511627776.0), Map.entry("us", 0.001), Map.entry("ms", 1.0), Map.entry("s", 1000.0),
                    Map.entry("min", 60_000.0), Map.entry("h", 3_600_000.0),
                    Map.entry("d", 86_400_000.0));
            /** What initdb writes into postgresql.conf counts as nobody's choice. */
            static final Map<String, String> INITDB = Map.of("shared_buffers", "128MB", "max_wal_size", "1GB", "min_wal_size", "80MB",
                    "max_connections", "100", "autovacuum_worker_slots", "16");

            final Row row;
            final String name;
            boolean seen; // whether this role sees the files
            String file; // the value of the last line in any file; null: none
            String fileAt;
            String auto; // the value of the line in postgresql.auto.conf; null: no line there
            List<String> overrides = List.of();

            Guc(Row row) {
                this.row = row;
                name = row.text("name");
            }

            String context() {
                return row.text("context");
            }

            String shown() {
                return row.text("shown");
            }

            boolean needsRestart() {
                return context().equals("postmaster");
            }

            boolean isNumber() {
                return List.of("integer", "real").contains(row.text("vartype"));
            }

            /** Bytes, milliseconds or units in one of the setting's own. */
            double unit() {
                var parts = Pattern.compile("(\\d*)(\\w+)").matcher(row.has("unit") ? row.text("unit") : "");
                return parts.matches() ? (parts.group(1).isEmpty() ? 1 : Integer.parseInt(parts.group(1))) * UNITS.get(parts.group(2)) : 1;
            }

            /** A value as it may stand in a file, in the setting's own unit: 1GB is 131072 for shared_buffers. NaN if it is none. */
            double number(String value) {
                var parts = VALUE.matcher(value);
                if (!parts.matches() || !parts.group(2).isEmpty() && (!UNITS.containsKey(parts.group(2)) || !row.has("unit"))) {
                    return Double.NaN;
                }
                var number = Double.parseDouble(parts.group(1)) * (parts.group(2).isEmpty() ? 1 : UNITS.get(parts.group(2)) / unit());
                return row.text("vartype").equals("integer") ? Math.rint(number) : number;
            }

            double running() {
                return number(row.text("setting"));
            }

            /**
             * Whether this session has a value of its own (ALTER DATABASE or ROLE SET, the client), so that pg_settings hides the server's.
             */
            boolean isHidden() {
                return List.of("database", "user", "database user", "client", "session", "global").contains(row.text("source"));
            }

            /**
             * What the next start brings: the files' value, read in already or not; the default where no line is left; or else what runs.
             */
            String next() {
                if (isBeaten() || !seen) {
                    return row.text("setting");
                } else if (file != null && !isOutside(file)) {
                    return file;
                }
                return file == null && (isHidden() || row.flag("pending_restart")) ? row.text("boot_val") : row.text("setting");
            }

            double nextNumber() {
                return number(next());
            }

            double bytes() {
                return nextNumber() * unit();
            }

            /** As pg_settings would show the value. */
            String stored(String value) {
                return row.text("vartype").equals("integer") ? String.format(Locale.ROOT, "%.0f", number(value)) : value;
            }

            boolean isOutside(String value) {
                if (isNumber()) {
                    var number = number(value);
                    return Double.isNaN(number) || row.has("min_val") && number < row.real("min_val") || row.has("max_val")
                            && number > row.real("max_val");
                }
                return row.text("vartype").equals("enum") ? !row.list("enumvals").contains(value.toLowerCase(Locale.ROOT))
                        : row.text("vartype").equals("bool")
                        && !value.toLowerCase(Locale.ROOT).matches("on|off|true|false|yes|no|1|0");
            }

            /** Close enough to leave it. */
            boolean isNear(String value) {
                if (!isNumber()) {
                    return next().equalsIgnoreCase(value);
                }
                var wanted = number(value);
                return wanted == nextNumber() || wanted > 0 && nextNumber() > 0 && Math.abs(wanted - nextNumber()) <= 0.05 * nextNumber();
            }

            boolean isChosen() {
                var source = row.text("source");
                if (file == null && (seen && isHidden() || List.of("default", "override").contains(source))) {
                    return false;
                }
                return auto != null || !INITDB.containsKey(name) || !source.equals("configuration file")
                        || Double.compare(nextNumber(), number(INITDB.get(name))) != 0;
            }

            /** What beats the files for every session: there ALTER SYSTEM would change nothing. */
            boolean isBeaten() {
                return List.of("command line", "environment variable").contains(row.text("source"));
            }

            String source() {
                return fileAt != null && !isBeaten() ? fileAt : row.text("source");
            }
        }

        /** All settings, and what this role may do with them. */
        static final class Gucs {
            /** ALTER SYSTEM would quote a list of these as one word (GUC_LIST_QUOTE in guc_tables.c). */
            static final Set<String> LISTS = Set.of("local_preload_libraries", "search_path", "session_preload_libraries",
                    "shared_preload_libraries", "temp_tablespaces",
                    "unix_socket_directories");
            static final Map<String, String> PROVIDERS = Map.of("rds.", "the parameter group of RDS or Aurora", "cloudsql.",
                    "the database flags of Cloud SQL",
                    "azure.", "the server parameters of Azure", "neon.", "the settings of Neon");

            final Map<String, Guc> all = new TreeMap<>();
            final List<String> fileErrors = new ArrayList<>();
            final boolean sees;
            final boolean reloads;
            final Set<String> alterable = new TreeSet<>();
            final boolean ownsDatabase;
            final String provider;

            Gucs(Context context) throws SQLException {
                for (var row : context.query("""
                        select name, setting, unit, vartype, context, source, boot_val, min_val, max_val, enumvals, pending_restart,
                        current_setting(name, true) as shown from pg_settings""")) {
                    all.put(row.text("name"), new Guc(row));
                }
                sees = context.flag("select has_table_privilege('pg_file_settings', 'select') and "
                        + "has_function_privilege('pg_show_all_file_settings()', 'execute')");
                reloads = context.flag("select has_function_privilege('pg_reload_conf()', 'execute')");
                ownsDatabase = context.flag("select pg_has_role(datdba, 'usage') from pg_database where datname = current_database()");
                provider = PROVIDERS.keySet().stream().filter(prefix -> all.keySet().stream().anyMatch(name -> name.startsWith(prefix)))
                        .map(PROVIDERS::get).findFirst().orElse(null);
                readFiles(context);
                readOverrides(context);
                readRights(context);
            }

            private void readFiles(Context context) throws SQLException {
                all.values().forEach(guc -> guc.seen = sees);
                for (var line : sees ? context.query("select lower(name) as name, setting, sourcefile, sourceline, error from "
                        + "pg_file_settings order by seqno") : List.<Row>of()) {
                    var guc = line.has("name") ? all.get(line.text("name")) : null;
                    if (guc != null) {
                        guc.file = line.text("setting");
                        guc.fileAt = line.text("sourcefile").replaceFirst(".*[/\\\\]", "") + ":" + line.number("sourceline");
                        guc.auto = line.text("sourcefile").matches(".*[/\\\\]postgresql\\.auto\\.conf") ? guc.file : null;
                    }
                    var waits = guc != null && guc.needsRestart() && Objects.toString(line.text("error")).contains("could not be applied")
                            && !guc.isOutside(line.text("setting"));
                    if (line.has("error") && !waits) {
                        fileErrors.add(line.text("sourcefile") + ":" + line.number("sourceline") + ": " + line.text("error")
                                + (line.has("name") ? " (" + line.text("name") + ")" : ""));
                    }
                }
            }

            /** ALTER DATABASE SET and ALTER ROLE SET beat the files for those whom they concern (catalog pg_db_role_setting). */
            private void readOverrides(Context context) throws SQLException {
                for (var row : context.query("""
                        select split_part(c, '=', 1) as name, substr(c, strpos(c, '=') + 1)
                            || case when r.setdatabase <> 0 then ' in database ' || coalesce(d.datname, '?') else '' end
                            || case when r.setrole <> 0 then ' for role ' || r.setrole::regrole else '' end as words
                        from pg_db_role_setting r left join pg_database d on d.oid = r.setdatabase cross join unnest(r.setconfig) c
                        order by 1, 2""")) {
                    var guc = all.get(row.text("name"));
                    if (guc != null) {
                        guc.overrides = Stream.concat(guc.overrides.stream(), Stream.of(row.text("words"))).toList();
                    }
                }
            }

            private void readRights(Context context) throws SQLException {
                if (isLocked()) {
                    return;
                } else if (context.superuser) {
                    alterable.addAll(all.keySet());
                } else if (context.versionNum >= 150000) {
                    context.query("select name from pg_settings where has_parameter_privilege(name, 'alter system')")
                            .forEach(row -> alterable.add(row.text("name")));
                }
            }

            /** 17 and later: ALTER SYSTEM is switched off for everybody. */
            private boolean isLocked() {
                return all.containsKey("allow_alter_system") && all.get("allow_alter_system").row.text("setting").equals("off");
            }

            Guc get(String name) {
                return all.get(name);
            }

            /** The value at the next start, in bytes, milliseconds or plain; 0 for a setting that this server does not have. */
            double next(String name) {
                return all.containsKey(name) ? all.get(name).bytes() : 0;
            }

            /** Why ALTER SYSTEM cannot be used for a setting, and what would help; null if it can. */
            String whyNot(Context context, Guc guc) {
                if (alterable.contains(guc.name) && reloads && sees) {
                    return null;
                } else if (provider != null) {
                    return "a managed service: use " + provider;
                } else if (isLocked()) {
                    return "allow_alter_system is off: the configuration is kept elsewhere, change it there";
                } else if (context.versionNum < 150000) {
                    return "needs a superuser";
                }
                var role = quote(context.role);
                return "needs a superuser, or " + Stream.of(alterable.contains(guc.name) ? "" : "GRANT ALTER SYSTEM ON PARAMETER "
                        + guc.name + " TO " + role + ";",
                        reloads ? "" : "GRANT EXECUTE ON FUNCTION pg_catalog.pg_reload_conf() TO " + role + ";", sees ? ""
                        : "GRANT SELECT ON pg_catalog.pg_file_settings TO " + role
                        + "; GRANT EXECUTE ON FUNCTION pg_catalog.pg_show_all_file_settings() TO " + role + ";")
                        .filter(grant -> !grant.isEmpty()).collect(Collectors.joining(" "));
            }
        }

        // --- how a setting is changed, and changed back ---

        /** Decides on proposals, and turns those that stand into changes and lines of the table. */
        static final class Writer {
            static final String RELOAD = "SELECT pg_catalog.pg_reload_conf()";
            /** A pause in which server and session take in what was reloaded: what is reloaded twice in one moment is seen once. */
            static final String PAUSE = "SELECT pg_catalog.pg_sleep(0.5)";
            static final String OVERRIDDEN = "s.source in ('database', 'user', 'database user', 'client', 'session', 'global')";

            final String kind;
            final Options options;
            final Context context;
            final Gucs gucs;
            final List<Advice> table = new ArrayList<>();
            final List<Change> changes = new ArrayList<>();

            Writer(String kind, Options options, Context context, Gucs gucs) {
                this.kind = kind;
                this.options = options;
                this.context = context;
                this.gucs = gucs;
            }

            /** Whether a proposal would be acted upon: a setting that is there, another value, and nobody's choice against it. */
            boolean stands(Proposal proposal) throws SQLException {
                var guc = gucs.get(proposal.name);
                return guc != null && !guc.isNear(proposal.value)
                        && (proposal.compelling || options.retune || !guc.isChosen() || isOurs(guc));
            }

            /** Written by an earlier run, and nobody has changed it since; a ledger that this role may not read says nothing. */
            private boolean isOurs(Guc guc) throws SQLException {
                if (guc.auto == null) {
                    return false;
                }
                try {
                    var last = context.ledger.last(kind + "/" + guc.name);
                    return last != null && last.status.equals("done") && !last.sql.isEmpty() && last.sql.get(0).equals(set(guc, guc.auto));
                } catch (SQLException e) {
                    if (Context.blind(e) != Blind.privilege) {
                        throw e;
                    }
                    return false;
                }
            }

            /** A line of the table, and the change if the proposal stands; held back where something is the matter with it. */
            void add(Proposal proposal, String pgtune, String timescale, String heldBack) throws SQLException {
                var guc = gucs.get(proposal.name);
                if (guc == null) {
                    return;
                }
                var stands = stands(proposal);
                var beaten = guc.isBeaten() ? "it is given on the server's " + guc.row.text("source")
                        + ", which beats ALTER SYSTEM: change it there" : null;
                var why = stands ? beaten != null ? beaten : heldBack : null;
                var change = !stands ? null : change(guc, proposal, why);
                var reason = proposal.reason + (stands ? why == null ? "" : "; not done: " + why : guc.isNear(proposal.value) ? ""
                        : "; somebody has chosen " + current(guc)
                        + " (" + guc.source() + ") and nothing measured speaks against it: left (--retune changes it)")
                        + (guc.overrides.isEmpty() ? "" : "; elsewhere it is " + String.join(", ", guc.overrides)
                        + " (ALTER DATABASE or ROLE SET), which this does not reach");
                if (change != null) {
                    changes.add(change.reason(reason));
                }
                table.add(new Advice(guc.name, current(guc), stands ? proposal.value : current(guc), Objects.toString(pgtune, "-"),
                        Objects.toString(timescale, "-"),
                        !stands ? "-" : guc.needsRestart() ? "restart" : "reload", guc.source(), reason, change != null
                        && change.manual == null));
            }

            private static String current(Guc guc) {
                return guc.isHidden() && guc.seen ? guc.next() : guc.needsRestart() && !guc.isNear(guc.row.text("setting")) ? guc.shown()
                        + " (" + guc.next() + " at the next start)" : guc.shown();
            }

            private Change change(Guc guc, Proposal proposal, String heldBack) {
                var value = proposal.value;
                var change = new Change(kind, guc.name, guc.name + " from " + current(guc) + " to " + value
                        + (guc.needsRestart() ? ", at the next start" : "")).lock("none")
                        .evidence("former", current(guc)).evidence("value", value).evidence("source", guc.source());
                if (guc.needsRestart()) {
                    change.restart();
                }
                var noRight = gucs.whyNot(context, guc);
                if (heldBack != null) {
                    return change.manual(heldBack);
                } else if (noRight == null) {
                    return system(change, guc, value);
                }
                return gucs.ownsDatabase && guc.context().equals("user") ? database(change, guc, value, noRight) : change.manual(noRight);
            }

            static String set(Guc guc, String value) {
                return "ALTER SYSTEM SET " + guc.name + " = " + literal(value).strip();
            }

            /**
             * By ALTER SYSTEM. Undo gives postgresql.auto.conf its former line, or none. Of a setting that waits for a restart the former
             * value is written first: only a value equal to the running one takes the mark pending_restart away, a line that is gone does
             * not (guc.c, set_config_option).
             */
            private static Change system(Change change, Guc guc, String value) {
                var back = guc.auto != null ? set(guc, guc.auto) : "ALTER SYSTEM RESET " + guc.name;
                var undo = guc.needsRestart() && guc.auto == null
                        ? new String[] {set(guc, guc.row.text("setting")), RELOAD, PAUSE, back, RELOAD} : new String[] {back, RELOAD};
                return change.alone(set(guc, value), RELOAD).undoAlone(undo).verify(holds(guc, value, guc.stored(value)))
                        .former(holds(guc, guc.auto, guc.row.text("setting")));
            }

            /**
             * Whether postgresql.auto.conf has this line (null: none), and the server this value, now or, where that is another, at the
             * next start.
             */
            private static String holds(Guc guc, String line, String setting) {
                var lines = "select f.setting from pg_catalog.pg_file_settings f where pg_catalog.lower(f.name) = " + literal(guc.name)
                        + " and f.sourcefile ~ '[/\\\\]postgresql[.]auto[.]conf$'";
                var equal = guc.row.text("vartype").equals("real") ? "s.setting::pg_catalog.float8 = " + setting + "::pg_catalog.float8"
                        : "s.setting = " + literal(setting).strip();
                return "select " + (line == null ? "not exists (" + lines + ")" : "(" + lines + " order by f.seqno desc limit 1) = "
                        + literal(line).strip())
                        + " and exists (select from pg_catalog.pg_settings s where s.name = " + literal(guc.name) + " and (" + equal
                        + " or "
                        + (guc.needsRestart() ? "s.pending_restart" : OVERRIDDEN) + "))";
            }

            /** Without the right to ALTER SYSTEM, for this database alone: its owner may. It holds for new sessions. */
            private Change database(Change change, Guc guc, String value, String noRight) {
                var alter = "ALTER DATABASE " + quote(context.database) + " ";
                var suffix = " in database " + context.database;
                var own = guc.overrides.stream().filter(each -> each.endsWith(suffix))
                        .map(each -> each.substring(0, each.length() - suffix.length())).findFirst().orElse(null);
                var has = "exists (select from pg_catalog.pg_db_role_setting r, pg_catalog.unnest(r.setconfig) c where r.setrole = 0 "
                        + "and r.setdatabase = (select oid from pg_catalog.pg_database"
                        + " where datname = current_database()) and c";
                return change.evidence("scope", "this database only, new sessions: " + noRight)
                        .sql(alter + "SET " + guc.name + " = " + literal(value).strip())
                        .undo(alter + (own == null ? "RESET " + guc.name : "SET " + guc.name + " = " + literal(own).strip()))
                        .verify("select " + has + " = " + literal(guc.name + "=" + value).strip() + ")")
                        .former("select " + (own == null ? "not " + has + " like " + literal(guc.name.replace("_", "\\_") + "=%").strip()
                        : has + " = " + literal(guc.name + "=" + own).strip()) + ")");
            }
        }

        // --- the machine ---

        /** What a Linux kernel tells of itself and of the limits of a process; root is / unless a test has laid out another. */
        record Kernel(Path root) {
            String read(String path) {
                try {
                    return Files.readString(root.resolve(path)).strip();
                } catch (IOException | UncheckedIOException hidden) {
                    return null;
                }
            }

            /** A line of /proc/meminfo in bytes; -1 if it is not there. */
            double meminfo(String name) {
                var line = Pattern.compile("(?m)^" + Pattern.quote(name) + ":\\s+(\\d+)")
                        .matcher(Objects.toString(read("proc/meminfo"), ""));
                return !line.find() ? -1 : Double.parseDouble(line.group(1)) * (name.startsWith("HugePages_") ? 1 : 1024);
            }

            /** A number in a file; infinite if the file is missing, says max, or the like. */
            double number(String path) {
                var text = read(path);
                return text == null || !text.matches("\\d+") ? Double.POSITIVE_INFINITY : Double.parseDouble(text);
            }

            /** The soft limit of a process (proc(5), /proc/pid/limits). */
            double limit(long pid, String name) {
                var line = Pattern.compile("(?m)^" + name + "\\s+(\\d+)").matcher(Objects.toString(read("proc/" + pid + "/limits"), ""));
                return line.find() ? Double.parseDouble(line.group(1)) : Double.POSITIVE_INFINITY;
            }

            /**
             * The folders of a process's control groups, its own first, up to the one that is mounted here (cgroups(7)): version 2, and of
             * version 1 those of a controller. Seen from inside a container its own group often is what is mounted, whatever path the
             * process is said to have.
             */
            List<Path> groups(long pid, String controller) {
                var folders = new ArrayList<Path>();
                for (var line : Objects.toString(read("proc/" + pid + "/cgroup"), "").split("\n")) {
                    var group = line.split(":", 3);
                    if (group.length == 3 && (group[0].equals("0") || List.of(group[1].split(",")).contains(controller))) {
                        mount(group[1].isEmpty() ? "cgroup2" : "cgroup", controller).ifPresent(mount -> {
                            var path = group[2].startsWith(mount[0]) ? group[2].substring(mount[0].equals("/") ? 0 : mount[0].length())
                                    : group[2];
                            var top = root.resolve(mount[1].substring(1));
                            var own = top.resolve(path.replaceFirst("^/+", "")).normalize();
                            for (var folder = own.startsWith(top) ? own : top; folder.startsWith(top); folder = folder.getParent()) {
                                folders.add(folder);
                            }
                        });
                    }
                }
                return folders;
            }

            /** Root within the file system and mount point of a control group hierarchy (proc(5), mountinfo). */
            private Optional<String[]> mount(String type, String controller) {
                return Stream.of(Objects.toString(read("proc/self/mountinfo"), "").split("\n")).map(line -> line.split(" - ", 2))
                        .filter(halves -> halves.length == 2)
                        .filter(halves -> halves[1].startsWith(type + " ")
                        && (type.equals("cgroup2") || List.of(halves[1].split("[ ,]")).contains(controller)))
                        .map(halves -> halves[0].split(" ")).map(fields -> new String[] {fields[3], fields[4]}).findFirst();
            }

            /**
             * The least of the limits that a process lives under; infinite if there is none. Version 1 says "none" by a number near 2^63.
             */
            double memoryLimit(long pid) {
                return groups(pid, "memory").stream().flatMap(folder -> Stream.of("memory.max", "memory.high", "memory.limit_in_bytes")
                        .map(file -> folder.resolve(file).toString()))
                        .mapToDouble(this::number).filter(limit -> limit < 1L << 60).min().orElse(Double.POSITIVE_INFINITY);
            }

            /** Processors by quota; infinite if there is none. */
            double cpuLimit(long pid) {
                return groups(pid, "cpu").stream().mapToDouble(folder -> {
                    var quota = Objects.toString(read(folder + "/cpu.max"), read(folder + "/cpu.cfs_quota_us") + " "
                            + read(folder + "/cpu.cfs_period_us")).split(" ");
                    return quota.length == 2 && quota[0].matches("\\d+") && quota[1].matches("[1-9]\\d*")
                            ? Double.parseDouble(quota[0]) / Double.parseDouble(quota[1]) : Double.POSITIVE_INFINITY;
                }).min().orElse(Double.POSITIVE_INFINITY);
            }

            /** Processors that a process may run on: affinity and cpuset. */
            int cpusAllowed(long pid) {
                var list = Pattern.compile("(?m)^Cpus_allowed_list:\\s*(\\S+)")
                        .matcher(Objects.toString(read("proc/" + pid + "/status"), ""));
                return !list.find() ? Runtime.getRuntime().availableProcessors() : Stream.of(list.group(1).split(","))
                        .map(range -> range.split("-"))
                        .mapToInt(range -> Integer.parseInt(range[range.length - 1]) - Integer.parseInt(range[0]) + 1).sum();
            }

            /**
             * The kind of disk under a folder; null if that cannot be told, as of network and overlay file systems and of virtual disks
             * that call themselves rotating.
             */
            Disk disk(String folder) {
                var device = Stream.of(Objects.toString(read("proc/self/mountinfo"), "").split("\n")).map(line -> line.split(" "))
                        .filter(fields -> fields.length > 4)
                        .filter(fields -> Path.of(folder).startsWith(fields[4])).max(Comparator.comparingInt(fields -> fields[4].length()))
                        .map(fields -> fields[2]).orElse("-");
                var block = root.resolve("sys/dev/block/" + device);
                try {
                    var own = block.toRealPath();
                    var rotates = Stream.of(own, own.getParent()).map(path -> read(path.resolve("queue/rotational").toString()))
                            .filter(Objects::nonNull).findFirst();
                    return own.toString().contains("nvme") ? Disk.nvme : rotates.isEmpty() ? null : rotates.get().equals("0") ? Disk.ssd
                            : own.toString().contains("virtio") ? null : Disk.hdd;
                } catch (IOException unknown) {
                    return null;
                }
            }
        }

        /**
         * What the server has to work with, and whence that is known; null: not known. The client's machine is never taken for the
         * server's.
         */
        record Machine(Double memory, String memoryFrom, Integer cpus, String cpusFrom, Disk disk, String diskFrom, Long server,
                Kernel kernel) {
            static Machine of(Options options, Context context, Kernel kernel) throws SQLException {
                var server = server(context, kernel);
                var linux = server != null && kernel.meminfo("MemTotal") > 0;
                var memory = options.memory != null ? Double.valueOf(bytes(context, "--memory", options.memory)) : linux
                        ? Double.valueOf(memory(kernel, server)) : null;
                var cpus = options.cpus != null ? options.cpus : linux ? Integer.valueOf(cpus(kernel, server)) : null;
                var data = context.text("select setting from pg_settings where name = 'data_directory'");
                var disk = options.disk != null ? options.disk : linux && data != null ? kernel.disk(data) : null;
                if (memory != null && memory < 64 << 20 || cpus != null && (cpus < 1 || cpus > 4096)) {
                    throw context.wrong(cpus != null && (cpus < 1 || cpus > 4096) ? "--cpus is a number from 1 to 4096" : "--memory: "
                            + options.memory + " is too little for a server");
                }
                return new Machine(memory, options.memory != null ? "given" : !linux ? null
                        : kernel.memoryLimit(server) < kernel.meminfo("MemTotal") ? "the server's control group" : "the server's machine",
                        cpus, options.cpus != null ? "given" : linux ? kernel.cpuLimit(server) < kernel.cpusAllowed(server)
                        ? "the server's control group" : "the server's machine" : null,
                        disk, options.disk != null ? "given" : disk == null ? null : "the kernel, for " + data, linux ? server : null,
                        kernel);
            }

            static double memory(Kernel kernel, long server) {
                return Math.min(kernel.meminfo("MemTotal"), kernel.memoryLimit(server));
            }

            static int cpus(Kernel kernel, long server) {
                return (int) Math.max(1, Math.min(kernel.cpusAllowed(server), Math.rint(kernel.cpuLimit(server))));
            }

            static double bytes(Context context, String option, String text) {
                var parts = Pattern.compile("\\s*(\\d+(?:\\.\\d+)?)\\s*([kKMGT])(?:i?B)?\\s*").matcher(text);
                if (!parts.matches()) {
                    throw context.wrong(option + ": a size is wanted, such as 16GB, not " + text);
                }
                return Double.parseDouble(parts.group(1)) * Math.pow(1024, 1 + "KMGT".indexOf(parts.group(2).toUpperCase(Locale.ROOT)));
            }

            /**
             * The pid of the server's first process, if it runs on this machine and not in a container of its own. The proof: here is a
             * process of the number of our backend that calls itself postgres and names our port, or has begun when our backend did. An
             * address such as localhost proves nothing: behind it may be a tunnel, or the published port of a container.
             */
            static Long server(Context context, Kernel kernel) throws SQLException {
                var own = context.one("select pid, client_port, extract(epoch from backend_start)::float8 as began from "
                        + "pg_stat_activity where pid = pg_backend_pid()");
                var pid = own.number("pid");
                var title = Objects.toString(kernel.read("proc/" + pid + "/cmdline"), "");
                var parent = Pattern.compile("(?m)^PPid:\\s*(\\d+)").matcher(Objects.toString(kernel.read("proc/" + pid + "/status"), ""));
                if (!title.contains("postgres") || !parent.find()) {
                    return null;
                }
                var began = ProcessHandle.of(pid).flatMap(process -> process.info().startInstant())
                        .map(at -> Math.abs(at.toEpochMilli() / 1000.0 - own.real("began"))).orElse(1e9);
                return own.has("client_port") && title.contains("(" + own.number("client_port") + ")") || began < 5
                        ? Long.valueOf(parent.group(1)) : null;
            }

            Map<String, Object> facts() {
                var facts = new LinkedHashMap<String, Object>();
                facts.put("memory", memory == null ? "not known: the server is elsewhere, in a container or not on Linux; give --memory"
                        : size(memory) + " (" + memoryFrom + ")");
                facts.put("cpus", cpus == null ? "not known: give --cpus" : cpus + " (" + cpusFrom + ")");
                facts.put("disk", disk == null ? "not known: give --disk" : disk + " (" + diskFrom + ")");
                return facts;
            }
        }

        /** Bytes as PostgreSQL writes them in its files: in the largest unit that leaves nothing over. */
        static String shown(double bytes) {
            var kilobytes = (long) (bytes / 1024);
            return kilobytes % 1048576 == 0 && kilobytes > 0 ? kilobytes / 1048576 + "GB" : kilobytes % 1024 == 0 ? kilobytes / 1024 + "MB"
                    : kilobytes + "kB";
        }

        /** Rounded down to one of sixteen steps between a power of two and the next: 5888MB rather than 6026MB. */
        static double neat(double bytes) {
            var step = Math.max(65536, Math.pow(2, Math.floor(Math.log(bytes) / Math.log(2)) - 4));
            return Math.floor(bytes / step) * step;
        }

        // --- the load ---

        /**
         * What kind of work the server does, and what follows: PgTune's names; share is the part of memory that all connections' work_mem
         * may reach at once.
         */
        enum Load {
            web(200, 4, 1, 0.25, 128), oltp(300, 8, 2, 0.25, 128), dw(40, 16, 4, 0.4, 2048), mixed(100, 4, 1, 0.25, 512);

            final int connections;
            final int maxWal;
            final int minWal;
            final double share;
            final double workMemCap;

            Load(int connections, int maxWal, int minWal, double share, double workMemCap) {
                this.connections = connections;
                this.maxWal = maxWal;
                this.minWal = minWal;
                this.share = share;
                this.workMemCap = workMemCap;
            }
        }

        record Inferred(Load load, String words) {
        }

        /** What the cumulative statistics say, over all databases; NaN: this version or role does not tell. Rates are per second. */
        static final class Signals {
            /** Fewer transactions, checkpoints or reads say nothing about the load. */
            static final double TRANSACTIONS = 10_000;
            static final double CHECKPOINTS = 10;
            static final double READS = 100_000;

            double seconds;
            double transactions;
            double rowsRead;
            double rowsWritten;
            double tempFiles;
            double tempBytes;
            double hits;
            double reads;
            double connections;
            double sessionSeconds = Double.NaN;
            double activeSeconds = Double.NaN;
            double launched = Double.NaN;
            double wanted = Double.NaN;
            double timed;
            double requested;
            double walPerSecond = Double.NaN;
            double walBuffersFull = Double.NaN;
            double buffersByBackends = Double.NaN;
            double longShare = Double.NaN;
            boolean standbys;

            static Signals of(Context context) throws SQLException {
                var signals = new Signals();
                signals.readDatabases(context);
                signals.readCheckpoints(context);
                signals.readWal(context);
                signals.readStatements(context);
                signals.standbys = context.flag("select exists (select from pg_stat_replication) or exists (select from "
                        + "pg_replication_slots where slot_type = 'physical')");
                return signals;
            }

            private void readDatabases(Context context) throws SQLException {
                var sessions = context.has("pg_catalog.pg_stat_database", "session_time")
                        ? "sum(session_time)::float8 / 1000 as sessions, sum(active_time)::float8 / 1000 as active"
                        : "'NaN'::float8 as sessions, 'NaN'::float8 as active";
                var workers = context.has("pg_catalog.pg_stat_database", "parallel_workers_launched");
                var row = context.one("""
                        select extract(epoch from clock_timestamp() - min(coalesce(stats_reset,
                            pg_postmaster_start_time())))::float8 as seconds, sum(xact_commit + xact_rollback)::float8 as transactions,
                            sum(tup_returned)::float8 as read, sum(tup_inserted + tup_updated + tup_deleted)::float8 as written,
                            sum(temp_files)::float8 as files, sum(temp_bytes)::float8 as bytes, sum(blks_hit)::float8 as hits,
                            sum(blks_read)::float8 as reads, sum(numbackends)::float8 as connections,
                            """ + sessions + ", "
                        + (workers ? "sum(parallel_workers_launched)::float8 as launched, sum(parallel_workers_to_launch)::float8 as wanted"
                                : "'NaN'::float8 as launched, 'NaN'::float8 as wanted")
                        + " from pg_stat_database where datname is not null");
                seconds = Math.max(1, row.real("seconds"));
                transactions = row.real("transactions");
                rowsRead = row.real("read");
                rowsWritten = row.real("written");
                tempFiles = row.real("files");
                tempBytes = row.real("bytes");
                hits = row.real("hits");
                reads = row.real("reads");
                connections = row.real("connections");
                sessionSeconds = row.real("sessions");
                activeSeconds = row.real("active");
                launched = row.real("launched");
                wanted = row.real("wanted");
            }

            /** The view of checkpoints is its own since 17, and what backends write themselves is in pg_stat_io since then. */
            private void readCheckpoints(Context context) throws SQLException {
                var own = context.has("pg_catalog.pg_stat_checkpointer");
                var row = context.one(own ? "select num_timed as timed, num_requested as requested from pg_stat_checkpointer"
                        : "select checkpoints_timed as timed, checkpoints_req as requested, buffers_backend::float8 / "
                        + "nullif(buffers_backend + buffers_checkpoint + buffers_clean, 0) as backends"
                                + " from pg_stat_bgwriter");
                timed = row.real("timed");
                requested = row.real("requested");
                if (own) {
                    row = context.one("select (sum(writes) filter (where backend_type = 'client backend') / nullif(sum(writes), "
                            + "0))::float8 as backends"
                            + " from pg_stat_io where object = 'relation' and context = 'normal'");
                }
                buffersByBackends = row.has("backends") ? row.real("backends") : Double.NaN;
            }

            /** From the counters (14 and later), else by how far the log has come since the last checkpoint. */
            private void readWal(Context context) throws SQLException {
                if (context.has("pg_catalog.pg_stat_wal")) {
                    var row = context.one("select wal_bytes::float8 / greatest(1, extract(epoch from clock_timestamp() - "
                            + "stats_reset)::float8) as rate, wal_buffers_full::float8 as buffers from pg_stat_wal");
                    walPerSecond = row.real("rate");
                    walBuffersFull = row.real("buffers");
                } else if (!context.standby && context.flag("select has_function_privilege('pg_control_checkpoint()', 'execute')")) {
                    walPerSecond = context.one("select (pg_current_wal_lsn() - redo_lsn)::float8 / greatest(1, extract(epoch from "
                            + "clock_timestamp() - checkpoint_time)::float8) as rate"
                            + " from pg_control_checkpoint()").real("rate");
                }
            }

            private void readStatements(Context context) throws SQLException {
                var statements = Statements.of(context);
                var total = statements.all.stream().mapToDouble(statement -> statement.calls * statement.mean).sum();
                longShare = total <= 0 ? Double.NaN : statements.all.stream().filter(each -> each.mean >= 1000)
                        .mapToDouble(each -> each.calls * each.mean).sum() / total;
            }

            /**
             * PgTune's four kinds: dw reads much per transaction or spends its time in long statements, oltp writes, web does neither,
             * mixed is between.
             */
            Inferred load() {
                if (transactions < TRANSACTIONS) {
                    return new Inferred(Load.mixed, String.format(Locale.ROOT,
                            "mixed, for want of evidence: %,.0f transactions in %s; give --load", transactions, span()));
                }
                var read = rowsRead / transactions;
                var written = rowsWritten / transactions;
                var load = read >= 100_000 || longShare >= 0.8 ? Load.dw : read >= 5_000 || longShare >= 0.2 ? Load.mixed : written >= 0.2
                        ? Load.oltp : Load.web;
                return new Inferred(load, String.format(Locale.ROOT,
                        "%s, by %,.0f transactions in %s: %,.1f rows read and %.2f written by each%s", load, transactions, span(), read,
                        written,
                        Double.isNaN(longShare) ? "" : String.format(Locale.ROOT,
                        ", %.0f %% of the time in statements that take a second and more", 100 * longShare)));
            }

            /** How long the statistics have been collected. */
            String span() {
                return seconds < 7200 ? Math.round(seconds / 60) + " min" : seconds < 172_800 ? Math.round(seconds / 3600) + " h"
                        : Math.round(seconds / 86_400) + " days";
            }

            boolean forcesCheckpoints() {
                return timed + requested >= CHECKPOINTS && requested > 0.3 * (timed + requested);
            }

            Map<String, Object> facts() {
                var facts = new LinkedHashMap<String, Object>();
                facts.put("collected_for", span());
                facts.put("transactions", Math.round(transactions));
                facts.put("temp_files", String.format(Locale.ROOT, "%,.0f, %s", tempFiles, size(tempBytes)));
                facts.put("checkpoints", String.format(Locale.ROOT, "%,.0f timed, %,.0f requested", timed, requested));
                facts.put("cache_hits", hits + reads < READS ? "too few reads to tell"
                        : String.format(Locale.ROOT, "%.1f %%", 100 * hits / (hits + reads)));
                facts.put("connections", String.format(Locale.ROOT, "%,.0f now%s", connections, sessionSeconds > 0
                        ? String.format(Locale.ROOT, ", %.1f on average", sessionSeconds / seconds) : ""));
                put(facts, "wal_per_minute", walPerSecond, size(60 * walPerSecond));
                put(facts, "wal_buffers_full", walBuffersFull, String.format(Locale.ROOT, "%,.0f times", walBuffersFull));
                put(facts, "written_by_backends", buffersByBackends,
                        String.format(Locale.ROOT, "%.0f %% of the pages", 100 * buffersByBackends));
                put(facts, "parallel_workers", wanted > 0 ? wanted : Double.NaN,
                        String.format(Locale.ROOT, "%,.0f of %,.0f wanted were to be had", launched, wanted));
                return facts;
            }

            private static void put(Map<String, Object> facts, String name, double value, String words) {
                if (!Double.isNaN(value)) {
                    facts.put(name, words);
                }
            }
        }

        // --- what is proposed ---

        /**
         * What PgTune says (github.com/le0pard/pgtune, configurationSlice.js of July 2026): Linux, its own number of connections for the
         * load, a medium database.
         */
        static Map<String, String> pgtune(double memory, int cpus, Disk disk, Load load, int version) {
            var values = new TreeMap<String, String>();
            var kilobytes = Math.floor(memory / 1024);
            var buffers = Math.floor(kilobytes / 4);
            var workers = cpus >= 4 ? cpus : 8;
            var work = Math.floor((kilobytes - buffers) / ((load.connections + workers) * 3) / (load == Load.dw || load == Load.mixed ? 2
                    : 1));
            var maintenance = Math.min(8 << 20, Math.floor(kilobytes / (load == Load.dw ? 8 : 16)));
            var wal = Math.min(16 << 10, Math.floor(3 * buffers / 100));
            values.put("max_connections", "" + load.connections);
            values.put("shared_buffers", shown(buffers * 1024));
            values.put("effective_cache_size", shown(Math.floor(kilobytes * 3 / 4) * 1024));
            values.put("maintenance_work_mem", shown(maintenance * 1024));
            values.put("work_mem", shown(Math.max(4096, work) * 1024));
            values.put("wal_buffers", shown((wal > 14 << 10 ? 16 << 10 : Math.max(32, wal)) * 1024));
            values.put("huge_pages", buffers >= 2 << 20 ? "try" : "off");
            values.put("max_wal_size", load.maxWal + "GB");
            values.put("min_wal_size", load.minWal + "GB");
            values.put("checkpoint_completion_target", "0.9");
            values.put("default_statistics_target", load == Load.dw ? "500" : "100");
            values.put("random_page_cost", disk == Disk.hdd || load == Load.dw ? "4" : "1.1");
            values.put("effective_io_concurrency", disk == Disk.hdd ? "2" : disk == Disk.san ? "300" : disk == Disk.nvme ? "1000" : "200");
            if (maintenance >= 2 << 20) {
                values.put("autovacuum_work_mem", "2GB");
            }
            if (cpus >= 4) {
                values.put("max_worker_processes", "" + cpus);
                values.put("max_parallel_workers", "" + cpus);
                values.put("max_parallel_workers_per_gather", "" + (load == Load.dw ? (cpus + 1) / 2 : Math.min(4, (cpus + 1) / 2)));
                values.put("max_parallel_maintenance_workers", "" + Math.min(4, (cpus + 1) / 2));
            }
            if (version >= 18) {
                values.put("io_method", "io_uring");
                values.put("io_workers", "" + Math.min(32, Math.max(3, cpus / 4)));
            }
            return values;
        }

        /** What timescaledb-tune says (github.com/timescale/timescaledb-tune, pkg/pgtune, May 2026), without a size of the WAL disk. */
        static Map<String, String> timescaledbTune(double memory, int cpus, int version) {
            var values = new TreeMap<String, String>();
            var gigabytes = memory / (1 << 30);
            var connections = gigabytes <= 2 ? 25 : gigabytes <= 4 ? 50 : gigabytes <= 6 ? 75 : 100;
            values.put("max_connections", "" + connections);
            values.put("shared_buffers", shown(memory / 4));
            values.put("effective_cache_size", shown(memory * 3 / 4));
            values.put("maintenance_work_mem", shown(Math.min(2047.0 * 1048576, gigabytes * 128 * 1048576)));
            values.put("work_mem", shown(Math.max(65536, gigabytes * 400 / connections * 1048576 / Math.max(1, Math.round(cpus / 2.0)))));
            values.put("wal_buffers", gigabytes < 2 ? shown(gigabytes * 7864 * 1024) : "16MB");
            values.put("max_wal_size", "1GB");
            values.put("min_wal_size", "512MB");
            values.put("checkpoint_completion_target", "0.9");
            values.put("default_statistics_target", "100");
            values.put("random_page_cost", "1.1");
            values.put("effective_io_concurrency", version <= 12 ? "200" : "256");
            if (cpus > 1) {
                values.put("max_worker_processes", "" + (19 + cpus));
                values.put("max_parallel_workers", "" + cpus);
                values.put("max_parallel_workers_per_gather", "" + Math.round(cpus / 2.0));
            }
            return values;
        }

        /** Our own proposals, each from the machine, the load and what was measured; what is not known proposes nothing. */
        static final class Rules {
            static final double MB = 1 << 20;
            static final double GB = 1 << 30;

            final Gucs gucs;
            final Machine machine;
            final Load load;
            final Signals signals;
            final double freeDisk;
            final List<Proposal> proposals = new ArrayList<>();

            Rules(Gucs gucs, Machine machine, Load load, Signals signals, double freeDisk) {
                this.gucs = gucs;
                this.machine = machine;
                this.load = load;
                this.signals = signals;
                this.freeDisk = freeDisk;
            }

            List<Proposal> all() {
                if (machine.memory != null) {
                    sharedBuffers();
                    propose("effective_cache_size", shown(neat(0.75 * machine.memory)), false,
                            "what the server and the kernel can keep of the data: three quarters of the memory");
                    workMem();
                    maintenanceMem();
                }
                wal();
                if (machine.disk != null) {
                    disk();
                }
                propose("default_statistics_target", load == Load.dw ? "500" : "100", false, load == Load.dw
                        ? "long queries on skewed data repay finer statistics" : "short queries would spend more on planning");
                if (machine.cpus != null) {
                    parallel();
                }
                io();
                return proposals;
            }

            private void propose(String name, String value, boolean compelling, String reason) {
                proposals.add(new Proposal(name, value, compelling, reason));
            }

            private static String percent(double share) {
                return Math.round(100 * share) + " %";
            }

            /** Manual, 19.4.1: a quarter of the memory where that is 1GB and more, less otherwise, and hardly ever more than 40 %. */
            private void sharedBuffers() {
                var now = gucs.next("shared_buffers");
                var tooMuch = now > 0.4 * machine.memory;
                var hits = signals.hits + signals.reads < Signals.READS ? ""
                        : String.format(Locale.ROOT, "; %.1f %% of reads are met by it now",
                        100 * signals.hits / (signals.hits + signals.reads));
                propose("shared_buffers", shown(Math.max(16 * MB, neat(machine.memory / (machine.memory < GB ? 5 : 4)))), tooMuch, tooMuch
                        ? percent(now / machine.memory) + " of the memory leaves too little for work and the kernel's cache"
                        : (machine.memory < GB ? "a fifth" : "a quarter") + " of the memory" + hits);
            }

            /**
             * All connections at once, each with one hash table of work_mem times hash_mem_multiplier, stay within a share of the memory.
             */
            private void workMem() {
                var connections = gucs.next("max_connections");
                var multiplier = Math.max(1, gucs.next("hash_mem_multiplier"));
                var ceiling = Math.max(4 * MB, Math.min(load.workMemCap * MB,
                        neat(load.share * machine.memory / connections / multiplier)));
                var now = gucs.next("work_mem");
                var most = String.format(Locale.ROOT, "%.0f connections with a hash table each may take %s of the memory", connections,
                        percent(ceiling * connections * multiplier / machine.memory));
                if (now > 2 * ceiling && now * connections * multiplier + gucs.next("shared_buffers") > machine.memory) {
                    propose("work_mem", shown(ceiling), true, String.format(Locale.ROOT,
                            "%.0f connections with a hash table of %s each would take more than all of the memory", connections,
                            shown(now * multiplier)));
                } else if (signals.tempFiles > 0) {
                    // a sort needs more room in memory than on disk
                    var average = signals.tempBytes / signals.tempFiles;
                    var value = Math.max(now, Math.min(ceiling, Math.max(4 * MB, neat(2.5 * average))));
                    propose("work_mem", shown(value), signals.tempFiles >= 10,
                            String.format(Locale.ROOT, "%,.0f temporary files of %s on average in %s%s; %s", signals.tempFiles,
                            size(average), signals.span(),
                            2.5 * average > ceiling ? ", larger than may be granted to all: raise it in the sessions that need it" : "",
                            most));
                } else if (signals.transactions >= Signals.TRANSACTIONS) {
                    propose("work_mem", shown(now), false, String.format(Locale.ROOT,
                            "no temporary file in %,.0f transactions: more would change nothing", signals.transactions));
                } else {
                    propose("work_mem", shown(ceiling), false, "nothing measured yet; " + most);
                }
            }

            /**
             * A sixteenth of the memory, at most 2GB; all autovacuum workers together an eighth. Before 17 VACUUM uses no more than 1GB
             * (manual, 19.4.1).
             */
            private void maintenanceMem() {
                var most = Math.min(2047 * MB, neat(machine.memory / (load == Load.dw ? 8 : 16)));
                propose("maintenance_work_mem", shown(Math.max(16 * MB, most)), false, (load == Load.dw ? "an eighth" : "a sixteenth")
                        + " of the memory for CREATE INDEX and VACUUM, at most 2GB");
                var workers = gucs.next("autovacuum_max_workers");
                var each = Math.min(GB, neat(machine.memory / 8 / workers));
                if (gucs.get("autovacuum_work_mem").nextNumber() < 0 && most > each) {
                    propose("autovacuum_work_mem", shown(Math.max(16 * MB, each)), false,
                            String.format(Locale.ROOT, "else %.0f autovacuum workers could take maintenance_work_mem each", workers));
                }
            }

            /**
             * A checkpoint is forced when max_wal_size / (1 + checkpoint_completion_target) has been written (xlog.c,
             * CalculateCheckpointSegments). So that the clock comes first the size has to hold what is written in checkpoint_timeout, three
             * times over for the busy hours.
             */
            private void wal() {
                propose("checkpoint_completion_target", "0.9", false,
                        "spreads the writes of a checkpoint over the time until the next (default since 14)");
                var now = gucs.next("max_wal_size");
                var needed = Double.isNaN(signals.walPerSecond) ? 0
                        : 3 * 1.9 * signals.walPerSecond * gucs.next("checkpoint_timeout") / 1000;
                var room = freeDisk < 0 ? 4 * GB : freeDisk / 10;
                var counted = String.format(Locale.ROOT, "%,.0f of %,.0f checkpoints were forced by the amount of WAL (%s)",
                        signals.requested, signals.timed + signals.requested, signals.span());
                var limited = freeDisk < 0 ? "; the free disk space is not seen from here, so no more than 4GB"
                        : "; a tenth of the free disk space at most";
                var enough = signals.timed + signals.requested >= Signals.CHECKPOINTS;
                var wanted = signals.forcesCheckpoints() ? Math.max(GB, Math.max(2 * now, needed)) : enough ? now : load.maxWal * GB;
                var value = Math.max(now, neat(Math.min(wanted, Math.min(64 * GB, room))));
                var burst = freeDisk < 0 || freeDisk > 2 * now ? "" : "; little disk space is left as it is";
                propose("max_wal_size", shown(value), signals.forcesCheckpoints(), enough ? counted
                        + (signals.forcesCheckpoints() ? limited : ": enough") : "for bursts of writing, " + counted + limited + burst);
                propose("min_wal_size", shown(Math.max(gucs.next("min_wal_size"), Math.min(load.minWal * GB, value / 4))), false,
                        "files that are kept to be used again rather than made anew in each burst");
                if (signals.walBuffersFull >= 1000 && signals.walBuffersFull > signals.transactions / 10) {
                    propose("wal_buffers", machine.memory == null || machine.memory >= 4 * GB ? "64MB" : "16MB", true,
                            String.format(Locale.ROOT, "full %,.0f times", signals.walBuffersFull));
                } else {
                    propose("wal_buffers", gucs.get("wal_buffers").shown(), false, "a 32nd of shared_buffers by itself, up to 16MB; "
                            + (Double.isNaN(signals.walBuffersFull) ? "not counted before 14"
                            : String.format(Locale.ROOT, "full %,.0f times: enough", signals.walBuffersFull)));
                }
            }

            /**
             * Where a random read costs hardly more than the next one. Before 13 the number stood for disks in a row; 18 counts reads under
             * way, and 16 of them suit most disks.
             */
            private void disk() {
                var rotates = machine.disk == Disk.hdd;
                propose("random_page_cost", rotates ? "4" : "1.1", false, rotates ? "heads must move" : "a random read of " + machine.disk
                        + " costs hardly more than one in order");
                if (!gucs.get("effective_io_concurrency").row.text("boot_val").equals("0")) { // without posix_fadvise nothing else is taken
                    var modern = gucs.get("io_method") != null;
                    propose("effective_io_concurrency", rotates ? "2" : modern ? machine.disk == Disk.san ? "64" : "32"
                            : machine.disk == Disk.san ? "300" : "200", false,
                            "reads that " + machine.disk + " can work on at once"
                            + (modern ? " (18 and later: each may be of many pages)" : ""));
                }
            }

            /**
             * As many workers as processors; a query's own share is small where many queries run. Nothing is taken from
             * max_worker_processes: extensions may count on it.
             */
            private void parallel() {
                var cpus = machine.cpus;
                var half = Math.max(1, (cpus + 1) / 2);
                var scarce = signals.wanted > 100 && signals.launched < 0.7 * signals.wanted;
                var launched = scarce ? String.format(Locale.ROOT, "; only %,.0f of %,.0f wanted were to be had", signals.launched,
                        signals.wanted) : "";
                propose("max_worker_processes", "" + Math.round(Math.max(gucs.next("max_worker_processes"), cpus > 4 ? cpus + 4 : 8)),
                        false, "one per processor, and some for replication and extensions");
                propose("max_parallel_workers", "" + (cpus == 1 ? 0 : cpus), scarce && cpus > gucs.next("max_parallel_workers"),
                        "one per processor" + launched);
                propose("max_parallel_workers_per_gather", "" + (cpus == 1 ? 0 : load == Load.dw ? Math.min(8, half) : load == Load.mixed
                        ? Math.min(4, half) : Math.min(2, half)), false,
                        cpus == 1 ? "there is one processor" : load == Load.dw ? "long queries may use half of the processors"
                        : "many queries share the processors");
                propose("max_parallel_maintenance_workers", "" + (cpus == 1 ? 0 : Math.min(4, half)), false,
                        "for CREATE INDEX: half of the processors, at most 4");
            }

            /** 18: worker is the default, starts everywhere, and is what measurements favour; io_uring is refused by many containers. */
            private void io() {
                if (gucs.get("io_method") != null) {
                    var now = gucs.get("io_method").next();
                    propose("io_method", now.equals("sync") ? "worker" : now, false, now.equals("sync") ? "reads ahead without waiting"
                            : now.equals("worker")
                            ? "starts everywhere; io_uring is refused by many containers and has to be measured: --set io_method=io_uring"
                            : "somebody has measured, one hopes");
                    if (machine.cpus != null && gucs.get("io_workers") != null && !now.equals("io_uring")) {
                        propose("io_workers", "" + Math.min(32, Math.max(3, machine.cpus / 4)), false,
                                "a quarter of the processors, at least 3");
                    }
                }
            }
        }

        // --- will it start? ---

        /**
         * What would keep the server from starting, or from living long, with some new values and with what already waits for the next
         * start.
         */
        static final class Start {
            /** What a connection takes for itself before it has done anything of size: process, catalog caches, plans. */
            static final double BACKEND = 10 << 20;

            final Gucs gucs;
            final Machine machine;
            final Context context;
            final double sharedNow;

            Start(Gucs gucs, Machine machine, Context context) throws SQLException {
                this.gucs = gucs;
                this.machine = machine;
                this.context = context;
                this.sharedNow = shared();
            }

            /**
             * The shared memory of the running server: told by 15 and later, to be added up in 13 and 14 by those who may, else from
             * shared_buffers.
             */
            private double shared() throws SQLException {
                if (gucs.get("shared_memory_size") != null) {
                    return gucs.get("shared_memory_size").running() * (1 << 20);
                }
                var sum = context.versionNum >= 130000 && context.flag("select has_table_privilege('pg_shmem_allocations', 'select') "
                        + "and has_function_privilege('pg_get_shmem_allocations()', 'execute')")
                        ? context.number("select sum(allocated_size) from pg_shmem_allocations") : 0;
                return sum > 0 ? sum : 1.06 * gucs.get("shared_buffers").running() * 8192 + 48 * 1048576.0;
            }

            private static double value(Guc guc, Map<String, String> planned) {
                return guc == null ? 0 : guc.number(planned.getOrDefault(guc.name, guc.next())) * guc.unit();
            }

            private double value(String name, Map<String, String> planned) {
                return value(gucs.get(name), planned);
            }

            private String word(String name, Map<String, String> planned) {
                return gucs.get(name) == null ? "" : planned.getOrDefault(name, gucs.get(name).next()).toLowerCase(Locale.ROOT);
            }

            /** MaxBackends (postinit.c, InitializeMaxBackends). */
            private double backends(Map<String, String> planned) {
                var slots = gucs.get("autovacuum_worker_slots") != null ? "autovacuum_worker_slots" : "autovacuum_max_workers";
                return value("max_connections", planned) + value(slots, planned) + 1 + value("max_worker_processes", planned)
                        + value("max_wal_senders", planned);
            }

            /**
             * From what the server has now: pages of shared_buffers with their descriptors and hash entries (up to 5 % more), and for each
             * process 40 kB and its part of the lock tables. Measured with postgres -C shared_memory_size on 15 and 18: 2.2 to 4.5 %, 28 to
             * 36 kB, 370 to 400 bytes per lock; so this is rather too much.
             */
            double sharedMemory(Map<String, String> planned) {
                var none = Map.<String, String>of();
                return sharedNow + 1.05 * (value("shared_buffers", planned) - gucs.get("shared_buffers").running() * 8192)
                        + processes(planned) - processes(none) + Math.max(0, walBuffers(planned) - walBuffers(none));
            }

            private double processes(Map<String, String> planned) {
                return (backends(planned) + value("max_prepared_transactions", planned)) * (40_960
                        + 400 * value("max_locks_per_transaction", planned));
            }

            private double walBuffers(Map<String, String> planned) {
                var own = value("wal_buffers", planned);
                return own >= 0 ? own : Math.min(16 << 20, value("shared_buffers", planned) / 32);
            }

            /** Everything that is wrong, in words; empty: it will start, as far as can be seen from here. */
            List<String> problems(Map<String, String> planned) {
                var problems = new ArrayList<String>();
                rules(planned, problems);
                gucs.fileErrors.forEach(error -> problems.add("a file of the configuration has a mistake: " + error));
                libraries(problems);
                if (machine.memory != null) {
                    fits(planned, problems);
                }
                if (machine.server != null) {
                    kernel(planned, problems);
                }
                return problems;
            }

            /**
             * What the server refuses at its start (guc_tables.c, postmaster.c, xlog.c), though ALTER SYSTEM takes each value for itself.
             */
            private void rules(Map<String, String> planned, List<String> problems) {
                for (var name : planned.keySet()) {
                    if (gucs.get(name).isOutside(planned.get(name))) {
                        problems.add(name + " = " + planned.get(name) + " is not a value that it takes");
                    }
                }
                var segments = 2 * gucs.next("wal_segment_size");
                Stream.of("min_wal_size", "max_wal_size").filter(name -> value(name, planned) < segments)
                        .forEach(name -> problems.add(name + " is less than two WAL files, " + shown(segments)));
                var reserved = value("superuser_reserved_connections", planned) + value("reserved_connections", planned);
                if (reserved >= value("max_connections", planned)) {
                    problems.add(String.format(Locale.ROOT, "max_connections = %.0f leaves nothing beside %.0f reserved connections",
                            value("max_connections", planned), reserved));
                }
                if (backends(planned) > 262_143) {
                    problems.add("connections and workers together are more than 262143");
                }
                if (word("wal_level", planned).equals("minimal") && (value("max_wal_senders", planned) > 0 || !word("archive_mode", planned)
                        .equals("off"))) {
                    problems.add("wal_level = minimal allows neither max_wal_senders nor archive_mode");
                }
                for (var name : context.standby ? List.of("max_connections", "max_worker_processes", "max_wal_senders",
                        "max_prepared_transactions", "max_locks_per_transaction") : List.<String>of()) {
                    if (value(name, planned) < gucs.get(name).running()) {
                        problems.add(name + " may be lowered on a standby only after its primary");
                    }
                }
            }

            /** Libraries that a line waits to preload and that are not there: only where the folder can be seen. */
            private void libraries(List<String> problems) {
                var preload = gucs.get("shared_preload_libraries");
                if (machine.server == null || preload == null || preload.next().isBlank() || preload.next()
                        .equals(preload.row.text("setting"))) {
                    return;
                }
                try {
                    var folder = Path.of(context.text("select setting from pg_config where name = 'PKGLIBDIR'"));
                    Stream.of(preload.next().split(",")).map(each -> each.strip().replaceAll("^[\"']|[\"']$", "").replace("$libdir/", ""))
                            .filter(each -> Files.isDirectory(folder)
                            && !each.isEmpty() && Stream.of("", ".so", ".dylib", ".dll")
                            .noneMatch(suffix -> Files.exists(folder.resolve(each + suffix))))
                            .forEach(each -> problems.add("shared_preload_libraries names " + each + ", which is not in " + folder));
                } catch (SQLException unseen) {
                    context.detail("pg_config may not be read: " + unseen.getMessage());
                }
            }

            private void fits(Map<String, String> planned, List<String> problems) {
                var share = value("shared_buffers", planned) / machine.memory;
                if (share > 0.4) {
                    problems.add(String.format(Locale.ROOT,
                            "shared_buffers is %.0f %% of %s of memory; more than 40 %% leaves too little for work and the kernel's cache",
                            100 * share, shown(machine.memory)));
                }
                if (sharedMemory(planned) > 0.95 * machine.memory) {
                    problems.add("shared memory of about " + size(sharedMemory(planned)) + " is more than there is");
                }
            }

            /**
             * What the kernel refuses, or ends the server for later. Shared memory is one mapping (sysv_shmem.c), which counts in full
             * though few of its pages are used at first.
             */
            private void kernel(Map<String, String> planned, List<String> problems) {
                var kernel = machine.kernel;
                var need = sharedMemory(planned);
                var words = "the server needs about " + size(need) + " of shared memory, ";
                var mode = Objects.toString(kernel.read("proc/sys/vm/overcommit_memory"), "0");
                var all = kernel.meminfo("MemTotal") + Math.max(0, kernel.meminfo("SwapTotal"));
                var left = kernel.meminfo("CommitLimit") - kernel.meminfo("Committed_AS") + sharedNow;
                if (mode.equals("0") && need > all) {
                    problems.add(words + "and the kernel (vm.overcommit_memory = 0) grants no more than all of memory and swap, "
                            + size(all));
                } else if (mode.equals("2") && need > left) {
                    problems.add(words + "and the kernel (vm.overcommit_memory = 2) has " + size(left) + " left to commit");
                }
                if (need > kernel.memoryLimit(machine.server)) {
                    problems.add(words + "and its control group may use " + size(kernel.memoryLimit(machine.server)));
                }
                if (need > kernel.limit(machine.server, "Max address space")) {
                    problems.add(words + "more than its limit of address space (ulimit -v)");
                }
                if (word("shared_memory_type", planned).equals("sysv")
                        && need > Math.min(kernel.number("proc/sys/kernel/shmmax"), 4096 * kernel.number("proc/sys/kernel/shmall"))) {
                    problems.add(words + "more than kernel.shmmax or kernel.shmall grant for shared_memory_type = sysv");
                }
                hugePages(planned, need, problems);
                ioUring(planned, problems);
            }

            /** With huge_pages = on the pages must be there; with try the server takes ordinary ones instead (manual, 18.4.5). */
            private void hugePages(Map<String, String> planned, double need, List<String> problems) {
                var size = machine.kernel.meminfo("Hugepagesize");
                if (word("huge_pages", planned).equals("on") && size > 0) {
                    var own = word("huge_pages", Map.of()).equals("on") && !gucs.get("huge_pages").row.flag("pending_restart")
                            ? sharedNow / size : 0;
                    var free = machine.kernel.meminfo("HugePages_Free") + own;
                    if (need / size > free) {
                        problems.add(String.format(Locale.ROOT,
                                "huge_pages = on needs %.0f pages of %s, and %.0f are free: vm.nr_hugepages", Math.ceil(need / size),
                                shown(size), free));
                    }
                }
            }

            /** Each process that may run has a ring, and each ring a file that the first process opens (method_io_uring.c). */
            private void ioUring(Map<String, String> planned, List<String> problems) {
                if (word("io_method", planned).equals("io_uring") && !gucs.get("io_method").row.text("setting").equals("io_uring")) {
                    var disabled = Objects.toString(machine.kernel.read("proc/sys/kernel/io_uring_disabled"), "0");
                    var files = machine.kernel.limit(machine.server, "Max open files");
                    if (!disabled.equals("0")) {
                        problems.add("io_method = io_uring: the kernel does not allow it (kernel.io_uring_disabled = " + disabled + ")");
                    }
                    if (files < backends(planned) + 150) {
                        problems.add(String.format(Locale.ROOT,
                                "io_method = io_uring opens a file for each of %.0f processes at the start, and the limit is %.0f "
                                + "(ulimit -n)", backends(planned), files));
                    }
                    if (Objects.toString(machine.kernel.read("proc/" + machine.server + "/cgroup"), "")
                            .matches("(?s).*(docker|kubepods|containerd|libpod).*")) {
                        problems.add("io_method = io_uring: containers mostly refuse it (seccomp), and then the server does not start");
                    }
                }
            }

            /** What lets the server start and may yet end it: said, not refused. */
            String doubt(Map<String, String> planned) {
                var most = sharedMemory(planned) + value("max_connections", planned) * (BACKEND + value("work_mem", planned));
                return machine.memory == null || most <= machine.memory ? null
                        : String.format(Locale.ROOT, "if all %.0f connections are used, each with its own %s and one work_mem of %s, it "
                        + "takes %s beside"
                        + " the %s that there are: fewer connections (max_connections, a pooler) would be safer",
                        value("max_connections", planned), size(BACKEND), shown(value("work_mem", planned)), size(most),
                        size(machine.memory));
            }
        }

        // --- kind settings ---

        static final class Tuning implements Kind {
            final Options options;

            Tuning(Options options) {
                this.options = options;
            }

            @Override
            public String name() {
                return "settings";
            }

            @Override
            public void plan(Context context, Plan plan) throws SQLException {
                var gucs = new Gucs(context);
                var machine = Machine.of(options, context, new Kernel(Path.of("/")));
                var signals = Signals.of(context);
                var inferred = options.load == null ? signals.load() : new Inferred(options.load, options.load + ", as given");
                var proposals = new LinkedHashMap<String, Proposal>();
                new Rules(gucs, machine, inferred.load, signals, free(context, machine)).all()
                        .forEach(proposal -> proposals.put(proposal.name, proposal));
                wishes(context, gucs).forEach((name, value) -> proposals.put(name, new Proposal(name, value, true, "as you asked")));
                var start = new Start(gucs, machine, context);
                var writer = new Writer(name(), options, context, gucs);
                var planned = new LinkedHashMap<String, String>();
                for (var proposal : proposals.values()) {
                    if (writer.stands(proposal)) {
                        planned.put(proposal.name, proposal.value);
                    }
                }
                var heldBack = heldBack(context, gucs, start, signals, planned);
                var pgtune = machine.memory == null ? Map.<String, String>of()
                        : pgtune(machine.memory, machine.cpus == null ? 0 : machine.cpus, machine.disk, inferred.load, context.version);
                var timescale = machine.memory == null ? Map.<String, String>of()
                        : timescaledbTune(machine.memory, machine.cpus == null ? 1 : machine.cpus, context.version);
                for (var proposal : proposals.values()) {
                    writer.add(proposal, pgtune.get(proposal.name), timescale.get(proposal.name), heldBack.get(proposal.name));
                }
                writer.changes.stream().sorted(Comparator.comparing(change -> change.restart)).forEach(plan::add);
                plan.data("machine", facts(machine, inferred));
                plan.data("signals", signals.facts());
                plan.data("start", verdict(machine, start, planned, writer));
                plan.data("settings", writer.table);
                explain(context, plan, gucs, machine, signals, writer, start, planned);
            }

            /** Free bytes where the write-ahead log lies; -1 if that cannot be seen. */
            private static double free(Context context, Machine machine) throws SQLException {
                var data = machine.server == null ? null : context.text("select setting from pg_settings where name = 'data_directory'");
                for (var place = data == null ? null : Path.of(data).resolve("pg_wal"); place != null; place = place.getParent()) {
                    try {
                        return Files.getFileStore(place).getUsableSpace();
                    } catch (IOException hidden) {
                        context.detail("may not be looked into: " + place);
                    }
                }
                return -1;
            }

            /**
             * The user's own values, by --set and by lines settings.NAME = VALUE of --config; nonsense is refused before anything is done.
             */
            private Map<String, String> wishes(Context context, Gucs gucs) {
                var wishes = new LinkedHashMap<String, String>();
                context.config().forEach((key, value) -> {
                    if (key.startsWith("settings.")) {
                        wishes.put(key.substring("settings.".length()).toLowerCase(Locale.ROOT), value);
                    }
                });
                options.set.forEach((name, value) -> wishes.put(name.toLowerCase(Locale.ROOT), value));
                wishes.forEach((name, value) -> {
                    var guc = gucs.get(name);
                    if (guc == null || guc.context().equals("internal")) {
                        throw context.wrong("--set " + name + ": there is no such setting here, or it cannot be set");
                    } else if (Gucs.LISTS.contains(name)) {
                        throw context.wrong("--set " + name + ": a list is set by hand, ALTER SYSTEM SET " + name + " = 'a', 'b'");
                    } else if (guc.isOutside(value)) {
                        throw context.wrong("--set " + name + "=" + value + ": not a value that it takes ("
                                + (guc.isNumber() ? guc.row.text("min_val") + " to " + guc.row.text("max_val")
                                + (guc.row.has("unit") ? " in " + guc.row.text("unit") : "") : guc.row.has("enumvals")
                                ? String.join(", ", guc.row.list("enumvals")) : guc.row.text("vartype")) + ")");
                    }
                });
                return wishes;
            }

            /** Settings that are shown, and not written: with them the server would not start, or a standby of it would stop. */
            private Map<String, String> heldBack(Context context, Gucs gucs, Start start, Signals signals, Map<String, String> planned) {
                var held = new LinkedHashMap<String, String>();
                var problems = start.problems(planned);
                var already = start.problems(Map.of());
                for (var name : planned.keySet()) {
                    var problem = problems.stream().filter(each -> !already.contains(each)).findFirst()
                            .orElse(problems.isEmpty() ? null : problems.get(0));
                    var mends = already.stream().anyMatch(each -> each.startsWith(name + " ")) && problems.stream()
                            .noneMatch(each -> each.startsWith(name + " "));
                    var matters = gucs.get(name).needsRestart() && !mends || problem != null && problem.startsWith(name + " ");
                    if (problem != null && matters && !context.script.manner.force) {
                        held.put(name, "the server would not start, or not be well: " + problem + " (--force writes it all the same)");
                    } else if (signals.standbys && !context.standby && name.equals("max_worker_processes")) {
                        held.put(name, "standbys stop unless they have the larger value first (manual, 26.4.3): raise it there, restart "
                                + "them, then here");
                    }
                }
                return held;
            }

            private static Map<String, Object> facts(Machine machine, Inferred inferred) {
                var facts = machine.facts();
                facts.put("load", inferred.words);
                return facts;
            }

            private static Map<String, Object> verdict(Machine machine, Start start, Map<String, String> planned, Writer writer) {
                var facts = new LinkedHashMap<String, Object>();
                facts.put("at_once", String.join(", ", names(writer, false)));
                facts.put("at_the_next_start", String.join(", ", names(writer, true)));
                var problems = start.problems(planned);
                facts.put("will_start", problems.isEmpty() ? machine.server != null ? "yes"
                        : "yes, as far as can be seen from here: the limits of the server's kernel cannot" : "no: "
                        + String.join("; ", problems));
                facts.put("shared_memory", size(start.sharedNow) + " now, about " + size(start.sharedMemory(planned))
                        + " with what is advised");
                if (start.doubt(planned) != null) {
                    facts.put("doubt", start.doubt(planned));
                }
                return facts;
            }

            private static void explain(Context context, Plan plan, Gucs gucs, Machine machine, Signals signals, Writer writer,
                    Start start, Map<String, String> planned) {
                plan.examine(writer.table.size(), writer.table.size(), "setting");
                if (machine.memory == null || machine.cpus == null || machine.disk == null) {
                    var missing = Stream.of(machine.memory == null ? "--memory 16GB" : "", machine.cpus == null ? "--cpus 4" : "",
                            machine.disk == null ? "--disk ssd" : "").filter(each -> !each.isEmpty());
                    plan.skip(Blind.setup, machine.server == null
                            ? "the server is on another machine, in a container or not on Linux, and what that has is not known: "
                            + "settings that depend on it were left out"
                            : "the kind of disk could not be told: settings that depend on it were left out", "give "
                            + missing.collect(Collectors.joining(" ")));
                }
                if (!gucs.sees) {
                    plan.skip(Blind.privilege, "the role " + context.role
                            + " may not see the configuration files, so no value that waits there",
                            "GRANT SELECT ON pg_catalog.pg_file_settings TO " + quote(context.role)
                            + "; GRANT EXECUTE ON FUNCTION pg_catalog.pg_show_all_file_settings() TO " + quote(context.role) + ";");
                }
                var waiting = gucs.all.values().stream().filter(guc -> guc.row.flag("pending_restart") && !planned.containsKey(guc.name)
                        && !guc.isNear(guc.row.text("setting")))
                        .map(guc -> guc.name + " = " + guc.next()).toList();
                if (!waiting.isEmpty()) {
                    plan.note("a restart also brings what already waits for it: " + String.join(", ", waiting));
                }
                for (var problem : start.problems(Map.of())) {
                    plan.note("as it is now the next start is in danger: " + problem);
                }
                var restart = names(writer, true);
                if (!restart.isEmpty()) {
                    plan.note("should the server not start afterwards: delete the lines of " + String.join(", ", restart)
                            + " from postgresql.auto.conf in its data directory, or --undo before");
                }
                var pages = machine.kernel.meminfo("Hugepagesize");
                if (machine.server != null && start.sharedMemory(planned) > 8 * Rules.GB && machine.kernel.meminfo("HugePages_Total") == 0
                        && pages > 0) {
                    plan.note(String.format(Locale.ROOT, "huge pages would spare page tables: vm.nr_hugepages = %.0f, then a restart",
                            Math.ceil(start.sharedMemory(planned) / pages)));
                }
                var shared = sharedFiles(machine);
                if (shared < 256 << 20 && gucs.get("dynamic_shared_memory_type").next().equals("posix")) {
                    plan.note("/dev/shm is of " + size(shared)
                            + ": parallel queries and CREATE INDEX fail when it is full (docker run --shm-size)");
                }
                if (signals.connections > 0.8 * gucs.next("max_connections")) {
                    plan.note(String.format(Locale.ROOT, "%.0f of %.0f connections are in use: a pooler serves more clients than a "
                            + "larger max_connections", signals.connections, gucs.next("max_connections")));
                }
            }

            /** The room for the shared memory of parallel queries, where the server sees the same files as we do; else without end. */
            private static double sharedFiles(Machine machine) {
                try {
                    return machine.server == null ? Double.POSITIVE_INFINITY
                            : Files.getFileStore(Path.of("/proc/" + machine.server + "/root/dev/shm")).getTotalSpace();
                } catch (IOException hidden) {
                    return Double.POSITIVE_INFINITY;
                }
            }

            private static List<String> names(Writer writer, boolean restart) {
                return writer.changes.stream().filter(change -> change.restart == restart && change.manual == null)
                        .map(change -> change.object).toList();
            }
        }

        // --- kind slow-log ---

        /**
         * How long statements take, from pg_stat_statements, by the columns of the extension's own version (1.8 renamed the times, 1.9
         * tells since when).
         */
        static final class Statements {
            /** One normalized statement: times in milliseconds, its text in bytes. */
            record Statement(double calls, double mean, double deviation, double least, double most, double length) {
                /** The share of calls that take longer, as if times were distributed log-normally between the least and the most seen. */
                double above(double limit) {
                    if (limit >= most) {
                        return 0;
                    } else if (limit < least || mean <= 0) {
                        return 1;
                    } else if (deviation <= 0) {
                        return mean > limit ? 1 : 0;
                    }
                    var variance = Math.log(1 + deviation * deviation / (mean * mean));
                    return Math.max(1 / calls, 1 - normal((Math.log(limit) - Math.log(mean) + variance / 2) / Math.sqrt(variance)));
                }

                /** The standard normal distribution, to 5 digits (Abramowitz and Stegun, 26.2.17). */
                static double normal(double x) {
                    var t = 1 / (1 + 0.2316419 * Math.abs(x));
                    var tail = Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI) * t * (0.319381530
                            + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
                    return x < 0 ? tail : 1 - tail;
                }
            }

            /** Fewer calls say nothing. */
            static final double CALLS = 1000;
            /** What a line of the log has besides the statement's text, in bytes. */
            static final double LINE = 400;

            List<Statement> all = List.of();
            double minutes;
            String why; // there are none

            static Statements of(Context context) throws SQLException {
                var found = new Statements();
                var extension = context.extension("pg_stat_statements");
                if (extension == null) {
                    found.why = "the extension pg_stat_statements is not in this database";
                    return found;
                }
                var exec = extension.atLeast(1, 8) ? "_exec" : "";
                try {
                    found.all = context.query(("select calls::float8 as calls, mean@_time::float8 as mean, stddev@_time::float8 as "
                            + "deviation, min@_time::float8 as least, max@_time::float8 as most,"
                            + " coalesce(octet_length(query), 200)::float8 as length from " + extension.schema()
                            + ".pg_stat_statements where calls > 0").replace("@", exec)).stream()
                            .map(row -> new Statement(row.real("calls"), row.real("mean"), row.real("deviation"), row.real("least"),
                            row.real("most"), row.real("length"))).toList();
                    found.minutes = Math.max(0.001, context.one("select extract(epoch from clock_timestamp() - "
                            + (extension.atLeast(1, 9) ? "(select stats_reset from " + extension.schema()
                            + ".pg_stat_statements_info)" : "pg_postmaster_start_time()") + ")::float8 / 60 as minutes").real("minutes"));
                    found.why = found.calls() < CALLS ? String.format(Locale.ROOT, "pg_stat_statements has %,.0f calls: too few",
                            found.calls()) : null;
                } catch (SQLException e) {
                    if (context.isLost(e)) {
                        throw e;
                    }
                    found.why = "pg_stat_statements is not to be read: " + explain(e);
                }
                return found;
            }

            double calls() {
                return all.stream().mapToDouble(each -> each.calls).sum();
            }

            /** Lines per minute if all above a limit were logged. */
            double lines(double limit) {
                return all.stream().mapToDouble(each -> each.calls * each.above(limit)).sum() / minutes;
            }

            /** Bytes of log per minute: text, what stands before it, and parameters. */
            double bytes(double limit) {
                return all.stream().mapToDouble(each -> each.calls * each.above(limit) * (each.length + LINE)).sum() / minutes;
            }

            double quantile(double share) {
                var low = 0.001;
                var high = 1e9;
                for (var i = 0; i < 60; i++) {
                    var middle = Math.sqrt(low * high);
                    if (lines(middle) * minutes > (1 - share) * calls()) {
                        low = middle;
                    } else {
                        high = middle;
                    }
                }
                return high;
            }
        }

        static final class SlowLog implements Kind {
            /** Thresholds that people remember, in milliseconds. */
            static final List<Integer> STEPS = List.of(10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 60_000, 120_000,
                    300_000, 600_000, 3_600_000);
            static final int LEAST = 100;
            /** Of what may be logged this much is for what is slow, the rest for samples of what is not. */
            static final double SLOW = 2 / 3.0;

            final Options options;

            SlowLog(Options options) {
                this.options = options;
            }

            @Override
            public String name() {
                return "slow-log";
            }

            @Override
            public void plan(Context context, Plan plan) throws SQLException {
                if (!(options.logLines > 0)) {
                    throw context.wrong("--log-lines is a number of lines per minute");
                }
                var volume = Machine.bytes(context, "--log-volume", options.logVolume) / 1440;
                var gucs = new Gucs(context);
                var writer = new Writer(name(), options, context, gucs);
                var statements = Statements.of(context);
                var facts = new LinkedHashMap<String, Object>();
                if (gucs.get("log_min_duration_statement") == null) {
                    plan.skip(Blind.privilege, "the role " + context.role + " may not see what is logged", "GRANT pg_read_all_settings TO "
                            + quote(context.role) + ";");
                    return;
                }
                for (var proposal : statements.why == null ? measured(gucs, statements, volume, facts)
                        : guessed(gucs, Signals.of(context), statements.why, facts)) {
                    writer.add(proposal, null, null, null);
                }
                var parameters = gucs.get("log_parameter_max_length");
                if (parameters != null) { // 13 and later
                    var reason = "the values of bind parameters are logged beside a slow statement; unlimited they may be of any size";
                    writer.add(new Proposal(parameters.name, "1kB", false, reason), null, null, null);
                }
                writer.changes.forEach(plan::add);
                facts.put("written_to", destination(gucs));
                plan.data("slow_log", facts);
                plan.data("settings", writer.table);
                plan.examine(statements.all.size(), statements.all.size(), "statement");
                for (var name : List.of("log_statement", "log_duration")) {
                    if (gucs.get(name) != null && List.of("all", "mod", "on").contains(gucs.get(name).next())) {
                        plan.note(name + " = " + gucs.get(name).next()
                                + " logs statements whatever their time: the limits here do not count those");
                    }
                }
            }

            /**
             * The lowest threshold that keeps to lines and volume; below it a sample of the rest (13 and later). What is set already stays
             * if it keeps to them too.
             */
            private List<Proposal> measured(Gucs gucs, Statements statements, double volume, Map<String, Object> facts) {
                var lines = SLOW * options.logLines;
                var limit = STEPS.stream().filter(step -> step >= LEAST && statements.lines(step) <= lines
                        && statements.bytes(step) <= SLOW * volume).findFirst().orElse(STEPS.get(STEPS.size() - 1));
                var now = gucs.get("log_min_duration_statement").nextNumber();
                var floods = now >= 0 && (statements.lines(now) > options.logLines || statements.bytes(now) > volume);
                facts.put("measured", String.format(Locale.ROOT,
                        "%,.0f calls of %s in %,.0f min: half take up to %s, 99 %% up to %s, 99.9 %% up to %s", statements.calls(),
                        count(statements.all.size(), "statement"),
                        statements.minutes, time(statements.quantile(0.5)), time(statements.quantile(0.99)),
                        time(statements.quantile(0.999))));
                facts.put("expected", String.format(Locale.ROOT, "above %s: %.1f lines a minute, %s a day", time(limit),
                        statements.lines(limit), size(1440 * statements.bytes(limit))));
                var proposals = new ArrayList<Proposal>();
                proposals.add(new Proposal("log_min_duration_statement", value(limit), floods,
                        String.format(Locale.ROOT, "the lowest that logs at most %.1f lines a minute and %s a day; now %s", lines,
                        size(SLOW * volume * 1440),
                        now < 0 ? "nothing is logged" : String.format(Locale.ROOT, "%.1f lines and %s", statements.lines(now),
                        size(1440 * statements.bytes(now))))));
                if (gucs.get("log_min_duration_sample") != null && (floods || now < 0 || now == limit)) {
                    sample(gucs, statements, volume, limit, facts, proposals);
                }
                return proposals;
            }

            /** One of so many of the statements that take a tenth of the threshold and more: what is frequent and middling shows too. */
            private void sample(Gucs gucs, Statements statements, double volume, int limit, Map<String, Object> facts,
                    List<Proposal> proposals) {
                var from = STEPS.stream().filter(step -> step * 10 >= limit).findFirst().orElse(limit);
                var more = statements.lines(from) - statements.lines(limit);
                var bytes = statements.bytes(from) - statements.bytes(limit);
                if (from < limit && more > 0.01) {
                    var rate = Math.min(1, Math.min((1 - SLOW) * options.logLines / more, (1 - SLOW) * volume / bytes));
                    var scale = Math.pow(10, Math.floor(Math.log10(rate)));
                    var neat = String.format(Locale.ROOT, "%s", BigDecimal.valueOf(Math.floor(rate / scale + 1e-9) * scale)
                            .round(new MathContext(1)).stripTrailingZeros().toPlainString());
                    var words = String.format(Locale.ROOT,
                            "%.1f statements a minute take %s to %s: a sample of them is %.1f lines a minute", more, time(from),
                            time(limit), more * Double.parseDouble(neat));
                    facts.put("sampled", words);
                    proposals.add(new Proposal("log_statement_sample_rate", neat, false, words));
                    proposals.add(new Proposal("log_min_duration_sample", value(from), false, words));
                }
            }

            /**
             * Nothing measured: a second, or where the server counts the time of its sessions (14 and later) twenty times the mean of a
             * transaction.
             */
            private static List<Proposal> guessed(Gucs gucs, Signals signals, String why, Map<String, Object> facts) {
                var mean = 1000 * signals.activeSeconds / signals.transactions;
                var limit = signals.activeSeconds > 0 && signals.transactions >= Signals.TRANSACTIONS ? STEPS.stream()
                        .filter(step -> step >= 200 && step >= 20 * mean).findFirst().orElse(10_000) : 1000;
                facts.put("measured", "nothing: " + why);
                var from = limit == 1000 ? "" : ", twenty times the mean of a transaction";
                return List.of(new Proposal("log_min_duration_statement", value(Math.min(10_000, limit)), false, "a guess" + from
                        + ", for " + why + "; how many lines that makes is not known: look again after a day"));
            }

            private static String value(int millis) {
                return millis % 1000 == 0 ? millis / 1000 + "s" : millis + "ms";
            }

            private static String destination(Gucs gucs) {
                var collector = gucs.get("logging_collector");
                var places = gucs.get("log_destination").shown();
                var rotates = gucs.get("log_rotation_age").nextNumber() > 0 || gucs.get("log_rotation_size").nextNumber() > 0;
                return collector.next().equals("on") ? places + " by the logging collector"
                        + (rotates ? "" : "; it never begins a new file (log_rotation_age, log_rotation_size)")
                        : places + ", kept by whatever started the server: see that it is rotated";
            }

            private static String time(double millis) {
                return millis < 1 ? String.format(Locale.ROOT, "%.2f ms", millis) : millis < 1000
                        ? String.format(Locale.ROOT, "%.0f ms", millis) : String.format(Locale.ROOT, "%.1f s", millis / 1000)
                        .replace(".0 s", " s");
            }
        }
    }

    // --- tasks that come back: materialized views, partitions, old rows ---

    static final class Tasks {
        static class Options {
            @Option(names = "--every", paramLabel = "TIME",
                    description = "Refresh the materialized views again and again, e.g. every 60s; what a slow round overlaps is left out.")
            String every;

            @Option(names = "--rounds", paramLabel = "N", description = "With --every: end after so many rounds.")
            Integer rounds;

            @Option(names = "--allow-blocking",
                    description = "Also what lets others wait for long: a refresh without CONCURRENTLY, many rows moved out of a default "
                    + "partition.")
            boolean allowBlocking;

            @Option(names = "--ahead", paramLabel = "N",
                    description = "How many partitions to keep ready beyond the present one (default: 3).")
            Integer ahead;

            @Option(names = "--retain", paramLabel = "[TABLE=]AGE",
                    description = "Detach and drop the partitions that are older, e.g. \"24 months\"; with TABLE= if several tables are "
                    + "partitioned by time.")
            List<String> retain = List.of();

            @Option(names = "--keep", description = "With --retain: only detach them, and keep them as tables of their own.")
            boolean keep;

            @Option(names = "--purge", paramLabel = "TABLE",
                    description = "Delete the rows of TABLE that are older than --days, batch by batch.")
            String purge;

            @Option(names = "--days", paramLabel = "N", description = "How old rows may become (else as --config says).")
            Integer days;

            @Option(names = "--column", paramLabel = "NAME",
                    description = "The column that says how old a row is (else found by its type and name).")
            String column;

            @Option(names = "--archive", paramLabel = "FILE",
                    description = "Write rows to FILE (.csv or .csv.gz) before they are deleted; for several tables a folder.")
            Path archive;

            @Option(names = "--restore", paramLabel = "FILE",
                    description = "With --purge TABLE: put the rows of an archive back, and delete nothing.")
            Path restore;

            @Option(names = "--cascade",
                    description = "Delete also if foreign keys will delete or change rows of other tables; how many is shown before.")
            boolean cascade;

            @Option(names = "--budget", paramLabel = "TIME",
                    description = "Stop deleting after so long, e.g. 10m; the next run goes on there.")
            String budget;

            @Option(names = "--batch", paramLabel = "ROWS",
                    description = "At most so many rows in a transaction (default: 20000); fewer if they take longer than 250 ms.")
            Integer batch;

            @Option(names = "--max-lag", paramLabel = "MB", description = "Pause while a standby is further behind (default: 64).")
            Integer maxLag;
        }

        static List<Kind> kinds(Options options) {
            return List.of(new Purge(options), new Partitions(options), new Matviews(options));
        }

        /**
         * A round every so often, until somebody ends it: with jitter, so that many machines do not begin together, and never two at a
         * time, as what a slow round overlaps is left out. A round that fails (the server restarts, a network is gone) is reported, and
         * the next one tries again.
         */
        static int loop(optimize_postgres script, Callable<Integer> round) throws Exception {
            var options = script.tasks;
            var every = time(script, "--every", options.every).toNanos();
            if (every <= 0 || script.output.json || options.rounds != null && options.rounds < 1) {
                throw script.wrong(script.output.json ? "--every prints one report after the other, which --json does not allow"
                        : "--every and --rounds are more than nothing");
            }
            var code = 0;
            for (var done = 1;; done++) {
                var began = System.nanoTime();
                try {
                    code = round.call();
                } catch (SQLException | Failed e) {
                    code = script.database.report(e);
                }
                if (options.rounds != null && done >= options.rounds) {
                    return code;
                }
                var rounds = Math.max(1, (System.nanoTime() - began + every - 1) / every);
                if (rounds > 1) {
                    script.warn("that round took " + Duration.ofNanos(System.nanoTime() - began).toSeconds() + " s: "
                            + count(rounds - 1, "round") + " left out");
                }
                var jitter = (long) (every * 0.1 * (Math.random() - 0.5));
                TimeUnit.NANOSECONDS.sleep(Math.max(0, began + rounds * every + jitter - System.nanoTime()));
            }
        }

        static Duration time(optimize_postgres script, String option, String text) {
            try {
                return duration(text);
            } catch (IllegalArgumentException e) {
                throw script.wrong(option + ": " + e.getMessage());
            }
        }

        @SafeVarargs
        static String[] texts(List<String>... lists) {
            return Stream.of(lists).flatMap(List::stream).toArray(String[]::new);
        }

        /**
         * The rows in so many pages of a table; before 14, which cannot scan a range of row addresses, by each address there could be
         * (MaxHeapTuplesPerPage).
         */
        static String pages(Context context, long from, long to) throws SQLException {
            return context.version >= 14 ? "ctid >= '(%d,0)' AND ctid < '(%d,0)'".formatted(from, to)
                    : ("ctid = ANY (ARRAY(SELECT format('(%%s,%%s)', page, row)::tid FROM generate_series(%d, %d) page,"
                    + " generate_series(1, (current_setting('block_size')::int - 24) / 28) row))").formatted(from, to - 1);
        }

        /** The name of a relation, as SQL wants it and people read it. */
        static String pathOf(Context context, Row relation) {
            return context.ident(relation.text("nspname")) + "." + context.ident(relation.text("relname"));
        }

        /** Something could not be looked at, a table that is locked for one; the others go on. */
        static void unseen(Context context, Plan plan, String what, SQLException e) throws SQLException {
            if (context.isLost(e)) {
                throw e;
            }
            plan.skip(Context.blind(e), what + ": " + explain(e), null);
        }

        /** A table as the user names it: its name, with or without schema, quoted or not; upper case is tried last, as in SQL. */
        record Table(long oid, String schema, String name, String kind, String path) {
            static Table find(Context context, String wanted) throws SQLException {
                for (var name : List.of(wanted, wanted.toLowerCase(Locale.ROOT))) {
                    var found = context.query("""
                            select c.oid::bigint as oid, n.nspname, c.relname, c.relkind::text as kind from pg_class c join pg_namespace n
                                on n.oid = c.relnamespace
                            where c.relkind in ('r', 'p') and ? in (c.relname, n.nspname || '.' || c.relname, quote_ident(c.relname),
                                quote_ident(n.nspname) || '.' || quote_ident(c.relname)) and\s""" + Context.USERS + " order by 2", name);
                    if (found.size() > 1) {
                        throw context.wrong("there are several tables " + wanted + ": "
                                + found.stream().map(row -> row.text("nspname") + "." + row.text("relname"))
                                .collect(Collectors.joining(", ")));
                    } else if (found.size() == 1) {
                        var row = found.get(0);
                        return new Table(row.number("oid"), row.text("nspname"), row.text("relname"), row.text("kind"),
                                pathOf(context, row));
                    }
                }
                throw context.wrong("there is no table " + wanted + " (or it is a view, or one of the system's)");
            }

            String plainName() {
                return schema + "." + name;
            }

            /** The columns that can be written, in order: all but the generated ones. */
            List<String> columns(Context context) throws SQLException {
                return context.query("select attname from pg_attribute where attrelid = ?::oid and attnum > 0 and not attisdropped and "
                        + "attgenerated = '' order by attnum", oid)
                        .stream().map(row -> context.ident(row.text("attname"))).toList();
            }
        }

        // --- materialized views ---

        /**
         * Refreshes materialized views, those first that others read; CONCURRENTLY where the server can (manual, REFRESH MATERIALIZED
         * VIEW).
         */
        static final class Matviews implements Kind {
            /**
             * A unique index that CONCURRENTLY can use: valid, at once, of plain columns, for all rows (matview.c,
             * is_usable_unique_index).
             */
            static final String USABLE = "i.indisunique and i.indisvalid and i.indimmediate and i.indpred is null and 0 < all "
                    + "(i.indkey::int2[])";

            final Options options;

            Matviews(Options options) {
                this.options = options;
            }

            @Override
            public String name() {
                return "matviews";
            }

            @Override
            public boolean exclusive() {
                return false;
            }

            record View(String name, String size, boolean filled, String refresh, String reason, String after) {
            }

            @Override
            public void plan(Context context, Plan plan) throws SQLException {
                var views = new LinkedHashMap<String, Row>();
                for (var row : context.query("""
                        select c.oid::text as oid, n.nspname, c.relname, c.relispopulated as filled, c.relpages::bigint *
                            current_setting('block_size')::int as bytes,
                            pg_has_role(c.relowner, 'usage') %s as may, quote_ident(pg_get_userbyid(c.relowner)) as owner,
                            exists (select 1 from pg_index i where i.indrelid = c.oid and %s) as has_key,
                            array(select format('%%s %%s', x.relname, case when not i.indisvalid then 'is invalid' when i.indpred is not
                                null then 'covers only some rows'
                                when not i.indimmediate then 'is deferrable' else 'is on an expression' end)
                                from pg_index i join pg_class x on x.oid = i.indexrelid where i.indrelid = c.oid and i.indisunique and not
                                    (%s) order by 1) as unusable,
                            array(select s.attname::text from pg_stats s where s.schemaname = n.nspname and s.tablename = c.relname and
                                s.n_distinct = -1 and s.null_frac = 0
                                order by 1) as distinct_columns
                        from pg_class c join pg_namespace n on n.oid = c.relnamespace
                        where c.relkind = 'm' and %s order by n.nspname,
                            c.relname""".formatted(context.version >= 17 ? "or has_table_privilege(c.oid, 'maintain')" : "",
                        USABLE, USABLE, Context.USERS))) {
                    views.put(row.text("oid"), row);
                }
                var needs = needs(context, views.keySet());
                var shown = new ArrayList<View>();
                for (var oid : inOrder(needs)) {
                    var change = change(context, plan, views.get(oid));
                    var row = views.get(oid);
                    shown.add(new View(row.text("nspname") + "." + row.text("relname"), size(row.number("bytes")), row.flag("filled"),
                            change == null ? "not by this role" : change.manual != null ? "not by itself" : change.sql.get(0)
                            .contains("CONCURRENTLY") ? "concurrently" : "at once",
                            change == null ? "" : change.reason, needs.get(oid).stream().map(views::get)
                            .map(view -> view.text("nspname") + "." + view.text("relname")).collect(Collectors.joining(", "))));
                }
                plan.examine(views.size(), views.size(), "materialized view");
                if (!shown.isEmpty()) {
                    plan.data("matviews", shown);
                }
            }

            /**
             * Which materialized views each one reads, itself or through views and through functions whose bodies are parsed (14+). What a
             * rule of a relation or a function uses is in pg_depend (manual, 53.18); a body that is a string is not.
             */
            private static Map<String, List<String>> needs(Context context, Set<String> views) throws SQLException {
                var needs = new LinkedHashMap<String, List<String>>();
                views.forEach(view -> needs.put(view, new ArrayList<>()));
                for (var row : context.query("""
                        with recursive uses (view, class, object) as (
                            select oid, 'pg_class'::regclass::oid, oid from pg_class where relkind = 'm'
                            union
                            select u.view, d.refclassid, d.refobjid
                            from uses u left join pg_rewrite r on u.class = 'pg_class'::regclass and r.ev_class = u.object
                            join pg_depend d on d.classid = case when r.oid is null then 'pg_proc'::regclass else 'pg_rewrite'::regclass end
                                and d.objid = case when r.oid is not null then r.oid when u.class = 'pg_proc'::regclass then u.object end
                            where d.refclassid in ('pg_class'::regclass, 'pg_proc'::regclass) and d.refobjid >= 16384)
                        select distinct u.view::text as view, u.object::text as needs from uses u join pg_class c on c.oid = u.object and
                            c.relkind = 'm'
                        where u.class = 'pg_class'::regclass and u.view <> u.object""")) {
                    if (views.contains(row.text("view")) && views.contains(row.text("needs"))) {
                        needs.get(row.text("view")).add(row.text("needs"));
                    }
                }
                return needs;
            }

            /** Those first on which others depend; there is no circle, as a view can only be made over what is there. */
            private static List<String> inOrder(Map<String, List<String>> needs) {
                var order = new ArrayList<String>();
                while (order.size() < needs.size()) {
                    var next = needs.keySet().stream().filter(view -> !order.contains(view) && order.containsAll(needs.get(view))).toList();
                    order.addAll(next.isEmpty() ? needs.keySet().stream().filter(view -> !order.contains(view)).toList() : next);
                }
                return order;
            }

            private Change change(Context context, Plan plan, Row view) {
                var path = pathOf(context, view);
                if (!view.flag("may")) {
                    plan.skip(Blind.privilege, path + " can be refreshed by its owner only"
                            + (context.version >= 17 ? ", or with MAINTAIN" : ""),
                            context.version >= 17 ? "GRANT MAINTAIN ON " + path + " TO " + context.ident(context.role) + ";" : "GRANT "
                            + view.text("owner") + " TO " + context.ident(context.role) + ";");
                    return null;
                }
                var filled = view.flag("filled");
                var concurrently = filled && view.flag("has_key");
                var refresh = "REFRESH MATERIALIZED VIEW " + (concurrently ? "CONCURRENTLY " : "") + path;
                var change = new Change("matviews", view.text("nspname") + "." + view.text("relname"), "refresh the materialized view "
                        + path)
                        .reason(concurrently ? "it can be read meanwhile" : why(view, filled))
                        .show(refresh)
                        .lock(concurrently ? "EXCLUSIVE on the view, which can be read meanwhile"
                        : "ACCESS EXCLUSIVE on the view: whoever reads it waits until the end")
                        .disk(view.number("bytes"))
                        .precheck(now -> busy(now, view.text("oid")))
                        .work((now, entry) -> refresh(now, entry, view.text("oid"), refresh))
                        .verify("select relispopulated from pg_class where oid = to_regclass(" + literal(path) + ")");
                if (filled && !concurrently && !options.allowBlocking) {
                    change.manual(why(view, true) + ": a refresh would let its readers wait; make a unique index"
                            + example(context, view, path) + ", or allow it with --allow-blocking");
                }
                plan.add(change);
                return change;
            }

            /** Why CONCURRENTLY cannot be. */
            private static String why(Row view, boolean filled) {
                return !filled ? "it was never filled, so that nobody can read it yet; CONCURRENTLY comes after the first time"
                        : view.list("unusable").isEmpty() ? "CONCURRENTLY needs a unique index, and it has none"
                        : "CONCURRENTLY needs a unique index of plain columns over all rows, and "
                        + String.join(", ", view.list("unusable"));
            }

            private static String example(Context context, Row view, String path) {
                var columns = view.list("distinct_columns");
                return columns.isEmpty() ? "" : " (by the statistics " + columns.get(0) + " is unique: CREATE UNIQUE INDEX CONCURRENTLY ON "
                        + path + " (" + context.ident(columns.get(0)) + "))";
            }

            /** A key of this view's own among the advisory locks; held to the end of a transaction, which a pooler respects. */
            private static String lockKey(String oid) {
                return "hashtextextended('pgbang.matviews', " + oid + ")";
            }

            /** Whoever refreshes it now, by this script or not: skip it, rather than to stand in line. */
            private static String busy(Context context, String oid) throws SQLException {
                var by = context.text("""
                        select format('pid %s (%s)', a.pid, coalesce(nullif(a.application_name, ''), 'no name')) from pg_locks l join
                            pg_stat_activity a on a.pid = l.pid
                        where l.relation = ?::oid and l.granted and l.mode in ('ExclusiveLock', 'AccessExclusiveLock') and l.pid <>
                            pg_backend_pid()
                            and l.database = (select oid from pg_database where datname = current_database()) limit 1""", oid);
                return by != null ? "it is being refreshed, by " + by
                        : context.flag("select pg_try_advisory_xact_lock(" + lockKey(oid) + ")") ? null
                        : "another run of optimize_postgres is refreshing it";
            }

            private static void refresh(Context context, Entry entry, String oid, String refresh)
                    throws SQLException, IOException, InterruptedException {
                var began = System.nanoTime();
                context.transaction(connection -> {
                    if (!context.flag("select pg_try_advisory_xact_lock(" + lockKey(oid) + ")")) {
                        throw new Failed("another run of optimize_postgres is refreshing it");
                    }
                    context.execute(connection, refresh);
                    return null;
                });
                entry.details.put("seconds", (System.nanoTime() - began) / 1_000_000 / 1000.0);
            }
        }

        // --- partitions ---

        /**
         * How the ranges of a partitioned table follow each other: so many months or days of a time zone, or so many units (microseconds,
         * or the numbers of an integer key). Times are microseconds since 1970 here, as in timestamptz; those without a zone are taken as
         * UTC.
         */
        record Step(int months, int days, long units, ZoneId zone) {
            /**
             * The step of the newest ranges, which must agree; null if they do not. Months and days are those of the first zone in which
             * all ranges begin at midnight.
             */
            static Step of(List<Range> ranges, boolean times, List<ZoneId> zones) {
                var newest = ranges.subList(Math.max(0, ranges.size() - 3), ranges.size());
                var from = newest.get(0).low;
                for (var zone : times ? zones : List.<ZoneId>of()) {
                    var first = local(from, zone);
                    var second = local(newest.get(0).high, zone);
                    var months = (int) ChronoUnit.MONTHS.between(first, second);
                    var step = first.getDayOfMonth() == 1 && months > 0 && first.plusMonths(months).equals(second)
                            ? new Step(months, 0, 0, zone)
                            : new Step(0, (int) ChronoUnit.DAYS.between(first, second), 0, zone);
                    if (newest.stream().allMatch(range -> local(range.low, zone).toLocalTime().equals(LocalTime.MIDNIGHT))
                            && step.fits(newest)) {
                        return step;
                    }
                }
                var same = new Step(0, 0, newest.get(0).high - from, times ? ZoneOffset.UTC : null);
                return same.fits(newest) ? same : null;
            }

            private boolean fits(List<Range> ranges) {
                return months + days + units > 0 && ranges.stream().allMatch(range -> plus(range.low, 1) == range.high);
            }

            static LocalDateTime local(long micros, ZoneId zone) {
                return LocalDateTime.ofInstant(Instant.EPOCH.plus(micros, ChronoUnit.MICROS), zone);
            }

            long plus(long bound, long times) {
                return units > 0 ? bound + units * times
                        : ChronoUnit.MICROS.between(Instant.EPOCH, local(bound, zone).plusMonths(months * times).plusDays(days * times)
                        .atZone(zone).toInstant());
            }

            /** The beginning of the range that a value falls in, counted from a bound. */
            long floor(long value, long bound) {
                var times = Math.floorDiv(value - bound, units > 0 ? units : (months * 30L + days) * 86_400_000_000L);
                for (; plus(bound, times) > value; times--) { }
                for (; plus(bound, times + 1) <= value; times++) { }
                return plus(bound, times);
            }

            @Override
            public String toString() {
                return months == 12 ? "year" : months == 3 ? "quarter" : months == 1 ? "month" : months > 0 ? count(months, "month")
                        : days == 7 ? "week" : days == 1 ? "day"
                        : days > 0 ? count(days, "day") : zone != null && units % 3_600_000_000L == 0
                        ? count(units / 3_600_000_000L, "hour") : String.format(Locale.ROOT, "%,d", units);
            }
        }

        /** A partition, and the range of its rows; null bounds are open ends. */
        record Range(String schema, String name, Long low, Long high, String from, String to, String relkind, boolean pending, long bytes,
                long rows,
                String path) {
            boolean overlaps(long from, long to) {
                return (low == null || low < to) && (high == null || high > from);
            }
        }

        /** A table that is partitioned by ranges of one column. */
        static final class Series {
            /**
             * The types of key that are understood, with what makes a number of a bound b; the session's time zone is only in the text
             * that is read back at once.
             */
            static final Map<String, String> NUMBERS = Map.of("timestamptz", "(extract(epoch from %s::timestamptz) * 1000000)::bigint",
                    "timestamp", "(extract(epoch from %s::timestamp) * 1000000)::bigint", "date",
                    "(%s::date - date '1970-01-01') * 86400000000",
                    "int8", "%s::bigint", "int4", "%s::bigint", "int2", "%s::bigint");

            final Table table;
            final String owner;
            final String key;
            final String type;
            final boolean may;
            final List<Range> ranges = new ArrayList<>();
            Step step;
            String whyNot;
            Row spare; // the default partition
            private String sparePath;

            Series(Context context, Row row) throws SQLException {
                table = new Table(row.number("oid"), row.text("nspname"), row.text("relname"), "p", pathOf(context, row));
                owner = row.text("owner");
                key = row.has("key") ? context.ident(row.text("key")) : null;
                type = row.text("type");
                may = row.flag("may");
                whyNot = key == null ? "its partition key is not one column" : !NUMBERS.containsKey(type) ? "its partition key is of type "
                        + type
                        : row.flag("partman") ? "pg_partman looks after it" : null;
                if (whyNot == null) {
                    read(context);
                }
            }

            /** All tables that are partitioned by range, the outermost ones. */
            static List<Series> all(Context context, Plan plan) throws SQLException {
                var partman = context.extension("pg_partman");
                var all = new ArrayList<Series>();
                for (var row : context.query("""
                        select c.oid::bigint as oid, n.nspname, c.relname, quote_ident(pg_get_userbyid(c.relowner)) as owner,
                            pg_has_role(c.relowner, 'usage') as may,
                            a.attname as key, t.typname as type, %s as partman
                        from pg_partitioned_table p join pg_class c on c.oid = p.partrelid join pg_namespace n on n.oid = c.relnamespace
                        left join pg_attribute a on a.attrelid = c.oid and a.attnum = p.partattrs[0] and p.partnatts = 1 left join pg_type
                            t on t.oid = a.atttypid
                        where p.partstrat = 'r' and not c.relispartition and %s order by 2, 3""".formatted(partman == null ? "false"
                        : "exists (select 1 from " + partman.schema + ".part_config where parent_table = n.nspname || '.' || c.relname)",
                        Context.USERS))) {
                    try {
                        all.add(new Series(context, row));
                    } catch (SQLException e) {
                        unseen(context, plan, pathOf(context, row), e);
                    }
                }
                return all;
            }

            static Series of(Context context, Table table) throws SQLException {
                return all(context, new Plan("")).stream().filter(series -> series.table.oid == table.oid).findFirst().orElse(null);
            }

            private void read(Context context) throws SQLException {
                var low = NUMBERS.get(type).formatted("nullif(nullif(b[1], 'MINVALUE'), '-infinity')");
                var high = NUMBERS.get(type).formatted("nullif(nullif(b[2], 'MAXVALUE'), 'infinity')");
                for (var row : context.query("""
                        select n.nspname, c.relname, c.relkind::text as relkind, coalesce((to_jsonb(i)->>'inhdetachpending')::boolean,
                            false) as pending,
                            c.relpages::bigint * current_setting('block_size')::int as bytes, greatest(c.reltuples, 0)::bigint as rows,
                                b[1] as "from", b[2] as "to",
                            (%s)::text as low, (%s)::text as high, b is null as spare, c.oid::bigint as oid, c.relpages as pages
                        from pg_inherits i join pg_class c on c.oid = i.inhrelid join pg_namespace n on n.oid = c.relnamespace,
                            regexp_match(pg_get_expr(c.relpartbound, c.oid), 'FROM \\(''?([^'')]*)''?\\) TO \\(''?([^'')]*)''?\\)') b
                        where i.inhparent = ?::oid order by %s nulls first""".formatted(low, high, low), table.oid)) {
                    if (row.flag("spare")) {
                        spare = row;
                        sparePath = pathOf(context, row);
                    } else {
                        ranges.add(new Range(row.text("nspname"), row.text("relname"), row.has("low") ? Long.valueOf(row.text("low"))
                                : null,
                                row.has("high") ? Long.valueOf(row.text("high")) : null, row.text("from"), row.text("to"),
                                row.text("relkind"), row.flag("pending"),
                                row.number("bytes"), row.number("rows"), pathOf(context, row)));
                    }
                }
                var closed = ranges.stream().filter(range -> range.low != null && range.high != null && !range.pending).toList();
                step = closed.isEmpty() ? null : Step.of(closed, times(), zones(context, closed));
                whyNot = closed.isEmpty() ? "it has no partition yet whose range could be continued" : step == null
                        ? "its newest ranges are not alike"
                        : newest().relkind.equals("r") ? null : "its partitions are "
                        + (newest().relkind.equals("p") ? "partitioned again" : "foreign tables");
            }

            boolean times() {
                return !type.startsWith("int");
            }

            /**
             * Where midnight may be: UTC, the zones that the database, its roles and this machine are set to, and the offset that the
             * bounds have in common.
             */
            private List<ZoneId> zones(Context context, List<Range> closed) throws SQLException {
                var zones = new ArrayList<ZoneId>(List.of(ZoneOffset.UTC));
                if (type.equals("timestamptz")) {
                    for (var row : context.query("select distinct substr(s, 10) as zone from pg_db_role_setting, unnest(setconfig) s "
                            + "where s ilike 'timezone=%' order by 1")) {
                        if (ZoneId.getAvailableZoneIds().contains(row.text("zone"))) {
                            zones.add(ZoneId.of(row.text("zone")));
                        }
                    }
                    zones.add(ZoneId.systemDefault());
                    var seconds = Step.local(closed.get(closed.size() - 1).low, ZoneOffset.UTC).toLocalTime().toSecondOfDay();
                    zones.add(ZoneOffset.ofTotalSeconds(seconds <= 43200 ? -seconds : 86400 - seconds));
                }
                return zones;
            }

            Range newest() {
                return ranges.stream().filter(range -> range.high != null && range.low != null && !range.pending).reduce((a, b) -> b)
                        .orElseThrow();
            }

            String spare() {
                return sparePath;
            }

            /** A bound as SQL; times with their offset, so that no session's time zone matters. */
            String bound(long value) {
                if (!times()) {
                    return String.valueOf(value);
                }
                var at = Step.local(value, ZoneOffset.UTC);
                return "'" + (type.equals("date") ? at.toLocalDate().toString()
                        : DateTimeFormatter.ofPattern(at.getNano() == 0 ? "uuuu-MM-dd HH:mm:ss" : "uuuu-MM-dd HH:mm:ss.SSSSSS").format(at)
                        + (type.equals("timestamptz") ? "+00" : "")) + "'";
            }

            String forValues(long low, long high) {
                return "FOR VALUES FROM (" + bound(low) + ") TO (" + bound(high) + ")";
            }

            /** The bounds of a partition as they are, open ends included. */
            String forValues(Range range) {
                return "FOR VALUES FROM (" + (range.low == null ? plain(range.from) : bound(range.low)) + ") TO ("
                        + (range.high == null ? plain(range.to) : bound(range.high)) + ")";
            }

            private static String plain(String open) {
                return open.endsWith("VALUE") ? open : literal(open);
            }

            /** The rows of a range. */
            String rows(long low, long high) {
                return rows("", low, high);
            }

            /** The same of a row that has a name, with its dot. */
            String rows(String of, long low, long high) {
                return of + key + " >= " + bound(low) + " AND " + of + key + " < " + bound(high);
            }

            /** How partitions of times are named, the most exact first; week and year of the week as in ISO 8601. */
            static final List<String> STYLES = List.of("uuuu_MM_dd_HH", "uuuuMMddHH", "uuuu_MM_dd", "uuuu-MM-dd", "uuuuMMdd",
                    "'y'uuuu'm'MM'd'dd", "YYYY_'w'ww", "YYYY'w'ww",
                    "uuuu_'q'q", "uuuu'q'q", "uuuu_MM", "uuuu-MM", "'y'uuuu'm'MM", "uuuuMM", "uuuu");

            /** The name of the partition that begins there: as its siblings are named, else the table's name and the bound. */
            String nameOf(long low) {
                var newest = newest();
                if (times()) {
                    for (var style : STYLES) {
                        var format = DateTimeFormatter.ofPattern(style, Locale.UK);
                        var own = format.format(Step.local(newest.low, step.zone));
                        var at = newest.name.lastIndexOf(own);
                        if (at >= 0 && !format.format(Step.local(newest.high, step.zone)).equals(own)) {
                            return newest.name.substring(0, at) + format.format(Step.local(low, step.zone))
                                    + newest.name.substring(at + own.length());
                        }
                    }
                } else if (newest.name.endsWith("_" + newest.low)) {
                    return newest.name.substring(0, newest.name.length() - String.valueOf(newest.low).length()) + low;
                }
                var tail = "_" + (times() ? DateTimeFormatter.ofPattern(step.units > 0 ? "uuuuMMdd_HHmmss" : "uuuuMMdd")
                        .format(Step.local(low, step.zone)) : low);
                return table.name.substring(0, Math.min(table.name.length(), 55 - tail.length())) + tail;
            }
        }

        /** Makes partitions before they are needed, moves rows out of a default partition to where they belong, and retires old ones. */
        static final class Partitions implements Kind {
            /** So many rows are moved out of a default partition in one transaction that keeps others from it, some tenths of a second. */
            static final long AT_ONCE = 20_000;

            /** A default partition of more pages is not read under lock. */
            static final long PAGES = 8192;

            /** A series that ended so many steps ago is taken for finished. */
            static final int FINISHED = 60;

            final Options options;

            Partitions(Options options) {
                this.options = options;
            }

            @Override
            public String name() {
                return "partitions";
            }

            record Shown(String table, String step, int partitions, String until, String inDefault, int missing, String reason) {
            }

            @Override
            public void plan(Context context, Plan plan) throws SQLException, InterruptedException {
                if (options.ahead != null && options.ahead < 0) {
                    throw context.wrong("--ahead is a number of partitions");
                }
                var all = Series.all(context, plan);
                var ages = ages(context, all);
                var shown = new ArrayList<Shown>();
                for (var series : all) {
                    if (!series.may) {
                        plan.skip(Blind.privilege, series.table.path() + " can be partitioned by its owner only", "GRANT " + series.owner
                                + " TO " + context.ident(context.role) + ";");
                    } else if (series.whyNot == null) {
                        try {
                            shown.add(plan(context, plan, series));
                        } catch (SQLException e) {
                            unseen(context, plan, series.table.path(), e);
                        }
                    } else {
                        shown.add(new Shown(series.table.plainName(), "", series.ranges.size(), "", "", 0, series.whyNot));
                    }
                }
                for (var series : all) {
                    if (series.may && ages.containsKey(series.table.oid)) {
                        new Retirement(options, series, ages.get(series.table.oid)).plan(context, plan);
                    }
                }
                plan.examine(all.stream().filter(series -> series.may && series.whyNot == null).count(), all.size(),
                        "table partitioned by range");
                if (!shown.isEmpty()) {
                    plan.data("partitions", shown);
                }
            }

            /** How long partitions are kept, by the table's oid: from --config and --retain. */
            private Map<Long, Period> ages(Context context, List<Series> all) throws SQLException {
                var wanted = new LinkedHashMap<String, String>();
                context.config().forEach((name, value) -> {
                    if (name.startsWith("retain.")) {
                        wanted.put(name.substring(7), value);
                    }
                });
                for (var retain : options.retain) {
                    var parts = retain.split("=(?=[^=]*$)", 2);
                    var times = all.stream().filter(series -> series.whyNot == null && series.times()).toList();
                    if (parts.length < 2 && times.size() != 1) {
                        throw context.wrong("--retain TABLE=" + retain + ": which table? Partitioned by time are "
                                + (times.isEmpty() ? "none" : times.stream().map(series -> series.table.plainName())
                                .collect(Collectors.joining(", "))));
                    }
                    wanted.put(parts.length < 2 ? times.get(0).table.plainName() : parts[0], parts[parts.length - 1]);
                }
                var ages = new LinkedHashMap<Long, Period>();
                for (var name : wanted.keySet()) {
                    var table = Table.find(context, name);
                    if (all.stream().noneMatch(series -> series.table.oid == table.oid && series.whyNot == null && series.times())) {
                        throw context.wrong(name + " is not partitioned by ranges of time that could be told to be old");
                    }
                    ages.put(table.oid, age(context, wanted.get(name)));
                }
                return ages;
            }

            static Period age(Context context, String text) {
                var parts = Pattern.compile("(\\d{1,6})\\s*(day|week|month|quarter|year)s?").matcher(text.strip());
                if (!parts.matches() || Integer.parseInt(parts.group(1)) == 0) {
                    throw context.wrong("an age is wanted, e.g. 24 months or 90 days, not " + text);
                }
                var number = Integer.parseInt(parts.group(1));
                return switch (parts.group(2)) {
                    case "day" -> Period.ofDays(number);
                    case "week" -> Period.ofWeeks(number);
                    case "month" -> Period.ofMonths(number);
                    case "quarter" -> Period.ofMonths(3 * number);
                    default -> Period.ofYears(number);
                };
            }

            /** What is missing of a series: the ranges of rows that lie in the default partition, the present one, and those to come. */
            private Shown plan(Context context, Plan plan, Series series) throws SQLException {
                var waiting = waiting(context, series);
                var now = now(context, series);
                var ahead = options.ahead == null ? 3 : options.ahead;
                var newest = series.newest();
                var missing = new TreeSet<>(waiting.keySet());
                var finished = series.step.plus(newest.high, FINISHED) <= now;
                if (!finished) {
                    for (var low = newest.high; low <= series.step.plus(series.step.floor(now, newest.low),
                            ahead); low = series.step.plus(low, 1)) {
                        missing.add(low);
                    }
                    missing.removeIf(low -> series.step.plus(low, FINISHED) <= now && !waiting.containsKey(low));
                }
                missing.removeIf(low -> series.ranges.stream().anyMatch(range -> range.overlaps(low, series.step.plus(low, 1))));
                for (var low : missing) {
                    plan.add(creation(context, series, low, waiting.getOrDefault(low, 0L), now));
                }
                var rows = waiting.values().stream().mapToLong(Long::longValue).sum();
                return new Shown(series.table.plainName(), series.step.toString(), series.ranges.size(), series.bound(newest.high)
                        .replace("'", ""),
                        series.spare == null ? "no default partition" : count(rows, "row"), missing.size(),
                        finished ? "its newest range ended long ago: taken for finished" : "");
            }

            /** The present of the key: the time, or the highest number there is. */
            private static long now(Context context, Series series) throws SQLException {
                return series.times() ? ChronoUnit.MICROS.between(Instant.EPOCH, context.clock())
                        : Optional.ofNullable(context.text("select max(" + series.key + ")::text from " + series.table.path()))
                        .map(Long::valueOf).orElse(series.newest().low);
            }

            /**
             * The ranges whose rows lie in the default partition, with how many: from one range to the next, so that an index on the key
             * needs only a few looks.
             */
            private static NavigableMap<Long, Long> waiting(Context context, Series series) throws SQLException {
                var waiting = new TreeMap<Long, Long>();
                var number = "(" + Series.NUMBERS.get(series.type).formatted(series.key) + ")::text";
                for (var from = ""; series.spare != null && waiting.size() < FINISHED;) {
                    var first = context.text("select " + number + " from only " + series.spare() + " where " + series.key + " is not null"
                            + (series.times() ? " and isfinite(" + series.key + ")" : "") + from + " order by " + series.key + " limit 1");
                    if (first == null) {
                        break;
                    }
                    var low = series.step.floor(Long.parseLong(first), series.newest().low);
                    var high = series.step.plus(low, 1);
                    waiting.put(low, context.number("select count(*) from only " + series.spare() + " where " + series.rows(low, high)));
                    from = " and " + series.key + " >= " + series.bound(high);
                }
                return waiting;
            }

            /**
             * The change that makes the partition of a range. The table is made beside its parent and then attached, as ATTACH lets
             * everybody read and write the parent, and CREATE ... PARTITION OF nobody (manual, ALTER TABLE). Only a default partition is
             * locked by it, and read in whole unless a CHECK spares that. Where rows of the range may arrive now, writers wait at the
             * table itself: one that waited at the default partition, having chosen it already, would be refused there once the new
             * partition is attached.
             */
            private Change creation(Context context, Series series, long low, long waiting, long now) throws SQLException {
                var high = series.step.plus(low, 1);
                var name = series.nameOf(low);
                var made = context.ident(series.newest().schema) + "." + context.ident(name);
                var sibling = new Sibling(context, series, made);
                var change = new Change("partitions", series.table.plainName(), "make the partition " + made + " of " + series.table.path()
                        + ", " + series.forValues(low, high).toLowerCase(Locale.ROOT)
                        + (waiting > 0 ? ", and move " + count(waiting, "row") + " of it out of " + series.spare() : ""))
                        .key(series.table.plainName() + "/" + name)
                        .reason(waiting > 0 ? count(waiting, "row") + " of this " + series.step + " lie in the default partition"
                        : low > now ? "before the " + series.step + " begins" : "rows of the present have no partition")
                        .evidence("step", series.step.toString()).evidence("rows_in_default", waiting)
                        .lock("SHARE UPDATE EXCLUSIVE on the table" + (series.spare == null ? ": nobody waits" : ", ACCESS EXCLUSIVE on "
                        + series.spare() + " for a moment"))
                        .verify("select exists (select 1 from pg_inherits where inhrelid = to_regclass(" + literal(made)
                        + ") and inhparent = to_regclass(" + literal(series.table.path()) + "))")
                        .former("select to_regclass(" + literal(made) + ") is null");
                var columns = String.join(", ", series.table.columns(context));
                var most = Math.max(AT_ONCE, 2 * waiting);
                var silence = hasTriggers(context, series.table.path(), 4, "OA") && mayBeSilent(context);
                change.undo(texts(List.of("DO " + literal("BEGIN IF (SELECT count(*) FROM (SELECT FROM " + made + " LIMIT " + (most + 1)
                        + ") r) > " + most + " THEN RAISE 'more than " + most + " rows have come in, which would have to be moved while"
                        + " others wait: do that by hand'; END IF; END").strip(),
                        "ALTER TABLE " + series.table.path() + " DETACH PARTITION " + made),
                        silently(silence, List.of("INSERT INTO " + series.table.path() + " (" + columns
                        + ") OVERRIDING SYSTEM VALUE SELECT " + columns + " FROM " + made)), List.of("DROP TABLE " + made)));
                change.undoNote("the former state; rows that have come in go to the default partition, and where there is none, undo "
                        + "fails while there are any");
                if (series.spare != null) {
                    change.locks(series.spare());
                }
                var queue = series.spare != null && low <= now ? List.of("LOCK TABLE ONLY " + series.table.path()
                        + " IN SHARE ROW EXCLUSIVE MODE") : List.<String>of();
                if (waiting > 0) {
                    return moving(context, series, sibling, change, low, high, waiting);
                }
                var large = series.spare != null && series.spare.number("pages") > PAGES && low > now && !options.allowBlocking;
                if (large && series.times() && context.flag("select exists (select 1 from " + series.table.path() + " where " + series.key
                        + " >= " + series.bound(series.step.plus(series.step.floor(now, low), 1)) + " and isfinite(" + series.key + "))")) {
                    change.manual("rows of the future come in, which " + series.spare() + " would refuse while it is read; --allow-blocking"
                            + " reads it while others wait");
                }
                return large ? sparing(series, sibling, change, low, high)
                        : change.sql(texts(queue, sibling.create(), sibling.attach(low, high), sibling.dress()));
            }

            /**
             * A large default partition without rows of the range: a CHECK that says so is validated while others read and write, and
             * spares the scan under lock. A row of that future range would be refused in the meantime, so the range must not have begun.
             */
            private static Change sparing(Series series, Sibling sibling, Change change, long low, long high) {
                var check = "pgbang_not_" + series.nameOf(low).toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9_]", "_");
                var before = "ALTER TABLE " + series.spare() + " ADD CONSTRAINT " + check + " CHECK (NOT (" + series.key
                        + " IS NOT NULL AND " + series.rows(low, high) + ")) NOT VALID";
                var validate = "ALTER TABLE " + series.spare() + " VALIDATE CONSTRAINT " + check;
                var drop = "ALTER TABLE " + series.spare() + " DROP CONSTRAINT " + check;
                var last = List.of(texts(sibling.create(), sibling.attach(low, high), List.of(drop), sibling.dress()));
                return change.show(texts(List.of(before, validate), last))
                        .debris("select exists (select 1 from pg_constraint where conrelid = to_regclass(" + literal(series.spare())
                        + ") and conname = " + literal(check) + ")", drop)
                        .work((context, entry) -> {
                            context.transaction(List.of(before), series.spare());
                            context.transaction(List.of(validate));
                            context.transaction(last, series.spare());
                        });
            }

            /**
             * Rows of the range are moved in the same transaction, under a lock on the default partition, so that nobody ever misses one.
             * Where there are many, they are copied before, in batches, by a mirror. Triggers are silenced meanwhile, as nothing is
             * deleted or inserted in the sense of the application; that needs the right to set session_replication_role.
             */
            private Change moving(Context context, Series series, Sibling sibling, Change change, long low, long high, long waiting)
                    throws SQLException {
                var names = series.table.columns(context);
                var columns = String.join(", ", names);
                var silence = hasTriggers(context, series.spare(), 8, "OA");
                var mirror = waiting <= AT_ONCE || options.allowBlocking ? null : Mirror.of(context, series, sibling, names, low, high);
                var fill = mirror != null ? mirror.finish()
                        : List.of("WITH moved AS (DELETE FROM ONLY " + series.spare() + " WHERE " + series.rows(low, high) + " RETURNING "
                        + columns + ") INSERT INTO " + sibling.made + " (" + columns
                        + ") SELECT " + columns + " FROM moved");
                var before = List.of(texts(sibling.create(), List.of("ALTER TABLE " + sibling.made + " ADD CONSTRAINT pgbang_bounds CHECK ("
                        + series.key + " IS NOT NULL AND " + series.rows(low, high) + ")"),
                        sibling.foreignKeys()));
                var last = List.of(texts(silently(silence, fill), sibling.attach(low, high),
                        List.of("ALTER TABLE " + sibling.made + " DROP CONSTRAINT pgbang_bounds"), sibling.dress()));
                var lock = List.of("LOCK TABLE ONLY " + series.table.path() + " IN SHARE ROW EXCLUSIVE MODE", "LOCK TABLE ONLY "
                        + series.spare() + " IN ACCESS EXCLUSIVE MODE");
                change.disk(waiting * 200).lock("ACCESS EXCLUSIVE on " + series.spare() + " while "
                        + (mirror == null ? count(waiting, "row") + " are moved" : "what was copied before is deleted there"));
                if (silence && !mayBeSilent(context)) {
                    change.manual("triggers or foreign keys of " + series.spare()
                            + " would take the move for a deletion, and this role may not silence them: "
                            + (context.version >= 15 ? "GRANT SET ON PARAMETER session_replication_role TO " + context.ident(context.role)
                            : "a superuser may"));
                } else if (hasTriggers(context, series.spare(), 8, "AR")) {
                    change.manual("a trigger of " + series.spare() + " that fires for replicas (ENABLE ALWAYS or REPLICA) would take the"
                            + " move for a deletion");
                } else if (waiting > AT_ONCE && mirror == null && !options.allowBlocking) {
                    change.manual("without a primary key, " + count(waiting, "row")
                            + " can be moved only at once, which lets others wait for some seconds: --allow-blocking");
                }
                return mirror == null ? change.sql(texts(lock, before, last)) : mirror.around(change, before, lock, last);
            }

            /**
             * Whether a table has triggers for INSERT (4) or DELETE (8) that fire by default (O), for replicas (R) or always (A): manual,
             * pg_trigger, and trigger.h for the bits.
             */
            private static boolean hasTriggers(Context context, String table, int event, String when) throws SQLException {
                return context.flag("select exists (select 1 from pg_trigger where tgrelid = to_regclass(?) and tgtype & ? > 0 "
                        + "and strpos(?, tgenabled::text) > 0)", table, event, when);
            }

            private static List<String> silently(boolean silence, List<String> statements) {
                return !silence ? statements : List.of(texts(List.of("SET LOCAL session_replication_role = replica"), statements,
                        List.of("SET LOCAL session_replication_role = origin")));
            }

            private static boolean mayBeSilent(Context context) throws SQLException {
                return context.superuser || context.version >= 15
                        && context.flag("select has_parameter_privilege('session_replication_role', 'set')");
            }
        }

        /**
         * What a new partition takes over: from its parent what LIKE and ATTACH give, from its newest sibling what belongs to each
         * partition by itself.
         */
        static final class Sibling {
            final Series series;
            final String made;
            private final Row parts;
            private final List<String> keys;

            Sibling(Context context, Series series, String made) throws SQLException {
                this.series = series;
                this.made = made;
                parts = context.one("""
                        select format('%I.%I', n.nspname, c.relname) as name, c.relpersistence::text as persistence, c.relreplident::text
                            as identity, c.reloptions,
                            quote_ident(t.spcname) as tablespace, quote_ident(pg_get_userbyid(c.relowner)) as owner,
                            array(select format('GRANT %s ON %%s TO %s%s', a.privilege_type, case a.grantee when 0 then 'PUBLIC' else
                                quote_ident(pg_get_userbyid(a.grantee)) end,
                                case when a.is_grantable then ' WITH GRANT OPTION' end) from aclexplode(c.relacl) a where a.grantee <>
                                    c.relowner order by 1) as grants,
                            array(select pg_get_triggerdef(g.oid) from pg_trigger g where g.tgrelid = c.oid and not g.tgisinternal
                                and not exists (select 1 from pg_trigger p where p.tgrelid = i.inhparent and p.tgname = g.tgname) order by
                                    g.tgname) as triggers,
                            array(select replace(pg_get_indexdef(x.indexrelid), 'INDEX ' || quote_ident(r.relname) || ' ON ', 'INDEX ON ')
                                from pg_index x join pg_class r on r.oid = x.indexrelid
                                where x.indrelid = c.oid and x.indisvalid and not exists (select 1 from pg_inherits p where p.inhrelid =
                                    x.indexrelid)
                                and not exists (select 1 from pg_constraint k where k.conindid = x.indexrelid) order by r.relname) as
                                    indexes
                        from pg_inherits i join pg_class c on c.oid = i.inhrelid join pg_namespace n on n.oid = c.relnamespace left join
                            pg_tablespace t on t.oid = c.reltablespace
                        where i.inhrelid = to_regclass(?)""", series.newest().path());
                keys = context.query("select format('ALTER TABLE %s ADD CONSTRAINT %I %s', ?, conname, pg_get_constraintdef(oid)) as sql "
                        + "from pg_constraint"
                        + " where conrelid = ?::oid and contype = 'f' and conparentid = 0 order by conname", made, series.table.oid)
                        .stream().map(row -> row.text("sql")).toList();
            }

            List<String> create() {
                var options = parts.list("reloptions");
                return List.of(texts(List.of("CREATE " + (parts.text("persistence").equals("u") ? "UNLOGGED " : "") + "TABLE " + made
                        + " (LIKE " + series.table.path()
                        + " INCLUDING ALL EXCLUDING IDENTITY EXCLUDING COMMENTS EXCLUDING STATISTICS)"
                        + (options.isEmpty() ? "" : " WITH (" + String.join(", ", options) + ")")
                        + (parts.has("tablespace") ? " TABLESPACE " + parts.text("tablespace") : "")),
                        List.of("ALTER TABLE " + made + " OWNER TO " + parts.text("owner"))));
            }

            List<String> attach(long low, long high) {
                return List.of("ALTER TABLE " + series.table.path() + " ATTACH PARTITION " + made + " " + series.forValues(low, high));
            }

            /** The parent's foreign keys, made while the table is empty: ATTACH takes them over without reading the rows. */
            List<String> foreignKeys() {
                return keys;
            }

            /** Grants, triggers, indexes and the replica identity that partitions have by themselves. */
            List<String> dress() {
                return Stream.of(parts.list("grants").stream().map(grant -> grant.replaceFirst("%s", Matcher.quoteReplacement(made))),
                        Stream.concat(parts.list("triggers").stream(), parts.list("indexes").stream())
                        .map(sql -> sql.replace(" ON " + parts.text("name") + " ", " ON " + made + " ")),
                        "nf".contains(parts.text("identity")) ? Stream.of("ALTER TABLE " + made + " REPLICA IDENTITY "
                        + (parts.text("identity").equals("f") ? "FULL" : "NOTHING")) : Stream.<String>of())
                        .flatMap(each -> each).toList();
            }
        }

        /**
         * Copies the rows of a range out of a default partition while it is written to: a trigger repeats each change in the copy, batches
         * copy the rest, and a last transaction, under lock, deletes what was copied. A copied row is locked against changes until its
         * batch commits, so that no deletion is missed.
         */
        record Mirror(Series series, String schema, String made, List<String> names, String primaryKey, String same, long low, long high) {
            static Mirror of(Context context, Series series, Sibling sibling, List<String> names, long low, long high) throws SQLException {
                var key = context.query("select quote_ident(a.attname) as name from pg_index i join pg_attribute a on a.attrelid = "
                        + "i.indrelid and a.attnum = any (i.indkey::int2[])"
                        + " where i.indrelid = ?::oid and i.indisprimary order by a.attnum", series.table.oid).stream()
                        .map(row -> row.text("name")).toList();
                return key.isEmpty() ? null : new Mirror(series, context.ident(series.table.schema), sibling.made, names,
                        String.join(", ", key),
                        key.stream().map(name -> name + " = OLD." + name).collect(Collectors.joining(" AND ")), low, high);
            }

            private String trigger() {
                return "pgbang_mirror_" + series.table.oid;
            }

            private String columns() {
                return String.join(", ", names);
            }

            private String function() {
                return schema + "." + trigger();
            }

            private List<String> begin() {
                return List.of("""
                        CREATE FUNCTION %s() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
                            SET search_path = pg_catalog, pg_temp AS $mirror$
                        BEGIN
                            IF TG_OP <> 'INSERT' AND %s THEN
                                DELETE FROM %s WHERE %s;
                            END IF;
                            IF TG_OP <> 'DELETE' AND %s THEN
                                INSERT INTO %s (%s) VALUES (%s) ON CONFLICT DO NOTHING;
                            END IF;
                            RETURN NULL;
                        END $mirror$""".formatted(function(), series.rows("OLD.", low, high), made, same, series.rows("NEW.", low, high),
                        made, columns(), names.stream().map(column -> "NEW." + column).collect(Collectors.joining(", "))),
                        "CREATE TRIGGER " + trigger() + " AFTER INSERT OR UPDATE OR DELETE ON " + series.spare()
                        + " FOR EACH ROW EXECUTE FUNCTION " + function() + "()",
                        "ALTER TABLE " + series.spare() + " ENABLE ALWAYS TRIGGER " + trigger());
            }

            private String batch(String pages) {
                return "INSERT INTO " + made + " (" + columns() + ") SELECT " + columns() + " FROM ONLY " + series.spare() + " WHERE "
                        + pages + " AND " + series.rows(low, high)
                        + " FOR SHARE ON CONFLICT (" + primaryKey + ") DO NOTHING";
            }

            List<String> finish() {
                return List.of("DROP TRIGGER " + trigger() + " ON " + series.spare(), "DROP FUNCTION " + function() + "()",
                        "DELETE FROM ONLY " + series.spare() + " WHERE " + series.rows(low, high));
            }

            Change around(Change change, List<String> before, List<String> lock, List<String> last) {
                var drops = List.of("DROP TRIGGER IF EXISTS " + trigger() + " ON " + series.spare(), "DROP FUNCTION IF EXISTS " + function()
                        + "()", "DROP TABLE IF EXISTS " + made);
                return change.show(texts(before, begin(), List.of(batch("<batch of pages>")), lock, last))
                        .debris("select exists (select 1 from pg_constraint where conrelid = to_regclass(" + literal(made)
                        + ") and conname = 'pgbang_bounds')", drops.toArray(String[]::new))
                        .work((context, entry) -> {
                            context.transaction(List.of(texts(before, begin())), series.spare());
                            copy(context);
                            context.transaction(connection -> {
                                for (var sql : lock) {
                                    context.execute(connection, sql);
                                }
                                var there = context.number("select count(*) from only " + series.spare() + " where "
                                        + series.rows(low, high));
                                var here = context.number("select count(*) from only " + made);
                                if (there != here) {
                                    throw new Failed("of " + count(there, "row") + " in " + series.spare() + " the copy has " + here
                                            + "; it is thrown away");
                                }
                                for (var sql : last) {
                                    context.execute(connection, sql);
                                }
                                entry.details.put("rows_moved", there);
                                return null;
                            }, series.spare());
                        });
            }

            private void copy(Context context) throws SQLException, IOException, InterruptedException {
                var pages = context.number("select pg_relation_size(to_regclass(?)) / current_setting('block_size')::int", series.spare());
                try (var progress = context.progress("copying rows of " + series.spare(), pages, "page")) {
                    for (long page = 0; page < pages; page += 100) {
                        var range = pages(context, page, page + 100);
                        context.transaction(connection -> {
                            context.execute(connection, batch(range));
                            return null;
                        });
                        progress.to(page);
                    }
                }
            }
        }

        /**
         * Takes old partitions off a table, each by itself: CONCURRENTLY (14+), or where a default partition forbids that, under a short
         * lock.
         */
        static final class Retirement {
            final Options options;
            final Series series;
            final Period age;

            Retirement(Options options, Series series, Period age) {
                this.options = options;
                this.series = series;
                this.age = age;
            }

            void plan(Context context, Plan plan) throws SQLException {
                var now = context.clock().minus(series.type.equals("timestamptz") ? 0 : 12, ChronoUnit.HOURS); // see Old.of
                var end = ChronoUnit.MICROS.between(Instant.EPOCH, now.atZone(series.step.zone).minus(age).toInstant());
                for (var range : series.ranges) {
                    if (range.high != null && range.high <= end && range.relkind.equals("r")) {
                        plan.add(change(context, range));
                    }
                }
                if (!options.keep) {
                    leftover(context, plan);
                }
            }

            private String id(String name) {
                return "partitions/" + series.table.plainName() + "/" + name + "/retire";
            }

            private Change change(Context context, Range range) throws SQLException {
                var concurrently = context.version >= 14 && series.spare == null;
                var detach = "ALTER TABLE " + series.table.path() + " DETACH PARTITION " + range.path();
                var drop = "DROP TABLE " + range.path();
                var gone = range.pending ? detach + " FINALIZE" : detach + (concurrently ? " CONCURRENTLY" : "");
                var change = new Change("partitions", series.table.plainName(), "detach the partition " + range.path()
                        + (options.keep ? ", which stays as a table" : " and drop it"));
                change.id = id(range.name);
                change.reason("all its rows are older than " + age.toString().substring(1).replaceFirst("(\\d+)Y", "$1 years")
                        .replaceFirst("(\\d+)M", "$1 months").replaceFirst("(\\d+)D", "$1 days")
                                + ": its range ends before " + range.to)
                        .evidence("rows_estimated", range.rows).evidence("bytes", range.bytes)
                        .show(texts(List.of(gone), options.keep ? List.of() : List.of(drop)))
                        .lock(concurrently ? "SHARE UPDATE EXCLUSIVE: nobody waits" : "ACCESS EXCLUSIVE on the table for a moment, as "
                                + (series.spare != null ? "CONCURRENTLY cannot be beside a default partition"
                                : "CONCURRENTLY comes with PostgreSQL 14"))
                        .locks(series.table.path(), range.path())
                        .verify(options.keep ? "select not relispartition from pg_class where oid = to_regclass(" + literal(range.path())
                        + ")" : "select to_regclass(" + literal(range.path()) + ") is null")
                        .undoNote(options.keep ? null : "nothing: the rows of a dropped partition are gone; --keep would only detach it");
                var oid = context.number("select to_regclass(?)::oid::bigint", range.path());
                if (range.pending && !isOurs(context, range.name)) {
                    change.manual("somebody else has begun to detach it; once that is known to be dead: " + gone);
                }
                change.former("select exists (select 1 from pg_inherits where inhrelid = to_regclass(" + literal(range.path())
                        + ") and inhparent = to_regclass(" + literal(series.table.path()) + "))");
                return change.work((now, entry) -> {
                    entry.details.put("oid", oid);
                    now.ledger.save(entry);
                    var before = constraints(now, range);
                    detach(now, range, gone, detach + " FINALIZE");
                    entry.details.put("detached", true);
                    now.ledger.save(entry);
                    if (options.keep) {
                        var more = new ArrayList<>(constraints(now, range));
                        more.removeAll(before);
                        entry.undo = new ArrayList<>(List.of("ALTER TABLE " + series.table.path() + " ATTACH PARTITION " + range.path()
                                + " " + series.forValues(range)));
                        more.forEach(name -> entry.undo.add("ALTER TABLE " + range.path() + " DROP CONSTRAINT " + name));
                        now.ledger.save(entry);
                    } else {
                        now.transaction(List.of(drop), range.path());
                    }
                });
            }

            private boolean isOurs(Context context, String name) throws SQLException {
                var entry = context.ledger.last(id(name));
                return entry != null && !entry.status.equals("done") && !entry.status.equals("undone");
            }

            /** DETACH CONCURRENTLY commits in between: cut off there, by a lock_timeout or a Ctrl-C, FINALIZE ends it. */
            private static void detach(Context context, Range range, String detach, String finalize)
                    throws SQLException, InterruptedException {
                if (!detach.endsWith("CONCURRENTLY")) {
                    context.transaction(List.of(detach), range.path());
                    return;
                }
                try {
                    context.alone(detach, null);
                } catch (SQLException e) {
                    if (context.isLost(e) || context.interrupted()
                            || !context.flag("select coalesce((select inhdetachpending from pg_inherits where inhrelid = to_regclass(?)), "
                            + "false)", range.path())) {
                        throw e;
                    }
                    context.transaction(List.of(finalize), range.path());
                }
            }

            private static List<String> constraints(Context context, Range range) throws SQLException {
                return context.query("select quote_ident(conname) as name from pg_constraint where conrelid = to_regclass(?) and contype "
                        + "= 'c' order by 1", range.path())
                        .stream().map(row -> row.text("name")).toList();
            }

            /** What an earlier run has detached, but was cut off before dropping. */
            private void leftover(Context context, Plan plan) throws SQLException {
                for (var entry : context.ledger.entries()) {
                    var oid = entry.details.get("oid") instanceof Number number ? number.longValue() : 0;
                    var cutOff = entry.change.startsWith("partitions/" + series.table.plainName() + "/") && entry.change.endsWith("/retire")
                            && !entry.status.equals("done");
                    var row = context.one("select n.nspname, c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace "
                            + "where c.oid = ?::oid and not relispartition", oid);
                    var path = cutOff && row.has("relname") ? pathOf(context, row) : null;
                    if (path != null && entry.sql.contains("DROP TABLE " + path) && plan.changes.stream()
                            .noneMatch(change -> change.id.equals(entry.change))) {
                        var change = new Change("partitions", series.table.plainName(), "drop " + path
                                + ", which an earlier run has detached");
                        change.id = entry.change;
                        if (!Boolean.TRUE.equals(entry.details.get("detached"))) {
                            change.manual("whether that run or somebody else has detached it is not known: look, then run the SQL");
                        }
                        plan.add(change.sql("DROP TABLE " + path).reason("that run was cut off")
                                .verify("select to_regclass(" + literal(path) + ") is null")
                                .undoNote("nothing: the rows of a dropped partition are gone")
                                .lock("ACCESS EXCLUSIVE on a table that is no partition any more"));
                    }
                }
            }
        }

        // --- old rows ---

        /**
         * Deletes rows that are too old, in short transactions, oldest first, while others read and write; whole partitions are taken off
         * instead. With --archive each row is on disk before the transaction that deletes it commits, and how much of the file belongs to
         * committed ones is in the ledger, in that transaction.
         */
        static final class Purge implements Kind {
            /** Names that tell when a row was made; a birthday, an expiry or the time of the last change must not be taken for that. */
            static final List<Pattern> MADE = Stream.of("(created|creation|inserted|logged|recorded|occurred|received|captured|collected"
                    + "|event|log|entry)(_?(at|on|time|date|day|ts|timestamp))?", "at|time|date|day|ts|timestamp")
                    .map(names -> Pattern.compile(names, Pattern.CASE_INSENSITIVE)).toList();

            final Options options;

            Purge(Options options) {
                this.options = options;
            }

            @Override
            public String name() {
                return "purge";
            }

            @Override
            public boolean exclusive() {
                return false;
            }

            record Shown(String table, String column, int days, String before, String rows, int partitions, String archive) {
            }

            /** What is wanted of one table. */
            record Wanted(String table, Integer days, String column) {
            }

            @Override
            public void plan(Context context, Plan plan) throws SQLException, IOException {
                var wanted = wanted(context);
                if (options.budget != null) {
                    time(context.script, "--budget", options.budget);
                }
                var shown = new ArrayList<Shown>();
                for (var each : wanted) {
                    var table = Table.find(context, each.table);
                    if (options.restore != null) {
                        plan.add(new Archive(options.restore).restoring(context, table));
                        continue;
                    } else if (each.days == null || each.days < 1) {
                        throw context.wrong("how old may rows of " + table.plainName() + " become? --days N, of at least 1");
                    }
                    var old = Old.of(context, table, each, options);
                    var archive = options.archive == null ? null : archive(table, wanted.size());
                    var deletion = new Deletion(options, old, archive);
                    try {
                        deletion.plan(context, plan);
                    } catch (SQLException e) {
                        unseen(context, plan, table.path(), e);
                        continue;
                    }
                    shown.add(new Shown(table.plainName(), old.column, each.days, old.before, deletion.rows < 0 ? "not counted within 10 s"
                            : count(deletion.rows, "row"),
                            old.whole.size(), archive == null ? "" : archive.toString()));
                }
                if (!wanted.isEmpty()) {
                    plan.examine(wanted.size(), wanted.size(), "table to purge");
                }
                if (!shown.isEmpty()) {
                    plan.data("purge", shown);
                }
            }

            /** The tables of --purge, else of --config. */
            private List<Wanted> wanted(Context context) {
                if (options.purge == null && (options.restore != null || options.days != null && context.config().keySet().stream()
                        .noneMatch(key -> key.startsWith("purge.")))) {
                    throw context.wrong("--days, --archive and --restore go with --purge TABLE, or with purge.TABLE lines in --config");
                }
                var wanted = new ArrayList<Wanted>();
                context.config().forEach((key, value) -> {
                    var parts = Pattern.compile("(\\d{1,5})\\s*days?(?:\\s+(\\S.*))?").matcher(value);
                    if (key.startsWith("purge.") && !parts.matches()) {
                        throw context.wrong("--config: " + key + " = 30 days [COLUMN] is wanted, not " + value);
                    } else if (key.startsWith("purge.") && (options.purge == null || options.purge.equals(key.substring(6)))) {
                        wanted.add(new Wanted(key.substring(6), options.days != null ? options.days : Integer.valueOf(parts.group(1)),
                                options.column != null ? options.column : parts.group(2)));
                    }
                });
                return !wanted.isEmpty() || options.purge == null ? wanted
                        : List.of(new Wanted(options.purge, options.days, options.column));
            }

            private Path archive(Table table, int tables) {
                return tables > 1 || Files.isDirectory(options.archive)
                        ? options.archive.resolve(table.plainName().replaceAll("[^\\w.-]", "_") + ".csv.gz") : options.archive;
            }
        }

        /**
         * The rows of a table that are too old: which column tells, before when, which foreign keys are concerned, which partitions hold
         * nothing else.
         */
        static final class Old {
            final Table table;
            final String column;
            final String type;
            final String before; // a literal without its quotes
            final List<Key> keys = new ArrayList<>();
            final List<Range> whole = new ArrayList<>();
            Series series;

            /** A table with its partitions, and what inherits from it. */
            static final String TREE = "with recursive tree (oid, root) as (select ?::oid, ?::oid union all select i.inhrelid, t.root from "
                    + "tree t join pg_inherits i on i.inhparent = t.oid) ";

            /** A foreign key by which another table refers to this one; action as in pg_constraint.confdeltype. */
            record Key(String child, String name, String action, String join) {
            }

            private Old(Table table, String column, String type, String before) {
                this.table = table;
                this.column = column;
                this.type = type;
                this.before = before;
            }

            static Old of(Context context, Table table, Purge.Wanted wanted, Options options) throws SQLException {
                var column = column(context, table, wanted.column);
                var type = column.text("type");
                // in which zone a time without one was written is not known: in the last one of all no row is younger than it seems
                var now = type.equals("timestamptz") ? "now()" : "now() at time zone 'Etc/GMT+12'";
                var old = new Old(table, column.text("attname"), type,
                        context.text("select (" + now + " - make_interval(days => ?))::" + type + "::text", wanted.days));
                old.readKeys(context);
                old.readPartitions(context);
                return old;
            }

            /** The column that tells the age: the one named, else the partition key, else the only one whose name says so. */
            private static Row column(Context context, Table table, String named) throws SQLException {
                var columns = context.query("""
                        select a.attname, t.typname as type, coalesce(a.attnum = p.partattrs[0] and p.partnatts = 1, false) as partition_key
                        from pg_attribute a join pg_type t on t.oid = a.atttypid left join pg_partitioned_table p on p.partrelid =
                            a.attrelid
                        where a.attrelid = ?::oid and a.attnum > 0 and not a.attisdropped and t.typname in ('timestamptz', 'timestamp',
                            'date') order by a.attnum""", table.oid);
                var names = columns.stream().map(row -> row.text("attname")).toList();
                if (named != null) {
                    return columns.stream().filter(row -> row.text("attname").equals(named)).findFirst().orElseThrow(() -> context.wrong(
                            table.plainName() + " has no column " + named + " of a date or a time"
                            + (names.isEmpty() ? "" : "; it has " + String.join(", ", names))));
                }
                var likely = Stream.concat(Stream.of(columns.stream().filter(row -> row.flag("partition_key")).toList()),
                        Purge.MADE.stream().map(made -> columns.stream().filter(row -> made.matcher(row.text("attname")).matches())
                        .toList())).filter(rows -> !rows.isEmpty()).findFirst();
                return likely.filter(rows -> rows.size() == 1).map(rows -> rows.get(0)).orElseThrow(() -> context.wrong(
                        "which column of " + table.plainName() + " tells how old a row is? "
                        + (names.isEmpty() ? "It has none of a date or a time" : "--column " + String.join(" or ", names))));
            }

            /** Foreign keys to the table, and those to one of its partitions alone. */
            private void readKeys(Context context) throws SQLException {
                for (var row : context.query(TREE + """
                        select format('%I.%I', n.nspname, c.relname) as child, k.conname, k.confdeltype::text as action,
                            case when k.confrelid <> t.root then format('parent.tableoid in (select %s union select relid from
                                pg_partition_tree(%1$s::oid)) and ', k.confrelid) else '' end ||
                            (select string_agg(format('child.%I = parent.%I', a.attname, b.attname), ' and ') from unnest(k.conkey,
                                k.confkey) u (here, there)
                                join pg_attribute a on a.attrelid = k.conrelid and a.attnum = u.here join pg_attribute b on b.attrelid =
                                    k.confrelid and b.attnum = u.there) as joined
                        from tree t join pg_constraint k on k.confrelid = t.oid join pg_class c on c.oid = k.conrelid join pg_namespace n
                            on n.oid = c.relnamespace
                        where k.contype = 'f' and k.conparentid = 0 order by 1, 2""", table.oid, table.oid)) {
                    keys.add(new Key(row.text("child"), row.text("conname"), row.text("action"), row.text("joined")));
                }
            }

            /**
             * Partitions that hold nothing but old rows. They are emptied row by row where a trigger or a foreign key takes note of each
             * deletion, where a view reads one or policies hide rows of it, and where this role may not take them off.
             */
            private void readPartitions(Context context) throws SQLException {
                if (table.kind.equals("p")) {
                    series = Series.of(context, table);
                    var end = series != null && series.whyNot == null && series.key.equals(context.ident(column))
                            ? Long.valueOf(context.text("select ("
                            + Series.NUMBERS.get(type).formatted(literal(before)) + ")::text")) : Long.MIN_VALUE;
                    var noticed = context.query(TREE + "select n.nspname, c.relname from tree t join pg_class c on c.oid = t.oid join "
                            + "pg_namespace n on n.oid = c.relnamespace where exists (select 1 from pg_trigger where tgrelid = c.oid and "
                            + "tgtype & 8 > 0) or c.oid <> t.root and (c.relrowsecurity or exists (select 1 from pg_depend where "
                            + "refclassid = 'pg_class'::regclass and refobjid = c.oid and classid = 'pg_rewrite'::regclass))",
                            table.oid, table.oid)
                            .stream().map(row -> pathOf(context, row)).toList();
                    if (end > Long.MIN_VALUE && series.may && !noticed.contains(table.path())) {
                        series.ranges.stream().filter(range -> range.high != null && range.high <= end && range.relkind.equals("r")
                                && !range.pending && !noticed.contains(range.path())).forEach(whole::add);
                    }
                }
            }

            /** Of a table or partition under the name parent. */
            String condition() {
                return "parent." + quote(column) + " < " + literal(before) + "::" + type + keys.stream()
                        .filter(key -> "ar".contains(key.action))
                        .map(key -> " and not exists (select 1 from " + key.child + " child where " + key.join + ")")
                        .collect(Collectors.joining());
            }

            /** What foreign keys would do to rows of other tables, counted; those that only forbid are in condition(). */
            List<String> consequences(Context context) throws SQLException {
                var consequences = new ArrayList<String>();
                for (var key : keys) {
                    if (!"ar".contains(key.action)) {
                        String rows;
                        try {
                            rows = count(context.query(Deletion.PATIENCE, "select count(*) as rows from " + key.child
                                    + " child where exists (select 1 from " + table.path() + " parent where " + key.join
                                    + " and " + condition() + ")").get(0).number("rows"), "row");
                        } catch (SQLException e) {
                            rows = "rows (not counted: " + explain(e) + ")";
                        }
                        consequences.add(rows + " of " + key.child + (key.action.equals("c") ? " are deleted too" : " lose their reference")
                                + " (" + key.name + ")");
                    }
                }
                var further = context.query(TREE + """
                        , gone (oid) as (
                            select k.conrelid from tree t join pg_constraint k on k.confrelid = t.oid and k.confdeltype = 'c'
                            union select k.conrelid from gone g join pg_constraint k on k.confrelid = g.oid and k.confdeltype = 'c')
                        select distinct format('%I.%I', n.nspname, c.relname) as child from gone g join pg_constraint k
                            on k.confrelid = g.oid and k.contype = 'f' join pg_class c on c.oid = k.conrelid
                            join pg_namespace n on n.oid = c.relnamespace
                        where not c.relispartition order by 1""", table.oid, table.oid)
                        .stream().map(row -> row.text("child")).toList();
                if (!further.isEmpty()) {
                    consequences.add("rows of " + String.join(" and ", further) + " that refer to those are deleted, changed or in the way"
                            + " (not counted)");
                }
                return consequences;
            }
        }

        /** The deletion of the old rows of one table. */
        static final class Deletion {
            static final Duration TARGET = Duration.ofMillis(250);

            /** How long rows are counted before. */
            static final Duration PATIENCE = Duration.ofSeconds(10);

            final Options options;
            final Old old;
            final Path file;
            long rows = -1;
            private long end;
            private long deleted;
            private int batches;
            private String wal;
            private Archive archive;
            private Entry previous; // the entry of the run before, if it was not the last word
            private Range detached; // a partition that an earlier run has taken off, but not dropped yet
            private Object formerly; // its name and bounds, as the ledger has them

            Deletion(Options options, Old old, Path file) {
                this.options = options;
                this.old = old;
                this.file = file;
            }

            void plan(Context context, Plan plan) throws SQLException {
                previous = context.ledger.last("purge/" + old.table.plainName());
                detached = detached(context);
                try {
                    rows = context.query(PATIENCE, "select count(*) as rows from " + old.table.path() + " parent where " + old.condition())
                            .get(0).number("rows");
                } catch (SQLException e) {
                    if (!"57014".equals(e.getSQLState())) {
                        throw e;
                    }
                }
                var consequences = old.consequences(context);
                var kept = old.keys.stream().filter(key -> "ar".contains(key.action)).map(key -> key.child).distinct().toList();
                var change = new Change("purge", old.table.plainName(), "delete the rows of " + old.table.path() + " with " + old.column
                        + " before " + old.before
                        + (file == null ? "" : ", archived in " + file)).key(old.table.plainName())
                        .reason((rows < 0 ? "more rows than could be counted within 10 s" : count(rows, "row"))
                        + (old.whole.isEmpty() ? "" : ", " + count(old.whole.size(), "whole partition") + " among them")
                                + (kept.isEmpty() ? "" : "; rows that " + String.join(" and ", kept) + " refer to are kept")
                                + (consequences.isEmpty() ? "" : "; " + String.join("; ", consequences)))
                        .evidence("rows", rows).evidence("before", old.before).evidence("consequences", consequences)
                        .show(texts(old.whole.stream().map(this::detach).toList(),
                        List.of(file == null ? delete(old.table.path(), "<batch>") : "COPY (" + delete(old.table.path(), "<batch>")
                        + " RETURNING ...) TO STDOUT (FORMAT csv)")))
                        .lock("ROW EXCLUSIVE, and each row that is deleted until its batch commits, a quarter of a second")
                        .undoNote(file == null ? "nothing: deleted rows are gone; --archive FILE would keep them"
                        : "nothing by itself; the rows come back from the archive: --purge " + old.table.plainName() + " --restore " + file)
                        .work(this::run);
                if (!context.flag("select has_table_privilege(?::oid, 'delete') and has_table_privilege(?::oid, 'select')", old.table.oid,
                        old.table.oid)) {
                    change.manual("this role may not: GRANT SELECT, DELETE ON " + old.table.path() + " TO " + context.ident(context.role));
                } else if (!consequences.isEmpty() && !options.cascade) {
                    change.manual(String.join("; ", consequences) + ": allow that with --cascade"
                            + (file == null ? "" : " (the archive does not have them)"));
                }
                if (rows == 0 && old.whole.isEmpty() && detached == null) {
                    plan.note(old.table.plainName() + " has no row with " + old.column + " before " + old.before
                            + (kept.isEmpty() ? "" : " that nobody refers to"));
                } else {
                    plan.add(change);
                }
            }

            /** What an earlier run was taking off when it died: still half a partition, or a table by itself. */
            private Range detached(Context context) throws SQLException {
                for (var entry : context.ledger.entries()) {
                    if (entry.change.equals("purge/" + old.table.plainName()) && entry.details.get("detaching") instanceof Number oid
                            && entry.details.get("partitions") instanceof List<?> all && !all.isEmpty()) {
                        var row = context.one("""
                                select n.nspname, c.relname, c.relispartition as pending from pg_class c join pg_namespace n on n.oid =
                                    c.relnamespace left join pg_inherits i on i.inhrelid = c.oid
                                where c.oid = ?::oid and (i.inhrelid is null or
                                    (to_jsonb(i)->>'inhdetachpending')::boolean)""", oid.longValue());
                        formerly = all.get(all.size() - 1);
                        if (row.has("relname") && ((List<?>) formerly).get(0).equals(pathOf(context, row))) {
                            return new Range(row.text("nspname"), row.text("relname"), null, null, null, null, "r", row.flag("pending"),
                                    0, 0, pathOf(context, row));
                        }
                    }
                }
                return null;
            }

            private String detach(Range range) {
                return "ALTER TABLE " + old.table.path() + " DETACH PARTITION " + range.path() + "; DROP TABLE " + range.path();
            }

            private String delete(String leaf, String batch) {
                return "DELETE FROM ONLY " + leaf + " parent WHERE " + batch + " AND " + old.condition();
            }

            private void run(Context context, Entry entry) throws SQLException, IOException, InterruptedException {
                end = options.budget == null ? Long.MAX_VALUE : System.nanoTime() + time(context.script, "--budget", options.budget)
                        .toNanos();
                wal = context.text("select pg_current_wal_lsn()::text");
                guard(context);
                try (var progress = context.progress("purging " + old.table.plainName(), rows, "row"); var opened = file == null ? null
                        : Archive.open(context, file, entry, old.table.columns(context))) {
                    archive = opened;
                    if (archive != null) {
                        archive.note(entry);
                        context.ledger.save(entry);
                    }
                    if (detached != null) {
                        takeOff(context, entry, detached);
                    }
                    for (var range : old.whole) {
                        takeOff(context, entry, range);
                    }
                    for (var leaf : leaves(context)) {
                        purge(context, entry, progress, leaf);
                    }
                    entry.details.remove("page");
                    if (archive != null) {
                        archive.verify();
                    }
                }
                account(context, entry);
                context.say("  " + count(deleted, "row") + " deleted in " + count(batches, "transaction")
                        + "; the space is free for new rows after the next VACUUM");
            }

            /** One purge of a table at a time: a lock in a transaction of the other session, which holds no snapshot and ends with us. */
            private void guard(Context context) throws SQLException, InterruptedException {
                var guard = context.second();
                guard.setAutoCommit(false);
                var free = Context.ask(guard, TARGET,
                        "select pg_catalog.pg_try_advisory_xact_lock(pg_catalog.hashtextextended('pgbang.purge', " + old.table.oid
                        + ")) as free").get(0).flag("free");
                context.execute(guard, "set local idle_in_transaction_session_timeout = 0"
                        + (context.version >= 17 ? "; set local transaction_timeout = 0" : ""));
                if (!free) {
                    throw new Failed("another run is purging " + old.table.path());
                }
            }

            private void account(Context context, Entry entry) throws SQLException {
                entry.details.put("rows_deleted", deleted);
                entry.details.put("batches", batches);
                entry.details.put("wal_bytes", context.number("select pg_wal_lsn_diff(pg_current_wal_lsn(), ?::pg_lsn)", wal));
            }

            private List<String> leaves(Context context) throws SQLException {
                return context.query(Old.TREE + "select distinct n.nspname, c.relname from tree t join pg_class c on c.oid = t.oid join "
                        + "pg_namespace n on n.oid = c.relnamespace where c.relkind = 'r' order by 1, 2", old.table.oid, old.table.oid)
                        .stream().map(row -> pathOf(context, row)).toList();
            }

            /** A partition with nothing but old rows: detached, archived, and dropped when that is on disk. */
            private void takeOff(Context context, Entry entry, Range range) throws SQLException, IOException, InterruptedException {
                stopIfLate(context, entry);
                var detach = "ALTER TABLE " + old.table.path() + " DETACH PARTITION " + range.path();
                entry.details.put("detaching", context.number("select to_regclass(?)::oid::bigint", range.path()));
                entry.details.merge("partitions", List.of(range == detached ? formerly : List.of(range.path(),
                        old.series.forValues(range))), (a, b) -> Stream.of((List<?>) a, (List<?>) b).flatMap(List::stream).toList());
                context.ledger.save(entry);
                if (range != detached || range.pending) {
                    Retirement.detach(context, range, detach + (range.pending ? " FINALIZE" : context.version >= 14
                            && old.series.spare == null ? " CONCURRENTLY" : ""), detach + " FINALIZE");
                }
                done(context.transaction(entry, connection -> {
                    context.execute(connection, "LOCK TABLE " + range.path() + " IN ACCESS EXCLUSIVE MODE");
                    var number = archive == null ? context.number("select count(*) from " + range.path())
                            : archive.add(connection, "SELECT " + String.join(", ", old.table.columns(context)) + " FROM " + range.path());
                    context.execute(connection, "DROP TABLE " + range.path());
                    entry.details.remove("detaching");
                    note(context, entry, number);
                    return number;
                }, range.path()));
            }

            /** Counts rows in the ledger, in the transaction that deletes them. */
            private void note(Context context, Entry entry, long number) throws SQLException {
                entry.details.put("rows_deleted", deleted + number);
                if (archive != null) {
                    archive.note(entry);
                }
                context.ledger.save(entry);
            }

            private void done(long number) {
                deleted += number;
                batches++;
                if (archive != null) {
                    archive.committed();
                }
            }

            /**
             * Batch by batch through a table: along an index on the column, else page by page; each as large as takes a quarter of a
             * second.
             */
            private void purge(Context context, Entry entry, Progress progress, String leaf)
                    throws SQLException, IOException, InterruptedException {
                var start = previous != null && leaf.equals(previous.details.get("leaf"))
                        && previous.details.get("page") instanceof Number page ? page.longValue() : 0;
                walk(context, entry, progress, Walk.of(context, old, leaf, Math.min(1000, most()), start));
                for (var pass = 0; isLeft(context, leaf); pass++) {
                    if (pass == 3) {
                        throw new Remains("old rows of " + leaf + " are still there: others keep changing them, which the next run"
                                + " deletes, or a trigger or a rule keeps them");
                    }
                    walk(context, entry, progress, Walk.of(context, old, leaf, Math.min(1000, most()), 0));
                }
            }

            private long most() {
                return options.batch == null ? 20_000 : Math.max(1, options.batch);
            }

            /** A row that somebody changed just then has moved to another place, which the walk may have passed already. */
            private boolean isLeft(Context context, String leaf) throws SQLException {
                try {
                    return context.query(Duration.ofMinutes(10), "select exists (select 1 from only " + leaf + " parent where "
                            + old.condition() + ") as found").get(0).flag("found");
                } catch (SQLException e) {
                    if ("57014".equals(e.getSQLState()) && !context.interrupted()) {
                        throw new Remains("whether all old rows of " + leaf + " are gone could not be seen within 10 minutes");
                    }
                    throw e;
                }
            }

            private void walk(Context context, Entry entry, Progress progress, Walk walk)
                    throws SQLException, IOException, InterruptedException {
                var leaf = walk.leaf;
                while (!walk.isOver()) {
                    stopIfLate(context, entry);
                    var began = System.nanoTime();
                    var batch = walk.batch(context);
                    entry.details.putAll(walk.indexed ? Map.of() : Map.of("leaf", leaf, "page", walk.after()));
                    var number = context.transaction(entry, connection -> delete(context, connection, entry, leaf, batch), leaf);
                    done(number);
                    walk.next(number);
                    progress.to(deleted);
                    var took = System.nanoTime() - began;
                    walk.size = Math.max(1,
                            Math.min(most(), (long) (walk.size * Math.max(0.25, Math.min(2, (double) TARGET.toNanos() / took)))));
                    giveWay(context, took);
                }
            }

            private long delete(Context context, Connection connection, Entry entry, String leaf, String batch)
                    throws SQLException, IOException {
                long number;
                if (archive == null) {
                    try (var statement = connection.createStatement()) {
                        statement.setEscapeProcessing(false);
                        number = statement.executeLargeUpdate(delete(leaf, batch));
                    }
                } else {
                    number = archive.add(connection, delete(leaf, batch) + " RETURNING " + String.join(", ", old.table.columns(context)));
                }
                note(context, entry, number);
                return number;
            }

            /** Leaves the disk and the standbys time: a tenth of the batch, and as long as a standby is too far behind. */
            private void giveWay(Context context, long took) throws SQLException, InterruptedException {
                context.sleep(took / 10_000_000);
                var most = (options.maxLag == null ? 64 : options.maxLag) * 1_048_576L;
                while (System.nanoTime() < end
                        && context.number("select coalesce(max(pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn)), 0) from "
                        + "pg_stat_replication") > most) {
                    context.sleep(500);
                }
            }

            private void stopIfLate(Context context, Entry entry) throws SQLException {
                if (batches > 0 && System.nanoTime() > end || context.interrupted()) {
                    account(context, entry);
                    var left = rows < 0 ? "" : "; about " + count(Math.max(0, rows - deleted), "row") + " left";
                    throw new Remains((context.interrupted() ? "interrupted" : "stopped by --budget") + " after " + count(deleted, "row")
                            + left + ": the next run goes on there");
                }
            }
        }

        /** The way through the old rows of a table: along an index, or page by page from where the run before has stopped, and around. */
        static final class Walk {
            final Old old;
            final String leaf;
            final boolean indexed;
            final long pages;
            final long start;
            final double density;
            long size; // rows in a batch
            private long page;
            private boolean around;
            private String from = "";
            private boolean atEnd;
            private boolean over;

            private Walk(Old old, String leaf, Row facts, long size, long start) {
                this.old = old;
                this.leaf = leaf;
                this.size = size;
                indexed = facts.flag("indexed");
                pages = facts.number("pages");
                density = Math.max(1, facts.real("density"));
                this.start = Math.min(start, pages);
                page = this.start;
                around = page >= pages;
                page = around ? 0 : page;
            }

            static Walk of(Context context, Old old, String leaf, long size, long start) throws SQLException {
                return new Walk(old, leaf, context.one("""
                        select pg_relation_size(c.oid) / current_setting('block_size')::int as pages, greatest(c.reltuples, 0) /
                            greatest(c.relpages, 1) as density,
                            exists (select 1 from pg_index i join pg_class x on x.oid = i.indexrelid join pg_am m on m.oid = x.relam and
                                m.amname = 'btree'
                                join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
                                where i.indrelid = c.oid and i.indisvalid and i.indpred is null and a.attname = ?) as indexed
                        from pg_class c where c.oid = to_regclass(?)""", old.column, leaf), size, start);
            }

            boolean isOver() {
                return over || !indexed && around && page >= start;
            }

            /** The first page after this batch. */
            long after() {
                return Math.min(around ? start : pages, page + Math.max(1, Math.round(size / density)));
            }

            /** Which rows are next. Along an index it begins where the last batch ended, so that no dead entry is read twice. */
            String batch(Context context) throws SQLException {
                if (!indexed) {
                    return pages(context, page, after());
                }
                var column = "parent." + quote(old.column);
                var oldest = " FROM ONLY " + leaf + " parent WHERE " + old.condition() + from + " ORDER BY " + column + " LIMIT " + size;
                var last = context.text("select max(c)::text from (select " + column + " c" + oldest + ") b");
                var next = last == null ? from : " and " + column + " >= " + literal(last) + "::" + old.type;
                atEnd = next.equals(from);
                from = next;
                return "ctid = ANY (ARRAY(SELECT ctid" + oldest + "))";
            }

            /** On to the next batch; along an index, the last is one that deletes nothing and ends where it began. */
            void next(long deleted) {
                over = indexed && deleted == 0 && atEnd;
                page = after();
                if (!around && page >= pages) {
                    around = true;
                    page = 0;
                }
            }
        }

        /**
         * Rows in a CSV file (RFC 4180, as COPY writes and reads it), compressed if its name ends so. Each batch is a gzip member of its
         * own, which together are one file (RFC 1952, 2.2). What a dead run wrote after its last commit is cut off by the next one.
         */
        static final class Archive implements AutoCloseable {
            final Path file;
            final boolean compressed;
            private FileChannel channel;
            private long start;
            private long length;
            private long rows;
            private long added;
            private long pendingLength;
            private long pendingRows;

            Archive(Path file) {
                this.file = file.toAbsolutePath().normalize();
                compressed = file.toString().endsWith(".gz");
            }

            /** The last entry that tells of this file. */
            private Optional<Entry> last(Context context, long but) throws SQLException {
                return context.ledger.entries().stream().filter(entry -> entry.id != but && file.toString()
                        .equals(entry.details.get("archive"))).reduce((a, b) -> b);
            }

            static Archive open(Context context, Path file, Entry now, List<String> columns) throws SQLException, IOException {
                var archive = new Archive(file);
                var before = archive.last(context, now.id);
                var known = before.map(entry -> ((Number) entry.details.get("archive_bytes")).longValue()).orElse(0L);
                var size = Files.exists(file) ? Files.size(file) : 0;
                if (size > 0 && before.isPresent() && before.get().change.equals(now.change + "/restore")) {
                    throw new Failed("--archive " + file + " has rows that --restore has put back, and would get them twice; choose another"
                            + " name");
                } else if (before.isPresent() && !before.get().change.equals(now.change) && size > 0 || before.isEmpty() && size > 0) {
                    throw new Failed("--archive " + file + " is there already, and is not an archive of this table; choose another name");
                } else if (size > 0 && size < known) {
                    throw new Failed("--archive " + file + " is shorter than what was written to it (" + size + " of " + known
                            + " bytes): keep it aside and choose another name");
                }
                archive.start = archive.length = size == 0 ? 0 : known;
                if (archive.length > 0 && !archive.header().stream().map(context::ident).toList().equals(columns)) {
                    throw new Failed("--archive " + file + " has other columns than the table has now: choose another name");
                }
                Files.createDirectories(archive.file.getParent());
                if (!Files.exists(archive.file)) {
                    create(archive.file);
                }
                archive.channel = FileChannel.open(file, StandardOpenOption.WRITE);
                if (archive.channel.tryLock() == null) {
                    archive.channel.close();
                    throw new Failed("--archive " + file + " is being written by another process");
                }
                archive.rows = size == 0 ? 0 : before.map(entry -> ((Number) entry.details.get("archive_rows")).longValue()).orElse(0L);
                archive.channel.truncate(archive.length);
                archive.pendingLength = archive.length;
                archive.pendingRows = archive.rows;
                return archive;
            }

            /** A file that only its owner may read, as the rows may be private; its name must be on disk too before a row is deleted. */
            private static void create(Path file) throws IOException {
                if (!file.getFileSystem().supportedFileAttributeViews().contains("posix")) {
                    Files.createFile(file);
                    return;
                }
                Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
                try (var folder = FileChannel.open(file.getParent())) {
                    folder.force(true);
                }
            }

            /** Fast rather than small, as rows are locked until it is done. */
            static final class Gzip extends GZIPOutputStream {
                Gzip(OutputStream out) throws IOException {
                    super(out, 1 << 16);
                    def.setLevel(Deflater.BEST_SPEED);
                }
            }

            /**
             * Writes what a query returns, as COPY sends it row by row, and has it on disk when it returns; called again, it begins again.
             */
            long add(Connection connection, String query) throws SQLException, IOException {
                channel.truncate(length).position(length);
                var header = length == 0;
                var copy = connection.unwrap(PGConnection.class).getCopyAPI()
                        .copyOut("COPY (" + query + ") TO STDOUT (FORMAT csv" + (header ? ", HEADER" : "") + ")");
                var number = header ? -1L : 0L;
                try {
                    var unclosed = Channels.newOutputStream(channel);
                    var out = compressed ? new Gzip(unclosed) : new BufferedOutputStream(unclosed, 1 << 16);
                    for (byte[] row; (row = copy.readFromCopy()) != null; number++) {
                        out.write(row);
                    }
                    if (out instanceof GZIPOutputStream gzip) {
                        gzip.finish();
                    }
                    out.flush();
                    channel.truncate(number == 0 ? length : channel.position());
                    channel.force(false);
                } finally {
                    if (copy.isActive()) {
                        copy.cancelCopy();
                    }
                }
                if (number != copy.getHandledRowCount()) {
                    throw new Failed("the server sent " + copy.getHandledRowCount() + " rows, the archive has " + number);
                }
                pendingLength = channel.size();
                pendingRows = rows + number;
                return number;
            }

            /** What will belong to the archive once this transaction is committed. */
            void note(Entry entry) {
                entry.details.put("archive", file.toString());
                entry.details.put("archive_bytes", pendingLength);
                entry.details.put("archive_rows", pendingRows);
            }

            void committed() {
                added += pendingRows - rows;
                length = pendingLength;
                rows = pendingRows;
            }

            /** Reads again what this run has written. */
            void verify() throws IOException {
                channel.truncate(length).force(true);
                try (var in = read(start)) {
                    var records = records(in) - (start == 0 && length > 0 ? 1 : 0);
                    if (records != added) {
                        throw new Failed(file + " has " + count(records, "row") + " of this run, not " + added);
                    }
                }
            }

            /** The archive from a byte on, as far as it was committed. */
            private InputStream read(long from) throws IOException {
                var in = new BufferedInputStream(new Part(Files.newInputStream(file), length), 1 << 16);
                in.skipNBytes(from);
                return compressed && length > from ? new GZIPInputStream(in, 1 << 16) : in;
            }

            /** The first bytes of a file. */
            static final class Part extends FilterInputStream {
                private long left;

                Part(InputStream in, long length) {
                    super(in);
                    left = length;
                }

                @Override
                public int read() throws IOException {
                    var one = new byte[1];
                    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
                }

                @Override
                public int read(byte[] bytes, int offset, int most) throws IOException {
                    var number = left == 0 ? -1 : in.read(bytes, offset, (int) Math.min(most, left));
                    left -= Math.max(0, number);
                    return number;
                }

                @Override
                public long skip(long number) throws IOException {
                    var skipped = in.skip(Math.min(number, left));
                    left -= skipped;
                    return skipped;
                }

                @Override
                public int available() throws IOException {
                    return (int) Math.min(in.available(), left);
                }
            }

            /** Counts records: line ends outside of quotes. */
            private static long records(InputStream in) throws IOException {
                var records = 0L;
                var quoted = false;
                var buffer = new byte[1 << 16];
                for (int length; (length = in.read(buffer)) > 0;) {
                    for (var i = 0; i < length; i++) {
                        quoted ^= buffer[i] == '"';
                        records += buffer[i] == '\n' && !quoted ? 1 : 0;
                    }
                }
                return records;
            }

            /** The columns of the header. */
            private List<String> header() throws IOException {
                var line = new ByteArrayOutputStream();
                try (var in = read(0)) {
                    var quoted = false;
                    for (int next; (next = in.read()) >= 0 && (next != '\n' || quoted);) {
                        quoted ^= next == '"';
                        line.write(next);
                    }
                }
                var columns = new ArrayList<String>();
                var field = Pattern.compile("\\G(?:^|,)(?:\"((?:[^\"]|\"\")*)\"|([^,\"]*))").matcher(line.toString(UTF_8));
                while (field.find()) {
                    columns.add(field.group(1) != null ? field.group(1).replace("\"\"", "\"") : field.group(2));
                }
                return columns;
            }

            /** The change that puts the rows back, all or none. Partitions that were dropped with them are made again. */
            Change restoring(Context context, Table table) throws SQLException, IOException {
                if (!Files.isReadable(file)) {
                    throw context.wrong("--restore: cannot read " + file);
                }
                var known = last(context, 0);
                var size = Files.size(file);
                length = known.map(entry -> ((Number) entry.details.get("archive_bytes")).longValue()).orElse(size);
                if (length > size) {
                    throw context.wrong("--restore: " + file + " is shorter than what was written to it (" + size + " of " + length
                            + " bytes)");
                }
                var twice = known.isPresent() && known.get().change.endsWith("/restore") && !context.script.manner.force;
                var columns = header().stream().map(context::ident).toList();
                if (columns.isEmpty() || !table.columns(context).containsAll(columns)) {
                    throw context.wrong("--restore: " + file + " is not an archive of " + table.plainName() + ": its columns are "
                            + String.join(", ", columns));
                }
                var copy = "COPY " + table.path() + " (" + String.join(", ", columns) + ") FROM STDIN (FORMAT csv, HEADER)";
                var again = partitions(context, table);
                return new Change("purge", table.plainName(), "put the rows of " + file + " back into " + table.path())
                        .key(table.plainName() + "/restore").reason("--restore")
                        .show(texts(again, List.of(copy))).lock("ROW EXCLUSIVE: nobody waits")
                        .undoNote("nothing: --purge deletes them again").work((now, entry) -> {
                            if (twice) {
                                throw new Failed("the rows of " + file + " were put back before; --force does it again");
                            }
                            try (var in = read(0)) {
                                rows = records(in) - 1;
                            }
                            var restored = now.transaction(entry, connection -> {
                                for (var sql : again) {
                                    now.execute(connection, sql);
                                }
                                long number;
                                try (var in = read(0)) {
                                    number = connection.unwrap(PGConnection.class).getCopyAPI().copyIn(copy, in);
                                }
                                if (number != rows) {
                                    throw new Failed(file + " has " + count(rows, "row") + ", but " + number + " came back: none is kept");
                                }
                                pendingLength = length;
                                pendingRows = rows;
                                note(entry);
                                now.ledger.save(entry);
                                return number;
                            });
                            entry.details.put("rows_restored", restored);
                            now.say("  " + count(restored, "row") + " are back");
                        });
            }

            private List<String> partitions(Context context, Table table) throws SQLException {
                var again = new LinkedHashSet<String>(); // a run that died and the one after it may both tell of a partition
                for (var entry : context.ledger.entries()) {
                    if (entry.change.equals("purge/" + table.plainName()) && file.toString()
                            .equals(entry.details.get("archive")) && entry.details.get("partitions") instanceof List<?> all) {
                        for (var each : all) {
                            var made = (List<?>) each;
                            if (context.flag("select to_regclass(?) is null", made.get(0))) {
                                again.add("CREATE TABLE " + made.get(0) + " (LIKE " + table.path()
                                        + " INCLUDING ALL EXCLUDING IDENTITY EXCLUDING COMMENTS EXCLUDING STATISTICS)");
                                again.add("ALTER TABLE " + table.path() + " ATTACH PARTITION " + made.get(0) + " " + made.get(1));
                            }
                        }
                    }
                }
                return List.copyOf(again);
            }

            @Override
            public void close() throws IOException {
                channel.close();
            }
        }
    }

    // --- kinds: vacuum, analyze, autovacuum ---

    /** Tables with their counters and the limits at which autovacuum would come: manual 24.1.6, and 27.2 for the views. */
    static final class Tables {
        /** Whether this role may VACUUM, ANALYZE or REINDEX the table c: manual of each; MAINTAIN since 17. */
        static String maintains(Context context) {
            return "(pg_has_role(c.relowner, 'usage') or pg_has_role((select datdba from pg_database where datname ="
                    + " current_database()), 'usage')"
                    + (context.version >= 17 ? " or has_table_privilege(c.oid, 'maintain')" : "") + ")";
        }

        /** A storage parameter of the table c, or else the server's setting. */
        static String option(String name) {
            return "coalesce((select option_value from pg_options_to_table(c.reloptions) where option_name = '" + name
                    + "'), current_setting('" + name + "'))::float8";
        }

        static List<Row> read(Context context) throws SQLException {
            var most = context.version >= 18 ? option("autovacuum_vacuum_max_threshold") : "-1";
            var inserted = context.version >= 13 ? "s.n_ins_since_vacuum" : "null::bigint";
            var insertTrigger = context.version >= 13
                    ? option("autovacuum_vacuum_insert_threshold") + " + " + option("autovacuum_vacuum_insert_scale_factor")
                            + " * greatest(c.reltuples, 0)" : "null::float8";
            return context.query("""
                    select t.*, case when most >= 0 then least(trigger, most) else trigger end as vacuum_trigger from (
                    select c.oid::bigint as oid, n.nspname as schema, c.relname as name, quote_ident(n.nspname) || '.' ||
                        quote_ident(c.relname) as path,
                        c.relkind as kind, greatest(c.reltuples, 0)::float8 as rows, 
                        greatest(c.relpages, 0)::bigint * b.size as bytes, coalesce(t.relpages, 0)::bigint * b.size as toast_bytes,
                        (select coalesce(sum(greatest(x.relpages, 0)), 0)::bigint * b.size from pg_index i
                            join pg_class x on x.oid = i.indexrelid where i.indrelid = c.oid) as index_bytes,
                        coalesce(s.n_tup_ins, 0) as inserts, coalesce(s.n_tup_upd, 0) as updates, coalesce(s.n_tup_hot_upd,
                            0) as hot_updates, coalesce(s.n_tup_del, 0) as deletes,
                        coalesce(s.n_live_tup, 0) as live_rows, coalesce(s.n_dead_tup, 0) as dead_rows, coalesce(s.n_mod_since_analyze,
                            0) as changed_rows, ${inserted} as inserted_rows,
                        greatest(s.last_vacuum, s.last_autovacuum)::text as last_vacuum, greatest(s.last_analyze, s.last_autoanalyze)::text
                            as last_analyze,
                        coalesce(s.seq_scan, 0) as seq_scans, coalesce(s.seq_tup_read, 0) as seq_rows, coalesce(s.idx_scan,
                            0) as index_scans,
                        round(100.0 * io.heap_blks_hit / nullif(io.heap_blks_hit + io.heap_blks_read, 0), 1) as cache_hit_percent,
                        case when c.relkind = 'p' then 0 else age(c.relfrozenxid) end as frozen_age,
                            current_setting('autovacuum_freeze_max_age')::bigint as freeze_max_age,
                        ${vacuumThreshold} + ${vacuumScale} * greatest(c.reltuples, 0) as trigger, ${most}::float8 as most,
                            ${insertTrigger} as insert_trigger,
                        ${analyzeThreshold} + ${analyzeScale} * greatest(c.reltuples, 0) as analyze_trigger,
                        (select option_value from pg_options_to_table(c.reloptions) where option_name = 'autovacuum_enabled') as enabled,
                            c.reloptions::text[] as options,
                        ${maintains} as maintains, has_table_privilege(c.oid, 'select') as readable, c.oid in ${locked} as locked,
                        exists (select 1 from pg_stats q where q.schemaname = n.nspname and q.tablename = c.relname) as has_statistics,
                        exists (select 1 from pg_stat_progress_vacuum p where p.relid = c.oid) as being_vacuumed, p.rows as leaf_rows
                    from pg_class c join pg_namespace n on n.oid = c.relnamespace cross
                        join (select current_setting('block_size')::bigint as size) b
                    left join pg_class t on t.oid = c.reltoastrelid left join pg_stat_all_tables s on s.relid = c.oid left
                        join pg_statio_all_tables io on io.relid = c.oid
                    left join lateral (select sum(greatest(l.reltuples, 0))::float8 as rows from pg_partition_tree(c.oid) x
                        join pg_class l on l.oid = x.relid
                        where c.relkind = 'p' and x.isleaf) p on true
                    where c.relkind in ('r', 'm', 'p') and c.relpersistence <> 't' and ${users}) t
                        order by bytes + toast_bytes + index_bytes desc, path"""
                    .replace("${inserted}", inserted).replace("${insertTrigger}", insertTrigger).replace("${most}", most)
                    .replace("${vacuumThreshold}", option("autovacuum_vacuum_threshold"))
                            .replace("${vacuumScale}", option("autovacuum_vacuum_scale_factor"))
                    .replace("${analyzeThreshold}", option("autovacuum_analyze_threshold"))
                            .replace("${analyzeScale}", option("autovacuum_analyze_scale_factor"))
                    .replace("${maintains}", maintains(context)).replace("${locked}", Context.LOCKED).replace("${users}", Context.USERS));
        }

        static String rows(double number) {
            return String.format(Locale.ROOT, "%,.0f", number);
        }

        /** Why this role cannot work on the table, or null. */
        static String against(Context context, Row table) {
            return table.flag("maintains") ? null : "only its owner" + (context.version >= 17 ? ", or who has MAINTAIN on it," : "")
                    + " may do that: GRANT "
                    + (context.version >= 17 ? "MAINTAIN ON " + table.text("path") : "(the owner's role)") + " TO " + quote(context.role)
                            + ";";
        }

        static String since(Context context) throws SQLException {
            return literal(context.text("select clock_timestamp()::text")) + "::timestamptz";
        }
    }

    /** VACUUM of tables that autovacuum should have come to. TRUNCATE false: giving pages back to the disk would lock out everybody. */
    static final class Vacuum implements Kind {
        @Override
        public String name() {
            return "vacuum";
        }

        @Override
        public boolean harmless() {
            return true;
        }

        @Override
        public void plan(Context context, Plan plan) throws SQLException {
            var tables = Tables.read(context).stream().filter(table -> !table.text("kind").equals("p")).toList();
            plan.examine(tables.size(), tables.size(), "table");
            for (var table : tables) {
                var reason = reason(table);
                if (reason != null) {
                    plan.add(change(context, table, reason));
                }
            }
        }

        static String reason(Row table) {
            var late = table.flag("being_vacuumed") ? "; autovacuum is at it" : "false".equals(table.text("enabled"))
                    || "off".equals(table.text("enabled"))
                    ? "; autovacuum is switched off for it" : "";
            if (table.real("dead_rows") > table.real("vacuum_trigger")) {
                return Tables.rows(table.real("dead_rows")) + " dead rows beside " + Tables.rows(table.real("live_rows"))
                        + " live ones; autovacuum comes at "
                        + Tables.rows(table.real("vacuum_trigger")) + late;
            } else if (table.has("insert_trigger") && table.real("insert_trigger") >= 0
                    && table.real("inserted_rows") > table.real("insert_trigger")) {
                return Tables.rows(table.real("inserted_rows"))
                        + " rows inserted since the last vacuum: their pages are not marked as all visible, so index-only scans read the"
                        + " table"
                        + late;
            } else if (table.number("frozen_age") > table.number("freeze_max_age")) {
                return "its oldest transaction id is " + Tables.rows(table.real("frozen_age"))
                        + " transactions old; autovacuum_freeze_max_age is "
                        + Tables.rows(table.real("freeze_max_age"));
            }
            return null;
        }

        private Change change(Context context, Row table, String reason) throws SQLException {
            var path = table.text("path");
            var freeze = table.number("frozen_age") > table.number("freeze_max_age") ? "FREEZE, " : "";
            return new Change(name(), path, "vacuum and analyze " + path).reason(reason)
                    .evidence("dead_rows", table.number("dead_rows")).evidence("live_rows", table.number("live_rows"))
                            .evidence("autovacuum_at", Math.round(table.real("vacuum_trigger")))
                    .evidence("last_vacuum", table.text("last_vacuum"))
                    .alone("VACUUM (" + freeze + "ANALYZE, SKIP_LOCKED, TRUNCATE false) " + path)
                            .lock("SHARE UPDATE EXCLUSIVE: reading and writing go on")
                    .precheck(now -> table.flag("maintains") ? busy(now, table) : Tables.against(now, table))
                    .verify("select coalesce(last_vacuum >= " + Tables.since(context)
                            + ", false) from pg_catalog.pg_stat_all_tables where relid = " + table.number("oid"));
        }

        private static String busy(Context context, Row table) throws SQLException {
            return context.flag("select exists (select 1 from pg_stat_progress_vacuum where relid = " + table.number("oid") + ")")
                    ? "it is being vacuumed at this moment" : null;
        }
    }

    /** ANALYZE of tables whose statistics are missing or were outrun by changes; partitioned ones, which autovacuum never analyzes, too. */
    static final class Analyze implements Kind {
        @Override
        public String name() {
            return "analyze";
        }

        @Override
        public boolean harmless() {
            return true;
        }

        @Override
        public void plan(Context context, Plan plan) throws SQLException {
            var tables = Tables.read(context);
            var hidden = tables.stream().filter(table -> !table.flag("readable") && !table.has("last_analyze")).count();
            plan.examine(tables.size() - hidden, tables.size(), "table");
            if (hidden > 0) {
                plan.skip(Blind.privilege, "whether " + count(hidden, "table") + " have statistics is hidden from this role",
                        "GRANT pg_read_all_data TO " + quote(context.role) + ";");
            }
            for (var table : tables) {
                var reason = reason(table, context.version);
                if (reason != null) {
                    var path = table.text("path");
                    plan.add(new Change(name(), path, "analyze " + path).reason(reason)
                            .evidence("changed_rows", table.number("changed_rows"))
                            .evidence("rows", Math.round(table.real("rows"))).evidence("last_analyze", table.text("last_analyze"))
                            .alone("ANALYZE (SKIP_LOCKED) " + path).lock("SHARE UPDATE EXCLUSIVE: reading and writing go on")
                                    .precheck(now -> Tables.against(now, table))
                            .verify(table.text("kind").equals("p") && context.version < 14
                                    ? "select exists (select 1 from pg_catalog.pg_stats where schemaname = "
                                            + literal(table.text("schema")) + " and tablename = " + literal(table.text("name")) + ")"
                                    : "select coalesce(last_analyze >= " + Tables.since(context)
                                            + ", false) from pg_catalog.pg_stat_all_tables where relid = " + table.number("oid")));
                }
            }
        }

        static String reason(Row table, int version) {
            var partitioned = table.text("kind").equals("p");
            var rows = partitioned ? table.real("leaf_rows") : Math.max(table.real("rows"), table.real("live_rows"));
            if (!table.has("last_analyze") && !table.flag("has_statistics") && table.flag("readable") && rows >= 50) {
                return "no statistics at all, with about " + Tables.rows(rows) + " rows"
                        + (partitioned ? "; autovacuum never analyzes partitioned tables" : "");
            } else if (partitioned && version >= 14 && table.real("rows") > 0 && Math.abs(rows - table.real("rows")) > Math.max(1000,
                    0.2 * table.real("rows"))) {
                return "its partitions have " + Tables.rows(rows) + " rows, its own statistics are of " + Tables.rows(table.real("rows"))
                        + "; autovacuum never analyzes partitioned tables";
            } else if (!partitioned && table.real("changed_rows") > table.real("analyze_trigger")) {
                return Tables.rows(table.real("changed_rows")) + " rows changed since the last ANALYZE; autovacuum comes at "
                        + Tables.rows(table.real("analyze_trigger"));
            }
            return null;
        }
    }

    /**
     * Autovacuum for large tables. By default it waits for 20 % dead rows, which in a table of 100 million rows are 20 million. Advised is
     * a scale factor of 50 / sqrt(rows): 5 % of a million rows, 0.5 % of 100 million; and only where the table has shown that it gathers
     * dead rows far beyond that.
     */
    static final class Autovacuum implements Kind {
        static final double LARGE = 1_000_000;

        @Override
        public String name() {
            return "autovacuum";
        }

        @Override
        public void plan(Context context, Plan plan) throws SQLException {
            var tables = Tables.read(context).stream().filter(table -> !table.text("kind").equals("p")).toList();
            plan.examine(tables.size(), tables.size(), "table");
            for (var table : tables) {
                var off = "false".equals(table.text("enabled")) || "off".equals(table.text("enabled"));
                if (off && table.real("dead_rows") + table.real("changed_rows") > 0) {
                    plan.add(new Change(name(), table.text("path"), "switch autovacuum on again for " + table.text("path"))
                            .reason("autovacuum is switched off for it, and it has "
                            + Tables.rows(table.real("dead_rows")) + " dead rows")
                                    .sql("ALTER TABLE " + table.text("path") + " RESET (autovacuum_enabled)")
                            .manual("somebody has switched it off on purpose: ask, then run the SQL"));
                } else if (!off && gathersDeadRows(table)) {
                    plan.add(change(table));
                }
            }
        }

        static double scale(double rows) {
            return Math.min(0.2, Math.round(1e4 * 50 / Math.sqrt(rows)) / 1e4);
        }

        /**
         * Half as much again as the advised limit is dead at this moment, and what was changed so far would have reached the present limit.
         */
        static boolean gathersDeadRows(Row table) {
            var wanted = 50 + scale(table.real("rows")) * table.real("rows");
            return table.real("rows") >= LARGE && table.real("vacuum_trigger") > 2 * wanted && table.real("dead_rows") > 1.5 * wanted
                    && table.real("updates") + table.real("deletes") > wanted;
        }

        private Change change(Row table) {
            var path = table.text("path");
            var scale = scale(table.real("rows"));
            var options = new LinkedHashMap<String, String>();
            options.put("autovacuum_vacuum_scale_factor", String.valueOf(scale));
            options.put("autovacuum_analyze_scale_factor", String.valueOf(Math.min(0.1, scale)));
            var set = options.entrySet().stream().map(each -> each.getKey() + " = " + each.getValue()).collect(Collectors.joining(", "));
            var is = "pg_catalog.pg_class where oid = " + literal(path) + "::pg_catalog.regclass";
            return new Change(name(), path, "let autovacuum come to " + path + " at " + Tables.rows(scale * table.real("rows"))
                    + " dead rows, not at " + Tables.rows(table.real("vacuum_trigger")))
                    .reason(Tables.rows(table.real("dead_rows")) + " of about " + Tables.rows(table.real("rows") + table.real("dead_rows"))
                            + " rows are dead, and autovacuum does not come yet")
                    .evidence("dead_rows", table.number("dead_rows")).evidence("rows", Math.round(table.real("rows")))
                            .evidence("autovacuum_at", Math.round(table.real("vacuum_trigger")))
                    .evidence("updates", table.number("updates")).evidence("deletes", table.number("deletes"))
                    .sql("ALTER TABLE " + path + " SET (" + set + ")").undo(restore(path, options.keySet(), table.list("options")))
                            .lock("SHARE UPDATE EXCLUSIVE: reading and writing go on")
                    .verify("select reloptions @> array[" + options.entrySet().stream()
                            .map(each -> literal(each.getKey() + "=" + each.getValue())).collect(Collectors.joining(", ")) + "] from " + is)
                    .former("select coalesce(reloptions::text[], '{}') = " + array(table.list("options")) + " from " + is);
        }

        /** The former storage parameters in their former order. */
        static String[] restore(String path, Set<String> ours, List<String> former) {
            var names = new TreeSet<>(ours);
            former.forEach(option -> names.add(option.replaceFirst("=.*", "")));
            var reset = "ALTER TABLE " + path + " RESET (" + String.join(", ", names) + ")";
            var set = former.stream().map(option -> option.replaceFirst("=.*", "") + " = " + literal(option.replaceFirst("[^=]*=", ""))
                    .strip()).collect(Collectors.joining(", "));
            return former.isEmpty() ? new String[] {reset} : new String[] {reset, "ALTER TABLE " + path + " SET (" + set + ")"};
        }

        static String array(List<String> texts) {
            return "array[" + texts.stream().map(optimize_postgres::literal).collect(Collectors.joining(", ")) + "]::text[]";
        }
    }

    // --- kinds: indexes, reindex ---

    /** Which indexes are missing and which are too many: by the schema, and by the statements that the server has counted. */
    static final class Indexes implements Kind {
        static int daysOfEvidence = 35; // a month, and what runs at its end

        /**
         * Indexes with what decides whether one can stand for another (manual, 53.26 pg_index): keys, operator classes, collations, orders,
         * expressions, predicate.
         */
        static final String ALL = """
                select i.indexrelid::bigint as oid, i.indrelid::bigint as table_oid, quote_ident(n.nspname) || '.' ||
                    quote_ident(x.relname) as path,
                    quote_ident(n.nspname) || '.' || quote_ident(c.relname) as table_path, x.relkind as kind, m.amname as method,
                        pg_get_indexdef(i.indexrelid) as definition,
                    array(select i.indkey[k]::int from generate_series(0, i.indnkeyatts - 1) k order by k) as keys,
                    array(select i.indclass[k]::oid from generate_series(0, i.indnkeyatts - 1) k order by k) as classes,
                    array(select i.indcollation[k]::oid from generate_series(0, i.indnkeyatts - 1) k order by k) as collations,
                    array(select i.indoption[k]::int from generate_series(0, i.indnkeyatts - 1) k order by k) as orders,
                    array(select i.indoption[k]::int # 3 from generate_series(0, i.indnkeyatts - 1) k order by k) as reverse_orders,
                    array(select i.indkey[k]::int from generate_series(i.indnkeyatts, i.indnatts - 1) k order by 1) as included,
                    array(select case when i.indkey[k] = 0 then pg_get_indexdef(i.indexrelid, k + 1, true) else '' end
                        from generate_series(0, i.indnkeyatts - 1) k order by k) as expressions,
                    coalesce(pg_get_expr(i.indpred, i.indrelid), '') as predicate, i.indisunique as is_unique, i.indisvalid
                        and i.indisready and i.indislive as usable,
                    i.indisreplident or i.indisclustered as chosen, exists (select 1 from pg_constraint k
                        where k.conindid = i.indexrelid) as of_constraint,
                    exists (select 1 from pg_inherits h where h.inhrelid = i.indexrelid) as of_parent,
                    exists (select 1 from pg_stat_progress_create_index p where p.index_relid = i.indexrelid) as being_built,
                    x.relpages::bigint * current_setting('block_size')::bigint as bytes,
                        coalesce(s.idx_scan, 0) as scans, ${last} as last_scan,
                    coalesce(t.n_tup_ins + t.n_tup_upd - t.n_tup_hot_upd, 0) as writes, (select spcname from pg_tablespace
                        where oid = x.reltablespace) as tablespace,
                    obj_description(i.indexrelid, 'pg_class') as comment, pg_has_role(c.relowner, 'usage') as owned,
                    array(select a.attnum || '=' || a.attstattarget from pg_attribute a where a.attrelid = i.indexrelid
                        and a.attstattarget >= 0 order by a.attnum) as targets
                from pg_index i join pg_class x on x.oid = i.indexrelid join pg_class c on c.oid = i.indrelid
                    join pg_namespace n on n.oid = c.relnamespace join pg_am m on m.oid = x.relam
                left join pg_stat_all_indexes s on s.indexrelid = i.indexrelid left join pg_stat_all_tables t on t.relid = i.indrelid
                where c.relpersistence <> 't' and c.oid not in ${locked} and x.oid not in ${locked} and ${users}
                    order by i.indrelid, i.indexrelid""";

        /**
         * Foreign keys that no index serves. A btree does if it has all their columns, one of them the first, in any order; each by an
         * operator family that holds the operator of the constraint and in the column's collation; and if it is whole or leaves out only
         * NULLs: what the planner can use for the query that the constraint itself runs (manual, 5.5.5 and 11.10). What serves a part of
         * the columns, or is a BRIN or GIN, may do or not. On a partitioned table each partition must have one.
         */
        static final String FOREIGN_KEYS = """
                with fk as (
                    select f.oid, f.conname, f.conrelid, f.confrelid, f.conkey, f.conpfeqop, cardinality(f.conkey) as n from pg_constraint f
                    join pg_class c on c.oid = f.conrelid join pg_namespace n on n.oid = c.relnamespace
                    where f.contype = 'f' and f.conparentid = 0 and c.oid not in ${locked} and ${users}),
                leaf as (
                    select fk.oid, l.relid, array(select b.attnum from unnest(fk.conkey) with ordinality k(num, at)
                        join pg_attribute a on a.attrelid = fk.conrelid and a.attnum = k.num
                            join pg_attribute b on b.attrelid = l.relid and b.attname = a.attname and not b.attisdropped
                                order by k.at) as keys
                    from fk join pg_class c on c.oid = fk.conrelid cross join lateral (
                        select fk.conrelid as relid where c.relkind <> 'p' union all select x.relid::oid
                            from pg_partition_tree(fk.conrelid) x where c.relkind = 'p' and x.isleaf) l),
                serving as (
                    select leaf.oid, leaf.relid, x.relname, m.amname in ('btree', 'hash') as ordered, i.indnkeyatts,
                        count(distinct f.num) as served, count(distinct f.num) filter (where k.place = 0) as first
                    from leaf join fk on fk.oid = leaf.oid join pg_index i on i.indrelid = leaf.relid
                        join pg_class x on x.oid = i.indexrelid join pg_am m on m.oid = x.relam
                    cross join lateral unnest(leaf.keys, fk.conpfeqop) f(num, operator) join pg_attribute a on a.attrelid = leaf.relid
                        and a.attnum = f.num
                    join lateral (select o as place from generate_series(0, i.indnkeyatts - 1) o where i.indkey[o] = f.num
                        and i.indcollation[o] in (0, a.attcollation)
                        and exists (select 1 from pg_opclass oc join pg_amop ao on ao.amopfamily = oc.opcfamily and ao.amopopr = f.operator
                            where oc.oid = i.indclass[o])) k on true
                    where i.indisvalid and i.indisready and i.indislive and (i.indpred is null or exists (select 1
                        from unnest(leaf.keys) num join pg_attribute p
                        on p.attrelid = leaf.relid and p.attnum = num where pg_get_expr(i.indpred, i.indrelid) = format('(%I IS NOT NULL)',
                            p.attname)))
                    group by 1, 2, 3, 4, 5, i.indexrelid),
                cover as (
                    select leaf.oid, leaf.relid, coalesce(max(s.served) filter (where s.ordered
                        and s.first = 1), 0) as matched, max(s.relname) filter (where s.first = 1 or not s.ordered) as prefix
                    from leaf left join serving s on s.oid = leaf.oid and s.relid = leaf.relid group by 1, 2)
                select fk.oid::bigint as oid, fk.conname as name, c.oid::bigint as table_oid, n.nspname as schema, c.relname as table_name,
                    c.relkind as kind,
                    quote_ident(n.nspname) || '.' || quote_ident(c.relname) as path, r.oid::regclass::text as parent,
                    array(select a.attname::text from unnest(fk.conkey) with ordinality k(num, at)
                        join pg_attribute a on a.attrelid = fk.conrelid and a.attnum = k.num order by k.at) as columns,
                    count(*) as parts, array_agg(quote_ident(ln.nspname) || '.' || quote_ident(lc.relname)
                        order by lc.oid) filter (where cover.matched < fk.n) as uncovered,
                    max(cover.prefix) as prefix, sum(greatest(lc.reltuples, 0))::float8 as rows, coalesce(sum(ls.n_tup_ins + ls.n_tup_upd),
                        0) as writes,
                    coalesce(max(rs.n_tup_del), 0) as parent_deletes, coalesce(max(rs.n_tup_upd), 0) as parent_updates,
                        coalesce(sum(ls.seq_scan), 0) as seq_scans
                from fk join cover on cover.oid = fk.oid join pg_class lc on lc.oid = cover.relid
                    join pg_namespace ln on ln.oid = lc.relnamespace
                join pg_class c on c.oid = fk.conrelid join pg_namespace n on n.oid = c.relnamespace join pg_class r on r.oid = fk.confrelid
                left join pg_stat_all_tables ls on ls.relid = lc.oid left join pg_stat_all_tables rs on rs.relid = r.oid
                group by fk.oid, fk.conname, fk.n, fk.conkey, fk.conrelid, c.oid, c.relname, c.relkind, n.nspname, r.oid
                    order by path, name""";

        @Override
        public String name() {
            return "indexes";
        }

        @Override
        public void plan(Context context, Plan plan) throws SQLException, InterruptedException {
            var indexes = read(context);
            var behind = context.number("select count(*) from " + Context.LOCKED + " x");
            if (behind > 0) {
                plan.skip(Blind.lock, count(behind, "relation") + " stand under somebody's ACCESS EXCLUSIVE lock", null);
            }
            plan.examine(indexes.size(), indexes.size(), "index");
            var builder = new Builder(context);
            foreignKeys(context, plan, builder);
            new Workload(context, plan, builder, indexes).plan();
            reportInvalid(context, plan, indexes);
            unused(context, plan, indexes, redundant(plan, indexes));
        }

        static List<Row> read(Context context) throws SQLException {
            var last = context.version >= 16 ? "s.last_idx_scan::text" : "null::text";
            return context.query(ALL.replace("${last}", last).replace("${locked}", Context.LOCKED).replace("${users}", Context.USERS));
        }

        // --- missing on foreign keys ---

        private void foreignKeys(Context context, Plan plan, Builder builder) throws SQLException {
            var keys = context.query(FOREIGN_KEYS.replace("${locked}", Context.LOCKED).replace("${users}", Context.USERS));
            plan.examine(keys.size(), keys.size(), "foreign key");
            for (var key : keys) {
                if (key.has("uncovered")) {
                    var columns = key.list("columns").stream().map(context::ident).toList();
                    var partly = key.list("uncovered").size() < key.number("parts");
                    var targets = partly ? key.list("uncovered") : List.of(key.text("path"));
                    for (var target : targets) {
                        var made = builder.create(target, partly ? "r" : key.text("kind"), columns, "for the foreign key "
                                + key.text("name"));
                        if (made.isPresent() && key.has("prefix") && !partly) {
                            made.get().manual(key.text("prefix") + " serves it in part: whether that is enough depends on the data. If"
                                    + " deletes of " + key.text("parent") + " are slow, run the SQL");
                        }
                        made.ifPresent(change -> plan.add(change.reason("no index serves " + (key.has("prefix") ? "all of " : "")
                                + "the foreign key " + key.text("name") + " to " + key.text("parent")
                                + ": deleting there, or changing its key, reads all of " + target
                                        + (partly ? "; other partitions have one, and future ones will need it too" : ""))
                                .evidence("rows", Math.round(key.real("rows"))).evidence("deletes_of_parent", key.number("parent_deletes"))
                                .evidence("updates_of_parent", key.number("parent_updates"))
                                        .evidence("sequential_scans", key.number("seq_scans"))));
                    }
                }
            }
        }

        // --- too many ---

        /**
         * Indexes for which another one stands wherever the planner could use them; true duplicates first lose the younger one. Returns
         * both: the one that stays has the other's scans before it.
         */
        private Set<Long> redundant(Plan plan, List<Row> indexes) {
            var keptBy = new LinkedHashMap<Row, Row>();
            for (var index : indexes) {
                indexes.stream().filter(other -> replaces(other, index)).min(Comparator.comparing((Row other) -> other.real("bytes"))
                        .thenComparing(other -> other.number("oid")))
                        .ifPresent(other -> keptBy.put(index, other));
            }
            for (var index : keptBy.keySet()) {
                var kept = keptBy.get(index);
                while (keptBy.containsKey(kept)) {
                    kept = keptBy.get(kept);
                }
                var same = kept.list("keys").equals(index.list("keys")) && kept.list("included").equals(index.list("included"));
                var change = drop(index).key("drop " + index.text("path"))
                        .reason((same ? "it is the same as " : "all that it can do can also be done by ") + kept.text("path"))
                        .evidence("kept", kept.text("definition")).evidence("bytes", index.number("bytes"))
                                .evidence("bytes_of_kept", kept.number("bytes"))
                        .evidence("scans", index.number("scans")).evidence("writes", index.number("writes"));
                if (!same && index.number("bytes") > 0 && kept.real("bytes") > 3 * index.real("bytes") && index.number("scans") > 0) {
                    change.manual("the wider one is more than three times as large, so reading it may cost more than keeping both:"
                            + " compare, then run the SQL");
                }
                plan.add(change);
            }
            return Stream.concat(keptBy.keySet().stream(), keptBy.values().stream()).map(index -> index.number("oid"))
                    .collect(Collectors.toSet());
        }

        /**
         * Whether the planner loses nothing without one: the same table, method, predicate; its keys, operator classes, collations and
         * expressions are the first ones of the other, its orders too or all reversed (a btree is read both ways). What is unique, of a
         * constraint, chosen for CLUSTER or as replica identity, or part of a partitioned index, stays.
         */
        static boolean replaces(Row other, Row index) {
            var n = index.list("keys").size();
            if (other == index || index.number("table_oid") != other.number("table_oid") || !index.text("method")
                    .equals(other.text("method")) || !index.flag("usable")
                    || !other.flag("usable") || mustStay(index) || !List.of("btree", "hash").contains(index.text("method"))
                            || other.list("keys").size() < n
                    || index.text("method").equals("hash") && other.list("keys").size() != n || !index.text("predicate")
                            .equals(other.text("predicate"))) {
                return false;
            }
            for (var part : List.of("keys", "classes", "collations", "expressions")) {
                if (!other.list(part).subList(0, n).equals(index.list(part))) {
                    return false;
                }
            }
            var orders = other.list("orders").subList(0, n);
            var available = new ArrayList<>(other.list("keys"));
            available.addAll(other.list("included"));
            if (!orders.equals(index.list("orders")) && !orders.equals(index.list("reverse_orders"))
                    || !available.containsAll(index.list("included"))) {
                return false;
            }
            var equal = other.list("keys").size() == n && other.list("included").size() == index.list("included").size();
            return !equal || mustStay(other) || other.number("oid") < index.number("oid");
        }

        static boolean mustStay(Row index) {
            return index.flag("is_unique") || index.flag("of_constraint") || index.flag("chosen") || index.flag("of_parent");
        }

        private Change drop(Row index) {
            var name = literal(index.text("path"));
            var definition = "select coalesce((select pg_catalog.pg_get_indexdef(i.indexrelid) = " + literal(index.text("definition"))
                    + " and i.indisvalid from pg_catalog.pg_index i where i.indexrelid = pg_catalog.to_regclass(" + name + ")), false)";
            var change = new Change(name(), index.text("path"), "drop " + index.text("path"))
                    .lock("SHARE UPDATE EXCLUSIVE: reading and writing go on")
                    .verify("select pg_catalog.to_regclass(" + name + ") is null").former(definition)
                            .debris(invalid(index.text("path")), "DROP INDEX CONCURRENTLY IF EXISTS " + index.text("path"));
            if (index.text("kind").equals("I")) {
                return change.sql("DROP INDEX " + index.text("path")).undo(recreate(index))
                        .manual("an index of a partitioned table cannot be dropped without a lock on all of it: run the SQL at a quiet"
                        + " time");
            }
            return change.alone("DROP INDEX CONCURRENTLY " + index.text("path")).undoAlone(recreate(index));
        }

        /** What an index is, by numbers, which do not change when the table or a column gets another name. */
        static final String SHAPE = "select pg_catalog.format('%%s %%s %%s %%s %%s %%s %%s', indrelid, indisunique, indnkeyatts, indkey, "
                + "indclass, indoption, pg_catalog.pg_get_expr(indpred, indrelid)) from pg_catalog.pg_index where indexrelid = "
                + "pg_catalog.to_regclass(%s) and indisvalid and indisready";

        /** Whether a usable index still has the shape that it had. */
        static String is(String path, String shape) {
            return "select coalesce((" + SHAPE.formatted(literal(path)) + ") = " + literal(shape) + ", false)";
        }

        static String invalid(String path) {
            return "select exists (select 1 from pg_catalog.pg_index where indexrelid = pg_catalog.to_regclass(" + literal(path)
                    + ") and not indisvalid)";
        }

        /**
         * All that belongs to an index: pg_get_indexdef leaves out the tablespace, the comment and the statistics targets of expressions.
         */
        private static String[] recreate(Row index) {
            var definition = index.text("definition").replaceFirst("^CREATE INDEX ", index.text("kind").equals("I") ? "CREATE INDEX "
                    : "CREATE INDEX CONCURRENTLY ");
            if (index.has("tablespace")) {
                var end = index.text("predicate").isEmpty() ? definition.length()
                        : definition.length() - (" WHERE " + index.text("predicate")).length();
                definition = definition.substring(0, end) + " TABLESPACE " + quote(index.text("tablespace")) + definition.substring(end);
            }
            var statements = new ArrayList<>(List.of(definition));
            for (var target : index.list("targets")) {
                statements.add("ALTER INDEX " + index.text("path") + " ALTER COLUMN " + target.replace("=", " SET STATISTICS "));
            }
            if (index.has("comment")) {
                statements.add("COMMENT ON INDEX " + index.text("path") + " IS " + literal(index.text("comment")).strip());
            }
            return statements.toArray(String[]::new);
        }

        /** Whoever left them: our own would be in the ledger, and are removed by it. */
        private void reportInvalid(Context context, Plan plan, List<Row> indexes) throws SQLException {
            var ours = context.ledger.entries().stream().filter(entry -> entry.status.equals("started"))
                    .flatMap(entry -> entry.debris.stream()).toList();
            for (var index : indexes) {
                if (!index.flag("usable") && index.text("kind").equals("i") && !index.flag("being_built") && ours.stream()
                        .noneMatch(statement -> statement.contains(index.text("path")))) {
                    plan.add(drop(index).key("invalid " + index.text("path"))
                            .reason("it is INVALID: a CREATE or REINDEX CONCURRENTLY has failed. No query uses it, each write pays for it")
                            .evidence("definition", index.text("definition")).evidence("bytes", index.number("bytes"))
                            .manual("it is not ours, so it is left alone: drop it by the SQL, or mend it by REINDEX INDEX CONCURRENTLY "
                                    + index.text("path")));
                }
            }
        }

        /**
         * Unused means: not read once on any node, over a time in which monthly jobs have run too. A server knows its own scans only, so
         * each standby has to be named by --other-node.
         */
        private void unused(Context context, Plan plan, List<Row> indexes, Set<Long> settled) throws SQLException, InterruptedException {
            var candidates = indexes.stream().filter(index -> index.flag("usable") && !mustStay(index)
                    && !settled.contains(index.number("oid")) && index.text("kind").equals("i")
                    && index.number("scans") == 0 && !index.has("last_scan") && index.number("bytes") >= 1 << 20).toList();
            if (candidates.isEmpty()) {
                return;
            }
            var keys = context.query(FOREIGN_KEYS.replace("${locked}", Context.LOCKED).replace("${users}", Context.USERS));
            var evidence = Evidence.gather(context);
            if (evidence.missing != null) {
                plan.note(count(candidates.size(), "index") + " of " + size(candidates.stream().mapToDouble(index -> index.real("bytes"))
                        .sum()) + " had no scan so far ("
                        + candidates.stream().limit(5).map(index -> index.text("path")).collect(Collectors.joining(", "))
                                + (candidates.size() > 5 ? " ..." : "") + "), but " + evidence.missing);
                return;
            }
            for (var index : candidates) {
                if (evidence.scans.getOrDefault(index.text("path"), 0L) == 0 && keys.stream().noneMatch(key -> serves(index, key))) {
                    plan.add(drop(index).key("unused " + index.text("path")).reason("no scan of it is counted in " + evidence.text())
                            .evidence("bytes", index.number("bytes"))
                            .evidence("writes", index.number("writes")).evidence("days", evidence.days).evidence("nodes", evidence.nodes)
                                    .evidence("definition", index.text("definition")));
                }
            }
        }

        /** Whether the index begins with a column of the foreign key: it may be the only one that serves it. */
        private static boolean serves(Row index, Row key) {
            return index.number("table_oid") == key.number("table_oid") && key.list("columns").stream()
                    .anyMatch(column -> index.text("definition").matches("(?s).*\\(\"?" + Pattern.quote(column.replace("\"", "\"\""))
                            + "\"?[ ,)].*"));
        }
    }

    /** Over how many days and on which nodes scans were counted, and what is missing to call an index unused. */
    static final class Evidence {
        double days;
        int nodes = 1;
        String missing;
        final Map<String, Long> scans = new TreeMap<>();

        static Evidence gather(Context context) throws SQLException, InterruptedException {
            var evidence = new Evidence();
            var age = "select extract(epoch from clock_timestamp() - stats_reset) / 86400 as days, (select system_identifier from"
                    + " pg_control_system()) as id,"
                    + " (select count(*) from pg_stat_replication) as standbys from pg_stat_database where datname = current_database()";
            var here = context.one(age);
            evidence.days = here.has("days") ? here.real("days") : -1;
            var system = here.text("id");
            for (var url : context.script.manner.nodes) {
                var node = new Target();
                node.url = url;
                node.spec = context.script.database.spec;
                node.environment = context.script.database.environment;
                try (var other = node.connect(false)) {
                    var there = Context.ask(other, Duration.ofSeconds(10), age).get(0);
                    if (!Objects.equals(system, there.text("id"))) {
                        throw context.wrong("--other-node: that is another cluster, not a standby of this one");
                    }
                    evidence.nodes++;
                    evidence.days = Math.min(evidence.days, there.has("days") ? there.real("days") : -1);
                    for (var row : Context.ask(other, Duration.ofSeconds(10),
                            "select quote_ident(schemaname) || '.' || quote_ident(indexrelname) as path, idx_scan from"
                            + " pg_stat_all_indexes where idx_scan > 0")) {
                        evidence.scans.merge(row.text("path"), row.number("idx_scan"), Long::sum);
                    }
                }
            }
            var unseen = here.number("standbys") - (evidence.nodes - 1);
            evidence.missing = evidence.days < 0 ? "since when the server counts is not known: watch for scans, or run"
                    + " SELECT pg_stat_reset() and look again after "
                    + Indexes.daysOfEvidence + " days"
                    : evidence.days < Indexes.daysOfEvidence ? String.format(Locale.ROOT,
                            "counted for %.1f days only; %d are needed, so that what runs once a month has run", evidence.days,
                            Indexes.daysOfEvidence)
                    : unseen > 0 ? count(unseen, "standby") + " may use it: name each by --other-node URL" : null;
            return evidence;
        }

        String text() {
            return (days < 0 ? "an unknown time" : String.format(Locale.ROOT, "%.0f days", days)) + " on " + count(nodes, "node");
        }
    }

    /** Plans indexes: their names, size, cost, and for partitioned tables the way that locks nobody out. */
    static final class Builder {
        final Context context;
        final Set<String> planned = new TreeSet<>();
        final Set<String> names = new TreeSet<>();

        Builder(Context context) throws SQLException {
            this.context = context;
            context.query("select quote_ident(n.nspname) || '.' || quote_ident(c.relname) as path from pg_class c join pg_namespace n on"
                    + " n.oid = c.relnamespace where n.nspname !~ '^pg_(toast|catalog)'")
                    .forEach(row -> names.add(row.text("path")));
        }

        /** An index on columns (as SQL) of a table; empty if one on the same columns is planned already. */
        Optional<Change> create(String table, String kind, List<String> columns, String purpose) throws SQLException {
            if (!planned.add(table + " " + columns)) {
                return Optional.empty();
            }
            var facts = context.one("select n.nspname as schema, c.relname as name, greatest(c.reltuples, 0)::float8 as rows,"
                    + " coalesce(s.n_tup_ins + s.n_tup_upd - s.n_tup_hot_upd, 0) as writes,"
                    + " case when s.n_tup_upd > 0 then round(100.0 * s.n_tup_hot_upd / s.n_tup_upd) end as hot, coalesce((select"
                            + " sum(coalesce(q.avg_width, 8)) from pg_stats q"
                    + " where q.schemaname = n.nspname and q.tablename = c.relname and quote_ident(q.attname) = any (string_to_array(?,"
                            + " E'\\x01'))), 0)::float8 as width, pg_has_role(c.relowner, 'usage') as owned,"
                    + " (select sum(greatest(l.reltuples, 0)) from pg_partition_tree(c.oid) t join pg_class l on l.oid = t.relid where"
                            + " c.relkind = 'p' and t.isleaf)::float8 as leaf_rows"
                    + " from pg_class c join pg_namespace n on n.oid = c.relnamespace left join pg_stat_all_tables s on s.relid = c.oid"
                            + " where c.oid = ?::regclass",
                    columns.stream().map(Builder::bare).collect(Collectors.joining("\u0001")), table);
            var name = name(facts.text("schema"), facts.text("name"), columns);
            var rows = Math.max(facts.real("rows"), facts.real("leaf_rows"));
            var bytes = bytes(rows, facts.real("width"), columns.size());
            var change = new Change("indexes", table, "create an index on " + table + " (" + String.join(", ", columns) + ") " + purpose)
                    .key("create " + table + " (" + String.join(", ", columns) + ")")
                    .evidence("estimated_bytes", bytes).evidence("writes_to_table", facts.number("writes"))
                            .evidence("hot_update_percent", facts.has("hot") ? facts.number("hot") : null).disk(bytes)
                    .precheck(now -> facts.flag("owned") ? null : "only the owner of " + table + " may create an index on it");
            return Optional.of(kind.equals("p") ? partitioned(change, table, name, columns)
                    : plain(change, table, name, columns));
        }

        /**
         * About 16 bytes for each entry beside the key, pages nine tenths full (manual, 73.6 and 67.4.3: deduplication may make it
         * smaller).
         */
        static long bytes(double rows, double width, int columns) {
            return Math.round(8192 + rows * (16 + Math.ceil(Math.max(width, 4 * columns) / 8) * 8) / 0.9);
        }

        static String bare(String column) {
            return column.replaceFirst("( DESC| ASC)?( NULLS (FIRST|LAST))?$", "").replaceFirst("^\"([a-z_][a-z0-9_]*)\"$", "$1");
        }

        /** Like the server's own names: table_column_idx, at most 63 bytes, with a number if it is taken. Schema-qualified. */
        private String name(String schema, String table, List<String> columns) {
            var words = table + "_" + columns.stream().map(column -> bare(column).replaceAll("^\"|\"$", "").replace("\"\"", "\""))
                    .collect(Collectors.joining("_"));
            for (var i = 0;; i++) {
                var path = context.ident(schema) + "." + context.ident(clip(words, 63 - 4 - (i == 0 ? 0 : String.valueOf(i).length()))
                        + "_idx" + (i == 0 ? "" : i));
                if (names.add(path)) {
                    return path;
                }
            }
        }

        /** As many whole characters as fit into so many bytes. */
        static String clip(String text, int bytes) {
            while (text.getBytes(UTF_8).length > bytes) {
                text = text.substring(0, text.offsetByCodePoints(text.length(), -1));
            }
            return text;
        }

        private Change plain(Change change, String table, String path, List<String> columns) {
            return change.alone("CREATE INDEX CONCURRENTLY "
                    + path.substring(path.indexOf('.', path.startsWith("\"") ? path.indexOf('"', 1) : 0) + 1) + " ON " + table + " ("
                    + String.join(", ", columns) + ")")
                    .undoAlone("DROP INDEX CONCURRENTLY " + path).makes(path).lock("SHARE UPDATE EXCLUSIVE: reading and writing go on")
                            .debris(Indexes.invalid(path), "DROP INDEX CONCURRENTLY IF EXISTS " + path)
                    .verify("select coalesce((select indisvalid and indisready from pg_catalog.pg_index where indexrelid ="
                            + " pg_catalog.to_regclass(" + literal(path) + ")), false)")
                    .former("select pg_catalog.to_regclass(" + literal(path) + ") is null");
        }

        /**
         * First the index of the parent alone, invalid and empty; then one on each partition, CONCURRENTLY; attached, they make the
         * parent's valid (manual, 5.12.2.2).
         */
        private Change partitioned(Change change, String table, String path, List<String> columns) throws SQLException {
            var list = " (" + String.join(", ", columns) + ")";
            var name = path.substring(path.indexOf('.', path.startsWith("\"") ? path.indexOf('"', 1) : 0) + 1);
            var tree = context.query("select quote_ident(n.nspname) as schema, n.nspname as bare_schema, c.relname as name,"
                    + " quote_ident(n.nspname) || '.' || quote_ident(c.relname) as path, c.relkind as kind, t.level,"
                    + " quote_ident(pn.nspname) || '.' || quote_ident(p.relname) as parent from pg_partition_tree(?::regclass) t join"
                            + " pg_class c on c.oid = t.relid join pg_namespace n on n.oid = c.relnamespace"
                    + " left join pg_class p on p.oid = t.parentrelid left join pg_namespace pn on pn.oid = p.relnamespace where t.level"
                            + " > 0 order by t.level, c.oid", table);
            var indexOf = new LinkedHashMap<>(Map.of(table, path));
            var before = new ArrayList<>(List.of("CREATE INDEX " + name + " ON ONLY " + table + list));
            var apart = new ArrayList<String>();
            var attach = new ArrayList<String>();
            for (var part : tree) {
                var own = name(part.text("bare_schema"), part.text("name"), columns);
                var bare = own.substring(part.text("schema").length() + 1);
                indexOf.put(part.text("path"), own);
                if (part.text("kind").equals("p")) {
                    before.add("CREATE INDEX " + bare + " ON ONLY " + part.text("path") + list);
                } else {
                    apart.add("CREATE INDEX CONCURRENTLY " + bare + " ON " + part.text("path") + list);
                }
                attach.add(0, "ALTER INDEX " + indexOf.get(part.text("parent")) + " ATTACH PARTITION " + own);
            }
            var all = Stream.of(before, apart, attach).flatMap(List::stream).toArray(String[]::new);
            var drops = indexOf.values().stream().map(index -> "DROP INDEX IF EXISTS " + index).toArray(String[]::new);
            return change.show(all).work((now, entry) -> {
                now.transaction(before);
                for (var statement : apart) {
                    now.alone(statement, null);
                }
                for (var statement : attach) {
                    now.transaction(List.of(statement));
                }
            }).cleanup((now, entry) -> now.transaction(List.of(drops))).undo("DROP INDEX " + path)
                    .makes(path).lock("SHARE on the partitioned table for a moment, within lock_timeout; SHARE UPDATE EXCLUSIVE on each"
                            + " partition")
                    .debris(Indexes.invalid(path), drops)
                    .verify("select coalesce((select indisvalid from pg_catalog.pg_index where indexrelid = pg_catalog.to_regclass("
                            + literal(path) + ")), false)")
                    .former("select pg_catalog.to_regclass(" + literal(path) + ") is null");
        }
    }

    /**
     * REINDEX CONCURRENTLY of bloated btrees. Without pgstattuple the size is held against the one that the entries would need without
     * deduplication, so that what is called bloated is: the true share of waste is rather larger. An index counts from 10 MB of waste on.
     */
    static final class Reindex implements Kind {
        static final String SIZES = """
                select x.oid::bigint as oid, quote_ident(n.nspname) || '.' || quote_ident(x.relname) as path, n.nspname as schema,
                    x.relname as name, x.relpages::bigint * b.size as bytes,
                    pg_has_role(c.relowner, 'usage') or ${maintains} as maintains, t.rows,
                    (t.rows * (4 + 8 + 8 * ceil(w.width / 8.0)) / (b.size - 40.0) * 100.0 / coalesce((select option_value
                        from pg_options_to_table(x.reloptions) where option_name = 'fillfactor'), '90')::float8
                        + 1) * b.size as needed, w.known
                from pg_index i join pg_class x on x.oid = i.indexrelid join pg_class c on c.oid = i.indrelid
                    join pg_namespace n on n.oid = c.relnamespace
                join pg_am m on m.oid = x.relam and m.amname = 'btree' cross join (select current_setting('block_size')::bigint as size) b
                cross join lateral (select greatest(x.reltuples, case when i.indpred is null then c.reltuples
                    else 0 end, 0)::float8 as rows) t
                cross join lateral (select sum(coalesce(q.avg_width, case when a.attlen > 0 then a.attlen end) + case
                    when a.attlen < 0 then 4 else 0 end + 4)::float8 as width,
                        bool_and(a.attlen > 0 or q.avg_width is not null) as known
                    from pg_attribute a left join pg_stats q on q.schemaname = n.nspname and q.attname = coalesce((select t.attname
                        from pg_attribute t where t.attrelid = c.oid and t.attnum = i.indkey[a.attnum - 1]
                        and i.indkey[a.attnum - 1] <> 0), a.attname) and q.tablename = case when i.indkey[a.attnum - 1] = 0 then x.relname
                            else c.relname end and not q.inherited
                    where a.attrelid = x.oid) w
                where x.relkind = 'i' and i.indisvalid and i.indisready and not i.indisexclusion and c.relpersistence <> 't'
                    and c.oid not in ${locked} and x.oid not in ${locked}
                    and x.relpages::bigint * b.size >= 10 << 20 and ${users} order by bytes desc""";

        @Override
        public String name() {
            return "reindex";
        }

        @Override
        public void plan(Context context, Plan plan) throws SQLException {
            var indexes = context.query(SIZES.replace("${maintains}", Tables.maintains(context)).replace("${locked}", Context.LOCKED)
                    .replace("${users}", Context.USERS));
            var tuple = context.extension("pgstattuple");
            var seen = 0;
            for (var index : indexes) {
                if (!index.flag("known") || index.number("rows") == 0) {
                    continue;
                }
                seen++;
                var needed = index.real("needed");
                var how = "estimated by the width of its columns, without deduplication";
                if (tuple != null && index.real("bytes") < 2e9 && index.real("bytes") > 1.3 * needed) {
                    try {
                        var density = context.query(Duration.ofSeconds(20), "select avg_leaf_density as density, leaf_pages from "
                                + tuple.schema() + ".pgstatindex(" + index.number("oid") + "::regclass)").get(0);
                        needed = index.real("bytes") * Math.min(1, density.real("density") / 90);
                        how = "measured by pgstattuple: its leaf pages are " + density.text("density") + " % full";
                    } catch (SQLException e) {
                        plan.note(index.text("path") + ": pgstattuple cannot be used (" + explain(e) + "); estimated instead");
                    }
                }
                if (index.real("bytes") > 2 * needed && index.real("bytes") - needed >= 10 << 20) {
                    plan.add(change(index, needed, how));
                }
            }
            plan.examine(seen, indexes.size(), "btree of 10 MB or more");
            if (seen < indexes.size()) {
                plan.skip(Blind.privilege, count(indexes.size() - seen, "index")
                        + " cannot be judged: no statistics of their columns, or they are hidden from this role",
                        "ANALYZE; GRANT pg_read_all_data TO " + quote(context.role) + ";");
            }
        }

        private Change change(Row index, double needed, String how) {
            var path = index.text("path");
            var copy = path(index.text("schema"), Builder.clip(index.text("name"), 63 - 6) + "_ccnew");
            return new Change(name(), path, "rebuild " + path).reason(size(index.real("bytes")) + ", of which "
                    + size(index.real("bytes") - needed) + " are waste: " + how)
                    .evidence("bytes", index.number("bytes")).evidence("needed_bytes", Math.round(needed))
                            .alone("REINDEX INDEX CONCURRENTLY " + path).disk(Math.round(needed))
                    .lock("SHARE UPDATE EXCLUSIVE: reading and writing go on").undoNote("nothing: the index is the same, only smaller")
                    .precheck(now -> !index.flag("maintains") ? "only the owner of its table may rebuild it"
                            : now.flag("select to_regclass(" + literal(copy) + ") is not null")
                                    ? "somebody's REINDEX CONCURRENTLY has left " + copy + ", or is building it: it is left alone" : null)
                    .debris(Indexes.invalid(copy), "DROP INDEX CONCURRENTLY IF EXISTS " + copy)
                    .verify("select indisvalid and pg_catalog.pg_relation_size(indexrelid) < " + index.number("bytes")
                            + " from pg_catalog.pg_index where indexrelid = pg_catalog.to_regclass(" + literal(path) + ")");
        }
    }

    /**
     * Advice from the statements that pg_stat_statements has counted. Each gets a generic plan; from the conditions in it, as the server
     * itself prints them, come candidates; a greedy choice over all statements makes a set of them, each worth more than the writes it
     * costs. hypopg, where it is installed, lets the planner itself judge; else its cost formulas are followed here.
     */
    static final class Workload {
        static final int STATEMENTS = 50;
        static final int CANDIDATES = 60;
        static final int MOST_ADVISED = 8;
        static final double WORTH = 0.7; // of the former cost of a statement: less of a gain is not worth an index
        static final double LEAST_COST = 100; // of the planner: about a hundred pages read in sequence
        static final double WRITE_MS = 0.02; // what an entry costs each INSERT and UPDATE, about, with its WAL; in memory

        final Context context;
        final Plan plan;
        final Builder builder;
        final List<Row> indexes;
        final Extension hypopg;
        final Map<Long, Relation> relations = new TreeMap<>();
        final Map<String, Double> rowsOf = new TreeMap<>();
        // entries that each index of a table got, in the time in which the statements were counted
        final Map<Long, Double> writes = new TreeMap<>();
        final long deadline = System.nanoTime() + 60_000_000_000L;
        Map<String, Double> costs;

        Workload(Context context, Plan plan, Builder builder, List<Row> indexes) {
            this.context = context;
            this.plan = plan;
            this.builder = builder;
            this.indexes = indexes;
            hypopg = context.extension("hypopg");
        }

        record Relation(long oid, String path, String kind, double rows, double pages, double hot, Map<String, Boolean> columns,
                Map<String, Double> distinct) {
        }

        /** A condition on a column, as an index could serve it; the parameter that it is compared with, or 0. */
        record Condition(long relation, String column, boolean equal, boolean join, int parameter, String text) {
        }

        /** One reading of a table in a plan. */
        static final class Scan {
            long relation;
            String alias;
            double cost;
            double loops = 1;
            final List<Condition> conditions = new ArrayList<>();
            Double joined; // what the join costs that reads it as a whole, beyond its other side
            double outerRows;
        }

        record Sort(List<String> keys, boolean limited, double cost, double limit) {
        }

        static final class Statement {
            String user;
            String searchPath;
            String text;
            double calls;
            double totalMs;
            double rows;
            double cost;
            final List<Scan> scans = new ArrayList<>();
            final List<Sort> sorts = new ArrayList<>();

            boolean touches(long relation) {
                return scans.stream().anyMatch(scan -> scan.relation == relation);
            }
        }

        record Candidate(long relation, List<String> keys) {
        }

        // --- what the server has counted ---

        /**
         * The statements that took most time, by the columns that this version of the extension has (total_time until 1.7, total_exec_time
         * since 1.8; manual, F.32 there).
         */
        static List<Row> top(Context context) throws SQLException {
            var extension = context.extension("pg_stat_statements");
            var view = extension.schema() + ".pg_stat_statements";
            var time = context.has(view, "total_exec_time") ? "exec_time" : "time";
            return context.query("""
                    select * from (select s.userid::regrole::text as role, s.userid::oid::bigint as userid, s.query, s.calls,
                        s.total_%1$s as total_ms, s.mean_%1$s as mean_ms, s.rows,
                        round((100 * s.total_%1$s / nullif(sum(s.total_%1$s) over (), 0))::numeric, 1) as percent_of_time,
                        round(100.0 * s.shared_blks_hit / nullif(s.shared_blks_hit + s.shared_blks_read, 0), 1) as cache_hit_percent,
                            s.temp_blks_written as temp_blocks
                    from %2$s s where s.dbid = (select oid from pg_database where datname = current_database())) s
                    where query <> '<insufficient privilege>' and query ~* '^\\s*(select|with|insert|update|delete|merge|values|table)\\y'
                        and query !~* '\\y(pgbang|pg_(stat|class|locks|settings|file|catalog|index|namespace|roles|proc|attribute))'
                        and query !~* '\\ypg_(partition|database|constraint)' order by total_ms desc limit %3$d"""
                            .formatted(time, view, STATEMENTS));
        }

        void plan() throws SQLException, InterruptedException {
            if (context.extension("pg_stat_statements") == null) {
                plan.skip(Blind.setup, "pg_stat_statements is not installed, so no statement is known",
                        "shared_preload_libraries = 'pg_stat_statements', a restart, CREATE EXTENSION pg_stat_statements;");
                return;
            }
            List<Row> top;
            try {
                top = top(context);
            } catch (SQLException e) {
                plan.skip(context.isLost(e) ? Blind.error : Blind.setup, "pg_stat_statements cannot be read: "
                        + optimize_postgres.explain(e), null);
                return;
            }
            if (!context.roles.contains("pg_read_all_stats") && !context.superuser) {
                plan.skip(Blind.privilege, "statements of other roles are hidden", "GRANT pg_read_all_stats TO " + quote(context.role)
                        + ";");
            }
            var statements = new ArrayList<Statement>();
            var failures = new TreeMap<String, Integer>();
            for (var row : top) {
                try {
                    var statement = statement(row);
                    if (!statement.scans.isEmpty()) {
                        statements.add(statement);
                    }
                } catch (SQLException e) {
                    context.detail("-- no generic plan: " + optimize_postgres.explain(e) + ": " + shorten(row.text("query")));
                    countWrites(row);
                    failures.merge(Objects.toString(e.getSQLState()), 1, Integer::sum);
                }
            }
            plan.examine(top.size() - failures.values().stream().mapToInt(each -> each).sum(), top.size(), "statement");
            failures.forEach((state, number) -> plan.skip(state.equals("42501") ? Blind.privilege : Blind.setup, count(number, "statement")
                    + " could not be planned without values (SQLSTATE " + state + ")", null));
            advise(statements);
        }

        /** An INSERT that has no generic plan is still known by its first words. */
        private void countWrites(Row row) throws SQLException {
            var insert = Pattern.compile("(?is)\\s*insert\\s+into\\s+(?:(?:[\\w$]+|\"[^\"]+\")\\.)?([\\w$]+|\"[^\"]+\").*")
                    .matcher(row.text("query"));
            if (insert.matches()) {
                var name = insert.group(1).startsWith("\"") ? Reader.bare(insert.group(1)) : insert.group(1).toLowerCase(Locale.ROOT);
                for (var table : context.query("select c.oid::bigint as oid from pg_class c join pg_namespace n on n.oid ="
                        + " c.relnamespace where c.relkind in ('r', 'p') and c.relname = ? and "
                        + Context.USERS.replace("?", "??"), name)) {
                    writes.merge(table.number("oid"), row.real("rows"), Double::sum);
                }
            }
        }

        private Statement statement(Row row) throws SQLException {
            var statement = new Statement();
            statement.text = row.text("query").strip();
            statement.calls = row.real("calls");
            statement.totalMs = row.real("total_ms");
            statement.rows = row.real("rows");
            var user = context.one("""
                    select r.rolname, pg_has_role(r.oid, 'member') as may, coalesce((select substr(c.entry, 13)
                        from pg_db_role_setting s, unnest(s.setconfig) c(entry)
                        where c.entry like 'search\\_path=%%' and s.setrole in (0, r.oid) and s.setdatabase in (0, (select oid
                            from pg_database where datname = current_database()))
                        order by s.setrole = 0, s.setdatabase = 0 limit 1), (select reset_val from pg_settings
                            where name = 'search_path')) as path
                    from pg_roles r where r.oid = %d""".formatted(row.number("userid")));
            statement.user = user.flag("may") && !user.text("rolname").equals(context.role) ? user.text("rolname") : null;
            statement.searchPath = user.text("path");
            var plan = explain(statement, List.of());
            statement.cost = plan.get("Total Cost").getAsDouble();
            new Reader(statement).read(plan, 1, false, 0);
            return statement;
        }

        /**
         * The generic plan of a statement, as its own role and with that role's search path; with hypothetical indexes, if there are any.
         * Since 16 by GENERIC_PLAN, before by a prepared statement. Nothing is executed; the text must be one statement alone.
         */
        JsonObject explain(Statement statement, List<String> hypothetical) throws SQLException {
            if (Parser.parseJdbcSql(statement.text, true, false, true, false, false).size() != 1) {
                throw new SQLException("not one statement", "42601");
            }
            var c = context.connection;
            c.setAutoCommit(false);
            try (var session = c.createStatement()) {
                session.setEscapeProcessing(false);
                session.execute("set transaction read only; set local statement_timeout = 5000; set local lock_timeout = 100; set local"
                        + " jit = off; set local plan_cache_mode = force_generic_plan");
                for (var index : hypothetical) {
                    session.execute("select " + hypopg.schema() + ".hypopg_create_index(" + literal(index) + ")");
                }
                if (statement.user != null) {
                    session.execute("set local role " + quote(statement.user));
                }
                session.execute("select pg_catalog.set_config('search_path', " + literal(statement.searchPath)
                        + ", true); savepoint asked");
                try {
                    return plan(session, statement.text);
                } finally {
                    session.execute("rollback to asked; reset role");
                    if (hypopg != null) {
                        session.execute("select " + hypopg.schema() + ".hypopg_reset()");
                    }
                }
            } finally {
                Context.rollback(c);
                c.setAutoCommit(true);
            }
        }

        private JsonObject plan(java.sql.Statement session, String text) throws SQLException {
            if (context.version >= 16) {
                return json(session, "explain (generic_plan, verbose, format json) " + text);
            }
            var most = Pattern.compile("\\$(\\d+)").matcher(text).results().mapToInt(each -> Integer.parseInt(each.group(1))).max()
                    .orElse(0);
            session.execute("prepare pgbang_statement as " + text);
            try {
                return json(session, "explain (verbose, format json) execute pgbang_statement"
                        + (most == 0 ? "" : "(" + String.join(", ", Collections.nCopies(most, "null")) + ")"));
            } finally {
                session.execute("rollback to asked; deallocate pgbang_statement");
            }
        }

        private static JsonObject json(java.sql.Statement session, String explain) throws SQLException {
            try (var found = session.executeQuery(explain)) {
                found.next();
                var plan = JsonParser.parseString(found.getString(1)).getAsJsonArray().get(0);
                if (!plan.isJsonObject()) {
                    throw new SQLException("a statement without a plan", "42601");
                }
                return plan.getAsJsonObject().getAsJsonObject("Plan");
            }
        }

        Relation relation(long oid) throws SQLException {
            if (!relations.containsKey(oid)) {
                var row = context.one("select quote_ident(n.nspname) || '.' || quote_ident(c.relname) as path, c.relkind as kind,"
                        + " greatest(c.reltuples, (select sum(l.reltuples) from pg_partition_tree(c.oid) t"
                        + " join pg_class l on l.oid = t.relid where c.relkind = 'p' and t.isleaf), 0)::float8 as rows,"
                                + " greatest(c.relpages, (select sum(l.relpages) from pg_partition_tree(c.oid) t"
                        + " join pg_class l on l.oid = t.relid where c.relkind = 'p' and t.isleaf), 1)::float8 as pages,"
                                + " coalesce(s.n_tup_hot_upd::float8 / nullif(s.n_tup_upd, 0), 0) as hot, "
                        + Context.USERS + " and c.relpersistence <> 't' as ours from pg_class c join pg_namespace n on n.oid ="
                                + " c.relnamespace left join pg_stat_all_tables s on s.relid = c.oid where c.oid = " + oid);
                var columns = new LinkedHashMap<String, Boolean>();
                var distinct = new TreeMap<String, Double>();
                for (var column : context.query("select a.attname, exists (select 1 from pg_opclass o join pg_am m on m.oid ="
                        + " o.opcmethod and m.amname = 'btree' where o.opcdefault and o.opcintype ="
                        + " case when t.typtype = 'd' then t.typbasetype when t.typtype = 'e' then 'anyenum'::regtype when t.typcategory"
                                + " = 'A' then 'anyarray'::regtype when t.oid = 'varchar'::regtype"
                        + " then 'text'::regtype else t.oid end) and coalesce(q.avg_width, 8) < 400 as indexable, q.n_distinct from"
                                + " pg_attribute a join pg_type t on t.oid = a.atttypid"
                        + " join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace left join pg_stats q on"
                                + " q.schemaname = n.nspname and q.tablename = c.relname and q.attname = a.attname"
                        + " and q.inherited = (c.relkind = 'p') where a.attnum > 0 and not a.attisdropped and a.attrelid = " + oid)) {
                    columns.put(column.text("attname"), column.flag("indexable") && row.flag("ours"));
                    distinct.put(column.text("attname"), column.has("n_distinct") ? column.real("n_distinct") < 0
                            ? -column.real("n_distinct") * row.real("rows") : column.real("n_distinct") : 200);
                }
                relations.put(oid, new Relation(oid, row.text("path"), row.text("kind"), row.real("rows"), row.real("pages"),
                        row.real("hot"), columns, distinct));
            }
            return relations.get(oid);
        }

        // --- conditions in a plan ---

        /**
         * Reads a plan from the top: which tables are read, by which conditions, joined and sorted how. Columns are printed as
         * alias.column, as VERBOSE was asked for.
         */
        final class Reader {
            static final String NAME = "(?:\"(?:[^\"]|\"\")+\"|[\\p{L}_][\\w$]*)";
            static final Pattern COLUMN = Pattern.compile("\\(?(" + NAME + ")\\.(" + NAME + ")(?:\\)::(?:text|character varying))?");
            static final Pattern COMPARED = Pattern.compile("(?s)(.+?) (=|<|<=|>|>=) (ANY )?(.+)");

            final Statement statement;
            final Map<String, Scan> byAlias = new LinkedHashMap<>();

            Reader(Statement statement) {
                this.statement = statement;
            }

            void read(JsonObject node, double loops, boolean limited, double limit) throws SQLException {
                var type = node.get("Node Type").getAsString();
                var children = node.has("Plans") ? node.getAsJsonArray("Plans") : new JsonArray();
                if (node.has("Relation Name") && node.has("Schema") && node.has("Alias") && !type.equals("ModifyTable")) {
                    scan(node, loops);
                }
                if (type.equals("ModifyTable") && node.has("Relation Name") && !node.get("Operation").getAsString().equals("Delete")) {
                    var relation = relation(root(node));
                    writes.merge(relation.oid, statement.rows * (node.get("Operation").getAsString().equals("Update") ? 1 - relation.hot
                            : 1), Double::sum);
                }
                for (var i = 0; i < children.size(); i++) {
                    var inner = type.equals("Nested Loop") && i == 1 && !children.get(1).getAsJsonObject().get("Node Type").getAsString()
                            .matches("Materialize|Memoize");
                    var rows = node.has("Plan Rows") ? node.get("Plan Rows").getAsDouble() : 0;
                    read(children.get(i).getAsJsonObject(), inner ? loops * Math.max(1, children.get(0).getAsJsonObject().get("Plan Rows")
                            .getAsDouble()) : loops,
                            type.equals("Limit") || limited && type.matches("Result|Subquery Scan|Incremental Sort|Gather Merge|LockRows"),
                                    type.equals("Limit") ? rows : limit);
                }
                for (var name : List.of("Filter", "Index Cond", "Recheck Cond", "Hash Cond", "Merge Cond", "Join Filter")) {
                    if (node.has(name)) {
                        for (var part : conjuncts(node.get(name).getAsString())) {
                            condition(part, node);
                        }
                    }
                }
                if (node.has("Sort Key") && type.matches("Sort|Incremental Sort")) {
                    var keys = new ArrayList<String>();
                    node.getAsJsonArray("Sort Key").forEach(key -> keys.add(key.getAsString()));
                    statement.sorts.add(new Sort(keys, limited, node.get("Total Cost").getAsDouble(), limit));
                }
            }

            private void scan(JsonObject node, double loops) throws SQLException {
                var alias = node.get("Alias").getAsString();
                var oid = root(node);
                if (oid != 0) {
                    relation(oid);
                    var scan = byAlias.computeIfAbsent(alias, name -> new Scan());
                    scan.relation = oid;
                    scan.alias = alias;
                    scan.cost += node.get("Total Cost").getAsDouble();
                    scan.loops = loops;
                    if (!statement.scans.contains(scan)) {
                        statement.scans.add(scan);
                    }
                }
            }

            /** The table of a node; of a partition the one that it is a part of. */
            private long root(JsonObject node) throws SQLException {
                return context.number("select coalesce((select pg_partition_root(c.oid)::oid from pg_class c where c.oid = r.oid and"
                        + " c.relispartition), r.oid)::bigint from (select to_regclass(?)::oid as oid) r",
                        path(node.get("Schema").getAsString(), node.get("Relation Name").getAsString()));
            }

            private void condition(String part, JsonObject node) {
                var compared = COMPARED.matcher(part);
                if (compared.matches()) {
                    var equal = compared.group(2).equals("=");
                    side(compared.group(1), compared.group(4), equal, part, node);
                    if (compared.group(3) == null) {
                        side(compared.group(4), compared.group(1), equal, part, node);
                    }
                }
            }

            private void side(String own, String other, boolean equal, String part, JsonObject node) {
                var column = COLUMN.matcher(own);
                if (!column.matches()) {
                    return;
                }
                var scan = byAlias.get(bare(column.group(1)));
                var name = bare(column.group(2));
                if (scan == null || !relations.get(scan.relation).columns.getOrDefault(name, false) || mentions(other, scan.alias)) {
                    return;
                }
                var partner = COLUMN.matcher(other);
                var join = partner.matches();
                if (!join && COLUMN.matcher(other.replaceAll("'(?:[^']|'')*'", "")).find() && byAlias.keySet().stream()
                        .anyMatch(alias -> mentions(other, alias))) {
                    return; // an expression over another table
                }
                var parameter = Pattern.compile("\\(?\\$(\\d+)\\)?(?:::.*)?").matcher(other);
                scan.conditions.add(new Condition(scan.relation, name, equal, join, parameter.matches()
                        ? Integer.parseInt(parameter.group(1)) : 0, join ? null : part));
                if (join && equal && (node.has("Hash Cond") || node.has("Merge Cond"))) {
                    var sides = node.getAsJsonArray("Plans");
                    for (var i = 0; i < 2; i++) {
                        var side = sides.get(i).getAsJsonObject();
                        var deep = side.get("Node Type").getAsString().matches("Hash|Sort|Materialize") ? side.getAsJsonArray("Plans")
                                .get(0).getAsJsonObject() : side;
                        if (deep.has("Alias") && deep.get("Alias").getAsString().equals(scan.alias)) {
                            var outer = sides.get(1 - i).getAsJsonObject();
                            scan.joined = node.get("Total Cost").getAsDouble() - outer.get("Total Cost").getAsDouble();
                            scan.outerRows = outer.get("Plan Rows").getAsDouble();
                        }
                    }
                }
            }

            private boolean mentions(String expression, String alias) {
                return expression.contains(alias + ".") || expression.contains(quote(alias) + ".");
            }

            private static String bare(String name) {
                return name.startsWith("\"") ? name.substring(1, name.length() - 1).replace("\"\"", "\"") : name;
            }

            /** The parts of an AND; what is in an OR is no part. */
            static List<String> conjuncts(String text) {
                var inner = unwrap(text);
                var parts = split(inner, " AND ");
                if (split(inner, " OR ").size() > 1) {
                    return List.of();
                }
                return parts.size() == 1 ? List.of(parts.get(0).equals(inner) ? inner : unwrap(parts.get(0)))
                        : parts.stream().flatMap(part -> conjuncts(part).stream()).toList();
            }

            private static String unwrap(String text) {
                while (text.startsWith("(") && closes(text) == text.length() - 1) {
                    text = text.substring(1, text.length() - 1);
                }
                return text;
            }

            /** Where the parenthesis that begins the text is closed. */
            private static int closes(String text) {
                var depth = 0;
                char quote = 0;
                for (var i = 0; i < text.length(); i++) {
                    var c = text.charAt(i);
                    if (quote != 0) {
                        quote = c == quote ? 0 : quote;
                    } else if (c == '\'' || c == '"') {
                        quote = c;
                    } else if (c == '(') {
                        depth++;
                    } else if (c == ')' && --depth == 0) {
                        return i;
                    }
                }
                return -1;
            }

            private static List<String> split(String text, String word) {
                var parts = new ArrayList<String>();
                var depth = 0;
                var start = 0;
                char quote = 0;
                for (var i = 0; i < text.length(); i++) {
                    var c = text.charAt(i);
                    if (quote != 0) {
                        quote = c == quote ? 0 : quote;
                    } else if (c == '\'' || c == '"') {
                        quote = c;
                    } else if (c == '(' || c == ')') {
                        depth += c == '(' ? 1 : -1;
                    } else if (depth == 0 && text.startsWith(word, i)) {
                        parts.add(text.substring(start, i));
                        start = i + word.length();
                    }
                }
                parts.add(text.substring(start));
                return parts;
            }
        }

        // --- candidates ---

        /**
         * What could serve each reading: the columns compared for equality, the most selective first, then one range, or what is sorted by;
         * and columns that join.
         */
        private Set<Candidate> candidates(List<Statement> statements) {
            var found = new LinkedHashMap<Candidate, Double>();
            for (var statement : statements) {
                for (var scan : statement.scans) {
                    var relation = relations.get(scan.relation);
                    var order = Comparator.comparing((String column) -> -relation.distinct.getOrDefault(column, 1.0));
                    var equal = columns(scan, condition -> condition.equal && !condition.join).stream().sorted(order).limit(3).toList();
                    var ranges = columns(scan, condition -> !condition.equal && !condition.join);
                    var joins = columns(scan, condition -> condition.join && condition.equal);
                    var sets = new ArrayList<List<String>>();
                    sets.add(equal);
                    equal.forEach(column -> sets.add(List.of(column)));
                    ranges.forEach(range -> sets.add(append(equal, range)));
                    joins.forEach(join -> sets.add(List.of(join)));
                    joins.forEach(join -> sets.add(append(equal, join)));
                    for (var keys : sets) {
                        offer(found, scan, keys.stream().map(context::ident).toList(), statement.totalMs);
                    }
                    for (var sort : statement.sorts) {
                        var sorted = sorted(sort, scan, relation);
                        if (!sorted.isEmpty()) {
                            offer(found, scan, Stream.concat(equal.stream().map(context::ident), sorted.stream()).toList(),
                                    statement.totalMs);
                            offer(found, scan, sorted, statement.totalMs);
                        }
                    }
                }
            }
            return found.entrySet().stream().sorted(Map.Entry.<Candidate, Double>comparingByValue().reversed()).limit(CANDIDATES)
                    .map(Map.Entry::getKey)
                    .collect(Collectors.toCollection(java.util.LinkedHashSet::new));
        }

        private void offer(Map<Candidate, Double> found, Scan scan, List<String> keys, double weight) {
            if (!keys.isEmpty() && keys.size() <= 4 && keys.stream().map(Builder::bare).distinct().count() == keys.size()
                    && !exists(scan.relation, keys)) {
                found.merge(new Candidate(scan.relation, keys), weight, Double::sum);
            }
        }

        private static List<String> columns(Scan scan, java.util.function.Predicate<Condition> which) {
            return scan.conditions.stream().filter(which).map(Condition::column).distinct().toList();
        }

        private static List<String> append(List<String> list, String last) {
            return list.contains(last) ? list : Stream.concat(list.stream(), Stream.of(last)).toList();
        }

        /** The keys of a sort as columns of an index, if all are of this table; all descending is the same as ascending, read backwards. */
        private List<String> sorted(Sort sort, Scan scan, Relation relation) {
            var keys = new ArrayList<String>();
            for (var key : sort.keys) {
                var parts = Pattern.compile("(" + Reader.NAME + ")\\.(" + Reader.NAME + ")((?: DESC)?(?: NULLS (?:FIRST|LAST))?)")
                        .matcher(key);
                if (!parts.matches() || !Reader.bare(parts.group(1)).equals(scan.alias)
                        || !relation.columns.getOrDefault(Reader.bare(parts.group(2)), false)) {
                    return List.of();
                }
                keys.add(context.ident(Reader.bare(parts.group(2))) + parts.group(3));
            }
            return keys.stream().allMatch(key -> key.endsWith(" DESC")) ? keys.stream().map(key -> key.substring(0, key.length() - 5))
                    .toList() : keys;
        }

        /** Whether a whole btree of the table begins with these keys already. */
        private boolean exists(long relation, List<String> keys) {
            var wanted = keys.stream().map(Workload::plain).toList();
            return indexes.stream().filter(index -> index.number("table_oid") == relation && index.flag("usable") && index.text("method")
                    .equals("btree") && index.text("predicate").isEmpty()).anyMatch(index -> {
                var list = index.text("definition").replaceFirst("(?s)^.* USING btree \\(", "");
                var columns = Reader.split(list.substring(0, Math.max(0, Reader.closes("(" + list) - 1)), ", ");
                return columns.size() >= wanted.size() && columns.subList(0, wanted.size()).stream().map(Workload::plain).toList()
                        .equals(wanted);
            });
        }

        private static String plain(String key) {
            return key.replaceFirst("^\"([a-z_][a-z0-9_]*)\"", "$1");
        }

        // --- the choice ---

        private void advise(List<Statement> statements) throws SQLException, InterruptedException {
            var left = candidates(statements);
            var chosen = new ArrayList<Candidate>();
            var before = new LinkedHashMap<Statement, Double>();
            statements.forEach(statement -> before.put(statement, statement.cost));
            var present = new LinkedHashMap<>(before);
            while (chosen.size() < MOST_ADVISED && System.nanoTime() < deadline) {
                var gains = new LinkedHashMap<Candidate, Double>();
                for (var candidate : left) {
                    var costs = costs(present, chosen, candidate);
                    var gain = gain(present, costs) - writes.getOrDefault(candidate.relation, 0.0) * WRITE_MS;
                    if (gain > 0 && costs.entrySet().stream().anyMatch(each -> present.get(each.getKey()) >= LEAST_COST
                            && each.getValue() < WORTH * present.get(each.getKey()))) {
                        gains.put(candidate, gain);
                    }
                }
                var most = gains.values().stream().max(Comparator.naturalOrder()).orElse(0.0);
                // of those as good as equal the narrowest
                var best = gains.keySet().stream().filter(candidate -> gains.get(candidate) >= 0.97 * most)
                        .min(Comparator.comparing((Candidate candidate) -> candidate.keys.size())
                                .thenComparing(candidate -> -gains.get(candidate)));
                if (best.isEmpty()) {
                    break;
                }
                present.putAll(costs(present, chosen, best.get()));
                chosen.add(best.get());
                left.remove(best.get());
            }
            prune(chosen, before, present);
            if (System.nanoTime() > deadline) {
                plan.skip(Blind.time, "not all candidates could be tried within a minute", null);
            }
            for (var candidate : chosen) {
                change(candidate, before, present, chosen);
            }
        }

        /** An index that a later one has made needless. */
        private void prune(List<Candidate> chosen, Map<Statement, Double> before, Map<Statement, Double> present) throws SQLException {
            for (var candidate : List.copyOf(chosen)) {
                var others = chosen.stream().filter(each -> each != candidate).toList();
                var lost = 0.0;
                for (var statement : before.keySet()) {
                    if (!others.isEmpty() && statement.touches(candidate.relation)) {
                        lost += (cost(statement, others) - present.get(statement)) / statement.cost * statement.totalMs;
                    }
                }
                if (!others.isEmpty() && lost < 0.01 * gain(before, present)) {
                    chosen.remove(candidate);
                }
            }
        }

        private Map<Statement, Double> costs(Map<Statement, Double> present, List<Candidate> chosen, Candidate candidate)
                throws SQLException {
            var set = new ArrayList<>(chosen);
            set.add(candidate);
            var costs = new LinkedHashMap<Statement, Double>();
            for (var statement : present.keySet()) {
                if (statement.touches(candidate.relation) && System.nanoTime() < deadline) {
                    costs.put(statement, Math.min(present.get(statement), cost(statement, set)));
                }
            }
            return costs;
        }

        /** Milliseconds over all calls, if time falls as the planner's cost does. */
        private static double gain(Map<Statement, Double> from, Map<Statement, Double> to) {
            return to.entrySet().stream().mapToDouble(each ->
                    (from.get(each.getKey()) - each.getValue()) / each.getKey().cost * each.getKey().totalMs).sum();
        }

        private double cost(Statement statement, List<Candidate> set) throws SQLException {
            var own = set.stream().filter(candidate -> statement.touches(candidate.relation)).toList();
            return hypopg != null && own.stream().noneMatch(candidate -> relations.get(candidate.relation).kind.equals("p"))
                    ? hypothetical(statement, own) : estimate(statement, own);
        }

        private double hypothetical(Statement statement, List<Candidate> set) throws SQLException {
            var made = set.stream().map(candidate -> "create index on " + relations.get(candidate.relation).path + " ("
                    + String.join(", ", candidate.keys) + ")").toList();
            return explain(statement, made).get("Total Cost").getAsDouble();
        }

        /** Without hypopg: the cost of each reading that an index could take over is replaced by that of the index scan. */
        private double estimate(Statement statement, List<Candidate> set) throws SQLException {
            var saved = 0.0;
            for (var scan : statement.scans) {
                var best = 0.0;
                for (var candidate : set) {
                    if (candidate.relation == scan.relation) {
                        best = Math.max(best, saving(statement, scan, candidate));
                    }
                }
                saved += best;
            }
            return Math.max(0.01 * statement.cost, statement.cost - saved);
        }

        private double saving(Statement statement, Scan scan, Candidate candidate) throws SQLException {
            var relation = relations.get(scan.relation);
            var used = new ArrayList<Condition>();
            var place = 0;
            var joined = false;
            for (; place < candidate.keys.size(); place++) {
                var column = Builder.bare(candidate.keys.get(place)).replaceAll("^\"|\"$", "").replace("\"\"", "\"");
                var hit = scan.conditions.stream().filter(condition -> condition.column.equals(column))
                        .min(Comparator.comparing((Condition condition) -> !condition.equal).thenComparing(Condition::join));
                if (hit.isEmpty()) {
                    break;
                }
                used.add(hit.get());
                joined |= hit.get().join;
                if (!hit.get().equal) {
                    break;
                }
            }
            var sort = statement.sorts.stream().filter(each -> each.limited).filter(each -> {
                var keys = sorted(each, scan, relation);
                var prefix = used.stream().filter(Condition::equal).count();
                return !keys.isEmpty() && prefix + keys.size() == candidate.keys.size()
                        && candidate.keys.subList((int) prefix, candidate.keys.size()).equals(keys);
            }).findFirst();
            if (sort.isPresent()) {
                var rows = used.isEmpty() ? relation.rows : rows(relation, scan, used);
                return sort.get().cost - lookup(relation, Math.min(rows,
                        Math.max(1, sort.get().limit * Math.max(1, rows / Math.max(1, rowsAfter(relation, scan))))));
            } else if (used.isEmpty()) {
                return 0;
            }
            var parts = statement.scans.stream().filter(other -> relation.kind.equals("p") && other.relation == scan.relation).count();
            var each = lookup(relation, Math.max(1, rows(relation, scan, used) / Math.max(1, parts)));
            return joined ? scan.joined == null ? 0 : scan.joined - Math.max(1, scan.outerRows) * each : scan.loops * (scan.cost - each);
        }

        private double rowsAfter(Relation relation, Scan scan) throws SQLException {
            return rows(relation, scan, scan.conditions.stream().filter(condition -> !condition.join).toList());
        }

        /** How many rows the planner expects for conditions on one table: a value each stands for columns that join. */
        private double rows(Relation relation, Scan scan, List<Condition> conditions) throws SQLException {
            if (conditions.isEmpty()) {
                return relation.rows;
            }
            var joins = conditions.stream().filter(Condition::join)
                    .mapToDouble(condition -> 1 / Math.max(1, relation.distinct.getOrDefault(condition.column, 200.0)))
                    .reduce(1, (a, b) -> a * b);
            var others = conditions.stream().filter(condition -> !condition.join).map(Condition::text).sorted().distinct().toList();
            if (others.isEmpty()) {
                return Math.max(1, relation.rows * joins);
            }
            var statement = new Statement();
            statement.searchPath = "pg_catalog";
            statement.text = "select 1 from " + relation.path + " as " + quote(scan.alias) + " where " + others.stream()
                    .map(text -> "(" + text + ")").collect(Collectors.joining(" and "));
            if (!rowsOf.containsKey(statement.text)) {
                double rows;
                try {
                    rows = explain(statement, List.of()).get("Plan Rows").getAsDouble();
                } catch (SQLException e) {
                    rows = relation.rows; // a condition that does not stand alone: no gain is claimed for it
                }
                rowsOf.put(statement.text, rows);
            }
            return Math.max(1, rowsOf.get(statement.text) * joins);
        }

        /**
         * An index scan of so many rows: descent, entries, and pages of the table at random by the formula of Mackert and Lohman
         * (costsize.c, index_pages_fetched and cost_index).
         */
        private double lookup(Relation relation, double rows) throws SQLException {
            if (costs == null) {
                costs = new TreeMap<>();
                for (var row : context.query("select name, setting::float8 as value from pg_settings where name in ('random_page_cost',"
                        + " 'cpu_tuple_cost', 'cpu_index_tuple_cost', 'cpu_operator_cost')")) {
                    costs.put(row.text("name"), row.real("value"));
                }
            }
            var pages = Math.min(relation.pages, 2 * relation.pages * rows / (2 * relation.pages + rows));
            return (Math.log(Math.max(2, relation.rows)) / Math.log(2) + 150) * costs.get("cpu_operator_cost")
                    + (Math.max(1, pages) + 1) * costs.get("random_page_cost")
                    + rows * (costs.get("cpu_tuple_cost") + costs.get("cpu_index_tuple_cost") + costs.get("cpu_operator_cost"));
        }

        // --- the advice ---

        private void change(Candidate candidate, Map<Statement, Double> before, Map<Statement, Double> present, List<Candidate> chosen)
                throws SQLException, InterruptedException {
            var relation = relations.get(candidate.relation);
            var served = new ArrayList<Map<String, Object>>();
            var texts = new ArrayList<Statement>();
            var gained = 0.0;
            for (var statement : before.keySet()) {
                var without = cost(statement, chosen.stream().filter(each -> each != candidate).toList());
                if (statement.touches(candidate.relation) && present.get(statement) < WORTH * without) {
                    var entry = new LinkedHashMap<String, Object>();
                    entry.put("statement", shorten(statement.text));
                    entry.put("calls", Math.round(statement.calls));
                    entry.put("total_ms", Math.round(statement.totalMs));
                    entry.put("cost_before", Math.round(before.get(statement)));
                    entry.put("cost_after", Math.round(present.get(statement)));
                    if (context.script.manner.measure) {
                        entry.put("ms_now", new Timing(statement).milliseconds());
                    }
                    served.add(entry);
                    texts.add(statement);
                    gained += (without - present.get(statement)) / statement.cost * statement.totalMs;
                }
            }
            if (served.isEmpty()) {
                return;
            }
            var how = hypopg != null && !relation.kind.equals("p") ? "by the planner with hypopg"
                    : hypopg != null ? "by the planner's formulas, as hypopg has no indexes of partitioned tables"
                    : "by the planner's formulas, as hypopg is not installed";
            var made = builder.create(relation.path, relation.kind, candidate.keys, "for " + count(served.size(), "frequent statement"));
            var known = plan.changes.stream().filter(change -> change.id.equals("indexes/create " + relation.path + " ("
                    + String.join(", ", candidate.keys) + ")")).findFirst();
            var change = made.isPresent() ? made.get() : known.orElse(null);
            if (change == null) {
                return;
            }
            change.reason((change.reason.isEmpty() ? "" : change.reason + "; ") + count(served.size(), "statement") + " would cost less, "
                    + how + ": " + served.stream().limit(3).map(each -> each.get("cost_before") + " -> "
                    + each.get("cost_after") + " for " + each.get("calls") + " calls of " + each.get("statement"))
                            .collect(Collectors.joining("; "))).evidence("statements", served).evidence("judged", how)
                    .evidence("gain_ms", Math.round(gained)).evidence("writes_cost_ms",
                            Math.round(writes.getOrDefault(candidate.relation, 0.0) * WRITE_MS));
            if (made.isPresent()) {
                plan.add(change);
                takeOver(relation, candidate, change);
            }
            if (context.script.manner.measure && !relation.kind.equals("p")) {
                change.work((now, entry) -> measured(now, entry, change, texts));
            }
        }

        /** A foreign key whose columns are the first ones of this index needs none of its own. */
        private void takeOver(Relation relation, Candidate candidate, Change change) {
            for (var i = 1; i < candidate.keys.size(); i++) {
                var narrow = "indexes/create " + relation.path + " (" + String.join(", ", candidate.keys.subList(0, i)) + ")";
                plan.changes.stream().filter(each -> each.id.equals(narrow)).findFirst().ifPresent(other -> {
                    change.reason(change.reason + "; " + other.reason);
                    plan.changes.remove(other);
                });
            }
        }

        static String shorten(String text) {
            var line = text.replaceAll("\\s+", " ");
            return line.length() > 160 ? line.substring(0, 159) + "…" : line;
        }

        /** Creates the index between two measurements, and takes it away again if the statements did not get faster by a tenth. */
        private void measured(Context now, Entry entry, Change change, List<Statement> statements) throws SQLException,
                InterruptedException {
            var before = sum(statements);
            now.alone(change.sql.get(0), null);
            var after = sum(statements);
            entry.details.put("measured_ms_before", before);
            entry.details.put("measured_ms_after", after);
            change.evidence("measured_ms_before", before).evidence("measured_ms_after", after);
            if (before != null && after != null && after > 0.9 * before) {
                now.alone(change.undo.get(0), null);
                throw new Refused(String.format(Locale.ROOT,
                        "measured, and not worth it: %.3f ms before, %.3f ms with it; it was dropped again", before, after));
            }
        }

        private Double sum(List<Statement> statements) throws SQLException {
            var total = 0.0;
            for (var statement : statements) {
                var time = new Timing(statement).milliseconds();
                if (time == null) {
                    return null;
                }
                total += time;
            }
            return total;
        }

        /** Runs a statement that only reads with values from the table itself, and takes the least of three times. */
        final class Timing {
            final Statement statement;

            Timing(Statement statement) {
                this.statement = statement;
            }

            /** Null if it does not only read, if a parameter belongs to no column, or if it takes more than ten seconds. */
            Double milliseconds() throws SQLException {
                if (!statement.text.matches("(?is)(select|with)\\b.*")
                        || statement.text.matches("(?is).*\\b(insert|update|delete|merge|for\\s+(key\\s+)?share|nextval)\\b.*")) {
                    return null;
                }
                try {
                    var text = filled();
                    var best = Double.MAX_VALUE;
                    for (var i = 0; text != null && i < 3; i++) {
                        best = Math.min(best, run(text));
                    }
                    return text == null ? null : best;
                } catch (SQLException e) {
                    if (context.isLost(e)) {
                        throw e;
                    }
                    return null;
                }
            }

            private String filled() throws SQLException {
                var values = new TreeMap<Integer, String>();
                for (var scan : statement.scans) {
                    for (var condition : scan.conditions) {
                        if (condition.parameter > 0 && !values.containsKey(condition.parameter)) {
                            values.put(condition.parameter, value(relations.get(condition.relation), condition));
                        }
                    }
                }
                var rows = Pattern.compile("(?i)\\b(limit|offset)\\s+\\$(\\d+)").matcher(statement.text);
                while (rows.find()) {
                    values.put(Integer.parseInt(rows.group(2)), rows.group(1).equalsIgnoreCase("limit") ? "10" : "0");
                }
                var parameters = Pattern.compile("\\$(\\d+)").matcher(statement.text);
                return parameters.results().allMatch(each -> values.get(Integer.parseInt(each.group(1))) != null)
                        ? parameters.reset().replaceAll(each -> Matcher.quoteReplacement(literal(values.get(
                                Integer.parseInt(each.group(1)))))) : null;
            }

            private String value(Relation relation, Condition condition) throws SQLException {
                var column = quote(condition.column);
                var any = condition.text != null && condition.text.contains("= ANY");
                var from = " from (select " + column + " from " + relation.path + " where " + column
                        + " is not null limit 1000) x order by pg_catalog.md5(" + column + "::text) limit 1";
                return context.text("select " + (any ? "array[" + column + "]::text" : column + "::text") + from);
            }

            private double run(String text) throws SQLException {
                var c = context.connection;
                c.setAutoCommit(false);
                try (var session = c.createStatement()) {
                    session.setEscapeProcessing(false);
                    session.execute("set transaction read only; set local statement_timeout = 10000; set local lock_timeout = 100; "
                            + (statement.user == null ? "" : "set local role " + quote(statement.user) + "; ")
                            + "select pg_catalog.set_config('search_path', " + literal(statement.searchPath) + ", true)");
                    try (var found = session.executeQuery("explain (analyze, timing off, format json) " + text)) {
                        found.next();
                        return JsonParser.parseString(found.getString(1)).getAsJsonArray().get(0).getAsJsonObject().get("Execution Time")
                                .getAsDouble();
                    }
                } finally {
                    Context.rollback(c);
                    c.setAutoCommit(true);
                }
            }
        }
    }

    // --- SQLite ---

    /** The same for a SQLite file: statistics, missing indexes on foreign keys, free pages, the write-ahead log. */
    static final class Sqlite {
        static final int BUSY_MS = 5000;
        static final List<String> KINDS = List.of("analyze", "vacuum", "indexes");

        final optimize_postgres script;
        final Path file;
        final Plan plan = new Plan("sqlite");
        Connection connection;

        Sqlite(optimize_postgres script) {
            this.script = script;
            file = script.manner.sqlite;
        }

        static int run(optimize_postgres script) throws Exception {
            return new Sqlite(script).run();
        }

        int run() throws Exception {
            if (!Files.isRegularFile(file)) {
                throw script.wrong("--sqlite: there is no file " + file);
            } else if (script.task != null || script.tasks.purge != null || script.tasks.every != null) {
                throw script.wrong("--sqlite knows the kinds " + String.join(", ", KINDS));
            } else if (script.action.undo != null || script.action.ledger) {
                throw script.wrong("--undo and --ledger are for servers: what is done to a SQLite file says how to undo it");
            }
            var report = new Report(script, file.toString());
            report.action = !script.applies() ? "report" : script.manner.dryRun ? "dry-run" : "apply";
            var names = names();
            try (var opened = open(report.action.equals("apply"))) {
                connection = opened;
                report.server.put("version", value("select sqlite_version()"));
                report.server.put("journal_mode", value("pragma journal_mode"));
                report.server.put("bytes", Files.size(file));
                if (names.contains("indexes")) {
                    foreignKeys();
                }
                if (names.contains("analyze")) {
                    statistics();
                }
                if (names.contains("vacuum")) {
                    freePages();
                    writeAheadLog();
                }
                report.add(plan);
                for (var change : plan.changes) {
                    if (report.action.equals("dry-run")) {
                        change.outcome = change.manual == null ? "planned" : "by hand";
                    } else if (report.action.equals("apply")) {
                        apply(change);
                    }
                }
            } catch (SQLException e) {
                throw new Failed(file + ": " + e.getMessage(), e);
            }
            return report.print();
        }

        /** The kinds that are asked for; VACUUM is none of the harmless ones here, as everybody waits for it. */
        private List<String> names() {
            if (!script.applies()) {
                return KINDS;
            }
            var names = script.chosen().stream().map(Kind::name).filter(name -> !script.action.apply.stream().allMatch(String::isEmpty)
                    || name.equals("analyze")).toList();
            if (!KINDS.containsAll(names)) {
                throw script.wrong("--sqlite knows the kinds " + String.join(", ", KINDS));
            }
            return names;
        }

        private Connection open(boolean writes) throws SQLException {
            var config = new org.sqlite.SQLiteConfig();
            config.setReadOnly(!writes);
            config.setBusyTimeout(BUSY_MS);
            return config.createConnection("jdbc:sqlite:" + file.toAbsolutePath());
        }

        /**
         * Foreign keys whose columns no whole index begins with, in any order; a rowid alias needs none (sqlite.org/foreignkeys.html, 3).
         */
        private void foreignKeys() throws SQLException {
            var keys = rows("select m.name as tbl, f.id, group_concat(f.\"from\", char(1)) as columns, f.\"table\" as parent from"
                    + " sqlite_master m, pragma_foreign_key_list(m.name) f"
                    + " where m.type = 'table' and m.name not like 'sqlite\\_%' escape '\\' group by m.name, f.id");
            plan.examine(keys.size(), keys.size(), "foreign key");
            for (var key : keys) {
                var columns = List.of(key.text("columns").split("\u0001"));
                if (!isCovered(key.text("tbl"), columns)) {
                    var name = quote(key.text("tbl") + "_" + String.join("_", columns) + "_idx");
                    plan.add(new Change("indexes", key.text("tbl"), "create an index on " + quote(key.text("tbl")) + " ("
                            + String.join(", ", columns) + ")").key(name)
                            .reason("no index serves the foreign key to " + key.text("parent") + ": each delete there reads all of "
                                    + key.text("tbl"))
                            .sql("CREATE INDEX " + name + " ON " + quote(key.text("tbl")) + " (" + columns.stream()
                                    .map(optimize_postgres::quote).collect(Collectors.joining(", ")) + ")")
                            .undo("DROP INDEX " + name).lock("writers wait until it is built")
                            .verify("select count(*) from sqlite_master where type = 'index' and name = " + sqlText(unquoted(name))));
                }
            }
        }

        private static String unquoted(String name) {
            return name.substring(1, name.length() - 1).replace("\"\"", "\"");
        }

        private static String sqlText(String text) {
            return "'" + text.replace("'", "''") + "'";
        }

        private boolean isCovered(String table, List<String> columns) throws SQLException {
            var name = sqlText(table);
            var wanted = new TreeSet<String>(String.CASE_INSENSITIVE_ORDER);
            wanted.addAll(columns);
            var primary = rows("select name, type from pragma_table_info(" + name + ") where pk > 0");
            if (columns.size() == 1 && primary.size() == 1 && primary.get(0).text("name").equalsIgnoreCase(columns.get(0)) && primary.get(0)
                    .text("type").equalsIgnoreCase("integer")) {
                return true;
            }
            for (var index : rows("select name from pragma_index_list(" + name + ") where partial = 0")) {
                var first = rows("select name from pragma_index_xinfo(" + sqlText(index.text("name"))
                        + ") where key = 1 and cid >= 0 order by seqno limit " + columns.size());
                var own = new TreeSet<String>(String.CASE_INSENSITIVE_ORDER);
                first.forEach(row -> own.add(row.text("name")));
                if (own.equals(wanted) && first.size() == columns.size()) {
                    return true;
                }
            }
            return false;
        }

        private void statistics() throws SQLException {
            var indexes = number("select count(*) from sqlite_master where type = 'index'");
            var known = number("select count(*) from sqlite_master where name = 'sqlite_stat1'") > 0
                    ? number("select count(*) from sqlite_stat1") : 0;
            if (indexes > 0 && known == 0) {
                plan.add(new Change("analyze", file.getFileName().toString(), "analyze the file")
                        .reason("there are no statistics for " + count(indexes, "index")).sql("PRAGMA analysis_limit = 0", "ANALYZE")
                        .verify("select count(*) > 0 from sqlite_master where name = 'sqlite_stat1'").undoNote("nothing: statistics only")
                                .lock("writers wait until it is done"));
            } else if (known > 0) {
                plan.add(new Change("analyze", file.getFileName().toString(), "renew statistics that are out of date")
                        .reason("SQLite itself decides which: a table that has grown or shrunk tenfold")
                        .sql("PRAGMA optimize = 0x10002").undoNote("nothing: statistics only").lock("writers wait for a moment"));
            }
        }

        /**
         * VACUUM writes the file anew and, for the time being, a copy of it beside: it needs twice the file in free space
         * (sqlite.org/lang_vacuum.html).
         */
        private void freePages() throws SQLException, IOException {
            var pages = number("pragma page_count");
            var free = number("pragma freelist_count");
            var bytes = free * number("pragma page_size");
            if (free > pages / 5 && bytes > 1 << 20) {
                var needed = 2 * Files.size(file);
                var usable = Files.getFileStore(file.toAbsolutePath()).getUsableSpace();
                var change = new Change("vacuum", file.getFileName().toString(), "vacuum the file")
                        .reason(size(bytes) + " of " + size(Files.size(file)) + " are free pages").evidence("free_bytes", bytes)
                        .evidence("needed_bytes", needed).evidence("usable_bytes", usable).sql("VACUUM")
                                .verify("select (select freelist_count from pragma_freelist_count) = 0")
                                .undoNote("nothing: the rows are the same; rowids of tables without INTEGER PRIMARY KEY may be others")
                        .lock("everybody waits until it is done");
                plan.add(usable > needed + (64 << 20) ? change : change.manual("it needs " + size(needed) + " in free space, there are "
                        + size(usable)));
            }
        }

        private void writeAheadLog() throws SQLException, IOException {
            var log = file.resolveSibling(file.getFileName() + "-wal");
            if ("wal".equals(value("pragma journal_mode")) && Files.exists(log) && Files.size(log) > 4 << 20) {
                plan.add(new Change("vacuum", log.getFileName().toString(), "write the write-ahead log back and empty it")
                        .reason(size(Files.size(log)) + " of log: a reader that stays keeps it from being written back")
                        .sql("PRAGMA wal_checkpoint(TRUNCATE)").undoNote("nothing: the rows are the same")
                                .lock("writers wait until it is done"));
            }
        }

        private void apply(Change change) throws InterruptedException {
            if (change.manual != null) {
                change.outcome = "by hand";
                return;
            }
            try (var statement = connection.createStatement()) {
                for (var sql : change.sql) {
                    var busy = statement.execute(sql) && statement.getResultSet().next() && sql.contains("wal_checkpoint")
                            && statement.getResultSet().getInt(1) != 0;
                    if (busy) {
                        throw new Failed("a reader keeps the log from being emptied");
                    }
                }
                if (change.verify != null && number(change.verify) != 1) {
                    throw new Failed("it was done, but its verification says no: " + change.verify);
                }
                change.outcome = "done";
            } catch (SQLException | Failed e) {
                change.outcome = "failed";
                change.message = e.getMessage();
            }
        }

        private String value(String sql) throws SQLException {
            return rows(sql).get(0).values().values().iterator().next().toString();
        }

        private long number(String sql) throws SQLException {
            return Long.parseLong(value(sql));
        }

        private List<Row> rows(String sql) throws SQLException {
            try (var statement = connection.createStatement(); var found = statement.executeQuery(sql)) {
                var rows = new ArrayList<Row>();
                while (found.next()) {
                    rows.add(Row.of(found));
                }
                return rows;
            }
        }
    }

    // --- renderings ---

    /** A table for people: what the columns are called, and texts. */
    record Grid(String title, List<String> columns, List<List<String>> rows) {
        static final int WIDEST = 60;

        /** The largest tables of the report. */
        static Grid tables(Report report, int most) {
            var rows = report.tables.stream().limit(most)
                    .map(row -> List.of(row.text("path"), Tables.rows(Math.max(row.real("rows"), row.real("leaf_rows"))),
                    size(row.real("bytes") + row.real("toast_bytes")), size(row.real("index_bytes")), row.text("inserts") + "/"
                            + row.text("updates") + "/" + row.text("deletes"),
                    Tables.rows(row.real("dead_rows")), day(row.text("last_vacuum")), day(row.text("last_analyze")), row.text("seq_scans")
                            + "/" + row.text("index_scans"),
                    row.has("cache_hit_percent") ? row.text("cache_hit_percent") + " %" : "-")).toList();
            return new Grid("Tables", List.of("table", "rows", "size", "indexes", "ins/upd/del", "dead", "vacuumed", "analyzed",
                    "seq/index scans", "cache hits"), rows);
        }

        private static String day(String time) {
            return time == null ? "never" : time.substring(0, Math.min(16, time.length()));
        }

        static Grid queries(Report report, int most) {
            var rows = report.queries.stream().limit(most)
                    .map(row -> List.of(String.format(Locale.ROOT, "%.1f %%", row.real("percent_of_time")), Tables.rows(row.real("calls")),
                    String.format(Locale.ROOT, "%,.2f", row.real("mean_ms")), Tables.rows(row.real("rows")),
                            Workload.shorten(row.text("query")))).toList();
            return new Grid("Statements that take most time", List.of("of all", "calls", "ms each", "rows", "statement"), rows);
        }

        static Grid indexes(Report report, int most) {
            var rows = report.indexes.stream().sorted(Comparator.comparing((Row row) -> -row.real("bytes"))).limit(most)
                    .map(row -> List.of(row.text("path"), row.text("table_path"), size(row.real("bytes")),
                    Tables.rows(row.real("scans")), Tables.rows(row.real("writes")), row.flag("usable") ? "" : "INVALID")).toList();
            return new Grid("Indexes", List.of("index", "table", "size", "scans", "writes", ""), rows);
        }

        /** Whatever a kind has added: a list of records becomes a table, a record or map its names and values. */
        static Grid of(String title, Object data) {
            if (data instanceof List<?> list) {
                var rows = list.stream().map(Grid::fields).toList();
                return new Grid(title, rows.isEmpty() ? List.of() : List.copyOf(rows.get(0).keySet()), rows.stream()
                        .map(row -> List.copyOf(row.values())).toList());
            }
            var fields = fields(data);
            return new Grid(title, List.of("", " "), fields.entrySet().stream().map(each -> List.of(each.getKey(), each.getValue()))
                    .toList());
        }

        private static Map<String, String> fields(Object data) {
            var fields = new LinkedHashMap<String, String>();
            var tree = json().toJsonTree(data instanceof Map || data instanceof Record || data instanceof Row ? data : Map.of("", data));
            tree.getAsJsonObject().entrySet().forEach(each -> fields.put(each.getKey().replace('_', ' '), each.getValue().isJsonNull()
                    ? "-" : each.getValue().isJsonPrimitive()
                    ? each.getValue().getAsString() : each.getValue().toString()));
            return fields;
        }

        String text() {
            var data = rows.stream().limit(40).toList();
            var shown = new ArrayList<com.github.freva.asciitable.ColumnData<List<String>>>();
            for (var i = 0; i < columns.size(); i++) {
                var at = i;
                var right = !rows.isEmpty() && rows.stream().allMatch(row -> row.get(at).matches("[-\\d.,/ %]*( bytes| [kMGT]B)?"));
                shown.add(new Column().header(columns.get(i)).headerAlign(right ? HorizontalAlign.RIGHT : HorizontalAlign.LEFT)
                        .dataAlign(right ? HorizontalAlign.RIGHT : HorizontalAlign.LEFT).maxWidth(WIDEST).with(row -> row.get(at)));
            }
            return AsciiTable.builder().border(AsciiTable.NO_BORDERS).data(data, shown).asString().replaceAll("(?m)\\s+$", "") + "\n";
        }
    }

    /** The report as text. */
    static final class Lines {
        final Report report;
        final boolean quiet;
        final StringBuilder text = new StringBuilder();

        Lines(Report report) {
            this.report = report;
            quiet = report.script.output.quiet;
        }

        String text() {
            if (!quiet) {
                line("optimize_postgres of " + report.target + (report.server.containsKey("role") ? ", PostgreSQL "
                        + report.server.get("version") + ", as " + report.server.get("role")
                        : ", SQLite " + report.server.get("version")) + (Boolean.TRUE.equals(report.server.get("standby")) ? ", a standby"
                                : ""));
                if (report.action.equals("report")) {
                    Stream.of(Grid.tables(report, 10), Grid.indexes(report, 10), Grid.queries(report, 10))
                            .filter(grid -> !grid.rows.isEmpty()).forEach(this::grid);
                }
                if (!report.action.equals("undo")) {
                    report.kinds.forEach(plan -> plan.data.forEach((name, data) -> grid(Grid.of(plan.kind + ": " + name.replace('_', ' '),
                            data))));
                }
            }
            report.changes().filter(change -> !quiet || !"done".equals(change.outcome) && !"planned".equals(change.outcome))
                    .forEach(this::change);
            if (!quiet) {
                report.kinds.stream().flatMap(plan -> plan.notes.stream()).forEach(note -> line("note      " + hide(note)));
            }
            report.skipped().filter(skipped -> !quiet || skipped.cause().counts()).forEach(skipped -> {
                line("skipped   " + skipped.kind() + ": " + hide(skipped.reason()));
                if (skipped.enable() != null) {
                    line("          to see it: " + skipped.enable());
                }
            });
            if (!quiet || report.exit > 0) {
                line(summary());
            }
            return text.toString();
        }

        private void line(String line) {
            text.append(line).append('\n');
        }

        private void grid(Grid grid) {
            if (!grid.rows.isEmpty()) {
                text.append("\n").append(grid.title).append("\n").append(grid.columns.get(0).isEmpty() ? grid.rows.stream()
                        .map(row -> "  " + String.join(": ", row) + "\n").collect(Collectors.joining())
                        : grid.text()).append("\n");
            }
        }

        private void change(Change change) {
            line(String.format(Locale.ROOT, "%-9s ", Objects.toString(change.outcome, change.manual == null ? "advice" : "by hand"))
                    + change.kind + ": " + change.what
                    + (change.entry == null ? "" : " [" + change.entry + "]")
                            + (change.message == null || change.message.equals(change.manual) ? "" : ": " + hide(change.message)));
            if (!change.reason.isEmpty() && !"done".equals(change.outcome)) {
                line("          why: " + change.reason);
            }
            if (!change.evidenceText().isEmpty() && !"done".equals(change.outcome)) {
                line("          evidence: " + change.evidenceText());
            }
            if (change.manual != null) {
                line("          by hand: " + change.manual);
            }
            if (!"done".equals(change.outcome) || report.script.database.verbose) {
                change.sql.forEach(sql -> line("          " + sql + ";"));
                if (!change.undo.isEmpty()) {
                    line("          undo: " + String.join("; ", change.undo) + ";");
                }
            }
            if (change.undoNote != null) {
                line("          undo gives back: " + change.undoNote);
            }
        }

        private String summary() {
            var skipped = report.skipped().filter(each -> each.cause().counts()).count();
            var blind = skipped == 0 ? "" : "; " + skipped + " not seen";
            if (report.action.equals("report")) {
                var kinds = report.changes().filter(change -> change.manual == null).map(change -> change.kind).distinct().toList();
                var all = report.changes().count();
                return (all == 0 ? "nothing to advise" : count(all, "piece") + " of advice"
                        + (kinds.isEmpty() ? ", all by hand" : "; to do it: --apply " + String.join(",", kinds) + "  (--dry-run first)"))
                        + blind;
            } else if (report.action.equals("dry-run")) {
                return count(report.with("planned"), "change") + " would be made, " + report.with("by hand")
                        + " are left to you; nothing was done" + blind;
            }
            var restart = report.changes().filter(change -> change.restart && "done".equals(change.outcome)).count();
            return Stream.of("done", "partly done", "by hand", "skipped", "refused", "failed", "interrupted")
                    .filter(outcome -> outcome.equals("done") || report.with(outcome) > 0)
                    .map(outcome -> report.with(outcome) + " " + outcome).collect(Collectors.joining(", "))
                            + (restart > 0 ? "; " + count(restart, "setting") + " wait for a restart" : "") + blind;
        }

        /** The ledger, as a table or one document. */
        static int ledger(optimize_postgres script, Ledger ledger) throws SQLException {
            ledger.demandReadable();
            var entries = ledger.entries();
            if (script.output.json) {
                script.print(Map.of("ledger", entries));
            } else if (entries.isEmpty()) {
                script.out().println("the ledger is empty: nothing was done in this database");
            } else {
                script.out().print(new Grid("", List.of("id", "when", "status", "what", "can be undone", "by"), entries.stream()
                        .map(entry -> List.of(String.valueOf(entry.id), entry.at.toString().substring(0, 19),
                        entry.status, entry.what, entry.status.equals("undone") ? "-" : !entry.undo.isEmpty() ? "yes"
                                : Objects.toString(entry.undoNote, "nothing to undo"), entry.by)).toList()).text());
            }
            script.out().flush();
            return 0;
        }
    }

    /** The report as one page without anything from elsewhere, for light and dark, screen and paper. */
    static final class Page {
        static final String STYLE = """
                :root { color-scheme: light dark; --ink: #1c2733; --dim: #5b6875; --paper: #f6f7f9; --card: #fff; --line: #dde3ea; --mark:
                    #2f6fdb; --warn: #b45309; --bad: #b91c1c; --good: #15803d }
                @media (prefers-color-scheme: dark) {
                  :root { --ink: #e4e9ef; --dim: #9aa7b5; --paper: #12161c; --card: #1b212a; --line: #303a46; --mark: #7aa8f5; --warn:
                      #f0a44b; --bad: #f48080; --good: #6fcf8f } }
                * { box-sizing: border-box } body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui,
                    sans-serif }
                main { max-width: 72rem; margin: 0 auto; padding: 1.5rem } h1 { font-size: 1.4rem } h2 { font-size: 1.05rem; margin: 2rem 0
                    .5rem }
                section { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: .8rem 1rem; margin: .6rem 0;
                    overflow-x: auto }
                section.change { border-left: 4px solid var(--mark) } section.hand { border-left-color: var(--warn) } section.failed {
                    border-left-color: var(--bad) }
                section.done { border-left-color: var(--good) } h3 { font-size: .95rem; margin: 0 } .dim { color: var(--dim) } p { margin:
                    .3rem 0 }
                pre { background: var(--paper); border-radius: 6px; padding: .5rem .7rem; margin: .4rem 0; white-space: pre-wrap;
                    overflow-wrap: anywhere; font: 13px/1.45 ui-monospace, monospace }
                table { border-collapse: collapse; width: 100%; font-size: .86rem } th { text-align: left; color: var(--dim); font-weight:
                    600 }
                td, th { padding: .25rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; overflow-wrap: anywhere }
                    td.number, th.number { text-align: right; white-space: nowrap }
                @media print { body { background: #fff } section { break-inside: avoid } }
                """;

        final Report report;
        final StringBuilder body = new StringBuilder();

        Page(Report report) {
            this.report = report;
        }

        /** Written aside and moved, so that a reader never sees half of it. */
        static void write(Path file, String text) throws IOException {
            var aside = Files.createTempFile(file.getParent(), file.getFileName().toString(), ".tmp");
            try {
                Files.writeString(aside, text);
                if (Files.getFileStore(aside).supportsFileAttributeView("posix")) {
                    Files.setPosixFilePermissions(aside, PosixFilePermissions.fromString("rw-r--r--"));
                }
                Files.move(aside, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
            } finally {
                Files.deleteIfExists(aside);
            }
        }

        String html() {
            body.append("<h1>").append(escape(report.target)).append("</h1>\n<p class=\"dim\">")
                    .append(escape(report.server.containsKey("role") ? "PostgreSQL " + report.server.get("version") + ", as "
                    + report.server.get("role") : "SQLite " + report.server.get("version"))).append(", ")
                            .append(report.at.toString(), 0, 16).append(" UTC</p>\n<p>").append(escape(new Lines(report).summary()))
                            .append("</p>\n");
            report.kinds.forEach(this::kind);
            var blind = report.skipped().toList();
            if (!blind.isEmpty()) {
                body.append("<h2>What could not be seen</h2>\n");
                blind.forEach(skipped -> body.append("<section><h3>").append(escape(skipped.kind())).append("</h3><p>")
                        .append(escape(hide(skipped.reason()))).append("</p>")
                        .append(skipped.enable() == null ? "" : "<pre>" + escape(skipped.enable()) + "</pre>").append("</section>\n"));
            }
            Stream.of(Grid.tables(report, 30), Grid.indexes(report, 30), Grid.queries(report, 30)).forEach(this::grid);
            return "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\""
                    + " content=\"width=device-width, initial-scale=1\">\n<title>"
                    + escape(report.target) + "</title>\n<style>\n" + STYLE + "</style>\n</head>\n<body>\n<main>\n" + body
                            + "<p class=\"dim\">" + TOOL + "</p>\n</main>\n</body>\n</html>\n";
        }

        private void kind(Plan plan) {
            if (plan.changes.isEmpty() && plan.notes.isEmpty() && plan.data.isEmpty()) {
                return;
            }
            body.append("<h2>").append(escape(plan.kind)).append("</h2>\n");
            plan.changes.forEach(this::change);
            plan.notes.forEach(note -> body.append("<p class=\"dim\">").append(escape(hide(note))).append("</p>\n"));
            plan.data.forEach((name, data) -> grid(Grid.of(name.replace('_', ' '), data)));
        }

        private void change(Change change) {
            var style = change.manual != null ? "hand" : Objects.toString(change.outcome, "").matches("failed|refused|interrupted")
                    ? "failed" : "done".equals(change.outcome) ? "done" : "";
            body.append("<section class=\"change ").append(style).append("\"><h3>").append(escape(change.what))
                    .append(change.outcome == null ? "" : " <span class=\"dim\">" + escape(change.outcome) + "</span>")
                    .append("</h3><p>").append(escape(change.reason)).append("</p>");
            Stream.of(change.manual == null ? null : "By hand: " + change.manual, change.message, change.evidenceText().isEmpty() ? null
                    : "Evidence: " + change.evidenceText(), "Locks: " + change.lock,
                    change.undoNote == null ? null : "Undo gives back: " + change.undoNote)
                    .filter(Objects::nonNull).distinct().forEach(text -> body.append("<p class=\"dim\">").append(escape(hide(text)))
                            .append("</p>"));
            body.append("<pre>").append(escape(String.join(";\n", change.sql))).append(";")
                    .append(change.undo.isEmpty() ? "" : "\n-- undo: " + escape(String.join("; ", change.undo)) + ";")
                    .append("</pre></section>\n");
        }

        private void grid(Grid grid) {
            if (grid.rows().isEmpty()) {
                return;
            }
            body.append("<h2>").append(escape(grid.title())).append("</h2>\n<section><table><tr>");
            grid.columns().forEach(column -> body.append("<th>").append(escape(column)).append("</th>"));
            body.append("</tr>\n");
            for (var row : grid.rows()) {
                body.append("<tr>");
                row.forEach(cell -> body.append(cell.matches("[-\\d.,/ %]+( bytes| [kMGT]B)?") ? "<td class=\"number\">" : "<td>")
                        .append(escape(cell)).append("</td>"));
                body.append("</tr>\n");
            }
            body.append("</table></section>\n");
        }

        static String escape(String text) {
            return Objects.toString(text, "").replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\"", "&quot;");
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
