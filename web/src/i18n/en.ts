/** All texts, by area; each area's are in files of its own. */
import { adminEn } from './admin.en';
import { annotateEn } from './annotate.en';
import { appEn } from './app.en';
import { callersEn } from './callers.en';
import { commandsEn } from './commands.en';
import { displayEn } from './display.en';
import { hangingEn } from './hanging.en';
import { keysEn } from './keys.en';
import { mprEn } from './mpr.en';
import { readingEn } from './reading.en';
import { uploadEn } from './upload.en';
import { viewerEn } from './viewer.en';
import { worklistEn } from './worklist.en';

export const en = {
  ...adminEn,
  ...annotateEn,
  ...appEn,
  ...callersEn,
  ...commandsEn,
  ...displayEn,
  ...hangingEn,
  ...keysEn,
  ...mprEn,
  ...readingEn,
  ...uploadEn,
  ...viewerEn,
  ...worklistEn,
} as const;
