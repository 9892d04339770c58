import assert from 'node:assert/strict';
import test from 'node:test';
import { MetadataImage, type MetadataRecord } from '@moldau/metadata';
import { ErrorCode } from '@moldau/protocol';
import {
  createDelegationToken,
  expireDelegationToken,
  removeExpiredDelegationTokens,
  renewDelegationToken,
} from './alter-delegation-tokens.ts';
import { MetadataView } from './metadata-view.ts';
import type { Outcome } from './outcome.ts';

const COMMAND = { owner: 'User:ada', requester: 'User:bob', renewers: ['User:eve'], lifetimeMs: -1 };
const at = (nowMs: number) => ({ nowMs, maxLifetimeMs: 1000, renewalMs: 100 });

class World {
  readonly image = new MetadataImage();

  apply<Response>({ records, response }: Outcome<Response>): Response {
    for (const record of records as readonly MetadataRecord[]) this.image.apply(record);
    return response;
  }

  create(changes: Partial<typeof COMMAND> = {}) {
    return this.apply(createDelegationToken('t', { ...COMMAND, ...changes }, at(5000)));
  }

  prolong(how: 'renew' | 'expire', nowMs: number, periodMs: number, requester = 'User:ada', tokenId = 't') {
    const decide = how === 'renew' ? renewDelegationToken : expireDelegationToken;
    return this.apply(decide(new MetadataView(this.image), { tokenId, requester, periodMs }, at(nowMs)));
  }
}

test('a token lives until it has to be renewed, and at most as long as it was made for', () => {
  const { issueTimestampMs, expiryTimestampMs, maxTimestampMs } = new World().create();
  assert.deepEqual([issueTimestampMs, expiryTimestampMs, maxTimestampMs], [5000, 5100, 6000]);
  assert.equal(new World().create({ lifetimeMs: 50 }).expiryTimestampMs, 5050);
  assert.equal(new World().create({ lifetimeMs: 10_000 }).maxTimestampMs, 6000);
});

test('renewing moves its end, never beyond the last', () => {
  const world = new World();
  world.create();
  assert.deepEqual(world.prolong('renew', 5050, -1), { errorCode: 0, expiryTimestampMs: 5150 });
  assert.equal(world.image.delegationTokens.get('t')?.expiryTimestampMs, 5150);
  assert.equal(world.prolong('renew', 5060, 20).expiryTimestampMs, 5080);
  assert.equal(world.prolong('renew', 5060, 5000).expiryTimestampMs, 5160);
  for (let nowMs = 5150; nowMs <= 5950; nowMs += 100) world.prolong('renew', nowMs, -1);
  assert.equal(world.prolong('renew', 5990, -1).expiryTimestampMs, 6000);
});

test('its owner and its renewers may renew and end it, who asked for it and others may not', () => {
  for (const how of ['renew', 'expire'] as const) {
    const world = new World();
    world.create();
    assert.equal(world.prolong(how, 5001, 10, 'User:ada').errorCode, 0);
    assert.equal(world.prolong(how, 5002, 10, 'User:eve').errorCode, 0);
    for (const stranger of ['User:bob', 'User:mallory', 'User:ANONYMOUS']) {
      const refused = { errorCode: ErrorCode.DELEGATION_TOKEN_OWNER_MISMATCH, expiryTimestampMs: 0 };
      assert.deepEqual(world.prolong(how, 5003, 10, stranger), refused);
    }
  }
});

test('a token that has expired or is not there stays so', () => {
  const world = new World();
  world.create();
  const { DELEGATION_TOKEN_EXPIRED, DELEGATION_TOKEN_NOT_FOUND } = ErrorCode;
  assert.equal(world.prolong('renew', 5101, -1).errorCode, DELEGATION_TOKEN_EXPIRED);
  assert.equal(world.prolong('expire', 5101, 10).errorCode, DELEGATION_TOKEN_EXPIRED);
  assert.equal(world.prolong('renew', 5001, -1, 'User:ada', 'other').errorCode, DELEGATION_TOKEN_NOT_FOUND);
});

test('ending it at once removes it', () => {
  const world = new World();
  world.create();
  assert.deepEqual(world.prolong('expire', 5020, -1), { errorCode: 0, expiryTimestampMs: 5020 });
  assert.equal(world.image.delegationTokens.size, 0);
  assert.equal(world.prolong('expire', 5020, -1).errorCode, ErrorCode.DELEGATION_TOKEN_NOT_FOUND);
});

test('those that have expired are removed, a thousand with one append', () => {
  const world = new World();
  for (let n = 0; n < 1500; n += 1)
    world.apply(createDelegationToken(`t${n}`, COMMAND, at(n < 1200 ? 0 : 5000)));
  const remove = () => world.apply(removeExpiredDelegationTokens(new MetadataView(world.image), 5000));
  assert.deepEqual([remove(), remove(), remove()], [1000, 200, 0]);
  assert.equal(world.image.delegationTokens.size, 300);
});
