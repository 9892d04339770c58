// Runs Kafka's command line tools one after another in one JVM, so that each costs no start of its own.
// Reads a line per run: the class's name, standard input in base64 and the arguments, separated by U+0001. Prints three lines: what
// the tool printed to standard output and to standard error, both in base64, and its exit code.

import java.io.*;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import org.apache.kafka.common.utils.Exit;

public class Tools {
    /** Thrown where a tool would end the process. An Error, so that few tools catch it. */
    static class Ended extends Error {}

    static final ByteArrayOutputStream printed = new ByteArrayOutputStream();
    static final ByteArrayOutputStream told = new ByteArrayOutputStream();
    static String answer;

    public static void main(String[] arguments) throws Exception {
        Exit.Procedure end = (status, message) -> {
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
            told.reset();
            answer = null;
            System.setIn(new ByteArrayInputStream(Base64.getDecoder().decode(words[1])));
            System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
            System.setErr(new PrintStream(told, true, StandardCharsets.UTF_8));
            try {
                Class.forName(words[0]).getMethod("main", String[].class).invoke(null, (Object) Arrays.copyOfRange(words, 2, words.length));
                ended(0);
            } catch (java.lang.reflect.InvocationTargetException error) {
                // As the JVM tells of what nobody caught.
                if (answer == null) {
                    System.err.print("Exception in thread \"main\" ");
                    error.getCause().printStackTrace();
                }
                ended(1);
            }
            real.println(answer);
            real.flush();
        }
    }

    /** What is printed after a tool's first end is its dismay at not having ended. */
    static synchronized void ended(int status) {
        if (answer != null) return;
        System.out.flush();
        System.err.flush();
        answer = text(printed) + "\n" + text(told) + "\n" + status;
    }

    static String text(ByteArrayOutputStream bytes) {
        return Base64.getEncoder().encodeToString(bytes.toByteArray());
    }
}
