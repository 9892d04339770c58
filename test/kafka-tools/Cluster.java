// Apache Kafka with several brokers in one JVM, the first of which is the controller as well.
// Arguments: the folder, a port for the controller, then a port for each broker. Prints a line when all take part. Then reads lines, 'stop 2' or
// 'start 2', and answers each with a line when it is done.

import java.io.*;
import java.nio.file.*;
import java.util.*;
import kafka.server.*;
import kafka.tools.StorageTool;
import org.apache.kafka.common.utils.Exit;
import org.apache.kafka.common.utils.Time;

public class Cluster {
    static final String ID = "4L6g3nShT-eMCtK--X86sw";
    static final PrintStream answers = System.out;
    static final Map<Integer, KafkaRaftServer> running = new TreeMap<>();
    static Path folder;
    static int controllerPort;
    static int[] ports;

    public static void main(String[] arguments) throws Exception {
        System.setOut(System.err);
        folder = Path.of(arguments[0]);
        controllerPort = Integer.parseInt(arguments[1]);
        ports = Arrays.stream(arguments).skip(2).mapToInt(Integer::parseInt).toArray();
        Thread[] starts = new Thread[ports.length];
        for (int id = 1; id <= ports.length; id++) {
            int started = id;
            starts[id - 1] = new Thread(() -> start(started));
            starts[id - 1].start();
        }
        for (Thread start : starts) start.join();
        answers.println("ready");
        var commands = new BufferedReader(new InputStreamReader(System.in));
        for (String line = commands.readLine(); line != null; line = commands.readLine()) {
            int id = Integer.parseInt(line.split(" ")[1]);
            if (line.startsWith("stop")) stop(id);
            else start(id);
            answers.println(line);
        }
        Exit.halt(0);
    }

    static void start(int id) {
        try {
            Path file = folder.resolve(id + ".properties");
            Properties properties = properties(id);
            try (Writer writer = Files.newBufferedWriter(file)) {
                properties.store(writer, null);
            }
            String[] format = {"format", "-t", ID, "-c", file.toString(), "--ignore-formatted"};
            StorageTool.execute(format, System.err);
            KafkaRaftServer server = new KafkaRaftServer(KafkaConfig.fromProps(properties), Time.SYSTEM);
            server.startup();
            synchronized (running) {
                running.put(id, server);
            }
        } catch (Exception error) {
            error.printStackTrace();
            Exit.halt(1);
        }
    }

    static void stop(int id) {
        KafkaRaftServer server = running.remove(id);
        server.shutdown();
        server.awaitShutdown();
    }

    static Properties properties(int id) {
        boolean controls = id == 1;
        String controller = "CONTROLLER://127.0.0.1:" + controllerPort;
        String listener = "PLAINTEXT://127.0.0.1:" + ports[id - 1];
        Properties properties = new Properties();
        properties.putAll(Map.of(
            "process.roles", controls ? "broker,controller" : "broker",
            "node.id", String.valueOf(id),
            "controller.quorum.voters", "1@127.0.0.1:" + controllerPort,
            "controller.listener.names", "CONTROLLER",
            "listeners", controls ? listener + "," + controller : listener,
            "advertised.listeners", listener,
            "log.dirs", folder.resolve(id + "-one") + "," + folder.resolve(id + "-two"),
            "broker.rack", id == 3 ? "rack-b" : "rack-a"
        ));
        properties.putAll(Map.of(
            "offsets.topic.num.partitions", "1",
            "offsets.topic.replication.factor", "3",
            "group.initial.rebalance.delay.ms", "0",
            // No broker is taken for dead where the machine is busy.
            "broker.session.timeout.ms", "60000",
            "num.recovery.threads.per.data.dir", "1",
            "log.cleaner.enable", "false",
            "num.network.threads", "1",
            "num.io.threads", "2"
        ));
        return properties;
    }
}
