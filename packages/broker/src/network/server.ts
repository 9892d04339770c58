// Listeners and the connections made to them: how many there may be, how long they may be idle, and how they end.
//
// Invariant: a connection is in #connections, and counted for its address and listener, from its acceptance until its close was told.

import type {
  Clock,
  Connection,
  ConnectionHandler,
  FailedHandshake,
  Listener,
  Logger,
  Network,
  Timer,
  Timers,
  TlsServerOptions,
} from '@moldau/io';
import type { ConnectionAuthentication } from './authentication.ts';
import { ClientConnection, type ConnectionServices } from './client-connection.ts';
import { handshakeAdvice } from './failed-handshakes.ts';
import { MemoryBudget } from './memory-budget.ts';
import type { NetworkLimits } from './network-limits.ts';
import { RateLimitedLog } from './rate-limited-log.ts';
import type { Dispatch, Request, ServedApi } from './request.ts';

export interface ServerOptions<Api extends ServedApi> {
  readonly network: Network;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
  /** Read at each use: a change of its fields counts at once. */
  readonly limits: NetworkLimits;
  readonly apis: readonly Api[];
  readonly dispatch: Dispatch<Api>;
  /** How a new connection of this listener logs in. */
  readonly authenticationFor: (listenerName: string, transport: Connection) => ConnectionAuthentication;
  /** Told of each request when its answer has been handed to the system: a part of every request, so it has to be quick. */
  readonly finished?: (request: Request<Api>, sentMs: number) => void;
  /** Whether a connection from this address may be now, and how long it has to wait. */
  readonly admit?: (
    listenerName: string,
    address: string,
    nowMs: number,
  ) => { readonly isAllowed: boolean; readonly delayMs: number };
}

export interface ServerListener {
  readonly name: string;
  readonly host: string;
  /** The port that was bound, also when port 0 was asked for. */
  readonly port: number;
}

/** What has come by one listener since the start. */
export interface ListenerFigures {
  readonly name: string;
  readonly connections: number;
  readonly made: number;
  readonly closed: number;
  readonly refused: number;
  /** Handshakes of TLS are among them. */
  readonly loginsFailed: number;
  readonly loginsSucceeded: number;
}

type ListenerCounts = { -readonly [Key in keyof Omit<ListenerFigures, 'connections'>]: ListenerFigures[Key] };

/**
 * Kafka's default for socket.listen.backlog.size is 50, and a burst of clients beyond it loses whole seconds, or connections that only the
 * client believes in. The kernel has a bound of its own.
 */
const MIN_BACKLOG = 1024;
const MAX_REFUSED = 1000;
const LONGEST_SWEEP_MS = 1_000;
const SHORTEST_SWEEP_MS = 10;
/** While others wait for memory, a client that holds some loses its connection when it moves nothing for so long... */
const QUIET_MS = 5_000;
/** ...or takes so long to send one request. */
const FRAME_MS = 10_000;

/** What those who have not logged in may hold together: this part of all, and a few frames at least. */
const LOGIN_SHARE = 1 / 16;
const MIN_LOGIN_BYTES = 1024 * 1024;
/** How long they may hold more before those who hold most are closed. */
const CROWDED_MS = 20;

const TOO_SLOW =
  'closed a connection that held memory others wait for: it read its answers, or sent its request, too slowly';
const CROWDED = 'closed a connection that held much memory and had not logged in, so that others can log in';
const TOO_MANY_FILES = 'the limit of open files (ulimit -n, LimitNOFILE of systemd)';
const OVERDUE =
  'closed a connection that did not log in in time: raise moldau.authentication.timeout.ms if its network, or what checks its credentials, is slow';

/** Takes the place of a connection that is refused. */
const REFUSED: ConnectionHandler = {
  readBuffer: () => undefined,
  bytesRead() {},
  received() {},
  drained() {},
  closed() {},
};

export class Server<Api extends ServedApi> {
  readonly #options: ServerOptions<Api>;
  readonly #services: ConnectionServices<Api>;
  readonly #budget: MemoryBudget;
  readonly #loginBudget: MemoryBudget;
  readonly #log: RateLimitedLog;
  readonly #listeners = new Map<string, Listener>();
  readonly #connections = new Set<ClientConnection<Api>>();
  /** Those that are let hang before they are closed. */
  readonly #refused = new Set<Connection>();
  readonly #countByAddress = new Map<string, number>();
  readonly #countByListener = new Map<string, number>();
  readonly #figures = new Map<string, ListenerCounts>();
  #nextConnectionId = 0;
  #sweep: Timer | undefined;
  #crowded: Timer | undefined;
  #isStopping = false;
  #onEmpty: (() => void) | undefined;

  constructor(options: ServerOptions<Api>) {
    const { limits, clock, apis, dispatch } = options;
    this.#options = options;
    this.#budget = new MemoryBudget(() => limits.bufferedBytes);
    this.#loginBudget = new MemoryBudget(() => Math.max(MIN_LOGIN_BYTES, limits.bufferedBytes * LOGIN_SHARE));
    this.#log = new RateLimitedLog(options.logger, clock);
    this.#services = {
      apis: new Map(apis.map((api) => [api.apiKey, api])),
      dispatch,
      limits,
      budget: this.#budget,
      loginBudget: this.#loginBudget,
      clock,
      timers: options.timers,
      log: this.#log,
      finished: options.finished ?? (() => {}),
      loginEnded: (listenerName, hasSucceeded) => {
        const figures = this.#figuresOf(listenerName);
        if (hasSucceeded) figures.loginsSucceeded += 1;
        else figures.loginsFailed += 1;
      },
      closed: (connection) => this.#forget(connection),
      loginsCrowded: () => this.#makeRoomForLogins(),
    };
  }

  get connectionCount(): number {
    return this.#connections.size;
  }

  /** By listener, in the order in which they opened. */
  *listenerFigures(): Iterable<ListenerFigures> {
    for (const figures of this.#figures.values())
      yield { ...figures, connections: this.#countByListener.get(figures.name) ?? 0 };
  }

  /** Bytes of requests and unsent answers over all connections. */
  get bufferedBytes(): number {
    return this.#budget.usedBytes + this.#loginBudget.usedBytes;
  }

  /** Rejects with Node's error: EADDRINUSE, EACCES, EADDRNOTAVAIL, ENOTFOUND. */
  async listen(options: {
    name: string;
    host: string;
    port: number;
    backlog?: number;
    tls?: TlsServerOptions | undefined;
  }): Promise<ServerListener> {
    const { name, host, port, tls } = options;
    const listener = await this.#options.network.listen(
      {
        ...{ host, port, backlog: Math.max(MIN_BACKLOG, options.backlog ?? 0) },
        ...(tls === undefined ? {} : { tls, maxHandshakes: this.#options.limits.maxHandshakes }),
        handshakeFailed: (failure) => this.#handshakeFailed(failure, name),
      },
      (connection) => this.#accept(connection, name),
    );
    this.#listeners.set(name, listener);
    this.#figuresOf(name);
    this.#scheduleSweep();
    return { name, host: listener.host, port: listener.port };
  }

  /**
   * For connections made from now on.
   * @throws Error when key and certificates do not fit together
   */
  updateTls(listenerName: string, tls: TlsServerOptions): void {
    this.#listeners.get(listenerName)?.updateTls(tls);
  }

  #handshakeFailed({ remoteAddress, remotePort, code }: FailedHandshake, listenerName: string): void {
    const advice = handshakeAdvice(code);
    const fields = { listenerName, client: `${remoteAddress}:${remotePort}`, reason: code };
    if (advice !== undefined) this.#figuresOf(listenerName).loginsFailed += 1;
    if (advice === undefined) this.#options.logger.debug(fields, 'a client left before TLS was agreed upon');
    else this.#log.warn(advice.kind, fields, advice.message);
  }

  /** Stops accepting and reading, gives requests in process up to graceMs to be answered, then closes what is left. */
  async stop(graceMs: number): Promise<void> {
    this.#isStopping = true;
    await Promise.all([...this.#listeners.values()].map((listener) => listener.close()));
    this.#listeners.clear();
    for (const transport of this.#refused) transport.destroy();
    for (const connection of this.#connections) connection.finish();
    if (this.#connections.size > 0) {
      await new Promise<void>((resolve) => {
        const timer = this.#options.timers.after(graceMs, () => {
          for (const connection of this.#connections) connection.destroy();
        });
        this.#onEmpty = () => {
          timer.cancel();
          resolve();
        };
      });
    }
    this.#sweep?.cancel();
    this.#crowded?.cancel();
  }

  #accept(transport: Connection, listenerName: string): ConnectionHandler {
    const refusal = this.#refusal(transport.remoteAddress, listenerName);
    if (refusal !== undefined) {
      this.#figuresOf(listenerName).refused += 1;
      transport.destroy();
      return REFUSED;
    }
    const { admit, clock } = this.#options;
    const admission = admit?.(listenerName, transport.remoteAddress, clock.monotonicMs());
    if (admission?.isAllowed === false) {
      this.#figuresOf(listenerName).refused += 1;
      return this.#refuseLater(transport, admission.delayMs);
    }
    const connection = new ClientConnection(
      this.#services,
      transport,
      this.#nextConnectionId++,
      listenerName,
      this.#options.authenticationFor(listenerName, transport),
    );
    this.#connections.add(connection);
    this.#figuresOf(listenerName).made += 1;
    count(this.#countByAddress, connection.remoteAddress, 1);
    count(this.#countByListener, listenerName, 1);
    if (admission !== undefined && admission.delayMs > 0) connection.mute(admission.delayMs);
    return connection;
  }

  /** One that comes too often is let hang for a while, so that it does not come again at once. */
  #refuseLater(transport: Connection, delayMs: number): ConnectionHandler {
    const fields = { address: transport.remoteAddress, delayMs };
    this.#log.warn('rate', fields, 'refused a connection: its address makes more than its quota allows');
    if (this.#isStopping || this.#refused.size >= MAX_REFUSED) {
      transport.destroy();
      return REFUSED;
    }
    this.#refused.add(transport);
    const timer = this.#options.timers.after(delayMs, () => transport.destroy());
    return {
      ...REFUSED,
      closed: () => {
        timer.cancel();
        this.#refused.delete(transport);
      },
    };
  }

  /** Why a connection from this address may not be; it has been logged. */
  #refusal(address: string, listenerName: string): string | undefined {
    if (this.#isStopping) return 'stopping';
    const { limits } = this.#options;
    const allowed = limits.maxConnectionsPerIpOverrides.get(address) ?? limits.maxConnectionsPerIp;
    const allowedOfListener = limits.maxConnectionsByListener.get(listenerName) ?? limits.maxConnections;
    let key: string;
    if (this.#connections.size >= limits.maxConnections) key = 'max.connections';
    else if ((this.#countByListener.get(listenerName) ?? 0) >= allowedOfListener)
      key = `listener.name.${listenerName.toLowerCase()}.max.connections`;
    else if ((this.#countByAddress.get(address) ?? 0) >= allowed) key = 'max.connections.per.ip';
    else if (this.#connections.size + this.#refused.size >= limits.maxDescriptors) key = TOO_MANY_FILES;
    else return undefined;
    const fields = { listenerName, address, connections: this.#connections.size };
    this.#log.warn(key, fields, `refused a connection: ${key} is reached`);
    return key;
  }

  #forget(connection: ClientConnection<Api>): void {
    if (!this.#connections.delete(connection)) return;
    count(this.#countByAddress, connection.remoteAddress, -1);
    count(this.#countByListener, connection.listenerName, -1);
    this.#figuresOf(connection.listenerName).closed += 1;
    if (this.#connections.size === 0) this.#onEmpty?.();
  }

  #figuresOf(name: string): ListenerCounts {
    let figures = this.#figures.get(name);
    if (figures === undefined) {
      figures = { name, made: 0, closed: 0, refused: 0, loginsFailed: 0, loginsSucceeded: 0 };
      this.#figures.set(name, figures);
    }
    return figures;
  }

  #scheduleSweep(): void {
    this.#sweep?.cancel();
    const idleMs = this.#options.limits.connectionsMaxIdleMs;
    const delayMs =
      idleMs < 0 ? LONGEST_SWEEP_MS : Math.max(SHORTEST_SWEEP_MS, Math.min(LONGEST_SWEEP_MS, idleMs / 4));
    this.#sweep = this.#options.timers.after(delayMs, () => {
      this.#sweepNow();
      if (!this.#isStopping) this.#scheduleSweep();
    });
  }

  #sweepNow(): void {
    const nowMs = this.#options.clock.monotonicMs();
    const maxIdleMs = this.#options.limits.connectionsMaxIdleMs;
    const holders: ClientConnection<Api>[] = [];
    for (const connection of this.#connections) {
      if (connection.authentication.isOverdue(nowMs)) {
        this.#log.warn('overdue', connection.describe(), OVERDUE);
        connection.destroy();
        continue;
      }
      const idleMs = connection.idleMs(nowMs);
      if (!connection.isStranger && connection.isHoldingMemory(nowMs, QUIET_MS, FRAME_MS))
        holders.push(connection);
      if (maxIdleMs < 0 || idleMs < maxIdleMs) continue;
      this.#options.logger.debug(connection.describe(), 'closed an idle connection');
      connection.destroy();
    }
    if (this.#budget.hasWaiters) this.#freeMemory(this.#budget, holders, 'memory', TOO_SLOW);
  }

  #makeRoomForLogins(): void {
    if (this.#isStopping) return;
    this.#crowded ??= this.#options.timers.after(CROWDED_MS, () => {
      this.#crowded = undefined;
      const strangers = [...this.#connections].filter(({ isStranger }) => isStranger);
      this.#freeMemory(this.#loginBudget, strangers, 'logins', CROWDED);
      if (this.#loginBudget.hasWaiters || this.#loginBudget.isFull) this.#makeRoomForLogins();
    });
  }

  /** Closes the connections that hold most, until a quarter of the budget is free. */
  #freeMemory(budget: MemoryBudget, holders: ClientConnection<Api>[], kind: string, message: string): void {
    let excessBytes = budget.usedBytes - budget.limitBytes * 0.75;
    for (const holder of holders.sort((one, other) => other.heldBytes - one.heldBytes)) {
      if (excessBytes <= 0) return;
      excessBytes -= holder.heldBytes;
      const fields = {
        ...holder.describe(),
        heldBytes: holder.heldBytes,
        bufferedBytes: budget.usedBytes,
      };
      this.#log.warn(kind, fields, message);
      holder.destroy();
    }
  }
}

function count(counts: Map<string, number>, key: string, change: 1 | -1): void {
  const sum = (counts.get(key) ?? 0) + change;
  if (sum === 0) counts.delete(key);
  else counts.set(key, sum);
}
