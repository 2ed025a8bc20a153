// An sshd in a world's network, which lets in who has the one key that was made for it.
// SPDX-License-Identifier: Apache-2.0
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { Enclosure } from './enclosure.js';
import { waitFor } from './wait.js';

const sshd = '/usr/sbin/sshd';
/** Why there can be none; false where there can. */
export const noSshd: string | false = existsSync(sshd) ? false : 'no sshd here (openssh-server)';

export interface SshServer extends Disposable {
  /** What a URI names to be let in by it. */
  readonly words: string;
  /** What it complained of. */
  readonly complaint: string;
}

/** A folder for its files, and what runs programs where it is to listen. */
interface Host {
  readonly host: string;
  readonly enclosure: Pick<Enclosure, 'argv'>;
}

/** At an address of that world. */
export async function sshServer(world: Host, address: string): Promise<SshServer> {
  const [hostKey, key, known] = ['ssh-host', 'ssh-key', 'ssh-known'].map((name) => `${world.host}/${name}`);
  for (const path of [hostKey, key])
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', `${path}`]);
  writeFileSync(`${known}`, `${address} ${readFileSync(`${hostKey}.pub`, 'utf8')}`);
  mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  const words = [`ListenAddress=${address}`, `HostKey=${hostKey}`, `AuthorizedKeysFile=${key}.pub`];
  words.push('StrictModes=no', 'UsePAM=no', 'PidFile=none', 'Subsystem=sftp internal-sftp');
  const argv = [sshd, '-D', '-e', '-f', '/dev/null', ...words.flatMap((word) => ['-o', word])];
  const [file = '', ...args] = world.enclosure.argv(...argv);
  const server = spawn(file, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let complaint = '';
  server.stderr.setEncoding('utf8').on('data', (text: string) => (complaint += text));
  await waitFor('sshd', () => complaint.includes('listening'));
  return {
    words: `keyfile=${key}&known_hosts=${known}`,
    get complaint() {
      return complaint;
    },
    [Symbol.dispose]: () => void server.kill(),
  };
}
