/** Which rows of a fixed height are in view. */
export const ROW_PX = 32;
const SPARE_ROWS = 8;

export function visibleRows(scrollTop: number, height: number, count: number): { first: number; last: number } {
  const first = Math.max(0, Math.floor(scrollTop / ROW_PX) - SPARE_ROWS);
  const last = Math.min(count, Math.ceil((scrollTop + height) / ROW_PX) + SPARE_ROWS);
  return { first: Math.min(first, last), last };
}

/** The scroll position that brings a row into view, keeping still where it is already seen. */
export function scrollToShow(row: number, scrollTop: number, height: number): number {
  const top = row * ROW_PX;
  if (top < scrollTop) return top;
  if (top + ROW_PX > scrollTop + height) return top + ROW_PX - height;
  return scrollTop;
}
