/** Indices by distance from `centre`, the further side of a tie being the later slice. */
export function nearestFirst(count: number, centre: number, reach: number): number[] {
  const order: number[] = [];
  for (let distance = 0; distance <= reach; distance += 1) {
    if (distance === 0) order.push(centre);
    else {
      if (centre + distance < count) order.push(centre + distance);
      if (centre - distance >= 0) order.push(centre - distance);
    }
  }
  return order;
}
