import { joinTemplates, type Template } from '../cloudformation.ts'
import type { Deployment } from '../deployment.ts'
import { accessLogs } from './access-logs.ts'
import { alarms } from './alarms.ts'
import { dashboard } from './dashboard.ts'
import type { DeployedFunction } from './stage-metrics.ts'

/** A function as serverless.yml has it. */
type Configured = { readonly timeout?: number }

/** `provider.timeout` of serverless.yml. */
const DEFAULT_SECONDS = 10

/**
 * Alarms, dashboard and access logs of a stage. `functions` are those of serverless.yml with their time limits, the
 * triggered ones included.
 */
export function observability(
  deployment: Deployment,
  functions: Readonly<Record<string, Configured>>,
): Template {
  const deployed: readonly DeployedFunction[] = Object.entries(functions).map(([key, configured]) => ({
    key,
    timeoutSeconds: configured.timeout ?? DEFAULT_SECONDS,
  }))
  return joinTemplates([
    alarms(deployment, deployed),
    dashboard(deployment, deployed),
    accessLogs(deployment),
  ])
}

/**
 * `provider.rollbackConfiguration`: the alarms that take an update back, for as long as CloudFormation watches them. An
 * alarm that does not exist yet would fail the update, so `npm run deploy` takes them from the outputs of the stack.
 */
export function rollback({ rollbackAlarms }: Deployment) {
  return rollbackAlarms.length === 0
    ? {}
    : {
        RollbackTriggers: rollbackAlarms.map((Arn) => ({ Arn, Type: 'AWS::CloudWatch::Alarm' })),
        MonitoringTimeInMinutes: MONITORING_MINUTES,
      }
}

const MONITORING_MINUTES = 5
