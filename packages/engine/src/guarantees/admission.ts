// The one place where a promise is let in or turned away: at define, start, live change and adoption.
// SPDX-License-Identifier: Apache-2.0
import type { GuaranteePolicy } from '@ctvirt/api';
import { EngineError, type Shortage } from '../errors.js';
import type { Claim } from '../lifecycle/claim.js';
import type { Capacity } from './capacity.js';
import { shortagesOf } from './ledger.js';

/** Dependencies of `Admission`. */
export interface AdmissionParts {
  readonly policy: GuaranteePolicy;
  readonly reserveBytes: number;
  readonly capacity: () => Capacity;
  /** Of every running domain but this one. */
  readonly running: (except: string) => Promise<readonly Claim[]>;
  readonly warn: (message: string, domain: string) => void;
}

/** What became of a promise that was asked for. */
export type Verdict = 'kept' | 'overcommitted' | 'refused';

/** Accepts or refuses promises, by the configured policy. */
export class Admission {
  /** How many were asked for of each, since there is this object. */
  readonly verdicts: Record<Verdict, number> = { kept: 0, overcommitted: 0, refused: 0 };
  /** Let in, but not running yet: two starts at once must not both get what is left. */
  readonly #coming = new Map<string, Claim>();

  constructor(private readonly parts: AdmissionParts) {}

  /**
   * Whether the host could keep this promise if nothing else ran: what a definition may promise. Returns the remark for
   * who defines it; throws `overcommitted` where the policy is strict.
   */
  alone(claim: Claim): string | undefined {
    return this.#judge(claim, []);
  }

  /** Lets a domain run beside those that do; until it is disposed, the promise counts. Throws `overcommitted`. */
  async beside(claim: Claim): Promise<Disposable> {
    const { policy, running, warn } = this.parts;
    const admitted = { [Symbol.dispose]: () => void this.#coming.delete(claim.name) };
    if (policy === 'off') return admitted;
    const others = new Map((await running(claim.name)).map((one) => [one.name, one]));
    for (const [name, one] of this.#coming) if (name !== claim.name) others.set(name, one);
    const remark = this.#judge(claim, [...others.values()]);
    if (remark !== undefined) warn(remark, claim.name);
    this.#coming.set(claim.name, claim);
    return admitted;
  }

  /** Why it would be turned away now, beside those that run; undefined where it would not. Nothing comes of it. */
  async obstacle(claim: Claim): Promise<string | undefined> {
    const { policy, running, reserveBytes, capacity } = this.parts;
    if (policy !== 'strict') return undefined;
    const shortages = shortagesOf(capacity(), reserveBytes, await running(claim.name), claim);
    return shortages.length === 0 ? undefined : shortWords(claim, shortages);
  }

  #judge(claim: Claim, others: readonly Claim[]): string | undefined {
    const { policy, reserveBytes, capacity } = this.parts;
    if (policy === 'off') return undefined;
    const shortages = shortagesOf(capacity(), reserveBytes, others, claim);
    const verdict = shortages.length === 0 ? 'kept' : policy === 'strict' ? 'refused' : 'overcommitted';
    this.verdicts[verdict]++;
    if (verdict === 'kept') return undefined;
    const message = shortWords(claim, shortages);
    if (verdict === 'refused') throw new EngineError('overcommitted', message, { shortages });
    return message;
  }
}

const shortWords = (claim: Claim, shortages: readonly Shortage[]): string =>
  `this host cannot keep what domain '${claim.name}' is promised: ${shortages.map((one) => arithmetic(one, claim)).join('; ')}; see \`ctvirt guarantees\``;

const MiB = 2 ** 20;

function arithmetic(
  { resource, promisedBy, capacity, reserve, promised, asked, missing }: Shortage,
  { kernelBytes }: Claim,
): string {
  const isMemory = resource !== 'cpu';
  const show = (value: number): string =>
    isMemory ? `${Math.ceil(value / MiB)} MiB` : `${Math.ceil(value)} units`;
  const kept = reserve > 0 ? ` - ${show(reserve)} kept for the host` : '';
  const parts =
    isMemory && kernelBytes > 0
      ? ` (${promisedBy}: ${show(asked - kernelBytes)}, kernel memory: ${show(kernelBytes)})`
      : ` (${promisedBy})`;
  const host = isMemory ? `${show(capacity)} of memory and swap` : show(capacity);
  return `${resource}: ${show(promised)} promised to others + ${show(asked)} asked${parts} > ${host}${kept}, ${show(missing)} too much`;
}
