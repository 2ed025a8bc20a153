// What a scrape tells: what the engine knows without a look at any domain, and what the daemon has counted itself.
// SPDX-License-Identifier: Apache-2.0
import type { WebSession } from '@ctvirt/api';
import type { HostOverview } from '@ctvirt/engine';

/** How often there was something, by what it was. */
export interface Tally<Of extends string> {
  readonly of: Readonly<Record<Of, string>>;
  readonly count: number;
}

/** All of it. */
export interface Known extends HostOverview {
  readonly version: string;
  readonly requests: readonly Tally<'operation' | 'status'>[];
  readonly sessions: readonly Pick<WebSession, 'role' | 'state'>[];
}
