import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Runs programs as a user types them, and keeps what they said. */
class shell {
    static final Path ROOT = Path.of("").toAbsolutePath();

    /** What a finished program left: exit code, standard output, standard error. */
    record Ran(int exit, String out, String err) {
    }

    /** Runs argv in a folder; environment entries with a null value are removed. Fails after five minutes. */
    static Ran run(Path folder, Map<String, String> environment, String... argv) throws IOException, InterruptedException {
        return finish(start(folder, environment, argv), "");
    }

    static Process start(Path folder, Map<String, String> environment, String... argv) throws IOException {
        var builder = new ProcessBuilder(argv).directory(folder.toFile());
        for (var setting : new TreeMap<>(environment).keySet()) {
            if (environment.get(setting) == null) {
                builder.environment().remove(setting);
            } else {
                builder.environment().put(setting, environment.get(setting));
            }
        }
        return builder.start();
    }

    /** Feeds the program its input, reads all it says and waits for its end. */
    static Ran finish(Process process, String input) throws IOException, InterruptedException {
        var out = CompletableFuture.supplyAsync(() -> text(process.getInputStream()));
        var err = CompletableFuture.supplyAsync(() -> text(process.getErrorStream()));
        try (var stdin = process.getOutputStream()) {
            stdin.write(input.getBytes(StandardCharsets.UTF_8));
        } catch (IOException closed) {
            // the program ended without reading its input, as it may
        }
        if (!process.waitFor(5, TimeUnit.MINUTES)) {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
            throw new AssertionError("still running after five minutes: " + process.info().commandLine().orElse("?") + "\n" + err.join());
        }
        return new Ran(process.exitValue(), out.join(), err.join());
    }

    static String text(InputStream stream) {
        try (stream) {
            return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    /** The programs named, on PATH? Tests that need one and have it not are skipped, naming it. */
    static boolean has(String program) {
        return List.of(System.getenv("PATH").split(java.io.File.pathSeparator)).stream()
                .anyMatch(folder -> java.nio.file.Files.isExecutable(Path.of(folder, program)));
    }
}
