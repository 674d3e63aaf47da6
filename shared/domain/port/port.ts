import * as z from 'zod'
import { type Derived, defineDomain } from '#shared/domain/define-domain.ts'
import { PRIORITIES } from './case.ts'
import { portLifecycle } from './port-lifecycle.ts'
import { portViews } from './port-views.ts'
import { simulatePort } from './simulate-port.ts'

/** The members that every event of the port may have. */
const common = {
  title: z
    .string()
    .max(200)
    .optional()
    .meta({ description: 'One line. If it is missing, it is derived from the type.' }),
  description: z.string().optional(),
  priority: z.enum(PRIORITIES).optional().meta({ description: 'If it is missing, "normal".' }),
  location: z.string().optional(),
  coordinates: z
    .looseObject({ latitude: z.number().min(-90).max(90), longitude: z.number().min(-180).max(180) })
    .optional()
    .meta({ description: 'Degrees, WGS 84.' }),
  metadata: z.looseObject({}).optional().meta({ description: 'Any further data.' }),
  requiresAction: z.boolean().optional(),
}
const minutes = z.number().min(0).optional().meta({ description: 'The delay in minutes.' })
const berthName = z.string().optional()
const nameOf = (what: string) =>
  z
    .string()
    .optional()
    .meta({ description: `The id of the ${what}. If it is missing, the subject is the id.` })

const aboutContainer = {
  containerId: nameOf('container'),
  berth: berthName,
  weightKg: z.number().min(0).optional(),
}
const aboutShip = { shipId: nameOf('ship'), berth: berthName }

const containerData = z.looseObject({ ...aboutContainer, ...common }).optional()
const delayedContainerData = z.looseObject({ ...aboutContainer, minutes, ...common }).optional()
const temperatureAlarmData = z
  .looseObject({
    ...aboutContainer,
    temperature: z.number().optional().meta({ description: 'Degrees Celsius.' }),
    setpoint: z.number().optional().meta({ description: 'The required temperature in degrees Celsius.' }),
    ...common,
  })
  .optional()
const shipData = z.looseObject({ ...aboutShip, ...common }).optional()
const delayedShipData = z.looseObject({ ...aboutShip, minutes, ...common }).optional()
const berthData = z
  .looseObject({ berthId: nameOf('berth'), shipId: z.string().optional(), ...common })
  .optional()
const berthConflictData = z
  .looseObject({
    berthId: nameOf('berth'),
    shipId: z.string().optional().meta({ description: 'The ship that occupies the berth.' }),
    contender: z.string().optional().meta({ description: 'The ship that the berth was also given to.' }),
    ...common,
  })
  .optional()
const noticeData = z.looseObject(common).optional()

/** A move of a lifecycle; its `subject` is the id of the event that is moved, and its `subjectsource` the source. */
const moveData = z.looseObject({
  move: z.string(),
  by: z.string().meta({ description: 'The user that made the move.' }),
  at: z.string().meta({ description: 'The time of the move, RFC 3339.' }),
  from: z.string().optional().meta({ description: 'The status that the user saw.' }),
  to: z.string().optional(),
  note: z.string().optional(),
  assignee: z.string().nullable().optional(),
})

/** From these values on, an event has the higher severity. */
const LONG_DELAY_MINUTES = 240
const FAR_OFF_CELSIUS = 5

type Delay = { readonly minutes?: number | undefined } | undefined
const byDelay: Derived<Delay> = {
  rule: `"high" from ${LONG_DELAY_MINUTES} minutes on, else "medium"`,
  of: (data) => ((data?.minutes ?? 0) >= LONG_DELAY_MINUTES ? 'high' : 'medium'),
}
const byTemperature: Derived<z.infer<typeof temperatureAlarmData>> = {
  rule: `"critical" from ${FAR_OFF_CELSIUS} °C off the set point on, else "high"`,
  of: (data) =>
    Math.abs((data?.temperature ?? 0) - (data?.setpoint ?? data?.temperature ?? 0)) >= FAR_OFF_CELSIUS
      ? 'critical'
      : 'high',
}

/** Returns a function that defines event types of one category. Events with the same `key` stay in their order. */
function family<Data>(category: string, schema: z.ZodType<Data>, key?: (data: Data) => string | undefined) {
  return (description: string, example: object, severity?: Derived<Data>) => ({
    schema: schema.meta({ description, examples: [example] }),
    category,
    ...(key && { key }),
    ...(severity !== undefined && { severity }),
  })
}

/** Only the views and the moves of the lifecycle write events of this type. */
function internal<Definition extends object>(definition: Definition) {
  return { ...definition, isInternal: true as const }
}

const ofContainer = family('port.container', containerData, (data) => data?.containerId)
const ofLateContainer = family('port.container', delayedContainerData, (data) => data?.containerId)
const ofReefer = family('port.container', temperatureAlarmData, (data) => data?.containerId)
const ofShip = family('port.ship', shipData, (data) => data?.shipId)
const ofLateShip = family('port.ship', delayedShipData, (data) => data?.shipId)
const ofBerth = family('port.berth', berthData, (data) => data?.berthId)
const ofConflict = family('port.berth', berthConflictData, (data) => data?.berthId)
const ofPort = family('port.port', noticeData)
const ofSystem = family('port.system', noticeData)
const ofAnyMove = family('port.lifecycle', moveData)
const ofMove = (description: string, example: object) => internal(ofAnyMove(description, example))

const BOX = 'MSKU-9021044'
const SHIP = 'mv-aurora'

/** The event types of containers. */
const containerEvents = {
  'port.container.arrived': ofContainer('A container arrived.', {
    containerId: BOX,
    berth: 'B4',
    weightKg: 21_400,
  }),
  'port.container.departed': ofContainer('A container left.', { containerId: BOX }),
  'port.container.delayed': ofLateContainer(
    'A container will be late.',
    { containerId: 'TGHU-7714320', minutes: 95 },
    byDelay,
  ),
  'port.container.damaged': ofContainer(
    'A container is damaged.',
    { containerId: BOX, description: 'Dent in the left wall', requiresAction: true },
    'high',
  ),
  'port.container.customs-hold': ofContainer(
    'Customs holds a container.',
    { containerId: BOX, requiresAction: true },
    'medium',
  ),
  'port.container.customs-released': ofContainer('Customs released a container.', { containerId: BOX }),
  'port.container.inspection-requested': ofContainer(
    'A container must be inspected. Emitted when a container arrives.',
    { containerId: BOX, requiresAction: true },
  ),
  'port.container.inspection-passed': ofContainer('A container passed its inspection.', { containerId: BOX }),
  'port.container.inspection-failed': ofContainer(
    'A container failed its inspection.',
    { containerId: BOX, requiresAction: true },
    'high',
  ),
  'port.container.temperature-alarm': ofReefer(
    'A reefer is too warm or too cold.',
    { containerId: BOX, temperature: -11.5, setpoint: -18 },
    byTemperature,
  ),
}

/** The event types of ships. */
const shipEvents = {
  'port.ship.arrived': ofShip('A ship arrived and occupies the berth in its data.', {
    shipId: SHIP,
    berth: 'B2',
  }),
  'port.ship.departed': ofShip('A ship left; the berth in its data becomes free.', {
    shipId: SHIP,
    berth: 'B2',
  }),
  'port.ship.delayed': ofLateShip('A ship will be late.', { shipId: SHIP, minutes: 300 }, byDelay),
  'port.ship.distress': ofShip(
    'A ship is in distress.',
    { shipId: SHIP, coordinates: { latitude: 53.87, longitude: 8.71 }, priority: 'urgent' },
    'critical',
  ),
}

/** The event types of berths. */
const berthEvents = {
  'port.berth.assigned': ofBerth('A berth was given to a ship.', { berthId: 'B2', shipId: SHIP }),
  'port.berth.occupied': ofBerth('A ship occupies a berth. Emitted when a ship arrives at a berth.', {
    berthId: 'B2',
    shipId: SHIP,
  }),
  'port.berth.freed': ofBerth('A berth is free again. Emitted when a ship departs from a berth.', {
    berthId: 'B2',
  }),
  'port.berth.conflict': internal(
    ofConflict(
      'A berth was given to a ship while another ship occupies it. Emitted by the view "berths".',
      { berthId: 'B2', shipId: SHIP, contender: 'mv-borealis' },
      'critical',
    ),
  ),
}

/** The event types of the port as a whole, of its systems, and of its lifecycle. */
const portEvents = {
  'port.notice': ofPort('A notice for the whole port.', { title: 'Gate 3 is closed' }),
  'port.weather-warning': ofPort(
    'Weather that affects the port.',
    { title: 'Gale from the north-west' },
    'high',
  ),
  'port.security-alert': ofPort(
    'A threat to the security of the port.',
    { title: 'Intruder at terminal 2' },
    'critical',
  ),
  'port.system.failure': ofSystem('A system of the port failed.', { title: 'Crane 4 stopped' }, 'high'),
  'port.system.recovered': ofSystem('A system of the port works again.', { title: 'Crane 4 works again' }),
  'port.notification': internal(
    ofSystem(
      'Reports a critical event. Emitted when one occurs.',
      { title: 'Critical: Intruder at terminal 2' },
      'high',
    ),
  ),
}

const aMove = { move: 'acknowledge', by: 'anna', at: '2026-11-21T08:00:00Z', from: 'new', to: 'acknowledged' }

/** The events that `POST /events/{id}/<move>` writes. Their category is that of the event followed by `.lifecycle`. */
const moveEvents = {
  'port.lifecycle.acknowledged': ofMove('An event was acknowledged.', aMove),
  'port.lifecycle.assigned': ofMove('An event was assigned to a user.', {
    ...aMove,
    move: 'assign',
    assignee: 'bob',
    to: 'new',
  }),
  'port.lifecycle.started': ofMove('Work on an event was started.', {
    ...aMove,
    move: 'start',
    from: 'acknowledged',
    to: 'in-progress',
  }),
  'port.lifecycle.resolved': ofMove('An event was resolved.', {
    ...aMove,
    move: 'resolve',
    from: 'in-progress',
    to: 'resolved',
    note: 'Replaced the seal',
  }),
  'port.lifecycle.closed': ofMove('An event was closed.', {
    ...aMove,
    move: 'close',
    from: 'resolved',
    to: 'closed',
  }),
  'port.lifecycle.read': ofMove('A user read an event.', { ...aMove, move: 'read', to: 'new' }),
  'port.lifecycle.deleted': ofMove('An event was deleted.', { ...aMove, move: 'delete', to: 'new' }),
}

/** Port operations: containers, ships and berths, with a lifecycle for every event. */
export const port = defineDomain({
  ...portViews,
  topics: { 'container-events': ['port.container.**'], 'port-events': ['port.**'] },
  events: { ...containerEvents, ...shipEvents, ...berthEvents, ...portEvents, ...moveEvents },
  lifecycle: portLifecycle,
  searched: ['title', 'description'],
  exported: ['status', 'assignee', 'priority', 'title', 'description', 'location'],
  simulate: simulatePort,
})
