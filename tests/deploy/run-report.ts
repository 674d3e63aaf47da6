import { execFile } from 'node:child_process'

const MOST_OUTPUT_BYTES = 1 << 28

/**
 * Runs a tool that writes JSON, and returns what it wrote. Such a tool ends with a status other than 0 if it has found
 * something, so only a missing report is a failure.
 */
export function runReport(command: string, args: readonly string[]): Promise<unknown> {
  return new Promise((done, fail) => {
    execFile(command, args, { maxBuffer: MOST_OUTPUT_BYTES }, (cause, stdout, stderr) => {
      try {
        done(JSON.parse(stdout))
      } catch {
        fail(new Error(`${command} wrote no report: ${stderr || stdout}`, { cause }))
      }
    })
  })
}
