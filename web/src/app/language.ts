/** The language of a person: chosen here, kept with the account. */
import { preferences } from '../api/preferences';
import type { Command } from '../commands/registry';
import { chooseLanguage, currentLanguage, LANGUAGES, type Language } from '../i18n';

/** In each language itself: so it is found by somebody who reads no other. */
export const LANGUAGE_NAMES: Readonly<Record<Language, string>> = { en: 'English', fr: 'Français', es: 'Español' };

export function takeLanguage(language: Language): void {
  chooseLanguage(language);
  preferences.set('language', language);
}

export function languageCommands(): Command[] {
  return LANGUAGES.map((language) => ({
    id: `language.${language}`,
    title: 'cmd.language',
    titleValues: { name: LANGUAGE_NAMES[language] },
    group: 'general',
    active: () => currentLanguage() === language,
    run: () => takeLanguage(language),
  }));
}
