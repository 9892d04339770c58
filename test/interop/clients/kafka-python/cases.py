"""kafka-python of today against a broker."""

import functools

import interop
from interop import Record, case, check, equal, topic_name, until
from kafka import KafkaConsumer, OffsetAndMetadata, TopicPartition
from kafka import errors
from kafka.admin import ConfigResource, KafkaAdminClient, NewPartitions, NewTopic, OffsetSpec
from kafka_python import FIRST_MS, Member, consume, group, old, produce, records, there_and_back


@functools.cache
def admin(bootstrap):
    return KafkaAdminClient(bootstrap_servers=bootstrap)


def create(bootstrap, name, partitions=1, **configs):
    topic = topic_name(name)
    new = NewTopic(topic, num_partitions=partitions, replication_factor=1, topic_configs=configs)
    admin(bootstrap).create_topics([new], wait_for_metadata=True)
    return topic


@case("codec-none", codec=None)
@case("codec-gzip", codec="gzip")
@case("codec-snappy", codec="snappy")
@case("codec-lz4", codec="lz4")
@case("codec-zstd", codec="zstd")
def codec(bootstrap, codec):
    topic = create(bootstrap, f"codec-{codec}")
    return there_and_back(bootstrap, topic, records(interop.CODEC_RECORDS), compression_type=codec)


@case("large-none", codec=None)
@case("large-zstd", codec="zstd")
def large(bootstrap, codec):
    topic = create(bootstrap, f"large-{codec}")
    return there_and_back(bootstrap, topic, interop.large_records(), compression_type=codec)


@case("idempotent")
def idempotent(bootstrap):
    return there_and_back(bootstrap, create(bootstrap, "idempotent"), records(300), enable_idempotence=True, batch_size=2000)


@case("group")
def group_case(bootstrap):
    return group(bootstrap, create(bootstrap, "group", 6))


@case("offsets-by-time")
def offsets_by_time(bootstrap):
    topic = create(bootstrap, "by-time", 2)
    for index in range(10):
        produce(bootstrap, topic, [Record(None, b"x", [])], first_ms=FIRST_MS + index * 1000)
    where = TopicPartition(topic, 0)
    consumer = KafkaConsumer(bootstrap_servers=bootstrap)

    def at(stamp):
        found = consumer.offsets_for_times({where: stamp})[where]
        return found and (found.offset, found.timestamp)

    equal(at(FIRST_MS - 5), (0, FIRST_MS), "before the first")
    equal(at(FIRST_MS + 4001), (5, FIRST_MS + 5000), "between two")
    equal(at(FIRST_MS + 9001), None, "after the last")
    equal(consumer.beginning_offsets([where]), {where: 0}, "beginning")
    equal(consumer.end_offsets([where]), {where: 10}, "end")
    for spec, offset in ((OffsetSpec.EARLIEST, 0), (OffsetSpec.LATEST, 10), (OffsetSpec.MAX_TIMESTAMP, 9)):
        equal(admin(bootstrap).list_partition_offsets({where: spec})[where].offset, offset, f"{spec}")
    consumer.close()


@case("seek")
def seek(bootstrap):
    """Out of range resets as the consumer was told to; a partition can be read from any offset."""
    topic = create(bootstrap, "seek")
    produce(bootstrap, topic, records(100))
    equal(consume(bootstrap, topic, 3, first=97)[0].offset, 97, "first offset")
    found = consume(bootstrap, topic, 100, first=5_000_000, auto_offset_reset="earliest")
    equal(found[0].offset, 0, "offset after the reset")


def refused(error, call, *arguments, **options):
    try:
        call(*arguments, **options)
    except error:
        return
    raise AssertionError(f"{call.__name__} was not refused with {error.__name__}")


@case("admin-topics")
def admin_topics(bootstrap):
    client = admin(bootstrap)
    topic = create(bootstrap, "admin", 3, **{"retention.ms": "5000"})
    check(topic in client.list_topics(), "the topic is not listed")
    described = client.describe_topics([topic])[0]
    equal(len(described["partitions"]), 3, "partitions")
    refused(errors.TopicAlreadyExistsError, client.create_topics, [NewTopic(topic, 1, 1)])
    refused(errors.InvalidTopicError, client.create_topics, [NewTopic("a/b", 1, 1)])
    client.create_partitions({topic: NewPartitions(5)})
    until("five partitions", lambda: len(client.describe_topics([topic])[0]["partitions"]) == 5)
    refused(errors.InvalidPartitionsError, client.create_partitions, {topic: NewPartitions(2)})
    paged = client.describe_topic_partitions([topic], response_partition_limit=2)
    check(len(paged["topics"][0]["partitions"]) == 2 and paged["next_cursor"], "no cursor after two partitions")
    client.delete_topics([topic])
    until("the topic is gone", lambda: topic not in client.list_topics())
    refused(errors.UnknownTopicOrPartitionError, client.delete_topics, [topic])


@case("admin-configs")
def admin_configs(bootstrap):
    client = admin(bootstrap)
    topic = create(bootstrap, "configs", **{"cleanup.policy": "compact"})

    def described(which="all"):
        answer = client.describe_configs([ConfigResource("TOPIC", topic)], config_filter=which, include_synonyms=True)
        return answer["topic"][topic]

    equal(described()["cleanup.policy"]["value"], "compact", "policy")
    equal(described()["retention.ms"]["value"], "604800000", "default")
    for incremental in (True, False):
        value = "777000" if incremental else "888000"
        client.alter_configs([ConfigResource("TOPIC", topic, {"retention.ms": value})], incremental=incremental)
        until("the new value", lambda: described()["retention.ms"]["value"] == value)
        equal(described()["retention.ms"]["config_source"], "DYNAMIC_TOPIC_CONFIG", "source")
    client.reset_configs([ConfigResource("TOPIC", topic, ["retention.ms"])])
    until("the default again", lambda: described()["retention.ms"]["value"] == "604800000")
    check(topic in client.list_config_resources(["TOPIC"])["topic"], "the topic is not among the resources")


@case("admin-groups")
def admin_groups(bootstrap):
    client = admin(bootstrap)
    topic = create(bootstrap, "groups", 2)
    name = f"admin-{topic}"
    where = TopicPartition(topic, 0)
    produce(bootstrap, topic, records(10))
    member = interop.MemberThread("one", lambda: Member(bootstrap, topic, name))
    until("the member has read and holds both", lambda: len(member.seen) == 10 and len(member.assignment) == 2)

    def stored():
        return client.list_group_offsets({name: None})[name]

    until("the commit", lambda: where in stored() and stored()[where].offset == 10)
    described = client.describe_groups([name])[name]
    equal((described["group_state"], len(described["members"])), ("Stable", 1), "group")
    member.stop()
    until("the group is empty", lambda: client.describe_groups([name])[name]["group_state"] == "Empty")
    check(name in [g["group_id"] for g in client.list_groups(states_filter=["Empty"])], "not among the empty groups")
    client.alter_group_offsets(name, {where: OffsetAndMetadata(4, "from the test", -1)})
    equal((stored()[where].offset, stored()[where].metadata), (4, "from the test"), "offset as altered")
    equal(client.reset_group_offsets(name, {where: OffsetSpec.EARLIEST})[where]["offset"], 0, "offset as reset")
    client.delete_group_offsets(name, [where])
    check(where not in stored() or stored()[where].offset == -1, "the offset is still there")
    equal(client.delete_groups([name]), {name: "OK"}, "delete")
    check(name not in [g["group_id"] for g in client.list_groups()], "the group is still listed")


@case("admin-records")
def admin_records(bootstrap):
    topic = create(bootstrap, "records")
    where = TopicPartition(topic, 0)
    produce(bootstrap, topic, records(20))
    equal(admin(bootstrap).delete_records({where: 7})[where]["low_watermark"], 7, "low watermark")
    equal(consume(bootstrap, topic, 13, first=7)[0].offset, 7, "first offset left")
    equal(admin(bootstrap).delete_records({where: -1})[where]["low_watermark"], 20, "low watermark of all")


@case("admin-cluster")
def admin_cluster(bootstrap):
    client = admin(bootstrap)
    topic = create(bootstrap, "cluster")
    produce(bootstrap, topic, records(20))
    cluster = client.describe_cluster()
    check(cluster["cluster_id"] and cluster["brokers"], "cluster")
    directories = client.describe_log_dirs([topic])[0]["log_dirs"]
    sizes = [p["partition_size"] for d in directories for t in d["topics"] for p in t["partitions"]]
    check(len(sizes) == 1 and sizes[0] > 20_000, f"sizes of the partition: {sizes}")


@case("old-0.9", version=(0, 9))
@case("old-0.10", version=(0, 10))
@case("old-0.10.1", version=(0, 10, 1))
@case("old-0.11", version=(0, 11))
@case("old-1.0", version=(1, 0))
def old_version(bootstrap, version):
    return old(bootstrap, lambda *a: create(bootstrap, *a), version, (None, "gzip", "snappy", "lz4"), enable_idempotence=False)


interop.main()
