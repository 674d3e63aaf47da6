import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { goPath } from '../support/go-path.ts'
import { succeeds } from './run-command.ts'

type Program = { readonly command: string; readonly args: readonly string[] }

/** The producer and the consumer of docs/examples in one language. */
export type ExamplePrograms = {
  /** The language, and why they are skipped if they are. */
  readonly title: string
  /** Why they cannot run on this machine; null if they can. */
  readonly missing: string | null
  readonly produce: Program
  readonly average: Program
  /** Deletes what was built. */
  readonly remove: () => void
}

const PYTHON = '/usr/bin/python3'

export function pythonExamples(): ExamplePrograms {
  const script = (name: string) => ({ command: PYTHON, args: [`docs/examples/${name}`] })
  const missing = succeeds(PYTHON, ['-c', 'import kafka']) ? null : `${PYTHON} has no kafka module`
  return {
    title: titleOf('Python', missing),
    missing,
    produce: script('produce_reading.py'),
    average: script('sensor_averages.py'),
    remove() {},
  }
}

/**
 * Builds the Go programs into a new folder below the system's temporary one. Throws if they do not compile. A Go that is
 * missing or too old, and a module proxy that cannot be reached, are reported as `missing`.
 */
export function goExamples(): ExamplePrograms {
  const folder = mkdtempSync(join(tmpdir(), 'tidewire-go-'))
  const program = (name: string) => ({ command: join(folder, name), args: [] })
  const missing = buildProblem(folder)
  return {
    title: titleOf('Go', missing),
    missing,
    produce: program('produce-reading'),
    average: program('sensor-averages'),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

function titleOf(language: string, missing: string | null): string {
  return missing === null ? language : `${language} (skipped: ${missing})`
}

/** Builds docs/examples/go into a folder. Returns why this machine cannot; throws if the sources are at fault. */
function buildProblem(folder: string): string | null {
  const go = goPath()
  if (go === null) return 'no Go'
  const run = (...args: string[]) => {
    // The Go that is here, and exactly the modules of go.sum.
    const env = { ...process.env, GOTOOLCHAIN: 'local', GOFLAGS: '-mod=readonly -buildvcs=false' }
    const { status, stderr } = spawnSync(go, args, { cwd: 'docs/examples/go', env, encoding: 'utf8' })
    return status === 0 ? null : stderr.trim()
  }
  const noModules = run('mod', 'download')
  if (noModules !== null) return noModules.split('\n')[0] ?? 'no modules'
  const fault = run('build', '-o', `${folder}/`, './...') ?? run('vet', './...')
  if (fault !== null) throw new Error(`docs/examples/go: ${fault}`)
  return null
}
