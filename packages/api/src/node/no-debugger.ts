// Imported first: Node opens its debugger, to every user of the host, to a process that gets SIGUSR1 and does not listen for it.
// SPDX-License-Identifier: Apache-2.0
process.on('SIGUSR1', () => undefined);
