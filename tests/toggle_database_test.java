//SOURCES ../scripts/toggle_database.java
//SOURCES ../scripts/migrate_to_postgres.java
//SOURCES servers.java
//DEPS io.github.cdimascio:dotenv-java:3.2.0

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.cdimascio.dotenv.Dotenv;
import io.github.cdimascio.dotenv.DotenvEntry;
import io.github.cdimascio.dotenv.DotenvException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URLDecoder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Against a real server, real SQLite files and three real dotenv readers: dotenv-java, npm dotenv and python-dotenv. Mounts and foreign
 * owners need root;
 * what cannot be had here is skipped, naming it.
 */
class toggle_database_test {
    static final String PRINTABLE = IntStream.rangeClosed(' ', '~').mapToObj(c -> String.valueOf((char) c)).collect(Collectors.joining());

    Path folder;
    Path env;
    String url;
    final Map<String, String> environment = new TreeMap<>();
    final List<AutoCloseable> open = new ArrayList<>();

    @BeforeEach
    void aFolderWithAnEmptyDatabaseOnEitherSide() throws IOException {
        var memory = Path.of("/dev/shm"); // hundreds of files are synchronized: no disk shall be waited for
        folder = Files.isWritable(memory) ? Files.createTempDirectory(memory, "toggle_database")
                : Files.createTempDirectory("toggle_database");
        env = folder.resolve(".env");
        url = servers.database();
        environment.put("MIGRATIONS_DIR", folder.resolve("none").toString());
    }

    @AfterEach
    void closeAll() throws Exception {
        for (var each : open) {
            each.close();
        }
        try (var files = Files.walk(folder)) {
            for (var file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    // --- the .env file ---

    @Test
    void two_hundred_generated_files_toggle_there_and_back_with_every_other_byte_unchanged_for_three_real_readers() throws Exception {
        var files = new LinkedHashMap<String, Path>();
        var generated = new ArrayList<Generated>();
        var random = new Random(9);
        for (var i = 0; i < 200; i++) {
            var made = Generated.file(random, toggle_database.Style.values()[i % toggle_database.Style.values().length], url);
            generated.add(made);
            env = Files.createDirectory(folder.resolve("f" + i)).resolve(".env");
            Files.write(env, made.text().getBytes(ISO_8859_1));
            var wanted = made.postgres ? "sqlite" : "postgres";
            var back = made.postgres ? "postgres" : "sqlite";
            var ran = run(wanted, "--url", url, "--sqlite", "data/app 1.db", "--style", made.style.name(), "--force", "--quiet");
            assertThat(ran.exit()).as(i + " " + made.style + "\n" + made.text() + "\n" + ran.err()).isZero();
            var there = text(env);
            files.put(i + " before", Files.write(folder.resolve("f" + i + "/before"), made.text().getBytes(ISO_8859_1)));
            files.put(i + " after", Files.write(folder.resolve("f" + i + "/after"), there.getBytes(ISO_8859_1)));
            assertThat(made.rest(there)).as(i + " " + made.style + ": the other bytes").isEqualTo(made.rest(made.text()));
            assertThat(run(back, "--force", "--quiet").exit()).isZero();
            assertThat(text(env)).as(i + " " + made.style + ": toggled twice").isEqualTo(made.text());
            assertThat(run(wanted, "--force", "--quiet").exit()).isZero();
            assertThat(text(env)).as(i + " " + made.style + ": toggled three times").isEqualTo(there);
        }
        for (var reader : readers().entrySet()) {
            var read = reader.getValue().read(files);
            var compared = 0;
            for (var i = 0; i < 200; i++) {
                var before = read.get(i + " before");
                var after = read.get(i + " after");
                if (before == null || !reader.getKey().equals("java") || !generated.get(i).hasSingleQuotes()) {
                    assertThat(after == null).as(reader.getKey() + " " + i).isEqualTo(before == null);
                }
                if (before != null && after != null && !(reader.getKey().equals("java") && generated.get(i).hasSingleQuotes())) {
                    generated.get(i).assertMeant(reader.getKey() + " " + i + "\n" + generated.get(i).text(), before, after, url);
                    compared++;
                }
            }
            assertThat(compared).as("files that " + reader.getKey() + " reads").isGreaterThan(40);
        }
    }

    @Test
    void bytes_of_any_kind_around_the_setting_stay_or_it_is_refused() throws Exception {
        var random = new Random(16);
        var pieces = List.of("\0", "\u00e9", "\u00ff\u00fe", "\n", "\r\n", "\r", "\n#DATABASE_URL=sqlite:///no.db",
                "\n# export DATABASE_URL=no\n", "\nMY_DATABASE_URL=${DATABASE_URL}x\n",
                "\nDATABASE_URL_2=postgresql://a:b#c@d/e\n", "\nA='it\\'s $1 \\'\n",
                "\nB=\"\\\\\"\n",
                "\nC=$$\\1\n", "\u0085", "\f", "\u000b", "'", "\"", "`", " #", "\nDATABASE_URL\n",
                "\nDATABASE_URLS=x\n", "\nexport\tE = f \n",
                "\ndatabase_url=lower\n", "\nJ={\"DATABASE_URL\": \"x\"}\n", "\nK: v\n", "\n\u00c2\u00a0N=1\n", "=", "\\");
        var switched = 0;
        for (var i = 0; i < 60; i++) {
            env = Files.createDirectory(folder.resolve("b" + i)).resolve(".env");
            Files.writeString(env.resolveSibling("app.db"), "");
            var before = random.ints(random.nextInt(8), 0, pieces.size()).mapToObj(pieces::get).collect(Collectors.joining()) + "\n";
            var after = "\n" + random.ints(random.nextInt(8), 0, pieces.size()).mapToObj(pieces::get).collect(Collectors.joining());
            var text = before + "DATABASE_URL=sqlite:///app.db" + after;
            Files.write(env, text.getBytes(ISO_8859_1));
            var ran = run("postgres", "--url", url, "--style", "url", "--quiet");
            if (ran.exit() != 0) {
                assertThat(ran.exit()).as(text + ran.err()).isIn(2, 3, 64);
                assertThat(text(env)).isEqualTo(text);
                continue;
            }
            switched++;
            if (text(env).startsWith(text)) {
                continue; // it stood inside another value, so a new line was added
            }
            assertThat(text(env)).as(text).isEqualTo(before + "DATABASE_URL=" + url + after);
            run("sqlite", "--force", "--quiet");
            assertThat(text(env)).as("toggled twice").isEqualTo(text);
        }
        assertThat(switched).isGreaterThan(20);
    }

    @Test
    void long_values_of_many_words_and_escapes_are_read_without_a_deep_stack() throws Exception {
        for (var value : List.of("word ".repeat(30_000), "\"" + "\\\"x".repeat(30_000) + "\"", "\"" + "line\\n".repeat(30_000) + "\"",
                "'" + "\\'x".repeat(30_000) + "'")) {
            var text = "LONG=" + value + "\nDATABASE_URL=sqlite:///app.db\nX=1\n";
            var read = new toggle_database.Env(env, text);
            assertThat(read.entries.stream().map(entry -> entry.key())).containsExactly("LONG", "DATABASE_URL", "X");
            for (var reader : toggle_database.Dialect.values()) {
                assertThat(reader.read(text)).as(reader.name()).satisfiesAnyOf(all -> assertThat(all).isNull(),
                        all -> assertThat(all).containsEntry("DATABASE_URL", "sqlite:///app.db").containsEntry("X", "1"));
            }
            if (value.startsWith("\"")) {
                continue; // the connection block cannot read it
            }
            Files.writeString(env, text);
            done("postgres", "--url", url, "--quiet");
            assertThat(text(env)).isEqualTo(text.replace("sqlite:///app.db", url));
            done("sqlite", "--force");
            Files.delete(folder.resolve(".env.toggle"));
        }
        Files.writeString(env, "LONG=\"" + "\\\"".repeat(500_000) + " never closed\nDATABASE_URL=sqlite:///app.db\n");
        assertThat(run("postgres", "--url", url, "--json").out()).startsWith("{").endsWith("}\n");
    }

    @Test
    void passwords_with_slashes_and_blanks_are_not_shown_either() throws Exception {
        for (var password : List.of("hun/ter2", "hun ter2", "hun@ter2", "hun:ter2")) {
            Files.writeString(env, "DATABASE_URL=\"postgresql://u:" + password + "@localhost:1/x\"\n");
            for (var ran : List.of(run("status", "--json"), run("status"), run("sqlite", "--sqlite", "app.db", "--json"),
                    run("sqlite", "--sqlite", "app.db", "--dry-run", "--force"))) {
                assertThat(ran.out() + ran.err()).as(password).doesNotContain("ter2", "hun");
            }
        }
    }

    @Test
    void the_three_readers_are_understood_as_they_really_are() throws Exception {
        var random = new Random(4);
        var files = new LinkedHashMap<String, Path>();
        var pieces = List.of("A=", "B=", "export C=", "D =", " E= ", "x", "y z", "'", "\"", "`", "\\", "\\n", "\\'", "\\\"", "#", " #",
                " ", "\t", "\n", "\n", "\n", "\r\n", "$", "${A}", "=", "ü", "# note\n", "F='a'\n", "G=\"b c\" # d\n",
                "H=`e`\n", "I='a\nb'\n", "-", "K: v\n", "&", "\uFEFF");
        for (var i = 0; i < 600; i++) {
            var text = IntStream.range(0, 2 + random.nextInt(14)).mapToObj(n -> pieces.get(random.nextInt(pieces.size())))
                    .collect(Collectors.joining());
            files.put(String.valueOf(i), Files.writeString(folder.resolve("r" + i), text));
        }
        for (var reader : readers().entrySet()) {
            var dialect = toggle_database.Dialect.valueOf(reader.getKey());
            var real = reader.getValue().read(files);
            for (var each : files.entrySet()) {
                assertThat(dialect.read(Files.readString(each.getValue()))).as(dialect + " reads\n" + Files.readString(each.getValue())
                        + "\n--").isEqualTo(real.get(each.getKey()));
            }
        }
    }

    @ParameterizedTest
    @EnumSource(toggle_database.Style.class)
    void a_password_with_any_printable_character_survives_in_each_style_for_each_reader(toggle_database.Style style) throws Exception {
        var files = new LinkedHashMap<String, Path>();
        var passwords = new ArrayList<>(PRINTABLE.chars().mapToObj(c -> "a" + (char) c + "z").toList());
        passwords.addAll(PRINTABLE.chars().filter(c -> " \"'".indexOf(c) < 0).mapToObj(c -> (char) c + "az" + (char) c).toList());
        for (var password : passwords) {
            env = Files.createDirectory(folder.resolve("p" + files.size())).resolve(".env");
            Files.writeString(env, edited(Files.writeString(env, Generated.start(style)), style, password).after);
            files.put(password, env);
        }
        for (var reader : readers().entrySet()) {
            reader.getValue().read(files).forEach((password, values) -> assertThat(Generated.password(style, values))
                    .as(reader.getKey() + " " + password + "\n" + textOf(files.get(password))).isEqualTo(password));
        }
    }

    @ParameterizedTest
    @EnumSource(toggle_database.Style.class)
    void a_password_of_all_printable_characters_is_held_by_urls_for_all_and_else_refused_for_who_cannot(toggle_database.Style style)
            throws Exception {
        for (var reader : readers().entrySet()) {
            env = Files.createDirectory(folder.resolve(reader.getKey())).resolve(".env");
            Files.writeString(env, Generated.start(style));
            var holds = List.of(toggle_database.Style.url, toggle_database.Style.prisma, toggle_database.Style.rails).contains(style)
                    || reader.getKey().equals("python");
            var ran = switched(style, PRINTABLE, List.of("--dialect", reader.getKey()));
            assertThat(ran.exit()).as(ran.err()).isEqualTo(holds ? 0 : 2);
            if (holds) {
                assertThat(Generated.password(style, reader.getValue().read(Map.of("x", env)).get("x"))).isEqualTo(PRINTABLE);
            } else {
                assertThat(ran.err()).contains("nothing was written", "PASSWORD has a value that " + reader.getKey() + " cannot read",
                        "--dialect python").doesNotContain("#$%");
                assertThat(text(env)).isEqualTo(Generated.start(style));
            }
        }
    }

    /** What the script would write, without its checks, so that a thousand passwords take a moment. */
    toggle_database.Edited edited(Path file, toggle_database.Style style, String password) throws Exception {
        var script = new toggle_database();
        script.database.environment = () -> Map.of();
        script.database.url = url.replace("//postgres@", "//postgres:" + encoded(password) + "@");
        var before = toggle_database.Env.read(file);
        var keys = toggle_database.Keys.of(style, before.values(script.readers(before)), java.util.Set.of());
        var edited = new toggle_database.Switch(script, keys, before, toggle_database.Profile.read(file)).to(toggle_database.Side.postgres);
        edited.verify(script.readers(before));
        return edited;
    }

    Ran switched(toggle_database.Style style, String password, List<String> more) {
        var given = url.replace("//postgres@", "//postgres:" + encoded(password) + "@");
        return run(Stream.concat(Stream.of("postgres", "--style", style.name(), "--url", given, "--quiet"), more.stream())
                .toArray(String[]::new));
    }

    @ParameterizedTest
    @EnumSource(toggle_database.Style.class)
    void each_example_becomes_what_it_says(toggle_database.Style style) throws Exception {
        var example = Files.readString(Path.of("examples/toggle_database/" + style + ".env"));
        Files.writeString(env, example.substring(0, example.indexOf("# becomes\n")));
        url = "postgresql://postgres@localhost:5432/app";
        var after = edited(env, style, "secret").after.replace("postgres:secret@", "app:secret@")
                .replaceAll("(USER|USERNAME)=postgres\n", "$1=app\n");
        assertThat(after.replaceAll("(?m)^#.*\n", "").lines().sorted().toList())
                .isEqualTo(example.substring(example.indexOf("# becomes\n") + 10).replaceAll("(?m)^# ", "").lines().sorted().toList());
    }

    @Test
    void prisma_s_own_provider_is_named_as_something_to_do() throws Exception {
        Files.writeString(Files.createDirectory(folder.resolve("prisma")).resolve("schema.prisma"),
                "datasource db {\n  provider = \"sqlite\"\n  url = env(\"DATABASE_URL\")\n}\n");
        Files.writeString(env, "DATABASE_URL=\"file:./dev.db\"\n");
        var ran = run("postgres", "--url", url);
        assertThat(ran.exit()).isEqualTo(1);
        assertThat(ran.err()).contains("names another provider than \"postgresql\"");
        assertThat(text(env)).isEqualTo("DATABASE_URL=\"" + url + "\"\n");
    }

    @Test
    void interrupted_by_a_signal_it_leaves_nothing_beside_the_file() throws Exception {
        Files.writeString(env, "DATABASE_URL=sqlite:///app.db\n");
        try (var silent = new java.net.ServerSocket(0)) {
            var hung = shell.start(folder, clean(Map.of()), java(), "-cp", System.getProperty("java.class.path"), "toggle_database",
                    "postgres", "--env-file", env.toString(), "--url",
                    "postgresql://u:p@localhost:" + silent.getLocalPort() + "/x", "--connect-timeout", "60");
            silent.accept(); // it waits for an answer that does not come, with its lock in hand
            assertThat(left()).contains(".env.toggle.lock");
            hung.destroy();
            assertThat(hung.waitFor()).isEqualTo(143);
        }
        assertThat(left()).containsExactly(".env");
    }

    @Test
    void driver_prefixes_stay_as_they_were_on_both_sides() throws Exception {
        var pairs = Map.of("sqlite+aiosqlite:///app.db", "postgresql+asyncpg://", "sqlite:///app.db", "postgresql://",
                "jdbc:sqlite:app.db", "jdbc:postgresql://", "sqlite3:app.db", "postgresql://");
        for (var pair : pairs.entrySet()) {
            Files.writeString(env, "DATABASE_URL=" + pair.getKey() + "\n");
            Files.deleteIfExists(folder.resolve(".env.toggle"));
            done("postgres", "--url", url + "?sslmode=disable");
            assertThat(text(env)).startsWith("DATABASE_URL=" + pair.getValue()).contains(pair.getValue().contains("asyncpg")
                    ? "?ssl=disable" : "sslmode=disable");
        }
        Files.deleteIfExists(folder.resolve(".env.toggle"));
        Files.writeString(env, "DATABASE_URL=postgresql+psycopg2://old/x\n");
        done("postgres", "--url", url);
        assertThat(text(env)).isEqualTo("DATABASE_URL=" + url.replace("postgresql:", "postgresql+psycopg2:") + "\n");
    }

    @Test
    void line_ends_bom_missing_final_newline_export_duplicates_and_multi_line_values_stay() throws Exception {
        for (var text : List.of("A=1\r\nDATABASE_URL=sqlite:///app.db\r\nB=2\r\n", "\uFEFFDATABASE_URL=sqlite:///app.db\n",
                "A=1\nDATABASE_URL=sqlite:///app.db", "export DATABASE_URL = 'sqlite:///app.db'   # it's \"the\" one\n",
                "DATABASE_URL=sqlite:///old.db\nX=1\nDATABASE_URL=\"sqlite:///app.db\"\n",
                        "KEY=\"-----BEGIN\nDATABASE_URL=not me\n-----END\"\nDATABASE_URL=sqlite:///app.db\n",
                        "DATABASE_URL=sqlite:///app.db", "NAME=app\nDATABASE_URL=sqlite:///${NAME}.db\n")) {
            Files.deleteIfExists(folder.resolve(".env.toggle"));
            Files.writeString(env, text);
            var ran = done("postgres", "--url", url);
            assertThat(ran.err().contains("is set 2 times")).isEqualTo(text.contains("old.db"));
            assertThat(Files.readString(env)).isEqualTo(text.replaceAll("sqlite:///[\\w${}]+\\.db", url));
            done("sqlite", "--force");
            assertThat(Files.readString(env)).isEqualTo(text);
        }
    }

    @Test
    void what_was_edited_between_two_switches_stays_edited() throws Exception {
        Files.writeString(env, "A=1\nPOSTGRES_HOST=localhost\nPOSTGRES_DB=app\nPOSTGRES_USER=me # who\nB=2\n");
        done("sqlite", "--sqlite", "app.db", "--force");
        assertThat(text(env)).isEqualTo("A=1\nSQLITE_DB_PATH=app.db\nB=2\n");
        Files.writeString(env, "# new\nA=1\nSQLITE_DB_PATH=app.db\nB=3\nC=4\n");
        done("postgres", "--force");
        assertThat(text(env)).startsWith("# new\nA=1\n").endsWith("B=3\nC=4\n")
                .contains("\nPOSTGRES_HOST=localhost\nPOSTGRES_DB=app\nPOSTGRES_USER=me\n").doesNotContain("SQLITE");
    }

    @Test
    void utf_16_and_an_open_quote_are_refused_before_anything_is_written() throws Exception {
        Files.write(env, "DATABASE_URL=sqlite:///app.db\n".getBytes(java.nio.charset.StandardCharsets.UTF_16));
        assertThat(run("postgres", "--url", url).err()).contains("UTF-16");
        Files.writeString(env, "DATABASE_URL=sqlite:///app.db\nA=1\n");
        assertThat(run("postgres", "--url", "mysql://x/y").exit()).isEqualTo(64);
        assertThat(run("postgres", "--url", "postgresql://h/with space").exit()).isNotZero();
        assertThat(text(env)).isEqualTo("DATABASE_URL=sqlite:///app.db\nA=1\n");
        assertThat(Files.exists(folder.resolve(".env.toggle"))).isFalse();
    }

    @Test
    void a_missing_file_is_made_only_on_request_from_its_example() throws Exception {
        var refused = run("postgres", "--url", url);
        assertThat(refused.exit()).isEqualTo(64);
        assertThat(refused.err()).contains("--create makes one");
        Files.writeString(folder.resolve(".env.example"), "# example\r\nDATABASE_URL=sqlite:///dev.db\r\nSECRET=\r\n");
        done("postgres", "--url", url, "--create");
        assertThat(text(env)).isEqualTo("# example\r\nDATABASE_URL=" + url + "\r\nSECRET=\r\n");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(env))).isEqualTo("rw-------");
        env = folder.resolve("other.env");
        done("sqlite", "--sqlite", "x.db", "--create", "--force");
        assertThat(text(env)).isEqualTo("DATABASE_URL=sqlite:///x.db\n");
    }

    @Test
    void the_profile_is_private_and_kept_out_of_git_by_a_line_that_leaves_the_rest_of_gitignore_alone() throws Exception {
        assumeTrue(shell.has("git"), "git is not installed");
        shell.run(folder, Map.of(), "git", "init", "-q");
        Files.writeString(folder.resolve(".gitignore"), "*.class\r\n.env");
        Files.writeString(env, "DATABASE_URL=sqlite:///app.db\n");
        done("postgres", "--url", url);
        assertThat(text(folder.resolve(".gitignore"))).isEqualTo("*.class\r\n.env\r\n.env.toggle*\r\n");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder.resolve(".env.toggle")))).isEqualTo("rw-------");
        assertThat(shell.run(folder, Map.of(), "git", "status", "--porcelain", "-uall").out()).isEqualTo("?? .gitignore\n");
        done("sqlite", "--force");
        assertThat(text(folder.resolve(".gitignore"))).isEqualTo("*.class\r\n.env\r\n.env.toggle*\r\n");
        Files.writeString(folder.resolve(".gitignore"), "");
        Files.setPosixFilePermissions(folder.resolve(".env.toggle"), PosixFilePermissions.fromString("rw-r--r--"));
        assertThat(run("--check").out()).contains("is not ignored by git", "can be read by others");
        assertThat(left()).containsExactly(".env", ".env.toggle", ".git", ".gitignore");
    }

    @Test
    void without_a_repository_no_gitignore_is_made() throws Exception {
        Files.writeString(env, "DATABASE_URL=sqlite:///app.db\n");
        done("postgres", "--url", url);
        assertThat(left()).containsExactly(".env", ".env.toggle");
    }

    // --- writing ---

    @Test
    void killed_at_any_moment_of_a_write_it_is_the_old_or_the_new_file() throws Exception {
        killed(12);
    }

    @Test
    @Tag("slow")
    void killed_a_hundred_times_it_is_the_old_or_the_new_file() throws Exception {
        killed(100);
    }

    void killed(int times) throws Exception {
        var texts = List.of("A=" + "x".repeat(300_000) + "\n", "B=" + "y".repeat(200_000) + "\n");
        var between = 0;
        for (var mode : List.of("rename", "in place")) {
            Files.writeString(env, texts.get(0));
            for (var i = 0; i < times / 2; i++) {
                var writer = shell.start(folder, Map.of(), java(), "-cp", System.getProperty("java.class.path"),
                        "toggle_database_test$Writer", env.toString(), mode, String.valueOf(texts.get(0).length()),
                        String.valueOf(texts.get(1).length()));
                assertThat(writer.getInputStream().read()).isEqualTo('1');
                Thread.sleep(new Random(i).nextInt(60));
                writer.destroyForcibly().waitFor();
                if (mode.equals("in place")) {
                    between += texts.contains(text(env)) ? 0 : 1;
                    toggle_database.InPlace.recover(env);
                }
                assertThat(texts.contains(text(env))).as(mode + ": the old or the new, never half").isTrue();
                try (var lock = toggle_database.Swap.lock(env)) {
                    lock.sweep();
                }
                assertThat(left()).as("after the next run has swept").containsExactly(".env");
            }
        }
        assertThat(between).as("kills that were put right: " + between).isGreaterThanOrEqualTo(0);
    }

    /** Writes one text after the other into a file until it is killed. */
    static class Writer {
        public static void main(String... args) throws Exception {
            var file = Path.of(args[0]);
            var texts = List.of("A=" + "x".repeat(Integer.parseInt(args[2]) - 3) + "\n", "B=" + "y".repeat(Integer.parseInt(args[3]) - 3)
                    + "\n");
            System.out.print('1');
            System.out.flush();
            for (var i = texts.indexOf(Files.readString(file)) + 1;; i++) {
                if (args[1].equals("rename")) {
                    toggle_database.Swap.write(file, texts.get((i + 1) % 2), texts.get(i % 2), "rw-------");
                } else {
                    toggle_database.InPlace.write(file, texts.get((i + 1) % 2), texts.get(i % 2));
                }
            }
        }
    }

    @Test
    void through_a_symbolic_link_the_link_stays_and_the_profile_lies_beside_the_file() throws Exception {
        var shared = Files.createDirectory(folder.resolve("shared"));
        Files.writeString(shared.resolve("app.env"), "DATABASE_URL=sqlite:///app.db\n");
        Files.setPosixFilePermissions(shared.resolve("app.env"), PosixFilePermissions.fromString("rw-r-----"));
        Files.createSymbolicLink(env, Path.of("shared/app.env"));
        done("postgres", "--url", url);
        assertThat(Files.readSymbolicLink(env)).isEqualTo(Path.of("shared/app.env"));
        assertThat(text(shared.resolve("app.env"))).contains("postgresql://");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(shared.resolve("app.env")))).isEqualTo("rw-r-----");
        assertThat(Files.exists(shared.resolve("app.env.toggle"))).isTrue();
    }

    @Test
    void a_single_file_that_is_mounted_is_written_in_place_after_a_verified_copy() throws Exception {
        var outside = Files.writeString(folder.resolve("outside"),
                "DATABASE_URL=sqlite:///a-rather-long-name-so-that-the-file-gets-shorter-afterwards-0123456789.db\nX=1\n");
        Files.createFile(env);
        mount("--bind", outside.toString(), env.toString());
        var ran = done("postgres", "--url", url, "--json");
        assertThat(json(ran).get("written").getAsString()).isEqualTo("in place");
        assertThat(text(outside)).isEqualTo("DATABASE_URL=" + url + "\nX=1\n");
        done("sqlite", "--force");
        assertThat(text(outside)).endsWith("0123456789.db\nX=1\n");
        assertThat(left()).containsExactly(".env", ".env.toggle", "outside");
    }

    @Test
    void another_name_of_the_same_file_stays_the_same_file() throws Exception {
        Files.writeString(env, "DATABASE_URL=sqlite:///app.db\n");
        Files.createLink(folder.resolve("other"), env);
        assertThat(json(done("postgres", "--url", url, "--json")).get("written").getAsString()).isEqualTo("in place");
        assertThat(text(folder.resolve("other"))).isEqualTo(text(env)).contains("postgresql://");
    }

    @Test
    void in_a_read_only_folder_it_says_so_and_changes_nothing() throws Exception {
        var readOnly = Files.createDirectory(folder.resolve("ro"));
        env = readOnly.resolve(".env");
        Files.writeString(env, "DATABASE_URL=sqlite:///app.db\n");
        mount("--bind", "-o", "ro", readOnly.toString(), readOnly.toString());
        var ran = run("postgres", "--url", url);
        assertThat(ran.exit()).isEqualTo(2);
        assertThat(ran.err()).contains("nothing was changed", "no file can be made in " + readOnly, "Read-only file system");
        assertThat(run("status").exit()).isZero();
    }

    @Test
    void a_file_of_somebody_else_keeps_its_owner_and_rights() throws Exception {
        Files.writeString(env, "DATABASE_URL=sqlite:///app.db\n");
        try {
            Files.setAttribute(env, "unix:uid", 65534);
            Files.setAttribute(env, "unix:gid", 65534);
        } catch (IOException e) {
            assumeTrue(false, "only root can give a file to somebody else");
        }
        Files.setPosixFilePermissions(env, PosixFilePermissions.fromString("rw-rw-r--"));
        assertThat(json(done("postgres", "--url", url, "--json")).get("written").getAsString()).isEqualTo("renamed");
        assertThat(Files.readAttributes(env, "unix:uid,gid,mode")).isEqualTo(Map.of("uid", 65534, "gid", 65534, "mode", 0100664));
    }

    @Test
    void one_who_may_write_a_file_but_not_give_it_away_writes_it_in_place() throws Exception {
        assumeTrue(shell.has("setpriv") && "root".equals(System.getProperty("user.name")), "needs root and setpriv");
        var jars = copied(System.getProperty("java.class.path"));
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxrwxrwx"));
        Files.writeString(env, "DATABASE_URL=sqlite:///app.db\n");
        Files.setPosixFilePermissions(env, PosixFilePermissions.fromString("rw-rw-rw-"));
        var command = List.of("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", java(), "-cp", jars, "toggle_database",
                "postgres", "--env-file", env.toString(), "--url", url, "--json");
        var plain = shell.run(folder, clean(Map.of()), command.toArray(String[]::new));
        assertThat(plain.exit()).as(plain.err()).isZero();
        assertThat(JsonParser.parseString(plain.out()).getAsJsonObject().get("written").getAsString()).isEqualTo("in place");
        assertThat(Files.getAttribute(env, "unix:uid")).isEqualTo(0);
        Files.writeString(env, "DATABASE_URL=sqlite:///app.db\n");
        Files.setPosixFilePermissions(env, PosixFilePermissions.fromString("rw-r--r--"));
        var refused = shell.run(folder, clean(Map.of()), command.toArray(String[]::new));
        assertThat(refused.exit()).isEqualTo(2);
        assertThat(refused.err()).contains("nothing was changed", "no permission");
        assertThat(text(env)).isEqualTo("DATABASE_URL=sqlite:///app.db\n");
        assertThat(left()).containsExactly(".env", ".env.toggle", "jars");
    }

    @Test
    void on_a_full_disk_the_old_file_stays_whole_and_nothing_is_left() throws Exception {
        var small = Files.createDirectory(folder.resolve("small"));
        mount("-t", "tmpfs", "-o", "size=40k", "tmpfs", small.toString());
        env = small.resolve(".env");
        var text = "DATABASE_URL=sqlite:///app.db\n" + "# " + "filler ".repeat(1000) + "\n";
        Files.writeString(env, text);
        for (var filler = small.resolve("filler");;) {
            try {
                Files.write(filler, new byte[1024], java.nio.file.StandardOpenOption.CREATE, java.nio.file.StandardOpenOption.APPEND);
            } catch (IOException full) {
                break;
            }
        }
        var ran = run("postgres", "--url", url);
        assertThat(ran.exit()).isEqualTo(2);
        assertThat(ran.err()).contains("No space left on device");
        assertThat(text(env)).isEqualTo(text);
        try (var files = Files.list(small)) {
            assertThat(files.map(file -> file.getFileName().toString()).sorted()).containsExactly(".env", "filler");
        }
    }

    @Test
    void two_at_once_do_not_work_on_one_file() throws Exception {
        Files.writeString(env, "DATABASE_URL=sqlite:///app.db\n");
        try (var lock = toggle_database.Swap.lock(env)) {
            assertThat(run("postgres", "--url", url).err()).contains("another toggle_database is at work");
        }
        done("postgres", "--url", url);
    }

    @Test
    void what_an_editor_writes_at_the_same_moment_is_not_overwritten() throws Exception {
        Files.writeString(env, "DATABASE_URL=sqlite:///app.db\nEDITED=now\n");
        for (toggle_database.Step write : List.<toggle_database.Step>of(
                () -> toggle_database.Swap.write(env, "DATABASE_URL=sqlite:///app.db\n", "DATABASE_URL=x\n", "rw-------"),
                () -> toggle_database.InPlace.write(env, "DATABASE_URL=sqlite:///app.db\n", "DATABASE_URL=x\n"))) {
            org.assertj.core.api.Assertions.assertThatThrownBy(write::run).hasMessageContaining("changed by somebody else");
            assertThat(text(env)).isEqualTo("DATABASE_URL=sqlite:///app.db\nEDITED=now\n");
            assertThat(left()).containsExactly(".env");
        }
    }

    @Test
    void of_processes_that_toggle_at_once_the_file_is_one_sides_or_the_others() throws Exception {
        var text = "# first\nDATABASE_URL=sqlite:///app.db\r\n# last";
        Files.writeString(env, text);
        done("postgres", "--url", url);
        var postgres = text(env);
        var running = new ArrayList<Process>();
        for (var i = 0; i < 4; i++) {
            running.add(shell.start(folder, clean(Map.of()), java(), "-cp", System.getProperty("java.class.path"), "toggle_database",
                    i % 2 == 0 ? "sqlite" : "postgres", "--env-file", env.toString(), "--force"));
        }
        for (var process : running) {
            var ran = shell.finish(process, "");
            assertThat(ran.exit()).as(ran.err()).isIn(0, 2);
            assertThat(ran.exit() == 0 || ran.err().contains("another toggle_database is at work")).as(ran.err()).isTrue();
        }
        assertThat(text(env)).isIn(text, postgres);
        done("sqlite", "--force");
        assertThat(text(env)).isEqualTo(text);
        assertThat(left()).containsExactly(".env", ".env.toggle");
    }

    @Test
    void what_is_no_ordinary_file_is_refused_and_stays() throws Exception {
        Files.createSymbolicLink(env, Path.of("missing/.env"));
        assertThat(run("postgres", "--url", url, "--create").err()).contains("leads to missing/.env, which is not an ordinary file");
        Files.delete(env);
        Files.createSymbolicLink(env, Path.of(".env"));
        assertThat(json(run("postgres", "--url", url, "--create", "--json")).get("error").getAsString()).contains("not an ordinary file");
        assertThat(Files.isSymbolicLink(env)).isTrue();
        Files.delete(env);
        assumeTrue(shell.has("mkfifo"), "mkfifo is not installed");
        shell.run(folder, Map.of(), "mkfifo", env.toString());
        assertThat(run("postgres", "--url", url).err()).contains("not an ordinary file");
        Files.delete(env);
        try (var huge = new java.io.RandomAccessFile(env.toFile(), "rw")) {
            huge.setLength(3L << 30);
        }
        assertThat(json(run("postgres", "--url", url, "--json")).get("error").getAsString()).contains("has 3,072 megabytes");
        assertThat(left()).containsExactly(".env");
    }

    // --- nothing is lost ---

    @Test
    void a_move_is_followed_by_a_switch_and_nothing_was_written_so_back_again() throws Exception {
        var file = moved();
        var ran = done("postgres", "--url", url);
        assertThat(ran.out()).contains("verified   equal on 20", "app.db has not changed since", "switched " + env
                + " to PostgreSQL: DATABASE_URL");
        assertThat(run().out()).contains("active    PostgreSQL", "2 tables, 350 rows", "nobody has written to PostgreSQL since");
        assertThat(done("sqlite").out()).contains("nobody has written to PostgreSQL since the switch");
        assertThat(done("postgres").out()).contains("app.db has not changed since");
        assertThat(Files.exists(file)).isTrue();
    }

    @Test
    void postgres_that_is_down_is_no_place_to_switch_to() throws Exception {
        moved();
        var ran = run("postgres", "--url", "postgresql://postgres:hunter2@localhost:1/x");
        assertThat(ran.exit()).isEqualTo(2);
        assertThat(ran.err()).contains("not switched to PostgreSQL; nothing was changed", "cannot use localhost:1/x",
                "lost: the application would find no database").doesNotContain("hunter2");
        assertThat(text(env)).isEqualTo("DATABASE_URL=sqlite:///app.db\n");
        assertThat(run("postgres", "--url", "postgresql://postgres:hunter2@localhost:1/x", "--force").err())
                .contains("forced, and lost by it");
        assertThat(text(env)).contains("hunter2@localhost:1");
    }

    @Test
    void pending_migrations_are_named_by_their_versions() throws Exception {
        moved();
        var migrations = Files.createDirectories(folder.resolve("migrations/optimizations")).getParent();
        for (var name : List.of("001_first.sql", "002_second.sql", "002_second.down.sql", "optimizations/001_index.sql")) {
            Files.writeString(migrations.resolve(name), "select 1");
        }
        sql("create table schema_migrations (version text); insert into schema_migrations values ('1')");
        var jars = System.getProperty("java.class.path");
        var alone = Files.createDirectory(folder.resolve("alone"));
        var ran = shell.run(alone, clean(Map.of()), java(), "-cp", jars, "toggle_database", "postgres", "--env-file", env.toString(),
                "--url", url, "--dir", migrations.toString());
        assertThat(ran.exit()).isEqualTo(2);
        assertThat(ran.err()).contains("migrations are pending", "lost: 002_second.sql: pending",
                "lost: optimizations/001_index.sql: pending").doesNotContain("001_first", "down");
        sql("insert into schema_migrations values ('002'), ('optimizations/001')");
        var said = shell.run(alone, clean(Map.of()), java(), "-cp", jars, "toggle_database", "postgres", "--env-file", env.toString(),
                "--url", url, "--dir", migrations.toString());
        assertThat(said.exit()).as(said.err()).isZero();
        assertThat(said.out()).contains("whether files were changed since was not looked at (run_migrations.java is not here)");
    }

    @Test
    void beside_run_migrations_that_script_is_asked() throws Exception {
        moved();
        var migrations = Files.createDirectory(folder.resolve("migrations"));
        Files.writeString(migrations.resolve("001_first.sql"), "create table first ()");
        var ran = run("postgres", "--url", url, "--dir", migrations.toString());
        assertThat(ran.exit()).isEqualTo(2);
        assertThat(ran.err()).contains("migrations are not applied as they are in", "lost: 001 first: pending");
    }

    @Test
    void a_verification_that_is_missing_failed_or_older_than_the_last_write_is_none() throws Exception {
        var file = sqlite("create table customers (id integer primary key, name text); insert into customers values (1, 'a')");
        Files.writeString(env, "DATABASE_URL=sqlite:///app.db\n");
        var missing = run("postgres", "--url", url);
        assertThat(missing.exit()).isEqualTo(2);
        assertThat(missing.err())
                .contains("migrate_to_postgres has not moved", "lost: customers: 1 row in SQLite, no such table in PostgreSQL");
        move(file, "--verify", "none");
        assertThat(run("postgres", "--url", url).err()).contains("failed, or was left out");
        sql("update pgbang.sqlite_migration set verified = 'yes', finished = null");
        assertThat(run("postgres", "--url", url).err()).contains("was interrupted");
        sql("update pgbang.sqlite_migration set finished = now()");
        change(file, "insert into customers values (2, 'b')");
        var older = run("postgres", "--url", url);
        assertThat(older.exit()).isEqualTo(2);
        assertThat(older.err()).contains("has changed since the verification", "lost: customers: 2 rows in SQLite, 1 in PostgreSQL");
        var forced = run("postgres", "--url", url, "--force");
        assertThat(forced.exit()).isZero();
        assertThat(forced.err()).contains("forced, and lost by it: customers: 2 rows in SQLite, 1 in PostgreSQL");
    }

    @Test
    void a_write_ahead_log_counts_as_well() throws Exception {
        var file = sqlite("pragma journal_mode = wal; create table t (id integer primary key); insert into t values (1)");
        Files.writeString(env, "DATABASE_URL=sqlite:///app.db\n");
        try (var writer = DriverManager.getConnection("jdbc:sqlite:" + file); var statement = writer.createStatement()) {
            statement.execute("insert into t values (2)");
            move(file);
            done("postgres", "--url", url, "--dry-run");
            statement.execute("insert into t values (3)");
            assertThat(run("postgres", "--url", url).err()).contains("has changed since", "3 rows in SQLite, 2 in PostgreSQL");
        }
    }

    @Test
    void looking_at_a_file_in_wal_mode_leaves_no_log_behind() throws Exception {
        sqlite("pragma journal_mode = wal; create table t (id integer primary key); insert into t values (1)");
        Files.writeString(env, "DATABASE_URL=sqlite:///app.db\n");
        assertThat(run().out()).contains("1 table, 1 row");
        run("postgres", "--url", url);
        assertThat(left()).containsExactly(".env", "app.db");
    }

    @Test
    void verify_compares_every_cell_now_and_takes_the_place_of_an_older_proof() throws Exception {
        var file = moved();
        change(file, "update customers set name = 'other' where id = 7");
        var differs = run("postgres", "--url", url, "--verify");
        assertThat(differs.exit()).isEqualTo(2);
        assertThat(differs.err()).contains("the two sides differ", "lost: customers: 1 difference");
        change(file, "update customers set name = 'n7' where id = 7");
        assertThat(run("postgres", "--url", url).err()).as("that they differed is noted").contains("failed, or was left out");
        assertThat(done("postgres", "--url", url, "--verify").out()).contains("every cell was compared now");
        Files.delete(folder.resolve(".env.toggle"));
        var unknown = run("sqlite", "--sqlite", "app.db");
        assertThat(unknown.exit()).isEqualTo(3);
        assertThat(unknown.err()).contains("it cannot be told whether PostgreSQL was written to");
        assertThat(done("sqlite", "--sqlite", "app.db", "--verify").out()).contains("SQLite holds all that PostgreSQL holds");
    }

    @ParameterizedTest
    @MethodSource("servers#majors")
    void every_kind_of_write_to_postgres_forbids_the_way_back_and_is_named(int major) throws Exception {
        url = servers.database(major);
        moved();
        var writes = new LinkedHashMap<String, String>();
        writes.put("insert into customers (name) values ('new')", "customers: 1 row new or changed");
        writes.put("update customers set name = name where id = 1", "customers: 1 row new or changed, 1 row of before changed or deleted");
        writes.put("delete from orders where id = 3", "orders: 1 row deleted");
        writes.put("delete from orders where id = 4; insert into orders values (4, 4, 6)", "orders: 1 row new or changed, 1 row of before");
        writes.put("truncate orders", "orders: 149 rows deleted");
        writes.put("create table notes as select 1 as id", "notes: a new table with 1 row");
        writes.put("create table gone (id int)", "gone: a new table with 0 rows");
        writes.put("drop table notes", "notes: the table is gone, with 1 row");
        writes.put("begin; insert into customers (name) values ('x'); savepoint s; insert into customers (name) values ('y'); release "
                + "s; commit", "customers: 2 rows new or changed");
        writes.put("alter table customers add column extra int generated always as identity", "customers: ");
        done("postgres", "--url", url);
        for (var write : writes.entrySet()) {
            sql(write.getKey());
            sql("select pg_stat_reset()");
            var ran = run("sqlite");
            assertThat(ran.exit()).as(write.getKey()).isEqualTo(2);
            assertThat(ran.err()).as(write.getKey()).contains("PostgreSQL was written to since the switch of 20", "lost: "
                    + write.getValue());
            done("sqlite", "--force");
            done("postgres", "--force");
        }
    }

    @ParameterizedTest
    @MethodSource("servers#majors")
    void what_changes_no_row_does_not_forbid_the_way_back(int major) throws Exception {
        url = servers.database(major);
        moved();
        done("postgres", "--url", url);
        sql("analyze; select pg_stat_reset()");
        sql("vacuum (freeze) customers");
        sql("vacuum full orders");
        sql("create index on customers (name)");
        sql("select * from customers for update");
        sql("begin; insert into customers (name) values ('never'); rollback");
        sql("create schema pgbang_other; create table schema_migrations (version text); insert into schema_migrations values ('1')");
        sql("create temp table t (id int); insert into t values (1)");
        assertThat(done("sqlite").out()).contains("nobody has written to PostgreSQL");
    }

    @Test
    void a_transaction_that_was_open_during_the_switch_is_seen_when_it_commits() throws Exception {
        moved();
        try (var other = servers.connect(url); var statement = other.createStatement()) {
            other.setAutoCommit(false);
            statement.execute("insert into customers (name) values ('late')");
            done("postgres", "--url", url);
            sql("select pg_catalog.txid_current()");
            other.commit();
        }
        var ran = run("sqlite");
        assertThat(ran.exit()).isEqualTo(2);
        assertThat(ran.err()).contains("customers: 1 row new or changed");
    }

    @Test
    void what_cannot_be_looked_at_never_counts_as_unwritten() throws Exception {
        moved();
        sql("create role reader_of_" + database() + " login; grant select on customers, orders to reader_of_" + database()
                + "; grant usage on schema pgbang to reader_of_" + database()
                + "; grant select on all tables in schema pgbang to reader_of_" + database());
        var reader = url.replace("postgres@", "reader_of_" + database() + "@");
        done("postgres", "--url", reader);
        assertThat(done("sqlite").out()).contains("nobody has written");
        done("postgres");
        sql("revoke select on orders from reader_of_" + database());
        var ran = run("sqlite");
        assertThat(ran.exit()).isEqualTo(3);
        assertThat(ran.err()).contains("it cannot be told", "GRANT SELECT ON public.orders");
        sql("grant select on orders to reader_of_" + database() + "; alter table orders enable row level security");
        assertThat(run("sqlite").err()).contains("it cannot be told", "row-level security");
        sql("alter table orders disable row level security");
        var profile = folder.resolve(".env.toggle");
        for (var lie : List.of("\"system\": \"\\d+\"", "\"timeline\": \"\\w+\"", "\"database\": \"\\d+\"")) {
            var text = Files.readString(profile);
            Files.writeString(profile, text.replaceFirst(lie, lie.replaceFirst(":.*", ": \"7\"")));
            assertThat(run("sqlite").err()).as(lie).contains("this is another server or database than at the switch");
            Files.writeString(profile, text);
        }
        var text = Files.readString(profile);
        Files.writeString(profile, text.replaceFirst("\"snapshot\": \"(\\d+):(\\d+):", "\"snapshot\": \"" + (1L << 40) + ":"
                + ((1L << 40) + 1) + ":").replaceFirst("(\"snapshot\": \")", "$1"));
        assertThat(run("sqlite").exit()).isIn(2, 3);
        Files.writeString(profile, text.replaceFirst("\"rows\": 150", "\"rows\": 151"));
        assertThat(run("sqlite").exit()).isEqualTo(2);
        for (var damaged : List.of("{]", "[]", "", "null", "{\"sides\": {\"sqlite\": {}}}", "{\"sides\": {\"mysql\": {}}}",
                "{\"sides\": {\"sqlite\": null}}", "{\"same_rows\": null}", "{\"switched\": 1}")) {
            Files.writeString(profile, damaged);
            var refused = run("sqlite", "--json");
            assertThat(refused.exit()).as(damaged).isEqualTo(2);
            assertThat(json(refused).get("error").getAsString()).as(damaged).containsPattern("is damaged|is not a profile");
        }
    }

    @Test
    void large_objects_that_may_have_changed_are_not_overlooked() throws Exception {
        moved();
        sql("select lo_from_bytea(4711, 'before')");
        done("postgres", "--url", url);
        sql("select lo_put(4711, 0, 'after')");
        assertThat(run("sqlite").err()).contains("pg_largeobject: 1 row new or changed");
    }

    @Test
    void postgres_that_is_gone_cannot_be_asked_and_its_writes_are_named_as_lost() throws Exception {
        moved();
        done("postgres", "--url", url);
        Files.writeString(env, text(env).replaceFirst("localhost:\\d+", "localhost:1"));
        var ran = run("sqlite");
        assertThat(ran.exit()).isEqualTo(2);
        assertThat(ran.err()).contains("PostgreSQL does not answer", "lost: whatever was written to PostgreSQL since 20");
    }

    @Test
    void a_comparison_counts_whoever_asked_migrate_to_postgres_for_it() throws Exception {
        var file = moved();
        change(file, "update customers set name = 'other' where id = 7");
        compare(file, 2);
        assertThat(run("postgres", "--url", url).err()).contains("failed, or was left out");
        change(file, "update customers set name = 'n7' where id = 7");
        compare(file, 0);
        sql("update pgbang.sqlite_migration set verified_at = '2030-01-02 03:04:05Z'");
        assertThat(done("postgres", "--url", url, "--dry-run").out()).contains("equal on 2030-01-02T03:04:05Z", "has not changed since");
        sql("alter table pgbang.sqlite_migration drop verified_at");
        assertThat(done("postgres", "--url", url, "--seal").out()).as("as an earlier version has made it").contains("equal on 20");
        compare(file, 0);
        assertThat(run("--check").exit()).as(run("--check").out()).isZero();
        done("sqlite", "--unseal");
        assertThat(done("postgres").out()).as("compared while it was sealed").contains("has not changed since");
        sql("insert into customers (name) values ('more')");
        compare(file, 2);
        done("sqlite", "--force");
        assertThat(run("postgres").err()).contains("failed, or was left out");
    }

    @Test
    void a_subtransaction_that_was_open_during_the_switch_is_seen_when_it_commits() throws Exception {
        moved();
        try (var other = servers.connect(url); var statement = other.createStatement()) {
            other.setAutoCommit(false);
            statement.execute("insert into orders values (1000, 1, 1); delete from orders where id = 1000"); // it has a number of its own
            statement.execute("savepoint s; update customers set name = name || '!' where id = 1; release s");
            sql("select pg_catalog.txid_current()");
            done("postgres", "--url", url);
            other.commit();
        }
        var ran = run("sqlite");
        assertThat(ran.exit()).isEqualTo(2);
        assertThat(ran.err()).contains("customers: rows changed by a transaction that was open at the switch");
    }

    @Test
    void what_is_written_to_sqlite_while_postgres_is_counted_is_noticed() throws Exception {
        var file = moved();
        try (var other = servers.connect(url); var statement = other.createStatement()) {
            other.setAutoCommit(false);
            statement.execute("lock table customers");
            var running = java.util.concurrent.CompletableFuture.supplyAsync(() -> run("postgres", "--url", url));
            try (var look = servers.connect(url); var asking = look.createStatement()) {
                for (var waits = false; !waits;) {
                    var rows = asking.executeQuery("select exists (select from pg_locks where not granted)");
                    rows.next();
                    waits = rows.getBoolean(1);
                }
            }
            change(file, "insert into customers values (1000, 'late')");
            other.commit();
            var ran = running.get();
            assertThat(ran.exit()).as(ran.out()).isEqualTo(2);
            assertThat(ran.err()).contains("nothing was changed", "was written to since it was looked at");
        }
        assertThat(text(env)).isEqualTo("DATABASE_URL=sqlite:///app.db\n");
        assertThat(run("postgres", "--url", url).err()).contains("lost: customers: 201 rows in SQLite, 200 in PostgreSQL");
    }

    @Test
    void a_sqlite_file_that_is_not_found_is_not_taken_for_an_empty_one() throws Exception {
        for (var path : List.of("gone/app.db", "$HOME/app.db", "${NOWHERE}/app.db", "my%20app.db", "\u00e9.db")) {
            Files.write(env, ("DATABASE_URL=sqlite:///" + path + "\n").getBytes(ISO_8859_1));
            var ran = run("postgres", "--url", url);
            assertThat(ran.exit()).as(path).isEqualTo(3);
            assertThat(ran.err()).as(path).contains("nothing was compared", "lost: whatever is in the file that the application uses");
        }
        var file = moved();
        Files.createDirectory(folder.resolve("prisma"));
        Files.copy(file, folder.resolve("prisma/app.db"));
        var ran = run("postgres", "--url", url);
        assertThat(ran.exit()).isEqualTo(3);
        assertThat(ran.err()).contains("which file is it?", "prisma/app.db", "lost: the rows of the one that was not compared");
        assertThat(run("--check").out()).contains("prisma/app.db");
        done("postgres", "--url", url, "--sqlite", file.toString());
    }

    @Test
    void tables_that_were_not_moved_and_a_database_that_is_left_are_named() throws Exception {
        var file = sqlite("create table kept (id integer primary key); insert into kept values (1);"
                + " create table left_out (id integer primary key); insert into left_out values (1), (2)");
        Files.writeString(env, "DATABASE_URL=sqlite:///app.db\n");
        move(file, "--exclude", "left_out");
        assertThat(done("postgres", "--url", url).err()).contains("were not moved to PostgreSQL: left_out (2 rows)");
        var other = servers.database();
        assertThat(run("postgres", "--url", other, "--force").err())
                .contains("PostgreSQL is active already, as localhost:", database() + ": nothing was compared");
    }

    // --- the seal ---

    @Test
    void a_sealed_file_answers_every_write_with_a_clear_message_and_is_the_same_once_unsealed() throws Exception {
        var file = sqlite("""
                create table "we""ird; name" (id integer primary key, "a b" text); insert into "we""ird; name" values (1, 'x');
                create table plain (id text primary key, n) without rowid; insert into plain values ('a', 1);
                create virtual table pages using fts5 (body); insert into pages values ('some words');
                create view seen as select * from plain; create trigger see instead of insert on seen begin insert into plain values (new.id, new.n); end;
                create trigger own before insert on plain begin update "we""ird; name" set "a b" = 'touched'; end;""");
        Files.writeString(env, "DATABASE_URL=sqlite:///app.db\n");
        move(file);
        var before = dump(file);
        var sealed = done("postgres", "--url", url, "--seal");
        assertThat(sealed.out()).contains("app.db is sealed");
        assertThat(sealed.err()).contains("virtual tables cannot be sealed, and can still be written to: pages\n");
        change(file, "insert into pages values ('more')"); // would crash SQLite if the tables behind it had triggers
        change(file, "delete from pages where pages match 'more'");
        for (var write : List.of("insert into \"we\"\"ird; name\" values (2, 'y')", "insert or replace into plain values ('a', 2)",
                "insert or ignore into plain values ('b', 2)", "update or ignore plain set n = 3", "update plain set n = 3",
                "delete from plain", "replace into plain values ('c', 1)", "insert into seen values ('d', 1)",
                        "insert into plain values ('a', 9) on conflict do nothing")) {
            assertThat(refusal(file, write)).as(write).contains("has moved to PostgreSQL and is sealed");
        }
        assertThat(run("--check").out()).contains("sealed");
        assertThat(run("sqlite").err()).contains("--unseal takes the seal off");
        assertThat(done("sqlite", "--unseal").out()).contains("switched");
        assertThat(dump(file)).isEqualTo(before);
        assertThat(run("postgres").err()).as("something was written to the virtual table").contains("has changed since");
        done("postgres", "--force");
        assertThat(done("--seal").out()).contains("is sealed");
        assertThat(done("--unseal").out()).contains("triggers taken out");
        assertThat(done("--unseal").out()).contains("is not sealed");
        assertThat(done("sqlite").exit()).isZero();
        assertThat(run("--seal").err()).contains("SQLite is what the settings");
    }

    @Test
    void the_seal_is_no_change_of_rows_on_the_way_back_and_forth() throws Exception {
        for (var i = 0; i < 2; i++) {
            if (i == 0) {
                moved();
            }
            done("postgres", "--url", url, "--seal");
            assertThat(run("--check").exit()).isZero();
            done("sqlite", "--unseal");
        }
        assertThat(done("postgres").out()).contains("app.db has not changed since");
    }

    @Test
    void whoever_holds_the_file_in_wal_mode_meets_the_seal_too() throws Exception {
        var file = sqlite("pragma journal_mode = wal; create table t (id integer primary key); insert into t values (1)");
        Files.writeString(env, "DATABASE_URL=sqlite:///app.db\n");
        move(file);
        try (var writer = DriverManager.getConnection("jdbc:sqlite:"
                + file); var statement = writer.createStatement(); var insert = writer.prepareStatement("insert into t values (?)")) {
            statement.executeQuery("select * from t").close();
            done("postgres", "--url", url, "--seal");
            insert.setInt(1, 5);
            org.assertj.core.api.Assertions.assertThatThrownBy(insert::executeUpdate).hasMessageContaining("is sealed");
            done("sqlite", "--unseal");
            assertThat(insert.executeUpdate()).isEqualTo(1);
        }
        assertThat(run("postgres").err()).contains("has changed since");
    }

    @Test
    void a_writer_that_comes_between_check_and_seal_is_noticed_and_nothing_is_switched() throws Exception {
        var file = toggle_database.SqliteFile.find(moved().toString(), env);
        var print = file.fingerprint();
        change(file.file, "update customers set name = 'late' where id = 1");
        org.assertj.core.api.Assertions.assertThatThrownBy(() -> file.seal(print, () -> Files.writeString(env, "switched")))
                .hasMessageContaining("written to at this very moment");
        assertThat(text(env)).isEqualTo("DATABASE_URL=sqlite:///app.db\n");
        assertThat(file.seals()).isZero();
    }

    @Test
    void the_seal_stays_on_if_the_settings_could_not_be_switched() throws Exception {
        var file = toggle_database.SqliteFile.find(moved().toString(), env);
        done("postgres", "--url", url, "--seal");
        org.assertj.core.api.Assertions.assertThatThrownBy(() -> file.unseal(file.fingerprint(), () -> {
            throw new IOException("no space");
        })).hasMessage("no space");
        assertThat(file.seals()).isEqualTo(6);
        org.assertj.core.api.Assertions.assertThatThrownBy(() -> file.unseal("another state", () -> { }))
                .hasMessageContaining("was written to");
        assertThat(json(done("sqlite", "--unseal", "--json")).get("switched").getAsBoolean()).isTrue();
        assertThat(file.seals()).isZero();
    }

    @Test
    void a_locked_file_is_not_sealed_and_the_settings_stay() throws Exception {
        var file = moved();
        try (var writer = DriverManager.getConnection("jdbc:sqlite:" + file); var statement = writer.createStatement()) {
            statement.execute("begin exclusive");
            var ran = run("postgres", "--url", url, "--seal");
            assertThat(ran.exit()).isEqualTo(3);
            assertThat(ran.err()).contains("app.db cannot be read", "lost: whatever is in it").doesNotContain("would find no database");
            var forced = run("postgres", "--url", url, "--seal", "--force", "--json");
            assertThat(forced.exit()).isEqualTo(2);
            assertThat(json(forced).get("switched").getAsBoolean()).as("the seal failed before the settings were switched").isFalse();
            assertThat(json(forced).get("active").getAsString()).isEqualTo("sqlite");
            assertThat(text(folder.resolve(".env.toggle"))).contains("\"switched\": null");
            assertThat(text(env)).isEqualTo("DATABASE_URL=sqlite:///app.db\n");
        }
    }

    @Test
    void a_file_that_is_no_database_is_not_taken_for_postgres_that_is_down_nor_for_an_empty_one() throws Exception {
        var file = moved();
        Files.write(file, new byte[8192]);
        Files.writeString(file, "this is encrypted, or nothing that SQLite knows ".repeat(100));
        var ran = run("postgres", "--url", url);
        assertThat(ran.exit()).isEqualTo(3);
        assertThat(ran.err()).contains("app.db cannot be read", "lost: whatever is in it").doesNotContain("would find no database");
        assertThat(run("postgres", "--url", url, "--force").err()).contains("forced, and lost by it: whatever is in it");
        assertThat(run("--check").exit()).isNotZero();
        assertThat(run("sqlite").err()).contains("nothing was changed", "app.db cannot be read");
        assertThat(run("--unseal", "--sqlite", "app.db").exit()).isEqualTo(2);
    }

    @Test
    void five_hundred_tables_of_every_kind_are_sealed_and_unsealed_again() throws Exception {
        var file = sqlite(IntStream.range(0, 500).mapToObj(i -> "create table \"t " + i + "\" (id text primary key, n int,"
                + " twice int as (n * 2) " + (i % 2 == 0 ? "stored" : "virtual") + ")"
                + (i % 3 == 0 ? " without rowid" : i % 3 == 1 ? " strict" : "") + ";\n")
                .collect(Collectors.joining()) + "create view v as select * from \"t 0\"; create trigger i instead of insert on v begin"
                + " insert into \"t 0\" (id, n) values (new.id, new.n); end; create view broken as select * from nowhere;");
        Files.writeString(env, "DATABASE_URL=" + url + "\n");
        var before = dump(file);
        done("--seal", "--sqlite", "app.db");
        for (var table : List.of("v", "\"t 0\"", "\"t 1\"", "\"t 499\"")) {
            assertThat(refusal(file, "insert into " + table + " (id, n) values ('a', 1)")).as(table).contains("is sealed");
        }
        assertThat(json(run("--sqlite", "app.db", "--json")).getAsJsonObject("sqlite").get("sealed").getAsBoolean()).isTrue();
        assertThat(done("--unseal", "--sqlite", "app.db").out()).contains("1500 triggers taken out");
        assertThat(dump(file)).isEqualTo(before);
    }

    @Test
    void on_a_read_only_disk_the_seal_fails_and_nothing_is_switched() throws Exception {
        var data = Files.createDirectory(folder.resolve("data"));
        Files.move(moved(), data.resolve("app.db"));
        Files.writeString(env, "DATABASE_URL=sqlite:///data/app.db\n");
        mount("--bind", "-o", "ro", data.toString(), data.toString());
        var ran = run("postgres", "--url", url, "--seal", "--json");
        assertThat(ran.exit()).isEqualTo(2);
        assertThat(json(ran).get("error").getAsString()).contains("app.db could not be changed", "nothing was changed");
        assertThat(text(env)).isEqualTo("DATABASE_URL=sqlite:///data/app.db\n");
        done("postgres", "--url", url);
    }

    // --- status ---

    @Test
    void the_scheme_says_which_side_it_is_and_no_name_of_a_host_or_database() throws Exception {
        for (var neither : List.of("mysql://postgres:x@postgres/postgres", "mysql+pymysql://u@h/sqlite", "mongodb://postgresql/sqlite",
                "jdbc:mysql://postgres/x")) {
            Files.writeString(env, "DATABASE_URL=" + neither + "\n");
            assertThat(run("--require-postgres").exit()).as(neither).isEqualTo(2);
            assertThat(run("status").err()).as(neither).doesNotContain("SQLite is active");
        }
        for (var postgres : List.of("psql://u@h/sqlite", "pgsql://sqlite/sqlite", "postgis://u@h/sqlite.db", "jdbc:postgresql://h/sqlite",
                "POSTGRESQL+psycopg2://u@sqlite/x", "'postgres://u@h/sqlite'", "postgresql:///sqlite?host=/run/sqlite")) {
            Files.writeString(env, "DATABASE_URL=" + postgres + "\n");
            assertThat(run("--require-postgres").exit()).as(postgres).isZero();
        }
        sqlite("create table t (id integer primary key)");
        for (var sqlite : List.of("SQLite:///app.db", "sqlite+aiosqlite:///app.db", "jdbc:sqlite:app.db", "file:app.db",
                "sqlite3:app.db")) {
            Files.writeString(env, "DATABASE_URL=" + sqlite + "\n");
            assertThat(json(run("--json")).getAsJsonObject("sqlite").get("answers").getAsBoolean()).as(sqlite).isTrue();
        }
    }

    @Test
    void status_tells_both_sides_and_what_is_to_be_done() throws Exception {
        var file = moved();
        var before = json(run("--json"));
        assertThat(before.get("active").getAsString()).isEqualTo("sqlite");
        assertThat(before.get("from").getAsString()).isEqualTo(env + " line 1, DATABASE_URL");
        done("postgres", "--url", url.replace("postgres@", "postgres:hunter2@"));
        var status = json(run("status", "--json"));
        assertThat(status.getAsJsonObject("postgres").get("rows").getAsLong()).isEqualTo(350);
        assertThat(status.getAsJsonObject("postgres").get("answers").getAsBoolean()).isTrue();
        assertThat(status.getAsJsonObject("postgres").get("written_since_switch").getAsBoolean()).isFalse();
        assertThat(status.getAsJsonObject("sqlite").get("rows").getAsLong()).isEqualTo(350);
        assertThat(status.getAsJsonObject("verified").get("equal").getAsBoolean()).isTrue();
        assertThat(status.toString()).doesNotContain("hunter2");
        assertThat(run("--check").exit()).isZero();
        change(file, "insert into customers values (999, 'late')");
        var late = run("--check");
        assertThat(late.exit()).isEqualTo(1);
        assertThat(late.out()).contains("has changed since it was moved", "somebody may still write to it");
    }

    @Test
    void status_names_the_process_that_still_has_the_sqlite_file_open() throws Exception {
        assumeTrue(shell.has("sqlite3"), "sqlite3 is not installed");
        var file = moved();
        var holder = shell.start(folder, Map.of(), "sqlite3", file.toString());
        try (var in = holder.getOutputStream()) {
            in.write("begin; select count(*) from customers;\n".getBytes(UTF_8));
            in.flush();
            assertThat(holder.getInputStream().read()).isEqualTo('2');
            var ran = done("postgres", "--url", url);
            assertThat(ran.err()).contains("sqlite3 (pid " + holder.pid() + ") still has");
            assertThat(run("--check").out()).contains("sqlite3 (pid " + holder.pid() + ") has " + file
                    + " open, though PostgreSQL is active");
        } finally {
            holder.destroyForcibly().waitFor();
        }
        assertThat(run("--check").exit()).isZero();
    }

    @Test
    void the_environment_wins_over_the_file_and_it_is_said() throws Exception {
        Files.writeString(env, "DATABASE_URL=sqlite:///app.db\n");
        environment.put("DATABASE_URL", "sqlite:///elsewhere.db");
        var ran = run("postgres", "--url", url);
        assertThat(ran.exit()).isEqualTo(1);
        assertThat(ran.err()).contains("the environment of this process says SQLite (DATABASE_URL), and it wins over the file");
        assertThat(run().out()).contains("active    SQLite, by DATABASE_URL in the environment", "wins over");
        assertThat(run("--check").exit()).isNotZero();
        assertThat(run("--require-postgres").exit()).isEqualTo(2);
        environment.put("DATABASE_URL", url);
        assertThat(run("--require-postgres").exit()).isZero();
        Files.delete(env);
        assertThat(run("--require-postgres").exit()).isZero();
        assertThat(run().out()).contains("active    PostgreSQL, by DATABASE_URL in the environment");
    }

    @Test
    void require_postgres_stops_a_start_script_on_sqlite_and_on_nothing() throws Exception {
        Files.writeString(env, "DATABASE_URL=sqlite:///app.db\n");
        var ran = run("--require-postgres");
        assertThat(ran.exit()).isEqualTo(2);
        assertThat(ran.err()).contains("PostgreSQL is required, but SQLite is active, by " + env + " line 1, DATABASE_URL");
        Files.writeString(env, "X=1\n");
        assertThat(run("--require-postgres").exit()).isEqualTo(2);
        Files.writeString(env, "DATABASE_URL=mysql://x/y\n");
        assertThat(run("--require-postgres").exit()).isEqualTo(2);
        Files.writeString(env, "DATABASE_URL=" + url + "\n");
        assertThat(run("--require-postgres")).isEqualTo(new Ran(0, "", ""));
    }

    @Test
    void json_is_one_document_whatever_happens_and_words_are_forgiven() throws Exception {
        Files.writeString(env, "DATABASE_URL=sqlite:///app.db\n");
        assertThat(json(run("mariadb", "--json")).get("error").getAsString()).contains("postgres, sqlite or status");
        assertThat(json(run("--nonsense", "--json")).get("error").getAsString()).contains("nonsense");
        assertThat(json(run("sqlite", "--seal", "--json")).get("error").getAsString()).contains("must not be sealed");
        assertThat(json(run("postgres", "--json")).get("error").getAsString()).contains("where is PostgreSQL?");
        assertThat(json(run("postgres", "--url", "postgresql://u:hunter2@localhost:1/x", "--json")).get("error").getAsString())
                .contains("not switched").doesNotContain("hunter2");
        assertThat(json(run("PG", "--url", url, "--json")).get("switched").getAsBoolean()).isTrue();
        assertThat(done("PostgreSQL").out()).contains("is active already");
        assertThat(done("SQLite3", "--force").exit()).isZero();
        Files.writeString(env, "DB_CONNECTION=sqlite\nDB_ENGINE=django.db.backends.sqlite3\n");
        Files.delete(folder.resolve(".env.toggle"));
        var which = run("postgres", "--url", url);
        assertThat(which.exit()).isEqualTo(64);
        assertThat(which.err()).contains("laravel and django: give --style");
        Files.delete(env);
        assertThat(run().exit()).isEqualTo(64);
    }

    @Test
    void a_dry_run_shows_the_lines_without_passwords_and_writes_nothing() throws Exception {
        moved();
        var before = left();
        var ran = done("postgres", "--url", url.replace("postgres@", "postgres:hunter2@"), "--dry-run");
        assertThat(ran.out()).contains("- DATABASE_URL=sqlite:///app.db\n", "+ DATABASE_URL=postgresql://***@").doesNotContain("hunter2");
        assertThat(left()).isEqualTo(before);
        assertThat(text(env)).isEqualTo("DATABASE_URL=sqlite:///app.db\n");
    }

    // --- what the tests have in common ---

    record Ran(int exit, String out, String err) {
    }

    Ran run(String... arguments) {
        var script = new toggle_database();
        script.database.environment = () -> environment;
        var out = new StringWriter();
        var err = new StringWriter();
        var all = Stream.concat(Stream.of("--env-file", env.toString()), Stream.of(arguments)).toArray(String[]::new);
        var exit = script.command().setOut(new PrintWriter(out)).setErr(new PrintWriter(err)).execute(all);
        return new Ran(exit, out.toString(), err.toString());
    }

    Ran done(String... arguments) {
        var ran = run(arguments);
        assertThat(ran.exit()).as(String.join(" ", arguments) + "\n" + ran.out() + ran.err()).isZero();
        return ran;
    }

    static JsonObject json(Ran ran) {
        return JsonParser.parseString(ran.out()).getAsJsonObject();
    }

    String database() {
        return url.replaceAll(".*/", "");
    }

    void sql(String statements) throws SQLException {
        try (var connection = servers.connect(url); var statement = connection.createStatement()) {
            statement.execute(statements);
        }
    }

    Path sqlite(String statements) throws SQLException {
        var file = folder.resolve("app.db");
        change(file, statements);
        return file;
    }

    static void change(Path file, String statements) throws SQLException {
        try (var connection = DriverManager.getConnection("jdbc:sqlite:" + file); var statement = connection.createStatement()) {
            statement.executeUpdate(statements);
        }
    }

    static String refusal(Path file, String statement) {
        try {
            change(file, statement);
            return "it was done";
        } catch (SQLException e) {
            return e.getMessage();
        }
    }

    /**
     * All rows of all tables, but for the inner ones of a full-text index, and the schema, told by the sqlite3 program where it is, so by
     * other code than the script's.
     */
    static String dump(Path file) throws Exception {
        assumeTrue(shell.has("sqlite3"), "sqlite3 is not installed");
        return shell.run(file.getParent(), Map.of(), "sqlite3", file.toString(), ".dump").out()
                .replaceAll("INSERT INTO pages_(data|idx) .*\n", "");
    }

    /** A file with 350 rows that migrate_to_postgres has moved and verified, and settings that name it. */
    Path moved() throws Exception {
        var file = sqlite("""
                create table customers (id integer primary key, name text not null);
                create table orders (id integer primary key, customer integer references customers, total real);
                with recursive n(i) as (select 1 union all select i + 1 from n where i < 200) insert into customers select i, 'n' || i from n;
                with recursive n(i) as (select 1 union all select i + 1 from n where i < 150) insert into orders select i, i, i * 1.5 from n;""");
        Files.writeString(env, "DATABASE_URL=sqlite:///app.db\n");
        move(file);
        return file;
    }

    void compare(Path file, int exit) {
        assertThat(migrate(file, "--verify-only")).isEqualTo(exit);
    }

    void move(Path file, String... more) {
        assertThat(migrate(file, more)).isIn(0, 1, 3);
    }

    int migrate(Path file, String... more) {
        var script = new migrate_to_postgres();
        script.database.environment = () -> Map.of("DATABASE_URL", url);
        var out = new StringWriter();
        var all = Stream.concat(Stream.of("--sqlite", file.toString(), "--rejects", folder.resolve("rejects").toString(), "--not-migrated",
                folder.resolve("not_migrated").toString()), Stream.of(more)).toArray(String[]::new);
        return script.database.command(script).setOut(new PrintWriter(out)).setErr(new PrintWriter(out)).execute(all);
    }

    void mount(String... arguments) throws Exception {
        assumeTrue(shell.has("mount"), "mount is not installed");
        var ran = shell.run(folder, Map.of(), Stream.concat(Stream.of("mount"), Stream.of(arguments)).toArray(String[]::new));
        assumeTrue(ran.exit() == 0, "mount needs root: " + ran.err().strip());
        open.add(() -> shell.run(folder, Map.of(), "umount", arguments[arguments.length - 1]));
    }

    List<String> left() throws IOException {
        try (var files = Files.list(env.getParent())) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    static String text(Path file) throws IOException {
        return new String(Files.readAllBytes(file), ISO_8859_1);
    }

    static String textOf(Path file) {
        try {
            return text(file);
        } catch (IOException e) {
            return e.toString();
        }
    }

    static String java() {
        return Path.of(System.getProperty("java.home"), "bin", "java").toString();
    }

    /** The class path in a folder that everybody may read. */
    String copied(String classPath) throws IOException {
        var jars = Files.createDirectory(folder.resolve("jars"));
        var copies = new ArrayList<String>();
        for (var jar : classPath.split(java.io.File.pathSeparator)) {
            var copy = jars.resolve(copies.size() + ".jar");
            Files.copy(Path.of(jar), copy);
            Files.setPosixFilePermissions(copy, PosixFilePermissions.fromString("rw-r--r--"));
            copies.add(copy.toString());
        }
        Files.setPosixFilePermissions(jars, PosixFilePermissions.fromString("rwxr-xr-x"));
        return String.join(java.io.File.pathSeparator, copies);
    }

    static Map<String, String> clean(Map<String, String> more) {
        var environment = new HashMap<String, String>();
        System.getenv().keySet().stream().filter(name -> name.matches("DATABASE_URL|(POSTGRES_|PG).*"))
                .forEach(name -> environment.put(name, null));
        environment.putAll(more);
        return environment;
    }

    static String encoded(String text) {
        return text.chars().mapToObj(c -> String.format("%%%02x", c)).collect(Collectors.joining());
    }

    // --- generated files ---

    /** A file made of pieces, so that the test knows which bytes are settings of the database and which are not. */
    static class Generated {
        final toggle_database.Style style;
        final boolean postgres;
        /** What it is: other bytes, or "key\0prefix\0raw\0tail" of a setting. */
        final List<String> pieces = new ArrayList<>();
        final List<String> keys = new ArrayList<>();
        final List<String> quotes = new ArrayList<>();

        Generated(toggle_database.Style style, boolean postgres) {
            this.style = style;
            this.postgres = postgres;
        }

        static final Map<toggle_database.Style, List<List<String>>> SETTINGS = Map.of(
                toggle_database.Style.url, List.of(List.of("DATABASE_URL=sqlite:///data/app 1.db"), List.of("DATABASE_URL=URL")),
                toggle_database.Style.prisma, List.of(List.of("DATABASE_URL=file:data/app 1.db"), List.of("DATABASE_URL=URL")),
                toggle_database.Style.rails, List.of(List.of("DATABASE_URL=sqlite3:data/app 1.db"), List.of("DATABASE_URL=URL")),
                toggle_database.Style.spring,
                        List.of(List.of("SPRING_DATASOURCE_URL=jdbc:sqlite:data/app 1.db",
                        "SPRING_DATASOURCE_DRIVER_CLASS_NAME=org.sqlite.JDBC"),
                        List.of("SPRING_DATASOURCE_URL=jdbc:URL", "SPRING_DATASOURCE_USERNAME=postgres",
                                "SPRING_DATASOURCE_DRIVER_CLASS_NAME=org.postgresql.Driver")),
                toggle_database.Style.postgres,
                        List.of(List.of("SQLITE_DB_PATH=data/app 1.db"),
                        List.of("POSTGRES_HOST=localhost", "POSTGRES_PORT=PORT", "POSTGRES_DB=NAME", "POSTGRES_USER=postgres")),
                toggle_database.Style.laravel, List.of(List.of("DB_CONNECTION=sqlite", "DB_DATABASE=data/app 1.db"),
                        List.of("DB_CONNECTION=pgsql", "DB_HOST=localhost", "DB_PORT=PORT", "DB_DATABASE=NAME", "DB_USERNAME=postgres")),
                toggle_database.Style.django, List.of(List.of("DB_ENGINE=django.db.backends.sqlite3", "DB_NAME=data/app 1.db"),
                        List.of("DB_ENGINE=django.db.backends.postgresql", "DB_NAME=NAME", "DB_USER=postgres", "DB_HOST=localhost",
                                "DB_PORT=PORT")));

        static String start(toggle_database.Style style) {
            return "A=1\n" + String.join("\n", SETTINGS.get(style).get(0)).replace("data/app 1.db", "app.db") + "\nB=2\n";
        }

        static Generated file(Random random, toggle_database.Style style, String url) {
            var made = new Generated(style, random.nextBoolean());
            var end = random.nextInt(3) == 0 ? "\r\n" : "\n";
            var export = random.nextInt(5) == 0;
            var settings = new ArrayList<>(settings(style, made.postgres, url));
            if (random.nextInt(6) == 0) {
                settings.add(settings.get(0)); // a duplicate
            }
            if (random.nextInt(5) == 0) {
                made.pieces.add("\u00EF\u00BB\u00BF# a byte order mark" + end);
            }
            for (var setting : settings) {
                for (var n = random.nextInt(4); n > 0; n--) {
                    made.pieces.add(other(random, end, export));
                }
                var key = setting.substring(0, setting.indexOf('='));
                made.keys.add(key);
                var tail = random.nextInt(4) == 0 ? List.of("  # it's \"so\"", " #x", "\t# \u00C3\u00BC", " ").get(random.nextInt(4)) : "";
                var quote = List.of("", "", "", "\"", "\"", "'").get(random.nextInt(6));
                made.quotes.add(quote);
                made.pieces.add(key + "\0" + (export ? "export " : random.nextInt(9) == 0 ? "  " : "") + key
                        + (random.nextInt(9) == 0 ? " = " : "=") + "\0" + quote + setting.substring(setting.indexOf('=') + 1) + quote
                        + "\0" + tail + end);
            }
            for (var n = random.nextInt(5); n > 0; n--) {
                made.pieces.add(other(random, end, export));
            }
            if (random.nextInt(4) == 0) {
                var last = made.pieces.remove(made.pieces.size() - 1);
                made.pieces.add(last.substring(0, last.length() - end.length()));
            }
            return made;
        }

        static List<String> settings(toggle_database.Style style, boolean postgres, String url) {
            return SETTINGS.get(style).get(postgres ? 1 : 0).stream()
                    .map(setting -> setting.replace("jdbc:URL", "jdbc:" + url.replace("postgres@", "")).replace("URL=URL", "URL=" + url)
                    .replace("=PORT", "=" + url.replaceAll(".*:(\\d+)/.*", "$1")).replace("=NAME", "=" + url.replaceAll(".*/", "")))
                            .toList();
        }

        static String other(Random random, String end, boolean export) {
            var all = List.of("", "# a comment with 'quotes\" and DATABASE_URL=in it", "PLAIN=value", "EMPTY=", "SPACED=  some words  ",
                    "QUOTED=\"a # b\" # c", "PRIVATE=\"-----BEGIN KEY-----" + end + "DATABASE_URL=inside" + end + "-----END KEY-----\"",
                    "NAMED=\u00C3\u00A9t\u00C3\u00A9", "HASH=a#b", "REF=${PLAIN}/x", "JSON={\"a\": 1}", "BACK=c:\\dir\\new", "TABBED=\tx",
                            "DOT.TED=1", "# " + "=".repeat(40));
            var more = List.of("SINGLE='it is # so'", "export EXPORTED=1", "MULTI='one" + end + "two'", "   # indented", "not a setting");
            return random.nextInt(6) == 0 ? more.get(random.nextInt(more.size())) + end : all.get(random.nextInt(all.size())) + end;
        }

        boolean hasSingleQuotes() {
            return text().matches("(?s).*= ?'.*");
        }

        String text() {
            return pieces.stream().map(piece -> piece.indexOf('\0') < 0 ? piece : piece.substring(piece.indexOf('\0') + 1)
                    .replace("\0", "")).collect(Collectors.joining());
        }

        /**
         * Of a text all but the lines of this style's settings, and of those what is not the value; without line ends, since a line that is
         * put at the end needs one.
         */
        String rest(String text) {
            var all = new TreeSet<>(Stream.of(0, 1).flatMap(side -> SETTINGS.get(style).get(side).stream())
                    .map(setting -> setting.substring(0, setting.indexOf('='))).toList());
            all.add("SPRING_DATASOURCE_PASSWORD");
            var left = text.replace("DATABASE_URL=inside", "inside");
            for (var key : all) {
                if (SETTINGS.get(style).stream().allMatch(side -> side.stream().anyMatch(setting -> setting.startsWith(key + "=")))) {
                    left = left.replaceAll("(?m)(^[\\uFEFF]?[ \\t]*(?:export )?" + key
                            + " ?= ?)(?:\"[^\"\\r\\n]*\"|'[^'\\r\\n]*'|(?:(?![ \\t]+(?:#|\\r|\\n|\\z))[^\\r\\n])*)", "$1");
                } else {
                    left = left.replaceAll("(?m)^[ \\t]*(?:export )?" + key + " ?=[^\\r\\n]*(?:\\r\\n|\\n|\\z)", "");
                }
            }
            return left.replaceAll("(\\r?\\n)+\\z", "");
        }

        /** What the reader sees: all other settings as before, those of the database as meant on either side. */
        void assertMeant(String what, Map<String, String> before, Map<String, String> after, String url) {
            var own = new TreeSet<>(Stream.of(0, 1).flatMap(side -> SETTINGS.get(style).get(side).stream())
                    .map(setting -> setting.substring(0, setting.indexOf('='))).toList());
            var others = new TreeMap<>(before);
            others.keySet().removeAll(own);
            var othersAfter = new TreeMap<>(after);
            othersAfter.keySet().removeAll(own);
            assertThat(othersAfter).as(what).isEqualTo(others);
            for (var wanted : List.of(true, false)) {
                var values = wanted == postgres ? before : after;
                for (var setting : settings(style, wanted, url)) {
                    assertThat(values).as(what).containsEntry(setting.substring(0, setting.indexOf('=')),
                            setting.substring(setting.indexOf('=') + 1));
                }
            }
        }

        /** By what an application does: it takes the variable, or the password out of the URL. */
        static String password(toggle_database.Style style, Map<String, String> values) {
            return switch (style) {
                case url, prisma, rails -> URLDecoder.decode(values.get("DATABASE_URL").replaceFirst("^\\w+://[^:]*:([^@]*)@.*$", "$1")
                        .replace("+", "%2B"), UTF_8);
                case spring -> values.get("SPRING_DATASOURCE_PASSWORD");
                case postgres -> values.get("POSTGRES_PASSWORD");
                case laravel, django -> values.get("DB_PASSWORD");
            };
        }
    }

    // --- real readers ---

    /** What a reader makes of many files at once, by their names; a file that it refuses is missing or null. */
    interface Reader {
        Map<String, Map<String, String>> read(Map<String, Path> files) throws Exception;
    }

    static Map<String, Reader> readers;

    /** Those that can be had here. */
    static synchronized Map<String, Reader> readers() throws Exception {
        if (readers == null) {
            readers = new TreeMap<>();
            readers.put("java", toggle_database_test::byJava);
            var module = node();
            if (module != null) {
                readers.put("node", files ->
                        byProgram(files, "node", "-e",
                        "const d=require(process.argv[1]),f=require('fs');const r={};for(const [k,p] of "
                        + "Object.entries(JSON.parse(f.readFileSync(0,'utf8'))))"
                        + "r[k]=d.parse(f.readFileSync(p,'utf8'));console.log(JSON.stringify(r))", module.toString()));
            }
            if (shell.has("python3") && shell.run(Path.of("/"), Map.of(), "python3", "-c", "import dotenv").exit() == 0) {
                readers.put("python", files -> byProgram(files, "python3", "-c", "import dotenv,json,sys,logging\nlogging.disable(50)\n"
                        + "print(json.dumps({k:{n:v for n,v in dotenv.dotenv_values(p,interpolate=False).items() if v is not None} for "
                                + "k,p in json.load(sys.stdin).items()}))"));
            }
        }
        for (var name : List.of("node", "python")) {
            assumeTrue(readers.containsKey(name), name.equals("node") ? "npm's dotenv cannot be had (node, npm, a registry)"
                    : "python-dotenv is not installed");
        }
        return readers;
    }

    /** The package as npm unpacks it, once per machine. */
    static Path node() throws Exception {
        var folder = Path.of(System.getProperty("java.io.tmpdir"), "pgbang-test-dotenv-18.0.10");
        var module = folder.resolve("node_modules/dotenv");
        if (shell.has("node") && shell.has("npm") && !Files.exists(module)) {
            Files.createDirectories(folder);
            shell.run(folder, Map.of(), "npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", folder.toString(),
                    "dotenv@18.0.10");
        }
        return Files.exists(module) ? module : null;
    }

    static Map<String, Map<String, String>> byJava(Map<String, Path> files) {
        var read = new HashMap<String, Map<String, String>>();
        files.forEach((name, file) -> {
            try {
                var entries = Dotenv.configure().directory(file.getParent().toString()).filename(file.getFileName().toString()).load()
                        .entries(Dotenv.Filter.DECLARED_IN_ENV_FILE);
                read.put(name, entries.stream().collect(Collectors.toMap(DotenvEntry::getKey, DotenvEntry::getValue)));
            } catch (DotenvException | StringIndexOutOfBoundsException refused) {
                read.put(name, null);
            }
        });
        return read;
    }

    static Map<String, Map<String, String>> byProgram(Map<String, Path> files, String... command) throws Exception {
        var names = new com.google.gson.JsonObject();
        files.forEach((name, file) -> names.addProperty(name, file.toString()));
        var ran = shell.finish(shell.start(Path.of("/"), Map.of(), command), names.toString());
        assertThat(ran.exit()).as(ran.err()).isZero();
        return new com.google.gson.Gson().fromJson(ran.out(), new com.google.gson.reflect.TypeToken<Map<String, Map<String,
                String>>>() { }.getType());
    }
}
