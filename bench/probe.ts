// The smallest question a Kafka broker answers, to learn when it serves.

import { connect } from 'node:net';

/** ApiVersions version 0 with correlation id 1 and no client id. */
const REQUEST = Buffer.from('0000000a0012000000000001ffff', 'hex');

/** True when the broker on this port answered; false when it refused or closed. */
export function answersApiVersions(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(REQUEST));
    socket.once('data', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
    socket.once('close', () => resolve(false));
  });
}
