// Every resource of the contract; a new one is its file and a line here.
// SPDX-License-Identifier: Apache-2.0
import { archives } from './archives.js';
import { backups } from './backups.js';
import { beancounters } from './beancounters.js';
import { check } from './check.js';
import { conversions } from './conversions.js';
import { domains } from './domains.js';
import { events } from './events.js';
import { filters } from './filters.js';
import { forwards } from './forwards.js';
import { guarantees } from './guarantees.js';
import { history } from './history.js';
import { host } from './host.js';
import { jobs } from './jobs.js';
import { life } from './life.js';
import { metrics } from './metrics.js';
import { networks } from './networks.js';
import { profiles } from './profiles.js';
import { quota } from './quota.js';
import { roots } from './roots.js';
import { snapshots } from './snapshots.js';
import { templates } from './templates.js';
import { terminals } from './terminals.js';
import { traffic } from './traffic.js';
import { usage } from './usage.js';
import { web } from './web.js';

/** Every resource by name, each with its operations. */
export const resources = {
  domains,
  jobs,
  terminals,
  roots,
  snapshots,
  archives,
  backups,
  templates,
  profiles,
  networks,
  filters,
  beancounters,
  quota,
  traffic,
  usage,
  conversions,
  history,
  life,
  forwards,
  guarantees,
  metrics,
  check,
  events,
  host,
  web,
} as const;
/** The contract as a type, from which client and server derive theirs. */
export type Resources = typeof resources;
