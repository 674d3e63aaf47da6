import process from 'node:process'
import { DAY_SECONDS } from '#shared/core/retention.ts'
import { VERSION } from '#shared/core/version.ts'
import { clientOptions, type Health, send } from '../lib/call-api.ts'
import type { CliContext } from '../lib/cli-context.ts'
import { CliError } from '../lib/cli-error.ts'
import type { Connection } from '../lib/connection.ts'
import { credentialsRefused } from '../lib/failures.ts'
import { isProfilesFileOpen, profilesPath } from '../lib/profiles.ts'
import { duration, type Finding, finding } from './finding.ts'

/** Whose credentials these are, as `GET /users/me` says. */
export type Self = {
  readonly name: string
  readonly kind: string
  readonly role: string
  readonly grants?: readonly string[]
  readonly expires?: string
  readonly actions: readonly string[]
}

/** A difference of clocks that is more than the second that a Date header counts in. */
const SKEW_MS = 5000
/** What is further ahead of the stack moves no view, and no signature of AWS is good. */
const LARGEST_SKEW_MS = 300_000
const SOON_MS = DAY_SECONDS * 1000
const OLDEST_NODE = 24
const SOCKET_TIMEOUT_MS = 10_000

/** Which stack and credentials the settings name. */
export function checkConfiguration(connection: Connection, { env }: Pick<CliContext, 'env'>): Finding {
  const { url, urlFrom, credentials, credentialsFrom } = connection
  const kind = 'key' in credentials ? 'API key' : 'token'
  const detail = `${url} (${urlFrom}) with the ${kind} (${credentialsFrom})`
  if (!isProfilesFileOpen(env)) return finding('configuration', 'ok', detail)
  const path = profilesPath(env)
  return finding('configuration', 'warn', `others can read the profiles in ${path}`, `chmod 600 ${path}`)
}

/** The versions of Node, this program, and the stack. */
export function checkVersions({ version }: Health): Finding {
  const { node } = process.versions
  const detail = `tidewire ${VERSION}, Node ${node}, stack ${version ?? 'unknown'}`
  if (Number(node.split('.')[0]) < OLDEST_NODE)
    return finding(
      'versions',
      'warn',
      detail,
      `use Node ${OLDEST_NODE} or newer: npm install brings it along`,
    )
  if (version === VERSION) return finding('versions', 'ok', detail)
  return finding('versions', 'warn', detail, 'use the tidewire of the version that is deployed')
}

/** Whether the stack can be reached over HTTP and reads its tables; `health` and `date` are null if not. */
export async function checkHttp(connection: Connection, { elapsed }: CliContext['clock']) {
  const began = elapsed()
  let response: Response
  try {
    response = await send({ route: 'GET /health' }, connection)
  } catch (error) {
    if (!(error instanceof CliError)) throw error
    const advice = `start the stack, or change the address (${connection.urlFrom})`
    return { found: finding('http', 'fail', error.message, advice), health: null, date: null }
  }
  const took = elapsed() - began
  const date = response.headers.get('date')
  const health = (await response.json().catch(() => null)) as Health | null
  if (response.ok && health?.status === 'ok')
    return {
      found: finding('http', 'ok', `GET /health in ${duration(took)}; it reads its tables`),
      health,
      date,
    }
  const found =
    response.status >= 500
      ? finding(
          'http',
          'fail',
          `GET /health returned ${response.status}: the stack cannot read its tables`,
          'look for DynamoDB in the log of the function health (locally: restart npm start)',
        )
      : finding(
          'http',
          'fail',
          `${connection.url} is no Tidewire stack`,
          `change the address (${connection.urlFrom})`,
        )
  return { found, health: null, date }
}

/** How far the clock of this machine is from that of the stack. */
export function checkClock(date: string | null, now: number): Finding {
  const theirs = Date.parse(date ?? '')
  if (Number.isNaN(theirs)) return finding('clock', 'skipped', 'the responses have no Date header')
  // The header counts whole seconds.
  const skew = now - theirs - 500
  const size = Math.abs(skew)
  if (size <= SKEW_MS) return finding('clock', 'ok', 'agrees with that of the stack')
  const detail = `this clock is ${duration(size)} ${skew > 0 ? 'ahead of' : 'behind'} that of the stack`
  const advice = 'set the clock of this machine, for example with NTP'
  return finding('clock', size > LARGEST_SKEW_MS ? 'fail' : 'warn', detail, advice)
}

/** Whose credentials these are, and what they may do; `self` is null if they were refused. */
export async function checkCredentials(connection: Connection, now: number) {
  const response = await send({ route: 'GET /users/me' }, connection)
  if (!response.ok) {
    const reason =
      response.status === 401
        ? credentialsRefused(connection).message
        : `GET /users/me returned ${response.status}`
    const advice = 'create a key with: tidewire keys create (an administrator can)'
    return { found: finding('credentials', 'fail', reason, advice), self: null }
  }
  const self = (await response.json()) as Self
  const { name, role, grants, expires, actions } = self
  const scope = grants === undefined ? 'everything of its role' : grants.join(' ')
  const detail = `${name}, ${role}: ${scope} (${actions.length} actions)`
  const left = Date.parse(expires ?? '') - now
  if (!(left < SOON_MS)) return { found: finding('credentials', 'ok', detail), self }
  const found = finding(
    'credentials',
    'warn',
    `${detail}, ending in ${duration(left)}`,
    'renew them before they end',
  )
  return { found, self }
}

/** Whether a socket opens, and gets a pong. */
export async function checkSocket(
  connection: Connection,
  { elapsed }: CliContext['clock'],
): Promise<Finding> {
  const { socketUrl } = await clientOptions(connection)
  const response = await send({ route: 'POST /tickets' }, connection)
  const { ticket } = (await response.json().catch(() => ({}))) as { readonly ticket?: string }
  if (ticket === undefined)
    return finding(
      'websocket',
      'fail',
      `POST /tickets returned ${response.status}`,
      'see the check of the credentials',
    )
  const began = elapsed()
  const problem = await pingSocket(`${socketUrl}/?ticket=${encodeURIComponent(ticket)}`)
  if (problem === null)
    return finding('websocket', 'ok', `${socketUrl}: a pong in ${duration(elapsed() - began)}`)
  const advice = 'see whether a proxy or firewall blocks WebSockets, and the log of the function connect'
  return finding('websocket', 'fail', `${socketUrl} ${problem}`, advice)
}

/** Returns why a socket gave no pong, or null if it did. */
function pingSocket(url: string): Promise<string | null> {
  const { promise, resolve } = Promise.withResolvers<string | null>()
  const socket = new WebSocket(url)
  const timer = setTimeout(
    () => resolve(`gave no pong within ${duration(SOCKET_TIMEOUT_MS)}`),
    SOCKET_TIMEOUT_MS,
  )
  socket.addEventListener('open', () => socket.send(JSON.stringify({ action: 'ping' })))
  socket.addEventListener('message', ({ data }) => isPong(data) && resolve(null))
  socket.addEventListener('error', () => resolve('cannot be opened'))
  socket.addEventListener('close', () => resolve('was closed before a pong came'))
  return promise.finally(() => {
    clearTimeout(timer)
    socket.close()
  })
}

function isPong(data: unknown): boolean {
  try {
    return (JSON.parse(String(data)) as { readonly type?: unknown }).type === 'pong'
  } catch {
    return false
  }
}
