import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { metadataResponse } from '@moldau/protocol';
import { type MetadataAnswer, metadataOf } from '../network/testing-network.ts';
import { Metadata } from './metadata.ts';

const ADDRESSES = ['one:9092', 'two:9092'];
const OTHER_ID = 'BBBBBBBBBBBBBBBBBBBBBQ';

function apply(metadata: Metadata, answer: MetadataAnswer, isWhole = false): string[] {
  const decoded = metadataResponse.decode(metadataResponse.encode(answer, 13), 13);
  return [...metadata.apply(decoded, { isWhole, answeredBy: 'one:9092' }).topics];
}

function known(leaders: number[], epoch = 1): Metadata {
  const metadata = new Metadata();
  apply(metadata, metadataOf(ADDRESSES, [{ name: 't', leaders, epoch }]));
  return metadata;
}

describe('metadata', () => {
  it('knows topics by name and id, and leaders with their addresses', () => {
    const metadata = known([2, 1]);
    assert.equal(metadata.clusterId, 'a cluster');
    assert.equal(metadata.leader('t', 0)?.host, 'two');
    assert.equal(metadata.topicById(metadata.topic('t')!.id!)?.name, 't');
    assert.equal(metadata.leader('t', 9), undefined);
    assert.equal(metadata.leader('other', 0), undefined);
    assert.equal(metadata.topicError('t'), 0);
  });

  it('never goes back to an older epoch', () => {
    const metadata = known([2], 5);
    assert.deepEqual(apply(metadata, metadataOf(ADDRESSES, [{ name: 't', leaders: [1], epoch: 4 }])), []);
    assert.equal(metadata.partition('t', 0)?.leaderId, 2);
    assert.deepEqual(apply(metadata, metadataOf(ADDRESSES, [{ name: 't', leaders: [1], epoch: 6 }])), ['t']);
    assert.equal(metadata.partition('t', 0)?.leaderId, 1);
    apply(metadata, metadataOf(ADDRESSES, [{ name: 't', leaders: [2], epoch: -1 }]));
    assert.equal(metadata.partition('t', 0)?.leaderId, 2, 'a broker that tells no epochs is believed');
  });

  it('begins anew with a topic that was made anew', () => {
    const metadata = known([2], 5);
    const before = metadata.topic('t')!.id!;
    apply(metadata, metadataOf(ADDRESSES, [{ name: 't', leaders: [1], epoch: 0, id: OTHER_ID }]));
    assert.equal(metadata.partition('t', 0)?.leaderId, 1);
    assert.equal(metadata.topicById(before), undefined);
    assert.equal(metadata.topicById(OTHER_ID)?.name, 't');
  });

  it('learns leaders from errors, with their addresses, and only newer ones', () => {
    const metadata = known([1, 1], 3);
    const three = { nodeId: 3, host: 'three', port: 1, rack: null };
    assert.deepEqual([...metadata.teach('t', 1, { leaderId: 3, leaderEpoch: 4 }, [three]).topics], ['t']);
    assert.equal(metadata.leader('t', 1)?.host, 'three');
    assert.equal(metadata.leader('t', 0)?.host, 'one');
    assert.equal(metadata.teach('t', 1, { leaderId: 1, leaderEpoch: 4 }, []).topics.size, 0);
    assert.equal(metadata.teach('t', 1, { leaderId: -1, leaderEpoch: 9 }, []).topics.size, 0);
    assert.equal(
      metadata.teach('t', 1, { leaderId: 8, leaderEpoch: 9 }, []).topics.size,
      0,
      'without an address',
    );
    assert.equal(metadata.teach('other', 0, { leaderId: 3, leaderEpoch: 9 }, []).topics.size, 0);
  });

  it('drops what is gone, and keeps what a broker is in trouble with', () => {
    const metadata = known([1]);
    const answer = (errorCode: number): MetadataAnswer => ({
      ...metadataOf(ADDRESSES),
      topics: [
        { errorCode, name: 't', topicId: 'AAAAAAAAAAAAAAAAAAAAAA', isInternal: false, partitions: [] },
      ],
    });
    assert.deepEqual(apply(metadata, answer(5)), []);
    assert.equal(metadata.leader('t', 0)?.id, 1);
    assert.equal(metadata.topicError('t'), 5);
    assert.deepEqual(apply(metadata, answer(3)), ['t']);
    assert.equal(metadata.topic('t'), undefined);
    assert.equal(metadata.topicError('t'), 3);
    const whole = known([1]);
    assert.deepEqual(
      apply(whole, metadataOf(ADDRESSES, [{ name: 'u', leaders: [1], id: OTHER_ID }]), true).sort(),
      ['t', 'u'],
    );
    assert.deepEqual([...whole.topics.keys()], ['u']);
  });
});
