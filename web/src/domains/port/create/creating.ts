import type { Deed } from '#web/live/rights.ts'

/** Any event of the port, since the same roles write all of them. */
export const CREATING: Deed = { publish: 'port.ship.arrived', on: 'port.ship' }
