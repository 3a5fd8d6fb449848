/** The pages of administration, in the order of the menu. */
export const ROOMS = ['peers', 'associations', 'queue', 'rules', 'people', 'storage', 'rejected', 'settings'] as const;

export type Room = (typeof ROOMS)[number];

export function isRoom(name: string): name is Room {
  return (ROOMS as readonly string[]).includes(name);
}
