import type { CloudFormationCustomResourceEvent, Context, ScheduledEvent } from 'aws-lambda'
import { answerInTime } from '#shared/adapters/lambda/answer-in-time.ts'
import { customResource } from '#shared/adapters/lambda/custom-resource.ts'
import type { Measured } from '#shared/pipeline/telemetry/telemetry.ts'
import { clock } from './compose.ts'

export type CopyDeps = Measured & { readonly copy: () => Promise<void> }

/**
 * Makes a function that copies something into a table, for functions that cannot reach it: on a schedule, and as a custom
 * resource, so that a stage is deployed once it is copied. A copy that fails or is late is an error of the function.
 */
export function copyFunction({ copy, telemetry }: CopyDeps) {
  const onDeployment = customResource(
    async () => {
      await copy()
      return {}
    },
    { sleep: clock.sleep },
  )
  const onSchedule = answerInTime<ScheduledEvent, null>(
    async () => {
      await copy()
      return null
    },
    {
      late: () => {
        throw new Error('the copy was not made in time')
      },
      telemetry,
    },
  )
  return (event: ScheduledEvent | CloudFormationCustomResourceEvent, context: Context) =>
    'RequestType' in event ? onDeployment(event, context) : onSchedule(event, context)
}
