import { defineView, type Emission, type FoldInput } from '#shared/domain/define-domain.ts'
import { type Alert, alertData, isReached, readAlert } from './alert.ts'
import { symbolChannel, symbolOf, userSegment } from './market-channels.ts'
import { priceNumber } from './money.ts'
import { type Outcome as OutcomeOf, viewOf } from './outcome.ts'
import { fieldsOf, readTick } from './read-tick.ts'

/** How many alerts may watch a symbol. */
export const MAX_WATCHING = 200

export type WatchingAlert = Alert & { readonly user: string }
/** The alerts that watch a symbol's ticks. One that is triggered leaves, so it is triggered once. */
export type AlertsState = { readonly watching: readonly WatchingAlert[] }

type Outcome = OutcomeOf<AlertsState>

function watch(state: AlertsState, input: FoldInput, symbol: string): Outcome {
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
    return { state: { watching: [...state.watching, { ...alert, user }] }, emissions: [] }
  const reason = `${MAX_WATCHING} alerts watch ${symbol} already; try again later.`
  return { state, emissions: [emission('market.alert.refused', { ...alert, user }, { reason })] }
}

function emission(type: string, alert: WatchingAlert, more: Record<string, unknown>): Emission {
  return { type, subject: alert.alertId, data: { ...alertData(alert), user: alert.user, ...more } }
}

function trigger(state: AlertsState, input: FoldInput): Outcome {
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
  description: `The alerts, ${MAX_WATCHING} at most, that watch a symbol's ticks. Each is triggered once, by the first tick that reaches its threshold.`,
  lateEvents:
    "Ticks count in the order of the symbol's partition: a late one that reaches a threshold triggers as well.",
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
})
