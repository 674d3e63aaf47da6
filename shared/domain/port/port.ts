import { defineDomain } from '#shared/domain/define-domain.ts'
import { berthEvents, containerEvents, moveEvents, portEvents, shipEvents } from './port-events.ts'
import { portLifecycle } from './port-lifecycle.ts'
import { portViews } from './port-views.ts'
import { simulatePort } from './simulate-port.ts'

/** Port operations: containers, ships and berths, with a lifecycle for every event. */
export const port = defineDomain({
  ...portViews,
  topics: { 'container-events': ['port.container.**'], 'port-events': ['port.**'] },
  events: { ...containerEvents, ...shipEvents, ...berthEvents, ...portEvents, ...moveEvents },
  lifecycle: portLifecycle,
  simulate: simulatePort,
})
