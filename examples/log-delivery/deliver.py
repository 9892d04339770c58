"""The main job in Python: one producer, five consumers in groups of their own, messages of 100 to 500 KB.

    python3 -m venv .venv && .venv/bin/pip install confluent-kafka
    .venv/bin/python examples/log-delivery/deliver.py --folder /var/log --rate 30 --seconds 20
"""

import argparse
import hashlib
import multiprocessing
import os
import random
import sys
import time
import uuid

from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient, NewTopic

SMALLEST_BYTES, LARGEST_BYTES = 100 * 1024, 500 * 1024
GIVE_UP_AFTER_SECONDS = 30


def pieces(folder, count):
    """Yields (path, position, bytes) of the folder's files, over and over until count were made."""
    made = 0
    while made < count:
        before = made
        for directory, _, names in os.walk(folder):
            for name in names:
                path = os.path.join(directory, name)
                try:
                    with open(path, "rb") as file:
                        content = file.read(256 * 1024 * 1024)
                except OSError:
                    continue
                position = 0
                while len(content) >= SMALLEST_BYTES and position < len(content):
                    size = random.randint(SMALLEST_BYTES, LARGEST_BYTES)
                    if made == count:
                        return
                    yield path, position, content[position : position + size]
                    made += 1
                    position += size
        if made == before:
            sys.exit(f"{folder} holds no file of at least {SMALLEST_BYTES} bytes; name another with --folder")


def consume(bootstrap, topic, group, count, ready, results, progress):
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": group,
            "auto.offset.reset": "earliest",
            "fetch.wait.max.ms": 500,
        }
    )
    consumer.subscribe([topic], on_assign=lambda *_: ready.set())
    digests, latencies, last = {}, [], time.monotonic()
    while len(digests) < count and time.monotonic() - last < GIVE_UP_AFTER_SECONDS:
        message = consumer.poll(0.1)
        if message is None:
            continue
        if message.error():
            raise SystemExit(f"{group}: {message.error()}")
        last = time.monotonic()
        latencies.append(time.time() * 1000 - message.timestamp()[1])
        digests[int(message.key())] = hashlib.sha256(message.value()).digest()
        progress.value += 1
    consumer.close()
    results.put((group, digests, latencies))


def quantile(numbers, q):
    return sorted(numbers)[min(len(numbers) - 1, int(len(numbers) * q))] if numbers else 0.0


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--bootstrap", default="127.0.0.1:9092")
    arguments.add_argument("--folder", default=os.path.dirname(os.__file__))
    arguments.add_argument("--rate", type=float, default=30)
    arguments.add_argument("--seconds", type=float, default=20)
    arguments.add_argument("--consumers", type=int, default=5)
    options = arguments.parse_args()
    count = round(options.rate * options.seconds)
    topic = f"log-delivery-{uuid.uuid4().hex[:8]}"

    admin = AdminClient({"bootstrap.servers": options.bootstrap})
    admin.create_topics([NewTopic(topic, 1, 1)])[topic].result(10)
    results = multiprocessing.Queue()
    consumers = []
    for index in range(options.consumers):
        ready, progress = multiprocessing.Event(), multiprocessing.Value("l", 0)
        arguments_of_one = (options.bootstrap, topic, f"{topic}-{index + 1}", count, ready, results, progress)
        process = multiprocessing.Process(target=consume, args=arguments_of_one, daemon=True)
        process.start()
        consumers.append((process, ready, progress))
    for _, ready, _ in consumers:
        ready.wait(30)

    producer = Producer({"bootstrap.servers": options.bootstrap, "acks": "all", "linger.ms": 0})
    sent, sent_bytes, start, shown = [], 0, time.monotonic(), 0.0
    for sequence, (path, position, content) in enumerate(pieces(options.folder, count)):
        due = start + sequence / options.rate
        time.sleep(max(0.0, due - time.monotonic()))
        producer.produce(topic, content, str(sequence), headers={"path": f"{path}@{position}"})
        producer.poll(0)
        sent.append(hashlib.sha256(content).digest())
        sent_bytes += len(content)
        if time.monotonic() - shown > 1:
            shown = time.monotonic()
            rate = sent_bytes / 1e6 / max(0.001, shown - start)
            received = " ".join(str(progress.value) for _, _, progress in consumers)
            print(f"{shown - start:3.0f} s  sent {len(sent)} ({rate:.1f} MB/s)  received {received}", file=sys.stderr)
    producer.flush(30)

    failures = 0
    for _ in consumers:
        group, digests, latencies = results.get(timeout=GIVE_UP_AFTER_SECONDS + 30)
        wrong = sum(1 for sequence, digest in enumerate(sent) if digests.get(sequence) != digest)
        failures += wrong > 0
        verdict = "every byte equal" if wrong == 0 else f"{wrong} messages missing or different"
        print(
            f"{group}: {len(digests)} of {count} messages, {verdict}, "
            f"latency p50 {quantile(latencies, 0.5):.1f} ms, p99 {quantile(latencies, 0.99):.1f} ms"
        )
    admin.delete_topics([topic])[topic].result(10)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
