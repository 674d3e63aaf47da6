import { CliError } from '../lib/cli-error.ts'

/** What one check found, and what to do about it. */
export type Finding = {
  readonly check: string
  readonly status: 'ok' | 'warn' | 'fail' | 'skipped'
  readonly detail: string
  readonly advice?: string
}

/** Returns a finding; `advice` says what to do. */
export function finding(check: string, status: Finding['status'], detail: string, advice?: string): Finding {
  return advice === undefined ? { check, status, detail } : { check, status, detail, advice }
}

/** Returns what a check found, or a failure with the reason of its error and some advice. */
export async function attempt(
  check: string,
  advice: string,
  examine: () => Promise<Finding>,
): Promise<Finding> {
  try {
    return await examine()
  } catch (error) {
    if (!(error instanceof CliError)) throw error
    return finding(check, 'fail', error.message, advice)
  }
}

/** 90,000 → `90 s`, 7,200,000 → `2 h`. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 120_000) return `${Math.round(ms / 1000)} s`
  return ms < 7_200_000 ? `${Math.round(ms / 60_000)} min` : `${Math.round(ms / 3_600_000)} h`
}
