// A worker with Kafka's Java client: produces, transacts, consumes, processes, and reads all at the end. See history.py for its arguments
// and settings; what it says is in the format of checker/history.ts.

import java.io.*;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.*;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.*;
import org.apache.kafka.clients.consumer.*;
import org.apache.kafka.clients.producer.*;
import org.apache.kafka.common.*;
import org.apache.kafka.common.errors.*;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.*;

public class Worker {
    static final int OUTSTANDING = 4000;
    /** What a worker exits with that cannot go on and must be replaced. */
    static final int GIVEN_UP = 3;

    record Topic(int number, String name, int partitions) {
        static Topic of(String words) {
            String[] parts = words.split(":");
            return new Topic(Integer.parseInt(parts[0]), parts[1], Integer.parseInt(parts[2]));
        }
    }

    static String bootstrap;
    static int number;
    static final Map<String, String> settings = new HashMap<>();
    static final List<Topic> topics = new ArrayList<>();
    static final Map<String, Integer> numbers = new HashMap<>();
    static final CountDownLatch stopped = new CountDownLatch(1);
    static final FileOutputStream output = new FileOutputStream(FileDescriptor.out);
    static Random random;

    public static void main(String[] arguments) throws Exception {
        number = Integer.parseInt(arguments[1]);
        bootstrap = arguments[2];
        for (String word : Arrays.asList(arguments).subList(3, arguments.length)) {
            int at = word.indexOf('=');
            settings.put(word.substring(0, at), word.substring(at + 1));
        }
        random = new Random(Long.parseLong(settings.getOrDefault("seed", "0")) * 1000 + number);
        for (String words : settings.get("topics").split(",")) topics.add(Topic.of(words));
        for (Topic topic : topics) numbers.put(topic.name, topic.number);
        var watcher = new Thread(() -> {
            try {
                while (System.in.read() >= 0) {}
            } catch (IOException closed) {
                // It is over all the same.
            }
            stopped.countDown();
        });
        watcher.setDaemon(true);
        watcher.start();
        try {
            switch (arguments[0]) {
                case "produce" -> produce();
                case "transact" -> transact();
                case "consume" -> consume();
                case "process" -> process();
                case "read" -> read();
                default -> throw new IllegalArgumentException(arguments[0]);
            }
        } catch (KafkaException error) {
            giveUp(error);
        }
        Runtime.getRuntime().halt(0);
    }

    static void giveUp(Throwable why) {
        why.printStackTrace();
        Runtime.getRuntime().halt(GIVEN_UP);
    }

    static long nowUs() {
        return System.nanoTime() / 1000;
    }

    /** One or more whole lines, written before anything else is done. */
    static synchronized void write(String lines) {
        try {
            output.write(lines.getBytes(StandardCharsets.ISO_8859_1));
        } catch (IOException error) {
            Runtime.getRuntime().halt(1);
        }
    }

    static void say(Object... words) {
        var joiner = new StringJoiner(" ", "", "\n");
        for (Object word : words) joiner.add(String.valueOf(word));
        write(joiner.toString());
    }

    static byte[] value(int index) {
        return (number + ":" + index + " " + ".".repeat(10 + random.nextInt(190))).getBytes(StandardCharsets.ISO_8859_1);
    }

    static int[] placeOf(byte[] value) {
        String text = new String(value, StandardCharsets.ISO_8859_1);
        int colon = text.indexOf(':'), end = text.indexOf(' ');
        return new int[] {Integer.parseInt(text, 0, colon, 10), Integer.parseInt(text, colon + 1, end, 10)};
    }

    /** Gathers what follows each other in one partition into one line: a run of acknowledgements or of polled values. */
    static class Runs {
        final String kind;
        final StringBuilder lines = new StringBuilder();
        int topic, partition, process, index, count;
        long offset;

        Runs(String kind) {
            this.kind = kind;
        }

        synchronized void add(int topic, int partition, long offset, int process, int index) {
            boolean follows = count > 0 && this.topic == topic && this.partition == partition && this.process == process;
            if (follows && this.offset + count == offset && this.index + count == index) {
                count++;
                return;
            }
            finish();
            this.topic = topic;
            this.partition = partition;
            this.offset = offset;
            this.process = process;
            this.index = index;
            count = 1;
        }

        private void finish() {
            if (count == 0) return;
            lines.append(kind).append(' ').append(nowUs()).append(' ').append(topic).append(' ').append(partition).append(' ').append(offset);
            if (!kind.equals("a")) lines.append(' ').append(process);
            lines.append(' ').append(index).append(' ').append(count).append('\n');
            count = 0;
        }

        synchronized void write() {
            finish();
            if (lines.length() > 0) Worker.write(lines.toString());
            lines.setLength(0);
        }
    }

    /** Bursts so that so many values a second are sent on average. */
    static class Pace {
        final double rate = Double.parseDouble(settings.getOrDefault("rate", "1000"));
        double dueNs = System.nanoTime();
        /** What was not sent while the broker was away is made up for, but for what is older. */
        static final double LATE_NS = 10e9;

        int burst() {
            return 1 + random.nextInt(Math.max(2, Math.min(200, (int) (rate / 5))));
        }

        /** Returns when it is time to go on, false when it is time to stop. */
        boolean wait(int sent) throws InterruptedException {
            dueNs = Math.max(dueNs + sent / rate * 1e9, System.nanoTime() - LATE_NS);
            return !stopped.await(Math.max(0, (long) (dueNs - System.nanoTime())), TimeUnit.NANOSECONDS);
        }
    }

    static boolean isOver() {
        return stopped.getCount() == 0;
    }

    static Map<String, Object> common() {
        var made = new HashMap<String, Object>();
        made.put("bootstrap.servers", bootstrap);
        made.put("reconnect.backoff.ms", 20);
        made.put("reconnect.backoff.max.ms", 200);
        made.put("request.timeout.ms", 10000);
        return made;
    }

    /** A producer that says what it sends and what is acknowledged. */
    static class Sender {
        final KafkaProducer<byte[], byte[]> producer;
        final Runs acknowledged = new Runs("a");
        final Semaphore room = new Semaphore(OUTSTANDING);
        int sent;

        Sender(Map<String, Object> more) {
            var config = common();
            config.put("linger.ms", new int[] {0, 2, 10}[random.nextInt(3)]);
            config.put("compression.type", new String[] {"none", "gzip", "zstd"}[random.nextInt(3)]);
            config.put("max.block.ms", 60000);
            config.putAll(more);
            producer = new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer());
        }

        void burst(Topic topic, int partition, int count, Object... source) throws InterruptedException {
            var words = new ArrayList<Object>(List.of("s", nowUs(), topic.number, partition, sent, count));
            words.addAll(Arrays.asList(source));
            say(words.toArray());
            for (int at = 0; at < count; at++) {
                int index = sent++;
                room.acquire();
                producer.send(new ProducerRecord<>(topic.name, partition, null, value(index)), (made, error) -> {
                    room.release();
                    if (error == null) acknowledged.add(topic.number, made.partition(), made.offset(), 0, index);
                });
            }
            acknowledged.write();
        }

        void flush() {
            producer.flush();
            acknowledged.write();
        }
    }

    static void produce() throws Exception {
        var sender = "1".equals(settings.get("acks"))
            ? new Sender(Map.of("acks", "1", "enable.idempotence", false, "retries", 0, "delivery.timeout.ms", 30000))
            : new Sender(Map.of("acks", "all", "enable.idempotence", true));
        var pace = new Pace();
        int count = 0;
        while (pace.wait(count)) {
            Topic topic = topics.get(random.nextInt(topics.size()));
            count = pace.burst();
            sender.burst(topic, random.nextInt(topic.partitions), count);
        }
        sender.flush();
        sender.producer.close(Duration.ofSeconds(10));
    }

    /** The transactions of one producer, told as they go; retries what may be retried. */
    static class Transactions {
        final Sender sender = new Sender(Map.of("transactional.id", settings.get("transactional"), "transaction.timeout.ms", 10000));
        final KafkaProducer<byte[], byte[]> producer = sender.producer;
        int transaction = -1;

        interface Work {
            void run() throws Exception;
        }

        Transactions() {
            patiently(producer::initTransactions);
        }

        void patiently(Runnable call) {
            while (true) {
                try {
                    call.run();
                    return;
                } catch (TimeoutException error) {
                    if (isOver()) throw error;
                }
            }
        }

        void abort() {
            say("x", nowUs(), transaction);
            patiently(producer::abortTransaction);
            sender.acknowledged.write();
            say("X", nowUs(), transaction);
        }

        /** True when the work was committed, false when it was aborted, by chance or because it had to be. */
        boolean run(Work work) throws Exception {
            transaction++;
            producer.beginTransaction();
            say("b", nowUs(), transaction);
            try {
                work.run();
                if (random.nextDouble() < Double.parseDouble(settings.getOrDefault("aborts", "0.15"))) {
                    abort();
                    return false;
                }
                sender.flush();
                say("c", nowUs(), transaction);
                patiently(producer::commitTransaction);
                say("C", nowUs(), transaction);
                return true;
            } catch (ProducerFencedException | InvalidProducerEpochException | OutOfOrderSequenceException | AuthorizationException | TimeoutException error) {
                throw error;
            } catch (KafkaException error) {
                abort();
                return false;
            }
        }
    }

    static void transact() throws Exception {
        var transactions = new Transactions();
        var pace = new Pace();
        int[] sent = {0};
        while (pace.wait(sent[0])) {
            sent[0] = 0;
            transactions.run(() -> {
                for (int bursts = 1 + random.nextInt(4); bursts > 0; bursts--) {
                    Topic topic = topics.get(random.nextInt(topics.size()));
                    int count = pace.burst();
                    transactions.sender.burst(topic, random.nextInt(topic.partitions), count);
                    sent[0] += count;
                }
                if (random.nextDouble() < 0.2) transactions.sender.flush();
            });
        }
    }

    /** A consumer in a group that says what it is assigned and polls. */
    static class Member implements ConsumerRebalanceListener {
        final KafkaConsumer<byte[], byte[]> consumer;
        final Runs polled = new Runs("r");
        ConsumerRecords<byte[], byte[]> found;

        Member() {
            var config = common();
            config.put("group.id", settings.get("group"));
            config.put("auto.offset.reset", "earliest");
            config.put("enable.auto.commit", false);
            config.put("isolation.level", "read_" + settings.get("isolation"));
            config.put("max.partition.fetch.bytes", Integer.parseInt(settings.getOrDefault("fetch", "100000")));
            config.put("fetch.max.wait.ms", 100);
            if ("consumer".equals(settings.get("protocol"))) config.put("group.protocol", "consumer");
            else {
                boolean cooperative = "cooperative-sticky".equals(settings.get("assignor"));
                config.put("partition.assignment.strategy", (cooperative ? CooperativeStickyAssignor.class : RangeAssignor.class).getName());
                config.put("session.timeout.ms", 3000);
                config.put("heartbeat.interval.ms", 500);
            }
            consumer = new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer());
            consumer.subscribe(topics.stream().map(Topic::name).toList(), this);
        }

        public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
            for (var at : partitions) say("A", nowUs(), numbers.get(at.topic()), at.partition(), -1);
        }

        public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
            for (var at : partitions) say("R", nowUs(), numbers.get(at.topic()), at.partition());
        }

        /** The positions after what came. */
        Map<TopicPartition, OffsetAndMetadata> poll() {
            found = consumer.poll(Duration.ofMillis(100));
            for (var record : found) {
                int[] place = placeOf(record.value());
                polled.add(numbers.get(record.topic()), record.partition(), record.offset(), place[0], place[1]);
            }
            polled.write();
            return found.nextOffsets();
        }
    }

    static void tell(String kind, Map<TopicPartition, OffsetAndMetadata> positions) {
        positions.forEach((at, position) -> say(kind, nowUs(), numbers.get(at.topic()), at.partition(), position.offset()));
    }

    static void consume() {
        var member = new Member();
        while (!isOver()) {
            var ends = member.poll();
            if (ends.isEmpty() || random.nextDouble() < 0.2) continue;
            tell("K", ends);
            try {
                member.consumer.commitSync(ends, Duration.ofSeconds(10));
                tell("k", ends);
            } catch (CommitFailedException | RebalanceInProgressException | RetriableException error) {
                // The broker is away or the group moves: the values come again.
            }
        }
        member.consumer.close(CloseOptions.timeout(Duration.ofSeconds(10)));
    }

    static void process() throws Exception {
        Topic output = Topic.of(settings.get("output"));
        numbers.put(output.name, output.number);
        var member = new Member();
        var transactions = new Transactions();
        while (!isOver()) {
            var ends = member.poll();
            if (member.found.isEmpty()) continue;
            boolean isDone = transactions.run(() -> {
                int partition = random.nextInt(output.partitions), start = 0;
                var places = new ArrayList<int[]>();
                for (var record : member.found) places.add(placeOf(record.value()));
                for (int at = 1; at <= places.size(); at++) {
                    int[] before = places.get(at - 1);
                    if (at < places.size() && places.get(at)[0] == before[0] && places.get(at)[1] == before[1] + 1) continue;
                    transactions.sender.burst(output, partition, at - start, places.get(start)[0], places.get(start)[1]);
                    start = at;
                }
                transactions.producer.sendOffsetsToTransaction(ends, member.consumer.groupMetadata());
                tell("K", ends);
            });
            if (isDone) tell("k", ends);
            else rewind(member.consumer);
        }
        member.consumer.close(CloseOptions.timeout(Duration.ofSeconds(10)));
    }

    /** Back to what the group has committed, as nothing of what was polled since counts. */
    static void rewind(KafkaConsumer<byte[], byte[]> consumer) {
        while (true) {
            try {
                var assigned = consumer.assignment();
                var committed = consumer.committed(assigned, Duration.ofSeconds(10));
                for (var at : assigned) {
                    say("A", nowUs(), numbers.get(at.topic()), at.partition(), -1);
                    if (committed.get(at) == null) consumer.seekToBeginning(List.of(at));
                    else consumer.seek(at, committed.get(at));
                }
                return;
            } catch (RetriableException error) {
                if (isOver()) throw error;
            }
        }
    }

    static void read() throws Exception {
        var all = new HashMap<TopicPartition, OffsetSpec>();
        for (Topic topic : topics)
            for (int partition = 0; partition < topic.partitions; partition++) all.put(new TopicPartition(topic.name, partition), OffsetSpec.latest());
        var waiting = new HashMap<TopicPartition, Long>();
        try (var admin = Admin.create(common())) {
            var latest = admin.listOffsets(all, new ListOffsetsOptions(IsolationLevel.READ_UNCOMMITTED)).all().get();
            latest.forEach((at, end) -> {
                if (end.offset() > 0) waiting.put(at, end.offset());
            });
        }
        var config = common();
        config.put("isolation.level", "read_" + settings.get("isolation"));
        config.put("max.poll.records", 5000);
        var consumer = new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer());
        var polled = new Runs("r");
        for (var at : waiting.keySet()) say("A", nowUs(), numbers.get(at.topic()), at.partition(), 0);
        consumer.assign(waiting.keySet());
        consumer.seekToBeginning(waiting.keySet());
        long last = System.nanoTime();
        while (!waiting.isEmpty()) {
            for (var record : consumer.poll(Duration.ofMillis(200))) {
                int[] place = placeOf(record.value());
                polled.add(numbers.get(record.topic()), record.partition(), record.offset(), place[0], place[1]);
                last = System.nanoTime();
            }
            polled.write();
            waiting.entrySet().removeIf(entry -> consumer.position(entry.getKey()) >= entry.getValue());
            if (System.nanoTime() - last > 40e9)
                throw new KafkaException("cannot read on to the ends " + waiting + ": a transaction hangs, or fetches do");
        }
    }
}
