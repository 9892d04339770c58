"""kafka-python 2.0 against a broker: as it speaks by itself, and as it speaks to brokers of 0.8.2 to 2.0."""

import interop
from interop import case, check, topic_name, until
from kafka import KafkaProducer
from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient, NewPartitions, NewTopic
from kafka_python import group, old, records, there_and_back


def create(bootstrap, name, partitions=1):
    topic = topic_name(name)
    client = KafkaAdminClient(bootstrap_servers=bootstrap)
    client.create_topics([NewTopic(topic, partitions, 1)])
    until("the topic is there", lambda: topic in client.list_topics())
    client.close()
    return topic


@case("codec-none", codec=None)
@case("codec-gzip", codec="gzip")
@case("codec-snappy", codec="snappy")
@case("codec-lz4", codec="lz4")
@case("codec-zstd", codec="zstd")
def codec(bootstrap, codec):
    return there_and_back(bootstrap, create(bootstrap, f"codec-{codec}"), records(100), compression_type=codec)


@case("group")
def group_case(bootstrap):
    return group(bootstrap, create(bootstrap, "group", 6))


@case("old-0.8.2", version=(0, 8, 2))
@case("old-0.9", version=(0, 9))
@case("old-0.10", version=(0, 10))
@case("old-0.10.1", version=(0, 10, 1))
@case("old-0.11", version=(0, 11))
@case("old-1.0", version=(1, 0))
@case("old-2.0", version=(2, 0))
def old_version(bootstrap, version):
    return old(bootstrap, lambda *a: create(bootstrap, *a), version, (None, "gzip", "snappy", "lz4"))


@case("old-admin")
def old_admin(bootstrap):
    """The admin requests of a client of 2019, in their old versions."""
    client = KafkaAdminClient(bootstrap_servers=bootstrap, api_version=(1, 0))
    topic = topic_name("old-admin")
    client.create_topics([NewTopic(topic, 2, 1, topic_configs={"retention.ms": "5000"})])
    until("the topic is there", lambda: topic in client.list_topics())
    client.create_partitions({topic: NewPartitions(4)})
    until("four partitions", lambda: len(client.describe_topics([topic])[0]["partitions"]) == 4)
    resource = ConfigResource(ConfigResourceType.TOPIC, topic)
    client.describe_configs([resource])
    client.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, {"retention.ms": "777000"})])
    producer = KafkaProducer(bootstrap_servers=bootstrap, api_version=(0, 10))
    producer.send(topic, b"one", partition=3).get(20)
    check(client.list_consumer_groups() is not None, "groups")
    client.delete_topics([topic])
    until("the topic is gone", lambda: topic not in client.list_topics())


interop.main()
