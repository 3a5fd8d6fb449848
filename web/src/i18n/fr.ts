import { adminFr } from './admin.fr';
import { annotateFr } from './annotate.fr';
import { appFr } from './app.fr';
import { callersFr } from './callers.fr';
import { commandsFr } from './commands.fr';
import { displayFr } from './display.fr';
import { frenchSpaces } from './frenchSpaces';
import { hangingFr } from './hanging.fr';
import type { Catalogue } from './index';
import { keysFr } from './keys.fr';
import { mprFr } from './mpr.fr';
import { readingFr } from './reading.fr';
import { uploadFr } from './upload.fr';
import { viewerFr } from './viewer.fr';
import { worklistFr } from './worklist.fr';

const written: Catalogue = {
  ...adminFr,
  ...annotateFr,
  ...appFr,
  ...callersFr,
  ...commandsFr,
  ...displayFr,
  ...hangingFr,
  ...keysFr,
  ...mprFr,
  ...readingFr,
  ...uploadFr,
  ...viewerFr,
  ...worklistFr,
};

export const fr = Object.fromEntries(
  Object.entries(written).map(([key, text]) => [key, frenchSpaces(text)]),
) as Catalogue;
