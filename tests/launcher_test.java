import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs a copy of ./jbang in a repository of its own; all its paths have blanks. */
class launcher_test {
    static final String VERSION = "0.132.1";
    static final String JAR = "jbang-cli-" + VERSION + "-all.jar";
    static final String FETCHING = "jbang: Maven fetches JBang " + VERSION + ", once\n";
    static final String JAVA_HOME = System.getProperty("java.home");

    static final String SAY = """
            import java.nio.file.Path;
            import java.util.List;

            class say {
                public static void main(String... args) throws Exception {
                    switch (args[0]) {
                        case "exit" -> System.exit(Integer.parseInt(args[1]));
                        case "arguments" -> System.out.print(String.join("|", List.of(args).subList(1, args.length)));
                        case "input" -> System.in.transferTo(System.out);
                        case "folder" -> System.out.print(Path.of("").toAbsolutePath());
                        case "java" -> System.out.print(System.getProperty("java.home"));
                        default -> {
                            Runtime.getRuntime().addShutdownHook(new Thread(() -> System.out.print("cleaned up")));
                            System.out.println("ready");
                            Thread.sleep(60_000);
                        }
                    }
                }
            }
            """;

    static final String CATALOG = """
            {
              "aliases": {
                "say": {
                  "script-ref": "%s"
                }
              }
            }
            """;

    /** What a slow Maven does; %s stands for the jar. */
    static final String MAVEN = """
            for option; do
                case $option in -DoutputDirectory=*) cd "${option#*=}" ;; esac
            done
            cat > input
            sleep 1
            cp "%s" .
            """;

    /** A stand-in for the installer; the jbang that it installs prints its arguments. */
    static final String INSTALLER = """
            echo "installing $JBANG_DOWNLOAD_VERSION by $*" >&2
            mkdir -p "$JBANG_DIR/bin"
            echo '#!/bin/sh' > "$JBANG_DIR/bin/jbang"
            echo 'printf "%s|" "$@"' >> "$JBANG_DIR/bin/jbang"
            chmod +x "$JBANG_DIR/bin/jbang"
            """;

    /** All that the launcher and these tests may use. */
    static final List<String> PROGRAMS = List.of("bash", "cat", "chmod", "cp", "curl", "cut", "grep", "java", "mkdir", "mktemp", "mv",
            "mvn",
            "readlink", "rm", "sed", "sha256sum", "shasum", "sleep", "wget");

    @TempDir
    static Path shared;
    static Path repository;
    static Path elsewhere;
    static Path home;
    static Path programs;
    static shell.Ran first;

    @TempDir
    Path folder;

    @BeforeAll
    static void fetch_jbang() throws Exception {
        assumeTrue(shell.has("mvn"), "needs Maven");
        repository = repository(shared.resolve("the repository"));
        elsewhere = Files.createDirectory(shared.resolve("another folder"));
        Files.writeString(elsewhere.resolve("pom.xml"), "no business of ours");
        home = shared.resolve("home of jbang");
        programs = programsWithout();
        first = jbang(elsewhere, Map.of(), "say", "exit", "0");
        assertThat(first.exit()).as(first.err()).isZero();
    }

    // the script: its arguments, input, exit code and signals

    @Test
    void arguments_arrive_as_typed() throws Exception {
        var arguments = List.of("a b", "'", "\"", "$HOME", "`id`", "$(id)", "\\", "\\n", "!", "*", "~", "a=b", ";", "&", "#", "%s",
                "one\ntwo", "ends\n", " ", "\t", "-x", "--", "--catalog=x");
        assertThat(say("arguments", arguments.toArray(String[]::new)).out()).isEqualTo(String.join("|", arguments));
    }

    @Test
    void letters_of_all_languages_arrive() throws Exception {
        assumeTrue("UTF-8".equals(System.getProperty("sun.jnu.encoding")), "needs a UTF-8 locale");
        assertThat(say("arguments", "größer", "日本", "😀").out()).isEqualTo("größer|日本|😀");
    }

    @Test
    void empty_arguments_arrive() throws Exception {
        assertThat(say("arguments", "", "--url", "", "--yes", "").out()).isEqualTo("|--url||--yes|");
    }

    @Test
    void the_script_reads_its_input() throws Exception {
        assertThat(withInput("line 1\nline 2\n", Map.of(), "say", "input").out()).isEqualTo("line 1\nline 2\n");
    }

    @Test
    void a_script_may_come_from_the_input() throws Exception {
        var ran = withInput(SAY, Map.of(), "-", "arguments", "a b");
        assertThat(ran.out()).as(ran.err()).isEqualTo("a b");
    }

    @Test
    void exit_codes_of_the_script_pass_through() throws Exception {
        for (var code : List.of(0, 1, 2, 42, 254, 255)) {
            assertThat(say("exit", code.toString()).exit()).isEqualTo(code);
        }
    }

    @Test
    void jbangs_own_answers_and_failures_pass_through() throws Exception {
        var version = jbang(repository, Map.of(), "version");
        assertThat(version.out()).isEqualTo(VERSION + "\n");
        assertThat(version.exit()).isZero();
        var failure = jbang(repository, Map.of(), "no_such_script");
        assertThat(failure.err()).contains("[jbang]", "'no_such_script'");
        assertThat(failure.out()).isEmpty();
        assertThat(failure.exit()).isEqualTo(2);
    }

    @Test
    void the_termination_signal_reaches_the_script() throws Exception {
        assertThat(signalled("TERM")).isEqualTo(new shell.Ran(143, "cleaned up", ""));
    }

    @Test
    void the_interrupt_reaches_the_script() throws Exception {
        var ignored = shell.run(folder, Map.of(), "sh", "-c", "kill -s INT $$; echo ignored").out();
        assumeTrue(ignored.isEmpty(), "the tests were started with interrupts ignored, which programs inherit");
        assertThat(signalled("INT")).isEqualTo(new shell.Ran(130, "cleaned up", ""));
    }

    @Test
    void other_shells_run_it_too() throws Exception {
        for (var command : List.of(List.of("dash"), List.of("bash", "--posix"), List.of("busybox", "sh"))) {
            if (shell.has(command.get(0))) {
                var argv = new ArrayList<>(command);
                argv.addAll(List.of("jbang", "say", "arguments", "a  b", ""));
                assertThat(shell.run(repository, settings(Map.of()), argv.toArray(String[]::new)).out()).as(command.get(0))
                        .isEqualTo("a  b|");
            }
        }
    }

    // the folder it is called from

    @Test
    void names_of_its_catalog_are_known_elsewhere_and_the_folder_stays() throws Exception {
        assertThat(jbang(elsewhere, Map.of(), "say", "folder").out()).isEqualTo(elsewhere.toRealPath().toString());
        assertThat(jbang(elsewhere, Map.of(), "--quiet", "say", "exit", "3").exit()).isEqualTo(3);
    }

    @Test
    void it_runs_from_a_folder_below() throws Exception {
        assertThat(shell.run(repository.resolve("scripts"), settings(Map.of()), "../jbang", "say", "exit", "3").exit()).isEqualTo(3);
    }

    @Test
    void it_runs_through_symbolic_links() throws Exception {
        var links = Files.createDirectory(shared.resolve("links"));
        Files.createSymbolicLink(links.resolve("near"), repository.resolve("jbang"));
        Files.createSymbolicLink(links.resolve("far"), Path.of("near"));
        assertThat(shell.run(links, settings(Map.of()), "./far", "say", "exit", "3").exit()).isEqualTo(3);
    }

    @Test
    void a_file_of_that_name_comes_first() throws Exception {
        Files.writeString(folder.resolve("say"), SAY.replace("args[1]", "\"4\""));
        assertThat(jbang(folder, Map.of(), "say", "exit", "3").exit()).isEqualTo(4);
    }

    @Test
    void a_name_in_a_nearer_catalog_comes_first() throws Exception {
        var below = Files.createDirectories(folder.resolve("below"));
        Files.writeString(folder.resolve("other.java"), SAY.replace("args[1]", "\"4\"").replace("class say", "class other"));
        Files.writeString(folder.resolve("jbang-catalog.json"), CATALOG.formatted("other.java"));
        assertThat(jbang(below, Map.of(), "say", "exit", "3").exit()).isEqualTo(4);
    }

    @Test
    void jbangs_own_commands_work_elsewhere() throws Exception {
        assertThat(jbang(elsewhere, Map.of(), "info", "tools", repository + "/scripts/say.java").exit()).isZero();
    }

    // the JBang it takes

    @Test
    void the_jar_that_the_user_names_comes_first() throws Exception {
        var installed = program(folder, "jbang", "exit 9");
        var settings = Map.of("JBANG_JAR", home.resolve(JAR).toString(), "JBANG_DIR", folder.resolve("new").toString(), "PATH",
                before(installed));
        assertThat(jbang(repository, settings, "say", "exit", "3").exit()).isEqualTo(3);
        assertThat(folder.resolve("new").resolve(JAR)).doesNotExist();
    }

    @Test
    void a_jar_that_is_not_there_is_named() throws Exception {
        assertRefused(jbang(repository, Map.of("JBANG_JAR", "/no/such.jar"), "say"), "there is no file /no/such.jar; let JBANG_JAR name");
    }

    @Test
    void an_installed_jbang_comes_next() throws Exception {
        var installed = program(folder, "jbang", "printf '%s|' \"$JBANG_JAVA_OPTIONS\" \"$@\"; exit 7");
        var ran = jbang(repository, Map.of("PATH", before(installed)), "say", "a b", "");
        assertThat(ran).isEqualTo(new shell.Ran(7, "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC|say|a b||", ""));
    }

    @Test
    void an_installed_jbang_learns_of_the_catalog_too() throws Exception {
        var installed = program(folder, "jbang", "printf '%s|' \"$@\"");
        var ran = jbang(elsewhere, Map.of("PATH", before(installed)), "say", "a b");
        assertThat(ran.out()).isEqualTo("--catalog=" + repository + "/jbang-catalog.json|say|a b|");
    }

    @Test
    void a_jbang_in_its_own_folder_is_an_installed_one() throws Exception {
        program(folder.resolve("bin"), "jbang", "echo installed");
        assertThat(jbang(repository, Map.of("JBANG_DIR", folder.toString()), "say").out()).isEqualTo("installed\n");
    }

    @Test
    void it_does_not_take_itself_for_an_installed_jbang() throws Exception {
        var link = Files.createDirectory(shared.resolve("a link on the path"));
        Files.createSymbolicLink(link.resolve("jbang"), repository.resolve("jbang"));
        var copy = Files.createDirectory(folder.resolve("copy"));
        Files.copy(repository.resolve("jbang"), copy.resolve("jbang"), StandardCopyOption.COPY_ATTRIBUTES);
        var path = List.of(repository.toString(), link.toString(), copy.toString(), "", programs.toString());
        var process = shell.start(repository, settings(Map.of("PATH", String.join(":", path))), "sh", "-c", "exec jbang say exit 3");
        try {
            assertThat(process.waitFor(30, TimeUnit.SECONDS)).as("it ends").isTrue();
            assertThat(process.exitValue()).isEqualTo(3);
        } finally {
            process.destroyForcibly();
        }
    }

    // the Java it takes

    @Test
    void the_script_runs_with_the_java_of_the_user() throws Exception {
        assertThat(say("java").out()).isEqualTo(JAVA_HOME);
    }

    @Test
    void without_java_home_the_path_tells() throws Exception {
        var bin = jdk("17.0.1", "exec \"" + JAVA_HOME + "/bin/java\" \"$@\"").resolve("bin");
        for (var unusable : new String[] {null, "", "/no/such/folder"}) {
            var settings = new HashMap<>(Map.of("PATH", before(bin)));
            settings.put("JAVA_HOME", unusable);
            assertThat(jbang(repository, settings, "say", "java").out()).isEqualTo(JAVA_HOME);
        }
    }

    @Test
    void links_to_java_are_followed_to_its_version() throws Exception {
        var java = jdk("16.0.2", "exit 9").resolve("bin/java");
        var bin = Files.createDirectory(folder.resolve("bin"));
        Files.createSymbolicLink(bin.resolve("java"), Path.of("another"));
        Files.createSymbolicLink(bin.resolve("another"), java);
        var settings = new HashMap<>(Map.of("PATH", before(bin)));
        settings.put("JAVA_HOME", null);
        assertRefused(jbang(repository, settings, "say"), bin + "/java is 16.0.2");
    }

    @Test
    void a_missing_java_is_reported() throws Exception {
        var settings = new HashMap<>(Map.of("PATH", programsWithout("java").toString()));
        settings.put("JAVA_HOME", null);
        assertRefused(jbang(repository, settings, "say"), "no Java found; install a JDK, 17 or newer");
    }

    @Test
    void an_old_java_is_reported_with_its_version() throws Exception {
        var jdk = jdk("1.8.0_392", "exit 9");
        var ran = jbang(repository, Map.of("JAVA_HOME", jdk.toString()), "say");
        assertRefused(ran, "Java 17 or newer is needed, but " + jdk + "/bin/java is 1.8.0_392");
    }

    @Test
    void a_java_without_a_release_file_is_asked() throws Exception {
        var jdk = jdk("", "echo 'openjdk version \"11.0.2\" 2019-01-15' >&2");
        assertRefused(jbang(repository, Map.of("JAVA_HOME", jdk.toString()), "say"), "is 11.0.2");
        jdk("", "exec \"" + JAVA_HOME + "/bin/java\" \"$@\"");
        assertThat(jbang(repository, Map.of("JAVA_HOME", jdk.toString()), "say", "exit", "3").exit()).isEqualTo(3);
    }

    @Test
    void jbang_starts_with_quick_options_unless_the_user_has_others() throws Exception {
        var jdk = jdk("17", "echo \"$@\"");
        var jar = home.resolve(JAR);
        assertThat(jbang(repository, Map.of("JAVA_HOME", jdk.toString()), "say").out())
                .isEqualTo("-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -jar " + jar + " say\n");
        assertThat(jbang(repository, Map.of("JAVA_HOME", jdk.toString(), "JBANG_JAVA_OPTIONS", "-Xmx99m -Da=b"), "say").out())
                .isEqualTo("-Xmx99m -Da=b -jar " + jar + " say\n");
    }

    // the first run, with Maven

    @Test
    void maven_fetches_jbang_only_once() throws Exception {
        assertThat(first.err()).startsWith(FETCHING);
        assertThat(say("exit", "0").err()).isEmpty();
        assertThat(contents(home)).contains(JAR).noneMatch(name -> name.startsWith("fetch"));
    }

    @Test
    void two_first_runs_at_once_succeed() throws Exception {
        var settings = settings(firstRun(MAVEN.formatted(home.resolve(JAR))));
        var one = shell.start(repository, settings, "./jbang", "version");
        var two = shell.start(repository, settings, "./jbang", "version");
        for (var process : List.of(one, two)) {
            var ran = shell.finish(process, "");
            assertThat(ran.exit()).as(ran.err()).isZero();
            assertThat(ran.err()).isEqualTo(FETCHING);
        }
        assertThat(contents(folder.resolve("new home"))).filteredOn(name -> !name.equals("cache")).containsExactly(JAR);
    }

    @Test
    void the_fetch_leaves_the_input_to_the_script() throws Exception {
        var ran = withInput("for the script", firstRun(MAVEN.formatted(home.resolve(JAR))), "say", "input");
        assertThat(ran.out()).isEqualTo("for the script");
    }

    @Test
    void a_fetch_that_is_killed_leaves_nothing_and_the_next_run_works() throws Exception {
        var newHome = folder.resolve("new home");
        var half = firstRun("echo half > " + JAR + "; echo > \"" + folder + "/begun\"; exec sleep 60");
        var process = shell.start(repository, settings(half), "./jbang", "version");
        await(folder.resolve("begun"));
        var killed = System.nanoTime();
        signal(process, "TERM");
        assertThat(shell.finish(process, "").exit()).isEqualTo(143);
        assertThat(System.nanoTime() - killed).isLessThan(20_000_000_000L);
        assertThat(contents(newHome)).isEmpty();
        assertThat(jbang(repository, firstRun(MAVEN.formatted(home.resolve(JAR))), "version").exit()).isZero();
    }

    @Test
    void a_jar_with_a_wrong_checksum_is_refused_and_removed() throws Exception {
        var ran = jbang(repository, firstRun("echo wrong > " + JAR), "version");
        assertRefused(ran, "wrong checksum and was removed");
        assertThat(contents(folder.resolve("new home"))).isEmpty();
    }

    @Test
    void shasum_stands_in_for_sha256sum() throws Exception {
        assumeTrue(shell.has("shasum"), "needs shasum");
        var settings = new HashMap<>(firstRun(MAVEN.formatted(home.resolve(JAR))));
        settings.put("PATH", folder.resolve("programs") + ":" + programsWithout("mvn", "sha256sum"));
        assertThat(jbang(repository, settings, "version").out()).isEqualTo(VERSION + "\n");
    }

    @Test
    void maven_without_network_is_quoted_in_one_line() throws Exception {
        var unreachable = "echo '[ERROR] Unknown host mirror.example -> [Help 1]'; echo '[ERROR] see the help'; exit 1";
        var ran = jbang(repository, firstRun(unreachable), "version");
        assertRefused(ran, "Maven could not fetch JBang; check the network and Maven's settings. It says: Unknown host mirror.example\n");
        assertThat(contents(folder.resolve("new home"))).isEmpty();
    }

    @Test
    void a_folder_that_cannot_be_written_is_named() throws Exception {
        var settings = new HashMap<>(firstRun("exit 9"));
        settings.put("JBANG_DIR", Files.writeString(folder.resolve("file"), "") + "/jbang");
        assertRefused(jbang(repository, settings, "version"), "cannot write into " + folder.resolve("file/jbang") + "; make it writable");
    }

    // the first run, with the installer

    @Test
    void without_maven_the_installer_brings_jbang_once() throws Exception {
        var asked = new AtomicInteger();
        try (var server = new Server(asked, INSTALLER, INSTALLER.length())) {
            var ran = jbang(repository, withoutMaven(server.address()), "say", "a b", "");
            assertThat(ran.out()).as(ran.err()).isEqualTo("say|a b||");
            assertThat(ran.err()).startsWith("jbang: JBang's installer from " + server.address())
                    .contains("installing " + VERSION + " by version");
            assertThat(contents(folder.resolve("new home"))).containsExactly("bin");
            assertThat(jbang(repository, withoutMaven(server.address()), "say").out()).isEqualTo("say|");
        }
        assertThat(asked).hasValue(1);
    }

    @Test
    void wget_stands_in_for_curl() throws Exception {
        assumeTrue(shell.has("wget"), "needs wget");
        try (var server = new Server(new AtomicInteger(), INSTALLER, INSTALLER.length())) {
            var settings = new HashMap<>(withoutMaven(server.address()));
            settings.put("PATH", programsWithout("mvn", "curl").toString());
            assertThat(jbang(repository, settings, "say").out()).isEqualTo("say|");
        }
    }

    @Test
    void an_installer_that_breaks_off_is_not_run() throws Exception {
        try (var server = new Server(new AtomicInteger(), INSTALLER, INSTALLER.length() + 10)) {
            assertRefused(jbang(repository, withoutMaven(server.address()), "say"), "cannot download " + server.address());
        }
        assertThat(contents(folder.resolve("new home"))).isEmpty();
    }

    @Test
    void an_installer_that_is_half_a_script_is_not_run() throws Exception {
        var half = INSTALLER + "if true; then\n";
        try (var server = new Server(new AtomicInteger(), half, half.length())) {
            assertRefused(jbang(repository, withoutMaven(server.address()), "say"), "is no whole script");
        }
        assertThat(contents(folder.resolve("new home"))).isEmpty();
    }

    @Test
    void an_installer_that_fails_is_reported() throws Exception {
        try (var server = new Server(new AtomicInteger(), "echo no space >&2; exit 1", 25)) {
            assertRefused(jbang(repository, withoutMaven(server.address()), "say"), "no space\njbang: JBang's installer failed; see above");
        }
        assertThat(contents(folder.resolve("new home"))).isEmpty();
    }

    @Test
    void an_installer_out_of_reach_is_reported() throws Exception {
        assertRefused(jbang(repository, withoutMaven("http://127.0.0.1:1/"), "say"),
                "cannot download http://127.0.0.1:1/; check the network");
    }

    @Test
    void without_any_way_to_fetch_jbang_it_says_so() throws Exception {
        var settings = new HashMap<>(withoutMaven("http://127.0.0.1:1/"));
        settings.put("PATH", programsWithout("mvn", "curl", "wget").toString());
        assertRefused(jbang(repository, settings, "say"), "neither JBang nor Maven found, and its installer takes bash and curl or wget");
    }

    @Test
    void the_only_address_in_it_is_the_installers() throws Exception {
        var addresses = Pattern.compile("https?://[^}\\s]+").matcher(Files.readString(shell.ROOT.resolve("jbang")));
        assertThat(addresses.results().map(MatchResult::group)).containsExactly("https://sh.jbang.dev");
    }

    // helpers

    /** Serves one text, and may promise more than it gives. */
    record Server(HttpServer http) implements AutoCloseable {
        Server(AtomicInteger asked, String text, int promised) throws IOException {
            this(HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0));
            http.createContext("/", exchange -> {
                asked.incrementAndGet();
                exchange.sendResponseHeaders(200, promised);
                exchange.getResponseBody().write(text.getBytes(UTF_8));
                exchange.getResponseBody().flush();
                exchange.close();
            });
            http.start();
        }

        String address() {
            return "http://127.0.0.1:" + http.getAddress().getPort() + "/";
        }

        @Override
        public void close() {
            http.stop(0);
        }
    }

    static Path repository(Path folder) throws IOException {
        Files.createDirectories(folder.resolve("scripts"));
        Files.copy(shell.ROOT.resolve("jbang"), folder.resolve("jbang"), StandardCopyOption.COPY_ATTRIBUTES);
        Files.writeString(folder.resolve("jbang-catalog.json"), CATALOG.formatted("scripts/say.java"));
        Files.writeString(folder.resolve("scripts/say.java"), SAY);
        return folder;
    }

    static shell.Ran say(String what, String... arguments) throws Exception {
        var argv = new ArrayList<>(List.of("say", what));
        argv.addAll(List.of(arguments));
        return jbang(repository, Map.of(), argv.toArray(String[]::new));
    }

    static shell.Ran jbang(Path folder, Map<String, String> more, String... arguments) throws Exception {
        return shell.run(folder, settings(more), argv(arguments));
    }

    static shell.Ran withInput(String input, Map<String, String> more, String... arguments) throws Exception {
        return shell.finish(shell.start(repository, settings(more), argv(arguments)), input);
    }

    static String[] argv(String... arguments) {
        var argv = new ArrayList<>(List.of(repository.resolve("jbang").toString()));
        argv.addAll(List.of(arguments));
        return argv.toArray(String[]::new);
    }

    /** The user's own settings must not reach the tests. */
    static Map<String, String> settings(Map<String, String> more) {
        var settings = new HashMap<String, String>();
        for (var name : List.of("JBANG_JAR", "JBANG_JAVA_OPTIONS", "JBANG_INSTALLER", "JBANG_DOWNLOAD_VERSION", "JAVA_TOOL_OPTIONS")) {
            settings.put(name, null);
        }
        settings.put("PATH", programs.toString());
        settings.put("JBANG_DIR", home.toString());
        settings.put("JAVA_HOME", JAVA_HOME);
        settings.putAll(more);
        return settings;
    }

    /** The settings of a machine that has never run JBang, and whose mvn does this. */
    Map<String, String> firstRun(String mvn) throws IOException {
        return Map.of("JBANG_DIR", folder.resolve("new home").toString(), "PATH", before(program(folder.resolve("programs"), "mvn", mvn)));
    }

    Map<String, String> withoutMaven(String installer) throws IOException {
        return Map.of("JBANG_DIR", folder.resolve("new home").toString(), "JBANG_INSTALLER", installer,
                "PATH", programsWithout("mvn").toString());
    }

    /** A stand-in for a program; the answer is its folder. */
    static Path program(Path folder, String name, String script) throws IOException {
        Files.createDirectories(folder);
        var file = Files.writeString(folder.resolve(name), "#!/bin/sh\n" + script + "\n").toFile();
        assertThat(file.setExecutable(true)).isTrue();
        return folder;
    }

    static String before(Path folder) {
        return folder + ":" + programs;
    }

    /** A stand-in for a JDK, without its release file if the version is empty. */
    Path jdk(String version, String java) throws IOException {
        var jdk = folder.resolve("a jdk");
        program(jdk.resolve("bin"), "java", java);
        if (!version.isEmpty()) {
            Files.writeString(jdk.resolve("release"), "IMPLEMENTOR=\"Someone\"\nJAVA_VERSION=\"" + version + "\"\nOS_NAME=\"Any\"\n");
        }
        return jdk;
    }

    /** A PATH with what the launcher may use, as far as this machine has it, but some programs. */
    static Path programsWithout(String... missing) throws IOException {
        var folder = shared.resolve("all but " + String.join(" ", missing));
        for (var name : PROGRAMS) {
            if (!List.of(missing).contains(name) && shell.has(name)) {
                program(folder, name, "PATH=\"%s\" exec %s \"$@\"".formatted(System.getenv("PATH"), name));
            }
        }
        return folder;
    }

    /** How a script that is at work answers a signal; the shell must have left its place to it. */
    static shell.Ran signalled(String signal) throws Exception {
        var process = shell.start(repository, settings(Map.of()), argv("say", "wait"));
        while (process.getInputStream().read() != '\n') {
            assertThat(process.isAlive()).isTrue();
        }
        assertThat(process.descendants()).isEmpty();
        signal(process, signal);
        return shell.finish(process, "");
    }

    static void signal(Process process, String signal) throws Exception {
        shell.run(shared, Map.of(), "sh", "-c", "kill -s " + signal + " " + process.pid());
    }

    static void await(Path file) throws InterruptedException {
        for (var i = 0; i < 600 && !Files.exists(file); i++) {
            Thread.sleep(50);
        }
        assertThat(file).exists();
    }

    static List<String> contents(Path folder) {
        return List.of(folder.toFile().list());
    }

    static void assertRefused(shell.Ran ran, String message) {
        assertThat(ran.err()).contains("jbang: ").contains(message);
        assertThat(ran.out()).isEmpty();
        assertThat(ran.exit()).isEqualTo(2);
    }
}
