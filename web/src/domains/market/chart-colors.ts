/** The colours of a chart, as a canvas takes them. */
export type ChartColors = {
  readonly ground: string
  readonly text: string
  readonly line: string
  readonly up: string
  readonly down: string
  readonly upVolume: string
  readonly downVolume: string
}

/** Reads the tokens of the theme in force: a canvas knows no custom properties. */
export function readChartColors(element: HTMLElement): ChartColors {
  const probe = document.createElement('span')
  element.append(probe)
  const color = (value: string) => {
    probe.style.color = value
    return getComputedStyle(probe).color
  }
  const colors = {
    ground: color('var(--surface)'),
    text: color('var(--text-2)'),
    line: color('var(--line)'),
    up: color('var(--good)'),
    down: color('var(--bad)'),
    upVolume: faint(color('var(--good)')),
    downVolume: faint(color('var(--bad)')),
  }
  probe.remove()
  return colors
}

function faint(color: string): string {
  return color.replace(/^rgb\((.*)\)$/, 'rgba($1, 0.4)')
}
