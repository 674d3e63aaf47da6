import { blog } from './blog/blog.ts'
import type { Domain } from './define-domain.ts'
import { market } from './market/market.ts'
import { port } from './port/port.ts'
import { sensors } from './sensors/sensors.ts'
import { tidewire } from './tidewire.ts'

/** Every domain of this deployment: one line each. */
export const domains: readonly Domain[] = [port, blog, market, sensors, tidewire]
