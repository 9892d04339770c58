// The first message of an OAUTHBEARER client (RFC 7628, with the extensions of KIP-342), in the grammar that Kafka takes.
//
//   n,a=AUTHZID,^A auth=Bearer TOKEN ^A key=value ^A ^A        (without the blanks; a=AUTHZID may be missing; ^A is the byte 1)
//
// Time and memory are linear in the message, whatever is in it.

export interface ClientFirstMessage {
  /** Who the client wants to be; '' leaves it to the token. */
  readonly authorizationId: string;
  readonly token: string;
  /** What the client tells about itself beside the token. */
  readonly extensions: ReadonlyMap<string, string>;
}

const SEPARATOR = '\x01';
const HEADER_START = 'n,';
const SASL_NAME = /^(?:[^\0=,\x80-\xff]|=2C|=3D)+$/;
const KEY = /^[A-Za-z]+$/;
const VALUE = /^[\x21-\x7e \t\r\n]+$/;
const CREDENTIALS = /^bearer +([-_~+/.a-zA-Z0-9]+=*)$/i;

/** Undefined when the bytes are something else. */
export function parseClientFirstMessage(bytes: Buffer): ClientFirstMessage | undefined {
  const text = bytes.toString('latin1');
  const headerEnd = text.indexOf(',', HEADER_START.length);
  if (!text.startsWith(HEADER_START) || headerEnd < 0) return undefined;
  const authorizationId = parseAuthorizationId(text.slice(HEADER_START.length, headerEnd));
  const pairs = parsePairs(text.slice(headerEnd + 1));
  if (authorizationId === undefined || pairs === undefined) return undefined;
  const token = CREDENTIALS.exec(pairs.get('auth') ?? '')?.[1];
  if (token === undefined) return undefined;
  pairs.delete('auth');
  return { authorizationId, token, extensions: pairs };
}

function parseAuthorizationId(text: string): string | undefined {
  if (text === '') return '';
  const name = text.slice('a='.length);
  if (!text.startsWith('a=') || !SASL_NAME.test(name)) return undefined;
  return name.replaceAll('=2C', ',').replaceAll('=3D', '=');
}

/** Pairs that each end with a separator, and one more separator after the last. */
function parsePairs(text: string): Map<string, string> | undefined {
  if (!text.startsWith(SEPARATOR) || !text.endsWith(SEPARATOR + SEPARATOR)) return undefined;
  const pairs = new Map<string, string>();
  for (const pair of text.slice(1, -2).split(SEPARATOR)) {
    const equals = pair.indexOf('=');
    const key = pair.slice(0, Math.max(0, equals));
    const value = pair.slice(equals + 1);
    // Kafka lets the last of two count; what others may have read differently is better refused.
    if (!KEY.test(key) || !VALUE.test(value) || pairs.has(key)) return undefined;
    pairs.set(key, value);
  }
  return pairs;
}
