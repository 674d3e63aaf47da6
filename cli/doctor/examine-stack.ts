import type { CliContext } from '../lib/cli-context.ts'
import type { Connection } from '../lib/connection.ts'
import {
  checkClock,
  checkConfiguration,
  checkCredentials,
  checkHttp,
  checkSocket,
  checkVersions,
} from './check-access.ts'
import { checkDeadLetters, checkKafka, checkLag, checkTraffic, readStreams } from './check-pipeline.ts'
import { attempt, type Finding, finding } from './finding.ts'

/**
 * Yields what each check of a stack finds, one after the other. What needs something that failed before is left out.
 * Throws CliError if the stack goes away meanwhile.
 */
export async function* examineStack(connection: Connection, context: CliContext): AsyncGenerator<Finding> {
  const { clock } = context
  yield checkConfiguration(connection, context)
  const { found, health, date } = await checkHttp(connection, clock)
  const now = clock.now()
  yield found
  if (health === null) return
  yield checkVersions(health)
  yield checkClock(date, now)
  const { found: credentials, self } = await checkCredentials(connection, now)
  yield credentials
  if (self === null) return
  yield await attempt('websocket', 'give the address with --socket-url', () => checkSocket(connection, clock))
  const streams = await readStreams(connection, self)
  if ('check' in streams) {
    yield streams
    yield finding('consumers', 'skipped', 'see kafka')
  } else {
    yield checkKafka(streams, health)
    yield checkLag(streams)
  }
  yield await attempt('dead letters', 'see the log of the function read', () =>
    checkDeadLetters(connection, self),
  )
  yield await attempt('traffic', 'see the log of the function read', () => checkTraffic(connection, health))
}
