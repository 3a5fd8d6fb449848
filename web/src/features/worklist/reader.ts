/** Who reads, when and where: what words such as `yesterday` and 3/4/2024 mean depends on it. */
import type { Language } from '../../i18n';

export interface Reader {
  /** Local time. */
  today: Date;
  /** Whether 3/4/2024 is the third of April. */
  dayFirst: boolean;
}

/**
 * Everywhere but among those who write English in the United States.
 * tags: the languages of the browser, such as `en-GB`; the first that names a region tells where it is.
 */
export function isDayFirst(language: Language, tags: readonly string[]): boolean {
  if (language !== 'en') return true;
  const region = tags.map((tag) => /-([a-z]{2})(?![a-z\d])/i.exec(tag)?.[1]?.toUpperCase()).find(Boolean);
  return region !== undefined && region !== 'US';
}

/** language: of the page. */
export function readerNow(language: Language): Reader {
  return { today: new Date(), dayFirst: isDayFirst(language, globalThis.navigator?.languages ?? []) };
}
