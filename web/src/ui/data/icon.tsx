/** Line icons on a 20 × 20 grid, in the colour of the surrounding text. */
const PATHS = {
  anchor: 'M10 6.5V17M10 6.5a2 2 0 1 0 0-4 2 2 0 0 0 0 4ZM3 11c.6 3.6 3.4 6 7 6s6.400-2.400 7-6M7 9h6',
  article: 'M4 3.500h12v13H4zM7 7.500h6M7 10.500h6M7 13.500h3.500',
  chart: 'M3.500 3v13.500H17M6.500 13l3-4 3 2.500 4-6',
  sensor:
    'M10 11.500a1.500 1.500 0 1 0 0-3 1.500 1.500 0 0 0 0 3ZM6.500 13.500a5 5 0 0 1 0-7M13.500 6.500a5 5 0 0 1 0 7M4 16a8.500 8.500 0 0 1 0-12M16 4a8.500 8.500 0 0 1 0 12',
  stream:
    'M2.500 6c2.500-2.500 5 2.500 7.500 0s5 2.500 7.500 0M2.500 10c2.500-2.500 5 2.500 7.500 0s5 2.500 7.500 0M2.500 14c2.500-2.500 5 2.500 7.500 0s5 2.500 7.500 0',
  letter: 'M3 5h14v10.500H3zM3 5.500l7 5.500 7-5.500',
  plug: 'M7 3v4M13 3v4M5 7h10v2.500a5 5 0 0 1-10 0zM10 14.500V18',
  code: 'M7 6l-4 4 4 4M13 6l4 4-4 4M11.500 4.500l-3 11',
  search: 'M9 15A6 6 0 1 0 9 3a6 6 0 0 0 0 12ZM13.500 13.500 17 17',
  close: 'M5 5l10 10M15 5 5 15',
  plus: 'M10 4v12M4 10h12',
  pause: 'M7 4.500v11M13 4.500v11',
  play: 'M6.500 4.500v11l9-5.500z',
  up: 'M10 16V4.500M5 9l5-5 5 5',
  down: 'M5 7.500l5 5 5-5',
  right: 'M7.500 5l5 5-5 5',
  left: 'M12.500 5l-5 5 5 5',
  more: 'M4.500 10h.01M10 10h.01M15.500 10h.01',
  check: 'M4 10.500l4 4 8-9',
  download: 'M10 3v9.500M5.500 8.500l4.500 4.500 4.500-4.500M3.500 16.500h13',
  refresh: 'M16 6.500A7 7 0 1 0 17 10M16.500 3v3.800h-3.800',
  bell: 'M5 13.500V9a5 5 0 0 1 10 0v4.500l1.500 1.500h-13zM8.500 17.500h3',
  sun: 'M10 13.500a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7ZM10 1.500v2M10 16.500v2M1.500 10h2M16.500 10h2M4 4l1.400 1.400M14.600 14.600 16 16M16 4l-1.400 1.400M5.400 14.600 4 16',
  person:
    'M10 9.500a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7ZM3.500 17.500c.5-3.500 3-5.500 6.500-5.500s6 2 6.500 5.500',
  clock: 'M10 17.500a7.500 7.500 0 1 0 0-15 7.500 7.500 0 0 0 0 15ZM10 5.500V10l3 2',
  alert: 'M10 3 18 16.500H2zM10 8v4M10 14.300v.01',
  trash: 'M4 5.500h12M8 5.500V3.500h4v2M5.500 5.500l.7 11h7.600l.7-11M8.500 8.500v5M11.500 8.500v5',
  keyboard: 'M2.500 5h15v10h-15zM5.500 8h.01M8.500 8h.01M11.500 8h.01M14.500 8h.01M6.500 12h7',
  ship: 'M3 11.500h14l-2 4.500H5zM6 11.500V7h8v4.500M10 7V3.500',
  list: 'M5 3.500h10v13H5zM7.500 7h5M7.500 10h5M7.500 13h3',
  inbox: 'M3 11.500 5 4h10l2 7.500V16H3zM3 11.500h4l1 2h4l1-2h4',
} as const

export type IconName = keyof typeof PATHS

/** A decorative icon beside a text. Screen readers skip it. */
export function Icon({ name, size = 18 }: { name: IconName; size?: number }) {
  return (
    <svg
      aria-hidden="true"
      width={size}
      height={size}
      viewBox="0 0 20 20"
      fill="none"
      stroke="currentColor"
      strokeWidth={name === 'more' ? 2.4 : 1.6}
      strokeLinecap="round"
      strokeLinejoin="round"
    >
      <path d={PATHS[name]} />
    </svg>
  )
}
