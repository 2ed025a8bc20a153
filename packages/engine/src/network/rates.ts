// The rates of a <bandwidth>, in bytes.
// SPDX-License-Identifier: Apache-2.0
import type { Bandwidth } from '@ctvirt/xml';
import type { Rate, Rates } from '../host/shaping.js';

export const ratesOf = (bandwidth: Bandwidth | undefined): Rates => ({
  inbound: rateOf(bandwidth?.inbound),
  outbound: rateOf(bandwidth?.outbound),
});

/** libvirt hands its numbers to tc, whose kilobyte a second has 1000 bytes and whose kilobyte 1024. */
function rateOf(rate: Bandwidth['inbound']): Rate | undefined {
  if (rate?.average === undefined) return undefined;
  const { average, peak, burst } = rate;
  return {
    averageBytes: average * 1000,
    peakBytes: peak === undefined ? undefined : peak * 1000,
    burstBytes: burst === undefined ? undefined : burst * 1024,
  };
}
