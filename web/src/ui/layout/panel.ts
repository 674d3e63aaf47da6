import type { ComponentType } from 'react'
import type { Tone } from '#web/ui/data/badge.tsx'
import type { IconName } from '#web/ui/data/icon.tsx'

/** A number beside a panel's name in the navigation, with what it counts ("critical events"). */
export type PanelBadge = { readonly count: number; readonly label: string; readonly tone?: Tone }

/** Something the palette offers: to go somewhere, with the search parameters in the path ("/port?view=berths"). */
export type PanelCommand = { readonly title: string; readonly to: string }

/** A page of a panel, under `path` below the panel's own; loaded when it is first opened. */
export type PanelPage = {
  readonly path: string
  readonly load: () => Promise<ComponentType>
}

/**
 * A part of the app: everything that the shell knows of it. A domain exports one from `domains/<name>/panel.ts`, and
 * one line in `app/panels.ts` brings it in. That file is part of the first load: pages are imported lazily.
 */
export type Panel = {
  /** Its place is `/<name>`. */
  readonly name: string
  readonly title: string
  /** One word or two, for the bar of a phone. */
  readonly short: string
  readonly icon: IconName
  /** `operations` stand apart in the navigation. */
  readonly group: 'domains' | 'operations'
  /** The key that leads here after `g`. */
  readonly key: string
  readonly pages: readonly PanelPage[]
  /** Read while the navigation is shown: keep it cheap. */
  readonly useBadge?: () => PanelBadge | null
  readonly commands?: readonly PanelCommand[]
}
