import * as z from 'zod'
import { logError } from '#shared/pipeline/log-error.ts'
import type { SecretCache } from '#shared/pipeline/record-secrets.ts'
import { challengeSchema, mappingSchema, type Provider, type Scheme, schemeSchema } from './provider.ts'
import { providers } from './providers/providers.ts'
import { ed25519Key, hmacKey, isPublicKey, localKeyPair } from './secret-key.ts'

/** A sender that may deliver to `POST /webhooks/{name}`. */
export type WebhookSource = Provider & { readonly name: string; readonly secrets: readonly string[] }

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
    secrets: z.array(z.string().min(1)).optional(),
    mapping: mappingSchema.optional(),
    challenges: z.array(challengeSchema).optional(),
  })
  .refine(({ like, scheme }) => like !== undefined || scheme !== undefined, 'needs "scheme" or "like"')
type Entry = z.infer<typeof entrySchema>
const entriesSchema = z.record(
  z.string().regex(NAME, 'is not a source name: a-z, 0-9, "-" and "_"'),
  entrySchema,
)

/**
 * Returns the sources that may deliver, by name: every provider that is built in and has a secret, and the entries of
 * `WEBHOOK_SOURCES` (JSON, by name). Secrets are comma-separated in `WEBHOOK_SECRET_<NAME>`. With
 * `WEBHOOK_LOCAL_SECRETS=1` every source without one has `local-secret-<name>`.
 * Throws an error that lists everything that is wrong.
 */
export function webhookSources(env: Environment): ReadonlyMap<string, WebhookSource> {
  const problems: string[] = []
  const isLocal = env.WEBHOOK_LOCAL_SECRETS === '1'
  const builtIn = Object.keys(providers).map((name): [string, Entry] => [name, { like: name }])
  const entries = new Map([...builtIn, ...Object.entries(readEntries(env.WEBHOOK_SOURCES, problems))])
  const sources = new Map<string, WebhookSource>()
  for (const [name, entry] of entries) {
    const provider = toProvider(entry)
    const variables = entry.secrets ?? [`WEBHOOK_SECRET_${name.toUpperCase().replaceAll('-', '_')}`]
    const secrets = variables.flatMap((variable) =>
      readSecrets(
        variable,
        env[variable],
        isLocal ? `local-secret-${name}` : undefined,
        provider.schemes,
        problems,
      ),
    )
    const isWanted = secrets.length > 0 || !builtIn.some(([known]) => known === name)
    if (secrets.length === 0 && isWanted)
      problems.push(`${name}: none of ${variables.join(', ')} has a secret`)
    if (secrets.length > 0)
      sources.set(name, {
        name,
        ...provider,
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
  for (const { path, message } of result.error.issues)
    problems.push(`WEBHOOK_SOURCES: ${path.join('.')}: ${message}`)
  return {}
}

function toProvider({ like, scheme, mapping, challenges }: Entry): Provider {
  const base = like === undefined ? undefined : providers[like]
  const own = challenges ?? base?.challenges
  return {
    schemes: scheme ? [scheme] : (base?.schemes ?? []),
    mapping: { ...base?.mapping, ...mapping },
    ...(own && { challenges: own }),
  }
}

function readSecrets(
  variable: string,
  value: string | undefined,
  fallback: string | undefined,
  schemes: readonly Scheme[],
  problems: string[],
): string[] {
  const given = (value ?? '').split(',').map((secret) => secret.trim())
  const secrets = given.filter((secret) => secret !== '')
  if (secrets.length === 0) return fallback === undefined ? [] : [fallback]
  for (const [index, secret] of secrets.entries()) {
    const isKeyPair = fallback !== undefined && schemes.some(({ algorithm }) => algorithm === 'ed25519')
    const isUsable = isKeyPair || schemes.some((scheme) => fits(secret, scheme))
    if (!isUsable) problems.push(`${variable}: secret ${index + 1} has not the form that its scheme needs`)
  }
  return secrets
}

function fits(secret: string, scheme: Scheme): boolean {
  if (scheme.algorithm === 'token') return !isPublicKey(secret)
  if (scheme.algorithm === 'basic') return secret.includes(':') && !isPublicKey(secret)
  if (scheme.algorithm !== 'ed25519') return hmacKey(secret, scheme.key) !== null
  return ed25519Key(secret, { marked: scheme.key === 'standard' }) !== null
}

/** On the local stack a plain text is the seed of a key pair if a scheme needs one, so that nobody has to create keys. */
function withLocalKeys(secrets: readonly string[], schemes: readonly Scheme[]): readonly string[] {
  if (!schemes.some(({ algorithm }) => algorithm === 'ed25519')) return secrets
  const texts = secrets.filter((secret) => ed25519Key(secret, { marked: false }) === null)
  return [...secrets, ...texts.map((text) => localKeyPair(text).publicKey)]
}
