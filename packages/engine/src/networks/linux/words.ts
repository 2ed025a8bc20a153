// Words of documents that become part of configurations for programs of the host: none may end a line or an option and begin another.
// SPDX-License-Identifier: Apache-2.0
import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import { EngineError } from '../../errors.js';

const refuse = (what: string, text: string, rule: string): never => {
  throw new EngineError('invalid', `${JSON.stringify(text)} cannot be ${what} of a network: ${rule}`);
};

/** Labels with dots between them, as resolvers have them; undefined where the text makes none. */
export function asHostName(text: string): string | undefined {
  const plain = /[^\p{ASCII}]/u.test(text) ? domainToASCII(text) : text;
  return plain.length <= 253 && /^\w(?:[\w.-]*[\w.])?$/.test(plain) ? plain : undefined;
}

/** A name of DNS, of one label or several. */
export const hostName = (text: string): string =>
  asHostName(text) ?? refuse('a name', text, 'letters, digits and . _ - make one, at most 253 of them');

/** An address, of IPv4 or IPv6. */
export const address = (text: string): string =>
  isIP(text) === 0 || text.includes('%') ? refuse('an address', text, 'IPv4 or IPv6') : text;

/** A hardware address. */
export const mac = (text: string): string =>
  /^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/i.test(text)
    ? text
    : refuse('a hardware address', text, 'six bytes in hexadecimal');

/** What DHCPv6 calls a machine. */
export const duid = (text: string): string =>
  /^[0-9a-f]{1,2}(?::[0-9a-f]{1,2}){0,127}$/i.test(text)
    ? text
    : refuse('a DUID', text, 'bytes in hexadecimal with : between them');

/** Whether it is the name of a link; these two the kernel's settings have for all links. */
export const isLinkName = (text: string): boolean =>
  /^[\w.:@+-]{1,15}$/.test(text) && !['.', '..', 'all', 'default'].includes(text);

/** The name of a link. */
export const linkName = (text: string): string =>
  isLinkName(text) ? text : refuse('a link', text, '1 to 15 letters, digits and . _ : @ + -');

/** Any other text, for an option of dnsmasq's: in its quotes where it would read something into it. */
export function quoted(text: string): string {
  if (/^[\w./=+@:-]*(?: [\w./=+@:-]+)*$/.test(text)) return text;
  if (/\p{Cc}/u.test(text)) return refuse('a text', text, 'it has control characters');
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}
