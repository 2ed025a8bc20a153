// A run of a domain's own files with a shell in the place of its init, for when that does not come up.
// SPDX-License-Identifier: Apache-2.0
import type { Domain } from '@ctvirt/xml';

/** The one program that every template has. */
const SHELL = '/bin/sh';

/** Of this run alone: the stored document, its init in it, stays as it is, and so do the files. When the shell ends it is off. */
export function rescueOf(domain: Domain): Domain {
  const { initargs: _args, initdir: _folder, inituser: _user, initgroup: _group, ...os } = domain.os;
  return {
    ...domain,
    os: { ...os, init: SHELL },
    onPoweroff: 'destroy',
    onReboot: 'destroy',
    onCrash: 'destroy',
  };
}

/** Whether a run is such a one, by the document that it was started with, and of a shell the stored one. */
export const isRescue = async (live: Domain, stored: () => Promise<Domain>): Promise<boolean> =>
  isShell(live) && !isShell(await stored());

const isShell = ({ os: { init, initargs } }: Domain): boolean =>
  init === SHELL && (initargs?.length ?? 0) === 0;
