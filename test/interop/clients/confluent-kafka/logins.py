"""confluent-kafka-python (librdkafka) logs in."""

import time

import interop
from confluent_kafka import Consumer, KafkaError, Producer
from interop import check, until
from login_cases import AUTHORITY, SECURITY, Refused, login_cases


class Unauthorized(Exception):
    pass


UNAUTHORIZED = (KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.GROUP_AUTHORIZATION_FAILED)


def settings(login, errors):
    chosen = {"bootstrap.servers": login.bootstrap, "security.protocol": login.protocol, "error_cb": errors.append}
    if login.protocol.endswith("SSL"):
        chosen["ssl.ca.location"] = AUTHORITY
    if login.certificate:
        chosen |= {"ssl.certificate.location": login.certificate, "ssl.key.location": login.key}
    if login.mechanism:
        chosen["sasl.mechanisms"] = login.mechanism
    if login.mechanism == "OAUTHBEARER" and login.token:

        def own_token(_):
            token, seconds = login.fetch_token()
            return token, time.time() + seconds, login.user, {}

        return chosen | {"oauth_cb": own_token}
    if login.mechanism == "OAUTHBEARER":
        # librdkafka fetches it.
        names = {"client.id": login.user, "client.secret": login.password, "token.endpoint.url": SECURITY["tokenUrl"]}
        oidc = {f"sasl.oauthbearer.{name}": value for name, value in names.items()}
        return chosen | oidc | {"sasl.oauthbearer.method": "oidc"}
    if login.mechanism:
        return chosen | {"sasl.username": login.user, "sasl.password": login.password}
    return chosen


def judge(error):
    if error is not None and error.code() in UNAUTHORIZED:
        raise Unauthorized(error)
    check(error is None, f"{error}")


def judge_connection(errors):
    for error in errors:
        # With TLS 1.3 a server asks for the certificate when the client takes the connection for open: it is told later, as of any broken one.
        if error.code() == KafkaError._AUTHENTICATION or "alert certificate required" in error.str():
            raise Refused(error)


def produce(login, topic, values):
    errors, delivered = [], []
    producer = Producer(settings(login, errors) | {"linger.ms": 20, "message.timeout.ms": 60000})

    def on_delivery(error, message):
        delivered.append((error, message))

    for value in values:
        producer.produce(topic, value, on_delivery=on_delivery)

    def done():
        producer.flush(0.1)
        judge_connection(errors)
        return len(delivered) == len(values)

    until("all is delivered", done, 60)
    for error, _ in delivered:
        judge(error)
    return delivered[0][1].offset()


def consume(login, topic, group, first, count):
    errors, found = [], []
    options = {"group.id": group, "auto.offset.reset": "earliest", "enable.auto.commit": False}
    consumer = Consumer(settings(login, errors) | options)
    consumer.subscribe([topic])

    def more():
        for message in consumer.consume(1000, 0.2):
            judge(message.error())
            found.extend([message.value()] if message.offset() >= first else [])
        judge_connection(errors)
        return len(found) >= count

    try:
        until(f"{count} messages of {topic}", more, 40)
        consumer.commit(asynchronous=False)
    finally:
        consumer.close()
    return found


login_cases("confluent-kafka", produce, consume, Unauthorized)
interop.main()
