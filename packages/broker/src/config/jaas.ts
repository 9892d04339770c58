// sasl.jaas.config, in the grammar that Kafka reads it with: `module flag key=value ... ;`, once or several times.
//
// Words are letters, digits and -_$. (not beginning with a digit or a dot); everything else stands in quotes, single or double, where a backslash
// escapes. // and / begin a comment up to the end of the line, /* */ enclose one.
//
// Invariant: no message repeats any part of a value, for values are passwords.

export interface JaasEntry {
  /** The Java class, which says which mechanism the options are for. */
  readonly loginModule: string;
  readonly options: ReadonlyMap<string, string>;
}

/** The message says where and why, and repeats no secret. */
export class JaasError extends Error {
  override readonly name = 'JaasError';
}

const CONTROL_FLAGS = ['REQUIRED', 'REQUISITE', 'SUFFICIENT', 'OPTIONAL'];
const BLANK_OR_COMMENT = /(?:\s|\/\*.*?\*\/|\/(?!\*)[^\r\n]*)+/sy;
const WORD = /[A-Za-z_$\u00a0-\uffff][\w$.\u00a0-\uffff-]*/y;
const QUOTED = /"((?:[^"\\\r\n]|\\.)*)"|'((?:[^'\\\r\n]|\\.)*)'/sy;
const ESCAPE = /\\([0-3][0-7]{0,2}|[4-7][0-7]?|.)/gs;
const CONTROL_ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

/** @throws JaasError */
export function parseJaas(text: string): JaasEntry[] {
  const tokens = new Tokens(text);
  const entries: JaasEntry[] = [];
  while (!tokens.isAtEnd) entries.push(parseEntry(tokens));
  if (entries.length === 0) throw new JaasError('it names no login module');
  return entries;
}

/** For the table of configuration keys. */
export function jaasProblem(text: string | null): string | undefined {
  try {
    if (text !== null) parseJaas(text);
    return undefined;
  } catch (error) {
    if (!(error instanceof JaasError)) throw error;
    return `${error.message}; expected: LoginModuleClass required key="value" ... ;`;
  }
}

function parseEntry(tokens: Tokens): JaasEntry {
  const loginModule = tokens.text('a login module');
  const flag = tokens.text(`a control flag (${CONTROL_FLAGS.join(', ').toLowerCase()})`);
  if (!CONTROL_FLAGS.includes(flag.toUpperCase())) {
    throw new JaasError(
      `${tokens.place}: the login module must be followed by ${CONTROL_FLAGS.join(', ').toLowerCase()}`,
    );
  }
  const options = new Map<string, string>();
  while (!tokens.skip(';')) {
    if (tokens.isAtEnd) throw new JaasError('the semicolon at the end is missing');
    const key = tokens.text('the name of an option, or a semicolon');
    if (!tokens.skip('=')) throw new JaasError(`${tokens.place}: an option has no = behind its name`);
    options.set(
      key,
      tokens.text(
        'a value; one with other characters than letters and digits, or that begins with a digit, needs quotes',
      ),
    );
  }
  return { loginModule, options };
}

class Tokens {
  readonly #text: string;
  #position = 0;

  constructor(text: string) {
    this.#text = text;
    this.#skipBlanks();
  }

  get isAtEnd(): boolean {
    return this.#position === this.#text.length;
  }

  /** Where the next token begins, for messages. */
  get place(): string {
    return `at character ${this.#position + 1}`;
  }

  skip(character: string): boolean {
    if (this.#text[this.#position] !== character) return false;
    this.#position++;
    this.#skipBlanks();
    return true;
  }

  /** A word or what stands in quotes. */
  text(expected: string): string {
    const place = this.place;
    const word = this.#match(WORD)?.[0];
    if (word !== undefined) return word;
    const quoted = this.#match(QUOTED);
    if (quoted !== null) return (quoted[1] ?? quoted[2])!.replace(ESCAPE, unescaped);
    const isOpen = /["']/.test(this.#text[this.#position] ?? '');
    throw new JaasError(
      isOpen ? `${place}: a quote is not closed on its line` : `${place}: expected ${expected}`,
    );
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#position;
    const match = pattern.exec(this.#text);
    if (match === null) return null;
    this.#position = pattern.lastIndex;
    this.#skipBlanks();
    return match;
  }

  #skipBlanks(): void {
    BLANK_OR_COMMENT.lastIndex = this.#position;
    if (BLANK_OR_COMMENT.test(this.#text)) this.#position = BLANK_OR_COMMENT.lastIndex;
  }
}

function unescaped(_all: string, escaped: string): string {
  if (/^[0-7]/.test(escaped)) return String.fromCharCode(Number.parseInt(escaped, 8));
  return CONTROL_ESCAPES[escaped] ?? escaped;
}
