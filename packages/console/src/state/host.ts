// What the host is: asked once for all of the page that tell it.
// SPDX-License-Identifier: Apache-2.0
import type { HostFacts } from '@ctvirt/api/browser';
import { daemon } from './daemon.js';
import { hear } from './stream.js';

let asked: Promise<HostFacts> | undefined;

// Before anybody asks again: another daemon may be there by now.
hear(({ kind }) => {
  if (kind === 'gap') asked = undefined;
});

/** A fault is nobody's answer but theirs who wait for it. */
export function hostFacts(): Promise<HostFacts> {
  asked ??= daemon.host.facts().catch((error: unknown) => {
    asked = undefined;
    throw error;
  });
  return asked;
}
