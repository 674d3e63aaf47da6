import { startWorker } from '../start-worker.ts'

type Options = { readonly port: number; readonly dataDir: string; readonly log: (line: string) => void }

/**
 * Starts cognito-local, with the users of CONTRACT.md, on a thread of its own: Cognito's interface on loopback, as
 * aws-amplify and the functions use it. Throws when the port is in use.
 */
export function startIdentityWorker({ port, dataDir, log }: Options) {
  return startWorker(new URL('./identity-worker.ts', import.meta.url), { data: { port, dataDir }, log })
}
