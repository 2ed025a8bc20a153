// vzctl: its flags, its verbs, and a container.
// SPDX-License-Identifier: Apache-2.0
import { version } from '@ctvirt/api';
import { VzError } from '../exit-codes.js';
import type { VzHost } from '../host.js';
import { verbNamed, vzVerbs } from './verbs.js';

/** The release whose words it takes. */
const like = '4.9';

function usage(): string {
  const lines = vzVerbs.map(({ names, synopsis }) =>
    `vzctl [flags] ${names.join(' | ')} CTID ${synopsis}`.trimEnd(),
  );
  return `vzctl of ctvirt ${version}: vzctl ${like}'s words for domains of type openvz\n${lines.join('\n')}\n`;
}

/** Returns the exit status. */
export async function vzctl(host: VzHost, given: readonly string[]): Promise<number> {
  const words = [...given];
  for (;;) {
    const [flag] = words;
    if (flag === '--quiet') host.isQuiet = true;
    else if (flag !== '--verbose' && flag !== '--skiplock') break;
    words.shift();
  }
  const [name, word = '', ...rest] = words;
  if (name === '--version') {
    host.print(`vzctl version ${like} (ctvirt ${version})\n`);
    return 0;
  }
  if (name === undefined || name === '--help') {
    const { stdout, stderr } = host.io;
    (name === undefined ? stderr : stdout).write(usage());
    return name === undefined ? 20 : 0;
  }
  const verb = verbNamed(name);
  if (verb === undefined) throw new VzError('syntax', `Bad command: ${name}`);
  if (word === '') throw new VzError('value', 'CT ID missing');
  return (await verb.run(host, word, rest)) ?? 0;
}
