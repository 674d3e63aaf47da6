import { text } from 'node:stream/consumers'
import { Worker } from 'node:worker_threads'

type Options = { readonly httpUrl: string; readonly apiKey: string; readonly log: (line: string) => void }

/** Events a second of all domains together: lively to look at, and light on a laptop. */
const RATE = '5'

/**
 * Runs `tidewire simulate all` against this stack, on a thread of its own: a client like any other, which is gone with
 * the process whatever ends it. If it ends by itself, the log says why.
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
  const said = text(worker.stderr)
  let isStopping = false
  worker.once('error', (cause) => log(`the demo failed: ${cause}`))
  worker.once('exit', async (code) => {
    if (!isStopping) log(`the demo ended with ${code}: ${(await said).trim().split('\n').at(-1)}`)
  })
  return {
    endpoint: httpUrl,
    async stop() {
      isStopping = true
      await worker.terminate()
    },
  }
}
