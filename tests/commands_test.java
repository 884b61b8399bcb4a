//SOURCES servers.java

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands as a user types them, through ./jbang and in processes of their own. */
class commands_test {
    static final String JBANG = shell.ROOT.resolve("jbang").toString();

    @TempDir
    Path folder;

    @Test
    void the_readme_s_first_command_applies_the_sample_to_a_real_server() throws Exception {
        var command = "./jbang local_postgres -- ./jbang run_migrations";
        assertThat(Files.readString(Path.of("README.md"))).contains("\n    " + command + "\n");
        var ran = run(shell.ROOT, command.split(" "));
        assertThat(ran.exit()).as(ran.err()).isZero();
        assertThat(ran.out()).contains("001", "optimizations/004", "9 migrations applied", "nothing is pending");
    }

    @Test
    void a_second_run_applies_nothing_and_the_check_is_content() throws Exception {
        var ran = run(shell.ROOT, "./jbang", "local_postgres", "--", "sh", "-c",
                "./jbang run_migrations && ./jbang run_migrations && ./jbang run_migrations --status --check");
        assertThat(ran.exit()).as(ran.err()).isZero();
        assertThat(ran.out()).containsOnlyOnce("9 migrations applied in").contains("nothing to apply: 9 migrations applied",
                "9 applied; history in");
    }

    @Test
    void every_script_works_copied_alone_into_an_empty_folder() throws Exception {
        for (var script : shared_block_test.scripts()) {
            var alone = Files.createDirectory(folder.resolve(shared_block_test.name(script)));
            Files.copy(script, alone.resolve(script.getFileName()));
            var ran = run(alone, JBANG, script.getFileName().toString(), "--help");
            assertThat(ran.exit()).as(script + ran.err()).isZero();
            assertThat(ran.out()).contains("Usage: " + shared_block_test.name(script), "Examples:");
        }
    }

    @Test
    void run_migrations_alone_beside_a_folder_of_one_file_does_its_job() throws Exception {
        Files.copy(Path.of("scripts/run_migrations.java"), folder.resolve("run_migrations.java"));
        Files.createDirectory(folder.resolve("migrations"));
        Files.writeString(folder.resolve("migrations/001_one.sql"), "create table one ()");
        Files.writeString(folder.resolve(".env"), "DATABASE_URL=" + servers.database());
        assertThat(run(folder, JBANG, "run_migrations.java").out()).contains("1 migration applied");
        assertThat(run(folder, JBANG, "run_migrations.java", "--status", "--check").exit()).isZero();
    }

    @Test
    void all_ways_of_naming_a_script_are_the_same_and_exit_codes_pass_through() throws Exception {
        for (var name : List.of("run_migrations", "run_migrations.java", "scripts/run_migrations.java")) {
            var ran = run(shell.ROOT, "./jbang", name, "--status", "--url", "postgresql://postgres@localhost:1/x");
            assertThat(ran.exit()).as(name + ran.err()).isEqualTo(2);
            assertThat(ran.err()).contains("cannot use localhost:1/x");
        }
        assertThat(run(shell.ROOT, "./jbang", "run_migrations", "--nonsense").exit()).isEqualTo(64);
    }

    static shell.Ran run(Path where, String... command) throws IOException, InterruptedException {
        var environment = new HashMap<String, String>();
        System.getenv().keySet().stream().filter(name -> name.matches("DATABASE_URL|(POSTGRES_|PG).*"))
                .forEach(name -> environment.put(name, null));
        return shell.run(where, environment, command);
    }
}
