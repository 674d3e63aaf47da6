/**
 * Keeps serverless-offline from printing every route twice in a frame, which it does whatever the log level is.
 * Returns the function that gives `console.log` back.
 */
export function muteRouteList(): () => void {
  const { log } = console
  console.log = (...args: unknown[]) => {
    if (!String(args[0]).includes('/2015-03-31/functions/')) log(...args)
  }
  return () => {
    console.log = log
  }
}
