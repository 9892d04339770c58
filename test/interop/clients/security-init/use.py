"""Makes a topic, writes a record and reads it, with the settings of a file; or tells why it cannot log in."""

import sys

from confluent_kafka import Consumer, KafkaError, Producer

path, password = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None
settings = dict(line.rstrip("\n").split("=", 1) for line in open(path, encoding="utf-8"))
if password is not None:
    settings["sasl.password"] = password

errors = []
producer = Producer({**settings, "error_cb": lambda error: errors.append(error.code())})
producer.produce("orders", b"hello")
unsent = producer.flush(3 if password is not None else 15)
if unsent > 0:
    refused = KafkaError._AUTHENTICATION in errors
    print("refused" if refused else f"unsent: {errors}")
    sys.exit(0)

consumer = Consumer({**settings, "group.id": "readers", "auto.offset.reset": "earliest"})
consumer.subscribe(["orders"])
message = consumer.poll(15)
print("nothing" if message is None else message.value().decode())
consumer.close()
