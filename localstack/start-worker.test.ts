import { expect, test } from 'vitest'
import { startWorker } from './start-worker.ts'

/** A thread that says that it is ready and goes on with `then`. */
const worker = (then: string) => {
  const source = `
    import { parentPort } from 'node:worker_threads'
    parentPort.postMessage({ type: 'ready', endpoint: 'there' })
    ${then}`
  return new URL(`data:text/javascript,${encodeURIComponent(source)}`)
}

test('a thread that ends although nobody stopped it is told, with its error', async () => {
  const death = Promise.withResolvers<string>()

  const failing = worker("setImmediate(() => { throw new Error('no space left') })")
  const running = await startWorker(failing, { data: null, onDeath: death.resolve })

  expect(running.endpoint).toBe('there')
  expect(await death.promise).toContain('Error: no space left')
})

test('a thread that is stopped is not told', async () => {
  const deaths: string[] = []

  const stoppable = worker("parentPort.on('message', () => process.exit(0))")
  const running = await startWorker(stoppable, { data: null, onDeath: (reason) => deaths.push(reason) })
  await running.stop()

  expect(deaths).toEqual([])
})
