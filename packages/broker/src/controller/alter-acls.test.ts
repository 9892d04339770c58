import assert from 'node:assert/strict';
import test from 'node:test';
import { type Acl, MetadataImage, type MetadataRecord } from '@moldau/metadata';
import { ErrorCode, KafkaError } from '@moldau/protocol';
import { AclOperation, PatternType, PermissionType, ResourceType } from '../security/authorization/acl.ts';
import { createAcls, deleteAcls } from './alter-acls.ts';
import { MetadataView } from './metadata-view.ts';

const ANY = {
  ...{ resourceTypeFilter: ResourceType.ANY, resourceNameFilter: null, patternTypeFilter: PatternType.ANY },
  ...{ principalFilter: null, hostFilter: null },
  ...{ operation: AclOperation.ANY, permissionType: PermissionType.ANY },
};

function rule(resourceName: string, differences: Partial<Acl> = {}): Acl {
  return {
    ...{ resourceType: ResourceType.TOPIC, resourceName, patternType: PatternType.LITERAL },
    ...{ principal: 'User:ada', host: '*', operation: AclOperation.READ },
    ...{ permissionType: PermissionType.ALLOW, ...differences },
  };
}

let lastId = 0;
const newId = (): string => {
  lastId += 1;
  return String(lastId);
};

function imageOf(records: readonly MetadataRecord[]): MetadataImage {
  const image = new MetadataImage();
  for (const record of records) image.apply(record);
  return image;
}

test('a rule that is there already, be it by the same request, stays one', () => {
  const first = createAcls(new MetadataImage(), [rule('a'), rule('b'), rule('a')], newId);
  assert.equal(first.records.length, 2);
  assert.deepEqual(new Set(first.response.map(({ errorCode }) => errorCode)), new Set([ErrorCode.NONE]));
  assert.deepEqual(createAcls(imageOf(first.records), [rule('b')], newId).records, []);
});

test('a wrong rule is refused by itself', () => {
  const wrong = [
    rule(''),
    rule('a', { resourceType: ResourceType.CLUSTER }),
    rule('a', { patternType: PatternType.MATCH }),
    rule('a', { operation: AclOperation.ANY }),
    rule('a', { permissionType: PermissionType.ANY }),
    rule('a', { principal: 'ada' }),
  ];
  const { records, response } = createAcls(new MetadataImage(), [...wrong, rule('a')], newId);
  assert.equal(records.length, 1);
  assert.deepEqual(
    response.map(({ errorCode }) => errorCode),
    [...wrong.map(() => ErrorCode.INVALID_REQUEST), ErrorCode.NONE],
  );
});

test('what one command adds or removes the next one of the same append sees', () => {
  const image = imageOf(createAcls(new MetadataImage(), [rule('a'), rule('b')], newId).records);
  const view = new MetadataView(image);
  const removed = deleteAcls(view, [{ ...ANY, resourceNameFilter: 'a' }]);
  for (const record of removed.records) view.apply(record);
  assert.ok(!view.acls.has(rule('a')));
  assert.deepEqual(deleteAcls(view, [{ ...ANY, resourceNameFilter: 'a' }]).records, []);
  const added = createAcls(view, [rule('a'), rule('b')], newId);
  assert.equal(added.records.length, 1);
  for (const record of added.records) view.apply(record);
  assert.equal(deleteAcls(view, [ANY]).records.length, 2);
});

test('a filter that means too many deletes none', () => {
  const rules = Array.from({ length: 10_001 }, (_, index) => rule(`topic-${index}`));
  const image = imageOf(createAcls(new MetadataImage(), rules, newId).records);
  assert.throws(() => deleteAcls(image, [ANY]), KafkaError);
});
