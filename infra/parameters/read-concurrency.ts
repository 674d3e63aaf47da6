/**
 * How many instances of each function that holds connections to Kafka may run at once. Each has a connection to every
 * broker, and a broker takes 3,000 with IAM, 100 new ones per second; without a limit an outage of Kafka, in which requests
 * wait, would start as many instances as the account has. `fold` needs none: it has one for each partition.
 * https://docs.aws.amazon.com/msk/latest/developerguide/limits.html
 */
const DEFAULTS = {
  write: 100,
  webhooks: 40,
  command: 40,
  streams: 10,
  stats: 10,
  audit: 10,
  'replay-records': 5,
} as const

/** Instances at once, by function; those that are absent share what the account has left. */
export type Concurrency = Readonly<Record<string, number>>

/**
 * Reads `concurrency`: `auto`, `off`, or functions such as `write=200,webhooks=0`, which change the defaults. With `auto`
 * only the stage prod reserves instances: an account must keep 100 that are free, and a new one may have fewer in all.
 * Throws an error of one line that says what is wrong.
 */
export function readConcurrency(text: string, stage: string): Concurrency {
  if (text === 'off') return {}
  if (text === '' || text === 'auto') return stage === 'prod' ? DEFAULTS : {}
  const entries = text.split(',').map((entry) => {
    const [, name = '', number] = /^\s*([\w-]+)=(\d+)\s*$/.exec(entry) ?? []
    if (!(name in DEFAULTS))
      throw new Error(
        `concurrency: ${JSON.stringify(entry)} is not auto, off or, separated by commas, <function>=<instances> with one of ${Object.keys(DEFAULTS).join(', ')}`,
      )
    return [name, Number(number)] as const
  })
  const all = { ...DEFAULTS, ...Object.fromEntries(entries) }
  // None at all would be a function that is switched off.
  return Object.fromEntries(Object.entries(all).filter(([, instances]) => instances > 0))
}
