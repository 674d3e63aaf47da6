import { CHANNEL_LIMITS } from './channel.ts'

const { segments, segmentLength, wildcards } = CHANNEL_LIMITS
const SEGMENT = `[A-Za-z0-9_~-]{1,${segmentLength}}`
const STAR = `(?:${SEGMENT}|\\*)`
const TOO_MANY_STARS = `(?:(?:[^.]*\\.)*?\\*(?:\\.|$)){${wildcards + 1}}`

/** What `refuseChannel` says of a channel, as a regular expression for schemas that others read. */
export const CHANNEL_EXPRESSION = `^${SEGMENT}(?:\\.${SEGMENT}){0,${segments - 1}}$`

/** What `refuseChannel` says of a pattern, as a regular expression. */
export const PATTERN_EXPRESSION = `^(?!${TOO_MANY_STARS})(?:\\*\\*|${STAR}(?:\\.${STAR}){0,${segments - 2}}(?:\\.(?:${STAR}|\\*\\*))?)$`
