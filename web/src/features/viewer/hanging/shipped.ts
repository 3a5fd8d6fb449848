/** The protocols that come with the app. Their names are translated; a reader's own keep the name they were given. */
import type { MessageKey } from '../../../i18n';
import { type HangingProtocol, readProtocol } from './protocol';
import ctPrior from './shipped/ct-prior.json';
import mgFourViews from './shipped/mg-four-views.json';
import mgFourViewsPrior from './shipped/mg-four-views-prior.json';
import mr from './shipped/mr.json';
import mrPrior from './shipped/mr-prior.json';
import radiographPair from './shipped/radiograph-pair.json';
import radiographPairPrior from './shipped/radiograph-pair-prior.json';
import radiographPrior from './shipped/radiograph-prior.json';
import single from './shipped/single.json';
import us from './shipped/us.json';
import xa from './shipped/xa.json';

const NAMES = {
  'mg-four-views-prior': 'hanging.shipped.mgFourViewsPrior',
  'mg-four-views': 'hanging.shipped.mgFourViews',
  'radiograph-pair-prior': 'hanging.shipped.radiographPairPrior',
  'radiograph-pair': 'hanging.shipped.radiographPair',
  'radiograph-prior': 'hanging.shipped.radiographPrior',
  'ct-prior': 'hanging.shipped.ctPrior',
  'mr-prior': 'hanging.shipped.mrPrior',
  mr: 'hanging.shipped.mr',
  us: 'hanging.shipped.us',
  xa: 'hanging.shipped.xa',
  single: 'hanging.shipped.single',
} as const satisfies Record<string, MessageKey>;

export const SHIPPED: readonly HangingProtocol[] = [
  mgFourViewsPrior,
  mgFourViews,
  radiographPairPrior,
  radiographPair,
  radiographPrior,
  ctPrior,
  mrPrior,
  mr,
  us,
  xa,
  single,
].map(readProtocol);

/** The message that names a shipped protocol; undefined for a reader's own. */
export function shippedName(id: string): MessageKey | undefined {
  return (NAMES as Readonly<Record<string, MessageKey>>)[id];
}
