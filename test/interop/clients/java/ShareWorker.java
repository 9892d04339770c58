// A member of a share group until its standard input ends: accepts all it gets, one batch after the other, and prints what
// it got ("got PARTITION OFFSET DELIVERIES"), what the broker has confirmed as accepted ("accepted PARTITION OFFSET"), and of what
// it has not ("unconfirmed PARTITION OFFSET"): it may have been accepted all the same.
// With "holds" as the last argument it acknowledges nothing. With "fill N" it only sends N records first.

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.AcknowledgeType;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaShareConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

public class ShareWorker {
    public static void main(String[] arguments) throws Exception {
        String bootstrap = arguments[0];
        String topic = arguments[1];
        String group = arguments[2];
        if (arguments[3].equals("fill")) {
            fill(bootstrap, topic, group, Integer.parseInt(arguments[4]));
            return;
        }
        Thread input = new Thread(() -> {
            try {
                while (System.in.read() != -1) { }
            } catch (Exception e) {
                // As its end.
            }
        });
        input.setDaemon(true);
        input.start();
        Properties config = properties(bootstrap);
        config.put("group.id", group);
        config.put("share.acknowledgement.mode", "explicit");
        config.put("max.poll.records", "20");
        try (var consumer = new KafkaShareConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            consumer.subscribe(List.of(topic));
            while (input.isAlive()) step(consumer, arguments[3].equals("holds"), input);
        }
    }

    private static void step(KafkaShareConsumer<byte[], byte[]> consumer, boolean holds, Thread input) throws Exception {
        List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(500))) records.add(record);
        for (var record : records)
            System.out.println("got " + record.partition() + " " + record.offset() + " " + record.deliveryCount().orElse((short) 0));
        if (records.isEmpty()) return;
        if (holds) {
            input.join();
            return;
        }
        for (var record : records) consumer.acknowledge(record, AcknowledgeType.ACCEPT);
        var results = consumer.commitSync();
        for (var record : records) {
            for (Map.Entry<?, ? extends java.util.Optional<?>> result : results.entrySet()) {
                boolean isIts = result.getKey().toString().endsWith("-" + record.partition());
                if (!isIts) continue;
                String outcome = result.getValue().isEmpty() ? "accepted" : "unconfirmed";
                System.out.println(outcome + " " + record.partition() + " " + record.offset());
            }
        }
    }

    private static void fill(String bootstrap, String topic, String group, int count) throws Exception {
        try (Admin admin = Admin.create(properties(bootstrap))) {
            admin.createTopics(List.of(new NewTopic(topic, 3, (short) 1))).all().get();
            var resource = new ConfigResource(ConfigResource.Type.GROUP, group);
            List<AlterConfigOp> changes = List.of(
                new AlterConfigOp(new ConfigEntry("share.auto.offset.reset", "earliest"), AlterConfigOp.OpType.SET),
                new AlterConfigOp(new ConfigEntry("share.record.lock.duration.ms", "15000"), AlterConfigOp.OpType.SET));
            admin.incrementalAlterConfigs(Map.of(resource, changes)).all().get();
        }
        // Members are given whole batches: many small ones, so that none gets all at once.
        Properties ofSmallBatches = properties(bootstrap);
        ofSmallBatches.put("batch.size", "200");
        try (var producer = new KafkaProducer<>(ofSmallBatches, new ByteArraySerializer(), new ByteArraySerializer())) {
            for (int n = 0; n < count; n++)
                producer.send(new ProducerRecord<>(topic, n % 3, null, Integer.toString(n).getBytes()));
        }
    }

    private static Properties properties(String bootstrap) {
        Properties properties = new Properties();
        properties.put("bootstrap.servers", bootstrap);
        properties.put("reconnect.backoff.max.ms", "200");
        return properties;
    }
}
