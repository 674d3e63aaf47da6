import { parseArgs } from 'node:util'

/** What a command is about, from its command line. */
export type StageOptions = {
  readonly stage: string
  readonly region: string
  /** `name=value`, as the framework takes them. */
  readonly params: readonly string[]
  readonly profile: string | null
  /** Agrees to what would be asked. */
  readonly yes: boolean
  /** Agrees to delete the stage prod. */
  readonly allowProd: boolean
}

/** As in serverless.yml. */
const REGION = 'eu-central-1'

/** Reads a command line. Throws an error of one line that says what is missing or wrong. */
export function readStageOptions(args: readonly string[]): StageOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      stage: { type: 'string', short: 's' },
      region: { type: 'string', short: 'r', default: REGION },
      param: { type: 'string', multiple: true, default: [] },
      'aws-profile': { type: 'string' },
      yes: { type: 'boolean', default: false },
      'allow-prod': { type: 'boolean', default: false },
    },
  })
  const { stage = '', region, param: params } = values
  if (!/^[a-z][a-z0-9-]{0,30}$/.test(stage))
    throw new Error(
      '--stage is missing: give a name of lower-case letters, digits and dashes, such as --stage prod',
    )
  if (stage === 'local') throw new Error('the stage local is the local stack: npm start')
  const wrong = params.find((param) => !/^\w+=/.test(param))
  if (wrong !== undefined) throw new Error(`--param=${wrong} has no value: --param=name=value`)
  const profile = values['aws-profile'] ?? null
  return { stage, region, params, profile, yes: values.yes, allowProd: values['allow-prod'] }
}

/** The name of the stack of a stage, as the framework makes it. */
export function stackName(stage: string): string {
  return `tidewire-${stage}`
}

/** The arguments of the framework that say which stage is meant. `more` are further parameters, which win. */
export function frameworkArguments(
  { stage, region, params, profile }: StageOptions,
  more: readonly string[] = [],
): readonly string[] {
  // Of two parameters of one name the framework takes the last.
  const all = [...params, ...more].map((param) => `--param=${param}`)
  return [
    '--stage',
    stage,
    '--region',
    region,
    ...(profile === null ? [] : ['--aws-profile', profile]),
    ...all,
  ]
}
