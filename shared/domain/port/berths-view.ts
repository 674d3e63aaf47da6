import type { ErasedEvent } from '#shared/core/erasure.ts'
import { plainTime } from '#shared/core/time.ts'
import { type DomainEvent, defineView, type Emission } from '#shared/domain/define-domain.ts'
import { isMove } from './case.ts'
import { asName, keyOf, membersOf, nameOf, textOf } from './read-event.ts'

/** One line of the history of a berth. */
export type BerthEntry = {
  readonly at: string
  readonly what: 'assigned' | 'occupied' | 'freed' | 'conflict'
  readonly ship: string | null
  /** The ship is the one that lay there: the event named none. */
  readonly isInferred?: true
  /** The id and the source of the event. Earlier versions kept no source. */
  readonly event: string
  readonly source?: string
}

/** A berth: free, or taken by a ship since a time. `contender` was given the berth while another ship had it. */
export type Berth = {
  readonly berth: string
  readonly status: 'free' | 'occupied'
  readonly ship: string | null
  readonly since: string | null
  readonly contender: string | null
  /** Oldest first, the last twenty. */
  readonly history: readonly BerthEntry[]
}

const KEPT_ENTRIES = 20
const WHAT: ReadonlyMap<string, 'assigned' | 'occupied' | 'freed'> = new Map([
  ['port.berth.assigned', 'assigned'],
  ['port.berth.occupied', 'occupied'],
  ['port.berth.freed', 'freed'],
])

function whatOf(event: DomainEvent) {
  return isMove(event) ? undefined : WHAT.get(event.type)
}

function shipOf(event: DomainEvent): string | null {
  return asName(membersOf(event.data).shipId)
}

function takes(event: DomainEvent): boolean {
  const what = whatOf(event)
  return (what === 'assigned' || what === 'occupied') && shipOf(event) !== null
}

function isConflict({ ship }: Berth, event: DomainEvent): boolean {
  return takes(event) && ship !== null && ship !== shipOf(event)
}

function applyToBerth(state: Berth, event: DomainEvent): Berth {
  const what = whatOf(event)
  const ship = shipOf(event)
  const at = plainTime(event.time) ?? ''
  if (what === undefined) return state
  const add = (as: BerthEntry['what']) =>
    [
      ...state.history,
      {
        at,
        what: as,
        ship: ship ?? state.ship,
        ...(ship === null && state.ship !== null && { isInferred: true as const }),
        event: textOf(event.id, 300) ?? '',
        source: textOf(event.source, 300) ?? '',
      },
    ].slice(-KEPT_ENTRIES)
  if (isConflict(state, event)) return { ...state, contender: ship, history: add('conflict') }
  if (takes(event))
    return state.ship === ship
      ? { ...state, history: add(what) }
      : { ...state, status: 'occupied', ship, since: at, history: add(what) }
  const isOthers = ship !== null && state.ship !== null && ship !== state.ship
  const isFreeAlready = state.status === 'free' && state.since !== null
  if (what !== 'freed' || isOthers || isFreeAlready) return state
  return { ...state, status: 'free', ship: null, since: at, contender: null, history: add('freed') }
}

function conflict(state: Berth, event: DomainEvent): Emission[] {
  if (!isConflict(state, event)) return []
  const { berth, ship: shipId } = state
  const contender = shipOf(event)
  const data = {
    title: textOf(`Berth ${berth} is taken by ${shipId} and was given to ${contender}`, 190),
    description: `${contender} needs another berth, or ${shipId} has to leave first.`,
    berthId: berth,
    shipId,
    contender,
    requiresAction: true,
    priority: 'urgent',
    because: { id: event.id, source: event.source, type: event.type },
  }
  const type = 'port.berth.conflict'
  return [{ type, subject: berth, category: 'port.berth', severity: 'critical', partitionkey: berth, data }]
}

/** Returns the berth without the ship that an erased event named, unless other events named it too. */
function forgetShip(state: Berth, { id, source }: ErasedEvent): Berth {
  const [ownId, ownSource] = [textOf(id, 300), textOf(source, 300)]
  const isOwn = (one: BerthEntry) => one.event === ownId && (one.source ?? ownSource) === ownSource
  const own = state.history.filter((one) => one.ship !== null && isOwn(one))
  if (own.length === 0) return state
  const others = state.history.filter((one) => !own.includes(one) && !one.isInferred)
  const isNamed = (ship: string | null) => others.some((one) => one.ship === ship)
  const isForgotten = (ship: string | null) => own.some((one) => one.ship === ship) && !isNamed(ship)
  const keep = (ship: string | null) => (isForgotten(ship) ? null : ship)
  return {
    ...state,
    ship: keep(state.ship),
    contender: keep(state.contender),
    history: state.history.map((one) => {
      const isHidden = own.includes(one) || (one.isInferred && isForgotten(one.ship))
      return isHidden ? { ...one, ship: null } : one
    }),
  }
}

/** The berths of the port, each under its name. */
export const berths = defineView<Berth>({
  description:
    'The berths, under their names: free or occupied, by which ship, since when, and the last twenty entries of the history. A ship keeps its berth until the berth is freed. A ship that is given an occupied berth is the contender, and a critical event reports the conflict.',
  lateEvents: 'Events apply in the order of the log, not of their times.',
  channels: ['port.berth.**'],
  keys: ({ event }) => keyOf(whatOf(event) && nameOf(event, 'berthId')),
  initial: (key) => ({
    berth: key,
    status: 'free',
    ship: null,
    since: null,
    contender: null,
    history: [],
  }),
  apply: (state, { event }) => applyToBerth(state, event),
  emit: (before, { event }) => conflict(before, event),
  erasing: {
    rule: 'The ship is removed from the entry of the event, and as the ship at the berth unless another entry names it too; the berth stays as free or occupied as it was.',
    forget: forgetShip,
  },
})
