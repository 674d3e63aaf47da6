import { isBeside } from '#shared/pipeline/webhooks/read-secrets.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** A text that is shorter can be guessed. */
const SHORTEST = 8

/**
 * Returns what the handshakes of a source may name: the text of `WEBHOOK_VERIFY_<NAME>`, with every character in it, and
 * those of `WEBHOOK_VERIFY_<NAME>_2`, `_3` and so on beside it. With `WEBHOOK_LOCAL_SECRETS=1` a source without one has
 * `local-verify-<name>`. A text that is too short is added to `problems`.
 */
export function readExpected(name: string, env: Environment, problems: string[]): readonly string[] {
  const own = `WEBHOOK_VERIFY_${name.toUpperCase().replaceAll('-', '_')}`
  const variables = Object.keys(env).filter(
    (variable) => (variable === own || isBeside(variable, own)) && env[variable],
  )
  for (const variable of variables)
    if ((env[variable] ?? '').length < SHORTEST)
      problems.push(`${variable}: must have at least ${SHORTEST} characters, so that nobody can guess it`)
  if (variables.length === 0 && env.WEBHOOK_LOCAL_SECRETS === '1') return [`local-verify-${name}`]
  return variables.flatMap((variable) => env[variable] ?? [])
}
