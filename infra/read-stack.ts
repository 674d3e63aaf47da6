import {
  type CloudFormationClient,
  DescribeStacksCommand,
  type DescribeStacksCommandOutput,
} from '@aws-sdk/client-cloudformation'

/** A stack of CloudFormation. */
export type Stack = {
  /** Such as `CREATE_COMPLETE`. */
  readonly status: string
  readonly isProtected: boolean
  readonly outputs: Outputs
}
export type Outputs = Readonly<Record<string, string | undefined>>

/** Returns a stack, or null if there is none of the name. Rejects if it cannot be asked for. */
export async function readStack(client: CloudFormationClient, name: string): Promise<Stack | null> {
  const { Stacks = [] } = await client
    .send(new DescribeStacksCommand({ StackName: name }))
    .catch((error: unknown): Pick<DescribeStacksCommandOutput, 'Stacks'> => {
      // CloudFormation has no error of its own for it: this is a ValidationError.
      if (error instanceof Error && /does not exist/.test(error.message)) return {}
      throw error
    })
  const [stack] = Stacks
  if (stack === undefined) return null
  const outputs = (stack.Outputs ?? []).map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue])
  return {
    status: stack.StackStatus ?? '',
    isProtected: stack.EnableTerminationProtection ?? false,
    outputs: Object.fromEntries(outputs),
  }
}
