"""A worker with librdkafka: creates topics, produces, transacts, consumes, processes, and reads all at the end. See history.py."""

import random
import time

from confluent_kafka import OFFSET_BEGINNING, Consumer, IsolationLevel, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic, OffsetSpec
from history import BOOTSTRAP, NUMBER, NUMBERS, OUTSTANDING, RANDOM, ROLE, SETTINGS, TOPICS, Pace, Runs, Topic, give_up, now_us, place_of, say, stopped, value

COMMON = {
    "bootstrap.servers": BOOTSTRAP,
    "reconnect.backoff.ms": 20,
    "reconnect.backoff.max.ms": 200,
    "socket.timeout.ms": 10000,
    # Only what is fatal: that the broker is away is no news.
    "log_level": 2,
}


class Sender:
    """A producer that says what it sends and what is acknowledged."""

    def __init__(self, settings):
        self.acknowledged, self.sent = Runs("a"), 0
        self.producer = Producer(COMMON | {"linger.ms": RANDOM.choice([0, 2, 10]), "compression.type": RANDOM.choice(["none", "lz4", "zstd"])} | settings)

    def delivered(self, error, message):
        if error is None:
            self.acknowledged.add(NUMBERS[message.topic()], message.partition(), message.offset(), *place_of(message.value()))

    def burst(self, topic, partition, count, source=""):
        say("s", now_us(), topic.number, partition, self.sent, count, *source)
        for _ in range(count):
            while True:
                try:
                    self.producer.produce(topic.name, value(self.sent), partition=partition, on_delivery=self.delivered)
                    break
                except BufferError:
                    self.poll(0.05)
            self.sent += 1
        self.poll(0)

    def poll(self, seconds):
        self.producer.poll(seconds)
        self.acknowledged.write()

    def finish(self, seconds):
        left = self.producer.flush(seconds)
        self.acknowledged.write()
        return left


def produce():
    if SETTINGS.get("acks") == "1":
        sender = Sender({"acks": 1, "enable.idempotence": False, "retries": 0, "message.timeout.ms": 30000})
    else:
        sender = Sender({"enable.idempotence": True, "message.timeout.ms": 120000})
    pace, count = Pace(), 0
    while pace.wait(count):
        while len(sender.producer) > OUTSTANDING and not stopped.is_set():
            sender.poll(0.05)
        topic, count = RANDOM.choice(TOPICS), pace.burst()
        sender.burst(topic, RANDOM.randrange(topic.partitions), count)
    sender.finish(60)


class Transactions:
    """The transactions of one producer, told as they go; retries what may be retried."""

    def __init__(self):
        settings = {"transactional.id": SETTINGS["transactional"], "transaction.timeout.ms": 10000, "message.timeout.ms": 10000}
        # When all brokers are away, librdkafka would start again from its bootstrap servers, and the requests of a transaction that wait
        # with the old connections are then neither sent nor ended.
        settings["metadata.recovery.strategy"] = "none"
        self.sender, self.number = Sender(settings), -1
        self.producer = self.sender.producer
        self.patiently(self.producer.init_transactions, 20)

    def patiently(self, call, *arguments):
        for _ in range(6):
            try:
                return call(*arguments)
            except KafkaException as error:
                if not error.args[0].retriable():
                    raise
        give_up(f"transaction {self.number}: {call.__name__} got no answer in two minutes")

    def begin(self):
        self.number += 1
        self.producer.begin_transaction()
        say("b", now_us(), self.number)

    def commit(self):
        self.sender.finish(30)
        say("c", now_us(), self.number)
        self.patiently(self.producer.commit_transaction, 20)
        say("C", now_us(), self.number)

    def abort(self):
        say("x", now_us(), self.number)
        self.patiently(self.producer.abort_transaction, 20)
        self.sender.acknowledged.write()
        say("X", now_us(), self.number)

    def run(self, work):
        """Does the work in a transaction; True when it was committed, False when it was aborted, by chance or because it had to be."""
        try:
            self.begin()
            work()
            if RANDOM.random() < float(SETTINGS.get("aborts", "0.15")):
                self.abort()
                return False
            self.commit()
            return True
        except KafkaException as error:
            try:
                if not error.args[0].fatal():
                    self.abort()
                    return False
            except KafkaException as other:
                error = other
            give_up(f"transaction {self.number}: {error.args[0]}")
        except SystemError as error:  # A fatal error met within a delivery report.
            give_up(f"transaction {self.number}: {error}")


def transact():
    transactions, pace = Transactions(), Pace()
    sent = 0

    def work():
        nonlocal sent
        for _ in range(RANDOM.randrange(1, 5)):
            topic, count = RANDOM.choice(TOPICS), pace.burst()
            transactions.sender.burst(topic, RANDOM.randrange(topic.partitions), count)
            sent += count
        if RANDOM.random() < 0.2:
            transactions.sender.finish(10)

    while pace.wait(sent):
        sent = 0
        transactions.run(work)


class Member:
    """A consumer in a group that says what it is assigned and polls."""

    def __init__(self):
        settings = {
            "group.id": SETTINGS["group"],
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            "isolation.level": f"read_{SETTINGS['isolation']}",
            "fetch.message.max.bytes": int(SETTINGS.get("fetch", "100000")),
            "fetch.wait.max.ms": 100,
            "queued.min.messages": 2000,
        }
        if SETTINGS.get("protocol") == "consumer":
            settings["group.protocol"] = "consumer"
        else:
            settings |= {"partition.assignment.strategy": SETTINGS.get("assignor", "range"), "session.timeout.ms": 3000, "heartbeat.interval.ms": 500}
        self.polled, self.consumer = Runs("r"), Consumer(COMMON | settings)
        self.consumer.subscribe([topic.name for topic in TOPICS], on_assign=self.assigned, on_revoke=self.revoked, on_lost=self.revoked)

    def assigned(self, _, partitions):
        for at in partitions:
            say("A", now_us(), NUMBERS[at.topic], at.partition, -1)

    def revoked(self, _, partitions):
        for at in partitions:
            say("R", now_us(), NUMBERS[at.topic], at.partition)

    def poll(self, most):
        """What came, and the positions after it by partition."""
        try:
            found = [message for message in self.consumer.consume(most, 0.1) if message.error() is None]
        except KafkaException as error:
            give_up(f"poll: {error}")
        ends = {}
        for message in found:
            self.polled.add(NUMBERS[message.topic()], message.partition(), message.offset(), *place_of(message.value()))
            ends[message.topic(), message.partition()] = message.offset() + 1
        self.polled.write()
        return found, [TopicPartition(topic, partition, offset) for (topic, partition), offset in ends.items()]


def tell(kind, positions):
    for at in positions:
        say(kind, now_us(), NUMBERS[at.topic], at.partition, at.offset)


def consume():
    member = Member()
    while not stopped.is_set():
        found, ends = member.poll(500)
        if not found or RANDOM.random() < 0.2:
            continue
        tell("K", ends)
        try:
            done = member.consumer.commit(offsets=ends, asynchronous=False)
            tell("k", [at for at in done if at.error is None])
        except KafkaException:
            pass  # The broker is away or the group moves: the values come again.
    member.consumer.close()


def process():
    output = Topic(SETTINGS["output"])
    NUMBERS[output.name] = output.number
    member, transactions = Member(), Transactions()
    while not stopped.is_set():
        found, ends = member.poll(200)
        if not found:
            transactions.sender.poll(0)
            continue

        def work():
            partition, start = RANDOM.randrange(output.partitions), 0
            places = [place_of(message.value()) for message in found]
            for at in range(1, len(places) + 1):
                if at < len(places) and places[at] == (places[at - 1][0], places[at - 1][1] + 1):
                    continue
                transactions.sender.burst(output, partition, at - start, places[start])
                start = at
            transactions.producer.send_offsets_to_transaction(ends, member.consumer.consumer_group_metadata(), 20)
            tell("K", ends)

        if transactions.run(work):
            tell("k", ends)
        else:
            rewind(member)
    member.consumer.close()


def rewind(member):
    """Back to what the group has committed, as nothing of what was polled since counts."""
    while True:
        try:
            for at in member.consumer.committed(member.consumer.assignment(), 10):
                say("A", now_us(), NUMBERS[at.topic], at.partition, -1)
                member.consumer.seek(TopicPartition(at.topic, at.partition, at.offset if at.offset >= 0 else OFFSET_BEGINNING))
            return
        except KafkaException as error:
            if stopped.is_set():
                give_up(f"rewind: {error}")
            time.sleep(0.1)


def read():
    isolation = SETTINGS["isolation"]
    admin = AdminClient(COMMON)
    everything = [TopicPartition(topic.name, partition) for topic in TOPICS for partition in range(topic.partitions)]
    for attempt in range(100):
        latest = admin.list_offsets({at: OffsetSpec.latest() for at in everything}, isolation_level=IsolationLevel.READ_UNCOMMITTED)
        try:
            waiting = {(at.topic, at.partition): future.result().offset for at, future in latest.items()}
            break
        except KafkaException as error:
            if attempt == 99:
                give_up(f"list offsets: {error}")
            time.sleep(0.2)  # The broker has just come up.
    waiting = {at: end for at, end in waiting.items() if end > 0}
    settings = {"group.id": "reader", "enable.auto.commit": False, "enable.partition.eof": True, "isolation.level": f"read_{isolation}"}
    consumer, polled = Consumer(COMMON | settings), Runs("r")
    for name, partition in waiting:
        say("A", now_us(), NUMBERS[name], partition, 0)
    consumer.assign([TopicPartition(name, partition, OFFSET_BEGINNING) for name, partition in waiting])
    last = time.monotonic()
    while waiting:
        for message in consumer.consume(1000, 0.2):
            at = (message.topic(), message.partition())
            if message.error() is None:
                polled.add(NUMBERS[at[0]], at[1], message.offset(), *place_of(message.value()))
                last = time.monotonic()
            elif message.error().code() != KafkaError._PARTITION_EOF:
                give_up(f"read: {message.error()}")
            elif message.offset() >= waiting.get(at, 0):
                waiting.pop(at, None)
        polled.write()
        if time.monotonic() - last > 40:
            give_up(f"cannot read on to the ends {waiting}: a transaction hangs, or fetches do")
    consumer.close()


def create():
    admin = AdminClient(COMMON)
    configs = dict(word.split("=") for word in SETTINGS.get("configs", "").split(",") if word)
    made = admin.create_topics([NewTopic(topic.name, topic.partitions, 1, config=configs) for topic in TOPICS])
    for future in made.values():
        future.result(20)


random.seed(NUMBER)
{"produce": produce, "transact": transact, "consume": consume, "process": process, "read": read, "create": create}[ROLE]()
