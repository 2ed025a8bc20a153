// Network filters: found, shown, defined, forgotten.
// SPDX-License-Identifier: Apache-2.0
import type { FilterSummary } from '@ctvirt/api';
import type { Engine } from '@ctvirt/engine';
import { formatDocument, parseDocument } from '@ctvirt/xml';
import type { Bind } from '../session.js';
import { listed } from '../words/list-flags.js';
import { checkFlags, refusal } from '../words/refusal.js';

const validateFlag = 1;

interface WireFilter {
  readonly name: string;
  readonly uuid: string;
}
const toWire = ({ name, uuid }: FilterSummary): WireFilter => ({ name, uuid });

/** An absent one is refused in libvirt's words. */
function lookUp(
  { filters }: Engine,
  key: { readonly name: string } | { readonly uuid: string },
): FilterSummary {
  const found = filters.find(key);
  if (found !== undefined) return found;
  const what = 'name' in key ? `name '${key.name}'` : `uuid '${key.uuid}'`;
  throw refusal('noNwfilter', 'nwfilter', `no nwfilter with matching ${what}`);
}

/** The filter of a call: clients name it by its UUID, whatever else they send. */
const filterOf = (engine: Engine, { uuid }: WireFilter): FilterSummary => lookUp(engine, { uuid });

/** libvirt takes a document without a UUID for that of a new filter, whose name must be free. */
function checkIdentity({ filters }: Engine, xml: string): void {
  const { model } = parseDocument('filter', xml);
  if (model === undefined || model.uuid !== undefined) return; // the engine says what is wrong with it
  const other = filters.find({ name: model.name });
  if (other !== undefined && !other.shipped)
    throw refusal(
      'operationFailed',
      'nwfilter',
      `filter '${model.name}' already exists with uuid ${other.uuid}`,
    );
}

/** With what libvirt writes out although nobody stated it. */
function inNormalForm(xml: string): string {
  const { model } = parseDocument('filter', xml, { stored: true });
  return model === undefined ? xml : formatDocument('filter', model, { libvirt: true });
}

/** Those that come with ctvirt are there as those are that libvirt comes with. */
export const bindNwfilters: Bind = ({ engine }) => {
  const define = async (xml: string, strict: boolean) => {
    checkIdentity(engine, xml);
    return { nwfilter: toWire((await engine.filters.define(xml, { strict })).filter) };
  };
  return {
    connectListAllNwfilters({ needResults, flags }, { name }) {
      checkFlags(flags, 0, name);
      const { items, ret } = listed([...engine.filters.list()], needResults);
      return { filters: items.map(toWire), ret };
    },
    connectNumOfNwfilters: () => ({ num: engine.filters.list().length }),
    connectListNwfilters: ({ maxnames }) => ({
      names: engine.filters
        .list()
        .map(({ name }) => name)
        .slice(0, Math.max(0, maxnames)),
    }),
    nwfilterLookupByName: ({ name }) => ({ nwfilter: toWire(lookUp(engine, { name })) }),
    nwfilterLookupByUuid: ({ uuid }) => ({ nwfilter: toWire(lookUp(engine, { uuid })) }),
    nwfilterGetXmlDesc({ nwfilter, flags }, { name }) {
      checkFlags(flags, 0, name);
      return { xml: inNormalForm(engine.filters.xml(filterOf(engine, nwfilter).uuid)) };
    },
    nwfilterDefineXml: ({ xml }) => define(xml, false),
    nwfilterDefineXmlFlags({ xml, flags }, { name }) {
      checkFlags(flags, validateFlag, name);
      return define(xml, (flags & validateFlag) !== 0);
    },
    nwfilterUndefine: ({ nwfilter }) => engine.filters.undefine(filterOf(engine, nwfilter).uuid),
  };
};
