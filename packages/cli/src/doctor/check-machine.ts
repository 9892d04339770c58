// Checks of this machine, where a broker runs on it.

import { sizeText } from '../output/units.ts';
import type { Facts, LocalBrokerFacts } from './facts.ts';
import type { Finding } from './finding.ts';

/** A broker holds each segment and each connection open. */
const FEW_FILES = 10_000;
const FILES_SHARE = 0.8;
const LITTLE_MEMORY_SHARE = 0.05;
const EAGER_SWAPPINESS = 10;
/** Some pages that were used at the start only. */
const SWAP_TOLERANCE_BYTES = 16 * 2 ** 20;

export function checkMachine({ machine }: Pick<Facts, 'machine'>): Finding[] {
  if (machine === undefined) return [];
  const { memoryTotalBytes, memoryAvailableBytes, swapTotalBytes, swappiness } = machine;
  const findings = machine.brokers.flatMap((broker) => [...openFiles(broker), ...swappedOut(broker)]);
  const common = { subject: 'this machine' } as const;
  if (
    memoryTotalBytes !== undefined &&
    memoryAvailableBytes !== undefined &&
    memoryAvailableBytes < memoryTotalBytes * LITTLE_MEMORY_SHARE
  ) {
    findings.push({
      ...{ ...common, severity: 'warning', check: 'memory' },
      what: `${sizeText(memoryAvailableBytes)} of ${sizeText(memoryTotalBytes)} memory are left`,
      why: 'the kernel has no room to keep the ends of logs in memory, so that reading comes from the disk, and may kill the broker',
      mend: 'end what else runs here, or give the machine more memory: `ps aux --sort=-rss | head` shows who has it',
    });
  }
  if ((swapTotalBytes ?? 0) > 0 && (swappiness ?? 0) > EAGER_SWAPPINESS) {
    findings.push({
      ...{ ...common, severity: 'note', check: 'swappiness' },
      what: `there is swap, and vm.swappiness is ${swappiness}`,
      why: 'the kernel would rather swap the broker out than give up cached files, and a broker that is swapped out pauses',
      mend: '`sysctl -w vm.swappiness=1`, and the same in /etc/sysctl.d/',
    });
  }
  return findings;
}

function openFiles({ processId, maxOpenFiles, openFiles }: LocalBrokerFacts): Finding[] {
  if (maxOpenFiles === undefined) return [];
  const isNearlyOut = openFiles !== undefined && openFiles > maxOpenFiles * FILES_SHARE;
  if (!isNearlyOut && maxOpenFiles >= FEW_FILES) return [];
  const used = openFiles === undefined ? '' : `, of which ${openFiles} are open`;
  return [
    {
      ...{ severity: isNearlyOut ? 'error' : 'warning', check: 'open-files' },
      subject: `the broker of process ${processId}`,
      what: `it may have ${maxOpenFiles} files open${used}`,
      why: 'each segment and each connection is one: without more, connections are refused and logs go offline',
      mend: 'LimitNOFILE=100000 in its systemd unit, or `ulimit -n 100000` before it is started',
    },
  ];
}

function swappedOut({ processId, swappedBytes }: LocalBrokerFacts): Finding[] {
  if (swappedBytes === undefined || swappedBytes < SWAP_TOLERANCE_BYTES) return [];
  return [
    {
      ...{ severity: 'warning', check: 'swapped-out', subject: `the broker of process ${processId}` },
      what: `${sizeText(swappedBytes)} of it are swapped out`,
      why: 'it pauses whenever it touches them, long enough for groups to throw members out',
      mend: '`sysctl -w vm.swappiness=1`, more memory, then restart the broker',
    },
  ];
}
