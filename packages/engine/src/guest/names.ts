// The texts that tell a container its own name and where names are asked for: hostname, hosts and resolv.conf.
// SPDX-License-Identifier: Apache-2.0
import type { GuestFile, Present } from './files.js';

/** Names and name servers of a document. */
export interface GuestNames {
  readonly hostname: string;
  /** Whether its document says so: a name that was made up gives way to one that was given inside. */
  readonly isAsked: boolean;
  /** Names that were made up before it. */
  readonly earlier?: readonly string[];
  readonly nameservers: readonly string[];
  readonly searches: readonly string[];
}

/** The address that Debian and vzctl give a host's own name; 127.0.0.1 is localhost's alone. */
const OWN_ADDRESS = '127.0.1.1';
const NEW_HOSTS = '127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n';

/** Returns the files for them; a file that the container has changed is left alone. */
export function guestNames({ isAsked, nameservers, earlier = [], ...names }: GuestNames): GuestFile[] {
  const hostname = bytesOf(names.hostname);
  const isEarlier = (present: Present): boolean =>
    typeof present === 'object' && earlier.map(bytesOf).includes(present.text.trim());
  const searches = names.searches.map(bytesOf);
  const etc = (name: string, text: GuestFile['text']): GuestFile => ({ folder: 'etc', name, text });
  const files = [
    etc('hostname', ({ present, made }) =>
      isAsked || isUnset(present, made) || isEarlier(present) ? `${hostname}\n` : undefined,
    ),
    etc('hosts', ({ present, beside }) => {
      const given = beside('hostname');
      const name = typeof given === 'object' ? given.text.trim() : hostname;
      if (present === 'other') return undefined;
      return hostsNaming(present === 'missing' ? NEW_HOSTS : present.text, name);
    }),
  ];
  if (nameservers.length === 0 && searches.length === 0) return files;
  const lines = [
    ...(searches.length > 0 ? [`search ${searches.join(' ')}`] : []),
    ...nameservers.map((address) => `nameserver ${address}`),
  ];
  return [...files, etc('resolv.conf', () => lines.map((line) => `${line}\n`).join(''))];
}

/** As the files have them: a character for each byte. */
const bytesOf = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');

/** Nobody has given the container a name from inside. */
function isUnset(present: Present, made: Present): boolean {
  if (typeof present !== 'object') return present === 'missing';
  return present.text.trim() === '' || (typeof made === 'object' && made.text === present.text);
}

/** With a line for the host's own name; one that names it already, for whatever address, is somebody's wish. */
export function hostsNaming(text: string, name: string): string {
  if (!/^[^\s#]+$/.test(name)) return text;
  const lines = text.split('\n');
  const wanted = name.toLowerCase();
  if (lines.some((line) => namesIn(line).some((one) => one.toLowerCase() === wanted))) return text;
  const [short = name] = name.split('.');
  const own = `${OWN_ADDRESS}\t${short === '' || short === name ? name : `${name} ${short}`}`;
  const kept = lines.filter((line) => !isOfEarlierName(line));
  const loopback = kept.findIndex((line) => /^\s*127\.0\.0\.1\s/.test(line));
  const named = [...kept.slice(0, loopback + 1), own, ...kept.slice(loopback + 1)].join('\n');
  return named.endsWith('\n') ? named : `${named}\n`;
}

const namesIn = (line: string): string[] => line.replace(/#.*/, '').trim().split(/\s+/).slice(1);

/** As it is written here and by Debian's installer; a line with more names in it is left. */
function isOfEarlierName(line: string): boolean {
  const [name = '', short, more] = namesIn(line);
  if (!line.startsWith(OWN_ADDRESS) || name === '' || more !== undefined) return false;
  return short === undefined || short === name.split('.')[0];
}
