import { defineView, type FoldInput } from '#shared/domain/define-domain.ts'
import { type Alert, type AlertKind, alertData, readAlert } from './alert.ts'
import { userChannel, userOf } from './market-channels.ts'
import { isId } from './order.ts'
import { type Outcome as OutcomeOf, viewOf } from './outcome.ts'
import { fieldsOf } from './read-tick.ts'

/** How many alerts of a user are kept, and how many of them may be active. */
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
}
/** The alerts of a user, oldest first. */
export type UserAlertsState = { readonly alerts: readonly AlertRecord[] }

type Outcome = OutcomeOf<UserAlertsState>

function follow(state: UserAlertsState, input: FoldInput, user: string): Outcome {
  const data = fieldsOf(input)
  const { alertId } = data
  if (data.user !== user || !isId(alertId)) return { state, emissions: [] }
  const index = state.alerts.findLastIndex((one) => one.alertId === alertId)
  const found = state.alerts[index]
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

function create(state: UserAlertsState, input: FoldInput, user: string): Outcome {
  const alert = readAlert(fieldsOf(input))
  if (alert === null) return { state, emissions: [] }
  const active = state.alerts.filter(({ status }) => status === 'active')
  if (active.some(({ alertId }) => alertId === alert.alertId))
    return refuse(state, alert, user, `An alert "${alert.alertId}" is active already.`, { duplicate: true })
  const record: AlertRecord = { ...alertData(alert), status: 'active', createdAt: input.event.time ?? '' }
  if (active.length >= MAX_ACTIVE) {
    const reason = `${MAX_ACTIVE} alerts are active; delete one first.`
    return refuse(add(state, { ...record, status: 'refused', reason }), alert, user, reason)
  }
  const data = { ...alertData(alert), user }
  return {
    state: add(state, record),
    emissions: [{ type: 'market.alert.armed', subject: alert.alertId, data }],
  }
}

function refuse(state: UserAlertsState, alert: Alert, user: string, reason: string, more = {}): Outcome {
  const data = { ...alertData(alert), user, reason, ...more }
  return { state, emissions: [{ type: 'market.alert.refused', subject: alert.alertId, data }] }
}

/** Adds an alert; of too many the oldest that is over goes. */
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
): Outcome {
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

/** What an event makes of an active alert; undefined where it changes nothing. */
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
  lateEvents: "Alerts count in the order of the user's partition, whatever their time.",
  channels: ['market.user.*'],
  channelsOf: (user) => [userChannel(user)],
  keys: ({ event }) => {
    const user = event.type.startsWith('market.alert.') ? userOf(event.category) : undefined
    return user === undefined ? [] : [user]
  },
  initial: () => ({ alerts: [] }),
  ...viewOf(follow),
})
