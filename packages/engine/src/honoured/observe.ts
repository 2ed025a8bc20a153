// What the engine makes of a document, without a host: all that a start, an end and a listing go by, and what is remarked.
// SPDX-License-Identifier: Apache-2.0
import { type Domain, type Finding, formatDomain } from '@ctvirt/xml';
import { isFault } from '../errors.js';
import { endActionOf, planOf, Reader } from '../lifecycle/document.js';
import type { RunPlan } from '../lifecycle/plan.js';
import type { DomainRecord } from '../state/record.js';

const facts = { pageSize: 4096, hostCpus: 8, memoryBytes: 2 ** 50 };
const profiles: Readonly<Record<string, string>> = { alpha: 'NUMPROC="40:40"\n', beta: 'NUMPROC="80:80"\n' };
const reader = new Reader(facts, async (name) => profiles[name] ?? '');

const record: DomainRecord = {
  version: 1,
  name: 'web',
  uuid: '8509a1d4-1569-4467-8b37-4e433a1ac7b1',
  type: 'lxc',
  title: null,
  ctid: null,
  autostart: false,
  persistent: true,
  eraseAtEnd: false,
  ids: { start: 1 << 30, count: 65_536 },
  template: null,
  templates: [],
  profile: null,
  hostname: 'web',
  addresses: [],
  createdAt: '',
  lastReason: 'unknown',
};

/** `invalid`: no document, so it tells nothing. `refused`: one that this engine does not run. */
export type Observation =
  | { readonly is: 'taken'; readonly view: string; readonly findings: readonly Finding[] }
  | { readonly is: 'refused'; readonly message: string }
  | { readonly is: 'invalid'; readonly message: string };

/** As text, as `define` would be given it: what stands there has been written and read on the way. */
export async function observe(model: Domain): Promise<Observation> {
  try {
    const { domain, parts, findings } = await reader.read(formatDomain(model), { strict: true });
    const own = { ...record, name: parts.name, uuid: parts.uuid ?? record.uuid, hostname: parts.hostname };
    const ends = (['poweroff', 'reboot', 'crash'] as const).map((cause) => endActionOf(domain, cause));
    const view = JSON.stringify([viewOf(planOf(domain, own, facts)), ends, parts.forwards]);
    return { is: 'taken', view, findings };
  } catch (error) {
    if (isFault(error, 'invalid')) return { is: 'invalid', message: error.message };
    if (isFault(error, 'unsupported') || isFault(error, 'denied'))
      return { is: 'refused', message: error.message };
    throw error;
  }
}

/** With the text of each file that a start writes in the place of the function that makes it. */
const viewOf = (plan: RunPlan): unknown => ({
  ...plan,
  guestFiles: plan.guestFiles.map(({ text, ...file }) => ({
    ...file,
    text: text({ present: 'missing', made: 'missing', beside: () => 'missing' }),
  })),
});
