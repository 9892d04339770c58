"""A producer or a member of a group that works until its standard input closes, telling each number that it has done on a line.

worker.py produce BOOTSTRAP TOPIC     sends 0, 1, 2 ... with acks=all, and prints each number when it is acknowledged
worker.py consume BOOTSTRAP TOPIC     reads in a group, commits, and prints each number that it has seen
worker.py read BOOTSTRAP TOPIC        prints each number that the topic holds, once it has read to the end of all partitions
"""

import sys
import threading

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Producer, TopicPartition

role, bootstrap, topic = sys.argv[1:]
stopped = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), stopped.set()), daemon=True).start()
common = {"bootstrap.servers": bootstrap, "reconnect.backoff.ms": 20, "reconnect.backoff.max.ms": 100}


def produce():
    def delivered(error, message):
        if error is not None:
            sys.exit(f"not delivered: {error}")
        print(message.value().decode(), flush=True)

    producer = Producer(common | {"enable.idempotence": True, "linger.ms": 5, "message.timeout.ms": 60000})
    number = 0
    while not stopped.wait(0.002):
        producer.produce(topic, str(number).encode(), key=str(number).encode(), on_delivery=delivered)
        producer.poll(0)
        number += 1
    if producer.flush(30) > 0:
        sys.exit("not all was delivered")


def consume():
    settings = {"group.id": f"group-of-{topic}", "auto.offset.reset": "earliest", "enable.auto.commit": False}
    consumer = Consumer(common | settings | {"session.timeout.ms": 10000, "heartbeat.interval.ms": 500})
    consumer.subscribe([topic])
    while not stopped.is_set():
        found = [m for m in consumer.consume(500, 0.1) if m.error() is None]
        for message in found:
            print(message.value().decode(), flush=True)
        try:
            if found:
                consumer.commit(asynchronous=False)
        except KafkaException:
            pass  # The broker is away or the group moves: the records come again.
    consumer.close()


def read():
    consumer = Consumer(common | {"group.id": "reader", "enable.auto.commit": False, "enable.partition.eof": True})
    partitions = consumer.list_topics(topic, 20).topics[topic].partitions
    consumer.assign([TopicPartition(topic, p, OFFSET_BEGINNING) for p in partitions])
    ended = set()
    while len(ended) < len(partitions) and not stopped.is_set():
        for message in consumer.consume(500, 0.1):
            if message.error() is None:
                print(message.value().decode(), flush=True)
            elif message.error().code() == KafkaError._PARTITION_EOF:
                ended.add(message.partition())
            else:
                sys.exit(f"cannot read: {message.error()}")
    print(-1, flush=True)
    consumer.close()


{"produce": produce, "consume": consume, "read": read}[role]()
