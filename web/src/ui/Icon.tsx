/** Line icons on a 16 px grid, drawn for this app. */
const PATHS = {
  /** Room for one, where others have one. */
  none: '',
  unread: 'M8 3a5 5 0 1 0 0 10a5 5 0 1 0 0-10',
  inProgress: 'M8 3a5 5 0 1 0 0 10a5 5 0 1 0 0-10M8 3v10M9.500 4v8M11 5v6',
  more: 'M4 6l4 4l4-4',
  close: 'M4 4l8 8M12 4l-8 8',
  plus: 'M8 3v10M3 8h10',
  search: 'M7 2.500a4.500 4.500 0 1 0 0 9a4.500 4.500 0 1 0 0-9M10.300 10.300L14 14',
  up: 'M8 13V3M4 7l4-4l4 4',
  down: 'M8 3v10M4 9l4 4l4-4',
  back: 'M10 3L5 8l5 5',
  upload: 'M8 11V2M4.500 5.500L8 2l3.500 3.500M2 10v4h12v-4',
  node: 'M3 3h10v4H3zM3 9h10v4H3zM5 5h1M5 11h1',
  user: 'M8 2.500a2.700 2.700 0 1 0 0 5.400a2.700 2.700 0 1 0 0-5.400M2.500 14c.4-3 2.600-4.500 5.500-4.500s5.100 1.500 5.500 4.500',
  help: 'M5.500 6a2.500 2.500 0 1 1 3.600 2.200C8.300 8.600 8 9 8 10M8 12.500v.5',
  commands: 'M2 3h12v10H2zM4.500 6l2 2l-2 2M8 10.500h3.500',
  warning: 'M8 2L1.500 13.500h13zM8 6.500V10M8 11.500v.6',
  grid4: 'M2.500 2.500h11v11h-11zM8 2.500v11M2.500 8h11',
  reset: 'M5 3L2 6l3 3M2 6h7a4 4 0 0 1 0 8H6',
  home: 'M2.500 7.500L8 2.500l5.500 5M4 6.500V13h8V6.500',
  invert: 'M8 2.500a5.500 5.500 0 1 0 0 11a5.500 5.500 0 1 0 0-11M8 2.500v11M8 5.500h5M8 8h5.400M8 10.500h5',
  flipH: 'M8 2v12M6 4L2 12h4zM10 4l4 8h-4z',
  flipV: 'M2 8h12M4 6l8-4v4zM4 10l8 4v-4z',
  rotateRight: 'M13 8a5 5 0 1 1-1.600-3.700M13 2v3h-3',
  rotateLeft: 'M3 8a5 5 0 1 0 1.600-3.700M3 2v3h3',
  play: 'M4 2.500l9 5.500l-9 5.500z',
  pause: 'M4.500 3v10M11.500 3v10',
  window: 'M8 2.500a5.500 5.500 0 1 0 0 11a5.500 5.500 0 1 0 0-11M8 2.500v11',
  zoom: 'M7 2.500a4.500 4.500 0 1 0 0 9a4.500 4.500 0 1 0 0-9M10.300 10.300L14 14M5 7h4M7 5v4',
  magnify: 'M6.500 2.500a4 4 0 1 0 0 8a4 4 0 1 0 0-8M9.500 9.500L14 14M5 5.500h1.500v2.500',
  trueSize: 'M1.500 5.500h13v5h-13zM4 5.500v2M6 5.500v2.800M8 5.500v2M10 5.500v2.800M12 5.500v2',
  pan: 'M8 1.500v13M1.500 8h13M6 3.500l2-2l2 2M6 12.500l2 2l2-2M3.500 6l-2 2l2 2M12.500 6l2 2l-2 2',
  scroll: 'M3 3h7v7H3zM6 12.500h6.500V6',
  length: 'M3 13L13 3M2 11l3 3M11 2l3 3',
  angle: 'M2.500 13.500L11 3M2.500 13.500h11M7.500 7.500c1.700 1 2.700 3 2.700 6',
  bidirectional: 'M3 13L13 3M5.500 5.500l5 5',
  cobb: 'M2.500 3.500l10 2M2.500 12.500l10-3M8 5l2.500 3.500l-2 2.300',
  freehand: 'M5 12.500c-3-1-3-5 0-5.500s1.500-4 5-4s4.500 4 2.500 5.500s-.5 4-3 4.500s-3 0-4.500-.5',
  text: 'M3 4.500V3h10v1.500M8 3v10M6 13h4',
  ellipse: 'M8 4c3.500 0 6 1.800 6 4s-2.500 4-6 4s-6-1.800-6-4s2.500-4 6-4',
  rectangle: 'M2.500 4.500h11v7h-11z',
  arrow: 'M3 13L13 3M7 3h6v6',
  probe: 'M8 2v4M8 10v4M2 8h4M10 8h4',
  measurements: 'M2 3h12v10H2zM10 3v10M4 6h4M4 9h4',
  key: 'M8 2l1.800 3.900l4.200.5l-3.100 2.900l.8 4.200L8 11.400L4.300 13.500l.8-4.200L2 6.400l4.200-.5z',
  view: 'M2 3h12v10H2zM4.500 10.500l2.500-3l2 2l1.500-1.500l1.500 2.500',
  undo: 'M6 3L3 6l3 3M3 6h6a4 4 0 0 1 0 8H7',
  redo: 'M10 3l3 3l-3 3M13 6H7a4 4 0 0 0 0 8h2',
  rename: 'M3 13l1-3.500L11 2.500l2.500 2.500L6.500 12zM3 13l3.500-1',
  rail: 'M2 3h12v10H2zM6 3v10',
  cursor: 'M8 1.500v4.500M8 10v4.500M1.500 8H6M10 8h4.500M8 8h.01',
  link: 'M6.500 9.500l3-3M7 4.500l1.500-1.500a2.800 2.800 0 0 1 4 4L11 8.500M9 11.500L7.500 13a2.800 2.800 0 0 1-4-4L5 7.500',
  mpr: 'M2.500 5l5.500-3l5.500 3v6l-5.500 3l-5.500-3zM2.500 5l5.500 3l5.500-3M8 8v6',
  expand: 'M2.500 6V2.500H6M10 2.500h3.500V6M13.500 10v3.500H10M6 13.500H2.500V10',
  refresh: 'M13 8a5 5 0 1 1-1.600-3.700M13 2v3h-3',
  check: 'M3 8.500l3.500 3.500L13 4.500',
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.4"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
