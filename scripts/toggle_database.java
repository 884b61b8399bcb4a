///usr/bin/env jbang "$0" "$@" ; exit $?
//JAVA 17+
//DESCRIPTION Switches an application between SQLite and PostgreSQL in its .env, and refuses where rows would be lost.
//RUNTIME_OPTIONS --enable-native-access=ALL-UNNAMED -XX:+UseSerialGC -XX:TieredStopAtLevel=1
//DEPS info.picocli:picocli:4.7.7
//DEPS org.postgresql:postgresql:42.7.14
//DEPS org.xerial:sqlite-jdbc:3.54.1.0
//DEPS org.slf4j:slf4j-nop:1.7.36
//DEPS com.google.code.gson:gson:2.15.0

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.gson.FieldNamingPolicy;
import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.net.URLDecoder;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.EnumMap;
import java.util.EnumSet;
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
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.postgresql.Driver;
import org.sqlite.SQLiteConfig;
import picocli.CommandLine;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

@Command(name = "toggle_database", mixinStandardHelpOptions = true, version = toggle_database.TOOL, sortOptions = false,
        usageHelpAutoWidth = true,
        description = {"Switches an application between SQLite and PostgreSQL: edits the settings in its .env, and no other byte of it.",
            "Before it does, it makes sure that nothing is lost: the rows are verified, and nobody has written to the side that is left "
                    + "since."},
        footer = {"", "Examples:",
            "  jbang toggle_database.java                                       # which database is active, and does each answer",
            "  jbang toggle_database.java postgres --url postgresql://app@db/app --seal",
            "  jbang toggle_database.java sqlite --unseal",
            "  jbang toggle_database.java --require-postgres && exec ./start    # SQLite is for development", "",
            "Exit code: 0 done, 1 something to act on, 2 failed or refused, 3 refused as it could not be told, 64 wrong usage."})
class toggle_database implements Callable<Integer> {
    static final String TOOL = "toggle_database 1.0";

    @Parameters(index = "0", arity = "0..1", paramLabel = "postgres|sqlite|status", converter = Action.Forgiving.class,
            description = "What to do (default: status).")
    Action action = Action.status;

    enum Action {
        postgres, sqlite, status;

        /** Also takes pg, postgresql, sqlite3, in any case. */
        static class Forgiving implements ITypeConverter<Action> {
            @Override
            public Action convert(String word) {
                return switch (word.toLowerCase(Locale.ROOT)) {
                    case "postgres", "postgresql", "pg", "pgsql" -> postgres;
                    case "sqlite", "sqlite3" -> sqlite;
                    case "status" -> status;
                    default -> throw new TypeConversionException("'" + word + "': postgres, sqlite or status");
                };
            }
        }
    }

    @ArgGroup(validate = false, heading = "%nThe settings:%n")
    Choice choice = new Choice();

    static class Choice {
        @Option(names = "--sqlite", paramLabel = "FILE", description = "The SQLite file (default: as the settings name it).")
        String sqlite;

        @Option(names = "--style", paramLabel = "STYLE", description = "${COMPLETION-CANDIDATES} (default: found out).")
        Style style;

        @Option(names = "--dialect", split = ",", paramLabel = "READER",
                description = "Who must be able to read the values: ${COMPLETION-CANDIDATES} (default: all that can read the file as it "
                + "is).")
        List<Dialect> dialects = List.of();

        @Option(names = "--create", description = "Make the .env if there is none: from .env.example, else empty.")
        boolean create;

        @Option(names = "--dry-run", description = "Check and show what would change; nothing is written.")
        boolean dryRun;
    }

    @ArgGroup(validate = false, heading = "%nWhat makes it safe:%n")
    Safety safety = new Safety();

    static class Safety {
        @Option(names = "--verify", description = "Compare both sides now, with migrate_to_postgres --verify-only.")
        boolean verify;

        @Option(names = "--seal",
                description = "After a switch to PostgreSQL: triggers in the SQLite file stop whoever still writes to it.")
        boolean seal;

        @Option(names = "--unseal", description = "Take these triggers out.")
        boolean unseal;

        @Option(names = "--dir", paramLabel = "DIR",
                description = "The folder of the migrations (default: MIGRATIONS_DIR, else ./migrations).")
        Path dir;

        @Option(names = "--force", description = "Switch although something is lost; it is named all the same.")
        boolean force;
    }

    @ArgGroup(validate = false, heading = "%nstatus:%n")
    Report report = new Report();

    static class Report {
        @Option(names = "--check",
                description = "Exit 1 if there is anything to act on, 2 if the active side does not answer, 3 if something could not be "
                + "looked at.")
        boolean check;

        @Option(names = "--require-postgres",
                description = "Only this: exit 2 unless PostgreSQL is what the settings say. No connection is made.")
        boolean requirePostgres;

        @Option(names = "--json", description = "One JSON document on stdout.")
        boolean json;

        @Option(names = {"-q", "--quiet"}, description = "Say only what is wrong.")
        boolean quiet;
    }

    @Mixin
    Database database = new Database();

    @Spec
    CommandSpec spec;

    static final Gson JSON = new GsonBuilder().setFieldNamingPolicy(FieldNamingPolicy.LOWER_CASE_WITH_UNDERSCORES).setPrettyPrinting()
            .disableHtmlEscaping().serializeNulls().create();

    final Map<String, Object> document = new LinkedHashMap<>();
    final List<String> warnings = new ArrayList<>();
    Path file;
    boolean printed;

    public static void main(String... args) {
        System.exit(new toggle_database().command().execute(args));
    }

    /** The command line; an error in it is a JSON document too if one was asked for. */
    CommandLine command() {
        var command = database.command(this).setCaseInsensitiveEnumValuesAllowed(true);
        var reports = command.getParameterExceptionHandler();
        return command.setParameterExceptionHandler((e, args) -> {
            if (Arrays.asList(args).contains("--json") && !printed) {
                print(Map.of("error", Objects.toString(e.getMessage())));
            }
            return reports.handleParseException(e, args);
        });
    }

    @Override
    public Integer call() throws Exception {
        try {
            demandSense();
            var exit = act();
            if (report.json) {
                document.put("warnings", warnings);
                document.put("exit", exit);
                print(document);
            }
            return exit;
        } catch (Exception | StackOverflowError | OutOfMemoryError e) {
            var failure = e instanceof FileSystemException file ? new Failed(reason(file), e)
                    : e instanceof Exception exception ? exception
                    : new Failed(envFile() + " is too large or too deeply quoted to be read", e);
            if (report.json) {
                document.put("error", Edited.hidden(Objects.toString(failure.getMessage())));
                print(document);
            }
            if (failure instanceof Failed failed && failed.exit != 2) {
                database.report(failed);
                return failed.exit;
            }
            throw failure;
        }
    }

    void demandSense() {
        demand(!(safety.seal && safety.unseal), "--seal and --unseal exclude each other");
        demand(!(safety.seal && action == Action.sqlite),
                "--seal is for a switch to PostgreSQL; the file that is to be written to must not be sealed");
        demand(!(safety.unseal && action == Action.postgres), "--unseal goes with a switch to SQLite, or alone");
        demand(!report.check || action == Action.status, "--check goes with status");
        demand(!report.requirePostgres || action == Action.status, "--require-postgres goes alone: it switches nothing");
    }

    int act() throws Exception {
        if (report.requirePostgres) {
            return requirePostgres();
        } else if (action == Action.status && !safety.seal && !safety.unseal) {
            return status();
        }
        demand(safety.dir == null || Files.isDirectory(safety.dir), "--dir: there is no folder " + safety.dir);
        var file = envFile();
        if (Files.exists(file) ? !Files.isRegularFile(file) : Files.isSymbolicLink(file)) {
            throw new Failed(file + (Files.isSymbolicLink(file) ? " leads to " + Files.readSymbolicLink(file) + ", which" : "")
                    + " is not an ordinary file: nothing was changed");
        }
        if (!Files.exists(file) && !choice.create) {
            throw wrong("there is no " + file + "; --create makes one"
                    + (example(file) == null ? "" : " from " + example(file).getFileName()));
        }
        try (var lock = Swap.lock(file)) {
            lock.sweep();
            return action == Action.status ? sealOnly(Env.read(file))
                    : toggle(action == Action.postgres ? Side.postgres : Side.sqlite, file);
        }
    }

    // --- switching ---

    /** Finds what the file would become, makes sure that nothing is lost by it, remembers both sides, writes. */
    int toggle(Side wanted, Path file) throws Exception {
        var env = Files.exists(file) ? Env.read(file)
                : new Env(file, example(file) == null ? "" : new String(Files.readAllBytes(example(file)), ISO_8859_1));
        var profile = Profile.read(file);
        var keys = keys(env, profile);
        var now = Config.of(keys, env.values(readers(env)), environment());
        warnOf(env, keys);
        if (now.active == wanted && !isGiven(wanted)) {
            return alreadyActive(wanted, now, env, profile);
        }
        var edited = new Switch(this, keys, env, profile).to(wanted);
        edited.verify(readers(env));
        var then = Config.of(keys, edited.env().values(readers(env)), environment());
        demand(then.active == wanted, "with " + String.join(", ", edited.changed()) + " the settings would still not say " + wanted.title);
        var checks = new Checks(this, profile);
        var sqlite = sqlite(wanted == Side.sqlite ? then : now, wanted == Side.sqlite ? now : then);
        if (wanted == Side.postgres) {
            checks.toPostgres(then, sqlite);
        } else {
            checks.toSqlite(now, sqlite);
        }
        if (now.active == wanted && !Objects.equals(now.place(), then.place())) {
            warn(wanted.title + " is active already, as " + now.place() + ": nothing was compared with what is there");
        }
        checks.say();
        document.put("switched", false);
        if (checks.refuses()) {
            throw new Failed(checks.refusal(wanted), checks.exit());
        }
        document.put("active", now.active);
        document.put("env_file", file.toString());
        document.put("style", keys.style);
        document.put("changed", edited.changed());
        if (choice.dryRun) {
            say("would switch %s to %s:%n%s", file, wanted.title, edited.difference());
            return 0;
        }
        profile.remember(keys.style, now.active == wanted.other() ? now.active : null, edited);
        write(wanted, edited, profile, checks, sqlite);
        return afterwards(wanted, keys, edited, sqlite);
    }

    /** The profile first, so that no setting is lost whatever happens; then the file, under SQLite's lock if it is sealed or unsealed. */
    void write(Side wanted, Edited edited, Profile profile, Checks checks, SqliteFile sqlite) throws Exception {
        GitIgnore.cover(Profile.of(edited.before.file), this);
        var before = profile.switched;
        profile.switched = new Profile.Switched(wanted, Instant.now().truncatedTo(ChronoUnit.SECONDS).toString(), checks.evidence);
        profile.write();
        var proof = checks.fingerprint;
        Step swap = () -> {
            document.put("written", Swap.write(edited.before, edited.after, this));
            document.put("switched", true);
            document.put("active", wanted);
        };
        try {
            if (safety.seal && sqlite != null) {
                noteSeal(profile, proof, sqlite.seal(proof, swap));
                sayUnsealed(sqlite);
            } else if (safety.unseal && sqlite != null && sqlite.exists()) {
                unseal(sqlite, profile, swap);
            } else {
                demandUnchanged(sqlite, proof);
                swap.run();
            }
        } catch (Exception e) {
            if (!Boolean.TRUE.equals(document.get("switched"))) {
                profile.switched = before; // else a way back would not know what PostgreSQL held when it was really switched to
                profile.write();
            }
            throw e;
        }
    }

    /** Counting PostgreSQL's rows may have taken long. */
    void demandUnchanged(SqliteFile sqlite, String proof) throws IOException, Failed {
        if (proof != null && !safety.force && !proof.equals(sqlite.fingerprint())) {
            throw new Failed("nothing was changed: " + sqlite.file + " was written to since it was looked at");
        }
    }

    void sayUnsealed(SqliteFile sqlite) throws SQLException {
        document.put("sealed", true);
        document.put("not_sealed", sqlite.virtual());
        if (!sqlite.virtual().isEmpty()) {
            warn("virtual tables cannot be sealed, and can still be written to: " + String.join(", ", sqlite.virtual()));
        }
    }

    int afterwards(Side wanted, Keys keys, Edited edited, SqliteFile sqlite) throws IOException {
        say("switched %s to %s: %s%s%n", edited.before.file, wanted.title, String.join(", ", edited.changed()), safety.seal
                && sqlite != null ? "; " + sqlite.file + " is sealed" : "");
        if (sqlite != null && wanted == Side.postgres) {
            var open = Processes.holding(sqlite.file);
            document.put("open_by", open.names());
            if (!open.names().isEmpty()) {
                warn(String.join(", ", open.names()) + " still " + (open.names().size() == 1 ? "has " : "have ") + sqlite.file
                        + " open: restart "
                        + (safety.seal ? "what writes to it" : "it, or it goes on writing there (--seal stops it with a message)"));
            }
        }
        var toDo = keys.style == Style.prisma && prismaDiffers(wanted, edited.before.file);
        var effective = Config.of(keys, edited.env().values(readers(edited.before)), environment()).effective();
        if (effective.active != wanted) {
            warn("the environment of this process says " + (effective.active == null ? "something else" : effective.active.title) + " ("
                    + String.join(", ", effective.overriding)
                    + "), and it wins over the file: unset it, also where the application is started");
            return 1;
        }
        return toDo ? 1 : 0;
    }

    /** Prisma takes the provider from its schema, never from the environment. */
    boolean prismaDiffers(Side wanted, Path file) throws IOException {
        var folder = file.toAbsolutePath().getParent();
        for (var schema : List.of(folder.resolve("prisma/schema.prisma"), folder.resolve("schema.prisma"))) {
            var provider = wanted == Side.sqlite ? "sqlite" : "postgresql";
            if (Files.exists(schema) && !Pattern.compile("(?m)^\\s*provider\\s*=\\s*\"" + provider + "\"").matcher(Files.readString(schema))
                    .find()) {
                warn("to do: " + schema + " names another provider than \"" + provider + "\"; change it and run prisma generate");
                return true;
            }
        }
        return false;
    }

    int alreadyActive(Side wanted, Config now, Env env, Profile profile) throws Exception {
        document.put("switched", false);
        document.put("active", wanted);
        say("%s is active already in %s%n", wanted.title, env.file);
        var overridden = now.effective();
        if (overridden.active != wanted) {
            warn("but " + String.join(", ", overridden.overriding) + " in the environment wins over the file");
            return 1;
        }
        return safety.seal || safety.unseal ? sealOnly(env) : 0;
    }

    // --- sealing ---

    /** --seal or --unseal without a switch. */
    int sealOnly(Env env) throws Exception {
        var profile = Profile.read(env.file);
        var keys = keys(env, profile);
        var now = Config.of(keys, env.values(readers(env)), environment());
        var sqlite = sqlite(now, new Switch(this, keys, env, profile).other(now));
        if (sqlite == null || !sqlite.exists()) {
            throw wrong("which SQLite file? Give --sqlite FILE");
        }
        if (safety.unseal) {
            var taken = choice.dryRun ? sqlite.seals() : unseal(sqlite, profile, () -> { });
            say("%s%s%n", choice.dryRun ? "would take out " : "", taken == 0 ? sqlite.file + " is not sealed" : taken + " triggers"
                    + (choice.dryRun ? "" : " taken out: " + sqlite.file + " can be written to again"));
            profile.write();
            document.put("sealed", choice.dryRun && taken > 0);
            return 0;
        }
        if (now.active != Side.postgres && !safety.force) {
            throw new Failed("not sealed: SQLite is what the settings in " + env.file
                    + " say, and the application could no longer write (--force)");
        }
        if (!choice.dryRun) {
            var proof = sqlite.fingerprint();
            noteSeal(profile, proof, sqlite.seal(proof, () -> { }));
            profile.write();
            sayUnsealed(sqlite);
        }
        say("%s %s%n", sqlite.file, choice.dryRun ? "would be sealed"
                : "is sealed: whoever writes to it is told that it moved to PostgreSQL");
        return 0;
    }

    int unseal(SqliteFile sqlite, Profile profile, Step switching) throws Exception {
        var taken = sqlite.seals();
        if (taken > 0) {
            var before = sqlite.fingerprint();
            noteSeal(profile, before, sqlite.unseal(before, switching));
        } else {
            switching.run();
        }
        return taken;
    }

    /** Triggers are a change of the file but not of its rows: the new fingerprint stands for the old. */
    void noteSeal(Profile profile, String before, String after) throws IOException, Failed {
        if (before != null && after != null && !after.equals(before)) {
            profile.sameRows.put(after, profile.sameRows.getOrDefault(before, before));
            profile.write();
        }
    }

    // --- the guard for start scripts ---

    int requirePostgres() throws Exception {
        var file = envFile();
        var env = Files.exists(file) ? Env.read(file) : new Env(file, "");
        var config = Config.of(keys(env, Profile.read(file)), env.values(readers(env)), environment()).effective();
        document.put("active", config.active);
        document.put("from", config.from(env));
        if (config.active == Side.postgres) {
            return 0;
        }
        throw new Failed("PostgreSQL is required, but " + (config.active == null ? "nothing says which database it is"
                : config.active.title + " is active, by " + config.from(env))
                + "\n  switch with: toggle_database postgres");
    }

    // --- what the steps have in common ---

    /** The .env; for the connection block, one that is not there (yet) is one that is not given. */
    Path envFile() {
        if (file == null) {
            file = database.envFile == null ? Path.of(".env") : database.envFile;
            database.envFile = Files.exists(file) ? database.envFile : null;
        }
        return file;
    }

    static Path example(Path file) {
        return Stream.of(".example", ".sample", ".dist", ".template").map(ending -> file.resolveSibling(file.getFileName() + ending))
                .filter(Files::isRegularFile).findFirst().orElse(null);
    }

    Map<String, String> environment() {
        return database.environment.get();
    }

    Keys keys(Env env, Profile profile) {
        var values = env.values(readers(env));
        environment().forEach((key, value) -> {
            if (!value.isBlank()) {
                values.putIfAbsent(key, value);
            }
        });
        var known = profile.style != null
                && Config.of(Keys.of(profile.style, values, profile.keys()), values, environment()).active != null;
        var styles = choice.style != null ? Set.of(choice.style) : known ? Set.of(profile.style) : Style.found(values, env.file);
        demand(styles.size() < 2, "which style? The settings look like " + styles.stream().map(Style::name)
                .collect(Collectors.joining(" and ")) + ": give --style");
        return Keys.of(styles.isEmpty() ? Style.url : styles.iterator().next(), values, profile.keys());
    }

    /** Who must read the values: by default all but those that already cannot read the file, or read it with the quotes on. */
    List<Dialect> readers(Env env) {
        if (!choice.dialects.isEmpty()) {
            return choice.dialects;
        }
        var able = Stream.of(Dialect.values()).filter(dialect -> dialect.isAtHomeIn(Env.decoded(env.text))).toList();
        return able.isEmpty() ? List.of(Dialect.values()) : able;
    }

    boolean isGiven(Side side) {
        return side == Side.postgres ? database.url != null : choice.sqlite != null;
    }

    /** The SQLite file of the first of these settings that name one; null if none does. */
    SqliteFile sqlite(Config... configs) {
        var named = choice.sqlite != null ? choice.sqlite : Stream.of(configs).filter(Objects::nonNull).map(config -> config.sqlite)
                .filter(Objects::nonNull).findFirst().orElse(null);
        return named == null ? null : SqliteFile.find(Sqlite.path(named), envFile());
    }

    /** A session on the server of these settings, without the driver's named statements, which poolers do not keep. */
    Connection connect(String url) throws SQLException, InterruptedException {
        var given = database.url;
        try {
            database.url = url;
            var connection = database.connect(false);
            connection.unwrap(org.postgresql.PGConnection.class).setPrepareThreshold(0);
            return connection;
        } finally {
            database.url = given;
        }
    }

    void warnOf(Env env, Keys keys) {
        for (var key : keys.all()) {
            var lines = env.of(key).stream().map(entry -> String.valueOf(env.line(entry.start()))).toList();
            if (lines.size() > 1) {
                warn(key + " is set " + lines.size() + " times in " + env.file + ", in lines " + String.join(", ", lines)
                        + ": all of them are switched");
            }
        }
        env.disagreements(keys.all(), readers(env)).forEach(this::warn);
        env.references(keys.all()).forEach(this::warn);
    }

    void demand(boolean met, String message) {
        if (!met) {
            throw wrong(message);
        }
    }

    ParameterException wrong(String message) {
        return new ParameterException(spec.commandLine(), message);
    }

    void warn(String message) {
        warnings.add(message);
        spec.commandLine().getErr().println("toggle_database: " + message);
    }

    void say(String format, Object... values) {
        if (!report.json && !report.quiet) {
            spec.commandLine().getOut().printf(format, values);
            spec.commandLine().getOut().flush();
        }
    }

    void print(Object what) {
        if (!printed) {
            spec.commandLine().getOut().println(JSON.toJson(what));
            spec.commandLine().getOut().flush();
            printed = true;
        }
    }

    static String reason(FileSystemException e) {
        return e.getFile() + ": " + (e instanceof NoSuchFileException ? "there is no such file" : e instanceof AccessDeniedException
                ? "no permission" : Objects.requireNonNullElse(e.getReason(), e.toString()));
    }

    static String plural(long count, String one) {
        return String.format(Locale.ROOT, "%,d %s%s", count, one, count == 1 ? "" : "s");
    }

    /** Ends the run with a message and an exit code. */
    static class Failed extends Exception {
        final int exit;

        Failed(String message) {
            this(message, 2);
        }

        Failed(String message, int exit) {
            super(message);
            this.exit = exit;
        }

        Failed(String message, Throwable cause) {
            super(message, cause);
            exit = 2;
        }
    }

    interface Step {
        void run() throws Exception;
    }

    enum Side {
        sqlite("SQLite"), postgres("PostgreSQL");

        final String title;

        Side(String title) {
            this.title = title;
        }

        Side other() {
            return this == sqlite ? postgres : sqlite;
        }
    }

    // --- the .env file ---

    /**
     * An .env file as text with one character per byte (Latin-1), so that what is not touched stays as it is, whatever its encoding and
     * line ends.
     * An entry is KEY=value with or without export; a quoted value may have several lines, a comment after it does not belong to it.
     * Each repeated group is first tried possessively, which takes no stack; what then does not fit is tried again step by step.
     */
    static final class Env {
        static final long LARGEST = 16 << 20;
        static final Pattern ENTRY =
                Pattern.compile("(?:\\A(?:\u00EF\u00BB\u00BF)?|(?<=[\\r\\n]))(?<prefix>[ \\t]*(?:export[ "
                + "\\t]+)?)(?<key>[A-Za-z_][\\w.-]*)[ \\t]*=(?:[ \\t]*+(?!#))?"
                + "(?<raw>(?:'(?:[^'\\\\]++|\\\\'|\\\\)*+'|'(?:[^'\\\\]++|\\\\'|\\\\)*'"
                + "|\"(?:[^\"\\\\]++|\\\\\"|\\\\)*+\"|\"(?:[^\"\\\\]++|\\\\\"|\\\\)*\"|`[^`]*`)(?=[ "
                        + "\\t]*(?:#[^\\r\\n]*)?(?:[\\r\\n]|\\z))"
                + "|(?:[^\\r\\n \\t]++|[ \\t]++(?![#\\r\\n]|\\z))*+)[^\\r\\n]*+(?:\\r\\n|\\r|\\n|\\z)");
        static final Pattern VARIABLE = Pattern.compile("\\$\\{(\\w+)}");

        /** A setting, and where in the text: its line or lines, and within them the value as it is written. */
        record Entry(String prefix, String key, int start, int end, int from, int to) {
        }

        final Path file;
        final String text;
        final List<Entry> entries = new ArrayList<>();

        Env(Path file, String text) {
            this.file = file;
            this.text = text;
            var entry = ENTRY.matcher(text);
            while (entry.find()) {
                entries.add(new Entry(entry.group("prefix"), entry.group("key"), entry.start("prefix"), entry.end(), entry.start("raw"),
                        entry.end("raw")));
            }
        }

        static Env read(Path file) throws IOException, Failed {
            if (Files.isDirectory(file) || Files.size(file) > LARGEST) {
                throw new Failed(file + (Files.isDirectory(file) ? " is a folder, not an .env file"
                        : " has " + plural(Files.size(file) >> 20, "megabyte") + ": that is no .env file"));
            }
            var bytes = Files.readAllBytes(file);
            if (bytes.length > 1 && (bytes[0] == -1 && bytes[1] == -2 || bytes[0] == -2 && bytes[1] == -1)) {
                throw new Failed(file + " is UTF-16, which no dotenv reader understands (PowerShell writes it with >): save it as UTF-8");
            }
            return new Env(file, new String(bytes, ISO_8859_1));
        }

        List<Entry> of(String key) {
            return entries.stream().filter(entry -> entry.key.equals(key)).toList();
        }

        String raw(Entry entry) {
            return text.substring(entry.from, entry.to);
        }

        int line(int offset) {
            return 1 + (int) Pattern.compile("\\r\\n|\\r|\\n").matcher(text.substring(0, offset)).results().count();
        }

        /** As most readers of the list see them: the last of several wins; ${NAME} of the file is put in, but not in single quotes. */
        Map<String, String> values(Collection<Dialect> dialects) {
            var read = dialects.stream().map(dialect -> dialect.read(decoded(text))).filter(Objects::nonNull).toList();
            var values = new LinkedHashMap<String, String>();
            for (var entry : entries) {
                var seen = read.stream().map(all -> all.get(entry.key)).filter(Objects::nonNull)
                        .collect(Collectors.groupingBy(value -> value, LinkedHashMap::new, Collectors.counting()));
                var raw = decoded(raw(entry));
                var value = seen.isEmpty() ? raw : Collections.max(seen.entrySet(), Map.Entry.comparingByValue()).getKey();
                values.put(entry.key, raw.startsWith("'") ? value : VARIABLE.matcher(value)
                        .replaceAll(name -> Matcher.quoteReplacement(values.getOrDefault(name.group(1), name.group()))));
            }
            return values;
        }

        /** Settings that dotenv readers do not read alike, as the file stands. */
        List<String> disagreements(Collection<String> keys, Collection<Dialect> dialects) {
            var read = new EnumMap<Dialect, Map<String, String>>(Dialect.class);
            dialects.forEach(dialect -> read.put(dialect, Objects.requireNonNullElse(dialect.read(decoded(text)), Map.of())));
            return keys.stream().filter(key -> !of(key).isEmpty() && read.values().stream().map(values -> values.get(key)).distinct()
                    .count() > 1)
                    .map(key -> "dotenv readers do not agree on " + key + " (line " + line(of(key).get(0).start) + "): "
                            + read.entrySet().stream()
                                    .collect(Collectors.groupingBy(e -> Objects.toString(e.getValue().get(key)), LinkedHashMap::new,
                                    Collectors.mapping(e -> e.getKey().name(), Collectors.joining(" and ")))).values().stream()
                                            .collect(Collectors.joining(" read it so, ")) + " otherwise")
                    .toList();
        }

        /** Other settings that are made of these change their meaning with them. */
        List<String> references(Collection<String> keys) {
            return entries.stream().filter(entry -> !keys.contains(entry.key) && !raw(entry).startsWith("'"))
                    .flatMap(entry -> VARIABLE.matcher(raw(entry)).results().map(name -> name.group(1)).filter(keys::contains).distinct()
                            .map(name -> entry.key + " (line " + line(entry.start) + ") is made of ${" + name + "}, and changes with it"))
                    .toList();
        }

        String lineEnd() {
            var end = Pattern.compile("\\r\\n|\\r|\\n").matcher(text);
            return end.find() ? end.group() : "\n";
        }

        /**
         * The text with other values. A key that occurs several times takes one value after the other, then the last again; a missing one
         * is put after the last of its family, or where the first of those that are removed was, or at the end.
         */
        Edited with(Map<String, List<String>> raws, Set<String> removed, Set<String> family) {
            var edits = new TreeMap<Integer, Edit>();
            var counts = new TreeMap<String, Integer>();
            Entry last = null;
            Entry gone = null;
            for (var entry : entries) {
                var wanted = raws.get(entry.key);
                if (wanted != null) {
                    var raw = wanted.get(Math.min(counts.merge(entry.key, 1, Integer::sum), wanted.size()) - 1);
                    if (!raw.equals(raw(entry))) {
                        edits.put(entry.from, new Edit(entry.from, entry.to - entry.from, raw));
                    }
                    last = entry;
                } else if (removed.contains(entry.key)) {
                    edits.put(entry.start, new Edit(entry.start, entry.end - entry.start, ""));
                    gone = gone == null ? entry : gone;
                } else if (family.contains(entry.key)) {
                    last = entry;
                }
            }
            var missing = raws.entrySet().stream().filter(wanted -> !counts.containsKey(wanted.getKey())).toList();
            if (!missing.isEmpty()) {
                insert(edits, missing, last, gone);
            }
            return new Edited(this, List.copyOf(edits.values()));
        }

        private void insert(Map<Integer, Edit> edits, List<Map.Entry<String, List<String>>> missing, Entry last, Entry gone) {
            var anchor = last != null ? last : gone;
            var at = last != null ? last.end : gone != null ? gone.start : text.length();
            var prefix = anchor == null ? "" : anchor.prefix;
            var lines = missing.stream().flatMap(wanted -> wanted.getValue().stream().map(raw -> prefix + wanted.getKey() + "=" + raw))
                    .collect(Collectors.joining(lineEnd()));
            var isOpen = at > 0 && last != gone && !"\r\n".contains(text.substring(at - 1, at)) && !text.substring(0, at)
                    .equals("\u00EF\u00BB\u00BF");
            var old = edits.get(at);
            var ends = old != null && at + old.length == text.length() && !text.matches("(?s).*[\\r\\n]");
            var piece = isOpen ? lineEnd() + lines : ends ? lines : lines + lineEnd();
            edits.put(at, old == null ? new Edit(at, 0, piece) : new Edit(at, old.length, piece + old.put));
        }

        static String decoded(String latin) {
            return new String(latin.getBytes(ISO_8859_1), UTF_8);
        }

        static String encoded(String text) {
            return new String(text.getBytes(UTF_8), ISO_8859_1);
        }
    }

    /** Put something in the place of so many characters. */
    record Edit(int at, int length, String put) {
        static String apply(String text, List<Edit> edits) {
            var result = new StringBuilder(text);
            for (var i = edits.size() - 1; i >= 0; i--) {
                result.replace(edits.get(i).at, edits.get(i).at + edits.get(i).length, edits.get(i).put);
            }
            return result.toString();
        }

        /** What leads from the edited text back to this one. */
        static List<Edit> reverse(String text, List<Edit> edits) {
            var back = new ArrayList<Edit>();
            var shift = 0;
            for (var edit : edits) {
                back.add(new Edit(edit.at + shift, edit.put.length(), text.substring(edit.at, edit.at + edit.length)));
                shift += edit.put.length() - edit.length;
            }
            return back;
        }
    }

    /** A file before and after, and the way back. */
    static final class Edited {
        final Env before;
        final List<Edit> edits;
        final String after;
        final Set<String> own = new LinkedHashSet<>();
        final Map<String, String> meant = new LinkedHashMap<>();

        Edited(Env before, List<Edit> edits) {
            this.before = before;
            this.edits = edits;
            after = Edit.apply(before.text, edits);
        }

        Env env() {
            return new Env(before.file, after);
        }

        /** Every reader that understands the file must read what is meant, and all else as before. */
        void verify(Collection<Dialect> dialects) throws Failed {
            for (var dialect : dialects) {
                var old = dialect.read(Env.decoded(before.text));
                var young = dialect.read(Env.decoded(after));
                if (old == null) {
                    continue;
                }
                var wrong = young == null ? List.of("the whole file") : Stream.concat(old.keySet().stream(), young.keySet().stream())
                        .distinct()
                        .filter(key -> !Objects.equals(own.contains(key) ? meant.getOrDefault(key, young.get(key)) : old.get(key),
                                young.get(key))).toList();
                if (!wrong.isEmpty()) {
                    throw new Failed("nothing was written: the " + dialect + " reader would misread " + wrong.stream().map(Object::toString)
                            .collect(Collectors.joining(", "))
                            + " afterwards; look for an open quote, or name the readers that matter by --dialect");
                }
            }
        }

        /** The settings that are not as before. */
        List<String> changed() {
            var old = before.values(List.of(Dialect.values()));
            var young = env().values(List.of(Dialect.values()));
            return own.stream().filter(key -> !Objects.equals(old.get(key), young.get(key))).toList();
        }

        /** The lines that go and come, with passwords hidden. */
        String difference() {
            var lines = new StringBuilder();
            var old = before.text.split("(?<=\\n)");
            var young = Arrays.asList(after.split("(?<=\\n)"));
            Stream.of(old).filter(line -> !young.contains(line)).forEach(line -> lines.append("- ").append(masked(line)));
            young.stream().filter(line -> !Arrays.asList(old).contains(line)).forEach(line -> lines.append("+ ").append(masked(line)));
            return lines.toString();
        }

        /** Without the userinfo of URLs, whatever characters somebody has put into a password. */
        static String hidden(String text) {
            return text.replaceAll("://.*@", "://***@");
        }

        static String masked(String line) {
            return hidden(Env.decoded(line).stripTrailing())
                    .replaceAll("(?i)([?&]password=)[^&\\s'\"]*", "$1***")
                    .replaceFirst("(?i)^(\\s*(?:export\\s+)?\\w*(?:pass|pwd|secret|token|key)\\w*\\s*=).*", "$1***") + "\n";
        }
    }

    /**
     * How three families of dotenv readers understand a file, so that a value can be written as all of them read it. Each was told from the
     * reader's source.
     */
    enum Dialect {
        /**
         * dotenv-java 3.2.0, DotenvParser: line by line, no export, single quotes stay, a # ends what is not quoted, anything else is an
         * error.
         */
        java {
            @Override
            Map<String, String> read(String text) {
                var values = new LinkedHashMap<String, String>();
                var entry = "";
                for (var line : text.replaceFirst("(\\r\\n|\\r|\\n)\\z", "").split("\\r\\n|\\r|\\n", -1)) {
                    if (entry.isEmpty() && (line.isBlank() || line.startsWith("#") || line.startsWith("////"))) {
                        continue;
                    }
                    entry += line;
                    var part = JAVA.matcher(entry);
                    if (!part.matches()) {
                        return null;
                    }
                    var value = part.group(2);
                    if (value.startsWith("\"") && !value.endsWith("\"")) {
                        entry += "\n";
                        continue;
                    }
                    var trimmed = value.trim();
                    if (trimmed.endsWith("\"") && !(trimmed.length() > 1 && trimmed.startsWith("\"") && !INNER_QUOTE.matcher(trimmed)
                            .find())) {
                        return null;
                    }
                    values.put(part.group(1), trimmed.startsWith("\"") && trimmed.length() > 1 ? trimmed.substring(1, trimmed.length() - 1)
                            : trimmed);
                    entry = "";
                }
                return values;
            }
        },
        /** npm dotenv (16 to 18), lib/main.js: three kinds of quotes, \n and \r in double ones, a # ends what is not quoted. */
        node {
            @Override
            Map<String, String> read(String text) {
                var values = new LinkedHashMap<String, String>();
                var entry = NODE.matcher(text.replaceAll("\\r\\n?", "\n"));
                while (entry.find()) {
                    var value = Objects.toString(entry.group(2), "").replaceAll("^" + SPACE + "+|" + SPACE + "+\\z", "");
                    var isDouble = value.startsWith("\"");
                    value = value.replaceAll("(?ms)^(['\"`])(.*)\\1$", "$2");
                    values.put(entry.group(1), isDouble ? value.replace("\\n", "\n").replace("\\r", "\r") : value);
                }
                return values;
            }
        },
        /**
         * python-dotenv 1.2, parser.py: escapes in both kinds of quotes, a comment needs a blank before it, a line that it does not
         * understand is skipped; ${NAME} everywhere.
         */
        python {
            @Override
            Map<String, String> read(String text) {
                var values = new LinkedHashMap<String, String>();
                var lines = text.replaceAll("\\r\\n?", "\n"); // Python reads text files so
                var entry = PYTHON.matcher(lines);
                for (var at = 0; at < lines.length();) {
                    entry.region(at, lines.length());
                    if (!entry.lookingAt()) {
                        at = lines.length();
                    } else {
                        at = entry.end();
                        if (entry.group("key") != null && entry.group("value") != null && entry.group("end") != null) {
                            values.put(entry.group("key").replaceFirst("(?s)^'(.*)'$", "$1"), unquoted(entry.group("value")));
                        }
                    }
                }
                return values;
            }

            private String unquoted(String raw) {
                if (!raw.startsWith("'") && !raw.startsWith("\"")) {
                    return raw.replaceFirst("\\s+#.*", "").stripTrailing();
                }
                var escapes = Pattern.compile(raw.startsWith("'") ? "\\\\([\\\\'])" : "\\\\([\\\\'\"abfnrtv])");
                return escapes.matcher(raw.substring(1, raw.length() - 1)).replaceAll(found -> {
                    var special = "abfnrtv".indexOf(found.group(1));
                    return Matcher.quoteReplacement(special < 0 ? found.group(1)
                            : "\u0007\b\f\n\r\t\u000B".substring(special, special + 1));
                });
            }
        };

        private static final Pattern JAVA = Pattern.compile("^\\s*([\\w.\\-]+)\\s*=\\s*('[^']*'|\"[^\"]*\"|[^#]*)?\\s*(#.*)?$");
        private static final Pattern INNER_QUOTE = Pattern.compile("(?<=.)(?<!\\\\)\"(?=.)", Pattern.DOTALL);
        /** What \s is in JavaScript. */
        private static final String SPACE = "[\\s\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\ufeff]";
        private static final Pattern NODE = Pattern.compile("^" + SPACE + "*(?:export" + SPACE + "+)?([\\w.-]+)(?:" + SPACE + "*=" + SPACE
                + "*?|:" + SPACE + "+?)("
                + Stream.of("'", "\"", "`").flatMap(quote -> Stream.of("+", "").map(kind -> SPACE + "*" + quote + "(?:[^" + quote
                        + "\\\\]++|\\\\" + quote + "|\\\\)*" + kind + quote + "|")).collect(Collectors.joining())
                + "[^#\\n]+)?" + SPACE + "*(?:#.*)?$", Pattern.MULTILINE | Pattern.UNIX_LINES);
        /** Each part is taken as far as it goes and never given back; what then does not end the line makes the rest of it void. */
        private static final Pattern PYTHON =
                Pattern.compile("(?>\\s*)(?>(?:export[^\\S\\r\\n]+)?)(?>(?:(?<key>'[^']+'|(?!')[^=#\\s]+)(?>[^\\S\\r\\n]*)"
                + "(?>(?:=(?>[^\\S\\r\\n]*)(?<value>'(?:[^'\\\\]++|\\\\'|\\\\)*+'|'(?:[^'\\\\]++|\\\\'|\\\\)*'|"
                + "\"(?:[^\"\\\\]++|\\\\\"|\\\\)*+\"|\"(?:[^\"\\\\]++|\\\\\"|\\\\)*\"|(?!['\"])[^\\r\\n]*)?)?))?)"
                + "(?>(?:[^\\S\\r\\n]*#[^\\r\\n]*)?)(?:(?<end>(?>[^\\S\\r\\n]*)(?:\\r\\n|\\n|\\r|\\z))|[^\\r\\n]*(?:\\r\\n|\\n|\\r)?)",
                        Pattern.UNICODE_CHARACTER_CLASS);

        /** What the reader makes of a file, before it puts in ${NAME}; null if it refuses the file. */
        abstract Map<String, String> read(String text);

        /** Files with export or single quotes are not written for dotenv-java, nor settings behind a byte order mark for python-dotenv. */
        boolean isAtHomeIn(String text) {
            var values = read(text);
            return values != null && values.keySet().stream().noneMatch(key -> key.startsWith("\uFEFF"))
                    && values.values().stream().noneMatch(value -> value.length() > 1 && value.startsWith("'") && value.endsWith("'"));
        }

        /** Whether it reads KEY=raw as this value. */
        boolean reads(String raw, String value) {
            return Map.of("KEY", value).equals(read("KEY=" + raw + "\n")) && Map.of("KEY", value)
                    .equals(read("KEY=" + raw + " # it's \"so\"\n"))
                    && !(this == python && value.contains("${"));
        }

        /** The value as all these readers read it, in the quotes that were there if possible. */
        static String write(String key, String value, String like, Collection<Dialect> readers) throws Failed {
            var quoted = "'" + value + "'";
            var doubled = "\"" + value + "\"";
            var ways = new ArrayList<>(List.of(value, doubled, quoted, "\"" + value.replace("\\", "\\\\").replace("\"", "\\\"") + "\"",
                    "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'", "`" + value + "`"));
            if (!like.isEmpty() && "'\"`".contains(like.substring(0, 1))) {
                ways.add(0, like.charAt(0) + value + like.charAt(0));
            }
            for (var way : ways) {
                if (value.indexOf('\n') < 0 && value.indexOf('\r') < 0 && readers.stream().allMatch(reader -> reader.reads(way, value))) {
                    return way;
                }
            }
            var able = EnumSet.allOf(Dialect.class).stream().filter(reader -> ways.stream().anyMatch(way -> reader.reads(way, value)))
                    .toList();
            throw new Failed("nothing was written: " + key + " has a value that " + (readers.size() == 1 ? "" : "not all of ")
                    + readers.stream().map(Dialect::name).collect(Collectors.joining(", "))
                    + (readers.size() == 1 ? " cannot read in any way of quoting" : " can read in the same way of quoting")
                            + (able.isEmpty() || able.containsAll(readers) && readers.size() == 1 ? ""
                            : "\n  " + able.stream().map(reader -> "--dialect " + reader).collect(Collectors.joining(" or "))
                                    + " writes it for that reader alone; a DATABASE_URL can hold every character"));
        }
    }

    // --- the settings in it ---

    /** How an application is told where its database is. */
    enum Style {
        url, prisma, rails, spring, postgres, laravel, django;

        static final List<String> URLS = List.of("DATABASE_URL", "DATABASE_URI", "SQLALCHEMY_DATABASE_URI", "SQLALCHEMY_DATABASE_URL",
                "DB_URL");
        static final List<String> SQLITE_PATHS = List.of("SQLITE_DB_PATH", "SQLITE_PATH", "SQLITE_FILE", "SQLITE_DATABASE",
                "DATABASE_PATH", "DB_PATH");
        static final List<String> SELECTORS = List.of("DB_TYPE", "DATABASE_TYPE", "DB_BACKEND", "DATABASE_BACKEND", "DB_DIALECT",
                "DB_CLIENT", "DB_DRIVER", "DB_ENGINE", "DATABASE_ENGINE");
        static final Pattern ENGINE = Pattern.compile("(DB|SQL|DATABASE|DJANGO_DB)_ENGINE");

        /**
         * What the settings look like; a framework's own variables say more than DATABASE_URL, and that more than POSTGRES_*, which may be
         * the server container's.
         */
        static Set<Style> found(Map<String, String> values, Path file) {
            var found = new TreeSet<Style>();
            if (values.containsKey("SPRING_DATASOURCE_URL")) {
                found.add(spring);
            }
            if (values.getOrDefault("DB_CONNECTION", "").matches("sqlite|pgsql")) {
                found.add(laravel);
            }
            if (values.entrySet().stream().anyMatch(e -> ENGINE.matcher(e.getKey()).matches() && e.getValue().contains("backends"))) {
                found.add(django);
            }
            if (Stream.of("DB_ADAPTER", "DATABASE_ADAPTER").anyMatch(key -> Keys.side(values.get(key)) != null)) {
                found.add(rails);
            }
            URLS.stream().filter(values::containsKey).findFirst().filter(key -> found.isEmpty())
                    .ifPresent(key -> found.add(ofUrl(values.get(key), file.toAbsolutePath().getParent())));
            if (found.isEmpty() && Stream.concat(SQLITE_PATHS.stream(), Stream.of("POSTGRES_HOST", "POSTGRES_DB", "PGHOST", "PGDATABASE"))
                    .anyMatch(values::containsKey)) {
                found.add(postgres);
            }
            return found;
        }

        private static Style ofUrl(String value, Path folder) {
            return value.startsWith("file:") || Stream.of("prisma/schema.prisma", "schema.prisma")
                    .anyMatch(name -> Files.exists(folder.resolve(name))) ? prisma
                    : value.startsWith("sqlite3:") || Files.exists(folder.resolve("config/database.yml")) ? rails : url;
        }
    }

    /** The variables of a style, by the names that they have in this file. */
    static final class Keys {
        final Style style;
        private final Set<String> known;
        String url;
        List<String> moreUrls = List.of();
        String selector;
        String host;
        String port;
        String name;
        String user;
        String password;
        String path;
        /** Spring's driver class and dialects, which follow the URL. */
        List<String> classes = List.of();

        private Keys(Style style, Set<String> known) {
            this.style = style;
            this.known = known;
        }

        static Keys of(Style style, Map<String, String> values, Set<String> remembered) {
            var known = new LinkedHashSet<>(values.keySet());
            known.addAll(remembered);
            var keys = new Keys(style, known);
            switch (style) {
                case url -> keys.url = keys.one(Style.URLS);
                case prisma -> keys.url("DATABASE_URL", "DIRECT_URL");
                case spring -> keys.spring();
                case rails -> keys.rails();
                case laravel -> keys.laravel();
                case django -> keys.parts(known.stream().filter(key -> Style.ENGINE.matcher(key).matches()).findFirst().orElse("DB_ENGINE")
                        .replace("ENGINE", ""), "ENGINE", List.of("NAME", "DATABASE", "DB"), List.of("USER", "USERNAME"));
                case postgres -> keys.postgres(values);
            }
            return keys;
        }

        private void url(String main, String... more) {
            url = main;
            moreUrls = Stream.of(more).filter(known::contains).toList();
        }

        private void spring() {
            url = "SPRING_DATASOURCE_URL";
            user = "SPRING_DATASOURCE_USERNAME";
            password = "SPRING_DATASOURCE_PASSWORD";
            classes = Stream.of("SPRING_DATASOURCE_DRIVER_CLASS_NAME", "SPRING_DATASOURCE_DRIVERCLASSNAME", "SPRING_JPA_DATABASE_PLATFORM",
                    "SPRING_JPA_PROPERTIES_HIBERNATE_DIALECT")
                    .filter(known::contains).toList();
        }

        private void rails() {
            var adapter = Stream.of("DB_ADAPTER", "DATABASE_ADAPTER").filter(known::contains).findFirst();
            if (adapter.isEmpty()) {
                url = "DATABASE_URL";
            } else {
                parts(adapter.get().replace("ADAPTER", ""), "ADAPTER", List.of("DATABASE", "NAME"), List.of("USERNAME", "USER"));
            }
        }

        private void laravel() {
            parts("DB_", "CONNECTION", List.of("DATABASE"), List.of("USERNAME"));
            moreUrls = Stream.of("DB_URL", "DATABASE_URL").filter(known::contains).toList();
        }

        private void postgres(Map<String, String> values) {
            if (known.stream().noneMatch(key -> key.startsWith("POSTGRES_"))
                    && known.stream().anyMatch(key -> key.matches("PGHOST|PGDATABASE"))) {
                host = "PGHOST";
                port = "PGPORT";
                name = "PGDATABASE";
                user = "PGUSER";
                password = "PGPASSWORD";
            } else {
                parts("POSTGRES_", null, List.of("DB", "DATABASE", "NAME"), List.of("USER", "USERNAME"));
            }
            path = one(Style.SQLITE_PATHS);
            selector = Style.SELECTORS.stream().filter(key -> side(values.get(key)) != null).findFirst().orElse(null);
        }

        private void parts(String prefix, String selects, List<String> names, List<String> users) {
            selector = selects == null ? null : prefix + selects;
            host = prefix + "HOST";
            port = prefix + "PORT";
            name = one(names.stream().map(ending -> prefix + ending).toList());
            user = one(users.stream().map(ending -> prefix + ending).toList());
            password = one(Stream.of("PASSWORD", "PASS", "PASSWD").map(ending -> prefix + ending).toList());
            path = name;
        }

        private String one(List<String> names) {
            return names.stream().filter(known::contains).findFirst().orElse(names.get(0));
        }

        /** All that may change. */
        Set<String> all() {
            return Stream.concat(Stream.of(url, selector, host, port, name, user, password, path).filter(Objects::nonNull),
                    Stream.concat(moreUrls.stream(), classes.stream()))
                    .collect(Collectors.toCollection(LinkedHashSet::new));
        }

        /** Only POSTGRES_*: it is their presence that chooses PostgreSQL. */
        boolean choosesByPresence() {
            return url == null && selector == null;
        }

        /** What a URL, an adapter, an engine or a connection name says. */
        static Side side(String value) {
            var word = Objects.toString(value, "").strip().toLowerCase(Locale.ROOT)
                    .replaceFirst("(?s)^([a-z][a-z0-9+.:-]+:)//.*", "$1"); // hosts and databases may have any name
            return word.contains("sqlite") || word.contains("spatialite") || word.startsWith("file:") ? Side.sqlite
                    : word.matches("(?s)(jdbc:)?(postgres(ql)?|psql|pgsql|postgis)(\\+\\w+)?:.*|.*(postg(res|is)|psycopg).*|pg|pgsql|psql")
                            ? Side.postgres : null;
        }

        /** The selector's word for the other side, in the same manner. */
        String select(String word, Side wanted) {
            var isGis = word.matches(".*(gis|spatialite).*");
            return switch (style) {
                case laravel -> wanted == Side.sqlite ? "sqlite" : "pgsql";
                case rails -> wanted == Side.sqlite ? "sqlite3" : "postgresql";
                case django -> wanted == Side.sqlite ? (word.isEmpty() ? "django.db.backends." : word.replaceFirst("[a-z0-9_]*$", ""))
                        + (isGis ? "spatialite" : "sqlite3")
                        : (word.isEmpty() ? "django.db.backends." : word.replaceFirst("[a-z0-9_]*$", ""))
                                + (isGis ? "postgis" : "postgresql");
                default -> wanted == Side.sqlite ? "sqlite" : selector.equals("DB_CLIENT") ? "pg" : selector.endsWith("ENGINE")
                        ? "postgresql" : "postgres";
            };
        }
    }

    /** What the settings say: which side is active, and where both are as far as they tell. */
    static final class Config {
        final Keys keys;
        final Map<String, String> values;
        final Map<String, String> environment;
        Side active;
        /** postgresql://..., every part percent-encoded. */
        String postgres;
        String sqlite;
        /** Variables of the environment that stand in for the file's. */
        List<String> overriding = List.of();

        private Config(Keys keys, Map<String, String> values, Map<String, String> environment) {
            this.keys = keys;
            this.values = new LinkedHashMap<>(values);
            this.environment = environment;
            this.values.replaceAll((key, value) -> Env.VARIABLE.matcher(value)
                    .replaceAll(name -> Matcher.quoteReplacement(environment.getOrDefault(name.group(1), name.group()))));
        }

        static Config of(Keys keys, Map<String, String> values, Map<String, String> environment) {
            var config = new Config(keys, values, environment);
            config.understand();
            return config;
        }

        /** The same with what the environment overrides: dotenv readers never replace a variable that is there. */
        Config effective() {
            var all = new LinkedHashMap<>(values);
            var over = keys.all().stream().filter(key -> !environment.getOrDefault(key, "").isBlank()).toList();
            over.forEach(key -> all.put(key, environment.get(key)));
            var effective = of(keys, all, environment);
            effective.overriding = over;
            return effective;
        }

        /** Where the active side is, whoever logs in. */
        String place() {
            return active == Side.postgres ? Address.of(postgres).hosts() + "/" + Address.of(postgres).name() : String.valueOf(sqlite);
        }

        private void understand() {
            if (keys.url != null && !at(keys.url).isBlank()) {
                active = Keys.side(at(keys.url));
                sqlite = active == Side.sqlite ? at(keys.url) : null;
                postgres = active == Side.postgres ? Address.of(at(keys.url)).with(at(keys.user), at(keys.password)).url() : null;
            } else if (keys.selector != null && !at(keys.selector).isBlank()) {
                active = Keys.side(at(keys.selector));
            } else if (keys.choosesByPresence()) {
                active = !at(keys.host).isBlank() || !at(keys.name).isBlank() ? Side.postgres : at(keys.path).isBlank() ? null
                        : Side.sqlite;
            }
            if (keys.url == null) {
                var url = keys.moreUrls.stream().map(this::at).filter(value -> Keys.side(value) == Side.postgres).findFirst();
                postgres = active == Side.postgres && url.isPresent() ? Address.of(url.get()).url()
                        : active == Side.postgres || !keys.path.equals(keys.name) && !at(keys.host).isBlank()
                                ? Address.of(at(keys.host), at(keys.port), at(keys.name), at(keys.user), at(keys.password)).url() : null;
                sqlite = active == Side.sqlite || !keys.path.equals(keys.name) ? at(keys.path).isBlank() ? null : at(keys.path) : null;
            }
            if (active == Side.sqlite && sqlite == null && keys.style == Style.laravel) {
                sqlite = "database/database.sqlite";
            }
        }

        String at(String key) {
            return key == null ? "" : values.getOrDefault(key, "");
        }

        /** Where the active side is said: by a line of the file or by a variable of the environment. */
        String from(Env env) {
            var decides = Stream.of(keys.url, keys.selector, keys.host, keys.name, keys.path).filter(key -> !at(key).isBlank()).findFirst();
            return decides.isEmpty() ? null : overriding.contains(decides.get()) ? decides.get() + " in the environment"
                    : env.of(decides.get()).isEmpty() ? null : env.file + " line "
                            + env.line(env.of(decides.get()).get(env.of(decides.get()).size() - 1).start) + ", " + decides.get();
        }
    }

    /** The parts of a PostgreSQL URL, decoded; hosts with ports as one text, the query as it was. */
    record Address(String scheme, String user, String password, String hosts, String name, String query) {
        static final Pattern URL =
                Pattern.compile("(?:jdbc:)?(?<scheme>[a-zA-Z][\\w+.-]*)://(?:(?<user>[^:@/?]*)(?::(?<password>[^/]*|(?!\\d*/)[^?]*))?@)?"
                + "(?<hosts>[^/?@]*)(?:/(?<name>[^?]*))?(?:\\?(?<query>.*))?", Pattern.DOTALL);

        static Address of(String url) {
            var part = URL.matcher(url.strip());
            if (!part.matches()) {
                return new Address("postgresql", "", "", url.replaceAll(".*[@/]", ""), "", "");
            }
            var query = Objects.toString(part.group("query"), "");
            var inQuery = Pattern.compile("(?:^|&)(user|password)=([^&]*)").matcher(query).results()
                    .collect(Collectors.toMap(pair -> pair.group(1), pair -> decode(pair.group(2)), (a, b) -> b));
            return new Address(part.group("scheme"), decode(part.group("user")), decode(part.group("password")), part.group("hosts"),
                    decode(part.group("name")),
                    query.replaceAll("(^|&)(user|password)=[^&]*", "").replaceFirst("^&", ""))
                            .with(inQuery.getOrDefault("user", ""), inQuery.getOrDefault("password", ""));
        }

        static Address of(String host, String port, String name, String user, String password) {
            var hosts = host.isBlank() ? "localhost" : host;
            return new Address("postgresql", user, password, port.isBlank() ? hosts : hosts.contains(":") && !hosts.startsWith("[") ? "["
                    + hosts + "]:" + port : hosts + ":" + port, name, "");
        }

        Address with(String otherUser, String otherPassword) {
            return new Address(scheme, otherUser.isBlank() ? user : otherUser, otherPassword.isBlank() ? password : otherPassword, hosts,
                    name, query);
        }

        String host() {
            return Stream.of(hosts.split(",")).map(one -> one.replaceFirst("^(\\[.*]|[^:\\[]*)(:\\d*)?$", "$1").replaceAll("[\\[\\]]", ""))
                    .collect(Collectors.joining(","));
        }

        String port() {
            return Stream.of(hosts.split(",")).map(one -> one.replaceFirst("^(\\[.*]|[^:\\[]*):?(\\d*)$", "$2"))
                    .collect(Collectors.joining(",")).replaceFirst("^,+$", "");
        }

        String url() {
            return "postgresql://" + rest();
        }

        /** All after scheme://, in characters that no dotenv reader, shell or URL parser takes for anything else. */
        String rest() {
            return (user.isEmpty() && password.isEmpty() ? "" : encode(user) + (password.isEmpty() ? "" : ":" + encode(password)) + "@")
                    + hosts + "/" + encode(name) + (query.isEmpty() ? "" : "?" + query);
        }

        String jdbc(boolean withUser) {
            var login = withUser ? Stream.of("user=" + encode(user), "password=" + encode(password)).filter(pair -> !pair.endsWith("="))
                    : Stream.<String>empty();
            var parameters = Stream.concat(login, Stream.of(query).filter(text -> !text.isEmpty())).collect(Collectors.joining("&"));
            return "jdbc:postgresql://" + hosts + "/" + encode(name) + (parameters.isEmpty() ? "" : "?" + parameters);
        }

        /** RFC 3986, 2.1 and 2.3: everything but the unreserved characters, byte by byte in UTF-8. */
        static String encode(String text) {
            var encoded = new StringBuilder();
            for (var each : text.getBytes(UTF_8)) {
                var c = (char) (each & 0xff);
                encoded.append(c < 128 && (Character.isLetterOrDigit(c) || "-._~".indexOf(c) >= 0) ? String.valueOf(c)
                        : String.format("%%%02X", (int) c));
            }
            return encoded.toString();
        }

        static String decode(String text) {
            try {
                return text == null ? "" : URLDecoder.decode(text.replace("+", "%2B"), UTF_8);
            } catch (IllegalArgumentException stray) {
                return text; // a % that is meant as it stands
            }
        }
    }

    /** What an .env becomes when the other side is chosen. */
    static final class Switch {
        final toggle_database script;
        final Keys keys;
        final Env env;
        final Profile profile;

        Switch(toggle_database script, Keys keys, Env env, Profile profile) {
            this.script = script;
            this.keys = keys;
            this.env = env;
            this.profile = profile;
        }

        /**
         * As it was when that side was active, to the byte if nobody has edited it since; else, or with new settings given, its values are
         * put in.
         */
        Edited to(Side wanted) throws Failed {
            var remembered = profile.sides.get(wanted);
            if (remembered != null && !script.isGiven(wanted)) {
                return owned(remembered.isWayBackFrom(env.text) ? new Edited(env, remembered.edits) : merged(remembered));
            }
            return rendered(wanted);
        }

        private Edited owned(Edited edited) {
            edited.own.addAll(keys.all());
            edited.own.addAll(profile.keys());
            return edited;
        }

        private Edited merged(Profile.Remembered remembered) {
            var raws = new LinkedHashMap<String, List<String>>();
            remembered.entries.forEach(entry -> raws.computeIfAbsent(entry.key(), key -> new ArrayList<>()).add(entry.raw()));
            var removed = new TreeSet<>(keys.all());
            removed.removeAll(raws.keySet());
            return owned(env.with(raws, removed, keys.all()));
        }

        private Edited rendered(Side wanted) throws Failed {
            var removed = new TreeSet<String>();
            var meant = wanted == Side.postgres ? toPostgres(address(), removed) : toSqlite(file(), removed);
            meant.entrySet().removeIf(setting -> setting.getValue().isEmpty() && env.of(setting.getKey()).isEmpty());
            var raws = new LinkedHashMap<String, List<String>>();
            var readers = script.readers(env);
            for (var setting : meant.entrySet()) {
                var there = env.of(setting.getKey()).stream().map(env::raw).toList();
                var ways = new ArrayList<String>();
                for (var like : there.isEmpty() ? List.of("") : there) {
                    ways.add(Env.encoded(Dialect.write(setting.getKey(), setting.getValue(), like, readers)));
                }
                raws.put(setting.getKey(), ways);
            }
            var edited = owned(env.with(raws, removed, keys.all()));
            edited.meant.putAll(meant);
            return edited;
        }

        /** Where PostgreSQL is: --url, or POSTGRES_* and PG* beside the settings of another style. */
        private Address address() {
            if (script.database.url != null) {
                script.demand(Keys.side(script.database.url) == Side.postgres && Address.URL.matcher(script.database.url.strip()).matches(),
                        "--url leads nowhere: postgresql://user:password@host:5432/name (special characters percent-encoded)");
                return Address.of(script.database.url);
            }
            var values = known();
            var beside = Config.of(Keys.of(Style.postgres, values, Set.of()), values, script.environment());
            script.demand(keys.style != Style.postgres && beside.postgres != null && !values.getOrDefault(beside.keys.host, "").isBlank(),
                    "where is PostgreSQL? Give it once: toggle_database postgres --url postgresql://user:password@host:5432/name; it is "
                            + "remembered");
            return Address.of(beside.postgres);
        }

        /** Where SQLite is: --sqlite, or SQLITE_DB_PATH and the like beside. */
        private String file() {
            var values = known();
            var beside = Style.SQLITE_PATHS.stream().map(values::get).filter(Objects::nonNull).filter(value -> !value.isBlank())
                    .findFirst();
            script.demand(script.choice.sqlite != null || beside.isPresent(),
                    "where is the SQLite file? Give it once: toggle_database sqlite --sqlite FILE; it is remembered");
            return Sqlite.path(script.choice.sqlite != null ? script.choice.sqlite : beside.get());
        }

        private Map<String, String> known() {
            var values = new LinkedHashMap<>(script.environment());
            values.putAll(env.values(script.readers(env)));
            return values;
        }

        private Map<String, String> toPostgres(Address address, Set<String> removed) {
            var meant = new LinkedHashMap<String, String>();
            var values = env.values(script.readers(env));
            if (keys.url != null) {
                var url = keys.style == Style.spring ? address.jdbc(false) : url(address, values.getOrDefault(keys.url, ""));
                meant.put(keys.url, url);
                keys.moreUrls.forEach(key -> meant.put(key, url));
                if (keys.style == Style.spring) {
                    meant.put(keys.user, address.user);
                    meant.put(keys.password, address.password);
                }
                keys.classes.forEach(key -> meant.put(key, key.contains("DRIVER") ? "org.postgresql.Driver"
                        : "org.hibernate.dialect.PostgreSQLDialect"));
                return meant;
            }
            if (keys.selector != null) {
                meant.put(keys.selector, keys.select(values.getOrDefault(keys.selector, ""), Side.postgres));
            }
            meant.put(keys.host, address.host());
            if (!address.port().isEmpty() || values.containsKey(keys.port)) {
                meant.put(keys.port, address.port().isEmpty() ? "5432" : address.port());
            }
            meant.put(keys.name, address.name);
            meant.put(keys.user, address.user);
            meant.put(keys.password, address.password);
            removed.addAll(keys.moreUrls);
            if (!address.query.isEmpty()) {
                script.warn("of the URL, ?" + Edited.masked(address.query).strip()
                        + " has no place in these settings: set it where the application connects");
            }
            return meant;
        }

        private Map<String, String> toSqlite(String path, Set<String> removed) {
            var meant = new LinkedHashMap<String, String>();
            var values = env.values(script.readers(env));
            if (keys.url != null) {
                var url = sqliteUrl(path, values.getOrDefault(keys.url, ""));
                meant.put(keys.url, url);
                keys.moreUrls.forEach(key -> meant.put(key, url));
                removed.addAll(Stream.of(keys.user, keys.password).filter(Objects::nonNull)
                        .toList()); // SQLite's driver would take the password for a key
                keys.classes.forEach(key -> meant.put(key, key.contains("DRIVER") ? "org.sqlite.JDBC"
                        : "org.hibernate.community.dialect.SQLiteDialect"));
                return meant;
            }
            if (keys.selector != null) {
                meant.put(keys.selector, keys.select(values.getOrDefault(keys.selector, ""), Side.sqlite));
            } else {
                removed.addAll(List.of(keys.host, keys.port, keys.name, keys.user, keys.password));
            }
            removed.addAll(keys.moreUrls);
            meant.put(keys.path, path);
            return meant;
        }

        /**
         * With the driver prefix that was there, or the one that goes with SQLite's: aiosqlite and asyncpg are both SQLAlchemy's for
         * asyncio.
         */
        private String url(Address address, String now) {
            if (now.startsWith("jdbc:")) {
                return address.jdbc(true);
            }
            var before = Keys.side(now) == Side.postgres ? now : profile.raw(Side.postgres, keys.url).replaceAll("^['\"`]", "");
            var scheme = address.scheme.contains("+") ? address.scheme : Keys.side(before) == Side.postgres && before.contains("://")
                    ? before.substring(0, before.indexOf("://"))
                    : now.startsWith("sqlite+aiosqlite:") ? "postgresql+asyncpg" : address.scheme;
            var rest = address.rest();
            return scheme + "://" + (scheme.endsWith("+asyncpg") ? rest.replaceFirst("([?&])sslmode=", "$1ssl=") : rest);
        }

        private String sqliteUrl(String path, String now) {
            var before = Keys.side(now) == Side.sqlite ? now : profile.raw(Side.sqlite, keys.url).replaceAll("^['\"`]", "");
            var prefix = Pattern.compile("^(jdbc:sqlite:|file:|sqlite3:|sqlite(\\+\\w+)?:///|spatialite:///)").matcher(before);
            return keys.style == Style.prisma ? "file:" + path : keys.style == Style.spring || now.startsWith("jdbc:") ? "jdbc:sqlite:"
                    + path : prefix.find() ? prefix.group() + path
                    : keys.style == Style.rails ? "sqlite3:" + path : now.contains("+asyncpg:") ? "sqlite+aiosqlite:///" + path
                            : "sqlite:///" + path;
        }

        /** The settings of the side that is not active, as far as they are known; null if they are not. */
        Config other(Config now) {
            var remembered = now.active == null ? null : profile.sides.get(now.active.other());
            return remembered == null ? null : Config.of(keys, merged(remembered).env().values(script.readers(env)), script.environment());
        }
    }

    // --- what is remembered, and how files are written ---

    /** Both sides' settings and what PostgreSQL held at the switch: FILE.toggle beside the .env, as JSON, readable by its owner alone. */
    static final class Profile {
        /** A setting as it was written. */
        record Raw(String key, String raw) {
        }

        /** One side's settings, and how to get back to its text from that of the other side, if its checksum is still this. */
        record Remembered(List<Raw> entries, String sha256, List<Edit> edits) {
            boolean isWayBackFrom(String text) {
                return sha256.equals(Profile.sha256(text));
            }
        }

        /** The last switch; the evidence is of PostgreSQL's rows at that moment. */
        record Switched(Side to, String at, Evidence evidence) {
        }

        transient Path file;
        Style style;
        Map<Side, Remembered> sides = new EnumMap<>(Side.class);
        Switched switched;
        /** Fingerprints of the SQLite file that differ only by the seal: the later one, and what it stands for. */
        Map<String, String> sameRows = new TreeMap<>();

        /** Where the profile of an .env is: beside the file itself, also if that is reached through a symbolic link. */
        static Path of(Path env) throws IOException {
            var real = Files.exists(env) ? env.toRealPath() : env.toAbsolutePath();
            return real.resolveSibling(real.getFileName() + ".toggle");
        }

        static Profile read(Path env) throws IOException, Failed {
            var file = of(env);
            var profile = new Profile();
            if (Files.exists(file)) {
                try {
                    profile = JSON.fromJson(Files.readString(file), Profile.class);
                } catch (JsonParseException | NullPointerException e) { // the latter for a side that there is not
                    throw new Failed(file + " is damaged (" + Objects.toString(e.getMessage(), "").lines().findFirst().orElse("")
                            + "); move it away, and give --url and --sqlite once");
                }
                if (profile == null || profile.sides == null || profile.sameRows == null || profile.sides.values().stream()
                        .anyMatch(side -> side == null || side.entries == null || side.sha256 == null || side.edits == null)) {
                    throw new Failed(file + " is not a profile of toggle_database; move it away, and give --url and --sqlite once");
                }
            }
            profile.file = file;
            return profile;
        }

        String original(String fingerprint) {
            return sameRows.getOrDefault(fingerprint, fingerprint);
        }

        Set<String> keys() {
            return sides.values().stream().flatMap(side -> side.entries.stream()).map(Raw::key)
                    .collect(Collectors.toCollection(LinkedHashSet::new));
        }

        String raw(Side side, String key) {
            return sides.containsKey(side) ? sides.get(side).entries.stream().filter(entry -> entry.key.equals(key)).map(Raw::raw)
                    .reduce("", (a, b) -> b) : "";
        }

        /** The side that is left, as it stands in the file; its settings may have been edited since they were last remembered. */
        void remember(Style used, Side left, Edited edited) {
            style = used;
            if (left != null) {
                var entries = edited.before.entries.stream().filter(entry -> edited.own.contains(entry.key()))
                        .map(entry -> new Raw(entry.key(), edited.before.raw(entry))).toList();
                sides.put(left, new Remembered(entries, sha256(edited.after), Edit.reverse(edited.before.text, edited.edits)));
            }
        }

        void write() throws IOException, Failed {
            var old = Files.exists(file) ? new String(Files.readAllBytes(file), ISO_8859_1) : null;
            Swap.write(file, old, Env.encoded(JSON.toJson(this) + "\n"), "rw-------");
            if (Swap.isPosix(file)) {
                Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
            }
        }

        static String sha256(String text) {
            return HexFormat.of().formatHex(digest().digest(text.getBytes(ISO_8859_1)));
        }

        static MessageDigest digest() {
            try {
                return MessageDigest.getInstance("SHA-256");
            } catch (NoSuchAlgorithmException e) {
                throw new IllegalStateException(e); // every Java has it
            }
        }
    }

    /**
     * Puts new text into a file so that whoever reads it, at any moment and after any crash, finds the old or the new: a temporary file
     * beside it, fsync, rename,
     * fsync of the folder. Where a rename is impossible (a single file mounted into a container: EBUSY; hard links) or would change the
     * owner, it is written in place, see InPlace.
     */
    static final class Swap {
        private Swap() {
        }

        /** Held while anything is written; what a killed run has left is cleared away under it. */
        static final class Lock implements AutoCloseable {
            final Path real;
            final Path file;
            final FileChannel channel;
            final Thread interrupted = new Thread(this::clear);

            Lock(Path real, Path file, FileChannel channel) {
                this.real = real;
                this.file = file;
                this.channel = channel;
                Runtime.getRuntime().addShutdownHook(interrupted);
            }

            void sweep() throws IOException, Failed {
                dropTemporary();
                InPlace.recover(real);
            }

            /** When a signal ends the run: what is half-done beside the file goes; the file itself is the old or the new. */
            private void clear() {
                try {
                    dropTemporary();
                    Files.deleteIfExists(file);
                } catch (IOException e) {
                    return; // the next run sweeps
                }
            }

            private void dropTemporary() throws IOException {
                try (var left = Files.newDirectoryStream(real.getParent(), escaped(real.getFileName()) + ".toggle.tmp-*")) {
                    for (var each : left) {
                        Files.deleteIfExists(each);
                    }
                }
            }

            private static String escaped(Path name) {
                return name.toString().replaceAll("[\\\\*?\\[{]", "\\\\$0");
            }

            @Override
            public void close() throws IOException {
                Files.deleteIfExists(file);
                leave();
            }

            void leave() throws IOException {
                channel.close();
                Sibling.withdraw(interrupted);
            }
        }

        static Lock lock(Path env) throws IOException, Failed {
            var real = Files.exists(env) ? env.toRealPath() : env.toAbsolutePath();
            var file = real.resolveSibling(real.getFileName() + ".toggle.lock");
            try {
                for (;;) {
                    var channel = FileChannel.open(file, Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE),
                            attributes(file.getParent(), "rw-------"));
                    if (!held(channel)) {
                        channel.close();
                        throw new Failed("another toggle_database is at work on " + env);
                    }
                    var lock = new Lock(real, file, channel);
                    try {
                        if (Files.exists(file) && isSame(file, channel)) {
                            return lock;
                        }
                        lock.leave(); // the one before has just deleted it
                    } catch (IOException e) {
                        lock.close();
                        throw new Failed("nothing was changed: nothing can be written in " + file.getParent() + " (" + e.getMessage()
                                + ")", e);
                    }
                }
            } catch (FileSystemException e) {
                throw new Failed("nothing was changed: no file can be made in " + file.getParent() + ", and without one beside it " + env
                        + " cannot be changed safely ("
                        + (e instanceof AccessDeniedException ? "no permission"
                                : Objects.requireNonNullElse(e.getReason(), "no such folder")) + ")", e);
            }
        }

        private static boolean held(FileChannel channel) throws IOException {
            try {
                FileLock lock = channel.tryLock();
                return lock != null;
            } catch (OverlappingFileLockException e) {
                return false;
            }
        }

        /** Whether the name still leads to what is locked: the size that it is given here is seen there. */
        private static boolean isSame(Path file, FileChannel channel) throws IOException {
            channel.truncate(0);
            channel.write(ByteBuffer.wrap(new byte[] {'\n'}), ThreadLocalRandom.current().nextInt(1 << 20));
            return Files.size(file) == channel.size();
        }

        static String write(Env before, String after, toggle_database script) throws IOException, Failed {
            return write(before.file, Files.exists(before.file) ? before.text : null, after, "rw-------");
        }

        /** How it was written: "renamed", "in place" or "made". The file must still be as it was read (null: not there). */
        static String write(Path file, String old, String text, String permissions) throws IOException, Failed {
            demandUnchanged(file, old);
            var real = old == null ? file.toAbsolutePath() : file.toRealPath();
            var fresh = temporary(real, text, permissions);
            try {
                demandUnchanged(file, old); // the disk may have taken its time
                if (old == null || takesAttributes(fresh, real)) {
                    Files.move(fresh, real, StandardCopyOption.ATOMIC_MOVE);
                    syncFolder(real.getParent());
                    return old == null ? "made" : "renamed";
                }
            } catch (FileSystemException e) {
                if (old == null || !Files.exists(fresh)) {
                    throw e;
                }
            } finally {
                Files.deleteIfExists(fresh);
            }
            InPlace.write(real, old, text);
            return "in place";
        }

        static void demandUnchanged(Path file, String old) throws IOException, Failed {
            if (!Objects.equals(Files.exists(file) ? new String(Files.readAllBytes(file), ISO_8859_1) : null, old)) {
                throw new Failed(file + " was changed by somebody else at this moment; nothing was written, try again");
            }
        }

        static Path temporary(Path real, String text, String permissions) throws IOException, Failed {
            var fresh = Files.createTempFile(real.getParent(), real.getFileName()
                    + (real.toString().endsWith(".toggle") ? ".tmp-" : ".toggle.tmp-"), "", attributes(real.getParent(), permissions));
            try {
                store(fresh, text);
                return fresh;
            } catch (IOException e) {
                Files.delete(fresh);
                throw new Failed("nothing was changed: cannot write beside " + real + " (" + e.getMessage().replaceFirst(".*: ", "")
                        + ")", e);
            }
        }

        static void store(Path file, String text) throws IOException {
            try (var channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                var bytes = ByteBuffer.wrap(text.getBytes(ISO_8859_1));
                while (bytes.hasRemaining()) {
                    channel.write(bytes);
                }
                channel.force(true);
            }
        }

        /**
         * Owner, group and permissions of the file that is to be replaced; false if they cannot be had, or if other names lead to that
         * file.
         */
        private static boolean takesAttributes(Path fresh, Path real) throws IOException {
            if (!isPosix(real)) {
                return true;
            }
            var wanted = Files.readAttributes(real, "unix:uid,gid,nlink,mode");
            if (!Integer.valueOf(1).equals(wanted.get("nlink"))) {
                return false;
            }
            try {
                for (var id : List.of("uid", "gid")) {
                    if (!wanted.get(id).equals(Files.getAttribute(fresh, "unix:" + id))) {
                        Files.setAttribute(fresh, "unix:" + id, wanted.get(id));
                    }
                }
                Files.setAttribute(fresh, "unix:mode", (Integer) wanted.get("mode") & 07777);
                return true;
            } catch (FileSystemException e) {
                return false;
            }
        }

        static boolean isPosix(Path file) throws IOException {
            return Files.getFileStore(file).supportsFileAttributeView("unix") || Files.getFileStore(file)
                    .supportsFileAttributeView("posix");
        }

        static FileAttribute<?>[] attributes(Path folder, String permissions) throws IOException {
            return isPosix(folder)
                    ? new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions))}
                    : new FileAttribute<?>[0];
        }

        private static void syncFolder(Path folder) throws IOException {
            if (isPosix(folder)) {
                try (var channel = FileChannel.open(folder, StandardOpenOption.READ)) {
                    channel.force(true);
                }
            }
        }
    }

    /**
     * Writing where a rename is impossible: first copies of the old and the new text beside it, read back; then the file is made as long as
     * the longer of both by line ends,
     * which mean nothing, so that the one write that follows needs no more space; then it is cut. What a killed run has left is found by
     * the copies.
     */
    static final class InPlace {
        private InPlace() {
        }

        static Path copy(Path real, String what) {
            return real.resolveSibling(real.getFileName() + ".toggle." + what);
        }

        static void write(Path real, String old, String text) throws IOException, Failed {
            for (var what : List.of("after", "before")) {
                keep(real, copy(real, what), what.equals("before") ? old : text);
            }
            try {
                Swap.demandUnchanged(real, old);
            } catch (Failed e) {
                forget(real);
                throw e;
            }
            try {
                fill(real, old, text);
            } catch (IOException e) {
                recover(real);
                throw new Failed("nothing was changed: cannot write " + real + " ("
                        + (e instanceof AccessDeniedException ? "no permission" : e.getMessage().replaceFirst(".*: ", "")) + ")", e);
            }
            if (!new String(Files.readAllBytes(real), ISO_8859_1).equals(text)) {
                throw new Failed(real + " does not hold what was written to it; the old text is in " + copy(real, "before"));
            }
            forget(real);
        }

        private static void keep(Path real, Path copy, String text) throws IOException, Failed {
            Files.move(Swap.temporary(real, text, "rw-------"), copy, StandardCopyOption.ATOMIC_MOVE);
            if (!new String(Files.readAllBytes(copy), ISO_8859_1).equals(text)) {
                throw new Failed("nothing was changed: the backup " + copy + " does not hold what was written to it");
            }
        }

        private static void fill(Path real, String old, String text) throws IOException {
            try (var channel = FileChannel.open(real, StandardOpenOption.WRITE)) {
                var longer = Math.max(old.length(), text.length());
                try {
                    put(channel, old.length(), "\n".repeat(longer - old.length()));
                } catch (IOException full) {
                    channel.truncate(old.length());
                    throw full;
                }
                put(channel, 0, text + "\n".repeat(longer - text.length()));
                channel.truncate(text.length());
                channel.force(true);
            }
        }

        private static void put(FileChannel channel, long at, String text) throws IOException {
            var bytes = ByteBuffer.wrap(text.getBytes(ISO_8859_1));
            while (bytes.hasRemaining()) {
                channel.write(bytes, at + bytes.position());
            }
            channel.force(true);
        }

        /**
         * After a run that was killed: if the file is anything between the old and the new text, the old is put back; an edited one is left
         * alone.
         */
        static void recover(Path real) throws IOException, Failed {
            var before = copy(real, "before");
            var after = copy(real, "after");
            if (!Files.exists(before)) {
                Files.deleteIfExists(after);
                return;
            }
            var old = new String(Files.readAllBytes(before), ISO_8859_1);
            var young = new String(Files.readAllBytes(after), ISO_8859_1);
            var now = new String(Files.readAllBytes(real), ISO_8859_1);
            if (!now.equals(old) && !now.equals(young)) {
                if (!isBetween(now, old, young)) {
                    throw new Failed(real + " was being written in place when a run was killed, and was edited since; compare it with "
                            + before + ", then delete that");
                }
                fill(real, now, old);
            }
            forget(real);
        }

        /** The new text as far as it was written, then what was there, then line ends. */
        private static boolean isBetween(String now, String old, String young) {
            var longer = Math.max(old.length(), young.length());
            var first = young + "\n".repeat(longer - young.length());
            var second = old + "\n".repeat(longer - old.length());
            var same = 0;
            while (same < now.length() && same < longer && now.charAt(same) == first.charAt(same)) {
                same++;
            }
            return now.length() <= longer && second.startsWith(now.substring(same), same);
        }

        private static void forget(Path real) throws IOException {
            Files.deleteIfExists(copy(real, "before"));
            Files.deleteIfExists(copy(real, "after"));
        }
    }

    /** Where there is a git repository, the profile is kept out of it by a line in .gitignore, unless git ignores it already. */
    static final class GitIgnore {
        private GitIgnore() {
        }

        /** True if no repository is there, or git ignores the file. */
        static boolean covers(Path profile) throws IOException {
            if (repository(profile) == null) {
                return true;
            }
            try {
                var git = new ProcessBuilder("git", "-C", profile.getParent().toString(), "check-ignore", "-q", "--no-index",
                        profile.getFileName().toString())
                        .redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
                if (git.waitFor(5, TimeUnit.SECONDS) && git.exitValue() < 2) {
                    return git.exitValue() == 0;
                }
                git.destroyForcibly();
            } catch (IOException | InterruptedException e) {
                Thread.interrupted(); // no git here: the lines are looked at
            }
            for (var ignore = file(profile); ignore != null && Files.exists(ignore);) {
                return lines(ignore).contains(pattern(profile));
            }
            return false;
        }

        static void cover(Path profile, toggle_database script) throws IOException, Failed {
            if (covers(profile)) {
                return;
            }
            var ignore = file(profile);
            var old = Files.exists(ignore) ? new String(Files.readAllBytes(ignore), ISO_8859_1) : null;
            var end = old == null ? "\n" : new Env(ignore, old).lineEnd();
            var isOpen = old != null && !old.isEmpty() && !old.endsWith("\n") && !old.endsWith("\r");
            Swap.write(ignore, old, Objects.toString(old, "") + (isOpen ? end : "") + Env.encoded(pattern(profile)) + end, "rw-r--r--");
            script.say("%s: added %s%n", ignore, pattern(profile));
        }

        private static List<String> lines(Path ignore) throws IOException {
            return Stream.of(new String(Files.readAllBytes(ignore), UTF_8).split("\\R")).map(String::strip).toList();
        }

        private static String pattern(Path profile) {
            return profile.getFileName() + "*";
        }

        private static Path repository(Path profile) {
            var folder = profile.getParent();
            while (folder != null && !Files.exists(folder.resolve(".git"))) {
                folder = folder.getParent();
            }
            return folder;
        }

        /** The nearest .gitignore that is there, else a new one beside the profile. */
        private static Path file(Path profile) {
            var root = repository(profile);
            for (var folder = profile.getParent(); folder.startsWith(root); folder = folder.getParent()) {
                if (Files.exists(folder.resolve(".gitignore"))) {
                    return folder.resolve(".gitignore");
                }
            }
            return profile.resolveSibling(".gitignore");
        }
    }

    /** Who has a file open, as /proc tells it (proc(5)): by device and inode, so that other mounts and containers count. */
    record Processes(List<String> names, int unseen, boolean supported) {
        static Processes holding(Path file) throws IOException {
            if (!Files.isDirectory(Path.of("/proc/self/fd")) || !Files.exists(file)) {
                return new Processes(List.of(), 0, Files.isDirectory(Path.of("/proc/self/fd")));
            }
            var wanted = new LinkedHashSet<Object>();
            for (var suffix : List.of("", "-wal", "-shm", "-journal")) {
                var part = Path.of(file + suffix);
                if (Files.exists(part)) {
                    wanted.add(Files.readAttributes(part, "unix:dev,ino"));
                }
            }
            var names = new ArrayList<String>();
            var unseen = 0;
            try (var processes = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
                for (var process : processes) {
                    var pid = process.getFileName().toString();
                    if (pid.equals(String.valueOf(ProcessHandle.current().pid()))) {
                        continue;
                    }
                    try (var open = Files.newDirectoryStream(process.resolve("fd"))) {
                        if (Stream.of(open).flatMap(all -> java.util.stream.StreamSupport.stream(all.spliterator(), false))
                                .anyMatch(fd -> isOne(fd, wanted))) {
                            names.add(Files.readString(process.resolve("comm")).strip() + " (pid " + pid + ")");
                        }
                    } catch (AccessDeniedException e) {
                        unseen++;
                    } catch (IOException | java.nio.file.DirectoryIteratorException e) {
                        continue; // it has ended
                    }
                }
            }
            return new Processes(names, unseen, true);
        }

        private static boolean isOne(Path fd, Set<Object> wanted) {
            try {
                return Files.readSymbolicLink(fd).toString().startsWith("/") && wanted.contains(Files.readAttributes(fd, "unix:dev,ino"));
            } catch (IOException e) {
                return false;
            }
        }
    }

    // --- the SQLite file ---

    /** What SQLite URLs and paths have in common. */
    static final class Sqlite {
        private Sqlite() {
        }

        /**
         * The path in sqlite:///app.db, sqlite+aiosqlite:////abs, jdbc:sqlite:app.db, sqlite3:db/app, file:./dev.db; or the text itself.
         */
        static String path(String value) {
            var path = value.replaceFirst("(?i)^(jdbc:sqlite:(file:)?(//(?=/))?|(sqlite3?|spatialite)(\\+\\w+)?:(///?)?|file:(//(?=/))?)",
                    "");
            return path.equals(value) ? path : path.replaceFirst("\\?.*$", "");
        }

        static String quote(String name) {
            return '"' + name.replace("\"", "\"\"") + '"';
        }
    }

    /** The SQLite file: what it holds, whether it was written to, and the triggers of the seal. */
    static final class SqliteFile {
        static final String SEAL = "pgbang_sealed_";
        /** SQLITE_INTERRUPT (sqlite.org/rescode.html). */
        static final int TOO_LONG = 9;

        final Path file;
        /** Another one to which the same relative path leads, from another folder; null if there is none. */
        final Path rival;

        private SqliteFile(Path file, Path rival) {
            this.file = file;
            this.rival = rival;
        }

        /** A relative path counts from the folder of the .env, Prisma's from that of its schema, or from here. */
        static SqliteFile find(String path, Path env) {
            try {
                var folder = Objects.requireNonNullElse(env.toAbsolutePath().getParent(), env.toAbsolutePath());
                var there = Stream.of(folder, folder.resolve("prisma"), Path.of("").toAbsolutePath())
                        .map(base -> base.resolve(path).normalize()).filter(Files::isRegularFile).distinct().toList();
                return new SqliteFile(there.isEmpty() ? folder.resolve(path).normalize() : there.get(0),
                        there.size() > 1 && !Files.isSameFile(there.get(0), there.get(1)) ? there.get(1) : null);
            } catch (InvalidPathException | IOException e) {
                return new SqliteFile(env.toAbsolutePath().resolveSibling("-"), null);
            }
        }

        /** No application can have it there: SQLite makes no folder, and $NAME, %20 and bytes that are no UTF-8 were meant otherwise. */
        boolean isElsewhere() {
            return !Files.isDirectory(file.getParent()) || file.toString().matches("(?s).*[$%\uFFFD].*");
        }

        String which() {
            return "which file is it? " + file + " and " + rival + " both could be meant";
        }

        boolean exists() {
            return Files.isRegularFile(file);
        }

        private Connection open(boolean toWrite) throws SQLException {
            var config = new SQLiteConfig();
            config.setReadOnly(!toWrite);
            config.setBusyTimeout(3_000);
            return config.createConnection("jdbc:sqlite:" + file.toUri());
        }

        /**
         * What changes with every commit: the header with its change counter, size and time of the file, and the last frame of the WAL file
         * with its checksum
         * (sqlite.org/fileformat2.html, 1.3 and 4.1). migrate_to_postgres notes the same of the state that it has read (Source.look). A
         * checkpoint changes it too.
         */
        String fingerprint() throws IOException {
            try (var main = FileChannel.open(file, StandardOpenOption.READ)) {
                return fingerprint(main);
            }
        }

        /** By a channel that is already open: to close one releases the locks that SQLite has on the file in this process (fcntl(2)). */
        private String fingerprint(FileChannel main) throws IOException {
            var digest = Profile.digest();
            digest.update(part(main, 0, 100));
            digest.update((main.size() + " " + Files.getLastModifiedTime(file)).getBytes(UTF_8));
            var wal = Path.of(file + "-wal");
            if (Files.exists(wal) && Files.size(wal) > 32) {
                try (var log = FileChannel.open(wal, StandardOpenOption.READ)) {
                    digest.update(lastFrame(log));
                }
            }
            return HexFormat.of().formatHex(digest.digest(), 0, 16);
        }

        /** The header of the last frame with the salts of the log's header; the log's header if there is none. */
        private static byte[] lastFrame(FileChannel log) throws IOException {
            var header = part(log, 0, 32);
            var salts = Arrays.copyOfRange(header, 16, 24);
            var frame = 24L + ByteBuffer.wrap(header).getInt(8);
            var last = header;
            for (long low = 0, high = (log.size() - 32) / frame; low < high;) {
                var middle = (low + high) / 2;
                var found = part(log, 32 + middle * frame, 24);
                if (Arrays.equals(Arrays.copyOfRange(found, 8, 16), salts)) {
                    low = middle + 1;
                    last = found;
                } else {
                    high = middle;
                }
            }
            return last;
        }

        private static byte[] part(FileChannel file, long from, int length) throws IOException {
            var part = ByteBuffer.allocate(length);
            while (part.hasRemaining() && file.read(part, from + part.position()) > 0) {
                continue;
            }
            return Arrays.copyOf(part.array(), part.position());
        }

        /** The rows of each table, null for a virtual table of a module that is not here; the query is given up after so many seconds. */
        Map<String, Long> counts(int seconds) throws SQLException {
            return read(connection -> {
                var counts = new TreeMap<String, Long>();
                for (var table : tables(connection)) {
                    counts.put(table, count(connection, table, seconds));
                }
                for (var table : virtual(connection)) {
                    try {
                        counts.put(table, count(connection, table, seconds));
                    } catch (SQLException e) {
                        counts.put(table, null);
                    }
                }
                return counts;
            });
        }

        private interface Reading<T> {
            T of(Connection connection) throws SQLException;
        }

        /** A reader of a WAL file makes its log and index where there are none; only the last session with the right removes them. */
        private <T> T read(Reading<T> reading) throws SQLException {
            var log = Path.of(file + "-wal");
            var hadLog = Files.exists(log);
            try (var connection = open(false)) {
                return reading.of(connection);
            } finally {
                if (!hadLog && log.toFile().exists() && log.toFile().length() == 0) {
                    removeLog();
                }
            }
        }

        private void removeLog() {
            try (var last = open(true)) {
                column(last, "select count(*) from sqlite_master");
            } catch (SQLException e) {
                return; // without the right to write they stay
            }
        }

        private static long count(Connection connection, String table, int seconds) throws SQLException {
            try (var statement = connection.createStatement()) {
                statement.setQueryTimeout(seconds);
                return statement.executeQuery("select count(*) from " + Sqlite.quote(table)).getLong(1);
            }
        }

        /**
         * Ordinary tables: neither SQLite's own, nor virtual ones, nor those in which a virtual one keeps its data (pragma table_list,
         * sqlite.org/pragma.html;
         * those of a module that is not here go by their names).
         */
        private static List<String> tables(Connection connection) throws SQLException {
            var strange = column(connection,
                    "select name from pragma_table_list t join sqlite_master m using (name) where t.schema = 'main' and t.type = 'virtual'"
                    + " and lower(m.sql) not glob '*using*fts[345]*' and lower(m.sql) not glob '*using*rtree*'");
            return column(connection,
                    "select name from pragma_table_list where schema = 'main' and type = 'table' and name not like 'sqlite\\_%' escape "
                    + "'\\' order by 1").stream()
                    .filter(table -> strange.stream().noneMatch(virtual -> table.startsWith(virtual + "_"))).toList();
        }

        /** Virtual tables, such as those of a full-text search. */
        static List<String> virtual(Connection connection) throws SQLException {
            return column(connection, "select name from pragma_table_list where schema = 'main' and type = 'virtual' order by 1");
        }

        List<String> virtual() throws SQLException {
            return read(SqliteFile::virtual);
        }

        static List<String> column(Connection connection, String query) throws SQLException {
            var values = new ArrayList<String>();
            try (var statement = connection.createStatement(); var rows = statement.executeQuery(query)) {
                while (rows.next()) {
                    values.add(rows.getString(1));
                }
            }
            return values;
        }

        /** Of the SQLite in this script: the file has none but its format's. */
        String version() throws SQLException {
            try (var connection = DriverManager.getConnection("jdbc:sqlite::memory:")) {
                return column(connection, "select sqlite_version()").get(0);
            }
        }

        int seals() throws SQLException {
            return read(connection -> triggers(connection).size());
        }

        /** Tables that a writer could still write to. */
        List<String> unsealed() throws SQLException {
            return read(connection -> {
                var sealed = column(connection, "select distinct tbl_name from sqlite_master where type = 'trigger' and name like '"
                        + SEAL.replace("_", "\\_") + "%' escape '\\'");
                return tables(connection).stream().filter(table -> !sealed.contains(table)).toList();
            });
        }

        private static List<String> triggers(Connection connection) throws SQLException {
            return column(connection, "select name from sqlite_master where type = 'trigger' and name like '" + SEAL.replace("_", "\\_")
                    + "%' escape '\\'");
        }

        /**
         * The seal: a trigger for each kind of write on each ordinary table. Virtual tables take no triggers, and a trigger that aborts a
         * write to the tables
         * behind one makes SQLite crash (FTS5, 3.40 and 3.54): these stay as they are. It is put on after a last look that nobody has
         * written since;
         * the settings are switched while the file is locked. Gives the new fingerprint, or null if somebody wrote right after.
         */
        String seal(String expected, Step switching) throws Exception {
            return change(expected, connection -> {
                var number = 0;
                for (var table : tables(connection)) {
                    for (var event : List.of("insert", "update", "delete")) {
                        run(connection, "create trigger " + SEAL + event + "_" + ++number + " before " + event + " on "
                                + Sqlite.quote(table)
                                + " begin select raise(abort, 'this database has moved to PostgreSQL and is sealed: restart the "
                                        + "application with its new settings"
                                + " (toggle_database --unseal takes this off)'); end");
                    }
                }
            }, switching);
        }

        String unseal(String expected, Step switching) throws Exception {
            return change(expected, connection -> { }, switching);
        }

        private interface Work {
            void in(Connection connection) throws SQLException;
        }

        private String change(String expected, Work work, Step switching) throws Exception {
            var switched = false;
            try (var main = FileChannel.open(file, StandardOpenOption.READ); var connection = open(true)) {
                run(connection, "begin immediate");
                try {
                    if (expected != null && !expected.equals(fingerprint(main))) {
                        throw new Failed("nothing was changed: " + file + " was written to at this very moment");
                    }
                    for (var trigger : triggers(connection)) {
                        run(connection, "drop trigger " + Sqlite.quote(trigger));
                    }
                    work.in(connection);
                    switching.run();
                    switched = true;
                    var version = column(connection, "pragma data_version");
                    run(connection, "commit");
                    column(connection, "pragma wal_checkpoint(truncate)");
                    var settled = fingerprint(main);
                    return version.equals(column(connection, "pragma data_version")) ? settled : null;
                } catch (Exception e) {
                    rollback(connection);
                    throw e;
                }
            } catch (SQLException e) {
                throw new Failed((switched ? "the settings are switched, but " : "nothing was changed: ") + file
                        + " could not be changed: " + e.getMessage(), e);
            }
        }

        private static void rollback(Connection connection) {
            try {
                run(connection, "rollback");
            } catch (SQLException e) {
                return; // the transaction is over already
            }
        }

        private static void run(Connection connection, String sql) throws SQLException {
            try (var statement = connection.createStatement()) {
                statement.execute(sql);
            }
        }
    }

    // --- PostgreSQL ---

    /**
     * What tables held at a moment, by which it can be told whether anything was written since: the number of rows, and of those that no
     * transaction had made by then
     * (xmin and txid_visible_in_snapshot, manual of PostgreSQL 18, 5.6 and 9.27.8). Every inserted or updated row has a new xmin; where
     * none has, and the number is the same,
     * no row was deleted either. That holds for one cluster and timeline, and for 2^31 transactions; else it cannot be told. Counters of
     * pg_stat_all_tables come late,
     * count what was rolled back, and are lost by a crash: they only describe.
     */
    record Evidence(String system, String timeline, String database, String snapshot, List<Table> tables) {
        /** Between: of the rows whose transactions had ended though older ones were still open, a checksum of xmin. */
        record Table(String oid, String name, long rows, long young, String between, long inserted, long updated, long deleted) {
        }

        /** Written: true, false, or null if it cannot be told; and what is lost, or why not. */
        record Verdict(Boolean written, List<String> lines) {
        }

        static final String HERE = """
                select (select system_identifier::text from pg_catalog.pg_control_system()),
                    case when not pg_catalog.pg_is_in_recovery() then
                        pg_catalog.left(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_insert_lsn()), 8) end,
                    (select oid::text from pg_catalog.pg_database where datname = pg_catalog.current_database()),
                    pg_catalog.txid_current_snapshot()::text""";
        /** Ordinary tables and partitions of the application; large objects, if there are any. */
        static final String TABLES = """
                select c.oid::text, case when n.nspname = 'public' then pg_catalog.quote_ident(c.relname)
                        else pg_catalog.format('%I.%I', n.nspname, c.relname) end,
                    pg_catalog.format('%I.%I', n.nspname, c.relname),
                    pg_catalog.has_schema_privilege(n.oid, 'usage') and pg_catalog.has_table_privilege(c.oid, 'select'),
                    pg_catalog.pg_stat_get_tuples_inserted(c.oid), pg_catalog.pg_stat_get_tuples_updated(c.oid),
                    pg_catalog.pg_stat_get_tuples_deleted(c.oid)
                from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
                where c.relkind = 'r' and c.relpersistence <> 't' and n.nspname not in ('pg_catalog', 'information_schema', 'pgbang')
                    and n.nspname !~ '^pg_(toast|temp)'
                    and c.relname !~ '^pgbang_' and c.relname <> 'schema_migrations'
                    and not exists (select from pg_catalog.pg_depend d where d.classid = 'pg_catalog.pg_class'::regclass
                        and d.objid = c.oid and d.deptype = 'e')
                    or c.oid = 'pg_catalog.pg_largeobject'::regclass and exists (select from pg_catalog.pg_largeobject_metadata)
                order by 3""";

        /** Now, with the rows that are younger than that snapshot (null: than now, which is none). */
        static Evidence take(Connection connection, String since, int seconds) throws SQLException, Failed {
            connection.setAutoCommit(false);
            try (var statement = connection.createStatement()) {
                statement.execute("set transaction isolation level repeatable read, read only; set local statement_timeout = "
                        + seconds * 1000
                        + "; set local lock_timeout = '3s'; set local row_security = off; set local search_path = pg_catalog");
                var here = Sql.rows(connection, HERE).get(0);
                var base = since == null ? here.get(3) : since;
                var tables = new ArrayList<Table>();
                for (var row : Sql.rows(connection, TABLES)) {
                    if (!"t".equals(row.get(3))) {
                        throw new Failed(row.get(2).equals("pg_catalog.pg_largeobject")
                                ? "there are large objects, which only a superuser can look at" : "GRANT SELECT ON " + row.get(2)
                                + " to this role, and USAGE on its schema", 3);
                    }
                    var counts = Sql.rows(connection, count(row.get(2), base)).get(0);
                    tables.add(new Table(row.get(0), row.get(1), Long.parseLong(counts.get(0)), Long.parseLong(counts.get(1)),
                            counts.get(2), Long.parseLong(row.get(4)), Long.parseLong(row.get(5)), Long.parseLong(row.get(6))));
                }
                return new Evidence(here.get(0), here.get(1), here.get(2), base, tables);
            } finally {
                connection.rollback();
                connection.setAutoCommit(true);
            }
        }

        /**
         * xmin has 32 bits; those within 2^31 after the snapshot's oldest transaction become its 64-bit numbers again. 0 to 2 are no
         * transactions. A snapshot does not list the subtransactions that are open in it (savepoints, exception blocks; manual, 9.27.8):
         * their rows look visible once they are committed, but change the checksum.
         */
        private static String count(String table, String snapshot) {
            var parts = snapshot.split(":");
            var oldest = Long.parseLong(parts[0]);
            return "select count(*), count(*) filter (where xid > 2 and after < 2147483648 and not pg_catalog.txid_visible_in_snapshot("
                    + oldest + " + after, '" + snapshot + "'::pg_catalog.txid_snapshot)),"
                    + " coalesce(sum(pg_catalog.hashint8extended(after, 0)::numeric) filter (where xid > 2 and after < "
                    + (Long.parseLong(parts[1]) - oldest) + "), 0)::text"
                    + " from (select xmin::text::bigint as xid, (xmin::text::bigint - " + (oldest & 0xffffffffL)
                            + " + 4294967296) % 4294967296 as after from only " + table + ") as rows";
        }

        Verdict since(Connection connection, int seconds) throws SQLException {
            try {
                if (snapshot == null || !snapshot.matches("\\d+:\\d+:[\\d,]*")) {
                    return new Verdict(null, List.of("the profile does not tell what PostgreSQL held at the switch"));
                }
                var here = Sql.rows(connection, HERE).get(0);
                if (system == null || !Objects.equals(system, here.get(0)) || !Objects.equals(timeline, here.get(1))
                        || !Objects.equals(database, here.get(2))) {
                    return new Verdict(null,
                            List.of("this is another server or database than at the switch, or one that was restored or failed over"));
                }
                var then = snapshot.split(":");
                var latest = Long.parseLong(here.get(3).split(":")[1]);
                if (then[0].equals(then[1]) && latest == Long.parseLong(then[1])) {
                    return new Verdict(false, List.of());
                }
                if (latest - Long.parseLong(then[0]) > Integer.MAX_VALUE - 10_000_000L) {
                    return new Verdict(null, List.of("more than two billion transactions have run since the switch"));
                }
                var lines = differences(take(connection, snapshot, seconds));
                return new Verdict(!lines.isEmpty(), lines);
            } catch (Failed e) {
                return new Verdict(null, List.of(e.getMessage()));
            } catch (SQLException e) {
                if (Stream.of("42501", "57014", "55P03").anyMatch(state -> state.equals(e.getSQLState()))) {
                    return new Verdict(null, List.of(e.getMessage()));
                }
                throw e;
            }
        }

        private List<String> differences(Evidence now) {
            var lines = new ArrayList<String>();
            var before = tables.stream().collect(Collectors.toMap(Table::oid, table -> table));
            for (var table : now.tables) {
                var old = before.remove(table.oid);
                if (old == null) {
                    lines.add(table.name + ": a new table with " + plural(table.rows, "row"));
                } else if (table.young == 0 && table.rows == old.rows && old.between != null && !old.between.equals(table.between)) {
                    lines.add(table.name + ": rows changed by a transaction that was open at the switch" + activity(old, table));
                } else if (table.young > 0 || table.rows != old.rows) {
                    var gone = old.rows - (table.rows - table.young);
                    lines.add(table.name + ": " + (table.young == 0 ? plural(gone, "row") + " deleted" : plural(table.young, "row")
                            + " new or changed"
                            + (gone > 0 ? ", " + plural(gone, "row") + " of before changed or deleted" : "")) + activity(old, table));
                }
            }
            before.values().forEach(old -> lines.add(old.name + ": the table is gone, with " + plural(old.rows, "row")));
            return lines;
        }

        private static String activity(Table old, Table now) {
            if (now.inserted < old.inserted || now.updated < old.updated || now.deleted < old.deleted) {
                return "";
            }
            var counted = Stream.of(Map.entry(now.inserted - old.inserted, "inserted"), Map.entry(now.updated - old.updated, "updated"),
                    Map.entry(now.deleted - old.deleted, "deleted"))
                    .filter(one -> one.getKey() > 0).map(one -> one.getKey() + " " + one.getValue()).collect(Collectors.joining(", "));
            return counted.isEmpty() ? "" : " (counted: " + counted + ")";
        }
    }

    /** Small questions to either database. */
    static final class Sql {
        private Sql() {
        }

        static List<List<String>> rows(Connection connection, String query) throws SQLException {
            var rows = new ArrayList<List<String>>();
            try (var statement = connection.createStatement(); var result = statement.executeQuery(query)) {
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

        static String quote(String name) {
            return '"' + name.replace("\"", "\"\"") + '"';
        }
    }

    /** What migrate_to_postgres has noted in the target: which file, in which state, and whether all of it was found there again. */
    record Notes(String schema, String sqlite, String fingerprint, String finished, boolean verified, String at,
            Map<String, String> tables) {
        static List<Notes> read(Connection connection) throws SQLException, Failed {
            var all = new ArrayList<Notes>();
            for (var table : Sql.rows(connection, """
                    select pg_catalog.format('%I.%I', n.nspname, c.relname),
                    pg_catalog.has_schema_privilege(n.oid, 'usage') and pg_catalog.has_table_privilege(c.oid, 'select')
                    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
                    where c.relkind = 'r' and (n.nspname = 'pgbang' and c.relname = 'sqlite_migration'
                        or c.relname = 'pgbang_sqlite_migration')""")) {
                if (!"t".equals(table.get(1))) {
                    throw new Failed("GRANT SELECT ON " + table.get(0) + " to this role, and USAGE on its schema", 3);
                }
                for (var row : Sql.rows(connection,
                        // to_jsonb: earlier versions have no column verified_at
                        "select schema_name, sqlite, fingerprint, " + utc("finished") + ", verified, coalesce("
                        + utc("(pg_catalog.to_jsonb(notes) ->> 'verified_at')::timestamptz") + ", " + utc("finished") + "), plan from "
                        + table.get(0) + " as notes")) {
                    all.add(new Notes(row.get(0), row.get(1), row.get(2), row.get(3), "yes".equals(row.get(4)), row.get(5),
                            targets(row.get(6))));
                }
            }
            return all;
        }

        private static String utc(String moment) {
            return "pg_catalog.to_char(" + moment + " at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')";
        }

        /** The tables of the plan, by SQLite's names. */
        private static Map<String, String> targets(String plan) {
            var targets = new TreeMap<String, String>();
            try {
                for (var table : JsonParser.parseString(plan).getAsJsonObject().getAsJsonArray("tables")) {
                    targets.put(table.getAsJsonObject().get("name").getAsString(), table.getAsJsonObject().get("target").getAsString());
                }
            } catch (RuntimeException e) {
                return Map.of(); // another version's plan: tables are then found by their names
            }
            return targets;
        }

        /** Those of this file: of the very state that it is in, else of its name. */
        static Notes of(List<Notes> all, Path file, String fingerprint, Profile profile) {
            return all.stream().filter(notes -> notes.isOf(fingerprint, profile)).findFirst().orElseGet(() -> all.stream()
                    .filter(notes -> Path.of(Sqlite.path(notes.sqlite)).getFileName().equals(file.getFileName()))
                            .max((a, b) -> Objects.toString(a.finished, "").compareTo(Objects.toString(b.finished, ""))).orElse(null));
        }

        /** Whether it is this state of the file that was moved or compared, or one that differs from it by seals alone. */
        boolean isOf(String now, Profile profile) {
            return fingerprint.equals(now) || profile.original(fingerprint).equals(profile.original(now));
        }
    }

    // --- what is looked at before a switch ---

    /** The questions, their answers, and what would be lost. */
    static final class Checks {
        enum State {
            ok, skipped, unknown, refused
        }

        record Check(String name, State state, String text, List<String> lost) {
        }

        final toggle_database script;
        final Profile profile;
        final List<Check> all = new ArrayList<>();
        Evidence evidence;
        String fingerprint;

        Checks(toggle_database script, Profile profile) {
            this.script = script;
            this.profile = profile;
        }

        void add(String name, State state, String text, List<String> lost) {
            all.add(new Check(name, state, text, lost));
        }

        void add(String name, State state, String text) {
            add(name, state, text, List.of());
        }

        /** It answers, its migrations are applied, and it holds what SQLite holds. */
        void toPostgres(Config then, SqliteFile sqlite) throws Exception {
            try (var connection = script.connect(then.postgres)) {
                add("answers", State.ok, Server.describe(connection));
                Migrations.check(this, connection, then.postgres);
                if (sqlite == null) {
                    add("verified", State.skipped, "no SQLite file is named: nothing was compared");
                } else if (sqlite.rival != null) {
                    add("verified", State.unknown, sqlite.which() + ": say --sqlite with the whole path",
                            List.of("the rows of the one that was not compared"));
                } else if (!sqlite.exists() && sqlite.isElsewhere()) {
                    add("verified", State.unknown, "there is no " + sqlite.file
                            + ": nothing was compared; if the application finds it elsewhere, say --sqlite FILE",
                            List.of("whatever is in the file that the application uses"));
                } else if (!sqlite.exists()) {
                    add("verified", State.skipped, "there is no " + sqlite.file + ": nothing was compared");
                } else {
                    fingerprint = sqlite.fingerprint();
                    verification(connection, then.postgres, sqlite);
                }
                evidence = remembered(connection);
            } catch (SQLException e) {
                add("answers", State.refused, why(e),
                        List.of("the application would find no database; whether PostgreSQL holds what SQLite holds was not looked at"));
            }
        }

        private Evidence remembered(Connection connection) throws SQLException {
            try {
                return Evidence.take(connection, null, 3600);
            } catch (Failed e) {
                script.warn("a later switch back will not be able to tell whether PostgreSQL was written to: " + e.getMessage());
                return null;
            } catch (SQLException e) {
                if (!List.of("42501", "57014", "55P03").contains(Objects.toString(e.getSQLState()))) {
                    throw e;
                }
                script.warn("a later switch back will not be able to tell whether PostgreSQL was written to: " + e.getMessage());
                return null;
            }
        }

        private void verification(Connection connection, String url, SqliteFile sqlite) throws Exception {
            Map<String, Long> counts;
            try {
                counts = sqlite.counts(60);
            } catch (SQLException e) {
                if (e.getErrorCode() != SqliteFile.TOO_LONG) {
                    add("verified", State.unknown, sqlite.file + " cannot be read: " + e.getMessage(),
                            List.of("whatever is in it: it was not compared"));
                    return;
                }
                counts = Collections.singletonMap("its tables", null);
            }
            if (counts.values().stream().allMatch(rows -> rows != null && rows == 0)) {
                add("verified", State.ok, sqlite.file + " holds no rows, so nothing can be lost in it");
                return;
            }
            Notes notes;
            try {
                notes = Notes.of(Notes.read(connection), sqlite.file, fingerprint, profile);
            } catch (Failed e) {
                add("verified", State.unknown, "the notes of migrate_to_postgres cannot be read: " + e.getMessage());
                return;
            }
            if (notes == null) {
                add("verified", State.refused, "migrate_to_postgres has not moved " + sqlite.file + " into this database",
                        lost(connection, notes, counts));
            } else if (script.safety.verify) {
                verifyNow(connection, url, sqlite, notes);
            } else if (notes.finished == null) {
                add("verified", State.refused, "the move of " + sqlite.file
                        + " by migrate_to_postgres was interrupted: the same command goes on with it", lost(connection, notes, counts));
            } else if (!notes.verified) {
                add("verified", State.refused, "the verification of " + notes.at
                        + " failed, or was left out (or only counted): migrate_to_postgres --verify-only shows what differs",
                        lost(connection, notes, counts));
            } else if (!notes.isOf(fingerprint, profile)) {
                add("verified", State.refused, sqlite.file + " has changed since the verification of " + notes.at + " ("
                        + Files.getLastModifiedTime(sqlite.file).toInstant().truncatedTo(ChronoUnit.SECONDS)
                        + "); if that was no write but a checkpoint, --verify proves it", lost(connection, notes, counts));
            } else {
                add("verified", State.ok, "equal on " + notes.at + ", and " + sqlite.file.getFileName() + " has not changed since");
                warnOfLeftOut(notes, sqlite, counts);
            }
        }

        /** By --exclude or --only: whoever moved the file has wanted it so. */
        private void warnOfLeftOut(Notes notes, SqliteFile sqlite, Map<String, Long> counts) {
            var left = counts.entrySet().stream().filter(table -> table.getValue() != null && table.getValue() > 0
                    && !notes.tables.isEmpty() && !notes.tables.containsKey(table.getKey()))
                    .map(table -> table.getKey() + " (" + plural(table.getValue(), "row") + ")").collect(Collectors.joining(", "));
            if (!left.isEmpty()) {
                script.warn("these tables of " + sqlite.file + " were not moved to PostgreSQL: " + left);
            }
        }

        /** By the number of rows on both sides, table by table. */
        private List<String> lost(Connection connection, Notes notes, Map<String, Long> counts) throws SQLException {
            var lost = new ArrayList<String>();
            for (var table : counts.entrySet()) {
                var name = notes == null ? table.getKey() : notes.tables.getOrDefault(table.getKey(), table.getKey());
                var rows = Server.count(connection, notes == null ? "public" : notes.schema, name);
                if (table.getValue() != null && table.getValue() > 0 && !table.getValue().equals(rows)) {
                    lost.add(table.getKey() + ": " + plural(table.getValue(), "row") + " in SQLite, "
                            + (rows == null ? "no such table" : String.format(Locale.ROOT, "%,d", rows)) + " in PostgreSQL");
                }
            }
            lost.add((lost.isEmpty() ? "every table has as many rows on both sides; " : "")
                    + "rows that were changed show with --verify, which compares every cell");
            return lost;
        }

        /** By migrate_to_postgres --verify-only, which compares every cell. The file must be the same before and after. */
        private boolean verifyNow(Connection connection, String url, SqliteFile sqlite, Notes notes) throws Exception {
            var command = Sibling.command("migrate_to_postgres");
            if (command == null) {
                add("verified", State.unknown, "--verify needs migrate_to_postgres.java here or in scripts/");
                return false;
            }
            var folder = Files.createTempDirectory("toggle_database");
            var before = sqlite.fingerprint();
            command.addAll(List.of("--sqlite", sqlite.file.toString(), "--schema", notes.schema, "--verify-only", "--json", "--rejects",
                    folder.resolve("rejects").toString(), "--not-migrated",
                    folder.resolve("not_migrated").toString()));
            var ran = Sibling.run(command, url, 24 * 3600);
            try (var files = Files.list(folder)) {
                for (var file : files.toList()) {
                    Files.delete(file);
                }
            }
            Files.delete(folder);
            var result = ran.json();
            if (ran.exit() > 1 || result == null) {
                var differ = result != null && result.has("verified");
                add("verified", differ ? State.refused : State.unknown, differ ? "the two sides differ (migrate_to_postgres --verify-only)"
                        : "migrate_to_postgres --verify-only: " + ran.problem(), differ ? differences(result) : List.of());
                return false;
            } else if (!before.equals(sqlite.fingerprint())) {
                add("verified", State.refused, sqlite.file + " was written to while it was compared",
                        List.of("what was written to it in these minutes"));
                return false;
            }
            var strange = strangers(connection, notes);
            if (Notes.read(connection).stream().noneMatch(each -> each.fingerprint.equals(before))) {
                profile.sameRows.put(before, notes.fingerprint); // it may not write there
            }
            add("verified", State.ok, "every cell was compared now: both sides hold the same"
                    + (strange.isEmpty() ? "" : ", but PostgreSQL has more tables"));
            return true;
        }

        private static List<String> differences(JsonObject result) {
            var lines = new ArrayList<String>();
            result.getAsJsonArray("verified").forEach(each -> {
                var table = each.getAsJsonObject();
                if (!table.get("same").getAsBoolean()) {
                    lines.add(table.get("table").getAsString() + ": "
                            + (table.has("differences") ? plural(table.get("differences").getAsLong(), "difference") : "differs"));
                }
            });
            return lines;
        }

        /** Tables with rows of which SQLite knows nothing. */
        private static List<String> strangers(Connection connection, Notes notes) throws SQLException {
            var strange = new ArrayList<String>();
            for (var row : Sql.rows(connection, Evidence.TABLES)) {
                var own = notes.tables.values().stream()
                        .anyMatch(target -> row.get(2).equals(Server.name(connection, notes.schema, target)));
                if (!own && "t".equals(row.get(3)) && !Sql.rows(connection, "select 1 from " + row.get(2) + " limit 1").isEmpty()) {
                    strange.add(row.get(1) + ": rows in a table that SQLite does not have");
                }
            }
            return strange;
        }

        /** Nobody has written to PostgreSQL since the switch, and SQLite can take over. */
        void toSqlite(Config now, SqliteFile sqlite) throws Exception {
            if (sqlite == null || !sqlite.exists()) {
                add("sqlite", State.refused, sqlite == null ? "no SQLite file is named" : "there is no " + sqlite.file,
                        List.of("everything: the application would begin with an empty database"));
            } else {
                var seals = seals(sqlite);
                add("sqlite", seals > 0 && !script.safety.unseal ? State.refused : State.ok, sqlite.file
                        + (seals == 0 ? " is there" : " is sealed"
                        + (script.safety.unseal ? ", and will be unsealed" : ": --unseal takes the seal off")));
            }
            var since = profile.switched != null && profile.switched.to() == Side.postgres ? profile.switched.at() : null;
            if (now.postgres == null) {
                add("unwritten", State.skipped, "no PostgreSQL was active");
                return;
            }
            try (var connection = script.connect(now.postgres)) {
                if (sqlite != null && sqlite.exists() && script.safety.verify) {
                    bothHoldTheSame(connection, now.postgres, sqlite);
                    return;
                }
                var known = since == null ? null : profile.switched.evidence();
                var verdict = known == null
                        ? new Evidence.Verdict(null,
                        List.of("it was not switched to by toggle_database, which remembers what it held; --verify compares both sides "
                        + "now")) : known.since(connection, 3600);
                if (Boolean.FALSE.equals(verdict.written())) {
                    add("unwritten", State.ok, "nobody has written to PostgreSQL since the switch of " + since);
                } else if (verdict.written() == null) {
                    add("unwritten", State.unknown, "it cannot be told whether PostgreSQL was written to: "
                            + String.join("; ", verdict.lines()),
                            List.of("whatever was written to PostgreSQL" + (since == null ? "" : " since " + since)));
                } else {
                    add("unwritten", State.refused, "PostgreSQL was written to since the switch of " + since, verdict.lines());
                }
            } catch (SQLException e) {
                add("unwritten", State.refused, "PostgreSQL does not answer: "
                        + why(e), List.of("whatever was written to PostgreSQL" + (since == null ? "" : " since " + since)));
            }
        }

        private static int seals(SqliteFile sqlite) throws SQLException, Failed {
            try {
                return sqlite.seals();
            } catch (SQLException e) {
                throw new Failed("nothing was changed: " + sqlite.file + " cannot be read: " + e.getMessage(), e);
            }
        }

        private void bothHoldTheSame(Connection connection, String url, SqliteFile sqlite) throws Exception {
            try {
                var notes = Notes.of(Notes.read(connection), sqlite.file, sqlite.fingerprint(), profile);
                if (notes == null) {
                    add("unwritten", State.unknown, "--verify: migrate_to_postgres has not moved " + sqlite.file + " into this database",
                            List.of("whatever was written to PostgreSQL"));
                } else if (verifyNow(connection, url, sqlite, notes)) {
                    var strange = strangers(connection, notes);
                    add("unwritten", strange.isEmpty() ? State.ok : State.refused, strange.isEmpty()
                            ? "SQLite holds all that PostgreSQL holds" : "PostgreSQL holds more than SQLite", strange);
                }
            } catch (Failed e) {
                add("unwritten", State.unknown, e.getMessage(), List.of("whatever was written to PostgreSQL"));
            }
        }

        boolean refuses() {
            return !script.safety.force && all.stream().anyMatch(check -> check.state.compareTo(State.unknown) >= 0);
        }

        int exit() {
            return all.stream().anyMatch(check -> check.state == State.refused) ? 2 : 3;
        }

        void say() {
            script.document.put("checks", all);
            if (refuses()) {
                return; // the refusal says it
            }
            for (var check : all) {
                var forced = check.state.compareTo(State.unknown) >= 0;
                script.say("  %-10s %s%s%n", check.name, check.state == State.skipped ? "skipped: " : forced ? "forced: " : "", check.text);
                if (forced) {
                    script.warn("forced, and lost by it: " + (check.lost.isEmpty() ? check.text : String.join("; ", check.lost)));
                }
            }
        }

        String refusal(Side wanted) {
            var text = new StringBuilder("not switched to " + wanted.title + "; nothing was changed");
            for (var check : all) {
                if (check.state.compareTo(State.unknown) >= 0) {
                    text.append("\n  ").append(check.text);
                    check.lost.stream().limit(20).forEach(line -> text.append("\n    lost: ").append(line));
                    if (check.lost.size() > 20) {
                        text.append("\n    ... and ").append(check.lost.size() - 20).append(" more");
                    }
                }
            }
            return text + "\n  --force switches all the same";
        }

        static String why(SQLException e) {
            return Edited.hidden(e.getMessage() + (e.getCause() == null ? "" : " (" + e.getCause().getMessage() + ")"));
        }
    }

    /** The server of a session. */
    static final class Server {
        private Server() {
        }

        static String describe(Connection connection) throws SQLException {
            var row = Sql.rows(connection,
                    "select pg_catalog.current_setting('server_version'), pg_catalog.current_database(), "
                    + "pg_catalog.inet_server_port()::text, pg_catalog.pg_is_in_recovery()").get(0);
            return "PostgreSQL " + row.get(0).replaceFirst(" .*", "") + ", database " + row.get(1)
                    + ("t".equals(row.get(3)) ? " (a hot standby: nothing can be written there)" : "");
        }

        /** Null if there is no such table, or no right to read it. */
        static Long count(Connection connection, String schema, String table) throws SQLException {
            try {
                var name = name(connection, schema, table);
                return name == null ? null : Long.valueOf(Sql.rows(connection, "select count(*) from " + name).get(0).get(0));
            } catch (SQLException e) {
                if ("42501".equals(e.getSQLState())) {
                    return null;
                }
                throw e;
            }
        }

        /** The qualified name as pg_catalog.format writes it; null if there is no such table. */
        static String name(Connection connection, String schema, String table) {
            try (var query = connection.prepareStatement("select pg_catalog.format('%I.%I', n.nspname, c.relname) from "
                    + "pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace"
                    + " where n.nspname = ? and c.relname = ? and c.relkind in ('r', 'p')")) {
                query.setString(1, schema);
                query.setString(2, table);
                var found = query.executeQuery();
                return found.next() ? found.getString(1) : null;
            } catch (SQLException e) {
                throw new IllegalStateException("cannot look for " + table, e);
            }
        }
    }

    /** Another script of this collection, where it lies in scripts/ or here, as a program of its own. */
    static final class Sibling {
        private Sibling() {
        }

        record Ran(int exit, String out, String err) {
            JsonObject json() {
                try {
                    return JsonParser.parseString(out).getAsJsonObject();
                } catch (RuntimeException e) {
                    return null;
                }
            }

            String problem() {
                var lines = err.isBlank() ? out : err;
                return Edited.hidden(lines.strip().lines().filter(line -> !line.startsWith("[jbang]")).limit(4)
                        .collect(Collectors.joining("; ")));
            }
        }

        /** Null if it is not here. */
        static List<String> command(String name) {
            var script = Stream.of("scripts/" + name + ".java", name + ".java").map(Path::of).filter(Files::exists).findFirst();
            var launcher = Path.of("jbang").toAbsolutePath();
            return script.map(file ->
                    new ArrayList<>(List.of(Files.isRegularFile(launcher) && Files.isExecutable(launcher) ? launcher.toString()
                    : "jbang", file.toString()))).orElse(null);
        }

        static void withdraw(Thread hook) {
            try {
                Runtime.getRuntime().removeShutdownHook(hook);
            } catch (IllegalStateException e) {
                return; // it is running
            }
        }

        /** The URL goes by the environment, so that no password stands in a list of processes. */
        static Ran run(List<String> command, String url, int seconds) throws IOException, InterruptedException {
            var out = Files.createTempFile("toggle_database", ".out");
            var err = Files.createTempFile("toggle_database", ".err");
            try {
                var builder = new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(err.toFile());
                builder.environment().put("DATABASE_URL", url);
                var process = builder.start();
                var interrupted = new Thread(process::destroy);
                Runtime.getRuntime().addShutdownHook(interrupted);
                process.onExit().thenRun(() -> withdraw(interrupted));
                process.getOutputStream().close();
                if (!process.waitFor(seconds, TimeUnit.SECONDS)) {
                    process.descendants().forEach(ProcessHandle::destroyForcibly);
                    process.destroyForcibly().waitFor();
                    return new Ran(3, "", "gave up after " + seconds + " s");
                }
                return new Ran(process.exitValue(), Files.readString(out), Files.readString(err));
            } catch (IOException e) {
                return new Ran(3, "", "cannot run " + command.get(0) + ": " + e.getMessage());
            } finally {
                Files.delete(out);
                Files.delete(err);
            }
        }
    }

    /**
     * Whether the migrations of the folder are applied: by run_migrations if it is here, else by the versions in schema_migrations alone.
     */
    static final class Migrations {
        static final Pattern FILE = Pattern.compile("(?<version>\\d[\\d.]*)_.*(?<!\\.down)\\.sql");

        private Migrations() {
        }

        static void check(Checks checks, Connection connection, String url) throws Exception {
            var script = checks.script;
            var dir = script.safety.dir != null ? script.safety.dir
                    : Path.of(script.database.variables().getOrDefault("MIGRATIONS_DIR", "migrations"));
            if (!Files.isDirectory(dir)) {
                checks.add("migrations", Checks.State.skipped, "there is no folder " + dir + " (--dir)");
                return;
            }
            var command = Sibling.command("run_migrations");
            if (command != null) {
                command.addAll(List.of("--status", "--check", "--json", "--dir", dir.toString()));
                var ran = Sibling.run(command, url, 300);
                var result = ran.json();
                if (result != null && result.has("ok")) {
                    var open = open(result);
                    checks.add("migrations", open.isEmpty() ? Checks.State.ok : Checks.State.refused, open.isEmpty()
                            ? "all applied, as run_migrations says" : "migrations are not applied as they are in " + dir, open);
                    return;
                }
                script.warn("run_migrations could not tell (" + ran.problem() + "); only the versions in schema_migrations are compared");
            }
            byVersions(checks, connection, dir);
        }

        private static List<String> open(JsonObject result) {
            var open = new ArrayList<String>();
            result.getAsJsonArray("migrations").forEach(each -> {
                var migration = each.getAsJsonObject();
                if (!Set.of("applied", "cosmetic").contains(migration.get("state").getAsString())) {
                    open.add(migration.get("version").getAsString() + " " + migration.get("description").getAsString() + ": "
                            + migration.get("state").getAsString());
                }
            });
            result.getAsJsonArray("problems").forEach(problem -> open.add(problem.getAsString()));
            return open;
        }

        private static void byVersions(Checks checks, Connection connection, Path dir) throws SQLException, IOException {
            var applied = new TreeSet<String>();
            for (var table : Sql.rows(connection, """
                    select pg_catalog.format('%I.%I', n.nspname, c.relname)
                    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
                    join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attname = 'version'
                    where c.relname = 'schema_migrations' and c.relkind in ('r', 'p')
                        and pg_catalog.pg_table_is_visible(c.oid)""")) {
                Sql.rows(connection, "select version::text from " + table.get(0)).forEach(row -> applied.add(plain(row.get(0))));
            }
            var pending = new ArrayList<String>();
            for (var part : List.of("", "optimizations/")) {
                if (Files.isDirectory(dir.resolve(part))) {
                    try (var files = Files.list(dir.resolve(part))) {
                        files.map(file -> file.getFileName().toString()).sorted().filter(name -> FILE.matcher(name).matches())
                                .filter(name -> !applied.contains(plain(part + name.replaceFirst("_.*", ""))))
                                        .forEach(name -> pending.add(part + name + ": pending"));
                    }
                }
            }
            checks.add("migrations", pending.isEmpty() ? Checks.State.ok : Checks.State.refused, pending.isEmpty()
                    ? "all versions are in schema_migrations; whether files were changed since was not looked at (run_migrations.java "
                    + "is not here)"
                    : "migrations are pending", pending);
        }

        /** 004 and 4 are the same version. */
        private static String plain(String version) {
            return version.replaceAll("(?<![\\d])0+(?=\\d)", "");
        }
    }

    // --- status ---

    int status() throws Exception {
        var file = envFile();
        var env = Files.exists(file) ? Env.read(file) : new Env(file, "");
        var profile = Profile.read(file);
        var keys = keys(env, profile);
        var written = Config.of(keys, env.values(readers(env)), environment());
        var config = written.effective();
        if (config.active == null && database.url == null && choice.sqlite == null) {
            throw wrong(Files.exists(file) ? "neither " + file + " nor the environment says which database it is (looked for the style "
                    + keys.style + "; --style names another)"
                    : "there is no " + file
                            + ", and the environment does not say which database it is; --env-file names another, postgres --create "
                            + "--url URL makes one");
        }
        var status = new Status(this, env, profile, config);
        status.look(written, new Switch(this, keys, env, profile).other(written));
        status.say();
        return report.check ? status.exit() : 0;
    }

    /** What there is to say of both sides; findings are to be acted on, skipped could not be looked at. */
    static final class Status {
        static final int SECONDS = 5; // for each count, so that a large database does not hold a status up

        final toggle_database script;
        final Env env;
        final Profile profile;
        final Config config;
        final Map<String, Object> postgres = new LinkedHashMap<>();
        final Map<String, Object> sqlite = new LinkedHashMap<>();
        final Map<String, Object> verified = new LinkedHashMap<>();
        final List<String> findings = new ArrayList<>();
        final List<String> skipped = new ArrayList<>();
        boolean down;
        List<Notes> notes = List.of();

        Status(toggle_database script, Env env, Profile profile, Config config) {
            this.script = script;
            this.env = env;
            this.profile = profile;
            this.config = config;
        }

        void look(Config written, Config other) throws Exception {
            var all = Stream.of(config, written, other).filter(Objects::nonNull).toList();
            var url = script.database.url != null ? script.database.url : all.stream().map(each -> each.postgres).filter(Objects::nonNull)
                    .findFirst().orElse(null);
            var file = script.sqlite(all.toArray(Config[]::new));
            settings(written);
            postgres(url);
            if (file != null) {
                sqlite(file);
            } else if (config.active == Side.sqlite) {
                findings.add("SQLite is active, but no file is named");
            }
        }

        private void settings(Config written) throws IOException {
            if (!config.overriding.isEmpty() && written.active != null
                    && (config.active != written.active || !Objects.equals(config.postgres, written.postgres))) {
                findings.add(String.join(", ", config.overriding) + " in the environment wins over " + env.file + ", which says "
                        + written.active.title);
            }
            for (var key : config.keys.all()) {
                if (env.of(key).size() > 1) {
                    findings.add(key + " is set " + env.of(key).size() + " times in " + env.file);
                }
            }
            findings.addAll(env.disagreements(config.keys.all(), script.readers(env)));
            if (Files.exists(profile.file)) {
                if (!GitIgnore.covers(profile.file)) {
                    findings.add(profile.file + " holds passwords and is not ignored by git");
                }
                if (Swap.isPosix(profile.file) && Files.getPosixFilePermissions(profile.file).stream()
                        .anyMatch(right -> !EnumSet.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE).contains(right))) {
                    findings.add(profile.file + " holds passwords and can be read by others: chmod 600");
                }
            }
        }

        private void postgres(String url) throws Exception {
            postgres.put("known", url != null);
            if (url == null) {
                down = config.active == Side.postgres;
                return;
            }
            postgres.put("url", Edited.masked(url).strip());
            try (var connection = script.connect(url)) {
                postgres.put("answers", true);
                postgres.put("server", Server.describe(connection));
                sizes(connection);
                migrated(connection);
                sinceSwitch(connection);
            } catch (SQLException | ParameterException e) {
                postgres.put("answers", false);
                postgres.put("error", e instanceof SQLException sql ? Checks.why(sql) : e.getMessage());
                down |= config.active == Side.postgres;
                (config.active == Side.postgres ? findings : skipped).add("PostgreSQL does not answer: " + postgres.get("error"));
            }
        }

        private void sizes(Connection connection) throws SQLException {
            postgres.put("bytes", Long.valueOf(Sql.rows(connection, "select pg_catalog.pg_database_size(pg_catalog.current_database())")
                    .get(0).get(0)));
            try {
                var now = Evidence.take(connection, null, SECONDS);
                postgres.put("tables", now.tables().size());
                postgres.put("rows", now.tables().stream().mapToLong(Evidence.Table::rows).sum());
            } catch (Failed | SQLException e) {
                postgres.put("tables", null);
                postgres.put("rows", null);
                skipped.add("the rows of PostgreSQL were not counted: " + e.getMessage().lines().findFirst().orElse(""));
            }
        }

        private void migrated(Connection connection) throws SQLException {
            try {
                notes = Notes.read(connection);
            } catch (Failed e) {
                skipped.add("the notes of migrate_to_postgres cannot be read: " + e.getMessage());
            }
        }

        private void sinceSwitch(Connection connection) throws SQLException {
            if (profile.switched == null || profile.switched.to() != Side.postgres || profile.switched.evidence() == null) {
                postgres.put("written_since_switch", null);
                return;
            }
            var verdict = profile.switched.evidence().since(connection, SECONDS);
            postgres.put("written_since_switch", verdict.written());
            if (verdict.written() == null) {
                skipped.add("whether PostgreSQL was written to since the switch: " + String.join("; ", verdict.lines()));
            } else if (verdict.written() && config.active == Side.sqlite) {
                findings.add("SQLite is active, but PostgreSQL was written to since the switch of " + profile.switched.at() + ": "
                        + String.join("; ", verdict.lines()));
            }
        }

        private void sqlite(SqliteFile file) throws Exception {
            sqlite.put("file", file.file.toString());
            sqlite.put("answers", file.exists());
            if (!file.exists()) {
                if (config.active == Side.sqlite) {
                    down = true;
                    findings.add("there is no " + file.file);
                }
                return;
            }
            sqlite.put("bytes", Files.size(file.file));
            sqlite.put("version", file.version());
            if (file.rival != null) {
                findings.add(file.which() + ": say the whole path");
            }
            try {
                held(file);
            } catch (SQLException e) {
                sqlite.put("answers", false);
                sqlite.put("error", e.getMessage());
                down |= config.active == Side.sqlite;
                (config.active == Side.sqlite ? findings : skipped).add(file.file + ": " + e.getMessage());
            }
            verification(file);
            openBy(file);
        }

        private void held(SqliteFile file) throws SQLException {
            try {
                var counts = file.counts(SECONDS);
                sqlite.put("tables", counts.size());
                sqlite.put("rows", counts.values().stream().filter(Objects::nonNull).mapToLong(rows -> rows).sum());
            } catch (SQLException e) {
                if (e.getErrorCode() != SqliteFile.TOO_LONG) {
                    throw e;
                }
                skipped.add("the rows of " + file.file + " were not counted: it takes more than " + SECONDS + " s");
            }
            var sealed = file.seals() > 0;
            sqlite.put("sealed", sealed);
            if (sealed && config.active == Side.sqlite) {
                findings.add("SQLite is active, but " + file.file + " is sealed: the application cannot write (--unseal)");
            } else if (sealed && !file.unsealed().isEmpty()) {
                findings.add(file.file + " is sealed, but not its tables " + String.join(", ", file.unsealed()) + ": --seal does it again");
            }
        }

        private void verification(SqliteFile file) throws IOException {
            var now = file.fingerprint();
            var note = Notes.of(notes, file.file, now, profile);
            if (note == null) {
                return;
            }
            var same = note.isOf(now, profile);
            verified.put("at", note.at());
            verified.put("equal", note.finished() != null && note.verified());
            verified.put("unchanged", same);
            if (config.active == Side.postgres && note.finished() != null && !same) {
                findings.add(file.file + " has changed since it was moved (" + note.at() + "): somebody may still write to it");
            }
        }

        private void openBy(SqliteFile file) throws IOException {
            var open = Processes.holding(file.file);
            sqlite.put("open_by", open.names());
            var matters = config.active == Side.postgres && !Boolean.TRUE.equals(sqlite.get("sealed"));
            if (matters && !open.names().isEmpty()) {
                findings.add(String.join(", ", open.names()) + (open.names().size() == 1 ? " has " : " have ") + file.file
                        + " open, though PostgreSQL is active");
            }
            if (matters && (open.unseen() > 0 || !open.supported())) {
                skipped.add("who has " + file.file + " open: "
                        + (open.supported() ? plural(open.unseen(), "process") + " of other users cannot be looked at"
                        : "there is no /proc here"));
            }
        }

        int exit() {
            return down ? 2 : !findings.isEmpty() ? 1 : !skipped.isEmpty() ? 3 : 0;
        }

        void say() {
            var document = script.document;
            document.put("active", config.active);
            document.put("from", config.from(env));
            document.put("env_file", env.file.toString());
            document.put("style", config.keys.style);
            document.put("postgres", postgres);
            document.put("sqlite", sqlite);
            document.put("verified", verified.isEmpty() ? null : verified);
            document.put("switched", profile.switched == null ? null : Map.of("to", profile.switched.to(), "at", profile.switched.at()));
            document.put("findings", findings);
            document.put("skipped", skipped);
            line("active", (config.active == null ? "none" : config.active.title)
                    + (config.from(env) == null ? "" : ", by " + config.from(env)));
            line("postgres", !Boolean.TRUE.equals(postgres.get("known")) ? "not known: toggle_database postgres --url URL"
                    : Boolean.TRUE.equals(postgres.get("answers"))
                    ? postgres.get("server") + "; " + amount(postgres) : "does not answer: " + postgres.get("url"));
            if (!sqlite.isEmpty()) {
                line("sqlite", sqlite.get("file") + (Boolean.TRUE.equals(sqlite.get("answers")) ? "; " + amount(sqlite)
                        + (Boolean.TRUE.equals(sqlite.get("sealed")) ? "; sealed" : "") : ": not readable"));
            }
            if (!verified.isEmpty()) {
                line("verified", (Boolean.TRUE.equals(verified.get("equal")) ? "equal on " + verified.get("at")
                        : "not equal, or not looked at")
                        + (Boolean.TRUE.equals(verified.get("unchanged")) ? "; the SQLite file has not changed since"
                        : "; the SQLite file has changed since"));
            }
            if (profile.switched != null) {
                var written = postgres.get("written_since_switch");
                line("switched", "to " + profile.switched.to().title + " on " + profile.switched.at()
                        + (written == null ? "" : Boolean.TRUE.equals(written) ? "; PostgreSQL was written to since"
                        : "; nobody has written to PostgreSQL since"));
            }
            if (sqlite.get("open_by") instanceof List<?> open && !open.isEmpty()) {
                line("open by", open.stream().map(Object::toString).collect(Collectors.joining(", ")));
            }
            findings.forEach(finding -> problem("to do", finding));
            skipped.forEach(reason -> problem("skipped", reason));
        }

        private static String amount(Map<String, Object> side) {
            var bytes = ((Number) side.getOrDefault("bytes", 0L)).doubleValue();
            var size = bytes < 1 << 20 ? String.format(Locale.ROOT, "%.0f kB", bytes / 1024)
                    : String.format(Locale.ROOT, "%,.1f MB", bytes / (1 << 20));
            return (side.get("rows") == null ? "" : plural(((Number) side.get("tables")).longValue(), "table") + ", "
                    + plural((Long) side.get("rows"), "row") + ", ") + size;
        }

        private void line(String what, String text) {
            script.say("%-9s %s%n", what, text);
        }

        private void problem(String what, String text) {
            if (!script.report.json) {
                script.spec.commandLine().getOut().printf("%-9s %s%n", what, text);
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
