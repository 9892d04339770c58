"""What stands at both ends of WordCount, with librdkafka.

words.py write BOOTSTRAP SEED LINES RATE   creates the topics, sends lines of words with an idempotent producer, and prints the counts as JSON
                                           when each is acknowledged
words.py read BOOTSTRAP JSON               reads the results until each word has reached its count, and prints what is wrong, a line each
"""

import json
import random
import struct
import sys
import time

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

INPUT, OUTPUT, PARTITIONS = "streams-plaintext-input", "streams-wordcount-output", 3
COMMON = {"bootstrap.servers": sys.argv[2], "reconnect.backoff.ms": 20, "reconnect.backoff.max.ms": 200, "log_level": 2}
# How long the results may stand still before they are taken to be all there is.
PATIENCE = 60


def write(seed, lines, rate):
    admin = AdminClient(COMMON)
    made = admin.create_topics([NewTopic(name, PARTITIONS, 1) for name in (INPUT, OUTPUT)])
    for future in made.values():
        future.result(20)
    print("ready", flush=True)
    generator, counts = random.Random(seed), {}

    def delivered(error, _):
        if error is not None:
            sys.exit(f"not delivered: {error}")

    producer = Producer(COMMON | {"enable.idempotence": True, "linger.ms": 5, "message.timeout.ms": 300000})
    for number in range(lines):
        words = [f"word{min(199, int(generator.expovariate(0.03)))}" for _ in range(generator.randrange(1, 8))]
        for word in words:
            counts[word] = counts.get(word, 0) + 1
        producer.produce(INPUT, " ".join(words).encode(), partition=generator.randrange(PARTITIONS), on_delivery=delivered)
        producer.poll(0)
        if number % 20 == 19:
            time.sleep(20 / rate)
    if producer.flush(120) > 0:
        sys.exit("not all was delivered")
    print(json.dumps(counts), flush=True)


def read(counts):
    settings = {"group.id": "reader", "enable.auto.commit": False, "isolation.level": "read_committed"}
    consumer, seen, wrong = Consumer(COMMON | settings), {}, 0
    consumer.assign([TopicPartition(OUTPUT, partition, OFFSET_BEGINNING) for partition in range(PARTITIONS)])
    last = time.monotonic()
    while seen != counts and time.monotonic() - last < PATIENCE:
        for message in consumer.consume(500, 0.2):
            if message.error() is not None:
                continue
            last = time.monotonic()
            word, (count,) = message.key().decode(), struct.unpack(">q", message.value())
            # Nothing is cached, so each word that was counted has a result of its own, one after the other.
            if count != seen.get(word, 0) + 1 and (wrong := wrong + 1) <= 20:
                print(f"{word}: {count} after {seen.get(word, 0)}, at offset {message.offset()} of partition {message.partition()}")
            seen[word] = count
    for word in sorted(set(seen) | set(counts)):
        if seen.get(word) != counts.get(word):
            print(f"{word}: counted {seen.get(word)} instead of {counts.get(word)}")
    consumer.close()


try:
    if sys.argv[1] == "write":
        write(int(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5]))
    else:
        read(json.loads(sys.argv[3]))
except KafkaException as error:
    sys.exit(str(error))
