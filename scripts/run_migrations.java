///usr/bin/env jbang "$0" "$@" ; exit $?
//JAVA 17+
//DESCRIPTION Applies a folder of plain SQL migrations to a PostgreSQL database, in order, and knows what was applied.
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
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Reader;
import java.math.BigInteger;
import java.net.InetAddress;
import java.nio.charset.CharacterCodingException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.SQLWarning;
import java.sql.Types;
import java.text.Normalizer;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.postgresql.Driver;
import org.postgresql.PGConnection;
import org.postgresql.util.PSQLException;
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

    @Mixin
    Database database = new Database();

    @Spec
    CommandSpec spec;

    boolean printed;

    enum Phases {
        schema, optimizations, all
    }

    public static void main(String... args) {
        var script = new run_migrations();
        System.exit(script.database.command(script).execute(args));
    }

    @Override
    public Integer call() throws Exception {
        if (choice.check && !action.status || choice.to != null && choice.only != null) {
            throw wrong(choice.check ? "--check goes with --status" : "--to and --only exclude each other");
        }
        try {
            return action.title != null ? writeNew(action.title) : withDatabase();
        } catch (Exception e) {
            if (choice.json && !printed) {
                print(Collections.singletonMap("error", Objects.toString(e.getMessage()).replaceAll("://.*@", "://***@")));
            }
            throw e;
        }
    }

    int withDatabase() throws Exception {
        var folder = Folder.read(folder());
        if (folder.migrations.isEmpty() && !action.history) {
            throw wrong((Files.isDirectory(folder.path) ? "no migration (NNN_description.sql) in the folder " : "there is no folder ") + folder.path
                    + "; --dir or MIGRATIONS_DIR name it, --new TITLE writes the first migration");
        }
        var writes = !(action.status || action.history || action.validate || choice.dryRun);
        try (var connection = database.connect(writes)) {
            connection.setAutoCommit(false);
            connection.setReadOnly(!writes);
            var history = History.find(connection);
            for (var other : history.elsewhere) {
                warn("there is another history, " + other + ", outside the search path; it is left alone (search path: options=-csearch_path%3D...)");
            }
            var entries = compare(folder, history);
            if (action.status) {
                return status(entries, history, folder);
            } else if (action.history) {
                return show(history);
            } else if (action.validate) {
                return validate(entries, folder);
            }
            folder.strays.stream().filter(stray -> stray.toString().toLowerCase(Locale.ROOT).endsWith(".sql")).map(Folder::isNone).forEach(this::warn);
            if (!folder.problems.isEmpty()) {
                throw folder.duplicates ? wrong(String.join("\n  ", folder.problems)) : new Failed(String.join("\n  ", folder.problems));
            } else if (action.rollback != null) {
                return rollback(new Engine(connection, history, this), entries, folder);
            } else if (action.baseline != null) {
                return baseline(connection, history, entries);
            } else if (action.repair) {
                return repair(connection, history, entries);
            }
            return migrate(new Engine(connection, history, this), entries);
        }
    }

    // --- the actions ---

    /** Applies what is pending; refuses changed and out-of-order files before anything runs. */
    int migrate(Engine engine, List<Entry> entries) throws Exception {
        var pending = chosen(entries);
        refuse(entries.stream().filter(entry -> entry.state == State.CHANGED).toList(),
                "were changed after they had been applied; undo the change, or accept it with --repair");
        refuse(pending.stream().filter(entry -> entry.late && !choice.outOfOrder && choice.only == null).toList(),
                "are older than the newest applied migration; allow it with --out-of-order, or one by one with --only");
        warnOfMissing(entries);
        if (choice.dryRun) {
            return preview(pending);
        }
        var applied = new ArrayList<Map<String, Object>>();
        var start = System.nanoTime();
        var layout = "  %-" + width(pending, Entry::id) + "s  %-" + width(pending, entry -> entry.file.description) + "s  ";
        for (var entry : pending) {
            say(layout, entry.id(), entry.file.description);
            try {
                var millis = engine.apply(entry.file);
                say(millis < 0 ? "applied by another run meanwhile%n" : "%d ms%n", millis);
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
        var left = entries.stream().filter(Entry::isPending).count() - pending.size();
        if (choice.json) {
            print(fields("applied", applied, "failed", null, "pending", left));
        } else if (pending.isEmpty()) {
            say("nothing to apply%s%n", left > 0 ? " here, but " + left + " pending otherwise" : ": " + count(applied(entries).size(), "migration") + " applied");
        } else {
            say("%s applied in %s, %s pending%n", count(pending.size(), "migration"), seconds(start), left == 0 ? "nothing is" : left + " still");
        }
        return 0;
    }

    int preview(List<Entry> pending) throws IOException {
        if (choice.json) {
            print(fields("would_apply", pending.stream().map(entry -> entry.json(Map.of())).toList()));
        } else {
            say("would apply %s%n", pending.isEmpty() ? "nothing" : count(pending.size(), "migration") + ", each in a transaction of its own:");
            for (var entry : pending) {
                say("  %s  %s  %s%n", entry.id(), entry.file.description, entry.file.path);
                if (database.verbose) {
                    out().println(Files.readString(entry.file.path));
                }
            }
        }
        return 0;
    }

    int status(List<Entry> entries, History history, Folder folder) {
        var wrong = entries.stream().filter(entry -> entry.state != State.APPLIED).count() + folder.problems.size();
        var counts = entries.stream().collect(Collectors.groupingBy(entry -> entry.state.toString(), TreeMap::new, Collectors.counting()));
        if (choice.json) {
            print(fields("history", history.table, "migrations", entries.stream().map(entry -> entry.json(Map.of())).toList(),
                    "counts", counts, "problems", folder.problems, "ok", wrong == 0));
        } else if (!choice.quiet || wrong > 0) {
            out().println(table(entries.stream().filter(entry -> !choice.quiet || entry.state != State.APPLIED).toList(), List.of(
                    column("VERSION", Entry::id), column("DESCRIPTION", Entry::description), column("PHASE", entry -> entry.phase().toString()),
                    column("STATE", entry -> entry.state.toString()), column("APPLIED AT", entry -> entry.row == null ? "" : entry.row.appliedAt()),
                    right("TIME", entry -> entry.row == null ? "" : entry.row.time()), column("BY", entry -> entry.row == null ? "" : entry.row.by))));
            entries.stream().filter(entry -> entry.failure != null).forEach(entry -> out().println("failed: " + entry.failure));
            folder.problems.forEach(problem -> out().println("problem: " + problem));
            out().println(counts.entrySet().stream().map(e -> e.getValue() + " " + e.getKey()).collect(Collectors.joining(", "))
                    + (history.table == null ? "; no history table yet" : "; history in " + history.table));
        }
        return choice.check && wrong > 0 ? 1 : 0;
    }

    int show(History history) {
        var rows = history.rows.stream().sorted(Row.BY_TIME).toList();
        if (choice.json) {
            print(fields("history", history.table, "rows", rows.stream().map(Row::json).toList()));
        } else {
            out().println(table(rows, List.of(column("VERSION", row -> row.version), column("DESCRIPTION", row -> row.description),
                    column("APPLIED AT", Row::appliedAt), right("TIME", Row::time), column("BY", row -> row.by), column("WITH", row -> row.tool))));
        }
        return 0;
    }

    int validate(List<Entry> entries, Folder folder) {
        var findings = new ArrayList<>(folder.problems);
        folder.strays.stream().map(Folder::isNone).forEach(findings::add);
        entries.stream().filter(entry -> entry.state != State.APPLIED && entry.state != State.PENDING)
                .forEach(entry -> findings.add(entry.id() + " " + entry.description() + ": " + entry.state + (entry.failure == null ? "" : ", " + entry.failure)));
        if (choice.json) {
            print(fields("findings", findings, "ok", findings.isEmpty()));
        } else {
            findings.forEach(out()::println);
            say("%s%n", findings.isEmpty() ? count(entries.size(), "migration") + ": files and history agree" : count(findings.size(), "finding"));
        }
        return findings.isEmpty() ? 0 : 1;
    }

    /** Undoes the newest N, each by its down file in a transaction of its own; refuses before anything runs if one has none. */
    int rollback(Engine engine, List<Entry> entries, Folder folder) throws Exception {
        if (action.rollback < 1) {
            throw wrong("--rollback takes a number from 1");
        }
        var newest = entries.stream().filter(entry -> entry.row != null)
                .sorted((a, b) -> Row.BY_TIME.thenComparing(row -> row.parsed, Version.NULLS_FIRST).compare(b.row, a.row)).limit(action.rollback).toList();
        var without = newest.stream().filter(entry -> entry.version == null || !folder.downs.containsKey(entry.version)).map(Entry::id).toList();
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
            say("%s%n", newest.isEmpty() ? "nothing to roll back" : choice.dryRun ? "nothing was changed" : count(newest.size(), "migration") + " rolled back");
        }
        return 0;
    }

    int baseline(Connection connection, History history, List<Entry> entries) throws Exception {
        var target = version(action.baseline, entries);
        var marked = entries.stream().filter(entry -> entry.isPending() && entry.version.compareTo(target) <= 0).toList();
        if (!choice.dryRun && !marked.isEmpty()) {
            history.ensure();
            for (var entry : marked) {
                history.record(entry.file, null);
            }
            connection.commit();
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
    int repair(Connection connection, History history, List<Entry> entries) throws Exception {
        var changed = entries.stream().filter(entry -> entry.row != null && entry.file != null && !entry.file.checksum.equals(entry.row.checksum)).toList();
        var failed = entries.stream().filter(entry -> entry.failure != null).toList();
        changed.forEach(entry -> say("  %s  %s%n", entry.id(), entry.row.checksum == null ? "checksum noted for the first time" : "changed file accepted"));
        failed.forEach(entry -> say("  %s  forgotten: %s%n", entry.id(), entry.failure));
        if (!choice.dryRun) {
            if (!changed.isEmpty()) {
                history.ensure();
            }
            for (var entry : changed) {
                history.accept(entry.row.version, entry.file.checksum);
            }
            for (var entry : failed) {
                history.forgetFailure(entry.id());
            }
            connection.commit();
        }
        if (choice.json) {
            print(fields("accepted", changed.stream().map(Entry::id).toList(), "forgotten", failed.stream().map(Entry::id).toList(), "dry_run", choice.dryRun));
        } else {
            say("%s%n", changed.isEmpty() && failed.isEmpty() ? "nothing to repair" : choice.dryRun ? "nothing was changed" : "repaired");
        }
        return 0;
    }

    /** The next number in the style of the folder: as many digits, a time stamp after time stamps, the last part of a dotted one. */
    int writeNew(String title) throws IOException {
        var name = Normalizer.normalize(title, Normalizer.Form.NFKD).replaceAll("\\p{M}", "").toLowerCase(Locale.ROOT).replaceAll("[^\\p{L}\\p{N}]+", "_")
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
        var number = folder.migrations.stream().filter(file -> file.version.phase == phase).map(file -> file.version).max(Version::compareTo).map(Version::next).orElse("001");
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
    static List<Entry> compare(Folder folder, History history) {
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
            var state = row != null ? row.checksum == null || row.checksum.equals(file.checksum) ? State.APPLIED : State.CHANGED
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

    Path folder() {
        return choice.dir != null ? choice.dir : Path.of(database.variables().getOrDefault("MIGRATIONS_DIR", "migrations"));
    }

    void refuse(List<Entry> entries, String why) throws Failed {
        if (!entries.isEmpty()) {
            throw new Failed("nothing was applied: " + entries.stream().map(entry -> entry.file.path.toString()).collect(Collectors.joining(", ")) + "\n  " + why);
        }
    }

    void warnOfMissing(List<Entry> entries) {
        var missing = entries.stream().filter(entry -> entry.state == State.MISSING_FILE).map(Entry::id).toList();
        if (!missing.isEmpty()) {
            warn(count(missing.size(), "applied migration") + " without a file here: " + String.join(", ", missing.subList(0, Math.min(5, missing.size())))
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
        APPLIED, PENDING, CHANGED, MISSING_FILE, OUT_OF_ORDER, FAILED;

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
            this.numbers = Stream.of(text.split("\\.")).map(BigInteger::new).collect(Collectors.toCollection(ArrayList::new));
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
    record Row(String version, Version parsed, String description, String checksum, Instant at, Long millis, String by, String tool) {
        static final java.util.Comparator<Row> BY_TIME = java.util.Comparator.comparing(Row::at, java.util.Comparator.nullsFirst(java.util.Comparator.naturalOrder()));
        static final DateTimeFormatter LOCAL_TIME = DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss").withZone(ZoneId.systemDefault());

        String appliedAt() {
            return at == null ? "" : LOCAL_TIME.format(at);
        }

        String time() {
            return millis == null ? "" : millis + " ms";
        }

        Map<String, Object> json() {
            return fields("version", version, "description", description, "applied_at", Objects.toString(at, null), "duration_ms", millis, "applied_by", by, "tool", tool,
                    "checksum", checksum);
        }
    }

    /** What is wrong with a migration or stops the run: exit code 2. */
    static class Failed extends Exception {
        final Map<String, Object> json = new LinkedHashMap<>();

        Failed(String message) {
            super(message);
        }

        Failed adding(String line) {
            var failed = new Failed(getMessage() + "\n  " + line);
            failed.setStackTrace(getStackTrace());
            return failed;
        }
    }

    /** The migrations folder: what is a migration, its down files, what is not, and what is wrong. */
    static class Folder {
        static final Pattern NAME = Pattern.compile("(?i)(\\d+(?:\\.\\d+)*)(?:[_-]+(.*?))?(\\.up|\\.down)?\\.sql");

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
                        files.filter(file -> !file.getFileName().toString().startsWith(".")).sorted().forEach(file -> folder.add(phase, file));
                    }
                }
            }
            folder.migrations.sort((a, b) -> a.version.compareTo(b.version));
            for (int i = 1; i < folder.migrations.size(); i++) {
                if (folder.migrations.get(i).version.equals(folder.migrations.get(i - 1).version)) {
                    folder.duplicates = true;
                    folder.problems.add("two files have one version: " + folder.migrations.get(i - 1).path + " and " + folder.migrations.get(i).path);
                }
            }
            return folder;
        }

        void add(Phase phase, Path file) {
            var name = NAME.matcher(file.getFileName().toString());
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
            try (var text = new Script(file)) {
                return text.checksum();
            } catch (CharacterCodingException e) {
                problems.add(file + " is not UTF-8: " + notUtf8(file));
            } catch (IOException e) {
                problems.add(file + " cannot be read (" + e.getClass().getSimpleName() + ")");
            }
            return null;
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

    /** A statement as it stands in its file, without the semicolon, and where it begins there (line and column from 1). */
    record Statement(String text, int line, int column, List<String> words, boolean copiesFromFile) {
        boolean startsWith(String... wanted) {
            return words.size() >= wanted.length && words.subList(0, wanted.length).equals(List.of(wanted));
        }

        String head() {
            var first = text.lines().findFirst().orElse("").strip();
            return first.length() > 70 ? first.substring(0, 70) + "..." : first;
        }
    }

    /**
     * Cuts a file into statements where psql cuts it. Grammar: src/fe_utils/psqlscan.l of PostgreSQL 18, and chapter 4.1 of its manual.
     * It holds one statement at a time, so that a file may be larger than the memory.
     */
    static class Script implements AutoCloseable {
        final Reader source;
        final StringBuilder text = new StringBuilder();
        int here;
        int after;
        int line = 1;
        int column = 1;
        int depth;
        int body;
        boolean escapesContinue;
        String previous;
        List<String> words;
        boolean copies;

        Script(Path file) throws IOException {
            source = new BufferedReader(new java.io.InputStreamReader(Files.newInputStream(file), UTF_8.newDecoder()), 1 << 16);
            here = source.read();
            after = source.read();
            if (here == '\uFEFF') {
                here = after;
                after = source.read();
            }
        }

        /** SHA-256 of what is left of the text, with LF as line end. */
        String checksum() throws IOException {
            try {
                var digest = MessageDigest.getInstance("SHA-256");
                while (here != -1) {
                    take();
                    var last = text.charAt(text.length() - 1);
                    if (here == -1 || text.length() > 1 << 16 && last != '\r' && !Character.isHighSurrogate(last)) {
                        digest.update(text.toString().replace("\r\n", "\n").getBytes(UTF_8));
                        text.setLength(0);
                    }
                }
                return "sha256:" + HexFormat.of().formatHex(digest.digest());
            } catch (NoSuchAlgorithmException e) {
                throw new IllegalStateException(e);
            }
        }

        /** The next statement; null at the end. After one that copies from the file, {@link #data()} is next. */
        Statement next() throws IOException, Failed {
            while (here == ';' || isBlank(here) || startsComment()) {
                blankOrComment();
            }
            if (here == -1) {
                return null;
            }
            text.setLength(0);
            words = new ArrayList<>();
            depth = 0;
            body = 0;
            copies = false;
            escapesContinue = false;
            previous = "";
            var startLine = line;
            var startColumn = column;
            while (here != -1 && !(here == ';' && depth == 0 && body == 0)) {
                token();
            }
            var statement = new Statement(text.toString().stripTrailing(), startLine, startColumn, List.copyOf(words), copies);
            if (here == ';') {
                take();
            }
            return statement;
        }

        void token() throws IOException, Failed {
            var before = previous;
            previous = "";
            if (isBlank(here) || startsComment()) {
                previous = before;
                blankOrComment();
            } else if (here == '\'') {
                quoted('\'', escapesContinue);
            } else if (here == '"') {
                quoted('"', false);
            } else if (here == '$') {
                dollarQuoted();
            } else if (isLetter(here)) {
                word(before);
            } else if (here == '\\') {
                throw new Failed(line + ":" + column + ": psql commands (\\...) are not supported here");
            } else {
                escapesContinue = false;
                depth = Math.max(0, depth + (here == '(' ? 1 : here == ')' ? -1 : 0));
                var number = Character.isDigit(here);
                take();
                while (number && (isLetter(here) || Character.isDigit(here))) {
                    take();
                }
            }
        }

        /** A keyword, a name, or the prefix of a string; watches for SQL bodies, whose semicolons do not end the statement. */
        void word(String before) throws IOException {
            var start = text.length();
            while (isLetter(here) || Character.isDigit(here) || here == '$') {
                take();
            }
            var word = text.substring(start).toLowerCase(Locale.ROOT);
            escapesContinue = false;
            if (here == '\'' && word.equals("e")) {
                quoted('\'', true);
                return;
            } else if (here == '&' && word.equals("u") && (after == '\'' || after == '"')) {
                take();
                return;
            }
            if (words.size() < 6) {
                words.add(word);
            }
            if (depth == 0 && word.equals("atomic") && before.equals("begin") && words.get(0).equals("create")) {
                body = 1;
            } else if (depth == 0 && body > 0 && !before.equals("as")) {
                body += word.equals("case") ? 1 : word.equals("end") ? -1 : 0;
            }
            copies |= depth == 0 && word.equals("stdin") && before.equals("from") && words.get(0).equals("copy");
            previous = word;
        }

        /** Takes a quoted string or name; after E'...' a string on a following line goes on with escapes. */
        void quoted(char quote, boolean escapes) throws IOException {
            take();
            while (here != -1) {
                if (escapes && here == '\\') {
                    take();
                } else if (here == quote && after == quote) {
                    take();
                } else if (here == quote) {
                    take();
                    break;
                }
                take();
            }
            escapesContinue = escapes;
        }

        void dollarQuoted() throws IOException {
            var start = text.length();
            take();
            while (isLetter(here) || Character.isDigit(here) && text.length() > start + 1) {
                take();
            }
            if (here == '$') {
                take();
                var tag = text.substring(start);
                while (here != -1 && (text.length() < start + 2 * tag.length() || text.lastIndexOf(tag) != text.length() - tag.length())) {
                    take();
                }
            }
        }

        void blankOrComment() throws IOException {
            if (here == '-' && after == '-') {
                while (here != -1 && here != '\n' && here != '\r') {
                    take();
                }
            } else if (here == '/' && after == '*') {
                escapesContinue = false;
                var open = 0;
                do {
                    var step = here == '/' && after == '*' ? 1 : here == '*' && after == '/' ? -1 : 0;
                    open += step;
                    take();
                    if (step != 0) {
                        take();
                    }
                } while (open > 0 && here != -1);
            } else {
                take();
            }
        }

        /** The lines that follow a COPY ... FROM stdin, up to \. or the end of the file. */
        Reader data() throws IOException {
            while (here != -1 && here != '\n') {
                take();
            }
            take();
            return new Reader() {
                String rest = "";

                @Override
                public int read(char[] into, int offset, int length) throws IOException {
                    if (rest.isEmpty() && (rest = dataLine()) == null) {
                        rest = "";
                        return -1;
                    }
                    var count = Math.min(length, rest.length());
                    rest.getChars(0, count, into, offset);
                    rest = rest.substring(count);
                    return count;
                }

                @Override
                public void close() {
                }
            };
        }

        String dataLine() throws IOException {
            text.setLength(0);
            while (here != -1 && here != '\n') {
                take();
            }
            if (here == '\n') {
                take();
            }
            var data = text.toString();
            return data.isEmpty() || data.strip().equals("\\.") ? null : data;
        }

        boolean startsComment() {
            return here == '-' && after == '-' || here == '/' && after == '*';
        }

        static boolean isBlank(int c) {
            return c == ' ' || c >= '\t' && c <= '\r';
        }

        static boolean isLetter(int c) {
            return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c >= 0x80;
        }

        void take() throws IOException {
            if (here == '\n' || here == '\r' && after != '\n') {
                line++;
                column = 1;
            } else if (!Character.isLowSurrogate((char) here)) {
                column++;
            }
            if (here != -1) {
                text.append((char) here);
            }
            here = after;
            after = here == -1 ? -1 : source.read();
        }

        @Override
        public void close() throws IOException {
            source.close();
        }
    }

    /** The table schema_migrations, where it is or will be, and the table of failed runs. */
    static class History {
        static final List<String> COLUMNS = List.of("version text", "description text", "phase text", "file text", "checksum text", "applied_at timestamptz",
                "duration_ms bigint", "applied_by text", "tool text");

        final Connection connection;
        final Map<String, String> failures = new TreeMap<>();
        final List<Row> rows = new ArrayList<>();
        final List<String> elsewhere = new ArrayList<>();
        Set<String> columns = Set.of();
        String schema;
        String table;
        String failureTable;
        boolean ensured;

        History(Connection connection) {
            this.connection = connection;
        }

        /** Looks in the search path first; reads the rows. A table that it may not read or that another kind of tool keeps: Failed. */
        static History find(Connection connection) throws SQLException, Failed {
            var history = new History(connection);
            try (var tables = connection.createStatement().executeQuery("""
                    select n.nspname, c.relname, pg_catalog.array_position(pg_catalog.current_schemas(false), n.nspname),
                        pg_catalog.has_schema_privilege(n.oid, 'usage') and pg_catalog.has_table_privilege(c.oid, 'select'),
                        (select pg_catalog.array_agg(a.attname::text) from pg_catalog.pg_attribute a
                            where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped),
                        pg_catalog.current_schema(), current_user
                    from (select 1) one left join (pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace)
                        on c.relkind in ('r', 'p') and (c.relname in ('schema_migrations', 'pgbang_failed_migrations')
                            or n.nspname = 'pgbang' and c.relname = 'failed_migrations')
                    order by 3""")) {
                while (tables.next()) {
                    history.schema = Objects.requireNonNullElse(history.schema, Objects.toString(tables.getString(6), ""));
                    if (tables.getString(1) != null) {
                        history.meet(tables);
                    }
                }
            }
            history.readRows();
            history.readFailures();
            connection.rollback();
            return history;
        }

        void meet(java.sql.ResultSet found) throws SQLException, Failed {
            var name = quote(found.getString(1)) + "." + quote(found.getString(2));
            if (!found.getString(2).equals("schema_migrations")) {
                failureTable = found.getBoolean(4) ? name : failureTable;
            } else if (found.getString(3) == null) {
                elsewhere.add(name);
            } else if (table == null) {
                if (!found.getBoolean(4)) {
                    throw new Failed("the history " + name + " is not readable: GRANT SELECT ON " + name + " TO " + quote(found.getString(7)));
                }
                table = name;
                schema = found.getString(1);
                columns = Set.of((String[]) found.getArray(5).getArray());
                if (!columns.contains("version") || columns.contains("dirty")) {
                    throw new Failed(name + " is the history of another tool" + (columns.contains("dirty") ? ", golang-migrate," : "")
                            + " and not a list of versions; it is left alone (another schema for ours: options=-csearch_path%3D...)");
                }
            }
        }

        void readRows() throws SQLException {
            if (table == null) {
                return;
            }
            var wanted = Stream.of("version", "description", "phase", "checksum", "applied_at", "duration_ms", "applied_by", "tool")
                    .map(column -> !columns.contains(column) ? "null" : column.equals("applied_at") ? "applied_at::timestamptz" : quote(column) + "::text");
            try (var found = connection.createStatement().executeQuery("select " + wanted.collect(Collectors.joining(", ")) + " from " + table)) {
                while (found.next()) {
                    var at = found.getObject(5, OffsetDateTime.class);
                    rows.add(new Row(found.getString(1), Version.parse(found.getString(1), Phase.schema), found.getString(2), found.getString(4),
                            at == null ? null : at.toInstant(), found.getString(6) == null ? null : found.getLong(6), found.getString(7), found.getString(8)));
                }
            }
        }

        void readFailures() throws SQLException {
            if (failureTable == null) {
                return;
            }
            try (var select = connection.prepareStatement("select version, error from " + failureTable + " where history = ?")) {
                select.setString(1, schema);
                var found = select.executeQuery();
                while (found.next()) {
                    failures.put(found.getString(1), found.getString(2));
                }
            }
        }

        /** Makes the table if there is none, in the first schema of the search path, or gives an adopted one the columns that it lacks. */
        void ensure() throws SQLException {
            if (ensured) {
                return;
            }
            var target = quote(schema) + ".schema_migrations";
            try (var statement = connection.createStatement()) {
                if (table == null) {
                    statement.execute("select pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtext(" + literal(target) + "))"); // two first runs at once
                    statement.execute("create table if not exists " + target + " ("
                            + COLUMNS.stream().map(column -> column.replace("version text", "version text primary key")).collect(Collectors.joining(", ")) + ")");
                }
                var lacking = COLUMNS.stream().filter(column -> !columns.contains(column.split(" ")[0])).map(column -> "add column if not exists " + column).toList();
                if (!lacking.isEmpty()) {
                    statement.execute("alter table " + target + " " + String.join(", ", lacking));
                    statement.execute("alter table " + target + " alter column applied_at set default now()");
                }
            }
            table = target;
            ensured = true;
        }

        /** The ways in which a file may have registered itself: 001, 1, 001_name, 001_name.sql, each behind its phase. */
        static String[] names(Migration file) {
            var prefix = file.version.phase.prefix();
            var name = file.path.getFileName().toString();
            var plain = file.version.numbers.stream().map(BigInteger::toString).collect(Collectors.joining("."));
            return Stream.of(file.version.text, plain, name, name.replaceFirst("(?i)(\\.up)?\\.sql$", "")).map(prefix::concat).distinct().toArray(String[]::new);
        }

        boolean has(Migration file) throws SQLException {
            try (var select = connection.prepareStatement("select 1 from " + table + " where version::text = any (?)")) {
                select.setArray(1, connection.createArrayOf("text", names(file)));
                return select.executeQuery().next();
            }
        }

        /** Completes the row that the file itself wrote, or writes one. Without a duration it was marked, not run. */
        void record(Migration file, Long millis) throws SQLException {
            var updated = update("update " + table + " set description = coalesce(description, ?), phase = ?, file = ?, checksum = ?, duration_ms = ?, applied_by = ?,"
                    + " tool = ?, applied_at = coalesce(applied_at, now()) where version::text = any (?)", file.description, file.version.phase.toString(),
                    file.path.getFileName().toString(), file.checksum, millis, whoRuns(), TOOL, names(file));
            if (updated == 0) {
                update("insert into " + table + " (version, description, phase, file, checksum, duration_ms, applied_by, tool, applied_at)"
                        + " values (?, ?, ?, ?, ?, ?, ?, ?, now())", file.version.id(), file.description, file.version.phase.toString(),
                        file.path.getFileName().toString(), file.checksum, millis, whoRuns(), TOOL);
            }
            forgetFailure(file.version.id());
        }

        void accept(String version, String checksum) throws SQLException {
            update("update " + table + " set checksum = ? where version::text = ?", checksum, version);
        }

        /** Takes a version out; the down file may have dropped the table itself. */
        void remove(String version) throws SQLException {
            try (var still = connection.createStatement().executeQuery("select pg_catalog.to_regclass(" + literal(table) + ")")) {
                still.next();
                if (still.getString(1) != null) {
                    update("delete from " + table + " where version::text = ?", version);
                }
            }
        }

        /** Keeps why a file failed, for --status; in the schema pgbang or, where the role may make none, beside the history. */
        void noteFailure(Migration file, String error) throws SQLException {
            if (failureTable == null) {
                failureTable = makeFailureTable();
            }
            update("insert into " + failureTable + " (history, version, error, failed_by) values (?, ?, ?, ?) on conflict (history, version)"
                    + " do update set error = excluded.error, failed_by = excluded.failed_by, failed_at = now()", schema, file.version.id(), error, whoRuns());
            connection.commit();
        }

        String makeFailureTable() throws SQLException {
            var columns = " (history text, version text, error text not null, failed_at timestamptz not null default now(), failed_by text, primary key (history, version))";
            try (var statement = connection.createStatement()) {
                statement.execute("create schema if not exists pgbang");
                statement.execute("create table if not exists pgbang.failed_migrations" + columns);
                return "pgbang.failed_migrations";
            } catch (SQLException mayNot) {
                connection.rollback();
                try (var statement = connection.createStatement()) {
                    statement.execute("create table if not exists " + quote(schema) + ".pgbang_failed_migrations" + columns);
                    return quote(schema) + ".pgbang_failed_migrations";
                }
            }
        }

        void forgetFailure(String version) throws SQLException {
            if (failures.remove(version) != null) {
                update("delete from " + failureTable + " where history = ? and version = ?", schema, version);
            }
        }

        int update(String sql, Object... values) throws SQLException {
            try (var statement = connection.prepareStatement(sql)) {
                for (int i = 0; i < values.length; i++) {
                    if (values[i] instanceof String[] names) {
                        statement.setArray(i + 1, connection.createArrayOf("text", names));
                    } else {
                        statement.setObject(i + 1, values[i], Types.OTHER); // the server knows the type of the column
                    }
                }
                return statement.executeUpdate();
            }
        }

        static String whoRuns() {
            try {
                return System.getProperty("user.name") + "@" + InetAddress.getLocalHost().getHostName();
            } catch (IOException unnamed) {
                return System.getProperty("user.name");
            }
        }

        static String quote(String name) {
            return '"' + name.replace("\"", "\"\"") + '"';
        }

        static String literal(String text) {
            return "'" + text.replace("'", "''") + "'";
        }
    }

    /** Runs a file in one transaction, its history row included: all of it, or nothing. */
    static class Engine {
        /** As the server would choose it for psql: the driver has told the server the zone of this machine, files must not depend on that. */
        static final String TIME_ZONE = """
                select coalesce((select pg_catalog.split_part(setting, '=', 2)
                    from pg_catalog.pg_db_role_setting s, pg_catalog.unnest(s.setconfig) setting
                    where s.setdatabase in (0, (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database()))
                        and s.setrole in (0, (select oid from pg_catalog.pg_roles where rolname = session_user))
                        and setting ilike 'timezone=%' order by s.setrole = 0, s.setdatabase = 0 limit 1),
                    pg_catalog.current_setting('log_timezone'))""";

        static final Set<String> TRANSACTION = Set.of("begin", "start", "commit", "end", "rollback", "abort");

        final Connection connection;
        final History history;
        final run_migrations script;
        final String timeZone;
        volatile java.sql.Statement running;

        Engine(Connection connection, History history, run_migrations script) throws SQLException {
            this.connection = connection;
            this.history = history;
            this.script = script;
            try (var zone = connection.createStatement().executeQuery(TIME_ZONE)) {
                zone.next();
                timeZone = zone.getString(1);
            }
            connection.rollback();
            Runtime.getRuntime().addShutdownHook(new Thread(this::cancel));
        }

        /** Milliseconds; -1 if another run applied it meanwhile. */
        long apply(Migration file) throws Failed {
            try {
                return inTransaction(file.path, start -> {
                    history.ensure();
                    execute("lock table " + history.table + " in share row exclusive mode");
                    if (history.has(file)) {
                        return false;
                    }
                    run(file.path);
                    history.record(file, (System.nanoTime() - start) / 1_000_000);
                    return true;
                });
            } catch (Failed e) {
                try {
                    history.noteFailure(file, e.getMessage().lines().findFirst().orElse(""));
                } catch (SQLException alsoFailed) {
                    script.detail("the failure could not be noted for --status: " + alsoFailed.getMessage());
                }
                throw e;
            }
        }

        long undo(Path down, String version) throws Failed {
            return inTransaction(down, start -> {
                execute("lock table " + history.table + " in share row exclusive mode");
                run(down);
                history.remove(version);
                return true;
            });
        }

        interface Work {
            boolean done(long startNanos) throws SQLException, Failed;
        }

        long inTransaction(Path file, Work work) throws Failed {
            var start = System.nanoTime();
            try {
                execute("select pg_catalog.set_config('TimeZone', " + History.literal(timeZone) + ", true), pg_catalog.set_config('lock_timeout',"
                        + " case pg_catalog.current_setting('lock_timeout') when '0' then '3s' else pg_catalog.current_setting('lock_timeout') end, true)");
                var done = work.done(start);
                connection.commit();
                return done ? (System.nanoTime() - start) / 1_000_000 : -1;
            } catch (SQLException e) {
                throw failure(file + ": " + explain(e, ""), e);
            } finally {
                leaveNothingBehind();
            }
        }

        /** Rolls back what is open, and undoes what the file set for the session. */
        void leaveNothingBehind() {
            try {
                connection.rollback();
                connection.setAutoCommit(true);
                execute("discard all");
                connection.setAutoCommit(false);
            } catch (SQLException lost) {
                script.detail("the connection is lost, and with it what was not committed: " + lost.getMessage());
            }
        }

        void run(Path file) throws SQLException, Failed {
            var wrapped = checkTransactions(file);
            try (var text = new Script(file)) {
                for (var statement = text.next(); statement != null; statement = text.next()) {
                    if (!wrapped || !TRANSACTION.contains(statement.words.get(0))) {
                        run(statement, text, file);
                    }
                }
            } catch (IOException e) {
                throw failure(file + " cannot be read: " + e.getMessage(), e);
            }
            execute("reset session authorization; reset role");
        }

        /** True if BEGIN and COMMIT enclose the whole file, which is what happens anyway; elsewhere they are refused. */
        boolean checkTransactions(Path file) throws Failed {
            var controls = new ArrayList<Statement>();
            var count = 0;
            var first = false;
            var last = false;
            try (var text = new Script(file)) {
                for (var statement = text.next(); statement != null; statement = text.next(), count++) {
                    last = !statement.words.isEmpty() && TRANSACTION.contains(statement.words.get(0)) && !statement.words.contains("to");
                    first |= last && count == 0;
                    if (last) {
                        controls.add(statement);
                    }
                    if (statement.copiesFromFile) {
                        text.data().transferTo(java.io.Writer.nullWriter());
                    }
                }
            } catch (IOException e) {
                throw failure(file + " cannot be read: " + e.getMessage(), e);
            }
            if (controls.isEmpty() || controls.size() == 2 && first && last) {
                return !controls.isEmpty();
            }
            var control = controls.get(0);
            throw new Failed(file + ":" + control.line + ":" + control.column + ": " + control.head() + ": a file is one transaction, and cannot begin or end others");
        }

        void run(Statement statement, Script text, Path file) throws SQLException, Failed, IOException {
            var start = System.nanoTime();
            try (var jdbc = connection.createStatement()) {
                running = jdbc;
                jdbc.setEscapeProcessing(false);
                if (statement.copiesFromFile) {
                    connection.unwrap(PGConnection.class).getCopyAPI().copyIn(statement.text, text.data());
                } else {
                    jdbc.execute(statement.text);
                }
                warn(jdbc.getWarnings(), statement, file);
            } catch (SQLException e) {
                throw locate(e, statement, file);
            } finally {
                running = null;
            }
            script.detail("%s:%d  %s  %d ms".formatted(file, statement.line, statement.head(), (System.nanoTime() - start) / 1_000_000));
        }

        void warn(SQLWarning warning, Statement statement, Path file) {
            for (; warning != null; warning = warning.getNextWarning()) {
                var text = file + ":" + statement.line + ": " + warning.getMessage();
                if (warning instanceof org.postgresql.util.PSQLWarning w && "WARNING".equals(w.getServerErrorMessage().getSeverity())) {
                    script.warn(text);
                } else {
                    script.detail(text);
                }
            }
        }

        /** The server's position (in characters of the statement) as line and column of the file, and the line itself. */
        static Failed locate(SQLException error, Statement statement, Path file) {
            var server = error instanceof PSQLException e ? e.getServerErrorMessage() : null;
            var position = server == null || server.getPosition() < 1 ? 1 : Math.min(server.getPosition(), statement.text.codePointCount(0, statement.text.length()));
            var before = statement.text.substring(0, statement.text.offsetByCodePoints(0, position - 1));
            var lineStart = before.lastIndexOf('\n') + 1;
            var line = statement.line + (int) before.chars().filter(c -> c == '\n').count();
            var column = before.codePointCount(lineStart, before.length()) + (lineStart == 0 ? statement.column : 1);
            var lineEnd = statement.text.indexOf('\n', lineStart);
            var shown = statement.text.substring(lineStart, lineEnd < 0 ? statement.text.length() : lineEnd).replace('\t', ' ').stripTrailing();
            var caret = server != null && server.getPosition() > 0 ? "\n    " + " ".repeat(before.codePointCount(lineStart, before.length())) + "^" : "";
            var failed = failure(file + ":" + line + ":" + column + ": " + explain(error, "\n    " + shown + caret), error);
            failed.json.putAll(fields("file", file.toString(), "line", line, "column", column, "sqlstate", error.getSQLState(),
                    "error", server == null ? error.getMessage() : server.getMessage()));
            return failed;
        }

        /** The server's words: message, SQLSTATE, the place, detail, hint and the innermost context. */
        static String explain(SQLException error, String place) {
            var server = error instanceof PSQLException e ? e.getServerErrorMessage() : null;
            if (server == null) {
                return error.getMessage() + " (SQLSTATE " + error.getSQLState() + ")" + place;
            }
            var more = fields("detail", server.getDetail(), "hint", server.getHint(), "context", server.getWhere() == null ? null : server.getWhere().lines().findFirst().get());
            return server.getMessage() + " (SQLSTATE " + server.getSQLState() + ")" + place
                    + more.entrySet().stream().filter(e -> e.getValue() != null).map(e -> "\n  " + e.getKey() + ": " + e.getValue()).collect(Collectors.joining());
        }

        static Failed failure(String message, Exception cause) {
            var failed = new Failed(message + "\n  rolled back: nothing of this file remains");
            failed.setStackTrace(cause.getStackTrace());
            return failed;
        }

        void execute(String sql) throws SQLException {
            try (var statement = connection.createStatement()) {
                statement.execute(sql);
            }
        }

        /** On Ctrl-C and SIGTERM the JVM ends; the server is told at once instead of finishing the statement first. */
        void cancel() {
            var statement = running;
            if (statement != null) {
                try {
                    statement.cancel();
                    script.warn("interrupted; the file under way is rolled back, what was applied before it stays");
                } catch (SQLException gone) {
                    script.warn("interrupted, and the server does not answer");
                }
            }
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
                + "(?:'(?<literal>[^']*)'|\"(?<quoted>(?:[^\"\\\\]|\\\\.)*)\"|(?<bare>[^\\r\\n]*?))[ \\t]*(?:(?<=[ \\t])#.*)?$");
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
            settings.put("connectTimeout", connectTimeout != null ? connectTimeout.toString() : settings.getProperty("connectTimeout", "10"));
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
