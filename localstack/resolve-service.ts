import { fork } from 'node:child_process'
import { createRequire } from 'node:module'
import type { Service } from './service.ts'

const STDERR = 2

/** The framework cannot resolve `serverless.yml`. It has said why on stderr. */
export class UnresolvedService extends Error {
  readonly code = 'UNRESOLVED_SERVICE'
}

/**
 * Returns `serverless.yml` as the framework resolves it for a stage: variables, merged functions, names. The framework
 * runs in a process of its own, which ends when it is done: it takes some 300 MB. It ends with this process too.
 * Rejects with an `UnresolvedService` if it cannot be resolved.
 */
export function resolveService(stage: string): Promise<Service> {
  const framework = createRequire(import.meta.url).resolve('serverless/bin/serverless.js')
  const child = fork(framework, ['local', `--stage=${stage}`], {
    stdio: ['ignore', STDERR, STDERR, 'ipc'],
    env: {
      ...process.env,
      SLS_LOG_LEVEL: process.env.SLS_LOG_LEVEL ?? 'warning',
      SLS_TELEMETRY_DISABLED: '1',
      TIDEWIRE_PLUGIN: './localstack/plugin.ts',
    },
  })
  return new Promise((resolve, reject) => {
    child.once('message', (service) => resolve(service as Service))
    child.once('error', reject)
    child.once('exit', (code, signal) => {
      const reason = code === null ? `was ended by ${signal}` : `ended with ${code}`
      reject(new UnresolvedService(`The framework ${reason} before it had resolved serverless.yml.`))
    })
  })
}
