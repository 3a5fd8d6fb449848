import { adminEs } from './admin.es';
import { annotateEs } from './annotate.es';
import { appEs } from './app.es';
import { callersEs } from './callers.es';
import { commandsEs } from './commands.es';
import { displayEs } from './display.es';
import { hangingEs } from './hanging.es';
import type { Catalogue } from './index';
import { keysEs } from './keys.es';
import { mprEs } from './mpr.es';
import { readingEs } from './reading.es';
import { uploadEs } from './upload.es';
import { viewerEs } from './viewer.es';
import { worklistEs } from './worklist.es';

export const es: Catalogue = {
  ...adminEs,
  ...annotateEs,
  ...appEs,
  ...callersEs,
  ...commandsEs,
  ...displayEs,
  ...hangingEs,
  ...keysEs,
  ...mprEs,
  ...readingEs,
  ...uploadEs,
  ...viewerEs,
  ...worklistEs,
};
