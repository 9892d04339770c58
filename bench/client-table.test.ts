import assert from 'node:assert/strict';
import { it } from 'node:test';
import { aligned, type ClientRun, clientTable } from './client-table.ts';

function run(recordsPerSecond: number, peakMegabytes = 100, more: Partial<ClientRun> = {}): ClientRun {
  return {
    recordsPerSecond,
    megabytesPerSecond: recordsPerSecond / 1e4,
    cpuSeconds: 1,
    peakMegabytes,
    ...more,
  };
}

it('shows the median of the rounds, and each client beside the best', () => {
  const { rows } = clientTable([
    {
      name: 'produce',
      goals: [],
      runs: new Map<string, ClientRun[] | string>([
        ['ours', [run(3000), run(1000), run(2000)]],
        ['theirs', [run(1000)]],
        ['absent', 'is not installed'],
      ]),
    },
  ]);
  assert.deepEqual(rows.slice(1), [
    ['produce', 'ours', '2,000', '0.2', '', '', '1.00', '100', '1.00'],
    ['', 'theirs', '1,000', '0.1', '', '', '1.00', '100', '0.50'],
    ['', 'absent', 'is not installed'],
  ]);
});

it('shows latencies where there are some', () => {
  const runs = new Map([['ours', [run(1000, 50, { p50Ms: 0.5, p99Ms: 2 })]]]);
  const { rows } = clientTable([{ name: 'latency', goals: [], runs }]);
  assert.deepEqual(rows[1]!.slice(4, 6), ['0.50', '2.00']);
});

it('says of each goal what came of it', () => {
  const { goals } = clientTable([
    {
      name: 'produce',
      goals: [
        { client: 'ours', figure: 'recordsPerSecond', wanted: { atLeast: 1.3, times: 'kcat' } },
        { client: 'ours', figure: 'peakMegabytes', wanted: { atMost: 150 } },
        { client: 'ours', figure: 'recordsPerSecond', wanted: { atLeast: 2, times: 'absent' } },
      ],
      runs: new Map([
        ['ours', [run(1300, 151)]],
        ['kcat', [run(1000)]],
      ]),
    },
  ]);
  assert.deepEqual(goals.slice(1), [
    ['produce', 'ours', 'recordsPerSecond >= 1.3 x kcat', '1.30 x', 'reached'],
    ['produce', 'ours', 'peakMegabytes <= 150', '151', 'MISSED'],
    ['produce', 'ours', 'recordsPerSecond >= 2 x absent', '', ''],
  ]);
});

it('aligns columns, and lets a reason for a missing run be as long as it is', () => {
  const text = aligned([
    ['a', 'b', 'c'],
    ['1', '22', '3'],
    ['1', 'a long reason'],
  ]);
  assert.equal(text, 'a  b   c\n1  22  3\n1  a long reason\n');
});
