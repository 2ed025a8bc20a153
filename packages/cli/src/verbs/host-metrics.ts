// ctvirt metrics
// SPDX-License-Identifier: Apache-2.0
import { saveText } from '../documents/save.js';
import { refuseFile } from '../errors.js';
import { verb } from '../verb.js';

/** The text as the daemon made it; JSON has it as a string. */
export const metrics = verb({
  name: 'metrics',
  group: 'Host',
  summary: 'Print what Prometheus reads: numbers of the host and its domains',
  details: [
    'They are what the daemon last found when it looked at what runs, which it does every ten seconds: nothing is looked at for this.',
    'own are our families, ctvirt_*; libvirt are those that exporters of libvirt have, incus those of Incus, for dashboards that were made for them.',
    "With --output they are a file that is there whole at each moment, such as node_exporter's textfile collector wants it; a device or a pipe of that name is written to.",
  ],
  args: {},
  options: {
    families: {
      type: 'text',
      value: 'NAMES',
      summary: 'own, libvirt, incus, with commas between them (default: own,libvirt)',
    },
    output: { type: 'text', value: 'FILE', summary: 'Write them to this file', complete: 'file' },
  },
  example: {
    command: 'ctvirt metrics --output /var/lib/prometheus/node-exporter/ctvirt.prom',
    does: 'Has node_exporter tell them, if a timer runs it each minute.',
  },
  async run(context, { options: { families, output } }) {
    const text = await context.client.metrics.show({ families });
    if (output === undefined) {
      context.printVerbatim({ metrics: text }, text);
      return;
    }
    // Others read it, such as node_exporter.
    const isFile = await saveText(output, text, 0o644).catch((cause: unknown) =>
      refuseFile(output, cause, 'write'),
    );
    // What is no file may be where this would go.
    if (isFile) context.done({ output }, `Metrics written to ${output}`);
  },
});
