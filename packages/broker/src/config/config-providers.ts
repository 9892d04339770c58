// Values that stand elsewhere: references to files and environment variables in the values of configuration.
//
//   ${file:/path:key}   a key of a properties file            Kafka's FileConfigProvider
//   ${file:/path}       all of a file, as containers mount secrets
//   ${dir:/path:name}   all of a file in a folder             Kafka's DirectoryConfigProvider
//   ${env:NAME}         an environment variable               Kafka's EnvVarConfigProvider
//
// These names need not be declared; config.providers gives others to the same classes, and bounds to what they may read, as in Kafka.
//
// Invariants: a reference that leads nowhere is a problem (Kafka would take its text for the value); what was read is
// taken as it is, references in it are not followed; no message shows what was read.
//
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: that is how references are written.

import { resolve, sep } from 'node:path';
import { parseProperties } from './properties.ts';
import { didYouMean, splitList } from './text.ts';

export interface ReferenceSources {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Rejects with Node's error. */
  readFile(path: string): Promise<Buffer>;
}

export interface ResolvedValues {
  /** All values, with what their references lead to. */
  readonly values: Map<string, string>;
  /** The values that have references, as they are written. */
  readonly written: ReadonlyMap<string, string>;
  /** The files that were read. */
  readonly files: readonly string[];
  /** One line for each reference that leads nowhere. */
  readonly problems: readonly string[];
  /** The line with references in place of what they led to. */
  hide(line: string): string;
}

const KEY = 'config.providers';
const REFERENCE = /\$\{([^}:]*):(?:([^}:]*):)?([^}]*)\}/g;
/** Shorter ones are no secrets, and stand by chance in many lines. */
const HIDDEN_LENGTH = 4;

type Kind = 'file' | 'dir' | 'env';

const KINDS_BY_CLASS: Readonly<Record<string, Kind>> = {
  FileConfigProvider: 'file',
  DirectoryConfigProvider: 'dir',
  EnvVarConfigProvider: 'env',
};

interface Provider {
  readonly name: string;
  readonly kind: Kind;
  /** config.providers.NAME.param.allowed.paths */
  readonly allowedPaths: readonly string[] | undefined;
  /** config.providers.NAME.param.allowlist.pattern */
  readonly allowedNames: RegExp | undefined;
}

/** Whether the key declares where values come from, as config.providers.file.class does. */
export function isProviderKey(key: string): boolean {
  return key === KEY || key.startsWith(`${KEY}.`);
}

export async function resolveReferences(
  values: ReadonlyMap<string, string>,
  sources: ReferenceSources,
): Promise<ResolvedValues> {
  const problems: string[] = [];
  const providers = declaredProviders(values, problems);
  const files = new Files(sources);
  const resolved = new Map<string, string>();
  const written = new Map<string, string>();
  const found: [text: string, reference: string][] = [];
  for (const [key, text] of values) {
    if (isProviderKey(key)) continue;
    const result = await replaceAll(text, async (reference, name, path, rest) => {
      const provider = providers.get(name);
      if (provider === undefined) return undefined;
      written.set(key, text);
      try {
        const value = await lookUp(provider, path, rest, sources, files);
        found.push([value, reference]);
        return value;
      } catch (error) {
        if (!(error instanceof DeadReference)) throw error;
        problems.push(`The value ${reference} of configuration ${key} leads nowhere: ${error.message}`);
        return '';
      }
    });
    resolved.set(key, result);
  }
  const whole = [...written].map(([key, text]): [string, string] => [
    JSON.stringify(resolved.get(key)),
    text,
  ]);
  const parts = found.filter(([text]) => text.length >= HIDDEN_LENGTH);
  // The longest first: one may be a part of another.
  const hidden = [...whole, ...parts].sort(([left], [right]) => right.length - left.length);
  return {
    values: resolved,
    written,
    files: files.paths,
    problems,
    hide: (line) =>
      hidden.reduce((shown, [text, reference]) => shown.replaceAll(text, () => reference), line),
  };
}

/** The built-in names, and those that config.providers declares. */
function declaredProviders(values: ReadonlyMap<string, string>, problems: string[]): Map<string, Provider> {
  const kinds = new Map<string, Kind>([
    ['file', 'file'],
    ['dir', 'dir'],
    ['env', 'env'],
  ]);
  for (const name of splitList(values.get(KEY) ?? '')) {
    const classKey = `${KEY}.${name}.class`;
    const className = values.get(classKey)?.trim();
    const kind = KINDS_BY_CLASS[className?.split('.').at(-1) ?? ''];
    if (kind !== undefined) kinds.set(name, kind);
    else if (className !== undefined || !kinds.has(name)) {
      const shown = className === undefined ? 'is not set' : `is ${JSON.stringify(className)}`;
      problems.push(
        `The configuration ${classKey} ${shown}: expected one of ${Object.keys(KINDS_BY_CLASS).join(', ')} of org.apache.kafka.common.config.provider`,
      );
    }
  }
  const providers = [...kinds].map(([name, kind]): [string, Provider] => {
    const parameter = (suffix: string) => values.get(`${KEY}.${name}.param.${suffix}`)?.trim() || undefined;
    const paths = parameter('allowed.paths');
    return [
      name,
      {
        ...{ name, kind },
        allowedPaths: paths === undefined ? undefined : splitList(paths),
        allowedNames: namePattern(name, parameter('allowlist.pattern'), problems),
      },
    ];
  });
  return new Map(providers);
}

function namePattern(name: string, pattern: string | undefined, problems: string[]): RegExp | undefined {
  if (pattern === undefined) return undefined;
  try {
    return new RegExp(`^(?:${pattern})$`, 'u');
  } catch {
    problems.push(
      `Invalid value ${JSON.stringify(pattern)} for configuration ${KEY}.${name}.param.allowlist.pattern: expected a regular expression`,
    );
    return undefined;
  }
}

/** Its message says what is missing. */
class DeadReference extends Error {}

async function lookUp(
  provider: Provider,
  path: string | undefined,
  name: string,
  { environment }: ReferenceSources,
  files: Files,
): Promise<string> {
  if (provider.kind === 'env') return variable(provider, path, name, environment);
  if (provider.kind === 'dir' && path === undefined)
    throw new DeadReference('expected a folder and a file in it, as in ${dir:/run/secrets:password}');
  const file = provider.kind === 'dir' ? `${path}/${name}` : (path ?? name);
  if (provider.kind === 'dir' && resolve(file) !== resolve(path!, name.replaceAll(/[/\\]/g, '_')))
    throw new DeadReference(`${JSON.stringify(name)} is not the name of a file in ${path}`);
  checkAllowed(provider, file);
  const text = await files.read(file);
  // Editors and echo end a file with a line break that is no part of the secret.
  if (provider.kind === 'dir' || path === undefined) return text.replace(/[\r\n]+$/, '');
  const properties = parseProperties(text);
  const value = properties.get(name);
  if (value === undefined)
    throw new DeadReference(`${file} has no key ${name}${didYouMean(name, properties.keys())}`);
  return value;
}

function variable(
  { name: provider, allowedNames }: Provider,
  path: string | undefined,
  name: string,
  environment: ReferenceSources['environment'],
): string {
  if (path !== undefined && path !== '') {
    throw new DeadReference(`expected the name of a variable alone, as in \${${provider}:KEYSTORE_PASSWORD}`);
  }
  if (allowedNames?.test(name) === false)
    throw new DeadReference(`${KEY}.${provider}.param.allowlist.pattern does not allow ${name}`);
  const value = environment[name];
  if (value === undefined) throw new DeadReference(`the environment has no variable ${name}`);
  return value;
}

function checkAllowed({ name, allowedPaths }: Provider, file: string): void {
  if (allowedPaths === undefined) return;
  const path = resolve(file);
  const isAllowed = allowedPaths.some((each) => {
    const allowed = resolve(each);
    return path === allowed || path.startsWith(allowed.endsWith(sep) ? allowed : allowed + sep);
  });
  if (!isAllowed) throw new DeadReference(`${KEY}.${name}.param.allowed.paths does not allow ${file}`);
}

/** Each file is read once. */
class Files {
  readonly #sources: ReferenceSources;
  readonly #texts = new Map<string, Promise<string>>();

  constructor(sources: ReferenceSources) {
    this.#sources = sources;
  }

  get paths(): string[] {
    return [...this.#texts.keys()];
  }

  read(path: string): Promise<string> {
    let text = this.#texts.get(path);
    if (text === undefined) {
      text = this.#sources.readFile(path).then(
        (bytes) => bytes.toString('utf8'),
        (error: unknown) => {
          throw new DeadReference(whyUnreadable(error, path));
        },
      );
      this.#texts.set(path, text);
    }
    return text;
  }
}

function whyUnreadable(error: unknown, path: string): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT' || code === 'ENOTDIR') return `there is no file ${path}`;
  if (code === 'EACCES' || code === 'EPERM') return `this user has no permission to read ${path}`;
  if (code === 'EISDIR') return `${path} is a folder`;
  return `${path} cannot be read (${String(code)})`;
}

type Replacer = (
  reference: string,
  provider: string,
  path: string | undefined,
  name: string,
) => Promise<string | undefined>;

/** The text with each reference replaced; those the replacer does not know stay. */
async function replaceAll(text: string, replacer: Replacer): Promise<string> {
  let replaced = '';
  let end = 0;
  for (const match of text.matchAll(REFERENCE)) {
    const [reference, provider = '', path, name = ''] = match;
    const value = (await replacer(reference, provider, path, name)) ?? reference;
    replaced += text.slice(end, match.index) + value;
    end = match.index + reference.length;
  }
  return replaced + text.slice(end);
}
