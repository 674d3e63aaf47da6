import { API_KEY, startStack, type TestStack } from '../../tests/support/start-stack.ts'
import { treeCpuSeconds, treeMegabytes } from '../measure/processes.ts'
import type { Contender, System } from './system.ts'

/** Tidewire's local stack without the demo; `folder` is a checkout of this repository, perhaps of another commit. */
export function tidewire(name: string, folder: string): Contender {
  return {
    name,
    isTidewire: true,
    async start(brokers) {
      return asSystem(await startStack({ cwd: folder, env: { KAFKA_BROKERS: brokers } }))
    },
  }
}

/** A running stack as a server under test. Disposes of the stack when it is stopped. */
export function asSystem(stack: TestStack): System {
  return {
    protocol: 'tidewire',
    postUrl: `${stack.httpUrl}/events`,
    socketUrl: stack.socketUrl,
    headers: { 'x-api-key': API_KEY },
    cpuSeconds: () => treeCpuSeconds(stack.pid()),
    megabytes: () => treeMegabytes(stack.pid()),
    stop: () => stack.dispose(),
  }
}
