"""What the workers in Python share: their arguments, the lines of a history, and pacing.

A worker is called with its role, its number, the bootstrap address and `name=value` settings. It works until its standard input closes,
and says what it does on standard output in the format of checker/history.ts. Settings:
  topics=NUMBER:NAME:PARTITIONS,...   rate=values a second   seed=...   acks=all|1   group=...   assignor=range|cooperative-sticky   protocol=classic|consumer
  isolation=committed|uncommitted   fetch=bytes   transactional=id   aborts=share of transactions to abort   output=NUMBER:NAME:PARTITIONS
"""

import faulthandler
import os
import random
import signal
import sys
import threading
import time

ROLE, NUMBER, BOOTSTRAP = sys.argv[1], int(sys.argv[2]), sys.argv[3]
SETTINGS = dict(word.split("=", 1) for word in sys.argv[4:])
RANDOM = random.Random(int(SETTINGS.get("seed", "0")) * 1000 + NUMBER)
OUTSTANDING = 4000
# What was not sent while the broker was away is made up for, but for what is older.
LATE_S = 10
# What a worker exits with that cannot go on and must be replaced: its producer was fenced, or its client gave up.
GIVEN_UP = 3


class Topic:
    def __init__(self, words):
        number, self.name, partitions = words.split(":")
        self.number, self.partitions = int(number), int(partitions)


TOPICS = [Topic(words) for words in SETTINGS.get("topics", "").split(",") if words]
NUMBERS = {topic.name: topic.number for topic in TOPICS}

stopped = threading.Event()
faulthandler.register(signal.SIGQUIT)


def watch_input():
    while os.read(0, 4096):
        pass
    stopped.set()


threading.Thread(target=watch_input, daemon=True).start()


def now_us():
    return time.monotonic_ns() // 1000


def say(*words):
    """One line, written before anything else is done."""
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


def give_up(why):
    sys.stderr.write(f"{why}\n")
    sys.stderr.flush()
    os._exit(GIVEN_UP)


def value(index):
    return b"%d:%d %s" % (NUMBER, index, b"." * RANDOM.randrange(10, 200))


def place_of(text):
    process, index = text.split(b" ", 1)[0].split(b":")
    return int(process), int(index)


class Runs:
    """Gathers what follows each other in one partition into one line: a run of acknowledgements or of polled values."""

    def __init__(self, kind):
        self.kind, self.lines, self.run = kind, [], None

    def add(self, topic, partition, offset, process, index):
        run = self.run
        if run and run[:2] == [topic, partition] and run[3] == process and run[2] + run[5] == offset and run[4] + run[5] == index:
            run[5] += 1
            return
        self.finish()
        self.run = [topic, partition, offset, process, index, 1]

    def finish(self):
        if self.run:
            topic, partition, offset, process, index, count = self.run
            middle = f"{index}" if self.kind == "a" else f"{process} {index}"
            self.lines.append(f"{self.kind} {now_us()} {topic} {partition} {offset} {middle} {count}\n")
        self.run = None

    def write(self):
        self.finish()
        if self.lines:
            os.write(1, "".join(self.lines).encode())
            self.lines = []


class Pace:
    """Bursts so that so many values a second are sent on average."""

    def __init__(self):
        self.rate = float(SETTINGS.get("rate", "1000"))
        self.due = time.monotonic()

    def burst(self):
        return 1 + RANDOM.randrange(max(2, min(200, int(self.rate / 5))))

    def wait(self, sent):
        """Returns when it is time to go on, False when it is time to stop."""
        self.due = max(self.due + sent / self.rate, time.monotonic() - LATE_S)
        return not stopped.wait(max(0, self.due - time.monotonic()))
