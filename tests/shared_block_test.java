import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** The scripts stand alone, so what they share is a copied block, and what they depend on is pinned in each. */
class shared_block_test {
    static final List<String> WITHOUT_DATABASE = List.of("local_postgres");

    @Test
    void every_script_carries_the_same_connection_block_of_under_120_lines() throws IOException {
        var copies = new TreeMap<String, TreeSet<String>>();
        for (var script : scripts()) {
            var parts = Files.readString(script).split("(?m)^    // --- (?=shared: database)|(?<=^    // --- end of shared: database) ---$",
                    -1);
            if (!WITHOUT_DATABASE.contains(name(script))) {
                assertThat(parts).as("the connection block of " + script).hasSize(3);
                copies.computeIfAbsent(parts[1], text -> new TreeSet<>()).add(name(script));
            }
        }
        assertThat(copies.values()).as("groups of scripts with equal blocks").hasSize(1);
        assertThat(copies.firstKey().lines().count()).isLessThan(120);
    }

    @Test
    void every_script_pins_the_same_exact_versions() throws IOException {
        var versions = new TreeMap<String, TreeSet<String>>();
        for (var script : scripts()) {
            for (var dependency : directives(script, "//DEPS ")) {
                var parts = dependency.replaceFirst("@\\w+$", "").split(":");
                assertThat(parts).as(dependency + " in " + script).hasSize(3);
                assertThat(parts[2]).as(dependency).matches("\\d[\\w.-]*");
                versions.computeIfAbsent(parts[0] + ":" + parts[1], artifact -> new TreeSet<>()).add(parts[2]);
            }
        }
        versions.forEach((artifact, pinned) -> assertThat(pinned).as(artifact).hasSize(1));
    }

    @Test
    void every_script_is_one_file_with_one_class_of_its_name() throws IOException {
        for (var script : scripts()) {
            var text = Files.readString(script);
            assertThat(text).startsWith("///usr/bin/env jbang \"$0\" \"$@\" ; exit $?\n//JAVA 17+\n").doesNotContain("\n//SOURCES",
                    "\n//CDS");
            assertThat(text.lines().filter(line -> line.matches("(public |final |abstract )*(class|record|enum|interface) .*")).toList())
                    .singleElement().asString().startsWith("class " + name(script) + " ");
        }
    }

    @Test
    void the_catalog_lists_every_script_twice_with_its_description() throws IOException {
        var aliases = JsonParser.parseString(Files.readString(Path.of("jbang-catalog.json"))).getAsJsonObject().getAsJsonObject("aliases");
        var expected = new TreeSet<>(List.of("test"));
        aliases.entrySet().stream().filter(alias -> alias.getValue().getAsJsonObject().has("arguments"))
                .forEach(alias -> expected.add(alias.getKey())); // one use of a script
        for (var script : scripts()) {
            for (var alias : List.of(name(script), name(script) + ".java")) {
                expected.add(alias);
                assertThat(aliases.has(alias)).as(alias).isTrue();
                assertAlias(aliases.getAsJsonObject(alias), script);
            }
        }
        assertAlias(aliases.getAsJsonObject("test"), Path.of("tests/run_tests.java"));
        assertThat(aliases.keySet()).isEqualTo(expected);
    }

    static void assertAlias(JsonObject alias, Path script) throws IOException {
        assertThat(alias.get("script-ref").getAsString()).isEqualTo(script.toString().replace('\\', '/'));
        assertThat(directives(script, "//DESCRIPTION ")).containsExactly(alias.get("description").getAsString());
    }

    static List<String> directives(Path script, String directive) throws IOException {
        try (var lines = Files.lines(script)) {
            return lines.filter(line -> line.startsWith(directive))
                    .flatMap(line -> directive.equals("//DEPS ") ? List.of(line.substring(7).trim().split("\\s+")).stream()
                    : List.of(line.substring(directive.length()).trim()).stream()).toList();
        }
    }

    static List<Path> scripts() throws IOException {
        try (var files = Files.list(Path.of("scripts"))) {
            return files.filter(file -> file.toString().endsWith(".java")).sorted().toList();
        }
    }

    static String name(Path script) {
        return script.getFileName().toString().replace(".java", "");
    }
}
