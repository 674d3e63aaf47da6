import { text } from 'node:stream/consumers'
import { Worker } from 'node:worker_threads'

type Options = { readonly httpUrl: string; readonly apiKey: string; readonly log: (line: string) => void }

/** Events per second of all domains together: enough to look alive, and a small load for a laptop. */
const RATE = '5'

/**
 * Runs `tidewire simulate all` against this stack. It is a client like any other, on a thread of its own, so that it ends
 * with this process. If it ends before, its last line is logged.
 */
export async function startDemo({ httpUrl, apiKey, log }: Options) {
  const worker = new Worker(new URL('../cli/main.ts', import.meta.url), {
    argv: ['simulate', 'all', '--rate', RATE, '--url', httpUrl],
    env: { ...process.env, TIDEWIRE_API_KEY: apiKey },
    execArgv: [],
    stdout: true,
    stderr: true,
  })
  worker.stdout.resume()
  const errors = text(worker.stderr)
  let isStopping = false
  worker.once('error', (cause) => log(`the demo failed: ${cause}`))
  worker.once('exit', async (code) => {
    if (!isStopping) log(`the demo ended with ${code}: ${(await errors).trim().split('\n').at(-1)}`)
  })
  return {
    endpoint: httpUrl,
    async stop() {
      isStopping = true
      await worker.terminate()
    },
  }
}
