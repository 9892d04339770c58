"""kafka-python logs in."""

import interop
from interop import until
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.errors import GroupAuthorizationFailedError, TopicAuthorizationFailedError
from kafka.net.sasl.oauth import AbstractTokenProvider
from login_cases import AUTHORITY, Raising, login_cases


class Tokens(AbstractTokenProvider):
    def __init__(self, login):
        self.login = login

    def token(self):
        return self.login.fetch_token()[0]


def settings(login):
    chosen = {"bootstrap_servers": login.bootstrap, "security_protocol": login.protocol, "ssl_cafile": AUTHORITY}
    if login.mechanism == "OAUTHBEARER":
        return chosen | {"sasl_mechanism": "OAUTHBEARER", "sasl_oauth_token_provider": Tokens(login)}
    if login.mechanism:
        names = {"sasl_plain_username": login.user, "sasl_plain_password": login.password}
        return chosen | names | {"sasl_mechanism": login.mechanism}
    return chosen | {"ssl_certfile": login.certificate, "ssl_keyfile": login.key}


def produce(login, topic, values):
    producer = KafkaProducer(**settings(login), acks="all", linger_ms=20)
    try:
        futures = [producer.send(topic, value) for value in values]
        return futures[0].get(20).offset if [future.get(20) for future in futures] else None
    finally:
        producer.close(10)


def consume(login, topic, group, first, count):
    """Not subscribed: a rebalance that ends just when metadata come is sometimes missed by kafka-python 3.0.12, with any broker."""
    consumer = KafkaConsumer(**settings(login), group_id=group, enable_auto_commit=False)
    where = TopicPartition(topic, 0)
    found = []

    def more():
        for batch in consumer.poll(200).values():
            found.extend(message.value for message in batch)
        return len(found) >= count

    try:
        consumer.assign([where])
        consumer.seek(where, first)
        until(f"{count} messages of {topic}", more, 40)
        consumer.commit()
        return found
    finally:
        consumer.close()


# It drops an answer that comes together with the end of the connection, as a refusal does, and then knows of the end alone.
Raising("kafka.net.manager", "SaslAuthenticationFailedError", "socket disconnected", "CERTIFICATE_REQUIRED")
login_cases("kafka-python", produce, consume, (TopicAuthorizationFailedError, GroupAuthorizationFailedError))
interop.main()
