import { coversPattern, matchesChannel, patternsOverlap, userSegment } from '#shared/core/channel.ts'
import { Refusal } from '#shared/core/refusal.ts'
import type { Grant } from './grants.ts'
import { ACTIONS, type Action, CHANNELS, type ChannelLine, NEVER_NARROWED } from './policy.ts'
import { isAtLeast, type Principal } from './principal.ts'

/** What the policy needs to know of a principal; subscriptions keep it, so that each push can ask. */
export type Subject = Pick<Principal, 'name' | 'role' | 'grants' | 'actsForOthers'>

type Deed = 'read' | 'publish'

const EVERYTHING = '**'
const MAX_CHANNELS = 10_000
const lines = new Map<string, ChannelLine>()
const FALLBACK: ChannelLine = { channels: EVERYTHING, read: {}, publish: {} }

/** Whether a principal may do an action at all, on some channel if the action is about events. */
export function may(subject: Subject, action: Action): boolean {
  return (
    isAtLeast(subject.role, ACTIONS[action]) &&
    (NEVER_NARROWED.includes(action) || isGranted(subject.grants, action))
  )
}

/** Throws Refusal `forbidden`, which says what it takes, unless the principal may do the action. */
export function assertMay(subject: Subject, action: Action): void {
  if (may(subject, action)) return
  const detail = isAtLeast(subject.role, ACTIONS[action])
    ? `These credentials are not granted "${action}"; ask an administrator for credentials with this scope.`
    : `The role ${subject.role} may not do "${action}": that takes the role ${ACTIONS[action]}${ACTIONS[action] === 'admin' ? '' : ' or a higher one'}.`
  throw new Refusal('forbidden', detail)
}

/** Whether a principal may read the events of a type on a channel. */
export function mayRead(subject: Subject, channel: string, type: string): boolean {
  return mayOn(subject, 'read', channel, type)
}

/** Whether a principal may write events of a type on a channel, as far as the policy says. */
export function mayPublish(subject: Subject, channel: string, type: string): boolean {
  return mayOn(subject, 'publish', channel, type)
}

/** Whether a principal may do an action with an event that it can read, such as a move. */
export function mayActOn(subject: Subject, action: Action, channel: string, type: string): boolean {
  return (
    mayRead(subject, channel, type) &&
    may(subject, action) &&
    isGranted(subject.grants, action, channel, type)
  )
}

/** Whether a principal may read every event on the channels of a pattern, as a reader of a whole view must. */
export function mayReadAll(subject: Subject, pattern: string): boolean {
  if (!may(subject, 'read')) return false
  const { grants } = subject
  const isWithin = ({ actions, channels, types }: Grant) =>
    types === EVERYTHING && matchesChannel(actions, 'read') && coversPattern(channels, pattern)
  if (grants && !grants.some(isWithin)) return false
  for (const line of CHANNELS) {
    const own = ownPattern(line, subject)
    if (line.read.owner && own !== null && coversPattern(own, pattern)) return true
    const all = patternOf(line)
    const isOpen = isOpenTo(subject, line, 'read')
    if (coversPattern(all, pattern)) return isOpen
    if (patternsOverlap(all, pattern) && !isOpen) return false
  }
  return false
}

/** Whether a principal may read anything on the channels of a pattern: a subscription to anything else is refused. */
export function mayReadSome(subject: Subject, pattern: string): boolean {
  if (!may(subject, 'read')) return false
  const isWithin = ({ actions, channels }: Grant) =>
    matchesChannel(actions, 'read') && patternsOverlap(channels, pattern)
  if (subject.grants && !subject.grants.some(isWithin)) return false
  for (const line of CHANNELS) {
    const own = ownPattern(line, subject)
    if (line.read.owner && own !== null && patternsOverlap(own, pattern)) return true
    const all = patternOf(line)
    if (isOpenTo(subject, line, 'read') && patternsOverlap(all, pattern)) return true
    if (coversPattern(all, pattern)) return false
  }
  return false
}

/** Whether everything that a principal may read on the channels of a pattern is on channels of its own. */
export function mayReadOwnOnly(subject: Subject, pattern: string): boolean {
  for (const line of CHANNELS) {
    const all = patternOf(line)
    if (isOpenTo(subject, line, 'read') && patternsOverlap(all, pattern)) return false
    if (coversPattern(all, pattern)) return true
  }
  return true
}

/** Whether an event of this channel is for some readers of the lowest role only, so that totals must not name it. */
export function isPrivate(channel: string): boolean {
  return lineOf(channel).read.from !== 'viewer'
}

/**
 * Returns the name under which totals for everybody count the events of a channel: the channel itself or, of a private
 * one, a pattern that names nobody, such as `market.user.*`.
 */
export function countedName(channel: string): string {
  return isPrivate(channel) ? patternOf(lineOf(channel)).replace(/\.\*\.\*\*$/, '.*') : channel
}

function mayOn(subject: Subject, deed: Deed, channel: string, type: string): boolean {
  if (!isAtLeast(subject.role, ACTIONS[deed])) return false
  if (subject.grants && !isGranted(subject.grants, deed, channel, type)) return false
  const line = lineOf(channel)
  if (deed === 'publish' && line.types && !line.types.some((pattern) => matchesChannel(pattern, type)))
    return false
  if (isOpenTo(subject, line, deed)) return true
  if (!line[deed].owner) return false
  if (deed === 'publish' && subject.actsForOthers) return true
  const own = ownPattern(line, subject)
  return own !== null && matchesChannel(own, channel)
}

/** Whether one of the grants, if there are any, has the action, and for events the channel and the type. */
function isGranted(
  grants: readonly Grant[] | undefined,
  action: string,
  channel?: string,
  type?: string,
): boolean {
  if (grants === undefined) return true
  return grants.some(
    (grant) =>
      matchesChannel(grant.actions, action) &&
      (channel === undefined || matchesChannel(grant.channels, channel)) &&
      (type === undefined || matchesChannel(grant.types, type)),
  )
}

function isOpenTo({ role }: Subject, line: ChannelLine, deed: Deed): boolean {
  const { from } = line[deed]
  return from !== undefined && isAtLeast(role, from)
}

function lineOf(channel: string): ChannelLine {
  const known = lines.get(channel)
  if (known) return known
  const found = CHANNELS.find((line) => matchesChannel(patternOf(line), channel)) ?? FALLBACK
  if (lines.size >= MAX_CHANNELS) lines.clear()
  lines.set(channel, found)
  return found
}

function patternOf({ channels }: ChannelLine): string {
  return channels.replace('{user}', '*')
}

/** The channels of a line that a principal owns, or null. */
function ownPattern({ channels }: ChannelLine, { name }: Subject): string | null {
  const segment = channels.includes('{user}') ? userSegment(name) : null
  return segment === null ? null : channels.replace('{user}', segment)
}
