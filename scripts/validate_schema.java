///usr/bin/env jbang "$0" "$@" ; exit $?
//JAVA 17+
//DESCRIPTION Says whether a database has exactly the schema that its migrations make, and whether that schema works.
//RUNTIME_OPTIONS --enable-native-access=ALL-UNNAMED -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xmn16m
//DEPS info.picocli:picocli:4.7.7
//DEPS org.postgresql:postgresql:42.7.14
//DEPS org.xerial:sqlite-jdbc:3.54.1.0
//DEPS com.google.code.gson:gson:2.15.0
//DEPS com.github.freva:ascii-table:1.12.1
//DEPS me.tongfei:progressbar:0.10.2
//DEPS org.snakeyaml:snakeyaml-engine:2.10

import static java.nio.charset.StandardCharsets.UTF_8;

import com.github.freva.asciitable.AsciiTable;
import com.github.freva.asciitable.Column;
import com.github.freva.asciitable.ColumnData;
import com.github.freva.asciitable.HorizontalAlign;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import java.io.Console;
import java.io.IOException;
import java.io.PrintWriter;
import java.math.BigDecimal;
import java.net.URLEncoder;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.postgresql.Driver;
import org.postgresql.PGConnection;
import org.postgresql.core.Parser;
import org.postgresql.util.PSQLException;
import org.snakeyaml.engine.v2.api.Dump;
import org.snakeyaml.engine.v2.api.DumpSettings;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.common.FlowStyle;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.sqlite.SQLiteConfig;
import picocli.CommandLine;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(name = "validate_schema", mixinStandardHelpOptions = true, version = validate_schema.TOOL, sortOptions = false,
        usageHelpAutoWidth = true,
        description = {"Says whether a database has exactly the schema that its migrations make, and whether that schema works.",
            "The migrations are replayed in a scratch database, then both catalogs are read and compared. Nothing is changed in the"
            + " database itself."},
        footer = {"", "Examples:",
            "  jbang validate_schema.java --dir migrations",
            "  jbang validate_schema.java --runner \"alembic upgrade head\" --behaviour",
            "  jbang validate_schema.java --snapshot schema.json",
            "  jbang validate_schema.java --against schema.json --html report.html",
            "  jbang validate_schema.java --expect expectations.yaml --benchmark --p95 200ms", "",
            "Exit code: 0 verified, 1 something differs or does not work, 2 failed, 3 something could not be told, 64 wrong usage."})
class validate_schema implements Callable<Integer> {
    static final String TOOL = "validate_schema 1.0";

    @ArgGroup(validate = false, heading = "%nThe expected schema (default: what run_migrations makes of --dir):%n")
    Expected expected = new Expected();

    static class Expected {
        @Option(names = "--dir", paramLabel = "DIR", description = "The folder of migrations (default: MIGRATIONS_DIR, else ./migrations).")
        Path dir;

        @Option(names = "--runner", paramLabel = "COMMAND",
                description = "Makes the schema: run by the shell, with DATABASE_URL and PG* pointing at the scratch database.")
        String runner;

        @Option(names = "--runner-timeout", paramLabel = "SECONDS",
                description = "How long the runner may take (default: ${DEFAULT-VALUE}).")
        int runnerTimeout = 600;

        @Option(names = "--scratch-url", paramLabel = "URL",
                description = "The server on which to make the scratch database (default: SCRATCH_URL, else the same server).")
        String scratchUrl;

        @Option(names = "--against", paramLabel = "URL|FILE",
                description = "Another database, a snapshot, or a SQLite file, instead of the migrations.")
        String against;

        @Option(names = "--snapshot", paramLabel = "FILE",
                description = "Write the schema as it is now, as sorted JSON, and compare nothing.")
        Path snapshot;
    }

    @ArgGroup(validate = false, heading = "%nWhat to look at:%n")
    Scope scope = new Scope();

    static class Scope {
        @Option(names = "--schemas", split = ",", paramLabel = "NAME", description = "Only these schemas.")
        List<String> schemas = List.of();

        @Option(names = "--exclude", split = ",", paramLabel = "NAME",
                description = "Not these: public.orders_2*, audit.* (with all that belongs to them).")
        List<String> exclude = List.of();

        @Option(names = "--ignore", paramLabel = "FILE", description = "Known differences, each with its reason.")
        Path ignore;

        @Option(names = "--sqlite", paramLabel = "FILE",
                description = "Look at a SQLite file instead; with --against URL, at what PostgreSQL has of it.")
        Path sqlite;
    }

    @ArgGroup(validate = false, heading = "%nFurther checks (alone, they leave out the comparison):%n")
    Checks checks = new Checks();

    static class Checks {
        @Option(names = "--behaviour",
                description = "Insert a row into each table, try to break each constraint, see triggers fire; all is rolled back.")
        boolean behaviour;

        @Option(names = "--expect", paramLabel = "FILE",
                description = "What must be there, queries that must return nothing, queries with a time limit.")
        Path expect;

        @Option(names = "--init", description = "Write the --expect file from the schema as it is now.")
        boolean init;

        @Option(names = "--benchmark", description = "Time the views, the queries of --expect, and lookups by primary and foreign key.")
        boolean benchmark;

        @Option(names = "--runs", paramLabel = "N", description = "How often each is run (default: ${DEFAULT-VALUE}).")
        int runs = 20;

        @Option(names = "--p95", paramLabel = "TIME", description = "Fail where 95 %% of the runs took longer, e.g. 200ms.")
        String p95;

        @Option(names = "--baseline", paramLabel = "FILE",
                description = "Report plans that changed since; the file is written if it does not exist.")
        Path baseline;

        @Option(names = "--cross-check", negatable = true,
                description = "Where nothing differs, see that pg_dump says so, too (default: if it is there and fits).")
        Boolean crossCheck;

        @Option(names = "--budget", paramLabel = "SECONDS",
                description = "Stop the further checks after so long and say what was left out (default: ${DEFAULT-VALUE}).")
        int budget = 30;
    }

    @ArgGroup(validate = false, heading = "%nLimits and output:%n")
    Output output = new Output();

    static class Output {
        @Option(names = "--lock-timeout", paramLabel = "SECONDS",
                description = "How long to stand in a lock queue (default: ${DEFAULT-VALUE}).")
        double lockTimeout = 3;

        @Option(names = "--statement-timeout", paramLabel = "SECONDS",
                description = "How long a statement may take (default: ${DEFAULT-VALUE}).")
        double statementTimeout = 30;

        @Option(names = "--json", description = "One JSON document on stdout.")
        boolean json;

        @Option(names = "--junit", paramLabel = "FILE", description = "A JUnit report, for CI.")
        Path junit;

        @Option(names = "--html", paramLabel = "FILE", description = "A page to look at, with a diagram of the tables.")
        Path html;

        @Option(names = {"-q", "--quiet"}, description = "Say only what is wrong.")
        boolean quiet;
    }

    @Mixin
    Database database = new Bounded();

    @Spec
    CommandSpec spec;

    final Report report = new Report();
    FutureTask<Model> reading;
    boolean printed;

    public static void main(String... args) {
        var script = new validate_schema();
        var code = script.commandLine().execute(args);
        System.exit(code);
    }

    /** The command line; where the options themselves are wrong, --json still gives one document. */
    CommandLine commandLine() {
        var command = database.command(this);
        var reporter = command.getParameterExceptionHandler();
        return command.setParameterExceptionHandler((e, args) -> {
            if (List.of(args).contains("--json") && !printed) {
                printError(e, 64);
            }
            return reporter.handleParseException(e, args);
        });
    }

    @Override
    public Integer call() throws Exception {
        try {
            checkUsage();
            var ignored = Ignored.read(scope.ignore, this);
            startReadingOther();
            var found = readFound();
            checkSchemas(found);
            if (expected.snapshot != null || checks.init) {
                return write(found);
            }
            report.found = found;
            if (comparing()) {
                compare(found);
                ignored.apply(report);
            }
            furtherChecks(found);
            return finish(ignored);
        } catch (Exception e) {
            if (output.json && !printed) {
                printError(e, e instanceof ParameterException ? 64 : 2);
            }
            throw e;
        }
    }

    void checkUsage() {
        check(!checks.init || checks.expect != null, "--init goes with --expect FILE, the file to write");
        check(!checks.init || !Files.exists(checks.expect), "there is a file " + checks.expect + " already; --init does not overwrite it");
        check(expected.against == null || expected.runner == null && expected.dir == null,
                "--against replaces the migrations: without --dir and --runner");
        check(expected.against == null || !expected.against.contains("://") || expected.against.matches("(jdbc:)?(postgres|sqlite).*"),
                "--against takes a postgresql:// URL, a snapshot or a SQLite file");
        check(expected.against == null || expected.against.contains(":") || !Files.isDirectory(Path.of(expected.against)),
                "--against is a folder: " + expected.against);
        check(expected.snapshot == null || Files.isDirectory(expected.snapshot.toAbsolutePath().getParent()), "there is no folder for "
                + expected.snapshot);
        check(checks.benchmark || checks.baseline == null && checks.p95 == null, "--p95 and --baseline go with --benchmark");
        check(scope.sqlite == null || !checks.behaviour && !checks.benchmark, "--behaviour and --benchmark are for PostgreSQL");
        check(scope.sqlite == null || Files.isRegularFile(scope.sqlite), "there is no file " + scope.sqlite);
        check(checks.runs > 0 && checks.budget > 0 && output.lockTimeout > 0 && output.statementTimeout > 0 && expected.runnerTimeout > 0,
                "numbers and times must be more than 0");
        check(scope.ignore == null || comparing(), "--ignore goes with a comparison");
        if (checks.p95 != null) {
            millis(checks.p95);
        }
    }

    void check(boolean fine, String otherwise) {
        if (!fine) {
            throw wrong(otherwise);
        }
    }

    /** The comparison is what a plain call is for; asked for another check alone, it needs no scratch database. */
    boolean comparing() {
        var other = checks.behaviour || checks.benchmark || checks.expect != null;
        return !other || expected.against != null || expected.dir != null || expected.runner != null || expected.scratchUrl != null;
    }

    // --- the comparison ---

    Model readFound() throws Exception {
        return scope.sqlite != null ? Sqlite.read(scope.sqlite) : readDatabase(database);
    }

    /** A schema that is nowhere would be found to be without a difference. */
    void checkSchemas(Model found) {
        for (var name : scope.schemas) {
            check(scope.sqlite == null && Stream.of(name, quote(name)).anyMatch(n -> found.objects.containsKey(new Key("schema", n))),
                    scope.sqlite == null ? "there is no schema " + name + " in this database" : "--schemas is for PostgreSQL");
        }
    }

    Model readDatabase(Database where) throws Exception {
        var start = System.nanoTime();
        try (var session = Session.open(this, where, true)) {
            var model = new Catalog(session.connection, scope.schemas).read();
            model.server = session.connection.getMetaData().getDatabaseMajorVersion();
            model.pooled = !Scratch.first(session.connection, "select pg_catalog.pg_backend_pid()")
                    .equals(String.valueOf(session.connection.unwrap(PGConnection.class).getBackendPID()));
            detail("read " + model.size() + " objects of " + where.settings().get("PGDBNAME") + " in "
                    + (System.nanoTime() - start) / 1_000_000 + " ms");
            return model.without(scope.exclude);
        }
    }

    /** The other side, from wherever it is to come; then the differences. */
    void compare(Model found) throws Exception {
        if (expected.against != null || scope.sqlite != null) {
            var wanted = expected.against != null ? readAgainst() : Sqlite.replay(this);
            try (var trip = wanted.portable || found.portable ? null : new RoundTrip(this, found, null)) {
                compare(wanted, found, trip, reading == null ? null : elsewhere());
            }
        } else {
            try (var scratch = Scratch.create(this, scratchUrl())) {
                var wanted = replay(scratch, found);
                try (var trip = new RoundTrip(this, found, scratch)) {
                    compare(wanted, found, trip, scratch.place);
                }
            }
        }
    }

    void compare(Model wanted, Model found, RoundTrip trip, Database other) throws Exception {
        if (wanted.portable != found.portable) { // what PostgreSQL has is looked at, whichever side it is
            var lite = Portable.of(wanted.portable ? wanted : found);
            found = Portable.of(wanted.portable ? found : wanted);
            wanted = lite;
            report.notCompared.put("types of columns, defaults, CHECK texts, definitions of views and triggers",
                    "SQLite and PostgreSQL write them differently");
        }
        report.notCompared.putAll(found.notCompared);
        wanted.notCompared.forEach(report.notCompared::putIfAbsent);
        new Comparison(wanted, found, report, trip).run();
        if (other != null && trip != null && report.findings.stream().allMatch(finding -> finding.severity == Severity.note)) {
            new CrossCheck(this, trip).run(wanted, other, found);
        }
    }

    String scratchUrl() {
        return expected.scratchUrl != null ? expected.scratchUrl : database.variables().get("SCRATCH_URL");
    }

    Elsewhere elsewhere() {
        return new Elsewhere(database, expected.against, null);
    }

    /** Another database is read at the same time as the first. */
    void startReadingOther() {
        if (expected.against != null && expected.against.contains("://") && !expected.against.startsWith("sqlite:")) {
            reading = new FutureTask<>(() -> readDatabase(elsewhere()));
            var thread = new Thread(reading);
            thread.setDaemon(true);
            thread.start();
        }
    }

    Model readAgainst() throws Exception {
        if (reading != null) {
            try {
                return reading.get();
            } catch (ExecutionException e) {
                throw e.getCause() instanceof Exception cause ? cause : e;
            }
        }
        var file = Path.of(expected.against.replaceFirst("^(jdbc:)?sqlite:(///)?", ""));
        if (Sqlite.is(file)) {
            return Sqlite.read(file);
        }
        return Snapshot.read(file, this).without(scope.exclude);
    }

    /** What the migrations make: replayed in a scratch database of the same encoding, locale and settings, which is gone afterwards. */
    Model replay(Scratch scratch, Model found) throws Exception {
        scratch.run(runner());
        var model = readDatabase(scratch.place);
        if (model.objects.keySet().stream().noneMatch(key -> !key.kind.matches("schema|extension|database|language"))) {
            throw new Failed("the runner made nothing in the scratch database: does it use DATABASE_URL or PGDATABASE?\n  "
                    + String.join(" ", runner()));
        }
        for (var kind : List.of("database", "parameter", "tablespace")) {
            found.drop(kind);
            model.drop(kind);
            found.notCompared.put(kind, "migrations are replayed in a database of another name; compare it with --against");
        }
        model.sameOwner(scratch.owner, found, report);
        return model;
    }

    /** The command of --runner for the shell; otherwise run_migrations, wherever it is found from here, on --dir. */
    List<String> runner() {
        if (expected.runner != null) {
            return System.getProperty("os.name").startsWith("Windows") ? List.of("cmd", "/c", expected.runner)
                    : List.of("sh", "-c", expected.runner);
        }
        var dir = expected.dir != null ? expected.dir : Path.of(database.variables().getOrDefault("MIGRATIONS_DIR", "migrations"));
        check(Files.isDirectory(dir), "there is no folder " + dir
                + "; name it by --dir, or how the schema is made by --runner, or the expected schema by --against");
        var launcher = Path.of("jbang").toAbsolutePath();
        var script = Stream.of("scripts/run_migrations.java", "run_migrations.java").map(Path::of).filter(Files::exists).findFirst();
        return List.of(Files.isExecutable(launcher) && Files.isRegularFile(launcher) ? launcher.toString() : "jbang",
                script.map(Path::toString).orElse("run_migrations"),
                "--dir", dir.toString());
    }

    // --- the further checks ---

    void furtherChecks(Model found) throws Exception {
        var expectations = checks.expect == null ? null : Expectations.read(checks.expect, this);
        var deadline = System.nanoTime() + checks.budget * 1_000_000_000L;
        if (scope.sqlite != null) {
            Sqlite.integrity(scope.sqlite, report);
        }
        if (expectations != null) {
            expectations.check(found, report);
            try (var queries = scope.sqlite != null ? Sqlite.open(scope.sqlite) : Session.open(this, database, true).connection) {
                expectations.run(queries, report);
            }
        }
        if (checks.behaviour) {
            try (var session = Session.open(this, database, false)) {
                new Behaviour(this, session, found, deadline).run();
            }
        }
        if (checks.benchmark) {
            try (var session = Session.open(this, database, true)) {
                new Benchmark(this, session.connection, found, expectations, deadline).run();
            }
        }
    }

    int write(Model model) throws IOException {
        var file = checks.init ? checks.expect : expected.snapshot;
        writeAside(file, checks.init ? Expectations.of(model) : Snapshot.text(model, scope.schemas));
        if (output.json) {
            print(fields("file", file.toString(), "objects", model.size(), "not_compared", model.notCompared));
        } else if (!output.quiet) {
            out().println(file + ": " + model.size() + " objects");
            model.notCompared.forEach((kind, why) -> out().println("not in it: " + kind + ": " + why));
        }
        return 0;
    }

    /** Written beside and swapped in, so that a reader never sees half of it. */
    static void writeAside(Path file, String text) throws IOException {
        var folder = file.toAbsolutePath().getParent();
        var aside = folder.resolve("." + file.getFileName() + "." + ProcessHandle.current().pid() + ".part");
        try {
            Files.writeString(aside, text);
            Files.move(aside, file, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(aside);
        }
    }

    // --- what it says ---

    /** The verdict: findings win over what could not be told, and a wrong --ignore file over both. */
    int finish(Ignored ignored) throws IOException {
        report.sort();
        var exit = !ignored.problems.isEmpty() ? 64 : report.findings.stream().anyMatch(finding -> finding.severity == Severity.critical)
                ? 2
                : report.findings.stream().anyMatch(finding -> finding.severity != Severity.note) ? 1 : report.skipped.isEmpty() ? 0 : 3;
        if (output.junit != null) {
            writeAside(output.junit, new Pages(report).junit());
        }
        if (output.html != null) {
            writeAside(output.html, new Pages(report).html(exit));
        }
        if (output.json) {
            print(report.json(exit, ignored.problems));
        } else {
            show(exit);
        }
        ignored.problems.forEach(problem -> spec.commandLine().getErr().println("validate_schema: " + problem));
        return exit;
    }

    void show(int exit) {
        for (var finding : report.findings) {
            out().println(Ansi.AUTO.string("@|" + finding.severity.colour + " " + String.format("%-11s", finding.severity) + "|@ ")
                    + finding.title());
            finding.lines().forEach(line -> out().println("            " + line));
        }
        if (!output.quiet || !report.timings.isEmpty() && exit != 0) {
            if (!report.timings.isEmpty()) {
                out().println(table(report.timings));
            }
        }
        report.skipped.forEach(skipped -> out().println("skipped     " + skipped.check + " " + skipped.object + ": " + skipped.reason));
        if (!output.quiet) {
            report.ignored.forEach((title, reason) -> out().println("ignored     " + title + ": " + reason));
            report.notCompared.forEach((kind, why) -> out().println("not compared: " + kind + ": " + why));
            report.notes.forEach(note -> out().println("note: " + note));
            out().println(report.verdict(exit));
        }
        out().flush();
    }

    static String table(List<Timing> timings) {
        return AsciiTable.builder().border(AsciiTable.NO_BORDERS).data(timings, List.of(
                text("QUERY", timing -> timing.name), number("P50", Timing::p50), number("P95", Timing::p95), number("MAX", Timing::max),
                text("PLAN", timing -> timing.plan)))
                .asString().lines().map(line -> line.substring(1).stripTrailing()).collect(Collectors.joining("\n"));
    }

    static ColumnData<Timing> text(String title, Function<Timing, String> value) {
        return new Column().header(title).headerAlign(HorizontalAlign.LEFT).dataAlign(HorizontalAlign.LEFT).maxWidth(60).with(value::apply);
    }

    static ColumnData<Timing> number(String title, Function<Timing, Double> value) {
        return new Column().header(title).headerAlign(HorizontalAlign.RIGHT).dataAlign(HorizontalAlign.RIGHT)
                .with(timing -> String.format(Locale.ROOT, "%.2f ms", value.apply(timing)));
    }

    ParameterException wrong(String message) {
        return new ParameterException(spec.commandLine(), message);
    }

    PrintWriter out() {
        return spec.commandLine().getOut();
    }

    void detail(String text) {
        if (database.verbose) {
            spec.commandLine().getErr().println("validate_schema: " + text);
        }
    }

    boolean isTerminal() {
        var console = System.console();
        try {
            return console != null && !output.json && (boolean) Console.class.getMethod("isTerminal").invoke(console);
        } catch (ReflectiveOperationException before22) {
            return !output.json; // there is a console only on a terminal
        }
    }

    void print(Object document) {
        printed = true;
        out().println(new GsonBuilder().serializeNulls().disableHtmlEscaping().setPrettyPrinting().create().toJson(document));
        out().flush();
    }

    void printError(Exception e, int exit) {
        var text = new StringBuilder(Objects.toString(e.getMessage(), e.toString()));
        for (var why = e.getCause(); why != null; why = why.getCause()) {
            text.append(": ").append(why.getMessage());
        }
        print(fields("tool", TOOL, "exit", exit, "error", masked(text.toString())));
    }

    /** Without the userinfo of URLs. */
    static String masked(String text) {
        return text.replaceAll("://(?!user:password@host)[^\\s/]*@", "://***@");
    }

    static Map<String, Object> fields(Object... namesAndValues) {
        var fields = new LinkedHashMap<String, Object>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            fields.put((String) namesAndValues[i], namesAndValues[i + 1]);
        }
        return fields;
    }

    static String count(long number, String noun) {
        return number + " " + noun + (number == 1 ? "" : "s");
    }

    /** 200ms, 1.5s or a plain number of milliseconds. */
    double millis(String text) {
        var match = Pattern.compile("(\\d+(?:\\.\\d+)?)\\s*(ms|s)?").matcher(text.strip());
        check(match.matches(), "no time: " + text + " (200ms, 1.5s)");
        return Double.parseDouble(match.group(1)) * ("s".equals(match.group(2)) ? 1000 : 1);
    }

    static String quote(String name) {
        return "\"" + name.replace("\"", "\"\"") + "\"";
    }

    static String literal(String text) {
        return text == null ? "null" : (text.contains("\\") ? " E'" : "'") + text.replace("\\", "\\\\").replace("'", "''") + "'";
    }

    /** audit.* as a pattern that also takes in what belongs to a match, such as a table's columns. */
    static Pattern glob(String text) {
        return Pattern.compile(Stream.of(text.split("\\*", -1)).map(Pattern::quote).collect(Collectors.joining(".*")) + "(\\..*)?",
                Pattern.DOTALL);
    }

    // --- the report ---

    /** What a difference touches, most urgent first; a note is worth knowing and no difference. */
    enum Severity {
        critical("red,bold"), security("red,bold"), data("red"), performance("yellow"), cosmetic("cyan"), note("faint");

        final String colour;

        Severity(String colour) {
            this.colour = colour;
        }
    }

    /** Something that is not as it should be, found by one of the checks. */
    record Finding(String check, Severity severity, String object, String attribute, String problem, String wanted, String found,
            String migration, String suggestion) {
        static Finding of(String check, Severity severity, String object, String problem) {
            return new Finding(check, severity, object, null, problem, null, null, null, null);
        }

        String title() {
            return object + (attribute == null ? "" : ", " + attribute) + ": " + problem;
        }

        List<String> lines() {
            return Stream.of(line("expected", wanted), line("found", found), line("made by", migration), line("suggested", suggestion))
                    .filter(Objects::nonNull).toList();
        }

        static String line(String name, String text) {
            return text == null ? null : String.format("%-10s", name) + (text.length() > 300 ? text.substring(0, 300) + " ..." : text)
                    .replaceAll("\\R", "\n                      ");
        }

        Map<String, Object> json() {
            return fields("check", check, "severity", severity.toString(), "object", object, "attribute", attribute, "problem", problem,
                    "expected", wanted, "found", found,
                    "migration", migration, "suggestion", suggestion);
        }
    }

    /** What could not be looked at, and why: it never counts as fine. */
    record Skipped(String check, String object, String reason) {
    }

    record Timing(String name, double p50, double p95, double max, String plan) {
    }

    static final class Report {
        final List<Finding> findings = new ArrayList<>();
        final List<Skipped> skipped = new ArrayList<>();
        final Map<String, List<String>> passed = new LinkedHashMap<>();
        final List<Timing> timings = new ArrayList<>();
        final Map<String, String> ignored = new LinkedHashMap<>();
        final Map<String, String> notCompared = new TreeMap<>();
        final List<String> notes = new ArrayList<>();
        final long start = System.nanoTime();
        Model found;

        void add(Finding finding) {
            findings.add(finding);
        }

        void skip(String check, String object, String reason) {
            skipped.add(new Skipped(check, object, reason));
        }

        void pass(String check, String what) {
            passed.computeIfAbsent(check, name -> new ArrayList<>()).add(what);
        }

        void sort() {
            findings.sort(Comparator.comparing(Finding::severity).thenComparing(Finding::check).thenComparing(Finding::title));
        }

        /** In the order in which statements can be run: what depends on something is dropped before it, and made after it. */
        static final List<Pattern> ORDER = Stream.of("ALTER TABLE .* DETACH ", "DROP (TRIGGER|RULE|POLICY)", "DROP (MATERIALIZED )?VIEW",
                "ALTER TABLE .* DROP CONSTRAINT ", "DROP INDEX", "ALTER TABLE .* DROP (DEFAULT|IDENTITY|EXPRESSION);",
                "ALTER TABLE .* DROP COLUMN (?!.* ADD )", "ALTER SEQUENCE .* OWNED BY NONE", "DROP (FOREIGN )?TABLE",
                "DROP (OPERATOR CLASS|USER MAPPING)", "DROP SERVER",
                "DROP (?!SCHEMA|EXTENSION|SEQUENCE|.*CREATE )", "CREATE SCHEMA", "CREATE EXTENSION",
                "CREATE (TYPE|DOMAIN)", "CREATE SEQUENCE", "(DROP .*)?CREATE (OR REPLACE )?(FUNCTION|PROCEDURE)",
                "CREATE (UNLOGGED )?TABLE (?!.* PARTITION OF )", "CREATE (UNLOGGED )?TABLE", "ALTER TABLE .* ADD COLUMN",
                "ALTER TABLE .* TYPE ", "ALTER SEQUENCE .* OWNED BY", "ALTER TABLE (?!.*FOREIGN KEY).* ADD CONSTRAINT",
                "ALTER TABLE (?!.* OWNER TO )", "CREATE (OR REPLACE )?(MATERIALIZED )?VIEW", "CREATE .*INDEX", "CREATE ",
                "ALTER TABLE .* OWNER", "ALTER ", "DROP SEQUENCE", "DROP ")
                .map(pattern -> Pattern.compile("^(?:" + pattern + ")", Pattern.DOTALL)).toList();

        /** Statement by statement, but for those that come with a function, whose body may have lines of any kind. */
        List<String> suggestions() {
            return findings.stream().sorted(Comparator.comparing(finding -> !Objects.toString(finding.found).startsWith("FOREIGN KEY")))
                    .map(Finding::suggestion).filter(Objects::nonNull)
                    .flatMap(text -> text.matches("(?s).*\\bCREATE OR REPLACE (FUNCTION|PROCEDURE) .*") ? Stream.of(text)
                    : Stream.of(text.split("(?<=;)\n(?=[A-Z]{4})"))).distinct().sorted(Comparator.comparing(Report::order)).toList();
        }

        static int order(String statement) {
            var place = IntStream.range(0, ORDER.size()).filter(i -> ORDER.get(i).matcher(statement).find()).findFirst();
            return place.orElse(ORDER.size());
        }

        String verdict(int exit) {
            var bad = findings.stream().filter(finding -> finding.severity != Severity.note)
                    .collect(Collectors.groupingBy(Finding::check, TreeMap::new, Collectors.counting()));
            var told = new ArrayList<String>();
            passed.forEach((check, names) -> told.add(check + ": " + names.size() + " verified"
                    + (bad.containsKey(check) ? ", " + count(bad.remove(check), "finding") : "")));
            bad.forEach((check, number) -> told.add(check + ": " + count(number, "finding")));
            return String.join("; ", told) + (skipped.isEmpty() ? "" : "; " + skipped.size() + " skipped")
                    + (ignored.isEmpty() ? "" : "; " + ignored.size() + " ignored")
                    + String.format(Locale.ROOT, "; %.1f s", (System.nanoTime() - start) / 1e9)
                    + (exit == 0 ? ": as expected" : exit == 3 ? ": not everything could be told" : "");
        }

        Map<String, Object> json(int exit, List<String> problems) {
            var counts = new TreeMap<String, Integer>();
            passed.forEach((check, names) -> counts.put(check, names.size()));
            return fields("tool", TOOL, "exit", exit, "findings", findings.stream().map(Finding::json).toList(),
                    "skipped", skipped.stream().map(s -> fields("check", s.check, "object", s.object, "reason", s.reason)).toList(),
                    "verified", counts,
                    "ignored", ignored, "not_compared", notCompared, "timings",
                    timings.stream().map(t -> fields("query", t.name, "p50_ms", t.p50, "p95_ms", t.p95, "max_ms", t.max, "plan", t.plan))
                    .toList(),
                    "notes", notes, "suggestions", suggestions(), "problems", problems, "duration_ms",
                    (System.nanoTime() - start) / 1_000_000);
        }
    }

    /** For what takes more than two seconds: a bar on a terminal, else a line each half minute. */
    static final class Progress implements AutoCloseable {
        final validate_schema script;
        final String what;
        final long total; // -1: nobody knows
        final long start = System.nanoTime();
        long said = start;
        ProgressBar bar;

        Progress(validate_schema script, String what, long total) {
            this.script = script;
            this.what = what;
            this.total = total;
        }

        void at(long done) {
            var now = System.nanoTime();
            if (script.output.quiet || now - start < 2_000_000_000L) {
                return;
            } else if (bar == null && script.isTerminal() && System.getenv("NO_COLOR") == null) {
                bar = new ProgressBarBuilder().setTaskName(what).setInitialMax(total).setStyle(ProgressBarStyle.ASCII).build();
            }
            if (bar != null) {
                bar.stepTo(done);
            } else if (now - said > 30_000_000_000L) {
                said = now;
                script.spec.commandLine().getErr().println("validate_schema: " + what + ": " + done + (total > 0 ? " of " + total : " s"));
            }
        }

        @Override
        public void close() {
            if (bar != null) {
                bar.close();
            }
        }
    }

    /** What stops the run: exit code 2. */
    static class Failed extends Exception {
        Failed(String message) {
            super(message);
        }

        Failed(String message, Throwable cause) {
            super(message, cause);
        }
    }

    // --- the model of a schema ---

    /** Kind and name, such as "column" and "public.orders.id". */
    record Key(String kind, String name) implements Comparable<Key> {
        @Override
        public int compareTo(Key other) {
            return kind.equals(other.kind) ? name.compareTo(other.name) : kind.compareTo(other.kind);
        }

        @Override
        public String toString() {
            return kind + " " + name;
        }
    }

    /** An object's attributes by name; what it belongs to (a table), when it was made and the statement that makes it are not compared. */
    static final class Thing {
        final SortedMap<String, String> attributes = new TreeMap<>();
        String of;
        int age;
        String migration;
        String sql;

        String get(String attribute) {
            return attributes.get(attribute);
        }
    }

    /** All objects of a schema, sorted; and which kinds are not among them, with the reason. */
    static final class Model {
        final SortedMap<Key, Thing> objects = new TreeMap<>();
        final Map<String, String> notCompared = new TreeMap<>();
        final List<String> states = new ArrayList<>(); // of the data, such as a materialized view that is not populated
        boolean portable; // of SQLite
        int server; // its major version; 0 for a file
        boolean pooled; // the session is not the one that answered first
        boolean common; // only what SQLite and PostgreSQL have in common, keys named by what they are

        int size() {
            return objects.size();
        }

        void drop(String kind) {
            objects.keySet().removeIf(key -> key.kind.equals(kind));
        }

        Thing add(String kind, String name) {
            var thing = new Thing();
            objects.put(new Key(kind, name), thing);
            return thing;
        }

        Stream<Map.Entry<Key, Thing>> all(String kind) {
            return objects.entrySet().stream().filter(entry -> entry.getKey().kind.equals(kind));
        }

        Model without(List<String> excluded) {
            for (var name : excluded) {
                var pattern = glob(name);
                var before = objects.size();
                objects.entrySet().removeIf(entry -> pattern.matcher(entry.getKey().name).matches() || entry.getValue().of != null
                        && pattern.matcher(entry.getValue().of).matches());
                if (before > objects.size()) {
                    notCompared.put("--exclude " + name, count(before - objects.size(), "object"));
                }
            }
            return this;
        }

        /** Whoever replays owns everything; in the database that is the role that owns most. Any other owner is compared by name. */
        void sameOwner(String replayer, Model found, Report report) {
            var owners = found.objects.values().stream().map(thing -> thing.get("owner")).filter(Objects::nonNull)
                    .collect(Collectors.groupingBy(o -> o, TreeMap::new, Collectors.counting()));
            var owner = owners.isEmpty() ? replayer : Collections.max(owners.entrySet(), Map.Entry.comparingByValue()).getKey();
            if (!owner.equals(replayer)) {
                objects.values().forEach(thing -> thing.attributes.computeIfPresent("owner", (name, value) -> value.equals(replayer)
                        ? owner : value));
                for (var key : all("default privileges").map(Map.Entry::getKey).filter(key -> key.name.startsWith(replayer + " "))
                        .toList()) {
                    objects.put(new Key(key.kind, owner + key.name.substring(replayer.length())), objects.remove(key));
                }
                report.notes.add("the migrations were replayed as " + replayer + ", who stands for " + owner
                        + ", the owner of most objects");
            }
        }
    }

    /** Texts that PostgreSQL deparses, brought to one form: that of the newest server, and of a database that was restored once. */
    static final class Text {
        static final Pattern TOKEN = Pattern.compile("'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|[\\w$]+|::|[^\\s\\w]",
                Pattern.UNICODE_CHARACTER_CLASS);
        static final Set<String> BEFORE = Set.of("(", "WHERE", "ON", "HAVING", "WHEN", "FILTER", "CHECK", "USING");
        static final Set<String> AFTER = Set.of(")", ";", "GROUP", "ORDER", "HAVING", "WINDOW", "LIMIT", "OFFSET", "UNION", "INTERSECT",
                "EXCEPT", "THEN", "EXECUTE", "RETURNING");
        static final Set<String> AFTER_FROM = Set.of("WHERE", "GROUP", "HAVING", "WINDOW", "ORDER", "LIMIT", "OFFSET", "FETCH", "FOR", ";",
                "UNION", "INTERSECT", "EXCEPT");

        final List<String> tokens = new ArrayList<>();
        final List<Boolean> blanks = new ArrayList<>(); // is there one before the token?

        Text(String text) {
            var match = TOKEN.matcher(text);
            for (int end = 0; match.find(); end = match.end()) {
                tokens.add(match.group());
                blanks.add(match.start() > end);
            }
        }

        /**
         * (a BETWEEN 1 AND 5) AND b is printed with one more pair of parentheses the first time than after a restore, and
         * varchar IN (...) with the cast around the array instead of in it. The meaning is the same, so the form shall be, too.
         */
        static String canonical(String text) {
            if (text == null) {
                return null;
            }
            var parsed = new Text(text);
            parsed.castElements();
            parsed.flatten();
            return parsed.toString();
        }

        /** Up to 15, columns of a view on a single relation are printed with its name before them, since 16 without. */
        static String view(String text) {
            var parsed = new Text(text);
            parsed.unqualify();
            return canonical(parsed.toString());
        }

        int close(int open) {
            int depth = 0;
            for (int i = open; i < tokens.size(); i++) {
                depth += "([".contains(tokens.get(i)) ? 1 : ")]".contains(tokens.get(i)) ? -1 : 0;
                if (depth == 0) {
                    return i;
                }
            }
            return tokens.size();
        }

        String at(int i) {
            return i < 0 || i >= tokens.size() ? "" : tokens.get(i);
        }

        void remove(int i) {
            tokens.remove(i);
            var blank = blanks.remove(i);
            if (blank && i < blanks.size()) {
                blanks.set(i, true);
            }
        }

        /** (ARRAY[a, b])::t[] becomes ARRAY[(a)::t, (b)::t]. */
        void castElements() {
            for (int open = 0; open < tokens.size() - 1; open++) {
                if (!at(open).equals("(") || !at(open + 1).equals("ARRAY") || !at(open + 2).equals("[")) {
                    continue;
                }
                int end = close(open + 2);
                int type = end + 3;
                if (!at(end + 1).equals(")") || !at(end + 2).equals("::")) {
                    continue;
                }
                int brackets = type;
                while (brackets < tokens.size() && !at(brackets).equals("[") && at(brackets).matches("[\\w\".$ ]+|\"(?:[^\"]|\"\")*\"")) {
                    brackets++;
                }
                if (brackets == type || !at(brackets).equals("[") || !at(brackets + 1).equals("]")) {
                    continue;
                }
                var cast = new Text(")::" + text(type, brackets));
                var rewritten = new StringBuilder();
                for (int i = open + 3, start = i; i <= end; i++) {
                    if (at(i).equals("(") || at(i).equals("[")) {
                        i = close(i);
                    } else if (i == end || at(i).equals(",")) {
                        rewritten.append(rewritten.isEmpty() ? "ARRAY[" : ", ").append("(").append(text(start, i).strip()).append(cast);
                        start = i + 1;
                    }
                }
                var replaced = new Text(rewritten + "]");
                var blank = blanks.get(open);
                tokens.subList(open, brackets + 2).clear();
                blanks.subList(open, brackets + 2).clear();
                tokens.addAll(open, replaced.tokens);
                blanks.addAll(open, replaced.blanks);
                blanks.set(open, blank);
            }
        }

        /** Takes off parentheses around ANDs between ANDs, and around ORs between ORs: both are associative. */
        void flatten() {
            for (boolean changed = true; changed;) {
                changed = false;
                for (int open = 0; open < tokens.size(); open++) {
                    int end = at(open).equals("(") ? close(open) : tokens.size();
                    var connective = end < tokens.size() ? connective(open, end) : null;
                    var before = at(open - 1);
                    var after = at(end + 1);
                    if (connective != null && (before.equals(connective) || after.equals(connective))
                            && (before.equals(connective) || before.isEmpty() || BEFORE.contains(before))
                            && (after.equals(connective) || after.isEmpty() || AFTER.contains(after))) {
                        remove(end);
                        remove(open);
                        changed = true;
                    }
                }
            }
        }

        /** The one connective between the terms of a group, null if there is none or several, or if it is no plain condition. */
        String connective(int open, int end) {
            String connective = null;
            for (int i = open + 1; i < end; i++) {
                var token = at(i);
                if (token.equals("(") || token.equals("[")) {
                    i = close(i);
                } else if (Set.of("SELECT", "BETWEEN", ",", "CASE", "NOT").contains(token) || connective != null && Set.of("AND", "OR")
                        .contains(token) && !token.equals(connective)) {
                    return null;
                } else if (Set.of("AND", "OR").contains(token)) {
                    connective = token;
                }
            }
            return connective;
        }

        void unqualify() {
            int from = top("FROM", 0);
            int end = from;
            while (end < tokens.size() && !AFTER_FROM.contains(at(end))) {
                if (at(end).equals(",") || at(end).equals("JOIN")) {
                    return;
                }
                end = at(end).equals("(") ? joins(end) ? tokens.size() + 1 : close(end) + 1 : end + 1;
            }
            if (end > tokens.size() || from >= tokens.size() || Stream.of("UNION", "INTERSECT", "EXCEPT")
                    .anyMatch(word -> top(word, 0) < tokens.size())) {
                return;
            }
            int name = at(end - 1).equals(")") ? end - 2 : end - 1;
            for (int depth = at(end - 1).equals(")") ? 1 : 0; depth > 0 && name > from; name--) {
                depth += at(name).equals(")") ? 1 : at(name).equals("(") ? -1 : 0;
            }
            removeQualifier(at(name), from, end);
        }

        /** At the level of the whole query only: a subquery keeps its qualifiers. */
        void removeQualifier(String alias, int from, int end) {
            for (int i = 0; i + 2 < tokens.size(); i++) {
                if (at(i).equals("(") && Set.of("SELECT", "WITH", "VALUES").contains(at(i + 1))) {
                    i = close(i);
                } else if ((i < from || i >= end) && at(i).equals(alias) && at(i + 1).equals(".") && at(i + 2).matches("[\\w$]+|\".*")
                        && !at(i - 1).equals(".")) {
                    remove(i + 1);
                    remove(i);
                    from -= i < from ? 2 : 0;
                    end -= i < end ? 2 : 0;
                }
            }
        }

        boolean joins(int open) {
            for (int i = open + 1; i < close(open); i++) {
                if (at(i).equals("(")) {
                    i = close(i);
                } else if (at(i).equals("JOIN")) {
                    return true;
                }
            }
            return false;
        }

        /** The first such word outside of parentheses, or the end. */
        int top(String word, int start) {
            for (int i = start; i < tokens.size(); i++) {
                if (at(i).equals("(")) {
                    i = close(i);
                } else if (at(i).equals(word)) {
                    return i;
                }
            }
            return tokens.size();
        }

        String text(int start, int end) {
            var text = new StringBuilder();
            for (int i = start; i < end; i++) {
                text.append(blanks.get(i) && i > start ? " " : "").append(tokens.get(i));
            }
            return text.toString();
        }

        @Override
        public String toString() {
            return text(0, tokens.size()).replace("( ", "(");
        }
    }

    /** A connection that sees one state of the database, in a transaction that ends with the session and is never committed. */
    static final class Session implements AutoCloseable {
        final Connection connection;

        Session(Connection connection) {
            this.connection = connection;
        }

        /** SET LOCAL throughout: behind a pooler that shares connections, nothing of it reaches anybody else. */
        static Session open(validate_schema script, Database where, boolean readOnly) throws SQLException, InterruptedException {
            var connection = where.connect(!readOnly);
            connection.setNetworkTimeout(Runnable::run, (int) (script.output.statementTimeout * 1000) + 15_000);
            connection.setAutoCommit(false);
            connection.unwrap(PGConnection.class).setPrepareThreshold(0); // a named statement would stay in the session of a pooler
            if (readOnly) {
                Scratch.execute(connection, "set transaction isolation level repeatable read, read only");
            }
            var session = new Session(connection);
            session.settle((long) (script.output.lockTimeout * 1000), (long) (script.output.statementTimeout * 1000));
            return session;
        }

        /** The settings that decide how expressions are printed, and those that keep us out of everybody's way. */
        void settle(long lockMillis, long statementMillis) throws SQLException {
            try (var statement = connection.createStatement()) {
                statement.execute("set local search_path = pg_catalog, pg_temp; set local lock_timeout = " + lockMillis
                        + "; set local statement_timeout = " + statementMillis
                        + "; set local timezone = 'UTC'; set local datestyle = 'ISO, MDY'; set local intervalstyle = 'postgres'; set"
                        + " local extra_float_digits = 1"
                        + "; set local quote_all_identifiers = off; set local standard_conforming_strings = on; set local bytea_output ="
                        + " 'hex'; set local xmlbinary = 'base64'; set local enable_partition_pruning = on; set local jit = off");
            }
        }

        @Override
        public void close() throws SQLException {
            connection.close(); // which rolls back
        }
    }

    // --- reading PostgreSQL's catalog ---

    /**
     * The catalog as a model: one query for each kind of object, whatever the number of objects; each column of its result
     * is an attribute, null for the usual. _of, _age, _sql and _kind say what the object belongs to, when its row was
     * written, what makes it, and its kind where that is not the reader's. The columns are those of the chapter "System
     * Catalogs" of the manual (52 in version 18); what an older server has not is asked for by has().
     */
    static final class Catalog {
        /** Catalogs whose rows are read by a reader, belong to an object that is, or are none of the schema; others are counted. */
        static final Set<String> COVERED = Set.of("pg_class", "pg_type", "pg_proc", "pg_constraint", "pg_attrdef", "pg_rewrite",
                "pg_trigger", "pg_namespace", "pg_policy",
                "pg_statistic_ext", "pg_event_trigger", "pg_extension", "pg_foreign_data_wrapper", "pg_foreign_server", "pg_user_mapping",
                "pg_collation", "pg_conversion", "pg_cast",
                "pg_operator", "pg_opclass", "pg_opfamily", "pg_amop", "pg_amproc", "pg_ts_config", "pg_ts_dict", "pg_ts_parser",
                "pg_ts_template", "pg_transform", "pg_language",
                "pg_am", "pg_default_acl", "pg_publication", "pg_publication_rel", "pg_publication_namespace", "pg_subscription",
                "pg_enum", "pg_parameter_acl", "pg_tablespace",
                "pg_database", "pg_authid", "pg_auth_members");

        /** Schemas, extension members, and relations, each without those of the system and of the toolkit. */
        static final String COMMON = """
                with e as materialized (select classid, objid from pg_depend where deptype = 'e'),
                s as materialized (select n.oid, n.nspname, n.nspowner, n.nspacl, quote_ident(nspname) as name, n.xmin from pg_namespace n
                  where nspname !~ '^pg_' and nspname not in ('information_schema', 'pgbang') and nspname::text = any (coalesce(?::text[],
                    array[nspname::text]))),
                r as (select c.*, c.xmin as row_xmin, s.name || '.' || quote_ident(c.relname) as name from pg_class c join s on s.oid =
                  c.relnamespace
                  where c.relname !~ '^pgbang_' and c.relname <> 'schema_migrations' and c.relkind in ('r', 'p', 'f', 'v', 'm')
                    and not exists (select from e where e.classid = 'pg_class'::regclass and e.objid = c.oid))
                """;

        final Connection connection;
        final List<String> schemas;
        final Set<String> columns = new HashSet<>();
        final Model model = new Model();

        Catalog(Connection connection, List<String> schemas) {
            this.connection = connection;
            this.schemas = schemas;
        }

        Model read() throws SQLException {
            rows("select attrelid::regclass || '.' || attname from pg_catalog.pg_attribute where attrelid < 16384 and attnum > 0 or"
                    + " attrelid < 16384 and attname = 'oid'", row -> columns.add(row.getString(1)));
            for (var reader : readers(READERS)) {
                read(reader);
            }
            if (schemas.isEmpty()) {
                for (var reader : readers(has("pg_parameter_acl.parname") ? DATABASE_WIDE + PARAMETER : DATABASE_WIDE)) {
                    read(reader);
                }
            } else {
                model.notCompared.put("what belongs to no schema", "left out by --schemas");
            }
            normalise();
            collations();
            history();
            uncovered();
            return model;
        }

        boolean has(String column) {
            return columns.contains(column);
        }

        record Reader(String kind, String sql) {
        }

        interface Row {
            void take(ResultSet row) throws SQLException;
        }

        /** Rows of a query of ours; the catalogs in it are qualified here. */
        void rows(String sql, Row taker) throws SQLException {
            try (var statement = connection.prepareStatement(sql.replaceAll("(?<=\\b(?:from|join) )pg_(?!catalog)", "pg_catalog.pg_"))) {
                if (sql.contains("?::text[]")) {
                    statement.setArray(1, schemas.isEmpty() ? null : connection.createArrayOf("text", schemas.toArray()));
                }
                try (var rows = statement.executeQuery()) {
                    while (rows.next()) {
                        taker.take(rows);
                    }
                }
            }
        }

        void read(Reader reader) throws SQLException {
            try {
                rows(COMMON + reader.sql, row -> take(reader.kind, row));
            } catch (SQLException e) {
                throw new SQLException("cannot read the " + reader.kind + "s of the catalog"
                        + ("55P03".equals(e.getSQLState()) ? ": somebody holds a lock on one (see pg_locks); try again" : ""),
                        e.getSQLState(), e);
            }
        }

        void take(String kind, ResultSet row) throws SQLException {
            var thing = new Thing();
            String name = null;
            var meta = row.getMetaData();
            for (int i = 1; i <= meta.getColumnCount(); i++) {
                var label = meta.getColumnLabel(i);
                var value = row.getString(i);
                switch (label) {
                    case "name" -> name = value;
                    case "_kind" -> kind = Objects.requireNonNullElse(value, kind);
                    case "_of" -> thing.of = value;
                    case "_age" -> thing.age = row.getInt(i);
                    case "_sql" -> thing.sql = value;
                    default -> {
                        if (value != null && !value.isEmpty()) {
                            thing.attributes.put(label, value.equals("t") ? "yes" : value);
                        }
                    }
                }
            }
            model.objects.put(new Key(kind, name), thing);
        }

        /**
         * The readers, each under its kind. A word with a dollar stands for what expand() puts there; $since{column ? a : b} is a where
         * the server has that column, b (or null) where it has not.
         */
        static final String READERS = """
                -- schema: pg_init_privs tells what initdb granted on public, which differs before and since 15
                select s.name, age(s.xmin) as _age,
                  case when nspname <> 'public' or nspowner <> 10 and pg_get_userbyid(nspowner) <> 'pg_database_owner'
                    then quote_ident(pg_get_userbyid(nspowner)) end as owner,
                  case when nspname = 'public' then $public_grants{} else $grants{nspacl, n, nspowner} end as grants,
                  nullif((select description from pg_description where objoid = s.oid and classoid = 'pg_namespace'::regclass),
                    'standard public schema') as comment
                from s where $no_member{pg_namespace, s.oid}

                -- table: the row of its first system column is as old as the table
                select r.name, coalesce((select age(xmin) from pg_attribute
                  where attrelid = r.oid and attnum = -1), age(r.row_xmin)) as _age,
                  case relkind when 'p' then 'partitioned' when 'f' then 'foreign' end as kind,
                  case relpersistence when 'u' then 'unlogged' end as persistence,
                  (select string_agg(o, ', ' order by o collate "C") from unnest(r.reloptions
                    || array(select 'toast.' || t from pg_class k, unnest(k.reloptions) t where k.oid = r.reltoastrelid)) o)
                    as "storage parameters",
                  case relreplident when 'n' then 'nothing' when 'f' then 'full' when 'i' then 'index ' || (select c.relname from pg_index i
                    join pg_class c on c.oid = i.indexrelid where i.indrelid = r.oid and i.indisreplident) end as "replica identity",
                  case when relrowsecurity then 'enabled' end as "row security",
                  case when relforcerowsecurity then 'forced' end as "forced row security",
                  $tablespace{reltablespace}, $access_method{relam},
                  case when reloftype <> 0 then reloftype::regtype::text end as "of type",
                  (select string_agg(inhparent::regclass::text, ', ' order by inhseqno) from pg_inherits
                    where inhrelid = r.oid) as inherits,
                  case when relkind = 'p' then pg_get_partkeydef(r.oid) end as "partition key",
                  pg_get_expr(relpartbound, r.oid) as "partition bound", $clustered_on{},
                  case when relkind = 'f' then (select quote_ident(v.srvname) || coalesce(': ' || $options{f.ftoptions}, '')
                    from pg_foreign_table f join pg_foreign_server v on v.oid = f.ftserver where f.ftrelid = r.oid) end as server,
                  $owner{relowner}, $granted{relacl, r, relowner}, $comment{pg_class, r.oid}
                from r where relkind in ('r', 'p', 'f')

                -- column: _sql is the name of its identity sequence
                select r.name || '.' || quote_ident(attname) as name, r.name as _of, age(a.xmin) as _age,
                  row_number() over (partition by attrelid order by attnum)::text as position,
                  format_type(atttypid, atttypmod) as type, case when attnotnull then $not_null{} end as "not null",
                  case when attgenerated = '' then pg_get_expr(adbin, adrelid) end as "default",
                  case attgenerated when '' then null when 'v' then 'virtual: ' else 'stored: ' end || pg_get_expr(adbin, adrelid)
                    as generated,
                  case when r.relispartition then null when attidentity = 'a' then 'always' when attidentity = 'd' then 'by default' end
                    as identity,
                  case when attidentity <> '' and not r.relispartition then (select $sequence{} from pg_depend d
                    join pg_sequence q on q.seqrelid = d.objid where $identity_of_column{}) end as "identity sequence",
                  case when attidentity <> '' and not r.relispartition then (select $grants{q.relacl, s, q.relowner} from pg_depend d
                    join pg_class q on q.oid = d.objid where $identity_of_column{} and q.relacl is not null) end
                    as "grants on the identity sequence",
                  case when attcollation <> typcollation then $collation{attcollation} end as collation,
                  case when attstorage <> typstorage then
                    case attstorage when 'p' then 'plain' when 'e' then 'external' when 'm' then 'main' else 'extended' end end as storage,
                  $since{pg_attribute.attcompression ? nullif(attcompression, '')::text} as compression,
                  nullif(attstattarget, -1)::text as "statistics target",
                  (select string_agg(o, ', ' order by o) from unnest(attoptions) o where o !~ '^pg_attver=') as options,
                  case when attinhcount > 0 then attinhcount || case when attislocal then ' and local' else '' end end as inherited,
                  case when attidentity <> '' then (select d.objid::regclass::text from pg_depend d
                    where $identity_of_column{}) end as _sql,
                  $options{attfdwoptions} as "foreign options", $granted{attacl, c, r.relowner}, $comment{pg_class, attrelid, attnum}
                from r join pg_attribute a on attrelid = r.oid and attnum > 0 and not attisdropped join pg_type t on t.oid = atttypid
                  left join pg_attrdef f on adrelid = attrelid and adnum = attnum

                -- constraint: a foreign key whose own triggers are disabled looks the same and checks nothing
                select r.name || '.' || quote_ident(conname) as name, r.name as _of, age(k.xmin) as _age,
                  pg_get_constraintdef(k.oid) as definition,
                  case when coninhcount > 0 then coninhcount || case when conislocal then ' and local' else '' end end as inherited,
                  case when contype = 'f' and exists (select from pg_trigger where tgconstraint = k.oid and tgenabled in ('D', 'R'))
                    then 'disabled' end as "its triggers", $comment{pg_constraint, k.oid}
                from pg_constraint k join r on r.oid = conrelid where contype in ('c', 'f', 'p', 'u', 'x') and conparentid = 0

                -- index
                select s.name || '.' || quote_ident(c.relname) as name, r.name as _of, age(c.xmin) as _age,
                  replace(pg_get_indexdef(c.oid), ' INDEX ' || quote_ident(c.relname) || ' ON ', ' INDEX ON ') as definition,
                  case when not indisvalid then 'no' end as valid, case when not indisready then 'no' end as ready,
                  case when not indislive then 'no' end as live,
                  quote_ident(k.conname) as "constraint",
                  (select string_agg(attnum || ': ' || attstattarget, ', ' order by attnum) from pg_attribute
                    where attrelid = c.oid and attstattarget >= 0) as "statistics target", $tablespace{c.reltablespace},
                  (select inhparent::regclass::text from pg_inherits where inhrelid = c.oid and not indisvalid) as "partition of",
                  $depends{pg_class, c.oid}, $comment{pg_class, c.oid}
                from pg_index i join r on r.oid = indrelid join pg_class c on c.oid = indexrelid join s on s.oid = c.relnamespace
                  left join pg_constraint k on k.conindid = indexrelid and k.contype in ('p', 'u', 'x')
                where not c.relispartition or not indisvalid

                -- view
                select r.name, case relkind when 'm' then 'materialized view' end as _kind,
                  coalesce((select age(xmin) from pg_rewrite where ev_class = r.oid and rulename = '_RETURN'), age(r.row_xmin)) as _age,
                  pg_get_viewdef(r.oid) as definition,
                  (select string_agg(o, ', ' order by o collate "C") from unnest(reloptions) o) as options,
                  case when relkind = 'm' and not relispopulated then 'no' end as populated,
                  $tablespace{reltablespace}, $access_method{relam}, $clustered_on{},
                  $owner{relowner}, $granted{relacl, r, relowner}, $depends{pg_class, r.oid}, $comment{pg_class, r.oid}
                from r where relkind in ('v', 'm')

                -- rule
                select r.name || '.' || quote_ident(rulename) as name, r.name as _of, age(w.xmin) as _age, pg_get_ruledef(w.oid)
                  as definition,
                  $enabled{ev_enabled}, $comment{pg_rewrite, w.oid}
                from pg_rewrite w join r on r.oid = ev_class where rulename <> '_RETURN'

                -- trigger: the copies on partitions (marked internal up to 14) only where they are enabled otherwise than their parent
                select r.name || '.' || quote_ident(g.tgname) as name, r.name as _of, age(g.xmin) as _age,
                  pg_get_triggerdef(g.oid) as definition, $enabled{g.tgenabled},
                  $depends{pg_trigger, g.oid}, $comment{pg_trigger, g.oid}
                from pg_trigger g join r on r.oid = g.tgrelid
                  left join pg_trigger p on $since{pg_trigger.tgparentid ? p.oid = g.tgparentid : false}
                where p.oid is null and not g.tgisinternal or p.oid is not null and g.tgconstraint = 0 and g.tgenabled <> p.tgenabled

                -- policy
                select r.name || '.' || quote_ident(polname) as name, r.name as _of, age(p.xmin) as _age,
                  case polcmd when 'r' then 'SELECT' when 'a' then 'INSERT' when 'w' then 'UPDATE' when 'd' then 'DELETE' else 'ALL' end
                    as command,
                  case when polpermissive then 'permissive' else 'restrictive' end as kind, pg_get_expr(polqual, polrelid) as "using",
                  pg_get_expr(polwithcheck, polrelid) as "with check",
                  (select string_agg(case o when 0 then 'PUBLIC' else quote_ident(pg_get_userbyid(o)) end, ', '
                    order by pg_get_userbyid(o) collate "C") from unnest(polroles) o) as roles, $comment{pg_policy, p.oid}
                from pg_policy p join r on r.oid = polrelid

                -- function: without the constructors of range types, which belong to the type
                select s.name || '.' || quote_ident(proname) || '(' || pg_get_function_identity_arguments(p.oid) || ')' as name,
                  age(p.xmin) as _age, pg_get_functiondef(p.oid) as _sql,
                  case prokind when 'p' then 'procedure' end as _kind, case prokind when 'w' then 'window' end as kind,
                  pg_get_function_arguments(p.oid) as arguments, pg_get_function_result(p.oid) as result, lanname::text as language,
                  case when prosecdef then 'yes' end as "security definer",
                  case provolatile when 'i' then 'immutable' when 's' then 'stable' end as volatility,
                  case when proisstrict then 'yes' end as strict, case when proleakproof then 'yes' end as leakproof, $parallel{},
                  procost::text as cost, nullif(prorows, 0)::text as rows,
                  (select string_agg(o, ', ' order by o collate "C") from unnest(proconfig) o) as settings,
                  nullif(prosupport::oid, 0)::regproc::text as support,
                  $since{pg_proc.prosqlbody ? pg_get_function_sqlbody(p.oid)} as "sql body", prosrc as body, probin::text as library,
                  (select string_agg(t::regtype::text, ', ') from unnest(protrftypes) t) as transforms,
                  $owner{proowner}, $acl{proacl, f, proowner}, $depends{pg_proc, p.oid}, $comment{pg_proc, p.oid}
                from pg_proc p join s on s.oid = pronamespace join pg_language l on l.oid = prolang
                where prokind <> 'a' and $no_member{pg_proc, p.oid} and proname !~ '^pgbang_' and not exists (select from pg_depend
                  where classid = 'pg_proc'::regclass and objid = p.oid and deptype = 'i' and refclassid = 'pg_type'::regclass)

                -- aggregate
                select s.name || '.' || quote_ident(proname) || '(' || pg_get_function_identity_arguments(p.oid) || ')' as name,
                  age(p.xmin) as _age, aggkind::text as kind, pg_get_function_result(p.oid) as result,
                  aggtransfn::text as transition, format_type(aggtranstype, null) as state, nullif(aggfinalfn::text, '-') as final,
                  nullif(aggcombinefn::text, '-') as combine, nullif(aggserialfn::text, '-') as serial,
                  nullif(aggdeserialfn::text, '-') as deserial, nullif(aggmtransfn::text, '-') as "moving transition",
                  nullif(aggminvtransfn::text, '-') as "moving inverse", nullif(aggmfinalfn::text, '-') as "moving final",
                  case when aggmtranstype <> 0 then format_type(aggmtranstype, null) end as "moving state",
                  agginitval as initial, aggminitval as "moving initial",
                  case when aggsortop <> 0 then aggsortop::regoperator::text end as "sort operator",
                  aggfinalmodify::text || ' ' || aggmfinalmodify::text as "final modifies", nullif(aggtransspace, 0)::text as space,
                  nullif(aggmtransspace, 0)::text as "moving space", nullif(aggnumdirectargs, 0)::text as "direct arguments",
                  case when aggfinalextra then 'yes' end as "final extra", case when aggmfinalextra then 'yes' end as "moving final extra",
                  $parallel{}, $owner{proowner}, $acl{proacl, f, proowner}, $comment{pg_proc, p.oid}
                from pg_aggregate g join pg_proc p on p.oid = aggfnoid join s on s.oid = pronamespace where $no_member{pg_proc, p.oid}

                -- sequence
                select s.name || '.' || quote_ident(c.relname) as name, age(c.xmin) as _age, $sequence{} as options,
                  case c.relpersistence when 'u' then 'unlogged' end as persistence,
                  (select d.refobjid::regclass || '.' || quote_ident(a.attname) from pg_depend d
                    join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
                    where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'a' and d.refclassid = 'pg_class'::regclass)
                    as "owned by", $owner{c.relowner}, $acl{c.relacl, s, c.relowner}, $comment{pg_class, c.oid}
                from pg_sequence q join pg_class c on c.oid = seqrelid join s on s.oid = c.relnamespace
                where $no_member{pg_class, c.oid} and c.relname !~ '^(pgbang_|schema_migrations_)'
                  and not exists (select from pg_depend where classid = 'pg_class'::regclass and objid = c.oid and deptype = 'i')

                -- enum
                select $type{}, (select string_agg(quote_literal(enumlabel), ', ' order by enumsortorder) from pg_enum
                  where enumtypid = t.oid) as labels
                from pg_type t join s on s.oid = t.typnamespace where t.typtype = 'e' and $no_member{pg_type, t.oid}

                -- domain
                select $type{}, format_type(t.typbasetype, t.typtypmod) as type, t.typdefault as "default",
                  case when t.typnotnull then 'yes' end as "not null",
                  case when t.typcollation <> b.typcollation then $collation{t.typcollation} end as collation
                from pg_type t join s on s.oid = t.typnamespace join pg_type b on b.oid = t.typbasetype
                where t.typtype = 'd' and $no_member{pg_type, t.oid}

                -- domain constraint
                select s.name || '.' || quote_ident(typname) || '.' || quote_ident(conname) as name, s.name || '.'
                  || quote_ident(typname) as _of,
                  age(k.xmin) as _age, pg_get_constraintdef(k.oid) as definition, $comment{pg_constraint, k.oid}
                from pg_constraint k join pg_type t on t.oid = contypid join s on s.oid = typnamespace
                where contype = 'c' and $no_member{pg_type, t.oid}

                -- composite type
                select $type{}, (select string_agg(quote_ident(attname) || ' ' || format_type(atttypid, atttypmod)
                    || case when attcollation <> b.typcollation then ' collate ' || (select quote_ident(collname) from pg_collation l
                      where l.oid = attcollation) else '' end
                    || coalesce(' (' || (select description from pg_description where objoid = attrelid and classoid = 'pg_class'::regclass
                      and objsubid = attnum) || ')', ''), ', ' order by attnum)
                  from pg_attribute a join pg_type b on b.oid = atttypid where attrelid = t.typrelid and attnum > 0 and not attisdropped)
                  as attributes
                from pg_type t join s on s.oid = t.typnamespace join pg_class c on c.oid = t.typrelid and c.relkind = 'c'
                where t.typtype = 'c' and $no_member{pg_type, t.oid}

                -- range type
                select $type{}, concat_ws(' ', format_type(rngsubtype, null), (select opcname from pg_opclass where oid = rngsubopc),
                    (select collname from pg_collation where oid = rngcollation), nullif(rngcanonical::text, '-'),
                      nullif(rngsubdiff::text, '-'))
                    as definition, $since{pg_range.rngmultitypid ? rngmultitypid::regtype::text} as multirange
                from pg_type t join s on s.oid = t.typnamespace join pg_range on rngtypid = t.oid
                where t.typtype = 'r' and $no_member{pg_type, t.oid}

                -- base type
                select $type{}, concat_ws(' ', typinput::text, typoutput::text, nullif(typreceive::text, '-'), nullif(typsend::text, '-'),
                    nullif(typmodin::text, '-'), nullif(typmodout::text, '-'), nullif(typanalyze::text, '-')) as functions,
                  concat_ws(' ', typlen, typbyval, typalign, typstorage, typdelim, typcategory, typispreferred) as layout,
                  typdefault as "default", case when not typisdefined then 'yes' end as shell
                from pg_type t join s on s.oid = t.typnamespace
                where t.typtype in ('b', 'p') and t.typelem = 0 and $no_member{pg_type, t.oid}

                -- statistics object
                select s.name || '.' || quote_ident(stxname) as name, stxrelid::regclass::text as _of, age(x.xmin) as _age,
                  pg_get_statisticsobjdef(x.oid) as definition,
                  $since{pg_statistic_ext.stxstattarget ? nullif(stxstattarget, -1)::text} as "statistics target",
                  $owner{stxowner}, $comment{pg_statistic_ext, x.oid}
                from pg_statistic_ext x join s on s.oid = stxnamespace where $no_member{pg_statistic_ext, x.oid}

                -- collation: up to 14, an ICU locale stood in the columns of libc's
                select s.name || '.' || quote_ident(collname) as name, age(c.xmin) as _age, collprovider::text as provider,
                  case collprovider when 'i' then coalesce($icu_locale{}, collcollate)
                    else concat_ws(' ', collcollate, collctype, $icu_locale{}) end as locale,
                  $since{pg_collation.collicurules ? collicurules} as rules,
                  case when not collisdeterministic then 'no' end as deterministic,
                  nullif(collencoding, -1)::text as encoding, $owner{collowner}, $comment{pg_collation, c.oid}
                from pg_collation c join s on s.oid = collnamespace where $no_member{pg_collation, c.oid}

                -- conversion
                select s.name || '.' || quote_ident(conname) as name, pg_encoding_to_char(conforencoding) || ' to '
                    || pg_encoding_to_char(contoencoding) || ' ' || conproc::text as definition, condefault::text as "default",
                  $owner{conowner}, $comment{pg_conversion, c.oid}
                from pg_conversion c join s on s.oid = connamespace where $no_member{pg_conversion, c.oid}

                -- operator
                select s.name || '.' || oprname || '(' || coalesce(nullif(oprleft, 0)::regtype::text, 'none') || ', '
                    || coalesce(nullif(oprright, 0)::regtype::text, 'none') || ')' as name, oprcode::text as function,
                  nullif(oprcom, 0)::regoperator::text as commutator, nullif(oprnegate, 0)::regoperator::text as negator,
                  nullif(oprrest::text, '-') as restriction, nullif(oprjoin::text, '-') as "join",
                  concat_ws(' ', case when oprcanhash then 'hashes' end, case when oprcanmerge then 'merges' end) as can,
                  $owner{oprowner}, $comment{pg_operator, o.oid}
                from pg_operator o join s on s.oid = oprnamespace where $no_member{pg_operator, o.oid}

                -- operator class
                select s.name || '.' || quote_ident(opcname) || ' using ' || amname as name, opcintype::regtype::text as type,
                  nullif(opckeytype, 0)::regtype::text as "key type", opcdefault::text as "default",
                  (select quote_ident(n.nspname) || '.' || quote_ident(opfname) from pg_opfamily f
                    join pg_namespace n on n.oid = opfnamespace
                    where f.oid = opcfamily) as family, $owner{opcowner}, $comment{pg_opclass, o.oid}
                from pg_opclass o join s on s.oid = opcnamespace join pg_am m on m.oid = opcmethod where $no_member{pg_opclass, o.oid}

                -- operator family
                select s.name || '.' || quote_ident(opfname) || ' using ' || amname as name,
                  (select string_agg(amopstrategy || ' ' || amopopr::regoperator::text, ', ' order by amopstrategy,
                    amopopr::regoperator::text)
                    from pg_amop where amopfamily = o.oid) as operators,
                  (select string_agg(amprocnum || ' ' || amproc::regprocedure::text, ', ' order by amprocnum, amproc::regprocedure::text)
                    from pg_amproc where amprocfamily = o.oid) as functions, $owner{opfowner}, $comment{pg_opfamily, o.oid}
                from pg_opfamily o join s on s.oid = opfnamespace join pg_am m on m.oid = opfmethod where $no_member{pg_opfamily, o.oid}

                -- text search configuration
                select s.name || '.' || quote_ident(cfgname) as name, (select prsname from pg_ts_parser
                  where oid = cfgparser)::text as parser,
                  (select string_agg(maptokentype || ': ' || mapdict::regdictionary::text, ', ' order by maptokentype, mapseqno)
                    from pg_ts_config_map where mapcfg = c.oid) as mapping, $owner{cfgowner}, $comment{pg_ts_config, c.oid}
                from pg_ts_config c join s on s.oid = cfgnamespace where $no_member{pg_ts_config, c.oid}

                -- text search dictionary
                select s.name || '.' || quote_ident(dictname) as name, (select tmplname from pg_ts_template
                  where oid = dicttemplate)::text as template,
                  dictinitoption as options, $owner{dictowner}, $comment{pg_ts_dict, d.oid}
                from pg_ts_dict d join s on s.oid = dictnamespace where $no_member{pg_ts_dict, d.oid}

                -- text search parser
                select s.name || '.' || quote_ident(prsname) as name,
                  concat_ws(' ', prsstart::text, prstoken::text, prsend::text, prsheadline::text, prslextype::text) as functions,
                  $comment{pg_ts_parser, p.oid}
                from pg_ts_parser p join s on s.oid = prsnamespace where $no_member{pg_ts_parser, p.oid}

                -- text search template
                select s.name || '.' || quote_ident(tmplname) as name, concat_ws(' ', tmplinit::text, tmpllexize::text) as functions,
                  $comment{pg_ts_template, t.oid}
                from pg_ts_template t join s on s.oid = tmplnamespace where $no_member{pg_ts_template, t.oid}

                -- security label
                select coalesce(i.type || ' ' || i.identity, l.objoid::text) || ' (' || provider || ')' as name, label
                from pg_seclabel l, pg_identify_object(l.classoid, l.objoid, l.objsubid) i
                where i.schema is null or i.schema in (select nspname from s)
                """;

        /** What belongs to no schema. */
        static final String DATABASE_WIDE = """
                -- event trigger
                select quote_ident(evtname) as name, evtevent::text as event, array_to_string(evttags, ', ') as tags,
                  evtfoid::regprocedure::text as function, $enabled{evtenabled}, $owner{evtowner}, $comment{pg_event_trigger, t.oid}
                from pg_event_trigger t where $no_member{pg_event_trigger, t.oid}

                -- extension: the version that this server installs by itself is the same everywhere, whatever its number
                select quote_ident(extname) as name, age(x.xmin) as _age,
                  case when extversion = a.default_version then 'default' else extversion end as version,
                    extnamespace::regnamespace::text as schema,
                  (select string_agg(t.oid::regclass || coalesce(' ' || extcondition[t.i], ''), ', ' order by t.oid::regclass::text)
                    from unnest(extconfig) with ordinality t(oid, i)) as "configuration tables",
                  nullif((select description from pg_description
                    where objoid = x.oid and classoid = 'pg_extension'::regclass), a.comment) as comment
                from pg_extension x left join pg_available_extensions a on a.name = extname

                -- default privileges
                select quote_ident(pg_get_userbyid(defaclrole)) || coalesce(' in ' || nullif(defaclnamespace, 0)::regnamespace::text,
                  '') || ' on '
                    || case defaclobjtype when 'r' then 'tables' when 'S' then 'sequences' when 'f' then 'functions' when 'T' then 'types'
                      when 'n' then 'schemas' else 'large objects' end as name, age(d.xmin) as _age,
                  (select string_agg($grantee{} || ' ' || privilege_type || $grantable{}, '; '
                      order by grantee = 0, pg_get_userbyid(grantee) collate "C", privilege_type collate "C")
                    from aclexplode(defaclacl) x where grantee <> defaclrole or defaclnamespace <> 0) as grants
                from pg_default_acl d

                -- publication
                select quote_ident(pubname) as name, concat_ws(', ', case when puballtables then 'all tables' end,
                    case when pubinsert then 'insert' end, case when pubupdate then 'update' end, case when pubdelete then 'delete' end,
                    case when pubtruncate then 'truncate' end,
                    $since{pg_publication.pubviaroot ? case when pubviaroot then 'via root' end},
                    $since{pg_publication.pubgencols ? case when pubgencols <> 'n' then 'generated columns' end}) as publishes,
                  (select string_agg(prrelid::regclass || $since{pg_publication_rel.prqual ? coalesce(' (' || (select
                      string_agg(quote_ident(attname), ', ' order by attnum) from pg_attribute
                        where attrelid = prrelid and attnum = any (prattrs))
                      || ')', '') || coalesce(' where ' || pg_get_expr(prqual, prrelid), '') : ''}, ', '
                        order by prrelid::regclass::text collate "C")
                    from pg_publication_rel where prpubid = p.oid) as tables,
                  $since{pg_publication_namespace.pnnspid ? (select string_agg(pnnspid::regnamespace::text, ', '
                    order by pnnspid::regnamespace::text collate "C") from pg_publication_namespace where pnpubid = p.oid)} as schemas,
                  $owner{pubowner}, $comment{pg_publication, p.oid}
                from pg_publication p where $no_member{pg_publication, p.oid}

                -- subscription: everybody may read all but the connection string
                select quote_ident(subname) as name, case when subenabled then 'yes' end as enabled,
                  array_to_string(subpublications, ', ') as publications, subslotname::text as slot, subsynccommit as "synchronous commit",
                  concat_ws(', ', $since{pg_subscription.subbinary ? case when subbinary then 'binary' end},
                    $since{pg_subscription.substream
                      ? case left(substream::text, 1) when 't' then 'streaming' when 'p' then 'streaming parallel' end},
                    $since{pg_subscription.subtwophasestate ? case when subtwophasestate <> 'd' then 'two phase' end},
                    $since{pg_subscription.subdisableonerr ? case when subdisableonerr then 'disable on error' end},
                    $since{pg_subscription.suborigin ? 'origin ' || nullif(suborigin, 'any')},
                    $since{pg_subscription.subpasswordrequired ? case when not subpasswordrequired then 'no password required' end},
                    $since{pg_subscription.subrunasowner ? case when subrunasowner then 'run as owner' end},
                    $since{pg_subscription.subfailover ? case when subfailover then 'failover' end}) as options, $owner{subowner}
                from pg_subscription where subdbid = (select oid from pg_database where datname = current_database())

                -- foreign data wrapper
                select quote_ident(fdwname) as name, nullif(fdwhandler::oid, 0)::regproc::text as handler,
                  nullif(fdwvalidator::oid, 0)::regproc::text as validator, $options{fdwoptions} as options,
                  $owner{fdwowner}, $acl{fdwacl, F, fdwowner}, $comment{pg_foreign_data_wrapper, f.oid}
                from pg_foreign_data_wrapper f where $no_member{pg_foreign_data_wrapper, f.oid}

                -- server
                select quote_ident(srvname) as name, (select fdwname from pg_foreign_data_wrapper where oid = srvfdw)::text as wrapper,
                  srvtype as type, srvversion as version, $options{srvoptions} as options,
                  $owner{srvowner}, $acl{srvacl, S, srvowner}, $comment{pg_foreign_server, f.oid}
                from pg_foreign_server f where $no_member{pg_foreign_server, f.oid}

                -- user mapping
                select coalesce(quote_ident(usename), 'PUBLIC') || ' on ' || quote_ident(srvname) as name, $options{umoptions} as options
                from pg_user_mappings

                -- cast
                select castsource::regtype::text || ' as ' || casttarget::regtype::text as name, nullif(castfunc,
                  0)::regprocedure::text as function,
                  castcontext::text as context, castmethod::text as method, $comment{pg_cast, c.oid}
                from pg_cast c where c.oid >= 16384 and $no_member{pg_cast, c.oid}
                  and not exists (select from pg_depend where classid = 'pg_cast'::regclass and objid = c.oid and deptype = 'i')

                -- transform
                select trftype::regtype::text || ' for ' || (select lanname from pg_language where oid = trflang) as name,
                  nullif(trffromsql::oid, 0)::regprocedure::text as "from sql", nullif(trftosql::oid, 0)::regprocedure::text as "to sql"
                from pg_transform t where $no_member{pg_transform, t.oid}

                -- language
                select quote_ident(lanname) as name, case when lanpltrusted then 'trusted' end as trusted,
                  nullif(lanplcallfoid, 0)::regprocedure::text as handler,
                  case when l.oid >= 16384 or lanowner <> 10 then quote_ident(pg_get_userbyid(lanowner)) end as owner,
                  $acl{lanacl, l, lanowner},
                  case when l.oid >= 16384 then (select description from pg_description where objoid = l.oid
                    and classoid = 'pg_language'::regclass) end as comment
                from pg_language l where lanname not in ('internal', 'c')

                -- access method
                select quote_ident(amname) as name, amtype::text as type, amhandler::text as handler
                from pg_am m where m.oid >= 16384 and $no_member{pg_am, m.oid}

                -- database
                select 'this' as name, pg_encoding_to_char(encoding) as encoding, datcollate::text as collate, datctype::text as ctype,
                  $since{pg_database.datlocprovider ? nullif(datlocprovider::text, 'c')} as provider,
                  $since{pg_database.datlocale ? datlocale : $since{pg_database.daticulocale ? daticulocale}} as locale,
                  nullif(datconnlimit, -1)::text as "connection limit",
                  (select string_agg(coalesce(quote_ident(pg_get_userbyid(nullif(setrole, 0))) || ': ', '') || o, ', '
                      order by setrole::regrole::text, o collate "C")
                    from pg_db_role_setting z, unnest(setconfig) o where setdatabase = d.oid) as settings, $owner{datdba},
                      $acl{datacl, d, datdba},
                  (select description from pg_shdescription where objoid = d.oid and classoid = 'pg_database'::regclass) as comment
                from pg_database d where datname = current_database()

                -- tablespace
                select quote_ident(spcname) as name, array_to_string(spcoptions, ', ') as options, $owner{spcowner},
                  $acl{spcacl, t, spcowner}
                from pg_tablespace where oid >= 16384
                """;

        static final String PARAMETER = """
                -- parameter
                select parname as name, $acl{paracl, p, 10::oid} from pg_parameter_acl
                """;

        static final Map<String, String> WORDS = Map.ofEntries(
                Map.entry("owner", "quote_ident(pg_get_userbyid(%1$s)) as owner"),
                // ALTER ... DEPENDS ON EXTENSION: dropped with it, and no member of it (pg_depend, 52.18 of the manual of 18)
                Map.entry("depends", "(select string_agg(quote_ident(extname), ', ' order by extname) from pg_depend"
                        + " join pg_extension x on x.oid = refobjid where classid = '%1$s'::regclass and objid = %2$s and deptype = 'x')"
                        + " as \"depends on extension\""),
                Map.entry("no_member", "not exists (select from e where e.classid = '%1$s'::regclass and e.objid = %2$s)"),
                Map.entry("comment", "(select description from pg_description"
                        + " where objoid = %2$s and classoid = '%1$s'::regclass and objsubid = %3$s) as comment"),
                Map.entry("enabled", "case %1$s when 'D' then 'no' when 'R' then 'replica' when 'A' then 'always' end as enabled"),
                Map.entry("tablespace", "(select spcname from pg_tablespace where oid = %1$s)::text as tablespace"),
                Map.entry("access_method", "(select amname from pg_am where oid = %1$s and amname <> 'heap')::text as \"access method\""),
                Map.entry("clustered_on", "(select c.relname from pg_index i join pg_class c on c.oid = i.indexrelid"
                        + " where i.indrelid = r.oid and i.indisclustered)::text as \"clustered on\""),
                Map.entry("collation", "(select quote_ident(n.nspname) || '.' || quote_ident(collname) from pg_collation l"
                        + " join pg_namespace n on n.oid = collnamespace where l.oid = %1$s)"),
                Map.entry("icu_locale",
                        "$since{pg_collation.colllocale ? colllocale : $since{pg_collation.colliculocale ? colliculocale}}"),
                Map.entry("parallel", "case proparallel when 's' then 'safe' when 'r' then 'restricted' end as parallel"),
                Map.entry("options", "(select string_agg(regexp_replace(o, '^([^=]*(?:passw|secret|token)[^=]*)=.*$', '\\1=***', 'i'), ', '"
                        + " order by o collate \"C\") from unnest(%1$s) o)"),
                Map.entry("sequence", "format_type(q.seqtypid, null) || ' start ' || q.seqstart || ' increment ' || q.seqincrement"
                        + " || ' min ' || q.seqmin || ' max ' || q.seqmax"
                        + " || ' cache ' || q.seqcache || case when q.seqcycle then ' cycle' else '' end"),
                Map.entry("identity_of_column", "d.classid = 'pg_class'::regclass and d.refclassid = 'pg_class'::regclass"
                        + " and d.refobjid = attrelid and d.refobjsubid = attnum and d.deptype = 'i'"),
                Map.entry("type", """
                        s.name || '.' || quote_ident(t.typname) as name, age(t.xmin) as _age, $owner{t.typowner},
                          $acl{t.typacl, T, t.typowner},
                          (select description from pg_description where objsubid = 0
                            and (classoid, objoid) in (('pg_type'::regclass, t.oid), ('pg_class'::regclass, t.typrelid)) limit 1)
                              as comment"""),
                Map.entry("grantee", "case grantee when 0 then 'PUBLIC' else quote_ident(pg_get_userbyid(grantee)) end"),
                Map.entry("grantable", "case when is_grantable then ' WITH GRANT OPTION' else '' end"),
                // Who may do what, without the grantors. Nothing granted counts as the default (acldefault), which for functions and types
                // is not nothing; all that a server of this version knows is ALL; of the owner only what was taken away is told.
                Map.entry("grants", """
                        (select string_agg(who || ' ' || what, '; ' order by who collate "C", what collate "C") from (
                          select $grantee{} as who, case when count(*) > 1
                              and count(*) = (select count(*) from aclexplode(acldefault('%2$s', %3$s)) f where f.grantee = %3$s) then 'ALL'
                              else string_agg(privilege_type, ', ' order by privilege_type collate "C") end || $grantable{} as what
                          from aclexplode(coalesce(%1$s, acldefault('%2$s', %3$s))) x where x.grantee <> %3$s group by grantee, is_grantable
                          union all select 'owner', 'without ' || w.privilege_type from (
                            select privilege_type from aclexplode(acldefault('%2$s', %3$s)) f where f.grantee = %3$s
                            except select privilege_type from aclexplode(coalesce(%1$s, acldefault('%2$s', %3$s))) f
                              where f.grantee = %3$s) w) g)"""),
                Map.entry("acl", "$grants{%1$s, %2$s, %3$s} as grants"),
                // the same, in a way that costs nothing where nobody but the owner ever has a right by default
                Map.entry("granted", "case when %1$s is not null then $grants{%1$s, %2$s, %3$s} end as grants"),
                Map.entry("public_grants", """
                        (select string_agg(g, '; ' order by g collate "C") from (
                          select '+' || $grantee{} || ' ' || privilege_type || $grantable{} as g from (
                            select grantee, privilege_type, is_grantable from aclexplode(coalesce(nspacl, acldefault('n', nspowner))) x
                              where grantee <> nspowner
                            except select grantee, privilege_type, is_grantable from pg_init_privs i, aclexplode(i.initprivs) x
                              where i.objoid = s.oid and i.classoid = 'pg_namespace'::regclass) a
                          union all select '-' || $grantee{} || ' ' || privilege_type from (
                            select grantee, privilege_type, is_grantable from pg_init_privs i, aclexplode(i.initprivs) x
                              where i.objoid = s.oid and i.classoid = 'pg_namespace'::regclass and grantee = 0
                            except select grantee, privilege_type, is_grantable
                              from aclexplode(coalesce(nspacl, acldefault('n', nspowner))) x) a) b)"""),
                // since 18 a NOT NULL is a constraint
                Map.entry("not_null", """
                        $since{pg_constraint.conenforced ? (select 'yes' || case when n.convalidated then '' else ' NOT VALID' end
                            || case when n.connoinherit then ' NO INHERIT' else '' end
                            || case when n.conname !~ '_not_null[0-9]*$' then ' (' || quote_ident(n.conname) || ')' else '' end
                          from pg_constraint n where n.conrelid = a.attrelid and n.contype = 'n' and n.conkey[1] = a.attnum) : 'yes'}"""));

        static final Pattern WORD = Pattern.compile("\\$(\\w+)\\{([^{}]*)}");
        static final Pattern SINCE = Pattern.compile("(\\S+)\\s+\\? (.*?)(?: : (.*))?", Pattern.DOTALL);

        /** The readers of a text of them; each takes one query, whatever the number of objects. */
        List<Reader> readers(String text) {
            return Stream.of(text.split("(?m)^-- ")).skip(1).map(reader -> reader.split("(?::.*)?\n", 2))
                    .map(parts -> new Reader(parts[0], expand(parts[1]))).toList();
        }

        /** The innermost words first, until there are none. */
        String expand(String sql) {
            var match = WORD.matcher(sql);
            while (match.find()) {
                sql = match.replaceAll(word -> Matcher.quoteReplacement(expand(word.group(1), word.group(2))));
                match = WORD.matcher(sql);
            }
            return sql;
        }

        String expand(String word, String argument) {
            if (word.equals("since")) {
                var match = SINCE.matcher(argument);
                match.matches();
                return has(match.group(1)) ? match.group(2) : Objects.requireNonNullElse(match.group(3), "null::text");
            }
            return WORDS.get(word).formatted((Object[]) (argument + ", 0").split(", "));
        }

        /** Deparsed texts to one form; state that is no schema, to the side. */
        void normalise() {
            if (model.all("table").anyMatch(table -> table.getValue().get("partition bound") != null)) {
                model.notCompared.put("indexes and constraints that partitions have from their parent", "the parent's stand for them");
            }
            model.objects.forEach((key, thing) -> {
                for (var attribute : List.of("definition", "default", "generated", "using", "with check", "sql body", "partition bound")) {
                    thing.attributes.computeIfPresent(attribute, (name, text) -> key.kind.endsWith("view") ? Text.view(text)
                            : Text.canonical(text));
                }
                if (thing.attributes.remove("populated") != null) {
                    model.states.add("materialized view " + key.name + " is not populated");
                }
                if (thing.attributes.containsKey("sql body")) {
                    thing.attributes.remove("body");
                }
            });
        }

        /**
         * Which migration made what: an object's row and the history's row of the file that made it were written in the same
         * transaction, or the history's right after it. So it is the oldest row of the history that is not older than the object.
         */
        void history() throws SQLException {
            var tables = new ArrayList<String>();
            rows("select c.oid::regclass::text from pg_class c join pg_attribute a on a.attrelid = c.oid and attname = 'version' where"
                    + " relname in ('schema_migrations', 'flyway_schema_history')"
                    + " and relkind = 'r' and has_table_privilege(c.oid, 'select')", row -> tables.add(row.getString(1)));
            var versions = new TreeMap<Integer, String>();
            for (var table : tables) {
                rows("select version::text, age(xmin) from " + table + " where version is not null",
                        row -> versions.put(row.getInt(2), row.getString(1)));
            }
            for (var thing : model.objects.values()) {
                var version = thing.age == 0 || thing.age == Integer.MAX_VALUE ? null : versions.floorEntry(thing.age);
                thing.migration = version == null ? null : version.getValue();
            }
        }

        /** Since the library sorts otherwise now, what was sorted before (indexes, above all) may be in the wrong order (23.2.3 of 18). */
        void collations() throws SQLException {
            Row outdated = row -> {
                if (row.getString(3) != null && !row.getString(3).equals(row.getString(2))) {
                    model.states.add(row.getString(1) + " is recorded with version " + row.getString(2) + ", its library has "
                            + row.getString(3) + ": rebuild the indexes that use it, then ALTER "
                            + row.getString(1).replaceFirst(" .*", "").toUpperCase(Locale.ROOT) + " ... REFRESH VERSION");
                }
            };
            rows("select 'collation ' || quote_ident(nspname) || '.' || quote_ident(collname), collversion, case when c.oid >= 16384"
                    + " or c.oid in (select attcollation from pg_attribute where attrelid >= 16384)"
                    + " then pg_collation_actual_version(c.oid) end from pg_collation c join pg_namespace n on n.oid = collnamespace"
                    + " where collversion is not null", outdated);
            if (has("pg_database.datcollversion")) {
                rows("select 'database this', datcollversion, pg_database_collation_actual_version(oid) from pg_database"
                        + " where datname = current_database()", outdated);
            }
        }

        /** The guard against blindness: every catalog with OIDs that no reader covers is counted and named. */
        void uncovered() throws SQLException {
            var catalogs = new ArrayList<String>();
            rows("select relname from pg_class c where relnamespace = 'pg_catalog'::regnamespace and relkind = 'r' and"
                    + " has_table_privilege(c.oid, 'select')"
                    + " and exists (select from pg_attribute where attrelid = c.oid and attname = 'oid' and attnum > 0)",
                    row -> catalogs.add(row.getString(1)));
            catalogs.removeAll(COVERED);
            for (var catalog : catalogs) {
                rows("select count(*) from pg_catalog." + catalog + " where oid >= 16384", row -> {
                    if (row.getLong(1) > 0) {
                        model.notCompared.put(catalog.replaceFirst("^pg_(.*?)(_metadata)?$", "$1"), count(row.getLong(1), "object"));
                    }
                });
            }
            rows("select count(*) from pg_depend where deptype = 'e'", row -> {
                if (row.getLong(1) > 0) {
                    model.notCompared.put("members of extensions", count(row.getLong(1), "object") + ", which their version stands for");
                }
            });
        }
    }

    /** A model as a file: sorted, without versions, OIDs, times and names of the server, so that equal schemas give equal bytes. */
    static final class Snapshot {
        static final int FORMAT = 1;

        static String text(Model model, List<String> schemas) {
            var kinds = new TreeMap<String, Map<String, Map<String, String>>>();
            model.objects.forEach((key, thing) -> kinds.computeIfAbsent(key.kind, kind -> new TreeMap<>()).put(key.name, thing.attributes));
            return new GsonBuilder().disableHtmlEscaping().setPrettyPrinting().create().toJson(
                    fields("snapshot", "pgbang validate_schema", "format", FORMAT, "schemas", new TreeSet<>(schemas), "portable",
                    model.portable, "objects", kinds)) + "\n";
        }

        static Model read(Path file, validate_schema script) throws IOException {
            JsonObject document;
            try {
                document = JsonParser.parseString(Files.readString(file)).getAsJsonObject();
            } catch (NoSuchFileException e) {
                throw script.wrong("there is no file " + file);
            } catch (JsonParseException | IllegalStateException | CharacterCodingException e) {
                throw script.wrong(file + " is no snapshot of validate_schema: no JSON object");
            }
            script.check(document.has("format") && (document.has("snapshot") || document.size() == 1), file
                    + " is no snapshot of validate_schema");
            script.check(document.get("format").toString().equals(String.valueOf(FORMAT)), file + " is a snapshot of format "
                    + document.get("format") + ", this is " + TOOL
                    + " for format " + FORMAT + ":\n  write it anew with --snapshot");
            script.check(document.get("schemas") instanceof JsonArray && document.get("portable") instanceof JsonPrimitive
                    && document.get("objects") instanceof JsonObject, file + " is a broken snapshot: schemas, portable or objects is missing");
            try {
                return model(document, script, file);
            } catch (IllegalStateException | UnsupportedOperationException e) {
                throw script.wrong(file + " is a broken snapshot: " + e.getMessage());
            }
        }

        static Model model(JsonObject document, validate_schema script, Path file) {
            var schemas = new ArrayList<String>();
            document.getAsJsonArray("schemas").forEach(schema -> schemas.add(schema.getAsString()));
            script.check(schemas.isEmpty() || Set.copyOf(schemas).equals(Set.copyOf(script.scope.schemas)), file + " has only --schemas "
                    + String.join(",", schemas) + ": give the same");
            var model = new Model();
            model.portable = document.get("portable").getAsBoolean();
            document.getAsJsonObject("objects").entrySet().forEach(kind -> kind.getValue().getAsJsonObject().entrySet().forEach(object -> {
                var thing = model.add(kind.getKey(), object.getKey());
                object.getValue().getAsJsonObject().entrySet().forEach(attribute -> {
                    script.check(attribute.getValue().toString().startsWith("\""), file + " is a broken snapshot: " + kind.getKey() + " "
                            + object.getKey() + ", " + attribute.getKey() + " is no text");
                    thing.attributes.put(attribute.getKey(), attribute.getValue().getAsString());
                });
            }));
            Comparison.belong(model);
            return model;
        }
    }

    /** Puts two models side by side. What follows from another difference (the columns of a missing table) is not told again. */
    static final class Comparison {
        static final Set<String> PARTS = Set.of("column", "constraint", "index", "trigger", "rule", "policy", "statistics object",
                "domain constraint");

        final Model wanted;
        final Model found;
        final Report report;
        final RoundTrip trip; // null: texts that differ are different
        final Remedy remedy;

        Comparison(Model wanted, Model found, Report report, RoundTrip trip) {
            this.wanted = wanted;
            this.found = found;
            this.report = report;
            this.trip = trip;
            this.remedy = new Remedy(wanted);
        }

        void run() {
            var missing = keys(wanted, found);
            var unexpected = keys(found, wanted);
            if (!wanted.common) {
                renamed(missing, unexpected);
            }
            missing.forEach(key -> absent(key, true));
            unexpected.forEach(key -> absent(key, false));
            wanted.objects.forEach((key, thing) -> {
                if (found.objects.containsKey(key)) {
                    attributes(key, thing, found.objects.get(key));
                }
            });
            found.states.stream().filter(state -> !wanted.states.contains(state))
                    .forEach(state -> report.add(Finding.of("drift", Severity.note, state.replaceFirst(" is .*", ""),
                    state.replaceFirst(".* is ", "is "))));
            var differing = report.findings.stream().filter(finding -> finding.check.equals("drift")).map(Finding::object)
                    .collect(Collectors.toSet());
            wanted.objects.keySet().stream().filter(key -> !differing.contains(key.toString()))
                    .forEach(key -> report.pass("drift", key.toString()));
        }

        /** In one and not in the other, without the parts of a table that is itself missing there. */
        static TreeSet<Key> keys(Model in, Model notIn) {
            var keys = new TreeSet<>(in.objects.keySet());
            keys.removeAll(notIn.objects.keySet());
            keys.removeIf(key -> PARTS.contains(key.kind) && in.objects.get(key).of != null && Stream.of("table", "view",
                    "materialized view", "domain").map(kind -> new Key(kind, in.objects.get(key).of))
                    .noneMatch(whole -> in.objects.containsKey(whole) && notIn.objects.containsKey(whole)));
            keys.removeIf(key -> key.kind.equals("column") && Stream.of("view", "materialized view")
                    .anyMatch(kind -> notIn.objects.containsKey(new Key(kind, in.objects.get(key).of))));
            keys.removeIf(key -> key.kind.equals("index") && in.objects.get(key).get("constraint") != null);
            return keys;
        }

        /** A snapshot says by the names what belongs to what: public.t.c to public.t; an index to what follows its ON. */
        static void belong(Model model) {
            model.objects.forEach((key, thing) -> {
                var match = Pattern.compile(" ON (?:ONLY )?((?:\"(?:[^\"]|\"\")*\"|[^\\s.(\"]+)\\.(?:\"(?:[^\"]|\"\")*\"|[^\\s.(\"]+))")
                        .matcher(Objects.toString(thing.get("definition"), ""));
                if (key.kind.equals("index")) {
                    thing.of = match.find() ? match.group(1) : null;
                } else if (key.kind.equals("statistics object")) {
                    thing.of = thing.get("definition").replaceFirst("(?s).* FROM ", "");
                } else if (Set.of("column", "constraint", "trigger", "rule", "policy", "domain constraint").contains(key.kind)) {
                    thing.of = key.name.replaceFirst("\\.(\"(?:[^\"]|\"\")*\"|[^.\"]*)$", "");
                }
            });
        }

        /** Constraints and indexes that are the same but for their names, which PostgreSQL may have made up. */
        void renamed(Set<Key> missing, Set<Key> unexpected) {
            for (var key : List.copyOf(missing)) {
                var thing = wanted.objects.get(key);
                unexpected.stream().filter(other -> Set.of("constraint", "index").contains(key.kind) && other.kind.equals(key.kind)
                        && same(thing, found.objects.get(other))).findFirst().ifPresent(other -> {
                    missing.remove(key);
                    unexpected.remove(other);
                    report.add(new Finding("drift", Severity.cosmetic, key.toString(), "name", "has another name", key.name, other.name,
                            thing.migration, wanted.portable ? null : Remedy.rename(key, other, thing)));
                });
            }
        }

        static boolean same(Thing one, Thing other) {
            var a = new TreeMap<>(one.attributes);
            var b = new TreeMap<>(other.attributes);
            Stream.of(a, b).forEach(map -> map.keySet().removeAll(Set.of("constraint", "comment")));
            return a.equals(b) && Objects.equals(one.of, other.of);
        }

        void absent(Key key, boolean missing) {
            var thing = (missing ? wanted : found).objects.get(key);
            var shown = Stream.of("definition", "type", "labels", "attributes", "grants").map(thing::get).filter(Objects::nonNull)
                    .findFirst().orElse(null);
            report.add(new Finding("drift", severity(key, thing, null), key.toString(), null, missing ? "is missing" : "is not expected",
                    missing ? shown : null, missing ? null : shown,
                    missing ? thing.migration : null, wanted.portable ? null : missing ? create(key, thing) : remedy.drop(key, thing)));
        }

        /** Where the unique index is there already, the constraint takes it; what a partition has, it keeps when it is detached. */
        String create(Key key, Thing thing) {
            var table = thing.of == null ? null : found.objects.get(new Key("table", thing.of));
            if (key.kind.matches("constraint|index") && table != null && table.get("partition bound") != null) {
                return null;
            }
            var name = Remedy.last(key);
            var index = key.kind.equals("constraint") ? found.objects.get(new Key("index",
                    thing.of.replaceFirst("\\.(\"(?:[^\"]|\"\")*\"|[^.\"]*)$", ".") + name)) : null;
            var using = index == null ? null : Pattern.compile("^(UNIQUE|PRIMARY KEY)\\b.*").matcher(thing.get("definition"));
            return using != null && using.matches() ? "ALTER TABLE " + thing.of + " ADD CONSTRAINT " + name + " " + using.group(1)
                    + " USING INDEX " + name + ";"
                    : remedy.complete(key, thing);
        }

        void attributes(Key key, Thing one, Thing other) {
            var names = new TreeSet<>(one.attributes.keySet());
            names.addAll(other.attributes.keySet());
            for (var name : names) {
                var expected = one.get(name);
                var actual = other.get(name);
                var same = Objects.equals(expected, actual) || name.equals("position") && follows(key, one)
                        || expected != null && actual != null && trip != null && trip.same(key, name, one, other);
                if (!same && !follows(key, name, one)) {
                    var layout = name.equals("body") && expected != null && actual != null && expected.replaceAll("\\s+", " ").strip()
                            .equals(actual.replaceAll("\\s+", " ").strip());
                    report.add(new Finding("drift", layout ? Severity.cosmetic : severity(key, one, name), key.toString(), name, layout
                            ? "differs in blanks and line ends" : "differs",
                            Objects.toString(expected, "(none)"), Objects.toString(actual, "(none)"), one.migration, wanted.portable ? null
                            : suggestion(key, name, one, other)));
                }
            }
        }

        /** A view's columns follow from its definition, the index of a constraint from the constraint. */
        boolean follows(Key key, String attribute, Thing thing) {
            var constraint = new Key("constraint", thing.of + "." + thing.get("constraint"));
            return key.kind.equals("column") && Set.of("type", "position", "collation").contains(attribute)
                    && !wanted.objects.containsKey(new Key("table", thing.of)) && !wanted.common
                    || key.kind.equals("index") && attribute.equals("definition") && wanted.objects.containsKey(constraint)
                    && found.objects.containsKey(constraint)
                    && !Objects.equals(wanted.objects.get(constraint).get("definition"), found.objects.get(constraint).get("definition"));
        }

        /** CREATE OR REPLACE changes no columns and results; a REVOKE from a table takes the rights on its columns along. */
        String suggestion(Key key, String attribute, Thing one, Thing other) {
            if (key.kind.equals("view") && attribute.equals("definition") && !columns(wanted, key.name).equals(columns(found, key.name))
                    || key.kind.matches("function|procedure") && (!Objects.equals(one.get("result"), other.get("result"))
                    || !Objects.equals(one.get("arguments"), other.get("arguments")))) {
                return remedy.again(key, one, other);
            }
            var text = remedy.alter(key, attribute, one, other);
            return text == null || text.isEmpty() || text.endsWith(" SET STORAGE DEFAULT;") && found.server < 16 ? null
                    : key.kind.equals("table") && attribute.equals("grants")
                    && text.contains("REVOKE ") ? text + remedy.columns(key, "grants") : text;
        }

        static Map<Integer, String> columns(Model model, String view) {
            return model.all("column").filter(column -> view.equals(column.getValue().of))
                    .collect(Collectors.toMap(column -> Integer.valueOf(column.getValue().get("position")),
                    column -> column.getKey().name + " " + column.getValue().get("type"), (a, b) -> a, TreeMap::new));
        }

        /** Behind a missing or unexpected column all others have moved up: only a changed order among the common ones is a difference. */
        boolean follows(Key key, Thing thing) {
            return order(wanted, thing.of, found).indexOf(key.name) == order(found, thing.of, wanted).indexOf(key.name);
        }

        final Map<String, List<String>> orders = new HashMap<>();

        List<String> order(Model model, String table, Model other) {
            return orders.computeIfAbsent(System.identityHashCode(model) + table, name -> model.all("column")
                    .filter(entry -> table.equals(entry.getValue().of) && other.objects.containsKey(entry.getKey()))
                    .sorted(Comparator.comparing(entry -> Integer.parseInt(entry.getValue().get("position"))))
                    .map(entry -> entry.getKey().name).toList());
        }

        /** Security first, then what data may be stored and what code does with it, then speed, then looks. */
        static Severity severity(Key key, Thing thing, String attribute) {
            if (attribute == null) {
                return Set.of("policy", "default privileges", "user mapping", "security label", "event trigger", "parameter")
                        .contains(key.kind) || "yes".equals(thing.get("security definer")) ? Severity.security
                        : key.kind.equals("index") && !Objects.toString(thing.get("definition")).startsWith("CREATE UNIQUE")
                        || key.kind.matches("statistics object|tablespace") ? Severity.performance : Severity.data;
            }
            if (key.kind.equals("policy") && !attribute.equals("comment")
                    || Set.of("grants", "owner", "row security", "forced row security", "security definer", "leakproof", "label",
                    "grants on the identity sequence").contains(attribute)
                    || attribute.equals("options") && key.kind.endsWith("view") || attribute.equals("settings")
                    || key.kind.matches("user mapping|default privileges|event trigger") && !attribute.equals("comment")) {
                return Severity.security;
            }
            if (Set.of("comment", "position", "storage", "inherited", "constraint").contains(attribute)) {
                return Severity.cosmetic;
            }
            return Set.of("storage parameters", "statistics target", "compression", "tablespace", "access method", "clustered on", "cost",
                    "rows", "parallel", "support", "volatility", "space").contains(attribute)
                    || key.kind.equals("index") && Set.of("valid", "ready", "live").contains(attribute) || key.kind.equals("column")
                    && attribute.equals("options") || key.kind.equals("statistics object")
                    ? Severity.performance : Severity.data;
        }
    }

    /** Statements that would bring the database to what is expected: to read and to decide on, never run. */
    static final class Remedy {
        final Model wanted;

        Remedy(Model wanted) {
            this.wanted = wanted;
        }

        static String last(Key key) {
            return key.name.replaceFirst("^.*\\.(?=(\"(?:[^\"]|\"\")*\"|[^.\"]*)$)", "");
        }

        static String keyword(Key key, Thing thing) {
            return switch (key.kind) {
                case "enum", "composite type", "range type", "base type" -> "TYPE";
                case "statistics object" -> "STATISTICS";
                case "table" -> "foreign".equals(thing.get("kind")) ? "FOREIGN TABLE" : "TABLE";
                default -> key.kind.toUpperCase(Locale.ROOT);
            };
        }

        String create(Key key, Thing thing) {
            return switch (key.kind) {
                case "table" -> "foreign".equals(thing.get("kind")) || thing.get("of type") != null ? null : createTable(key, thing);
                case "column" -> "ALTER TABLE " + thing.of + " ADD COLUMN " + column(key, thing) + ";";
                case "constraint" -> "ALTER TABLE " + thing.of + " ADD CONSTRAINT " + last(key) + " " + thing.get("definition") + ";";
                case "domain constraint" -> "ALTER DOMAIN " + thing.of + " ADD CONSTRAINT " + last(key) + " " + thing.get("definition")
                        + ";";
                case "index" -> thing.get("definition").replaceFirst(" INDEX ON (ONLY )?", Matcher.quoteReplacement(" INDEX "
                        + (partitioned(thing.of) ? "" : "CONCURRENTLY ") + last(key) + " ON ")) + ";";
                case "view", "materialized view" -> "CREATE " + keyword(key, thing) + " " + key.name
                        + (thing.get("options") == null ? "" : " WITH (" + thing.get("options") + ")") + " AS " + thing.get("definition");
                case "function", "procedure" -> thing.sql == null ? null : thing.sql.strip() + ";";
                case "trigger", "rule", "statistics object" -> thing.get("definition") + ";";
                case "schema" -> "CREATE SCHEMA " + key.name + ";";
                case "extension" -> "CREATE EXTENSION " + key.name + " SCHEMA " + thing.get("schema") + ";";
                case "enum" -> "CREATE TYPE " + key.name + " AS ENUM (" + thing.get("labels") + ");";
                case "composite type" -> "CREATE TYPE " + key.name + " AS (" + thing.get("attributes") + ");";
                case "domain" -> "CREATE DOMAIN " + key.name + " AS " + thing.get("type")
                        + (thing.get("collation") == null ? "" : " COLLATE " + thing.get("collation"))
                        + (thing.get("default") == null ? "" : " DEFAULT " + thing.get("default"))
                        + (thing.get("not null") == null ? "" : " NOT NULL") + parts(key, "domain constraint")
                        .map(part -> " CONSTRAINT " + last(part.getKey()) + " " + part.getValue().get("definition"))
                        .collect(Collectors.joining()) + ";";
                case "sequence" -> "CREATE SEQUENCE " + key.name + sequence(thing.get("options")) + ";"
                        + (thing.get("owned by") == null ? "" : "\nALTER SEQUENCE " + key.name + " OWNED BY " + thing.get("owned by")
                        + ";");
                case "policy" -> "CREATE POLICY " + last(key) + " ON " + thing.of + " AS " + thing.get("kind").toUpperCase(Locale.ROOT)
                        + " FOR " + thing.get("command") + " TO " + thing.get("roles")
                        + (thing.get("using") == null ? "" : " USING (" + thing.get("using") + ")")
                        + (thing.get("with check") == null ? "" : " WITH CHECK (" + thing.get("with check") + ")") + ";";
                case "default privileges" -> grantsByDefault(key, thing.get("grants"), byDefault(key));
                default -> null;
            };
        }

        boolean partitioned(String table) {
            var thing = wanted.objects.get(new Key("table", table));
            return thing != null && thing.get("partition key") != null;
        }

        /** The trigger of a parent, of which a partition has a copy: that can only be enabled or disabled. */
        Thing original(Key key, Thing thing) {
            var table = key.kind.equals("trigger") ? wanted.objects.get(new Key("table", thing.of)) : null;
            return table == null || table.get("partition bound") == null ? null
                    : wanted.objects.get(new Key("trigger", table.get("inherits") + "." + last(key)));
        }

        /** With what it has besides its definition, and with what belongs to it: keys before the foreign keys that refer to them. */
        String complete(Key key, Thing thing) {
            var text = create(key, thing);
            if (text == null || original(key, thing) != null) {
                return text == null ? null : alter(key, "enabled", thing, original(key, thing));
            }
            var rest = Stream.of("owner", "grants", "row security", "forced row security", "replica identity", "enabled", "comment")
                    .filter(name -> (thing.get(name) != null || name.equals("grants")) && !key.kind.equals("default privileges")
                            && !(name.equals("owner") && thing.get("owned by") != null)) // that is its table's
                    .map(name -> alter(key, name, thing, fresh(key))).filter(statement -> statement != null && !statement.isEmpty())
                    .map(statement -> "\n" + statement).collect(Collectors.joining());
            var partition = thing.get("partition bound") != null;
            var parts = key.kind.matches("table|.*view") ? parts(key, "constraint|index|trigger|rule|policy|statistics object")
                    .filter(part -> part.getValue().get("constraint") == null
                            && !Objects.toString(part.getValue().get("inherited")).matches("\\d+")
                            && !(partition && part.getKey().kind.equals("trigger")))
                    .sorted(Comparator.comparing(part -> Objects.toString(part.getValue().get("definition")).startsWith("FOREIGN KEY")))
                    .map(part -> "\n" + complete(part.getKey(), part.getValue())).collect(Collectors.joining())
                    + columns(key, "grants") + columns(key, "comment") : "";
            return text + rest + parts;
        }

        /** What PUBLIC may do with a new object (5.8 of the manual of 18): where that is not expected, it is revoked. */
        static Thing fresh(Key key) {
            var fresh = new Thing();
            if (key.kind.matches("function|procedure|aggregate|enum|domain|.* type")) {
                fresh.attributes.put("grants", "PUBLIC " + (key.kind.matches("enum|domain|.* type") ? "USAGE" : "EXECUTE"));
            }
            return fresh;
        }

        Stream<Map.Entry<Key, Thing>> parts(Key key, String kinds) {
            return wanted.objects.entrySet().stream().filter(part -> key.name.equals(part.getValue().of)
                    && part.getKey().kind.matches(kinds));
        }

        /** What the columns of a table have of an attribute, each statement on a line of its own. */
        String columns(Key table, String attribute) {
            return parts(table, "column").filter(column -> column.getValue().get(attribute) != null)
                    .map(column -> "\n" + alter(column.getKey(), attribute, column.getValue(), new Thing())).collect(Collectors.joining());
        }

        String createTable(Key key, Thing thing) {
            var columns = parts(key, "column").filter(part -> !Objects.toString(part.getValue().get("inherited")).matches("\\d+"))
                    .sorted(Comparator.comparing(entry -> Integer.parseInt(entry.getValue().attributes.getOrDefault("position", "0"))))
                    .map(entry -> column(entry.getKey(), entry.getValue())).collect(Collectors.joining(", "));
            return "CREATE " + (thing.get("persistence") == null ? "" : "UNLOGGED ") + "TABLE " + key.name
                    + (thing.get("partition bound") != null ? " PARTITION OF " + thing.get("inherits") + " " + thing.get("partition bound")
                    : " (" + columns + ")" + (thing.get("inherits") == null ? "" : " INHERITS (" + thing.get("inherits") + ")"))
                    + (thing.get("partition key") == null ? "" : " PARTITION BY " + thing.get("partition key"))
                    + (thing.get("storage parameters") == null ? "" : " WITH (" + thing.get("storage parameters") + ")")
                    + (thing.get("tablespace") == null ? "" : " TABLESPACE " + thing.get("tablespace")) + ";";
        }

        static String column(Key key, Thing thing) {
            return last(key) + " " + thing.get("type") + (thing.get("collation") == null ? "" : " COLLATE " + thing.get("collation"))
                    + (thing.get("default") == null ? "" : " DEFAULT " + thing.get("default"))
                    + (thing.get("generated") == null ? "" : " GENERATED ALWAYS AS (" + thing.get("generated").replaceFirst("^\\w+: ", "")
                    + ") " + thing.get("generated").replaceFirst(":.*", "").toUpperCase(Locale.ROOT))
                    + (thing.get("identity") == null ? "" : " " + identity(thing)) + (thing.get("not null") == null ? "" : " NOT NULL");
        }

        /** With the options of its sequence, unless they are the usual ones. */
        static String identity(Thing column) {
            var options = Objects.toString(column.get("identity sequence"), "");
            return "GENERATED " + column.get("identity").toUpperCase(Locale.ROOT) + " AS IDENTITY"
                    + (options.matches("|\\w+ start 1 increment 1 min 1 max (32767|2147483647|9223372036854775807) cache 1") ? ""
                    : " (" + sequence(options).replaceFirst("^ AS .*?(?=START)", "") + ")");
        }

        static String sequence(String options) {
            return " AS " + options.replace(" start ", " START ").replace(" increment ", " INCREMENT ").replace(" min ", " MINVALUE ")
                    .replace(" max ", " MAXVALUE ").replace(" cache ", " CACHE ").replace(" cycle", " CYCLE")
                    + (options.endsWith(" cycle") ? "" : " NO CYCLE");
        }

        String drop(Key key, Thing thing) {
            if (original(key, thing) != null) {
                return alter(key, "enabled", original(key, thing), thing).replace("ALTER TABLE " + original(key, thing).of + " ",
                        "ALTER TABLE " + thing.of + " ");
            }
            return switch (key.kind) {
                case "column", "constraint" -> "ALTER TABLE " + thing.of + " DROP " + key.kind.toUpperCase(Locale.ROOT) + " " + last(key)
                        + ";" + (key.kind.equals("column") ? " -- its values are lost" : "");
                case "domain constraint" -> "ALTER DOMAIN " + thing.of + " DROP CONSTRAINT " + last(key) + ";";
                case "index" -> thing.get("constraint") != null ? null : "DROP INDEX CONCURRENTLY " + key.name + ";";
                case "trigger", "rule", "policy" -> "DROP " + key.kind.toUpperCase(Locale.ROOT) + " " + last(key) + " ON " + thing.of + ";";
                case "table" -> "DROP " + keyword(key, thing) + " " + key.name + "; -- its rows are lost";
                // it goes with its column
                case "sequence" -> "DROP SEQUENCE " + (thing.get("owned by") == null ? "" : "IF EXISTS ") + key.name + ";";
                case "default privileges" -> grantsByDefault(key, byDefault(key), thing.get("grants"));
                case "cast" -> "DROP CAST (" + key.name.replaceFirst(" as ", " AS ") + ");";
                case "transform" -> "DROP TRANSFORM FOR " + key.name.replaceFirst(" for (?=\\S+$)", " LANGUAGE ") + ";";
                case "user mapping" -> "DROP USER MAPPING FOR " + key.name.replaceFirst(" on (?=\\S+$)", " SERVER ") + ";";
                case "security label", "parameter", "database", "tablespace" -> null;
                default -> "DROP " + keyword(key, thing) + " " + key.name + ";";
            };
        }

        static String rename(Key key, Key other, Thing thing) {
            return key.kind.equals("index") ? "ALTER INDEX " + other.name + " RENAME TO " + last(key) + ";" : "ALTER TABLE " + thing.of
                    + " RENAME CONSTRAINT " + last(other) + " TO " + last(key) + ";";
        }

        String alter(Key key, String attribute, Thing one, Thing other) {
            if (key.kind.equals("database")) { // which here has no name of its own
                return null;
            } else if (key.kind.equals("policy") && Set.of("command", "kind", "using", "with check", "roles").contains(attribute)) {
                return again(key, one, other);
            }
            var value = one.get(attribute);
            var table = "ALTER TABLE " + (one.of == null ? key.name : one.of) + " ";
            var own = "ALTER " + keyword(key, one) + " " + key.name + " ";
            var part = Set.of("column", "constraint", "trigger", "rule", "policy", "domain constraint").contains(key.kind);
            if (attribute.equals("comment")) {
                var place = !part || key.kind.equals("column") ? key.name : last(key) + " ON "
                        + (key.kind.startsWith("domain") ? "DOMAIN " : "") + one.of;
                return "COMMENT ON " + (key.kind.startsWith("domain c") ? "CONSTRAINT" : keyword(key, one)) + " " + place + " IS "
                        + (value == null ? "NULL" : literal(value).strip()) + ";";
            }
            return switch (attribute) {
                case "owner" -> value == null ? null : own + "OWNER TO " + value + ";";
                case "grants" -> key.kind.equals("default privileges") ? grantsByDefault(key, value, other.get(attribute))
                        : grants(key, one, value, other.get(attribute));
                case "grants on the identity sequence" -> other.sql == null ? null
                        : grants(new Key("sequence", other.sql), one, value, other.get(attribute));
                case "type" -> key.kind.equals("column") ? table + "ALTER COLUMN " + last(key) + " TYPE " + value + ";" : null;
                case "not null" -> (key.kind.equals("domain") ? own : table + "ALTER COLUMN " + last(key) + " ")
                        + (value == null ? "DROP" : "SET") + " NOT NULL;";
                case "default" -> (key.kind.equals("domain") ? own : key.kind.equals("column") ? table + "ALTER COLUMN " + last(key) + " "
                        : "-- ") + (value == null ? "DROP DEFAULT;" : "SET DEFAULT " + value + ";");
                case "identity" -> table + "ALTER COLUMN " + last(key)
                        + (value == null ? " DROP IDENTITY;" : other.get("identity") == null ? " ADD " + identity(one) + ";"
                        : " SET GENERATED " + value.toUpperCase(Locale.ROOT) + ";");
                case "row security" -> table + (value == null ? "DISABLE" : "ENABLE") + " ROW LEVEL SECURITY;";
                case "forced row security" -> table + (value == null ? "NO FORCE" : "FORCE") + " ROW LEVEL SECURITY;";
                case "security definer" -> own + (value == null ? "SECURITY INVOKER;" : "SECURITY DEFINER;");
                case "statistics target" -> key.kind.equals("column") ? table + "ALTER COLUMN " + last(key) + " SET STATISTICS "
                        + Objects.toString(value, "-1") + ";" : key.kind.equals("index") ? null
                        : own + "SET STATISTICS " + Objects.toString(value, "-1") + ";";
                case "storage" -> table + "ALTER COLUMN " + last(key) + " SET STORAGE " + Objects.toString(value, "DEFAULT")
                        .toUpperCase(Locale.ROOT) + ";";
                case "storage parameters", "options" -> key.kind.equals("sequence") ? own.strip() + sequence(value) + ";"
                        : key.kind.matches("table|.*view") ? setOptions(own, value, other.get(attribute))
                        : key.kind.equals("column") ? setOptions(table + "ALTER COLUMN " + last(key) + " ", value, other.get(attribute))
                        : null;
                case "enabled" -> key.kind.matches("trigger|rule") ? table
                        + (value == null ? "ENABLE" : value.equals("no") ? "DISABLE" : "ENABLE " + value.toUpperCase(Locale.ROOT)) + " "
                        + key.kind.toUpperCase(Locale.ROOT) + " " + last(key) + ";" : null;
                case "its triggers" -> value == null ? table + "ENABLE TRIGGER ALL;" : null; // DISABLE would hit those of other keys, too
                case "depends on extension" -> "ALTER " + keyword(key, one) + " " + (part ? last(key) + " ON " + one.of : key.name)
                        + (value == null ? " NO" : "")
                        + " DEPENDS ON EXTENSION " + Objects.toString(value, other.get(attribute)) + ";";
                case "owned by" -> own + "OWNED BY " + Objects.toString(value, "NONE") + ";";
                case "identity sequence" -> value == null || other.get(attribute) == null ? null : table + "ALTER COLUMN " + last(key)
                        + sequence(value).replaceFirst("^ AS .*?(?= START)", "")
                        .replaceAll(" (?=START|INCREMENT|MINVALUE|MAXVALUE|CACHE|CYCLE|NO CYCLE)(?<! NO )", " SET ") + ";";
                case "generated" -> table + (value == null && other.get(attribute).startsWith("stored")
                        ? "ALTER COLUMN " + last(key) + " DROP EXPRESSION;" : "DROP COLUMN " + last(key)
                        + ", ADD COLUMN " + column(key, one) + "; -- its values are computed anew");
                case "collation" -> key.kind.equals("column") ? table + "ALTER COLUMN " + last(key) + " TYPE " + one.get("type")
                        + (value == null ? " COLLATE pg_catalog.\"default\"" : " COLLATE " + value) + ";" : null;
                case "constraint" -> value != null ? null : create(key, one); // it went with the constraint; or the constraint takes it
                case "partition bound" -> Stream.of(other.get(attribute) == null ? "" : "ALTER TABLE " + other.get("inherits")
                        + " DETACH PARTITION " + key.name + ";", value == null ? "" : "ALTER TABLE " + one.get("inherits")
                        + " ATTACH PARTITION " + key.name + " " + value + ";")
                        .filter(statement -> !statement.isEmpty()).collect(Collectors.joining("\n"));
                case "valid", "ready" -> value != null || partitioned(one.of) ? null : "REINDEX INDEX CONCURRENTLY " + key.name + ";";
                case "persistence" -> own + (value == null ? "SET LOGGED;" : "SET UNLOGGED;");
                case "definition" -> definition(key, one, other);
                case "kind" -> one.sql == null ? null : again(key, one, other);
                case "body", "sql body", "settings", "volatility", "strict", "language", "cost", "rows", "parallel",
                        "leakproof" -> one.sql == null ? null : one.sql.strip() + ";";
                case "version" -> key.kind.equals("extension") ? "ALTER EXTENSION " + key.name + " UPDATE"
                        + (value.equals("default") ? "" : " TO " + literal(value)) + ";" : null;
                case "schema" -> "ALTER EXTENSION " + key.name + " SET SCHEMA " + value + ";";
                case "replica identity" -> table + "REPLICA IDENTITY "
                        + (value == null ? "DEFAULT" : value.startsWith("index ") ? "USING INDEX " + quote(value.substring(6))
                        : value.toUpperCase(Locale.ROOT)) + ";";
                case "clustered on" -> value == null ? own + "SET WITHOUT CLUSTER;" : own + "CLUSTER ON " + quote(value) + ";";
                default -> null;
            };
        }

        String definition(Key key, Thing one, Thing other) {
            return switch (key.kind) {
                case "constraint" -> (other.get("definition") + "").equals(one.get("definition") + " NOT VALID") ? "ALTER TABLE " + one.of
                        + " VALIDATE CONSTRAINT " + last(key) + ";" : again(key, one, other);
                case "index" -> one.get("constraint") == null ? again(key, one, other)
                        : setOptions("ALTER INDEX " + key.name + " ", with(one), with(other));
                case "view" -> "CREATE OR REPLACE " + create(key, one).substring("CREATE ".length());
                default -> again(key, one, other);
            };
        }

        /** What cannot be altered is dropped and made anew, with all that goes with it; what others depend on, DROP refuses. */
        String again(Key key, Thing one, Thing other) {
            var create = complete(key, one);
            return create == null ? null : drop(key, other) + "\n" + create;
        }

        /** The storage parameters of an index, as its definition has them. */
        static String with(Thing index) {
            var match = Pattern.compile(" WITH \\(([^)]*)\\)").matcher(index.get("definition"));
            return match.find() ? match.group(1) : null;
        }

        static String setOptions(String alter, String wanted, String found) {
            var reset = Stream.of(Objects.toString(found, "").split(", ")).map(o -> o.replaceFirst("=.*", ""))
                    .filter(o -> !o.isEmpty() && !(", " + wanted).contains(", " + o + "=")).collect(Collectors.joining(", "));
            return (reset.isEmpty() ? "" : alter + "RESET (" + reset + "); ") + (wanted == null ? "" : alter + "SET (" + wanted + ");");
        }

        static String grants(Key key, Thing thing, String wanted, String found) {
            var want = new TreeSet<>(List.of(Objects.toString(wanted, "").split("; ")));
            var have = new TreeSet<>(List.of(Objects.toString(found, "").split("; ")));
            var statements = new ArrayList<String>();
            have.stream().filter(grant -> !grant.isEmpty() && !want.contains(grant))
                    .forEach(grant -> statements.add(grant(key, thing, grant, false)));
            want.stream().filter(grant -> !grant.isEmpty() && !have.contains(grant))
                    .forEach(grant -> statements.add(grant(key, thing, grant, true)));
            return String.join(" ", statements);
        }

        /** From "app SELECT, UPDATE WITH GRANT OPTION"; of the owner, and of the schema public, it is told what is missing. */
        static String grant(Key key, Thing thing, String text, boolean give) {
            var match = Pattern.compile("([+-]?)((?:\"(?:[^\"]|\"\")*\"|[^\\s\"]+)) (without )?(.*?)( WITH GRANT OPTION)?").matcher(text);
            if (!match.matches()) {
                return "";
            }
            var adds = give != ("-".equals(match.group(1)) || match.group(3) != null);
            var privileges = key.kind.equals("column") ? Stream.of(match.group(4).split(", ")).map(p -> p + " (" + last(key) + ")")
                    .collect(Collectors.joining(", ")) : match.group(4);
            var object = switch (key.kind) {
                case "table", "view", "materialized view" -> "TABLE " + key.name;
                case "column" -> "TABLE " + thing.of;
                case "enum", "domain", "composite type", "range type", "base type" -> "TYPE " + key.name;
                case "server" -> "FOREIGN SERVER " + key.name;
                case "aggregate" -> "FUNCTION " + key.name;
                default -> keyword(key, thing) + " " + key.name;
            };
            var who = match.group(2).equals("owner") && match.group(3) != null ? Objects.toString(thing.get("owner"), "CURRENT_USER")
                    : match.group(2);
            return (adds ? "GRANT " : "REVOKE ") + privileges + " ON " + object + (adds ? " TO " : " FROM ") + who
                    + (adds ? Objects.toString(match.group(5), "") : "") + ";";
        }

        /** What holds without an entry: PUBLIC may use functions and types (ALTER DEFAULT PRIVILEGES); those of a schema only add. */
        static String byDefault(Key key) {
            return key.name.contains(" in ") ? null : key.name.endsWith(" on functions") ? "PUBLIC EXECUTE"
                    : key.name.endsWith(" on types") ? "PUBLIC USAGE" : null;
        }

        static String grantsByDefault(Key key, String wanted, String found) {
            var match = Pattern.compile("(.*?)(?: in (.*))? on ([\\w ]+)").matcher(key.name);
            match.matches();
            var alter = "ALTER DEFAULT PRIVILEGES FOR ROLE " + match.group(1)
                    + (match.group(2) == null ? "" : " IN SCHEMA " + match.group(2));
            var object = " ON " + match.group(3).toUpperCase(Locale.ROOT);
            var want = List.of(Objects.toString(wanted, "").split("; "));
            var have = List.of(Objects.toString(found, "").split("; "));
            var revoked = have.stream().filter(grant -> !grant.isEmpty() && !want.contains(grant)).map(grant -> grant.split(" ", 2))
                    .map(grant -> alter + " REVOKE " + grant[1].replace(" WITH GRANT OPTION", "") + object + " FROM " + grant[0] + ";");
            var granted = want.stream().filter(grant -> !grant.isEmpty() && !have.contains(grant)).map(grant -> grant.split(" ", 2))
                    .map(grant -> alter + " GRANT " + grant[1].replace(" WITH GRANT OPTION", "") + object + " TO " + grant[0]
                    + (grant[1].endsWith(" WITH GRANT OPTION") ? " WITH GRANT OPTION;" : ";"));
            var text = Stream.concat(revoked, granted).collect(Collectors.joining(" "));
            return text.isEmpty() ? null : text;
        }
    }

    /** Differences that are known and accepted, each with its reason; one without a reason, or that matches nothing, is a mistake. */
    static final class Ignored {
        record Entry(Pattern object, String attribute, String reason, String text) {
        }

        final List<Entry> entries = new ArrayList<>();
        final List<String> problems = new ArrayList<>();

        static Ignored read(Path file, validate_schema script) throws IOException {
            var ignored = new Ignored();
            if (file == null) {
                return ignored;
            }
            if (!(Yaml.read(file, script) instanceof List<?> list)) {
                throw script.wrong(file + ": a list of entries, each with object: and reason:");
            }
            for (var item : list) {
                var entry = item instanceof Map<?, ?> map ? map : Map.of();
                script.check(entry.get("object") instanceof String, file + ": an entry without object: " + item);
                script.check(entry.get("reason") instanceof String reason && !reason.isBlank(), file + ": the entry for "
                        + entry.get("object") + " has no reason");
                script.check(entry.get("attribute") == null || entry.get("attribute") instanceof String, file + ": attribute is no text: "
                        + item);
                script.check(Set.of("object", "attribute", "reason").containsAll(entry.keySet()), file
                        + ": only object, attribute and reason are known: " + item);
                ignored.entries.add(new Entry(glob((String) entry.get("object")), (String) entry.get("attribute"),
                        (String) entry.get("reason"), entry.get("object").toString()
                        + (entry.get("attribute") == null ? "" : ", " + entry.get("attribute"))));
            }
            return ignored;
        }

        void apply(Report report) {
            for (var entry : entries) {
                var matching = report.findings.stream().filter(finding -> finding.check.equals("drift")
                        && entry.object.matcher(finding.object).matches()
                        && (entry.attribute == null || entry.attribute.equals(finding.attribute))).toList();
                if (matching.isEmpty() && report.ignored.keySet().stream()
                        .noneMatch(title -> entry.object.matcher(title.replaceFirst("[,:] .*", "")).matches())) {
                    problems.add("--ignore: nothing differs that " + entry.text + " matches: take the entry out");
                }
                matching.forEach(finding -> report.ignored.put(finding.title(), entry.reason));
                report.findings.removeAll(matching);
            }
        }
    }

    /** Small YAML files by snakeyaml-engine: people write and read YAML, and its many corners are no script's business. */
    static final class Yaml {
        static Object read(Path file, validate_schema script) throws IOException {
            try {
                return new Load(LoadSettings.builder().setLabel(file.toString()).build()).loadFromString(Files.readString(file));
            } catch (NoSuchFileException e) {
                throw script.wrong("there is no file " + file);
            } catch (YamlEngineException | CharacterCodingException e) {
                throw script.wrong(file + " is no YAML: " + e.getMessage());
            }
        }

        static String write(Object value) {
            return new Dump(DumpSettings.builder().setDefaultFlowStyle(FlowStyle.BLOCK).setWidth(150).build()).dumpToString(value);
        }
    }

    // --- the scratch database ---

    /** A server that takes the connection and then says nothing is given up, too: connectTimeout does not cover that. */
    static class Bounded extends Database {
        @Override
        Properties settings() {
            var settings = super.settings();
            settings.put("loginTimeout", String.valueOf(2 * Integer.parseInt(settings.getProperty("connectTimeout"))));
            return settings;
        }
    }

    /** Another database than the script's own, or another name on the same server; the rest of its settings stays. */
    static class Elsewhere extends Bounded {
        final String name;

        Elsewhere(Database own, String url, String name) {
            this.name = name;
            this.url = url != null ? url : own.url;
            this.envFile = own.envFile;
            this.connectTimeout = own.connectTimeout;
            this.wait = own.wait;
            this.verbose = own.verbose;
            this.spec = own.spec;
            this.environment = own.environment;
        }

        @Override
        Properties settings() {
            var settings = super.settings();
            if (name != null) {
                settings.put("PGDBNAME", name);
                settings.remove("service"); // its database would win over the name
            }
            return settings;
        }

        /** For other tools: the URL and the variables that they may read. Some insist on TLS unless told that there is none. */
        Map<String, String> runnerEnvironment(boolean tls) {
            var settings = settings();
            if (!tls) {
                settings.putIfAbsent("sslmode", "disable");
            }
            var variables = new TreeMap<>(clientEnvironment());
            var hosts = settings.getProperty("PGHOST").split(",");
            var ports = settings.getProperty("PGPORT").split(",");
            var places = new ArrayList<String>();
            for (int i = 0; i < hosts.length; i++) {
                places.add(hosts[i] + ":" + ports[Math.min(i, ports.length - 1)]);
            }
            var url = "postgresql://" + encoded(settings.getProperty("user"))
                    + (settings.getProperty("password") == null ? "" : ":" + encoded(settings.getProperty("password"))) + "@"
                    + String.join(",", places) + "/" + encoded(settings.getProperty("PGDBNAME"));
            variables.put("DATABASE_URL", url + Stream.of("sslmode", "sslrootcert").filter(settings::containsKey)
                    .map(name -> name + "=" + encoded(settings.getProperty(name)))
                    .collect(Collectors.joining("&", "?", "")).replaceFirst("^\\?$", ""));
            Map.of("POSTGRES_HOST", "PGHOST", "POSTGRES_PORT", "PGPORT", "POSTGRES_DB", "PGDBNAME", "POSTGRES_USER", "user",
                    "POSTGRES_PASSWORD", "password")
                    .forEach((variable, name) -> variables.put(variable, settings.getProperty(name, "")));
            return variables;
        }

        static String encoded(String text) {
            return URLEncoder.encode(Objects.toString(text, ""), UTF_8).replace("+", "%20");
        }
    }

    /** A database for the replay, made like the one to compare with; dropped at the end, also after a signal. */
    static final class Scratch implements AutoCloseable {
        static final String NAME = "pgbang_scratch_";

        final validate_schema script;
        final Connection admin;
        final Elsewhere place;
        final String name = NAME + Long.toString(System.nanoTime() & Long.MAX_VALUE, 36) + ProcessHandle.current().pid();
        final List<String> roles = new ArrayList<>();
        final Thread hook = new Thread(this::interrupted);
        String owner;
        Process running;
        boolean gone;

        Scratch(validate_schema script, Connection admin, String url) {
            this.script = script;
            this.admin = admin;
            this.place = new Elsewhere(script.database, url, name);
        }

        static Scratch create(validate_schema script, String url) throws Exception {
            var server = url == null ? script.database : new Elsewhere(script.database, url, null);
            var admin = server.connect(true);
            var scratch = new Scratch(script, admin, url);
            try (var target = Session.open(script, script.database, true)) {
                admin.setNetworkTimeout(Runnable::run, 60_000);
                scratch.dropLeftovers();
                scratch.owner = first(admin, "select quote_ident(current_user)");
                Runtime.getRuntime().addShutdownHook(scratch.hook);
                scratch.create(target.connection, url != null);
                return scratch;
            } catch (Exception e) {
                scratch.close();
                throw e;
            }
        }

        /** From template0, so that nothing of template1 is in it; where the locale is unknown to another server, with its own. */
        void create(Connection target, boolean otherServer) throws Exception {
            var like = first(target, "select format('encoding %L lc_collate %L lc_ctype %L', pg_encoding_to_char(encoding), datcollate,"
                    + " datctype) from pg_catalog.pg_database where datname = current_database()");
            if (otherServer) {
                makeRoles(target);
            }
            try {
                try {
                    execute(admin, "create database " + quote(name) + " template template0 " + like + provider(target));
                } catch (SQLException e) {
                    if (!otherServer || !List.of("22023", "42809").contains(e.getSQLState())) {
                        throw e;
                    }
                    execute(admin, "create database " + quote(name) + " template template0 encoding 'UTF8'");
                    script.report.notes.add("the scratch server does not know the locale of the database: the replay has its default");
                }
            } catch (SQLException e) {
                if ("42501".equals(e.getSQLState())) {
                    throw new Failed("the role " + owner + " may not make the scratch database:\n  ALTER ROLE "
                            + quote(Behaviour.plain(owner)) + " CREATEDB;  or give another server by --scratch-url"
                            + " (./jbang local_postgres --as SCRATCH_URL -- ...), or a snapshot by --against", e);
                }
                throw new Failed("cannot make the scratch database", e);
            }
            execute(admin, "comment on database " + quote(name) + " is "
                    + literal("pgbang validate_schema, made " + Instant.now() + ", may be dropped"));
            for (var setting : settings(target)) {
                execute(admin, "alter database " + quote(name) + " set " + setting);
            }
        }

        /** The locale of a database whose provider is ICU (15) or builtin (17); the column was renamed in 17. */
        static String provider(Connection target) throws SQLException {
            return Objects.toString(first(target,
                    "select case j->>'datlocprovider' when 'i' then format(' locale_provider icu icu_locale %L',"
                    + " coalesce(j->>'datlocale', j->>'daticulocale'))"
                    + " when 'b' then format(' locale_provider builtin builtin_locale %L', j->>'datlocale') end from (select to_jsonb(d)"
                    + " as j from pg_catalog.pg_database d where datname = current_database()) d"), "");
        }

        /** The settings that ALTER DATABASE ... SET has made; search_path, above all. */
        static List<String> settings(Connection target) throws SQLException {
            var settings = new ArrayList<String>();
            try (var rows = target.createStatement()
                    .executeQuery("select o from pg_catalog.pg_db_role_setting s, unnest(setconfig) o where setrole = 0 and setdatabase ="
                    + " (select oid from pg_catalog.pg_database where datname = current_database())")) {
                while (rows.next()) {
                    var parts = rows.getString(1).split("=", 2);
                    var list = parts[0].matches("search_path|temp_tablespaces|\\w+_preload_libraries");
                    settings.add(quote(parts[0]).replaceAll("^\"(\\w+)\"$", "$1") + " = "
                            + (list && !parts[1].isBlank() ? parts[1] : literal(parts[1])));
                }
            }
            return settings;
        }

        /** Grants and owners in the migrations name roles that another server may lack: made without login, dropped at the end. */
        void makeRoles(Connection target) throws SQLException {
            try (var rows = target.createStatement().executeQuery("select rolname from pg_catalog.pg_roles where rolname !~ '^pg_'")) {
                while (rows.next()) {
                    var role = rows.getString(1);
                    try {
                        if (first(admin, "select 1 from pg_catalog.pg_roles where rolname = " + literal(role)) == null) {
                            execute(admin, "create role " + quote(role) + " nologin");
                            roles.add(role);
                        }
                    } catch (SQLException e) {
                        script.report.notes.add("the scratch server lacks the role " + role + ", and it could not be made there: "
                                + e.getMessage());
                    }
                }
            }
        }

        /** What a killed run has left: known by name and comment, older than a day, used by nobody. */
        void dropLeftovers() throws SQLException {
            var left = new ArrayList<String>();
            try (var rows = admin.createStatement()
                    .executeQuery("select datname, substring(description from 'made (\\S+),') from pg_catalog.pg_database d join"
                    + " pg_catalog.pg_shdescription c on c.objoid = d.oid"
                    + " and classoid = 'pg_catalog.pg_database'::regclass where datname like '" + NAME.replace("_", "\\_")
                    + "%' and description like 'pgbang validate_schema, made %' and pg_catalog.pg_get_userbyid(datdba) = current_user"
                    + " and not exists (select from pg_catalog.pg_stat_activity a where a.datid = d.oid)")) {
                while (rows.next()) {
                    if (Instant.parse(rows.getString(2)).isBefore(Instant.now().minus(Duration.ofDays(1)))) {
                        left.add(rows.getString(1));
                    }
                }
            }
            for (var database : left) {
                execute(admin, "drop database if exists " + quote(database));
            }
        }

        /** The runner with its output kept: the end of it is shown if it fails. */
        void run(List<String> command) throws Exception {
            var builder = new ProcessBuilder(command).redirectErrorStream(true)
                    .redirectInput(ProcessBuilder.Redirect.from(Path.of(System.getProperty("os.name").startsWith("Windows") ? "NUL"
                    : "/dev/null").toFile()));
            builder.environment().keySet().removeIf(name -> name.matches("PG.*|POSTGRES_.*|DATABASE_URL|SCRATCH_URL"));
            builder.environment().putAll(place.runnerEnvironment("t".equals(first(admin,
                    "select ssl from pg_catalog.pg_stat_ssl where pid = pg_catalog.pg_backend_pid()"))));
            script.detail(masked(String.join(" ", command)) + " with PGDATABASE=" + name);
            try {
                running = builder.start();
            } catch (IOException e) {
                throw new Failed("cannot run " + command.get(0) + ": give the command that makes the schema by --runner", e);
            }
            var said = new StringBuffer();
            var reader = new Thread(() -> running.inputReader(UTF_8).lines().forEach(line -> said.append(line).append('\n')));
            reader.setDaemon(true);
            reader.start();
            var ended = false;
            try (var progress = new Progress(script, "replaying the migrations", -1)) {
                for (int tenths = 0; !ended && tenths < script.expected.runnerTimeout * 10; tenths++) {
                    ended = running.waitFor(100, TimeUnit.MILLISECONDS);
                    progress.at(tenths / 10);
                }
            }
            if (!ended) {
                kill();
            }
            reader.join(5_000);
            if (gone) { // by a signal: the hook has said so, and the process ends
                Thread.sleep(60_000);
            }
            script.detail(masked(said.toString()));
            if (!ended || running.exitValue() != 0) {
                var lines = said.toString().lines().toList();
                var password = place.settings().getProperty("password", "\0");
                throw new Failed((ended ? "the runner failed in the scratch database, exit code " + running.exitValue()
                        : "the runner did not end within " + script.expected.runnerTimeout + " s")
                        + ": " + masked(String.join(" ", command) + "\n  " + String.join("\n  ",
                        lines.subList(Math.max(0, lines.size() - 20), lines.size()))).replace(password, "***"));
            }
        }

        void kill() {
            if (running != null) {
                running.descendants().forEach(ProcessHandle::destroyForcibly);
                running.destroyForcibly();
            }
        }

        void interrupted() {
            drop();
            script.spec.commandLine().getErr()
                    .println("validate_schema: interrupted; the scratch database is dropped, nothing else was changed");
        }

        /** Also the shutdown hook's: a second call finds nothing to do. */
        synchronized void drop() {
            if (gone) {
                return;
            }
            gone = true;
            kill();
            try (admin) {
                execute(admin, "select pg_catalog.pg_terminate_backend(pid) from pg_catalog.pg_stat_activity where datname = "
                        + literal(name));
                execute(admin, "drop database if exists " + quote(name));
                for (var role : roles) {
                    execute(admin, "drop role if exists " + quote(role));
                }
            } catch (SQLException e) {
                script.spec.commandLine().getErr().println("validate_schema: the scratch database " + name + " could not be dropped: "
                        + e.getMessage() + "; drop it by hand");
            }
        }

        @Override
        public void close() {
            drop();
            try {
                Runtime.getRuntime().removeShutdownHook(hook);
            } catch (IllegalStateException stopping) {
                // the hook is running, or has been
            }
        }

        static void execute(Connection connection, String sql) throws SQLException {
            try (var statement = connection.createStatement()) {
                statement.execute(sql);
            }
        }

        static String first(Connection connection, String query) throws SQLException {
            try (var statement = connection.createStatement(); var rows = statement.executeQuery(query)) {
                return rows.next() ? rows.getString(1) : null;
            }
        }
    }

    // --- the same, otherwise printed ---

    /**
     * Asks PostgreSQL itself whether two texts mean the same: each is made into an object of a scratch database and printed anew. What
     * is printed of an expression may change when that print is read (BETWEEN and IN after a restore), but only once; so after two rounds
     * equal expressions are equal texts. Only for texts that differ: without such no scratch database is made for --against.
     */
    static final class RoundTrip implements AutoCloseable {
        static final Pattern CONSTANT = Pattern.compile("'(?:[^']|'')*'|(?<![\\w$\"])\\d[\\d.]*");
        static final String COLUMN = "select %s from pg_catalog.pg_attrdef join pg_catalog.pg_attribute on attrelid = adrelid and attnum"
                + " = adnum where adrelid = %s::regclass and quote_ident(attname) = %s";

        final validate_schema script;
        final Model found;
        final boolean replayed; // the scratch database has all objects already
        final Map<String, String> equal = new LinkedHashMap<>();
        final Set<Key> made = new HashSet<>();
        Scratch scratch;
        Connection connection;
        boolean given;

        RoundTrip(validate_schema script, Model found, Scratch scratch) {
            this.script = script;
            this.found = found;
            this.scratch = scratch;
            this.replayed = scratch != null;
        }

        boolean same(Key key, String attribute, Thing one, Thing other) {
            var a = one.get(attribute);
            var b = other.get(attribute);
            if (given || steps(key, attribute, one, a) == null || !replayed && !constants(a).equals(constants(b))) {
                return false;
            }
            try {
                open();
                if (!replayed) {
                    make(needed(Stream.of(a, b, one.of, key.name, other.sql).filter(Objects::nonNull).toList()));
                }
                for (int round = 0; round < 2 && a != null && b != null && !a.equals(b); round++) {
                    a = again(key, attribute, one, a);
                    b = again(key, attribute, other, b);
                }
            } catch (Exception e) {
                given = true;
                script.report.notes.add("whether texts that differ mean the same could not be asked of a scratch database: "
                        + e.getMessage()
                        + Stream.iterate(e.getCause(), Objects::nonNull, Throwable::getCause).map(why -> ": " + why.getMessage())
                        .collect(Collectors.joining()));
                return false;
            }
            if (a != null && a.equals(b)) {
                equal.put(other.get(attribute), one.get(attribute));
                script.detail(key + ", " + attribute + " is printed otherwise and means the same");
            }
            return a != null && a.equals(b);
        }

        /** Other constants are another meaning, whatever else there is. */
        static List<String> constants(String text) {
            return CONSTANT.matcher(text).results().map(match -> match.group()).sorted().toList();
        }

        void open() throws Exception {
            if (connection != null) {
                return;
            }
            scratch = replayed ? scratch : Scratch.create(script, script.scratchUrl());
            connection = scratch.place.connect(true);
            connection.setAutoCommit(false);
            new Session(connection).settle((long) (script.output.lockTimeout * 1000), (long) (script.output.statementTimeout * 1000));
            Scratch.execute(connection, "set local check_function_bodies = off");
            if (!replayed) {
                make(found.objects.keySet().stream().filter(key -> key.kind.matches("schema|extension")).collect(Collectors.toSet()));
            }
        }

        /** What a text speaks of, what that speaks of, and so on. */
        Set<Key> needed(List<String> texts) {
            var needed = new LinkedHashSet<Key>();
            var open = new ArrayDeque<>(texts);
            while (!open.isEmpty()) {
                var text = open.poll();
                found.objects.forEach((key, thing) -> {
                    var maker = made.contains(key) || needed.contains(key) ? null : maker(key, thing);
                    if (maker != null && text.contains(key.name.replaceFirst("\\(.*", "("))) {
                        needed.add(key);
                        open.add(maker);
                    }
                });
            }
            return needed;
        }

        /** In rounds, for as long as one succeeds: so nobody need know what depends on what. */
        void make(Set<Key> keys) throws SQLException {
            var left = new LinkedHashSet<>(keys);
            for (boolean progress = true; progress && !left.isEmpty();) {
                progress = false;
                for (var key : List.copyOf(left)) {
                    if (tried(List.of(maker(key, found.objects.get(key))), null) != null) {
                        progress |= left.remove(key);
                    }
                }
            }
            made.addAll(keys);
        }

        /** Tables with bare columns: the rest of them is no part of an expression's meaning. */
        String maker(Key key, Thing thing) {
            return switch (key.kind) {
                case "schema" -> "create schema if not exists " + key.name;
                case "extension" -> "create extension if not exists " + key.name + " schema " + thing.get("schema") + " cascade";
                case "table" -> "create table " + key.name + " (" + found.all("column")
                        .filter(column -> key.name.equals(column.getValue().of))
                        .sorted(Comparator.comparing(column -> Integer.parseInt(column.getValue().get("position"))))
                        .map(column -> Remedy.last(column.getKey()) + " " + column.getValue().get("type")
                        + (column.getValue().get("collation") == null ? ""
                                : " collate " + column.getValue().get("collation"))).collect(Collectors.joining(", "))
                        + ")" + (thing.get("partition key") == null ? "" : " partition by " + thing.get("partition key"));
                case "enum", "domain", "composite type", "range type", "view", "materialized view", "function",
                        "procedure", "sequence" -> new Remedy(found).create(key, thing);
                default -> null;
            };
        }

        String again(Key key, String attribute, Thing thing, String text) throws SQLException {
            var steps = steps(key, attribute, thing, text);
            var printed = tried(steps.subList(0, steps.size() - 1), steps.get(steps.size() - 1));
            return printed == null || attribute.equals("arguments") ? printed : key.kind.endsWith("view") ? Text.view(printed)
                    : Text.canonical(printed);
        }

        /** The answer after the statements, which are taken back, or stay if there is no question; null if PostgreSQL refuses one. */
        String tried(List<String> statements, String query) throws SQLException {
            var savepoint = connection.setSavepoint();
            String answer = null;
            try {
                for (var statement : statements) {
                    Scratch.execute(connection, statement);
                }
                answer = query == null ? "" : Scratch.first(connection, query);
            } catch (SQLException e) {
                if (Objects.toString(e.getSQLState(), "08").startsWith("08")) {
                    throw e;
                }
                script.detail(e.getMessage() + ": " + statements);
            }
            if (answer == null || query != null) {
                connection.rollback(savepoint);
            }
            return answer;
        }

        /** The statements that make an object of the text, then the query that prints it; null for what is no expression. */
        static List<String> steps(Key key, String attribute, Thing thing, String text) {
            var of = Objects.toString(thing.of, "");
            var table = "alter table " + of + " ";
            var last = Remedy.last(key);
            var place = literal(key.name);
            return switch (key.kind + " " + attribute) {
                case "constraint definition" -> !text.matches("(?s)(CHECK|EXCLUDE).*") ? null
                        : List.of(table + "add constraint pgbang_trip " + text,
                        "select pg_get_constraintdef(oid) from pg_catalog.pg_constraint where conname = 'pgbang_trip' and conrelid = "
                        + literal(of) + "::regclass");
                case "domain constraint definition" -> List.of("alter domain " + of + " add constraint pgbang_trip " + text,
                        "select pg_get_constraintdef(oid) from pg_catalog.pg_constraint where conname = 'pgbang_trip' and contypid = "
                        + literal(of) + "::regtype");
                case "domain default" -> List.of("alter domain " + key.name + " set default " + text,
                        "select typdefault from pg_catalog.pg_type where oid = " + place + "::regtype");
                case "column default" -> List.of(table + "alter column " + last + " set default " + text,
                        COLUMN.formatted("pg_get_expr(adbin, adrelid)", literal(of), literal(last)));
                case "column generated" -> List.of(table + "add column pgbang_trip " + thing.get("type") + " generated always as ("
                        + text.replaceFirst("^\\w+: ", "") + ") "
                        + text.replaceFirst("(?s):.*", ""), COLUMN.formatted(literal(text.replaceFirst("(?s): .*", ": "))
                        + " || pg_get_expr(adbin, adrelid)", literal(of), "'pgbang_trip'"));
                case "index definition" -> List.of(text.replaceFirst(" INDEX ON ", " INDEX pgbang_trip ON "),
                        "select replace(pg_get_indexdef(indexrelid), ' INDEX pgbang_trip ON ', ' INDEX ON ')"
                        + " from pg_catalog.pg_index join pg_catalog.pg_class on oid = indexrelid where relname = 'pgbang_trip'");
                case "view definition", "materialized view definition" ->
                        List.of("create temp view pgbang_trip as " + text, "select pg_get_viewdef('pg_temp.pgbang_trip'::regclass)");
                case "policy using" -> List.of("create policy pgbang_trip on " + of + " using (" + text + ")",
                        "select pg_get_expr(polqual, polrelid) from pg_catalog.pg_policy where polname = 'pgbang_trip'");
                case "policy with check" -> List.of("create policy pgbang_trip on " + of + " with check (" + text + ")",
                        "select pg_get_expr(polwithcheck, polrelid) from pg_catalog.pg_policy where polname = 'pgbang_trip'");
                case "trigger definition" -> List.of("drop trigger if exists " + last + " on " + of, text,
                        "select pg_get_triggerdef(oid) from pg_catalog.pg_trigger where tgrelid = "
                        + literal(of) + "::regclass and quote_ident(tgname) = " + literal(last) + " and not tgisinternal");
                case "rule definition" -> List.of("drop rule if exists " + last + " on " + of, text,
                        "select pg_get_ruledef(oid) from pg_catalog.pg_rewrite where ev_class = "
                        + literal(of) + "::regclass and quote_ident(rulename) = " + literal(last));
                case "statistics object definition" -> List.of("drop statistics if exists " + key.name, text,
                        "select pg_get_statisticsobjdef(oid) from pg_catalog.pg_statistic_ext"
                        + " where quote_ident(stxname) = " + literal(last) + " and stxrelid = " + literal(of) + "::regclass");
                case "table partition key" -> List.of("create temp table pgbang_trip (like " + key.name + ") partition by " + text,
                        "select pg_get_partkeydef('pg_temp.pgbang_trip'::regclass)");
                case "function sql body", "function arguments", "procedure sql body", "procedure arguments" -> thing.sql == null ? null
                        : List.of(thing.sql, "select " + (attribute.equals("arguments") ? "pg_get_function_arguments"
                        : "pg_get_function_sqlbody") + "(oid) from pg_catalog.pg_proc where pronamespace::regnamespace || '.'"
                        + " || quote_ident(proname) || '(' || pg_get_function_identity_arguments(oid) || ')' = " + literal(key.name));
                case "publication tables" -> List.of("create publication pgbang_trip for table " + text,
                        "select string_agg(prrelid::regclass || coalesce(' (' || (select string_agg(quote_ident(attname), ', '"
                        + " order by attnum) from pg_catalog.pg_attribute where attrelid = prrelid and attnum = any (prattrs)) || ')',"
                        + " '') || coalesce(' where ' || pg_get_expr(prqual, prrelid), ''), ', '"
                        + " order by prrelid::regclass::text collate \"C\") from pg_catalog.pg_publication_rel join"
                        + " pg_catalog.pg_publication p on p.oid = prpubid where pubname = 'pgbang_trip'");
                default -> null;
            };
        }

        @Override
        public void close() throws SQLException {
            if (connection != null) {
                connection.close(); // which rolls back
            }
            if (scratch != null && !replayed) {
                scratch.close();
            }
        }
    }

    /**
     * The guard against what the catalog's readers do not see: where they find both schemas equal, what pg_dump prints of both must be
     * equal as well, entry by entry, but for owners and grants. It needs a pg_dump that is not older than the servers.
     */
    static final class CrossCheck {
        static final Pattern ENTRY = Pattern.compile("(?m)^-- Name: (.*); Type: (.*); Schema: (.*); Owner: .*$");

        static final int CHEAP = 5_000; // objects, of which pg_dump prints about 20,000 a second

        final validate_schema script;
        final RoundTrip trip;

        CrossCheck(validate_schema script, RoundTrip trip) {
            this.script = script;
            this.trip = trip;
        }

        void run(Model wanted, Database expected, Model found) throws Exception {
            var why = unfit(wanted, found);
            if (why != null) {
                if (Boolean.TRUE.equals(script.checks.crossCheck)) {
                    script.report.skip("drift", "pg_dump", why);
                }
                return;
            }
            var entries = entries(expected);
            var actual = entries(script.database);
            var names = new TreeSet<>(entries.keySet());
            names.addAll(actual.keySet());
            names.removeIf(name -> Objects.equals(entries.get(name), actual.get(name))
                    || Objects.equals(entries.get(name), told(actual.get(name))));
            names.forEach(name -> script.report.add(new Finding("drift", Severity.critical, name, null,
                    "UNEXPLAINED: the catalogs were found equal, pg_dump prints them differently",
                    Objects.toString(entries.get(name), "(none)"), Objects.toString(actual.get(name), "(none)"), null, null)));
            script.detail("pg_dump prints " + count(entries.size(), "entry").replace("entrys", "entries")
                    + (names.isEmpty() ? ", and the same of both" : ""));
        }

        /** Why not, or null. */
        String unfit(Model wanted, Model found) throws InterruptedException {
            if (Boolean.FALSE.equals(script.checks.crossCheck)) {
                return "not wanted";
            }
            if (script.checks.crossCheck == null && found.size() > CHEAP) {
                return "it takes too long unasked";
            }
            if (wanted.pooled || found.pooled) {
                return "it would leave its settings in the sessions of the pooler";
            }
            if (!script.scope.schemas.isEmpty() || !script.scope.exclude.isEmpty() || wanted.server != found.server) {
                return wanted.server != found.server ? "the servers have different versions"
                        : "it prints what --schemas and --exclude leave out";
            }
            try {
                var version = new String(new ProcessBuilder("pg_dump", "--version").start().getInputStream().readAllBytes(), UTF_8)
                        .replaceFirst("(?s)^\\D*(\\d+).*", "$1");
                return Integer.parseInt(version) < found.server ? "there is only pg_dump " + version + ", older than the server" : null;
            } catch (IOException | NumberFormatException e) {
                return "there is no pg_dump";
            }
        }

        /** An entry with the texts that are known to mean the same as what is expected. */
        String told(String entry) {
            for (var text : entry == null ? Set.<Map.Entry<String, String>>of() : trip.equal.entrySet()) {
                entry = entry.replace(text.getKey(), text.getValue());
            }
            return entry;
        }

        Map<String, String> entries(Database where) throws Exception {
            var builder = new ProcessBuilder("pg_dump", "--schema-only", "--no-owner", "--no-privileges", "--exclude-schema=pgbang",
                    "--lock-wait-timeout=" + (long) (script.output.lockTimeout * 1000));
            builder.environment().keySet().removeIf(name -> name.startsWith("PG"));
            builder.environment().putAll(where.clientEnvironment());
            builder.environment().put("PGTZ", "UTC");
            var process = builder.start();
            var said = new FutureTask<>(() -> new String(process.getErrorStream().readAllBytes(), UTF_8));
            new Thread(said).start();
            var text = new String(process.getInputStream().readAllBytes(), UTF_8);
            if (process.waitFor() != 0) {
                throw new Failed("pg_dump failed, with which both sides are to be checked (--no-cross-check does without):\n  "
                        + masked(said.get().strip()));
            }
            return entries(text);
        }

        /** By type, schema and name; without the settings, and without what is left out of every comparison. */
        static Map<String, String> entries(String dump) {
            var entries = new TreeMap<String, String>();
            var heads = ENTRY.matcher(dump).results().toList();
            for (int i = 0; i < heads.size(); i++) {
                var head = heads.get(i);
                var text = dump.substring(head.end(), i + 1 < heads.size() ? heads.get(i + 1).start() : dump.length())
                        .replaceAll("(?m)^(--.*|SET .*;|\\\\(un)?restrict .*|\\s*SEQUENCE NAME .*)$", "").strip();
                var name = text.contains(" ADD GENERATED ") ? text.lines().findFirst().get() : head.group(2).toLowerCase(Locale.ROOT) + " "
                        + (head.group(3).equals("-") ? "" : head.group(3) + ".") + head.group(1);
                if (!head.group(1).matches("(.* )?(pgbang|schema_migrations).*") && !text.startsWith("COMMENT ON EXTENSION")) {
                    entries.merge(name, Text.canonical(text), (one, other) -> one + "\n" + other);
                }
            }
            return entries;
        }
    }

    // --- behaviour ---

    /**
     * Tries what the schema promises: a row that PostgreSQL takes goes into each table, rows made to break one constraint each
     * are refused by it, triggers fire. A transaction for each table, always rolled back; values for serial and identity
     * columns are given, since a sequence does not roll back.
     */
    static final class Behaviour {
        static final class Table {
            String name;
            boolean partitioned;
            final Map<String, Col> columns = new LinkedHashMap<>();
            final List<Rule> rules = new ArrayList<>();
            final List<Trigger> triggers = new ArrayList<>();
            final Map<String, Rule> leaves = new LinkedHashMap<>(); // partitions that hold rows, with what they take

            Stream<Rule> rules(String types) {
                return rules.stream().filter(rule -> types.contains(rule.type));
            }

            boolean mends() {
                return triggers.stream().anyMatch(trigger -> (trigger.type & 7) == 7);
            }
        }

        record Col(String name, String type, char category, boolean notNull, String generated, String preset, List<String> labels,
                List<String> known) {
        }

        /** A constraint or unique index: c check, f foreign key, u unique (p included), x exclusion, r what partitions take. */
        record Rule(String name, String type, List<String> columns, String condition, Table target, List<String> targetColumns,
                List<String> operators) {
        }

        /** The type is the bit mask of pg_trigger.h: 1 row, 2 before, 4 insert, 8 delete, 16 update, 32 truncate, 64 instead of. */
        record Trigger(String name, int type, boolean conditional, long function) {
        }

        /** A row as expressions by column, and the rows that must be inserted in the same statement: those of a cycle without nulls. */
        static final class Row {
            final Map<String, String> values = new LinkedHashMap<>();
            final List<String> with = new ArrayList<>();
            final Set<Table> waits = new HashSet<>();
        }

        /** No row was found; the reason is for the report. */
        static class Unable extends Exception {
            Unable(String reason) {
                super(reason);
            }
        }

        final validate_schema script;
        final Session session;
        final Connection connection;
        final Model found;
        final Report report;
        final long deadline;
        final Map<Long, Table> tables = new LinkedHashMap<>();
        final Map<Long, Table> views = new LinkedHashMap<>();
        final Map<String, Map<String, Boolean>> casts = new HashMap<>();
        final Set<Table> learned = new HashSet<>();
        final Map<Table, Map<String, String>> forced = new HashMap<>();

        Behaviour(validate_schema script, Session session, Model found, long deadline) {
            this.script = script;
            this.session = session;
            this.connection = session.connection;
            this.found = found;
            this.report = script.report;
            this.deadline = deadline;
        }

        void run() throws SQLException {
            new States(this).run();
            read();
            var before = sequences();
            try (var progress = new Progress(script, "rows for each table", tables.size())) {
                int done = 0;
                for (var table : tables.values()) {
                    bounded("table " + table.name, () -> examine(table));
                    progress.at(++done);
                }
            }
            for (var view : views.values()) {
                if (!view.triggers.isEmpty()) {
                    bounded("view " + view.name, () -> insteadOf(view));
                }
            }
            for (var entry : found.all("table").filter(entry -> entry.getValue().get("row security") != null).toList()) {
                bounded(entry.getKey().toString(), () -> rowSecurity(entry.getKey().name));
            }
            untried();
            begin();
            domains();
            connection.rollback();
            begin();
            sequences().forEach((sequence, value) -> {
                if (!Objects.equals(before.get(sequence), value)) {
                    report.notes.add("sequence " + sequence + " went from " + before.get(sequence) + " to " + value
                            + ": by a trigger or somebody else; sequences do not roll back");
                }
            });
            connection.rollback();
        }

        interface Trial {
            void run() throws SQLException, Unable;
        }

        /** One object in a transaction of its own; what it cannot do counts as skipped, unless the connection is lost. */
        void bounded(String object, Trial trial) throws SQLException {
            if (System.nanoTime() > deadline) {
                report.skip("behaviour", object, "budget: " + script.checks.budget + " s are over (--budget)");
                return;
            }
            begin();
            try {
                trial.run();
            } catch (Unable e) {
                report.skip("behaviour", object, e.getMessage());
            } catch (SQLException e) {
                if (Objects.toString(e.getSQLState()).startsWith("08")) {
                    throw e;
                }
                report.skip("behaviour", object, reason(e));
            }
        }

        /** What has no row of its own to try: named, so that it does not pass for verified. */
        void untried() {
            found.all("table").filter(entry -> "foreign".equals(entry.getValue().get("kind")))
                    .forEach(entry -> report.skip("behaviour", entry.getKey().toString(), "a foreign table: its rows are elsewhere"));
        }

        /** A new transaction with the limits, and with the search path that the role's own sessions have: functions may count on it. */
        void begin() throws SQLException {
            connection.rollback();
            session.settle((long) (script.output.lockTimeout * 1000), (long) Math.min(5000, script.output.statementTimeout * 1000));
            execute("set local search_path to default; set local timezone to default; set local datestyle to default; set constraints all"
                    + " immediate");
        }

        static String reason(SQLException e) {
            return switch (Objects.toString(e.getSQLState())) {
                case "42501" -> "no right: " + message(e);
                case "55P03" -> "locked by somebody else for longer than --lock-timeout";
                case "57014" -> "took longer than the statement timeout";
                default -> message(e) + " (SQLSTATE " + e.getSQLState() + ")";
            };
        }

        static String message(SQLException e) {
            return e instanceof PSQLException server && server.getServerErrorMessage() != null ? server.getServerErrorMessage()
                    .getMessage() : e.getMessage();
        }

        static String constraint(SQLException e) {
            return e instanceof PSQLException server && server.getServerErrorMessage() != null
                    ? Objects.toString(server.getServerErrorMessage().getConstraint(), "") : "";
        }

        // --- what is there ---

        void read() throws SQLException {
            var names = found.all("table").filter(entry -> !"foreign".equals(entry.getValue().get("kind")) && entry.getValue()
                    .get("partition bound") == null).map(entry -> entry.getKey().name).toList();
            begin();
            execute("set local search_path = pg_catalog, pg_temp");
            each("select c.oid, quote_ident(nspname) || '.' || quote_ident(relname), relkind = 'p', relkind = 'v' from"
                    + " pg_catalog.pg_class c"
                    + " join pg_catalog.pg_namespace n on n.oid = relnamespace where relkind in ('r', 'p', 'v') order by 2", row -> {
                        if (row.getBoolean(4) ? found.objects.containsKey(new Key("view", row.getString(2)))
                                : names.contains(row.getString(2))) {
                            var table = (row.getBoolean(4) ? views : tables).computeIfAbsent(row.getLong(1), oid -> new Table());
                            table.name = row.getString(2);
                            table.partitioned = row.getBoolean(3);
                        }
                    });
            each("""
                    select attrelid, quote_ident(attname), format_type(atttypid, atttypmod), b.typcategory, attnotnull or t.typnotnull,
                      case when attgenerated <> '' then pg_get_expr(adbin, adrelid) end,
                      case when attgenerated = '' then pg_get_expr(adbin, adrelid) end,
                      (select array_agg(enumlabel::text order by enumsortorder) from pg_catalog.pg_enum where enumtypid = b.oid)
                    from pg_catalog.pg_attribute a join pg_catalog.pg_class c on c.oid = attrelid and relkind in ('r', 'p', 'v') and
                      relnamespace <> 'pg_catalog'::regnamespace join pg_catalog.pg_type t on t.oid = atttypid
                    join pg_catalog.pg_type b on b.oid = coalesce(nullif(t.typbasetype, 0), t.oid) left join pg_catalog.pg_attrdef on
                      adrelid = attrelid and adnum = attnum
                    where attnum > 0 and not attisdropped order by attrelid, attnum""", row -> with(row,
                            table -> table.columns.put(row.getString(2),
                            new Col(row.getString(2), row.getString(3), row.getString(4).charAt(0),
                            row.getBoolean(5), row.getString(6), row.getString(7), list(row, 8), new ArrayList<>()))));
            var columns = "array(select quote_ident(attname) from unnest(%s) with ordinality k(n, i) join pg_catalog.pg_attribute on"
                    + " attrelid = %s and attnum = n order by i)";
            var enforced = Scratch.first(connection,
                    "select 1 from pg_catalog.pg_attribute where attrelid = 'pg_catalog.pg_constraint'::regclass and attname ="
                    + " 'conenforced'") != null ? " and conenforced" : "";
            each("select conrelid, quote_ident(conname), contype, " + columns.formatted("conkey", "conrelid")
                    + ", pg_get_expr(conbin, conrelid), confrelid, " + columns.formatted("confkey", "confrelid")
                    + ", array(select oprname::text from unnest(conexclop) with ordinality k(o, i) join pg_catalog.pg_operator p on p.oid"
                    + " = o order by i) from pg_catalog.pg_constraint where contype in ('c', 'f', 'x')"
                    + " and conparentid = 0" + enforced + " order by contype, conname",
                    row -> with(row, table -> table.rules.add(new Rule(row.getString(2), row.getString(3), list(row, 4), row.getString(5),
                            tables.get(row.getLong(6)), list(row, 7), list(row, 8)))));
            each("select indrelid, quote_ident(relname), 'u', array(select quote_ident(attname) from pg_catalog.pg_attribute a where"
                    + " attrelid = indrelid and attnum > 0 and (attnum = any (indkey[0:indnkeyatts - 1]) or indexprs is not null"
                    + " and exists (select from pg_catalog.pg_depend where classid = 'pg_catalog.pg_class'::regclass and objid ="
                    + " indexrelid and refclassid = classid and refobjid = indrelid and refobjsubid = attnum"
                    + " and attnum <> all (indkey)))), pg_get_expr(indpred, indrelid) from pg_catalog.pg_index i join pg_catalog.pg_class"
                    + " c on c.oid = indexrelid where indisunique and indisvalid order by not indisprimary, relname",
                    row -> with(row, table -> table.rules.add(new Rule(row.getString(2), "u", list(row, 4), row.getString(5), null,
                    List.of(), List.of()))));
            each("select r.oid, string_agg('(' || pg_get_partition_constraintdef(p.relid) || ')', ' or ') from pg_catalog.pg_class r,"
                    + " pg_catalog.pg_partition_tree(r.oid) p where relkind = 'p' and not relispartition and p.isleaf"
                    + " group by r.oid", row -> with(row, table -> table.rules.add(new Rule("partitions", "r", List.of(), row.getString(2),
                    null, List.of(), List.of()))));
            each("select tgrelid, quote_ident(tgname), tgtype, tgqual is not null or tgattr <> '', tgfoid from pg_catalog.pg_trigger"
                    + " where not tgisinternal and tgenabled in ('O', 'A') order by tgname", row -> {
                        var table = tables.getOrDefault(row.getLong(1), views.get(row.getLong(1)));
                        if (table != null) {
                            table.triggers.add(new Trigger(row.getString(2), row.getInt(3), row.getBoolean(4), row.getLong(5)));
                        }
                    });
            each("select r.oid, p.relid::regclass::text, pg_get_partition_constraintdef(p.relid), l.relkind = 'f' from"
                    + " pg_catalog.pg_class r, pg_catalog.pg_partition_tree(r.oid) p"
                    + " join pg_catalog.pg_class l on l.oid = p.relid where r.relkind = 'p' and not r.relispartition and p.isleaf order"
                    + " by 2", row -> with(row, table -> {
                        if (!row.getBoolean(4)) { // that one is skipped with the foreign tables
                            table.leaves.put(row.getString(2), new Rule(row.getString(2), "r", List.of(), row.getString(3), null,
                            List.of(), List.of()));
                        }
                    }));
        }

        interface Reading {
            void accept(Table table) throws SQLException;
        }

        void with(ResultSet row, Reading reading) throws SQLException {
            var table = tables.getOrDefault(row.getLong(1), views.get(row.getLong(1)));
            if (table != null) {
                reading.accept(table);
            }
        }

        void each(String query, Catalog.Row taker) throws SQLException {
            try (var statement = connection.createStatement(); var rows = statement.executeQuery(query)) {
                while (rows.next()) {
                    taker.take(rows);
                }
            }
        }

        static List<String> list(ResultSet row, int i) throws SQLException {
            var array = row.getArray(i);
            return array == null ? List.of() : List.of((String[]) array.getArray());
        }

        Map<String, String> sequences() throws SQLException {
            var values = new TreeMap<String, String>();
            each("select quote_ident(schemaname) || '.' || quote_ident(sequencename), last_value from pg_catalog.pg_sequences",
                    row -> values.put(row.getString(1), row.getString(2)));
            return values;
        }

        void execute(String sql) throws SQLException {
            Scratch.execute(connection, sql);
        }

        // --- what is tried ---

        void examine(Table table) throws SQLException, Unable {
            learn(table);
            Row row = null;
            SQLException refused = null;
            for (int seed = 1; seed <= 3 && row == null; seed++) {
                forced.clear();
                var tried = prepare(table, seed, Map.of(), new ArrayDeque<>(), null);
                refused = attempt(table, tried, false);
                row = refused == null ? tried : null;
            }
            if (row == null) {
                throw new Unable("no row was found that it takes: " + reason(refused));
            }
            report.pass("behaviour", "table " + table.name + " takes a row");
            for (var column : table.columns.values()) {
                if (column.notNull && column.generated == null) {
                    breakNull(table, row, column);
                }
            }
            for (var rule : table.rules("cf").toList()) {
                if (rule.type.equals("c")) {
                    breakCheck(table, row, rule);
                } else {
                    breakForeignKey(table, row, rule);
                }
            }
            fire(table, row, "insert", 4, statement(table, row));
            for (var rule : table.rules("ux").toList()) {
                breakUnique(table, row, rule);
            }
            fireOthers(table, row);
            truncate(table);
            for (var leaf : table.leaves.entrySet()) {
                fill(table, leaf.getKey(), leaf.getValue());
            }
        }

        /** A row for this partition, by way of the parent: it must arrive there. */
        void fill(Table table, String leaf, Rule takes) throws SQLException {
            var object = "table " + leaf;
            var others = List.copyOf(table.rules);
            table.rules.removeIf(rule -> rule.type.equals("r"));
            table.rules.add(takes);
            execute("savepoint pgbang_parents");
            try {
                var row = prepare(table, 4, Map.of(), new ArrayDeque<>(), null);
                var arrived = new String[1];
                var refused = guarded(() -> arrived[0] = Scratch.first(connection, statement(table, row) + " returning tableoid = "
                        + literal(leaf) + "::regclass"));
                if (refused != null) {
                    report.skip("behaviour", object, "the row made for this partition was refused: " + reason(refused));
                } else if ("t".equals(arrived[0])) {
                    report.pass("behaviour", object + " takes a row through its parent");
                } else {
                    report.skip("behaviour", object, "a BEFORE trigger took the row made for this partition elsewhere");
                }
            } catch (Unable e) {
                report.skip("behaviour", object, "no row was found for this partition: " + e.getMessage());
            } finally {
                forced.clear();
                table.rules.clear();
                table.rules.addAll(others);
            }
            execute("rollback to savepoint pgbang_parents; release savepoint pgbang_parents");
        }

        /** Real rows satisfy what no generator understands: their values are tried, too. They are shown to nobody. */
        void learn(Table table) throws SQLException {
            if (!learned.add(table)) {
                return;
            }
            var names = table.columns.keySet().stream().map(name -> name + "::text").collect(Collectors.joining(", "));
            var refused = guarded(() -> each("select " + names + " from " + table.name + " limit 3", row -> {
                int i = 1;
                for (var column : table.columns.values()) {
                    var value = row.getString(i++);
                    if (value != null && value.length() < 500 && !column.known.contains(value)) {
                        column.known.add(value);
                    }
                }
            }));
            if (refused != null && !"42501".equals(refused.getSQLState()) && !names.isEmpty()) {
                throw refused;
            }
        }

        void breakNull(Table table, Row row, Col column) throws SQLException {
            var broken = changed(row, Map.of(column.name, "null"));
            judge(table, "column " + table.name + "." + column.name, "NOT NULL", attempt(table, broken, false),
                    e -> "23502".equals(e.getSQLState()) || "23514".equals(e.getSQLState()) && table.partitioned);
        }

        void breakCheck(Table table, Row row, Rule rule) throws SQLException {
            var object = "constraint " + table.name + "." + rule.name;
            var fixed = new LinkedHashMap<>(row.values);
            fixed.keySet().removeIf(name -> rule.columns.contains(name) || table.columns.get(name).generated != null
                    || rule.columns.stream().map(table.columns::get).anyMatch(c -> c.generated != null && mentions(c.generated, name)));
            for (var alone : List.of(true, false)) { // some can only be broken together with others, which imply them
                try {
                    var values = solve(table, fixed, 1, null, rule, alone);
                    judge(table, object, "CHECK", attempt(table, changed(row, values), false), e -> "23514".equals(e.getSQLState())
                            && (!alone || constraint(e).isEmpty() || constraint(e).equals(plain(rule.name))));
                    return;
                } catch (Unable e) {
                    if (!alone) {
                        report.skip("behaviour", object, "no value was found that breaks it");
                    }
                }
            }
        }

        /** The name itself: PostgreSQL quotes an identifier where it has to, messages and plans do not. */
        static String plain(String name) {
            return name.startsWith("\"") ? name.substring(1, name.length() - 1).replace("\"\"", "\"") : name;
        }

        /** One column of the key gets a value that no parent has; where others share the column, theirs may refuse it as well. */
        void breakForeignKey(Table table, Row row, Rule rule) throws SQLException {
            var object = "constraint " + table.name + "." + rule.name;
            var alone = rule.columns.stream().filter(name -> table.rules("f").filter(other -> other.columns.contains(name)).count() == 1)
                    .findFirst();
            var column = table.columns.get(alone.orElse(rule.columns.get(0)));
            if (rule.target == null || column.generated != null) {
                report.skip("behaviour", object, "its parent or its column is not looked at");
                return;
            }
            var key = new LinkedHashMap<String, String>();
            for (int i = 0; i < rule.columns.size(); i++) { // a null in the key would switch the check off
                var value = row.values.get(rule.columns.get(i));
                key.put(rule.columns.get(i), value == null || value.equals("null")
                        ? cast(table.columns.get(rule.columns.get(i)), candidates(table, table.columns.get(rule.columns.get(i)), 5).get(0))
                        : value);
            }
            table.rules("f").filter(other -> alone.isEmpty() && other != rule && !Collections.disjoint(other.columns, rule.columns))
                    .flatMap(other -> other.columns.stream())
                    .filter(name -> !rule.columns.contains(name) && !table.columns.get(name).notNull)
                    .forEach(name -> key.put(name, "null"));
            for (var text : candidates(table, column, 7)) {
                key.put(column.name, cast(column, text));
                var refused = attempt(table, changed(row, key), false);
                if (refused != null && List.of("23514", "23505", "23P01").contains(refused.getSQLState()) || refused == null
                        && hasParent(rule, key)) {
                    continue;
                }
                judge(table, object, "FOREIGN KEY", refused, e -> "23503".equals(e.getSQLState()));
                return;
            }
            report.skip("behaviour", object, "no value was found that has no parent and breaks nothing else");
        }

        boolean hasParent(Rule rule, Map<String, String> key) throws SQLException {
            var where = new ArrayList<String>();
            for (int i = 0; i < rule.columns.size(); i++) {
                where.add(rule.targetColumns.get(i) + " = " + key.get(rule.columns.get(i)));
            }
            return Scratch.first(connection, "select 1 from " + rule.target.name + " where " + String.join(" and ", where)
                    + " limit 1") != null;
        }

        /** A second row that is another in all but the columns of the rule. */
        void breakUnique(Table table, Row first, Rule rule) throws SQLException {
            var object = (rule.type.equals("x") ? "constraint " + table.name + "." : "index "
                    + table.name.replaceFirst("\\.(\"(?:[^\"]|\"\")*\"|[^.\"]*)$", ".")) + rule.name;
            var same = new LinkedHashMap<String, String>();
            for (int i = 0; i < rule.columns.size(); i++) {
                if (rule.operators.isEmpty() || !rule.operators.get(i).equals("<>")) {
                    same.put(rule.columns.get(i), first.values.get(rule.columns.get(i)));
                }
            }
            first.values.forEach((name, value) -> {
                if (rule.condition != null && mentions(rule.condition, name)) {
                    same.put(name, value); // the index must contain the second row, too
                }
            });
            same.values().removeIf(Objects::isNull); // generated columns follow the others
            execute("savepoint pgbang_parents");
            try {
                var conditional = rule.condition != null && !satisfies(table, first, rule.condition);
                if (same.containsValue("null") || conditional) {
                    report.skip("behaviour", object, conditional ? "the generated row is not one of its WHERE"
                            : "a key column of the generated row is null, because its foreign keys form a cycle");
                } else {
                    var second = prepare(table, 2, same, new ArrayDeque<>(), first);
                    judge(table, object, rule.type.equals("x") ? "EXCLUDE" : "UNIQUE", attempt(table, second, false),
                            e -> (rule.type.equals("x") ? "23P01" : "23505 23P01").contains(e.getSQLState())
                            && (constraint(e).equals(plain(rule.name)) || table.partitioned));
                }
            } catch (Unable e) {
                report.skip("behaviour", object, "no second row was found: " + e.getMessage());
            } finally {
                forced.clear();
            }
            execute("rollback to savepoint pgbang_parents; release savepoint pgbang_parents");
        }

        boolean satisfies(Table table, Row row, String condition) throws SQLException, Unable {
            var result = new boolean[1];
            var refused = guarded(() -> each("select (" + condition + ") from " + source(table, row.values),
                    answer -> result[0] = answer.getBoolean(1)));
            return refused == null && result[0];
        }

        void judge(Table table, String object, String kind, SQLException refused, Predicate<SQLException> right) {
            if (refused != null && right.test(refused)) {
                report.pass("behaviour", object + " refuses");
            } else if (refused == null && table.mends()) {
                report.skip("behaviour", object, "a row made to break it was taken, but a BEFORE trigger may have mended it");
            } else if (refused == null) {
                report.add(Finding.of("behaviour", Severity.data, object, "does not refuse a row that breaks its " + kind));
            } else {
                report.skip("behaviour", object, "the row made to break it was refused by something else: " + reason(refused));
            }
        }

        static Set<String> indexes(String plan) {
            return Pattern.compile("\"Index Name\": (\"(?:[^\"\\\\]|\\\\.)*\")").matcher(plan).results()
                    .map(match -> JsonParser.parseString(match.group(1)).getAsString()).collect(Collectors.toSet());
        }

        // --- triggers ---

        /** EXPLAIN ANALYZE runs a statement and tells which triggers it called, to any user (manual of 18, 14.1.2). */
        boolean fire(Table table, Row row, String event, int bit, String statement) throws SQLException {
            var called = new TreeSet<String>();
            var refused = guarded(false, () -> each("explain (analyze, costs off, timing off, format json) " + statement, answer -> {
                for (var entry : JsonParser.parseString(answer.getString(1)).getAsJsonArray().get(0).getAsJsonObject()
                        .getAsJsonArray("Triggers")) {
                    called.add(entry.getAsJsonObject().get("Trigger Name").getAsString());
                }
            }));
            for (var trigger : table.triggers) {
                if ((trigger.type & bit) != 0) {
                    told(table, trigger, event, called.contains(plain(trigger.name)), refused);
                }
            }
            return refused == null;
        }

        void told(Table table, Trigger trigger, String event, boolean fired, SQLException refused) {
            var object = "trigger " + table.name + "." + trigger.name;
            if (fired) {
                report.pass("behaviour", object + " fires on " + event);
            } else if (refused != null || trigger.conditional) {
                report.skip("behaviour", object, refused != null ? "the " + event + " failed: " + reason(refused)
                        : "its condition did not hold for the generated " + event);
            } else {
                report.add(Finding.of("behaviour", Severity.data, object, "does not fire on " + event));
            }
        }

        /** UPDATE and DELETE find the row by a key; an UPDATE gives other values to what is in no key. */
        void fireOthers(Table table, Row row) throws SQLException, Unable {
            var key = table.rules("u").filter(rule -> rule.condition == null && !rule.columns.isEmpty() && rule.columns.stream()
                    .allMatch(row.values::containsKey)).findFirst();
            var where = key.map(rule -> rule.columns).orElse(List.copyOf(row.values.keySet())).stream()
                    .map(name -> key.isPresent() ? name + " = " + row.values.get(name) : name + "::text is not distinct from ("
                    + row.values.get(name) + ")::text").collect(Collectors.joining(" and "));
            if (table.triggers.stream().anyMatch(trigger -> (trigger.type & 16) != 0)) {
                var keys = table.rules("ufx").flatMap(rule -> rule.columns.stream()).collect(Collectors.toSet());
                var fixed = new LinkedHashMap<>(row.values);
                fixed.keySet().retainAll(keys);
                var other = solve(table, fixed, 3, row, null, true);
                var set = other.entrySet().stream().filter(value -> !keys.contains(value.getKey()))
                        .map(value -> value.getKey() + " = " + value.getValue()).collect(Collectors.joining(", "));
                fire(table, row, "update", 16, "update " + table.name + " set "
                        + (set.isEmpty() ? row.values.entrySet().iterator().next().toString().replaceFirst("=", " = ") : set) + " where "
                        + where);
            }
            if (table.triggers.stream().anyMatch(trigger -> (trigger.type & 8) != 0)) {
                fire(table, row, "delete", 8, "delete from " + table.name + " where " + where);
            }
        }

        /**
         * TRUNCATE takes the table for itself: only if that needs no waiting, and for no longer than the statement, since a rollback to a
         * savepoint gives the lock back. EXPLAIN knows no TRUNCATE; the calls of the functions are counted (track_functions), or one
         * raises an error.
         */
        void truncate(Table table) throws SQLException {
            var triggers = table.triggers.stream().filter(trigger -> (trigger.type & 32) != 0).toList();
            if (triggers.isEmpty()) {
                return;
            }
            var fired = new HashSet<Trigger>();
            var refused = guarded(() -> {
                execute("lock table " + table.name + " in access exclusive mode nowait; set local track_functions = 'all'");
                var before = new HashMap<Trigger, String>();
                for (var trigger : triggers) {
                    before.put(trigger, calls(trigger));
                }
                execute("truncate " + table.name);
                for (var trigger : triggers) {
                    if (!Objects.equals(before.get(trigger), calls(trigger))) {
                        fired.add(trigger);
                    }
                }
            });
            for (var trigger : triggers) {
                var raised = refused != null && "P0001".equals(refused.getSQLState()) && triggers.size() == 1;
                told(table, trigger, "truncate", raised || fired.contains(trigger), refused);
            }
        }

        String calls(Trigger trigger) throws SQLException {
            return Scratch.first(connection, "select pg_catalog.pg_stat_get_xact_function_calls(" + trigger.function + "::oid)");
        }

        /** A view's columns get the values of a row of a table below that has columns of these names, or the usual ones. */
        void insteadOf(Table view) throws SQLException, Unable {
            var definition = found.objects.get(new Key("view", view.name)).get("definition");
            var base = tables.values().stream().filter(table -> mentions(definition, table.name) && view.columns.keySet().stream()
                    .anyMatch(table.columns::containsKey)).findFirst();
            var values = new LinkedHashMap<String, String>();
            var below = base.isPresent() ? prepare(base.get(), 5, Map.of(), new ArrayDeque<>(), null) : new Row();
            for (var column : view.columns.values()) {
                values.put(column.name, below.values.containsKey(column.name) ? below.values.get(column.name)
                        : cast(column, candidates(view, column, 5).get(0)));
            }
            fireOn(view, "insert", 4, "insert into " + view.name + " (" + String.join(", ", values.keySet()) + ") values ("
                    + String.join(", ", values.values()) + ")");
            var refused = base.isEmpty() ? null : attempt(base.get(), below, true); // UPDATE and DELETE need a row that is there
            if (refused != null) {
                throw new Unable("no row was found for the table below: " + reason(refused));
            }
            var set = values.entrySet().iterator().next();
            var where = values.keySet().stream().filter(below.values::containsKey).limit(1)
                    .map(name -> " where " + name + "::text = (" + values.get(name) + ")::text").findFirst().orElse("");
            fireOn(view, "update", 16, "update " + view.name + " set " + set.getKey() + " = " + set.getValue() + where);
            fireOn(view, "delete", 8, "delete from " + view.name + where);
        }

        /** In a savepoint of its own, if there is a trigger for the event. */
        void fireOn(Table view, String event, int bit, String statement) throws SQLException {
            if (view.triggers.stream().anyMatch(trigger -> (trigger.type & bit) != 0)) {
                execute("savepoint pgbang_view");
                fire(view, null, event, bit, statement);
                execute("rollback to savepoint pgbang_view; release savepoint pgbang_view");
            }
        }

        // --- row security ---

        /** Each role that may read the table and that we may become reads it: a policy that fails is a finding. */
        void rowSecurity(String table) throws SQLException {
            var roles = new LinkedHashMap<String, String>();
            each("select distinct quote_ident(rolname), case when not pg_has_role(r.oid, 'member') then 'member' when rolsuper or"
                    + " rolbypassrls or r.oid = relowner"
                    + " and not relforcerowsecurity then 'bypass' else '' end from pg_catalog.pg_class c, pg_catalog.aclexplode(relacl) x"
                    + " join pg_catalog.pg_roles r on r.oid = grantee"
                    + " where c.oid = " + literal(table) + "::regclass and privilege_type = 'SELECT' and grantee <> relowner",
                    row -> roles.put(row.getString(1), row.getString(2)));
            for (var role : roles.entrySet()) {
                var object = "row security of table " + table + " for " + role.getKey();
                if (role.getValue().equals("bypass")) {
                    report.notes.add(object + " does not hold: the role is above it");
                    continue;
                } else if (role.getValue().equals("member")) {
                    report.skip("behaviour", object, "no right to become the role (GRANT " + role.getKey() + " TO ...)");
                    continue;
                }
                var seen = new String[1];
                var refused = guarded(() -> {
                    execute("set local role " + role.getKey());
                    seen[0] = Scratch.first(connection, "select count(*) from (select from " + table + " limit 1000) r");
                });
                if (refused == null) {
                    report.pass("behaviour", object + " works");
                    script.detail(object + " lets " + seen[0] + " rows of at most 1000 through");
                } else if ("57014".equals(refused.getSQLState()) || "55P03".equals(refused.getSQLState())) {
                    report.skip("behaviour", object, reason(refused));
                } else {
                    report.add(Finding.of("behaviour", Severity.security, object, "fails: " + reason(refused)));
                }
            }
        }

        // --- rows ---

        /** A row that should be taken, with parents inserted for its foreign keys; presets are values that it must have. */
        Row prepare(Table table, int seed, Map<String, String> presets, Deque<Table> open, Row unlike) throws SQLException, Unable {
            var row = new Row();
            var fixed = new LinkedHashMap<>(presets);
            var cycles = new ArrayList<Rule>();
            open.push(table);
            forced.put(table, new LinkedHashMap<>(presets));
            for (var key : table.rules("f").toList()) {
                var nullable = key.columns.stream().filter(name -> !table.columns.get(name).notNull && !fixed.containsKey(name))
                        .findFirst();
                if (key.target == null) {
                    throw new Unable("its parent by " + key.name + " is not looked at");
                } else if (open.contains(key.target) && nullable.isPresent()) {
                    key.columns.stream().filter(name -> !table.columns.get(name).notNull).forEach(name -> fixed.putIfAbsent(name, "null"));
                } else if (open.contains(key.target)) {
                    cycles.add(key);
                } else if (key.columns.stream().noneMatch(name -> "null".equals(fixed.get(name)))) {
                    parent(key, seed, fixed, open, row);
                }
            }
            for (var key : cycles) {
                closeCycle(table, key, seed, fixed, row);
            }
            fixed.putAll(forced.remove(table));
            row.values.putAll(solve(table, fixed, seed, unlike, null, true));
            for (var key : cycles) {
                for (int i = 0; i < key.columns.size() && key.target == table; i++) {
                    row.values.put(key.columns.get(i), row.values.get(key.targetColumns.get(i)));
                }
            }
            open.pop();
            row.waits.remove(table);
            return row;
        }

        void parent(Rule key, int seed, Map<String, String> fixed, Deque<Table> open, Row row) throws SQLException, Unable {
            var known = new LinkedHashMap<String, String>();
            for (int i = 0; i < key.columns.size(); i++) {
                if (fixed.containsKey(key.columns.get(i))) {
                    known.put(key.targetColumns.get(i), fixed.get(key.columns.get(i)));
                }
            }
            if (known.size() == key.columns.size() && hasParent(key, fixed)) {
                return;
            }
            learn(key.target);
            var parent = prepare(key.target, seed, known, open, null);
            row.waits.addAll(parent.waits);
            if (parent.waits.isEmpty()) {
                var refused = attempt(key.target, parent, true);
                if (refused != null) {
                    throw new Unable("no parent was found in " + key.target.name + ": " + reason(refused));
                }
            } else {
                row.with.addAll(parent.with);
                row.with.add(insert(key.target, parent));
            }
            for (int i = 0; i < key.columns.size(); i++) {
                fixed.putIfAbsent(key.columns.get(i), parent.values.get(key.targetColumns.get(i)));
            }
        }

        /** The key of a row that is still being made is decided here; it and this row then go into one statement. */
        void closeCycle(Table table, Rule key, int seed, Map<String, String> fixed, Row row) throws SQLException {
            if (key.target == table) {
                return;
            }
            row.waits.add(key.target);
            for (int i = 0; i < key.columns.size(); i++) {
                var name = key.targetColumns.get(i);
                var column = key.target.columns.get(name);
                var decided = forced.get(key.target);
                if (!decided.containsKey(name)) {
                    decided.put(name, cast(column, candidates(key.target, column, seed).get(0)));
                }
                fixed.put(key.columns.get(i), decided.get(name));
            }
        }

        /**
         * Values for all columns that satisfy the CHECKs (and break one, if it is given; alone, or whatever the others say): PostgreSQL
         * itself searches, in a join of the candidates of each column.
         */
        Map<String, String> solve(Table table, Map<String, String> fixed, int seed, Row unlike, Rule broken, boolean alone)
                throws SQLException, Unable {
            var choices = new LinkedHashMap<String, List<String>>();
            for (var column : table.columns.values()) {
                if (column.generated == null) {
                    choices.put(column.name, fixed.containsKey(column.name) ? List.of(fixed.get(column.name))
                            : choices(table, column, seed, unlike));
                }
            }
            var conditions = new ArrayList<String>();
            table.rules("cr").filter(rule -> rule != broken && alone && rule.condition != null
                    && !(rule.type.equals("r") && broken != null)).forEach(rule -> conditions.add("(" + rule.condition + ") is not false"));
            if (broken != null) {
                conditions.add(0, "(" + broken.condition + ") is false");
            }
            if (!conditions.isEmpty()) {
                // a partial unique index is to be tried with a row that it contains, if there is one
                for (var wishes : broken == null ? List.of(true, false) : List.of(false)) {
                    var where = new ArrayList<>(conditions);
                    table.rules("u").filter(rule -> wishes && rule.condition != null)
                            .forEach(rule -> where.add("(" + rule.condition + ")"));
                    var chosen = search(table, choices, where);
                    if (chosen != null) {
                        return chosen;
                    }
                }
                throw new Unable("no values were found that satisfy its CHECKs");
            }
            var first = new LinkedHashMap<String, String>();
            choices.forEach((name, values) -> first.put(name, values.get(0)));
            return first;
        }

        List<String> choices(Table table, Col column, int seed, Row unlike) throws SQLException {
            var values = new ArrayList<>(candidates(table, column, seed).stream().map(text -> cast(column, text)).toList());
            if (unlike != null && values.size() > 1) {
                values.remove(unlike.values.get(column.name));
            }
            if (column.preset != null && !column.preset.contains("nextval(")) { // some CHECKs are made for it: by = current_user
                values.add("(" + column.preset + ")::" + column.type);
            }
            if (values.isEmpty() || !column.notNull) {
                values.add("null::" + column.type);
            }
            return values;
        }

        Map<String, String> search(Table table, Map<String, List<String>> choices, List<String> where) throws SQLException {
            var names = List.copyOf(choices.keySet());
            var from = new ArrayList<String>();
            for (int c = 0; c < names.size(); c++) {
                var column = table.columns.get(names.get(c));
                var used = where.stream().anyMatch(condition -> mentions(condition, column.name)) || table.columns.values().stream()
                        .anyMatch(other -> other.generated != null && mentions(other.generated, column.name));
                var values = choices.get(column.name);
                var rows = new ArrayList<String>();
                for (int i = 0; i < (used ? values.size() : 1); i++) {
                    rows.add("(" + i + ", " + (values.get(i).equals("null") ? "null::" + column.type : values.get(i)) + ")");
                }
                from.add("(values " + String.join(", ", rows) + ") as \"#v" + c + "\" (\"#" + c + "\", " + column.name + ")");
            }
            table.columns.values().stream().filter(column -> column.generated != null)
                    .forEach(column -> from.add("lateral (select " + column.generated + ") as \"#g\" (" + column.name + ")"));
            var chosen = new LinkedHashMap<String, String>();
            var query = "select " + IntStream.range(0, names.size()).mapToObj(c -> "\"#" + c + "\"").collect(Collectors.joining(", "))
                    + " from " + String.join(" cross join ", from) + " where "
                    + String.join(" and ", where) + " limit 1";
            var refused = guarded(() -> each(query, row -> {
                for (int c = 0; c < names.size(); c++) {
                    chosen.put(names.get(c), choices.get(names.get(c)).get(row.getInt(c + 1)));
                }
            }));
            if (refused != null) {
                script.detail(reason(refused) + ": " + query);
            }
            return refused == null && !chosen.isEmpty() ? chosen : null;
        }

        String source(Table table, Map<String, String> values) {
            var generated = table.columns.values().stream().filter(column -> column.generated != null)
                    .map(column -> " cross join lateral (select " + column.generated + ") as \"#g\" (" + column.name + ")");
            return "(select " + values.entrySet().stream().map(entry ->
                    (entry.getValue().equals("null") ? "null::" + table.columns.get(entry.getKey()).type : entry.getValue()) + " as "
                    + entry.getKey())
                    .collect(Collectors.joining(", ")) + ") as \"#r\"" + generated.collect(Collectors.joining());
        }

        static boolean mentions(String expression, String name) {
            return Pattern.compile("(?<![\\w\"])" + Pattern.quote(name) + "(?![\\w\"])").matcher(expression).find();
        }

        static String cast(Col column, String text) {
            return literal(text) + "::" + column.type;
        }

        /** Texts that the type takes: fresh ones for keys, what the CHECKs speak of, what real rows have, and the usual ones. */
        List<String> candidates(Table table, Col column, int seed) throws SQLException {
            var texts = new LinkedHashSet<String>();
            if (table.rules("ux").anyMatch(rule -> rule.columns.contains(column.name)) || table.rules.stream()
                    .anyMatch(rule -> "f".equals(rule.type) && rule.columns.contains(column.name))) {
                texts.addAll(Samples.fresh(column, seed));
            }
            table.rules("cru").filter(rule -> rule.condition != null && mentions(rule.condition, column.name))
                    .forEach(rule -> texts.addAll(Samples.mined(rule.condition, column, seed)));
            texts.addAll(column.known);
            texts.addAll(column.labels.isEmpty() ? Samples.usual(column, seed) : column.labels);
            var valid = valid(column.type, List.copyOf(texts)).stream().limit(24).toList();
            return valid.isEmpty() ? List.of("") : valid;
        }

        List<String> valid(String type, List<String> texts) throws SQLException {
            var known = casts.computeIfAbsent(type, name -> new HashMap<>());
            var unknown = texts.stream().filter(text -> !known.containsKey(text)).toList();
            var all = unknown.stream().map(text -> literal(text) + "::" + type).collect(Collectors.joining(", "));
            if (!unknown.isEmpty() && guarded(() -> each("select " + all, row -> unknown.forEach(text -> known.put(text, true)))) != null) {
                for (var text : unknown) {
                    known.put(text, guarded(() -> each("select " + literal(text) + "::" + type, row -> { })) == null);
                }
            }
            return texts.stream().filter(known::get).toList();
        }

        static Row changed(Row row, Map<String, String> values) {
            var changed = new Row();
            changed.values.putAll(row.values);
            changed.values.putAll(values);
            changed.with.addAll(row.with);
            return changed;
        }

        static String insert(Table table, Row row) {
            return row.values.isEmpty() ? "insert into " + table.name + " default values" : "insert into " + table.name + " ("
                    + String.join(", ", row.values.keySet()) + ") overriding system value values ("
                    + String.join(", ", row.values.values()) + ")";
        }

        static String statement(Table table, Row row) {
            return (row.with.isEmpty() ? "" : "with " + IntStream.range(0, row.with.size())
                    .mapToObj(i -> "w" + i + " as (" + row.with.get(i) + " returning 1)").collect(Collectors.joining(", ")) + " ")
                    + insert(table, row);
        }

        /** Inserts a row and, unless it is to stay, takes it back; what refused it, or null. */
        SQLException attempt(Table table, Row row, boolean stay) throws SQLException {
            return guarded(!stay, () -> execute(statement(table, row)));
        }

        interface Action {
            void run() throws SQLException;
        }

        SQLException guarded(Action action) throws SQLException {
            return guarded(true, action);
        }

        SQLException guarded(boolean takeBack, Action action) throws SQLException {
            execute("savepoint pgbang");
            try {
                action.run();
                execute(takeBack ? "rollback to savepoint pgbang; release savepoint pgbang" : "release savepoint pgbang");
                return null;
            } catch (SQLException e) {
                if (Objects.toString(e.getSQLState(), "08").startsWith("08") || "57P01".equals(e.getSQLState())) {
                    throw e;
                }
                execute("rollback to savepoint pgbang; release savepoint pgbang");
                return e;
            }
        }

        /** A domain's constraints by casts, since its columns only ever get values that it takes. */
        void domains() throws SQLException {
            var checks = new ArrayList<String[]>();
            each("select format('%I.%I', nspname, typname), quote_ident(conname), pg_get_expr(conbin, 0), format_type(typbasetype,"
                    + " typtypmod), (select typcategory from pg_catalog.pg_type b where b.oid = t.typbasetype) from"
                    + " pg_catalog.pg_constraint k join pg_catalog.pg_type t on t.oid = contypid" 
                    + " join pg_catalog.pg_namespace n on n.oid = typnamespace where contype = 'c'", row -> {
                        if (found.objects.containsKey(new Key("domain constraint", row.getString(1) + "." + row.getString(2)))) {
                            checks.add(new String[] {row.getString(1), row.getString(2), row.getString(3), row.getString(4),
                                    row.getString(5)});
                        }
                    });
            for (var check : checks) {
                var column = new Col("VALUE", check[3], check[4].charAt(0), false, null, null, List.of(), List.of());
                var texts = new LinkedHashSet<>(Samples.mined(check[2], column, 1));
                texts.addAll(Samples.usual(column, 1));
                var refusing = false;
                for (var text : valid(check[3], List.copyOf(texts))) {
                    var refused = guarded(() -> each("select (" + literal(text) + "::" + check[3] + ")::" + check[0], row -> { }));
                    refusing |= refused != null && "23514".equals(refused.getSQLState()) && constraint(refused).equals(plain(check[1]));
                }
                if (refusing) {
                    report.pass("behaviour", "domain constraint " + check[0] + "." + check[1] + " refuses");
                } else {
                    report.skip("behaviour", "domain constraint " + check[0] + "." + check[1], "no value was found that breaks it");
                }
            }
        }
    }

    /** Texts to make values of: for each type, and for what the conditions on a column speak of. */
    static final class Samples {
        static final Pattern LITERAL =
                Pattern.compile("(!?~~?\\*?|LIKE)?\\s*\\(?E?'((?:[^']|'')*)'|(?<![\\w.'])(-?\\d+(?:\\.\\d+)?)(?![\\w'])");

        /** Values that hardly any row has yet. */
        static List<String> fresh(Behaviour.Col column, int seed) {
            var type = column.type;
            var n = 7_130_000 + seed;
            return type.startsWith("uuid") ? List.of("00000000-0000-4000-8000-00000" + n) : switch (column.category) {
                case 'N' -> List.of("210713000" + seed, String.valueOf(n), String.valueOf(31_700 + seed), String.valueOf(90 + seed));
                case 'S' -> List.of("pgbang-" + n, "pgbang" + n + "@example.com", "PGBANG" + n, "Z" + seed);
                case 'D' -> type.startsWith("time ") || type.startsWith("time(") ? List.of("03:0" + seed)
                        : List.of("2087-03-0" + seed + " 12:00", "2020-01-0" + seed, "2024-02-0" + seed);
                case 'R' -> usual(column, seed);
                case 'I' -> List.of("198.51.100." + seed);
                case 'A' -> List.of("{}");
                default -> List.of();
            };
        }

        static List<String> usual(Behaviour.Col column, int seed) {
            var n = String.valueOf(seed);
            return switch (column.category) {
                case 'B' -> List.of("true", "false");
                case 'N' -> List.of(n, "0", "0.5", "10", "100", "-1", "1000000");
                case 'S' -> List.of("a" + n, "A", "AA", "ABC", "a", "a@b" + n + ".de", "https://example.com/" + n, "+4912345" + n,
                        "2024-01-01", "12345", "{}", "");
                case 'D' -> column.type.startsWith("time ") || column.type.startsWith("time(") ? List.of("12:00", "03:0" + n)
                        : List.of("2024-01-0" + n, "2024-07-0" + n + " 12:00", "1999-12-31", "2099-01-01", "infinity");
                case 'T' -> List.of(n + " day", "01:00", "0", "-1 day");
                case 'I' -> List.of("192.0.2." + n, "2001:db8::" + n);
                case 'A' -> List.of("{}", "{1}", "{a}", "{2024-01-01}", "{true}", "{1,2}", "{1,2,3,4,5,6,7,8,9,10,11}");
                case 'G' -> List.of("(1," + n + ")", "((1,1),(2," + n + "))", "<(1,1),2>", "{1,2,3}");
                case 'V' -> List.of("1", "101", "0", "10", "11111111");
                case 'R' -> List.of("[" + n + "0," + n + "9)", "[2087-0" + n + "-01,2087-0" + n + "-09)", "empty", "{[" + n + "0," + n
                        + "9)}", "{[2087-0" + n + "-01,2087-0" + n + "-09)}");
                case 'C' -> List.of("()", "(,)", "(,,)", "(,,,)", "(,,,,)", "(,,,,,)");
                default -> List.of("{}", "[]", "{\"a\": 1}", "\"a\"", "1", "a", "00000000-0000-4000-8000-00000000000" + n,
                        "08:00:2b:01:02:0" + n, "08:00:2b:01:02:03:04:0" + n, "\\x0" + n, "0/" + n, "<a/>", "1:1:",
                        "<(1,1),2>", "(1,1)", "");
            };
        }

        /** The literals of a condition, the numbers beside them, texts of lengths that it names, and texts for its patterns. */
        static List<String> mined(String condition, Behaviour.Col column, int seed) {
            var texts = new ArrayList<String>();
            if (condition.contains("satisfies_hash_partition")) { // which of them falls where is the hash's affair
                IntStream.range(20, 44).forEach(n -> texts.add(String.valueOf(n)));
            }
            var match = LITERAL.matcher(condition);
            while (match.find()) {
                var text = match.group(2) == null ? null : match.group(2).replace("''", "'");
                if (match.group(1) != null && text != null) {
                    texts.addAll(match.group(1).contains("~~") ? List.of(text.replace("%", "a" + seed).replace("_", "a"),
                            text.replaceAll("[%_]", "") + seed) : List.of(Sample.of(text, seed), Sample.of(text, 0)));
                } else if (text != null) {
                    texts.add(text);
                } else {
                    var number = new BigDecimal(match.group(3));
                    texts.addAll(List.of(number.toPlainString(), number.add(BigDecimal.ONE).toPlainString(),
                            number.subtract(BigDecimal.ONE).toPlainString()));
                    if (column.category == 'S' && number.signum() > 0 && number.intValue() <= 300) {
                        texts.addAll(List.of("a".repeat(number.intValue()), "A".repeat(number.intValue()), "1".repeat(number.intValue()),
                                "a".repeat(number.intValue() + 1)));
                    }
                }
            }
            return texts.size() > 40 ? texts.subList(0, 40) : texts;
        }

        /** A text that a simple regular expression matches: the first alternative, the least repetition. */
        static final class Sample {
            final String pattern;
            final int seed;
            int at;

            Sample(String pattern, int seed) {
                this.pattern = pattern;
                this.seed = seed;
            }

            static String of(String pattern, int seed) {
                try {
                    return new Sample(pattern.replace("\\\\", "\\"), seed).alternatives();
                } catch (StringIndexOutOfBoundsException | NumberFormatException tooClever) {
                    return "";
                }
            }

            String alternatives() {
                var first = sequence();
                while (at < pattern.length() && pattern.charAt(at) == '|') {
                    at++;
                    sequence();
                }
                return first;
            }

            String sequence() {
                var text = new StringBuilder();
                while (at < pattern.length() && pattern.charAt(at) != '|' && pattern.charAt(at) != ')') {
                    var atom = atom();
                    text.append(atom.repeat(least()));
                }
                return text.toString();
            }

            String atom() {
                var c = pattern.charAt(at++);
                if (c == '(') {
                    at += pattern.startsWith("?:", at) ? 2 : 0;
                    var inner = alternatives();
                    at++;
                    return inner;
                } else if (c == '[') {
                    return set();
                } else if (c == '\\') {
                    var escaped = pattern.charAt(at++);
                    return escaped == 'd' ? String.valueOf(seed % 10) : escaped == 'w' ? "a" : escaped == 's' ? " "
                            : "mMyYAZ".indexOf(escaped) >= 0 ? "" : String.valueOf(escaped);
                }
                return c == '^' || c == '$' ? "" : c == '.' ? "a" : String.valueOf(c);
            }

            /** A character of [a-z0-9_] (of a negated set, one that is not likely to be in it). */
            String set() {
                if (pattern.charAt(at) == '^') {
                    at = pattern.indexOf(']', at + 2) + 1;
                    return "a";
                }
                var first = pattern.startsWith("[:", at) ? pattern.startsWith("[:digit", at) ? '1' : pattern.startsWith("[:upper", at)
                        ? 'A' : 'a' : pattern.charAt(at) == '\\' ? pattern.charAt(at + 1) == 'd' ? '1' : 'a' : pattern.charAt(at);
                var range = pattern.charAt(at + 1) == '-' && pattern.charAt(at + 2) != ']';
                var last = range ? pattern.charAt(at + 2) : first;
                at = pattern.indexOf(']', pattern.startsWith("[:", at) ? pattern.indexOf(":]", at) + 2 : at + 1) + 1;
                return String.valueOf((char) Math.min(last, first + seed));
            }

            int least() {
                if (at >= pattern.length()) {
                    return 1;
                }
                var c = pattern.charAt(at);
                var least = 1;
                if (c == '*' || c == '?') {
                    least = 0;
                } else if (c == '{') {
                    var end = pattern.indexOf('}', at);
                    least = Integer.parseInt(pattern.substring(at + 1, end).replaceFirst(",.*", ""));
                    at = end;
                }
                at += "*?+{".indexOf(c) >= 0 ? 1 : 0;
                return least;
            }
        }
    }

    /** What can be seen to be wrong without trying: the states that a catalog shows, sequences, and views that fail. */
    static final class States {
        final Behaviour behaviour;
        final Report report;

        States(Behaviour behaviour) {
            this.behaviour = behaviour;
            this.report = behaviour.report;
        }

        void run() throws SQLException {
            for (var entry : behaviour.found.objects.entrySet()) {
                var key = entry.getKey();
                var thing = entry.getValue();
                if (key.kind.equals("index") && (thing.get("valid") != null || thing.get("ready") != null)) {
                    find(key, Severity.performance, "is invalid: queries do not use it"
                            + (thing.get("definition").contains("UNIQUE") ? ", and old rows may not be unique" : ""),
                            "REINDEX INDEX CONCURRENTLY " + key.name + ";");
                } else if (key.kind.endsWith("constraint") && thing.get("definition").endsWith(" NOT VALID")) {
                    find(key, Severity.data, "is NOT VALID: rows that were there before may break it", key.kind.equals("constraint")
                            ? "ALTER TABLE " + thing.of + " VALIDATE CONSTRAINT " + Remedy.last(key) + ";" : null);
                } else if (key.kind.equals("constraint") && thing.get("definition").endsWith(" NOT ENFORCED")) {
                    find(key, Severity.data, "is NOT ENFORCED: it checks nothing", null);
                } else if (key.kind.equals("constraint") && thing.get("its triggers") != null) {
                    find(key, Severity.data, "checks nothing: its triggers are disabled", "ALTER TABLE " + thing.of
                            + " ENABLE TRIGGER ALL;");
                } else if (key.kind.equals("trigger") && "no".equals(thing.get("enabled"))) {
                    find(key, Severity.data, "is disabled", "ALTER TABLE " + thing.of + " ENABLE TRIGGER " + Remedy.last(key) + ";");
                }
            }
            sequences();
            views();
            probes();
        }

        /**
         * Does the planner take each index, if a sequential scan is no choice? It is asked for rows by the first key with an operator of
         * the key's operator class (pg_amop, 11.10 of the manual of 18), against a value that it does not know. Another index that
         * has this key, too, serves as well. An index of a partition is not asked for: its parent's stands for it.
         */
        void probes() throws SQLException {
            behaviour.begin();
            behaviour.execute("set local enable_seqscan = off; set local search_path = pg_catalog, pg_temp");
            var probes = new ArrayList<String[]>();
            behaviour.each("""
                    select format('%I.%I', n.nspname, c.relname), format('select from %s where %s %s operator(%I.%s) (select null::%s)%s',
                      indrelid::regclass, k.expression,
                        (select format('collate %I.%I', m.nspname, collname) from pg_catalog.pg_collation l join pg_catalog.pg_namespace m
                          on m.oid = collnamespace
                         where l.oid = indcollation[0] and collname <> 'default'),
                        p.nspname, p.oprname, case when p.oprright = p.oprleft and p.polymorphic then k.type when p.polymorphic then null
                          else format_type(p.oprright, null) end,
                        ' and ' || pg_get_expr(indpred, indrelid)), k.expression
                    from pg_catalog.pg_index i join pg_catalog.pg_class c on c.oid = indexrelid join pg_catalog.pg_namespace n on n.oid =
                      relnamespace
                    cross join lateral (select pg_get_indexdef(indexrelid, 1, false) as expression, format_type(coalesce((select atttypid
                      from pg_catalog.pg_attribute where attrelid = indrelid
                        and attnum = indkey[0] and attnum > 0), (select atttypid from pg_catalog.pg_attribute where attrelid = indexrelid
                          and attnum = 1)), null) as type) k
                    cross join lateral (select m.nspname, oprname, oprleft, oprright, typtype = 'p' as polymorphic from
                      pg_catalog.pg_opclass o join pg_catalog.pg_amop a on amopfamily = opcfamily and amoplefttype = opcintype
                        and amoppurpose = 's' join pg_catalog.pg_operator q on q.oid = amopopr join pg_catalog.pg_namespace m on m.oid =
                          oprnamespace join pg_catalog.pg_type t on t.oid = oprright
                      where o.oid = indclass[0] and (typtype <> 'p' or amoprighttype = amoplefttype) order by amoprighttype = amoplefttype
                        desc, oprname = '=' desc, amopstrategy limit 1) p
                    where c.relkind = 'i' and not relispartition and indisvalid and indisready""", row -> {
                if (behaviour.found.objects.containsKey(new Key("index", row.getString(1)))) {
                    probes.add(new String[] {row.getString(1), row.getString(2), row.getString(3)});
                }
            });
            for (var probe : probes) {
                var plan = new String[1];
                var refused = System.nanoTime() > behaviour.deadline ? new SQLException("budget (--budget)", "budget")
                        : behaviour.guarded(() -> plan[0] = Scratch.first(behaviour.connection, "explain (format json, costs off) "
                        + probe[1]));
                if (refused != null) {
                    report.skip("behaviour", "index " + probe[0], "no plan for " + probe[1] + ": " + Behaviour.reason(refused));
                } else if (serves(probe[0], probe[2], Behaviour.indexes(plan[0]))) {
                    report.pass("behaviour", "index " + probe[0] + " is used");
                } else {
                    find(new Key("index", probe[0]), Severity.performance, "is not used by a query for its key: " + probe[1], null);
                }
            }
        }

        boolean serves(String index, String expression, Set<String> used) {
            var table = behaviour.found.objects.get(new Key("index", index)).of;
            return behaviour.found.all("index").anyMatch(other -> used.contains(Behaviour.plain(Remedy.last(other.getKey())))
                    && table.equals(other.getValue().of)
                    && Behaviour.mentions(other.getValue().get("definition"), expression));
        }

        void find(Key key, Severity severity, String problem, String suggestion) {
            report.add(new Finding("behaviour", severity, key.toString(), null, problem, null, null, null, suggestion));
        }

        /** A sequence that would give a number that is already in the column it belongs to. */
        void sequences() throws SQLException {
            behaviour.begin();
            var owned = new ArrayList<String[]>();
            behaviour.each("""
                    select format('%I.%I', n.nspname, s.relname), format('%I.%I', m.nspname, t.relname), quote_ident(attname), seqincrement
                      > 0, pg_catalog.has_sequence_privilege(s.oid, 'select') from pg_catalog.pg_sequence q
                    join pg_catalog.pg_class s on s.oid = seqrelid join pg_catalog.pg_namespace n on n.oid = s.relnamespace join
                      pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_class'::regclass and d.objid = s.oid
                      and d.refclassid = 'pg_catalog.pg_class'::regclass and d.deptype in ('a', 'i') and d.refobjsubid > 0
                    join pg_catalog.pg_class t on t.oid = d.refobjid join pg_catalog.pg_namespace m on m.oid
                      = t.relnamespace join pg_catalog.pg_attribute a on attrelid = t.oid and attnum = d.refobjsubid""", row -> {
                if (behaviour.found.objects.containsKey(new Key("table", row.getString(2)))) {
                    owned.add(new String[] {row.getString(1), row.getString(2), row.getString(3), row.getString(4), row.getString(5)});
                }
            });
            for (var sequence : owned) {
                var up = sequence[3].equals("t");
                var refused = behaviour.guarded(() -> behaviour.each("select c.value, s.last_value from " + sequence[0] + " s, (select "
                        + (up ? "max(" : "min(") + sequence[2] + ") as value from " + sequence[1] + ") c where c.value "
                        + (up ? ">" : "<") + " s.last_value or c.value = s.last_value and not s.is_called",
                        row -> report.add(new Finding("behaviour", Severity.data, "sequence " + sequence[0], null,
                                "is behind its column: the next numbers are already in " + sequence[1] + "." + sequence[2],
                                row.getString(1), row.getString(2), null,
                                "SELECT setval(" + literal(sequence[0]) + ", (SELECT " + (up ? "max(" : "min(") + sequence[2] + ") FROM "
                                + sequence[1] + "));"))));
                if (refused != null) {
                    report.skip("behaviour", "sequence " + sequence[0], Behaviour.reason(refused));
                } else {
                    report.pass("behaviour", "sequence " + sequence[0] + " was compared with its column");
                }
            }
        }

        void views() throws SQLException {
            behaviour.begin();
            for (var key : behaviour.found.objects.keySet().stream().filter(key -> key.kind.endsWith("view")).toList()) {
                var refused = System.nanoTime() > behaviour.deadline ? new SQLException("budget (--budget)", "budget")
                        : behaviour.guarded(() -> behaviour.each("select * from " + key.name + " limit 1", row -> { }));
                if (refused == null) {
                    report.pass("behaviour", key + " can be read");
                } else if (List.of("42501", "57014", "55P03", "budget").contains(refused.getSQLState())) {
                    report.skip("behaviour", key.toString(), Behaviour.reason(refused));
                } else {
                    find(key, Severity.data, "fails: " + Behaviour.message(refused), "55000".equals(refused.getSQLState())
                            ? "REFRESH MATERIALIZED VIEW " + key.name + ";" : null);
                }
            }
        }
    }

    // --- expectations ---

    /**
     * The file of --expect: tables with columns, indexes and constraints that must be there (more may be), queries that must
     * return no row, queries with a time limit. docs/validate_schema.md describes it.
     */
    static final class Expectations {
        static final Map<String, String> ALIASES = Map.ofEntries(Map.entry("int", "integer"), Map.entry("int4", "integer"),
                Map.entry("int8", "bigint"), Map.entry("int2", "smallint"),
                Map.entry("varchar", "character varying"), Map.entry("char", "character"), Map.entry("bool", "boolean"),
                Map.entry("float8", "double precision"), Map.entry("float4", "real"),
                Map.entry("decimal", "numeric"), Map.entry("timestamptz", "timestamp with time zone"),
                Map.entry("timestamp", "timestamp without time zone"), Map.entry("timetz", "time with time zone"));

        record Timed(String sql, double limit) {
        }

        final Map<String, Map<?, ?>> tables = new LinkedHashMap<>();
        final Map<String, String> empty = new LinkedHashMap<>();
        final Map<String, Timed> queries = new LinkedHashMap<>();
        final double timeout;

        Expectations(double timeout) {
            this.timeout = timeout;
        }

        static Expectations read(Path file, validate_schema script) throws IOException {
            var expectations = new Expectations(script.output.statementTimeout);
            var document = Yaml.read(file, script) instanceof Map<?, ?> map ? map : Map.of();
            script.check(!document.isEmpty() && Set.of("tables", "empty", "queries").containsAll(document.keySet()), file
                    + ": expected are tables:, empty: and queries:");
            section(document, "tables", file, script).forEach((name, value) -> {
                var parts = value == null ? Map.of() : value instanceof Map<?, ?> map ? map : null;
                script.check(parts != null && Set.of("columns", "indexes", "constraints").containsAll(parts.keySet()), file + ": table "
                        + name + " may have columns:, indexes: and constraints:");
                script.check(parts.get("columns") == null || parts.get("columns") instanceof Map, file + ": columns of " + name
                        + ": one NAME: TYPE in each line");
                Stream.of("indexes", "constraints").forEach(list -> script.check(parts.get(list) == null
                        || parts.get(list) instanceof List, file + ": " + list + " of " + name + ": a list of names"));
                expectations.tables.put(name.toString(), parts);
            });
            section(document, "empty", file, script).forEach((name, sql) -> {
                script.check(sql instanceof String text && alone(text), file + ": " + name + ": one query");
                expectations.empty.put(name.toString(), sql.toString());
            });
            section(document, "queries", file, script).forEach((name, value) -> {
                script.check(value instanceof Map<?, ?> query && query.get("sql") instanceof String text && alone(text)
                        && query.get("limit") != null && query.size() == 2, file + ": query " + name
                        + " needs sql: (one query) and limit: (200ms)");
                var query = (Map<?, ?>) value;
                expectations.queries.put(name.toString(), new Timed(query.get("sql").toString(),
                        script.millis(query.get("limit").toString())));
            });
            return expectations;
        }

        /** To the driver, which cuts a text into the statements that it sends one by one: "select 1) x; commit; ..." is more than one. */
        static boolean alone(String sql) {
            try {
                return Parser.parseJdbcSql(single(sql), true, false, true, false, false).size() == 1;
            } catch (SQLException e) {
                return false;
            }
        }

        /** In parentheses a statement can but read: no COMMIT gets it out of the read-only transaction. */
        static String single(String sql) {
            return "select * from (\n" + sql.strip().replaceFirst(";\\s*$", "") + "\n) as expectation";
        }

        static Map<?, ?> section(Map<?, ?> document, String name, Path file, validate_schema script) {
            script.check(document.get(name) == null || document.get(name) instanceof Map, file + ": " + name
                    + ": must be names with values");
            return document.get(name) == null ? Map.of() : (Map<?, ?>) document.get(name);
        }

        static String of(Model model) {
            var tables = new LinkedHashMap<String, Object>();
            model.all("table").filter(entry -> entry.getValue().get("partition bound") == null).forEach(entry -> {
                var name = entry.getKey().name;
                var columns = new LinkedHashMap<String, String>();
                parts(model, "column", name).sorted(Comparator.comparing(part -> Integer.parseInt(part.getValue().get("position"))))
                        .forEach(part -> columns.put(Remedy.last(part.getKey()), Objects.toString(part.getValue().get("type"), "")
                        + (part.getValue().get("not null") == null ? "" : " not null")));
                var table = fields("columns", columns, "indexes", names(model, "index", name), "constraints",
                        names(model, "constraint", name));
                table.values().removeIf(value -> value instanceof List<?> list && list.isEmpty() || value instanceof Map<?, ?> map
                        && map.isEmpty());
                tables.put(name, table);
            });
            return "# What must be there; more may be. Written by validate_schema --init, made to be edited.\n"
                    + Yaml.write(fields("tables", tables))
                    + "\n# Queries that must return no row, for instance:\n#   orders without a customer: select id from orders where"
                    + " customer_id is null\nempty: {}\n"
                    + "\n# Queries with a time limit, for instance:\n#   latest orders: {sql: select * from orders order by ordered_at"
                    + " desc limit 20, limit: 200ms}\nqueries: {}\n";
        }

        static Stream<Map.Entry<Key, Thing>> parts(Model model, String kind, String table) {
            return model.all(kind).filter(entry -> table.equals(entry.getValue().of));
        }

        static List<String> names(Model model, String kind, String table) {
            return parts(model, kind, table).filter(entry -> entry.getValue().get("constraint") == null)
                    .map(entry -> Remedy.last(entry.getKey())).toList();
        }

        /** Names as in the file, with the schema or, for public, without. */
        void check(Model found, Report report) {
            tables.forEach((given, parts) -> {
                var name = Stream.of(given, "public." + given).filter(n -> Stream.of("table", "view", "materialized view")
                        .anyMatch(kind -> found.objects.containsKey(new Key(kind, n)))).findFirst();
                if (name.isEmpty()) {
                    report.add(Finding.of("expectation", Severity.data, "table " + given, "is missing"));
                    return;
                }
                report.pass("expectation", "table " + given);
                ((Map<?, ?>) Objects.requireNonNullElse(parts.get("columns"), Map.of()))
                        .forEach((column, type) -> column(found, report, name.get() + "." + column, Objects.toString(type, "")));
                ((List<?>) Objects.requireNonNullElse(parts.get("constraints"), List.of()))
                        .forEach(constraint -> exists(found, report, new Key("constraint", name.get() + "." + constraint)));
                ((List<?>) Objects.requireNonNullElse(parts.get("indexes"), List.of())).forEach(index -> {
                    var schema = name.get().substring(0, name.get().length() - Remedy.last(new Key("table", name.get())).length());
                    var key = new Key("index", schema + index);
                    exists(found, report, key);
                    if (found.objects.containsKey(key) && found.objects.get(key).get("valid") != null) {
                        report.add(Finding.of("expectation", Severity.performance, key.toString(), "is invalid"));
                    }
                });
            });
        }

        static void exists(Model found, Report report, Key key) {
            if (found.objects.containsKey(key)) {
                report.pass("expectation", key.toString());
            } else {
                report.add(Finding.of("expectation", key.kind.equals("index") ? Severity.performance : Severity.data, key.toString(),
                        "is missing"));
            }
        }

        static void column(Model found, Report report, String name, String wanted) {
            var thing = found.objects.get(new Key("column", name));
            var type = normal(wanted.replaceFirst("(?i)\\s+not null$", ""));
            var problem = thing == null ? "is missing" : !type.isEmpty() && !type.equals(normal(Objects.toString(thing.get("type"), "")))
                    ? "has another type"
                    : wanted.toLowerCase(Locale.ROOT).endsWith("not null") && thing.get("not null") == null ? "may be null" : null;
            if (problem == null) {
                report.pass("expectation", "column " + name);
            } else {
                report.add(new Finding("expectation", Severity.data, "column " + name, null, problem, wanted, thing == null ? null
                        : thing.get("type") + (thing.get("not null") == null ? "" : " not null"), null, null));
            }
        }

        /** int, varchar(20) and timestamptz(3) as PostgreSQL prints them. */
        static String normal(String type) {
            var match = Pattern.compile("([a-z_0-9]+)\\s*(\\([\\d, ]+\\))?((?:\\[\\])*)")
                    .matcher(type.strip().toLowerCase(Locale.ROOT).replaceAll(",\\s+", ","));
            if (!match.matches() || !ALIASES.containsKey(match.group(1))) {
                return type.strip().toLowerCase(Locale.ROOT).replaceAll(",\\s+", ",");
            }
            var words = ALIASES.get(match.group(1)).split("(?= with)", 2);
            return words[0] + Objects.toString(match.group(2), "") + (words.length > 1 ? words[1] : "") + match.group(3);
        }

        void run(Connection connection, Report report) throws SQLException {
            var postgres = connection.getMetaData().getURL().startsWith("jdbc:postgresql");
            if (postgres) {
                Scratch.execute(connection, "set local search_path to default");
            }
            for (var query : empty.entrySet()) {
                var row = new String[1];
                time(connection, report, query.getKey(), query.getValue(), row);
                if (row[0] != null) {
                    report.add(new Finding("expectation", Severity.data, query.getKey(), null, "returns rows, and should return none",
                            "no row", row[0], null, null));
                }
            }
            for (var query : queries.entrySet()) {
                time(connection, report, query.getKey(), query.getValue().sql, new String[1]);
                var millis = time(connection, report, query.getKey(), query.getValue().sql, new String[1]);
                if (millis > query.getValue().limit) {
                    report.add(new Finding("expectation", Severity.performance, query.getKey(), null, "takes too long",
                            millis(query.getValue().limit), millis(millis), null, null));
                }
            }
        }

        static String millis(double millis) {
            return String.format(Locale.ROOT, "%.1f ms", millis);
        }

        /** Runs a query to its end; the first row's first value goes into the array. -1 and a finding if it fails. */
        double time(Connection connection, Report report, String name, String sql, String[] first) throws SQLException {
            var savepoint = connection.getAutoCommit() ? null : connection.setSavepoint();
            var start = System.nanoTime();
            try (var statement = connection.createStatement()) {
                statement.setQueryTimeout((int) Math.max(1, Math.ceil(timeout)));
                try (var rows = statement.executeQuery(single(sql))) {
                    while (rows.next()) {
                        first[0] = first[0] != null ? first[0] : Objects.toString(rows.getString(1), "null");
                    }
                }
                report.passed.computeIfAbsent("expectation", check -> new ArrayList<>()).remove(name);
                report.pass("expectation", name);
                return (System.nanoTime() - start) / 1e6;
            } catch (SQLException e) {
                if (savepoint == null || Objects.toString(e.getSQLState()).startsWith("08")) {
                    if (savepoint != null) {
                        throw e;
                    }
                } else {
                    connection.rollback(savepoint);
                }
                var finding = new Finding("expectation", Severity.data, name, null, "fails: " + Behaviour.message(e), null, null, null,
                        null);
                if (!report.findings.contains(finding)) {
                    report.add(finding);
                }
                return -1;
            }
        }
    }

    // --- speed ---

    /** Times what an application would ask for, and keeps the plans: a plan that changed is told, whatever the time. */
    static final class Benchmark {
        final validate_schema script;
        final Connection connection;
        final Model found;
        final Report report;
        final long deadline;
        final Map<String, String> queries = new LinkedHashMap<>();
        final Map<String, String> plans = new TreeMap<>();

        Benchmark(validate_schema script, Connection connection, Model found, Expectations expectations, long deadline) {
            this.script = script;
            this.connection = connection;
            this.found = found;
            this.report = script.report;
            this.deadline = deadline;
            if (expectations != null) {
                expectations.queries.forEach((name, query) -> queries.put(name, Expectations.single(query.sql)));
            }
            Stream.of("view", "materialized view").flatMap(found::all).forEach(entry ->
                    queries.put(entry.getKey().toString(), "select * from " + entry.getKey().name));
        }

        void run() throws SQLException, IOException {
            lookups();
            Scratch.execute(connection, "set local search_path to default");
            try (var progress = new Progress(script, "timing queries", queries.size())) {
                int done = 0;
                for (var query : queries.entrySet()) {
                    if (System.nanoTime() > deadline) {
                        report.skip("speed", query.getKey(), "budget: " + script.checks.budget + " s are over (--budget)");
                    } else {
                        measure(query.getKey(), query.getValue());
                    }
                    progress.at(++done);
                }
            }
            compareWithBaseline();
        }

        /** Lookups by primary and foreign keys. The value comes from a subquery, so that the plan is that of a parameter. */
        void lookups() throws SQLException {
            var keys = new ArrayList<String[]>();
            try (var statement = connection.createStatement(); var rows = statement.executeQuery("""
                    select format('%I.%I', nspname, relname), conname, contype, (select string_agg(format('%I = (select %%s::%s)', attname,
                      format_type(atttypid, atttypmod)), ' and ' order by i) from unnest(conkey)
                      with ordinality k(n, i) join pg_catalog.pg_attribute on attrelid = conrelid and attnum = n),
                      (select string_agg(quote_ident(attname) || '::text', ', ' order by i) from unnest(conkey) with ordinality k(n, i)
                        join pg_catalog.pg_attribute on attrelid = conrelid and attnum = n)
                    from pg_catalog.pg_constraint join pg_catalog.pg_class c on c.oid = conrelid join pg_catalog.pg_namespace n on n.oid =
                      relnamespace
                    where contype in ('p', 'f') and not relispartition order by 1, contype desc, 2""")) {
                while (rows.next()) {
                    if (found.objects.containsKey(new Key("constraint", rows.getString(1) + "."
                            + Scratch.first(connection, "select quote_ident(" + literal(rows.getString(2)) + ")")))) {
                        keys.add(new String[] {rows.getString(1), rows.getString(2), rows.getString(3), rows.getString(4),
                                rows.getString(5)});
                    }
                }
            }
            for (var key : keys) {
                var savepoint = connection.setSavepoint();
                try (var statement = connection.createStatement(); var row = statement.executeQuery("select " + key[4] + " from " + key[0]
                        + " limit 1")) {
                    var some = row.next();
                    var values = new Object[key[4].split(", ").length];
                    for (int i = 0; i < row.getMetaData().getColumnCount(); i++) {
                        values[i] = some ? literal(row.getString(i + 1)) : "null";
                    }
                    queries.put("lookup " + key[0] + " by " + key[1], "select * from " + key[0] + " where "
                            + String.format(key[3], values));
                } catch (SQLException e) {
                    connection.rollback(savepoint);
                    report.skip("speed", "lookup " + key[0] + " by " + key[1], Behaviour.reason(e));
                }
            }
        }

        void measure(String name, String sql) throws SQLException {
            var savepoint = connection.setSavepoint();
            try (var statement = connection.createStatement()) {
                var plan = plan(Scratch.first(connection, "explain (format json, costs off) " + sql));
                plans.put(name, plan);
                var times = new double[script.checks.runs];
                for (int run = -1; run < times.length; run++) { // the first one warms up
                    var start = System.nanoTime();
                    try (var rows = statement.executeQuery(sql)) {
                        while (rows.next()) {
                            rows.getObject(1);
                        }
                    }
                    times[Math.max(run, 0)] = (System.nanoTime() - start) / 1e6;
                }
                Arrays.sort(times);
                connection.releaseSavepoint(savepoint);
                judge(new Timing(name, percentile(times, 50), percentile(times, 95), times[times.length - 1], plan));
            } catch (SQLException e) {
                if (Objects.toString(e.getSQLState()).startsWith("08")) {
                    throw e;
                }
                connection.rollback(savepoint);
                if ("57014".equals(e.getSQLState())) {
                    report.add(new Finding("speed", Severity.performance, name, null, "did not end within --statement-timeout", null,
                            script.output.statementTimeout + " s", null, null));
                } else {
                    report.skip("speed", name, Behaviour.reason(e));
                }
            }
        }

        static double percentile(double[] sorted, int percent) {
            return sorted[Math.max(0, (int) Math.ceil(sorted.length * percent / 100.0) - 1)];
        }

        void judge(Timing timing) {
            report.timings.add(timing);
            if (script.checks.p95 != null && timing.p95 > script.millis(script.checks.p95)) {
                report.add(new Finding("speed", Severity.performance, timing.name, "p95", "is over the limit",
                        Expectations.millis(script.millis(script.checks.p95)), Expectations.millis(timing.p95), null, null));
            } else {
                report.pass("speed", timing.name);
            }
        }

        /** What is read and how: Index Scan orders_pkey, Seq Scan orders; the rest of a plan says little about indexes. */
        static String plan(String json) {
            var scans = new LinkedHashSet<String>();
            collect(JsonParser.parseString(json).getAsJsonArray().get(0).getAsJsonObject().getAsJsonObject("Plan"), scans);
            return String.join(", ", scans);
        }

        static void collect(JsonObject node, Set<String> scans) {
            var type = node.get("Node Type").getAsString();
            if (type.contains("Scan") || type.contains("Join") || type.equals("Nested Loop")) {
                scans.add(type + Stream.of("Index Name", "Relation Name").filter(node::has).findFirst()
                        .map(name -> " " + node.get(name).getAsString()).orElse(""));
            }
            if (node.has("Plans")) {
                node.getAsJsonArray("Plans").forEach(child -> collect(child.getAsJsonObject(), scans));
            }
        }

        void compareWithBaseline() throws IOException {
            var file = script.checks.baseline;
            if (file == null) {
                return;
            }
            if (!Files.exists(file)) {
                writeAside(file, new GsonBuilder().disableHtmlEscaping().setPrettyPrinting().create()
                        .toJson(fields("baseline", "pgbang validate_schema", "format", 1, "plans", plans)) + "\n");
                report.notes.add(file + ": written, with " + count(plans.size(), "plan"));
                return;
            }
            JsonObject before;
            try {
                before = JsonParser.parseString(Files.readString(file)).getAsJsonObject().getAsJsonObject("plans");
            } catch (JsonParseException | IllegalStateException e) {
                throw script.wrong(file + " is no baseline of validate_schema");
            }
            script.check(before != null, file + " is no baseline of validate_schema");
            plans.forEach((name, plan) -> {
                if (before.has(name) && !before.get(name).getAsString().equals(plan)) {
                    var old = before.get(name).getAsString();
                    var lost = Pattern.compile("Index|Bitmap").matcher(old).find()
                            && occurrences(plan, "Seq Scan") > occurrences(old, "Seq Scan");
                    report.add(new Finding("speed", lost ? Severity.performance : Severity.note, name, "plan", lost
                            ? "has a sequential scan where there was an index" : "changed", old, plan, null, null));
                }
            });
        }

        static long occurrences(String text, String part) {
            return Pattern.compile(part, Pattern.LITERAL).matcher(text).results().count();
        }
    }

    // --- SQLite ---

    /** A SQLite file as a model, by its own table-valued pragmas (https://sqlite.org/pragma.html#pragfunc). */
    static final class Sqlite {
        static boolean is(Path file) throws IOException {
            if (!Files.isRegularFile(file)) {
                return false;
            }
            try (var in = Files.newInputStream(file)) {
                return new String(in.readNBytes(15), UTF_8).equals("SQLite format 3");
            }
        }

        static Connection open(Path file) throws SQLException {
            var settings = new SQLiteConfig();
            settings.setReadOnly(true);
            settings.setBusyTimeout(10_000);
            return settings.createConnection("jdbc:sqlite:" + file.toAbsolutePath());
        }

        static Model read(Path file) throws SQLException {
            var model = new Model();
            model.portable = true;
            try (var connection = open(file); var statement = connection.createStatement()) {
                each(statement, "select name, sql, type, tbl_name from sqlite_schema where name not like 'sqlite\\_%' escape '\\' and"
                        + " tbl_name not like 'schema\\_migrations%' escape '\\' and tbl_name not like 'pgbang\\_%' escape '\\'", row -> {
                    var kind = row.getString(3);
                    var table = name(row.getString(4));
                    var thing = model.add(kind, kind.equals("trigger") ? table + "." + name(row.getString(1)) : name(row.getString(1)));
                    thing.of = kind.matches("table|view") ? null : table;
                    if (kind.equals("table")) {
                        tableAttributes(thing, row.getString(2));
                    } else {
                        thing.attributes.put("definition", Text.canonical(row.getString(2)));
                    }
                });
                columns(statement, model);
                keys(statement, model);
                each(statement, "select name, sql from sqlite_schema where type = 'table' and sql is not null",
                        row -> clauses(model, name(row.getString(1)), row.getString(2)));
            }
            model.notCompared.put("user_version, application_id", "the application's, not the schema's");
            return model;
        }

        interface Row extends Catalog.Row {
        }

        static void each(Statement statement, String query, Row taker) throws SQLException {
            try (var rows = statement.executeQuery(query)) {
                while (rows.next()) {
                    taker.take(rows);
                }
            }
        }

        static String name(String name) {
            return name.matches("[a-z_][a-z0-9_$]*") ? name : quote(name);
        }

        static final Pattern COMMENT = Pattern.compile("('(?:[^']|'')*'|\"(?:[^\"]|\"\")*\")|--[^\\n]*|/\\*.*?\\*/", Pattern.DOTALL);
        static final Pattern CLAUSE = Pattern.compile("COLLATE\\s+(\\S+)|ON\\s+CONFLICT\\s+(\\w+)"
                + "|((?:NOT )?DEFERRABLE(?:\\s+INITIALLY\\s+\\w+)?)", Pattern.CASE_INSENSITIVE);

        /** What no pragma tells stands in the CREATE TABLE: CHECKs, AUTOINCREMENT, WITHOUT ROWID, STRICT. */
        static void tableAttributes(Thing thing, String sql) {
            var text = new Text(COMMENT.matcher(sql).replaceAll("$1"));
            put(thing, "checks", IntStream.range(0, text.tokens.size())
                    .filter(i -> text.at(i).equalsIgnoreCase("CHECK") && text.at(i + 1).equals("("))
                    .mapToObj(i -> text.text(i + 1, text.close(i + 1) + 1).replaceAll("\\(\\s+", "(")).distinct().sorted()
                    .collect(Collectors.joining(", ")));
            put(thing, "options", text.tokens.contains(")")
                    ? text.text(text.tokens.lastIndexOf(")") + 1, text.tokens.size()).toUpperCase(Locale.ROOT) : "");
            put(thing, "autoincrement", text.tokens.stream().anyMatch("AUTOINCREMENT"::equalsIgnoreCase) ? "yes" : "");
        }

        /** Nor do they tell collations, the expressions of generated columns, ON CONFLICT and DEFERRABLE: item by item. */
        static void clauses(Model model, String table, String sql) {
            var text = new Text(COMMENT.matcher(sql).replaceAll("$1"));
            var close = text.tokens.contains("(") ? text.close(text.tokens.indexOf("(")) : 0;
            for (int i = text.tokens.indexOf("(") + 1, start = i; i <= close && close > 0; i++) {
                if (text.at(i).equals("(")) {
                    i = text.close(i);
                } else if (i == close || text.at(i).equals(",")) {
                    clauses(model, table, text, start, i);
                    start = i + 1;
                }
            }
        }

        /** Of a column to the column, of the table's constraints to the table. */
        static void clauses(Model model, String table, Text text, int start, int end) {
            var own = text.at(start).matches("(?i)CONSTRAINT|PRIMARY|UNIQUE|CHECK|FOREIGN");
            var column = name(text.at(start).replaceAll("^[\"'`]|[\"'`]$", ""));
            var thing = model.objects.get(own ? new Key("table", table) : new Key("column", table + "." + column));
            if (thing == null) {
                return;
            }
            var outside = new StringBuilder();
            for (int i = start; i < end; i++) {
                if (text.at(i).equals("(") && text.at(i - 1).equalsIgnoreCase("AS") && !own) {
                    thing.attributes.merge("generated", String.join(" ", text.tokens.subList(i, text.close(i) + 1)),
                            (how, expression) -> how + ": " + expression);
                }
                i = text.at(i).equals("(") ? text.close(i) : i;
                outside.append(text.at(i)).append(' ');
            }
            var found = CLAUSE.matcher(outside).results().map(clause -> clause.group().strip().toUpperCase(Locale.ROOT)).toList();
            var whole = own ? String.join(" ", text.tokens.subList(start, end)) : String.join(" ", found);
            if (!found.isEmpty()) {
                thing.attributes.merge("clauses", whole, (a, b) -> a + ", " + b);
            }
        }

        static void columns(Statement statement, Model model) throws SQLException {
            each(statement, "select m.name, x.cid, x.name, x.type, x.\"notnull\", x.dflt_value, x.hidden from sqlite_schema m,"
                    + " pragma_table_xinfo(m.name) x where m.type in ('table', 'view') and x.hidden <> 1", row -> {
                if (model.objects.containsKey(new Key("table", name(row.getString(1))))
                        || model.objects.containsKey(new Key("view", name(row.getString(1))))) {
                    var thing = model.add("column", name(row.getString(1)) + "." + name(row.getString(3)));
                    thing.of = name(row.getString(1));
                    thing.attributes.put("position", String.valueOf(row.getInt(2) + 1));
                    put(thing, "type", row.getString(4).toLowerCase(Locale.ROOT));
                    put(thing, "not null", row.getInt(5) == 1 ? "yes" : "");
                    put(thing, "default", row.getString(6));
                    put(thing, "generated", row.getInt(7) == 2 ? "virtual" : row.getInt(7) == 3 ? "stored" : "");
                }
            });
        }

        static void put(Thing thing, String attribute, String value) {
            if (value != null && !value.isEmpty()) {
                thing.attributes.put(attribute, value);
            }
        }

        /** Keys get names by what they are: SQLite does not keep those of constraints. */
        static void keys(Statement statement, Model model) throws SQLException {
            each(statement, "select m.name, 'PRIMARY KEY (' || group_concat(x.name, ', ' order by x.pk) || ')' from sqlite_schema m,"
                    + " pragma_table_xinfo(m.name) x where m.type = 'table' and x.pk > 0 group by m.name",
                    row -> key(model, row.getString(1), row.getString(2)));
            each(statement, "select m.name, 'UNIQUE (' || group_concat(x.name, ', ' order by x.seqno) || ')' from sqlite_schema m,"
                    + " pragma_index_list(m.name) l, pragma_index_info(l.name) x"
                    + " where m.type = 'table' and l.origin = 'u' group by m.name, l.name",
                    row -> key(model, row.getString(1), row.getString(2)));
            each(statement, "select m.name, 'FOREIGN KEY (' || group_concat(\"from\", ', ' order by seq) || ') REFERENCES ' || \"table\""
                    + " || coalesce('(' || group_concat(\"to\", ', ' order by seq) || ')', '')"
                    + " || case on_update when 'NO ACTION' then '' else ' ON UPDATE ' || on_update end || case on_delete when 'NO ACTION'"
                    + " then '' else ' ON DELETE ' || on_delete end from sqlite_schema m, pragma_foreign_key_list(m.name) f"
                    + " where m.type = 'table' group by m.name, id", row -> key(model, row.getString(1), row.getString(2)));
        }

        static void key(Model model, String table, String definition) {
            if (model.objects.containsKey(new Key("table", name(table)))) {
                var thing = model.add("constraint", name(table) + "." + definition);
                thing.of = name(table);
                thing.attributes.put("definition", definition);
            }
        }

        /** The migrations for SQLite, by the runner with DATABASE_URL=sqlite:///..., or the files of --dir one after the other. */
        static Model replay(validate_schema script) throws Exception {
            var folder = Files.createTempDirectory("pgbang_scratch_");
            var file = folder.resolve("scratch.sqlite");
            try {
                if (script.expected.runner != null) {
                    var builder = new ProcessBuilder(script.runner()).redirectErrorStream(true);
                    builder.environment().putAll(Map.of("DATABASE_URL", "sqlite:///" + file, "SQLITE_FILE", file.toString()));
                    var said = Files.createTempFile(folder, "runner", ".txt");
                    var process = builder.redirectOutput(said.toFile()).start();
                    if (!process.waitFor(script.expected.runnerTimeout, TimeUnit.SECONDS) || process.exitValue() != 0) {
                        process.descendants().forEach(ProcessHandle::destroyForcibly);
                        process.destroyForcibly();
                        throw new Failed("the runner failed for the scratch file: " + script.expected.runner + "\n  "
                                + Files.readString(said).strip());
                    }
                } else {
                    runFiles(script, file);
                }
                script.check(Files.exists(file), "the runner made no file: does it use DATABASE_URL or SQLITE_FILE?");
                return read(file).without(script.scope.exclude);
            } finally {
                try (var left = Files.walk(folder)) {
                    left.sorted(Comparator.reverseOrder()).forEach(path -> path.toFile().delete());
                }
            }
        }

        static void runFiles(validate_schema script, Path file) throws Exception {
            var dir = script.expected.dir != null ? script.expected.dir
                    : Path.of(script.database.variables().getOrDefault("MIGRATIONS_DIR", "migrations"));
            script.check(Files.isDirectory(dir), "there is no folder " + dir
                    + "; name it by --dir, or a runner by --runner, or the expected schema by --against");
            try (var files = Files.list(dir); var connection = DriverManager.getConnection("jdbc:sqlite:"
                    + file); var statement = connection.createStatement()) {
                for (var path : files.filter(path -> path.toString().endsWith(".sql") && !path.toString().endsWith(".down.sql")).sorted()
                        .toList()) {
                    try {
                        statement.executeUpdate(Files.readString(path)); // the driver passes the whole script to sqlite3_exec
                    } catch (SQLException e) {
                        throw new Failed("the migration " + path + " fails in the scratch file", e);
                    }
                }
            }
        }

        static void integrity(Path file, Report report) throws SQLException {
            try (var connection = open(file); var statement = connection.createStatement()) {
                each(statement, "pragma integrity_check", row -> {
                    if (row.getString(1).equals("ok")) {
                        report.pass("integrity", "integrity_check");
                    } else {
                        report.add(Finding.of("integrity", Severity.critical, file.toString(), row.getString(1)));
                    }
                });
                var before = report.findings.size();
                each(statement, "select \"table\", parent, count(*), min(rowid) from pragma_foreign_key_check group by 1, 2",
                        row -> report.add(Finding.of("integrity", Severity.data, "table " + name(row.getString(1)),
                        count(row.getLong(3), "row") + " without a parent in " + row.getString(2) + ", the first with rowid "
                        + row.getString(4))));
                if (before == report.findings.size()) {
                    report.pass("integrity", "foreign_key_check");
                }
            }
        }
    }

    /** What SQLite and PostgreSQL have in common: tables, columns, keys, indexes by their columns, views and triggers by name. */
    static final class Portable {
        static final Pattern KEY = Pattern.compile("(PRIMARY KEY|UNIQUE|FOREIGN KEY)(?: NULLS NOT DISTINCT)? \\((.*?)\\)(?: REFERENCES"
                + " (.*?) ?\\((.*?)\\)| REFERENCES (\\S+))?(.*)", Pattern.DOTALL);
        static final Pattern INDEX = Pattern.compile("(?i)CREATE (UNIQUE )?INDEX (?:.*? )?ON (?:ONLY )?\\S+?(?: USING \\w+)?"
                + " ?\\((.*)\\)(?: WHERE .*| WITH .*| NULLS NOT DISTINCT.*| TABLESPACE .*)?", Pattern.DOTALL);

        static String plain(String name) {
            return name.replaceFirst("^(\"(?:[^\"]|\"\")*\"|[^.\"]+)\\.(?=.)", "").replace("\"", "").toLowerCase(Locale.ROOT);
        }

        static String columns(String list) {
            return Stream.of(list.split(",")).map(column -> column.strip()
                    .replaceFirst("(?i)( COLLATE \\S+)?( (ASC|DESC))?( NULLS (FIRST|LAST))?$", "").replaceFirst(" \\w+_ops$", "")
                    .replaceAll("[\"`\\[\\]]", "").toLowerCase(Locale.ROOT))
                    .collect(Collectors.joining(", "));
        }

        static Model of(Model model) {
            var common = new Model();
            common.portable = true;
            common.common = true;
            var primary = new java.util.HashSet<String>();
            model.all("constraint").forEach(entry -> constraint(model, common, entry.getValue(), primary));
            model.objects.forEach((key, thing) -> {
                var table = thing.of == null ? null : model.portable ? thing.of.replace("\"", "").toLowerCase(Locale.ROOT)
                        : plain(thing.of);
                var name = table != null ? table + "." + Remedy.last(key).replace("\"", "").toLowerCase(Locale.ROOT) : model.portable
                        ? key.name.replace("\"", "").toLowerCase(Locale.ROOT) : plain(key.name);
                switch (key.kind) {
                    case "table", "view", "trigger" -> common.add(key.kind, name).of = table;
                    case "materialized view" -> common.add("view", name);
                    case "column" -> {
                        var column = common.add("column", name);
                        column.of = table;
                        if (thing.get("not null") != null && !primary.contains(name)) {
                            column.attributes.put("not null", "yes");
                        }
                    }
                    case "index" -> index(common, table, key, thing);
                    default -> { }
                }
            });
            return common;
        }

        static void constraint(Model model, Model common, Thing thing, Set<String> primary) {
            var match = KEY.matcher(thing.get("definition"));
            var table = model.portable ? thing.of.replace("\"", "").toLowerCase(Locale.ROOT) : plain(thing.of);
            if (match.matches()) {
                var columns = columns(match.group(2));
                if (match.group(1).equals("PRIMARY KEY")) {
                    Stream.of(columns.split(", ")).forEach(column -> primary.add(table + "." + column));
                }
                var parent = match.group(3) != null ? match.group(3) : match.group(5);
                var actions = Objects.toString(match.group(6), "")
                        .replaceAll("(?i) (NOT VALID|(NOT )?DEFERRABLE|INITIALLY \\w+|NOT ENFORCED)| ON \\w+ NO ACTION", "").strip();
                common.add("constraint", table + "." + match.group(1).toLowerCase(Locale.ROOT) + " (" + columns + ")"
                        + (parent == null ? "" : " references " + (model.portable ? parent.replace("\"", "").toLowerCase(Locale.ROOT)
                        : plain(parent)) + (actions.isEmpty() ? "" : " " + actions.toLowerCase(Locale.ROOT)))).of = table;
            }
        }

        static void index(Model common, String table, Key key, Thing thing) {
            var match = INDEX.matcher(thing.get("definition"));
            if (thing.get("constraint") == null && match.matches()) {
                var unique = match.group(1) != null;
                var expression = match.group(2).contains("(") || thing.get("definition").contains(" WHERE ");
                common.add(unique && !expression ? "constraint" : "index", table + (unique ? ".unique (" : ".(")
                        + (expression ? plain(key.name) : columns(match.group(2))) + ")").of = table;
            }
        }
    }

    // --- pages ---

    /** The report as JUnit's XML and as one HTML page, which needs no network. */
    static final class Pages {
        static final Pattern PARENT = Pattern.compile("REFERENCES ((?:\"(?:[^\"]|\"\")*\"|[^\\s\"(])+)");
        static final int DRAWN = 400;

        final Report report;

        Pages(Report report) {
            this.report = report;
        }

        static String escaped(String text) {
            return Objects.toString(text, "").replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\"", "&quot;")
                    .replaceAll("[\\x00-\\x08\\x0B\\x0C\\x0E-\\x1F\\uFFFE\\uFFFF]", "\uFFFD");
        }

        String junit() {
            var checks = new TreeSet<>(report.passed.keySet());
            report.findings.forEach(finding -> checks.add(finding.check));
            report.skipped.forEach(skipped -> checks.add(skipped.check));
            var xml = new StringBuilder("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
            for (var check : checks) {
                var passed = report.passed.getOrDefault(check, List.of());
                var findings = report.findings.stream().filter(finding -> finding.check.equals(check) && finding.severity != Severity.note)
                        .toList();
                var skipped = report.skipped.stream().filter(skip -> skip.check.equals(check)).toList();
                xml.append("  <testsuite name=\"").append(check).append("\" tests=\"")
                        .append(passed.size() + findings.size() + skipped.size()).append("\" failures=\"").append(findings.size())
                        .append("\" errors=\"0\" skipped=\"").append(skipped.size()).append("\">\n");
                passed.forEach(name -> xml.append("    <testcase classname=\"").append(check).append("\" name=\"").append(escaped(name))
                        .append("\"/>\n"));
                findings.forEach(finding -> xml.append("    <testcase classname=\"").append(check).append("\" name=\"")
                        .append(escaped(finding.object + (finding.attribute == null ? "" : ", " + finding.attribute)))
                        .append("\"><failure type=\"").append(finding.severity).append("\" message=\"").append(escaped(finding.problem))
                        .append("\">").append(escaped(String.join("\n", finding.lines()))).append("</failure></testcase>\n"));
                skipped.forEach(skip -> xml.append("    <testcase classname=\"").append(check).append("\" name=\"")
                        .append(escaped(skip.object)).append("\"><skipped message=\"").append(escaped(skip.reason))
                        .append("\"/></testcase>\n"));
                xml.append("  </testsuite>\n");
            }
            return xml.append("</testsuites>\n").toString();
        }

        String html(int exit) {
            var page = new StringBuilder("""
                    <!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><meta name="viewport"
                      content="width=device-width"><title>Schema</title><style>
                    :root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; --line: #8886; --box: #8881; }
                    body { margin: 2rem auto; max-width: 75rem; padding: 0 1rem } table { border-collapse: collapse; width: 100% } td, th {
                      border-bottom: 1px solid var(--line); padding: .3rem .6rem; text-align: left; vertical-align: top }
                    code, pre { font: 13px ui-monospace, monospace; white-space: pre-wrap; overflow-wrap: break-word; margin: 0 } .critical,
                      .security, .data { color: #c33; font-weight: 600 } .performance { color: #a70 }
                    .cosmetic, .note { opacity: .8 } figure { overflow-x: auto; margin: 0 } svg text { font: 12px ui-monospace, monospace;
                      fill: currentColor } svg rect { fill: var(--box); stroke: currentColor }
                    svg path { fill: none; stroke: currentColor; opacity: .45 } svg .bad rect { stroke: #c33; stroke-width: 3 } @media
                      print { body { max-width: none } tr { break-inside: avoid } }
                    </style></head><body><h1>Schema</h1>
                    """);
            page.append("<p>").append(escaped(report.verdict(exit))).append(" (exit code ").append(exit).append(")</p>\n");
            rows(page, "Findings", List.of("Severity", "Object", "What", "Expected", "Found", "Migration", "Suggested"),
                    report.findings.stream().map(f -> List.of("<span class=\"" + f.severity + "\">" + f.severity + "</span>",
                    escaped(f.object), escaped((f.attribute == null ? "" : f.attribute + " ") + f.problem), code(f.wanted), code(f.found),
                    escaped(f.migration), code(f.suggestion))).toList());
            rows(page, "Speed", List.of("Query", "p50", "p95", "max", "Plan"), report.timings.stream()
                    .map(t -> List.of(escaped(t.name), Expectations.millis(t.p50), Expectations.millis(t.p95), Expectations.millis(t.max),
                    code(t.plan))).toList());
            rows(page, "Skipped", List.of("Check", "Object", "Reason"), report.skipped.stream()
                    .map(s -> List.of(escaped(s.check), escaped(s.object), escaped(s.reason))).toList());
            rows(page, "Ignored", List.of("Difference", "Reason"), report.ignored.entrySet().stream()
                    .map(e -> List.of(escaped(e.getKey()), escaped(e.getValue()))).toList());
            rows(page, "Not compared", List.of("Kind", "Why"), report.notCompared.entrySet().stream()
                    .map(e -> List.of(escaped(e.getKey()), escaped(e.getValue()))).toList());
            rows(page, "Notes", List.of(""), report.notes.stream().map(note -> List.of(escaped(note))).toList());
            return page.append("<h2>Tables</h2>\n").append(diagram()).append("</body></html>\n").toString();
        }

        static String code(String text) {
            return text == null ? "" : "<code>" + escaped(text) + "</code>";
        }

        static void rows(StringBuilder page, String title, List<String> heads, List<List<String>> rows) {
            if (!rows.isEmpty()) {
                page.append("<h2>").append(title).append("</h2><table><tr>")
                        .append(heads.stream().map(head -> "<th>" + head + "</th>").collect(Collectors.joining())).append("</tr>\n");
                rows.forEach(row -> page.append("<tr>").append(row.stream().map(cell -> "<td>" + cell + "</td>")
                        .collect(Collectors.joining())).append("</tr>\n"));
                page.append("</table>\n");
            }
        }

        /** A table stands right of those it refers to; a cycle ends where it began to be followed. */
        String diagram() {
            var tables = report.found.all("table").filter(entry -> entry.getValue().get("partition bound") == null)
                    .map(entry -> entry.getKey().name).limit(DRAWN).toList();
            var parents = new TreeMap<String, Set<String>>();
            tables.forEach(table -> parents.put(table, new TreeSet<>()));
            report.found.all("constraint").forEach(entry -> {
                var match = PARENT.matcher(entry.getValue().get("definition"));
                if (match.find() && parents.containsKey(entry.getValue().of) && parents.containsKey(match.group(1))) {
                    parents.get(entry.getValue().of).add(match.group(1));
                }
            });
            var levels = new HashMap<String, Integer>();
            tables.forEach(table -> level(table, parents, levels, new HashSet<>()));
            var width = 24 + 8 * tables.stream().mapToInt(String::length).max().orElse(10);
            var places = new HashMap<String, int[]>();
            var used = new HashMap<Integer, Integer>();
            tables.forEach(table -> places.put(table, new int[] {20 + levels.get(table) * (width + 80), 20
                    + (used.merge(levels.get(table), 1, Integer::sum) - 1) * 44}));
            var svg = new StringBuilder();
            parents.forEach((table, above) -> above.forEach(parent -> svg.append(line(places.get(table), places.get(parent), width))));
            var bad = report.findings.stream().map(Finding::object).collect(Collectors.joining("\n"));
            places.forEach((table, at) -> svg.append("<g").append(bad.contains(" " + table) ? " class=\"bad\"" : "")
                    .append("><rect rx=\"4\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"30\"/><text x=\"%d\" y=\"%d\">%s</text></g>\n"
                    .formatted(at[0], at[1], width, at[0] + 10, at[1] + 19, escaped(table))));
            var right = places.values().stream().mapToInt(at -> at[0]).max().orElse(0) + width + 60;
            var bottom = places.values().stream().mapToInt(at -> at[1]).max().orElse(0) + 60;
            var left = report.found.all("table").filter(entry -> entry.getValue().get("partition bound") == null).count() - tables.size();
            var drawing = "<figure><svg role=\"img\" aria-label=\"Tables and foreign keys\" width=\"%1$d\" height=\"%2$d\""
                    + " viewBox=\"0 0 %1$d %2$d\">%3$s</svg></figure>%4$s\n";
            return drawing.formatted(right, bottom, svg,
                    left > 0 ? "<p>" + count(left, "further table") + " not drawn</p>" : "");
        }

        static int level(String table, Map<String, Set<String>> parents, Map<String, Integer> levels, Set<String> path) {
            if (!levels.containsKey(table) && path.add(table)) {
                levels.put(table, parents.get(table).stream().filter(parent -> !path.contains(parent))
                        .mapToInt(parent -> level(parent, parents, levels, path) + 1).max().orElse(0));
                path.remove(table);
            }
            return levels.getOrDefault(table, 0);
        }

        static String line(int[] from, int[] to, int width) {
            var x = to[0] + width;
            return from == to ? "<path d=\"M%d,%d c30,-20 30,30 0,10\"/>\n".formatted(from[0] + width, from[1] + 10)
                    : "<path d=\"M%d,%d C%d,%d %d,%d %d,%d\"/>\n".formatted(from[0], from[1] + 15, from[0] - 40, from[1] + 15, x + 40,
                    to[1] + 15, x, to[1] + 15);
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
