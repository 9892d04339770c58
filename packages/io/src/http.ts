// HTTP as a port: fetching a small document from a server that somebody else runs, or sending one there. It may be slow, huge or wrong.

export interface HttpLimits {
  /** For all of it: connecting, TLS, the answer to its last byte. */
  readonly timeoutMs: number;
  /** The largest body taken. */
  readonly maxBytes: number;
}

export interface HttpPost {
  readonly contentType: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Http {
  /**
   * The body of what an http or https URL answers with 200. Redirects are not followed: they could lead anywhere.
   * Rejects with Node's error, or one that says what was wrong with the answer.
   */
  get(url: URL, limits: HttpLimits): Promise<Buffer>;

  /** Sends a document to an http or https URL. Resolves when that answers with 200; rejects as get() does, and also for what it answers. */
  post(url: URL, document: HttpPost, limits: HttpLimits): Promise<Buffer>;
}
