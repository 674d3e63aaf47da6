import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
} from '@tanstack/react-router'
import type { Panel } from '#web/ui/layout/panel.ts'
import { Loading } from '#web/ui/layout/state-message.tsx'
import { formatSearch, parseSearch } from '#web/ui/state/use-search-state.ts'
import { NotFoundPage, PageFailed } from './page-states.tsx'
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

function routesOf({ name, pages }: Panel) {
  return pages.map(({ path, load }) =>
    createRoute({
      getParentRoute: () => rootRoute,
      path: `/${name}${path}`,
      component: lazyRouteComponent(async () => ({ default: await load() })),
    }),
  )
}

/** The router of the app: the pages of all panels under their names, and the documentation of the API. */
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
