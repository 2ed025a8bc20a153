// libvirt's numbers of a domain's state, and of why it is in it: both ends of the wire read them here.
// SPDX-License-Identifier: Apache-2.0

/** virDomainState. */
export const domainStates = {
  nostate: 0,
  running: 1,
  blocked: 2,
  paused: 3,
  shutdown: 4,
  shutoff: 5,
  crashed: 6,
  pmsuspended: 7,
} as const;

/** virDomainRunningReason and its siblings, of the states that containers have: each numbers its own. */
export const stateReasons = {
  running: {
    unknown: 0,
    booted: 1,
    migrated: 2,
    restored: 3,
    fromSnapshot: 4,
    unpaused: 5,
    migrationCanceled: 6,
    saveCanceled: 7,
    wakeup: 8,
    crashed: 9,
    postcopy: 10,
  },
  paused: {
    unknown: 0,
    user: 1,
    migration: 2,
    save: 3,
    dump: 4,
    ioerror: 5,
    watchdog: 6,
    fromSnapshot: 7,
    shuttingDown: 8,
    snapshot: 9,
    crashed: 10,
    startingUp: 11,
    postcopy: 12,
  },
  shutoff: {
    unknown: 0,
    shutdown: 1,
    destroyed: 2,
    crashed: 3,
    migrated: 4,
    saved: 5,
    failed: 6,
    fromSnapshot: 7,
    daemon: 8,
  },
} as const;
