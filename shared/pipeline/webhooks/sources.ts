import * as z from 'zod'
import { logError } from '#shared/pipeline/log-error.ts'
import type { SecretCache } from '#shared/pipeline/record-secrets.ts'
import { challengeSchema } from './handshakes/challenge.ts'
import { readExpected } from './handshakes/expected-texts.ts'
import { mappingSchema, type Provider } from './provider.ts'
import { providers } from './providers/providers.ts'
import { isBeside, secretProblem, secretVariable, secretVariables, withLocalKeys } from './read-secrets.ts'
import { type Scheme, schemeSchema } from './scheme.ts'
import { senderAnswerSchema } from './sender-answer.ts'

/** A sender that may deliver to `POST /webhooks/{name}`. */
export type WebhookSource = Provider & {
  readonly name: string
  readonly secrets: readonly string[]
  /** What a handshake may name, where the provider sends a verify token or a topic. */
  readonly expected: readonly string[]
}

type Environment = Readonly<Record<string, string | undefined>>

const NAME = /^[a-z0-9][a-z0-9_-]{0,63}$/

/** One entry of the configuration: like a provider that is built in, or with a scheme of its own. */
const entrySchema = z
  .strictObject({
    like: z
      .string()
      .refine((name) => Object.hasOwn(providers, name), 'is not a provider that is built in')
      .optional(),
    scheme: schemeSchema.optional(),
    /** Names of the environment variables with the secrets; `WEBHOOK_SECRET_<NAME>` by default. */
    secrets: z.array(z.string().min(1)).min(1, 'must name a variable').optional(),
    mapping: mappingSchema.optional(),
    challenges: z.array(challengeSchema).optional(),
    answer: senderAnswerSchema.optional(),
  })
  .refine(({ like, scheme }) => like !== undefined || scheme !== undefined, 'needs "scheme" or "like"')
type Entry = z.infer<typeof entrySchema>
const entriesSchema = z.record(
  z.string().regex(NAME, 'is not a source name: a-z, 0-9, "-" and "_"'),
  entrySchema,
)

/**
 * Returns the sources that may deliver, by name: every provider that is built in and has a secret, and the entries of
 * `WEBHOOK_SOURCES` (JSON, by name). A secret is the whole value of `WEBHOOK_SECRET_<NAME>`; further ones, while it is
 * rotated, are those of `WEBHOOK_SECRET_<NAME>_2` and so on. With `WEBHOOK_LOCAL_SECRETS=1` every source without one has
 * `local-secret-<name>`.
 * Throws an error that lists everything that is wrong.
 */
export function webhookSources(env: Environment): ReadonlyMap<string, WebhookSource> {
  const problems: string[] = []
  const isLocal = env.WEBHOOK_LOCAL_SECRETS === '1'
  const builtIn = Object.keys(providers).map((name): [string, Entry] => [name, { like: name }])
  const entries = new Map([...builtIn, ...Object.entries(readEntries(env.WEBHOOK_SOURCES, problems))])
  problems.push(...sharedVariables(entries, env))
  const sources = new Map<string, WebhookSource>()
  for (const [name, entry] of entries) {
    const provider = toProvider(entry)
    const variables = entry.secrets ?? secretVariables(secretVariable(name), env)
    const secrets = readSecrets(variables, env, { schemes: provider.schemes, isLocal, problems })
    if (secrets.length === 0 && isLocal) secrets.push(`local-secret-${name}`)
    const expected = readExpected(name, env, problems)
    const getsSecrets = expected.length > 0 && provider.challenges?.some(({ keeps }) => keeps !== undefined)
    const isUsable = secrets.length > 0 || getsSecrets
    if (!isUsable && !builtIn.some(([known]) => known === name))
      problems.push(`${name}: none of ${variables.join(', ')} has a secret`)
    if (isUsable)
      sources.set(name, {
        name,
        ...provider,
        expected,
        secrets: isLocal ? withLocalKeys(secrets, provider.schemes) : secrets,
      })
  }
  if (problems.length > 0) throw new Error(`The webhook sources are not usable:\n  ${problems.join('\n  ')}`)
  return sources
}

/** Returns the sources as they are now. Throws what `webhookSources` throws, and if their secrets cannot be read. */
export type CurrentSources = () => Promise<ReadonlyMap<string, WebhookSource>>

/** What a secret must not set, because these are settings of a stage that anybody may read. */
const SETTINGS: readonly string[] = ['WEBHOOK_SOURCES', 'WEBHOOK_LOCAL_SECRETS', 'PUBLIC_URL']

/**
 * The sources whose secrets are kept outside of the environment, as one JSON object by the names of variables. When it
 * changes they are read again. What is wrong in a new version is logged, and the sources stay as they were.
 */
export function currentSources(env: Environment, secrets: SecretCache): CurrentSources {
  let known: { readonly value: string; readonly sources: ReadonlyMap<string, WebhookSource> } | undefined
  return async () => {
    const { value } = await secrets.current()
    if (known?.value === value) return known.sources
    try {
      known = { value, sources: webhookSources({ ...env, ...readVariables(value) }) }
    } catch (error) {
      if (known === undefined) throw error
      logError('the new secrets of webhooks are not usable; the last ones are used', error)
      known = { value, sources: known.sources }
    }
    return known.sources
  }
}

/** Throws an error that says nothing of the secrets. */
function readVariables(json: string): Record<string, string> {
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch {
    throw new Error('The secrets of webhooks are not JSON.')
  }
  const result = z.record(z.string(), z.string()).safeParse(value)
  if (!result.success) throw new Error('The secrets of webhooks must be one JSON object of texts.')
  const setting = SETTINGS.find((name) => Object.hasOwn(result.data, name))
  if (setting !== undefined) throw new Error(`${setting} is a parameter of the stage, and no secret.`)
  return result.data
}

function readEntries(json: string | undefined, problems: string[]): Record<string, Entry> {
  if (!json) return {}
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch {
    problems.push('WEBHOOK_SOURCES: is not JSON')
    return {}
  }
  const result = entriesSchema.safeParse(value)
  if (result.success) return result.data
  for (const issue of result.error.issues) {
    const [{ message }] = issue.code === 'invalid_key' ? [issue.issues[0] ?? issue] : [issue]
    problems.push(`WEBHOOK_SOURCES: ${issue.path.join('.')}: ${message}`)
  }
  return {}
}

function toProvider({ like, scheme, mapping, challenges, answer }: Entry): Provider {
  const base = like === undefined ? undefined : providers[like]
  const own = challenges ?? base?.challenges
  const answers = { ...base?.answer, ...answer }
  return {
    schemes: scheme ? [scheme] : (base?.schemes ?? []),
    mapping: { ...base?.mapping, ...mapping },
    ...(own && { challenges: own }),
    answer: answers,
  }
}

type Reading = {
  readonly schemes: readonly Scheme[]
  readonly isLocal: boolean
  readonly problems: string[]
}

function readSecrets(
  variables: readonly string[],
  env: Environment,
  { schemes, isLocal, problems }: Reading,
): string[] {
  return variables.flatMap((variable) => {
    const secret = env[variable] ?? ''
    if (secret === '') return []
    const problem = secretProblem(secret, schemes, isLocal)
    if (problem !== null) problems.push(`${variable}: ${problem}`)
    return [secret]
  })
}

/**
 * Returns what is wrong with the names of variables: one that is set must not be the secret of two sources, because names
 * differ in `-` and `_` only or one ends in a number that counts the secrets of the other. What `secrets` names is meant.
 */
function sharedVariables(entries: ReadonlyMap<string, Entry>, env: Environment): string[] {
  const named = [...entries].filter(([, { secrets }]) => secrets === undefined)
  return [...entries].flatMap(([name, { secrets }]) =>
    (secrets ?? [secretVariable(name)])
      .filter((variable) => (env[variable] ?? '') !== '')
      .flatMap((variable) =>
        named
          .filter(([other]) => other !== name && opens(variable, other, secrets === undefined))
          .map(
            ([other]) =>
              `${variable}: is a secret of ${name} and of ${other}; name another variable in "secrets" of one of them`,
          ),
      ),
  )
}

function opens(variable: string, source: string, isUnnamed: boolean): boolean {
  const own = secretVariable(source)
  return isBeside(variable, own) || (isUnnamed && variable === own)
}
