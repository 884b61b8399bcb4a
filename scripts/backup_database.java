///usr/bin/env jbang "$0" "$@" ; exit $?
//JAVA 17+
//DESCRIPTION Backs up a PostgreSQL database or a SQLite file, and proves each backup by restoring it.
//RUNTIME_OPTIONS --enable-native-access=ALL-UNNAMED
//DEPS info.picocli:picocli:4.7.7
//DEPS org.postgresql:postgresql:42.7.14
//DEPS org.xerial:sqlite-jdbc:3.54.1.0
//DEPS com.google.code.gson:gson:2.15.0
//DEPS com.github.freva:ascii-table:1.12.1
//DEPS me.tongfei:progressbar:0.10.2
//DEPS com.github.luben:zstd-jni:1.5.7-9
//DEPS com.exceptionfactory.jagged:jagged-framework:1.0.0
//DEPS com.exceptionfactory.jagged:jagged-x25519:1.0.0
//DEPS com.github.davidmoten:aws-lightweight-client-java:0.1.24
//DEPS org.slf4j:slf4j-nop:1.7.36

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.exceptionfactory.jagged.RecipientStanzaReader;
import com.exceptionfactory.jagged.RecipientStanzaWriter;
import com.exceptionfactory.jagged.framework.stream.StandardDecryptingChannelFactory;
import com.exceptionfactory.jagged.framework.stream.StandardEncryptingChannelFactory;
import com.exceptionfactory.jagged.x25519.X25519RecipientStanzaReaderFactory;
import com.exceptionfactory.jagged.x25519.X25519RecipientStanzaWriterFactory;
import com.github.davidmoten.aws.lw.client.Credentials;
import com.github.davidmoten.aws.lw.client.HttpMethod;
import com.github.davidmoten.aws.lw.client.Multipart;
import com.github.davidmoten.aws.lw.client.ServiceException;
import com.github.davidmoten.aws.lw.client.xml.XmlElement;
import com.github.freva.asciitable.AsciiTable;
import com.github.freva.asciitable.Column;
import com.github.freva.asciitable.ColumnData;
import com.github.freva.asciitable.HorizontalAlign;
import com.github.luben.zstd.ZstdInputStream;
import com.github.luben.zstd.ZstdOutputStream;
import com.google.gson.FieldNamingPolicy;
import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import java.io.BufferedInputStream;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.Console;
import java.io.File;
import java.io.FilterInputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.SequenceInputStream;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.channels.WritableByteChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.DigestOutputStream;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.YearMonth;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.time.temporal.IsoFields;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.Queue;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.postgresql.Driver;
import org.postgresql.PGConnection;
import org.postgresql.core.BaseConnection;
import org.postgresql.util.HostSpec;
import org.sqlite.JDBC;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteConnection;
import org.sqlite.SQLiteJDBCLoader;
import picocli.CommandLine;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

@Command(name = "backup_database", mixinStandardHelpOptions = true, version = backup_database.TOOL, sortOptions = false, usageHelpAutoWidth = true,
        description = {
                "Backs up a PostgreSQL database or a SQLite file. A backup counts only when it was restored: each one carries the row count and a "
                + "content hash of every table, taken in the very snapshot that was dumped, and --verify restores it and compares.",
            "--create, --verify and --prune may be given together and are done in this order. Without an action: --create."},
        footer = {"", "Examples:",
            "  jbang backup_database.java                                       # into ./backups",
            "  jbang backup_database.java --verify                              # restore the newest into a scratch database and compare",
            "  jbang backup_database.java --restore shop-20260102T030405Z --into shop_again",
            "  jbang backup_database.java --create --verify --prune --keep-daily 7 --keep-weekly 5 --quiet",
            "  jbang backup_database.java --status --max-age 26h", "",
            "Exit code: 0 done and verified, 1 something to act on, 2 failed, 3 could not tell, 64 wrong usage."})
class backup_database implements Callable<Integer> {
    static final String TOOL = "backup_database 1.0";

    @ArgGroup(validate = false, heading = "%nWhat to do:%n")
    Action action = new Action();

    static class Action {
        @Option(names = "--create", description = "Make a backup (the default).")
        boolean create;

        @Option(names = "--list", description = "Show the backups: age, size, state, encrypted, off-site; with --remote those of --copy-to.")
        boolean list;

        @Option(names = "--check", arity = "0..1", fallbackValue = "all", paramLabel = "ID|latest|all", description = "Read every file and compare its checksum (default: all).")
        String check;

        @Option(names = "--verify", arity = "0..1", fallbackValue = "latest", paramLabel = "ID|latest|all", description = "Restore into a scratch database and compare all (default: latest).")
        String verify;

        @Option(names = "--restore", paramLabel = "ID|latest", description = "Restore into a new database (a new file for SQLite), and verify it there.")
        String restore;

        @Option(names = "--prune", description = "Delete what the --keep rules do not keep; in a terminal only shows it, unless --yes.")
        boolean prune;

        @Option(names = "--copy", paramLabel = "ID|latest|all", description = "Copy to --copy-to what is not there yet.")
        String copy;

        @Option(names = "--status", description = "Is the newest verified backup young enough? Exit 2 if it is older than --max-age.")
        boolean status;
    }

    @ArgGroup(validate = false, heading = "%nWhere:%n")
    Place place = new Place();

    static class Place {
        @Option(names = "--to", paramLabel = "DIR", description = "The folder of the backups (default: BACKUP_DIR, else ./backups).")
        Path dir;

        @Option(names = "--sqlite", paramLabel = "FILE", description = "Back up this SQLite file instead of a PostgreSQL database.")
        Path sqlite;

        @Option(names = "--scratch-url", paramLabel = "URL", description = "Verify on this server (default: SCRATCH_URL, else the server of the database).")
        String scratchUrl;

        @Option(names = "--copy-to", paramLabel = "TARGET", description = "Off-site: s3://bucket/prefix, an rclone remote (name:path) or a folder (default: BACKUP_COPY_TO).")
        String copyTo;

        @Option(names = "--remote", description = "List, check, verify or restore what is at --copy-to.")
        boolean remote;

        @Option(names = "--docker", paramLabel = "CONTAINER", description = "Run pg_dump, pg_restore and psql in this container, which is the server's.")
        String docker;
    }

    @ArgGroup(validate = false, heading = "%nMaking a backup:%n")
    Making making = new Making();

    static class Making {
        @Option(names = "--format", paramLabel = "FORMAT", description = "custom, directory or plain (default: custom).")
        Format format = Format.custom;

        @Option(names = {"-j",
                "--jobs"}, paramLabel = "N", defaultValue = "1", description = "Sessions that dump (--format directory), hash and restore at the same time (default: ${DEFAULT-VALUE}).")
        int jobs = 1;

        @Option(names = "--proof", paramLabel = "PROOF", description = "What is kept of each table for --verify: ${COMPLETION-CANDIDATES} (default: full).")
        ProofKind proof = ProofKind.full;

        @Option(names = "--encrypt", paramLabel = "RECIPIENT", description = "Encrypt for an age recipient, age1... (repeatable).")
        List<String> recipients = List.of();

        @Option(names = "--identity", paramLabel = "FILE", description = "The age identities that open an encrypted backup.")
        Path identity;
    }

    @ArgGroup(validate = false, heading = "%nRestoring:%n")
    Restoring restoring = new Restoring();

    static class Restoring {
        @Option(names = "--into", paramLabel = "NAME", description = "Name of the database (or file) to make (default: NAME_restored_TIME).")
        String into;

        @Option(names = "--replace", description = "Once verified, take the place of the database --into; that one is kept as NAME_before_TIME.")
        boolean replace;

        @Option(names = "--table", paramLabel = "TABLE", description = "Of the rows only those of this table (repeatable); the schema comes whole, without foreign keys.")
        List<String> tables = List.of();

        @Option(names = "--no-owner", description = "All will belong to the role that restores; grants are left out.")
        boolean noOwner;
    }

    @ArgGroup(validate = false, heading = "%nWhat to keep:%n")
    Keeping keeping = new Keeping();

    static class Keeping {
        @Option(names = "--keep-last", paramLabel = "N", description = "The newest N.")
        int last;

        @Option(names = "--keep-daily", paramLabel = "N", description = "The newest one of each of N days that have any.")
        int daily;

        @Option(names = "--keep-weekly", paramLabel = "N", description = "... of N ISO weeks.")
        int weekly;

        @Option(names = "--keep-monthly", paramLabel = "N", description = "... of N months.")
        int monthly;

        @Option(names = "--keep-yearly", paramLabel = "N", description = "... of N years.")
        int yearly;

        @Option(names = "--min-verified", paramLabel = "N", defaultValue = "1", description = "At least the newest N verified ones (default and least: ${DEFAULT-VALUE}).")
        int minVerified = 1;

        @Option(names = "--dry-run", description = "Only show what would be deleted, and why the rest is kept.")
        boolean dryRun;

        @Option(names = "--yes", description = "Delete, in a terminal too.")
        boolean yes;
    }

    @ArgGroup(validate = false, heading = "%nLimits and reports:%n")
    Limits limits = new Limits();

    static class Limits {
        @Option(names = "--lock-wait", paramLabel = "TIME", defaultValue = "5m", converter = Span.class,
                description = "How long to wait for a migration, a lock or another run (default: ${DEFAULT-VALUE}).")
        Duration lockWait = Duration.ofMinutes(5);

        @Option(names = "--max-runtime", paramLabel = "TIME", converter = Span.class, description = "Give up after so long, e.g. 2h.")
        Duration maxRuntime;

        @Option(names = "--max-age", paramLabel = "TIME", defaultValue = "26h", converter = Span.class, description = "For --status (default: ${DEFAULT-VALUE}).")
        Duration maxAge = Duration.ofHours(26);

        @Option(names = "--heartbeat", paramLabel = "URL", description = "Called with GET once --create and --verify went well (default: BACKUP_HEARTBEAT_URL).")
        String heartbeat;

        @Option(names = "--json", description = "One JSON document on stdout.")
        boolean json;

        @Option(names = {"-q", "--quiet"}, description = "Say only what is wrong.")
        boolean quiet;
    }

    @Mixin
    Database database = new Database();

    @Spec
    CommandSpec spec;

    final Map<String, Object> document = new LinkedHashMap<>();
    final Running running = new Running();
    Repository repository;
    List<String> clientPlaces = Client.PLACES;

    enum Format {
        custom("dump.pgc.zst"), directory("dump"), plain("dump.sql.zst"), sqlite("dump.sqlite.zst");

        final String file;

        Format(String file) {
            this.file = file;
        }
    }

    enum ProofKind {
        full, counts, none
    }

    /** 90s, 15m, 26h, 2d. */
    static class Span implements ITypeConverter<Duration> {
        @Override
        public Duration convert(String text) {
            var part = Pattern.compile("(\\d{1,9})([smhd])").matcher(text);
            if (!part.matches()) {
                throw new TypeConversionException("'" + text + "' is not a time such as 90s, 15m, 26h or 2d");
            }
            return Duration.ofSeconds(Long.parseLong(part.group(1)) * Map.of("s", 1, "m", 60, "h", 3600, "d", 86400).get(part.group(2)));
        }
    }

    public static void main(String... args) {
        var script = new backup_database();
        Runtime.getRuntime().addShutdownHook(new Thread(script.running::end));
        System.exit(script.database.command(script).execute(args));
    }

    @Override
    public Integer call() throws Exception {
        demandSense();
        try (running) {
            var folder = Path.of(place.dir != null ? place.dir.toString() : variable("BACKUP_DIR", "backups"));
            repository = new Repository(folder.toAbsolutePath().normalize(), this::warn);
            running.limit(limits.maxRuntime);
            Secrets.sweep();
            var exit = act();
            if (exit == 0 && (action.create || action.verify != null)) {
                heartbeat();
            }
            print();
            return exit;
        } catch (Exception e) {
            Thread.interrupted(); // as --max-runtime does it, and what follows shall not be
            var failure = running.expired
                    ? new Failed("gave up after --max-runtime " + limits.maxRuntime.toSeconds() + " s; nothing half-done is left")
                    : e instanceof IOException || e instanceof UncheckedIOException || e instanceof SQLException && e.getCause() == null
                            ? new Failed(reason(e), e)
                            : e;
            document.put("error", Objects.toString(failure.getMessage()).replaceAll("://\\S*@", "://***@"));
            print();
            if (failure instanceof Failed failed && failed.exit != 2) {
                database.report(failed);
                return failed.exit;
            }
            throw failure;
        }
    }

    void demandSense() {
        var alone = Stream.of(action.list, action.check != null, action.restore != null, action.status, action.copy != null)
                .filter(given -> given).count();
        demand(alone <= 1 && (alone == 0 || !(action.create || action.verify != null || action.prune)),
                "these actions do not go together; only --create, --verify and --prune do");
        action.create |= alone == 0 && action.verify == null && !action.prune;
        demand(making.format != Format.sqlite && (making.format != Format.directory || place.docker == null),
                "--format " + making.format + " is not possible here");
        demand(making.recipients.isEmpty() || making.format != Format.directory,
                "--encrypt needs --format custom or plain: pg_dump writes a directory in clear by itself");
        demand(making.jobs > 0 && making.jobs <= 64, "--jobs: 1 to 64");
        demand(!restoring.replace || restoring.into != null,
                "--replace needs --into NAME: the database to be replaced is asked for by name");
        demand(!restoring.replace || restoring.tables.isEmpty(), "--table restores beside the database, never in its place");
        demand(!action.prune || policy().isAny(),
                "--prune needs a rule: --keep-last, --keep-daily, --keep-weekly, --keep-monthly or --keep-yearly");
        demand(keeping.minVerified > 0, "--min-verified: the newest verified backup is always kept, so 1 is the least");
        demand(!place.remote && action.copy == null || target() != null, "--remote and --copy need --copy-to");
        for (var recipient : making.recipients) {
            try {
                Age.writer(recipient);
            } catch (GeneralSecurityException | RuntimeException e) {
                throw wrong("--encrypt: " + recipient + " is not an age recipient (age1..., from age-keygen)");
            }
        }
    }

    int act() throws Exception {
        if (action.list) {
            return list();
        } else if (action.status) {
            return status();
        } else if (action.restore != null) {
            return restore(chosen(action.restore).get(0));
        } else if (action.check != null) {
            return check();
        } else if (action.copy != null) {
            return copy();
        }
        var exit = action.create ? create() : 0;
        if (action.verify != null) {
            exit = Math.max(exit, verify());
        }
        return action.prune && exit != 2 && exit != 3 ? Math.max(exit, prune()) : exit;
    }

    // --- making a backup ---

    int create() throws Exception {
        repository.make();
        var name = place.sqlite != null ? sqlite().name() : origin(database);
        try (var lock = repository.lock(name, limits.lockWait, this::note)) {
            var manifest = create(name);
            reportCreated(manifest);
            return target() == null ? 0 : copy(List.of(repository.entry(manifest.id())));
        }
    }

    Manifest create(String name) throws Exception {
        try (var attempt = repository.attempt(name)) {
            repository.sweep(name);
            var partial = repository.partial(name);
            var removal = running.later(() -> Repository.delete(partial));
            var start = Instant.now();
            var written = place.sqlite != null ? new SqliteBackup(this, sqlite()).write(partial)
                    : new PostgresBackup(this, name).write(partial);
            var manifest = written.finished(repository.newId(name), start, Instant.now());
            repository.prepare(partial, manifest);
            running.forget(removal);
            repository.publish(partial, manifest);
            attempt.succeeded();
            return manifest;
        } catch (IOException | SQLException e) {
            throw new Failed("no backup of " + name + " was made: " + reason(e), e);
        }
    }

    void reportCreated(Manifest manifest) {
        document.put("created", manifest.json());
        say("%s  %s, %s, %.1f s; not yet verified (--verify)%n", manifest.id(), bytes(manifest.bytes()),
                manifest.proof() == ProofKind.none ? "without proof"
                        : manifest.contents() == null ? "encrypted"
                                : count(manifest.contents().counted().count(), "table") + ", " + count(manifest.contents().rows(), "row"),
                manifest.durationMs() / 1000.0);
        if (manifest.globals() != null) {
            note(manifest.globals());
        }
        var before = repository.entries().stream().map(Entry::manifest)
                .filter(m -> m.isSameDatabase(manifest) && !m.id().equals(manifest.id())).findFirst();
        if (before.isPresent() && before.get().bytes() > 100_000 && manifest.bytes() < before.get().bytes() / 2) {
            warn(manifest.id() + " is " + bytes(manifest.bytes()) + ", the one before, " + before.get().id() + ", was "
                    + bytes(before.get().bytes()));
        }
    }

    // --- checking and verifying ---

    int check() throws Exception {
        var results = new ArrayList<Map<String, Object>>();
        var bad = 0;
        var damaged = !action.check.equals("all") ? List.<Damaged>of() : repository.damaged();
        for (var entry : damaged) {
            warn(entry.id() + ": " + entry.why());
            results.add(fields("id", entry.id(), "ok", false, "problems", List.of(entry.why())));
            bad++;
        }
        var entries = damaged.isEmpty() || !repository.entries().isEmpty() ? chosen(action.check) : List.<Entry>of();
        for (var entry : entries) {
            var problems = checkFiles(entry);
            results.add(fields("id", entry.id(), "ok", problems.isEmpty(), "problems", problems));
            say("%s  %s%n", entry.id(),
                    problems.isEmpty() ? "all " + count(entry.manifest().files().size(), "file") + " as written; not restored (--verify)"
                            : "DAMAGED");
            bad += problems.isEmpty() ? 0 : 1;
        }
        document.put("checked", results);
        return bad > 0 ? 2 : 0;
    }

    /** Reads every file; writes what came out into the manifest. */
    List<String> checkFiles(Entry entry) throws IOException, Failed {
        var problems = repository.problems(entry);
        problems.forEach(problem -> warn(entry.id() + ": " + problem));
        var known = entry.manifest().state();
        repository.update(entry, manifest -> manifest.with(problems.isEmpty() ? known.checked(now()) : known.damaged(now(), problems)));
        return problems;
    }

    int verify() throws Exception {
        var results = new ArrayList<Map<String, Object>>();
        var exit = 0;
        for (var entry : chosen(action.verify)) {
            try (var lock = repository.lock(entry.manifest().origin().name(), limits.lockWait, this::note)) {
                var verdict = verify(entry);
                results.add(fields("id", entry.id(), "verified", verdict.exit() == 0, "problems", verdict.problems(), "notes",
                        verdict.notes()));
                exit = Math.max(exit, verdict.exit());
            }
        }
        document.put("verified", results);
        return exit;
    }

    Verdict verify(Entry entry) throws Exception {
        var start = Instant.now();
        Verdict verdict;
        try {
            var problems = checkFiles(entry);
            if (!problems.isEmpty()) {
                return new Verdict(2, problems, List.of());
            }
            verdict = entry.manifest().format() == Format.sqlite ? new SqliteRestore(this, entry).verify()
                    : new PostgresRestore(this, entry, scratch()).verify();
        } catch (Failed e) {
            verdict = new Verdict(e.exit, List.of(e.getMessage()), List.of());
        }
        var found = verdict;
        verdict.notes().forEach(text -> note(entry.id() + ": " + text));
        verdict.problems().forEach(text -> warn(entry.id() + ": " + text));
        if (verdict.exit() != 3) {
            repository.update(entry, manifest -> manifest
                    .with(found.exit() == 0 ? manifest.state().verified(now()) : manifest.state().failed(found.problems())));
        }
        say("%s  %s in %s%n", entry.id(),
                verdict.exit() == 0 ? "verified: restored, and "
                        + (entry.manifest().proof() == ProofKind.full ? "every count and hash is" : "every count is")
                + " as in the snapshot" : verdict.exit() == 2 ? "FAILED" : "not verified", seconds(start));
        return verdict;
    }

    // --- restoring ---

    int restore(Entry entry) throws Exception {
        var problems = checkFiles(entry);
        if (!problems.isEmpty()) {
            throw new Failed(entry.id() + " is damaged, nothing was restored:\n  " + String.join("\n  ", problems));
        }
        if (entry.manifest().format() == Format.sqlite) {
            return new SqliteRestore(this, entry).restore();
        }
        return new PostgresRestore(this, entry, database).restore();
    }

    // --- pruning ---

    Policy policy() {
        return new Policy(keeping.last, keeping.daily, keeping.weekly, keeping.monthly, keeping.yearly, keeping.minVerified);
    }

    int prune() throws Exception {
        var dry = keeping.dryRun || !keeping.yes && isTerminal();
        var rows = new ArrayList<Map<String, Object>>();
        var held = false;
        var name = originIfKnown();
        var databases = repository.entries().stream().map(Entry::manifest).filter(m -> name == null || m.origin().name().equals(name))
                .collect(Collectors.groupingBy(m -> m.origin().identity(), LinkedHashMap::new, Collectors.toList()));
        for (var backups : databases.values()) {
            var origin = backups.get(0).origin().name();
            try (var lock = repository.lock(origin, limits.lockWait, this::note)) {
                var failed = repository.failedAttempt(origin);
                var decisions = Policy.decide(backups.stream().map(Backup::of).toList(), policy(), failed != null, Instant.now(),
                        ZoneId.systemDefault());
                held |= decisions.stream().anyMatch(Decision::isHeld);
                for (var decision : decisions) {
                    say("%-8s %s  %s%n", decision.keep() ? "keep" : dry ? "would delete" : "delete", decision.backup().id(),
                            decision.reason());
                    rows.add(fields("id", decision.backup().id(), "keep", decision.keep(), "reason", decision.reason()));
                    if (!decision.keep() && !dry) {
                        repository.discard(decision.backup().id(), origin);
                    }
                }
                if (failed != null) {
                    warn("the newest backup of " + origin + " failed (" + failed + "); nothing is deleted until one succeeds");
                }
            }
        }
        document.putAll(fields("dry_run", dry, "backups", rows));
        if (dry && rows.stream().anyMatch(row -> row.get("keep").equals(false))) {
            note("nothing was deleted; --yes deletes");
        }
        return held ? 1 : 0;
    }

    // --- listing and asking ---

    int list() throws Exception {
        var entries = place.remote ? remoteEntries() : repository.entries();
        if (!place.remote) {
            repository.damaged().forEach(entry -> warn(entry.id() + " does not count: " + entry.why()));
        }
        document.put("backups", entries.stream().map(entry -> entry.manifest().json()).toList());
        if (entries.isEmpty()) {
            say("no backups in %s%n", place.remote ? target() : repository.folder);
        } else if (!limits.json) {
            out().println(table(entries.stream().map(Entry::manifest).toList(), List.of(column("ID", Manifest::id),
                    column("DATABASE", m -> m.origin().name()),
                    right("AGE", m -> age(m.finished())), right("SIZE", m -> bytes(m.bytes())), column("STATE", m -> m.state().toString()),
                    column("ENCRYPTED", m -> m.recipients().isEmpty() ? "" : "age"),
                    column("OFF-SITE", m -> m.copies().stream().map(Copy::to).distinct().collect(Collectors.joining(", "))))));
        }
        return 0;
    }

    /** For monitoring: needs no connection, so that it answers while the server is down. */
    int status() throws Exception {
        var name = originIfKnown();
        var entries = repository.entries().stream().map(Entry::manifest).filter(m -> name == null || m.origin().name().equals(name))
                .toList();
        var exit = 0;
        var rows = new ArrayList<Map<String, Object>>();
        var names = name != null ? List.of(name) : entries.stream().map(m -> m.origin().name()).distinct().toList();
        for (var each : names) {
            var own = entries.stream().filter(m -> m.origin().name().equals(each)).toList();
            var newest = own.stream().filter(m -> m.state().isVerified()).findFirst();
            var failed = repository.isLocked(each) ? null : repository.failedAttempt(each); // a run that is under way has not failed
            var young = newest.isPresent() && newest.get().finished().isAfter(Instant.now().minus(limits.maxAge))
                    && newest.get().finished().isBefore(Instant.now().plusSeconds(300));
            exit = Math.max(exit, !young ? 2 : failed != null ? 1 : 0);
            var text = newest.map(m -> "newest verified backup " + m.id() + " is " + age(m.finished()) + " old")
                    .orElse("no verified backup")
                    + (own.isEmpty() || newest.isPresent() && newest.get() == own.get(0) ? ""
                            : "; newest of all: " + own.get(0).id() + ", " + own.get(0).state())
                    + (failed == null ? "" : "; the last run failed: " + failed);
            rows.add(fields("database", each, "ok", young, "newest_verified", newest.map(Manifest::id).orElse(null),
                    "age_seconds", newest.map(m -> Duration.between(m.finished(), Instant.now()).toSeconds()).orElse(null), "last_failure",
                    failed));
            if (!limits.quiet || !young || failed != null) {
                sayAlways("%s %s: %s%n", young ? failed == null ? "OK" : "WARNING" : "CRITICAL", each, text);
            }
        }
        if (names.isEmpty()) {
            sayAlways("CRITICAL: no backup in %s%n", repository.folder);
        }
        document.putAll(fields("databases", rows, "ok", exit == 0 && !names.isEmpty()));
        return names.isEmpty() ? 2 : exit;
    }

    // --- off-site copies ---

    int copy() throws Exception {
        return copy(chosen(action.copy));
    }

    int copy(List<Entry> entries) throws Exception {
        var remote = Remote.of(target(), this);
        var copied = new ArrayList<String>();
        for (var entry : entries) {
            if (entry.manifest().copies().stream().anyMatch(copy -> copy.to().equals(target()))) {
                continue;
            }
            try {
                remote.copy(entry);
            } catch (IOException | RuntimeException e) {
                throw new Failed(entry.id() + " was made, but not copied to " + target() + ": " + reason(e) + "\n  --copy " + entry.id()
                        + " tries again", e);
            }
            repository.update(entry, manifest -> manifest.with(new Copy(target(), now())));
            copied.add(entry.id());
            say("%s  copied to %s and read back%n", entry.id(), target());
        }
        document.put("copied", copied);
        return 0;
    }

    List<Entry> remoteEntries() throws Exception {
        try {
            var entries = new ArrayList<Entry>();
            var remote = Remote.of(target(), this);
            for (var key : remote.list()) {
                if (key.endsWith("/" + Repository.MANIFEST)) {
                    try (var in = remote.open(key)) {
                        entries.add(new Entry(null, Manifest.parse(in.readAllBytes())));
                    } catch (Failed damaged) {
                        warn(key + " does not count: " + damaged.getMessage());
                    }
                }
            }
            entries.sort(Entry.NEWEST_FIRST);
            return entries;
        } catch (IOException | RuntimeException e) {
            throw new Failed("cannot list " + target() + ": " + reason(e), e);
        }
    }

    // --- which backups, which database ---

    /** ID, latest or all; of several databases, latest is that of the one configured. A remote one is fetched first. */
    List<Entry> chosen(String wanted) throws Exception {
        var entries = place.remote ? remoteEntries() : repository.entries();
        if (wanted.equals("latest") || wanted.equals("all")) {
            var name = originIfKnown();
            entries = wanted.equals("all") ? entries
                    : entries.stream().filter(entry -> name == null || entry.manifest().origin().name().equals(name)).toList();
            if (entries.isEmpty()) {
                throw new Failed("there is no backup" + (name == null ? "" : " of " + name) + " in "
                        + (place.remote ? target() : repository.folder));
            } else if (wanted.equals("latest") && entries.stream().map(entry -> entry.manifest().origin().identity()).distinct().count() > 1
                    && name == null) {
                throw wrong("these are backups of several databases; which is meant? Give an ID or --url");
            }
            entries = wanted.equals("all") ? entries : entries.subList(0, 1);
        } else {
            entries = entries.stream().filter(entry -> entry.id().equals(wanted)).toList();
            if (entries.isEmpty()) {
                var damaged = place.remote ? null
                        : repository.damaged().stream().filter(entry -> entry.id().equals(wanted)).findFirst().orElse(null);
                throw damaged != null ? new Failed(wanted + ": " + damaged.why())
                        : wrong("there is no backup " + wanted + " in " + (place.remote ? target() : repository.folder)
                                + "; --list shows them");
            }
        }
        var local = new ArrayList<Entry>();
        for (var entry : entries) {
            local.add(place.remote ? fetch(entry) : entry);
        }
        return local;
    }

    /** Brings a remote backup into the folder, as an entry like the others. */
    Entry fetch(Entry entry) throws Exception {
        repository.make();
        if (repository.entries().stream().anyMatch(local -> local.id().equals(entry.id()))) {
            return repository.entry(entry.id());
        }
        var origin = entry.manifest().origin().name();
        try (var lock = repository.lock(origin, limits.lockWait, this::note)) {
            repository.sweep(origin);
            var partial = repository.partial(origin);
            var removal = running.later(() -> Repository.delete(partial));
            Remote.of(target(), this).fetch(entry, partial);
            var manifest = entry.manifest().with(new Copy(target(), now()));
            repository.prepare(partial, manifest);
            running.forget(removal);
            repository.publish(partial, manifest);
            return repository.entry(entry.id());
        }
    }

    /** The name of the database that is configured. */
    static String origin(Database database) {
        var settings = database.settings();
        return Objects.toString(settings.get("PGDBNAME"), Objects.toString(settings.get("user"), System.getProperty("user.name")));
    }

    /** The same where no database needs to be configured: null then. */
    String originIfKnown() throws IOException, Failed {
        try {
            return place.sqlite != null ? sqlite().name() : origin(database);
        } catch (ParameterException none) {
            if (database.url != null || database.variables().containsKey("DATABASE_URL")) {
                throw none;
            }
            return null;
        }
    }

    SqliteFile sqlite() throws Failed, IOException {
        if (!Files.isRegularFile(place.sqlite)) {
            throw wrong("--sqlite: there is no file " + place.sqlite);
        }
        demand(!place.sqlite.toString().contains("?"), "--sqlite: a path with a question mark cannot be handed to SQLite's driver");
        return new SqliteFile(place.sqlite.toRealPath());
    }

    /** Where to verify: the scratch server, else the database's own. Nothing that leads to the one fills in gaps of the other. */
    Database scratch() {
        var given = place.scratchUrl != null ? place.scratchUrl : variable("SCRATCH_URL", null);
        if (given == null) {
            return database;
        }
        var scratch = new Database();
        scratch.spec = spec;
        scratch.url = given;
        scratch.wait = database.wait;
        scratch.connectTimeout = database.connectTimeout;
        scratch.envFile = Path.of(File.separatorChar == '/' ? "/dev/null" : "NUL");
        scratch.environment = () -> database.environment.get().entrySet().stream()
                .filter(e -> !e.getKey().matches("(PG|POSTGRES_).*|DATABASE_URL"))
                .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
        return scratch;
    }

    String target() {
        return place.copyTo != null ? place.copyTo : variable("BACKUP_COPY_TO", null);
    }

    String variable(String name, String otherwise) {
        return database.variables().getOrDefault(name, otherwise);
    }

    /** Tells a monitoring service that all went well; that it cannot be told is no fault of the backup. */
    void heartbeat() {
        var url = limits.heartbeat != null ? limits.heartbeat : variable("BACKUP_HEARTBEAT_URL", null);
        if (url != null) {
            try {
                var answer = HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(10)).followRedirects(HttpClient.Redirect.NORMAL)
                        .build()
                        .send(HttpRequest.newBuilder(URI.create(url)).timeout(Duration.ofSeconds(20)).build(),
                                HttpResponse.BodyHandlers.discarding());
                if (answer.statusCode() >= 300) {
                    warn("the heartbeat URL answered " + answer.statusCode());
                }
            } catch (IOException | InterruptedException | RuntimeException e) {
                warn("the heartbeat URL did not answer: " + e.getClass().getSimpleName());
            }
        }
    }

    // --- what it says ---

    ParameterException wrong(String message) {
        return new ParameterException(spec.commandLine(), message);
    }

    void demand(boolean holds, String otherwise) {
        if (!holds) {
            throw wrong(otherwise);
        }
    }

    boolean isTerminal() {
        var console = System.console();
        try {
            return console != null && !limits.json && (boolean) Console.class.getMethod("isTerminal").invoke(console);
        } catch (ReflectiveOperationException before22) {
            return !limits.json; // there is a console only on a terminal
        }
    }

    PrintWriter out() {
        return spec.commandLine().getOut();
    }

    void say(String format, Object... values) {
        if (!limits.quiet) {
            sayAlways(format, values);
        }
    }

    void sayAlways(String format, Object... values) {
        if (!limits.json) {
            out().printf(Locale.ROOT, format, values);
            out().flush();
        }
    }

    void warn(String text) {
        spec.commandLine().getErr().println("backup_database: warning: " + text);
    }

    /** Progress and what people like to know while they wait. */
    void note(String text) {
        if (!limits.quiet) {
            spec.commandLine().getErr().println("backup_database: " + text);
        }
    }

    void detail(String text) {
        if (database.verbose) {
            spec.commandLine().getErr().println(text);
        }
    }

    void print() {
        if (limits.json) {
            out().println(Manifest.GSON.toJson(document));
            out().flush();
        }
    }

    static Map<String, Object> fields(Object... namesAndValues) {
        var fields = new LinkedHashMap<String, Object>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            fields.put((String) namesAndValues[i], namesAndValues[i + 1]);
        }
        return fields;
    }

    static <T> ColumnData<T> column(String title, Function<T, String> value) {
        return new Column().header(title).headerAlign(HorizontalAlign.LEFT).dataAlign(HorizontalAlign.LEFT).maxWidth(80)
                .with(row -> Objects.toString(value.apply(row), ""));
    }

    static <T> ColumnData<T> right(String title, Function<T, String> value) {
        return new Column().header(title).headerAlign(HorizontalAlign.RIGHT).dataAlign(HorizontalAlign.RIGHT).with(value::apply);
    }

    static <T> String table(List<T> rows, List<ColumnData<T>> columns) {
        return AsciiTable.builder().border(AsciiTable.NO_BORDERS).data(rows, columns).asString().lines()
                .map(line -> line.substring(1).stripTrailing()).collect(Collectors.joining("\n"));
    }

    static String count(long number, String noun) {
        return String.format(Locale.ROOT, "%,d %s%s", number, noun, number == 1 ? "" : "s");
    }

    static String bytes(long bytes) {
        return bytes < 1000 ? bytes + " B" : bytes < 1_000_000 ? String.format(Locale.ROOT, "%.1f kB", bytes / 1e3)
                : bytes < 1_000_000_000 ? String.format(Locale.ROOT, "%.1f MB", bytes / 1e6)
                        : String.format(Locale.ROOT, "%.1f GB", bytes / 1e9);
    }

    static String age(Instant since) {
        var seconds = Duration.between(since, Instant.now()).toSeconds();
        return seconds < 0 ? "in the future"
                : seconds < 120 ? seconds + " s"
                        : seconds < 7200 ? seconds / 60 + " min" : seconds < 172_800 ? seconds / 3600 + " h" : seconds / 86_400 + " d";
    }

    static String seconds(Instant start) {
        return String.format(Locale.ROOT, "%.1f s", Duration.between(start, Instant.now()).toMillis() / 1000.0);
    }

    static String now() {
        return Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();
    }

    /** What an exception says to a user: the server's words with SQLSTATE, the S3 service's code, the system's reason. */
    static String reason(Throwable e) {
        if (e instanceof ServiceException service) {
            var code = Pattern.compile("<Code>(.*?)</Code>.*?(?:<Message>(.*?)</Message>)?", Pattern.DOTALL).matcher(service.message());
            return "the service answered " + service.statusCode() + (code.find() ? " " + code.group(1) : "");
        } else if (e instanceof FileSystemException file) {
            return file.getFile() + ": "
                    + (file.getReason() != null ? file.getReason()
                            : file.getClass().getSimpleName().replace("Exception", "").replaceAll("(?<=[a-z])(?=[A-Z])", " ")
                                    .toLowerCase(Locale.ROOT));
        } else if (e instanceof UncheckedIOException || e instanceof ExecutionException) {
            return reason(e.getCause());
        }
        return e instanceof SQLException sql
                ? sql.getCause() instanceof SQLException cause ? sql.getMessage() + ": " + reason(cause)
                        : sql.getMessage() + " (SQLSTATE " + sql.getSQLState() + ")"
                : Objects.toString(e.getMessage(), e.getClass().getSimpleName());
    }

    /** What went wrong, in a few lines, and the exit code: 2 failed, 3 could not tell. */
    static class Failed extends Exception {
        final int exit;

        Failed(String message) {
            this(2, message, null);
        }

        Failed(String message, Throwable cause) {
            this(2, message, cause);
        }

        /** The cause is for --verbose; what it says stands in the message. */
        Failed(int exit, String message, Throwable cause) {
            super(message);
            this.exit = exit;
            if (cause != null) {
                setStackTrace(cause.getStackTrace());
            }
        }
    }

    record Verdict(int exit, List<String> problems, List<String> notes) {
    }

    // --- PostgreSQL: dump and proof of one snapshot ---

    /** One backup under way: the tables are locked, a snapshot is exported, pg_dump and the hashes read that one. */
    static class PostgresBackup {
        /** How long pg_dump may stand in a lock queue. Somebody's ALTER may have got between our lock and its: then all is begun again. */
        static final int LOCK_SECONDS = 1;
        static final String WORKER = "could not obtain lock"; // the client's own text, never translated with LC_ALL=C

        final backup_database script;
        final String name;
        int dumpers;
        boolean saidOvertaken;

        PostgresBackup(backup_database script, String name) {
            this.script = script;
            this.name = name;
            this.dumpers = script.making.jobs;
        }

        /** Fills the folder; the manifest lacks only what is known at the end. */
        Manifest write(Path partial) throws Exception {
            try (var session = script.running.track(script.database.connect(false));
                    var secrets = new Secrets(script, new Elsewhere(script.database, session))) {
                var server = Server.of(session);
                server.demandDirect();
                var client = Client.forDump(script, server.major());
                demandSpace(partial, server);
                var deadline = Instant.now().plus(script.limits.lockWait);
                for (var snapshot = new Snapshot(script, session, deadline);; Thread.sleep(300)) {
                    snapshot.take();
                    try {
                        return write(partial, snapshot, server, client, secrets);
                    } catch (Snapshot.Overtaken e) {
                        if (Instant.now().isAfter(deadline)) {
                            throw new Failed(e.getMessage() + "\n  gave up after --lock-wait");
                        }
                        overtaken(e);
                        Repository.empty(partial);
                    } finally {
                        snapshot.release();
                    }
                }
            }
        }

        /** pg_dump's workers lock each table only when they come to it, and give up at once: where tables are altered all the time they never get to the end. */
        void overtaken(Snapshot.Overtaken e) {
            if (dumpers > 1 && e.getMessage().contains(WORKER)) {
                dumpers = 1;
                script.note("somebody's exclusive lock request kept a worker of pg_dump out; beginning again, with one session that dumps");
            } else if (!saidOvertaken) {
                saidOvertaken = true;
                script.note("somebody's exclusive lock request came between; beginning again until none does");
            }
        }

        Manifest write(Path partial, Snapshot snapshot, Server server, Client client, Secrets secrets) throws Exception {
            var sessions = new ArrayList<>(List.of(snapshot.session));
            var files = new ArrayList<Stored>();
            Contents contents;
            try {
                while (sessions.size() < script.making.jobs && script.making.proof != ProofKind.none) {
                    sessions.add(snapshot.join(script.running.track(script.database.connect(false))));
                }
                var plain = Contents.of(snapshot.session, server);
                try (var proofs = new Proofs(script, sessions, snapshot.readable(), script.making.proof)) {
                    files.addAll(dump(partial, snapshot.id, server, client, secrets, proofs));
                    contents = plain.with(proofs.get());
                }
            } finally {
                for (var extra : sessions.subList(1, sessions.size())) {
                    script.running.close(extra);
                }
            }
            var globals = globals(partial, client, secrets, files);
            if (!script.making.recipients.isEmpty()) {
                try (var sink = new Sink(partial.resolve("contents.json"), script.making.recipients, false)) {
                    sink.out.write(Manifest.GSON.toJson(contents).getBytes(UTF_8));
                    files.add(sink.stored());
                }
            }
            return Manifest.draft(server.origin(name), client, script.making, globals, files,
                    script.making.recipients.isEmpty() ? contents : null);
        }

        List<Stored> dump(Path partial, String snapshot, Server server, Client client, Secrets secrets, Proofs proofs) throws Exception {
            var format = script.making.format;
            var arguments = new ArrayList<>(
                    List.of("--snapshot=" + snapshot, "--lock-wait-timeout=" + LOCK_SECONDS + "s", "--no-password", "--format=" + format));
            if (format == Format.directory) {
                arguments.addAll(List.of("--jobs=" + dumpers, "--file=" + partial.resolve(format.file).toAbsolutePath()));
                dumpFolder(client, secrets, arguments, client.compression(), proofs);
                return Stored.ofFolder(partial.resolve(format.file), partial);
            }
            if (format == Format.custom) {
                arguments.add("--compress=0"); // zstd in this process is faster than what pg_dump has, and uses another core
            }
            try (var program = client.start(script, secrets, "pg_dump", arguments);
                    var sink = new Sink(partial.resolve(format.file), script.making.recipients, true);
                    var progress = new Progress(script, "dumping " + name, server.tableBytes())) {
                program.pump(sink.out, count -> {
                    progress.at(count);
                    proofs.rethrow();
                });
                finish(program);
                return List.of(sink.stored());
            }
        }

        void dumpFolder(Client client, Secrets secrets, List<String> arguments, String compression, Proofs proofs) throws Exception {
            var all = new ArrayList<>(arguments);
            all.add("--compress=" + compression);
            try (var program = client.start(script, secrets, "pg_dump", all)) {
                program.process.getOutputStream().close();
                program.pump(OutputStream.nullOutputStream(), count -> proofs.rethrow());
                if (program.finish() == 0 || compression.equals(Client.GZIP) || !program.said().contains("compression")) {
                    finish(program);
                    return;
                }
            }
            dumpFolder(client, secrets, arguments, Client.GZIP, proofs); // it was built without zstd
        }

        void finish(Program program) throws Exception {
            var exit = program.finish();
            var said = program.said().isEmpty() ? "exit code " + exit : program.said();
            if (exit == 0 && !program.said().isEmpty()) {
                script.note("pg_dump says: " + said);
            } else if (exit != 0) {
                if (said.contains("LOCK TABLE") || said.contains(WORKER)) {
                    throw new Snapshot.Overtaken(said);
                }
                throw new Failed("pg_dump failed, no backup was made:\n  " + said.replace("\n", "\n  "));
            }
        }

        /** Roles and tablespaces, with password hashes only where the role may read them; what was left out is said. */
        String globals(Path partial, Client client, Secrets secrets, List<Stored> files) throws Exception {
            for (var without : List.of(List.of("--globals-only", "--no-password"),
                    List.of("--globals-only", "--no-password", "--no-role-passwords"))) {
                var file = partial.resolve("globals.sql");
                try (var program = client.start(script, secrets, "pg_dumpall", without);
                        var sink = new Sink(file, script.making.recipients, false)) {
                    program.pump(sink.out, count -> { });
                    if (program.finish() == 0) {
                        files.add(sink.stored());
                        return without.size() == 2 ? null
                                : "roles are in it without their passwords, which " + name + "'s role may not read";
                    }
                    script.detail(program.said());
                    sink.discard();
                }
            }
            return "roles and tablespaces could not be read and are not in this backup";
        }

        /** Against a disk that is known to be too small; nobody can know the size beforehand. */
        void demandSpace(Path partial, Server server) throws IOException, Failed {
            var free = Files.getFileStore(partial).getUsableSpace();
            var last = script.repository.entries().stream().map(Entry::manifest).filter(m -> m.origin().name().equals(name)).findFirst();
            if (last.isPresent() && free < last.get().bytes()) {
                throw new Failed("not enough room in " + script.repository.folder + ": " + bytes(free) + " free, the last backup took "
                        + bytes(last.get().bytes()));
            } else if (last.isEmpty() && free < server.databaseBytes() / 4) {
                script.warn("only " + bytes(free) + " free in " + script.repository.folder + " for a database of "
                        + bytes(server.databaseBytes()));
            }
        }
    }

    /**
     * The moment that is backed up. ACCESS SHARE on every table comes before the first query, since TRUNCATE and ALTER do not respect a snapshot
     * that is older than they are; the exporting session stays open, and reads the hashes itself, since another session's lock request
     * would wait behind an ALTER that waits for us.
     */
    static class Snapshot {
        /** pg_dump or a session met somebody's exclusive lock. */
        static class Overtaken extends Exception {
            Overtaken(String message) {
                super(message);
            }
        }

        /** The locks of run_migrations, which it takes in this mode for as long as it runs (pg_class, pg_namespace, has_table_privilege). */
        static final String MIGRATION_LOCKS = """
                select pg_catalog.format('%I.%I', n.nspname, c.relname), c.oid, pg_catalog.has_schema_privilege(n.oid, 'usage')
                    and pg_catalog.has_table_privilege(c.oid, 'update, delete, truncate') and not pg_catalog.pg_is_in_recovery()
                from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
                where c.relkind = 'v' and (c.relname = 'pgbang_migration_lock' or n.nspname = 'pgbang' and c.relname = 'migration_lock')""";

        /** Who holds or wants a lock that keeps us out (pg_locks, pg_stat_activity). */
        static final String IN_THE_WAY = """
                select pg_catalog.concat_ws(', ', 'pid ' || l.pid, nullif(a.application_name, ''), a.usename, a.state, pg_catalog.left(a.query, 80))
                from pg_catalog.pg_locks l left join pg_catalog.pg_stat_activity a on a.pid = l.pid
                where l.relation = any (?) and l.mode = any (?) and l.pid is distinct from pg_catalog.pg_backend_pid()
                    and l.database = (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database())
                order by l.granted desc limit 1""";

        final backup_database script;
        final Connection session;
        final Instant deadline;
        final Set<String> said = new TreeSet<>();
        List<Table> tables;
        String id;

        Snapshot(backup_database script, Connection session, Instant deadline) {
            this.script = script;
            this.session = session;
            this.deadline = deadline;
        }

        void take() throws Exception {
            Proofs.prepare(session);
            for (;; Thread.sleep(250)) {
                tables = Table.all(session);
                refuseUnreadable();
                var migrations = Sql.rows(session, MIGRATION_LOCKS);
                try {
                    Sql.run(session, "begin isolation level repeatable read read only");
                    for (var lock : migrations) {
                        if (lock[2].equals(true)) {
                            Sql.run(session, "lock table " + lock[0] + " in share row exclusive mode nowait");
                        }
                    }
                    Sql.run(session, "set local lock_timeout = '" + PostgresBackup.LOCK_SECONDS + "s'");
                    lockTables(session);
                    id = (String) Sql.rows(session, "select pg_catalog.pg_export_snapshot()").get(0)[0];
                    Sql.run(session, "set local lock_timeout = 0");
                    if (isComplete() && inTheWay(oids(migrations), "ShareRowExclusiveLock") == null) {
                        return;
                    }
                } catch (SQLException e) {
                    if (!List.of("55P03", "42P01", "3F000").contains(e.getSQLState())) {
                        throw e;
                    }
                }
                release();
                waitFor(migrations);
            }
        }

        void lockTables(Connection by) throws SQLException {
            if (!tables.isEmpty()) {
                Sql.run(by, "lock table " + tables.stream().map(table -> "only " + table.quoted()).collect(Collectors.joining(", "))
                        + " in access share mode");
            }
        }

        /** A table that was made between the listing and the snapshot is not locked; one that was altered has other columns by now. */
        boolean isComplete() throws SQLException {
            var locked = tables.stream().map(Table::oid).collect(Collectors.toSet());
            tables = Table.all(session);
            return tables.stream().allMatch(table -> locked.contains(table.oid()));
        }

        void waitFor(List<Object[]> migrations) throws SQLException, Failed {
            var migration = inTheWay(oids(migrations), "ShareRowExclusiveLock");
            var who = migration != null ? migration : inTheWay(tables.stream().map(Table::oid).toArray(Long[]::new), "AccessExclusiveLock");
            var text = (migration != null ? "a migration is running: " : "waiting for a lock: ") + Objects.toString(who, "gone by now");
            if (Instant.now().isAfter(deadline)) {
                throw new Failed(text + "\n  gave up after --lock-wait " + script.limits.lockWait.toSeconds() + " s; no backup was made");
            } else if (who != null && said.add(text.replaceAll(",.*", ""))) {
                script.note(text);
            }
        }

        String inTheWay(Long[] relations, String... modes) throws SQLException {
            var found = Sql.rows(session, IN_THE_WAY, session.createArrayOf("oid", relations), session.createArrayOf("text", modes));
            return found.isEmpty() ? null : (String) found.get(0)[0];
        }

        static Long[] oids(List<Object[]> rows) {
            return rows.stream().map(row -> (Long) row[1]).toArray(Long[]::new);
        }

        /** All at once, with the GRANT that would help; pg_dump would fail at the first. */
        void refuseUnreadable() throws SQLException, Failed {
            var who = Sql.rows(session, "select pg_catalog.quote_ident(current_user)").get(0)[0];
            var problems = new ArrayList<String>();
            for (var table : tables) {
                if (!table.isReadable()) {
                    problems.add("no right to read " + table.quoted() + ": GRANT USAGE ON SCHEMA " + Sql.quote(table.schema()) + " TO "
                            + who + "; GRANT SELECT ON " + table.quoted() + " TO " + who);
                } else if (table.isFiltered()) {
                    problems.add("row-level security hides rows of " + table.quoted() + " from " + who + ": ALTER ROLE " + who
                            + " BYPASSRLS, or use the table's owner");
                }
            }
            if (!problems.isEmpty()) {
                throw new Failed("no backup was made:\n  " + String.join("\n  ", problems.subList(0, Math.min(10, problems.size())))
                        + (problems.size() > 10 ? "\n  and " + count(problems.size() - 10, "more table") : ""));
            }
        }

        /** Another session that sees the same; it locks at once, since later it might have to wait behind somebody who waits for us. */
        Connection join(Connection other) throws SQLException, Overtaken {
            Proofs.prepare(other);
            try {
                Sql.run(other, "begin isolation level repeatable read read only");
                Sql.run(other, "set transaction snapshot '" + id + "'");
                Sql.run(other, "set local lock_timeout = '" + PostgresBackup.LOCK_SECONDS + "s'");
                lockTables(other);
                return other;
            } catch (SQLException e) {
                script.running.close(other);
                if ("55P03".equals(e.getSQLState())) {
                    throw new Overtaken(e.getMessage());
                }
                throw e;
            }
        }

        /** A standby has none of the rows of unlogged tables. */
        List<Table> readable() throws SQLException {
            var standby = Sql.rows(session, "select pg_catalog.pg_is_in_recovery()").get(0)[0].equals(true);
            return tables.stream().filter(table -> table.hasRows())
                    .map(table -> standby && table.isUnlogged() ? table.without("unlogged: a standby has no rows of it") : table).toList();
        }

        void release() {
            try {
                Sql.run(session, "rollback");
            } catch (SQLException gone) {
                script.detail("the session is gone: " + gone.getMessage());
            }
        }
    }

    /** A table that pg_dump dumps: not a temporary one, nor one of an extension unless that marks it as configuration. */
    record Table(long oid, String schema, String name, String kind, String persistence, long pages, boolean isReadable, boolean isFiltered,
            String columns, String condition, String skip) {
        /**
         * Columns in the order of their names, since a restored child table may have another order; generated ones are not dumped
         * (pg_class, pg_attribute, pg_depend; pg_extension.extconfig as in the manual, 36.17.3). relpages, as pg_relation_size would wait for locks.
         */
        static final String ALL = """
                select c.oid, n.nspname, c.relname, c.relkind::text, c.relpersistence::text, c.relpages::bigint,
                    pg_catalog.has_schema_privilege(n.oid, 'usage') and pg_catalog.has_table_privilege(c.oid, 'select'), pg_catalog.row_security_active(c.oid),
                    coalesce((select pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', ' order by a.attname collate "C")
                        from pg_catalog.pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''), ''), coalesce(e.condition, '')
                from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
                    left join (select pg_catalog.unnest(extconfig) as oid, pg_catalog.unnest(extcondition) as condition from pg_catalog.pg_extension) e on e.oid = c.oid
                where c.relkind in ('r', 'p') and c.relpersistence <> 't' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
                    and (e.oid is not null or not exists (select from pg_catalog.pg_depend d
                        where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.objid = c.oid and d.deptype = 'e'))
                order by c.relpages desc, n.nspname, c.relname""";

        static List<Table> all(Connection session) throws SQLException {
            return Sql.rows(session, ALL).stream()
                    .map(row -> new Table((Long) row[0], (String) row[1], (String) row[2], (String) row[3], (String) row[4], (Long) row[5],
                    (Boolean) row[6], (Boolean) row[7], (String) row[8], (String) row[9], null)).toList();
        }

        String quoted() {
            return Sql.quote(schema) + "." + Sql.quote(name);
        }

        boolean hasRows() {
            return kind.equals("r");
        }

        boolean isUnlogged() {
            return persistence.equals("u");
        }

        Table without(String reason) {
            return new Table(oid, schema, name, kind, persistence, pages, isReadable, isFiltered, columns, condition, reason);
        }
    }

    /** Counts and hashes of tables, read by several sessions at once, the largest first. */
    static class Proofs implements AutoCloseable {
        /** Of the text of rows nothing may depend on a session's or a server's settings. */
        static final String SETTINGS = """
                set search_path = pg_catalog; set datestyle = 'ISO, YMD'; set intervalstyle = postgres; set timezone = 'UTC'; set extra_float_digits = 1; set bytea_output = hex;
                set lc_monetary = 'C'; set quote_all_identifiers = off; set xmlbinary = base64; set row_security = off; set max_parallel_workers_per_gather = 0;
                select pg_catalog.set_config(name, '0', false) from pg_catalog.pg_settings
                    where name in ('statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout', 'idle_session_timeout', 'transaction_timeout')""";

        final backup_database script;
        final List<Connection> sessions;
        final ProofKind kind;
        final ExecutorService pool;
        final List<Future<?>> workers = new ArrayList<>();
        final Queue<Table> left;
        final Queue<TableProof> done = new ConcurrentLinkedQueue<>();
        final AtomicLong pages = new AtomicLong();
        final long allPages;

        /** Begins at once. */
        Proofs(backup_database script, List<Connection> sessions, List<Table> tables, ProofKind kind) {
            this.script = script;
            this.sessions = sessions;
            this.kind = kind;
            this.left = new ConcurrentLinkedQueue<>(tables);
            this.allPages = tables.stream().mapToLong(Table::pages).sum();
            this.pool = Executors.newFixedThreadPool(sessions.size(), Running::daemon);
            sessions.forEach(session -> workers.add(pool.submit(() -> work(session))));
        }

        static void prepare(Connection session) throws SQLException {
            Sql.run(session, SETTINGS);
        }

        Void work(Connection session) throws SQLException {
            for (var table = left.poll(); table != null; table = left.poll()) {
                done.add(read(session, table));
                pages.addAndGet(table.pages());
            }
            if (session == sessions.get(0) && kind != ProofKind.none) {
                readLargeObjects(session);
            }
            return null;
        }

        /**
         * Independent of the order of rows: the sums, over all rows, of two 64-bit hashes of the row's text. sum(bigint) counts in 128 bits, so
         * nothing overflows; "offset 0" keeps the text from being made twice.
         */
        TableProof read(Connection session, Table table) throws SQLException {
            if (table.skip() != null || kind == ProofKind.none) {
                return new TableProof(table.schema(), table.name(), table.oid(), null, null, table.skip());
            }
            var start = System.nanoTime();
            var proof = kind == ProofKind.counts
                    ? hashed(session, table, "select count(*) from only " + table.quoted() + " " + table.condition())
                    : hashed(session, table, "select count(*), sum(hashtextextended(r, 0)), sum(hashtextextended(r, 1)) from (select row("
                            + table.columns()
                            + ")::text collate \"C\" as r from only " + table.quoted() + " " + table.condition() + " offset 0) rows");
            script.detail(String.format(Locale.ROOT, "%s: %d rows read in %.1f s", table.quoted(), proof.rows(),
                    (System.nanoTime() - start) / 1e9));
            return proof;
        }

        static TableProof hashed(Connection session, Table table, String sql) throws SQLException {
            var row = Sql.rows(session, sql).get(0);
            return new TableProof(table.schema(), table.name(), table.oid(), (Long) row[0],
                    row.length == 1 ? null : hex(row[1]) + hex(row[2]), null);
        }

        static String hex(Object sum) {
            return sum == null ? "0".repeat(16) : String.format("%016x", ((BigDecimal) sum).toBigInteger().longValue());
        }

        void readLargeObjects(Connection session) throws SQLException {
            var all = new Table(0, "pg_catalog", "pg_largeobject", "", "", 0, true, false, "", "", null);
            var proof = hashed(session, all,
                    kind == ProofKind.counts ? "select count(*) from pg_largeobject_metadata"
                            : "select count(*), sum(hashtextextended(r, 0)), sum(hashtextextended(r, 1))"
                    + " from (select oid || ' ' || md5(lo_get(oid)) as r from pg_largeobject_metadata offset 0) objects");
            if (proof.rows() > 0) {
                done.add(proof);
            }
        }

        /** Waits for the end. */
        List<TableProof> get() throws Exception {
            try (var progress = new Progress(script, "reading the tables for the proof", allPages * 8192)) {
                for (var worker : workers) {
                    while (!worker.isDone()) {
                        Thread.sleep(20);
                        progress.at(pages.get() * 8192);
                    }
                    worker.get();
                }
            } catch (ExecutionException e) {
                throw e.getCause() instanceof Exception cause ? cause : e;
            }
            return done.stream().sorted(Comparator.comparing(TableProof::schema).thenComparing(TableProof::name)).toList();
        }

        /** What has failed already, so that nobody waits for a dump that will be thrown away. */
        void rethrow() throws IOException {
            for (var worker : workers) {
                if (worker.isDone()) {
                    try {
                        worker.get();
                    } catch (ExecutionException | InterruptedException e) {
                        throw new IOException("the tables could not be read for the proof: " + reason(e), e);
                    }
                }
            }
        }

        @Override
        public void close() throws SQLException {
            left.clear();
            pool.shutdown();
            try {
                while (!pool.awaitTermination(100, TimeUnit.MILLISECONDS)) {
                    for (var session : sessions) {
                        session.unwrap(PGConnection.class).cancelQuery();
                    }
                }
            } catch (InterruptedException e) {
                pool.shutdownNow();
                Thread.currentThread().interrupt();
            }
        }
    }

    record TableProof(String schema, String name, long oid, Long rows, String hash, String skipped) {
        String id() {
            return (schema.isEmpty() ? "" : Sql.quote(schema) + ".") + Sql.quote(name);
        }

        boolean isLargeObjects() {
            return schema.equals("pg_catalog");
        }

        /** What the design keeps out of counts; it is dumped and proved like all else, since within one snapshot it does not change. */
        boolean isOurOwn() {
            return schema.equals("pgbang") || name.startsWith("pgbang_") || name.equals("schema_migrations");
        }
    }

    /** last is null where the sequence was never used. */
    record Sequence(String schema, String name, long increment, boolean cycles, Long last) {
        String id() {
            return Sql.quote(schema) + "." + Sql.quote(name);
        }
    }

    record Extension(String name, String version) {
    }

    /** A statement about the database itself, whose quoted name comes between the two parts. */
    record Setting(String before, String after) {
        boolean isAboutRoles() {
            return before.matches("(ALTER ROLE|GRANT|REVOKE) .*") || after.startsWith(" OWNER TO ");
        }
    }

    record Collation(String encoding, String provider, String collate, String ctype, String locale, String version) {
    }

    /** What a backup holds, as far as a restore can be compared with it; and what its restore needs. */
    record Contents(List<TableProof> tables, List<Sequence> sequences, Map<String, Long> objects, List<String> invalid, List<String> roles,
            List<Extension> extensions,
            List<Setting> settings, Collation collation) {
        /** Not a system's object, nor one of an extension. */
        static final String OWN = "%2$s !~ '^pg_' and %2$s <> 'information_schema' and not exists (select from pg_catalog.pg_depend x where x.classid = 'pg_catalog.%1$s'::pg_catalog.regclass"
                + " and x.objid = o.oid and x.deptype = 'e')";

        /** Their number by kind; NOT NULL constraints have rows of their own only since 18, so they are left out. */
        static final String OBJECTS = """
                select case o.relkind when 'v' then 'views' when 'm' then case when o.relispopulated then 'materialized views' else 'unpopulated materialized views' end
                        when 'S' then 'sequences' when 'f' then 'foreign tables' when 'c' then 'composite types' else 'tables' end as kind, pg_catalog.count(*)
                    from pg_catalog.pg_class o join pg_catalog.pg_namespace n on n.oid = o.relnamespace where o.relkind in ('r', 'p', 'v', 'm', 'S', 'f', 'c') and o.relpersistence <> 't' and %s group by 1
                union all select 'indexes', pg_catalog.count(*) from pg_catalog.pg_index i join pg_catalog.pg_class o on o.oid = i.indrelid join pg_catalog.pg_namespace n on n.oid = o.relnamespace
                    join pg_catalog.pg_class x on x.oid = i.indexrelid where i.indisvalid and x.relkind = 'i' and o.relpersistence <> 't' and %s
                union all select 'constraints', pg_catalog.count(*) from pg_catalog.pg_constraint k join pg_catalog.pg_class o on o.oid = k.conrelid join pg_catalog.pg_namespace n on n.oid = o.relnamespace
                    where k.contype <> 'n' and o.relpersistence <> 't' and %s
                union all select 'triggers', pg_catalog.count(*) from pg_catalog.pg_trigger t join pg_catalog.pg_class o on o.oid = t.tgrelid join pg_catalog.pg_namespace n on n.oid = o.relnamespace
                    where not t.tgisinternal and o.relpersistence <> 't' and %s
                union all select 'policies', pg_catalog.count(*) from pg_catalog.pg_policy p join pg_catalog.pg_class o on o.oid = p.polrelid join pg_catalog.pg_namespace n on n.oid = o.relnamespace where %s
                union all select 'functions', pg_catalog.count(*) from pg_catalog.pg_proc o join pg_catalog.pg_namespace n on n.oid = o.pronamespace where %s"""
                .formatted(Stream.of("pg_class", "pg_class", "pg_class", "pg_class", "pg_class", "pg_proc")
                        .map(catalog -> OWN.formatted(catalog, "n.nspname")).toArray());

        static final String INVALID = """
                select 'constraint ' || k.conname || ' of ' || k.conrelid::pg_catalog.regclass from pg_catalog.pg_constraint k
                    where not k.convalidated and k.contype <> 'n' and k.conrelid <> 0
                union all select 'index ' || i.indexrelid::pg_catalog.regclass from pg_catalog.pg_index i where not i.indisvalid""";

        static final String SEQUENCES = """
                select n.nspname, o.relname, s.seqincrement, s.seqcycle, case when o.relpersistence = 'u' and pg_catalog.pg_is_in_recovery() then null else pg_catalog.pg_sequence_last_value(o.oid) end
                from pg_catalog.pg_sequence s join pg_catalog.pg_class o on o.oid = s.seqrelid join pg_catalog.pg_namespace n on n.oid = o.relnamespace
                where o.relpersistence <> 't' and %s order by 1, 2""".formatted(OWN.formatted("pg_class", "n.nspname"));

        /** Who owns or was granted anything here; what the first superuser owns is not in pg_shdepend. */
        static final String ROLES = """
                select r.rolname from pg_catalog.pg_shdepend d join pg_catalog.pg_roles r on r.oid = d.refobjid join pg_catalog.pg_database b on b.datname = pg_catalog.current_database()
                    where d.refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass and (d.dbid = b.oid or d.classid = 'pg_catalog.pg_database'::pg_catalog.regclass and d.objid = b.oid)
                        and not exists (select from pg_catalog.pg_class t where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and t.oid = d.objid and t.relpersistence = 't')
                union select pg_catalog.pg_get_userbyid(relowner) from pg_catalog.pg_class where oid >= 16384 and relpersistence <> 't'
                union select pg_catalog.pg_get_userbyid(datdba) from pg_catalog.pg_database where datname = pg_catalog.current_database() order by 1""";

        /** As pg_dump --create would write them; the settings whose value is a list of names are stored ready quoted (variable_is_guc_list_quote in pg_dump). */
        static final String SETTINGS = """
                select 'COMMENT ON DATABASE ', ' IS ' || pg_catalog.quote_literal(pg_catalog.shobj_description(oid, 'pg_database')) from pg_catalog.pg_database
                    where datname = pg_catalog.current_database() and pg_catalog.shobj_description(oid, 'pg_database') is not null
                union all select 'ALTER DATABASE ', ' CONNECTION LIMIT ' || datconnlimit from pg_catalog.pg_database where datname = pg_catalog.current_database() and datconnlimit <> -1
                union all select case s.setrole when 0 then 'ALTER DATABASE ' else 'ALTER ROLE ' || pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(s.setrole)) || ' IN DATABASE ' end,
                        ' SET ' || pg_catalog.quote_ident(v.name) || ' TO ' || case when v.name in ('local_preload_libraries', 'search_path', 'session_preload_libraries', 'shared_preload_libraries',
                            'temp_tablespaces', 'unix_socket_directories') then v.value else pg_catalog.quote_literal(v.value) end
                    from pg_catalog.pg_db_role_setting s join pg_catalog.pg_database b on b.oid = s.setdatabase, pg_catalog.unnest(s.setconfig) c,
                        lateral (select pg_catalog.split_part(c, '=', 1) as name, pg_catalog.substr(c, pg_catalog.strpos(c, '=') + 1) as value) v where b.datname = pg_catalog.current_database()
                union all select 'REVOKE ALL ON DATABASE ', ' FROM PUBLIC' from pg_catalog.pg_database where datname = pg_catalog.current_database() and datacl is not null
                union all select 'GRANT ' || a.privilege_type || ' ON DATABASE ', ' TO ' || case a.grantee when 0 then 'PUBLIC' else pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(a.grantee)) end
                        || case when a.is_grantable then ' WITH GRANT OPTION' else '' end
                    from pg_catalog.pg_database b, lateral pg_catalog.aclexplode(b.datacl) a where b.datname = pg_catalog.current_database()
                union all select 'ALTER DATABASE ', ' OWNER TO ' || pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(datdba)) from pg_catalog.pg_database where datname = pg_catalog.current_database()""";

        /** The columns of pg_database differ between majors: datlocprovider since 15, daticulocale until 16. */
        static final String COLLATION = """
                select pg_catalog.pg_encoding_to_char(b.encoding), coalesce(j ->> 'datlocprovider', 'c'), b.datcollate::text, b.datctype::text, coalesce(j ->> 'datlocale', j ->> 'daticulocale'), j ->> 'datcollversion'
                from pg_catalog.pg_database b, lateral pg_catalog.to_jsonb(b) j where b.datname = pg_catalog.current_database()""";

        static Contents of(Connection session, Server server) throws SQLException {
            var sequences = Sql.rows(session, SEQUENCES).stream()
                    .map(row -> new Sequence((String) row[0], (String) row[1], (Long) row[2], (Boolean) row[3], (Long) row[4])).toList();
            var objects = new TreeMap<String, Long>();
            Sql.rows(session, OBJECTS).forEach(row -> objects.put((String) row[0], (Long) row[1]));
            var collation = Sql.rows(session, COLLATION).stream().map(row -> new Collation((String) row[0], (String) row[1],
                    (String) row[2], (String) row[3], (String) row[4], (String) row[5])).findFirst();
            return new Contents(List.of(), sequences, objects, Sql.column(session, INVALID), Sql.column(session, ROLES),
                    Sql.rows(session, "select extname, extversion from pg_catalog.pg_extension where extname <> 'plpgsql' order by 1")
                            .stream()
                            .map(row -> new Extension((String) row[0], (String) row[1])).toList(),
                    Sql.rows(session, SETTINGS).stream().map(row -> new Setting((String) row[0], (String) row[1])).toList(),
                    collation.orElseThrow());
        }

        Contents with(List<TableProof> proofs) {
            return new Contents(proofs, sequences, objects, invalid, roles, extensions, settings, collation);
        }

        Stream<TableProof> counted() {
            return tables.stream().filter(table -> !table.isOurOwn() && !table.isLargeObjects());
        }

        long rows() {
            return counted().filter(table -> table.rows() != null).mapToLong(TableProof::rows).sum();
        }

        /** In what the restored database differs; all is empty for a restore of single tables, whose rows alone are compared. */
        List<String> differences(Contents restored, Predicate<TableProof> wanted, boolean all) {
            var differences = new ArrayList<String>();
            var found = restored.tables.stream().collect(Collectors.toMap(TableProof::id, table -> table, (a, b) -> a));
            for (var table : tables) {
                var other = found.remove(table.id());
                if (other == null) {
                    if (all || !table.isLargeObjects()) {
                        differences.add(table.id() + " is missing");
                    }
                } else if (wanted.test(table) && table.rows() != null && !table.rows().equals(other.rows())) {
                    differences.add(table.id() + " has " + count(other.rows(), "row") + " instead of " + table.rows());
                } else if (wanted.test(table) && table.hash() != null && !table.hash().equals(other.hash())) {
                    differences.add(table.id() + " has other contents: hash " + other.hash() + " instead of " + table.hash());
                }
            }
            found.keySet().forEach(name -> differences.add(name + " was not in the snapshot"));
            var reached = restored.sequences.stream().collect(Collectors.toMap(Sequence::id, sequence -> sequence));
            for (var sequence : sequences) {
                var other = reached.get(sequence.id());
                if (other == null) {
                    differences.add("the sequence " + sequence.id() + " is missing");
                } else if (sequence.last() != null && !sequence.cycles()
                        && (other.last() == null || Long.compare(other.last(), sequence.last()) * Long.signum(sequence.increment()) < 0)) {
                    differences.add(
                            "the sequence " + sequence.id() + " is at " + other.last() + ", at the snapshot it was at " + sequence.last());
                }
            }
            restored.invalid.stream().filter(name -> !invalid.contains(name)).forEach(name -> differences.add(name + " is not valid"));
            var names = restored.extensions.stream().map(Extension::name).toList();
            extensions.stream().filter(extension -> !names.contains(extension.name()))
                    .forEach(extension -> differences.add("the extension " + extension.name() + " is missing"));
            if (all && !objects.equals(restored.objects)) {
                differences.add("other numbers of objects: " + restored.objects + " instead of " + objects);
            }
            return differences;
        }
    }

    /** The server behind a session, as the manifest tells of it. */
    record Server(Connection session, int major, String version, String host, String system, String database, long oid, long databaseBytes,
            boolean isStandby) {
        static Server of(Connection session) throws SQLException {
            var row = Sql.rows(session, """
                    select pg_catalog.current_setting('server_version_num')::int / 10000, pg_catalog.current_setting('server_version'), pg_catalog.current_database()::text, d.oid,
                        case when pg_catalog.has_database_privilege(d.oid, 'connect') then pg_catalog.pg_database_size(d.oid) else 0 end, pg_catalog.pg_is_in_recovery()
                    from pg_catalog.pg_database d where d.datname = pg_catalog.current_database()""").get(0);
            var host = session.unwrap(BaseConnection.class).getQueryExecutor().getHostSpec();
            var address = host.getHost() + ":" + host.getPort();
            return new Server(session, (Integer) row[0], (String) row[1], address, system(session, address), (String) row[2], (Long) row[3],
                    (Long) row[4], (Boolean) row[5]);
        }

        /** The system identifier (pg_control_system), by which a server is known wherever it is; where a provider hides it, the address. */
        static String system(Connection session, String address) throws SQLException {
            try {
                return Sql.rows(session, "select system_identifier::text from pg_catalog.pg_control_system()").get(0)[0].toString();
            } catch (SQLException e) {
                if (!"42501".equals(e.getSQLState())) {
                    throw e;
                }
                return address;
            }
        }

        /** Through a pooler in transaction mode an exported snapshot ends at once, and locks are somebody else's. */
        void demandDirect() throws SQLException, Failed {
            if (!Sql.rows(session, "select pg_catalog.pg_backend_pid()").get(0)[0]
                    .equals(session.unwrap(PGConnection.class).getBackendPID())) {
                throw new Failed("a connection pooler stands between; a backup needs the server itself (its own host and port)");
            }
            var product = (String) Sql.rows(session, "select version()").get(0)[0];
            if (product.matches(".*(Cockroach|YB|Redshift|Greenplum|Materialize).*")) {
                throw new Failed("this is " + product.replaceAll(" on .*", "") + ", not PostgreSQL: pg_dump cannot be trusted with it");
            }
        }

        Origin origin(String name) throws SQLException {
            return new Origin("postgresql", name, system, oid, host, version, isStandby, databaseBytes);
        }

        /** Without indexes: about what pg_dump will write. */
        long tableBytes() throws SQLException {
            return ((BigDecimal) Sql.rows(session,
                    "select coalesce(sum(c.relpages), 0)::numeric * 8192 from pg_catalog.pg_class c where c.relkind in ('r', 't', 'm') and c.oid >= 16384")
                    .get(0)[0]).longValue();
        }
    }

    static class Sql {
        static void run(Connection session, String sql) throws SQLException {
            try (var statement = session.createStatement()) {
                statement.execute(sql);
            }
        }

        static List<Object[]> rows(Connection session, String sql, Object... values) throws SQLException {
            try (var statement = session.prepareStatement(sql)) {
                for (int i = 0; i < values.length; i++) {
                    statement.setObject(i + 1, values[i]);
                }
                var found = statement.executeQuery();
                var rows = new ArrayList<Object[]>();
                while (found.next()) {
                    var row = new Object[found.getMetaData().getColumnCount()];
                    for (int i = 0; i < row.length; i++) {
                        row[i] = found.getObject(i + 1);
                    }
                    rows.add(row);
                }
                return rows;
            }
        }

        static List<String> column(Connection session, String sql, Object... values) throws SQLException {
            return rows(session, sql, values).stream().map(row -> (String) row[0]).toList();
        }

        static String quote(String name) {
            return '"' + name.replace("\"", "\"\"") + '"';
        }

        static String literal(String text) {
            return (text.contains("\\") ? " E'" : "'") + text.replace("\\", "\\\\").replace("'", "''") + "'";
        }
    }

    /** The same server and role, another database; or the very server that a session has got of several. */
    static class Elsewhere extends Database {
        final Database base;
        final String name;
        final HostSpec host;

        Elsewhere(Database base, String name) {
            this(base, name, null);
        }

        Elsewhere(Database base, Connection session) throws SQLException {
            this(base, session.getCatalog(), session.unwrap(BaseConnection.class).getQueryExecutor().getHostSpec());
        }

        Elsewhere(Database base, String name, HostSpec host) {
            this.base = base;
            this.name = name;
            this.host = host;
            spec = base.spec;
            environment = base.environment;
        }

        @Override
        Properties settings() {
            var settings = base.settings();
            settings.put("PGDBNAME", name);
            if (host != null) {
                settings.put("PGHOST", host.getHost());
                settings.put("PGPORT", String.valueOf(host.getPort()));
            }
            return settings;
        }
    }

    // --- PostgreSQL: restore and comparison ---

    /**
     * Restores into a database with a name of our own, compares, and then drops it (verify) or gives it its name (restore). So a run that was killed
     * leaves nothing that could be taken for a good database, and the next run knows what to drop.
     */
    static class PostgresRestore {
        static final Pattern SCRATCH = Pattern.compile("pgbang_scratch_(\\d{8}t\\d{6})_[0-9a-f]{8}");
        static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyyMMdd't'HHmmss").withZone(ZoneOffset.UTC);

        final backup_database script;
        final Entry entry;
        final Manifest manifest;
        final Database target;
        final List<String> notes = new ArrayList<>();
        Contents contents;
        boolean withoutOwners;

        PostgresRestore(backup_database script, Entry entry, Database target) {
            this.script = script;
            this.entry = entry;
            this.manifest = entry.manifest();
            this.target = target;
            this.withoutOwners = script.restoring.noOwner;
        }

        Verdict verify() throws Exception {
            if (manifest.proof() == ProofKind.none) {
                return new Verdict(3, List.of("it was made with --proof none: there is nothing to compare a restore with"), notes);
            }
            var identity = Age.identity(script, manifest);
            contents = entry.contents(identity);
            try {
                String scratch;
                try (var session = script.running.track(connect(target))) {
                    sweep(session);
                    var problems = preflight(session, true);
                    if (!problems.isEmpty()) {
                        return new Verdict(3, problems, notes);
                    }
                    scratch = create(session, true);
                }
                var drop = script.running.later(() -> drop(scratch));
                try {
                    var differences = fill(scratch, identity);
                    return new Verdict(differences.isEmpty() ? 0 : 2, differences, notes);
                } finally {
                    script.running.now(drop);
                }
            } catch (SQLException e) {
                return new Verdict(3, List.of("the scratch server cannot be used: " + reason(e.getCause() != null ? e.getCause() : e)),
                        notes);
            }
        }

        int restore() throws Exception {
            var identity = Age.identity(script, manifest);
            contents = entry.contents(identity);
            var name = script.restoring.into != null ? script.restoring.into
                    : manifest.origin().name() + "_restored_" + TIME.format(Instant.now());
            script.demand(!name.isBlank() && name.getBytes(UTF_8).length < 64, "--into: a database's name has 1 to 63 bytes");
            String scratch;
            try (var session = script.running.track(connect(target))) {
                sweep(session);
                var problems = new ArrayList<>(preflight(session, false));
                problems.addAll(refusePlace(session, name));
                if (!problems.isEmpty()) {
                    throw new Failed("nothing was restored:\n  " + String.join("\n  ", problems));
                }
                scratch = create(session, false);
            }
            var drop = script.running.later(() -> drop(scratch));
            var differences = fill(scratch, identity);
            try (var session = script.running.track(connect(target))) {
                if (!differences.isEmpty()) {
                    var kept = shortened(name, "_not_verified");
                    rename(session, scratch, kept, null);
                    script.running.forget(drop);
                    throw new Failed("what was restored is not what was backed up; it is in the database " + kept
                            + ", and nothing else was touched:\n  " + String.join("\n  ", differences));
                }
                var refused = applySettings(session, scratch);
                var old = script.restoring.replace && exists(session, name) ? shortened(name, "_before_" + TIME.format(Instant.now()))
                        : null;
                rename(session, scratch, name, old);
                script.running.forget(drop);
                report(name, old, refused);
                return refused.isEmpty() ? 0 : 1;
            }
        }

        void report(String name, String old, List<String> refused) {
            refused.forEach(script::warn);
            notes.forEach(script::note);
            var proof = manifest.proof() == ProofKind.none ? ", not compared: the backup has no proof"
                    : ", every " + (manifest.proof() == ProofKind.full ? "count and hash" : "count") + " as in the snapshot";
            script.say("%s  restored into the database %s%s%s%n", entry.id(), name,
                    script.restoring.tables.isEmpty() ? proof : ", with the rows of " + String.join(", ", script.restoring.tables) + proof,
                    old == null ? "" : "; what was there is now " + old);
            script.document.putAll(fields("restored", entry.id(), "database", name, "kept", old, "verified",
                    manifest.proof() != ProofKind.none, "refused", refused, "notes", notes));
        }

        /** Where the database is gone, the server is entered by another. */
        static Connection connect(Database target) throws SQLException, InterruptedException {
            try {
                return target.connect(true);
            } catch (SQLException e) {
                if (!(e.getCause() instanceof SQLException cause) || !"3D000".equals(cause.getSQLState())) {
                    throw e;
                }
                return new Elsewhere(target, "postgres").connect(true);
            }
        }

        /** Before anything is touched: what would make the restore stumble. */
        List<String> preflight(Connection session, boolean scratch) throws Exception {
            Proofs.prepare(session);
            var problems = new ArrayList<String>();
            var server = Server.of(session);
            var roles = Set
                    .copyOf(Sql.column(session, "select rolname from pg_catalog.pg_roles where pg_catalog.pg_has_role(oid, 'member')"));
            var missing = contents.roles().stream().filter(role -> !roles.contains(role)).toList();
            if (!missing.isEmpty() && !withoutOwners) {
                if (scratch && manifest.format() != Format.plain) {
                    withoutOwners = true;
                    notes.add("owners and grants are not restored on the scratch server, where these roles are missing or not ours: "
                            + String.join(", ", missing));
                } else {
                    problems.add("roles are missing, or you are no member of them: " + String.join(", ", missing)
                            + "; create them (globals.sql of the backup has them), or restore with --no-owner");
                }
            }
            if (withoutOwners && manifest.format() == Format.plain) {
                problems.add("--no-owner is not possible with a plain dump, which is one script");
            }
            var available = Sql.rows(session, "select name, default_version from pg_catalog.pg_available_extensions").stream()
                    .collect(Collectors.toMap(row -> (String) row[0], row -> (String) row[1]));
            for (var extension : contents.extensions()) {
                if (!available.containsKey(extension.name())) {
                    problems.add("the server lacks the extension " + extension.name() + " (" + extension.version() + ")");
                } else if (!available.get(extension.name()).equals(extension.version())) {
                    notes.add("extension " + extension.name() + " " + extension.version() + " becomes " + available.get(extension.name()));
                }
            }
            if (server.major() < manifest.serverMajor()) {
                problems.add("the server is PostgreSQL " + server.major() + ", older than the backup's " + manifest.serverMajor());
            }
            if (Sql.rows(session, "select rolcreatedb or rolsuper from pg_catalog.pg_roles where rolname = current_user").get(0)[0]
                    .equals(false)) {
                problems.add("the role may not create databases: ALTER ROLE "
                        + Sql.rows(session, "select pg_catalog.quote_ident(current_user)").get(0)[0] + " CREATEDB"
                        + (scratch ? ", or another server with --scratch-url" : ""));
            }
            var free = (Long) Sql.rows(session,
                    "select pg_catalog.current_setting('max_connections')::bigint - pg_catalog.count(*) from pg_catalog.pg_stat_activity where backend_type = 'client backend'")
                    .get(0)[0];
            if (free < script.making.jobs + 2) {
                problems.add("only " + count(free, "connection") + " left on the server");
            }
            checkDisk(session, problems);
            if (manifest.clientMajor() > server.major() && server.major() < 17 && manifest.clientMajor() >= 17) {
                script.detail("made by pg_dump " + manifest.clientMajor() + ": its SET transaction_timeout is passed over");
            }
            return problems;
        }

        /** Only on the server's own machine, and where the role may ask, can its disk be looked at. */
        void checkDisk(Connection session, List<String> problems) throws IOException {
            try {
                var data = Path.of((String) Sql.rows(session, "select pg_catalog.current_setting('data_directory')").get(0)[0]);
                if (Files.isReadable(data) && Files.getFileStore(data).getUsableSpace() < manifest.origin().databaseBytes()) {
                    problems.add("the server's disk has " + bytes(Files.getFileStore(data).getUsableSpace()) + " left, the database had "
                            + bytes(manifest.origin().databaseBytes()));
                }
            } catch (SQLException e) {
                notes.add("the server's disk space could not be looked at");
            }
        }

        /** A database is replaced only by a backup of itself. */
        List<String> refusePlace(Connection session, String name) throws SQLException {
            if (!exists(session, name)) {
                return List.of();
            } else if (!script.restoring.replace) {
                return List.of("there is a database " + name
                        + " already; another name with --into, or --replace to swap it once the restore is verified");
            } else if (!manifest.origin().name().equals(name) || !manifest.origin().system().equals(Server.of(session).system())) {
                return List.of(entry.id() + " is a backup of the database " + manifest.origin().name() + " on " + manifest.origin().host()
                        + ", not of " + name + " here;"
                        + " restore it into a new database, and rename that by hand if this is meant");
            }
            return List.of();
        }

        static boolean exists(Connection session, String name) throws SQLException {
            return !Sql.rows(session, "select 1 from pg_catalog.pg_database where datname = ?", name).isEmpty();
        }

        /** With the encoding and locale of the original; a scratch database may do without a locale that the server lacks. */
        String create(Connection session, boolean scratch) throws SQLException, Failed {
            var name = "pgbang_scratch_" + TIME.format(Instant.now()) + "_" + Secrets.random();
            var c = contents.collation();
            var major = Server.of(session).major();
            var create = "create database " + name + " template template0 encoding " + Sql.literal(c.encoding());
            var locale = " lc_collate " + Sql.literal(c.collate()) + " lc_ctype " + Sql.literal(c.ctype())
                    + (c.provider().equals("i") ? " locale_provider icu icu_locale " + Sql.literal(c.locale())
                            : c.provider().equals("b") && major >= 17 ? " locale_provider builtin builtin_locale " + Sql.literal(c.locale())
                            : major >= 15 ? " locale_provider libc" : "");
            try {
                Sql.run(session, create + locale);
            } catch (SQLException e) {
                if (!scratch || !List.of("42809", "22023", "0A000", "42601").contains(e.getSQLState())) {
                    throw new Failed("cannot create a database like the original: " + reason(e));
                }
                notes.add("the scratch server lacks the locale " + c.collate() + "; C was used");
                Sql.run(session, create + " lc_collate 'C' lc_ctype 'C'" + (major >= 15 ? " locale_provider libc" : ""));
            }
            Sql.run(session, "comment on database " + name + " is 'pgbang backup_database: scratch, may be dropped'");
            return name;
        }

        /** Runs pg_restore (psql for a plain dump) and compares; a session of ours in the scratch database shows others that it is in use. */
        List<String> fill(String scratch, List<RecipientStanzaReader> identity) throws Exception {
            try (var guard = script.running.track(new Elsewhere(target, scratch).connect(true));
                    var secrets = new Secrets(script, new Elsewhere(target, guard))) {
                var server = Server.of(guard);
                var client = Client.forRestore(script, server.major(), manifest.clientMajor());
                var known = Set.copyOf(Sql.column(guard, "select name from pg_catalog.pg_settings"));
                if (manifest.format() == Format.plain) {
                    script.demand(script.restoring.tables.isEmpty(), "--table is not possible with a plain dump, which is one script");
                    runScript(client, secrets, scratch, identity, known);
                } else {
                    runArchive(client, secrets, scratch, identity, known);
                }
                return compare(guard, server, scratch);
            }
        }

        void runArchive(Client client, Secrets secrets, String scratch, List<RecipientStanzaReader> identity, Set<String> known)
                throws Exception {
            var arguments = new ArrayList<>(List.of("--dbname=" + scratch, "--no-password"));
            if (withoutOwners) {
                arguments.addAll(List.of("--no-owner", "--no-privileges"));
            }
            if (script.action.restore == null) {
                arguments.add("--no-subscriptions"); // a database that has one cannot be dropped
            }
            if (!script.restoring.tables.isEmpty()) {
                arguments.add("--use-list=" + secrets.file("list", list(client, secrets, identity)));
            }
            if (manifest.format() == Format.directory) {
                arguments.addAll(List.of("--jobs=" + script.making.jobs, "--format=directory",
                        entry.path().resolve(manifest.format().file).toAbsolutePath().toString()));
            } else {
                arguments.add("--format=custom");
            }
            try (var program = client.start(script, secrets, "pg_restore", arguments)) {
                feed(program, identity, in -> in);
                judge(program, known);
            }
        }

        void runScript(Client client, Secrets secrets, String scratch, List<RecipientStanzaReader> identity, Set<String> known)
                throws Exception {
            try (var program = client.start(script, secrets, "psql",
                    List.of("--dbname=" + scratch, "--no-password", "-X", "-q", "-o", "/dev/null", "-v", "ON_ERROR_STOP=1"))) {
                feed(program, identity, in -> withoutUnknownSettings(in, known));
                if (program.finish() != 0) {
                    throw new Failed("psql could not restore " + entry.id() + ":\n  " + program.said().replace("\n", "\n  "));
                }
            }
        }

        /** The archive into the program's standard input; a directory is read by the program itself. */
        void feed(Program program, List<RecipientStanzaReader> identity, Function<InputStream, InputStream> filter) throws Exception {
            try (var out = program.process.getOutputStream()) {
                if (manifest.format() != Format.directory) {
                    try (var in = filter.apply(Source.open(entry.dump(), identity, true));
                            var progress = new Progress(script, "restoring " + entry.id(), manifest.bytes())) {
                        Program.copy(in, out, count -> progress.at(count / 5));
                    }
                }
            } catch (IOException e) {
                if (program.process.waitFor(10, TimeUnit.SECONDS) && program.finish() != 0 && !program.said().isBlank()) {
                    return; // it has ended, and says itself why
                }
                throw new Failed(entry.id() + " cannot be read to its end: " + reason(e), e);
            }
            program.pump(OutputStream.nullOutputStream(), count -> { });
        }

        /** The first lines of a plain dump set what a server of an older major does not know. */
        static InputStream withoutUnknownSettings(InputStream in, Set<String> known) {
            var buffered = new BufferedInputStream(in, 1 << 16);
            try {
                buffered.mark(1 << 16);
                var head = new String(buffered.readNBytes(8192), ISO_8859_1);
                buffered.reset();
                var set = Pattern.compile("(?m)^SET (\\w+) = [^\\n]*;$").matcher(head)
                        .replaceAll(match -> known.contains(match.group(1)) ? Matcher.quoteReplacement(match.group()) : "");
                buffered.skipNBytes(head.length());
                return new SequenceInputStream(new ByteArrayInputStream(set.getBytes(ISO_8859_1)), buffered);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        /** Every error counts but two: a setting that pg_restore itself sends and that this server is too old for; and the comment on an extension of another owner. */
        void judge(Program program, Set<String> known) throws Exception {
            var exit = program.finish();
            var errors = Stream.of(program.said().split("(?m)^(?=pg_restore: )")).filter(part -> part.startsWith("pg_restore: error: "))
                    .map(String::strip).toList();
            var command = Pattern.compile("(?m)^Command was: (?:SET (\\w+) = \\S+;|COMMENT ON EXTENSION )");
            var harmful = errors.stream().filter(error -> {
                var found = command.matcher(error);
                return !found.find() || found.group(1) != null && known.contains(found.group(1));
            }).toList();
            if (!harmful.isEmpty() || exit != 0 && errors.isEmpty()) {
                var said = harmful.isEmpty() ? program.said() : String.join("\n", harmful.subList(0, Math.min(3, harmful.size())));
                throw new Failed("pg_restore could not restore " + entry.id()
                        + (harmful.size() > 3 ? " (" + harmful.size() + " errors, the first three)" : "") + ":\n  "
                        + said.replace("\n", "\n  "));
            }
            errors.forEach(error -> notes
                    .add("passed over, harmless: " + error.lines().findFirst().orElse("").replace("pg_restore: error: ", "")));
        }

        /** The archive's table of contents without the rows of other tables and without what those would be needed for. */
        String list(Client client, Secrets secrets, List<RecipientStanzaReader> identity) throws Exception {
            var wanted = new TreeSet<Long>();
            for (var name : script.restoring.tables) {
                var found = contents.tables().stream().filter(
                        table -> name.equals(table.name()) || name.equals(table.schema() + "." + table.name()) || name.equals(table.id()))
                        .toList();
                script.demand(found.size() == 1,
                        "--table: there "
                                + (found.isEmpty() ? "is no table " + name : "are several tables " + name + ", name the schema as well")
                                + " in " + entry.id());
                wanted.add(found.get(0).oid());
            }
            var list = new ByteArrayOutputStream();
            var directory = manifest.format() == Format.directory;
            try (var program = client.start(script, secrets, "pg_restore",
                    directory ? List.of("--list", entry.path().resolve(manifest.format().file).toString())
                            : List.of("--list", "--format=custom"))) {
                var feeder = Running.daemon(() -> {
                    try (var out = program.process.getOutputStream();
                            var in = directory ? InputStream.nullInputStream() : Source.open(entry.dump(), identity, true)) {
                        in.transferTo(out);
                    } catch (IOException | GeneralSecurityException ended) {
                        script.detail("pg_restore --list has read enough");
                    }
                });
                feeder.start();
                program.pump(list, count -> { });
                if (program.finish() != 0) {
                    throw new Failed("pg_restore cannot list " + entry.id() + ":\n  " + program.said());
                }
            }
            var row = Pattern
                    .compile("\\d+; \\d+ (\\d+) (TABLE DATA|MATERIALIZED VIEW DATA|FK CONSTRAINT|BLOBS?|BLOB METADATA|LARGE OBJECT) .*");
            return list.toString(UTF_8).lines().filter(line -> {
                var item = row.matcher(line);
                return !item.matches() || item.group(2).equals("TABLE DATA") && wanted.contains(Long.valueOf(item.group(1)));
            }).collect(Collectors.joining("\n", "", "\n"));
        }

        List<String> compare(Connection guard, Server server, String scratch) throws Exception {
            Proofs.prepare(guard);
            var sessions = new ArrayList<>(List.of(guard));
            try {
                while (sessions.size() < script.making.jobs) {
                    sessions.add(script.running.track(new Elsewhere(target, scratch).connect(true)));
                    Proofs.prepare(sessions.get(sessions.size() - 1));
                }
                var single = !script.restoring.tables.isEmpty();
                try (var proofs = new Proofs(script, sessions, Table.all(guard).stream().filter(Table::hasRows).toList(),
                        manifest.proof())) {
                    var restored = Contents.of(guard, server).with(proofs.get());
                    if (!single && server.major() != manifest.serverMajor()) {
                        notes.add("numbers of objects are not compared between PostgreSQL " + manifest.serverMajor() + " and "
                                + server.major());
                    }
                    var found = contents.differences(restored,
                            table -> !single || script.restoring.tables.stream().anyMatch(name -> name.equals(table.name())
                                    || name.equals(table.schema() + "." + table.name()) || name.equals(table.id())),
                            !single && server.major() == manifest.serverMajor());
                    notes.addAll(contents.tables().stream().filter(table -> table.skipped() != null)
                            .map(table -> table.id() + " was not compared: " + table.skipped()).toList());
                    if (!single) {
                        notes.addAll(lateSequences(guard));
                    }
                    return found;
                }
            } finally {
                for (var extra : sessions.subList(1, sessions.size())) {
                    script.running.close(extra);
                }
            }
        }

        /** A sequence behind its column makes the next insert fail; the source has it as well, since a dump reads sequences after the snapshot (pg_depend: owned and identity columns). */
        static List<String> lateSequences(Connection session) throws SQLException {
            var late = new ArrayList<String>();
            for (var owned : Sql.rows(session, """
                    select pg_catalog.format('%I.%I', n.nspname, c.relname), pg_catalog.quote_ident(a.attname), pg_catalog.format('%I.%I', m.nspname, s.relname), pg_catalog.pg_sequence_last_value(s.oid)
                    from pg_catalog.pg_depend d join pg_catalog.pg_class s on s.oid = d.objid join pg_catalog.pg_namespace m on m.oid = s.relnamespace
                        join pg_catalog.pg_sequence q on q.seqrelid = s.oid and q.seqincrement > 0 and not q.seqcycle
                        join pg_catalog.pg_class c on c.oid = d.refobjid join pg_catalog.pg_namespace n on n.oid = c.relnamespace
                        join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum = d.refobjsubid and a.atttypid in (20, 21, 23)
                    where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.refclassid = d.classid and d.deptype in ('a', 'i') and d.refobjsubid > 0 and c.relkind in ('r', 'p')""")) {
                var largest = (Long) Sql.rows(session, "select max(" + owned[1] + ")::bigint from " + owned[0]).get(0)[0];
                if (largest != null && largest > 0 && (owned[3] == null || (Long) owned[3] < largest)) {
                    late.add("the sequence " + owned[2] + " is at " + owned[3] + ", its column " + owned[0] + "." + owned[1] + " at "
                            + largest + ": inserts will collide, as in the original");
                }
            }
            return late;
        }

        List<String> applySettings(Connection session, String name) {
            var refused = new ArrayList<String>();
            var all = new ArrayList<>(List.of(new Setting("COMMENT ON DATABASE ", " IS NULL"))); // ours, that it is a scratch database
            all.addAll(contents.settings());
            for (var setting : all) {
                try {
                    if (!withoutOwners || !setting.isAboutRoles()) {
                        Sql.run(session, setting.before() + Sql.quote(name) + setting.after());
                    }
                } catch (SQLException e) {
                    refused.add("not set again: " + setting.before() + "..." + setting.after() + ": " + reason(e));
                }
            }
            return refused;
        }

        /** In one transaction the old name is freed and taken, so that nobody finds neither; sessions that are in the way are ended, as --replace asks for. */
        void rename(Connection session, String from, String to, String old) throws Exception {
            var inside = session.getCatalog().equals(to); // nobody can rename the database that he is in
            try (var by = script.running.track(new Elsewhere(target, inside ? "postgres" : session.getCatalog()).connect(true))) {
                if (inside) {
                    script.running.close(session);
                }
                for (int left = 20;; left--) {
                    Sql.rows(by,
                            "select pg_catalog.pg_terminate_backend(pid) from pg_catalog.pg_stat_activity where datname in (?, ?) and pid <> pg_catalog.pg_backend_pid()",
                            from, to);
                    try {
                        Sql.run(by,
                                "begin; set local lock_timeout = '5s'"
                                        + (old == null ? "" : "; alter database " + Sql.quote(to) + " rename to " + Sql.quote(old))
                                + "; alter database " + Sql.quote(from) + " rename to " + Sql.quote(to) + "; commit");
                        return;
                    } catch (SQLException e) {
                        Sql.run(by, "rollback");
                        if (left == 0 || !List.of("55006", "55P03").contains(e.getSQLState())) {
                            throw new Failed("the restored database is verified, but could not be named " + to + ": " + reason(e)
                                    + "\n  nothing was replaced");
                        }
                    }
                }
            }
        }

        static String shortened(String name, String suffix) {
            var room = 63 - suffix.length();
            while (name.getBytes(UTF_8).length > room) {
                name = name.substring(0, name.offsetByCodePoints(name.length(), -1));
            }
            return name + suffix;
        }

        void drop(String scratch) {
            try (var session = connect(target)) {
                Sql.rows(session, "select pg_catalog.pg_terminate_backend(pid) from pg_catalog.pg_stat_activity where datname = ?",
                        scratch);
                for (int left = 20;; left--) {
                    try {
                        Sql.run(session, "drop database if exists " + scratch);
                        return;
                    } catch (SQLException e) {
                        if (left == 0 || !"55006".equals(e.getSQLState())) {
                            throw e;
                        }
                    }
                }
            } catch (SQLException | InterruptedException e) {
                script.warn("the scratch database " + scratch + " is left; the next --verify drops it: " + reason(e));
            }
        }

        /** What a killed run left: known by its name and our comment, older than a minute, and nobody is in it. */
        void sweep(Connection session) throws SQLException {
            for (var row : Sql.rows(session,
                    "select datname, pg_catalog.shobj_description(oid, 'pg_database') from pg_catalog.pg_database d where datname like 'pgbang\\_scratch\\_%'"
                            + " and pg_catalog.pg_has_role(datdba, 'usage') and not exists (select from pg_catalog.pg_stat_activity a where a.datid = d.oid)")) {
                var name = SCRATCH.matcher((String) row[0]);
                if (name.matches() && (row[1] == null || row[1].toString().startsWith("pgbang "))
                        && LocalDateTime.parse(name.group(1), TIME).toInstant(ZoneOffset.UTC).isBefore(Instant.now().minusSeconds(60))) {
                    try {
                        Sql.run(session, "drop database if exists " + row[0]);
                        script.note("dropped " + row[0] + ", which a killed run had left");
                    } catch (SQLException inUse) {
                        script.detail(row[0] + " is left: " + inUse.getMessage());
                    }
                }
            }
        }
    }

    // --- client programs ---

    /** pg_dump and its like of one major; folder null where they run in a container. */
    record Client(Path folder, String docker, int major, String version) {
        static final String GZIP = "1"; // level 6, pg_dump's own choice, takes four times as long

        /** Where the programs of the usual packages are; PATH is looked at as well, but not believed. */
        static final List<String> PLACES = List.of("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/libexec/postgresql*",
                "/usr/lib/postgresql*/bin", "/opt/homebrew/opt/postgresql@*/bin",
                "/opt/homebrew/opt/libpq/bin", "/usr/local/opt/postgresql@*/bin", "/usr/local/opt/libpq/bin",
                "/Applications/Postgres.app/Contents/Versions/*/bin", "/Library/PostgreSQL/*/bin",
                "/usr/local/pgsql/bin", "C:/Program Files/PostgreSQL/*/bin");

        /** Same major as the server, else the next newer; an older one refuses, and rightly. */
        static Client forDump(backup_database script, int server) throws Exception {
            var client = choose(all(script, "pg_dump"), server, server);
            if (client == null) {
                throw new Failed(missing(script, "pg_dump", server));
            } else if (client.major >= 17 && server < 17) {
                script.warn("pg_dump " + client.version + " for a server " + server
                        + ": psql and pg_restore will stumble over its SET transaction_timeout there; --verify and --restore pass over it");
            }
            return client;
        }

        /** Must read what the dump's client wrote; then the server's own major is best. */
        static Client forRestore(backup_database script, int server, int dumpedBy) throws Exception {
            var client = choose(all(script, "pg_restore"), Math.max(server, dumpedBy), dumpedBy);
            if (client == null) {
                throw new Failed(3, missing(script, "pg_restore", Math.max(server, dumpedBy)), null);
            }
            return client;
        }

        /** The best major if there is one, else the smallest newer one, else (for a restore) the newest that can read it; of one major the newest minor. */
        static Client choose(List<Client> clients, int best, int least) {
            var byVersion = Comparator.comparingInt(Client::major).thenComparing(Client::minor);
            var newer = clients.stream().filter(client -> client.major >= best)
                    .min(Comparator.comparingInt(Client::major).thenComparing(Client::minor, Comparator.reverseOrder()));
            return newer.orElseGet(() -> clients.stream().filter(client -> client.major >= least).max(byVersion).orElse(null));
        }

        int minor() {
            var part = Pattern.compile("\\d+\\.(\\d+)").matcher(version);
            return part.lookingAt() ? Integer.parseInt(part.group(1)) : 0;
        }

        static String missing(backup_database script, String program, int major) throws Exception {
            var all = all(script, program);
            return "no " + program + " of PostgreSQL " + major + " or newer "
                    + (script.place.docker != null ? "in the container " + script.place.docker
                            : "on this machine" + (all.isEmpty() ? ""
                                    : " (there is " + all.stream().map(client -> client.version + " in " + client.folder)
                                            .collect(Collectors.joining(", ")) + ")"))
                    + "; install it:\n  apt-get install postgresql-client-" + major + "  |  dnf install postgresql" + major
                    + "  |  apk add postgresql" + major + "-client  |  brew install postgresql@" + major
                    + "\n  or run it in the server's container with --docker CONTAINER";
        }

        static List<Client> all(backup_database script, String program) throws Exception {
            var docker = script.place.docker;
            if (docker != null) {
                var client = asked(script, null, docker, List.of("docker", "exec", docker, program, "--version"));
                if (client == null) {
                    throw new Failed("cannot run " + program + " in the container " + docker + " (docker exec " + docker + " " + program
                            + " --version)");
                }
                return List.of(client);
            }
            var clients = new ArrayList<Client>();
            for (var folder : folders(script)) {
                var file = Stream.of(program, program + ".exe").map(folder::resolve).filter(Files::isExecutable).findFirst();
                if (file.isPresent() && !file.get().toRealPath().endsWith("pg_wrapper")) { // Debian's, which takes what it likes
                    var client = asked(script, folder, null, List.of(file.get().toString(), "--version"));
                    if (client != null) {
                        clients.add(client);
                    }
                }
            }
            return clients;
        }

        static Set<Path> folders(backup_database script) throws IOException {
            var folders = new LinkedHashSet<Path>();
            for (var place : script.clientPlaces) {
                var parts = place.split("(?=/[^/]*\\*)", 2);
                var rest = parts.length == 1 ? "" : parts[1].substring(1);
                var base = Path.of(parts[0]);
                if (rest.isEmpty()) {
                    folders.add(base);
                } else if (Files.isDirectory(base)) {
                    try (var children = Files.newDirectoryStream(base, rest.split("/")[0])) {
                        children.forEach(child -> folders.add(rest.contains("/") ? child.resolve("bin") : child));
                    }
                }
            }
            for (var folder : script.variable("PATH", "").split(File.pathSeparator)) {
                folders.add(Path.of(folder));
            }
            return folders.stream().filter(Files::isDirectory).collect(Collectors.toCollection(LinkedHashSet::new));
        }

        static Client asked(backup_database script, Path folder, String docker, List<String> command) throws InterruptedException {
            try {
                var process = new ProcessBuilder(command).redirectErrorStream(true).start();
                process.getOutputStream().close();
                var said = new String(process.getInputStream().readAllBytes(), UTF_8);
                var version = Pattern.compile("\\(PostgreSQL\\) ((\\d+)\\S*)").matcher(said);
                return process.waitFor() == 0 && version.find()
                        ? new Client(folder, docker, Integer.parseInt(version.group(2)), version.group(1))
                        : null;
            } catch (IOException e) {
                script.detail(command.get(0) + " cannot be run: " + e.getMessage());
                return null;
            }
        }

        /** Of the directory format, which pg_dump compresses itself: zstd is in it since 16. */
        String compression() {
            return major >= 16 ? "zstd:3" : GZIP;
        }

        /** In a container the password goes through standard input into a file there, which the shell removes. */
        static final String IN_CONTAINER = "umask 077; d=$(mktemp -d) || exit 1; trap 'rm -rf \"$d\"' EXIT; trap 'exit 143' HUP INT TERM; IFS= read -r p; printf '%s\\n' \"$p\" >\"$d/pgpass\"; "
                + "PGPASSFILE=\"$d/pgpass\"; export PGPASSFILE; \"$@\"";

        Program start(backup_database script, Secrets secrets, String program, List<String> arguments) throws Exception {
            var command = new ArrayList<String>();
            if (docker != null) {
                command.addAll(List.of("docker", "exec", "-i"));
                secrets.environment.keySet().stream().filter(name -> !name.matches("PGHOST|PGPORT|PGPASSFILE|PGSERVICE|PGSSLROOTCERT"))
                        .forEach(name -> command.addAll(List.of("-e", name)));
                command.addAll(List.of(docker, "sh", "-c", IN_CONTAINER, "sh", program));
            } else {
                command.add(folder.resolve(program).toString());
            }
            command.addAll(arguments);
            script.detail(String.join(" ", command));
            return new Program(script, command, secrets, docker != null);
        }
    }

    /** A client program that runs; it is ended with us. */
    static class Program implements AutoCloseable {
        interface Step {
            void at(long bytes) throws IOException;
        }

        final Process process;
        final Running running;
        final Running.Later kill;
        final Secrets secrets;
        final StringBuffer said = new StringBuffer();
        final Thread listener;

        Program(backup_database script, List<String> command, Secrets secrets, boolean inContainer) throws IOException {
            var builder = new ProcessBuilder(command);
            builder.environment().keySet().removeIf(name -> name.matches(
                    "PG(HOST|HOSTADDR|PORT|USER|DATABASE|PASSWORD|SERVICE|OPTIONS|APPNAME|SSLMODE|SSLROOTCERT|CONNECT_TIMEOUT|TARGETSESSIONATTRS|LOADBALANCEHOSTS|CLIENTENCODING|DATESTYLE|TZ)|POSTGRES_.*|AWS_.*|.*DATABASE_URL|SCRATCH_URL|BACKUP_.*|LANG|LC_.*|LANGUAGE"));
            builder.environment().putAll(secrets.environment);
            builder.environment().put("LC_ALL", "C");
            this.secrets = secrets;
            running = script.running;
            process = builder.start();
            kill = running.later(() -> {
                process.destroy();
                if (!process.waitFor(5, TimeUnit.SECONDS)) {
                    process.destroyForcibly();
                }
            });
            listener = Running.daemon(this::listen);
            listener.start();
            if (inContainer) {
                process.getOutputStream().write((secrets.line + "\n").getBytes(UTF_8));
                process.getOutputStream().flush();
            }
        }

        /** Keeps the beginning and lets the rest go, so that nothing blocks or grows. */
        void listen() {
            try (var lines = new BufferedReader(new InputStreamReader(process.getErrorStream(), UTF_8))) {
                for (var line = lines.readLine(); line != null; line = lines.readLine()) {
                    if (said.length() < 1 << 20) {
                        said.append(secrets.masked(line)).append('\n');
                    }
                }
            } catch (IOException ended) {
                said.append("(its messages could not be read to the end)\n");
            }
        }

        void pump(OutputStream out, Step step) throws IOException {
            copy(process.getInputStream(), out, step);
        }

        static void copy(InputStream in, OutputStream out, Step step) throws IOException {
            var buffer = new byte[1 << 16];
            var total = 0L;
            for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                out.write(buffer, 0, read);
                total += read;
                step.at(total);
            }
        }

        int finish() throws InterruptedException {
            var exit = process.waitFor();
            listener.join(5000);
            return exit;
        }

        String said() {
            return said.toString().strip();
        }

        @Override
        public void close() throws Exception {
            running.now(kill);
        }
    }

    /** The environment of client programs; the password only in a file of ours that nobody else can read, and not even there for long. */
    static class Secrets implements AutoCloseable {
        static final String PREFIX = "pgbang-backup-";

        final Map<String, String> environment;
        final String password;
        final String line; // of a password file, for whatever host the settings lead to
        final Path folder;
        final Running running;
        final Running.Later removal;

        Secrets(backup_database script, Database database) throws Exception {
            environment = new TreeMap<>(database.clientEnvironment());
            password = environment.remove("PGPASSWORD");
            line = "*:*:*:*:" + Objects.toString(password, "").replace("\\", "\\\\").replace(":", "\\:");
            running = script.running;
            folder = Files.createTempDirectory(PREFIX + ProcessHandle.current().pid() + "-");
            Repository.restrict(folder, "rwx------");
            removal = running.later(() -> Repository.delete(folder));
            if (password != null) {
                script.demand(password.indexOf('\n') < 0, "a password with a line feed cannot be handed to PostgreSQL's client programs");
                environment.put("PGPASSFILE", file("pgpass", line + "\n").toString());
            }
        }

        Path file(String name, String text) throws IOException {
            var file = Repository.newFile(folder.resolve(name));
            Files.writeString(file, text);
            return file;
        }

        String masked(String text) {
            return password == null || password.length() < 3 ? text : text.replace(password, "***");
        }

        /** What runs left that were killed with -9. */
        static void sweep() throws IOException {
            try (var old = Files.newDirectoryStream(Path.of(System.getProperty("java.io.tmpdir")), PREFIX + "*")) {
                for (var folder : old) {
                    var pid = Pattern.compile(PREFIX + "(\\d+)-.*").matcher(folder.getFileName().toString());
                    if (pid.matches() && ProcessHandle.of(Long.parseLong(pid.group(1))).isEmpty() && Files.isWritable(folder)) {
                        Repository.delete(folder);
                    }
                }
            }
        }

        static String random() {
            return String.format("%08x", new SecureRandom().nextInt());
        }

        @Override
        public void close() throws Exception {
            running.now(removal);
        }
    }

    /** What is open or begun, so that it is undone on every way out: the end, an error, Ctrl-C, --max-runtime. */
    static class Running implements AutoCloseable {
        interface Undo {
            void run() throws Exception;
        }

        static class Later {
            final Undo undo;

            Later(Undo undo) {
                this.undo = undo;
            }
        }

        final Deque<Later> open = new ArrayDeque<>();
        final Map<Connection, Later> sessions = new ConcurrentHashMap<>();
        volatile boolean expired;
        ScheduledExecutorService clock;

        synchronized Later later(Undo undo) {
            var later = new Later(undo);
            open.push(later);
            return later;
        }

        void now(Later later) throws Exception {
            boolean isOpen;
            synchronized (this) {
                isOpen = open.remove(later);
            }
            if (isOpen) {
                later.undo.run();
            }
        }

        /** From here on it is not undone; fails if that has begun. */
        synchronized void forget(Later later) throws Failed {
            if (!open.remove(later)) {
                throw new Failed("interrupted");
            }
        }

        Connection track(Connection session) {
            sessions.put(session, later(session::close));
            return session;
        }

        void close(Connection session) throws SQLException {
            var later = sessions.remove(session);
            synchronized (this) {
                open.remove(later);
            }
            session.close();
        }

        /** From another thread: what the main one waits for ends with an error there. */
        void limit(Duration time) {
            if (time != null) {
                var main = Thread.currentThread();
                clock = Executors.newSingleThreadScheduledExecutor(Running::daemon);
                clock.schedule(() -> {
                    expired = true;
                    end();
                    main.interrupt();
                }, time.toMillis(), TimeUnit.MILLISECONDS);
            }
        }

        /** Newest first; each is tried, whatever becomes of the others. */
        void end() {
            for (var next = take(); next != null; next = take()) {
                try {
                    next.undo.run();
                } catch (Exception e) {
                    System.err.println("backup_database: could not clean up: " + reason(e));
                }
            }
        }

        private synchronized Later take() {
            return open.poll();
        }

        /** An interruption that comes late ends here: it is not for what the thread does next. */
        @Override
        public void close() {
            if (clock != null) {
                clock.shutdownNow();
            }
            end();
            if (clock != null) {
                try {
                    clock.awaitTermination(5, TimeUnit.SECONDS);
                } catch (InterruptedException late) {
                    // the clock's, which does nothing after it
                }
                Thread.interrupted();
            }
        }

        static Thread daemon(Runnable work) {
            var thread = new Thread(work);
            thread.setDaemon(true);
            return thread;
        }
    }

    /** After two seconds: a bar on a terminal, elsewhere a line every half minute. */
    static class Progress implements AutoCloseable {
        final backup_database script;
        final String what;
        final long total;
        final long start = System.nanoTime();
        long said = start;
        ProgressBar bar;

        Progress(backup_database script, String what, long total) {
            this.script = script;
            this.what = what;
            this.total = total;
        }

        void at(long bytes) {
            var now = System.nanoTime();
            if (script.limits.quiet || now - start < 2_000_000_000L) {
                return;
            } else if (bar == null && script.isTerminal() && System.getenv("NO_COLOR") == null) {
                bar = new ProgressBarBuilder().setTaskName(what).setInitialMax(Math.max(total, bytes)).setUnit(" MB", 1_000_000).showSpeed()
                        .setStyle(ProgressBarStyle.ASCII).build();
            }
            if (bar != null) {
                bar.maxHint(Math.max(total, bytes)).stepTo(bytes);
            } else if (now - said > 30_000_000_000L) {
                said = now;
                script.note(what + ": " + bytes(bytes) + (total > 0 ? " of about " + bytes(total) : "") + ", "
                        + bytes((long) (bytes * 1e9 / (now - start))) + "/s");
            }
        }

        @Override
        public void close() {
            if (bar != null) {
                bar.close();
            }
        }
    }

    // --- SQLite ---

    record SqliteFile(Path path) {
        String name() {
            return path.getFileName().toString();
        }

        /** Foreign keys and triggers are of no concern to a reader; a writer that holds the file is waited for. */
        Connection open(boolean toWrite) throws SQLException {
            return connect(path.toString(), toWrite);
        }

        static Connection connect(String where, boolean toWrite) throws SQLException {
            var config = new SQLiteConfig();
            config.setBusyTimeout(30_000);
            config.setReadOnly(!toWrite);
            var properties = config.toProperties();
            return new JDBC().connect("jdbc:sqlite:" + where, properties);
        }

        Origin origin() throws IOException {
            var host = InetAddress.getLocalHost().getHostName();
            return new Origin("sqlite", name(), host + ":" + path, 0, host, SQLiteJDBCLoader.getVersion(), false, Files.size(path));
        }
    }

    /** Reads what is compared of a SQLite database: every row of every table but virtual ones, whose own tables are read. */
    static class SqliteProof {
        static List<TableProof> all(Connection session, ProofKind kind) throws SQLException {
            var proofs = new ArrayList<TableProof>();
            for (var name : Sql.column(session,
                    "select name from sqlite_schema where type = 'table' and sql not like 'create virtual%' or name = 'sqlite_sequence' order by name")) {
                proofs.add(kind == ProofKind.full ? hashed(session, name) : new TableProof("", name, 0, kind == ProofKind.none ? null
                        : ((Number) Sql.rows(session, "select count(*) from " + Sql.quote(name)).get(0)[0]).longValue(), null, null));
            }
            return proofs;
        }

        /** The sum, over all rows, of 128 bits of the SHA-256 of the row: independent of their order. Each value goes in with its type and length. */
        static TableProof hashed(Connection session, String name) throws SQLException {
            var digest = sha256();
            var sum = BigInteger.ZERO;
            var rows = 0L;
            try (var statement = session.createStatement(); var found = statement.executeQuery("select * from " + Sql.quote(name))) {
                var columns = found.getMetaData().getColumnCount();
                for (; found.next(); rows++) {
                    for (int i = 1; i <= columns; i++) {
                        var value = found.getObject(i);
                        var bytes = value == null ? new byte[0]
                                : value instanceof Number number
                                        ? ByteBuffer.allocate(8).putLong(number instanceof Double || number instanceof Float
                                ? Double.doubleToRawLongBits(number.doubleValue()) : number.longValue()).array() : found.getBytes(i);
                        digest.update((byte) (value == null ? 'n'
                                : value instanceof Double || value instanceof Float ? 'r'
                                        : value instanceof Number ? 'i' : value instanceof String ? 't' : 'b'));
                        digest.update(ByteBuffer.allocate(4).putInt(bytes.length).array());
                        digest.update(bytes);
                    }
                    sum = sum.add(new BigInteger(1, Arrays.copyOf(digest.digest(), 16)));
                }
            }
            return new TableProof("", name, 0, rows, String.format("%032x", sum.mod(BigInteger.ONE.shiftLeft(128))), null);
        }

        static Contents contents(Connection session, ProofKind kind) throws SQLException {
            var objects = new TreeMap<String, Long>();
            Sql.rows(session, "select type, count(*) from sqlite_schema group by type")
                    .forEach(row -> objects.put((String) row[0], ((Number) row[1]).longValue()));
            var orphans = Sql.rows(session, "pragma foreign_key_check").stream()
                    .map(row -> "row " + row[1] + " of " + row[0] + " refers to nothing in " + row[2]).toList();
            return new Contents(all(session, kind), List.of(), objects, orphans, List.of(), List.of(), List.of(), null);
        }

        /** What the file itself says of its pages, then the rows against those of the snapshot. */
        static List<String> differences(Connection copy, Contents expected, ProofKind kind) throws SQLException {
            var problems = new ArrayList<>(Sql.column(copy, "pragma integrity_check(10)"));
            problems.remove("ok");
            problems.addAll(expected.differences(contents(copy, kind), table -> true, true));
            return problems;
        }
    }

    /** Holds BEGIN IMMEDIATE while VACUUM INTO copies, so that both see the same; readers go on, and in WAL mode writers too once the copy is made. */
    static class SqliteBackup {
        static final long LARGEST_IN_MEMORY = 1_000_000_000;

        final backup_database script;
        final SqliteFile file;

        SqliteBackup(backup_database script, SqliteFile file) {
            this.script = script;
            this.file = file;
        }

        Manifest write(Path partial) throws Exception {
            var origin = file.origin();
            var encrypted = !script.making.recipients.isEmpty();
            if (encrypted && origin.databaseBytes() > LARGEST_IN_MEMORY) {
                throw new Failed("an encrypted backup of a SQLite file is made in memory, so that nothing is on disk in clear: "
                        + file.path() + " is too large for that (" + bytes(origin.databaseBytes()) + ")");
            }
            try (var writer = script.running.track(file.open(true)); var reader = script.running.track(file.open(true))) {
                Sql.run(writer, "begin immediate");
                Sql.run(reader, "begin");
                Sql.rows(reader, "select count(*) from sqlite_schema"); // a read transaction begins with its first query
                var copy = partial.resolve("copy");
                byte[] memory = null;
                if (encrypted) {
                    memory = writer.unwrap(SQLiteConnection.class).serialize("main");
                } else {
                    try (var copier = file.open(true)) {
                        Sql.run(copier, "vacuum into " + quoted(copy.toString()));
                    }
                    Repository.restrict(copy, "rw-------");
                }
                Sql.run(writer, "rollback");
                var contents = SqliteProof.contents(reader, script.making.proof);
                Sql.run(reader, "rollback");
                try (var open = encrypted ? inMemory(memory) : new SqliteFile(copy).open(false)) {
                    var problems = SqliteProof.differences(open, contents, script.making.proof);
                    if (!problems.isEmpty()) {
                        throw new Failed("the copy is not like the original, no backup was made:\n  " + String.join("\n  ", problems));
                    }
                }
                var files = store(partial, encrypted ? new ByteArrayInputStream(memory) : Files.newInputStream(copy), contents);
                Files.deleteIfExists(copy);
                return Manifest.draft(origin, null, script.making, null, files, encrypted ? null : contents).as(Format.sqlite);
            }
        }

        List<Stored> store(Path partial, InputStream copy, Contents contents) throws Exception {
            var files = new ArrayList<Stored>();
            try (copy; var sink = new Sink(partial.resolve(Format.sqlite.file), script.making.recipients, true)) {
                copy.transferTo(sink.out);
                files.add(sink.stored());
            }
            if (!script.making.recipients.isEmpty()) {
                try (var sink = new Sink(partial.resolve("contents.json"), script.making.recipients, false)) {
                    sink.out.write(Manifest.GSON.toJson(contents).getBytes(UTF_8));
                    files.add(sink.stored());
                }
            }
            return files;
        }

        static String quoted(String text) {
            return "'" + text.replace("'", "''") + "'";
        }

        static Connection inMemory(byte[] database) throws SQLException {
            var memory = SqliteFile.connect(":memory:", true);
            memory.unwrap(SQLiteConnection.class).deserialize("main", database);
            return memory;
        }
    }

    static class SqliteRestore {
        final backup_database script;
        final Entry entry;
        final Manifest manifest;

        SqliteRestore(backup_database script, Entry entry) {
            this.script = script;
            this.entry = entry;
            this.manifest = entry.manifest();
        }

        /** Like a restore, into a file that is deleted again; of an encrypted backup in memory. */
        Verdict verify() throws Exception {
            if (manifest.proof() == ProofKind.none) {
                return new Verdict(3, List.of("it was made with --proof none: there is nothing to compare a restore with"), List.of());
            }
            var identity = Age.identity(script, manifest);
            var contents = entry.contents(identity);
            var folder = script.repository.partial(manifest.origin().name());
            var removal = script.running.later(() -> Repository.delete(folder));
            try (var in = Source.open(entry.dump(), identity, true);
                    var copy = manifest.recipients().isEmpty() ? new SqliteFile(unpack(in, folder.resolve("copy"))).open(false)
                            : SqliteBackup.inMemory(in.readAllBytes())) {
                var problems = SqliteProof.differences(copy, contents, manifest.proof());
                return new Verdict(problems.isEmpty() ? 0 : 2, problems,
                        contents.invalid().isEmpty() ? List.of()
                                : List.of(count(contents.invalid().size(), "foreign key") + " of the original lead nowhere: "
                                        + contents.invalid().get(0)));
            } catch (SQLException | IOException e) {
                return new Verdict(2, List.of("it cannot be restored: " + reason(e)), List.of());
            } finally {
                script.running.now(removal);
            }
        }

        int restore() throws Exception {
            script.demand(script.restoring.tables.isEmpty(), "--table is for PostgreSQL; a SQLite backup comes back as a whole file");
            var name = manifest.origin().name() + "_restored_" + PostgresRestore.TIME.format(Instant.now());
            var into = Path.of(script.restoring.into != null ? script.restoring.into : name).toAbsolutePath();
            if (Files.exists(into) && !script.restoring.replace) {
                throw new Failed("nothing was restored: there is a file " + into
                        + " already; another name with --into, or --replace to swap it once the restore is verified");
            }
            var identity = Age.identity(script, manifest);
            var contents = entry.contents(identity);
            var fresh = into.resolveSibling("." + into.getFileName() + "." + Secrets.random() + ".restoring");
            var removal = script.running.later(() -> Files.deleteIfExists(fresh));
            try (var in = Source.open(entry.dump(), identity, true)) {
                unpack(in, fresh);
            }
            try (var copy = new SqliteFile(fresh).open(false)) {
                var problems = SqliteProof.differences(copy, contents, manifest.proof());
                if (!problems.isEmpty()) {
                    throw new Failed(
                            "what was restored is not what was backed up; nothing was replaced:\n  " + String.join("\n  ", problems));
                }
            }
            var old = Files.exists(into) ? into.resolveSibling(into.getFileName() + "_before_" + PostgresRestore.TIME.format(Instant.now()))
                    : null;
            swap(fresh, into, old);
            script.running.forget(removal);
            script.say("%s  restored into %s%s%n", entry.id(), into, old == null ? "" : "; what was there is now " + old);
            script.document.putAll(fields("restored", entry.id(), "database", into.toString(), "kept", Objects.toString(old, null),
                    "verified", manifest.proof() != ProofKind.none, "refused", List.of(), "notes", List.of()));
            return 0;
        }

        /** Nobody may be at work in the old file: its WAL is brought home first, and the lock held until the new one has its name. */
        static void swap(Path fresh, Path into, Path old) throws SQLException, IOException {
            if (old == null) {
                Files.move(fresh, into, StandardCopyOption.ATOMIC_MOVE);
                return;
            }
            try (var last = new SqliteFile(into).open(true)) {
                Sql.rows(last, "pragma wal_checkpoint(truncate)");
                Sql.run(last, "begin exclusive");
                Files.createLink(old, into);
                Files.move(fresh, into, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
                for (var suffix : List.of("-wal", "-shm")) {
                    Files.deleteIfExists(into.resolveSibling(into.getFileName() + suffix));
                }
            }
        }

        static Path unpack(InputStream in, Path file) throws IOException {
            Repository.newFile(file);
            try (var channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                in.transferTo(Channels.newOutputStream(channel));
                channel.force(true);
            }
            return file;
        }
    }

    // --- what is kept: the folder, its entries, their files ---

    /** The manifest's file is the last to be written; a folder without a valid one is no backup, whatever else is in it. */
    static class Repository {
        static final String MANIFEST = "MANIFEST.json";

        final Path folder;
        final Consumer<String> warn;

        Repository(Path folder, Consumer<String> warn) {
            this.folder = folder;
            this.warn = warn;
        }

        void make() throws IOException, Failed {
            try {
                if (!Files.isDirectory(folder)) {
                    Files.createDirectories(folder);
                    restrict(folder, "rwx------");
                }
            } catch (IOException e) {
                throw new Failed("cannot make the folder " + folder + ": " + reason(e), e);
            }
            if (!Files.isWritable(folder)) {
                throw new Failed("cannot write to " + folder);
            }
        }

        List<Entry> entries() {
            return read().stream().filter(Entry.class::isInstance).map(Entry.class::cast).sorted(Entry.NEWEST_FIRST).toList();
        }

        List<Damaged> damaged() {
            return read().stream().filter(Damaged.class::isInstance).map(Damaged.class::cast).toList();
        }

        private List<Object> read() {
            var found = new ArrayList<>();
            try (var folders = Files.newDirectoryStream(folder,
                    path -> !path.getFileName().toString().startsWith(".") && Files.exists(path.resolve(MANIFEST)))) {
                for (var path : folders) {
                    try {
                        found.add(new Entry(path, Manifest.read(path)));
                    } catch (IOException | Failed e) {
                        found.add(new Damaged(path.getFileName().toString(), reason(e)));
                    }
                }
            } catch (NoSuchFileException none) {
                return found;
            } catch (IOException e) {
                warn.accept("cannot read " + folder + ": " + reason(e));
            }
            return found;
        }

        Entry entry(String id) throws IOException, Failed {
            return new Entry(folder.resolve(id), Manifest.read(folder.resolve(id)));
        }

        /** One run at a time works on the backups of a database; the lock ends with its process. */
        Closeable lock(String name, Duration wait, Consumer<String> note) throws Exception {
            make();
            var channel = FileChannel.open(folder.resolve(".lock-" + key(name)),
                    Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE), attributes("rw-------"));
            var deadline = Instant.now().plus(wait);
            for (var said = false;; said = true) {
                try {
                    if (channel.tryLock() != null) {
                        return channel;
                    }
                } catch (OverlappingFileLockException ours) {
                    // of another thread of this process
                }
                if (Instant.now().isAfter(deadline)) {
                    channel.close();
                    throw new Failed("another run is at work on the backups of " + name + " in " + folder + "; gave up after --lock-wait "
                            + wait.toSeconds() + " s");
                } else if (!said) {
                    note.accept("another run is at work on the backups of " + name + "; waiting");
                }
                Thread.sleep(200);
            }
        }

        boolean isLocked(String name) throws Exception {
            if (!Files.exists(folder.resolve(".lock-" + key(name)))) {
                return false;
            }
            try (var lock = lock(name, Duration.ZERO, text -> { })) {
                return false;
            } catch (Failed taken) {
                return true;
            }
        }

        /** Marks the folder until a backup succeeds: also a run that was killed shows as failed. */
        Attempt attempt(String name) throws IOException {
            var file = folder.resolve(".attempt-" + key(name));
            Files.deleteIfExists(file);
            Files.writeString(newFile(file), "the run of " + now() + " made no backup\n");
            return new Attempt(file);
        }

        /** What the last run left, if it failed. */
        String failedAttempt(String name) throws IOException {
            var file = folder.resolve(".attempt-" + key(name));
            return Files.exists(file) ? Files.readString(file).strip() : null;
        }

        void sweep(String name) throws IOException {
            try (var old = Files.newDirectoryStream(folder, ".{partial,trash}-" + key(name) + "-*")) {
                for (var path : old) {
                    delete(path);
                }
            }
        }

        Path partial(String name) throws IOException {
            return Files.createDirectory(folder.resolve(".partial-" + key(name) + "-" + Secrets.random()), attributes("rwx------"));
        }

        String newId(String name) {
            var slug = name.replaceAll("[^A-Za-z0-9_.-]", "_").replaceFirst("^[.-]+", "_");
            slug = slug.isEmpty() ? "database" : slug.substring(0, Math.min(60, slug.length()));
            var at = Instant.now();
            while (Files.exists(folder.resolve(slug + "-" + ID_TIME.format(at)))) {
                at = at.plusSeconds(1);
            }
            return slug + "-" + ID_TIME.format(at);
        }

        static final DateTimeFormatter ID_TIME = DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'").withZone(ZoneOffset.UTC);

        /** All is on disk before it gets its name. */
        void prepare(Path partial, Manifest manifest) throws IOException {
            writeManifest(partial, manifest);
            try (var inside = Files.walk(partial)) {
                for (var path : inside.toList()) {
                    sync(path);
                }
            }
        }

        void publish(Path partial, Manifest manifest) throws IOException {
            Files.move(partial, folder.resolve(manifest.id()), StandardCopyOption.ATOMIC_MOVE);
            sync(folder);
        }

        void update(Entry entry, UnaryOperator<Manifest> change) throws IOException, Failed {
            writeManifest(entry.path(), change.apply(Manifest.read(entry.path())));
            sync(entry.path());
        }

        static void writeManifest(Path path, Manifest manifest) throws IOException {
            var fresh = path.resolve(MANIFEST + ".tmp");
            Files.deleteIfExists(fresh);
            Files.writeString(newFile(fresh), manifest.text());
            sync(fresh);
            Files.move(fresh, path.resolve(MANIFEST), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        }

        /** Every file against its size and SHA-256; none may be missing or have come in addition. */
        List<String> problems(Entry entry) throws IOException {
            var problems = new ArrayList<String>();
            var known = new TreeSet<>(List.of(MANIFEST, MANIFEST + ".tmp"));
            for (var file : entry.manifest().files()) {
                known.add(file.path());
                var path = entry.path().resolve(file.path());
                if (!Files.isRegularFile(path)) {
                    problems.add(file.path() + " is missing");
                } else if (Files.size(path) != file.bytes()) {
                    problems.add(file.path() + " has " + Files.size(path) + " bytes instead of " + file.bytes());
                } else if (!Stored.sha256(Files.newInputStream(path)).equals(file.sha256())) {
                    problems.add(file.path() + " is not as it was written (SHA-256)");
                }
            }
            try (var inside = Files.walk(entry.path())) {
                inside.filter(Files::isRegularFile).map(path -> entry.path().relativize(path).toString().replace('\\', '/'))
                        .filter(path -> !known.contains(path))
                        .forEach(path -> problems.add(path + " does not belong there"));
            }
            return problems;
        }

        /** Out of sight in one step, so that a half-deleted one is never listed. */
        void discard(String id, String name) throws IOException {
            var trash = folder.resolve(".trash-" + key(name) + "-" + Secrets.random());
            Files.move(folder.resolve(id), trash, StandardCopyOption.ATOMIC_MOVE);
            sync(folder);
            delete(trash);
        }

        static String key(String name) {
            return HexFormat.of().formatHex(sha256().digest(name.getBytes(UTF_8))).substring(0, 16);
        }

        static void empty(Path folder) throws IOException {
            try (var children = Files.newDirectoryStream(folder)) {
                for (var child : children) {
                    delete(child);
                }
            }
        }

        static void delete(Path path) throws IOException {
            if (Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
                empty(path);
            }
            Files.deleteIfExists(path);
        }

        /** To the disk itself; folders cannot be opened on Windows, nor need to be. */
        static void sync(Path path) throws IOException {
            if (!Files.isDirectory(path) || File.separatorChar == '/') {
                try (var channel = FileChannel.open(path, StandardOpenOption.READ)) {
                    channel.force(true);
                }
            }
        }

        static Path newFile(Path path) throws IOException {
            return Files.createFile(path, attributes("rw-------"));
        }

        static FileAttribute<?>[] attributes(String permissions) {
            return File.separatorChar == '/'
                    ? new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions))}
                    : new FileAttribute<?>[0];
        }

        static void restrict(Path path, String permissions) throws IOException {
            if (File.separatorChar == '/') {
                Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(permissions));
            }
        }
    }

    record Attempt(Path file) implements Closeable {
        void succeeded() throws IOException {
            Files.deleteIfExists(file);
        }

        @Override
        public void close() {
            // what has not succeeded stays marked
        }
    }

    record Entry(Path path, Manifest manifest) {
        static final Comparator<Entry> NEWEST_FIRST = Comparator.comparing((Entry entry) -> entry.manifest.finished())
                .thenComparing(Entry::id).reversed();

        String id() {
            return manifest.id();
        }

        Path dump() {
            return path.resolve(manifest.format().file + (manifest.recipients().isEmpty() ? "" : ".age"));
        }

        /** Of an encrypted backup the manifest does not tell them in clear. */
        Contents contents(List<RecipientStanzaReader> identity) throws Failed {
            if (manifest.contents() != null) {
                return manifest.contents();
            }
            try (var in = Source.open(path.resolve("contents.json.age"), identity, false)) {
                return Manifest.GSON.fromJson(new String(in.readAllBytes(), UTF_8), Contents.class);
            } catch (IOException | GeneralSecurityException | RuntimeException e) {
                throw new Failed(3, id() + " cannot be opened with this --identity: " + reason(e), e);
            }
        }
    }

    record Damaged(String id, String why) {
    }

    /** Whose backup it is. system is the server's system identifier, or the host and path of a SQLite file. */
    record Origin(String engine, String name, String system, long oid, String host, String version, boolean standby, long databaseBytes) {
        String identity() {
            return engine + " " + system + " " + name;
        }
    }

    record Copy(String to, String at) {
    }

    /** What is known of a backup beyond its making. A check does not undo what a failed restore has found. */
    record State(String checkedAt, String verifiedAt, List<String> damage, List<String> failure) {
        State checked(String at) {
            return new State(at, verifiedAt, null, failure);
        }

        State damaged(String at, List<String> problems) {
            return new State(at, verifiedAt, problems, failure);
        }

        State verified(String at) {
            return new State(checkedAt, at, null, null);
        }

        State failed(List<String> problems) {
            return new State(checkedAt, verifiedAt, damage, problems);
        }

        boolean isBad() {
            return damage != null || failure != null;
        }

        boolean isVerified() {
            return verifiedAt != null && !isBad();
        }

        @Override
        public String toString() {
            return damage != null ? "damaged"
                    : failure != null ? "failed" : verifiedAt != null ? "verified" : checkedAt != null ? "checked" : "created";
        }
    }

    /** MANIFEST.json. Its last field is the SHA-256 of the text with that field empty, so that no byte of it can change unseen. */
    record Manifest(int version, String tool, String id, Origin origin, String client, Format format, ProofKind proof,
            List<String> recipients, String startedAt, String finishedAt,
            long durationMs, long bytes, String globals, List<Stored> files, State state, List<Copy> copies, Contents contents) {

        static final Gson GSON = new GsonBuilder().setFieldNamingPolicy(FieldNamingPolicy.LOWER_CASE_WITH_UNDERSCORES).serializeNulls()
                .disableHtmlEscaping().setPrettyPrinting().create();
        static final Pattern SEAL = Pattern.compile(",\\n  \"sha256\": \"([0-9a-f]{64})\"\\n}\\n\\z");

        static Manifest draft(Origin origin, Client client, Making making, String globals, List<Stored> files, Contents contents) {
            return new Manifest(1, TOOL, null, origin, client == null ? null : client.version(), making.format, making.proof,
                    making.recipients, null, null, 0,
                    files.stream().mapToLong(Stored::bytes).sum(), globals, files, new State(null, null, null, null), List.of(), contents);
        }

        Manifest as(Format other) {
            return new Manifest(version, tool, id, origin, client, other, proof, recipients, startedAt, finishedAt, durationMs, bytes,
                    globals, files, state, copies, contents);
        }

        Manifest finished(String id, Instant start, Instant end) {
            return new Manifest(version, tool, id, origin, client, format, proof, recipients, start.toString(), end.toString(),
                    Duration.between(start, end).toMillis(), bytes, globals, files, state, copies, contents);
        }

        Manifest with(State other) {
            return new Manifest(version, tool, id, origin, client, format, proof, recipients, startedAt, finishedAt, durationMs, bytes,
                    globals, files, other, copies, contents);
        }

        Manifest with(Copy copy) {
            var all = new ArrayList<>(copies);
            all.add(copy);
            return new Manifest(version, tool, id, origin, client, format, proof, recipients, startedAt, finishedAt, durationMs, bytes,
                    globals, files, state, all, contents);
        }

        Instant finished() {
            return Instant.parse(finishedAt);
        }

        boolean isSameDatabase(Manifest other) {
            return origin.identity().equals(other.origin.identity());
        }

        int serverMajor() {
            return Integer.parseInt(origin.version().replaceFirst("\\D.*", ""));
        }

        int clientMajor() {
            return Integer.parseInt(client.replaceFirst("\\D.*", ""));
        }

        String text() {
            var text = GSON.toJson(this).replaceFirst("\\n}\\z", "");
            return text + seal(text.getBytes(UTF_8));
        }

        static String seal(byte[] text) {
            var digest = sha256();
            digest.update(text);
            var field = ",\n  \"sha256\": \"%s\"\n}\n";
            return field.formatted(HexFormat.of().formatHex(digest.digest(field.formatted("").getBytes(UTF_8))));
        }

        static Manifest read(Path path) throws IOException, Failed {
            var manifest = parse(Files.readAllBytes(path.resolve(Repository.MANIFEST)));
            if (!manifest.id.equals(path.getFileName().toString())) {
                throw new Failed("the manifest is that of " + manifest.id);
            }
            return manifest;
        }

        /** From the bytes as they are: a damaged one need not be UTF-8. */
        static Manifest parse(byte[] file) throws Failed {
            var bytes = new String(file, ISO_8859_1);
            var seal = SEAL.matcher(bytes);
            if (!seal.find() || !seal(Arrays.copyOf(file, seal.start())).equals(seal.group())) {
                throw new Failed("its manifest is damaged");
            }
            var manifest = GSON.fromJson(new String(file, UTF_8), Manifest.class);
            if (manifest.version != 1) {
                throw new Failed("its manifest is of a newer version (" + manifest.tool + ")");
            }
            return manifest;
        }

        /** For --json: all but the tables' proofs, which the manifest itself has. */
        Map<String, Object> json() {
            return fields("id", id, "database", origin.name(), "engine", origin.engine(), "server", origin.version(), "host", origin.host(),
                    "client", client, "format", format, "proof", proof,
                    "state", state.toString(), "encrypted", !recipients.isEmpty(), "started_at", startedAt, "finished_at", finishedAt,
                    "duration_ms", durationMs, "bytes", bytes,
                    "tables", contents == null ? null : contents.counted().count(), "rows", contents == null ? null : contents.rows(),
                    "checked_at", state.checkedAt(), "verified_at", state.verifiedAt(),
                    "problems", state.damage() != null ? state.damage() : state.failure(), "globals",
                    globals == null ? "complete" : globals, "copies", copies);
        }
    }

    /** A file of a backup, by its path in the entry's folder. */
    record Stored(String path, long bytes, String sha256) {
        static List<Stored> ofFolder(Path folder, Path base) throws IOException {
            var stored = new ArrayList<Stored>();
            try (var inside = Files.walk(folder)) {
                for (var path : inside.filter(Files::isRegularFile).sorted().toList()) {
                    Repository.restrict(path, "rw-------");
                    stored.add(new Stored(base.relativize(path).toString().replace('\\', '/'), Files.size(path),
                            sha256(Files.newInputStream(path))));
                }
            }
            return stored;
        }

        static String sha256(InputStream in) throws IOException {
            var digest = backup_database.sha256();
            try (in) {
                in.transferTo(new DigestOutputStream(OutputStream.nullOutputStream(), digest));
            }
            return HexFormat.of().formatHex(digest.digest());
        }
    }

    static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Writes a file of a backup: what goes in is compressed, encrypted, hashed and brought to the disk, in this order and in one pass. */
    static class Sink implements AutoCloseable {
        final Path file;
        final OutputStream out;
        final FileChannel channel;
        final MessageDigest digest = sha256();
        boolean closed;

        Sink(Path plain, List<String> recipients, boolean compress) throws IOException, GeneralSecurityException {
            file = recipients.isEmpty() || plain.toString().endsWith(".age") ? plain : plain.resolveSibling(plain.getFileName() + ".age");
            channel = FileChannel.open(Repository.newFile(file), StandardOpenOption.WRITE);
            OutputStream bottom = new FilterOutputStream(Channels.newOutputStream(channel)) {
                @Override
                public void write(byte[] bytes, int from, int length) throws IOException {
                    out.write(bytes, from, length);
                    digest.update(bytes, from, length);
                }

                @Override
                public void write(int one) throws IOException {
                    write(new byte[] {(byte) one}, 0, 1);
                }

                @Override
                public void close() throws IOException {
                    if (channel.isOpen()) {
                        channel.force(true);
                        channel.close();
                    }
                }
            };
            if (!recipients.isEmpty()) {
                bottom = Channels.newOutputStream(Age.encrypt(Channels.newChannel(bottom), recipients));
            }
            out = compress ? new ZstdOutputStream(bottom, 3).setChecksum(true) : bottom;
        }

        Stored stored() throws IOException {
            close();
            return new Stored(file.getFileName().toString(), Files.size(file), HexFormat.of().formatHex(digest.digest()));
        }

        void discard() throws IOException {
            close();
            Files.delete(file);
        }

        @Override
        public void close() throws IOException {
            if (!closed) {
                closed = true;
                try (channel) { // which a full disk would leave open
                    out.close();
                }
            }
        }
    }

    /** The way back. */
    static class Source {
        static InputStream open(Path file, List<RecipientStanzaReader> identity, boolean compressed)
                throws IOException, GeneralSecurityException {
            InputStream in = Files.newInputStream(file);
            if (!identity.isEmpty()) {
                in = Channels
                        .newInputStream(new StandardDecryptingChannelFactory().newDecryptingChannel(Channels.newChannel(in), identity));
            }
            return compressed ? new ZstdInputStream(in) : in;
        }
    }

    /** The age format (age-encryption.org/v1), by the library jagged: what it writes the age program reads. */
    static class Age {
        static RecipientStanzaWriter writer(String recipient) throws GeneralSecurityException {
            return X25519RecipientStanzaWriterFactory.newRecipientStanzaWriter(recipient);
        }

        static WritableByteChannel encrypt(WritableByteChannel to, List<String> recipients) throws IOException, GeneralSecurityException {
            var writers = new ArrayList<RecipientStanzaWriter>();
            for (var recipient : recipients) {
                writers.add(writer(recipient));
            }
            return new StandardEncryptingChannelFactory().newEncryptingChannel(to, writers);
        }

        /** The keys of --identity, a file as age-keygen writes it; none are needed for what is not encrypted. */
        static List<RecipientStanzaReader> identity(backup_database script, Manifest manifest) throws Failed {
            if (manifest.recipients().isEmpty()) {
                return List.of();
            } else if (script.making.identity == null) {
                throw new Failed(3, manifest.id() + " is encrypted, and cannot be opened without --identity FILE (for "
                        + String.join(", ", manifest.recipients()) + ")", null);
            }
            var readers = new ArrayList<RecipientStanzaReader>();
            try (var lines = Files.lines(script.making.identity)) {
                for (var line : lines.filter(line -> line.startsWith("AGE-SECRET-KEY-")).toList()) {
                    readers.add(X25519RecipientStanzaReaderFactory.newRecipientStanzaReader(line.strip()));
                }
            } catch (IOException | GeneralSecurityException | RuntimeException e) {
                throw new Failed(3, "--identity: " + script.making.identity + " cannot be read: "
                        + (e instanceof IOException io ? reason(io) : "it holds a malformed key"), e);
            }
            if (readers.isEmpty()) {
                throw new Failed(3, "--identity: there is no AGE-SECRET-KEY in " + script.making.identity, null);
            }
            return readers;
        }
    }

    // --- which backups may go ---

    /** What --prune looks at of a backup. */
    record Backup(String id, Instant at, boolean isVerified, boolean isBad) {
        static Backup of(Manifest manifest) {
            return new Backup(manifest.id(), manifest.finished(), manifest.state().isVerified(), manifest.state().isBad());
        }
    }

    record Decision(Backup backup, boolean keep, String reason, boolean isHeld) {
    }

    record Policy(int last, int daily, int weekly, int monthly, int yearly, int minVerified) {
        boolean isAny() {
            return last > 0 || daily > 0 || weekly > 0 || monthly > 0 || yearly > 0;
        }

        /**
         * A pure function of the backups of one database. Each rule keeps the newest sound backup of its periods. The newest verified ones are
         * kept whatever the rules say; and nothing goes while the newest backup failed or is bad, or while one lies in the future, which
         * means that some clock is wrong.
         */
        static List<Decision> decide(List<Backup> backups, Policy policy, boolean lastFailed, Instant now, ZoneId zone) {
            var newestFirst = backups.stream().sorted(Comparator.comparing(Backup::at).thenComparing(Backup::id).reversed()).toList();
            var hold = lastFailed ? "the newest backup failed"
                    : newestFirst.isEmpty() ? null
                            : newestFirst.get(0).at().isAfter(now.plusSeconds(300))
                                    ? newestFirst.get(0).id() + " lies in the future: a clock is wrong"
                    : newestFirst.get(0).isBad() ? "the newest backup is not sound" : null;
            if (hold != null) {
                return newestFirst.stream().map(backup -> new Decision(backup, true, "nothing is deleted: " + hold, true)).toList();
            }
            var sound = newestFirst.stream().filter(backup -> !backup.isBad()).toList();
            var verified = newestFirst.stream().filter(Backup::isVerified).toList();
            var reasons = new HashMap<Backup, List<String>>();
            keep(reasons, verified.subList(0, Math.min(Math.max(1, policy.minVerified), verified.size())), "verified",
                    backup -> backup.id(), Integer.MAX_VALUE);
            keep(reasons, sound, "last", Backup::id, policy.last);
            keep(reasons, sound, "daily", backup -> day(backup, zone).toString(), policy.daily);
            keep(reasons, sound, "weekly", backup -> day(backup, zone).get(IsoFields.WEEK_BASED_YEAR) + "-W"
                    + day(backup, zone).get(IsoFields.WEEK_OF_WEEK_BASED_YEAR), policy.weekly);
            keep(reasons, sound, "monthly", backup -> YearMonth.from(day(backup, zone)).toString(), policy.monthly);
            keep(reasons, sound, "yearly", backup -> String.valueOf(day(backup, zone).getYear()), policy.yearly);
            return newestFirst.stream().map(backup -> {
                if (backup.isBad()) {
                    var replaced = !verified.isEmpty() && verified.get(0).at().isAfter(backup.at());
                    return new Decision(backup, !replaced, replaced ? "not sound, and " + verified.get(0).id() + " is newer and verified"
                            : "not sound, but nothing newer is verified", false);
                }
                var why = reasons.get(backup);
                return new Decision(backup, why != null, why == null ? "no rule keeps it" : String.join(", ", why), false);
            }).toList();
        }

        private static void keep(Map<Backup, List<String>> reasons, List<Backup> newestFirst, String rule, Function<Backup, String> period,
                int periods) {
            var seen = new TreeSet<String>();
            for (var backup : newestFirst) {
                if (seen.size() < periods && seen.add(period.apply(backup))) {
                    reasons.computeIfAbsent(backup, key -> new ArrayList<>())
                            .add(rule + (rule.equals("last") || rule.equals("verified") ? "" : " " + period.apply(backup)));
                }
            }
        }

        private static LocalDate day(Backup backup, ZoneId zone) {
            return backup.at().atZone(zone).toLocalDate();
        }
    }

    // --- off-site ---

    /** Another place for whole entries. Nothing there is ever overwritten, and what was written is read back. */
    abstract static class Remote {
        abstract void put(Path file, String key) throws Exception;

        abstract InputStream open(String key) throws IOException;

        /** Keys, relative to the target. */
        abstract List<String> list() throws Exception;

        static Remote of(String target, backup_database script) {
            return target.startsWith("s3://") ? new S3(target, script)
                    : target.matches(":?[\\w-]{2,}:.*") ? new Rclone(target, script) : new Folder(Path.of(target).toAbsolutePath());
        }

        /** The manifest goes last: without it there is no backup there either. */
        void copy(Entry entry) throws Exception {
            var there = new TreeSet<>(list());
            for (var file : entry.manifest().files()) {
                var key = entry.id() + "/" + file.path();
                if (!there.contains(key)) {
                    put(entry.path().resolve(file.path()), key);
                }
                demandSame(key, file.sha256());
            }
            var key = entry.id() + "/" + Repository.MANIFEST;
            if (!there.contains(key)) {
                var manifest = entry.path().resolve(Repository.MANIFEST);
                put(manifest, key);
                demandSame(key, Stored.sha256(Files.newInputStream(manifest)));
            }
        }

        void demandSame(String key, String sha256) throws IOException {
            if (!Stored.sha256(open(key)).equals(sha256)) {
                throw new IOException("read back, " + key + " is not what was written");
            }
        }

        void fetch(Entry entry, Path folder) throws Exception {
            for (var file : entry.manifest().files()) {
                var path = folder.resolve(file.path()).normalize();
                if (!path.startsWith(folder)) {
                    throw new Failed("the manifest names a file outside of its backup: " + file.path());
                }
                Files.createDirectories(path.getParent(), Repository.attributes("rwx------"));
                try (var in = open(entry.id() + "/" + file.path())) {
                    SqliteRestore.unpack(in, path);
                } catch (IOException | RuntimeException e) {
                    throw new Failed("cannot fetch " + entry.id() + "/" + file.path() + ": " + reason(e), e);
                }
                if (!Stored.sha256(Files.newInputStream(path)).equals(file.sha256())) {
                    throw new Failed(entry.id() + "/" + file.path() + " was fetched, but is not as it was written (SHA-256)");
                }
            }
        }
    }

    static class Folder extends Remote {
        final Path folder;

        Folder(Path folder) {
            this.folder = folder;
        }

        @Override
        void put(Path file, String key) throws IOException {
            var to = folder.resolve(key);
            Files.createDirectories(to.getParent());
            var fresh = to.resolveSibling("." + to.getFileName() + "." + Secrets.random());
            try (var in = Files.newInputStream(file)) {
                SqliteRestore.unpack(in, fresh);
                Files.move(fresh, to, StandardCopyOption.ATOMIC_MOVE);
            } finally {
                Files.deleteIfExists(fresh);
            }
        }

        @Override
        InputStream open(String key) throws IOException {
            return Files.newInputStream(folder.resolve(key));
        }

        @Override
        List<String> list() throws IOException {
            if (!Files.isDirectory(folder)) {
                return List.of();
            }
            try (var inside = Files.walk(folder)) {
                return inside.filter(Files::isRegularFile).map(path -> folder.relativize(path).toString().replace('\\', '/'))
                        .filter(key -> !key.startsWith(".")).toList();
            }
        }
    }

    /** Any of rclone's remotes; its configuration is the user's. */
    static class Rclone extends Remote {
        final String target;
        final backup_database script;

        Rclone(String target, backup_database script) {
            this.target = target.replaceFirst("/+$", "");
            this.script = script;
        }

        String place(String key) {
            return target + (target.endsWith(":") ? "" : "/") + key;
        }

        Process start(String... arguments) throws IOException {
            var command = new ArrayList<>(List.of("rclone"));
            command.addAll(List.of(arguments));
            script.detail(String.join(" ", command));
            var process = new ProcessBuilder(command).start();
            process.getOutputStream().close();
            script.running.later(process::destroy);
            return process;
        }

        static String finish(Process process) throws IOException, InterruptedException {
            var said = new String(process.getErrorStream().readAllBytes(), UTF_8).strip();
            if (process.waitFor() != 0) {
                throw new IOException("rclone: " + said.lines().reduce((a, b) -> b).orElse("exit code " + process.exitValue()));
            }
            return said;
        }

        @Override
        void put(Path file, String key) throws IOException, InterruptedException {
            finish(start("copyto", "--immutable", file.toString(), place(key)));
        }

        @Override
        InputStream open(String key) throws IOException {
            var process = start("cat", place(key));
            return new FilterInputStream(process.getInputStream()) {
                @Override
                public int read(byte[] bytes, int from, int length) throws IOException {
                    var read = super.read(bytes, from, length);
                    if (read < 0) {
                        ended();
                    }
                    return read;
                }

                void ended() throws IOException {
                    try {
                        finish(process);
                    } catch (InterruptedException e) {
                        throw new InterruptedIOException();
                    }
                }
            };
        }

        @Override
        List<String> list() throws IOException, InterruptedException {
            var process = start("lsf", "--recursive", "--files-only", target);
            var listed = new String(process.getInputStream().readAllBytes(), UTF_8);
            try {
                finish(process);
            } catch (IOException e) {
                if (e.getMessage().contains("directory not found")) {
                    return List.of(); // before the first copy
                }
                throw e;
            }
            return listed.lines().toList();
        }
    }

    /**
     * The S3 protocol of any endpoint, bucket in the path, by aws-lightweight-client-java: it signs, splits large uploads and retries. Settings are those of AWS's own
     * tools: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_REGION, AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL.
     */
    static class S3 extends Remote {
        static final int PART = 16 << 20;

        final com.github.davidmoten.aws.lw.client.Client client;
        final String bucket;
        final String prefix;

        S3(String target, backup_database script) {
            var variables = script.database.variables();
            var part = Pattern.compile("s3://([^/]+)/?(.*?)/*").matcher(target);
            script.demand(part.matches(), "--copy-to: s3://BUCKET/PREFIX is expected");
            bucket = part.group(1);
            prefix = part.group(2).isEmpty() ? "" : part.group(2) + "/";
            var key = variables.get("AWS_ACCESS_KEY_ID");
            var secret = variables.get("AWS_SECRET_ACCESS_KEY");
            script.demand(key != null && secret != null,
                    "--copy-to s3: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_REGION, or AWS_ENDPOINT_URL for a store that is not Amazon's)");
            var region = variables.getOrDefault("AWS_REGION", variables.getOrDefault("AWS_DEFAULT_REGION", "us-east-1"));
            var endpoint = variables.getOrDefault("AWS_ENDPOINT_URL_S3",
                    variables.getOrDefault("AWS_ENDPOINT_URL", "https://s3." + region + ".amazonaws.com"));
            var token = variables.get("AWS_SESSION_TOKEN");
            client = com.github.davidmoten.aws.lw.client.Client.s3().region(region)
                    .credentials(token == null ? Credentials.of(key, secret) : Credentials.of(key, secret, token))
                    .baseUrlFactory((service, of) -> endpoint.replaceFirst("/*$", "/")).connectTimeout(10, TimeUnit.SECONDS)
                    .readTimeout(5, TimeUnit.MINUTES).retryMaxAttempts(3).build();
        }

        /** Single requests up to one part; beyond, parts, of which only as many as are sent at a time are in memory. */
        @Override
        void put(Path file, String key) throws IOException {
            var size = Files.size(file);
            if (size <= PART) {
                client.path(bucket, prefix + key).method(HttpMethod.PUT).header("If-None-Match", "*").requestBody(Files.readAllBytes(file))
                        .execute();
                return;
            }
            var senders = new ThreadPoolExecutor(2, 2, 0, TimeUnit.SECONDS, new SynchronousQueue<>(), Running::daemon,
                    new ThreadPoolExecutor.CallerRunsPolicy());
            try {
                Multipart.s3(client).bucket(bucket).key(prefix + key).executor(senders)
                        .partSize((int) Math.min(1 << 30, Math.max(PART, size / 9000))).upload(file.toFile());
            } finally {
                senders.shutdownNow();
            }
        }

        @Override
        InputStream open(String key) throws IOException {
            var answer = client.path(bucket, prefix + key).responseInputStream();
            if (answer.statusCode() != 200) {
                throw new ServiceException(answer.statusCode(), new String(answer.readAllBytes(), UTF_8));
            }
            return answer;
        }

        @Override
        List<String> list() {
            var keys = new ArrayList<String>();
            for (String next = ""; next != null;) {
                var request = client.path(bucket).query("list-type", "2").query("prefix", prefix);
                var answer = (next.isEmpty() ? request : request.query("continuation-token", next)).responseAsXml();
                answer.childrenWithName("Contents").forEach(object -> keys.add(object.content("Key").substring(prefix.length())));
                next = answer.childrenWithName("NextContinuationToken").stream().map(XmlElement::content).findFirst().orElse(null);
            }
            return keys;
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
