// What happened since the page was opened, the latest first.
// SPDX-License-Identifier: Apache-2.0
import type { DomainEvent } from '@ctvirt/api/browser';
import { signal } from '@preact/signals';
import { hear } from './stream.js';

const most = 500;

/** The latest first. */
export const events = signal<readonly DomainEvent[]>([]);

/** Keeps what happens, from now on. */
export const followEvents = (): (() => void) =>
  hear((news) => {
    if (news.kind === 'event') events.value = [news.event, ...events.value].slice(0, most);
  });
