/** Slices that are fetched in the direction of travel for each one behind. */
const AHEAD = 3;

/**
 * Indices by urgency around `centre`: the nearest first, and where somebody scrolls (`direction` 1 or -1) three ahead for each one behind.
 * reach: how many to each side when at rest; the same number in all when scrolling.
 */
export function mostUrgentFirst(count: number, centre: number, reach: number, direction: -1 | 0 | 1 = 0): number[] {
  const order: number[] = centre >= 0 && centre < count ? [centre] : [];
  const forward = direction === 0 ? 1 : direction;
  const perStep = direction === 0 ? 1 : AHEAD;
  const wanted = 2 * reach + 1;
  let [ahead, behind] = [1, 1];
  const take = (offset: number): void => {
    const index = centre + offset;
    if (index >= 0 && index < count && order.length < wanted) order.push(index);
  };
  while (order.length < wanted && (ahead < count || behind < count)) {
    for (let step = 0; step < perStep; step += 1) take(forward * ahead++);
    take(-forward * behind++);
  }
  return order;
}
