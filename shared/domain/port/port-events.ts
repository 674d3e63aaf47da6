import type * as z from 'zod'
import type { Derived } from '#shared/domain/define-domain.ts'
import * as schemas from './port-schemas.ts'

/** A delay that is longer, or a temperature that is further off, matters more. */
const LONG_DELAY_MINUTES = 240
const FAR_OFF_CELSIUS = 5

type Delay = { readonly minutes?: number | undefined } | undefined
const byDelay: Derived<Delay> = {
  rule: `"high" from ${LONG_DELAY_MINUTES} minutes on, else "medium"`,
  of: (data) => ((data?.minutes ?? 0) >= LONG_DELAY_MINUTES ? 'high' : 'medium'),
}
const byTemperature: Derived<z.infer<typeof schemas.temperatureAlarm>> = {
  rule: `"critical" from ${FAR_OFF_CELSIUS} °C off the set point on, else "high"`,
  of: (data) =>
    Math.abs((data?.temperature ?? 0) - (data?.setpoint ?? data?.temperature ?? 0)) >= FAR_OFF_CELSIUS
      ? 'critical'
      : 'high',
}

/** A type of one category, whose events keep their order by what `key` reads off the data. */
function family<Data>(category: string, schema: z.ZodType<Data>, key?: (data: Data) => string | undefined) {
  return (description: string, example: object, severity?: Derived<Data>) => ({
    schema: schema.meta({ description, examples: [example] }),
    category,
    ...(key && { key }),
    ...(severity !== undefined && { severity }),
  })
}

const ofContainer = family('port.container', schemas.container, (data) => data?.containerId)
const ofLateContainer = family('port.container', schemas.delayedContainer, (data) => data?.containerId)
const ofReefer = family('port.container', schemas.temperatureAlarm, (data) => data?.containerId)
const ofShip = family('port.ship', schemas.ship, (data) => data?.shipId)
const ofLateShip = family('port.ship', schemas.delayedShip, (data) => data?.shipId)
const ofBerth = family('port.berth', schemas.berth, (data) => data?.berthId)
const ofConflict = family('port.berth', schemas.berthConflict, (data) => data?.berthId)
const ofPort = family('port.port', schemas.notice)
const ofSystem = family('port.system', schemas.notice)
const ofMove = family('port.lifecycle', schemas.move)

const BOX = 'MSKU-9021044'
const SHIP = 'mv-aurora'

/** The event types of containers. */
export const containerEvents = {
  'port.container.arrived': ofContainer('A container came in.', {
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
    'Customs keep a container back.',
    { containerId: BOX, requiresAction: true },
    'medium',
  ),
  'port.container.customs-released': ofContainer('Customs let a container go.', { containerId: BOX }),
  'port.container.inspection-requested': ofContainer(
    'A container is to be inspected; follows by itself when one arrives.',
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
export const shipEvents = {
  'port.ship.arrived': ofShip('A ship made fast; it occupies the berth that it names.', {
    shipId: SHIP,
    berth: 'B2',
  }),
  'port.ship.departed': ofShip('A ship left; the berth that it names is freed.', {
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
export const berthEvents = {
  'port.berth.assigned': ofBerth('A berth was given to a ship.', { berthId: 'B2', shipId: SHIP }),
  'port.berth.occupied': ofBerth('A ship lies at a berth; follows by itself when a ship arrives at one.', {
    berthId: 'B2',
    shipId: SHIP,
  }),
  'port.berth.freed': ofBerth('A berth is free again; follows by itself when a ship departs from one.', {
    berthId: 'B2',
  }),
  'port.berth.conflict': ofConflict(
    'A berth was given to a ship while another one has it; follows by itself.',
    { berthId: 'B2', shipId: SHIP, contender: 'mv-borealis' },
    'critical',
  ),
}

/** The event types of the port as a whole, of its systems, and of its lifecycle. */
export const portEvents = {
  'port.notice': ofPort('Something that everybody at the port should know.', { title: 'Gate 3 is closed' }),
  'port.weather-warning': ofPort(
    'Weather that hinders the port.',
    { title: 'Gale from the north-west' },
    'high',
  ),
  'port.security-alert': ofPort('The port is not safe.', { title: 'Intruder at terminal 2' }, 'critical'),
  'port.system.failure': ofSystem(
    'A system of the port does not work.',
    { title: 'Crane 4 stopped' },
    'high',
  ),
  'port.system.recovered': ofSystem('A system of the port works again.', { title: 'Crane 4 works again' }),
  'port.notification': ofSystem(
    'Tells of a critical event; follows by itself.',
    { title: 'Critical: Intruder at terminal 2' },
    'high',
  ),
}

const aMove = { move: 'acknowledge', by: 'anna', at: '2026-11-21T08:00:00Z', from: 'new', to: 'acknowledged' }

/** What the calls `POST /events/{id}/<move>` write; the category is that of the event, with ".lifecycle" after it. */
export const moveEvents = {
  'port.lifecycle.acknowledged': ofMove('An event was acknowledged.', aMove),
  'port.lifecycle.assigned': ofMove('An event was given to a user.', {
    ...aMove,
    move: 'assign',
    assignee: 'bob',
    to: 'new',
  }),
  'port.lifecycle.started': ofMove('Somebody works on an event.', {
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
  'port.lifecycle.read': ofMove('A user has read an event.', { ...aMove, move: 'read', to: 'new' }),
  'port.lifecycle.deleted': ofMove('An event was deleted.', { ...aMove, move: 'delete', to: 'new' }),
}
