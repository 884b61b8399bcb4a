///usr/bin/env jbang "$0" "$@" ; exit $?
//JAVA 17+
//DESCRIPTION Runs the tests: all, or with -n those whose Class.method contains NAME.
//DEPS org.junit.platform:junit-platform-console-standalone:1.14.4
//DEPS org.assertj:assertj-core:3.27.7
//DEPS info.picocli:picocli:4.7.7
//SOURCES *_test.java
//SOURCES shell.java
//SOURCES pgbouncer.java
//RUNTIME_OPTIONS --enable-native-access=ALL-UNNAMED -Djava.util.concurrent.ForkJoinPool.common.parallelism=64

// Tests wait in the common pool for servers, programs and each other. By itself it has one thread less than the machine has processors,
// and since Java 25 CompletableFuture uses it even where that is one.

import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClasspathRoots;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.ClassOrderer;
import org.junit.jupiter.api.extension.AnnotatedElementContext;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.io.TempDirFactory;
import org.junit.platform.engine.FilterResult;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.TestExecutionResult.Status;
import org.junit.platform.engine.support.descriptor.ClassSource;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.PostDiscoveryFilter;
import org.junit.platform.launcher.TagFilter;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(name = "test", mixinStandardHelpOptions = true, description = "Runs the tests in tests/ against real servers and files.")
class run_tests implements Callable<Integer> {
    @Option(names = "-n", paramLabel = "NAME", description = "Only tests whose Class.method contains NAME (repeatable).")
    List<String> wanted = List.of();

    @Option(names = "--matrix", description = "Run what is tested per server on every major from 12 to 18, not only on the newest.")
    boolean matrix;

    @Option(names = "--slow", description = "Also run tests tagged slow.")
    boolean slow;

    @Option(names = "--threads", paramLabel = "N", defaultValue = "3", description = "Run N classes at once (default: ${DEFAULT-VALUE}).")
    int threads;

    @Override
    public Integer call() throws Exception {
        System.setProperty("pgbang.matrix", String.valueOf(matrix));
        var own = Path.of(run_tests.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        var request = LauncherDiscoveryRequestBuilder.request().selectors(selectClasspathRoots(Set.of(own))).filters(byName())
                .configurationParameters(parallel());
        if (!slow) { // slow tests make large files
            request.filters(TagFilter.excludeTags("slow"));
            request.configurationParameter(TempDir.DEFAULT_FACTORY_PROPERTY_NAME, InMemory.class.getName());
        }
        var summary = new SummaryGeneratingListener();
        LauncherFactory.create().execute(request.build(), summary, new Progress());
        var result = summary.getSummary();
        result.printFailuresTo(new PrintWriter(System.err), 10);
        var skipped = result.getTestsSkippedCount() + result.getTestsAbortedCount();
        System.out.printf("%d tests in %.0f s%n", result.getTestsFoundCount(),
                (result.getTimeFinished() - result.getTimeStarted()) / 1000.0);
        System.out.printf("%d passed, %d failed, %d skipped%n", result.getTestsSucceededCount(), result.getTotalFailureCount(), skipped);
        return result.getTotalFailureCount() == 0 && result.getTestsSucceededCount() > 0 ? 0 : 1;
    }

    /**
     * Classes at once, the longest first, which have the lowest @Order; the tests of a class in turn.
     * The pool may not grow: it would for every thread that waits, and then more tests than asked for would run.
     */
    Map<String, String> parallel() {
        var parallel = "junit.jupiter.execution.parallel.";
        return Map.of("junit.jupiter.testclass.order.default", ClassOrderer.OrderAnnotation.class.getName(),
                parallel + "enabled", String.valueOf(threads > 1),
                parallel + "mode.default", "same_thread",
                parallel + "mode.classes.default", "concurrent",
                parallel + "config.strategy", "fixed",
                parallel + "config.fixed.parallelism", String.valueOf(threads),
                parallel + "config.fixed.max-pool-size", String.valueOf(threads));
    }

    /** Tests make and sync thousands of small files, which are made sooner in memory. */
    static class InMemory implements TempDirFactory {
        @Override
        public Path createTempDirectory(AnnotatedElementContext element, ExtensionContext extension) throws IOException {
            var memory = Path.of("/dev/shm");
            var hasRoom = Files.isWritable(memory) && Files.getFileStore(memory).getUsableSpace() > 2_000_000_000L;
            return hasRoom ? Files.createTempDirectory(memory, "junit") : Files.createTempDirectory("junit");
        }
    }

    PostDiscoveryFilter byName() {
        return test -> {
            var name = test.getSource().filter(MethodSource.class::isInstance).map(MethodSource.class::cast)
                    .map(m -> m.getClassName() + "." + m.getMethodName()).orElse(null);
            return FilterResult.includedIf(name == null || wanted.isEmpty() || wanted.stream().anyMatch(name::contains));
        };
    }

    /** A line per test class with its time, and one at once for each failure, skip, and test that took long; told of several at once. */
    static class Progress implements TestExecutionListener {
        static final double LONG = 5;

        final Map<String, Long> started = new ConcurrentHashMap<>();

        @Override
        public void executionStarted(TestIdentifier test) {
            started.put(test.getUniqueId(), System.nanoTime());
        }

        @Override
        public void executionSkipped(TestIdentifier test, String reason) {
            System.out.println("  skipped " + name(test) + ": " + reason);
        }

        @Override
        public void executionFinished(TestIdentifier test, TestExecutionResult result) {
            if (result.getStatus() != Status.SUCCESSFUL) {
                System.out.println((result.getStatus() == Status.FAILED ? "  FAILED " : "  skipped ") + name(test) + ": "
                        + result.getThrowable().map(Throwable::getMessage).orElse(""));
            }
            var seconds = (System.nanoTime() - started.remove(test.getUniqueId())) / 1e9;
            if (isClass(test) || test.isTest() && seconds > LONG) {
                System.out.printf("%6.1f s  %s%n", seconds, isClass(test) ? test.getDisplayName() : name(test));
            }
        }

        static boolean isClass(TestIdentifier test) {
            return test.getSource().filter(ClassSource.class::isInstance).isPresent();
        }

        static String name(TestIdentifier test) {
            return test.getSource().filter(MethodSource.class::isInstance).map(MethodSource.class::cast)
                    .map(m -> m.getClassName() + "." + m.getMethodName()).orElse(test.getDisplayName());
        }
    }

    public static void main(String... args) {
        System.exit(new CommandLine(new run_tests()).execute(args));
    }
}
