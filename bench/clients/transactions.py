"""Commits transactions of 100 x 1 KB one after the other: prints {"perSecond"} as JSON.

    transactions.py BOOTSTRAP SECONDS
"""

import json
import os
import sys
import time

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

bootstrap, seconds = sys.argv[1], float(sys.argv[2])
topic = f"transactions-{os.getpid()}"
admin = AdminClient({"bootstrap.servers": bootstrap})
admin.create_topics([NewTopic(topic, 6, 1)])[topic].result(20)
producer = Producer({"bootstrap.servers": bootstrap, "transactional.id": topic, "linger.ms": 0})
producer.init_transactions(60)
payload = os.urandom(1024)


def commit_one():
    producer.begin_transaction()
    for sequence in range(100):
        producer.produce(topic, payload, partition=sequence % 6)
    producer.commit_transaction(60)


for _ in range(20):
    commit_one()
count, begin = 0, time.monotonic()
while time.monotonic() - begin < seconds:
    commit_one()
    count += 1
print(json.dumps({"perSecond": count / (time.monotonic() - begin)}))
