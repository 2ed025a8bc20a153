// ctvirt xml schema
// SPDX-License-Identifier: Apache-2.0
import type { DescribedKind } from '@ctvirt/xml';
import { noneOf } from '../suggestion.js';
import { verb } from '../verb.js';

const forms = ['rng', 'json'] as const;
const kinds = ['domain', 'network', 'filter'] as const satisfies readonly DescribedKind[];

/** With `--json` and no `--format` it is the JSON Schema itself. */
export const xmlSchema = verb({
  name: 'xml schema',
  group: 'Documents',
  summary: 'Print the schema of domains, networks or filters, for editors and validators',
  details: [
    'rng is a RELAX NG grammar of the XML, json a JSON Schema of the same documents as JSON. Both come from the declarations that the parser goes by.',
    "A grammar cannot say everything: 'ctvirt xml validate' also finds two roots, overlapping id maps and the like. No daemon is asked.",
  ],
  args: { kind: { summary: 'domain, network or filter (default: domain)', complete: kinds, optional: true } },
  options: {
    format: { type: 'text', value: 'FORMAT', complete: forms, summary: 'rng or json (default: rng)' },
  },
  example: {
    command: 'ctvirt xml schema --format rng > domain.rng',
    does: "Writes the grammar for 'xmllint --relaxng domain.rng web.xml'.",
  },
  async run(context, { args: { kind: given = 'domain' }, options }) {
    const { format = context.isJson ? 'json' : 'rng' } = options;
    const kind = kinds.find((one) => one === given);
    if (kind === undefined) throw noneOf('xml schema: KIND', given, kinds);
    const { documentJsonSchema, documentRelaxNg } = await import('@ctvirt/xml');
    if (format === 'json') {
      const schema = documentJsonSchema(kind);
      context.print(schema, () => `${JSON.stringify(schema, null, 2)}\n`);
    } else if (format === 'rng') {
      const text = documentRelaxNg(kind);
      context.print({ format, text }, () => text);
    } else throw noneOf('xml schema: --format', format, forms);
  },
});
