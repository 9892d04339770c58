"""Fills a compacted topic, lets the broker compact it, and writes small records to another topic all the while.

    compaction.py BOOTSTRAP DATA_FOLDER MEGABYTES

Records of 100 B, the keys drawn from a tenth as many. Nothing is compacted before all is written: min.compaction.lag.ms forbids it.
How far the broker is it says itself, in cleaner-offset-checkpoint. Prints {"megabytes", "seconds", "idleP99Ms", "besideP99Ms"} as JSON.
"""

import json
import os
import random
import sys
import threading
import time

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, NewTopic

bootstrap, folder, megabytes = sys.argv[1], sys.argv[2], int(sys.argv[3])
RECORD_BYTES, KEY_BYTES, RATE = 100, 12, 200
count = megabytes * 1_000_000 // RECORD_BYTES
admin = AdminClient({"bootstrap.servers": bootstrap})
config = {"cleanup.policy": "compact", "segment.bytes": "67108864", "min.compaction.lag.ms": "100000000"}
for future in admin.create_topics([NewTopic("compacted", 1, 1, config=config), NewTopic("beside", 1, 1)]).values():
    future.result(30)


def alter(**changes):
    entries = [
        ConfigEntry(name.replace("_", "."), value, incremental_operation=AlterConfigOpType.SET)
        for name, value in changes.items()
    ]
    resource = ConfigResource(ConfigResource.Type.TOPIC, "compacted", incremental_configs=entries)
    for future in admin.incremental_alter_configs([resource]).values():
        future.result(30)


def fill():
    filler = Producer(
        {"bootstrap.servers": bootstrap, "acks": 1, "linger.ms": 20, "batch.num.messages": 160, "queue.buffering.max.messages": 500000}
    )
    chooser = random.Random(4)
    value = b"v" * (RECORD_BYTES - KEY_BYTES - 10)
    for _ in range(count):
        key = b"%012d" % chooser.randrange(count // 10)
        while True:
            try:
                filler.produce("compacted", value, key)
                break
            except BufferError:
                filler.poll(0.01)
    filler.flush()
    # The last segment is closed by a record that comes too late for it.
    alter(segment_ms="100")
    time.sleep(0.3)
    filler.produce("compacted", value, b"last")
    filler.flush()


def compacted_up_to():
    try:
        with open(os.path.join(folder, "cleaner-offset-checkpoint"), encoding="ascii") as file:
            for line in file:
                if line.startswith("compacted 0 "):
                    return int(line.split()[2])
    except (FileNotFoundError, ValueError):
        pass
    return 0


def beside(latencies, stopped):
    producer = Producer({"bootstrap.servers": bootstrap, "acks": 1, "linger.ms": 0})
    due = time.monotonic()
    while not stopped.is_set():
        begin = time.monotonic()
        producer.produce(
            "beside", b"x" * RECORD_BYTES, on_delivery=lambda error, _, at=begin: latencies.append((at, time.monotonic() - at))
        )
        due += 1 / RATE
        while True:
            left = due - time.monotonic()
            producer.poll(max(0, left))
            if left <= 0:
                break
    producer.flush()


def p99(latencies):
    ordered = sorted(took for _, took in latencies)
    return 1000 * ordered[int(len(ordered) * 0.99)] if ordered else 0


fill()
log_folder = os.path.join(folder, "compacted-0")
sizes = [os.path.getsize(os.path.join(log_folder, name)) for name in sorted(os.listdir(log_folder)) if name.endswith(".log")]
latencies, stopped = [], threading.Event()
writer = threading.Thread(target=beside, args=(latencies, stopped))
writer.start()
time.sleep(4)
started = time.monotonic()
alter(min_compaction_lag_ms="0", min_cleanable_dirty_ratio="0.01")
while compacted_up_to() < count:
    if time.monotonic() > started + 300:
        sys.exit("not compacted within five minutes")
    time.sleep(0.005)
ended = time.monotonic()
stopped.set()
writer.join()
print(
    json.dumps(
        {
            "megabytes": sum(sizes[:-1]) / 1e6,
            "seconds": ended - started,
            "idleP99Ms": p99([each for each in latencies if started - 3 < each[0] < started]),
            "besideP99Ms": p99([each for each in latencies if started <= each[0] < ended]),
        }
    )
)
