import assert from 'node:assert/strict';
import test from 'node:test';
import { ManualTime } from '@moldau/testing';
import { AclOperation, ResourceType } from './acl.ts';
import { type AuditLine, auditTo, requester } from './testing-authorizer.ts';

const action = (resourceName: string) => ({
  ...{ operation: AclOperation.WRITE, resourceType: ResourceType.TOPIC, resourceName },
});

test('says who was refused what', () => {
  const lines: AuditLine[] = [];
  auditTo(lines).denied(requester(), action('orders'));
  assert.deepEqual(lines, [
    {
      level: 'warn',
      fields: {
        ...{ principal: 'User:alice', host: '127.0.0.1', api: 'Api0' },
        ...{ operation: 'WRITE', resourceType: 'TOPIC', resourceName: 'orders' },
      },
    },
  ]);
});

test('says the same once a minute, and how often it was not said', async () => {
  const lines: AuditLine[] = [];
  const time = new ManualTime();
  const audit = auditTo(lines, time);
  for (let times = 0; times < 5; times += 1) audit.denied(requester(), action('orders'));
  assert.equal(lines.length, 1);
  await time.advance(60_000);
  audit.denied(requester(), action('orders'));
  assert.deepEqual(
    lines.map(({ fields }) => fields.denialsLeftOut),
    [undefined, 4],
  );
});

test('is bounded, however many names a client invents and however long they are', () => {
  const lines: AuditLine[] = [];
  const audit = auditTo(lines);
  for (let index = 0; index < 5000; index += 1) audit.denied(requester(), action(`orders-${index}`));
  assert.equal(lines.length, 1000);
  const other: AuditLine[] = [];
  auditTo(other).denied(requester(), action('x'.repeat(30_000)));
  assert.equal(String(other[0]!.fields.resourceName).length, 257);
});

test('tells of what was allowed at debug', () => {
  const lines: AuditLine[] = [];
  auditTo(lines).allowed(requester(), action('orders'));
  assert.equal(lines.length, 0);
  auditTo(lines, new ManualTime(), true).allowed(requester(), action('orders'));
  assert.equal(lines[0]?.level, 'debug');
});
