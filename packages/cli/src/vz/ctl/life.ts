// vzctl start, stop, restart, status, mount, umount and destroy.
// SPDX-License-Identifier: Apache-2.0
import { ApiError } from '@ctvirt/api';
import { type Container, ctidOf, documentOf, isOff, lookUp, refuseUp } from '../containers.js';
import { type CodesOf, coded, VzError } from '../exit-codes.js';
import type { VzHost } from '../host.js';
import { type Given, isSaid, readOptions, refuseWords } from '../options.js';
import { onContainer, type VzVerb } from './verb.js';

const startOptions = {
  wait: { here: 'comes back when its init says that it has booted, at most after 600 s' },
  force: { here: 'starts it though it is disabled' },
  'skip-fsck': { here: 'taken, with nothing to do: files are on no image of ploop' },
  'skip-remount': { here: 'refuses to start one that vzctl mount shows, instead of unmounting it' },
} as const;

const stopOptions = {
  fast: { here: 'ends it at once, without asking its init' },
  'skip-umount': { here: 'taken, with nothing to do: a root is mounted for the run alone' },
} as const;

/** Whether vzctl mount shows its root. */
export const isMounted = async ({ client }: VzHost, { uuid }: Container): Promise<boolean> =>
  (await client.domains.rootMounts()).some((one) => one.uuid === uuid);

const bootSeconds = 600;

const startCodes = {
  'in-use': 'mounted',
  'wrong-state': 'running',
  exists: 'addressInUse',
  'host-command': 'start',
  invalid: 'start',
  unsupported: 'start',
  timeout: 'start',
} as const satisfies CodesOf;

/** Starts it, as `vzctl start` and `restart` do. */
export async function startContainer(host: VzHost, container: Container, given: Given): Promise<void> {
  const { client } = host;
  const { uuid: domain } = container;
  const { value } = await documentOf(host, container, { inactive: true });
  if (value('DISABLED') === 'yes' && !isSaid(given, 'force'))
    throw new VzError('disabled', 'Container start disabled');
  host.say('Starting container...');
  if (!isSaid(given, 'skip-remount') && (await isMounted(host, container)))
    await coded(client.domains.unmountRoot({ domain }), { 'in-use': 'umount' });
  await coded(client.domains.start({ domain }, { signal: host.io.signal }), startCodes);
  host.say('Container is mounted');
  host.say('Container start in progress...');
  if (!isSaid(given, 'wait')) return;
  const wait = { for: 'booted', timeoutMs: bootSeconds * 1000 } as const;
  await coded(client.domains.wait({ domain, body: wait }, { signal: host.io.signal }), { timeout: 'wait' });
}

const stopSeconds = 120;

/** Of the container, else of all, else OpenVZ's own; 0 is that, too. */
async function stopMsOf(host: VzHost, container: Container): Promise<number> {
  const { value } = await documentOf(host, container, { inactive: true });
  const said = Number(value('STOP_TIMEOUT') ?? host.global('STOP_TIMEOUT') ?? stopSeconds);
  return (said > 0 ? said : stopSeconds) * 1000;
}

/** Asks its init, and ends it when that takes too long. */
export async function stopContainer(host: VzHost, container: Container, isFast: boolean): Promise<void> {
  const { domains } = host.client;
  const { uuid: domain, state } = container;
  if (isFast) {
    host.say('Killing container ...');
    await ignoreEnded(domains.destroy({ domain }));
  } else {
    host.say('Stopping container ...');
    // A suspended one hears nothing.
    if (state === 'paused') await domains.resume({ domain });
    const waitMs = await stopMsOf(host, container);
    try {
      await ignoreEnded(domains.shutdown({ domain, waitMs }, { signal: host.io.signal }));
    } catch (error) {
      if (!(error instanceof ApiError && error.code === 'timeout')) throw error;
      host.say('Killing container ...');
    }
    // By its on_poweroff it may be back.
    await ignoreEnded(domains.destroy({ domain }));
  }
  host.say('Container was stopped');
  host.say('Container is unmounted');
}

async function ignoreEnded(call: Promise<unknown>): Promise<void> {
  await call.catch((error: unknown) => {
    if (!(error instanceof ApiError && error.code === 'wrong-state')) throw error;
  });
}

const start = onContainer({
  names: ['start'],
  synopsis: '[--wait] [--force] [--skip-fsck] [--skip-remount]',
  options: startOptions,
  here: 'Starts it: the domain of that CTID. It comes back when init runs.',
  async act({ host, container, given }) {
    refuseUp(container, 'running', 'Container is already running');
    await startContainer(host, container, given);
  },
});

const stop = onContainer({
  names: ['stop'],
  synopsis: '[--fast] [--skip-umount]',
  options: stopOptions,
  here: 'Asks its init to power off, and ends it when --stop-timeout (120 s) is over. One that does not run is told to be so, with status 0.',
  async act({ host, container, given }) {
    // No failure, as with vzctl: `vzctl stop && vzctl destroy` is what scripts have.
    if (isOff(container)) host.warn('Unable to stop: container is not running');
    else await stopContainer(host, container, isSaid(given, 'fast'));
  },
});

const restart = onContainer({
  names: ['restart'],
  synopsis: '[--wait] [--force] [--fast] [--skip-fsck] [--skip-remount]',
  options: { ...startOptions, ...stopOptions },
  here: 'Stops it if it runs, and starts it.',
  async act({ host, container, given }) {
    host.say('Restarting container');
    if (!isOff(container)) await stopContainer(host, container, isSaid(given, 'fast'));
    await startContainer(host, container, given);
  },
});

/** One line, also of a container that is not there. */
const status: VzVerb = {
  names: ['status'],
  synopsis: '',
  options: {},
  here: 'Prints `CTID 101 exist|deleted mounted|unmounted running|down`. One that is suspended runs: it is frozen.',
  async run(host, word, words) {
    refuseWords(readOptions(words, {}));
    const container = await lookUp(host.client, word);
    const ctid = container?.ctid ?? ctidOf(word) ?? word;
    if (container === undefined) return host.print(`CTID ${ctid} deleted unmounted down\n`);
    const isUp = !isOff(container);
    const mounted = isUp || (await isMounted(host, container)) ? 'mounted' : 'unmounted';
    return host.print(`CTID ${ctid} exist ${mounted} ${isUp ? 'running' : 'down'}\n`);
  },
};

const mount = onContainer({
  names: ['mount'],
  synopsis: '',
  options: {},
  here: "Mounts the root of one that is off in a folder of the daemon's, which it tells: not at /vz/root. It stays until vzctl umount, or start, which unmounts it.",
  async act({ host, container }) {
    refuseUp(container, 'mounted', 'Container is already mounted');
    if (await isMounted(host, container)) throw new VzError('mounted', 'Container is already mounted');
    const { path } = await coded(host.client.domains.mountRoot({ domain: container.uuid }), {
      'wrong-state': 'mounted',
      unsupported: 'mount',
    });
    host.say(`Container is mounted at ${path}`);
  },
});

const umount = onContainer({
  names: ['umount'],
  synopsis: '',
  options: {},
  here: 'Takes away what vzctl mount shows.',
  async act({ host, container }) {
    refuseUp(container);
    await coded(host.client.domains.unmountRoot({ domain: container.uuid }), {
      'wrong-state': 'notMounted',
      'in-use': 'umount',
    });
    host.say('Container is unmounted');
  },
});

const destroy = onContainer({
  names: ['destroy', 'delete'],
  synopsis: '',
  options: {},
  here: 'Erases it with all its files: nothing brings them back. (`ctvirt destroy` only powers off.)',
  async act({ host, container }) {
    const { client } = host;
    refuseUp(container, 'running', 'Container is currently running. Stop it first.');
    if (await isMounted(host, container))
      throw new VzError('mounted', 'Container is currently mounted (umount first)');
    const { files } = await documentOf(host, container, { inactive: true });
    host.say(`Destroying container private area: ${files}`);
    await coded(client.domains.undefine({ domain: container.uuid, storage: true }), {
      'in-use': 'erase',
      denied: 'erase',
      'wrong-state': 'running',
    });
    host.say('Container private area was destroyed');
  },
});

/** Those of its life and its files. */
export const lifeVerbs: readonly VzVerb[] = [start, stop, restart, destroy, status, mount, umount];
