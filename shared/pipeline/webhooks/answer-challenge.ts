import type { Challenge } from './mapping.ts'
import { fieldAt, readPayload } from './payload.ts'
import type { WebhookRequest } from './signed-content.ts'

export type ChallengeAnswer = {
  readonly status: 200 | 204
  readonly body?: Readonly<Record<string, unknown>>
}

/** The answer to a request by which a provider only tries the endpoint out, or null for a real delivery. */
export function answerChallenge(
  challenges: readonly Challenge[],
  { headers, body }: WebhookRequest,
): ChallengeAnswer | null {
  if (challenges.length === 0) return null
  const payload = readPayload(headers['content-type'], body)
  for (const { when, unless, reply, echo } of challenges) {
    const fits = Object.entries(when).every(([pointer, value]) => fieldAt(payload, pointer) === value)
    if (!fits || (unless !== undefined && fieldAt(payload, unless) !== undefined)) continue
    if (reply === undefined && echo === undefined) return { status: 204 }
    const echoed = Object.entries(echo ?? {}).map(([name, pointer]) => [name, fieldAt(payload, pointer)])
    return { status: 200, body: { ...reply, ...Object.fromEntries(echoed) } }
  }
  return null
}
