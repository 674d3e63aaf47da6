import type { EventBridgeEvent } from 'aws-lambda'
import { answerInTime, OutOfTime } from '#shared/adapters/lambda/answer-in-time.ts'
import { idName, isUserName } from '#shared/core/access/principal.ts'
import type { Audit } from '#shared/pipeline/audit/audit.ts'
import { logError } from '#shared/pipeline/log-error.ts'
import { endSessions, type SessionDeps } from '#shared/pipeline/people/end-sessions.ts'
import type { Measured } from '#shared/pipeline/telemetry/telemetry.ts'
import { auditTrail, openTables, revocationStore, telemetryOf } from './lib/compose.ts'
import { type Environment, readEnvironment } from './lib/environment.ts'

export type StandingDeps = SessionDeps & Measured & { readonly audit: Audit }

/**
 * An action of the user pool, as CloudTrail records it. The name of the user is hidden, and the user's id, which tokens
 * have as `sub`, is beside it.
 * @see https://docs.aws.amazon.com/cognito/latest/developerguide/logging-using-cloudtrail.html
 */
type PoolAction = {
  readonly eventName?: string
  readonly eventTime?: string
  readonly errorCode?: string
  readonly errorMessage?: string
  readonly sourceIPAddress?: string
  readonly requestID?: string
  readonly requestParameters?: { readonly username?: string } | null
  readonly additionalEventData?: { readonly sub?: string } | null
}

/** The actions by which somebody signs in. */
const SIGN_INS = ['InitiateAuth', 'RespondToAuthChallenge']

export function composeStanding(env: Environment): StandingDeps {
  return {
    revocations: revocationStore(openTables(env)),
    now: Date.now,
    audit: auditTrail(env),
    telemetry: telemetryOf(env, 'standing'),
  }
}

/**
 * Called by EventBridge when an action changed what a user may do (serverless.yml names them): the credentials from
 * before it are revoked. A token that is issued later has the new groups, and is good. It throws if the table cannot be
 * written, and is then called again. A sign-in that was refused is audited, and changes nothing.
 */
export function createStanding({ telemetry, audit, ...deps }: StandingDeps) {
  /** Who tried is hidden; where the user exists, the id says whose password it was. */
  const auditSignIn = ({ eventName = '', errorMessage, sourceIPAddress, requestID, ...detail }: PoolAction) =>
    audit.record({
      action: 'sign-in.refused',
      caller: {
        ...(sourceIPAddress !== undefined && { address: sourceIPAddress }),
        ...(requestID !== undefined && { requestId: requestID }),
      },
      target: detail.additionalEventData?.sub ? idName(detail.additionalEventData.sub) : eventName,
      reason: errorMessage ?? detail.errorCode ?? '',
      group: eventName,
    })
  const handle = async ({ detail }: Pick<EventBridgeEvent<string, PoolAction>, 'detail'>): Promise<null> => {
    const { eventTime = '', errorCode, requestParameters, additionalEventData } = detail
    const [id, name] = [additionalEventData?.sub, requestParameters?.username ?? '']
    if (errorCode !== undefined) {
      if (SIGN_INS.includes(detail.eventName ?? '')) await auditSignIn(detail)
      return null
    }
    const time = Date.parse(eventTime)
    const at = Number.isNaN(time) ? deps.now() : time
    if (id) await endSessions(idName(id), deps, at)
    else if (isUserName(name) && !name.startsWith('HIDDEN')) await endSessions(name, deps, at)
    else
      logError('a change of a user names nobody whose credentials could be revoked', null, {
        action: detail.eventName,
      })
    return null
  }
  return answerInTime(handle, {
    late: () => {
      throw new OutOfTime()
    },
    telemetry,
  })
}

export const handler = createStanding(composeStanding(readEnvironment(process.env)))
