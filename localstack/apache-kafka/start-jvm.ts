import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'

// A JVM that outlives a killed test run holds its port and half a gigabyte. The shell around it reads a pipe
// of ours: when this process ends, however it ends, the pipe closes and the JVM is told to stop, then killed.
const guard = `exec 3<&0
"$@" </dev/null 3<&- & jvm=$!
(read -r _ <&3; kill -TERM $jvm; sleep 8; kill -KILL $jvm) >/dev/null 2>&1 & watcher=$!
wait $jvm; code=$?
kill $watcher 2>/dev/null
exit $code`

// One core's worth of compiler and collector threads: these JVMs serve tests, not throughput.
const quickStart = ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xshare:auto']

export type Jvm = { exited: Promise<number>; output(): string; stop(): Promise<void> }

/**
 * Starts `java` with the given arguments.
 * @returns `exited` (the exit code), `output` (the last 4,000 characters it wrote), and `stop` (SIGTERM, and
 * SIGKILL after 8 s), which resolves when the JVM is gone.
 */
export function startJvm(args: string[], options: { cwd?: string } = {}): Jvm {
  const child = spawn('sh', ['-c', guard, 'sh', 'java', ...quickStart, ...args], {
    ...options,
    // A process group of its own, so that Ctrl-C reaches it through `stop` only, in order.
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

/** @returns a TCP port of the loopback interface that was free a moment ago. */
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
 * @throws Error with the JVM's last words when it exits first, or after `timeoutMs`.
 */
export async function waitUntilReady(
  jvm: Jvm,
  probe: () => Promise<unknown>,
  timeoutMs: number,
): Promise<void> {
  const deadline = Date.now() + timeoutMs
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
    if (Date.now() > deadline) {
      await jvm.stop()
      throw new Error(`not ready after ${timeoutMs} ms (${failure}): ${jvm.output()}`)
    }
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}
