// What domains may have, and who says so: promises, quotas, disks, and what a document must be like.
// SPDX-License-Identifier: Apache-2.0
import type { GuaranteePolicy } from '@ctvirt/api';
import type { Admission } from '../guarantees/admission.js';
import { Guarantees } from '../guarantees/guarantees.js';
import type { ProjectRange } from '../host/projects.js';
import { BlockIo } from '../lifecycle/block-io.js';
import { Quotas } from '../quota/quotas.js';
import type { LayerPool } from '../storage/index.js';
import type { HostParts } from './host.js';
import type { StateParts } from './state.js';

/** Settings of promises and limits. */
export interface RuleOptions {
  /** What becomes of a promise that the host cannot keep; `warn` if absent. */
  readonly guarantees?: GuaranteePolicy;
  /** Memory that is promised to nobody, for the host itself; 256 MiB if absent. */
  readonly reserveBytes?: number;
  /** Projects of the host's quotas for disk limits; without them a limit is an image. */
  readonly projectIds?: ProjectRange | undefined;
  /** Where layers of new domains are made, if not where their folders lie. */
  readonly layerPool?: LayerPool | undefined;
}

const DEFAULT_RESERVE_BYTES = 256 * 2 ** 20;

/** Objects that keep promises and quotas. */
export interface RuleParts {
  readonly guarantees: Guarantees;
  readonly admission: Admission;
  readonly quotas: Quotas;
  readonly blockIo: BlockIo;
  readonly projectIds: ProjectRange | undefined;
  readonly layerPool: LayerPool | undefined;
}

/** Builds them from the host and the state. */
export function makeRules(
  parts: Pick<HostParts, 'layout' | 'log' | 'facts' | 'cgroups' | 'namespaces'> & StateParts,
  options: RuleOptions,
): RuleParts {
  const { layout, log, facts, cgroups, registry, documents, live } = parts;
  const guarantees = new Guarantees({
    policy: options.guarantees ?? 'warn',
    reserveBytes: options.reserveBytes ?? DEFAULT_RESERVE_BYTES,
    facts,
    running: () => [...registry.entries()].filter(({ running }) => running !== undefined),
    document: live,
    known: (entry) => documents.known(entry),
    warn: (message, domain) => log('warn', message, { domain }),
  });
  const { admission } = guarantees;
  const quotas = new Quotas({
    ...parts,
    entries: () => registry.entries(),
    document: live,
    mounts: layout.mounts,
  });
  const blockIo = new BlockIo({ cgroups, parent: layout.cgroup });
  const { projectIds, layerPool } = options;
  return { guarantees, admission, quotas, blockIo, projectIds, layerPool };
}
