///usr/bin/env jbang "$0" "$@" ; exit $?
//JAVA 17+
//DESCRIPTION Applies a folder of plain SQL migrations to a PostgreSQL database, in order, and knows what was applied.
//RUNTIME_OPTIONS -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xmn16m
//DEPS info.picocli:picocli:4.7.7
//DEPS org.postgresql:postgresql:42.7.14
//DEPS com.google.code.gson:gson:2.15.0
//DEPS com.github.freva:ascii-table:1.12.1

import static java.nio.charset.StandardCharsets.UTF_8;

import com.github.freva.asciitable.AsciiTable;
import com.github.freva.asciitable.Column;
import com.github.freva.asciitable.ColumnData;
import com.github.freva.asciitable.HorizontalAlign;
import com.github.freva.asciitable.Styler;
import com.google.gson.GsonBuilder;
import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.io.Reader;
import java.math.BigInteger;
import java.net.InetAddress;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLWarning;
import java.sql.Types;
import java.text.Normalizer;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collections;
import java.util.Deque;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.Set;
import java.util.TimeZone;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.function.Supplier;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import org.postgresql.Driver;
import org.postgresql.PGConnection;
import org.postgresql.core.BaseConnection;
import org.postgresql.core.NativeQuery;
import org.postgresql.core.QueryExecutor;
import org.postgresql.core.ResultHandlerBase;
import org.postgresql.core.SqlCommand;
import org.postgresql.core.TransactionState;
import org.postgresql.util.PSQLException;
import org.postgresql.util.PSQLWarning;
import picocli.CommandLine;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(name = "run_migrations", mixinStandardHelpOptions = true, version = run_migrations.TOOL, sortOptions = false, usageHelpAutoWidth = true,
        description = {"Applies the pending SQL migrations of a folder, in order, each file in a transaction of its own.",
                "A migration is a file NNN_description.sql; NNN_description.down.sql undoes it. Files of the subfolder optimizations come second."},
        footer = {"", "Examples:",
            "  jbang run_migrations.java --status",
            "  jbang run_migrations.java --dry-run --verbose",
            "  jbang run_migrations.java --new \"Add user table\"", "",
            "Exit code: 0 done, 1 something to act on (--check, --validate), 2 failed or refused, 64 wrong usage."})
class run_migrations implements Callable<Integer> {
    static final String TOOL = "run_migrations 1.0";

    /** Where other tools keep which SQL files they have applied; the others of History.find keep something else. */
    static final Map<String, String> OTHER_TOOLS = Map.of(
            "flyway_schema_history", "select version from %s where success and version is not null",
            "goose_db_version",
            "select version_id::text from (select distinct on (version_id) * from %s order by version_id, id desc) last where is_applied and version_id > 0",
            "golang-migrate", "select version::text from %s where not dirty",
            "atlas_schema_revisions", "select version from %s",
            "pgmigrations", "select name from %s",
            "migrations", "select filename from %s");

    @ArgGroup(heading = "%nInstead of applying:%n")
    Action action = new Action();

    static class Action {
        @Option(names = "--status", description = "Show each migration's state; with --check, exit 1 unless all are applied and unchanged.")
        boolean status;

        @Option(names = "--history", description = "Show what was applied: when, how long, by whom.")
        boolean history;

        @Option(names = "--validate", description = "Compare files and history without running anything.")
        boolean validate;

        @Option(names = "--new", paramLabel = "TITLE", description = "Write an empty migration with the next number.")
        String title;

        @Option(names = "--rollback", arity = "0..1", fallbackValue = "1", paramLabel = "N", description = "Undo the newest N migrations (default: 1) by their down files.")
        Integer rollback;

        @Option(names = "--baseline", paramLabel = "VERSION", description = "Mark all up to VERSION as applied, without running them.")
        String baseline;

        @Option(names = "--repair", description = "Accept changed files as they are now, forget failed runs.")
        boolean repair;

        @Option(names = "--adopt", description = "Take over the history of another tool: mark as applied what it has applied.")
        boolean adopt;

        @Option(names = "--sql", paramLabel = "FILE", description = "Write one psql script that applies what is not applied; no database is needed.")
        Path sql;
    }

    @ArgGroup(validate = false, heading = "%nWhich migrations and how:%n")
    Choice choice = new Choice();

    static class Choice {
        @Option(names = "--dir", paramLabel = "DIR", description = "The folder (default: MIGRATIONS_DIR, else ./migrations).")
        Path dir;

        @Option(names = "--phase", paramLabel = "PHASE", description = "${COMPLETION-CANDIDATES} (default: all, schema first).")
        Phases phase = Phases.all;

        @Option(names = "--to", paramLabel = "VERSION", description = "No further than VERSION, e.g. 004 or optimizations/001.")
        String to;

        @Option(names = "--only", paramLabel = "VERSION", description = "VERSION alone, even if it is out of order.")
        String only;

        @Option(names = "--out-of-order", description = "Also apply what is older than the newest applied migration.")
        boolean outOfOrder;

        @Option(names = "--dry-run", description = "Only say what would be done; with --verbose, show the SQL. Nothing is written.")
        boolean dryRun;

        @Option(names = "--check", description = "With --status: exit 1 if anything is pending or wrong.")
        boolean check;

        @Option(names = "--json", description = "One JSON document on stdout.")
        boolean json;

        @Option(names = {"-q", "--quiet"}, description = "Say only what is wrong.")
        boolean quiet;
    }

    @ArgGroup(validate = false, heading = "%nLocks and limits:%n")
    Locks locks = new Locks();

    static class Locks {
        @Option(names = "--lock-timeout", paramLabel = "SECONDS", description = "How long a statement may stand in a lock queue, and others behind it (default: 3).")
        Double timeout;

        @Option(names = "--lock-deadline", paramLabel = "SECONDS", defaultValue = "300", description = "How long to try again before giving up (default: ${DEFAULT-VALUE}).")
        double deadline = 300;

        @Option(names = "--lock-wait", paramLabel = "SECONDS", defaultValue = "300", description = "How long to wait for another run to end (default: ${DEFAULT-VALUE}).")
        double wait = 300;

        @Option(names = "--statement-timeout", paramLabel = "SECONDS", description = "How long a statement may take (default: the server's setting).")
        Double statement;

        @Option(names = "--single-transaction", description = "All pending files in one transaction, or none.")
        boolean single;

        @Option(names = "--in-doubt", paramLabel = "done|again", description = "What to take a statement for that was under way when a run died, where the catalog does not show it.")
        InDoubt inDoubt;
    }

    enum InDoubt {
        done, again
    }

    @Mixin
    Database database = new Database();

    @Spec
    CommandSpec spec;

    boolean printed;

    enum Phases {
        schema, optimizations, all
    }

    public static void main(String... args) {
        new Thread(run_migrations::warmUp).start();
        var script = new run_migrations();
        System.exit(script.database.command(script).execute(args));
    }

    /** Loads what is sure to be needed while picocli reads the command line: a fifth of the time of a --status. */
    static void warmUp() {
        for (var name : List.of("org.postgresql.Driver", "org.postgresql.core.v3.ConnectionFactoryImpl",
                "org.postgresql.core.v3.QueryExecutorImpl", "org.postgresql.jdbc.PgConnection",
                "org.postgresql.jdbc.PgResultSet", "org.postgresql.jdbc.PgPreparedStatement", "org.postgresql.jdbc.TimestampUtils",
                "com.github.freva.asciitable.AsciiTable")) {
            try {
                Class.forName(name);
            } catch (ClassNotFoundException later) {
                return; // whoever needs it will say so
            }
        }
        Script.sha256();
    }

    @Override
    public Integer call() throws Exception {
        if (choice.check && !action.status || choice.to != null && choice.only != null) {
            throw wrong(choice.check ? "--check goes with --status" : "--to and --only exclude each other");
        }
        try {
            return action.title != null ? writeNew(action.title) : action.sql != null ? writeSql(action.sql) : withDatabase();
        } catch (Exception e) {
            if (choice.json && !printed) {
                print(Collections.singletonMap("error", Objects.toString(e.getMessage()).replaceAll("://.*@", "://***@")));
            }
            throw e;
        }
    }

    int withDatabase() throws Exception {
        var folder = readFolder();
        var writes = !(action.status || action.history || action.validate || choice.dryRun);
        try (var connection = database.connect(writes)) {
            connection.setReadOnly(!writes);
            connection.setAutoCommit(writes);
            var history = History.find(connection);
            for (var other : history.elsewhere) {
                warn("there is another history, " + other
                        + ", outside the search path; it is left alone (search path: options=-csearch_path%3D...)");
            }
            var entries = compare(folder, history);
            if (action.status) {
                return status(entries, history, folder);
            } else if (action.history) {
                return show(history);
            } else if (action.validate) {
                return validate(entries, folder);
            }
            refuseProblems(folder);
            refuseBesideOthers(history);
            if (action.rollback == null && action.baseline == null && !action.repair && !action.adopt) {
                var pending = pending(entries);
                if (choice.dryRun || pending.isEmpty()) {
                    return choice.dryRun ? preview(pending) : summary(List.of(), pending, entries, System.nanoTime());
                }
            }
            try (var engine = new Engine(this, connection, history)) {
                return act(engine, compare(folder, engine.history), folder);
            }
        }
    }

    /** What changes the database, under the lock and with the history read again. */
    int act(Engine engine, List<Entry> entries, Folder folder) throws Exception {
        if (action.rollback != null) {
            return rollback(engine, entries, folder);
        } else if (action.baseline != null) {
            return baseline(engine.history, entries);
        } else if (action.repair) {
            return repair(engine.history, entries);
        } else if (action.adopt) {
            return adopt(engine, entries);
        }
        return migrate(engine, entries);
    }

    /** A connection that the server takes for one of its own time zone. */
    Connection connectAs(String timeZone) throws SQLException, InterruptedException {
        var own = TimeZone.getDefault();
        try {
            TimeZone.setDefault(TimeZone.getTimeZone(timeZone));
            return database.connect(true);
        } finally {
            TimeZone.setDefault(own);
        }
    }

    void refuseProblems(Folder folder) throws Failed {
        folder.strays.stream().filter(stray -> stray.toString().toLowerCase(Locale.ROOT).endsWith(".sql")).map(Folder::isNone)
                .forEach(this::warn);
        if (folder.duplicates) {
            throw wrong(String.join("\n  ", folder.problems));
        } else if (!folder.problems.isEmpty()) {
            throw new Failed(String.join("\n  ", folder.problems));
        }
    }

    void refuseBesideOthers(History history) throws Failed {
        var takesOver = action.adopt || action.baseline != null && !history.others.containsKey(Objects.toString(history.table));
        if (!history.others.isEmpty() && (history.table == null || history.others.containsKey(history.table)) && !takesOver) {
            throw new Failed("here is the history of another tool: "
                    + history.others.entrySet().stream().map(e -> e.getKey() + " (" + e.getValue() + ")").collect(Collectors.joining(", "))
                    + "\n  a second one beside it would run again what is applied; --adopt takes it over, --baseline VERSION starts ours from there");
        }
    }

    // --- the actions ---

    /** What is to be applied; changed and out-of-order files are refused before anything happens. */
    List<Entry> pending(List<Entry> entries) throws Failed {
        var pending = chosen(entries);
        refuse(entries.stream().filter(entry -> entry.state == State.CHANGED).toList(),
                "were changed after they had been applied; undo the change, or accept it with --repair");
        refuse(pending.stream().filter(entry -> entry.late && !choice.outOfOrder && choice.only == null).toList(),
                "are older than the newest applied migration; allow it with --out-of-order, or one by one with --only");
        warnOfMissing(entries);
        return pending;
    }

    int migrate(Engine engine, List<Entry> entries) throws Exception {
        var pending = pending(entries);
        var applied = new ArrayList<Map<String, Object>>();
        var start = System.nanoTime();
        if (locks.single) {
            engine.applyTogether(pending.stream().map(Entry::file).toList());
            pending.forEach(entry -> say("  %s  %s%n", entry.id(), entry.file.description));
            return summary(pending.stream().map(entry -> entry.json(Map.of())).toList(), pending, entries, start);
        }
        var layout = "  %-" + width(pending, Entry::id) + "s  %-" + width(pending, entry -> entry.file.description) + "s  ";
        for (var entry : pending) {
            say(layout, entry.id(), entry.file.description);
            try {
                var millis = engine.apply(entry.file);
                say("%d ms%n", millis);
                applied.add(entry.json(Map.of("duration_ms", millis)));
            } catch (Failed e) {
                say("failed%n");
                var left = pending.size() - pending.indexOf(entry) - 1;
                if (choice.json) {
                    print(fields("applied", applied, "failed", entry.json(e.json), "pending", left));
                }
                throw e.adding(applied.size() + " applied before it, " + left + " after it still pending");
            }
        }
        return summary(applied, pending, entries, start);
    }

    int summary(List<Map<String, Object>> applied, List<Entry> pending, List<Entry> entries, long start) {
        var left = entries.stream().filter(Entry::isPending).count() - pending.size();
        if (choice.json) {
            print(fields("applied", applied, "failed", null, "pending", left));
        } else if (pending.isEmpty()) {
            say("nothing to apply%s%n", left > 0 ? " here, but " + left + " pending otherwise"
                    : ": " + count(applied(entries).size(), "migration") + " applied");
        } else {
            say("%s applied in %s, %s pending%n", count(pending.size(), "migration"), seconds(start),
                    left == 0 ? "nothing is" : left + " still");
        }
        return 0;
    }

    /** What would run, with the plan of its transactions. */
    int preview(List<Entry> pending) throws IOException, Failed {
        var plans = new ArrayList<Map<String, Object>>();
        say("would apply %s%n", pending.isEmpty() ? "nothing" : count(pending.size(), "migration") + ":");
        for (var entry : pending) {
            var units = Plan.of(entry.file.path, false, Set.of(), Set.of()).units.stream().map(Unit::describe).toList();
            plans.add(entry.json(Map.of("units", units)));
            say("  %s  %s  %s%n", entry.id(), entry.file.description, entry.file.path);
            units.forEach(unit -> say("      %s%n", unit));
            if (database.verbose) {
                say("%s%n", Files.readString(entry.file.path));
            }
        }
        if (choice.json) {
            print(fields("would_apply", plans));
        }
        return 0;
    }

    int status(List<Entry> entries, History history, Folder folder) throws SQLException, IOException {
        var wrong = entries.stream().filter(entry -> !entry.isFine()).count() + folder.problems.size();
        var counts = entries.stream().collect(Collectors.groupingBy(entry -> entry.state.toString(), TreeMap::new, Collectors.counting()));
        if (choice.json) {
            print(fields("history", history.table, "migrations", entries.stream().map(entry -> entry.json(Map.of())).toList(),
                    "counts", counts, "problems", folder.problems, "ok", wrong == 0));
        } else if (!choice.quiet || wrong > 0) {
            out().println(table(entries.stream().filter(entry -> !choice.quiet || !entry.isFine()).toList(), List.of(
                    column("VERSION", Entry::id), column("DESCRIPTION", Entry::description),
                    column("PHASE", entry -> entry.phase().toString()),
                    column("STATE", entry -> entry.state.toString()),
                    column("APPLIED AT", entry -> entry.row == null ? "" : entry.row.appliedAt()),
                    right("TIME", entry -> entry.row == null ? "" : entry.row.time()),
                    column("BY", entry -> entry.row == null ? "" : entry.row.by))));
            entries.stream().filter(entry -> entry.failure != null).forEach(entry -> out().println("failed: " + entry.failure));
            for (var entry : entries) {
                if (database.verbose && entry.state == State.CHANGED) {
                    out().println(difference(entry, history));
                }
            }
            folder.problems.forEach(problem -> out().println("problem: " + problem));
            out().println(counts.entrySet().stream().map(e -> e.getValue() + " " + e.getKey()).collect(Collectors.joining(", "))
                    + (history.table == null ? "; no history table yet" : "; history in " + history.table));
        }
        return choice.check && wrong > 0 ? 1 : 0;
    }

    /** The first statement that is not as it was applied. */
    String difference(Entry entry, History history) throws SQLException, IOException {
        var source = history.sourceOf(entry.row.version);
        if (source == null) {
            return "changed: " + entry.file.path + "; what was applied is not kept";
        }
        var before = Files.createTempFile("applied", ".sql");
        try (var then = new Script(Files.writeString(before, source), false); var now = new Script(entry.file.path, false)) {
            while (true) {
                var old = then.next();
                var young = now.next();
                for (var script : List.of(then, now)) {
                    if ((script == then ? old : young) != null && (script == then ? old : young).data() == Statement.Data.FOLLOWING_LINES) {
                        script.skipData();
                    }
                }
                if (old == null && young == null || !then.digestSoFar().equals(now.digestSoFar())) {
                    return "changed: " + (young == null ? entry.file.path : young.place()) + "\n  applied: "
                            + (old == null ? "(nothing)" : old.text()) + "\n  now:     " + (young == null ? "(nothing)" : young.text());
                }
            }
        } catch (Failed unreadable) {
            return "changed: " + unreadable.getMessage();
        } finally {
            Files.delete(before);
        }
    }

    int show(History history) {
        var rows = history.rows.stream().sorted(Row.BY_TIME).toList();
        if (choice.json) {
            print(fields("history", history.table, "rows", rows.stream().map(Row::json).toList()));
        } else {
            out().println(table(rows, List.of(column("VERSION", row -> row.version), column("DESCRIPTION", row -> row.description),
                    column("APPLIED AT", Row::appliedAt), right("TIME", Row::time), column("BY", row -> row.by),
                    column("WITH", row -> row.tool))));
        }
        return 0;
    }

    int validate(List<Entry> entries, Folder folder) {
        var findings = new ArrayList<>(folder.problems);
        folder.strays.stream().map(Folder::isNone).forEach(findings::add);
        entries.stream().filter(entry -> !entry.isFine() && entry.state != State.PENDING)
                .forEach(entry -> findings.add(
                        entry.id() + " " + entry.description() + ": " + entry.state + (entry.failure == null ? "" : ", " + entry.failure)));
        if (choice.json) {
            print(fields("findings", findings, "ok", findings.isEmpty()));
        } else {
            findings.forEach(out()::println);
            say("%s%n", findings.isEmpty() ? count(entries.size(), "migration") + ": files and history agree"
                    : count(findings.size(), "finding"));
        }
        return findings.isEmpty() ? 0 : 1;
    }

    /** Undoes the newest N, each by its down file in a transaction of its own; refuses before anything runs if one has none. */
    int rollback(Engine engine, List<Entry> entries, Folder folder) throws Exception {
        if (action.rollback < 1) {
            throw wrong("--rollback takes a number from 1");
        }
        var newest = entries.stream().filter(entry -> entry.row != null)
                .sorted((a, b) -> Row.BY_TIME.thenComparing(row -> row.parsed, Version.NULLS_FIRST).compare(b.row, a.row))
                .limit(action.rollback).toList();
        var without = newest.stream().filter(entry -> entry.version == null || !folder.downs.containsKey(entry.version)).map(Entry::id)
                .toList();
        if (!without.isEmpty()) {
            throw new Failed("nothing was rolled back: no down file (NNN_name.down.sql) for " + String.join(", ", without));
        }
        for (var entry : newest) {
            var down = folder.downs.get(entry.version);
            say("  %s  %s  ", entry.id(), down);
            if (choice.dryRun) {
                say("would be run%n");
            } else {
                say("%d ms%n", engine.undo(down, entry.row.version));
            }
        }
        if (choice.json) {
            print(fields(choice.dryRun ? "would_roll_back" : "rolled_back", newest.stream().map(Entry::id).toList()));
        } else {
            say("%s%n", newest.isEmpty() ? "nothing to roll back"
                    : choice.dryRun ? "nothing was changed" : count(newest.size(), "migration") + " rolled back");
        }
        return 0;
    }

    int baseline(History history, List<Entry> entries) throws Exception {
        var target = version(action.baseline, entries);
        var marked = entries.stream().filter(entry -> entry.isPending() && entry.version.compareTo(target) <= 0).toList();
        if (!choice.dryRun) {
            for (var entry : marked) {
                history.record(entry.file, entry.file.tokensOrNull(), null);
            }
        }
        var word = choice.dryRun ? "would be marked as applied" : "marked as applied, not run";
        if (choice.json) {
            print(fields(choice.dryRun ? "would_mark" : "marked", marked.stream().map(Entry::id).toList()));
        } else {
            marked.forEach(entry -> say("  %s  %s  %s%n", entry.id(), entry.file.description, word));
            say("%s %s%n", marked.isEmpty() ? "no migration" : count(marked.size(), "migration"), word);
        }
        return marked.isEmpty() ? 1 : 0;
    }

    /** Gives applied rows the checksum of their file as it is now, and forgets failed runs; each is shown. */
    int repair(History history, List<Entry> entries) throws Exception {
        var changed = entries.stream()
                .filter(entry -> entry.row != null && entry.file != null && !entry.file.checksum.equals(entry.row.rawChecksum)).toList();
        var failed = entries.stream().filter(entry -> entry.failure != null).toList();
        changed.forEach(entry -> say("  %s  %s%n", entry.id(),
                entry.row.checksum == null ? "checksum noted for the first time" : "changed file accepted"));
        failed.forEach(entry -> say("  %s  forgotten: %s%n", entry.id(), entry.failure));
        if (!choice.dryRun) {
            if (!changed.isEmpty()) {
                history.ensure();
            }
            for (var entry : changed) {
                history.accept(entry.row.version, entry.file, entry.file.tokensOrNull());
            }
            for (var entry : failed) {
                history.forgetFailure(entry.id());
            }
        }
        if (choice.json) {
            print(fields("accepted", changed.stream().map(Entry::id).toList(), "forgotten", failed.stream().map(Entry::id).toList(),
                    "dry_run", choice.dryRun));
        } else {
            say("%s%n", changed.isEmpty() && failed.isEmpty() ? "nothing to repair" : choice.dryRun ? "nothing was changed" : "repaired");
        }
        return 0;
    }

    /** Marks as applied what the history of another tool says is applied; a table in the place of ours is kept under another name. */
    int adopt(Engine engine, List<Entry> entries) throws Exception {
        var marked = new ArrayList<String>();
        for (var other : engine.history.others.entrySet()) {
            var query = OTHER_TOOLS.get(other.getValue());
            if (query == null) {
                warn(other.getKey() + " (" + other.getValue()
                        + ") does not tell which SQL files it has applied; --baseline VERSION marks them");
                continue;
            }
            var theirs = engine.history.column(query.replace("%s", other.getKey())).stream()
                    .map(version -> Version.parse(version, Phase.schema)).filter(Objects::nonNull).toList();
            var upTo = other.getValue().equals("golang-migrate");
            if (upTo && theirs.isEmpty()) {
                throw new Failed(
                        other.getKey() + " is dirty: golang-migrate's last migration failed half-way; mend that with golang-migrate first");
            }
            if (other.getKey().equals(engine.history.table) && !choice.dryRun) {
                engine.history.moveAside();
            }
            for (var entry : entries) {
                if (entry.file != null && !marked.contains(entry.id())
                        && theirs.stream()
                                .anyMatch(version -> upTo ? entry.version.phase == Phase.schema && entry.version.compareTo(version) <= 0
                        : entry.version.equals(version))) {
                    marked.add(entry.id());
                    say("  %s  %s  applied by %s%n", entry.id(), entry.file.description, other.getValue());
                    if (!choice.dryRun) {
                        engine.history.record(entry.file, entry.file.tokensOrNull(), null);
                    }
                }
            }
        }
        if (choice.json) {
            print(fields(choice.dryRun ? "would_mark" : "marked", marked));
        } else {
            say("%s%n", marked.isEmpty() ? "nothing was adopted"
                    : count(marked.size(), "migration") + (choice.dryRun ? " would be" : "") + " marked as applied, not run");
        }
        return marked.isEmpty() ? 1 : 0;
    }

    int writeSql(Path file) throws IOException, Failed {
        var folder = readFolder();
        refuseProblems(folder);
        var entries = compare(folder, new History(null));
        var chosen = chosen(entries);
        try (var out = new PrintWriter(Files.newBufferedWriter(file))) {
            new SqlScript(out).write(chosen.stream().map(Entry::file).toList());
            if (out.checkError()) {
                throw new Failed("cannot write " + file);
            }
        }
        if (choice.json) {
            print(fields("file", file.toString(), "versions", chosen.stream().map(Entry::id).toList()));
        } else {
            say("%s: %s; run it with psql -X -f %s%n", file, count(chosen.size(), "migration"), file);
        }
        return 0;
    }

    /** The next number in the style of the folder: as many digits, a time stamp after time stamps, the last part of a dotted one. */
    int writeNew(String title) throws IOException {
        var name = Normalizer.normalize(title, Normalizer.Form.NFKD).replaceAll("\\p{M}", "").toLowerCase(Locale.ROOT)
                .replaceAll("[^\\p{L}\\p{N}]+", "_")
                .replaceAll("^_+|_+$", "");
        if (name.isEmpty() || name.length() > 150) {
            throw wrong("--new needs a title of letters or digits, e.g. --new \"Add user table\"");
        }
        var phase = choice.phase == Phases.optimizations ? Phase.optimizations : Phase.schema;
        var place = folder().resolve(phase.subfolder);
        Files.createDirectories(place);
        var folder = Folder.read(folder());
        if (!folder.problems.isEmpty()) {
            throw wrong("no number was given out: " + String.join("\n  ", folder.problems));
        }
        var number = folder.migrations.stream().filter(file -> file.version.phase == phase).map(file -> file.version)
                .max(Version::compareTo).map(Version::next).orElse("001");
        var path = place.resolve(number + "_" + name + ".sql");
        try {
            Files.writeString(path, """
                    -- %s
                    --
                    -- Plain SQL, run in one transaction; `psql -f` runs it too. No line is needed to register it.
                    -- To be able to undo it, put the opposite into %s_%s.down.sql.

                    """.formatted(title.replaceAll("\\R", " "), number, name), java.nio.file.StandardOpenOption.CREATE_NEW);
        } catch (FileAlreadyExistsException e) {
            throw wrong(path + " is there already");
        }
        if (choice.json) {
            print(fields("file", path.toString(), "version", phase.prefix() + number));
        } else {
            say("%s%n", path);
        }
        return 0;
    }

    // --- which migrations ---

    /** Puts files and history side by side: one entry per version, files that are no more included. */
    static List<Entry> compare(Folder folder, History history) throws Failed {
        var rows = new TreeMap<Version, Row>();
        var entries = new ArrayList<Entry>();
        for (var row : history.rows) {
            if (row.parsed == null || rows.putIfAbsent(row.parsed, row) != null) {
                entries.add(new Entry(null, row, null, State.MISSING_FILE, false, null));
            }
        }
        var newest = new TreeMap<Phase, Version>();
        rows.keySet().forEach(version -> newest.merge(version.phase, version, (a, b) -> a.compareTo(b) > 0 ? a : b));
        for (var file : folder.migrations) {
            var row = rows.remove(file.version);
            var failure = row == null ? history.failures.get(file.version.id()) : null;
            var late = row == null && newest.containsKey(file.version.phase) && file.version.compareTo(newest.get(file.version.phase)) < 0;
            var state = row != null ? file.against(row)
                    : failure != null ? State.FAILED : late ? State.OUT_OF_ORDER : State.PENDING;
            entries.add(new Entry(file.version, row, file, state, late, failure));
        }
        rows.forEach((version, row) -> entries.add(new Entry(version, row, null, State.MISSING_FILE, false, null)));
        entries.sort((a, b) -> Version.NULLS_FIRST.compare(a.version, b.version));
        return entries;
    }

    /** What of the pending --phase, --to and --only leave. */
    List<Entry> chosen(List<Entry> entries) {
        var only = choice.only == null ? null : version(choice.only, entries);
        var to = choice.to == null ? null : version(choice.to, entries);
        return entries.stream().filter(entry -> entry.isPending()
                && (choice.phase == Phases.all || choice.phase.name().equals(entry.version.phase.name()))
                && (only == null || entry.version.equals(only)) && (to == null || entry.version.compareTo(to) <= 0)).toList();
    }

    Version version(String text, List<Entry> entries) {
        var version = Version.parse(text, choice.phase == Phases.optimizations ? Phase.optimizations : Phase.schema);
        if (version == null || entries.stream().noneMatch(entry -> version.equals(entry.version))) {
            throw wrong("there is no migration " + text + " in " + folder());
        }
        return version;
    }

    Folder readFolder() throws IOException {
        var folder = Folder.read(folder());
        if (folder.migrations.isEmpty() && !action.history) {
            throw wrong((Files.isDirectory(folder.path) ? "no migration (NNN_description.sql) in the folder " : "there is no folder ")
                    + folder.path
                    + "; --dir or MIGRATIONS_DIR name it, --new TITLE writes the first migration");
        }
        return folder;
    }

    Path folder() {
        return choice.dir != null ? choice.dir : Path.of(database.variables().getOrDefault("MIGRATIONS_DIR", "migrations"));
    }

    void refuse(List<Entry> entries, String why) throws Failed {
        if (!entries.isEmpty()) {
            throw new Failed("nothing was applied: "
                    + entries.stream().map(entry -> entry.file.path.toString()).collect(Collectors.joining(", ")) + "\n  " + why);
        }
    }

    void warnOfMissing(List<Entry> entries) {
        var missing = entries.stream().filter(entry -> entry.state == State.MISSING_FILE).map(Entry::id).toList();
        if (!missing.isEmpty()) {
            warn(count(missing.size(), "applied migration") + " without a file here: "
                    + String.join(", ", missing.subList(0, Math.min(5, missing.size())))
                    + (missing.size() > 5 ? ", ..." : ""));
        }
    }

    static List<Entry> applied(List<Entry> entries) {
        return entries.stream().filter(entry -> entry.row != null).toList();
    }

    // --- what it says ---

    ParameterException wrong(String message) {
        return new ParameterException(spec.commandLine(), message);
    }

    PrintWriter out() {
        return spec.commandLine().getOut();
    }

    void say(String format, Object... values) {
        if (!choice.json && !choice.quiet) {
            out().printf(format, values);
            out().flush();
        }
    }

    void warn(String text) {
        spec.commandLine().getErr().println("run_migrations: warning: " + text);
    }

    /** Progress that people want to see while they wait. */
    void note(String text) {
        if (!choice.quiet) {
            spec.commandLine().getErr().println("run_migrations: " + text);
        }
    }

    void warnings(SQLWarning warning, Statement statement) {
        for (; warning != null; warning = warning.getNextWarning()) {
            var text = statement.file() + ":" + statement.line() + ": " + warning.getMessage();
            if (warning instanceof PSQLWarning server && "WARNING".equals(server.getServerErrorMessage().getSeverity())) {
                warn(text);
            } else {
                detail(text);
            }
        }
    }

    void detail(String text) {
        if (database.verbose) {
            spec.commandLine().getErr().println(text);
        }
    }

    void print(Object document) {
        printed = true;
        out().println(new GsonBuilder().serializeNulls().disableHtmlEscaping().setPrettyPrinting().create().toJson(document));
    }

    static Map<String, Object> fields(Object... namesAndValues) {
        var fields = new LinkedHashMap<String, Object>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            fields.put((String) namesAndValues[i], namesAndValues[i + 1]);
        }
        return fields;
    }

    static <T> ColumnData<T> column(String title, java.util.function.Function<T, String> value) {
        return new Column().header(title).headerAlign(HorizontalAlign.LEFT).dataAlign(HorizontalAlign.LEFT).maxWidth(60)
                .with(row -> Objects.toString(value.apply(row), ""));
    }

    static <T> ColumnData<T> right(String title, java.util.function.Function<T, String> value) {
        return new Column().header(title).headerAlign(HorizontalAlign.RIGHT).dataAlign(HorizontalAlign.RIGHT).with(value::apply);
    }

    static <T> String table(List<T> rows, List<ColumnData<T>> columns) {
        return AsciiTable.builder().border(AsciiTable.NO_BORDERS).data(rows, columns).styler(new Colours()).asString()
                .lines().map(line -> line.substring(1).stripTrailing()).collect(Collectors.joining("\n"));
    }

    /** States in colour, on a terminal. */
    static class Colours implements Styler {
        @Override
        public List<String> styleCell(Column column, int row, int col, List<String> lines) {
            return !"STATE".equals(column.getHeader()) ? lines : lines.stream().map(line -> {
                var state = line.strip();
                var colour = state.equals("applied") ? "green" : state.equals("pending") ? "yellow" : "red";
                return line.replace(state, Ansi.AUTO.string("@|" + colour + " " + state + "|@"));
            }).toList();
        }
    }

    static int width(List<Entry> entries, java.util.function.Function<Entry, String> text) {
        return entries.stream().mapToInt(entry -> text.apply(entry).length()).max().orElse(1);
    }

    static String count(int number, String noun) {
        return number + " " + noun + (number == 1 ? "" : "s");
    }

    static String seconds(long startNanos) {
        return String.format(Locale.ROOT, "%.1f s", (System.nanoTime() - startNanos) / 1e9);
    }

    // --- the types ---

    enum Phase {
        schema(""), optimizations("optimizations");

        final String subfolder;

        Phase(String subfolder) {
            this.subfolder = subfolder;
        }

        String prefix() {
            return subfolder.isEmpty() ? "" : subfolder + "/";
        }
    }

    enum State {
        APPLIED, COSMETIC, PENDING, CHANGED, MISSING_FILE, OUT_OF_ORDER, FAILED;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT).replace('_', ' ');
        }
    }

    /** A number such as 001, 1.10 or 20260131120000 in a phase; compared number by number, so 2 < 10 and 001 = 1 = 1.0. */
    static final class Version implements Comparable<Version> {
        static final Pattern TEXT = Pattern.compile("(?:(schema|optimizations)/)?(\\d+(?:\\.\\d+)*)(?:[_.-].*)?");
        static final java.util.Comparator<Version> NULLS_FIRST = java.util.Comparator.nullsFirst(java.util.Comparator.naturalOrder());

        final Phase phase;
        final String text;
        final List<BigInteger> numbers;

        Version(Phase phase, String text) {
            this.phase = phase;
            this.text = text;
            this.numbers = new ArrayList<>(2);
            for (var number : text.split("\\.")) {
                numbers.add(new BigInteger(number));
            }
            while (numbers.size() > 1 && numbers.get(numbers.size() - 1).signum() == 0) {
                numbers.remove(numbers.size() - 1);
            }
        }

        /** Reads 001, optimizations/001, also with a name behind it (001_initial_schema.sql); null if it is none. */
        static Version parse(String text, Phase otherwise) {
            var match = TEXT.matcher(Objects.toString(text, ""));
            return match.matches() ? new Version(match.group(1) == null ? otherwise : Phase.valueOf(match.group(1)), match.group(2)) : null;
        }

        String id() {
            return phase.prefix() + text;
        }

        String next() {
            var parts = text.split("\\.");
            var last = parts[parts.length - 1];
            if (last.length() == 14) {
                return DateTimeFormatter.ofPattern("yyyyMMddHHmmss").withZone(ZoneOffset.UTC).format(Instant.now());
            }
            var number = new BigInteger(last).add(BigInteger.ONE).toString();
            parts[parts.length - 1] = "0".repeat(Math.max(0, last.length() - number.length())) + number;
            return String.join(".", parts);
        }

        @Override
        public int compareTo(Version other) {
            for (int i = 0; phase == other.phase && i < Math.min(numbers.size(), other.numbers.size()); i++) {
                var order = numbers.get(i).compareTo(other.numbers.get(i));
                if (order != 0) {
                    return order;
                }
            }
            return phase == other.phase ? numbers.size() - other.numbers.size() : phase.compareTo(other.phase);
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Version version && compareTo(version) == 0;
        }

        @Override
        public int hashCode() {
            return Objects.hash(phase, numbers);
        }
    }

    /** A file that applies a version. The checksum is SHA-256 over the text without BOM and with LF line ends. */
    record Migration(Version version, String description, Path path, String checksum) {
        /** The checksum that means something: over the tokens, so that layout and comments do not count; with its algorithm. */
        String tokens() throws Failed {
            return Plan.of(path, false, Set.of(), Set.of()).digest;
        }

        String tokensOrNull() {
            try {
                return tokens();
            } catch (Failed unreadable) {
                return null;
            }
        }

        /** Applied as it is, with another layout, or as something else; a row of another tool knows no checksum. */
        State against(Row row) {
            if (row.rawChecksum == null || row.rawChecksum.equals(checksum)) {
                return State.APPLIED;
            }
            return Objects.toString(row.checksum, "").equals(tokensOrNull()) ? State.COSMETIC : State.CHANGED;
        }
    }

    /** A version's file and history row, either of which may be missing, and what follows from the two. */
    record Entry(Version version, Row row, Migration file, State state, boolean late, String failure) {
        String id() {
            return version == null ? row.version : version.id();
        }

        Phase phase() {
            return version == null ? Phase.schema : version.phase;
        }

        String description() {
            return file != null ? file.description : row.description;
        }

        boolean isFine() {
            return state == State.APPLIED || state == State.COSMETIC;
        }

        boolean isPending() {
            return row == null;
        }

        Map<String, Object> json(Map<String, Object> more) {
            var fields = fields("version", id(), "description", description(), "phase", phase().toString(), "state", state.toString(),
                    "file", file == null ? null : file.path.toString(), "error", failure);
            if (row != null) {
                fields.putAll(row.json());
            }
            fields.putAll(more);
            return fields;
        }
    }

    /** A row of the history; what the table does not tell is null. */
    record Row(String version, Version parsed, String description, String checksum, String rawChecksum, Instant at, Long millis, String by,
            String tool) {

        static final java.util.Comparator<Row> BY_TIME = java.util.Comparator.comparing(Row::at,
                java.util.Comparator.nullsFirst(java.util.Comparator.naturalOrder()));

        String appliedAt() {
            return at == null ? "" : (LocalDateTime.ofInstant(at, ZoneId.systemDefault()) + ":00").substring(0, 19).replace('T', ' ');
        }

        String time() {
            return millis == null ? "" : millis + " ms";
        }

        Map<String, Object> json() {
            return fields("version", version, "description", description, "applied_at", Objects.toString(at, null), "duration_ms", millis,
                    "applied_by", by, "tool", tool,
                    "checksum", checksum);
        }
    }

    /** What is wrong with a migration or stops the run: exit code 2. */
    static class Failed extends Exception {
        final Map<String, Object> json = new LinkedHashMap<>();
        final String state; // SQLSTATE, null if it was not the server that refused
        int index = -1; // of the statement in its file
        boolean partial; // a part of it may be committed: not to be tried again unasked

        Failed(String message) {
            this(message, null);
        }

        Failed(String message, String state) {
            super(message);
            this.state = state;
        }

        Failed adding(String line) {
            var failed = new Failed(getMessage() + "\n  " + line, state);
            failed.index = index;
            failed.json.putAll(json);
            failed.setStackTrace(getStackTrace());
            return failed;
        }
    }

    /** The migrations folder: what is a migration, its down files, what is not, and what is wrong. */
    static class Folder {
        static final Pattern NAME = Pattern.compile("(?i)(\\d+(?:\\.\\d+)*)(?:[_-]+(.*?))?(\\.up|\\.down)?\\.sql");

        static final Pattern FLYWAY = Pattern.compile("V(\\d+(?:[._]\\d+)*)__(.*)");

        final Path path;
        final List<Migration> migrations = new ArrayList<>();
        final Map<Version, Path> downs = new TreeMap<>();
        final List<Path> strays = new ArrayList<>();
        final List<String> problems = new ArrayList<>();
        boolean duplicates;

        Folder(Path path) {
            this.path = path;
        }

        static Folder read(Path path) throws IOException {
            var folder = new Folder(path);
            for (var phase : Phase.values()) {
                var place = path.resolve(phase.subfolder);
                if (Files.isDirectory(place)) {
                    try (var files = Files.list(place)) {
                        files.filter(file -> !file.getFileName().toString().startsWith(".")).sorted()
                                .forEach(file -> folder.add(phase, file));
                    }
                }
            }
            folder.migrations.sort((a, b) -> a.version.compareTo(b.version));
            for (int i = 1; i < folder.migrations.size(); i++) {
                if (folder.migrations.get(i).version.equals(folder.migrations.get(i - 1).version)) {
                    folder.duplicates = true;
                    folder.problems.add(
                            "two files have one version: " + folder.migrations.get(i - 1).path + " and " + folder.migrations.get(i).path);
                }
            }
            return folder;
        }

        void add(Phase phase, Path file) {
            var flyway = FLYWAY.matcher(file.getFileName().toString());
            var name = NAME
                    .matcher(flyway.matches() ? flyway.group(1).replace('_', '.') + "_" + flyway.group(2) : file.getFileName().toString());
            if (Files.isDirectory(file)) {
                if (!file.equals(path.resolve(Phase.optimizations.subfolder))) {
                    strays.add(file);
                }
            } else if (!name.matches()) {
                strays.add(file);
            } else if (".down".equalsIgnoreCase(name.group(3))) {
                downs.put(new Version(phase, name.group(1)), file);
            } else {
                var description = Objects.toString(name.group(2), "").replaceAll("[_-]+", " ").strip();
                migrations.add(new Migration(new Version(phase, name.group(1)), description, file, checksum(file)));
            }
        }

        static String isNone(Path stray) {
            return stray + (Files.isDirectory(stray) ? " is a folder and not looked into" : " is no migration (NNN_description.sql)");
        }

        /** Null, and a problem noted, if the file cannot be read as UTF-8. */
        String checksum(Path file) {
            try {
                var bytes = Files.size(file) > History.LARGEST_SOURCE ? new byte[0] : Files.readAllBytes(file);
                if (bytes.length > 0 && bytes[0] != (byte) 0xEF && isAscii(bytes)) { // most files, and a status reads them all
                    return "sha256:" + HexFormat.of()
                            .formatHex(Script.sha256().digest(new String(bytes, UTF_8).replace("\r\n", "\n").getBytes(UTF_8)));
                }
            } catch (IOException unreadable) {
                // said below
            }
            try (var text = Script.open(file)) {
                var digest = Script.sha256();
                var part = new char[1 << 16];
                var carried = 0; // half of a line end or of a character outside the basic plane waits for its other half
                for (int n; (n = text.read(part, carried, part.length - carried)) > 0;) {
                    var end = carried + n;
                    carried = part[end - 1] == '\r' || Character.isHighSurrogate(part[end - 1]) ? 1 : 0;
                    digest.update(new String(part, 0, end - carried).replace("\r\n", "\n").getBytes(UTF_8));
                    part[0] = part[end - 1];
                }
                digest.update(new String(part, 0, carried).getBytes(UTF_8));
                return "sha256:" + HexFormat.of().formatHex(digest.digest());
            } catch (CharacterCodingException e) {
                problems.add(file + " is not UTF-8: " + notUtf8(file));
            } catch (IOException e) {
                problems.add(file + " cannot be read (" + e.getClass().getSimpleName() + ")");
            }
            return null;
        }

        static boolean isAscii(byte[] bytes) {
            for (var b : bytes) {
                if (b < 0) {
                    return false;
                }
            }
            return true;
        }

        static String notUtf8(Path file) {
            try {
                var bytes = java.nio.ByteBuffer.wrap(Files.readAllBytes(file));
                UTF_8.newDecoder().decode(bytes, java.nio.CharBuffer.allocate(bytes.capacity()), true);
                var line = 1;
                for (int i = 0; i < bytes.position(); i++) {
                    line += bytes.get(i) == '\n' ? 1 : 0;
                }
                return "byte " + String.format("0x%02X", bytes.get(bytes.position())) + " in line " + line;
            } catch (IOException e) {
                return "unreadable";
            }
        }
    }

    /**
     * A statement as it stands in its file, without the semicolon, and where it begins there (line and column from 1). Plain is its beginning,
     * keywords in lower case and a blank between tokens; names are what may be names of relations in it.
     */
    record Statement(String text, String plain, Path file, int line, int column, List<String> words, Set<String> names, Data data,
            Path dataFile) {
        /** Where the rows of a COPY ... FROM stdin come from, or that it is one TO stdout. */
        enum Data {
            NONE, FOLLOWING_LINES, FILE, TO_STDOUT
        }

        boolean is(String... wanted) {
            return words.size() >= wanted.length && words.subList(0, wanted.length).equals(List.of(wanted));
        }

        String head() {
            var first = text.lines().findFirst().orElse("").strip();
            return first.length() > 70 ? first.substring(0, 70) + "..." : first;
        }

        String place() {
            return file + ":" + line + ":" + column;
        }
    }

    /**
     * Cuts a file into statements where psql cuts it, and obeys the psql commands that migrations contain. Grammar: src/fe_utils/psqlscan.l,
     * src/bin/psql/psqlscanslash.l and command.c of PostgreSQL 18, and chapters 4.1 and "psql" of its manual. It holds one statement at a
     * time, so that a file may be larger than the memory. What it meets is also digested token by token: layout and comments do not count.
     */
    static class Script implements AutoCloseable {
        static final Pattern CLIENT_ENCODING = Pattern.compile("(?i)^\\s*set\\s+client_encoding\\s*(?:=|to)\\s*'?(\\w+)'?\\s*;",
                Pattern.MULTILINE);
        static final Pattern STANDARD_STRINGS = Pattern.compile(
                "(?i)^(?:(?:set (?:session |local )?|select (?:pg_catalog \\. )?set_config \\( ')standard_conforming_strings'? (?:=|to|,) '?(\\w+)"
                + "|reset (?:standard_conforming_strings|all)|discard all)");
        static final Pattern DATE_STYLE = Pattern.compile(
                "(?i)^(?:set (?:session |local )?|select (?:pg_catalog \\. )?set_config \\( ')datestyle'? (?:=|to|,) .*\\b(german|sql|postgres|postgresql)\\b");
        static final Pattern UNDO_PART = Pattern.compile("(?i)^--\\s*(migrate:down|\\+goose\\s+down|down migration)");
        static final Pattern VARIABLE = Pattern.compile("(['\"]?)([\\w\\x80-\\uFFFF]+)\\1");
        static final Pattern COPY = Pattern
                .compile("(?is)((?:\"(?:[^\"]|\"\")*\"|[^\\s(\"])+\\s*(?:\\([^)]*\\))?)\\s*from\\s+('(?:[^']|'')*'|\\S+)\\s*(.*)");
        static final Map<String, String> ENCODINGS = Map.of("LATIN1", "ISO-8859-1", "LATIN2", "ISO-8859-2", "LATIN9", "ISO-8859-15",
                "WIN1250", "windows-1250",
                "WIN1251", "windows-1251", "WIN1252", "windows-1252", "KOI8R", "KOI8-R", "SQL_ASCII", "ISO-8859-1", "UTF8", "UTF-8");

        final Deque<Source> sources = new ArrayDeque<>();
        final Deque<Branch> branches = new ArrayDeque<>(); // of each \if that is open
        final Map<String, String> variables = new TreeMap<>();
        final StringBuilder text = new StringBuilder();
        final StringBuilder name = new StringBuilder();
        final StringBuilder plain = new StringBuilder(); // the first tokens, a blank between
        final MessageDigest digest;
        boolean plans = true; // off while it runs: the digest is known by then
        Source in;
        final boolean initialEscapes;
        boolean escapes; // standard_conforming_strings = off
        boolean escapesAfterCommit;
        Boolean escapesAtBegin;
        String restricted;
        String afterData = "";

        // of the statement under way
        int depth;
        int body;
        boolean escapesContinue;
        boolean dotted;
        boolean several; // sent in one message with \\;
        int parts;
        String previous;
        List<String> words;
        Set<String> names;
        boolean copies;

        static class Branch {
            final boolean inside; // of an active branch
            final int depth; // of parentheses, where the \if stands
            boolean taken; // this one or one before it
            boolean active;

            Branch(boolean inside, boolean taken, int depth) {
                this.inside = inside;
                this.taken = taken;
                this.active = taken;
                this.depth = depth;
            }
        }

        /** One file of a \i chain, with two characters of lookahead; the value of a variable is read before the file goes on. */
        static class Source implements AutoCloseable {
            final Path file;
            final Reader reader;
            char[] buffer;
            int position;
            int limit;
            int here;
            int after;
            int line = 1;
            int column = 1;

            Source(Path file) throws IOException {
                this.file = file;
                reader = open(file);
                buffer = new char[(int) Math.min(1 << 16, Files.size(file) + 16)];
                here = read();
                after = read();
            }

            int read() throws IOException {
                return position < limit || fill() ? buffer[position++] : -1;
            }

            boolean fill() throws IOException {
                limit = Math.max(0, reader.read(buffer, 0, buffer.length));
                position = 0;
                return limit > 0;
            }

            void advance() throws IOException {
                if (here == '\n' || here == '\r' && after != '\n') {
                    line++;
                    column = 1;
                } else if (!Character.isLowSurrogate((char) here)) {
                    column++;
                }
                here = after;
                after = read();
            }

            void insert(String value) throws IOException {
                var rest = value + (here == -1 ? "" : (char) here) + (after == -1 ? "" : (char) after)
                        + new String(buffer, position, limit - position);
                buffer = rest.length() > buffer.length ? new char[rest.length()] : buffer;
                rest.getChars(0, rest.length(), buffer, 0);
                position = 0;
                limit = rest.length();
                here = read();
                after = read();
            }

            /** The characters behind {@link #here}, as many as there are and are wanted. */
            String ahead(int count) throws IOException {
                if (limit - position < count) {
                    var rest = Arrays.copyOf(Arrays.copyOfRange(buffer, position, limit), Math.max(buffer.length, count + 16));
                    limit -= position;
                    position = 0;
                    buffer = rest;
                    for (int n; limit < count && (n = reader.read(buffer, limit, buffer.length - limit)) > 0;) {
                        limit += n;
                    }
                }
                return (after == -1 ? "" : String.valueOf((char) after)) + new String(buffer, position, Math.min(count, limit - position));
            }

            /** The rest of the line, its end included; empty at the end of the file. */
            String restOfLine() throws IOException {
                var text = new StringBuilder();
                while (here != -1 && here != '\n' && after != '\n' && after != -1) {
                    text.append((char) here).append((char) after);
                    var end = position;
                    while (end < limit && buffer[end] != '\n') {
                        end++;
                    }
                    text.append(buffer, position, end - position);
                    position = end;
                    here = read();
                    after = read();
                }
                for (var last = false; here != -1 && !last; advance()) {
                    text.append((char) here);
                    last = here == '\n';
                }
                return text.toString();
            }

            @Override
            public void close() throws IOException {
                reader.close();
            }
        }

        /** Decodes strictly; a file that itself sets another client_encoding is read in that one, and the server gets UTF-8. */
        static Reader open(Path file) throws IOException {
            var bytes = new BufferedInputStream(Files.newInputStream(file), 1 << 14);
            bytes.mark(1 << 14);
            var start = bytes.readNBytes(1 << 14);
            bytes.reset();
            var set = CLIENT_ENCODING.matcher(new String(start, StandardCharsets.ISO_8859_1));
            try {
                var text = new InputStreamReader(bytes,
                        (set.find() ? Charset.forName(ENCODINGS.getOrDefault(set.group(1).toUpperCase(Locale.ROOT), set.group(1))) : UTF_8)
                                .newDecoder());
                if (start.length > 2 && start[0] == (byte) 0xEF && start[1] == (byte) 0xBB && start[2] == (byte) 0xBF) {
                    text.read();
                }
                return text;
            } catch (IllegalArgumentException unknown) {
                throw new IOException("its client_encoding is not known here");
            }
        }

        Script(Path file, boolean escapes) throws IOException {
            this.initialEscapes = escapes;
            this.escapes = escapes;
            this.digest = sha256();
            include(file);
        }

        void include(Path file) throws IOException {
            sources.push(new Source(file));
            in = sources.peek();
        }

        /** The next statement, or an \echo; null at the end. After one with data, {@link #data()} is next. */
        Statement next() throws IOException, Failed {
            while (true) {
                begin();
                while (isBlank(in.here) || startsComment()) {
                    blankOrComment();
                }
                text.setLength(0);
                var file = in.file;
                var line = in.line;
                var column = in.column;
                if (in.here == -1 && sources.size() == 1) {
                    if (!branches.isEmpty()) {
                        throw failed("\\if without \\endif");
                    }
                    return null;
                } else if (in.here == -1) {
                    sources.pop().close();
                    in = sources.peek();
                } else if (in.here == '\\') {
                    var statement = command(true);
                    if (statement != null) {
                        return statement;
                    }
                } else {
                    while (in.here != -1 && !(in.here == ';' && depth == 0 && body == 0 && active())) {
                        token();
                    }
                    add(";");
                    if (in.here == ';') {
                        in.advance();
                    }
                    identifier(null);
                    var sql = text.toString().stripTrailing();
                    if (!sql.isEmpty()) {
                        var statement = new Statement(sql, plain.toString().strip(), file, line, column,
                                several ? List.of("\\;") : List.copyOf(words), Set.copyOf(names), copies ? Statement.Data.FOLLOWING_LINES
                                        : words.size() > 1 && words.get(0).equals("copy") && words.contains("stdout")
                                                ? Statement.Data.TO_STDOUT
                                                : Statement.Data.NONE,
                                null);
                        follow(statement);
                        refuse(statement);
                        return statement;
                    }
                }
            }
        }

        /** What this driver cannot do; said before anything runs. */
        void refuse(Statement statement) throws Failed {
            if (DATE_STYLE.matcher(statement.plain()).find()) {
                throw new Failed(statement.place() + ": " + statement.head()
                        + ": only the ISO style works here; write e.g. SET datestyle = 'ISO, DMY'");
            }
        }

        void begin() {
            words = new ArrayList<>();
            names = new TreeSet<>();
            name.setLength(0);
            plain.setLength(0);
            depth = 0;
            body = 0;
            copies = false;
            escapesContinue = false;
            dotted = false;
            several = false;
            parts = 1;
            previous = "";
        }

        /** How strings are to be read from here on, when the file itself changes it; a transaction that is rolled back takes that back. */
        void follow(Statement statement) {
            if (statement.is("begin") || statement.is("start")) {
                escapesAtBegin = escapesAfterCommit = escapes;
            } else if (escapesAtBegin != null && Plan.ends(statement)) {
                escapes = statement.is("commit") || statement.is("end") ? escapesAfterCommit : escapesAtBegin;
                escapesAtBegin = null;
            }
            var set = STANDARD_STRINGS.matcher(statement.plain());
            if (set.find()) {
                escapes = set.group(1) == null || set.group(1).equals("default") ? initialEscapes : set.group(1).matches("off|false|no|0");
                escapesAfterCommit = statement.is("set", "local") || statement.plain().contains(", true )") ? escapesAfterCommit : escapes;
            }
        }

        void token() throws IOException, Failed {
            var start = text.length();
            var before = previous;
            var afterDot = dotted;
            previous = "";
            dotted = false;
            if (isBlank(in.here) || startsComment()) {
                previous = before;
                dotted = afterDot;
                blankOrComment();
                return;
            } else if (in.here == '\'') {
                quoted('\'', escapesContinue || escapes);
            } else if (in.here == '"') {
                quoted('"', false);
                identifier(text.length() > start ? (afterDot ? "." : "") + text.substring(start) : null);
            } else if (in.here == '$') {
                dollarQuoted();
            } else if (isLetter(in.here)) {
                word(before, afterDot);
                return;
            } else if (in.here == ':' && variable()) {
                return;
            } else if (in.here == '\\') {
                command(false);
                return;
            } else {
                escapesContinue = false;
                depth = Math.max(0, depth + (in.here == '(' ? 1 : in.here == ')' ? -1 : 0));
                dotted = in.here == '.';
                var kind = in.here;
                take();
                while (Character.isDigit(kind) && (isLetter(in.here) || Character.isDigit(in.here))
                        || isOperator(kind) && isOperator(in.here) && !startsComment()) {
                    take();
                }
            }
            add(text.substring(Math.min(start, text.length())));
        }

        /** A keyword, a name, or the prefix of a string; watches for SQL bodies, whose semicolons do not end the statement. */
        void word(String before, boolean afterDot) throws IOException {
            var start = text.length();
            var read = new StringBuilder();
            while (isLetter(in.here) || Character.isDigit(in.here) || in.here == '$') {
                read.append((char) in.here);
                take();
            }
            var word = read.toString().toLowerCase(Locale.ROOT);
            escapesContinue = false;
            if (in.here == '\'' && word.equals("e")) {
                quoted('\'', true);
            } else if (in.here == '\'' && (word.equals("b") || word.equals("x"))) {
                quoted('\'', false);
            } else if (in.here == '&' && word.equals("u") && (in.after == '\'' || in.after == '"')) {
                take();
                quoted((char) in.here, false);
                escapesContinue = false;
            } else {
                if (words.size() < 24 && active()) {
                    words.add(word);
                }
                if (depth == 0 && word.equals("atomic") && before.equals("begin") && createsRoutine()) {
                    body = 1;
                } else if (depth == 0 && body > 0 && !before.equals("as")) {
                    body += word.equals("case") ? 1 : word.equals("end") ? -1 : 0;
                }
                copies |= depth == 0 && word.equals("stdin") && before.equals("from") && words.get(0).equals("copy");
                identifier((afterDot ? "." : "") + History.quote(word));
                previous = word;
                add(word);
                return;
            }
            add(text.substring(Math.min(start, text.length())));
        }

        boolean createsRoutine() {
            var kind = words.size() > 3 && words.get(1).equals("or") ? words.get(3) : words.size() > 1 ? words.get(1) : "";
            return words.get(0).equals("create") && (kind.equals("function") || kind.equals("procedure"));
        }

        /** Collects what may be names of relations, each with its schema; which of them are, the server will say. */
        void identifier(String quoted) {
            if (quoted != null && quoted.startsWith(".")) {
                name.append(parts++ < 2 ? quoted : ""); // schema.table.column
                return;
            }
            parts = 1;
            if (name.length() > 0 && names.size() < 100) {
                names.add(name.toString());
            }
            name.setLength(0);
            name.append(quoted == null ? "" : quoted);
        }

        /** Takes a quoted string or name; after E'...' a string on a following line goes on with escapes. */
        void quoted(char quote, boolean withEscapes) throws IOException {
            take();
            while (in.here != -1) {
                if (withEscapes && in.here == '\\') {
                    take();
                } else if (in.here == quote && in.after == quote) {
                    take();
                } else if (in.here == quote) {
                    take();
                    break;
                }
                take();
            }
            escapesContinue = withEscapes;
        }

        void dollarQuoted() throws IOException {
            var tag = new StringBuilder("$");
            take();
            while (isLetter(in.here) || Character.isDigit(in.here) && tag.length() > 1) {
                tag.append((char) in.here);
                take();
            }
            if (in.here == '$') {
                take();
                tag.append('$');
                for (int matched = 0; matched < tag.length() && in.here != -1; take()) {
                    matched = in.here == tag.charAt(matched) ? matched + 1 : in.here == '$' ? 1 : 0;
                }
            }
        }

        void blankOrComment() throws IOException, Failed {
            if (in.here == '-' && in.after == '-') {
                var start = text.length();
                while (in.here != -1 && in.here != '\n' && in.here != '\r') {
                    take();
                }
                if (text.length() > start && text.length() < start + 40 && UNDO_PART.matcher(text.substring(start)).find()) {
                    throw failed(
                            "here begins the part that undoes the file, for another tool; move it into a file of its own, NNN_name.down.sql");
                }
            } else if (in.here == '/' && in.after == '*') {
                escapesContinue = false;
                var open = 0;
                do {
                    var step = in.here == '/' && in.after == '*' ? 1 : in.here == '*' && in.after == '/' ? -1 : 0;
                    open += step;
                    take();
                    if (step != 0) {
                        take();
                    }
                } while (open > 0 && in.here != -1);
            } else {
                take();
            }
        }

        /** :name, :'name' or :"name" of a variable that was set; anything else stays as it is. */
        boolean variable() throws IOException, Failed {
            if (in.after == ':' || in.after == '=') {
                add(":" + (char) in.after);
                take();
                take();
                return true;
            }
            var found = VARIABLE.matcher(in.ahead(80));
            if (!found.lookingAt() || !variables.containsKey(found.group(2))) {
                return false;
            }
            in.advance();
            for (int i = 0; i < found.group().length(); i++) {
                in.advance();
            }
            var value = variables.get(found.group(2));
            in.insert(found.group(1).equals("'") ? History.literal(value) : found.group(1).equals("\"") ? History.quote(value) : value);
            return true;
        }

        /** A psql command and its line. Only \copy and \echo are statements; null for the others, which are obeyed at once. */
        Statement command(boolean betweenStatements) throws IOException, Failed {
            var line = in.line;
            var column = in.column;
            in.advance();
            if (in.here == ';' || in.here == ':') {
                several |= in.here == ';';
                add(";");
                take();
                return null;
            }
            var word = new StringBuilder();
            while (isLetter(in.here) || in.here == '?' || in.here == '!') {
                word.append((char) in.here);
                in.advance();
            }
            var command = word.toString();
            var rest = restOfCommand(command.equals("copy"));
            if (List.of("if", "elif", "else", "endif").contains(command)) {
                branch(command, rest);
                return null;
            } else if (!active()) {
                return null;
            }
            add("\\" + command + rest);
            if (restricted != null && !command.equals("unrestrict")) {
                throw failed("\\" + command + " is not allowed after \\restrict");
            }
            switch (command) {
                case "restrict" -> restricted = rest.strip();
                case "unrestrict" -> {
                    if (!rest.strip().equals(restricted)) {
                        throw failed("\\unrestrict with another key than \\restrict");
                    }
                    restricted = null;
                }
                case "set" -> {
                    var values = arguments(rest);
                    if (values.isEmpty()) {
                        throw failed("\\set without a name");
                    }
                    variables.put(values.get(0), String.join("", values.subList(1, values.size())));
                }
                case "unset" -> arguments(rest).forEach(variables::remove);
                case "echo" -> {
                    return new Statement(String.join(" ", arguments(rest)), "", in.file, line, column, List.of("\\echo"), Set.of(),
                            Statement.Data.NONE, null);
                }
                case "i", "ir", "include", "include_relative" -> {
                    var values = arguments(rest);
                    if (!betweenStatements || values.size() != 1 || sources.size() > 50) {
                        throw failed("\\" + command + " stands alone, names one file, and not itself");
                    }
                    try {
                        include(command.contains("r") && !command.equals("include") ? in.file.resolveSibling(values.get(0))
                                : Path.of(values.get(0)));
                    } catch (IOException e) {
                        throw failed("\\" + command + " " + values.get(0) + ": "
                                + (e instanceof NoSuchFileException ? "there is no such file" : e.getMessage()));
                    }
                }
                case "copy" -> {
                    return copy(rest.strip(), line, column);
                }
                default -> throw failed(
                        "\\" + command + " is not for migrations (only \\i, \\ir, \\set, \\if, \\echo, \\copy ... from, \\restrict)");
            }
            return null;
        }

        /** Up to the end of the line or to a double backslash outside of quotes, behind which SQL goes on. */
        String restOfCommand(boolean wholeLine) throws IOException {
            var rest = new StringBuilder();
            var quote = -1;
            while (in.here != -1 && in.here != '\n' && in.here != '\r') {
                if (!wholeLine && quote == -1 && in.here == '\\' && in.after == '\\') {
                    in.advance();
                    in.advance();
                    break;
                } else if (in.here == quote) {
                    quote = -1;
                } else if (quote == -1 && (in.here == '\'' || in.here == '"')) {
                    quote = in.here;
                }
                rest.append((char) in.here);
                in.advance();
            }
            return rest.toString();
        }

        Statement copy(String rest, int line, int column) throws Failed {
            var parts = COPY.matcher(rest.replaceFirst(";\\s*$", ""));
            if (!parts.matches() || parts.group(2).matches("(?i)program|pstdin")) {
                throw failed("only \\copy TABLE from 'FILE' or from stdin is for migrations");
            }
            var inline = parts.group(2).equalsIgnoreCase("stdin");
            var file = parts.group(2).startsWith("'") ? parts.group(2).substring(1, parts.group(2).length() - 1).replace("''", "'")
                    : parts.group(2);
            if (!inline && !Files.isReadable(Path.of(file))) {
                throw failed("\\copy: cannot read " + file);
            }
            return new Statement("COPY " + parts.group(1) + " FROM STDIN " + parts.group(3), "", in.file, line, column, List.of("copy"),
                    Set.of(),
                    inline ? Statement.Data.FOLLOWING_LINES : Statement.Data.FILE, inline ? null : Path.of(file));
        }

        void branch(String command, String rest) throws IOException, Failed {
            if (!command.equals("if") && branches.isEmpty()) {
                throw failed("\\" + command + " without \\if");
            }
            if (command.equals("if")) {
                var inside = active();
                branches.push(new Branch(inside, inside && condition(rest), depth));
                return;
            }
            var branch = branches.peek();
            depth = branch.active ? depth : branch.depth;
            if (command.equals("endif")) {
                branches.pop();
                return;
            }
            branch.active = branch.inside && !branch.taken && (command.equals("else") || condition(rest));
            branch.taken |= branch.active;
        }

        boolean condition(String text) throws IOException, Failed {
            var value = String.join(" ", arguments(text)).toLowerCase(Locale.ROOT);
            if (!value.matches("t(r(ue?)?)?|f(a(l(se?)?)?)?|y(es?)?|no?|on|off?|1|0")) {
                throw failed("\\if needs true or false, and got \"" + value + "\"");
            }
            return value.matches("t.*|y.*|on|1");
        }

        /** Blanks part arguments; quotes hold them together; variables that were set are put in, and :{?name} asks if one was. */
        List<String> arguments(String line) {
            var arguments = new ArrayList<String>();
            var part = Pattern.compile("('(?:[^'\\\\]|''|\\\\.)*'|\"[^\"]*\"|:\\{\\?\\w+}|:'\\w+'|:\"\\w+\"|:\\w+|[^\\s'\":]+|:)|(\\s+)")
                    .matcher(line);
            StringBuilder argument = null;
            while (part.find()) {
                if (part.group(2) != null) {
                    argument = null;
                    continue;
                }
                if (argument == null) {
                    arguments.add("");
                    argument = new StringBuilder();
                }
                argument.append(value(part.group()));
                arguments.set(arguments.size() - 1, argument.toString());
            }
            return arguments;
        }

        String value(String part) {
            var name = part.replaceAll("^:[{?'\"]*|['\"}]$", "");
            if (part.startsWith("'")) {
                return part.substring(1, part.length() - 1).replace("''", "'").replace("\\n", "\n").replace("\\t", "\t")
                        .replaceAll("\\\\(.)", "$1");
            } else if (part.startsWith(":{?")) {
                return String.valueOf(variables.containsKey(name));
            } else if (part.startsWith(":") && variables.containsKey(name)) {
                var value = variables.get(name);
                return part.startsWith(":'") ? History.literal(value) : part.startsWith(":\"") ? History.quote(value) : value;
            }
            return part;
        }

        boolean active() {
            return branches.isEmpty() || branches.peek().active;
        }

        /** The rows that follow a COPY ... FROM stdin, up to \. or the end of the file. */
        Reader data() throws IOException {
            var line = in.restOfLine();
            afterData = line.isBlank() ? "" : line;
            return new Reader() {
                String row = "";

                @Override
                public int read(char[] into, int offset, int length) throws IOException {
                    var count = 0;
                    while (row != null && count < length) {
                        var part = Math.min(length - count, row.length());
                        row.getChars(0, part, into, offset + count);
                        count += part;
                        row = part < row.length() ? row.substring(part) : dataLine();
                    }
                    return count == 0 && row == null ? -1 : count;
                }

                @Override
                public void close() {
                }
            };
        }

        /** A row, its line end included; null after the last. */
        String dataLine() throws IOException {
            var row = in.restOfLine();
            if (row.isEmpty() || row.startsWith("\\.") && row.strip().equals("\\.")) {
                in.insert(afterData); // what stood behind the COPY on its line comes now
                return null;
            }
            add(row);
            return row;
        }

        void skipData() throws IOException {
            data();
            while (dataLine() != null) {
                continue; // the digest is all that is wanted of it
            }
        }

        Failed failed(String why) {
            return new Failed(in.file + ":" + in.line + ":" + in.column + ": " + why);
        }

        void add(String token) {
            if (active() && plans) {
                digest.update(token.replace("\r\n", "\n").getBytes(UTF_8));
                digest.update((byte) 0);
            }
            if (active()) {
                if (plain.length() < 1000 && !token.equals(";")) {
                    plain.append(token).append(' ');
                }
            }
        }

        /** Of all tokens met so far. */
        String digestSoFar() {
            try {
                return HexFormat.of().formatHex(((MessageDigest) digest.clone()).digest());
            } catch (CloneNotSupportedException e) {
                throw new IllegalStateException(e);
            }
        }

        static MessageDigest sha256() {
            try {
                return MessageDigest.getInstance("SHA-256");
            } catch (NoSuchAlgorithmException e) {
                throw new IllegalStateException(e);
            }
        }

        boolean startsComment() {
            return in.here == '-' && in.after == '-' || in.here == '/' && in.after == '*';
        }

        static boolean isBlank(int c) {
            return c == ' ' || c >= '\t' && c <= '\r';
        }

        static boolean isLetter(int c) {
            return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c >= 0x80;
        }

        static boolean isOperator(int c) {
            return c != -1 && "~!@#^&|`?+-*/%<>=".indexOf(c) >= 0;
        }

        void take() throws IOException {
            if (in.here != -1 && active()) {
                text.append((char) in.here);
            }
            in.advance();
        }

        @Override
        public void close() throws IOException {
            for (var source : sources) {
                source.close();
            }
        }
    }

    /** What runs together: one transaction of ours, one that the file itself begins and ends, or a statement that must be in none. */
    static final class Unit {
        enum Kind {
            TRANSACTION, OWN_TRANSACTION, ALONE
        }

        static final Pattern CREATE_TABLE = Pattern.compile("^create (?:unlogged )?table (?!if )(\"(?:[^\"]|\"\")+\"|[\\w$]+) (?!\\.)");

        final Kind kind;
        final int first; // statements are counted from 0
        final Statement start;
        final Set<String> names = new TreeSet<>(); // of relations that it may lock strongly
        final Set<String> created = new TreeSet<>(); // by itself, so that nobody else can be in the way
        int last;
        String digest; // of the file up to here
        boolean rollsBack;
        boolean afterSettings; // the file has set something for its session before it
        String chainedTo; // the BEGIN whose modes COMMIT AND CHAIN repeats

        Unit(Kind kind, int first, Statement start) {
            this.kind = kind;
            this.first = first;
            this.start = start;
        }

        void take(int index, Statement statement, String digestSoFar) {
            last = index;
            digest = digestSoFar;
            if (locksStrongly(statement)
                    && (Collections.disjoint(statement.names(), created) || statement.words().contains("references"))) {
                names.addAll(statement.names());
            }
            var create = CREATE_TABLE.matcher(statement.plain());
            if (create.find()) {
                created.add(create.group(1).startsWith("\"") ? create.group(1) : History.quote(create.group(1)));
            }
        }

        /** DDL on what exists; what only creates, or is CONCURRENTLY, locks nobody out. */
        static boolean locksStrongly(Statement statement) {
            return !statement.words().contains("concurrently") && switch (statement.words().isEmpty() ? "" : statement.words().get(0)) {
                case "alter", "drop", "truncate", "lock", "cluster", "refresh", "comment" -> true;
            case "create" -> statement.words().stream()
                    .anyMatch(Set.of("index", "trigger", "rule", "policy", "references", "inherits", "partition")::contains)
                        && !statement.words().contains("function");
                default -> false;
            };
        }

        int statements() {
            return last - first + 1;
        }

        /** Whether what it leaves tells if it has come to its end; a statement that commits by itself may have done a part. */
        boolean isDecidable() {
            return kind != Kind.ALONE || !Set.of("call", "do", "\\;").contains(start.words().isEmpty() ? "" : start.words().get(0));
        }

        String describe() {
            return switch (kind) {
                case TRANSACTION -> "one transaction, " + count(statements(), "statement") + " from line " + start.line();
            case OWN_TRANSACTION -> "the file's own transaction, " + count(statements(), "statement") + " from line " + start.line()
                    + (rollsBack ? ", rolled back by it" : "");
                case ALONE -> "alone, in no transaction: line " + start.line() + ", " + start.head();
            };
        }
    }

    /** A file cut into the longest runs of statements that can be one transaction, and those that cannot be in one. */
    static class Plan {
        static final Pattern ADDED_VALUE = Pattern.compile("(?is)add\\s+value\\s+(?:if\\s+not\\s+exists\\s+)?'((?:[^']|'')*)'");

        final List<Unit> units = new ArrayList<>();
        String digest;

        /** Which statements the server has shown to belong alone, and before which it wants a commit. */
        static Plan of(Path file, boolean escapes, Set<Integer> alone, Set<Integer> cuts) throws Failed {
            var plan = new Plan();
            try (var script = new Script(file, escapes)) {
                plan.read(script, alone, cuts);
                plan.digest = "tokens1:" + script.digestSoFar();
                return plan;
            } catch (IOException e) {
                throw new Failed(file + " cannot be read: " + e.getMessage());
            }
        }

        void read(Script script, Set<Integer> alone, Set<Integer> cuts) throws IOException, Failed {
            Unit open = null;
            var settings = false;
            var newValues = new ArrayList<String>();
            var index = 0;
            for (var statement = script.next(); statement != null; statement = script.next(), index++) {
                if (statement.data() == Statement.Data.FOLLOWING_LINES) {
                    script.skipData();
                }
                if (statement.is("prepare", "transaction")) {
                    throw new Failed(statement.place() + ": PREPARE TRANSACTION leaves a transaction open behind the migration");
                }
                var inOwn = open != null && open.kind == Unit.Kind.OWN_TRANSACTION;
                if (inOwn) {
                    open.take(index, statement, script.digestSoFar());
                    settings |= FileRun.setsSession(statement);
                    var chain = statement.words().contains("chain") && !statement.words().contains("no");
                    open.rollsBack = ends(statement) && !statement.is("commit") && !statement.is("end");
                    if (ends(statement) && !(chain && open.rollsBack)) { // what ROLLBACK AND CHAIN begins goes on in the same unit
                        var begun = open.chainedTo;
                        open = chain ? begin(Unit.Kind.OWN_TRANSACTION, index + 1, statement) : null;
                        if (chain) {
                            open.chainedTo = begun;
                        }
                    }
                    continue;
                }
                if (statement.is("begin") || statement.is("start", "transaction")) {
                    open = begin(Unit.Kind.OWN_TRANSACTION, index, statement);
                    open.chainedTo = statement.text();
                } else if (standsAlone(statement) || alone.contains(index)) {
                    open = begin(Unit.Kind.ALONE, index, statement);
                } else if (open == null || cuts.contains(index) || newValues.stream().anyMatch(statement.text()::contains)) {
                    open = begin(Unit.Kind.TRANSACTION, index, statement);
                    newValues.clear();
                }
                open.take(index, statement, script.digestSoFar());
                open.afterSettings = settings;
                settings |= FileRun.setsSession(statement);
                open = open.kind == Unit.Kind.ALONE ? null : open;
                var added = ADDED_VALUE.matcher(statement.is("alter", "type") ? statement.text() : "");
                if (added.find()) {
                    newValues.add(added.group(1));
                }
            }
            if (open != null && open.kind == Unit.Kind.OWN_TRANSACTION) {
                throw new Failed(
                        open.start.place() + ": " + open.start.head() + " without COMMIT: psql would apply nothing of what follows");
            }
        }

        Unit begin(Unit.Kind kind, int index, Statement statement) {
            var unit = new Unit(kind, index, statement);
            units.add(unit);
            return unit;
        }

        static boolean ends(Statement statement) {
            return (statement.is("commit") || statement.is("end") || statement.is("rollback") || statement.is("abort"))
                    && !statement.words().contains("to");
        }

        /** Statements that call PreventInTransactionBlock (or its kin) in PostgreSQL 12 to 19, as far as their text tells. */
        static boolean standsAlone(Statement statement) {
            var words = statement.words();
            var concurrently = words.contains("concurrently");
            return switch (words.isEmpty() ? "" : words.get(0)) {
                case "\\;" -> true;
                case "vacuum", "repack", "commit", "end", "rollback", "abort" -> !words.contains("to");
                case "create" -> concurrently && words.contains("index") && words.indexOf("concurrently") <= 3
                        || words.size() > 1 && Set.of("database", "tablespace", "subscription").contains(words.get(1));
            case "drop" -> statement.is("drop", "index", "concurrently")
                    || words.size() > 1 && Set.of("database", "tablespace", "subscription").contains(words.get(1));
                case "reindex" -> concurrently && words.indexOf("concurrently") <= 4
                    || words.stream().filter(Set.of("index", "table", "schema", "database", "system")::contains).findFirst()
                            .filter(Set.of("schema", "database", "system")::contains).isPresent();
                case "alter" -> statement.is("alter", "system") || concurrently && words.contains("detach");
                case "cluster" -> words.stream().allMatch(Set.of("cluster", "verbose", "true", "false", "on", "off")::contains);
                case "discard" -> statement.is("discard", "all");
                case "do" -> Pattern.compile("(?i)\\b(commit|rollback)\\b").matcher(statement.text()).find();
                default -> false;
            };
        }
    }

    /**
     * The lock that lets one run at a time: LOCK TABLE in an open transaction of a connection of its own. It holds through poolers in transaction
     * mode, keeps no snapshot (so that CREATE INDEX CONCURRENTLY never waits for it), and dies with its owner. Nobody waits in the
     * server's queue for it: who finds it taken looks again. The connection also observes what the worker waits for.
     */
    static class Lock implements AutoCloseable {
        final String keep; // a utility statement: it ends the snapshot that a SELECT leaves behind

        final Connection connection;
        final String table;
        long checked;

        Lock(Connection connection, String table) throws SQLException {
            this.connection = connection;
            this.table = table;
            try (var known = connection.createStatement().executeQuery("select pg_catalog.current_setting('transaction_timeout', true)")) {
                known.next();
                keep = "set local idle_in_transaction_session_timeout = 0"
                        + (known.getString(1) == null ? "" : "; set local transaction_timeout = 0"); // since 17
            }
        }

        /** Waits up to so many seconds; then, or if the lock does not keep others out: Failed, naming the holder. */
        void take(double seconds, run_migrations script) throws SQLException, Failed, InterruptedException {
            var deadline = System.nanoTime() + (long) (seconds * 1e9);
            for (var said = false; !tryTake(connection); said = true) {
                var holder = "another run holds the lock: " + holder();
                if (System.nanoTime() > deadline) {
                    throw new Failed(holder + "\n  gave up after --lock-wait " + seconds + " s; nothing was applied");
                } else if (!said) {
                    script.note(holder + "; waiting");
                }
                Thread.sleep(50 + (long) (Math.random() * 200));
            }
        }

        boolean tryTake(Connection by) throws SQLException, Failed {
            try (var statement = by.createStatement()) {
                statement.execute(
                        "begin isolation level read committed; " + keep + "; lock table " + table + " in share row exclusive mode nowait");
                return true;
            } catch (SQLException e) {
                try (var statement = by.createStatement()) {
                    statement.execute("rollback");
                }
                if ("42501".equals(e.getSQLState())) {
                    throw new Failed(explain(e, "")
                            + "\n  what the role lacks: GRANT USAGE ON SCHEMA pgbang TO it; GRANT ALL ON ALL TABLES IN SCHEMA pgbang TO it");
                } else if (!"55P03".equals(e.getSQLState())) {
                    throw e;
                }
                return false;
            }
        }

        /** A lock that a second session gets as well is none. */
        void prove(Connection other) throws SQLException, Failed {
            if (tryTake(other)) {
                try (var statement = other.createStatement()) {
                    statement.execute("rollback");
                }
                throw new Failed("two sessions both got the lock on " + table
                        + ": a pooler in statement mode, a proxy, or an engine whose locks do nothing stands"
                        + "\n  between. Connect to the server directly.");
            }
        }

        String holder() throws SQLException {
            try (var holder = connection.createStatement().executeQuery("""
                    select pg_catalog.concat_ws(', ', 'pid ' || l.pid, nullif(a.application_name, ''), a.usename, 'from ' || coalesce(a.client_hostname, host(a.client_addr), 'this host'),
                        'since ' || pg_catalog.to_char(a.xact_start, 'HH24:MI:SS'))
                    from pg_catalog.pg_locks l left join pg_catalog.pg_stat_activity a on a.pid = l.pid
                    where l.locktype = 'relation' and l.granted and l.mode = 'ShareRowExclusiveLock' and l.relation = pg_catalog.to_regclass(%s)""".formatted(History.literal(table)))) {
                return holder.next() ? holder.getString(1) : "gone by now";
            }
        }

        /** Fails if the connection, and with it the lock, was lost. */
        synchronized void check() throws Failed {
            if (System.nanoTime() - checked < 50_000_000) {
                return; // so that small files do not pay for it
            }
            checked = System.nanoTime();
            try (var statement = connection.createStatement()) {
                statement.execute(keep);
            } catch (SQLException e) {
                throw new Failed("the lock was lost (" + e.getMessage() + "); another run may have begun, so this one stops");
            }
        }

        /** Rows of text about the locks of others; the snapshot that it takes is dropped at once. */
        synchronized List<String[]> ask(String sql) throws SQLException {
            try (var statement = connection.createStatement()) {
                statement.execute(sql + "; " + keep);
                var rows = new ArrayList<String[]>();
                var found = statement.getResultSet();
                while (found.next()) {
                    var row = new String[found.getMetaData().getColumnCount()];
                    for (int i = 0; i < row.length; i++) {
                        row[i] = found.getString(i + 1);
                    }
                    rows.add(row);
                }
                return rows;
            }
        }

        @Override
        public void close() throws SQLException {
            connection.close();
        }
    }

    /** Looks on while a statement runs: says who blocks it, and counts whom it keeps waiting. */
    static class Watch extends Thread {
        final Lock lock;
        final run_migrations script;
        final Map<String, long[]> delayed = new TreeMap<>(); // pid and query: first and last seen waiting for us, in nanoseconds
        final Set<String> named = new TreeSet<>();
        volatile int worker; // pid; 0 while no statement runs
        volatile long since;

        Watch(Lock lock, run_migrations script) {
            this.lock = lock;
            this.script = script;
            setDaemon(true);
        }

        void begin(int pid) {
            named.clear();
            since = System.nanoTime();
            worker = pid;
        }

        void end() {
            worker = 0;
        }

        @Override
        public void run() {
            try {
                while (true) {
                    Thread.sleep(100);
                    var pid = worker;
                    if (pid != 0 && System.nanoTime() - since > 200_000_000) {
                        look(pid);
                    }
                }
            } catch (InterruptedException | SQLException done) {
                // the run is over, or its lock is lost, which the next check of the lock reports
            }
        }

        void look(int pid) throws SQLException {
            var rows = lock.ask("""
                    select 'by', pg_catalog.concat_ws(', ', 'pid ' || b.pid, nullif(a.application_name, ''), a.usename, a.state, 'in its transaction for '
                            || pg_catalog.round(extract(epoch from pg_catalog.clock_timestamp() - a.xact_start)::numeric, 1) || ' s', pg_catalog.left(a.query, 80)), b.pid::text
                        from pg_catalog.unnest(pg_catalog.pg_blocking_pids(%1$d)) b(pid) left join pg_catalog.pg_stat_activity a on a.pid = b.pid
                    union all select 'delays', a.query_start::text, a.pid::text from pg_catalog.pg_stat_activity a
                        where a.wait_event_type = 'Lock' and %1$d = any (pg_catalog.pg_blocking_pids(a.pid))""".formatted(pid));
            var now = System.nanoTime();
            for (var row : rows) {
                if (row[0].equals("delays")) {
                    delayed.computeIfAbsent(row[2] + " " + row[1], key -> new long[] {now - 100_000_000, now})[1] = now;
                } else if (named.add(row[2])) {
                    script.note(
                            "waiting for a lock of " + (row[2].equals("0") ? "a prepared transaction (see pg_prepared_xacts)" : row[1]));
                }
            }
        }

        /** Whom we kept waiting, and how long at most; empty if nobody. */
        String summary() {
            var longest = delayed.values().stream().mapToLong(seen -> seen[1] - seen[0]).max().orElse(0);
            return delayed.isEmpty() ? ""
                    : count(delayed.size(), "statement") + " of other sessions waited for us, "
                            + String.format(Locale.ROOT, "%.1f s", longest / 1e9) + " at most";
        }
    }

    /** Runs files under the lock: one connection holds it and looks on, the other works. */
    static class Engine implements AutoCloseable {
        final run_migrations script;
        final Lock lock;
        final Watch watch;
        final History history;
        final String timeZone;
        Connection worker;
        final boolean pooled;
        final boolean escapes;
        final String name; // of the application
        final String lockTimeout;
        final CountDownLatch closed = new CountDownLatch(1);
        int pid;
        volatile boolean interrupted;

        /** What a file ends with, in the transaction of its last unit. */
        interface Finish {
            void with(String digest) throws SQLException;
        }

        interface Work {
            void run() throws SQLException, Failed, IOException;
        }

        /** Takes the lock on the connection given, and opens the one that works. */
        Engine(run_migrations script, Connection observer, History before) throws Exception {
            this.script = script;
            lock = new Lock(observer, before.makeHome());
            timeZone = before.timeZone(); // asked now, since a SELECT would leave a snapshot in the transaction of the lock
            lock.take(script.locks.wait, script);
            worker = script.connectAs(timeZone);
            lock.prove(worker);
            try (var session = worker.createStatement()
                    .executeQuery("select pg_catalog.pg_backend_pid(), pg_catalog.current_setting('standard_conforming_strings'),"
                    + " pg_catalog.current_setting('lock_timeout'), pg_catalog.current_setting('application_name')")) {
                session.next();
                name = session.getString(4);
                pid = session.getInt(1);
                escapes = session.getString(2).equals("off");
                lockTimeout = script.locks.timeout == null && !session.getString(3).equals("0") ? session.getString(3)
                        : Math.round(1000 * (script.locks.timeout == null ? 3 : script.locks.timeout)) + "ms";
            }
            pooled = worker.unwrap(PGConnection.class).getBackendPID() != pid;
            worker.unwrap(PGConnection.class).setPrepareThreshold(0); // named statements would show in the session of the file, or stay in that of a pooler
            var dead = History.find(worker);
            dead.succeed(before.journal, pid, lock.ask("select pg_catalog.pg_backend_pid()").get(0)[0], pooled, script);
            history = History.find(worker); // as the dead run, its last commit included, has left it
            history.token = dead.token;
            watch = new Watch(lock, script);
            watch.start();
            Runtime.getRuntime().addShutdownHook(new Thread(this::interrupt));
        }

        /** Milliseconds; goes on where an earlier run was cut off. */
        long apply(Migration file) throws Failed {
            var start = System.nanoTime();
            new FileRun(this, file.path, file.version.id(), digest -> history.record(file, digest, elapsed(start))).execute();
            return elapsed(start);
        }

        long undo(Path down, String version) throws Failed {
            var start = System.nanoTime();
            new FileRun(this, down, "undo " + version, digest -> history.remove(version)).execute();
            return elapsed(start);
        }

        /** All files in one transaction; refuses before anything runs if a statement forbids it. */
        void applyTogether(List<Migration> files) throws Failed {
            var runs = new ArrayList<FileRun>();
            for (var file : files) {
                var start = System.nanoTime();
                var run = new FileRun(this, file.path, file.version.id(), digest -> history.record(file, digest, elapsed(start)));
                run.planWhole();
                runs.add(run);
            }
            withRetry(runs.stream().flatMap(run -> run.plan.units.stream()).collect(Collectors.toCollection(ArrayList::new)), null,
                    () -> inTransaction(() -> {
                for (var run : runs) {
                    for (var unit : run.plan.units) {
                        run.statements(unit.first, unit.last);
                    }
                    execute("set local session authorization default; set local role none");
                    history.fence();
                    run.finish.with(run.plan.digest);
                    execute("reset all" + settings("; set local "));
                }
            }));
            runs.forEach(run -> run.feed = null);
            leaveSession(null, List.of());
        }

        static long elapsed(long startNanos) {
            return (System.nanoTime() - startNanos) / 1_000_000;
        }

        /** Again, while somebody else's lock or a deadlock is in the way, until --lock-deadline; each time waiting outside the queue first. */
        void withRetry(List<Unit> units, Path file, Work work) throws Failed {
            var deadline = System.nanoTime() + (long) (script.locks.deadline * 1e9);
            for (var attempt = 1;; attempt++) {
                try {
                    awaitFree(units, deadline);
                    lock.check();
                    work.run();
                    return;
                } catch (IOException e) {
                    throw new Failed("cannot read " + file + ": " + e.getMessage());
                } catch (Failed | SQLException error) {
                    var e = error instanceof Failed failed ? failed
                            : new Failed((file == null ? "" : file + ": ") + explain((SQLException) error, ""),
                                    ((SQLException) error).getSQLState());
                    if (interrupted || e.partial || !Set.of("55P03", "40P01").contains(Objects.toString(e.state))
                            || System.nanoTime() > deadline || !units.stream().allMatch(Unit::isDecidable)) {
                        throw e;
                    }
                    var pause = Math.min(5000, 100L << Math.min(attempt, 6)) * (0.5 + Math.random());
                    script.note((e.state.equals("40P01") ? "deadlock" : "a lock was not to be had within " + lockTimeout)
                            + "; rolled back, again in " + Math.round(pause) + " ms");
                    sleep((long) pause);
                }
            }
        }

        /** Waits outside the lock queue while a long transaction, a prepared one or a wraparound vacuum holds what the units will lock. */
        void awaitFree(List<Unit> units, long deadline) throws SQLException, Failed {
            var names = units.stream().flatMap(unit -> unit.names.stream()).distinct().limit(200).toArray(String[]::new);
            var said = "";
            while (names.length > 0 && isIdle()) {
                String holder;
                try (var select = worker.prepareStatement("""
                        with target as (select pg_catalog.to_regclass(name)::oid as oid from pg_catalog.unnest(?::text[]) name),
                            relation as (select oid from target union select i.indrelid from pg_catalog.pg_index i join target t on t.oid = i.indexrelid)
                        select case when l.pid is null then 'a prepared transaction: ' || coalesce((select pg_catalog.string_agg(gid, ', ') from pg_catalog.pg_prepared_xacts), '?')
                            else pg_catalog.concat_ws(', ', 'pid ' || a.pid, nullif(a.application_name, ''), a.usename, a.state, 'in its transaction for '
                                || pg_catalog.round(extract(epoch from pg_catalog.clock_timestamp() - a.xact_start)::numeric, 1) || ' s', pg_catalog.left(a.query, 80)) end
                        from pg_catalog.pg_locks l join relation r on r.oid = l.relation left join pg_catalog.pg_stat_activity a on a.pid = l.pid
                        where l.locktype = 'relation' and l.granted and l.pid is distinct from pg_catalog.pg_backend_pid()
                            and (l.pid is null or case when a.backend_type = 'autovacuum worker' then a.query like '%to prevent wraparound%'
                                else a.xact_start < pg_catalog.clock_timestamp() - pg_catalog.current_setting('lock_timeout')::interval - interval '1 second' end)
                        order by a.xact_start limit 1""")) {
                    select.setArray(1, worker.createArrayOf("text", names));
                    var found = select.executeQuery();
                    holder = found.next() ? found.getString(1) : null;
                }
                if (holder == null) {
                    return;
                } else if (System.nanoTime() > deadline) {
                    throw new Failed("gave up after --lock-deadline " + script.locks.deadline
                            + " s, without having joined the lock queue; in the way is " + holder);
                }
                var who = holder.replaceFirst(", in its transaction for.*", "");
                if (!who.equals(said)) {
                    script.note("waiting, outside the lock queue, for " + holder);
                    said = who;
                }
                sleep(300);
            }
        }

        void inTransaction(Work work) throws SQLException, Failed, IOException {
            inTransaction("begin", work);
        }

        void inTransaction(String begin, Work work) throws SQLException, Failed, IOException {
            try {
                execute(begin + settings("; set local "));
                if (pooled) {
                    pid = Integer.parseInt(history.column("select pg_catalog.pg_backend_pid()").get(0));
                }
                work.run();
                execute("commit");
                history.complete |= history.ensured;
            } catch (SQLException | Failed | IOException | RuntimeException e) {
                rollback();
                throw e;
            } finally {
                history.ensured = false;
            }
        }

        /** For what is written on our own behalf, whatever role the file has taken on. */
        void asOurselves(Work work) throws SQLException, Failed, IOException {
            inTransaction("begin read write", () -> {
                execute("set local session authorization default; set local role none");
                history.fence();
                work.run();
            });
        }

        /** The bounds on a statement; under a pooler the session is not ours to set. */
        String settings(String set) {
            return set + "lock_timeout = '" + lockTimeout + "'" + (script.locks.statement == null ? ""
                    : set + "statement_timeout = '" + Math.round(1000 * script.locks.statement) + "ms'");
        }

        boolean isIdle() {
            return ((BaseConnection) worker).getTransactionState() == TransactionState.IDLE;
        }

        void rollback() {
            try {
                if (!isIdle()) {
                    execute("rollback");
                }
            } catch (SQLException lost) {
                script.detail("the connection is lost, and with it what was not committed: " + lost.getMessage());
            }
        }

        /** Warns of what a file leaves in its session, and takes it away. */
        void leaveSession(Path file, List<Statement> touching) {
            try {
                rollback();
                if (pooled || file != null && touching.isEmpty()) {
                    return;
                }
                try (var left = worker.createStatement().executeQuery("""
                        select 'the setting ' || name, name from pg_catalog.pg_settings where source = 'session' and setting is distinct from reset_val and name <> 'role'
                        union all select 'the role ' || current_user, 'role' where current_user <> session_user or pg_catalog.current_setting('role') <> 'none'
                        union all select 'the temporary relation ' || relname, relname from pg_catalog.pg_class where relnamespace = pg_catalog.pg_my_temp_schema() and relkind in ('r', 'v', 'S')
                        union all select 'the cursor ' || name, name from pg_catalog.pg_cursors where is_holdable
                        union all select 'the prepared statement ' || name, name from pg_catalog.pg_prepared_statements where from_sql
                        union all select 'listening to ' || c, c from pg_catalog.pg_listening_channels() c
                        union all select distinct 'an advisory lock', 'advisory' from pg_catalog.pg_locks where locktype = 'advisory' and pid = pg_catalog.pg_backend_pid()""")) {
                    while (file != null && left.next()) {
                        var word = left.getString(2).toLowerCase(Locale.ROOT);
                        var by = touching.stream().filter(statement -> statement.plain().toLowerCase(Locale.ROOT).contains(word))
                                .reduce((a, b) -> b);
                        script.warn(by.map(statement -> statement.file() + ":" + statement.line()).orElse(file.toString()) + ": leaves "
                                + left.getString(1)
                                + " behind; it is taken back before the next file");
                    }
                }
                execute("discard all");
            } catch (SQLException lost) {
                script.detail("the connection is lost: " + lost.getMessage());
            }
        }

        /** Another session for the next file, as it would have with psql. */
        void renew() {
            try {
                worker.close();
                worker = script.connectAs(timeZone);
                history.connection = worker;
                worker.unwrap(PGConnection.class).setPrepareThreshold(0);
                pid = worker.unwrap(PGConnection.class).getBackendPID();
                history.announce(pid);
            } catch (SQLException | InterruptedException lost) {
                script.detail("no new session: " + lost.getMessage()); // which the next statement meets, and reports
            }
        }

        void execute(String sql) throws SQLException {
            try (var statement = worker.createStatement()) {
                statement.setEscapeProcessing(false);
                statement.execute(sql);
            }
        }

        /** Sends a statement of a file as psql does, in the simple protocol and as it is: the driver's own parser never sees it. Rows are not kept. */
        SQLWarning send(String sql) throws SQLException {
            var warnings = new ArrayList<SQLWarning>();
            var executor = ((BaseConnection) worker).getQueryExecutor();
            executor.execute(executor.wrap(List.of(new NativeQuery(sql, SqlCommand.BLANK))), null, new ResultHandlerBase() {
                @Override
                public void handleWarning(SQLWarning warning) {
                    warnings.add(warning);
                }
            }, 0, 0, QueryExecutor.QUERY_EXECUTE_AS_SIMPLE | QueryExecutor.QUERY_ONESHOT | QueryExecutor.QUERY_NO_RESULTS
                    | QueryExecutor.QUERY_NO_METADATA | QueryExecutor.QUERY_SUPPRESS_BEGIN);
            for (int i = 1; i < warnings.size(); i++) {
                warnings.get(i - 1).setNextWarning(warnings.get(i));
            }
            return warnings.isEmpty() ? null : warnings.get(0);
        }

        void sleep(long millis) throws Failed {
            try {
                for (var left = millis; left > 0 && !interrupted; left -= 50) {
                    Thread.sleep(Math.min(left, 50));
                }
            } catch (InterruptedException e) {
                interrupted = true;
            }
            if (interrupted) {
                throw new Failed("interrupted");
            }
        }

        /** On Ctrl-C and SIGTERM: the server stops the statement, the unit is rolled back, and only then the JVM ends. */
        void interrupt() {
            if (closed.getCount() == 0) {
                return;
            }
            interrupted = true;
            script.warn("interrupted; what is under way is rolled back");
            try {
                for (var attempt = 0; attempt < 20; attempt++) { // what is sent between two cancels may be a COMMIT, or the clearing away
                    ((BaseConnection) worker).cancelQuery();
                    if (closed.await(500, java.util.concurrent.TimeUnit.MILLISECONDS)) {
                        break;
                    }
                }
                Thread.sleep(100); // for the last words of the main thread
            } catch (SQLException | InterruptedException e) {
                script.detail(e.getMessage());
            }
        }

        @Override
        public void close() throws SQLException {
            watch.interrupt();
            if (!watch.summary().isEmpty()) {
                script.note(watch.summary());
            }
            try {
                history.retire();
            } finally {
                worker.close();
                closed.countDown();
            }
        }
    }

    /** One file on its way through the engine. */
    static class FileRun {
        static final Set<String> LEAVE_SESSION_ALONE = Set.of("alter", "drop", "comment", "insert", "update", "delete", "grant", "revoke",
                "copy", "truncate", "\\echo");
        static final Pattern SETS_SESSION = Pattern
                .compile("(?i)^(set (?!local |transaction |constraints )|reset |select (pg_catalog \\. )?set_config \\()");
        static final Pattern CHANGES_DEFAULTS = Pattern.compile("(?is)\\balter\\s+(database|role|user)\\b.*\\b(re)?set\\b");
        static final Pattern SETS_ENCODING = Pattern.compile("(?i)^set (session )?(client_encoding|names) ");

        static final Pattern OURS = Pattern
                .compile("^(create (schema|table|view)|alter (schema|table|table only|view)|copy|comment on (schema|table|view|column)"
                + "|(grant|revoke) [a-z ,]+ on (schema|table)) \"?pgbang\"?( \\. \"?migration_|$| owner | to | from )");

        /** The server says that a statement belongs into another unit than planned. */
        static class Replan extends Exception {
        }

        final Engine engine;
        final Path file;
        final String key;
        final Engine.Finish finish;
        final Set<Integer> alone = new TreeSet<>();
        final Set<Integer> cuts = new TreeSet<>();
        final List<Statement> touching = new ArrayList<>(); // what may have done something to the session
        Plan plan;
        int done; // statements that are applied and committed
        Script feed;
        int fed;
        boolean dataPending;
        boolean noted;
        boolean inOwn; // transaction of the file
        boolean changesDefaults; // with ALTER DATABASE or ROLE, which a new session sees

        FileRun(Engine engine, Path file, String key, Engine.Finish finish) {
            this.engine = engine;
            this.file = file;
            this.key = key;
            this.finish = finish;
        }

        void execute() throws Failed {
            try {
                done = engine.history.failures.containsKey(key) ? settle() : 0;
                cuts.add(done);
                for (var complete = false; !complete;) {
                    plan = Plan.of(file, engine.escapes, alone, cuts);
                    checkProgress();
                    refuseThroughPooler();
                    replaySession(engine.pooled || complete ? 0 : done, plan.units);
                    try {
                        runUnits();
                        complete = true;
                    } catch (Replan e) {
                        feed = null;
                    }
                }
            } catch (SQLException | IOException e) {
                throw new Failed(file + ": " + (e instanceof SQLException sql ? explain(sql, "") : e.getMessage()));
            } finally {
                engine.leaveSession(file, touching);
                if (changesDefaults && !engine.pooled) {
                    engine.renew();
                }
            }
        }

        void refuseThroughPooler() throws Failed {
            for (var unit : plan.units) {
                if (engine.pooled && unit.kind == Unit.Kind.ALONE && unit.afterSettings) {
                    throw new Failed(unit.start.place() + ": " + unit.start.head()
                            + "\n  runs in no transaction, and so, behind a pooler, without the settings that the file makes before it;"
                            + " connect to the server directly");
                }
            }
        }

        /** What an interrupted run has applied must still be what the file begins with. */
        void checkProgress() throws Failed, SQLException {
            if (done > 0) {
                var expected = engine.history.digestOf(key, done - 1);
                var unit = plan.units.stream().filter(u -> u.last == done - 1).findFirst();
                if (unit.isEmpty() || !unit.get().digest.equals(expected)) {
                    throw new Failed(file + ": its first " + count(done, "statement")
                            + " were applied by a run that did not get to the end, and have been changed since;"
                            + "\n  bring them back as they were, the rest may change");
                }
            }
        }

        void runUnits() throws Failed, Replan, SQLException, IOException {
            var finished = false;
            for (var unit : plan.units) {
                if (unit.first < done) {
                    continue;
                }
                var last = unit.last == plan.units.get(plan.units.size() - 1).last;
                try {
                    engine.withRetry(List.of(unit), file, () -> run(unit, last));
                } catch (Failed e) {
                    replanOr(e, unit);
                }
                done = unit.last + 1;
                finished |= last;
            }
            if (!finished) {
                engine.asOurselves(() -> {
                    finish.with(plan.digest);
                    engine.history.clearJournal(key);
                });
            }
        }

        void replanOr(Failed e, Unit unit) throws Replan, Failed, SQLException {
            if (unit.kind == Unit.Kind.TRANSACTION && ("25001".equals(e.state) || "2D000".equals(e.state)) && alone.add(e.index)
                    || unit.kind == Unit.Kind.TRANSACTION && Set.of("55P04", "55006").contains(Objects.toString(e.state))
                            && e.index > unit.first && cuts.add(e.index)) {
                throw new Replan();
            }
            var lost = Objects.toString(e.state, "").startsWith("08");
            var stays = lost ? "the connection was lost; what was committed, the next run finds out and goes on behind it"
                    : done == 0 ? "rolled back: nothing of this file remains"
                    : "rolled back to " + unit.start.place() + ": what stands before it is applied and stays, the next run goes on there";
            var failed = e.adding(unit.kind != Unit.Kind.ALONE || lost ? stays
                    : !unit.isDecidable() ? "it may have committed a part of its work: look, then run again with --in-doubt done or again"
                    : done == 0 ? "nothing of this file remains" : stays);
            try {
                engine.asOurselves(() -> engine.history.noteFailure(key, unit, file, failed));
            } catch (SQLException | Failed | IOException alsoFailed) {
                engine.script.detail("the failure could not be noted for --status: " + alsoFailed.getMessage());
            }
            throw failed;
        }

        void run(Unit unit, boolean last) throws Failed, SQLException, IOException {
            switch (unit.kind) {
                case TRANSACTION -> {
                    engine.inTransaction(() -> {
                        replaySession(engine.pooled ? unit.first : 0, plan.units);
                        statements(unit.first, unit.last);
                        noteInside(unit, last);
                    });
                    noteAfterwards(unit, last);
                }
                case OWN_TRANSACTION -> runOwn(unit, last);
                case ALONE -> new Alone(this, unit).run(() -> note(unit, last));
            }
        }

        /** The file's BEGIN ... COMMIT; what it rolls back, or only reads, is noted afterwards. */
        void runOwn(Unit unit, boolean last) throws Failed, SQLException, IOException {
            inOwn = true;
            try {
                if (!unit.start.is("begin") && !unit.start.is("start") && engine.isIdle()) {
                    engine.execute(unit.chainedTo); // COMMIT AND CHAIN had begun it, and a failure ended it
                }
                statements(unit.first, unit.first);
                replaySession(engine.pooled ? unit.first : 0, plan.units);
                engine.execute(engine.settings("; set local ").substring(2));
                statements(unit.first + 1, unit.last - 1);
                noted = false;
                if (!unit.rollsBack && unit.last > unit.first) {
                    noteInside(unit, last);
                }
                if (unit.last > unit.first) {
                    statements(unit.last, unit.last);
                }
                noteAfterwards(unit, last);
            } catch (Failed | SQLException e) {
                engine.rollback();
                throw e;
            } finally {
                inOwn = false;
            }
        }

        /** In the unit's own transaction, unless that only reads by now. */
        void noteInside(Unit unit, boolean last) throws SQLException, Failed {
            noted = touching.isEmpty()
                    || engine.history.column("select pg_catalog.current_setting('transaction_read_only')").get(0).equals("off");
            if (noted) {
                note(unit, last);
            }
        }

        void noteAfterwards(Unit unit, boolean last) throws SQLException, Failed, IOException {
            if (!noted) {
                engine.asOurselves(() -> note(unit, last));
            }
        }

        /** The journal row, unless the file is one unit and its history row says it all; with the last unit, the history. */
        void note(Unit unit, boolean last) throws SQLException, Failed {
            engine.lock.check();
            if (!touching.isEmpty()) {
                engine.execute("set local session authorization default; set local role none");
            }
            engine.history.fence();
            if (plan.units.size() > 1 || unit.kind == Unit.Kind.ALONE) {
                engine.history.journal(key, unit, file, "done", null, null);
            }
            if (last) {
                finish.with(plan.digest);
                if (plan.units.size() > 1 || unit.kind == Unit.Kind.ALONE) {
                    engine.history.clearJournal(key);
                }
            }
            if (engine.pooled && !touching.isEmpty()) {
                engine.execute("reset session authorization; reset role; reset all; close all; deallocate all; unlisten *; discard temp;"
                        + " set application_name = " + History.literal(engine.name)); // it is somebody else's next, and ours until the commit has come to its end
            }
        }

        /** A file that was begun in another session, or runs through a pooler, gets the settings again that its units before have made. */
        void replaySession(int before, List<Unit> units) throws Failed, SQLException, IOException {
            for (var unit : units) {
                for (int i = unit.first; i <= Math.min(unit.last, before - 1) && !unit.rollsBack; i++) {
                    var statement = statementAt(i);
                    if (setsSession(statement)) {
                        engine.execute(statement.text());
                        touching.add(statement);
                    }
                }
            }
        }

        static boolean setsSession(Statement statement) {
            return SETS_SESSION.matcher(statement.plain()).find() && !SETS_ENCODING.matcher(statement.plain()).find();
        }

        void statements(int first, int last) throws Failed, SQLException, IOException {
            for (int i = first; i <= last; i++) {
                statement(statementAt(i), i);
            }
        }

        Statement statementAt(int index) throws IOException, Failed {
            if (feed == null || fed > index) {
                feed = new Script(file, engine.escapes);
                feed.plans = false;
                fed = 0;
                dataPending = false;
            }
            Statement statement;
            do {
                if (dataPending) {
                    feed.skipData();
                }
                statement = feed.next();
                dataPending = statement != null && statement.data() == Statement.Data.FOLLOWING_LINES;
            } while (fed++ < index);
            if (statement == null) {
                throw new Failed(file + " was changed while it ran");
            }
            return statement;
        }

        void statement(Statement statement, int index) throws Failed, SQLException, IOException {
            var start = System.nanoTime();
            var words = statement.words();
            if (statement.is("\\echo")) {
                engine.script.note(statement.text());
                return;
            } else if (SETS_ENCODING.matcher(statement.plain()).find()) {
                return; // the file was decoded by it; the driver speaks UTF-8 with the server
            } else if (!inOwn && statement.is("set", "transaction")) {
                engine.script.warn(statement.place() + ": " + statement.head() + " has no effect outside of BEGIN ... COMMIT");
                return;
            } else if (OURS.matcher(statement.plain()).find()) {
                engine.script.detail(statement.place() + " is left out: the schema pgbang is kept by the scripts themselves");
                return; // a dump of a migrated database contains it
            }
            if (words.isEmpty() || !LEAVE_SESSION_ALONE.contains(words.get(0))
                    && !(words.get(0).equals("create") && !words.contains("temp") && !words.contains("temporary"))) {
                touching.add(statement);
            }
            changesDefaults |= statement.text().length() < 10_000 && CHANGES_DEFAULTS.matcher(statement.text()).find();
            engine.watch.begin(engine.pid);
            try {
                if (engine.interrupted) {
                    throw new Failed("interrupted");
                } else if (statement.data() == Statement.Data.NONE) {
                    engine.script.warnings(engine.send(statement.text()), statement);
                } else {
                    copy(statement);
                }
            } catch (SQLException e) {
                throw locate(e, statement, index);
            } finally {
                engine.watch.end();
            }
            engine.script.detail("%s:%d  %s  %d ms".formatted(statement.file(), statement.line(), statement.head(), Engine.elapsed(start)));
        }

        void copy(Statement statement) throws SQLException, IOException, Failed {
            var api = engine.worker.unwrap(PGConnection.class).getCopyAPI();
            if (statement.data() == Statement.Data.TO_STDOUT) {
                api.copyOut(statement.text(), java.io.OutputStream.nullOutputStream());
            } else if (statement.data() == Statement.Data.FILE) {
                try (var rows = Files.newInputStream(statement.dataFile())) {
                    api.copyIn(statement.text(), rows);
                }
            } else {
                dataPending = false;
                api.copyIn(statement.text(), feed.data());
            }
        }

        /** For --single-transaction: one unit that is an ordinary transaction, or refused. */
        void planWhole() throws Failed {
            plan = Plan.of(file, engine.escapes, alone, cuts);
            for (var unit : plan.units) {
                if (unit.kind != Unit.Kind.TRANSACTION || unit.first > 0) {
                    throw new Failed(
                            "--single-transaction: nothing was applied, because of " + unit.start.place() + ": " + unit.start.head()
                                    + (unit.kind == Unit.Kind.TRANSACTION ? "\n  it must come after a commit"
                                            : "\n  it cannot be part of a transaction of ours"));
                }
            }
        }

        /** How many statements earlier runs have applied; a statement that one of them had begun is settled by what the catalog shows. */
        int settle() throws SQLException, Failed, IOException {
            var begun = engine.history.begun(key);
            var applied = engine.history.applied(key);
            if (begun == null) {
                return applied;
            }
            cuts.add(begun.first());
            alone.add(begun.first());
            var units = Plan.of(file, engine.escapes, alone, cuts).units;
            var unit = units.stream().filter(u -> u.first == begun.first()).findFirst().orElse(null);
            if (unit == null || !unit.digest.equals(begun.digest())) {
                throw new Failed(file + ": a run died at line " + begun.line() + " (" + begun.statement()
                        + "), and the file has been changed since up to there;"
                        + "\n  bring it back as it was, what follows may change");
            }
            replaySession(engine.pooled ? 0 : begun.first(), units); // names are those that the file means
            var statement = new Alone(this, unit);
            statement.awaitTwins();
            statement.awaitBuilders(); // the dead run's backend may be one
            var ended = statement.ended(begun.known());
            if (ended == null && engine.script.locks.inDoubt != null) {
                ended = engine.script.locks.inDoubt == InDoubt.done;
            }
            if (ended == null) {
                throw new Failed(unit.start.place() + ": " + unit.start.head()
                        + "\n  was begun by an earlier run, and nothing shows how much of it was done."
                        + "\n  Look at what it does; then run again with --in-doubt done or --in-doubt again");
            }
            engine.script.note(unit.start.place() + " was under way when a run died; it " + (ended ? "had come to its end" : "runs again"));
            if (ended) {
                engine.asOurselves(() -> engine.history.journal(key, unit, file, "done", null, null));
            }
            return ended ? begun.first() + 1 : applied;
        }

        /** The server's position (in characters of the statement) as line and column of the file, and the line itself. */
        static Failed locate(SQLException error, Statement statement, int index) {
            var server = error instanceof PSQLException e ? e.getServerErrorMessage() : null;
            var position = server == null || server.getPosition() < 1 ? 1
                    : Math.min(server.getPosition(), statement.text().codePointCount(0, statement.text().length()));
            var before = statement.text().substring(0, statement.text().offsetByCodePoints(0, position - 1));
            var lineStart = before.lastIndexOf('\n') + 1;
            var line = statement.line() + (int) before.chars().filter(c -> c == '\n').count();
            var column = before.codePointCount(lineStart, before.length()) + (lineStart == 0 ? statement.column() : 1);
            var lineEnd = statement.text().indexOf('\n', lineStart);
            var shown = statement.text().substring(lineStart, lineEnd < 0 ? statement.text().length() : lineEnd).replace('\t', ' ')
                    .stripTrailing();
            var caret = server != null && server.getPosition() > 0
                    ? "\n    " + " ".repeat(before.codePointCount(lineStart, before.length())) + "^"
                    : "";
            var failed = new Failed(statement.file() + ":" + line + ":" + column + ": " + explain(error, "\n    " + shown + caret),
                    error.getSQLState());
            failed.index = index;
            failed.json.putAll(fields("file", statement.file().toString(), "line", line, "column", column, "sqlstate", error.getSQLState(),
                    "error", server == null ? error.getMessage() : server.getMessage()));
            return failed;
        }
    }

    /** The server's words: message, SQLSTATE, the place, detail, hint and the innermost context. */
    static String explain(SQLException error, String place) {
        var server = error instanceof PSQLException e ? e.getServerErrorMessage() : null;
        if (server == null) {
            return error.getMessage() + " (SQLSTATE " + error.getSQLState() + ")" + place;
        }
        var more = fields("detail", server.getDetail(), "hint", server.getHint(), "context",
                server.getWhere() == null ? null : server.getWhere().lines().findFirst().orElse(null));
        return server.getMessage() + " (SQLSTATE " + server.getSQLState() + ")" + place
                + more.entrySet().stream().filter(e -> e.getValue() != null).map(e -> "\n  " + e.getKey() + ": " + e.getValue())
                        .collect(Collectors.joining());
    }

    /** A statement that must be in no transaction: its intent is noted before, its end after, and what it leaves half-done is cleared away. */
    static class Alone {
        static final String NAME = "(\"(?:[^\"]|\"\")+\"|[\\w$\\x80-\\uFFFF]+)";
        static final String PATH = "(" + NAME + "(?: \\. " + NAME + ")?)";
        static final Pattern CREATE_INDEX = Pattern.compile(
                "(?is)create (?:unique )?index concurrently (?:if not exists )?(?:(?!on )" + NAME + " )?on (?:only )?" + PATH + ".*");
        static final Pattern DROP_INDEX = Pattern.compile("(?is)drop index concurrently (?:if exists )?" + PATH + ".*");
        static final Pattern DETACH = Pattern
                .compile("(?is)alter table (?:if exists )?" + PATH + " detach partition " + PATH + " concurrently.*");
        static final Pattern CATALOG_OBJECT = Pattern
                .compile("(?is)(create|drop) (database|tablespace|subscription) (?:if exists )?" + NAME + ".*");

        final FileRun run;
        final Engine engine;
        final Unit unit;
        final String plain;
        List<String> before; // for an index without a name: those that the table had

        Alone(FileRun run, Unit unit) {
            this.run = run;
            this.engine = run.engine;
            this.unit = unit;
            this.plain = unit.start.plain();
        }

        void run(Engine.Work note) throws Failed, SQLException, IOException {
            if (finishDetach()) {
                engine.asOurselves(note);
                return;
            }
            var known = new ArrayList<String>();
            engine.asOurselves(() -> known.addAll(
                    ask("select known from " + engine.history.journal
                            + " where history = ? and version = ? and first = ? and known is not null", engine.history.schema, run.key,
                            unit.first)));
            before = known.isEmpty() ? indexesBefore() : List.of(known.get(0).split(",")); // an earlier try may have left one
            clearAway();
            engine.asOurselves(() -> engine.history.journal(run.key, unit, run.file, "begun", null, String.join(",", before)));
            try {
                bounded(() -> run.statements(unit.first, unit.last));
                if (!invalid().isEmpty()) {
                    throw new Failed(unit.start.place() + ": " + String.join(", ", invalid()) + " is invalid after " + unit.start.head());
                }
            } catch (Failed e) {
                try {
                    engine.asOurselves(() -> engine.history.journal(run.key, unit, run.file, unit.isDecidable() ? "failed" : "begun",
                            e.getMessage().lines().findFirst().orElse(""), String.join(",", before)));
                    clearAway();
                } catch (SQLException | IOException | Failed lost) {
                    e.addSuppressed(lost); // the next run settles it
                }
                e.partial = !unit.isDecidable();
                throw e;
            }
            engine.asOurselves(note);
        }

        /**
         * What is CONCURRENTLY waits in nobody's way, but has to begin anew when it gives up: it may wait until --lock-deadline. Under a pooler
         * the session is not ours to set, and the statement is unbounded.
         */
        void bounded(Engine.Work work) throws Failed, SQLException, IOException {
            if (engine.pooled) {
                work.run();
                return;
            }
            var patience = plain.toLowerCase(Locale.ROOT).contains("concurrently") ? Math.round(1000 * engine.script.locks.deadline) + "ms"
                    : engine.lockTimeout;
            var own = ask(
                    "select pg_catalog.current_setting('lock_timeout') union all select pg_catalog.current_setting('statement_timeout')");
            engine.execute("set lock_timeout = '" + patience + "'" + (engine.script.locks.statement == null ? ""
                    : "; set statement_timeout = '" + Math.round(1000 * engine.script.locks.statement) + "ms'"));
            try {
                work.run();
            } finally {
                restore("set lock_timeout = '" + own.get(0) + "'; set statement_timeout = '" + own.get(1) + "'");
            }
        }

        void restore(String settings) {
            try {
                engine.execute(settings);
            } catch (SQLException lost) {
                engine.script.detail("the connection is lost: " + lost.getMessage());
            }
        }

        /** Drops invalid indexes of the name that is to be built, unless somebody is building them; nothing else. */
        void clearAway() throws SQLException, Failed {
            awaitBuilders();
            for (var index : invalid()) {
                engine.script.note("dropping the invalid index " + index + ", left by a failed CONCURRENTLY");
                engine.execute((engine.pooled ? "" : "set lock_timeout = '" + engine.lockTimeout + "'; "));
                engine.watch.begin(engine.pid);
                try {
                    engine.execute("drop index concurrently if exists " + index);
                } finally {
                    engine.watch.end();
                    restore(engine.pooled ? "" : "reset lock_timeout");
                }
            }
        }

        /** Behind a pooler nobody knows the dead run's backend, but what it does. */
        void awaitTwins() throws SQLException, Failed {
            var deadline = System.nanoTime() + (long) (engine.script.locks.wait * 1e9);
            for (var said = false;; said = true) {
                var twin = ask(
                        "select pid || ', ' || pg_catalog.left(query, 80) from pg_catalog.pg_stat_activity where state = 'active' and datname = pg_catalog.current_database()"
                                + " and pid <> pg_catalog.pg_backend_pid() and query <> '' and pg_catalog.starts_with(?, query)",
                        unit.start.text());
                if (twin.isEmpty()) {
                    return;
                } else if (System.nanoTime() > deadline) {
                    throw new Failed("a run that died has left a backend at work: pid " + twin.get(0)
                            + "\n  wait for it, or end it: select pg_terminate_backend(" + twin.get(0).split(",")[0] + ")");
                } else if (!said) {
                    engine.script.note("a run that died has left a backend at work, pid " + twin.get(0) + "; waiting for its end");
                }
                engine.sleep(200);
            }
        }

        /** Two sessions that build indexes of one table CONCURRENTLY wait for each other until one is shot as a deadlock. */
        void awaitBuilders() throws SQLException, Failed {
            var deadline = System.nanoTime() + (long) (engine.script.locks.deadline * 1e9);
            for (var said = false; plain.contains("concurrently"); said = true) {
                var builder = ask(
                        "select 'pid ' || l.pid from pg_catalog.pg_locks l where l.locktype = 'relation' and l.granted and l.mode = 'ShareUpdateExclusiveLock' and l.pid <> pg_catalog.pg_backend_pid()"
                                + " and l.relation in (select coalesce(i.indrelid, t.oid) from pg_catalog.unnest(?::text[]) name join pg_catalog.pg_class t on t.oid = pg_catalog.to_regclass(name)"
                        + " left join pg_catalog.pg_index i on i.indexrelid = t.oid)", (Object) unit.start.names().toArray(String[]::new));
                if (builder.isEmpty()) {
                    return;
                } else if (System.nanoTime() > deadline) {
                    throw new Failed(unit.start.place() + ": gave up after --lock-deadline " + engine.script.locks.deadline + " s: "
                            + builder.get(0) + " still builds an index on that table, or vacuums it", "55P03");
                } else if (!said) {
                    engine.script.note("waiting for " + builder.get(0) + ", which builds an index on that table or vacuums it");
                }
                engine.sleep(300);
            }
        }

        /** Invalid indexes that the statement would build, or that an earlier try of it has left. */
        List<String> invalid() throws SQLException {
            var create = CREATE_INDEX.matcher(plain);
            if (create.matches()) {
                return ask(
                        "select i.indexrelid::regclass::text from pg_catalog.pg_index i join pg_catalog.pg_class c on c.oid = i.indexrelid where not i.indisvalid"
                                + " and i.indrelid = pg_catalog.to_regclass(?) and case when ?::text is null then i.indexrelid::text <> all (?::text[]) else c.relname = (pg_catalog.parse_ident(?))[1] end",
                        create.group(2), create.group(1), before.toArray(String[]::new), Objects.toString(create.group(1), "x"));
            } else if (unit.start.is("reindex")) {
                return ask(
                        "select i.indexrelid::regclass::text from pg_catalog.pg_index i join pg_catalog.pg_class c on c.oid = i.indexrelid"
                        + " where not i.indisvalid and c.relname ~ '_ccnew[0-9]*$' and i.indrelid in (select coalesce(j.indrelid, t.oid)"
                                + " from pg_catalog.unnest(?::text[]) name join pg_catalog.pg_class t on t.oid = pg_catalog.to_regclass(name) left join pg_catalog.pg_index j on j.indexrelid = t.oid)",
                        (Object) unit.start.names().toArray(String[]::new));
            }
            return List.of();
        }

        /** For an index without a name: those that the table has already. */
        List<String> indexesBefore() throws SQLException {
            var create = CREATE_INDEX.matcher(plain);
            return create.matches() && create.group(1) == null ? indexesOf(create.group(2), "") : List.of();
        }

        List<String> indexesOf(String table, String condition) throws SQLException {
            return ask("select indexrelid::text from pg_catalog.pg_index where indrelid = pg_catalog.to_regclass(?)" + condition, table);
        }

        List<String> ask(String sql, Object... values) throws SQLException {
            return engine.history.column(sql, values);
        }

        /** True if the partition was half detached, and is detached now. */
        boolean finishDetach() throws SQLException {
            var detach = DETACH.matcher(plain);
            if (!detach.matches() || !ask(
                    "select to_jsonb(i) ->> 'inhdetachpending' from pg_catalog.pg_inherits i where inhparent = pg_catalog.to_regclass(?)"
                    + " and inhrelid = pg_catalog.to_regclass(?)", detach.group(1), detach.group(4)).contains("true")) {
                return false;
            }
            engine.execute("alter table " + detach.group(1) + " detach partition " + detach.group(4) + " finalize");
            return true;
        }

        /** After a run that died: true if the statement has ended, false if it is to run again, null if nobody can tell. */
        Boolean ended(String known) throws SQLException, Failed {
            var create = CREATE_INDEX.matcher(plain);
            var drop = DROP_INDEX.matcher(plain);
            var detach = DETACH.matcher(plain);
            var object = CATALOG_OBJECT.matcher(plain);
            if (create.matches() && create.group(1) != null) {
                return !ask("select 1 from pg_catalog.pg_index i join pg_catalog.pg_class c on c.oid = i.indexrelid where i.indisvalid"
                        + " and i.indrelid = pg_catalog.to_regclass(?) and c.relname = (pg_catalog.parse_ident(?))[1]", create.group(2),
                        create.group(1)).isEmpty();
            } else if (create.matches()) {
                before = List.of(Objects.toString(known, "").split(","));
                clearAway();
                return !before.containsAll(indexesOf(create.group(2), " and indisvalid"));
            } else if (drop.matches()) {
                return ask("select 1 where pg_catalog.to_regclass(?) is not null", drop.group(1)).isEmpty();
            } else if (detach.matches()) {
                var state = ask(
                        "select to_jsonb(i) ->> 'inhdetachpending' from pg_catalog.pg_inherits i where inhparent = pg_catalog.to_regclass(?)"
                        + " and inhrelid = pg_catalog.to_regclass(?)", detach.group(1), detach.group(4));
                return state.isEmpty() || finishDetach();
            } else if (object.matches()) {
                var kind = object.group(2).toLowerCase(Locale.ROOT);
                var column = Map.of("database", "datname", "tablespace", "spcname", "subscription", "subname").get(kind);
                var exists = !ask("select 1 from pg_catalog.pg_" + kind + " where " + column + " = (pg_catalog.parse_ident(?))[1]",
                        object.group(3)).isEmpty();
                return exists == object.group(1).equalsIgnoreCase("create");
            }
            return Set.of("vacuum", "repack", "reindex", "cluster", "alter", "discard", "commit", "end", "rollback", "abort")
                    .contains(unit.start.words().get(0)) ? false : null;
        }
    }

    /** Writes what the engine would do as one psql script, which checks for itself what is applied already. */
    static class SqlScript {
        static final String TABLE = ":\"pgbang_schema\".schema_migrations";

        final PrintWriter out;

        SqlScript(PrintWriter out) {
            this.out = out;
        }

        void write(List<Migration> files) throws IOException, Failed {
            out.print("""
                    -- Written by %s for psql: psql -X -f THIS_FILE. What is applied already is passed over, so it may run twice.
                    \\set ON_ERROR_STOP on
                    set client_encoding = 'UTF8';
                    set client_min_messages = warning;
                    create schema if not exists pgbang;
                    select pg_catalog.to_regclass('pgbang.migration_lock') is null as pgbang_new \\gset
                    \\if :pgbang_new
                    create view pgbang.migration_lock as select 'pg_locks tells who holds it' as holder;
                    \\endif
                    create table if not exists pgbang.migration_journal (%s);
                    select coalesce((select n.nspname from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
                        where c.relname = 'schema_migrations' and c.relkind in ('r', 'p') and n.nspname = any (pg_catalog.current_schemas(false))
                        order by pg_catalog.array_position(pg_catalog.current_schemas(false), n.nspname) limit 1), pg_catalog.current_schema()) as pgbang_schema \\gset
                    create table if not exists %s (version text primary key);
                    """.formatted(TOOL, History.JOURNAL, TABLE));
            out.println("alter table " + TABLE + " "
                    + History.COLUMNS.stream().skip(1).map(column -> "add column if not exists " + column).collect(Collectors.joining(", "))
                    + ", alter column applied_at set default pg_catalog.now();\nreset client_min_messages;");
            for (var file : files) {
                write(file);
            }
        }

        void write(Migration file) throws IOException, Failed {
            var plan = Plan.of(file.path, false, calls(file.path), Set.of());
            out.println("\n-- " + file.version.id() + " " + file.description);
            try (var script = new Script(file.path, false)) {
                for (var unit : plan.units) {
                    write(file, plan, unit, script);
                }
            }
            if (plan.units.isEmpty()) {
                guard(file, new Unit(Unit.Kind.TRANSACTION, 0, null));
                history(file, plan);
                out.println("\\endif");
            }
            out.println("discard all;\nset client_encoding = 'UTF8';");
        }

        /** Nobody is there to tell which procedures commit, so each call stands alone. */
        static Set<Integer> calls(Path file) throws IOException, Failed {
            var calls = new TreeSet<Integer>();
            try (var script = new Script(file, false)) {
                var index = 0;
                for (var statement = script.next(); statement != null; statement = script.next(), index++) {
                    if (statement.is("call")) {
                        calls.add(index);
                    } else if (statement.data() == Statement.Data.FOLLOWING_LINES) {
                        script.skipData();
                    }
                }
            }
            return calls;
        }

        void write(Migration file, Plan plan, Unit unit, Script script) throws IOException, Failed {
            var ours = unit.kind == Unit.Kind.TRANSACTION;
            var last = unit == plan.units.get(plan.units.size() - 1);
            if (ours) {
                out.println(
                        "begin;\nset local lock_timeout = '60s';\nlock table pgbang.migration_lock in share row exclusive mode;\nset local lock_timeout = '3s';");
            }
            guard(file, unit);
            for (int i = unit.first; i <= unit.last; i++) {
                var statement = script.next();
                var noteFirst = i == unit.last && unit.kind == Unit.Kind.OWN_TRANSACTION && !unit.rollsBack;
                if (noteFirst) {
                    note(file, plan, unit, last);
                }
                statement(statement, script);
                if (i == unit.last && !noteFirst) {
                    note(file, plan, unit, last);
                }
            }
            out.println("\\endif" + (ours ? "\ncommit;" : ""));
        }

        void guard(Migration file, Unit unit) {
            out.println("select not exists (select from " + TABLE + " where version::text = any (array["
                    + Stream.of(History.names(file)).map(History::literal).collect(Collectors.joining(", "))
                    + "])) and not exists (select from pgbang.migration_journal where history = :'pgbang_schema' and version = "
                    + History.literal(file.version.id())
                    + " and first = " + unit.first + " and state = 'done') as pgbang_pending \\gset\n\\if :pgbang_pending");
        }

        void statement(Statement statement, Script script) throws IOException {
            if (statement.is("\\echo")) {
                out.println("\\echo " + History.literal(statement.text()));
            } else if (statement.data() == Statement.Data.FILE) {
                out.println("\\copy " + statement.text().replaceFirst("^COPY ", "").replaceFirst("FROM STDIN",
                        "from " + Matcher.quoteReplacement(History.literal(statement.dataFile().toString()))));
            } else if (!FileRun.SETS_ENCODING.matcher(statement.plain()).find()) {
                out.println(statement.text() + "\n;");
            }
            if (statement.data() == Statement.Data.FOLLOWING_LINES) {
                script.data().transferTo(out);
                out.println("\\.");
            }
        }

        /** As {@link FileRun#note} does; a statement that stands alone is noted in a transaction of its own. */
        void note(Migration file, Plan plan, Unit unit, boolean last) throws Failed {
            var separate = unit.kind == Unit.Kind.ALONE || unit.rollsBack;
            out.println(separate ? "begin;" : "set local session authorization default;\nset local role none;");
            if (plan.units.size() > 1) {
                out.println(
                        "insert into pgbang.migration_journal (history, version, first, last, file, line, statement, digest, state, by_whom) values (:'pgbang_schema', "
                                + Stream.of(file.version.id(), unit.first, unit.last, file.path, unit.start.line(), unit.start.head(),
                                        unit.digest, "done").map(value -> History.literal(value.toString()))
                                        .collect(Collectors.joining(", "))
                                + ", current_user) on conflict (history, version, first) do update set state = 'done', digest = excluded.digest;");
            }
            if (last) {
                history(file, plan);
            }
            if (separate) {
                out.println("commit;");
            }
        }

        void history(Migration file, Plan plan) throws Failed {
            try {
                var source = History.source(file.path);
                var values = Stream
                        .of(file.description, file.version.phase, file.path.getFileName(), plan.digest, file.checksum, TOOL + " --sql")
                        .map(value -> History.literal(value.toString())).toList();
                out.println("insert into " + TABLE + " (version) select " + History.literal(file.version.id())
                        + " where not exists (select from " + TABLE + " where version::text = any (array["
                        + Stream.of(History.names(file)).map(History::literal).collect(Collectors.joining(", ")) + "]));");
                out.println("update " + TABLE
                        + " set (description, phase, file, checksum, raw_checksum, tool, source, applied_by, applied_at, duration_ms) = ("
                        + String.join(", ", values) + ", "
                        + (source == null ? "null" : "decode('" + Base64.getEncoder().encodeToString(source) + "', 'base64')")
                        + ", current_user, pg_catalog.now(), extract(epoch from pg_catalog.clock_timestamp() - pg_catalog.now()) * 1000) where version::text = any (array["
                        + Stream.of(History.names(file)).map(History::literal).collect(Collectors.joining(", ")) + "]);");
                out.println("delete from pgbang.migration_journal where history = :'pgbang_schema' and version = "
                        + History.literal(file.version.id()) + ";");
            } catch (SQLException e) {
                throw new Failed(e.getMessage());
            }
        }
    }

    /** The table schema_migrations, where it is or will be, and what the scripts keep beside it: the lock and the journal. */
    static class History {
        static final List<String> COLUMNS = List.of("version text", "description text", "phase text", "file text", "checksum text",
                "raw_checksum text", "source bytea",
                "applied_at timestamptz", "duration_ms bigint", "applied_by text", "tool text");
        static final String JOURNAL = "history text, version text, first int, last int, file text, line int, statement text, digest text, state text, error text, known text,"
                + " at timestamptz default pg_catalog.now(), by_whom text, primary key (history, version, first)";
        static final int LARGEST_SOURCE = 1 << 20; // bytes of a file whose text is kept, compressed

        /** The server's own time zone, as psql would have it: the driver announces the zone of this machine, and files must not depend on that. */
        static final String TIME_ZONE = """
                select coalesce((select pg_catalog.split_part(setting, '=', 2)
                    from pg_catalog.pg_db_role_setting s, pg_catalog.unnest(s.setconfig) setting
                    where s.setdatabase in (0, (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database()))
                        and s.setrole in (0, (select oid from pg_catalog.pg_roles where rolname = session_user))
                        and setting ilike 'timezone=%' order by s.setrole = 0, s.setdatabase = 0 limit 1),
                    pg_catalog.current_setting('log_timezone'))""";

        /** A statement that a run had begun and not ended when it died. */
        record Begun(int first, String digest, int line, String statement, String known) {
        }

        Connection connection;
        final Map<String, String> failures = new TreeMap<>();
        final List<Row> rows = new ArrayList<>();
        final List<String> elsewhere = new ArrayList<>();
        final Map<String, String> others = new TreeMap<>(); // tables of other tools, and whose they are
        Set<String> columns = Set.of();
        String schema;
        String table;
        String versionType = "text";
        String journal;
        String token = java.util.UUID.randomUUID().toString(); // of the mark that this run leaves in the journal
        String who;
        boolean ensured; // that the table has all columns, by the transaction under way
        boolean complete; // and that one was committed

        History(Connection connection) {
            this.connection = connection;
        }

        /** Looks in the search path first; reads the rows. A table that it may not read, or of another shape: Failed. */
        static History find(Connection connection) throws SQLException, Failed {
            var history = new History(connection);
            try (var tables = connection.createStatement().executeQuery("""
                    select n.nspname, c.relname, pg_catalog.array_position(pg_catalog.current_schemas(false), n.nspname),
                        pg_catalog.has_schema_privilege(n.oid, 'usage') and pg_catalog.has_table_privilege(c.oid, 'select'),
                        (select pg_catalog.string_agg(a.attname, '/') from pg_catalog.pg_attribute a
                            where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped),
                        pg_catalog.current_schema(), current_user,
                        (select pg_catalog.format_type(a.atttypid, null) from pg_catalog.pg_attribute a where a.attrelid = c.oid and a.attname = 'version')
                    from (select 1) one left join (pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace)
                        on c.relkind in ('r', 'p') and (c.relname in ('schema_migrations', 'pgbang_migration_journal', 'flyway_schema_history', 'databasechangelog', 'alembic_version',
                            'goose_db_version', '_prisma_migrations', 'django_migrations', 'pgmigrations', 'atlas_schema_revisions', 'knex_migrations')
                            or n.nspname = 'pgbang' and c.relname = 'migration_journal' or n.nspname = 'sqitch' and c.relname = 'changes'
                            or n.nspname = 'graphile_migrate' and c.relname = 'migrations')
                    order by 3, 1, 2""")) {
                while (tables.next()) {
                    history.schema = Objects.requireNonNullElse(history.schema, Objects.toString(tables.getString(6), "public"));
                    if (tables.getString(1) != null) {
                        history.meet(tables);
                    }
                }
            }
            history.readRows();
            history.readFailures();
            return history;
        }

        void meet(ResultSet found) throws SQLException, Failed {
            var name = quote(found.getString(1)) + "." + quote(found.getString(2));
            var kind = found.getString(2);
            if (kind.endsWith("migration_journal")) {
                journal = found.getBoolean(4) ? name : journal;
            } else if (!kind.equals("schema_migrations")) {
                others.put(name, kind);
            } else if (found.getString(3) == null) {
                elsewhere.add(name);
            } else if (table == null) {
                if (!found.getBoolean(4)) {
                    throw new Failed(
                            "the history " + name + " is not readable: GRANT SELECT ON " + name + " TO " + quote(found.getString(7)));
                }
                schema = found.getString(1);
                columns = Set.of(found.getString(5).split("/"));
                if (!columns.contains("version")) {
                    throw new Failed(name
                            + " has no column version, so it is no history of migrations; it is left alone (another schema for ours: options=-csearch_path%3D...)");
                } else if (columns.contains("dirty")) {
                    others.put(name, "golang-migrate");
                }
                table = name;
                versionType = found.getString(8);
            }
        }

        void readRows() throws SQLException {
            if (table == null) {
                return;
            }
            var wanted = Stream.of("version", "description", "checksum", "raw_checksum", "applied_at", "duration_ms", "applied_by", "tool")
                    .map(column -> !columns.contains(column) ? "null"
                            : column.equals("applied_at") ? "extract(epoch from applied_at::timestamptz)::float8"
                                    : quote(column) + "::text");
            try (var found = connection.createStatement()
                    .executeQuery("select " + wanted.collect(Collectors.joining(", ")) + " from " + table)) {
                while (found.next()) {
                    var at = found.getString(5) == null ? null : Instant.ofEpochMilli(Math.round(found.getDouble(5) * 1000));
                    rows.add(new Row(found.getString(1), Version.parse(found.getString(1), Phase.schema), found.getString(2),
                            found.getString(3), found.getString(4),
                            at, found.getString(6) == null ? null : found.getLong(6), found.getString(7), found.getString(8)));
                }
            }
        }

        /** Of each version that is not applied: what stopped it, or that a run died in it. */
        void readFailures() throws SQLException {
            if (journal == null) {
                return;
            }
            try (var select = connection.prepareStatement(
                    "select version, case state when 'failed' then error when 'begun' then coalesce(error, file || ':' || line || ': a run died during ' || statement)"
                            + " else file || ': a run died after ' || statement end from " + journal
                            + " where history = ? and version <> '' order by at")) {
                select.setString(1, schema);
                var found = select.executeQuery();
                while (found.next()) {
                    failures.put(found.getString(1), found.getString(2));
                }
            }
        }

        String timeZone() throws SQLException {
            return column(TIME_ZONE).get(0);
        }

        // --- what the scripts keep for themselves ---

        /** Makes the lock table and the journal, in the schema pgbang or, where the role may make none, beside the history; returns the lock table. */
        String makeHome() throws SQLException, Failed {
            for (var attempt = 0;; attempt++) {
                var place = !column("select 1 where pg_catalog.to_regnamespace('pgbang') is not null").isEmpty()
                        || !column("select 1 where pg_catalog.has_database_privilege(pg_catalog.current_database(), 'create')").isEmpty()
                                ? "pgbang."
                                : quote(schema) + ".pgbang_";
                journal = place + "migration_journal";
                try {
                    if (column("select 1 where pg_catalog.to_regclass(?) is not null and pg_catalog.to_regclass(?) is not null",
                            place + "migration_lock", journal).isEmpty()) {
                        makeTables(place);
                    }
                    return place + "migration_lock";
                } catch (SQLException e) {
                    if (attempt > 5 || !Set.of("23505", "42P06", "42P07", "42710", "XX000").contains(e.getSQLState())) { // unless another first run was faster
                        throw new Failed("cannot make the lock table " + place + "migration_lock: " + explain(e, "")
                                + "\n  what the role lacks: GRANT CREATE ON DATABASE or ON SCHEMA " + schema
                                + " TO it; of a schema pgbang that exists, GRANT USAGE ON SCHEMA pgbang and ALL ON ALL TABLES IN SCHEMA pgbang TO it");
                    }
                }
            }
        }

        void makeTables(String place) throws SQLException {
            try (var statement = connection.createStatement()) {
                if (place.equals("pgbang.")) {
                    statement.execute("create schema if not exists pgbang");
                }
                if (column("select 1 where pg_catalog.to_regclass(?) is not null", place + "migration_lock").isEmpty()) {
                    // A view, since VACUUM and REINDEX of the whole database would wait for the lock on a table. Without OR REPLACE, which would wait
                    // for a run that holds the lock by now, with a snapshot that the CREATE INDEX CONCURRENTLY of that run waits for.
                    statement.execute("create view " + place + "migration_lock as select 'pg_locks tells who holds it' as holder");
                }
                statement.execute("create table if not exists " + place + "migration_journal (" + JOURNAL + ")");
            }
        }

        /** Writes how far a unit has come: begun, done or failed; in the transaction that is open, if one is. */
        void journal(String version, Unit unit, Path file, String state, String error, String known) throws SQLException {
            update("insert into " + journal
                    + " (history, version, first, last, file, line, statement, digest, state, error, known, by_whom) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
                    + " on conflict (history, version, first) do update set (last, file, line, statement, digest, state, error, known, by_whom, at) = (excluded.last, excluded.file,"
                    + " excluded.line, excluded.statement, excluded.digest, excluded.state, excluded.error, excluded.known, excluded.by_whom, pg_catalog.now())",
                    schema, version, unit.first, unit.last, file.toString(), unit.start.line(), unit.start.head(), unit.digest, state,
                    error, known, whoRuns());
        }

        void noteFailure(String version, Unit unit, Path file, Failed e) throws SQLException {
            var error = e.getMessage().lines().findFirst().orElse("");
            var noted = unit.kind == Unit.Kind.ALONE
                    && update("update " + journal + " set error = ? where history = ? and version = ? and first = ?", error, schema,
                            version, unit.first) > 0;
            if (!noted) { // a statement that stands alone has noted more than that
                forgetFailure(version);
                journal(version, unit, file, "failed", error, null);
            }
        }

        /** Statements of the file that earlier runs have applied. */
        int applied(String version) throws SQLException {
            return Integer.parseInt(column("select coalesce(pg_catalog.max(last) + 1, 0) from " + journal
                    + " where history = ? and version = ? and state = 'done'", schema, version).get(0));
        }

        String digestOf(String version, int last) throws SQLException {
            return column("select digest from " + journal + " where history = ? and version = ? and last = ? and state = 'done'", schema,
                    version, last).get(0);
        }

        Begun begun(String version) throws SQLException {
            try (var select = prepare("select first, digest, line, statement, known from " + journal
                    + " where history = ? and version = ? and state = 'begun'", schema, version)) {
                var found = select.executeQuery();
                return found.next()
                        ? new Begun(found.getInt(1), found.getString(2), found.getInt(3), found.getString(4), found.getString(5))
                        : null;
            }
        }

        /** A file that came to its end has its row in the history; were the journal kept, taking that row out would not make it run again. */
        void clearJournal(String version) throws SQLException {
            update("delete from " + journal + " where history = ? and version = ?", schema, version);
        }

        void forgetFailure(String version) throws SQLException {
            update("delete from " + journal + " where history = ? and version = ? and state = 'failed'", schema, version);
        }

        /**
         * A run that was killed may have left a backend that is still at work, its last commit included. Waits for it to end, then notes
         * this run's backend in its place.
         */
        void succeed(String journal, int pid, String lockPid, boolean pooled, run_migrations script)
                throws SQLException, Failed, InterruptedException {
            this.journal = journal;
            var begun = column("select pg_catalog.clock_timestamp()").get(0); // behind a pooler a run is known by its name only, and who just looks for the lock is gone at once
            var deadline = System.nanoTime() + (long) (script.locks.wait * 1e9);
            for (var said = false;; said = true) {
                var alive = column(
                        "select a.pid || ', ' || pg_catalog.left(a.query, 80) from pg_catalog.pg_stat_activity a where a.datname = pg_catalog.current_database()"
                                + " and a.pid <> pg_catalog.pg_backend_pid() and a.pid::text <> ? and a.state <> 'idle' and (exists (select from "
                                + journal + " j where j.history = ?"
                                + " and j.version = '' and j.first = a.pid and j.known = a.backend_start::text) or ?::boolean and a.application_name like 'pgbang/%'"
                                + " and a.application_name = pg_catalog.current_setting('application_name') and a.query_start < ?::timestamptz)",
                        lockPid, schema, pooled, begun);
                if (alive.isEmpty()) {
                    break;
                } else if (System.nanoTime() > deadline) {
                    throw new Failed("a run that died has left a backend at work: pid " + alive.get(0)
                            + "\n  wait for it, or end it: select pg_terminate_backend(" + alive.get(0).split(",")[0] + ")");
                } else if (!said) {
                    script.note("a run that died has left a backend at work, pid " + alive.get(0) + "; waiting for its end");
                }
                Thread.sleep(200);
            }
            try (var waits = connection.createStatement()) { // for the commit of a run that died, whatever backend does it
                waits.execute("begin; set local lock_timeout = 0; set local statement_timeout = 0; delete from " + journal
                        + " where history = " + literal(schema) + " and version = ''; commit");
            }
            announce(pid);
        }

        /** Which backend works for this run, for the next one to know. */
        void announce(int pid) throws SQLException {
            update("insert into " + journal
                    + " (history, version, first, known, state, by_whom, digest) select ?, '', pid, backend_start::text, 'run', ?, ? from pg_catalog.pg_stat_activity where pid = ?"
                    + " on conflict (history, version, first) do update set known = excluded.known, digest = excluded.digest",
                    schema, whoRuns(), token, pid);
        }

        void retire() throws SQLException {
            update("delete from " + journal + " where history = ? and version = '' and digest = ?", schema, token);
        }

        /**
         * In the transaction that is about to commit: fails if another run has taken over, and, by the lock on the row, makes one that
         * is about to take over wait for the end of this commit.
         */
        void fence() throws SQLException, Failed {
            if (update("update " + journal + " set at = pg_catalog.now() where history = ? and version = '' and digest = ?", schema,
                    token) == 0) {
                throw new Failed("the lock was lost, and another run has taken over; so this one stops");
            }
        }

        // --- the history itself ---

        /** Makes the table if there is none, in the first schema of the search path, or gives an adopted one the columns that it lacks. */
        void ensure() throws SQLException {
            var target = quote(schema) + ".schema_migrations";
            if (complete || table != null && columns.containsAll(COLUMNS.stream().map(column -> column.split(" ")[0]).toList())) {
                return;
            }
            try (var statement = connection.createStatement()) {
                if (table == null) {
                    statement.execute("create table if not exists " + target + " ("
                            + COLUMNS.stream().map(column -> column.replace("version text", "version text primary key"))
                                    .collect(Collectors.joining(", "))
                            + ")");
                }
                // also where the file that just ran made the table itself
                statement.execute("alter table " + target + " "
                        + COLUMNS.stream().skip(1).map(column -> "add column if not exists " + column).collect(Collectors.joining(", "))
                        + ", alter column applied_at set default pg_catalog.now()");
            }
            ensured = true;
        }

        /** Keeps a table of another tool that has our name under another, so that ours can take its place. */
        void moveAside() throws SQLException {
            update("alter table " + table + " rename to schema_migrations_before_pgbang");
            table = null;
            columns = Set.of();
            versionType = "text";
        }

        /** The ways in which a file may have registered itself: 001, 1, 001_name, 001_name.sql, each behind its phase. */
        static String[] names(Migration file) {
            var prefix = file.version.phase.prefix();
            var name = file.path.getFileName().toString();
            var plain = file.version.numbers.stream().map(BigInteger::toString).collect(Collectors.joining("."));
            return Stream.of(file.version.text, plain, name, name.replaceFirst("(?i)(\\.up)?\\.sql$", "")).map(prefix::concat).distinct()
                    .toArray(String[]::new);
        }

        /** Completes the row that the file itself wrote, or writes one. Without a duration it was marked, not run. */
        void record(Migration file, String digest, Long millis) throws SQLException {
            ensure();
            var target = quote(schema) + ".schema_migrations";
            update("with v (description, phase, file, checksum, raw_checksum, source, duration_ms, applied_by, tool) as"
                    + " (values (?::text, ?::text, ?::text, ?::text, ?::text, ?::bytea, ?::bigint, ?::text, ?::text)),"
                    + " own as (update " + target
                    + " t set description = coalesce(t.description, v.description), phase = v.phase, file = v.file, checksum = v.checksum,"
                    + " raw_checksum = v.raw_checksum, source = v.source, duration_ms = v.duration_ms, applied_by = v.applied_by, tool = v.tool,"
                    + " applied_at = coalesce(t.applied_at, pg_catalog.now()) from v where t.version::text = any (?) returning 1)"
                    + " insert into " + target
                    + " (version, description, phase, file, checksum, raw_checksum, source, duration_ms, applied_by, tool, applied_at)"
                    + " select ?::" + versionType + ", v.*, pg_catalog.now() from v where not exists (select from own)",
                    file.description, file.version.phase.toString(), file.path.getFileName().toString(), digest, file.checksum,
                    source(file.path), millis, whoRuns(), TOOL,
                    names(file), file.version.id());
            if (failures.containsKey(file.version.id())) {
                forgetFailure(file.version.id());
            }
        }

        /** The text as it ran, compressed; null for a file that is too large to be kept. */
        static byte[] source(Path file) throws SQLException {
            try {
                if (Files.size(file) > LARGEST_SOURCE) {
                    return null;
                }
                var bytes = new ByteArrayOutputStream();
                try (var zip = new GZIPOutputStream(bytes)) {
                    Files.copy(file, zip);
                }
                return bytes.toByteArray();
            } catch (IOException e) {
                throw new SQLException("cannot read " + file, e);
            }
        }

        /** The text of an applied version, null if it was not kept. */
        String sourceOf(String version) throws SQLException {
            if (!columns.contains("source")) {
                return null;
            }
            try (var select = prepare("select source from " + table + " where version::text = ?", version)) {
                var found = select.executeQuery();
                var bytes = found.next() ? found.getBytes(1) : null;
                return bytes == null ? null : new String(new GZIPInputStream(new ByteArrayInputStream(bytes)).readAllBytes(), UTF_8);
            } catch (IOException e) {
                return null;
            }
        }

        void accept(String version, Migration file, String digest) throws SQLException {
            update("update " + table + " set checksum = ?, raw_checksum = ?, source = ? where version::text = ?", digest, file.checksum,
                    source(file.path), version);
        }

        /** Takes a version out; the down file may have dropped the table itself. */
        void remove(String version) throws SQLException {
            if (!column("select 1 where pg_catalog.to_regclass(?) is not null", table).isEmpty()) {
                update("delete from " + table + " where version::text = ?", version);
            }
            update("delete from " + journal + " where history = ? and version in (?, ?)", schema, version, "undo " + version);
        }

        // --- SQL ---

        PreparedStatement prepare(String sql, Object... values) throws SQLException {
            var statement = connection.prepareStatement(sql);
            for (int i = 0; i < values.length; i++) {
                if (values[i] instanceof String[] names) {
                    statement.setArray(i + 1, connection.createArrayOf("text", names));
                } else if (values[i] instanceof byte[] bytes) {
                    statement.setBytes(i + 1, bytes);
                } else {
                    statement.setObject(i + 1, values[i], Types.OTHER); // the server knows the type of the column
                }
            }
            return statement;
        }

        int update(String sql, Object... values) throws SQLException {
            try (var statement = prepare(sql, values)) {
                return statement.executeUpdate();
            }
        }

        List<String> column(String sql, Object... values) throws SQLException {
            try (var statement = prepare(sql, values)) {
                var found = statement.executeQuery();
                var column = new ArrayList<String>();
                while (found.next()) {
                    column.add(found.getString(1));
                }
                return column;
            }
        }

        String whoRuns() {
            if (who == null) {
                try {
                    who = System.getProperty("user.name") + "@" + InetAddress.getLocalHost().getHostName();
                } catch (IOException unnamed) {
                    who = System.getProperty("user.name");
                }
            }
            return who;
        }

        static String quote(String name) {
            return '"' + name.replace("\"", "\"\"") + '"';
        }

        static String literal(String text) {
            return (text.contains("\\") ? " E'" : "'") + text.replace("\\", "\\\\").replace("'", "''") + "'";
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
