//SOURCES ../scripts/optimize_postgres.java
//SOURCES servers.java

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Kinds settings and slow-log of optimize_postgres: they change what concerns a whole server, so each test has one of its own. */
class optimize_settings_test {
    @TempDir
    Path folder;
    local_postgres.Server server;
    final List<local_postgres.Server> others = new ArrayList<>();

    @AfterEach
    void stopServers() throws Exception {
        for (var each : others) {
            each.close();
        }
        if (server != null) {
            server.close();
        }
    }

    static Stream<Integer> majors() {
        return servers.majors().stream();
    }

    // --- apply, restart, undo ---

    @ParameterizedTest
    @MethodSource("majors")
    void undo_gives_back_every_setting_and_every_line_of_the_file_before_a_restart(int major) throws Exception {
        start(major, Map.of());
        sql("alter system set work_mem = '7MB'", "alter system set max_connections = 90",
                "alter system set log_line_prefix = 'it''s %m \\ '", "select pg_reload_conf()");
        until("select setting = '7168' from pg_settings where name = 'work_mem'");
        var settings = settings();
        var lines = lines();
        assertThat(lines).contains("work_mem = '7MB'", "max_connections = '90'");
        var applied = run("--apply", "settings,slow-log", "--memory", "4GB", "--cpus", "8", "--disk", "ssd", "--retune");
        assertThat(applied.exit()).as(applied.err()).isLessThan(2);
        assertThat(lines()).isNotEqualTo(lines).contains("shared_buffers = '1GB'", "random_page_cost = '1.1'",
                "max_worker_processes = '12'", "log_min_duration_statement = '1s'",
                "max_connections = '90'", "log_line_prefix = 'it''s %m \\\\ '").doesNotContain("work_mem = '7MB'");
        assertThat(settings()).isNotEqualTo(settings);
        var undone = run("--undo");
        assertThat(undone.exit()).as(undone.err()).isZero();
        assertThat(lines()).isEqualTo(lines);
        assertThat(settings()).isEqualTo(settings);
    }

    @ParameterizedTest
    @MethodSource("majors")
    void undo_after_a_restart_gives_back_the_former_values_at_the_next_one_and_a_second_run_finds_nothing(int major) throws Exception {
        start(major, Map.of());
        sql("alter system set max_worker_processes = 9");
        restart();
        var settings = settings();
        var lines = lines();
        var arguments = new String[] {"--memory", "4GB", "--cpus", "8", "--disk", "nvme", "--load", "dw", "--retune"};
        assertThat(run(with(arguments, "--apply", "settings")).exit()).isLessThan(2);
        restart();
        assertThat(text("select string_agg(name || '=' || current_setting(name), ' ' order by name) from pg_settings where name in "
                + "('shared_buffers', 'max_worker_processes', 'maintenance_work_mem',"
                + " 'default_statistics_target', 'max_parallel_workers_per_gather')"))
                .isEqualTo("default_statistics_target=500 maintenance_work_mem=512MB max_parallel_workers_per_gather=4 "
                + "max_worker_processes=12 shared_buffers=1GB");
        assertThat(changes(report(arguments), "settings")).isEmpty();
        assertThat(run("--undo").exit()).isLessThan(2);
        restart();
        assertThat(lines()).isEqualTo(lines);
        assertThat(settings()).isEqualTo(settings);
    }

    // --- the server starts ---

    /** Some of this machine's size, most of another: the memory is given, not had. */
    record Shape(String memory, int cpus, String disk, String load) {
        static List<Shape> some(int count) {
            var random = new Random(20261120);
            return IntStream.range(0, count).mapToObj(i -> new Shape((long) (256 * Math.pow(2, 12 * random.nextDouble())) + "MB", 1
                    + (int) Math.pow(2, 7 * random.nextDouble()),
                    List.of("ssd", "nvme", "san", "hdd").get(random.nextInt(4)), List.of("web", "oltp", "dw", "mixed")
                    .get(random.nextInt(4)))).toList();
        }

        String[] arguments() {
            return new String[] {"--memory", memory, "--cpus", "" + cpus, "--disk", disk, "--load", load};
        }
    }

    @Test
    void the_server_starts_with_what_is_advised_for_twelve_machines() throws Exception {
        start(servers.newest(), Map.of());
        for (var shape : Shape.some(12)) {
            startsWithTheAdviceFor(shape);
        }
    }

    @Test
    @Tag("slow")
    void the_server_starts_with_what_is_advised_for_two_hundred_machines_on_all_versions() throws Exception {
        var shapes = Shape.some(200);
        var majors = List.copyOf(local_postgres.VERSIONS.keySet());
        for (var major : majors) {
            start(major, Map.of());
            for (var i = majors.indexOf(major); i < shapes.size(); i += majors.size()) {
                startsWithTheAdviceFor(shapes.get(i));
            }
            server.close();
        }
    }

    /**
     * What was planned is what runs after the restart; what was held back is held back for this machine's own memory, and for nothing else.
     */
    void startsWithTheAdviceFor(Shape shape) throws Exception {
        var applied = run(with(shape.arguments(), "--apply", "settings", "--json"));
        var changes = changes(json(applied), "settings");
        assertThat(applied.exit()).as("%s: %s", shape, applied.err()).isLessThan(2);
        restart();
        assertThat(text("select string_agg(name, ', ') from pg_settings where pending_restart")).as(shape.toString()).isNull();
        var cache = Double.parseDouble(text("select pg_size_bytes(current_setting('effective_cache_size'))")) / 1048576;
        assertThat(cache / Double.parseDouble(shape.memory.replace("MB", ""))).as("%s, though the machine was another before", shape)
                .isBetween(0.66, 0.8);
        for (var change : changes) {
            var evidence = change.getAsJsonObject("evidence");
            var name = change.get("object").getAsString();
            if (change.get("manual").isJsonNull()) {
                assertThat(change.get("outcome").getAsString()).as("%s, %s: %s", shape, name, change.get("message")).isEqualTo("done");
                assertThat(text("select current_setting('" + name + "')")).as("%s, %s", shape, name)
                        .isEqualTo(shown(evidence.get("value").getAsString()));
            } else {
                assertThat(change.get("manual").getAsString()).as("%s, %s", shape, name).contains("vm.overcommit_memory");
                assertThat(Double.parseDouble(shape.memory.replace("MB", ""))).as("%s, %s", shape, name)
                        .isGreaterThan(machineMegabytes() * 3);
            }
        }
    }

    /** As the server itself writes a value. */
    static String shown(String value) {
        var megabytes = value.endsWith("GB") ? Long.parseLong(value.replace("GB", "")) * 1024 : value.endsWith("MB")
                ? Long.parseLong(value.replace("MB", "")) : -1;
        return megabytes < 0 ? value : megabytes % 1024 == 0 ? megabytes / 1024 + "GB" : megabytes + "MB";
    }

    @Test
    void what_would_not_start_is_not_written_and_indeed_does_not_start() throws Exception {
        refusesAndIsRight("shared_buffers=" + (long) (machineMegabytes() * 1.1) + "MB", "max_wal_size=31MB");
    }

    @Test
    @Tag("slow")
    void nor_is_anything_else_that_would_not_start() throws Exception {
        refusesAndIsRight("huge_pages=on", "superuser_reserved_connections=100", "wal_level=minimal", "max_connections=262143");
    }

    void refusesAndIsRight(String... wishes) throws Exception {
        assumeTrue(Files.exists(Path.of("/proc/sys/vm/overcommit_memory")) && Files.readString(Path.of("/proc/sys/vm/overcommit_memory"))
                .strip().equals("0"), "the kernel overcommits without limit");
        start(servers.newest(), Map.of());
        var lines = lines();
        for (var wish : wishes) {
            var refused = run("--apply", "settings", "--set", wish, "--memory", "1000GB", "--cpus", "8", "--disk", "ssd", "--json");
            var change = changes(json(refused), "settings").stream()
                    .filter(each -> each.get("object").getAsString().equals(wish.replaceFirst("=.*", ""))).findFirst().orElseThrow();
            assertThat(refused.exit()).as(wish).isEqualTo(1);
            assertThat(change.get("manual").getAsString()).as(wish).contains("the server would not start");
            assertThat(lines()).as(wish).doesNotContain(wish.replace("=", " = '") + "'");
            assertThat(startsWith(wish)).as("a server with " + wish).isFalse();
        }
        assertThat(startsWith("work_mem=5MB")).isTrue();
        assertThat(run("--undo").exit()).isLessThan(2);
        assertThat(lines()).isEqualTo(lines);
    }

    static boolean startsWith(String setting) throws Exception {
        var parts = setting.split("=");
        try (var other = local_postgres.Server.start(new local_postgres.Settings(servers.newest(), null, 0, Map.of(parts[0], parts[1]),
                "postgres"))) {
            return true;
        } catch (local_postgres.Failure e) {
            return false;
        }
    }

    @Test
    void a_mistake_in_the_files_and_what_waits_for_a_restart_are_part_of_the_check() throws Exception {
        start(servers.newest(), Map.of());
        sql("alter system set shared_buffers = '" + (long) (machineMegabytes() * 2) + "MB'",
                "alter system set max_locks_per_transaction = 128");
        Files.writeString(server.data.resolve("postgresql.conf"), "\nwork_mem = 'much'\n", java.nio.file.StandardOpenOption.APPEND);
        sql("select pg_reload_conf()");
        until("select exists (select from pg_file_settings where error is not null)");
        sql("alter system reset max_locks_per_transaction");
        var report = report("--memory", "8GB", "--cpus", "12", "--disk", "ssd");
        assertThat(data(report, "settings", "start").toString()).contains("will_start=no: ", "work_mem");
        assertThat(notes(report, "settings")).anyMatch(note -> note.contains("as it is now the next start is in danger")
                && note.contains("postgresql.conf:"))
                .anyMatch(note -> note.contains("as it is now the next start is in danger") && note.contains("shared_buffers is"));
        var held = new TreeMap<String, Boolean>();
        changes(report, "settings").forEach(change -> held.put(change.get("object").getAsString(), !change.get("manual").isJsonNull()));
        assertThat(held).as("what mends is written").containsEntry("shared_buffers", false).containsEntry("max_worker_processes", true)
                .containsEntry("effective_cache_size", false);
    }

    // --- the machine ---

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', value = {
        "v2 limit             | cgroup2 | /               | /sys/fs/cgroup/db/pg | memory.max=2147483648 cpu.max=150000_100000          "
                + " | 2147483648 | 2",
        "v2 limit of a parent | cgroup2 | /               | /sys/fs/cgroup/db    | memory.max=1073741824 cpu.max=max_100000             "
        + " | 1073741824 | 5",
        "v2 without limit     | cgroup2 | /               | /sys/fs/cgroup/db/pg | memory.max=max cpu.max=max_100000                    "
        + " | 8589934592 | 5",
        "v2 without files     | cgroup2 | /               | /sys/fs/cgroup/db/pg | cgroup.procs=1                                       "
        + " | 8589934592 | 5",
        "v2 in a container    | cgroup2 | /db/pg          | /sys/fs/cgroup       | memory.max=536870912 cpu.max=400000_100000           "
        + " | 536870912  | 4",
        "v1 limit             | cgroup  | /               | /sys/fs/cgroup/db/pg | memory.limit_in_bytes=4294967296 "
        + "cpu.cfs_quota_us=200000 cpu.cfs_period_us=100000 | 4294967296 | 2",
        "v1 without limit     | cgroup  | /               | /sys/fs/cgroup/db/pg | memory.limit_in_bytes=9223372036854771712 "
        + "cpu.cfs_quota_us=-1 cpu.cfs_period_us=100000 | 8589934592 | 5",
        "v1 in a container    | cgroup  | /elsewhere      | /sys/fs/cgroup       | memory.limit_in_bytes=268435456                      "
        + " | 268435456  | 5"})
    void limits_of_control_groups_are_found(String name, String type, String root, String place, String files, double memory,
    int cpus) throws Exception {
        write("proc/meminfo", "MemTotal:        8388608 kB\nSwapTotal: 0 kB\n");
        write("proc/42/status", "Name:\tpostgres\nPPid:\t1\nCpus_allowed_list:\t0-3,8\n");
        write("proc/42/cgroup", type.equals("cgroup2") ? "0::/db/pg\n" : "9:cpu,cpuacct:/db/pg\n4:memory:/db/pg\n0::/\n");
        write("proc/self/mountinfo", "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n31 22 0:28 " + root + " /sys/fs/cgroup rw,relatime - " + type
                + " " + type + " rw"
                + (type.equals("cgroup2") ? "" : ",memory,cpu,cpuacct") + "\n");
        for (var file : files.strip().split(" ")) {
            write(place.substring(1) + "/" + file.split("=")[0], file.split("=")[1].replace("_100000", " 100000") + "\n");
        }
        var kernel = new optimize_postgres.Settings.Kernel(folder);
        assertThat(optimize_postgres.Settings.Machine.memory(kernel, 42)).isEqualTo(memory);
        assertThat(optimize_postgres.Settings.Machine.cpus(kernel, 42)).isEqualTo(cpus);
    }

    @Test
    void a_server_in_a_container_or_elsewhere_is_not_given_the_memory_of_this_machine() throws Exception {
        assumeTrue(shell.has("unshare"), "unshare is not installed");
        start(servers.newest(), Map.of());
        assertThat(data(report(), "settings", "machine").toString()).contains("the server's machine");
        server.run(server.data, "pg_ctl", "stop", "-w", "-m", "fast");
        var inside = new ProcessBuilder("unshare", "-U", "--pid", "--fork", "--kill-child", server.programs.resolve("bin/postgres")
                .toString(), "-D", server.data.toString(), "-p", "" + server.port,
                "-k", "", "-h", "localhost").redirectErrorStream(true).redirectOutput(folder.resolve("log").toFile()).start();
        try {
            for (var i = 0; i < 100 && !Files.readString(folder.resolve("log")).contains("ready to accept"); i++) {
                assumeTrue(inside.isAlive(), "process namespaces are not allowed here");
                Thread.sleep(100);
            }
            var report = report();
            assertThat(data(report, "settings", "machine").toString()).contains("memory=not known", "cpus=not known", "disk=not known");
            assertThat(table(report, "settings")).doesNotContainKeys("shared_buffers", "work_mem", "max_parallel_workers",
                    "random_page_cost").containsKeys("max_wal_size", "checkpoint_completion_target");
            assertThat(report.toString()).contains("give --memory 16GB --cpus 4 --disk ssd");
            ofTheProcessesHereWithTheNumberOfOurBackendOnlyOneWithOurPortIsOurs();
            var given = table(report("--memory", "16GB", "--cpus", "4", "--disk", "ssd"), "settings");
            assertThat(given.get("shared_buffers").get("advised").getAsString()).isEqualTo("4GB");
        } finally {
            inside.descendants().forEach(ProcessHandle::destroy);
            inside.destroy();
            inside.waitFor();
        }
    }

    void ofTheProcessesHereWithTheNumberOfOurBackendOnlyOneWithOurPortIsOurs() throws Exception {
        var script = new optimize_postgres();
        script.database.environment = () -> Map.of("DATABASE_URL", server.url("postgres"));
        script.command();
        try (var context = new optimize_postgres.Context(script)) {
            var own = context.one("select pid, client_port from pg_stat_activity where pid = pg_backend_pid()");
            for (var port : List.of(own.number("client_port") + 1, own.number("client_port"))) {
                write("proc/" + own.number("pid") + "/status", "PPid:\t7\n");
                write("proc/" + own.number("pid") + "/cmdline", "postgres: postgres postgres 127.0.0.1(" + port + ") idle");
                assertThat(optimize_postgres.Settings.Machine.server(context, new optimize_postgres.Settings.Kernel(folder)))
                        .isEqualTo(port == own.number("client_port") ? 7L : null);
            }
        }
    }

    // --- the values ---

    /** Worked out by hand from the sources of both calculators. */
    @ParameterizedTest
    @CsvSource({"1,1,web,256MB,768MB,64MB,7864kB,4MB,256MB,768MB,128MB,16MB",
            "2,2,web,512MB,1536MB,128MB,16MB,4MB,512MB,1536MB,256MB,32MB", "4,2,web,1GB,3GB,256MB,16MB,5041kB,1GB,3GB,512MB,32MB",
        "8,4,web,2GB,6GB,512MB,16MB,10280kB,2GB,6GB,1GB,16MB", "16,4,oltp,4GB,12GB,1GB,16MB,13797kB,4GB,12GB,2047MB,32MB",
        "16,4,mixed,4GB,12GB,1GB,16MB,20164kB,4GB,12GB,2047MB,32MB",
        "16,4,dw,4GB,12GB,2GB,16MB,47662kB,4GB,12GB,2047MB,32MB", "64,16,web,16GB,48GB,4GB,16MB,77672kB,16GB,48GB,2047MB,32MB",
        "128,32,oltp,32GB,96GB,8GB,16MB,101067kB,32GB,96GB,2047MB,32MB"})
    void both_calculators_are_quoted_rightly(int gigabytes, int cpus, optimize_postgres.Settings.Load load, String buffers, String cache,
    String maintenance, String wal, String work,
            String theirBuffers, String theirCache, String theirMaintenance, String theirWork) {
        var memory = gigabytes * 1073741824.0;
        var pgtune = optimize_postgres.Settings.pgtune(memory, cpus, optimize_postgres.Settings.Disk.ssd, load, 18);
        assertThat(pgtune).containsEntry("shared_buffers", buffers).containsEntry("effective_cache_size", cache)
                .containsEntry("maintenance_work_mem", maintenance)
                .containsEntry("wal_buffers", wal).containsEntry("work_mem", work).containsEntry("io_method", "io_uring");
        var timescale = optimize_postgres.Settings.timescaledbTune(memory, cpus, 18);
        assertThat(timescale).containsEntry("shared_buffers", theirBuffers).containsEntry("effective_cache_size", theirCache)
                .containsEntry("maintenance_work_mem", theirMaintenance)
                .containsEntry("work_mem", theirWork);
    }

    @Test
    void all_connections_with_a_hash_table_each_stay_within_their_share_of_the_memory() throws Exception {
        start(servers.newest(), Map.of());
        for (var shape : Shape.some(5)) {
            var work = table(report(shape.arguments()), "settings").get("work_mem").get("advised").getAsString();
            var megabytes = Double.parseDouble(text("select pg_size_bytes('" + work + "')::float8 / 1048576"));
            assertThat(megabytes == 4 || megabytes * 100 * 2 <= 0.41 * Double.parseDouble(shape.memory.replace("MB", "")))
                    .as("%s: %s", shape, work).isTrue();
        }
    }

    @ParameterizedTest
    @MethodSource("majors")
    void temporary_files_and_forced_checkpoints_speak_even_against_what_somebody_has_chosen(int major) throws Exception {
        start(major, Map.of());
        sql("alter system set work_mem = '64kB'", "alter system set max_wal_size = '64MB'", "alter system set random_page_cost = 3",
                "select pg_reload_conf()");
        until("select setting = '64' from pg_settings where name = 'work_mem'");
        for (var i = 0; i < 12; i++) {
            sql("select count(*) from (select g from generate_series(1, 100000) g order by md5(g::text)) x", "checkpoint");
        }
        until("select sum(temp_files) >= 10 from pg_stat_database");
        until(major >= 17 ? "select num_requested >= 10 from pg_stat_checkpointer" : "select checkpoints_req >= 10 from pg_stat_bgwriter");
        var table = table(report("--memory", "8GB", "--cpus", "4", "--disk", "ssd"), "settings");
        assertThat(table.get("work_mem").get("reason").getAsString()).contains("temporary files of");
        assertThat(table.get("work_mem").get("change").getAsBoolean()).isTrue();
        assertThat(table.get("max_wal_size").get("reason").getAsString()).contains("checkpoints were forced");
        assertThat(table.get("max_wal_size").get("change").getAsBoolean()).isTrue();
        assertThat(table.get("random_page_cost").get("change").getAsBoolean()).isFalse();
        assertThat(table.get("random_page_cost").get("reason").getAsString()).contains("somebody has chosen 3 (postgresql.auto.conf:");
    }

    @ParameterizedTest
    @CsvSource({"50000,10,0,NaN,web", "50000,10,1.5,NaN,oltp", "50000,500000,1,NaN,dw", "50000,10,1,0.9,dw", "50000,8000,1,NaN,mixed",
            "50000,10,1,0.3,mixed", "100,10,1,NaN,mixed"})
    void the_kind_of_load_is_inferred_from_what_transactions_do(double transactions, double read, double written, double longShare,
    optimize_postgres.Settings.Load load) {
        var signals = new optimize_postgres.Settings.Signals();
        signals.seconds = 86_400;
        signals.transactions = transactions;
        signals.rowsRead = read * transactions;
        signals.rowsWritten = written * transactions;
        signals.longShare = longShare;
        assertThat(signals.load().load()).isEqualTo(load);
        assertThat(signals.load().words()).contains(transactions < 10_000 ? "for want of evidence" : "rows read");
    }

    // --- what stands in the way ---

    @Test
    void what_the_command_line_gives_is_named_and_left_and_so_is_what_a_database_or_role_has_of_its_own() throws Exception {
        start(servers.newest(), Map.of("maintenance_work_mem", "65MB", "max_wal_size", "100MB"));
        sql("create database \"odd \"\"name\"", "create role \"Some Body\"", "alter database \"odd \"\"name\" set work_mem = '99MB'",
                "alter role \"Some Body\" set random_page_cost = 2");
        var applied = run("--apply", "settings", "--memory", "8GB", "--cpus", "4", "--disk", "ssd", "--retune", "--json");
        assertThat(applied.exit()).isEqualTo(1);
        var table = table(json(applied), "settings");
        assertThat(table.get("maintenance_work_mem").get("reason").getAsString()).contains("given on the server's command line");
        assertThat(lines()).noneMatch(line -> line.startsWith("maintenance_work_mem") || line.startsWith("max_wal_size"))
                .contains("random_page_cost = '1.1'");
        assertThat(table.get("work_mem").get("reason").getAsString()).contains("99MB in database odd \"name");
        assertThat(table.get("random_page_cost").get("reason").getAsString()).contains("2 for role \"Some Body\"");
        assertThat(run("--undo").exit()).isZero();
        assertThat(lines()).isEmpty();
    }

    @Test
    void a_role_without_rights_gets_done_what_the_owner_of_a_database_may_and_the_rest_is_named() throws Exception {
        start(servers.newest(), Map.of());
        sql("create role app login", "create database app owner app", "alter database app set random_page_cost = 3");
        assertThat(run("--apply", "slow-log").exit()).isZero();
        assertThat(run("--undo").exit()).isZero();
        var beside = report("--url", server.url("postgres").replace("postgres@", "app@"), "--memory", "8GB", "--cpus", "4");
        assertThat(table(beside, "settings")).as("beside a ledger of somebody else").containsKey("shared_buffers");
        var before = text("select string_agg(setconfig::text, ' ') from pg_db_role_setting");
        var arguments = new String[] {"--url", server.url("app").replace("postgres@", "app@"), "--memory", "8GB", "--cpus", "4", "--disk",
                "ssd", "--retune", "--json"};
        var applied = run(with(arguments, "--apply", "settings,slow-log"));
        assertThat(applied.exit()).as(applied.err()).isEqualTo(1);
        assertThat(lines()).isEmpty();
        assertThat(text("select setconfig::text from pg_db_role_setting")).contains("random_page_cost=1.1", "effective_cache_size=6GB");
        var report = json(applied);
        var manual = new TreeMap<String, String>();
        for (var change : changes(report, "settings")) {
            manual.put(change.get("object").getAsString(), change.get("manual").isJsonNull() ? null : change.get("manual").getAsString());
        }
        assertThat(manual.get("effective_cache_size")).isNull();
        assertThat(manual.get("shared_buffers")).contains("GRANT ALTER SYSTEM ON PARAMETER shared_buffers TO \"app\"",
                "GRANT EXECUTE ON FUNCTION pg_catalog.pg_reload_conf()");
        assertThat(run("--url", arguments[1], "--undo").exit()).isZero();
        assertThat(text("select string_agg(setconfig::text, ' ') from pg_db_role_setting")).isEqualTo(before);
        try (var superuser = servers.connect(server.url("app"))) {
            superuser.createStatement().execute(manual.get("shared_buffers").replaceFirst(".*?(?=GRANT)", ""));
        }
        assertThat(run(with(arguments, "--apply", "settings")).exit()).isEqualTo(1);
        assertThat(lines()).containsExactly("shared_buffers = '2GB'");
    }

    @Test
    void where_the_configuration_is_kept_elsewhere_nothing_fails() throws Exception {
        start(servers.newest(), Map.of("allow_alter_system", "off"));
        var applied = run("--apply", "slow-log", "--json");
        assertThat(applied.exit()).isEqualTo(1);
        assertThat(changes(json(applied), "slow-log").get(0).get("manual").getAsString()).contains("allow_alter_system is off");
    }

    @Test
    void a_standby_is_reported_on_and_left_alone() throws Exception {
        var primary = new local_postgres.Settings(servers.newest(), folder.resolve("primary"), 0, Map.of(), "postgres");
        local_postgres.Server.start(primary).close();
        shell.run(shell.ROOT, Map.of(), "cp", "-a", folder.resolve("primary").toString(), folder.resolve("standby").toString());
        server = local_postgres.Server.start(primary);
        Files.createFile(folder.resolve("standby/standby.signal"));
        Files.writeString(folder.resolve("standby/postgresql.auto.conf"), "primary_conninfo = 'host=localhost port=" + server.port()
                + " user=postgres'\n");
        var standby = local_postgres.Server.start(new local_postgres.Settings(servers.newest(), folder.resolve("standby"), 0, Map.of(),
                "postgres"));
        others.add(standby);
        until("select exists (select from pg_stat_replication)");
        var shape = new String[] {"--memory", "8GB", "--cpus", "16", "--disk", "ssd"};
        var there = report(with(shape, "--url", standby.url("postgres")));
        assertThat(table(there, "settings").get("shared_buffers").get("advised").getAsString()).isEqualTo("2GB");
        assertThat(run(with(shape, "--url", standby.url("postgres"), "--apply", "settings")).exit()).isEqualTo(2);
        assertThat(run(with(shape, "--url", standby.url("postgres"), "--set", "max_connections=50")).out())
                .contains("only after its primary");
        var here = table(report(shape), "settings").get("max_worker_processes");
        assertThat(here.get("advised").getAsString()).isEqualTo("20");
        assertThat(here.get("change").getAsBoolean()).isFalse();
        assertThat(here.get("reason").getAsString()).contains("raise it there");
    }

    @ParameterizedTest
    @CsvSource({"--memory,much", "--memory,1MB", "--cpus,0", "--disk,tape", "--load,heavy", "--set,no_such_setting=1",
            "--set,work_mem=1kB", "--set,work_mem=big", "--set,huge_pages=perhaps",
        "--set,shared_preload_libraries=a", "--set,server_version=19", "--set,work_mem", "--log-lines,0", "--log-volume,lots"})
    void nonsense_is_wrong_usage(String option, String value) throws Exception {
        assertThat(run(option, value, "--url", servers.database(), "--json").exit()).isEqualTo(64);
    }

    // --- slow-log ---

    @ParameterizedTest
    @MethodSource("majors")
    void the_threshold_keeps_to_the_lines_that_may_be_logged_by_what_was_measured(int major) throws Exception {
        start(major, Map.of("shared_preload_libraries", "pg_stat_statements"));
        sql("create extension pg_stat_statements", "select pg_stat_statements_reset()");
        sql(Stream.concat(Stream.generate(() -> "select 1").limit(1200), Stream.generate(() -> "select pg_sleep(0.12)").limit(12))
                .toArray(String[]::new));
        sql("select 'rare', pg_sleep(0.6)");
        for (var most : List.of(1_000_000.0, 6.0, 0.5)) {
            assertThat(table(report("--log-lines", "" + most / minutes(major), "--log-volume", "1TB"), "slow-log")
                    .get("log_min_duration_statement").get("advised").getAsString())
                    .as("%s lines in all", most).isEqualTo(most > 1000 ? "100ms" : most > 1 ? "200ms" : "1s");
        }
        var little = report("--log-lines", "1000000", "--log-volume", "200kB");
        assertThat(table(little, "slow-log").get("log_min_duration_statement").get("advised").getAsString()).isNotEqualTo("100ms");
        if (major >= 13) {
            var most = 6 / minutes(major);
            var table = table(report("--log-lines", "" + most, "--log-volume", "1TB"), "slow-log");
            assertThat(table.get("log_min_duration_sample").get("advised").getAsString()).isEqualTo("20ms");
            assertThat(Double.parseDouble(table.get("log_statement_sample_rate").get("advised").getAsString()) * 12 / minutes(major))
                    .isPositive().isLessThanOrEqualTo(1.01 * most / 3);
        }
    }

    /** How long pg_stat_statements has counted. */
    double minutes(int major) throws SQLException {
        return Double.parseDouble(text("select extract(epoch from clock_timestamp() - "
                + (major >= 14 ? "(select stats_reset from pg_stat_statements_info)" : "pg_postmaster_start_time()") + ") / 60"));
    }

    @Test
    void a_threshold_that_floods_the_log_is_raised_and_one_that_does_not_is_left() throws Exception {
        start(servers.newest(), Map.of("shared_preload_libraries", "pg_stat_statements"));
        sql("create extension pg_stat_statements", "alter system set log_min_duration_statement = 0",
                "alter system set log_parameter_max_length = 100", "select pg_reload_conf()");
        until("select setting = '0' from pg_settings where name = 'log_min_duration_statement'");
        sql(Stream.generate(() -> "select 1").limit(1100).toArray(String[]::new));
        var floods = run("--apply", "slow-log", "--json");
        assertThat(table(json(floods), "slow-log").get("log_min_duration_statement").get("reason").getAsString())
                .matches(".*now [\\d,.]+ lines.*");
        assertThat(lines()).contains("log_min_duration_statement = '100ms'", "log_parameter_max_length = '100'");
        sql("alter system set log_min_duration_statement = 250", "select pg_reload_conf()");
        until("select setting = '250' from pg_settings where name = 'log_min_duration_statement'");
        assertThat(changes(report(), "slow-log")).isEmpty();
    }

    @Test
    void without_measurements_the_threshold_is_called_a_guess() throws Exception {
        start(servers.newest(), Map.of());
        var row = table(report(), "slow-log").get("log_min_duration_statement");
        assertThat(row.get("advised").getAsString()).isEqualTo("1s");
        assertThat(row.get("reason").getAsString()).startsWith("a guess");
    }

    /** Checked against numbers drawn from a log-normal distribution. */
    @ParameterizedTest
    @CsvSource({"10,5", "100,300", "3,0.1"})
    void the_share_of_calls_above_a_limit_is_that_of_the_distribution(double mean, double deviation) {
        var random = new Random(1);
        var sigma = Math.sqrt(Math.log(1 + deviation * deviation / mean / mean));
        var drawn = random.doubles(200_000).map(x -> Math.exp(Math.log(mean) - sigma * sigma / 2 + sigma * random.nextGaussian()))
                .toArray();
        var statement = new optimize_postgres.Settings.Statements.Statement(200_000, mean, deviation, 0, Double.MAX_VALUE, 100);
        for (var limit : List.of(mean / 2, mean, 2 * mean, 4 * mean)) {
            assertThat(statement.above(limit)).isCloseTo(Stream.of(drawn).flatMapToDouble(java.util.Arrays::stream).filter(x -> x > limit)
                    .count() / 200_000.0, within(0.005));
        }
    }

    // --- helpers ---

    record Ran(int exit, String out, String err) {
    }

    Ran run(String... args) {
        var out = new StringWriter();
        var err = new StringWriter();
        var script = new optimize_postgres();
        script.database.environment = () -> server == null ? Map.of() : Map.of("DATABASE_URL", server.url("postgres"));
        var exit = script.command().setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true)).execute(args);
        return new Ran(exit, out.toString(), err.toString());
    }

    static String[] with(String[] some, String... more) {
        return Stream.of(some, more).flatMap(Stream::of).toArray(String[]::new);
    }

    /** What would be done, as a document. */
    JsonObject report(String... args) {
        return json(run(with(args, "--apply", "settings,slow-log", "--dry-run", "--json")));
    }

    static JsonObject json(Ran ran) {
        assertThat(ran.out()).as(ran.err()).startsWith("{");
        return JsonParser.parseString(ran.out()).getAsJsonObject();
    }

    static JsonObject kind(JsonObject report, String name) {
        return report.getAsJsonArray("kinds").asList().stream().map(each -> each.getAsJsonObject())
                .filter(each -> each.get("kind").getAsString().equals(name)).findFirst().orElseThrow();
    }

    static List<JsonObject> changes(JsonObject report, String kind) {
        return kind(report, kind).getAsJsonArray("changes").asList().stream().map(each -> each.getAsJsonObject()).toList();
    }

    static List<String> notes(JsonObject report, String kind) {
        return kind(report, kind).getAsJsonArray("notes").asList().stream().map(each -> each.getAsString()).toList();
    }

    static Map<String, Object> data(JsonObject report, String kind, String name) {
        return new TreeMap<>(new com.google.gson.Gson().fromJson(kind(report, kind).getAsJsonObject("data").get(name), Map.class));
    }

    static Map<String, JsonObject> table(JsonObject report, String kind) {
        var rows = new TreeMap<String, JsonObject>();
        kind(report, kind).getAsJsonObject("data").getAsJsonArray("settings")
                .forEach(row -> rows.put(row.getAsJsonObject().get("name").getAsString(), row.getAsJsonObject()));
        return rows;
    }

    void start(int major, Map<String, String> config) throws Exception {
        server = local_postgres.Server.start(new local_postgres.Settings(major, null, 0, config, "postgres"));
    }

    void restart() throws Exception {
        assertThat(server.run(server.data, "pg_ctl", "restart", "-w", "-m", "fast", "-l", "server.log")).as(server.lastWords() + lines())
                .isZero();
    }

    void sql(String... statements) throws SQLException {
        try (var connection = servers.connect(server.url("postgres")); var statement = connection.createStatement()) {
            for (var each : statements) {
                statement.execute(each);
            }
        }
    }

    String text(String query) throws SQLException {
        try (var connection = servers.connect(server.url("postgres")); var found = connection.createStatement().executeQuery(query)) {
            found.next();
            return found.getString(1);
        }
    }

    void until(String query) throws Exception {
        for (var i = 0; i < 100 && !"t".equals(text(query)); i++) {
            Thread.sleep(100);
        }
        assertThat(text(query)).as(query).isEqualTo("t");
    }

    /** Every column of every setting, but for the line's number: ALTER SYSTEM puts what it writes last. */
    List<String> settings() throws SQLException {
        try (var connection = servers.connect(server.url("postgres")); var found = connection.createStatement()
                .executeQuery("select (to_jsonb(s) - 'sourceline')::text from pg_settings s where name <> 'application_name'"
                        + " order by name")) {
            var all = new ArrayList<String>();
            while (found.next()) {
                all.add(found.getString(1));
            }
            return all;
        }
    }

    /** What postgresql.auto.conf says, in no order: no two lines are of one setting. */
    List<String> lines() throws IOException {
        return Files.readAllLines(server.data.resolve("postgresql.auto.conf")).stream()
                .filter(line -> !line.startsWith("#") && !line.isBlank()).sorted().toList();
    }

    static double machineMegabytes() throws IOException {
        return Files.readAllLines(Path.of("/proc/meminfo")).stream().filter(line -> line.matches("(MemTotal|SwapTotal):.*"))
                .mapToDouble(line -> Double.parseDouble(line.replaceAll("\\D", ""))).sum() / 1024;
    }

    void write(String path, String text) throws IOException {
        Files.createDirectories(folder.resolve(path).getParent());
        Files.writeString(folder.resolve(path), text);
    }
}
