//SOURCES ../scripts/run_migrations.java

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.ParameterException;

/** The connection block, as run_migrations carries it: shared_block_test sees to it that the others carry the same. */
class database_test {
    @TempDir
    Path folder;

    static Properties settings(Map<String, String> environment, String... args) {
        return block(environment, args).settings();
    }

    static run_migrations.Database block(Map<String, String> environment, String... args) {
        var script = new run_migrations();
        script.database.environment = () -> environment;
        script.database.command(script).parseArgs(args);
        return script.database;
    }

    static String brief(Properties settings) {
        return "%s %s %s %s %s".formatted(settings.get("PGHOST"), settings.get("PGPORT"), settings.get("PGDBNAME"), settings.get("user"),
                settings.get("password"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            postgresql://ann:pw@db.example:6543/shop               | db.example 6543 shop ann pw
            postgres://ann:pw@db.example/shop                      | db.example 5432 shop ann pw
            postgresql+asyncpg://ann:pw@db/shop                    | db 5432 shop ann pw
            postgresql+psycopg2://ann@db/shop                      | db 5432 shop ann null
            jdbc:postgresql://ann:pw@db:1/shop                     | db 1 shop ann pw
            jdbc:postgresql://db:1/shop?user=ann&password=pw       | db 1 shop ann pw
            postgresql://a%40b:p%40s%2Fs%3A%25%20+@db/s%20p        | db 5432 s p a@b p@s/s:% +
            postgresql://ann:p@ss@db/shop                          | db 5432 shop ann p@ss
            postgresql://ann:a=b&c?d@db/shop                       | db 5432 shop ann a=b&c?d
            postgresql://ann:pw@h1:1,h2,h3:3/shop                  | h1,h2,h3 1,5432,3 shop ann pw
            postgresql://ann@[::1]:5433/shop                       | [::1] 5433 shop ann null
            postgresql:///shop?host=db&port=7&user=ann             | db 7 shop ann null
            postgresql://db                                        | db 5432 null null null
            """)
    void every_form_of_url_is_understood(String url, String expected) {
        assertThat(brief(settings(Map.of(), "--url", url))).isEqualTo(expected);
    }

    @Test
    void libpq_parameters_reach_the_driver_under_its_names() {
        var settings = settings(Map.of(), "--url", "postgresql://db/shop?sslmode=verify-full&sslrootcert=/ca.pem&connect_timeout=3"
                + "&application_name=me+you&target_session_attrs=read-write&options=-c%20search_path%3Dx");
        assertThat(settings).containsEntry("sslmode", "verify-full").containsEntry("sslrootcert", "/ca.pem")
                .containsEntry("connectTimeout", "3")
                .containsEntry("ApplicationName", "me+you").containsEntry("targetServerType", "read-write")
                .containsEntry("options", "-c search_path=x");
        assertThat(settings(Map.of(), "--url", "postgresql+asyncpg://db/shop?ssl=require")).containsEntry("sslmode", "require");
        assertThat(settings(Map.of(), "--url", "postgresql://db/shop?schema=app")).containsEntry("currentSchema", "app");
    }

    @Test
    void the_option_wins_over_DATABASE_URL_over_POSTGRES_over_PG() {
        var everything = Map.of("DATABASE_URL", "postgresql://url/d1", "POSTGRES_HOST", "pg1", "POSTGRES_DB", "d2", "PGHOST", "pg2",
                "PGDATABASE", "d3", "PGUSER", "ann");
        assertThat(brief(settings(everything, "--url", "postgresql://option/d0"))).isEqualTo("option 5432 d0 ann null");
        assertThat(brief(settings(everything))).isEqualTo("url 5432 d1 ann null");
        assertThat(brief(settings(Map.of("POSTGRES_HOST", "pg1", "POSTGRES_PORT", "1", "POSTGRES_USER", "bob", "PGHOST", "pg2",
                "PGDATABASE", "d3", "PGUSER", "ann"))))
                .isEqualTo("pg1 1 d3 bob null");
        assertThat(brief(settings(Map.of("PGHOST", "pg2", "PGPORT", "9", "PGDATABASE", "d3", "PGUSER", "ann", "PGPASSWORD", "pw"))))
                .isEqualTo("pg2 9 d3 ann pw");
        assertThat(settings(Map.of("PGHOST", "h", "PGSSLMODE", "require", "PGAPPNAME", "me"))).containsEntry("sslmode", "require")
                .containsEntry("ApplicationName", "me");
    }

    @Test
    void a_blank_variable_counts_as_absent() {
        assertThat(brief(settings(Map.of("DATABASE_URL", " ", "POSTGRES_HOST", "", "PGHOST", "pg2")))).startsWith("pg2 5432");
    }

    @Test
    void the_env_file_completes_the_environment_setting_by_setting() throws Exception {
        var file = Files.writeString(folder.resolve("app.env"), "POSTGRES_HOST=file\nPOSTGRES_DB=shop\n");
        assertThat(brief(settings(Map.of("POSTGRES_HOST", "process"), "--env-file", file.toString()))).startsWith("process 5432 shop");
    }

    @Test
    void the_env_file_is_read_as_dotenv_tools_read_it() throws Exception {
        var text = "\uFEFF# comment\r\nexport POSTGRES_HOST=\"db\" # behind\r\nPOSTGRES_DB='a b$${x}'\r\nPOSTGRES_USER=ann#1 # the user\r\n"
                + "\r\nSECRET=s3\r\nPOSTGRES_PASSWORD=\"x\\\"${SECRET}\\$\"\r\nPOSTGRES_PORT = 99\r\nMULTI=\"one\ntwo\"\r\nbroken line\r\nLAST=1";
        var file = Files.writeString(folder.resolve("app.env"), text, StandardCharsets.UTF_8);
        var block = block(Map.of(), "--env-file", file.toString());
        assertThat(brief(block.settings())).isEqualTo("db 99 a b$${x} ann#1 x\"s3$");
        assertThat(block.variables()).containsEntry("MULTI", "one\ntwo").containsEntry("LAST", "1");
    }

    @Test
    void the_env_file_may_hold_long_values_of_others() throws Exception {
        var file = Files.writeString(folder.resolve("app.env"), "KEY=\"" + "line of a key\n".repeat(50_000) + "\"\nPOSTGRES_HOST=file\n");
        assertThat(brief(settings(Map.of(), "--env-file", file.toString()))).startsWith("file 5432");
    }

    @Test
    void a_named_env_file_that_is_missing_is_an_error() {
        assertThatThrownBy(() -> settings(Map.of(), "--env-file", "nowhere.env")).isInstanceOf(ParameterException.class)
                .hasMessageContaining("nowhere.env");
    }

    @Test
    void nothing_set_names_the_variables_and_local_postgres() {
        assertThatThrownBy(() -> settings(Map.of("HOME", "/"))).isInstanceOf(ParameterException.class)
                .hasMessageContainingAll("--url", "DATABASE_URL", "POSTGRES_HOST", "PGHOST", "jbang local_postgres");
    }

    @ParameterizedTest
    @ValueSource(strings = {"postgresql://ann:secret%zz@db/shop", "postgresql://ann:secret@db:port/shop", "mysql://ann:secret@db/shop",
            "sqlite:///secret.db",
            "postgresql://ann:secret@db:99999/shop", "postgresql://ann:secret@/shop?host=/var/run/postgresql",
            "postgresql://ann:secret@db/shop?service=none"})
    void a_wrong_url_is_wrong_usage_and_is_not_repeated(String url) {
        var said = new StringWriter();
        var script = new run_migrations();
        script.database.environment = () -> Map.of("DATABASE_URL", url);
        assertThat(script.database.command(script).setErr(new PrintWriter(said)).execute("--dir", "migrations")).isEqualTo(64);
        assertThat(said.toString()).contains("DATABASE_URL").doesNotContain("secret").hasLineCount(2);
    }

    @Test
    void userinfo_never_appears_in_what_is_said() {
        for (var args : new String[][] {{"postgresql://ann:sec ret@db/x"}, {"--ulr=postgresql://ann:secret@db/x"},
                {"--phase", "postgresql://ann:sec@ret@db/x"}}) {
            var said = new StringWriter();
            var script = new run_migrations();
            assertThat(script.database.command(script).setErr(new PrintWriter(said)).execute(args)).isEqualTo(64);
            assertThat(said.toString()).contains("://***@db").doesNotContain("ann").doesNotContain("sec").doesNotContain("ret");
        }
    }

    @Test
    void client_programs_get_the_settings_as_libpq_variables() {
        var block = block(Map.of("PGSSLMODE", "prefer"), "--url", "postgresql://ann:pw@[::1]:1,h2:2/shop?target_session_attrs=read-write");
        assertThat(block.clientEnvironment()).containsEntry("PGHOST", "::1,h2").containsEntry("PGPORT", "1,2")
                .containsEntry("PGUSER", "ann")
                .containsEntry("PGPASSWORD", "pw").containsEntry("PGDATABASE", "shop").containsEntry("PGSSLMODE", "prefer")
                .containsEntry("PGTARGETSESSIONATTRS", "read-write").containsEntry("PGAPPNAME", "pgbang/run_migrations");
    }

    @Test
    void the_connect_timeout_is_the_option_s_then_the_url_s_then_ten_seconds() {
        assertThat(settings(Map.of(), "--url", "postgresql://db/x?connect_timeout=3", "--connect-timeout", "5"))
                .containsEntry("connectTimeout", "5");
        assertThat(settings(Map.of("PGCONNECT_TIMEOUT", "4"), "--url", "postgresql://db/x")).containsEntry("connectTimeout", "4");
        assertThat(settings(Map.of(), "--url", "postgresql://db/x")).containsEntry("connectTimeout", "10");
    }
}
