import { createLoad, type Load } from './load.ts'
import type { Answer, Call } from './start-load.ts'

/** The load generator as a process of its own: takes calls over the channel to its parent, one after the other. */
const target = JSON.parse(process.argv[2] ?? '{}')
const load = createLoad(target)

process.on('message', async (call: Call) => {
  const answer = await run(load, call).catch((error: unknown): Answer => ({ error: String(error) }))
  process.send?.(answer)
})
process.once('disconnect', () => process.exit())

async function run({ connect, run: runPlan }: Load, call: Call): Promise<Answer> {
  return call.do === 'connect'
    ? { connected: await connect(call.viewers) }
    : { phase: await runPlan(call.plan) }
}
