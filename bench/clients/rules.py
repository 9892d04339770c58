"""Makes COUNT access rules, a hundred of them for one topic, and lets everybody use the topics of the bench.

    rules.py BOOTSTRAP COUNT
"""

import sys

from confluent_kafka.admin import (
    AclBinding,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
)

bootstrap, count = sys.argv[1], int(sys.argv[2])
LITERAL, PREFIXED = ResourcePatternType.LITERAL, ResourcePatternType.PREFIXED


def rule(topic, pattern, user, operation, permission=AclPermissionType.ALLOW):
    return AclBinding(ResourceType.TOPIC, topic, pattern, f"User:{user}", "*", operation, permission)


rules = [rule("throughput-", PREFIXED, "*", AclOperation.ALL)]
for number in range(count - 1):
    operation = (AclOperation.READ, AclOperation.WRITE)[number % 2]
    if number % 100 == 0:
        permission = (AclPermissionType.ALLOW, AclPermissionType.DENY)[number // 100 % 2]
        topic = ("throughput-100", "throughput-200000")[number // 200 % 2]
        rules.append(rule(topic, LITERAL, f"user-{number}", operation, permission))
    elif number % 10 == 0:
        rules.append(rule(f"team-{number}-", PREFIXED, f"user-{number % 1000}", operation))
    else:
        rules.append(rule(f"topic-{number}", LITERAL, f"user-{number % 1000}", operation))
admin = AdminClient({"bootstrap.servers": bootstrap})
for at in range(0, count, 1000):
    for future in admin.create_acls(rules[at : at + 1000], request_timeout=60).values():
        future.result(60)
print("{}")
