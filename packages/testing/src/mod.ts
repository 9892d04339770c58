// The public entry of @moldau/testing: the kit for users' tests, and what the tests of brokers are made with.

export { certificate, certificateFile, keyPair } from './certificates.ts';
export type { Fault, MetRequest, RequestFilter } from './faults/fault.ts';
export { FaultProxy, type FaultProxyOptions } from './faults/fault-proxy.ts';
export type { BrokerFilter, ErrorName, Faults } from './faults/faults.ts';
export { GoodClient } from './good-client.ts';
export { ManualTime, settled } from './manual-time.ts';
export { type DiskFault, type DiskOperation, MemoryDisk } from './memory-disk.ts';
export { MemoryNetwork } from './memory-network.ts';
export { RawClient } from './raw-client.ts';
export { logInWithScram } from './scram-login.ts';
export { givenSeed, SeededRandom, seedOf, seedsOf } from './seeded-random.ts';
export { freePort, type TemporaryDirectory, temporaryDirectory } from './temporary.ts';
export { startTestBroker, type TestBroker } from './test-broker.ts';
export { TestKafka, type TestKafkaOptions } from './test-kafka.ts';
