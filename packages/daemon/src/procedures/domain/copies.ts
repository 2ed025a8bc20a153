// Copies that would be empty: clients that clone define a domain's document under another name, and copy disks alone.
// SPDX-License-Identifier: Apache-2.0
import type { Engine } from '@ctvirt/engine';
import { commandFor, type Domain, formatDomain, isRoot, parseDomain } from '@ctvirt/xml';
import type { Session } from '../session.js';
import { refusal } from '../words/refusal.js';
import { withDefaults } from './shown-document.js';

/** What a copy has in common with what it is one of: all but names and hardware addresses. */
function likeness(domain: Domain): string {
  const { uuid: _, id: __, title: ___, ...rest } = withDefaults(domain);
  const interfaces = (domain.devices.interfaces ?? []).map(({ mac: ____, ...link }) => link);
  return formatDomain({ ...rest, name: 'copy', devices: { ...rest.devices, interfaces } });
}

const isOfTemplate = ({ devices }: Domain): boolean =>
  (devices.filesystems ?? []).some((each) => each.type === 'template' && isRoot(each));

/**
 * Refuses a new domain whose document is that of one which this connection was shown, as virt-clone defines it: its root would be an
 * empty one of the template, and nobody would say so.
 */
export async function refuseEmptyCopy(engine: Engine, session: Session, xml: string): Promise<void> {
  if (session.shown.size === 0) return;
  const { domain } = parseDomain(xml);
  if (domain === undefined || !isOfTemplate(domain)) return;
  const { name, uuid } = domain;
  const isThere = engine.find({ name }) ?? (uuid === undefined ? undefined : engine.find({ uuid }));
  if (isThere !== undefined) return;
  const own = likeness(domain);
  for (const shown of session.shown) {
    const source = engine.find({ uuid: shown });
    if (source === undefined || likeness(await engine.document(shown, { inactive: true })) !== own) continue;
    throw refusal(
      'operationUnsupported',
      'domain',
      `'${name}' would be a copy of '${source.name}' without its files: \`${commandFor('clone', [source.name, name])}\` copies them, \`ctvirt create\` makes an empty one`,
    );
  }
}
