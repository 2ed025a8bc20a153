// Ports in one word, as `ctvirt forward` takes and prints them: tcp:2222:22, udp:53, tcp:8000-8010:80-90.
// SPDX-License-Identifier: Apache-2.0
import type { ForwardPorts, ForwardRow } from '@ctvirt/api';
import { CliError } from './errors.js';

/** How they are written, for help and refusals. */
export const forwardGrammar = 'tcp|udp:PORT[:PORT], with PORT one port or a range FIRST-LAST';

const LAST_PORT = 65_535;
const examples = 'tcp:2222:22, udp:53 or tcp:8000-8010:80-90';

type Ports = Pick<ForwardPorts, 'protocol' | 'start' | 'end' | 'to'>;

/** Throws `usage` with what is wrong, and how it is meant. */
export function parseForwardWord(word: string): Ports {
  const refuse = (why: string): CliError =>
    new CliError('usage', `'${word}' ${why}; for example ${examples}`);
  const [name = '', host, inside, ...more] = word.split(':');
  const protocol = name.toLowerCase();
  if (protocol !== 'tcp' && protocol !== 'udp') {
    const hint = /^\d+(?:-\d+)?(?::\d+(?:-\d+)?)?$/.test(word) ? `: did you mean 'tcp:${word}'?` : '';
    throw refuse(`does not begin with tcp: or udp:${hint}`);
  }
  if (host === undefined || host === '') throw refuse("does not say which of the host's ports is meant");
  if (more.length > 0) throw refuse('has more than two ports: an address of the host is given by --address');
  const outer = span(host);
  const inner = inside === undefined ? outer : span(inside);
  for (const [text, found] of [
    [host, outer],
    [inside ?? host, inner],
  ] as const) {
    if (found === undefined) throw refuse(`has '${text}' where a port or a range such as 80-90 stands`);
    const wrong = [found.start, found.end].find((port) => port < 1 || port > LAST_PORT);
    if (wrong !== undefined) throw refuse(`has the port ${wrong}, which is not between 1 and ${LAST_PORT}`);
    if (found.end < found.start) throw refuse(`has a range that ends before it begins: ${text}`);
  }
  if (outer === undefined || inner === undefined) throw refuse('is no word for ports');
  const [wanted, had] = [outer.end - outer.start, inner.end - inner.start];
  if (wanted !== had) {
    const last = inner.start + wanted;
    const hint = had === 0 && last <= LAST_PORT ? `: did you mean ${inner.start}-${last}?` : '';
    throw refuse(`has ${wanted + 1} ports of the host and ${had + 1} of the container${hint}`);
  }
  const { start, end } = outer;
  return {
    protocol,
    start,
    ...(end !== start && { end }),
    ...(inside !== undefined && { to: inner.start }),
  };
}

function span(text: string): { readonly start: number; readonly end: number } | undefined {
  const [, start, end = start] = /^(\d{1,6})(?:-(\d{1,6}))?$/.exec(text) ?? [];
  return start === undefined || end === undefined ? undefined : { start: Number(start), end: Number(end) };
}

/** `8000-8010`, or one port. */
const spanText = (start: number, end: number): string => (start === end ? `${start}` : `${start}-${end}`);

/** The host's ports of a row, and the container's. */
export const hostPorts = ({ start, end }: ForwardRow): string => spanText(start, end);
export const insidePorts = ({ start, end, to }: ForwardRow): string => spanText(to, to + end - start);
