import type { StackResource } from './cloud.ts'
import type { CommandTools } from './deploy-stage.ts'
import { frameworkArguments, type StageOptions, stackName } from './stage-options.ts'

type Tools = CommandTools & {
  /** Asks a question, and returns what was answered; null if nobody can be asked. */
  readonly ask: (question: string) => Promise<string | null>
}

/** The removal needs none of the parameters, but the framework reads serverless.yml, and that does not without a Kafka. */
const ANY_KAFKA = 'kafka=serverless'

/**
 * Removes a stage: says what is deleted and what stays, has the name of the stage typed, and prints how to delete what
 * stayed. Returns the exit code. Throws an error of one line before anything has happened.
 */
export async function destroyStage(options: StageOptions, tools: Tools): Promise<number> {
  const { cloud, runFramework, write, ask } = tools
  const { stage, region, yes, allowProd, params } = options
  if (stage === 'prod' && !allowProd) throw new Error('the stage prod is deleted with --allow-prod only')
  const { account } = await cloud.whoAmI()
  const stack = await cloud.stack(stackName(stage))
  if (stack === null)
    throw new Error(`there is no stack ${stackName(stage)} in account ${account}, region ${region}`)
  if (stack.isProtected)
    throw new Error(
      `the stack is protected: aws cloudformation update-termination-protection --region ${region} --stack-name ${stackName(stage)} --no-enable-termination-protection`,
    )
  const resources = await cloud.resources(stackName(stage))
  const kept = resources.filter(({ isKept }) => isKept)
  write(`Stage ${stage}, account ${account} in ${region}`)
  for (const line of describeEnd(resources)) write(line)
  if (!yes) {
    const answer = await ask(`Type the name of the stage to delete it: `)
    if (answer === null) throw new Error('nobody can be asked here: give --yes to agree')
    if (answer.trim() !== stage) {
      write('Nothing was deleted.')
      return 1
    }
  }
  const needed = params.some((param) => param.startsWith('kafka=')) ? [] : [ANY_KAFKA]
  const { code } = await runFramework(['remove', ...frameworkArguments(options, needed)])
  if (code !== 0) return code
  const commands = kept.flatMap((resource) => deletionOf(resource, region))
  if (commands.length === 0) {
    write('Nothing is left of the stage.')
    return 0
  }
  write('What stayed has its data. To delete it for good:')
  for (const command of commands) write(`   ${command}`)
  return 0
}

/** What there is of a type, by the words for people; what is not here goes without saying. */
const NAMES: Readonly<Record<string, string>> = {
  'AWS::MSK::ServerlessCluster': 'the Kafka cluster with all its records',
  'AWS::MSK::Cluster': 'the Kafka cluster with all its records',
  'AWS::DynamoDB::Table': 'table',
  'AWS::Cognito::UserPool': 'the user pool with all users',
  'AWS::SecretsManager::Secret': 'secret',
  'AWS::KMS::Key': 'key',
  'AWS::S3::Bucket': 'bucket',
  'AWS::CloudFront::Distribution': 'the web page',
  'AWS::EC2::VPC': 'the network',
  'AWS::ApiGatewayV2::Api': 'API',
}

function describeEnd(resources: readonly StackResource[]): readonly string[] {
  const named = resources.filter(({ type }) => type in NAMES)
  const show = ({ type, id, logicalId }: StackResource) => `   ${NAMES[type]}: ${logicalId} (${id})`
  const others = resources.filter(({ type, isKept }) => !(type in NAMES) && !isKept).length
  const kept = resources.filter(({ isKept }) => isKept)
  return [
    'Deleted for good:',
    ...named.filter(({ isKept }) => !isKept).map(show),
    `   and ${others} more: functions, roles, logs, alarms and what belongs to them`,
    ...(kept.length > 0
      ? ['Stays:', ...kept.map((one) => `   ${one.logicalId} (${one.id})`)]
      : ['Nothing stays.']),
  ]
}

/** The commands that delete what a protected stage has kept. */
function deletionOf({ type, id }: StackResource, region: string): readonly string[] {
  const at = `--region ${region}`
  switch (type) {
    case 'AWS::DynamoDB::Table':
      return [
        `aws dynamodb update-table ${at} --table-name ${id} --no-deletion-protection-enabled`,
        `aws dynamodb delete-table ${at} --table-name ${id}`,
      ]
    case 'AWS::Cognito::UserPool':
      return [
        `aws cognito-idp update-user-pool ${at} --user-pool-id ${id} --deletion-protection INACTIVE`,
        `aws cognito-idp delete-user-pool ${at} --user-pool-id ${id}`,
      ]
    case 'AWS::SecretsManager::Secret':
      return [`aws secretsmanager delete-secret ${at} --secret-id ${id}`]
    case 'AWS::KMS::Key':
      return [`aws kms schedule-key-deletion ${at} --key-id ${id}`]
    case 'AWS::S3::Bucket':
      return [`aws s3 rb ${at} --force s3://${id}`]
    default:
      return []
  }
}
