// The reference pages of libvirt's protocol, of the daemon's settings and metrics, of resource parameters, of OpenVZ's programs and of what is obeyed, from their own tables.
// SPDX-License-Identifier: Apache-2.0
import { writeFileSync } from 'node:fs';
import { formatVzctl } from '../packages/cli/dist/vz/reference.js';
import { formatMetrics } from '../packages/daemon/dist/metrics/describe.js';
import { formatCompatibility } from '../packages/daemon/dist/procedures/describe.js';
import { formatSettings } from '../packages/daemon/dist/settings.js';
import { formatHonoured } from '../packages/engine/dist/honoured/reference.js';
import { formatWalls } from '../packages/engine/dist/walls/reference.js';
import { formatParameters } from '../packages/formats/dist/index.js';

const folder = new URL('../docs/reference/', import.meta.url).pathname;
writeFileSync(`${folder}libvirt-compatibility.md`, formatCompatibility());
writeFileSync(`${folder}ctvirtd.conf.md`, formatSettings());
writeFileSync(`${folder}metrics.md`, formatMetrics());
writeFileSync(`${folder}parameters.md`, formatParameters());
writeFileSync(`${folder}vzctl.md`, formatVzctl());
writeFileSync(`${folder}walls.md`, formatWalls());
writeFileSync(`${folder}honoured.md`, await formatHonoured());
