// A request as log lines show it: enough of it to repeat what went wrong, never its megabytes and never a secret.
//
// Invariants: no byte field is shown, because that is what passwords, tokens, keys and records travel in; of a config only a value
// that DescribeConfigs would show as well.

import { inspect } from 'node:util';
import { isSecretName } from '../config/secrets.ts';
import { LOGGER_NAMES, ROOT } from '../monitoring/log-levels.ts';

/** Levels of loggers are set as configs are. */
const LOGGERS: ReadonlySet<string> = new Set([ROOT, ...LOGGER_NAMES]);
const DEPTH = 6;
const ELEMENTS = 5;
const LETTERS = 100;
/** Room for what inspect adds; a summary beyond it is cut. */
const SUMMARY_LETTERS = 4000;

export function summarizeRequest(request: unknown): string {
  const text = inspect(shown(request, DEPTH), {
    depth: DEPTH + 1,
    compact: true,
    maxStringLength: LETTERS,
    breakLength: Number.POSITIVE_INFINITY,
  });
  return text.length > SUMMARY_LETTERS ? `${text.slice(0, SUMMARY_LETTERS)}...` : text;
}

/** Prints itself as it is, without the quotes of a string. */
class Mark {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  [inspect.custom](): string {
    return this.#text;
  }
}

function shown(value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (ArrayBuffer.isView(value)) return new Mark(`[${value.byteLength} bytes]`);
  if (depth === 0) return new Mark('[...]');
  if (Array.isArray(value)) {
    const first = value.slice(0, ELEMENTS).map((element) => shown(element, depth - 1));
    return value.length > ELEMENTS ? [...first, new Mark(`${value.length - ELEMENTS} more`)] : first;
  }
  const fields = Object.entries(value).map(([name, field]) => {
    const isHidden = name === 'value' && typeof field === 'string' && isSecretEntry(value);
    return [name, isHidden ? new Mark('[hidden]') : shown(field, depth - 1)];
  });
  return Object.fromEntries(fields);
}

/** Configs come as a name and a value in all requests that have any. */
function isSecretEntry(entry: object): boolean {
  if (!('name' in entry) || typeof entry.name !== 'string') return true;
  return !LOGGERS.has(entry.name) && isSecretName(entry.name);
}
