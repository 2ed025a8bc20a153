// Starts and stops a network for as long as it lives, which is not long: it is killed on the way.
// SPDX-License-Identifier: Apache-2.0
import { LinuxNetworks } from '../networks/linux/linux-networks.js';
import { networkMember, networkPlan } from './network-plan.js';

const [, , name = '', folder = ''] = process.argv;
const networks = new LinuxNetworks({ name, folder, log: () => undefined });
await networks.open([], async () => undefined);
process.stdout.write('ready\n');
for (;;) {
  await networks.start(networkPlan(), [networkMember()]);
  await networks.stop(networkPlan());
}
