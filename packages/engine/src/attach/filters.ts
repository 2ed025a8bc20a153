// Filters of system calls for programs that enter containers, each compiled once.
// SPDX-License-Identifier: Apache-2.0
import { compileFilter, type SeccompPolicy } from '../host/seccomp.js';

type Policy = Exclude<SeccompPolicy, 'off'>;

/** Filters by the calls they allow. */
export class FilterCache {
  readonly #filters = new Map<string, Uint8Array>();

  get(policy: Policy): Uint8Array {
    const key = policy.allowed.join(' ');
    const filter = this.#filters.get(key) ?? compileFilter(policy);
    this.#filters.set(key, filter);
    return filter;
  }
}
