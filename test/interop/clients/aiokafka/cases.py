"""aiokafka against a broker. A case is a coroutine; each member of a group has an event loop of its own in its thread."""

import asyncio
import time

import interop
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic, RecordsToDelete
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from aiokafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor
from aiokafka.errors import CommitFailedError
from interop import Record, case, check, equal, same_records, topic_name, until

# An hour ago: old enough to differ from the time of sending, too young for retention to remove.
FIRST_MS = int(time.time()) * 1000 - 3_600_000


def async_case(name, **fixed):
    def register(function):
        def run(bootstrap, **arguments):
            async def whole():
                admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
                await admin.start()
                try:
                    return await function(bootstrap, admin, **arguments)
                finally:
                    await admin.close()

            return asyncio.run(whole())

        case(name, **fixed)(run)
        return function

    return register


async def eventually(what, condition, timeout=20):
    """Asks until the coroutine answers with something true."""
    async with asyncio.timeout(timeout):
        while not await condition():
            await asyncio.sleep(0.02)


def records(count):
    return interop.records(count, null_headers=False)


async def create(admin, name, partitions=1, **configs):
    topic = topic_name(name)
    answer = await admin.create_topics([NewTopic(topic, partitions, 1, topic_configs=configs)])
    equal(answer.topic_errors[0][1], 0, "error of the creation")
    return topic


async def produce(bootstrap, topic, wanted, partition=0, first_ms=FIRST_MS, **settings):
    options = {"bootstrap_servers": bootstrap, "acks": "all", "linger_ms": 20, "max_request_size": 4_000_000}
    offsets = []
    async with AIOKafkaProducer(**(options | settings)) as producer:
        futures = []
        for index, record in enumerate(wanted):
            futures.append(
                await producer.send(
                    topic, record.value, record.key, partition, timestamp_ms=first_ms + index, headers=record.headers
                )
            )
        for future in futures:
            offsets.append((await asyncio.wait_for(future, 20)).offset)
    return offsets


async def consume(bootstrap, topic, count, first=0, **settings):
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False, check_crcs=True, **settings)
    found = []
    async with consumer, asyncio.timeout(40):
        where = TopicPartition(topic, 0)
        consumer.assign([where])
        consumer.seek(where, first)
        while len(found) < count:
            for batch in (await consumer.getmany(timeout_ms=200)).values():
                found.extend(batch)
    return found


async def there_and_back(bootstrap, topic, wanted, **settings):
    offsets = await produce(bootstrap, topic, wanted, **settings)
    equal(offsets, list(range(len(wanted))), "offsets")
    found = await consume(bootstrap, topic, len(wanted))
    same_records([Record(m.key, m.value, list(m.headers)) for m in found], wanted)
    equal([m.timestamp for m in found], [FIRST_MS + i for i in range(len(wanted))], "timestamps")
    late = await consume(bootstrap, topic, len(wanted) - 7, first=7)
    equal([m.offset for m in late], offsets[7:], "offsets from the middle")
    return f"{sum(len(r.value or b'') for r in wanted)} bytes"


@async_case("codec-none", codec=None)
@async_case("codec-gzip", codec="gzip")
@async_case("codec-snappy", codec="snappy")
@async_case("codec-lz4", codec="lz4")
@async_case("codec-zstd", codec="zstd")
async def codec(bootstrap, admin, codec):
    topic = await create(admin, f"codec-{codec}")
    return await there_and_back(bootstrap, topic, records(interop.CODEC_RECORDS), compression_type=codec)


@async_case("large-none", codec=None)
@async_case("large-zstd", codec="zstd")
async def large(bootstrap, admin, codec):
    topic = await create(admin, f"large-{codec}")
    return await there_and_back(bootstrap, topic, interop.large_records(), compression_type=codec)


@async_case("idempotent")
async def idempotent(bootstrap, admin):
    topic = await create(admin, "idempotent")
    return await there_and_back(bootstrap, topic, records(300), enable_idempotence=True, max_batch_size=2000)


class Member:
    def __init__(self, bootstrap, topic, group, assignors):
        self.loop = asyncio.new_event_loop()

        async def start():
            consumer = AIOKafkaConsumer(
                topic,
                bootstrap_servers=bootstrap,
                group_id=group,
                auto_offset_reset="earliest",
                enable_auto_commit=False,
                session_timeout_ms=10000,
                heartbeat_interval_ms=300,
                partition_assignment_strategy=assignors,
            )
            await consumer.start()
            return consumer

        self.consumer = self.loop.run_until_complete(start())

    def poll(self, seconds):
        batches = self.loop.run_until_complete(self.consumer.getmany(timeout_ms=int(seconds * 1000)))
        return [(m.partition, m.offset, m.value) for batch in batches.values() for m in batch]

    def assignment(self):
        return [p.partition for p in self.consumer.assignment()]

    def commit(self):
        try:
            self.loop.run_until_complete(self.consumer.commit())
        except CommitFailedError:
            pass  # The group has moved on; the records come again.

    def close(self):
        self.loop.run_until_complete(self.consumer.stop())


@async_case("group", assignor=RoundRobinPartitionAssignor)
@async_case("group-sticky", assignor=StickyPartitionAssignor)
async def group(bootstrap, admin, assignor):
    topic = await create(admin, f"group-{assignor.__name__}", 6)
    sender = asyncio.new_event_loop()

    async def start():
        producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all")
        await producer.start()
        return producer

    def whole():
        producer = sender.run_until_complete(start())

        def send(partition, value):
            sender.run_until_complete(producer.send_and_wait(topic, value, partition=partition))

        answer = interop.rebalancing_group(lambda: Member(bootstrap, topic, f"g/{topic}", [assignor]), send)
        sender.run_until_complete(producer.stop())
        return answer

    return await asyncio.to_thread(whole)


@async_case("offsets-by-time")
async def offsets_by_time(bootstrap, admin):
    topic = await create(admin, "by-time")
    for index in range(10):
        await produce(bootstrap, topic, [Record(None, b"x", [])], first_ms=FIRST_MS + index * 1000)
    where = TopicPartition(topic, 0)
    async with AIOKafkaConsumer(bootstrap_servers=bootstrap) as consumer:

        async def at(stamp):
            found = (await consumer.offsets_for_times({where: stamp}))[where]
            return found and (found.offset, found.timestamp)

        equal(await at(FIRST_MS - 5), (0, FIRST_MS), "before the first")
        equal(await at(FIRST_MS + 4001), (5, FIRST_MS + 5000), "between two")
        equal(await at(FIRST_MS + 9001), None, "after the last")
        equal(await consumer.beginning_offsets([where]), {where: 0}, "beginning")
        equal(await consumer.end_offsets([where]), {where: 10}, "end")


@async_case("admin-topics")
async def admin_topics(bootstrap, admin):
    topic = await create(admin, "admin", 3)
    check(topic in await admin.list_topics(), "the topic is not listed")
    answer = await admin.create_topics([NewTopic(topic, 1, 1)])
    equal(answer.topic_errors[0][1], 36, "error of creating it twice")

    async def count():
        return len((await admin.describe_topics([topic]))[0]["partitions"])

    equal(await count(), 3, "partitions")
    await admin.create_partitions({topic: NewPartitions(5)})

    async def is_five():
        return await count() == 5

    await eventually("five partitions", is_five)
    await admin.delete_topics([topic])

    async def is_gone():
        return topic not in await admin.list_topics()

    await eventually("the topic is gone", is_gone)
    cluster = await admin.describe_cluster()
    check(cluster["brokers"], "no brokers")


@async_case("admin-configs")
async def admin_configs(bootstrap, admin):
    topic = await create(admin, "configs", **{"cleanup.policy": "compact"})

    async def described():
        answer = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)])
        error, _, _, _, entries = answer[0].resources[0]
        equal(error, 0, "error")
        return {entry[0]: entry[1] for entry in entries}

    equal((await described())["cleanup.policy"], "compact", "policy")
    await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, {"retention.ms": "777000"})])

    async def is_new():
        return (await described())["retention.ms"] == "777000"

    await eventually("the new value", is_new)
    equal((await described())["cleanup.policy"], "delete", "policy that was left out")


@async_case("admin-groups")
async def admin_groups(bootstrap, admin):
    topic = await create(admin, "groups", 2)
    name = f"admin-{topic}"
    await produce(bootstrap, topic, records(10))

    def whole():
        member = interop.MemberThread("one", lambda: Member(bootstrap, topic, name, [RoundRobinPartitionAssignor]))
        until("the member has read and holds both", lambda: len(member.seen) == 10 and len(member.assignment) == 2)
        return member

    member = await asyncio.to_thread(whole)
    where = TopicPartition(topic, 0)

    async def is_committed():
        found = await admin.list_consumer_group_offsets(name)
        return where in found and found[where].offset == 10

    await eventually("the commit", is_committed)
    check(name in [group[0] for group in await admin.list_consumer_groups()], "the group is not listed")
    described = (await admin.describe_consumer_groups([name]))[0].groups[0]
    equal((described[1], described[2], len(described[5])), (name, "Stable", 1), "group")
    await asyncio.to_thread(member.stop)


@async_case("admin-records")
async def admin_records(bootstrap, admin):
    topic = await create(admin, "records")
    where = TopicPartition(topic, 0)
    await produce(bootstrap, topic, records(20))
    equal(await admin.delete_records({where: RecordsToDelete(7)}), {where: 7}, "low watermark")
    async with AIOKafkaConsumer(bootstrap_servers=bootstrap) as consumer:
        equal(await consumer.beginning_offsets([where]), {where: 7}, "beginning")


@async_case("transactions")
async def transactions(bootstrap, admin):
    """What is committed is read in order, what is aborted is not; offsets move with their transaction."""
    topic = await create(admin, "transactions")
    group = f"group-{topic}"
    where = TopicPartition(topic, 0)
    committed = []
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, transactional_id=topic) as producer:
        for number in range(20):
            await producer.begin_transaction()
            values = [f"{number}-{index}".encode() for index in range(10)]
            for value in values:
                await producer.send(topic, value, partition=0)
            await producer.send_offsets_to_transaction({where: 100 + number}, group)
            if number % 4 == 3:
                await producer.abort_transaction()
            else:
                await producer.commit_transaction()
                committed += values
    settings = {"group_id": group, "enable_auto_commit": False, "isolation_level": "read_committed"}
    async with AIOKafkaConsumer(bootstrap_servers=bootstrap, **settings) as consumer:
        consumer.assign([where])
        equal(await consumer.committed(where), 118, "offset committed with the last transaction but one")
        await consumer.seek_to_beginning(where)
        found = []
        async with asyncio.timeout(20):
            while len(found) < len(committed):
                found += [m.value for m in (await consumer.getmany(where, timeout_ms=500)).get(where, [])]
        equal(found, committed, "committed")


interop.main()
