// What a screen asks the daemon for: what was answered, whether that is on its way, and why it did not come.
// SPDX-License-Identifier: Apache-2.0
import { ApiError, type DomainEvent, type UsageLine } from '@ctvirt/api/browser';
import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { hear, lastLine, type News } from './stream.js';

/** An answer that came, is on its way, or did not come; `again` asks once more. */
export interface Asked<T> {
  readonly value: T | undefined;
  readonly error: ApiError | undefined;
  readonly again: () => void;
}

/** What makes an answer old, besides a stream that was lost meanwhile. */
export interface Wakes<T> {
  /** An event after which it may be another. */
  readonly onEvent?: ((event: DomainEvent) => boolean) | undefined;
  /** Each time that numbers come, or when what was answered is old by then. */
  readonly onBeat?: boolean | ((value: T) => boolean) | undefined;
  /** What numbers that come say of it, for which nobody is asked then; null where they do not. */
  readonly inLine?: ((line: UsageLine) => T | null) | undefined;
}

const settleMs = 150;

/** Whatever was thrown, as what the daemon's client throws. */
export const asApiError = (error: unknown): ApiError =>
  error instanceof ApiError
    ? error
    : new ApiError('internal', error instanceof Error ? error.message : String(error));

/** Asks now, when one of `keys` changes, and when it is woken; what was answered stays until the next answer. */
export function useAsked<T>(
  ask: (signal: AbortSignal) => Promise<T>,
  keys: readonly unknown[],
  wakes: Wakes<T> = {},
): Asked<T> {
  const answer = useSignal<Omit<Asked<T>, 'again'>>({ value: undefined, error: undefined });
  const latest = useRef({ ask, wakes, again: () => {} });
  latest.current.ask = ask;
  latest.current.wakes = wakes;
  useEffect(() => {
    const left = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    answer.value = { value: undefined, error: undefined };
    const now = async () => {
      try {
        const value = await latest.current.ask(left.signal);
        if (!left.signal.aborted) answer.value = { value, error: undefined };
      } catch (error) {
        if (!left.signal.aborted) answer.value = { value: answer.value.value, error: asApiError(error) };
      }
    };
    const soon = () => {
      timer ??= setTimeout(() => {
        timer = undefined;
        void now();
      }, settleMs);
    };
    const take = (line: UsageLine) => {
      const value = latest.current.wakes.inLine?.(line) ?? null;
      if (value === null) void now();
      else answer.value = { value, error: undefined };
    };
    latest.current.again = () => void now();
    const stop = hear((news) => {
      const { wakes } = latest.current;
      if (news.kind === 'usage' && wakes.inLine !== undefined) take(news.usage);
      else if (isWake(news, wakes, answer.peek().value)) soon();
    });
    const line = lastLine();
    if (wakes.inLine === undefined) void now();
    else if (line !== undefined) take(line);
    return () => {
      left.abort();
      clearTimeout(timer);
      stop();
    };
  }, keys);
  return { ...answer.value, again: () => latest.current.again() };
}

function isWake<T>(news: News, { onEvent, onBeat = false }: Wakes<T>, value: T | undefined): boolean {
  if (news.kind === 'gap') return true;
  if (news.kind === 'usage')
    return typeof onBeat === 'boolean' ? onBeat : value !== undefined && onBeat(value);
  return news.kind === 'event' && onEvent?.(news.event) === true;
}
