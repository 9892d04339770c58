import assert from 'node:assert/strict';
import test from 'node:test';
import { MetadataImage } from '@moldau/metadata';
import { ErrorCode } from '@moldau/protocol';
import { alterScramCredentials } from './alter-scram-credentials.ts';
import { MetadataView } from './metadata-view.ts';

const upsertion = (
  name: string,
  changes: { mechanism?: number; iterations?: number; saltedPassword?: Buffer } = {},
) => ({
  ...{ name, mechanism: 1, iterations: 4096, salt: Buffer.from('salt'), saltedPassword: Buffer.alloc(32, 7) },
  ...changes,
});

function decide(
  image: MetadataImage,
  command: Partial<Parameters<typeof alterScramCredentials>[1]>,
): Record<string, number> {
  const { records, response } = alterScramCredentials(new MetadataView(image), {
    ...{ deletions: [], upsertions: [] },
    ...command,
  });
  for (const record of records) image.apply(record);
  return Object.fromEntries(response.map(({ user, errorCode }) => [user, errorCode]));
}

test('keeps keys that follow from the salted password, never the password', () => {
  const image = new MetadataImage();
  assert.deepEqual(decide(image, { upsertions: [upsertion('ada')] }), { ada: ErrorCode.NONE });
  const { storedKey, serverKey, salt, iterations } = image.scramCredentials.of('ada').get(1)!;
  assert.equal(storedKey.length, 32);
  assert.notDeepEqual(storedKey, serverKey);
  assert.deepEqual([salt.toString(), iterations], ['salt', 4096]);
});

test('takes from 4096 to 16384 iterations', () => {
  for (const iterations of [4096, 16_384])
    assert.equal(decide(new MetadataImage(), { upsertions: [upsertion('ada', { iterations })] }).ada, 0);
  for (const iterations of [-1, 0, 1, 4095, 16_385, 1_000_000_000]) {
    const image = new MetadataImage();
    const answer = decide(image, { upsertions: [upsertion('ada', { iterations })] });
    assert.equal(answer.ada, ErrorCode.UNACCEPTABLE_CREDENTIAL);
    assert.equal(image.scramCredentials.of('ada').size, 0);
  }
});

test('refuses empty names, empty passwords and unknown mechanisms', () => {
  const image = new MetadataImage();
  const refused = decide(image, {
    upsertions: [
      upsertion(''),
      upsertion('ada', { mechanism: 3 }),
      upsertion('bob', { saltedPassword: Buffer.alloc(0) }),
    ],
  });
  assert.deepEqual(refused, {
    '': ErrorCode.UNACCEPTABLE_CREDENTIAL,
    ada: ErrorCode.UNSUPPORTED_SASL_MECHANISM,
    bob: ErrorCode.UNACCEPTABLE_CREDENTIAL,
  });
  assert.deepEqual([...image.scramCredentials.users()], []);
});

test('removes one mechanism and leaves the other, and knows what is not there', () => {
  const image = new MetadataImage();
  decide(image, { upsertions: [upsertion('ada')] });
  decide(image, { upsertions: [upsertion('ada', { mechanism: 2 })] });
  assert.deepEqual(decide(image, { deletions: [{ name: 'ada', mechanism: 1 }] }), { ada: 0 });
  assert.deepEqual([...image.scramCredentials.of('ada').keys()], [2]);
  const again = {
    deletions: [
      { name: 'ada', mechanism: 1 },
      { name: 'bob', mechanism: 2 },
    ],
  };
  assert.deepEqual(decide(image, again), {
    ada: ErrorCode.RESOURCE_NOT_FOUND,
    bob: ErrorCode.RESOURCE_NOT_FOUND,
  });
});

test('changes nothing of a user that is named twice, and all the others', () => {
  const image = new MetadataImage();
  const upsertions = [upsertion('ada'), upsertion('ada', { mechanism: 2 }), upsertion('bob')];
  assert.deepEqual(decide(image, { upsertions }), { ada: ErrorCode.DUPLICATE_RESOURCE, bob: 0 });
  assert.deepEqual([...image.scramCredentials.users()], ['bob']);
});
