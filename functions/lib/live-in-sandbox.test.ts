import { afterEach, expect, test, vi } from 'vitest'
import { liveInSandbox } from './live-in-sandbox.ts'

afterEach(() => vi.restoreAllMocks())

/** A client of Kafka, and a runtime whose end the test brings about. */
function createSandbox({ isLocal = false, isFunction = true } = {}) {
  const log = { open: vi.fn(async (_: readonly string[]) => {}), close: vi.fn(async () => {}) }
  const listeners = new Map<unknown, () => void>()
  const exited = Promise.withResolvers<unknown>()
  const runtime = {
    once: (name: unknown, listener: () => void) => listeners.set(name, listener),
    exit: exited.resolve,
  } as unknown as Pick<NodeJS.Process, 'once' | 'exit'>
  const sandbox = {
    isLocal,
    telemetry: { stage: 'prod', functionName: isFunction ? 'write' : undefined, daemon: undefined },
    runtime,
  }
  return { log, sandbox, end: () => listeners.get('SIGTERM')?.(), exited: exited.promise }
}

test('a function connects before its first invocation, and disconnects before its sandbox ends', async () => {
  const { log, sandbox, end, exited } = createSandbox()

  await liveInSandbox(log, ['events'], sandbox)

  expect(log.open.mock.calls).toEqual([[['events']]])
  end()
  expect(await exited).toBe(0)
  expect(log.close).toHaveBeenCalledOnce()
})

test('a function begins without Kafka if it does not respond', async () => {
  const logged = vi.spyOn(console, 'error').mockImplementation(() => {})
  const { log, sandbox } = createSandbox()
  log.open.mockRejectedValue(new Error('ECONNREFUSED'))

  await liveInSandbox(log, ['events'], sandbox)

  expect(String(logged.mock.calls[0]?.[0])).toContain('ECONNREFUSED')
})

test('the local stack and programs that are no function connect when they write', async () => {
  for (const other of [{ isLocal: true }, { isFunction: false }]) {
    const { log, sandbox } = createSandbox(other)
    await liveInSandbox(log, ['events'], sandbox)
    expect(log.open).not.toHaveBeenCalled()
  }
})
