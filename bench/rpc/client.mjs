// Our client against libvirtd, compared with libvirt-python on the same one.
// SPDX-License-Identifier: Apache-2.0
import { measureClients, wantedRate } from '../rpc-client.mjs';

/** @type {import('../measure.mjs').Row} */
export const client = {
  name: 'client',
  async run({ note }) {
    const { python, node, pipelined } = await measureClients({ calls: 2000, rounds: 7, note });
    /** @type {(what: string, rate: number) => import('../measure.mjs').Result} */
    const row = (what, rate) => ({
      what,
      ours: `${Math.round(rate)}/s`,
      theirs: `${Math.round(python)}/s`,
      ratio: rate / python,
      reach: `≥ ${wantedRate} ×`,
      ok: rate >= wantedRate * python,
    });
    return [
      row('our client / libvirt-python on one libvirtd, calls one after another', node),
      row('the same, five of ours in flight', pipelined),
    ];
  },
};
