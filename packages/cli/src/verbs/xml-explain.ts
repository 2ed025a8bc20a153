// ctvirt xml explain
// SPDX-License-Identifier: Apache-2.0
import { CliError } from '../errors.js';
import { printable } from '../printable.js';
import { didYouMean } from '../suggestion.js';
import { verb } from '../verb.js';

/** JSON is an array of path and text; the status is 1 if there is no entry for a path, and the others are printed all the same. */
export const xmlExplain = verb({
  name: 'xml explain',
  group: 'Documents',
  summary: 'Print the reference entry of an element or attribute of domains, networks and filters',
  details: [
    'Without PATH the entry of <domain> itself, which names what may stand in it; paths of <network> and <filter> start with network/ and filter/. An attribute is written with an @, as in devices/filesystem/@accessmode; the path that a finding names is understood as it stands. No daemon is asked.',
    'Ends with status 1 if there is no such element or attribute.',
  ],
  args: {
    path: {
      summary: 'Path below <domain>, or network/ or filter/ and one below those',
      complete: 'element',
      optional: true,
      many: true,
    },
  },
  options: {},
  example: {
    command: 'ctvirt xml explain devices/filesystem/quota',
    does: 'Tells what <quota> limits, its attributes, their units and defaults.',
  },
  async run(context, { args: { path: given = [] } }) {
    const { explain, explainable } = await import('@ctvirt/xml');
    const found: { path: string; text: string }[] = [];
    const paths = given.length === 0 ? ['domain'] : given;
    for (const path of paths) {
      const text = explain(path);
      if (text !== undefined) {
        found.push({ path, text });
        continue;
      }
      context.tellError(new CliError('local', unknown(path, explainable())));
    }
    context.print(found, () => found.map(({ text }) => `${text.trimEnd()}\n`).join('\n'));
    return found.length < paths.length ? 1 : 0;
  },
});

const mostPlaces = 5;

/** Says where a bare name stands, or how the path is spelt. */
function unknown(path: string, known: readonly string[]): string {
  const steps = path.split('/').filter((step) => step !== '' && step !== 'domain');
  const plain = steps.map((step) => step.replace(/\[\d+\]$/, '')).join('/');
  const places = known.filter((one) => one.endsWith(`/${plain}`) || one.endsWith(`/@${plain}`));
  const more = places.length > mostPlaces ? `, and in ${places.length - mostPlaces} more places` : '';
  const hint =
    places.length > 0
      ? `; it stands at ${places.slice(0, mostPlaces).join(', ')}${more}`
      : didYouMean(plain, known);
  return `no element or attribute '${printable(path)}'${hint}`;
}
