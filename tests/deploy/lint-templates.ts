import { CFN_LINT_ACCEPTED } from './accepted-findings.ts'
import type { PackagedTemplate } from './package-template.ts'
import { runReport } from './run-report.ts'

type Finding = {
  readonly Filename: string
  readonly Message: string
  readonly Rule: { readonly Id: string }
  readonly Location: { readonly Path: readonly (string | number)[] | null }
}

/** Of a reference to nothing cfn-lint lists all that there is. */
const MOST_TEXT = 200

/**
 * Checks templates with cfn-lint, and returns a line for each error and for each warning that is not accepted. Rejects if
 * cfn-lint itself fails.
 */
export async function lintTemplates(
  cfnLint: string,
  templates: readonly PackagedTemplate[],
): Promise<readonly string[]> {
  const names = new Map(templates.map(({ file, name }) => [file, name]))
  const accepted = CFN_LINT_ACCEPTED.flatMap(({ id }) => ['--ignore-checks', id])
  const args = ['--region', 'eu-central-1', '--format', 'json', ...accepted, '--template', ...names.keys()]
  const findings = (await runReport(cfnLint, args)) as Finding[]
  return findings.map(
    ({ Filename, Rule, Location, Message }) =>
      `${names.get(Filename) ?? Filename}: ${Rule.Id} at ${Location.Path?.join('/')}: ${Message.slice(0, MOST_TEXT)}`,
  )
}
