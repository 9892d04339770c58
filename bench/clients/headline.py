"""Sends COUNT messages of SIZE bytes with ACKS and waits for all of them: prints {"seconds"} as JSON.

    headline.py BOOTSTRAP COUNT SIZE ACKS
"""

import json
import os
import sys
import time

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

bootstrap, count, size, acks = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
topic = f"headline-{os.getpid()}"
admin = AdminClient({"bootstrap.servers": bootstrap})
admin.create_topics([NewTopic(topic, 1, 1)])[topic].result(20)
failures = []
producer = Producer({"bootstrap.servers": bootstrap, "acks": acks, "queue.buffering.max.kbytes": 2097151})
payload = os.urandom(size)
begin = time.monotonic()
for _ in range(count):
    while True:
        try:
            producer.produce(topic, payload, on_delivery=lambda error, _: error and failures.append(error))
            break
        except BufferError:
            producer.poll(0.01)
    producer.poll(0)
producer.flush()
if failures:
    sys.exit(f"{len(failures)} messages failed, the first with {failures[0]}")
print(json.dumps({"seconds": time.monotonic() - begin}))
