import type { Options } from './options.ts'

export type Settings = {
  /** The cluster to use; null starts the embedded broker. */
  brokers: string[] | null
  kafkaPort: number
  dataDir: string
  partitions: number
  topics: Record<string, number>
}

const names = ['brokers', 'kafkaPort', 'dataDir', 'partitions', 'topics'] satisfies (keyof Options)[]
const maxPartitions = 1_000

/**
 * Reads `custom.serverless-offline-msk`.
 * @throws Error that lists every bad setting.
 */
export function readSettings(custom: unknown): Settings {
  const problems: string[] = []
  const options = custom === undefined || custom === null ? {} : custom
  if (!isFields(options)) throw new Error('custom.serverless-offline-msk must be an object')

  function readInteger(name: string, value: unknown, max: number, otherwise: number): number {
    if (value === undefined || value === null || value === '') return otherwise
    const number = typeof value === 'string' ? Number(value) : value
    if (typeof number === 'number' && Number.isInteger(number) && number >= 1 && number <= max) return number
    problems.push(`${name} must be a whole number from 1 to ${max}, not ${JSON.stringify(value)}`)
    return otherwise
  }

  function readBrokers(value: unknown): string[] | null {
    if (value === undefined || value === null) return null
    const list = typeof value === 'string' ? value.split(',') : value
    if (!Array.isArray(list) || !list.every((item) => typeof item === 'string')) {
      problems.push(`brokers must be text or a list of text, not ${JSON.stringify(value)}`)
      return null
    }
    const brokers = list.map((item) => item.trim()).filter((item) => item !== '')
    const bad = brokers.find((item) => !/^[^\s/]+:\d+$/.test(item))
    if (bad !== undefined) problems.push(`brokers must be host:port, not ${JSON.stringify(bad)}`)
    // An empty text is a variable without a value.
    return brokers.length > 0 ? brokers : null
  }

  function readTopics(value: unknown): Record<string, number> {
    if (value === undefined || value === null) return {}
    if (!isFields(value)) {
      problems.push(`topics must be an object of topic: partitions, not ${JSON.stringify(value)}`)
      return {}
    }
    const counts = Object.entries(value).map(([topic, count]) => [
      topic,
      readInteger(`topics.${topic}`, count, maxPartitions, 1),
    ])
    return Object.fromEntries(counts)
  }

  for (const name of Object.keys(options)) {
    if (!names.some((known) => known === name))
      problems.push(`${name} is no setting; there are ${names.join(', ')}`)
  }
  const { dataDir = '.serverless-offline-msk' } = options
  if (typeof dataDir !== 'string' || dataDir === '') problems.push('dataDir must be the path of a folder')
  const settings = {
    brokers: readBrokers(options.brokers),
    kafkaPort: readInteger('kafkaPort', options.kafkaPort, 65_535, 9092),
    dataDir: String(dataDir),
    partitions: readInteger('partitions', options.partitions, maxPartitions, 1),
    topics: readTopics(options.topics),
  }
  if (problems.length > 0) throw new Error(`custom.serverless-offline-msk:\n  ${problems.join('\n  ')}`)
  return settings
}

const isFields = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
