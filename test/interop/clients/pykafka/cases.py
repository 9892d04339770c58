"""pykafka's plain-Python backend against a broker. A case's name ends with the broker version that pykafka is told."""

import datetime
import functools

import interop
from interop import Record, case, check, equal, same_records, topic_name, until
from pykafka import KafkaClient
from pykafka.common import CompressionType, OffsetType
from pykafka.exceptions import UnknownTopicOrPartition
from pykafka.protocol import CreateTopicRequest

VERSIONS = ("0.8.2", "0.9.0", "0.10.2")
# An hour ago, in UTC as pykafka counts.
FIRST = datetime.datetime.utcnow().replace(microsecond=0) - datetime.timedelta(hours=1)


@functools.cache
def connect(bootstrap, version):
    return KafkaClient(hosts=bootstrap, broker_version=version)


def every(name, versions=VERSIONS, **arguments):
    """Registers a case for each version."""

    def register(function):
        for version in versions:
            case(f"{name}@{version}", version=version, **arguments)(function)
        return function

    return register


def records(count):
    """pykafka takes an empty key for none."""
    return [r._replace(key=r.key or None) for r in interop.records(count, headers=False)]


def topic_asked_for(client, topic):
    try:
        return client.topics[topic.encode()]
    except UnknownTopicOrPartition:
        return None  # Kafka without ZooKeeper answers so while it creates the topic.


def create(bootstrap, version, name, partitions=1):
    topic = f"{topic_name(name)}-{version}"
    client = connect(bootstrap, version)
    if partitions == 1:
        return until("the topic is created by asking for it", lambda: topic_asked_for(client, topic))
    broker = next(iter(client.brokers.values()))
    broker.create_topics([CreateTopicRequest(topic.encode(), partitions, 1, [], [])], 5000)

    def there():
        client.update_cluster()
        return topic.encode() in client.topics and len(client.topics[topic.encode()].partitions) == partitions

    until("the topic is there", there)
    return client.topics[topic.encode()]


def to_first(partitions, _key):
    return min(partitions, key=lambda p: p.id if hasattr(p, "id") else p)


def produce(topic, wanted, stamps=None, **settings):
    options = {"delivery_reports": True, "linger_ms": 20, "partitioner": to_first, "required_acks": -1}
    options |= {"pending_timeout_ms": 100}
    with topic.get_producer(use_rdkafka=False, **(options | settings)) as producer:
        for index, record in enumerate(wanted):
            extra = {} if stamps is None else {"timestamp": stamps[index]}
            producer.produce(record.value, partition_key=record.key, **extra)
        delivered = []

        def more():
            try:
                message, error = producer.get_delivery_report(block=True, timeout=0.2)
            except Exception as empty:
                check(type(empty).__name__ == "Empty", f"{empty!r}")
                return False
            check(error is None, f"delivery failed: {error!r}")
            delivered.append(message.offset)
            return len(delivered) == len(wanted)

        until("every delivery report", more)
    return delivered


def consume(topic, count, **settings):
    options = {"auto_offset_reset": OffsetType.EARLIEST, "fetch_message_max_bytes": 2_000_000}
    consumer = topic.get_simple_consumer(use_rdkafka=False, **(options | settings))
    found = []

    def more():
        message = consumer.consume(block=False)
        while message is not None:
            found.append(message)
            message = consumer.consume(block=False)
        return len(found) >= count

    until(f"{count} messages", more, 40)
    return found, consumer


def as_records(messages):
    return [Record(m.partition_key, m.value, []) for m in messages]


def there_and_back(topic, wanted, **settings):
    equal(produce(topic, wanted, **settings), list(range(len(wanted))), "offsets")
    found, consumer = consume(topic, len(wanted))
    same_records(as_records(found), wanted)
    equal([m.offset for m in found], list(range(len(wanted))), "offsets consumed")
    consumer.stop()
    return f"{sum(len(r.value or b'') for r in wanted)} bytes"


@every("codec-none", codec=CompressionType.NONE)
@every("codec-gzip", codec=CompressionType.GZIP)
@every("codec-snappy", codec=CompressionType.SNAPPY)
def codec(bootstrap, version, codec):
    return there_and_back(create(bootstrap, version, f"codec-{codec}"), records(interop.CODEC_RECORDS), compression=codec)


@every("sync-producer")
def sync_producer(bootstrap, version):
    topic = create(bootstrap, version, "sync")
    wanted = records(12)
    with topic.get_sync_producer(partitioner=to_first, pending_timeout_ms=100) as producer:
        for record in wanted:
            producer.produce(record.value, partition_key=record.key)
    found, consumer = consume(topic, 12)
    same_records(as_records(found), wanted)
    consumer.stop()


@every("large")
def large(bootstrap, version):
    return there_and_back(create(bootstrap, version, "large"), interop.large_records())


@every("timestamps", versions=("0.10.2",))
def timestamps(bootstrap, version):
    topic = create(bootstrap, version, "stamps")
    stamps = [FIRST + datetime.timedelta(seconds=index) for index in range(10)]
    produce(topic, records(10), stamps=stamps)
    found, consumer = consume(topic, 10)
    equal([m.timestamp_dt for m in found], stamps, "timestamps")
    consumer.stop()


@every("simple-consumer")
def simple_consumer(bootstrap, version):
    """A consumer without a group's rebalancing commits, and the next one resumes there."""
    topic = create(bootstrap, version, "simple")
    wanted = records(40)
    produce(topic, wanted[:30])
    settings = {"consumer_group": f"simple-{interop.RUN}-{version}".encode(), "auto_commit_enable": False}
    found, consumer = consume(topic, 30, **settings)
    same_records(as_records(found), wanted[:30])
    consumer.commit_offsets()
    consumer.stop()
    produce(topic, wanted[30:])
    found, consumer = consume(topic, 10, **settings)
    same_records(as_records(found), wanted[30:])
    equal(consumer.held_offsets, {0: 39}, "held offsets")
    equal([offset.offset for _, offset in consumer.fetch_offsets()], [30], "committed offsets")
    consumer.reset_offsets([(topic.partitions[0], OffsetType.EARLIEST)])
    again = until("the first again", lambda: consumer.consume(block=False))
    equal(again.offset, 0, "offset after the reset")
    consumer.stop()


@every("offsets-by-time")
def offsets_by_time(bootstrap, version):
    topic = create(bootstrap, version, "by-time")
    produce(topic, records(10))
    equal(topic.earliest_available_offsets()[0].offset, [0], "earliest")
    equal(topic.latest_available_offsets()[0].offset, [10], "latest")
    # Version 0 of the request answers with offsets of whole segments: for a time to come it is the end, or the start of the newest.
    later = int((datetime.datetime.now() + datetime.timedelta(days=1)).timestamp() * 1000)
    found = topic.fetch_offset_limits(later)[0].offset
    check(found in ([10], [0], []), f"offsets before tomorrow: {found}")


class Member:
    def __init__(self, topic, group):
        options = {"auto_offset_reset": OffsetType.EARLIEST, "heartbeat_interval_ms": 200, "rebalance_backoff_ms": 200}
        self.consumer = topic.get_balanced_consumer(group, managed=True, auto_commit_enable=False, **options)

    def poll(self, _seconds):
        found = []
        message = self.consumer.consume(block=False)
        while message is not None:
            found.append((message.partition_id, message.offset, message.value))
            message = self.consumer.consume(block=False)
        return found

    def assignment(self):
        return list(self.consumer.partitions or {})

    def commit(self):
        self.consumer.commit_offsets()

    def close(self):
        self.consumer.stop()


@every("group", versions=("0.9.0", "0.10.2"))
def group(bootstrap, version):
    topic = create(bootstrap, version, "group", 6)
    target = [0]

    def chosen(partitions, _key):
        return next(p for p in partitions if getattr(p, "id", p) == target[0])

    producer = topic.get_sync_producer(partitioner=chosen)

    def send(partition, value):
        target[0] = partition
        producer.produce(value)

    return interop.rebalancing_group(lambda: Member(topic, f"g-{interop.RUN}-{version}".encode()), send)


@every("admin", versions=("0.9.0", "0.10.2"))
def admin(bootstrap, version):
    topic = create(bootstrap, version, "admin", 3)
    client = connect(bootstrap, version)
    name = f"admin-{interop.RUN}-{version}".encode()
    member = interop.MemberThread("one", lambda: Member(topic, name))
    until("the member holds all three", lambda: len(member.assignment) == 3)
    broker = next(iter(client.brokers.values()))
    check(name in broker.list_groups().groups, "the group is not listed")
    described = broker.describe_groups([name]).groups[name]
    equal((described.state, len(described.members)), (b"Stable", 1), "group")
    member.stop()
    broker.delete_topics([topic.name], 5000)

    def gone():
        client.update_cluster()
        return topic.name not in client.topics.keys()

    until("the topic is gone", gone)


interop.main()
