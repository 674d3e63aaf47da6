import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** A required program is not installed. The message says how to install it. */
class MissingToolError extends Error {
  readonly code = 'MISSING_TOOL'
  readonly retryable = false
}

const HINTS: Record<'java' | 'mvn', string> = {
  java: 'Java 17 or newer is needed but `java` was not found: install a JRE (Debian: `apt install openjdk-17-jre-headless`, macOS: `brew install openjdk@17`) and put it on the PATH.',
  mvn: 'Maven is needed once, to download jars, but `mvn` was not found: install it (Debian: `apt install maven`, macOS: `brew install maven`) and put it on the PATH.',
}

/** @returns the reason why Java servers cannot run on this machine, or null if `java` and `mvn` are installed. */
export async function javaProblem(): Promise<string | null> {
  for (const tool of ['java', 'mvn'] as const) {
    const found = await run(tool, ['-version']).then(
      () => true,
      () => false,
    )
    if (!found) return HINTS[tool]
  }
  return null
}

/**
 * Makes sure that the runtime dependencies of a pom.xml are in `<dir>/lib-<version>`. They are downloaded once.
 * The directory appears by a rename, so if it exists, it is complete.
 * @returns the directory of the jars, and the version, which is the property `property` of the pom.xml.
 * @throws MissingToolError without `java` or `mvn`; Error with Maven's output if the download fails.
 */
export async function ensureJars({
  pom,
  property,
  dir,
  log,
}: {
  pom: string
  property: string
  dir: string
  log: (line: string) => void
}): Promise<{ lib: string; version: string }> {
  const version = new RegExp(`<${property}>(.+)</${property}>`).exec(await readFile(pom, 'utf8'))?.[1]
  if (!version) throw new Error(`${pom} does not pin ${property}`)
  const lib = resolve(dir, `lib-${version}`)
  if (existsSync(lib)) return { lib, version }
  const problem = await javaProblem()
  if (problem) throw new MissingToolError(problem)
  log(`downloading the jars of ${pom} from Maven Central (once) …`)
  await mkdir(dirname(lib), { recursive: true })
  const partial = await mkdtemp(join(dirname(lib), '.partial-'))
  try {
    await run('mvn', mavenArguments(pom, partial))
    await rename(partial, lib)
  } catch (error) {
    // If two runs download at once, the first rename wins and the other run uses its result.
    if (existsSync(lib)) return { lib, version }
    const output = error instanceof Error && 'stdout' in error ? String(error.stdout).trim() : ''
    throw new Error(`mvn could not download the jars of ${pom}: ${output || String(error)}`, { cause: error })
  } finally {
    await rm(partial, { recursive: true, force: true })
  }
  return { lib, version }
}

function mavenArguments(pom: string, outputDirectory: string): string[] {
  return [
    '-q',
    '-B',
    '-f',
    pom,
    'dependency:copy-dependencies',
    '-DincludeScope=runtime',
    `-DoutputDirectory=${outputDirectory}`,
  ]
}

// A JVM that outlives a killed test run keeps its port and half a gigabyte of memory. The shell around it reads a pipe
// of this process. When this process ends, the pipe closes, and the shell sends the JVM SIGTERM and then SIGKILL.
const GUARD = `exec 3<&0
"$@" </dev/null 3<&- & jvm=$!
(read -r _ <&3; kill -TERM $jvm; sleep 8; kill -KILL $jvm) >/dev/null 2>&1 & watcher=$!
wait $jvm; code=$?
kill $watcher 2>/dev/null
exit $code`

// One thread each for the compiler and the collector: these JVMs start quickly and need no throughput.
const QUICK_START = ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xshare:auto']

type Jvm = { exited: Promise<number>; output(): string; stop(): Promise<void> }

/**
 * Starts `java` with the given arguments.
 * @returns `exited` (the exit code), `output` (the last 4,000 characters it wrote), and `stop` (SIGTERM, and
 * SIGKILL after 8 s), which resolves when the JVM is gone.
 */
export function startJvm(args: string[], options: { cwd?: string } = {}): Jvm {
  const child = spawn('sh', ['-c', GUARD, 'sh', 'java', ...QUICK_START, ...args], {
    ...options,
    // A process group of its own, so that Ctrl-C reaches it only through `stop`, in the sequence of the caller.
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let tail = ''
  const keep = (chunk: Buffer): void => {
    tail = (tail + chunk.toString()).slice(-4000)
  }
  child.stdout.on('data', keep)
  child.stderr.on('data', keep)
  child.stdin.on('error', () => {})
  const exited = once(child, 'exit').then(([code]) => Number(code))
  return {
    exited,
    output: () => tail,
    async stop() {
      child.stdin.end()
      await exited
    },
  }
}

/** @returns a TCP port of the loopback interface that is free now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port was assigned')
  return address.port
}

/**
 * Polls until `probe` succeeds.
 * @throws Error with the last output of the JVM if it exits first, or after `timeoutMs`.
 */
export async function waitUntilReady(
  jvm: Jvm,
  probe: () => Promise<unknown>,
  timeoutMs: number,
): Promise<void> {
  const deadline = performance.now() + timeoutMs
  let exitCode: number | undefined
  jvm.exited.then((code) => {
    exitCode = code
  })
  for (;;) {
    if (exitCode !== undefined) throw new Error(`the JVM exited with code ${exitCode}: ${jvm.output()}`)
    const failure = await probe().then(
      () => undefined,
      (error: unknown) => String(error),
    )
    if (failure === undefined) return
    if (performance.now() > deadline) {
      await jvm.stop()
      throw new Error(`not ready after ${timeoutMs} ms (${failure}): ${jvm.output()}`)
    }
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}
