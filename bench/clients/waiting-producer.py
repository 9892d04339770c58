"""Keeps sending small records and prints the time of each acknowledgement, so that a gap in service can be measured.

    waiting-producer.py BOOTSTRAP
"""

import sys
import time

from confluent_kafka import Producer

producer = Producer(
    {
        "bootstrap.servers": sys.argv[1],
        "acks": "all",
        "linger.ms": 0,
        "reconnect.backoff.ms": 5,
        "reconnect.backoff.max.ms": 20,
        "retry.backoff.ms": 10,
        "retry.backoff.max.ms": 20,
    }
)


def delivered(error, _):
    if error is None:
        print(repr(time.time() * 1000), flush=True)


while True:
    producer.produce("waiting", b"x", on_delivery=delivered)
    producer.poll(0.01)
