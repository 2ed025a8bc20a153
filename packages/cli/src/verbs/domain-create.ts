// ctvirt create
// SPDX-License-Identifier: Apache-2.0

import { basename, resolve } from 'node:path';
import type { CreateRequest, Template } from '@ctvirt/api';
import { commandFor } from '@ctvirt/xml';
import type { Context } from '../context.js';
import { CliError } from '../errors.js';
import { verb } from '../verb.js';
import { sendDocument } from './sending.js';
import { limitOptions, mountOf, settingOptions, settingsOf, usersOf } from './settings.js';

const types = ['lxc', 'openvz', 'vserver'] as const;
const typeOf = (word: string): NonNullable<CreateRequest['type']> => {
  const type = types.find((one) => one === word);
  if (type === undefined)
    throw new CliError('usage', `create: --type is one of ${types.join(', ')}, not '${word}'`);
  return type;
};

/** JSON is the domain, its document and the findings on it; with --transient the domain and the findings. */
export const create = verb({
  name: 'create',
  group: 'Domains',
  summary: 'Make a domain of a template, without writing XML',
  details: [
    'The domain keeps its definition until it is undefined, as by define; one of that name is left as it is, and refused. Resource parameters are those of set.',
    'With addresses alone it has a routed interface (type ethernet), as under OpenVZ; with --network one on that network, with the addresses said or those the network gives.',
    'With --oci the template is made first, of an image, unless there is one of the same image already. What the image starts is what the domain starts: it has no init of its own but that program.',
    'With --transient it starts a domain from its XML without defining it, as virsh create does: when it stops it is gone, its root file system included.',
  ],
  args: { name: { summary: 'Name of the new domain', optional: true } },
  options: () => ({
    template: { type: 'text', value: 'TEMPLATE', complete: 'template', summary: 'What its root is made of' },
    oci: {
      type: 'text',
      value: 'IMAGE',
      complete: 'file',
      summary: 'An image to be made a template of, which is called after it: as for template import',
    },
    profile: { type: 'text', value: 'PROFILE', complete: 'profile', summary: 'Fills in what is not said' },
    type: { type: 'text', value: 'TYPE', complete: types, summary: 'lxc (default), openvz or vserver' },
    ip: {
      type: 'texts',
      value: 'ADDRESS',
      summary: 'Address, with its prefix or without; for several it is given several times',
    },
    ...settingOptions,
    password: { type: 'text', value: 'PASSWORD', summary: "Root's password; - is a line of standard input" },
    mount: {
      type: 'texts',
      value: 'SOURCE:TARGET[:ro]',
      summary: 'Directory of the host, and where it is inside',
    },
    autostart: { type: 'flag', summary: 'Start it with each boot of the host' },
    start: { type: 'flag', summary: 'Start it now' },
    'dry-run': { type: 'flag', summary: 'Print its document and make nothing' },
    transient: {
      type: 'text',
      value: 'FILE',
      complete: 'file',
      summary: 'Start a domain from its XML without defining it',
    },
    validate: { type: 'flag', summary: 'With --transient: refuse a document with anything not understood' },
    ...limitOptions(),
  }),
  example: {
    command: 'ctvirt create web --template busybox --ip 192.168.1.110 --ram 256M --start',
    does: "Makes the domain 'web' and starts it.",
  },
  async run(context, { args: { name }, options }) {
    const { transient, validate } = options;
    if (transient !== undefined) {
      if (name !== undefined)
        throw new CliError('usage', 'create: a transient domain has its name in its document');
      return await startTransient(context, transient, validate);
    }
    if (name === undefined)
      throw new CliError('usage', 'create: NAME is missing; usage: ctvirt create NAME --template TEMPLATE');
    const { password, oci, profile, type, ip, mount, autostart, start, 'dry-run': dryRun } = options;
    const wanted = options.template ?? (oci === undefined ? undefined : templateOf(oci));
    if (wanted === undefined) throw new CliError('usage', whatFor(name));
    const made = oci === undefined ? undefined : await importImage(context, wanted, oci, dryRun);
    const body: CreateRequest = {
      name,
      template: made?.name ?? wanted,
      ...(dryRun && made !== undefined && { image: made.image ?? noImage }),
      ...(profile !== undefined && { profile }),
      ...(type !== undefined && { type: typeOf(type) }),
      ...settingsOf('create', options),
      ...(await usersOf(context, 'create', {
        keys: options['ssh-key'],
        passwords: password === undefined ? [] : [`root:${password}`],
      })),
      ...(ip.length > 0 && { addAddresses: ip }),
      ...(mount.length > 0 && { addMounts: mount.map((word) => mountOf('create', word)) }),
      ...(autostart && { autostart }),
      ...(start && { start }),
    };
    const created = await context.busy(`creating ${name}`, () =>
      context.client.domains.create({ body, dryRun }),
    );
    // Where in its document is said only to who is shown that.
    const findings = dryRun
      ? created.findings
      : created.findings.map((finding) => ({ ...finding, path: '' }));
    context.warn(findings, name);
    if (dryRun) context.printVerbatim(created, created.xml);
    else {
      // Those that nobody said.
      const given = ip.length > 0 ? [] : (created.domain?.addresses ?? []);
      const where = given.length > 0 ? `, at ${given.join(', ')}` : '';
      context.done(created, `Domain '${name}' created${start ? ' and started' : ''}${where}`);
    }
  },
});

/** `images/nginx-1.27.tar.gz` makes the template `nginx-1.27`. */
function templateOf(image: string): string {
  const base = basename(image).replace(/(?:\.oci)?(?:\.tar(?:\.[a-z]+)?|\.tgz)?$/, '');
  return base.replace(/[^A-Za-z0-9._+-]/g, '-');
}

const noImage = { command: [], environment: [], volumes: [], ports: [] };

/** The template of the image, which may be there under another name; of a dry run what it would be. */
const importImage = (context: Context, template: string, image: string, dryRun: boolean): Promise<Template> =>
  context.making(`importing ${template}`, (onProgress) =>
    context.client.templates.import(
      { template, body: { source: resolve(image), reuse: true, dryRun } },
      { onProgress, signal: context.io.signal },
    ),
  );

/** As before there was anything else to create. */
async function startTransient(context: Context, file: string, validate: boolean): Promise<void> {
  const { domain, findings } = await sendDocument(context, file, 'creating from', (body) =>
    context.client.domains.define({ body, strict: validate, transient: true }),
  );
  context.warn(findings, file);
  context.done({ domain, findings }, `Domain '${domain.name}' created from ${file}`);
}

const whatFor = (name: string): string =>
  name === '-' || name.includes('/') || name.endsWith('.xml')
    ? `create: '${name}' looks like a document: ${commandFor('create --transient', [name])} runs it until it stops, ${commandFor('define', [name])} keeps it`
    : 'create: --template is missing; ctvirt template list shows which there are';
