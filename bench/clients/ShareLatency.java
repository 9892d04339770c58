// How long a record takes from its producer through a share group to a member of it, one record after the other, with
// acks=all, no linger and every record accepted. Prints {"p50": MS, "p99": MS}.

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.KafkaShareConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

public class ShareLatency {
    private static final String TOPIC = "share-latency-" + System.nanoTime();
    private static final int WARM_UP = 300;

    public static void main(String[] arguments) throws Exception {
        Properties properties = new Properties();
        properties.put("bootstrap.servers", arguments[0]);
        int count = Integer.parseInt(arguments[1]);
        try (Admin admin = Admin.create(properties)) {
            admin.createTopics(List.of(new NewTopic(TOPIC, 1, (short) 1))).all().get();
            var earliest = new AlterConfigOp(new ConfigEntry("share.auto.offset.reset", "earliest"), AlterConfigOp.OpType.SET);
            admin.incrementalAlterConfigs(Map.of(new ConfigResource(ConfigResource.Type.GROUP, TOPIC), List.of(earliest))).all().get();
        }
        Properties consuming = new Properties();
        consuming.putAll(properties);
        consuming.put("group.id", TOPIC);
        Map<String, Object> producing = Map.of("bootstrap.servers", arguments[0], "linger.ms", "0");
        List<Double> tookMs = new ArrayList<>();
        try (var producer = new KafkaProducer<>(producing, new ByteArraySerializer(), new ByteArraySerializer());
                var consumer = new KafkaShareConsumer<>(consuming, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            consumer.subscribe(List.of(TOPIC));
            for (int n = 0; n < WARM_UP + count; n++) {
                long sentAt = System.nanoTime();
                producer.send(new ProducerRecord<>(TOPIC, new byte[100])).get();
                while (consumer.poll(Duration.ofSeconds(30)).isEmpty()) { }
                if (n >= WARM_UP) tookMs.add((System.nanoTime() - sentAt) / 1e6);
            }
        }
        Collections.sort(tookMs);
        System.out.printf("{\"p50\": %.3f, \"p99\": %.3f}%n", tookMs.get(count / 2), tookMs.get(count * 99 / 100));
    }
}
