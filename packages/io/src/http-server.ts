// Serving small documents over HTTP as a port: pages for monitoring systems and probes, read by few and changed by nobody.

export interface HttpAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** Answers a GET (or HEAD, whose body is left out) of a path without its query. Should it reject, the client gets a 500 that says nothing. */
export type HttpResponder = (path: string) => HttpAnswer | Promise<HttpAnswer>;

export interface HttpListener {
  readonly host: string;
  /** The port that was bound, also when port 0 was asked for. */
  readonly port: number;
  /** Ends all connections. */
  close(): Promise<void>;
}

export interface HttpServer {
  /** Rejects with Node's error: EADDRINUSE, EACCES, EADDRNOTAVAIL, ENOTFOUND. */
  listen(address: { host: string; port: number }, respond: HttpResponder): Promise<HttpListener>;
}
