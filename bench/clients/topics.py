"""Creates COUNT topics, then sends one record to each: prints {"createSeconds", "firstRecordSeconds"} as JSON.

    topics.py BOOTSTRAP COUNT PARTITIONS
"""

import json
import sys
import time

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

bootstrap, count, partitions = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
names = [f"topic-{number:05d}" for number in range(count)]
admin = AdminClient({"bootstrap.servers": bootstrap})
begin = time.monotonic()
# Kafka refuses to make more than 10,000 partitions in one request.
batch = 1000 if partitions == 1 else 5000 // partitions
for at in range(0, count, batch):
    wanted = [NewTopic(name, partitions, 1) for name in names[at : at + batch]]
    for future in admin.create_topics(wanted, operation_timeout=60, request_timeout=60).values():
        future.result(60)
created = time.monotonic()
failures = []
# A broker may need longer than the client's 30 s to serve so many new topics: wait rather than fail.
producer = Producer(
    {
        "bootstrap.servers": bootstrap,
        "acks": 1,
        "queue.buffering.max.messages": 200000,
        "topic.metadata.propagation.max.ms": 600000,
    }
)
for name in names:
    for partition in range(partitions):
        producer.produce(name, b"first", partition=partition, on_delivery=lambda error, _: error and failures.append(error))
    producer.poll(0)
producer.flush()
if failures:
    sys.exit(f"{len(failures)} records failed, the first with {failures[0]}")
print(json.dumps({"createSeconds": created - begin, "firstRecordSeconds": time.monotonic() - created}))
