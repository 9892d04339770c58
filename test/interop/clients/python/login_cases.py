"""The cases of logins for the clients in Python; harness/security.ts tells what they are."""

import json
import logging
import os
import time
import urllib.parse
import urllib.request
from dataclasses import dataclass, replace

from interop import RUN, case, check, equal

SECURITY = json.loads(os.environ["INTEROP_SECURITY"])
AUTHORITY = SECURITY["authority"]
FORBIDDEN_TOPIC = "forbidden"
RECORDS = 50
REFUSED_WITHIN_SECONDS = 30


@dataclass(frozen=True)
class Login:
    protocol: str
    bootstrap: str
    user: str
    mechanism: str | None = None
    password: str | None = None
    # Instead of one from the identity provider.
    token: str | None = None
    # Paths of PEM files.
    certificate: str | None = None
    key: str | None = None

    def fetch_token(self):
        """Returns a token and its life in seconds."""
        if self.token:
            return self.token, 300
        form = {"grant_type": "client_credentials", "client_id": self.user, "client_secret": self.password}
        with urllib.request.urlopen(SECURITY["tokenUrl"], urllib.parse.urlencode(form).encode(), 20) as answer:
            found = json.load(answer)
        return found["access_token"], found["expires_in"]


def made(name):
    """The login of a case, and one that must be refused."""
    mechanism, protocol = name.split("/")
    user = SECURITY["users"][mechanism]
    login = Login(protocol, SECURITY["listeners"][protocol], user["name"])
    if mechanism == "certificate":
        return replace(login, certificate=SECURITY["certificate"], key=SECURITY["key"]), login
    login = replace(login, mechanism=mechanism, password=user["password"])
    if mechanism == "OAUTHBEARER":
        return login, replace(login, token=SECURITY["forgedToken"])
    return login, replace(login, password="wrong")


class Refused(Exception):
    """What a client has heard of the end of its connection, where it has no exception for it."""


class Raising(logging.Handler):
    """Of clients that only log why they cannot connect, and try again until their time is up: ends that."""

    def __init__(self, logger, *reasons):
        super().__init__()
        self.reasons = reasons
        logging.getLogger(logger).addHandler(self)

    def emit(self, record):
        if any(reason in record.getMessage() for reason in self.reasons):
            raise Refused(record.getMessage())


def refused(errors, call, *arguments):
    try:
        call(*arguments)
    except errors:
        return
    raise AssertionError(f"{call.__name__}{arguments} was not refused")


def login_cases(client, produce, consume, unauthorized):
    """Registers them.

    produce(login, topic, values) sends values and returns the offset of the first; consume(login, topic, group, first, count) is a
    member of the group, returns the values from that offset on, and commits. Both raise one of the exceptions unauthorized, or Refused.
    """
    for name in SECURITY["logins"]:

        def run(_, name=name):
            login, wrong = made(name)
            topic = f"{login.user}.{client}"
            values = [f"{name} {RUN} {index}".encode() for index in range(RECORDS)]
            first = produce(login, topic, values)
            group = f"{topic}.{login.protocol}.{RUN}"
            equal(consume(login, topic, group, first, RECORDS), values, "values")
            refused(unauthorized, produce, login, FORBIDDEN_TOPIC, values[:1])
            refused(unauthorized, consume, login, topic, "another group", first, RECORDS)
            started = time.monotonic()
            refused(Refused, produce, wrong, topic, values[:1])
            check(time.monotonic() - started < REFUSED_WITHIN_SECONDS, "it was long before it was refused")

        case(name)(run)
