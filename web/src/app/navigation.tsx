import { Link } from '@tanstack/react-router'
import { CountBadge } from '#web/ui/data/badge.tsx'
import { Icon } from '#web/ui/data/icon.tsx'
import { IconButton } from '#web/ui/form/button.tsx'
import type { Panel } from '#web/ui/layout/panel.ts'
import { changeSettings, useSetting } from '#web/ui/state/settings.ts'
import { usePanels } from './panels.ts'
import './navigation.css'

const GROUPS = ['domains', 'operations'] as const

/** Links to the panels of the user: at the side, collapsible to icons, and at the bottom of a phone. */
export function Navigation() {
  const isCollapsed = useSetting('isNavCollapsed')
  const panels = usePanels()
  return (
    <nav className="nav" aria-label="Main">
      <Link className="nav-brand" to="/" aria-label="Tidewire, home">
        <img src="/icon.svg" alt="" width="26" height="26" />
        <span className="nav-word">Tidewire</span>
      </Link>
      {GROUPS.map((group) => (
        <NavigationGroup key={group} members={panels.filter((panel) => panel.group === group)} />
      ))}
      <div className="nav-foot">
        <Link className="nav-link" to="/docs" title="API documentation">
          <Icon name="code" size={20} />
          <span className="nav-word">API</span>
        </Link>
        <IconButton
          className="nav-collapse"
          icon={isCollapsed ? 'right' : 'left'}
          label={isCollapsed ? 'Show the names in the navigation' : 'Collapse the navigation'}
          aria-expanded={!isCollapsed}
          onClick={() => changeSettings({ isNavCollapsed: !isCollapsed })}
        />
      </div>
    </nav>
  )
}

function NavigationGroup({ members }: { members: readonly Panel[] }) {
  if (members.length === 0) return null
  return (
    <ul className="nav-group">
      {members.map((panel) => (
        <li key={panel.name}>
          <Link className="nav-link" to={`/${panel.name}`} title={panel.title}>
            <Icon name={panel.icon} size={20} />
            <span className="nav-word nav-long">{panel.title}</span>
            <span className="nav-word nav-short" aria-hidden="true">
              {panel.short}
            </span>
            {panel.useBadge && <NavigationBadge useBadge={panel.useBadge} />}
          </Link>
        </li>
      ))}
    </ul>
  )
}

/** A component of its own, so that a changed number renders nothing else. */
function NavigationBadge({ useBadge }: { useBadge: NonNullable<Panel['useBadge']> }) {
  const badge = useBadge()
  return badge && badge.count > 0 ? <CountBadge {...badge} /> : null
}
