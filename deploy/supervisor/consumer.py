"""A consumer to run in the background: takes records of a topic, works on each, and commits what is done.

Needs confluent-kafka. Killed at any moment, the next one goes on from the last commit: nothing is left out, and what was
done after that commit is done once more.
"""

import os
import signal
import sys

from confluent_kafka import Consumer, KafkaException

COMMIT_EVERY = 20


def work(message):
    """Put yours here. When it raises, the process ends without a commit, and supervisor starts another."""
    sys.stdout.write(f"{message.partition()} {message.offset()} {message.value().decode(errors='replace')}\n")
    sys.stdout.flush()


def main():
    consumer = Consumer({
        "bootstrap.servers": os.environ.get("KAFKA_BROKERS", "127.0.0.1:9092"),
        "group.id": os.environ.get("KAFKA_GROUP", "log-consumers"),
        # The same member after a restart: it gets its partitions back at once, and the others keep theirs.
        "group.instance.id": os.environ.get("SUPERVISOR_PROCESS_NAME", f"consumer-{os.getpid()}"),
        "auto.offset.reset": "earliest",
        "enable.auto.commit": False,
    })
    is_running = True

    def stop(_signal, _frame):
        nonlocal is_running
        is_running = False

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    consumer.subscribe([os.environ.get("KAFKA_TOPIC", "logs")])
    done = 0
    try:
        while is_running:
            message = consumer.poll(0.5)
            if message is None:
                if done > 0:
                    consumer.commit(asynchronous=False)
                    done = 0
                continue
            if message.error():
                raise KafkaException(message.error())
            work(message)
            done += 1
            if done >= COMMIT_EVERY:
                consumer.commit(asynchronous=False)
                done = 0
        if done > 0:
            consumer.commit(asynchronous=False)
    finally:
        consumer.close()


if __name__ == "__main__":
    main()
