import type { CloudEvent, PositionedEvent } from '#shared/core/event.ts'
import { approximate, parseExactJson } from './exact-json.ts'

/**
 * An event with its position, as a reader gets it. The numbers of `event.data` are those of JavaScript. Where that loses
 * digits, such as those of 9007199254740993, `dataJson` is the data as JSON text with all of them.
 */
export type ReceivedEvent = PositionedEvent & { readonly dataJson?: string }

/**
 * Parses what the server sends: every number is one of JavaScript, and what has an `event` whose data lost digits by
 * that has its `dataJson`. Throws SyntaxError.
 */
export function parseReceived(text: string): unknown {
  const exact = parseExactJson(text)
  const plain = approximate(exact)
  return plain === exact ? exact : withDataJson(exact, plain, LEVELS)
}

/** An event may be the response, or an item of a list that is a member of it. */
const LEVELS = 2

function withDataJson(exact: unknown, plain: unknown, levels: number): unknown {
  if (plain === exact || typeof plain !== 'object' || typeof exact !== 'object' || exact === null)
    return plain
  if (Array.isArray(exact)) {
    const items = plain as readonly unknown[]
    return exact.map((item, index) => withDataJson(item, items[index], levels - 1))
  }
  const members = plain as Readonly<Record<string, unknown>>
  const { event } = exact as { readonly event?: { readonly data?: unknown } | null }
  const data = event?.data
  if (data !== undefined && approximate(data) !== data) return { ...members, dataJson: JSON.stringify(data) }
  if (levels === 0) return plain
  return Object.fromEntries(
    Object.entries(exact).map(([name, value]) => [name, withDataJson(value, members[name], levels)]),
  )
}

/** Returns the event with every digit of its numbers, to be written with `JSON.stringify` and for nothing else. */
export function exactEvent({
  event,
  dataJson,
}: {
  readonly event: CloudEvent
  readonly dataJson?: string | undefined
}): CloudEvent {
  return dataJson === undefined ? event : { ...event, data: parseExactJson(dataJson) }
}

/** Returns a received event as JSON, with every digit of its numbers, as the server sent it. */
export function writeReceived({ dataJson, ...positioned }: ReceivedEvent): string {
  const { event } = positioned
  return JSON.stringify(
    dataJson === undefined ? positioned : { ...positioned, event: exactEvent({ event, dataJson }) },
  )
}
