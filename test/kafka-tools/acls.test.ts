// kafka-acls beside Kafka's own.

import { after, before, describe, it } from 'node:test';
import { type Comparison, oneName, SideBySide } from './side-by-side.ts';

let both: SideBySide;
/** Kafka's tool keeps rules in sets, which have no order. */
const same = (lines: readonly string[], how: Comparison = {}) =>
  both.all('kafka-acls', lines, { isUnordered: true, normal: plain, ...how });
const wrong = (lines: readonly string[]) => same(lines, { code: 1 });

/** Which is why a blank stands before the first of them, whichever it is. */
function plain(text: string): string {
  return oneName(text)
    .replace(/^ \t/gm, '\t')
    .replace(/(?<=operations \[).*(?=\])/, (names) => names.split(', ').sort().join(', '));
}

before(async () => {
  both = await SideBySide.start([
    'authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'super.users=User:ANONYMOUS',
  ]);
});
after(async () => await both.stop());

describe('kafka-acls', { timeout: 240_000 }, () => {
  it('adds and lists rules', async () => {
    await same([
      '--list',
      '--add --allow-principal User:ada --operation Read --operation describe --topic {side}',
      '--add --allow-principal User:ada --operation Read --topic {side}',
      '--add --allow-principal User:ada --allow-principal User:bob --allow-host 10.0.0.1 --allow-host 10.0.0.2 --topic {side}-2 --group {side}',
      '--add --deny-principal User:* --deny-host 10.0.0.3 --operation All --topic {side}- --resource-pattern-type prefixed',
      '--add --allow-principal User:{side} --producer --topic {side}-3 --transactional-id {side} --idempotent',
      '--add --allow-principal User:ada --consumer --topic {side}-3 --group {side}',
      '--add --allow-principal User:{side} --operation Create --cluster',
      '--add --allow-principal User:ada --operation CreateTokens --user-principal User:{side}',
      '--list --topic {side}',
      '--list --topic {side}-2 --resource-pattern-type match',
      '--list --topic {side}-2 --resource-pattern-type any --group {side}',
      '--list --principal User:ada --topic {side}-3',
      '--list --principal User:ada --principal User:nobody --topic {side}',
      '--list --cluster',
      '--list --topic none',
      '--list',
    ]);
  });

  it('removes rules', async () => {
    await same([
      '--remove --allow-principal User:ada --operation Read --topic {side} --force',
      '--list --topic {side}',
      '--remove --topic {side} --force',
      '--list --topic {side}',
      '--remove --producer --allow-principal User:{side} --topic {side}-3 --force',
      '--list --topic {side}-3',
      '--remove --topic {side}-2 --resource-pattern-type match --force',
      '--list --topic {side}-2 --resource-pattern-type match',
    ]);
  });

  it('refuses command lines that cannot be meant, and helps', async () => {
    for (const words of [[], ['--help'], ['--list'], ['--what']])
      await both.sameWords('kafka-acls', words, { code: 1 });
    await wrong([
      '--topic a',
      '--add --list --topic a',
      '--bootstrap-controller a:1 --list',
      '--add --allow-principal User:ada',
      '--add --topic a',
      '--add --topic a --allow-principal ada',
      '--add --topic a --allow-principal User:ada --operation Fly',
      '--add --topic a --allow-principal User:ada --operation CreateTokens',
      '--add --topic a --allow-principal User:ada --resource-pattern-type match',
      '--add --topic a --allow-principal User:ada --resource-pattern-type odd',
      '--list --allow-principal User:ada',
      '--add --producer --allow-principal User:ada',
      '--add --producer --topic a --operation Read --allow-principal User:ada',
      '--add --consumer --topic a --allow-principal User:ada',
      '--add --topic a --idempotent --allow-principal User:ada',
      '--add --topic a --principal User:ada',
      '--list --zookeeper a',
    ]);
  });
});

describe('kafka-acls on a broker without rules', { timeout: 240_000 }, () => {
  it('says so', async () => {
    await using open = await SideBySide.start();
    await open.all('kafka-acls', ['--list', '--add --allow-principal User:ada --topic a'], { code: 1 });
  });
});
