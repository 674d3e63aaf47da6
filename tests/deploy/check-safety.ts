import { type Accepted, CHECKOV_ACCEPTED } from './accepted-findings.ts'
import type { PackagedTemplate } from './package-template.ts'
import { runReport } from './run-report.ts'

type Report = {
  readonly results: {
    readonly failed_checks: readonly {
      readonly check_id: string
      readonly check_name: string
      readonly resource: string
      readonly file_abs_path: string
    }[]
    readonly parsing_errors?: readonly string[]
  }
}

type Safety = {
  /** A line for each failed check that is not accepted, with the templates that have it. */
  readonly failed: readonly string[]
  /** What is accepted and was not found in any template. */
  readonly unused: readonly Accepted[]
}

/** Checks templates with checkov, offline. Rejects if checkov itself fails or cannot read a template. */
export async function checkSafety(checkov: string, templates: readonly PackagedTemplate[]): Promise<Safety> {
  const files = templates.flatMap(({ file }) => ['--file', file])
  const options = [
    '--framework',
    'cloudformation',
    '--skip-download',
    '--quiet',
    '--compact',
    '--output',
    'json',
  ]
  const report = (await runReport(checkov, [...options, ...files])) as Report | readonly Report[]
  const reports = (Array.isArray(report) ? report : [report]) as readonly Report[]
  const unread = reports.flatMap(({ results }) => results.parsing_errors ?? [])
  if (unread.length > 0) throw new Error(`checkov cannot read ${unread.join(', ')}`)
  const findings = reports.flatMap(({ results }) =>
    results.failed_checks.map(({ check_id: id, check_name: what, resource, file_abs_path: file }) => ({
      id,
      what,
      resource: resource.split('.').at(-1) ?? '',
      template: templates.find((template) => template.file === file) ?? { name: file, stage: '' },
    })),
  )
  const isOf = (accepted: Accepted, { id, resource, template }: (typeof findings)[number]) =>
    accepted.id === id &&
    (accepted.resources?.test(resource) ?? true) &&
    (accepted.stages?.test(template.stage) ?? true)
  const open = findings.filter((finding) => !CHECKOV_ACCEPTED.some((accepted) => isOf(accepted, finding)))
  const lines = Map.groupBy(open, ({ id, what, resource }) => `${id} ${resource}: ${what}`)
  return {
    failed: [...lines]
      .map(([line, all]) => `${line} (in ${all.length}, such as ${all[0]?.template.name})`)
      .sort(),
    unused: CHECKOV_ACCEPTED.filter((accepted) => !findings.some((finding) => isOf(accepted, finding))),
  }
}
