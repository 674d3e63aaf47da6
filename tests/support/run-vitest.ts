import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative, resolve } from 'node:path'

type Report = {
  numPassedTests: number
  numPendingTests: number
  numTodoTests: number
  testResults: {
    name: string
    status: string
    message: string
    assertionResults: { fullName: string; status: string }[]
  }[]
}

/** Runs vitest on the pinned Node, and prints a line for each failure, and the counts. Returns the exit code. */
export async function runVitest(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'tidewire-report-'))
  const file = join(folder, 'report.json')
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`]
  const child = spawn(
    resolve('node_modules/.bin/node'),
    [resolve('node_modules/vitest/vitest.mjs'), 'run', ...reporters, ...args],
    {
      stdio: 'inherit',
      env: { ...process.env, NODE_OPTIONS: '--disable-warning=TimeoutNegativeWarning', ...env },
    },
  )
  const code = await new Promise<number>((done) => child.once('exit', (status) => done(status ?? 1)))
  try {
    const report = JSON.parse(await readFile(file, 'utf8')) as Report
    const failures = failuresOf(report)
    for (const line of failures) process.stdout.write(`failed: ${line}\n`)
    const skipped = report.numPendingTests + report.numTodoTests
    process.stdout.write(`\n${report.numPassedTests} passed, ${failures.length} failed, ${skipped} skipped\n`)
  } catch (cause) {
    process.stderr.write(`vitest wrote no report: ${String(cause)}\n`)
    return code || 1
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  return code
}

function failuresOf({ testResults }: Report): string[] {
  return testResults.flatMap(({ name, status, message, assertionResults }) => {
    const file = relative('.', name)
    const failed = assertionResults.filter((test) => test.status === 'failed')
    if (failed.length === 0 && status === 'failed') return [`${file}: ${message.split('\n', 1)[0]}`]
    return failed.map(({ fullName }) => `${file}: ${fullName}`)
  })
}
