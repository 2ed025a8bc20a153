// One stream of events for all tabs: one of them holds it and passes on what comes; the next one takes over when that closes.
// SPDX-License-Identifier: Apache-2.0
import { ApiError, type DomainEvent, type EventGap, type UsageLine } from '@ctvirt/api/browser';
import { signal } from '@preact/signals';
import { hostNow } from './clock.js';
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
  | { readonly kind: 'usage'; readonly usage: UsageLine }
  | { readonly kind: 'standing'; readonly standing: Standing }
  /** Something may have been missed: all that was asked for is old. */
  | { readonly kind: 'gap' }
  /** A new tab wants to know how things stand. */
  | { readonly kind: 'ask' };

const channelName = 'ctvirt';
const lockName = 'ctvirt-stream';
/** Numbers come every ten seconds; a stream without a line for so long is none, which a sleeping computer does not notice by itself. */
const silenceMs = 25_000;
const firstWaitMs = 500;
const longestWaitMs = 8000;

const clock = (): string => hostNow().toISOString();

/** Whether the page is live. */
export const standing = signal<Standing>({ state: 'connecting', since: clock() });

const listeners = new Set<(news: News) => void>();
let channel: BroadcastChannel | undefined;
let stop = new AbortController();
let isHolder = false;
/** The last event that this tab has heard of, whoever held the stream. */
let lastSeq: number | undefined;
let lastUsage: UsageLine | undefined;

/** Calls with whatever comes, from this tab's stream or another's; what is returned ends it. */
export function hear(listener: (news: News) => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The numbers that came last; undefined before any. */
export const lastLine = (): UsageLine | undefined => lastUsage;

function receive(news: News): void {
  if (news.kind === 'ask') {
    if (!isHolder) return;
    channel?.postMessage({ kind: 'standing', standing: standing.value } satisfies News);
    if (lastUsage !== undefined) channel?.postMessage({ kind: 'usage', usage: lastUsage } satisfies News);
    return;
  }
  if (news.kind === 'standing') standing.value = news.standing;
  else if (news.kind === 'event') lastSeq = news.event.seq;
  else if (news.kind === 'usage') lastUsage = news.usage;
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
      for await (const line of await opened(stopped)) {
        if (standing.value.state !== 'live') stand('live');
        // Without the number of an event nobody knows what was missed.
        if (wasLost && lastSeq === undefined) tell({ kind: 'gap' });
        wasLost = false;
        waitMs = firstWaitMs;
        pass(line);
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

type StreamLine = DomainEvent | UsageLine | EventGap;

function pass(line: StreamLine): void {
  if (line.event === 'usage') tell({ kind: 'usage', usage: line });
  else if (line.event === 'gap') {
    lastSeq = line.seq;
    tell({ kind: 'gap' });
  } else tell({ kind: 'event', event: line });
}

/** The lines from where this tab was; they end when none comes for too long. */
async function opened(stopped: AbortSignal): Promise<AsyncIterable<StreamLine>> {
  const silent = new AbortController();
  const signal = AbortSignal.any([stopped, silent.signal]);
  let timer = setTimeout(() => silent.abort(), silenceMs);
  const lines = await daemon.events.withUsage({ since: lastSeq }, { signal });
  return (async function* () {
    try {
      for await (const line of lines) {
        clearTimeout(timer);
        timer = setTimeout(() => silent.abort(), silenceMs);
        yield line;
      }
    } finally {
      clearTimeout(timer);
      silent.abort();
    }
  })();
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
