// The machine's Kerberos (libgssapi_krb5 of MIT), called through koffi. Both are loaded at the first use, and koffi is an optional dependency.
//
// Invariants: what the library allocates is released, at the latest when nobody can use a context any more; memory is passed to it only for the
// time of a call. The calls are synchronous, as tokens are checked in well under a millisecond with the keys of a local file.

import { createRequire } from 'node:module';
import { type GssAcceptor, type GssApi, type GssContext, GssError } from '../gssapi.ts';

const LIBRARIES: Readonly<Record<string, string>> = {
  linux: 'libgssapi_krb5.so.2',
  freebsd: 'libgssapi_krb5.so.2',
  darwin: '/opt/homebrew/opt/krb5/lib/libgssapi_krb5.dylib',
};

const ACCEPT = 2;
const FOREVER = 0xffff_ffff;
const NO_CONFIDENTIALITY = 0;
const DEFAULT_PROTECTION = 0;
const CONTINUE_NEEDED = 1;
const GSS_CODE = 1;
const MECHANISM_CODE = 2;
/** 1.2.840.113554.1.2.2: Kerberos itself, and nothing that is negotiated. */
const KERBEROS = Buffer.from('2a864886f712010202', 'hex');
/** 1.2.840.113554.1.2.2.1: names as Kerberos writes them. */
const PRINCIPAL_NAME = Buffer.from('2a864886f71201020201', 'hex');
const NOTHING = Buffer.alloc(0);

/** A pointer that only the library looks behind. */
type Handle = unknown;
/** What the library writes to. */
type Out<T> = [T];

interface GssBuffer {
  length?: number | bigint;
  value?: Handle;
}

type Call = (...values: unknown[]) => number;

interface Library {
  readonly importName: Call;
  readonly acquireCredential: Call;
  readonly acceptContext: Call;
  readonly deleteContext: Call;
  readonly displayName: Call;
  readonly displayStatus: Call;
  readonly wrap: Call;
  readonly unwrap: Call;
  readonly releaseName: Call;
  readonly releaseBuffer: Call;
  /** A copy of memory of the library. */
  copy(address: Handle, length: number): Buffer;
}

let loaded: Library | undefined;

function library(): Library {
  loaded ??= load();
  return loaded;
}

function load(): Library {
  const path = LIBRARIES[process.platform];
  if (path === undefined) throw new GssError(`there is no Kerberos on ${process.platform}`);
  let koffi: typeof import('koffi');
  try {
    koffi = createRequire(import.meta.url)('koffi');
  } catch (error) {
    // It is missing, or has nothing for this machine's libc and processor.
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
    throw new GssError(`the package koffi cannot be loaded (${reason}): npm install koffi`);
  }
  let functions: import('koffi').LibraryHandle;
  try {
    functions = koffi.load(path);
  } catch {
    throw new GssError(
      `the library ${path} cannot be loaded: install MIT Kerberos (on Debian libgssapi-krb5-2)`,
    );
  }
  return bind(koffi, functions);
}

function bind(koffi: typeof import('koffi'), functions: import('koffi').LibraryHandle): Library {
  koffi.struct('gss_buffer', { length: 'size_t', value: 'void *' });
  koffi.struct('gss_oid', { length: 'uint32_t', elements: 'void *' });
  koffi.struct('gss_oid_set', { count: 'size_t', elements: 'gss_oid *' });
  koffi.struct('gss_key_value', { key: 'str', value: 'str' });
  koffi.struct('gss_store', { count: 'uint32_t', elements: 'gss_key_value *' });
  const call = (name: string, parameters: string): Call =>
    functions.func(`uint32_t ${name}(_Out_ uint32_t *minor, ${parameters})`) as Call;
  return {
    importName: call('gss_import_name', 'gss_buffer *name, gss_oid *type, _Out_ void **out'),
    acquireCredential: call(
      'gss_acquire_cred_from',
      'void *name, uint32_t time, gss_oid_set *mechanisms, int usage, gss_store *store, _Out_ void **credential, void *actual, void *timeLeft',
    ),
    acceptContext: call(
      'gss_accept_sec_context',
      '_Inout_ void **context, void *credential, gss_buffer *token, void *bindings, _Out_ void **client, void *mechanism, _Out_ gss_buffer *answer, void *flags, void *time, void *delegated',
    ),
    deleteContext: call('gss_delete_sec_context', '_Inout_ void **context, void *answer'),
    displayName: call('gss_display_name', 'void *name, _Out_ gss_buffer *out, void *type'),
    displayStatus: call(
      'gss_display_status',
      'uint32_t status, int kind, void *mechanism, _Inout_ uint32_t *more, _Out_ gss_buffer *out',
    ),
    wrap: call(
      'gss_wrap',
      'void *context, int confidential, uint32_t quality, gss_buffer *message, void *isConfidential, _Out_ gss_buffer *out',
    ),
    unwrap: call(
      'gss_unwrap',
      'void *context, gss_buffer *message, _Out_ gss_buffer *out, void *isConfidential, void *quality',
    ),
    releaseName: call('gss_release_name', '_Inout_ void **name'),
    releaseBuffer: call('gss_release_buffer', '_Inout_ gss_buffer *buffer'),
    copy: (address, length) => Buffer.from(new Uint8Array(koffi.view(address, length)).slice()),
  };
}

/** Runs a call whose first parameter is the library's own code. Throws what is wrong in words. */
function check(call: Call, ...values: unknown[]): number {
  const minor: Out<number> = [0];
  const status = call(minor, ...values);
  // The upper half has the errors, the lower one what else there is to say.
  if (status >>> 16 === 0) return status;
  const reasons = [describe(status, GSS_CODE), describe(minor[0], MECHANISM_CODE)];
  throw new GssError(reasons.filter((reason) => reason !== '').join(': '));
}

function describe(status: number, kind: number): string {
  if (status === 0) return '';
  const text: Out<GssBuffer> = [{}];
  library().displayStatus([0], status, kind, null, [0], text);
  return take(text).toString('utf8');
}

/** The bytes of a buffer that the library has filled, which is released. */
function take(out: Out<GssBuffer>): Buffer {
  const [{ length = 0, value }] = out;
  if (!value) return NOTHING;
  const bytes = library().copy(value, Number(length));
  library().releaseBuffer([0], out);
  return bytes;
}

function nameOf(name: Handle): string {
  const text: Out<GssBuffer> = [{}];
  check(library().displayName, name, text, null);
  return take(text).toString('utf8');
}

function buffer(bytes: Buffer): { length: number; value: Buffer } {
  return { length: bytes.length, value: bytes };
}

function oid(bytes: Buffer): { length: number; elements: Buffer } {
  return { length: bytes.length, elements: bytes };
}

/** Contexts that were given up without a word, as when a connection breaks. */
const forgotten = new FinalizationRegistry<Out<Handle>>((handle) => deleteContext(handle));

function deleteContext(handle: Out<Handle>): void {
  if (handle[0]) library().deleteContext([0], handle, null);
  handle[0] = null;
}

class NodeContext implements GssContext {
  readonly #credential: Handle;
  readonly #handle: Out<Handle> = [null];
  isEstablished = false;
  clientName = '';

  constructor(credential: Handle) {
    this.#credential = credential;
    forgotten.register(this, this.#handle, this);
  }

  accept(token: Buffer): Buffer {
    const client: Out<Handle> = [null];
    const answer: Out<GssBuffer> = [{}];
    const { acceptContext, releaseName } = library();
    const values = [this.#handle, this.#credential, buffer(token), null, client, null, answer];
    let bytes: Buffer = NOTHING;
    try {
      const status = check(acceptContext, ...values, null, null, null);
      this.isEstablished = (status & CONTINUE_NEEDED) === 0;
      if (this.isEstablished) this.clientName = nameOf(client[0]);
    } finally {
      bytes = take(answer);
      if (client[0]) releaseName([0], client);
    }
    return bytes;
  }

  wrap(message: Buffer): Buffer {
    const out: Out<GssBuffer> = [{}];
    const { wrap } = library();
    check(wrap, this.#handle[0], NO_CONFIDENTIALITY, DEFAULT_PROTECTION, buffer(message), null, out);
    return take(out);
  }

  unwrap(message: Buffer): Buffer {
    const out: Out<GssBuffer> = [{}];
    check(library().unwrap, this.#handle[0], buffer(message), out, null, null);
    return take(out);
  }

  close(): void {
    forgotten.unregister(this);
    deleteContext(this.#handle);
  }
}

/** The credential lives as long as the process. */
function acceptor(principal: string, keytab: string | undefined): GssAcceptor {
  const { importName, acquireCredential, releaseName } = library();
  const name: Out<Handle> = [null];
  const credential: Out<Handle> = [null];
  const mechanisms = { count: 1, elements: [oid(KERBEROS)] };
  const store = keytab === undefined ? null : { count: 1, elements: [{ key: 'keytab', value: keytab }] };
  check(importName, buffer(Buffer.from(principal)), oid(PRINCIPAL_NAME), name);
  try {
    check(acquireCredential, name[0], FOREVER, mechanisms, ACCEPT, store, credential, null, null);
  } finally {
    releaseName([0], name);
  }
  return { context: () => new NodeContext(credential[0]) };
}

export const nodeGssApi: GssApi = { acceptor };
