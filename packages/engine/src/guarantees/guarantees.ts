// Promises on this host: who has been promised what, what that leaves, and who is let in.
// SPDX-License-Identifier: Apache-2.0
import type {
  DeliveryReport,
  GuaranteePolicy,
  GuaranteeReport,
  LedgerRow,
  ProfileFit,
  WhatIfReport,
} from '@ctvirt/api';
import type { Domain } from '@ctvirt/xml';
import type { Held, Run, Sample } from '../drivers/driver.js';
import { type Claim, claimOf, promisesNothing } from '../lifecycle/claim.js';
import type { Entry } from '../registry/registry.js';
import { eachByTurns } from '../slices.js';
import { Admission } from './admission.js';
import { readCapacity } from './capacity.js';
import { Ring } from './delivery.js';
import { asksMore, howManyFit, isShortFor, ledgerOf, withMore } from './ledger.js';
import { cpuVerdict, memoryVerdict } from './verdict.js';

/** Dependencies of `Guarantees`. */
export interface GuaranteeParts {
  readonly policy: GuaranteePolicy;
  readonly reserveBytes: number;
  readonly facts: { readonly pageSize: number; readonly hostCpus: number };
  readonly running: () => readonly Entry[];
  /** What a running domain was started with. */
  readonly document: (entry: Entry) => Promise<Domain>;
  /** The same if it is at hand: of a thousand domains, to wait for each takes as long as all else that is asked of a start. */
  readonly known: (entry: Entry) => Domain | undefined;
  readonly warn: (message: string, domain: string) => void;
}

/** A running domain with what it was promised. */
export interface Claimed {
  readonly entry: Entry;
  readonly claim: Claim;
}

/** Keeps the ledger, and compares promises with what was given. */
export class Guarantees {
  readonly admission: Admission;
  /** By document: a change of it is another one. */
  readonly #claims = new WeakMap<Domain, Claim>();

  readonly #rings = new WeakMap<Run, Ring>();

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

  get policy(): GuaranteePolicy {
    return this.parts.policy;
  }

  /** The ledger; with a profile or a document, how many more domains of it could be kept to their promises. */
  async report(more?: Domain): Promise<GuaranteeReport> {
    return await this.#reportOf(await this.claims(), more);
  }

  async #reportOf(running: readonly Claimed[], more?: Domain): Promise<GuaranteeReport> {
    const { policy } = this.parts;
    const domains: GuaranteeReport['domains'][number][] = [];
    // What each holds is read of the kernel.
    await eachByTurns(running, ({ entry, claim }) =>
      domains.push({ ...promised(claim), ...(entry.running?.held() ?? nothing) }),
    );
    const rows = this.ledger(
      running.map(({ claim }) => claim),
      domains,
    );
    const nobody = { fits: null, fitsBy: null, promisesNothing: false };
    return { policy, rows, domains, ...(more === undefined ? nobody : this.#fitOf(rows, more)) };
  }

  /** How many more of each would fit. */
  async fits(each: readonly { readonly profile: string; readonly domain: Domain }[]): Promise<ProfileFit[]> {
    const claims = (await this.claims()).map(({ claim }) => claim);
    const rows = this.ledger(claims, []);
    return each.map(({ profile, domain }) => ({ profile, ...this.#fitOf(rows, domain) }));
  }

  #fitOf(rows: readonly LedgerRow[], domain: Domain): Omit<ProfileFit, 'profile'> {
    const { facts } = this.parts;
    const fit = howManyFit(rows, claimOf(domain, facts));
    return {
      fits: fit?.fits ?? null,
      fitsBy: fit && { resource: fit.resource, each: fit.each },
      promisesNothing: promisesNothing(domain, facts),
    };
  }

  /** The same, and what the ledger would be with so many of them. */
  async whatIf(more: Domain, count: number): Promise<Omit<WhatIfReport, 'processors'>> {
    const report = await this.report(more);
    const { rows, fits } = report;
    const after = withMore(rows, claimOf(more, this.parts.facts), count);
    return { ...report, count, after, isKept: fits === null || fits >= count };
  }

  /** The same if these ran as they are said here, those that do in their own place; like a live change it is kept where none is promised more. */
  async whatIfChanged(changed: readonly Domain[]): Promise<Omit<WhatIfReport, 'processors'>> {
    const running = await this.claims();
    const report = await this.#reportOf(running);
    const before = new Map(running.map(({ claim }) => [claim.name, claim]));
    const next = changed.map((domain) => claimOf(domain, this.parts.facts));
    const isMore = next.some((claim) => {
      const had = before.get(claim.name);
      return had === undefined || asksMore(claim, had);
    });
    const all = new Map([...before, ...next.map((claim) => [claim.name, claim] as const)]);
    const after = this.ledger([...all.values()], report.domains);
    return { ...report, count: next.length, after, isKept: !isMore || !isShortFor(after, next) };
  }

  /** The ledger with these promises in it, and what their domains hold. */
  ledger(claims: readonly Claim[], held: readonly Held[]): LedgerRow[] {
    const total = (key: keyof Held): number => held.reduce((sum, domain) => sum + domain[key], 0);
    return ledgerOf(readCapacity(this.parts.facts.hostCpus), this.parts.reserveBytes, claims, {
      memoryBytes: total('memoryBytes'),
      swapBytes: total('swapBytes'),
      processes: total('processes'),
    });
  }

  /** What a look at a run found. */
  sample(running: Run, sample: Sample): void {
    const ring = this.#rings.get(running) ?? new Ring();
    this.#rings.set(running, ring);
    ring.add(sample);
  }

  /** Processors that a run had over the last seconds; null before this daemon has looked twice. */
  cpuShare(running: Run, seconds: number): number | null {
    return this.#rings.get(running)?.over(seconds)?.cpuShare ?? null;
  }

  /** What was promised and what was given over so many minutes, as far back as this daemon looked: of one, or of all that run. */
  async deliveries(minutes: number, only?: Entry): Promise<DeliveryReport[]> {
    const running = await this.claims();
    const report = this.delivered(running, minutes);
    const reports: DeliveryReport[] = [];
    await eachByTurns(
      running.filter(({ entry }) => only === undefined || entry === only),
      (one) => reports.push(report(one)),
    );
    return reports;
  }

  /** The same of one after the other of these, which are all that run. */
  delivered(running: readonly Claimed[], minutes: number): (one: Claimed) => DeliveryReport {
    const { hostCpus } = this.parts.facts;
    const units = running.reduce((sum, { claim }) => sum + claim.cpuUnits, 0);
    const power = Math.max(readCapacity(hostCpus).cpuUnits, units);
    return ({ entry, claim: { name, cpuUnits, allocationBytes, survivalBytes } }) => {
      const ring = entry.running === undefined ? undefined : this.#rings.get(entry.running);
      const given = ring?.over(minutes * 60);
      const promisedShare = (cpuUnits / power) * hostCpus;
      const promised = { allocationBytes, survivalBytes };
      return {
        name,
        given: given ?? null,
        cpu: {
          units: cpuUnits,
          promisedShare,
          verdict: cpuVerdict(promisedShare, given),
        },
        memory: { ...promised, verdict: memoryVerdict(promised, given) },
      };
    };
  }

  /** What a running domain was promised; undefined before its document was asked for. */
  knownClaim(entry: Entry): Claim | undefined {
    const domain = this.parts.known(entry);
    return domain && this.#claimOf(domain);
  }

  /** What each running domain was promised. */
  async claims(): Promise<Claimed[]> {
    const { running, document, known } = this.parts;
    const unknown = running().filter((entry) => known(entry) === undefined);
    const read = new Map(
      await Promise.all(unknown.map(async (entry) => [entry, await document(entry)] as const)),
    );
    // Worked out by turns where they are new; who runs is then seen at one moment, or two starts might not see each other.
    await eachByTurns(running(), (entry) => this.knownClaim(entry));
    return running().flatMap((entry) => {
      const domain = known(entry) ?? read.get(entry);
      return domain === undefined ? [] : [{ entry, claim: this.#claimOf(domain) }];
    });
  }

  #claimOf(domain: Domain): Claim {
    const known = this.#claims.get(domain);
    if (known !== undefined) return known;
    const claim = claimOf(domain, this.parts.facts);
    this.#claims.set(domain, claim);
    return claim;
  }
}

const nothing: Held = { memoryBytes: 0, swapBytes: 0, processes: 0 };

const promised = ({ name, allocationBytes, survivalBytes, memoryMaxBytes, cpuUnits }: Claim) => ({
  name,
  allocationBytes,
  survivalBytes,
  memoryMaxBytes,
  cpuUnits,
});
