import { type MessageKey, t } from '../i18n';

/** As this archive describes the series that it writes itself; in the language of the page they have other names. */
const OWN: Readonly<Record<string, MessageKey>> = {
  'SR Measurements': 'measure.title',
  'KO Key images': 'key.series',
  'PR Saved views': 'view.title',
};

/** What a series is called: by its description as it stands, but for our own. */
export function seriesName(modality: string, description: string): string {
  const own = OWN[`${modality} ${description}`];
  return own ? t(own) : description;
}
