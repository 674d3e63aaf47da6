import type { CliContext } from '../lib/cli-context.ts'
import { CliError } from '../lib/cli-error.ts'

/** What became of a step. */
export type StepResult = {
  /** The function that the step needs most: whose log to read if it fails. */
  readonly step: string
  readonly does: string
  readonly status: 'ok' | 'fail' | 'skipped'
  /** Of a failure or a step that was left out: the reason. */
  readonly detail?: string
  /** What to do about a failure. */
  readonly advice?: string
  readonly ms: number
}

type Options = Pick<CliContext, 'clock' | 'signal'> & {
  /** How long a step waits for what comes late, in milliseconds. */
  readonly patienceMs: number
  readonly report: (result: StepResult) => void
  /** What to do about a function that fails. */
  readonly adviceFor: (name: string) => string
}

/** The results of other steps, by any name; null of those that gave none. */
type Needs = Readonly<Record<string, unknown>>
type Given<N extends Needs> = { readonly [name in keyof N]: Exclude<N[name], null> }

/** Runs steps, and reports what became of each. */
export type Steps = ReturnType<typeof createSteps>

/** Why a step failed, in words for people. */
export class StepFailure extends CliError {}

/** Makes what runs steps one after the other. */
export function createSteps({ clock, signal, patienceMs, report, adviceFor }: Options) {
  /**
   * Does a step, and returns its result. Returns null if it failed, or if what it needs is missing, and it was left out.
   * Throws only what is no failure of the stack.
   */
  async function step<N extends Needs, T extends object>(
    name: string,
    does: string,
    needs: N,
    work: (given: Given<N>) => Promise<T>,
  ): Promise<T | null> {
    const missing = Object.keys(needs).filter((need) => needs[need] === null)
    if (missing.length > 0) {
      report({ step: name, does, status: 'skipped', detail: `it needs ${missing.join(' and ')}`, ms: 0 })
      return null
    }
    const began = clock.elapsed()
    const took = () => Math.round(clock.elapsed() - began)
    try {
      const result = await work(needs as Given<N>)
      report({ step: name, does, status: 'ok', ms: took() })
      return result
    } catch (error) {
      if (!(error instanceof CliError)) throw error
      const advice = adviceFor(name)
      report({ step: name, does, status: 'fail', detail: error.message, advice, ms: took() })
      return null
    }
  }

  /** Tells that a step is left out, and why. */
  function skip(name: string, does: string, detail: string): null {
    report({ step: name, does, status: 'skipped', detail, ms: 0 })
    return null
  }

  /** Looks until there is something. Fails with the reason of the last look after the patience, or `withinMs`. */
  async function until<T extends object>(
    look: () => Promise<T>,
    withinMs = patienceMs,
  ): Promise<Exclude<T, Missing>> {
    const deadline = clock.elapsed() + withinMs
    for (;;) {
      const found = await look()
      if (!isMissing(found)) return found as Exclude<T, Missing>
      if (clock.elapsed() >= deadline)
        throw new StepFailure(`${found.not}, after ${Math.round(withinMs / 1000)} s`)
      await clock.sleep(POLL_MS, signal)
    }
  }
  return { step, skip, until, patienceMs }
}

const POLL_MS = 200

/** What a look found is missing, in words that go on "…, after 30 s". */
type Missing = { readonly not: string }

function isMissing(found: object): found is Missing {
  return 'not' in found
}
