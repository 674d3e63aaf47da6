import {
  CloudFormationClient,
  GetTemplateCommand,
  paginateListStackResources,
} from '@aws-sdk/client-cloudformation'
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import { readStack, type Stack } from '../read-stack.ts'

/** A resource of a stack, as it is in the account. */
export type StackResource = {
  readonly logicalId: string
  readonly type: string
  /** Its name or id. */
  readonly id: string
  /** Whether it stays when its stack is deleted. */
  readonly isKept: boolean
}

/** What the commands ask an account. */
export type Cloud = {
  /** Returns whose credentials there are. Throws an error of one line that says what to do if there are none. */
  whoAmI(): Promise<{ readonly account: string; readonly arn: string }>
  stack(name: string): Promise<Stack | null>
  resources(name: string): Promise<readonly StackResource[]>
}

const HOW = 'set AWS_PROFILE (or --aws-profile), or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY'

/** Asks the account that the credentials of this machine are of, in a region. */
export function createCloud(region: string): Cloud {
  const formation = new CloudFormationClient({ region })
  return {
    async whoAmI() {
      try {
        const { Account = '', Arn = '' } = await new STSClient({ region }).send(
          new GetCallerIdentityCommand(),
        )
        return { account: Account, arn: Arn }
      } catch (cause) {
        const { name, message } = cause as Error
        const what =
          name === 'CredentialsProviderError'
            ? 'there are no AWS credentials'
            : `the AWS credentials are refused (${message})`
        throw new Error(`${what}: ${HOW}`, { cause })
      }
    },
    stack: (name) => readStack(formation, name),
    async resources(name) {
      const kept = await keptIds(formation, name)
      const found: StackResource[] = []
      for await (const { StackResourceSummaries = [] } of paginateListStackResources(
        { client: formation },
        { StackName: name },
      ))
        for (const {
          LogicalResourceId: logicalId = '',
          ResourceType: type = '',
          PhysicalResourceId: id = '',
        } of StackResourceSummaries)
          found.push({ logicalId, type, id, isKept: kept.has(logicalId) })
      return found
    },
  }
}

/** The logical ids of what stays, by the template that the stack has now. */
async function keptIds(client: CloudFormationClient, StackName: string): Promise<ReadonlySet<string>> {
  const { TemplateBody = '{}' } = await client.send(new GetTemplateCommand({ StackName }))
  const { Resources = {} } = JSON.parse(TemplateBody) as {
    readonly Resources?: Readonly<Record<string, { readonly DeletionPolicy?: string }>>
  }
  const kept = Object.entries(Resources).filter(([, { DeletionPolicy = '' }]) =>
    DeletionPolicy.startsWith('Retain'),
  )
  return new Set(kept.map(([logicalId]) => logicalId))
}
