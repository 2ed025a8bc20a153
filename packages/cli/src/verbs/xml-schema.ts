// ctvirt xml schema
// SPDX-License-Identifier: Apache-2.0
import { CliError } from '../errors.js';
import { didYouMean } from '../suggestion.js';
import { verb } from '../verb.js';

const forms = ['rng', 'json'] as const;

/** With `--json` and no `--format` it is the JSON Schema itself. */
export const xmlSchema = verb({
  name: 'xml schema',
  group: 'Documents',
  summary: 'Print the schema of domain documents, for editors and validators',
  details: [
    'rng is a RELAX NG grammar of the XML, json a JSON Schema of the same domains as JSON. Both come from the declarations that the parser goes by.',
    "A grammar cannot say everything: 'ctvirt xml validate' also finds two roots, overlapping id maps and the like. No daemon is asked.",
  ],
  args: {},
  options: {
    format: { type: 'text', value: 'FORMAT', complete: forms, summary: 'rng or json (default: rng)' },
  },
  example: {
    command: 'ctvirt xml schema --format rng > domain.rng',
    does: "Writes the grammar for 'xmllint --relaxng domain.rng web.xml'.",
  },
  async run(context, { options: { format = context.isJson ? 'json' : 'rng' } }) {
    const { domainJsonSchema, domainRelaxNg } = await import('@ctvirt/xml');
    if (format === 'json')
      context.print(domainJsonSchema(), () => `${JSON.stringify(domainJsonSchema(), null, 2)}\n`);
    else if (format === 'rng') context.print({ format, text: domainRelaxNg() }, domainRelaxNg);
    else
      throw new CliError(
        'usage',
        `xml schema: --format is one of ${forms.join(', ')}, not '${format}'${didYouMean(format, forms)}`,
      );
  },
});
