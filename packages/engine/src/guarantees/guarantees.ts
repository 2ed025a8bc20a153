// Promises on this host: who has been promised what, what that leaves, and who is let in.
// SPDX-License-Identifier: Apache-2.0
import type { Domain } from '@ctvirt/xml';
import type { Entry } from '../state/registry.js';
import { Admission, type GuaranteePolicy } from './admission.js';
import { readCapacity } from './capacity.js';
import { type Claim, claimOf } from './claim.js';
import { type Held, howManyFit, ledgerOf } from './ledger.js';
import type { GuaranteeReport } from './report.js';

export interface GuaranteeParts {
  readonly policy: GuaranteePolicy;
  readonly reserveBytes: number;
  readonly facts: { readonly pageSize: number; readonly hostCpus: number };
  readonly running: () => readonly Entry[];
  /** What a running domain was started with. */
  readonly document: (entry: Entry) => Promise<Domain>;
  readonly warn: (message: string, domain: string) => void;
}

export class Guarantees {
  readonly admission: Admission;
  /** By document: a change of it is another one. */
  readonly #claims = new WeakMap<Domain, Claim>();

  constructor(private readonly parts: GuaranteeParts) {
    const { policy, reserveBytes, facts, warn } = parts;
    this.admission = new Admission({
      policy,
      reserveBytes,
      warn,
      capacity: () => readCapacity(facts.hostCpus),
      running: async (except) =>
        (await this.claims()).map(({ claim }) => claim).filter(({ name }) => name !== except),
    });
  }

  async report(heldBy: (entry: Entry) => Held, profile?: Domain): Promise<GuaranteeReport> {
    const { policy, reserveBytes, facts } = this.parts;
    const running = await this.claims();
    const domains = running.map(({ entry, claim }) => ({ ...promised(claim), ...heldBy(entry) }));
    const total = (key: keyof Held): number => domains.reduce((sum, domain) => sum + domain[key], 0);
    const rows = ledgerOf(
      readCapacity(facts.hostCpus),
      reserveBytes,
      running.map(({ claim }) => claim),
      { memoryBytes: total('memoryBytes'), swapBytes: total('swapBytes'), processes: total('processes') },
    );
    const fits = profile === undefined ? null : howManyFit(rows, claimOf(profile, facts));
    return { policy, rows, domains, fits };
  }

  /** What each running domain was promised. */
  async claims(): Promise<{ entry: Entry; claim: Claim }[]> {
    return await Promise.all(
      this.parts.running().map(async (entry) => {
        const domain = await this.parts.document(entry);
        const claim = this.#claims.get(domain) ?? claimOf(domain, this.parts.facts);
        this.#claims.set(domain, claim);
        return { entry, claim };
      }),
    );
  }
}

const promised = ({ name, allocationBytes, survivalBytes, memoryMaxBytes, cpuUnits }: Claim) => ({
  name,
  allocationBytes,
  survivalBytes,
  memoryMaxBytes,
  cpuUnits,
});
