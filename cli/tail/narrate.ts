import type { TidewireState } from '#shared/client/client-state.ts'
import type { NotRecovered } from '#shared/core/messages.ts'

const GAPS: Readonly<Record<NotRecovered, string>> = {
  too_far: 'gap: too far behind to catch up; some events were passed over',
  trimmed: 'gap: older events are no longer kept; some may have been passed over',
  epoch: 'gap: the topic was created anew; going on with what is in it now',
}
/** Reported with every attempt while the stack is away; the state has said it already. */
const KNOWN_FROM_STATE = new Set(['unreachable', 'connect_failed'])

export type Narrator = {
  readonly state: (state: TidewireState) => void
  readonly gap: (reason: NotRecovered) => void
  readonly error: (error: { readonly code: string; readonly detail: string }) => void
}

/** Says what happens to a connection in words, each line once until something else has happened. */
export function narrate(write: (line: string) => void, listeningTo: string): Narrator {
  let wasLive = false
  let last = ''
  const say = (line: string): void => {
    if (line === last) return
    last = line
    write(line)
  }
  return {
    state: (state) => {
      if (state !== 'closed') say(describeState(state, wasLive, listeningTo))
      wasLive ||= state === 'live'
    },
    gap: (reason) => say(GAPS[reason] ?? `gap: ${reason}`),
    error: ({ code, detail }) => {
      if (!KNOWN_FROM_STATE.has(code)) say(`${detail} (${code})`)
    },
  }
}

function describeState(
  state: Exclude<TidewireState, 'closed'>,
  wasLive: boolean,
  listeningTo: string,
): string {
  switch (state) {
    case 'live':
      return wasLive ? 'live again' : `live: ${listeningTo}; Ctrl-C ends`
    case 'connecting':
      return 'connecting…'
    case 'recovering':
      return wasLive ? 'connection lost; reconnecting, nothing is missed' : 'fetching older events first'
    case 'polling':
      return 'the WebSocket does not answer; polling over HTTP until it does'
  }
}
