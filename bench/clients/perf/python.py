"""confluent-kafka-python and kafka-python at the work of bench/clients.ts: prints {"seconds", "cpuSeconds"[, "p50Ms", "p99Ms"]} as JSON.

    python.py confluent|kafka-python WORK
"""

import json
import os
import sys
import threading
import time

library, work = sys.argv[1], json.loads(sys.argv[2])
brokers, topic, count = work["brokers"], work["topic"], work["records"]
with open(work["payloads"], "rb") as file:
    values = file.read().splitlines()
group = f"{topic}-{os.getpid()}"


class Confluent:
    def __init__(self):
        from confluent_kafka import Consumer, Producer

        linger = {"linger.ms": 0} if work["kind"] == "latency" else {}
        self.producer = Producer(
            {"bootstrap.servers": brokers, "acks": 1, "compression.type": work["compression"],
             "queue.buffering.max.kbytes": 262144, **linger}
        )
        self.make_consumer = lambda: Consumer(
            {"bootstrap.servers": brokers, "group.id": group, "auto.offset.reset": "earliest", "enable.auto.commit": False}
        )

    def send(self, value, acknowledged=None):
        def report(error, _):
            if error is not None:
                sys.exit(f"a record failed with {error}")
            if acknowledged is not None:
                acknowledged()

        while True:
            try:
                self.producer.produce(topic, value, on_delivery=report)
                break
            except BufferError:
                self.producer.poll(0.01)
        self.producer.poll(0)

    def poll(self):
        self.producer.poll(0.0005)

    def flush(self):
        self.producer.flush()

    def batches(self):
        consumer = self.make_consumer()
        consumer.subscribe([topic])
        while True:
            yield len(consumer.consume(1000, 0.5))


class KafkaPython:
    def __init__(self):
        from kafka import KafkaConsumer, KafkaProducer

        compression = None if work["compression"] == "none" else work["compression"]
        self.producer = KafkaProducer(
            bootstrap_servers=brokers, acks=1, compression_type=compression, enable_idempotence=False,
            linger_ms=0 if work["kind"] == "latency" else 5, batch_size=65536, max_request_size=10485760,
        )
        self.make_consumer = lambda: KafkaConsumer(
            topic, bootstrap_servers=brokers, group_id=group, auto_offset_reset="earliest", enable_auto_commit=False,
            max_poll_records=5000,
        )

    def send(self, value, acknowledged=None):
        future = self.producer.send(topic, value)
        if acknowledged is not None:
            future.add_callback(lambda _: acknowledged())

    def poll(self):
        time.sleep(0.0005)

    def flush(self):
        self.producer.flush()

    def batches(self):
        consumer = self.make_consumer()
        while True:
            yield sum(len(records) for records in consumer.poll(500).values())


def produce(client):
    client.send(values[0])
    client.flush()
    begin = time.monotonic()
    for at in range(count):
        client.send(values[at % len(values)])
    client.flush()
    return {"seconds": time.monotonic() - begin}


def consume(client):
    """The clock starts when the first records have come, and they do not count."""
    begin, first, received = None, 0, 0
    for number in client.batches():
        received += number
        if number and begin is None:
            begin, first = time.monotonic(), number
        if received >= count:
            return {"seconds": time.monotonic() - begin, "records": received - first}


def latency(client):
    for _ in range(100):
        client.send(values[0])
        client.flush()
    latencies, lock = [], threading.Lock()

    def measured(sent):
        def acknowledged():
            with lock:
                latencies.append(1000 * (time.monotonic() - sent))

        return acknowledged

    begin = time.monotonic()
    for at in range(count):
        while time.monotonic() < begin + at / work["ratePerSecond"]:
            client.poll()
        client.send(values[0], measured(time.monotonic()))
    client.flush()
    latencies.sort()
    return {
        "seconds": time.monotonic() - begin,
        "p50Ms": latencies[len(latencies) // 2],
        "p99Ms": latencies[len(latencies) * 99 // 100],
    }


client = Confluent() if library == "confluent" else KafkaPython()
begin_cpu = time.process_time()
done = {"produce": produce, "consume": consume, "latency": latency}[work["kind"]](client)
print(json.dumps({**done, "cpuSeconds": time.process_time() - begin_cpu}), flush=True)
os._exit(0)
