"""A worker with kafka-python: produces, and consumes in a group. See history.py."""

import kafka
from history import BOOTSTRAP, NUMBERS, OUTSTANDING, RANDOM, ROLE, SETTINGS, TOPICS, Pace, Runs, give_up, now_us, place_of, say, stopped, value
from kafka import KafkaConsumer, KafkaProducer
from kafka.errors import KafkaError
from kafka.structs import OffsetAndMetadata

COMMON = {"bootstrap_servers": BOOTSTRAP, "reconnect_backoff_ms": 20, "reconnect_backoff_max_ms": 200}


def produce():
    options = {"acks": 1, "retries": 0, "enable_idempotence": False} if SETTINGS.get("acks") == "1" else {"acks": "all", "enable_idempotence": True}
    producer = KafkaProducer(**COMMON, **options, linger_ms=5, request_timeout_ms=10000, delivery_timeout_ms=120000)
    acknowledged, pace, waiting, sent, count = Runs("a"), Pace(), [], 0, 0

    def gather(all_of_them):
        while waiting and (all_of_them or waiting[0][0].is_done):
            future, index = waiting.pop(0)
            try:
                made = future.get(60)
                acknowledged.add(NUMBERS[made.topic], made.partition, made.offset, 0, index)
            except KafkaError:
                pass
        acknowledged.write()

    while pace.wait(count):
        gather(False)
        if len(waiting) > OUTSTANDING:
            count = 10
            continue
        topic, count = RANDOM.choice(TOPICS), pace.burst()
        partition = RANDOM.randrange(topic.partitions)
        say("s", now_us(), topic.number, partition, sent, count)
        for _ in range(count):
            waiting.append((producer.send(topic.name, value(sent), partition=partition), sent))
            sent += 1
    producer.flush(60)
    gather(True)


class Listener(kafka.ConsumerRebalanceListener):
    def on_partitions_assigned(self, assigned):
        for at in assigned:
            say("A", now_us(), NUMBERS[at.topic], at.partition, -1)

    def on_partitions_revoked(self, revoked):
        for at in revoked:
            say("R", now_us(), NUMBERS[at.topic], at.partition)


def consume():
    consumer = KafkaConsumer(
        **COMMON,
        group_id=SETTINGS["group"],
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        isolation_level=f"read_{SETTINGS['isolation']}",
        max_partition_fetch_bytes=int(SETTINGS.get("fetch", "100000")),
        fetch_max_wait_ms=100,
        session_timeout_ms=3000,
        heartbeat_interval_ms=500,
        partition_assignment_strategy=[kafka.coordinator.assignors.range.RangePartitionAssignor],
    )
    consumer.subscribe([topic.name for topic in TOPICS], listener=Listener())
    polled = Runs("r")
    while not stopped.is_set():
        ends = {}
        for at, messages in consumer.poll(100, max_records=500).items():
            for message in messages:
                polled.add(NUMBERS[at.topic], at.partition, message.offset, *place_of(message.value))
            ends[at] = messages[-1].offset + 1
        polled.write()
        if not ends or RANDOM.random() < 0.2:
            continue
        for at, offset in ends.items():
            say("K", now_us(), NUMBERS[at.topic], at.partition, offset)
        try:
            consumer.commit({at: OffsetAndMetadata(offset, "", -1) for at, offset in ends.items()}, timeout_ms=10000)
            for at, offset in ends.items():
                say("k", now_us(), NUMBERS[at.topic], at.partition, offset)
        except KafkaError:
            pass  # The broker is away or the group moves: the values come again.
    consumer.close(autocommit=False)


try:
    {"produce": produce, "consume": consume}[ROLE]()
except KafkaError as error:
    give_up(f"{ROLE}: {error}")
