//JAVA 17+
//DESCRIPTION Makes the SQLite file of the benchmark, always the same for the same number of rows, and reads it whole as fast as sqlite-jdbc can.
//RUNTIME_OPTIONS -XX:+UseSerialGC -Xmn16m
//DEPS org.xerial:sqlite-jdbc:3.54.1.0

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteOpenMode;
import org.sqlite.core.Codes;
import org.sqlite.core.CoreStatement;
import org.sqlite.core.DB;

/** A shop: of a hundred rows 8 are users, 2 products, 30 orders and 60 order items. Three fifths of the file's bytes are text, JSON and blobs. */
class sqlite_file {
    static final String TABLES = """
        CREATE TABLE users (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            email TEXT NOT NULL UNIQUE,
            name VARCHAR(80) NOT NULL,
            is_active BOOLEAN NOT NULL DEFAULT 1,
            birth_date DATE,
            balance DECIMAL(12,2) NOT NULL DEFAULT 0,
            settings JSON NOT NULL,
            avatar BLOB,
            created_at DATETIME NOT NULL);
        CREATE TABLE products (
            id INTEGER PRIMARY KEY,
            sku TEXT NOT NULL UNIQUE,
            name TEXT NOT NULL,
            description TEXT NOT NULL,
            price DECIMAL(10,2) NOT NULL,
            weight REAL,
            in_stock BOOLEAN NOT NULL,
            attributes JSON NOT NULL,
            picture BLOB);
        CREATE TABLE orders (
            id INTEGER PRIMARY KEY,
            user_id INTEGER NOT NULL REFERENCES users (id),
            status TEXT NOT NULL,
            total NUMERIC(12,2) NOT NULL,
            paid BOOLEAN NOT NULL,
            ordered_at DATETIME NOT NULL,
            shipped_on DATE,
            address TEXT NOT NULL,
            note TEXT);
        CREATE TABLE order_items (
            id INTEGER PRIMARY KEY,
            order_id INTEGER NOT NULL REFERENCES orders (id),
            product_id INTEGER NOT NULL REFERENCES products (id),
            quantity INTEGER NOT NULL,
            unit_price DECIMAL(10,2) NOT NULL,
            discount REAL,
            is_gift BOOLEAN NOT NULL,
            remark TEXT)
        """;
    static final String INDEXES = """
        CREATE INDEX users_created_at ON users (created_at);
        CREATE INDEX products_name ON products (name);
        CREATE INDEX orders_user_id ON orders (user_id);
        CREATE INDEX orders_ordered_at ON orders (ordered_at);
        CREATE INDEX order_items_order_id ON order_items (order_id);
        CREATE INDEX order_items_product_id ON order_items (product_id)
        """;
    static final List<String> WORDS = List.of("amber", "blue", "cotton", "déjà", "early", "fine", "green", "heavy", "iron", "jade", "kind", "light", "müde",
        "north", "old", "paper", "quick", "red", "silver", "tea", "urban", "velvet", "wool", "young", "zinc", "日本", "house", "garden", "river", "stone", "letter", "window");
    static final List<String> STATUSES = List.of("new", "paid", "packed", "shipped", "delivered", "returned");
    static final DateTimeFormatter SECONDS = DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss");
    static final long START = LocalDateTime.of(2018, 1, 1, 0, 0).toEpochSecond(ZoneOffset.UTC);
    static final int SECONDS_OF_SEVEN_YEARS = 7 * 365 * 86_400;
    static final int ROWS_PER_COMMIT = 100_000;

    final SplittableRandom random = new SplittableRandom(42);
    final Connection connection;

    sqlite_file(Connection connection) {
        this.connection = connection;
    }

    /** Usage: make FILE ROWS, or read FILE. */
    public static void main(String... args) throws Exception {
        switch (args[0]) {
            case "make" -> make(Path.of(args[1]), Long.parseLong(args[2]));
            case "read" -> read(Path.of(args[1]));
            default -> throw new IllegalArgumentException("make FILE ROWS, or read FILE");
        }
    }

    /** A file that was begun and not finished never has the final name. */
    static void make(Path file, long rows) throws Exception {
        var unfinished = Path.of(file + ".part");
        Files.deleteIfExists(unfinished);
        try (var connection = DriverManager.getConnection("jdbc:sqlite:" + unfinished)) {
            var shop = new sqlite_file(connection);
            shop.run("PRAGMA journal_mode = off; PRAGMA synchronous = off; PRAGMA cache_size = -65536");
            shop.run(TABLES);
            shop.fill(rows);
            shop.run(INDEXES);
        }
        Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE);
    }

    void run(String script) throws SQLException {
        try (var statement = connection.createStatement()) {
            for (var sql : script.split(";")) {
                statement.execute(sql);
            }
        }
    }

    void fill(long rows) throws SQLException {
        long users = rows * 8 / 100;
        long products = rows * 2 / 100;
        long orders = rows * 30 / 100;
        long items = rows - users - products - orders;
        insert("users", users, id -> new Object[] {id, "user" + id + "@example.com", words(2, 3), chance(90), chance(70) ? date() : null, money(500_000),
            settings(), chance(60) ? bytes(400, 2_000) : null, time(id, users)});
        insert("products", products, id -> new Object[] {id, "SKU-%08d".formatted(id), words(2, 5), words(20, 60), money(100_000),
            chance(80) ? random.nextDouble(50) : null, chance(85), attributes(), chance(80) ? bytes(1_000, 4_000) : null});
        insert("orders", orders, id -> new Object[] {id, 1 + random.nextLong(users), STATUSES.get(random.nextInt(STATUSES.size())), money(1_000_000), chance(80),
            time(id, orders), chance(60) ? date() : null, address(), chance(20) ? words(5, 15) : null});
        insert("order_items", items, id -> new Object[] {id, 1 + (id - 1) * orders / items, 1 + random.nextLong(products), 1 + random.nextInt(9),
            money(100_000), chance(30) ? random.nextInt(1, 20) / 20.0 : null, chance(5), chance(15) ? words(3, 8) : null});
    }

    interface Row {
        Object[] of(long id);
    }

    void insert(String table, long rows, Row row) throws SQLException {
        connection.setAutoCommit(false);
        var columns = row.of(1).length;
        try (var insert = connection.prepareStatement("INSERT INTO " + table + " VALUES (?" + ", ?".repeat(columns - 1) + ")")) {
            for (long id = 1; id <= rows; id++) {
                bind(insert, row.of(id));
                insert.executeUpdate();
                if (id % ROWS_PER_COMMIT == 0) {
                    connection.commit();
                }
            }
        }
        connection.commit();
        connection.setAutoCommit(true);
    }

    static void bind(PreparedStatement insert, Object[] values) throws SQLException {
        for (int i = 0; i < values.length; i++) {
            insert.setObject(i + 1, values[i] instanceof Boolean yes ? (yes ? 1 : 0) : values[i]);
        }
    }

    boolean chance(int percent) {
        return random.nextInt(100) < percent;
    }

    /** As an application keeps money in SQLite: a REAL with two decimals; one that is whole becomes an integer by NUMERIC affinity. */
    double money(int cents) {
        return random.nextInt(cents) / 100.0;
    }

    String date() {
        return LocalDate.ofEpochDay(random.nextInt(20_000)).toString();
    }

    /** Grows with the id, as the rows of an application do. */
    String time(long id, long count) {
        return LocalDateTime.ofEpochSecond(START + id * SECONDS_OF_SEVEN_YEARS / count, 0, ZoneOffset.UTC).format(SECONDS);
    }

    byte[] bytes(int least, int most) {
        var bytes = new byte[random.nextInt(least, most)];
        random.nextBytes(bytes);
        return bytes;
    }

    String words(int least, int most) {
        var words = new ArrayList<String>();
        for (int i = random.nextInt(least, most + 1); i > 0; i--) {
            words.add(WORDS.get(random.nextInt(WORDS.size())));
        }
        return String.join(" ", words);
    }

    String address() {
        return "%d %s Street\n%05d %s".formatted(random.nextInt(1, 300), words(1, 3), random.nextInt(100_000), words(1, 2));
    }

    String settings() {
        return "{\"theme\": \"%s\", \"newsletter\": %b, \"page\": %d, \"tags\": [\"%s\", \"%s\"], \"limits\": {\"day\": %d, \"month\": null}}"
            .formatted(words(1, 1), chance(50), random.nextInt(100), words(1, 1), words(1, 2), random.nextInt(1_000));
    }

    String attributes() {
        return "{\"color\": \"%s\", \"size\": [%d, %d, %d], \"label\": \"say \\\"%s\\\"\", \"eco\": %b}"
            .formatted(words(1, 1), random.nextInt(200), random.nextInt(200), random.nextInt(200), words(1, 2), chance(50));
    }

    /**
     * Every column of every table once, by its storage class, into nothing: what one thread that reads through sqlite-jdbc cannot be faster than.
     * Without SQLite's own mutex, which the driver's monitor makes needless; mapping the file gains nothing.
     */
    static void read(Path file) throws SQLException {
        var config = new SQLiteConfig();
        config.setReadOnly(true);
        config.setOpenMode(SQLiteOpenMode.NOMUTEX);
        try (var connection = DriverManager.getConnection("jdbc:sqlite:" + file, config.toProperties())) {
            for (var table : List.of("users", "products", "orders", "order_items")) {
                long start = System.nanoTime();
                var sum = new Sum();
                try (var select = connection.prepareStatement("SELECT * FROM " + table)) {
                    ((CoreStatement) select).pointer.safeRunConsume((database, pointer) -> readRows(database, pointer, sum));
                }
                System.out.printf("%-12s %,10d rows %,14d bytes of text and blobs %6.2f s%n", table, sum.rows, sum.bytes, (System.nanoTime() - start) / 1e9);
            }
        }
    }

    static class Sum {
        long rows;
        long bytes;
        double numbers;
    }

    static void readRows(DB database, long pointer, Sum sum) throws SQLException {
        int columns = database.column_count(pointer);
        while (database.step(pointer) == Codes.SQLITE_ROW) {
            sum.rows++;
            for (int i = 0; i < columns; i++) {
                readValue(database, pointer, i, sum);
            }
        }
    }

    static void readValue(DB database, long pointer, int column, Sum sum) throws SQLException {
        switch (database.column_type(pointer, column)) {
            case Codes.SQLITE_INTEGER -> sum.numbers += database.column_long(pointer, column);
            case Codes.SQLITE_FLOAT -> sum.numbers += database.column_double(pointer, column);
            case Codes.SQLITE_TEXT, Codes.SQLITE_BLOB -> sum.bytes += database.column_blob(pointer, column).length;
            default -> { }
        }
    }
}
