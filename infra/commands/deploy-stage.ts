import type { Outputs, Stack } from '../read-stack.ts'
import type { Cloud } from './cloud.ts'
import type { RunFramework } from './run-framework.ts'
import { frameworkArguments, type StageOptions, stackName } from './stage-options.ts'

export type CommandTools = {
  readonly cloud: Cloud
  readonly runFramework: RunFramework
  readonly write: (line: string) => void
}

/**
 * Deploys a stage: checks parameters and credentials, says what it does, does it, and prints the addresses and what to do
 * next. Returns the exit code. Throws an error of one line, or one for each wrong parameter, before anything has happened.
 */
export async function deployStage(options: StageOptions, tools: CommandTools): Promise<number> {
  const { cloud, runFramework, write } = tools
  const { stage, region } = options
  await checkParameters(options, runFramework)
  const { account, arn } = await cloud.whoAmI()
  write(`Stage ${stage}, account ${account} in ${region}, as ${arn}`)
  const before = await cloud.stack(stackName(stage))
  const problem = stackProblem(before, options)
  if (problem !== null) throw new Error(problem)

  const isFirst = before?.outputs.HttpApiId === undefined
  const twice = isFirst && isProtected(options)
  for (const line of plan(isFirst, twice, options)) write(line)
  if (twice) {
    const { code } = await runFramework(['deploy', ...frameworkArguments(options, ['protect=false'])])
    if (code !== 0) return failed(options, write)
    write('The stage is there. Now it is protected:')
  }
  const { code } = await runFramework(['deploy', ...frameworkArguments(options, rollbackOf(before, options))])
  if (code !== 0) return failed(options, write)
  const { outputs = {} } = (await cloud.stack(stackName(stage))) ?? {}
  for (const line of nextSteps(outputs, options)) write(line)
  return 0
}

/** The framework resolves the whole of serverless.yml with them, without credentials, in some seconds. */
async function checkParameters(options: StageOptions, runFramework: RunFramework): Promise<void> {
  const args = ['print', '--path', 'service', ...frameworkArguments(options)]
  const { code, output } = await runFramework(args, { isQuiet: true })
  if (code !== 0) throw new Error(reasonOf(output))
}

/** What the framework prints around the reason is about its own files. */
function reasonOf(output: string): string {
  const [, reason] = /Received rejection: ([\s\S]+?)\s*(?:\n\s*\n|\n {2}- |$)/.exec(output) ?? []
  return reason ?? output.trim()
}

function stackProblem(stack: Stack | null, { stage }: StageOptions): string | null {
  const { status = '' } = stack ?? {}
  if (status.endsWith('_IN_PROGRESS'))
    return `the stack ${stackName(stage)} is being changed (${status}): wait until that has ended`
  // UPDATE_ROLLBACK_COMPLETE is the state before an update that failed, and can be updated.
  if (/_FAILED$|^ROLLBACK_COMPLETE$/.test(status))
    return `the stack ${stackName(stage)} cannot be updated (${status}): see its events in CloudFormation, or begin again with: npm run destroy -- --stage ${stage}`
  return null
}

/** As the parameter `protect` of serverless.yml says it. */
function isProtected({ stage, params }: StageOptions): boolean {
  const given = params.findLast((param) => param.startsWith('protect='))?.slice('protect='.length) ?? 'auto'
  return given === 'auto' ? stage === 'prod' : given === 'true'
}

/**
 * The alarms after which CloudFormation undoes an update: those that the stage has, unless others are given. A first
 * deployment has none, because one that does not exist fails it.
 */
function rollbackOf(before: Stack | null, { params }: StageOptions): readonly string[] {
  const alarms = before?.outputs.RollbackAlarms
  const isGiven = params.some((param) => param.startsWith('rollbackAlarms='))
  return alarms === undefined || isGiven ? [] : [`rollbackAlarms=${alarms}`]
}

/** How long it takes is mostly the time in which AWS makes a cluster and a distribution. */
function plan(isFirst: boolean, twice: boolean, { params }: StageOptions): readonly string[] {
  const makesBrokers = params.includes('kafka=provisioned')
  const time = makesBrokers ? '30 to 60 minutes' : '10 to 20 minutes'
  if (!isFirst)
    return [
      'Updates the stage and its web page. That takes about 10 minutes: for five of them CloudFormation watches the alarms of the stage, and undoes the update if one fires. One that fires already stops it: --param=rollbackAlarms= updates without them.',
    ]
  const first = `First deployment of this stage. That takes about ${time}.`
  return twice
    ? [
        first,
        'It is created without protection, so that AWS can undo what fails, and protected in a second step of some minutes.',
      ]
    : [first]
}

function failed({ stage }: StageOptions, write: CommandTools['write']): number {
  write(
    `The deployment failed: the reason is above, and in the events of the stack ${stackName(stage)} in CloudFormation.`,
  )
  write('AWS has undone it. Mend the cause, and give the same command again.')
  return 1
}

/** The addresses of a stage, and how its first user and its first key come to be. */
function nextSteps(outputs: Outputs, { stage, region, params }: StageOptions): readonly string[] {
  const { WebUrl = '', HttpApiUrl = '', ServiceEndpointWebsocket = '', SocketUrl, UserPoolId = '' } = outputs
  const admin = params.findLast((param) => param.startsWith('adminEmail='))?.slice('adminEmail='.length)
  const user = admin ?? 'ada@example.com'
  const pool = `--region ${region} --user-pool-id ${UserPoolId} --username ${user}`
  const invite = [
    `   aws cognito-idp admin-create-user ${pool} --user-attributes Name=email,Value=${user} Name=email_verified,Value=true --desired-delivery-mediums EMAIL`,
    `   aws cognito-idp admin-add-user-to-group ${pool} --group-name admin`,
  ]
  return [
    '',
    `Web page    ${WebUrl}`,
    `HTTP API    ${HttpApiUrl}`,
    `WebSocket   ${SocketUrl ?? ServiceEndpointWebsocket}`,
    `User pool   ${UserPoolId}`,
    '',
    ...(admin === undefined
      ? ['1. Invite the first administrator:', ...invite]
      : [`1. ${admin} has an invitation by e-mail.`]),
    '2. Sign in on the web page, and choose a password.',
    '3. Create a key, with the token of that administrator:',
    `   TOKEN=$(TIDEWIRE_PASSWORD=… npx tidewire token --url ${WebUrl} --user ${user})`,
    `   npx tidewire keys create ops --role admin --url ${HttpApiUrl} --token "$TOKEN"`,
    '4. Check every function, with that key:',
    `   TIDEWIRE_KEY=… npm run smoke -- --url ${WebUrl}`,
    '',
    `The end of the stage: npm run destroy -- --stage ${stage}`,
  ]
}
