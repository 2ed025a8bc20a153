// The reference pages of libvirt's protocol and of the daemon's settings, from the daemon's own tables.
// SPDX-License-Identifier: Apache-2.0
import { writeFileSync } from 'node:fs';
import { formatCompatibility } from '../packages/daemon/dist/procedures/describe.js';
import { formatSettings } from '../packages/daemon/dist/settings.js';

const folder = new URL('../docs/reference/', import.meta.url).pathname;
writeFileSync(`${folder}libvirt-compatibility.md`, formatCompatibility());
writeFileSync(`${folder}ctvirtd.conf.md`, formatSettings());
