import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** A pgbouncer in transaction mode before a server; run as the user nobody if this is root, which it refuses. */
class pgbouncer implements AutoCloseable {
    /** The same database, through the pooler. */
    final String url;
    private final Path home = Files.createTempDirectory("pgbouncer");
    private final Process process;

    /** Has a number of server connections, which take turns: each transaction has another backend. Skips the test where none is installed. */
    static pgbouncer before(String address, int backends) throws Exception {
        var program = Stream.concat(Stream.of("/usr/sbin"), Stream.of(System.getenv("PATH").split(":")))
                .map(place -> Path.of(place, "pgbouncer")).filter(Files::isExecutable).findFirst();
        assumeTrue(program.isPresent(), "pgbouncer is not installed");
        var pooler = new pgbouncer(program.get(), URI.create(address));
        try {
            pooler.awaitAnswer();
            pooler.open(backends);
            return pooler;
        } catch (Exception | Error e) {
            pooler.close();
            throw e;
        }
    }

    private pgbouncer(Path program, URI server) throws IOException {
        int port;
        try (var free = new ServerSocket(0)) {
            port = free.getLocalPort();
        }
        url = "postgresql://postgres@localhost:" + port + server.getPath();
        var settings = Files.writeString(home.resolve("pgbouncer.ini"), """
                [databases]
                * = host=127.0.0.1 port=%d user=postgres
                [pgbouncer]
                listen_addr = 127.0.0.1
                listen_port = %d
                unix_socket_dir =
                auth_type = any
                pool_mode = transaction
                default_pool_size = 40
                server_round_robin = 1
                ignore_startup_parameters = extra_float_digits,options
                """.formatted(server.getPort(), port));
        Files.setPosixFilePermissions(home, PosixFilePermissions.fromString("rwxr-xr-x"));
        var command = new ArrayList<>(System.getProperty("user.name").equals("root")
                ? List.of("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--") : List.<String>of());
        command.addAll(List.of(program.toString(), settings.toString()));
        process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(home.resolve("log").toFile()).start();
    }

    private void awaitAnswer() throws Exception {
        for (var deadline = System.nanoTime() + 10_000_000_000L;; Thread.sleep(20)) {
            try (var connection = connect(url)) {
                return;
            } catch (SQLException e) {
                assertThat(process.isAlive() && System.nanoTime() < deadline).as("pgbouncer answers: " + Files.readString(home.resolve("log")))
                        .isTrue();
            }
        }
    }

    private void open(int backends) throws SQLException {
        var clients = new ArrayList<Connection>();
        for (var i = 0; i < backends; i++) {
            clients.add(connect(url));
            clients.get(i).setAutoCommit(false);
            clients.get(i).createStatement().execute("select 1");
        }
        for (var client : clients) {
            client.commit();
            client.close();
        }
    }

    /** A client that keeps no prepared statement, as there is no telling which backend is next. */
    static Connection connect(String url) throws SQLException {
        return DriverManager.getConnection("jdbc:" + url.replace("postgres@", "") + "?user=postgres&prepareThreshold=0");
    }

    @Override
    public void close() throws IOException, InterruptedException {
        process.destroyForcibly().waitFor();
        for (var name : List.of("log", "pgbouncer.ini", "")) {
            Files.deleteIfExists(home.resolve(name));
        }
    }
}
