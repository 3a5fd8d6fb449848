/** The study after or before another in the worklist, as it is filtered and sorted now. */
import { api } from '../../api/client';
import type { Worklist } from '../../api/types';
import { currentLanguage } from '../../i18n';
import { filtersFromUrl, filtersToQuery } from './filters';
import { readerNow } from './reader';

const PAGE = 200;
/** So far is looked for a study; further down nobody has read one after the other. */
const MOST_PAGES = 5;

export type ReadPage = (query: string) => Promise<Worklist>;

/** search: the worklist's own address. Undefined where there is none, or the list does not hold the study. */
export async function neighbourStudy(
  search: string,
  studyUid: string,
  direction: 1 | -1,
  read: ReadPage = api.worklist,
): Promise<string | undefined> {
  const filters = filtersFromUrl(search);
  const reader = readerNow(currentLanguage());
  let after: string | null = null;
  let before: string | undefined;
  let found = false;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const { rows, next } = await read(filtersToQuery(filters, reader, PAGE, after));
    for (const row of rows) {
      const uid = row.study_instance_uid;
      if (found) return uid;
      if (uid === studyUid && direction < 0) return before;
      found = uid === studyUid;
      before = uid;
    }
    if (!next) return undefined;
    after = next;
  }
  return undefined;
}
