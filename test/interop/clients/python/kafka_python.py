"""What the cases of kafka-python's old and new versions share."""

import time

import interop
from interop import Record, check, equal, same_records, until
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

# An hour ago: old enough to differ from the time of sending, too young for retention to remove.
FIRST_MS = int(time.time()) * 1000 - 3_600_000


def records(count, headers=True):
    """kafka-python sends no header that is null."""
    return interop.records(count, headers=headers, null_headers=False)


def produce(bootstrap, topic, wanted, partition=0, first_ms=FIRST_MS, **settings):
    """Sends records in order; returns the offsets that the broker gave them."""
    options = {"bootstrap_servers": bootstrap, "acks": "all", "linger_ms": 20, "max_request_size": 4_000_000}
    producer = KafkaProducer(**(options | settings))
    stamps = settings.get("api_version", (9,)) >= (0, 10)
    futures = []
    for index, record in enumerate(wanted):
        extra = {"timestamp_ms": first_ms + index} if stamps else {}
        if record.headers:
            extra["headers"] = record.headers
        futures.append(producer.send(topic, record.value, record.key, partition=partition, **extra))
    producer.flush(40)
    offsets = [future.get(20).offset for future in futures]
    producer.close(10)
    return offsets


def consume(bootstrap, topic, count, partition=0, first=0, **settings):
    options = {"bootstrap_servers": bootstrap, "enable_auto_commit": False, "check_crcs": True}
    consumer = KafkaConsumer(**(options | settings))
    where = TopicPartition(topic, partition)
    consumer.assign([where])
    consumer.seek(where, first)
    found = []

    def more():
        for batch in consumer.poll(200).values():
            found.extend(batch)
        return len(found) >= count

    until(f"{count} messages of {topic}", more, 40)
    consumer.close()
    return found


def as_records(messages):
    return [Record(m.key, m.value, list(m.headers or [])) for m in messages]


def there_and_back(bootstrap, topic, wanted, **settings):
    offsets = produce(bootstrap, topic, wanted, **settings)
    equal(offsets, list(range(len(wanted))), "offsets")
    kept = {k: v for k, v in settings.items() if k == "api_version"}
    found = consume(bootstrap, topic, len(wanted), **kept)
    same_records(as_records(found), wanted)
    equal([m.offset for m in found], offsets, "offsets consumed")
    if settings.get("api_version", (9,)) >= (0, 10):
        equal([m.timestamp for m in found], [FIRST_MS + i for i in range(len(wanted))], "timestamps")
    late = consume(bootstrap, topic, len(wanted) - 7, first=7, **kept)
    same_records(as_records(late), wanted[7:])
    return f"{sum(len(r.value or b'') for r in wanted)} bytes"


class Member:
    def __init__(self, bootstrap, topic, group, **settings):
        options = {"bootstrap_servers": bootstrap, "group_id": group, "auto_offset_reset": "earliest"}
        options |= {"enable_auto_commit": False, "session_timeout_ms": 10000, "heartbeat_interval_ms": 300}
        self.consumer = KafkaConsumer(topic, **(options | settings))

    def poll(self, seconds):
        batches = self.consumer.poll(int(seconds * 1000))
        return [(m.partition, m.offset, m.value) for batch in batches.values() for m in batch]

    def assignment(self):
        return [p.partition for p in self.consumer.assignment()]

    def commit(self):
        from kafka.errors import CommitFailedError

        try:
            self.consumer.commit()
        except CommitFailedError:
            pass  # The group has moved on; the records come again.

    def close(self):
        self.consumer.close()


def group(bootstrap, topic, **settings):
    producer = KafkaProducer(bootstrap_servers=bootstrap, **settings)

    def send(partition, value):
        producer.send(topic, value, partition=partition).get(20)

    return interop.rebalancing_group(lambda: Member(bootstrap, topic, f"g/{topic}", **settings), send)


def old(bootstrap, make_topic, version, codecs, **options):
    """What a client for an old broker writes, it and a client of today read; and the other way round."""
    name = ".".join(map(str, version))
    headers = version >= (1, 0)
    for codec in codecs:
        topic = make_topic(f"old-{name}-{codec or 'none'}")
        wanted = records(60, headers=headers)
        there_and_back(bootstrap, topic, wanted, api_version=version, compression_type=codec, **options)
        same_records(as_records(consume(bootstrap, topic, 60)), wanted)
        produce(bootstrap, topic, wanted, compression_type=codec)
        same_records(as_records(consume(bootstrap, topic, 120, api_version=version)), wanted + wanted)
    topic = make_topic(f"old-{name}-large")
    large = interop.large_records(6)
    there_and_back(bootstrap, topic, large, api_version=version, **options)
    consumer = KafkaConsumer(bootstrap_servers=bootstrap, api_version=version)
    where = TopicPartition(topic, 0)
    equal(consumer.beginning_offsets([where]), {where: 0}, "beginning offsets")
    equal(consumer.end_offsets([where]), {where: 6}, "end offsets")
    if version >= (0, 10, 1):
        equal(consumer.offsets_for_times({where: FIRST_MS + 3})[where].offset, 3, "offset by time")
    consumer.close()
    if version >= (0, 9):
        topic = make_topic(f"old-{name}-group", 6)
        return group(bootstrap, topic, api_version=version)
    check(version >= (0, 8, 2), "no such version")
    return None
