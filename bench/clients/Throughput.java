// Writes records in bursts, or reads them back; given several brokers, a burst to each in turn, the other way round every second time. Prints the MB/s of
// each burst as [[FIRST_BROKER, SECOND_BROKER, ...], ...], a first one to warm up left out. AUTHORITY is the certificate to trust, or - for no TLS.
//
//     Throughput produce|consume RECORD_BYTES RECORDS BURSTS AUTHORITY BOOTSTRAP...

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

public class Throughput {
    private interface Burst extends AutoCloseable {
        void run() throws Exception;

        void close();
    }

    private static int recordBytes;
    private static int records;
    private static String topic;

    public static void main(String[] arguments) throws Exception {
        recordBytes = Integer.parseInt(arguments[1]);
        records = Integer.parseInt(arguments[2]);
        topic = "throughput-" + recordBytes;
        int bursts = Integer.parseInt(arguments[3]);
        List<Burst> brokers = new ArrayList<>();
        for (String bootstrap : Arrays.copyOfRange(arguments, 5, arguments.length)) {
            var config = config(bootstrap, arguments[4]);
            brokers.add(arguments[0].equals("produce") ? new Producing(config) : new Consuming(config));
        }
        List<String> rows = new ArrayList<>();
        for (int n = 0; n <= bursts; n++) {
            Double[] rates = new Double[brokers.size()];
            for (int at = 0; at < rates.length; at++) {
                int chosen = n % 2 == 0 ? at : rates.length - 1 - at;
                long begin = System.nanoTime();
                brokers.get(chosen).run();
                rates[chosen] = 1e3 * records * recordBytes / (System.nanoTime() - begin);
            }
            if (n > 0) rows.add(Arrays.toString(rates));
        }
        for (Burst broker : brokers) broker.close();
        System.out.println(rows);
    }

    private static Map<String, Object> config(String bootstrap, String authority) {
        Map<String, Object> config = new HashMap<>(Map.of("bootstrap.servers", bootstrap));
        if (!authority.equals("-")) {
            config.put("security.protocol", "SSL");
            config.put("ssl.truststore.type", "PEM");
            config.put("ssl.truststore.location", authority);
        }
        return config;
    }

    private static class Producing implements Burst {
        private final KafkaProducer<byte[], byte[]> producer;
        private final byte[] value = new byte[recordBytes];

        Producing(Map<String, Object> config) {
            config.put("acks", "1");
            producer = new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer());
            new Random(1).nextBytes(value);
        }

        public void run() throws Exception {
            var failure = new AtomicReference<Exception>();
            for (int n = 0; n < records; n++) {
                producer.send(new ProducerRecord<>(topic, value), (metadata, error) -> {
                    if (error != null) failure.set(error);
                });
            }
            producer.flush();
            if (failure.get() != null) throw failure.get();
        }

        public void close() {
            producer.close();
        }
    }

    /** Reads what the first records of the topic are, each time again. */
    private static class Consuming implements Burst {
        private final KafkaConsumer<byte[], byte[]> consumer;

        Consuming(Map<String, Object> config) {
            consumer = new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer());
            consumer.assign(consumer.partitionsFor(topic).stream().map(part -> new TopicPartition(topic, part.partition())).toList());
        }

        public void run() {
            consumer.seekToBeginning(List.of());
            for (int got = 0; got < records; ) {
                int count = consumer.poll(Duration.ofSeconds(30)).count();
                if (count == 0) throw new IllegalStateException("nothing more after " + got + " records");
                got += count;
            }
        }

        public void close() {
            consumer.close();
        }
    }
}
