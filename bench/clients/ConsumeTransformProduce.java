// Reads records, makes others of them, and writes those together with its offsets in transactions, one transaction for
// what one poll gave: exactly once. Prints {"perSecond": RECORDS, "transactionsPerSecond": N}, a warm-up left out.
//
//     ConsumeTransformProduce BOOTSTRAP RECORDS

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

public class ConsumeTransformProduce {
    private static final int PARTITIONS = 6;
    private static final String INPUT = "input-" + System.nanoTime();
    private static final String OUTPUT = "output-" + System.nanoTime();

    public static void main(String[] arguments) throws Exception {
        Map<String, Object> cluster = Map.of("bootstrap.servers", arguments[0]);
        int count = Integer.parseInt(arguments[1]);
        int warmUp = count / 4;
        try (Admin admin = Admin.create(cluster)) {
            var topics = List.of(new NewTopic(INPUT, PARTITIONS, (short) 1), new NewTopic(OUTPUT, PARTITIONS, (short) 1));
            admin.createTopics(topics).all().get();
        }
        fill(cluster, warmUp + count);

        Map<String, Object> producing = new HashMap<>(cluster);
        producing.put("transactional.id", OUTPUT);
        Map<String, Object> consuming = new HashMap<>(cluster);
        consuming.putAll(Map.of("group.id", INPUT, "isolation.level", "read_committed", "enable.auto.commit", "false"));
        consuming.put("auto.offset.reset", "earliest");
        try (var producer = new KafkaProducer<>(producing, new ByteArraySerializer(), new ByteArraySerializer());
                var consumer = new KafkaConsumer<>(consuming, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            producer.initTransactions();
            consumer.assign(IntStream.range(0, PARTITIONS).mapToObj(n -> new TopicPartition(INPUT, n)).toList());
            int done = 0;
            int doneAtStart = 0;
            int transactions = 0;
            long startedAt = 0;
            while (done < warmUp + count) {
                if (startedAt == 0 && done >= warmUp) {
                    startedAt = System.nanoTime();
                    doneAtStart = done;
                    transactions = 0;
                }
                var records = consumer.poll(Duration.ofSeconds(10));
                if (records.isEmpty()) throw new IllegalStateException("nothing more after " + done);
                producer.beginTransaction();
                Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
                for (ConsumerRecord<byte[], byte[]> record : records) {
                    producer.send(new ProducerRecord<>(OUTPUT, record.partition(), record.key(), transformed(record.value())));
                    var partition = new TopicPartition(record.topic(), record.partition());
                    offsets.put(partition, new OffsetAndMetadata(record.offset() + 1));
                }
                producer.sendOffsetsToTransaction(offsets, consumer.groupMetadata());
                producer.commitTransaction();
                done += records.count();
                transactions += 1;
            }
            double seconds = (System.nanoTime() - startedAt) / 1e9;
            System.out.printf(
                "{\"perSecond\": %.1f, \"transactionsPerSecond\": %.2f}%n", (done - doneAtStart) / seconds, transactions / seconds);
        }
    }

    private static void fill(Map<String, Object> cluster, int count) {
        Random random = new Random(1);
        try (var producer = new KafkaProducer<>(cluster, new ByteArraySerializer(), new ByteArraySerializer())) {
            for (int n = 0; n < count; n++) {
                byte[] value = new byte[1024];
                random.nextBytes(value);
                producer.send(new ProducerRecord<>(INPUT, n % PARTITIONS, null, value));
            }
        }
    }

    private static byte[] transformed(byte[] value) {
        byte[] result = value.clone();
        for (int n = 0; n < result.length; n++) result[n] ^= 1;
        return result;
    }
}
