import type { DomainEvent, Emission } from '#shared/domain/define-domain.ts'
import { coordinatesOf, isMove, priorityOf, titleOf } from './case.ts'
import { asName, membersOf, nameOf, textOf } from './read-event.ts'

/** The longest title made here, in bytes; the schema accepts 200 characters. */
const LONGEST_TITLE = 190

/** Returns what identifies the event that a follow-up is about. */
function about({ id, source, type }: DomainEvent) {
  return { id, source, type }
}

/**
 * Returns the events that follow automatically from an event of the port: an arrived container must be inspected, a ship
 * occupies the berth at which it arrives and frees the one that it leaves, and a critical event causes a notification.
 * Each follow-up has the partition key of what it is about, so that the events of a berth stay in their order for
 * any partition of the ship.
 */
export function automate(event: DomainEvent): Emission[] {
  if (isMove(event)) return []
  return [...followArrival(event), ...followShip(event), ...notify(event)]
}

function followArrival(event: DomainEvent): Emission[] {
  const containerId = nameOf(event, 'containerId')
  if (event.type !== 'port.container.arrived' || containerId === null) return []
  const { berth, priority } = membersOf(event.data)
  const data = {
    title: `Inspect container ${containerId}`,
    description: 'Requested because the container arrived.',
    containerId,
    requiresAction: true,
    because: about(event),
    ...placeOf(event),
    ...defined({ berth: asName(berth) ?? undefined, priority: priorityOf(priority) }),
  }
  const type = 'port.container.inspection-requested'
  return [{ type, subject: containerId, category: 'port.container', partitionkey: containerId, data }]
}

function followShip(event: DomainEvent): Emission[] {
  const berthId = asName(membersOf(event.data).berth)
  const shipId = nameOf(event, 'shipId')
  const isArrival = event.type === 'port.ship.arrived'
  if ((!isArrival && event.type !== 'port.ship.departed') || berthId === null || shipId === null) return []
  const type = isArrival ? 'port.berth.occupied' : 'port.berth.freed'
  const title = textOf(`${shipId} ${isArrival ? 'lies at' : 'left'} berth ${berthId}`, LONGEST_TITLE)
  const data = { title, berthId, shipId, because: about(event), ...placeOf(event) }
  return [{ type, subject: berthId, category: 'port.berth', partitionkey: berthId, data }]
}

/** A notification is never critical and never causes another one; otherwise they would never end. */
function notify(event: DomainEvent): Emission[] {
  if (event.severity !== 'critical' || event.type === 'port.notification') return []
  const { title, description } = membersOf(event.data)
  const data = {
    title: `Critical: ${textOf(textOf(title, LONGEST_TITLE) ?? titleOf(event), LONGEST_TITLE - 10)}`,
    priority: 'urgent',
    because: about(event),
    ...defined({ description: textOf(description, 500) ?? undefined }),
    ...placeOf(event),
  }
  const subject = asName(event.subject)
  return [
    {
      type: 'port.notification',
      category: 'port.system',
      severity: 'high',
      data,
      partitionkey: asName(event.id) ?? 'critical',
      ...(subject !== null && { subject }),
    },
  ]
}

/** Returns the place of an event, if it has one. */
function placeOf({ data }: DomainEvent): Record<string, unknown> {
  const { location, coordinates } = membersOf(data)
  return defined({
    location: textOf(location, 300) ?? undefined,
    coordinates: coordinatesOf(coordinates) ?? undefined,
  })
}

function defined(members: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined))
}
