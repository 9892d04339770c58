"""Has MEMBERS join one group over PARTITIONS at once: prints {"seconds"} until each partition has its owner as JSON.

    rebalance.py BOOTSTRAP MEMBERS PARTITIONS PROTOCOL        (classic or consumer)
"""

import json
import os
import sys
import threading
import time

from confluent_kafka import Consumer
from confluent_kafka.admin import AdminClient, NewTopic

bootstrap, members, partitions, protocol = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
topic = f"rebalance-{os.getpid()}"
admin = AdminClient({"bootstrap.servers": bootstrap})
admin.create_topics([NewTopic(topic, partitions, 1)])[topic].result(60)
config = {"bootstrap.servers": bootstrap, "group.id": topic, "group.protocol": protocol}
if protocol == "classic":
    config["partition.assignment.strategy"] = "cooperative-sticky"
owned, stopping = [set() for _ in range(members)], threading.Event()


def consume(index):
    consumer = Consumer(config)
    consumer.subscribe([topic])
    while not stopping.is_set():
        consumer.poll(0.05)
        owned[index] = {each.partition for each in consumer.assignment()}
    consumer.close()


threads = [threading.Thread(target=consume, args=(index,)) for index in range(members)]
begin = time.monotonic()
for thread in threads:
    thread.start()
share = partitions // members
while time.monotonic() - begin < 180:
    parts = [set(each) for each in owned]
    if all(share <= len(part) <= share + 1 for part in parts) and len(set().union(*parts)) == partitions:
        break
    time.sleep(0.01)
else:
    sys.exit("the group did not settle in three minutes")
seconds = time.monotonic() - begin
stopping.set()
for thread in threads:
    thread.join()
print(json.dumps({"seconds": seconds}))
