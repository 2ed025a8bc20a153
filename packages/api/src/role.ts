// Who may ask for what: each route says the least role that may, each session of a browser has one.
// SPDX-License-Identifier: Apache-2.0

/**
 * From the least to the most: each may what those before it may. `anyone` has no session yet; `metrics` may read the
 * metrics alone; `viewer` may what clients of libvirt-sock-ro may, which is to look, but not into guests; `operator` runs
 * domains and is root in them (programs, consoles, files, limits); `admin` may all: definitions, templates, what is erased,
 * and whatever reaches the host itself. Root at the daemon's own socket is asked for no role.
 */
export const roles = ['anyone', 'metrics', 'viewer', 'operator', 'admin'] as const;
/** Those who look at pages. */
export const pageRoles = ['viewer', 'operator', 'admin'] as const satisfies readonly Role[];
/** What a session may have: that of `metrics` is a program's. */
export const sessionRoles = ['metrics', ...pageRoles] as const satisfies readonly Role[];
/** One of them. */
export type SessionRole = (typeof sessionRoles)[number];

/** Whether there are sessions of a role of this name. */
export const isSessionRole = (name: unknown): name is SessionRole =>
  sessionRoles.some((role) => role === name);

/** Who may ask for what. */
export type Role = (typeof roles)[number];

/** Whether who has the one may what asks for the other. */
export const mayAs = (has: Role, wanted: Role): boolean => roles.indexOf(has) >= roles.indexOf(wanted);
