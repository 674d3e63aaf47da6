import { parseRetention, type Retention } from '#shared/core/retention.ts'

/** Reads RETENTION and compares it with the domains. Throws an error of one line that says what is wrong. */
export async function readRetention(text: string): Promise<Retention> {
  try {
    const retention = parseRetention(text)
    const { topics, views } = retention.named
    return topics.length + views.length === 0 ? retention : await inForce(retention)
  } catch (cause) {
    throw new Error(`RETENTION: ${(cause as Error).message}`, { cause })
  }
}

/** The domains take a moment to load, and a setting that names none of theirs cannot contradict them. */
async function inForce(retention: Retention): Promise<Retention> {
  const [{ domains }, { deployedRetention }] = await Promise.all([
    import('#shared/domain/catalog.ts'),
    import('#shared/pipeline/deployed-retention.ts'),
  ])
  return deployedRetention(retention, domains)
}
