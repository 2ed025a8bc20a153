// ctvirt template build
// SPDX-License-Identifier: Apache-2.0
import { noneOf } from '../suggestion.js';
import { verb } from '../verb.js';
import { describeBytes } from '../wording.js';

const distributions = ['debian', 'ubuntu', 'devuan', 'busybox'] as const;
type Distribution = (typeof distributions)[number];

const isDistribution = (word: string): word is Distribution => distributions.some((known) => known === word);

/** Returns the template; a name that is taken is refused with `exists`. */
export const templateBuild = verb({
  name: 'template build',
  group: 'Templates and profiles',
  summary: "Build a template from a distribution's packages",
  details: [
    'debian, ubuntu and devuan are built by mmdebstrap, from their own archives (Ubuntu and Devuan: if the keys of theirs are here); busybox is a system of a few files, made from the package installed here.',
    'Without NAME the template is called after the distribution and suite, such as debian-trixie.',
  ],
  args: {
    distribution: { summary: distributions.join(', '), complete: distributions },
    name: { summary: 'Name it gets', optional: true },
  },
  options: {
    suite: {
      type: 'text',
      value: 'SUITE',
      summary: 'Release, such as trixie (default: bookworm, noble, daedalus)',
    },
    include: { type: 'texts', value: 'PACKAGE', summary: 'A package beyond the base' },
    mirror: { type: 'text', value: 'URL', summary: "Where packages come from (default: the host's own)" },
  },
  example: {
    command: 'ctvirt template build debian --suite trixie',
    does: "Builds the template 'debian-trixie'.",
  },
  async run(context, { args, options: { suite, include, mirror } }) {
    const { distribution } = args;
    if (!isDistribution(distribution))
      throw noneOf('template build: DISTRIBUTION', distribution, distributions);
    const template = args.name ?? (suite === undefined ? distribution : `${distribution}-${suite}`);
    const body = {
      distribution,
      ...(suite !== undefined && { suite }),
      ...(include.length > 0 && { include }),
      ...(mirror !== undefined && { mirror }),
    };
    const made = await context.making(`building ${template}`, (onProgress) =>
      context.client.templates.build({ template, body }, { onProgress, signal: context.io.signal }),
    );
    context.done(made, `Template '${made.name}' built: ${describeBytes(made.unpackedBytes)}`);
  },
});
