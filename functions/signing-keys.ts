import { copyIssuerKeys } from '#shared/adapters/identity/issuer-keys.ts'
import { clock, openTables, signingKeyStore, telemetryOf } from './lib/compose.ts'
import { type CopyDeps, copyFunction } from './lib/copy-function.ts'
import { type Environment, readEnvironment } from './lib/environment.ts'

/** Copies the keys that the issuer signs tokens with, so that functions in the VPC know them (docs/adr/0041). */
export function composeSigningKeys(env: Environment): CopyDeps {
  const store = signingKeyStore(openTables(env))
  return {
    copy: () => copyIssuerKeys(env.tokens.issuer, { store, now: clock.now }),
    telemetry: telemetryOf(env, 'signing-keys'),
  }
}

export const handler = copyFunction(composeSigningKeys(readEnvironment(process.env)))
