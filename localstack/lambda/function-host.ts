import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { within } from '../patient-timeout.ts'
import type { FunctionDefinition } from './read-functions.ts'

/** What a function failed with, as Lambda reports it. */
export type FunctionError = {
  readonly errorType: string
  readonly errorMessage: string
  readonly trace: readonly string[]
}
/**
 * The type of the error of an invocation that Lambda does not begin: the function has no concurrency. It is the sandbox's,
 * as the errors of callers of Lambda are named "TooManyRequestsException" too.
 */
export const THROTTLED = 'Sandbox.Throttled'

export type Invocation = { readonly payload: unknown } | { readonly functionError: FunctionError }

export type FunctionHost = {
  /**
   * Invokes a function by its name in the account. The function may keep and change `event`. Rejects only if there is
   * no such function: what the function throws, and a time-out, are the invocation's `functionError`.
   */
  invoke(name: string, event: unknown): Promise<Invocation>
  /** Stops a function, so that every invocation is throttled, or starts it again. */
  setStopped(name: string, isStopped: boolean): void
}

type Handler = (event: unknown, context: object) => unknown
type Hosted = { readonly definition: FunctionDefinition; readonly handler: Handler }
type Options = {
  readonly functions: readonly FunctionDefinition[]
  /** The folder of `serverless.yml`. */
  readonly folder: string
  /** The environment of the thread, which the modules of the functions read when they are loaded. It is changed. */
  readonly env: Record<string, string | undefined>
  log(line: string): void
}

const ACCOUNT = '000000000000'
const EXTENSIONS = ['.ts', '.mts', '.js', '.mjs', '.cjs']

/**
 * Loads the functions into this thread and invokes them as Lambda's runtime for Node does. Each module is loaded with
 * the environment of its function; later all of them see the union, since a thread has one environment. A function
 * that timed out goes on in the background.
 * Rejects with an error that lists every function that cannot be loaded, with the reason.
 */
export async function createFunctionHost({ functions, folder, env, log }: Options): Promise<FunctionHost> {
  const hosted = new Map<string, Hosted>()
  const problems = new Map<string, string[]>()
  // Credentials of the developer are no business of the functions: each has its own.
  const { AWS_SESSION_TOKEN: _, ...inherited } = env
  for (const definition of functions) {
    replaceEnvironment(env, { ...inherited, ...environmentOf(definition) })
    try {
      hosted.set(definition.name, { definition, handler: await loadHandler(definition.handler, folder) })
    } catch (error) {
      const reason = messageOf(error)
      problems.set(reason, [...(problems.get(reason) ?? []), definition.name])
    }
  }
  if (problems.size > 0) throw new Error([...problems].map(describeProblem).join('\n'))
  replaceEnvironment(env, Object.assign(inherited, ...functions.map(({ environment }) => environment)))
  const stopped = new Set(functions.filter(({ isStopped }) => isStopped).map(({ name }) => name))
  return {
    async invoke(name, event) {
      const target = hosted.get(name)
      if (!target) throw new Error(`there is no function ${name}`)
      if (stopped.has(name)) return { functionError: throttledError }
      const invocation = await run(target, event)
      if ('functionError' in invocation) log(describe(name, invocation.functionError))
      return invocation
    },
    setStopped(name, isStopped) {
      if (isStopped) stopped.add(name)
      else stopped.delete(name)
    },
  }
}

const throttledError: FunctionError = { errorType: THROTTLED, errorMessage: 'Rate Exceeded.', trace: [] }

function describeProblem([reason, names]: [reason: string, names: string[]]): string {
  return `${names.map((name) => `"${name}"`).join(', ')} cannot be loaded: ${reason}`
}

function environmentOf({ name, memoryMb, region, accessKey, environment }: FunctionDefinition) {
  return {
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: accessKey,
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_LAMBDA_FUNCTION_NAME: name,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMb),
    ...environment,
  }
}

function replaceEnvironment(env: Options['env'], next: Options['env']): void {
  for (const name of Object.keys(env)) if (!(name in next)) delete env[name]
  Object.assign(env, next)
}

async function loadHandler(handler: string, folder: string): Promise<Handler> {
  const dot = handler.lastIndexOf('.')
  const path = resolve(folder, handler.slice(0, dot))
  const extension = EXTENSIONS.find((candidate) => existsSync(path + candidate))
  if (extension === undefined) throw new Error(`there is no module ${handler.slice(0, dot)}`)
  const module: Record<string, unknown> = await import(pathToFileURL(path + extension).href)
  const found = module[handler.slice(dot + 1)]
  if (typeof found !== 'function') throw new Error(`${handler} is not a function`)
  return found as Handler
}

function run({ definition, handler }: Hosted, event: unknown): Promise<Invocation> {
  const { timeoutMs } = definition
  const deadline = performance.now() + timeoutMs
  const work = () => call(handler, event, contextOf(definition, deadline))
  return within<Invocation>(timeoutMs, work, () => ({ functionError: timeoutError(timeoutMs) }))
}

async function call(handler: Handler, event: unknown, context: object): Promise<Invocation> {
  try {
    return { payload: await handler(event, context) }
  } catch (error) {
    return { functionError: toFunctionError(error) }
  }
}

/** @see https://docs.aws.amazon.com/lambda/latest/dg/nodejs-context.html */
function contextOf({ name, region, memoryMb }: FunctionDefinition, deadline: number) {
  return {
    functionName: name,
    functionVersion: '$LATEST',
    invokedFunctionArn: `arn:aws:lambda:${region}:${ACCOUNT}:function:${name}`,
    memoryLimitInMB: String(memoryMb),
    awsRequestId: randomUUID(),
    logGroupName: `/aws/lambda/${name}`,
    logStreamName: 'local',
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => Math.max(0, Math.round(deadline - performance.now())),
  }
}

function timeoutError(timeoutMs: number): FunctionError {
  const errorMessage = `Task timed out after ${(timeoutMs / 1000).toFixed(2)} seconds`
  return { errorType: 'Sandbox.Timedout', errorMessage, trace: [] }
}

function toFunctionError(error: unknown): FunctionError {
  if (!(error instanceof Error)) return { errorType: typeof error, errorMessage: String(error), trace: [] }
  return { errorType: error.name, errorMessage: error.message, trace: error.stack?.split('\n') ?? [] }
}

function describe(name: string, { errorType, errorMessage, trace }: FunctionError): string {
  return `${name}: ${trace.length > 0 ? trace.join('\n') : `${errorType}: ${errorMessage}`}`
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
