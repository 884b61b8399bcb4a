///usr/bin/env jbang "$0" "$@" ; exit $?
//JAVA 17+
//DESCRIPTION Tells what is wrong with a PostgreSQL database or a SQLite file, why it matters and how to mend it, and what it could not see.
//RUNTIME_OPTIONS --enable-native-access=ALL-UNNAMED -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xmn16m
//DEPS info.picocli:picocli:4.7.7
//DEPS org.postgresql:postgresql:42.7.14
//DEPS org.xerial:sqlite-jdbc:3.54.1.0
//DEPS com.google.code.gson:gson:2.15.0

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.gson.FieldNamingPolicy;
import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import org.postgresql.Driver;
import org.postgresql.PGConnection;
import picocli.CommandLine;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(name = "health_check", mixinStandardHelpOptions = true, version = health_check.TOOL, sortOptions = false,
        usageHelpAutoWidth = true,
        description = {"Tells what is wrong with a database, why it matters, how to see it for yourself, how to mend it and how to undo "
        + "that.",
            "It only reads, waits for no lock, and never calls fine what it could not look at."},
        footer = {"", "Examples:",
            "  jbang health_check.java",
            "  jbang health_check.java --full --html health.html",
            "  jbang health_check.java --only-changes            (for cron: prints what is new, worse or gone)", "",
            "Exit code: 0 fine, 1 warnings, 2 critical or unreachable, 3 nothing found but not all could be seen, 64 wrong usage."})
class health_check implements Callable<Integer> {
    static final String TOOL = "health_check 1.0";

    /** The newest minor releases and the ends of support (postgresql.org/support/versioning) as they were known on that day. */
    static final LocalDate VERSIONS_OF = LocalDate.of(2026, 11, 20);
    static final Map<Integer, Integer> NEWEST_MINOR = Map.of(12, 22, 13, 23, 14, 24, 15, 20, 16, 15, 17, 11, 18, 6);
    static final Map<Integer, LocalDate> END_OF_SUPPORT = Map.of(12, LocalDate.of(2024, 11, 21), 13, LocalDate.of(2025, 11, 13), 14,
            LocalDate.of(2026, 11, 12),
            15, LocalDate.of(2027, 11, 11), 16, LocalDate.of(2028, 11, 9), 17, LocalDate.of(2029, 11, 8), 18, LocalDate.of(2030, 11, 14));

    @ArgGroup(validate = false, heading = "%nWhat is looked at:%n")
    Scope scope = new Scope();

    static class Scope {
        @Option(names = "--full", description = "Also what reads data: indexes, orphans, duplicates, bloat, keys; within --budget, the "
                + "next run goes on.")
        boolean full;

        @Option(names = "--only", split = ",", paramLabel = "ID", description = "Only these checks or areas.")
        List<String> only = List.of();

        @Option(names = "--skip", split = ",", paramLabel = "ID", description = "Not these checks or areas.")
        List<String> skip = List.of();

        @Option(names = "--sqlite", paramLabel = "FILE", description = "Look at a SQLite file instead of a server.")
        Path sqlite;

        @Option(names = "--migrations", paramLabel = "DIR",
                description = "The migration files (default: MIGRATIONS_DIR, else ./migrations if it is there).")
        Path migrations;

        @Option(names = "--backup-dir", paramLabel = "DIR",
                description = "Where backup_database leaves its manifests (default: BACKUP_DIR).")
        Path backups;

        @Option(names = "--patroni", paramLabel = "URL", description = "Patroni's REST address, e.g. http://db1:8008 (default: "
                + "PATRONI_URL).")
        String patroni;

        @Option(names = "--disk-limit", paramLabel = "BYTES",
                description = "What the disk of a server elsewhere can hold, e.g. 20G: for the days until it is full.")
        String diskLimit;

        @Option(names = "--config", paramLabel = "FILE", description = "Thresholds, one a line: connections.warn = 80 (see --explain ID).")
        Path config;

        @Option(names = "--ignore", paramLabel = "FILE", description = "Findings to leave out, one a line: EXPIRY KEY # REASON "
                + "(2027-01-31 sequences/public.s # ...).")
        Path ignore;

        @Option(names = "--timeout", paramLabel = "SECONDS", defaultValue = "10",
                description = "A server that does not answer for so long is critical (default: ${DEFAULT-VALUE}).")
        int timeout = 10;

        @Option(names = "--budget", paramLabel = "SECONDS",
                description = "The time for all (default: 30, with --full 300); what it does not reach is skipped.")
        Double budget;
    }

    @ArgGroup(validate = false, heading = "%nWhat is remembered:%n")
    Memory memory = new Memory();

    static class Memory {
        @Option(names = "--state", paramLabel = "FILE", description = "Earlier runs, for rates and changes (default: in the user's state "
                + "folder).")
        Path state;

        @Option(names = "--no-state", description = "Remember nothing: no rates, no days left, all findings are new.")
        boolean none;

        @Option(names = "--only-changes", description = "Print only what is new, worse or gone since the last run; nothing if there is "
                + "nothing.")
        boolean onlyChanges;

        @Option(names = "--fail-on", paramLabel = "new|warn|crit", defaultValue = "warn",
                description = "What sets the exit code: what was not told before, or all from this severity on (default: warn).")
        FailOn failOn = FailOn.warn;

        @Option(names = "--strict", description = "Exit 3 also if a check is skipped because something is not installed or set up.")
        boolean strict;
    }

    enum FailOn {
        NEW, warn, crit;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    @ArgGroup(exclusive = true, heading = "%nOn stdout, instead of plain text:%n")
    Format format = new Format();

    static class Format {
        @Option(names = "--json", description = "One JSON document.")
        boolean json;

        @Option(names = "--nagios", description = "One line for Nagios and the like, with performance data.")
        boolean nagios;

        @Option(names = "--prometheus", description = "Metrics for Prometheus' textfile collector.")
        boolean prometheus;

        @Option(names = "--markdown", description = "A report in Markdown.")
        boolean markdown;

        @Option(names = "--list", description = "Only list all checks; no database is needed.")
        boolean list;

        @Option(names = "--explain", paramLabel = "ID", description = "Only the page of one check, or of all.")
        String explain;
    }

    @ArgGroup(validate = false, heading = "%nMore output:%n")
    Output output = new Output();

    static class Output {
        @Option(names = "--html", paramLabel = "FILE", description = "The report as a page.")
        Path html;

        @Option(names = "--webhook", paramLabel = "URL", description = "Post the JSON document there; with --only-changes or --watch "
                + "only if there are changes.")
        String webhook;

        @Option(names = "--watch", paramLabel = "TIME", description = "Look again and again, e.g. every 5s, until Ctrl-C.")
        String watch;

        @Option(names = {"-q", "--quiet"}, description = "Print nothing if all is fine.")
        boolean quiet;
    }

    @Mixin
    Target database = new Target();

    /** The database, as all scripts find it, with limits so that a server that hangs is noticed. */
    static class Target extends Database {
        int timeout = 10;

        @Override
        Properties settings() {
            var settings = super.settings();
            var hosts = settings.getProperty("PGHOST", "").split(",").length;
            var each = String.valueOf(Math.max(1, timeout / hosts));
            settings.setProperty("loginTimeout", String.valueOf(timeout));
            settings.setProperty("socketTimeout", each);
            settings.setProperty("connectTimeout", String.valueOf(Math.min(Integer.parseInt(settings.getProperty("connectTimeout")),
                    Integer.parseInt(each))));
            settings.setProperty("preferQueryMode", "simple"); // one message per check, and no prepared statement that a pooler could lose
            return settings;
        }
    }

    @Spec
    CommandSpec spec;

    final Map<String, Double> limits = new TreeMap<>();
    boolean printed;

    public static void main(String... args) {
        new Thread(health_check::warmUp).start();
        var script = new health_check();
        System.exit(script.command().execute(args));
    }

    /** The command line; with --json, wrong usage is a document too. */
    CommandLine command() {
        var command = database.command(this).setCaseInsensitiveEnumValuesAllowed(true);
        var report = command.getParameterExceptionHandler();
        return command.setParameterExceptionHandler((e, args) -> {
            if (List.of(args).contains("--json")) {
                printError(e);
            }
            return report.handleParseException(e, args);
        });
    }

    /** Loads what is sure to be needed while picocli reads the command line. */
    static void warmUp() {
        try {
            for (var name : List.of("org.postgresql.Driver", "org.postgresql.core.v3.ConnectionFactoryImpl",
                    "org.postgresql.core.v3.QueryExecutorImpl", "org.postgresql.jdbc.PgConnection",
                    "org.postgresql.jdbc.PgResultSet", "org.postgresql.jdbc.PgStatement", "com.google.gson.Gson")) {
                Class.forName(name);
            }
            checks();
            new GsonBuilder().create().toJson(new Report());
        } catch (ClassNotFoundException | RuntimeException later) {
            // whoever needs it will say so
        }
    }

    @Override
    public Integer call() throws Exception {
        try {
            if (format.list || format.explain != null) {
                out().print(format.list ? Pages.list(all()) : Pages.explain(chosen(List.of(format.explain)), limits()));
                out().flush();
                return 0;
            }
            demandSense();
            return output.watch == null ? once() : watch(seconds(output.watch));
        } catch (Exception e) {
            if (format.json && !printed) {
                printError(e);
            }
            throw e;
        }
    }

    void demandSense() {
        if (scope.timeout < 1 || scope.budget != null && !(scope.budget > 0)) {
            throw wrong("--timeout and --budget are seconds, 1 or more");
        } else if (memory.none && (memory.onlyChanges || memory.failOn == FailOn.NEW)) {
            throw wrong("--only-changes and --fail-on new need the state of the last run, which --no-state forbids");
        } else if (output.watch != null && (format.json || format.nagios || format.prometheus || format.markdown || memory.onlyChanges)) {
            throw wrong("--watch is for a terminal");
        } else if (output.webhook != null && !output.webhook.matches("https?://.+")) {
            throw wrong("--webhook takes an http or https address");
        }
        try {
            bytes(Objects.requireNonNullElse(scope.diskLimit, "0"));
            seconds(Objects.requireNonNullElse(output.watch, "1s"));
        } catch (IllegalArgumentException e) {
            throw wrong(e.getMessage());
        }
        limits();
        database.timeout = scope.timeout;
    }

    int once() throws Exception {
        var report = look();
        var code = render(report);
        return tell(report, memory.onlyChanges) ? code : 2;
    }

    /** To the webhook, if there is one and something to tell. */
    boolean tell(Report report, boolean onlyChanges) {
        return output.webhook == null || onlyChanges && report.changes.isEmpty() || post(report);
    }

    /** Until it is interrupted; each round stands where the last one stood. */
    int watch(double seconds) throws Exception {
        for (;;) {
            var report = look();
            if (Ansi.AUTO.enabled()) {
                out().print("\033[H\033[2J");
            }
            render(report);
            tell(report, true);
            Thread.sleep((long) (seconds * 1000));
        }
    }

    // --- a run ---

    Report look() throws Exception {
        var run = new Run(this, state(), ignored());
        try (run) {
            var checks = selected();
            run.sweeps = (int) checks.stream().filter(check -> check.full).count();
            for (var check : checks) {
                run.perform(check);
            }
        }
        return run.finish();
    }

    List<Check> all() {
        return Stream.concat(checks().stream(), sqliteChecks().stream()).toList();
    }

    /** What --only and --skip leave of what belongs to the target; none goes without the connection. */
    List<Check> selected() {
        var only = chosen(scope.only);
        var skip = chosen(scope.skip);
        var named = only.stream().anyMatch(check -> scope.only.contains(check.id));
        return (scope.sqlite != null ? sqliteChecks() : checks()).stream()
                .filter(check -> check.id.equals("connection") || (scope.only.isEmpty() || only.contains(check))
                && !skip.contains(check))
                .filter(check -> scope.full || !check.full || named && scope.only.contains(check.id)).toList();
    }

    List<Check> chosen(List<String> names) {
        for (var name : names) {
            if (!name.equals("all") && all().stream().noneMatch(check -> check.isNamed(name))) {
                throw wrong("there is no check or area " + name + "; --list shows them");
            }
        }
        return all().stream().filter(check -> names.stream().anyMatch(name -> name.equals("all") || check.isNamed(name))).toList();
    }

    /** The thresholds: those of the checks, over them those of --config. */
    Map<String, Double> limits() {
        if (limits.isEmpty()) {
            limits.putAll(Map.of("findings.confirm", 2.0, "findings.remind_days", 30.0, "rates.min_hours", 6.0));
            all().forEach(check -> check.limits.forEach((name, value) -> limits.put(check.id + "." + name, value)));
            if (scope.config != null) {
                readConfig(scope.config);
            }
        }
        return limits;
    }

    void readConfig(Path file) {
        var lines = read(file, "--config");
        for (var i = 0; i < lines.size(); i++) {
            var entry = lines.get(i).replaceFirst("#.*", "").split("=", 2);
            if (!entry[0].isBlank()) {
                var name = entry[0].strip();
                if (!limits.containsKey(name) || entry.length < 2 || !entry[1].strip().matches("\\d+(\\.\\d+)?")) {
                    throw wrong(file + ":" + (i + 1) + ": " + (limits.containsKey(name) ? name + " needs a number"
                            : "there is no threshold " + name
                            + "; --explain ID shows those of a check"));
                }
                limits.put(name, Double.parseDouble(entry[1].strip()));
            }
        }
    }

    List<Ignored> ignored() {
        var ignored = new ArrayList<Ignored>();
        var lines = scope.ignore == null ? List.<String>of() : read(scope.ignore, "--ignore");
        for (var i = 0; i < lines.size(); i++) {
            if (!lines.get(i).isBlank() && !lines.get(i).strip().startsWith("#")) {
                var entry = Ignored.LINE.matcher(lines.get(i).strip());
                try {
                    if (!entry.matches()) {
                        throw new DateTimeException("EXPIRY KEY # REASON is wanted: 2027-01-31 sequences/public.orders_id_seq # becomes "
                                + "bigint in January");
                    }
                    ignored.add(new Ignored(LocalDate.parse(entry.group(1)), entry.group(2), entry.group(3)));
                } catch (DateTimeException e) {
                    throw wrong(scope.ignore + ":" + (i + 1) + ": " + e.getMessage());
                }
            }
        }
        return ignored;
    }

    List<String> read(Path file, String option) {
        try {
            return Files.readAllLines(file);
        } catch (IOException e) {
            throw wrong(option + ": cannot read " + file + " (" + e.getClass().getSimpleName() + ")");
        }
    }

    /** Remembered by target: by the file, or by host, port and database, whoever asks. */
    State state() {
        if (memory.none) {
            return new State();
        }
        var file = memory.state;
        if (file == null) {
            var variables = database.variables();
            var home = variables.containsKey("XDG_STATE_HOME") ? Path.of(variables.get("XDG_STATE_HOME"))
                    : Path.of(System.getProperty("user.home"), ".local", "state");
            var name = scope.sqlite != null ? target() : target().replaceFirst(":([\\d,]*)/", "_$1_");
            file = home.resolve("pgbang").resolve("health_check").resolve(URLEncoder.encode(name, UTF_8) + ".json");
        }
        return State.read(file, this::warn);
    }

    String target() {
        if (scope.sqlite != null) {
            return scope.sqlite.toAbsolutePath().normalize().toString();
        }
        var settings = database.settings();
        return settings.getProperty("PGHOST") + ":" + settings.getProperty("PGPORT") + "/" + settings.getProperty("PGDBNAME");
    }

    // --- what it says ---

    /** Prints the report in the format asked for, writes the page, and tells the exit code. */
    int render(Report report) throws IOException {
        if (output.html != null) {
            write(output.html.toAbsolutePath(), new Page(report).html(), true);
        }
        if (format.json) {
            print(report);
        } else if (format.nagios) {
            out().println(Lines.nagios(report));
        } else if (format.prometheus) {
            out().print(Lines.prometheus(report));
        } else if (format.markdown) {
            out().print(Pages.markdown(report));
        } else if (memory.onlyChanges) {
            report.changes.forEach(change -> out().println(Lines.change(report, change)));
        } else if (!output.quiet || report.exit != 0) {
            out().print(Lines.terminal(report, database.verbose));
        }
        out().flush();
        return report.exit;
    }

    /** Written aside and moved, so that a reader never sees half of it; open to all, or for the user alone. */
    static void write(Path file, String text, boolean open) throws IOException {
        Files.createDirectories(file.getParent());
        var aside = Files.createTempFile(file.getParent(), file.getFileName().toString(), ".tmp");
        try {
            Files.writeString(aside, text);
            if (open && Files.getFileStore(aside).supportsFileAttributeView("posix")) {
                Files.setPosixFilePermissions(aside, PosixFilePermissions.fromString("rw-r--r--"));
            }
            Files.move(aside, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(aside);
        }
    }

    boolean post(Report report) {
        var host = output.webhook.replaceFirst("^(https?://)(?:[^/@]*@)?([^/?#]*).*", "$1$2"); // what follows may be a secret
        try {
            var client = HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(scope.timeout)).build();
            var answer = client.send(HttpRequest.newBuilder(URI.create(output.webhook)).timeout(Duration.ofSeconds(scope.timeout))
                    .header("Content-Type", "application/json")
                    .POST(HttpRequest.BodyPublishers.ofString(json().toJson(report))).build(), HttpResponse.BodyHandlers.discarding());
            if (answer.statusCode() < 300) {
                return true;
            }
            warn("--webhook: " + host + " answered " + answer.statusCode());
        } catch (IOException | RuntimeException e) {
            warn("--webhook: cannot post to " + host + " (" + e.getClass().getSimpleName() + ")");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return false;
    }

    ParameterException wrong(String message) {
        return new ParameterException(spec.commandLine(), message);
    }

    PrintWriter out() {
        return spec.commandLine().getOut();
    }

    void warn(String text) {
        spec.commandLine().getErr().println("health_check: warning: " + text);
    }

    void detail(String text) {
        if (database.verbose) {
            spec.commandLine().getErr().println(text);
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
                .registerTypeAdapter(Instant.class, (com.google.gson.JsonSerializer<Instant>) (at, type, context) ->
                new JsonPrimitive(at.truncatedTo(ChronoUnit.SECONDS).toString()))
                .registerTypeAdapter(Instant.class, (com.google.gson.JsonDeserializer<Instant>) (at, type, context) ->
                Instant.parse(at.getAsString())).create();
    }

    static double seconds(String text) {
        var parts = Pattern.compile("(\\d+(?:\\.\\d+)?)(ms|s|m|h)?").matcher(text);
        if (!parts.matches() || Double.parseDouble(parts.group(1)) <= 0) {
            throw new IllegalArgumentException("a time is wanted, e.g. 5s, not " + text);
        }
        return Double.parseDouble(parts.group(1)) * Map.of("ms", 0.001, "s", 1.0, "m", 60.0, "h", 3600.0)
                .get(Objects.toString(parts.group(2), "s"));
    }

    static double bytes(String text) {
        var parts = Pattern.compile("(?i)(\\d+(?:\\.\\d+)?)\\s*([kmgt]?)i?b?").matcher(text.strip());
        if (!parts.matches()) {
            throw new IllegalArgumentException("a size is wanted, e.g. 20G, not " + text);
        }
        return Double.parseDouble(parts.group(1)) * Math.pow(1024, " kmgt"
                .indexOf(parts.group(2).isEmpty() ? " " : parts.group(2).toLowerCase(Locale.ROOT)));
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
                .replaceAll("(x|ss)$", "$1e").replaceAll("(?<!ies)$", "s"));
    }

    static String quote(String name) {
        return '"' + name.replace("\"", "\"\"") + '"';
    }

    static String literal(String text) {
        return (text.contains("\\") ? " E'" : "'") + text.replace("\\", "\\\\").replace("'", "''") + "'";
    }

    // --- the types ---

    enum Area {
        sessions, schema, queries, disk, vacuum, replication, integrity, configuration, backups, sqlite
    }

    enum Status {
        ok, skipped, warn, crit
    }

    /**
     * Why something was not looked at: the first four are blindness, and exit code 3; the others are somebody's choice, or time will tell.
     */
    enum Blind {
        privilege, lock, time, error, setup, baseline;

        boolean counts() {
            return ordinal() < setup.ordinal();
        }
    }

    /** What a check does when it is its turn. */
    interface Probe {
        void look(Run run, Result result) throws Exception;
    }

    /**
     * One check: its page for people, its thresholds, and how it looks. A check in SQL gives a row for each object that it has examined:
     * object, level (0 fine, 1 warning,
     * 2 critical, null if it could not be seen), what there is to say, the statement that mends it, the one that undoes that, and maybe a
     * value and the ceiling it grows to.
     */
    static final class Check {
        final String id;
        final Area area;
        final String title;
        final String noun;
        boolean full;
        String why = "";
        String see = "";
        String fix = "";
        String undo = "";
        String needs = "";
        String source = "";
        String sql;
        Probe probe;
        Predicate<Run> applies = run -> true;
        final List<String> roles = new ArrayList<>();
        final Map<String, Double> limits = new LinkedHashMap<>();

        Check(Area area, String id, String noun, String title) {
            this.area = area;
            this.id = id;
            this.noun = noun;
            this.title = title;
        }

        Check why(String text) {
            why = text.strip();
            return this;
        }

        /** How to see it for oneself, how to mend it, how to undo that. */
        Check see(String see, String fix, String undo) {
            this.see = see.strip();
            this.fix = fix;
            this.undo = undo;
            return this;
        }

        Check limit(String name, double value) {
            limits.put(name, value);
            return this;
        }

        Check limits(double warn, double crit) {
            return limit("warn", warn).limit("crit", crit);
        }

        /** Roles of the server, without one of which the check would see nothing and is skipped. */
        Check role(String role) {
            roles.add(role);
            return needs("the role " + role);
        }

        Check needs(String text) {
            needs = text;
            return this;
        }

        Check source(String text) {
            source = text;
            return this;
        }

        Check full() {
            full = true;
            return this;
        }

        Check applies(Predicate<Run> where) {
            applies = where;
            return this;
        }

        Check sql(String text) {
            sql = text.strip();
            return probe((run, result) -> result.rows(run, run.query(Run.wrapped(run.fill(this, sql)))));
        }

        Check probe(Probe probe) {
            this.probe = probe;
            return this;
        }

        boolean isNamed(String name) {
            return id.equals(name) || area.name().equals(name);
        }
    }

    static final class Finding {
        final String key;
        final String object;
        Status severity;
        final String what;
        final String fix;
        final String undo;
        Double daysLeft;
        Instant since;
        String change; // new, worse or null
        String ignored; // the reason, if it is

        Finding(String check, String object, Status severity, String what, String fix, String undo) {
            this.key = check + "/" + object;
            this.object = object;
            this.severity = severity;
            this.what = what;
            this.fix = fix;
            this.undo = undo;
        }
    }

    record Skipped(Blind kind, String reason, String enable) {
    }

    /** What one check has found, as it is printed. */
    static final class Result {
        final String id;
        final Area area;
        final String title;
        final String noun;
        Status status = Status.ok;
        int examined;
        int total;
        String note;
        Skipped skipped;
        final List<Finding> findings = new ArrayList<>();
        final String why;
        final String see;
        final String fix;
        final String undo;
        long durationMs;

        Result(Check check) {
            id = check.id;
            area = check.area;
            title = check.title;
            noun = check.noun;
            why = check.why;
            see = check.see;
            fix = check.fix;
            undo = check.undo;
        }

        void skip(Blind kind, String reason, String enable) {
            if (skipped == null || kind.ordinal() < skipped.kind.ordinal()) {
                skipped = new Skipped(kind, reason, enable);
            }
        }

        Finding find(int level, String object, String what, String fix, String undo) {
            var finding = new Finding(id, object, level > 1 ? Status.crit : Status.warn, what, fix, undo);
            findings.add(finding);
            return finding;
        }

        void examine(boolean seen) {
            total++;
            examined += seen ? 1 : 0;
        }

        /** The rows of a wrapped query: first how many there were and were seen, then those to speak of. */
        void rows(Run run, List<String[]> rows) {
            total += Integer.parseInt(rows.get(0)[0]);
            examined += Integer.parseInt(rows.get(0)[1]);
            if (Integer.parseInt(rows.get(0)[2]) > Run.MOST) {
                note = "of " + count(Integer.parseInt(rows.get(0)[2]), "finding") + " the first " + Run.MOST + " are listed";
            }
            for (var row : rows.subList(1, rows.size())) {
                if (row[1] == null) {
                    var reason = Objects.toString(row[2], "hidden from this role");
                    skip(reason.contains("lock") ? Blind.lock : reason.matches("no .*|track_activities.*") ? Blind.setup : Blind.privilege,
                            reason, row[3]);
                    continue;
                }
                var level = Integer.parseInt(row[1]);
                var days = row[5] == null ? null : run.daysLeft(id + "/" + row[0], Double.parseDouble(row[5]), row[6] == null ? null
                        : Double.parseDouble(row[6]));
                if (days != null && run.limits.containsKey(id + ".days_warn")) {
                    level = Math.max(level, days <= run.limits.get(id + ".days_crit") ? 2 : days <= run.limits.get(id + ".days_warn") ? 1
                            : 0);
                }
                if (level > 0) {
                    find(level, row[0], row[2] + (days == null ? "" : String.format(Locale.ROOT,
                            "; about %.0f days left at the present rate", days)), row[3], row[4]).daysLeft = days;
                }
            }
        }

        void settle() {
            findings.sort(Comparator.comparing((Finding finding) -> finding.severity).reversed());
            var worst = findings.stream().filter(finding -> finding.ignored == null).map(finding -> finding.severity)
                    .max(Comparator.naturalOrder());
            if (skipped == null && examined < total) {
                skip(Blind.error, "not all could be looked at", null);
            }
            status = worst.orElse(skipped != null ? Status.skipped : Status.ok);
        }

        boolean isBlind() {
            return skipped != null && skipped.kind.counts();
        }

        String examinedText() {
            return total == 0 ? "no " + count(2, noun).substring(2) : examined == total ? "all of " + count(total, noun)
                    : String.format(Locale.ROOT, "%,d of %s", examined, count(total, noun));
        }
    }

    record Change(String kind, Result check, Finding finding, String text) {
    }

    record Size(String name, double bytes) {
    }

    record Point(Instant at, double bytes) {
    }

    /** Everything that a run found: the one model that all outputs show. */
    static final class Report {
        final String tool = TOOL;
        final int schemaVersion = 1;
        String target;
        Instant at = Instant.now();
        long durationMs;
        boolean full;
        Status verdict = Status.ok;
        int exit;
        Map<String, Object> server = new LinkedHashMap<>();
        Map<String, Integer> counts = new LinkedHashMap<>();
        Map<String, Double> metrics = new TreeMap<>();
        List<Result> checks = new ArrayList<>();
        List<String> notes = new ArrayList<>();
        List<String> resolved = new ArrayList<>();
        List<Size> sizes = List.of();
        List<Point> growth = List.of();
        transient List<Change> changes = new ArrayList<>();

        Stream<Result> with(Status status) {
            return checks.stream().filter(check -> check.status == status);
        }
    }

    /** A finding that somebody has chosen to live with for a while; a * at the end of the key stands for anything. */
    record Ignored(LocalDate until, String key, String reason) {
        static final Pattern LINE = Pattern.compile("(\\S+)\\s+(.+?)\\s+#\\s*(\\S.*)");

        boolean covers(Finding finding) {
            return key.endsWith("*") ? finding.key.startsWith(key.substring(0, key.length() - 1)) : finding.key.equals(key);
        }
    }

    /** What earlier runs have left: values over time, what was told, and how far the long checks came. */
    static final class State {
        static final int DAYS = 400;

        int version = 1;
        List<Sample> samples = new ArrayList<>();
        Map<String, Told> told = new TreeMap<>();
        Map<String, Round> rounds = new TreeMap<>();
        transient Path file;

        record Sample(Instant at, Map<String, Double> values) {
        }

        static final class Told {
            Status severity;
            Instant first;
            Instant told;
            Status toldSeverity;
            int seen;
            int missing;
        }

        static final class Round {
            Instant begun;
            Set<String> done = new TreeSet<>();
        }

        /**
         * A file that cannot be understood is set aside, one that may not be read is left alone, and both are said: a health check that
         * stops for it would be blind.
         */
        static State read(Path file, java.util.function.Consumer<String> warn) {
            var state = new State();
            try {
                if (Files.exists(file)) {
                    state = json().fromJson(Files.readString(file), State.class);
                    if (state == null || state.version != 1 || state.samples == null || state.told == null || state.rounds == null
                            || state.samples.stream().anyMatch(sample -> sample == null || sample.at == null || sample.values == null)
                            || state.told.values().stream().anyMatch(told -> told == null || told.told != null && told.toldSeverity == null)
                            || state.rounds.values().stream().anyMatch(round -> round == null || round.done == null)) {
                        throw new JsonParseException("no state of this version");
                    }
                }
                state.file = file.toAbsolutePath();
            } catch (java.nio.charset.CharacterCodingException | RuntimeException e) {
                state = new State();
                state.file = file.toAbsolutePath();
                warn.accept("the state " + file + " cannot be understood; starting anew, the old one is kept as " + file.getFileName()
                        + ".unreadable");
                try {
                    Files.move(file, file.resolveSibling(file.getFileName() + ".unreadable"), StandardCopyOption.REPLACE_EXISTING);
                } catch (IOException stays) {
                    // it will be overwritten, or the writing fails and is said
                }
            } catch (IOException e) {
                warn.accept("the state " + file + " cannot be read (" + e.getClass().getSimpleName()
                        + "): this run knows no rates, tells all and remembers nothing");
            }
            return state;
        }

        void save(java.util.function.Consumer<String> warn) {
            if (file != null) {
                try {
                    health_check.write(file, json().toJson(this), false);
                } catch (IOException e) {
                    warn.accept("cannot write the state " + file + " (" + e.getClass().getSimpleName()
                            + "): the next run will know no rates and tell all again; --state names another file");
                }
            }
        }

        /** Keeps every ten minutes of two days, and one sample of each older day without the values of single objects. */
        void add(Sample sample) {
            samples.add(sample);
            samples.sort(Comparator.comparing(Sample::at));
            var kept = new ArrayList<Sample>();
            Instant last = Instant.MIN;
            for (var each : samples) {
                var old = each.at.isBefore(sample.at.minus(8, ChronoUnit.DAYS));
                var since = last.equals(Instant.MIN) ? Long.MAX_VALUE : Duration.between(last, each.at).toMinutes();
                if (each == sample || since >= (each.at.isBefore(sample.at.minus(2, ChronoUnit.DAYS)) ? 24 * 60 : 10)) {
                    kept.add(!old ? each : new Sample(each.at, each.values.entrySet().stream()
                            .filter(entry -> !entry.getKey().contains("/"))
                            .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue))));
                    last = each.at;
                }
            }
            samples = kept.subList(Math.max(0, kept.size() - DAYS), kept.size());
        }

        /**
         * The change per second since the oldest sample of the last eight days that is old enough; null if there is none, or if the value
         * fell.
         */
        Double rate(String key, double now, double minHours) {
            var present = Instant.now();
            for (var sample : samples) {
                var seconds = Duration.between(sample.at, present).toMillis() / 1000.0;
                if (sample.values.containsKey(key) && seconds >= Math.max(1, minHours * 3600) && seconds <= 8 * 86400) {
                    return (now - sample.values.get(key)) / seconds;
                }
            }
            return null;
        }
    }

    // --- one run ---

    /** Asks the server, one short read-only transaction per question, and collects the report. */
    static final class Run implements AutoCloseable {
        static final int MOST = 1000; // findings of one check
        static final Set<String> WITHOUT_CONNECTION = Set.of("hosts", "patroni", "backups");
        static final Pattern MACRO = Pattern.compile("\\$\\{(\\w+)(?: ([^{}]*))?}");

        /** Relations of users: not the system's, and not those that the scripts keep for themselves. */
        static final String USERS = "n.nspname not in ('pg_catalog', 'information_schema', 'pgbang') and n.nspname !~ '^pg_(toast|temp)'"
                + " and c.relname <> 'schema_migrations' and c.relname !~ '^pgbang_'";

        /**
         * Relations that somebody holds in ACCESS EXCLUSIVE or waits for, and what they are partitions of: functions that open them would
         * wait too, and others
         * behind us. To read a sequence conflicts with ALTER SEQUENCE as well (manual 13.3.1).
         */
        static final String LOCKED = "(select coalesce(up.relid, l.relation) from pg_locks l left join lateral "
                + "pg_partition_ancestors(l.relation) up on true"
                + " where l.relation is not null and l.database = (select oid from pg_database where datname = current_database())"
                + " and (l.mode = 'AccessExclusiveLock' or l.mode in ('ShareRowExclusiveLock', 'ExclusiveLock')"
                + " and exists (select 1 from pg_sequence where seqrelid = l.relation)))";

        static final String SESSION = "format('pid %s (%s@%s%s)', a.pid, a.usename, a.datname, case when a.application_name <> '' then "
                + "', ' || a.application_name else '' end)";

        /** The session that holds the lock of run_migrations is idle in a transaction for good reason. */
        static final String MIGRATES = "(exists (select 1 from pg_locks l join pg_class c on c.oid = l.relation where l.pid = a.pid"
                + " and l.mode = 'ShareRowExclusiveLock' and c.relname in ('migration_lock', 'pgbang_migration_lock'))"
                + " or a.datname <> current_database() and a.application_name = 'pgbang/run_migrations')";

        /** What a session does is hidden from this role, or not recorded. */
        static final String VEILED = "(a.query = '<insufficient privilege>' or a.state = 'disabled')";
        static final String VEIL = "case when a.state = 'disabled' then 'track_activities is off for it: ALTER SYSTEM SET "
                + "track_activities = on'"
                + " else 'sessions of other roles are hidden' end";

        /** What the server says when something was dropped while it was looked at (42P01 and the like have codes of their own). */
        static final Pattern GONE = Pattern.compile("(?s).*(could not open relation with OID|cache lookup failed|does not exist).*");

        final health_check script;
        final State state;
        final List<Ignored> ignored;
        final Map<String, Double> limits;
        final Report report = new Report();
        final Map<String, Double> sample = new TreeMap<>();
        final long start = System.nanoTime();
        final double budget;
        Connection connection;
        Sqlite sqlite;
        int sweeps; // long checks still to come
        String lost; // why there is no connection (any more)
        Facts facts;

        Run(health_check script, State state, List<Ignored> ignored) {
            this.script = script;
            this.state = state;
            this.ignored = ignored;
            limits = script.limits;
            budget = script.scope.budget != null ? script.scope.budget : script.scope.full ? 300 : 30;
            report.target = script.target();
            report.full = script.scope.full;
        }

        void perform(Check check) {
            if (!check.applies.test(this)) {
                return;
            }
            var began = System.nanoTime();
            var result = new Result(check);
            try {
                if (lost != null && !WITHOUT_CONNECTION.contains(check.id)) {
                    result.skip(Blind.error, "there is no connection", null);
                } else if (left() <= 0) {
                    result.skip(Blind.time, "the time budget is spent", "--budget SECONDS");
                } else if (facts != null && !check.roles.stream().allMatch(facts.roles::contains)) {
                    result.skip(Blind.privilege, "the role " + facts.role + " is not allowed to see it", "GRANT "
                            + String.join(", ", check.roles) + " TO " + quote(facts.role) + ";");
                } else {
                    check.probe.look(this, result);
                }
            } catch (SQLException e) {
                stopped(result, e);
            } catch (Exception e) {
                result.skip(Blind.error, e.getClass().getSimpleName() + ": " + hide(Objects.toString(e.getMessage())), null);
            }
            for (var finding : result.findings) {
                ignored.stream().filter(entry -> entry.covers(finding) && !entry.until.isBefore(LocalDate.now())).findFirst()
                        .ifPresent(entry -> finding.ignored = entry.reason);
            }
            result.settle();
            result.durationMs = (System.nanoTime() - began) / 1_000_000;
            script.detail("-- " + result.durationMs + " ms: " + check.id);
            report.checks.add(result);
        }

        /** What keeps a check from looking makes it skipped, never fine; a lost connection is critical. */
        void stopped(Result result, SQLException e) {
            var state = Objects.toString(e.getSQLState(), "");
            if (state.startsWith("08") || state.startsWith("57P")) {
                lost = e.getMessage();
                report.checks.stream().filter(check -> check.id.equals("connection")).findFirst().ifPresent(connection -> {
                    connection.find(2, report.target, "the connection was lost during " + result.id + ": " + e.getMessage(), null, null);
                    connection.settle();
                });
                result.skip(Blind.error, "the connection was lost", null);
                return;
            }
            result.skip(kind(e), e.getMessage().replaceAll("\\s+", " ") + " (SQLSTATE " + state + ")",
                    kind(e) == Blind.privilege ? "GRANT pg_monitor TO " + quote(facts.role) + "; for rows: GRANT pg_read_all_data TO "
                    + quote(facts.role) + ";  -- since 14" : null);
        }

        static Blind kind(SQLException e) {
            return switch (Objects.toString(e.getSQLState(), "")) {
                case "42501" -> Blind.privilege;
                case "55P03", "40P01" -> Blind.lock;
                case "57014" -> Blind.time;
                case "55000" -> Blind.setup;
                default -> Blind.error;
            };
        }

        double left() {
            return budget - (System.nanoTime() - start) / 1e9;
        }

        /**
         * What must be left when this long check ends: each one still to come gets its part, so that none starves the others night after
         * night.
         */
        double share() {
            return left() - left() / Math.max(1, sweeps--);
        }

        List<String[]> query(String sql) throws SQLException {
            return query(sql, Math.min(5, script.scope.timeout / 2.0));
        }

        /** Again if something was dropped while it was looked at; who drops one table after the other is not chased for ever. */
        List<String[]> query(String sql, double seconds) throws SQLException {
            for (var tries = 1;; tries++) {
                try {
                    return ask(sql, seconds);
                } catch (SQLException e) {
                    if (connection.isClosed() || !isGone(e) || tries == 20) {
                        throw e;
                    }
                }
            }
        }

        static boolean isGone(SQLException e) {
            return Objects.toString(e.getSQLState(), "").matches("XX000|42P01|42704|42883|3F000") && GONE.matcher(e.getMessage()).matches();
        }

        /**
         * The rows of a query that may take so many seconds, in a transaction of its own: settings that are local to it are safe behind a
         * pooler, and no snapshot
         * and no lock outlives it. With pg_catalog alone in the search path each name in the queries is the system's own, and names come
         * back qualified.
         */
        private List<String[]> ask(String sql, double seconds) throws SQLException {
            var millis = (int) ((facts == null ? seconds : Math.min(seconds, left())) * 1000); // who the server is, is asked in any case
            if (millis <= 0) {
                throw new SQLException("the time budget is spent", "57014");
            }
            connection.setNetworkTimeout(Runnable::run, millis + script.scope.timeout * 1000 / 2);
            var text = "begin isolation level read committed read only; set local lock_timeout = 100; set local statement_timeout = "
                    + millis + "; set local search_path = pg_catalog, pg_temp; set local row_security = off; set local jit = off;"
                    + " set local datestyle = iso; " + sql + "; commit";
            var began = System.nanoTime();
            try (var statement = connection.createStatement()) {
                statement.setEscapeProcessing(false);
                var isRows = statement.execute(text);
                while (!isRows && statement.getUpdateCount() != -1) {
                    isRows = statement.getMoreResults();
                }
                return rows(isRows ? statement.getResultSet() : null);
            } catch (SQLException e) {
                if (!connection.isClosed()) {
                    try (var statement = connection.createStatement()) {
                        statement.execute("rollback");
                    }
                }
                throw e;
            } finally {
                script.detail("-- " + (System.nanoTime() - began) / 1_000_000 + " ms\n" + text + ";");
            }
        }

        static List<String[]> rows(java.sql.ResultSet found) throws SQLException {
            var rows = new ArrayList<String[]>();
            while (found != null && found.next()) {
                var row = new String[found.getMetaData().getColumnCount()];
                for (var i = 0; i < row.length; i++) {
                    row[i] = found.getString(i + 1);
                }
                rows.add(row);
            }
            return rows;
        }

        /** Counts all rows of a check on the server, and fetches only those worth a word. */
        static String wrapped(String sql) {
            var grows = sql.contains(" ceiling");
            var columns = "object, level::text, what, fix, undo, " + (grows ? "value::text, ceiling::text" : "null, null");
            return """
                    with examined as materialized (%1$s)
                    select count(*)::text, count(level)::text, count(*) filter (where level > 0)::text, null, null, null, null from examined
                    union all (select %2$s from examined where level > 0 %3$s order by level desc limit %4$d)
                    union all (select distinct on (what) %2$s from examined where level is null order by what limit 10)"""
                    .formatted(sql, columns, grows ? "or value is not null and level is not null" : "", MOST);
        }

        /** Puts the thresholds of the check and the common fragments into its SQL, inner ones first. */
        String fill(Check check, String sql) {
            var filled = MACRO.matcher(sql).replaceAll(macro -> Matcher.quoteReplacement(switch (macro.group(1)) {
                case "users" -> USERS;
                case "veiled" -> VEILED;
                case "veil" -> VEIL;
                case "locked" -> LOCKED;
                case "session" -> SESSION;
                case "migrates" -> MIGRATES;
                case "hidden" -> "a.query = '<insufficient privilege>'";
                case "seconds" -> "extract(epoch from clock_timestamp() - " + macro.group(2) + ")";
                case "since" -> "date_trunc('second', clock_timestamp() - " + macro.group(2) + ")";
                case "level" -> "case when " + macro.group(2) + " >= " + limit(check, "crit") + " then 2 when " + macro.group(2) + " >= "
                        + limit(check, "warn") + " then 1 else 0 end";
                default -> limit(check, macro.group(1));
            }));
            return filled.equals(sql) ? sql : fill(check, filled);
        }

        String limit(Check check, String name) {
            return new java.math.BigDecimal(limits.get(check.id + "." + name)).stripTrailingZeros().toPlainString();
        }

        /** Remembers the value; how many days it takes to its ceiling at the rate of the last days, or null. */
        Double daysLeft(String key, double value, Double ceiling) {
            sample.put(key, value);
            var rate = state.rate(key, value, limits.get("rates.min_hours"));
            var days = rate == null || rate == 0 || ceiling == null ? null : (ceiling - value) / rate / 86400;
            return days == null || days < 0 || days > 3650 ? null : days;
        }

        // --- the end of a run ---

        Report finish() {
            state.samples.stream().filter(point -> point.values().containsKey("database_bytes"))
                    .forEach(point -> report.growth = append(report.growth, new Point(point.at(), point.values().get("database_bytes"))));
            if (sample.containsKey("database_bytes")) {
                report.growth = append(report.growth, new Point(report.at, sample.get("database_bytes")));
            }
            report.metrics.putAll(sample.entrySet().stream().filter(entry -> !entry.getKey().contains("/"))
                    .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue)));
            for (var entry : ignored) {
                var matches = report.checks.stream().flatMap(check -> check.findings.stream()).anyMatch(entry::covers);
                if (entry.until.isBefore(LocalDate.now())) {
                    report.notes.add("the ignore entry for " + entry.key + " has expired on " + entry.until
                            + (matches ? " and is no more obeyed" : ""));
                } else if (!matches) {
                    report.notes.add("the ignore entry for " + entry.key + " matches nothing (any more)");
                }
            }
            compare();
            if (!sample.isEmpty()) {
                state.add(new State.Sample(report.at, sample));
            }
            state.save(script::warn);
            for (var status : Status.values()) {
                report.counts.put(status.name(), (int) report.with(status).count());
            }
            report.verdict = report.checks.stream().map(check -> check.status == Status.skipped ? Status.ok : check.status)
                    .max(Comparator.naturalOrder()).orElse(Status.ok);
            report.exit = exit();
            if (report.verdict == Status.ok && report.exit == 3) {
                report.verdict = Status.skipped;
            }
            report.durationMs = (System.nanoTime() - start) / 1_000_000;
            return report;
        }

        static <T> List<T> append(List<T> list, T last) {
            return Stream.concat(list.stream(), Stream.of(last)).toList();
        }

        int exit() {
            var counted = report.checks.stream().flatMap(check -> check.findings.stream()).filter(finding -> finding.ignored == null)
                    .filter(finding -> script.memory.failOn != FailOn.NEW || finding.change != null)
                    .filter(finding -> script.memory.failOn != FailOn.crit || finding.severity == Status.crit)
                    .map(finding -> finding.severity).max(Comparator.naturalOrder());
            var blind = report.checks.stream().anyMatch(check -> check.isBlind() || script.memory.strict && check.skipped != null)
                    || report.checks.isEmpty()
                    || report.checks.stream().allMatch(check -> check.status == Status.skipped);
            return counted.isPresent() ? counted.get() == Status.crit ? 2 : 1 : blind ? 3 : 0;
        }

        /**
         * What is new, worse or gone since it was told last. Warnings count when they were there in findings.confirm runs in succession,
         * and are gone when they
         * were missing as often, so that what comes and goes makes no noise; what could not be looked at this time stays as it was.
         */
        void compare() {
            var confirm = Math.max(1, limits.get("findings.confirm").intValue());
            var present = new TreeSet<String>();
            for (var check : report.checks) {
                for (var finding : check.findings) {
                    if (finding.ignored != null) {
                        state.told.remove(finding.key);
                    } else if (present.add(finding.key)) {
                        tell(check, finding, finding.key, finding.severity, confirm);
                    }
                }
                if (check.isBlind() && present.add(check.id + "/(skipped)")) {
                    tell(check, null, check.id + "/(skipped)", Status.skipped, confirm);
                }
            }
            for (var key : List.copyOf(state.told.keySet())) {
                var check = report.checks.stream().filter(each -> key.startsWith(each.id + "/")).findFirst();
                if (!present.contains(key) && check.isPresent() && (key.endsWith("/(skipped)") ? !check.get().isBlind()
                        : check.get().skipped == null) && ++state.told.get(key).missing >= confirm) {
                    var gone = state.told.remove(key);
                    if (gone.told != null) {
                        report.resolved.add(key);
                        report.changes.add(new Change("resolved", check.get(), null, key));
                    }
                }
            }
        }

        void tell(Result check, Finding finding, String key, Status severity, int confirm) {
            var told = state.told.computeIfAbsent(key, name -> new State.Told());
            told.seen = told.missing > 0 && told.told == null ? 1 : told.seen + 1;
            told.missing = 0;
            told.first = told.first == null ? report.at : told.first;
            told.severity = severity;
            if (finding != null) {
                finding.since = told.first;
            }
            var worse = told.told != null && severity.compareTo(told.toldSeverity) > 0;
            var due = told.told != null && told.told.isBefore(report.at.minus(limits.get("findings.remind_days").longValue(),
                    ChronoUnit.DAYS));
            if (worse || due || told.told == null && (severity == Status.crit || told.seen >= confirm || state.file == null)) {
                var kind = worse ? "worse" : due ? "still" : "new";
                report.changes.add(new Change(kind, check, finding, key));
                if (finding != null) {
                    finding.change = due && !worse ? null : kind;
                }
                told.told = report.at;
                told.toldSeverity = severity;
            }
        }

        @Override
        public void close() throws SQLException, IOException {
            if (connection != null) {
                try {
                    connection.close();
                } catch (SQLException gone) {
                    script.detail(gone.getMessage());
                }
            }
            if (sqlite != null) {
                sqlite.close();
            }
        }
    }

    // --- the checks of a server ---

    static List<Check> checks;

    /**
     * All checks of a server in the order in which they run. Views and functions in them are those of the manual's chapters 53 and 54
     * (catalogs, views), 27 (statistics) and 9 (functions).
     */
    static synchronized List<Check> checks() {
        if (checks == null) {
            checks = Stream.of(sessionChecks(), schemaChecks(), queryChecks(), diskChecks(), vacuumChecks(), replicationChecks(),
                    integrityChecks(), deepChecks(), configurationChecks(),
                    backupChecks()).flatMap(List::stream).toList();
        }
        return checks;
    }

    static List<Check> sessionChecks() {
        return List.of(
            new Check(Area.sessions, "connection", "server", "The server can be reached and answers in time")
                .why("An application that cannot connect is down. A server that hangs is as bad as one that is gone, so it is critical, "
                + "not unknown.")
                .see("psql -c 'select 1'   -- with \\timing", "see the server's log; is it started, is the address right, is the "
                + "password, does pg_hba.conf allow it?", "none")
                .limits(1, 5).source("seconds to connect; manual 19.3 and 20.1").probe(Facts::connect),
            new Check(Area.sessions, "hosts", "host", "All hosts of the address are up, and one of them is the primary")
                .why("An address with several hosts hides that one of them is down until the last one is.")
                .see("psql 'host=EACH' -c 'select pg_is_in_recovery()'", "start the host that is missing, or take it out of the address",
                "none")
                .source("manual 32.1.1.3; pg_is_in_recovery").applies(run -> run.report.target.replaceFirst("/.*", "").contains(","))
                .probe(Facts::hosts),
            new Check(Area.sessions, "patroni", "member", "Patroni's cluster has a leader and all members stream")
                .why("Patroni moves the primary by itself only while it has a leader, its store and a member that keeps up.")
                .see("curl http://HOST:8008/cluster", "patronictl list; patronictl reinit CLUSTER MEMBER", "none").limits(16 << 20, 1 << 30)
                .needs("--patroni URL or PATRONI_URL").source("bytes of lag; Patroni REST API, GET /cluster").applies(Patroni::isThere)
                .probe(Patroni::look),
            new Check(Area.sessions, "connections", "limit", "There are connections left")
                .why("When the last one is taken, new sessions are refused: \"sorry, too many clients already\". Limits of roles and "
                + "databases count as well.")
                .see("select count(*), current_setting('max_connections') from pg_stat_activity where backend_type = 'client backend'",
                        "use a pooler, or close what the application leaves open; raising max_connections needs a restart",
                        "ALTER SYSTEM RESET max_connections; restart")
                .limits(85, 95).source("percent; pg_stat_activity, pg_roles.rolconnlimit, pg_database.datconnlimit; reserved_connections "
                + "since 16").sql("""
                    select object, ${level 100.0 * used / greatest(most, 1)} as level, format('%s of %s connections are in use', used,
                        most) as what, null as fix, null as undo
                    from (select 'server' as object, (select count(*) from pg_stat_activity a where a.datid is not null and
                        (a.backend_type = 'client backend' or ${hidden})) as used,
                            current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int -
                                coalesce(current_setting('reserved_connections', true)::int, 0) as most
                        union all select 'role ' || r.rolname, (select count(*) from pg_stat_activity a where a.usesysid = r.oid and
                            a.datid is not null
                            and (a.backend_type = 'client backend' or ${hidden})), r.rolconnlimit
                        from pg_roles r where r.rolconnlimit > 0 and r.rolcanlogin and not r.rolsuper
                        union all select 'database ' || d.datname, (select count(*) from pg_stat_activity a where a.datid = d.oid and
                            (a.backend_type = 'client backend' or ${hidden})), d.datconnlimit
                        from pg_database d where d.datconnlimit > 0) x"""),
            new Check(Area.sessions, "idle_in_transaction", "session", "No session sits idle in a transaction")
                .why("It keeps its locks, lets every ALTER TABLE wait behind it, and keeps VACUUM from removing what is dead.")
                .see("select pid, usename, state, xact_start, state_change, query from pg_stat_activity where state like 'idle in "
                + "transaction%'",
                        "SELECT pg_terminate_backend(PID); against the next one: ALTER ROLE app SET idle_in_transaction_session_timeout "
                        + "= '5min'",
                        "ALTER ROLE app RESET idle_in_transaction_session_timeout; what the session had not committed is lost")
                .limits(60, 1800).source("seconds; pg_stat_activity; the session of a migration run is left out").sql("""
                    select ${session} as object, case when ${veiled} then null when a.state like 'idle in transaction%' and not
                        ${migrates} then ${level ${seconds a.state_change}} else 0 end as level,
                        case when ${veiled} then ${veil} else format('idle in a transaction for %s, since its last statement: %s',
                            ${since a.state_change}, left(a.query, 100)) end as what,
                        format('SELECT pg_terminate_backend(%s);', a.pid) as fix, 'none: what it had not committed is rolled back' as undo
                    from pg_stat_activity a where a.datid is not null and (a.backend_type = 'client backend' or ${hidden}) and a.pid <>
                        pg_backend_pid()"""),
            new Check(Area.sessions, "long_running", "session", "No statement or transaction runs for ages")
                .why("What runs for long holds back VACUUM in the whole database and often means a missing index or a forgotten session.")
                .see("select pid, usename, xact_start, query_start, query from pg_stat_activity where state <> 'idle' order by xact_start",
                        "SELECT pg_cancel_backend(PID); against the next one: ALTER ROLE app SET statement_timeout = '1min'",
                        "ALTER ROLE app RESET statement_timeout")
                .limits(600, 7200).source("seconds; pg_stat_activity; walsenders, autovacuum, pg_dump and migration runs are left out, "
                + "and what idle_in_transaction tells").sql("""
                    select ${session} as object, case when ${veiled} then null when a.application_name = 'pg_dump' or a.application_name
                        like 'pgbang/%' or ${migrates} then 0
                            when a.state = 'active' or a.state like 'idle in%' and ${seconds a.state_change} < 60
                            then ${level ${seconds least(a.xact_start, case a.state when 'active' then a.query_start end)}} else 0 end as
                                level,
                        case when ${veiled} then ${veil} else format('its statement has run for %s, its transaction for %s: %s',
                            case a.state when 'active' then ${since a.query_start}::text else 'no time' end, ${since a.xact_start},
                                left(a.query, 100)) end as what,
                        format('SELECT pg_cancel_backend(%s);', a.pid) as fix, 'none: the statement is rolled back' as undo
                    from pg_stat_activity a where a.datid is not null and (a.backend_type = 'client backend' or ${hidden}) and a.pid <>
                        pg_backend_pid()"""),
            new Check(Area.sessions, "blocked", "session", "No session waits for another one's lock")
                .why("Who waits for a lock lets everybody behind it wait too; a queue behind one ALTER TABLE takes a site down.")
                .see("select pid, pg_blocking_pids(pid), wait_event, query from pg_stat_activity where wait_event_type = 'Lock'",
                        "SELECT pg_cancel_backend(BLOCKER), or pg_terminate_backend(BLOCKER) if it is idle in a transaction",
                        "none: it is rolled back")
                .limits(10, 60).source("seconds; pg_blocking_pids, pg_locks.waitstart (14+)").sql("""
                    select ${session} as object, case when ${hidden} then null when w.seconds is null or w.blockers = '{}' then 0 else
                        ${level w.seconds} end as level,
                        case when ${hidden} then 'sessions of other roles are hidden' else format('waits for %s s, blocked by %s: %s',
                            round(w.seconds),
                            replace('pid ' || array_to_string(w.blockers, ', '), 'pid 0', 'a prepared transaction'), left(a.query, 80))
                                end as what,
                        case when w.blockers[1] = 0 then '-- see prepared_transactions: COMMIT or ROLLBACK PREPARED what holds the lock'
                            else format('SELECT pg_cancel_backend(%s);  -- idle in a transaction: pg_terminate_backend', w.blockers[1])
                                end as fix, 'none: what the blocker had not committed is rolled back' as undo
                    from pg_stat_activity a left join lateral (select pg_blocking_pids(a.pid) as blockers, ${seconds coalesce((select
                        min((to_jsonb(l) ->> 'waitstart')::timestamptz)
                        from pg_locks l where l.pid = a.pid and not l.granted), a.query_start)} as seconds where a.wait_event_type =
                            'Lock') w on true
                    where a.datid is not null and (a.backend_type = 'client backend' or ${hidden}) and a.pid <> pg_backend_pid()"""),
            new Check(Area.sessions, "prepared_transactions", "prepared transaction", "No prepared transaction was forgotten")
                .why("It survives restarts, keeps its locks, and holds back VACUUM in all databases, without any session to be seen.")
                .see("select gid, prepared, owner, database from pg_prepared_xacts",
                "ROLLBACK PREPARED 'GID', or COMMIT PREPARED if its coordinator says so", "none: decide with the coordinator's log")
                .limits(300, 3600).source("seconds; pg_prepared_xacts").sql("""
                    select format('%s in %s', p.gid, p.database) as object, ${level ${seconds p.prepared}} as level,
                        format('prepared %s ago by %s', ${since p.prepared}, p.owner) as what,
                        format('ROLLBACK PREPARED %L;  -- in database %I, unless its coordinator has decided to commit', p.gid,
                            p.database) as fix, 'none' as undo from pg_prepared_xacts p"""));
    }

    static List<Check> schemaChecks() {
        return List.of(
            new Check(Area.schema, "migrations", "migration", "All migrations are applied, and none failed half way")
                .why("Code that expects a column that is not there fails in production only; a failed migration leaves something that no "
                + "file describes.")
                .see("jbang run_migrations.java --status   -- or the status command of your tool",
                "apply what is pending; mend and repeat what failed", "by the down migration")
                .needs("SELECT on the history table; the folder with the files (--migrations)")
                .source("schema_migrations of run_migrations, dbmate and golang-migrate,"
                        + " flyway_schema_history, databasechangelog, alembic_version, goose_db_version").probe(Migrations::look),
            new Check(Area.schema, "invalid_indexes", "index", "No index is invalid")
                .why("CREATE INDEX CONCURRENTLY or REINDEX CONCURRENTLY that failed leaves an index that costs every write and serves no "
                + "query; a unique one guarantees nothing.")
                .see("select indexrelid::regclass from pg_index where not indisvalid",
                "REINDEX INDEX CONCURRENTLY i; of leftovers (..._ccnew, _ccold): DROP INDEX CONCURRENTLY i", "none is needed")
                .source("pg_index, pg_stat_progress_create_index; one that is being built is not counted").sql("""
                    select i.indexrelid::regclass::text as object, case when i.indisvalid or c.relkind <> 'i' or exists (select 1 from
                        pg_stat_progress_create_index p
                            where p.relid = i.indrelid and p.datname = current_database()) then 0 when h.hidden then null else 1 end as
                                level,
                        case when h.hidden then 'whether it is being built is hidden' else 'invalid: it costs writes and serves no query'
                            end as what,
                        case when h.hidden then 'GRANT pg_monitor TO ' || quote_ident(current_user) || ';'
                            else format(case when c.relname ~ '_cc(new|old)[0-9]*$' then 'DROP INDEX CONCURRENTLY %s;' else
                                'REINDEX INDEX CONCURRENTLY %s;' end,
                                i.indexrelid::regclass) end as fix,
                        'none is needed: an invalid index is used by no query' as undo
                    from pg_index i join pg_class c on c.oid = i.indexrelid join pg_namespace n on n.oid = c.relnamespace
                        cross join (select count(*) filter (where relid is null) > 0 as hidden from pg_stat_progress_create_index where
                            datname = current_database()) h
                    where (n.nspname = 'pg_toast' and c.oid >= 16384 or ${users})"""),
            new Check(Area.schema, "not_valid_constraints", "constraint", "No constraint is left NOT VALID")
                .why("New rows are checked, old ones were not: the data may break the rule, and the planner does not rely on it.")
                .see("select conrelid::regclass, conname from pg_constraint where not convalidated",
                "ALTER TABLE t VALIDATE CONSTRAINT c; it reads the table and lets others write",
                        "drop the constraint and add it again with NOT VALID")
                .source("pg_constraint; NOT ENFORCED ones (18+) are somebody's choice").sql("""
                    select format('%s on %s', quote_ident(k.conname), coalesce(nullif(k.conrelid, 0)::regclass::text,
                        format_type(k.contypid, null))) as object,
                        case when k.convalidated or not coalesce((to_jsonb(k) ->> 'conenforced')::boolean, true) then 0 else 1 end as
                            level, 'NOT VALID: rows from before were never checked' as what,
                        format('ALTER %s VALIDATE CONSTRAINT %I;', case when k.conrelid <> 0 then 'TABLE ' || k.conrelid::regclass else
                            'DOMAIN ' || format_type(k.contypid, null) end, k.conname) as fix,
                        format('-- as it is defined: %s', case when not k.convalidated and k.conrelid not in ${locked} then
                            pg_get_constraintdef(k.oid) end) as undo
                    from pg_constraint k left join pg_class c on c.oid = k.conrelid left join pg_namespace n on n.oid = k.connamespace
                    where k.conparentid = 0 and (c.oid is null and n.nspname not in ('pg_catalog', 'information_schema') or ${users})"""),
            new Check(Area.schema, "detached_partitions", "partition", "No partition is half detached")
                .why("DETACH PARTITION CONCURRENTLY that was interrupted leaves a partition that queries of the parent no longer see, "
                + "and no other one can be detached.")
                .see("select inhrelid::regclass, inhparent::regclass from pg_inherits where inhdetachpending",
                "ALTER TABLE p DETACH PARTITION c FINALIZE", "ALTER TABLE p ATTACH PARTITION c FOR VALUES ...")
                .source("pg_inherits.inhdetachpending (14+); one that is under way is not counted").sql("""
                    select i.inhrelid::regclass::text as object, case when coalesce((to_jsonb(i) ->> 'inhdetachpending')::boolean, false)
                        and not exists (select 1 from pg_locks l
                            where l.relation in (i.inhparent, i.inhrelid) and l.mode in ('ShareUpdateExclusiveLock',
                                'AccessExclusiveLock')) then 1 else 0 end as level,
                        format('detached from %s by half', i.inhparent::regclass) as what,
                            format('ALTER TABLE %s DETACH PARTITION %s FINALIZE;', i.inhparent::regclass, i.inhrelid::regclass) as fix,
                        'ALTER TABLE ... ATTACH PARTITION ... with the bounds of your migration' as undo
                    from pg_inherits i join pg_class c on c.oid = i.inhrelid join pg_namespace n on n.oid = c.relnamespace where
                        c.relispartition and ${users}"""),
            new Check(Area.schema, "disabled_triggers", "table", "No trigger is switched off")
                .why("Off since a bulk load and never on again: a foreign key whose triggers are off is called valid and checks nothing.")
                .see("select tgrelid::regclass, tgname, tgenabled from pg_trigger where tgenabled in ('D', 'R')",
                "ALTER TABLE t ENABLE TRIGGER name (as superuser for those of foreign keys), then --full for orphans",
                        "ALTER TABLE t DISABLE TRIGGER name").source("pg_trigger.tgenabled").sql("""
                    select t.tgrelid::regclass::text as object, max(off::int) as level,
                        format('%s of its triggers are off, %s of them of foreign keys', count(*) filter (where off), count(*) filter
                            (where off and t.tgconstraint <> 0)) as what,
                        string_agg(format('ALTER TABLE %s ENABLE TRIGGER %I;', t.tgrelid::regclass, t.tgname), ' ' order by t.tgname)
                            filter (where off) as fix,
                        string_agg(format('ALTER TABLE %s %s TRIGGER %I;', t.tgrelid::regclass, case t.tgenabled when 'D' then 'DISABLE'
                            else 'ENABLE REPLICA' end, t.tgname), ' '
                            order by t.tgname) filter (where off) as undo
                    from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace
                        cross join lateral (select t.tgenabled = 'D' or t.tgisinternal and t.tgenabled = 'R' as off) o where ${users}
                            group by t.tgrelid"""),
            new Check(Area.schema, "extensions", "extension", "Extensions are as new as their files")
                .why("After an upgrade of the server the objects of an extension stay old until they are told, and miss repairs.")
                .see("select name, installed_version, default_version from pg_available_extensions where installed_version <> "
                + "default_version", "ALTER EXTENSION x UPDATE", "none: take a backup first")
                .source("pg_available_extensions").sql("""
                    select e.extname as object, case when a.default_version = e.extversion then 0 else 1 end as level,
                        case when a.default_version is null then 'its files are not on the server: its functions may fail' else
                            format('is %s, the installed files bring %s', e.extversion, a.default_version) end as what,
                        case when a.default_version is null then '-- install its package on the server' else
                            format('ALTER EXTENSION %I UPDATE;', e.extname) end as fix, 'none' as undo from pg_extension e left join
                            pg_available_extensions a on a.name = e.extname"""));
    }

    static List<Check> queryChecks() {
        return List.of(
            new Check(Area.queries, "query_statistics", "collection of statistics", "Query statistics are collected and kept")
                .why("Without pg_stat_statements nobody can tell which query is slow; if it forgets all the time, nobody can either.")
                .see("select count(*), current_setting('pg_stat_statements.max') from pg_stat_statements",
                "ALTER SYSTEM SET pg_stat_statements.max = 20000; restart", "ALTER SYSTEM RESET pg_stat_statements.max; restart")
                .limit("warn", 10).role("pg_read_all_stats").needs("shared_preload_libraries = 'pg_stat_statements', CREATE EXTENSION "
                + "pg_stat_statements, the role pg_read_all_stats")
                .source("evictions an hour; pg_stat_statements_info (extension 1.9, PostgreSQL 14)").probe(Statements::look),
            new Check(Area.queries, "slow_queries", "statement", "No frequent query is slow")
                .why("A query of 100 ms that runs a hundred times a second is the load of the server; most often an index is missing.")
                .see("select calls, mean_exec_time, query from pg_stat_statements order by total_exec_time desc limit 10",
                "EXPLAIN (ANALYZE, BUFFERS) the query; add the index that it lacks", "DROP INDEX CONCURRENTLY")
                .limit("warn", 200).limit("calls", 100).role("pg_read_all_stats").needs("pg_stat_statements, as query_statistics")
                .source("milliseconds on average; total_exec_time, called total_time before extension 1.8 (PostgreSQL 13)")
                .probe(Statements::slow),
            new Check(Area.queries, "unindexed_foreign_keys", "foreign key", "Large tables have an index for each foreign key")
                .why("Without one, each DELETE or key change of a parent reads the whole child table, under locks.")
                .see("select conrelid::regclass, conname, conkey from pg_constraint where contype = 'f'   -- against \\d of the table",
                "CREATE INDEX CONCURRENTLY ON child (column)", "DROP INDEX CONCURRENTLY i").limit("rows", 10000)
                .source("rows of the child; an index helps if its first key is a column of the key with the key's own operator and "
                + "collation, whole or only without NULL; pg_amop").sql("""
                    select quote_ident(k.conname) || ' on ' || k.conrelid::regclass as object, case when c.oid in ${locked} then null when
                        c.relkind = 'r' and greatest(c.reltuples, pg_stat_get_live_tuples(c.oid)) < ${rows} or exists (select 1 from
                        pg_index i
                            join pg_class x on x.oid = i.indexrelid join pg_opclass o on o.oid = i.indclass[0] join pg_amop p on
                                p.amopfamily = o.opcfamily
                            join unnest(k.conkey, k.conpfeqop) f (att, op) on f.att = i.indkey[0] and f.op = p.amopopr join pg_attribute a
                                on a.attrelid = k.conrelid and a.attnum = f.att
                            where i.indrelid = k.conrelid and i.indisvalid and i.indisready and i.indcollation[0] in (0, a.attcollation)
                                and (i.indpred is null or pg_get_expr(i.indpred, i.indrelid) = format('(%I IS NOT NULL)', a.attname)))
                                    then 0 else 1 end as level,
                        case when c.oid in ${locked} then 'a lock is held on it' else
                            format('no index serves it, the table has about %s rows', greatest(c.reltuples,
                            pg_stat_get_live_tuples(c.oid))) end as what,
                        format('CREATE INDEX%s ON %s (%s);', case when c.relkind = 'r' then ' CONCURRENTLY' end, k.conrelid::regclass,
                            (select string_agg(quote_ident(a.attname), ', ' order by u.at) from unnest(k.conkey) with ordinality u (att, at)
                            join pg_attribute a on a.attrelid = k.conrelid and a.attnum = u.att)) as fix, 'DROP INDEX CONCURRENTLY it' as
                                undo
                    from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace where
                        k.contype = 'f' and k.conparentid = 0 and ${users}"""),
            new Check(Area.queries, "redundant_indexes", "index", "No large index repeats another one")
                .why("Each index costs every write and its room in memory; one whose keys begin another one serves no query that the "
                + "other does not.")
                .see("\\d t   -- indexes with the same first keys", "DROP INDEX CONCURRENTLY i, after a look at all standbys",
                "its CREATE INDEX, see undo").limit("min_mb", 10)
                .source("MB; equal or leading keys, operator classes, collations, expressions, predicate, order or its exact reverse; "
                + "never unique ones, constraints, replica identities, parts of partitioned ones").sql("""
                    select r.indexrelid::regclass::text as object, case when r.indrelid in ${locked} then null when k.kept is not null
                        then 1 else 0 end as level,
                        case when r.indrelid in ${locked} then 'a lock is held on its table' else format('%s already does what it does',
                            k.kept) end as what, format('DROP INDEX CONCURRENTLY %s;', r.indexrelid::regclass) as fix,
                        case when k.kept is not null then pg_get_indexdef(r.indexrelid) || ';' end as undo
                    from pg_index r join pg_class c on c.oid = r.indexrelid join pg_namespace n on n.oid = c.relnamespace join pg_am m on
                        m.oid = c.relam left join lateral (
                        select i.indexrelid::regclass as kept from pg_index i join pg_class x on x.oid = i.indexrelid cross join lateral
                            (select r.indnkeyatts = i.indnkeyatts and r.indnatts = i.indnatts as same) s
                        where i.indrelid = r.indrelid and i.indexrelid <> r.indexrelid and x.relam = c.relam and i.indisvalid and not
                            r.indisunique and not r.indisreplident and not r.indisclustered and not c.relispartition
                            and c.relpages * current_setting('block_size')::numeric >= ${min_mb} * 1048576 and r.indrelid not in ${locked}
                                and (m.amname = 'btree' or m.amname = 'hash' and s.same)
                            and (i.indkey::int2[])[0:r.indnkeyatts - 1] = (r.indkey::int2[])[0:r.indnkeyatts - 1] and
                                (i.indclass::oid[])[0:r.indnkeyatts - 1] = (r.indclass::oid[])[0:r.indnkeyatts - 1]
                            and (i.indcollation::oid[])[0:r.indnkeyatts - 1] = (r.indcollation::oid[])[0:r.indnkeyatts - 1]
                            and ((i.indoption::int2[])[0:r.indnkeyatts - 1] = (r.indoption::int2[])[0:r.indnkeyatts - 1] or not exists
                                (select 1 from generate_series(0, r.indnkeyatts - 1) o where i.indoption[o] <> r.indoption[o] # 3))
                            and not exists (select 1 from generate_series(r.indnkeyatts, r.indnatts - 1) o where r.indkey[o] <> all
                                (i.indkey::int2[]))
                            and coalesce(pg_get_expr(i.indpred, i.indrelid), '') = coalesce(pg_get_expr(r.indpred, r.indrelid), '') and
                                (r.indexprs is null or pg_get_expr(i.indexprs, i.indrelid) = pg_get_expr(r.indexprs, r.indrelid))
                            and not exists (select 1 from pg_constraint u where u.conindid = r.indexrelid)
                            and (not s.same or i.indisunique or i.indisreplident or i.indisclustered or x.relispartition or i.indexrelid <
                                r.indexrelid) order by i.indisunique desc, i.indexrelid limit 1) k on true
                    where c.relkind = 'i' and r.indisvalid and ${users}"""));
    }

    static List<Check> diskChecks() {
        return List.of(
            new Check(Area.disk, "wal_size", "WAL folder", "The WAL folder is not running full")
                .why("WAL is kept for a slot, for an archiver that fails, or for a standby; when its disk is full the server stops.")
                .see("select pg_size_pretty(sum(size)) from pg_ls_waldir()",
                "see replication_slots and archiver for what keeps it; do not delete files of pg_wal by hand", "none")
                .limits(3, 10).limit("min_mb", 1024).role("pg_monitor").source("times max_wal_size + wal_keep_size; pg_ls_waldir")
                .probe(Disk::wal),
            new Check(Area.disk, "archiver", "archiver", "WAL is archived without delay")
                .why("While archive_command fails there is no point-in-time recovery, and pg_wal grows until the disk is full.")
                .see("select * from pg_stat_archiver", "run archive_command by hand as the server's user and mend what it complains about",
                "none")
                .limits(0, 3600).limit("ready", 20).role("pg_monitor")
                .source("seconds that the oldest segment waits; pg_stat_archiver, pg_ls_archive_statusdir (12+)").sql("""
                    select 'archive_command' as object, case when fails then greatest(1, ${level ${seconds oldest}}) when
                        ${seconds oldest} >= ${crit} then 2
                            when ready > ${ready} then 1 else 0 end as level,
                        format('%s; %s segments wait, the oldest for %s; the last one was archived at %s', case when fails then
                            'fails at ' || last_failed_wal || ', tried '
                            || ${since last_failed_time} || ' ago' else 'is slow or hangs' end, ready, ${since oldest},
                                coalesce(last_archived_time::timestamptz(0)::text, 'no time')) as what,
                        null as fix, null as undo
                    from (select a.*, w.*, last_failed_time > coalesce(last_archived_time, '-infinity') as fails from pg_stat_archiver a
                        cross join (select count(*) as ready, coalesce(min(modification), now()) as oldest from pg_ls_archive_statusdir()
                            where name like '%.ready') w
                        where current_setting('archive_mode') = 'always' or current_setting('archive_mode') = 'on' and not
                            pg_is_in_recovery()) x"""),
            new Check(Area.disk, "disk_free", "file system", "The disks have room")
                .why("A full disk stops the server; a full WAL disk keeps it from starting.")
                .see("df -h $(psql -Atc 'show data_directory')", "enlarge the disk; or free what is not the server's; DROP and TRUNCATE "
                + "free at once, DELETE does not", "none")
                .limits(85, 95).needs("to run on the server's own machine, with pg_read_all_settings").role("pg_read_all_settings")
                        .source("percent used; data_directory, pg_wal, pg_tablespace_location").probe(Disk::free),
            new Check(Area.disk, "disk_days", "database", "The disk will not be full soon")
                .why("The day on which the disk is full can be told weeks before, from how the databases grow.")
                .see("select pg_size_pretty(sum(pg_database_size(datname))) from pg_database   -- today and in a week",
                "enlarge the disk, or remove what grows; the report names the relations that grew most", "none")
                .limit("days_warn", 30).limit("days_crit", 7).needs("an earlier run, and the disk on this machine or --disk-limit")
                .source("days; pg_database_size, pg_class.relpages (which needs no lock)").probe(Disk::days));
    }

    static List<Check> vacuumChecks() {
        return List.of(
            new Check(Area.vacuum, "wraparound", "database", "Transaction ids will not run out")
                .why("Shortly before 2,147 million transactions without a freeze the server refuses all writes until VACUUM is through.")
                .see("select datname, age(datfrozenxid), mxid_age(datminmxid) from pg_database",
                "end what holds the horizon (see xmin_horizon), then VACUUM (FREEZE, VERBOSE) the oldest tables", "none is needed")
                .limits(1e9, 1.6e9).limit("days_warn", 30).limit("days_crit", 7)
                .source("transactions; age, mxid_age, and the rate from the state; of half-dropped databases (datconnlimit -2) nobody "
                + "needs them; normal work up to autovacuum_freeze_max_age is silent").sql("""
                    select d.datname as object, case when d.oldest < 1.1 * f.normal and d.oldest < ${crit} then 0 else ${level d.oldest}
                        end as level,
                        format('%s of 2,147 million ids are used since the oldest freeze%s%s', to_char(d.oldest / 1e6, 'FM9,990.0'),
                            case when d.datname = current_database() then (select format(', oldest here: %s', c.oid::regclass) from
                                pg_class c where c.relkind in ('r', 'm', 't')
                                and c.relfrozenxid <> '0' order by greatest(age(c.relfrozenxid), mxid_age(c.relminmxid)) desc limit 1) end,
                            (select '; held back by ' || h.what from (select 'session ' || a.pid as what, age(a.backend_xmin) as old from
                                pg_stat_activity a where a.backend_xmin is not null and a.pid <> pg_backend_pid()
                                union all select 'prepared transaction ' || p.gid, age(p.transaction) from pg_prepared_xacts p
                                union all select 'slot ' || s.slot_name, greatest(age(s.xmin), age(s.catalog_xmin)) from
                                    pg_replication_slots s) h where h.old > d.oldest / 2 order by h.old desc limit 1)) as what,
                        'VACUUM (FREEZE, VERBOSE);  -- in database ' || quote_ident(d.datname) as fix, 'none is needed' as undo,
                        d.oldest as value, case when d.oldest > 1.1 * f.normal then 2144483647 end as ceiling
                    from (select datname, greatest(age(datfrozenxid), mxid_age(datminmxid)) as oldest from pg_database where datconnlimit
                        <> -2) d
                        cross join (select greatest(current_setting('autovacuum_freeze_max_age')::float,
                            current_setting('autovacuum_multixact_freeze_max_age')::float) as normal) f"""),
            new Check(Area.vacuum, "xmin_horizon", "holder", "Nothing keeps VACUUM from removing what is dead")
                .why("An old snapshot, a forgotten prepared transaction, a slot or a standby keeps dead rows of all tables: they bloat, "
                + "and ids cannot be frozen.")
                .see("select pid, backend_xmin, age(backend_xmin) from pg_stat_activity order by 3 desc nulls last   -- likewise "
                + "pg_prepared_xacts, pg_replication_slots, pg_stat_replication",
                        "end the session, roll back the prepared transaction, drop the slot, or switch hot_standby_feedback off",
                        "none: a dropped slot's consumer must begin anew")
                .limits(5e6, 2e8).source("transactions; backend_xmin, pg_prepared_xacts, xmin and catalog_xmin of pg_replication_slots; "
                + "a VACUUM holds nothing back").sql("""
                    select object, case when old is null then null else ${level old} end as level, case when old is null then
                        'sessions of other roles are hidden' else format('holds the horizon %s transactions back', old) end as what,
                        case when old is null then 'GRANT pg_monitor TO ' || quote_ident(current_user) || ';' else fix end as fix, 'none'
                            as undo
                    from (select ${session} as object, case when ${hidden} then null when a.pid in (select pid from
                        pg_stat_progress_vacuum) then 0
                                else greatest(coalesce(age(a.backend_xmin), 0), coalesce(age(a.backend_xid), 0)) end as old,
                            case when a.backend_type = 'walsender' then 'ALTER SYSTEM SET hot_standby_feedback = off;  -- on the standby'
                                else format('SELECT pg_terminate_backend(%s);', a.pid) end as fix
                        from pg_stat_activity a where (a.datid is not null or a.usename is not null) and a.pid <> pg_backend_pid()
                        union all select 'prepared transaction ' || p.gid, age(p.transaction), format('ROLLBACK PREPARED %L;', p.gid) from
                            pg_prepared_xacts p
                        union all select 'slot ' || s.slot_name, greatest(coalesce(age(s.xmin), 0), coalesce(age(s.catalog_xmin), 0)),
                            format('SELECT pg_drop_replication_slot(%L);', s.slot_name)
                        from pg_replication_slots s) h"""),
            new Check(Area.vacuum, "autovacuum_off", "table", "Autovacuum is on, everywhere")
                .why("Without it dead rows stay, statistics grow old, and one day the server stops to save itself from wraparound.")
                .see("select oid::regclass, reloptions from pg_class where reloptions::text like '%autovacuum_enabled%'",
                "ALTER TABLE t RESET (autovacuum_enabled)", "ALTER TABLE t SET (autovacuum_enabled = false)")
                .source("settings autovacuum and track_counts, pg_class.reloptions, of TOAST tables too").sql("""
                    select 'setting ' || s as object, case when current_setting(s)::boolean then 0 else 2 end as level, 'is off' as what,
                        format('ALTER SYSTEM SET %s = on; SELECT pg_reload_conf();', s) as fix,
                        format('ALTER SYSTEM SET %s = off; SELECT pg_reload_conf();', s) as undo from unnest(array['autovacuum',
                            'track_counts']) s
                    union all select c.oid::regclass::text, case when off.main or off.toast then 1 else 0 end, 'autovacuum is off' || case
                        when off.toast then ' for its TOAST table' else '' end,
                        format('ALTER TABLE %s RESET (%s);', c.oid::regclass, off.options), format('ALTER TABLE %s SET (%s);',
                            c.oid::regclass, replace(off.options, '_enabled', '_enabled = false'))
                    from pg_class c join pg_namespace n on n.oid = c.relnamespace left join pg_class t on t.oid = c.reltoastrelid cross
                        join lateral (select m as main, o as toast,
                            concat_ws(',', case when m then 'autovacuum_enabled' end, case when o then 'toast.autovacuum_enabled' end) as
                                options
                        from (select c.reloptions is not null and exists (select 1 from pg_options_to_table(c.reloptions) where
                            option_name = 'autovacuum_enabled' and not option_value::boolean) as m,
                            t.reloptions is not null and exists (select 1 from pg_options_to_table(t.reloptions) where option_name =
                                'autovacuum_enabled' and not option_value::boolean) as o) x) off
                    where c.relkind in ('r', 'm') and c.relpersistence <> 't' and ${users}"""),
            new Check(Area.vacuum, "stale_statistics", "table", "The planner's statistics are true")
                .why("The planner chooses by them; after a mass change, a restore or an upgrade without ANALYZE queries that were fast "
                + "become slow.")
                .see("select relid::regclass, n_mod_since_analyze, last_analyze, last_autoanalyze from pg_stat_user_tables order by 2 desc",
                "ANALYZE t", "none is needed")
                .limit("warn", 3).limit("rows", 10000).limit("minutes", 5)
                .source("times the table's own autoanalyze trigger, some minutes after the last one, since a session counts its own "
                + "changes late; pg_stat_all_tables, pg_class.reltuples, reloptions; partitioned tables, which are not analyzed by "
                + "themselves, since 14").sql("""
                    select c.oid::regclass::text as object, case when c.relkind = 'p' then (c.reltuples = -1 and s.live >= ${rows})::int
                        when s.never and c.oid in ${locked} then null
                            when s.never and pg_relation_size(c.oid) > 1000000 then 1
                            when s.live >= ${rows} and s.mods >= ${warn} * s.due and (s.analyzed is null or ${seconds s.analyzed} >= 60 *
                                ${minutes}) then 1 else 0 end as level,
                        case when c.relkind = 'p' then format('has parts of %s rows and was never analyzed as a whole, which autovacuum '
                            'does not do', s.live)
                            when s.never then 'was never analyzed' || case when c.oid in ${locked} then ', and is locked' else '' end
                            else format('%s rows changed since the last ANALYZE, of %s', s.mods, s.live) end as what,
                        format('ANALYZE %s;', c.oid::regclass) as fix, 'none is needed' as undo
                    from pg_class c join pg_namespace n on n.oid = c.relnamespace join lateral (
                        select t.n_mod_since_analyze as mods, greatest(t.last_analyze, t.last_autoanalyze) as analyzed,
                            case when c.relkind <> 'p' then greatest(t.n_live_tup, c.reltuples) when c.reltuples = -1 then (with recursive
                                part as (select c.oid union all
                                select i.inhrelid from pg_inherits i join part on part.oid = i.inhparent) select
                                    sum(pg_stat_get_live_tuples(oid)) from part) end as live,
                            c.reltuples <= 0 and coalesce(t.last_analyze, t.last_autoanalyze, t.last_vacuum, t.last_autovacuum) is null
                                and t.n_mod_since_analyze = 0 as never,
                            coalesce((select option_value::float from pg_options_to_table(c.reloptions) where option_name =
                                'autovacuum_analyze_threshold'),
                                current_setting('autovacuum_analyze_threshold')::float)
                            + coalesce((select option_value::float from pg_options_to_table(c.reloptions) where option_name =
                                'autovacuum_analyze_scale_factor'),
                                current_setting('autovacuum_analyze_scale_factor')::float) * greatest(c.reltuples, 0) as due
                        from pg_stat_all_tables t where t.relid = c.oid) s on true
                    where c.relkind in ('r', 'm', 'p') and c.relpersistence <> 't' and ${users}"""));
    }

    static List<Check> replicationChecks() {
        return List.of(
            new Check(Area.replication, "replication_slots", "slot", "No replication slot piles up WAL or is lost")
                .why("A slot whose consumer is gone keeps all WAL since, until the disk is full; a lost one means that its consumer must "
                + "begin anew.")
                .see("select slot_name, active, pg_size_pretty(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)) from "
                + "pg_replication_slots", "start its consumer, or SELECT pg_drop_replication_slot('s')",
                "none: the consumer must begin anew")
                .limits(1 << 30, 10L << 30).source("bytes kept, of an active slot only the second; pg_replication_slots; wal_status "
                + "since 13, conflicting since 16, invalidation_reason since 17").sql("""
                    select s.slot_name as object, case when j ->> 'wal_status' = 'lost' or (j ->> 'conflicting')::boolean or j ->>
                        'invalidation_reason' is not null then 2
                            when j ->> 'wal_status' = 'unreserved' then 2 when s.active then (k.bytes >= ${crit})::int else
                                ${level k.bytes} end as level,
                        format('%s, %s, keeps %s of WAL', case when s.active then 'active' else 'nobody reads it' end, coalesce(j ->>
                            'invalidation_reason', j ->> 'wal_status', 'wal_status unknown'), pg_size_pretty(k.bytes)) as what,
                        format('SELECT pg_drop_replication_slot(%L);  -- if its consumer will not come back', s.slot_name) as fix,
                            'none: its consumer must begin anew' as undo
                    from pg_replication_slots s cross join to_jsonb(s) j cross join lateral (select coalesce(pg_wal_lsn_diff(
                        case when pg_is_in_recovery() then coalesce(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()) else
                            pg_current_wal_lsn() end, s.restart_lsn), 0) as bytes) k"""),
            new Check(Area.replication, "replica_lag", "replica", "Standbys keep up")
                .why("What is read from a standby is as old as its lag, and so much is lost when it has to take over.")
                .see("select application_name, state, replay_lag, pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn) from "
                + "pg_stat_replication   -- on a standby: select now() - pg_last_xact_replay_timestamp()",
                        "look for a slow network, a long query on the standby, or SELECT pg_wal_replay_resume()",
                        "SELECT pg_wal_replay_pause()")
                .limits(60, 300).limit("bytes", 256 << 20)
                        .source("seconds, where WAL is missing; or bytes, since a standby that replays nothing reports no time; "
                        + "pg_stat_replication, pg_stat_wal_receiver")
                        .role("pg_read_all_stats").probe(Replication::lag),
            new Check(Area.replication, "sync_standbys", "rule", "Commits do not hang for a standby that is not there")
                .why("With synchronous_standby_names set and no such standby connected, every COMMIT waits for ever.")
                .see("show synchronous_standby_names; select application_name, sync_state from pg_stat_replication",
                "start the standby, or ALTER SYSTEM SET synchronous_standby_names = ''; SELECT pg_reload_conf()",
                        "ALTER SYSTEM RESET synchronous_standby_names; SELECT pg_reload_conf()")
                .source("synchronous_standby_names, pg_stat_replication.sync_state").role("pg_read_all_stats").sql("""
                    select 'synchronous_standby_names' as object, case when there < needed then 2 else 0 end as level,
                        format('is %L, and %s of %s such standbys are connected: commits wait',
                            current_setting('synchronous_standby_names'), there, needed) as what,
                        'ALTER SYSTEM SET synchronous_standby_names = ''''; SELECT pg_reload_conf();' as fix,
                        format('ALTER SYSTEM SET synchronous_standby_names = %L; SELECT pg_reload_conf();',
                            current_setting('synchronous_standby_names')) as undo
                    from (select (select count(*) from pg_stat_replication where sync_state in ('sync', 'quorum')) as there,
                        coalesce((regexp_match(current_setting('synchronous_standby_names'), '^\\s*(?:first|any)?\\s*(\\d+)\\s*\\(',
                            'i'))[1]::int, 1) as needed) s
                    where current_setting('synchronous_standby_names') <> '' and not pg_is_in_recovery()"""));
    }

    /** The columns whose old-style defaults name a sequence in a text, which no dependency tells. */
    static final String OLD_STYLE = """
            select r.seq, f.adrelid, f.adnum::int
            from pg_attrdef f join pg_class c on c.oid = f.adrelid join pg_namespace n on n.oid = c.relnamespace
                cross join lateral regexp_match(pg_get_expr(f.adbin, f.adrelid), $r$nextval\\(\\('(.+?)'::text\\)::regclass\\)$r$) m
                cross join lateral (select coalesce(to_regclass(m[1]), to_regclass(quote_ident(n.nspname) || '.' || m[1]),
                    to_regclass('public.' || m[1]))::oid as seq) r
            where f.adbin::text like '%:funcid 1574 %' and r.seq is not null and c.oid not in ${locked} and f.oid not in (
                select objid from pg_depend where classid = 'pg_attrdef'::regclass and refclassid = 'pg_class'::regclass
                    and refobjid in (select seqrelid from pg_sequence))""";

    /**
     * Which column each sequence feeds, by ownership, identity and default, for a range of sequences; and what is at the bottom of each
     * domain.
     */
    static String links(String range, String oldStyle) {
        return """
                with base as (with recursive b as (select oid, oid as base from pg_type where typtype <> 'd' union all select t.oid,
                    b.base from pg_type t join b on b.oid = t.typbasetype where t.typtype = 'd') select * from b),
                link as (select d.objid as seq, d.refobjid as rel, d.refobjsubid as att from pg_depend d
                        where d.classid = 'pg_class'::regclass and d.refclassid = 'pg_class'::regclass and d.deptype in ('a', 'i') and
                            d.refobjsubid > 0 and exists (select 1 from pg_sequence where seqrelid = d.objid) and d.objid%s
                    union select p.refobjid, f.adrelid, f.adnum from pg_attrdef f join pg_depend p on p.classid = 'pg_attrdef'::regclass
                        and p.objid = f.oid and p.refclassid = 'pg_class'::regclass
                        join pg_sequence q on q.seqrelid = p.refobjid where p.refobjid%s
                    union %s)""".formatted(range, range, oldStyle);
    }

    static final String LINKS = links(" > 0", OLD_STYLE);

    static List<Check> integrityChecks() {
        return List.of(
            new Check(Area.integrity, "sequences", "sequence", "Sequences have numbers left")
                .why("When the last number is given out, every INSERT fails; the column's type is often the narrower limit, int4 ends at "
                + "2,147,483,647.")
                .see("select schemaname, sequencename, last_value, max_value from pg_sequences order by last_value::float / max_value "
                + "desc nulls last",
                        "ALTER TABLE t ALTER c TYPE bigint (rewrites the table) and ALTER SEQUENCE s AS bigint",
                        "ALTER SEQUENCE s AS integer; ALTER TABLE t ALTER c TYPE integer, while the values still fit")
                .limits(75, 90).limit("days_warn", 90).limit("days_crit", 14)
                .needs("SELECT or USAGE on the sequences (pg_read_all_data since 14)")
                .source("percent of the true ceiling: of sequence, column type, domain; pg_sequence, pg_depend, pg_attrdef")
                .probe(Sequences::look),
            new Check(Area.integrity, "checksums", "database", "No page failed its checksum")
                .why("A page that failed was damaged on disk or in memory; rows are lost, and more may follow.")
                .see("select datname, checksum_failures, checksum_last_failure from pg_stat_database where checksum_failures > 0",
                "restore the relation or the database from a backup; check the disk and the memory", "none")
                .needs("data checksums").source("pg_stat_database.checksum_failures (12+), the row of shared objects included")
                .probe(Facts::checksums),
            new Check(Area.integrity, "collations", "collation", "The order of texts is still that of the indexes")
                .why("When the operating system or ICU sorts texts differently than before, indexes on texts miss rows and unique ones "
                + "let duplicates in.")
                .see("select datname, datcollversion, pg_database_collation_actual_version(oid) from pg_database",
                "REINDEX first, then REFRESH: REINDEX DATABASE CONCURRENTLY d; ALTER DATABASE d REFRESH COLLATION VERSION",
                        "none is needed; without the REINDEX, REFRESH only hides it")
                .source("pg_collation.collversion; pg_database.datcollversion since 15; a suspicion that amcheck proves")
                .probe(Facts::collations),
            new Check(Area.integrity, "unsafe_settings", "setting", "No setting trades your data for speed")
                .why("With fsync or full_page_writes off, a power cut can destroy the whole cluster; the others hide damage or switch "
                + "rules off.")
                .see("select name, setting from pg_settings where name in ('fsync', 'full_page_writes', 'zero_damaged_pages', "
                + "'ignore_checksum_failure', 'ignore_system_indexes')",
                        "ALTER SYSTEM RESET name; SELECT pg_reload_conf()", "ALTER SYSTEM SET name = value; SELECT pg_reload_conf()")
                .source("pg_settings, pg_db_role_setting").sql("""
                    select 'setting ' || s.name as object, case when s.setting = w.safe or s.source in ('database', 'user',
                        'database user') then 0 else 2 end as level, format('is %s', s.setting) as what,
                        format('ALTER SYSTEM SET %s = %s; SELECT pg_reload_conf();', s.name, w.safe) as fix,
                            format('ALTER SYSTEM SET %s = %s; SELECT pg_reload_conf();', s.name, s.setting) as undo
                    from pg_settings s join (values ('fsync', 'on'), ('full_page_writes', 'on'), ('zero_damaged_pages', 'off'),
                        ('ignore_checksum_failure', 'off'), ('ignore_invalid_pages', 'off'),
                        ('ignore_system_indexes', 'off')) w (name, safe) on w.name = s.name
                    union all select format('setting %s of %s', o.option_name, concat_ws(' in ', 'role ' || r.rolname, 'database ' ||
                        d.datname)),
                        case when lower(o.option_value) in ('on', 'true', 't', 'yes', 'y', '1', 'replica') then 2 else 0 end,
                            format('is %s there', o.option_value),
                        format('ALTER %s RESET %s;', w.whose, o.option_name), format('ALTER %s SET %s = %L;', w.whose, o.option_name,
                            o.option_value)
                    from pg_db_role_setting x cross join lateral pg_options_to_table(x.setconfig) o left join pg_roles r on r.oid =
                        x.setrole left join pg_database d on d.oid = x.setdatabase
                        cross join lateral (select case when r.oid is null and d.oid is not null then 'DATABASE ' || quote_ident(d.datname)
                            else 'ROLE ' || coalesce(quote_ident(r.rolname), 'ALL') || coalesce(' IN DATABASE ' || quote_ident(d.datname),
                                '') end as whose) w
                    where o.option_name in ('zero_damaged_pages', 'ignore_checksum_failure', 'session_replication_role')"""));
    }

    /** What reads data: only with --full, one object after the other within the budget, largest risk first. */
    static List<Check> deepChecks() {
        return List.of(
            new Check(Area.integrity, "sequence_behind", "sequence", "No sequence is behind its column")
                .why("After a load with explicit ids the next INSERT takes a number that exists, and fails with a duplicate key.")
                .see("select max(id) from t; select last_value, is_called from s", "SELECT setval('s', (SELECT max(id) FROM t))",
                "SELECT setval('s', OLD): never lower it")
                .needs("SELECT on table and sequence").source("max() by the unique index of the column, against last_value").full()
                .probe(Sweep.of(Sweep.BEHIND)),
            new Check(Area.integrity, "key_range", "column", "Integer keys have numbers left")
                .why("A key that the application fills itself ends at the limit of its type as a sequence does: int4 at 2,147,483,647.")
                .see("select max(id) from t", "ALTER TABLE t ALTER id TYPE bigint (rewrites the table), with all columns that refer to it",
                "ALTER TABLE t ALTER id TYPE integer, while the values still fit")
                .limits(75, 90).limit("days_warn", 90).limit("days_crit", 14).needs("SELECT on the tables")
                .source("percent; max() by the unique index").full().probe(Sweep.of(Sweep.KEYS)),
            new Check(Area.integrity, "indexes", "index", "Indexes agree with their tables")
                .why("A damaged or misordered index returns wrong rows without any error; the first to break are unique ones on texts.")
                .see("select bt_index_check('i', true)   -- CREATE EXTENSION amcheck",
                "find what broke it first (collations, disk); then REINDEX INDEX CONCURRENTLY i; remove duplicates before a unique one",
                "none is needed")
                .needs("CREATE EXTENSION amcheck, EXECUTE on bt_index_check")
                        .source("amcheck's bt_index_check with heapallindexed, and checkunique since 17 (manual F.1)").full()
                        .probe(Sweep.of(Sweep.AMCHECK)),
            new Check(Area.integrity, "duplicates", "unique index", "Unique keys are unique")
                .why("A unique index that was damaged has let the same key in twice; a dump of it cannot be restored.")
                .see("set enable_indexscan = off; set enable_indexonlyscan = off; set enable_bitmapscan = off; select id, count(*) from "
                + "t group by id having count(*) > 1",
                        "keep one row of each, by its ctid; then REINDEX INDEX CONCURRENTLY i", "take a copy of the rows before")
                .needs("SELECT on the tables").source("grouped without the use of any index").full().probe(Sweep.of(Sweep.DUPLICATES)),
            new Check(Area.integrity, "orphans", "foreign key", "Rows have the parents that their foreign keys promise")
                .why("Loads with triggers off leave children without parents under a constraint that is called valid; joins lose them, a "
                + "restore fails.")
                .see("select c.* from ONLY child c left join parent p on p.id = c.parent_id where p.id is null and c.parent_id is not null",
                "add the parents, or delete or unlink the children", "take a copy of the rows before")
                .needs("SELECT on both tables").source("an anti-join with the constraint's own operators, MATCH FULL included; "
                + "pg_constraint").full().probe(Sweep.of(Sweep.ORPHANS)),
            new Check(Area.disk, "bloat", "relation", "Tables and indexes are not mostly air")
                .why("Dead and free space is read and cached like rows: everything gets slower and the disk fuller.")
                .see("select * from pgstattuple_approx('t'); select * from pgstatindex('i')",
                "REINDEX INDEX CONCURRENTLY i; for tables pg_repack, or VACUUM FULL in a quiet hour (it locks the table)", "none is needed")
                .limit("warn", 50).limit("min_mb", 20).needs("CREATE EXTENSION pgstattuple, pg_stat_scan_tables (in pg_monitor)")
                        .source("percent; pgstattuple_approx, pgstatindex (manual F.33)").full().probe(Sweep.of(Sweep.BLOAT)));
    }

    static List<Check> configurationChecks() {
        return List.of(
            new Check(Area.configuration, "pending_restart", "setting", "No setting waits for a restart")
                .why("What was changed and needs a restart comes into effect at some unplanned one, when nobody remembers it.")
                .see("select name, setting from pg_settings where pending_restart",
                "restart at a quiet time, after a look at config_files and will_start", "ALTER SYSTEM RESET name; SELECT pg_reload_conf()")
                .role("pg_read_all_settings").source("pg_settings.pending_restart").sql("""
                    select 'setting ' || name as object, case when pending_restart then 1 else 0 end as level,
                        'was changed and waits for a restart; still ' || setting as what,
                        '-- restart the server' as fix, format('ALTER SYSTEM RESET %I; SELECT pg_reload_conf();', name) as undo from
                            pg_settings"""),
            new Check(Area.configuration, "config_files", "line", "The configuration files can be read")
                .why("A mistake in postgresql.conf or pg_hba.conf is ignored at a reload and keeps the server from starting.")
                .see("select * from pg_file_settings where error is not null; select * from pg_hba_file_rules where error is not null",
                "mend the line; SELECT pg_reload_conf()", "put the old line back")
                .needs("superuser, or GRANT SELECT ON pg_file_settings, pg_hba_file_rules and EXECUTE on pg_show_all_file_settings(), "
                + "pg_hba_file_rules()")
                .source("pg_file_settings, pg_hba_file_rules; settings that only wait for a restart are no mistake")
                .probe(Configuration::files),
            new Check(Area.configuration, "will_start", "setting", "The server would start again")
                .why("A value that was accepted by ALTER SYSTEM, more memory than the machine has or a library that is not there, shows "
                + "only when the server does not come back.")
                .see("postgres -D DATA -C shared_buffers", "ALTER SYSTEM RESET name", "ALTER SYSTEM SET name = value")
                .needs("superuser, on the server's own machine").source("pg_file_settings against the machine's memory and the library "
                + "folder").probe(Configuration::start),
            new Check(Area.configuration, "version", "server", "The server's version is supported and repaired")
                .why("Minor releases repair corruption and security holes, and need only new programs and a restart; a major without "
                + "support gets none.")
                .see("select version()   -- and postgresql.org/support/versioning",
                "install the newest minor release and restart; plan a major upgrade before the end of support", "none")
                .limit("days_warn", 180).source("a table in this script, of " + VERSIONS_OF + "; after six months it is called too old")
                .probe(Configuration::version),
            new Check(Area.configuration, "password_expiry", "role", "No password is about to expire")
                .why("VALID UNTIL passes at midnight, and the application cannot log in any more.")
                .see("select rolname, rolvaliduntil from pg_roles where rolcanlogin and rolvaliduntil < now() + '14 days'",
                "ALTER ROLE r VALID UNTIL 'DATE'", "ALTER ROLE r VALID UNTIL 'OLD DATE'")
                .limit("days_warn", 14).limit("days_crit", 3).source("pg_roles.rolvaliduntil; what expired more than 30 days ago was meant")
                .sql("""
                    select 'role ' || r.rolname as object, case when r.rolvaliduntil is null or not isfinite(r.rolvaliduntil) or
                        r.rolvaliduntil < now() - interval '30 days' then 0
                            when r.rolvaliduntil < now() + ${days_crit} * interval '1 day' then 2 when r.rolvaliduntil < now() +
                                ${days_warn} * interval '1 day' then 1 else 0 end as level,
                        format('its password is valid until %s', r.rolvaliduntil::timestamptz(0)) as what,
                            format('ALTER ROLE %I VALID UNTIL %L;', r.rolname, (now() + interval '1 year')::date) as fix,
                        format('ALTER ROLE %I VALID UNTIL %L;', r.rolname, r.rolvaliduntil) as undo
                    from pg_roles r where r.rolcanlogin"""));
    }

    static List<Check> backupChecks() {
        return List.of(
            new Check(Area.backups, "backups", "backup", "There is a fresh backup that was verified")
                .why("A backup that was never restored is a hope. What counts is the age of the newest one that was verified.")
                .see("ls -lt $BACKUP_DIR; jbang backup_database.java --list",
                "jbang backup_database.java, with its verification; look why cron has not run it", "none")
                .limits(26, 168).needs("BACKUP_DIR or --backup-dir").source("hours; the manifests of backup_database")
                .probe(Backups::look));
    }

    // --- checks that take more than a query ---

    /** What is known about the server: its version, what the role may see, whether it runs on this machine. */
    static final class Facts {
        static final List<String> ROLES = List.of("pg_monitor", "pg_read_all_stats", "pg_read_all_settings");

        String version;
        int major;
        int minor;
        String role;
        String database;
        boolean standby;
        boolean superuser;
        boolean local;
        boolean patroni;
        String data;
        String system; // its identifier, which a standby and a backup share
        final Set<String> roles = new TreeSet<>();
        final Map<String, String[]> extensions = new TreeMap<>(); // name: version, schema

        static void connect(Run run, Result result) throws Exception {
            result.examine(true);
            var start = System.nanoTime();
            try {
                run.connection = run.script.database.connect(false);
                var seconds = (System.nanoTime() - start) / 1e9;
                run.sample.put("connect_seconds", seconds);
                var facts = new Facts();
                facts.read(run);
                run.facts = facts;
                if (seconds >= run.limits.get("connection.warn")) {
                    result.find(seconds >= run.limits.get("connection.crit") ? 2 : 1, run.report.target,
                            String.format(Locale.ROOT, "took %.1f s to connect", seconds), null, null);
                }
            } catch (SQLException e) {
                var why = new StringBuilder();
                for (Throwable cause = e; cause != null; cause = cause.getCause()) {
                    why.append(why.isEmpty() ? "" : ": ").append(cause instanceof SQLException ? cause.getMessage() : cause.toString()
                            .replaceFirst("^(\\w+\\.)+(?=[A-Z])", ""));
                }
                run.lost = hide(why.toString());
                result.find(2, run.report.target, run.lost + " (SQLSTATE " + e.getSQLState() + ")", null, null);
            }
        }

        void read(Run run) throws SQLException {
            var row = run.query("""
                    select version(), current_setting('server_version_num'), current_user, current_database(), pg_is_in_recovery(),
                        (select rolsuper from pg_roles where rolname = current_user),
                        (select string_agg(r, ',') from unnest(array['pg_monitor', 'pg_read_all_stats', 'pg_read_all_settings']) r where
                            pg_has_role(current_user, r, 'usage')),
                        (select json_object_agg(extname, json_build_array(extversion, quote_ident(nspname))) from pg_extension e join
                            pg_namespace n on n.oid = e.extnamespace),
                        (select setting from pg_settings where name = 'data_directory'), pg_backend_pid(), extract(epoch from
                            pg_postmaster_start_time())::bigint,
                        exists (select 1 from pg_settings where sourcefile like '%/postgresql.base.conf'), (select ssl from pg_stat_ssl
                            where pid = pg_backend_pid()),
                        coalesce(host(inet_client_addr()), 'socket'), current_setting('server_version'),
                        case when has_function_privilege('pg_control_system()', 'execute') then (select system_identifier from
                            pg_control_system()) end""").get(0);
            version = row[14];
            major = Integer.parseInt(row[1]) / 10000;
            minor = Integer.parseInt(row[1]) % 10000;
            role = row[2];
            database = row[3];
            standby = row[4].equals("t");
            superuser = row[5].equals("t");
            roles.addAll(List.of(Objects.toString(row[6], "").split(",")));
            JsonParser.parseString(Objects.toString(row[7], "{}")).getAsJsonObject().asMap().forEach((name, about) -> extensions.put(name,
                    new String[] {about.getAsJsonArray().get(0).getAsString(), about.getAsJsonArray().get(1).getAsString()}));
            data = row[8];
            system = row[15];
            patroni = row[11].equals("t");
            local = isLocal(row[9], Long.parseLong(row[10]));
            var pooled = run.connection.unwrap(PGConnection.class).getBackendPID() != Integer.parseInt(row[9]);
            run.report.server.putAll(Map.of("version", version, "role", role, "database", database, "standby", standby,
                    "superuser", superuser, "on_this_machine", local, "pooler", pooled, "tls", "t".equals(row[12]),
                    "uptime_seconds", Instant.now().getEpochSecond() - Long.parseLong(row[10]), "extensions", extensions.keySet()));
            if (pooled) {
                run.report.notes.add("a pooler stands between: what it does is not looked at");
            }
            if (!row[0].startsWith("PostgreSQL") || row[0].matches(".*(-YB-|Greenplum|Redshift|Materialize).*")) {
                run.report.notes.add("this is no PostgreSQL but speaks its protocol; what it does not know is skipped: " + row[0]);
            } else if (!END_OF_SUPPORT.containsKey(major)) {
                run.report.notes.add("PostgreSQL " + major + " is not one of those this script was tried on (12 to 18)");
            }
            if (!"t".equals(row[12]) && !row[13].matches("socket|127\\..*|::1")) {
                run.report.notes.add("the connection is not encrypted: sslmode=verify-full");
            }
        }

        /** The postmaster's own file, or its process, tells; an equal path alone could be a container's. */
        boolean isLocal(String pid, long started) {
            try {
                if (data != null && Files.isReadable(Path.of(data, "postmaster.pid"))) {
                    return Math.abs(Long.parseLong(Files.readAllLines(Path.of(data, "postmaster.pid")).get(2)) - started) <= 2;
                }
                var process = Path.of("/proc", pid, "cmdline");
                return data != null && Files.isReadable(process) && Files.readString(process).startsWith("postgres:")
                        && Files.readString(process).contains(" " + role + " ")
                        && Files.exists(Path.of(data));
            } catch (IOException | RuntimeException e) {
                return false;
            }
        }

        /** Each host of the address alone: is it there, and is it the primary? */
        static void hosts(Run run, Result result) {
            var settings = run.script.database.settings();
            var hosts = settings.getProperty("PGHOST").split(",");
            var ports = settings.getProperty("PGPORT", "5432").split(",");
            var primaries = new ArrayList<String>();
            for (var i = 0; i < hosts.length; i++) {
                result.examine(true);
                var one = (Properties) settings.clone();
                one.setProperty("PGHOST", hosts[i]);
                one.setProperty("PGPORT", ports[Math.min(i, ports.length - 1)]);
                one.remove("targetServerType");
                try (var connection = new Driver().connect("jdbc:postgresql://", one); var answer = connection.createStatement()
                        .executeQuery("select pg_catalog.pg_is_in_recovery()")) {
                    answer.next();
                    if (!answer.getBoolean(1)) {
                        primaries.add(hosts[i] + ":" + one.getProperty("PGPORT"));
                    }
                } catch (SQLException e) {
                    result.find(1, hosts[i] + ":" + one.getProperty("PGPORT"), "cannot be reached: " + e.getMessage(), null, null);
                }
            }
            if (primaries.size() != 1) {
                result.find(2, "primary", primaries.isEmpty() ? "no host is a primary: nothing can be written" : "there is more than one: "
                        + String.join(", ", primaries)
                        + "; if they are one cluster, they have parted", null, null);
            }
        }

        static void checksums(Run run, Result result) throws SQLException {
            if (run.query("select current_setting('data_checksums')").get(0)[0].equals("off")) {
                result.skip(Blind.setup, "data checksums are off, so nobody would notice",
                        "stop the server; pg_checksums --enable -D DATA; start it (new clusters: initdb --data-checksums)");
                return;
            }
            result.rows(run, run.query(Run.wrapped("""
                    select coalesce('database ' || datname, 'shared objects') as object, case when checksum_failures > 0 then 2 else 0 end
                        as level,
                        format('%s pages failed, last at %s', checksum_failures, checksum_last_failure::timestamptz(0)) as what, null as
                            fix, null as undo from pg_stat_database""")));
        }

        /**
         * Databases know the version of their own order since 15; a version that nobody recorded proves nothing, except for C, which never
         * changes.
         */
        static void collations(Run run, Result result) throws SQLException {
            var affected = "(select count(distinct i.indexrelid) from pg_index i cross join unnest(i.indcollation::oid[]) u where u = %s "
                    + "and i.indexrelid >= 16384)";
            var databases = run.facts.major < 15 ? "null::text as recorded, null::text as actual, false as builtin"
                    : "d.datcollversion as recorded, pg_database_collation_actual_version(d.oid) as actual, to_jsonb(d) ->> "
                    + "'datlocprovider' = 'b' as builtin";
            result.rows(run, run.query(Run.wrapped("""
                    select 'database ' || datname as object, case when fixed or recorded = actual then 0 when recorded is null or actual
                        is null then null else 1 end as level,
                        case when recorded is null or actual is null then
                            'no version of the order of texts is recorded, so a change cannot be seen'
                            else format('texts were ordered by version %%s, now by %%s; %%s indexes here may be out of order', recorded,
                                actual, %s) end as what,
                        case when recorded is null or actual is null then 'nothing before PostgreSQL 15; then ALTER DATABASE ' ||
                            quote_ident(datname) || ' REFRESH COLLATION VERSION after a REINDEX'
                            else format('REINDEX DATABASE CONCURRENTLY %%I; ALTER DATABASE %%I REFRESH COLLATION VERSION;', datname,
                                datname) end as fix, 'none is needed' as undo
                    from (select d.datname, d.datcollate in ('C', 'POSIX', 'C.UTF-8', 'C.utf8') and coalesce(to_jsonb(d) ->>
                        'datlocprovider', 'c') = 'c' as fixed, %s from pg_database d where d.datname = current_database()) x
                    union all select 'collation ' || c.oid::regcollation, case when c.collversion = pg_collation_actual_version(c.oid)
                        then 0 else 1 end,
                        format('texts were ordered by version %%s, now by %%s; %%s indexes may be out of order', c.collversion,
                            pg_collation_actual_version(c.oid), %s),
                        format('REINDEX DATABASE CONCURRENTLY %%I; ALTER COLLATION %%s REFRESH VERSION;', current_database(),
                            c.oid::regcollation), 'none is needed'
                    from pg_collation c where c.collversion is not null and c.oid in (select a.attcollation from pg_attribute a
                        where a.attrelid >= 16384
                        union all select unnest(i.indcollation::oid[]) from pg_index i where i.indexrelid >= 16384)
                    """
                    .formatted(affected.formatted("100"), databases, affected.formatted("c.oid"))
                    .replace("c.oid::regcollation", run.facts.major < 13 ? "quote_ident(c.collname)" : "c.oid::regcollation"))));
        }
    }

    /** Patroni's REST interface tells of the whole cluster what a single server cannot. */
    static final class Patroni {
        static String address(Run run) {
            return run.script.scope.patroni != null ? run.script.scope.patroni : run.script.database.variables().get("PATRONI_URL");
        }

        static boolean isThere(Run run) {
            return address(run) != null || run.facts != null && run.facts.patroni;
        }

        static void look(Run run, Result result) throws Exception {
            var address = address(run);
            if (address == null) {
                result.skip(Blind.setup, "this server is run by Patroni, whose REST address is not known",
                        "--patroni http://HOST:8008 or PATRONI_URL");
                return;
            }
            var wait = Duration.ofSeconds(run.script.scope.timeout);
            var answer = HttpClient.newBuilder().connectTimeout(wait).build()
                    .send(HttpRequest.newBuilder(URI.create(address.replaceFirst("/*$", "/cluster"))).timeout(wait).build(),
                    HttpResponse.BodyHandlers.ofString());
            if (answer.statusCode() != 200) {
                throw new IOException("Patroni answered " + answer.statusCode());
            }
            var leaders = 0;
            for (var element : JsonParser.parseString(answer.body()).getAsJsonObject().getAsJsonArray("members")) {
                var member = element.getAsJsonObject();
                var name = text(member, "name", "?");
                var role = text(member, "role", "");
                var state = text(member, "state", "unknown");
                var lag = text(member, "lag", "0");
                result.examine(true);
                leaders += role.endsWith("leader") ? 1 : 0;
                if (!Set.of("running", "streaming", "in archive recovery").contains(state)) {
                    result.find(1, name, "is " + state, "patronictl reinit CLUSTER " + name, null);
                } else if (!role.endsWith("leader")
                        && (!lag.matches("\\d+") || Double.parseDouble(lag) >= run.limits.get("patroni.warn"))) {
                    result.find(lag.matches("\\d+") && Double.parseDouble(lag) >= run.limits.get("patroni.crit") ? 2 : 1, name, "lags by "
                            + (lag.matches("\\d+")
                            ? size(Double.parseDouble(lag)) : lag + " bytes"), null, null);
                }
            }
            if (leaders != 1) {
                result.find(2, "leader", leaders == 0 ? "the cluster has no leader" : "the cluster has " + leaders + " leaders", null,
                        null);
            }
        }

        static String text(JsonObject object, String name, String otherwise) {
            return object.has(name) && object.get(name).isJsonPrimitive() ? object.get(name).getAsString() : otherwise;
        }
    }

    /** pg_stat_statements, whose columns follow its own version, not the server's. */
    static final class Statements {
        static String[] extension(Run run, Result result) {
            var extension = run.facts.extensions.get("pg_stat_statements");
            if (extension == null) {
                result.skip(Blind.setup, "the extension pg_stat_statements is not in this database",
                        "shared_preload_libraries = 'pg_stat_statements' and a restart; CREATE EXTENSION pg_stat_statements; GRANT "
                        + "pg_read_all_stats TO the role that looks");
            }
            return extension;
        }

        static boolean atLeast(String version, int minor) {
            return Integer.parseInt(version.split("\\.")[1]) >= minor;
        }

        static void look(Run run, Result result) throws SQLException {
            var extension = extension(run, result);
            if (extension != null) {
                var evictions = !atLeast(extension[0], 9) ? "null::float"
                        : "(select 3600 * dealloc / greatest(3600, extract(epoch from clock_timestamp() - stats_reset)) from "
                        + extension[1] + ".pg_stat_statements_info)";
                var row = run.query("select count(*), current_setting('pg_stat_statements.max'), " + evictions + " from " + extension[1]
                        + ".pg_stat_statements(false)").get(0);
                result.examine(true);
                result.note = row[0] + " of at most " + row[1] + " statements";
                if (row[2] == null ? Double.parseDouble(row[0]) >= 0.95 * Double.parseDouble(row[1])
                        : Double.parseDouble(row[2]) >= run.limits.get("query_statistics.warn")) {
                    result.find(1, "pg_stat_statements", "it forgets: " + (row[2] == null ? "it is full with " + row[0]
                            : String.format(Locale.ROOT, "%.0f evictions an hour", Double.parseDouble(row[2]))),
                            "ALTER SYSTEM SET pg_stat_statements.max = 20000;  -- and restart",
                            "ALTER SYSTEM RESET pg_stat_statements.max;  -- and restart");
                }
            }
        }

        static void slow(Run run, Result result) throws SQLException {
            var extension = extension(run, result);
            if (extension != null) {
                var total = atLeast(extension[0], 8) ? "total_exec_time" : "total_time";
                result.rows(run, run.query(Run.wrapped("""
                        select 'query ' || queryid as object, case when sum(calls) >= %s and sum(%s) / greatest(sum(calls), 1) >= %s then
                            1 else 0 end as level,
                            format('%%s ms on average, %%s calls, %%s %%%% of all time: %%s', round((sum(%2$s) / greatest(sum(calls),
                                1))::numeric), sum(calls),
                                round((100 * sum(%2$s) / greatest(sum(sum(%2$s)) over (), 1))::numeric), left(regexp_replace(min(query),
                                    '\\s+', ' ', 'g'), 160)) as what,
                            '-- EXPLAIN (ANALYZE, BUFFERS) it with its usual values' as fix, null as undo
                        from %s.pg_stat_statements s where dbid = (select oid from pg_database where datname = current_database()) and
                            queryid is not null group by queryid"""
                        .formatted(run.limits.get("slow_queries.calls"), total, run.limits.get("slow_queries.warn"), extension[1]))));
            }
        }
    }

    /** What lies on the disks, and how fast it grows. */
    static final class Disk {
        static void wal(Run run, Result result) throws SQLException {
            var row = run.query("""
                    select sum(size), pg_size_bytes(current_setting('max_wal_size')) +
                        coalesce(pg_size_bytes(current_setting('wal_keep_size', true)),
                        current_setting('wal_keep_segments', true)::bigint * pg_size_bytes(current_setting('wal_segment_size'))) from
                            pg_ls_waldir()""").get(0);
            var bytes = Double.parseDouble(Objects.requireNonNullElse(row[0], "0"));
            var times = bytes / Double.parseDouble(row[1]);
            result.examine(true);
            run.sample.put("wal_bytes", bytes);
            if (bytes >= run.limits.get("wal_size.min_mb") * 1048576 && times >= run.limits.get("wal_size.warn")) {
                result.find(times >= run.limits.get("wal_size.crit") ? 2
                        : 1, "pg_wal", String.format(Locale.ROOT, "holds %s, %.1f times what max_wal_size and wal_keep_size ask for",
                        size(bytes), times), null, null);
            }
        }

        static void free(Run run, Result result) throws Exception {
            if (!run.facts.local) {
                result.skip(Blind.setup, "the server is on another machine, or in a container",
                        "run it there, or watch that disk by other means; --disk-limit SIZE for the days left");
                return;
            }
            var folders = new LinkedHashSet<Path>(List.of(Path.of(run.facts.data), Path.of(run.facts.data, "pg_wal")));
            run.query("select pg_tablespace_location(oid) from pg_tablespace where pg_tablespace_location(oid) <> ''")
                    .forEach(row -> folders.add(Path.of(run.facts.data).resolve(row[0]))); // one in place is told relative to the data
            for (var folder : folders) {
                java.nio.file.FileStore store;
                try {
                    store = Files.getFileStore(folder.toRealPath());
                    result.examine(true);
                } catch (IOException e) {
                    result.examine(false);
                    result.skip(Blind.privilege, folder + " may not be looked at (" + e.getClass().getSimpleName() + ")",
                            "run it as the server's user");
                    continue;
                }
                var used = 100.0 - 100.0 * store.getUsableSpace() / Math.max(1, store.getTotalSpace());
                if (folder.equals(Path.of(run.facts.data))) {
                    run.sample.put("disk_free_bytes", (double) store.getUsableSpace());
                    run.sample.put("disk_used_percent", used);
                }
                if (used >= run.limits.get("disk_free.warn")) {
                    result.find(used >= run.limits.get("disk_free.crit") ? 2
                            : 1, folder.toString(), String.format(Locale.ROOT, "%.0f %% used, %s free", used, size(store.getUsableSpace())),
                            null, null);
                }
            }
        }

        static void days(Run run, Result result) throws SQLException {
            var row = run.query("""
                    select sum(case when may then pg_database_size(oid) end), pg_database_size(current_database()), count(*), count(*)
                        filter (where may)
                    from (select oid, pg_has_role(current_user, 'pg_read_all_stats', 'usage') or has_database_privilege(oid, 'connect') as
                        may from pg_database where datconnlimit <> -2) d""").get(0);
            var used = Double.parseDouble(row[0]) + run.sample.getOrDefault("wal_bytes", 0.0);
            run.sample.put("database_bytes", Double.parseDouble(row[1]));
            run.sample.put("cluster_bytes", used);
            sizes(run);
            var free = run.script.scope.diskLimit != null ? Double.valueOf(bytes(run.script.scope.diskLimit) - used)
                    : run.sample.get("disk_free_bytes");
            var rate = run.state.rate("cluster_bytes", used, run.limits.get("rates.min_hours"));
            if (free == null) {
                result.skip(Blind.setup, "how much room its disk has cannot be seen from here", "--disk-limit SIZE");
            } else if (rate == null) {
                result.skip(Blind.baseline, "growth needs an earlier run, at least " + run.limits.get("rates.min_hours") + " hours ago",
                        "run it again later; --state keeps what was seen");
            } else {
                result.total = Integer.parseInt(row[2]);
                result.examined = Integer.parseInt(row[3]);
                if (result.examined < result.total) {
                    result.skip(Blind.privilege, "not all databases may be measured", "GRANT pg_read_all_stats TO " + quote(run.facts.role)
                            + ";");
                }
                var days = rate <= 0 ? Double.POSITIVE_INFINITY : free / rate / 86400;
                result.note = rate <= 0 ? "nothing grows" : String.format(Locale.ROOT, "grows by %s a day, %s free", size(rate * 86400),
                        size(free));
                if (days <= run.limits.get("disk_days.days_warn")) {
                    result.find(days <= run.limits.get("disk_days.days_crit") ? 2
                            : 1, "disk", String.format(Locale.ROOT, "full in about %.1f days: %s%s", Math.max(0, days), result.note,
                            grower(run)), null, null).daysLeft = days;
                }
            }
        }

        /**
         * The largest tables with their indexes and TOAST, as VACUUM has last counted their pages: that needs no lock. Citus and Timescale
         * keep rows elsewhere and tell by functions.
         */
        static void sizes(Run run) throws SQLException {
            var found = run.query("""
                    select c.oid::regclass, s.pages * current_setting('block_size')::bigint from pg_class c join pg_namespace n on n.oid =
                        c.relnamespace
                        join lateral (select c.relpages + coalesce((select sum(i.relpages) from pg_index x join pg_class i on i.oid =
                            x.indexrelid where x.indrelid = c.oid), 0)
                            + coalesce((select t.relpages from pg_class t where t.oid = c.reltoastrelid), 0) as pages) s on true
                    where c.relkind in ('r', 'm') and c.relpages > 0 and %s order by 2 desc limit 15""".formatted(Run.USERS));
            var sizes = new LinkedHashMap<String, Double>();
            found.forEach(row -> sizes.put(row[0], Double.parseDouble(row[1])));
            for (var special : List.of("select logicalrelid::text, %scitus_total_relation_size(logicalrelid) from "
                    + "pg_catalog.pg_dist_partition",
                    "select format('%%I.%%I', hypertable_schema, hypertable_name), %shypertable_size(format('%%I.%%I', "
                    + "hypertable_schema, hypertable_name)::regclass) from timescaledb_information.hypertables")) {
                var extension = run.facts.extensions.get(special.contains("citus") ? "citus" : "timescaledb");
                if (extension != null) {
                    try {
                        run.query(special.formatted(extension[1] + ".")).forEach(row -> sizes.put(row[0],
                                Double.parseDouble(Objects.toString(row[1], "0"))));
                    } catch (SQLException e) {
                        run.report.notes.add("sizes of distributed tables are missing: " + e.getMessage());
                    }
                }
            }
            sizes.forEach((name, bytes) -> run.sample.put("size/" + name, bytes));
            run.report.sizes = sizes.entrySet().stream().map(entry -> new Size(entry.getKey(), entry.getValue()))
                    .sorted(Comparator.comparing(Size::bytes).reversed()).toList();
        }

        static String grower(Run run) {
            return run.report.sizes.stream().map(size -> Map.entry(size.name, Objects.requireNonNullElse(run.state.rate("size/"
                    + size.name, size.bytes, run.limits.get("rates.min_hours")), 0.0)))
                    .filter(entry -> entry.getValue() > 0).max(Map.Entry.comparingByValue())
                    .map(entry -> "; most of all " + entry.getKey() + " by " + size(entry.getValue() * 86400)
                            + " a day").orElse("");
        }
    }

    static final class Replication {
        /**
         * On a primary by what each standby has not replayed yet, on a standby by itself; an idle primary sends nothing, which is no lag.
         */
        static void lag(Run run, Result result) throws SQLException {
            var check = checks().stream().filter(each -> each.id.equals("replica_lag")).findFirst().orElseThrow();
            result.rows(run, run.query(Run.wrapped(run.fill(check, run.facts.standby ? """
                    select 'this standby' as object, case when pg_is_wal_replay_paused() then 1 when r.streams = 0 and
                        (pg_last_wal_receive_lsn() is not null or r.upstream <> '') then 1
                            when pg_last_wal_receive_lsn() <= pg_last_wal_replay_lsn() then 0 else
                                ${level ${seconds pg_last_xact_replay_timestamp()}} end as level,
                        case when pg_is_wal_replay_paused() then 'its replay is paused' when r.streams = 0 then
                            'it receives nothing from its primary'
                            else coalesce('is ' || ${since pg_last_xact_replay_timestamp()} || ' behind',
                                'no transaction was replayed yet') end as what,
                        case when pg_is_wal_replay_paused() then 'SELECT pg_wal_replay_resume();' end as fix, case when
                            pg_is_wal_replay_paused() then 'SELECT pg_wal_replay_pause();' end as undo
                    from (select count(*) as streams, (select setting from pg_settings where name = 'primary_conninfo') as upstream from
                        pg_stat_wal_receiver) r""" : """
                    select coalesce(nullif(application_name, ''), 'standby') || coalesce(' at ' || host(client_addr), '') as object, case
                        when state <> 'streaming' and state <> 'backup' then 1
                            when replay_lsn is null or pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn) <= 0 then 0
                            else greatest(${level extract(epoch from coalesce(replay_lag, '0'))}, case when
                                pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn) >= ${bytes} then 1 else 0 end) end as level,
                        format('%s, %s and %s behind', state, pg_size_pretty(pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn)),
                            coalesce(replay_lag, '0')) as what, null as fix, null as undo
                    from pg_stat_replication where application_name not in ('pg_basebackup', 'pg_receivewal')"""))));
        }
    }

    static final class Sequences {
        /** How many in one transaction: reading a sequence locks it until the end, and the server's lock table is not ours to fill. */
        static final int PAGE = 1000;

        static void look(Run run, Result result) throws SQLException {
            var check = checks().stream().filter(each -> each.id.equals("sequences")).findFirst().orElseThrow();
            var oldStyle = run.query(run.fill(check, OLD_STYLE)).stream()
                    .map(row -> "(" + row[0] + "::oid, " + row[1] + "::oid, " + row[2] + ")").collect(Collectors.joining(", "));
            for (var after = "0"; after != null;) {
                var rows = run.query("select max(seqrelid), count(*) from (select seqrelid from pg_sequence where seqrelid > " + after
                        + " order by seqrelid limit " + PAGE
                        + ") page").get(0);
                if (rows[0] != null) {
                    result.rows(run, run.query(Run.wrapped(run.fill(check, links(" between " + (Long.parseLong(after) + 1) + " and "
                            + rows[0], oldStyle.isEmpty()
                            ? "select null, null, null where false" : "values " + oldStyle) + SQL.formatted(after, rows[0])))));
                }
                after = Integer.parseInt(rows[1]) < PAGE ? null : rows[0];
            }
        }

        static final String SQL = """
                , used_by as materialized (select l.seq, min(case b.base when 'int2'::regtype then 32767 when 'int4'::regtype then
                    2147483647 end) as highest,
                        string_agg(l.rel::regclass || '.' || quote_ident(a.attname), ', ' order by l.rel::regclass::text, a.attname) as
                            columns,
                        string_agg(format(' ALTER TABLE %%s ALTER %%I TYPE bigint;', l.rel::regclass, a.attname), '' order by
                            l.rel::regclass::text, a.attname)
                            filter (where b.base in ('int2'::regtype, 'int4'::regtype)) as wider,
                        string_agg(format(' ALTER TABLE %%s ALTER %%I TYPE %%s;', l.rel::regclass, a.attname, format_type(a.atttypid,
                            a.atttypmod)), ''
                            order by l.rel::regclass::text, a.attname) filter (where b.base in ('int2'::regtype, 'int4'::regtype)) as
                                narrower
                    from link l join pg_attribute a on a.attrelid = l.rel and a.attnum = l.att left join base b on b.oid = a.atttypid
                        group by l.seq),
                seen as (select s.*, c.oid in ${locked} as is_locked, has_sequence_privilege(s.seqrelid, 'SELECT, USAGE') as may, u.*
                    from pg_sequence s join pg_class c on c.oid = s.seqrelid join pg_namespace n on n.oid = c.relnamespace left join
                        used_by u on u.seq = s.seqrelid
                    where s.seqrelid > %s and s.seqrelid <= %s and c.relpersistence <> 't' and not (c.relpersistence = 'u' and
                        pg_is_in_recovery()) and ${users}),
                read as (select *, case when may and not is_locked then pg_sequence_last_value(seqrelid)::numeric end as last,
                        case when seqincrement > 0 then least(seqmax, coalesce(highest, seqmax)) else greatest(seqmin, coalesce(-highest -
                            1, seqmin)) end as ends from seen),
                used as (select *, case when last is null or seqcycle and ends = case when seqincrement > 0 then seqmax else seqmin end
                    then 0
                        when seqincrement > 0 then 100 * (last - seqmin) / greatest(ends::numeric - seqmin, 1) else 100 * (seqmax - last)
                            / greatest(seqmax::numeric - ends, 1) end as pct
                    from read)
                select seqrelid::regclass::text as object, case when is_locked or not may then null else ${level pct} end as level,
                    case when is_locked then 'a lock is held on it' when not may then 'may not be read'
                        else format('%%s of %%s are used (%%s %%%%)%%s', last, ends, round(pct, 1), ' by ' || columns) end as what,
                    case when not may then format('GRANT SELECT ON SEQUENCE %%s TO %%I;', seqrelid::regclass, current_user)
                        else format('ALTER SEQUENCE %%s AS bigint NO %%sVALUE;%%s', seqrelid::regclass, case when seqincrement > 0 then
                            'MAX' else 'MIN' end,
                            wider || '  -- rewrites the table under an exclusive lock') end as fix,
                    format('%%sALTER SEQUENCE %%s AS %%s MINVALUE %%s MAXVALUE %%s;', ltrim(narrower) || ' ', seqrelid::regclass,
                        seqtypid::regtype, seqmin, seqmax) as undo,
                    case when pct >= 5 then last end as value, case when pct >= 5 then ends end as ceiling from used""";
    }

    static final class Configuration {
        static void files(Run run, Result result) throws SQLException {
            if (run.query("select has_table_privilege('pg_file_settings', 'select') and "
                    + "has_function_privilege('pg_show_all_file_settings()', 'execute')"
                    + " and has_table_privilege('pg_hba_file_rules', 'select') and has_function_privilege('pg_hba_file_rules()', "
                    + "'execute')").get(0)[0].equals("f")) {
                var grants = "GRANT SELECT ON pg_file_settings, pg_hba_file_rules TO %1$s;"
                        + " GRANT EXECUTE ON FUNCTION pg_show_all_file_settings(), pg_hba_file_rules() TO %1$s;";
                result.skip(Blind.privilege, "the role " + run.facts.role + " may not read the files",
                        grants.formatted(quote(run.facts.role)));
                return;
            }
            result.rows(run, run.query(Run.wrapped("""
                    select concat_ws(':', f.sourcefile, f.sourceline) as object, case when f.error is not null and not
                        (coalesce(s.pending_restart, false) or f.error like '%could not be applied%' and s.context = 'postmaster') then 2
                        else 0 end as level,
                        format('%s = %s: %s', f.name, f.setting, f.error) as what, case when f.sourcefile like '%postgresql.auto.conf'
                            then format('ALTER SYSTEM RESET %I;', f.name) end as fix, null as undo
                    from pg_file_settings f left join pg_settings s on s.name = f.name
                    union all select coalesce(to_jsonb(h) ->> 'file_name', current_setting('hba_file')) || ':' || h.line_number, case when
                        h.error is not null then 2 else 0 end, h.error, null, null from pg_hba_file_rules h""")));
        }

        /**
         * Two things stop a start that no reload complains of: shared memory that the machine does not have, and libraries that are not
         * there.
         */
        static void start(Run run, Result result) throws SQLException {
            if (!run.facts.local || !run.facts.superuser) {
                result.skip(Blind.setup, run.facts.local ? "only a superuser sees the values of the next start"
                        : "the server is on another machine, or in a container", "run it on the server's machine as superuser");
                return;
            }
            var values = new TreeMap<String, String>();
            run.query("select name, setting from pg_file_settings where name in ('shared_buffers', 'shared_preload_libraries') order by "
                    + "seqno").forEach(row -> values.put(row[0], row[1]));
            result.total = result.examined = 2;
            var memory = ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getTotalMemorySize();
            var wanted = values.getOrDefault("shared_buffers", "128MB");
            var buffers = wanted.matches("\\d+") ? Double.parseDouble(wanted) * 8192 : bytes(wanted);
            if (buffers > memory) {
                result.find(2, "setting shared_buffers", "is " + wanted + " for the next start, the machine has "
                        + size(memory), "ALTER SYSTEM RESET shared_buffers;", "ALTER SYSTEM SET shared_buffers = " + literal(wanted) + ";");
            }
            var folder = run.query("select setting from pg_config where name = 'PKGLIBDIR'").get(0)[0];
            var folders = Stream.of(run.query("select current_setting('dynamic_library_path')").get(0)[0].split(":"))
                    .map(each -> Path.of(each.replace("$libdir", folder))).toList();
            for (var library : values.getOrDefault("shared_preload_libraries", "").split(",")) {
                var name = library.strip().replaceAll("^[\"']|[\"']$", "").replace("$libdir/", "");
                if (!name.isEmpty() && Files.isDirectory(Path.of(folder)) && Stream.of("", ".so", ".dylib", ".dll")
                        .noneMatch(suffix -> folders.stream().anyMatch(each -> Files.exists(each.resolve(name + suffix))))) {
                    result.find(2, "setting shared_preload_libraries", "names " + name + ", which is not in " + folder,
                            "ALTER SYSTEM RESET shared_preload_libraries;",
                            "ALTER SYSTEM SET shared_preload_libraries = " + Stream.of(values.get("shared_preload_libraries").split(","))
                            .map(each -> literal(each.strip()))
                                    .collect(Collectors.joining(", ")) + ";");
                }
            }
        }

        static void version(Run run, Result result) {
            var today = LocalDate.now(ZoneOffset.UTC);
            var end = END_OF_SUPPORT.get(run.facts.major);
            if (end == null || today.isAfter(VERSIONS_OF.plusMonths(6))) {
                result.skip(Blind.setup, "the table of releases in this script is of " + VERSIONS_OF
                        + (end == null ? " and does not know " + run.facts.major
                        : ""), "get a newer health_check, or look at postgresql.org/support/versioning");
                return;
            }
            result.examine(true);
            result.note = run.facts.version + "; newest known on " + VERSIONS_OF + ": " + run.facts.major + "."
                    + NEWEST_MINOR.get(run.facts.major);
            if (!today.isBefore(end)) {
                result.find(1, "major " + run.facts.major, "has had no support since " + end
                        + ": no more security and corruption fixes", "-- plan a major upgrade (pg_upgrade, logical replication, or dump "
                        + "and restore)", null);
            } else if (today.plusDays(run.limits.get("version.days_warn").intValue()).isAfter(end)) {
                result.find(1, "major " + run.facts.major, "loses its support on " + end, "-- plan a major upgrade", null);
            }
            if (run.facts.minor < NEWEST_MINOR.get(run.facts.major)) {
                result.find(1, "minor " + run.facts.version, "is behind " + run.facts.major + "."
                        + NEWEST_MINOR.get(run.facts.major), "-- install the newest packages of this major and restart the server", null);
            }
        }
    }

    /**
     * Looks at one object after the other, largest risk first, until the budget is spent; the next run goes on after the last one that was
     * fine.
     */
    static final class Sweep {
        /**
         * Lists the objects: name, why it cannot be looked at (lock, privilege, error or null), and the query that looks: it gives level,
         * words, fix, undo, value and ceiling, or nothing.
         */
        interface Source {
            String list(Run run, Result result);
        }

        /** How many days a round may take before it begins anew. */
        static final int STALE_DAYS = 30;

        static Probe of(Source source) {
            return (run, result) -> look(run, result, source);
        }

        static void look(Run run, Result result, Source source) throws SQLException {
            var check = checks().stream().filter(each -> each.id.equals(result.id)).findFirst().orElseThrow();
            var stop = run.share();
            var list = source.list(run, result);
            if (list == null) {
                return;
            }
            var items = run.query(run.fill(check, list), 30);
            var round = run.state.rounds.computeIfAbsent(result.id, id -> new State.Round());
            if (round.begun == null || round.begun.isBefore(Instant.now().minus(STALE_DAYS, ChronoUnit.DAYS))) {
                round.begun = Instant.now();
                round.done.clear();
            }
            var before = round.done.size();
            var unfinished = false;
            result.total = items.size();
            for (var item : items) {
                if (round.done.contains(item[0])) {
                    result.examined++;
                } else if (item[1] != null) {
                    var kind = Blind.valueOf(item[1]);
                    unfinished |= kind == Blind.lock;
                    result.skip(kind, kind == Blind.lock ? item[0] + " is locked" : kind == Blind.privilege ? "rows of " + item[0]
                            + " may not be read"
                            : item[0] + " is of a kind that is not compared", kind == Blind.privilege ? item[2] : null);
                } else if (run.left() <= stop) {
                    unfinished = true;
                    result.skip(Blind.time, "the time budget is spent", "run --full again: it goes on from here; or --budget SECONDS");
                } else {
                    examine(run, result, item, round, () -> run.query(run.fill(check, list), 30).stream()
                            .noneMatch(row -> row[0].equals(item[0])));
                }
            }
            if (before > 0) {
                result.note = count(before, result.noun) + " of them in earlier runs since " + round.begun.truncatedTo(ChronoUnit.SECONDS);
            }
            if (!unfinished) {
                run.state.rounds.remove(result.id);
            }
        }

        interface Question {
            boolean ask() throws SQLException;
        }

        /** Looks at one object. A large one may take a fourth of the budget; one that was dropped meanwhile is no more counted. */
        static void examine(Run run, Result result, String[] item, State.Round round, Question isGone) throws SQLException {
            try {
                var found = 0;
                for (var row : run.query(item[2], Math.max(60, run.budget / 4))) {
                    var days = row.length < 6 || row[4] == null ? null
                            : run.daysLeft(result.id + "/" + item[0], Double.parseDouble(row[4]), Double.parseDouble(row[5]));
                    var level = row[0] == null || row[0].isEmpty() ? 0 : Integer.parseInt(row[0]);
                    if (days != null && days <= run.limits.get(result.id + ".days_warn")) {
                        level = Math.max(level, days <= run.limits.get(result.id + ".days_crit") ? 2 : 1);
                    }
                    if (level > 0) {
                        found++;
                        var left = days == null ? "" : String.format(Locale.ROOT, "; about %.0f days left at the present rate", days);
                        result.find(level, item[0], row[1] + left, row[2], row[3]).daysLeft = days;
                    }
                }
                result.examined++;
                if (found == 0) {
                    round.done.add(item[0]);
                }
            } catch (SQLException e) {
                var state = Objects.toString(e.getSQLState(), "");
                if (state.startsWith("08") || state.startsWith("57P")) {
                    throw e;
                } else if (Run.isGone(e) && isGone.ask()) {
                    result.total--;
                // corrupted, a file that is not there or cannot be read, and what the server says when it meets that unawares
                } else if (state.matches("XX00.|58P01|58030")) {
                    result.examined++;
                    result.find(2, item[0], e.getMessage().replaceAll("\\s+", " ") + " (SQLSTATE " + state + ")",
                            "-- find the cause first; an index: REINDEX INDEX CONCURRENTLY " + item[0]
                            + "; a table: restore it from a backup", "none is needed");
                } else {
                    result.skip(Run.kind(e), item[0] + ": " + e.getMessage().replaceAll("\\s+", " "), Run.kind(e) == Blind.time
                            ? "--budget SECONDS: a fourth of it may go to one object" : null);
                }
            }
        }

        static String extension(Run run, Result result, String name) {
            if (run.facts.extensions.containsKey(name)) {
                return run.facts.extensions.get(name)[1];
            }
            result.skip(Blind.setup, "the extension " + name + " is not in this database", "CREATE EXTENSION " + name + ";");
            return null;
        }

        /** The list's second column for a table t: what keeps us from it; %s is its oid. */
        static final String BARRED = "case when %1$s in ${locked} then 'lock' when not has_table_privilege(%1$s, 'select') or not "
                + "has_schema_privilege(n.oid, 'usage') then 'privilege' end";
        static final String GRANT = "case when not has_table_privilege(%1$s, 'select') then format('GRANT SELECT ON %%s TO %%I;', "
                + "%1$s::regclass, current_user) else ";

        static final Source BEHIND = (run, result) -> LINKS + """
                select format('%%s of %%s.%%I', s.seqrelid::regclass, c.oid::regclass, a.attname), case when not
                    has_sequence_privilege(s.seqrelid, 'SELECT') then 'privilege' when s.seqrelid in ${locked} then 'lock' else %s end, %s
                    format('select 2, format(''the column %%%%s.%%%%s has %%%%s, the sequence stands at %%%%s'', %%L, %%L, t.m, '
                        's.last_value), %%L, ''none: never lower a sequence'' from (select %%s(%%I) as m from %%s) t, %%s s
                        where t.m is not null and (t.m %%s s.last_value or t.m = s.last_value and not s.is_called)', c.oid::regclass,
                            a.attname, format('SELECT setval(%%L, (SELECT %%s(%%I) FROM %%s));', s.seqrelid::regclass,
                        case when s.seqincrement > 0 then 'max' else 'min' end, a.attname, c.oid::regclass), case when s.seqincrement > 0
                            then 'max' else 'min' end, a.attname, c.oid::regclass, s.seqrelid::regclass,
                        case when s.seqincrement > 0 then '>' else '<' end) end
                from pg_sequence s join link l on l.seq = s.seqrelid join pg_class c on c.oid = l.rel join pg_namespace n on n.oid =
                    c.relnamespace
                    join pg_attribute a on a.attrelid = l.rel and a.attnum = l.att
                where not s.seqcycle and c.relkind in ('r', 'p') and c.relpersistence <> 't' and ${users} and exists (select 1 from
                    pg_index i join pg_class x on x.oid = i.indexrelid join pg_am m on m.oid = x.relam
                    where i.indrelid = c.oid and i.indkey[0] = a.attnum and i.indnkeyatts = 1 and i.indisunique and i.indisvalid and
                        i.indpred is null and m.amname = 'btree')
                order by 1""".formatted(BARRED.formatted("c.oid"), GRANT.formatted("c.oid"));

        static final Source KEYS = (run, result) -> LINKS + """
                select c.oid::regclass || '.' || quote_ident(a.attname), %s, %s
                    format('select case when pct >= ${crit} then 2 when pct >= ${warn} then 1 else 0 end, format(''%%%%s of %%%%s (%%%%s '
                        '%%%%%%%%)'', m, ends, round(pct, 1)), ''ALTER TABLE '' || %%L || '' TYPE bigint;'', ''none while larger values '
                        'are there'', m, ends
                        from (select m, ends, 100.0 * m / ends as pct from (select max(%%I) as m, %%s as ends from %%s) t where m is not '
                            'null) u', c.oid::regclass || ' ALTER ' || quote_ident(a.attname), a.attname,
                        case b.base when 'int2'::regtype then 32767 else 2147483647 end, c.oid::regclass) end
                from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid join base b on
                    b.oid = a.atttypid
                where c.relkind = 'r' and c.relpersistence <> 't' and b.base in ('int2'::regtype, 'int4'::regtype) and not exists (select
                    1 from link l where l.rel = c.oid and l.att = a.attnum) and ${users}
                    and exists (select 1 from pg_index i join pg_class x on x.oid = i.indexrelid join pg_am m on m.oid = x.relam where
                        i.indrelid = c.oid and i.indkey[0] = a.attnum
                        and i.indisunique and i.indisvalid and i.indpred is null and m.amname = 'btree')
                order by c.reltuples desc""".formatted(BARRED.formatted("c.oid"), GRANT.formatted("c.oid"));

        static final Source AMCHECK = (run, result) -> {
            var schema = extension(run, result, "amcheck");
            return schema == null ? null : """
                    select i.indexrelid::regclass::text, case when i.indrelid in ${locked} or i.indexrelid in ${locked} then 'lock' when
                        not has_function_privilege(f.oid, 'execute') then 'privilege' end,
                        case when not has_function_privilege(f.oid, 'execute') then format('GRANT EXECUTE ON FUNCTION %%s TO %%I;',
                            f.oid::regprocedure, current_user)
                            else format('select %%s(%%s::regclass, true%%s)', f.oid::regproc, i.indexrelid, case when f.pronargs > 2 then
                                ', true' end) end
                    from pg_index i join pg_class c on c.oid = i.indrelid join pg_namespace n on n.oid = c.relnamespace join pg_class x on
                        x.oid = i.indexrelid join pg_am m on m.oid = x.relam
                        cross join (select oid, pronargs from pg_proc where proname = 'bt_index_check' and pronamespace =
                            '%s'::regnamespace order by pronargs desc limit 1) f
                    where m.amname = 'btree' and x.relkind = 'i' and i.indisvalid and i.indisready and x.relpersistence = 'p' and ${users}
                    order by i.indisunique and exists (select 1 from unnest(i.indcollation::oid[]) u join pg_collation k on k.oid = u
                        where k.collname not in ('C', 'POSIX')) desc, i.indisunique desc, x.relpages"""
                    .formatted(schema.replace("'", "''"));
        };

        /**
         * The index calls code of somebody who is no superuser: to run it with our rights would lend them to whoever wrote it (as
         * CVE-2022-1552 of amcheck).
         */
        static final String FOREIGN_CODE = """
                exists (select 1 from pg_depend d left join pg_operator q on d.refclassid = 'pg_operator'::regclass and q.oid = d.refobjid
                    join pg_proc f on f.oid = case when d.refclassid = 'pg_proc'::regclass then d.refobjid else q.oprcode end join
                        pg_roles w on w.oid = f.proowner
                    where d.classid = 'pg_class'::regclass and d.objid = i.indexrelid and not w.rolsuper and w.rolname <> current_user)""";

        /**
         * Keys of a unique index, grouped as it compares them; keys without overlaps (18+) are ranges, which would have to be compared each
         * with each.
         */
        static final Source DUPLICATES = (run, result) -> """
                select i.indexrelid::regclass::text, %s, %s
                    format('set local enable_indexscan = off; set local enable_indexonlyscan = off; set local enable_bitmapscan = off; '
                        'select 2, format(''%%%%s keys are there more than once, e.g. %%%%s'', count(*), min(k)), %%L,
                        ''none: keep a copy of the rows'' from (select row(%%s)::text as k from %%s%%s where true%%s%%s group by %%s '
                            'having count(*) > 1 limit 1000) d having count(*) > 0',
                        '-- remove the rows that are too much by their ctid, then REINDEX INDEX CONCURRENTLY ' || i.indexrelid::regclass
                            || ';', k.keys, case when c.relkind = 'r' then 'only ' else '' end, c.oid::regclass,
                        ' and (' || pg_get_expr(i.indpred, i.indrelid) || ')', case when coalesce((to_jsonb(i) ->>
                            'indnullsnotdistinct')::boolean, false) then '' else k.present end, k.keys) end end
                from pg_index i join pg_class c on c.oid = i.indrelid join pg_namespace n on n.oid = c.relnamespace join pg_class x on
                    x.oid = i.indexrelid
                    left join lateral (select string_agg('(' || pg_get_indexdef(i.indexrelid, o, false) || ')' || coalesce((select
                        format(' collate %%I.%%I', ns.nspname, k.collname)
                            from pg_collation k join pg_namespace ns on ns.oid = k.collnamespace where k.oid = i.indcollation[o - 1]),
                                ''), ', ' order by o) as keys,
                            string_agg(' and (' || pg_get_indexdef(i.indexrelid, o, false) || ') is not null', '' order by o) as present
                        from generate_series(1, i.indnkeyatts) o where c.oid not in ${locked} and x.oid not in ${locked}) k on true
                where i.indisunique and i.indisvalid and i.indislive and c.relkind in ('r', 'm') and c.relpersistence <> 't' and ${users}
                order by exists (select 1 from unnest(i.indcollation::oid[]) u join pg_collation o on o.oid = u where o.collname not in
                    ('C', 'POSIX')) desc, c.relpages"""
                .formatted("case when x.oid in ${locked} then 'lock' when i.indisexclusion or " + FOREIGN_CODE + " then 'setup' else "
                + BARRED.formatted("c.oid") + " end", GRANT.formatted("c.oid")
                        + "case when c.oid in ${locked} or x.oid in ${locked} then null else");

        /**
         * The anti-join of each foreign key by its own operators; temporal keys (18+), which compare ranges, are counted as not looked at.
         */
        static final Source ORPHANS = (run, result) -> """
                select quote_ident(k.conname) || ' on ' || k.conrelid::regclass, case when k.confrelid in ${locked} then 'lock' when
                    coalesce((to_jsonb(k) ->> 'conperiod')::boolean, false) then 'setup'
                        when not has_table_privilege(k.confrelid, 'select') then 'privilege' else %s end, %s case when not
                            has_table_privilege(k.confrelid, 'select') then format('GRANT SELECT ON %%s TO %%I;', k.confrelid::regclass,
                            current_user) else
                    format('select %%s, format(''%%%%s rows have no parent in %%%%s, e.g. %%%%s'', count(*), %%L, min(z.k)), %%L, '
                        '''keep a copy of the rows'' from (select row(%%s)::text as k from %%s%%s f left join %%s%%s p on %%s
                        where p.%%I is null and (%%s) limit 1000) z having count(*) > 0', case when k.convalidated then 2 else 1 end,
                            k.confrelid::regclass, format('-- SELECT f.* FROM %%s f LEFT JOIN %%s p ON %%s WHERE p.%%I IS NULL AND '
                            '(%%s); then add the parents or remove the rows',
                        k.conrelid::regclass, k.confrelid::regclass, j.joined, j.first, j.present), j.columns, case when c.relkind = 'r'
                            then 'only ' else '' end, k.conrelid::regclass,
                        case when r.relkind = 'r' then 'only ' else '' end, k.confrelid::regclass, j.joined, j.first, j.present) end end
                from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace join pg_class r
                    on r.oid = k.confrelid
                    cross join lateral (select string_agg(format('p.%%I operator(%%I.%%s) f.%%I', p.attname, s.nspname, o.oprname,
                        f.attname), ' and ' order by u.at) as joined, (array_agg(p.attname order by u.at))[1] as first,
                            string_agg(format('f.%%I', f.attname), ', ' order by u.at) as columns, string_agg(format('f.%%I is not null',
                                f.attname), case k.confmatchtype when 'f' then ' or ' else ' and ' end order by u.at) as present
                        from unnest(k.conkey, k.confkey, k.conpfeqop) with ordinality u (child, parent, op, at) join pg_attribute f on
                            f.attrelid = k.conrelid and f.attnum = u.child
                            join pg_attribute p on p.attrelid = k.confrelid and p.attnum = u.parent join pg_operator o on o.oid = u.op
                                join pg_namespace s on s.oid = o.oprnamespace) j
                where k.contype = 'f' and k.conparentid = 0 and coalesce((to_jsonb(k) ->> 'conenforced')::boolean, true) and ${users}
                order by exists (select 1 from pg_trigger t where t.tgconstraint = k.oid and t.tgenabled <> 'O') desc, k.convalidated,
                    c.relpages""".formatted(BARRED.formatted("c.oid"), GRANT.formatted("c.oid"));

        /** What is air beyond the room that fillfactor leaves on purpose; 90 is the default of B-trees. */
        static final Source BLOAT = (run, result) -> {
            var schema = extension(run, result, "pgstattuple");
            return schema == null ? null : """
                    select c.oid::regclass::text, case when c.oid in ${locked} or i.indrelid in ${locked} then 'lock' when not
                        has_function_privilege(f.oid, 'execute') then 'privilege' end,
                        case when not has_function_privilege(f.oid, 'execute') then format('GRANT pg_stat_scan_tables TO %%I;',
                            current_user)
                            else format('select 1, format(''%%%%s %%%%%%%% of it are air, about %%%%s'', round(pct), pg_size_pretty(pct '
                                '/ 100 * bytes)), %%L, ''none is needed''
                                from (select (%%s)::numeric as pct, %%s as bytes from %%s(%%s::regclass)) x where pct >= ${warn} and pct '
                                    '<> ''NaN'' ',
                                case c.relkind when 'i' then format('REINDEX INDEX CONCURRENTLY %%s;', c.oid::regclass) else
                                    format('VACUUM (FULL) %%s;  -- locks it; pg_repack does not', c.oid::regclass) end,
                                case c.relkind when 'i' then format('100 * (1 - least(avg_leaf_density, %%1$s) / %%1$s)', coalesce(o.fill,
                                    '90'))
                                    else format('greatest(0, dead_tuple_percent + approx_free_percent - 100 + %%s)', coalesce(o.fill,
                                        '100')) end,
                                case c.relkind when 'i' then 'index_size' else 'table_len' end, f.oid::regproc, c.oid) end
                    from pg_class c join pg_namespace n on n.oid = c.relnamespace left join pg_index i on i.indexrelid = c.oid left join
                        pg_am m on m.oid = c.relam
                        left join lateral (select option_value as fill from pg_options_to_table(c.reloptions) where option_name =
                            'fillfactor') o on true
                        join pg_proc f on f.pronamespace = '%s'::regnamespace and f.proargtypes[0] = 'regclass'::regtype
                            and f.proname = case c.relkind when 'i' then 'pgstatindex' else 'pgstattuple_approx' end
                    where (c.relkind in ('r', 'm') and m.amname = 'heap' or c.relkind = 'i' and m.amname = 'btree' and i.indisvalid)
                        and c.relpersistence <> 't' and c.relpages * current_setting('block_size')::numeric >= ${min_mb} * 1048576 and
                            ${users}
                    order by c.relpages desc""".formatted(schema.replace("'", "''"));
        };
    }

    /** The newest verified backup, by the manifests that backup_database leaves; folders with a dot in front are its unfinished work. */
    static final class Backups {
        record Backup(Instant finished, boolean verified) {
        }

        static void look(Run run, Result result) throws IOException {
            var variables = run.script.database.variables();
            var folder = run.script.scope.backups != null ? run.script.scope.backups : variables.containsKey("BACKUP_DIR")
                    ? Path.of(variables.get("BACKUP_DIR")) : null;
            if (folder == null) {
                result.skip(Blind.setup, "where backups lie is not known", "BACKUP_DIR or --backup-dir DIR");
                return;
            }
            if (!Files.isDirectory(folder)) {
                result.find(2, folder.toString(), "is no folder: there is no backup", "jbang backup_database.java", null);
                return;
            }
            var name = run.facts != null ? run.facts.database : run.script.scope.sqlite == null ? run.script.database.settings()
                    .getProperty("PGDBNAME")
                    : run.script.scope.sqlite.getFileName().toString();
            var backups = new ArrayList<Backup>();
            try (var files = Files.walk(folder, 3)) {
                for (var file : files.filter(each -> each.endsWith("MANIFEST.json") && !folder.relativize(each).toString().startsWith("."))
                        .sorted().toList()) {
                    read(file, name, run.facts == null ? null : run.facts.system, backups, result);
                }
            }
            judge(run, result, folder, backups);
        }

        static void judge(Run run, Result result, Path folder, List<Backup> backups) {
            var now = Instant.now();
            var newest = backups.stream().filter(backup -> !backup.finished.isAfter(now.plusSeconds(3600)))
                    .max(Comparator.comparing(Backup::finished));
            var verified = backups.stream().filter(backup -> backup.verified && !backup.finished.isAfter(now.plusSeconds(3600)))
                    .max(Comparator.comparing(Backup::finished));
            var hours = verified.map(backup -> Duration.between(backup.finished, now).toMinutes() / 60.0).orElse(Double.POSITIVE_INFINITY);
            var unverified = newest.isPresent() && !newest.equals(verified) ? "; a newer one of "
                    + newest.get().finished.truncatedTo(ChronoUnit.SECONDS) + " was not verified" : "";
            if (verified.isEmpty()) {
                result.find(2, folder.toString(), backups.isEmpty() ? "holds no finished backup of this database"
                        : "no backup was ever verified"
                        + unverified, "jbang backup_database.java", null);
            } else if (hours >= run.limits.get("backups.warn")) {
                result.find(hours >= run.limits.get("backups.crit") ? 2
                        : 1, folder.toString(), String.format(Locale.ROOT, "the newest verified backup is %.0f hours old%s", hours,
                        unverified), "jbang backup_database.java", null);
            } else {
                result.note = String.format(Locale.ROOT, "the newest verified one is %.0f hours old%s", hours, unverified);
            }
        }

        /**
         * Takes a manifest's finished_at, name and system in its origin, and its state; one that is broken or tells of damage is a finding.
         */
        static void read(Path file, String database, String system, List<Backup> backups, Result result) {
            try {
                var manifest = JsonParser.parseString(Files.readString(file)).getAsJsonObject();
                var origin = manifest.getAsJsonObject("origin");
                var state = manifest.getAsJsonObject("state");
                var from = Patroni.text(origin, "system", "");
                if (origin.get("name").getAsString().equals(database) && (system == null || !from.matches("\\d+") || from.equals(system))) {
                    var bad = Stream.of("damage", "failure").map(state::get).filter(each -> each != null && !each.isJsonNull()).findFirst();
                    var finished = Instant.parse(manifest.get("finished_at").getAsString());
                    backups.add(new Backup(finished, bad.isEmpty() && Patroni.text(state, "verified_at", null) != null));
                    result.examine(true);
                    bad.ifPresent(problems -> result.find(1, file.getParent().toString(), "is damaged or did not restore: " + problems,
                            "-- make a new one: jbang backup_database.java", null));
                }
            } catch (IOException | RuntimeException e) {
                result.examine(true);
                result.find(1, file.toString(), "is no manifest that can be read: " + e.getMessage(),
                        "-- jbang backup_database.java --list", null);
            }
        }
    }

    /** The history tables of run_migrations and of other tools, held against the files. */
    static final class Migrations {
        static final Pattern NUMBERED = Pattern.compile("(?i)(\\d+(?:\\.\\d+)*)(?:[_-].*?)?(\\.up)?\\.(?:sql|go)");
        static final Pattern FLYWAY = Pattern.compile("V(\\d+(?:[._]\\d+)*)__.*\\.sql");
        static final Map<String, String> KINDS = Map.of("flyway_schema_history", "Flyway", "databasechangelog", "Liquibase",
                "alembic_version", "Alembic", "goose_db_version", "goose");

        static void look(Run run, Result result) throws Exception {
            var folder = run.script.scope.migrations != null ? run.script.scope.migrations
                    : Path.of(run.script.database.variables().getOrDefault("MIGRATIONS_DIR", "migrations"));
            var given = run.script.scope.migrations != null || run.script.database.variables().containsKey("MIGRATIONS_DIR");
            if (given && !Files.isDirectory(folder)) {
                result.skip(Blind.error, "there is no folder " + folder, "--migrations DIR");
                return;
            }
            var files = Files.isDirectory(folder) ? folder : null;
            var tables = run.query("""
                    select quote_ident(n.nspname) || '.' || quote_ident(c.relname), c.relname, has_schema_privilege(n.oid, 'usage') and
                        has_table_privilege(c.oid, 'select'),
                        (select string_agg(a.attname, ',') from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not
                            a.attisdropped), c.oid in %s
                    from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relkind in ('r', 'p') and (c.relname in
                        ('schema_migrations', 'flyway_schema_history', 'databasechangelog', 'databasechangeloglock',
                        'alembic_version', 'goose_db_version', 'pgbang_migration_journal') or n.nspname = 'pgbang' and c.relname =
                            'migration_journal') order by c.relname like '%%journal', 1""".formatted(Run.LOCKED));
            var histories = 0;
            for (var table : tables) {
                if (table[2].equals("f") || table[4].equals("t")) {
                    result.total++;
                    result.skip(table[4].equals("t") ? Blind.lock : Blind.privilege, table[0]
                            + (table[4].equals("t") ? " is locked" : " may not be read"), table[4].equals("t") ? null
                            : "GRANT SELECT ON " + table[0] + " TO " + quote(run.facts.role) + ";");
                } else {
                    histories += table[1].endsWith("journal") || table[1].endsWith("lock") ? 0 : 1;
                    read(run, result, files, table[0], table[1], Set.of(table[3].split(",")));
                }
            }
            if (histories == 0 && files != null && result.skipped == null) {
                ours(result, files, List.of(), "run_migrations");
            } else if (histories > 0 && files == null) {
                result.skip(Blind.setup, "without the files nobody can say what is pending", "--migrations DIR or MIGRATIONS_DIR");
            } else if (tables.isEmpty()) {
                result.skip(Blind.setup, "there is no history of migrations here, and no folder of files",
                        "--migrations DIR or MIGRATIONS_DIR");
            }
        }

        static void read(Run run, Result result, Path files, String table, String name, Set<String> columns) throws Exception {
            switch (name) {
                case "flyway_schema_history" -> flyway(result, files,
                        run.query("select version, description, checksum, success, script, type from " + table
                        + " order by installed_rank"));
                case "databasechangelog" -> liquibase(result, files, run.query("select id, author, exectype from " + table));
                case "databasechangeloglock" -> {
                    for (var row : run.query("select lockedby, date_trunc('second', localtimestamp - lockgranted) from " + table
                            + " where locked and lockgranted < localtimestamp - interval '10 minutes'")) {
                        result.find(2, "lock of Liquibase", "is held by " + row[0] + " for " + row[1] + ": no update can run", "UPDATE "
                                + table
                                + " SET locked = false;  -- if no update is running", "UPDATE " + table + " SET locked = true;");
                    }
                }
                case "alembic_version" -> alembic(result, files, run.query("select version_num from " + table).stream().map(row -> row[0])
                        .toList());
                case "goose_db_version" -> plain(result, files, run.query("select version_id from (select distinct on (version_id) * from "
                        + table
                        + " order by version_id, id desc) l where is_applied and version_id > 0"), "goose");
                case "schema_migrations" -> {
                    if (columns.contains("dirty")) {
                        golang(result, files, run.query("select version, dirty from " + table));
                    } else if (columns.contains("version")) {
                        ours(result, files, run.query("select version::text, " + (columns.contains("raw_checksum") ? "raw_checksum::text"
                                : "null") + " from " + table), columns.size() == 1
                                ? "dbmate" : "run_migrations");
                    }
                }
                default -> journal(run, result, table);
            }
        }

        /** What a run has begun and not ended is a failure, unless a run is under way. */
        static void journal(Run run, Result result, String table) throws SQLException {
            if (!run.query("select 1 from pg_stat_activity a where " + Run.MIGRATES).isEmpty()) {
                result.note = "a migration run is under way";
                return;
            }
            for (var row : run.query("select version, coalesce(max(error), max(file || ':' || line || ': a run died during ' || "
                    + "statement)) from " + table
                    + " where version <> '' and state in ('begun', 'failed') group by version")) {
                result.find(2, "migration " + row[0], "failed: " + row[1].lines().findFirst().orElse(""),
                        "-- mend it, then: jbang run_migrations.java", null);
            }
        }

        /** Files by version: of the folder, and of its second phase. */
        static Map<String, Path> files(Path folder, Pattern name) throws IOException {
            var files = new TreeMap<String, Path>();
            for (var part : folder == null ? List.<Path>of() : List.of(folder, folder.resolve("optimizations"))) {
                if (Files.isDirectory(part)) {
                    try (var list = Files.list(part)) {
                        list.forEach(file -> {
                            var matcher = name.matcher(file.getFileName().toString());
                            if (matcher.matches() && !file.toString().toLowerCase(Locale.ROOT).endsWith(".down.sql")
                                    && Files.isRegularFile(file)) {
                                files.put((part.equals(folder) ? "" : "optimizations/") + plain(matcher.group(1).replace('_', '.')), file);
                            }
                        });
                    }
                }
            }
            return files;
        }

        /** A version without what does not count: 001 is 1, 1.0 is 1. */
        static String plain(String version) {
            var phase = version.startsWith("optimizations/") ? "optimizations/" : "";
            var matcher = Pattern.compile("\\d+(?:\\.\\d+)*").matcher(version);
            return !matcher.find() ? version : phase + Stream.of(matcher.group().split("\\."))
                    .map(part -> part.replaceFirst("^0+(?=.)", ""))
                    .collect(Collectors.joining(".")).replaceFirst("(\\.0)+$", "");
        }

        static void pending(Result result, Map<String, Path> files, Collection<String> applied, String tool) {
            var pending = files.entrySet().stream().filter(file -> !applied.contains(file.getKey())).toList();
            var ahead = files.isEmpty() ? List.<String>of() : applied.stream()
                    .filter(version -> !files.containsKey(version) && isNumber(version) && files.keySet().stream()
                    .filter(Migrations::isNumber)
                    .allMatch(file -> new java.math.BigInteger(version).compareTo(new java.math.BigInteger(file)) > 0)).toList();
            result.total += files.size();
            result.examined += files.size();
            for (var file : pending) {
                result.find(1, "migration " + file.getKey(), "pending (" + tool + "): " + file.getValue().getFileName(), "-- apply it with "
                        + tool, null);
            }
            for (var version : ahead) {
                result.find(1, "migration " + version, "is applied, and newer than all files: the files here are not those of this "
                        + "database", null, null);
            }
        }

        static boolean isNumber(String version) {
            return version.matches("\\d+");
        }

        static void plain(Result result, Path folder, List<String[]> rows, String tool) throws IOException {
            pending(result, files(folder, NUMBERED), rows.stream().map(row -> plain(row[0])).collect(Collectors.toSet()), tool);
        }

        static void ours(Result result, Path folder, List<String[]> rows, String tool) throws IOException {
            plain(result, folder, rows, tool);
            var files = files(folder, NUMBERED);
            for (var row : rows) {
                var file = files.get(plain(row[0]));
                if (file != null && row[1] != null && row[1].startsWith("sha256:") && !row[1].equals(sha256(file))) {
                    result.find(1, "migration " + row[0], "its file was changed after it was applied: " + file.getFileName()
                            + " (--status tells if only in layout)", "-- undo the change, or jbang run_migrations.java --repair", null);
                }
            }
        }

        /** As run_migrations counts: without byte order mark, with LF line ends. */
        static String sha256(Path file) throws IOException {
            try {
                var text = Files.readString(file).replaceFirst("^\uFEFF", "").replace("\r\n", "\n");
                return "sha256:" + HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(text.getBytes(UTF_8)));
            } catch (java.security.NoSuchAlgorithmException e) {
                throw new IllegalStateException(e);
            }
        }

        static void golang(Result result, Path folder, List<String[]> rows) throws IOException {
            var version = rows.isEmpty() ? java.math.BigInteger.ZERO : new java.math.BigInteger(rows.get(0)[0]);
            if (!rows.isEmpty() && rows.get(0)[1].equals("t")) {
                result.find(2, "migration " + version, "is dirty: it failed half way (golang-migrate)",
                        "-- mend what it left, then: migrate force " + version, null);
            }
            var files = files(folder, NUMBERED);
            var applied = files.keySet().stream().filter(file -> isNumber(file) && new java.math.BigInteger(file).compareTo(version) <= 0)
                    .collect(Collectors.toSet());
            if (version.signum() > 0) {
                applied.add(version.toString());
            }
            pending(result, files, applied, "golang-migrate");
        }

        static void flyway(Result result, Path folder, List<String[]> rows) throws IOException {
            var files = files(folder, FLYWAY);
            var applied = new TreeSet<String>();
            for (var row : rows) {
                if (row[3].equals("f")) {
                    result.find(2, "migration " + row[0], "failed (Flyway): " + row[1], "-- mend what it left, then: flyway repair", null);
                    continue;
                }
                if (row[0] != null && Objects.toString(row[5], "").matches("UNDO_.*|DELETE")) {
                    applied.remove(plain(row[0]));
                } else if (row[0] != null) {
                    applied.add(plain(row[0]));
                    if (Objects.toString(row[5], "").endsWith("BASELINE")) {
                        files.keySet().stream().filter(file -> parts(file).compareTo(parts(plain(row[0]))) <= 0).forEach(applied::add);
                    }
                    var file = files.get(plain(row[0]));
                    if (file != null && row[2] != null && "SQL".equals(row[5]) && Integer.parseInt(row[2]) != crc32(file)) {
                        result.find(1, "migration " + row[0], "its file was changed after it was applied: " + file.getFileName(),
                                "-- undo the change, or flyway repair", null);
                    }
                }
            }
            pending(result, files, applied, "Flyway");
        }

        /** A version as text that sorts as it does. */
        static String parts(String version) {
            return Stream.of(version.split("\\.")).map(part -> String.format("%2d", part.length()) + part).collect(Collectors.joining("."));
        }

        /** Flyway's checksum: CRC-32 over the lines without their ends and without a byte order mark. */
        static int crc32(Path file) throws IOException {
            var crc = new CRC32();
            Files.readString(file).replaceFirst("^\uFEFF", "").lines().forEach(line -> crc.update(line.getBytes(UTF_8)));
            return (int) crc.getValue();
        }

        /** Changesets in formatted SQL files; those in XML, YAML or JSON, and the checksums, only Liquibase knows. */
        static void liquibase(Result result, Path folder, List<String[]> rows) throws IOException {
            var applied = new TreeSet<String>();
            for (var row : rows) {
                applied.add(row[1] + ":" + row[0]);
                if ("FAILED".equals(row[2])) {
                    result.find(2, "changeset " + row[1] + ":" + row[0], "failed (Liquibase)", "-- mend it, then: liquibase update", null);
                }
            }
            var files = new TreeMap<String, Path>();
            try (var list = folder == null ? Stream.<Path>of() : Files.walk(folder, 4)) {
                for (var file : list.filter(each -> each.toString().endsWith(".sql")).toList()) {
                    Pattern.compile("(?mi)^--\\s*changeset\\s+([^\\s:]+:[^\\s]+)").matcher(Files.readString(file)).results()
                            .forEach(set -> files.put(set.group(1), file));
                }
            }
            pending(result, files, applied, "Liquibase");
            if (files.isEmpty()) {
                result.skip(Blind.setup, "what is pending, only Liquibase can tell: no changeset in formatted SQL was found",
                        "liquibase status");
            }
        }

        /** Revisions that are not the database's own nor among their ancestors are pending. */
        static void alembic(Result result, Path folder, List<String> current) throws IOException {
            var parents = new TreeMap<String, List<String>>();
            var files = new TreeMap<String, Path>();
            try (var list = folder == null ? Stream.<Path>of() : Files.walk(folder, 3)) {
                for (var file : list.filter(each -> each.toString().endsWith(".py")).toList()) {
                    var revision = Pattern.compile("(?m)^revision\\b[^=]*=\\s*['\"]([^'\"]+)").matcher(Files.readString(file));
                    if (revision.find()) {
                        var down = Pattern.compile("(?m)^down_revision\\b[^=]*=(.*)").matcher(Files.readString(file));
                        parents.put(revision.group(1), !down.find() ? List.of() : Pattern.compile("['\"]([^'\"]+)['\"]")
                                .matcher(down.group(1)).results()
                                .map(found -> found.group(1)).toList());
                        files.put(revision.group(1), file);
                    }
                }
            }
            var applied = new TreeSet<String>();
            for (var open = new ArrayList<>(current); !open.isEmpty();) {
                var revision = open.remove(open.size() - 1);
                if (applied.add(revision)) {
                    open.addAll(parents.getOrDefault(revision, List.of()));
                }
            }
            current.stream().filter(revision -> !files.isEmpty() && !files.containsKey(revision))
                    .forEach(revision -> result.find(1, "migration " + revision,
                    "is applied, and among no files: the files here are not those of this database", null, null));
            pending(result, files, applied, "Alembic");
        }
    }

    // --- the checks of a SQLite file ---

    static List<Check> sqliteChecks;

    static synchronized List<Check> sqliteChecks() {
        if (sqliteChecks == null) {
            sqliteChecks = List.of(
                new Check(Area.sqlite, "sqlite_integrity", "page", "The file is whole")
                    .why("A damaged file returns wrong rows, or stops the application when it reads the wrong page.")
                    .see("sqlite3 FILE 'pragma integrity_check'", "restore a backup; sqlite3 FILE .recover saves what is left",
                    "keep the damaged file")
                    .source("PRAGMA quick_check; with --full integrity_check, which also holds indexes against tables")
                    .probe(Sqlite::integrity),
                new Check(Area.sqlite, "sqlite_foreign_keys", "foreign key", "Rows have the parents that their foreign keys promise")
                    .why("SQLite checks foreign keys only where the connection asks for it, so an application that forgets the pragma "
                    + "leaves orphans.")
                    .see("sqlite3 FILE 'pragma foreign_key_check'", "add the parents or remove the rows; PRAGMA foreign_keys = ON in "
                    + "every connection", "keep a copy of the rows")
                            .source("PRAGMA foreign_key_check").probe(Sqlite::foreignKeys),
                new Check(Area.sqlite, "sqlite_wal", "WAL file", "The WAL file does not grow without end")
                    .why("A reader that never ends keeps the WAL from being written back: it grows, and reads get slow.")
                    .see("ls -l FILE-wal", "end the long reader; sqlite3 FILE 'pragma wal_checkpoint(truncate)'", "none is needed")
                    .limits(100, 1000).source("MB").probe(Sqlite::wal),
                new Check(Area.sqlite, "sqlite_free_pages", "file", "The file is not mostly free pages")
                    .why("Deleted rows leave free pages that stay in the file and in every copy of it.")
                    .see("sqlite3 FILE 'pragma freelist_count; pragma page_count'",
                    "sqlite3 FILE vacuum   -- needs the room of the file once more", "none is needed").limit("warn", 40)
                            .limit("min_mb", 10).source("percent; PRAGMA freelist_count").probe(Sqlite::freePages),
                new Check(Area.sqlite, "sqlite_journal", "file", "Readers and the writer do not stop each other")
                    .why("Without write-ahead logging each write locks out all readers: \"database is locked\".")
                    .see("sqlite3 FILE 'pragma journal_mode'", "sqlite3 FILE 'pragma journal_mode = wal'   -- not on a network file system",
                    "sqlite3 FILE 'pragma journal_mode = delete'")
                    .source("PRAGMA journal_mode; only said, it may be meant").probe(Sqlite::journal),
                new Check(Area.sqlite, "sqlite_statistics", "table", "The planner's statistics are true")
                    .why("Without or with old statistics SQLite chooses wrong indexes on large tables.")
                    .see("sqlite3 FILE 'select * from sqlite_stat1'", "sqlite3 FILE 'analyze'; or PRAGMA optimize before closing",
                    "drop table sqlite_stat1").limit("warn", 5)
                            .limit("rows", 10000)
                    .source("times the rows of the last ANALYZE; sqlite_stat1").probe(Sqlite::statistics),
                new Check(Area.sqlite, "sqlite_keys", "table", "Keys have numbers left")
                    .why("A key that reached 9,223,372,036,854,775,807 ends an AUTOINCREMENT table; one past 2,147,483,647 overflows "
                    + "programs that read 32 bits.")
                    .see("sqlite3 FILE 'select max(rowid) from t'", "renumber the rows", "a copy of the file").limits(75, 90)
                            .source("percent of 2^63; max(rowid), sqlite_sequence").probe(Sqlite::keys));
        }
        return sqliteChecks;
    }

    /** A SQLite file, only read. */
    static final class Sqlite implements AutoCloseable {
        final Path file;
        final Connection connection;
        final boolean hadLog;

        Sqlite(Path file) throws SQLException, IOException {
            this.file = file;
            hadLog = Files.exists(Path.of(file + "-wal"));
            if (!Files.isRegularFile(file) || Files.size(file) > 0 && !new String(read(file), java.nio.charset.StandardCharsets.ISO_8859_1)
                    .startsWith("SQLite format 3\0")) {
                throw new SQLException(file + (Files.exists(file) ? " is no SQLite file, or it is encrypted" : ": there is no such file"),
                        "08001");
            }
            connection = open(true);
        }

        static byte[] read(Path file) throws IOException {
            try (var in = Files.newInputStream(file)) {
                return in.readNBytes(16);
            }
        }

        Connection open(boolean readOnly) throws SQLException {
            var config = new Properties();
            config.setProperty("open_mode", readOnly ? "1" : "2");
            config.setProperty("busy_timeout", "1000");
            return new org.sqlite.JDBC().connect("jdbc:sqlite:" + file, config);
        }

        /** The first check opens the file. */
        static Sqlite of(Run run) throws SQLException, IOException {
            if (run.sqlite == null) {
                run.sqlite = new Sqlite(run.script.scope.sqlite);
                run.report.server.put("sqlite", run.sqlite.query("select sqlite_version()").get(0)[0]);
            }
            return run.sqlite;
        }

        List<String[]> query(String sql) throws SQLException {
            try (var statement = connection.createStatement()) {
                return Run.rows(statement.executeQuery(sql));
            }
        }

        List<String[]> query(Run run, String sql) throws SQLException {
            try (var statement = connection.createStatement()) {
                statement.setQueryTimeout((int) Math.max(1, run.left()));
                return Run.rows(statement.executeQuery(sql));
            } catch (SQLException e) {
                throw e.getErrorCode() == 9 ? new SQLException("the time budget is spent", "57014", e) : e; // SQLITE_INTERRUPT
            }
        }

        long number(String sql) throws SQLException {
            return Long.parseLong(query(sql).get(0)[0]);
        }

        static void integrity(Run run, Result result) throws IOException {
            try {
                var file = of(run);
                result.total = (int) file.number("pragma page_count");
                var rows = file.query(run, run.report.full ? "pragma integrity_check(20)" : "pragma quick_check(20)");
                result.examined = result.total;
                if (!rows.get(0)[0].equals("ok")) {
                    result.find(2, file.file.getFileName().toString(), rows.stream().map(row -> row[0]).limit(5)
                            .collect(Collectors.joining("; ")), null, null);
                }
            } catch (SQLException e) {
                if ("57014".equals(e.getSQLState())) {
                    result.skip(Blind.time, e.getMessage(), "--budget SECONDS");
                } else if ((e.getErrorCode() & 0xff) == 5) { // SQLITE_BUSY
                    result.skip(Blind.lock, "a program that writes has locked the file", null);
                } else {
                    run.lost = run.sqlite == null ? e.getMessage() : null;
                    result.find(2, run.script.scope.sqlite.getFileName().toString(), e.getMessage(), null, null);
                }
            }
        }

        static void foreignKeys(Run run, Result result) throws SQLException, IOException {
            var file = of(run);
            result.total = result.examined = (int) file.number("select count(*) from (select distinct m.name, f.id from sqlite_master m, "
                    + "pragma_foreign_key_list(m.name) f where m.type = 'table')");
            for (var row : file.query(run, "select \"table\", parent, count(*), min(rowid) from pragma_foreign_key_check group by 1, 2")) {
                result.find(2, row[0] + " to " + row[1], row[2] + " rows have no parent, e.g. rowid " + row[3],
                        "-- select * from pragma_foreign_key_check(" + literal(row[0])
                        + ")", "keep a copy of the rows");
            }
        }

        static void wal(Run run, Result result) throws SQLException, IOException {
            var log = Path.of(of(run).file + "-wal");
            result.examine(true);
            var megabytes = Files.exists(log) ? Files.size(log) / 1048576.0 : 0;
            run.sample.put("wal_bytes", megabytes * 1048576);
            if (megabytes >= run.limits.get("sqlite_wal.warn")) {
                result.find(megabytes >= run.limits.get("sqlite_wal.crit") ? 2 : 1, log.getFileName().toString(), "holds "
                        + size(megabytes * 1048576), "pragma wal_checkpoint(truncate)", "none is needed");
            }
        }

        static void freePages(Run run, Result result) throws SQLException, IOException {
            var file = of(run);
            result.examine(true);
            double page = file.number("pragma page_size");
            var free = file.number("pragma freelist_count") * page;
            var all = file.number("pragma page_count") * page;
            run.sample.put("database_bytes", all);
            if (free >= run.limits.get("sqlite_free_pages.min_mb") * 1048576 && 100
                    * free / all >= run.limits.get("sqlite_free_pages.warn")) {
                result.find(1, file.file.getFileName().toString(), String.format(Locale.ROOT, "%s of %s are free pages", size(free),
                        size(all)), "vacuum", "none is needed");
            }
        }

        static void journal(Run run, Result result) throws SQLException, IOException {
            result.examine(true);
            result.note = "journal mode " + of(run).query("pragma journal_mode").get(0)[0];
        }

        static List<String> tables(Sqlite file) throws SQLException {
            return file.query("select name from sqlite_master where type = 'table' and name not like 'sqlite\\_%' escape '\\' and sql "
                    + "not like 'create virtual%' order by name").stream()
                    .map(row -> row[0]).toList();
        }

        static void statistics(Run run, Result result) throws SQLException, IOException {
            var file = of(run);
            var isThere = !file.query("select 1 from sqlite_master where name = 'sqlite_stat1'").isEmpty();
            for (var table : tables(file)) {
                var rows = Long.parseLong(file.query(run, "select count(*) from (select 1 from " + quote(table) + " limit 1000000)")
                        .get(0)[0]);
                var known = !isThere ? List.<String[]>of() : file.query("select max(cast(stat as integer)) from sqlite_stat1 where tbl = "
                        + literal(table));
                result.examine(true);
                var indexed = !file.query("select 1 from pragma_index_list(" + literal(table) + ")").isEmpty();
                var counted = known.isEmpty() || known.get(0)[0] == null ? -1 : Long.parseLong(known.get(0)[0]);
                if (indexed && rows >= run.limits.get("sqlite_statistics.rows")
                        && (counted < 0 || rows >= counted * run.limits.get("sqlite_statistics.warn"))) {
                    result.find(1, table, counted < 0 ? "was never analyzed and has " + rows + " rows or more" : "had " + counted
                            + " rows when it was analyzed, now " + rows
                            + " or more", "analyze " + quote(table), "none is needed");
                }
            }
        }

        static void keys(Run run, Result result) throws SQLException, IOException {
            var file = of(run);
            var counts = !file.query("select 1 from sqlite_master where name = 'sqlite_sequence'").isEmpty();
            for (var table : tables(file)) {
                if (!file.query("select 1 from pragma_table_list where name = " + literal(table) + " and wr = 1").isEmpty()) {
                    continue; // WITHOUT ROWID
                }
                var highest = file.query(run, "select max(m) from (select max(rowid) as m from " + quote(table)
                        + (counts ? " union all select seq from sqlite_sequence where name = "
                        + literal(table) : "") + ")").get(0)[0];
                result.examine(true);
                var percent = highest == null ? 0 : 100.0 * Double.parseDouble(highest) / Long.MAX_VALUE;
                if (percent >= run.limits.get("sqlite_keys.warn")) {
                    result.find(percent >= run.limits.get("sqlite_keys.crit") ? 2
                            : 1, table, String.format(Locale.ROOT, "has given out %s (%.0f %% of all)", highest, percent),
                            "-- renumber the rows", null);
                }
            }
        }

        /** A reader makes the WAL's files where there were none, and only one that may write removes them at its end. */
        @Override
        public void close() throws SQLException, IOException {
            connection.close();
            var log = Path.of(file + "-wal");
            if (!hadLog && Files.exists(log) && Files.size(log) == 0) {
                try (var writer = open(false); var statement = writer.createStatement()) {
                    statement.execute("pragma schema_version");
                } catch (SQLException e) {
                    return; // without the right to write they stay, and harm nobody
                }
            }
        }
    }

    // --- what is printed ---

    /** The report as lines: for people, for Nagios, for Prometheus. */
    static final class Lines {
        static final int SHOWN = 5; // findings of a check
        static final Map<Status, String> WORDS = Map.of(Status.ok, "OK", Status.skipped, "UNKNOWN", Status.warn, "WARNING", Status.crit,
                "CRITICAL");
        static final Map<Status, String> COLOURS = Map.of(Status.ok, "green", Status.skipped, "cyan", Status.warn, "yellow", Status.crit,
                "bold,red");

        static String terminal(Report report, boolean verbose) {
            var text = new StringBuilder(head(report) + "\n");
            for (var status : List.of(Status.crit, Status.warn)) {
                report.with(status).forEach(check -> {
                    var shown = check.findings.stream().filter(finding -> finding.ignored == null).toList();
                    shown.stream().limit(verbose ? shown.size() : SHOWN).forEach(finding ->
                            text.append(finding(check, finding, isRepeated(shown, finding))));
                    text.append(verbose || shown.size() <= SHOWN ? "" : "         and " + (shown.size() - SHOWN) + " more (" + check.id
                            + "): --verbose, --html or --json show all\n");
                });
            }
            var alike = report.checks.stream().filter(check -> check.skipped != null)
                    .collect(Collectors.groupingBy(check -> check.skipped, LinkedHashMap::new, Collectors.toList()));
            alike.forEach((skipped, checks) -> text.append(mark(Status.skipped)).append(" ")
                    .append(checks.size() > 1 ? count(checks.size(), "check") + " (" + checks.stream()
                    .map(check -> check.id).collect(Collectors.joining(", ")) + ")"
                    : checks.get(0).title + " (" + checks.get(0).id + ")").append(": ").append(visible(skipped.reason))
                    .append(checks.size() > 1 || checks.get(0).examined == 0 ? "" : "; "
                            + checks.get(0).examinedText() + " examined")
                    .append(skipped.enable == null ? "" : "\n         to see it: " + visible(skipped.enable)).append("\n"));
            report.with(Status.ok).filter(check -> verbose).forEach(check -> text.append(mark(Status.ok)).append(" ").append(check.title)
                    .append(" (").append(check.id).append("): ")
                    .append(check.examinedText())
                    .append(check.note == null ? "" : "; " + check.note).append("\n"));
            report.checks.stream().flatMap(check -> check.findings.stream()).filter(finding -> finding.ignored != null)
                    .forEach(finding -> text.append("ignored  ").append(visible(finding.key + ": " + finding.what + " # "
                    + finding.ignored)).append("\n"));
            report.notes.forEach(note -> text.append("note     ").append(visible(note)).append("\n"));
            return text + colour(report.verdict, WORDS.get(report.verdict)) + ": " + summary(report) + "\n";
        }

        static String head(Report report) {
            var server = report.server;
            return "health_check of " + report.target + (server.containsKey("version") ? ", PostgreSQL " + server.get("version")
                    + (Boolean.TRUE.equals(server.get("standby")) ? " (standby)"
                    : "") + ", as " + server.get("role") : "")
                    + (report.full ? ", full" : ", quick") + String.format(Locale.ROOT, ", %.1f s", report.durationMs / 1000.0);
        }

        static String summary(Report report) {
            return Stream.of(Status.crit, Status.warn, Status.skipped, Status.ok).map(status -> report.counts.get(status.name()) + " "
                    + Map.of(Status.crit, "critical", Status.warn, "warning", Status.skipped, "skipped", Status.ok, "ok").get(status))
                    .collect(Collectors.joining(", ")) + " of " + count(report.checks.size(), "check");
        }

        static String mark(Status status) {
            return colour(status, String.format("%-8s", status == Status.skipped ? "skipped" : status == Status.ok ? "ok"
                    : WORDS.get(status)));
        }

        static String colour(Status status, String text) {
            return Ansi.AUTO.string("@|" + COLOURS.get(status) + " " + text + "|@");
        }

        static String finding(Result check, Finding finding, boolean isRepeated) {
            return mark(finding.severity) + " " + visible(finding.object + ": " + finding.what) + " (" + check.id + ")\n"
                    + (isRepeated ? "" : "         to mend it: " + visible(finding.fix == null ? check.fix : finding.fix) + "\n");
        }

        /** Is it mended as the one before it, so that this was said already? */
        static boolean isRepeated(List<Finding> shown, Finding finding) {
            var at = shown.indexOf(finding);
            return at > 0 && Objects.equals(finding.fix, shown.get(at - 1).fix);
        }

        /** Names may hold line ends and what a terminal obeys; --json has them as they are. */
        static String visible(String text) {
            return text.replaceAll("[\\p{Cc}\\p{Cf}&&[^\u200d]]", "?");
        }

        static String change(Report report, Change change) {
            if (change.kind.equals("resolved")) {
                return "resolved  " + visible(change.text);
            }
            return change.finding != null
                    ? String.format("%-9s ", change.kind) + finding(change.check, change.finding, false).stripTrailing()
                    : String.format("%-9s ", change.kind) + "skipped  " + change.check.title + " (" + change.check.id + "): "
                    + change.check.skipped.reason;
        }

        /** One line of at most 4 kB; labels are stable, units are those of the plugin guidelines. */
        static String nagios(Report report) {
            var text = "HEALTH " + WORDS.get(report.exit == 2 ? Status.crit : report.exit == 1 ? Status.warn : report.exit == 3
                    ? Status.skipped : Status.ok) + " - " + summary(report)
                    + Stream.of(Status.crit, Status.warn).flatMap(report::with).flatMap(check -> check.findings.stream())
                    .filter(finding -> finding.ignored == null).limit(8)
                    .map(finding -> "; " + finding.key + ": " + finding.what).collect(Collectors.joining());
            var data = report.metrics.entrySet().stream().map(entry -> entry.getKey() + "="
                    + String.format(Locale.ROOT, "%.3f", entry.getValue()).replaceFirst("\\.?0+$", "")
                    + (entry.getKey().endsWith("_bytes") ? "B" : entry.getKey().endsWith("_seconds") ? "s" : entry.getKey()
                    .endsWith("_percent") ? "%" : ""))
                            .collect(Collectors.joining(" "));
            text = text.replaceAll("[\\s|]+", " ");
            var bytes = text.getBytes(UTF_8);
            return new String(bytes, 0, Math.min(bytes.length, 3000), UTF_8).replaceFirst("\uFFFD+$", "") + " | " + data
                    + " checks_skipped=" + report.counts.get("skipped") + " time=" + report.durationMs / 1000.0 + "s";
        }

        static String prometheus(Report report) {
            var text = new StringBuilder();
            metric(text, "check_status", "State of each check: 0 ok, 1 warn, 2 crit, 3 skipped.", report.checks.stream()
                    .map(check -> labels(report, "check", check.id) + " " + Map.of(Status.ok, 0, Status.warn, 1, Status.crit, 2,
                    Status.skipped, 3).get(check.status)));
            metric(text, "check_examined", "How many objects each check could look at.", report.checks.stream()
                    .map(check -> labels(report, "check", check.id) + " " + check.examined));
            metric(text, "finding", "Each finding, by its severity.", report.checks.stream().flatMap(check -> check.findings.stream()
                    .map(finding -> labels(report, "check", check.id, "object", finding.object, "severity", finding.severity.name(),
                    "ignored", String.valueOf(finding.ignored != null)) + " 1")).distinct());
            metric(text, "checks_skipped", "How many checks could not look.",
                    Stream.of(labels(report) + " " + report.counts.get("skipped")));
            metric(text, "exit_code", "The exit code of the run.", Stream.of(labels(report) + " " + report.exit));
            metric(text, "last_run_timestamp_seconds", "When the run was.", Stream.of(labels(report) + " " + report.at.getEpochSecond()));
            metric(text, "run_duration_seconds", "How long it took.", Stream.of(labels(report) + " " + report.durationMs / 1000.0));
            report.metrics.forEach((name, value) -> metric(text, name.replace("_percent", "_ratio"), "As its name says.",
                    Stream.of(labels(report) + " " + (name.endsWith("_percent")
                    ? value / 100 : value))));
            return text.toString();
        }

        static void metric(StringBuilder text, String name, String help, Stream<String> samples) {
            text.append("# HELP pgbang_health_").append(name).append(" ").append(help).append("\n# TYPE pgbang_health_").append(name)
                    .append(" gauge\n");
            samples.forEach(sample -> text.append("pgbang_health_").append(name).append(sample).append("\n"));
        }

        static String labels(Report report, String... namesAndValues) {
            var labels = new StringBuilder("{target=\"" + escape(report.target) + "\"");
            for (var i = 0; i < namesAndValues.length; i += 2) {
                labels.append(",").append(namesAndValues[i]).append("=\"").append(escape(namesAndValues[i + 1])).append("\"");
            }
            return labels + "}";
        }

        static String escape(String text) {
            return text.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n");
        }
    }

    /** The pages of the checks, and the report, in Markdown. */
    static final class Pages {
        static String list(List<Check> checks) {
            var width = checks.stream().mapToInt(check -> check.id.length()).max().orElse(1);
            return checks.stream().map(check -> String.format("%-" + width + "s  %-13s  %-5s  %s%n", check.id, check.area, check.full
                    ? "full" : "quick", check.title))
                    .collect(Collectors.joining());
        }

        static String explain(List<Check> checks, Map<String, Double> limits) {
            return checks.stream().map(check -> {
                var text = new StringBuilder("## " + check.id + "\n\n**" + check.title + ".** " + check.why + "\n\n");
                var thresholds = check.limits.keySet().stream().map(name -> "`" + check.id + "." + name + " = "
                        + new java.math.BigDecimal(limits.get(check.id + "."
                        + name)).stripTrailingZeros().toPlainString() + "`").collect(Collectors.joining(", "));
                line(text, "Area", check.area + ", " + (check.full ? "only with `--full`" : "quick") + "; looks at each " + check.noun);
                line(text, "Thresholds", thresholds);
                line(text, "By", check.source);
                line(text, "Needs", check.needs);
                line(text, "See it", check.see.isEmpty() ? "" : "`" + check.see.replace("\n", " ") + "`");
                line(text, "Mend it", check.fix);
                line(text, "Undo", check.undo);
                return text + (check.sql == null ? "" : "\n```sql\n" + check.sql.stripIndent() + "\n```\n") + "\n";
            }).collect(Collectors.joining());
        }

        static void line(StringBuilder text, String name, String value) {
            text.append(value.isEmpty() ? "" : "- " + name + ": " + value + "\n");
        }

        static String markdown(Report report) {
            var text = new StringBuilder("# " + Lines.WORDS.get(report.verdict) + ": " + report.target.replace("_", "\\_") + "\n\n"
                    + Lines.head(report) + ": " + Lines.summary(report)
                    + "\n");
            for (var status : List.of(Status.crit, Status.warn)) {
                report.with(status).forEach(check -> {
                    text.append("\n## ").append(Lines.WORDS.get(status)).append(": expected: ").append(check.title).append("\n\n")
                            .append(check.why).append("\n\n");
                    check.findings.stream().filter(finding -> finding.ignored == null)
                            .forEach(finding -> text.append("- **").append(cell(finding.object)).append("**: ")
                            .append(cell(finding.what)).append("\n")
                            .append(finding.fix == null ? "" : code(finding.fix)).append(finding.undo == null ? "" : "  Undo: "
                            + cell(finding.undo) + "\n"));
                    text.append("\nTo see it: `").append(check.see.replace("\n", " ")).append("`\n\n").append(check.examinedText())
                            .append(" examined.\n");
                });
            }
            text.append("\n## Not looked at\n\n| check | why | what enables it |\n|---|---|---|\n");
            report.checks.stream().filter(check -> check.skipped != null)
                    .forEach(check -> text.append("| ").append(check.id).append(" | ").append(cell(check.skipped.reason)).append(" | ")
                    .append(cell(Objects.toString(check.skipped.enable, ""))).append(" |\n"));
            text.append("\n## Fine\n\n| check | examined | |\n|---|---|---|\n");
            report.with(Status.ok).forEach(check -> text.append("| ").append(cell(check.title)).append(" | ").append(check.examinedText())
                    .append(" | ")
                    .append(cell(Objects.toString(check.note, ""))).append(" |\n"));
            report.notes.forEach(note -> text.append("\nNote: ").append(cell(note)).append("\n"));
            return text.toString();
        }

        static String cell(String text) {
            return text.replaceAll("\\s+", " ").replaceAll("([\\\\`*_|<>\\[\\]])", "\\\\$1");
        }

        static String code(String text) {
            return "\n  ```sql\n  " + text.replace("```", "` ` `").replace("\n", "\n  ") + "\n  ```\n";
        }
    }

    /** The report as one self-contained page: verdict first, then what to do, what was not seen, how large things are, what is fine. */
    static final class Page {
        static final String STYLE = """
                :root { --back: #f6f7f9; --card: #fff; --text: #1c2430; --dim: #5d6878; --line: #dde2e9; --ok: #1a7f4b; --warn: #a86200;
                --crit: #c42b2b; --skipped: #3f6592; --bar: #4a7fb8; --code: #eef1f5; }
                @media screen and (prefers-color-scheme: dark) { :root { --back: #12161c; --card: #1b2129; --text: #e4e9f0;
                --dim: #98a4b4; --line: #303946; --ok: #4cc38a; --warn: #f0a83c; --crit: #ff7070; --skipped: #86b1e0; --bar: #5b93d0;
                --code: #242c37; color-scheme: dark; } }
                * { box-sizing: border-box; } body { margin: 0; background: var(--back); color: var(--text);
                font: 15px/1.5 system-ui, sans-serif; } main { max-width: 60rem; margin: 0 auto; padding: 1.25rem 1rem 3rem; }
                h1 { font-size: 1.7rem; margin: 0 0 .2rem; line-height: 1.2; } h2 { font-size: 1.1rem; margin: 2rem 0 .6rem; }
                h3 { font-size: 1rem; margin: 0; } p { margin: .35rem 0; } .dim { color: var(--dim); font-size: .88rem; }
                .card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: .9rem 1.1rem;
                margin: .7rem 0; overflow-wrap: anywhere; } .verdict { border-left: 8px solid var(--tone); padding: 1.2rem 1.3rem; }
                .verdict h1 { color: var(--tone); }
                .ok { --tone: var(--ok); } .warn { --tone: var(--warn); } .crit { --tone: var(--crit); }
                .skipped { --tone: var(--skipped); } .finding { border-left: 5px solid var(--tone); }
                .tag { display: inline-block; color: var(--tone); border: 1px solid var(--tone); border-radius: 99px; font-size: .75rem;
                font-weight: 600; padding: 0 .55rem; margin-right: .5rem; }
                .tiles { display: flex; flex-wrap: wrap; gap: .6rem; margin-top: .9rem; } .tile { flex: 1 1 6rem; background: var(--back);
                border-radius: 8px; padding: .4rem .8rem; } .tile b { display: block; font-size: 1.5rem; color: var(--tone);
                line-height: 1.3; }
                pre { background: var(--code); border-radius: 6px; padding: .55rem .75rem; margin: .35rem 0; white-space: pre-wrap;
                overflow-wrap: anywhere; font: .84rem/1.45 ui-monospace, monospace; } ul { margin: .4rem 0; padding-left: 1.2rem; }
                li { margin: .35rem 0; }
                table { border-collapse: collapse; width: 100%; font-size: .9rem; } td, th { text-align: left; vertical-align: top;
                padding: .35rem .6rem .35rem 0; border-top: 1px solid var(--line); } tr:first-child > * { border-top: 0; }
                th { color: var(--dim); font-weight: 500; }
                svg { display: block; overflow: visible; } svg text { fill: var(--text); font: 13px system-ui, sans-serif; }
                svg .dim { fill: var(--dim); font-size: 13px; }
                rect { fill: var(--bar); } polygon { fill: var(--bar); opacity: .15; } polyline { fill: none; stroke: var(--bar);
                stroke-width: 2; vector-effect: non-scaling-stroke; }
                circle { fill: var(--bar); } .axis { stroke: var(--line); stroke-width: 1; }
                details summary { cursor: pointer; color: var(--dim); }
                @media print { body { background: #fff; font-size: 12px; } }
                @media print { li, tr, svg { break-inside: avoid; } h2, h3 { break-after: avoid; } }
                @media (max-width: 500px) { main { padding: .6rem .6rem 2rem; } h1 { font-size: 1.35rem; } .tile { flex-basis: 40%; } }
                """;
        static final int SHOWN = 20;

        final Report report;

        Page(Report report) {
            this.report = report;
        }

        String html() {
            var title = Map.of(Status.ok, "All is well", Status.skipped, "Nothing found, but not all could be seen", Status.warn,
                    "Something to act on", Status.crit, "Critical").get(report.verdict);
            var body = new StringBuilder("<section class=\"card verdict " + report.verdict + "\"><h1>" + title + "</h1><p>"
                    + escape(report.target) + "</p><p class=\"dim\">"
                    + escape(Lines.head(report).replaceFirst("health_check of " + Pattern.quote(report.target) + ", ", "")) + " · "
                    + report.at.truncatedTo(ChronoUnit.SECONDS) + "</p><div class=\"tiles\">");
            for (var status : List.of(Status.crit, Status.warn, Status.skipped, Status.ok)) {
                body.append("<div class=\"tile ").append(status).append("\"><b>").append(report.counts.get(status.name())).append("</b>")
                        .append(Map.of(Status.crit, "critical", Status.warn, "warnings", Status.skipped, "not looked at", Status.ok, "fine")
                        .get(status)).append("</div>");
            }
            body.append("</div></section>\n");
            if (report.with(Status.crit).findAny().or(() -> report.with(Status.warn).findAny()).isPresent()) {
                body.append("<h2>What to act on</h2>\n");
            }
            Stream.of(Status.crit, Status.warn).flatMap(report::with).forEach(check -> body.append(finding(check)));
            blind(body);
            sizes(body);
            growth(body);
            fine(body);
            return "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" "
                    + "content=\"width=device-width, initial-scale=1\">\n<title>" + escape(title
                    + ": " + report.target) + "</title>\n<style>\n" + STYLE + "</style>\n</head>\n<body>\n<main>\n"
                    + body + "<p class=\"dim\">" + TOOL + "; each check is explained by --explain ID</p>\n</main>\n</body>\n</html>\n";
        }

        String finding(Result check) {
            var all = check.findings.stream().filter(finding -> finding.ignored == null).toList();
            var shown = all.subList(0, Math.min(all.size(), SHOWN));
            var items = new StringBuilder();
            for (var finding : shown) {
                var since = finding.since == null || finding.since.isAfter(report.at.minusSeconds(60)) ? ""
                        : " <span class=\"dim\">since " + finding.since.truncatedTo(ChronoUnit.MINUTES) + "</span>";
                var mend = finding.fix == null || Lines.isRepeated(shown, finding) ? "" : "<pre>" + escape(finding.fix) + "</pre>"
                        + (finding.undo == null ? "" : "<p class=\"dim\">Undo: " + escape(finding.undo) + "</p>");
                items.append("<li><b>" + escape(finding.object) + "</b>: " + escape(finding.what) + since + mend + "</li>");
            }
            return """
                    <section class="card finding %s"><h3><span class="tag">%s</span><span class="dim">expected:</span> %s</h3>
                    <p class="dim">%s</p><ul>%s%s</ul>
                    <details><summary>How to see it, in general how to mend it (%s)</summary><pre>%s</pre><p>%s</p>
                    <p class="dim">Undo: %s</p></details><p class="dim">Examined: %s</p></section>
                    """.formatted(check.status, Lines.WORDS.get(check.status).toLowerCase(Locale.ROOT), escape(check.title),
                    escape(check.why), items, all.size() > SHOWN ? "<li>and " + (all.size() - SHOWN) + " more</li>" : "",
                    escape(check.id), escape(check.see), escape(check.fix), escape(check.undo), escape(check.examinedText()));
        }

        void blind(StringBuilder body) {
            var blind = report.checks.stream().filter(check -> check.skipped != null).toList();
            if (!blind.isEmpty()) {
                body.append("<h2>What was not looked at</h2>\n<section class=\"card skipped\"><table>");
                blind.forEach(check -> body.append("<tr><td>").append(escape(check.title)).append("<p class=\"dim\">")
                        .append(escape(check.skipped.reason)).append("</p>")
                        .append(check.skipped.enable == null ? "" : "<pre>" + escape(check.skipped.enable) + "</pre>")
                        .append("</td></tr>"));
                body.append("</table></section>\n");
            }
            report.notes.forEach(note -> body.append("<p class=\"dim\">").append(escape(note)).append("</p>\n"));
        }

        /** Bars, the largest first; names stand above them so that long ones fit on a narrow page. */
        void sizes(StringBuilder body) {
            if (report.sizes.isEmpty()) {
                return;
            }
            var shown = report.sizes.subList(0, Math.min(10, report.sizes.size()));
            body.append("<h2>The largest tables</h2>\n<section class=\"card\"><svg width=\"100%\" height=\"").append(shown.size() * 36)
                    .append("\" role=\"img\" aria-label=\"sizes of the largest tables\">");
            for (var i = 0; i < shown.size(); i++) {
                var size = shown.get(i);
                var name = size.name.length() > 36 ? size.name.substring(0, 35) + "…" : size.name;
                body.append(String.format(Locale.ROOT, """
                        <text y="%d">%s</text><text class="dim" x="100%%" y="%1$d" text-anchor="end">%s</text><rect y="%d" width="%.1f%%"
                        height="9" rx="3"/>""",
                        i * 36 + 13, escape(name), size(size.bytes), i * 36 + 19, Math.max(0.5, 100
                        * size.bytes / Math.max(1, shown.get(0).bytes))));
            }
            body.append("</svg><p class=\"dim\">With indexes and TOAST, as VACUUM or ANALYZE last counted the pages.</p></section>\n");
        }

        void growth(StringBuilder body) {
            if (report.growth.size() < 2) {
                return;
            }
            var first = report.growth.get(0);
            var last = report.growth.get(report.growth.size() - 1);
            var most = report.growth.stream().mapToDouble(Point::bytes).max().orElse(1);
            var span = Math.max(1, Duration.between(first.at, last.at).toSeconds());
            var points = report.growth.stream().map(point -> String.format(Locale.ROOT, "%.2f,%.2f", 100.0
                    * Duration.between(first.at, point.at).toSeconds() / span,
                    100 - 100 * point.bytes / Math.max(1, most))).collect(Collectors.joining(" "));
            body.append("""
                    <h2>How the database grows</h2>
                    <section class="card"><svg width="100%%" height="178" role="img" aria-label="size of the database over time">
                    <text class="dim" y="12">%s</text><line class="axis" y1="20" x2="100%%" y2="20"/><line class="axis" y1="150"
                    x2="100%%" y2="150"/>
                    <svg y="20" width="100%%" height="130" viewBox="0 0 100 100" preserveAspectRatio="none"><polygon points="0,100 %s
                    100,100"/><polyline points="%2$s"/></svg>
                    <circle r="4" cx="100%%" cy="%d"/><text class="dim" y="170">%s</text><text class="dim" x="100%%" y="170"
                    text-anchor="end">%s: %s</text></svg></section>
                    """
                    .formatted(size(most), points, Math.round(150 - 130 * last.bytes / Math.max(1, most)), first.at.toString()
                    .substring(0, 10), last.at.toString().substring(0, 10), size(last.bytes)));
        }

        void fine(StringBuilder body) {
            body.append("<h2>What is fine</h2>\n<section class=\"card ok\"><table>");
            report.with(Status.ok).forEach(check -> body.append("<tr><td>").append(escape(check.title)).append("<span class=\"dim\">")
                    .append(check.note == null ? "" : "<br>"
                    + escape(check.note)).append("</span></td><td class=\"dim\">").append(escape(check.examinedText()))
                    .append("</td></tr>"));
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
