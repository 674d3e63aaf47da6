import type { ComponentType } from 'react'
import type { Action } from '#shared/core/access/policy.ts'
import type { Tone } from '#web/ui/data/badge.tsx'
import type { IconName } from '#web/ui/data/icon.tsx'

/** A number beside a panel's name in the navigation, with what it counts ("critical events"). */
export type PanelBadge = { readonly count: number; readonly label: string; readonly tone?: Tone }

/** A command of the palette that opens an address, such as "/port?view=berths". */
export type PanelCommand = { readonly title: string; readonly to: string }

/** A page of a panel. `path` is relative to the panel's; `load` is called when the page is first opened. */
export type PanelPage = {
  readonly path: string
  readonly load: () => Promise<ComponentType>
}

/**
 * A part of the app as the shell knows it. A domain exports its panel from `domains/<name>/panel.ts`, and
 * `app/panels.ts` lists it. Both files are part of the first load, so pages are imported lazily.
 */
export type Panel = {
  /** Its path is `/<name>`. */
  readonly name: string
  readonly title: string
  /** One or two words, for the navigation of a phone. */
  readonly short: string
  readonly icon: IconName
  /** The navigation shows `operations` separately. */
  readonly group: 'domains' | 'operations'
  /** The key that opens it after `g`. */
  readonly key: string
  readonly pages: readonly PanelPage[]
  /** A hook of the navigation, which is always mounted: it must be cheap. */
  readonly useBadge?: () => PanelBadge | null
  readonly commands?: readonly PanelCommand[]
  /** What a user must be allowed to do to be offered it; everybody is, if it is left out. */
  readonly needs?: Action
}
