"""Gives USER a PASSWORD for SCRAM-SHA-512, with as many iterations as Kafka takes by default.

    scram-user.py BOOTSTRAP USER PASSWORD
"""

import sys

from confluent_kafka.admin import AdminClient, ScramCredentialInfo, ScramMechanism, UserScramCredentialUpsertion

bootstrap, user, password = sys.argv[1:]
wanted = UserScramCredentialUpsertion(user, ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4096), password.encode())
admin = AdminClient({"bootstrap.servers": bootstrap})
for future in admin.alter_user_scram_credentials([wanted]).values():
    future.result(30)
print("{}")
