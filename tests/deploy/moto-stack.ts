import {
  CloudFormationClient,
  CreateStackCommand,
  DeleteStackCommand,
  DescribeStacksCommand,
  paginateListStackResources,
  UpdateStackCommand,
} from '@aws-sdk/client-cloudformation'
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb'
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import type { Resource } from '../../infra/cloudformation.ts'

type Body = { readonly Resources: Readonly<Record<string, Resource>> }

const OPTIONS = {
  region: 'eu-central-1',
  maxAttempts: 1,
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
}

/** Deploys a stack of moto as the framework does: a bucket first, then the packages, then everything. */
export function motoStack(endpoint: string, StackName: string) {
  const client = new CloudFormationClient({ ...OPTIONS, endpoint })
  const files = new S3Client({ ...OPTIONS, endpoint, forcePathStyle: true })
  const tables = new DynamoDBClient({ ...OPTIONS, endpoint })
  const more = { StackName, Capabilities: ['CAPABILITY_NAMED_IAM' as const] }

  const resources = async () => {
    const all: { id: string; name: string }[] = []
    for await (const { StackResourceSummaries = [] } of paginateListStackResources({ client }, { StackName }))
      for (const { LogicalResourceId: id = '', PhysicalResourceId: name = '' } of StackResourceSummaries)
        all.push({ id, name })
    return all
  }
  return {
    /** The resources that it has, with the names that they were given. */
    resources,
    /** The names of all tables that there are, of this stack or not. */
    async tables(): Promise<readonly string[]> {
      const { TableNames = [] } = await tables.send(new ListTablesCommand({}))
      return TableNames
    },
    async status(): Promise<string> {
      const { Stacks = [] } = await client.send(new DescribeStacksCommand({ StackName }))
      return Stacks[0]?.StackStatus ?? ''
    },
    async createBucket(body: Body): Promise<void> {
      await client.send(new CreateStackCommand({ ...more, TemplateBody: JSON.stringify(body) }))
    },
    /** Rejects if a resource cannot be created. */
    async deploy(body: Body): Promise<void> {
      const bucket = (await resources()).find(({ id }) => id === 'ServerlessDeploymentBucket')?.name
      const packages = Object.values(body.Resources).flatMap(({ Properties }) => {
        const code = Properties?.Code as { readonly S3Key?: string } | undefined
        return code?.S3Key ?? []
      })
      for (const Key of new Set(packages))
        await files.send(new PutObjectCommand({ Bucket: bucket, Key, Body: 'a package' }))
      await client.send(new UpdateStackCommand({ ...more, TemplateBody: JSON.stringify(body) }))
    },
    async remove(): Promise<void> {
      await client.send(new DeleteStackCommand({ StackName }))
    },
    stop(): void {
      client.destroy()
      files.destroy()
      tables.destroy()
    },
  }
}
