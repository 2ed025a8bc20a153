// ctvirt metrics
// SPDX-License-Identifier: Apache-2.0
import { chmodSync, renameSync, rmSync, writeFileSync } from 'node:fs';
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
    "With --output they are a file that is there whole at each moment, such as node_exporter's textfile collector wants it.",
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
    if (output === undefined) context.printVerbatim({ metrics: text }, text);
    else {
      writeWhole(output, text);
      context.done({ output }, `Metrics written to ${output}`);
    }
  },
});

/** Readable for others, under its name only when it is complete. */
function writeWhole(file: string, text: string): void {
  const draft = `${file}.${process.pid}`;
  try {
    writeFileSync(draft, text, { flag: 'wx' });
    chmodSync(draft, 0o644);
    renameSync(draft, file);
  } catch (cause) {
    rmSync(draft, { force: true });
    refuseFile(file, cause, 'write');
  }
}
