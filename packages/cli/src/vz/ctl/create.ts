// vzctl create.
// SPDX-License-Identifier: Apache-2.0
import { badCtid, containerOf, ctidOf, lookUp } from '../containers.js';
import { VzError } from '../exit-codes.js';
import type { VzHost } from '../host.js';
import { type Given, lastOf, readOptions, refuseWords, type VzOptions } from '../options.js';
import { applyChange, profileNamed } from './apply.js';
import { changeOf, settings } from './settings.js';
import type { VzVerb } from './verb.js';

const own = {
  config: {
    value: 'name',
    here: 'the profile that fills in what is not said (default: CONFIGFILE of /etc/vz/vz.conf, else vswap-256m); `basic` is vps.basic, too',
  },
  pkgset: { value: 'name', here: 'an old word for --ostemplate' },
} as const satisfies VzOptions;

async function templateOf(host: VzHost, given: Given): Promise<string> {
  const said = lastOf(given, 'ostemplate') ?? lastOf(given, 'pkgset') ?? host.global('DEF_OSTEMPLATE');
  if (said === undefined)
    throw new VzError(
      'noTemplateSaid',
      'OS template is not specified: use --ostemplate, or DEF_OSTEMPLATE of /etc/vz/vz.conf',
    );
  const template = said.replace(/\.tar(\.\w+)?$/, '');
  if ((await host.client.templates.list()).some(({ name }) => name === template)) return template;
  throw new VzError(
    'noTemplate',
    `OS template ${template} is not found: ctvirt template import or build brings it`,
  );
}

async function profileOf(host: VzHost, given: Given): Promise<string> {
  const name = lastOf(given, 'config') ?? host.global('CONFIGFILE') ?? 'vswap-256m';
  const profile = await profileNamed(host, name);
  if (profile === undefined) throw new VzError('sample', `Sample config file not found: ${name}`);
  return profile;
}

/** The verb; its parameters are set's. */
export const create: VzVerb = {
  names: ['create'],
  synopsis: '[--ostemplate NAME] [--config NAME] [--PARAMETER VALUE ...]',
  options: { ...own, ...settings },
  here: 'Makes a domain of type openvz of that CTID, of a template that `ctvirt template` has. It takes all parameters of set.',
  async run(host, word, words) {
    const given = readOptions(words, create.options);
    refuseWords(given);
    const ctid = ctidOf(word);
    if (ctid === undefined || ctid === 0) throw badCtid(word);
    // The template is what its root is made of.
    const change = changeOf({ ...given, said: given.said.filter((one) => one.name !== 'ostemplate') });
    const template = await templateOf(host, given);
    const profile = await profileOf(host, given);
    const name = String(ctid);
    if ((await lookUp(host.client, name)) !== undefined)
      throw new VzError('exists', `Container ${name} exists already`);
    host.say(`Creating container private area (${template})`);
    const body = { name, type: 'openvz' as const, template, profile };
    const { domain } = await host.client.domains.create({ body, dryRun: false });
    const container = domain === null ? undefined : containerOf(domain);
    if (container === undefined) throw new VzError('system', `Container ${name} was not made`);
    host.say('Performing postcreate actions');
    try {
      await applyChange(host, container, change, { save: true, setmode: undefined });
    } catch (error) {
      await host.client.domains.undefine({ domain: container.uuid, storage: true });
      throw error;
    }
    host.say('Container private area was created');
  },
};
