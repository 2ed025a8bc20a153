// Whether a domain is one that the parser of its own document accepts.
// SPDX-License-Identifier: Apache-2.0
import { checkDomain, type Domain } from '@ctvirt/xml';

/** A native configuration need not say what its root is; whoever defines the document must. */
const leftOpen = new Set(['no-root']);

/** The first contradiction in a domain, as the parser words it; undefined when there is none. */
export function contradictionIn(domain: Domain): string | undefined {
  return checkDomain(domain).find(({ severity, code }) => severity === 'error' && !leftOpen.has(code))
    ?.message;
}

/** Reads twice at most: a second time, checking each step, only if what the first time gave contradicts itself. */
export function soundly<T extends { readonly domain: Domain }>(read: (careful: boolean) => T): T {
  const first = read(false);
  return contradictionIn(first.domain) === undefined ? first : read(true);
}
