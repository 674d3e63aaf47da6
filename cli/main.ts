import process from 'node:process'
import { systemClock } from './lib/clock.ts'
import { runCli } from './run-cli.ts'

const REPEAT_MS = 500

const interrupted = new AbortController()
let interruptedAt = 0

function interrupt(): void {
  // One Ctrl-C can arrive twice: from the terminal and forwarded by the launcher. A later second one ends at once.
  if (interrupted.signal.aborted && performance.now() - interruptedAt > REPEAT_MS) process.exit(130)
  if (interrupted.signal.aborted) return
  interruptedAt = performance.now()
  interrupted.abort(new Error('interrupted'))
}

// kafkajs sets timers with negative times: https://github.com/tulios/kafkajs/issues/1704.
process.removeAllListeners('warning')
process.on('warning', (warning) => {
  if (warning.name !== 'TimeoutNegativeWarning') process.stderr.write(`${warning.stack}\n`)
})
process.on('SIGINT', interrupt)
process.on('SIGTERM', interrupt)
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    // EPIPE: the reader has closed the pipe, as `| head` does.
    process.exit(error.code === 'EPIPE' ? 0 : 1)
  })

const { stdin, stdout, stderr, env } = process
const code = await runCli(process.argv.slice(2), {
  stdin,
  stdout,
  stderr,
  env,
  clock: systemClock,
  signal: interrupted.signal,
})
// Ends the process despite pooled connections and an open stdin, once the output is written.
stdout.write('', () => stderr.write('', () => process.exit(code)))
