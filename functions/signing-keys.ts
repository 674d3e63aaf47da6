import { copySenderKeys } from '#shared/adapters/identity/copy-sender-keys.ts'
import { copyIssuerKeys } from '#shared/adapters/identity/issuer-keys.ts'
import { clock, openTables, senderKeyStore, signingKeyStore, telemetryOf } from './lib/compose.ts'
import { type CopyDeps, copyFunction } from './lib/copy-function.ts'
import { type Environment, readEnvironment } from './lib/environment.ts'

/**
 * Copies the keys that the issuer signs tokens with, and what senders of webhooks publish, so that functions in the VPC know
 * them (docs/adr/0041, docs/adr/0050).
 */
export function composeSigningKeys(env: Environment): CopyDeps {
  const tables = openTables(env)
  const issuers = { store: signingKeyStore(tables), now: clock.now }
  const senders = { store: senderKeyStore(tables), now: clock.now }
  const copy = async () => {
    const copied = await Promise.allSettled([
      copyIssuerKeys(env.tokens.issuer, issuers),
      copySenderKeys(senders),
    ])
    for (const result of copied) if (result.status === 'rejected') throw result.reason
  }
  return { copy, telemetry: telemetryOf(env, 'signing-keys') }
}

export const handler = copyFunction(composeSigningKeys(readEnvironment(process.env)))
