//SOURCES servers.java
//SOURCES shell.java
//DEPS org.assertj:assertj-core:3.27.7
//DEPS org.junit.platform:junit-platform-console-standalone:1.14.4

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class local_postgres_test {
    @TempDir(factory = run_tests.InMemory.class)
    Path folder;

    /** A registry of running servers for this test alone, with the program files and model clusters that the user has anyway. */
    Path cache;

    final List<Running> started = new ArrayList<>();
    final List<Path> links = new ArrayList<>();

    @BeforeAll
    static void have_program_files() {
        servers.database();
    }

    @BeforeEach
    void isolate() throws IOException {
        cache = cache("cache");
    }

    @AfterEach
    void clean_up() throws Exception {
        for (var running : started) {
            running.stop();
        }
        for (var link : links) {
            Files.delete(link);
        }
        nothing_is_left_behind();
    }

    void nothing_is_left_behind() throws IOException {
        try (var left = Files.list(Files.createDirectories(cache.resolve("servers")))) {
            assertThat(left.filter(Files::isDirectory)).isEmpty();
        }
    }

    // around a command

    @Test
    void a_command_gets_the_url_and_nothing_that_leads_elsewhere() throws Exception {
        var user = Map.of("PGSERVICE", "prod", "PGHOSTADDR", "192.0.2.1", "PGPASSWORD", "secret", "PGSSLMODE", "verify-full",
                "PGSSLROOTCERT", "/none",
                "PGOPTIONS", "-c work_mem=1GB", "PGTARGETSESSIONATTRS", "read-only", "POSTGRES_HOST", "prod", "PGAPPNAME", "mine",
                "DATABASE_URL", "postgresql://prod/");
        var ran = ran(user, "--database", "shop", "--", "env");
        assertThat(ran.exit()).isZero();
        assertThat(ran.err()).isEmpty();
        var environment = environment(ran.out());
        var port = environment.get("PGPORT");
        assertThat(environment).containsEntry("DATABASE_URL", "postgresql://postgres@localhost:" + port + "/shop")
                .containsEntry("PGHOST", "localhost").containsEntry("PGUSER", "postgres").containsEntry("PGDATABASE", "shop")
                .containsEntry("PGAPPNAME", "mine");
        assertThat(environment).doesNotContainKeys("PGSERVICE", "PGHOSTADDR", "PGPASSWORD", "PGSSLMODE", "PGSSLROOTCERT", "PGOPTIONS",
                "PGTARGETSESSIONATTRS", "POSTGRES_HOST");
        assertThat(accepts(Integer.parseInt(port))).as("the server is stopped").isFalse();
    }

    @Test
    void as_sets_that_variable_and_leaves_the_others() throws Exception {
        var ran = ran(Map.of("DATABASE_URL", "postgresql://prod/", "PGHOST", "prod"), "--as", "SCRATCH_URL", "--", "env");
        assertThat(environment(ran.out())).containsEntry("DATABASE_URL", "postgresql://prod/").containsEntry("PGHOST", "prod")
                .doesNotContainKey("PGPORT")
                .hasEntrySatisfying("SCRATCH_URL", url -> assertThat(url).matches("postgresql://postgres@localhost:\\d+/postgres"));
    }

    @Test
    void a_command_owns_stdin_and_stdout_and_its_exit_code_is_ours() throws Exception {
        var ran = shell.finish(start("--", "sh", "-c", "cat; exit 7").process, "hello\n");
        assertThat(ran).isEqualTo(new shell.Ran(7, "hello\n", ""));
        assertThat(ran(Map.of(), "sh", "-c", "kill -9 $$").exit()).as("options end at the command, also without --").isEqualTo(137);
    }

    @Test
    void a_command_gets_its_arguments_as_they_are() throws Exception {
        Files.writeString(folder.resolve("file"), "expanded");
        assertThat(ran(Map.of(), "--", "printf", "%s,", "@file", "${HOME}", "--quiet", "a  b", "", "'\"\\", "--").out())
                .isEqualTo("@file,${HOME},--quiet,a  b,,'\"\\,--,");
    }

    @Test
    void an_unknown_command_is_one_line_and_64() throws Exception {
        var ran = ran(Map.of(), "--", "no-such-command", "x");
        assertThat(ran).isEqualTo(new shell.Ran(64, "", "local_postgres: cannot run no-such-command: No such file or directory\n"));
    }

    @Test
    void ctrl_c_is_for_the_command_to_decide_and_does_not_reach_the_server() throws Exception {
        assumeTrue(shell.has("setsid") && shell.has("bash"), "needs setsid and bash");
        var running = start(List.of("setsid"), "--", "bash", "-c",
                "trap 'echo once; trap \"exec 3<>/dev/tcp/localhost/$PGPORT && echo twice; exit 9\" INT' INT; echo ready; while :; do sleep 0.1; done");
        assertThat(running.line()).isEqualTo("ready");
        signal("INT", "-" + running.process.pid());
        assertThat(running.line()).isEqualTo("once");
        Thread.sleep(500);
        signal("INT", "-" + running.process.pid());
        assertThat(running.line()).as("the server still answers").isEqualTo("twice");
        assertThat(running.process.waitFor()).isEqualTo(9);
    }

    @Test
    void sigterm_ends_the_command_first_then_the_server() throws Exception {
        assumeTrue(shell.has("bash"), "needs bash");
        var running = start("--", "bash", "-c",
                "trap 'sleep 0.5; exec 3<>/dev/tcp/localhost/$PGPORT && echo told; exit 9' TERM; echo $PGPORT; while :; do sleep 0.1; done");
        var port = Integer.parseInt(running.line());
        running.process.toHandle().destroy();
        assertThat(running.line()).as("the server still answers").isEqualTo("told");
        assertThat(running.process.waitFor()).isEqualTo(143);
        assertThat(accepts(port)).isFalse();
    }

    // alone

    @ParameterizedTest
    @CsvSource({"INT, 130", "TERM, 143"})
    void alone_it_prints_the_url_only_and_runs_until_a_signal(String signal, int exit) throws Exception {
        var running = start();
        var url = running.line();
        assertThat(url).matches("postgresql://postgres@localhost:\\d+/postgres");
        assertThat(query(url, "select 1")).isEqualTo("1");
        assertThat(query(url,
                "select concat_ws(' ', current_setting('fsync'), current_setting('synchronous_commit'), current_setting('full_page_writes'))"))
                .isEqualTo("off off off");
        signal(signal, String.valueOf(running.process.pid()));
        var ran = shell.finish(running.process, "");
        assertThat(ran.exit()).isEqualTo(exit);
        assertThat(running.rest()).isEmpty();
        assertThat(ran.err()).contains("Ctrl-C stops it").contains("data is deleted");
        assertThat(accepts(port(url))).isFalse();
    }

    @Test
    void a_signal_while_it_starts_leaves_nothing() throws Exception {
        var data = folder.resolve("data");
        for (var millis : List.of(200, 300, 400, 500, 600, 700)) {
            var running = millis % 200 == 0 ? start("--", "sleep", "100") : start("--data", data.toString(), "--", "sleep", "100");
            Thread.sleep(millis);
            assertThat(running.stop()).isEqualTo(143);
            nothing_is_left_behind();
            assertThat(Files.exists(data)).as("a data folder is complete or not there").isEqualTo(Files.exists(data.resolve("PG_VERSION")));
        }
    }

    @Test
    void when_the_server_ends_by_itself_it_says_so() throws Exception {
        var running = start();
        var url = running.line();
        signal("INT", String.valueOf(local_postgres.Cluster.process(throwAway()).orElseThrow().pid()));
        var ran = shell.finish(running.process, "");
        assertThat(ran.exit()).isEqualTo(2);
        assertThat(ran.err()).contains("ended by itself");
        assertThat(accepts(port(url))).isFalse();
    }

    @Test
    void quiet_says_nothing_but_the_url() throws Exception {
        var running = start("--quiet");
        assertThat(running.line()).startsWith("postgresql://");
        running.stop();
        assertThat(shell.finish(running.process, "").err()).isEmpty();
    }

    // settings

    @Test
    void a_database_with_a_hostile_name_is_created_and_its_url_works() throws Exception {
        var name = "a \"b\"'c\\d/e?f=%20&g#h;i+j";
        var running = start("--database", name);
        assertThat(query(running.line(), "select current_database()")).isEqualTo(name);
    }

    @Test
    void settings_with_hostile_values_reach_the_server_on_the_port_asked_for() throws Exception {
        var port = freePort();
        var running = start("--port", String.valueOf(port), "--config", "log_line_prefix=it's a \"$HOME\" `id` \\ ;=", "--config",
                "work_mem=5MB");
        var url = running.line();
        assertThat(port(url)).isEqualTo(port);
        assertThat(query(url, "show log_line_prefix")).isEqualTo("it's a \"$HOME\" `id` \\ ;=");
        assertThat(query(url, "show work_mem")).isEqualTo("5MB");
    }

    @Test
    void a_bad_setting_gives_the_servers_own_message() throws Exception {
        assertThat(ran(Map.of(), "--config", "work_mem=lots", "--", "true")).isEqualTo(new shell.Ran(64, "",
                "local_postgres: PostgreSQL 18 did not start\n  FATAL:  invalid value for parameter \"work_mem\": \"lots\"\n"));
    }

    @Test
    void a_taken_port_is_named() throws Exception {
        try (var other = new ServerSocket(0, 1, InetAddress.getByName("localhost"))) {
            var ran = ran(Map.of(), "--port", String.valueOf(other.getLocalPort()), "--", "true");
            assertThat(ran.exit()).isEqualTo(2);
            assertThat(ran.err()).contains("port " + other.getLocalPort() + " is taken").hasLineCount(1);
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"--major 11 | no PostgreSQL 11", "--major x | '--major'", "--port 70000 | 70000",
            "--config work_mem | KEY=VALUE",
            "--config port=1 | use --port", "--config 1;2=3 | not the name of a setting", "--as 1X true | not the name of a variable",
            "--as X | needs a COMMAND",
        "--nonsense | Unknown option"})
    void wrong_usage_is_64_and_says_what_is_wrong(String args, String message) {
        var err = new StringWriter();
        assertThat(inProcess(err, args.split(" "))).isEqualTo(64);
        assertThat(err.toString()).contains(message).hasLineCount(2);
    }

    @Test
    void help_shows_three_examples() {
        var out = new StringWriter();
        assertThat(local_postgres.commandLine().setOut(new PrintWriter(out)).execute("--help")).isZero();
        assertThat(out.toString().lines().filter(line -> line.startsWith("  local_postgres "))).hasSize(3);
    }

    // kept data

    @Test
    void data_is_kept_between_runs_and_over_kill_9_and_is_safe_against_crashes() throws Exception {
        var data = folder.resolve("it's a \"$HOME\" `id`").toString();
        var first = start("--data", data, "--database", "shop");
        var url = first.line();
        assertThat(query(url,
                "select concat_ws(' ', current_setting('fsync'), current_setting('synchronous_commit'), current_setting('full_page_writes'))"))
                .isEqualTo("on on on");
        execute(url, "create table kept as select 1 as n");
        first.stop();

        var second = start("--data", data, "--database", "shop");
        execute(second.line(), "insert into kept values (2)");
        second.process.destroyForcibly().waitFor();

        var third = start("--data", data, "--database", "shop");
        assertThat(query(third.line(), "select sum(n) from kept")).isEqualTo("3");
        third.stop();
        assertThat(shell.finish(third.process, "").err()).contains("left by a killed local_postgres; its data is kept");
    }

    @Test
    void data_in_use_is_refused_with_the_pid_of_its_server() throws Exception {
        var data = folder.resolve("data");
        var running = start("--data", data.toString());
        var url = running.line();
        var pid = Files.readAllLines(data.resolve("postmaster.pid")).get(0);
        var ran = ran(Map.of(), "--data", folder + "/./data", "--", "true");
        assertThat(ran.exit()).isEqualTo(2);
        assertThat(ran.err()).contains("in use").contains("pid " + pid).hasLineCount(1);
        var otherUser = ran(Map.of("XDG_CACHE_HOME", cache("other").getParent().toString()), "--data", data.toString(), "--", "true");
        assertThat(otherUser.exit()).as("a PostgreSQL that another registry knows").isEqualTo(2);
        assertThat(otherUser.err()).contains("in use by the PostgreSQL server with pid " + pid).hasLineCount(1);
        assertThat(query(url, "select 1")).isEqualTo("1");
    }

    @Test
    void a_folder_that_is_no_data_folder_is_not_touched() throws Exception {
        Files.writeString(folder.resolve("letter"), "dear reader");
        var err = new StringWriter();
        assertThat(inProcess(err, "--data", folder.toString())).isEqualTo(64);
        assertThat(err.toString()).contains("not a data folder").hasLineCount(1);
        try (var files = Files.list(folder)) {
            assertThat(files).extracting(file -> file.getFileName().toString()).containsExactlyInAnyOrder("letter", "cache");
        }
        assertThat(inProcess(err, "--data", folder.resolve("letter").toString())).isEqualTo(64);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"11 | --quiet | is of PostgreSQL 11, and there is only",
            "13 | --major 14 | is of PostgreSQL 13, not 14"})
    void a_data_folder_of_another_major_is_refused(String own, String args, String message) throws Exception {
        Files.writeString(folder.resolve("PG_VERSION"), own + "\n");
        var err = new StringWriter();
        assertThat(inProcess(err, ("--data " + folder + " " + args).split(" "))).isEqualTo(64);
        assertThat(err.toString()).contains(message).hasLineCount(1);
    }

    @Test
    void a_first_start_that_was_cut_off_does_not_spoil_the_folder() throws Exception {
        var data = folder.resolve("data");
        Files.createDirectories(data.resolve(local_postgres.Cluster.UNFINISHED).resolve("base"));
        assertThat(ran(Map.of(), "--data", data.toString(), "--", "true").exit()).isZero();
        assertThat(data.resolve("PG_VERSION")).exists();
        assertThat(data.resolve(local_postgres.Cluster.UNFINISHED)).doesNotExist();
    }

    // after kill -9

    @Test
    void the_next_start_stops_the_server_of_a_killed_one_and_deletes_its_data() throws Exception {
        var killed = start();
        var url = killed.line();
        var data = throwAway();
        killed.process.destroyForcibly().waitFor();
        assertThat(query(url, "select 1")).as("the server goes on alone").isEqualTo("1");

        var next = ran(Map.of(), "--", "true");
        assertThat(next.exit()).isZero();
        assertThat(next.err()).contains("left by a killed local_postgres; its data is deleted");
        assertThat(accepts(port(url))).isFalse();
        assertThat(data).doesNotExist();
    }

    @Test
    void starts_at_the_same_time_leave_each_other_alone() throws Exception {
        var all = List.of(start(), start(), start());
        var urls = new ArrayList<String>();
        for (var running : all) {
            urls.add(running.line());
        }
        assertThat(urls).doesNotHaveDuplicates().allSatisfy(url -> assertThat(query(url, "select 1")).isEqualTo("1"));
    }

    @Test
    void a_process_that_has_got_the_pid_of_a_dead_server_is_left_alone() throws Exception {
        var data = Files.createDirectories(cache.resolve("servers").resolve(UUID.randomUUID().toString()).resolve("data"));
        var innocent = new ProcessBuilder("sh", "-c", "read line", "-D", data.toString()).start();
        Files.writeString(data.resolve("postmaster.pid"), innocent.pid() + "\n" + data + "\n");
        var ran = ran(Map.of(), "--", "true");
        assertThat(ran).isEqualTo(new shell.Ran(0, "", ""));
        assertThat(innocent.isAlive()).isTrue();
        assertThat(data).doesNotExist();
        innocent.destroy();
    }

    @Test
    void a_server_inside_this_jvm_is_not_reaped_by_a_second_one_nor_by_another_process() throws Exception {
        var settings = local_postgres.Settings.throwAway(servers.newest());
        try (var first = local_postgres.Server.start(settings); var second = local_postgres.Server.start(settings)) {
            assertThat(ran(environmentOfUser(), "--", "true").exit()).isZero();
            assertThat(query(first.url("postgres"), "select 1")).isEqualTo("1");
            assertThat(query(second.url("postgres"), "select 1")).isEqualTo("1");
        }
    }

    // program files

    @ParameterizedTest
    @MethodSource("majors")
    void each_major_starts_and_gives_empty_databases(int major) throws Exception {
        var url = servers.database(major);
        assertThat(query(url, "select current_setting('server_version_num')::int / 10000")).isEqualTo(String.valueOf(major));
        assertThat(query(url, "select count(*) from pg_catalog.pg_class where relnamespace = 'public'::regnamespace")).isEqualTo("0");
        assertThat(query(url, "select upper('ä')")).isEqualTo("Ä");
        assertThat(url).isNotEqualTo(servers.database(major));
    }

    static List<Integer> majors() {
        return servers.majors();
    }

    @Test
    void the_first_start_of_all_unpacks_and_says_so() throws Exception {
        var ran = ran(Map.of("XDG_CACHE_HOME", folder.resolve("new").toString()), "--", "true");
        assertThat(ran.exit()).isZero();
        assertThat(ran.out()).isEmpty();
        assertThat(ran.err()).contains("unpacking PostgreSQL 18").doesNotContain("\r");
    }

    @Test
    void a_platform_that_lacks_a_major_is_told_which_it_has() throws Exception {
        var ran = shell.run(folder, environmentOfTest(), java("-Dos.arch=aarch64", "local_postgres", "--major", "13", "--", "true"));
        assumeFalse(ran.err().contains("cannot be downloaded"), "needs the Maven repository");
        assertThat(ran.exit()).isEqualTo(64);
        assertThat(ran.err())
                .isEqualTo("local_postgres: there is no PostgreSQL 13.23.0 for linux-arm64v8; --major can be one of [15, 16, 17, 18]\n");
    }

    @Test
    void root_without_user_namespaces_is_told_to_be_somebody_else() throws Exception {
        assumeTrue(System.getProperty("user.name").equals("root"), "needs root");
        var unshare = Files.writeString(Files.createDirectories(folder.resolve("bin")).resolve("unshare"), "#!/bin/sh\nexit 1\n");
        assertThat(unshare.toFile().setExecutable(true)).isTrue();
        var ran = ran(Map.of("PATH", unshare.getParent() + ":" + System.getenv("PATH")), "--", "true");
        assertThat(ran.exit()).isEqualTo(64);
        assertThat(ran.err()).contains("run as a normal user").hasLineCount(1);
    }

    @Test
    void a_cache_that_cannot_be_written_is_named() throws Exception {
        var ran = ran(Map.of("XDG_CACHE_HOME", "/dev/null"), "--", "true");
        assertThat(ran.exit()).isEqualTo(64);
        assertThat(ran.err()).contains("/dev/null/pgbang").contains("XDG_CACHE_HOME");
    }

    // helpers

    /** A local_postgres under way: its process, and its standard output line by line. */
    record Running(Process process, BufferedReader out) {
        String line() throws IOException {
            return out.readLine();
        }

        /** Process.destroy() would close the streams as well. */
        int stop() throws InterruptedException {
            process.toHandle().destroy();
            return process.waitFor();
        }

        String rest() {
            try {
                return out.lines().collect(Collectors.joining("\n"));
            } catch (java.io.UncheckedIOException closed) {
                return "";
            }
        }
    }

    Running start(String... args) throws IOException {
        return start(List.of(), args);
    }

    Running start(List<String> before, String... args) throws IOException {
        var argv = new ArrayList<>(before);
        argv.addAll(List.of(java("local_postgres")));
        argv.addAll(List.of(args));
        var process = shell.start(folder, environmentOfTest(), argv.toArray(String[]::new));
        var running = new Running(process, new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8)));
        started.add(running);
        return running;
    }

    shell.Ran ran(Map<String, String> environment, String... args) throws IOException, InterruptedException {
        var all = environmentOfTest();
        all.putAll(environment);
        var argv = new ArrayList<>(List.of(java("local_postgres")));
        argv.addAll(List.of(args));
        return shell.run(folder, all, argv.toArray(String[]::new));
    }

    static String[] java(String... args) {
        var argv = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-XX:TieredStopAtLevel=1",
                "-cp", System.getProperty("java.class.path")));
        argv.addAll(List.of(args));
        return argv.toArray(String[]::new);
    }

    /** Null values are variables to remove. */
    Map<String, String> environmentOfTest() {
        var environment = environmentOfUser();
        environment.put("XDG_CACHE_HOME", cache.getParent().toString());
        return environment;
    }

    static Map<String, String> environmentOfUser() {
        var environment = new HashMap<String, String>();
        System.getenv().keySet().stream().filter(name -> name.startsWith("PG") || name.startsWith("POSTGRES_"))
                .forEach(name -> environment.put(name, null));
        environment.put("DATABASE_URL", null);
        environment.put("XDG_CACHE_HOME", System.getenv("XDG_CACHE_HOME"));
        return environment;
    }

    Path cache(String name) throws IOException {
        var isolated = Files.createDirectories(folder.resolve(name).resolve("pgbang"));
        for (var shared : List.of("programs", "clusters")) {
            links.add(Files.createSymbolicLink(isolated.resolve(shared), local_postgres.Registry.cache().resolve(shared)));
        }
        return isolated;
    }

    static int inProcess(StringWriter err, String... args) {
        return local_postgres.commandLine().setErr(new PrintWriter(err, true)).execute(args);
    }

    static Map<String, String> environment(String lines) {
        return lines.lines().filter(line -> line.contains("=")).collect(Collectors.toMap(line -> line.substring(0, line.indexOf('=')),
                line -> line.substring(line.indexOf('=') + 1), (first, second) -> second));
    }

    /** The throw-away data folder of the only server under way. */
    Path throwAway() throws IOException {
        try (var folders = Files.list(cache.resolve("servers"))) {
            return folders.filter(Files::isDirectory).findFirst().orElseThrow().resolve("data");
        }
    }

    static void signal(String name, String pid) throws IOException, InterruptedException {
        assertThat(new ProcessBuilder("kill", "-" + name, "--", pid).inheritIO().start().waitFor()).isZero();
    }

    static int port(String url) {
        return URI.create(url).getPort();
    }

    static int freePort() throws IOException {
        return local_postgres.Server.freePort();
    }

    static boolean accepts(int port) throws IOException {
        return local_postgres.Server.isTaken(port);
    }

    static String query(String url, String sql) throws SQLException {
        try (var connection = servers.connect(url); var statement = connection.createStatement(); var rows = statement.executeQuery(sql)) {
            rows.next();
            return rows.getString(1);
        }
    }

    static void execute(String url, String sql) throws SQLException {
        try (var connection = servers.connect(url); var statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }
}
