// Runs Kafka's command line tools one after another in one JVM, so that each costs no start of its own.
// Reads a line per run: the class's name and its arguments, separated by U+0001. Prints what the tool prints on both streams,
// then a line of U+0002 and the exit code.

import java.io.*;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.apache.kafka.common.utils.Exit;

public class Tools {
    /** Thrown where a tool would end the process. An Error, so that few tools catch it. */
    static class Ended extends Error {}

    static final ByteArrayOutputStream printed = new ByteArrayOutputStream();
    static String output;
    static int code;

    public static void main(String[] arguments) throws Exception {
        Exit.Procedure end = (status, message) -> {
            if (message != null) System.err.println(message);
            ended(status);
            throw new Ended();
        };
        Exit.setExitProcedure(end);
        Exit.setHaltProcedure(end);
        PrintStream real = System.out;
        var requests = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = requests.readLine(); line != null; line = requests.readLine()) {
            String[] words = line.split("\u0001", -1);
            printed.reset();
            output = null;
            var capture = new PrintStream(printed, true, StandardCharsets.UTF_8);
            System.setOut(capture);
            System.setErr(capture);
            try {
                Class.forName(words[0]).getMethod("main", String[].class).invoke(null, (Object) Arrays.copyOfRange(words, 1, words.length));
                ended(0);
            } catch (java.lang.reflect.InvocationTargetException error) {
                if (output == null) error.getCause().printStackTrace(capture);
                ended(1);
            }
            real.println(output);
            real.println("\u0002" + code);
            real.flush();
        }
    }

    /** What is printed after a tool's first end is its dismay at not having ended. */
    static void ended(int status) {
        if (output != null) return;
        System.out.flush();
        output = printed.toString(StandardCharsets.UTF_8);
        code = status;
    }
}
