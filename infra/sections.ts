import { roles } from './access/roles.ts'
import { joinTemplates, type Template } from './cloudformation.ts'
import { concurrency } from './concurrency.ts'
import { type Deployment, PARAMETERS, readDeployment } from './deployment.ts'
import { environmentOf } from './environment.ts'
import { vpcOfKafkaFunctions } from './functions.ts'
import { gateways } from './gateways.ts'
import { kafka, kafkaFunctions } from './kafka.ts'
import { network } from './network.ts'
import { observability, rollback } from './observability/observability.ts'
import { allowedOrigins } from './parameters/read-origins.ts'
import { secrets } from './secrets.ts'
import { archive } from './storage/archive.ts'
import { tables } from './storage/tables.ts'
import { topicRetention } from './topic-retention.ts'
import { triggeredFunctions, triggers } from './triggers.ts'
import { users } from './users.ts'
import { web } from './web.ts'

/** What the framework gives to a file that it resolves a variable from. */
type Variables = { readonly resolveVariable: (name: string) => Promise<unknown> }

/** What each module adds to the template. */
const MODULES: readonly ((deployment: Deployment) => Template)[] = [
  network,
  kafka,
  secrets,
  gateways,
  concurrency,
  users,
  tables,
  triggers,
  archive,
  roles,
  web,
]

type Functions = Parameters<typeof observability>[1]
/** Returns the functions of serverless.yml by their keys. It is a list of maps there. */
type ReadFunctions = () => Promise<Functions>

/** Each section of serverless.yml that depends on the parameters, by its name in sections.cjs. */
const SECTIONS: Readonly<Record<string, (deployment: Deployment, functions: ReadFunctions) => unknown>> = {
  environment: environmentOf,
  allowedOrigins: ({ allowedOrigins: origins }) => allowedOrigins(origins),
  vpc: vpcOfKafkaFunctions,
  functions: (deployment) => ({ ...triggeredFunctions(deployment), ...kafkaFunctions(deployment) }),
  topicRetention,
  resources: (deployment) => joinTemplates(MODULES.map((make) => make(deployment))),
  observability: async (deployment, functions) => observability(deployment, await functions()),
  rollback,
}

/** Whether it was said what is wrong with the parameters: every section needs all of them. */
let isTold = false

/**
 * Returns a section of serverless.yml. Throws an error of one line for each parameter that is missing or wrong, but only
 * for the first section that is asked for.
 */
export async function resolveSection(name: string, { resolveVariable }: Variables): Promise<unknown> {
  const section = SECTIONS[name]
  if (section === undefined) throw new Error(`serverless.yml has no section ${name}`)
  const values = await Promise.all(
    PARAMETERS.map(async (parameter) => [parameter, await resolveVariable(`param:${parameter}`)] as const),
  )
  const topics = (await resolveVariable('self:custom.topics.names')) as readonly string[]
  const partitions = Number(await resolveVariable('self:custom.topics.partitions'))
  const stage = String(await resolveVariable('sls:stage'))
  const service = String(await resolveVariable('self:service'))
  const readFunctions: ReadFunctions = async () =>
    Object.assign({}, ...((await resolveVariable('self:functions')) as readonly Functions[]))
  try {
    return await section(
      await readDeployment(Object.fromEntries(values), { service, stage, topics, partitions }),
      readFunctions,
    )
  } catch (error) {
    if (isTold) return {}
    isTold = true
    // The framework prints the stack; who deploys reads the message.
    if (error instanceof Error) error.stack = error.message
    throw error
  }
}
