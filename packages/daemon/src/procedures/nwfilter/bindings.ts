// Bindings of network filters: the links of running domains that have one. They follow from the domains' documents.
// SPDX-License-Identifier: Apache-2.0
import type { FilterBinding } from '@ctvirt/api';
import type { Engine } from '@ctvirt/engine';
import { escapeAttribute, escapeText } from '@ctvirt/xml';
import type { Bind } from '../session.js';
import { listed } from '../words/list-flags.js';
import { checkFlags, refusal } from '../words/refusal.js';

interface WireBinding {
  readonly portdev: string;
  readonly filtername: string;
}
const toWire = ({ link, filter }: FilterBinding): WireBinding => ({ portdev: link, filtername: filter });

function bindingOf({ filters }: Engine, portdev: string): FilterBinding {
  const found = filters.bindings().find(({ link }) => link === portdev);
  if (found !== undefined) return found;
  throw refusal('noNwfilterBinding', 'nwfilter', `no nwfilter binding for port dev '${portdev}'`);
}

function xmlOf({ domain, uuid, link, mac, filter, parameters }: FilterBinding): string {
  const given = parameters.map(
    ({ name, value }) =>
      `    <parameter name='${escapeAttribute(name)}' value='${escapeAttribute(value)}'/>\n`,
  );
  const reference = `<filterref filter='${escapeAttribute(filter)}'`;
  return `<filterbinding>
  <owner>
    <name>${escapeText(domain)}</name>
    <uuid>${uuid}</uuid>
  </owner>
  <portdev name='${escapeAttribute(link)}'/>
  <mac address='${mac}'/>
  ${given.length === 0 ? `${reference}/>` : `${reference}>\n${given.join('')}  </filterref>`}
</filterbinding>
`;
}

const refuseChange = (): never => {
  throw refusal(
    'operationUnsupported',
    'nwfilter',
    "a link has the filter that its domain's document names: change that",
  );
};

/** Shown, and changed by changing the domain. */
export const bindNwfilterBindings: Bind = ({ engine }) => ({
  connectListAllNwfilterBindings({ needResults, flags }, { name }) {
    checkFlags(flags, 0, name);
    const { items, ret } = listed([...engine.filters.bindings()], needResults);
    return { bindings: items.map(toWire), ret };
  },
  nwfilterBindingLookupByPortDev: ({ name }) => ({ nwfilter: toWire(bindingOf(engine, name)) }),
  nwfilterBindingGetXmlDesc({ nwfilter, flags }, { name }) {
    checkFlags(flags, 0, name);
    return { xml: xmlOf(bindingOf(engine, nwfilter.portdev)) };
  },
  nwfilterBindingCreateXml: refuseChange,
  nwfilterBindingDelete: refuseChange,
});
