// The messages of SCRAM (RFC 5802) as a server reads and writes them.
//
//   client: n,[a=AUTHZID],n=NAME,r=NONCE[,extensions]       server: r=NONCE+OURS,s=SALT,i=ITERATIONS
//   client: c=HEADER,r=NONCE+OURS[,extensions],p=PROOF      server: v=SIGNATURE
//
// Both sides sign the texts as they were sent, so those are kept as they came. As in Kafka there is no channel binding, and names are taken as
// they come, without SASLprep: kafka-configs stores them so, and two names that look alike stay two users.

import { isUtf8 } from 'node:buffer';
import { SaslError } from './sasl-mechanism.ts';

export interface ClientFirstMessage {
  /** Up to the comma before `bare`. */
  readonly header: string;
  /** What is signed of the message. */
  readonly bare: string;
  readonly name: string;
  /** Who the client wants to be; '' leaves it to the name. */
  readonly authorizationId: string;
  readonly nonce: string;
  readonly extensions: ReadonlyMap<string, string>;
}

export interface ClientFinalMessage {
  /** What is signed of the message. */
  readonly withoutProof: string;
  /** The header of the first message, as the client says to have sent it. */
  readonly channelBinding: string;
  readonly nonce: string;
  readonly proof: Buffer;
}

/** Far more than names, nonces and extensions need. */
const MAX_MESSAGE_BYTES = 4096;
const NAME = /^(?:[^=,\0]|=2C|=3D)+$/;
/** Printable ASCII without the comma. */
const NONCE = /^[\x21-\x2b\x2d-\x7e]+$/;
const EXTENSION = /^([A-Za-z]+)=([^\0]+)$/;

/** @throws SaslError */
export function parseClientFirst(bytes: Buffer): ClientFirstMessage {
  const text = decode(bytes);
  if (!text.startsWith('n,')) throw refusedBinding(text);
  const headerEnd = text.indexOf(',', 2);
  if (headerEnd < 0) throw malformed('first', 'it has no name');
  const header = text.slice(0, headerEnd + 1);
  const bare = text.slice(headerEnd + 1);
  const [nameText = '', nonceText = '', ...rest] = bare.split(',');
  if (nameText.startsWith('m=')) throw malformed('first', 'it demands an extension (m=), and none is known');
  const name = decodeName(attribute('first', 'n', nameText));
  const nonce = attribute('first', 'r', nonceText);
  if (!NONCE.test(nonce)) throw malformed('first', 'its nonce is not printable');
  const authorizationText = header.slice(2, -1);
  return {
    ...{ header, bare, name, nonce },
    authorizationId: authorizationText === '' ? '' : decodeName(attribute('first', 'a', authorizationText)),
    extensions: parseExtensions('first', rest),
  };
}

/** @throws SaslError */
export function parseClientFinal(bytes: Buffer, proofBytes: number): ClientFinalMessage {
  const text = decode(bytes);
  const proofStart = text.lastIndexOf(',p=');
  if (proofStart < 0) throw malformed('final', 'it has no proof');
  const withoutProof = text.slice(0, proofStart);
  const [channelText = '', nonceText = '', ...rest] = withoutProof.split(',');
  parseExtensions('final', rest);
  const proof = decodeBase64(text.slice(proofStart + ',p='.length));
  if (proof.length !== proofBytes) throw malformed('final', `its proof is not of ${proofBytes} bytes`);
  return {
    ...{ withoutProof, proof },
    channelBinding: decodeBase64(attribute('final', 'c', channelText)).toString(),
    nonce: attribute('final', 'r', nonceText),
  };
}

export function serverFirst(nonce: string, salt: Buffer, iterations: number): string {
  return `r=${nonce},s=${salt.toString('base64')},i=${iterations}`;
}

export function serverFinal(signature: Buffer): string {
  return `v=${signature.toString('base64')}`;
}

type Which = 'first' | 'final';

function malformed(which: Which, problem: string): SaslError {
  return new SaslError(`The ${which} SCRAM message is malformed: ${problem}`);
}

function decode(bytes: Buffer): string {
  if (bytes.length > MAX_MESSAGE_BYTES)
    throw new SaslError(`SCRAM messages have at most ${MAX_MESSAGE_BYTES} bytes`);
  if (!isUtf8(bytes)) throw new SaslError('SCRAM messages are text in UTF-8');
  return bytes.toString();
}

function refusedBinding(text: string): SaslError {
  if (text.startsWith('y,') || text.startsWith('p=')) {
    return new SaslError(
      'Channel binding is not supported: begin the first SCRAM message with "n,", and ask for no mechanism that ends in -PLUS',
    );
  }
  return malformed('first', 'it does not begin with "n,"');
}

function attribute(which: Which, key: string, text: string): string {
  if (!text.startsWith(`${key}=`)) throw malformed(which, `${key}= is not where it belongs`);
  return text.slice(2);
}

function decodeName(text: string): string {
  if (!NAME.test(text)) throw malformed('first', 'a name is empty, or has "=" or "," in it unescaped');
  return text.replace(/=2C|=3D/g, (escaped) => (escaped === '=2C' ? ',' : '='));
}

function parseExtensions(which: Which, texts: readonly string[]): Map<string, string> {
  const extensions = new Map<string, string>();
  for (const text of texts) {
    const [, key, value] = EXTENSION.exec(text) ?? [];
    if (key === undefined || value === undefined) throw malformed(which, 'an extension is not KEY=VALUE');
    // Kafka lets the last of two count; what others may have read differently is better refused.
    if (extensions.has(key)) throw malformed(which, 'an extension stands in it twice');
    extensions.set(key, value);
  }
  return extensions;
}

/** Empty for what is not base64 as everybody writes it. */
function decodeBase64(text: string): Buffer {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : Buffer.alloc(0);
}
