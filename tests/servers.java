//SOURCES ../scripts/local_postgres.java

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;

/** One throw-away server per major and test run, started when first asked for; a new, empty database per call. */
class servers {
    private static final Map<Integer, local_postgres.Server> RUNNING = new TreeMap<>();
    private static final AtomicInteger DATABASES = new AtomicInteger();

    static {
        Runtime.getRuntime().addShutdownHook(new Thread(servers::stop));
    }

    /** The majors to test on: the newest, or with --matrix all. */
    static List<Integer> majors() {
        return Boolean.getBoolean("pgbang.matrix") ? List.copyOf(local_postgres.VERSIONS.keySet()) : List.of(newest());
    }

    static int newest() {
        return local_postgres.VERSIONS.lastKey();
    }

    /** The postgresql:// URL of a new, empty database. */
    static String database(int major) {
        try {
            var server = server(major);
            var name = "test_" + DATABASES.incrementAndGet();
            try (var connection = connect(server.url("postgres")); var statement = connection.createStatement()) {
                statement.execute("create database " + name);
            }
            return server.url(name);
        } catch (Exception e) {
            throw new IllegalStateException("no test database on PostgreSQL " + major, e);
        }
    }

    static String database() {
        return database(newest());
    }

    /** A JDBC connection to a URL that database() or local_postgres gave. */
    static Connection connect(String url) throws SQLException {
        return DriverManager.getConnection("jdbc:" + url.replace("//postgres@", "//") + "?user=postgres");
    }

    private static synchronized local_postgres.Server server(int major) throws Exception {
        if (!RUNNING.containsKey(major)) {
            RUNNING.put(major, local_postgres.Server.start(local_postgres.Settings.throwAway(major)));
        }
        return RUNNING.get(major);
    }

    private static synchronized void stop() {
        for (var server : RUNNING.values()) {
            try {
                server.close();
            } catch (local_postgres.Failure e) {
                System.err.println(e.getMessage());
            }
        }
    }
}
