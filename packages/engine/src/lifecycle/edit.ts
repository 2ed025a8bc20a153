// A change of a document, whoever asks for it.
// SPDX-License-Identifier: Apache-2.0
import type { Domain, Interface } from '@ctvirt/xml';

/** Changes a document, of the run or the stored one; must not change its argument. */
export type Edit = (domain: Domain, of: 'live' | 'stored') => Domain;

/** A document before a change and after it. */
export interface Changed {
  readonly before: Domain;
  readonly after: Domain;
}

/** A document with other interfaces. */
export const withInterfaces = (domain: Domain, interfaces: readonly Interface[]): Domain => ({
  ...domain,
  devices: { ...domain.devices, interfaces: [...interfaces] },
});
