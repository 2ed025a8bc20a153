// Whether the answers about one domain are true of some order of events: each took effect at one moment between call and answer.
// SPDX-License-Identifier: Apache-2.0

export type State = 'shutoff' | 'running' | 'paused';
export type Verb = 'start' | 'destroy' | 'suspend' | 'resume' | 'state';

export interface Event {
  readonly verb: Verb;
  /** `done`, `wrong-state`, or for `state` what it said. */
  readonly answer: string;
  readonly called: number;
  readonly answered: number;
  readonly client: number;
  /** Of libvirt's protocol: there a suspended domain may be suspended again, as with libvirt's own driver. */
  readonly isLibvirt: boolean;
}

const changes: Readonly<Record<Exclude<Verb, 'state'>, { from: readonly State[]; to: State }>> = {
  start: { from: ['shutoff'], to: 'running' },
  destroy: { from: ['running', 'paused'], to: 'shutoff' },
  suspend: { from: ['running'], to: 'paused' },
  resume: { from: ['paused'], to: 'running' },
};

/** The state after the event if its answer is true in this one. */
function after(state: State, { verb, answer, isLibvirt }: Event): State | undefined {
  if (verb === 'state') return answer === state ? state : undefined;
  const { from, to } = changes[verb];
  const isIdle = verb === 'suspend' && isLibvirt && state === 'paused';
  if (answer === 'done') return from.includes(state) || isIdle ? to : undefined;
  return from.includes(state) || isIdle ? undefined : state;
}

/** A state that is possible now, and which of those under way have taken effect in it. */
interface World {
  readonly state: State;
  readonly taken: ReadonlySet<number>;
}

const keyOf = ({ state, taken }: World): string => `${state} ${[...taken].sort((a, b) => a - b).join()}`;

/**
 * Returns what is wrong, or undefined. Goes through calls and answers in order and keeps every world that is still possible: at
 * an answer, those in which that event has taken effect, be it after some others that are under way.
 */
export function faultIn(events: readonly Event[], first: State, last?: State): string | undefined {
  const moments = events
    .flatMap((event, index) => [
      { at: event.called, index, isAnswer: false },
      { at: event.answered, index, isAnswer: true },
    ])
    .sort((a, b) => a.at - b.at || Number(a.isAnswer) - Number(b.isAnswer));
  const underWay = new Set<number>();
  let worlds: readonly World[] = [{ state: first, taken: new Set() }];
  for (const { index, isAnswer } of moments) {
    if (!isAnswer) {
      underWay.add(index);
      continue;
    }
    const next = new Map<string, World>();
    for (const { state, taken } of reachable(worlds, underWay, events)) {
      if (!taken.has(index)) continue;
      const rest = { state, taken: new Set([...taken].filter((one) => one !== index)) };
      next.set(keyOf(rest), rest);
    }
    underWay.delete(index);
    if (next.size === 0) return told(events, index, worlds);
    worlds = [...next.values()];
  }
  if (last !== undefined && !worlds.some(({ state }) => state === last))
    return `it is ${last} at the end, and may be ${worlds.map(({ state }) => state).join(' or ')}`;
  return undefined;
}

/** All worlds that some of those under way lead to. */
function reachable(
  worlds: readonly World[],
  underWay: ReadonlySet<number>,
  events: readonly Event[],
): World[] {
  const found = new Map<string, World>();
  const add = (state: State, taken: ReadonlySet<number>): void => {
    // What never changes anything and is true now costs nothing to take at once: it leads nowhere else. A suspend that was
    // done may have found the domain suspended, or may yet suspend it.
    const idle = [...underWay].filter((index) => {
      const event = events[index];
      return event !== undefined && event.answer !== 'done' && after(state, event) === state;
    });
    const world = { state, taken: new Set([...taken, ...idle]) };
    const key = keyOf(world);
    if (!found.has(key)) found.set(key, world);
  };
  for (const { state, taken } of worlds) add(state, taken);
  // A map goes on to what is added while it is walked.
  for (const { state, taken } of found.values())
    for (const index of underWay) {
      const event = events[index];
      const next = event === undefined || taken.has(index) ? undefined : after(state, event);
      if (next !== undefined) add(next, new Set([...taken, index]));
    }
  return [...found.values()];
}

function told(events: readonly Event[], index: number, worlds: readonly World[]): string {
  const line = ({ client, verb, answer, called, answered }: Event): string =>
    `${called.toFixed(1)}-${answered.toFixed(1)} client ${client} ${verb}: ${answer}`;
  const { called = 0, answered = 0 } = events[index] ?? {};
  const isNear = (one: Event): boolean => one.answered > called - 1500 && one.called < answered;
  const around = events.filter(isNear).map(line);
  const possible = [...new Set(worlds.map(({ state }) => state))].join(' or ');
  const event = events[index];
  return `${event === undefined ? '' : line(event)} is not true where it may be ${possible}; about then:\n${around.join('\n')}`;
}
