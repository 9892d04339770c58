// What monitoring is told: where its pages are, and where to send metrics.

const DEFAULT_PORT = 9404;

export interface PageAddress {
  /** '' is every address of this machine. */
  readonly host: string;
  readonly port: number;
}

export interface MetricsExportSettings {
  readonly url: URL;
  readonly intervalMs: number;
  readonly headers: Readonly<Record<string, string>>;
}

/** 'host:port', ':port', '[::1]:port' or a host alone; undefined when it is none of them. */
export function parsePageAddress(text: string): PageAddress | undefined {
  const found = /^(\[[0-9a-fA-F:.]+\]|[^:[\]\s/]*)(?::(\d{1,5}))?$/.exec(text);
  if (found === null) return undefined;
  const port = found[2] === undefined ? DEFAULT_PORT : Number(found[2]);
  return port > 65_535 ? undefined : { host: found[1]!.replace(/^\[|\]$/g, ''), port };
}

export function pageAddressProblem(text: string): string | undefined {
  return text === '' || parsePageAddress(text) !== undefined
    ? undefined
    : 'expected host:port, or nothing for none';
}

export function exportUrlProblem(text: string): string | undefined {
  if (text === '') return undefined;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isHttp = url?.protocol === 'http:' || url?.protocol === 'https:';
  if (url === undefined || !isHttp) return 'expected an http: or https: URL';
  return url.username === '' && url.password === ''
    ? undefined
    : 'expected no password in the URL: moldau.metrics.otlp.headers is the place for it';
}

/** 'name=value,name=value'; undefined when it is not that. */
export function parseHeaders(text: string): Record<string, string> | undefined {
  const headers: Record<string, string> = {};
  for (const part of text.split(',')) {
    if (part.trim() === '') continue;
    const found = /^\s*([!#$%&'*+.^_`|~\w-]+)\s*=([\x20-\x7e]*)$/.exec(part);
    if (found === null) return undefined;
    headers[found[1]!.toLowerCase()] = found[2]!.trim();
  }
  return headers;
}

export function headersProblem(text: string): string | undefined {
  return parseHeaders(text) === undefined ? 'expected name=value, with commas between them' : undefined;
}
