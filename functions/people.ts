import { cognitoPeople } from '#shared/adapters/identity/cognito-people.ts'
import { copyPeople } from '#shared/pipeline/people/copy-people.ts'
import { clock, openTables, personStore, telemetryOf } from './lib/compose.ts'
import { type CopyDeps, copyFunction } from './lib/copy-function.ts'
import { type Environment, readEnvironment } from './lib/environment.ts'

/** Copies who can be assigned to, so that `command` in the VPC knows them (docs/adr/0041). */
export function composePeople(env: Environment): CopyDeps {
  const store = personStore(openTables(env))
  const people = cognitoPeople({ ...env.userPool, aws: env.aws, isWhole: true })
  return {
    copy: () => copyPeople({ people, store, now: clock.now }),
    telemetry: telemetryOf(env, 'people'),
  }
}

export const handler = copyFunction(composePeople(readEnvironment(process.env)))
