// A proxy in front of any broker, Moldau or Apache Kafka, that understands what passes: it makes faults on demand, and can pose as several brokers.
//
// Invariants: without a fault clients see what the broker says, with the proxy's addresses in place of its own; close() ends every connection and leaves no
// listener.

import { type Listener, type Network, nodeNetwork } from '@moldau/io';
import { Faults } from './faults.ts';
import { FetchSessions } from './fetch-parts.ts';
import { Planner } from './plan.ts';
import { PosedCluster } from './posed-cluster.ts';
import { ProxiedConnection } from './proxied-connection.ts';

export interface FaultProxyOptions {
  /** The broker behind it, which takes connections without TLS: host:port. */
  readonly upstream: string;
  /** As how many brokers it poses. Default 1. */
  readonly brokers?: number;
  /** Where clients connect. Default 127.0.0.1, and ports that are free. */
  readonly host?: string;
  readonly ports?: readonly number[];
  /** Between clients and the proxy, and between the proxy and the broker. Default: the machine's TCP. */
  readonly network?: Network;
  readonly upstreamNetwork?: Network;
}

interface Seat {
  readonly host: string;
  readonly port: number;
  listener: Listener | undefined;
}

export class FaultProxy implements AsyncDisposable {
  readonly faults: Faults;
  readonly #network: Network;
  readonly #upstreamNetwork: Network;
  readonly #upstream: { host: string; port: number };
  readonly #seats: Seat[] = [];
  readonly #connections = new Set<ProxiedConnection>();
  #cluster = new PosedCluster([]);
  #planner = new Planner(this.#cluster, new FetchSessions());
  /** Doors are opened and shut one after the other. */
  #doors: Promise<void> = Promise.resolve();
  #isClosed = false;

  private constructor({ upstream, network = nodeNetwork, upstreamNetwork = nodeNetwork }: FaultProxyOptions) {
    this.#network = network;
    this.#upstreamNetwork = upstreamNetwork;
    const [, host, port] = /^(.*):(\d+)$/.exec(upstream) ?? [];
    if (host === undefined) throw new Error(`the broker behind the proxy is host:port, not ${upstream}`);
    this.#upstream = { host, port: Number(port) };
    const proxy = this;
    this.faults = new Faults({
      get cluster() {
        return proxy.#cluster;
      },
      dropConnections: (which) => this.#drop(which),
      stopListening: (broker) => this.#inTurn(() => this.#stopListening(broker)),
      listenAgain: (broker) => this.#inTurn(() => this.#listen(broker)),
      coordinatorMoved: () => {
        for (const connection of this.#connections)
          connection.answerInstead((request) => this.#planner.plan(request, undefined));
      },
    });
  }

  static async start(options: FaultProxyOptions): Promise<FaultProxy> {
    const proxy = new FaultProxy(options);
    const { brokers = 1, host = '127.0.0.1', ports = [] } = options;
    for (let id = 1; id <= brokers; id++) {
      proxy.#seats.push({ host, port: ports[id - 1] ?? 0, listener: undefined });
      await proxy.#listen(id);
    }
    proxy.#cluster = new PosedCluster(
      proxy.#seats.map((seat, index) => ({ id: index + 1, host: seat.host, port: seat.port })),
    );
    proxy.#planner = new Planner(proxy.#cluster, new FetchSessions());
    return proxy;
  }

  /** For clients: 'host:port', or several with commas between. */
  get brokers(): string {
    return this.#seats.map(({ host, port }) => `${host}:${port}`).join(',');
  }

  /** Lifts all faults, and ends every connection; then rejects if a fault could not be lifted, now or before. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const [lifted] = await Promise.allSettled([this.faults.lift()]);
    this.#drop(() => true);
    await Promise.all(this.#seats.map((_, index) => this.#inTurn(() => this.#stopListening(index + 1))));
    this.#drop(() => true);
    if (lifted.status === 'rejected') throw lifted.reason;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #inTurn(change: () => Promise<void>): Promise<void> {
    const changed = this.#doors.then(change);
    this.#doors = changed.catch(() => {});
    return changed;
  }

  async #stopListening(broker: number): Promise<void> {
    const seat = this.#seats[broker - 1]!;
    await seat.listener?.close();
    seat.listener = undefined;
  }

  async #listen(broker: number): Promise<void> {
    const seat = this.#seats[broker - 1]!;
    if (this.#isClosed || seat.listener !== undefined) return;
    const { host, port } = seat;
    const listener = await this.#network.listen({ host, port }, (client) => {
      const connection: ProxiedConnection = new ProxiedConnection(client, {
        ...{ broker, network: this.#upstreamNetwork, upstream: this.#upstream },
        judge: (request) => this.faults.judge(request),
        plan: (request, failure) => this.#planner.plan(request, failure),
        bytesPerSecond: () => this.faults.bytesPerSecond(broker),
        swallows: () => this.faults.swallows(broker),
        onClosed: () => this.#connections.delete(connection),
      });
      this.#connections.add(connection);
      return connection.handler();
    });
    this.#seats[broker - 1] = { host, port: listener.port, listener };
  }

  #drop(which: (connection: ProxiedConnection) => boolean): number {
    const dropped = [...this.#connections].filter(which);
    for (const connection of dropped) connection.destroy();
    return dropped.length;
  }
}
