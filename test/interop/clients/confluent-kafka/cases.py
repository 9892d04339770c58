"""confluent-kafka-python (librdkafka) against a broker."""

import functools
import itertools
import time

import interop
from confluent_kafka import (
    OFFSET_BEGINNING,
    OFFSET_STORED,
    TIMESTAMP_CREATE_TIME,
    Consumer,
    ConsumerGroupTopicPartitions,
    ConsumerGroupState,
    IsolationLevel,
    KafkaError,
    KafkaException,
    Producer,
    TopicCollection,
    TopicPartition,
)
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewPartitions,
    NewTopic,
    OffsetSpec,
)
from interop import Record, case, check, equal, records, same_records, topic_name, until

# An hour ago: old enough to differ from the time of sending, too young for retention to remove.
FIRST_MS = int(time.time()) * 1000 - 3_600_000


@functools.cache
def admin(bootstrap):
    """One for the whole program: its futures die with it."""
    return AdminClient({"bootstrap.servers": bootstrap})


def create(bootstrap, name, partitions=1, config=None):
    topic = topic_name(name)
    new = NewTopic(topic, num_partitions=partitions, replication_factor=1, config=config or {})
    admin(bootstrap).create_topics([new])[topic].result(20)
    return topic


def produce(bootstrap, topic, wanted, partition=0, first_ms=FIRST_MS, **settings):
    """Sends records in order; returns the offsets that the broker gave them."""
    offsets = []

    def delivered(error, message):
        check(error is None, f"delivery failed: {error}")
        offsets.append(message.offset())

    options = {"bootstrap.servers": bootstrap, "linger.ms": 20, "message.timeout.ms": 30000}
    options |= {"message.max.bytes": 2_000_000}
    producer = Producer(options | settings)
    for index, record in enumerate(wanted):
        extra = {} if settings.get("api.version.request") == "false" else {"timestamp": first_ms + index}
        if record.headers:
            extra["headers"] = record.headers
        producer.produce(topic, record.value, record.key, partition, on_delivery=delivered, **extra)
        producer.poll(0)
    equal(producer.flush(40), 0, "messages left in the queue")
    equal(len(offsets), len(wanted), "deliveries")
    return offsets


def consume(bootstrap, topic, count, partition=0, offset=OFFSET_BEGINNING, **settings):
    options = {"bootstrap.servers": bootstrap, "group.id": interop.RUN, "enable.auto.commit": False, "check.crcs": True}
    consumer = Consumer(options | settings)
    consumer.assign([TopicPartition(topic, partition, offset)])
    found = []

    def more():
        for message in consumer.consume(500, 0.2):
            check(message.error() is None, f"error while consuming: {message.error()}")
            found.append(message)
        return len(found) >= count

    until(f"{count} messages of {topic}", more, 40)
    consumer.close()
    return found


def as_records(messages):
    return [Record(m.key(), m.value(), m.headers() or []) for m in messages]


def there_and_back(bootstrap, name, wanted, **settings):
    topic = create(bootstrap, name)
    offsets = produce(bootstrap, topic, wanted, **settings)
    equal(offsets, list(range(len(wanted))), "offsets")
    found = consume(bootstrap, topic, len(wanted))
    same_records(as_records(found), wanted)
    equal([m.offset() for m in found], offsets, "offsets consumed")
    stamps = [(TIMESTAMP_CREATE_TIME, FIRST_MS + i) for i in range(len(wanted))]
    equal([m.timestamp() for m in found], stamps, "timestamps")
    return f"{sum(len(r.value or b'') for r in wanted)} bytes"


@case("codec-none", codec="none")
@case("codec-gzip", codec="gzip")
@case("codec-snappy", codec="snappy")
@case("codec-lz4", codec="lz4")
@case("codec-zstd", codec="zstd")
def codec(bootstrap, codec):
    wanted = records(interop.CODEC_RECORDS)
    return there_and_back(bootstrap, f"codec-{codec}", wanted, **{"compression.type": codec})


@case("mixed-codecs")
def mixed_codecs(bootstrap):
    topic = create(bootstrap, "mixed")
    everything = []
    for codec in ("zstd", "none", "lz4", "gzip", "snappy"):
        wanted = records(50)
        produce(bootstrap, topic, wanted, **{"compression.type": codec})
        everything += wanted
    same_records(as_records(consume(bootstrap, topic, len(everything))), everything)
    # From the middle of a batch.
    late = consume(bootstrap, topic, len(everything) - 123, offset=123)
    equal(late[0].offset(), 123, "first offset")
    same_records(as_records(late), everything[123:])


@case("acks-1", acks="1")
@case("acks-all", acks="all")
def acks(bootstrap, acks):
    return there_and_back(bootstrap, f"acks-{acks}", records(100), acks=acks)


@case("acks-0")
def acks_none(bootstrap):
    topic = create(bootstrap, "acks-0")
    wanted = records(100)
    produce(bootstrap, topic, wanted, acks="0")
    same_records(as_records(consume(bootstrap, topic, len(wanted))), wanted)


@case("idempotent")
def idempotent(bootstrap):
    settings = {"enable.idempotence": True, "batch.num.messages": 7, "linger.ms": 0}
    return there_and_back(bootstrap, "idempotent", records(500), **settings)


@case("large-none", codec="none")
@case("large-lz4", codec="lz4")
def large(bootstrap, codec):
    return there_and_back(bootstrap, f"large-{codec}", interop.large_records(), **{"compression.type": codec})


@case("small-fetches")
def small_fetches(bootstrap):
    """A fetch limit below the size of a batch must still bring one batch."""
    topic = create(bootstrap, "small-fetches")
    wanted = interop.large_records(6)
    produce(bootstrap, topic, wanted)
    found = consume(bootstrap, topic, 6, **{"fetch.message.max.bytes": 1000, "fetch.max.bytes": 1000, "message.max.bytes": 1000})
    same_records(as_records(found), wanted)


class Member:
    def __init__(self, bootstrap, topic, group, **settings):
        options = {"bootstrap.servers": bootstrap, "group.id": group, "auto.offset.reset": "earliest"}
        options |= {"enable.auto.commit": False}
        if settings.get("group.protocol") != "consumer":
            # With the other protocol these are the broker's to say.
            options |= {"session.timeout.ms": 6000, "heartbeat.interval.ms": 500}
        self.consumer = Consumer(options | settings)
        self.consumer.subscribe([topic])

    def poll(self, seconds):
        message = self.consumer.poll(seconds)
        if message is None:
            return []
        check(message.error() is None, f"{message.error()}")
        return [(message.partition(), message.offset(), message.value())]

    def assignment(self):
        return [p.partition for p in self.consumer.assignment()]

    def commit(self):
        try:
            self.consumer.commit(asynchronous=False)
        except KafkaException as error:
            # A commit that meets a rebalance is answered so by any broker: the records come again.
            allowed = (KafkaError.REBALANCE_IN_PROGRESS, KafkaError.ILLEGAL_GENERATION, KafkaError.UNKNOWN_MEMBER_ID, KafkaError._NO_OFFSET)
            allowed += (KafkaError.STALE_MEMBER_EPOCH,)
            if error.args[0].code() not in allowed:
                raise

    def close(self):
        self.consumer.close()


@case("group-range", strategy="range")
@case("group-cooperative", strategy="cooperative-sticky")
def group(bootstrap, strategy):
    topic = create(bootstrap, f"group-{strategy}", partitions=6)
    producer = Producer({"bootstrap.servers": bootstrap})

    def send(partition, value):
        producer.produce(topic, value, partition=partition)
        equal(producer.flush(20), 0, "messages left in the queue")

    def make():
        return Member(bootstrap, topic, f"g/{topic}", **{"partition.assignment.strategy": strategy})

    return interop.rebalancing_group(make, send)


@case("group-consumer", protocols=["consumer"])
@case("group-mixed", protocols=["classic", "consumer"])
def group_consumer(bootstrap, protocols):
    """Members of the consumer protocol (KIP-848), and such among members of the classic one."""
    topic = create(bootstrap, f"group-{len(protocols)}", partitions=6)
    group = f"g/{topic}"
    producer = Producer({"bootstrap.servers": bootstrap})
    next_protocol = itertools.cycle(protocols)

    def send(partition, value):
        producer.produce(topic, value, partition=partition)
        equal(producer.flush(20), 0, "messages left in the queue")

    def make():
        protocol = next(next_protocol)
        strategy = {"partition.assignment.strategy": "cooperative-sticky"} if protocol == "classic" else {}
        return Member(bootstrap, topic, group, **{"group.protocol": protocol} | strategy)

    return interop.rebalancing_group(make, send)


@case("group-regex")
def group_regex(bootstrap):
    """The broker matches the expression, also against topics that come later."""
    topic = create(bootstrap, "regex-a", partitions=2)
    group = f"regex-{topic}"

    class OfTopics(Member):
        def assignment(self):
            return [(p.topic, p.partition) for p in self.consumer.assignment()]

    def make():
        return OfTopics(bootstrap, f"^{topic}.*", group, **{"group.protocol": "consumer"})

    one, two = interop.MemberThread("one", make), interop.MemberThread("two", make)
    until("each has a partition", lambda: len(one.assignment) == 1 and len(two.assignment) == 1)
    admin(bootstrap).create_topics([NewTopic(f"{topic}-later", num_partitions=4)])[f"{topic}-later"].result(20)
    until("each has three", lambda: len(one.assignment) == 3 and len(two.assignment) == 3, 60)
    one.stop()
    two.stop()


@case("group-static")
def group_static(bootstrap):
    """A static member that comes back within its session keeps its partitions without a rebalance of the others."""
    topic = create(bootstrap, "static", partitions=4)
    group = f"static-{topic}"

    def make(instance):
        return Member(bootstrap, topic, group, **{"group.instance.id": instance, "session.timeout.ms": 20000})

    one, two = interop.MemberThread("one", lambda: make("one")), interop.MemberThread("two", lambda: make("two"))
    until("both have two partitions", lambda: len(one.assignment) == 2 and len(two.assignment) == 2)
    before = two.assignment
    two.stop()
    again = interop.MemberThread("two again", lambda: make("two"))
    until("the static member has its partitions back", lambda: again.assignment == before)
    equal(len(one.assignment), 2, "partitions of the other")
    described = admin(bootstrap).describe_consumer_groups([group])[group].result(20)
    equal(sorted(m.group_instance_id for m in described.members), ["one", "two"], "static members")
    one.stop()
    again.stop()


@case("offsets-by-time")
def offsets_by_time(bootstrap):
    topic = create(bootstrap, "by-time", partitions=2)
    for index in range(10):
        produce(bootstrap, topic, [Record(None, b"x" * 50, [])], first_ms=FIRST_MS + index * 1000)
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "by-time"})

    def at(stamp, partition=0):
        return consumer.offsets_for_times([TopicPartition(topic, partition, stamp)], 20)[0].offset

    equal(at(FIRST_MS - 5), 0, "before the first")
    equal(at(FIRST_MS), 0, "at the first")
    equal(at(FIRST_MS + 4001), 5, "between the fifth and the sixth")
    equal(at(FIRST_MS + 9000), 9, "at the last")
    equal(at(FIRST_MS + 9001), -1, "after the last")
    equal(at(FIRST_MS, 1), -1, "in an empty partition")
    equal(consumer.get_watermark_offsets(TopicPartition(topic, 0), 20), (0, 10), "watermarks")
    equal(consumer.get_watermark_offsets(TopicPartition(topic, 1), 20), (0, 0), "watermarks of the empty one")
    partition = TopicPartition(topic, 0)
    for spec, offset, stamp in (
        (OffsetSpec.earliest(), 0, -1),
        (OffsetSpec.latest(), 10, -1),
        (OffsetSpec.max_timestamp(), 9, FIRST_MS + 9000),
        (OffsetSpec.for_timestamp(FIRST_MS + 2500), 3, FIRST_MS + 3000),
    ):
        for isolation in (IsolationLevel.READ_UNCOMMITTED, IsolationLevel.READ_COMMITTED):
            answer = admin(bootstrap).list_offsets({partition: spec}, isolation_level=isolation)[partition].result(20)
            equal((answer.offset, answer.timestamp), (offset, stamp), f"list_offsets {spec}")
    consumer.close()


@case("auto-create")
def auto_create(bootstrap):
    topic = topic_name("made-by-producing")
    produce(bootstrap, topic, records(10))
    same_records(as_records(consume(bootstrap, topic, 10)), records(10))


def error_code(future):
    try:
        future.result(20)
    except KafkaException as error:
        return error.args[0].code()
    return 0


@case("errors")
def errors(bootstrap):
    """Produce and fetch errors come as Kafka's own codes."""
    topic = create(bootstrap, "errors", config={"max.message.bytes": "10000"})
    codes = []
    producer = Producer({"bootstrap.servers": bootstrap, "message.max.bytes": 2_000_000})
    producer.produce(topic, b"x" * 50_000, on_delivery=lambda error, _: codes.append(error and error.code()))
    producer.produce(topic, b"x" * 5_000, on_delivery=lambda error, _: codes.append(error and error.code()))
    producer.flush(20)
    check(KafkaError.MSG_SIZE_TOO_LARGE in codes, f"codes of too large a message: {codes}")
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "errors", "auto.offset.reset": "error"})
    consumer.assign([TopicPartition(topic, 0, 1_000_000)])
    message = until("an answer out of range", lambda: consumer.poll(0.2))
    check(message.error() is not None, "fetch out of range brought a message")
    # librdkafka reports it as _AUTO_OFFSET_RESET, or bare.
    check(message.error().code() in (KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE), f"{message.error()}")
    consumer.close()


@case("admin-topics")
def admin_topics(bootstrap):
    client = admin(bootstrap)
    topic = topic_name("admin")

    def make(**arguments):
        name = arguments.pop("name", topic)
        options = {"validate_only": arguments.pop("validate_only", False)}
        return client.create_topics([NewTopic(name, **arguments)], **options)[name]

    make(num_partitions=3, replication_factor=1, validate_only=True).result(20)
    check(topic not in client.list_topics(timeout=20).topics, "validate only made the topic")
    make(num_partitions=3, replication_factor=1, config={"retention.ms": "123456"}).result(20)
    listed = client.list_topics(timeout=20)
    equal(sorted(listed.topics[topic].partitions), [0, 1, 2], "partitions")
    check(listed.cluster_id and listed.controller_id in listed.brokers, "no controller among the brokers")
    equal(error_code(make(num_partitions=3, replication_factor=1)), KafkaError.TOPIC_ALREADY_EXISTS, "a second time")
    for name in ("a/b", "..", "x" * 250):
        equal(error_code(make(name=name, num_partitions=1, replication_factor=1)), KafkaError.TOPIC_EXCEPTION, name[:9])
    other = topic_name("other")
    equal(error_code(make(name=other, num_partitions=1, replication_factor=3)), KafkaError.INVALID_REPLICATION_FACTOR, "rf 3")
    bad = make(name=other, num_partitions=1, replication_factor=1, config={"retention.ms": "soon"})
    equal(error_code(bad), KafkaError.INVALID_CONFIG, "bad config")
    make(name=other, num_partitions=2, replica_assignment=[[next(iter(listed.brokers))]] * 2).result(20)
    equal(len(client.list_topics(other, timeout=20).topics[other].partitions), 2, "partitions as assigned")
    described = client.describe_topics(TopicCollection([topic]))[topic].result(20)
    equal(len(described.partitions), 3, "partitions described")
    check(not described.is_internal and described.topic_id is not None, "topic id")
    client.create_partitions([NewPartitions(topic, 5)])[topic].result(20)
    until("five partitions", lambda: len(client.list_topics(topic, timeout=20).topics[topic].partitions) == 5)
    fewer = client.create_partitions([NewPartitions(topic, 4)])[topic]
    equal(error_code(fewer), KafkaError.INVALID_PARTITIONS, "fewer partitions")
    produce(bootstrap, topic, records(5), partition=4)
    for done in client.delete_topics([topic, other]).values():
        done.result(20)
    until("the topics are gone", lambda: topic not in client.list_topics(timeout=20).topics)
    gone = client.delete_topics([topic])[topic]
    equal(error_code(gone), KafkaError.UNKNOWN_TOPIC_OR_PART, "deleted twice")
    # The same name again is another topic: empty.
    make(num_partitions=1, replication_factor=1).result(20)
    equal(produce(bootstrap, topic, records(3)), [0, 1, 2], "offsets in the new topic")


@case("admin-configs")
def admin_configs(bootstrap):
    client = admin(bootstrap)
    topic = create(bootstrap, "configs", config={"cleanup.policy": "compact"})

    def described():
        resource = ConfigResource(ConfigResource.Type.TOPIC, topic)
        return client.describe_configs([resource])[resource].result(20)

    def alter(name, value, operation):
        entry = ConfigEntry(name, value, incremental_operation=operation)
        resource = ConfigResource(ConfigResource.Type.TOPIC, topic, incremental_configs=[entry])
        return client.incremental_alter_configs([resource])[resource]

    equal(described()["cleanup.policy"].value, "compact", "policy")
    equal(described()["retention.ms"].value, "604800000", "default retention")
    check(described()["retention.ms"].is_default, "retention is a default")
    alter("retention.ms", "1000000", AlterConfigOpType.SET).result(20)
    alter("cleanup.policy", "delete", AlterConfigOpType.APPEND).result(20)
    until("the new retention", lambda: described()["retention.ms"].value == "1000000")
    equal(described()["cleanup.policy"].value, "compact,delete", "policy with one more")
    alter("cleanup.policy", "compact", AlterConfigOpType.SUBTRACT).result(20)
    until("the policy with one less", lambda: described()["cleanup.policy"].value == "delete")
    alter("retention.ms", None, AlterConfigOpType.DELETE).result(20)
    until("the default again", lambda: described()["retention.ms"].value == "604800000")
    equal(error_code(alter("segment.bytes", "few", AlterConfigOpType.SET)), KafkaError.INVALID_CONFIG, "bad value")
    equal(error_code(alter("no.such.key", "1", AlterConfigOpType.SET)), KafkaError.INVALID_CONFIG, "bad key")
    whole = ConfigResource(ConfigResource.Type.TOPIC, topic, set_config={"max.message.bytes": "54321"})
    client.alter_configs([whole])[whole].result(20)
    until("only what was set", lambda: described()["max.message.bytes"].value == "54321")
    node = str(next(iter(client.list_topics(timeout=20).brokers)))
    broker = ConfigResource(ConfigResource.Type.BROKER, node)
    entries = client.describe_configs([broker])[broker].result(20)
    for name in ("log.retention.hours", "num.partitions", "message.max.bytes", "log.dirs"):
        check(name in entries, f"{name} is not among the broker's configs")
    missing = ConfigResource(ConfigResource.Type.TOPIC, topic_name("missing"))
    equal(error_code(client.describe_configs([missing])[missing]), KafkaError.UNKNOWN_TOPIC_OR_PART, "unknown topic")


@case("admin-groups")
def admin_groups(bootstrap):
    client = admin(bootstrap)
    topic = create(bootstrap, "groups", partitions=2)
    group = f"admin-{topic}"
    produce(bootstrap, topic, records(10))
    member = interop.MemberThread("one", lambda: Member(bootstrap, topic, group))
    until("the member has read and holds both", lambda: len(member.seen) == 10 and len(member.assignment) == 2)

    def stored():
        request = ConsumerGroupTopicPartitions(group, [TopicPartition(topic, 0), TopicPartition(topic, 1)])
        answer = client.list_consumer_group_offsets([request])[group].result(20)
        return {p.partition: p.offset for p in answer.topic_partitions}

    until("the commit of ten", lambda: stored()[0] == 10)
    described = client.describe_consumer_groups([group])[group].result(20)
    equal(described.state, ConsumerGroupState.STABLE, "state")
    equal(len(described.members), 1, "members")
    equal(len(described.members[0].assignment.topic_partitions), 2, "partitions assigned")
    listed = client.list_consumer_groups(states={ConsumerGroupState.STABLE}).result(20)
    check(group in [g.group_id for g in listed.valid], "the group is not among the stable ones")
    equal(error_code(client.delete_consumer_groups([group])[group]), KafkaError.NON_EMPTY_GROUP, "delete while in use")
    member.stop()

    def state():
        return client.describe_consumer_groups([group])[group].result(20).state

    until("the group is empty", lambda: state() == ConsumerGroupState.EMPTY)
    wanted = ConsumerGroupTopicPartitions(group, [TopicPartition(topic, 0, 4, metadata="from the test")])
    client.alter_consumer_group_offsets([wanted])[group].result(20)
    equal(stored()[0], 4, "offset as altered")
    again = consume(bootstrap, topic, 6, offset=OFFSET_STORED, **{"group.id": group})
    equal(again[0].offset(), 4, "resumes at the altered offset")
    client.delete_consumer_groups([group])[group].result(20)
    equal(error_code(client.delete_consumer_groups([group])[group]), KafkaError.GROUP_ID_NOT_FOUND, "deleted twice")
    listed = client.list_consumer_groups().result(20)
    check(group not in [g.group_id for g in listed.valid], "the group is still listed")


@case("admin-records")
def admin_records(bootstrap):
    client = admin(bootstrap)
    topic = create(bootstrap, "records")
    produce(bootstrap, topic, records(20))
    partition = TopicPartition(topic, 0, 7)
    low = client.delete_records([partition])[partition].result(20).low_watermark
    equal(low, 7, "low watermark")
    equal(consume(bootstrap, topic, 13)[0].offset(), 7, "first offset left")
    everything = TopicPartition(topic, 0, -1)
    equal(client.delete_records([everything])[everything].result(20).low_watermark, 20, "low watermark of all")
    cluster = client.describe_cluster().result(20)
    check(cluster.cluster_id and len(cluster.nodes) >= 1 and cluster.controller is not None, "cluster")


def transactional(bootstrap, name, **settings):
    options = {"bootstrap.servers": bootstrap, "transactional.id": name, "transaction.timeout.ms": 20000}
    producer = Producer(options | settings)
    producer.init_transactions(20)
    return producer


@case("transactions")
def transactions(bootstrap):
    """What is committed is read in order, what is aborted is not; nothing is read before its end."""
    topic = create(bootstrap, "transactions", partitions=2)
    producer = transactional(bootstrap, topic)
    committed = {0: [], 1: []}
    for number in range(30):
        producer.begin_transaction()
        is_committed = number % 3 != 1
        for index in range(10):
            value = f"{number}-{index}".encode()
            producer.produce(topic, value, partition=index % 2)
            if is_committed:
                committed[index % 2].append(value)
        if number % 5 == 0:
            equal(producer.flush(20), 0, "messages left in the queue")
        producer.commit_transaction(20) if is_committed else producer.abort_transaction(20)
    for partition, wanted in committed.items():
        settings = {"isolation.level": "read_committed", "group.id": f"{interop.RUN}-{partition}"}
        found = consume(bootstrap, topic, len(wanted), partition, **settings)
        equal([m.value() for m in found], wanted, f"committed in partition {partition}")
    producer.begin_transaction()
    producer.produce(topic, b"open", partition=0)
    equal(producer.flush(20), 0, "messages left in the queue")
    where = [TopicPartition(topic, 0)]
    offsets = {}
    for level in (IsolationLevel.READ_COMMITTED, IsolationLevel.READ_UNCOMMITTED):
        wanted = {partition: OffsetSpec.latest() for partition in where}
        future = admin(bootstrap).list_offsets(wanted, isolation_level=level)[where[0]]
        offsets[level] = future.result(20).offset
    stable, latest = offsets[IsolationLevel.READ_COMMITTED], offsets[IsolationLevel.READ_UNCOMMITTED]
    equal(latest - stable, 1, "records of the open transaction")
    producer.abort_transaction(20)


@case("transactions-offsets")
def transactions_offsets(bootstrap):
    """Records are moved from one topic to another, each exactly once, though some transactions are aborted."""
    source, target = create(bootstrap, "source", partitions=2), create(bootstrap, "target")
    wanted = [str(number).encode() for number in range(400)]
    feeder = Producer({"bootstrap.servers": bootstrap})
    for number, value in enumerate(wanted):
        feeder.produce(source, value, partition=number % 2)
    equal(feeder.flush(20), 0, "messages left in the queue")
    group = f"mover-{source}"
    producer = transactional(bootstrap, group)
    moved, attempts = 0, 0
    while moved < len(wanted):
        settings = {"group.id": group, "auto.offset.reset": "earliest", "enable.auto.commit": False}
        consumer = Consumer({"bootstrap.servers": bootstrap, "isolation.level": "read_committed"} | settings)
        consumer.subscribe([source])
        batches = 0
        while moved < len(wanted) and batches < 4:
            messages = consumer.consume(50, 1.0)
            if not messages:
                continue
            producer.begin_transaction()
            for message in messages:
                check(message.error() is None, f"error while consuming: {message.error()}")
                producer.produce(target, message.value())
            producer.send_offsets_to_transaction(consumer.position(consumer.assignment()), consumer.consumer_group_metadata(), 20)
            attempts += 1
            batches += 1
            if attempts % 3 == 2:
                # The next consumer begins again where the last commit was.
                producer.abort_transaction(20)
                break
            producer.commit_transaction(20)
            moved += len(messages)
        consumer.close()
    found = [m.value() for m in consume(bootstrap, target, len(wanted), **{"isolation.level": "read_committed"})]
    equal(sorted(found), sorted(wanted), "what was moved")
    return f"{attempts} transactions"


@case("transactions-fencing")
def transactions_fencing(bootstrap):
    """A producer that comes with the name of another aborts what that one has open, and shuts it out."""
    topic = create(bootstrap, "fencing")
    old = transactional(bootstrap, topic)
    old.begin_transaction()
    old.produce(topic, b"old")
    equal(old.flush(20), 0, "messages left in the queue")
    new = transactional(bootstrap, topic)
    new.begin_transaction()
    new.produce(topic, b"new")
    new.commit_transaction(20)
    try:
        old.produce(topic, b"zombie")
        old.commit_transaction(20)
        raise AssertionError("the old producer was not fenced")
    except KafkaException as error:
        check(error.args[0].fatal(), f"not fatal: {error}")
        equal(error.args[0].code(), KafkaError._FENCED, "error")
    found = consume(bootstrap, topic, 1, **{"isolation.level": "read_committed"})
    equal([m.value() for m in found], [b"new"], "committed")


@case("old-0.9", version="0.9.0.1")
@case("old-0.10", version="0.10.0.0")
def old(bootstrap, version):
    """What librdkafka sends to brokers of 2016: message sets, old produce, fetch and group requests."""
    settings = {"api.version.request": "false", "broker.version.fallback": version}
    for codec in ("none", "gzip", "snappy", "lz4"):
        topic = create(bootstrap, f"old-{version}-{codec}")
        wanted = records(60, headers=False)
        produce(bootstrap, topic, wanted, **settings, **{"compression.type": codec})
        # What old clients wrote, new ones read; and the other way round.
        same_records(as_records(consume(bootstrap, topic, 60, **settings)), wanted)
        same_records(as_records(consume(bootstrap, topic, 60)), wanted)
        produce(bootstrap, topic, wanted, **{"compression.type": codec})
        same_records(as_records(consume(bootstrap, topic, 120, **settings)), wanted + wanted)
    large = interop.large_records(6)
    topic = create(bootstrap, f"old-{version}-large")
    produce(bootstrap, topic, large, **settings)
    same_records(as_records(consume(bootstrap, topic, 6, **settings)), large)
    topic = create(bootstrap, f"old-{version}-group", partitions=6)
    producer = Producer({"bootstrap.servers": bootstrap} | settings)

    def send(partition, value):
        producer.produce(topic, value, partition=partition)
        equal(producer.flush(20), 0, "messages left in the queue")

    return interop.rebalancing_group(lambda: Member(bootstrap, topic, f"g-{topic}", **settings), send)


interop.main()
