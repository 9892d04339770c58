// The words of the refusals are Kafka's, taken from answers of its controller.

import assert from 'node:assert/strict';
import test from 'node:test';
import { MetadataImage } from '@moldau/metadata';
import { ErrorCode, KafkaError } from '@moldau/protocol';
import {
  type Feature,
  featureProblem,
  finalizeFeatures,
  initialFeatures,
  UpgradeType,
  updateFeatures,
} from './features.ts';

const supported: readonly Feature[] = [
  { name: 'metadata.version', minLevel: 7, maxLevel: 30, isServed: true },
  { name: 'transaction.version', minLevel: 0, maxLevel: 2, isServed: true },
  { name: 'group.version', minLevel: 0, maxLevel: 1, isServed: true },
];
const { UPGRADE, SAFE_DOWNGRADE, UNSAFE_DOWNGRADE } = UpgradeType;

function imageWith(levels: Record<string, number>): MetadataImage {
  const image = new MetadataImage();
  for (const [name, level] of Object.entries(levels)) image.apply({ type: 'feature', name, level });
  return image;
}

type Update = [feature: string, level: number, upgradeType: number];

function update(image: MetadataImage, updates: Update[], validateOnly = false) {
  const command = {
    updates: updates.map(([feature, maxVersionLevel, upgradeType]) => ({
      ...{ feature, maxVersionLevel, upgradeType },
    })),
    validateOnly,
  };
  return updateFeatures(image, command, supported);
}

const full = { 'metadata.version': 30, 'transaction.version': 2, 'group.version': 1 };

test('begins a new cluster with every feature at the highest level served', () => {
  assert.deepEqual(initialFeatures([], supported), [
    { type: 'feature', name: 'metadata.version', level: 30 },
    { type: 'feature', name: 'transaction.version', level: 2 },
    { type: 'feature', name: 'group.version', level: 1 },
  ]);
});

test("keeps the levels of a folder taken over, where they are served, and the metadata's own", () => {
  const adopted = Object.entries({ 'metadata.version': 25, 'transaction.version': 1, 'streams.version': 1 });
  const records = adopted.map(([name, level]) => ({ type: 'feature' as const, name, level }));
  assert.deepEqual(initialFeatures(records, supported), [
    { type: 'feature', name: 'metadata.version', level: 30 },
    { type: 'feature', name: 'transaction.version', level: 1 },
  ]);
});

test('brings features into force once in a cluster that is older than they are', () => {
  const image = new MetadataImage();
  for (const record of finalizeFeatures(image).records) image.apply(record);
  assert.equal(image.featureLevel('metadata.version'), 30);
  assert.deepEqual(finalizeFeatures(image).records, []);
});

test('does not serve a cluster whose features it does not know', () => {
  assert.equal(featureProblem(new Map([['metadata.version', 30]])), undefined);
  assert.match(featureProblem(new Map([['metadata.version', 31]]))!, /metadata.version at level 31/);
  assert.match(featureProblem(new Map([['tomorrow.version', 1]]))!, /tomorrow.version at level 1/);
});

test('lowers and raises a feature, and takes it back at level 0', () => {
  const image = imageWith(full);
  assert.deepEqual(update(image, [['transaction.version', 1, SAFE_DOWNGRADE]]), {
    records: [{ type: 'feature', name: 'transaction.version', level: 1 }],
    response: ['transaction.version'],
  });
  const { records } = update(image, [['group.version', 0, UNSAFE_DOWNGRADE]]);
  for (const record of records) image.apply(record);
  assert.deepEqual(image.featureLevel('group.version'), 0);
  assert.deepEqual(update(image, [['group.version', 1, UPGRADE]]).records, [
    { type: 'feature', name: 'group.version', level: 1 },
  ]);
});

test('writes nothing for a level that is in force already, and nothing when only asked to validate', () => {
  assert.deepEqual(update(imageWith(full), [['transaction.version', 2, UPGRADE]]).records, []);
  assert.deepEqual(update(imageWith(full), [['transaction.version', 1, SAFE_DOWNGRADE]], true), {
    records: [],
    response: ['transaction.version'],
  });
});

test('takes the last of several updates of one feature', () => {
  const { records, response } = update(imageWith(full), [
    ['transaction.version', 0, SAFE_DOWNGRADE],
    ['transaction.version', 1, SAFE_DOWNGRADE],
  ]);
  assert.deepEqual(records, [{ type: 'feature', name: 'transaction.version', level: 1 }]);
  assert.deepEqual(response, ['transaction.version', 'transaction.version']);
});

const refused: [updates: Update[], reason: string][] = [
  [
    [['nope', 1, UPGRADE]],
    'Invalid update version 1 for feature nope. Local controller 1 does not support this feature.',
  ],
  [[['nope', 0, UPGRADE]], 'Invalid update version 0 for feature nope. Feature nope not found.'],
  [
    [['nope', -1, 9]],
    'Invalid update version -1 for feature nope. The controller does not support the given upgrade type.',
  ],
  [
    [['group.version', -1, UPGRADE]],
    'Invalid update version -1 for feature group.version. A feature version cannot be less than 0.',
  ],
  [
    [['group.version', 2, UPGRADE]],
    'Invalid update version 2 for feature group.version. Local controller 1 only supports versions 0-1',
  ],
  [
    [
      ['group.version', 0, SAFE_DOWNGRADE],
      ['transaction.version', 1, UPGRADE],
    ],
    "Invalid update version 1 for feature transaction.version. Can't downgrade the version of this feature without setting the upgrade type to either safe or unsafe downgrade.",
  ],
  [
    [['metadata.version', 25, SAFE_DOWNGRADE]],
    'Unsupported metadata.version downgrade from 30 to 25. Refusing to perform the requested downgrade because it might delete metadata information.',
  ],
  [
    [['metadata.version', 25, UNSAFE_DOWNGRADE]],
    'Unsupported metadata.version downgrade from 30 to 25. Unsafe metadata downgrade is not supported in this version.',
  ],
];

for (const [updates, reason] of refused) {
  test(`refuses ${JSON.stringify(updates)}`, () => {
    assert.throws(
      () => update(imageWith(full), updates),
      new KafkaError(
        ErrorCode.INVALID_UPDATE_VERSION,
        `The update failed for all features since the following feature had an error: ${reason}`,
      ),
    );
  });
}

test('does not raise a feature that was asked to be lowered', () => {
  assert.throws(
    () => update(imageWith({ 'transaction.version': 1 }), [['transaction.version', 2, SAFE_DOWNGRADE]]),
    /Can't downgrade to a newer version\./,
  );
});
