// People point browsers, health checks and TLS clients at a Kafka port. What they send reads as an absurd frame size; saying what it is saves
// them an hour.

export interface ForeignProtocol {
  readonly name: string;
  readonly advice: string;
  /** What that protocol's client would show its user. */
  readonly answer?: Buffer;
}

const HTTP_METHODS = new Set([
  'GET ',
  'POST',
  'PUT ',
  'HEAD',
  'DELE',
  'OPTI',
  'PATC',
  'CONN',
  'TRAC',
  'PRI ',
]);
const HTTP_TEXT = "This port speaks Kafka's protocol, not HTTP. Point a Kafka client at it.\n";
const HTTP: ForeignProtocol = {
  name: 'HTTP',
  advice:
    "this port speaks Kafka's protocol: point browsers and HTTP health checks elsewhere, and check a Kafka port by connecting to it",
  answer: Buffer.from(
    `HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: ${HTTP_TEXT.length}\r\nConnection: close\r\n\r\n${HTTP_TEXT}`,
  ),
};
const TLS: ForeignProtocol = {
  name: 'TLS',
  advice: 'this listener is plaintext: set security.protocol=PLAINTEXT (or SASL_PLAINTEXT) in the client',
};
const SSH: ForeignProtocol = {
  name: 'SSH',
  advice: "this port speaks Kafka's protocol: check the port number",
};
const PROXY: ForeignProtocol = {
  name: 'PROXY protocol',
  advice: 'turn the PROXY protocol off in the load balancer in front of this listener',
};

/** Recognises another protocol by the first four bytes of a connection. */
export function foreignProtocol(size: number): ForeignProtocol | undefined {
  const text = String.fromCharCode(
    (size >>> 24) & 0xff,
    (size >>> 16) & 0xff,
    (size >>> 8) & 0xff,
    size & 0xff,
  );
  if (HTTP_METHODS.has(text)) return HTTP;
  if (text === 'SSH-') return SSH;
  if (text === 'PROX' || text === '\r\n\r\n') return PROXY;
  return size >>> 16 === 0x1603 ? TLS : undefined;
}
