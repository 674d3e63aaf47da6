import { userSegment } from '#shared/core/channel.ts'
import { plainTime } from '#shared/core/time.ts'
import { defineView, type Emission, type FoldInput } from '#shared/domain/define-domain.ts'
import { isSymbol, symbolChannel, symbolOf, userChannel, userOf } from './market-channels.ts'
import { priceNumber, priceUnits } from './money.ts'
import { addOffset, isOneOf } from './orders-view.ts'
import { type Outcome, viewOf } from './outcome.ts'
import { fieldsOf, isId, isWhole } from './read-event.ts'
import { MAX_VOLUME, readTick, type Tick } from './series.ts'

export const ALERT_KINDS = ['price-above', 'price-below', 'volume-above'] as const
export type AlertKind = (typeof ALERT_KINDS)[number]

/** An alert as states contain it: the threshold of a price in 1/10,000, that of a volume in shares. */
type Alert = {
  readonly alertId: string
  readonly symbol: string
  readonly kind: AlertKind
  readonly threshold: number
}

/** Returns the alert in an event's data; null if it is not a valid alert. */
function readAlert(data: Readonly<Record<string, unknown>>): Alert | null {
  const { alertId, symbol, threshold } = data
  const kind = ALERT_KINDS.find((name) => name === data.kind)
  if (!isId(alertId) || !isSymbol(symbol) || kind === undefined) return null
  if (kind === 'volume-above')
    return isWhole(threshold, 1, MAX_VOLUME) ? { alertId, symbol, kind, threshold } : null
  const units = priceUnits(threshold)
  return units === null ? null : { alertId, symbol, kind, threshold: units }
}

/** Returns an alert as events contain it and readers receive it: the threshold in currency units, or shares. */
function alertData(alert: Alert): Alert {
  const { threshold, kind } = alert
  return { ...alert, threshold: kind === 'volume-above' ? threshold : priceNumber(threshold) }
}

/** Whether a tick reaches the threshold of an alert; an equal value reaches it. */
function isReached({ kind, threshold }: Alert, { price, volume }: Tick): boolean {
  if (kind === 'volume-above') return volume >= threshold
  return kind === 'price-above' ? price >= threshold : price <= threshold
}

/** The maximum number of alerts of a user that are kept, and of those that are active. */
export const MAX_ALERTS = 200
export const MAX_ACTIVE = 100
const MAX_REASON = 200

export type AlertStatus = 'active' | 'triggered' | 'deleted' | 'refused'

/** An alert of a user: the threshold in currency units or shares, times RFC 3339. */
export type AlertRecord = {
  readonly alertId: string
  readonly symbol: string
  readonly kind: AlertKind
  readonly threshold: number
  readonly status: AlertStatus
  /** Why it was refused. */
  readonly reason?: string
  /** The tick that triggered it. */
  readonly price?: number
  readonly volume?: number
  readonly triggeredAt?: string
  readonly createdAt: string
  /** The offsets of its events: it is erased with any of them, and they with it. The first, and the last ones. */
  readonly offsets?: readonly number[]
}
/** The alerts of a user, oldest first. */
export type UserAlertsState = { readonly alerts: readonly AlertRecord[] }

function follow(state: UserAlertsState, input: FoldInput, user: string): Outcome<UserAlertsState> {
  const data = fieldsOf(input)
  const { alertId } = data
  if (data.user !== user || !isId(alertId)) return { state, emissions: [] }
  const index = state.alerts.findLastIndex((one) => one.alertId === alertId)
  const found = state.alerts[index]
  const outcome = judge(state, found, input, { index, alertId, user })
  return { ...outcome, state: remember(outcome.state, alertId, input.offset) }
}

/** Adds the event to the last alert with the id: with any of its events it is erased. */
function remember(state: UserAlertsState, alertId: string, offset: number): UserAlertsState {
  const index = state.alerts.findLastIndex((one) => one.alertId === alertId)
  const alert = state.alerts[index]
  if (alert === undefined) return state
  return { alerts: state.alerts.with(index, { ...alert, offsets: addOffset(alert.offsets, offset) }) }
}

type Target = { readonly index: number; readonly alertId: string; readonly user: string }

function judge(
  state: UserAlertsState,
  found: AlertRecord | undefined,
  input: FoldInput,
  { index, alertId, user }: Target,
): Outcome<UserAlertsState> {
  switch (input.event.type) {
    case 'market.alert.created':
      return create(state, input, user)
    case 'market.alert.deleted':
      return remove(state, found, alertId, user)
    default: {
      const changed = found?.status === 'active' ? change(found, input) : undefined
      return { state: changed ? { alerts: state.alerts.with(index, changed) } : state, emissions: [] }
    }
  }
}

function create(state: UserAlertsState, input: FoldInput, user: string): Outcome<UserAlertsState> {
  const alert = readAlert(fieldsOf(input))
  if (alert === null) return { state, emissions: [] }
  const data = { ...alertData(alert), user }
  const active = state.alerts.filter(({ status }) => status === 'active')
  if (active.some(({ alertId }) => alertId === alert.alertId))
    return refuse(state, data, `An alert "${alert.alertId}" is active already.`, { duplicate: true })
  const record: AlertRecord = {
    ...alertData(alert),
    status: 'active',
    createdAt: plainTime(input.event.time) ?? '',
    offsets: [],
  }
  if (active.length >= MAX_ACTIVE) {
    const reason = `${MAX_ACTIVE} alerts are active; delete one first.`
    return refuse(add(state, { ...record, status: 'refused', reason }), data, reason)
  }
  return {
    state: add(state, record),
    emissions: [{ type: 'market.alert.armed', subject: alert.alertId, data }],
  }
}

function refuse(
  state: UserAlertsState,
  alert: Alert & { readonly user: string },
  reason: string,
  more = {},
): Outcome<UserAlertsState> {
  const data = { ...alert, reason, ...more }
  return { state, emissions: [{ type: 'market.alert.refused', subject: alert.alertId, data }] }
}

/** Adds an alert; if there are too many, the oldest inactive one is removed. */
function add({ alerts }: UserAlertsState, alert: AlertRecord): UserAlertsState {
  if (alerts.length < MAX_ALERTS) return { alerts: [...alerts, alert] }
  const oldest = Math.max(
    0,
    alerts.findIndex(({ status }) => status !== 'active'),
  )
  return { alerts: [...alerts.toSpliced(oldest, 1), alert] }
}

function remove(
  state: UserAlertsState,
  found: AlertRecord | undefined,
  alertId: string,
  user: string,
): Outcome<UserAlertsState> {
  if (found === undefined || found.status === 'deleted' || found.status === 'refused') {
    const data = { alertId, user, reason: `You have no alert "${alertId}".`, duplicate: true }
    return { state, emissions: [{ type: 'market.alert.refused', subject: alertId, data }] }
  }
  const alerts = state.alerts.map((one) => (one === found ? { ...one, status: 'deleted' as const } : one))
  const data = { alertId, user, symbol: found.symbol }
  const emissions =
    found.status === 'active' ? [{ type: 'market.alert.disarmed', subject: alertId, data }] : []
  return { state: { alerts }, emissions }
}

/** Returns an active alert after an event; undefined if nothing changes. */
function change(alert: AlertRecord, input: FoldInput): AlertRecord | undefined {
  const { reason, price, volume, at, duplicate } = fieldsOf(input)
  if (input.event.type === 'market.alert.refused' && !duplicate)
    return {
      ...alert,
      status: 'refused',
      reason: typeof reason === 'string' ? reason.slice(0, MAX_REASON) : '',
    }
  if (input.event.type !== 'market.alert.triggered') return undefined
  return {
    ...alert,
    status: 'triggered',
    ...(typeof price === 'number' && { price }),
    ...(typeof volume === 'number' && { volume }),
    ...(typeof at === 'string' && at.length <= 40 && { triggeredAt: at }),
  }
}

export const userAlertsView = defineView<UserAlertsState>({
  description: `A user's last ${MAX_ALERTS} alerts with their status: active, triggered, deleted or refused (with the reason).`,
  lateEvents: "Events apply in the order of the user's partition, not of their times.",
  channels: ['market.user.*'],
  channelsOf: (user) => [userChannel(user)],
  keys: ({ event }) => {
    const user = event.type.startsWith('market.alert.') ? userOf(event.category) : undefined
    return user === undefined ? [] : [user]
  },
  initial: () => ({ alerts: [] }),
  ...viewOf(follow),
  erasing: {
    rule: 'An alert is removed with any of its events, and its other events of the user are erased too.',
    forget: (state, erased) => {
      const alerts = state.alerts.filter((one) => !isOneOf(one, erased))
      return alerts.length < state.alerts.length ? { alerts } : state
    },
    related: ({ alerts }, erased) =>
      alerts
        .filter((one) => isOneOf(one, erased))
        .flatMap(({ offsets = [] }) => offsets.map((offset) => ({ offset }))),
  },
})

/** The maximum number of alerts of a symbol. */
export const MAX_WATCHING = 200

/** `at` is the offset of the event that armed it. */
type WatchingAlert = Alert & { readonly user: string; readonly at?: number }
/** The alerts that watch a symbol's ticks. A triggered alert is removed, so that it is triggered only once. */
type AlertsState = { readonly watching: readonly WatchingAlert[] }

function watch(state: AlertsState, input: FoldInput, symbol: string): Outcome<AlertsState> {
  const nothing = { state, emissions: [] }
  if (input.event.type === 'market.tick') return state.watching.length === 0 ? nothing : trigger(state, input)
  const data = fieldsOf(input)
  const { user, alertId } = data
  if (data.symbol !== symbol || typeof user !== 'string' || userSegment(user) === null) return nothing
  const watched = state.watching.find((one) => one.alertId === alertId && one.user === user)
  if (input.event.type === 'market.alert.disarmed')
    return watched
      ? { state: { watching: state.watching.filter((one) => one !== watched) }, emissions: [] }
      : nothing
  const alert = input.event.type === 'market.alert.armed' ? readAlert(data) : null
  if (alert === null || watched !== undefined) return nothing
  if (state.watching.length < MAX_WATCHING)
    return {
      state: { watching: [...state.watching, { ...alert, user, at: input.offset }] },
      emissions: [],
    }
  const reason = `${MAX_WATCHING} alerts watch ${symbol} already; try again later.`
  return { state, emissions: [emission('market.alert.refused', { ...alert, user }, { reason })] }
}

function emission(type: string, alert: WatchingAlert, more: Record<string, unknown>): Emission {
  return { type, subject: alert.alertId, data: { ...alertData(alert), user: alert.user, ...more } }
}

function trigger(state: AlertsState, input: FoldInput): Outcome<AlertsState> {
  const tick = readTick(input)
  const reached = tick === null ? [] : state.watching.filter((alert) => isReached(alert, tick))
  if (tick === null || reached.length === 0) return { state, emissions: [] }
  const what = { price: priceNumber(tick.price), volume: tick.volume, at: new Date(tick.at).toISOString() }
  return {
    state: { watching: state.watching.filter((alert) => !reached.includes(alert)) },
    emissions: reached.map((alert) => emission('market.alert.triggered', alert, what)),
  }
}

export const alertsView = defineView<AlertsState>({
  description: `The alerts, at most ${MAX_WATCHING}, that watch a symbol's ticks. Each is triggered once, by the first tick that reaches its threshold.`,
  lateEvents:
    "Ticks apply in the order of the symbol's partition: a late tick that reaches a threshold triggers the alert too.",
  channels: ['market.tick.*', 'market.alert.*'],
  channelsOf: (symbol) => [symbolChannel('tick', symbol), symbolChannel('alert', symbol)],
  keys: ({ event }) => {
    const symbol = symbolOf(event.category)
    return symbol === undefined ? [] : [symbol]
  },
  initial: () => ({ watching: [] }),
  ...viewOf(watch),
  merge: (left, right) => ({ watching: [...left.watching, ...right.watching] }),
  present: ({ watching }, _now, symbol) => ({ symbol, watching: watching.length }),
  erasing: {
    rule: 'An alert that watches is removed.',
    forget: (state, { offset }) => {
      const watching = state.watching.filter(({ at }) => at !== offset)
      return watching.length < state.watching.length ? { watching } : state
    },
  },
  isAggregate: true,
})
