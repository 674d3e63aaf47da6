import { randomBytes } from 'node:crypto'
import { text } from 'node:stream/consumers'
import { Command } from 'commander'
import { AUDIT_TOPIC } from '#shared/core/audit.ts'
import { DEFAULT_RETENTION, parseRetention } from '#shared/core/retention.ts'
import { messageOf } from '#shared/core/text/message-of.ts'
import { rotateRecordSecret } from '#shared/pipeline/record-secrets.ts'
import type { CliContext } from '../lib/cli-context.ts'
import { CliError, usageError } from '../lib/cli-error.ts'

const DETAILS = `
It reads the record secret of a stage (output RecordSecretArn) from stdin, and writes it to stdout with a new secret in
it; it sends nothing anywhere. Functions sign with the new secret ten minutes later. The secrets that it replaces stay
known until the log has no record that they signed, by --retention, which must be the stage's. A secret that is younger
than ten minutes is not replaced.

Example (with pipefail, so that nothing is stored after a failure):
  $ set -o pipefail
  $ aws secretsmanager get-secret-value --secret-id "$ARN" --query SecretString --output text |
      tidewire secrets rotate --retention 7d |
      aws secretsmanager put-secret-value --secret-id "$ARN" --secret-string file:///dev/stdin
`

/** `tidewire secrets rotate` */
export function createSecretsCommand({ stdin, stdout, clock }: CliContext): Command {
  const rotate = new Command('rotate')
    .description('Replaces the secret that signs records: from stdin to stdout.')
    .option('--retention <text>', 'the retention of the stage', DEFAULT_RETENTION)
    .option('--json', 'print one JSON object, as it does anyway')
    .addHelpText('after', DETAILS)
    .action(async ({ retention }: { readonly retention: string }) => {
      if (stdin.isTTY || stdout.isTTY)
        throw usageError('the secret is read from a pipe and written to one; see --help')
      try {
        const { longest, ofTopic } = parseRetention(retention)
        const keptMs = Math.max(longest, ofTopic(AUDIT_TOPIC)) * 1000
        const newSecret = randomBytes(32).toString('base64url')
        stdout.write(rotateRecordSecret((await text(stdin)).trim(), { newSecret, now: clock.now(), keptMs }))
      } catch (error) {
        throw new CliError(messageOf(error), { cause: error })
      }
    })
  return new Command('secrets')
    .summary('replace the secret that signs records')
    .description('Manages the secrets of a stage.')
    .addHelpText('after', '\nExample:\n  $ tidewire secrets rotate --help\n')
    .addCommand(rotate)
}
