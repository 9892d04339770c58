// Tells systemd that a service of Type=notify is up. Node has no datagram sockets in the file system, so systemd's own helper carries the word.

import { spawn } from 'node:child_process';

/** Does nothing where no service manager waits. `failed` hears why it could not be told. */
export function tellServiceManagerReady(
  environment: Readonly<Record<string, string | undefined>>,
  failed: (reason: string) => void,
): void {
  if (!environment.NOTIFY_SOCKET) return;
  const helper = spawn('systemd-notify', ['--ready'], { stdio: 'ignore', env: { ...environment } });
  helper.on('error', (error) => failed(`systemd-notify could not be run: ${error.message}`));
  helper.on('close', (code) => {
    if (code !== null && code > 0) failed(`systemd-notify ended with code ${code}`);
  });
  helper.unref();
}
