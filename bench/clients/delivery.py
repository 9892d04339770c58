"""One producer at a rate, consumers in groups of their own: prints {"p50", "p99", "delivered", "expected"} as JSON.

Latency is that of running clients: the first second, in which the producer connects, counts for what is delivered alone.

    delivery.py BOOTSTRAP RATE SECONDS CONSUMERS
"""

import json
import multiprocessing
import os
import random
import sys
import time

from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient, NewTopic

bootstrap, rate, seconds, consumers = sys.argv[1], float(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])
count = round(rate * seconds)
warm_up = round(rate)
topic = f"delivery-{os.getpid()}"


def consume(index, ready, results):
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": f"{topic}-{index}", "auto.offset.reset": "earliest"})
    consumer.subscribe([topic], on_assign=lambda *_: ready.set())
    latencies, last = [], time.monotonic()
    while len(latencies) < count and time.monotonic() - last < 20:
        message = consumer.poll(0.1)
        if message is None or message.error():
            continue
        last = time.monotonic()
        sent = float(message.key())
        latencies.append((time.time() - sent) * 1000)
    consumer.close()
    results.put(latencies)


admin = AdminClient({"bootstrap.servers": bootstrap})
admin.create_topics([NewTopic(topic, 1, 1)])[topic].result(20)
results, started = multiprocessing.Queue(), []
for index in range(consumers):
    ready = multiprocessing.Event()
    multiprocessing.Process(target=consume, args=(index, ready, results), daemon=True).start()
    started.append(ready)
for ready in started:
    ready.wait(60)
print("started", flush=True)

producer = Producer({"bootstrap.servers": bootstrap, "acks": 1, "linger.ms": 0, "queue.buffering.max.kbytes": 1048576})
block = random.Random(7).randbytes(500 * 1024)
sizes, begin = random.Random(8), time.monotonic()
for sequence in range(count):
    time.sleep(max(0.0, begin + sequence / rate - time.monotonic()))
    producer.produce(topic, block[: sizes.randint(100 * 1024, 500 * 1024)], repr(time.time()))
    producer.poll(0)
producer.flush(60)
received = [results.get(timeout=120) for _ in range(consumers)]
delivered = sum(len(latencies) for latencies in received)
latencies = sorted(latency for latencies in received for latency in latencies[warm_up:])
pick = lambda q: latencies[min(len(latencies) - 1, int(len(latencies) * q))] if latencies else -1
print(json.dumps({"p50": pick(0.5), "p99": pick(0.99), "delivered": delivered, "expected": count * consumers}))
