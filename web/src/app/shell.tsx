import { Outlet, useNavigate } from '@tanstack/react-router'
import { lazy, Suspense, useEffect, useState } from 'react'
import { Announcer } from '#web/ui/overlay/announcer.tsx'
import { Toaster } from '#web/ui/overlay/toaster.tsx'
import { useSetting } from '#web/ui/state/settings.ts'
import { listenToKeys, useShortcut } from '#web/ui/state/shortcuts.ts'
import { Navigation } from './navigation.tsx'
import { usePanels } from './panels.ts'
import { ConnectionBanner, TopBar } from './top-bar.tsx'
import './shell.css'

const Palette = lazy(() => import('./palette.tsx').then(({ Palette: component }) => ({ default: component })))
const ShortcutHelp = lazy(() =>
  import('./shortcut-help.tsx').then(({ ShortcutHelp: component }) => ({ default: component })),
)

/** The frame of every page: navigation, top bar, command palette and the overview of shortcuts. */
export function Shell() {
  const [open, setOpen] = useState<'palette' | 'help' | null>(null)
  const isCollapsed = useSetting('isNavCollapsed')
  const panels = usePanels()
  useEffect(listenToKeys, [])
  useShortcut({ keys: 'Mod+k', label: 'Open the command palette', group: 'Everywhere' }, () =>
    setOpen('palette'),
  )
  useShortcut({ keys: '?', label: 'Show the keyboard shortcuts', group: 'Everywhere' }, () => setOpen('help'))
  const close = () => setOpen(null)
  return (
    <div className={isCollapsed ? 'shell shell-collapsed' : 'shell'}>
      <a className="skip" href="#main">
        Skip to the content
      </a>
      <Navigation />
      <TopBar onPalette={() => setOpen('palette')} onHelp={() => setOpen('help')} />
      <ConnectionBanner />
      <main id="main" className="shell-main" tabIndex={-1}>
        <Outlet />
      </main>
      {panels.map((panel) => (
        <GoTo key={panel.name} to={`/${panel.name}`} keys={`g ${panel.key}`} title={panel.title} />
      ))}
      <Suspense>
        {open === 'palette' && <Palette onClose={close} />}
        {open === 'help' && <ShortcutHelp onClose={close} />}
      </Suspense>
      <Toaster />
      <Announcer />
    </div>
  )
}

function GoTo({ to, keys, title }: { to: string; keys: string; title: string }) {
  const navigate = useNavigate()
  useShortcut({ keys, label: `Go to ${title}`, group: 'Everywhere' }, () => void navigate({ to }))
  return null
}
