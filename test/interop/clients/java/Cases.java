// Kafka's own Java clients against a broker, run as a single source file with Kafka's jars on the class path.
// Arguments: the bootstrap address and case names; prints one line of JSON per case.

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.*;
import java.util.concurrent.*;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import java.util.stream.*;
import org.apache.kafka.clients.admin.*;
import org.apache.kafka.clients.consumer.*;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.producer.*;
import org.apache.kafka.common.*;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.*;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.serialization.*;

public class Cases {
    /** An hour ago: old enough to differ from the time of sending, too young for retention to remove. */
    static final long FIRST_MS = System.currentTimeMillis() - 3_600_000;
    static final String RUN = String.format("%08x", new Random().nextInt());
    static String bootstrap;
    static Admin admin;

    interface Case {
        void run() throws Exception;
    }

    static void check(boolean condition, String what) {
        if (!condition) throw new AssertionError(what);
    }

    static void equal(Object actual, Object expected, String what) {
        if (!Objects.equals(actual, expected)) throw new AssertionError(what + ": expected " + expected + ", got " + actual);
    }

    static void until(String what, int seconds, Callable<Boolean> condition) throws Exception {
        long deadline = System.nanoTime() + seconds * 1_000_000_000L;
        while (!condition.call()) {
            check(System.nanoTime() < deadline, "waited " + seconds + " s in vain for: " + what);
            Thread.sleep(20);
        }
    }

    static <T> T get(KafkaFuture<T> future) throws Exception {
        try {
            return future.get(20, TimeUnit.SECONDS);
        } catch (ExecutionException error) {
            throw (Exception) error.getCause();
        }
    }

    static void refused(Class<? extends Exception> wanted, Callable<?> call) throws Exception {
        try {
            call.call();
        } catch (Exception error) {
            check(wanted.isInstance(error), "expected " + wanted.getSimpleName() + ", got " + error);
            return;
        }
        throw new AssertionError("not refused with " + wanted.getSimpleName());
    }

    static String create(String name, int partitions, Map<String, String> configs) throws Exception {
        String topic = name + "-" + RUN;
        get(admin.createTopics(List.of(new NewTopic(topic, partitions, (short) 1).configs(configs))).all());
        until(topic + " is known", 20, () -> isKnown(topic));
        return topic;
    }

    static boolean isKnown(String topic) throws Exception {
        try {
            return !get(admin.describeTopics(List.of(topic)).allTopicNames()).isEmpty();
        } catch (UnknownTopicOrPartitionException notYet) {
            return false;
        }
    }

    record Sent(byte[] key, byte[] value, List<Header> headers) {}

    static byte[] body(int index, int size) {
        byte[] made = new byte[size];
        byte[] noise = new byte[size / 2];
        new Random(index * 1_000_003L + size).nextBytes(noise);
        byte[] line = ("line " + index + " of a log that repeats itself again and again; ").getBytes();
        for (int at = 0; at < size; at++) made[at] = at < noise.length ? noise[at] : line[at % line.length];
        return made;
    }

    static List<Sent> records(int count) {
        int[] sizes = {0, 1, 17, 100, 1000, 9000};
        List<Sent> made = new ArrayList<>();
        for (int index = 0; index < count; index++) {
            byte[] key = index % 7 == 3 ? null : index % 7 == 5 ? new byte[0] : ("key-" + index).getBytes();
            byte[] value = index % 11 == 5 ? null : body(index, sizes[index % 6]);
            List<Header> headers = new ArrayList<>();
            if (index % 5 == 0) {
                headers.add(new RecordHeader("trace", new byte[] {0, -1, -128, (byte) index}));
                headers.add(new RecordHeader("trace", "again".getBytes()));
                headers.add(new RecordHeader("null", (byte[]) null));
            }
            made.add(new Sent(key, value, headers));
        }
        return made;
    }

    static List<Sent> largeRecords() {
        Random sizes = new Random(7);
        return IntStream.range(0, 24)
            .mapToObj(i -> new Sent(("" + i).getBytes(), body(i, 100_000 + sizes.nextInt(400_000)), List.of()))
            .toList();
    }

    static Producer<byte[], byte[]> producer(Map<String, Object> settings) {
        Map<String, Object> all = new HashMap<>(Map.of("bootstrap.servers", bootstrap, "linger.ms", 20, "delivery.timeout.ms", 30000,
            "request.timeout.ms", 20000, "max.request.size", 2_000_000));
        all.putAll(settings);
        return new KafkaProducer<>(all, new ByteArraySerializer(), new ByteArraySerializer());
    }

    static List<Long> produce(String topic, List<Sent> wanted, long firstMs, Map<String, Object> settings) throws Exception {
        List<Future<RecordMetadata>> futures = new ArrayList<>();
        try (var producer = producer(settings)) {
            for (Sent one : wanted)
                futures.add(producer.send(new ProducerRecord<>(topic, 0, firstMs + futures.size(), one.key, one.value, one.headers)));
        }
        List<Long> offsets = new ArrayList<>();
        for (var future : futures) offsets.add(future.get(20, TimeUnit.SECONDS).offset());
        return offsets;
    }

    static Consumer<byte[], byte[]> consumer(Map<String, Object> settings) {
        Map<String, Object> all = new HashMap<>(Map.of("bootstrap.servers", bootstrap, "enable.auto.commit", false,
            "auto.offset.reset", "earliest", "fetch.max.wait.ms", 100));
        all.putAll(settings);
        return new KafkaConsumer<>(all, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    static List<ConsumerRecord<byte[], byte[]>> consume(String topic, int count, long from, Map<String, Object> settings) throws Exception {
        List<ConsumerRecord<byte[], byte[]>> found = new ArrayList<>();
        try (var consumer = consumer(settings)) {
            var where = new TopicPartition(topic, 0);
            consumer.assign(List.of(where));
            consumer.seek(where, from);
            until(count + " records of " + topic, 40, () -> {
                consumer.poll(Duration.ofMillis(200)).forEach(found::add);
                return found.size() >= count;
            });
        }
        return found;
    }

    static void same(List<ConsumerRecord<byte[], byte[]>> found, List<Sent> wanted, long firstOffset) {
        equal(found.size(), wanted.size(), "count of records");
        for (int index = 0; index < wanted.size(); index++) {
            var got = found.get(index);
            var want = wanted.get(index);
            check(Arrays.equals(got.key(), want.key), "key of record " + index);
            check(Arrays.equals(got.value(), want.value), "value of record " + index);
            equal(Arrays.asList(got.headers().toArray()), want.headers, "headers of record " + index);
            equal(got.offset(), firstOffset + index, "offset");
            equal(got.timestamp(), FIRST_MS + firstOffset + index, "timestamp");
        }
    }

    static void thereAndBack(String name, List<Sent> wanted, Map<String, Object> settings) throws Exception {
        String topic = create(name, 1, Map.of());
        List<Long> offsets = produce(topic, wanted, FIRST_MS, settings);
        if (!"0".equals(settings.get("acks"))) equal(offsets, LongStream.range(0, wanted.size()).boxed().toList(), "offsets");
        same(consume(topic, wanted.size(), 0, Map.of()), wanted, 0);
        same(consume(topic, wanted.size() - 7, 7, Map.of("isolation.level", "read_committed")), wanted.subList(7, wanted.size()), 7);
    }

    // --- groups ---

    static class Member extends Thread {
        final Set<String> seen = ConcurrentHashMap.newKeySet();
        volatile Set<TopicPartition> assignment = Set.of();
        volatile Throwable error;
        volatile boolean isStopping;
        final Map<String, Object> settings;
        final java.util.function.Consumer<Consumer<byte[], byte[]>> subscribe;

        Member(Map<String, Object> settings, java.util.function.Consumer<Consumer<byte[], byte[]>> subscribe) {
            this.settings = settings;
            this.subscribe = subscribe;
            setDaemon(true);
            start();
        }

        @Override
        public void run() {
            try (var consumer = consumer(settings)) {
                subscribe.accept(consumer);
                while (!isStopping) {
                    var batch = consumer.poll(Duration.ofMillis(100));
                    batch.forEach(record -> seen.add(record.value() == null ? "null" : new String(record.value(), StandardCharsets.ISO_8859_1)));
                    try {
                        if (!batch.isEmpty()) consumer.commitSync();
                    } catch (CommitFailedException | RebalanceInProgressException again) {
                        // The group has moved on; the records come again.
                    }
                    assignment = Set.copyOf(consumer.assignment());
                }
                assignment = Set.of();
            } catch (Throwable trouble) {
                error = trouble;
            }
        }

        void leave() throws Exception {
            isStopping = true;
            join(30_000);
            check(!isAlive(), "a member did not stop");
            checkWell();
        }

        void checkWell() {
            if (error != null) throw new AssertionError("a member broke: " + error, error);
        }
    }

    static boolean settled(List<Member> members, int partitions) {
        members.forEach(Member::checkWell);
        int count = members.stream().mapToInt(m -> m.assignment.size()).sum();
        long distinct = members.stream().flatMap(m -> m.assignment.stream()).distinct().count();
        return count == partitions && distinct == partitions && members.stream().noneMatch(m -> m.assignment.isEmpty());
    }

    static void group(String name, Map<String, Object> extra) throws Exception {
        String topic = create(name, 6, Map.of());
        Map<String, Object> settings = new HashMap<>(Map.of("group.id", "g/" + topic, "session.timeout.ms", 10000, "heartbeat.interval.ms", 300));
        settings.putAll(extra);
        Set<String> sent = new HashSet<>();
        try (var producer = producer(Map.of("linger.ms", 0))) {
            java.util.function.Consumer<String> sendRound = round -> {
                List<Future<RecordMetadata>> futures = new ArrayList<>();
                for (int partition = 0; partition < 6; partition++)
                    for (int index = 0; index < 5; index++) {
                        String value = round + "-" + partition + "-" + index;
                        sent.add(value);
                        futures.add(producer.send(new ProducerRecord<>(topic, partition, null, value.getBytes())));
                    }
                for (var future : futures)
                    try {
                        future.get(20, TimeUnit.SECONDS);
                    } catch (Exception error) {
                        throw new RuntimeException(error);
                    }
            };
            Supplier<Member> start = () -> new Member(settings, consumer -> consumer.subscribe(List.of(topic)));
            List<Member> members = new ArrayList<>(), everyone = new ArrayList<>();
            Callable<Boolean> allSeen = () -> {
                Set<String> seen = new HashSet<>();
                everyone.forEach(m -> { m.checkWell(); seen.addAll(m.seen); });
                return seen.containsAll(sent);
            };
            for (String round : List.of("first", "second", "third")) {
                Member member = start.get();
                members.add(member);
                everyone.add(member);
                until(members.size() + " members share the partitions", 60, () -> settled(members, 6));
                sendRound.accept(round);
                until("all is seen with the " + round, 40, allSeen);
            }
            members.remove(1).leave();
            until("the others take over", 60, () -> settled(members, 6));
            sendRound.accept("after");
            until("all is seen after one left", 40, allSeen);
            for (Member member : members) member.leave();
            Set<String> before = Set.copyOf(sent);
            sent.clear();
            sendRound.accept("resumed");
            Member late = start.get();
            until("the late member sees what was sent last", 60, () -> { late.checkWell(); return late.seen.containsAll(sent); });
            late.leave();
            check(Collections.disjoint(late.seen, before), "the late member saw what had been committed");
        }
    }

    static void groupPattern() throws Exception {
        String prefix = "pattern-" + RUN;
        Member member = new Member(Map.of("group.id", prefix, "metadata.max.age.ms", 300),
            consumer -> consumer.subscribe(Pattern.compile(prefix + "-.*")));
        create("pattern-" + RUN + "-one", 1, Map.of());
        until("the first topic is found", 30, () -> { member.checkWell(); return member.assignment.size() == 1; });
        create("pattern-" + RUN + "-two", 2, Map.of());
        until("the second topic is found", 30, () -> { member.checkWell(); return member.assignment.size() == 3; });
        member.leave();
    }

    // --- offsets, admin ---

    static void offsetsByTime() throws Exception {
        String topic = create("by-time", 1, Map.of());
        for (int index = 0; index < 10; index++)
            produce(topic, List.of(new Sent(null, "x".getBytes(), List.of())), FIRST_MS + index * 1000L, Map.of());
        var where = new TopicPartition(topic, 0);
        try (var consumer = consumer(Map.of())) {
            Function<Long, OffsetAndTimestamp> at = stamp -> consumer.offsetsForTimes(Map.of(where, stamp)).get(where);
            equal(at.apply(FIRST_MS - 5).offset(), 0L, "before the first");
            equal(at.apply(FIRST_MS + 4001).offset(), 5L, "between two");
            equal(at.apply(FIRST_MS + 4001).timestamp(), FIRST_MS + 5000, "its timestamp");
            equal(at.apply(FIRST_MS + 9001), null, "after the last");
            equal(consumer.beginningOffsets(List.of(where)).get(where), 0L, "beginning");
            equal(consumer.endOffsets(List.of(where)).get(where), 10L, "end");
            equal(consumer.partitionsFor(topic).size(), 1, "partitions");
        }
        for (var wanted : Map.of(OffsetSpec.earliest(), 0L, OffsetSpec.latest(), 10L, OffsetSpec.maxTimestamp(), 9L,
                OffsetSpec.forTimestamp(FIRST_MS + 2500), 3L).entrySet()) {
            var found = get(admin.listOffsets(Map.of(where, wanted.getKey())).partitionResult(where));
            equal(found.offset(), wanted.getValue(), "offset " + wanted.getKey());
        }
    }

    static void adminTopics() throws Exception {
        String topic = "admin-" + RUN;
        var made = admin.createTopics(List.of(new NewTopic(topic, 3, (short) 1).configs(Map.of("retention.ms", "123456"))));
        get(made.all());
        equal(get(made.numPartitions(topic)), 3, "partitions created");
        check(get(made.topicId(topic)) != null, "topic id");
        equal(get(made.config(topic)).get("retention.ms").value(), "123456", "config in the answer");
        refused(TopicExistsException.class, () -> get(admin.createTopics(List.of(new NewTopic(topic, 3, (short) 1))).all()));
        refused(InvalidTopicException.class, () -> get(admin.createTopics(List.of(new NewTopic("a/b", 3, (short) 1))).all()));
        refused(InvalidReplicationFactorException.class, () -> get(admin.createTopics(List.of(new NewTopic(topic + "-r", 3, (short) 9))).all()));
        refused(InvalidPartitionsException.class, () -> get(admin.createTopics(List.of(new NewTopic(topic + "-p", 0, (short) 1))).all()));
        refused(InvalidConfigurationException.class, () -> get(admin.createTopics(List.of(new NewTopic(topic + "-c", 1, (short) 1).configs(Map.of("retention.ms", "soon")))).all()));
        get(admin.createTopics(List.of(new NewTopic(topic + "-v", 1, (short) 1)), new CreateTopicsOptions().validateOnly(true)).all());
        var defaults = new NewTopic(topic + "-d", Optional.empty(), Optional.empty());
        get(admin.createTopics(List.of(defaults)).all());
        until("the topics are known", 20, () -> isKnown(topic) && isKnown(topic + "-d"));
        Set<String> names = get(admin.listTopics().names());
        check(names.contains(topic) && names.contains(topic + "-d") && !names.contains(topic + "-v"), "names");
        var described = get(admin.describeTopics(List.of(topic), new DescribeTopicsOptions().includeAuthorizedOperations(true)).allTopicNames()).get(topic);
        equal(described.partitions().size(), 3, "partitions described");
        check(described.authorizedOperations().contains(AclOperation.ALTER), "operations: " + described.authorizedOperations());
        var byId = get(admin.describeTopics(TopicCollection.ofTopicIds(List.of(described.topicId()))).allTopicIds());
        equal(byId.get(described.topicId()).name(), topic, "name by id");
        get(admin.createPartitions(Map.of(topic, NewPartitions.increaseTo(5))).all());
        until("five partitions", 20, () -> get(admin.describeTopics(List.of(topic)).allTopicNames()).get(topic).partitions().size() == 5);
        refused(InvalidPartitionsException.class, () -> get(admin.createPartitions(Map.of(topic, NewPartitions.increaseTo(2))).all()));
        refused(UnknownTopicOrPartitionException.class, () -> get(admin.createPartitions(Map.of("missing-" + RUN, NewPartitions.increaseTo(2))).all()));
        // Many partitions are described in pages.
        String wide = create("wide", 120, Map.of());
        var pages = get(admin.describeTopics(List.of(wide, topic), new DescribeTopicsOptions().partitionSizeLimitPerResponse(50)).allTopicNames());
        equal(pages.get(wide).partitions().size(), 120, "partitions over pages");
        get(admin.deleteTopics(TopicCollection.ofTopicIds(List.of(described.topicId()))).all());
        get(admin.deleteTopics(List.of(wide)).all());
        refused(UnknownTopicOrPartitionException.class, () -> get(admin.deleteTopics(List.of(topic)).all()));
        refused(UnknownTopicIdException.class, () -> get(admin.deleteTopics(TopicCollection.ofTopicIds(List.of(described.topicId()))).all()));
        until("the topic is unknown", 20, () -> !isKnown(topic));
    }

    static String config(ConfigResource resource, String name) throws Exception {
        var entry = get(admin.describeConfigs(List.of(resource)).all()).get(resource).get(name);
        return entry == null ? null : entry.value();
    }

    static void alter(ConfigResource resource, String name, String value, AlterConfigOp.OpType operation) throws Exception {
        var change = new AlterConfigOp(new ConfigEntry(name, value), operation);
        get(admin.incrementalAlterConfigs(Map.of(resource, List.of(change))).all());
    }

    static void adminConfigs() throws Exception {
        String topic = create("configs", 1, Map.of("cleanup.policy", "compact"));
        var resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
        var options = new DescribeConfigsOptions().includeSynonyms(true).includeDocumentation(true);
        var entries = get(admin.describeConfigs(List.of(resource), options).all()).get(resource);
        var policy = entries.get("cleanup.policy");
        equal(policy.value(), "compact", "policy");
        equal(policy.source(), ConfigEntry.ConfigSource.DYNAMIC_TOPIC_CONFIG, "source");
        equal(policy.type(), ConfigEntry.ConfigType.LIST, "type");
        check(policy.documentation() != null && !policy.documentation().isEmpty(), "no documentation");
        equal(entries.get("retention.ms").type(), ConfigEntry.ConfigType.LONG, "type of retention.ms");
        check(entries.get("retention.ms").isDefault(), "retention.ms is not a default");
        check(entries.entries().size() >= 30, "only " + entries.entries().size() + " configs of a topic");
        alter(resource, "retention.ms", "777000", AlterConfigOp.OpType.SET);
        until("the new value", 20, () -> "777000".equals(config(resource, "retention.ms")));
        alter(resource, "cleanup.policy", "delete", AlterConfigOp.OpType.APPEND);
        until("one more policy", 20, () -> "compact,delete".equals(config(resource, "cleanup.policy")));
        alter(resource, "cleanup.policy", "compact", AlterConfigOp.OpType.SUBTRACT);
        until("one less", 20, () -> "delete".equals(config(resource, "cleanup.policy")));
        alter(resource, "retention.ms", null, AlterConfigOp.OpType.DELETE);
        until("the default", 20, () -> "604800000".equals(config(resource, "retention.ms")));
        refused(InvalidConfigurationException.class, () -> { alter(resource, "segment.bytes", "few", AlterConfigOp.OpType.SET); return null; });
        refused(InvalidConfigurationException.class, () -> { alter(resource, "no.such.key", "1", AlterConfigOp.OpType.SET); return null; });
        String node = "" + get(admin.describeCluster().nodes()).iterator().next().id();
        var broker = new ConfigResource(ConfigResource.Type.BROKER, node);
        var everywhere = new ConfigResource(ConfigResource.Type.BROKER, "");
        check(get(admin.describeConfigs(List.of(broker)).all()).get(broker).entries().size() > 100, "few broker configs");
        alter(everywhere, "log.retention.ms", "888000", AlterConfigOp.OpType.SET);
        until("the cluster's default reaches the broker", 20, () -> "888000".equals(config(broker, "log.retention.ms")));
        until("and the topic", 20, () -> "888000".equals(config(resource, "retention.ms")));
        alter(everywhere, "log.retention.ms", null, AlterConfigOp.OpType.DELETE);
        until("the default again", 20, () -> "604800000".equals(config(resource, "retention.ms")));
        refused(UnknownTopicOrPartitionException.class, () -> config(new ConfigResource(ConfigResource.Type.TOPIC, "missing-" + RUN), "retention.ms"));
        var listed = get(admin.listConfigResources(Set.of(ConfigResource.Type.TOPIC), new ListConfigResourcesOptions()).all());
        check(listed.contains(resource), "the topic is not among the resources");
    }

    static void adminGroups() throws Exception {
        String topic = create("groups", 2, Map.of());
        produce(topic, records(10), FIRST_MS, Map.of());
        String name = "admin-" + topic;
        var where = new TopicPartition(topic, 0);
        Map<String, Object> settings = Map.of("group.id", name, "group.instance.id", "static-one", "client.id", "someone");
        Member member = new Member(settings, consumer -> consumer.subscribe(List.of(topic)));
        until("the member holds both", 30, () -> { member.checkWell(); return member.assignment.size() == 2; });
        Callable<Long> stored = () -> {
            var offset = get(admin.listConsumerGroupOffsets(name).partitionsToOffsetAndMetadata()).get(where);
            return offset == null ? null : offset.offset();
        };
        until("the commit", 30, () -> Objects.equals(stored.call(), 10L));
        var options = new DescribeConsumerGroupsOptions().includeAuthorizedOperations(true);
        var described = get(admin.describeConsumerGroups(List.of(name), options).all()).get(name);
        equal(described.groupState(), GroupState.STABLE, "state");
        equal(described.partitionAssignor(), "range", "assignor");
        var one = described.members().iterator().next();
        equal(one.groupInstanceId().orElse(null), "static-one", "instance");
        equal(one.clientId(), "someone", "client");
        equal(one.host(), "/127.0.0.1", "host");
        equal(one.assignment().topicPartitions().size(), 2, "partitions");
        check(get(admin.listGroups(new ListGroupsOptions().withTypes(Set.of(GroupType.CLASSIC))).all()).stream().anyMatch(g -> g.groupId().equals(name)), "not listed");
        check(get(admin.listGroups(new ListGroupsOptions().inGroupStates(Set.of(GroupState.EMPTY))).all()).stream().noneMatch(g -> g.groupId().equals(name)), "listed as empty");
        refused(GroupNotEmptyException.class, () -> get(admin.deleteConsumerGroups(List.of(name)).all()));
        refused(UnknownMemberIdException.class, () -> get(admin.alterConsumerGroupOffsets(name, Map.of(where, new OffsetAndMetadata(4))).all()));
        member.leave();
        get(admin.removeMembersFromConsumerGroup(name, new RemoveMembersFromConsumerGroupOptions(List.of(new MemberToRemove("static-one")))).all());
        get(admin.alterConsumerGroupOffsets(name, Map.of(where, new OffsetAndMetadata(4, "from the test"))).all());
        equal(stored.call(), 4L, "offset as altered");
        get(admin.deleteConsumerGroupOffsets(name, Set.of(where)).all());
        equal(stored.call(), null, "offset as deleted");
        get(admin.deleteConsumerGroups(List.of(name)).all());
        refused(GroupIdNotFoundException.class, () -> get(admin.deleteConsumerGroups(List.of(name)).all()));
        refused(GroupIdNotFoundException.class, () -> get(admin.describeConsumerGroups(List.of(name)).all()));
    }

    static void adminRecords() throws Exception {
        String topic = create("records", 1, Map.of());
        produce(topic, records(20), FIRST_MS, Map.of());
        var where = new TopicPartition(topic, 0);
        equal(get(admin.deleteRecords(Map.of(where, RecordsToDelete.beforeOffset(7))).lowWatermarks().get(where)).lowWatermark(), 7L, "low watermark");
        equal(consume(topic, 13, 7, Map.of()).get(0).offset(), 7L, "first offset left");
        refused(org.apache.kafka.common.errors.OffsetOutOfRangeException.class, () -> get(admin.deleteRecords(Map.of(where, RecordsToDelete.beforeOffset(99))).all()));
        equal(get(admin.deleteRecords(Map.of(where, RecordsToDelete.beforeOffset(-1))).lowWatermarks().get(where)).lowWatermark(), 20L, "of all");
    }

    static void adminCluster() throws Exception {
        String topic = create("cluster", 1, Map.of());
        produce(topic, largeRecords(), FIRST_MS, Map.of());
        var cluster = admin.describeCluster(new DescribeClusterOptions().includeAuthorizedOperations(true));
        check(get(cluster.clusterId()).length() == 22, "cluster id " + get(cluster.clusterId()));
        int node = get(cluster.controller()).id();
        check(get(cluster.authorizedOperations()).contains(AclOperation.CREATE), "operations");
        var directories = get(admin.describeLogDirs(List.of(node)).allDescriptions()).get(node);
        long size = directories.values().stream().flatMap(d -> d.replicaInfos().entrySet().stream())
            .filter(e -> e.getKey().topic().equals(topic)).mapToLong(e -> e.getValue().size()).sum();
        check(size > 5_000_000, "size " + size);
        check(directories.values().iterator().next().totalBytes().orElse(0) > 0, "no total bytes");
    }

    static void errors() throws Exception {
        String topic = create("errors", 1, Map.of("max.message.bytes", "10000", "cleanup.policy", "compact"));
        refused(RecordTooLargeException.class, () -> cause(() -> produce(topic, List.of(new Sent("k".getBytes(), new byte[50_000], List.of())), FIRST_MS, Map.of())));
        refused(InvalidRecordException.class, () -> cause(() -> produce(topic, List.of(new Sent(null, new byte[50], List.of())), FIRST_MS, Map.of())));
        produce(topic, List.of(new Sent("k".getBytes(), new byte[50], List.of())), FIRST_MS, Map.of());
        refused(org.apache.kafka.clients.consumer.OffsetOutOfRangeException.class, () -> consume(topic, 1, 1000, Map.of("auto.offset.reset", "none")));
        String appendTime = create("append-time", 1, Map.of("message.timestamp.type", "LogAppendTime"));
        produce(appendTime, records(3), FIRST_MS, Map.of());
        for (var record : consume(appendTime, 3, 0, Map.of())) {
            check(record.timestamp() > FIRST_MS + 1_000_000, "timestamp " + record.timestamp());
            equal(record.timestampType().toString(), "LogAppendTime", "type of timestamp");
        }
        try (var producer = producer(Map.of("max.block.ms", 3000))) {
            refused(InvalidTopicException.class, () -> cause(() -> producer.send(new ProducerRecord<>("a b", null)).get(10, TimeUnit.SECONDS)));
        }
    }

    static <T> T cause(Callable<T> call) throws Exception {
        try {
            return call.call();
        } catch (ExecutionException error) {
            throw (Exception) error.getCause();
        }
    }

    static String json(String text) {
        StringBuilder made = new StringBuilder("\"");
        for (char c : text.toCharArray())
            if (c == '"' || c == '\\') made.append('\\').append(c);
            else if (c < ' ') made.append(String.format("\\u%04x", (int) c));
            else made.append(c);
        return made.append('"').toString();
    }

    static Producer<byte[], byte[]> transactional(String name) {
        var producer = producer(Map.of("transactional.id", name, "linger.ms", 0, "max.block.ms", 20000));
        producer.initTransactions();
        return producer;
    }

    static List<String> committed(String topic, int count) throws Exception {
        return consume(topic, count, 0, Map.of("isolation.level", "read_committed")).stream().map(r -> new String(r.value())).toList();
    }

    static Map<Integer, Long> ends(String topic, IsolationLevel level) throws Exception {
        var where = new TopicPartition(topic, 0);
        var options = new ListOffsetsOptions(level);
        return Map.of(0, get(admin.listOffsets(Map.of(where, OffsetSpec.latest()), options).all()).get(where).offset());
    }

    /** What is committed is read in order, what is aborted is not, what is open ends the reading. */
    static void transactions() throws Exception {
        String topic = create("transactions", 1, Map.of());
        List<String> wanted = new ArrayList<>();
        try (var producer = transactional(topic)) {
            for (int number = 0; number < 30; number++) {
                producer.beginTransaction();
                for (int index = 0; index < 10; index++) {
                    String value = number + "-" + index;
                    producer.send(new ProducerRecord<>(topic, 0, null, value.getBytes()));
                    if (number % 3 != 1) wanted.add(value);
                }
                producer.flush();
                if (number % 3 != 1) producer.commitTransaction();
                else producer.abortTransaction();
            }
            equal(committed(topic, wanted.size()), wanted, "committed");
            equal(consume(topic, 300, 0, Map.of()).size(), 300, "all records");
            producer.beginTransaction();
            producer.send(new ProducerRecord<>(topic, 0, null, "open".getBytes())).get(20, TimeUnit.SECONDS);
            long latest = ends(topic, IsolationLevel.READ_UNCOMMITTED).get(0);
            equal(ends(topic, IsolationLevel.READ_COMMITTED).get(0), latest - 1, "end of what is committed");
            var described = get(admin.describeTransactions(List.of(topic)).all()).get(topic);
            equal(described.state(), TransactionState.ONGOING, "state");
            equal(described.topicPartitions(), Set.of(new TopicPartition(topic, 0)), "partitions");
            var where = new TopicPartition(topic, 0);
            var active = get(admin.describeProducers(List.of(where)).all()).get(where).activeProducers();
            equal(active.get(0).currentTransactionStartOffset(), OptionalLong.of(latest - 1), "start of the transaction");
            check(get(admin.listTransactions().all()).stream().anyMatch(t -> t.transactionalId().equals(topic)), "not listed");
            // By hand, as kafka-transactions does with one that hangs.
            var producerState = active.get(0);
            get(admin.abortTransaction(new AbortTransactionSpec(where, producerState.producerId(), (short) producerState.producerEpoch(),
                producerState.coordinatorEpoch().orElse(0))).all());
            until("the abort", 20, () -> ends(topic, IsolationLevel.READ_COMMITTED).get(0) == latest + 1);
        }
    }

    /** Each record is moved once, though producers and consumers are exchanged and transactions aborted. */
    static void transactionsOffsets() throws Exception {
        String source = create("source", 1, Map.of()), target = create("target", 1, Map.of());
        List<Sent> wanted = IntStream.range(0, 400).mapToObj(i -> new Sent(null, ("" + i).getBytes(), List.of())).toList();
        produce(source, wanted, FIRST_MS, Map.of());
        int moved = 0;
        for (int life = 0; moved < wanted.size(); life++) {
            Map<String, Object> settings = Map.of("group.id", "mover-" + source, "isolation.level", "read_committed", "max.poll.records", 30);
            try (var consumer = consumer(settings); var producer = transactional("mover-" + source)) {
                consumer.subscribe(List.of(source));
                for (int batch = 0; batch < 5 && moved < wanted.size(); ) {
                    var records = consumer.poll(Duration.ofMillis(500));
                    if (records.isEmpty()) continue;
                    producer.beginTransaction();
                    for (var record : records) producer.send(new ProducerRecord<>(target, 0, null, record.value()));
                    Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
                    for (var where : records.partitions()) offsets.put(where, new OffsetAndMetadata(consumer.position(where)));
                    producer.sendOffsetsToTransaction(offsets, consumer.groupMetadata());
                    if (++batch == 4) {
                        // Left open: the next one with the name aborts it.
                        if (life % 2 == 0) producer.flush();
                        else producer.abortTransaction();
                        break;
                    }
                    producer.commitTransaction();
                    moved += records.count();
                }
            }
        }
        equal(committed(target, wanted.size()), wanted.stream().map(one -> new String(one.value)).toList(), "what was moved");
    }

    static void transactionsFencing() throws Exception {
        String topic = create("fencing", 1, Map.of());
        try (var old = transactional(topic)) {
            old.beginTransaction();
            old.send(new ProducerRecord<>(topic, 0, null, "old".getBytes())).get(20, TimeUnit.SECONDS);
            try (var fresh = transactional(topic)) {
                fresh.beginTransaction();
                fresh.send(new ProducerRecord<>(topic, 0, null, "new".getBytes()));
                fresh.commitTransaction();
            }
            refused(ProducerFencedException.class, () -> {
                old.commitTransaction();
                return null;
            });
        }
        equal(committed(topic, 1), List.of("new"), "committed");
        get(admin.fenceProducers(List.of(topic)).all());
    }

    public static void main(String[] arguments) throws Exception {
        bootstrap = arguments[0];
        admin = Admin.create(Map.of("bootstrap.servers", bootstrap, "request.timeout.ms", 15000, "default.api.timeout.ms", 20000));
        Map<String, Case> cases = new HashMap<>();
        for (String codec : List.of("none", "gzip", "snappy", "lz4", "zstd"))
            cases.put("codec-" + codec, () -> thereAndBack("codec-" + codec, records(240), Map.of("compression.type", codec)));
        for (String acks : List.of("0", "1"))
            cases.put("acks-" + acks, () -> thereAndBack("acks-" + acks, records(100), Map.of("acks", acks, "enable.idempotence", false)));
        cases.put("large", () -> thereAndBack("large", largeRecords(), Map.of()));
        cases.put("idempotent", () -> thereAndBack("idempotent", records(500), Map.of("batch.size", 300, "linger.ms", 0)));
        cases.put("group-range", () -> group("group-range", Map.of("partition.assignment.strategy", "org.apache.kafka.clients.consumer.RangeAssignor")));
        cases.put("group-cooperative", () -> group("group-cooperative", Map.of("partition.assignment.strategy", "org.apache.kafka.clients.consumer.CooperativeStickyAssignor")));
        cases.put("group-pattern", Cases::groupPattern);
        cases.put("offsets-by-time", Cases::offsetsByTime);
        cases.put("admin-topics", Cases::adminTopics);
        cases.put("admin-configs", Cases::adminConfigs);
        cases.put("admin-groups", Cases::adminGroups);
        cases.put("admin-records", Cases::adminRecords);
        cases.put("admin-cluster", Cases::adminCluster);
        cases.put("errors", Cases::errors);
        cases.put("transactions", Cases::transactions);
        cases.put("transactions-offsets", Cases::transactionsOffsets);
        cases.put("transactions-fencing", Cases::transactionsFencing);
        var runner = Executors.newCachedThreadPool(task -> { var t = new Thread(task); t.setDaemon(true); return t; });
        for (String name : Arrays.asList(arguments).subList(1, arguments.length)) {
            boolean ok = true;
            String detail = "";
            try {
                Case one = cases.get(name);
                check(one != null, "there is no such case");
                runner.submit(() -> { one.run(); return null; }).get(90, TimeUnit.SECONDS);
            } catch (Throwable error) {
                ok = false;
                Throwable why = error instanceof ExecutionException ? error.getCause() : error;
                String where = Arrays.stream(why.getStackTrace()).filter(f -> f.getClassName().startsWith("Cases"))
                    .map(f -> "\nat " + f).limit(6).collect(Collectors.joining());
                detail = why + where;
            }
            System.out.println("{\"case\":" + json(name) + ",\"ok\":" + ok + ",\"detail\":" + json(detail) + "}");
        }
        System.exit(0);
    }
}
