// The public entry of @moldau/testing.

export { certificate, certificateFile, keyPair } from './certificates.ts';
export { GoodClient } from './good-client.ts';
export { ManualTime, settled } from './manual-time.ts';
export { type DiskFault, type DiskOperation, MemoryDisk } from './memory-disk.ts';
export { RawClient } from './raw-client.ts';
export { logInWithScram } from './scram-login.ts';
export { SeededRandom, seedOf } from './seeded-random.ts';
export { freePort, type TemporaryDirectory, temporaryDirectory } from './temporary.ts';
export { startTestBroker, type TestBroker } from './test-broker.ts';
