// One stream of events for all tabs: one of them holds it and passes on what comes; the next one takes over when that closes.
// SPDX-License-Identifier: Apache-2.0
import { ApiError, type DomainEvent, type DomainUsage } from '@ctvirt/api/browser';
import { signal } from '@preact/signals';
import { daemon } from './daemon.js';

/** Whether what is shown is what is, and since when it is or is not. */
export interface Standing {
  readonly state: 'connecting' | 'live' | 'lost' | 'ended';
  /** RFC 3339. */
  readonly since: string;
}

/** What tabs tell each other. */
export type News =
  | { readonly kind: 'event'; readonly event: DomainEvent }
  | { readonly kind: 'usage'; readonly rows: readonly DomainUsage[] }
  | { readonly kind: 'standing'; readonly standing: Standing }
  /** Something may have been missed: all that was asked for is old. */
  | { readonly kind: 'gap' }
  /** A new tab wants to know how things stand. */
  | { readonly kind: 'ask' };

const channelName = 'ctvirt';
const lockName = 'ctvirt-stream';
/** Numbers come so often; an answer that takes as long as the other means that the daemon is not to be reached. */
const beatMs = 10_000;
const patienceMs = 8000;
const firstWaitMs = 500;
const longestWaitMs = 8000;

const clock = (): string => new Date().toISOString();

/** Whether the page is live. */
export const standing = signal<Standing>({ state: 'connecting', since: clock() });

const listeners = new Set<(news: News) => void>();
let channel: BroadcastChannel | undefined;
let stop = new AbortController();
let isHolder = false;

/** Calls with whatever comes, from this tab's stream or another's; what is returned ends it. */
export function hear(listener: (news: News) => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function receive(news: News): void {
  if (news.kind === 'ask') {
    if (isHolder) channel?.postMessage({ kind: 'standing', standing: standing.value } satisfies News);
    return;
  }
  if (news.kind === 'standing') standing.value = news.standing;
  for (const listener of [...listeners]) listener(news);
}

function tell(news: News): void {
  channel?.postMessage(news);
  receive(news);
}

const stand = (state: Standing['state']): void =>
  tell({ kind: 'standing', standing: { state, since: clock() } });

/** From now on this tab hears what happens. */
export function startStream(): void {
  stopStream();
  stop = new AbortController();
  channel = new BroadcastChannel(channelName);
  channel.onmessage = ({ data }: MessageEvent<News>) => receive(data);
  channel.postMessage({ kind: 'ask' } satisfies News);
  const { signal: stopped } = stop;
  navigator.locks.request(lockName, { signal: stopped }, () => hold(stopped)).catch(() => undefined); // it was stopped while it waited
}

/** This tab hears nothing any more. */
export function stopStream(): void {
  stop.abort();
  channel?.close();
  channel = undefined;
}

const isRefused = (error: unknown): boolean => error instanceof ApiError && error.code === 'no-session';

async function hold(stopped: AbortSignal): Promise<void> {
  isHolder = true;
  let waitMs = firstWaitMs;
  let wasLost = false;
  while (!stopped.aborted) {
    try {
      const broken = new AbortController();
      const signal = AbortSignal.any([stopped, broken.signal]);
      const events = await daemon.events.watch({}, { signal });
      stand('live');
      if (wasLost) tell({ kind: 'gap' });
      waitMs = firstWaitMs;
      const beat = setInterval(() => void number(broken), beatMs);
      try {
        for await (const event of events)
          tell(event.event === 'gap' ? { kind: 'gap' } : { kind: 'event', event });
      } finally {
        clearInterval(beat);
        broken.abort();
      }
    } catch (error) {
      if (isRefused(error)) {
        stand('ended');
        break;
      }
    }
    if (stopped.aborted) break;
    if (standing.value.state !== 'lost') stand('lost');
    wasLost = true;
    await pause(waitMs * (0.75 + Math.random() / 2), stopped);
    waitMs = Math.min(waitMs * 2, longestWaitMs);
  }
  isHolder = false;
}

/** Numbers for all tabs; that they come tells that the stream is one, too, which a sleeping computer does not notice by itself. */
async function number(broken: AbortController): Promise<void> {
  try {
    const rows = await daemon.usage.list(
      { active: true },
      { signal: AbortSignal.any([broken.signal, AbortSignal.timeout(patienceMs)]) },
    );
    tell({ kind: 'usage', rows });
  } catch {
    broken.abort();
  }
}

const pause = (ms: number, stopped: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      removeEventListener('online', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    addEventListener('online', done);
    stopped.addEventListener('abort', done, { once: true });
  });
