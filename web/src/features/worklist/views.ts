/** Filters and sort under a name, kept for the person who saved them. */
import { filtersFromUrl, filtersToUrl } from './filters';

export interface SavedView {
  name: string;
  /** As in the page's address, without the question mark. */
  search: string;
}

export const MOST_VIEWS = 50;
export const LONGEST_NAME = 60;
export const NO_VIEWS: readonly SavedView[] = [];

function isView(kept: unknown): kept is SavedView {
  const { name, search } = (kept ?? {}) as Partial<Record<keyof SavedView, unknown>>;
  return typeof name === 'string' && name.length > 0 && name.length <= LONGEST_NAME && typeof search === 'string';
}

/** What was kept, as far as it can be understood. */
export function readViews(kept: unknown): readonly SavedView[] | undefined {
  if (!Array.isArray(kept)) return undefined;
  // An address is read as if it had been typed: what makes no sense in it is dropped.
  return kept
    .filter(isView)
    .slice(0, MOST_VIEWS)
    .map(({ name, search }) => ({ name, search: filtersToUrl(filtersFromUrl(search)) }));
}

/** A view of the same name is replaced where it stands. */
export function withView(views: readonly SavedView[], view: SavedView): readonly SavedView[] {
  const name = view.name.trim().slice(0, LONGEST_NAME);
  if (!name) return views;
  const kept = { name, search: view.search };
  if (views.some((one) => one.name === name)) return views.map((one) => (one.name === name ? kept : one));
  return [...views, kept].slice(0, MOST_VIEWS);
}

export function withoutView(views: readonly SavedView[], name: string): readonly SavedView[] {
  return views.filter((one) => one.name !== name);
}
