// HTTP as a port: fetching a small document from a server that somebody else runs, and that may be slow, huge or wrong.

export interface HttpLimits {
  /** For all of it: connecting, TLS, the answer to its last byte. */
  readonly timeoutMs: number;
  /** The largest body taken. */
  readonly maxBytes: number;
}

export interface Http {
  /**
   * The body of what an http or https URL answers with 200. Redirects are not followed: they could lead anywhere.
   * Rejects with Node's error, or one that says what was wrong with the answer.
   */
  get(url: URL, limits: HttpLimits): Promise<Buffer>;
}
