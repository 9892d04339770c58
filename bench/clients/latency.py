"""Sends records of 100 B one at a time, 300 a second, acks=all: prints [[sent at, ms of the wall clock; ms until acknowledged], ...] as JSON.

    latency.py BOOTSTRAP SECONDS
"""

import json
import sys
import time

from confluent_kafka import Producer

bootstrap, seconds = sys.argv[1], float(sys.argv[2])
RATE = 300
producer = Producer({"bootstrap.servers": bootstrap, "acks": "all", "linger.ms": 0})
latencies = []


def send():
    sent, begin = time.time() * 1000, time.monotonic()

    def acknowledged(error, _):
        if error is not None:
            sys.exit(f"a record failed with {error}")
        latencies.append((round(sent, 1), 1000 * (time.monotonic() - begin)))

    producer.produce("latency", b"x" * 100, on_delivery=acknowledged)
    producer.flush()


begin = due = time.monotonic()
while due < begin + seconds:
    time.sleep(max(0.0, due - time.monotonic()))
    send()
    due += 1 / RATE
print(json.dumps(latencies))
