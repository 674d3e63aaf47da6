import {
  createRootRoute,
  createRoute,
  createRouter,
  Link,
  lazyRouteComponent,
  redirect,
} from '@tanstack/react-router'
import type { ComponentType } from 'react'
import type { Action } from '#shared/core/access/policy.ts'
import { useAccess } from '#web/live/access.tsx'
import { rightProblem } from '#web/live/rights.ts'
import { Button } from '#web/ui/form/button.tsx'
import type { Panel } from '#web/ui/layout/panel.ts'
import { Loading, StateMessage } from '#web/ui/layout/state-message.tsx'
import { formatSearch, parseSearch } from '#web/ui/state/use-search-state.ts'
import { panels } from './panels.ts'
import { Shell } from './shell.tsx'

const rootRoute = createRootRoute({ component: Shell, notFoundComponent: NotFoundPage })

const homeRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/',
  beforeLoad: () => {
    throw redirect({ to: `/${panels[0]?.name ?? ''}` })
  },
})

const docsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/docs',
  component: lazyRouteComponent(() => import('../docs/docs-page.tsx'), 'DocsPage'),
})

function routesOf({ name, needs, pages }: Panel) {
  return pages.map(({ path, load }) =>
    createRoute({
      getParentRoute: () => rootRoute,
      path: `/${name}${path}`,
      component: lazyRouteComponent(async () => {
        const Page = await load()
        return { default: needs === undefined ? Page : guarded(Page, needs) }
      }),
    }),
  )
}

/** A page that only some users have: the others are told why, for they may have been sent its address. */
function guarded(Page: ComponentType, needs: Action): ComponentType {
  return function GuardedPage() {
    const problem = rightProblem(useAccess(), needs)
    if (problem === null) return <Page />
    return (
      <>
        <h1 className="visually-hidden">Not for your role</h1>
        <StateMessage kind="denied" title="This page is not for your role" detail={problem} />
      </>
    )
  }
}

/** Creates the router: the pages of each panel under its name, and the API documentation. */
export function createAppRouter() {
  return createRouter({
    routeTree: rootRoute.addChildren([homeRoute, docsRoute, ...panels.flatMap(routesOf)]),
    parseSearch,
    stringifySearch: formatSearch,
    defaultPreload: 'intent',
    defaultPendingMs: 150,
    defaultPendingComponent: () => <Loading what="the page" lines={8} />,
    defaultErrorComponent: PageFailed,
  })
}

/** The page of an unknown address. */
function NotFoundPage() {
  return (
    <>
      <h1 className="visually-hidden">No such page</h1>
      <StateMessage kind="empty" title="There is no such page" detail="The address may be old, or mistyped.">
        <Link className="button" to="/">
          Go to the dashboard
        </Link>
      </StateMessage>
    </>
  )
}

/** The page shown instead of one that threw. */
function PageFailed({ error, reset }: { error: unknown; reset?: () => void }) {
  const detail = error instanceof Error ? error.message : String(error)
  return (
    <>
      <h1 className="visually-hidden">Page failed</h1>
      <StateMessage kind="error" title="This page stopped working" detail={detail}>
        {reset && <Button onClick={reset}>Try again</Button>}
        <Button onClick={() => location.reload()}>Reload the app</Button>
      </StateMessage>
    </>
  )
}
