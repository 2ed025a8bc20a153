// Verbs of vzctl for which there is little or nothing to do here, and those that move containers in and out.
// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isOff, refuseOff, refuseUp } from '../containers.js';
import { coded, type VzCode, VzError } from '../exit-codes.js';
import { isSaid, readOptions, type VzOptions } from '../options.js';
import { type Call, onContainer, type VzVerb } from './verb.js';

const dumpOptions = {
  dumpfile: { value: 'name', here: 'refused: nothing is dumped' },
  suspend: { here: 'freezes all its processes; they stay in memory' },
  resume: { here: 'lets them go on' },
  dump: { here: 'refused, likewise' },
  kill: { here: 'ends it at once' },
  undump: { here: 'refused, likewise' },
} as const satisfies VzOptions;

/** Of OpenVZ's checkpoint the steps that need no dump: scripts freeze a container while they copy its files. */
async function step({ host, container, given }: Call, code: VzCode, why: string): Promise<void> {
  const { domains } = host.client;
  const { uuid: domain } = container;
  const isDump = ['dump', 'undump', 'dumpfile'].some((name) => isSaid(given, name));
  if (isDump) throw new VzError(code, why);
  refuseOff(container);
  if (isSaid(given, 'suspend')) await coded(domains.suspend({ domain }), { 'wrong-state': code });
  else if (isSaid(given, 'resume')) await coded(domains.resume({ domain }), { 'wrong-state': code });
  else if (isSaid(given, 'kill')) await coded(domains.destroy({ domain }), { 'wrong-state': code });
  else throw new VzError(code, why);
}

const noCheckpoint =
  'Checkpointing is not supported: a container cannot be saved to a file and go on elsewhere; vzctl chkpnt CTID --suspend freezes it in memory';

const suspend = onContainer({
  names: ['suspend', 'chkpnt'],
  synopsis: '[--dumpfile NAME] [--suspend | --resume | --kill]',
  options: dumpOptions,
  here: 'Refused with 16, as there are no checkpoints (CRIU). Its steps --suspend, --resume and --kill are done.',
  act: async (call) => await step(call, 'checkpoint', noCheckpoint),
});

const resume = onContainer({
  names: ['resume', 'restore'],
  synopsis: '[--dumpfile NAME]',
  options: dumpOptions,
  here: 'Refused with 17, likewise.',
  async act(call) {
    if (isOff(call.container))
      throw new VzError('restore', 'There is no dump file: checkpointing is not supported');
    await step(call, 'restore', noCheckpoint);
  },
});

const convert = onContainer({
  names: ['convert'],
  synopsis: '[--layout ploop]',
  options: { layout: { value: 'ploop', here: 'refused' } },
  here: 'Ends with 99: files stay as they are. Limits on disk need no image of ploop.',
  async act() {
    throw new VzError('ploop', 'There is no ploop here: limits on disk are kept without it');
  },
});

const compact = onContainer({
  names: ['compact'],
  synopsis: '',
  options: {},
  here: 'Nothing to do: what is erased inside is given back at once, or with fstrim.',
  act: async ({ host }) => host.say('Compact only makes sense for ploop containers'),
});

const quotaVerb = (name: string): VzVerb =>
  onContainer({
    names: [name],
    synopsis: '',
    options: {},
    here: 'Nothing to do: limits on disk are kept all the time, whether it runs or not.',
    async act({ container }) {
      refuseUp(container);
    },
  });

const quotas = ['quotaon', 'quotaoff', 'quotainit'].map(quotaVerb);

const register: VzVerb = {
  names: ['register'],
  synopsis: 'PATH',
  options: {},
  here: 'Takes an OpenVZ container over where it lies: `ctvirt adopt openvz`. Its configuration is ve.conf in PATH, else that of /etc/vz/conf.',
  async run(host, word, words) {
    // OpenVZ's own order is the path, then the CTID.
    const [other] = readOptions(words, {}).words;
    const [path, ctid] = word.startsWith('/') ? [word, other] : [other, word];
    if (ctid === undefined) throw new VzError('value', 'CT ID missing');
    // As Virtuozzo has it, its configuration may lie with its files.
    const config = path === undefined ? undefined : join(path, 've.conf');
    const body = {
      format: 'openvz' as const,
      name: ctid,
      ...(path !== undefined && { private: path }),
      ...(config !== undefined && existsSync(config) && { config }),
    };
    await coded(host.client.domains.adopt({ body }), { 'not-found': 'noFiles', exists: 'exists' });
    host.say(`Container ${ctid} was registered`);
  },
};

const unregister = onContainer({
  names: ['unregister'],
  synopsis: '',
  options: {},
  here: 'Forgets it; its files are left: where they lie, or as `ctvirt root list` shows.',
  async act({ host, container }) {
    refuseUp(container);
    await coded(host.client.domains.undefine({ domain: container.uuid, storage: false }), {
      'in-use': 'mounted',
    });
    host.say(`Container ${container.ctid} was unregistered`);
  },
});

/** All of them. */
export const otherVerbs: readonly VzVerb[] = [
  register,
  unregister,
  suspend,
  resume,
  ...quotas,
  convert,
  compact,
];
