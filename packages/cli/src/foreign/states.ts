// The states and reasons of a libvirt's domains, of whatever hypervisor, in the words that containers have.
// SPDX-License-Identifier: Apache-2.0
import type { DomainSummary } from '@ctvirt/api';
import { domainStates, stateReasons } from '@ctvirt/rpc';

type State = DomainSummary['state'];
type Reason = DomainSummary['reason'];

/** What containers have no word for is said by the nearest. */
const words = {
  nostate: 'shutoff',
  running: 'running',
  blocked: 'running',
  paused: 'paused',
  shutdown: 'running',
  shutoff: 'shutoff',
  crashed: 'shutoff',
  pmsuspended: 'paused',
} as const satisfies Record<keyof typeof domainStates, State>;

/** Reasons that the verbs have words for. */
const told: readonly Reason[] = ['booted', 'user', 'unpaused', 'shutdown', 'destroyed', 'crashed', 'failed'];

const nameOf = (numbers: Readonly<Record<string, number>>, number: number): string | undefined =>
  Object.keys(numbers).find((name) => numbers[name] === number);

const isState = (name: string | undefined): name is keyof typeof domainStates =>
  name !== undefined && Object.hasOwn(domainStates, name);

/** Of virDomainGetState's two numbers. */
export function toState({ state, reason }: { readonly state: number; readonly reason: number }): {
  state: State;
  reason: Reason;
} {
  const found = nameOf(domainStates, state);
  const name = isState(found) ? found : 'nostate';
  const word = words[name];
  // A domain that crashed and was kept for a look.
  if (name === 'crashed') return { state: word, reason: 'crashed' };
  if (name !== word) return { state: word, reason: 'unknown' };
  const said = nameOf(stateReasons[word], reason);
  return { state: word, reason: told.find((one) => one === said) ?? 'unknown' };
}
