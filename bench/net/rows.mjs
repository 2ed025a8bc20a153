// What is measured of networks: one file for each row.
// SPDX-License-Identifier: Apache-2.0
import { dhcp } from './dhcp.mjs';
import { document } from './document.mjs';
import { running } from './running.mjs';
import { start } from './start.mjs';
import { throughput } from './throughput.mjs';

export const netRows = [start, running, throughput, dhcp, document];
