// vzctl set.
// SPDX-License-Identifier: Apache-2.0
import { refuseOff } from '../containers.js';
import { coded, VzError } from '../exit-codes.js';
import { type Given, isSaid, lastOf, type VzOptions } from '../options.js';
import { applyChange, isSavable, type Manner } from './apply.js';
import { changeOf, settings } from './settings.js';
import { type Call, onContainer } from './verb.js';

const flags = {
  save: { here: 'both now and from its next start on; of one that is off nothing is set without it' },
  force: { here: 'taken, with --save: there is no kernel that lacks anything' },
  setmode: {
    value: 'restart|ignore',
    here: 'restarts one that runs, where something waits for that, or does not remark on it',
  },
  reset_ub: { here: 'gives one that runs the resource parameters that are stored' },
} as const satisfies VzOptions;

/** What vzctl refuses without --save. */
const onlySaved = ['name', 'ostemplate', 'stop-timeout', 'force'];

function mannerOf(given: Given): Manner {
  const save = isSaid(given, 'save');
  const lonely = save ? undefined : onlySaved.find((name) => isSaid(given, name));
  if (lonely !== undefined)
    throw new VzError('syntax', `Error: unable to use --${lonely} option without --save`);
  const setmode = lastOf(given, 'setmode');
  if (setmode !== undefined && setmode !== 'restart' && setmode !== 'ignore')
    throw new VzError('value', `Bad parameter for option --setmode: ${setmode}`);
  if (setmode === 'restart' && !save)
    throw new VzError('syntax', "Error: --setmode restart doesn't make sense without --save flag");
  return { save, setmode };
}

async function resetLimits({ host, container }: Call): Promise<void> {
  const { domains } = host.client;
  const { uuid: domain } = container;
  refuseOff(container);
  const rows = await domains.parameters({ domain, inactive: true });
  const values = Object.fromEntries(rows.map(({ key, value }) => [key.toLowerCase(), value]));
  await coded(domains.setParameters({ domain, body: { values, live: true } }), { invalid: 'ubc' });
  host.say('UB limits were set successfully');
}

/** The verb. */
export const set = onContainer({
  names: ['set'],
  synopsis: '--PARAMETER VALUE [...] [--save] [--force] [--setmode restart|ignore] | --reset_ub',
  options: { ...flags, ...settings },
  here: 'Changes a running container at once where that can be, and with --save what its next start has. What waits for a restart is remarked.',
  async act(call) {
    const { host, container, given } = call;
    if (isSaid(given, 'reset_ub')) {
      if (given.said.length > 1) throw new VzError('syntax', 'Error: option --reset_ub is exclusive');
      return await resetLimits(call);
    }
    const manner = mannerOf(given);
    const change = changeOf(given);
    await applyChange(host, container, change, manner);
    if (!manner.save && isSavable(change))
      host.warn('WARNING: Settings were not saved to config (use --save flag)');
  },
});
