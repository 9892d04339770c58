"""aiokafka logs in."""

import asyncio
import ssl

import interop
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.abc import AbstractTokenProvider
from aiokafka.errors import GroupAuthorizationFailedError, TopicAuthorizationFailedError
from login_cases import AUTHORITY, Raising, login_cases


class Tokens(AbstractTokenProvider):
    def __init__(self, login):
        self.login = login

    async def token(self):
        return (await asyncio.to_thread(self.login.fetch_token))[0]


def settings(login):
    chosen = {"bootstrap_servers": login.bootstrap, "security_protocol": login.protocol}
    if login.protocol.endswith("SSL"):
        chosen["ssl_context"] = ssl.create_default_context(cafile=AUTHORITY)
    if login.certificate:
        chosen["ssl_context"].load_cert_chain(login.certificate, login.key)
    if login.mechanism == "OAUTHBEARER":
        return chosen | {"sasl_mechanism": "OAUTHBEARER", "sasl_oauth_token_provider": Tokens(login)}
    if login.mechanism:
        names = {"sasl_plain_username": login.user, "sasl_plain_password": login.password}
        return chosen | names | {"sasl_mechanism": login.mechanism}
    return chosen


def produce(login, topic, values):
    async def whole():
        async with AIOKafkaProducer(**settings(login), acks="all", linger_ms=20) as producer:
            futures = [await producer.send(topic, value) for value in values]
            return [(await asyncio.wait_for(future, 20)).offset for future in futures][0]

    return asyncio.run(whole())


def consume(login, topic, group, first, count):
    async def whole():
        found = []
        options = {"group_id": group, "auto_offset_reset": "earliest", "enable_auto_commit": False}
        consumer = AIOKafkaConsumer(topic, **settings(login), **options)
        async with consumer, asyncio.timeout(40):
            while len(found) < count:
                for batch in (await consumer.getmany(timeout_ms=200)).values():
                    found.extend(message.value for message in batch if message.offset >= first)
            await consumer.commit()
        return found

    return asyncio.run(whole())


# It does not read what a broker says of a refused token, and meets a closed connection; the same when it has no certificate.
Raising("aiokafka", "SaslAuthenticationFailed", "Connection at localhost")
login_cases("aiokafka", produce, consume, (TopicAuthorizationFailedError, GroupAuthorizationFailedError))
interop.main()
