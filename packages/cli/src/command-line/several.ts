// Calls about several things: one that fails hides nothing of the others. They are gone on with, what failed is told, and the exit code says so.
//
// Invariant: when all failed there is nothing to go on with, and the call's error ends the command.

import { KafkaError, PartialFailureError } from '@moldau/client/admin';
import type { CommandContext } from './command.ts';
import { EXIT_CODES } from './exit-codes.ts';
import { inOwnWords } from './own-words.ts';

type Teller = Pick<CommandContext, 'admin' | 'tell' | 'exitCode'>;

/** What went well of what was asked for. */
export async function resultsOf<Result>(
  context: Teller,
  call: Promise<readonly Result[]>,
): Promise<readonly Result[]> {
  const results = await settled(context, call);
  return results.filter((result): result is Result => !(result instanceof KafkaError));
}

/** Those of the things asked for with which it went well. `call`: about each of them, in their order. */
export async function doneOf<Item>(
  context: Teller,
  items: readonly Item[],
  call: Promise<unknown>,
): Promise<readonly Item[]> {
  const results = await settled(
    context,
    call.then(() => items),
  );
  return items.filter((_, index) => !(results[index] instanceof KafkaError));
}

/** One of several failed. */
export async function tellFailure({ admin, tell, exitCode }: Teller, error: Error): Promise<void> {
  const { suggestion } = await import('./suggestions.ts');
  tell(`moldau: ${inOwnWords(error.message)}${await suggestion(error, admin)}`);
  exitCode(EXIT_CODES.failed);
}

async function settled(context: Teller, call: Promise<readonly unknown[]>): Promise<readonly unknown[]> {
  try {
    return await call;
  } catch (error) {
    if (!(error instanceof PartialFailureError) || error.errors.length === error.results.length) throw error;
    for (const each of error.errors) await tellFailure(context, each);
    return error.results;
  }
}
