"""What the Python clients' programs share: naming cases, running them with time-outs, messages to send, and the group that rebalances.

A program is called with the bootstrap address and case names; it prints one line of JSON per case.
"""

import json
import queue
import random
import signal
import sys
import threading
import time
import traceback
import uuid
from collections import namedtuple

RUN = uuid.uuid4().hex[:8]
CASE_TIMEOUT_SECONDS = 90
CODEC_RECORDS = 240
LARGE_RECORDS = 24

Record = namedtuple("Record", "key value headers")
_cases = {}


class CaseTimeout(Exception):
    pass


def case(name, **arguments):
    """Registers a case; the same function may serve several names with different arguments."""

    def register(function):
        _cases[name] = lambda bootstrap: function(bootstrap, **arguments)
        return function

    return register


def topic_name(name):
    return f"{name}-{RUN}"


def body(index, size):
    """Bytes that are half random and half repetitive, the same for the same arguments."""
    source = random.Random(index * 1_000_003 + size)
    noise = source.randbytes(size // 2)
    line = f"line {index} of a log that repeats itself again and again; ".encode()
    return noise + (line * (size // len(line) + 1))[: size - len(noise)]


def records(count, nulls=True, headers=True, null_headers=True):
    """Records of many sizes, with null keys and values, empty ones, and headers of every kind."""
    made = []
    for index in range(count):
        size = (0, 1, 17, 100, 1000, 9000)[index % 6]
        key = None if index % 7 == 3 else b"" if index % 7 == 5 else f"key-{index}".encode()
        value = None if nulls and index % 11 == 5 and key else body(index, size)
        head = []
        if headers and index % 5 == 0:
            head = [("trace", b"\x00\xff\x80" + str(index).encode()), ("trace", b"again"), ("empty", b"")]
            if index % 10 == 0 and null_headers:
                head.append(("null", None))
        made.append(Record(key, value, head))
    return made


def large_records(count=LARGE_RECORDS):
    sizes = random.Random(7)
    return [Record(str(i).encode(), body(i, sizes.randint(100_000, 500_000)), []) for i in range(count)]


def check(condition, message):
    if not condition:
        raise AssertionError(message)


def equal(actual, expected, what):
    if actual != expected:
        raise AssertionError(f"{what}: expected {short(expected)}, got {short(actual)}")


def short(value):
    text = repr(value)
    return text if len(text) < 400 else f"{text[:400]}... ({len(text)} characters)"


def same_records(actual, expected):
    """Compares every byte of keys, values and headers, in order."""
    equal(len(actual), len(expected), "count of records")
    for index, (got, want) in enumerate(zip(actual, expected)):
        equal(got.key, want.key, f"key of record {index}")
        equal(got.value, want.value, f"value of record {index}")
        equal(list(got.headers or []), list(want.headers or []), f"headers of record {index}")


def until(what, condition, timeout=30):
    """Asks until the condition holds, and returns what it returned."""
    deadline = time.monotonic() + timeout
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {timeout} s in vain for: {what}")
        time.sleep(0.02)


class MemberThread:
    """One member of a group in a thread of its own.

    The member is made and used in that thread only. It has poll(seconds) -> [(partition, offset, value)], assignment() -> partitions,
    commit() and close(), which leaves the group.
    """

    def __init__(self, name, make):
        self.name = name
        self.assignment = frozenset()
        self.seen = []
        self.error = None
        self._commands = queue.Queue()
        self._make = make
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        try:
            member = self._make()
            while self._commands.empty():
                found = member.poll(0.1)
                if found:
                    self.seen.extend(found)
                    member.commit()
                self.assignment = frozenset(member.assignment())
            self.assignment = frozenset()
            member.close()
        except BaseException:
            self.error = traceback.format_exc()

    def stop(self):
        self._commands.put("stop")
        self._thread.join(30)
        check(not self._thread.is_alive(), f"member {self.name} did not stop")
        self.check()

    def check(self):
        check(self.error is None, f"member {self.name} broke:\n{self.error}")


def rebalancing_group(make_member, send, partitions=6, settle=60):
    """One member, a second joins, a third joins, one leaves; nothing is lost, and who comes after them resumes where they committed.

    make_member() makes a member of the group; send(partition, value) sends a record and returns when the broker has it.
    """
    sent = set()

    def send_round(name):
        for partition in range(partitions):
            for index in range(5):
                value = f"{name}-{partition}-{index}".encode()
                send(partition, value)
                sent.add(value)

    members = []

    def settled():
        for member in members:
            member.check()
        shares = [member.assignment for member in members]
        whole = frozenset().union(*shares)
        return len(whole) == partitions and sum(map(len, shares)) == partitions and all(shares)

    def everything_seen(everyone):
        for member in members:
            member.check()
        return sent <= {value for member in everyone for (_, _, value) in list(member.seen)}

    everyone = []
    for name in ("first", "second", "third"):
        member = MemberThread(name, make_member)
        members.append(member)
        everyone.append(member)
        until(f"{len(members)} members share {partitions} partitions", settled, settle)
        send_round(f"with-{name}")
        until(f"all that was sent is seen after {name} joined", lambda: everything_seen(everyone), 40)
    leaver = members.pop(1)
    leaver.stop()
    until("the others take over from the one that left", settled, settle)
    send_round("after-leave")
    until("all that was sent is seen after one left", lambda: everything_seen(everyone), 40)
    for member in members:
        member.stop()
    total = sum(len(member.seen) for member in everyone)
    # Who comes later sees exactly what was not committed: nothing of the old.
    before = set(sent)
    sent.clear()
    send_round("resumed")
    late = MemberThread("late", make_member)
    members[:] = [late]
    until("the late member sees what was sent last", lambda: everything_seen([late]), settle)
    late.stop()
    seen = {value for (_, _, value) in late.seen}
    check(not seen & before, f"the late member saw what had been committed: {short(sorted(seen & before))}")
    return f"{len(before)} records, {total - len(before)} seen twice"


def _other_threads():
    """Where each is, for a case that waited in vain: whether a client is stuck in itself."""
    frames = sys._current_frames()
    told = ""
    for thread in threading.enumerate():
        if thread is threading.current_thread() or thread.ident not in frames:
            continue
        places = [f"{f.filename.rsplit('/', 1)[-1]}:{f.lineno} {f.name}" for f in traceback.extract_stack(frames[thread.ident])]
        told += f"\n{thread.name}: {' > '.join(places[-8:])}"
    return told


def _on_alarm(_signal, _frame):
    raise CaseTimeout(f"the case took longer than {CASE_TIMEOUT_SECONDS} s")


def main():
    bootstrap, *names = sys.argv[1:]
    signal.signal(signal.SIGALRM, _on_alarm)
    for name in names or list(_cases):
        ok, detail = True, ""
        signal.alarm(CASE_TIMEOUT_SECONDS)
        try:
            if name not in _cases:
                raise AssertionError("there is no such case")
            detail = _cases[name](bootstrap) or ""
        except BaseException as error:
            ok = False
            frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename.endswith("cases.py")]
            where = "".join(f"\nat {f.filename}:{f.lineno} {f.line}" for f in frames)
            detail = f"{type(error).__name__}: {str(error)[-1500:]}{where}{_other_threads()}"
        finally:
            signal.alarm(0)
        print(json.dumps({"case": name, "ok": ok, "detail": detail}).replace('{"case": ', '{"case":', 1), flush=True)
    # Clients leave threads behind; what they still do must not keep the program from ending.
    sys.stdout.flush()
    import os

    os._exit(0)
