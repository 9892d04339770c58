import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ErrorCode } from '@moldau/protocol';
import { settled } from '@moldau/testing';
import type { TransactionError } from '../../errors/kafka-error.ts';
import { pause } from '../../network/waiting.ts';
import { TransactionWorld } from './testing-coordinator.ts';
import type { Transaction } from './transaction.ts';

const GROUP = { groupId: 'g', generationId: 3, memberId: 'm' };

/** A fault for the first requests of that name. */
function first(name: string, ...faults: (number | 'lost request' | 'lost answer')[]) {
  return (asked: string) => (asked === name ? faults.shift() : undefined);
}

async function begun(world: TransactionWorld): Promise<Transaction> {
  return await world.until(world.transactions.begin({}));
}

function isFailure(code: string, kind: 'abortable' | 'fatal') {
  return (error: TransactionError): boolean => {
    assert.equal(error.name, 'TransactionError', String(error));
    assert.deepEqual(
      [error.code, error.abortable, error.fatal],
      [code, kind === 'abortable', kind === 'fatal'],
    );
    return true;
  };
}

describe('transactions of both protocols', () => {
  for (const protocol of [1, 2] as const) {
    const it1or2 = (title: string, run: (world: TransactionWorld) => Promise<void>): void => {
      it(`${title} (protocol ${protocol})`, async () => {
        const world = new TransactionWorld(5, protocol);
        await run(world);
        await world.until(world.transactions.close({ deadlineMs: world.time.monotonicMs() + 10_000 }));
        await world.cluster.close();
        await settled();
        assert.equal(world.time.pendingCount, 0);
      });
    };

    it1or2('commit records and offsets', async (world) => {
      const { coordinator, transactions } = world;
      const result = await world.until(
        transactions.run(async (tx) => {
          tx.send('t', { value: 'a', partition: 0 });
          tx.send('t', { value: 'b', partition: 1 });
          tx.post('u', { value: 'c' });
          tx.sendOffsets([{ topic: 'in', partition: 0, offset: 42 }], GROUP);
          return 'done';
        }, {}),
      );
      assert.equal(result, 'done');
      assert.deepEqual(coordinator.committed.toSorted(), ['a', 'b', 'c', 'g@in-0=42']);
      assert.deepEqual(
        coordinator.asked.toSorted(),
        protocol === 1
          ? ['end/4', 'group/4', 'init/5', 'offsets/4', 'partitions/3']
          : ['end/5', 'init/5', 'offsets/5'],
      );
    });

    it1or2('abort what work() throws out of, and tell its error', async (world) => {
      const { coordinator, transactions } = world;
      const run = transactions.run(async (tx) => {
        await tx.send('t', { value: 'a' });
        throw new RangeError('no');
      }, {});
      await assert.rejects(world.until(run), RangeError);
      assert.deepEqual(coordinator.committed, []);
      assert.deepEqual(coordinator.aborted, ['a']);
      await world.until(transactions.run((tx) => tx.send('t', { value: 'b' }), {}));
      assert.deepEqual(coordinator.committed, ['b']);
    });

    it1or2('tell the coordinator nothing when nothing was sent', async (world) => {
      await world.until(world.transactions.run(async () => {}, {}));
      const tx = await begun(world);
      await world.until(tx.abort());
      assert.equal(tx.outcome, 'aborted');
      assert.deepEqual(world.coordinator.asked, ['init/5']);
    });

    it1or2('cannot be committed after a record failed that nobody awaited', async (world) => {
      const { channel, coordinator } = world;
      channel.fault = async (value) => (value === 'bad' ? ErrorCode.MESSAGE_TOO_LARGE : undefined);
      const tx = await begun(world);
      tx.send('t', { value: 'good' });
      tx.send('t', { value: 'bad' });
      await assert.rejects(world.until(tx.commit()), isFailure('MESSAGE_TOO_LARGE', 'abortable'));
      assert.ok(tx.signal.aborted);
      await assert.rejects(tx.send('t', { value: 'late' }), { code: 'NO_TRANSACTION' });
      await world.until(tx.abort());
      const before = coordinator.producerEpoch;
      await world.until(world.transactions.run((next) => next.send('t', { value: 'next' }), {}));
      assert.deepEqual(coordinator.committed, ['next']);
      assert.equal(coordinator.producerEpoch, before + 1);
      assert.equal(coordinator.asked.filter((name) => name === 'init/5').length, protocol === 1 ? 2 : 1);
    });

    it1or2('ask again for the end when its answer is lost', async (world) => {
      const { coordinator, transactions } = world;
      for (const lost of ['lost answer', 'lost request'] as const) {
        for (const isCommit of [true, false]) {
          coordinator.fault = first('end', lost, lost);
          const tx = await begun(world);
          await world.until(tx.send('t', { value: `${lost} ${isCommit}` }));
          await world.until(isCommit ? tx.commit() : tx.abort());
        }
      }
      assert.deepEqual(coordinator.committed, ['lost answer true', 'lost request true']);
      assert.deepEqual(coordinator.aborted, ['lost answer false', 'lost request false']);
      await world.until(transactions.run((tx) => tx.send('t', { value: 'last' }), {}));
    });

    it1or2('learn the outcome of a commit that was given up, before the next begins', async (world) => {
      const { coordinator } = world;
      coordinator.fault = (name) => (name === 'end' ? 'lost answer' : undefined);
      const tx = await begun(world);
      await world.until(tx.send('t', { value: 'a' }));
      await assert.rejects(world.until(tx.commit({ timeoutMs: 500 })), { code: 'TIMED_OUT' });
      assert.equal(tx.outcome, 'unknown');
      await assert.rejects(tx.abort(), /outcome is not known/);
      coordinator.fault = () => undefined;
      const next = await begun(world);
      assert.equal(tx.outcome, 'committed');
      await tx.commit();
      assert.equal(next.outcome, 'open');
      await world.until(next.send('t', { value: 'b' }));
      await world.until(next.commit());
      assert.deepEqual(coordinator.committed, ['a', 'b']);
    });

    it1or2('learn the outcome when commit() is called again', async (world) => {
      const { coordinator } = world;
      coordinator.fault = (name) => (name === 'end' ? 'lost request' : undefined);
      const tx = await begun(world);
      await world.until(tx.send('t', { value: 'a' }));
      await assert.rejects(
        world.until(tx.commit({ signal: AbortSignal.abort(new Error('enough')) })),
        /enough/,
      );
      coordinator.fault = () => undefined;
      await world.until(tx.commit());
      assert.equal(tx.outcome, 'committed');
      assert.deepEqual(coordinator.committed, ['a']);
    });

    it1or2('end for good when another producer has taken over', async (world) => {
      const { coordinator, transactions } = world;
      const tx = await begun(world);
      await world.until(tx.send('t', { value: 'a' }));
      coordinator.init();
      coordinator.init();
      await assert.rejects(world.until(tx.commit()), isFailure('PRODUCER_FENCED', 'fatal'));
      await assert.rejects(
        world.until(transactions.begin({})),
        /Another producer has taken over the transactional id tx/,
      );
      assert.deepEqual(coordinator.aborted, ['a']);
    });

    it1or2('find out that they were fenced when a partition refuses the epoch', async (world) => {
      const { coordinator, transactions } = world;
      const tx = await begun(world);
      await world.until(tx.send('t', { value: 'a' }));
      coordinator.init();
      coordinator.init();
      await assert.rejects(
        world.until(tx.send('t', { value: 'b' })),
        isFailure('INVALID_PRODUCER_EPOCH', 'abortable'),
      );
      await assert.rejects(world.until(tx.abort()), isFailure('PRODUCER_FENCED', 'fatal'));
      await assert.rejects(world.until(transactions.begin({})), { code: 'PRODUCER_FENCED' });
    });

    it1or2('wait shortly while the transaction before is being finished', async (world) => {
      const { coordinator, transactions } = world;
      const { CONCURRENT_TRANSACTIONS } = ErrorCode;
      const names = protocol === 1 ? ['init', 'partitions', 'group', 'end'] : ['init', 'offsets', 'end'];
      const left = new Map(names.map((name) => [name, 2]));
      coordinator.fault = (name) => {
        const count = left.get(name) ?? 0;
        left.set(name, count - 1);
        return count > 0 ? CONCURRENT_TRANSACTIONS : undefined;
      };
      const startMs = world.time.monotonicMs();
      await world.until(
        transactions.run(async (tx) => {
          tx.send('t', { value: 'a' });
          tx.sendOffsets([{ topic: 'in', partition: 0, offset: 1 }], GROUP);
        }, {}),
      );
      const tookMs = world.time.monotonicMs() - startMs;
      assert.ok(tookMs < names.length * 80, `${tookMs} ms`);
    });

    it1or2('go to the coordinator that there is now', async (world) => {
      const { coordinator, transactions } = world;
      const { NOT_COORDINATOR, COORDINATOR_LOAD_IN_PROGRESS, COORDINATOR_NOT_AVAILABLE } = ErrorCode;
      const faults = new Map(
        ['init', 'partitions', 'group', 'offsets', 'end'].map((name) => [
          name,
          [NOT_COORDINATOR, COORDINATOR_LOAD_IN_PROGRESS, COORDINATOR_NOT_AVAILABLE],
        ]),
      );
      coordinator.fault = (name) => faults.get(name)?.shift();
      const findings = () => coordinator.broker.received.filter((name) => name.startsWith('10/')).length;
      await world.until(
        transactions.run(async (tx) => {
          tx.send('t', { value: 'a' });
          tx.sendOffsets([{ topic: 'in', partition: 0, offset: 1 }], GROUP);
        }, {}),
      );
      assert.deepEqual(coordinator.committed.toSorted(), ['a', 'g@in-0=1']);
      assert.ok(findings() > 2 * (protocol === 1 ? 5 : 3), `${findings()}`);
    });

    it1or2(
      'are aborted, and the producer goes on, when the group has given partitions away',
      async (world) => {
        const { coordinator, transactions } = world;
        for (const errorCode of [
          ErrorCode.ILLEGAL_GENERATION,
          ErrorCode.UNKNOWN_MEMBER_ID,
          ErrorCode.FENCED_INSTANCE_ID,
          ErrorCode.GROUP_AUTHORIZATION_FAILED,
          ErrorCode.STALE_MEMBER_EPOCH,
          ErrorCode.OFFSET_METADATA_TOO_LARGE,
        ]) {
          coordinator.fault = first('offsets', errorCode);
          const run = transactions.run(async (tx) => {
            tx.send('t', { value: 'a' });
            tx.sendOffsets([{ topic: 'in', partition: 0, offset: 1 }], GROUP);
          }, {});
          await assert.rejects(world.until(run), (error: TransactionError) => {
            assert.ok(error.abortable && !error.fatal, error.message);
            const isDenied = errorCode === ErrorCode.GROUP_AUTHORIZATION_FAILED;
            assert.equal(/It takes Read on the group/.test(error.message), isDenied, error.message);
            return true;
          });
        }
        assert.deepEqual(coordinator.committed, []);
        await world.until(transactions.run((tx) => tx.send('t', { value: 'b' }), {}));
        assert.deepEqual(coordinator.committed, ['b']);
      },
    );

    it1or2('take their turns, and do not wait for ever', async (world) => {
      const { coordinator, transactions } = world;
      const open = await begun(world);
      const late = transactions.begin({ timeoutMs: 1_000 });
      await assert.rejects(world.until(late), /A producer has one at a time/);
      const gone = transactions.begin({ signal: AbortSignal.abort(new Error('gone')) });
      await assert.rejects(gone, /gone/);
      const runs = ['a', 'b', 'c'].map((value) => transactions.run((tx) => tx.send('t', { value }), {}));
      await settled();
      await world.until(open.abort());
      await world.until(Promise.all(runs));
      assert.deepEqual(coordinator.committed, ['a', 'b', 'c']);
    });

    it1or2('are not harmed by what comes too late for the one before', async (world) => {
      const { coordinator } = world;
      const over = await begun(world);
      await world.until(over.commit());
      const next = await begun(world);
      await world.until(next.send('t', { value: 'a' }));
      await assert.rejects(over.send('t', { value: 'late' }), { code: 'NO_TRANSACTION' });
      assert.throws(() => over.post('t', { value: 'late' }), { code: 'NO_TRANSACTION' });
      await assert.rejects(over.abort(), /is committed/);
      await world.until(next.commit());
      assert.deepEqual(coordinator.committed, ['a']);
    });

    it1or2('that are being committed are, when the producer is closed', async (world) => {
      const { coordinator, channel, transactions, time } = world;
      const tx = await begun(world);
      channel.fault = () => pause(world.ports.timers, 500).then(() => undefined);
      tx.send('t', { value: 'a' });
      const committing = tx.commit();
      await world.until(transactions.close({ deadlineMs: time.monotonicMs() + 1_000 }));
      await committing;
      assert.deepEqual(coordinator.committed, ['a']);
    });

    it1or2('are given up in time while offsets are being committed', async (world) => {
      const { coordinator } = world;
      const tx = await begun(world);
      coordinator.fault = (name) => (name === 'offsets' ? ErrorCode.COORDINATOR_LOAD_IN_PROGRESS : undefined);
      tx.sendOffsets([{ topic: 'in', partition: 0, offset: 1 }], GROUP);
      const startMs = world.time.monotonicMs();
      await assert.rejects(world.until(tx.commit({ timeoutMs: 500 })), { code: 'TIMED_OUT' });
      assert.equal(world.time.monotonicMs() - startMs, 500);
      await world.until(tx.abort());
      assert.equal(tx.outcome, 'aborted');
    });

    it1or2('are aborted when they are disposed of, or the producer is closed', async (world) => {
      const { coordinator, transactions } = world;
      {
        await using tx = await begun(world);
        await world.until(tx.send('t', { value: 'a' }));
        queueMicrotask(() => void world.until(settled()));
      }
      assert.deepEqual(coordinator.aborted, ['a']);
      const tx = await begun(world);
      await world.until(tx.send('t', { value: 'b' }));
      await world.until(transactions.close({ deadlineMs: world.time.monotonicMs() + 1_000 }));
      assert.deepEqual(coordinator.aborted, ['a', 'b']);
      await assert.rejects(transactions.begin({}), { code: 'CLOSED' });
    });
  }
});

describe('the first protocol', () => {
  it('adds the partitions of one turn with one request, and those that come later with another', async () => {
    const world = new TransactionWorld(1, 1);
    const tx = await begun(world);
    const sends = [0, 1, 2, 0, 1].map((partition) => tx.send('t', { value: 'a', partition }));
    await world.until(Promise.all(sends));
    await world.until(tx.send('t', { value: 'a', partition: 1 }));
    await world.until(tx.send('t', { value: 'a', partition: 3 }));
    assert.deepEqual(world.coordinator.asked, ['init/5', 'partitions/3', 'partitions/3']);
    await world.until(tx.commit());
    await world.cluster.close();
  });

  it('goes over to the second between two transactions, with a new epoch', async () => {
    const world = new TransactionWorld(1, 1);
    const { coordinator, transactions } = world;
    await world.until(transactions.run((tx) => tx.send('t', { value: 'a' }), {}));
    coordinator.protocol = 2;
    for (const connection of [...world.network.connections]) connection.destroy();
    await world.until(transactions.run((tx) => tx.send('t', { value: 'b' }), {}));
    await world.until(transactions.run((tx) => tx.send('t', { value: 'c' }), {}));
    assert.deepEqual(coordinator.committed, ['a', 'b', 'c']);
    assert.deepEqual(coordinator.asked.slice(-3), ['end/4', 'init/5', 'end/5']);
    await world.cluster.close();
  });

  it('is over for a producer that does not know what became of a record, before Kafka 2.5', async () => {
    const world = new TransactionWorld(1, 1);
    const { coordinator, channel, transactions } = world;
    coordinator.broker.versions.set(22, [0, 2]);
    channel.fault = async (value) => {
      if (value === 'refused') return ErrorCode.MESSAGE_TOO_LARGE;
      return value === 'lost' ? 'lost answer' : undefined;
    };
    const refused = transactions.run((tx) => tx.send('t', { value: 'refused' }), {});
    await assert.rejects(world.until(refused), isFailure('MESSAGE_TOO_LARGE', 'abortable'));
    const lost = transactions.run((tx) => tx.send('t', { value: 'lost' }), {});
    await assert.rejects(world.until(lost), isFailure('REQUEST_TIMED_OUT', 'fatal'));
    await assert.rejects(world.until(transactions.begin({})), { fatal: true });
    assert.equal(coordinator.asked.filter((name) => name.startsWith('init')).length, 1);
    await world.cluster.close();
  });

  it('takes offsets of members from Kafka 2.5 on, and says so', async () => {
    const world = new TransactionWorld(1, 1);
    world.coordinator.broker.versions.set(28, [0, 2]);
    const offsets = [{ topic: 'in', partition: 0, offset: 1 }];
    await world.until(world.transactions.run((tx) => tx.sendOffsets(offsets, { groupId: 'g' }), {}));
    const run = world.transactions.run((tx) => tx.sendOffsets(offsets, GROUP), {});
    await assert.rejects(world.until(run), /TxnOffsetCommit.*3 to 4 are needed/);
    await world.cluster.close();
  });
});

describe('the second protocol', () => {
  it('goes on after a transaction that took too long', async () => {
    const world = new TransactionWorld(1, 2);
    const { coordinator, transactions } = world;
    const tx = await begun(world);
    await world.until(tx.send('t', { value: 'a' }));
    coordinator.timeOut();
    await assert.rejects(world.until(tx.commit()), (error: TransactionError) => {
      assert.match(error.message, /longer than transactionTimeoutMs \(60000 ms\)/);
      return isFailure('INVALID_TXN_STATE', 'abortable')(error);
    });
    await world.until(tx.abort());
    await world.until(transactions.run((next) => next.send('t', { value: 'b' }), {}));
    assert.deepEqual(coordinator.committed, ['b']);
    await world.cluster.close();
  });
});
