import assert from 'node:assert/strict';
import test from 'node:test';
import { type AclImage, AclImages } from './acl-images.ts';
import { MetadataImage } from './metadata-image.ts';
import { decodeRecords, encodeRecords } from './store/record-codec.ts';

const id = (n: number): string => `acl${String(n).padStart(18, '0')}A`;

function acl(n: number, resourceName: string): AclImage {
  return {
    ...{ id: id(n), resourceType: 2, resourceName, patternType: 3 },
    ...{ principal: 'User:ada', host: '*', operation: 3, permissionType: 3 },
  };
}

test('knows rules by what they say, and forgets removed ones', () => {
  const images = new AclImages();
  images.apply({ type: 'acl', ...acl(1, 'orders') });
  images.apply({ type: 'acl', ...acl(2, 'payments') });
  assert.ok(images.has(acl(9, 'orders')));
  assert.ok(!images.has({ ...acl(9, 'orders'), host: '127.0.0.1' }));
  images.apply({ type: 'acl-removed', id: id(1) });
  images.apply({ type: 'acl-removed', id: id(7) });
  assert.ok(!images.has(acl(9, 'orders')));
  assert.deepEqual([...images.all()], [acl(2, 'payments')]);
});

test("rules outlive a snapshot, and the store's bytes", () => {
  const image = new MetadataImage();
  image.apply({ type: 'acl', ...acl(1, 'orders') });
  image.apply({ type: 'acl', ...acl(2, '*') });
  image.apply({ type: 'acl-removed', id: id(1) });
  const copy = new MetadataImage();
  for (const record of decodeRecords(encodeRecords(image.records()))) copy.apply(record);
  assert.deepEqual([...copy.acls.all()], [acl(2, '*')]);
  assert.deepEqual(decodeRecords(encodeRecords([{ type: 'acl-removed', id: id(2) }])), [
    { type: 'acl-removed', id: id(2) },
  ]);
});
